/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/replay/timeline.h"

#include <stdlib.h>
#include <string.h>

bud_status bud_timeline_create(bud_timeline **timeline, const bud_replay *replay, uint64_t t_begin,
			       const uint64_t *t_ends, size_t nr, bud_fold fold, bud_error *err)
{
	bud_timeline *t = calloc(1, sizeof *t);
	if (!t)
		return bud_error_memory(err, "a timeline");
	t->fold = fold;
	t->nr_columns = nr;
	t->nr_zones = bud_replay_memory(replay)->nr_zones;
	t->columns = calloc(nr + 1, sizeof *t->columns);
	t->samples = calloc(nr * t->nr_zones + 1, sizeof *t->samples);
	t->folders = calloc(t->nr_zones + 1, sizeof *t->folders);
	if (!t->columns || !t->samples || !t->folders) {
		bud_timeline_destroy(t);
		return bud_error_memory(err, "a timeline");
	}
	for (size_t i = 0; i < nr; i++) {
		t->columns[i].t_begin_ns = i ? t_ends[i - 1] : t_begin;
		t->columns[i].t_end_ns = t_ends[i];
	}
	*timeline = t;
	return BUD_OK;
}

bud_status bud_timeline_create_even(bud_timeline **timeline, const bud_replay *replay, uint64_t t_begin, uint64_t t_end,
				    size_t nr, bud_fold fold, bud_error *err)
{
	uint64_t *t_ends = calloc(nr + 1, sizeof *t_ends);
	if (!t_ends)
		return bud_error_memory(err, "a timeline");
	uint64_t width = t_end > t_begin ? t_end - t_begin : 0;
	for (size_t i = 0; i < nr; i++)
		t_ends[i] = t_begin + (uint64_t)((unsigned __int128)width * (i + 1) / nr);
	bud_status status = bud_timeline_create(timeline, replay, t_begin, t_ends, nr, fold, err);
	free(t_ends);
	return status;
}

void bud_timeline_destroy(bud_timeline *timeline)
{
	if (!timeline)
		return;
	free(timeline->columns);
	free(timeline->samples);
	free(timeline->folders);
	free(timeline);
}

/* What a column counts, so far, since the beginning of the trace. */
static void count_up_to_now(bud_column *so_far, const bud_replay *replay)
{
	memcpy(so_far->events, bud_replay_event_counts(replay), sizeof so_far->events);
	so_far->failed_allocations = bud_replay_failed_allocations(replay);
	so_far->lost = bud_replay_lost(replay, &so_far->uncounted_gaps);
}

static void fold_change(void *self, const bud_zone *zone, uint64_t t_ns, bool lists)
{
	bud_timeline *t = self;
	bud_folder_change(&t->folders[zone - t->zones], zone, t_ns, lists);
}

static void begin_column(bud_timeline *t, bud_replay *replay)
{
	t->open = true;
	t->zones = bud_replay_memory(replay)->zones;
	count_up_to_now(&t->before, replay);
	for (size_t z = 0; z < t->nr_zones; z++)
		bud_folder_begin(&t->folders[z], t->fold, !t->untyped, &t->zones[z], t->columns[t->nr_filled].t_begin_ns);
	if (t->fold != BUD_FOLD_LAST)
		bud_replay_observe(replay, fold_change, t);
}

static void end_column(bud_timeline *t, bud_replay *replay)
{
	bud_column *column = &t->columns[t->nr_filled], now;
	count_up_to_now(&now, replay);
	for (int k = 0; k < BUD_NR_EVENT_KINDS; k++)
		column->events[k] = now.events[k] - t->before.events[k];
	column->failed_allocations = now.failed_allocations - t->before.failed_allocations;
	column->lost = now.lost - t->before.lost;
	column->uncounted_gaps = now.uncounted_gaps - t->before.uncounted_gaps;
	for (size_t z = 0; z < t->nr_zones; z++)
		bud_folder_end(&t->folders[z], &t->zones[z], column->t_end_ns,
			       &t->samples[t->nr_filled * t->nr_zones + z]);
	column->filled = true;
	t->nr_filled++;
	t->open = false;
	bud_replay_observe(replay, NULL, NULL);
}

/* Up to the first column's begin, nothing is folded; the first event of all belongs to the first column. */
static bud_status run_up(bud_timeline *t, bud_replay *replay, uint64_t *budget, bool *done, bud_error *err)
{
	uint64_t begin = t->columns[0].t_begin_ns;
	if (t->nr_filled || t->open || begin == 0) {
		*done = true;
		return BUD_OK;
	}
	return bud_replay_run(replay, begin - 1, budget, done, err);
}

bud_status bud_timeline_work(bud_timeline *timeline, bud_replay *replay, uint64_t *budget, bool *done, bud_error *err)
{
	bud_timeline *t = timeline;
	*done = t->nr_filled == t->nr_columns;
	if (*done)
		return BUD_OK;
	bool reached;
	bud_status status = run_up(t, replay, budget, &reached, err);
	if (!status && reached && !t->open)
		begin_column(t, replay);
	if (!status && t->open)
		status = bud_replay_run(replay, t->columns[t->nr_filled].t_end_ns, budget, &reached, err);
	if (!status && t->open && reached)
		end_column(t, replay);
	*done = t->nr_filled == t->nr_columns;
	return status;
}

void bud_timeline_pause(bud_timeline *timeline, bud_replay *replay)
{
	if (timeline->open)
		bud_replay_observe(replay, NULL, NULL);
	timeline->open = false;
}
