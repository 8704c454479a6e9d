/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "formats/read/stream.h"

#include <stdio.h>
#include <stdlib.h>

#define MAX_PREFETCHING 8		     /* streams of a file that get a thread */
#define RUN_ROOM	((size_t)1 << 20)    /* bytes inflated at once */
#define MAX_CHUNK	((uint32_t)64 << 20) /* more than any recorder makes; bounds what a file can make us hold */

void bud_stream_damage(bud_stream_file *file, uint64_t offset, const char *expected)
{
	if (!file->damage && asprintf(&file->damage, "%s: offset %llu: expected %s", file->path,
				      (unsigned long long)offset, expected) < 0)
		file->damage = NULL;
}

static bool add_chunk(bud_stream *s, const bud_chunk *chunk)
{
	if ((s->nr_chunks & (s->nr_chunks - 1)) == 0) {
		bud_chunk *chunks = realloc(s->chunks, (s->nr_chunks ? s->nr_chunks * 2 : 1) * sizeof *chunks);
		if (!chunks)
			return false;
		s->chunks = chunks;
	}
	s->chunks[s->nr_chunks++] = *chunk;
	if (chunk->inflated_size > s->room)
		s->room = chunk->inflated_size;
	return true;
}

/* Lists the chunks; those that do not fit the file are damage and end the list. The size a file claims leaves out
 * the chunks' heads, so their count is the only bound. */
static bud_status find_chunks(bud_stream *s, bud_error *err)
{
	bud_cursor c = { .data = s->file->data, .size = s->file->size, .at = s->offset, .swap = s->layout.swap };
	uint32_t nr = bud_cursor_u32(&c);
	for (uint32_t i = 0; i < nr && !c.over; i++) {
		bud_chunk chunk = { .first_page = s->nr_pages };
		chunk.size = bud_cursor_u32(&c);
		chunk.inflated_size = bud_cursor_u32(&c);
		chunk.offset = c.at;
		if (chunk.inflated_size > MAX_CHUNK || chunk.inflated_size % s->layout.page_size) {
			bud_stream_damage(s->file, c.at - 4, "a chunk of whole sub-buffers");
			return BUD_OK;
		}
		if (!bud_cursor_take(&c, chunk.size))
			break;
		if (!add_chunk(s, &chunk))
			return bud_error_memory(err, s->file->path);
		s->nr_pages += chunk.inflated_size / s->layout.page_size;
	}
	if (c.over)
		bud_stream_damage(s->file, c.at, "more compressed trace data, not the end of the file");
	return BUD_OK;
}

bud_status bud_stream_open(bud_stream *stream, bud_stream_file *file, const bud_ringbuf_layout *layout, uint16_t cpu,
			   bud_codec codec, uint64_t offset, uint64_t size, bud_error *err)
{
	bud_stream *s = stream;
	bud_status status = BUD_OK;
	*s = (bud_stream){
		.file = file, .layout = *layout, .codec = codec, .cpu = cpu, .offset = offset, .room = RUN_ROOM
	};
	if (offset > file->size || size > file->size - offset) {
		bud_stream_damage(file, file->size, "more trace data, not the end of the file");
		size = offset > file->size ? 0 : file->size - offset;
	}
	if (codec == BUD_CODEC_NONE)
		s->nr_pages = size / layout->page_size;
	else if (size)
		status = find_chunks(s, err);
	if (status || !s->nr_pages)
		return status;
	s->events = calloc(bud_ringbuf_max_events(layout), sizeof *s->events);
	s->stack = calloc(layout->page_size / 4, sizeof *s->stack);
	s->inflated = s->nr_chunks ? malloc(s->room) : NULL;
	if (!s->events || !s->stack || (s->nr_chunks && !s->inflated))
		return bud_error_memory(err, file->path);
	return BUD_OK;
}

void bud_stream_close(bud_stream *stream)
{
	bud_prefetch_destroy(stream->prefetch);
	free(stream->chunks);
	free(stream->inflated);
	free(stream->events);
	free(stream->stack);
}

/* The chunk that holds a page, starting the search at the one at hand. */
static size_t chunk_of(const bud_stream *s, uint64_t page)
{
	size_t low = 0, high = s->nr_chunks;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (s->chunks[middle].first_page <= page)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* Has the chunk at hand, and perhaps some behind it. A stream that is read straight on inflates ahead. */
static bool inflate_run(bud_stream *s, size_t at)
{
	bool on = s->run_nr && at == s->run_first + s->run_nr;
	if (on && !s->prefetch && s->file->nr_prefetching < MAX_PREFETCHING) {
		s->prefetch = bud_prefetch_create(s->codec, s->file->data, s->chunks, s->nr_chunks, s->room);
		s->file->nr_prefetching += s->prefetch != NULL;
	}
	s->run_first = at;
	s->run_nr = s->prefetch ? bud_prefetch_take(s->prefetch, at, on, &s->inflated)
				: bud_chunks_inflate(s->codec, s->file->data, &s->chunks[at], 1, s->inflated);
	return s->run_nr > 0;
}

const uint8_t *bud_stream_page(bud_stream *stream, uint64_t page)
{
	bud_stream *s = stream;
	if (s->codec == BUD_CODEC_NONE)
		return s->file->data + s->offset + page * s->layout.page_size;
	size_t at = chunk_of(s, page);
	if (at - s->run_first >= s->run_nr && !inflate_run(s, at)) {
		bud_stream_damage(s->file, s->chunks[at].offset, "compressed trace data");
		return NULL;
	}
	return s->inflated + (page - s->chunks[s->run_first].first_page) * s->layout.page_size;
}

static uint64_t offset_of(const bud_stream *s, uint64_t page, uint32_t within)
{
	if (s->codec == BUD_CODEC_NONE)
		return s->offset + page * s->layout.page_size + within;
	return s->chunks[chunk_of(s, page)].offset;
}

static void account(bud_stream *s, uint64_t page, const bud_ringbuf_page *found)
{
	if (found->damage)
		bud_stream_damage(s->file, offset_of(s, page, found->damage_at), found->damage);
	if (page < s->pages_seen)
		return;
	s->pages_seen = page + 1;
	if (found->missed || found->damage) {
		s->loss.gaps++;
		s->loss.counted += found->nr_missed;
		s->loss.gaps_uncounted += found->nr_missed == 0;
	}
}

bool bud_stream_fill(bud_stream *stream, bud_event_mask wanted)
{
	bud_stream *s = stream;
	while (s->next_event == s->nr_events) {
		if (s->next_page == s->nr_pages)
			return false;
		uint64_t page = s->next_page++;
		const uint8_t *bytes = bud_stream_page(s, page);
		bud_ringbuf_page found = { .missed = true, .damage = "compressed trace data" };
		s->next_event = s->nr_events = 0;
		if (bytes)
			s->nr_events = bud_ringbuf_decode(&s->layout, s->file->formats, wanted, s->cpu, bytes,
							  s->events, s->stack, &found);
		account(s, page, &found);
	}
	return true;
}

void bud_stream_seek(bud_stream *stream, uint64_t t_ns)
{
	bud_stream *s = stream;
	uint64_t low = 0, high = s->nr_pages;
	while (t_ns && high - low > 1) {
		uint64_t middle = low + (high - low) / 2;
		const uint8_t *page = bud_stream_page(s, middle);
		if (page && bud_ringbuf_page_time(&s->layout, page) < t_ns)
			low = middle;
		else
			high = middle;
	}
	s->next_page = low;
	s->next_event = s->nr_events = 0;
}

void bud_stream_span(bud_stream *stream, uint64_t *first_ns, uint64_t *last_ns)
{
	bud_stream *s = stream;
	uint64_t *by_id = s->nr_pages ? calloc(65536, sizeof *by_id) : NULL;
	uint64_t first = BUD_TIME_NONE, last = BUD_TIME_NONE, ignored;
	bud_ringbuf_page found;
	for (uint64_t p = 0; by_id && p < s->nr_pages && first == BUD_TIME_NONE; p++) {
		const uint8_t *page = bud_stream_page(s, p);
		if (page)
			bud_ringbuf_count(&s->layout, page, by_id, &first, &ignored, &found);
	}
	for (uint64_t p = s->nr_pages; by_id && p > 0 && last == BUD_TIME_NONE; p--) {
		const uint8_t *page = bud_stream_page(s, p - 1);
		ignored = BUD_TIME_NONE;
		if (page)
			bud_ringbuf_count(&s->layout, page, by_id, &ignored, &last, &found);
	}
	free(by_id);
	if (first != BUD_TIME_NONE && (*first_ns == BUD_TIME_NONE || first < *first_ns))
		*first_ns = first;
	if (last != BUD_TIME_NONE && (*last_ns == BUD_TIME_NONE || last > *last_ns))
		*last_ns = last;
}

void bud_stream_count(bud_stream *stream, uint64_t *by_id)
{
	bud_stream *s = stream;
	for (uint64_t p = 0; p < s->nr_pages; p++) {
		const uint8_t *page = bud_stream_page(s, p);
		uint64_t first = BUD_TIME_NONE, last;
		bud_ringbuf_page found = { .missed = true, .damage = "compressed trace data" };
		if (page)
			bud_ringbuf_count(&s->layout, page, by_id, &first, &last, &found);
		account(s, p, &found);
	}
}
