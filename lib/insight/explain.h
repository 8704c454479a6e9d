/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Why a request could not be served: for each zone it may use, the last test
 * the kernel puts to it, with the numbers of the replay. Pure functions of
 * the replayed memory and the settings in force.
 *
 * Kernel behaviour: the first attempt is made at the low mark; the last ones,
 * of __alloc_pages_slowpath, at the min mark, lowered by what the request is
 * allowed to dig into (gfp_to_alloc_flags, __zone_watermark_ok).
 */
#ifndef BUD_INSIGHT_EXPLAIN_H
#define BUD_INSIGHT_EXPLAIN_H

#include "lib/insight/boosts.h"
#include "lib/insight/section.h"
#include "lib/memory/memory.h"

/* clang-format off */
#define BUD_CAUSES(X) \
	X(UNKNOWN,       "unknown",       "what was free, or how much had to be, is not known") \
	X(PASSES,        "passes",        "it would be served now; what was missing has come back since its last attempt") \
	X(FRAGMENTATION, "fragmentation", "enough is free, but not in one piece") \
	X(RESERVE,       "reserve",       "the memory that is free is kept for other requests") \
	X(SHORTAGE,      "shortage",      "too little memory is free") \
	X(LIMIT,         "limit",         "it got its pages, but its memory cgroup was at its limit")
/* clang-format on */

typedef enum bud_cause {
#define X(cause, name, text) BUD_CAUSE_##cause,
	BUD_CAUSES(X)
#undef X
		BUD_NR_CAUSES,
} bud_cause;

const char *bud_cause_name(bud_cause cause);
/* What it means, for people. */
const char *bud_cause_text(bud_cause cause);

/* What was asked. */
typedef struct bud_plea {
	int order;
	uint64_t gfp_flags;   /* raw */
	bud_migratetype type; /* as the event says; BUD_MT_UNKNOWN: by its flags */
	int32_t node;	      /* of __GFP_THISNODE, or where its task looked; -1: unknown */
	bool interrupt;	      /* asked from an interrupt */
	bool oom_victim;      /* by a task that the OOM killer had chosen */
	bool first;	      /* ask as at its first attempt: why it was not served at once, not why it failed */
	bool limit;	      /* its pages were freed again on the spot: the memory cgroup refused */
	const bud_section_filter *only; /* the zones of these alone are asked; NULL: all that it may use */
} bud_plea;

/* What the answer depends on, of one zone at one instant; pages. */
typedef struct bud_zone_facts {
	int32_t node;
	const char *name; /* untrusted */
	bud_zone_type type;
	uint64_t managed;
	uint64_t free;		  /* BUD_UNKNOWN: nobody knows, nor what is in area */
	uint64_t uncertain;	  /* how far free may be off */
	bud_free_area area;	  /* without types, all is counted as Movable */
	bool estimated;		  /* boost is what events suggest, not what a file says */
	bool types;		  /* area tells lists apart */
	uint64_t min, low, boost; /* marks with boost, and what of them is boost; BUD_UNKNOWN if nobody told */
	uint64_t reserve[BUD_NR_ZONE_TYPES]; /* lowmem_reserve by the highest zone of the request */
	uint64_t highatomic;		     /* nr_reserved_highatomic, as far as known */
} bud_zone_facts;

/* Of a replayed zone as it stands; marks as of the settings' snapshot, or NULL: as the replay has them. boosts of the
 * same instant, or NULL: as at that snapshot. */
void bud_explain_zone(bud_zone_facts *facts, const bud_zone *zone, const bud_settings *settings,
		      const bud_boosts *boosts);
/* Of a zone in a report of the kernel log; zone_types as from bud_explain_report_types(). */
void bud_explain_report_zone(bud_zone_facts *facts, const bud_klog_zone *zone, unsigned zone_types);
/* The zone types of a kernel that wrote such a report, by the number of reserves it prints. */
unsigned bud_explain_report_types(const bud_klog_report *report);

/* One zone's answer. Pages. */
typedef struct bud_answer {
	int32_t node;
	char name[16];
	bud_zone_type type;
	uint64_t managed;
	bud_cause cause;
	bool unsure;   /* the pages the replay is uncertain of could turn the answer */
	bool by_boost; /* without the boost, which is an estimate, the answer would be another */
	uint64_t free, uncertain;
	uint64_t held;	  /* of free: 2^order - 1, and the high-atomic and CMA pages it may not have */
	uint64_t level;	  /* the mark asked for: min, or low at the first attempt; with boost; BUD_UNKNOWN */
	uint64_t boost;	  /* of that */
	int64_t mark;	  /* what of it counts for this request */
	uint64_t reserve; /* lowmem_reserve: kept from requests that could have used a higher zone */
	uint64_t blocks;  /* free blocks it could have: of its order, or cut from larger ones; of any type */
	uint64_t usable;  /* of them on lists it may take from; BUD_UNKNOWN where types are not known */
	int largest;	  /* order of the largest free block; -1: nothing is free */
	int32_t extfrag_milli, unusable_milli;
} bud_answer;

/* free - held - mark - reserve: the test wants more than 0. */
int64_t bud_explain_spare(const bud_answer *answer);

#define BUD_EXPLAIN_ZONES 64

typedef struct bud_explanation {
	bud_cause cause; /* of the zone that says most: one that passes, else the largest it is meant for */
	bool unsure;
	unsigned alloc_flags; /* of the last attempts: BUD_ALLOC_* */
	bud_zone_type highest;
	int decisive;			       /* index of the answer that is the verdict's; -1 without zones */
	bud_answer answers[BUD_EXPLAIN_ZONES]; /* in the order the zones are asked, as far as the node is known */
	size_t nr_answers;
} bud_explanation;

/* Asks every zone that the request may use. */
void bud_explain(bud_explanation *explanation, const bud_plea *plea, const bud_zone_facts *zones, size_t nr,
		 const bud_kernel *kernel, unsigned zone_types, bool defrag_mode);
/* The same of the replay's memory; settings in force, or NULL. BUD_ERR_MEMORY. */
bud_status bud_explain_memory(bud_explanation *explanation, const bud_plea *plea, const bud_memory *memory,
			      const bud_kernel *kernel, const bud_settings *settings, const bud_boosts *boosts,
			      bud_error *err);
/* The same by the numbers of a report alone. */
bud_status bud_explain_report(bud_explanation *explanation, const bud_plea *plea, const bud_klog_report *report,
			      const bud_kernel *kernel, bud_error *err);

/* The settings in force at t_ns: of the last snapshot placed at or before it, else of the first placed one; NULL
 * without any. */
const bud_settings *bud_explain_settings(const bud_settings *settings, size_t nr, uint64_t t_ns);

#endif
