/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A set of pages (or of blocks of one order) over a sparse number space:
 * a directory of bitmap chunks, allocated when first set. Absent chunks are
 * all clear. Memory follows what is set, not the span.
 */
#ifndef BUD_BASE_PAGESET_H
#define BUD_BASE_PAGESET_H

#include "lib/base/error.h"
#include "lib/base/mmtypes.h"

#define BUD_CHUNK_SHIFT 15 /* 32768 numbers, 4 KiB of bits */
#define BUD_CHUNK_WORDS ((1u << BUD_CHUNK_SHIFT) / 64)

typedef struct bud_pageset {
	uint64_t **chunk; /* nr_chunks of them, indexed by number >> BUD_CHUNK_SHIFT minus first */
	uint64_t first;	  /* number >> BUD_CHUNK_SHIFT of chunk[0] */
	uint64_t nr_chunks;
} bud_pageset;

void bud_pageset_init(bud_pageset *set);
void bud_pageset_fini(bud_pageset *set);
/* Empties the set and keeps its memory. */
void bud_pageset_clear_all(bud_pageset *set);

/* The chunk that holds number i, or NULL where nothing was ever set. */
static inline uint64_t *bud_pageset_chunk(const bud_pageset *set, uint64_t i)
{
	uint64_t c = (i >> BUD_CHUNK_SHIFT) - set->first;
	return c < set->nr_chunks ? set->chunk[c] : NULL;
}

static inline bool bud_pageset_test(const bud_pageset *set, uint64_t i)
{
	const uint64_t *chunk = bud_pageset_chunk(set, i);
	return chunk && (chunk[(i / 64) % BUD_CHUNK_WORDS] >> (i % 64) & 1);
}

/* Members i & ~63 to i | 63, lowest first: bits of a word. */
static inline uint64_t bud_pageset_word(const bud_pageset *set, uint64_t i)
{
	const uint64_t *chunk = bud_pageset_chunk(set, i);
	return chunk ? chunk[(i / 64) % BUD_CHUNK_WORDS] : 0;
}

static inline void bud_pageset_clear(bud_pageset *set, uint64_t i)
{
	uint64_t *chunk = bud_pageset_chunk(set, i);
	if (chunk)
		chunk[(i / 64) % BUD_CHUNK_WORDS] &= ~((uint64_t)1 << (i % 64));
}

/* Makes room for number i; false when out of memory or i is at or above BUD_PFN_MAX. */
bool bud_pageset_reserve(bud_pageset *set, uint64_t i);

static inline bool bud_pageset_set(bud_pageset *set, uint64_t i)
{
	uint64_t *chunk = bud_pageset_chunk(set, i);
	if (!chunk) {
		if (!bud_pageset_reserve(set, i))
			return false;
		chunk = bud_pageset_chunk(set, i);
	}
	chunk[(i / 64) % BUD_CHUNK_WORDS] |= (uint64_t)1 << (i % 64);
	return true;
}

/* The same for the range [start, start + nr). */
bool bud_pageset_set_range(bud_pageset *set, uint64_t start, uint64_t nr);
void bud_pageset_clear_range(bud_pageset *set, uint64_t start, uint64_t nr);
uint64_t bud_pageset_count_range(const bud_pageset *set, uint64_t start, uint64_t nr);
uint64_t bud_pageset_count(const bud_pageset *set);

/* The first member at or after i and before end, or end. */
uint64_t bud_pageset_next(const bud_pageset *set, uint64_t i, uint64_t end);
/* The first non-member at or after i and before end, or end. */
uint64_t bud_pageset_next_clear(const bud_pageset *set, uint64_t i, uint64_t end);

/* Makes to (initialised) equal to from; false when out of memory. */
bool bud_pageset_copy(bud_pageset *to, const bud_pageset *from);
/* Bytes held. */
size_t bud_pageset_bytes(const bud_pageset *set);

#endif
