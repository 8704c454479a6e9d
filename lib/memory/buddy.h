/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The free blocks of one zone as the replay keeps them: which pages are
 * buddy-free is the only truth, and because the kernel merges eagerly that
 * set has one decomposition into blocks. It is kept up to date: a block
 * taken from the middle of a larger one splits it in halves on the way, a
 * block that returns merges with its buddy as far as it goes
 * (__free_one_page and expand of mm/page_alloc.c, all versions).
 *
 * Blocks are cut at the zone's edges. No list order: the model's freelist
 * has that. Migratetypes are followed if asked for (blocktype.h).
 */
#ifndef BUD_MEMORY_BUDDY_H
#define BUD_MEMORY_BUDDY_H

#include "lib/base/pageset.h"
#include "lib/memory/blocktype.h"

typedef struct bud_buddy {
	bud_pfn start_pfn, end_pfn;	  /* the zone's span; nothing outside is ever free */
	int max_order;			  /* inclusive */
	bud_pageset free;		  /* every free page */
	bud_pageset heads[BUD_NR_ORDERS]; /* heads[k] holds pfn >> k of every free block of order k */
	uint64_t nr_free[BUD_NR_ORDERS];  /* blocks per order, as free_area[k].nr_free */
	uint64_t free_pages;
	int64_t unplaced[BUD_NR_ORDERS]; /* see bud_buddy_meet() */
	bud_blocktypes *types;		 /* NULL: not followed; then blocks merge whatever their type */
	bool out_of_memory;		 /* some insertion was lost for want of memory */
} bud_buddy;

void bud_buddy_init(bud_buddy *buddy, bud_pfn start_pfn, bud_pfn end_pfn, int max_order);
void bud_buddy_fini(bud_buddy *buddy);

/*
 * Adds (removes) the pages of [pfn, pfn + 2^order) that lie in the span and
 * are not yet (still) free. Any order and alignment is allowed. Returns how
 * many pages changed.
 */
uint64_t bud_buddy_insert(bud_buddy *buddy, bud_pfn pfn, int order);
uint64_t bud_buddy_remove(bud_buddy *buddy, bud_pfn pfn, int order);
/* The same for the pages [start, end). */
uint64_t bud_buddy_insert_range(bud_buddy *buddy, bud_pfn start, bud_pfn end);
uint64_t bud_buddy_remove_range(bud_buddy *buddy, bud_pfn start, bud_pfn end);

static inline bool bud_buddy_page_is_free(const bud_buddy *buddy, bud_pfn pfn)
{
	return bud_pageset_test(&buddy->free, pfn);
}

/* The free block that pfn lies in: its order, and its first page in *head; -1 if pfn is not free. */
int bud_buddy_block_of(const bud_buddy *buddy, bud_pfn pfn, bud_pfn *head);

/* The first free block whose head is in [pfn, end): its order and *head; -1 if there is none. */
int bud_buddy_next_block(const bud_buddy *buddy, bud_pfn pfn, bud_pfn end, bud_pfn *head);

/*
 * For a zone of which not every free page is known: so many free blocks of
 * each order there are at this moment, by the kernel's count. What is missing
 * is unplaced: free, nobody knows where. Such a block counts until the end,
 * for a page that moves is known. An order has fewer than none unplaced where
 * a block known to be free has merged with one that is not.
 */
void bud_buddy_meet(bud_buddy *buddy, const uint64_t *nr_free, unsigned nr_orders);
/* Free blocks of that order, free blocks of every order, and free pages: the unplaced among them. */
uint64_t bud_buddy_blocks(const bud_buddy *buddy, int order);
void bud_buddy_count(const bud_buddy *buddy, uint64_t nr_free[BUD_NR_ORDERS]);
uint64_t bud_buddy_pages(const bud_buddy *buddy);

/* Drops everything; then exactly the pages of set that lie in the span are free. */
bool bud_buddy_rebuild(bud_buddy *buddy, const bud_pageset *set);

bool bud_buddy_copy(bud_buddy *to, const bud_buddy *from);

/* From here on types are followed; all that is free, and every pageblock, is assumed Movable. BUD_ERR_MEMORY aside,
 * a zone too large for it stays without. */
bool bud_buddy_follow_types(bud_buddy *buddy, const bud_kernel *kernel);

/*
 * What follows needs types. The pageblocks that [pfn, pfn + 2^order) touches,
 * and with list_is_block all that a free block they are part of spans, get
 * this type, and no origin; with list_is_block their free blocks change lists
 * (set_pageblock_migratetype, move_freepages of 6.10).
 */
void bud_buddy_retype(bud_buddy *buddy, bud_pfn pfn, int order, bud_typing typing);
/* Without list_is_block: the free block that pfn lies in, if it does, changes lists, its pageblock nothing. */
void bud_buddy_relist(bud_buddy *buddy, bud_pfn pfn, bud_typing typing);
/*
 * Without list_is_block: every free block of the pageblock of the free block
 * at pfn changes lists (move_freepages_block). A pageblock that begins
 * before its zone moves from pfn on; one that ends behind it does not move,
 * and then the block at pfn does, alone (steal_suitable_fallback).
 */
void bud_buddy_move_pageblock(bud_buddy *buddy, bud_pfn pfn, bud_typing typing);
/*
 * The free block at pfn is about to be taken by compaction: one of half a
 * pageblock or more makes its pageblocks Movable, if they are Unmovable or
 * Reclaimable (__isolate_free_page). Allowed without types.
 */
void bud_buddy_isolate_type(bud_buddy *buddy, bud_pfn pfn, int order);

#endif
