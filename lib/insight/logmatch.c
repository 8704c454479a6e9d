/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/insight/logmatch.h"

#include <stdlib.h>

#define NEAR_NS 1000000000 /* log and trace are CLOCK_MONOTONIC or near it, where both count ns */

struct bud_logmatch {
	const bud_klog *klog;
	const bud_replay *replay;
	const bud_settings *settings;
	size_t nr_settings;
	const bud_boosts *boosts;
	bud_log_match *matches;
	uint64_t last_ns; /* of the event before */
	bud_status status;
};

void bud_logmatch_destroy(bud_logmatch *match)
{
	if (!match)
		return;
	for (size_t i = 0; match->matches && i < match->klog->nr_reports; i++)
		free(match->matches[i].zones);
	free(match->matches);
	free(match);
}

bud_status bud_logmatch_create(bud_logmatch **match, const bud_klog *klog, const bud_replay *replay,
			       const bud_settings *settings, size_t nr_settings, const bud_boosts *boosts,
			       bud_error *err)
{
	bud_logmatch *m = calloc(1, sizeof *m);
	bool enough = m && (m->matches = calloc(klog->nr_reports + 1, sizeof *m->matches));
	if (m)
		m->klog = klog;
	for (size_t i = 0; enough && i < klog->nr_reports; i++) {
		const bud_klog_report *report = &klog->reports[i];
		m->matches[i].report = report;
		m->matches[i].zones = calloc(report->nr_zones + 1, sizeof *m->matches[i].zones);
		enough = m->matches[i].zones != NULL;
		for (size_t k = 0; enough && k < report->nr_zones; k++)
			m->matches[i].zones[k] = (bud_zone_match){ .report = &report->zones[k], .error = UINT64_MAX };
	}
	if (!enough) {
		bud_logmatch_destroy(m);
		return bud_error_memory(err, "reports of the kernel log");
	}
	m->replay = replay;
	m->settings = settings;
	m->nr_settings = nr_settings;
	m->boosts = boosts;
	*match = m;
	return BUD_OK;
}

const bud_log_match *bud_logmatch_list(const bud_logmatch *match, size_t *nr)
{
	*nr = match->klog->nr_reports;
	return match->matches;
}

bud_status bud_logmatch_status(const bud_logmatch *match, bud_error *err)
{
	return match->status ? bud_error_memory(err, "reports of the kernel log") : BUD_OK;
}

bud_plea bud_logmatch_plea(const bud_klog_report *report)
{
	return (bud_plea){ .order = report->order < 0 ? 0 : report->order,
			   .gfp_flags = report->gfp_flags,
			   .type = BUD_MT_UNKNOWN,
			   .node = -1,
			   .limit = report->memcg };
}

/* ---- first pass ---- */

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

static bool belongs(const bud_klog_report *report, const bud_event *event)
{
	if (report->kind == BUD_KLOG_OOM)
		return event->kind == BUD_EV_OOM_VICTIM && event->oom.pid == report->victim_pid;
	return event->kind == BUD_EV_ALLOC && event->page.pfn == BUD_PFN_NONE && event->pid == report->pid &&
	       event->order == report->order && event->page.gfp_flags == report->gfp_flags;
}

void bud_logmatch_find(void *self, const bud_event *event)
{
	bud_logmatch *m = self;
	if (event->kind != BUD_EV_OOM_VICTIM && (event->kind != BUD_EV_ALLOC || event->page.pfn != BUD_PFN_NONE))
		return;
	for (size_t i = 0; i < m->klog->nr_reports; i++) {
		bud_log_match *match = &m->matches[i];
		uint64_t end = match->report->t_end_ns;
		if (end == BUD_TIME_NONE || !belongs(match->report, event) || distance(event->t_ns, end) > NEAR_NS)
			continue;
		if (match->found && distance(event->t_ns, end) >= distance(match->t_ns, end))
			continue;
		match->found = true;
		match->t_ns = event->t_ns;
		match->offset_ns = (int64_t)(event->t_ns - end);
	}
}

/* A failure's event comes when its report is long printed; a victim's is at the very line. */
static const bud_log_match *nearest_victim(const bud_logmatch *m, const bud_log_match *to)
{
	const bud_log_match *best = NULL;
	for (size_t i = 0; i < m->klog->nr_reports; i++) {
		const bud_log_match *other = &m->matches[i];
		if (!other->found || other->report->kind != BUD_KLOG_OOM)
			continue;
		if (!best ||
		    distance(other->report->t_ns, to->report->t_ns) < distance(best->report->t_ns, to->report->t_ns))
			best = other;
	}
	return best;
}

bool bud_logmatch_settle(bud_logmatch *match)
{
	bool any = false;
	for (size_t i = 0; i < match->klog->nr_reports; i++) {
		bud_log_match *one = &match->matches[i];
		const bud_log_match *victim = nearest_victim(match, one);
		if (one->found && one->report->kind == BUD_KLOG_FAILURE && victim)
			one->offset_ns = victim->offset_ns;
		any = any || one->found;
	}
	match->last_ns = 0;
	return any;
}

/* ---- second pass ---- */

static const bud_zone *zone_of(const bud_logmatch *m, const bud_klog_zone *zone)
{
	return bud_memory_find(bud_replay_memory(m->replay), zone->node, zone->name);
}

static void compare_zone(const bud_logmatch *m, bud_zone_match *match, uint64_t t_ns)
{
	const bud_zone *zone = zone_of(m, match->report);
	uint64_t error = 0;
	if (!zone || !zone->seeded || match->equal)
		return;
	for (int k = 0; k < (int)match->report->nr_orders; k++)
		error += distance(bud_buddy_blocks(&zone->buddy, k), match->report->nr_free[k]) << k;
	match->compared = true;
	if (error >= match->error)
		return;
	match->error = error;
	match->equal = error == 0;
	match->t_ns = t_ns;
	match->uncertain = bud_zone_uncertain_pages(zone, NULL);
	match->boost = m->boosts ? bud_boosts_of(m->boosts, zone) : BUD_UNKNOWN;
	for (int k = 0; k < (int)match->report->nr_orders; k++)
		match->model[k] = bud_buddy_blocks(&zone->buddy, k);
}

static void explain_now(bud_logmatch *m, bud_log_match *match, uint64_t t_ns)
{
	bud_plea plea = bud_logmatch_plea(match->report);
	const bud_settings *settings = bud_explain_settings(m->settings, m->nr_settings, t_ns);
	bud_status status = bud_explain_memory(&match->explanation, &plea, bud_replay_memory(m->replay),
					       bud_replay_kernel(m->replay), settings, m->boosts, NULL);
	m->status = m->status ? m->status : status;
	match->explained = true;
}

/* The state now is that of [last event, this event). */
static void compare_report(bud_logmatch *m, bud_log_match *match, const bud_event *event)
{
	for (size_t i = 0; i < match->report->nr_zones; i++) {
		const bud_klog_zone *zone = &match->report->zones[i];
		if (!zone->nr_orders || zone->t_ns == BUD_TIME_NONE || zone->t_before_ns == BUD_TIME_NONE)
			continue;
		uint64_t begin = zone->t_before_ns + (uint64_t)match->offset_ns - BUD_LOGMATCH_SLACK_NS;
		uint64_t end = zone->t_ns + (uint64_t)match->offset_ns + BUD_LOGMATCH_SLACK_NS;
		if (event->t_ns <= begin || m->last_ns > end)
			continue;
		if (!match->explained)
			explain_now(m, match, m->last_ns);
		compare_zone(m, &match->zones[i], m->last_ns);
	}
}

void bud_logmatch_compare(void *self, const bud_event *event)
{
	bud_logmatch *m = self;
	for (size_t i = 0; i < m->klog->nr_reports; i++) {
		bud_log_match *match = &m->matches[i];
		if (match->found && distance(event->t_ns, match->t_ns) < NEAR_NS)
			compare_report(m, match, event);
	}
	m->last_ns = event->t_ns;
}
