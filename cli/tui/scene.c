/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/tui/scene.h"

#include <stdlib.h>

#define RESTART_CAP ((size_t)512 << 20) /* bytes all restart points may hold */

bud_status bud_scene_open(bud_scene *scene, bud_workbench *bench, bud_error *err)
{
	const bud_trace_info *info = &bench->bundle->source->info;
	*scene = (bud_scene){ .bench = bench };
	if (info->first_ns != BUD_TIME_NONE)
		scene->restart_step_ns = (info->last_ns - info->first_ns) / (BUD_SCENE_RESTARTS - 1) + 1;
	scene->verdicts = calloc(bench->bundle->nr_snapshots + 1, sizeof *scene->verdicts);
	return scene->verdicts ? BUD_OK : bud_error_memory(err, "verdicts");
}

void bud_scene_close(bud_scene *scene)
{
	for (size_t i = 0; i < scene->nr_restarts; i++)
		bud_restart_destroy(scene->restarts[i]);
	bud_timeline_destroy(scene->timeline);
	free(scene->verdicts);
	*scene = (bud_scene){ 0 };
}

static bool is_shown(const bud_scene *scene, const bud_browse *browse)
{
	const bud_timeline *t = scene->timeline;
	return t && t->nr_columns == browse->nr_columns && t->fold == browse->fold &&
	       t->columns[0].t_begin_ns == browse->begin_ns && t->columns[t->nr_columns - 1].t_end_ns == browse->end_ns;
}

/* Back to the last restart point before t_ns, or to the beginning. */
static bud_status go_before(bud_scene *scene, uint64_t t_ns, bud_error *err)
{
	size_t i = scene->nr_restarts;
	while (i > 0 && bud_restart_time(scene->restarts[i - 1]) >= t_ns)
		i--;
	return i ? bud_replay_restore(scene->bench->replay, scene->restarts[i - 1], err)
		 : bud_replay_rewind(scene->bench->replay, err);
}

bud_status bud_scene_show(bud_scene *scene, const bud_browse *browse, bud_error *err)
{
	if (is_shown(scene, browse))
		return BUD_OK;
	bud_replay_observe(scene->bench->replay, NULL, NULL);
	bud_timeline_destroy(scene->timeline);
	scene->timeline = NULL;
	bud_status status = bud_timeline_create_even(&scene->timeline, scene->bench->replay, browse->begin_ns,
						     browse->end_ns, browse->nr_columns, browse->fold, err);
	return status ? status : go_before(scene, browse->begin_ns, err);
}

/* Keeps the state as it is now, if it is far enough from the last one kept and there is room. */
static bud_status keep_restart(bud_scene *scene, bud_error *err)
{
	uint64_t now = bud_replay_time(scene->bench->replay);
	if (now == BUD_TIME_NONE || scene->nr_restarts == BUD_SCENE_RESTARTS || scene->restart_bytes > RESTART_CAP)
		return BUD_OK;
	if (scene->nr_restarts &&
	    now < bud_restart_time(scene->restarts[scene->nr_restarts - 1]) + scene->restart_step_ns)
		return BUD_OK;
	bud_restart *restart;
	bud_status status = bud_replay_save(scene->bench->replay, &restart, err);
	if (status)
		return status;
	scene->restarts[scene->nr_restarts++] = restart;
	scene->restart_bytes += bud_restart_bytes(restart);
	return BUD_OK;
}

/* Behind the visible range the first pass goes on to the end: only then the drift is known. */
static bud_status finish_survey(bud_scene *scene, uint64_t *budget, bool *done, bud_error *err)
{
	const bud_bundle *bundle = scene->bench->bundle;
	bud_status status = bud_replay_run(scene->bench->replay, BUD_TIME_NONE, budget, done, err);
	if (!status && *done) {
		bud_verify_sum(scene->bench->replay, bundle->snapshots, bundle->nr_snapshots, scene->verdicts,
			       &scene->summary);
		scene->surveyed = true;
	}
	return status;
}

bud_status bud_scene_work(bud_scene *scene, uint64_t budget, bool *done, bud_error *err)
{
	bud_status status = BUD_OK;
	*done = false;
	while (!status && !*done && budget) {
		status = bud_timeline_work(scene->timeline, scene->bench->replay, &budget, done, err);
		if (!status && !scene->surveyed && !scene->timeline->open)
			status = keep_restart(scene, err);
	}
	if (!status && *done && !scene->surveyed)
		status = finish_survey(scene, &budget, done, err);
	return status;
}
