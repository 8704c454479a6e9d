/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/allocator/rmqueue.h"

/* Where the last page of a refill came from; the next one begins there (enum rmqueue_mode). */
enum { MODE_NORMAL, MODE_CMA, MODE_CLAIM, MODE_STEAL };

/* One search, or one refill. */
typedef struct search {
	bud_machine *machine;
	bud_machine_zone *zone;
	const bud_alloc_context *context;
	unsigned flags;
	int order;
	bud_migratetype type;
	int mode;
	bud_migratetype list; /* that the block found was on */
} search;

static bud_pfn smallest(search *s, bud_migratetype type)
{
	s->list = type;
	return bud_freelist_take(&s->zone->lists, s->order, type);
}

static void tell_fallback(search *s, const bud_take_plan *plan, bud_pfn pfn)
{
	bud_machine *m = s->machine;
	bud_machine_event event = {
		.kind = BUD_MODEL_FALLBACK,
		.zone = s->zone,
		.context = s->context,
		.pfn = pfn,
		.order = s->order,
		.fallback_order = plan->order,
		.type = s->type,
		.fallback_type = plan->type,
		.claimed = bud_freelist_pageblock(&s->zone->lists, pfn) == s->type,
	};
	m->counts.fallbacks++;
	m->counts.claims += event.claimed;
	bud_machine_tell(m, &event);
}

/* Mixing types in a pageblock asks for more free memory, so that it happens less (boost_watermark). */
static void boost(search *s)
{
	bud_machine *m = s->machine;
	bud_zone_view *v = s->zone->view;
	uint64_t before = v->boost;
	if (!m->kernel.nofragment)
		return;
	v->boost = bud_watermark_boost(before, &v->marks, v->managed, (unsigned)m->sysctls.watermark_boost_factor,
				       m->kernel.pageblock_order);
	if (v->boost && s->flags & BUD_ALLOC_KSWAPD)
		s->zone->boosted = true;
	if (v->boost == before)
		return;
	m->counts.boosts++;
	bud_machine_tell(
		m, &(bud_machine_event){ BUD_MODEL_BOOST, .zone = s->zone, .context = s->context, .value = v->boost });
}

static bool claims(const search *s, bud_pfn pfn, bud_migratetype old)
{
	const bud_freelist *l = &s->zone->lists;
	return bud_fallback_claims(&s->machine->kernel, s->type, old, bud_freelist_block_free(l, pfn),
				   s->zone->movable[(pfn - l->base) >> l->pageblock_order]);
}

static void move_one(bud_freelist *l, bud_pfn pfn, int order, bud_migratetype type)
{
	bud_freelist_del(l, pfn);
	bud_freelist_add(l, pfn, order, type, l->moves_to_tail);
}

/* To 6.9: the block, or the free blocks of its pageblock, go to the list of the type wanted. */
static bool fallback_moves(search *s)
{
	bud_freelist *l = &s->zone->lists;
	bud_take_plan plan = bud_fallback_choose(&l->area, &s->machine->kernel, s->order, s->type, s->flags);
	if (!plan.way)
		return false;
	bud_pfn pfn = bud_freelist_first(l, plan.order, plan.type);
	bool reserved = bud_freelist_pageblock(l, pfn) == BUD_MT_HIGHATOMIC;
	bool whole = plan.way == BUD_TAKE_CLAIM && !plan.conditional;
	if (whole && !reserved)
		bud_freelist_set_pageblock(l, pfn, plan.order, s->type);
	if (!whole && !reserved)
		boost(s);
	if (whole || reserved || plan.way == BUD_TAKE_STEAL) {
		move_one(l, pfn, plan.order, s->type);
	} else {
		/* What the pageblock holds counts as the type it has, which need not be that of the list. */
		bool half = claims(s, pfn, bud_freelist_pageblock(l, pfn));
		bool moved = bud_freelist_move_block(l, pfn, s->type);
		if (!moved)
			move_one(l, pfn, plan.order, s->type);
		if (moved && half)
			bud_freelist_set_pageblock(l, pfn, 0, s->type);
	}
	tell_fallback(s, &plan, pfn);
	return true;
}

/* A block of at least a pageblock changes hands; what is left of it goes to the new list. */
static bud_pfn take_whole(search *s, const bud_take_plan *plan, bud_pfn pfn)
{
	bud_freelist *l = &s->zone->lists;
	bud_freelist_del(l, pfn);
	bud_freelist_set_pageblock(l, pfn, plan->order, s->type);
	bud_freelist_expand(l, pfn, s->order, plan->order, s->type);
	s->list = s->type;
	return pfn;
}

/* One block is taken; what is left of it stays where it was. */
static bud_pfn take_single(search *s, const bud_take_plan *plan, bud_pfn pfn)
{
	bud_freelist *l = &s->zone->lists;
	bud_freelist_del(l, pfn);
	bud_freelist_expand(l, pfn, s->order, plan->order, plan->type);
	s->list = plan->type;
	return pfn;
}

/* BUD_PFN_NONE: the pageblock holds too much that is foreign, or may not be moved. */
static bud_pfn claim_block(search *s, const bud_take_plan *plan, bud_pfn pfn)
{
	bud_freelist *l = &s->zone->lists;
	if (!plan->conditional)
		return take_whole(s, plan, pfn);
	boost(s);
	if (!claims(s, pfn, plan->type) || !bud_freelist_move_block(l, pfn, s->type))
		return BUD_PFN_NONE;
	bud_freelist_set_pageblock(l, pfn, 0, s->type);
	return smallest(s, s->type);
}

/* 6.10 to 6.14. */
static bud_pfn fallback_takes(search *s)
{
	bud_freelist *l = &s->zone->lists;
	bud_take_plan plan = bud_fallback_choose(&l->area, &s->machine->kernel, s->order, s->type, s->flags);
	if (!plan.way)
		return BUD_PFN_NONE;
	bud_pfn first = bud_freelist_first(l, plan.order, plan.type), pfn = BUD_PFN_NONE;
	if (plan.way == BUD_TAKE_CLAIM)
		pfn = claim_block(s, &plan, first);
	else
		boost(s);
	if (pfn == BUD_PFN_NONE)
		pfn = take_single(s, &plan, first);
	tell_fallback(s, &plan, pfn);
	return pfn;
}

static bud_pfn fallback_claims(search *s)
{
	bud_freelist *l = &s->zone->lists;
	const bud_kernel *kernel = &s->machine->kernel;
	bud_pfn pfn = BUD_PFN_NONE;
	for (int largest = kernel->max_order; pfn == BUD_PFN_NONE;) {
		bud_take_plan plan = bud_fallback_claim(&l->area, kernel, largest, s->order, s->type, s->flags);
		if (!plan.way)
			break;
		pfn = claim_block(s, &plan, bud_freelist_first(l, plan.order, plan.type));
		if (pfn != BUD_PFN_NONE)
			tell_fallback(s, &plan, pfn);
		largest = plan.order - 1;
	}
	return pfn;
}

static bud_pfn fallback_steals(search *s)
{
	bud_freelist *l = &s->zone->lists;
	bud_take_plan plan = bud_fallback_steal(&l->area, s->machine->kernel.max_order, s->order, s->type, s->flags);
	if (!plan.way)
		return BUD_PFN_NONE;
	bud_pfn pfn = take_single(s, &plan, bud_freelist_first(l, plan.order, plan.type));
	tell_fallback(s, &plan, pfn);
	return pfn;
}

static bud_pfn take_cma(search *s)
{
	bool may = bud_fallback_may_have_cma(&s->machine->kernel, s->type, s->flags);
	return may ? smallest(s, BUD_MT_CMA) : BUD_PFN_NONE;
}

/* The stages since 6.15: what worked last is tried first, but after a claim the own list has blocks again. */
static bud_pfn take_by_mode(search *s)
{
	int mode = s->mode;
	bud_pfn pfn = BUD_PFN_NONE;
	if (mode <= MODE_CMA) {
		pfn = take_cma(s);
		s->mode = pfn == BUD_PFN_NONE ? mode : MODE_CMA;
	}
	if (pfn == BUD_PFN_NONE && mode <= MODE_CLAIM) {
		pfn = fallback_claims(s);
		s->mode = pfn == BUD_PFN_NONE ? mode : MODE_NORMAL;
	}
	if (pfn == BUD_PFN_NONE) {
		pfn = fallback_steals(s);
		s->mode = pfn == BUD_PFN_NONE ? mode : MODE_STEAL;
	}
	return pfn;
}

/* The own list has nothing. */
static bud_pfn take_elsewhere(search *s)
{
	int fallback = s->machine->kernel.fallback;
	if (fallback == BUD_FALLBACK_CLAIM)
		return take_by_mode(s);
	bud_pfn pfn = take_cma(s);
	if (pfn == BUD_PFN_NONE && fallback == BUD_FALLBACK_TAKE)
		return fallback_takes(s);
	while (pfn == BUD_PFN_NONE && fallback_moves(s)) {
		pfn = smallest(s, s->type);
		if (pfn == BUD_PFN_NONE)
			pfn = take_cma(s);
	}
	return pfn;
}

/* __rmqueue. */
static bud_pfn take(search *s)
{
	bud_pfn pfn = BUD_PFN_NONE;
	if (bud_fallback_begins_with_cma(&s->zone->lists.area, &s->machine->kernel, s->flags))
		pfn = smallest(s, BUD_MT_CMA);
	if (pfn == BUD_PFN_NONE && s->mode == MODE_NORMAL)
		pfn = smallest(s, s->type);
	return pfn == BUD_PFN_NONE ? take_elsewhere(s) : pfn;
}

static search begin(bud_machine *machine, bud_machine_zone *zone, const bud_alloc_context *context, unsigned flags)
{
	return (search){ machine, zone, context, flags, context->order, context->type, MODE_NORMAL, context->type };
}

static bud_pfn take_from_buddy(bud_machine *machine, bud_machine_zone *zone, const bud_alloc_context *context,
			       unsigned flags)
{
	search s = begin(machine, zone, context, flags);
	bud_pfn pfn = BUD_PFN_NONE;
	if (bud_fallback_reserve_first(&machine->kernel, s.order, flags))
		pfn = smallest(&s, BUD_MT_HIGHATOMIC);
	if (pfn == BUD_PFN_NONE)
		pfn = take(&s);
	if (pfn == BUD_PFN_NONE && bud_fallback_reserve_last(&machine->kernel, flags))
		pfn = smallest(&s, BUD_MT_HIGHATOMIC);
	return pfn;
}

static void refill(bud_machine *machine, bud_machine_zone *zone, const bud_alloc_context *context, unsigned flags,
		   bud_pcp *pcp, unsigned list)
{
	search s = begin(machine, zone, context, flags);
	bud_pcp_zone state = { zone->view->reclaim_active, zone->view->below_high };
	machine->counts.refills++;
	for (unsigned nr = bud_pcp_refill(pcp, &machine->pcp_rules, s.order, state); nr; nr--) {
		bud_pfn pfn = take(&s);
		if (pfn == BUD_PFN_NONE)
			break;
		bud_freelist_note_type(&zone->lists, pfn, s.list);
		bud_pcp_add(pcp, &zone->lists, list, pfn, s.order, true);
	}
}

static bud_pfn take_from_pcp(bud_machine *machine, bud_machine_zone *zone, const bud_alloc_context *context,
			     unsigned flags)
{
	bud_pcp *pcp = &zone->pcp[context->request->cpu];
	unsigned list = bud_pcp_list(&machine->pcp_rules, context->order, context->type);
	bud_pcp_note_alloc(pcp);
	if (!bud_pcp_is_empty(pcp, &zone->lists, list))
		machine->counts.pcp_hits++;
	else
		refill(machine, zone, context, flags, pcp, list);
	return bud_pcp_take(pcp, &zone->lists, list, context->order);
}

static bool goes_to_pcp(const bud_machine *m, const bud_alloc_context *context, unsigned flags)
{
	const bud_kernel *k = &m->kernel;
	if (m->no_pcp || !bud_kernel_pcp_order(k, context->order))
		return false;
	return !k->pcp_cma_bypass || !k->has_cma || flags & BUD_ALLOC_CMA || context->type != BUD_MT_MOVABLE;
}

bud_pfn bud_rmqueue(bud_machine *machine, bud_machine_zone *zone, const bud_alloc_context *context, unsigned flags)
{
	bool pcp = goes_to_pcp(machine, context, flags);
	bud_pfn pfn = pcp ? take_from_pcp(machine, zone, context, flags) : BUD_PFN_NONE;
	/* Before 6.0 an empty per-CPU list is the end of it. */
	if (pfn == BUD_PFN_NONE && (!pcp || machine->kernel.pcp_rework))
		pfn = take_from_buddy(machine, zone, context, flags);
	if (pfn != BUD_PFN_NONE)
		bud_machine_note_used(zone, pfn, context->order, context->type == BUD_MT_MOVABLE);
	if (zone->boosted) {
		zone->boosted = false;
		bud_machine_wake(machine, context, zone->view->node, 0, zone->view->type);
	}
	return pfn;
}

static uint64_t reserve_cap(const bud_machine *m, uint64_t managed)
{
	uint64_t block = (uint64_t)1 << m->kernel.pageblock_order, share = managed / 100;
	if (!m->kernel.highatomic_cap)
		return share + block;
	return share < block ? 0 : (share + block - 1) & ~(block - 1);
}

void bud_rmqueue_reserve(bud_machine *machine, bud_machine_zone *zone, bud_pfn pfn, int order)
{
	bud_zone_view *v = zone->view;
	bud_freelist *l = &zone->lists;
	bool whole = machine->kernel.highatomic_cap && order >= l->pageblock_order;
	if (v->highatomic_reserved >= reserve_cap(machine, v->managed) ||
	    bud_freelist_pageblock(l, pfn) >= BUD_MT_HIGHATOMIC)
		return;
	/* A pageblock across the zone's edge can only join where its free blocks need not follow it. */
	bud_pfn mask = ((bud_pfn)1 << l->pageblock_order) - 1;
	bool edge = !bud_freelist_spans(l, pfn & ~mask) || !bud_freelist_spans(l, pfn | mask);
	if (l->list_is_block && edge && !whole)
		return;
	if (!whole)
		bud_freelist_move_block(l, pfn, BUD_MT_HIGHATOMIC);
	bud_freelist_set_pageblock(l, pfn, whole ? order : 0, BUD_MT_HIGHATOMIC);
	v->highatomic_reserved += (uint64_t)1 << (whole ? order : l->pageblock_order);
	bud_machine_tell(machine, &(bud_machine_event){ BUD_MODEL_RESERVE, .zone = zone, .pfn = pfn, .order = order,
							.value = v->highatomic_reserved });
}

static bool unreserve_one(bud_machine *m, bud_machine_zone *zone, int order, bud_migratetype type)
{
	bud_freelist *l = &zone->lists;
	bud_zone_view *v = zone->view;
	bud_pfn pfn = bud_freelist_first(l, order, BUD_MT_HIGHATOMIC);
	if (pfn == BUD_PFN_NONE)
		return false;
	bool whole = m->kernel.highatomic_cap && order >= l->pageblock_order;
	uint64_t pages = (uint64_t)1 << (whole ? order : l->pageblock_order);
	if (bud_freelist_pageblock(l, pfn) == BUD_MT_HIGHATOMIC)
		v->highatomic_reserved -= pages < v->highatomic_reserved ? pages : v->highatomic_reserved;
	bool moved = whole || bud_freelist_move_block(l, pfn, type);
	if (whole)
		move_one(l, pfn, order, type);
	bud_freelist_set_pageblock(l, pfn, whole ? order : 0, type);
	bud_machine_tell(m, &(bud_machine_event){ BUD_MODEL_UNRESERVE, .zone = zone, .pfn = pfn, .order = order,
						  .value = v->highatomic_reserved });
	return moved;
}

bool bud_rmqueue_unreserve(bud_machine *machine, const bud_alloc_context *context, bool force)
{
	for (int i = 0; i < context->list->nr; i++) {
		bud_machine_zone *zone = &machine->zones[context->list->zone[i]];
		uint64_t block = (uint64_t)1 << machine->kernel.pageblock_order;
		if (!bud_request_allows(context, zone->view) || (!force && zone->view->highatomic_reserved <= block))
			continue;
		for (int order = 0; order <= machine->kernel.max_order; order++)
			if (unreserve_one(machine, zone, order, context->type))
				return true;
	}
	return false;
}
