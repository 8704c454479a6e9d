/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How long the kswapd of each node has been awake, from kswapd_wake to
 * kswapd_sleep. Unknown before the first event that tells.
 */
#ifndef BUD_INSIGHT_AWAKE_H
#define BUD_INSIGHT_AWAKE_H

#include "lib/memory/memory.h"

typedef struct bud_awake_clock {
	int32_t node;
	bool known, awake;
	uint64_t since_ns; /* awake since then */
	uint64_t sum_ns;   /* of the times before */
} bud_awake_clock;

typedef struct bud_awake {
	bud_awake_clock *clocks; /* one a node of the memory */
	size_t nr;
} bud_awake;

/* False when out of memory. */
bool bud_awake_init(bud_awake *awake, const bud_memory *memory);
void bud_awake_fini(bud_awake *awake);

/* Its kswapd woke, or went to sleep, at t_ns. */
void bud_awake_set(bud_awake *awake, int32_t node, bool is_awake, uint64_t t_ns);
/* It is asleep: somebody wakes it. Only news where nothing was known. */
void bud_awake_woken(bud_awake *awake, int32_t node);

/* What clock i shows at t_ns; BUD_UNKNOWN. */
uint64_t bud_awake_read(const bud_awake *awake, size_t i, uint64_t t_ns);
/* The clock of that node, or SIZE_MAX. */
size_t bud_awake_find(const bud_awake *awake, int32_t node);

#endif
