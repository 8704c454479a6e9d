/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Failed allocations and steals of the whole trace, kept while it is
 * surveyed: what panels sum up over the visible range. A listener of the
 * replay; the first BUD_LEDGER_MAX of either are kept.
 */
#ifndef BUD_TUI_LEDGER_H
#define BUD_TUI_LEDGER_H

#include "lib/replay/replay.h"

#define BUD_LEDGER_MAX 100000

/* A failed allocation, with the memory as it was just before it. */
typedef struct bud_failure {
	uint64_t t_ns;
	uint64_t gfp_flags;
	uint64_t free_pages; /* of all seeded zones */
	uint64_t suitable;   /* free blocks of its order or more, in them, counted in blocks of its order */
	int32_t pid;
	int8_t order;
	uint8_t migratetype;
	bool known; /* some zone was seeded */
} bud_failure;

typedef struct bud_steal {
	uint64_t t_ns;
	int8_t alloc_order, fallback_order;
	uint8_t alloc_type, fallback_type;
	bool claimed; /* the pageblock changed its type */
} bud_steal;

typedef struct bud_ledger {
	const bud_memory *memory;
	const bud_kernel *kernel;
	bud_failure *failures;
	size_t nr_failures, room_failures;
	bud_steal *steals;
	size_t nr_steals, room_steals;
	uint64_t dropped; /* not kept for want of room */
} bud_ledger;

void bud_ledger_init(bud_ledger *ledger, const bud_memory *memory, const bud_kernel *kernel);
void bud_ledger_fini(bud_ledger *ledger);
/* The listener. */
void bud_ledger_hear(void *self, const bud_event *event);

/* The first failure at or behind t_ns; nr_failures if there is none. The same of steals. */
size_t bud_ledger_failure_from(const bud_ledger *ledger, uint64_t t_ns);
size_t bud_ledger_steal_from(const bud_ledger *ledger, uint64_t t_ns);

#endif
