/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/allocator/reclaim.h"

#include "lib/allocator/page_alloc.h"

#define DEFAULT_PAGES 100 /* speed of kswapd and kcompactd where the trace does not tell: 400 MB/s */
#define DEFAULT_NS    1000000
#define IN_VAIN	      10	/* direct reclaim that finds nothing takes this part of its time */
#define TICK_NS	      1000000000
#define TIMER_NS      500000000 /* HPAGE_FRAG_CHECK_INTERVAL_MSEC */

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

static uint64_t reclaimable(const bud_reclaim *r, unsigned zone, bool clean)
{
	const bud_seat_list *lists = r->tenants->lists[zone];
	uint64_t swap = clean ? 0 : lists[BUD_SEAT_SWAP].pages;
	return lists[BUD_SEAT_CACHE].pages + (swap < r->swap_left ? swap : r->swap_left);
}

void bud_reclaim_note(bud_reclaim *reclaim)
{
	bud_reclaim *r = reclaim;
	for (unsigned z = 0; z < r->machine->nr_zones; z++) {
		bud_zone_view *view = &r->machine->views[z];
		view->reclaimable = reclaimable(r, z, false);
		if (!view->reclaimable && r->machine->kernel.reclaimable_free)
			view->reclaimable = bud_free_area_pages(view->area);
	}
}

/* Where the trace has OOM kills it looks at many more than it can free. */
uint64_t bud_reclaim_lru(const bud_reclaim *reclaim, int node)
{
	const bud_machine *m = reclaim->machine;
	uint64_t pages = 0;
	for (unsigned z = 0; z < m->nr_zones; z++)
		if (m->views[z].node == node)
			pages += reclaim->lessons->nr_victims ? bud_machine_movable(&m->zones[z])
							      : reclaimable(reclaim, z, false);
	return pages;
}

void bud_reclaim_free(bud_reclaim *reclaim, uint32_t place, unsigned cpu)
{
	bud_reclaim *r = reclaim;
	const bud_tenant *tenant = bud_tenants_at(r->tenants, place);
	int order = tenant->order;
	if (r->gave && !(tenant->flags & (BUD_TENANT_NAMELESS | BUD_TENANT_POOLED)))
		r->gave(r->gave_self, tenant->name, order);
	bud_tenants_leave(r->tenants, place, true);
	bud_page_alloc_free(r->machine, cpu, place, order);
}

/* The zone up to highest, of that node, that has most to give; or the number of zones. */
static unsigned richest(const bud_reclaim *r, int node, bud_zone_type highest, bool clean)
{
	const bud_machine *m = r->machine;
	unsigned best = (unsigned)m->nr_zones;
	uint64_t most = 0;
	for (unsigned z = 0; z < m->nr_zones; z++) {
		const bud_zone_view *view = &m->views[z];
		uint64_t pages = view->node == node && view->type <= highest ? reclaimable(r, z, clean) : 0;
		if (pages > most) {
			most = pages;
			best = z;
		}
	}
	return best;
}

bud_reclaimed bud_reclaim_oldest(bud_reclaim *reclaim, int node, bud_zone_type highest, bool clean, unsigned cpu)
{
	bud_reclaim *r = reclaim;
	unsigned zone = richest(r, node, highest, clean);
	bud_reclaimed freed = { 0 };
	if (zone == r->machine->nr_zones)
		return freed;
	const bud_seat_list *lists = r->tenants->lists[zone];
	bud_seat seat = lists[BUD_SEAT_CACHE].pages ? BUD_SEAT_CACHE : BUD_SEAT_SWAP;
	uint32_t place = lists[seat].oldest;
	const bud_tenant *tenant = bud_tenants_at(r->tenants, place);
	freed = (bud_reclaimed){ .pages = (uint64_t)1 << tenant->order, .swap = tenant->flags & BUD_TENANT_ANONYMOUS };
	if (seat == BUD_SEAT_SWAP)
		r->swap_left -= freed.pages < r->swap_left ? freed.pages : r->swap_left;
	bud_reclaim_free(r, place, cpu);
	return freed;
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

static void run_kswapds(bud_reclaim *r, uint64_t t_ns)
{
	for (uint64_t up = r->machine->kswapd_up | r->kswapd_naps; up; up &= up - 1)
		bud_kswapd_run(r, __builtin_ctzll(up), t_ns);
}

void bud_reclaim_pass(bud_reclaim *reclaim, uint64_t ns)
{
	bud_reclaim *r = reclaim;
	bool told = r->request_ns < r->now_ns;
	r->request_ns += ns;
	if (told && r->request_ns > r->now_ns)
		r->request_ns = r->now_ns;
	run_kswapds(r, r->request_ns);
}

/* A request's compaction has moved so many pages. */
static void passes(void *self, uint64_t pages)
{
	bud_reclaim *r = self;
	bud_reclaim_pass(r, pages * r->per_compacted_ns / r->compacted);
}

static bud_compact_result compact_pages(void *self, bud_machine *machine, const bud_alloc_context *context,
					int priority, bud_pfn *captured)
{
	bud_reclaim *r = self;
	bud_compact_run run;
	bud_compact_owner owner = r->owner;
	owner.cpu = context->request->cpu;
	owner.captures = true;
	owner.passes = passes;
	bud_compact_result result = bud_compact_pages(machine, context, priority, &owner, &run);
	*captured = run.captured;
	count_run(r, &run);
	passes(r, BUD_COMPACT_CLUSTER);
	bud_reclaim_note(r);
	return result;
}

/* Statistics are brought up to date at each full second. */
static uint64_t next_tick(uint64_t t_ns)
{
	return (t_ns / TICK_NS + 1) * TICK_NS;
}

void bud_reclaim_advance(bud_reclaim *reclaim, uint64_t t_ns)
{
	bud_reclaim *r = reclaim;
	r->request_ns = t_ns;
	if (t_ns <= r->now_ns)
		return;
	r->now_ns = t_ns;
	run_kswapds(r, t_ns);
	for (uint64_t up = r->kcompactd_up; up; up &= up - 1)
		bud_kcompactd_run(r, __builtin_ctzll(up), t_ns);
	if (t_ns >= r->next_tick_ns) {
		r->next_tick_ns = next_tick(t_ns);
		bud_page_alloc_tick(r->machine);
	}
	if (t_ns < r->next_timer_ns)
		return;
	r->next_timer_ns = t_ns + TIMER_NS;
	for (unsigned node = 0; node < r->machine->nr_nodes; node++)
		if (!(r->lessons->timers >> node & 1))
			bud_kcompactd_timer(r, (int)node);
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

/* Of the nodes it may reclaim from the nearest that has anything to give (shrink_zones); -1: none. */
static int giving_node(const bud_reclaim *r, const bud_alloc_context *context)
{
	for (int i = 0; i < context->list->nr; i++) {
		const bud_zone_view *view = &r->machine->views[context->list->zone[i]];
		if (bud_request_allows(context, view) && reclaimable(r, context->list->zone[i], false))
			return view->node;
	}
	return -1;
}

static uint64_t direct_reclaim(void *self, bud_machine *machine, const bud_alloc_context *context)
{
	bud_reclaim *r = self;
	(void)machine;
	uint64_t pages = 0;
	r->counts.direct++;
	if (compaction_is_ready(r, context)) {
		bud_reclaim_note(r);
		return 1;
	}
	bud_reclaim_pass(r, giving_node(r, context) < 0 ? r->direct_ns / IN_VAIN : r->direct_ns);
	for (int node; pages < r->direct_pages && (node = giving_node(r, context)) >= 0;) {
		pages += bud_reclaim_oldest(r, node, context->highest, false, context->request->cpu).pages;
		bud_kswapd_hopes(r, node);
	}
	r->counts.direct_pages += pages;
	bud_reclaim_note(r);
	return pages;
}

/* What compaction may move */

static int movable(void *self, bud_pfn pfn)
{
	const bud_reclaim *r = self;
	const bud_tenant *tenant = bud_tenants_at(r->tenants, (uint32_t)pfn);
	bool moves = tenant && (tenant->flags & BUD_TENANT_HEAD) && (tenant->flags & BUD_TENANT_MOVABLE);
	return moves ? tenant->order : -1;
}

static bool is_held(void *self, bud_pfn pfn)
{
	const bud_reclaim *r = self;
	return bud_tenants_at(r->tenants, (uint32_t)pfn)->flags & BUD_TENANT_HELD;
}

static bool split(void *self, bud_pfn pfn)
{
	const bud_reclaim *r = self;
	if (!(bud_tenants_at(r->tenants, (uint32_t)pfn)->flags & BUD_TENANT_ANONYMOUS))
		return false;
	bud_tenants_split(r->tenants, (uint32_t)pfn);
	return true;
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
	bud_lesson_pace clean = lessons->kswapd, swap = lessons->kswapd_swap, sated = lessons->sated;
	clean = clean.pages ? clean : (bud_lesson_pace){ DEFAULT_PAGES, DEFAULT_NS };
	*reclaim = (bud_reclaim){ .machine = machine,
				  .tenants = tenants,
				  .lessons = lessons,
				  .now_ns = now_ns,
				  .kswapd_pace = clean,
				  .swap_pace = swap.pages ? swap : clean,
				  .request_ns = now_ns,
				  .compacted = lessons->compacted ? lessons->compacted : DEFAULT_PAGES,
				  .per_compacted_ns = lessons->compacted ? lessons->compaction_ns : DEFAULT_NS,
				  .owner = { .self = reclaim,
					     .movable = movable,
					     .is_held = is_held,
					     .split = split,
					     .moved = moved } };
	reclaim->direct_pages = lessons->sated_calls	  ? sated.pages / lessons->sated_calls
				: machine->kernel.lru_gen ? 2 * BUD_LESSON_SATED
							  : BUD_LESSON_SATED;
	reclaim->direct_ns =
		lessons->sated_calls ? sated.ns / lessons->sated_calls : reclaim->direct_pages * clean.ns / clean.pages;
	bool moves = lessons->kcompactd_pages && lessons->kcompactd_ns;
	reclaim->moves = moves ? lessons->kcompactd_pages : DEFAULT_PAGES;
	reclaim->per_move_ns = moves ? lessons->kcompactd_ns : DEFAULT_NS;
	reclaim->wake_ns = lessons->wakes ? lessons->wake_ns / lessons->wakes : 0;
	reclaim->next_tick_ns = next_tick(now_ns);
	reclaim->next_timer_ns = now_ns + TIMER_NS;
	for (unsigned i = 1; i <= lessons->nr_classes; i++)
		if (bud_reclaim_seat(lessons, lessons->classes[i].gfp) == BUD_SEAT_SWAP)
			reclaim->swap_left += lessons->classes[i].reclaimed;
	for (unsigned cpu = machine->nr_cpus; cpu-- > 0;)
		reclaim->node_cpu[machine->cpu_node[cpu]] =
			bud_lessons_kswapd_cpu(lessons, machine->cpu_node[cpu], cpu) % machine->nr_cpus;
	machine->ops = (bud_reclaim_ops){ .self = reclaim,
					  .wake_kswapd = bud_kswapd_wake,
					  .reclaim = direct_reclaim,
					  .compact = compact_pages,
					  .oom = bud_oom_kill };
}
