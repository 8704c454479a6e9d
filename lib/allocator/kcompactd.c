/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/allocator/kcompactd.h"

#include "lib/allocator/page_alloc.h"
#include "lib/allocator/reclaim.h"

#define PROACTIVE_PAUSE 64 /* rounds; 1 << COMPACT_MAX_DEFER_SHIFT */

static unsigned score_of(const bud_machine *m, int node)
{
	uint64_t score = 0, present = 0;
	for (size_t z = 0; z < m->nr_zones; z++)
		if (m->views[z].node == node) {
			score += (uint64_t)bud_zoneview_score(&m->views[z], &m->kernel) * m->views[z].managed;
			present += m->views[z].managed;
		}
	return present ? (unsigned)(score / present) : 0;
}

static bool zone_is_suitable(const bud_machine *m, size_t zone, int order, bud_zone_type highest)
{
	return bud_zoneview_suitable(&m->views[zone], &m->kernel, order, highest, BUD_ALLOC_WMARK_MIN, false,
				     (unsigned)m->sysctls.extfrag_threshold) == BUD_SUITABLE_YES;
}

/* Whether some zone of the node lacks such a block, and could make one (kcompactd_node_suitable). */
static bool node_is_suitable(const bud_machine *m, int node, int order, bud_zone_type highest)
{
	bool suitable = false;
	for (size_t z = 0; !suitable && z < m->nr_zones; z++)
		suitable = m->views[z].node == node && m->views[z].type <= highest &&
			   zone_is_suitable(m, z, order, highest);
	return suitable;
}

void bud_kcompactd_wake(bud_reclaim *reclaim, int node, int order, bud_zone_type highest)
{
	bud_reclaim *r = reclaim;
	bud_kcompactd *k = &r->kcompactd[node];
	bool defrag = r->machine->rules.defrag_mode && order >= 0;
	if (r->no_compaction || k->up || (!defrag && order >= 0 && !node_is_suitable(r->machine, node, order, highest)))
		return;
	*k = (bud_kcompactd){ .up = true,
			      .until_balanced = defrag,
			      .order = defrag ? BUD_COMPACT_ALL : order,
			      .highest = highest,
			      .since_ns = r->now_ns,
			      .pause = k->pause,
			      .score = order == BUD_COMPACT_PROACTIVE ? score_of(r->machine, node) : 0 };
	r->kcompactd_up |= (uint64_t)1 << node;
}

/* Nothing is left to do; a proactive round that brought nothing is followed by a long pause. */
static void end_kcompactd(bud_reclaim *r, int node)
{
	bud_kcompactd *k = &r->kcompactd[node];
	if (k->order == BUD_COMPACT_PROACTIVE && score_of(r->machine, node) >= k->score)
		k->pause = PROACTIVE_PAUSE;
	k->up = false;
	r->kcompactd_up &= ~((uint64_t)1 << node);
}

/* Whether kcompactd works on this zone (kcompactd_do_work, compact_node). */
static bool is_its_zone(const bud_reclaim *r, int node, size_t zone)
{
	const bud_kcompactd *k = &r->kcompactd[node];
	const bud_machine *m = r->machine;
	const bud_zone_view *view = &m->views[zone];
	if (view->node != node || view->type > k->highest)
		return false;
	if (k->rest.paused || k->order < 0)
		return true;
	/* Here it asks as if for a request of that very zone: no lowmem reserve is held against it. */
	return !bud_compact_deferred(&m->zones[zone], k->order) && zone_is_suitable(m, zone, k->order, view->type);
}

bool bud_kcompactd_has_blocks(const bud_reclaim *reclaim, int node, bud_zone_type highest)
{
	const bud_machine *m = reclaim->machine;
	return bud_zoneview_balanced(m->views, m->nr_zones, &m->kernel, node, m->kernel.pageblock_order, highest);
}

/* Goes on with the zone at hand as far as the budget goes; false: the budget is used up. */
static bool compact_on(bud_reclaim *r, int node)
{
	bud_kcompactd *k = &r->kcompactd[node];
	bud_machine_zone *zone = &r->machine->zones[k->zone];
	bool begins = !k->rest.paused;
	bud_compact_owner owner = r->owner;
	owner.pause = &k->rest;
	owner.cpu = r->node_cpu[node];
	uint64_t later = 0, block = (uint64_t)1 << r->machine->kernel.pageblock_order;
	if (k->until_balanced && k->rest.budget > block) {
		later = k->rest.budget - block;
		k->rest.budget = block;
	}
	bud_compact_run run = bud_compact_zone(r->machine, zone, k->order, BUD_MT_UNMOVABLE, k->highest,
					       BUD_ALLOC_WMARK_MIN, BUD_COMPACT_SYNC_LIGHT, &owner);
	k->owed += run.moved > k->rest.budget ? run.moved - k->rest.budget : 0;
	k->rest.budget -= run.moved < k->rest.budget ? run.moved : k->rest.budget;
	k->rest.budget += later;
	r->counts.moved += run.moved;
	r->counts.compactions += begins && run.result != BUD_COMPACT_SKIPPED;
	if (k->until_balanced && bud_kcompactd_has_blocks(r, node, k->highest)) {
		k->rest.paused = false;
		k->zone = r->machine->nr_zones;
		return true;
	}
	if (k->rest.paused)
		return later > 0;
	if (k->order >= 0 && run.result == BUD_COMPACT_SUCCESS)
		bud_compact_defer_reset(zone, k->order);
	else if (k->order >= 0 && (run.result == BUD_COMPACT_PARTIAL || run.result == BUD_COMPACT_COMPLETE)) {
		bud_page_alloc_drain_all(r->machine, zone);
		bud_compact_defer(zone, k->order);
	}
	k->zone++;
	return true;
}

void bud_kcompactd_run(bud_reclaim *reclaim, int node, uint64_t t_ns)
{
	bud_reclaim *r = reclaim;
	bud_kcompactd *k = &r->kcompactd[node];
	uint64_t may = (uint64_t)((unsigned __int128)(t_ns - k->since_ns) * r->moves / r->per_move_ns);
	if (may < BUD_COMPACT_CLUSTER)
		return;
	k->since_ns = t_ns;
	uint64_t paid = may < k->owed ? may : k->owed;
	k->owed -= paid;
	k->rest.budget += may - paid;
	if (k->owed)
		return;
	while (k->up) {
		while (k->zone < r->machine->nr_zones && !is_its_zone(r, node, k->zone))
			k->zone++;
		if (k->zone == r->machine->nr_zones)
			end_kcompactd(r, node);
		else if (!compact_on(r, node))
			return;
	}
}

void bud_kcompactd_timer(bud_reclaim *reclaim, int node)
{
	bud_reclaim *r = reclaim;
	bud_kcompactd *k = &r->kcompactd[node];
	if (!r->proactive || k->up || node >= (int)r->machine->nr_nodes)
		return;
	if (k->pause)
		k->pause--;
	else if (!r->nodes[node].up && bud_compact_is_due(r->machine, node))
		bud_kcompactd_wake(r, node, BUD_COMPACT_PROACTIVE, BUD_ZONE_MOVABLE);
}
