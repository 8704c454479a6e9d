/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which free blocks compaction's scanners took. isolate_freepages_block
 * (mm/compaction.c) walks a range in strides and takes every free block
 * whose head it steps on, whole; the event tells range, steps and pages
 * taken, not the blocks.
 */
#ifndef BUD_REPLAY_ISOLATE_H
#define BUD_REPLAY_ISOLATE_H

#include "lib/base/kernel.h"
#include "lib/memory/zone.h"
#include "lib/base/event.h"

/* What a scan needs to know besides its event. */
typedef struct bud_isolate_hints {
	bool old_kernel; /* no fast-isolation event: to 6.1 */
	bool resumed; /* the task's previous scan took something and nothing was migrated since: stride 1 again */
	const bud_pfn *proven; /* pages later events prove it took */
	size_t nr_proven;
	bool sure; /* and they leave no doubt */
	const bud_pfn *wrong; /* blocks it did not take */
	size_t nr_wrong;
} bud_isolate_hints;

typedef struct bud_isolate_result {
	uint64_t removed; /* pages that left the model's free lists */
	uint64_t unexplained; /* by how many pages that may be wrong */
	uint64_t surplus; /* pages a full scan did not find that the model held free: they had left before it */
	bud_pfn guess; /* a fast isolation's block, taken without proof as the only one there was; else BUD_PFN_NONE */
} bud_isolate_result;

/* mm_compaction_isolate_freepages in zone. */
bud_isolate_result bud_isolate_scan(bud_zone *zone, const bud_event *event, const bud_isolate_hints *hints);

/*
 * mm_compaction_fast_isolate_freepages: exactly one free block of nr_taken
 * pages left, from start_pfn on (fast_isolate_freepages, 5.1 and later).
 * Which one is known if a page of it is proven; if there was only one, it
 * is taken, but not counted as explained.
 */
bud_isolate_result bud_isolate_fast(bud_zone *zone, const bud_event *event, const bud_isolate_hints *hints);

#endif
