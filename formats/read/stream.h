/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One CPU's sub-buffers in a file, mapped as they are or compressed in
 * chunks, decoded one sub-buffer at a time.
 */
#ifndef BUD_READ_STREAM_H
#define BUD_READ_STREAM_H

#include "formats/read/ahead.h"
#include "lib/base/source.h"

/* What all streams of a file share. */
typedef struct bud_stream_file {
	const char *path;
	const uint8_t *data;
	uint64_t size;
	const bud_eventfmt *formats;
	char *damage;	     /* the first damage met, as a line; NULL if none */
	unsigned nr_threads; /* streams that may read ahead on threads */
} bud_stream_file;

typedef struct bud_stream {
	bud_stream_file *file;
	bud_subbufs subbufs;
	bud_chunk *chunks;

	uint8_t *inflated; /* the chunk looked into last */
	size_t chunk_at;   /* == subbufs.nr_chunks: none */
	bud_ahead *ahead;
	bool threads;		 /* it may have some */
	const bud_event *events; /* of the run at hand */
	uint32_t nr_events, next_event;
	uint64_t pages_seen; /* sub-buffers whose losses are in loss */
	bud_cpu_loss loss;   /* gaps only */
} bud_stream;

/*
 * Finds the sub-buffers in [offset, offset + size) of the file; chunked:
 * behind a count of compressed chunks. Notes damage where they do not fit.
 */
bud_status bud_stream_open(bud_stream *stream, bud_stream_file *file, const bud_ringbuf_layout *layout, uint16_t cpu,
			   bud_codec codec, uint64_t offset, uint64_t size, bud_error *err);
void bud_stream_close(bud_stream *stream);

/* Goes to the last sub-buffer that can hold an event at or after t_ns; the wanted kinds come from there on. */
void bud_stream_seek(bud_stream *stream, uint64_t t_ns, bud_event_mask wanted);

/* Goes on to the next wanted event; false at the end of the stream. The event is events[next_event]. */
bool bud_stream_fill(bud_stream *stream);

/* The bytes of a sub-buffer, or NULL (with damage noted) if they cannot be had. */
const uint8_t *bud_stream_page(bud_stream *stream, uint64_t page);

/* Time of the first and last record; unchanged where there is none. */
void bud_stream_span(bud_stream *stream, uint64_t *first_ns, uint64_t *last_ns);

/* Counts every record by event id. */
void bud_stream_count(bud_stream *stream, uint64_t *by_id);

/* Notes damage, unless some was noted before. */
void bud_stream_damage(bud_stream_file *file, uint64_t offset, const char *expected);

#endif
