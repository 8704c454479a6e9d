/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/tui/witness.h"

#define MAX_SITES     16384
#define EPISODE_BYTES ((size_t)64 << 20)

static void hear(void *self, const bud_event *event)
{
	bud_witness *w = self;
	if (w->surveying) {
		bud_ledger_hear(&w->ledger, event);
		bud_chronicle_event(w->chronicle, event);
	}
	if (w->surveying || w->owning)
		bud_owners_event(w->owners, event);
}

static bud_status begin_owners(bud_witness *w, bud_error *err)
{
	const bud_owners_options options = { .end_ns = w->last_ns };
	bud_owners_destroy(w->owners);
	w->owners = NULL;
	w->owned = false;
	return bud_owners_create(&w->owners, w->replay, w->source, w->sites, &options, err);
}

bud_status bud_witness_begin(bud_witness *witness, bud_replay *replay, bud_source *source, const bud_kernel *kernel,
			     uint64_t last_ns, bud_error *err)
{
	bud_witness *w = witness;
	bud_chronicle_options options = { .end_ns = last_ns, .max_bytes = EPISODE_BYTES };
	bud_witness_fini(w);
	*w = (bud_witness){
		.replay = replay, .source = source, .kernel = kernel, .last_ns = last_ns, .surveying = true
	};
	bud_ledger_init(&w->ledger, bud_replay_memory(replay), kernel);
	bud_status status = bud_site_table_create(&w->sites, source, kernel, MAX_SITES, err);
	if (!status)
		status = bud_chronicle_create(&w->chronicle, replay, source, w->sites, &options, err);
	if (!status)
		status = begin_owners(w, err);
	if (!status)
		status = bud_replay_listen(replay, BUD_CHRONICLE_EVENTS | BUD_OWNERS_EVENTS, hear, w, err);
	return status;
}

bud_status bud_witness_end(bud_witness *witness, bool whole, bud_error *err)
{
	bud_witness *w = witness;
	w->surveying = false;
	bud_chronicle_finish(w->chronicle);
	w->episodes = bud_chronicle_list(w->chronicle);
	bud_status status = bud_chronicle_status(w->chronicle, err);
	return status ? status : bud_witness_owned(w, whole ? w->last_ns : BUD_TIME_NONE, err);
}

void bud_witness_fini(bud_witness *witness)
{
	bud_pins_fini(&witness->pins);
	bud_owners_destroy(witness->owners);
	bud_chronicle_destroy(witness->chronicle);
	bud_site_table_destroy(witness->sites);
	bud_ledger_fini(&witness->ledger);
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
	return status ? status : bud_pins_collect(&w->pins, bud_replay_memory(w->replay), w->kernel, w->owners, err);
}

const bud_episode *bud_witness_ending(const bud_witness *witness, uint64_t t_ns, int32_t pid)
{
	const bud_episode_list *list = witness->episodes;
	/* Ordered by their beginning: the nearest ones are the likeliest. */
	for (size_t i = list ? bud_episode_list_from(list, t_ns + 1) : 0; i-- > 0;)
		if (list->episodes[i].t_end_ns == t_ns && list->episodes[i].pid == pid)
			return &list->episodes[i];
	return NULL;
}

bool bud_witness_is_trouble(const bud_episode *episode)
{
	return bud_episode_is_bad(episode) ||
	       (episode->kind == BUD_EPISODE_REQUEST && (episode->nr_direct || episode->nr_compact)) ||
	       episode->kind == BUD_EPISODE_MEMCG;
}
