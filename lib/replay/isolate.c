/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/replay/isolate.h"

#define MAX_STRIDE 32	/* COMPACT_CLUSTER_MAX; strides double from 1 to it */
#define MAX_HEADS  4096 /* of one scanned range: a pageblock of 64 KiB pages has 8192 pages */

typedef struct head {
	bud_pfn pfn;
	int order;
} head;

typedef struct heads {
	head list[MAX_HEADS];
	size_t nr;
	uint64_t pages;
} heads;

static uint64_t size_of(const head *h)
{
	return (uint64_t)1 << h->order;
}

static void find_heads(const bud_zone *zone, bud_pfn start, bud_pfn end, heads *found)
{
	found->nr = 0;
	found->pages = 0;
	while (start < end && found->nr < MAX_HEADS) {
		head *h = &found->list[found->nr];
		h->order = bud_buddy_next_block(&zone->buddy, start, end, &h->pfn);
		if (h->order < 0)
			return;
		start = h->pfn + size_of(h);
		found->pages += size_of(h);
		found->nr++;
	}
}

static uint64_t take(bud_zone *zone, const head *h)
{
	bud_buddy_isolate_type(&zone->buddy, h->pfn, h->order);
	return bud_zone_make_used(zone, h->pfn, h->order);
}

static uint64_t take_all(bud_zone *zone, const heads *found)
{
	uint64_t removed = 0;
	for (size_t i = 0; i < found->nr; i++)
		removed += take(zone, &found->list[i]);
	return removed;
}

/* Walks as the kernel does; *steps is how many pages it looked at. Takes the blocks if zone is given. */
static uint64_t walk(bud_zone *zone, const heads *found, bud_pfn start, bud_pfn end, bud_pfn stride, uint64_t *steps)
{
	uint64_t taken = 0;
	size_t i = 0;
	*steps = 0;
	for (bud_pfn pfn = start; pfn < end; pfn += stride) {
		++*steps;
		while (i < found->nr && found->list[i].pfn < pfn)
			i++;
		if (i == found->nr || found->list[i].pfn != pfn)
			continue;
		taken += size_of(&found->list[i]);
		if (zone)
			take(zone, &found->list[i]);
		pfn += size_of(&found->list[i]) - 1;
	}
	return taken;
}

static bool is_full(const bud_event *event, const heads *found, const bud_isolate_hints *hints)
{
	uint64_t span = event->isolate.end_pfn - event->isolate.start_pfn;
	uint64_t taken = event->isolate.nr_taken, scanned = event->isolate.nr_scanned;
	if (scanned >= span)
		return true;
	if (!hints->old_kernel)
		return false;
	return hints->resumed || scanned > (span - taken) / 2 + found->nr + 1;
}

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

/* Of the strides that give what was taken, the one whose steps are nearest to those counted; 0 for none. */
static bud_pfn find_stride(const bud_event *event, const heads *found)
{
	bud_pfn best = 0;
	uint64_t best_distance = UINT64_MAX;
	for (bud_pfn stride = 1; stride <= MAX_STRIDE; stride *= 2) {
		uint64_t steps;
		if (walk(NULL, found, event->isolate.start_pfn, event->isolate.end_pfn, stride, &steps) !=
		    event->isolate.nr_taken)
			continue;
		uint64_t d = distance(steps, event->isolate.nr_scanned);
		if (d < best_distance) {
			best = stride;
			best_distance = d;
		}
	}
	return best;
}

/* Takes the blocks of proven pages, whole while they fit, else the page alone. */
static uint64_t take_proven(bud_zone *zone, const bud_isolate_hints *hints, uint64_t wanted)
{
	uint64_t removed = 0;
	for (size_t i = 0; i < hints->nr_proven; i++) {
		head h;
		h.order = bud_buddy_block_of(&zone->buddy, hints->proven[i], &h.pfn);
		if (h.order < 0) /* not free, or not of this zone */
			continue;
		if (removed + size_of(&h) > wanted)
			h = (head){ hints->proven[i], 0 };
		removed += take(zone, &h);
	}
	return removed;
}

static bud_isolate_result take_likeliest(bud_zone *zone, const bud_event *event, const bud_isolate_hints *hints)
{
	heads found;
	uint64_t wanted = event->isolate.nr_taken, proven = take_proven(zone, hints, wanted), guessed = 0;
	find_heads(zone, event->isolate.start_pfn, event->isolate.end_pfn, &found);
	for (size_t i = 0; i < found.nr && proven + guessed < wanted; i++)
		if (proven + guessed + size_of(&found.list[i]) <= wanted)
			guessed += take(zone, &found.list[i]);
	return (bud_isolate_result){ proven + guessed, distance(wanted, proven), 0, BUD_PFN_NONE };
}

bud_isolate_result bud_isolate_scan(bud_zone *zone, const bud_event *event, const bud_isolate_hints *hints)
{
	heads found;
	bud_pfn start = event->isolate.start_pfn, end = event->isolate.end_pfn;
	uint64_t taken = event->isolate.nr_taken, steps;
	if (taken == end - start)
		return (bud_isolate_result){ bud_zone_make_used_range(zone, start, end), 0, 0, BUD_PFN_NONE };
	find_heads(zone, start, end, &found);
	if (taken == found.pages)
		return (bud_isolate_result){ take_all(zone, &found), 0, 0, BUD_PFN_NONE };
	if (is_full(event, &found, hints)) {
		uint64_t lacking = taken > found.pages ? taken - found.pages : 0;
		uint64_t surplus = found.pages > taken ? found.pages - taken : 0;
		return (bud_isolate_result){ take_all(zone, &found), lacking, surplus, BUD_PFN_NONE };
	}
	if (!taken)
		return (bud_isolate_result){ 0, 0, 0, BUD_PFN_NONE };
	bud_pfn stride = find_stride(event, &found);
	if (stride)
		return (bud_isolate_result){ walk(zone, &found, start, end, stride, &steps), 0, 0, BUD_PFN_NONE };
	return take_likeliest(zone, event, hints);
}

static bool is_wrong(const bud_isolate_hints *hints, bud_pfn block)
{
	for (size_t i = 0; i < hints->nr_wrong; i++)
		if (hints->wrong[i] == block)
			return true;
	return false;
}

/* The only free block of that order at or behind pfn that is not known to have stayed; BUD_PFN_NONE if there are none
 * or several. */
static bud_pfn only_block(const bud_zone *zone, bud_pfn pfn, int order, const bud_isolate_hints *hints)
{
	const bud_pageset *blocks = &zone->buddy.heads[order];
	uint64_t end = (zone->start_pfn + zone->spanned) >> order;
	bud_pfn only = BUD_PFN_NONE;
	for (uint64_t i = pfn >> order; (i = bud_pageset_next(blocks, i, end)) < end; i++) {
		if (is_wrong(hints, i << order))
			continue;
		if (only != BUD_PFN_NONE)
			return BUD_PFN_NONE;
		only = i << order;
	}
	return only;
}

bud_isolate_result bud_isolate_fast(bud_zone *zone, const bud_event *event, const bud_isolate_hints *hints)
{
	uint64_t taken = event->isolate.nr_taken;
	int order = taken ? 63 - __builtin_clzll(taken) : 0;
	if (!taken || taken != (uint64_t)1 << order || order > zone->buddy.max_order)
		return (bud_isolate_result){ 0, taken, 0, BUD_PFN_NONE };
	if (hints->nr_proven) {
		bud_pfn block = hints->proven[0] >> order << order;
		bool inside = block >= zone->start_pfn && block + taken <= zone->start_pfn + zone->spanned;
		if (inside)
			bud_buddy_isolate_type(&zone->buddy, block, order);
		uint64_t removed = inside ? bud_zone_make_used(zone, block, order) : 0;
		return (bud_isolate_result){ removed, hints->sure ? taken - removed : taken, 0, BUD_PFN_NONE };
	}
	bud_pfn guess = only_block(zone, event->isolate.start_pfn, order, hints);
	if (guess == BUD_PFN_NONE)
		return (bud_isolate_result){ 0, taken, 0, BUD_PFN_NONE };
	return (bud_isolate_result){ take(zone, &(head){ guess, order }), taken, 0, guess };
}
