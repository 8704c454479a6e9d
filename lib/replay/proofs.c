/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/replay/proofs.h"

#include <stdlib.h>
#include <string.h>

#define STAMPS_PER_CHUNK ((uint64_t)1 << BUD_STAMP_SHIFT)
#define MAX_BYTES	 ((size_t)512 << 20)

void bud_proofs_init(bud_proofs *proofs)
{
	*proofs = (bud_proofs){ 0 };
	bud_pageset_init(&proofs->watched);
	bud_pageset_init(&proofs->assigned);
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
	bud_pageset_fini(&proofs->watched);
	bud_pageset_fini(&proofs->assigned);
	free(proofs->exits);
	free(proofs->gone);
	free(proofs->ways);
	free(proofs->changes);
	*proofs = (bud_proofs){ 0 };
}

void bud_proofs_begin(bud_proofs *proofs, bool learn)
{
	free_stamps(proofs);
	drop_exits(proofs);
	proofs->nr_fresh = proofs->nr_doubts = proofs->nr_gone = 0;
	bud_pageset_clear_all(&proofs->watched);
	bud_pageset_clear_all(&proofs->assigned);
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
			bud_proofs_add(p, BUD_PROOF_DOUBT, doubt->seq, doubt->pfn, doubt->order, false);
	}
}

/* Which page left by which exit is settled anew in every pass, from all that is known by then. */
static void forget_exits(bud_proofs *p)
{
	size_t kept = 0;
	for (size_t i = 0; i < p->nr_known; i++)
		if (p->known[i].kind != BUD_PROOF_GUESS && p->known[i].kind != BUD_PROOF_AT &&
		    p->known[i].kind != BUD_PROOF_UNSETTLED && p->known[i].kind != BUD_PROOF_SETTLED)
			p->known[kept++] = p->known[i];
	p->nr_known = kept;
}

static bool is_known(const bud_proofs *p, const bud_proof *proof)
{
	return p->nr_known && bsearch(proof, p->known, p->nr_known, sizeof *p->known, compare);
}

/* What tells of doubt only moves no page. */
static bool moves(const bud_proof *proof)
{
	return proof->kind != BUD_PROOF_DOUBT && proof->kind != BUD_PROOF_UNSETTLED && proof->kind != BUD_PROOF_SETTLED;
}

size_t bud_proofs_news(const bud_proofs *proofs)
{
	size_t news = 0;
	for (size_t i = 0; proofs->nr_exits && i < proofs->nr_fresh; i++)
		news += moves(&proofs->fresh[i]) && !is_known(proofs, &proofs->fresh[i]);
	return news;
}

/* Sorted, each once. */
static void put_in_order(bud_proofs *p)
{
	size_t kept = 0;
	if (p->nr_known)
		qsort(p->known, p->nr_known, sizeof *p->known, compare);
	for (size_t i = 0; i < p->nr_known; i++)
		if (kept && compare(&p->known[kept - 1], &p->known[i]) == 0)
			p->known[kept - 1].sure = p->known[kept - 1].sure || p->known[i].sure;
		else
			p->known[kept++] = p->known[i];
	p->nr_known = kept;
}

void bud_proofs_keep_gaps(bud_proofs *proofs)
{
	size_t kept = 0;
	for (size_t i = 0; i < proofs->nr_known; i++)
		if (proofs->known[i].kind == BUD_PROOF_GAP)
			proofs->known[kept++] = proofs->known[i];
	proofs->nr_known = kept;
}

/* Whether an earlier pass ended with the same knowledge: from here on passes would go round in a circle. */
static bool goes_round(bud_proofs *p)
{
	uint64_t hash = 14695981039346656037u;
	for (size_t i = 0; i < p->nr_known; i++) {
		const bud_proof *proof = &p->known[i];
		const uint64_t parts[] = { proof->seq, proof->pfn, proof->kind, proof->sure };
		for (size_t k = 0; moves(proof) && k < sizeof parts / sizeof *parts; k++)
			hash = (hash ^ parts[k]) * 1099511628211u;
	}
	for (unsigned i = 0; i < p->nr_passes && i < BUD_PROOFS_REMEMBERED; i++)
		if (p->hashes[i] == hash)
			return true;
	p->hashes[p->nr_passes % BUD_PROOFS_REMEMBERED] = hash;
	return false;
}

size_t bud_proofs_end(bud_proofs *proofs)
{
	bud_proofs *p = proofs;
	size_t news = bud_proofs_news(p);
	settle_doubts(p);
	forget_exits(p);
	for (size_t i = 0; i < p->nr_fresh && grow(p, (void **)&p->known, p->nr_known, &p->max_known, sizeof *p->known);
	     i++)
		p->known[p->nr_known++] = p->fresh[i];
	put_in_order(p);
	bud_proofs_begin(p, false);
	if (goes_round(p))
		news = 0;
	p->nr_passes++;
	return news;
}

/* The chunk of stamps that page number pfn belongs to; NULL (and full) without memory. */
static uint32_t *stamps_for(bud_proofs *p, bud_pfn pfn)
{
	uint64_t c = pfn >> BUD_STAMP_SHIFT;
	if (c >= p->nr_stamps) {
		uint64_t to = c + c / 2 + 1;
		uint32_t **more = to > ((uint64_t)1 << 22) ? NULL : realloc(p->stamps, to * sizeof *more);
		if (!more) {
			p->full = true;
			return NULL;
		}
		memset(more + p->nr_stamps, 0, (to - p->nr_stamps) * sizeof *more);
		p->stamps = more;
		p->nr_stamps = to;
	}
	if (!p->stamps[c])
		p->stamps[c] = calloc(STAMPS_PER_CHUNK, sizeof **p->stamps);
	p->full = p->full || !p->stamps[c];
	return p->stamps[c];
}

void bud_proofs_stamp_new(bud_proofs *proofs, bud_pfn pfn, uint64_t nr, uint64_t seq)
{
	for (bud_pfn i = pfn; i < pfn + nr; i++) {
		uint32_t *stamps = stamps_for(proofs, i);
		if (!stamps)
			return;
		stamps[i % STAMPS_PER_CHUNK] = seq > UINT32_MAX ? 0 : (uint32_t)seq;
	}
}

bool bud_proofs_keep(const bud_proofs *proofs, bud_proofs_kept *kept)
{
	const bud_proofs *p = proofs;
	size_t bytes = p->bytes;
	*kept = (bud_proofs_kept){ .stamps = calloc(p->nr_stamps + 1, sizeof *kept->stamps),
				   .gone = malloc((p->nr_gone + 1) * sizeof *kept->gone),
				   .nr_gone = p->nr_gone };
	bool ok = kept->stamps && kept->gone;
	for (uint64_t c = 0; ok && c < p->nr_stamps; c++) {
		if (!p->stamps[c])
			continue;
		bytes += STAMPS_PER_CHUNK * sizeof **p->stamps;
		kept->stamps[c] = bytes > MAX_BYTES ? NULL : malloc(STAMPS_PER_CHUNK * sizeof **p->stamps);
		kept->nr_stamps = c + 1;
		ok = kept->stamps[c];
		if (ok)
			memcpy(kept->stamps[c], p->stamps[c], STAMPS_PER_CHUNK * sizeof **p->stamps);
	}
	if (ok && p->nr_gone)
		memcpy(kept->gone, p->gone, p->nr_gone * sizeof *p->gone);
	if (!ok)
		bud_proofs_kept_fini(kept);
	return ok;
}

void bud_proofs_go_back(bud_proofs *proofs, const bud_proofs_kept *kept)
{
	bud_proofs_begin(proofs, true);
	for (uint64_t c = 0; c < kept->nr_stamps; c++) {
		uint32_t *stamps = kept->stamps[c] ? stamps_for(proofs, c << BUD_STAMP_SHIFT) : NULL;
		if (stamps)
			memcpy(stamps, kept->stamps[c], STAMPS_PER_CHUNK * sizeof *stamps);
	}
	for (size_t i = 0; i < kept->nr_gone; i++)
		bud_proofs_add_gone(proofs, &kept->gone[i]);
}

void bud_proofs_kept_fini(bud_proofs_kept *kept)
{
	for (uint64_t c = 0; c < kept->nr_stamps; c++)
		free(kept->stamps[c]);
	free(kept->stamps);
	free(kept->gone);
	*kept = (bud_proofs_kept){ 0 };
}

void bud_proofs_add(bud_proofs *proofs, bud_proof_kind kind, uint64_t seq, bud_pfn pfn, int order, bool sure)
{
	bud_proofs *p = proofs;
	if (grow(p, (void **)&p->fresh, p->nr_fresh, &p->max_fresh, sizeof *p->fresh))
		p->fresh[p->nr_fresh++] = (bud_proof){ seq, 0, pfn, (uint8_t)kind, (uint8_t)order, sure };
}

void bud_proofs_doubt(bud_proofs *proofs, uint64_t seq, bud_pfn pfn, int order)
{
	bud_proofs *p = proofs;
	if (grow(p, (void **)&p->doubts, p->nr_doubts, &p->max_doubts, sizeof *p->doubts))
		p->doubts[p->nr_doubts++] = (bud_proof){ seq, 0, pfn, BUD_PROOF_DOUBT, (uint8_t)order, false };
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

bool bud_proofs_add_change(bud_proofs *proofs, const bud_change *change)
{
	bud_proofs *p = proofs;
	if (!grow(p, (void **)&p->changes, p->nr_changes, &p->max_changes, sizeof *p->changes))
		return false;
	p->changes[p->nr_changes++] = *change;
	return true;
}

void bud_proofs_add_way(bud_proofs *proofs, uint32_t exit)
{
	bud_proofs *p = proofs;
	if (grow(p, (void **)&p->ways, p->nr_ways, &p->max_ways, sizeof *p->ways))
		p->ways[p->nr_ways++] = exit;
}

void bud_proofs_forget(bud_proofs *proofs, size_t nr, uint64_t seq)
{
	size_t kept = nr;
	for (size_t i = nr; i < proofs->nr_fresh; i++)
		if (proofs->fresh[i].kind == BUD_PROOF_GAP)
			proofs->fresh[kept++] = proofs->fresh[i];
	proofs->nr_fresh = kept < proofs->nr_fresh ? kept : proofs->nr_fresh;
	while (proofs->nr_gone && proofs->gone[proofs->nr_gone - 1].before > seq)
		proofs->nr_gone--;
}

void bud_proofs_add_gone(bud_proofs *proofs, const bud_gone *gone)
{
	bud_proofs *p = proofs;
	if (p->learning && grow(p, (void **)&p->gone, p->nr_gone, &p->max_gone, sizeof *p->gone))
		p->gone[p->nr_gone++] = *gone;
}

void bud_proofs_unsettled(bud_proofs *proofs, bud_pfn pfn, uint64_t from, uint64_t to)
{
	bud_proofs *p = proofs;
	bud_proofs_add(p, BUD_PROOF_UNSETTLED, from, pfn, 0, false);
	bud_proofs_add(p, BUD_PROOF_SETTLED, to, pfn, 0, false);
	if (p->nr_fresh && p->fresh[p->nr_fresh - 1].kind == BUD_PROOF_SETTLED)
		p->fresh[p->nr_fresh - 1].since = from;
}
