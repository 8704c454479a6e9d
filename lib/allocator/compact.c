/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/allocator/compact.h"

#include "lib/allocator/blockskip.h"
#include "lib/allocator/compact_control.h"
#include "lib/allocator/fallback.h"
#include "lib/allocator/page_alloc.h"

#define MAX_DEFER     6	 /* COMPACT_MAX_DEFER_SHIFT */
#define LOWEST_LOW    5	 /* of the proactive score's low mark, percent */
#define MARK_DISTANCE 10

bool bud_compact_deferred(bud_machine_zone *zone, int order)
{
	bud_compact_state *c = &zone->compact;
	unsigned limit = 1u << c->defer_shift;
	if (order < c->order_failed)
		return false;
	if (++c->considered < limit)
		return true;
	c->considered = limit;
	return false;
}

void bud_compact_defer(bud_machine_zone *zone, int order)
{
	bud_compact_state *c = &zone->compact;
	c->considered = 0;
	c->defer_shift += c->defer_shift < MAX_DEFER;
	c->order_failed = order < c->order_failed ? order : c->order_failed;
}

void bud_compact_defer_reset(bud_machine_zone *zone, int order)
{
	bud_compact_state *c = &zone->compact;
	if (order >= c->order_failed)
		c->order_failed = order + 1;
}

void bud_compact_served(bud_machine_zone *zone, int order)
{
	zone->compact.flush = false;
	zone->compact.considered = zone->compact.defer_shift = 0;
	bud_compact_defer_reset(zone, order);
}

static unsigned low_mark(const bud_machine *m)
{
	uint64_t proactiveness = m->sysctls.compaction_proactiveness;
	unsigned low = proactiveness < 100 ? 100 - (unsigned)proactiveness : 0;
	return low > LOWEST_LOW ? low : LOWEST_LOW;
}

bool bud_compact_is_due(const bud_machine *machine, int node)
{
	const bud_machine *m = machine;
	uint64_t managed = 1, weighted = 0;
	unsigned high = low_mark(m) + MARK_DISTANCE;
	if (!m->sysctls.compaction_proactiveness || m->kswapd_up >> node & 1)
		return false;
	for (size_t i = 0; i < m->nr_zones; i++)
		managed += m->views[i].node == node ? m->views[i].managed : 0;
	for (size_t i = 0; i < m->nr_zones; i++)
		if (m->views[i].node == node)
			weighted += bud_zoneview_score(&m->views[i], &m->kernel) * m->views[i].managed / managed;
	return weighted > (high < 100 ? high : 100);
}

/* A block for the request is free, or could be claimed. */
static bool block_was_made(const bud_compact_control *c)
{
	const bud_kernel *k = &c->machine->kernel;
	const bud_free_area *area = &c->zone->lists.area;
	if (bud_free_area_smallest(area, c->order, c->type) >= 0 ||
	    (k->has_cma && c->type == BUD_MT_MOVABLE && bud_free_area_smallest(area, c->order, BUD_MT_CMA) >= 0))
		return true;
	for (int order = c->order; order <= k->max_order; order++)
		if (bud_fallback_worthy(k, order, c->type) && bud_fallback_type(area, order, c->type) != BUD_MT_UNKNOWN)
			return true;
	return false;
}

static bool is_finished(bud_compact_control *c)
{
	bud_compact_state *state = &c->zone->compact;
	const bud_freelist *l = &c->zone->lists;
	if (bud_compact_scanners_met(c)) {
		c->run.result = c->at.whole_zone ? BUD_COMPACT_COMPLETE : BUD_COMPACT_PARTIAL;
		/* The next run begins anew. */
		state->migrate_pfn[0] = state->migrate_pfn[1] = l->start_pfn;
		state->free_pfn = bud_compact_block_start(c, l->end_pfn - 1);
		state->flush |= c->direct;
		return true;
	}
	if (c->order == BUD_COMPACT_ALL)
		return false;
	bool made = c->order == BUD_COMPACT_PROACTIVE
			    ? bud_zoneview_score(c->zone->view, &c->machine->kernel) <= low_mark(c->machine)
			    : bud_compact_block_start(c, c->at.migrate_pfn) == c->at.migrate_pfn && block_was_made(c);
	if (made)
		c->run.result = BUD_COMPACT_SUCCESS;
	return made;
}

/* Where the scanners begin: at the ends of the zone, or where the last runs left off. */
static void place_scanners(bud_compact_control *c)
{
	bud_compact_state *state = &c->zone->compact;
	const bud_freelist *l = &c->zone->lists;
	bool async = c->priority == BUD_COMPACT_ASYNC;
	c->at = (bud_compact_cursor){ .migrate_pfn = l->start_pfn,
				      .free_pfn = bud_compact_block_start(c, l->end_pfn - 1),
				      .search_order = c->order,
				      .whole_zone = c->order < 0 || c->priority == BUD_COMPACT_SYNC_FULL };
	if (!c->at.whole_zone) {
		if (state->free_pfn < l->start_pfn || state->free_pfn >= l->end_pfn)
			state->free_pfn = c->at.free_pfn;
		bud_pfn from = state->migrate_pfn[!async];
		if (from < l->start_pfn || from >= l->end_pfn)
			state->migrate_pfn[0] = state->migrate_pfn[1] = l->start_pfn;
		c->at.migrate_pfn = state->migrate_pfn[!async];
		c->at.free_pfn = state->free_pfn;
		c->at.whole_zone = c->at.migrate_pfn <= state->init_migrate_pfn;
	}
	c->at.update_cached = async && state->migrate_pfn[0] == state->migrate_pfn[1];
}

static void begin(bud_compact_control *c)
{
	bud_compact_state *state = &c->zone->compact;
	const bud_compact_pause *pause = c->owner ? c->owner->pause : NULL;
	c->direct = c->order >= 0 && !pause;
	c->heeds_hints = c->order >= 0 && c->priority != BUD_COMPACT_SYNC_FULL;
	c->any_target = c->order >= 0 && c->priority == BUD_COMPACT_SYNC_FULL;
	if (pause && pause->paused) {
		c->at = pause->at;
		return;
	}
	if (c->order >= state->order_failed && state->defer_shift == MAX_DEFER && state->considered >= 1u << MAX_DEFER)
		bud_blockskip_reset(c->zone, &c->machine->kernel); /* compaction_restarting */
	place_scanners(c);
}

/* The budget is used up: it goes on from here another time. */
static bool pauses(bud_compact_control *c)
{
	bud_compact_pause *pause = c->owner ? c->owner->pause : NULL;
	if (!pause)
		return false;
	pause->paused = c->run.moved >= pause->budget;
	pause->at = c->at;
	return pause->paused;
}

/* Among the blocks just emptied there may be one for the request, whatever the marks say. */
static bud_pfn capture(bud_compact_control *c, bud_pfn from, bud_pfn to)
{
	bud_freelist *l = &c->zone->lists;
	for (bud_pfn pfn = from, head; pfn < to; pfn += (bud_pfn)1 << c->order) {
		int order = bud_freelist_block_of(l, pfn, &head);
		bud_migratetype block = order < c->order ? BUD_MT_ISOLATE : bud_freelist_pageblock(l, pfn);
		bool foreign = c->order < l->pageblock_order && block == BUD_MT_MOVABLE && c->type != BUD_MT_MOVABLE;
		if (block == BUD_MT_ISOLATE || block == BUD_MT_CMA || foreign)
			continue;
		bud_freelist_take_at(l, pfn, c->order);
		return pfn;
	}
	return BUD_PFN_NONE;
}

/* The scanner has left a block of the order wanted: what was moved out of it merges at once. */
static void drain(bud_compact_control *c)
{
	bud_pfn from = c->at.last_migrated_pfn, group = (bud_pfn)1 << (c->order > 0 ? c->order : 0);
	bud_pfn to = c->at.migrate_pfn & ~(group - 1);
	if (c->order <= 0 || !from || from >= to)
		return;
	bud_page_alloc_drain(c->machine, c->zone, c->owner ? c->owner->cpu : 0);
	c->at.last_migrated_pfn = 0;
	if (c->owner && c->owner->captures && bud_compact_searches(c) && c->run.captured == BUD_PFN_NONE)
		c->run.captured = capture(c, from & ~(group - 1), to);
}

/*
 * Some of the pages did not move. Since 6.3 the rest of the pageblock is
 * scanned at once, so that its hint keeps others from trying again; before,
 * an asynchronous run left out the rest of the block it hoped for. True: once
 * more.
 */
static bool goes_on_scanning(bud_compact_control *c)
{
	bud_compact_cursor *at = &c->at;
	bool finishes = c->machine->kernel.compact_finishes;
	if (!finishes && c->direct && c->priority == BUD_COMPACT_ASYNC) {
		bud_pfn group = (bud_pfn)1 << c->order;
		at->migrate_pfn = ((at->migrate_pfn - 1) & ~(group - 1)) + group;
		at->last_migrated_pfn = 0;
	}
	if (!finishes || c->finish_pageblock || !c->heeds_hints ||
	    at->migrate_pfn == bud_compact_block_start(c, at->migrate_pfn))
		return false;
	c->finish_pageblock = true;
	if (c->order == c->zone->lists.pageblock_order)
		at->last_migrated_pfn = 0;
	return true;
}

/* Isolates some pages and moves them; false: there are no places left. */
static bool advance(bud_compact_control *c)
{
	bud_compact_cursor *at = &c->at;
	const bud_freelist *l = &c->zone->lists;
	bud_compact_state *state = &c->zone->compact;
	bud_pfn from = at->migrate_pfn;
	c->finish_pageblock = bud_compact_searches(c) && bud_compact_block_start(c, at->last_migrated_pfn) ==
								 bud_compact_block_start(c, from);
	for (bool again = true; again;) {
		if (!bud_migrate_scanner_isolate(c)) {
			if (at->update_cached)
				state->migrate_pfn[1] = state->migrate_pfn[0];
			break;
		}
		at->update_cached = false;
		bud_pfn block = bud_compact_block_start(c, at->migrate_pfn - 1);
		block = block > l->start_pfn ? block : l->start_pfn;
		at->last_migrated_pfn = c->machine->kernel.compact_finishes ? block : from;
		bud_migrate_result moved = bud_migrate_scanner_move(c);
		if (moved == BUD_MIGRATE_NOMEM && !bud_compact_scanners_met(c))
			return false;
		again = moved != BUD_MIGRATE_ALL && goes_on_scanning(c);
	}
	return true;
}

bud_compact_run bud_compact_zone(bud_machine *machine, bud_machine_zone *zone, int order, bud_migratetype type,
				 bud_zone_type highest, unsigned alloc_flags, int priority,
				 const bud_compact_owner *owner)
{
	bud_compact_control c = { .machine = machine,
				  .zone = zone,
				  .owner = owner,
				  .order = order,
				  .type = type,
				  .priority = priority,
				  .run.captured = BUD_PFN_NONE };
	if (order >= 0) {
		bud_suitable suitable = bud_zoneview_suitable(zone->view, &machine->kernel, order, highest, alloc_flags,
							      priority == BUD_COMPACT_ASYNC,
							      (unsigned)machine->sysctls.extfrag_threshold);
		c.run.result = suitable == BUD_SUITABLE_NEEDLESS ? BUD_COMPACT_SUCCESS : BUD_COMPACT_SKIPPED;
		if (suitable != BUD_SUITABLE_YES)
			return c.run;
	}
	begin(&c);
	while (!is_finished(&c)) {
		bool late = machine->kernel.compact_finishes && c.run.captured != BUD_PFN_NONE;
		uint64_t moved = c.run.moved;
		if (pauses(&c) || !advance(&c)) {
			c.run.result = BUD_COMPACT_CONTENDED;
			break;
		}
		/* Since 6.3 it looks before it drains, so it learns of what it captured one step later. */
		if (!late)
			drain(&c);
		if (late || (!machine->kernel.compact_finishes && c.run.captured != BUD_PFN_NONE))
			break;
		if (owner && owner->passes && c.run.moved > moved)
			owner->passes(owner->self, c.run.moved - moved);
	}
	if (c.run.captured != BUD_PFN_NONE)
		c.run.result = BUD_COMPACT_SUCCESS;
	bud_free_scanner_release(&c);
	return c.run;
}

bud_compact_result bud_compact_pages(bud_machine *machine, const bud_alloc_context *context, int priority,
				     const bud_compact_owner *owner, bud_compact_run *total)
{
	bud_compact_run sum = { .result = BUD_COMPACT_SKIPPED, .captured = BUD_PFN_NONE };
	for (int i = 0; i < context->list->nr; i++) {
		bud_machine_zone *zone = &machine->zones[context->list->zone[i]];
		bud_compact_run run = { .result = BUD_COMPACT_DEFERRED, .captured = BUD_PFN_NONE };
		if (!bud_request_allows(context, zone->view))
			continue;
		if (priority == BUD_COMPACT_SYNC_FULL || !bud_compact_deferred(zone, context->order))
			run = bud_compact_zone(machine, zone, context->order, context->type, context->highest,
					       context->flags, priority, owner);
		sum.result = run.result > sum.result ? run.result : sum.result;
		sum.migrate_scanned += run.migrate_scanned;
		sum.free_scanned += run.free_scanned;
		sum.moved += run.moved;
		sum.captured = run.captured;
		if (run.result == BUD_COMPACT_SUCCESS) {
			bud_compact_defer_reset(zone, context->order);
			break;
		}
		if (priority != BUD_COMPACT_ASYNC &&
		    (run.result == BUD_COMPACT_COMPLETE || run.result == BUD_COMPACT_PARTIAL))
			bud_compact_defer(zone, context->order);
		if (context->task & BUD_TASK_FATAL)
			break;
	}
	if (total)
		*total = sum;
	return sum.result;
}
