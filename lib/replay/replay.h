/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Events -> memory. Follows what the kernel did, by the rules of the
 * allocator's trace (docs in replay.c), seeded from kpageflags, compared
 * with the kernel's own buddyinfo at every snapshot on the way.
 */
#ifndef BUD_REPLAY_REPLAY_H
#define BUD_REPLAY_REPLAY_H

#include "lib/base/source.h"
#include "lib/replay/compare.h"
#include "lib/replay/completeness.h"
#include "lib/replay/contradiction.h"
#include "lib/replay/schedule.h"

typedef struct bud_replay bud_replay;

/* Told after everything that moved pages of that zone; lists: its free lists changed. For folding. */
typedef void bud_replay_observer(void *self, const bud_zone *zone, uint64_t t_ns, bool lists);

/* See bud_replay_listen(). */
typedef void bud_replay_listener(void *self, const bud_event *event);

/*
 * The replay of source over memory. memory and kernel are copied; source and
 * snapshots are borrowed and must outlive the replay. Snapshots must have
 * been placed (survey). Others may read from the source, or replay it,
 * between two calls: each goes back to its own place.
 */
bud_status bud_replay_create(bud_replay **replay, const bud_memory *memory, const bud_kernel *kernel,
			     bud_source *source, const bud_snapshot *snapshots, size_t nr_snapshots, bud_seed_mode seed,
			     bud_error *err);
void bud_replay_destroy(bud_replay *replay);

/*
 * From now on migratetypes are followed, too (blocktype.h in every zone's
 * buddy); costs some speed. Before bud_replay_learn(), which learns about
 * them as well. Rewinds.
 */
bud_status bud_replay_follow_types(bud_replay *replay, bud_error *err);

/* Back to the beginning of the trace. */
bud_status bud_replay_rewind(bud_replay *replay, bud_error *err);

/*
 * Goes on until every event with time <= t_ns is applied (BUD_TIME_NONE: to
 * the end), or *budget events have been; *done tells which, and what was
 * used is taken off *budget. No budget at all (NULL) means no bound. Never
 * goes back: a t_ns already passed is done at once.
 */
bud_status bud_replay_run(bud_replay *replay, uint64_t t_ns, uint64_t *budget, bool *done, bud_error *err);

/*
 * Runs through the trace again and again, at most max_passes times, as long
 * as later events still tell something new about earlier silence; then the
 * replay stands at the beginning and knows it, and what the trace lacks. Without it the replay uses nothing but
 * the past. budget and done as in bud_replay_run(); nothing else
 * may run the replay until it is done.
 */
bud_status bud_replay_learn(bud_replay *replay, unsigned max_passes, uint64_t *budget, bool *done, bud_error *err);

void bud_replay_observe(bud_replay *replay, bud_replay_observer *observer, void *self);

/*
 * From now on listener is told of every event before it is applied, so the
 * replay's memory is the state just before it; not in passes that learn.
 * also: kinds to be told of that the replay itself does not read, such as
 * KERNEL_STACK. Rewinds the replay. At most BUD_MAX_LISTENERS at a time.
 */
#define BUD_MAX_LISTENERS 8
bud_status bud_replay_listen(bud_replay *replay, bud_event_mask also, bud_replay_listener *listener, void *self,
			     bud_error *err);
/* No longer; the replay stays where it is. */
void bud_replay_unlisten(bud_replay *replay, bud_replay_listener *listener, void *self);

const bud_memory *bud_replay_memory(const bud_replay *replay);
const bud_kernel *bud_replay_kernel(const bud_replay *replay);
/*
 * What the trace lacks, as far as is known: by its head before, by all of
 * it after bud_replay_learn(). With any of BUD_LACKS_REFUSED the mode is NONE,
 * whatever was asked for: no zone is ever known.
 */
bud_lacks bud_replay_lacks(const bud_replay *replay);
/* The mode in use: never AUTO. */
bud_seed_mode bud_replay_seed(const bud_replay *replay);

/* Every event up to this time is applied; BUD_TIME_NONE before the first run that was done. */
uint64_t bud_replay_time(const bud_replay *replay);
/* Time of the next event to be applied, for progress; 0 where none is at hand. */
uint64_t bud_replay_position(const bud_replay *replay);
/* Events applied so far, by kind. BUD_NR_EVENT_KINDS of them. */
const uint64_t *bud_replay_event_counts(const bud_replay *replay);
/* Failed allocations so far. */
uint64_t bud_replay_failed_allocations(const bud_replay *replay);
/* BUD_NR_CONTRADICTIONS of them. */
const bud_contradiction_count *bud_replay_contradictions(const bud_replay *replay);
/* Records known to be lost so far, and gaps without a count. */
uint64_t bud_replay_lost(const bud_replay *replay, uint64_t *uncounted_gaps);

/* Every comparison, and every reading of zoneinfo, passed so far, by snapshot, then zone. */
const bud_comparison *bud_replay_comparisons(const bud_replay *replay, size_t *nr);
const bud_reading *bud_replay_readings(const bud_replay *replay, size_t *nr);

/* Every comparison of migratetypes passed so far, likewise; none unless they are followed. */
const bud_typecheck *bud_replay_typechecks(const bud_replay *replay, size_t *nr);

/*
 * Restart points. Save only where bud_replay_run() said done. A saved state
 * can be restored any number of times, also into another replay of the same,
 * if neither has learnt; its memory is bounded by the machine traced.
 */
typedef struct bud_restart bud_restart;
bud_status bud_replay_save(const bud_replay *replay, bud_restart **restart, bud_error *err);
bud_status bud_replay_restore(bud_replay *replay, const bud_restart *restart, bud_error *err);
uint64_t bud_restart_time(const bud_restart *restart);
size_t bud_restart_bytes(const bud_restart *restart);
void bud_restart_destroy(bud_restart *restart);

#endif
