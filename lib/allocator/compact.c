/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/allocator/compact.h"

#include <string.h>

#include "lib/allocator/blockskip.h"
#include "lib/allocator/fallback.h"

#define CLUSTER	      BUD_COMPACT_CLUSTER
#define MAX_DEFER     6	 /* COMPACT_MAX_DEFER_SHIFT */
#define LOWEST_LOW    5	 /* of the proactive score's low mark, percent */
#define MARK_DISTANCE 10

#define MOST_PLACES (2 * CLUSTER) /* of one order: those isolated, and one of a split */

/* Free blocks taken off the lists to move pages to; the first of each order is used first. */
typedef struct pool {
	bud_pfn places[BUD_NR_ORDERS][MOST_PLACES];
	unsigned nr[BUD_NR_ORDERS];
	uint64_t pages;
} pool;

typedef struct compaction {
	bud_machine *machine;
	bud_machine_zone *zone;
	const bud_compact_owner *owner;
	int order;
	bud_migratetype type;
	int priority;
	bool whole; /* begins at the bottom, so that meeting means that all was scanned */
	bud_pfn migrate_pfn, free_pfn;
	bool daemon;		/* kcompactd, or somebody who wrote to vm.compact_memory */
	bool hints;		/* it heeds hints which pageblocks to pass over */
	bool isolated;		/* something of the pageblock at hand was moved */
	bud_pfn last_block;	/* the pageblock that pages were last moved out of */
	bud_pfn first_free_pfn; /* of this run */
	int search_order;	/* where the next fast search begins */
	unsigned search_fail;
	pool pool;
	bud_compact_run run;
} compaction;

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

void bud_compact_defer_reset(bud_machine_zone *zone, int order, bool got)
{
	bud_compact_state *c = &zone->compact;
	if (got)
		c->considered = c->defer_shift = 0;
	if (order >= c->order_failed)
		c->order_failed = order + 1;
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

static bud_pfn block_of(const compaction *c, bud_pfn pfn)
{
	return pfn >> c->zone->lists.pageblock_order;
}

static bud_pfn block_end(const compaction *c, bud_pfn pfn)
{
	return (block_of(c, pfn) + 1) << c->zone->lists.pageblock_order;
}

static bool scanners_met(const compaction *c)
{
	return !c->free_pfn || block_of(c, c->free_pfn - 1) <= block_of(c, c->migrate_pfn);
}

/* A block for the request is free, or could be claimed. */
static bool block_was_made(const compaction *c)
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

static bool is_finished(compaction *c)
{
	bud_compact_state *state = &c->zone->compact;
	if (scanners_met(c)) {
		c->run.result = c->whole ? BUD_COMPACT_COMPLETE : BUD_COMPACT_PARTIAL;
		/* The next run begins anew. */
		state->migrate_pfn[0] = state->migrate_pfn[1] = c->zone->lists.start_pfn;
		state->free_pfn = c->zone->lists.end_pfn;
		state->flush |= !c->daemon;
		return true;
	}
	if (c->order == BUD_COMPACT_ALL)
		return false;
	bool made = c->order == BUD_COMPACT_PROACTIVE
			    ? bud_zoneview_score(c->zone->view, &c->machine->kernel) <= low_mark(c->machine)
			    : block_end(c, c->migrate_pfn - 1) == c->migrate_pfn && block_was_made(c);
	if (made)
		c->run.result = BUD_COMPACT_SUCCESS;
	return made;
}

/* Asynchronous compaction spends its effort where the block would be of the right type. */
static bool is_source(const compaction *c, bud_pfn pfn)
{
	bud_migratetype block = bud_freelist_pageblock(&c->zone->lists, pfn);
	if (c->priority != BUD_COMPACT_ASYNC)
		return true;
	return block == c->type || (c->type == BUD_MT_MOVABLE && block == BUD_MT_CMA);
}

static bool is_target(const compaction *c, bud_pfn pfn)
{
	const bud_freelist *l = &c->zone->lists;
	bud_pfn head;
	bud_migratetype block = bud_freelist_pageblock(l, pfn);
	if (bud_freelist_block_of(l, pfn, &head) >= l->pageblock_order)
		return false;
	return c->priority == BUD_COMPACT_SYNC_FULL || block == BUD_MT_MOVABLE || block == BUD_MT_CMA;
}

static void put_place(pool *p, bud_pfn pfn, int order)
{
	p->places[order][p->nr[order]++] = pfn;
	p->pages += (uint64_t)1 << order;
}

/* A place of that order, or BUD_PFN_NONE: the smallest that fits, split from below. */
static bud_pfn take_place(pool *p, int order)
{
	int found = order;
	while (found < BUD_NR_ORDERS && !p->nr[found])
		found++;
	if (found == BUD_NR_ORDERS)
		return BUD_PFN_NONE;
	bud_pfn pfn = p->places[found][0];
	p->pages -= (uint64_t)1 << found;
	p->nr[found]--;
	for (unsigned i = 0; i < p->nr[found]; i++)
		p->places[found][i] = p->places[found][i + 1];
	while (found > order && found < BUD_NR_ORDERS) {
		found--;
		put_place(p, pfn + ((bud_pfn)1 << found), found);
	}
	return pfn;
}

/* Takes a free block to move pages to; not below the min mark (__isolate_free_page). */
static bool isolate(compaction *c, bud_pfn pfn, int order)
{
	bud_freelist *l = &c->zone->lists;
	const bud_zone_view *v = c->zone->view;
	if (bud_freelist_pageblock(l, pfn) == BUD_MT_ISOLATE || c->pool.nr[order] >= CLUSTER ||
	    !bud_zoneview_ok(v, &c->machine->kernel, 0, v->marks.min + ((uint64_t)1 << order), BUD_ZONE_DMA,
			     BUD_ALLOC_CMA))
		return false;
	bud_freelist_del(l, pfn);
	if (order >= l->pageblock_order - 1 && bud_freelist_pageblock(l, pfn) < BUD_MT_HIGHATOMIC)
		bud_freelist_set_pageblock(l, pfn, order, BUD_MT_MOVABLE);
	put_place(&c->pool, pfn, order);
	return true;
}

/* Free blocks of one pageblock, from pfn up in steps, until there are enough; false: the zone has no more to spare. */
static bool isolate_block(compaction *c, bud_pfn pfn, bud_pfn end, uint64_t want, unsigned stride)
{
	const bud_freelist *l = &c->zone->lists;
	while (pfn < end && c->pool.pages < want) {
		int order = bud_freelist_order(l, pfn);
		bud_pfn nr = order > 0 ? (bud_pfn)1 << order : 1;
		c->run.free_scanned += nr;
		if (order >= 0 && !isolate(c, pfn, order))
			return false;
		pfn += order >= 0 ? nr - 1 + stride : stride;
	}
	return true;
}

/* What the fast search comes upon. */
typedef struct search {
	bud_pfn low_pfn, min_pfn; /* good: the top quarter of what is left to scan; fair: the top half */
	bud_pfn found, fair, highest;
	unsigned limit;
} search;

/* The list begins with that block from now on: what was looked at comes last the next time (move_freelist_head). */
static void turn_list(bud_freelist *l, uint32_t head, uint32_t first)
{
	bud_frame_remove(l, head);
	bud_frame_push(l, first, head, true);
}

/* Looks through the end of the list of Movable blocks of one order. */
static void search_list(compaction *c, search *s, int order)
{
	bud_freelist *l = &c->zone->lists;
	uint32_t head = bud_freelist_head(l, order, BUD_MT_MOVABLE), frame = l->links[head].prev, last = frame;
	unsigned scanned = 0;
	s->found = s->fair = BUD_PFN_NONE;
	for (; frame != head && scanned < s->limit; frame = l->links[frame].prev) {
		bud_pfn pfn = l->base + frame;
		scanned++;
		last = frame;
		if (s->highest == BUD_PFN_NONE || pfn > s->highest)
			s->highest = pfn;
		if (pfn >= s->low_pfn) {
			s->found = pfn;
			break;
		}
		if (pfn >= s->min_pfn && (s->fair == BUD_PFN_NONE || pfn > s->fair)) {
			s->fair = pfn;
			s->limit /= 2;
		}
	}
	c->run.free_scanned += scanned;
	if (s->found == BUD_PFN_NONE)
		s->found = s->fair;
	if (s->found != BUD_PFN_NONE)
		last = (uint32_t)(s->found - l->base);
	if (last != head)
		turn_list(l, head, last);
	if (scanned >= s->limit)
		s->limit = s->limit > 1 ? s->limit / 2 : 1;
}

/* Where nothing was found: the first scan of a run begins at the best seen, or halfway down. */
static void give_up_search(compaction *c, const search *s)
{
	c->search_fail++;
	if (c->free_pfn < c->first_free_pfn)
		return;
	bud_pfn from = s->highest != BUD_PFN_NONE && s->highest >= s->min_pfn ? s->highest : s->min_pfn;
	if (from < c->free_pfn)
		c->free_pfn = block_end(c, from) < c->free_pfn ? block_end(c, from) : c->free_pfn;
}

/*
 * A free block high up in the zone straight from the ends of the Movable
 * lists, and what else its pageblock has (fast_isolate_freepages of 5.1+).
 */
static bool search_fast(compaction *c, uint64_t want)
{
	const bud_freelist *l = &c->zone->lists;
	bud_pfn distance = c->free_pfn - c->migrate_pfn;
	unsigned shift = c->search_fail < 4 ? c->search_fail : 4;
	bool begins = c->free_pfn >= c->first_free_pfn;
	search s = { .low_pfn = block_of(c, c->free_pfn - distance / 4) << l->pageblock_order,
		     .min_pfn = block_of(c, c->free_pfn - distance / 2) << l->pageblock_order,
		     .found = BUD_PFN_NONE,
		     .highest = BUD_PFN_NONE,
		     .limit = begins ? 1u << l->pageblock_order >> 1 : ((unsigned)(CLUSTER >> shift) + 1) / 2 };
	int top = c->order - 1, first = c->search_order < top ? c->search_order : top, order = first;
	s.limit = s.limit ? s.limit : 1;
	do {
		search_list(c, &s, order);
		if (s.found != BUD_PFN_NONE && s.found < c->free_pfn) {
			int found = bud_freelist_order(l, s.found);
			bud_pfn start = block_of(c, s.found) << l->pageblock_order;
			if (!isolate(c, s.found, found))
				return false;
			c->search_fail = 0;
			c->search_order = order;
			start = start > l->start_pfn ? start : l->start_pfn;
			isolate_block(c, start, block_end(c, s.found), want, 1);
			return true;
		}
		order = order ? order - 1 : top;
	} while (order != first);
	give_up_search(c, &s);
	return false;
}

/*
 * Places to move to. The free scanner comes down in strides, wider ones the
 * longer it finds nothing; a pageblock that still has free blocks is looked
 * at again.
 */
static void isolate_freepages(compaction *c, uint64_t want)
{
	const bud_freelist *l = &c->zone->lists;
	bool strides = c->machine->kernel.nofragment != 0; /* 5.1 has both */
	unsigned stride = strides && c->priority == BUD_COMPACT_ASYNC ? CLUSTER : 1;
	if (strides && c->order > 0 && !scanners_met(c) && search_fast(c, want))
		return;
	while (c->pool.pages < want && !scanners_met(c)) {
		uint64_t before = c->pool.pages;
		bud_pfn start = block_of(c, c->free_pfn - 1) << l->pageblock_order, end = c->free_pfn;
		start = start > l->start_pfn ? start : l->start_pfn;
		bool scans = !(c->hints && *bud_blockskip_of(c->zone, start)) && is_target(c, start);
		if (scans && !isolate_block(c, start, end, want, stride))
			return;
		if (c->pool.pages >= want)
			return;
		bool found = c->pool.pages > before;
		/* One with nothing free carries a hint from long ago. */
		if (strides && scans && (found || !c->hints || bud_freelist_block_free(l, start)))
			stride = found ? 1 : stride < CLUSTER ? stride * 2 : CLUSTER;
		if (scans)
			*bud_blockskip_of(c->zone, start) = 1;
		c->free_pfn = start;
	}
}

/* What was not needed goes back where it was. */
static void release_places(compaction *c)
{
	bud_freelist *l = &c->zone->lists;
	for (int order = 0; order < BUD_NR_ORDERS; order++)
		for (unsigned i = 0; i < c->pool.nr[order]; i++) {
			bud_pfn pfn = c->pool.places[order][i];
			bud_freelist_free(l, pfn, order, bud_freelist_pageblock(l, pfn), false);
		}
	c->pool.pages = 0;
	memset(c->pool.nr, 0, sizeof c->pool.nr);
}

/* Order of the movable block in use that begins at pfn, as far as this kernel moves such; -1 if none does. */
static int movable_at(const compaction *c, bud_pfn pfn)
{
	const bud_freelist *l = &c->zone->lists;
	if (!bud_freelist_is_used(l, pfn))
		return -1;
	int order = 0;
	if (c->owner && c->owner->movable)
		order = c->owner->movable(c->owner->self, pfn);
	else if (!bud_freelist_is_movable(l, pfn))
		order = -1;
	/* A folio as large as what is wanted would gain nothing. */
	int most = !c->machine->kernel.compact_per_order ? 0 : (c->order > 0 ? c->order : l->pageblock_order) - 1;
	most = most < l->pageblock_order ? most : l->pageblock_order - 1;
	return order >= 0 && order <= most && bud_machine_is_used(c->zone, pfn, order) ? order : -1;
}

/* Moves one block to a place of the pool; one that finds no place stays. False: there are none left at all. */
static bool move(compaction *c, bud_pfn from, int order)
{
	bud_freelist *l = &c->zone->lists;
	if (c->pool.pages < (uint64_t)1 << order)
		isolate_freepages(c, CLUSTER > 1 << order ? CLUSTER : 1 << order);
	bud_pfn to = take_place(&c->pool, order);
	if (to == BUD_PFN_NONE)
		return order > 0;
	bool movable = bud_freelist_is_movable(l, from);
	bud_machine_note_unused(c->zone, from, order);
	bud_machine_note_used(c->zone, to, order, movable);
	bud_freelist_free(l, from, order, bud_freelist_pageblock(l, from), false);
	c->run.moved += (uint64_t)1 << order;
	if (c->owner && c->owner->moved)
		c->owner->moved(c->owner->self, from, to, order);
	return true;
}

/*
 * An asynchronous run for a request cannot hope for a block in which one page
 * must stay, and passes it over (skip_on_failure of isolate_migratepages_block,
 * 4.8+). Goes on to pages that can all move, as many as are isolated at a time
 * or their block has, and returns where they end; the pageblock's end if there
 * are none.
 */
static bud_pfn skip_hopeless(compaction *c, bud_pfn end, uint64_t most)
{
	const bud_freelist *l = &c->zone->lists;
	bud_pfn group = (bud_pfn)1 << c->order, next = (c->migrate_pfn & ~(group - 1)) + group, taken = 0;
	bud_pfn pfn = c->migrate_pfn;
	while (pfn < end && taken < most) {
		if (pfn >= next && taken)
			return pfn;
		if (pfn >= next)
			next = (pfn & ~(group - 1)) + group;
		int order = bud_freelist_order(l, pfn), used = order < 0 ? movable_at(c, pfn) : -1;
		taken += used >= 0 ? (bud_pfn)1 << used : 0;
		if (order >= 0 || used >= 0) {
			pfn += (bud_pfn)1 << (order > used ? order : used);
		} else {
			taken = 0;
			pfn = c->migrate_pfn = next < end ? next : end;
		}
	}
	pfn = pfn < end ? pfn : end;
	if (!taken)
		c->migrate_pfn = pfn;
	return pfn;
}

/*
 * The migrate scanner goes on by a cluster of pages, or to the end of its
 * pageblock; one in which it moved some already, it finishes
 * (finish_pageblock). False: no places are left.
 */
static bool migrate(compaction *c)
{
	bud_freelist *l = &c->zone->lists;
	bud_pfn end = block_end(c, c->migrate_pfn), block = block_of(c, c->migrate_pfn);
	end = end < l->end_pfn ? end : l->end_pfn;
	bool begins = c->migrate_pfn == l->start_pfn || !(c->migrate_pfn & (((bud_pfn)1 << l->pageblock_order) - 1));
	if (!is_source(c, c->migrate_pfn) || (begins && c->hints && *bud_blockskip_of(c->zone, c->migrate_pfn))) {
		c->migrate_pfn = end;
		return true;
	}
	c->isolated = !begins && c->isolated;
	bool finishes = c->machine->kernel.nofragment && c->last_block == block; /* 5.1 has both */
	uint64_t most = finishes ? UINT64_MAX : CLUSTER, moved = c->run.moved;
	bool skips = c->priority == BUD_COMPACT_ASYNC && c->order >= 0;
	bud_pfn stop = skips ? skip_hopeless(c, end, most) : end;
	while (c->migrate_pfn < stop && c->run.moved - moved < most) {
		bud_pfn pfn = c->migrate_pfn;
		int order = bud_freelist_order(l, pfn), used = order < 0 ? movable_at(c, pfn) : -1;
		if (used >= 0 && !move(c, pfn, used))
			return false;
		int step = order > used ? order : used;
		bud_pfn nr = step > 0 ? (bud_pfn)1 << step : 1;
		c->run.migrate_scanned += nr;
		c->migrate_pfn = pfn + nr < end ? pfn + nr : end;
		c->isolated |= used >= 0;
	}
	if (c->run.moved > moved)
		c->last_block = block;
	if (c->migrate_pfn == end && (!c->isolated || finishes))
		*bud_blockskip_of(c->zone, end - 1) = 1;
	return true;
}

static void begin(compaction *c)
{
	bud_compact_state *state = &c->zone->compact;
	const bud_freelist *l = &c->zone->lists;
	bool all = c->order < 0 || c->priority == BUD_COMPACT_SYNC_FULL;
	c->daemon = c->order < 0 || (c->owner && c->owner->pause);
	if (c->order >= state->order_failed && state->defer_shift == MAX_DEFER && state->considered >= 1u << MAX_DEFER)
		bud_blockskip_reset(c->zone, &c->machine->kernel); /* compaction_restarting */
	c->migrate_pfn = all ? l->start_pfn : state->migrate_pfn[c->priority != BUD_COMPACT_ASYNC];
	c->free_pfn = all ? l->end_pfn : state->free_pfn;
	c->whole = all || c->migrate_pfn <= state->init_pfn;
	c->hints = c->order >= 0 && c->priority != BUD_COMPACT_SYNC_FULL;
	c->search_order = c->order - 1;
	c->first_free_pfn = c->free_pfn;
	c->last_block = BUD_PFN_NONE;
	const bud_compact_pause *pause = c->owner ? c->owner->pause : NULL;
	if (pause && pause->paused) {
		c->migrate_pfn = pause->migrate_pfn;
		c->free_pfn = pause->free_pfn;
		c->whole = pause->whole;
	}
}

/* The budget is used up: it goes on from here another time. */
static bool pauses(compaction *c)
{
	bud_compact_pause *pause = c->owner ? c->owner->pause : NULL;
	if (!pause)
		return false;
	pause->paused = c->run.moved >= pause->budget;
	pause->migrate_pfn = c->migrate_pfn;
	pause->free_pfn = c->free_pfn;
	pause->whole = c->whole;
	return pause->paused;
}

/* Where the next run goes on, unless this one has met. */
static void remember(const compaction *c)
{
	bud_compact_state *state = &c->zone->compact;
	bool sync = c->priority != BUD_COMPACT_ASYNC;
	if (c->run.result == BUD_COMPACT_COMPLETE || c->run.result == BUD_COMPACT_PARTIAL)
		return;
	if (c->migrate_pfn > state->migrate_pfn[0])
		state->migrate_pfn[0] = c->migrate_pfn;
	if (sync && c->migrate_pfn > state->migrate_pfn[1])
		state->migrate_pfn[1] = c->migrate_pfn;
	if (c->free_pfn < state->free_pfn)
		state->free_pfn = c->free_pfn;
}

bud_compact_run bud_compact_zone(bud_machine *machine, bud_machine_zone *zone, int order, bud_migratetype type,
				 bud_zone_type highest, unsigned alloc_flags, int priority,
				 const bud_compact_owner *owner)
{
	compaction c = {
		.machine = machine, .zone = zone, .owner = owner, .order = order, .type = type, .priority = priority
	};
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
		if (!pauses(&c) && (migrate(&c) || scanners_met(&c)))
			continue;
		c.run.result = BUD_COMPACT_CONTENDED;
		break;
	}
	release_places(&c);
	remember(&c);
	return c.run;
}

bud_compact_result bud_compact_pages(bud_machine *machine, const bud_alloc_context *context, int priority,
				     const bud_compact_owner *owner, bud_compact_run *total)
{
	bud_compact_run sum = { .result = BUD_COMPACT_SKIPPED };
	for (int i = 0; i < context->list->nr; i++) {
		bud_machine_zone *zone = &machine->zones[context->list->zone[i]];
		bud_compact_run run = { .result = BUD_COMPACT_DEFERRED };
		if (!bud_request_allows(context, zone->view))
			continue;
		if (priority == BUD_COMPACT_SYNC_FULL || !bud_compact_deferred(zone, context->order))
			run = bud_compact_zone(machine, zone, context->order, context->type, context->highest,
					       context->flags, priority, owner);
		sum.result = run.result > sum.result ? run.result : sum.result;
		sum.migrate_scanned += run.migrate_scanned;
		sum.free_scanned += run.free_scanned;
		sum.moved += run.moved;
		if (run.result == BUD_COMPACT_SUCCESS) {
			bud_compact_defer_reset(zone, context->order, false);
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
