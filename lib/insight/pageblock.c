/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/insight/pageblock.h"

static const char *const columns[] = { "t_ns", "pfn_start", "migratetype", "free_pages", "max_free_order", "sure" };

const bud_table bud_pageblock_table = { "pageblock", columns, sizeof columns / sizeof *columns };

void bud_pageblock_look(bud_pageblock *block, const bud_zone *zone, bud_pfn pfn)
{
	const bud_blocktypes *types = zone->buddy.types;
	uint64_t nr = (uint64_t)1 << types->pageblock_order;
	bud_pfn start = pfn >> types->pageblock_order << types->pageblock_order, head;
	*block = (bud_pageblock){ .start = start,
				  .typing = bud_blocktypes_block(types, pfn),
				  .free_pages = bud_pageset_count_range(&zone->buddy.free, start, nr),
				  .max_free_order = -1 };
	if (block->free_pages == nr) {
		block->max_free_order = bud_buddy_block_of(&zone->buddy, start, &head);
		return;
	}
	for (int order; (order = bud_buddy_next_block(&zone->buddy, start, block->start + nr, &start)) >= 0;
	     start += (bud_pfn)1 << order)
		if (order > block->max_free_order)
			block->max_free_order = order;
}

static bud_status one_row(const bud_zone *zone, uint64_t t_ns, bud_pfn pfn, bud_row_sink *sink, bud_error *err)
{
	bool known = zone->seeded && t_ns != BUD_TIME_NONE;
	bud_pageblock block;
	bud_value unknown = bud_value_unknown();
	bud_pageblock_look(&block, zone, pfn);
	bud_value row[] = { bud_value_uint(t_ns),
			    bud_value_uint(block.start),
			    known ? bud_value_text(bud_migratetype_name(bud_typing_type(block.typing))) : unknown,
			    known ? bud_value_uint(block.free_pages) : unknown,
			    known && block.max_free_order >= 0 ? bud_value_int(block.max_free_order) : unknown,
			    known ? bud_value_bool(block.typing & BUD_TYPING_SURE) : unknown };
	return sink->row(sink->self, row, err);
}

/* Those of its pageblocks of which some page is the zone's; one that two zones share is told of in each. */
static bud_status zone_rows(const bud_memory *memory, const bud_zone *zone, uint64_t t_ns, bud_row_sink *sink,
			    bud_error *err)
{
	bud_status status = BUD_OK;
	for (size_t i = 0; i < memory->nr_ranges && zone->buddy.types; i++) {
		const bud_zone_range *range = &memory->ranges[i];
		int shift = zone->buddy.types->pageblock_order;
		for (bud_pfn pfn = range->start; !status && range->zone == zone && pfn < range->end;
		     pfn = ((pfn >> shift) + 1) << shift)
			status = one_row(zone, t_ns, pfn, sink, err);
	}
	return status;
}

bud_status bud_pageblock_rows(const bud_memory *memory, uint64_t t_ns, const bud_section_filter *filter,
			      bud_row_sink *sink, bud_error *err)
{
	bud_status status = BUD_OK;
	for (size_t i = 0; !status && i < memory->nr_zones; i++)
		if (bud_section_wants_zone(filter, memory->zones[i].node, memory->zones[i].name))
			status = zone_rows(memory, &memory->zones[i], t_ns, sink, err);
	return status;
}
