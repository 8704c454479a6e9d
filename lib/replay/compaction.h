/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What compaction and contiguous allocation take from the free lists. No
 * page event tells of it: only how much was taken from where, and later
 * frees of pages that were thought free.
 */
#ifndef BUD_REPLAY_COMPACTION_H
#define BUD_REPLAY_COMPACTION_H

#include "lib/memory/memory.h"
#include "lib/replay/proofs.h"
#include "lib/replay/scanner.h"

#define BUD_COMPACTION_TASKS 64

/* The events it applies. */
#define BUD_COMPACTION_EVENTS                                                           \
	(BUD_EVENT_BIT(BUD_EV_ISOLATE_FREE) | BUD_EVENT_BIT(BUD_EV_FAST_ISOLATE_FREE) | \
	 BUD_EVENT_BIT(BUD_EV_COMPACT_BEGIN) | BUD_EVENT_BIT(BUD_EV_COMPACT_END) |      \
	 BUD_EVENT_BIT(BUD_EV_TEST_ISOLATED) | BUD_EVENT_BIT(BUD_EV_MIGRATEPAGES) |     \
	 BUD_EVENT_BIT(BUD_EV_ISOLATE_MIGRATE))

/* One task's compaction run, as far as its events tell. */
typedef struct bud_compaction_task {
	int32_t pid;  /* 0: none */
	bool running; /* between begin and end */
	bud_scanner scanner;
	uint64_t fast_seq;		  /* number of its last event, if that was a fast isolation; else 0 */
	bud_pfn migrate_pfn;		  /* how far it has looked for pages to move */
	bud_pfn source_start, source_end; /* where it found some last */
	uint64_t source_seq;		  /* and when */
	bud_pfn zone_start, zone_end;
	uint64_t begin_seq;		 /* number of the event that began it */
	uint64_t taken, migrated, freed; /* pages, in this run */
	uint64_t explained;		 /* that it took without an event, and later ones tell of */
} bud_compaction_task;

typedef struct bud_compaction {
	bool old_kernel; /* no mm_compaction_fast_isolate_freepages: to 6.1 */
	int pageblock_order;
	unsigned nr_running;
	uint64_t gap_seq; /* number of the last LOST event: what a run did before it is not all known */
	bud_compaction_task tasks[BUD_COMPACTION_TASKS];
} bud_compaction;

/*
 * Applies an event of compaction or isolation, number seq, to memory: what
 * it took leaves, what cannot be told is added to its zone's uncertainty.
 * proofs know what later events tell (index: of the first proof of seq, if
 * any; seed_seq: of the event that followed the seed), and learn of it as an exit. Returns the zone whose lists
 * changed, or NULL.
 */
bud_zone *bud_compaction_apply(bud_compaction *compaction, bud_memory *memory, const bud_event *event, uint64_t seq,
			       uint64_t seed_seq, bud_proofs *proofs, size_t index);

/*
 * A task frees a page. If it runs compaction, it either moved what was there,
 * and the page was in use by the time of event *before (isolate_migratepages
 * found it), or it gives back what it isolated since event *run. *before is
 * left alone otherwise, *run is 0.
 */
void bud_compaction_free(const bud_compaction *compaction, int32_t pid, bud_pfn pfn, uint64_t *before, uint64_t *run);

/* A task freed pages, not in an interrupt: if it runs compaction, they are the old places of what it moved, or what it
 * gives back. */
void bud_compaction_note_free(bud_compaction *compaction, int32_t pid, uint64_t nr_pages);

#endif
