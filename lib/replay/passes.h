/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The passes over a trace that learn what later events tell about earlier
 * silence. The first reads all of it; those behind it begin where the first
 * silent event is, for before it they can learn nothing new.
 */
#ifndef BUD_REPLAY_PASSES_H
#define BUD_REPLAY_PASSES_H

#include "lib/replay/replay_state.h"

/* One pass after the other, at most max_passes: see bud_replay_learn(). */
bud_status bud_passes_run(bud_replay *replay, unsigned max_passes, uint64_t *budget, bool *done, bud_error *err);

/* Whether this pass heeds what frees in interrupts tell: it is the same in every pass, but where events are lost. */
bool bud_passes_heed_interrupts(const bud_replay *replay);

/* States of pages that cannot be by what is lacking: certain nowhere, or not known at all. */
void bud_passes_apply_lacks(bud_replay *replay);

/* A batch was just read: whether the first silent event is in it. */
void bud_passes_look_for_mark(bud_replay *replay);
/* Everything before that event is applied. Without the memory for it passes begin at the beginning. */
void bud_passes_keep_mark(bud_replay *replay);
void bud_passes_drop_mark(bud_replay *replay);

#endif
