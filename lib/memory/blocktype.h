/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Migratetypes of one zone of the replay: of every pageblock, and of the
 * list every free block is on; with them the counts per order and type.
 *
 * Since 6.10 (list_is_block) a free block is on the list of its pageblock's
 * type, and whatever changes the one changes the other; a block that merges
 * with one of another type, at the size of a pageblock and above, makes that
 * one's pageblocks its own type (__free_one_page). Before, a block is on the
 * list of the page that was freed into it last, and moves alone
 * (move_freepages_block of 4.19 to 6.9).
 *
 * No event gives the types at the start. Each pageblock remembers whose type
 * at the start it still has (its origin), so that evidence found later can
 * be carried back, through merges, to where it belongs.
 *
 * Memory: a byte a pageblock, four more while learning; before 6.10 a byte a
 * page where there ever was a free block.
 */
#ifndef BUD_MEMORY_BLOCKTYPE_H
#define BUD_MEMORY_BLOCKTYPE_H

#include "lib/base/kernel.h"
#include "lib/memory/freearea.h"

/* A bud_migratetype in the low bits; BUD_TYPING_SURE if it rests on evidence, not on an assumption. */
typedef uint8_t bud_typing;
#define BUD_TYPING_SURE 8

static inline bud_migratetype bud_typing_type(bud_typing typing)
{
	return (bud_migratetype)(typing & 7);
}

static inline bud_typing bud_typing_sure(bud_migratetype type)
{
	return (bud_typing)((int)type | BUD_TYPING_SURE);
}

#define BUD_BLOCKTYPE_CHUNK_SHIFT 15		      /* pages a chunk of list types */
#define BUD_BLOCKTYPE_MAX_BLOCKS  ((uint64_t)1 << 24) /* pageblocks of one zone: 32 TiB of 4 KiB pages */

typedef struct bud_blocktypes {
	bud_pfn base; /* first pfn of pageblock 0: the zone's start, rounded down */
	int pageblock_order;
	bool has_cma, merge_mergeable, list_is_block; /* the kernel's features */
	uint64_t nr_blocks;
	bud_typing *blocks; /* of each pageblock */
	uint32_t *origins;  /* of each pageblock, see bud_blocktypes_origin(); NULL unless learning */
	bud_typing **lists; /* without list_is_block: of each free block, at its first page; in chunks */
	uint64_t nr_lists;  /* chunks */
	bool out_of_memory;
	bud_free_area area;
	uint64_t sure[BUD_NR_MIGRATETYPES][BUD_NR_ORDERS]; /* of area.nr, the blocks whose list rests on evidence */
} bud_blocktypes;

/* For a zone of [start, end): nothing free, every pageblock assumed Movable. NULL without memory, or for spans beyond
 * BUD_BLOCKTYPE_MAX_BLOCKS. */
bud_blocktypes *bud_blocktypes_create(bud_pfn start, bud_pfn end, const bud_kernel *kernel);
void bud_blocktypes_destroy(bud_blocktypes *types);
/* Makes to, of the same zone, equal to from but for its origins. */
bool bud_blocktypes_copy(bud_blocktypes *to, const bud_blocktypes *from);
/* An equal one of its own, or NULL. */
bud_blocktypes *bud_blocktypes_clone(const bud_blocktypes *from);
size_t bud_blocktypes_bytes(const bud_blocktypes *types);

/* From here on every pageblock's type is the one it has now, and origins are kept. */
bool bud_blocktypes_begin_origins(bud_blocktypes *types);

static inline uint64_t bud_blocktypes_index(const bud_blocktypes *t, bud_pfn pfn)
{
	return (pfn - t->base) >> t->pageblock_order;
}

static inline bud_typing bud_blocktypes_block(const bud_blocktypes *t, bud_pfn pfn)
{
	return t->blocks[bud_blocktypes_index(t, pfn)];
}

/* The pageblock whose type at the start that pageblock still has, or UINT32_MAX: an event gave it another. */
static inline uint32_t bud_blocktypes_origin(const bud_blocktypes *t, uint64_t index)
{
	uint32_t origin = t->origins ? t->origins[index] : UINT32_MAX;
	return origin == UINT32_MAX ? origin : origin ? origin - 1 : (uint32_t)index;
}

/* Sets one pageblock; the lists stay. origin as bud_blocktypes_origin() gives it. */
static inline void bud_blocktypes_set(bud_blocktypes *t, uint64_t index, bud_typing typing, uint32_t origin)
{
	t->blocks[index] = typing;
	if (t->origins)
		t->origins[index] = origin == UINT32_MAX ? origin : origin + 1;
}

/* The list of the free block that begins at pfn. */
static inline bud_typing bud_blocktypes_list(const bud_blocktypes *t, bud_pfn pfn)
{
	if (t->list_is_block)
		return bud_blocktypes_block(t, pfn);
	const bud_typing *chunk = t->lists[(pfn - t->base) >> BUD_BLOCKTYPE_CHUNK_SHIFT];
	return chunk ? chunk[(pfn - t->base) & (((bud_pfn)1 << BUD_BLOCKTYPE_CHUNK_SHIFT) - 1)] : BUD_MT_MOVABLE;
}

/* Of area.pages of that type, those of blocks whose list rests on evidence. */
uint64_t bud_blocktypes_sure_pages(const bud_blocktypes *types, bud_migratetype type);

/* Remembers the list of a block, where the pageblock does not tell. */
void bud_blocktypes_note_list(bud_blocktypes *types, bud_pfn pfn, bud_typing typing);

/* A free block that begins at pfn enters (leaves) its list. */
static inline void bud_blocktypes_add(bud_blocktypes *t, bud_pfn pfn, int order, bud_typing typing)
{
	if (!t->list_is_block)
		bud_blocktypes_note_list(t, pfn, typing);
	bud_free_area_add(&t->area, order, bud_typing_type(typing));
	t->sure[bud_typing_type(typing)][order] += typing / BUD_TYPING_SURE;
}

static inline bud_typing bud_blocktypes_del(bud_blocktypes *t, bud_pfn pfn, int order)
{
	bud_typing typing = bud_blocktypes_list(t, pfn);
	bud_free_area_del(&t->area, order, bud_typing_type(typing));
	t->sure[bud_typing_type(typing)][order] -= typing / BUD_TYPING_SURE;
	return typing;
}

/* Events are lost: no type rests on evidence any longer. */
void bud_blocktypes_lose(bud_blocktypes *types);

/* Forgets every free block, not the pageblocks. */
void bud_blocktypes_clear(bud_blocktypes *types);

/*
 * Whether the free blocks of a pageblock or more at pfn and buddy may merge
 * (__free_one_page: to 5.17 a type Isolate keeps them apart, since then any
 * but Unmovable, Movable and Reclaimable). Only types that rest on evidence
 * keep blocks apart.
 */
bool bud_blocktypes_may_merge(const bud_blocktypes *types, bud_pfn pfn, bud_pfn buddy);

/* The pageblocks of [buddy, buddy + 2^order) get the type of the one at pfn, with its origin; the lists stay. */
void bud_blocktypes_join(bud_blocktypes *types, bud_pfn pfn, bud_pfn buddy, int order);

#endif
