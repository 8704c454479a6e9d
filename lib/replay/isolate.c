/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/replay/isolate.h"

#include <stdlib.h>

#include "lib/replay/scanner.h"

#define MAX_SUMMED 64 /* blocks of which the sum of those taken is looked for */

static uint64_t size_of(const bud_isolate_block *block)
{
	return (uint64_t)1 << block->order;
}

static void add_block(bud_isolate_blocks *blocks, const bud_isolate_block *block)
{
	if (blocks->nr < BUD_ISOLATE_BLOCKS) {
		blocks->list[blocks->nr++] = *block;
		blocks->pages += size_of(block);
	}
}

/* Adds pages [start, end) as the blocks they make up. */
static void add_range(bud_isolate_blocks *blocks, bud_pfn start, bud_pfn end)
{
	while (start < end) {
		int fits = 63 - __builtin_clzll(end - start), aligned = start ? __builtin_ctzll(start) : fits;
		bud_isolate_block block = { start, fits < aligned ? fits : aligned };
		add_block(blocks, &block);
		start += size_of(&block);
	}
}

static void find_blocks(const bud_zone *zone, bud_pfn start, bud_pfn end, bud_isolate_blocks *found)
{
	found->nr = 0;
	found->pages = 0;
	while (start < end && found->nr < BUD_ISOLATE_BLOCKS) {
		bud_isolate_block block;
		block.order = bud_buddy_next_block(&zone->buddy, start, end, &block.pfn);
		if (block.order < 0)
			return;
		start = block.pfn + size_of(&block);
		add_block(found, &block);
	}
}

static uint64_t take(bud_zone *zone, const bud_isolate_block *block)
{
	bud_buddy_isolate_type(&zone->buddy, block->pfn, block->order);
	return bud_zone_make_used(zone, block->pfn, block->order);
}

static uint64_t take_all(bud_zone *zone, const bud_isolate_blocks *blocks)
{
	uint64_t removed = 0;
	for (size_t i = 0; i < blocks->nr; i++)
		removed += take(zone, &blocks->list[i]);
	return removed;
}

/* Walks as the kernel does and notes the blocks it steps on, if met is given; *steps is how many pages it looked at. */
static uint64_t walk(const bud_isolate_blocks *found, const bud_event *event, bud_pfn stride, bud_isolate_blocks *met,
		     uint64_t *steps)
{
	uint64_t taken = 0;
	size_t i = 0;
	*steps = 0;
	for (bud_pfn pfn = event->isolate.start_pfn; pfn < event->isolate.end_pfn; pfn += stride) {
		++*steps;
		while (i < found->nr && found->list[i].pfn < pfn)
			i++;
		if (i == found->nr || found->list[i].pfn != pfn)
			continue;
		taken += size_of(&found->list[i]);
		if (met)
			add_block(met, &found->list[i]);
		pfn += size_of(&found->list[i]) - 1;
	}
	return taken;
}

static bool is_full(const bud_event *event, const bud_isolate_blocks *found, const bud_isolate_hints *hints)
{
	uint64_t span = event->isolate.end_pfn - event->isolate.start_pfn;
	uint64_t taken = event->isolate.nr_taken, scanned = event->isolate.nr_scanned;
	if (scanned >= span)
		return true;
	if (!hints->old_kernel)
		return false;
	return hints->stride == 1 || scanned > (span - taken) / 2 + found->nr + 1;
}

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

/*
 * Of the strides that give what was taken, the one whose steps are nearest to
 * those counted; 0 for none. Where the stride is known no other counts.
 */
static bud_pfn find_stride(const bud_event *event, const bud_isolate_blocks *found, unsigned known)
{
	bud_pfn best = 0;
	uint64_t best_distance = UINT64_MAX;
	for (bud_pfn stride = 1; stride <= BUD_SCANNER_MAX_STRIDE; stride *= 2) {
		uint64_t steps;
		if ((known && stride != known) || walk(found, event, stride, NULL, &steps) != event->isolate.nr_taken)
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
		bud_isolate_block block;
		block.order = bud_buddy_block_of(&zone->buddy, hints->proven[i], &block.pfn);
		if (block.order < 0) /* not free, or not of this zone */
			continue;
		if (removed + size_of(&block) > wanted)
			block = (bud_isolate_block){ hints->proven[i], 0 };
		removed += take(zone, &block);
	}
	return removed;
}

/* What is proven, then the lowest blocks; while learning nothing is made up. */
static bud_isolate_result take_likeliest(bud_zone *zone, const bud_event *event, const bud_isolate_hints *hints,
					 bool learning)
{
	bud_isolate_blocks found = { .nr = 0 };
	uint64_t wanted = event->isolate.nr_taken, proven = take_proven(zone, hints, wanted), guessed = 0;
	if (!learning)
		find_blocks(zone, event->isolate.start_pfn, event->isolate.end_pfn, &found);
	for (size_t i = 0; i < found.nr && proven + guessed < wanted; i++)
		if (proven + guessed + size_of(&found.list[i]) <= wanted)
			guessed += take(zone, &found.list[i]);
	return (bud_isolate_result){ proven + guessed, distance(wanted, proven), .proven = true };
}

/* In how many ways, two standing for more, the first i blocks add up to that sum: ways[i * row + sum]. */
static void count_ways(const bud_isolate_blocks *found, size_t nr, uint64_t wanted, uint64_t row, uint8_t *ways)
{
	for (uint64_t sum = 0; sum <= wanted; sum++)
		ways[sum] = sum == 0;
	for (size_t i = 0; i < nr; i++)
		for (uint64_t sum = 0; sum <= wanted; sum++) {
			uint64_t size = size_of(&found->list[i]);
			unsigned n = ways[i * row + sum] + (sum >= size ? ways[i * row + sum - size] : 0);
			ways[(i + 1) * row + sum] = n > 2 ? 2 : (uint8_t)n;
		}
}

/* Blocks that can have gone, so that what was taken is left: as sizes divide one another, the largest first will do. */
static void take_largest(const bud_isolate_blocks *found, size_t nr, uint64_t taken, bud_isolate_finds *finds)
{
	uint64_t gone = 0;
	for (size_t i = 0; i < nr; i++)
		gone += size_of(&found->list[i]);
	gone -= taken < gone ? taken : gone;
	for (int order = BUD_NR_ORDERS - 1; order >= 0; order--)
		for (size_t i = 0; i < nr; i++)
			if (found->list[i].order == order && (uint64_t)1 << order <= gone) {
				add_block(&finds->gone, &found->list[i]);
				gone -= (uint64_t)1 << order;
			}
	finds->likely = true;
}

/* All of them lie side by side, up to end. */
static bool in_one_piece(const bud_isolate_blocks *found, bud_pfn end)
{
	return found->nr && found->list[0].pfn + found->pages == end;
}

/*
 * It met all these blocks and took less. If only some of them add up to what
 * it took, in one way only, those were there and the others had gone. Where
 * it stopped early, the last block is what made it stop.
 */
static void tell_apart(const bud_isolate_blocks *found, const bud_event *event, bool stopped, bud_isolate_finds *finds)
{
	uint64_t wanted = event->isolate.nr_taken, row = wanted + 1;
	if (wanted && stopped && in_one_piece(found, event->isolate.end_pfn)) {
		add_range(&finds->gone, found->list[0].pfn, event->isolate.end_pfn - wanted);
		add_range(&finds->there, event->isolate.end_pfn - wanted, event->isolate.end_pfn);
		return;
	}
	const bud_isolate_block *last = found->nr ? &found->list[found->nr - 1] : NULL;
	size_t nr = found->nr;
	if (wanted && stopped && last && last->pfn + size_of(last) == event->isolate.end_pfn &&
	    size_of(last) <= wanted) {
		add_block(&finds->there, last);
		wanted -= size_of(last);
		nr--;
	}
	uint8_t *ways = nr > MAX_SUMMED ? NULL : malloc((nr + 1) * row);
	if (ways)
		count_ways(found, nr, wanted, row, ways);
	if (!ways || ways[nr * row + wanted] != 1) {
		take_largest(found, nr, wanted, finds);
		free(ways);
		return;
	}
	while (nr-- > 0) {
		uint64_t size = size_of(&found->list[nr]);
		bool there = wanted >= size && ways[nr * row + wanted - size];
		add_block(there ? &finds->there : &finds->gone, &found->list[nr]);
		wanted -= there ? size : 0;
	}
	free(ways);
}

static bud_isolate_result full_scan(bud_zone *zone, const bud_event *event, const bud_isolate_hints *hints,
				    const bud_isolate_blocks *found, bud_isolate_finds *finds)
{
	uint64_t taken = event->isolate.nr_taken, lacking = taken > found->pages ? taken - found->pages : 0;
	if (finds && !lacking)
		tell_apart(found, event, hints->stopped, finds);
	return (bud_isolate_result){ take_all(zone, found), lacking, .looked_at = 1 };
}

/* It took nothing: the first pages of blocks on its way, where that is known for certain, had gone. */
static bud_isolate_result empty_scan(bud_zone *zone, const bud_event *event, const bud_isolate_hints *hints,
				     const bud_isolate_blocks *found, bud_isolate_finds *finds)
{
	uint64_t span = event->isolate.end_pfn - event->isolate.start_pfn, removed = 0;
	if (!hints->stride || event->isolate.nr_scanned != (span + hints->stride - 1) / hints->stride)
		return (bud_isolate_result){ .removed = 0 };
	for (size_t i = 0; i < found->nr; i++) {
		if ((found->list[i].pfn - event->isolate.start_pfn) % hints->stride)
			continue;
		removed += bud_zone_make_used(zone, found->list[i].pfn, 0);
		if (finds)
			add_block(&finds->gone, &found->list[i]);
	}
	if (finds)
		finds->heads = true;
	return (bud_isolate_result){ removed, 0, .looked_at = hints->stride };
}

static bud_isolate_result walked(bud_zone *zone, const bud_event *event, bud_pfn stride,
				 const bud_isolate_blocks *found, bud_isolate_finds *finds)
{
	bud_isolate_blocks met = { .nr = 0 };
	uint64_t steps;
	walk(found, event, stride, &met, &steps);
	if (finds)
		finds->there = met;
	return (bud_isolate_result){ .removed = take_all(zone, &met) };
}

/* A scan that stopped early did so behind the last block it took: what the replay holds free across that was two. */
static void cut_last(bud_isolate_blocks *found, bud_pfn end)
{
	bud_isolate_block last = found->nr ? found->list[found->nr - 1] : (bud_isolate_block){ 0, 0 };
	if (!found->nr || last.pfn + size_of(&last) <= end)
		return;
	found->nr--;
	found->pages -= size_of(&last);
	add_range(found, last.pfn, end);
}

bud_isolate_result bud_isolate_scan(bud_zone *zone, const bud_event *event, const bud_isolate_hints *hints,
				    bud_isolate_finds *finds)
{
	bud_isolate_blocks found;
	bud_pfn start = event->isolate.start_pfn, end = event->isolate.end_pfn;
	uint64_t taken = event->isolate.nr_taken;
	if (finds) {
		finds->there.nr = finds->there.pages = finds->gone.nr = finds->gone.pages = 0;
		finds->heads = finds->likely = false;
	}
	if (taken == end - start) {
		if (finds)
			add_range(&finds->there, start, end);
		return (bud_isolate_result){ .removed = bud_zone_make_used_range(zone, start, end) };
	}
	find_blocks(zone, start, end, &found);
	if (hints->stopped)
		cut_last(&found, end);
	if (taken == found.pages) {
		if (finds)
			finds->there = found;
		return (bud_isolate_result){ take_all(zone, &found), 0, .looked_at = is_full(event, &found, hints) };
	}
	if (is_full(event, &found, hints))
		return full_scan(zone, event, hints, &found, finds);
	if (!taken)
		return empty_scan(zone, event, hints, &found, finds);
	bud_pfn stride = find_stride(event, &found, hints->stride);
	return stride ? walked(zone, event, stride, &found, finds) : take_likeliest(zone, event, hints, finds);
}

/* The only free block of that order at or behind pfn; BUD_PFN_NONE if there are none or several. */
static bud_pfn only_block(const bud_zone *zone, bud_pfn pfn, int order)
{
	const bud_pageset *blocks = &zone->buddy.heads[order];
	uint64_t end = (zone->start_pfn + zone->spanned) >> order, i = bud_pageset_next(blocks, pfn >> order, end);
	return i < end && bud_pageset_next(blocks, i + 1, end) >= end ? i << order : BUD_PFN_NONE;
}

bud_isolate_result bud_isolate_fast(bud_zone *zone, const bud_event *event, const bud_isolate_hints *hints)
{
	uint64_t taken = event->isolate.nr_taken;
	int order = taken ? 63 - __builtin_clzll(taken) : 0;
	if (!taken || taken != (uint64_t)1 << order || order > zone->buddy.max_order)
		return (bud_isolate_result){ .unexplained = taken, .block = BUD_PFN_NONE };
	bud_pfn block = hints->guess;
	if (hints->nr_proven)
		block = hints->proven[0] >> order << order;
	else if (hints->past_only)
		block = only_block(zone, event->isolate.start_pfn, order);
	bool inside = block >= zone->start_pfn && block + taken <= zone->start_pfn + zone->spanned;
	uint64_t removed = block != BUD_PFN_NONE && inside ? take(zone, &(bud_isolate_block){ block, order }) : 0;
	return (bud_isolate_result){ .removed = removed,
				     .unexplained = hints->nr_proven || hints->sure ? taken - removed : taken,
				     .block = removed ? block : BUD_PFN_NONE };
}
