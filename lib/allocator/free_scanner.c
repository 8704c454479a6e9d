/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/allocator/blockskip.h"
#include "lib/allocator/compact_control.h"

/* Places */

static void put_place(bud_compact_control *c, bud_pfn pfn, int order, bool tail)
{
	bud_freelist *l = &c->zone->lists;
	bud_frame_push(l, c->zone->places + (uint32_t)order, (uint32_t)(pfn - l->base), tail);
	c->nr_freepages += (uint64_t)1 << order;
}

static bud_pfn first_place(bud_compact_control *c, int order)
{
	bud_freelist *l = &c->zone->lists;
	uint32_t head = c->zone->places + (uint32_t)order, frame = l->links[head].next;
	if (frame == head)
		return BUD_PFN_NONE;
	bud_frame_remove(l, frame);
	c->nr_freepages -= (uint64_t)1 << order;
	return l->base + frame;
}

/* The smallest place that fits, split from below. */
static bud_pfn take_place(bud_compact_control *c, int order)
{
	bud_pfn pfn = BUD_PFN_NONE;
	int found = order;
	while (found < BUD_NR_ORDERS && (pfn = first_place(c, found)) == BUD_PFN_NONE)
		found++;
	while (pfn != BUD_PFN_NONE && found-- > order)
		put_place(c, pfn + ((bud_pfn)1 << found), found, false);
	return pfn;
}

void bud_free_scanner_put(bud_compact_control *c, bud_pfn pfn, int order)
{
	put_place(c, pfn, order, false);
}

void bud_free_scanner_release(bud_compact_control *c)
{
	bud_freelist *l = &c->zone->lists;
	bud_pfn highest = 0;
	for (int order = 0; order < BUD_NR_ORDERS; order++)
		for (bud_pfn pfn; (pfn = first_place(c, order)) != BUD_PFN_NONE;) {
			bud_freelist_free(l, pfn, order, bud_freelist_pageblock(l, pfn), false);
			highest = pfn > highest ? pfn : highest;
		}
	bud_compact_state *state = &c->zone->compact;
	if (highest && bud_compact_block_start(c, highest) > state->free_pfn)
		state->free_pfn = bud_compact_block_start(c, highest);
}

/* Takes a free block off the lists; not below the min mark (__isolate_free_page). */
static bool isolate(bud_compact_control *c, bud_pfn pfn, int order)
{
	bud_freelist *l = &c->zone->lists;
	const bud_zone_view *v = c->zone->view;
	if (bud_freelist_pageblock(l, pfn) == BUD_MT_ISOLATE ||
	    !bud_zoneview_ok(v, &c->machine->kernel, 0, v->marks.min + ((uint64_t)1 << order), BUD_ZONE_DMA,
			     BUD_ALLOC_CMA))
		return false;
	bud_freelist_del(l, pfn);
	if (order >= l->pageblock_order - 1 && bud_freelist_pageblock(l, pfn) < BUD_MT_HIGHATOMIC)
		bud_freelist_set_pageblock(l, pfn, order, BUD_MT_MOVABLE);
	put_place(c, pfn, order, true);
	return true;
}

static bool has_enough(const bud_compact_control *c)
{
	return c->nr_freepages >= c->nr_migratepages;
}

/* Free blocks of one pageblock, from pfn up in steps, until there are enough. Returns how far it came
 * (isolate_freepages_block). */
static bud_pfn isolate_block(bud_compact_control *c, bud_pfn pfn, bud_pfn end, unsigned stride)
{
	const bud_freelist *l = &c->zone->lists;
	while (pfn < end) {
		int order = bud_freelist_order(l, pfn);
		c->run.free_scanned++;
		if (order < 0) {
			pfn += stride;
			continue;
		}
		if (!isolate(c, pfn, order))
			break;
		bud_pfn nr = (bud_pfn)1 << order;
		c->run.free_scanned += nr - 1;
		if (has_enough(c)) {
			pfn += nr;
			break;
		}
		pfn += nr - 1 + stride;
	}
	return pfn < end ? pfn : end;
}

/* The search by free list */

typedef struct search {
	bud_pfn low_pfn, min_pfn; /* good: the top quarter of what is left to scan; fair: the top half */
	bud_pfn found, highest;	  /* highest: pageblock of the highest block seen; 0: none */
	unsigned limit;
} search;

/* Looks through the Movable blocks of one order, from the end of the list. What was looked at comes last the next
 * time. */
static void search_list(bud_compact_control *c, search *s, int order)
{
	bud_freelist *l = &c->zone->lists;
	uint32_t head = bud_freelist_head(l, order, BUD_MT_MOVABLE), frame = l->links[head].prev, last = head;
	bud_pfn fair = BUD_PFN_NONE;
	unsigned scanned = 0;
	for (; frame != head; frame = l->links[frame].prev) {
		bud_pfn pfn = l->base + frame, block = bud_compact_block_start(c, pfn);
		scanned++;
		block = block > l->start_pfn ? block : l->start_pfn;
		s->highest = block > s->highest ? block : s->highest;
		if (pfn >= s->low_pfn) {
			c->at.fast_search_fail = 0;
			c->at.search_order = order;
			s->found = pfn;
		} else if (pfn >= s->min_pfn && (fair == BUD_PFN_NONE || pfn > fair)) {
			fair = pfn;
			s->limit /= 2;
		}
		if (s->found != BUD_PFN_NONE || scanned >= s->limit) {
			last = frame;
			break;
		}
	}
	c->run.free_scanned += scanned;
	if (s->found == BUD_PFN_NONE)
		s->found = fair;
	bud_compact_turn_list(l, head, s->found != BUD_PFN_NONE ? (uint32_t)(s->found - l->base) : last);
	if (scanned >= s->limit)
		s->limit = s->limit > 1 ? s->limit / 2 : 1;
}

/* The next order, round and round; -1: all were searched (next_search_order). */
static int next_order(bud_compact_control *c, int order)
{
	order = order ? order - 1 : c->order - 1;
	if (order != c->at.search_order)
		return order;
	c->at.search_order = order ? order - 1 : c->order - 1;
	return -1;
}

/* What else the pageblock has; a request that compacts asynchronously is in a hurry (fast_isolate_around). */
static void isolate_around(bud_compact_control *c, bud_pfn pfn)
{
	const bud_freelist *l = &c->zone->lists;
	bud_pfn start = bud_compact_block_start(c, pfn), end = bud_compact_block_end(c, pfn);
	if (has_enough(c) || (c->direct && c->priority == BUD_COMPACT_ASYNC))
		return;
	start = start > l->start_pfn ? start : l->start_pfn;
	end = end < l->end_pfn ? end : l->end_pfn;
	if (isolate_block(c, start, end, 1) == end)
		*bud_blockskip_of(c->zone, start) = 1;
}

static bool is_target(const bud_compact_control *c, bud_pfn start)
{
	const bud_freelist *l = &c->zone->lists;
	int most = c->machine->kernel.compact_per_order && c->order > 0 ? c->order : l->pageblock_order;
	bud_migratetype type = bud_freelist_pageblock(l, start);
	if (bud_freelist_order(l, start) >= most)
		return false;
	return c->any_target || type == BUD_MT_MOVABLE || type == BUD_MT_CMA;
}

/* Where nothing was found, a run that begins goes on from the best seen, or from halfway down. */
static bud_pfn give_up_search(bud_compact_control *c, const search *s, bool begins)
{
	c->at.fast_search_fail++;
	if (!begins)
		return BUD_PFN_NONE;
	if (s->highest >= s->min_pfn)
		return c->at.free_pfn = s->highest;
	if (!c->direct)
		return BUD_PFN_NONE;
	c->at.free_pfn = s->min_pfn;
	bud_pfn start = s->min_pfn > c->zone->lists.start_pfn ? s->min_pfn : c->zone->lists.start_pfn;
	return is_target(c, start) ? s->min_pfn : BUD_PFN_NONE;
}

/* A free block high up in the zone straight from the lists of Movable blocks, and what is around it
 * (fast_isolate_freepages of 5.1+). */
static void search_fast(bud_compact_control *c)
{
	bud_compact_state *state = &c->zone->compact;
	bud_pfn distance = c->at.free_pfn - c->at.migrate_pfn, found = BUD_PFN_NONE;
	bool begins = c->at.free_pfn >= state->init_free_pfn;
	unsigned limit = bud_compact_scan_limit(c) / 2;
	search s = { .low_pfn = bud_compact_block_start(c, c->at.free_pfn - distance / 4),
		     .min_pfn = bud_compact_block_start(c, c->at.free_pfn - distance / 2),
		     .found = BUD_PFN_NONE,
		     .limit = begins ? 1u << c->zone->lists.pageblock_order >> 1 : limit ? limit : 1 };
	if (c->at.search_order >= c->order)
		c->at.search_order = c->order - 1;
	for (int order = c->at.search_order; found == BUD_PFN_NONE && order >= 0; order = next_order(c, order)) {
		if (!c->zone->lists.area.nr_free[order])
			continue;
		search_list(c, &s, order);
		if (s.found == BUD_PFN_NONE)
			continue;
		if (!isolate(c, s.found, order))
			break;
		found = s.found;
	}
	if (found == BUD_PFN_NONE)
		found = give_up_search(c, &s, begins);
	if (s.highest && s.highest >= state->free_pfn)
		state->free_pfn = s.highest - ((bud_pfn)1 << c->zone->lists.pageblock_order);
	if (found != BUD_PFN_NONE)
		isolate_around(c, found);
}

/* The scanner */

/*
 * Comes down pageblock by pageblock until there are enough places, upwards
 * in each, in strides, wider ones the longer it finds nothing
 * (isolate_freepages).
 */
static void scan(bud_compact_control *c)
{
	const bud_freelist *l = &c->zone->lists;
	bool strides = bud_compact_searches(c);
	unsigned stride = strides && c->priority == BUD_COMPACT_ASYNC ? BUD_COMPACT_CLUSTER : 1;
	bud_pfn nr = (bud_pfn)1 << l->pageblock_order, low_pfn = bud_compact_block_end(c, c->at.migrate_pfn);
	bud_pfn pfn = c->at.free_pfn, start = bud_compact_block_start(c, pfn), end = start + nr;
	for (end = end < l->end_pfn ? end : l->end_pfn; start >= low_pfn; end = start, pfn = start -= nr) {
		if (!is_target(c, start) || (c->heeds_hints && *bud_blockskip_of(c->zone, start)))
			continue;
		uint64_t before = c->nr_freepages;
		pfn = isolate_block(c, pfn, end, stride);
		if (pfn == end) {
			*bud_blockskip_of(c->zone, start) = 1;
			if (start - nr < c->zone->compact.free_pfn)
				c->zone->compact.free_pfn = start - nr;
		}
		if (has_enough(c) && pfn == end)
			pfn = start - nr;
		if (has_enough(c) || pfn < end)
			break;
		bool found = c->nr_freepages > before;
		if (strides)
			stride = found ? 1 : stride < BUD_COMPACT_CLUSTER ? stride * 2 : BUD_COMPACT_CLUSTER;
	}
	c->at.free_pfn = pfn;
}

bud_pfn bud_free_scanner_take(bud_compact_control *c, int order)
{
	bud_pfn pfn = take_place(c, order);
	if (pfn != BUD_PFN_NONE)
		return pfn;
	if (bud_compact_searches(c) && c->order > 0 && !bud_compact_scanners_met(c))
		search_fast(c);
	if (!c->nr_freepages)
		scan(c);
	return take_place(c, order);
}
