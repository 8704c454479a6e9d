/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/insight/trial.h"

#include <string.h>

#define SPANNED_BYTES 9	 /* machine.h, per page of a zone's span */
#define MANAGED_BYTES 60 /* tenants and their names, where they were ever used */

size_t bud_trial_bytes(const bud_memory *memory)
{
	size_t bytes = 0;
	for (size_t i = 0; i < memory->nr_zones; i++) {
		const bud_zone *zone = &memory->zones[i];
		uint64_t managed = zone->managed == BUD_UNKNOWN ? zone->spanned : zone->managed;
		bytes += SPANNED_BYTES * zone->spanned + MANAGED_BYTES * managed;
	}
	return bytes;
}

void bud_trial_init(bud_trial *trial, const bud_trial_setup *setup)
{
	*trial = (bud_trial){ .setup = setup };
}

void bud_trial_fini(bud_trial *trial)
{
	bud_whatif_destroy(trial->whatif);
	trial->whatif = NULL;
}

static bud_status begin_next(bud_trial *t, bud_error *err)
{
	const bud_trial_setup *s = t->setup;
	size_t fit = s->max_bytes / (bud_trial_bytes(bud_replay_memory(s->replay)) + 1);
	size_t left = s->nr_cases - t->next, nr = !fit ? 1 : fit < left ? fit : left;
	bud_status status = bud_replay_rewind(s->replay, err);
	if (!status)
		status = bud_whatif_create(&t->whatif, s->replay, s->source, s->gfp, s->snapshots, s->nr_snapshots,
					   &s->settings, s->cases + t->next, nr, NULL, err);
	if (status)
		return status;
	bud_whatif_follow(t->whatif, &s->subject);
	t->first = t->next;
	t->next += nr;
	return BUD_OK;
}

static uint64_t low_pages(const bud_whatif *w, size_t which)
{
	const bud_simulation *simulation = bud_whatif_simulation(w, which);
	uint64_t pages = 0;
	for (size_t z = 0; z < bud_whatif_memory(w)->nr_zones; z++) {
		const bud_machine_zone *zone = bud_simulation_zone(simulation, z);
		pages += zone ? zone->view->marks.low : 0;
	}
	return pages;
}

static bud_trial_side side_of(const bud_happenings *h)
{
	bud_trial_side side = { .reclaimed = h->kswapd_pages + h->direct_pages, .moved = h->moved_pages };
	memcpy(side.count, h->count, sizeof side.count);
	return side;
}

static void end_these(bud_trial *t)
{
	bud_whatif *w = t->whatif;
	const bud_fate_watch *watch = bud_whatif_watch(w);
	if (t->setup->end_ns >= bud_whatif_start(w))
		bud_whatif_ask(w);
	t->start_ns = bud_whatif_start(w);
	t->made = watch->made;
	t->trace = side_of(bud_whatif_trace(w));
	t->trace.failed = watch->failed;
	for (size_t i = t->first; i < t->next; i++) {
		size_t which = i - t->first;
		bud_trial_side *side = &t->cases[i];
		*side = side_of(bud_whatif_case_of(w, which));
		side->fates = *bud_whatif_fates(w, which);
		side->failed = side->fates.failed_too + side->fates.failed_newly;
		side->low_pages = low_pages(w, which);
		side->left_out = bud_simulation_counted(bud_whatif_simulation(w, which))->left_out;
	}
	bud_whatif_destroy(w);
	t->whatif = NULL;
}

bud_status bud_trial_run(bud_trial *trial, uint64_t *budget, bool *done, bud_error *err)
{
	bud_trial *t = trial;
	bud_status status = t->whatif ? BUD_OK : begin_next(t, err);
	bool reached = false;
	*done = false;
	if (!status)
		status = bud_whatif_run(t->whatif, t->setup->end_ns, budget, &reached, err);
	if (status || !reached)
		return status;
	end_these(t);
	*done = t->next == t->setup->nr_cases;
	return BUD_OK;
}

/* ---- what it says ---- */

/* Whether the request fares as well as it can there: a failed one is served, a slow one at once. */
static bool is_well(const bud_trial *t, size_t which)
{
	bud_fate_kind kind = t->cases[which].fates.own.kind;
	return t->setup->slow ? kind == BUD_FATE_AT_ONCE : kind > BUD_FATE_FAILED && kind < BUD_FATE_LEFT_OUT;
}

bool bud_trial_repeats(const bud_trial *trial)
{
	bud_fate_kind kind = trial->cases[0].fates.own.kind;
	return kind >= BUD_FATE_FAILED && kind < BUD_FATE_LEFT_OUT && !is_well(trial, 0);
}

bool bud_trial_by_chance(const bud_trial *trial)
{
	size_t control = trial->setup->control;
	return control && bud_trial_repeats(trial) && is_well(trial, control);
}

bool bud_trial_tells(const bud_trial *trial)
{
	return bud_trial_repeats(trial) && !bud_trial_by_chance(trial);
}

bool bud_trial_helps(const bud_trial *trial, size_t which)
{
	const bud_trial_side *side = &trial->cases[which];
	uint64_t before = trial->cases[0].failed, chance = trial->cases[trial->setup->control].failed;
	if (!which || which == trial->setup->control || side->fates.own.kind == BUD_FATE_LEFT_OUT)
		return false;
	if (bud_trial_tells(trial))
		return is_well(trial, which) && side->failed <= before;
	return side->failed < before && side->failed < chance;
}

size_t bud_trial_best(const bud_trial *trial)
{
	size_t best = 0;
	for (size_t i = 1; i < trial->next; i++)
		if (bud_trial_helps(trial, i) && (!best || trial->cases[i].failed < trial->cases[best].failed))
			best = i;
	return best;
}

/* ---- rows ---- */

static const char *const columns[] = { "number",
				       "t_ns",
				       "fate",
				       "failure",
				       "reclaims",
				       "compactions",
				       "like_failed",
				       "failed_too",
				       "failed_newly",
				       "low_pages",
				       "direct_reclaims",
				       "direct_compactions",
				       "oom_kills",
				       "reclaimed_pages",
				       "moved_pages",
				       "left_out_requests",
				       "role",
				       "helps",
				       "case" };

const bud_table bud_trial_table = { "simulated_remedy", columns, sizeof columns / sizeof *columns };

static const char *role_of(const bud_trial *trial, size_t which)
{
	return !which ? "unchanged" : which == trial->setup->control ? "control" : "remedy";
}

static bud_status add_row(const bud_trial *trial, size_t which, uint64_t number, uint64_t t_ns, bud_row_sink *sink,
			  bud_error *err)
{
	const bud_trial_side *side = &trial->cases[which];
	const bud_fates *f = &side->fates;
	bool asked = f->own.kind != BUD_FATE_UNREACHED && f->own.kind != BUD_FATE_LEFT_OUT;
	const bud_value row[] = { bud_value_uint(number),
				  bud_value_uint(t_ns),
				  bud_value_text(bud_fate_name(f->own.kind)),
				  bud_value_text(bud_fate_failure_name(f->own.failure)),
				  bud_value_uint(asked ? f->own.reclaims : BUD_UNKNOWN),
				  bud_value_uint(asked ? f->own.compactions : BUD_UNKNOWN),
				  bud_value_uint(trial->trace.failed),
				  bud_value_uint(f->failed_too),
				  bud_value_uint(f->failed_newly),
				  bud_value_uint(side->low_pages),
				  bud_value_uint(side->count[BUD_MEASURE_RECLAIMS]),
				  bud_value_uint(side->count[BUD_MEASURE_COMPACTIONS]),
				  bud_value_uint(side->count[BUD_MEASURE_OOM_KILLS]),
				  bud_value_uint(side->reclaimed),
				  bud_value_uint(side->moved),
				  bud_value_uint(side->left_out),
				  bud_value_text(role_of(trial, which)),
				  bud_value_bool(bud_trial_helps(trial, which)),
				  bud_value_text(trial->setup->cases[which].label) };
	return sink->row(sink->self, row, err);
}

bud_status bud_trial_rows(const bud_trial *trial, uint64_t number, uint64_t t_ns, bud_row_sink *sink, bud_error *err)
{
	bud_status status = BUD_OK;
	for (size_t i = 0; !status && i < trial->next; i++)
		status = add_row(trial, i, number, t_ns, sink, err);
	return status;
}
