/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One request for pages and what the kernel makes of it before it looks at
 * memory: the mask of allowed flags, the scopes of the task, the highest
 * zone, the preferred node, the migratetype, the flags of the first attempt
 * (__alloc_pages, prepare_alloc_pages, current_gfp_context,
 * alloc_flags_nofragment, gfp_to_alloc_flags; allocator-semantics 5 and 9).
 * Pure functions.
 */
#ifndef BUD_ALLOCATOR_REQUEST_H
#define BUD_ALLOCATOR_REQUEST_H

#include "lib/allocator/zoneview.h"
#include "lib/base/gfp.h"

/* What else the kernel knows of who asks. */
enum {
	BUD_TASK_MEMALLOC = 1 << 0,   /* PF_MEMALLOC: it frees memory itself (kswapd, a task in direct reclaim) */
	BUD_TASK_NOFS = 1 << 1,	      /* PF_MEMALLOC_NOFS */
	BUD_TASK_NOIO = 1 << 2,	      /* PF_MEMALLOC_NOIO */
	BUD_TASK_PIN = 1 << 3,	      /* PF_MEMALLOC_PIN; PF_MEMALLOC_NOCMA before 5.13 */
	BUD_TASK_RT = 1 << 4,	      /* real-time or deadline task */
	BUD_TASK_OOM_VICTIM = 1 << 5, /* chosen by the OOM killer */
	BUD_TASK_FATAL = 1 << 6,      /* a fatal signal is pending */
	BUD_TASK_INTERRUPT = 1 << 7,  /* in interrupt context of any kind */
	BUD_TASK_SOFTIRQ = 1 << 8,    /* serving a softirq */
	BUD_TASK_MEMCG_FULL = 1 << 9, /* the charge to its memory cgroup will fail */
	BUD_TASK_CPUSET = 1 << 10,    /* cpusets are in use: nodes is the cpuset's, not the caller's nodemask */
};

typedef struct bud_request {
	int order;
	bud_gfp gfp;	/* canonical flags */
	uint32_t task;	/* BUD_TASK_* */
	uint16_t cpu;	/* whose per-CPU lists serve it */
	int16_t node;	/* preferred node; -1: that of the CPU */
	uint64_t nodes; /* nodes allowed, a bit each; 0: any */
} bud_request;

/* struct alloc_context, with the flags in force. */
typedef struct bud_alloc_context {
	const bud_request *request;
	const bud_zonelist *list; /* of the preferred node */
	int first;		  /* place in list of the preferred zone; -1: no zone is allowed */
	int order;
	bud_gfp gfp;	/* after masks and scopes; the one a trace shows */
	unsigned flags; /* BUD_ALLOC_*: level and permissions of the attempt under way */
	bud_migratetype type;
	bud_zone_type highest;
	uint32_t task;	/* BUD_TASK_*: the request's, but that the OOM killer may choose it on the way */
	int node;	/* preferred */
	uint64_t nodes; /* the nodemask in force; 0: any */
	bool atomic;	/* __GFP_ATOMIC where the kernel has it */
} bud_alloc_context;

typedef enum bud_prepared {
	BUD_PREPARED,
	BUD_REFUSED_ORDER, /* larger than any block: NULL, and no event of it */
	BUD_REFUSED_GFP,   /* both mobilities at once */
} bud_prepared;

/* What of the machine preparing depends on. Owned by whoever made it; must outlive contexts. */
typedef struct bud_request_rules {
	bud_gfp allowed; /* gfp_allowed_mask: all ones but early at boot and while suspending */
	bool defrag_mode;
	bool grouping; /* page_group_by_mobility_disabled is not set */
	const bud_zone_view *zones;
	const bud_zonelist *lists; /* of each node */
	unsigned nr_nodes;	   /* lists; the highest node's number and one */
	uint64_t online;	   /* nodes with memory, a bit each */
	uint64_t dma32;		   /* of them, those with memory in DMA32 */
} bud_request_rules;

/*
 * The order bound in both readings of MAX_ORDER comes out as order >
 * max_order (the feature max_order is inclusive); in 4.19 (feature entry 0)
 * it is only found on the slow path and the request is prepared. cpu_node is
 * the node of the request's CPU. __GFP_WRITE's spreading of dirty pages over
 * nodes is not modelled.
 */
bud_prepared bud_request_prepare(bud_alloc_context *context, const bud_request *request, const bud_kernel *kernel,
				 const bud_request_rules *rules, int cpu_node);

/* Flags that remain inside the task's scopes (current_gfp_context); before 5.13 PIN does not count here. */
bud_gfp bud_request_scoped(bud_gfp gfp, unsigned task, const bud_kernel *kernel);

/* Whether the zone may serve the request: its type, nodemask, __GFP_THISNODE. */
static inline bool bud_request_allows(const bud_alloc_context *context, const bud_zone_view *zone)
{
	return zone->type <= context->highest && (!context->nodes || context->nodes >> zone->node & 1) &&
	       (!(context->gfp & BUD_GFP_THISNODE) || zone->node == context->node);
}
/* Whether the cpuset lets the request in, where flags ask for that (cpuset_zone_allowed). */
static inline bool bud_request_in_cpuset(const bud_alloc_context *context, const bud_zone_view *zone, unsigned flags)
{
	const bud_request *request = context->request;
	if (!(flags & BUD_ALLOC_CPUSET) || !(request->task & BUD_TASK_CPUSET) || !request->nodes)
		return true;
	/* Without HARDWALL the nearest exclusive ancestor counts; nobody told of one, so it is the whole machine. */
	return context->task & (BUD_TASK_INTERRUPT | BUD_TASK_OOM_VICTIM) || request->nodes >> zone->node & 1 ||
	       !(context->gfp & BUD_GFP_HARDWALL);
}
/* Chooses the preferred zone anew: nodes has changed (first_zones_zonelist). */
static inline void bud_request_pick(bud_alloc_context *context, const bud_request_rules *rules)
{
	const bud_zonelist *list = context->list;
	for (context->first = 0; context->first < list->nr; context->first++)
		if (bud_request_allows(context, &rules->zones[list->zone[context->first]]))
			return;
	context->first = -1;
}

/* The flags of the slow path's first attempt (gfp_to_alloc_flags). */
unsigned bud_request_slow_flags(const bud_alloc_context *context, const bud_kernel *kernel,
				const bud_request_rules *rules);
/* What lets the request ignore marks (__gfp_pfmemalloc_flags): NO_WATERMARKS, OOM, or 0. */
unsigned bud_request_reserve_flags(const bud_alloc_context *context);
/* CMA if the request may have it (gfp_to_alloc_flags_cma), or 0. */
unsigned bud_request_cma_flag(const bud_alloc_context *context, const bud_kernel *kernel);

/* Whether it may wait for direct reclaim. */
static inline bool bud_request_may_reclaim(const bud_alloc_context *context)
{
	return context->gfp & BUD_GFP_DIRECT_RECLAIM;
}

/* order > 3 (PAGE_ALLOC_COSTLY_ORDER). */
static inline bool bud_request_is_costly(const bud_alloc_context *context)
{
	return context->order > BUD_COSTLY_ORDER;
}

#endif
