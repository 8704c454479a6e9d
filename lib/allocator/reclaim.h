/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who frees memory in the model: kswapd of each node, direct reclaim, the
 * OOM killer, and who moves it: kcompactd and proactive compaction
 * (balance_pgdat, try_to_free_pages of mm/vmscan.c, out_of_memory,
 * kcompactd_do_work of mm/compaction.c).
 *
 * Stated assumptions, as a model cannot know what pages hold:
 * - What could be freed is what looks like page cache by its gfp flags, or
 *   of whose flags reclaim freed a quarter in the trace, oldest first; when
 *   that is used up, other kinds of pages reclaim freed in the trace, but no
 *   more of them than it did there (swap, slab). Pages the trace's reclaim
 *   has freed and the model's has not are the first to go. Where the trace
 *   has OOM kills, nothing but what its reclaim freed can be, before the next
 *   kill: reclaim had tried everything by then.
 * - Of a node's zones the one with most such pages is the next to give one; of
 *   the nodes direct reclaim may take from, the nearest that has any.
 * - kswapd works at the pace it had in the trace, one for anonymous pages and
 *   one for others. Direct reclaim frees, at the end of its time, what it freed
 *   there on average where that was all it wanted, or what there is.
 * - The OOM killer chooses whom it chose in the trace (oom.h).
 * - A request is as long on the slow path as it was in the trace, and as
 *   long of it without doing anything once it has woken kswapd; its
 *   compaction moves pages at the speed it had there (and takes, besides, as
 *   long as a cluster of pages needs), and direct reclaim takes as long as its
 *   others, or kswapd. kswapd works meanwhile, and kcompactd moves pages at
 *   the speed it had in the trace. Everything else takes no time.
 * - Compaction tries to move every page that was asked for as movable; those
 *   of a block device's own cache, whose buffers are held, stay (simulate.h).
 *   Folios for which there is no place as large are split if they are
 *   anonymous; page cache, which may have buffers, is not.
 */
#ifndef BUD_ALLOCATOR_RECLAIM_H
#define BUD_ALLOCATOR_RECLAIM_H

#include "lib/allocator/compact.h"
#include "lib/allocator/kcompactd.h"
#include "lib/allocator/kswapd.h"
#include "lib/allocator/lessons.h"
#include "lib/allocator/oom.h"
#include "lib/allocator/tenant.h"

/* What it all came to. */
typedef struct bud_reclaim_counts {
	uint64_t wakes, kswapd_pages;
	uint64_t direct, direct_pages;
	uint64_t compactions, moved; /* runs over one zone; pages */
	uint64_t oom_kills;
} bud_reclaim_counts;

struct bud_reclaim {
	bud_machine *machine;
	bud_tenants *tenants;
	const bud_lessons *lessons;
	bud_compact_owner owner; /* of the pages in use, for compaction */
	uint64_t now_ns;
	uint64_t request_ns;			/* when the request under way took to the slow path */
	uint64_t pause_ns;			/* how long it does nothing when it has woken kswapd */
	bud_lesson_pace kswapd_pace, swap_pace; /* of kswapd: clean pages, anonymous ones */
	uint64_t direct_pages, direct_ns;	/* what direct reclaim frees, and in what time */
	uint64_t swap_left;			/* pages of BUD_SEAT_SWAP that may still be freed */
	int32_t pid;				/* who makes the request under way */
	size_t next_victim;
	int32_t victim;	    /* of the OOM killer, here or in the trace, on its way out; 0: none */
	bool chosen;	    /* here */
	uint64_t leaves_ns; /* when the trace marked it or it last freed something there; 0: it is not marked yet */
	uint64_t waits;	    /* number of the request that waits for its pages */
	bud_oom_dead dead[BUD_OOM_DEAD]; /* the latest victims */
	unsigned nr_dead;
	bud_kswapd nodes[BUD_MAX_NODES];
	uint64_t kswapd_naps;		/* nodes whose kswapd naps, a bit each */
	uint64_t boosts[BUD_MAX_ZONES]; /* that the run of kswapd under way found */
	bud_kcompactd kcompactd[BUD_MAX_NODES];
	uint64_t kcompactd_up;		 /* nodes whose kcompactd is at work, a bit each */
	unsigned node_cpu[BUD_MAX_NODES]; /* the CPU its daemons run on */
	uint64_t next_tick_ns;		 /* when the per-CPU lists shrink next */
	uint64_t next_timer_ns;		 /* where the trace does not tell when kcompactd's timers run out */
	uint64_t wake_ns;		 /* from waking kswapd to its work */
	uint64_t moves, per_move_ns;	 /* kcompactd's speed: pages in so much time */
	uint64_t compacted, per_compacted_ns; /* a request's compaction's: pages in so much time */
	bool proactive;			 /* vm.compaction_proactiveness is in force */
	bool no_compaction;		 /* nobody compacts while this is set */
	bud_reclaim_counts counts;
	void (*gave)(void *self, bud_pfn name, int order); /* told of blocks freed that have a name; NULL: nobody */
	void *gave_self;
};

/* Pointers are borrowed. Puts itself into machine->ops. */
void bud_reclaim_init(bud_reclaim *reclaim, bud_machine *machine, bud_tenants *tenants, const bud_lessons *lessons,
		      uint64_t now_ns);

/* Where a request with these flags sits. */
bud_seat bud_reclaim_seat(const bud_lessons *lessons, bud_gfp gfp);

/* Time goes on: kswapd works, statistics and proactive compaction come round. */
void bud_reclaim_advance(bud_reclaim *reclaim, uint64_t t_ns);
/* Somebody wrote to vm.compact_memory: the whole zone is compacted. */
void bud_reclaim_compact_all(bud_reclaim *reclaim, bud_machine_zone *zone);

/* For kswapd, kcompactd and the OOM killer: */

/* What has been freed. */
typedef struct bud_reclaimed {
	uint64_t pages; /* 0: there was nothing to free */
	bool swap;	/* anonymous */
} bud_reclaimed;

/*
 * Frees the block whose turn it is, of that node's zones up to highest, on
 * that CPU. clean: only if that needs no swap.
 */
bud_reclaimed bud_reclaim_oldest(bud_reclaim *reclaim, int node, bud_zone_type highest, bool clean, unsigned cpu);
/* Pages of the node that reclaim would look at. */
uint64_t bud_reclaim_lru(const bud_reclaim *reclaim, int node);
/* Frees the block that begins at that place. */
void bud_reclaim_free(bud_reclaim *reclaim, uint32_t place, unsigned cpu);
/*
 * What the request does takes it that long, but no longer than it was on the
 * slow path in the trace, if it was; kswapd works meanwhile.
 */
void bud_reclaim_pass(bud_reclaim *reclaim, uint64_t ns);
/* Tells the zones how much could be freed now. */
void bud_reclaim_note(bud_reclaim *reclaim);

#endif
