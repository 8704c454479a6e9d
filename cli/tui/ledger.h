/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Steals of the whole trace, kept while it is surveyed: what panels sum up
 * over the visible range. A listener of the replay; the first
 * BUD_LEDGER_MAX are kept.
 */
#ifndef BUD_TUI_LEDGER_H
#define BUD_TUI_LEDGER_H

#include "lib/replay/replay.h"

#define BUD_LEDGER_MAX 100000

typedef struct bud_steal {
	uint64_t t_ns;
	int32_t pid;
	int8_t alloc_order, fallback_order;
	uint8_t alloc_type, fallback_type;
	bool claimed; /* the pageblock changed its type */
} bud_steal;

typedef struct bud_ledger {
	const bud_kernel *kernel;
	bud_steal *steals;
	size_t nr_steals, room;
	uint64_t dropped; /* not kept for want of room */
} bud_ledger;

void bud_ledger_init(bud_ledger *ledger, const bud_kernel *kernel);
void bud_ledger_fini(bud_ledger *ledger);
/* The listener. */
void bud_ledger_hear(void *self, const bud_event *event);

/* The first steal at or behind t_ns; nr_steals if there is none. */
size_t bud_ledger_steal_from(const bud_ledger *ledger, uint64_t t_ns);

#endif
