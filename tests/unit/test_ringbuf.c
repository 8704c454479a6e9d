/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sub-buffers made by hand: every kind of record, both byte orders, both word sizes, and damage. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "formats/read/ringbuf.h"

#define PAGE 4096

typedef struct page {
	uint8_t bytes[PAGE];
	uint32_t at;
	bool big;
	uint8_t word;
} page;

static void put(page *p, uint64_t value, int size)
{
	for (int i = 0; i < size; i++)
		p->bytes[p->at++] = (uint8_t)(value >> 8 * (p->big ? size - 1 - i : i));
}

static void begin(page *p, bool big, uint8_t word, uint64_t t)
{
	*p = (page){ .big = big, .word = word };
	put(p, t, 8);
	put(p, 0, word);
}

/* Stores what was used, with flags, and the count of missed records behind it. */
static void finish(page *p, uint64_t flags, uint64_t missed)
{
	uint32_t used = p->at - 8 - p->word;
	put(p, missed, p->word);
	p->at = 8;
	put(p, used | flags, p->word);
}

static void head(page *p, uint32_t type_len, uint32_t delta)
{
	put(p, p->big ? (uint64_t)type_len << 27 | delta : (uint64_t)delta << 5 | type_len, 4);
}

/* An mm_page_free of event id 7: common head, pfn, order. */
static void body(page *p, uint64_t pfn, uint32_t order)
{
	put(p, 7, 2);
	put(p, 0x10, 1);
	put(p, 0, 1);
	put(p, 42, 4);
	put(p, pfn, p->word);
	put(p, order, 4);
	if (p->word == 8)
		put(p, 0, 4);
}

static uint32_t body_words(const page *p)
{
	return p->word == 8 ? 6 : 4;
}

static bud_eventfmt *formats_of(bool big, uint8_t word)
{
	bud_eventfmt *formats;
	char text[1024];
	assert_int_equal(bud_eventfmt_create(&formats, big, word, NULL), BUD_OK);
	int size = snprintf(text, sizeof text,
			    "name: mm_page_free\nID: 7\nformat:\n"
			    "\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
			    "\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"
			    "\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n"
			    "\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"
			    "\tfield:unsigned long pfn;\toffset:8;\tsize:%u;\tsigned:0;\n"
			    "\tfield:unsigned int order;\toffset:%u;\tsize:4;\tsigned:0;\n\n"
			    "print fmt: \"pfn=0x%%lx order=%%d\", REC->pfn, REC->order\n",
			    word, 8 + word);
	assert_int_equal(bud_eventfmt_add(formats, "kmem", text, (uint64_t)size, NULL), BUD_OK);
	assert_true(formats->kinds & BUD_EVENT_BIT(BUD_EV_FREE));
	return formats;
}

static bud_ringbuf_layout layout_of(bool big, uint8_t word)
{
	return (bud_ringbuf_layout){ .page_size = PAGE, .commit_size = word, .swap = big != BUD_HOST_BIG_ENDIAN };
}

static uint32_t decode(const page *p, const bud_ringbuf_layout *layout, bud_event *events, bud_ringbuf_page *found)
{
	static uint64_t stack[PAGE / 4];
	bud_eventfmt *formats = formats_of(p->big, p->word);
	uint32_t nr = bud_ringbuf_decode(layout, formats, BUD_EVENT_ALL, 3, p->bytes, events, stack, found);
	bud_eventfmt_destroy(formats);
	return nr;
}

static void every_record(bool big, uint8_t word)
{
	page p;
	bud_event events[PAGE / 8 + 2];
	bud_ringbuf_page found;
	bud_ringbuf_layout layout = layout_of(big, word);
	begin(&p, big, word, 1000);
	head(&p, body_words(&p), 5); /* length in type_len */
	body(&p, 0x123, 0);
	head(&p, 30, 1); /* time extend: 2 << 27 and 1 */
	put(&p, 2, 4);
	head(&p, 0, 7); /* length in the first word */
	put(&p, body_words(&p) * 4 + 4, 4);
	body(&p, word == 8 ? UINT64_MAX : UINT32_MAX, 9);
	head(&p, 29, 3); /* a discarded record of 8 bytes */
	put(&p, 8, 4);
	put(&p, 0, 4);
	head(&p, 31, 9); /* an absolute stamp */
	put(&p, 100, 4);
	head(&p, body_words(&p), 0);
	body(&p, 0x456, UINT32_MAX);
	head(&p, 29, 0); /* the rest is empty */
	finish(&p, 0, 0);
	assert_int_equal(decode(&p, &layout, events, &found), 3);
	assert_null(found.damage);
	assert_int_equal(events[0].t_ns, 1005);
	assert_int_equal(events[0].page.pfn, 0x123);
	assert_int_equal(events[0].pid, 42);
	assert_int_equal(events[0].cpu, 3);
	assert_int_equal(events[0].page.context, 0x10);
	assert_int_equal(events[1].t_ns, 1005 + (2ull << 27) + 1 + 7);
	assert_true(events[1].page.pfn == BUD_PFN_NONE);
	assert_int_equal(events[1].order, 9);
	assert_int_equal(events[2].t_ns, (100ull << 27) + 9);
	assert_int_equal(events[2].order, -1);
}

static void test_every_record(void **state)
{
	(void)state;
	every_record(false, 8);
	every_record(false, 4);
	every_record(true, 8);
	every_record(true, 4);
}

static void test_missed_records_are_told(void **state)
{
	(void)state;
	page p;
	bud_event events[PAGE / 8 + 2];
	bud_ringbuf_page found;
	bud_ringbuf_layout layout = layout_of(false, 8);
	for (int counted = 0; counted < 2; counted++) {
		begin(&p, false, 8, 50);
		head(&p, 6, 1);
		body(&p, 1, 0);
		finish(&p, 1ull << 31 | (counted ? 1ull << 30 : 0), 77);
		assert_int_equal(decode(&p, &layout, events, &found), 2);
		assert_int_equal(events[0].kind, BUD_EV_LOST);
		assert_int_equal(events[0].t_ns, 50);
		assert_int_equal(events[0].lost.count, counted ? 77 : 0);
		assert_true(found.missed);
	}
}

static void test_damage_keeps_what_was_before(void **state)
{
	(void)state;
	page p;
	bud_event events[PAGE / 8 + 2];
	bud_ringbuf_page found;
	bud_ringbuf_layout layout = layout_of(false, 8);
	begin(&p, false, 8, 0);
	head(&p, 6, 1);
	body(&p, 1, 0);
	head(&p, 0, 1);
	put(&p, 100000, 4);
	finish(&p, 0, 0);
	assert_int_equal(decode(&p, &layout, events, &found), 1);
	assert_non_null(found.damage);
	begin(&p, false, 8, 0);
	p.at = 8;
	put(&p, PAGE, 8); /* more used than the sub-buffer has */
	assert_int_equal(decode(&p, &layout, events, &found), 0);
	assert_non_null(found.damage);
}

static void test_any_bytes_are_survived(void **state)
{
	(void)state;
	static page p;
	static bud_event events[PAGE / 8 + 2];
	bud_ringbuf_page found;
	srandom(3);
	for (int i = 0; i < 300; i++) {
		for (int k = 0; k < PAGE; k++)
			p.bytes[k] = (uint8_t)random();
		p.big = i & 1;
		p.word = i & 2 ? 8 : 4;
		p.bytes[8 + (p.big ? p.word - 4 : 3)] &= 0xc0;
		bud_ringbuf_layout layout = layout_of(p.big, p.word);
		assert_true(decode(&p, &layout, events, &found) <= bud_ringbuf_max_events(&layout));
	}
}

static void test_tsc_and_offset(void **state)
{
	(void)state;
	bud_ringbuf_layout layout = { .tsc_mult = 3, .tsc_shift = 1, .ts_offset = -5 };
	assert_int_equal(bud_ringbuf_time(&layout, 100), 145);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_record),
		cmocka_unit_test(test_missed_records_are_told),
		cmocka_unit_test(test_damage_keeps_what_was_before),
		cmocka_unit_test(test_any_bytes_are_survived),
		cmocka_unit_test(test_tsc_and_offset),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
