/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Room for large blocks: how many of a size a zone has free, how many
 * compaction could make by moving pages that can be moved, and how many are
 * held by pages that cannot.
 */
#ifndef BUD_INSIGHT_HEADROOM_H
#define BUD_INSIGHT_HEADROOM_H

#include "lib/insight/owners.h"

/* Aligned blocks of one order that lie wholly in one zone; each is counted once, by the worst page in it. */
typedef struct bud_headroom {
	uint64_t blocks;
	uint64_t free;	  /* all in the buddy */
	uint64_t cached;  /* free but for pages on per-CPU lists */
	uint64_t movable; /* in use, all by pages that can be moved */
	uint64_t fixed;	  /* with a page that cannot */
	uint64_t unknown; /* with pages of which that is not known, none fixed */
	/* Of cached and movable, those that fit: moved pages need free pages elsewhere. */
	uint64_t reachable;
} bud_headroom;

/* Of the replayed memory as it stands; owners of the same instant. */
void bud_headroom_count(bud_headroom *room, const bud_memory *memory, const bud_zone *zone, int order,
			const bud_owners *owners);

#endif
