/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every failed allocation of a trace, each explained by the replay as it
 * stood just before its event. A listener of the replay.
 *
 * A failure is an mm_page_alloc without a page. One that follows right after
 * the same task freed a block of that order on that CPU had got its pages,
 * and its memory cgroup refused them (__memcg_kmem_charge_page).
 *
 * Memory: at most BUD_FAILURES_MAX are kept; later ones are only counted.
 */
#ifndef BUD_INSIGHT_FAILURES_H
#define BUD_INSIGHT_FAILURES_H

#include "lib/base/table.h"
#include "lib/insight/explain.h"
#include "lib/insight/section.h"
#include "lib/replay/replay.h"

#define BUD_FAILURES_MAX 100000

typedef struct bud_failure {
	uint64_t number; /* 1 and up, of all failed allocations of the trace */
	uint64_t t_ns;
	int32_t pid;
	uint16_t cpu;
	bud_plea plea;
	bud_cause cause;
	bool unsure;
	unsigned alloc_flags;
	int decisive;			   /* among its answers; -1: none */
	uint32_t first_answer, nr_answers; /* in the store */
} bud_failure;

typedef struct bud_failures {
	bud_failure *failures; /* in order of time */
	size_t nr;
	bud_answer *answers;
	size_t nr_answers;
	uint64_t total; /* kept or not */
	uint64_t by_cause[BUD_NR_CAUSES];
} bud_failures;

static inline const bud_answer *bud_failures_answers(const bud_failures *failures, const bud_failure *failure)
{
	return failures->answers + failure->first_answer;
}

typedef struct bud_failure_log bud_failure_log;

/* filter: what is kept (order, command, pid, type, and what some zone of these could have served), and the zones that
 * are asked; NULL: all. settings: one for each snapshot, some perhaps empty;
 * boosts listen before. Everything given is borrowed and outlives the log. */
bud_status bud_failures_create(bud_failure_log **log, const bud_replay *replay, bud_source *source,
			       const bud_section_filter *filter, const bud_settings *settings, size_t nr_settings,
			       const bud_boosts *boosts, bud_error *err);
void bud_failures_destroy(bud_failure_log *log);
/* The listener; self is the bud_failure_log. Besides what the replay reads it is told of BUD_FAILURES_EVENTS. */
void bud_failures_event(void *self, const bud_event *event);
#define BUD_FAILURES_EVENTS                                                       \
	(BUD_EVENT_BIT(BUD_EV_OOM_VICTIM) | BUD_EVENT_BIT(BUD_EV_WAKEUP_KSWAPD) | \
	 BUD_EVENT_BIT(BUD_EV_COMPACT_FINISHED) | BUD_EVENT_BIT(BUD_EV_COMPACT_SUITABLE))
/* What it has so far. */
const bud_failures *bud_failures_list(const bud_failure_log *log);
/* The first error: out of memory. */
bud_status bud_failures_status(const bud_failure_log *log, bud_error *err);

/*
 * Section `explain`: a row for each zone that a failed request could have
 * used, and one without a zone where there is none. cause is that of the
 * zone, verdict that of the request; spare_pages what free exceeds the test
 * by (it needs more than 0).
 */
extern const bud_table bud_failures_table;
bud_status bud_failures_rows(const bud_failures *failures, const bud_failure *failure, bud_source *source,
			     const bud_kernel *kernel, bud_row_sink *sink, bud_error *err);

#endif
