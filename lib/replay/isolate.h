/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which free blocks compaction's scanners took. isolate_freepages_block
 * (mm/compaction.c) walks a range in strides and takes every free block
 * whose head it steps on, whole; the event tells range, steps and pages
 * taken, not the blocks.
 */
#ifndef BUD_REPLAY_ISOLATE_H
#define BUD_REPLAY_ISOLATE_H

#include "lib/base/event.h"
#include "lib/base/kernel.h"
#include "lib/memory/zone.h"

/* A free block the replay knew of in a scanned range. */
typedef struct bud_isolate_block {
	bud_pfn pfn;
	int order;
} bud_isolate_block;

#define BUD_ISOLATE_BLOCKS 4096 /* of one scanned range: a pageblock of 64 KiB pages has 8192 pages */

typedef struct bud_isolate_blocks {
	bud_isolate_block list[BUD_ISOLATE_BLOCKS];
	size_t nr;
	uint64_t pages;
} bud_isolate_blocks;

/* What a scan tells of the free blocks it met, besides what it took. */
typedef struct bud_isolate_finds {
	bud_isolate_blocks there; /* free until the scan took them */
	bud_isolate_blocks gone;  /* held free, but they had left before it */
	bool likely;		  /* those gone add up, but others would too: the largest are taken to be gone */
	bool heads;		  /* of those gone only the first page is certain: the others were passed over */
} bud_isolate_finds;

/* What a scan needs to know besides its event. */
typedef struct bud_isolate_hints {
	bool old_kernel;       /* no fast-isolation event: to 6.1 */
	unsigned stride;       /* in which it is known to have walked (scanner.h); 0: not known */
	bool stopped;	       /* it ended inside its pageblock: with the block it took last */
	const bud_pfn *proven; /* pages later events prove it took */
	size_t nr_proven;
	bool sure;	/* and they leave no doubt */
	bud_pfn guess;	/* the block a fast isolation likeliest took, or BUD_PFN_NONE */
	bool past_only; /* nothing is known of what comes later */
} bud_isolate_hints;

typedef struct bud_isolate_result {
	uint64_t removed;     /* pages that left the model's free lists */
	uint64_t unexplained; /* by how many pages that may be wrong */
	bool proven;	      /* it took what is proven, for no walk gives what was taken */
	bud_pfn block;	      /* that a fast isolation took, by proof or guess; BUD_PFN_NONE if none */
	uint64_t looked_at;   /* the stride in which it surely looked at pages: 1 at all of them; 0 if not sure */
} bud_isolate_result;

/* mm_compaction_isolate_freepages in zone. finds may be NULL; else it is filled. */
bud_isolate_result bud_isolate_scan(bud_zone *zone, const bud_event *event, const bud_isolate_hints *hints,
				    bud_isolate_finds *finds);

/*
 * mm_compaction_fast_isolate_freepages: exactly one free block of nr_taken
 * pages left, from start_pfn on (fast_isolate_freepages, 5.1 and later).
 * Which one is known if a page of it is proven; else the guess is taken, or
 * with the past alone the only one there was, but not counted as explained.
 */
bud_isolate_result bud_isolate_fast(bud_zone *zone, const bud_event *event, const bud_isolate_hints *hints);

#endif
