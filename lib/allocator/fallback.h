/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where a block is taken from when it is not simply there: the other lists,
 * in the three generations of the kernel's fallback (feature fallback).
 *
 *   MOVE   to 6.9    a block, or all free blocks of its pageblock, move to
 *                    the list of the type wanted; then the search begins anew
 *   TAKE   6.10      the same scan, but a single block is taken and what is
 *                    left of it stays on its old list
 *   CLAIM  6.15      first whole pageblocks are claimed, largest block first;
 *                    then single blocks are stolen, smallest first
 *
 * Pure functions of a bud_free_area; what is done to the lists is rmqueue's
 * business (rmqueue.h). Kernel behaviour: find_suitable_fallback,
 * can_steal_fallback / find_suitable_fallback's claimable test,
 * steal_suitable_fallback / try_to_claim_block, __rmqueue_fallback /
 * __rmqueue_claim, __rmqueue_steal of mm/page_alloc.c (allocator-semantics
 * 3.3-3.6).
 */
#ifndef BUD_ALLOCATOR_FALLBACK_H
#define BUD_ALLOCATOR_FALLBACK_H

#include "lib/base/kernel.h"
#include "lib/memory/freearea.h"
#include "lib/memory/watermark.h"

/* How a block is found. */
typedef enum bud_take_way {
	BUD_TAKE_NONE,	     /* nothing fits */
	BUD_TAKE_OWN,	     /* on the list of the type asked for */
	BUD_TAKE_CMA,	     /* on the CMA list */
	BUD_TAKE_HIGHATOMIC, /* out of the high-atomic reserve */
	BUD_TAKE_CLAIM, /* fallback: a block of at least a pageblock, or its whole pageblock if enough of it is free */
	BUD_TAKE_STEAL, /* fallback: this block alone */
} bud_take_way;

/* A block that would be taken: the first of the list of that order and type. */
typedef struct bud_take_plan {
	bud_take_way way;
	int order; /* of the block found, before any split; -1 with NONE */
	bud_migratetype type;
	/*
	 * CLAIM of a block under a pageblock: whether the pageblock is claimed
	 * depends on its pages (bud_fallback_claims). If it is not: MOVE and
	 * TAKE steal this very block; CLAIM asks bud_fallback_claim() again for
	 * smaller blocks, then bud_fallback_steal().
	 */
	bool conditional;
} bud_take_plan;

/* The first fallback type of that type with blocks of exactly that order, or BUD_MT_UNKNOWN. */
bud_migratetype bud_fallback_type(const bud_free_area *area, int order, bud_migratetype type);
/* Whether a block of that order is large enough, or the type harmful enough, to take its whole pageblock. */
bool bud_fallback_worthy(const bud_kernel *kernel, int order, bud_migratetype type);
/* The smallest order a fallback may look at under these alloc_flags (NOFRAGMENT). */
int bud_fallback_min_order(const bud_kernel *kernel, int order, unsigned alloc_flags);

/* MOVE and TAKE: the block __rmqueue_fallback chooses. */
bud_take_plan bud_fallback_choose(const bud_free_area *area, const bud_kernel *kernel, int order, bud_migratetype type,
				  unsigned alloc_flags);
/* CLAIM: the largest block of at most order largest that claiming would try (__rmqueue_claim). */
bud_take_plan bud_fallback_claim(const bud_free_area *area, const bud_kernel *kernel, int largest, int order,
				 bud_migratetype type, unsigned alloc_flags);
/* CLAIM: the block that would be stolen (__rmqueue_steal); NONE under NOFRAGMENT. */
bud_take_plan bud_fallback_steal(const bud_free_area *area, int max_order, int order, bud_migratetype type,
				 unsigned alloc_flags);
/*
 * Whether a pageblock of type old with so many free pages, and so many in
 * use that could be moved, becomes type: half of it is free or alike.
 */
bool bud_fallback_claims(const bud_kernel *kernel, bud_migratetype type, bud_migratetype old, uint64_t free_pages,
			 uint64_t movable_pages);

/* CMA pages are more than half of what is free, and the request may have them: they go first. */
static inline bool bud_fallback_begins_with_cma(const bud_free_area *area, const bud_kernel *kernel,
						unsigned alloc_flags)
{
	return alloc_flags & BUD_ALLOC_CMA && kernel->cma_first &&
	       area->pages[BUD_MT_CMA] > bud_free_area_pages(area) / 2;
}
/* CMA pages serve when the own list does not. */
bool bud_fallback_may_have_cma(const bud_kernel *kernel, bud_migratetype type, unsigned alloc_flags);
/* The high-atomic reserve serves before all else; or when all else failed. */
static inline bool bud_fallback_reserve_first(const bud_kernel *kernel, int order, unsigned alloc_flags)
{
	return order && alloc_flags & (kernel->alloc_flags ? BUD_ALLOC_HIGHATOMIC : BUD_ALLOC_NON_BLOCK);
}
bool bud_fallback_reserve_last(const bud_kernel *kernel, unsigned alloc_flags);

/*
 * The whole search for one block in the order of __rmqueue and, for
 * high-atomic requests and rescues, rmqueue_buddy: high-atomic reserve first
 * if alloc_flags say so, CMA first if it is more than half of what is free,
 * own list, CMA, fallback, reserve as the last resort. free_pages is
 * NR_FREE_PAGES. Does not look at watermarks.
 */
bud_take_plan bud_fallback_plan(const bud_free_area *area, const bud_kernel *kernel, int order, bud_migratetype type,
				unsigned alloc_flags);

#endif
