/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Episodes that have not ended yet, by task: a task may be in several at
 * once, the later inside the earlier. Used by the chronicle alone.
 */
#ifndef BUD_INSIGHT_OPENSTORY_H
#define BUD_INSIGHT_OPENSTORY_H

#include "lib/base/event.h"
#include "lib/insight/awake.h"
#include "lib/insight/episode.h"

#define BUD_OPENSTORY_MAX     4096
#define BUD_OPENSTORY_BUCKETS 1024

/* How a zone stood when a story began. */
typedef struct bud_zone_glance {
	bool known; /* it had been seeded */
	uint64_t free_pages, nr_free[BUD_NR_ORDERS];
} bud_zone_glance;

typedef struct bud_openstory {
	struct bud_openstory *next; /* in its bucket, the later ones of a task first */
	int64_t key;		    /* of the task */
	bud_episode episode;
	bud_episode_part *parts;
	size_t nr_parts, parts_room;
	bud_episode_part nowhere; /* what a dropped part is written to */
	bool in_part;		  /* a part with a duration has not ended */
	uint8_t part_kind;
	uint64_t part_ns;      /* it began then */
	size_t part_at;	       /* where it is; SIZE_MAX: dropped */
	bool guessed;	       /* kswapd was woken without flags: order and flags are those of whatever ends it */
	bud_zone_type highest; /* zone type it may use at most; BUD_NR_ZONE_TYPES: unknown */
	uint16_t cpu;	       /* of its last event */
	uint64_t last_ns;
	unsigned strays;	 /* other requests its task made meanwhile */
	bud_zone_glance *glance; /* of all zones of the memory */
	uint64_t *clocks;	 /* of every node's kswapd, at the start */
} bud_openstory;

typedef struct bud_openstories {
	const bud_memory *memory;
	const bud_kernel *kernel;
	const bud_awake *awake;
	bud_openstory *buckets[BUD_OPENSTORY_BUCKETS];
	unsigned nr;
	bud_openstory *spare; /* closed ones */
	bool out_of_memory;
} bud_openstories;

/* All are borrowed. */
void bud_openstory_init(bud_openstories *open, const bud_memory *memory, const bud_kernel *kernel,
			const bud_awake *awake);
void bud_openstory_fini(bud_openstories *open);

/* Every CPU has an idle task of its own, all with pid 0. */
static inline int64_t bud_openstory_key(const bud_event *e)
{
	return e->pid ? e->pid : INT64_MIN + e->cpu;
}

static inline bool bud_openstory_any(const bud_openstories *open, int64_t key)
{
	return open->buckets[(uint64_t)key % BUD_OPENSTORY_BUCKETS] != NULL;
}

/* The latest open story of the task, or the one before that; NULL. */
bud_openstory *bud_openstory_find(const bud_openstories *open, int64_t key, const bud_openstory *before);
/* The one that has been silent for the longest; NULL. */
bud_openstory *bud_openstory_oldest(const bud_openstories *open);

/* Opens one that begins with e; there must be fewer than BUD_OPENSTORY_MAX. NULL when out of memory. */
bud_openstory *bud_openstory_begin(bud_openstories *open, const bud_event *e, bud_episode_kind kind, uint64_t id);
/* It ends with its last event: fills in where it was, how that zone stood when it began, and what kswapd did. */
void bud_openstory_conclude(const bud_openstories *open, bud_openstory *story);
/* Takes it out; its contents stay until the next begin. */
void bud_openstory_remove(bud_openstories *open, bud_openstory *story);

/* An instant. The part returned is to be filled in; it may be one that is dropped. */
bud_episode_part *bud_openstory_instant(bud_openstories *open, bud_openstory *story, const bud_event *e,
					bud_episode_part_kind kind, int zone);
/* A part with a duration begins, and ends; one that is still open ends without one. */
void bud_openstory_enter(bud_openstories *open, bud_openstory *story, const bud_event *e, bud_episode_part_kind kind,
			 int zone);
/* The part that just ended, to be filled in; *dur_ns its length. */
bud_episode_part *bud_openstory_leave(bud_openstory *story, const bud_event *e, uint64_t *dur_ns);

#endif
