/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The model judged: what happened in a simulation beside what happened in
 * the trace, and its free blocks beside the replay's and the kernel's at
 * every snapshot. Whoever shows a simulated number shows this, too.
 *
 * Memory: bounded by snapshots, and by BUD_JUDGE_TIMES instants of each kind
 * of happening.
 */
#ifndef BUD_INSIGHT_JUDGE_H
#define BUD_INSIGHT_JUDGE_H

#include "lib/allocator/simulate.h"
#include "lib/base/table.h"
#include "lib/replay/replay.h"

#define BUD_JUDGE_TIMES 65536
#define BUD_JUDGE_CASES 16

/* What is counted on both sides. X(kind, name, what) */
#define BUD_MEASURES(X)                                                   \
	X(FALLBACKS, "fallbacks", "a block of another type was used")     \
	X(CLAIMS, "claims", "of them, took over the whole pageblock")     \
	X(WAKES, "kswapd_wakes", "kswapd was woken")                      \
	X(RECLAIMS, "direct_reclaims", "a request had to reclaim itself") \
	X(COMPACTIONS, "direct_compactions", "a request had to compact")  \
	X(RUNS, "compaction_runs", "of whomever, over one zone")          \
	X(FAILURES, "failures", "a request got nothing")                  \
	X(OOM_KILLS, "oom_kills", "a task was killed")

typedef enum bud_measure {
#define X(kind, name, what) BUD_MEASURE_##kind,
	BUD_MEASURES(X)
#undef X
		BUD_NR_MEASURES,
} bud_measure;

const char *bud_measure_name(bud_measure measure);
const char *bud_measure_text(bud_measure measure);

/* Happenings of one side. */
typedef struct bud_happenings {
	uint64_t count[BUD_NR_MEASURES];
	uint64_t *times[BUD_NR_MEASURES]; /* the first BUD_JUDGE_TIMES of each, in order */
	uint64_t failures_by_order[BUD_NR_ORDERS];
	uint64_t requests, kswapd_pages, direct_pages, moved_pages;
	bool out_of_memory;
} bud_happenings;

void bud_happenings_add(bud_happenings *happenings, bud_measure measure, uint64_t t_ns);
void bud_happenings_fini(bud_happenings *happenings);
/* How many of the first have one of the second within near_ns, each counted once. */
uint64_t bud_happenings_matched(const bud_happenings *first, const bud_happenings *second, bud_measure measure,
				uint64_t near_ns);

/* One zone at one snapshot. Blocks per order. */
typedef struct bud_judged_zone {
	const bud_snapshot *snapshot;
	const bud_zone_info *kernel; /* its buddyinfo */
	size_t zone;		     /* of the start */
	uint64_t replay[BUD_NR_ORDERS];
	uint64_t simulated[BUD_JUDGE_CASES][BUD_NR_ORDERS];
} bud_judged_zone;

/* How far apart two sets of free blocks are. */
typedef struct bud_distance {
	int64_t pages;	 /* free pages: the first - the second */
	uint64_t blocks; /* sum over orders of |difference|, in pages: what would have to be elsewhere */
} bud_distance;
bud_distance bud_judge_distance(const uint64_t *first, const uint64_t *second);

#endif
