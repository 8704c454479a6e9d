/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kswapd of a node in the model (balance_pgdat of mm/vmscan.c). What it frees, and how fast: reclaim.h. */
#ifndef BUD_ALLOCATOR_KSWAPD_H
#define BUD_ALLOCATOR_KSWAPD_H

#include "lib/allocator/machine.h"

typedef struct bud_reclaim bud_reclaim;

typedef struct bud_kswapd {
	bool up;
	int order;
	bud_zone_type highest;
	uint64_t since_ns; /* its work is done up to here */
	uint64_t spare;	   /* of its speed, what was no whole page */
	uint64_t boost;	   /* pages it still owes for watermark boosts it found */
	bool boosted;	   /* it found some */
	uint64_t reclaimed;
	unsigned failures; /* times in a row that it found nothing to free */
} bud_kswapd;

/* For bud_reclaim_ops.wake_kswapd; self is the bud_reclaim. */
void bud_kswapd_wake(void *self, bud_machine *machine, int node, int order, bud_zone_type highest);
/* It works until then, if it is up. */
void bud_kswapd_run(bud_reclaim *reclaim, int node, uint64_t t_ns);
/* Something of the node could be freed: it is not hopeless (kswapd_failures of shrink_node). */
void bud_kswapd_hopes(bud_reclaim *reclaim, int node);

#endif
