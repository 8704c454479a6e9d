/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/replay/silence.h"

#include <stdlib.h>
#include <string.h>

#define STRETCHES 1024

struct bud_silence {
	size_t nr_zones;
	unsigned shift; /* of an event's number to its stretch */
	bool ended;
	uint64_t (*begun)[STRETCHES]; /* pages whose span begins there; once ended: pages in doubt */
	uint64_t (*over)[STRETCHES];  /* pages whose span ends there */
};

bud_status bud_silence_create(bud_silence **silence, size_t nr_zones, bud_error *err)
{
	bud_silence *s = calloc(1, sizeof *s);
	if (!s)
		return bud_error_memory(err, "doubts");
	s->nr_zones = nr_zones;
	s->begun = calloc(nr_zones + 1, sizeof *s->begun);
	s->over = calloc(nr_zones + 1, sizeof *s->over);
	if (!s->begun || !s->over) {
		bud_silence_destroy(s);
		return bud_error_memory(err, "doubts");
	}
	*silence = s;
	return BUD_OK;
}

void bud_silence_destroy(bud_silence *silence)
{
	if (!silence)
		return;
	free(silence->begun);
	free(silence->over);
	free(silence);
}

static void halve(uint64_t stretches[STRETCHES])
{
	for (size_t i = 0; i < STRETCHES; i++)
		stretches[i] = i < STRETCHES / 2 ? stretches[2 * i] + stretches[2 * i + 1] : 0;
}

/* The stretches grow until that event is in one of them. */
static void reach(bud_silence *s, uint64_t seq)
{
	for (; seq >> s->shift >= STRETCHES; s->shift++)
		for (size_t zone = 0; zone < s->nr_zones; zone++) {
			halve(s->begun[zone]);
			halve(s->over[zone]);
		}
}

void bud_silence_add(bud_silence *silence, size_t zone, uint64_t from, uint64_t to, uint64_t pages)
{
	reach(silence, to);
	silence->begun[zone][from >> silence->shift] += pages;
	silence->over[zone][to >> silence->shift] += pages;
}

static void add_set(bud_silence *s, size_t zone, const bud_pageset *set, const bud_proofs *proofs, bud_pfn end,
		    uint64_t seq)
{
	for (bud_pfn pfn = bud_pageset_next(set, 0, end); pfn < end; pfn = bud_pageset_next(set, pfn + 1, end))
		bud_silence_add(s, zone, bud_proofs_stamp_of(proofs, pfn), seq, 1);
}

void bud_silence_end(bud_silence *silence, const bud_memory *memory, const bud_proofs *proofs, uint64_t seq)
{
	bud_silence *s = silence;
	reach(s, seq);
	for (size_t i = 0; i < s->nr_zones; i++) {
		const bud_zone *zone = &memory->zones[i];
		bud_pfn end = zone->start_pfn + zone->spanned;
		add_set(s, i, &zone->buddy.free, proofs, end, seq);
		add_set(s, i, &zone->cached, proofs, end, seq);
		for (size_t k = 1; k < STRETCHES; k++)
			s->begun[i][k] += s->begun[i][k - 1] - s->over[i][k - 1];
	}
}

uint64_t bud_silence_at(const bud_silence *silence, size_t zone, uint64_t seq)
{
	uint64_t k = seq >> silence->shift;
	return silence->begun[zone][k < STRETCHES ? k : STRETCHES - 1];
}

uint64_t bud_silence_until(const bud_silence *silence, uint64_t seq)
{
	return ((seq >> silence->shift) + 1) << silence->shift;
}
