/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/insight/listaudit.h"

#include <stdlib.h>

#include "lib/allocator/fallback.h"

bud_status bud_listaudit_init(bud_listaudit *audit, const bud_kernel *kernel, const bud_memory *memory, size_t nr_cpus,
			      bud_tally *tally, bud_error *err)
{
	*audit = (bud_listaudit){ .kernel = kernel,
				  .memory = memory,
				  .tally = tally,
				  .takes = calloc(nr_cpus ? nr_cpus : 1, sizeof *audit->takes),
				  .nr_cpus = nr_cpus };
	return audit->takes ? BUD_OK : bud_error_memory(err, "the audit");
}

void bud_listaudit_fini(bud_listaudit *audit)
{
	free(audit->takes);
	*audit = (bud_listaudit){ 0 };
}

static bool is_decidable(const bud_zone *zone)
{
	return zone->seeded && !zone->gapped && !zone->reduced && zone->buddy.types;
}

static bud_tally_root root_in(const bud_zone *zone, const bud_event *event, const char *cause, bud_pfn pfn, int order,
			      bud_migratetype type)
{
	return (bud_tally_root){ .cause = cause,
				 .node = zone->node,
				 .zone = zone->name,
				 .pfn = pfn,
				 .order = order,
				 .type = type,
				 .uncertain = bud_zone_uncertain_pages(zone, NULL) > 0,
				 .first_t_ns = event->t_ns };
}

/* The lowest block of that order on that type's list. */
static bud_pfn first_block(const bud_zone *zone, int order, bud_migratetype type)
{
	const bud_pageset *heads = &zone->buddy.heads[order];
	uint64_t end = ((zone->start_pfn + zone->spanned - 1) >> order) + 1;
	for (uint64_t i = zone->start_pfn >> order; (i = bud_pageset_next(heads, i, end)) < end; i++)
		if (bud_typing_type(bud_blocktypes_list(zone->buddy.types, i << order)) == type)
			return i << order;
	return BUD_PFN_NONE;
}

static const char not_free[] = "the page is not held free";
static const char none_fits[] = "no block of that list is held free";
static const char passed_over[] = "a smaller block held free was passed over";
static const char other_list[] = "the block is held on another list";
static const char not_lowest[] = "not the lowest page of the block";

/* What a disagreement about the block would come from. */
static bud_tally_root find_root(const bud_listaudit_take *take, const bud_zone *zone, const bud_event *event,
				bud_pfn head)
{
	if (take->actual < 0)
		return root_in(zone, event, not_free, event->page.pfn, take->order, take->type);
	if (take->predicted < 0 || take->predicted > take->actual || !take->listed)
		return root_in(zone, event, take->predicted < 0 && take->listed ? none_fits : other_list, head,
			       take->actual, take->type);
	return root_in(zone, event, passed_over, first_block(zone, take->predicted, take->type), take->predicted,
		       take->type);
}

/* Who decides what an open take was, now that it is known whether it claimed a pageblock. */
static void close_take(bud_listaudit *a, bud_listaudit_take *take, bool claimed)
{
	if (!take->open)
		return;
	take->open = false;
	if (claimed)
		return; /* the extfrag is asked about */
	if (!take->decidable) {
		bud_tally_undecided(a->tally, BUD_ASK_SPLIT_ORDER);
		return;
	}
	if (take->predicted == take->actual && take->listed)
		bud_tally_agree(a->tally, BUD_ASK_SPLIT_ORDER);
	else
		bud_tally_disagree(a->tally, BUD_ASK_SPLIT_ORDER, &take->root);
	if (take->predicted < 0)
		bud_tally_disagree(a->tally, BUD_ASK_OWN_LIST, &take->root);
	if (take->actual < 0)
		return;
	if (take->lowest) {
		bud_tally_agree(a->tally, BUD_ASK_LOWEST_PAGE);
		return;
	}
	take->root.cause = not_lowest;
	bud_tally_disagree(a->tally, BUD_ASK_LOWEST_PAGE, &take->root);
}

static void open_take(bud_listaudit *a, bud_listaudit_take *take, const bud_event *event)
{
	const bud_zone_range *range = bud_memory_range_of(a->memory, event->page.pfn);
	bud_migratetype type = bud_kernel_migratetype(a->kernel, event->page.migratetype);
	*take = (bud_listaudit_take){ .open = true, .pfn = event->page.pfn, .order = event->order, .type = type };
	if (!range || type == BUD_MT_UNKNOWN || event->order < 0 || event->order > range->zone->buddy.max_order ||
	    !is_decidable(range->zone))
		return;
	const bud_zone *zone = range->zone;
	bud_pfn head = BUD_PFN_NONE;
	take->decidable = true;
	take->area = zone->buddy.types->area;
	take->predicted = bud_free_area_smallest(&take->area, event->order, type);
	take->actual = bud_buddy_block_of(&zone->buddy, event->page.pfn, &head);
	if (take->actual < event->order)
		take->actual = -1;
	take->lowest = head == event->page.pfn;
	take->listed = take->actual >= 0 && bud_typing_type(bud_blocktypes_list(zone->buddy.types, head)) == type;
	if (take->predicted != take->actual || !take->listed || !take->lowest)
		take->root = find_root(take, zone, event, head);
}

/* A fallback as the event tells it, and the lists it chose from. */
typedef struct choice {
	const bud_event *event;
	const bud_zone *zone;
	const bud_free_area *area;
	int order, from_order;
	bud_migratetype to, from;
	bool claimed;
} choice;

static void judge(bud_listaudit *a, bud_question question, bool agrees, const choice *c, const char *cause)
{
	bud_tally_root root = root_in(c->zone, c->event, cause, BUD_PFN_NONE, c->from_order, c->from);
	if (agrees)
		bud_tally_agree(a->tally, question);
	else
		bud_tally_disagree(a->tally, question, &root);
}

/* The block taken against the one that was to be. */
static void judge_block(bud_listaudit *a, const bud_take_plan *plan, const choice *c)
{
	if (plan->order == c->from_order && plan->type == c->from) {
		bud_tally_agree(a->tally, BUD_ASK_FALLBACK);
		return;
	}
	bool none = plan->way == BUD_TAKE_NONE;
	bud_tally_root root = root_in(c->zone, c->event,
				      none ? "no block of another list is held free" : "this block was passed over",
				      none ? c->event->extfrag.pfn : first_block(c->zone, plan->order, plan->type),
				      none ? c->from_order : plan->order, none ? c->from : plan->type);
	bud_tally_disagree(a->tally, BUD_ASK_FALLBACK, &root);
}

/* 4.19 to 6.14: one scan tells the block. */
static void judge_chosen(bud_listaudit *a, const choice *c)
{
	bud_take_plan plan = bud_fallback_choose(c->area, a->kernel, c->order, c->to, 0);
	judge_block(a, &plan, c);
}

/* 6.15 and later, the pageblock was claimed: every larger block that would have been must have failed to be. */
static void judge_claimed(bud_listaudit *a, const choice *c)
{
	bool open = false;
	for (int largest = a->kernel->max_order; largest >= c->order;) {
		bud_take_plan plan = bud_fallback_claim(c->area, a->kernel, largest, c->order, c->to, 0);
		if (plan.way == BUD_TAKE_NONE || plan.order < c->from_order || !plan.conditional ||
		    plan.order == c->from_order) {
			bool right = plan.order == c->from_order && plan.type == c->from;
			if (right && open)
				bud_tally_undecided(a->tally, BUD_ASK_FALLBACK);
			else
				judge_block(a, &plan, c);
			judge(a, BUD_ASK_CLAIM, plan.way != BUD_TAKE_NONE, c, "nothing was to be claimed");
			return;
		}
		open = true;
		largest = plan.order - 1;
	}
	judge_block(a, &(bud_take_plan){ .order = -1 }, c);
	judge(a, BUD_ASK_CLAIM, false, c, "nothing was to be claimed");
}

/* One block was stolen: nothing could be claimed for sure. */
static void judge_stolen(bud_listaudit *a, const choice *c)
{
	bud_take_plan plan = bud_fallback_steal(c->area, a->kernel->max_order, c->order, c->to, 0);
	bud_take_plan claim = bud_fallback_claim(c->area, a->kernel, a->kernel->max_order, c->order, c->to, 0);
	judge_block(a, &plan, c);
	if (claim.way == BUD_TAKE_CLAIM && claim.conditional)
		bud_tally_undecided(a->tally, BUD_ASK_CLAIM);
	else
		judge(a, BUD_ASK_CLAIM, claim.way == BUD_TAKE_NONE, c, "a pageblock was to be claimed");
}

/* before: the lists it chose from. */
static void fallback(bud_listaudit *a, const bud_event *event, const bud_free_area *before, bool claimed)
{
	const bud_zone_range *range = bud_memory_range_of(a->memory, event->extfrag.pfn);
	choice c = { .event = event,
		     .zone = range ? range->zone : NULL,
		     .area = before,
		     .order = event->order,
		     .from_order = event->extfrag.fallback_order,
		     .to = bud_kernel_migratetype(a->kernel, event->extfrag.alloc_migratetype),
		     .from = bud_kernel_migratetype(a->kernel, event->extfrag.fallback_migratetype),
		     .claimed = claimed || event->extfrag.change_ownership };
	if (!before || c.to > BUD_MT_RECLAIMABLE || c.from == BUD_MT_UNKNOWN || c.order < 0 ||
	    c.order > range->zone->buddy.max_order) {
		bud_tally_undecided(a->tally, BUD_ASK_OWN_LIST);
		bud_tally_undecided(a->tally, BUD_ASK_FALLBACK);
		return;
	}
	judge(a, BUD_ASK_OWN_LIST, bud_free_area_smallest(before, c.order, c.to) < 0, &c,
	      "the own list is held to have a block");
	if (a->kernel->fallback != BUD_FALLBACK_CLAIM)
		judge_chosen(a, &c);
	else if (c.claimed)
		judge_claimed(a, &c);
	else
		judge_stolen(a, &c);
}

static bool is_free(const bud_zone *zone, const bud_event *event)
{
	return event->order >= 0 && event->order <= zone->buddy.max_order &&
	       bud_pageset_count_range(&zone->buddy.free, event->extfrag.pfn, (uint64_t)1 << event->order) ==
		       (uint64_t)1 << event->order;
}

static void hear_extfrag(bud_listaudit *a, bud_listaudit_take *take, const bud_event *event, bool claimed)
{
	const bud_zone_range *range = bud_memory_range_of(a->memory, event->extfrag.pfn);
	const bud_free_area *before = range && is_decidable(range->zone) ? &range->zone->buddy.types->area : NULL;
	if (claimed)
		fallback(a, event, take->decidable ? &take->area : NULL, true);
	else if (before && a->kernel->extfrag_removes && !is_free(range->zone, event))
		*take = (bud_listaudit_take){ .captured = true, .event = *event, .area = *before };
	else
		fallback(a, event, before, false);
}

/* The extfrag before this event (NULL: there is none) was a fallback like others, unless a page of its block is freed
 * now. */
static void close_capture(bud_listaudit *a, bud_listaudit_take *take, const bud_event *event)
{
	if (!take->captured)
		return;
	take->captured = false;
	bud_pfn start = take->event.extfrag.pfn, nr = (bud_pfn)1 << (take->event.order & 31);
	if (event && (event->kind == BUD_EV_PCPU_DRAIN || event->kind == BUD_EV_FREE) && event->page.pfn >= start &&
	    event->page.pfn - start < nr)
		return;
	fallback(a, &take->event, &take->area, false);
}

void bud_listaudit_event(bud_listaudit *audit, const bud_event *event)
{
	bud_listaudit_take *take = event->cpu < audit->nr_cpus ? &audit->takes[event->cpu] : NULL;
	if (!take)
		return;
	bool extfrag = event->kind == BUD_EV_EXTFRAG;
	bool claimed = extfrag && take->open && audit->kernel->extfrag_removes && take->pfn == event->extfrag.pfn;
	close_take(audit, take, claimed);
	close_capture(audit, take, event);
	if (extfrag)
		hear_extfrag(audit, take, event, claimed);
	else if (event->kind == BUD_EV_ZONE_LOCKED && event->page.pfn != BUD_PFN_NONE)
		open_take(audit, take, event);
}

void bud_listaudit_end(bud_listaudit *audit)
{
	for (size_t i = 0; i < audit->nr_cpus; i++) {
		close_take(audit, &audit->takes[i], false);
		close_capture(audit, &audit->takes[i], NULL);
	}
}
