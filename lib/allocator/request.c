/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/allocator/request.h"

bud_gfp bud_request_scoped(bud_gfp gfp, unsigned task, const bud_kernel *kernel)
{
	if (task & BUD_TASK_NOIO)
		gfp &= ~(bud_gfp)(BUD_GFP_IO | BUD_GFP_FS);
	else if (task & BUD_TASK_NOFS)
		gfp &= ~(bud_gfp)BUD_GFP_FS;
	if (task & BUD_TASK_PIN && kernel->entry > 1)
		gfp &= ~(bud_gfp)BUD_GFP_MOVABLE;
	return gfp;
}

unsigned bud_request_cma_flag(const bud_alloc_context *context, const bud_kernel *kernel)
{
	bool pinned = kernel->entry < 2 && context->task & BUD_TASK_PIN;
	return kernel->has_cma && context->type == BUD_MT_MOVABLE && !pinned ? BUD_ALLOC_CMA : 0;
}

/* Mixing pageblocks in Normal is put off while DMA32 of the same node may serve (alloc_flags_nofragment). */
static unsigned nofragment_flags(const bud_alloc_context *context, const bud_kernel *kernel,
				 const bud_request_rules *rules)
{
	if (!kernel->nofragment)
		return 0;
	unsigned flags = context->gfp & BUD_GFP_KSWAPD_RECLAIM ? BUD_ALLOC_KSWAPD : 0;
	if (rules->defrag_mode)
		return flags | BUD_ALLOC_NOFRAGMENT;
	if (context->first < 0 || !(kernel->zone_types & 1 << BUD_ZONE_DMA32))
		return flags;
	const bud_zone_view *preferred = &rules->zones[context->list->zone[context->first]];
	bool single = !(rules->online & (rules->online - 1));
	if (preferred->type != BUD_ZONE_NORMAL || (!single && !(rules->dma32 >> preferred->node & 1)))
		return flags;
	return flags | BUD_ALLOC_NOFRAGMENT;
}

bud_prepared bud_request_prepare(bud_alloc_context *context, const bud_request *request, const bud_kernel *kernel,
				 const bud_request_rules *rules, int cpu_node)
{
	if (request->order < 0 || (request->order > kernel->max_order && kernel->entry))
		return BUD_REFUSED_ORDER;
	bud_gfp gfp = request->gfp & rules->allowed;
	if (kernel->entry > 1)
		gfp = bud_request_scoped(gfp, request->task, kernel);
	bud_migratetype type = rules->grouping ? bud_gfp_migratetype(gfp) : BUD_MT_UNMOVABLE;
	int node = request->node < 0 ? cpu_node : request->node;
	if (type == BUD_MT_UNKNOWN || node < 0 || (unsigned)node >= rules->nr_nodes)
		return BUD_REFUSED_GFP;
	*context = (bud_alloc_context){
		.request = request,
		.list = &rules->lists[node],
		.order = request->order,
		.gfp = gfp,
		.type = type,
		.highest = bud_gfp_highest_zone(gfp, (unsigned)kernel->zone_types),
		.node = node,
		.task = request->task,
		.nodes = request->nodes,
		.flags = BUD_ALLOC_WMARK_LOW,
		.atomic = kernel->gfp_atomic && gfp & BUD_GFP_ATOMIC,
	};
	if (request->task & BUD_TASK_CPUSET) {
		context->gfp |= BUD_GFP_HARDWALL;
		if (request->task & BUD_TASK_INTERRUPT) {
			context->nodes = 0;
			context->flags |= BUD_ALLOC_CPUSET;
		}
	}
	bud_request_pick(context, rules);
	context->flags |= bud_request_cma_flag(context, kernel) | nofragment_flags(context, kernel, rules);
	return BUD_PREPARED;
}

/* To 6.2: __GFP_ATOMIC opens the reserves. */
static unsigned harder_flags(const bud_alloc_context *context)
{
	if (context->gfp & BUD_GFP_ATOMIC)
		return context->gfp & BUD_GFP_NOMEMALLOC ? 0 : BUD_ALLOC_NON_BLOCK;
	unsigned task = context->task;
	return (task & BUD_TASK_RT && !(task & BUD_TASK_INTERRUPT) ? BUD_ALLOC_NON_BLOCK : 0) | BUD_ALLOC_CPUSET;
}

/* Since 6.3: whoever cannot wait may have them. */
static unsigned reserve_flags(const bud_alloc_context *context, const bud_kernel *kernel, unsigned flags)
{
	unsigned task = context->task, more = 0;
	if (bud_request_may_reclaim(context)) {
		bool urgent = task & BUD_TASK_RT && !(task & BUD_TASK_INTERRUPT);
		return BUD_ALLOC_CPUSET | (urgent ? BUD_ALLOC_MIN_RESERVE : 0);
	}
	if (!(context->gfp & BUD_GFP_NOMEMALLOC)) {
		more = BUD_ALLOC_NON_BLOCK;
		if (context->order > 0 && (kernel->alloc_flags < 2 || flags & BUD_ALLOC_MIN_RESERVE))
			more |= BUD_ALLOC_HIGHATOMIC;
	}
	return more | (flags & BUD_ALLOC_MIN_RESERVE ? 0 : BUD_ALLOC_CPUSET);
}

unsigned bud_request_slow_flags(const bud_alloc_context *context, const bud_kernel *kernel,
				const bud_request_rules *rules)
{
	unsigned flags = BUD_ALLOC_WMARK_MIN;
	flags |= context->gfp & BUD_GFP_HIGH ? BUD_ALLOC_MIN_RESERVE : 0;
	flags |= context->gfp & BUD_GFP_KSWAPD_RECLAIM ? BUD_ALLOC_KSWAPD : 0;
	flags |= kernel->alloc_flags ? reserve_flags(context, kernel, flags) : harder_flags(context);
	flags |= bud_request_cma_flag(context, kernel);
	return rules->defrag_mode ? flags | BUD_ALLOC_NOFRAGMENT : flags;
}

unsigned bud_request_reserve_flags(const bud_alloc_context *context)
{
	unsigned task = context->task;
	bool in_task = !(task & (BUD_TASK_INTERRUPT | BUD_TASK_SOFTIRQ));
	if (context->gfp & BUD_GFP_NOMEMALLOC)
		return 0;
	if (context->gfp & BUD_GFP_MEMALLOC)
		return BUD_ALLOC_NO_WATERMARKS;
	if (task & BUD_TASK_MEMALLOC && (in_task || task & BUD_TASK_SOFTIRQ))
		return BUD_ALLOC_NO_WATERMARKS;
	return in_task && task & BUD_TASK_OOM_VICTIM ? BUD_ALLOC_OOM : 0;
}
