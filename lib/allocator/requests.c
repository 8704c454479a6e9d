/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/allocator/requests.h"

#include <string.h>

#include "lib/allocator/lessons.h"
#include "lib/allocator/request.h"

#define ORDER_LIMIT 24 /* the largest order any event may carry: a gigantic folio is freed as one */
#define IN_HARDIRQ  8  /* of bud_event.page.context */
#define IN_SOFTIRQ  16

bud_status bud_requests_init(bud_requests *requests, const bud_memory *memory, const bud_kernel *kernel,
			     const bud_gfp_table *gfp, const bud_source *source, const bud_lessons *known,
			     bud_lessons *learning, bud_error *err)
{
	*requests = (bud_requests){
		.memory = memory, .kernel = kernel, .gfp = gfp, .source = source, .known = known, .learning = learning
	};
	bud_pfn end = memory->nr_ranges ? memory->ranges[memory->nr_ranges - 1].end : 0;
	return bud_pagemap_init(&requests->notes, end, sizeof(bud_page_note), err);
}

void bud_requests_fini(bud_requests *requests)
{
	bud_pagemap_fini(&requests->notes);
}

static void put(bud_requests *r, const bud_event *e, bud_op_kind kind, bud_pfn pfn, int order, bud_op op)
{
	op.t_ns = e->t_ns;
	op.began_ns = op.began_ns ? op.began_ns : e->t_ns;
	op.pfn = pfn;
	op.seq = r->seq;
	op.cpu = e->cpu;
	op.kind = (uint8_t)kind;
	op.order = (uint8_t)order;
	if (r->sink)
		r->sink(r->self, &op);
}

/* Tasks */

static uint32_t slot_of(int32_t pid)
{
	return (uint32_t)pid * 2654435761u >> 24;
}

static bud_request_task *find_task(bud_requests *r, int32_t pid)
{
	for (uint32_t i = 0, slot = slot_of(pid); i < 8; i++) {
		bud_request_task *task = &r->tasks[(slot + i) % BUD_REQUEST_TASKS];
		if (task->pid == pid)
			return task;
	}
	return NULL;
}

static bool is_called(const bud_requests *r, int32_t pid, const char *prefix)
{
	const char *comm = r->source ? bud_source_comm(r->source, pid) : NULL;
	return comm && strncmp(comm, prefix, strlen(prefix)) == 0;
}

/* The task, remembered from now on; NULL where there is no room. */
static bud_request_task *make_task(bud_requests *r, int32_t pid)
{
	bud_request_task *task = pid ? find_task(r, pid) : NULL;
	if (task || !pid)
		return task;
	for (uint32_t i = 0, slot = slot_of(pid); i < 8; i++) {
		task = &r->tasks[(slot + i) % BUD_REQUEST_TASKS];
		if (task->kswapd || task->kcompactd || task->reclaiming || task->compacting || task->trying ||
		    (task->pid && task->node >= 0))
			continue;
		*task = (bud_request_task){ .pid = pid, .node = -1, .home = -1 };
		return task;
	}
	r->crowded++;
	return NULL;
}

/* Kernel threads known by name at the first sight of them, also before any event of theirs tells. */
static const bud_request_task *task_that_frees(bud_requests *r, const bud_event *e)
{
	if (e->page.context & (IN_HARDIRQ | IN_SOFTIRQ))
		return NULL;
	return find_task(r, e->pid);
}

static void note_daemons(bud_requests *r)
{
	/* Names are told by pid; the daemons of a machine have small ones. */
	for (int32_t pid = 1; pid < 4096; pid++) {
		bool kswapd = is_called(r, pid, "kswapd"), kcompactd = is_called(r, pid, "kcompactd");
		bud_request_task *task = kswapd || kcompactd ? make_task(r, pid) : NULL;
		if (task) {
			task->kswapd = kswapd;
			task->kcompactd = kcompactd;
		}
	}
}

/* Pages */

static bud_page_note *note_of(bud_requests *r, bud_pfn pfn)
{
	bud_page_note *note = bud_pagemap_make(&r->notes, pfn, sizeof(bud_page_note));
	r->out_of_memory |= !note && pfn < r->notes.nr_chunks << BUD_PAGEMAP_SHIFT;
	return note;
}

static bool is_memory(const bud_requests *r, const bud_event *e, bud_pfn pfn)
{
	return e->order >= 0 && e->order <= ORDER_LIMIT && bud_memory_range_of(r->memory, pfn);
}

static uint8_t state_of(const bud_requests *r, bud_pfn pfn)
{
	const bud_page_note *note = bud_pagemap_find(&r->notes, pfn, sizeof(bud_page_note));
	return note ? note->state : BUD_NOTE_UNSEEN;
}

static void note_pages(bud_requests *r, const bud_event *e, bud_pfn pfn, uint8_t state, unsigned class)
{
	for (bud_pfn p = pfn; p < pfn + ((bud_pfn)1 << e->order); p++) {
		bud_page_note *note = note_of(r, p);
		if (note)
			*note = (bud_page_note){ r->seq, state, (uint8_t) class, e->cpu };
	}
}

static bud_migratetype type_of(const bud_requests *r, const bud_event *e)
{
	return bud_kernel_migratetype(r->kernel, e->page.migratetype);
}

/* The page this event took away was wanted by a request of which there is no event. */
static void put_hidden(bud_requests *r, const bud_event *e, bud_pfn pfn)
{
	const bud_lessons *known = r->known;
	while (known && r->next_hidden < known->nr_hidden && known->hidden[r->next_hidden] < r->seq)
		r->next_hidden++;
	if (!known || r->next_hidden == known->nr_hidden || known->hidden[r->next_hidden] != r->seq)
		return;
	bud_gfp gfp = BUD_GFP_KERNEL;
	bud_migratetype type = BUD_MT_UNMOVABLE;
	if (e->kind == BUD_EV_ZONE_LOCKED)
		type = type_of(r, e);
	else if (e->kind == BUD_EV_EXTFRAG)
		type = bud_kernel_migratetype(r->kernel, e->extfrag.alloc_migratetype);
	gfp |= type == BUD_MT_MOVABLE ? BUD_GFP_MOVABLE : type == BUD_MT_RECLAIMABLE ? BUD_GFP_RECLAIMABLE : 0;
	put(r, e, BUD_OP_ALLOC, pfn, 0, (bud_op){ .gfp = gfp, .node = -1 });
	bud_page_note *note = note_of(r, pfn);
	if (note)
		note->state = BUD_NOTE_OUT;
}

static void feed_taken(bud_requests *r, const bud_event *e, bud_pfn pfn)
{
	note_pages(r, e, pfn, BUD_NOTE_CACHED, 0);
	if (e->order == 0)
		put_hidden(r, e, pfn);
}

static void vote(bud_requests *r, const bud_event *e, bud_gfp gfp, int node)
{
	if (e->cpu < BUD_LESSON_CPUS && e->order == 0 && !(gfp & BUD_GFP_THISNODE) && node >= 0 && node < BUD_MAX_NODES)
		r->learning->votes[e->cpu][node]++;
}

static bool failed_to_charge(const bud_requests *r, const bud_event *e, bud_gfp gfp)
{
	const bud_request_free *last = &r->freed[e->cpu % BUD_REQUEST_CPUS];
	return gfp & BUD_GFP_ACCOUNT && last->is && last->cpu == e->cpu && last->pid == e->pid &&
	       last->order == e->order;
}

static bool is_victim(const bud_requests *r, int32_t pid, uint64_t t_ns)
{
	unsigned nr = r->nr_victims < BUD_REQUEST_VICTIMS ? r->nr_victims : BUD_REQUEST_VICTIMS;
	for (unsigned i = 0; i < nr; i++)
		if (r->victims[i].pid == pid && r->victims[i].t_ns < t_ns)
			return true;
	return false;
}

static void feed_victim(bud_requests *r, const bud_event *e)
{
	bud_lessons *l = r->learning;
	unsigned i = r->nr_victims++ % BUD_REQUEST_VICTIMS;
	r->victims[i].pid = e->oom.pid;
	r->victims[i].t_ns = e->t_ns;
	r->victim_seq = r->seq;
	if (l && l->nr_victims < BUD_LESSON_VICTIMS)
		l->victims[l->nr_victims++] = e->oom.pid;
	put(r, e, BUD_OP_VICTIM, BUD_PFN_NONE, 0, (bud_op){ .pid = e->oom.pid, .node = -1 });
}

static void begin_slow(bud_request_task *task, uint64_t t_ns)
{
	task->began_ns = task->began_ns ? task->began_ns : t_ns;
}

/* The request goes on after it has woken kswapd. */
static void end_pause(bud_request_task *task, uint64_t t_ns)
{
	if (task->woke_ns && !task->pause_ns)
		task->pause_ns = t_ns - task->woke_ns;
	task->woke_ns = 0;
}

static void feed_alloc(bud_requests *r, const bud_event *e)
{
	bud_gfp gfp = bud_gfp_from_raw(r->gfp, e->page.gfp_flags);
	bud_op op = { .gfp = gfp, .pid = e->pid, .node = -1 };
	if (e->page.context & (IN_HARDIRQ | IN_SOFTIRQ))
		op.task |= e->page.context & IN_HARDIRQ ? BUD_TASK_INTERRUPT : BUD_TASK_INTERRUPT | BUD_TASK_SOFTIRQ;
	bud_request_task *task = find_task(r, e->pid);
	if (task && (task->kswapd || task->reclaiming) && !op.task)
		op.task |= BUD_TASK_MEMALLOC;
	if (task && task->pid && (gfp & BUD_GFP_THISNODE))
		op.node = task->node;
	if (task && task->pid && !op.task) {
		end_pause(task, e->t_ns);
		op.began_ns = task->began_ns;
		op.pause_ns = task->pause_ns;
		task->trying = 0;
		task->node = -1;
		task->began_ns = task->pause_ns = 0;
	}
	if (is_victim(r, e->pid, op.began_ns ? op.began_ns : e->t_ns))
		op.task |= BUD_TASK_OOM_VICTIM | BUD_TASK_FATAL;
	if (e->page.pfn == BUD_PFN_NONE) {
		op.task |= failed_to_charge(r, e, gfp) ? BUD_TASK_MEMCG_FULL : 0;
		if (e->order >= 0 && e->order <= ORDER_LIMIT)
			put(r, e, BUD_OP_FAILED, BUD_PFN_NONE, e->order, op);
		return;
	}
	const bud_zone_range *range = bud_memory_range_of(r->memory, e->page.pfn);
	if (!is_memory(r, e, e->page.pfn))
		return;
	unsigned class = 0;
	if (gfp & BUD_GFP_THISNODE)
		op.node = (int16_t)range->zone->node;
	if (r->learning) {
		vote(r, e, gfp, range->zone->node);
		class = bud_lessons_class(r->learning, gfp);
		r->learning->classes[class].pages += (uint64_t)1 << e->order;
		if (state_of(r, e->page.pfn) == BUD_NOTE_UNSEEN)
			bud_lessons_add(r->learning, &r->learning->cached, e->page.pfn, e->order, e->cpu,
					type_of(r, e));
	}
	note_pages(r, e, e->page.pfn, BUD_NOTE_OUT, class);
	put(r, e, BUD_OP_ALLOC, e->page.pfn, e->order, op);
}

static void learn_free(bud_requests *r, const bud_event *e, bud_op_kind kind, const bud_request_task *kswapd)
{
	bud_lessons *lessons = r->learning;
	const bud_page_note *note = bud_pagemap_find(&r->notes, e->page.pfn, sizeof(bud_page_note));
	uint8_t state = note ? note->state : BUD_NOTE_UNSEEN;
	uint64_t pages = (uint64_t)1 << e->order;
	if (kind == BUD_OP_RECLAIM) {
		lessons->classes[state == BUD_NOTE_OUT ? note->class : 0].reclaimed += pages;
		if (state == BUD_NOTE_OUT && note->seq > r->victim_seq)
			lessons->out_of_memory |= !bud_pageset_set(&lessons->taken, note->seq);
		bool swap = state == BUD_NOTE_OUT && bud_lessons_is_anonymous(lessons->classes[note->class].gfp);
		if (kswapd)
			bud_lessons_kswapd_frees(lessons, kswapd->home, e->t_ns, pages, swap);
		else
			lessons->direct_pages += pages;
	}
	if (state == BUD_NOTE_OUT && kind == BUD_OP_FREE && is_victim(r, e->pid, e->t_ns))
		lessons->out_of_memory |= !bud_pageset_set(&lessons->estates, note->seq);
	if (state == BUD_NOTE_UNSEEN && kind == BUD_OP_RECLAIM && !lessons->nr_victims)
		bud_lessons_add(lessons, &lessons->reclaimable, e->page.pfn, e->order, e->cpu, BUD_MT_UNKNOWN);
	if (state == BUD_NOTE_UNSEEN && kind == BUD_OP_MOVE)
		bud_lessons_add(lessons, &lessons->movable, e->page.pfn, e->order, e->cpu, BUD_MT_UNKNOWN);
	if (state == BUD_NOTE_CACHED && kind == BUD_OP_FREE && e->order == 0)
		bud_lessons_hide(lessons, note->seq);
}

static void feed_free(bud_requests *r, const bud_event *e)
{
	if (!is_memory(r, e, e->page.pfn))
		return;
	const bud_request_task *task = task_that_frees(r, e);
	bool moves = task && task->compacting;
	bool kswapd = task && task->kswapd &&
		      (task->home < 0 || task->home == bud_memory_range_of(r->memory, e->page.pfn)->zone->node);
	bud_op_kind kind = moves ? BUD_OP_MOVE : kswapd || (task && task->reclaiming) ? BUD_OP_RECLAIM : BUD_OP_FREE;
	if (r->learning)
		learn_free(r, e, kind, kswapd ? task : NULL);
	put(r, e, kind, e->page.pfn, e->order, (bud_op){ .pid = e->pid, .node = -1 });
	bool cached = bud_kernel_pcp_order(r->kernel, e->order);
	note_pages(r, e, e->page.pfn, cached ? BUD_NOTE_CACHED : BUD_NOTE_FREE, 0);
	if (cached && e->order == 0)
		put_hidden(r, e, e->page.pfn);
}

static void feed_drain(bud_requests *r, const bud_event *e)
{
	if (r->learning && state_of(r, e->page.pfn) == BUD_NOTE_UNSEEN)
		bud_lessons_add(r->learning, &r->learning->drained, e->page.pfn, e->order, e->cpu, type_of(r, e));
	note_pages(r, e, e->page.pfn, BUD_NOTE_FREE, 0);
}

static void feed_page(bud_requests *r, const bud_event *e)
{
	if (!r->seq)
		note_daemons(r);
	if (r->seq < UINT32_MAX)
		r->seq++;
	switch (e->kind) {
	case BUD_EV_ALLOC:
		feed_alloc(r, e);
		r->freed[e->cpu % BUD_REQUEST_CPUS].is = false;
		break;
	case BUD_EV_FREE:
		r->freed[e->cpu % BUD_REQUEST_CPUS] =
			(bud_request_free){ state_of(r, e->page.pfn) == BUD_NOTE_CACHED, e->order, e->cpu, e->pid };
		feed_free(r, e);
		break;
	case BUD_EV_ZONE_LOCKED:
		if (e->page.pfn != BUD_PFN_NONE && is_memory(r, e, e->page.pfn))
			feed_taken(r, e, e->page.pfn);
		break;
	case BUD_EV_PCPU_DRAIN:
		if (is_memory(r, e, e->page.pfn))
			feed_drain(r, e);
		break;
	default:
		if (r->kernel->extfrag_removes && is_memory(r, e, e->extfrag.pfn))
			feed_taken(r, e, e->extfrag.pfn);
		break;
	}
}

static void learn_compaction(bud_lessons *lessons, bud_request_task *task, const bud_event *e)
{
	bool begins = e->kind == BUD_EV_COMPACT_BEGIN;
	if (!begins && task->trying && task->compacting_ns)
		lessons->compaction_ns += e->t_ns - task->compacting_ns;
	if (!begins && task->kcompactd && task->compacting_ns)
		lessons->kcompactd_ns += e->t_ns - task->compacting_ns;
	task->compacting_ns = begins ? e->t_ns : 0;
}

/* kcompactd begins to work, or goes to sleep having found nothing to do: its timer has run out. */
static void tell_timer(bud_requests *r, bud_request_task *task, const bud_event *e, int32_t nid)
{
	bool sleeps = e->kind == BUD_EV_KCOMPACTD_SLEEP;
	if (nid >= 0 && nid < BUD_MAX_NODES && !task->woken) {
		if (r->learning)
			r->learning->timers |= (uint64_t)1 << nid;
		put(r, e, BUD_OP_TIMER, BUD_PFN_NONE, 0, (bud_op){ .pid = e->pid, .node = (int16_t)nid });
	}
	task->woken = !sleeps;
}

static void feed_compaction(bud_requests *r, const bud_event *e)
{
	bud_request_task *task = make_task(r, e->pid);
	if (!task)
		return;
	task->compacting = e->kind == BUD_EV_COMPACT_BEGIN;
	const bud_zone_range *range = bud_memory_range_of(r->memory, e->compact.zone_start);
	if (task->compacting && task->kcompactd && range)
		tell_timer(r, task, e, range->zone->node);
	if (r->learning)
		learn_compaction(r->learning, task, e);
	if (task->compacting && !task->trying && !task->kcompactd)
		put(r, e, BUD_OP_COMPACT, e->compact.zone_start, 0, (bud_op){ .pid = e->pid, .node = -1 });
}

/* How long kswapd takes from being woken to its work. */
static void learn_wake(bud_lessons *lessons, const bud_event *e)
{
	if (e->request.nid < 0 || e->request.nid >= BUD_MAX_NODES)
		return;
	uint64_t *woken = &lessons->woken_ns[e->request.nid];
	if (e->kind == BUD_EV_KSWAPD_WAKE && *woken) {
		lessons->wake_ns += e->t_ns - *woken;
		lessons->wakes++;
	}
	*woken = e->kind == BUD_EV_WAKEUP_KSWAPD ? e->t_ns : 0;
}

/* kswapd or kcompactd begins to work, or goes to sleep. */
static void feed_daemon(bud_requests *r, bud_request_task *task, const bud_event *e)
{
	bool kswapd = e->kind == BUD_EV_KSWAPD_WAKE || e->kind == BUD_EV_KSWAPD_SLEEP;
	if (r->learning)
		bud_lessons_daemon(r->learning, e->cpu, e->request.nid);
	if (r->learning && e->kind == BUD_EV_KSWAPD_WAKE)
		bud_lessons_kswapd_begins(r->learning, e->request.nid, e->cpu, e->t_ns);
	if (kswapd) {
		task->kswapd = 1;
		task->home = (int16_t)e->request.nid;
		return;
	}
	task->kcompactd = 1;
	if (e->kind == BUD_EV_KCOMPACTD_SLEEP)
		tell_timer(r, task, e, e->request.nid);
	else
		task->woken = 1;
}

static void feed_task(bud_requests *r, const bud_event *e)
{
	bud_request_task *task = make_task(r, e->pid);
	if (r->learning && (e->kind == BUD_EV_KSWAPD_WAKE || e->kind == BUD_EV_WAKEUP_KSWAPD))
		learn_wake(r->learning, e);
	if (!task)
		return;
	switch (e->kind) {
	case BUD_EV_MIGRATEPAGES:
		if (r->learning && task->kcompactd)
			r->learning->kcompactd_pages += e->migrate.nr_migrated;
		else if (r->learning && task->trying)
			r->learning->compacted += e->migrate.nr_migrated;
		break;
	case BUD_EV_COMPACT_TRY:
		begin_slow(task, e->t_ns);
		end_pause(task, e->t_ns);
		task->trying = 1;
		break;
	case BUD_EV_COMPACT_SUITABLE:
	case BUD_EV_COMPACT_FINISHED:
	case BUD_EV_WAKEUP_KSWAPD:
		if (e->kind == BUD_EV_WAKEUP_KSWAPD) {
			begin_slow(task, e->t_ns);
			task->woke_ns = e->t_ns;
		}
		task->node = e->request.nid >= 0 && e->request.nid < BUD_MAX_NODES ? (int16_t)e->request.nid : -1;
		break;
	case BUD_EV_KSWAPD_WAKE:
	case BUD_EV_KSWAPD_SLEEP:
	case BUD_EV_KCOMPACTD_WAKE:
	case BUD_EV_KCOMPACTD_SLEEP:
		feed_daemon(r, task, e);
		break;
	case BUD_EV_DIRECT_BEGIN:
	case BUD_EV_NODE_RECLAIM_BEGIN:
		begin_slow(task, e->t_ns);
		end_pause(task, e->t_ns);
		task->reclaiming = 1;
		task->reclaiming_ns = e->t_ns;
		break;
	default:
		if (r->learning && e->kind == BUD_EV_DIRECT_END && task->reclaiming)
			bud_lessons_direct(r->learning, e->reclaim.nr_reclaimed, e->t_ns - task->reclaiming_ns);
		task->reclaiming = 0;
		break;
	}
}

void bud_requests_feed(bud_requests *requests, const bud_event *event)
{
	bud_requests *r = requests;
	if (BUD_EVENT_BIT(event->kind) & BUD_EVENT_PAGES)
		feed_page(r, event);
	else if (event->kind == BUD_EV_COMPACT_BEGIN || event->kind == BUD_EV_COMPACT_END)
		feed_compaction(r, event);
	else if (event->kind == BUD_EV_OOM_VICTIM)
		feed_victim(r, event);
	else if (BUD_EVENT_BIT(event->kind) & BUD_REQUESTS_EVENTS)
		feed_task(r, event);
}
