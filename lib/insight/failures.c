/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/insight/failures.h"

#include <stdlib.h>
#include <string.h>

#define MAX_CPUS     4096
#define NR_PLACES    1024 /* tasks whose node is remembered, by pid */
#define NR_VICTIMS   64
#define IN_INTERRUPT (8 | 16) /* common_flags */

/* The last event of a CPU that gave or took a block. */
typedef struct last_event {
	bool is_free;
	int8_t order;
	int32_t pid;
} last_event;

/* Where a task last looked for memory, by the slow-path events of its request. */
typedef struct place {
	int32_t pid, node;
	int8_t order;
} place;

struct bud_failure_log {
	bud_failures list;
	size_t room, answers_room;
	const bud_replay *replay;
	bud_source *source;
	const bud_section_filter *filter;
	const bud_settings *settings;
	size_t nr_settings;
	const bud_boosts *boosts;
	last_event last[MAX_CPUS];
	place places[NR_PLACES];
	int32_t victims[NR_VICTIMS];
	unsigned nr_victims;
	bud_explanation explanation;
	bud_status status;
};

bud_status bud_failures_create(bud_failure_log **log, const bud_replay *replay, bud_source *source,
			       const bud_section_filter *filter, const bud_settings *settings, size_t nr_settings,
			       const bud_boosts *boosts, bud_error *err)
{
	*log = calloc(1, sizeof **log);
	if (!*log)
		return bud_error_memory(err, "failed allocations");
	(*log)->replay = replay;
	(*log)->source = source;
	(*log)->filter = filter;
	(*log)->settings = settings;
	(*log)->nr_settings = nr_settings;
	(*log)->boosts = boosts;
	return BUD_OK;
}

void bud_failures_destroy(bud_failure_log *log)
{
	if (!log)
		return;
	free(log->list.failures);
	free(log->list.answers);
	free(log);
}

const bud_failures *bud_failures_list(const bud_failure_log *log)
{
	return &log->list;
}

bud_status bud_failures_status(const bud_failure_log *log, bud_error *err)
{
	return log->status ? bud_error_memory(err, "failed allocations") : BUD_OK;
}

static bool is_victim(const bud_failure_log *log, int32_t pid)
{
	for (unsigned i = 0; i < NR_VICTIMS && i < log->nr_victims; i++)
		if (log->victims[i] == pid)
			return true;
	return false;
}

static int32_t lone_node(const bud_memory *memory)
{
	for (size_t i = 1; i < memory->nr_zones; i++)
		if (memory->zones[i].node != memory->zones[0].node)
			return -1;
	return memory->nr_zones ? memory->zones[0].node : -1;
}

static int32_t node_of(const bud_failure_log *log, const bud_event *event)
{
	const place *p = &log->places[(uint32_t)event->pid % NR_PLACES];
	int32_t lone = lone_node(bud_replay_memory(log->replay));
	return lone < 0 && p->pid == event->pid && p->order == event->order ? p->node : lone;
}

static bud_plea plea_of(const bud_failure_log *log, const bud_event *event)
{
	const bud_kernel *kernel = bud_replay_kernel(log->replay);
	const last_event *last = event->cpu < MAX_CPUS ? &log->last[event->cpu] : NULL;
	bud_gfp gfp = bud_gfp_from_raw(&kernel->gfp, event->page.gfp_flags);
	return (bud_plea){ .order = event->order,
			   .gfp_flags = event->page.gfp_flags,
			   .type = bud_kernel_migratetype(kernel, event->page.migratetype),
			   .node = node_of(log, event),
			   .interrupt = event->page.context & IN_INTERRUPT,
			   .oom_victim = is_victim(log, event->pid),
			   .limit = gfp & BUD_GFP_ACCOUNT && last && last->is_free && last->pid == event->pid &&
				    last->order == event->order,
			   .only = log->filter };
}

static bool wants(const bud_failure_log *log, const bud_event *event, const bud_plea *plea)
{
	const bud_section_filter *f = log->filter;
	if (!f)
		return true;
	const char *comm = f->comm ? bud_source_comm(log->source, event->pid) : NULL;
	return plea->order >= f->order_min && plea->order <= f->order_max && (f->pid < 0 || f->pid == event->pid) &&
	       (f->migratetype == BUD_MT_UNKNOWN || f->migratetype == plea->type) &&
	       (!f->comm || (comm && strcmp(comm, f->comm) == 0));
}

static bool make_room(bud_failure_log *log)
{
	bud_failures *list = &log->list;
	if (list->nr == log->room) {
		size_t room = log->room ? 2 * log->room : 64;
		bud_failure *failures = realloc(list->failures, room * sizeof *failures);
		if (!failures)
			return false;
		list->failures = failures;
		log->room = room;
	}
	if (log->answers_room - list->nr_answers < BUD_EXPLAIN_ZONES) {
		size_t room = 2 * log->answers_room + BUD_EXPLAIN_ZONES;
		bud_answer *answers = realloc(list->answers, room * sizeof *answers);
		if (!answers)
			return false;
		list->answers = answers;
		log->answers_room = room;
	}
	return true;
}

static bool asks_few(const bud_section_filter *filter)
{
	return filter && (filter->node >= 0 || filter->zone);
}

static void keep(bud_failure_log *log, const bud_event *event, const bud_plea *plea)
{
	bud_failures *list = &log->list;
	bud_explanation *e = &log->explanation;
	const bud_settings *settings = bud_explain_settings(log->settings, log->nr_settings, event->t_ns);
	log->status = bud_explain_memory(e, plea, bud_replay_memory(log->replay), bud_replay_kernel(log->replay),
					 settings, log->boosts, NULL);
	if (log->status || (asks_few(log->filter) && !e->nr_answers))
		return;
	list->by_cause[e->cause]++;
	if (list->nr == BUD_FAILURES_MAX)
		return;
	if (!make_room(log)) {
		log->status = BUD_ERR_MEMORY;
		return;
	}
	memcpy(list->answers + list->nr_answers, e->answers, e->nr_answers * sizeof *e->answers);
	list->failures[list->nr++] = (bud_failure){ .number = list->total,
						    .t_ns = event->t_ns,
						    .pid = event->pid,
						    .cpu = event->cpu,
						    .plea = *plea,
						    .cause = e->cause,
						    .unsure = e->unsure,
						    .alloc_flags = e->alloc_flags,
						    .decisive = e->decisive,
						    .first_answer = (uint32_t)list->nr_answers,
						    .nr_answers = (uint32_t)e->nr_answers };
	list->nr_answers += e->nr_answers;
}

static void note_alloc(bud_failure_log *log, const bud_event *event)
{
	place *p = &log->places[(uint32_t)event->pid % NR_PLACES];
	if (event->page.pfn == BUD_PFN_NONE && event->order >= 0 && event->order < BUD_NR_ORDERS) {
		bud_plea plea = plea_of(log, event);
		log->list.total++;
		if (wants(log, event, &plea))
			keep(log, event, &plea);
	}
	if (p->pid == event->pid)
		*p = (place){ .pid = -1 };
}

static void note_last(bud_failure_log *log, const bud_event *event, bool is_free)
{
	if (event->cpu < MAX_CPUS)
		log->last[event->cpu] = (last_event){ is_free, event->order, event->pid };
}

void bud_failures_event(void *self, const bud_event *event)
{
	bud_failure_log *log = self;
	if (log->status)
		return;
	switch (event->kind) {
	case BUD_EV_ALLOC:
		note_alloc(log, event);
		note_last(log, event, false);
		break;
	case BUD_EV_FREE:
		note_last(log, event, true);
		break;
	case BUD_EV_LOST:
		if (event->cpu < MAX_CPUS)
			log->last[event->cpu].is_free = false;
		break;
	case BUD_EV_OOM_VICTIM:
		log->victims[log->nr_victims++ % NR_VICTIMS] = event->oom.pid;
		break;
	case BUD_EV_WAKEUP_KSWAPD:
	case BUD_EV_COMPACT_FINISHED:
	case BUD_EV_COMPACT_SUITABLE:
		log->places[(uint32_t)event->pid % NR_PLACES] = (place){ event->pid, event->request.nid, event->order };
		break;
	default:
		break;
	}
}

/* ---- rows ---- */

static const char *const columns[] = { "number",	"t_ns",		 "comm",	  "pid",	"order",
				       "gfp_flags",	"migratetype",	 "verdict",	  "node",	"zone",
				       "cause",		"unsure",	 "free_pages",	  "held_pages", "level_pages",
				       "mark_pages",	"reserve_pages", "spare_pages",	  "blocks",	"usable_blocks",
				       "largest_order", "extfrag_milli", "unusable_milli" };

const bud_table bud_failures_table = { "explain", columns, sizeof columns / sizeof *columns };

static void answer_values(bud_value *row, const bud_answer *a)
{
	bool known = a->cause != BUD_CAUSE_UNKNOWN;
	bud_value none = bud_value_unknown();
	row[0] = bud_value_int(a->node);
	row[1] = bud_value_text(a->name);
	row[2] = bud_value_text(bud_cause_name(a->cause));
	row[3] = bud_value_bool(a->unsure || a->by_boost);
	row[4] = bud_value_uint(a->free);
	row[5] = a->free == BUD_UNKNOWN ? none : bud_value_uint(a->held);
	row[6] = bud_value_uint(a->level);
	row[7] = known ? bud_value_int(a->mark) : none;
	row[8] = known ? bud_value_uint(a->reserve) : none;
	row[9] = known ? bud_value_int(bud_explain_spare(a)) : none;
	row[10] = a->free == BUD_UNKNOWN ? none : bud_value_uint(a->blocks);
	row[11] = a->free == BUD_UNKNOWN ? none : bud_value_uint(a->usable);
	row[12] = a->free == BUD_UNKNOWN || a->largest < 0 ? none : bud_value_int(a->largest);
	row[13] = a->free == BUD_UNKNOWN ? none : bud_value_int(a->extfrag_milli);
	row[14] = a->free == BUD_UNKNOWN ? none : bud_value_int(a->unusable_milli);
}

bud_status bud_failures_rows(const bud_failures *failures, const bud_failure *failure, bud_source *source,
			     const bud_kernel *kernel, bud_row_sink *sink, bud_error *err)
{
	char gfp[BUD_GFP_TEXT];
	const bud_plea *plea = &failure->plea;
	const char *type = plea->type == BUD_MT_UNKNOWN ? NULL : bud_migratetype_name(plea->type);
	bud_value row[sizeof columns / sizeof *columns] = {
		bud_value_uint(failure->number),
		bud_value_uint(failure->t_ns),
		bud_value_text(bud_source_comm(source, failure->pid)),
		failure->pid < 0 ? bud_value_unknown() : bud_value_int(failure->pid),
		bud_value_int(plea->order),
		bud_value_text(bud_gfp_format(&kernel->gfp, plea->gfp_flags, gfp, sizeof gfp)),
		bud_value_text(type),
		bud_value_text(bud_cause_name(failure->cause)),
	};
	for (int i = 8; i < (int)(sizeof row / sizeof *row); i++)
		row[i] = bud_value_unknown();
	bud_status status = BUD_OK;
	for (uint32_t i = 0; !status && i < failure->nr_answers; i++) {
		answer_values(row + 8, &bud_failures_answers(failures, failure)[i]);
		status = sink->row(sink->self, row, err);
	}
	return failure->nr_answers ? status : sink->row(sink->self, row, err);
}
