/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/insight/whatif.h"

#include <stdlib.h>
#include <string.h>

struct bud_whatif {
	bud_replay *replay;
	bud_source *source;
	const bud_snapshot *snapshots;
	size_t nr_snapshots, next_snapshot;
	bool changes; /* settings, behind the latest snapshot passed */
	const bud_snapshot *seed; /* whose kpageflags the start is of; NULL: none */
	bud_pageset movable, cache, buffered;
	const bud_snapshot **order; /* placed snapshots by time */
	size_t nr_order;
	bud_settings_input settings;
	bud_sysctls *sysctls; /* found at each of them */
	uint64_t start_ns;
	bud_memory start;
	bud_lessons lessons;
	bud_requests requests;
	bool listening;
	bud_happenings trace;
	size_t nr_players;
	bud_player players[BUD_JUDGE_CASES];
	const bud_event *event; /* of the trace, under way */
	bud_fate_watch watch;
	bud_judged_zone *judged;
	size_t nr_judged, max_judged;
	bud_timeline state; /* one column */
	bud_column column;
	bud_zone_sample *samples;
	bud_memory shape; /* the start's, but for the largest order, that of the case shown; owns only zones */
};

/* The start */

static bool all_seeded(const bud_memory *memory)
{
	for (size_t i = 0; i < memory->nr_zones; i++)
		if (!memory->zones[i].seeded)
			return false;
	return memory->nr_zones > 0;
}

static bud_status run_to(bud_replay *replay, uint64_t t_ns, bud_error *err)
{
	bool done;
	return bud_replay_run(replay, t_ns, NULL, &done, err);
}

/* Runs the replay to the first instant at which it knows all. */
static bud_status find_start(bud_whatif *w, bud_error *err)
{
	bud_status status = BUD_OK;
	const bud_memory *memory = bud_replay_memory(w->replay);
	bool found = all_seeded(memory);
	for (size_t i = 0; !status && !found && i < w->nr_snapshots; i++) {
		const bud_read_window *window = bud_snapshot_window(&w->snapshots[i], "kpageflags");
		if (!window || window->end_ns == BUD_TIME_NONE)
			continue;
		w->start_ns = window->end_ns;
		status = run_to(w->replay, w->start_ns, err);
		found = all_seeded(memory);
		w->seed = found ? &w->snapshots[i] : NULL;
	}
	if (!status && !found)
		status = bud_error_set(
			err, BUD_ERR_USAGE,
			"a simulation needs a state to begin with: a snapshot with kpageflags, or --seed inferred");
	if (!status && !bud_memory_copy(&w->start, memory))
		status = bud_error_memory(err, "the state at the start");
	return status;
}

/* What is in use at the start, by the flags of its pages. */
static bud_status read_flags(bud_whatif *w, bud_error *err)
{
	const bud_snapshot *s = w->seed;
	if (!s || !s->read_pages)
		return BUD_OK;
	bud_status status = s->read_pages(s, BUD_KPF_LRU, 0, &w->movable, err);
	if (!status)
		status = s->read_pages(s, BUD_KPF_LRU, BUD_KPF_ANON | BUD_KPF_SWAPBACKED | BUD_KPF_UNEVICTABLE,
				       &w->cache, err);
	return status ? status
		      : s->read_pages(s, BUD_KPF_BUFFERED, BUD_KPF_NOT_BUFFERED, &w->buffered, err);
}

/* The requests of those whom a case leaves out. */
static bud_status begin_absences(bud_whatif *w, bud_error *err)
{
	bud_status status = BUD_OK;
	for (size_t i = 0; !status && i < w->nr_players; i++) {
		bud_player *p = &w->players[i];
		if (p->setup->nr_without)
			status = bud_absence_create(&p->absence, p->setup->without, p->setup->nr_without, w->source,
						    bud_replay_kernel(w->replay), err);
	}
	return status;
}

static void find_absent(bud_whatif *w, const bud_event *event)
{
	if (!(BUD_EVENT_BIT(event->kind) & BUD_ABSENCE_EVENTS))
		return;
	for (size_t i = 0; i < w->nr_players; i++)
		if (w->players[i].absence)
			bud_absence_feed(w->players[i].absence, event, w->requests.seq);
}

/* A first look: what the trace teaches about itself. */
static bud_status learn(bud_whatif *w, const bud_gfp_table *gfp, bud_error *err)
{
	const bud_kernel *kernel = bud_replay_kernel(w->replay);
	bud_batch batch = { 0 };
	bud_status status = bud_lessons_init(&w->lessons, err);
	if (!status)
		status = bud_requests_init(&w->requests, &w->start, kernel, gfp, w->source, NULL, &w->lessons, err);
	if (!status)
		status = bud_source_rewind(w->source, w->start_ns ? w->start_ns + 1 : 0,
					   BUD_REQUESTS_EVENTS | BUD_ABSENCE_EVENTS, err);
	while (!status && !(status = bud_source_next(w->source, &batch, err)) && batch.nr)
		for (size_t i = 0; i < batch.nr; i++) {
			bud_requests_feed(&w->requests, &batch.events[i]);
			find_absent(w, &batch.events[i]);
		}
	bud_lessons_end(&w->lessons);
	for (size_t i = 0; !status && i < w->nr_players; i++)
		status = w->players[i].absence ? bud_absence_end(w->players[i].absence, err) : BUD_OK;
	if (!status && (w->lessons.out_of_memory || w->requests.out_of_memory))
		status = bud_error_memory(err, "what a first look teaches");
	bud_requests_fini(&w->requests);
	return status;
}

static bud_status create_players(bud_whatif *w, bud_error *err)
{
	const bud_simulation_setup setup = { .start = &w->start,
					     .traced = bud_replay_kernel(w->replay),
					     .movable = w->seed ? &w->movable : NULL,
					     .cache = w->seed ? &w->cache : NULL,
					     .buffered = w->seed ? &w->buffered : NULL,
					     .lessons = &w->lessons,
					     .t_ns = w->start_ns,
					     .nr_cpus = w->source->info.nr_cpus ? w->source->info.nr_cpus : 1 };
	bud_settings found = { 0 };
	bud_status status = BUD_OK;
	if (w->seed && bud_settings_at(&found, &w->settings, w->seed, NULL))
		found = (bud_settings){ 0 };
	for (size_t i = 0; !status && i < w->nr_players; i++)
		status = bud_player_create(&w->players[i], &setup, &found, w->settings.start, err);
	bud_settings_fini(&found);
	return status;
}

/* The kernel of the trace may have been given other settings before the snapshot that comes next. */
static void apply_settings(bud_whatif *w)
{
	w->changes = false;
	const bud_sysctls *found = w->next_snapshot < w->nr_order ? &w->sysctls[w->next_snapshot] : NULL;
	for (size_t i = 0; found && i < w->nr_players; i++)
		bud_player_set(&w->players[i], found);
}

/* Side by side */

static void take_op(void *self, const bud_op *op)
{
	bud_whatif *w = self;
	w->trace.requests += op->kind == BUD_OP_ALLOC || op->kind == BUD_OP_FAILED;
	if (bud_fate_is_like(&w->watch, op))
		bud_fate_watch_op(&w->watch, op);
	for (size_t i = 0; i < w->nr_players; i++)
		bud_player_feed(&w->players[i], op, w->event);
}

static void count_traced(bud_whatif *w, const bud_event *e)
{
	bud_happenings *h = &w->trace;
	switch (e->kind) {
	case BUD_EV_EXTFRAG:
		bud_happenings_add(h, BUD_MEASURE_FALLBACKS, e->t_ns);
		if (e->extfrag.change_ownership)
			bud_happenings_add(h, BUD_MEASURE_CLAIMS, e->t_ns);
		break;
	case BUD_EV_WAKEUP_KSWAPD:
		bud_happenings_add(h, BUD_MEASURE_WAKES, e->t_ns);
		break;
	case BUD_EV_DIRECT_BEGIN:
		bud_happenings_add(h, BUD_MEASURE_RECLAIMS, e->t_ns);
		break;
	case BUD_EV_COMPACT_TRY:
		bud_happenings_add(h, BUD_MEASURE_COMPACTIONS, e->t_ns);
		break;
	case BUD_EV_COMPACT_BEGIN:
		bud_happenings_add(h, BUD_MEASURE_RUNS, e->t_ns);
		break;
	case BUD_EV_MIGRATEPAGES:
		h->moved_pages += e->migrate.nr_migrated;
		break;
	case BUD_EV_OOM_VICTIM:
		bud_happenings_add(h, BUD_MEASURE_OOM_KILLS, e->t_ns);
		break;
	case BUD_EV_ALLOC:
		if (e->page.pfn != BUD_PFN_NONE)
			break;
		bud_happenings_add(h, BUD_MEASURE_FAILURES, e->t_ns);
		if (e->order >= 0 && e->order < BUD_NR_ORDERS)
			h->failures_by_order[e->order]++;
		break;
	}
}

static void listen(void *self, const bud_event *event)
{
	bud_whatif *w = self;
	bud_fate_watch_event(&w->watch, event);
	if (w->start_ns && event->t_ns <= w->start_ns)
		return;
	count_traced(w, event);
	w->event = event;
	bud_requests_feed(&w->requests, event);
	for (size_t i = 0; event->kind == BUD_EV_KERNEL_STACK && i < w->nr_players; i++)
		if (w->players[i].tale)
			bud_tale_listen(w->players[i].tale, event);
}

static int compare_instants(const void *a, const void *b)
{
	const bud_snapshot *x = *(const bud_snapshot *const *)a, *y = *(const bud_snapshot *const *)b;
	return x->t_ns < y->t_ns ? -1 : x->t_ns > y->t_ns;
}

/* What was in force at each of the snapshots; where nothing tells, all is unknown. */
static void find_settings(bud_whatif *w)
{
	for (size_t i = 0; i < w->nr_order; i++) {
		bud_settings found;
		bud_sysctls_init(&w->sysctls[i]);
		if (bud_settings_at(&found, &w->settings, w->order[i], NULL))
			continue;
		w->sysctls[i] = found.sysctls;
		bud_settings_fini(&found);
	}
}

/* Snapshots to be judged at: placed, with buddyinfo, behind the start. */
static bud_status order_snapshots(bud_whatif *w, bud_error *err)
{
	size_t zones = 0;
	w->order = calloc(w->nr_snapshots + 1, sizeof *w->order);
	for (size_t i = 0; w->order && i < w->nr_snapshots; i++) {
		const bud_snapshot *s = &w->snapshots[i];
		if (s->t_ns == BUD_TIME_NONE || s->t_ns <= w->start_ns)
			continue;
		w->order[w->nr_order++] = s;
		zones += s->nr_zones;
	}
	w->max_judged = zones;
	w->sysctls = calloc(w->nr_snapshots + 1, sizeof *w->sysctls);
	w->judged = calloc(zones + 1, sizeof *w->judged);
	w->samples = calloc(w->start.nr_zones + 1, sizeof *w->samples);
	w->shape = w->start;
	w->shape.zones = calloc(w->start.nr_zones + 1, sizeof *w->shape.zones);
	if (!w->order || !w->judged || !w->samples || !w->sysctls || !w->shape.zones)
		return bud_error_memory(err, "the judgement");
	memcpy(w->shape.zones, w->start.zones, w->start.nr_zones * sizeof *w->shape.zones);
	qsort(w->order, w->nr_order, sizeof *w->order, compare_instants);
	find_settings(w);
	w->state = (bud_timeline){ .nr_columns = 1,
				   .nr_zones = w->start.nr_zones,
				   .nr_filled = 1,
				   .columns = &w->column,
				   .samples = w->samples,
				   .zones = w->shape.zones };
	return BUD_OK;
}

bud_status bud_whatif_create(bud_whatif **whatif, bud_replay *replay, bud_source *source, const bud_gfp_table *gfp,
			     const bud_snapshot *snapshots, size_t nr_snapshots, const bud_settings_input *settings,
			     const bud_whatif_case *cases, size_t nr_cases, const bud_tale_options *tales,
			     bud_error *err)
{
	bud_whatif *w = calloc(1, sizeof *w);
	if (!w)
		return bud_error_memory(err, "a simulation");
	w->replay = replay;
	w->source = source;
	w->snapshots = snapshots;
	w->settings = *settings;
	w->nr_snapshots = nr_snapshots;
	w->nr_players = nr_cases < BUD_JUDGE_CASES ? nr_cases : BUD_JUDGE_CASES;
	for (size_t i = 0; i < w->nr_players; i++)
		w->players[i] = (bud_player){ .setup = &cases[i], .watch = &w->watch };
	bud_pageset_init(&w->movable);
	bud_pageset_init(&w->cache);
	bud_pageset_init(&w->buffered);
	bud_status status = nr_cases > BUD_JUDGE_CASES
				    ? bud_error_set(err, BUD_ERR_USAGE, "at most %d cases at a time", BUD_JUDGE_CASES)
				    : find_start(w, err);
	if (!status)
		status = read_flags(w, err);
	if (!status)
		status = begin_absences(w, err);
	if (!status)
		status = learn(w, gfp, err);
	if (!status)
		status = order_snapshots(w, err);
	if (!status)
		status = create_players(w, err);
	for (size_t i = 0; !status && tales && i < w->nr_players; i++)
		status = bud_tale_create(&w->players[i].tale, tales, replay, source, w->players[i].simulation, err);
	if (!status)
		status = bud_requests_init(&w->requests, &w->start, bud_replay_kernel(replay), gfp, source, &w->lessons,
					   NULL, err);
	w->requests.sink = take_op;
	w->requests.self = w;
	if (!status)
		status = bud_replay_listen(replay, BUD_REQUESTS_EVENTS | (tales ? BUD_TALE_EVENTS : 0), listen, w, err);
	w->listening = !status;
	if (!status)
		apply_settings(w);
	if (status)
		bud_whatif_destroy(w);
	else
		*whatif = w;
	return status;
}

void bud_whatif_destroy(bud_whatif *whatif)
{
	if (!whatif)
		return;
	if (whatif->listening)
		bud_replay_unlisten(whatif->replay, listen, whatif);
	for (size_t i = 0; i < whatif->nr_players; i++)
		bud_player_fini(&whatif->players[i]);
	bud_requests_fini(&whatif->requests);
	bud_lessons_fini(&whatif->lessons);
	bud_happenings_fini(&whatif->trace);
	bud_memory_fini(&whatif->start);
	bud_pageset_fini(&whatif->movable);
	bud_pageset_fini(&whatif->cache);
	bud_pageset_fini(&whatif->buffered);
	free(whatif->order);
	free(whatif->sysctls);
	free(whatif->judged);
	free(whatif->samples);
	free(whatif->shape.zones);
	free(whatif);
}

void bud_whatif_follow(bud_whatif *whatif, const bud_fate_subject *subject)
{
	whatif->watch.subject = subject;
}

void bud_whatif_ask(bud_whatif *whatif)
{
	const bud_fate_subject *s = whatif->watch.subject;
	for (size_t i = 0; !s->failure && s->pfn == BUD_PFN_NONE && i < whatif->nr_players; i++)
		bud_player_ask(&whatif->players[i]);
}

const bud_fate_watch *bud_whatif_watch(const bud_whatif *whatif)
{
	return &whatif->watch;
}

const bud_fates *bud_whatif_fates(const bud_whatif *whatif, size_t which)
{
	return &whatif->players[which].fates;
}

/* Judgement */

static void judge_zone(bud_whatif *w, const bud_snapshot *snapshot, const bud_zone_info *info)
{
	const bud_memory *memory = bud_replay_memory(w->replay);
	const bud_zone *zone = bud_memory_find(memory, info->node, info->name);
	if (!zone || !info->has_buddyinfo || w->nr_judged == w->max_judged)
		return;
	bud_judged_zone *judged = &w->judged[w->nr_judged++];
	judged->snapshot = snapshot;
	judged->kernel = info;
	judged->zone = (size_t)(zone - memory->zones);
	bud_buddy_count(&zone->buddy, judged->replay);
	for (size_t i = 0; i < w->nr_players; i++) {
		const bud_machine_zone *simulated = bud_simulation_zone(w->players[i].simulation, judged->zone);
		if (simulated)
			memcpy(judged->simulated[i], simulated->lists.area.nr_free, sizeof judged->simulated[i]);
	}
}

static void advance(bud_whatif *w, uint64_t t_ns)
{
	for (size_t i = 0; i < w->nr_players; i++) {
		w->players[i].t_ns = t_ns;
		if (t_ns > w->start_ns)
			bud_simulation_advance(w->players[i].simulation, t_ns);
	}
}

static void collect(bud_whatif *w)
{
	for (size_t i = 0; i < w->nr_players; i++)
		bud_player_collect(&w->players[i]);
	w->trace.kswapd_pages = w->lessons.kswapd_freed;
	w->trace.direct_pages = w->lessons.direct_pages;
}

static bud_status check(const bud_whatif *w, bud_error *err)
{
	bud_status status =
		w->trace.out_of_memory || w->requests.out_of_memory ? bud_error_memory(err, "the judgement") : BUD_OK;
	for (size_t i = 0; !status && i < w->nr_players; i++)
		status = w->players[i].happenings.out_of_memory ? bud_error_memory(err, "the judgement")
								: bud_simulation_check(w->players[i].simulation, err);
	return status;
}

bud_status bud_whatif_run(bud_whatif *whatif, uint64_t t_ns, uint64_t *budget, bool *done, bud_error *err)
{
	bud_whatif *w = whatif;
	bud_status status = BUD_OK;
	bool reached = true;
	*done = false;
	while (!status && reached && !*done) {
		const bud_snapshot *next = w->next_snapshot < w->nr_order ? w->order[w->next_snapshot] : NULL;
		bool stop = next && (t_ns == BUD_TIME_NONE || next->t_ns <= t_ns);
		if (w->changes && w->order[w->next_snapshot - 1]->t_ns < t_ns)
			apply_settings(w);
		status = bud_replay_run(w->replay, stop ? next->t_ns : t_ns, budget, &reached, err);
		if (status || !reached)
			continue;
		advance(w, stop ? next->t_ns : t_ns == BUD_TIME_NONE ? w->source->info.last_ns : t_ns);
		if (stop) {
			for (size_t z = 0; z < next->nr_zones; z++)
				judge_zone(w, next, &next->zones[z]);
			w->next_snapshot++;
			w->changes = true;
		} else {
			*done = true;
		}
	}
	collect(w);
	return status ? status : check(w, err);
}

uint64_t bud_whatif_start(const bud_whatif *whatif)
{
	return whatif->start_ns;
}

const bud_memory *bud_whatif_memory(const bud_whatif *whatif)
{
	return &whatif->start;
}

const bud_memory *bud_whatif_shape(bud_whatif *whatif, size_t which)
{
	bud_whatif *w = whatif;
	int simulated = w->players[which].setup->kernel.max_order, traced = w->start.max_order;
	for (size_t z = 0; z < w->shape.nr_zones; z++)
		w->shape.zones[z].buddy.max_order = simulated > traced ? simulated : traced;
	return &w->shape;
}

const bud_timeline *bud_whatif_state(bud_whatif *whatif, size_t which, uint64_t t_ns)
{
	bud_whatif *w = whatif;
	w->column = (bud_column){ .t_begin_ns = t_ns, .t_end_ns = t_ns, .filled = true };
	for (size_t z = 0; z < w->start.nr_zones; z++)
		if (t_ns >= w->start_ns)
			bud_player_sample(&w->players[which], z, &w->samples[z]);
		else
			w->samples[z] = (bud_zone_sample){ 0 };
	return &w->state;
}

bud_tale *bud_whatif_tale(bud_whatif *whatif, size_t which)
{
	return whatif->players[which].tale;
}

const char *bud_whatif_nobody(const bud_whatif *whatif, size_t which)
{
	const bud_absence *absence = whatif->players[which].absence;
	return absence ? bud_absence_nobody(absence) : NULL;
}

const bud_happenings *bud_whatif_trace(const bud_whatif *whatif)
{
	return &whatif->trace;
}

const bud_happenings *bud_whatif_case_of(const bud_whatif *whatif, size_t which)
{
	return &whatif->players[which].happenings;
}

const bud_simulation *bud_whatif_simulation(const bud_whatif *whatif, size_t which)
{
	return whatif->players[which].simulation;
}

const bud_lessons *bud_whatif_lessons(const bud_whatif *whatif)
{
	return &whatif->lessons;
}

const bud_judged_zone *bud_whatif_judged(const bud_whatif *whatif, size_t *nr)
{
	*nr = whatif->nr_judged;
	return whatif->judged;
}
