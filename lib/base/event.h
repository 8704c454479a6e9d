/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One normalized trace record, whatever file it came from.
 *
 * BUD_EVENTS lists every event we want: X(KIND, system, name). The kernel's
 * fields of each and the member that receives them are in one table,
 * bud_event_fields(), from which every reader (binary or text) is compiled.
 */
#ifndef BUD_BASE_EVENT_H
#define BUD_BASE_EVENT_H

#include "lib/base/mmtypes.h"

/* clang-format off */
#define BUD_EVENTS(X) \
	X(ALLOC,               kmem, mm_page_alloc) \
	X(FREE,                kmem, mm_page_free) \
	X(FREE_BATCHED,        kmem, mm_page_free_batched) \
	X(ZONE_LOCKED,         kmem, mm_page_alloc_zone_locked) \
	X(PCPU_DRAIN,          kmem, mm_page_pcpu_drain) \
	X(EXTFRAG,             kmem, mm_page_alloc_extfrag) \
	X(CONTIG_RANGE,        kmem, mm_alloc_contig_migrate_range_info) \
	X(ZONE_WMARKS,         kmem, mm_setup_per_zone_wmarks) \
	X(ZONE_RESERVE,        kmem, mm_setup_per_zone_lowmem_reserve) \
	X(TOTALRESERVE,        kmem, mm_calculate_totalreserve_pages) \
	X(ISOLATE_FREE,        compaction, mm_compaction_isolate_freepages) \
	X(FAST_ISOLATE_FREE,   compaction, mm_compaction_fast_isolate_freepages) \
	X(ISOLATE_MIGRATE,     compaction, mm_compaction_isolate_migratepages) \
	X(MIGRATEPAGES,        compaction, mm_compaction_migratepages) \
	X(COMPACT_BEGIN,       compaction, mm_compaction_begin) \
	X(COMPACT_END,         compaction, mm_compaction_end) \
	X(COMPACT_TRY,         compaction, mm_compaction_try_to_compact_pages) \
	X(COMPACT_FINISHED,    compaction, mm_compaction_finished) \
	X(COMPACT_SUITABLE,    compaction, mm_compaction_suitable) \
	X(COMPACT_DEFERRED,    compaction, mm_compaction_deferred) \
	X(COMPACT_DEFER,       compaction, mm_compaction_defer_compaction) \
	X(COMPACT_DEFER_RESET, compaction, mm_compaction_defer_reset) \
	X(KCOMPACTD_SLEEP,     compaction, mm_compaction_kcompactd_sleep) \
	X(KCOMPACTD_WAKE,      compaction, mm_compaction_kcompactd_wake) \
	X(WAKEUP_KCOMPACTD,    compaction, mm_compaction_wakeup_kcompactd) \
	X(KSWAPD_SLEEP,        vmscan, mm_vmscan_kswapd_sleep) \
	X(KSWAPD_WAKE,         vmscan, mm_vmscan_kswapd_wake) \
	X(WAKEUP_KSWAPD,       vmscan, mm_vmscan_wakeup_kswapd) \
	X(DIRECT_BEGIN,        vmscan, mm_vmscan_direct_reclaim_begin) \
	X(DIRECT_END,          vmscan, mm_vmscan_direct_reclaim_end) \
	X(MEMCG_BEGIN,         vmscan, mm_vmscan_memcg_reclaim_begin) \
	X(MEMCG_END,           vmscan, mm_vmscan_memcg_reclaim_end) \
	X(NODE_RECLAIM_BEGIN,  vmscan, mm_vmscan_node_reclaim_begin) \
	X(NODE_RECLAIM_END,    vmscan, mm_vmscan_node_reclaim_end) \
	X(SHRINK_INACTIVE,     vmscan, mm_vmscan_lru_shrink_inactive) \
	X(RECLAIM_PAGES,       vmscan, mm_vmscan_reclaim_pages) \
	X(RECLAIM_RETRY,       oom, reclaim_retry_zone) \
	X(COMPACT_RETRY,       oom, compact_retry) \
	X(OOM_VICTIM,          oom, mark_victim) \
	X(MIGRATE_START,       migrate, mm_migrate_pages_start) \
	X(MIGRATE,             migrate, mm_migrate_pages) \
	X(TEST_ISOLATED,       page_isolation, test_pages_isolated) \
	X(CMA_START,           cma, cma_alloc_start) \
	X(CMA_FINISH,          cma, cma_alloc_finish) \
	X(CMA_RELEASE,         cma, cma_release) \
	X(PRINT,               ftrace, print) \
	X(KERNEL_STACK,        ftrace, kernel_stack)
/* clang-format on */

typedef enum bud_event_kind {
#define X(kind, system, name) BUD_EV_##kind,
	BUD_EVENTS(X)
#undef X
	BUD_EV_LOST, /* not the kernel's: records of this CPU are missing just before this instant */
	BUD_NR_EVENT_KINDS,
} bud_event_kind;

typedef struct bud_text {
	const char *data; /* untrusted bytes, not terminated */
	uint32_t size;
} bud_text;

#define BUD_CONTEXT_INTERRUPT (8 | 16 | 64) /* of common_flags: hardirq, softirq, NMI */

typedef struct bud_event {
	uint64_t t_ns; /* trace time, see terms: raw ticks for clocks that do not count ns */
	int32_t pid;
	uint16_t cpu;
	uint8_t kind; /* bud_event_kind */
	int8_t order; /* of the request, or alloc_order; -1 means "any" in compaction; BUD_ORDER_INVALID */
	union {
		struct { /* ALLOC FREE FREE_BATCHED ZONE_LOCKED PCPU_DRAIN */
			bud_pfn pfn; /* BUD_PFN_NONE: the allocation failed */
			uint64_t gfp_flags; /* ALLOC */
			int32_t migratetype; /* raw; not in FREE */
			int32_t context; /* common_flags: irqs off 1, hardirq 8, softirq 16 */
		} page;
		struct { /* EXTFRAG; order is alloc_order */
			bud_pfn pfn;
			int32_t fallback_order;
			int32_t alloc_migratetype;
			int32_t fallback_migratetype;
			int32_t change_ownership;
		} extfrag;
		struct { /* ISOLATE_FREE FAST_ISOLATE_FREE ISOLATE_MIGRATE */
			bud_pfn start_pfn, end_pfn;
			uint64_t nr_scanned, nr_taken;
		} isolate;
		struct { /* COMPACT_BEGIN COMPACT_END */
			bud_pfn zone_start, migrate_pfn, free_pfn, zone_end;
			int32_t sync;
			int32_t status; /* COMPACT_END */
		} compact;
		struct { /* COMPACT_TRY .. WAKEUP_KCOMPACTD, KSWAPD_*, WAKEUP_KSWAPD, *_BEGIN */
			uint64_t gfp_flags;
			int32_t nid;
			int32_t zid; /* zone index as the kernel numbers it */
			int32_t ret; /* COMPACT_FINISHED COMPACT_SUITABLE */
			int32_t prio; /* COMPACT_TRY */
		} request;
		struct { /* DIRECT_END MEMCG_END NODE_RECLAIM_END SHRINK_INACTIVE RECLAIM_PAGES */
			uint64_t nr_scanned, nr_reclaimed;
			int32_t nid;
		} reclaim;
		struct { /* RECLAIM_RETRY */
			uint64_t reclaimable, available, min_wmark;
			int32_t node, zone_idx, no_progress_loops, wmark_check;
		} retry;
		struct { /* COMPACT_RETRY */
			int32_t priority, result, retries, max_retries, ret;
		} compact_retry;
		struct { /* OOM_VICTIM */
			bud_text comm;
			int32_t pid; /* the victim's; bud_event.pid is the killer's */
		} oom;
		struct { /* MIGRATEPAGES MIGRATE MIGRATE_START */
			uint64_t nr_migrated, nr_failed;
			int32_t mode, reason;
		} migrate;
		struct { /* TEST_ISOLATED CONTIG_RANGE CMA_* */
			bud_pfn start_pfn, end_pfn;
			bud_pfn fin_pfn; /* TEST_ISOLATED: equals end_pfn when the range is isolated */
			uint64_t count; /* CMA_*: pages */
			int32_t migratetype; /* CONTIG_RANGE, raw */
		} range;
		struct { /* ZONE_WMARKS */
			uint64_t min, low, high;
			bud_text name;
			int32_t node;
		} wmarks;
		struct { /* ZONE_RESERVE TOTALRESERVE */
			uint64_t pages;
			bud_text name, upper_name;
			int32_t node;
		} reserve;
		struct { /* PRINT */
			bud_text text;
		} print;
		struct { /* KERNEL_STACK */
			const uint64_t *ip; /* innermost first */
			uint32_t nr;
		} stack;
		struct { /* LOST */
			uint64_t count; /* 0: the recorder did not count them */
		} lost;
	};
} bud_event;

typedef enum bud_field_type {
	BUD_FIELD_INT, /* int32_t member, sign extended; out of range saturates */
	BUD_FIELD_U64, /* uint64_t member; an unsigned long of all ones becomes UINT64_MAX at any word size */
	BUD_FIELD_ORDER, /* int8_t member, outside -1..126 becomes BUD_ORDER_INVALID */
	BUD_FIELD_TEXT, /* bud_text: char[] or __data_loc */
	BUD_FIELD_STACK, /* stack.ip and stack.nr */
} bud_field_type;

/* A member without a field in the format is zero. */
typedef struct bud_event_field {
	uint8_t kind; /* bud_event_kind */
	uint8_t type; /* bud_field_type */
	uint8_t member; /* offset in bud_event */
	bool required; /* a format without it cannot be used */
	const char *name; /* as in the kernel's format file */
} bud_event_field;

/* The whole table. */
const bud_event_field *bud_event_fields(size_t *nr_fields);

/* "mm_page_alloc" and "kmem"; "lost" and "" for BUD_EV_LOST. */
const char *bud_event_name(bud_event_kind kind);
const char *bud_event_system(bud_event_kind kind);
/* The kind of that event, or BUD_NR_EVENT_KINDS. */
bud_event_kind bud_event_find(const char *system, const char *name);

/* A set of kinds. */
typedef uint64_t bud_event_mask;
#define BUD_EVENT_BIT(kind) ((bud_event_mask)1 << (kind))
#define BUD_EVENT_ALL ((BUD_EVENT_BIT(BUD_NR_EVENT_KINDS)) - 1)
/* What moves pages: what the replay needs of a trace besides BUD_EV_LOST. */
#define BUD_EVENT_PAGES                                                                            \
	(BUD_EVENT_BIT(BUD_EV_ALLOC) | BUD_EVENT_BIT(BUD_EV_FREE) | BUD_EVENT_BIT(BUD_EV_ZONE_LOCKED) | \
	 BUD_EVENT_BIT(BUD_EV_PCPU_DRAIN) | BUD_EVENT_BIT(BUD_EV_EXTFRAG))

/*
 * A snapshot's marker in the trace: "TAG snap NAME FILE begin|end", any
 * single word as TAG. Fills name and file (terminated, truncated to fit,
 * printable) and returns true if text is one.
 */
typedef struct bud_marker {
	char name[64]; /* "03-thp" */
	char file[32]; /* "buddyinfo" */
	bool end;
} bud_marker;
bool bud_marker_parse(bud_text text, bud_marker *marker);

#endif
