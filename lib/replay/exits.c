/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/replay/exits.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/lower_bound.h"

#define MAX_LOOK_BACK  4096 /* exits looked at for one page */
#define UNKNOWN	       SIZE_MAX
#define MAX_DEPTH      5		 /* exits that give up their block for one another */
#define MAX_TRIES      256		 /* exits tried for one page */
#define MAX_RESTS      1024		 /* pages tried so */
#define MAX_CANDIDATES 16384		 /* of one fast isolation; with more of them any page may be its */
#define MAX_WAYS       ((size_t)1 << 23) /* of all pages together; what is beyond is not learnt */

static bud_pfn block_of(const bud_exit *exit, bud_pfn pfn)
{
	return pfn >> exit->order << exit->order;
}

/* About when the block came to be: when some of its pages last moved. */
static uint32_t formed(const bud_proofs *p, bud_pfn block, int order)
{
	uint64_t last = (uint64_t)1 << order, newest = 0;
	const bud_pfn looked_at[] = { block, block + last - 1, block + last / 2, block + (last - 1) / 2 };
	for (size_t i = 0; i < sizeof looked_at / sizeof *looked_at; i++) {
		uint64_t stamp = bud_proofs_stamp_of(p, looked_at[i]);
		newest = stamp > newest ? stamp : newest;
	}
	return (uint32_t)newest;
}

static void find_candidates(bud_proofs *p, bud_exit *exit, const bud_zone *zone)
{
	const bud_pageset *blocks = &zone->buddy.heads[exit->order];
	uint64_t first = exit->start >> exit->order, end = exit->end >> exit->order;
	uint64_t nr = end > first ? bud_pageset_count_range(blocks, first, end - first) : 0;
	exit->candidates = nr > MAX_CANDIDATES ? NULL : malloc((nr + 1) * sizeof *exit->candidates);
	for (uint64_t i = first; exit->candidates && i < end; i = (i | 63) + 1)
		for (uint64_t bits = bud_pageset_word(blocks, i) & UINT64_MAX << i % 64; bits; bits &= bits - 1) {
			uint64_t k = (i & ~(uint64_t)63) + (uint64_t)__builtin_ctzll(bits);
			bud_pfn block = k << exit->order;
			if (k >= end)
				break;
			exit->candidates[exit->nr_candidates++] =
				(bud_candidate){ block, formed(p, block, exit->order), false, false };
			bud_pageset_set_range(&p->watched, block, (uint64_t)1 << exit->order);
		}
}

void bud_exits_add_fast(bud_proofs *proofs, const bud_event *event, uint64_t seq, const bud_zone *zone, bud_pfn low)
{
	bud_exit exit = { .seq = seq,
			  .start = event->isolate.start_pfn,
			  .end = zone->start_pfn + zone->spanned,
			  .room = event->isolate.nr_taken,
			  .block = BUD_PFN_NONE,
			  .low = low,
			  .pid = event->pid,
			  .order = (uint8_t)(63 - __builtin_clzll(event->isolate.nr_taken)),
			  .rank = BUD_EXIT_FAST };
	if (exit.order > zone->buddy.max_order)
		return;
	find_candidates(proofs, &exit, zone);
	bud_proofs_add_exit(proofs, &exit);
}

/* The first exit of number seq or later. */
static size_t first_exit(const bud_proofs *p, uint64_t seq)
{
	return bud_lower_bound(p->exits, p->nr_exits, sizeof *p->exits, offsetof(bud_exit, seq), seq);
}

void bud_exits_narrow(bud_proofs *proofs, uint64_t seq, bud_pfn start, bud_pfn end)
{
	size_t i = first_exit(proofs, seq);
	if (i == proofs->nr_exits || proofs->exits[i].seq != seq)
		return;
	bud_exit *exit = &proofs->exits[i];
	exit->start = start > exit->start ? start : exit->start;
	exit->end = end < exit->end ? end : exit->end;
}

void bud_exits_limit(bud_proofs *proofs, uint64_t seq, int32_t pid, uint64_t room)
{
	for (size_t i = first_exit(proofs, seq); i < proofs->nr_exits; i++) {
		bud_exit *exit = &proofs->exits[i];
		if (exit->rank == BUD_EXIT_RUN && exit->pid == pid)
			exit->room = room < exit->room ? room : exit->room;
	}
}

static bud_candidate *candidate_of(const bud_exit *exit, bud_pfn block)
{
	size_t i = bud_lower_bound(exit->candidates, exit->nr_candidates, sizeof *exit->candidates,
				   offsetof(bud_candidate, block), block);
	return i < exit->nr_candidates && exit->candidates[i].block == block ? &exit->candidates[i] : NULL;
}

/* Whether the facts allow that the page left by that exit, whatever it is taken for. */
static bool may_have_taken(const bud_exit *exit, bud_pfn pfn)
{
	if (pfn < exit->start || pfn >= exit->end || !exit->room)
		return false;
	if (exit->rank != BUD_EXIT_FAST)
		return true;
	const bud_candidate *candidate = candidate_of(exit, block_of(exit, pfn));
	return candidate ? !candidate->stayed : !exit->candidates;
}

/*
 * Whether an exit that may have taken the page still can have, with what it
 * is taken for by now. A fast isolation took one block that was free: its
 * first page tells which.
 */
static bool could_take(const bud_exit *exit, bud_pfn pfn)
{
	bud_pfn block = block_of(exit, pfn);
	if (!exit->room || exit->rank != BUD_EXIT_FAST)
		return exit->room > 0;
	if (exit->block != BUD_PFN_NONE)
		return exit->block == block;
	const bud_candidate *candidate = candidate_of(exit, block);
	return !candidate || !candidate->closed;
}

/*
 * The less the better. A fast isolation known to have taken this block comes
 * first, then a scan that stepped on the page: had it been free then, it
 * would have taken it. A fast isolation took one of many, likelier the task's own.
 */
static int doubt(const bud_exit *exit, bud_pfn pfn, int32_t pid)
{
	if (exit->rank == BUD_EXIT_FAST)
		return exit->block != BUD_PFN_NONE ? 2 : exit->pid == pid ? 4 : 5;
	if (exit->rank == BUD_EXIT_SCAN && exit->stride && (pfn - exit->start) % exit->stride == 0)
		return 3;
	return exit->rank == BUD_EXIT_CONTIG ? 1 : exit->rank == BUD_EXIT_SCAN ? 6 : 7;
}

void bud_exits_gone(bud_proofs *proofs, bud_pfn pfn, int32_t pid, uint64_t seed, uint64_t before, uint64_t run,
		    bool certain)
{
	uint64_t moved = bud_proofs_stamp_of(proofs, pfn);
	bud_gone gone = { .pfn = pfn,
			  .after = moved > seed ? moved : seed,
			  .before = before,
			  .moved = moved >= seed ? moved : 0,
			  .run = run,
			  .pid = pid,
			  .certain = certain,
			  .by = UNKNOWN };
	bud_pageset_clear(&proofs->assigned, pfn);
	bud_proofs_add_gone(proofs, &gone);
}

void bud_exits_stayed(bud_proofs *proofs, bud_pfn pfn)
{
	bud_proofs *p = proofs;
	uint64_t moved = bud_proofs_stamp_of(p, pfn);
	bud_pageset_clear(&p->assigned, pfn);
	if (!bud_pageset_test(&p->watched, pfn))
		return;
	bud_pageset_clear(&p->watched, pfn);
	for (size_t i = p->nr_exits; i-- > 0 && p->exits[i].seq > moved;) {
		bud_candidate *candidate = candidate_of(&p->exits[i], block_of(&p->exits[i], pfn));
		if (candidate)
			candidate->stayed = true;
	}
}

void bud_exits_assign(bud_proofs *proofs, bud_pfn pfn, uint64_t nr)
{
	bud_pageset_set_range(&proofs->assigned, pfn, nr);
}

/* For every page the exits by which the facts allow it to have left. */
static void find_ways(bud_proofs *p)
{
	p->nr_ways = 0;
	for (size_t i = 0; i < p->nr_gone; i++) {
		bud_gone *gone = &p->gone[i];
		size_t looked = 0, first = first_exit(p, gone->after + 1);
		gone->way = p->nr_ways;
		for (size_t k = first; k < p->nr_exits && p->exits[k].seq < gone->before && looked++ < MAX_LOOK_BACK &&
				       p->nr_ways < MAX_WAYS;
		     k++)
			if (may_have_taken(&p->exits[k], gone->pfn))
				bud_proofs_add_way(p, (uint32_t)k);
		gone->nr_ways = (uint32_t)(p->nr_ways - gone->way);
	}
}

/*
 * By how many exits behind event number after the page can have left, and the
 * likeliest of them. Of equals the earliest: a page that stays on the lists is
 * soon named by some event. pid: of that task only, if not 0.
 */
static size_t count_ways_behind(bud_proofs *p, const bud_gone *gone, uint64_t after, int32_t pid, bud_exit **best)
{
	size_t nr = 0;
	*best = NULL;
	for (uint32_t i = 0; i < gone->nr_ways; i++) {
		bud_exit *exit = &p->exits[p->ways[gone->way + i]];
		if (exit->seq <= after || (pid && exit->pid != pid) || !could_take(exit, gone->pfn))
			continue;
		nr++;
		if (!*best || doubt(exit, gone->pfn, gone->pid) < doubt(*best, gone->pfn, gone->pid))
			*best = exit;
	}
	return nr;
}

/* What a task gives back during compaction it most likely took in the same run (release_free_list). */
static size_t count_ways(bud_proofs *p, const bud_gone *gone, bud_exit **best)
{
	uint64_t run = gone->run > gone->after ? gone->run : gone->after;
	size_t nr = gone->run ? count_ways_behind(p, gone, run, gone->pid, best) : 0;
	return nr ? nr : count_ways_behind(p, gone, gone->after, 0, best);
}

static size_t first_gone(const bud_proofs *p, bud_pfn pfn)
{
	return bud_lower_bound(p->gone, p->nr_gone, sizeof *p->gone, offsetof(bud_gone, pfn), pfn);
}

/* Whether the change may be made: while blocks are moved about only what can be put back. */
static bool note_change(bud_proofs *p, bud_change change)
{
	return !p->moving || bud_proofs_add_change(p, &change);
}

static void set_by(bud_proofs *p, bud_gone *gone, size_t by)
{
	if (note_change(p, (bud_change){ .index = (size_t)(gone - p->gone), .before = gone->by }))
		gone->by = by;
}

static void set_block(bud_proofs *p, bud_exit *exit, bud_pfn block)
{
	if (note_change(p, (bud_change){ BUD_CHANGE_BLOCK, (size_t)(exit - p->exits), exit->block }))
		exit->block = block;
}

static void set_room(bud_proofs *p, bud_exit *exit, uint64_t room)
{
	if (note_change(p, (bud_change){ BUD_CHANGE_ROOM, (size_t)(exit - p->exits), exit->room }))
		exit->room = room;
}

/* The page left by that exit, and with it the block that a fast isolation took. */
static void assign(bud_proofs *p, bud_gone *gone, bud_exit *exit)
{
	size_t by = (size_t)(exit - p->exits);
	p->nr_settled++;
	if (exit->rank != BUD_EXIT_FAST) {
		set_by(p, gone, by);
		set_room(p, exit, exit->room - 1);
		return;
	}
	set_block(p, exit, block_of(exit, gone->pfn));
	for (size_t i = first_gone(p, exit->block);
	     i < p->nr_gone && p->gone[i].pfn < exit->block + ((bud_pfn)1 << exit->order); i++) {
		bud_gone *other = &p->gone[i];
		if (other->by == UNKNOWN && exit->seq > other->after && exit->seq < other->before)
			set_by(p, other, by);
	}
}

/* Whether it is known without a look that the page has more ways left: what is settled about an exit takes away one. */
static bool has_more_ways(const bud_proofs *p, const bud_gone *gone, size_t most)
{
	uint64_t settled = p->nr_settled - gone->counted_at;
	return gone->counted > settled && gone->counted - settled > most;
}

/* Explains what can have left by at most so many exits; returns how many pages. */
static size_t explain_some(bud_proofs *p, size_t most, bool forced)
{
	size_t nr = 0;
	for (size_t i = 0; i < p->nr_gone; i++) {
		bud_gone *gone = &p->gone[i];
		bud_exit *best;
		if (gone->by != UNKNOWN || has_more_ways(p, gone, most))
			continue;
		size_t ways = count_ways(p, gone, &best);
		gone->counted = (uint32_t)ways;
		gone->counted_at = p->nr_settled;
		if (!ways || ways > most)
			continue;
		assign(p, &p->gone[i], best);
		best->forced = best->forced || (forced && ways == 1 && best->rank == BUD_EXIT_FAST);
		nr++;
	}
	return nr;
}

/*
 * fast_isolate_freepages goes through the list from its tail, where the
 * oldest blocks are, and takes the first block from low on, or else the
 * highest it has seen.
 */
static bool is_likelier(const bud_exit *exit, const bud_candidate *a, const bud_candidate *b)
{
	if ((a->block >= exit->low) != (b->block >= exit->low))
		return a->block >= exit->low;
	if (a->block < exit->low)
		return a->block > b->block;
	return a->formed < b->formed;
}

/* Whether some page of the block left by another exit at that time, so that it was not there any more, or not yet. */
static bool left_otherwise(const bud_proofs *p, const bud_exit *exit, bud_pfn block)
{
	for (size_t i = first_gone(p, block); i < p->nr_gone && p->gone[i].pfn < block + ((bud_pfn)1 << exit->order);
	     i++)
		if (p->gone[i].by != UNKNOWN && exit->seq > p->gone[i].after && exit->seq < p->gone[i].before)
			return true;
	return false;
}

/* How many blocks a fast isolation can have taken that nothing has explained (more than most will do); the likeliest.
 */
static size_t count_candidates(const bud_proofs *p, const bud_exit *exit, size_t most, const bud_candidate **best)
{
	size_t nr = 0;
	*best = NULL;
	for (size_t i = 0; nr <= most && i < exit->nr_candidates; i++) {
		const bud_candidate *candidate = &exit->candidates[i];
		if (candidate->stayed || candidate->closed || candidate->block < exit->start ||
		    candidate->block >= exit->end || left_otherwise(p, exit, candidate->block))
			continue;
		nr++;
		if (!*best || is_likelier(exit, candidate, *best))
			*best = candidate;
	}
	return nr;
}

/* A block is guessed to have left by that exit: by no other. */
static void close_others(bud_proofs *p, const bud_exit *taker, bud_pfn start, uint64_t formed)
{
	bud_pfn end = start + ((bud_pfn)1 << taker->order);
	for (size_t i = first_exit(p, formed + 1); i < p->nr_exits; i++) {
		bud_exit *exit = &p->exits[i];
		for (bud_pfn block = block_of(exit, start); exit != taker && exit->rank == BUD_EXIT_FAST && block < end;
		     block += (bud_pfn)1 << exit->order) {
			bud_candidate *candidate = candidate_of(exit, block);
			if (candidate) {
				candidate->closed = true;
				p->nr_settled++;
			}
		}
	}
}

/* Guesses for isolations that can have taken at most so many blocks; returns how many. */
static size_t guess_some(bud_proofs *p, size_t most, bool forced)
{
	size_t nr = 0;
	for (size_t i = 0; i < p->nr_exits; i++) {
		bud_exit *exit = &p->exits[i];
		const bud_candidate *best;
		if (exit->rank != BUD_EXIT_FAST || exit->block != BUD_PFN_NONE)
			continue;
		size_t left = count_candidates(p, exit, most, &best);
		if (!left || left > most)
			continue;
		exit->block = best->block;
		exit->guessed = true;
		exit->forced = forced && left == 1;
		p->nr_settled++;
		bud_proofs_add(p, BUD_PROOF_GUESS, exit->seq, best->block, exit->order, exit->forced);
		close_others(p, exit, best->block, best->formed);
		nr++;
	}
	return nr;
}

static void release(bud_proofs *p, bud_exit *exit)
{
	size_t by = (size_t)(exit - p->exits), i = first_gone(p, exit->block);
	for (; i < p->nr_gone && p->gone[i].pfn < exit->block + ((bud_pfn)1 << exit->order); i++)
		if (p->gone[i].by == by)
			set_by(p, &p->gone[i], UNKNOWN);
	set_block(p, exit, BUD_PFN_NONE);
}

static bool make_room(bud_proofs *p, bud_gone *gone, int depth, unsigned *tries);

/* Every page of the block that this exit gave up has left by another one. */
static bool find_others(bud_proofs *p, bud_pfn block, int order, int depth, unsigned *tries)
{
	for (size_t i = first_gone(p, block); i < p->nr_gone && p->gone[i].pfn < block + ((bud_pfn)1 << order); i++) {
		bud_exit *best;
		if (p->gone[i].by != UNKNOWN || !p->gone[i].wanted)
			continue;
		if (count_ways(p, &p->gone[i], &best))
			assign(p, &p->gone[i], best);
		else if (!make_room(p, &p->gone[i], depth + 1, tries))
			return false;
	}
	return true;
}

/*
 * A page that can have left only by exits that are all taken for others:
 * looks for one whose block can have left otherwise, and so on.
 */
static bool make_room(bud_proofs *p, bud_gone *gone, int depth, unsigned *tries)
{
	for (size_t i = first_exit(p, gone->after + 1);
	     depth < MAX_DEPTH && i < p->nr_exits && p->exits[i].seq < gone->before && *tries; i++) {
		bud_exit *exit = &p->exits[i];
		const bud_candidate *candidate = candidate_of(exit, block_of(exit, gone->pfn));
		if (exit->rank != BUD_EXIT_FAST || exit->guessed || exit->tried == p->nr_tries || !candidate ||
		    candidate->stayed || exit->block == BUD_PFN_NONE || exit->block == candidate->block ||
		    gone->pfn < exit->start || gone->pfn >= exit->end)
			continue;
		--*tries;
		bud_pfn before = exit->block;
		exit->tried = p->nr_tries;
		release(p, exit);
		assign(p, gone, exit);
		if (find_others(p, before, exit->order, depth, tries))
			return true;
	}
	return false;
}

static int compare_gone(const void *a, const void *b)
{
	const bud_gone *x = a, *y = b;
	if (x->pfn != y->pfn)
		return x->pfn < y->pfn ? -1 : 1;
	return x->before < y->before ? -1 : x->before > y->before;
}

/* What an unsuccessful try has changed is put back. */
static void put_back(bud_proofs *p)
{
	while (p->nr_changes) {
		const bud_change *change = &p->changes[--p->nr_changes];
		if (change->what == BUD_CHANGE_BY)
			p->gone[change->index].by = change->before;
		else if (change->what == BUD_CHANGE_BLOCK)
			p->exits[change->index].block = change->before;
		else
			p->exits[change->index].room = change->before;
	}
}

/* Pages that nothing explains yet, by exits that others give up. */
static void explain_rest(bud_proofs *p)
{
	unsigned left = MAX_RESTS;
	for (size_t i = 0; i < p->nr_gone; i++) {
		p->gone[i].counted = 0; /* exits may have more ways again */
		p->gone[i].wanted = p->gone[i].by != UNKNOWN || p->gone[i].certain;
	}
	p->moving = true;
	for (size_t i = 0; i < p->nr_gone && left; i++) {
		unsigned tries = MAX_TRIES;
		if (p->gone[i].by != UNKNOWN || !p->gone[i].certain)
			continue;
		left--;
		p->nr_tries++;
		p->nr_changes = 0;
		if (!make_room(p, &p->gone[i], 0, &tries))
			put_back(p);
	}
	p->moving = false;
}

/* If by no exit, as soon as it came or before the seed. */
static void give_reasons(bud_proofs *p, uint64_t seed)
{
	for (size_t i = 0; i < p->nr_gone; i++) {
		const bud_gone *gone = &p->gone[i];
		if (gone->by == UNKNOWN && gone->certain)
			bud_proofs_add(p, gone->moved ? BUD_PROOF_AFTER : BUD_PROOF_SEED,
				       gone->moved ? gone->moved : seed, gone->pfn, 0, false);
	}
}

/* The first and the last exit by which it can have left: in between it is in doubt. */
static void tell_doubt(bud_proofs *p, const bud_gone *gone)
{
	uint64_t from = p->exits[gone->by].seq, to = from;
	if (p->exits[gone->by].forced)
		return;
	for (uint32_t i = 0; i < gone->nr_ways; i++) {
		const bud_exit *exit = &p->exits[p->ways[gone->way + i]];
		bool other_run = gone->run && p->exits[gone->by].pid == gone->pid &&
				 p->exits[gone->by].seq >= gone->run &&
				 (exit->pid != gone->pid || exit->seq < gone->run);
		if (other_run || (exit->forced && exit->block != block_of(exit, gone->pfn)))
			continue;
		from = exit->seq < from ? exit->seq : from;
		to = exit->seq > to ? exit->seq : to;
	}
	if (from != to)
		bud_proofs_unsettled(p, gone->pfn, from, to);
}

/* What is settled becomes known. */
static void tell(bud_proofs *p)
{
	for (size_t i = 0; i < p->nr_gone; i++) {
		const bud_gone *gone = &p->gone[i];
		const bud_exit *exit = gone->by == UNKNOWN ? NULL : &p->exits[gone->by];
		if (!exit)
			continue;
		bool fast = exit->rank == BUD_EXIT_FAST;
		bud_proofs_add(p, BUD_PROOF_AT, exit->seq, fast ? exit->block : gone->pfn, 0, false);
		tell_doubt(p, gone);
	}
}

static void settle(bud_proofs *p)
{
	static const size_t most[] = { 1, 2, 4, SIZE_MAX };
	for (size_t i = 0; i < sizeof most / sizeof *most; i++) {
		explain_some(p, most[i], i == 0);
		for (int sweeps = 0; sweeps < 8 && explain_some(p, 1, i == 0) + guess_some(p, 1, i == 0); sweeps++)
			;
	}
	explain_rest(p);
	guess_some(p, SIZE_MAX, false);
}

void bud_exits_settle(bud_proofs *proofs, uint64_t seed)
{
	bud_proofs *p = proofs;
	if (p->nr_gone)
		qsort(p->gone, p->nr_gone, sizeof *p->gone, compare_gone);
	find_ways(p);
	settle(p);
	settle(p); /* the last guesses explain more pages */
	tell(p);
	/* Only when everything else has been learnt. */
	p->last_resort = p->last_resort || !bud_proofs_news(p);
	if (p->last_resort)
		give_reasons(p, seed);
}
