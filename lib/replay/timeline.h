/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Samples over time: columns of the state of every zone. A column covers
 * the time after the previous column's end up to and including its own;
 * fold says how what happens within becomes one value.
 */
#ifndef BUD_REPLAY_TIMELINE_H
#define BUD_REPLAY_TIMELINE_H

#include "lib/replay/replay.h"
#include "lib/replay/sample.h"

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
	bool untyped; /* set it before the first work: migratetypes are not wanted, which is faster */
	size_t nr_columns, nr_zones;
	size_t nr_filled; /* columns that are final, from the left */
	bud_column *columns;
	bud_zone_sample *samples; /* [column * nr_zones + zone], zones as in the replay's memory */

	/* The column being filled. */
	bool open;
	bud_folder *folders; /* one a zone */
	const bud_zone *zones; /* the replay's */
	bud_column before; /* counts at its begin */
} bud_timeline;

/* Columns that end at t_ends (ascending, nr of them); the first begins at t_begin. All unfilled. */
bud_status bud_timeline_create(bud_timeline **timeline, const bud_replay *replay, uint64_t t_begin,
			       const uint64_t *t_ends, size_t nr, bud_fold fold, bud_error *err);
/* nr columns of equal width over [t_begin, t_end]. */
bud_status bud_timeline_create_even(bud_timeline **timeline, const bud_replay *replay, uint64_t t_begin,
				    uint64_t t_end, size_t nr, bud_fold fold, bud_error *err);
void bud_timeline_destroy(bud_timeline *timeline);

/*
 * Runs the replay on to the end of the next column at most; budget as in
 * bud_replay_run(). *done when every column is filled. The replay must stand at or before the first column's
 * begin, and is observed by the timeline while a column is open.
 */
bud_status bud_timeline_work(bud_timeline *timeline, bud_replay *replay, uint64_t *budget, bool *done, bud_error *err);

/* Drops the column under way, so that the replay can be used otherwise; to go on, it must stand at its begin again. */
void bud_timeline_pause(bud_timeline *timeline, bud_replay *replay);

static inline const bud_zone_sample *bud_timeline_sample(const bud_timeline *t, size_t column, size_t zone)
{
	return &t->samples[column * t->nr_zones + zone];
}

#endif
