/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kswapd of a node in the model (kswapd, kswapd_try_to_sleep, balance_pgdat
 * and kswapd_shrink_node of mm/vmscan.c, 5.0 to 7.x).
 *
 * A run goes on in passes until some zone of the node has its high mark. A
 * pass takes as many pages as the node's zones want free together (HIGH of
 * each, boosts included), or, if that is less, its share of all that lies on
 * the lists of pages: a 4096th of it in the first pass, twice that in the
 * next, and so on. Whether the node is balanced it asks between passes only.
 * Where reclaim goes by generations (feature lru_gen), the first share is
 * chosen to suffice, and a pass also ends when all zones are well above HIGH.
 *
 * For a boost's sake alone it takes only what needs no writing and no swap,
 * and no large share; by generations, nothing at all, which to 6.18 counts
 * as a failure (feature boost_in_vain): after 16 in a row it gives up.
 *
 * After a run it naps for a tenth of a second if the node is balanced, and
 * then sleeps if it still is; else it runs again. A wake ends either. Of
 * wakes while it runs it remembers order and zone for the next run. Boosts
 * that came during a run stay in force until the end of the next one.
 *
 * What it frees, and how fast: reclaim.h.
 */
#ifndef BUD_ALLOCATOR_KSWAPD_H
#define BUD_ALLOCATOR_KSWAPD_H

#include "lib/allocator/machine.h"

typedef struct bud_reclaim bud_reclaim;

typedef struct bud_kswapd {
	bool up;    /* in a run */
	bool naps;  /* until nap_ns */
	bool asked; /* woken during this run, for asked_order and asked_highest */
	int order;  /* it balances the node for; 0 once it freed enough for the order asked for */
	int wanted; /* order it was woken for */
	bud_zone_type highest;
	int asked_order;
	bud_zone_type asked_highest;
	uint64_t nap_ns;
	uint64_t since_ns;  /* its work is done up to here */
	uint64_t boost;	    /* pages this run still owes for the boosts it found */
	bool boosted;	    /* it found some */
	int priority;	    /* of the pass: its share is one in 2 to the power of it */
	uint64_t target;    /* pages it would have freed */
	uint64_t share;	    /* and is to free; 0: a pass is to begin */
	uint64_t passed;    /* pages freed in the pass */
	uint64_t reclaimed; /* and in the run */
	unsigned failures;  /* runs in a row, of anybody, that found nothing to free */
} bud_kswapd;

/* For bud_reclaim_ops.wake_kswapd; self is the bud_reclaim. */
void bud_kswapd_wake(void *self, bud_machine *machine, int node, int order, bud_zone_type highest);
/* It works until then, if it is up, or its nap is over by then. */
void bud_kswapd_run(bud_reclaim *reclaim, int node, uint64_t t_ns);
/* Something of the node could be freed: it is not hopeless (kswapd_failures of shrink_node). */
void bud_kswapd_hopes(bud_reclaim *reclaim, int node);

#endif
