/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory compaction of the model (mm/compaction.c): the migrate scanner
 * climbs from the bottom of a zone and gathers movable pages in use, the
 * free scanner comes down from its top and gathers free ones, pages move
 * from the one to the other until a block of the order wanted is free or the
 * two meet.
 *
 * Stated assumptions: a movable page always moves at once; a page is movable
 * if it was asked for as Movable and the owner does not say otherwise; its
 * old place goes straight to the buddy, not by way of a per-CPU list.
 * Priorities differ in which pageblocks they scan, and how closely, not in
 * time. Of the searches by free list of 5.1+ that for places is modelled
 * (fast_isolate_freepages), that for pages to move is not; nor is capture of
 * the block made. Which pageblocks are passed over: blockskip.h.
 *
 * When kcompactd runs is the simulation's business, as are kswapd and
 * reclaim.
 */
#ifndef BUD_ALLOCATOR_COMPACT_H
#define BUD_ALLOCATOR_COMPACT_H

#include "lib/allocator/machine.h"

/* A run that is done in pieces, as time allows. */
typedef struct bud_compact_pause {
	uint64_t budget; /* pages to move before it pauses; what is left of it */
	bool paused;	 /* where it goes on: */
	bud_pfn migrate_pfn, free_pfn;
	bool whole;
} bud_compact_pause;

/* Who knows what is in use. All may be NULL. */
typedef struct bud_compact_owner {
	void *self;
	/* Order of the movable block in use that begins at pfn, -1: cannot be moved. Without it: single pages. */
	int (*movable)(void *self, bud_pfn pfn);
	/* The block has moved. */
	void (*moved)(void *self, bud_pfn from, bud_pfn to, int order);
	/* The run pauses when its budget is used up (the result is BUD_COMPACT_CONTENDED), or goes on where it did. */
	bud_compact_pause *pause;
} bud_compact_owner;

/* What one run did. */
typedef struct bud_compact_run {
	bud_compact_result result;
	uint64_t migrate_scanned, free_scanned, moved; /* pages */
} bud_compact_run;

/* In place of an order: all of the zone (vm.compact_memory); until its score is down to the low mark of
 * vm.compaction_proactiveness. */
enum { BUD_COMPACT_ALL = -1, BUD_COMPACT_PROACTIVE = -2 };

/*
 * Compacts one zone for that order (compact_zone). alloc_flags gives the level and highest the zone of the request,
 * type the list a block is needed on.
 */
bud_compact_run bud_compact_zone(bud_machine *machine, bud_machine_zone *zone, int order, bud_migratetype type,
				 bud_zone_type highest, unsigned alloc_flags, int priority,
				 const bud_compact_owner *owner);

/* Direct compaction of every zone of the request's list (try_to_compact_pages), for bud_reclaim_ops.compact. */
bud_compact_result bud_compact_pages(bud_machine *machine, const bud_alloc_context *context, int priority,
				     const bud_compact_owner *owner, bud_compact_run *total);

/* Whether a zone lets this attempt go by because it failed lately; counts the attempt (compaction_deferred). */
bool bud_compact_deferred(bud_machine_zone *zone, int order);
/* It failed (defer_compaction), or a block was got (compaction_defer_reset). */
void bud_compact_defer(bud_machine_zone *zone, int order);
void bud_compact_defer_reset(bud_machine_zone *zone, int order, bool got);

/* Whether proactive compaction of a node begins: its score is above the high mark of vm.compaction_proactiveness
 * (should_proactive_compact_node). */
bool bud_compact_is_due(const bud_machine *machine, int node);

#endif
