/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The event formats of one file, compiled once: which event id is which
 * kind, and where in a record its fields lie. libtraceevent reads the
 * format texts; decoding a record is then a few loads and stores.
 */
#ifndef BUD_READ_EVENTFMT_H
#define BUD_READ_EVENTFMT_H

#include "formats/read/bytes.h"
#include "lib/base/error.h"
#include "lib/base/event.h"
#include "lib/base/gfp.h"

struct tep_handle;

/* One field: from a record's bytes to a member of bud_event. */
typedef struct bud_field_op {
	uint16_t offset, size; /* in the record; size 0: up to its end */
	uint8_t type; /* bud_field_type */
	uint8_t member;
	bool is_signed, is_dynamic, is_relative;
} bud_field_op;

#define BUD_FIELD_OPS 10

/* Every record begins alike, in all kernels: u16 type, u8 flags, u8 preempt count, s32 pid. */
#define BUD_COMMON_FLAGS 2
#define BUD_COMMON_PID 4
#define BUD_COMMON_SIZE 8

/* A page event in the layout of 64-bit kernels of our own byte order, for the fast path. */
typedef struct bud_page_layout {
	bool fast;
	uint16_t pfn, order;
	uint16_t migratetype, gfp_flags; /* 0: no such field */
	uint8_t gfp_size;
} bud_page_layout;

typedef struct bud_event_format {
	char *system, *name;
	bud_event_kind kind; /* BUD_NR_EVENT_KINDS: not one of ours, or unusable */
	uint16_t min_size; /* a shorter record is damaged */
	unsigned nr_ops;
	bud_field_op ops[BUD_FIELD_OPS];
	bud_page_layout page;
} bud_event_format;

typedef struct bud_eventfmt {
	bud_event_format *by_id[65536]; /* NULL: the file describes no such event */
	uint8_t kind_of[65536]; /* bud_event_kind by id; BUD_NR_EVENT_KINDS for what is none of ours */
	bool swap; /* the file's byte order is not ours */
	uint8_t word_bytes;
	bud_event_mask kinds; /* described and usable */
	bud_gfp_table gfp; /* as mm_page_alloc prints its flags; without names if no format lists them */
	struct tep_handle *tep;
} bud_eventfmt;

bud_status bud_eventfmt_create(bud_eventfmt **formats, bool big_endian, unsigned word_bytes, bud_error *err);
void bud_eventfmt_destroy(bud_eventfmt *formats);

/* Takes in one format file. One that cannot be understood is left out. */
bud_status bud_eventfmt_add(bud_eventfmt *formats, const char *system, const char *text, uint64_t size,
			    bud_error *err);

static inline int8_t bud_eventfmt_order(int64_t order)
{
	return order < -1 || order > 126 ? BUD_ORDER_INVALID : (int8_t)order;
}

/* The same as bud_eventfmt_decode() for a format whose page.fast is set and a record of at least min_size. */
static inline void bud_eventfmt_decode_page(const bud_event_format *format, const uint8_t *record, bud_event *event)
{
	const bud_page_layout *page = &format->page;
	event->kind = (uint8_t)format->kind;
	event->pid = (int32_t)bud_bytes_u32(record + BUD_COMMON_PID, false);
	event->page.pfn = bud_bytes_u64(record + page->pfn, false);
	event->order = bud_eventfmt_order((int32_t)bud_bytes_u32(record + page->order, false));
	event->page.migratetype = page->migratetype ? (int32_t)bud_bytes_u32(record + page->migratetype, false) : 0;
	event->page.gfp_flags = !page->gfp_flags    ? 0 :
				page->gfp_size == 8 ? bud_bytes_u64(record + page->gfp_flags, false) :
						      bud_bytes_u32(record + page->gfp_flags, false);
	event->page.context = record[BUD_COMMON_FLAGS];
}

/*
 * Decodes a record of a known kind into event (kind and its union; t_ns and
 * cpu are the caller's). Texts point into the record; a stack is written to
 * stack, which has room for size / word_bytes numbers. false: too short.
 */
bool bud_eventfmt_decode(const bud_eventfmt *formats, const bud_event_format *format, const uint8_t *record,
			 uint32_t size, bud_event *event, uint64_t *stack);

#endif
