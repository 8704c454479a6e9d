/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What one event does to the pages it names: the rules of the replay.
 *
 *   mm_page_alloc_zone_locked  the pages leave the free lists (rmqueue_bulk,
 *                              rmqueue_buddy, __rmqueue_smallest)
 *   mm_page_alloc_extfrag      with extfrag_removes the 2^alloc_order pages
 *                              handed out leave (try_to_steal_block of 6.15,
 *                              steal_suitable_fallback of 6.10); before, it
 *                              names a block that only changed lists
 *   mm_page_pcpu_drain         the pages return (free_pcppages_bulk)
 *   mm_page_free               an order that may live on a per-CPU list is
 *                              now cached there (free_unref_page), any
 *                              other returns (__free_pages_ok)
 *   mm_page_free_batched       repeats a free: ignored
 *   mm_page_alloc              the pages are used; whatever of them was
 *                              still free leaves (compaction capture, or a
 *                              free that had gone straight to the buddy).
 *                              A failed one (no pfn) moves nothing.
 *
 * Pieces are cut at zone edges; pages of no zone are counted and ignored.
 * What leaves without such an event is compaction's (compaction.h), or told
 * by later events only (proofs.h).
 */
#ifndef BUD_REPLAY_RULES_H
#define BUD_REPLAY_RULES_H

#include "lib/replay/compaction.h"
#include "lib/replay/completeness.h"
#include "lib/replay/interrupt.h"
#include "lib/replay/reduced.h"
#include "lib/replay/replay.h"
#include "lib/replay/seed.h"
#include "lib/replay/types.h"

typedef struct bud_listeners {
	struct {
		bud_replay_listener *listener;
		void *self;
		bud_event_mask also;
	} list[BUD_MAX_LISTENERS];
	unsigned nr;
} bud_listeners;

#define BUD_GAP_CPUS 8192 /* gaps of other CPUs never end */

/* CPUs that are losing events at this moment, as far as proofs tell. */
typedef struct bud_open_gaps {
	uint64_t cpus[BUD_GAP_CPUS / 64];
	unsigned nr;
} bud_open_gaps;

typedef struct bud_rules {
	bud_memory *memory;
	const bud_kernel *kernel;
	const bud_zone_range *last_range; /* where the previous event was: most are near it */
	bud_compaction compaction;
	bud_interrupts *interrupts; /* NULL: what they tell is known */
	bud_reduced *reduced; /* what it lacks */
	bud_types *types; /* NULL: not followed */
	bud_proofs *proofs;
	size_t next_proof;
	bud_completeness *completeness; /* where to note what the trace shows; NULL unless wanted */
	bud_memory *infer; /* where to note what the first event of a page says of the start; NULL unless wanted */
	const bud_listeners *listeners; /* NULL while learning */
	uint64_t seq;			/* of the next event the replay reads by itself; the first is 1 */
	bud_open_gaps open_gaps;	/* while there are any, nothing becomes certain */
	uint64_t gap_seq;		/* of the first event behind the last gap: no proof is drawn across it */
	uint64_t window_seq;		/* of the first event of the last seed window */
	uint64_t seed_seq;		/* of the first event behind the last seed; 0 before any */
	bud_seed *window;		/* where to note the pages events name; NULL unless one is open */
	bud_replay_observer *observer;
	void *observer_self;
	uint64_t events[BUD_NR_EVENT_KINDS];
	uint64_t failed_allocations;
	uint64_t lost, uncounted_gaps;
	bud_contradiction_count contradictions[BUD_NR_CONTRADICTIONS];
} bud_rules;

/* What the replay reads of a trace: what moves pages or marks, and what the timeline counts. */
#define BUD_RULES_EVENTS (BUD_EVENT_ALL & ~(BUD_EVENT_BIT(BUD_EV_FREE_BATCHED) | BUD_EVENT_BIT(BUD_EV_KERNEL_STACK)))

/* All pointers are borrowed. old_kernel: see bud_compaction. */
void bud_rules_init(bud_rules *rules, bud_memory *memory, const bud_kernel *kernel, bud_proofs *proofs,
		    bud_interrupts *interrupts, bud_reduced *reduced, bool old_kernel);

/* A seed begins to be read. */
void bud_rules_open_window(bud_rules *rules, bud_seed *seed);
/* The window is closed, but was not read for a seed: a pass that learns hears of what was free then. */
void bud_rules_close_window(bud_rules *rules);
void bud_rules_witness(void *rules, bud_zone *zone, bud_pfn pfn, bool free);

/*
 * A pass that learns begins where another had come to before it knew what it
 * was to learn: pages that no event has named since go where that says.
 */
void bud_rules_catch_up(bud_rules *rules);

/* A seed was just read: what was free at that moment is known now, but for what later events tell, and lost events. */
void bud_rules_seeded(bud_rules *rules);

/* Applies events up to and including time t_ns; returns how many. */
size_t bud_rules_apply(bud_rules *rules, const bud_event *events, size_t nr, uint64_t t_ns);

#endif
