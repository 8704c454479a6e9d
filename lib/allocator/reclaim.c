/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/allocator/reclaim.h"

#include "lib/allocator/blockskip.h"
#include "lib/allocator/page_alloc.h"

#define CLUSTER		32  /* SWAP_CLUSTER_MAX: what direct reclaim is content with */
#define MAX_FAILURES	16  /* MAX_RECLAIM_RETRIES: then kswapd gives its node up */
#define DEFAULT_PAGES	100 /* speed of kswapd and kcompactd where the trace does not tell: 400 MB/s */
#define DEFAULT_NS	1000000
#define IN_VAIN		10 /* finding that compaction need not or should not run takes this part of a run */
#define TIMER_NS	500000000 /* HPAGE_FRAG_CHECK_INTERVAL_MSEC */
#define PROACTIVE_PAUSE 64	  /* 1 << COMPACT_MAX_DEFER_SHIFT */

bud_seat bud_reclaim_seat(const bud_lessons *lessons, bud_gfp gfp)
{
	const bud_lesson_class *class = &lessons->classes[bud_lessons_find_class(lessons, gfp)];
	bool movable = bud_gfp_migratetype(gfp) == BUD_MT_MOVABLE;
	bool readahead = (gfp & BUD_GFP_NORETRY) && (gfp & BUD_GFP_NOWARN) && !(gfp & BUD_GFP_NOMEMALLOC);
	if (movable && !(gfp & BUD_GFP_ZERO) && ((gfp & BUD_GFP_WRITE) || readahead))
		return BUD_SEAT_CACHE;
	if (class == lessons->classes || !class->reclaimed)
		return BUD_SEAT_NONE;
	return class->reclaimed >= class->pages / 4 ? BUD_SEAT_CACHE : BUD_SEAT_SWAP;
}

/* Pages */

static uint64_t reclaimable(const bud_reclaim *r, unsigned zone)
{
	const bud_seat_list *lists = r->tenants->lists[zone];
	uint64_t swap = lists[BUD_SEAT_SWAP].pages;
	return lists[BUD_SEAT_CACHE].pages + (swap < r->swap_left ? swap : r->swap_left);
}

static void note_reclaimable(bud_reclaim *r)
{
	for (unsigned z = 0; z < r->machine->nr_zones; z++)
		r->machine->views[z].reclaimable = reclaimable(r, z);
}

static void free_block(bud_reclaim *r, uint32_t place, unsigned cpu)
{
	const bud_tenant *tenant = bud_tenants_at(r->tenants, place);
	int order = tenant->order;
	if (r->gave && !(tenant->flags & (BUD_TENANT_NAMELESS | BUD_TENANT_POOLED)))
		r->gave(r->gave_self, tenant->name, order);
	bud_tenants_leave(r->tenants, place, true);
	bud_page_alloc_free(r->machine, cpu, place, order);
}

/* Frees the block of that zone whose turn it is; returns its pages. */
static uint64_t free_oldest(bud_reclaim *r, unsigned zone, unsigned cpu)
{
	const bud_seat_list *lists = r->tenants->lists[zone];
	bud_seat seat = lists[BUD_SEAT_CACHE].pages ? BUD_SEAT_CACHE : BUD_SEAT_SWAP;
	uint32_t place = lists[seat].oldest;
	if (place == BUD_PLACE_NONE || (seat == BUD_SEAT_SWAP && !r->swap_left))
		return 0;
	uint64_t pages = (uint64_t)1 << bud_tenants_at(r->tenants, place)->order;
	if (seat == BUD_SEAT_SWAP)
		r->swap_left -= pages < r->swap_left ? pages : r->swap_left;
	free_block(r, place, cpu);
	return pages;
}

/* The zone up to highest, of those nodes, that has most to give; or the number of zones. */
static unsigned richest(const bud_reclaim *r, uint64_t nodes, bud_zone_type highest)
{
	const bud_machine *m = r->machine;
	unsigned best = (unsigned)m->nr_zones;
	uint64_t most = 0;
	for (unsigned z = 0; z < m->nr_zones; z++) {
		const bud_zone_view *view = &m->views[z];
		uint64_t pages = nodes >> view->node & 1 && view->type <= highest ? reclaimable(r, z) : 0;
		if (pages > most) {
			most = pages;
			best = z;
		}
	}
	return best;
}

static void set_active(bud_reclaim *r, int node, bool active)
{
	for (size_t z = 0; z < r->machine->nr_zones; z++)
		if (r->machine->views[z].node == node)
			r->machine->views[z].reclaim_active = active;
}

/* Compaction */

static void count_run(bud_reclaim *r, const bud_compact_run *run)
{
	r->counts.compactions += run->result != BUD_COMPACT_SKIPPED && run->result != BUD_COMPACT_DEFERRED;
	r->counts.moved += run->moved;
}

void bud_reclaim_compact_all(bud_reclaim *reclaim, bud_machine_zone *zone)
{
	bud_reclaim *r = reclaim;
	if (r->no_compaction)
		return;
	bud_compact_run run = bud_compact_zone(r->machine, zone, BUD_COMPACT_ALL, BUD_MT_UNMOVABLE, BUD_ZONE_MOVABLE,
					       BUD_ALLOC_WMARK_MIN, BUD_COMPACT_SYNC_LIGHT, &r->owner);
	count_run(r, &run);
}

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

static void wake_kcompactd(bud_reclaim *r, int node, int order, bud_zone_type highest)
{
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

/* Whether a node has what defrag_mode wants: HIGH, in whole pageblocks. */
static bool has_blocks(const bud_reclaim *r, int node, bud_zone_type highest)
{
	const bud_machine *m = r->machine;
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
	uint64_t later = 0, block = (uint64_t)1 << r->machine->kernel.pageblock_order;
	if (k->until_balanced && k->rest.budget > block) {
		later = k->rest.budget - block;
		k->rest.budget = block;
	}
	bud_compact_run run = bud_compact_zone(r->machine, zone, k->order, BUD_MT_UNMOVABLE, k->highest,
					       BUD_ALLOC_WMARK_MIN, BUD_COMPACT_SYNC_LIGHT, &owner);
	k->rest.budget -= run.moved < k->rest.budget ? run.moved : k->rest.budget;
	k->rest.budget += later;
	r->counts.moved += run.moved;
	r->counts.compactions += begins && run.result != BUD_COMPACT_SKIPPED;
	if (k->until_balanced && has_blocks(r, node, k->highest)) {
		k->rest.paused = false;
		k->zone = r->machine->nr_zones;
		return true;
	}
	if (k->rest.paused)
		return later > 0;
	if (k->order >= 0 && run.result == BUD_COMPACT_SUCCESS)
		bud_compact_defer_reset(zone, k->order, false);
	else if (k->order >= 0 && (run.result == BUD_COMPACT_PARTIAL || run.result == BUD_COMPACT_COMPLETE))
		bud_compact_defer(zone, k->order);
	k->zone++;
	return true;
}

static void run_kcompactd(bud_reclaim *r, int node, uint64_t t_ns)
{
	bud_kcompactd *k = &r->kcompactd[node];
	uint64_t may = (uint64_t)((unsigned __int128)(t_ns - k->since_ns) * r->moves / r->per_move_ns);
	if (may < CLUSTER)
		return;
	k->since_ns = t_ns;
	k->rest.budget += may;
	while (k->up) {
		while (k->zone < r->machine->nr_zones && !is_its_zone(r, node, k->zone))
			k->zone++;
		if (k->zone == r->machine->nr_zones)
			end_kcompactd(r, node);
		else if (!compact_on(r, node))
			return;
	}
}

/* A round of proactive compaction (kcompactd of 5.9+). */
void bud_reclaim_timer(bud_reclaim *reclaim, int node)
{
	bud_reclaim *r = reclaim;
	bud_kcompactd *k = &r->kcompactd[node];
	if (!r->proactive || k->up || node >= (int)r->machine->nr_nodes)
		return;
	if (k->pause)
		k->pause--;
	else if (!r->nodes[node].up && bud_compact_is_due(r->machine, node))
		wake_kcompactd(r, node, BUD_COMPACT_PROACTIVE, BUD_ZONE_MOVABLE);
}

/* kswapd */

static void wake_kswapd(void *self, bud_machine *machine, int node, int order, bud_zone_type highest)
{
	bud_reclaim *r = self;
	bud_kswapd *k = &r->nodes[node];
	if (k->up) {
		k->order = order > k->order ? order : k->order;
		k->highest = highest > k->highest ? highest : k->highest;
		return;
	}
	unsigned failures = k->failures;
	*k = (bud_kswapd){ .up = true,
			   .order = order,
			   .highest = highest,
			   .since_ns = r->request_ns + r->wake_ns,
			   .failures = failures };
	for (size_t z = 0; z < machine->nr_zones; z++)
		if (machine->views[z].node == node && machine->views[z].type <= highest)
			k->boost += machine->views[z].boost;
	k->boosted = k->boost > 0;
	machine->kswapd_up |= (uint64_t)1 << node;
	set_active(r, node, true);
	r->counts.wakes++;
}

/*
 * Its work is over (balance_pgdat). What it was woken for is left to kcompactd
 * if it may sleep: where it tries in vain it does not, and is merely taken to
 * in the model. In defrag_mode kcompactd goes on from there all the same.
 */
static void end_kswapd(bud_reclaim *r, int node, bool in_vain)
{
	bud_kswapd *k = &r->nodes[node];
	bud_machine *m = r->machine;
	bool boosted = k->boosted, defrag = m->rules.defrag_mode;
	bool sleeps = !in_vain || defrag || k->failures >= MAX_FAILURES;
	k->up = false;
	m->kswapd_up &= ~((uint64_t)1 << node);
	set_active(r, node, false);
	for (size_t z = 0; boosted && z < m->nr_zones; z++)
		if (m->views[z].node == node && m->views[z].type <= k->highest)
			m->views[z].boost = 0;
	for (size_t z = 0; sleeps && z < m->nr_zones; z++)
		if (m->views[z].node == node)
			bud_blockskip_reset(&m->zones[z], &m->kernel);
	note_reclaimable(r);
	if (boosted || (defrag && !has_blocks(r, node, k->highest)))
		wake_kcompactd(r, node, m->kernel.pageblock_order, k->highest);
	else if (sleeps && k->order > 0)
		wake_kcompactd(r, node, k->order, k->highest);
}

/* Something could be freed (kswapd_failures of shrink_node). */
static void has_hope(bud_reclaim *r, int node)
{
	r->nodes[node].failures = 0;
	r->machine->kswapd_hopeless &= ~((uint64_t)1 << node);
}

/* One block more; false: there is none. */
static bool kswapd_frees(bud_reclaim *r, int node, uint64_t *may)
{
	bud_kswapd *k = &r->nodes[node];
	unsigned zone = richest(r, (uint64_t)1 << node, k->highest);
	uint64_t pages = zone < r->machine->nr_zones ? free_oldest(r, zone, (unsigned)r->node_cpu[node]) : 0;
	if (!pages) {
		if (++k->failures >= MAX_FAILURES)
			r->machine->kswapd_hopeless |= (uint64_t)1 << node;
		return false;
	}
	has_hope(r, node);
	k->reclaimed += pages;
	k->boost -= pages < k->boost ? pages : k->boost;
	r->counts.kswapd_pages += pages;
	*may -= pages < *may ? pages : *may;
	if (k->reclaimed >= bud_zoneview_compact_gap(&r->machine->kernel, k->order))
		k->order = 0;
	return true;
}

static void run_kswapd(bud_reclaim *r, int node, uint64_t t_ns)
{
	bud_kswapd *k = &r->nodes[node];
	const bud_machine *m = r->machine;
	if (t_ns <= k->since_ns)
		return;
	unsigned __int128 work = (unsigned __int128)(t_ns - k->since_ns) * r->pages + k->spare;
	uint64_t may = (uint64_t)(work / r->per_ns);
	int order = k->order;
	k->spare = (uint64_t)(work % r->per_ns);
	k->since_ns = t_ns;
	while (k->up) {
		bool balanced = bud_zoneview_balanced(m->views, m->nr_zones, &m->kernel, node, k->order, k->highest);
		if (!balanced)
			k->boost = 0; /* reclaim in earnest, not for the boost's sake */
		bool done = balanced && !k->boost;
		if (!done && !may)
			return;
		if (done || !kswapd_frees(r, node, &may)) {
			k->order = order;
			end_kswapd(r, node, !balanced);
		}
	}
}

/*
 * What the request does takes it that long, but no longer than it was on the
 * slow path in the trace, if it was; kswapd works meanwhile.
 */
static void pass_time(bud_reclaim *r, uint64_t ns)
{
	bool told = r->request_ns < r->now_ns;
	r->request_ns += ns;
	if (told && r->request_ns > r->now_ns)
		r->request_ns = r->now_ns;
	for (uint64_t up = r->machine->kswapd_up; up; up &= up - 1)
		run_kswapd(r, __builtin_ctzll(up), r->request_ns);
}

static bud_compact_result compact_pages(void *self, bud_machine *machine, const bud_alloc_context *context,
					int priority)
{
	bud_reclaim *r = self;
	bud_compact_run run = { 0 };
	bud_compact_result result = bud_compact_pages(machine, context, priority, &r->owner, &run);
	count_run(r, &run);
	pass_time(r, run.migrate_scanned ? r->compaction_ns : r->compaction_ns / IN_VAIN);
	note_reclaimable(r);
	return result;
}

void bud_reclaim_advance(bud_reclaim *reclaim, uint64_t t_ns)
{
	bud_reclaim *r = reclaim;
	r->request_ns = t_ns;
	if (t_ns <= r->now_ns)
		return;
	uint64_t second = r->now_ns / 1000000000;
	r->now_ns = t_ns;
	for (uint64_t up = r->machine->kswapd_up; up; up &= up - 1)
		run_kswapd(r, __builtin_ctzll(up), t_ns);
	for (uint64_t up = r->kcompactd_up; up; up &= up - 1)
		run_kcompactd(r, __builtin_ctzll(up), t_ns);
	if (t_ns / 1000000000 != second)
		bud_page_alloc_tick(r->machine);
	if (t_ns < r->next_timer_ns)
		return;
	r->next_timer_ns = t_ns + TIMER_NS;
	for (unsigned node = 0; node < r->machine->nr_nodes; node++)
		if (!(r->lessons->timers >> node & 1))
			bud_reclaim_timer(r, (int)node);
}

/* Direct reclaim */

/* A costly request for which compaction could work at once is told to try that (compaction_ready of shrink_zones). */
static bool compaction_is_ready(const bud_reclaim *r, const bud_alloc_context *context)
{
	const bud_machine *m = r->machine;
	if (!bud_request_is_costly(context) || r->no_compaction)
		return false;
	for (int i = 0; i < context->list->nr; i++) {
		const bud_zone_view *view = &m->views[context->list->zone[i]];
		if (!bud_request_allows(context, view))
			continue;
		uint64_t mark = bud_zoneview_mark(view, BUD_ALLOC_WMARK_HIGH) +
				bud_zoneview_compact_gap(&m->kernel, context->order);
		bud_suitable suitable =
			bud_zoneview_suitable(view, &m->kernel, context->order, context->highest, BUD_ALLOC_WMARK_MIN,
					      false, (unsigned)m->sysctls.extfrag_threshold);
		if (suitable == BUD_SUITABLE_NEEDLESS ||
		    (suitable == BUD_SUITABLE_YES && bud_zoneview_ok(view, &m->kernel, 0, mark, context->highest, 0)))
			return true;
	}
	return false;
}

/* The nodes a request may reclaim from, a bit each. */
static uint64_t nodes_of(const bud_machine *m, const bud_alloc_context *context)
{
	uint64_t nodes = 0;
	for (int i = 0; i < context->list->nr; i++) {
		const bud_zone_view *view = &m->views[context->list->zone[i]];
		nodes |= bud_request_allows(context, view) ? (uint64_t)1 << view->node : 0;
	}
	return nodes;
}

static uint64_t direct_reclaim(void *self, bud_machine *machine, const bud_alloc_context *context)
{
	bud_reclaim *r = self;
	uint64_t pages = 0;
	r->counts.direct++;
	if (compaction_is_ready(r, context)) {
		note_reclaimable(r);
		return 1;
	}
	for (uint64_t nodes = nodes_of(machine, context); pages < CLUSTER;) {
		unsigned zone = richest(r, nodes, context->highest);
		uint64_t freed = zone < machine->nr_zones ? free_oldest(r, zone, context->request->cpu) : 0;
		if (!freed)
			break;
		pages += freed;
		has_hope(r, machine->views[zone].node);
	}
	r->counts.direct_pages += pages;
	pass_time(r, pages * r->per_ns / r->pages);
	note_reclaimable(r);
	return pages;
}

/* The OOM killer */

typedef bool tenant_visitor(bud_reclaim *r, uint32_t place, const bud_tenant *tenant, void *data);

static void each_tenant(bud_reclaim *r, tenant_visitor *visit, void *data)
{
	const bud_pagemap *places = &r->tenants->places;
	for (uint64_t chunk = 0; chunk < places->nr_chunks; chunk++)
		for (uint64_t i = 0; places->chunks[chunk] && i < 1u << BUD_PAGEMAP_SHIFT; i++) {
			uint32_t place = (uint32_t)(chunk << BUD_PAGEMAP_SHIFT | i);
			const bud_tenant *tenant = bud_tenants_at(r->tenants, place);
			if (tenant && (tenant->flags & BUD_TENANT_HEAD) && tenant->pid)
				visit(r, place, tenant, data);
		}
}

typedef struct killing {
	int32_t pid;
	unsigned cpu;
	uint64_t pages;
} killing;

static bool free_of_victim(bud_reclaim *r, uint32_t place, const bud_tenant *tenant, void *data)
{
	killing *k = data;
	if (tenant->pid != k->pid || !(tenant->flags & BUD_TENANT_MOVABLE))
		return false;
	k->pages += (uint64_t)1 << tenant->order;
	free_block(r, place, k->cpu);
	return true;
}

#define TALLY 1024 /* tasks told apart when looking for the one with most pages; more share a row */

static bool count_tenant(bud_reclaim *r, uint32_t place, const bud_tenant *tenant, void *data)
{
	uint64_t(*tally)[2] = data; /* pid, pages */
	(void)r;
	(void)place;
	uint64_t *row = tally[(uint32_t)tenant->pid % TALLY];
	if (!(tenant->flags & BUD_TENANT_MOVABLE))
		return false;
	row[0] = row[1] ? row[0] : (uint32_t)tenant->pid;
	row[1] += row[0] == (uint32_t)tenant->pid ? (uint64_t)1 << tenant->order : 0;
	return true;
}

static int32_t fattest(bud_reclaim *r)
{
	uint64_t tally[TALLY][2] = { 0 }, most = 0;
	int32_t pid = 0;
	each_tenant(r, count_tenant, tally);
	for (size_t i = 0; i < TALLY; i++)
		if (tally[i][1] > most) {
			most = tally[i][1];
			pid = (int32_t)tally[i][0];
		}
	return pid;
}

static bool kill_task(bud_reclaim *r, int32_t pid, unsigned cpu)
{
	killing k = { .pid = pid, .cpu = cpu };
	each_tenant(r, free_of_victim, &k);
	if (!k.pages)
		return false;
	r->dead[r->nr_dead++ % BUD_RECLAIM_DEAD] = pid;
	r->counts.oom_kills++;
	return true;
}

static bool oom(void *self, bud_machine *machine, const bud_alloc_context *context)
{
	bud_reclaim *r = self;
	(void)machine;
	bool killed = false;
	while (!killed && r->next_victim < r->lessons->nr_victims)
		killed = kill_task(r, r->lessons->victims[r->next_victim++], context->request->cpu);
	int32_t pid = killed ? 0 : fattest(r);
	return killed || (pid && kill_task(r, pid, context->request->cpu));
}

bool bud_reclaim_is_dead(const bud_reclaim *reclaim, int32_t pid)
{
	unsigned nr = reclaim->nr_dead < BUD_RECLAIM_DEAD ? reclaim->nr_dead : BUD_RECLAIM_DEAD;
	for (unsigned i = 0; i < nr; i++)
		if (reclaim->dead[i] == pid)
			return true;
	return false;
}

/* What compaction may move */

static int movable(void *self, bud_pfn pfn)
{
	const bud_reclaim *r = self;
	const bud_tenant *tenant = bud_tenants_at(r->tenants, (uint32_t)pfn);
	bool moves = tenant && (tenant->flags & BUD_TENANT_HEAD) && (tenant->flags & BUD_TENANT_MOVABLE);
	return moves ? tenant->order : -1;
}

static void moved(void *self, bud_pfn from, bud_pfn to, int order)
{
	bud_reclaim *r = self;
	(void)order;
	bud_tenants_move(r->tenants, (uint32_t)from, (uint32_t)to, bud_machine_zone_of(r->machine, to)->index);
}

void bud_reclaim_init(bud_reclaim *reclaim, bud_machine *machine, bud_tenants *tenants, const bud_lessons *lessons,
		      uint64_t now_ns)
{
	bool told = lessons->kswapd_pages && lessons->kswapd_ns;
	*reclaim = (bud_reclaim){ .machine = machine,
				  .tenants = tenants,
				  .lessons = lessons,
				  .now_ns = now_ns,
				  .pages = told ? lessons->kswapd_pages : DEFAULT_PAGES,
				  .per_ns = told ? lessons->kswapd_ns : DEFAULT_NS,
				  .request_ns = now_ns,
				  .compaction_ns =
					  lessons->compactions ? lessons->compaction_ns / lessons->compactions : 0,
				  .owner = { reclaim, movable, moved } };
	bool moves = lessons->kcompactd_pages && lessons->kcompactd_ns;
	reclaim->moves = moves ? lessons->kcompactd_pages : DEFAULT_PAGES;
	reclaim->per_move_ns = moves ? lessons->kcompactd_ns : DEFAULT_NS;
	reclaim->wake_ns = lessons->wakes ? lessons->wake_ns / lessons->wakes : 0;
	reclaim->next_timer_ns = now_ns + TIMER_NS;
	for (unsigned i = 1; i <= lessons->nr_classes; i++)
		if (bud_reclaim_seat(lessons, lessons->classes[i].gfp) == BUD_SEAT_SWAP)
			reclaim->swap_left += lessons->classes[i].reclaimed;
	for (unsigned cpu = machine->nr_cpus; cpu-- > 0;)
		reclaim->node_cpu[machine->cpu_node[cpu]] = (int16_t)cpu;
	machine->ops = (bud_reclaim_ops){ .self = reclaim,
					  .wake_kswapd = wake_kswapd,
					  .reclaim = direct_reclaim,
					  .compact = compact_pages,
					  .oom = oom };
}
