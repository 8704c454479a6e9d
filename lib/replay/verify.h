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
	bool exact;    /* compared and equal in every zone and order */
	bool within;   /* every zone's |free error| lies inside its claimed uncertainty, which is not zero where it
			  differs */
	unsigned nr_zones, nr_exact_zones;
	uint64_t free_error; /* sum over zones of |sum over orders of difference * 2^order|, in pages */
} bud_verdict;

typedef struct bud_verify_summary {
	size_t nr_snapshots; /* comparisons that count: all but the first */
	size_t nr_exact;
	size_t nr_zones, nr_exact_zones;
	uint64_t free_error; /* sum over the snapshots compared, pages */
	bool exact;	     /* all that count */
	bool within;	     /* all of them that were compared */
	size_t nr_compared;  /* of those that count */
} bud_verify_summary;

/*
 * The likely cause of what a comparison found, and of what it claims: the
 * causes of uncertainty that are in force, as bud_uncertainty_list() writes
 * them; then, for a difference beyond the claim, a guess from its shape, or
 * "unexplained". "" where the zone is exact and nothing is claimed. The guesses:
 * "unmerged_pageblocks": as many pages free, but in blocks that do not
 * merge, because their pageblocks' types differ (merges of pageblock order
 * and above, allocator-semantics 2); "page_reporting": whole blocks of that
 * size are gone for a moment without an event, up to 32 at a time
 * (page_reporting_cycle, 5.7 and later). Returns text.
 */
#define BUD_UNCERTAINTY_CAUSE (BUD_UNCERTAINTY_LIST + 32) /* bytes that hold any cause */
char *bud_verify_cause(const bud_comparison *comparison, const bud_kernel *kernel, char text[BUD_UNCERTAINTY_CAUSE]);

/* The reading of the comparison's snapshot and zone, or NULL. */
const bud_reading *bud_verify_reading(const bud_reading *readings, size_t nr, const bud_comparison *comparison);

/*
 * Why the marks of zoneinfo are not those told before. The kernel computes
 * them from managed pages and settings alone (__setup_per_zone_wmarks), and
 * adds the boost.
 */
typedef enum bud_marks_move {
	BUD_MARKS_SAME,
	BUD_MARKS_BOOST,    /* only the boost is another */
	BUD_MARKS_MEMORY,   /* memory came or went: plugged, initialised late, taken by a balloon */
	BUD_MARKS_SETTINGS, /* so min_free_kbytes or watermark_scale_factor were set, by the user or the kernel */
	BUD_NR_MARKS_MOVES,
} bud_marks_move;

/* "boost"; "none" for SAME. */
const char *bud_marks_move_name(bud_marks_move move);
/* Of a reading whose marks were told before. */
bud_marks_move bud_verify_marks(const bud_reading *reading);

/* What zoneinfo said of per-CPU lists and marks beside what the replay held. Only readings after a seed. */
typedef struct bud_verify_lists {
	size_t nr;			  /* readings with per-CPU counts */
	size_t nr_within;		  /* of them, those whose difference the unknown and uncertain pages cover */
	uint64_t cached_error;		  /* sum of |replay - kernel|, pages */
	uint64_t cached;		  /* sum of the kernel's counts */
	size_t nr_marks;		  /* readings of marks that were known before */
	size_t marks[BUD_NR_MARKS_MOVES]; /* of them, by how they moved */
} bud_verify_lists;

void bud_verify_sum_lists(const bud_reading *readings, size_t nr, bud_verify_lists *lists);

/* Free pages, by buddyinfo and by the replay. */
uint64_t bud_verify_kernel_free(const bud_comparison *comparison);
uint64_t bud_verify_model_free(const bud_comparison *comparison);

/* Pages on the per-CPU lists of a zone by its zoneinfo; BUD_UNKNOWN without pagesets. */
uint64_t bud_verify_kernel_cached(const bud_zone_info *kernel);

/*
 * Sums up a replay that has run to its end. verdicts has room for one per
 * snapshot (in folder order). An unplaced snapshot, or one without seed
 * before it, counts as not exact; the first does not count.
 */
void bud_verify_sum(const bud_replay *replay, const bud_snapshot *snapshots, size_t nr_snapshots, bud_verdict *verdicts,
		    bud_verify_summary *summary);

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
