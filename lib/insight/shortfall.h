/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a request fell short of: the test it failed, asked again with one
 * thing different, and why compaction was not begun. Pure arithmetic of the
 * replay's numbers at that moment; what another setting would have made of
 * them takes a simulation (trial.h).
 */
#ifndef BUD_INSIGHT_SHORTFALL_H
#define BUD_INSIGHT_SHORTFALL_H

#include "lib/insight/explain.h"

/* clang-format off */
/* X(kind, what value is) */
#define BUD_LACKINGS(X) \
	X(PAGES,        "pages more free would have been enough")          /* value */ \
	X(CACHED,       "pages of the zone were on per-CPU lists")         /* value */ \
	X(BOOST,        "pages of the mark were a boost after fallbacks")  /* value */ \
	X(MIN_FREE,     "the largest min_free_kbytes that lets it pass")   /* value; now: what it is */ \
	X(RATIO,        "a lowmem_reserve_ratio of the zone that lets it pass") /* value; now */ \
	X(ROOM,         "pages are missing for compaction to move others to") /* value */ \
	X(INDEX,        "the extfrag index; compaction begins above extfrag_threshold") /* value; now: the threshold */
/* clang-format on */

typedef enum bud_lacking_kind {
#define X(kind, text) BUD_LACKING_##kind,
	BUD_LACKINGS(X)
#undef X
		BUD_NR_LACKINGS,
} bud_lacking_kind;

typedef struct bud_lacking {
	bud_lacking_kind kind;
	uint64_t value, now; /* BUD_UNKNOWN where there is none */
} bud_lacking;

typedef struct bud_shortfall {
	bud_lacking list[BUD_NR_LACKINGS];
	size_t nr;
} bud_shortfall;

/* The decisive zone. */
typedef struct bud_shortfall_zone {
	const bud_zone_facts *facts;
	const bud_settings *settings; /* in force; NULL: unknown */
	uint64_t cached;	      /* pages on per-CPU lists; BUD_UNKNOWN */
} bud_shortfall_zone;

/* Of a request that its decisive zone did not serve; empty if it would, or nothing is known. */
void bud_shortfall_find(bud_shortfall *shortfall, const bud_plea *plea, const bud_explanation *explanation,
			const bud_shortfall_zone *zone, const bud_kernel *kernel);

#endif
