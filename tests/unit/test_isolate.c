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
	bud_isolate_result r = bud_isolate_scan(&zone, &event, &hints, NULL);
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
	bud_isolate_result r = bud_isolate_scan(&zone, &event, &hints, NULL);
	assert_int_equal(r.removed, 8);
	assert_int_equal(r.unexplained, 0);
	assert_false(bud_buddy_page_is_free(&zone.buddy, 576));
	assert_true(bud_buddy_page_is_free(&zone.buddy, 516));
	bud_zone_fini(&zone);
}

/* It looked at every page and took a page and a block of four; the block of eight had left before. */
static void test_full_scan_takes_what_is_there_and_tells_what_had_gone(void **state)
{
	(void)state;
	bud_zone zone;
	bud_isolate_hints hints = { 0 };
	static bud_isolate_finds finds;
	zone_with_blocks(&zone);
	bud_event event = scan_of(512, 1024, 512, 5);
	bud_isolate_result r = bud_isolate_scan(&zone, &event, &hints, &finds);
	assert_int_equal(r.removed, 13);
	assert_int_equal(r.looked_at, 1);
	assert_int_equal(finds.there.nr, 2);
	assert_int_equal(finds.gone.nr, 1);
	assert_int_equal(finds.gone.list[0].pfn, 576);
	assert_false(finds.heads || finds.likely);
	bud_zone_fini(&zone);
}

/* Two blocks of the same size: which of them had gone nobody can tell, only how many pages. */
static void test_equal_blocks_are_told_apart_by_likelihood(void **state)
{
	(void)state;
	bud_zone zone;
	bud_isolate_hints hints = { 0 };
	static bud_isolate_finds finds;
	bud_zone_init(&zone, 0, "Normal", 0, 4096, 10);
	bud_zone_make_free(&zone, 512 + 8, 3);
	bud_zone_make_free(&zone, 512 + 32, 3);
	bud_event event = scan_of(512, 1024, 512, 8);
	bud_isolate_scan(&zone, &event, &hints, &finds);
	assert_true(finds.likely);
	assert_int_equal(finds.gone.pages, 8);
	assert_int_equal(finds.there.nr, 0);
	bud_zone_fini(&zone);
}

/* With steps of 16 and nothing found, a block that lies under a step had gone; one beside them may be there. */
static void test_empty_scan_tells_what_lay_on_its_way(void **state)
{
	(void)state;
	bud_zone zone;
	bud_isolate_hints hints = { .stride = 16 };
	static bud_isolate_finds finds;
	zone_with_blocks(&zone);
	bud_event event = scan_of(512, 1024, 32, 0);
	bud_isolate_result r = bud_isolate_scan(&zone, &event, &hints, &finds);
	assert_int_equal(r.removed, 1);
	assert_true(finds.heads);
	assert_int_equal(finds.gone.nr, 1);
	assert_int_equal(finds.gone.list[0].pfn, 576);
	assert_true(bud_buddy_page_is_free(&zone.buddy, 516));
	/* A count that does not fit the steps alone says nothing: compound pages were passed over. */
	bud_zone_fini(&zone);
	zone_with_blocks(&zone);
	event = scan_of(512, 1024, 40, 0);
	assert_int_equal(bud_isolate_scan(&zone, &event, &hints, &finds).removed, 0);
	assert_int_equal(finds.gone.nr, 0);
	bud_zone_fini(&zone);
}

/* It stopped inside its pageblock: behind the last block it took, so nothing free can reach across. */
static void test_early_stop_is_behind_a_block(void **state)
{
	(void)state;
	bud_zone zone;
	bud_isolate_hints hints = { .stopped = true };
	static bud_isolate_finds finds;
	bud_zone_init(&zone, 0, "Normal", 0, 4096, 10);
	bud_zone_make_free(&zone, 0, 10);
	bud_event event = scan_of(0, 256, 256, 160);
	bud_isolate_result r = bud_isolate_scan(&zone, &event, &hints, &finds);
	assert_int_equal(r.removed, 256);
	assert_int_equal(zone.buddy.free_pages, 768);
	assert_int_equal(finds.gone.pages, 96);
	assert_int_equal(finds.gone.list[0].pfn, 0);
	assert_int_equal(finds.there.pages, 160);
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
	assert_int_equal(bud_isolate_scan(&zone, &event, &hints, NULL).removed, 100);
	assert_int_equal(zone.buddy.free_pages, 924);
	bud_zone_fini(&zone);
}

static void test_fast_isolation_takes_one_block(void **state)
{
	(void)state;
	bud_zone zone;
	bud_pfn proven[] = { 70 };
	bud_isolate_hints hints = { .proven = proven, .nr_proven = 1, .sure = true, .guess = BUD_PFN_NONE };
	bud_zone_init(&zone, 0, "Normal", 0, 4096, 10);
	bud_zone_make_free(&zone, 64, 3);
	bud_zone_make_free(&zone, 128, 3);
	bud_event event = scan_of(0, 4096, 9, 8);
	event.kind = BUD_EV_FAST_ISOLATE_FREE;
	bud_isolate_result r = bud_isolate_fast(&zone, &event, &hints);
	assert_int_equal(r.removed, 8);
	assert_int_equal(r.unexplained, 0);
	assert_false(bud_buddy_page_is_free(&zone.buddy, 64));
	/* Without proof: the guess, but not counted as explained. */
	bud_zone_make_free(&zone, 64, 3);
	hints = (bud_isolate_hints){ .guess = 128 };
	r = bud_isolate_fast(&zone, &event, &hints);
	assert_int_equal(r.block, 128);
	assert_int_equal(r.unexplained, 8);
	/* Without anything from later: the only block there is. */
	hints = (bud_isolate_hints){ .guess = BUD_PFN_NONE, .past_only = true };
	r = bud_isolate_fast(&zone, &event, &hints);
	assert_int_equal(r.block, 64);
	assert_int_equal(r.unexplained, 8);
	bud_zone_fini(&zone);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_heads_leave_whole),
		cmocka_unit_test(test_stride_decides),
		cmocka_unit_test(test_full_scan_takes_what_is_there_and_tells_what_had_gone),
		cmocka_unit_test(test_equal_blocks_are_told_apart_by_likelihood),
		cmocka_unit_test(test_empty_scan_tells_what_lay_on_its_way),
		cmocka_unit_test(test_early_stop_is_behind_a_block),
		cmocka_unit_test(test_contiguous_range_leaves_exactly),
		cmocka_unit_test(test_fast_isolation_takes_one_block),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
