/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The part of the audit that is about lists: which block a request takes,
 * and from which. Asked at every mm_page_alloc_zone_locked and
 * mm_page_alloc_extfrag, of the replayed lists just before it:
 *
 *   split_order  the smallest order of the list's blocks that is large
 *                enough (__rmqueue_smallest), against the block that really
 *                holds the page
 *   lowest_page  the page is the first of that block (expand)
 *   own_list     at a fallback the list of the type asked for has nothing
 *                large enough; elsewhere it has (a false alarm is counted as
 *                asked, what is only as it should be is not)
 *   fallback     order and type of the fallback's block
 *   claim        whether it claims the pageblock or steals the block
 *
 * In kernels where the fallback comes first (extfrag_removes is 0) the
 * zone_locked behind it is asked like any other. Later a claim below a
 * pageblock shows as zone_locked, then extfrag of the same page: it is
 * only known with the CPU's next event what the zone_locked was.
 *
 * Since 6.15 compaction tells with an extfrag, too, that it captured a block
 * as its last page was freed (compaction_capture); the event of that page
 * follows. It took nothing from any list, and is not asked about.
 *
 * Not decidable: what a gap in the trace, or no seed, leaves unknown; a
 * claim below a pageblock that depends on how many pages in use can be
 * moved, which no event tells.
 */
#ifndef BUD_INSIGHT_LISTAUDIT_H
#define BUD_INSIGHT_LISTAUDIT_H

#include "lib/insight/tally.h"
#include "lib/replay/replay.h"

/* A zone_locked, or an extfrag, whose meaning the CPU's next event decides. */
typedef struct bud_listaudit_take {
	bool open;
	bool captured;	 /* an extfrag of a block that is not free: compaction's, if a page of it is freed now */
	bud_event event; /* that extfrag */
	bud_pfn pfn;
	bool decidable;
	int order; /* asked for */
	bud_migratetype type;
	int predicted, actual; /* orders; -1: nothing fits, the page is not free */
	bool lowest;
	bool listed;	     /* the block is on that list */
	bud_free_area area;  /* just before */
	bud_tally_root root; /* should it be a disagreement */
} bud_listaudit_take;

typedef struct bud_listaudit {
	const bud_kernel *kernel;
	const bud_memory *memory;
	bud_tally *tally;
	bud_listaudit_take *takes; /* of each CPU */
	size_t nr_cpus;
} bud_listaudit;

/* Pointers are borrowed. */
bud_status bud_listaudit_init(bud_listaudit *audit, const bud_kernel *kernel, const bud_memory *memory, size_t nr_cpus,
			      bud_tally *tally, bud_error *err);
void bud_listaudit_fini(bud_listaudit *audit);

/* Of every event, before it is applied. */
void bud_listaudit_event(bud_listaudit *audit, const bud_event *event);
/* No more events: what is open is decided. */
void bud_listaudit_end(bud_listaudit *audit);

#endif
