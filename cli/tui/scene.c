/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/tui/scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RESTART_CAP ((size_t)512 << 20) /* bytes all restart points may hold */
#define FIRST_STEP  8192		/* events between the first restart points */

static const bud_trace_info *info_of(const bud_scene *scene)
{
	return &scene->bench->bundle->source->info;
}

/* Everybody who wants to be told of every event is; the overview that there is stands in until a new one is filled. */
static bud_status begin_survey(bud_scene *scene, bud_error *err)
{
	bud_replay *replay = scene->bench->replay;
	bud_replay_observe(replay, NULL, NULL);
	bud_timeline_destroy(scene->coarse);
	scene->coarse = scene->overview;
	scene->overview = NULL;
	scene->phase = BUD_PHASE_SURVEY;
	return bud_witness_begin(&scene->witness, replay, scene->bench->bundle->source, &scene->bench->kernel,
				 info_of(scene)->last_ns, err);
}

/* whole: it has come to the end of the trace. */
static bud_status end_survey(bud_scene *scene, bool whole, bud_error *err)
{
	bud_replay *replay = scene->bench->replay;
	const bud_bundle *bundle = scene->bench->bundle;
	bud_status status = bud_witness_end(&scene->witness, whole, err);
	bud_timeline_pause(scene->overview, replay);
	scene->phase = BUD_PHASE_READY;
	scene->placed = false;
	scene->partial = !whole;
	scene->surveyed = whole;
	if (!whole || status)
		return status;
	memcpy(scene->contradictions, bud_replay_contradictions(replay), sizeof scene->contradictions);
	bud_verify_sum(replay, bundle->snapshots, bundle->nr_snapshots, scene->verdicts, &scene->summary);
	bud_timeline_destroy(scene->coarse);
	scene->coarse = NULL;
	return BUD_OK;
}

bud_status bud_scene_open(bud_scene *scene, bud_workbench *bench, bud_error *err)
{
	const bud_trace_info *info = &bench->bundle->source->info;
	size_t nr_zones = bench->memory.nr_zones;
	*scene = (bud_scene){ .bench = bench,
			      .world = { bench->bundle->source, &bench->kernel, &bench->memory },
			      .phase = BUD_PHASE_FIRST,
			      .restart_step = FIRST_STEP,
			      .restart_left = FIRST_STEP };
	bud_status status = bud_eventlist_init(&scene->events, info->first_ns, info->last_ns, err);
	scene->verdicts = calloc(bench->bundle->nr_snapshots + 1, sizeof *scene->verdicts);
	for (int i = 0; i < 2; i++) {
		bud_instant *at = i ? &scene->mark : &scene->cursor;
		at->samples = calloc(nr_zones + 1, sizeof *at->samples);
		at->pages = calloc((size_t)1 << bench->kernel.pageblock_order, sizeof *at->pages);
		if (!status && (!at->samples || !at->pages || !scene->verdicts))
			status = bud_error_memory(err, "the screens");
	}
	if (!status && bench->passes == 1)
		status = begin_survey(scene, err);
	if (status)
		bud_scene_close(scene);
	return status;
}

static void fini_instant(bud_instant *at)
{
	free(at->samples);
	free(at->pages);
	bud_blockmap_fini(&at->map);
}

void bud_scene_close(bud_scene *scene)
{
	for (size_t i = 0; i < scene->nr_restarts; i++)
		bud_restart_destroy(scene->restarts[i]);
	bud_timeline_destroy(scene->timeline);
	bud_timeline_destroy(scene->overview);
	bud_timeline_destroy(scene->coarse);
	fini_instant(&scene->cursor);
	fini_instant(&scene->mark);
	bud_eventlist_fini(&scene->events);
	bud_witness_fini(&scene->witness);
	free(scene->verdicts);
	*scene = (bud_scene){ 0 };
}

static bool is_of(const bud_timeline *t, const bud_browse *browse)
{
	return t && t->nr_columns == browse->nr_columns && t->fold == browse->fold &&
	       !(t->untyped && browse->shown >= BUD_SHOW_TYPE) && t->columns[0].t_begin_ns == browse->begin_ns &&
	       t->columns[t->nr_columns - 1].t_end_ns == browse->end_ns;
}

const bud_timeline *bud_scene_picture(const bud_scene *scene, const bud_browse *browse)
{
	return is_of(scene->overview, browse)	? scene->overview
	       : is_of(scene->timeline, browse) ? scene->timeline
						: NULL;
}

/* Whatever used the replay or the source is put aside. */
static void leave_job(bud_scene *scene)
{
	if (scene->witness.owning)
		bud_witness_owned(&scene->witness, BUD_TIME_NONE, NULL);
	if (scene->timeline)
		bud_timeline_pause(scene->timeline, scene->bench->replay);
	scene->job = BUD_JOB_NONE;
	scene->placed = false;
}

static bud_status create_timeline(bud_scene *scene, bud_timeline **timeline, const bud_browse *browse, uint64_t begin,
				  uint64_t end, bud_error *err)
{
	bud_status status = bud_timeline_create_even(timeline, scene->bench->replay, begin, end, browse->nr_columns,
						     browse->fold, err);
	if (!status)
		(*timeline)->untyped = browse->shown < BUD_SHOW_TYPE;
	return status;
}

bud_status bud_scene_show(bud_scene *scene, const bud_browse *browse, bud_error *err)
{
	bud_status status = BUD_OK;
	if (!scene->overview)
		status = create_timeline(scene, &scene->overview, browse, browse->first_ns, browse->last_ns, err);
	if (status || is_of(scene->overview, browse) || is_of(scene->timeline, browse))
		return status;
	if (scene->job == BUD_JOB_TIMELINE)
		leave_job(scene);
	bud_timeline_destroy(scene->timeline);
	scene->timeline = NULL;
	return create_timeline(scene, &scene->timeline, browse, browse->begin_ns, browse->end_ns, err);
}

/* Every second restart point goes, and those to come are twice as far apart. */
static void thin_restarts(bud_scene *scene)
{
	size_t kept = 0;
	for (size_t i = 0; i < scene->nr_restarts; i++) {
		if (i % 2 == 0) {
			scene->restarts[kept++] = scene->restarts[i];
			continue;
		}
		scene->restart_bytes -= bud_restart_bytes(scene->restarts[i]);
		bud_restart_destroy(scene->restarts[i]);
	}
	scene->nr_restarts = kept;
	scene->restart_step *= 2;
}

/* The state as it is now; only where the replay said done. */
static bud_status keep_restart(bud_scene *scene, bud_error *err)
{
	bud_restart *restart;
	uint64_t now = bud_replay_time(scene->bench->replay);
	scene->restart_left = scene->restart_step;
	if (now == BUD_TIME_NONE ||
	    (scene->nr_restarts && bud_restart_time(scene->restarts[scene->nr_restarts - 1]) >= now))
		return BUD_OK;
	bud_status status = bud_replay_save(scene->bench->replay, &restart, err);
	if (status)
		return status;
	scene->restarts[scene->nr_restarts++] = restart;
	scene->restart_bytes += bud_restart_bytes(restart);
	if (scene->nr_restarts == BUD_SCENE_RESTARTS || (scene->restart_bytes > RESTART_CAP && scene->nr_restarts > 1))
		thin_restarts(scene);
	return BUD_OK;
}

/* Fills the overview, and leaves restart points on the way if so wanted. */
static bud_status run_overview(bud_scene *scene, uint64_t *budget, bool keep, bool *done, bud_error *err)
{
	bud_replay *replay = scene->bench->replay;
	bud_timeline *t = scene->overview;
	bud_status status = BUD_OK;
	while (!status && !*done && *budget) {
		uint64_t slice = keep && scene->restart_left < *budget ? scene->restart_left : *budget, left = slice;
		status = bud_timeline_work(t, replay, &left, done, err);
		*budget -= slice - left;
		scene->restart_left -= keep ? slice - left : 0;
		uint64_t next = bud_replay_position(replay);
		bool reached = !t->open;
		if (status || !keep || scene->restart_left)
			continue;
		if (t->open && next && next <= t->columns[t->nr_filled].t_end_ns)
			status = bud_replay_run(replay, next, NULL, &reached, err);
		if (!status && reached)
			status = keep_restart(scene, err);
		else
			scene->restart_left = 1;
	}
	return status;
}

static bud_status work_phase(bud_scene *scene, uint64_t *budget, bud_error *err)
{
	bool done = false;
	bud_status status;
	switch (scene->phase) {
	case BUD_PHASE_FIRST:
		status = run_overview(scene, budget, false, &done, err);
		if (!status && done)
			scene->phase = BUD_PHASE_LEARN;
		return status;
	case BUD_PHASE_LEARN:
		status = bud_workbench_learn(scene->bench, budget, &done, err);
		return status || !done ? status : begin_survey(scene, err);
	case BUD_PHASE_SURVEY:
		status = run_overview(scene, budget, true, &done, err);
		if (!status && done) {
			status = bud_replay_run(scene->bench->replay, BUD_TIME_NONE, NULL, &done, err);
			if (!status)
				status = end_survey(scene, true, err);
		}
		return status;
	default:
		return BUD_OK;
	}
}

bud_status bud_scene_break_off(bud_scene *scene, bud_error *err)
{
	bud_status status = BUD_OK;
	scene->searching = false;
	if (scene->phase == BUD_PHASE_FIRST || scene->phase == BUD_PHASE_LEARN) {
		scene->hasty = true;
		status = bud_workbench_forget(scene->bench, err);
		if (!status)
			status = begin_survey(scene, err);
	} else if (scene->phase == BUD_PHASE_SURVEY && scene->overview) {
		status = end_survey(scene, false, err);
	}
	return status;
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

bud_status bud_scene_seek(bud_scene *scene, const bud_browse *browse, bud_error *err)
{
	bool reached;
	leave_job(scene);
	bud_status status = go_before(scene, browse->cursor_ns + 1, err);
	return status ? status : bud_replay_run(scene->bench->replay, browse->cursor_ns, NULL, &reached, err);
}

static bud_status take_instant(bud_scene *scene, bud_instant *at, const bud_browse *browse, bud_error *err)
{
	const bud_memory *memory = bud_replay_memory(scene->bench->replay);
	int order = bud_replay_kernel(scene->bench->replay)->pageblock_order;
	bud_status status = BUD_OK;
	at->zone = browse->zone;
	at->block = browse->lists[BUD_SCREEN_PFN].row;
	at->lost = bud_replay_lost(scene->bench->replay, &at->uncounted_gaps);
	for (size_t i = 0; i < memory->nr_zones; i++)
		bud_sample_take(&at->samples[i], &memory->zones[i]);
	if (at->zone < memory->nr_zones) {
		status = bud_blockmap_take(&at->map, &memory->zones[at->zone], order, err);
		bud_blockmap_pages(at->pages, &memory->zones[at->zone], at->map.base + ((bud_pfn)at->block << order),
				   order);
	}
	at->ready = !status;
	return status;
}

static bud_status work_instant(bud_scene *scene, bud_instant *at, uint64_t t_ns, const bud_browse *browse,
			       uint64_t *budget, bud_error *err)
{
	bool reached;
	bud_status status = BUD_OK;
	if (!scene->placed || at->t_ns != t_ns)
		status = go_before(scene, t_ns == BUD_TIME_NONE ? t_ns : t_ns + 1, err);
	scene->placed = true;
	at->t_ns = t_ns;
	at->ready = false;
	if (!status)
		status = bud_replay_run(scene->bench->replay, t_ns, budget, &reached, err);
	return status || !reached ? status : take_instant(scene, at, browse, err);
}

static bud_status work_timeline(bud_scene *scene, bud_timeline *t, uint64_t *budget, bud_error *err)
{
	bud_replay *replay = scene->bench->replay;
	uint64_t begin = t->columns[t->nr_filled].t_begin_ns;
	bool done = true;
	bud_status status = BUD_OK;
	if (!scene->placed) {
		scene->job = BUD_JOB_TIMELINE;
		status = go_before(scene, begin, err);
		if (!status && t->nr_filled)
			status = bud_replay_run(replay, begin, budget, &scene->placed, err);
		else
			scene->placed = true;
	}
	while (!status && scene->placed && *budget && t->nr_filled < t->nr_columns)
		status = bud_timeline_work(t, replay, budget, &done, err);
	return status;
}

/* Whose every page is at t_ns: from the beginning of the trace, or from where that is known. */
static bud_status work_owners(bud_scene *scene, uint64_t t_ns, uint64_t *budget, bud_error *err)
{
	bud_replay *replay = scene->bench->replay;
	bud_witness *w = &scene->witness;
	bool reached, again = !bud_witness_can_go_on(w, t_ns);
	bud_status status = BUD_OK;
	if (!scene->placed && again)
		status = bud_replay_rewind(replay, err);
	else if (!scene->placed)
		status = go_before(scene, w->owned_ns + 1, err);
	if (!status && !scene->placed && !again)
		status = bud_replay_run(replay, w->owned_ns, NULL, &reached, err);
	if (!status && !scene->placed)
		status = bud_witness_own(w, again, err);
	scene->placed = true;
	if (!status)
		status = bud_replay_run(replay, t_ns, budget, &reached, err);
	return status || !reached ? status : bud_witness_owned(w, t_ns, err);
}

static bool is_current(const bud_instant *at, uint64_t t_ns, const bud_browse *browse)
{
	return at->ready && at->t_ns == t_ns && at->zone == browse->zone &&
	       at->block == browse->lists[BUD_SCREEN_PFN].row;
}

static bud_timeline *unfinished(bud_scene *scene, const bud_browse *browse)
{
	bud_timeline *t = is_of(scene->overview, browse) ? scene->overview : scene->timeline;
	return t && t->nr_filled < t->nr_columns ? t : NULL;
}

/* What is most wanted. */
static bud_job next_job(bud_scene *scene, const bud_browse *browse)
{
	if (scene->searching)
		return BUD_JOB_SEARCH;
	if (!is_current(&scene->cursor, browse->cursor_ns, browse))
		return BUD_JOB_CURSOR;
	if (browse->mark_ns != BUD_TIME_NONE && (!scene->mark.ready || scene->mark.t_ns != browse->mark_ns))
		return BUD_JOB_MARK;
	bool listed = bud_eventlist_covers(&scene->events, browse->cursor_ns);
	if (!listed && browse->lists[BUD_SCREEN_HEAT].inside)
		return BUD_JOB_EVENTS;
	if (!listed || unfinished(scene, browse))
		return unfinished(scene, browse) ? BUD_JOB_TIMELINE : BUD_JOB_EVENTS;
	bool owners = browse->screen == BUD_SCREEN_SITES ||
		      (browse->screen == BUD_SCREEN_PFN && browse->lists[BUD_SCREEN_PFN].inside);
	bool known = scene->witness.owned && scene->witness.owned_ns == browse->cursor_ns;
	return owners && !known ? BUD_JOB_OWNERS : BUD_JOB_NONE;
}

static bud_status work_job(bud_scene *scene, const bud_browse *browse, uint64_t *budget, bud_error *err)
{
	bud_source *source = scene->bench->bundle->source;
	bool done = false;
	bud_status status;
	switch (scene->job) {
	case BUD_JOB_SEARCH:
		status = bud_search_work(&scene->search, source, &scene->world, budget, &done, err);
		scene->searching = !done;
		return status;
	case BUD_JOB_CURSOR:
		return work_instant(scene, &scene->cursor, browse->cursor_ns, browse, budget, err);
	case BUD_JOB_MARK:
		return work_instant(scene, &scene->mark, browse->mark_ns, browse, budget, err);
	case BUD_JOB_EVENTS:
		if (!scene->placed)
			bud_eventlist_begin(&scene->events, browse->cursor_ns);
		scene->placed = true;
		return bud_eventlist_work(&scene->events, source, &scene->world, budget, &done, err);
	case BUD_JOB_TIMELINE:
		return work_timeline(scene, unfinished(scene, browse), budget, err);
	case BUD_JOB_OWNERS:
		return work_owners(scene, browse->cursor_ns, budget, err);
	case BUD_JOB_NONE:
		break;
	}
	return BUD_OK;
}

bud_status bud_scene_work(bud_scene *scene, const bud_browse *browse, uint64_t budget, bool *done, bud_error *err)
{
	bud_status status = BUD_OK;
	*done = info_of(scene)->first_ns == BUD_TIME_NONE;
	while (!status && !*done && budget) {
		if (scene->phase != BUD_PHASE_READY) {
			status = scene->overview ? work_phase(scene, &budget, err) : bud_scene_show(scene, browse, err);
			continue;
		}
		bud_job job = next_job(scene, browse);
		*done = job == BUD_JOB_NONE;
		if (job != scene->job)
			leave_job(scene);
		scene->job = job;
		status = work_job(scene, browse, &budget, err);
	}
	return status;
}

void bud_scene_search(bud_scene *scene, const bud_browse *browse, const bud_filter *filter, bool back)
{
	leave_job(scene);
	bud_search_begin(&scene->search, filter, browse->cursor_ns, browse->first_ns, back);
	scene->searching = true;
}

/* The column of a timeline that t_ns lies in, as far as it is filled. */
static const bud_zone_sample *stand_in(const bud_timeline *t, const bud_browse *browse, uint64_t t_ns, size_t zone)
{
	size_t low = 0, high = t ? t->nr_filled : 0;
	if (!t || t->fold != browse->fold)
		return NULL;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (t->columns[middle].t_end_ns < t_ns)
			low = middle + 1;
		else
			high = middle;
	}
	return low < t->nr_filled ? bud_timeline_sample(t, low, zone) : NULL;
}

const bud_zone_sample *bud_scene_sample(const bud_scene *scene, const bud_browse *browse, size_t column, size_t zone,
					bool *coarse)
{
	const bud_timeline *picture = bud_scene_picture(scene, browse);
	const bud_zone_sample *sample = NULL;
	*coarse = !picture || column >= picture->nr_filled;
	if (zone >= scene->bench->memory.nr_zones || column >= browse->nr_columns)
		return NULL;
	if (!*coarse)
		sample = bud_timeline_sample(picture, column, zone);
	if (!sample)
		sample = stand_in(scene->overview, browse, bud_browse_time(browse, column), zone);
	if (!sample)
		sample = stand_in(scene->coarse, browse, bud_browse_time(browse, column), zone);
	return sample && sample->known ? sample : NULL;
}

static unsigned percent(uint64_t at, uint64_t first, uint64_t last)
{
	return at <= first ? 0 : at >= last ? 100 : (unsigned)((unsigned __int128)(at - first) * 100 / (last - first));
}

char *bud_scene_progress(const bud_scene *scene, const bud_browse *browse, char *text, size_t size)
{
	static const char *const phases[] = { "replaying", "learning", "surveying" };
	const bud_timeline *t = bud_scene_picture(scene, browse);
	*text = '\0';
	if (scene->phase != BUD_PHASE_READY)
		snprintf(text, size, "%s %u%%", phases[scene->phase],
			 percent(bud_replay_position(scene->bench->replay), browse->first_ns, browse->last_ns));
	else if (scene->searching)
		snprintf(text, size, "searching %u%%",
			 percent(scene->search.position_ns, browse->first_ns, browse->last_ns));
	else if (scene->job == BUD_JOB_OWNERS)
		snprintf(text, size, "owners %u%%",
			 percent(bud_replay_position(scene->bench->replay), browse->first_ns, browse->cursor_ns));
	else if (t && t->nr_filled < t->nr_columns)
		snprintf(text, size, "refining %zu%%", t->nr_filled * 100 / t->nr_columns);
	return text;
}
