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

/* What the replay starts from (terms.md). */
typedef enum bud_seed_mode {
	BUD_SEED_AUTO, /* EVERY where several snapshots have kpageflags, FIRST where one has, else INFERRED */
	BUD_SEED_FIRST,
	BUD_SEED_EVERY,
	BUD_SEED_INFERRED, /* from the first event of each page: bud_replay_learn() does it; other pages stay unknown */
	BUD_SEED_NONE,
} bud_seed_mode;

/* Things in a trace that cannot be if the replayed state before them is right. Data, not errors. */
#define BUD_CONTRADICTIONS(X)                                                    \
	X(FREE_OF_FREE, "free_of_free", "a free of a page held free")            \
	X(DRAIN_OF_FREE, "drain_of_free", "a drain of a page held free")         \
	X(TAKE_OF_TAKEN, "take_of_taken", "zone_locked on a page not held free") \
	X(ALLOC_OF_USED, "alloc_of_used", "an allocation of a page held used")   \
	X(NO_ZONE, "no_zone", "a page outside every zone")                       \
	X(BAD_ORDER, "bad_order", "an order no kernel has")

typedef enum bud_contradiction {
#define X(kind, name, text) BUD_CONTRA_##kind,
	BUD_CONTRADICTIONS(X)
#undef X
		BUD_NR_CONTRADICTIONS,
} bud_contradiction;

const char *bud_contradiction_name(bud_contradiction kind);
const char *bud_contradiction_text(bud_contradiction kind);

typedef struct bud_contradiction_count {
	uint64_t count;
	uint64_t first_t_ns; /* of the first one; BUD_TIME_NONE if none */
	bud_pfn first_pfn;
} bud_contradiction_count;

typedef struct bud_replay bud_replay;

/* Told after everything that moved pages of that zone; lists: its free lists changed. For folding. */
typedef void bud_replay_observer(void *self, const bud_zone *zone, uint64_t t_ns, bool lists);

/* See bud_replay_listen(). */
typedef void bud_replay_listener(void *self, const bud_event *event);

/*
 * The replay of source over memory. memory and kernel are copied; source and
 * snapshots are borrowed and must outlive the replay. Snapshots must have
 * been placed (survey).
 */
bud_status bud_replay_create(bud_replay **replay, const bud_memory *memory, const bud_kernel *kernel,
			     bud_source *source, const bud_snapshot *snapshots, size_t nr_snapshots, bud_seed_mode seed,
			     bud_error *err);
void bud_replay_destroy(bud_replay *replay);

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
 * replay stands at the beginning and knows it, and whether the trace lacks
 * kinds of events that move pages. Without it the replay uses nothing but
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
/* The mode in use: never AUTO. */
bud_seed_mode bud_replay_seed(const bud_replay *replay);
const char *bud_seed_mode_name(bud_seed_mode mode);
/* False for a name that is none. */
bool bud_seed_mode_parse(const char *name, bud_seed_mode *mode);

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

/*
 * Restart points. Save only where bud_replay_run() said done. A saved state
 * can be restored any number of times; its memory is bounded by the machine
 * traced.
 */
typedef struct bud_restart bud_restart;
bud_status bud_replay_save(const bud_replay *replay, bud_restart **restart, bud_error *err);
bud_status bud_replay_restore(bud_replay *replay, const bud_restart *restart, bud_error *err);
uint64_t bud_restart_time(const bud_restart *restart);
size_t bud_restart_bytes(const bud_restart *restart);
void bud_restart_destroy(bud_restart *restart);

#endif
