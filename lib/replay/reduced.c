/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/replay/reduced.h"

#define LISTS (BUD_LACK_BIT(BUD_LACK_DRAINS) | BUD_LACK_BIT(BUD_LACK_TAKES) | BUD_LACK_BIT(BUD_LACK_EXTFRAG))
#define EXITS (BUD_LACKS_SILENT & ~BUD_LACK_BIT(BUD_LACK_DRAINS))

static bool takes_told(bud_lacks lacks)
{
	return !(lacks & BUD_LACK_BIT(BUD_LACK_TAKES));
}

bud_status bud_reduced_begin(bud_reduced *reduced, bud_lacks lacks, bud_memory *memory, const bud_kernel *kernel,
			     const bud_trace_info *info, bool learning, bud_error *err)
{
	bud_status status = BUD_OK;
	bud_percpu_destroy(reduced->percpu);
	reduced->percpu = NULL;
	reduced->lacks = lacks & BUD_LACKS_REFUSED ? 0 : lacks & ~BUD_LACK_BIT(BUD_LACK_PLACES);
	reduced->kernel = kernel;
	reduced->nr_cpus = info->nr_cpus;
	if (learning) {
		bud_silence_destroy(reduced->silence);
		reduced->silence = NULL;
	}
	if (learning && reduced->lacks & EXITS)
		status = bud_silence_create(&reduced->silence, memory->nr_zones, err);
	if (!status && reduced->lacks & BUD_LACK_BIT(BUD_LACK_DRAINS))
		status = bud_percpu_create(&reduced->percpu, memory, kernel, info, takes_told(lacks), err);
	if (!status)
		bud_reduced_claim(reduced, memory, 1);
	return status;
}

void bud_reduced_fini(bud_reduced *reduced)
{
	bud_percpu_destroy(reduced->percpu);
	bud_silence_destroy(reduced->silence);
	*reduced = (bud_reduced){ 0 };
}

/* Pages whose next event is their free, although they were not in use. */
void bud_reduced_note(bud_reduced *reduced, const bud_event *event, const bud_zone *zone, size_t index, bud_pfn pfn,
		      uint64_t nr, const bud_proofs *proofs, uint64_t seq)
{
	for (bud_pfn p = pfn; event->kind == BUD_EV_FREE && p < pfn + nr; p++)
		if (bud_buddy_page_is_free(&zone->buddy, p) || bud_pageset_test(&zone->cached, p))
			bud_silence_add(reduced->silence, index, bud_proofs_stamp_of(proofs, p), seq, 1);
}

void bud_reduced_end_pass(bud_reduced *reduced, const bud_memory *memory, const bud_proofs *proofs, uint64_t seq,
			  bool started)
{
	if (reduced->silence && !started) {
		bud_silence_end(reduced->silence, memory, proofs, seq);
		return;
	}
	bud_silence_destroy(reduced->silence);
	reduced->silence = NULL;
}

static void claim(const bud_reduced *r, bud_zone *zone, size_t index, uint64_t seq)
{
	uint64_t pages = r->lacks & EXITS ? bud_silence_at(r->silence, index, seq) : 0;
	if (r->lacks & LISTS)
		pages += bud_percpu_most(r->kernel, zone, r->nr_cpus);
	if (r->percpu)
		pages += bud_percpu_unasked(r->percpu, index);
	zone->doubted[BUD_UNCERTAIN_REDUCED] = pages;
}

static bool knows_claims(const bud_reduced *r)
{
	return !(r->lacks & ~BUD_LACKS_SILENT) && (r->silence || !(r->lacks & EXITS));
}

void bud_reduced_claim(bud_reduced *reduced, bud_memory *memory, uint64_t seq)
{
	for (size_t i = 0; reduced->lacks && i < memory->nr_zones; i++)
		if (knows_claims(reduced))
			claim(reduced, &memory->zones[i], i, seq);
		else
			memory->zones[i].doubted[BUD_UNCERTAIN_REDUCED] = UINT64_MAX;
	reduced->claimed_to = reduced->lacks && reduced->silence ? bud_silence_until(reduced->silence, seq) : UINT64_MAX;
}

uint64_t bud_reduced_apply(bud_reduced *reduced, const bud_event *event, bud_zone *zone, size_t index, bud_pfn pfn,
			   int order, uint64_t seq)
{
	uint64_t given = bud_percpu_apply(reduced->percpu, event, zone, index, pfn, order);
	if (knows_claims(reduced))
		claim(reduced, zone, index, seq);
	return given;
}

void bud_reduced_seeded(bud_reduced *reduced, bud_memory *memory, uint64_t seq)
{
	if (reduced->percpu)
		bud_percpu_seeded(reduced->percpu, memory);
	bud_reduced_claim(reduced, memory, seq);
}

bud_status bud_reduced_save(bud_reduced *to, const bud_reduced *from, const bud_memory *memory,
			    const bud_trace_info *info, bud_error *err)
{
	to->claimed_to = from->claimed_to;
	if (!from->percpu)
		return BUD_OK;
	bud_status status =
		bud_percpu_create(&to->percpu, memory, from->kernel, info, takes_told(from->lacks), err);
	if (!status && !bud_percpu_copy(to->percpu, from->percpu))
		status = bud_error_memory(err, "a restart point");
	return status;
}

bool bud_reduced_restore(bud_reduced *to, const bud_reduced *from)
{
	to->claimed_to = from->claimed_to;
	return !from->percpu || !to->percpu || bud_percpu_copy(to->percpu, from->percpu);
}

size_t bud_reduced_bytes(const bud_reduced *reduced)
{
	return reduced->percpu ? bud_percpu_bytes(reduced->percpu) : 0;
}
