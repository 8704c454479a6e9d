/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/tui/witness.h"

#include <stdlib.h>

#include "lib/base/lower_bound.h"

#define MAX_SITES     16384
#define EPISODE_BYTES ((size_t)64 << 20)

static void hear(void *self, const bud_event *event)
{
	bud_witness *w = self;
	if (w->surveying) {
		bud_boosts_event(w->boosts, event);
		bud_failures_event(w->log, event);
		bud_ledger_hear(&w->ledger, event);
		bud_chronicle_event(w->chronicle, event);
	}
	if (w->surveying || w->owning)
		bud_owners_event(w->owners, event);
}

static bool passes(const void *self, const bud_event *alloc)
{
	const bud_witness *w = self;
	return bud_filter_match(&w->filter, alloc, &w->world);
}

static bud_status begin_owners(bud_witness *w, bud_error *err)
{
	const bud_owners_options options = { .end_ns = w->last_ns, .marks = w->filter.any ? NULL : passes, .self = w };
	bud_owners_destroy(w->owners);
	w->owners = NULL;
	w->owned = false;
	return bud_owners_create(&w->owners, w->bench->replay, w->bench->bundle->source, w->sites, &options, err);
}

static bud_status begin_failures(bud_witness *w, bud_error *err)
{
	const bud_workbench *b = w->bench;
	size_t nr = b->bundle->nr_snapshots;
	bud_status status = bud_workbench_settings(b, &w->settings, err);
	if (!status)
		status = bud_boosts_create(&w->boosts, b->replay, w->settings, nr, err);
	if (!status)
		status = bud_failures_create(&w->log, b->replay, b->bundle->source, NULL, w->settings, nr, w->boosts,
					     err);
	if (!status)
		w->failures = bud_failures_list(w->log);
	return status;
}

bud_status bud_witness_begin(bud_witness *witness, const bud_workbench *bench, bud_error *err)
{
	bud_witness *w = witness;
	bud_source *source = bench->bundle->source;
	bud_chronicle_options options = { .end_ns = source->info.last_ns, .max_bytes = EPISODE_BYTES };
	bud_filter filter = w->filter;
	bud_witness_fini(w);
	*w = (bud_witness){ .bench = bench,
			    .last_ns = source->info.last_ns,
			    .surveying = true,
			    .world = { source, &bench->kernel, &bench->memory },
			    .filter = filter,
			    .noted_ns = BUD_TIME_NONE,
			    .compared_ns = BUD_TIME_NONE };
	bud_ledger_init(&w->ledger, &bench->kernel);
	bud_status status = begin_failures(w, err);
	if (!status)
		status = bud_site_table_create(&w->sites, source, &bench->kernel, MAX_SITES, err);
	if (!status)
		status = bud_chronicle_create(&w->chronicle, bench->replay, source, w->sites, &options, err);
	if (!status)
		status = begin_owners(w, err);
	if (!status)
		status = bud_replay_listen(bench->replay,
					   BUD_CHRONICLE_EVENTS | BUD_OWNERS_EVENTS | BUD_FAILURES_EVENTS |
						   BUD_BOOSTS_EVENTS,
					   hear, w, err);
	return status;
}

bud_status bud_witness_end(bud_witness *witness, bool whole, bud_error *err)
{
	bud_witness *w = witness;
	w->surveying = false;
	bud_chronicle_finish(w->chronicle);
	w->episodes = bud_chronicle_list(w->chronicle);
	bud_status status = bud_chronicle_status(w->chronicle, err);
	if (!status)
		status = bud_failures_status(w->log, err);
	return status ? status : bud_witness_owned(w, whole ? w->last_ns : BUD_TIME_NONE, err);
}

void bud_witness_fini(bud_witness *witness)
{
	bud_pins_fini(&witness->pins);
	bud_owners_destroy(witness->owners);
	bud_chronicle_destroy(witness->chronicle);
	bud_site_table_destroy(witness->sites);
	bud_ledger_fini(&witness->ledger);
	free(witness->noted);
	free(witness->compared);
	bud_failures_destroy(witness->log);
	bud_boosts_destroy(witness->boosts);
	if (witness->bench)
		bud_workbench_free_settings(witness->bench, witness->settings);
	*witness = (bud_witness){ 0 };
}

bool bud_witness_can_go_on(const bud_witness *witness, uint64_t t_ns)
{
	return witness->owned && witness->owned_ns <= t_ns;
}

bud_status bud_witness_own(bud_witness *witness, bool again, bud_error *err)
{
	bud_status status = again ? begin_owners(witness, err) : BUD_OK;
	witness->owned = false;
	witness->owning = !status;
	return status;
}

bud_status bud_witness_owned(bud_witness *witness, uint64_t t_ns, bud_error *err)
{
	bud_witness *w = witness;
	w->owning = false;
	w->owned = t_ns != BUD_TIME_NONE;
	w->owned_ns = t_ns;
	if (!w->owned)
		return BUD_OK;
	bud_owners_settle(w->owners);
	bud_status status = bud_owners_status(w->owners, err);
	bud_pins_fini(&w->pins);
	return status ? status
		      : bud_pins_collect(&w->pins, bud_replay_memory(w->bench->replay), &w->bench->kernel, w->owners,
					 err);
}

void bud_witness_set_filter(bud_witness *witness, const bud_filter *filter)
{
	witness->filter = *filter;
	witness->owned = false;
	witness->noted_ns = witness->compared_ns = BUD_TIME_NONE;
}

static bud_status copy_books(const bud_witness *w, bud_use **uses, size_t *nr, bud_error *err)
{
	size_t count = bud_owners_count(w->owners);
	bud_use *copy = realloc(*uses, count * sizeof *copy);
	if (!copy)
		return bud_error_memory(err, "what changed");
	for (size_t i = 0; i < count; i++)
		copy[i] = *bud_owners_use(w->owners, i);
	*uses = copy;
	*nr = count;
	return BUD_OK;
}

bud_status bud_witness_note(bud_witness *witness, bud_error *err)
{
	bud_status status = copy_books(witness, &witness->noted, &witness->nr_noted, err);
	witness->noted_ns = status ? BUD_TIME_NONE : witness->owned_ns;
	witness->compared_ns = BUD_TIME_NONE;
	return status;
}

bud_status bud_witness_compare(bud_witness *witness, bud_error *err)
{
	bud_status status = copy_books(witness, &witness->compared, &witness->nr_compared, err);
	witness->compared_ns = status ? BUD_TIME_NONE : witness->owned_ns;
	return status;
}

/* Rows are numbered as they come, in books begun again nearly as before. */
static uint64_t live_of(const bud_use *uses, size_t nr, const bud_use *use, size_t row)
{
	if (row < nr && bud_use_is_same(&uses[row], use))
		return uses[row].live_pages;
	for (size_t i = 0; i < nr; i++)
		if (bud_use_is_same(&uses[i], use))
			return uses[i].live_pages;
	return 0;
}

int64_t bud_witness_change(const bud_witness *witness, const bud_use *use, size_t row)
{
	const bud_witness *w = witness;
	if (w->compared_ns == BUD_TIME_NONE)
		return 0;
	return (int64_t)(live_of(w->compared, w->nr_compared, use, row) - live_of(w->noted, w->nr_noted, use, row));
}

bool bud_witness_has_change(const bud_witness *witness, uint64_t a_ns, uint64_t b_ns)
{
	return witness->compared_ns != BUD_TIME_NONE && witness->noted_ns == (a_ns < b_ns ? a_ns : b_ns) &&
	       witness->compared_ns == (a_ns < b_ns ? b_ns : a_ns);
}

size_t bud_witness_failure_from(const bud_witness *witness, uint64_t t_ns)
{
	const bud_failures *list = witness->failures;
	return list ? bud_lower_bound(list->failures, list->nr, sizeof *list->failures, offsetof(bud_failure, t_ns), t_ns) : 0;
}

const bud_answer *bud_witness_answer(const bud_witness *witness, const bud_failure *failure)
{
	return failure->decisive < 0 ? NULL : &bud_failures_answers(witness->failures, failure)[failure->decisive];
}

const bud_episode *bud_witness_ending(const bud_witness *witness, uint64_t t_ns, int32_t pid)
{
	return witness->episodes ? bud_episode_list_ending(witness->episodes, t_ns, pid) : NULL;
}

const bud_failure *bud_witness_failure_of(const bud_witness *witness, const bud_episode *episode)
{
	const bud_failures *list = witness->failures;
	for (size_t i = bud_witness_failure_from(witness, episode->t_end_ns);
	     episode->kind == BUD_EPISODE_REQUEST && i < list->nr && list->failures[i].t_ns == episode->t_end_ns; i++)
		if (list->failures[i].pid == episode->pid)
			return &list->failures[i];
	return NULL;
}

bool bud_witness_is_trouble(const bud_episode *episode)
{
	return bud_episode_is_bad(episode) ||
	       (episode->kind == BUD_EPISODE_REQUEST && (episode->nr_direct || episode->nr_compact)) ||
	       episode->kind == BUD_EPISODE_MEMCG;
}
