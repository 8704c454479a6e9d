/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Episodes: the stories that slow-path events tell, and a store of them.
 *
 * A *request* is told from the first sign that an allocation could not be
 * served at once (kswapd woken, direct reclaim, compaction) to the
 * mm_page_alloc that ends it; a failed allocation without such signs is a
 * story without parts. Besides, the runs of kswapd (wake to sleep) and
 * kcompactd, compaction asked for by hand, and reclaim on behalf of a memory
 * cgroup. chronicle.h makes them from a trace.
 */
#ifndef BUD_INSIGHT_EPISODE_H
#define BUD_INSIGHT_EPISODE_H

#include "lib/base/error.h"
#include "lib/base/mmtypes.h"

/* clang-format off */
#define BUD_EPISODE_KINDS(X) \
	X(REQUEST,   "request") \
	X(KSWAPD,    "kswapd") \
	X(KCOMPACTD, "kcompactd") \
	X(COMPACT,   "compact")   /* compaction without a request: vm.compact_memory, a node's compact file */ \
	X(MEMCG,     "memcg")     /* reclaim of a memory cgroup at its limit */

#define BUD_EPISODE_OUTCOMES(X) \
	X(OK,         "ok")         /* got its pages; a run: came to its end */ \
	X(FAILED,     "failed")     /* mm_page_alloc without a page */ \
	X(CHARGE,     "memcg")      /* got pages, could not charge them to its memory cgroup, and failed */ \
	X(OOM,        "oom")        /* killed a task, and got its pages */ \
	X(OOM_FAILED, "oom_failed") /* killed a task (itself, most often), and failed */ \
	X(UNFINISHED, "unfinished") /* the trace ends before it does */ \
	X(UNSEEN,     "unseen")     /* its end was not recorded: lost events, or no mm_page_alloc in the trace */

#define BUD_EPISODE_PARTS(X) \
	X(WAKE,          "wake kswapd")     /* mm_vmscan_wakeup_kswapd; an instant */ \
	X(DIRECT,        "direct reclaim")  /* value: pages reclaimed */ \
	X(NODE_RECLAIM,  "node reclaim")    /* value: pages reclaimed */ \
	X(MEMCG_RECLAIM, "memcg reclaim")   /* value: pages reclaimed */ \
	X(COMPACT_TRY,   "try to compact")  /* an instant; result: compaction priority */ \
	X(COMPACT,       "compaction")      /* of one zone; result: its status as the kernel numbers it; value: 1 if synchronous */ \
	X(UNSUITABLE,    "not suitable")    /* an instant; result: why, as the kernel numbers it */ \
	X(DEFERRED,      "deferred")        /* an instant */ \
	X(RECLAIM_RETRY, "reclaim retry")   /* an instant; result: whether it may hope; value: pages it hopes for */ \
	X(COMPACT_RETRY, "compact retry")   /* an instant; result: whether it tries again */ \
	X(KILL,          "oom kill")        /* an instant; result: the victim's pid */ \
	X(ROUND,         "round")           /* kswapd begins anew, told of an order; an instant; result: that order */ \
	X(GAP,           "lost events")     /* an instant; value: how many, 0 if nobody counted */
/* clang-format on */

typedef enum bud_episode_kind {
#define X(kind, name) BUD_EPISODE_##kind,
	BUD_EPISODE_KINDS(X)
#undef X
		BUD_NR_EPISODE_KINDS,
} bud_episode_kind;

typedef enum bud_episode_outcome {
#define X(outcome, name) BUD_OUTCOME_##outcome,
	BUD_EPISODE_OUTCOMES(X)
#undef X
		BUD_NR_EPISODE_OUTCOMES,
} bud_episode_outcome;

typedef enum bud_episode_part_kind {
#define X(part, name) BUD_PART_##part,
	BUD_EPISODE_PARTS(X)
#undef X
		BUD_NR_EPISODE_PARTS,
} bud_episode_part_kind;

const char *bud_episode_kind_name(bud_episode_kind kind);
const char *bud_episode_outcome_name(bud_episode_outcome outcome);
const char *bud_episode_part_name(bud_episode_part_kind part);
/* How a compaction ended, or why there was none (enum compact_result): "success"; "?" if it is none. */
const char *bud_episode_compact_result(int32_t result);

/* enum compact_result, 4.19 to 7.x. */
enum {
	BUD_EPISODE_COMPACT_UNSUITABLE = 0,
	BUD_EPISODE_COMPACT_SKIPPED = 1,
	BUD_EPISODE_COMPACT_SUCCESS = 8,
};

typedef struct bud_episode_part {
	uint64_t t_ns, dur_ns; /* dur_ns is BUD_UNKNOWN where its end was not seen */
	uint64_t value;
	int32_t result;
	int16_t zone; /* index in the replay's memory; -1: unknown */
	uint8_t kind; /* bud_episode_part_kind */
} bud_episode_part;

typedef struct bud_episode {
	uint64_t id;			/* 1 and up, by time of begin; of all in the trace, kept or not */
	uint64_t t_start_ns, t_end_ns;	/* end: of the last event seen of it where unfinished or unseen */
	uint64_t gfp_flags;		/* raw, of a request */
	uint64_t direct_ns, compact_ns; /* sums over the parts */
	uint64_t kswapd_ns;	  /* how long kswapd of its node was awake meanwhile; BUD_UNKNOWN where nobody knows */
	uint64_t reclaimed_pages; /* by its direct reclaim (or its run: BUD_UNKNOWN) */
	bud_pfn pfn;		  /* what it got; BUD_PFN_NONE if nothing */
	/* Of its zone when it began, by the replay; BUD_UNKNOWN where zone is -1 or was not seeded. */
	uint64_t free_pages, suitable_blocks;
	int32_t extfrag_milli, unusable_milli; /* only where free_pages is known */
	int32_t pid;
	int32_t victim_pid;  /* of its last kill; 0: none */
	int32_t node;	     /* -1: unknown */
	int16_t zone;	     /* the highest zone it may use on that node: index in the replay's memory; -1: unknown */
	int8_t order;	     /* BUD_ORDER_INVALID: unknown; -1: none in particular (compaction by hand) */
	uint8_t migratetype; /* canonical; BUD_MT_UNKNOWN */
	uint8_t kind, outcome;
	bool has_gfp;
	bool lossy;	   /* events of its CPU were lost inside it: parts may be missing */
	bool in_interrupt; /* asked from an interrupt: the command is only who was interrupted */
	uint16_t nr_direct, nr_compact, nr_retries;
	uint32_t site;		       /* in the site table; BUD_SITE_UNKNOWN before it has ended */
	uint32_t first_part, nr_parts; /* in the store */
	uint32_t parts_dropped;	       /* parts over the bound of one episode */
} bud_episode;

#define BUD_EPISODE_MAX_PARTS 512 /* kept of one episode */

/* The store: episodes by id, within a bound; what comes after it is full is only counted. */
typedef struct bud_episode_list {
	bud_episode *episodes;
	size_t nr, room;
	bud_episode_part *parts;
	size_t nr_parts, parts_room;
	size_t max_bytes;
	uint64_t dropped; /* episodes not kept for want of room */
	bool sorted;
} bud_episode_list;

void bud_episode_list_init(bud_episode_list *list, size_t max_bytes);
void bud_episode_list_fini(bud_episode_list *list);
/* Copies the episode and its parts; counts it as dropped where there is no room. Returns where it is, or SIZE_MAX. */
size_t bud_episode_list_add(bud_episode_list *list, const bud_episode *episode, const bud_episode_part *parts,
			    size_t nr_parts);
/* Puts them in the order of ids; indexes given out before are void. */
void bud_episode_list_sort(bud_episode_list *list);

/* The rest needs the list sorted. The first that begins at or after t_ns; nr if there is none. */
size_t bud_episode_list_from(const bud_episode_list *list, uint64_t t_ns);
/* The one of that id, or NULL. */
const bud_episode *bud_episode_list_find(const bud_episode_list *list, uint64_t id);
/* The one of that task that ended at t_ns, or NULL. */
const bud_episode *bud_episode_list_ending(const bud_episode_list *list, uint64_t t_ns, int32_t pid);
static inline const bud_episode_part *bud_episode_list_parts(const bud_episode_list *list, const bud_episode *episode)
{
	return list->parts + episode->first_part;
}

static inline uint64_t bud_episode_dur(const bud_episode *episode)
{
	return episode->t_end_ns - episode->t_start_ns;
}

/* The end is known, so the length is. */
static inline bool bud_episode_has_end(const bud_episode *episode)
{
	return episode->outcome != BUD_OUTCOME_UNFINISHED && episode->outcome != BUD_OUTCOME_UNSEEN;
}

/* Something went wrong: it failed, or somebody was killed. */
static inline bool bud_episode_is_bad(const bud_episode *episode)
{
	return episode->outcome == BUD_OUTCOME_FAILED || episode->outcome == BUD_OUTCOME_CHARGE ||
	       episode->outcome == BUD_OUTCOME_OOM || episode->outcome == BUD_OUTCOME_OOM_FAILED;
}

#endif
