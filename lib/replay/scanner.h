/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How a task's compaction walks when it looks for free pages. Its stride is
 * in no event, but it follows from what came before (isolate_freepages and
 * fast_isolate_around of mm/compaction.c, 5.1 and later): a search begins
 * with steps of one page, or of 32 if it is asynchronous; every pageblock in
 * which nothing was found doubles the stride up to 32, a find sets it back
 * to one. A search around a fast isolation's block has steps of one.
 */
#ifndef BUD_REPLAY_SCANNER_H
#define BUD_REPLAY_SCANNER_H

#include "lib/base/event.h"

#define BUD_SCANNER_MAX_STRIDE 32 /* COMPACT_CLUSTER_MAX; strides double from 1 to it */

typedef struct bud_scanner {
	bool known;	   /* the run's beginning was seen */
	bool sync;	   /* it is not asynchronous */
	unsigned on, anew; /* the next stride if the search goes on, and if a new one begins; 0: not known */
} bud_scanner;

/* mm_compaction_begin. */
void bud_scanner_begin(bud_scanner *scanner, bool sync);
/* A new search: mm_compaction_fast_isolate_freepages that took something or not, or pages were migrated. */
void bud_scanner_anew(bud_scanner *scanner, bool around);
/*
 * The stride of this mm_compaction_isolate_freepages, 0 if it cannot be
 * told; goes on from it. old_kernel: to 6.1, where compound pages that were
 * passed over are not counted as scanned.
 */
unsigned bud_scanner_stride(bud_scanner *scanner, const bud_event *event, bool old_kernel);

#endif
