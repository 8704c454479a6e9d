/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define SLICE 1000000 /* events */

static double now(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

void bud_progress_begin(bud_progress *progress, const bud_trace_info *info, bool quiet)
{
	*progress = (bud_progress){ .wanted = !quiet && isatty(STDERR_FILENO), .info = info, .since = now() };
}

void bud_progress_show(bud_progress *progress, const char *doing, const bud_replay *replay)
{
	uint64_t first = progress->info->first_ns, last = progress->info->last_ns, at = bud_replay_position(replay);
	if (!progress->wanted || !at || now() - progress->since < 1 || first == BUD_TIME_NONE || last <= first)
		return;
	unsigned share = at <= first ? 0 : (unsigned)((unsigned __int128)(at - first) * 100 / (last - first));
	fprintf(stderr, "\r%s %3u%%", doing, share > 100 ? 100 : share);
	progress->shown = true;
}

void bud_progress_end(bud_progress *progress)
{
	if (progress->shown)
		fputs("\r\033[K", stderr);
	progress->shown = false;
}

bud_status bud_progress_learn(bud_progress *progress, bud_workbench *bench, bud_error *err)
{
	bud_status status = BUD_OK;
	for (bool done = false; !status && !done;) {
		uint64_t budget = SLICE;
		status = bud_workbench_learn(bench, &budget, &done, err);
		bud_progress_show(progress, "looking ahead", bench->replay);
	}
	return status;
}

bud_status bud_progress_replay(bud_progress *progress, bud_replay *replay, uint64_t t_ns, bud_error *err)
{
	bud_status status = BUD_OK;
	for (bool done = false; !status && !done;) {
		uint64_t budget = SLICE;
		status = bud_replay_run(replay, t_ns, &budget, &done, err);
		bud_progress_show(progress, "replaying", replay);
	}
	return status;
}

bud_status bud_progress_timeline(bud_progress *progress, bud_timeline *timeline, bud_replay *replay, bud_error *err)
{
	bud_status status = BUD_OK;
	for (bool done = false; !status && !done;) {
		uint64_t budget = SLICE;
		status = bud_timeline_work(timeline, replay, &budget, &done, err);
		bud_progress_show(progress, "replaying", replay);
	}
	return status;
}
