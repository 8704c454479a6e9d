/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The part of the audit that is about zones and marks, asked of the replayed
 * machine (auditview.h):
 *
 *   slowpath     no zone of the request's list passes at LOW, exactly where
 *                the request goes into the slow path. It does when it wakes
 *                kswapd (asked then), reclaims, compacts or retries; it did
 *                not when it returns with none of these while a kswapd it
 *                would have woken sleeps
 *   kswapd_wake  kswapd is woken (wakeup_kswapd), and is not where a sleeping
 *                one is let sleep by a request that goes on to reclaim
 *   zone         which zone serves a request that took the fast path
 *   outcome      a request in the slow path gets a block exactly if some
 *                zone passes with the slow path's flags
 *   compaction   what compaction finds a zone fit for (compaction_suitable)
 *
 * Not decidable: what lies between the machine as badly off as it may have
 * been and as well; requests of tasks that reclaim or compact themselves,
 * and of interrupts, whose events mix with those of the task they interrupt;
 * requests that may have passed the slow path without an event, as kswapd
 * was awake; a charge to a memory cgroup that failed.
 */
#ifndef BUD_INSIGHT_ZONEAUDIT_H
#define BUD_INSIGHT_ZONEAUDIT_H

#include "lib/insight/auditview.h"
#include "lib/insight/tally.h"

#define BUD_ZONEAUDIT_TASKS 1024 /* tasks remembered; beyond that the one in the way is forgotten */

typedef enum bud_kswapd { BUD_KSWAPD_UNKNOWN, BUD_KSWAPD_ASLEEP, BUD_KSWAPD_AWAKE } bud_kswapd;

/* What a task's events have told since its last request was served. */
typedef struct bud_zoneaudit_task {
	int32_t pid;
	unsigned reclaiming, compacting; /* depth: what it asks for meanwhile is its own business */
	bool slow;			 /* a request of it is in the slow path */
	bool woke;			 /* it woke kswapd, and was asked about then: */
	bud_answer passes;		 /* whether a zone passed at LOW */
	int order;			 /* of that request */
	uint64_t compact_gfp;		 /* raw, of the direct compaction under way */
	bool direct_compact;
	bool victim; /* the OOM killer chose it: it may have what others may not */
} bud_zoneaudit_task;

/* What a CPU did last. */
typedef struct bud_zoneaudit_cpu {
	uint64_t by_node[BUD_MAX_NODES];   /* requests served from each */
	uint64_t taken[BUD_MAX_ZONES];	   /* pages it has taken from the free lists since it last served a request */
	int8_t taken_order[BUD_MAX_ZONES]; /* of the largest block of them, and one; 0: none */
	int32_t freed_pid;		   /* its last event was a free by that task, of that order; -1: it was not */
	int freed_order;
} bud_zoneaudit_cpu;

typedef struct bud_zoneaudit {
	const bud_kernel *kernel;
	bud_tally *tally;
	bud_auditview view;
	bud_kswapd kswapd[BUD_MAX_NODES];
	bud_zoneaudit_task tasks[BUD_ZONEAUDIT_TASKS];
	bud_zoneaudit_cpu *cpus;
	size_t nr_cpus;
} bud_zoneaudit;

/* Pointers are borrowed; see bud_auditview_init(). */
bud_status bud_zoneaudit_init(bud_zoneaudit *audit, const bud_replay *replay, const bud_snapshot *snapshots,
			      size_t nr_snapshots, const bud_sysctls *sysctls, size_t nr_cpus, bud_tally *tally,
			      bud_error *err);
void bud_zoneaudit_fini(bud_zoneaudit *audit);

/* Of every event, before it is applied. */
void bud_zoneaudit_event(bud_zoneaudit *audit, const bud_event *event);

#endif
