/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Per-CPU lists: sizes, refills and drains of the three policies, and that pages are neither lost nor doubled. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/memory/pcp.h"

static const bud_pcp_zone calm = { 0 };

static bud_kernel kernel_of(const char *release)
{
	bud_kernel kernel;
	bud_kernel_init(&kernel, release, "x86_64");
	return kernel;
}

static bud_pcp_rules rules_of(const char *release)
{
	bud_kernel kernel = kernel_of(release);
	bud_pcp_rules rules;
	bud_pcp_rules_init(&rules, &kernel);
	return rules;
}

static void test_batch_by_zone_size(void **state)
{
	(void)state;
	const struct {
		uint64_t managed;
		uint32_t batch, fixed_high;
	} zones[] = {
		{ 3840, 1, 0 },	     { 16384, 3, 18 },	  { 65536, 15, 90 },	{ 262144, 63, 378 },
		{ 458752, 63, 378 }, { 772915, 63, 378 }, { 4194304, 63, 378 }, { 0, 1, 0 },
	};
	bud_kernel old = kernel_of("5.10.0"), new = kernel_of("6.1.0");
	for (size_t i = 0; i < sizeof zones / sizeof *zones; i++) {
		bud_pcp_sizes sizes = bud_pcp_compute(&old, zones[i].managed, 1000, 2, 0);
		assert_int_equal(sizes.batch, zones[i].batch);
		assert_int_equal(sizes.high_min, zones[i].fixed_high);
		assert_int_equal(bud_pcp_compute(&new, zones[i].managed, 1000, 2, 0).batch, zones[i].batch);
	}
}

static void test_high_by_low_mark(void **state)
{
	(void)state;
	const struct {
		uint64_t managed, low;
		uint32_t high_min, high_max;
	} zones[] = {
		{ 3840, 65, 32, 240 }, { 772915, 13211, 6605, 48307 }, { 458752, 7841, 3920, 28672 },
		{ 3840, 28, 14, 240 }, { 772915, 6022, 3011, 48307 },  { 1933312, 15066, 7533, 120832 },
	};
	bud_kernel lowmark = kernel_of("6.6.0"), automatic = kernel_of("6.18.0");
	for (size_t i = 0; i < sizeof zones / sizeof *zones; i++) {
		bud_pcp_sizes sizes = bud_pcp_compute(&automatic, zones[i].managed, zones[i].low, 2, 0);
		assert_int_equal(sizes.high_min, zones[i].high_min);
		assert_int_equal(sizes.high_max, zones[i].high_max);
		sizes = bud_pcp_compute(&lowmark, zones[i].managed, zones[i].low, 2, 0);
		assert_int_equal(sizes.high_min, zones[i].high_min);
		assert_int_equal(sizes.high_max, zones[i].high_min);
	}
	/* At least four batches; a fraction takes the place of the mark and ends the tuning. */
	assert_int_equal(bud_pcp_compute(&automatic, 458752, 100, 2, 0).high_min, 252);
	bud_pcp_sizes sizes = bud_pcp_compute(&automatic, 458752, 7841, 2, 8);
	assert_int_equal(sizes.high_min, 28672);
	assert_int_equal(sizes.high_max, 28672);
}

static void test_list_numbers(void **state)
{
	(void)state;
	bud_pcp_rules r510 = rules_of("5.10.0"), r515 = rules_of("5.15.0"), r61 = rules_of("6.1.0");
	assert_int_equal(r510.nr_lists, 3);
	assert_int_equal(r515.nr_lists, 15);
	assert_int_equal(r61.nr_lists, 14);
	assert_int_equal(bud_pcp_list(&r61, 0, BUD_MT_HIGHATOMIC), 1);
	assert_int_equal(bud_pcp_list(&r61, 3, BUD_MT_RECLAIMABLE), 11);
	assert_int_equal(bud_pcp_list(&r515, 9, BUD_MT_RECLAIMABLE), 14);
	assert_int_equal(bud_pcp_list(&r61, 9, BUD_MT_RECLAIMABLE), 12);
	assert_int_equal(bud_pcp_list(&r61, 9, BUD_MT_CMA), 13);
	bud_kernel k510 = kernel_of("5.10.0"), k61 = kernel_of("6.1.0");
	assert_true(bud_kernel_pcp_order(&k61, 9) && bud_kernel_pcp_order(&k61, 3) && !bud_kernel_pcp_order(&k61, 4));
	assert_true(bud_kernel_pcp_order(&k510, 0) && !bud_kernel_pcp_order(&k510, 1));
}

static bud_pcp lists_of(uint32_t batch, uint32_t high_min, uint32_t high_max)
{
	bud_pcp pcp;
	bud_pcp_init(&pcp, &(bud_pcp_sizes){ batch, high_min, high_max }, 0);
	return pcp;
}

static void test_refill_by_batch(void **state)
{
	(void)state;
	const struct {
		int order;
		unsigned blocks;
	} cases[] = { { 0, 63 }, { 1, 31 }, { 2, 15 }, { 3, 7 }, { 9, 2 } };
	bud_pcp_rules lowmark = rules_of("6.1.0"), fixed = rules_of("5.10.0");
	bud_pcp pcp = lists_of(63, 3920, 3920);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(bud_pcp_refill(&pcp, &lowmark, cases[i].order, calm), cases[i].blocks);
	assert_int_equal(bud_pcp_refill(&pcp, &fixed, 0, calm), 63);
	pcp = lists_of(1, 32, 32);
	assert_int_equal(bud_pcp_refill(&pcp, &lowmark, 3, calm), 1);
}

static void test_auto_refill_doubles_while_only_requests_come(void **state)
{
	(void)state;
	bud_pcp_rules rules = rules_of("6.12.0");
	bud_pcp pcp = lists_of(63, 3920, 28672);
	unsigned want[] = { 63, 126, 252, 504, 1008, 2016, 2016 };
	uint32_t high = 3920;
	for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
		assert_int_equal(bud_pcp_refill(&pcp, &rules, 0, calm), want[i]);
		high += want[i];
		assert_int_equal(pcp.high, high);
	}
	/* A free halves it; other orders neither grow nor use it. */
	bud_pcp_overflow(&pcp, &rules, 0, calm);
	assert_int_equal(pcp.alloc_factor, 2);
	assert_int_equal(bud_pcp_refill(&pcp, &rules, 3, calm), 7);
	assert_int_equal(bud_pcp_refill(&pcp, &rules, 0, calm), 252);
	/* Below the high mark nothing more is kept. */
	high = pcp.high;
	bud_pcp_refill(&pcp, &rules, 0, (bud_pcp_zone){ .below_high = true });
	assert_int_equal(pcp.high, high);
	/* No more than what may stay, but for a batch. */
	pcp = lists_of(63, 252, 252);
	pcp.alloc_factor = 5;
	assert_int_equal(bud_pcp_refill(&pcp, &rules, 0, calm), 189);
	assert_int_equal(pcp.alloc_factor, 5);
	pcp.count = 250;
	assert_int_equal(bud_pcp_refill(&pcp, &rules, 0, calm), 63);
	/* Lists switched off. */
	pcp = lists_of(63, 0, 0);
	assert_int_equal(bud_pcp_refill(&pcp, &rules, 0, calm), 1);
}

static void test_fixed_drain(void **state)
{
	(void)state;
	bud_pcp_rules rules = rules_of("5.10.0");
	bud_pcp pcp = lists_of(63, 378, 378);
	pcp.count = 377;
	assert_int_equal(bud_pcp_overflow(&pcp, &rules, 0, calm), 0);
	pcp.count = 378;
	assert_int_equal(bud_pcp_overflow(&pcp, &rules, 0, calm), 63);
	/* A tiny zone keeps nothing. */
	pcp = lists_of(1, 0, 0);
	pcp.count = 1;
	assert_int_equal(bud_pcp_overflow(&pcp, &rules, 0, calm), 1);
}

static void test_lowmark_drain(void **state)
{
	(void)state;
	bud_pcp_rules rules = rules_of("6.1.0"), old = rules_of("5.15.0");
	bud_pcp pcp = lists_of(63, 3920, 3920);
	unsigned want[] = { 63, 126, 252, 504, 1008, 2016, 2016 };
	for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
		pcp.count = 3920;
		assert_int_equal(bud_pcp_overflow(&pcp, &rules, 0, calm), want[i]);
	}
	bud_pcp_note_alloc(&pcp);
	assert_int_equal(pcp.free_factor, 2);
	/* Reclaim at work: four batches are enough, and a batch stays. */
	pcp.count = 252;
	assert_int_equal(bud_pcp_overflow(&pcp, &rules, 0, (bud_pcp_zone){ .reclaim_active = true }), 189);
	/* High orders that come in a row go all at once, since 6.0. */
	pcp.count = 100;
	assert_int_equal(bud_pcp_overflow(&pcp, &rules, 2, calm), 100);
	assert_int_equal(bud_pcp_overflow(&pcp, &old, 2, calm), 0);
	pcp.free_factor = 0;
	assert_int_equal(bud_pcp_overflow(&pcp, &rules, 2, calm), 0);
	/* Before 6.0 only the room left bounds the growth. */
	pcp = lists_of(63, 28672, 28672);
	pcp.count = 28672;
	for (int i = 0; i < 9; i++)
		bud_pcp_overflow(&pcp, &old, 0, calm);
	assert_int_equal(pcp.free_factor, 9);
}

static void test_auto_drain(void **state)
{
	(void)state;
	bud_pcp_rules rules = rules_of("6.12.0");
	bud_pcp pcp = lists_of(63, 252, 28672);
	/* Frees in a row: high grows to hold them, then as many are drained. */
	unsigned drained = 0;
	for (int i = 0; i < 252; i++) {
		pcp.count++;
		drained = bud_pcp_overflow(&pcp, &rules, 0, calm);
		assert_true(i == 251 || !drained);
	}
	assert_int_equal(drained, 189);
	assert_int_equal(pcp.free_count, 252);
	assert_int_equal(pcp.high, 315);
	bud_pcp_note_alloc(&pcp);
	assert_int_equal(pcp.free_count, 126);
	/* Below the high mark everything over high_min may go. */
	pcp.high = 1000;
	pcp.count = 500;
	assert_int_equal(bud_pcp_overflow(&pcp, &rules, 0, (bud_pcp_zone){ .below_high = true }), 127);
	assert_int_equal(pcp.high, 1000 - 127);
	/* Reclaim at work. */
	pcp.high = 1000;
	assert_int_equal(bud_pcp_overflow(&pcp, &rules, 0, (bud_pcp_zone){ .reclaim_active = true }), 128);
	assert_int_equal(pcp.high, 1000 - 128);
	/* High orders in a row go first. */
	pcp.free_count = 63;
	assert_int_equal(bud_pcp_overflow(&pcp, &rules, 2, calm), 0);
	assert_int_equal(bud_pcp_overflow(&pcp, &rules, 2, calm), 500);
	assert_int_equal(pcp.high, 252);
	/* A fixed size neither grows nor shrinks. */
	pcp = lists_of(63, 252, 252);
	pcp.count = 252;
	assert_int_equal(bud_pcp_overflow(&pcp, &rules, 0, calm), 63);
	assert_int_equal(pcp.high, 252);
}

static void test_decay(void **state)
{
	(void)state;
	bud_pcp_rules rules = rules_of("6.12.0"), old = rules_of("6.1.0");
	bud_pcp pcp = lists_of(63, 252, 28672);
	pcp.high = pcp.count = 1000;
	assert_int_equal(bud_pcp_decay(&pcp, &old), 0);
	assert_int_equal(bud_pcp_decay(&pcp, &rules), 125);
	assert_int_equal(pcp.high, 875);
	pcp.high = 260;
	pcp.count = 100;
	assert_int_equal(bud_pcp_decay(&pcp, &rules), 0);
	assert_int_equal(pcp.high, 252);
	/* At most 32 batches in one go. */
	pcp.high = pcp.count = 20000;
	assert_int_equal(bud_pcp_decay(&pcp, &rules), 32 * 63);
}

/* Which lists a drain takes from: how many blocks of order 0 of each type are left. */
static void drain_order(const char *release, unsigned pages, unsigned freed_to, const unsigned left[3])
{
	bud_kernel kernel = kernel_of(release);
	bud_pcp_rules rules = rules_of(release);
	bud_freelist l;
	assert_int_equal(bud_freelist_init(&l, 0, 4096, &kernel, BUD_PCP_LISTS, NULL), BUD_OK);
	bud_pcp pcp = lists_of(4, 100, 100);
	pcp.heads = bud_freelist_other(&l);
	for (unsigned type = 0; type < 3; type++)
		for (unsigned i = 0; i < 10; i++) {
			bud_pfn pfn = type * 1024 + i * 2;
			bud_freelist_set_pageblock(&l, pfn, 0, (bud_migratetype)type);
			bud_freelist_note_type(&l, pfn, (bud_migratetype)type);
			bud_pcp_add(&pcp, &l, type, pfn, 0, false);
		}
	assert_int_equal(bud_pcp_drain(&pcp, &rules, &l, pages, freed_to), pages);
	assert_int_equal(pcp.count, 30 - pages);
	assert_int_equal(bud_free_area_pages(&l.area), pages);
	for (unsigned type = 0; type < 3; type++)
		assert_int_equal(10 - l.area.pages[type], left[type]);
	/* What came first goes first. */
	for (unsigned type = 0; type < 3; type++)
		for (unsigned i = 0; i < 10 - left[type]; i++)
			assert_int_equal(bud_freelist_order(&l, type * 1024 + i * 2), 0);
	bud_freelist_fini(&l);
}

static void test_drain_order(void **state)
{
	(void)state;
	drain_order("5.10.0", 7, 0, (unsigned[]){ 8, 7, 8 });
	drain_order("6.1.0", 7, 2, (unsigned[]){ 10, 10, 3 });
	drain_order("6.12.0", 13, 2, (unsigned[]){ 7, 10, 0 });
	drain_order("6.12.0", 13, 0, (unsigned[]){ 0, 7, 10 });
}

static void test_the_only_list_gives_all(void **state)
{
	(void)state;
	bud_kernel kernel = kernel_of("5.15.0");
	bud_pcp_rules rules = rules_of("5.15.0");
	bud_freelist l;
	assert_int_equal(bud_freelist_init(&l, 0, 4096, &kernel, BUD_PCP_LISTS, NULL), BUD_OK);
	bud_pcp pcp = lists_of(4, 100, 100);
	pcp.heads = bud_freelist_other(&l);
	for (unsigned i = 0; i < 10; i++)
		bud_pcp_add(&pcp, &l, bud_pcp_list(&rules, 2, BUD_MT_MOVABLE), i * 8, 2, true);
	/* Whole blocks: one more page asked for gives one more block. */
	assert_int_equal(bud_pcp_drain(&pcp, &rules, &l, 33, 0), 36);
	assert_int_equal(pcp.count, 4);
	assert_int_equal(bud_pcp_take(&pcp, &l, bud_pcp_list(&rules, 2, BUD_MT_MOVABLE), 2), 0);
	assert_int_equal(bud_pcp_take(&pcp, &l, bud_pcp_list(&rules, 2, BUD_MT_MOVABLE), 2), BUD_PFN_NONE);
	assert_int_equal(bud_pcp_drain(&pcp, &rules, &l, 33, 0), 0);
	bud_freelist_fini(&l);
}

/* Up to 6.9 a page goes back to the list of the type it was freed with, since then to its pageblock's. */
static void test_type_of_a_drained_page(void **state)
{
	(void)state;
	for (int by_block = 0; by_block < 2; by_block++) {
		const char *release = by_block ? "6.12.0" : "6.1.0";
		bud_kernel kernel = kernel_of(release);
		bud_pcp_rules rules = rules_of(release);
		bud_freelist l;
		assert_int_equal(bud_freelist_init(&l, 0, 4096, &kernel, BUD_PCP_LISTS, NULL), BUD_OK);
		bud_pcp pcp = lists_of(4, 100, 100);
		bud_freelist_note_type(&l, 700, BUD_MT_UNMOVABLE);
		bud_pcp_add(&pcp, &l, 0, 700, 0, false);
		bud_pcp_drain(&pcp, &rules, &l, 1, 0);
		assert_int_equal(bud_freelist_type(&l, 700), by_block ? BUD_MT_MOVABLE : BUD_MT_UNMOVABLE);
		bud_freelist_fini(&l);
	}
}

static void test_pages_are_conserved(void **state)
{
	(void)state;
	static const char *const releases[] = { "5.10.0", "5.15.0", "6.1.0", "6.12.0" };
	for (unsigned seed = 0; seed < 4; seed++) {
		bud_kernel kernel = kernel_of(releases[seed]);
		bud_pcp_rules rules = rules_of(releases[seed]);
		bud_freelist l;
		bud_pfn held[512];
		int orders[512];
		unsigned nr_held = 0, held_pages = 0;
		srandom(seed);
		assert_int_equal(bud_freelist_init(&l, 0, 4096, &kernel, BUD_PCP_LISTS, NULL), BUD_OK);
		for (bud_pfn pfn = 0; pfn < 4096; pfn += 1024)
			bud_freelist_add(&l, pfn, 10, BUD_MT_MOVABLE, false);
		bud_pcp pcp;
		bud_pcp_sizes sizes = bud_pcp_compute(&kernel, 65536, 300, 2, 0);
		bud_pcp_init(&pcp, &sizes, bud_freelist_other(&l));
		for (int i = 0; i < 20000; i++) {
			bud_pcp_zone zone = { random() % 8 == 0, random() % 4 == 0 };
			int order = kernel.pcp_high_orders && random() % 4 == 0 ? (int)(random() % 4) : 0;
			unsigned list = bud_pcp_list(&rules, order, BUD_MT_MOVABLE);
			if (nr_held < 512 && random() % 2) {
				bud_pcp_note_alloc(&pcp);
				if (bud_pcp_is_empty(&pcp, &l, list))
					for (unsigned n = bud_pcp_refill(&pcp, &rules, order, zone); n; n--) {
						bud_pfn pfn = bud_freelist_take(&l, order, BUD_MT_MOVABLE);
						if (pfn == BUD_PFN_NONE)
							break;
						bud_freelist_note_type(&l, pfn, BUD_MT_MOVABLE);
						bud_pcp_add(&pcp, &l, list, pfn, order, true);
					}
				bud_pfn pfn = bud_pcp_take(&pcp, &l, list, order);
				if (pfn != BUD_PFN_NONE) {
					orders[nr_held] = order;
					held[nr_held++] = pfn;
					held_pages += 1u << order;
				}
			} else if (nr_held) {
				unsigned k = (unsigned)random() % nr_held;
				order = orders[k];
				list = bud_pcp_list(&rules, order, BUD_MT_MOVABLE);
				bud_freelist_note_type(&l, held[k], BUD_MT_MOVABLE);
				bud_pcp_add(&pcp, &l, list, held[k], order, false);
				held_pages -= 1u << order;
				held[k] = held[--nr_held];
				orders[k] = orders[nr_held];
				bud_pcp_drain(&pcp, &rules, &l, bud_pcp_overflow(&pcp, &rules, order, zone), list);
				assert_true(pcp.count <= sizes.high_max + 8);
			}
			assert_int_equal(bud_free_area_pages(&l.area) + pcp.count + held_pages, 4096);
		}
		bud_pcp_drain(&pcp, &rules, &l, pcp.count, 0);
		assert_int_equal(pcp.count, 0);
		for (unsigned k = 0; k < nr_held; k++)
			bud_freelist_free(&l, held[k], orders[k], BUD_MT_MOVABLE, false);
		assert_int_equal(l.area.nr_free[10], 4);
		bud_freelist_fini(&l);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_batch_by_zone_size),
		cmocka_unit_test(test_high_by_low_mark),
		cmocka_unit_test(test_list_numbers),
		cmocka_unit_test(test_refill_by_batch),
		cmocka_unit_test(test_auto_refill_doubles_while_only_requests_come),
		cmocka_unit_test(test_fixed_drain),
		cmocka_unit_test(test_lowmark_drain),
		cmocka_unit_test(test_auto_drain),
		cmocka_unit_test(test_decay),
		cmocka_unit_test(test_drain_order),
		cmocka_unit_test(test_the_only_list_gives_all),
		cmocka_unit_test(test_type_of_a_drained_page),
		cmocka_unit_test(test_pages_are_conserved),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
