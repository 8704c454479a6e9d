/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/tui/scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/lower_bound.h"

/* Bytes that restart points may hold: of the sketch, which soon goes, and of the replay that has learnt. */
#define SKETCH_BYTES  ((size_t)128 << 20)
#define RESTART_BYTES ((size_t)384 << 20)

static const bud_trace_info *info_of(const bud_scene *scene)
{
	return &scene->bench->bundle->source->info;
}

/* What answers the user: the sketch until the replay has learnt, and has been through the trace once more. */
static bud_trail *trail_of(bud_scene *scene)
{
	return scene->phase == BUD_PHASE_READY ? &scene->learnt : &scene->sketch;
}

/* Everybody who wants to be told of every event is; the overview that there is stands in until a new one is filled. */
static bud_status begin_survey(bud_scene *scene, bud_error *err)
{
	bud_replay *replay = scene->bench->replay;
	bud_trail_init(&scene->learnt, replay, RESTART_BYTES);
	bud_timeline_destroy(scene->coarse);
	scene->coarse = scene->overview;
	scene->overview = NULL;
	scene->phase = BUD_PHASE_SURVEY;
	return bud_witness_begin(&scene->witness, scene->bench, err);
}

/* Whatever used the replay or the source is put aside. */
static void leave_job(bud_scene *scene)
{
	bud_replay *replay = trail_of(scene)->replay;
	if (scene->witness.owning)
		bud_witness_owned(&scene->witness, BUD_TIME_NONE, NULL);
	if (scene->timeline)
		bud_timeline_pause(scene->timeline, replay);
	if (scene->overview && scene->phase == BUD_PHASE_READY)
		bud_timeline_pause(scene->overview, replay);
	scene->job = BUD_JOB_NONE;
	scene->placed = false;
}

/* With all it has told. */
static void drop_sketch(bud_scene *scene)
{
	bud_replay_destroy(scene->sketch.replay);
	bud_trail_fini(&scene->sketch);
	bud_timeline_destroy(scene->timeline);
	scene->timeline = NULL;
	scene->cursor.ready = scene->mark.ready = false;
}

/* whole: it has come to the end of the trace. */
static bud_status end_survey(bud_scene *scene, bool whole, bud_error *err)
{
	bud_replay *replay = scene->bench->replay;
	const bud_bundle *bundle = scene->bench->bundle;
	bud_status status = bud_witness_end(&scene->witness, whole, err);
	leave_job(scene);
	bud_timeline_pause(scene->overview, replay);
	drop_sketch(scene);
	scene->phase = BUD_PHASE_READY;
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
			      .phase = BUD_PHASE_FIRST };
	bud_replay *sketch = NULL;
	bud_status status = bud_eventlist_init(&scene->events, info->first_ns, info->last_ns, err);
	bud_filter_parse(&scene->witness.filter, "", &bench->kernel, NULL);
	scene->verdicts = calloc(bench->bundle->nr_snapshots + 1, sizeof *scene->verdicts);
	for (int i = 0; i < 2; i++) {
		bud_instant *at = i ? &scene->mark : &scene->cursor;
		at->samples = calloc(nr_zones + 1, sizeof *at->samples);
		at->pages = calloc((size_t)1 << bench->kernel.pageblock_order, sizeof *at->pages);
		if (!status && (!at->samples || !at->pages || !scene->verdicts))
			status = bud_error_memory(err, "the screens");
	}
	if (!status)
		status = bud_workbench_replay(bench, &sketch, err);
	bud_trail_init(&scene->sketch, sketch, SKETCH_BYTES);
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
	drop_sketch(scene);
	bud_trail_fini(&scene->learnt);
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

static bud_status work_timeline(bud_scene *scene, bud_timeline *t, uint64_t *budget, bud_error *err)
{
	bud_trail *trail = trail_of(scene);
	uint64_t begin = t->columns[t->nr_filled].t_begin_ns;
	bool done = true;
	bud_status status = BUD_OK;
	if (!scene->placed) {
		status = bud_trail_go_before(trail, begin, err);
		if (!status && t->nr_filled)
			status = bud_replay_run(trail->replay, begin, budget, &scene->placed, err);
		else
			scene->placed = true;
	}
	if (!status && scene->placed && t == scene->overview)
		return bud_trail_fill(trail, trail->replay, t, budget, &done, err);
	while (!status && scene->placed && *budget && t->nr_filled < t->nr_columns)
		status = bud_timeline_work(t, trail->replay, budget, &done, err);
	return status;
}

/* What the user has not asked for, but will: the rest of the trace, read in ever better ways. */
static bud_status work_phase(bud_scene *scene, uint64_t *budget, bud_error *err)
{
	bud_replay *replay = scene->bench->replay;
	bool done = false;
	bud_status status = BUD_OK;
	switch (scene->phase) {
	case BUD_PHASE_FIRST:
		status = bud_trail_fill(&scene->sketch, replay, scene->overview, budget, &done, err);
		if (!status && done)
			scene->phase = BUD_PHASE_LEARN;
		break;
	case BUD_PHASE_LEARN:
		status = bud_workbench_learn(scene->bench, budget, &done, err);
		if (!status && done)
			status = begin_survey(scene, err);
		break;
	case BUD_PHASE_SURVEY:
		status = bud_trail_fill(&scene->learnt, replay, scene->overview, budget, &done, err);
		if (!status && done)
			status = bud_replay_run(replay, BUD_TIME_NONE, NULL, &done, err);
		if (!status && done)
			status = end_survey(scene, true, err);
		break;
	case BUD_PHASE_READY:
		return BUD_OK;
	}
	scene->phase_ns = bud_replay_position(replay);
	return status;
}

bud_status bud_scene_break_off(bud_scene *scene, bud_error *err)
{
	bud_status status = BUD_OK;
	scene->searching = false;
	leave_job(scene);
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

bud_status bud_scene_seek(bud_scene *scene, const bud_browse *browse, bud_error *err)
{
	bool reached;
	leave_job(scene);
	bud_status status = bud_trail_go_before(&scene->learnt, browse->cursor_ns + 1, err);
	return status ? status : bud_replay_run(scene->bench->replay, browse->cursor_ns, NULL, &reached, err);
}

static bud_status take_instant(bud_scene *scene, bud_instant *at, const bud_browse *browse, bud_error *err)
{
	const bud_replay *replay = trail_of(scene)->replay;
	const bud_memory *memory = bud_replay_memory(replay);
	int order = bud_replay_kernel(replay)->pageblock_order;
	bud_status status = BUD_OK;
	at->zone = browse->zone;
	at->block = browse->lists[BUD_SCREEN_PFN].row;
	at->lost = bud_replay_lost(replay, &at->uncounted_gaps);
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
		status = bud_trail_go_before(trail_of(scene), t_ns == BUD_TIME_NONE ? t_ns : t_ns + 1, err);
	scene->placed = true;
	at->t_ns = t_ns;
	at->ready = false;
	if (!status)
		status = bud_replay_run(trail_of(scene)->replay, t_ns, budget, &reached, err);
	return status || !reached ? status : take_instant(scene, at, browse, err);
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
		status = bud_trail_go_before(&scene->learnt, w->owned_ns + 1, err);
	if (!status && !scene->placed && !again)
		status = bud_replay_run(replay, w->owned_ns, NULL, &reached, err);
	if (!status && !scene->placed)
		status = bud_witness_own(w, again, err);
	scene->placed = true;
	if (!status)
		status = bud_replay_run(replay, t_ns, budget, &reached, err);
	return status || !reached ? status : bud_witness_owned(w, t_ns, err);
}

/* Whose pages have become more or fewer between mark and cursor: first at the earlier one of them, then at the other.
 */
static bud_status work_change(bud_scene *scene, const bud_browse *browse, uint64_t *budget, bud_error *err)
{
	bud_witness *w = &scene->witness;
	uint64_t a = browse->mark_ns, b = browse->cursor_ns, from = a < b ? a : b, to = a < b ? b : a;
	bool noted = w->noted_ns == from;
	uint64_t t_ns = noted ? to : from;
	bud_status status = w->owned && w->owned_ns == t_ns ? BUD_OK : work_owners(scene, t_ns, budget, err);
	if (status || !w->owned || w->owned_ns != t_ns)
		return status;
	scene->placed = false;
	return noted ? bud_witness_compare(w, err) : bud_witness_note(w, err);
}

static bool is_current(const bud_instant *at, uint64_t t_ns, const bud_browse *browse)
{
	return at->ready && at->t_ns == t_ns && at->zone == browse->zone &&
	       at->block == browse->lists[BUD_SCREEN_PFN].row;
}

static bud_timeline *unfinished(bud_scene *scene, const bud_browse *browse)
{
	bool overview = scene->phase == BUD_PHASE_READY && is_of(scene->overview, browse);
	bud_timeline *t = overview ? scene->overview : is_of(scene->timeline, browse) ? scene->timeline : NULL;
	return t && t->nr_filled < t->nr_columns ? t : NULL;
}

/* Whether that instant can be replayed: the sketch may not have come so far. */
static bool is_reached(const bud_scene *scene, uint64_t t_ns)
{
	const bud_timeline *t = scene->phase == BUD_PHASE_FIRST ? scene->overview : scene->coarse;
	return scene->phase == BUD_PHASE_READY || scene->phase == BUD_PHASE_LEARN ||
	       (t && t->nr_filled && t->columns[t->nr_filled - 1].t_end_ns >= t_ns);
}

static bool is_of_owners(bud_job job)
{
	return job == BUD_JOB_OWNERS || job == BUD_JOB_CHANGE;
}

static bud_job next_of_owners(const bud_scene *scene, const bud_browse *browse)
{
	const bud_witness *w = &scene->witness;
	bool sites = browse->screen == BUD_SCREEN_SITES;
	if (browse->mark_ns != BUD_TIME_NONE && (sites || browse->screen == BUD_SCREEN_HEAT) &&
	    !bud_witness_has_change(w, browse->mark_ns, browse->cursor_ns))
		return BUD_JOB_CHANGE;
	if (browse->screen == BUD_SCREEN_HEAT)
		return w->owned ? BUD_JOB_NONE : BUD_JOB_OWNERS;
	bool wanted = sites || (browse->screen == BUD_SCREEN_PFN && browse->lists[BUD_SCREEN_PFN].inside);
	return wanted && !(w->owned && w->owned_ns == browse->cursor_ns) ? BUD_JOB_OWNERS : BUD_JOB_NONE;
}

/* What is most wanted. */
static bud_job next_job(bud_scene *scene, const bud_browse *browse)
{
	if (scene->searching)
		return BUD_JOB_SEARCH;
	bool listed = bud_eventlist_covers(&scene->events, browse->cursor_ns);
	if (!listed && browse->lists[BUD_SCREEN_HEAT].inside)
		return BUD_JOB_EVENTS;
	if (!is_reached(scene, browse->cursor_ns))
		return BUD_JOB_NONE;
	if (!is_current(&scene->cursor, browse->cursor_ns, browse))
		return BUD_JOB_CURSOR;
	if (browse->mark_ns != BUD_TIME_NONE && is_reached(scene, browse->mark_ns) &&
	    (!scene->mark.ready || scene->mark.t_ns != browse->mark_ns))
		return BUD_JOB_MARK;
	if (unfinished(scene, browse) && is_reached(scene, browse->end_ns))
		return BUD_JOB_TIMELINE;
	if (!listed)
		return BUD_JOB_EVENTS;
	return scene->phase == BUD_PHASE_READY ? next_of_owners(scene, browse) : BUD_JOB_NONE;
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
	case BUD_JOB_CHANGE:
		return work_change(scene, browse, budget, err);
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
		if (!scene->overview) {
			status = bud_scene_show(scene, browse, err);
			continue;
		}
		bud_job job = next_job(scene, browse);
		*done = job == BUD_JOB_NONE && scene->phase == BUD_PHASE_READY;
		if (job != scene->job)
			leave_job(scene);
		scene->job = job;
		status = job == BUD_JOB_NONE ? work_phase(scene, &budget, err) : work_job(scene, browse, &budget, err);
	}
	return status;
}

void bud_scene_set_filter(bud_scene *scene, const bud_filter *filter)
{
	leave_job(scene);
	bud_eventlist_set_filter(&scene->events, filter);
	bud_witness_set_filter(&scene->witness, filter);
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
	if (!t || t->fold != browse->fold)
		return NULL;
	size_t column = bud_lower_bound(t->columns, t->nr_filled, sizeof *t->columns,
					offsetof(bud_column, t_end_ns), t_ns);
	return column < t->nr_filled ? bud_timeline_sample(t, column, zone) : NULL;
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
			 percent(scene->phase_ns, browse->first_ns, browse->last_ns));
	else if (scene->searching)
		snprintf(text, size, "searching %u%%",
			 percent(scene->search.position_ns, browse->first_ns, browse->last_ns));
	else if (is_of_owners(scene->job))
		snprintf(text, size, "owners %u%%",
			 percent(bud_replay_position(scene->bench->replay), browse->first_ns, browse->cursor_ns));
	else if (t && t->nr_filled < t->nr_columns)
		snprintf(text, size, "refining %zu%%", t->nr_filled * 100 / t->nr_columns);
	return text;
}
