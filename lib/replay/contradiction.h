/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Things in a trace that cannot be if the replayed state before them is
 * right, or that show a silent way at work. Data, not errors: they are how
 * one finds a silent path of a kernel.
 */
#ifndef BUD_REPLAY_CONTRADICTION_H
#define BUD_REPLAY_CONTRADICTION_H

#include "lib/base/event.h"
#include "lib/memory/zone.h"

/* clang-format off */
/* X(KIND, name, what it says) */
#define BUD_CONTRADICTIONS(X) \
	X(FREE_OF_FREE,   "free_of_free", "a free of a page held free") \
	X(FREE_OF_CACHED, "free_of_cached", "a free of a page held cached: allocated in bulk, kept by compaction, or freed twice") \
	X(DRAIN_OF_FREE,  "drain_of_free", "a drain of a page held free") \
	X(DRAIN_OF_USED,  "drain_of_used", "a drain of a page held used") \
	X(TAKE_OF_TAKEN,  "take_of_taken", "zone_locked on a page not held free") \
	X(ALLOC_OF_USED,  "alloc_of_used", "an allocation of a page held used") \
	X(ALLOC_OF_FREE,  "alloc_of_free", "an allocation of a page held free: captured, or freed past the per-CPU lists") \
	X(RETYPED,        "retyped", "a pageblock or block of another migratetype than held") \
	X(NO_ZONE,        "no_zone", "a page outside every zone") \
	X(BAD_ORDER,      "bad_order", "an order no kernel has")
/* clang-format on */

typedef enum bud_contradiction {
#define X(kind, name, text) BUD_CONTRA_##kind,
	BUD_CONTRADICTIONS(X)
#undef X
		BUD_NR_CONTRADICTIONS,
} bud_contradiction;

const char *bud_contradiction_name(bud_contradiction kind);
const char *bud_contradiction_text(bud_contradiction kind);

#define BUD_CONTRADICTION_EXAMPLES 3

typedef struct bud_contradiction_example {
	uint64_t t_ns;
	bud_pfn pfn; /* where the event's pages, or their part in a zone, begin */
	int32_t pid;
	uint16_t cpu;
	int8_t order;
	uint8_t held; /* bud_page_state: what some page of them was held as */
} bud_contradiction_example;

typedef struct bud_contradiction_count {
	uint64_t count;
	bud_contradiction_example examples[BUD_CONTRADICTION_EXAMPLES]; /* the first ones */
} bud_contradiction_count;

/* How many examples there are. */
static inline unsigned bud_contradiction_examples(const bud_contradiction_count *count)
{
	return count->count < BUD_CONTRADICTION_EXAMPLES ? (unsigned)count->count : BUD_CONTRADICTION_EXAMPLES;
}

void bud_contradiction_note(bud_contradiction_count *count, const bud_event *event, bud_pfn pfn, bud_page_state held);

/*
 * Judges a page event by how many of its pages were free, cached, used and
 * unknown before it; the kind it contradicts and in *held why, or
 * BUD_NR_CONTRADICTIONS.
 */
bud_contradiction bud_contradiction_of(bud_event_kind kind, const uint64_t before[BUD_NR_PAGE_STATES],
				       bud_page_state *held);

/* Of BUD_NR_CONTRADICTIONS counts, those of kinds that a trace which tells all moves of pages hardly has. */
uint64_t bud_contradictions_unexplained(const bud_contradiction_count *counts);

#endif
