/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/replay/passes.h"

#include "lib/replay/exits.h"

void bud_passes_drop_mark(bud_replay *replay)
{
	bud_replay *r = replay;
	bud_restart_destroy(r->resume.restart);
	bud_proofs_kept_fini(&r->resume.kept);
	r->resume = (bud_resume){ .mark_ns = BUD_TIME_NONE };
}

void bud_passes_apply_lacks(bud_replay *replay)
{
	bud_replay *r = replay;
	bool refused = r->lacks & BUD_LACKS_REFUSED, lossy = r->lacks & BUD_LACK_BIT(BUD_LACK_PLACES);
	if (refused)
		r->mode = BUD_SEED_NONE;
	for (size_t i = 0; i < r->start.nr_zones; i++) {
		bud_zone *zone = &r->start.zones[i];
		zone->lossy = lossy;
		zone->reduced = r->lacks & ~BUD_LACK_BIT(BUD_LACK_PLACES);
		zone->seeded = zone->seeded && !refused;
		zone->followed = zone->followed && !refused;
	}
}

bool bud_passes_heed_interrupts(const bud_replay *replay)
{
	const bud_replay *r = replay;
	return r->proofs.learning && (!r->proofs.nr_passes || r->gapped);
}

void bud_passes_look_for_mark(bud_replay *replay)
{
	bud_replay *r = replay;
	const bud_batch *b = &r->batch;
	size_t i = 0;
	while (i < b->nr && !(BUD_EVENT_BIT(b->events[i].kind) & BUD_COMPACTION_EVENTS))
		i++;
	if (i == b->nr)
		return;
	r->resume.wanted = false;
	if (r->place_ns < b->events[i].t_ns) /* else events of that time have been applied */
		r->resume.mark_ns = b->events[i].t_ns;
}

void bud_passes_keep_mark(bud_replay *replay)
{
	bud_replay *r = replay;
	bud_error err;
	if (bud_replay_save(r, &r->resume.restart, &err))
		r->resume.restart = NULL;
	else if (bud_proofs_keep(&r->proofs, &r->resume.kept))
		r->resume.restart->time = r->resume.mark_ns - 1;
	else
		bud_passes_drop_mark(r);
	r->resume.mark_ns = BUD_TIME_NONE;
}

/* The first pass takes the start from the first event of each page; without any seed it is what changes count from. */
static bool infers(const bud_replay *r)
{
	return r->mode == BUD_SEED_INFERRED || (r->mode == BUD_SEED_NONE && !(r->lacks & BUD_LACKS_REFUSED));
}

/* What a learning pass has brought; false if another would bring nothing new. */
static bool end_pass(bud_replay *r)
{
	bud_lacks first = bud_completeness_at_first(&r->source->info, &r->kernel, r->snapshots, r->nr_snapshots);
	uint64_t odd = first & BUD_LACKS_SILENT ? 0 : bud_contradictions_unexplained(r->rules.contradictions);
	bud_reduced_end_pass(&r->reduced, &r->memory, &r->proofs, r->rules.seq, r->rules.infer);
	bud_exits_settle(&r->proofs, r->rules.seed_seq);
	bool more = bud_proofs_end(&r->proofs) > 0 || r->rules.infer;
	/* Contradictions that proofs explain only count in the pass after the first that could see them. */
	bool doubted = bud_completeness_doubts(&r->completeness, odd) && r->proofs.nr_passes <= (infers(r) ? 2 : 1);
	for (size_t i = 0; r->rules.infer && i < r->start.nr_zones; i++) {
		bud_zone *zone = &r->start.zones[i];
		zone->inferred = zone->inferred || !zone->seeded;
		zone->seeded = zone->seeded || r->mode == BUD_SEED_INFERRED;
		bud_zone_follow(zone);
	}
	r->lacks = first | bud_completeness_judge(&r->completeness, &r->source->info, r->snapshots, r->nr_snapshots,
						  doubted ? 0 : odd);
	bud_passes_apply_lacks(r);
	bud_interrupts_fini(&r->interrupts);
	r->gapped = r->rules.gap_seq > 0;
	/* Only now it shows that nothing is proven. */
	bool mistaken = r->lacks & BUD_LACKS_SILENT & ~r->reduced.lacks;
	if (mistaken)
		bud_proofs_keep_gaps(&r->proofs);
	if (r->gapped || doubted || mistaken) /* what comes before the mark is not as it was */
		bud_passes_drop_mark(r);
	r->resume.wanted = false;
	return (more || doubted || mistaken) && !(r->lacks & BUD_LACKS_REFUSED);
}

static bud_status begin_pass(bud_replay *r, bud_error *err)
{
	bool first = !r->proofs.nr_passes;
	if (r->resume.restart) {
		bud_proofs_go_back(&r->proofs, &r->resume.kept);
		bud_status status = bud_replay_restore(r, r->resume.restart, err);
		r->rules.interrupts = NULL;
		r->rules.completeness = NULL;
		bud_rules_catch_up(&r->rules);
		return status;
	}
	bud_proofs_begin(&r->proofs, true);
	if (bud_passes_heed_interrupts(r))
		bud_interrupts_init(&r->interrupts, r->source->info.nr_cpus, &r->kernel);
	bud_status status = bud_replay_rewind(r, err);
	if (first) {
		bud_completeness_init(&r->completeness, r->source->info.nr_cpus);
		r->rules.completeness = &r->completeness;
		r->rules.infer = infers(r) ? &r->start : NULL;
	}
	/* Inference and types change the start the first pass had; silence is learnt from the whole. */
	r->resume.wanted = (first ? !r->rules.infer && !r->types : !r->gapped) && !(r->lacks & BUD_LACKS_SILENT);
	return status;
}

bud_status bud_passes_run(bud_replay *replay, unsigned max_passes, uint64_t *budget, bool *done, bud_error *err)
{
	bud_replay *r = replay;
	bud_status status = BUD_OK;
	bool ended = true;
	*done = false;
	while (!status && ended && !*done) {
		if (!r->proofs.learning)
			status = begin_pass(r, err);
		if (!status)
			status = bud_replay_run(r, BUD_TIME_NONE, budget, &ended, err);
		if (!status && ended)
			*done = !end_pass(r) || r->proofs.nr_passes >= max_passes;
	}
	if (*done) {
		bud_completeness_fini(&r->completeness);
		bud_passes_drop_mark(r);
	}
	return status;
}
