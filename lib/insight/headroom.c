/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/insight/headroom.h"

/* The worst page of a block, best first. */
typedef enum worst {
	ALL_FREE,
	HAS_CACHED,
	HAS_MOVABLE,
	HAS_UNKNOWN,
	HAS_FIXED,
	NR_WORST,
} worst;

static worst page_is(const bud_zone *zone, bud_pfn pfn, const bud_owners *owners)
{
	static const worst by_mobility[] = { [BUD_MOBILITY_UNKNOWN] = HAS_UNKNOWN,
					     [BUD_MOBILITY_MOVABLE] = HAS_MOVABLE,
					     [BUD_MOBILITY_FIXED] = HAS_FIXED };
	if (bud_buddy_page_is_free(&zone->buddy, pfn))
		return ALL_FREE;
	if (bud_pageset_test(&zone->cached, pfn))
		return HAS_CACHED;
	return by_mobility[bud_owners_mobility(owners, pfn)];
}

static worst block_is(const bud_zone *zone, bud_pfn start, bud_pfn end, const bud_owners *owners)
{
	worst found = ALL_FREE;
	if (bud_pageset_count_range(&zone->buddy.free, start, end - start) == end - start)
		return ALL_FREE;
	for (bud_pfn pfn = start; pfn < end && found < HAS_FIXED; pfn++) {
		worst page = page_is(zone, pfn, owners);
		found = page > found ? page : found;
	}
	return found;
}

static uint64_t min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

void bud_headroom_count(bud_headroom *room, const bud_memory *memory, const bud_zone *zone, int order,
			const bud_owners *owners)
{
	bud_pfn size = (bud_pfn)1 << order;
	uint64_t by[NR_WORST] = { 0 };
	*room = (bud_headroom){ 0 };
	for (size_t i = 0; i < memory->nr_ranges; i++) {
		const bud_zone_range *range = &memory->ranges[i];
		if (range->zone != zone)
			continue;
		bud_pfn start = (range->start + size - 1) & ~(size - 1);
		for (; start + size <= range->end; start += size) {
			by[block_is(zone, start, start + size, owners)]++;
			room->blocks++;
		}
	}
	room->free = by[ALL_FREE];
	room->cached = by[HAS_CACHED];
	room->movable = by[HAS_MOVABLE];
	room->unknown = by[HAS_UNKNOWN];
	room->fixed = by[HAS_FIXED];
	uint64_t fit = (bud_buddy_pages(&zone->buddy) + zone->cached_pages) / size;
	room->reachable = min(room->cached + room->movable, fit > room->free ? fit - room->free : 0);
}
