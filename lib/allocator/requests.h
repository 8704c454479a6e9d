/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What was asked of the allocator, taken out of what it did: from the events
 * of a trace only who asked for what, when, on which CPU, and which request
 * a free belongs to. A page's number in the trace is its *name* here; where
 * a model puts it is the model's own business.
 *
 * What is a request and what is the kernel's own doing:
 *
 *   mm_page_alloc       a request; a failed one too
 *   mm_page_free        the end of one, or of part of one: a huge page may
 *                       come back in pieces. By kswapd, or by a task in
 *                       direct or node reclaim and not in an interrupt, it is
 *                       RECLAIM: the kernel's choice, not the owner's. But
 *                       what kswapd frees of another node went with an inode
 *                       it shrank (prune_icache_sb) and counts as the
 *                       owner's: no pressure on its node asked for it. By a
 *                       task that runs compaction it is MOVE: the page lives
 *                       on elsewhere, and which later free is its end is not
 *                       told
 *   zone_locked, drain  the kernel's own doing. But a page freed that was
 *                       only ever seen to leave the free lists was asked for
 *                       without an event (alloc_pages_bulk): lessons.h finds
 *                       these, and they become requests at the moment the
 *                       page left
 *   compaction begins   that no request and no kcompactd began was asked
 *                       for: vm.compact_memory
 *
 * A failed request whose task freed a page of that order right before it, one
 * that was never handed out, had its page: its memory cgroup refused the
 * charge (BUD_TASK_MEMCG_FULL), and will refuse it in a model too.
 *
 * What a task asks for after the OOM killer chose it, it asks for as a victim
 * (BUD_TASK_OOM_VICTIM); not what it began to ask for before.
 *
 * Frees by memory-cgroup reclaim count as the owner's: cgroup limits are not
 * the allocator's. Memory: 8 bytes a page of the machine traced.
 */
#ifndef BUD_ALLOCATOR_REQUESTS_H
#define BUD_ALLOCATOR_REQUESTS_H

#include "lib/allocator/pagemap.h"
#include "lib/base/gfp.h"
#include "lib/base/source.h"
#include "lib/memory/memory.h"

typedef enum bud_op_kind {
	BUD_OP_ALLOC,
	BUD_OP_FAILED,	/* a request the kernel could not meet: nothing ever frees it */
	BUD_OP_FREE,	/* by its owner */
	BUD_OP_RECLAIM, /* freed by the kernel's reclaim */
	BUD_OP_MOVE,	/* freed by compaction, which put it elsewhere */
	BUD_OP_COMPACT, /* compact the zone that pfn lies in, as somebody wished */
	BUD_OP_TIMER,	/* kcompactd's timer ran out, on node */
	BUD_OP_VICTIM,	/* pid was chosen by the OOM killer */
} bud_op_kind;

typedef struct bud_op {
	uint64_t t_ns;
	uint64_t began_ns; /* ALLOC, FAILED: when it took to the slow path, t_ns if nothing tells of one */
	uint64_t pause_ns; /* of it, from waking kswapd to what it did next; 0: it woke none */
	bud_pfn pfn;	   /* the first page's name; BUD_PFN_NONE: FAILED, VICTIM */
	bud_gfp gfp;	   /* ALLOC, FAILED */
	uint32_t seq; /* number of the page event that tells of it, from 1; VICTIM, TIMER, COMPACT: of the one before */
	int32_t pid;  /* who asks or frees; 0: not known */
	int16_t node; /* of a request bound to one (__GFP_THISNODE), by its page or, if it failed, by what it looked at;
		       * -1: that of the CPU */
	uint16_t cpu;
	uint8_t kind; /* bud_op_kind */
	uint8_t order;
	uint16_t task; /* BUD_TASK_* */
} bud_op;

typedef void bud_op_sink(void *self, const bud_op *op);

typedef struct bud_lessons bud_lessons;

/* What a page was last seen to be. */
enum { BUD_NOTE_UNSEEN, BUD_NOTE_OUT, BUD_NOTE_CACHED, BUD_NOTE_FREE };
typedef struct bud_page_note {
	uint32_t seq; /* CACHED: number of the event that made it so */
	uint8_t state;
	uint8_t class; /* of the request it went to; see bud_lessons */
	uint16_t cpu;  /* CACHED */
} bud_page_note;

#define BUD_REQUEST_TASKS 256

/* A task that frees pages of others, or did something that tells what its next compaction is for. */
typedef struct bud_request_task {
	int32_t pid;   /* 0: none */
	uint8_t woken; /* kcompactd is at work, or was told to */
	uint8_t kswapd, kcompactd, reclaiming, compacting, trying;
	uint64_t compacting_ns; /* since when; 0: not */
	uint64_t reclaiming_ns; /* the same */
	uint64_t began_ns;	/* its request took to the slow path; 0: not */
	uint64_t woke_ns;	/* ... has woken kswapd, and done nothing since; 0: not */
	uint64_t pause_ns;	/* so long it did nothing then */
	int16_t node;		/* where its request looks for memory; -1: not told */
	int16_t home;		/* kswapd's own; -1: not told */
} bud_request_task;

#define BUD_REQUEST_VICTIMS 16 /* of the OOM killer, remembered */
#define BUD_REQUEST_CPUS    64

/* A CPU's last allocation or free, if it was the free of a page that was never handed out. */
typedef struct bud_request_free {
	bool is;
	int8_t order;
	uint16_t cpu;
	int32_t pid;
} bud_request_free;

typedef struct bud_requests {
	const bud_memory *memory;
	const bud_kernel *kernel;
	const bud_gfp_table *gfp;
	const bud_source *source; /* for command names */
	const bud_lessons *known; /* from an earlier look; NULL: none */
	bud_lessons *learning;	  /* NULL: not learning */
	bud_op_sink *sink;	  /* NULL: nobody */
	void *self;
	uint32_t seq; /* page events so far */
	size_t next_hidden;
	bud_pagemap notes;
	bud_request_task tasks[BUD_REQUEST_TASKS];
	struct {
		int32_t pid;
		uint64_t t_ns;		/* since when it is one */
	} victims[BUD_REQUEST_VICTIMS]; /* the latest, in a ring */
	unsigned nr_victims;
	uint32_t victim_seq;			  /* page events before the latest */
	bud_request_free freed[BUD_REQUEST_CPUS]; /* by CPU; two CPUs of one place hide each other's */
	bool out_of_memory;
	uint64_t crowded; /* tasks that found no room in the table */
} bud_requests;

/* Kinds of events that bud_requests_feed() looks at. */
#define BUD_REQUESTS_EVENTS                                                                                           \
	(BUD_EVENT_PAGES | BUD_EVENT_BIT(BUD_EV_COMPACT_BEGIN) | BUD_EVENT_BIT(BUD_EV_COMPACT_END) |                  \
	 BUD_EVENT_BIT(BUD_EV_COMPACT_TRY) | BUD_EVENT_BIT(BUD_EV_KSWAPD_WAKE) | BUD_EVENT_BIT(BUD_EV_KSWAPD_SLEEP) | \
	 BUD_EVENT_BIT(BUD_EV_KCOMPACTD_WAKE) | BUD_EVENT_BIT(BUD_EV_KCOMPACTD_SLEEP) |                               \
	 BUD_EVENT_BIT(BUD_EV_DIRECT_BEGIN) | BUD_EVENT_BIT(BUD_EV_DIRECT_END) |                                      \
	 BUD_EVENT_BIT(BUD_EV_NODE_RECLAIM_BEGIN) | BUD_EVENT_BIT(BUD_EV_NODE_RECLAIM_END) |                          \
	 BUD_EVENT_BIT(BUD_EV_COMPACT_SUITABLE) | BUD_EVENT_BIT(BUD_EV_COMPACT_FINISHED) |                            \
	 BUD_EVENT_BIT(BUD_EV_WAKEUP_KSWAPD) | BUD_EVENT_BIT(BUD_EV_OOM_VICTIM) | BUD_EVENT_BIT(BUD_EV_MIGRATEPAGES))

/*
 * Pointers are borrowed. known and learning are of looks at the same events:
 * both must begin with the same one. Pages of no zone of memory are ignored.
 */
bud_status bud_requests_init(bud_requests *requests, const bud_memory *memory, const bud_kernel *kernel,
			     const bud_gfp_table *gfp, const bud_source *source, const bud_lessons *known,
			     bud_lessons *learning, bud_error *err);
void bud_requests_fini(bud_requests *requests);

/* The next event of the trace, of any kind. Hands what is asked for to the sink. */
void bud_requests_feed(bud_requests *requests, const bud_event *event);

#endif
