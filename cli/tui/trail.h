/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A replay that can be anywhere soon: restart points are left on the first
 * way through the trace, and it begins at the nearest one. They get farther
 * apart as the trace gets longer, so that their memory is bounded.
 */
#ifndef BUD_TUI_TRAIL_H
#define BUD_TUI_TRAIL_H

#include "lib/replay/timeline.h"

#define BUD_TRAIL_POINTS 256

typedef struct bud_trail {
	bud_replay *replay;		       /* borrowed */
	bud_restart *points[BUD_TRAIL_POINTS]; /* by time */
	size_t nr_points;
	size_t bytes, max_bytes; /* held by them */
	uint64_t step, left;	 /* events between two, and to the next */
} bud_trail;

/* max_bytes: of all restart points; one is kept in any case. */
void bud_trail_init(bud_trail *trail, bud_replay *replay, size_t max_bytes);
void bud_trail_fini(bud_trail *trail);

/* Fills columns as bud_timeline_work() does, and leaves restart points where there were none. replay: the trail's, or
 * one that is like it, so that the trail's is free meanwhile. */
bud_status bud_trail_fill(bud_trail *trail, bud_replay *replay, bud_timeline *timeline, uint64_t *budget, bool *done,
			  bud_error *err);

/* Back to the last restart point before t_ns, or to the beginning. */
bud_status bud_trail_go_before(bud_trail *trail, uint64_t t_ns, bud_error *err);

#endif
