/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a page is at the end of a seed's window: its flag, or what its last event made of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/replay/seed.h"

#define US(n) ((uint64_t)(n)*1000)

/* Pages 0..4095 are read in the 100th microsecond, pages 4096..8191 in the 200th; the window is from 50 to 300. */
static bud_read_chunk chunks[] = { { .start = 0, .end = 4096, .earliest_ns = US(100) },
				   { .start = 4096, .end = 8192, .earliest_ns = US(200) } };
enum {
	EARLY = 10, /* pages of the first piece, and of the second */
	LATE = 5000,
};

static bud_status all_even_free(const bud_snapshot *snapshot, uint64_t set, uint64_t clear, bud_pageset *pages,
				bud_error *err)
{
	(void)snapshot, (void)set, (void)clear, (void)err;
	for (bud_pfn pfn = 0; pfn < 8192; pfn += 2)
		bud_pageset_set(pages, pfn);
	return BUD_OK;
}

static bud_snapshot snapshot = { .read_pages = all_even_free, .chunks = chunks, .nr_chunks = 2 };

/* Whether the page is free behind the window, in which an event at that time left it free, or not. */
static bool ends_free(bool timed, uint64_t t_ns, bud_pfn pfn, bool left_free)
{
	bud_kernel kernel;
	bud_memory memory = { 0 };
	bud_seed seed;
	bud_kernel_init(&kernel, "6.12.1", "s390x");
	assert_int_equal(bud_memory_assume(&memory, &kernel, 0, 8191, NULL), BUD_OK);
	bud_zone *zone = &memory.zones[0];
	assert_int_equal(zone->spanned, 8192);
	snapshot.chunks_placed = timed;
	bud_seed_init(&seed);
	bud_seed_open(&seed, &snapshot);
	if (left_free)
		bud_zone_make_free(zone, pfn, 0);
	bud_seed_touch(&seed, t_ns, pfn, 1);
	assert_int_equal(bud_seed_close(&seed, &memory, NULL), BUD_OK);
	assert_null(seed.snapshot);
	assert_true(bud_buddy_page_is_free(&zone->buddy, 2000));
	assert_false(bud_buddy_page_is_free(&zone->buddy, 2001));
	bool free = bud_buddy_page_is_free(&zone->buddy, pfn);
	bud_seed_fini(&seed);
	bud_memory_fini(&memory);
	return free;
}

static void test_an_event_in_the_window_counts(void **state)
{
	(void)state;
	assert_true(ends_free(false, US(150), LATE + 1, true));
	assert_false(ends_free(false, US(150), LATE, false));
}

/* What the page was when its piece was read is better than what the event before had made of it. */
static void test_an_event_before_its_piece_was_read_does_not(void **state)
{
	(void)state;
	assert_false(ends_free(true, US(150), LATE + 1, true));
	assert_true(ends_free(true, US(150), LATE, false));
}

static void test_an_event_behind_or_during_the_read_does(void **state)
{
	(void)state;
	assert_true(ends_free(true, US(150), EARLY + 1, true));
	assert_false(ends_free(true, US(150), EARLY, false));
	assert_true(ends_free(true, US(200), LATE + 1, true));
	/* The event may be stamped a little before the page moves. */
	assert_true(ends_free(true, US(198), LATE + 1, true));
}

static void test_a_range_over_two_pieces_and_none(void **state)
{
	(void)state;
	bud_seed seed;
	snapshot.chunks_placed = true;
	bud_seed_init(&seed);
	bud_seed_open(&seed, &snapshot);
	bud_seed_touch(&seed, US(150), 4000, 200);
	assert_int_equal(bud_pageset_count(&seed.touched), 96);
	bud_seed_touch(&seed, US(60), 8000, 300); /* the last of them are in no piece */
	assert_int_equal(bud_pageset_count(&seed.touched), 96 + 108);
	assert_true(bud_pageset_test(&seed.touched, 8192));
	assert_false(bud_pageset_test(&seed.touched, 8191));
	bud_seed_fini(&seed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_event_in_the_window_counts),
		cmocka_unit_test(test_an_event_before_its_piece_was_read_does_not),
		cmocka_unit_test(test_an_event_behind_or_during_the_read_does),
		cmocka_unit_test(test_a_range_over_two_pieces_and_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
