/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/replay/compaction.h"

#include <stdlib.h>

#include "lib/replay/exits.h"
#include "lib/replay/isolate.h"

#define MAX_PROVEN 8192
#define ENDLESS	   (UINT64_MAX / 2)

static bud_compaction_task *task_of(bud_compaction *c, int32_t pid)
{
	bud_compaction_task *task = &c->tasks[(uint32_t)pid % BUD_COMPACTION_TASKS];
	if (task->pid != pid) {
		c->nr_running -= task->running;
		*task = (bud_compaction_task){ .pid = pid };
	}
	return task;
}

/* The pages that later events prove event seq took. */
static size_t find_pages(const bud_proofs *proofs, size_t index, uint64_t seq, bud_pfn *pages)
{
	size_t nr = 0;
	for (; index < proofs->nr_known && proofs->known[index].seq == seq && nr < MAX_PROVEN; index++)
		if (proofs->known[index].kind == BUD_PROOF_AT)
			pages[nr++] = proofs->known[index].pfn;
	return nr;
}

/* The zone that holds all of a scanned range, or NULL. */
static bud_zone *zone_of_range(const bud_memory *memory, bud_pfn start, bud_pfn end)
{
	const bud_zone_range *range = bud_memory_range_of(memory, start);
	return range && end > start && end <= range->end ? range->zone : NULL;
}

static void note_exit(bud_proofs *proofs, const bud_event *event, uint64_t seq, bud_exit_rank rank, bud_pfn start,
		      bud_pfn end, uint64_t room, unsigned stride)
{
	bud_exit exit = { .seq = seq,
			  .start = start,
			  .end = end,
			  .room = room,
			  .block = BUD_PFN_NONE,
			  .pid = event->pid,
			  .rank = (uint8_t)rank,
			  .stride = (uint8_t)stride };
	bud_proofs_add_exit(proofs, &exit);
}

/*
 * What a scan found in the lists was free until then; what it did not find
 * had left before. Where it stepped on the first page only, the others are
 * told by the event of the isolation that took it, or, where there is no
 * such event, taken to have left with it.
 */
static void learn_finds(bud_proofs *proofs, const bud_isolate_finds *finds, bool old_kernel, int32_t pid, uint64_t seq,
			uint64_t seed_seq)
{
	bool heads = finds->heads && !old_kernel;
	for (size_t i = 0; i < finds->there.nr; i++)
		for (bud_pfn p = 0; p < (bud_pfn)1 << finds->there.list[i].order; p++)
			bud_exits_stayed(proofs, finds->there.list[i].pfn + p);
	for (size_t i = 0; i < finds->gone.nr && (old_kernel || !finds->likely); i++)
		for (bud_pfn p = 0; p < (heads ? 1 : (bud_pfn)1 << finds->gone.list[i].order); p++)
			bud_exits_gone(proofs, finds->gone.list[i].pfn + p, pid, seed_seq, seq, 0, false);
}

/* Pages that are assigned to earlier isolations: a scan that looked at them did not find them either. */
static void learn_assigned(bud_proofs *proofs, const bud_event *event, uint64_t stride, uint64_t seq, uint64_t seed_seq)
{
	bud_pfn pfn = event->isolate.start_pfn, end = event->isolate.end_pfn;
	for (; (pfn = bud_pageset_next(&proofs->assigned, pfn, end)) < end; pfn++)
		if ((pfn - event->isolate.start_pfn) % stride == 0)
			bud_exits_gone(proofs, pfn, event->pid, seed_seq, seq, 0, false);
}

/* The first scan behind a fast isolation is of the pageblock it took its block from (fast_isolate_around). */
static void narrow(const bud_compaction *c, bud_compaction_task *task, const bud_event *event, bud_proofs *proofs)
{
	bud_pfn size = (bud_pfn)1 << c->pageblock_order, start = event->isolate.start_pfn & ~(size - 1);
	if (task->fast_seq && proofs->learning)
		bud_exits_narrow(proofs, task->fast_seq, start, start + size);
	task->fast_seq = 0;
}

static bud_zone *scan(bud_compaction *c, bud_memory *memory, const bud_event *event, uint64_t seq, uint64_t seed_seq,
		      bud_proofs *proofs, size_t index)
{
	bud_pfn proven[MAX_PROVEN], start = event->isolate.start_pfn, end = event->isolate.end_pfn;
	bud_pfn in_block = end & (((bud_pfn)1 << c->pageblock_order) - 1);
	bud_compaction_task *task = task_of(c, event->pid);
	bud_isolate_hints hints = { .old_kernel = c->old_kernel, .proven = proven, .guess = BUD_PFN_NONE };
	bud_isolate_finds finds;
	bud_zone *zone = zone_of_range(memory, start, end);
	task->taken += event->isolate.nr_taken;
	narrow(c, task, event, proofs);
	if (!zone)
		return NULL;
	hints.stride = bud_scanner_stride(&task->scanner, event, c->old_kernel);
	hints.stopped = in_block && end < zone->start_pfn + zone->spanned;
	hints.nr_proven = find_pages(proofs, index, seq, proven);
	bud_isolate_result result = bud_isolate_scan(zone, event, &hints, proofs->learning ? &finds : NULL);
	bud_zone_doubt(zone, BUD_UNCERTAIN_SCAN, result.unexplained);
	if (!proofs->learning)
		return zone;
	if (result.looked_at && !result.unexplained)
		learn_assigned(proofs, event, result.looked_at, seq, seed_seq);
	learn_finds(proofs, &finds, c->old_kernel, event->pid, seq, seed_seq);
	for (size_t i = 0; result.proven && i < hints.nr_proven; i++)
		bud_exits_assign(proofs, proven[i], 1);
	if (result.proven || result.unexplained)
		note_exit(proofs, event, seq, BUD_EXIT_SCAN, start, end,
			  result.proven ? event->isolate.nr_taken : result.unexplained, hints.stride);
	return zone;
}

/* What is known of the block that the fast isolation of that number took. */
static void find_block(const bud_proofs *proofs, size_t index, uint64_t seq, bud_isolate_hints *hints)
{
	for (; index < proofs->nr_known && proofs->known[index].seq == seq; index++) {
		const bud_proof *proof = &proofs->known[index];
		if (proof->kind != BUD_PROOF_GUESS)
			continue;
		hints->guess = proof->pfn;
		hints->sure = proof->sure;
	}
}

/* fast_isolate_freepages prefers what lies in the upper quarter of what is between the two scanners. */
static bud_pfn preferred_from(const bud_compaction *c, const bud_compaction_task *task, const bud_event *event)
{
	bud_pfn from = event->isolate.start_pfn, to = event->isolate.end_pfn;
	bud_pfn quarter = task->migrate_pfn && task->migrate_pfn < to ? (to - task->migrate_pfn) / 4
								      : (to > from ? to - from : 0) / 2;
	return (to - quarter) >> c->pageblock_order << c->pageblock_order;
}

static bud_zone *fast(bud_compaction *c, bud_memory *memory, const bud_event *event, uint64_t seq, bud_proofs *proofs,
		      size_t index)
{
	bud_pfn proven[MAX_PROVEN];
	const bud_zone_range *range = bud_memory_range_of(memory, event->isolate.start_pfn);
	bud_isolate_hints hints = { .old_kernel = c->old_kernel, .proven = proven, .guess = BUD_PFN_NONE };
	bud_compaction_task *task = task_of(c, event->pid);
	bud_scanner_anew(&task->scanner, event->isolate.nr_taken > 0);
	task->fast_seq = 0;
	if (!range || event->isolate.nr_taken > (uint64_t)1 << range->zone->buddy.max_order)
		return NULL;
	bud_zone *zone = range->zone;
	hints.nr_proven = find_pages(proofs, index, seq, proven);
	find_block(proofs, index, seq, &hints);
	if (event->isolate.nr_taken && proofs->learning) {
		bud_exits_add_fast(proofs, event, seq, zone, preferred_from(c, task, event));
		task->fast_seq = seq;
	}
	hints.past_only = !proofs->learning && !proofs->nr_passes;
	bud_isolate_result result = bud_isolate_fast(zone, event, &hints);
	bud_zone_doubt(zone, BUD_UNCERTAIN_FAST, result.unexplained);
	if (result.block != BUD_PFN_NONE && proofs->learning)
		bud_exits_assign(proofs, result.block, event->isolate.nr_taken);
	return zone;
}

/* Pages that later events prove event seq took, one by one. */
static uint64_t take_proven(bud_memory *memory, uint64_t seq, bud_proofs *proofs, size_t index)
{
	uint64_t taken = 0;
	for (; index < proofs->nr_known && proofs->known[index].seq == seq; index++) {
		const bud_zone_range *range = bud_memory_range_of(memory, proofs->known[index].pfn);
		if (proofs->known[index].kind != BUD_PROOF_AT || !range)
			continue;
		taken += bud_zone_make_used(range->zone, proofs->known[index].pfn, 0);
		if (proofs->learning)
			bud_exits_assign(proofs, proofs->known[index].pfn, 1);
	}
	return taken;
}

/* Blocks that left at the beginning of a run, by what later events prove. */
static bud_zone *begin_run(bud_compaction *c, bud_memory *memory, const bud_event *event, uint64_t seq,
			   bud_proofs *proofs, size_t index)
{
	const bud_zone_range *range = bud_memory_range_of(memory, event->compact.zone_start);
	if (!range)
		return NULL;
	task_of(c, event->pid)->explained += take_proven(memory, seq, proofs, index);
	if (c->old_kernel)
		note_exit(proofs, event, seq, BUD_EXIT_RUN, event->compact.zone_start, event->compact.zone_end, ENDLESS,
			  0);
	return range->zone;
}

static bud_zone *isolated_range(bud_memory *memory, const bud_event *event, uint64_t seq, bud_proofs *proofs,
				size_t index)
{
	const bud_zone_range *range = bud_memory_range_of(memory, event->range.start_pfn);
	if (!range || event->range.fin_pfn < event->range.end_pfn)
		return NULL;
	take_proven(memory, seq, proofs, index);
	note_exit(proofs, event, seq, BUD_EXIT_CONTIG, event->range.start_pfn, event->range.end_pfn, ENDLESS, 0);
	return range->zone;
}

static void start_task(bud_compaction *c, const bud_event *event, uint64_t seq)
{
	bud_compaction_task *task = task_of(c, event->pid);
	c->nr_running += !task->running;
	*task = (bud_compaction_task){ .pid = event->pid,
				       .running = true,
				       .zone_start = event->compact.zone_start,
				       .zone_end = event->compact.zone_end,
				       .begin_seq = seq };
	bud_scanner_begin(&task->scanner, event->compact.sync);
}

/* Where isolations have no event of their own, what was moved had been isolated by then. */
static bud_zone *note_migrated(bud_compaction *c, bud_memory *memory, const bud_event *event, uint64_t seq,
			       bud_proofs *proofs, size_t index)
{
	bud_compaction_task *task = task_of(c, event->pid);
	task->migrated += event->migrate.nr_migrated;
	task->fast_seq = 0;
	bud_scanner_anew(&task->scanner, false);
	const bud_zone_range *range = bud_memory_range_of(memory, task->zone_start);
	if (!c->old_kernel || !task->running || !range)
		return NULL;
	task->explained += take_proven(memory, seq, proofs, index);
	note_exit(proofs, event, seq, BUD_EXIT_RUN, task->zone_start, task->zone_end, ENDLESS, 0);
	return range->zone;
}

/*
 * Kernels to 6.1 isolate fast without a word. But every page that was moved
 * needed a free one, and freed its old place: what the run moved or freed
 * beyond what its scans took must have come from there.
 * All it isolates ends as the target of a move, or is given back by frees of
 * the run's own (release_freepages), which name it: so a run took no more
 * than that, and what nothing names is not more than what it moved.
 */
static bud_zone *end_run(bud_compaction *c, bud_memory *memory, const bud_event *event, bud_proofs *proofs)
{
	bud_compaction_task *task = task_of(c, event->pid);
	const bud_zone_range *range = bud_memory_range_of(memory, event->compact.zone_start);
	uint64_t needed = task->migrated > task->freed ? task->migrated : task->freed;
	uint64_t most = task->migrated + task->freed;
	c->nr_running -= task->running;
	if (c->old_kernel && task->running && proofs->learning && task->begin_seq > c->gap_seq)
		bud_exits_limit(proofs, task->begin_seq, event->pid, most > task->taken ? most - task->taken : 0);
	task->running = false;
	if (!c->old_kernel || !range || needed <= task->taken + task->explained)
		return NULL;
	uint64_t hidden = needed - task->taken - task->explained;
	bud_zone_doubt(range->zone, BUD_UNCERTAIN_HIDDEN, hidden < task->migrated ? hidden : task->migrated);
	return range->zone;
}

void bud_compaction_free(const bud_compaction *compaction, int32_t pid, bud_pfn pfn, uint64_t *before, uint64_t *run)
{
	const bud_compaction_task *task = &compaction->tasks[(uint32_t)pid % BUD_COMPACTION_TASKS];
	*run = 0;
	if (task->pid != pid || !task->running)
		return;
	if (pfn >= task->source_start && pfn < task->source_end)
		*before = task->source_seq;
	else
		*run = task->begin_seq;
}

static void note_source(bud_compaction *c, const bud_event *event, uint64_t seq)
{
	bud_compaction_task *task = task_of(c, event->pid);
	task->migrate_pfn = event->isolate.end_pfn;
	if (!event->isolate.nr_taken)
		return;
	task->source_start = event->isolate.start_pfn;
	task->source_end = event->isolate.end_pfn;
	task->source_seq = seq;
}

void bud_compaction_note_free(bud_compaction *compaction, int32_t pid, uint64_t nr_pages)
{
	bud_compaction_task *task = &compaction->tasks[(uint32_t)pid % BUD_COMPACTION_TASKS];
	if (task->pid == pid && task->running)
		task->freed += nr_pages;
}

bud_zone *bud_compaction_apply(bud_compaction *compaction, bud_memory *memory, const bud_event *event, uint64_t seq,
			       uint64_t seed_seq, bud_proofs *proofs, size_t index)
{
	switch (event->kind) {
	case BUD_EV_ISOLATE_FREE:
		return scan(compaction, memory, event, seq, seed_seq, proofs, index);
	case BUD_EV_FAST_ISOLATE_FREE:
		return fast(compaction, memory, event, seq, proofs, index);
	case BUD_EV_COMPACT_BEGIN:
		start_task(compaction, event, seq);
		return begin_run(compaction, memory, event, seq, proofs, index);
	case BUD_EV_TEST_ISOLATED:
		return isolated_range(memory, event, seq, proofs, index);
	case BUD_EV_COMPACT_END:
		return end_run(compaction, memory, event, proofs);
	case BUD_EV_MIGRATEPAGES:
		return note_migrated(compaction, memory, event, seq, proofs, index);
	case BUD_EV_ISOLATE_MIGRATE:
		note_source(compaction, event, seq);
		return NULL;
	default:
		return NULL;
	}
}
