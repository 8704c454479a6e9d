/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a first look at a trace teaches a simulation of it: which pages lay
 * on which per-CPU list at the start, which requests have no event, which
 * node each CPU is of, and what reclaim could free and how fast.
 *
 * All of it has caps; what did not fit is counted in missed.
 */
#ifndef BUD_ALLOCATOR_LESSONS_H
#define BUD_ALLOCATOR_LESSONS_H

#include "lib/allocator/zoneview.h"
#include "lib/base/gfp.h"
#include "lib/base/pageset.h"

#define BUD_LESSON_CLASSES 63 /* kinds of requests told apart, by their flags; 0 is "any other" */
#define BUD_LESSON_CPUS	   1024
#define BUD_LESSON_VICTIMS 4096
#define BUD_LESSON_HIDDEN  (1u << 22) /* requests without an event */
#define BUD_LESSON_SATED   32	      /* pages a direct reclaim wants (SWAP_CLUSTER_MAX) */

/* Requests with the same flags. */
typedef struct bud_lesson_class {
	bud_gfp gfp;
	uint64_t pages;	    /* asked for */
	uint64_t reclaimed; /* of them, freed by reclaim */
} bud_lesson_class;

/* A block whose first event shows that it was on a per-CPU list at the start, or that reclaim could free it. */
typedef struct bud_lesson_page {
	bud_pfn pfn;
	uint16_t cpu;
	uint8_t order, type; /* bud_migratetype of the list; BUD_MT_UNKNOWN */
} bud_lesson_page;

/* Pages, and the time they took. */
typedef struct bud_lesson_pace {
	uint64_t pages, ns;
} bud_lesson_pace;

typedef struct bud_lesson_pages {
	bud_lesson_page *list;
	size_t nr;
} bud_lesson_pages;

typedef struct bud_lessons {
	bud_lesson_pages cached;      /* on per-CPU lists at the start, the first to be handed out first */
	bud_lesson_pages drained;     /* the same, but the first thing that happened to them was a drain */
	bud_lesson_pages reclaimable; /* in use at the start, freed by reclaim before any OOM kill; the first first */
	bud_lesson_pages movable;     /* in use at the start, moved by compaction */
	bud_pageset taken;	      /* numbers of the page events by which pages left that reclaim freed later */
	bud_pageset estates;	      /* the same, of pages that victims of the OOM killer freed on their way out */
	uint32_t *hidden; /* numbers of the page events by which pages of requests without event left, sorted */
	size_t nr_hidden;
	bud_lesson_class classes[BUD_LESSON_CLASSES + 1];
	unsigned nr_classes;
	uint32_t (*votes)[BUD_MAX_NODES]; /* of each CPU: requests served from each node */
	uint64_t *daemons;		  /* of each CPU: nodes whose kswapd or kcompactd ran there, a bit each */
	uint64_t kswapd_freed;		  /* pages freed by kswapd in all */
	/* Of them, those whose run has its beginning in the trace, and how long they took: anonymous ones (swap), and
	 * others. */
	bud_lesson_pace kswapd, kswapd_swap;
	uint64_t direct_pages; /* freed by direct reclaim in all */
	bud_lesson_pace sated; /* direct reclaims that brought all they want */
	uint64_t sated_calls;
	uint64_t compaction_ns, compacted;	/* time of requests' compaction, and pages it moved in it */
	uint64_t kcompactd_pages, kcompactd_ns; /* moved by kcompactd, in so much time of its runs */
	uint64_t wake_ns, wakes;		/* from waking kswapd to its work, so many times */
	uint64_t timers;			/* nodes whose kcompactd tells when its timer runs out, a bit each */
	int32_t victims[BUD_LESSON_VICTIMS];	/* of the OOM killer, in order */
	size_t nr_victims;
	uint64_t kswapd_ns[BUD_MAX_NODES]; /* up to here the node's kswapd has been at work; 0: not known */
	uint64_t woken_ns[BUD_MAX_NODES];  /* kswapd was woken, and has not begun; 0: not */
	struct {
		unsigned cpu, ahead; /* where it begins its runs most often; by so many */
	} kswapd_at[BUD_MAX_NODES];
	uint64_t missed;
	bool out_of_memory;
} bud_lessons;

bud_status bud_lessons_init(bud_lessons *lessons, bud_error *err);
void bud_lessons_fini(bud_lessons *lessons);

/* Whether pages asked for with these flags are a program's own, which go to swap if they are to be reclaimed. */
static inline bool bud_lessons_is_anonymous(bud_gfp gfp)
{
	return bud_gfp_migratetype(gfp) == BUD_MT_MOVABLE && gfp & BUD_GFP_ZERO;
}

/* The class of requests with these flags, if there is room for one more; else 0. */
unsigned bud_lessons_class(bud_lessons *lessons, bud_gfp gfp);
/* The same of an earlier look: 0 for flags it did not meet. */
unsigned bud_lessons_find_class(const bud_lessons *lessons, bud_gfp gfp);
/* One more block in that list. */
void bud_lessons_add(bud_lessons *lessons, bud_lesson_pages *pages, bud_pfn pfn, int order, uint16_t cpu,
		     bud_migratetype type);
/* Page event seq took a page away for a request of which there is no event. */
void bud_lessons_hide(bud_lessons *lessons, uint32_t seq);
/* kswapd of that node begins a run, on that CPU. */
void bud_lessons_kswapd_begins(bud_lessons *lessons, int node, unsigned cpu, uint64_t t_ns);
/* It has freed so many pages; swap: anonymous ones. */
void bud_lessons_kswapd_frees(bud_lessons *lessons, int node, uint64_t t_ns, uint64_t pages, bool swap);
/* A direct reclaim has freed so many pages in that time. */
void bud_lessons_direct(bud_lessons *lessons, uint64_t pages, uint64_t ns);
/* The look is over. */
void bud_lessons_end(bud_lessons *lessons);

/* A node's kswapd or kcompactd runs on that CPU. */
void bud_lessons_daemon(bud_lessons *lessons, unsigned cpu, int node);

/*
 * The node of that CPU: of whose daemons ran there, as they run on CPUs of
 * their node if it has any; where that does not tell, by what its requests
 * were served from; 0 where nothing tells.
 */
int bud_lessons_cpu_node(const bud_lessons *lessons, unsigned cpu);
/* The CPU that kswapd of a node works on; otherwise, where nothing tells. */
unsigned bud_lessons_kswapd_cpu(const bud_lessons *lessons, int node, unsigned otherwise);

#endif
