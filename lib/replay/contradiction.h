/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Things in a trace that cannot be if the replayed state before them is
 * right. Data, not errors: they are how one finds a silent path of a kernel.
 */
#ifndef BUD_REPLAY_CONTRADICTION_H
#define BUD_REPLAY_CONTRADICTION_H

#include "lib/base/mmtypes.h"

/* X(KIND, name, what it says) */
#define BUD_CONTRADICTIONS(X)                                                          \
	X(FREE_OF_FREE, "free_of_free", "a free of a page held free")                  \
	X(DRAIN_OF_FREE, "drain_of_free", "a drain of a page held free")               \
	X(TAKE_OF_TAKEN, "take_of_taken", "zone_locked on a page not held free")       \
	X(ALLOC_OF_USED, "alloc_of_used", "an allocation of a page held used")         \
	X(RETYPED, "retyped", "a pageblock or block of another migratetype than held") \
	X(NO_ZONE, "no_zone", "a page outside every zone")                             \
	X(BAD_ORDER, "bad_order", "an order no kernel has")

typedef enum bud_contradiction {
#define X(kind, name, text) BUD_CONTRA_##kind,
	BUD_CONTRADICTIONS(X)
#undef X
		BUD_NR_CONTRADICTIONS,
} bud_contradiction;

const char *bud_contradiction_name(bud_contradiction kind);
const char *bud_contradiction_text(bud_contradiction kind);

typedef struct bud_contradiction_count {
	uint64_t count;
	uint64_t first_t_ns; /* of the first one; BUD_TIME_NONE if none */
	bud_pfn first_pfn;
} bud_contradiction_count;

#endif
