/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where the user is: the visible range, the cursor, the zone, the fold.
 * Pure: an action in, another state out.
 */
#ifndef BUD_TUI_BROWSE_H
#define BUD_TUI_BROWSE_H

#include "cli/tui/keys.h"
#include "lib/replay/timeline.h"

typedef struct bud_browse {
	uint64_t first_ns, last_ns; /* of the trace */
	uint64_t begin_ns, end_ns; /* visible */
	size_t nr_columns; /* the visible range is cut into */
	size_t cursor; /* column */
	size_t zone, nr_zones;
	bud_fold fold;
	bool help, quit;
} bud_browse;

/* Shows [begin, end] of a trace that lasts from first to last. */
void bud_browse_init(bud_browse *browse, uint64_t first_ns, uint64_t last_ns, uint64_t begin_ns, uint64_t end_ns,
		     size_t nr_zones, bud_fold fold);

/* The picture is that many columns wide from now on; the cursor keeps its time. */
void bud_browse_resize(bud_browse *browse, size_t nr_columns);

/* Applies an action; timeline (of the visible range, perhaps unfinished, or NULL) tells where events are. */
void bud_browse_act(bud_browse *browse, bud_action action, const bud_timeline *timeline);

/* Time at the end of a column. */
uint64_t bud_browse_time(const bud_browse *browse, size_t column);

#endif
