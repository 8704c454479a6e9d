/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/replay/isolate.h"

static bud_event scan_of(bud_pfn start, bud_pfn end, uint64_t scanned, uint64_t taken)
{
	return (bud_event){ .kind = BUD_EV_ISOLATE_FREE, .isolate = { start, end, scanned, taken } };
}

static void zone_with_blocks(bud_zone *zone)
{
	bud_zone_init(zone, 0, "Normal", 0, 4096, 10);
	bud_zone_make_free(zone, 512 + 4, 2);
	bud_zone_make_free(zone, 512 + 64, 3);
	bud_zone_make_free(zone, 512 + 100, 0);
}

static void test_all_heads_leave_whole(void **state)
{
	(void)state;
	bud_zone zone;
	bud_isolate_hints hints = { 0 };
	zone_with_blocks(&zone);
	bud_event event = scan_of(512, 1024, 100, 13);
	bud_isolate_result r = bud_isolate_scan(&zone, &event, &hints);
	assert_int_equal(r.removed, 13);
	assert_int_equal(r.unexplained, 0);
	assert_int_equal(zone.buddy.free_pages, 0);
	bud_zone_fini(&zone);
}

/* Stride 32 steps on 512, 544, 576: only the block at 576 is met. */
static void test_stride_decides(void **state)
{
	(void)state;
	bud_zone zone;
	bud_isolate_hints hints = { 0 };
	zone_with_blocks(&zone);
	bud_event event = scan_of(512, 1024, 16, 8);
	bud_isolate_result r = bud_isolate_scan(&zone, &event, &hints);
	assert_int_equal(r.removed, 8);
	assert_int_equal(r.unexplained, 0);
	assert_false(bud_buddy_page_is_free(&zone.buddy, 576));
	assert_true(bud_buddy_page_is_free(&zone.buddy, 516));
	bud_zone_fini(&zone);
}

static void test_full_scan_takes_what_is_there_and_tells_the_surplus(void **state)
{
	(void)state;
	bud_zone zone;
	bud_isolate_hints hints = { 0 };
	zone_with_blocks(&zone);
	bud_event event = scan_of(512, 1024, 512, 5);
	bud_isolate_result r = bud_isolate_scan(&zone, &event, &hints);
	assert_int_equal(r.removed, 13);
	assert_int_equal(r.surplus, 8);
	bud_zone_fini(&zone);
}

static void test_contiguous_range_leaves_exactly(void **state)
{
	(void)state;
	bud_zone zone;
	bud_isolate_hints hints = { 0 };
	bud_zone_init(&zone, 0, "Normal", 0, 4096, 10);
	bud_zone_make_free(&zone, 0, 10);
	bud_event event = scan_of(100, 200, 100, 100);
	assert_int_equal(bud_isolate_scan(&zone, &event, &hints).removed, 100);
	assert_int_equal(zone.buddy.free_pages, 924);
	bud_zone_fini(&zone);
}

static void test_fast_isolation_takes_one_block(void **state)
{
	(void)state;
	bud_zone zone;
	bud_pfn proven[] = { 70 }, wrong[] = { 64 };
	bud_isolate_hints hints = { .proven = proven, .nr_proven = 1, .sure = true };
	bud_zone_init(&zone, 0, "Normal", 0, 4096, 10);
	bud_zone_make_free(&zone, 64, 3);
	bud_zone_make_free(&zone, 128, 3);
	bud_event event = scan_of(0, 4096, 9, 8);
	event.kind = BUD_EV_FAST_ISOLATE_FREE;
	bud_isolate_result r = bud_isolate_fast(&zone, &event, &hints);
	assert_int_equal(r.removed, 8);
	assert_int_equal(r.unexplained, 0);
	assert_false(bud_buddy_page_is_free(&zone.buddy, 64));
	/* Without proof: the only block left is a guess, unless it is known to be wrong. */
	hints = (bud_isolate_hints){ 0 };
	bud_zone_make_free(&zone, 64, 3);
	r = bud_isolate_fast(&zone, &event, &hints);
	assert_true(r.guess == BUD_PFN_NONE);
	assert_int_equal(r.unexplained, 8);
	hints = (bud_isolate_hints){ .wrong = wrong, .nr_wrong = 1 };
	r = bud_isolate_fast(&zone, &event, &hints);
	assert_int_equal(r.guess, 128);
	assert_int_equal(r.unexplained, 8);
	bud_zone_fini(&zone);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_heads_leave_whole),
		cmocka_unit_test(test_stride_decides),
		cmocka_unit_test(test_full_scan_takes_what_is_there_and_tells_the_surplus),
		cmocka_unit_test(test_contiguous_range_leaves_exactly),
		cmocka_unit_test(test_fast_isolation_takes_one_block),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
