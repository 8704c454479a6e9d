/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/memory/buddy.h"

void bud_buddy_init(bud_buddy *buddy, bud_pfn start_pfn, bud_pfn end_pfn, int max_order)
{
	*buddy = (bud_buddy){ .start_pfn = start_pfn, .end_pfn = end_pfn, .max_order = max_order };
	bud_pageset_init(&buddy->free);
	for (int k = 0; k < BUD_NR_ORDERS; k++)
		bud_pageset_init(&buddy->heads[k]);
}

void bud_buddy_fini(bud_buddy *buddy)
{
	bud_pageset_fini(&buddy->free);
	for (int k = 0; k < BUD_NR_ORDERS; k++)
		bud_pageset_fini(&buddy->heads[k]);
	bud_blocktypes_destroy(buddy->types);
}

static inline void add_head(bud_buddy *b, bud_pfn pfn, int order, bud_typing typing)
{
	if (!bud_pageset_set(&b->heads[order], pfn >> order))
		b->out_of_memory = true;
	b->nr_free[order]++;
	if (b->types)
		bud_blocktypes_add(b->types, pfn, order, typing);
}

static inline bud_typing drop_head(bud_buddy *b, bud_pfn pfn, int order)
{
	bud_pageset_clear(&b->heads[order], pfn >> order);
	b->nr_free[order]--;
	return b->types ? bud_blocktypes_del(b->types, pfn, order) : 0;
}

/* A pageblock or more, with types: whether it merges with that free buddy, which is then of the same type. */
static bool merge_types(bud_blocktypes *types, bud_pfn pfn, bud_pfn buddy, int order)
{
	if (!bud_blocktypes_may_merge(types, pfn, buddy))
		return false;
	if (types->list_is_block) {
		bud_blocktypes_del(types, buddy, order);
		bud_blocktypes_join(types, pfn, buddy, order);
		bud_blocktypes_add(types, buddy, order, bud_blocktypes_block(types, buddy));
	}
	return true;
}

/*
 * Several pageblocks freed in one go: the kernel frees one after the other,
 * and they merge, so the last one's type is that of all (__free_pages_ok of
 * 6.10). Where that is only assumed, evidence of another is better.
 */
static void unify(bud_blocktypes *types, bud_pfn pfn, int order)
{
	bud_pfn step = (bud_pfn)1 << types->pageblock_order, last = pfn + ((bud_pfn)1 << order) - step;
	bud_pfn from = last;
	while (from > pfn && !(bud_blocktypes_block(types, from) & BUD_TYPING_SURE))
		from -= step;
	from = bud_blocktypes_block(types, from) & BUD_TYPING_SURE ? from : last;
	bud_blocktypes_join(types, from, pfn, order);
}

static void merge_in(bud_buddy *b, bud_pfn pfn, int order)
{
	if (b->types && b->types->list_is_block && order > b->types->pageblock_order)
		unify(b->types, pfn, order);
	bud_typing typing = b->types ? bud_blocktypes_block(b->types, pfn) : 0;
	while (order < b->max_order) {
		bud_pfn buddy = pfn ^ ((bud_pfn)1 << order);
		if (!bud_pageset_test(&b->heads[order], buddy >> order))
			break;
		if (b->types && order >= b->types->pageblock_order && !merge_types(b->types, pfn, buddy, order))
			break;
		drop_head(b, buddy, order);
		pfn &= ~((bud_pfn)1 << order);
		order++;
	}
	add_head(b, pfn, order, typing);
}

/* The pages of that order at pfn are free: cuts them out of the block they lie in; false if they are several blocks. */
static bool cut_out(bud_buddy *b, bud_pfn pfn, int want)
{
	int order = want;
	while (order <= b->max_order && !bud_pageset_test(&b->heads[order], pfn >> order))
		order++;
	if (order > b->max_order)
		return false;
	bud_typing typing = drop_head(b, pfn >> order << order, order);
	while (order > want) {
		order--;
		add_head(b, (pfn >> order ^ 1) << order, order, typing);
	}
	return true;
}

typedef enum fill { NONE_FREE, SOME_FREE, ALL_FREE } fill;

static inline fill fill_of(const bud_buddy *b, bud_pfn pfn, int order)
{
	if (order > 6) {
		uint64_t nr = (uint64_t)1 << order, free = bud_pageset_count_range(&b->free, pfn, nr);
		return free == nr ? ALL_FREE : free ? SOME_FREE : NONE_FREE;
	}
	const uint64_t *chunk = bud_pageset_chunk(&b->free, pfn);
	if (!chunk)
		return NONE_FREE;
	uint64_t all = order < 6 ? ((uint64_t)1 << (1 << order)) - 1 : UINT64_MAX;
	uint64_t free = chunk[pfn / 64 % BUD_CHUNK_WORDS] >> (pfn % 64) & all;
	return free == all ? ALL_FREE : free ? SOME_FREE : NONE_FREE;
}

/* An aligned piece of at most the largest order, all of it in the span. */
static uint64_t insert_aligned(bud_buddy *b, bud_pfn pfn, int order)
{
	uint64_t nr = (uint64_t)1 << order;
	switch (fill_of(b, pfn, order)) {
	case ALL_FREE:
		return 0;
	case SOME_FREE:
		return insert_aligned(b, pfn, order - 1) + insert_aligned(b, pfn + nr / 2, order - 1);
	case NONE_FREE:
		break;
	}
	if (!(order ? bud_pageset_set_range(&b->free, pfn, nr) : bud_pageset_set(&b->free, pfn))) {
		b->out_of_memory = true;
		return 0;
	}
	b->free_pages += nr;
	merge_in(b, pfn, order);
	return nr;
}

static uint64_t remove_aligned(bud_buddy *b, bud_pfn pfn, int order)
{
	uint64_t nr = (uint64_t)1 << order;
	switch (fill_of(b, pfn, order)) {
	case NONE_FREE:
		return 0;
	case SOME_FREE:
		return remove_aligned(b, pfn, order - 1) + remove_aligned(b, pfn + nr / 2, order - 1);
	case ALL_FREE:
		break;
	}
	if (!cut_out(b, pfn, order)) /* pageblocks of types that do not merge */
		return remove_aligned(b, pfn, order - 1) + remove_aligned(b, pfn + nr / 2, order - 1);
	if (order)
		bud_pageset_clear_range(&b->free, pfn, nr);
	else
		bud_pageset_clear(&b->free, pfn);
	b->free_pages -= nr;
	return nr;
}

/* The largest aligned block that starts at start and ends at or before end. */
static int largest_piece(const bud_buddy *b, bud_pfn start, bud_pfn end)
{
	int fits = 63 - __builtin_clzll(end - start);
	int aligned = start ? __builtin_ctzll(start) : 63;
	int order = fits < aligned ? fits : aligned;
	return order < b->max_order ? order : b->max_order;
}

static uint64_t by_pieces(bud_buddy *b, bud_pfn start, bud_pfn end, uint64_t (*one)(bud_buddy *, bud_pfn, int))
{
	uint64_t changed = 0;
	if (start < b->start_pfn)
		start = b->start_pfn;
	if (end > b->end_pfn)
		end = b->end_pfn;
	while (start < end) {
		int order = largest_piece(b, start, end);
		changed += one(b, start, order);
		start += (bud_pfn)1 << order;
	}
	return changed;
}

static inline bool is_whole_block(const bud_buddy *b, bud_pfn pfn, int order)
{
	bud_pfn nr = (bud_pfn)1 << order;
	return order <= b->max_order && !(pfn & (nr - 1)) && pfn >= b->start_pfn && pfn < b->end_pfn &&
	       nr <= b->end_pfn - pfn;
}

uint64_t bud_buddy_insert(bud_buddy *buddy, bud_pfn pfn, int order)
{
	if (is_whole_block(buddy, pfn, order))
		return insert_aligned(buddy, pfn, order);
	return bud_buddy_insert_range(buddy, pfn, pfn + ((bud_pfn)1 << order));
}

uint64_t bud_buddy_remove(bud_buddy *buddy, bud_pfn pfn, int order)
{
	if (is_whole_block(buddy, pfn, order))
		return remove_aligned(buddy, pfn, order);
	return bud_buddy_remove_range(buddy, pfn, pfn + ((bud_pfn)1 << order));
}

uint64_t bud_buddy_insert_range(bud_buddy *buddy, bud_pfn start, bud_pfn end)
{
	return by_pieces(buddy, start, end, insert_aligned);
}

uint64_t bud_buddy_remove_range(bud_buddy *buddy, bud_pfn start, bud_pfn end)
{
	return by_pieces(buddy, start, end, remove_aligned);
}

int bud_buddy_block_of(const bud_buddy *buddy, bud_pfn pfn, bud_pfn *head)
{
	if (!bud_buddy_page_is_free(buddy, pfn))
		return -1;
	int order = 0;
	while (order < buddy->max_order && !bud_pageset_test(&buddy->heads[order], pfn >> order))
		order++;
	*head = pfn >> order << order;
	return order;
}

int bud_buddy_next_block(const bud_buddy *buddy, bud_pfn pfn, bud_pfn end, bud_pfn *head)
{
	if (end > buddy->end_pfn)
		end = buddy->end_pfn;
	while ((pfn = bud_pageset_next(&buddy->free, pfn, end)) < end) {
		bud_pfn first = pfn;
		int order = bud_buddy_block_of(buddy, pfn, &first);
		if (first == pfn) {
			*head = pfn;
			return order;
		}
		pfn = first + ((bud_pfn)1 << order);
	}
	return -1;
}

void bud_buddy_meet(bud_buddy *buddy, const uint64_t *nr_free, unsigned nr_orders)
{
	for (unsigned k = 0; k < nr_orders && k < BUD_NR_ORDERS; k++)
		buddy->unplaced[k] = (int64_t)(nr_free[k] - buddy->nr_free[k]);
}

uint64_t bud_buddy_blocks(const bud_buddy *buddy, int order)
{
	int64_t blocks = (int64_t)buddy->nr_free[order] + buddy->unplaced[order];
	return blocks > 0 ? (uint64_t)blocks : 0;
}

void bud_buddy_count(const bud_buddy *buddy, uint64_t nr_free[BUD_NR_ORDERS])
{
	for (int k = 0; k < BUD_NR_ORDERS; k++)
		nr_free[k] = bud_buddy_blocks(buddy, k);
}

uint64_t bud_buddy_pages(const bud_buddy *buddy)
{
	int64_t pages = (int64_t)buddy->free_pages;
	for (int k = 0; k < BUD_NR_ORDERS; k++)
		pages += buddy->unplaced[k] * ((int64_t)1 << k);
	return pages > 0 ? (uint64_t)pages : 0;
}

bool bud_buddy_rebuild(bud_buddy *buddy, const bud_pageset *set)
{
	bud_pageset_clear_all(&buddy->free);
	for (int k = 0; k < BUD_NR_ORDERS; k++) {
		bud_pageset_clear_all(&buddy->heads[k]);
		buddy->nr_free[k] = 0;
	}
	buddy->free_pages = 0;
	if (buddy->types)
		bud_blocktypes_clear(buddy->types);
	bud_pfn pfn = buddy->start_pfn, end = buddy->end_pfn;
	while ((pfn = bud_pageset_next(set, pfn, end)) < end) {
		bud_pfn stop = bud_pageset_next_clear(set, pfn, end);
		bud_buddy_insert_range(buddy, pfn, stop);
		pfn = stop;
	}
	return !buddy->out_of_memory;
}

bool bud_buddy_copy(bud_buddy *to, const bud_buddy *from)
{
	bool ok = bud_pageset_copy(&to->free, &from->free);
	for (int k = 0; k < BUD_NR_ORDERS; k++) {
		ok = bud_pageset_copy(&to->heads[k], &from->heads[k]) && ok;
		to->nr_free[k] = from->nr_free[k];
		to->unplaced[k] = from->unplaced[k];
	}
	to->start_pfn = from->start_pfn;
	to->end_pfn = from->end_pfn;
	to->max_order = from->max_order;
	to->free_pages = from->free_pages;
	to->out_of_memory = from->out_of_memory;
	if (to->types && from->types)
		return bud_blocktypes_copy(to->types, from->types) && ok;
	bud_blocktypes_destroy(to->types);
	to->types = from->types ? bud_blocktypes_clone(from->types) : NULL;
	return ok && !to->types == !from->types;
}

bool bud_buddy_follow_types(bud_buddy *buddy, const bud_kernel *kernel)
{
	bud_blocktypes_destroy(buddy->types);
	buddy->types = bud_blocktypes_create(buddy->start_pfn, buddy->end_pfn, kernel);
	if (!buddy->types)
		return ((buddy->end_pfn - buddy->start_pfn) >> kernel->pageblock_order) >= BUD_BLOCKTYPE_MAX_BLOCKS;
	bud_pfn head = buddy->start_pfn;
	for (int order; (order = bud_buddy_next_block(buddy, head, buddy->end_pfn, &head)) >= 0;
	     head += (bud_pfn)1 << order)
		bud_blocktypes_add(buddy->types, head, order, BUD_MT_MOVABLE);
	return !buddy->types->out_of_memory;
}

/* The free blocks whose first page is in [start, end) leave their lists. */
static void unlist(bud_buddy *b, bud_pfn start, bud_pfn end)
{
	for (int order; (order = bud_buddy_next_block(b, start, end, &start)) >= 0; start += (bud_pfn)1 << order)
		bud_blocktypes_del(b->types, start, order);
}

/* They enter the list of that type. */
static void enlist(bud_buddy *b, bud_pfn start, bud_pfn end, bud_typing typing)
{
	for (int order; (order = bud_buddy_next_block(b, start, end, &start)) >= 0; start += (bud_pfn)1 << order)
		bud_blocktypes_add(b->types, start, order, typing);
}

static void relist(bud_buddy *b, bud_pfn start, bud_pfn end, bud_typing typing)
{
	unlist(b, start, end);
	enlist(b, start, end, typing);
}

void bud_buddy_retype(bud_buddy *buddy, bud_pfn pfn, int order, bud_typing typing)
{
	bud_blocktypes *t = buddy->types;
	bud_pfn start = pfn >> t->pageblock_order << t->pageblock_order, head = pfn;
	bud_pfn end = (((pfn + ((bud_pfn)1 << order) - 1) >> t->pageblock_order) + 1) << t->pageblock_order;
	int whole = t->list_is_block ? bud_buddy_block_of(buddy, pfn, &head) : -1;
	if (whole > t->pageblock_order) {
		start = head < start ? head : start;
		end = head + ((bud_pfn)1 << whole) > end ? head + ((bud_pfn)1 << whole) : end;
	}
	if (t->list_is_block)
		unlist(buddy, start, end);
	uint64_t last = bud_blocktypes_index(t, end - 1);
	for (uint64_t i = start > t->base ? bud_blocktypes_index(t, start) : 0; i <= last && i < t->nr_blocks; i++)
		bud_blocktypes_set(t, i, typing, UINT32_MAX);
	if (t->list_is_block)
		enlist(buddy, start, end, typing);
}

void bud_buddy_relist(bud_buddy *buddy, bud_pfn pfn, bud_typing typing)
{
	bud_pfn head;
	int order = bud_buddy_block_of(buddy, pfn, &head);
	if (order >= 0)
		relist(buddy, head, head + 1, typing);
}

void bud_buddy_move_pageblock(bud_buddy *buddy, bud_pfn pfn, bud_typing typing)
{
	int shift = buddy->types->pageblock_order;
	bud_pfn start = pfn >> shift << shift, end = start + ((bud_pfn)1 << shift);
	if (end > buddy->end_pfn)
		bud_buddy_relist(buddy, pfn, typing);
	else
		relist(buddy, start < buddy->start_pfn ? pfn : start, end, typing);
}

void bud_buddy_isolate_type(bud_buddy *buddy, bud_pfn pfn, int order)
{
	bud_blocktypes *t = buddy->types;
	if (!t || order < t->pageblock_order - 1)
		return;
	bud_pfn end = pfn + ((bud_pfn)1 << order), step = (bud_pfn)1 << t->pageblock_order;
	for (; pfn < end; pfn += step)
		if (bud_typing_type(bud_blocktypes_block(t, pfn)) <= BUD_MT_RECLAIMABLE)
			bud_buddy_retype(buddy, pfn, 0, bud_typing_sure(BUD_MT_MOVABLE));
}
