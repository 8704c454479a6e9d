/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sub-buffers of one stream as runs of decoded events. A stream that is read
 * straight on has its next runs inflated and decoded meanwhile, on threads
 * of their own: the only ones of the library; nothing above sees them.
 */
#ifndef BUD_READ_AHEAD_H
#define BUD_READ_AHEAD_H

#include "formats/read/inflate.h"
#include "formats/read/ringbuf.h"

/* A run of sub-buffers compressed together. */
typedef struct bud_chunk {
	uint64_t offset; /* of the compressed bytes in the file */
	uint32_t size, inflated_size;
	uint64_t first_page;
} bud_chunk;

/* Where the sub-buffers of a stream are, and how they look. All borrowed. */
typedef struct bud_subbufs {
	bud_ringbuf_layout layout;
	uint16_t cpu;
	bud_codec codec;     /* NONE: they stand in the file from offset on */
	const uint8_t *data; /* the file */
	uint64_t offset;
	uint64_t nr_pages;
	const bud_chunk *chunks;
	size_t nr_chunks;
	size_t largest_chunk; /* bytes, inflated */
} bud_subbufs;

/* The chunk that holds a page. */
size_t bud_subbufs_chunk_of(const bud_subbufs *subbufs, uint64_t page);

typedef struct bud_run {
	uint64_t first_page, nr_pages; /* nr_pages 0: the end */
	const bud_event *events;       /* of all of them, in order */
	uint32_t nr_events;
	const bud_ringbuf_page *found; /* of each page; one that cannot be inflated is missed, and damaged */
} bud_run;

typedef struct bud_ahead bud_ahead;

/* NULL: out of memory. */
bud_ahead *bud_ahead_create(const bud_subbufs *subbufs, const bud_eventfmt *formats);
/* NULL is fine. */
void bud_ahead_destroy(bud_ahead *ahead);

/* The next run begins with that page, and has the wanted kinds. threads: it may have some, once it is read straight on.
 */
void bud_ahead_seek(bud_ahead *ahead, uint64_t page, bud_event_mask wanted, bool threads);
/* The next run; valid, with all its events point to, until the next call on ahead. */
const bud_run *bud_ahead_next(bud_ahead *ahead);

#endif
