/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One CPU's lists of one zone (struct per_cpu_pages): pages taken from the
 * buddy in batches, and freed pages kept warm for the next request. How many
 * are taken, kept and given back differs by kernel:
 *
 *   fixed6   to 5.13   order 0 only; takes and gives batches, keeps 6 of them
 *   lowmark  to 6.6    orders 0-3 and huge pages; keeps its share of the low
 *                      mark; gives more the longer only frees come
 *   auto     6.7+      the same, but takes more the longer only requests
 *                      come, and tunes what it keeps between two bounds
 *
 * The functions are the kernel's (nr_pcp_alloc, nr_pcp_free, nr_pcp_high,
 * free_pcppages_bulk, decay_pcp_high of mm/page_alloc.c) as a state machine:
 * the caller moves the blocks between buddy and lists. Not modelled: a list
 * whose lock is taken; CPUs whose cache slice holds less than three batches.
 */
#ifndef BUD_MEMORY_PCP_H
#define BUD_MEMORY_PCP_H

#include "lib/memory/freelist.h"

#define BUD_PCP_LISTS 15

/* What a kernel's lists are like; the same for all of a machine. */
typedef struct bud_pcp_rules {
	int policy;	     /* BUD_PCP_FIXED6, _LOWMARK, _AUTO */
	bool rework;	     /* feature pcp_rework */
	bool drain_by_block; /* a drained page goes to the list of its pageblock, not to the type it was freed with */
	int huge_order;	     /* that lives on the lists besides 0..3; -1: only order 0 does */
	unsigned nr_lists;
} bud_pcp_rules;

/* In pages. Before 6.7 high_min and high_max are both high. */
typedef struct bud_pcp_sizes {
	uint32_t batch, high_min, high_max;
} bud_pcp_sizes;

typedef struct bud_pcp {
	uint32_t count; /* pages on all lists */
	uint32_t high;	/* what may stay */
	bud_pcp_sizes sizes;
	uint8_t alloc_factor, free_factor;
	uint32_t free_count;   /* auto: pages freed in a row, halved by each request */
	bool freed_high_order; /* auto: the last free was of order 1-3 */
	uint32_t heads; /* of its BUD_PCP_LISTS lists: the first one's, among the zone's other lists (freelist.h) */
} bud_pcp;

/* State of the zone that sizes depend on. */
typedef struct bud_pcp_zone {
	bool reclaim_active; /* ZONE_RECLAIM_ACTIVE: kswapd or direct reclaim is at work */
	bool below_high;     /* ZONE_BELOW_HIGH */
} bud_pcp_zone;

void bud_pcp_rules_init(bud_pcp_rules *rules, const bud_kernel *kernel);

/*
 * Batch and high of a zone (zone_batchsize, zone_highsize): managed in
 * pages, low mark with any boost in force, nr_cpus of the zone's node (all
 * CPUs if it has none), fraction as vm.percpu_pagelist_high_fraction (before
 * 5.14 percpu_pagelist_fraction) or 0.
 */
bud_pcp_sizes bud_pcp_compute(const bud_kernel *kernel, uint64_t managed, uint64_t low_mark, unsigned nr_cpus,
			      unsigned fraction);

/* Empty lists of those sizes, with these heads. */
void bud_pcp_init(bud_pcp *pcp, const bud_pcp_sizes *sizes, uint32_t heads);
/* The sizes change while pages stay (pageset_update). */
void bud_pcp_resize(bud_pcp *pcp, const bud_pcp_rules *rules, const bud_pcp_sizes *sizes);

/* The list of that order and type (order_to_pindex); Cma and Highatomic count as Movable. The order must be one that
 * lives there: bud_kernel_pcp_order(). */
static inline unsigned bud_pcp_list(const bud_pcp_rules *rules, int order, bud_migratetype type)
{
	unsigned t = type < BUD_MT_HIGHATOMIC ? type : BUD_MT_MOVABLE;
	if (order <= 3)
		return 3 * (unsigned)order + t;
	return 12 + (rules->rework ? t == BUD_MT_MOVABLE : t);
}

/* Blocks to take from the buddy now that the list is empty (nr_pcp_alloc; batch before 6.7). Tunes auto lists. */
unsigned bud_pcp_refill(bud_pcp *pcp, const bud_pcp_rules *rules, int order, bud_pcp_zone zone);

/* A request is about to be served from the lists. */
static inline void bud_pcp_note_alloc(bud_pcp *pcp)
{
	pcp->free_factor >>= 1;
	pcp->free_count >>= 1;
}

/* A block joins a list: at the tail in a refill, at the head when freed. */
static inline void bud_pcp_add(bud_pcp *pcp, bud_freelist *lists, unsigned list, bud_pfn pfn, int order, bool tail)
{
	bud_frame_push(lists, pcp->heads + list, (uint32_t)(pfn - lists->base), tail);
	pcp->count += 1u << order;
}

static inline bool bud_pcp_is_empty(const bud_pcp *pcp, const bud_freelist *lists, unsigned list)
{
	return lists->links[pcp->heads + list].next == pcp->heads + list;
}

/* Takes the block at the head of the list, or BUD_PFN_NONE. */
static inline bud_pfn bud_pcp_take(bud_pcp *pcp, bud_freelist *lists, unsigned list, int order)
{
	uint32_t frame = lists->links[pcp->heads + list].next;
	if (frame == pcp->heads + list)
		return BUD_PFN_NONE;
	bud_frame_remove(lists, frame);
	pcp->count -= 1u << order;
	return lists->base + frame;
}

/* A block of that order was just freed to the lists: pages to be drained for it, 0 for none (free_unref_page_commit).
 */
unsigned bud_pcp_overflow(bud_pcp *pcp, const bud_pcp_rules *rules, int order, bud_pcp_zone zone);

/*
 * Gives at least that many pages, or all there are, back to the buddy, from
 * the tails of the lists; list is the one just freed to (free_pcppages_bulk).
 * Returns the pages given.
 */
unsigned bud_pcp_drain(bud_pcp *pcp, const bud_pcp_rules *rules, bud_freelist *lists, unsigned pages, unsigned list);

/* The statistics worker passes, about once a second: auto lists shrink. Returns pages to drain, a batch at a time
 * (decay_pcp_high). */
unsigned bud_pcp_decay(bud_pcp *pcp, const bud_pcp_rules *rules);

#endif
