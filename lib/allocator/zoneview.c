/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/allocator/zoneview.h"

#include "lib/memory/fragindex.h"

#define LOCAL_DISTANCE 10
#define OTHER_DISTANCE 20

bool bud_zoneview_ok(const bud_zone_view *zone, const bud_kernel *kernel, int order, uint64_t mark,
		     bud_zone_type highest, unsigned alloc_flags)
{
	bud_wmark_test test = bud_zoneview_test(zone, highest);
	return bud_watermark_ok(&test, kernel, order, mark, alloc_flags);
}

bool bud_zoneview_passes_past_shortcut(const bud_zone_view *zone, const bud_kernel *kernel, int order, bud_zone_type highest,
				 unsigned alloc_flags, bool atomic)
{
	bud_wmark_test test = bud_zoneview_test(zone, highest);
	uint64_t mark = bud_zoneview_mark(zone, alloc_flags & BUD_ALLOC_WMARK_MASK);
	return bud_watermark_past_shortcut(&test, kernel, order, mark, alloc_flags, atomic);
}

bool bud_zoneview_would_pass(const bud_zone_view *zone, const bud_kernel *kernel, int order, uint64_t mark,
			     bud_zone_type highest, unsigned alloc_flags, uint64_t more)
{
	bud_wmark_test test = bud_zoneview_test(zone, highest);
	test.free += more;
	return bud_watermark_ok(&test, kernel, order, mark, alloc_flags);
}

static unsigned distance_to(const uint8_t *distance, unsigned nr_nodes, unsigned from, unsigned to)
{
	if (distance && from < nr_nodes && to < nr_nodes)
		return distance[from * nr_nodes + to];
	return from == to ? LOCAL_DISTANCE : OTHER_DISTANCE;
}

/* What the nearest node has least of: distance, then coming before node, then its number. The node itself is nearest
 * of all. */
static unsigned farness(const uint8_t *distance, unsigned nr_nodes, unsigned node, unsigned other)
{
	if (node == other)
		return 0;
	return (distance_to(distance, nr_nodes, node, other) + (other < node)) * BUD_MAX_NODES + other + 1;
}

void bud_zoneview_list(bud_zonelist *list, const bud_zone_view *zones, size_t nr, int node, const uint8_t *distance,
		       unsigned nr_nodes)
{
	unsigned key[BUD_MAX_ZONES];
	list->nr = 0;
	for (size_t i = 0; i < nr && i < BUD_MAX_ZONES; i++) {
		if (!zones[i].managed)
			continue;
		unsigned far = farness(distance, nr_nodes, (unsigned)node, (unsigned)zones[i].node);
		unsigned mine = far * BUD_NR_ZONE_TYPES + (BUD_NR_ZONE_TYPES - 1 - (unsigned)zones[i].type);
		size_t at = list->nr++;
		for (; at && key[at - 1] > mine; at--) {
			key[at] = key[at - 1];
			list->zone[at] = list->zone[at - 1];
		}
		key[at] = mine;
		list->zone[at] = (uint8_t)i;
	}
}

/* Only whole pageblocks count in defrag_mode, for requests above order 0. */
static bool reaches_high(const bud_zone_view *zone, const bud_kernel *kernel, int order, bud_zone_type highest)
{
	bud_wmark_test test = bud_zoneview_test(zone, highest);
	if (zone->defrag_mode && order) {
		test.free = 0;
		for (int k = kernel->pageblock_order; k <= kernel->max_order; k++)
			for (int type = 0; type < BUD_MT_ISOLATE; type++)
				test.free += zone->area->nr[type][k] << k;
	}
	return bud_watermark_ok(&test, kernel, order, bud_zoneview_mark(zone, BUD_ALLOC_WMARK_HIGH), 0);
}

static bool counts(const bud_zone_view *zone, int node, bud_zone_type highest)
{
	return zone->node == node && zone->type <= highest && zone->managed;
}

bool bud_zoneview_balanced(const bud_zone_view *zones, size_t nr, const bud_kernel *kernel, int node, int order,
			   bud_zone_type highest)
{
	bool any = false;
	for (size_t i = 0; i < nr; i++) {
		if (!counts(&zones[i], node, highest))
			continue;
		any = true;
		if (reaches_high(&zones[i], kernel, order, highest))
			return true;
	}
	return !any;
}

bool bud_zoneview_boosted(const bud_zone_view *zones, size_t nr, int node, bud_zone_type highest)
{
	for (size_t i = 0; i < nr; i++)
		if (counts(&zones[i], node, highest) && zones[i].boost)
			return true;
	return false;
}

bool bud_zoneview_wakes(const bud_zone_view *zones, size_t nr, const bud_kernel *kernel, int node, int order,
			bud_zone_type highest)
{
	return !bud_zoneview_balanced(zones, nr, kernel, node, order, highest) ||
	       bud_zoneview_boosted(zones, nr, node, highest);
}

bud_suitable bud_zoneview_suitable(const bud_zone_view *zone, const bud_kernel *kernel, int order,
				   bud_zone_type highest, unsigned alloc_flags, bool async, unsigned threshold)
{
	bool costly = order > BUD_COSTLY_ORDER;
	uint64_t asked = bud_zoneview_mark(zone, alloc_flags & BUD_ALLOC_WMARK_MASK);
	uint64_t gap = bud_zoneview_compact_gap(kernel, order);
	if (bud_zoneview_ok(zone, kernel, order, asked, highest, alloc_flags))
		return BUD_SUITABLE_NEEDLESS;
	uint64_t mark = bud_zoneview_mark(zone, costly ? BUD_ALLOC_WMARK_LOW : BUD_ALLOC_WMARK_MIN);
	if (kernel->suitable_level) {
		/* Costly asynchronous requests that may not use CMA must have room outside of it. */
		if (costly && async && !(alloc_flags & BUD_ALLOC_CMA) &&
		    !bud_zoneview_ok(zone, kernel, 0, asked + gap, highest, 0))
			return BUD_SUITABLE_NO_ROOM;
		mark = asked + (costly ? zone->marks.low - zone->marks.min : 0);
	}
	if (!bud_zoneview_ok(zone, kernel, 0, mark + gap, highest, BUD_ALLOC_CMA))
		return BUD_SUITABLE_NO_ROOM;
	if (costly) {
		int32_t index = bud_fragindex_extfrag(zone->area->nr_free, kernel->max_order, order);
		if (index >= 0 && (unsigned)index <= threshold)
			return BUD_SUITABLE_NOT_FRAGMENTED;
	}
	return BUD_SUITABLE_YES;
}

unsigned bud_zoneview_score(const bud_zone_view *zone, const bud_kernel *kernel)
{
	const uint64_t *nr_free = zone->area->nr_free;
	uint64_t pages = 0, useful = 0;
	for (int k = 0; k <= kernel->max_order; k++) {
		pages += nr_free[k] << k;
		useful += k >= kernel->pageblock_order ? nr_free[k] << k : 0;
	}
	return pages ? (unsigned)((pages - useful) * 100 / pages) : 0;
}
