/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/insight/zoneaudit.h"

#include <stdlib.h>

#include "lib/allocator/fallback.h"

#define IN_INTERRUPT  0x18 /* hardirq or softirq, of bud_event.page.context */
#define ENOUGH_SERVED 64   /* requests of a CPU before its node is believed */

bud_status bud_zoneaudit_init(bud_zoneaudit *audit, const bud_replay *replay, const bud_snapshot *snapshots,
			      size_t nr_snapshots, const bud_sysctls *sysctls, size_t nr_cpus, bud_tally *tally,
			      bud_error *err)
{
	*audit = (bud_zoneaudit){ .kernel = bud_replay_kernel(replay), .tally = tally };
	audit->cpus = calloc(nr_cpus ? nr_cpus : 1, sizeof *audit->cpus);
	audit->nr_cpus = nr_cpus;
	bud_auditview_init(&audit->view, replay, snapshots, nr_snapshots, sysctls, (unsigned)nr_cpus);
	return audit->cpus ? BUD_OK : bud_error_memory(err, "the audit");
}

void bud_zoneaudit_fini(bud_zoneaudit *audit)
{
	free(audit->cpus);
	*audit = (bud_zoneaudit){ 0 };
}

static bud_zoneaudit_task *task_of(bud_zoneaudit *a, int32_t pid)
{
	bud_zoneaudit_task *task = &a->tasks[(uint32_t)pid % BUD_ZONEAUDIT_TASKS];
	if (task->pid != pid)
		*task = (bud_zoneaudit_task){ .pid = pid };
	return task;
}

/* The node most of a CPU's requests were served from, or -1 while that means nothing. */
static int node_of(const bud_zoneaudit *a, const bud_zoneaudit_cpu *cpu)
{
	int best = -1;
	uint64_t served = 0;
	for (unsigned node = 0; node < a->view.nr_nodes; node++) {
		served += cpu->by_node[node];
		if (a->view.online >> node & 1 && (best < 0 || cpu->by_node[node] > cpu->by_node[best]))
			best = (int)node;
	}
	bool only = !(a->view.online & (a->view.online - 1));
	return only || (served >= ENOUGH_SERVED && cpu->by_node[best] * 4 >= served * 3) ? best : -1;
}

/*
 * Prepares a request as the kernel does; false where it cannot be known how.
 * nid: the node an event tells of, or -1. A request for one node alone names
 * that, and not its CPU's; it is where such a request was served.
 */
static bool prepare(const bud_zoneaudit *a, const bud_event *event, int nid, uint64_t raw_gfp, bud_request *request,
		    bud_alloc_context *context)
{
	int node = event->cpu < a->nr_cpus ? node_of(a, &a->cpus[event->cpu]) : -1, order = event->order;
	*request = (bud_request){
		.order = order, .gfp = bud_gfp_from_raw(&a->kernel->gfp, raw_gfp), .cpu = event->cpu, .node = -1
	};
	if (request->gfp & BUD_GFP_THISNODE && a->view.online & (a->view.online - 1))
		node = nid;
	return node >= 0 && order >= 0 &&
	       bud_request_prepare(context, request, a->kernel, &a->view.rules[BUD_VIEW_BADLY], node) == BUD_PREPARED;
}

static bud_tally_root root_at(const bud_zoneaudit *a, const bud_event *event, size_t zone, const char *cause,
			      const bud_alloc_context *context)
{
	const bud_zone *z = &a->view.memory->zones[zone];
	return (bud_tally_root){ .cause = cause,
				 .node = z->node,
				 .zone = z->name,
				 .pfn = BUD_PFN_NONE,
				 .order = context ? context->order : -1,
				 .type = context ? context->type : BUD_MT_UNKNOWN,
				 .uncertain = bud_zone_uncertain_pages(z, NULL) > 0,
				 .first_t_ns = event->t_ns };
}

/* What was predicted, against what happened. */
static void judge(bud_zoneaudit *a, bud_question question, bud_answer predicted, bool happened,
		  const bud_tally_root *root)
{
	if (predicted == BUD_ANSWER_MAYBE)
		bud_tally_undecided(a->tally, question);
	else if ((predicted == BUD_ANSWER_YES) == happened)
		bud_tally_agree(a->tally, question);
	else
		bud_tally_disagree(a->tally, question, root);
}

static size_t zone_of_node(const bud_zoneaudit *a, int nid)
{
	size_t found = 0;
	for (size_t i = 0; i < a->view.nr_zones; i++)
		if (a->view.memory->zones[i].node == nid && a->view.views[0][i].managed)
			found = i;
	return found;
}

/* wakeup_kswapd wakes it: it slept, and the node needed it. */
static void hear_wakeup(bud_zoneaudit *a, bud_zoneaudit_task *task, const bud_event *event)
{
	bud_zone_type highest = bud_auditview_type(&a->view, event->request.zid);
	bool usable = bud_auditview_fill(&a->view, event->t_ns) && highest < BUD_NR_ZONE_TYPES && event->order >= 0;
	if (usable) {
		bud_tally_root root = root_at(a, event, zone_of_node(a, event->request.nid),
					      "a node that was held to be balanced", NULL);
		root.order = event->order;
		judge(a, BUD_ASK_KSWAPD_WAKE, bud_auditview_wakes(&a->view, event->request.nid, event->order, highest),
		      true, &root);
	} else {
		bud_tally_undecided(a->tally, BUD_ASK_KSWAPD_WAKE);
	}
	/* Without flags it is the boost of a fallback that wakes, not a request in need. */
	if (!event->request.gfp_flags || task->reclaiming || task->compacting || task->woke)
		return;
	bud_request request;
	bud_alloc_context context;
	size_t zone;
	bool known = usable && prepare(a, event, event->request.nid, event->request.gfp_flags, &request, &context);
	task->slow = task->woke = true;
	task->order = event->order;
	task->passes = BUD_ANSWER_MAYBE;
	if (known)
		bud_auditview_walk(&a->view, &context, context.flags, &zone, &task->passes);
}

/* A request begins to reclaim. If it had found kswapd asleep and in need, it would have woken it. */
static void hear_direct(bud_zoneaudit *a, bud_zoneaudit_task *task, const bud_event *event)
{
	bool first = !task->slow && !task->reclaiming && !task->compacting;
	bud_request request;
	bud_alloc_context context;
	task->slow = true;
	task->reclaiming++;
	if (!first || !bud_auditview_fill(&a->view, event->t_ns) ||
	    !prepare(a, event, -1, event->request.gfp_flags, &request, &context) ||
	    !(context.gfp & BUD_GFP_KSWAPD_RECLAIM) || a->kswapd[context.node] != BUD_KSWAPD_ASLEEP)
		return;
	bud_tally_root root = root_at(a, event, zone_of_node(a, context.node),
				      "kswapd sleeps although its node was held to need it", &context);
	judge(a, BUD_ASK_KSWAPD_WAKE, bud_auditview_wakes(&a->view, context.node, context.order, context.highest),
	      false, &root);
}

/* Whether some kswapd the request would have woken sleeps: then the slow path leaves a trace. */
static bool would_have_woken(const bud_zoneaudit *a, const bud_alloc_context *context)
{
	return context->gfp & BUD_GFP_KSWAPD_RECLAIM && a->kswapd[context->node] == BUD_KSWAPD_ASLEEP;
}

static void judge_slowpath(bud_zoneaudit *a, const bud_zoneaudit_task *task, const bud_event *event,
			   const bud_alloc_context *context, bool slow, bud_answer passes, size_t zone)
{
	if (slow && task->woke && task->order == context->order)
		passes = task->passes;
	else if (slow && event->page.pfn != BUD_PFN_NONE)
		passes = BUD_ANSWER_MAYBE; /* it began at some moment before, and things have changed since */
	bud_tally_root root =
		root_at(a, event, zone, slow ? "a zone was held to pass" : "no zone was held to pass", context);
	bud_answer predicted = passes == BUD_ANSWER_MAYBE ? passes
			       : passes == BUD_ANSWER_YES ? BUD_ANSWER_NO
							  : BUD_ANSWER_YES;
	judge(a, BUD_ASK_SLOWPATH, predicted, slow, &root);
}

static void judge_zone(bud_zoneaudit *a, const bud_event *event, const bud_alloc_context *context, bud_answer first,
		       size_t zone)
{
	const bud_zone_range *range = bud_memory_range_of(a->view.memory, event->page.pfn);
	/* One that may not mix types goes on to the next zone if this one has no block for it, but perhaps a waiting
	 * page. */
	bool mixes = context->flags & BUD_ALLOC_NOFRAGMENT && range &&
		     bud_fallback_plan(&a->view.areas[BUD_VIEW_BADLY][zone], a->kernel, context->order, context->type,
				       context->flags)
				     .way == BUD_TAKE_NONE;
	if (first != BUD_ANSWER_YES || !range || mixes) {
		bud_tally_undecided(a->tally, BUD_ASK_ZONE);
		return;
	}
	const bud_zone *held = &a->view.memory->zones[zone];
	bud_tally_root root =
		root_at(a, event, zone,
			range->zone->node != held->node ? "another node served it" : "another zone served it", context);
	judge(a, BUD_ASK_ZONE, BUD_ANSWER_YES, range->zone == held, &root);
}

/* Whether the request's CPU took a block as large from the free lists for it. */
static bool took_block(const bud_zoneaudit *a, int order)
{
	for (size_t i = 0; i < a->view.nr_zones; i++)
		if (a->view.taken_order[i] >= order)
			return true;
	return false;
}

static void judge_outcome(bud_zoneaudit *a, const bud_event *event, const bud_alloc_context *context, bool charged)
{
	unsigned flags = bud_request_slow_flags(context, a->kernel, &a->view.rules[BUD_VIEW_BADLY]);
	bool got = event->page.pfn != BUD_PFN_NONE;
	bud_answer any = BUD_ANSWER_MAYBE;
	size_t zone = 0;
	if (!charged)
		bud_auditview_walk(&a->view, context, flags, &zone, &any);
	/* Compaction hands its block over before it is on any list, and a page may have waited on a per-CPU list. */
	if (got && context->order && any == BUD_ANSWER_NO && !took_block(a, context->order))
		any = BUD_ANSWER_MAYBE;
	bud_tally_root root =
		root_at(a, event, zone, got ? "no zone was held to pass" : "a zone was held to pass", context);
	judge(a, BUD_ASK_OUTCOME, any, got, &root);
}

static void ask_request(bud_zoneaudit *a, const bud_zoneaudit_task *task, const bud_zoneaudit_cpu *cpu,
			const bud_event *event)
{
	bud_request request;
	bud_alloc_context context;
	bool failed = event->page.pfn == BUD_PFN_NONE, slow = task->slow || failed;
	const bud_zone_range *range = failed ? NULL : bud_memory_range_of(a->view.memory, event->page.pfn);
	bool charged = failed && cpu->freed_pid == event->pid && cpu->freed_order == event->order;
	for (size_t i = 0; i < a->view.nr_zones && i < BUD_MAX_ZONES; i++) {
		a->view.taken[i] = cpu->taken[i];
		a->view.taken_order[i] = cpu->taken_order[i] - 1;
	}
	if (task->reclaiming || task->compacting || task->victim || event->page.context & IN_INTERRUPT ||
	    !bud_auditview_fill(&a->view, event->t_ns) ||
	    !prepare(a, event, range ? range->zone->node : -1, event->page.gfp_flags, &request, &context)) {
		bud_tally_undecided(a->tally, BUD_ASK_SLOWPATH);
		bud_tally_undecided(a->tally, slow ? BUD_ASK_OUTCOME : BUD_ASK_ZONE);
		return;
	}
	size_t zone;
	bud_answer any, first = bud_auditview_walk(&a->view, &context, context.flags, &zone, &any);
	bool told = slow || would_have_woken(a, &context);
	if (told)
		judge_slowpath(a, task, event, &context, slow, charged ? BUD_ANSWER_MAYBE : any, zone);
	else
		bud_tally_undecided(a->tally, BUD_ASK_SLOWPATH);
	if (slow)
		judge_outcome(a, event, &context, charged);
	else if (told)
		judge_zone(a, event, &context, first, zone);
	else
		bud_tally_undecided(a->tally, BUD_ASK_ZONE);
}

static void hear_request(bud_zoneaudit *a, bud_zoneaudit_task *task, bud_zoneaudit_cpu *cpu, const bud_event *event)
{
	const bud_zone_range *range =
		event->page.pfn == BUD_PFN_NONE ? NULL : bud_memory_range_of(a->view.memory, event->page.pfn);
	if (a->view.usable)
		ask_request(a, task, cpu, event);
	for (size_t i = 0; i < a->view.nr_zones && i < BUD_MAX_ZONES; i++) {
		cpu->taken[i] = a->view.taken[i] = 0;
		cpu->taken_order[i] = 0;
		a->view.taken_order[i] = -1;
	}
	if (range && range->zone->node >= 0 && range->zone->node < BUD_MAX_NODES)
		cpu->by_node[range->zone->node]++;
	if (!(event->page.context & IN_INTERRUPT) && !task->reclaiming && !task->compacting)
		task->slow = task->woke = false;
}

/* enum compact_result, 4.8 and later. */
enum { NOT_SUITABLE_ZONE, SKIPPED, CONTINUE = 4, SUCCESS = 8 };

static bud_suitable suitable(const bud_zoneaudit *a, int side, size_t zone, const bud_event *event,
			     bud_zone_type highest, unsigned flags)
{
	return bud_zoneview_suitable(&a->view.views[side][zone], a->kernel, event->order, highest, flags, false,
				     (unsigned)a->view.sysctls.extfrag_threshold);
}

static int result_of(bud_suitable answer)
{
	switch (answer) {
	case BUD_SUITABLE_NEEDLESS:
		return SUCCESS;
	case BUD_SUITABLE_NO_ROOM:
		return SKIPPED;
	case BUD_SUITABLE_NOT_FRAGMENTED:
		return NOT_SUITABLE_ZONE;
	default:
		return CONTINUE;
	}
}

/* compaction_suitable: by a request's direct compaction with its zones and flags, else by kcompactd or reclaim. */
static void hear_suitable(bud_zoneaudit *a, const bud_zoneaudit_task *task, const bud_event *event)
{
	bud_zone_type type = bud_auditview_type(&a->view, event->request.zid);
	size_t zone = 0;
	while (zone < a->view.nr_zones &&
	       (a->view.memory->zones[zone].node != event->request.nid || a->view.memory->zones[zone].type != type))
		zone++;
	if (!a->view.usable || zone == a->view.nr_zones || event->order < 0 ||
	    !bud_auditview_fill(&a->view, event->t_ns)) {
		bud_tally_undecided(a->tally, BUD_ASK_COMPACTION);
		return;
	}
	bud_request request;
	bud_alloc_context context;
	bool direct =
		task->direct_compact && prepare(a, event, event->request.nid, task->compact_gfp, &request, &context);
	unsigned flags = direct ? bud_request_slow_flags(&context, a->kernel, &a->view.rules[BUD_VIEW_BADLY]) : 0;
	/* Of others it is not known for which zones they ask. */
	bud_zone_type least = direct ? context.highest : type, most = direct ? context.highest : BUD_ZONE_MOVABLE;
	int predicted = result_of(suitable(a, BUD_VIEW_BADLY, zone, event, most, flags));
	bool same = predicted == result_of(suitable(a, BUD_VIEW_WELL, zone, event, least, flags));
	/* Since 6.5 whether it is needed at all is asked elsewhere; since 6.14 the caller gives the mark, and reclaim's
	 * is not told. */
	if (!same || predicted == SUCCESS || (a->kernel->suitable_level && !direct)) {
		bud_tally_undecided(a->tally, BUD_ASK_COMPACTION);
		return;
	}
	bud_tally_root root = root_at(a, event, zone, "the zone was held to be otherwise", NULL);
	root.order = event->order;
	judge(a, BUD_ASK_COMPACTION, BUD_ANSWER_YES, predicted == event->request.ret, &root);
}

static void note_kswapd(bud_zoneaudit *a, const bud_event *event, bud_kswapd state)
{
	if (event->request.nid >= 0 && event->request.nid < BUD_MAX_NODES)
		a->kswapd[event->request.nid] = state;
}

static void note_take(bud_zoneaudit *a, bud_zoneaudit_cpu *cpu, bud_pfn pfn, int order)
{
	const bud_zone_range *range = pfn == BUD_PFN_NONE ? NULL : bud_memory_range_of(a->view.memory, pfn);
	if (!range || !a->view.usable || order < 0 || order >= BUD_NR_ORDERS)
		return;
	size_t i = (size_t)(range->zone - a->view.memory->zones);
	cpu->taken[i] += (uint64_t)1 << order;
	if (cpu->taken_order[i] < order + 1)
		cpu->taken_order[i] = (int8_t)(order + 1);
}

static void leave(unsigned *depth)
{
	*depth -= *depth > 0;
}

static void hear_task(bud_zoneaudit *a, bud_zoneaudit_task *task, const bud_event *event)
{
	switch (event->kind) {
	case BUD_EV_WAKEUP_KSWAPD:
		hear_wakeup(a, task, event);
		note_kswapd(a, event, BUD_KSWAPD_AWAKE);
		break;
	case BUD_EV_DIRECT_BEGIN:
		hear_direct(a, task, event);
		break;
	case BUD_EV_MEMCG_BEGIN:
	case BUD_EV_NODE_RECLAIM_BEGIN:
		task->reclaiming++;
		break;
	case BUD_EV_DIRECT_END:
	case BUD_EV_MEMCG_END:
	case BUD_EV_NODE_RECLAIM_END:
		leave(&task->reclaiming);
		break;
	case BUD_EV_COMPACT_BEGIN:
		task->compacting++;
		break;
	case BUD_EV_COMPACT_END:
		leave(&task->compacting);
		break;
	case BUD_EV_COMPACT_TRY:
		task->slow = task->direct_compact = true;
		task->compact_gfp = event->request.gfp_flags;
		break;
	case BUD_EV_COMPACT_SUITABLE:
		hear_suitable(a, task, event);
		break;
	case BUD_EV_RECLAIM_RETRY:
	case BUD_EV_COMPACT_RETRY:
		task->slow = true;
		break;
	default:
		break;
	}
}

void bud_zoneaudit_event(bud_zoneaudit *audit, const bud_event *event)
{
	bud_zoneaudit_cpu *cpu = event->cpu < audit->nr_cpus ? &audit->cpus[event->cpu] : NULL;
	bud_zoneaudit_task *task = task_of(audit, event->pid);
	if (!cpu)
		return;
	switch (event->kind) {
	case BUD_EV_ALLOC:
		hear_request(audit, task, cpu, event);
		task->direct_compact = false;
		break;
	case BUD_EV_ZONE_LOCKED:
		note_take(audit, cpu, event->page.pfn, event->order);
		break;
	case BUD_EV_EXTFRAG:
		if (audit->kernel->extfrag_removes)
			note_take(audit, cpu, event->extfrag.pfn, event->order);
		break;
	case BUD_EV_OOM_VICTIM:
		task_of(audit, event->oom.pid)->victim = true;
		break;
	case BUD_EV_KSWAPD_SLEEP:
		note_kswapd(audit, event, BUD_KSWAPD_ASLEEP);
		break;
	case BUD_EV_KSWAPD_WAKE:
		note_kswapd(audit, event, BUD_KSWAPD_AWAKE);
		break;
	default:
		hear_task(audit, task, event);
		break;
	}
	if (event->kind != BUD_EV_FREE_BATCHED) {
		cpu->freed_pid = event->kind == BUD_EV_FREE ? event->pid : -1;
		cpu->freed_order = event->order;
	}
	bud_auditview_note(&audit->view, event);
}
