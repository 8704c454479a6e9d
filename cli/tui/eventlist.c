/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/tui/eventlist.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HALF	   BUD_EVENTLIST_HALF
#define MARGIN	   (HALF / 4) /* so near its edge the list no longer shows what is around */
#define FIRST_SPAN 1000000    /* ns, or ticks */
#define WIDER	   16	      /* times as far back if that was not enough */

bud_status bud_eventlist_init(bud_eventlist *list, uint64_t first_ns, uint64_t last_ns, bud_error *err)
{
	*list = (bud_eventlist){ .first_ns = first_ns, .last_ns = last_ns };
	list->events = calloc(2 * HALF, sizeof *list->events);
	list->times = calloc(2 * HALF, sizeof *list->times);
	list->ring = calloc(HALF, sizeof *list->ring);
	bud_filter_parse(&list->filter, "", NULL, NULL);
	if (list->events && list->times && list->ring)
		return BUD_OK;
	bud_eventlist_fini(list);
	return bud_error_memory(err, "the list of events");
}

void bud_eventlist_fini(bud_eventlist *list)
{
	free(list->events);
	free(list->times);
	free(list->ring);
	*list = (bud_eventlist){ 0 };
}

void bud_eventlist_set_filter(bud_eventlist *list, const bud_filter *filter)
{
	list->filter = *filter;
	list->ready = false;
}

bool bud_eventlist_covers(const bud_eventlist *list, uint64_t t_ns)
{
	if (!list->ready)
		return false;
	bool before = list->from_first || (list->nr > MARGIN && list->times[MARGIN] <= t_ns);
	bool behind = list->to_last || (list->nr > MARGIN && list->times[list->nr - 1 - MARGIN] >= t_ns);
	/* Many events at one instant can fill all of it. */
	return (before && behind) || list->centre_ns == t_ns;
}

void bud_eventlist_begin(bud_eventlist *list, uint64_t t_ns)
{
	list->ready = list->reading = false;
	list->centre_ns = t_ns;
	list->span_ns = FIRST_SPAN;
}

static void take(bud_listed_event *to, const bud_event *e, const bud_event_world *world)
{
	to->t_ns = e->t_ns;
	to->pid = e->pid;
	to->cpu = e->cpu;
	to->kind = e->kind;
	to->failed = e->kind == BUD_EV_ALLOC && e->page.pfn == BUD_PFN_NONE;
	bud_filter_comm(world, e->pid, to->comm, sizeof to->comm);
	bud_filter_describe(e, world, to->text, sizeof to->text);
}

static void take_batch(bud_eventlist *list, const bud_batch *batch, const bud_event_world *world)
{
	/* Of a long run before the centre only the last ones will stay. */
	for (size_t i = 0; i < batch->nr && !list->enough; i++) {
		const bud_event *e = &batch->events[i];
		if (!bud_filter_match(&list->filter, e, world))
			continue;
		if (e->t_ns <= list->centre_ns)
			take(&list->ring[list->nr_before++ % HALF], e, world);
		else
			take(&list->events[HALF + list->nr_after++], e, world);
		list->enough = list->nr_after == HALF;
	}
}

/* Puts what came before and after the centre in one row. */
static void finish(bud_eventlist *list, uint64_t begin)
{
	size_t before = list->nr_before < HALF ? list->nr_before : HALF;
	for (size_t i = 0; i < before; i++)
		list->events[i] = list->ring[(list->nr_before - before + i) % HALF];
	memmove(list->events + before, list->events + HALF, list->nr_after * sizeof *list->events);
	list->nr = before + list->nr_after;
	for (size_t i = 0; i < list->nr; i++)
		list->times[i] = list->events[i].t_ns;
	list->from_first = begin <= list->first_ns && list->nr_before <= HALF;
	list->to_last = !list->enough;
	list->ready = true;
	list->reading = false;
}

static uint64_t begin_of(uint64_t t, uint64_t span, uint64_t first)
{
	return t - first > span ? t - span : first;
}

bud_status bud_eventlist_work(bud_eventlist *list, bud_source *source, const bud_event_world *world, uint64_t *budget,
			      bool *done, bud_error *err)
{
	bud_status status = BUD_OK;
	*done = list->ready;
	while (!status && !*done && *budget) {
		uint64_t begin = begin_of(list->centre_ns, list->span_ns, list->first_ns);
		if (!list->reading) {
			list->reading = true;
			list->nr_before = list->nr_after = 0;
			list->enough = false;
			status = bud_source_rewind(source, begin, BUD_EVENTLIST_KINDS, err);
			if (status)
				break;
		}
		bud_batch batch;
		status = bud_source_next(source, &batch, err);
		if (status)
			break;
		*budget -= batch.nr < *budget ? batch.nr : *budget;
		take_batch(list, &batch, world);
		bool past = !batch.nr || list->enough || batch.events[batch.nr - 1].t_ns > list->centre_ns;
		if (past && list->nr_before < HALF && begin > list->first_ns) {
			list->reading = false;
			list->span_ns *= WIDER;
		} else if (!batch.nr || list->enough) {
			finish(list, begin);
			*done = true;
		}
	}
	return status;
}

void bud_search_begin(bud_search *search, const bud_filter *filter, uint64_t from_ns, uint64_t first_ns, bool back)
{
	*search = (bud_search){ .filter = *filter,
				.back = back,
				.from_ns = from_ns,
				.first_ns = first_ns,
				.span_ns = FIRST_SPAN,
				.found_ns = BUD_TIME_NONE,
				.position_ns = from_ns };
}

/* Back: the last one in [from - span, from); what lies behind that was looked through before. Forward: the first. */
static bool search_batch(bud_search *s, const bud_batch *batch, const bud_event_world *world)
{
	for (size_t i = 0; i < batch->nr; i++) {
		const bud_event *e = &batch->events[i];
		if (s->back && e->t_ns >= s->from_ns)
			return true;
		if ((!s->back && e->t_ns <= s->from_ns) || !bud_filter_match(&s->filter, e, world))
			continue;
		s->found_ns = e->t_ns;
		if (!s->back)
			return true;
	}
	return !batch->nr;
}

bud_status bud_search_work(bud_search *search, bud_source *source, const bud_event_world *world, uint64_t *budget,
			   bool *done, bud_error *err)
{
	bud_search *s = search;
	bud_status status = BUD_OK;
	*done = false;
	while (!status && !*done && *budget) {
		uint64_t begin = s->back ? begin_of(s->from_ns, s->span_ns, s->first_ns) : s->from_ns;
		bud_batch batch;
		if (!s->reading)
			status = bud_source_rewind(source, begin, BUD_EVENTLIST_KINDS, err);
		s->reading = true;
		if (!status)
			status = bud_source_next(source, &batch, err);
		if (status)
			break;
		*budget -= batch.nr < *budget ? batch.nr : *budget;
		if (batch.nr)
			s->position_ns = batch.events[0].t_ns;
		bool ended = search_batch(s, &batch, world);
		*done = ended && (!s->back || s->found_ns != BUD_TIME_NONE || begin <= s->first_ns);
		if (ended && !*done) {
			s->reading = false;
			s->span_ns *= WIDER;
		}
	}
	return status;
}
