/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Chunks of compressed sub-buffers, inflated ahead on threads of their own
 * while those before them are read. The only threads of the library; nothing
 * above it sees them.
 */
#ifndef BUD_READ_PREFETCH_H
#define BUD_READ_PREFETCH_H

#include "formats/read/inflate.h"

/* A run of sub-buffers compressed together. */
typedef struct bud_chunk {
	uint64_t offset; /* of the compressed bytes in the file */
	uint32_t size, inflated_size;
	uint64_t first_page;
} bud_chunk;

/* Inflates chunks one behind the other into to; returns how many are sound, up to the first that is not. */
size_t bud_chunks_inflate(bud_codec codec, const uint8_t *data, const bud_chunk *chunks, size_t nr, uint8_t *to);

typedef struct bud_prefetch bud_prefetch;

/*
 * For these chunks of the file at data, room bytes of them at a time; room
 * holds the largest. All borrowed. NULL if no thread or memory can be had.
 */
bud_prefetch *bud_prefetch_create(bud_codec codec, const uint8_t *data, const bud_chunk *chunks, size_t nr,
				  size_t room);
/* NULL is fine. */
void bud_prefetch_destroy(bud_prefetch *prefetch);

/*
 * Has *buffer hold chunk number at, and perhaps some behind it; returns how
 * many, 0 if it is not sound. *buffer, of room bytes, may be exchanged for
 * another. on: the reader goes straight on, so what comes next is worth
 * inflating.
 */
size_t bud_prefetch_take(bud_prefetch *prefetch, size_t at, bool on, uint8_t **buffer);

#endif
