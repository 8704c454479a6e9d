/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/replay/compaction.h"

#include <stdlib.h>

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

/* The pages that later events prove event seq took (AT), or did not (NOT). */
static size_t find_pages(const bud_proofs *proofs, size_t index, uint64_t seq, bud_proof_kind kind, bud_pfn *pages)
{
	size_t nr = 0;
	for (; index < proofs->nr_known && proofs->known[index].seq == seq && nr < MAX_PROVEN; index++)
		if (proofs->known[index].kind == kind)
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
		      bud_pfn end, uint64_t room)
{
	bud_exit exit = { .seq = seq,
			  .start = start,
			  .end = end,
			  .room = room,
			  .block = BUD_PFN_NONE,
			  .pid = event->pid,
			  .rank = (uint8_t)rank };
	bud_proofs_add_exit(proofs, &exit);
}

/* A fast isolation whose block is not known: any free block of its order may be it. */
static void note_fast_exit(bud_proofs *proofs, const bud_event *event, uint64_t seq, const bud_zone *zone, int order)
{
	const bud_pageset *blocks = &zone->buddy.heads[order];
	uint64_t end = (zone->start_pfn + zone->spanned) >> order, i = event->isolate.start_pfn >> order;
	bud_exit exit = { .seq = seq,
			  .start = zone->start_pfn,
			  .end = zone->start_pfn + zone->spanned,
			  .room = event->isolate.nr_taken,
			  .block = BUD_PFN_NONE,
			  .pid = event->pid,
			  .order = (uint8_t)order,
			  .rank = BUD_EXIT_FAST };
	exit.candidates = calloc(zone->buddy.nr_free[order] + 1, sizeof *exit.candidates);
	if (!exit.candidates)
		return;
	for (; (i = bud_pageset_next(blocks, i, end)) < end && exit.nr_candidates < zone->buddy.nr_free[order]; i++)
		exit.candidates[exit.nr_candidates++] = i << order;
	bud_proofs_add_exit(proofs, &exit);
}

static bud_zone *scan(bud_compaction *c, bud_memory *memory, const bud_event *event, uint64_t seq, bud_proofs *proofs,
		      size_t index)
{
	bud_pfn proven[MAX_PROVEN], start = event->isolate.start_pfn, end = event->isolate.end_pfn;
	bud_compaction_task *task = task_of(c, event->pid);
	bud_isolate_hints hints = { .old_kernel = c->old_kernel, .resumed = task->took, .proven = proven };
	bud_zone *zone = zone_of_range(memory, start, end);
	task->took = event->isolate.nr_taken > 0;
	task->taken += event->isolate.nr_taken;
	if (!zone)
		return NULL;
	hints.nr_proven = find_pages(proofs, index, seq, BUD_PROOF_AT, proven);
	bud_isolate_result result = bud_isolate_scan(zone, event, &hints);
	bud_zone_doubt(zone, BUD_UNCERTAIN_SCAN, result.unexplained);
	if (result.surplus && proofs->learning)
		bud_proofs_explain_surplus(proofs, start, end, result.surplus, event->pid);
	if (result.unexplained)
		note_exit(proofs, event, seq, BUD_EXIT_SCAN, start, end, result.unexplained);
	return zone;
}

static bool is_sure(const bud_proofs *proofs, size_t index, uint64_t seq)
{
	for (; index < proofs->nr_known && proofs->known[index].seq == seq; index++)
		if (proofs->known[index].kind == BUD_PROOF_AT && proofs->known[index].sure)
			return true;
	return false;
}

static bud_zone *fast(bud_compaction *c, bud_memory *memory, const bud_event *event, uint64_t seq, bud_proofs *proofs,
		      size_t index)
{
	bud_pfn proven[MAX_PROVEN], wrong[MAX_PROVEN];
	const bud_zone_range *range = bud_memory_range_of(memory, event->isolate.start_pfn);
	bud_isolate_hints hints = { .old_kernel = c->old_kernel, .proven = proven, .wrong = wrong };
	if (!range || event->isolate.nr_taken > (uint64_t)1 << range->zone->buddy.max_order)
		return NULL;
	bud_zone *zone = range->zone;
	hints.nr_proven = find_pages(proofs, index, seq, BUD_PROOF_AT, proven);
	hints.sure = is_sure(proofs, index, seq);
	hints.nr_wrong = find_pages(proofs, index, seq, BUD_PROOF_NOT, wrong);
	if (event->isolate.nr_taken && !hints.nr_proven && proofs->learning)
		note_fast_exit(proofs, event, seq, zone, 63 - __builtin_clzll(event->isolate.nr_taken));
	bud_isolate_result result = bud_isolate_fast(zone, event, &hints);
	bud_zone_doubt(zone, BUD_UNCERTAIN_FAST, result.unexplained);
	if (result.guess != BUD_PFN_NONE)
		bud_proofs_guess(proofs, seq, result.guess, 63 - __builtin_clzll(event->isolate.nr_taken));
	return zone;
}

/* Pages that later events prove event seq took, one by one. */
static void take_proven(bud_memory *memory, uint64_t seq, const bud_proofs *proofs, size_t index)
{
	for (; index < proofs->nr_known && proofs->known[index].seq == seq; index++) {
		const bud_zone_range *range = bud_memory_range_of(memory, proofs->known[index].pfn);
		if (proofs->known[index].kind == BUD_PROOF_AT && range)
			bud_zone_make_used(range->zone, proofs->known[index].pfn, 0);
	}
}

/* Blocks that left at the beginning of a run, by what later events prove. */
static bud_zone *begin_run(bud_memory *memory, const bud_event *event, uint64_t seq, bud_proofs *proofs, size_t index)
{
	const bud_zone_range *range = bud_memory_range_of(memory, event->compact.zone_start);
	if (!range)
		return NULL;
	take_proven(memory, seq, proofs, index);
	note_exit(proofs, event, seq, BUD_EXIT_RUN, event->compact.zone_start, event->compact.zone_end, ENDLESS);
	return range->zone;
}

static bud_zone *isolated_range(bud_memory *memory, const bud_event *event, uint64_t seq, bud_proofs *proofs,
				size_t index)
{
	const bud_zone_range *range = bud_memory_range_of(memory, event->range.start_pfn);
	if (!range || event->range.fin_pfn < event->range.end_pfn)
		return NULL;
	take_proven(memory, seq, proofs, index);
	note_exit(proofs, event, seq, BUD_EXIT_CONTIG, event->range.start_pfn, event->range.end_pfn, ENDLESS);
	return range->zone;
}

static void start_task(bud_compaction *c, int32_t pid, uint64_t seq)
{
	bud_compaction_task *task = task_of(c, pid);
	c->nr_running += !task->running;
	*task = (bud_compaction_task){ .pid = pid, .running = true, .begin_seq = seq };
}

/*
 * Kernels to 6.1 isolate fast without a word. But every page that was moved
 * needed a free one, and freed its old place: what the run moved or freed
 * beyond what its scans took must have come from there.
 */
static bud_zone *end_run(bud_compaction *c, bud_memory *memory, const bud_event *event)
{
	bud_compaction_task *task = task_of(c, event->pid);
	const bud_zone_range *range = bud_memory_range_of(memory, event->compact.zone_start);
	uint64_t needed = task->migrated > task->freed ? task->migrated : task->freed;
	c->nr_running -= task->running;
	task->running = false;
	if (!c->old_kernel || !range || needed <= task->taken)
		return NULL;
	bud_zone_doubt(range->zone, BUD_UNCERTAIN_HIDDEN, needed - task->taken);
	return range->zone;
}

uint64_t bud_compaction_run(const bud_compaction *compaction, int32_t pid)
{
	const bud_compaction_task *task = &compaction->tasks[(uint32_t)pid % BUD_COMPACTION_TASKS];
	return task->pid == pid && task->running ? task->begin_seq : 0;
}

void bud_compaction_note_free(bud_compaction *compaction, int32_t pid, uint64_t nr_pages)
{
	bud_compaction_task *task = &compaction->tasks[(uint32_t)pid % BUD_COMPACTION_TASKS];
	if (task->pid == pid && task->running)
		task->freed += nr_pages;
}

bud_zone *bud_compaction_apply(bud_compaction *compaction, bud_memory *memory, const bud_event *event, uint64_t seq,
			       bud_proofs *proofs, size_t index)
{
	switch (event->kind) {
	case BUD_EV_ISOLATE_FREE:
		return scan(compaction, memory, event, seq, proofs, index);
	case BUD_EV_FAST_ISOLATE_FREE:
		return fast(compaction, memory, event, seq, proofs, index);
	case BUD_EV_COMPACT_BEGIN:
		start_task(compaction, event->pid, seq);
		return begin_run(memory, event, seq, proofs, index);
	case BUD_EV_TEST_ISOLATED:
		return isolated_range(memory, event, seq, proofs, index);
	case BUD_EV_COMPACT_END:
		return end_run(compaction, memory, event);
	case BUD_EV_MIGRATEPAGES:
		task_of(compaction, event->pid)->took = false;
		task_of(compaction, event->pid)->migrated += event->migrate.nr_migrated;
		return NULL;
	default:
		return NULL;
	}
}
