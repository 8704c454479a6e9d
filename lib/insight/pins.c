/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/insight/pins.h"

#include <stdlib.h>

/* One look at the whole memory. */
typedef struct look {
	bud_pins *pins;
	const bud_kernel *kernel;
	const bud_owners *owners;
	size_t room;	/* for blocks */
	uint64_t *seen; /* by row: number of the last block that had pages of it, + 1 */
	uint32_t *here; /* and how many that had */
} look;

static bool add_block(look *l, const bud_pinned_block *block)
{
	bud_pins *pins = l->pins;
	if (pins->nr_blocks == l->room) {
		size_t room = l->room ? l->room * 2 : 256;
		bud_pinned_block *blocks = realloc(pins->blocks, room * sizeof *blocks);
		if (!blocks)
			return false;
		pins->blocks = blocks;
		l->room = room;
	}
	pins->blocks[pins->nr_blocks++] = *block;
	return true;
}

/* Whose the pages are that are neither free nor cached. */
static void ask_owners(look *l, bud_pinned_block *block)
{
	const bud_zone *zone = block->zone;
	size_t nr_rows = 0;
	uint32_t row = 0;
	bool strangers = false;
	for (bud_pfn p = block->start; p < block->start + block->pages; p++) {
		bud_owner owner;
		if (bud_buddy_page_is_free(&zone->buddy, p) || bud_pageset_test(&zone->cached, p))
			continue;
		bud_mobility mobility = bud_owners_mobility(l->owners, p);
		block->movable += mobility == BUD_MOBILITY_MOVABLE;
		block->fixed += mobility == BUD_MOBILITY_FIXED;
		block->unknown += mobility == BUD_MOBILITY_UNKNOWN;
		if (!bud_owners_of(l->owners, p, &owner)) {
			strangers = true;
			continue;
		}
		row = (uint32_t)(owner.use - bud_owners_use(l->owners, 0));
		l->pins->costs[row].pages++;
		if (l->seen[row] != l->pins->nr_blocks + 1) {
			l->seen[row] = l->pins->nr_blocks + 1;
			l->pins->costs[row].blocks++;
			l->here[row] = 0;
			nr_rows++;
		}
		if (++l->here[row] > block->row_pages) {
			block->row = row;
			block->row_pages = l->here[row];
		}
	}
	if (nr_rows == 1 && !strangers)
		l->pins->costs[row].alone++;
}

static bool look_at_block(look *l, const bud_zone *zone, bud_pfn start, bud_pfn end)
{
	bud_pinned_block block = { .start = start, .zone = zone, .pages = (uint32_t)(end - start) };
	block.free = (uint32_t)bud_pageset_count_range(&zone->buddy.free, start, end - start);
	block.cached = (uint32_t)bud_pageset_count_range(&zone->cached, start, end - start);
	uint32_t available = block.free + block.cached;
	if (available == block.pages || available * 2 < block.pages)
		return true;
	ask_owners(l, &block);
	return add_block(l, &block);
}

static bool look_at_range(look *l, const bud_zone_range *range)
{
	bud_pfn size = (bud_pfn)1 << l->kernel->pageblock_order;
	/* Only blocks with a free page count: from one to the next, however large the range. */
	for (bud_pfn p = range->start; p < range->end;) {
		bud_pfn free = bud_pageset_next(&range->zone->buddy.free, p, range->end);
		bud_pfn cached = bud_pageset_next(&range->zone->cached, p, range->end);
		p = free < cached ? free : cached;
		if (p >= range->end)
			break;
		bud_pfn start = p & ~(size - 1), end = start + size;
		start = start < range->start ? range->start : start;
		if (!look_at_block(l, range->zone, start, end < range->end ? end : range->end))
			return false;
		p = end;
	}
	return true;
}

static int nearest_first(const void *a, const void *b)
{
	const bud_pinned_block *x = a, *y = b;
	uint32_t used_x = x->pages - x->free - x->cached, used_y = y->pages - y->free - y->cached;
	if (used_x != used_y)
		return used_x < used_y ? -1 : 1;
	return x->start < y->start ? -1 : x->start > y->start;
}

bud_status bud_pins_collect(bud_pins *pins, const bud_memory *memory, const bud_kernel *kernel,
			    const bud_owners *owners, bud_error *err)
{
	look l = { .pins = pins, .kernel = kernel, .owners = owners };
	*pins = (bud_pins){ .nr_costs = bud_owners_count(owners), .complete = true };
	pins->costs = calloc(pins->nr_costs, sizeof *pins->costs);
	l.seen = calloc(pins->nr_costs, sizeof *l.seen);
	l.here = calloc(pins->nr_costs, sizeof *l.here);
	bool enough = pins->costs && l.seen && l.here;
	for (size_t i = 0; enough && i < memory->nr_ranges; i++) {
		if (memory->ranges[i].zone->seeded)
			enough = look_at_range(&l, &memory->ranges[i]);
		else
			pins->complete = false;
	}
	free(l.seen);
	free(l.here);
	if (!enough) {
		bud_pins_fini(pins);
		return bud_error_memory(err, "pinned pageblocks");
	}
	if (pins->nr_blocks)
		qsort(pins->blocks, pins->nr_blocks, sizeof *pins->blocks, nearest_first);
	return BUD_OK;
}

void bud_pins_fini(bud_pins *pins)
{
	free(pins->blocks);
	free(pins->costs);
	*pins = (bud_pins){ 0 };
}
