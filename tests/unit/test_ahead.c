/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs of sub-buffers are the same with threads and without, from wherever they begin, whole or broken off. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zstd.h>

#include "formats/read/ahead.h"

#define PAGE	  4096
#define NR_PAGES  700
#define PER_CHUNK 7
#define BROKEN	  30 /* chunk whose bytes are no stream of the codec's */

static uint8_t plain[NR_PAGES * PAGE];
static uint8_t packed[NR_PAGES * PAGE * 2];
static bud_chunk chunks[NR_PAGES / PER_CHUNK];
static bud_eventfmt formats;

static void put_u32(uint8_t *at, uint32_t value)
{
	memcpy(at, &value, sizeof value);
}

/* Page p has the time stamp p * 1000, and says that p events before it are missing. */
static void make_pages(void)
{
	memset(plain, 0, sizeof plain);
	for (uint32_t p = 0; p < NR_PAGES; p++) {
		uint64_t t = p * 1000ull, commit = (uint64_t)3 << 30 | 16, missing = p + 1;
		uint8_t *page = plain + p * PAGE;
		memcpy(page, &t, 8);
		memcpy(page + 8, &commit, 8);
		put_u32(page + 16, 29); /* padding of the 12 bytes that follow */
		put_u32(page + 20, 12);
		memcpy(page + 16 + 16, &missing, 8);
	}
}

static void pack(void)
{
	size_t at = 0;
	for (size_t c = 0; c < NR_PAGES / PER_CHUNK; c++) {
		size_t size = ZSTD_compress(packed + at, sizeof packed - at, plain + c * PER_CHUNK * PAGE,
					    PER_CHUNK * PAGE, 1);
		assert_false(ZSTD_isError(size));
		chunks[c] = (bud_chunk){ at, (uint32_t)size, PER_CHUNK * PAGE, c * PER_CHUNK };
		if (c == BROKEN)
			memset(packed + at, 0xff, size);
		at += size;
	}
}

static int set_up(void **state)
{
	(void)state;
	memset(formats.kind_of, BUD_NR_EVENT_KINDS, sizeof formats.kind_of);
	formats.word_bytes = 8;
	make_pages();
	pack();
	return 0;
}

static bud_subbufs subbufs_of(bud_codec codec)
{
	bud_subbufs s = { .layout = { .page_size = PAGE, .commit_size = 8 }, .codec = codec, .nr_pages = NR_PAGES };
	s.data = codec == BUD_CODEC_NONE ? plain : packed;
	if (codec != BUD_CODEC_NONE) {
		s.chunks = chunks;
		s.nr_chunks = NR_PAGES / PER_CHUNK;
		s.largest_chunk = PER_CHUNK * PAGE;
	}
	return s;
}

/* Reads on from a page, at most that many runs; every page comes once, in order, with its LOST event. */
static void read_on(bud_ahead *ahead, uint64_t from, bool threads, unsigned most, bool broken)
{
	uint64_t page = from;
	const bud_run *run;
	bud_ahead_seek(ahead, from, BUD_EVENT_ALL, threads);
	while (most-- && (run = bud_ahead_next(ahead))->nr_pages) {
		uint32_t event = 0;
		assert_int_equal(run->first_page, page);
		for (uint64_t i = 0; i < run->nr_pages; i++, page++) {
			if (broken && page / PER_CHUNK == BROKEN) {
				assert_non_null(run->found[i].damage);
				continue;
			}
			assert_true(event < run->nr_events);
			assert_int_equal(run->events[event].t_ns, page * 1000);
			assert_int_equal(run->events[event++].kind, BUD_EV_LOST);
			assert_true(run->found[i].missed);
			assert_null(run->found[i].damage);
		}
		assert_int_equal(event, run->nr_events);
	}
	if (most == UINT32_MAX)
		return;
	assert_int_equal(page, NR_PAGES);
	assert_int_equal(bud_ahead_next(ahead)->nr_pages, 0);
}

static void read_all_ways(bud_codec codec)
{
	bud_subbufs subbufs = subbufs_of(codec);
	for (int threads = 0; threads <= 1; threads++) {
		bud_ahead *ahead = bud_ahead_create(&subbufs, &formats);
		bool broken = codec != BUD_CODEC_NONE;
		assert_non_null(ahead);
		for (uint64_t from = 0; from < NR_PAGES; from += 131) {
			read_on(ahead, from, threads, 1000, broken);
			read_on(ahead, from, threads, 1, broken);
			read_on(ahead, from, threads, 3, broken);
		}
		bud_ahead_destroy(ahead);
	}
}

static void test_plain_pages(void **state)
{
	(void)state;
	read_all_ways(BUD_CODEC_NONE);
}

static void test_compressed_pages_with_a_broken_chunk(void **state)
{
	(void)state;
	read_all_ways(BUD_CODEC_ZSTD);
}

static void test_nothing_is_behind_the_end(void **state)
{
	(void)state;
	bud_subbufs subbufs = subbufs_of(BUD_CODEC_NONE);
	bud_ahead *ahead = bud_ahead_create(&subbufs, &formats);
	bud_ahead_seek(ahead, NR_PAGES, BUD_EVENT_ALL, true);
	assert_int_equal(bud_ahead_next(ahead)->nr_pages, 0);
	bud_ahead_destroy(ahead);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain_pages),
		cmocka_unit_test(test_compressed_pages_with_a_broken_chunk),
		cmocka_unit_test(test_nothing_is_behind_the_end),
	};
	return cmocka_run_group_tests(tests, set_up, NULL);
}
