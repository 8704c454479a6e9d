/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a first look keeps: its tables, their caps, and what follows from them. What it learns of a stream:
 * test_requests.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/allocator/lessons.h"

#define MS 1000000ull

static bud_lessons look(void)
{
	bud_lessons l;
	assert_int_equal(bud_lessons_init(&l, NULL), BUD_OK);
	return l;
}

static void test_requests_go_by_their_flags(void **state)
{
	(void)state;
	bud_lessons l = look();
	unsigned first = bud_lessons_class(&l, 0x10), second = bud_lessons_class(&l, 0);
	assert_int_not_equal(first, 0);
	assert_int_not_equal(first, second);
	assert_int_equal(bud_lessons_class(&l, 0x10), first);
	assert_int_equal(bud_lessons_find_class(&l, 0), second);
	/* Looking for flags teaches nothing. */
	assert_int_equal(bud_lessons_find_class(&l, 0x20), 0);
	assert_int_equal(l.nr_classes, 2);
	/* When there is no room, they are of any other kind; those that are known stay so. */
	for (bud_gfp gfp = 0x100; l.nr_classes < BUD_LESSON_CLASSES; gfp++)
		assert_int_not_equal(bud_lessons_class(&l, gfp), 0);
	assert_int_equal(bud_lessons_class(&l, 0x20), 0);
	assert_int_equal(bud_lessons_class(&l, 0x10), first);
	bud_lessons_fini(&l);
}

static void test_pages_stay_in_order(void **state)
{
	(void)state;
	bud_lessons l = look();
	for (unsigned i = 0; i < 1000; i++) {
		bud_lessons_add(&l, &l.cached, 5000 - i, i % 4, (uint16_t)(i % 2), BUD_MT_RECLAIMABLE);
		bud_lessons_add(&l, &l.movable, i, 0, 0, BUD_MT_UNKNOWN);
	}
	assert_int_equal(l.cached.nr, 1000);
	for (unsigned i = 0; i < 1000; i++) {
		const bud_lesson_page *page = &l.cached.list[i];
		assert_int_equal(page->pfn, 5000 - i);
		assert_int_equal(page->order, i % 4);
		assert_int_equal(page->cpu, i % 2);
		assert_int_equal(page->type, BUD_MT_RECLAIMABLE);
		assert_int_equal(l.movable.list[i].pfn, i);
	}
	assert_int_equal(l.drained.nr + l.reclaimable.nr, 0);
	assert_false(l.out_of_memory);
	bud_lessons_fini(&l);
}

static void test_hidden_requests_are_sorted_in_the_end(void **state)
{
	(void)state;
	bud_lessons l = look();
	const uint32_t seqs[] = { 7, UINT32_MAX, 3, 0x80000000u, 5, 0 };
	bud_lessons_end(&l); /* of nothing */
	for (size_t i = 0; i < sizeof seqs / sizeof *seqs; i++)
		bud_lessons_hide(&l, seqs[i]);
	bud_lessons_end(&l);
	assert_int_equal(l.nr_hidden, 6);
	for (size_t i = 1; i < l.nr_hidden; i++)
		assert_true(l.hidden[i - 1] < l.hidden[i]);
	/* Beyond the cap they are counted. */
	for (uint32_t i = 0; l.nr_hidden < BUD_LESSON_HIDDEN; i++)
		bud_lessons_hide(&l, i);
	assert_int_equal(l.missed, 0);
	bud_lessons_hide(&l, 1);
	bud_lessons_hide(&l, 2);
	assert_int_equal(l.missed, 2);
	assert_int_equal(l.nr_hidden, BUD_LESSON_HIDDEN);
	bud_lessons_fini(&l);
}

static void test_kswapds_pace_is_that_of_its_runs(void **state)
{
	(void)state;
	bud_lessons l = look();
	/* How long the first took is not known. */
	bud_lessons_kswapd_frees(&l, 0, MS, 5, false);
	bud_lessons_kswapd_begins(&l, 0, 1, 2 * MS);
	bud_lessons_kswapd_frees(&l, 0, 3 * MS, 32, false);
	bud_lessons_kswapd_frees(&l, 0, 5 * MS, 8, true);
	/* It naps, and another node's is at work meanwhile. */
	bud_lessons_kswapd_begins(&l, 1, 0, 500 * MS);
	bud_lessons_kswapd_begins(&l, 0, 3, 1000 * MS);
	bud_lessons_kswapd_frees(&l, 1, 1000 * MS, 100, false);
	bud_lessons_kswapd_frees(&l, 0, 1001 * MS, 10, false);
	bud_lessons_kswapd_frees(&l, -1, 1002 * MS, 1, false);
	assert_int_equal(l.kswapd_freed, 156);
	assert_int_equal(l.kswapd.pages, 142);
	assert_int_equal(l.kswapd.ns, 502 * MS);
	assert_int_equal(l.kswapd_swap.pages, 8);
	assert_int_equal(l.kswapd_swap.ns, 2 * MS);
	/* Where it is at work most often; of two places as often as each other either will do. */
	bud_lessons_kswapd_begins(&l, 0, 3, 1100 * MS);
	assert_int_equal(bud_lessons_kswapd_cpu(&l, 0, 7), 3);
	assert_int_equal(bud_lessons_kswapd_cpu(&l, 1, 7), 0);
	assert_int_equal(bud_lessons_kswapd_cpu(&l, 2, 7), 7);
	bud_lessons_fini(&l);
}

static void test_direct_reclaim_is_judged_where_it_got_all_it_wants(void **state)
{
	(void)state;
	bud_lessons l = look();
	bud_lessons_direct(&l, 31, 9 * MS);
	bud_lessons_direct(&l, 32, MS);
	bud_lessons_direct(&l, 64, 2 * MS);
	assert_int_equal(l.sated_calls, 2);
	assert_int_equal(l.sated.pages, 96);
	assert_int_equal(l.sated.ns, 3 * MS);
	bud_lessons_fini(&l);
}

static void test_the_node_of_a_cpu(void **state)
{
	(void)state;
	bud_lessons l = look();
	l.votes[1][0] = 3;
	l.votes[1][2] = 4;
	l.votes[2][1] = l.votes[2][3] = 9;
	l.votes[BUD_LESSON_CPUS - 1][BUD_MAX_NODES - 1] = 1;
	assert_int_equal(bud_lessons_cpu_node(&l, 0), 0);
	assert_int_equal(bud_lessons_cpu_node(&l, 1), 2);
	assert_int_equal(bud_lessons_cpu_node(&l, 2), 1); /* of equals, the first */
	assert_int_equal(bud_lessons_cpu_node(&l, BUD_LESSON_CPUS - 1), BUD_MAX_NODES - 1);
	assert_int_equal(bud_lessons_cpu_node(&l, BUD_LESSON_CPUS), 0);
	/* Daemons know better: but not where those of several nodes ran, nor where their node never gave a page. */
	bud_lessons_daemon(&l, 1, 0);
	bud_lessons_daemon(&l, 2, 1);
	bud_lessons_daemon(&l, 2, 3);
	bud_lessons_daemon(&l, 3, 5);
	bud_lessons_daemon(&l, BUD_LESSON_CPUS, 1);
	bud_lessons_daemon(&l, 1, -1);
	bud_lessons_daemon(&l, 1, BUD_MAX_NODES);
	assert_int_equal(bud_lessons_cpu_node(&l, 1), 0);
	assert_int_equal(bud_lessons_cpu_node(&l, 2), 1);
	assert_int_equal(bud_lessons_cpu_node(&l, 3), 0);
	bud_lessons_fini(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests_go_by_their_flags),
		cmocka_unit_test(test_pages_stay_in_order),
		cmocka_unit_test(test_hidden_requests_are_sorted_in_the_end),
		cmocka_unit_test(test_kswapds_pace_is_that_of_its_runs),
		cmocka_unit_test(test_direct_reclaim_is_judged_where_it_got_all_it_wants),
		cmocka_unit_test(test_the_node_of_a_cpu),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
