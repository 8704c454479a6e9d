/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Watermarks: how they are computed from managed pages and sysctls, and how
 * a request is tested against them. Pure functions; all sizes in pages but
 * for min_free_kbytes (mm/page_alloc.c: init_per_zone_wmark_min,
 * __setup_per_zone_wmarks, setup_per_zone_lowmem_reserve, boost_watermark,
 * __zone_watermark_ok, zone_watermark_fast).
 */
#ifndef BUD_MEMORY_WATERMARK_H
#define BUD_MEMORY_WATERMARK_H

#include "lib/memory/freelist.h"

/* What a request may do (ALLOC_* of mm/internal.h). Named as since 6.3; before, NON_BLOCK was HARDER and MIN_RESERVE
 * was HIGH, and the bits mean what the feature alloc_flags says. */
enum {
	BUD_ALLOC_WMARK_MIN = 0,
	BUD_ALLOC_WMARK_LOW = 1,
	BUD_ALLOC_WMARK_HIGH = 2,
	BUD_ALLOC_WMARK_MASK = 3,
	BUD_ALLOC_NO_WATERMARKS = 0x04,
	BUD_ALLOC_OOM = 0x08,
	BUD_ALLOC_NON_BLOCK = 0x10,
	BUD_ALLOC_MIN_RESERVE = 0x20,
	BUD_ALLOC_CPUSET = 0x40,
	BUD_ALLOC_CMA = 0x80,
	BUD_ALLOC_NOFRAGMENT = 0x100,
	BUD_ALLOC_HIGHATOMIC = 0x200,
	BUD_ALLOC_KSWAPD = 0x800,
};

/* The marks of one zone, without boost. */
typedef struct bud_wmarks {
	uint64_t min, low, high, promo;
} bud_wmarks;

/* One zone as the computations see it. */
typedef struct bud_wmark_zone {
	int32_t node;
	bud_zone_type type;
	uint64_t managed;
	uint64_t boost; /* in force; only kernels with boost_baked_in look at it, others drop it */
	bud_wmarks marks;
	uint64_t reserve[BUD_NR_ZONE_TYPES]; /* lowmem_reserve, by the highest zone the request may use */
} bud_wmark_zone;

/* min_free_kbytes as the kernel chooses it for so many KiB of low memory (at boot, without huge pages' demand). */
uint64_t bud_watermark_min_free_kib(const bud_kernel *kernel, uint64_t lowmem_kib);

/*
 * Fills marks of every zone of the machine, empty ones too: the sum is over
 * all. scale is vm.watermark_scale_factor. Where there is HighMem, Movable
 * is high memory as well.
 */
void bud_watermark_compute(bud_wmark_zone *zones, size_t nr, const bud_kernel *kernel, uint64_t min_free_kib,
			   unsigned scale);

/* Fills reserve of every zone; ratio is vm.lowmem_reserve_ratio by zone type. */
void bud_watermark_reserve(bud_wmark_zone *zones, size_t nr, const bud_kernel *kernel,
			   const unsigned ratio[BUD_NR_ZONE_TYPES]);
/* The ratios of a kernel nobody has changed. */
extern const unsigned bud_watermark_default_ratio[BUD_NR_ZONE_TYPES];

/* The boost after one more fallback; factor is vm.watermark_boost_factor. */
uint64_t bud_watermark_boost(uint64_t boost, const bud_wmarks *marks, uint64_t managed, unsigned factor,
			     int pageblock_order);

/* One question to a zone's watermarks. */
typedef struct bud_wmark_test {
	const bud_free_area *area;
	uint64_t free;		      /* NR_FREE_PAGES */
	uint64_t highatomic_reserved; /* nr_reserved_highatomic */
	uint64_t reserve;	      /* lowmem_reserve for the request's highest zone */
	uint64_t min_unboosted;	      /* WMARK_MIN without boost */
	uint64_t boost;
} bud_wmark_test;

/* Whether the high-atomic reserve is no loss to the request: it may use it, or others like it. */
static inline bool bud_watermark_has_reserves(const bud_kernel *kernel, unsigned alloc_flags)
{
	unsigned since_63 = BUD_ALLOC_MIN_RESERVE | BUD_ALLOC_HIGHATOMIC;
	return alloc_flags & (BUD_ALLOC_NON_BLOCK | BUD_ALLOC_OOM | (kernel->alloc_flags ? since_63 : 0));
}

/* The parts of the test: free pages the request cannot have (__zone_watermark_unusable_free), how far the mark comes
 * down for it, and whether there is a block it may take at that order or above. */
static inline int64_t bud_watermark_unusable(const bud_wmark_test *test, const bud_kernel *kernel, int order,
					     unsigned alloc_flags)
{
	const uint64_t *free = test->area->pages;
	uint64_t pages = ((uint64_t)1 << order) - 1;
	if (!bud_watermark_has_reserves(kernel, alloc_flags))
		pages += kernel->highatomic_free ? free[BUD_MT_HIGHATOMIC] : test->highatomic_reserved;
	if (!(alloc_flags & BUD_ALLOC_CMA))
		pages += free[BUD_MT_CMA];
	return (int64_t)pages;
}
int64_t bud_watermark_effective(const bud_kernel *kernel, uint64_t mark, unsigned alloc_flags);
bool bud_watermark_has_block(const bud_free_area *area, const bud_kernel *kernel, int order, unsigned alloc_flags);

/* Whether a request of that order passes at mark, which holds any boost (__zone_watermark_ok). */
bool bud_watermark_ok(const bud_wmark_test *test, const bud_kernel *kernel, int order, uint64_t mark,
		      unsigned alloc_flags);

/* The first part of zone_watermark_fast, for single pages: what it passes has passed, what it does not may still. */
static inline bool bud_watermark_shortcut(const bud_wmark_test *test, const bud_kernel *kernel, uint64_t mark,
					  unsigned alloc_flags)
{
	uint64_t held = (uint64_t)bud_watermark_unusable(test, kernel, 0, alloc_flags);
	if (kernel->wmark_fast == 0)
		held = alloc_flags & BUD_ALLOC_CMA ? 0 : test->area->pages[BUD_MT_CMA];
	if (kernel->wmark_fast != 1 && held > test->free)
		held = test->free;
	/* Compared as unsigned: with wmark_fast 1 a negative figure is a huge one. */
	return test->free - held > mark + test->reserve;
}

/* Whether it is the whole test for single pages: no mark comes down for the request. */
static inline bool bud_watermark_shortcut_decides(const bud_kernel *kernel, unsigned alloc_flags)
{
	return kernel->wmark_fast == 2 && (alloc_flags & BUD_ALLOC_WMARK_MASK) != BUD_ALLOC_WMARK_MIN &&
	       !(alloc_flags & (BUD_ALLOC_MIN_RESERVE | BUD_ALLOC_NON_BLOCK | BUD_ALLOC_OOM));
}
/* What comes after it, for single pages too. */
bool bud_watermark_past_shortcut(const bud_wmark_test *test, const bud_kernel *kernel, int order, uint64_t mark,
				 unsigned alloc_flags, bool atomic);
/* The same as get_page_from_freelist asks it (zone_watermark_fast). atomic: the request has __GFP_ATOMIC, where the
 * kernel has that bit. */
static inline bool bud_watermark_fast(const bud_wmark_test *test, const bud_kernel *kernel, int order, uint64_t mark,
				      unsigned alloc_flags, bool atomic)
{
	return (!order && bud_watermark_shortcut(test, kernel, mark, alloc_flags)) ||
	       bud_watermark_past_shortcut(test, kernel, order, mark, alloc_flags, atomic);
}

#endif
