/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/base/pageset.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK_NUMBERS ((uint64_t)1 << BUD_CHUNK_SHIFT)
#define ALL_ONES      UINT64_MAX

/* The directory grows over everything between the lowest and the highest chunk; a wild number may not blow it up. */
#define MAX_CHUNKS ((uint64_t)1 << 22) /* 2^37 numbers: 512 TiB of 4 KiB pages */

void bud_pageset_init(bud_pageset *set)
{
	*set = (bud_pageset){ 0 };
}

void bud_pageset_fini(bud_pageset *set)
{
	for (uint64_t c = 0; c < set->nr_chunks; c++)
		free(set->chunk[c]);
	free(set->chunk);
	bud_pageset_init(set);
}

void bud_pageset_clear_all(bud_pageset *set)
{
	for (uint64_t c = 0; c < set->nr_chunks; c++)
		if (set->chunk[c])
			memset(set->chunk[c], 0, BUD_CHUNK_WORDS * sizeof(uint64_t));
}

static bool cover(bud_pageset *set, uint64_t first, uint64_t end)
{
	uint64_t nr = end - first;
	if (nr > MAX_CHUNKS)
		return false;
	uint64_t **chunk = calloc(nr, sizeof *chunk);
	if (!chunk)
		return false;
	if (set->nr_chunks)
		memcpy(chunk + (set->first - first), set->chunk, set->nr_chunks * sizeof *chunk);
	free(set->chunk);
	set->chunk = chunk;
	set->first = first;
	set->nr_chunks = nr;
	return true;
}

bool bud_pageset_reserve(bud_pageset *set, uint64_t i)
{
	if (i >= BUD_PFN_MAX)
		return false;
	uint64_t c = i >> BUD_CHUNK_SHIFT, end = set->first + set->nr_chunks;
	if (!set->nr_chunks) {
		if (!cover(set, c, c + 1))
			return false;
	} else if (c < set->first) {
		if (!cover(set, c, end))
			return false;
	} else if (c >= end) {
		/* Half as much again: sets mostly grow upward. */
		uint64_t slack = set->nr_chunks / 2, want = c + 1 + slack;
		if (!cover(set, set->first, want - set->first > MAX_CHUNKS ? c + 1 : want))
			return false;
	}
	uint64_t **chunk = &set->chunk[c - set->first];
	if (!*chunk)
		*chunk = calloc(BUD_CHUNK_WORDS, sizeof(uint64_t));
	return *chunk != NULL;
}

/* Bits from lo to hi (exclusive, at most 64) of a word. */
static inline uint64_t mask(unsigned lo, unsigned hi)
{
	return (hi < 64 ? ((uint64_t)1 << hi) - 1 : ALL_ONES) & (ALL_ONES << lo);
}

/* One word of the range [i, end): where it lies, which bits of it; the caller goes on at the return value. */
typedef struct word_span {
	uint64_t *word;
	uint64_t bits;
} word_span;

static inline uint64_t next_span(const bud_pageset *set, uint64_t i, uint64_t end, word_span *span)
{
	uint64_t stop = (i | 63) + 1;
	uint64_t *chunk = bud_pageset_chunk(set, i);
	if (!chunk) {
		stop = (i | (CHUNK_NUMBERS - 1)) + 1;
		span->word = NULL;
		return stop < end ? stop : end;
	}
	if (stop > end)
		stop = end;
	span->word = &chunk[i / 64 % BUD_CHUNK_WORDS];
	span->bits = mask(i % 64, (unsigned)(i % 64 + (stop - i)));
	return stop;
}

bool bud_pageset_set_range(bud_pageset *set, uint64_t start, uint64_t nr)
{
	for (uint64_t i = start, end = start + nr; i < end;) {
		if (!bud_pageset_chunk(set, i) && !bud_pageset_reserve(set, i))
			return false;
		word_span s;
		i = next_span(set, i, end, &s);
		*s.word |= s.bits;
	}
	return true;
}

void bud_pageset_clear_range(bud_pageset *set, uint64_t start, uint64_t nr)
{
	for (uint64_t i = start, end = start + nr; i < end;) {
		word_span s;
		i = next_span(set, i, end, &s);
		if (s.word)
			*s.word &= ~s.bits;
	}
}

uint64_t bud_pageset_count_range(const bud_pageset *set, uint64_t start, uint64_t nr)
{
	uint64_t count = 0;
	for (uint64_t i = start, end = start + nr; i < end;) {
		word_span s;
		i = next_span(set, i, end, &s);
		if (s.word)
			count += (uint64_t)__builtin_popcountll(*s.word & s.bits);
	}
	return count;
}

uint64_t bud_pageset_count(const bud_pageset *set)
{
	return bud_pageset_count_range(set, set->first << BUD_CHUNK_SHIFT, set->nr_chunks << BUD_CHUNK_SHIFT);
}

/* The first number in [i, end) whose bit differs from flip's, or end. */
static uint64_t find(const bud_pageset *set, uint64_t i, uint64_t end, uint64_t flip)
{
	while (i < end) {
		word_span s;
		uint64_t stop = next_span(set, i, end, &s);
		uint64_t bits = s.word ? (*s.word ^ flip) & s.bits : 0;
		if (!s.word && flip)
			return i;
		if (bits)
			return (i & ~(uint64_t)63) + (uint64_t)__builtin_ctzll(bits);
		i = stop;
	}
	return end;
}

uint64_t bud_pageset_next(const bud_pageset *set, uint64_t i, uint64_t end)
{
	uint64_t set_end = (set->first + set->nr_chunks) << BUD_CHUNK_SHIFT;
	if (i < set->first << BUD_CHUNK_SHIFT)
		i = set->first << BUD_CHUNK_SHIFT;
	uint64_t found = find(set, i, end < set_end ? end : set_end, 0);
	return found < end && found < set_end ? found : end;
}

uint64_t bud_pageset_next_clear(const bud_pageset *set, uint64_t i, uint64_t end)
{
	return i < end ? find(set, i, end, ALL_ONES) : end;
}

bool bud_pageset_copy(bud_pageset *to, const bud_pageset *from)
{
	bud_pageset_clear_all(to);
	for (uint64_t c = 0; c < from->nr_chunks; c++) {
		uint64_t i = (from->first + c) << BUD_CHUNK_SHIFT;
		if (!from->chunk[c])
			continue;
		if (!bud_pageset_reserve(to, i))
			return false;
		memcpy(bud_pageset_chunk(to, i), from->chunk[c], BUD_CHUNK_WORDS * sizeof(uint64_t));
	}
	return true;
}

size_t bud_pageset_bytes(const bud_pageset *set)
{
	size_t bytes = set->nr_chunks * sizeof *set->chunk;
	for (uint64_t c = 0; c < set->nr_chunks; c++)
		bytes += set->chunk[c] ? BUD_CHUNK_WORDS * sizeof(uint64_t) : 0;
	return bytes;
}
