/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The machine's memory: nodes and zones, and which zone a page belongs to.
 */
#ifndef BUD_MEMORY_MEMORY_H
#define BUD_MEMORY_MEMORY_H

#include "lib/base/kernel.h"
#include "lib/memory/zone.h"

/* A range of pages of one zone; sorted and disjoint in bud_memory. */
typedef struct bud_zone_range {
	bud_pfn start, end;
	bud_zone *zone;
} bud_zone_range;

typedef struct bud_memory {
	bud_zone *zones; /* by node, then zone type as the files list them */
	size_t nr_zones;
	bud_zone_range *ranges;
	size_t nr_ranges;
	int max_order;
	bool overlap; /* node spans overlap: ranges are the likeliest owners */
} bud_memory;

/* The zones of a snapshot's zoneinfo that have a span; BUD_ERR_FORMAT if it lists none. */
bud_status bud_memory_from_snapshot(bud_memory *memory, const bud_snapshot *snapshot, const bud_kernel *kernel,
				    bud_error *err);
/*
 * Zones assumed from the architecture (terms.md) for pages in [first_pfn,
 * last_pfn]; none at all if first_pfn is BUD_PFN_NONE. All marked assumed.
 */
bud_status bud_memory_assume(bud_memory *memory, const bud_kernel *kernel, bud_pfn first_pfn, bud_pfn last_pfn,
			     bud_error *err);
void bud_memory_fini(bud_memory *memory);
/* Makes to, all zero or an earlier copy of the same machine, equal to from; false when out of memory. */
bool bud_memory_copy(bud_memory *to, const bud_memory *from);

/* The range that page lies in, or NULL: a page of no zone. */
const bud_zone_range *bud_memory_range_of(const bud_memory *memory, bud_pfn pfn);
/* The zone of that node and name (case matters as in zoneinfo), or NULL. */
bud_zone *bud_memory_find(const bud_memory *memory, int32_t node, const char *name);

#endif
