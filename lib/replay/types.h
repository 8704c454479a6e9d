/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What events tell about migratetypes, on top of what they do to pages:
 *
 *   mm_page_alloc_zone_locked  the list the block was on: since 5.19 itself,
 *                              before the type asked for, which is the same
 *                              but for high-atomic and CMA blocks
 *   mm_page_pcpu_drain         the list the page went to; since 6.10 that is
 *                              its pageblock's type, before the type that it
 *                              had when it was put on the per-CPU list
 *   mm_page_alloc_extfrag      the list of the block before, and what became
 *                              of it: with fallback 1 it, or its pageblock's
 *                              free blocks, moved to the type asked for
 *                              (steal_suitable_fallback); later either the
 *                              pageblock was claimed, or the rest of the
 *                              block stayed where it was (try_to_claim_block,
 *                              __rmqueue_steal). change_ownership: the
 *                              pageblock has the type asked for now
 *   compaction's isolation     see bud_buddy_isolate_type()
 *
 * The first evidence of a pageblock tells its type at the start too, unless
 * an event or a merge had given it another before: a pass that learns
 * carries it back.
 */
#ifndef BUD_REPLAY_TYPES_H
#define BUD_REPLAY_TYPES_H

#include "lib/base/event.h"
#include "lib/memory/memory.h"

/* What the last zone_locked of one CPU found: an extfrag just behind it tells that the pageblock was claimed. */
typedef struct bud_type_take {
	bud_pfn pfn;	 /* BUD_PFN_NONE: none to be thought of */
	uint32_t origin; /* the pageblock whose type at the start it was held to tell; UINT32_MAX: none */
	bool surprise;	 /* the pageblock was held to be of another type, on evidence */
} bud_type_take;

typedef struct bud_types {
	const bud_kernel *kernel;
	bud_memory *memory;
	bud_memory *start;    /* where to note what evidence tells of the start; NULL unless learning */
	bool gapped; /* events were lost since: what is found now need not have been so at the start */
	bud_type_take *takes; /* of each CPU */
	size_t nr_cpus;
} bud_types;

/* Types are followed in memory. Pointers are borrowed. */
bud_status bud_types_create(bud_types **types, bud_memory *memory, const bud_kernel *kernel, size_t nr_cpus,
			    bud_error *err);
void bud_types_destroy(bud_types *types);
/* A pass begins: nothing is known of earlier events. start as in bud_types. */
bud_status bud_types_begin(bud_types *types, bud_memory *start, bud_error *err);

/* Events are lost: what was evidence is an assumption from here on. */
void bud_types_lose(bud_types *types);

/*
 * One piece of a zone_locked or drain, or of an extfrag that moves pages, all
 * of zone, before its pages are moved. True if a pageblock turns out to have
 * changed its type in silence.
 */
bool bud_types_before(bud_types *types, const bud_event *event, bud_zone *zone, bud_pfn pfn, int order);
/* A drain's piece is on the free lists. */
void bud_types_drained(const bud_types *types, const bud_event *event, bud_zone *zone, bud_pfn pfn);
/* An extfrag that moves no pages. */
void bud_types_fallback(bud_types *types, const bud_event *event, bud_zone *zone);

#endif
