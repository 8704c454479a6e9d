/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/insight/site_rows.h"

#include <inttypes.h>
#include <stdlib.h>

typedef struct telling {
	bud_story_context context;
	bud_site_table *sites;
	bud_owners *owners;
	bud_pins pins;
	bool over; /* the time asked for is */
	bud_status status;
	bud_error error;
} telling;

static bool is_empty(const bud_use *use)
{
	return !use->allocs && !use->frees && !use->failures && !use->peak_pages;
}

static bud_status write_row(const bud_use *use, bud_site_table *sites, const bud_pin_cost *cost, bud_row_sink *sink,
			    bud_error *err)
{
	char name[BUD_SITE_TEXT];
	const bud_value unknown = bud_value_unknown();
	bool held = use->site != BUD_SITE_UNKNOWN;
	const bud_value row[] = {
		bud_value_text(bud_site_name(sites, use->site, name, sizeof name)),
		held && use->order >= 0 ? bud_value_int(use->order) : unknown,
		held && use->migratetype != BUD_MT_UNKNOWN
			? bud_value_text(bud_migratetype_name((bud_migratetype)use->migratetype))
			: unknown,
		bud_value_uint(use->allocs),
		bud_value_uint(use->frees),
		held ? bud_value_uint(use->live_pages) : unknown,
		held ? bud_value_uint(use->peak_pages) : unknown,
		bud_value_uint(use->failures),
		held && cost ? bud_value_uint(cost->pages) : unknown,
		held && cost ? bud_value_uint(cost->blocks) : unknown,
		held && cost ? bud_value_uint(cost->alone) : unknown,
	};
	return sink->row(sink->self, row, err);
}

bud_status bud_site_rows_write(const bud_owners *owners, bud_site_table *sites, const bud_pins *pins,
			       bud_row_sink *sink, bud_error *err)
{
	size_t nr = bud_owners_count(owners);
	bool all = !bud_owners_marks(owners);
	uint32_t *order = calloc(nr, sizeof *order);
	bud_status status = order ? BUD_OK : bud_error_memory(err, "sites");
	if (order)
		bud_owners_sort(owners, BUD_USE_BY_LIVE, order);
	for (size_t i = 0; !status && i < nr; i++) {
		const bud_use *use = bud_owners_use(owners, order[i]);
		if (order[i] && !is_empty(use) && (all || use->marked))
			status = write_row(use, sites, pins && pins->complete ? &pins->costs[order[i]] : NULL, sink,
					   err);
	}
	if (!status && all && !is_empty(bud_owners_use(owners, 0)))
		status = write_row(bud_owners_use(owners, 0), sites, NULL, sink, err);
	free(order);
	return status;
}

static void free_telling(telling *t)
{
	bud_owners_destroy(t->owners);
	bud_site_table_destroy(t->sites);
	bud_pins_fini(&t->pins);
	free(t);
}

static bud_status begin(void **self, const bud_story_context *context, bud_error *err)
{
	telling *t = calloc(1, sizeof *t);
	if (!t)
		return bud_error_memory(err, "sites");
	const bud_owners_options options = { .filter = context->filter,
					     .begin_ns = context->begin_ns,
					     .end_ns = context->end_ns,
					     .max_bytes = context->max_bytes };
	t->context = *context;
	bud_status status = bud_site_table_create(&t->sites, context->source, bud_replay_kernel(context->replay),
						  BUD_SITE_MAX, err);
	if (!status)
		status = bud_owners_create(&t->owners, context->replay, context->source, t->sites, &options, err);
	if (status)
		free_telling(t);
	else
		*self = t;
	return status;
}

/* The state at the end of the time asked for. */
static void look(telling *t)
{
	const bud_replay *replay = t->context.replay;
	t->over = true;
	bud_owners_settle(t->owners);
	t->status =
		bud_pins_collect(&t->pins, bud_replay_memory(replay), bud_replay_kernel(replay), t->owners, &t->error);
}

static void event(void *self, const bud_event *e)
{
	telling *t = self;
	if (!t->over && e->t_ns > t->context.end_ns)
		look(t);
	if (!t->over)
		bud_owners_event(t->owners, e);
}

static bud_status end(void *self, bool failed, bud_error *err)
{
	telling *t = self;
	const bud_story_context *c = &t->context;
	bud_status status = BUD_OK;
	if (!failed && !t->over)
		look(t);
	if (!failed && t->status)
		status = bud_error_set(err, t->status, "%s", t->error.text);
	else if (!failed)
		status = bud_owners_status(t->owners, err);
	if (!failed && !status)
		status = bud_site_rows_write(t->owners, t->sites, &t->pins, c->sink, err);
	uint64_t gaps, lost = bud_replay_lost(c->replay, &gaps);
	if (lost || gaps)
		bud_story_remark(c, "events were lost: pages whose free is among them count as held");
	if (bud_site_overflowed(t->sites))
		bud_story_remark(c, "more than %d sites: the later ones are (other)", BUD_SITE_MAX - 2);
	if (bud_owners_untracked(t->owners))
		bud_story_remark(c, "%" PRIu64 " pages were allocated for whose owner there was no room",
				 bud_owners_untracked(t->owners));
	free_telling(t);
	return status;
}

static const char *const columns[] = { "site",	       "order",		"migratetype", "allocs",
				       "frees",	       "live_pages",	"peak_pages",  "failures",
				       "pinned_pages", "pinned_blocks", "pinned_alone" };

const bud_story bud_site_rows_story = { .table = { "site", columns, sizeof columns / sizeof *columns },
					.also = BUD_OWNERS_EVENTS,
					.begin = begin,
					.event = event,
					.end = end };
