/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Long work in slices, with a word on standard error when it lasts over a
 * second and somebody is looking.
 */
#ifndef BUD_CLI_PROGRESS_H
#define BUD_CLI_PROGRESS_H

#include "cli/workbench.h"

typedef struct bud_progress {
	bool shown; /* something stands on the terminal */
	bool wanted;
	const bud_trace_info *info;
	double since;
} bud_progress;

void bud_progress_begin(bud_progress *progress, const bud_trace_info *info, bool quiet);
void bud_progress_end(bud_progress *progress);

/* A word on how far the replay is, if it is time for one. */
void bud_progress_show(bud_progress *progress, const char *doing, const bud_replay *replay);

/* Lets the bench learn. */
bud_status bud_progress_learn(bud_progress *progress, bud_workbench *bench, bud_error *err);
/* Runs the replay up to t_ns (BUD_TIME_NONE: to the end). */
bud_status bud_progress_replay(bud_progress *progress, bud_replay *replay, uint64_t t_ns, bud_error *err);
/* Fills the timeline. */
bud_status bud_progress_timeline(bud_progress *progress, bud_timeline *timeline, bud_replay *replay, bud_error *err);

#endif
