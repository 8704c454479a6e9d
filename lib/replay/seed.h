/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The state at the start, from kpageflags. The file takes a while to read
 * while pages go on moving: between open and close the pages that events
 * name are noted, and keep what their last event made of them; every other
 * page gets the state of its KPF_BUDDY bit. Where it is known when each piece
 * of the file was read, only events since then count.
 */
#ifndef BUD_REPLAY_SEED_H
#define BUD_REPLAY_SEED_H

#include "lib/memory/memory.h"

typedef struct bud_seed {
	const bud_snapshot *snapshot; /* whose kpageflags is being read; NULL: none */
	bud_pageset touched;
} bud_seed;

void bud_seed_init(bud_seed *seed);
void bud_seed_fini(bud_seed *seed);
void bud_seed_open(bud_seed *seed, const bud_snapshot *snapshot);
/* An event at that time named the pages. Only while it is open. */
void bud_seed_touch(bud_seed *seed, uint64_t t_ns, bud_pfn pfn, uint64_t nr);
/* Reads the snapshot's kpageflags and gives every zone of memory its state. Closes the window. */
bud_status bud_seed_close(bud_seed *seed, bud_memory *memory, bud_error *err);
/*
 * Looks at the snapshot's kpageflags instead, and changes nothing: tells of
 * every page whose state no event named while they were read, whether it was
 * free then. Closes the window.
 */
typedef void bud_seed_witness(void *self, bud_zone *zone, bud_pfn pfn, bool free);
bud_status bud_seed_look(bud_seed *seed, const bud_memory *memory, bud_seed_witness *witness, void *self,
			 bud_error *err);
bool bud_seed_copy(bud_seed *to, const bud_seed *from);

#endif
