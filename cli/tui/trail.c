/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/tui/trail.h"

#define FIRST_STEP 8192 /* events between the first restart points */

void bud_trail_init(bud_trail *trail, bud_replay *replay, size_t max_bytes)
{
	*trail = (bud_trail){ .replay = replay, .max_bytes = max_bytes, .step = FIRST_STEP, .left = FIRST_STEP };
}

void bud_trail_fini(bud_trail *trail)
{
	for (size_t i = 0; i < trail->nr_points; i++)
		bud_restart_destroy(trail->points[i]);
	*trail = (bud_trail){ 0 };
}

/* Every second restart point goes, and those to come are twice as far apart. */
static void thin(bud_trail *trail)
{
	size_t kept = 0;
	for (size_t i = 0; i < trail->nr_points; i++) {
		if (i % 2 == 0) {
			trail->points[kept++] = trail->points[i];
			continue;
		}
		trail->bytes -= bud_restart_bytes(trail->points[i]);
		bud_restart_destroy(trail->points[i]);
	}
	trail->nr_points = kept;
	trail->step *= 2;
}

/* The state as it is now; only where the replay said done. */
static bud_status keep(bud_trail *trail, const bud_replay *replay, bud_error *err)
{
	bud_restart *restart;
	uint64_t now = bud_replay_time(replay);
	trail->left = trail->step;
	if (now == BUD_TIME_NONE || (trail->nr_points && bud_restart_time(trail->points[trail->nr_points - 1]) >= now))
		return BUD_OK;
	bud_status status = bud_replay_save(replay, &restart, err);
	if (status)
		return status;
	trail->points[trail->nr_points++] = restart;
	trail->bytes += bud_restart_bytes(restart);
	if (trail->nr_points == BUD_TRAIL_POINTS || (trail->bytes > trail->max_bytes && trail->nr_points > 1))
		thin(trail);
	return BUD_OK;
}

bud_status bud_trail_fill(bud_trail *trail, bud_replay *replay, bud_timeline *timeline, uint64_t *budget, bool *done,
			  bud_error *err)
{
	const bud_timeline *t = timeline;
	bud_status status = BUD_OK;
	*done = false;
	while (!status && !*done && *budget) {
		uint64_t slice = trail->left < *budget ? trail->left : *budget, left = slice;
		status = bud_timeline_work(timeline, replay, &left, done, err);
		*budget -= slice - left;
		trail->left -= slice - left;
		if (status || trail->left)
			continue;
		/* Within a column the replay is done at no time of its own: it is at that of the next event. */
		uint64_t next = bud_replay_position(replay);
		bool reached = !t->open;
		if (t->open && next && next <= t->columns[t->nr_filled].t_end_ns)
			status = bud_replay_run(replay, next, NULL, &reached, err);
		if (!status && reached)
			status = keep(trail, replay, err);
		else
			trail->left = 1;
	}
	return status;
}

bud_status bud_trail_go_before(bud_trail *trail, uint64_t t_ns, bud_error *err)
{
	size_t i = trail->nr_points;
	while (i > 0 && bud_restart_time(trail->points[i - 1]) >= t_ns)
		i--;
	return i ? bud_replay_restore(trail->replay, trail->points[i - 1], err) : bud_replay_rewind(trail->replay, err);
}
