/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pages in use whose request the trace does not show, because it is older
 * than the trace, or because compaction moved them silently: what the flags
 * of a snapshot (kpageflags) tell of them, until an event names them.
 *
 * Kernel behaviour: compaction moves what is on the LRU lists, but for page
 * cache with buffers (isolate_migratepages_block, buffer_migrate_folio);
 * slabs, page tables and reserved pages stay. A page without any of these
 * flags may be the kernel's own or wait on a per-CPU list: unknown.
 */
#ifndef BUD_INSIGHT_EARLY_H
#define BUD_INSIGHT_EARLY_H

#include "lib/base/snapshot.h"

typedef enum bud_mobility {
	BUD_MOBILITY_UNKNOWN,
	BUD_MOBILITY_MOVABLE, /* compaction can move it */
	BUD_MOBILITY_FIXED,
} bud_mobility;

#define BUD_EARLY_FIXED 4 /* kinds of pages that stay */

typedef struct bud_early {
	uint64_t t_ns; /* when reading began; events from then on count */
	bud_pageset movable, fixed[BUD_EARLY_FIXED];
} bud_early;

/* By the last snapshot with kpageflags read at or before t_ns; without one, all is unknown. */
bud_status bud_early_read(bud_early *early, const bud_snapshot *snapshots, size_t nr, uint64_t t_ns, bud_error *err);
void bud_early_fini(bud_early *early);

/* An event of that time named these pages. */
void bud_early_leave(bud_early *early, uint64_t t_ns, bud_pfn pfn, uint64_t nr);
bud_mobility bud_early_of(const bud_early *early, bud_pfn pfn);

#endif
