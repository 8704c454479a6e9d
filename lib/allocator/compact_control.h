/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One run of compaction over one zone, as its two scanners share it (struct
 * compact_control of mm/internal.h). Only compact.c and the scanners use it.
 */
#ifndef BUD_ALLOCATOR_COMPACT_CONTROL_H
#define BUD_ALLOCATOR_COMPACT_CONTROL_H

#include "lib/allocator/compact.h"

typedef struct bud_compact_control {
	bud_machine *machine;
	bud_machine_zone *zone;
	const bud_compact_owner *owner; /* NULL: nobody */
	int order;
	bud_migratetype type;
	int priority;
	bool direct;	       /* for a request; else by kcompactd, or by somebody who wrote to vm.compact_memory */
	bool heeds_hints;      /* passes over pageblocks that a hint is on, and sets hints where it isolates */
	bool any_target;       /* places of any pageblock will do */
	bool finish_pageblock; /* isolates all of the pageblock at hand, not a cluster of its pages */
	bud_compact_cursor at;
	bud_pfn isolated_pfn, isolated_end; /* pages isolated lie there */
	uint64_t nr_migratepages;	    /* of them, those that have not moved yet */
	uint64_t nr_freepages;		    /* in the zone's places */
	bud_compact_run run;
} bud_compact_control;

static inline bud_pfn bud_compact_block_start(const bud_compact_control *c, bud_pfn pfn)
{
	return pfn & ~(((bud_pfn)1 << c->zone->lists.pageblock_order) - 1);
}

/* Of an aligned page that of the next pageblock, as pageblock_end_pfn() has it. */
static inline bud_pfn bud_compact_block_end(const bud_compact_control *c, bud_pfn pfn)
{
	return bud_compact_block_start(c, pfn) + ((bud_pfn)1 << c->zone->lists.pageblock_order);
}

static inline bool bud_compact_scanners_met(const bud_compact_control *c)
{
	int order = c->zone->lists.pageblock_order;
	return c->at.free_pfn >> order <= c->at.migrate_pfn >> order;
}

/* Since 5.1 both scanners search the free lists first, and the rest of a pageblock once begun is finished. */
static inline bool bud_compact_searches(const bud_compact_control *c)
{
	return c->machine->kernel.nofragment != 0;
}

/* Free blocks looked at in one search by free list (freelist_scan_limit). */
static inline unsigned bud_compact_scan_limit(const bud_compact_control *c)
{
	return (c->at.fast_search_fail < 32 ? (unsigned)BUD_COMPACT_CLUSTER >> c->at.fast_search_fail : 0) + 1;
}

/* The list begins with that frame from now on: what is before it comes last. */
static inline void bud_compact_turn_list(bud_freelist *l, uint32_t head, uint32_t first)
{
	if (first == head)
		return;
	bud_frame_remove(l, head);
	bud_frame_push(l, first, head, true);
}

/* A place of that order to move a block to, or BUD_PFN_NONE (compaction_alloc). Goes scanning if there is none. */
bud_pfn bud_free_scanner_take(bud_compact_control *c, int order);
/* A place that was not used after all: the next to be taken (compaction_free). */
void bud_free_scanner_put(bud_compact_control *c, bud_pfn pfn, int order);
/* What was not needed goes back where it was (release_free_list). */
void bud_free_scanner_release(bud_compact_control *c);

typedef enum bud_migrate_result {
	BUD_MIGRATE_ALL,
	BUD_MIGRATE_SOME,  /* some could not move */
	BUD_MIGRATE_NOMEM, /* there were no places left */
} bud_migrate_result;

/* Goes on to the next pages that can be isolated; false: there were none in the pageblock (isolate_migratepages). */
bool bud_migrate_scanner_isolate(bud_compact_control *c);
/* Moves them (migrate_pages). */
bud_migrate_result bud_migrate_scanner_move(bud_compact_control *c);

#endif
