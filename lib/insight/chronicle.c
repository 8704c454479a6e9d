/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/insight/chronicle.h"

#include <stdlib.h>
#include <string.h>

#include "lib/insight/openstory.h"
#include "lib/insight/whereabouts.h"

#define MAX_STRAYS	  32		/* other requests of a task, until its story's end is believed lost */
#define MAX_GAP_NS	  10000000	/* between two events of one request, in a trace that does not show ends */

#define DEFAULT_BYTES ((size_t)64 << 20)

/* What a CPU did last, as far as it matters. */
typedef struct cpu_state {
	size_t ended;	    /* an episode of the list whose stack may come next; SIZE_MAX: none */
	int32_t context;    /* of the event that ended it */
	int32_t freed_pid;  /* who freed a page that nobody had been given, in the last page event of the CPU */
	int8_t freed_order; /* its order; BUD_ORDER_INVALID: that event was none */
} cpu_state;

struct bud_chronicle {
	const bud_memory *memory;
	const bud_kernel *kernel;
	bud_source *source;
	bud_site_table *sites;
	bud_section_filter filter;
	uint64_t begin_ns, end_ns;
	bud_episode_list list;
	bud_openstories open;
	bud_awake awake;
	uint64_t next_id;
	cpu_state *cpus;
	unsigned nr_cpus;
	bool alloc_seen;
};

bud_status bud_chronicle_create(bud_chronicle **chronicle, const bud_replay *replay, bud_source *source,
				bud_site_table *sites, const bud_chronicle_options *options, bud_error *err)
{
	static const bud_section_filter all = BUD_SECTION_FILTER_ALL;
	bud_chronicle *c = calloc(1, sizeof *c);
	if (!c)
		return bud_error_memory(err, "episodes");
	c->memory = bud_replay_memory(replay);
	c->kernel = bud_replay_kernel(replay);
	c->source = source;
	c->sites = sites;
	c->filter = options->filter ? *options->filter : all;
	c->begin_ns = options->begin_ns;
	c->end_ns = options->end_ns;
	bud_episode_list_init(&c->list, options->max_bytes ? options->max_bytes : DEFAULT_BYTES);
	bud_openstory_init(&c->open, c->memory, c->kernel, &c->awake);
	c->next_id = 1;
	c->nr_cpus = source->info.nr_cpus;
	c->cpus = calloc(c->nr_cpus + 1u, sizeof *c->cpus);
	if (!c->cpus || !bud_awake_init(&c->awake, c->memory)) {
		bud_chronicle_destroy(c);
		return bud_error_memory(err, "episodes");
	}
	for (unsigned i = 0; i < c->nr_cpus; i++)
		c->cpus[i] = (cpu_state){ .ended = SIZE_MAX, .freed_order = BUD_ORDER_INVALID };
	*chronicle = c;
	return BUD_OK;
}

void bud_chronicle_destroy(bud_chronicle *chronicle)
{
	if (!chronicle)
		return;
	bud_openstory_fini(&chronicle->open);
	bud_episode_list_fini(&chronicle->list);
	bud_awake_fini(&chronicle->awake);
	free(chronicle->cpus);
	free(chronicle);
}

/* Ending. */

static bool is_wanted(const bud_chronicle *c, const bud_episode *e)
{
	const bud_section_filter *f = &c->filter;
	if (e->t_end_ns < c->begin_ns || e->t_start_ns > c->end_ns)
		return false;
	if (f->order_min > 0 || f->order_max < BUD_NR_ORDERS - 1)
		if (e->order < f->order_min || e->order > f->order_max)
			return false;
	if (f->migratetype != BUD_MT_UNKNOWN && e->migratetype != f->migratetype)
		return false;
	if ((f->node >= 0 && e->node != f->node) ||
	    (f->zone && (e->zone < 0 || strcmp(c->memory->zones[e->zone].name, f->zone) != 0)))
		return false;
	return bud_section_wants_task(f, c->source, e->pid);
}

/* Ends a story with its last event; returns where it is in the list, or SIZE_MAX. */
static size_t close_story(bud_chronicle *c, bud_openstory *s, bud_episode_outcome outcome)
{
	s->episode.outcome = (uint8_t)outcome;
	bud_openstory_conclude(&c->open, s);
	size_t at = SIZE_MAX;
	if (is_wanted(c, &s->episode))
		at = bud_episode_list_add(&c->list, &s->episode, s->parts, s->nr_parts);
	bud_openstory_remove(&c->open, s);
	return at;
}

/* Everything the task began after s is over, and nobody saw how. */
static void close_inner(bud_chronicle *c, const bud_openstory *s)
{
	for (bud_openstory *inner; (inner = bud_openstory_find(&c->open, s->key, NULL)) != s;)
		close_story(c, inner, BUD_OUTCOME_UNSEEN);
}

/* Beginning, and finding what an event belongs to. */

static bud_openstory *open_story(bud_chronicle *c, const bud_event *e, bud_episode_kind kind)
{
	if (c->open.nr == BUD_OPENSTORY_MAX)
		close_story(c, bud_openstory_oldest(&c->open), BUD_OUTCOME_UNSEEN);
	return bud_openstory_begin(&c->open, e, kind, c->next_id++);
}

static bud_openstory *top_of(const bud_chronicle *c, const bud_event *e)
{
	return bud_openstory_find(&c->open, bud_openstory_key(e), NULL);
}

/* The task's latest story of that kind. */
static bud_openstory *find_kind(const bud_chronicle *c, const bud_event *e, bud_episode_kind kind)
{
	bud_openstory *s = top_of(c, e);
	while (s && s->episode.kind != kind)
		s = bud_openstory_find(&c->open, s->key, s);
	return s;
}

/* The task's latest story that is inside a part of that kind, now its latest of all. */
static bud_openstory *find_part(bud_chronicle *c, const bud_event *e, bud_episode_part_kind kind)
{
	bud_openstory *s = top_of(c, e);
	while (s && !(s->in_part && s->part_kind == kind))
		s = bud_openstory_find(&c->open, s->key, s);
	if (s)
		close_inner(c, s);
	return s;
}

static bool is_stale(const bud_chronicle *c, const bud_openstory *s, const bud_event *e)
{
	return !c->alloc_seen && !s->in_part && e->t_ns - s->last_ns > MAX_GAP_NS;
}

static bool is_same_request(const bud_openstory *s, int order, uint64_t gfp_flags)
{
	return s->guessed || (s->episode.order == order && s->episode.gfp_flags == gfp_flags);
}

static void learn_request(const bud_chronicle *c, bud_openstory *s, int order, uint64_t gfp_flags)
{
	s->guessed = false;
	s->episode.order = (int8_t)order;
	s->episode.gfp_flags = gfp_flags;
	s->episode.has_gfp = true;
	s->episode.migratetype = (uint8_t)bud_gfp_migratetype(bud_gfp_from_raw(&c->kernel->gfp, gfp_flags));
}

/* The story of the request that an event with order and flags is part of; a new one if there is none. */
static bud_openstory *request_of(bud_chronicle *c, const bud_event *e, uint64_t gfp_flags)
{
	bud_openstory *s = top_of(c, e);
	if (s && s->episode.kind == BUD_EPISODE_REQUEST && !s->in_part && is_same_request(s, e->order, gfp_flags) &&
	    !is_stale(c, s, e)) {
		if (s->guessed)
			learn_request(c, s, e->order, gfp_flags);
		return s;
	}
	if (s && s->episode.kind == BUD_EPISODE_REQUEST && is_stale(c, s, e))
		close_story(c, s, BUD_OUTCOME_UNSEEN);
	s = open_story(c, e, BUD_EPISODE_REQUEST);
	if (s)
		learn_request(c, s, e->order, gfp_flags);
	return s;
}

/* The first that is heard of where it asks. */
static void learn_node(bud_openstory *s, int32_t node)
{
	if (s->episode.node < 0)
		s->episode.node = node;
}

/* Events of requests. */

static void on_wakeup_kswapd(bud_chronicle *c, const bud_event *e)
{
	bool boost = !e->request.gfp_flags && !e->order;
	bud_zone_type highest = bud_kernel_zone_type(c->kernel, e->request.zid);
	bud_openstory *s = top_of(c, e);
	bud_awake_woken(&c->awake, e->request.nid);
	if (!boost || !s || s->in_part || s->episode.kind != BUD_EPISODE_REQUEST)
		s = request_of(c, e, e->request.gfp_flags);
	if (!s)
		return;
	if (boost && !s->nr_parts) {
		s->guessed = true;
		s->episode.has_gfp = false;
		s->episode.migratetype = BUD_MT_UNKNOWN;
	}
	if (!boost && s->highest == BUD_NR_ZONE_TYPES)
		s->highest = highest;
	learn_node(s, e->request.nid);
	bud_openstory_instant(&c->open, s, e, BUD_PART_WAKE, bud_whereabouts_below(c->memory, e->request.nid, highest));
}

static bud_episode_part_kind reclaim_part(const bud_event *e)
{
	if (e->kind == BUD_EV_DIRECT_BEGIN || e->kind == BUD_EV_DIRECT_END)
		return BUD_PART_DIRECT;
	return e->kind == BUD_EV_MEMCG_END ? BUD_PART_MEMCG_RECLAIM : BUD_PART_NODE_RECLAIM;
}

static void on_reclaim_begin(bud_chronicle *c, const bud_event *e)
{
	bud_episode_part_kind kind = reclaim_part(e);
	bud_openstory *s = top_of(c, e);
	/* Neither of the two can begin inside itself: its end was lost. */
	if (s && s->in_part && s->part_kind == kind && is_same_request(s, e->order, e->request.gfp_flags)) {
		s->in_part = false;
		s->episode.lossy = true;
	}
	s = request_of(c, e, e->request.gfp_flags);
	if (!s)
		return;
	bud_openstory_enter(&c->open, s, e, kind, -1);
	if (kind == BUD_PART_NODE_RECLAIM)
		learn_node(s, e->request.nid);
	s->episode.nr_direct += kind == BUD_PART_DIRECT;
}

static void on_reclaim_end(bud_chronicle *c, const bud_event *e)
{
	uint64_t dur;
	bud_openstory *s = find_part(c, e, reclaim_part(e));
	if (!s)
		return;
	bud_openstory_leave(s, e, &dur)->value = e->reclaim.nr_reclaimed;
	s->episode.direct_ns += dur;
	s->episode.reclaimed_pages += e->reclaim.nr_reclaimed;
	if (s->episode.kind == BUD_EPISODE_MEMCG)
		close_story(c, s, BUD_OUTCOME_OK);
}

/* Charging a request's pages to their memory cgroup comes before its end; charging user pages is nobody's request. */
static void on_memcg_begin(bud_chronicle *c, const bud_event *e)
{
	bud_openstory *s = top_of(c, e);
	if (s && s->episode.kind == BUD_EPISODE_MEMCG)
		close_story(c, s, BUD_OUTCOME_UNSEEN);
	s = top_of(c, e);
	if (!s || s->in_part || s->episode.kind != BUD_EPISODE_REQUEST) {
		s = open_story(c, e, BUD_EPISODE_MEMCG);
		if (s)
			learn_request(c, s, e->order, e->request.gfp_flags);
	}
	if (s)
		bud_openstory_enter(&c->open, s, e, BUD_PART_MEMCG_RECLAIM, -1);
}

static void on_compact_try(bud_chronicle *c, const bud_event *e)
{
	bud_openstory *s = request_of(c, e, e->request.gfp_flags);
	if (s)
		bud_openstory_instant(&c->open, s, e, BUD_PART_COMPACT_TRY, -1)->result = e->request.prio;
}

static bool is_kcompactd(const bud_chronicle *c, int32_t pid)
{
	const char *comm = bud_source_comm(c->source, pid);
	return comm && strncmp(comm, "kcompactd", 9) == 0;
}

static void on_compact_begin(bud_chronicle *c, const bud_event *e)
{
	int zone = bud_whereabouts_of_pfn(c->memory, e->compact.zone_start);
	bud_openstory *s = top_of(c, e);
	if (s && s->in_part && s->part_kind == BUD_PART_COMPACT) {
		s->in_part = false;
		s->episode.lossy = true;
	}
	if (!s || s->in_part || (s->episode.kind == BUD_EPISODE_KSWAPD)) {
		s = open_story(c, e, is_kcompactd(c, e->pid) ? BUD_EPISODE_KCOMPACTD : BUD_EPISODE_COMPACT);
		if (s) {
			s->episode.order = -1;
			s->episode.zone = (int16_t)zone;
		}
	}
	if (!s)
		return;
	learn_node(s, bud_whereabouts_node(c->memory, zone));
	bud_openstory_enter(&c->open, s, e, BUD_PART_COMPACT, zone);
	s->episode.nr_compact++;
}

static void on_compact_end(bud_chronicle *c, const bud_event *e)
{
	uint64_t dur;
	bud_openstory *s = find_part(c, e, BUD_PART_COMPACT);
	if (!s)
		return;
	bud_episode_part *part = bud_openstory_leave(s, e, &dur);
	part->result = e->compact.status;
	part->value = e->compact.sync != 0;
	s->episode.compact_ns += dur;
	if (s->episode.kind == BUD_EPISODE_COMPACT)
		close_story(c, s, BUD_OUTCOME_OK);
}

/* Something said of a story under way, whatever its kind. */
static bud_episode_part *remark(bud_chronicle *c, const bud_event *e, bud_episode_part_kind kind, int32_t node,
				int32_t zone_number)
{
	bud_openstory *s = top_of(c, e);
	/* Inside reclaim and compaction they are asked for every zone again and again. */
	if (!s || s->in_part || s->episode.kind == BUD_EPISODE_KSWAPD)
		return NULL;
	learn_node(s, node);
	return bud_openstory_instant(&c->open, s, e, kind,
				     bud_whereabouts_of_number(c->memory, c->kernel, node, zone_number));
}

static void on_unsuitable(bud_chronicle *c, const bud_event *e)
{
	bool refused =
		e->request.ret == BUD_EPISODE_COMPACT_UNSUITABLE || e->request.ret == BUD_EPISODE_COMPACT_SKIPPED;
	bud_episode_part *part = refused ? remark(c, e, BUD_PART_UNSUITABLE, e->request.nid, e->request.zid) : NULL;
	if (part)
		part->result = e->request.ret;
}

static void on_deferred(bud_chronicle *c, const bud_event *e)
{
	remark(c, e, BUD_PART_DEFERRED, e->request.nid, e->request.zid);
}

static void on_reclaim_retry(bud_chronicle *c, const bud_event *e)
{
	bud_episode_part *part = remark(c, e, BUD_PART_RECLAIM_RETRY, e->retry.node, e->retry.zone_idx);
	if (!part)
		return;
	part->result = e->retry.wmark_check;
	part->value = e->retry.available;
	top_of(c, e)->episode.nr_retries += e->retry.wmark_check != 0;
}

static void on_compact_retry(bud_chronicle *c, const bud_event *e)
{
	bud_openstory *s = top_of(c, e);
	if (!s || s->in_part)
		return;
	bud_openstory_instant(&c->open, s, e, BUD_PART_COMPACT_RETRY, -1)->result = e->compact_retry.ret;
	s->episode.nr_retries += e->compact_retry.ret != 0;
}

static void on_oom_victim(bud_chronicle *c, const bud_event *e)
{
	bud_openstory *s = find_kind(c, e, BUD_EPISODE_REQUEST);
	bool alone = !s || s->in_part;
	if (alone)
		s = open_story(c, e, BUD_EPISODE_REQUEST);
	if (!s)
		return;
	if (alone)
		s->episode.order = BUD_ORDER_INVALID;
	bud_openstory_instant(&c->open, s, e, BUD_PART_KILL, -1)->result = e->oom.pid;
	s->episode.victim_pid = e->oom.pid;
	/* Not for want of pages to a request that is under way: a memory cgroup's, or asked for by hand. */
	if (alone)
		close_story(c, s, BUD_OUTCOME_OOM);
}

/* The end of requests. */

static bool failed_to_charge(const bud_chronicle *c, const bud_event *e)
{
	bud_gfp gfp = bud_gfp_from_raw(&c->kernel->gfp, e->page.gfp_flags);
	if (!(gfp & BUD_GFP_ACCOUNT) || e->cpu >= c->nr_cpus)
		return false;
	const cpu_state *cpu = &c->cpus[e->cpu];
	return cpu->freed_order == e->order && cpu->freed_pid == e->pid;
}

static bud_episode_outcome outcome_of(const bud_chronicle *c, const bud_openstory *s, const bud_event *e)
{
	bool failed = e->page.pfn == BUD_PFN_NONE;
	if (s->episode.victim_pid)
		return failed ? BUD_OUTCOME_OOM_FAILED : BUD_OUTCOME_OOM;
	if (!failed)
		return BUD_OUTCOME_OK;
	return failed_to_charge(c, e) ? BUD_OUTCOME_CHARGE : BUD_OUTCOME_FAILED;
}

static void end_request(bud_chronicle *c, bud_openstory *s, const bud_event *e)
{
	close_inner(c, s);
	learn_request(c, s, e->order, e->page.gfp_flags);
	bud_migratetype type = bud_kernel_migratetype(c->kernel, e->page.migratetype);
	if (type != BUD_MT_UNKNOWN)
		s->episode.migratetype = (uint8_t)type;
	s->episode.pfn = e->page.pfn;
	s->episode.in_interrupt = e->page.context & BUD_CONTEXT_INTERRUPT;
	if (e->page.pfn != BUD_PFN_NONE)
		learn_node(s, bud_whereabouts_node(c->memory, bud_whereabouts_of_pfn(c->memory, e->page.pfn)));
	s->last_ns = e->t_ns;
	size_t at = close_story(c, s, outcome_of(c, s, e));
	if (c->sites && e->cpu < c->nr_cpus && at != SIZE_MAX) {
		c->cpus[e->cpu].ended = at;
		c->cpus[e->cpu].context = e->page.context;
	}
}

/* With vm.defrag_mode the kernel reclaims a pageblock for any request (6.15+): its events tell that order. */
static bool is_end_of(const bud_chronicle *c, const bud_openstory *s, const bud_event *e)
{
	if (s->episode.kind != BUD_EPISODE_REQUEST || (s->in_part && !s->episode.lossy))
		return false;
	return is_same_request(s, e->order, e->page.gfp_flags) ||
	       (s->episode.order == c->kernel->pageblock_order && e->order < s->episode.order &&
		s->episode.gfp_flags == e->page.gfp_flags);
}

/* Follows an allocation to the story it ends, if any. */
static void match_alloc(bud_chronicle *c, const bud_event *e)
{
	bool failed = e->page.pfn == BUD_PFN_NONE;
	bud_openstory *s = NULL;
	if (!failed && !bud_openstory_any(&c->open, bud_openstory_key(e)))
		return;
	for (s = top_of(c, e); s && !is_end_of(c, s, e);)
		s = bud_openstory_find(&c->open, s->key, s);
	if (s) {
		end_request(c, s, e);
	} else if (failed) {
		s = open_story(c, e, BUD_EPISODE_REQUEST);
		if (s)
			end_request(c, s, e);
	} else if ((s = top_of(c, e)) && s->episode.kind == BUD_EPISODE_REQUEST && !s->in_part &&
		   !(e->page.context & BUD_CONTEXT_INTERRUPT)) {
		if (++s->strays > MAX_STRAYS || s->episode.lossy)
			close_story(c, s, BUD_OUTCOME_UNSEEN);
	}
}

static void on_alloc(bud_chronicle *c, const bud_event *e)
{
	c->alloc_seen = true;
	match_alloc(c, e);
	if (e->cpu < c->nr_cpus)
		c->cpus[e->cpu].freed_order = BUD_ORDER_INVALID;
}

/* A page that was never handed out is freed by a request that could not charge it. */
static void on_free(bud_chronicle *c, const bud_event *e)
{
	const bud_zone_range *range = bud_memory_range_of(c->memory, e->page.pfn);
	bool never_used = range && bud_pageset_test(&range->zone->cached, e->page.pfn);
	if (e->cpu < c->nr_cpus) {
		c->cpus[e->cpu].freed_order = never_used ? e->order : BUD_ORDER_INVALID;
		c->cpus[e->cpu].freed_pid = e->pid;
	}
	/* What woke kswapd without flags was not on the way to a page. */
	bud_openstory *s = bud_openstory_any(&c->open, bud_openstory_key(e)) ? top_of(c, e) : NULL;
	if (s && s->guessed && !s->in_part && !(e->page.context & BUD_CONTEXT_INTERRUPT))
		close_story(c, s, BUD_OUTCOME_UNSEEN);
}

/* Runs of the kernel's own threads. */

static void on_kswapd_wake(bud_chronicle *c, const bud_event *e)
{
	bud_openstory *s = find_kind(c, e, BUD_EPISODE_KSWAPD);
	bud_awake_set(&c->awake, e->request.nid, true, e->t_ns);
	if (!s && (s = open_story(c, e, BUD_EPISODE_KSWAPD)))
		s->highest = bud_kernel_zone_type(c->kernel, e->request.zid);
	if (!s)
		return;
	if (s->highest == BUD_NR_ZONE_TYPES)
		s->highest = BUD_ZONE_MOVABLE;
	learn_node(s, e->request.nid);
	bud_openstory_instant(&c->open, s, e, BUD_PART_ROUND, -1)->result = e->order;
}

static void on_kcompactd_wake(bud_chronicle *c, const bud_event *e)
{
	bud_openstory *s = find_kind(c, e, BUD_EPISODE_KCOMPACTD);
	if (!s && (s = open_story(c, e, BUD_EPISODE_KCOMPACTD)))
		s->highest = bud_kernel_zone_type(c->kernel, e->request.zid);
	if (s)
		learn_node(s, e->request.nid);
}

static void on_sleep(bud_chronicle *c, const bud_event *e)
{
	bool is_kswapd = e->kind == BUD_EV_KSWAPD_SLEEP;
	bud_openstory *s = find_kind(c, e, is_kswapd ? BUD_EPISODE_KSWAPD : BUD_EPISODE_KCOMPACTD);
	if (is_kswapd)
		bud_awake_set(&c->awake, e->request.nid, false, e->t_ns);
	if (!s)
		return;
	close_inner(c, s);
	s->last_ns = e->t_ns;
	close_story(c, s, BUD_OUTCOME_OK);
}

static void on_lost(bud_chronicle *c, const bud_event *e)
{
	if (e->cpu < c->nr_cpus)
		c->cpus[e->cpu].freed_order = BUD_ORDER_INVALID;
	for (int i = 0; c->open.nr && i < BUD_OPENSTORY_BUCKETS; i++)
		for (bud_openstory *s = c->open.buckets[i]; s; s = s->next) {
			if (s->cpu != e->cpu)
				continue;
			s->episode.lossy = true;
			uint64_t last = s->last_ns;
			bud_openstory_instant(&c->open, s, e, BUD_PART_GAP, -1)->value = e->lost.count;
			s->last_ns = last;
		}
}

/* The stack of the request that ended with the CPU's last event, if next is it. */
static void note_stack(bud_chronicle *c, unsigned cpu, const bud_event *next)
{
	cpu_state *state = &c->cpus[cpu];
	bud_episode *ended = &c->list.episodes[state->ended];
	if (next && next->kind == BUD_EV_KERNEL_STACK && next->stack.nr && next->pid == ended->pid)
		ended->site = bud_site_of_stack(c->sites, next->stack.ip, next->stack.nr);
	else
		ended->site = bud_site_of_task(c->sites, ended->pid, state->context, ended->gfp_flags);
	state->ended = SIZE_MAX;
}

typedef void handler(bud_chronicle *c, const bud_event *e);

static handler *const handlers[BUD_NR_EVENT_KINDS] = {
	[BUD_EV_WAKEUP_KSWAPD] = on_wakeup_kswapd,
	[BUD_EV_DIRECT_BEGIN] = on_reclaim_begin,
	[BUD_EV_DIRECT_END] = on_reclaim_end,
	[BUD_EV_NODE_RECLAIM_BEGIN] = on_reclaim_begin,
	[BUD_EV_NODE_RECLAIM_END] = on_reclaim_end,
	[BUD_EV_MEMCG_BEGIN] = on_memcg_begin,
	[BUD_EV_MEMCG_END] = on_reclaim_end,
	[BUD_EV_COMPACT_TRY] = on_compact_try,
	[BUD_EV_COMPACT_BEGIN] = on_compact_begin,
	[BUD_EV_COMPACT_END] = on_compact_end,
	[BUD_EV_COMPACT_SUITABLE] = on_unsuitable,
	[BUD_EV_COMPACT_DEFERRED] = on_deferred,
	[BUD_EV_RECLAIM_RETRY] = on_reclaim_retry,
	[BUD_EV_COMPACT_RETRY] = on_compact_retry,
	[BUD_EV_OOM_VICTIM] = on_oom_victim,
	[BUD_EV_KSWAPD_WAKE] = on_kswapd_wake,
	[BUD_EV_KSWAPD_SLEEP] = on_sleep,
	[BUD_EV_KCOMPACTD_WAKE] = on_kcompactd_wake,
	[BUD_EV_KCOMPACTD_SLEEP] = on_sleep,
	[BUD_EV_ALLOC] = on_alloc,
	[BUD_EV_FREE] = on_free,
	[BUD_EV_LOST] = on_lost,
};

void bud_chronicle_event(void *self, const bud_event *event)
{
	bud_chronicle *c = self;
	handler *handle = handlers[event->kind];
	if (event->cpu < c->nr_cpus && c->cpus[event->cpu].ended != SIZE_MAX)
		note_stack(c, event->cpu, event);
	if (handle)
		handle(c, event);
}

void bud_chronicle_finish(bud_chronicle *chronicle)
{
	bud_chronicle *c = chronicle;
	for (unsigned cpu = 0; cpu < c->nr_cpus; cpu++)
		if (c->cpus[cpu].ended != SIZE_MAX)
			note_stack(c, cpu, NULL);
	for (bud_openstory *s; (s = bud_openstory_oldest(&c->open));)
		close_story(c, s, BUD_OUTCOME_UNFINISHED);
	bud_episode_list_sort(&c->list);
}

bud_status bud_chronicle_status(const bud_chronicle *chronicle, bud_error *err)
{
	return chronicle->open.out_of_memory ? bud_error_memory(err, "episodes") : BUD_OK;
}

const bud_episode_list *bud_chronicle_list(const bud_chronicle *chronicle)
{
	return &chronicle->list;
}
