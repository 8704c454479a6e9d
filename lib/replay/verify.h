/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The replay against the kernel, summed up.
 */
#ifndef BUD_REPLAY_VERIFY_H
#define BUD_REPLAY_VERIFY_H

#include "lib/replay/replay.h"

/* One snapshot: all its zones together. */
typedef struct bud_verdict {
	const bud_snapshot *snapshot;
	bool compared; /* it has an instant, buddyinfo, and a seed before it */
	bool exact; /* compared and equal in every zone and order */
	bool within; /* every zone's |free error| lies inside its claimed uncertainty, which is not zero where it differs */
	unsigned nr_zones, nr_exact_zones;
	uint64_t free_error; /* sum over zones of |sum over orders of difference * 2^order|, in pages */
} bud_verdict;

typedef struct bud_verify_summary {
	size_t nr_snapshots; /* comparisons that count: all but the first */
	size_t nr_exact;
	size_t nr_zones, nr_exact_zones;
	uint64_t free_error; /* sum over the snapshots compared, pages */
	bool exact; /* all that count */
	bool within; /* all of them that were compared */
	size_t nr_compared; /* of those that count */
} bud_verify_summary;

/*
 * Sums up a replay that has run to its end. verdicts has room for one per
 * snapshot (in folder order). An unplaced snapshot, or one without seed
 * before it, counts as not exact; the first does not count.
 */
void bud_verify_sum(const bud_replay *replay, const bud_snapshot *snapshots, size_t nr_snapshots,
		    bud_verdict *verdicts, bud_verify_summary *summary);

/* The same of these comparisons alone: some zones, some orders. */
void bud_verify_sum_some(const bud_comparison *comparisons, size_t nr, const bud_snapshot *snapshots,
			 size_t nr_snapshots, bud_verdict *verdicts, bud_verify_summary *summary);

/* Pages a snapshot, over those compared; 0 if there are none. */
static inline double bud_verify_mean_error(const bud_verify_summary *summary)
{
	return summary->nr_compared ? (double)summary->free_error / (double)summary->nr_compared : 0;
}

/* The verdict in force at t_ns: of the last compared snapshot at or before it, or NULL. */
const bud_verdict *bud_verify_at(const bud_verdict *verdicts, size_t nr_snapshots, uint64_t t_ns);

#endif
