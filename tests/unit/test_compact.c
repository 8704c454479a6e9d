/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/allocator/blockskip.h"
#include "tests/unit/model.h"

/* 16 pageblocks of 512 pages: the first four are full of movable pages, the others have every second one free. */
static void zone_in_use_at(bud_machine *m, const bud_kernel *kernel, bud_pfn start)
{
	const bud_machine_spec spec = { 0, BUD_ZONE_NORMAL, start, 8192, 8192 };
	model_init(m, kernel, &spec, 1, 1);
	bud_machine_zone *zone = &m->zones[0];
	for (bud_pfn pfn = 0; pfn < 8192; pfn += 512)
		bud_machine_set_pageblock(zone, start + pfn, BUD_MT_MOVABLE);
	for (bud_pfn pfn = 0; pfn < 2048; pfn++)
		bud_machine_set_used(zone, start + pfn, 0, BUD_MT_MOVABLE);
	for (bud_pfn pfn = 2048; pfn < 8192; pfn += 2) {
		bud_machine_set_used(zone, start + pfn + 1, 0, BUD_MT_MOVABLE);
		bud_machine_set_free(m, zone, start + pfn, 0, BUD_MT_MOVABLE);
	}
}

static void one_zone_in_use(bud_machine *m, const bud_kernel *kernel)
{
	zone_in_use_at(m, kernel, 0);
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
	assert_int_equal(zone->compact.init_migrate_pfn, 1024);
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

enum { START = 8192, SOON = START + 5 * 512 }; /* pfn 0 stands for "none" in places, so the zone begins higher up */

/* Of one pageblock half is free in one piece: no other takes so little moving. */
static void half_free_block(bud_machine *m, const bud_kernel *kernel)
{
	zone_in_use_at(m, kernel, START);
	bud_machine_zone *zone = &m->zones[0];
	for (bud_pfn pfn = SOON; pfn < SOON + 256; pfn += 2) {
		bud_freelist_del(&zone->lists, pfn);
		bud_machine_note_unused(zone, pfn + 1, 0);
	}
	bud_machine_set_free(m, zone, SOON, 8, BUD_MT_MOVABLE);
}

static void test_a_search_finds_the_pageblock_that_is_soon_free(void **state)
{
	bud_kernel kernel = model_kernel("6.12.0");
	bud_machine m;
	(void)state;
	half_free_block(&m, &kernel);
	bud_compact_run got = run(&m, 9, BUD_COMPACT_SYNC_LIGHT);
	assert_int_equal(got.result, BUD_COMPACT_SUCCESS);
	assert_int_equal(got.moved, 128);
	assert_int_equal(bud_freelist_order(&m.zones[0].lists, SOON), 9);
	bud_machine_fini(&m);
	/* To 6.2 its own hint kept the scanner from what the search had found. */
	kernel = model_kernel("6.1.0");
	half_free_block(&m, &kernel);
	got = run(&m, 9, BUD_COMPACT_SYNC_LIGHT);
	assert_int_equal(got.result, BUD_COMPACT_SUCCESS);
	assert_int_equal(m.zones[0].skip[5], 1);
	assert_true(bud_freelist_order(&m.zones[0].lists, SOON) < 9);
	bud_machine_fini(&m);
}

static bool is_held(void *self, bud_pfn pfn)
{
	return pfn == *(const bud_pfn *)self;
}

/* A page whose buffers are held is isolated like any other, but stays; its pageblock is not tried again at once. */
static void test_held_pages_are_tried_in_vain(void **state)
{
	bud_kernel kernel = model_kernel("6.12.0");
	bud_machine m;
	bud_pfn held = 3;
	const bud_compact_owner owner = { .self = &held, .is_held = is_held };
	(void)state;
	for (int priority = BUD_COMPACT_SYNC_LIGHT; priority <= BUD_COMPACT_ASYNC; priority++) {
		one_zone_in_use(&m, &kernel);
		bud_compact_run got = bud_compact_zone(&m, &m.zones[0], 9, BUD_MT_MOVABLE, BUD_ZONE_NORMAL,
						       BUD_ALLOC_WMARK_MIN, priority, &owner);
		assert_int_equal(got.result, BUD_COMPACT_SUCCESS);
		assert_int_equal(got.moved, 511 + 512);
		assert_true(bud_freelist_is_used(&m.zones[0].lists, held));
		assert_int_equal(m.zones[0].skip[0], 1);
		assert_int_equal(bud_freelist_order(&m.zones[0].lists, 512), 9);
		bud_machine_fini(&m);
	}
}

/* The block that a request's compaction makes is its own, however little is free: it need not pass any mark. */
static void test_the_block_made_is_captured(void **state)
{
	(void)state;
	for (int late = 0; late < 2; late++) {
		bud_kernel kernel = model_kernel(late ? "6.12.0" : "6.1.0");
		bud_machine m;
		const bud_compact_owner owner = { .captures = true };
		zone_in_use_at(&m, &kernel, START);
		m.no_pcp = true;
		uint64_t before = bud_free_area_pages(&m.zones[0].lists.area);
		bud_compact_run got = bud_compact_zone(&m, &m.zones[0], 9, BUD_MT_MOVABLE, BUD_ZONE_NORMAL,
						       BUD_ALLOC_WMARK_MIN, BUD_COMPACT_SYNC_LIGHT, &owner);
		assert_int_equal(got.result, BUD_COMPACT_SUCCESS);
		assert_int_equal(got.captured, START);
		assert_int_equal(bud_freelist_order(&m.zones[0].lists, START), -1);
		assert_int_equal(bud_free_area_pages(&m.zones[0].lists.area), before - 512);
		/* Since 6.3 it learns of that one step later, and has moved a cluster more. */
		assert_int_equal(got.moved, 512 + (late ? 32 : 0));
		bud_machine_fini(&m);
	}
}

/* Folios of 16 pages in the first pageblock, and single free pages elsewhere. */
typedef struct folios {
	bool whole;
	unsigned splits;
	bud_pfn single; /* pages from START up to here are single ones now */
} folios;

static int folio_order(void *self, bud_pfn pfn)
{
	const folios *f = self;
	return pfn >= START + 512 || pfn < f->single ? 0 : pfn & 15 ? -1 : 4;
}

static bool split(void *self, bud_pfn pfn)
{
	folios *f = self;
	if (f->whole)
		return false;
	f->splits++;
	f->single = pfn + 16;
	return true;
}

/* A folio for which no place is large enough is split; one that cannot be ends the run. */
static void test_folios_without_a_place(void **state)
{
	bud_kernel kernel = model_kernel("6.12.0");
	(void)state;
	for (int whole = 0; whole < 2; whole++) {
		bud_machine m;
		folios f = { .whole = whole };
		const bud_compact_owner owner = { .self = &f, .movable = folio_order, .split = split };
		zone_in_use_at(&m, &kernel, START);
		bud_compact_run got = bud_compact_zone(&m, &m.zones[0], 9, BUD_MT_MOVABLE, BUD_ZONE_NORMAL,
						       BUD_ALLOC_WMARK_MIN, BUD_COMPACT_SYNC_LIGHT, &owner);
		assert_int_equal(got.result, whole ? BUD_COMPACT_CONTENDED : BUD_COMPACT_SUCCESS);
		assert_int_equal(got.moved, whole ? 0 : 512);
		assert_int_equal(f.splits, whole ? 0 : 512 / 16);
		assert_int_equal(bud_freelist_order(&m.zones[0].lists, START), whole ? -1 : 9);
		bud_machine_fini(&m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_asynchronous_run_passes_over_what_is_hopeless),
		cmocka_unit_test(test_a_synchronous_run_takes_what_it_can),
		cmocka_unit_test(test_cleared_hints_say_where_to_begin),
		cmocka_unit_test(test_a_search_finds_the_pageblock_that_is_soon_free),
		cmocka_unit_test(test_held_pages_are_tried_in_vain),
		cmocka_unit_test(test_the_block_made_is_captured),
		cmocka_unit_test(test_folios_without_a_place),
		cmocka_unit_test(test_without_pages_to_move_scanners_have_no_distance),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
