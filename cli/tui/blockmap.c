/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/tui/blockmap.h"

#include <ctype.h>
#include <stdlib.h>

static bud_pfn end_of(const bud_zone *zone)
{
	return zone->start_pfn + zone->spanned;
}

static void look(bud_block *block, const bud_zone *zone, bud_pfn first, bud_pfn size)
{
	bud_pfn start = first < zone->start_pfn ? zone->start_pfn : first;
	bud_pfn end = first + size < end_of(zone) ? first + size : end_of(zone), head;
	*block = (bud_block){ .max_order = -1, .type = BUD_MT_UNKNOWN };
	if (start >= end)
		return;
	const bud_blocktypes *types = zone->buddy.types;
	bud_typing typing = types ? bud_blocktypes_block(types, start) : 0;
	if (typing & BUD_TYPING_SURE)
		block->type = (uint8_t)bud_typing_type(typing);
	block->size = (uint16_t)(end - start);
	block->free = (uint16_t)bud_pageset_count_range(&zone->buddy.free, start, end - start);
	block->cached = (uint16_t)bud_pageset_count_range(&zone->cached, start, end - start);
	block->used = (uint16_t)bud_pageset_count_range(&zone->used, start, end - start);
	if (!block->free)
		return;
	block->max_order = (int8_t)bud_buddy_block_of(&zone->buddy, start, &head);
	for (bud_pfn at = start; at < end;) {
		int order = bud_buddy_next_block(&zone->buddy, at, end, &head);
		if (order < 0)
			break;
		if (order > block->max_order)
			block->max_order = (int8_t)order;
		at = head + ((bud_pfn)1 << order);
	}
}

bud_status bud_blockmap_take(bud_blockmap *map, const bud_zone *zone, int pageblock_order, bud_error *err)
{
	bud_pfn size = (bud_pfn)1 << pageblock_order, base = zone->start_pfn & ~(size - 1);
	bud_pfn nr = zone->spanned ? (end_of(zone) - base + size - 1) >> pageblock_order : 0;
	if (nr > BUD_BLOCKMAP_MAX)
		nr = BUD_BLOCKMAP_MAX;
	if (map->nr != nr || !map->blocks) {
		free(map->blocks);
		map->blocks = calloc(nr + 1, sizeof *map->blocks);
		map->nr = map->blocks ? nr : 0;
		if (!map->blocks)
			return bud_error_memory(err, "the map of pageblocks");
	}
	map->base = base;
	map->order = pageblock_order;
	map->told = zone->seeded && !zone->inferred;
	for (size_t i = 0; i < map->nr; i++)
		look(&map->blocks[i], zone, base + i * size, size);
	return BUD_OK;
}

void bud_blockmap_fini(bud_blockmap *map)
{
	free(map->blocks);
	*map = (bud_blockmap){ 0 };
}

char bud_blockmap_letter(const bud_blockmap *map, const bud_block *block)
{
	if (!block->size)
		return ' ';
	if (block->free == block->size)
		return '.';
	if (!map->told && !(block->free || block->cached || block->used))
		return '?';
	char letter = "UMRHCIX"[block->type];
	return block->free ? (char)tolower(letter) : letter;
}

void bud_blockmap_pages(bud_page *pages, const bud_zone *zone, bud_pfn first, int order)
{
	for (bud_pfn i = 0; i < (bud_pfn)1 << order; i++) {
		bud_pfn pfn = first + i, head;
		bud_page *p = &pages[i];
		*p = (bud_page){ .order = -1 };
		if (pfn < zone->start_pfn || pfn >= end_of(zone))
			p->state = BUD_PAGE_OUTSIDE;
		else if (bud_pageset_test(&zone->used, pfn))
			p->state = BUD_PAGE_USED;
		else if (bud_pageset_test(&zone->cached, pfn))
			p->state = BUD_PAGE_CACHED;
		else if ((p->order = (int8_t)bud_buddy_block_of(&zone->buddy, pfn, &head)) >= 0) {
			p->state = BUD_PAGE_FREE;
			p->head = head == pfn;
		}
	}
}
