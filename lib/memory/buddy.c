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
}

static inline void add_head(bud_buddy *b, bud_pfn pfn, int order)
{
	if (!bud_pageset_set(&b->heads[order], pfn >> order))
		b->out_of_memory = true;
	b->nr_free[order]++;
}

static inline void drop_head(bud_buddy *b, bud_pfn pfn, int order)
{
	bud_pageset_clear(&b->heads[order], pfn >> order);
	b->nr_free[order]--;
}

static void merge_in(bud_buddy *b, bud_pfn pfn, int order)
{
	while (order < b->max_order) {
		bud_pfn buddy = pfn ^ ((bud_pfn)1 << order);
		if (!bud_pageset_test(&b->heads[order], buddy >> order))
			break;
		drop_head(b, buddy, order);
		pfn &= ~((bud_pfn)1 << order);
		order++;
	}
	add_head(b, pfn, order);
}

/* The block of order want at pfn is free: cut it out of the block it lies in. */
static void cut_out(bud_buddy *b, bud_pfn pfn, int want)
{
	int order = want;
	while (order < b->max_order && !bud_pageset_test(&b->heads[order], pfn >> order))
		order++;
	drop_head(b, pfn, order);
	while (order > want) {
		order--;
		add_head(b, (pfn >> order ^ 1) << order, order);
	}
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
	cut_out(b, pfn, order);
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

bool bud_buddy_rebuild(bud_buddy *buddy, const bud_pageset *set)
{
	bud_pageset_clear_all(&buddy->free);
	for (int k = 0; k < BUD_NR_ORDERS; k++) {
		bud_pageset_clear_all(&buddy->heads[k]);
		buddy->nr_free[k] = 0;
	}
	buddy->free_pages = 0;
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
	}
	to->start_pfn = from->start_pfn;
	to->end_pfn = from->end_pfn;
	to->max_order = from->max_order;
	to->free_pages = from->free_pages;
	to->out_of_memory = from->out_of_memory;
	return ok;
}
