/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/replay/replay.h"

#include <stdlib.h>
#include <string.h>

#include "lib/replay/passes.h"
#include "lib/replay/typefit.h"

bud_status bud_replay_create(bud_replay **replay, const bud_memory *memory, const bud_kernel *kernel,
			     bud_source *source, const bud_snapshot *snapshots, size_t nr_snapshots, bud_seed_mode seed,
			     bud_error *err)
{
	bud_replay *r = calloc(1, sizeof *r);
	if (!r)
		return bud_error_memory(err, "replay");
	r->source = source;
	r->kernel = *kernel;
	r->snapshots = snapshots;
	r->nr_snapshots = nr_snapshots;
	r->mode = bud_schedule_seed_mode(seed, snapshots, nr_snapshots);
	r->resume.mark_ns = BUD_TIME_NONE;
	bud_seed_init(&r->seed);
	bud_proofs_init(&r->proofs);
	bud_status status = bud_schedule_init(&r->schedule, r->mode, snapshots, nr_snapshots, err);
	if (!status)
		status = bud_compare_init(&r->compare, snapshots, nr_snapshots, err);
	if (!status && !(bud_memory_copy(&r->start, memory) && bud_memory_copy(&r->memory, memory)))
		status = bud_error_memory(err, "replay");
	for (size_t i = 0; i < r->start.nr_zones; i++)
		if (r->start.zones[i].seeded)
			bud_zone_follow(&r->start.zones[i]);
	r->lacks = bud_completeness_at_first(&source->info, kernel, snapshots, nr_snapshots);
	bud_passes_apply_lacks(r);
	if (!status)
		status = bud_replay_rewind(r, err);
	if (status)
		bud_replay_destroy(r);
	else
		*replay = r;
	return status;
}

void bud_replay_destroy(bud_replay *replay)
{
	if (!replay)
		return;
	bud_memory_fini(&replay->start);
	bud_memory_fini(&replay->memory);
	bud_seed_fini(&replay->seed);
	bud_passes_drop_mark(replay);
	bud_proofs_fini(&replay->proofs);
	bud_interrupts_fini(&replay->interrupts);
	bud_completeness_fini(&replay->completeness);
	bud_schedule_fini(&replay->schedule);
	bud_compare_fini(&replay->compare);
	bud_types_destroy(replay->types);
	bud_reduced_fini(&replay->reduced);
	free(replay);
}

static bud_status seek_source(bud_replay *r, uint64_t t_ns, bud_error *err)
{
	r->batch = (bud_batch){ 0 };
	r->at = 0;
	r->ended = false;
	bud_event_mask also = bud_passes_heed_interrupts(r) ? BUD_EVENT_BIT(BUD_EV_FREE_BATCHED) : 0;
	r->rules.listeners = r->listeners.nr && !r->proofs.learning ? &r->listeners : NULL;
	for (unsigned i = 0; r->rules.listeners && i < r->listeners.nr; i++)
		also |= r->listeners.list[i].also;
	bud_status status = bud_source_rewind(r->source, t_ns, BUD_RULES_EVENTS | also, err);
	r->rewinds = r->source->rewinds;
	r->place_ns = t_ns;
	r->place_nr = 0;
	return status;
}

static bud_status next_batch(bud_replay *r, bud_error *err)
{
	bud_status status = bud_source_next(r->source, &r->batch, err);
	r->at = 0;
	r->ended = !status && r->batch.nr == 0;
	if (!status && r->resume.wanted)
		bud_passes_look_for_mark(r);
	return status;
}

/* nr events of the batch have been read. */
static void move_on(bud_replay *r, size_t nr)
{
	size_t same = 0;
	r->at += nr;
	if (!nr)
		return;
	uint64_t t_ns = r->batch.events[r->at - 1].t_ns;
	while (same < nr && r->batch.events[r->at - 1 - same].t_ns == t_ns)
		same++;
	r->place_nr = same + (same == nr && t_ns == r->place_ns ? r->place_nr : 0);
	r->place_ns = t_ns;
}

/* Others have read from the source meanwhile: behind the last event that was read, again. */
static bud_status return_to_place(bud_replay *r, bud_error *err)
{
	uint64_t left = r->place_nr;
	bud_status status = seek_source(r, r->place_ns, err);
	while (!status && left && !r->ended) {
		status = next_batch(r, err);
		size_t nr = !status && r->batch.nr < left ? r->batch.nr : left;
		if (!status)
			move_on(r, nr);
		left -= nr;
	}
	return status;
}

bud_status bud_replay_rewind(bud_replay *replay, bud_error *err)
{
	bud_replay *r = replay;
	if (!bud_memory_copy(&r->memory, &r->start))
		return bud_error_memory(err, "replay");
	bud_replay_observer *observer = r->rules.observer;
	void *self = r->rules.observer_self;
	bool old_kernel = !(r->source->info.formats & BUD_EVENT_BIT(BUD_EV_FAST_ISOLATE_FREE));
	bud_rules_init(&r->rules, &r->memory, &r->kernel, &r->proofs,
		       bud_passes_heed_interrupts(r) ? &r->interrupts : NULL, &r->reduced, old_kernel);
	r->rules.types = r->types;
	bud_replay_observe(r, observer, self);
	r->seed.snapshot = NULL;
	r->next_step = 0;
	r->compare.nr_comparisons = r->compare.nr_readings = r->compare.nr_typechecks = 0;
	r->time = BUD_TIME_NONE;
	bud_status status = bud_reduced_begin(&r->reduced, r->lacks, &r->memory, &r->kernel, &r->source->info,
					      r->proofs.learning, err);
	if (!status && r->types)
		status = bud_types_begin(r->types, r->proofs.learning ? &r->start : NULL, err);
	return status ? status : seek_source(r, 0, err);
}

/* Pageblocks no event tells of, by the first pagetypeinfo: as soon as it was read and it is known which pages are
 * free. A pass that learns is not yet done with what events tell. */
static void fit_types(bud_replay *r, const bud_snapshot *snapshot)
{
	for (size_t i = 0; !r->proofs.learning && i < snapshot->nr_zones; i++) {
		const bud_zone_info *kernel = &snapshot->zones[i];
		bud_zone *zone = bud_memory_find(&r->memory, kernel->node, kernel->name);
		if (zone && zone->seeded)
			bud_typefit_zone(zone, r->fitting ? &r->start.zones[zone - r->memory.zones] : NULL, kernel);
	}
}

static void tell_all(bud_replay *r, uint64_t t_ns)
{
	for (size_t i = 0; r->rules.observer && i < r->memory.nr_zones; i++)
		r->rules.observer(r->rules.observer_self, &r->memory.zones[i], t_ns, true);
}

/* An inferred start knows nothing of pages that no event names: each buddyinfo tells how many of them are free. */
static void meet_counts(bud_replay *r, const bud_snapshot *snapshot)
{
	bool met = false;
	for (size_t i = 0; i < snapshot->nr_zones; i++) {
		const bud_zone_info *kernel = &snapshot->zones[i];
		bud_zone *zone = bud_memory_find(&r->memory, kernel->node, kernel->name);
		if (!kernel->has_buddyinfo || !zone || !zone->seeded || !zone->inferred)
			continue;
		bud_zone_meet(zone, kernel->nr_free, snapshot->nr_orders);
		met = true;
	}
	if (met)
		tell_all(r, snapshot->t_ns);
}

static bud_status act(bud_replay *r, const bud_step *a, bud_error *err)
{
	bud_status status = BUD_OK;
	switch (a->kind) {
	case BUD_STEP_COMPARE:
		if (r->rules.completeness)
			bud_completeness_note_snapshot(r->rules.completeness, a->snapshot);
		bud_compare_lists(&r->compare, a->snapshot, &r->memory);
		meet_counts(r, a->snapshot);
		break;
	case BUD_STEP_COMPARE_TYPES:
		if (!r->types)
			break;
		bud_compare_types(&r->compare, a->snapshot, &r->memory, a->t_ns,
				  a->snapshot == r->schedule.first_types);
		if (a->snapshot == r->schedule.first_types)
			fit_types(r, a->snapshot);
		break;
	case BUD_STEP_READ_MARKS:
		bud_compare_marks(&r->compare, a->snapshot, &r->memory, a->t_ns);
		if (r->reduced.percpu)
			bud_percpu_read(r->reduced.percpu, &r->memory, a->snapshot);
		break;
	case BUD_STEP_OPEN_SEED:
		if (r->mode == BUD_SEED_NONE || (r->proofs.learning && r->rules.seed_seq && r->mode != BUD_SEED_BOTH))
			break;
		bud_seed_open(&r->seed, a->snapshot);
		bud_rules_open_window(&r->rules, &r->seed);
		break;
	case BUD_STEP_CLOSE_SEED:
		if (!r->seed.snapshot)
			break;
		if (r->proofs.learning && r->rules.seed_seq) {
			bud_rules_close_window(&r->rules);
			status = bud_seed_look(&r->seed, &r->memory, bud_rules_witness, &r->rules, err);
			break;
		}
		status = bud_seed_close(&r->seed, &r->memory, err);
		bud_rules_seeded(&r->rules);
		if (r->types && a->snapshot == r->schedule.first_types)
			fit_types(r, a->snapshot);
		tell_all(r, a->t_ns);
		break;
	}
	return status;
}

static bool out_of_memory(const bud_replay *r)
{
	for (size_t i = 0; i < r->memory.nr_zones; i++)
		if (r->memory.zones[i].buddy.out_of_memory)
			return true;
	return false;
}

/* Applies events up to t_ns; *reached once the next one is later or there is none. */
static bud_status run_events(bud_replay *r, uint64_t t_ns, uint64_t *budget, bool *reached, bud_error *err)
{
	*reached = false;
	while (!*reached && *budget) {
		bud_status status = r->rewinds == r->source->rewinds ? BUD_OK : return_to_place(r, err);
		if (!status && r->at == r->batch.nr && !r->ended)
			status = next_batch(r, err);
		if (status)
			return status;
		bool marked = r->resume.mark_ns <= t_ns && r->resume.mark_ns != BUD_TIME_NONE;
		uint64_t until = marked ? r->resume.mark_ns - 1 : t_ns;
		size_t left = r->batch.nr - r->at, room = left < *budget ? left : *budget;
		size_t done = room ? bud_rules_apply(&r->rules, &r->batch.events[r->at], room, until) : 0;
		move_on(r, done);
		*budget -= done;
		*reached = !marked && (r->at < r->batch.nr ? done < room : r->ended);
		if (marked && done < room)
			bud_passes_keep_mark(r);
	}
	return out_of_memory(r) ? bud_error_memory(err, "the free lists") : BUD_OK;
}

bud_status bud_replay_run(bud_replay *replay, uint64_t t_ns, uint64_t *budget, bool *done, bud_error *err)
{
	bud_replay *r = replay;
	bud_status status = BUD_OK;
	uint64_t unbounded = UINT64_MAX;
	if (!budget)
		budget = &unbounded;
	*done = false;
	while (!status && !*done && *budget) {
		const bud_step *next = r->next_step < r->schedule.nr ? &r->schedule.steps[r->next_step] : NULL;
		bool act_first = next && next->t_ns <= t_ns;
		bool reached;
		status = run_events(r, act_first ? next->t_ns : t_ns, budget, &reached, err);
		if (status || !reached)
			continue;
		if (act_first) {
			r->next_step++;
			status = act(r, next, err);
		} else {
			uint64_t now = t_ns == BUD_TIME_NONE ? r->source->info.last_ns : t_ns;
			*done = true;
			if (r->time == BUD_TIME_NONE || now > r->time)
				r->time = now;
		}
	}
	return status;
}

bud_status bud_replay_learn(bud_replay *replay, unsigned max_passes, uint64_t *budget, bool *done, bud_error *err)
{
	bud_replay *r = replay;
	bud_status status = BUD_OK;
	*done = r->fitting;
	if (!r->fitting)
		status = bud_passes_run(r, max_passes, budget, done, err);
	if (status || !*done)
		return status;
	if (r->types && r->schedule.first_types) {
		if (!r->fitting)
			status = bud_replay_rewind(r, err);
		r->fitting = true;
		if (!status)
			status = bud_replay_run(r, r->schedule.fit_ns, budget, done, err);
		r->fitting = !status && !*done;
	}
	return status || !*done ? status : bud_replay_rewind(r, err);
}

bud_status bud_replay_follow_types(bud_replay *replay, bud_error *err)
{
	bud_replay *r = replay;
	bool ok = true;
	if (r->types)
		return BUD_OK;
	for (size_t i = 0; i < r->start.nr_zones; i++)
		ok = bud_buddy_follow_types(&r->start.zones[i].buddy, &r->kernel) && ok;
	if (!ok)
		return bud_error_memory(err, "migratetypes");
	bud_status status = bud_types_create(&r->types, &r->memory, &r->kernel, r->source->info.nr_cpus, err);
	return status ? status : bud_replay_rewind(r, err);
}

void bud_replay_observe(bud_replay *replay, bud_replay_observer *observer, void *self)
{
	replay->rules.observer = observer;
	replay->rules.observer_self = self;
}

bud_status bud_replay_listen(bud_replay *replay, bud_event_mask also, bud_replay_listener *listener, void *self,
			     bud_error *err)
{
	bud_listeners *l = &replay->listeners;
	if (l->nr == BUD_MAX_LISTENERS)
		return bud_error_set(err, BUD_ERR_USAGE, "more than %d listeners to one replay", BUD_MAX_LISTENERS);
	l->list[l->nr].listener = listener;
	l->list[l->nr].self = self;
	l->list[l->nr++].also = also;
	return bud_replay_rewind(replay, err);
}

void bud_replay_unlisten(bud_replay *replay, bud_replay_listener *listener, void *self)
{
	bud_listeners *l = &replay->listeners;
	for (unsigned i = 0; i < l->nr; i++)
		if (l->list[i].listener == listener && l->list[i].self == self) {
			memmove(&l->list[i], &l->list[i + 1], (l->nr - i - 1) * sizeof *l->list);
			l->nr--;
			return;
		}
}

const bud_memory *bud_replay_memory(const bud_replay *replay)
{
	return &replay->memory;
}

const bud_kernel *bud_replay_kernel(const bud_replay *replay)
{
	return &replay->kernel;
}

bud_lacks bud_replay_lacks(const bud_replay *replay)
{
	return replay->lacks;
}

bud_seed_mode bud_replay_seed(const bud_replay *replay)
{
	return replay->mode;
}

uint64_t bud_replay_time(const bud_replay *replay)
{
	return replay->time;
}

uint64_t bud_replay_position(const bud_replay *replay)
{
	bool ours = replay->rewinds == replay->source->rewinds;
	return ours && replay->at < replay->batch.nr ? replay->batch.events[replay->at].t_ns : 0;
}

const uint64_t *bud_replay_event_counts(const bud_replay *replay)
{
	return replay->rules.events;
}

uint64_t bud_replay_failed_allocations(const bud_replay *replay)
{
	return replay->rules.failed_allocations;
}

const bud_contradiction_count *bud_replay_contradictions(const bud_replay *replay)
{
	return replay->rules.contradictions;
}

uint64_t bud_replay_lost(const bud_replay *replay, uint64_t *uncounted_gaps)
{
	*uncounted_gaps = replay->rules.uncounted_gaps;
	return replay->rules.lost;
}

const bud_comparison *bud_replay_comparisons(const bud_replay *replay, size_t *nr)
{
	*nr = replay->compare.nr_comparisons;
	return replay->compare.comparisons;
}

const bud_reading *bud_replay_readings(const bud_replay *replay, size_t *nr)
{
	*nr = replay->compare.nr_readings;
	return replay->compare.readings;
}

const bud_typecheck *bud_replay_typechecks(const bud_replay *replay, size_t *nr)
{
	*nr = replay->compare.nr_typechecks;
	return replay->compare.typechecks;
}

bud_status bud_replay_save(const bud_replay *replay, bud_restart **restart, bud_error *err)
{
	bud_restart *s = calloc(1, sizeof *s);
	if (!s)
		return bud_error_memory(err, "a restart point");
	bud_seed_init(&s->seed);
	s->rules = replay->rules;
	s->next_step = replay->next_step;
	s->nr_comparisons = replay->compare.nr_comparisons;
	s->nr_readings = replay->compare.nr_readings;
	s->nr_typechecks = replay->compare.nr_typechecks;
	s->time = replay->time;
	bud_status status = BUD_OK;
	if (!bud_memory_copy(&s->memory, &replay->memory) || !bud_seed_copy(&s->seed, &replay->seed))
		status = bud_error_memory(err, "a restart point");
	if (!status)
		status = bud_reduced_save(&s->reduced, &replay->reduced, &s->memory, &replay->source->info, err);
	if (status)
		bud_restart_destroy(s);
	else
		*restart = s;
	return status;
}

bud_status bud_replay_restore(bud_replay *replay, const bud_restart *restart, bud_error *err)
{
	bud_replay *r = replay;
	if (!bud_memory_copy(&r->memory, &restart->memory) || !bud_seed_copy(&r->seed, &restart->seed) ||
	    !bud_reduced_restore(&r->reduced, &restart->reduced))
		return bud_error_memory(err, "a restart point");
	bud_replay_observer *observer = r->rules.observer;
	void *self = r->rules.observer_self;
	r->rules = restart->rules;
	r->rules.memory = &r->memory;
	r->rules.kernel = &r->kernel;
	r->rules.proofs = &r->proofs;
	r->rules.interrupts = &r->interrupts;
	r->rules.reduced = &r->reduced;
	r->rules.last_range = NULL;
	r->rules.window = r->seed.snapshot ? &r->seed : NULL;
	r->rules.types = r->types;
	bud_replay_observe(r, observer, self);
	r->next_step = restart->next_step;
	r->compare.nr_comparisons = restart->nr_comparisons;
	r->compare.nr_readings = restart->nr_readings;
	r->compare.nr_typechecks = restart->nr_typechecks;
	r->time = restart->time;
	bud_status status = r->types ? bud_types_begin(r->types, NULL, err) : BUD_OK;
	return status ? status : seek_source(r, r->time == BUD_TIME_NONE ? 0 : r->time + 1, err);
}

uint64_t bud_restart_time(const bud_restart *restart)
{
	return restart->time;
}

size_t bud_restart_bytes(const bud_restart *restart)
{
	size_t bytes = sizeof *restart + bud_pageset_bytes(&restart->seed.touched) +
		       bud_reduced_bytes(&restart->reduced);
	for (size_t i = 0; i < restart->memory.nr_zones; i++) {
		const bud_zone *zone = &restart->memory.zones[i];
		bytes += sizeof *zone + bud_pageset_bytes(&zone->cached) + bud_pageset_bytes(&zone->certain) +
			 bud_pageset_bytes(&zone->used) + bud_pageset_bytes(&zone->buddy.free);
		for (int k = 0; k < BUD_NR_ORDERS; k++)
			bytes += bud_pageset_bytes(&zone->buddy.heads[k]);
		bytes += zone->buddy.types ? bud_blocktypes_bytes(zone->buddy.types) : 0;
	}
	return bytes;
}

void bud_restart_destroy(bud_restart *restart)
{
	if (!restart)
		return;
	bud_memory_fini(&restart->memory);
	bud_seed_fini(&restart->seed);
	bud_reduced_fini(&restart->reduced);
	free(restart);
}
