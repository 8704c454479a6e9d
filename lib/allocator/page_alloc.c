/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/allocator/page_alloc.h"

#include "lib/allocator/rmqueue.h"
#include "lib/allocator/slowpath.h"

/* The zone passes the level asked for; on the way it may turn out to be below HIGH, which only sizes its lists. */
static bool zone_serves(const bud_machine *m, bud_machine_zone *zone, const bud_alloc_context *c, unsigned flags)
{
	bud_zone_view *v = zone->view;
	if (m->kernel.pcp_policy == BUD_PCP_AUTO && !v->below_high) {
		unsigned high = (flags & ~(unsigned)BUD_ALLOC_WMARK_MASK) | BUD_ALLOC_WMARK_HIGH;
		if (bud_zoneview_passes(v, &m->kernel, c->order, c->highest, high, c->atomic))
			return true;
		v->below_high = true;
	}
	return flags & BUD_ALLOC_NO_WATERMARKS ||
	       bud_zoneview_passes(v, &m->kernel, c->order, c->highest, flags, c->atomic);
}

/* One walk over the zonelist. */
typedef struct walk {
	unsigned flags;
	bool spare_kswapd; /* pass nodes by whose kswapd is at work */
	bool spared;	   /* ... and there was one */
	bool remote;	   /* NOFRAGMENT ended at the border of the preferred node */
} walk;

static bud_pfn walk_zones(bud_machine *m, const bud_alloc_context *c, walk *w)
{
	const bud_zonelist *list = c->list;
	int home = m->views[list->zone[c->first]].node;
	bool local_only = w->flags & BUD_ALLOC_NOFRAGMENT && !m->rules.defrag_mode;
	for (int i = c->first; i < list->nr; i++) {
		bud_machine_zone *zone = &m->zones[list->zone[i]];
		const bud_zone_view *v = zone->view;
		if (!bud_request_allows(c, v) || !bud_request_in_cpuset(c, v, w->flags))
			continue;
		/* A pageblock mixed here is better than memory far away. */
		if (local_only && v->node != home) {
			w->remote = true;
			return BUD_PFN_NONE;
		}
		if (w->spare_kswapd && m->kswapd_up >> v->node & 1) {
			w->spared = true;
			continue;
		}
		if (!zone_serves(m, zone, c, w->flags))
			continue;
		bud_pfn pfn = bud_rmqueue(m, zone, c, w->flags);
		if (pfn == BUD_PFN_NONE)
			continue;
		if (bud_fallback_reserve_first(&m->kernel, c->order, w->flags))
			bud_rmqueue_reserve(m, zone, pfn, c->order);
		return pfn;
	}
	return BUD_PFN_NONE;
}

bud_pfn bud_page_alloc_get(bud_machine *machine, const bud_alloc_context *context)
{
	bool many = machine->rules.online & (machine->rules.online - 1);
	walk w = { .flags = context->flags, .spare_kswapd = machine->kernel.spares_kswapd && many };
	while (context->first >= 0 && context->order <= machine->kernel.max_order) {
		bud_pfn pfn = walk_zones(machine, context, &w);
		if (pfn != BUD_PFN_NONE)
			return pfn;
		if (!w.remote && w.spared)
			w.spare_kswapd = w.spared = false;
		else if (w.remote || (w.flags & BUD_ALLOC_NOFRAGMENT && !machine->rules.defrag_mode))
			w.flags &= ~(unsigned)BUD_ALLOC_NOFRAGMENT;
		else
			break;
		w.remote = false;
	}
	return BUD_PFN_NONE;
}

static bud_pfn fail(bud_machine *m, const bud_alloc_context *c, bud_page_result *result)
{
	m->counts.failures++;
	bud_machine_tell(m, &(bud_machine_event){ BUD_MODEL_FAIL, .context = c, .order = c->order, .type = c->type,
						  .value = result->failure });
	return BUD_PFN_NONE;
}

/* The last word has the memory cgroup: what it does not pay for goes back. */
static bud_pfn charge(bud_machine *m, const bud_alloc_context *c, bud_pfn pfn, bud_page_result *result)
{
	if (!(c->gfp & BUD_GFP_ACCOUNT) || !(c->task & BUD_TASK_MEMCG_FULL))
		return pfn;
	bud_page_alloc_free(m, c->request->cpu, pfn, c->order);
	result->failure = BUD_PAGE_MEMCG;
	return fail(m, c, result);
}

/* Requests repeat: preparing one is done once for all that differ in nothing it looks at. */
static bool prepare(bud_machine *m, const bud_request *request, bud_alloc_context *context)
{
	int node = request->node < 0 ? m->cpu_node[request->cpu] : request->node;
	bud_known_request *k = &m->known[(request->gfp * 2654435761u + (unsigned)node) >> 26];
	bool plain = !request->task && !request->nodes;
	if (plain && k->known && k->gfp == request->gfp && k->node == node &&
	    (unsigned)request->order <= (unsigned)m->kernel.max_order) {
		*context = k->context;
		context->request = request;
		context->order = request->order;
		return true;
	}
	if (bud_request_prepare(context, request, &m->kernel, &m->rules, node) != BUD_PREPARED)
		return false;
	if (plain)
		*k = (bud_known_request){ true, request->gfp, node, *context };
	return true;
}

bud_pfn bud_page_alloc(bud_machine *machine, const bud_request *request, bud_page_result *result)
{
	bud_alloc_context context;
	bud_page_result own;
	result = result ? result : &own;
	*result = (bud_page_result){ .pfn = BUD_PFN_NONE, .failure = BUD_PAGE_REFUSED };
	machine->counts.requests++;
	if (request->cpu >= machine->nr_cpus || !prepare(machine, request, &context)) {
		machine->counts.failures++;
		return BUD_PFN_NONE;
	}
	result->failure = BUD_PAGE_OK;
	bud_pfn pfn = bud_page_alloc_get(machine, &context);
	if (pfn == BUD_PFN_NONE) {
		result->slow = true;
		machine->counts.slow++;
		pfn = bud_slowpath_alloc(machine, &context, result);
	}
	result->gfp = context.gfp;
	result->type = context.type;
	result->pfn = pfn == BUD_PFN_NONE ? fail(machine, &context, result) : charge(machine, &context, pfn, result);
	return result->pfn;
}

/* Enough is free again: the zone's lists may grow once more. */
static void leave_below_high(const bud_machine *m, bud_machine_zone *zone)
{
	bud_zone_view *v = zone->view;
	uint64_t high = bud_zoneview_mark(v, BUD_ALLOC_WMARK_HIGH);
	if (v->below_high && bud_zoneview_ok(v, &m->kernel, 0, high, BUD_ZONE_MOVABLE, 0))
		v->below_high = false;
}

static void free_to_pcp(bud_machine *m, bud_machine_zone *zone, unsigned cpu, bud_pfn pfn, int order,
			bud_migratetype type)
{
	bud_freelist *l = &zone->lists;
	bud_pcp *pcp = &zone->pcp[cpu];
	unsigned list = bud_pcp_list(&m->pcp_rules, order, type);
	bud_freelist_note_type(l, pfn, type);
	bud_pcp_add(pcp, l, list, pfn, order, false);
	bud_pcp_zone state = { zone->view->reclaim_active, zone->view->below_high };
	unsigned pages = bud_pcp_overflow(pcp, &m->pcp_rules, order, state);
	if (!pages)
		return;
	m->counts.drains++;
	bud_pcp_drain(pcp, &m->pcp_rules, l, pages, list);
	leave_below_high(m, zone);
}

static void free_one(bud_machine *m, bud_machine_zone *zone, unsigned cpu, bud_pfn pfn, int order)
{
	bud_migratetype type = bud_freelist_pageblock(&zone->lists, pfn);
	if (!m->no_pcp && bud_kernel_pcp_order(&m->kernel, order) && type != BUD_MT_ISOLATE)
		free_to_pcp(m, zone, cpu, pfn, order, type);
	else
		bud_freelist_free(&zone->lists, pfn, order, type, false);
}

bool bud_page_alloc_free(bud_machine *machine, unsigned cpu, bud_pfn pfn, int order)
{
	bud_machine_zone *zone = bud_machine_zone_of(machine, pfn);
	if (zone)
		bud_freelist_prefetch(&zone->lists, pfn);
	if (!zone || cpu >= machine->nr_cpus || order < 0 || order > BUD_MAX_FREE_ORDER ||
	    !bud_machine_is_used(zone, pfn, order))
		return false;
	machine->counts.frees++;
	bud_machine_note_unused(zone, pfn, order);
	/* Since 6.10 pageblocks are freed one by one, each as what it is; larger than any block they always were. */
	const bud_kernel *k = &machine->kernel;
	int most = k->list_is_block ? k->pageblock_order : k->max_order;
	int each = order < most ? order : most;
	if (each == order) {
		free_one(machine, zone, cpu, pfn, order);
		return true;
	}
	for (bud_pfn end = pfn + ((bud_pfn)1 << order); pfn < end; pfn += (bud_pfn)1 << each)
		bud_freelist_free(&zone->lists, pfn, each, bud_freelist_pageblock(&zone->lists, pfn), false);
	return true;
}

static void drain(bud_machine *m, bud_machine_zone *zone, unsigned cpu, unsigned pages)
{
	bud_pcp *pcp = &zone->pcp[cpu];
	if (pcp->count && pages)
		bud_pcp_drain(pcp, &m->pcp_rules, &zone->lists, pages, 0);
}

void bud_page_alloc_drain(bud_machine *machine, bud_machine_zone *zone, unsigned cpu)
{
	drain(machine, zone, cpu, zone->pcp[cpu].count);
}

void bud_page_alloc_drain_all(bud_machine *machine, bud_machine_zone *zone)
{
	for (size_t i = 0; i < machine->nr_zones; i++)
		for (unsigned cpu = 0; cpu < machine->nr_cpus && (!zone || zone == &machine->zones[i]); cpu++)
			bud_page_alloc_drain(machine, &machine->zones[i], cpu);
	bud_machine_tell(machine, &(bud_machine_event){ BUD_MODEL_DRAIN_ALL, .zone = zone });
}

void bud_page_alloc_tick(bud_machine *machine)
{
	for (size_t i = 0; i < machine->nr_zones; i++)
		for (unsigned cpu = 0; cpu < machine->nr_cpus; cpu++)
			drain(machine, &machine->zones[i], cpu,
			      bud_pcp_decay(&machine->zones[i].pcp[cpu], &machine->pcp_rules));
}
