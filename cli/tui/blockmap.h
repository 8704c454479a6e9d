/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The pageblocks of one zone at one instant, and the pages of one of them.
 */
#ifndef BUD_TUI_BLOCKMAP_H
#define BUD_TUI_BLOCKMAP_H

#include "lib/memory/memory.h"

#define BUD_BLOCKMAP_MAX ((size_t)1 << 22) /* pageblocks of one zone that are mapped */

typedef struct bud_block {
	uint16_t size;		     /* pages of the zone in it */
	uint16_t free, cached, used; /* the rest is unknown */
	int8_t max_order;	     /* of the free blocks in it; -1: nothing is free */
	uint8_t type;		     /* bud_migratetype; BUD_MT_UNKNOWN without evidence of it */
} bud_block;

typedef struct bud_blockmap {
	bud_pfn base; /* first pfn of block 0, perhaps before the zone */
	int order;    /* of a pageblock */
	bool told;    /* what is not free is known to be taken: seeded from kpageflags, not inferred */
	size_t nr;
	bud_block *blocks;
} bud_blockmap;

/* Looks at the zone; map is all zero or of an earlier look. */
bud_status bud_blockmap_take(bud_blockmap *map, const bud_zone *zone, int pageblock_order, bud_error *err);
void bud_blockmap_fini(bud_blockmap *map);

/* U M R H C I, lower case where part of the block is free, '.' where all is; X and x without evidence of its type. '?'
 * where nothing is known, ' ' outside the zone. */
char bud_blockmap_letter(const bud_blockmap *map, const bud_block *block);

/* A page: its state, and the free block it is in. */
typedef struct bud_page {
	bud_page_state state;
	int8_t order; /* of the free block; -1 */
	bool head;    /* of it */
} bud_page;

/* The pages of one pageblock; pages has room for 2^order of them. */
void bud_blockmap_pages(bud_page *pages, const bud_zone *zone, bud_pfn first, int order);

#endif
