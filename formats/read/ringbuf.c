/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "formats/read/ringbuf.h"

#define COMMIT_OFFSET 8
#define MISSED_EVENTS ((uint64_t)1 << 31)
#define MISSED_STORED ((uint64_t)1 << 30)
#define COMMIT_MASK   (MISSED_STORED - 1)

/* Values of type_len that are not a length in words. */
enum { LENGTH_FOLLOWS = 0, PADDING = 29, TIME_EXTEND = 30, TIME_STAMP = 31 };

#define DELTA_BITS	27
#define DELTA_MASK	(((uint32_t)1 << DELTA_BITS) - 1)
#define STAMP_HIGH_BITS ((uint64_t)0xf8 << 56) /* an absolute stamp has 59 bits */

/* The walk is compiled twice, for files of our byte order and of the other, so no record pays for the question. */
#define HOT static inline __attribute__((always_inline))

uint64_t bud_ringbuf_page_time(const bud_ringbuf_layout *layout, const uint8_t *page)
{
	return bud_ringbuf_time(layout, bud_bytes_u64(page, layout->swap));
}

/* A walk over the records of a sub-buffer. */
typedef struct walk {
	const bud_ringbuf_layout *layout;
	bool swap;
	const uint8_t *page;
	uint32_t at, end; /* offsets in the page */
	uint64_t t;	  /* in the file's clock */
	const uint8_t *record;
	uint32_t size;
	bud_ringbuf_page *found;
} walk;

static void damaged(walk *w, const char *expected)
{
	w->found->damage = expected;
	w->found->damage_at = w->at;
	w->end = w->at;
}

HOT void walk_begin(walk *w, const bud_ringbuf_layout *layout, bool swap, const uint8_t *page, bud_ringbuf_page *found)
{
	uint32_t head = COMMIT_OFFSET + layout->commit_size;
	uint64_t commit = layout->commit_size == 8 ? bud_bytes_u64(page + COMMIT_OFFSET, swap)
						   : bud_bytes_u32(page + COMMIT_OFFSET, swap);
	uint64_t used = commit & COMMIT_MASK;
	*found = (bud_ringbuf_page){ .missed = commit & MISSED_EVENTS };
	*w = (walk){ .layout = layout, .swap = swap, .page = page, .at = head, .found = found };
	w->t = bud_bytes_u64(page, swap);
	if (used > layout->page_size - head) {
		w->at = COMMIT_OFFSET;
		damaged(w, "a sub-buffer that holds no more than its size");
		return;
	}
	w->end = head + (uint32_t)used;
	if (found->missed && (commit & MISSED_STORED) && layout->page_size - w->end >= layout->commit_size)
		found->nr_missed = layout->commit_size == 8 ? bud_bytes_u64(page + w->end, swap)
							    : bud_bytes_u32(page + w->end, swap);
}

/* Moves to the next record with data; false at the end. */
HOT bool walk_next(walk *w)
{
	bool swap = w->swap, big_endian = swap != BUD_HOST_BIG_ENDIAN;
	while (w->end - w->at >= 4) {
		uint32_t head = bud_bytes_u32(w->page + w->at, swap);
		uint32_t type_len = big_endian ? head >> DELTA_BITS : head & 31;
		uint32_t delta = big_endian ? head & DELTA_MASK : head >> 5;
		uint32_t room = w->end - w->at - 4, length;
		if (type_len >= 1 && type_len < PADDING) {
			length = type_len * 4;
			w->record = w->page + w->at + 4;
			w->size = length;
		} else {
			if (type_len == PADDING && !delta)
				return false; /* the rest is empty */
			if (room < 4) {
				damaged(w, "a record head of 8 bytes");
				return false;
			}
			uint32_t word = bud_bytes_u32(w->page + w->at + 4, swap);
			if (type_len == TIME_EXTEND || type_len == TIME_STAMP) {
				uint64_t wide = ((uint64_t)word << DELTA_BITS) + delta;
				w->t = type_len == TIME_EXTEND ? w->t + wide : (w->t & STAMP_HIGH_BITS) | wide;
				w->at += 8;
				continue;
			}
			if (word < 4 || word > room) {
				damaged(w, "a record length that fits its sub-buffer");
				return false;
			}
			length = (word + 3) & ~(uint32_t)3;
			w->record = w->page + w->at + 8;
			w->size = word - 4;
		}
		if (length > room) {
			damaged(w, "a record that fits its sub-buffer");
			return false;
		}
		w->at += 4 + length;
		w->t += delta;
		if (type_len != PADDING && w->size >= BUD_COMMON_SIZE)
			return true;
	}
	return false;
}

HOT uint32_t decode(const bud_ringbuf_layout *layout, bool swap, const bud_eventfmt *formats, bud_event_mask wanted,
		    uint16_t cpu, const uint8_t *page, bud_event *events, uint64_t *stack, bud_ringbuf_page *found)
{
	walk w;
	uint32_t nr = 0;
	walk_begin(&w, layout, swap, page, found);
	if (found->missed)
		events[nr++] = (bud_event){ .t_ns = bud_ringbuf_time(layout, w.t),
					    .cpu = cpu,
					    .kind = BUD_EV_LOST,
					    .lost = { found->nr_missed } };
	while (walk_next(&w)) {
		uint16_t id = bud_bytes_u16(w.record, swap);
		if (!(wanted >> formats->kind_of[id] & 1))
			continue;
		const bud_event_format *format = formats->by_id[id];
		bud_event *event = &events[nr];
		event->t_ns = bud_ringbuf_time(layout, w.t);
		event->cpu = cpu;
		if (!swap && format->page.fast && w.size >= format->min_size)
			bud_eventfmt_decode_page(format, w.record, event);
		else if (!bud_eventfmt_decode(formats, format, w.record, w.size, event, stack))
			continue;
		if (event->kind == BUD_EV_KERNEL_STACK)
			stack += event->stack.nr;
		nr++;
	}
	return nr;
}

uint32_t bud_ringbuf_decode(const bud_ringbuf_layout *layout, const bud_eventfmt *formats, bud_event_mask wanted,
			    uint16_t cpu, const uint8_t *page, bud_event *events, uint64_t *stack,
			    bud_ringbuf_page *found)
{
	wanted &= ~BUD_EVENT_BIT(BUD_EV_LOST) & BUD_EVENT_ALL;
	if (layout->swap)
		return decode(layout, true, formats, wanted, cpu, page, events, stack, found);
	return decode(layout, false, formats, wanted, cpu, page, events, stack, found);
}

void bud_ringbuf_count(const bud_ringbuf_layout *layout, const uint8_t *page, uint64_t *by_id, uint64_t *first_t,
		       uint64_t *last_t, bud_ringbuf_page *found)
{
	walk w;
	walk_begin(&w, layout, layout->swap, page, found);
	while (walk_next(&w)) {
		by_id[bud_bytes_u16(w.record, layout->swap)]++;
		*last_t = bud_ringbuf_time(layout, w.t);
		if (*first_t == BUD_TIME_NONE)
			*first_t = *last_t;
	}
}
