/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Simulations of a trace beside its replay, in one pass: the unchanged one,
 * always, and any number with other settings. A first pass teaches what
 * lessons.h says; then replay and simulations go through the trace side by
 * side from the first instant at which the replay knows all of memory.
 *
 * The settings of the trace are those found at its snapshots (settings.h);
 * one that changed between two is taken to have changed just behind the
 * first. Marks and list sizes that date from before boot's last frees stay as
 * they were, until a setting changes.
 */
#ifndef BUD_INSIGHT_WHATIF_H
#define BUD_INSIGHT_WHATIF_H

#include "lib/insight/player.h"

typedef struct bud_whatif bud_whatif;

/*
 * replay: has learnt, follows types if it can, and stands at its beginning;
 * from now on only the whatif may run it. cases[0] is the unchanged one.
 * tales: what is to be told of each case; NULL: nothing. All is borrowed.
 * BUD_ERR_USAGE where the replay never knows all of memory.
 */
bud_status bud_whatif_create(bud_whatif **whatif, bud_replay *replay, bud_source *source, const bud_gfp_table *gfp,
			     const bud_snapshot *snapshots, size_t nr_snapshots, const bud_settings_input *settings,
			     const bud_whatif_case *cases, size_t nr_cases, const bud_tale_options *tales,
			     bud_error *err);
void bud_whatif_destroy(bud_whatif *whatif);

/* Follows that request in every case, from now on; before the first run. Borrowed. */
void bud_whatif_follow(bud_whatif *whatif, const bud_fate_subject *subject);
/* Makes it, as the cases stand, if nobody made it in the trace. */
void bud_whatif_ask(bud_whatif *whatif);

/* Goes on as bud_replay_run() does; judges at every snapshot on the way. */
bud_status bud_whatif_run(bud_whatif *whatif, uint64_t t_ns, uint64_t *budget, bool *done, bud_error *err);

/* When simulation begins. */
uint64_t bud_whatif_start(const bud_whatif *whatif);
/* The state it begins with. */
const bud_memory *bud_whatif_memory(const bud_whatif *whatif);
/* The zones of the start, with as many orders as they or those of a case have; good until the next call. */
const bud_memory *bud_whatif_shape(bud_whatif *whatif, size_t which);
/* The state of a case as it stands, as a timeline of one column that ends at t_ns; zones as in the replay's memory. */
const bud_timeline *bud_whatif_state(bud_whatif *whatif, size_t which, uint64_t t_ns);

/* What was to be told of a case; NULL: nothing. */
bud_tale *bud_whatif_tale(bud_whatif *whatif, size_t which);

/* The request followed, so far: in the trace, and in a case. */
const bud_fate_watch *bud_whatif_watch(const bud_whatif *whatif);
const bud_fates *bud_whatif_fates(const bud_whatif *whatif, size_t which);

/* The first of those a case leaves out who asks for nothing from the start on; NULL: all of them ask. */
const char *bud_whatif_nobody(const bud_whatif *whatif, size_t which);

const bud_happenings *bud_whatif_trace(const bud_whatif *whatif);
const bud_happenings *bud_whatif_case_of(const bud_whatif *whatif, size_t which);
const bud_simulation *bud_whatif_simulation(const bud_whatif *whatif, size_t which);
const bud_lessons *bud_whatif_lessons(const bud_whatif *whatif);
/* Zones at snapshots passed so far. */
const bud_judged_zone *bud_whatif_judged(const bud_whatif *whatif, size_t *nr);

#endif
