/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/insight/auditview.h"

#include <string.h>

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t most(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* The zone's row of that snapshot, if it tells of marks. */
static const bud_zone_info *row_of(const bud_snapshot *snapshot, const bud_zone *zone)
{
	const bud_zone_info *info = bud_snapshot_zone(snapshot, zone->node, zone->name);
	return info && info->min != BUD_UNKNOWN && info->high != BUD_UNKNOWN ? info : NULL;
}

/* protection[] is by the index of zone types the kernel was built with. */
static void set_reserve(const bud_auditview *view, bud_zone_view *zone, const bud_zone_info *info)
{
	unsigned at = 0;
	for (int type = 0; type < BUD_NR_ZONE_TYPES; type++)
		if (view->kernel->zone_types >> type & 1 && at < info->nr_protection)
			zone->reserve[type] = info->protection[at++];
}

/* NR_FREE_PAGES against the blocks on the lists, as the snapshots show them. */
static uint64_t lag_of(const bud_auditview *view, const bud_zone *zone)
{
	uint64_t lag = 0;
	for (size_t k = 0; k < view->nr_snapshots; k++) {
		const bud_zone_info *info = bud_snapshot_zone(&view->snapshots[k], zone->node, zone->name);
		uint64_t pages = 0;
		if (!info || !info->has_buddyinfo || info->free == BUD_UNKNOWN)
			continue;
		for (int order = 0; order < BUD_NR_ORDERS; order++)
			pages += info->nr_free[order] << order;
		lag = most(lag, pages > info->free ? pages - info->free : info->free - pages);
	}
	return lag;
}

static void begin_zone(bud_auditview *view, size_t i)
{
	const bud_zone *zone = &view->memory->zones[i];
	const bud_zone_info *info = NULL;
	for (size_t k = 0; k < view->nr_snapshots && !info; k++)
		info = row_of(&view->snapshots[k], zone);
	view->usable =
		view->usable && info && zone->type < BUD_NR_ZONE_TYPES && zone->node >= 0 && zone->node < BUD_MAX_NODES;
	if (!view->usable)
		return;
	for (int side = 0; side < 2; side++) {
		bud_zone_view *v = &view->views[side][i];
		*v = (bud_zone_view){ .node = zone->node,
				      .type = zone->type,
				      .managed = info->managed,
				      .area = &view->areas[side][i],
				      .defrag_mode = view->sysctls.defrag_mode };
		set_reserve(view, v, info);
	}
	view->lag[i] = lag_of(view, zone);
	view->taken_order[i] = -1;
	if ((unsigned)zone->node >= view->nr_nodes)
		view->nr_nodes = (unsigned)zone->node + 1;
	uint64_t node = info->managed ? (uint64_t)1 << zone->node : 0;
	view->online |= node;
	view->dma32 |= zone->type == BUD_ZONE_DMA32 ? node : 0;
}

void bud_auditview_init(bud_auditview *view, const bud_replay *replay, const bud_snapshot *snapshots,
			size_t nr_snapshots, const bud_sysctls *sysctls, unsigned nr_cpus)
{
	memset(view, 0, sizeof *view);
	view->kernel = bud_replay_kernel(replay);
	view->memory = bud_replay_memory(replay);
	view->snapshots = snapshots;
	view->nr_snapshots = nr_snapshots;
	view->sysctls = *sysctls;
	bud_sysctls_assume(&view->sysctls);
	view->nr_cpus = nr_cpus ? nr_cpus : 1;
	view->nr_zones = view->memory->nr_zones;
	view->usable = view->nr_zones > 0 && view->nr_zones <= BUD_MAX_ZONES;
	for (size_t i = 0; view->usable && i < view->nr_zones; i++)
		begin_zone(view, i);
	for (unsigned node = 0; view->usable && node < view->nr_nodes; node++)
		bud_zoneview_list(&view->lists[node], view->views[0], view->nr_zones, (int)node, NULL, view->nr_nodes);
	for (int side = 0; side < 2; side++)
		view->rules[side] = (bud_request_rules){ .allowed = ~(bud_gfp)0,
							 .defrag_mode = view->sysctls.defrag_mode,
							 .grouping = true,
							 .zones = view->views[side],
							 .lists = view->lists,
							 .nr_nodes = view->nr_nodes,
							 .online = view->online,
							 .dma32 = view->dma32 };
}

bud_zone_type bud_auditview_type(const bud_auditview *view, int index)
{
	for (int type = 0; type < BUD_NR_ZONE_TYPES; type++)
		if (view->kernel->zone_types >> type & 1 && index-- == 0)
			return (bud_zone_type)type;
	return BUD_NR_ZONE_TYPES;
}

void bud_auditview_note(bud_auditview *view, const bud_event *event)
{
	if (!view->usable)
		return;
	if (event->kind == BUD_EV_EXTFRAG && event->extfrag.fallback_order < view->kernel->pageblock_order) {
		const bud_zone_range *range = bud_memory_range_of(view->memory, event->extfrag.pfn);
		size_t i = range ? (size_t)(range->zone - view->memory->zones) : 0;
		if (range)
			view->boosted[i] = view->boosted_since_wake[i] = true;
	}
	for (size_t i = 0; i < view->nr_zones; i++) {
		const bud_zone *zone = &view->memory->zones[i];
		if (event->kind == BUD_EV_KSWAPD_SLEEP && event->request.nid == zone->node)
			view->boosted[i] = view->boosted_since_wake[i];
		if (event->kind == BUD_EV_KSWAPD_WAKE && event->request.nid == zone->node)
			view->boosted_since_wake[i] = false;
		if (event->kind == BUD_EV_ZONE_WMARKS && event->wmarks.node == zone->node)
			view->marks_by_events[i] = true;
	}
}

/* The marks of the next snapshot that tells of them: in force since some moment before it. */
static const bud_zone_info *next_row(bud_auditview *view, const bud_zone *zone, uint64_t t_ns)
{
	for (size_t k = 0; k < view->nr_snapshots; k++) {
		const bud_read_window *w = bud_snapshot_window(&view->snapshots[k], "zoneinfo");
		if (w && w->end_ns != BUD_TIME_NONE && w->end_ns >= t_ns)
			return row_of(&view->snapshots[k], zone);
	}
	return NULL;
}

static bud_wmarks without_boost(const bud_zone_marks *marks)
{
	uint64_t boost = marks->boost == BUD_UNKNOWN ? 0 : marks->boost;
	return (bud_wmarks){ marks->min - boost, marks->low - boost, marks->high - boost, marks->high - boost };
}

static bool set_marks(bud_auditview *view, size_t i, uint64_t t_ns)
{
	const bud_zone *zone = &view->memory->zones[i];
	if (zone->marks.min == BUD_UNKNOWN || zone->marks.high == BUD_UNKNOWN)
		return false;
	bud_wmarks now = without_boost(&zone->marks), then = now;
	const bud_zone_info *next = view->marks_by_events[i] ? NULL : next_row(view, zone, t_ns);
	uint64_t boost = zone->marks.boost == BUD_UNKNOWN ? 0 : zone->marks.boost;
	if (next) {
		bud_zone_marks marks = { next->min, next->low, next->high, next->boost };
		then = without_boost(&marks);
	}
	if (view->boosted[i])
		boost = bud_watermark_boost(UINT64_MAX / 4, &now, view->views[0][i].managed,
					    (unsigned)view->sysctls.watermark_boost_factor,
					    view->kernel->pageblock_order);
	view->views[BUD_VIEW_BADLY][i].marks =
		(bud_wmarks){ most(now.min, then.min), most(now.low, then.low), most(now.high, then.high), 0 };
	view->views[BUD_VIEW_WELL][i].marks =
		(bud_wmarks){ least(now.min, then.min), least(now.low, then.low), least(now.high, then.high), 0 };
	view->views[BUD_VIEW_BADLY][i].boost = boost < BUD_PFN_MAX ? boost : 0;
	view->views[BUD_VIEW_WELL][i].boost = 0;
	return true;
}

/* How far NR_FREE_PAGES may be off: each CPU holds back changes up to the zone's threshold
 * (calculate_normal_threshold); at some snapshots it was more. */
static uint64_t drift_of(const bud_auditview *view, const bud_zone *zone)
{
	uint64_t units = zone->managed >> (27 - view->kernel->page_shift);
	unsigned cpus = 32 - (unsigned)__builtin_clz(view->nr_cpus);
	unsigned memory = units ? 64 - (unsigned)__builtin_clzll(units) : 0;
	return least(2 * cpus * (1 + memory), 125) * view->nr_cpus;
}

static void set_area(bud_auditview *view, size_t i)
{
	const bud_zone *zone = &view->memory->zones[i];
	bud_free_area *badly = &view->areas[BUD_VIEW_BADLY][i], *well = &view->areas[BUD_VIEW_WELL][i];
	uint64_t off = most(drift_of(view, zone), view->lag[i]) + bud_zone_uncertain_pages(zone, NULL);
	*badly = *well = zone->buddy.types->area;
	if (view->taken_order[i] >= 0)
		bud_free_area_add(well, view->taken_order[i], BUD_MT_MOVABLE);
	well->pages[BUD_MT_MOVABLE] += off + view->taken[i];
	for (int type = 0; type <= BUD_MT_RECLAIMABLE && off; type++) {
		uint64_t less = least(off, badly->pages[type]);
		badly->pages[type] -= less;
		off -= less;
	}
}

bool bud_auditview_fill(bud_auditview *view, uint64_t t_ns)
{
	for (size_t i = 0; view->usable && i < view->nr_zones; i++) {
		const bud_zone *zone = &view->memory->zones[i];
		if (!zone->seeded || zone->gapped || zone->reduced || !zone->buddy.types ||
		    zone->managed == BUD_UNKNOWN || !set_marks(view, i, t_ns))
			return false;
		set_area(view, i);
	}
	return view->usable;
}

bud_answer bud_auditview_walk(const bud_auditview *view, const bud_alloc_context *context, unsigned flags, size_t *zone,
			      bud_answer *any)
{
	bud_answer first = BUD_ANSWER_NO;
	*any = BUD_ANSWER_NO;
	*zone = 0;
	for (int k = context->first; k >= 0 && k < context->list->nr; k++) {
		size_t i = context->list->zone[k];
		bool passes[2];
		if (!bud_request_allows(context, &view->views[0][i]))
			continue;
		for (int side = 0; side < 2; side++)
			passes[side] = bud_zoneview_passes(&view->views[side][i], view->kernel, context->order,
							   context->highest, flags, context->atomic);
		bud_answer answer = bud_answer_of(passes[BUD_VIEW_BADLY], passes[BUD_VIEW_WELL]);
		if (first == BUD_ANSWER_NO && answer != BUD_ANSWER_NO) {
			first = answer;
			*zone = i;
		}
		if (answer == BUD_ANSWER_YES || *any == BUD_ANSWER_NO)
			*any = answer;
		if (*any == BUD_ANSWER_YES)
			break;
	}
	return first;
}

bud_answer bud_auditview_wakes(const bud_auditview *view, int node, int order, bud_zone_type highest)
{
	bool wakes[2];
	for (int side = 0; side < 2; side++)
		wakes[side] = bud_zoneview_wakes(view->views[side], view->nr_zones, view->kernel, node, order, highest);
	return bud_answer_of(wakes[BUD_VIEW_BADLY], wakes[BUD_VIEW_WELL]);
}
