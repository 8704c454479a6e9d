/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/allocator/slowpath.h"

#include "lib/allocator/compact.h"
#include "lib/allocator/rmqueue.h"

#define MAX_RECLAIM_RETRIES 16
#define MAX_COMPACT_RETRIES 16
#define PATIENCE	    1000 /* rounds of a request that would go on for ever, unless ops say otherwise */

/* The locals of __alloc_pages_slowpath. */
typedef struct slowpath {
	bud_machine *machine;
	bud_alloc_context *context;
	bud_page_result *result;
	bool can_reclaim, can_compact, costly;
	int priority; /* of compaction */
	int compact_retries, no_progress;
	uint64_t progress; /* pages of the last reclaim, or 1 for a kill */
	bud_compact_result compacted;
} slowpath;

/* Where the request goes from a step. */
typedef enum turn {
	TURN_ON, /* to the next step */
	TURN_RETRY,
	TURN_NOPAGE,
	TURN_GOT,
} turn;

void bud_slowpath_wake(bud_machine *machine, const bud_alloc_context *context)
{
	int order = context->order;
	uint64_t seen = 0;
	/* In defrag_mode kswapd is to make whole pageblocks. */
	if (machine->rules.defrag_mode && order < machine->kernel.pageblock_order)
		order = machine->kernel.pageblock_order;
	for (int i = 0; i < context->list->nr; i++) {
		const bud_zone_view *v = &machine->views[context->list->zone[i]];
		if (!bud_request_allows(context, v) || seen >> v->node & 1)
			continue;
		seen |= (uint64_t)1 << v->node;
		bud_machine_wake(machine, context, v->node, order, context->highest);
	}
}

/* An attempt with other flags than those in force. */
static bud_pfn attempt_with(slowpath *s, unsigned flags)
{
	bud_alloc_context c = *s->context;
	c.flags = flags;
	return bud_page_alloc_get(s->machine, &c);
}

static turn got(bud_pfn pfn, bud_pfn *out)
{
	*out = pfn;
	return pfn == BUD_PFN_NONE ? TURN_ON : TURN_GOT;
}

static turn give_up(slowpath *s, bud_page_failure why)
{
	s->result->failure = why;
	return TURN_NOPAGE;
}

static turn try_compaction(slowpath *s, int priority, bud_pfn *pfn)
{
	bud_machine *m = s->machine;
	if (!s->context->order || !m->ops.compact)
		return TURN_ON;
	bud_pfn captured = BUD_PFN_NONE;
	s->compacted = m->ops.compact(m->ops.self, m, s->context, priority, &captured);
	bud_machine_tell(m, &(bud_machine_event){ BUD_MODEL_COMPACT, .context = s->context, .value = s->compacted });
	if (s->compacted == BUD_COMPACT_SKIPPED)
		return TURN_ON;
	m->counts.compactions++;
	s->result->compactions++;
	if (captured != BUD_PFN_NONE)
		bud_machine_note_used(bud_machine_zone_of(m, captured), captured, s->context->order,
				      s->context->type == BUD_MT_MOVABLE);
	else
		captured = bud_page_alloc_get(m, s->context);
	if (captured != BUD_PFN_NONE)
		bud_compact_served(bud_machine_zone_of(m, captured), s->context->order);
	return got(captured, pfn);
}

static turn try_reclaim(slowpath *s, bud_pfn *pfn)
{
	bud_machine *m = s->machine;
	s->progress = m->ops.reclaim ? m->ops.reclaim(m->ops.self, m, s->context) : 0;
	m->counts.reclaims++;
	s->result->reclaims++;
	bud_machine_tell(m, &(bud_machine_event){ BUD_MODEL_RECLAIM, .context = s->context, .value = s->progress });
	if (!s->progress)
		return TURN_ON;
	if (got(bud_page_alloc_get(m, s->context), pfn) == TURN_GOT)
		return TURN_GOT;
	/* What was freed may sit on per-CPU lists, or in the reserve. */
	bud_rmqueue_unreserve(m, s->context, false);
	bud_page_alloc_drain_all(m, NULL);
	return got(bud_page_alloc_get(m, s->context), pfn);
}

/* Whether some zone would do if all that can be reclaimed were free. */
static bool some_zone_may_do(const slowpath *s)
{
	const bud_alloc_context *c = s->context;
	for (int i = 0; i < c->list->nr; i++) {
		const bud_zone_view *v = &s->machine->views[c->list->zone[i]];
		uint64_t min = bud_zoneview_mark(v, BUD_ALLOC_WMARK_MIN);
		if (bud_request_allows(c, v) && bud_zoneview_would_pass(v, &s->machine->kernel, c->order, min,
									c->highest, c->flags, v->reclaimable))
			return true;
	}
	return false;
}

static bool should_reclaim_retry(slowpath *s)
{
	if (s->progress && !s->costly)
		s->no_progress = 0;
	else
		s->no_progress++;
	bool over = s->no_progress > MAX_RECLAIM_RETRIES;
	if (!over && some_zone_may_do(s))
		return true;
	return (over || s->machine->kernel.unreserve_early) && bud_rmqueue_unreserve(s->machine, s->context, true);
}

/* Whether compaction would have room in some zone if part of what can be reclaimed were free. */
static bool compaction_may_fit(const slowpath *s)
{
	const bud_kernel *kernel = &s->machine->kernel;
	const bud_alloc_context *c = s->context;
	for (int i = 0; i < c->list->nr; i++) {
		const bud_zone_view *v = &s->machine->views[c->list->zone[i]];
		uint64_t mark = bud_zoneview_mark(v, s->costly ? BUD_ALLOC_WMARK_LOW : BUD_ALLOC_WMARK_MIN);
		mark += bud_zoneview_compact_gap(kernel, c->order);
		if (bud_request_allows(c, v) && bud_zoneview_would_pass(v, kernel, 0, mark, c->highest, BUD_ALLOC_CMA,
									v->reclaimable / (unsigned)c->order))
			return true;
	}
	return false;
}

/* Without CONFIG_COMPACTION small requests go on while there are pages at all. */
static bool should_retry_uncompacted(const slowpath *s)
{
	const bud_alloc_context *c = s->context;
	for (int i = 0; !s->costly && i < c->list->nr; i++) {
		const bud_zone_view *v = &s->machine->views[c->list->zone[i]];
		if (bud_request_allows(c, v) &&
		    bud_zoneview_ok(v, &s->machine->kernel, 0, bud_zoneview_mark(v, BUD_ALLOC_WMARK_MIN), c->highest,
				    c->flags))
			return true;
	}
	return false;
}

static bool should_compact_retry(slowpath *s)
{
	int floor = s->costly ? BUD_COMPACT_SYNC_LIGHT : BUD_COMPACT_SYNC_FULL;
	if (!s->context->order || s->context->task & BUD_TASK_FATAL)
		return false;
	if (!s->machine->ops.compact)
		return should_retry_uncompacted(s);
	if (s->compacted == BUD_COMPACT_SKIPPED)
		return compaction_may_fit(s);
	if (s->compacted == BUD_COMPACT_SUCCESS && ++s->compact_retries <= MAX_COMPACT_RETRIES / (s->costly ? 4 : 1))
		return true;
	if (s->priority <= floor)
		return false;
	s->priority--;
	s->compact_retries = 0;
	return true;
}

/* A request that must not fail may have the reserves; first inside its cpuset. */
static bud_pfn attempt_beyond_cpuset(slowpath *s, unsigned flags)
{
	bud_pfn pfn = attempt_with(s, flags | BUD_ALLOC_CPUSET);
	return pfn == BUD_PFN_NONE ? attempt_with(s, flags) : pfn;
}

/* What the OOM killer is not called for (__alloc_pages_may_oom). */
static bool oom_would_not_help(const slowpath *s)
{
	const bud_alloc_context *c = s->context;
	return s->costly || c->gfp & (BUD_GFP_RETRY_MAYFAIL | BUD_GFP_THISNODE) || c->highest < BUD_ZONE_NORMAL;
}

static turn try_oom(slowpath *s, bud_pfn *pfn)
{
	bud_machine *m = s->machine;
	bool nofail = s->context->gfp & BUD_GFP_NOFAIL;
	bud_alloc_context c = *s->context;
	s->progress = 0;
	c.gfp = (c.gfp | BUD_GFP_HARDWALL) & ~(bud_gfp)BUD_GFP_DIRECT_RECLAIM;
	c.flags = BUD_ALLOC_WMARK_HIGH | BUD_ALLOC_CPUSET;
	if (got(bud_page_alloc_get(m, &c), pfn) == TURN_GOT)
		return TURN_GOT;
	if (oom_would_not_help(s))
		return TURN_ON;
	bud_oom_victim victim = m->ops.oom ? m->ops.oom(m->ops.self, m, s->context) : BUD_OOM_NOBODY;
	s->context->task |= victim == BUD_OOM_SELF ? BUD_TASK_OOM_VICTIM | BUD_TASK_FATAL : 0;
	m->counts.ooms++;
	s->result->ooms++;
	bud_machine_tell(
		m, &(bud_machine_event){ BUD_MODEL_OOM, .context = s->context, .value = victim >= BUD_OOM_OTHER });
	s->progress = victim != BUD_OOM_NOBODY || nofail;
	return s->progress && nofail ? got(attempt_beyond_cpuset(s, BUD_ALLOC_NO_WATERMARKS), pfn) : TURN_ON;
}

static turn after_oom(slowpath *s)
{
	const bud_alloc_context *c = s->context;
	if (c->task & BUD_TASK_OOM_VICTIM && (c->flags & BUD_ALLOC_OOM || c->gfp & BUD_GFP_NOMEMALLOC))
		return give_up(s, BUD_PAGE_VICTIM);
	if (!s->progress)
		return give_up(s, BUD_PAGE_NO_HOPE);
	s->no_progress = 0;
	return TURN_RETRY;
}

/* Compaction ahead of reclaim did not help: whether a NORETRY request goes on all the same. */
static bool gives_up_early(const slowpath *s)
{
	bool deferred = s->compacted == BUD_COMPACT_DEFERRED, skipped = s->compacted == BUD_COMPACT_SKIPPED;
	bud_gfp gfp = s->context->gfp;
	int rule = s->machine->kernel.noretry;
	if (rule == 1 && s->context->order >= s->machine->kernel.pageblock_order && gfp & BUD_GFP_IO &&
	    !(gfp & BUD_GFP_RETRY_MAYFAIL) && (skipped || deferred))
		return true;
	if (!s->costly || !(gfp & BUD_GFP_NORETRY))
		return false;
	return deferred || (rule > 1 && skipped) || (rule > 2 && gfp & BUD_GFP_THISNODE);
}

/* Costly and unmovable requests compact before they reclaim. */
static turn compact_early(slowpath *s, bud_pfn *pfn)
{
	const bud_alloc_context *c = s->context;
	bool first = s->costly || (c->order && c->type != BUD_MT_MOVABLE);
	if (!s->can_reclaim || !s->can_compact || !first || bud_request_reserve_flags(c))
		return TURN_ON;
	if (try_compaction(s, BUD_COMPACT_ASYNC, pfn) == TURN_GOT)
		return TURN_GOT;
	if (gives_up_early(s))
		return give_up(s, BUD_PAGE_NORETRY);
	if (s->costly && c->gfp & BUD_GFP_NORETRY)
		s->priority = BUD_COMPACT_ASYNC;
	return TURN_ON;
}

static turn start(slowpath *s, bud_pfn *pfn)
{
	bud_machine *m = s->machine;
	bud_alloc_context *c = s->context;
	const bud_request *r = c->request;
	c->flags = bud_request_slow_flags(c, &m->kernel, &m->rules);
	/* The cpuset's nodes were only the fast path's; from here on flags say whether it binds. */
	c->nodes = r->task & BUD_TASK_CPUSET ? 0 : r->nodes;
	bud_request_pick(c, &m->rules);
	if (c->first < 0)
		return give_up(s, BUD_PAGE_NO_ZONE);
	if (c->flags & BUD_ALLOC_KSWAPD)
		bud_slowpath_wake(m, c);
	if (got(bud_page_alloc_get(m, c), pfn) == TURN_GOT)
		return TURN_GOT;
	return compact_early(s, pfn);
}

/* All permissions the request has; with reserves no memory policy binds it. */
static void use_reserves(slowpath *s)
{
	bud_alloc_context *c = s->context;
	unsigned reserves = bud_request_reserve_flags(c);
	if (c->flags & BUD_ALLOC_KSWAPD)
		bud_slowpath_wake(s->machine, c);
	if (reserves)
		c->flags = reserves | bud_request_cma_flag(c, &s->machine->kernel) | (c->flags & BUD_ALLOC_KSWAPD);
	if (!reserves && c->flags & BUD_ALLOC_CPUSET)
		return;
	c->nodes = 0;
	bud_request_pick(c, &s->machine->rules);
}

/* Whether one more round may help, once reclaim and compaction did not. */
static turn consider_retry(slowpath *s)
{
	bud_alloc_context *c = s->context;
	if (c->gfp & BUD_GFP_NORETRY)
		return give_up(s, BUD_PAGE_NORETRY);
	if (s->costly && (!s->can_compact || !(c->gfp & BUD_GFP_RETRY_MAYFAIL)))
		return give_up(s, BUD_PAGE_COSTLY);
	if (should_reclaim_retry(s))
		return TURN_RETRY;
	if (s->progress && s->can_compact && should_compact_retry(s))
		return TURN_RETRY;
	if (s->machine->rules.defrag_mode && c->flags & BUD_ALLOC_NOFRAGMENT) {
		c->flags &= ~(unsigned)BUD_ALLOC_NOFRAGMENT;
		return TURN_RETRY;
	}
	return TURN_ON;
}

static turn one_round(slowpath *s, bud_pfn *pfn)
{
	use_reserves(s);
	if (got(bud_page_alloc_get(s->machine, s->context), pfn) == TURN_GOT)
		return TURN_GOT;
	if (!s->can_reclaim)
		return give_up(s, BUD_PAGE_NO_RECLAIM);
	if (s->context->task & BUD_TASK_MEMALLOC)
		return give_up(s, BUD_PAGE_MEMALLOC);
	if (try_reclaim(s, pfn) == TURN_GOT || try_compaction(s, s->priority, pfn) == TURN_GOT)
		return TURN_GOT;
	turn t = consider_retry(s);
	if (t == TURN_ON)
		t = try_oom(s, pfn);
	return t == TURN_ON ? after_oom(s) : t;
}

/* A request that must not fail tries with part of the reserves, and then from the beginning of a round. */
static turn insist(slowpath *s, bud_pfn *pfn)
{
	if (!(s->context->gfp & BUD_GFP_NOFAIL) || !s->can_reclaim || s->result->failure == BUD_PAGE_NO_ZONE)
		return TURN_NOPAGE;
	unsigned reserve = s->machine->kernel.alloc_flags ? BUD_ALLOC_MIN_RESERVE : BUD_ALLOC_NON_BLOCK;
	return got(attempt_beyond_cpuset(s, reserve), pfn) == TURN_GOT ? TURN_GOT : TURN_RETRY;
}

bud_pfn bud_slowpath_alloc(bud_machine *machine, bud_alloc_context *context, bud_page_result *result)
{
	const bud_kernel *kernel = &machine->kernel;
	unsigned patience = machine->ops.patience ? machine->ops.patience : PATIENCE;
	bud_pfn pfn = BUD_PFN_NONE;
	if (context->order > kernel->max_order) {
		result->failure = BUD_PAGE_REFUSED;
		return BUD_PFN_NONE;
	}
	if (kernel->entry < 2)
		context->gfp = bud_request_scoped(context->gfp, context->task, kernel);
	if (context->task & BUD_TASK_CPUSET)
		context->gfp = (context->gfp & ~(bud_gfp)BUD_GFP_HARDWALL) | (context->request->gfp & BUD_GFP_HARDWALL);
	bool can_reclaim = bud_request_may_reclaim(context);
	if (can_reclaim && context->gfp & BUD_GFP_ATOMIC) {
		context->gfp &= ~(bud_gfp)BUD_GFP_ATOMIC;
		context->atomic = false;
	}
	slowpath s = {
		.machine = machine,
		.context = context,
		.result = result,
		.can_reclaim = can_reclaim,
		.can_compact = !kernel->compact_needs_io || context->gfp & BUD_GFP_IO,
		.costly = bud_request_is_costly(context),
		.priority = BUD_COMPACT_SYNC_LIGHT,
		.compacted = BUD_COMPACT_SKIPPED,
	};
	bud_machine_tell(machine, &(bud_machine_event){ BUD_MODEL_SLOWPATH, .context = context });
	for (turn t = start(&s, &pfn); t != TURN_GOT;) {
		if (t == TURN_NOPAGE && (t = insist(&s, &pfn)) == TURN_NOPAGE)
			return BUD_PFN_NONE;
		if (t == TURN_GOT)
			break;
		if (result->rounds == patience) {
			result->failure = BUD_PAGE_ENDLESS;
			return BUD_PFN_NONE;
		}
		result->rounds++;
		t = one_round(&s, &pfn);
	}
	result->failure = BUD_PAGE_OK;
	return pfn;
}
