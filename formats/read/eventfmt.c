/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "formats/read/eventfmt.h"

#include <event-parse.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "formats/read/flaglist.h"

bud_status bud_eventfmt_create(bud_eventfmt **formats, bool big_endian, unsigned word_bytes, bud_error *err)
{
	bud_eventfmt *f = calloc(1, sizeof *f);
	struct tep_handle *tep = tep_alloc();
	if (!f || !tep) {
		free(f);
		return bud_error_memory(err, "event formats");
	}
	memset(f->kind_of, BUD_NR_EVENT_KINDS, sizeof f->kind_of);
	tep_set_loglevel(TEP_LOG_NONE);
	tep_set_file_bigendian(tep, big_endian ? TEP_BIG_ENDIAN : TEP_LITTLE_ENDIAN);
	tep_set_long_size(tep, (int)word_bytes);
	f->tep = tep;
	f->swap = big_endian != BUD_HOST_BIG_ENDIAN;
	f->word_bytes = (uint8_t)word_bytes;
	*formats = f;
	return BUD_OK;
}

void bud_eventfmt_destroy(bud_eventfmt *formats)
{
	if (!formats)
		return;
	for (int id = 0; id < 65536; id++)
		if (formats->by_id[id]) {
			free(formats->by_id[id]->system);
			free(formats->by_id[id]->name);
			free(formats->by_id[id]);
		}
	tep_free(formats->tep);
	free(formats);
}

static bool compile_field(bud_event_format *format, const bud_event_field *field, const struct tep_format_field *found)
{
	if (format->nr_ops == BUD_FIELD_OPS || found->offset < 0 || found->offset > UINT16_MAX || found->size < 0 ||
	    found->size > UINT16_MAX)
		return false;
	bud_field_op *op = &format->ops[format->nr_ops];
	*op = (bud_field_op){
		.offset = (uint16_t)found->offset,
		.size = (uint16_t)found->size,
		.type = field->type,
		.member = field->member,
		.is_signed = found->flags & TEP_FIELD_IS_SIGNED,
		.is_dynamic = found->flags & TEP_FIELD_IS_DYNAMIC,
		.is_relative = found->flags & TEP_FIELD_IS_RELATIVE,
	};
	bool number = field->type != BUD_FIELD_TEXT && field->type != BUD_FIELD_STACK;
	if (number && op->size != 1 && op->size != 2 && op->size != 4 && op->size != 8)
		return false;
	if (op->is_dynamic && op->size < 4) {
		/* An array at the end of the record, without a length of its own. */
		op->is_dynamic = false;
		op->size = 0;
	}
	if (field->type == BUD_FIELD_STACK)
		op->size = 0;
	unsigned end = op->offset + (op->is_dynamic ? 4u : op->size);
	if (end > format->min_size)
		format->min_size = (uint16_t)(end < UINT16_MAX ? end : UINT16_MAX);
	format->nr_ops++;
	return true;
}

/* The layout that needs no loop, if this is it. */
static void find_fast_layout(const bud_eventfmt *formats, bud_event_format *format)
{
	bud_page_layout *page = &format->page;
	if (formats->swap || formats->word_bytes != 8 || !(BUD_EVENT_BIT(format->kind) & BUD_EVENT_PAGES) ||
	    format->kind == BUD_EV_EXTFRAG)
		return;
	for (unsigned i = 0; i < format->nr_ops; i++) {
		const bud_field_op *op = &format->ops[i];
		if (op->member == offsetof(bud_event, page.pfn) && op->size == 8)
			page->pfn = op->offset;
		else if (op->member == offsetof(bud_event, order) && op->size == 4)
			page->order = op->offset;
		else if (op->member == offsetof(bud_event, page.migratetype) && op->size == 4)
			page->migratetype = op->offset;
		else if (op->member == offsetof(bud_event, page.gfp_flags) && op->size >= 4) {
			page->gfp_flags = op->offset;
			page->gfp_size = (uint8_t)op->size;
		} else if (op->member != offsetof(bud_event, page.context))
			return;
	}
	page->fast = page->pfn && page->order;
}

static void compile(bud_eventfmt *formats, bud_event_format *format, struct tep_event *event)
{
	size_t nr;
	const bud_event_field *fields = bud_event_fields(&nr);
	format->min_size = BUD_COMMON_SIZE;
	for (size_t i = 0; i < nr; i++) {
		if (fields[i].kind != format->kind)
			continue;
		struct tep_format_field *found = tep_find_any_field(event, fields[i].name);
		if (!(found && compile_field(format, &fields[i], found)) && fields[i].required) {
			format->kind = BUD_NR_EVENT_KINDS;
			return;
		}
	}
	find_fast_layout(formats, format);
	formats->kinds |= BUD_EVENT_BIT(format->kind);
}

/* The number after the first "\nID: " of a format text, or -1. */
static long find_id(const char *text)
{
	const char *id = strstr(text, "\nID: ");
	long n = id ? strtol(id + 5, NULL, 10) : -1;
	return n >= 0 && n < 65536 ? n : -1;
}

static bud_status add(bud_eventfmt *formats, const char *system, char *text, size_t size, bud_error *err)
{
	char name[128];
	long id = find_id(text);
	if (id < 0 || sscanf(text, "name: %127s", name) != 1 || formats->by_id[id])
		return BUD_OK;
	bud_event_format *format = calloc(1, sizeof *format);
	if (!format || !(format->system = strdup(system)) || !(format->name = strdup(name))) {
		free(format ? format->system : NULL);
		free(format);
		return bud_error_memory(err, "event formats");
	}
	formats->by_id[id] = format;
	format->kind = bud_event_find(system, name);
	if (format->kind == BUD_NR_EVENT_KINDS)
		return BUD_OK;
	if (format->kind == BUD_EV_ALLOC)
		bud_flaglist_gfp(&formats->gfp, text);
	struct tep_event *event = NULL;
	if (tep_parse_format(formats->tep, &event, text, size, system) != TEP_ERRNO__SUCCESS && !event)
		format->kind = BUD_NR_EVENT_KINDS;
	else
		compile(formats, format, event);
	formats->kind_of[id] = (uint8_t)format->kind;
	return BUD_OK;
}

bud_status bud_eventfmt_add(bud_eventfmt *formats, const char *system, const char *text, uint64_t size, bud_error *err)
{
	if (size > (1 << 20))
		return BUD_OK;
	char *copy = strndup(text, size);
	if (!copy)
		return bud_error_memory(err, "event formats");
	bud_status status = add(formats, system, copy, strlen(copy), err);
	free(copy);
	return status;
}

static inline uint64_t load(const uint8_t *p, const bud_field_op *op, bool swap)
{
	switch (op->size) {
	case 1:
		return op->is_signed ? (uint64_t)(int8_t)*p : *p;
	case 2:
		return op->is_signed ? (uint64_t)(int16_t)bud_bytes_u16(p, swap) : bud_bytes_u16(p, swap);
	case 4:
		return op->is_signed ? (uint64_t)(int32_t)bud_bytes_u32(p, swap) : bud_bytes_u32(p, swap);
	default:
		return bud_bytes_u64(p, swap);
	}
}

static inline int32_t clamp_int(uint64_t value, bool is_signed)
{
	int64_t v = (int64_t)value;
	if (!is_signed && value > INT32_MAX)
		return INT32_MAX;
	return v > INT32_MAX ? INT32_MAX : v < INT32_MIN ? INT32_MIN : (int32_t)v;
}

static void decode_text(const bud_field_op *op, const uint8_t *record, uint32_t size, bool swap, bud_text *text)
{
	uint32_t offset = op->offset, length = op->size ? op->size : size - op->offset;
	if (op->is_dynamic) {
		uint32_t where = bud_bytes_u32(record + op->offset, swap);
		offset = (where & 0xffff) + (op->is_relative ? op->offset + 4u : 0);
		length = where >> 16;
	}
	if (offset > size)
		offset = size;
	if (length > size - offset)
		length = size - offset;
	const void *end = memchr(record + offset, 0, length);
	text->data = (const char *)record + offset;
	text->size = end ? (uint32_t)((const uint8_t *)end - record - offset) : length;
}

static void decode_stack(const bud_eventfmt *formats, const bud_field_op *op, const uint8_t *record, uint32_t size,
			 bud_event *event, uint64_t *stack)
{
	uint32_t nr = 0, word = formats->word_bytes;
	for (uint32_t at = op->offset; size - at >= word && at <= size; at += word) {
		uint64_t ip = word == 8 ? bud_bytes_u64(record + at, formats->swap)
					: bud_bytes_u32(record + at, formats->swap);
		if (!ip || ip == (word == 8 ? UINT64_MAX : UINT32_MAX))
			break;
		stack[nr++] = ip;
	}
	event->stack.ip = stack;
	event->stack.nr = nr;
}

static void decode_field(const bud_eventfmt *formats, const bud_field_op *op, const uint8_t *record, uint32_t size,
			 bud_event *event, uint64_t *stack)
{
	void *member = (char *)event + op->member;
	uint64_t value;
	switch (op->type) {
	case BUD_FIELD_TEXT:
		decode_text(op, record, size, formats->swap, member);
		return;
	case BUD_FIELD_STACK:
		decode_stack(formats, op, record, size, event, stack);
		return;
	}
	value = load(record + op->offset, op, formats->swap);
	if (op->type == BUD_FIELD_U64) {
		bool all_ones = op->size == 4 && formats->word_bytes == 4 && value == UINT32_MAX;
		*(uint64_t *)member = all_ones ? UINT64_MAX : value;
	} else if (op->type == BUD_FIELD_ORDER) {
		/* An unsigned field holds -1 as all ones. */
		*(int8_t *)member = bud_eventfmt_order(op->size == 4 ? (int32_t)value : (int64_t)value);
	} else {
		*(int32_t *)member = clamp_int(value, op->is_signed);
	}
}

bool bud_eventfmt_decode(const bud_eventfmt *formats, const bud_event_format *format, const uint8_t *record,
			 uint32_t size, bud_event *event, uint64_t *stack)
{
	if (size < format->min_size)
		return false;
	event->kind = (uint8_t)format->kind;
	event->pid = (int32_t)bud_bytes_u32(record + BUD_COMMON_PID, formats->swap);
	memset((char *)event + offsetof(bud_event, page), 0, sizeof *event - offsetof(bud_event, page));
	event->order = 0;
	for (unsigned i = 0; i < format->nr_ops; i++)
		decode_field(formats, &format->ops[i], record, size, event, stack);
	return true;
}
