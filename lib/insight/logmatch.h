/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reports of the kernel log beside the trace: the event that each belongs
 * to, and the replay's free lists beside those the report prints.
 *
 * The log's clock is not the trace's. What ties them is an event: the
 * victim's mark_victim, just before "Killed process" is printed
 * (__oom_kill_process), or the mm_page_alloc that failed, just after its
 * report. Each zone's blocks are counted under the zone's lock between two
 * lines of the report (show_free_areas), so the replay agrees if it had the
 * same counts at some moment between them.
 */
#ifndef BUD_INSIGHT_LOGMATCH_H
#define BUD_INSIGHT_LOGMATCH_H

#include "lib/insight/explain.h"
#include "lib/replay/replay.h"

#define BUD_LOGMATCH_SLACK_NS 100000 /* the log's clock is read a little late, and rounded */

/* One zone of a report beside the replay, at the moment of its best agreement. */
typedef struct bud_zone_match {
	const bud_klog_zone *report;
	bool compared; /* the replay knew the zone then */
	bool equal;    /* in every order */
	uint64_t t_ns;
	uint64_t model[BUD_NR_ORDERS];
	uint64_t uncertain; /* pages the replay claims */
	uint64_t boost;	    /* by the events */
	uint64_t error;	    /* sum over orders of |difference| in pages */
} bud_zone_match;

typedef struct bud_log_match {
	const bud_klog_report *report;
	bool found;	       /* an event of the trace belongs to it */
	uint64_t t_ns;	       /* of that event */
	int64_t offset_ns;     /* trace time less log time */
	bud_zone_match *zones; /* as many as the report has */
	bool explained;	       /* by the replay, as it stood when the report began to list memory */
	bud_explanation explanation;
} bud_log_match;

typedef struct bud_logmatch bud_logmatch;

/* Everything given is borrowed and outlives it; boosts listen before, in the second pass. */
bud_status bud_logmatch_create(bud_logmatch **match, const bud_klog *klog, const bud_replay *replay,
			       const bud_settings *settings, size_t nr_settings, const bud_boosts *boosts,
			       bud_error *err);
void bud_logmatch_destroy(bud_logmatch *match);

/* First pass, a listener: finds the events. Needs BUD_EV_OOM_VICTIM besides what the replay reads. */
void bud_logmatch_find(void *self, const bud_event *event);
/* Between the passes: which clock goes with which. False if no report has an event: a second pass tells nothing. */
bool bud_logmatch_settle(bud_logmatch *match);
/* Second pass, a listener: compares. */
void bud_logmatch_compare(void *self, const bud_event *event);
/* After the second pass; the first error. */
bud_status bud_logmatch_status(const bud_logmatch *match, bud_error *err);

/* One for each report of the log, in its order. */
const bud_log_match *bud_logmatch_list(const bud_logmatch *match, size_t *nr);

/* What the report's request asked for. */
bud_plea bud_logmatch_plea(const bud_klog_report *report);

#endif
