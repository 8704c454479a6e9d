/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/replay/proofs.h"

#include <stdlib.h>
#include <string.h>

#define STAMP_SHIFT	 15
#define STAMPS_PER_CHUNK ((uint64_t)1 << STAMP_SHIFT)
#define MAX_BYTES	 ((size_t)512 << 20)
#define MAX_LOOK_BACK	 4096 /* exits looked at for one page */

void bud_proofs_init(bud_proofs *proofs)
{
	*proofs = (bud_proofs){ 0 };
}

static void free_stamps(bud_proofs *p)
{
	for (uint64_t c = 0; c < p->nr_stamps; c++)
		free(p->stamps[c]);
	free(p->stamps);
	p->stamps = NULL;
	p->nr_stamps = 0;
}

static void drop_exits(bud_proofs *p)
{
	while (p->nr_exits)
		free(p->exits[--p->nr_exits].candidates);
}

void bud_proofs_fini(bud_proofs *proofs)
{
	free_stamps(proofs);
	drop_exits(proofs);
	free(proofs->known);
	free(proofs->fresh);
	free(proofs->doubts);
	free(proofs->guesses);
	free(proofs->exits);
	*proofs = (bud_proofs){ 0 };
}

void bud_proofs_begin(bud_proofs *proofs, bool learn)
{
	free_stamps(proofs);
	drop_exits(proofs);
	proofs->nr_fresh = proofs->nr_doubts = proofs->nr_guesses = 0;
	proofs->bytes = proofs->nr_known * sizeof *proofs->known;
	proofs->learning = learn;
}

/* Room for one more; false (and full) at the cap or without memory. */
static bool grow(bud_proofs *p, void **array, size_t nr, size_t *max, size_t size)
{
	if (nr < *max)
		return true;
	size_t to = *max ? *max * 2 : 256;
	void *more = p->bytes + (to - *max) * size > MAX_BYTES ? NULL : realloc(*array, to * size);
	if (!more) {
		p->full = true;
		return false;
	}
	p->bytes += (to - *max) * size;
	*array = more;
	*max = to;
	return true;
}

static int compare(const void *a, const void *b)
{
	const bud_proof *x = a, *y = b;
	if (x->seq != y->seq)
		return x->seq < y->seq ? -1 : 1;
	if (x->kind != y->kind)
		return (int)x->kind - (int)y->kind;
	return x->pfn < y->pfn ? -1 : x->pfn > y->pfn;
}

/* Doubts of pages that no later event has moved stay doubts for ever. */
static void settle_doubts(bud_proofs *p)
{
	for (size_t i = 0; i < p->nr_doubts; i++) {
		const bud_proof *doubt = &p->doubts[i];
		if (bud_proofs_stamp_of(p, doubt->pfn) == doubt->seq)
			bud_proofs_add(p, BUD_PROOF_DOUBT, doubt->seq, doubt->pfn, doubt->order);
	}
}

size_t bud_proofs_end(bud_proofs *proofs)
{
	bud_proofs *p = proofs;
	settle_doubts(p);
	size_t before = p->nr_known, kept = 0;
	bool silent = p->nr_exits > 0;
	for (size_t i = 0; i < p->nr_fresh && grow(p, (void **)&p->known, p->nr_known, &p->max_known, sizeof *p->known);
	     i++)
		p->known[p->nr_known++] = p->fresh[i];
	if (p->nr_known)
		qsort(p->known, p->nr_known, sizeof *p->known, compare);
	for (size_t i = 0; i < p->nr_known; i++)
		if (kept && compare(&p->known[kept - 1], &p->known[i]) == 0)
			p->known[kept - 1].sure = p->known[kept - 1].sure || p->known[i].sure;
		else
			p->known[kept++] = p->known[i];
	p->nr_known = kept;
	bud_proofs_begin(p, false);
	return silent ? kept - before : 0;
}

void bud_proofs_stamp(bud_proofs *proofs, bud_pfn pfn, uint64_t nr, uint64_t seq)
{
	bud_proofs *p = proofs;
	for (bud_pfn i = pfn; i < pfn + nr; i++) {
		uint64_t c = i >> STAMP_SHIFT;
		if (c >= p->nr_stamps) {
			uint64_t to = c + c / 2 + 1;
			uint32_t **more = to > ((uint64_t)1 << 22) ? NULL : realloc(p->stamps, to * sizeof *more);
			if (!more) {
				p->full = true;
				return;
			}
			memset(more + p->nr_stamps, 0, (to - p->nr_stamps) * sizeof *more);
			p->stamps = more;
			p->nr_stamps = to;
		}
		if (!p->stamps[c] && !(p->stamps[c] = calloc(STAMPS_PER_CHUNK, sizeof **p->stamps))) {
			p->full = true;
			return;
		}
		p->stamps[c][i % STAMPS_PER_CHUNK] = seq > UINT32_MAX ? 0 : (uint32_t)seq;
	}
}

uint64_t bud_proofs_stamp_of(const bud_proofs *proofs, bud_pfn pfn)
{
	uint64_t c = pfn >> STAMP_SHIFT;
	return c < proofs->nr_stamps && proofs->stamps[c] ? proofs->stamps[c][pfn % STAMPS_PER_CHUNK] : 0;
}

static void add_proof(bud_proofs *proofs, bud_proof_kind kind, uint64_t seq, bud_pfn pfn, int order, bool sure)
{
	bud_proofs *p = proofs;
	if (grow(p, (void **)&p->fresh, p->nr_fresh, &p->max_fresh, sizeof *p->fresh))
		p->fresh[p->nr_fresh++] = (bud_proof){ seq, pfn, (uint8_t)kind, (uint8_t)order, sure };
}

void bud_proofs_doubt(bud_proofs *proofs, uint64_t seq, bud_pfn pfn, int order)
{
	bud_proofs *p = proofs;
	if (grow(p, (void **)&p->doubts, p->nr_doubts, &p->max_doubts, sizeof *p->doubts))
		p->doubts[p->nr_doubts++] = (bud_proof){ seq, pfn, BUD_PROOF_DOUBT, (uint8_t)order, false };
}

void bud_proofs_guess(bud_proofs *proofs, uint64_t seq, bud_pfn block, int order)
{
	bud_proofs *p = proofs;
	if (!p->learning || !grow(p, (void **)&p->guesses, p->nr_guesses, &p->max_guesses, sizeof *p->guesses))
		return;
	p->guesses[p->nr_guesses++] = (bud_proof){ seq, block, BUD_PROOF_NOT, (uint8_t)order, false };
	bud_proofs_stamp(p, block, (uint64_t)1 << order, seq);
}

static const bud_proof *guess_of(const bud_proofs *p, uint64_t seq)
{
	size_t low = 0, high = p->nr_guesses;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (p->guesses[middle].seq < seq)
			low = middle + 1;
		else
			high = middle;
	}
	return low < p->nr_guesses && p->guesses[low].seq == seq ? &p->guesses[low] : NULL;
}

void bud_proofs_check_guess(bud_proofs *proofs, bud_pfn pfn, bool was_free)
{
	uint64_t seq = bud_proofs_stamp_of(proofs, pfn);
	const bud_proof *guess = seq ? guess_of(proofs, seq) : NULL;
	if (guess)
		bud_proofs_add(proofs, was_free ? BUD_PROOF_NOT : BUD_PROOF_AT, seq, guess->pfn, 0);
}

void bud_proofs_add_exit(bud_proofs *proofs, const bud_exit *exit)
{
	bud_proofs *p = proofs;
	if (p->learning && grow(p, (void **)&p->exits, p->nr_exits, &p->max_exits, sizeof *p->exits)) {
		p->bytes += exit->nr_candidates * sizeof *exit->candidates;
		p->exits[p->nr_exits++] = *exit;
	} else {
		free(exit->candidates);
	}
}

void bud_proofs_add(bud_proofs *proofs, bud_proof_kind kind, uint64_t seq, bud_pfn pfn, int order)
{
	add_proof(proofs, kind, seq, pfn, order, false);
}

void bud_proofs_forget(bud_proofs *proofs, size_t nr)
{
	size_t kept = nr;
	for (size_t i = nr; i < proofs->nr_fresh; i++)
		if (proofs->fresh[i].kind == BUD_PROOF_GAP)
			proofs->fresh[kept++] = proofs->fresh[i];
	proofs->nr_fresh = kept < proofs->nr_fresh ? kept : proofs->nr_fresh;
}

static bool is_candidate(const bud_exit *exit, bud_pfn block)
{
	size_t low = 0, high = exit->nr_candidates;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (exit->candidates[middle] < block)
			low = middle + 1;
		else
			high = middle;
	}
	return low < exit->nr_candidates && exit->candidates[low] == block;
}

/* Whether the exit can have taken the page. A fast isolation took one block that was free: its first page tells which.
 */
static bool could_take(const bud_exit *exit, bud_pfn pfn)
{
	bud_pfn block = pfn >> exit->order << exit->order;
	if (!exit->room || pfn < exit->start || pfn >= exit->end)
		return false;
	if (exit->rank != BUD_EXIT_FAST)
		return true;
	return exit->block == BUD_PFN_NONE ? is_candidate(exit, block) : exit->block == block;
}

/* The less the better. A fast isolation known to have taken this block comes first, then the task's own. */
static int doubt(const bud_exit *exit, int32_t pid)
{
	int doubt = exit->rank * 4;
	if (exit->rank == BUD_EXIT_FAST)
		doubt += exit->block != BUD_PFN_NONE ? 0 : exit->pid == pid ? 1 : 2;
	return doubt;
}

void bud_proofs_explain(bud_proofs *proofs, bud_pfn pfn, int32_t pid, uint64_t seed, uint64_t run)
{
	bud_proofs *p = proofs;
	uint64_t moved = bud_proofs_stamp_of(p, pfn), after = moved > seed ? moved : seed;
	bud_exit *best = NULL;
	size_t looked = 0;
	for (size_t i = p->nr_exits; i-- > 0 && p->exits[i].seq > after && looked++ < MAX_LOOK_BACK;) {
		bud_exit *exit = &p->exits[i];
		/* Of equals the earliest: a page that stays on the lists is soon named by some event. */
		if (could_take(exit, pfn) && (!best || doubt(exit, pid) <= doubt(best, pid)))
			best = exit;
	}
	if (best) {
		best->room--;
		best->block = pfn >> best->order << best->order;
		add_proof(p, BUD_PROOF_AT, best->seq, pfn, 0, run && best->pid == pid && best->seq >= run);
	} else if (moved >= seed && moved) {
		bud_proofs_add(p, BUD_PROOF_AFTER, moved, pfn, 0);
	} else {
		bud_proofs_add(p, BUD_PROOF_SEED, seed, pfn, 0);
	}
}

/* The first candidate of an exit in [start, end), or BUD_PFN_NONE. */
static bud_pfn candidate_in(const bud_exit *exit, bud_pfn start, bud_pfn end)
{
	for (size_t i = 0; i < exit->nr_candidates; i++)
		if (exit->candidates[i] >= start && exit->candidates[i] < end)
			return exit->candidates[i];
	return BUD_PFN_NONE;
}

void bud_proofs_explain_surplus(bud_proofs *proofs, bud_pfn start, bud_pfn end, uint64_t surplus, int32_t pid)
{
	bud_proofs *p = proofs;
	size_t looked = 0;
	for (size_t i = p->nr_exits; i-- > 0 && surplus && looked++ < MAX_LOOK_BACK;) {
		bud_exit *exit = &p->exits[i];
		uint64_t size = (uint64_t)1 << exit->order;
		if (exit->rank != BUD_EXIT_FAST || exit->pid != pid || exit->block != BUD_PFN_NONE || size != surplus)
			continue;
		bud_pfn block = candidate_in(exit, start, end);
		if (block == BUD_PFN_NONE)
			continue;
		exit->block = block;
		surplus -= size;
		bud_proofs_add(p, BUD_PROOF_AT, exit->seq, block, 0);
	}
}
