/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/allocator/fallback.h"

static const bud_take_plan nothing = { BUD_TAKE_NONE, -1, BUD_MT_UNKNOWN, false };

bud_migratetype bud_fallback_type(const bud_free_area *area, int order, bud_migratetype type)
{
	static const bud_migratetype fallbacks[BUD_MT_HIGHATOMIC][2] = {
		[BUD_MT_UNMOVABLE] = { BUD_MT_RECLAIMABLE, BUD_MT_MOVABLE },
		[BUD_MT_MOVABLE] = { BUD_MT_RECLAIMABLE, BUD_MT_UNMOVABLE },
		[BUD_MT_RECLAIMABLE] = { BUD_MT_UNMOVABLE, BUD_MT_MOVABLE },
	};
	if (type >= BUD_MT_HIGHATOMIC)
		return BUD_MT_UNKNOWN;
	for (int i = 0; i < 2; i++)
		if (area->orders[fallbacks[type][i]] >> order & 1)
			return fallbacks[type][i];
	return BUD_MT_UNKNOWN;
}

bool bud_fallback_worthy(const bud_kernel *kernel, int order, bud_migratetype type)
{
	return order >= kernel->pageblock_order / 2 || type != BUD_MT_MOVABLE;
}

int bud_fallback_min_order(const bud_kernel *kernel, int order, unsigned alloc_flags)
{
	if (!(alloc_flags & BUD_ALLOC_NOFRAGMENT))
		return order;
	return kernel->nofragment > 1 && order >= kernel->pageblock_order ? order : kernel->pageblock_order;
}

static bud_take_plan claim_of(const bud_kernel *kernel, int order, bud_migratetype from)
{
	return (bud_take_plan){ BUD_TAKE_CLAIM, order, from, order < kernel->pageblock_order };
}

/* The smallest block of a fallback type. */
static bud_take_plan smallest(const bud_free_area *area, int max_order, int order, bud_migratetype type)
{
	for (int k = order; k <= max_order; k++) {
		bud_migratetype from = bud_fallback_type(area, k, type);
		if (from != BUD_MT_UNKNOWN)
			return (bud_take_plan){ BUD_TAKE_STEAL, k, from, false };
	}
	return nothing;
}

bud_take_plan bud_fallback_choose(const bud_free_area *area, const bud_kernel *kernel, int order, bud_migratetype type,
				  unsigned alloc_flags)
{
	int least = bud_fallback_min_order(kernel, order, alloc_flags);
	for (int k = kernel->max_order; k >= least; k--) {
		bud_migratetype from = bud_fallback_type(area, k, type);
		if (from == BUD_MT_UNKNOWN)
			continue;
		if (bud_fallback_worthy(kernel, k, type))
			return claim_of(kernel, k, from);
		/* A movable page does little harm in the smallest block that will do. */
		return smallest(area, kernel->max_order, order, type);
	}
	return nothing;
}

bud_take_plan bud_fallback_claim(const bud_free_area *area, const bud_kernel *kernel, int largest, int order,
				 bud_migratetype type, unsigned alloc_flags)
{
	int least = bud_fallback_min_order(kernel, order, alloc_flags);
	for (int k = largest; k >= least && bud_fallback_worthy(kernel, k, type); k--) {
		bud_migratetype from = bud_fallback_type(area, k, type);
		if (from != BUD_MT_UNKNOWN)
			return claim_of(kernel, k, from);
	}
	return nothing;
}

bud_take_plan bud_fallback_steal(const bud_free_area *area, int max_order, int order, bud_migratetype type,
				 unsigned alloc_flags)
{
	return alloc_flags & BUD_ALLOC_NOFRAGMENT ? nothing : smallest(area, max_order, order, type);
}

bool bud_fallback_claims(const bud_kernel *kernel, bud_migratetype type, bud_migratetype old, uint64_t free_pages,
			 uint64_t movable_pages)
{
	uint64_t block = (uint64_t)1 << kernel->pageblock_order, alike = 0;
	if (type == BUD_MT_MOVABLE)
		alike = movable_pages;
	else if (old == BUD_MT_MOVABLE && free_pages + movable_pages < block)
		alike = block - free_pages - movable_pages;
	return free_pages + alike >= block / 2;
}

static bud_take_plan own(const bud_free_area *area, int order, bud_migratetype type, bud_take_way way)
{
	int found = bud_free_area_smallest(area, order, type);
	return found < 0 ? nothing : (bud_take_plan){ way, found, type, false };
}

static bud_take_plan fallback(const bud_free_area *area, const bud_kernel *kernel, int order, bud_migratetype type,
			      unsigned flags)
{
	if (kernel->fallback != BUD_FALLBACK_CLAIM)
		return bud_fallback_choose(area, kernel, order, type, flags);
	bud_take_plan plan = bud_fallback_claim(area, kernel, kernel->max_order, order, type, flags);
	return plan.way ? plan : bud_fallback_steal(area, kernel->max_order, order, type, flags);
}

bool bud_fallback_reserve_last(const bud_kernel *kernel, unsigned alloc_flags)
{
	unsigned rescued = kernel->highatomic_rescue > 1 ? BUD_ALLOC_OOM | BUD_ALLOC_NON_BLOCK : BUD_ALLOC_OOM;
	return kernel->highatomic_rescue && alloc_flags & rescued;
}

bool bud_fallback_may_have_cma(const bud_kernel *kernel, bud_migratetype type, unsigned alloc_flags)
{
	return kernel->cma_first ? (alloc_flags & BUD_ALLOC_CMA) != 0 : type == BUD_MT_MOVABLE;
}

bud_take_plan bud_fallback_plan(const bud_free_area *area, const bud_kernel *kernel, int order, bud_migratetype type,
				unsigned alloc_flags)
{
	bud_take_plan plan = nothing;
	if (bud_fallback_reserve_first(kernel, order, alloc_flags))
		plan = own(area, order, BUD_MT_HIGHATOMIC, BUD_TAKE_HIGHATOMIC);
	if (!plan.way && bud_fallback_begins_with_cma(area, kernel, alloc_flags))
		plan = own(area, order, BUD_MT_CMA, BUD_TAKE_CMA);
	if (!plan.way)
		plan = own(area, order, type, BUD_TAKE_OWN);
	if (!plan.way && bud_fallback_may_have_cma(kernel, type, alloc_flags))
		plan = own(area, order, BUD_MT_CMA, BUD_TAKE_CMA);
	if (!plan.way)
		plan = fallback(area, kernel, order, type, alloc_flags);
	if (!plan.way && bud_fallback_reserve_last(kernel, alloc_flags))
		plan = own(area, order, BUD_MT_HIGHATOMIC, BUD_TAKE_HIGHATOMIC);
	return plan;
}
