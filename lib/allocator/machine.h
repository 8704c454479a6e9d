/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The memory of the model: nodes, zones with ordered free lists, a per-CPU
 * set for each CPU and zone, marks and reserves, and who is told or asked
 * when the allocator itself does not decide (reclaim, compaction, OOM).
 *
 * Costs per page of a zone's span: 9 bytes (freelist.h); nothing is
 * allocated after bud_machine_init. Everything is deterministic: the same
 * calls in the same order give the same pages.
 */
#ifndef BUD_ALLOCATOR_MACHINE_H
#define BUD_ALLOCATOR_MACHINE_H

#include "lib/allocator/request.h"
#include "lib/base/sysctl.h"
#include "lib/memory/pcp.h"

typedef struct bud_machine bud_machine;

/* How a zone of the machine begins. */
typedef struct bud_machine_spec {
	int32_t node; /* the kernel's number, under BUD_MAX_NODES */
	bud_zone_type type;
	bud_pfn start_pfn;
	uint64_t spanned, managed; /* pages */
} bud_machine_spec;

/* Compaction's memory of a zone (struct zone's compact_* fields). */
typedef struct bud_compact_state {
	bud_pfn migrate_pfn[2], free_pfn; /* where the scanners go on (compact_cached_*): [0] async, [1] sync */
	bud_pfn init_migrate_pfn;	  /* a run from here on sees the whole zone (compact_init_migrate_pfn) */
	bud_pfn init_free_pfn;		  /* from here down its search for places by free list is thorough */
	unsigned considered, defer_shift; /* attempts let pass since the last failure; of 1 << defer_shift */
	bool flush;			  /* the hints are to go when kswapd sleeps (compact_blockskip_flush) */
	int order_failed;
} bud_compact_state;

typedef struct bud_machine_zone {
	bud_zone_view *view; /* in machine->views; its area is that of lists */
	unsigned index;	     /* in the machine */
	bud_freelist lists;
	bud_pcp *pcp; /* one a CPU */
	uint32_t places; /* heads of lists of blocks that compaction has isolated, of each order (freelist.h) */
	bool boosted; /* ZONE_BOOSTED_WATERMARK: the request under way is to wake kswapd */
	bud_compact_state compact;
	/*
	 * Movable pages in use, by pageblock (what a claim counts as alike
	 * or not); a page in use remembers the type it was asked for
	 * (bud_freelist_type).
	 */
	uint16_t *movable;
	uint8_t *skip; /* of each pageblock: compaction's hint to pass it over (PG_migrate_skip) */
} bud_machine_zone;

typedef enum bud_compact_result {
	BUD_COMPACT_SKIPPED,   /* too little free memory to move pages to, or none is needed */
	BUD_COMPACT_DEFERRED,  /* it failed lately */
	BUD_COMPACT_COMPLETE,  /* it scanned all of the zone and did not make a block */
	BUD_COMPACT_PARTIAL,   /* it scanned part of the zone and did not make a block */
	BUD_COMPACT_CONTENDED, /* it had to break off */
	BUD_COMPACT_SUCCESS,   /* there is a block now */
} bud_compact_result;

enum { BUD_COMPACT_SYNC_FULL, BUD_COMPACT_SYNC_LIGHT, BUD_COMPACT_ASYNC }; /* enum compact_priority */

/* Whom the OOM killer chose. */
typedef enum bud_oom_victim {
	BUD_OOM_NOBODY,
	BUD_OOM_LEAVING, /* nobody anew: an earlier victim's pages are still to come back */
	BUD_OOM_OTHER,
	BUD_OOM_SELF, /* who asks */
} bud_oom_victim;

/* What the allocator asks for and does not do itself. Any of them may be NULL: nothing is done, nothing is gained. */
typedef struct bud_reclaim_ops {
	void *self;
	/* kswapd has work (wakeup_kswapd); where kswapd_up, when it is done with what it is at. */
	void (*wake_kswapd)(void *self, bud_machine *machine, int node, int order, bud_zone_type highest);
	/* Direct reclaim: frees pages with bud_page_free() and tells how many (try_to_free_pages). */
	uint64_t (*reclaim)(void *self, bud_machine *machine, const bud_alloc_context *context);
	/*
	 * Direct compaction of the zones of the request's list
	 * (try_to_compact_pages); NULL: CONFIG_COMPACTION is off. *captured: a
	 * block for the request, on no list; BUD_PFN_NONE: none.
	 */
	bud_compact_result (*compact)(void *self, bud_machine *machine, const bud_alloc_context *context, int priority,
				      bud_pfn *captured);
	/* The OOM killer: frees a victim's pages, or arranges that they become free soon (out_of_memory). */
	bud_oom_victim (*oom)(void *self, bud_machine *machine, const bud_alloc_context *context);
	/* Gives up after that many rounds of a request that would go on for ever; 0: 1000. */
	unsigned patience;
} bud_reclaim_ops;

/* What happened to a request or a zone, besides pages handed out: rare, so told one by one. */
typedef enum bud_machine_event_kind {
	BUD_MODEL_FALLBACK,  /* a block of another type was used (mm_page_alloc_extfrag) */
	BUD_MODEL_BOOST,     /* the watermark was boosted; value: boost in force */
	BUD_MODEL_WAKE,	     /* kswapd of the zone's node was woken */
	BUD_MODEL_SLOWPATH,  /* a request enters the slow path */
	BUD_MODEL_RECLAIM,   /* direct reclaim; value: pages */
	BUD_MODEL_COMPACT,   /* direct compaction; value: bud_compact_result */
	BUD_MODEL_OOM,	     /* the OOM killer was called; value: 1 if it chose a victim */
	BUD_MODEL_RESERVE,   /* a pageblock became high-atomic; value: reserve in force */
	BUD_MODEL_UNRESERVE, /* a pageblock of the reserve was given back */
	BUD_MODEL_DRAIN_ALL, /* all per-CPU lists were drained */
	BUD_MODEL_FAIL,	     /* a request failed; value: bud_page_failure */
} bud_machine_event_kind;

typedef struct bud_machine_event {
	bud_machine_event_kind kind;
	const bud_machine_zone *zone;	  /* NULL where no one zone is meant */
	const bud_alloc_context *context; /* the request under way, or NULL */
	uint64_t value;
	int node; /* WAKE */
	/* FALLBACK: as the event of the kernel at hand would tell. */
	bud_pfn pfn;
	int order, fallback_order;
	bud_migratetype type, fallback_type;
	bool claimed; /* change_ownership */
} bud_machine_event;

typedef struct bud_machine_watch {
	void *self;
	void (*tell)(void *self, const bud_machine_event *event); /* NULL: nobody listens */
} bud_machine_watch;

/* Counts of what happened, for all of the machine. */
typedef struct bud_machine_counts {
	uint64_t requests, frees, failures;
	uint64_t slow;		    /* requests that entered the slow path */
	uint64_t pcp_hits;	    /* served from a per-CPU list that was not empty */
	uint64_t refills, drains;   /* batches between buddy and per-CPU lists */
	uint64_t fallbacks, claims; /* of them, those that took over pageblocks */
	uint64_t wakes, boosts, reclaims, compactions, ooms;
} bud_machine_counts;

/* What a request without scopes, cpuset or nodemask came to; the next with these flags comes to the same. */
typedef struct bud_known_request {
	bool known;
	bud_gfp gfp;
	int node;
	bud_alloc_context context; /* but for its request and order */
} bud_known_request;

#define BUD_KNOWN_REQUESTS 64

struct bud_machine {
	bud_kernel kernel;
	bud_pcp_rules pcp_rules;
	bud_request_rules rules; /* with the views and lists below */
	bool no_pcp;		 /* what if: no per-CPU lists, everything goes straight to the buddy */

	bud_machine_zone *zones;
	bud_zone_view *views; /* of every zone, in the same order */
	size_t nr_zones;
	unsigned nr_nodes; /* the highest node's number and one */
	unsigned nr_cpus;
	int16_t *cpu_node;
	uint8_t *distance;   /* nr_nodes * nr_nodes; NULL: all alike */
	bud_zonelist *lists; /* of each node */

	bud_sysctls sysctls;   /* in force; nothing is unknown but what depends on the machine */
	uint64_t min_free_kib; /* in force: set, or computed */
	/* Nodes whose kswapd is at work, or has given up; a bit each, kept by whoever plays kswapd. */
	uint64_t kswapd_up, kswapd_hopeless;

	bud_reclaim_ops ops;
	bud_machine_watch watch;
	bud_machine_counts counts;
	bud_known_request known[BUD_KNOWN_REQUESTS]; /* by a hash of their flags; forgotten when settings change */
};

/*
 * A machine with nothing free: give it its free pages with
 * bud_machine_set_free(). cpu_node has the node of each CPU; distance is as
 * in bud_zoneview_list(), or NULL. Settings that sysctls does not know have
 * the kernel's defaults. BUD_ERR_USAGE for more zones or nodes than the
 * model takes, or spans too large; BUD_ERR_NOMEM.
 */
bud_status bud_machine_init(bud_machine *machine, const bud_kernel *kernel, const bud_machine_spec *zones,
			    size_t nr_zones, const int16_t *cpu_node, unsigned nr_cpus, const uint8_t *distance,
			    const bud_sysctls *sysctls, bud_error *err);
void bud_machine_fini(bud_machine *machine);
/* Makes to, initialised from the same specs, equal to from: pages, lists, marks, settings; not ops and watch. */
void bud_machine_copy(bud_machine *to, const bud_machine *from);

/* Other settings from now on. Where one of them is a size's, marks, reserves and per-CPU sizes are computed anew
 * (min_free_kbytes_sysctl_handler and its like), and a boost in force ends. */
void bud_machine_set(bud_machine *machine, const bud_sysctls *sysctls);
/* The zone has that many managed pages from now on (memory came or went); the same is computed anew. */
void bud_machine_set_managed(bud_machine *machine, bud_machine_zone *zone, uint64_t managed);

/*
 * State to begin with, or that the model is put right with. A block must be
 * aligned and lie in the zone, all its pages in no list; free blocks go to
 * the tail of the list of type without merging; on kernels with
 * list_is_block to that of their first pageblock, which all others follow.
 */
void bud_machine_set_free(bud_machine *machine, bud_machine_zone *zone, bud_pfn pfn, int order, bud_migratetype type);
/* The pages are in use, asked for as that type. */
void bud_machine_set_used(bud_machine_zone *zone, bud_pfn pfn, int order, bud_migratetype type);
/* Type of a pageblock; blocks on lists stay where they are. The high-atomic reserve is view->highatomic_reserved. */
void bud_machine_set_pageblock(bud_machine_zone *zone, bud_pfn pfn, bud_migratetype type);

/* Pages leave the lists for a user, or come back; the movable ones are counted by pageblock. */
static inline void bud_machine_note_used(bud_machine_zone *zone, bud_pfn pfn, int order, bool movable)
{
	bud_freelist *l = &zone->lists;
	uint64_t block = (pfn - l->base) >> l->pageblock_order;
	int each = order < l->pageblock_order ? order : l->pageblock_order;
	bud_freelist_note_used(l, pfn, order, movable);
	for (uint64_t nr = movable ? (uint64_t)1 << (order - each) : 0; nr; nr--)
		zone->movable[block++] += (uint16_t)(1u << each);
}

/* Its movable pages in use. */
static inline uint64_t bud_machine_movable(const bud_machine_zone *zone)
{
	uint64_t pages = 0;
	for (uint64_t block = 0; block < zone->lists.nr_blocks; block++)
		pages += zone->movable[block];
	return pages;
}

static inline void bud_machine_note_unused(bud_machine_zone *zone, bud_pfn pfn, int order)
{
	bud_freelist *l = &zone->lists;
	uint64_t frame = pfn - l->base, end = frame + ((uint64_t)1 << order);
	for (; frame < end; frame++) {
		zone->movable[frame >> l->pageblock_order] -= l->states[frame] > BUD_FRAME_USED;
		l->states[frame] = 0;
	}
}

/* Whether an aligned block lies in the zone and all its pages are in use. */
static inline bool bud_machine_is_used(const bud_machine_zone *zone, bud_pfn pfn, int order)
{
	const bud_freelist *l = &zone->lists;
	bud_pfn last = pfn + ((bud_pfn)1 << order) - 1;
	if (pfn & (((bud_pfn)1 << order) - 1) || pfn < l->start_pfn || last >= l->end_pfn)
		return false;
	for (; pfn <= last; pfn++)
		if (l->states[pfn - l->base] < BUD_FRAME_USED)
			return false;
	return true;
}

/* The zone that a page lies in, or NULL. */
static inline bud_machine_zone *bud_machine_zone_of(const bud_machine *machine, bud_pfn pfn)
{
	for (size_t i = machine->nr_zones; i-- > 0;)
		if (bud_freelist_spans(&machine->zones[i].lists, pfn))
			return &machine->zones[i];
	return NULL;
}
/* kswapd of the node is woken if it sleeps and there is need (wakeup_kswapd). context: the request under way. */
void bud_machine_wake(bud_machine *machine, const bud_alloc_context *context, int node, int order,
		      bud_zone_type highest);

void bud_machine_tell(const bud_machine *machine, const bud_machine_event *event);

#endif
