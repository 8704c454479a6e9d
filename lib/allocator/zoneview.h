/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the allocator's decisions about a zone look at, and the decisions
 * that need nothing more: pure functions. The model makes its views from its
 * own zones (machine.h); an audit makes them from replayed ones, so that
 * both ask the very same questions.
 *
 * Kernel behaviour: mm/page_alloc.c (build_zonelists, zone_watermark_fast,
 * zone_allows_reclaim, alloc_flags_nofragment), mm/vmscan.c
 * (pgdat_balanced, wakeup_kswapd), mm/compaction.c (compaction_suitable).
 */
#ifndef BUD_ALLOCATOR_ZONEVIEW_H
#define BUD_ALLOCATOR_ZONEVIEW_H

#include "lib/base/kernel.h"
#include "lib/memory/watermark.h"

#define BUD_MAX_NODES 64 /* a nodemask is one word */
#define BUD_MAX_ZONES 64 /* zones of one machine that the model takes */

#define BUD_COMPACT_CLUSTER 32 /* pages that compaction moves at a time (COMPACT_CLUSTER_MAX) */

/* One zone at one instant; sizes in pages. */
typedef struct bud_zone_view {
	int32_t node;
	bud_zone_type type;
	uint64_t managed;
	const bud_free_area *area;
	bud_wmarks marks; /* without boost */
	uint64_t boost;
	uint64_t reserve[BUD_NR_ZONE_TYPES]; /* lowmem_reserve by the request's highest zone */
	uint64_t highatomic_reserved;	     /* nr_reserved_highatomic */
	uint64_t reclaimable;		     /* what reclaim could still free (zone_reclaimable_pages) */
	bool reclaim_active;		     /* ZONE_RECLAIM_ACTIVE: kswapd or direct reclaim is at work */
	bool below_high;		     /* ZONE_BELOW_HIGH (6.7+) */
	bool defrag_mode;		     /* vm.defrag_mode: kswapd counts whole free pageblocks only (6.15+) */
} bud_zone_view;

/* The mark of that level (BUD_ALLOC_WMARK_*), boost included. */
static inline uint64_t bud_zoneview_mark(const bud_zone_view *zone, unsigned level)
{
	const bud_wmarks *m = &zone->marks;
	return (level == BUD_ALLOC_WMARK_MIN ? m->min : level == BUD_ALLOC_WMARK_LOW ? m->low : m->high) + zone->boost;
}

/* The zone as the tests of watermark.h see it. */
static inline bud_wmark_test bud_zoneview_test(const bud_zone_view *zone, bud_zone_type highest)
{
	return (bud_wmark_test){
		.area = zone->area,
		.free = bud_free_area_pages(zone->area),
		.highatomic_reserved = zone->highatomic_reserved,
		.reserve = zone->reserve[highest],
		.min_unboosted = zone->marks.min,
		.boost = zone->boost,
	};
}

/* The plain test at any mark (zone_watermark_ok); highest is the request's highest zone. */
bool bud_zoneview_ok(const bud_zone_view *zone, const bud_kernel *kernel, int order, uint64_t mark,
		     bud_zone_type highest, unsigned alloc_flags);
/* The test of the level in alloc_flags as a request is asked it (zone_watermark_fast); atomic: __GFP_ATOMIC. */
bool bud_zoneview_passes_past_shortcut(const bud_zone_view *zone, const bud_kernel *kernel, int order, bud_zone_type highest,
				 unsigned alloc_flags, bool atomic);
static inline bool bud_zoneview_passes(const bud_zone_view *zone, const bud_kernel *kernel, int order,
				       bud_zone_type highest, unsigned alloc_flags, bool atomic)
{
	bud_wmark_test test = bud_zoneview_test(zone, highest);
	uint64_t mark = bud_zoneview_mark(zone, alloc_flags & BUD_ALLOC_WMARK_MASK);
	if (!order && bud_watermark_shortcut(&test, kernel, mark, alloc_flags))
		return true;
	return !(!order && bud_watermark_shortcut_decides(kernel, alloc_flags)) &&
	       bud_zoneview_passes_past_shortcut(zone, kernel, order, highest, alloc_flags, atomic);
}
/* The same with more pages free than there are, as should_reclaim_retry hopes for them. */
bool bud_zoneview_would_pass(const bud_zone_view *zone, const bud_kernel *kernel, int order, uint64_t mark,
			     bud_zone_type highest, unsigned alloc_flags, uint64_t more);

/* Indexes of zones in the order in which a request looks at them (struct zonelist). */
typedef struct bud_zonelist {
	uint8_t zone[BUD_MAX_ZONES];
	uint8_t nr;
} bud_zonelist;

/*
 * The order in which a request of that preferred node looks at zones: nodes
 * by distance, of equal ones first those numbered from node up, in a node
 * the highest zone first (build_zonelists; the load counts that the kernel
 * spreads equal distances by are not modelled). Zones without managed pages
 * are left out. distance is nr_nodes * nr_nodes, or NULL: all nodes are
 * equally far. Zones beyond BUD_MAX_ZONES are left out.
 */
void bud_zoneview_list(bud_zonelist *list, const bud_zone_view *zones, size_t nr, int node, const uint8_t *distance,
		       unsigned nr_nodes);

/* Whether some zone of the node, up to highest, has what kswapd works for: HIGH at that order (pgdat_balanced). */
bool bud_zoneview_balanced(const bud_zone_view *zones, size_t nr, const bud_kernel *kernel, int node, int order,
			   bud_zone_type highest);
/* Whether a boost is in force in the node's zones up to highest (pgdat_watermark_boosted). */
bool bud_zoneview_boosted(const bud_zone_view *zones, size_t nr, int node, bud_zone_type highest);
/* Whether a sleeping kswapd of the node is woken (wakeup_kswapd): not balanced, or boosted. */
bool bud_zoneview_wakes(const bud_zone_view *zones, size_t nr, const bud_kernel *kernel, int node, int order,
			bud_zone_type highest);

/* Free pages that compaction for that order wants above a mark, for its pages to move to (compact_gap). */
static inline uint64_t bud_zoneview_compact_gap(const bud_kernel *kernel, int order)
{
	uint64_t gap = (uint64_t)2 << order;
	return kernel->compact_gap_cap && gap > BUD_COMPACT_CLUSTER ? BUD_COMPACT_CLUSTER : gap;
}

/* Whether compaction of a zone makes sense (compaction_suitable; allocator-semantics 10.1). */
typedef enum bud_suitable {
	BUD_SUITABLE_NEEDLESS,	     /* the request would pass as it is (COMPACT_SUCCESS) */
	BUD_SUITABLE_NO_ROOM,	     /* too little free memory to move pages to (COMPACT_SKIPPED) */
	BUD_SUITABLE_NOT_FRAGMENTED, /* extfrag index at or under the threshold: reclaim instead */
	BUD_SUITABLE_YES,
} bud_suitable;

/* threshold is vm.extfrag_threshold; alloc_flags gives the level asked for; async: at the first, light priority. */
bud_suitable bud_zoneview_suitable(const bud_zone_view *zone, const bud_kernel *kernel, int order,
				   bud_zone_type highest, unsigned alloc_flags, bool async, unsigned threshold);
/* The proactive score: percent of free memory that is of no use to a huge page (fragmentation_score_zone). */
unsigned bud_zoneview_score(const bud_zone_view *zone, const bud_kernel *kernel);

#endif
