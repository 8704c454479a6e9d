/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The free lists of one zone as the kernel keeps them: a list per order and
 * migratetype, in order, through links in the page frames (struct zone's
 * free_area[] and page->buddy_list of mm/page_alloc.c). The replay only
 * needs to know which pages are free (buddy.h); the model also needs to know
 * which of them comes next, and of what type.
 *
 * A frame belongs to one list at most: a free list, or a per-CPU list
 * (pcp.h), which links through the same frames. Costs 9 bytes a page of the
 * zone's span and a byte a pageblock; pages never touched cost nothing.
 *
 * Differences between kernels are keyed on the feature vector: which blocks
 * merge (merge_mergeable), whether a list tells its blocks' pageblock type
 * (list_is_block), where moved blocks go (moves_to_tail). Not modelled: free
 * page shuffling, debug guard pages, page reporting.
 */
#ifndef BUD_MEMORY_FREELIST_H
#define BUD_MEMORY_FREELIST_H

#include <string.h>

#include "lib/base/error.h"
#include "lib/base/kernel.h"
#include "lib/memory/freearea.h"

/*
 * The links of a page frame, as numbers of frames. Lists are rings (struct
 * list_head): the head of each has links too, and a number above those of
 * all frames.
 */
typedef struct bud_frame_link {
	uint32_t next, prev;
} bud_frame_link;

typedef struct bud_freelist {
	bud_pfn start_pfn, end_pfn; /* the zone's span; nothing outside is ever free */
	bud_pfn base;		    /* pfn of frame 0: start_pfn, rounded down to a whole pageblock and largest block */
	int max_order, pageblock_order;
	bool merge_mergeable, list_is_block, moves_to_tail; /* the kernel's features */
	bud_free_area area;
	bud_frame_link *links; /* of frames, then of the heads of the free lists, then of others */
	uint8_t *states; /* of each frame, see bud_freelist_order() */
	uint8_t *blocks; /* migratetype of each pageblock, from base on */
	uint64_t nr_frames, nr_blocks;
	uint32_t nr_links;
	uint64_t nr_isolate; /* pageblocks of type Isolate */
} bud_freelist;

/*
 * A zone of [start_pfn, end_pfn) with nothing free, every pageblock Movable
 * as at boot (memmap_init), and with that many empty lists besides, for
 * whoever else keeps frames (bud_freelist_other). BUD_ERR_USAGE for spans of
 * 2^32 frames or nearly.
 */
bud_status bud_freelist_init(bud_freelist *lists, bud_pfn start_pfn, bud_pfn end_pfn, const bud_kernel *kernel,
			     unsigned nr_others, bud_error *err);
void bud_freelist_fini(bud_freelist *lists);
/* Makes to (initialised for the same zone) equal to from. */
void bud_freelist_copy(bud_freelist *to, const bud_freelist *from);

static inline bool bud_freelist_spans(const bud_freelist *l, bud_pfn pfn)
{
	return pfn >= l->start_pfn && pfn < l->end_pfn;
}

/* The heads of a free list, and of the first of the others. */
static inline uint32_t bud_freelist_head(const bud_freelist *l, int order, bud_migratetype type)
{
	return (uint32_t)l->nr_frames + (uint32_t)order * BUD_NR_MIGRATETYPES + type;
}
static inline uint32_t bud_freelist_other(const bud_freelist *l)
{
	return (uint32_t)l->nr_frames + BUD_NR_ORDERS * BUD_NR_MIGRATETYPES;
}

/* The order of the free block that begins at pfn (PageBuddy, buddy_order), or -1 if none does. */
static inline int bud_freelist_order(const bud_freelist *l, bud_pfn pfn)
{
	return bud_freelist_spans(l, pfn) ? (l->states[pfn - l->base] & 31) - 1 : -1;
}

/* The list a free block that begins at pfn is on; of a waiting page, the type noted. */
static inline bud_migratetype bud_freelist_type(const bud_freelist *l, bud_pfn pfn)
{
	return (bud_migratetype)(l->states[pfn - l->base] >> 5);
}

/* The free block that the page lies in: its order, and its first page in *head; -1 if the page is not free. */
int bud_freelist_block_of(const bud_freelist *l, bud_pfn pfn, bud_pfn *head);

/* First block of the list, the next to be taken, or BUD_PFN_NONE (get_page_from_free_area). */
static inline bud_pfn bud_freelist_first(const bud_freelist *l, int order, bud_migratetype type)
{
	uint32_t head = bud_freelist_head(l, order, type), first = l->links[head].next;
	return first == head ? BUD_PFN_NONE : l->base + first;
}

/* Type of the pageblock that pfn, a page of the zone, lies in (get_pfnblock_migratetype). */
static inline bud_migratetype bud_freelist_pageblock(const bud_freelist *l, bud_pfn pfn)
{
	return (bud_migratetype)l->blocks[(pfn - l->base) >> l->pageblock_order];
}

/* Sets it for every pageblock of the pages [pfn, pfn + 2^order) (change_pageblock_range). Lists do not change. */
void bud_freelist_set_pageblock(bud_freelist *l, bud_pfn pfn, int order, bud_migratetype type);

/* The page is going to be freed. */
static inline void bud_freelist_prefetch(const bud_freelist *l, bud_pfn pfn)
{
	__builtin_prefetch(&l->links[pfn - l->base], 1);
}

/* A frame of no list enters one, or leaves the one it is on: free lists and others alike. */
static inline void bud_frame_push(bud_freelist *l, uint32_t head, uint32_t frame, bool tail)
{
	uint32_t next = tail ? head : l->links[head].next, prev = tail ? l->links[head].prev : head;
	l->links[frame] = (bud_frame_link){ next, prev };
	l->links[next].prev = frame;
	l->links[prev].next = frame;
}

static inline void bud_frame_remove(bud_freelist *l, uint32_t frame)
{
	bud_frame_link link = l->links[frame];
	l->links[link.next].prev = link.prev;
	l->links[link.prev].next = link.next;
}

/* Puts a block on a list, or takes it off (the one it is on, or that known), without merging (__add_to_free_list,
 * __del_page_from_free_list). */
static inline void bud_freelist_add(bud_freelist *l, bud_pfn pfn, int order, bud_migratetype type, bool tail)
{
	uint32_t frame = (uint32_t)(pfn - l->base);
	bud_frame_push(l, bud_freelist_head(l, order, type), frame, tail);
	l->states[frame] = (uint8_t)((order + 1) | (int)type << 5);
	bud_free_area_add(&l->area, order, type);
}

static inline void bud_freelist_del_from(bud_freelist *l, bud_pfn pfn, int order, bud_migratetype type)
{
	uint32_t frame = (uint32_t)(pfn - l->base);
	bud_frame_remove(l, frame);
	l->states[frame] = 0;
	bud_free_area_del(&l->area, order, type);
}

static inline void bud_freelist_del(bud_freelist *l, bud_pfn pfn)
{
	bud_freelist_del_from(l, pfn, (l->states[pfn - l->base] & 31) - 1, bud_freelist_type(l, pfn));
}

/*
 * Frees a block: merges it with its buddy as long as there is one and their
 * types allow, and puts the result on the list of type; to the tail if
 * asked, or if the block is likely to merge soon (__free_one_page).
 */
void bud_freelist_free(bud_freelist *l, bud_pfn pfn, int order, bud_migratetype type, bool to_tail);

/* The upper halves of a block of order high, already off its list, go back to type's lists but for the lowest 2^low
 * pages (expand). */
void bud_freelist_expand(bud_freelist *l, bud_pfn pfn, int low, int high, bud_migratetype type);

/* Takes the first block of the smallest order that has one and splits it; BUD_PFN_NONE if none fits
 * (__rmqueue_smallest). */
static inline bud_pfn bud_freelist_take(bud_freelist *l, int order, bud_migratetype type)
{
	int found = bud_free_area_smallest(&l->area, order, type);
	if (found < 0)
		return BUD_PFN_NONE;
	bud_pfn pfn = l->base + l->links[bud_freelist_head(l, found, type)].next;
	bud_freelist_del_from(l, pfn, found, type);
	if (found > order)
		bud_freelist_expand(l, pfn, order, found, type);
	return pfn;
}

/*
 * Takes exactly the pages [pfn, pfn + 2^order), which must lie in one free
 * block, and puts what is left of it back as halves, at the head of the list
 * they came from. Returns the order of the block, or -1 if the pages are not
 * free. What happened to a block when only the event of it is known.
 */
int bud_freelist_take_at(bud_freelist *l, bud_pfn pfn, int order);

/*
 * Moves the free blocks of the pageblock that the free block at pfn lies in
 * to the lists of type (move_freepages_block, without the retyping). Returns
 * the pages moved; 0 if the pageblock may not be moved: it crosses the end
 * of the zone, or its beginning with list_is_block. Without list_is_block a
 * pageblock that begins before the zone moves from pfn on.
 */
uint64_t bud_freelist_move_block(bud_freelist *l, bud_pfn pfn, bud_migratetype type);

/* Free pages of the pageblock that pfn lies in, of blocks no larger than it. */
uint64_t bud_freelist_block_free(const bud_freelist *l, bud_pfn pfn);

/* The type remembered of a page that is not free, while it waits on a per-CPU list (set_pcppage_migratetype). */
static inline void bud_freelist_note_type(bud_freelist *l, bud_pfn pfn, bud_migratetype type)
{
	l->states[pfn - l->base] = (uint8_t)((int)type << 5);
}

/*
 * Pages [pfn, pfn + 2^order) are handed out, and remember whether they could
 * be moved; until they are on a list again, or noted as waiting.
 */
#define BUD_FRAME_USED ((unsigned)BUD_NR_MIGRATETYPES << 5)
static inline void bud_freelist_note_used(bud_freelist *l, bud_pfn pfn, int order, bool movable)
{
	uint8_t state = BUD_FRAME_USED | (movable ? 1u << 5 : 0);
	if (order)
		memset(l->states + (pfn - l->base), state, (size_t)1 << order);
	else
		l->states[pfn - l->base] = state;
}
static inline bool bud_freelist_is_used(const bud_freelist *l, bud_pfn pfn)
{
	return bud_freelist_spans(l, pfn) && l->states[pfn - l->base] >= BUD_FRAME_USED;
}
/* Of a page in use. */
static inline bool bud_freelist_is_movable(const bud_freelist *l, bud_pfn pfn)
{
	return l->states[pfn - l->base] > BUD_FRAME_USED;
}

#endif
