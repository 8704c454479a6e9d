/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "formats/read/stream.h"

#include <stdio.h>
#include <stdlib.h>

#define MAX_THREADS 8			 /* streams of a file that read ahead on threads */
#define MAX_CHUNK   ((uint32_t)16 << 20) /* more than any recorder makes; bounds what a file can make us hold */

void bud_stream_damage(bud_stream_file *file, uint64_t offset, const char *expected)
{
	if (!file->damage && asprintf(&file->damage, "%s: offset %llu: expected %s", file->path,
				      (unsigned long long)offset, expected) < 0)
		file->damage = NULL;
}

static bool add_chunk(bud_stream *s, const bud_chunk *chunk)
{
	bud_subbufs *subbufs = &s->subbufs;
	if ((subbufs->nr_chunks & (subbufs->nr_chunks - 1)) == 0) {
		bud_chunk *chunks =
			realloc(s->chunks, (subbufs->nr_chunks ? subbufs->nr_chunks * 2 : 1) * sizeof *chunks);
		if (!chunks)
			return false;
		s->chunks = chunks;
		subbufs->chunks = chunks;
	}
	s->chunks[subbufs->nr_chunks++] = *chunk;
	if (chunk->inflated_size > subbufs->largest_chunk)
		subbufs->largest_chunk = chunk->inflated_size;
	subbufs->nr_pages += chunk->inflated_size / subbufs->layout.page_size;
	return true;
}

/* Lists the chunks; those that do not fit the file are damage and end the list. The size a file claims leaves out
 * the chunks' heads, so their count is the only bound. */
static bud_status find_chunks(bud_stream *s, bud_error *err)
{
	const bud_subbufs *subbufs = &s->subbufs;
	bud_cursor c = {
		.data = s->file->data, .size = s->file->size, .at = subbufs->offset, .swap = subbufs->layout.swap
	};
	uint32_t nr = bud_cursor_u32(&c);
	for (uint32_t i = 0; i < nr && !c.over; i++) {
		bud_chunk chunk = { .first_page = subbufs->nr_pages };
		chunk.size = bud_cursor_u32(&c);
		chunk.inflated_size = bud_cursor_u32(&c);
		chunk.offset = c.at;
		if (chunk.inflated_size > MAX_CHUNK || chunk.inflated_size % subbufs->layout.page_size) {
			bud_stream_damage(s->file, c.at - 4, "a chunk of whole sub-buffers");
			return BUD_OK;
		}
		if (!bud_cursor_take(&c, chunk.size))
			break;
		if (!add_chunk(s, &chunk))
			return bud_error_memory(err, s->file->path);
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
		.file = file,
		.subbufs = { .layout = *layout, .cpu = cpu, .codec = codec, .data = file->data, .offset = offset }
	};
	if (offset > file->size || size > file->size - offset) {
		bud_stream_damage(file, file->size, "more trace data, not the end of the file");
		size = offset > file->size ? 0 : file->size - offset;
	}
	if (codec == BUD_CODEC_NONE)
		s->subbufs.nr_pages = size / layout->page_size;
	else if (size)
		status = find_chunks(s, err);
	s->chunk_at = s->subbufs.nr_chunks;
	if (status || !s->subbufs.nr_pages)
		return status;
	s->ahead = bud_ahead_create(&s->subbufs, file->formats);
	s->inflated = malloc(s->subbufs.largest_chunk + 1);
	return s->ahead && s->inflated ? BUD_OK : bud_error_memory(err, file->path);
}

void bud_stream_close(bud_stream *stream)
{
	bud_ahead_destroy(stream->ahead);
	free(stream->chunks);
	free(stream->inflated);
}

const uint8_t *bud_stream_page(bud_stream *stream, uint64_t page)
{
	bud_stream *s = stream;
	const bud_subbufs *subbufs = &s->subbufs;
	if (subbufs->codec == BUD_CODEC_NONE)
		return subbufs->data + subbufs->offset + page * subbufs->layout.page_size;
	size_t at = bud_subbufs_chunk_of(subbufs, page);
	const bud_chunk *chunk = &s->chunks[at];
	if (at != s->chunk_at) {
		s->chunk_at = subbufs->nr_chunks;
		if (!bud_inflate_block(subbufs->codec, subbufs->data + chunk->offset, chunk->size, s->inflated,
				       chunk->inflated_size)) {
			bud_stream_damage(s->file, chunk->offset, "compressed trace data");
			return NULL;
		}
		s->chunk_at = at;
	}
	return s->inflated + (page - chunk->first_page) * subbufs->layout.page_size;
}

static uint64_t offset_of(const bud_stream *s, uint64_t page, uint32_t within)
{
	const bud_subbufs *subbufs = &s->subbufs;
	if (subbufs->codec == BUD_CODEC_NONE)
		return subbufs->offset + page * subbufs->layout.page_size + within;
	return s->chunks[bud_subbufs_chunk_of(subbufs, page)].offset;
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

bool bud_stream_fill(bud_stream *stream)
{
	bud_stream *s = stream;
	while (s->next_event == s->nr_events) {
		const bud_run *run = s->ahead ? bud_ahead_next(s->ahead) : NULL;
		if (!run || !run->nr_pages)
			return false;
		for (uint64_t i = 0; i < run->nr_pages; i++)
			account(s, run->first_page + i, &run->found[i]);
		s->events = run->events;
		s->nr_events = run->nr_events;
		s->next_event = 0;
	}
	return true;
}

void bud_stream_seek(bud_stream *stream, uint64_t t_ns, bud_event_mask wanted)
{
	bud_stream *s = stream;
	uint64_t low = 0, high = s->subbufs.nr_pages;
	while (t_ns && high - low > 1) {
		uint64_t middle = low + (high - low) / 2;
		const uint8_t *page = bud_stream_page(s, middle);
		if (page && bud_ringbuf_page_time(&s->subbufs.layout, page) < t_ns)
			low = middle;
		else
			high = middle;
	}
	s->next_event = s->nr_events = 0;
	if (!s->threads && s->file->nr_threads < MAX_THREADS) {
		s->threads = true;
		s->file->nr_threads++;
	}
	if (s->ahead)
		bud_ahead_seek(s->ahead, low, wanted, s->threads);
}

void bud_stream_span(bud_stream *stream, uint64_t *first_ns, uint64_t *last_ns)
{
	bud_stream *s = stream;
	uint64_t *by_id = s->subbufs.nr_pages ? calloc(65536, sizeof *by_id) : NULL;
	uint64_t first = BUD_TIME_NONE, last = BUD_TIME_NONE, ignored;
	bud_ringbuf_page found;
	for (uint64_t p = 0; by_id && p < s->subbufs.nr_pages && first == BUD_TIME_NONE; p++) {
		const uint8_t *page = bud_stream_page(s, p);
		if (page)
			bud_ringbuf_count(&s->subbufs.layout, page, by_id, &first, &ignored, &found);
	}
	for (uint64_t p = s->subbufs.nr_pages; by_id && p > 0 && last == BUD_TIME_NONE; p--) {
		const uint8_t *page = bud_stream_page(s, p - 1);
		ignored = BUD_TIME_NONE;
		if (page)
			bud_ringbuf_count(&s->subbufs.layout, page, by_id, &ignored, &last, &found);
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
	for (uint64_t p = 0; p < s->subbufs.nr_pages; p++) {
		const uint8_t *page = bud_stream_page(s, p);
		uint64_t first = BUD_TIME_NONE, last;
		bud_ringbuf_page found = { .missed = true, .damage = "compressed trace data" };
		if (page)
			bud_ringbuf_count(&s->subbufs.layout, page, by_id, &first, &last, &found);
		account(s, p, &found);
	}
}
