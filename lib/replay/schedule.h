/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a replay does at the instants of the snapshots' files, besides
 * applying events.
 */
#ifndef BUD_REPLAY_SCHEDULE_H
#define BUD_REPLAY_SCHEDULE_H

#include "lib/base/snapshot.h"

/* What the replay starts from (terms.md). */
typedef enum bud_seed_mode {
	BUD_SEED_AUTO, /* EVERY where several snapshots have kpageflags, FIRST where one has, else INFERRED */
	BUD_SEED_FIRST,
	BUD_SEED_EVERY,
	BUD_SEED_INFERRED, /* from the first event of each page: bud_replay_learn() does it; other pages stay unknown */
	BUD_SEED_NONE,
	BUD_SEED_BOTH, /* EVERY, and each seed also tells the passes that learn what had happened before it */
} bud_seed_mode;

/* Done after every event up to its time; in this order at the same instant. */
typedef enum bud_step_kind {
	BUD_STEP_COMPARE,	/* the free lists with the snapshot's buddyinfo */
	BUD_STEP_COMPARE_TYPES, /* their types with its pagetypeinfo */
	BUD_STEP_READ_MARKS,	/* the watermarks from its zoneinfo */
	BUD_STEP_OPEN_SEED,	/* its kpageflags begins to be read */
	BUD_STEP_CLOSE_SEED,
} bud_step_kind;

typedef struct bud_step {
	uint64_t t_ns;
	bud_step_kind kind;
	const bud_snapshot *snapshot;
} bud_step;

typedef struct bud_schedule {
	bud_step *steps; /* by time */
	size_t nr;
	const bud_snapshot *first_types; /* whose pagetypeinfo was read first; NULL: none has an instant */
	uint64_t fit_ns;		 /* when that is read, and the seed of the same snapshot, if it gives one */
} bud_schedule;

/* "every"; for names that are none bud_seed_mode_parse() is false. */
const char *bud_seed_mode_name(bud_seed_mode mode);
bool bud_seed_mode_parse(const char *name, bud_seed_mode *mode);

/* The mode that AUTO means with these snapshots; any other is itself. */
bud_seed_mode bud_schedule_seed_mode(bud_seed_mode mode, const bud_snapshot *snapshots, size_t nr);

bud_status bud_schedule_init(bud_schedule *schedule, bud_seed_mode mode, const bud_snapshot *snapshots, size_t nr,
			     bud_error *err);
void bud_schedule_fini(bud_schedule *schedule);

#endif
