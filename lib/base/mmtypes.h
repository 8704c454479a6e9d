/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The kernel's small vocabulary: page frames, orders, migratetypes, zone
 * types, gfp flags. Names are the kernel's. Numbers that differ between
 * kernels are translated with the feature vector (kernel.h).
 */
#ifndef BUD_BASE_MMTYPES_H
#define BUD_BASE_MMTYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint64_t bud_pfn;

#define BUD_PFN_NONE UINT64_MAX /* a failed allocation's pfn */
#define BUD_PFN_MAX ((uint64_t)1 << 44) /* no machine has page frames at or above this one */
#define BUD_TIME_NONE UINT64_MAX
#define BUD_UNKNOWN UINT64_MAX /* a count or size nobody told us */

#define BUD_NR_ORDERS 20 /* room for orders 0..19; a kernel's own largest order is in its feature vector */
#define BUD_ORDER_INVALID 127 /* an order field outside 0..126 (-1 stays -1) */
#define BUD_COSTLY_ORDER 3 /* PAGE_ALLOC_COSTLY_ORDER */

/* Canonical migratetypes. Kernels without CMA number Isolate 4: see bud_kernel_migratetype(). */
typedef enum bud_migratetype {
	BUD_MT_UNMOVABLE,
	BUD_MT_MOVABLE,
	BUD_MT_RECLAIMABLE,
	BUD_MT_HIGHATOMIC,
	BUD_MT_CMA,
	BUD_MT_ISOLATE,
	BUD_NR_MIGRATETYPES,
	BUD_MT_UNKNOWN = BUD_NR_MIGRATETYPES,
} bud_migratetype;

/* The name as in /proc/pagetypeinfo; "?" for BUD_MT_UNKNOWN. */
const char *bud_migratetype_name(bud_migratetype type);
/* The type of that name (case does not matter), or BUD_MT_UNKNOWN. */
bud_migratetype bud_migratetype_parse(const char *name);

typedef enum bud_zone_type {
	BUD_ZONE_DMA,
	BUD_ZONE_DMA32,
	BUD_ZONE_NORMAL,
	BUD_ZONE_HIGHMEM,
	BUD_ZONE_MOVABLE,
	BUD_ZONE_DEVICE,
	BUD_NR_ZONE_TYPES,
} bud_zone_type;

/* The name as in /proc/zoneinfo: DMA, DMA32, Normal, HighMem, Movable, Device. */
const char *bud_zone_type_name(bud_zone_type type);
/* The type of that name (case does not matter), or BUD_NR_ZONE_TYPES. */
bud_zone_type bud_zone_type_parse(const char *name);

#endif
