/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One sub-buffer of the kernel's ring buffer (kernel/trace/ring_buffer.c,
 * all versions): a time stamp, a commit word with the bytes used and the
 * missed-events flags, then records with time deltas.
 */
#ifndef BUD_READ_RINGBUF_H
#define BUD_READ_RINGBUF_H

#include "formats/read/eventfmt.h"

/* How sub-buffers of one file look and how their time becomes ours. */
typedef struct bud_ringbuf_layout {
	uint32_t page_size; /* of a sub-buffer in bytes */
	uint8_t commit_size; /* 4 or 8: the kernel's word */
	bool swap; /* the file's byte order is not ours */
	uint32_t tsc_mult, tsc_shift; /* x86-tsc to ns; mult 0: as it is */
	int64_t ts_offset; /* added to every time, in ns */
} bud_ringbuf_layout;

/* What a walk over one sub-buffer found besides records. */
typedef struct bud_ringbuf_page {
	bool missed; /* records before this sub-buffer are missing */
	uint64_t nr_missed; /* how many; 0: not written down */
	uint32_t damage_at; /* offset of something undecodable; records behind it are not read */
	const char *damage; /* what was expected there; NULL if all is well */
} bud_ringbuf_page;

/* The most records (or LOST events) a sub-buffer can give. */
static inline uint32_t bud_ringbuf_max_events(const bud_ringbuf_layout *layout)
{
	return layout->page_size / 8 + 2;
}

/* The file's time as the trace's (terms.md). */
static inline uint64_t bud_ringbuf_time(const bud_ringbuf_layout *layout, uint64_t t)
{
	if (layout->tsc_mult)
		t = (uint64_t)((unsigned __int128)t * layout->tsc_mult >> layout->tsc_shift);
	return t + (uint64_t)layout->ts_offset;
}

/* The time in a sub-buffer's head: of its first record, or a little before. */
uint64_t bud_ringbuf_page_time(const bud_ringbuf_layout *layout, const uint8_t *page);

/*
 * Decodes the wanted records of a sub-buffer into events, which has room
 * for bud_ringbuf_max_events(); stack for page_size / 4 numbers. A missed
 * gap becomes a LOST event in front. Returns how many events.
 */
uint32_t bud_ringbuf_decode(const bud_ringbuf_layout *layout, const bud_eventfmt *formats, bud_event_mask wanted,
			    uint16_t cpu, const uint8_t *page, bud_event *events, uint64_t *stack,
			    bud_ringbuf_page *found);

/* Counts every record by event id instead; *last_t is the time of the last one, untouched if there is none. */
void bud_ringbuf_count(const bud_ringbuf_layout *layout, const uint8_t *page, uint64_t *by_id, uint64_t *first_t,
		       uint64_t *last_t, bud_ringbuf_page *found);

#endif
