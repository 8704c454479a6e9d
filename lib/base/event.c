/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/base/event.h"

#include <stdio.h>
#include <string.h>

/* clang-format off */
#define FIELD(kind, type, required, name, member) \
	{ BUD_EV_##kind, BUD_FIELD_##type, offsetof(bud_event, member), required, name }
#define PAGE(kind) \
	FIELD(kind, U64, true, "pfn", page.pfn), FIELD(kind, INT, false, "common_flags", page.context)
#define ISOLATE(kind) \
	FIELD(kind, U64, true, "start_pfn", isolate.start_pfn), FIELD(kind, U64, true, "end_pfn", isolate.end_pfn), \
	FIELD(kind, U64, false, "nr_scanned", isolate.nr_scanned), FIELD(kind, U64, true, "nr_taken", isolate.nr_taken)
#define COMPACT(kind) \
	FIELD(kind, U64, false, "zone_start", compact.zone_start), FIELD(kind, U64, false, "migrate_pfn", compact.migrate_pfn), \
	FIELD(kind, U64, false, "free_pfn", compact.free_pfn), FIELD(kind, U64, false, "zone_end", compact.zone_end), \
	FIELD(kind, INT, false, "sync", compact.sync)
#define NODE(kind) FIELD(kind, INT, false, "nid", request.nid)
#define ORDER(kind) FIELD(kind, ORDER, false, "order", order)
#define GFP(kind) FIELD(kind, U64, false, "gfp_flags", request.gfp_flags)
#define ZONE_INDEX(kind, name) FIELD(kind, INT, false, name, request.zid)
#define RECLAIMED(kind) FIELD(kind, U64, false, "nr_reclaimed", reclaim.nr_reclaimed)
#define RANGE(kind, first, last) \
	FIELD(kind, U64, false, first, range.start_pfn), FIELD(kind, U64, false, last, range.end_pfn)
#define CMA(kind) \
	FIELD(kind, U64, false, "pfn", range.start_pfn), FIELD(kind, U64, false, "count", range.count)

static const bud_event_field fields[] = {
	PAGE(ALLOC), FIELD(ALLOC, ORDER, true, "order", order), FIELD(ALLOC, U64, false, "gfp_flags", page.gfp_flags),
	FIELD(ALLOC, INT, false, "migratetype", page.migratetype),
	PAGE(FREE), FIELD(FREE, ORDER, true, "order", order),
	PAGE(FREE_BATCHED),
	PAGE(ZONE_LOCKED), FIELD(ZONE_LOCKED, ORDER, true, "order", order),
	FIELD(ZONE_LOCKED, INT, false, "migratetype", page.migratetype),
	PAGE(PCPU_DRAIN), FIELD(PCPU_DRAIN, ORDER, true, "order", order),
	FIELD(PCPU_DRAIN, INT, false, "migratetype", page.migratetype),
	FIELD(EXTFRAG, U64, true, "pfn", extfrag.pfn), FIELD(EXTFRAG, ORDER, true, "alloc_order", order),
	FIELD(EXTFRAG, INT, true, "fallback_order", extfrag.fallback_order),
	FIELD(EXTFRAG, INT, false, "alloc_migratetype", extfrag.alloc_migratetype),
	FIELD(EXTFRAG, INT, false, "fallback_migratetype", extfrag.fallback_migratetype),
	FIELD(EXTFRAG, INT, false, "change_ownership", extfrag.change_ownership),
	RANGE(CONTIG_RANGE, "start", "end"), FIELD(CONTIG_RANGE, INT, false, "migratetype", range.migratetype),
	FIELD(ZONE_WMARKS, INT, true, "node_id", wmarks.node), FIELD(ZONE_WMARKS, TEXT, true, "name", wmarks.name),
	FIELD(ZONE_WMARKS, U64, true, "watermark_min", wmarks.min), FIELD(ZONE_WMARKS, U64, true, "watermark_low", wmarks.low),
	FIELD(ZONE_WMARKS, U64, true, "watermark_high", wmarks.high),
	FIELD(ZONE_RESERVE, INT, true, "node_id", reserve.node), FIELD(ZONE_RESERVE, TEXT, true, "name", reserve.name),
	FIELD(ZONE_RESERVE, TEXT, true, "upper_name", reserve.upper_name), FIELD(ZONE_RESERVE, U64, true, "lowmem_reserve", reserve.pages),
	FIELD(TOTALRESERVE, U64, true, "totalreserve_pages", reserve.pages),
	ISOLATE(ISOLATE_FREE), ISOLATE(FAST_ISOLATE_FREE), ISOLATE(ISOLATE_MIGRATE),
	FIELD(MIGRATEPAGES, U64, false, "nr_migrated", migrate.nr_migrated), FIELD(MIGRATEPAGES, U64, false, "nr_failed", migrate.nr_failed),
	COMPACT(COMPACT_BEGIN), COMPACT(COMPACT_END), FIELD(COMPACT_END, INT, false, "status", compact.status),
	ORDER(COMPACT_TRY), FIELD(COMPACT_TRY, U64, false, "gfp_mask", request.gfp_flags), FIELD(COMPACT_TRY, INT, false, "prio", request.prio),
	NODE(COMPACT_FINISHED), ZONE_INDEX(COMPACT_FINISHED, "idx"), ORDER(COMPACT_FINISHED), FIELD(COMPACT_FINISHED, INT, false, "ret", request.ret),
	NODE(COMPACT_SUITABLE), ZONE_INDEX(COMPACT_SUITABLE, "idx"), ORDER(COMPACT_SUITABLE), FIELD(COMPACT_SUITABLE, INT, false, "ret", request.ret),
	NODE(COMPACT_DEFERRED), ZONE_INDEX(COMPACT_DEFERRED, "idx"), ORDER(COMPACT_DEFERRED),
	NODE(COMPACT_DEFER), ZONE_INDEX(COMPACT_DEFER, "idx"), ORDER(COMPACT_DEFER),
	NODE(COMPACT_DEFER_RESET), ZONE_INDEX(COMPACT_DEFER_RESET, "idx"), ORDER(COMPACT_DEFER_RESET),
	NODE(KCOMPACTD_SLEEP),
	NODE(KCOMPACTD_WAKE), ORDER(KCOMPACTD_WAKE), ZONE_INDEX(KCOMPACTD_WAKE, "highest_zoneidx"),
	NODE(WAKEUP_KCOMPACTD), ORDER(WAKEUP_KCOMPACTD), ZONE_INDEX(WAKEUP_KCOMPACTD, "highest_zoneidx"),
	NODE(KSWAPD_SLEEP),
	NODE(KSWAPD_WAKE), ZONE_INDEX(KSWAPD_WAKE, "zid"), ORDER(KSWAPD_WAKE),
	NODE(WAKEUP_KSWAPD), ZONE_INDEX(WAKEUP_KSWAPD, "zid"), ORDER(WAKEUP_KSWAPD), GFP(WAKEUP_KSWAPD),
	ORDER(DIRECT_BEGIN), GFP(DIRECT_BEGIN), RECLAIMED(DIRECT_END),
	ORDER(MEMCG_BEGIN), GFP(MEMCG_BEGIN), RECLAIMED(MEMCG_END),
	NODE(NODE_RECLAIM_BEGIN), ORDER(NODE_RECLAIM_BEGIN), GFP(NODE_RECLAIM_BEGIN), RECLAIMED(NODE_RECLAIM_END),
	FIELD(SHRINK_INACTIVE, INT, false, "nid", reclaim.nid), FIELD(SHRINK_INACTIVE, U64, false, "nr_scanned", reclaim.nr_scanned), RECLAIMED(SHRINK_INACTIVE),
	FIELD(RECLAIM_PAGES, INT, false, "nid", reclaim.nid), FIELD(RECLAIM_PAGES, U64, false, "nr_scanned", reclaim.nr_scanned), RECLAIMED(RECLAIM_PAGES),
	ORDER(RECLAIM_RETRY), FIELD(RECLAIM_RETRY, INT, false, "node", retry.node), FIELD(RECLAIM_RETRY, INT, false, "zone_idx", retry.zone_idx),
	FIELD(RECLAIM_RETRY, U64, false, "reclaimable", retry.reclaimable), FIELD(RECLAIM_RETRY, U64, false, "available", retry.available),
	FIELD(RECLAIM_RETRY, U64, false, "min_wmark", retry.min_wmark), FIELD(RECLAIM_RETRY, INT, false, "no_progress_loops", retry.no_progress_loops),
	FIELD(RECLAIM_RETRY, INT, false, "wmark_check", retry.wmark_check),
	ORDER(COMPACT_RETRY), FIELD(COMPACT_RETRY, INT, false, "priority", compact_retry.priority), FIELD(COMPACT_RETRY, INT, false, "result", compact_retry.result),
	FIELD(COMPACT_RETRY, INT, false, "retries", compact_retry.retries), FIELD(COMPACT_RETRY, INT, false, "max_retries", compact_retry.max_retries),
	FIELD(COMPACT_RETRY, INT, false, "ret", compact_retry.ret),
	FIELD(OOM_VICTIM, INT, true, "pid", oom.pid), FIELD(OOM_VICTIM, TEXT, false, "comm", oom.comm),
	FIELD(MIGRATE_START, INT, false, "mode", migrate.mode), FIELD(MIGRATE_START, INT, false, "reason", migrate.reason),
	FIELD(MIGRATE, U64, false, "succeeded", migrate.nr_migrated), FIELD(MIGRATE, U64, false, "failed", migrate.nr_failed),
	FIELD(MIGRATE, INT, false, "mode", migrate.mode), FIELD(MIGRATE, INT, false, "reason", migrate.reason),
	RANGE(TEST_ISOLATED, "start_pfn", "end_pfn"), FIELD(TEST_ISOLATED, U64, false, "fin_pfn", range.fin_pfn),
	FIELD(CMA_START, U64, false, "count", range.count), CMA(CMA_FINISH), CMA(CMA_RELEASE),
	FIELD(PRINT, TEXT, true, "buf", print.text),
	FIELD(KERNEL_STACK, STACK, true, "caller", stack.ip),
};

static const struct {
	const char *system, *name;
} events[] = {
#define X(kind, system, name) { #system, #name },
	BUD_EVENTS(X)
#undef X
	{ "", "lost" },
};
/* clang-format on */

const bud_event_field *bud_event_fields(size_t *nr_fields)
{
	*nr_fields = sizeof fields / sizeof *fields;
	return fields;
}

const char *bud_event_name(bud_event_kind kind)
{
	return events[kind].name;
}

const char *bud_event_system(bud_event_kind kind)
{
	return events[kind].system;
}

bud_event_kind bud_event_find(const char *system, const char *name)
{
	int kind = 0;
	while (kind < BUD_EV_LOST && (strcmp(events[kind].name, name) || strcmp(events[kind].system, system)))
		kind++;
	return kind < BUD_EV_LOST ? (bud_event_kind)kind : BUD_NR_EVENT_KINDS;
}

/* Copies the next word of text to word; false at its end, or if it does not fit. */
static bool next_word(bud_text *text, char *word, size_t size)
{
	size_t n = 0;
	while (text->size && (*text->data == ' ' || *text->data == '\n')) {
		text->data++;
		text->size--;
	}
	for (; text->size && *text->data && *text->data != ' ' && *text->data != '\n'; text->data++, text->size--) {
		if (n + 1 >= size)
			return false;
		unsigned char c = (unsigned char)*text->data;
		word[n++] = c < 0x20 || c >= 0x7f ? '?' : (char)c;
	}
	word[n] = '\0';
	return n > 0;
}

bool bud_marker_parse(bud_text text, bud_marker *marker)
{
	char tag[64], word[8], edge[8], rest[2];
	if (!next_word(&text, tag, sizeof tag) || !next_word(&text, word, sizeof word) || strcmp(word, "snap") != 0 ||
	    !next_word(&text, marker->name, sizeof marker->name) ||
	    !next_word(&text, marker->file, sizeof marker->file) || !next_word(&text, edge, sizeof edge) ||
	    next_word(&text, rest, sizeof rest))
		return false;
	marker->end = strcmp(edge, "end") == 0;
	return marker->end || strcmp(edge, "begin") == 0;
}
