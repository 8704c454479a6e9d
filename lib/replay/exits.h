/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Silent ways out of the free lists, and what later events tell of them.
 * A page that is found gone left by one of the exits behind its last move;
 * a page that is found free did not leave by any of them. A fast isolation
 * took exactly one of the blocks of its order: where all others are known to
 * have stayed it is the last one left, and where no event tells it is taken
 * to be the one the kernel would have come upon first.
 */
#ifndef BUD_REPLAY_EXITS_H
#define BUD_REPLAY_EXITS_H

#include "lib/memory/zone.h"
#include "lib/replay/proofs.h"

/*
 * A fast isolation of nr_taken pages, number seq: any free block of its order
 * may be what it took. low: blocks from there on are preferred.
 */
void bud_exits_add_fast(bud_proofs *proofs, const bud_event *event, uint64_t seq, const bud_zone *zone, bud_pfn low);

/* What the fast isolation of that number took lay in [start, end). */
void bud_exits_narrow(bud_proofs *proofs, uint64_t seq, bud_pfn start, bud_pfn end);

/* What the run of task pid that event seq began took in silence is no more than room pages. */
void bud_exits_limit(bud_proofs *proofs, uint64_t seq, int32_t pid, uint64_t room);

/*
 * A page held free turns out, at event number before, to have left since it
 * last moved. seed: number of the event that followed the seed, in force when
 * the page has not moved since. run: number of the event that began the
 * compaction run the freeing task is in, or 0. certain: an event of the page
 * itself tells it, so that there must be a reason.
 */
void bud_exits_gone(bud_proofs *proofs, bud_pfn pfn, int32_t pid, uint64_t seed, uint64_t before, uint64_t run,
		    bool certain);

/* An event finds the page on the free lists: it did not leave since it last moved. */
void bud_exits_stayed(bud_proofs *proofs, bud_pfn pfn);
/*
 * This pass takes the page off the lists because the last one settled that it
 * left here: whether it is held free no longer tells that it is found gone.
 */
void bud_exits_assign(bud_proofs *proofs, bud_pfn pfn, uint64_t nr);
/* Whether it did, and no event has named the page since. */
static inline bool bud_exits_assigned(const bud_proofs *proofs, bud_pfn pfn)
{
	return bud_pageset_test(&proofs->assigned, pfn);
}

/*
 * At the end of a pass: which page left by which exit. First those that can
 * have left by one only, and the isolations that can have taken one block
 * only, as long as one tells of another; then the likeliest. seed: as above.
 */
void bud_exits_settle(bud_proofs *proofs, uint64_t seed);

#endif
