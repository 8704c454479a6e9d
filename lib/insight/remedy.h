/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What would have helped a request: the test it failed, asked again with one
 * thing different. Says nothing of what else such a setting does, nor of
 * what would have happened before: that takes a simulation.
 */
#ifndef BUD_INSIGHT_REMEDY_H
#define BUD_INSIGHT_REMEDY_H

#include "lib/insight/explain.h"
#include "lib/insight/headroom.h"

/* clang-format off */
/* X(kind, what value is) */
#define BUD_REMEDIES(X) \
	X(MISSING,      "pages more free would have been enough")          /* value */ \
	X(DRAIN,        "pages of the zone were on per-CPU lists")         /* value */ \
	X(NO_BOOST,     "pages of the mark were a boost after fallbacks")  /* value */ \
	X(MIN_FREE,     "the largest min_free_kbytes that lets it pass")   /* value; now: what it is */ \
	X(RATIO,        "a lowmem_reserve_ratio of the zone that lets it pass") /* value; now */ \
	X(SCALE,        "the low mark with ten times the watermark_scale_factor") /* value; now: the low mark */ \
	X(COMPACT,      "blocks of its order that compaction could make")  /* value */ \
	X(COMPACT_ROOM, "pages are missing for compaction to move others to") /* value */ \
	X(EXTFRAG,      "the extfrag index; compaction begins above extfrag_threshold") /* value; now: the threshold */ \
	X(PINNED,       "blocks of its order are held by pages that cannot move") /* value */ \
	X(CGROUP,       "the limit of the memory cgroup")                  /* no value */ \
	X(AGAIN,        "asking again")                                    /* no value */
/* clang-format on */

typedef enum bud_remedy_kind {
#define X(kind, text) BUD_REMEDY_##kind,
	BUD_REMEDIES(X)
#undef X
		BUD_NR_REMEDIES,
} bud_remedy_kind;

typedef struct bud_remedy {
	bud_remedy_kind kind;
	uint64_t value, now; /* BUD_UNKNOWN where there is none */
} bud_remedy;

typedef struct bud_remedies {
	bud_remedy list[BUD_NR_REMEDIES];
	size_t nr;
} bud_remedies;

/* What the decisive zone could have done better; pages. */
typedef struct bud_remedy_zone {
	const bud_zone_facts *facts;
	const bud_settings *settings; /* in force; NULL: unknown */
	uint64_t cached;	      /* on per-CPU lists; BUD_UNKNOWN */
	const bud_headroom *room;     /* at the request's order; NULL: unknown */
} bud_remedy_zone;

void bud_remedy_find(bud_remedies *remedies, const bud_plea *plea, const bud_explanation *explanation,
		     const bud_remedy_zone *zone, const bud_kernel *kernel);

#endif
