/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The figures behind the visible range. The first pass over the trace
 * leaves restart points on its way; any other range is replayed again from
 * the nearest one before it. Work is done in slices, so that the user can
 * move on meanwhile.
 */
#ifndef BUD_TUI_SCENE_H
#define BUD_TUI_SCENE_H

#include "cli/tui/browse.h"
#include "cli/workbench.h"

#define BUD_SCENE_RESTARTS 256

typedef struct bud_scene {
	bud_workbench *bench;
	bud_timeline *timeline; /* of the range last asked for */
	bud_restart *restarts[BUD_SCENE_RESTARTS]; /* by time */
	size_t nr_restarts;
	size_t restart_bytes; /* held by them */
	uint64_t restart_step_ns; /* least distance between two */
	bool surveyed; /* the replay has once run to the end: verdicts hold */
	bud_verdict *verdicts;
	bud_verify_summary summary;
} bud_scene;

bud_status bud_scene_open(bud_scene *scene, bud_workbench *bench, bud_error *err);
void bud_scene_close(bud_scene *scene);

/* Makes sure the timeline is of that range, width and fold; begins it anew if not. */
bud_status bud_scene_show(bud_scene *scene, const bud_browse *browse, bud_error *err);

/* Works on it for about budget events; *done when there is nothing left to do. */
bud_status bud_scene_work(bud_scene *scene, uint64_t budget, bool *done, bud_error *err);

#endif
