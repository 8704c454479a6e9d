/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a replay consists of: for replay.c and passes.c alone.
 */
#ifndef BUD_REPLAY_REPLAY_STATE_H
#define BUD_REPLAY_REPLAY_STATE_H

#include "lib/replay/rules.h"
#include "lib/replay/schedule.h"
#include "lib/replay/seed.h"

/* Where passes that learn begin again: before the first silent event there is nothing more to be learnt. */
typedef struct bud_resume {
	bud_restart *restart; /* NULL: at the beginning */
	bud_proofs_kept kept;
	uint64_t mark_ns; /* of the first silent event, if the batch at hand holds it; else BUD_TIME_NONE */
	bool wanted;	  /* this pass looks for it */
} bud_resume;

struct bud_replay {
	bud_source *source;
	bud_kernel kernel;
	bud_memory start; /* before the first event */
	bud_memory memory;
	bud_seed_mode mode;
	const bud_snapshot *snapshots;
	size_t nr_snapshots;
	bud_completeness completeness; /* of a learning pass */
	bud_lacks lacks;

	bud_schedule schedule;
	size_t next_step;
	bud_seed seed;
	bud_proofs proofs;
	bud_interrupts interrupts; /* of a learning pass */
	bud_resume resume;	   /* while learning */
	bool gapped;		   /* the last pass met lost events */
	bud_reduced reduced;
	bud_rules rules;
	bud_listeners listeners;
	bud_compare compare;
	bud_types *types; /* NULL: not followed */
	bool fitting; /* after learning, on the way to the first pagetypeinfo: what it tells is noted for the start */

	bud_batch batch;
	size_t at; /* next event of batch */
	bool ended;
	uint64_t rewinds;	     /* of the source, the last of them ours: else others have moved it */
	uint64_t place_ns, place_nr; /* the last event that was read, and how many up to it are of its instant */
	uint64_t time;		     /* every event and step up to it is done; BUD_TIME_NONE before the first */
};

struct bud_restart {
	bud_memory memory;
	bud_seed seed;
	bud_rules rules;
	bud_reduced reduced;
	size_t next_step, nr_comparisons, nr_readings, nr_typechecks;
	uint64_t time;
};

#endif
