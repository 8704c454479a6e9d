/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What becomes, in a simulation, of one request of the trace, and of those
 * like it: of the same order and gfp flags. Requests are told apart by their
 * events, so what "fails too" is the very request that failed in the trace.
 */
#ifndef BUD_INSIGHT_FATE_H
#define BUD_INSIGHT_FATE_H

#include "lib/allocator/page_alloc.h"
#include "lib/allocator/requests.h"
#include "lib/base/event.h"

/* clang-format off */
/* X(kind, name, what it says); from worst to best. */
#define BUD_FATES(X) \
	X(UNREACHED,  "unreached",  "not simulated") \
	X(REFUSED,    "refused",    "cannot be made") /* the machine simulated has no such node, or no such block */ \
	X(FAILED,     "failed",     "fails") \
	X(KILLED,     "oom_kill",   "after an OOM kill") \
	X(RECLAIMED,  "reclaim",    "after reclaim") \
	X(COMPACTED,  "compaction", "after compaction") \
	X(WAITED,     "min_mark",   "at the min mark") /* on the slow path, without reclaim or compaction of its own */ \
	X(AT_ONCE,    "at_once",    "at once") \
	X(LEFT_OUT,   "left_out",   "is not made")
/* clang-format on */

typedef enum bud_fate_kind {
#define X(kind, name, text) BUD_FATE_##kind,
	BUD_FATES(X)
#undef X
		BUD_NR_FATES,
} bud_fate_kind;

const char *bud_fate_name(bud_fate_kind kind);
const char *bud_fate_text(bud_fate_kind kind);
/* Why it failed, as a name and in words; NULL for BUD_PAGE_OK. */
const char *bud_fate_failure_name(bud_page_failure failure);
const char *bud_fate_failure_text(bud_page_failure failure);

typedef struct bud_fate {
	bud_fate_kind kind;
	bud_page_failure failure; /* FAILED */
	uint64_t reclaims, compactions;
} bud_fate;

/* The request in question. */
typedef struct bud_fate_subject {
	int order;
	bud_gfp gfp;
	uint64_t failure; /* the number of the trace's failed allocation, from 1; 0: it got pfn at t_ns */
	uint64_t t_ns;
	bud_pfn pfn;  /* BUD_PFN_NONE, without a number: nobody made it; it is to be asked when all is over */
	int16_t node; /* of a request nobody made; -1: that of CPU 0 */
} bud_fate_subject;

/* The trace's side: looks out for the request. */
typedef struct bud_fate_watch {
	const bud_fate_subject *subject; /* NULL: nobody is looked out for */
	bool here;			 /* the event under way is that of the request */
	uint64_t failures_seen;		 /* in the trace, of whatever kind */
	uint64_t made, failed;		 /* requests like it since the simulation began; of them, failed */
} bud_fate_watch;

/* The next event of the trace, of any kind, from its beginning. */
void bud_fate_watch_event(bud_fate_watch *watch, const bud_event *event);
/* Whether op is a request like the subject. */
bool bud_fate_is_like(const bud_fate_watch *watch, const bud_op *op);
/* Such a request is about to be made. */
void bud_fate_watch_op(bud_fate_watch *watch, const bud_op *op);

/* A simulation's side. */
typedef struct bud_fates {
	bud_fate own;	       /* of the request itself */
	uint64_t failed_too;   /* of those like it that failed in the trace, these fail here */
	uint64_t failed_newly; /* of those that were served there */
} bud_fates;

/* What became of the request for which a machine's counts went from before to after. */
bud_fate bud_fate_of(const bud_machine_counts *before, const bud_machine_counts *after, bud_page_failure failure);
/* Books the fate of op, a request like the subject. */
void bud_fates_add(bud_fates *fates, const bud_fate_watch *watch, const bud_op *op, bud_fate fate);

#endif
