/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/memory/watermark.h"

#define SWAP_CLUSTER_MAX 32

const unsigned bud_watermark_default_ratio[BUD_NR_ZONE_TYPES] = {
	[BUD_ZONE_DMA] = 256,
	[BUD_ZONE_DMA32] = 256,
	[BUD_ZONE_NORMAL] = 32,
};

static uint64_t clamp(uint64_t value, uint64_t low, uint64_t high)
{
	return value < low ? low : value > high ? high : value;
}

static uint64_t integer_root(uint64_t value)
{
	uint64_t root = 0;
	for (uint64_t bit = (uint64_t)1 << 31; bit; bit >>= 1)
		if ((root + bit) * (root + bit) <= value)
			root += bit;
	return root;
}

uint64_t bud_watermark_min_free_kib(const bud_kernel *kernel, uint64_t lowmem_kib)
{
	return clamp(integer_root(lowmem_kib * 16), 128, (uint64_t)kernel->min_free_max_kib);
}

/* value * part / 10000 without overflow, rounded as the kernel does (mult_frac). */
static uint64_t ten_thousandths(uint64_t value, uint64_t part)
{
	return value / 10000 * part + value % 10000 * part / 10000;
}

/* Zones whose pages share in min_free_kbytes. */
static bool shares(const bud_wmark_zone *zone, const bud_kernel *kernel, bool highmem)
{
	if (zone->type == BUD_ZONE_MOVABLE)
		return kernel->movable_in_sum && !highmem;
	return zone->type != BUD_ZONE_HIGHMEM;
}

void bud_watermark_compute(bud_wmark_zone *zones, size_t nr, const bud_kernel *kernel, uint64_t min_free_kib,
			   unsigned scale)
{
	uint64_t pages_min = min_free_kib >> (kernel->page_shift - 10), sum = 0;
	bool highmem = false;
	for (size_t i = 0; i < nr; i++)
		highmem = highmem || zones[i].type == BUD_ZONE_HIGHMEM;
	for (size_t i = 0; i < nr; i++)
		sum += shares(&zones[i], kernel, highmem) ? zones[i].managed : 0;
	for (size_t i = 0; i < nr; i++) {
		bud_wmark_zone *zone = &zones[i];
		uint64_t share = sum ? (uint64_t)((unsigned __int128)pages_min * zone->managed / sum) : 0;
		uint64_t gap = ten_thousandths(zone->managed, scale);
		gap = gap > share / 4 ? gap : share / 4;
		uint64_t min =
			shares(zone, kernel, highmem) ? share : clamp(zone->managed / 1024, SWAP_CLUSTER_MAX, 128);
		uint64_t base = min + (kernel->boost_baked_in ? zone->boost : 0);
		zone->marks = (bud_wmarks){ min, base + gap, base + 2 * gap, base + 3 * gap };
	}
}

/* Managed pages of the node's zones above type, up to and including upper. */
static uint64_t managed_between(const bud_wmark_zone *zones, size_t nr, const bud_wmark_zone *zone, bud_zone_type upper,
				const bud_kernel *kernel, const unsigned *ratio)
{
	uint64_t pages = 0;
	for (size_t i = 0; i < nr; i++) {
		bool above = zones[i].node == zone->node && zones[i].type > zone->type && zones[i].type <= upper;
		/* In 5.10 the sum is made on the way down and a zone without a ratio is passed over, but for the top.
		 */
		bool skipped = kernel->reserve_skips_zero && !ratio[zones[i].type] && zones[i].type != upper;
		pages += above && !skipped ? zones[i].managed : 0;
	}
	return pages;
}

void bud_watermark_reserve(bud_wmark_zone *zones, size_t nr, const bud_kernel *kernel,
			   const unsigned ratio[BUD_NR_ZONE_TYPES])
{
	for (size_t i = 0; i < nr; i++) {
		bud_wmark_zone *zone = &zones[i];
		for (int upper = 0; upper < BUD_NR_ZONE_TYPES; upper++) {
			bool none = upper <= (int)zone->type || !ratio[zone->type] || !zone->managed;
			zone->reserve[upper] =
				none ? 0
				     : managed_between(zones, nr, zone, (bud_zone_type)upper, kernel, ratio) /
						ratio[zone->type];
		}
	}
}

uint64_t bud_watermark_boost(uint64_t boost, const bud_wmarks *marks, uint64_t managed, unsigned factor,
			     int pageblock_order)
{
	uint64_t block = (uint64_t)1 << pageblock_order, most = ten_thousandths(marks->high, factor);
	if (!factor || managed < 4 * block || !most)
		return boost;
	most = most > block ? most : block;
	return boost + block < most ? boost + block : most;
}

int64_t bud_watermark_effective(const bud_kernel *kernel, uint64_t mark, unsigned flags)
{
	int64_t min = (int64_t)mark;
	if (flags & BUD_ALLOC_MIN_RESERVE) {
		min -= min / 2;
		if (kernel->alloc_flags && flags & BUD_ALLOC_NON_BLOCK)
			min -= min / 4;
	}
	if (flags & BUD_ALLOC_OOM)
		min -= min / 2;
	else if (!kernel->alloc_flags && flags & BUD_ALLOC_NON_BLOCK)
		min -= min / 4;
	return min;
}

bool bud_watermark_has_block(const bud_free_area *area, const bud_kernel *kernel, int order, unsigned flags)
{
	const uint32_t *orders = area->orders;
	uint32_t have = orders[BUD_MT_UNMOVABLE] | orders[BUD_MT_MOVABLE] | orders[BUD_MT_RECLAIMABLE];
	unsigned atomic = BUD_ALLOC_OOM | (kernel->alloc_flags ? BUD_ALLOC_HIGHATOMIC : BUD_ALLOC_NON_BLOCK);
	if (flags & BUD_ALLOC_CMA)
		have |= orders[BUD_MT_CMA];
	if (flags & atomic)
		have |= orders[BUD_MT_HIGHATOMIC];
	return have >> order;
}

bool bud_watermark_ok(const bud_wmark_test *test, const bud_kernel *kernel, int order, uint64_t mark,
		      unsigned alloc_flags)
{
	int64_t free = (int64_t)test->free - bud_watermark_unusable(test, kernel, order, alloc_flags);
	if (free <= bud_watermark_effective(kernel, mark, alloc_flags) + (int64_t)test->reserve)
		return false;
	return !order || bud_watermark_has_block(test->area, kernel, order, alloc_flags);
}

bool bud_watermark_past_shortcut(const bud_wmark_test *test, const bud_kernel *kernel, int order, uint64_t mark,
				 unsigned alloc_flags, bool atomic)
{
	if (bud_watermark_ok(test, kernel, order, mark, alloc_flags))
		return true;
	bool urgent = kernel->gfp_atomic ? atomic : alloc_flags & BUD_ALLOC_MIN_RESERVE;
	if (order || !test->boost || !urgent || !kernel->wmark_fast ||
	    (alloc_flags & BUD_ALLOC_WMARK_MASK) != BUD_ALLOC_WMARK_MIN)
		return false;
	return bud_watermark_ok(test, kernel, order, test->min_unboosted, alloc_flags);
}
