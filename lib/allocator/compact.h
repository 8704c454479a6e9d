/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory compaction of the model (mm/compaction.c): the migrate scanner
 * climbs from the bottom of a zone and gathers movable pages in use, the
 * free scanner comes down from its top and gathers free ones, pages move
 * from the one to the other until a block of the order wanted is free or the
 * two meet.
 *
 * Stated assumptions: a movable page moves when it is tried, unless the owner
 * says that it is held; a page is movable if it was asked for as Movable and
 * the owner does not say otherwise. Only kcompactd, and what the owner makes
 * of passes(), takes time. Both scanners are the kernel's, with their searches
 * by free list, and what they remember from run to run. Which pageblocks are
 * passed over: blockskip.h.
 *
 * When kcompactd runs is the simulation's business, as are kswapd and
 * reclaim.
 */
#ifndef BUD_ALLOCATOR_COMPACT_H
#define BUD_ALLOCATOR_COMPACT_H

#include "lib/allocator/machine.h"

/* How far a run has come. */
typedef struct bud_compact_cursor {
	bud_pfn migrate_pfn, free_pfn; /* each scanner's next page; that for free ones climbs in its pageblock, too */
	bud_pfn last_migrated_pfn; /* what was moved out of there, in part of its pageblock, is on per-CPU lists; 0: none */
	bud_pfn fast_start_pfn;	   /* the lowest page that a search by free list led the migrate scanner to; 0: none */
	bool searched_up;	   /* such a search failed, so it went on from there */
	unsigned fast_search_fail; /* searches by free list in vain, one after the other */
	int search_order;	   /* where the next one for places begins */
	bool whole_zone;	   /* it began at the bottom, so that meeting means that all was scanned */
	bool update_cached;	   /* found nothing to move so far */
} bud_compact_cursor;

/* A run that is done in pieces, as time allows. */
typedef struct bud_compact_pause {
	uint64_t budget; /* pages to move before it pauses; what is left of it */
	bool paused;
	bud_compact_cursor at; /* where it goes on */
} bud_compact_pause;

/* Who knows what is in use. All may be NULL. */
typedef struct bud_compact_owner {
	void *self;
	/* Order of the movable block in use that begins at pfn, -1: cannot be moved. Without it: single pages. */
	int (*movable)(void *self, bud_pfn pfn);
	/* Whether that block would not move when tried (its buffers are held, say). NULL: every one does. */
	bool (*is_held)(void *self, bud_pfn pfn);
	/* Splits that block of more than a page, for which there is no place, into single pages; false: it cannot be. */
	bool (*split)(void *self, bud_pfn pfn);
	/* The block has moved. */
	void (*moved)(void *self, bud_pfn from, bud_pfn to, int order);
	/* So many pages were moved one after the other: time passes, in which others may free pages. */
	void (*passes)(void *self, uint64_t pages);
	/* The run pauses when its budget is used up (the result is BUD_COMPACT_CONTENDED), or goes on where it did. */
	bud_compact_pause *pause;
	unsigned cpu;  /* it runs on: old places go to its per-CPU lists, which it drains at the end of a pageblock */
	bool captures; /* a block of the order wanted that it makes is the request's (compaction_capture of 5.1+) */
} bud_compact_owner;

/* What one run did. */
typedef struct bud_compact_run {
	bud_compact_result result;
	uint64_t migrate_scanned, free_scanned, moved; /* pages */
	bud_pfn captured; /* a block on no list; BUD_PFN_NONE */
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
/* It failed (defer_compaction), or seems to have made a block (compaction_defer_reset). */
void bud_compact_defer(bud_machine_zone *zone, int order);
void bud_compact_defer_reset(bud_machine_zone *zone, int order);
/* A request that compacted was served from that zone (the end of __alloc_pages_direct_compact). */
void bud_compact_served(bud_machine_zone *zone, int order);

/* Whether proactive compaction of a node begins: its score is above the high mark of vm.compaction_proactiveness
 * (should_proactive_compact_node). */
bool bud_compact_is_due(const bud_machine *machine, int node);

#endif
