/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is free in one zone, by order and type: struct free_area's counts of
 * mm/page_alloc.c, without the lists themselves. The one shape of it for
 * the replay and the model alike; most decisions of the allocator look at
 * nothing else.
 */
#ifndef BUD_MEMORY_FREEAREA_H
#define BUD_MEMORY_FREEAREA_H

#include "lib/base/mmtypes.h"

typedef struct bud_free_area {
	uint64_t nr_free[BUD_NR_ORDERS]; /* blocks of every type, as free_area[k].nr_free */
	uint64_t nr[BUD_NR_MIGRATETYPES][BUD_NR_ORDERS];
	uint32_t orders[BUD_NR_MIGRATETYPES]; /* bit k: there are blocks of order k */
	uint64_t pages[BUD_NR_MIGRATETYPES];
} bud_free_area;

/* NR_FREE_PAGES: isolated pages do not count. */
static inline uint64_t bud_free_area_pages(const bud_free_area *area)
{
	uint64_t pages = 0;
	for (int type = 0; type < BUD_MT_ISOLATE; type++)
		pages += area->pages[type];
	return pages;
}

/* The smallest order of at least order that has blocks of the type, or -1 (the search of __rmqueue_smallest). */
static inline int bud_free_area_smallest(const bud_free_area *area, int order, bud_migratetype type)
{
	uint32_t fit = area->orders[type] >> order;
	return fit ? order + __builtin_ctz(fit) : -1;
}

/* A block entered (left) the list of that order and type. */
static inline void bud_free_area_add(bud_free_area *area, int order, bud_migratetype type)
{
	area->nr_free[order]++;
	area->nr[type][order]++;
	area->orders[type] |= (uint32_t)1 << order;
	area->pages[type] += (uint64_t)1 << order;
}

static inline void bud_free_area_del(bud_free_area *area, int order, bud_migratetype type)
{
	area->nr_free[order]--;
	if (!--area->nr[type][order])
		area->orders[type] &= ~((uint32_t)1 << order);
	area->pages[type] -= (uint64_t)1 << order;
}

#endif
