/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Samples over time: columns of the state of every zone. A column covers
 * the time after the previous column's end up to and including its own;
 * fold says how what happens within becomes one value.
 */
#ifndef BUD_REPLAY_TIMELINE_H
#define BUD_REPLAY_TIMELINE_H

#include "lib/replay/replay.h"

typedef enum bud_fold {
	BUD_FOLD_LAST, /* the value at the column's end */
	BUD_FOLD_WORST, /* fewest blocks and free pages, highest index, most used, lowest wm_state */
	BUD_FOLD_MIN,
	BUD_FOLD_MAX,
	BUD_FOLD_MEAN, /* weighted by time, rounded down */
} bud_fold;

const char *bud_fold_name(bud_fold fold);
bool bud_fold_parse(const char *name, bud_fold *fold);

/* One zone in one column. Only valid where known; sizes in pages. */
typedef struct bud_zone_sample {
	bool known; /* the zone was seeded at the column's end */
	uint64_t nr_free[BUD_NR_ORDERS];
	uint64_t suitable[BUD_NR_ORDERS]; /* blocks of this order that could be cut from free blocks */
	int32_t extfrag_milli[BUD_NR_ORDERS];
	int32_t unusable_milli[BUD_NR_ORDERS];
	uint64_t free_pages, cached_pages, used_pages;
	uint64_t unknown_pages; /* BUD_UNKNOWN where managed is */
	uint64_t uncertain_pages;
	bud_zone_marks marks; /* at the column's end */
	bud_wm_state wm_state;
} bud_zone_sample;

typedef struct bud_column {
	uint64_t t_begin_ns, t_end_ns; /* begin excluded (but for the first event of all), end included */
	uint64_t events[BUD_NR_EVENT_KINDS]; /* by kind, within the column */
	uint64_t failed_allocations;
	uint64_t lost; /* records known lost within the column */
	uint64_t uncounted_gaps;
	bool filled;
} bud_column;

typedef struct bud_timeline {
	bud_fold fold;
	size_t nr_columns, nr_zones;
	size_t nr_filled; /* columns that are final, from the left */
	bud_column *columns;
	bud_zone_sample *samples; /* [column * nr_zones + zone], zones as in the replay's memory */
} bud_timeline;

/* Columns that end at t_ends (ascending, nr of them); the first begins at t_begin. All unfilled. */
bud_status bud_timeline_create(bud_timeline **timeline, const bud_replay *replay, uint64_t t_begin,
			       const uint64_t *t_ends, size_t nr, bud_fold fold, bud_error *err);
/* nr columns of equal width over [t_begin, t_end]. */
bud_status bud_timeline_create_even(bud_timeline **timeline, const bud_replay *replay, uint64_t t_begin,
				    uint64_t t_end, size_t nr, bud_fold fold, bud_error *err);
void bud_timeline_destroy(bud_timeline *timeline);

/*
 * Runs the replay on and fills columns, about budget events at a time (0: all).
 * The replay must stand at or before the first column's begin.
 */
bud_status bud_timeline_work(bud_timeline *timeline, bud_replay *replay, uint64_t budget, bool *done, bud_error *err);

static inline const bud_zone_sample *bud_timeline_sample(const bud_timeline *t, size_t column, size_t zone)
{
	return &t->samples[column * t->nr_zones + zone];
}

/* The sample of a zone as it stands. */
void bud_zone_sample_take(bud_zone_sample *sample, const bud_zone *zone);

#endif
