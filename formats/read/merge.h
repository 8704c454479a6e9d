/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Per-CPU streams into one, in the order of terms.md: by time, then CPU,
 * then position. A whole run of one CPU's events is handed out at once.
 */
#ifndef BUD_READ_MERGE_H
#define BUD_READ_MERGE_H

#include "formats/read/stream.h"

typedef struct bud_merge {
	bud_stream **heap; /* streams with events, the earliest first */
	size_t nr;
	bool emptied; /* the run handed out last used up its sub-buffer */
} bud_merge;

/* Starts at the first event at or after t_ns. heap has room for nr_streams. */
void bud_merge_begin(bud_merge *merge, bud_stream *streams, size_t nr_streams, bud_event_mask wanted, uint64_t t_ns);

/* The next run; nr 0 at the end. Valid until the next call. */
bud_batch bud_merge_next(bud_merge *merge);

#endif
