/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/allocator/blockskip.h"
#include "tests/unit/model.h"

/* 16 pageblocks of 512 pages: the first four are full of movable pages, the others have every second one free. */
static void one_zone_in_use(bud_machine *m, const bud_kernel *kernel)
{
	const bud_machine_spec spec = { 0, BUD_ZONE_NORMAL, 0, 8192, 8192 };
	model_init(m, kernel, &spec, 1, 1);
	bud_machine_zone *zone = &m->zones[0];
	for (bud_pfn pfn = 0; pfn < 8192; pfn += 512)
		bud_machine_set_pageblock(zone, pfn, BUD_MT_MOVABLE);
	for (bud_pfn pfn = 0; pfn < 2048; pfn++)
		bud_machine_set_used(zone, pfn, 0, BUD_MT_MOVABLE);
	for (bud_pfn pfn = 2048; pfn < 8192; pfn += 2) {
		bud_machine_set_used(zone, pfn + 1, 0, BUD_MT_MOVABLE);
		bud_machine_set_free(m, zone, pfn, 0, BUD_MT_MOVABLE);
	}
}

static bud_compact_run run(bud_machine *m, int order, int priority)
{
	return bud_compact_zone(m, &m->zones[0], order, BUD_MT_MOVABLE, BUD_ZONE_NORMAL, BUD_ALLOC_WMARK_MIN, priority,
				NULL);
}

static void test_an_asynchronous_run_passes_over_what_is_hopeless(void **state)
{
	bud_kernel kernel = model_kernel("6.12.0");
	bud_machine m;
	(void)state;
	one_zone_in_use(&m, &kernel);
	bud_machine_set_used(&m.zones[0], 400, 0, BUD_MT_UNMOVABLE);
	bud_compact_run got = run(&m, 9, BUD_COMPACT_ASYNC);
	assert_int_equal(got.result, BUD_COMPACT_SUCCESS);
	/* Of the first pageblock, which cannot become free, it moves what it took before it came upon the page. */
	assert_true(got.moved >= 512 && got.moved < 512 + 400);
	assert_int_equal(bud_freelist_order(&m.zones[0].lists, 512), 9);
	assert_true(bud_freelist_is_used(&m.zones[0].lists, 399));
	bud_machine_fini(&m);
}

static void test_a_synchronous_run_takes_what_it_can(void **state)
{
	bud_kernel kernel = model_kernel("6.12.0");
	bud_machine m;
	(void)state;
	one_zone_in_use(&m, &kernel);
	bud_machine_set_used(&m.zones[0], 400, 0, BUD_MT_UNMOVABLE);
	bud_compact_run got = run(&m, 9, BUD_COMPACT_SYNC_LIGHT);
	assert_int_equal(got.result, BUD_COMPACT_SUCCESS);
	assert_int_equal(got.moved, 511 + 512);
	assert_false(bud_freelist_is_used(&m.zones[0].lists, 511));
	bud_machine_fini(&m);
}

static void test_cleared_hints_say_where_to_begin(void **state)
{
	bud_kernel kernel = model_kernel("6.12.0");
	bud_machine m;
	(void)state;
	one_zone_in_use(&m, &kernel);
	bud_machine_zone *zone = &m.zones[0];
	for (bud_pfn pfn = 0; pfn < 1024; pfn++)
		bud_machine_set_used(zone, pfn, 0, BUD_MT_UNMOVABLE);
	memset(zone->skip, 1, zone->lists.nr_blocks);
	bud_blockskip_reset(zone, &kernel);
	assert_int_equal(zone->skip[2], 1); /* no run for a request ended since */
	zone->compact.flush = true;
	bud_blockskip_reset(zone, &kernel);
	assert_int_equal(zone->compact.migrate_pfn[0], 1024);
	assert_int_equal(zone->compact.init_pfn, 1024);
	assert_int_equal(zone->skip[0], 1);
	assert_int_equal(zone->skip[2], 0);
	bud_machine_fini(&m);
}

static void test_without_pages_to_move_scanners_have_no_distance(void **state)
{
	bud_kernel kernel = model_kernel("6.12.0");
	bud_machine m;
	(void)state;
	const bud_machine_spec spec = { 0, BUD_ZONE_NORMAL, 0, 8192, 8192 };
	model_init(&m, &kernel, &spec, 1, 1);
	bud_machine_zone *zone = &m.zones[0];
	for (bud_pfn pfn = 0; pfn < 8192; pfn += 2) {
		bud_machine_set_used(zone, pfn + 1, 0, BUD_MT_UNMOVABLE);
		bud_machine_set_free(&m, zone, pfn, 0, BUD_MT_MOVABLE);
	}
	memset(zone->skip, 1, zone->lists.nr_blocks);
	zone->compact.flush = true;
	bud_blockskip_reset(zone, &kernel);
	assert_int_equal(zone->compact.migrate_pfn[0], 4096);
	bud_compact_run got = run(&m, 9, BUD_COMPACT_SYNC_LIGHT);
	assert_int_equal(got.result, BUD_COMPACT_PARTIAL);
	assert_int_equal(got.migrate_scanned, 0);
	bud_machine_fini(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_asynchronous_run_passes_over_what_is_hopeless),
		cmocka_unit_test(test_a_synchronous_run_takes_what_it_can),
		cmocka_unit_test(test_cleared_hints_say_where_to_begin),
		cmocka_unit_test(test_without_pages_to_move_scanners_have_no_distance),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
