/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The buddy of the replay against a page array that knows nothing of blocks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/memory/buddy.h"

#define START	  1 /* an unaligned zone, as DMA is */
#define END	  (START + 5000)
#define MAX_ORDER 10

typedef struct naive {
	bool free[END + 64];
} naive;

static uint64_t naive_set(naive *n, bud_pfn pfn, uint64_t nr, bool free)
{
	uint64_t changed = 0;
	for (bud_pfn p = pfn; p < pfn + nr; p++)
		if (p >= START && p < END && n->free[p] != free) {
			n->free[p] = free;
			changed++;
		}
	return changed;
}

/* Blocks by definition: the largest aligned all-free pieces inside the zone. */
static void naive_blocks(const naive *n, uint64_t *nr_free)
{
	memset(nr_free, 0, BUD_NR_ORDERS * sizeof *nr_free);
	for (bud_pfn p = START; p < END;) {
		int order = n->free[p] ? 0 : -1;
		for (int k = 1; order >= 0 && k <= MAX_ORDER && p % ((bud_pfn)1 << k) == 0; k++) {
			bool all = p + ((bud_pfn)1 << k) <= END;
			for (bud_pfn q = p; all && q < p + ((bud_pfn)1 << k); q++)
				all = n->free[q];
			if (!all)
				break;
			order = k;
		}
		if (order >= 0)
			nr_free[order]++;
		p += order >= 0 ? (bud_pfn)1 << order : 1;
	}
}

static void assert_same(const bud_buddy *b, const naive *n)
{
	uint64_t nr_free[BUD_NR_ORDERS], pages = 0;
	naive_blocks(n, nr_free);
	for (int k = 0; k < BUD_NR_ORDERS; k++) {
		assert_int_equal(b->nr_free[k], nr_free[k]);
		assert_int_equal(bud_pageset_count(&b->heads[k]), nr_free[k]);
		pages += nr_free[k] << k;
	}
	assert_int_equal(b->free_pages, pages);
	assert_int_equal(bud_pageset_count(&b->free), pages);
}

static void test_random_operations(void **state)
{
	(void)state;
	static naive n;
	bud_buddy b;
	memset(&n, 0, sizeof n);
	bud_buddy_init(&b, START, END, MAX_ORDER);
	srandom(1);
	for (int i = 0; i < 20000; i++) {
		int order = (int)(random() % 12);
		bud_pfn pfn = (bud_pfn)random() % (END + 32);
		if (random() % 4)
			pfn = pfn >> order << order;
		uint64_t nr = (uint64_t)1 << order;
		if (random() % 2)
			assert_int_equal(bud_buddy_insert(&b, pfn, order), naive_set(&n, pfn, nr, true));
		else
			assert_int_equal(bud_buddy_remove(&b, pfn, order), naive_set(&n, pfn, nr, false));
		if (i % 50 == 0)
			assert_same(&b, &n);
	}
	assert_same(&b, &n);
	bud_buddy_fini(&b);
}

static void test_blocks_are_found(void **state)
{
	(void)state;
	bud_buddy b;
	bud_pfn head;
	bud_buddy_init(&b, 0, 4096, MAX_ORDER);
	bud_buddy_insert(&b, 8, 3);
	bud_buddy_insert(&b, 1024, 10);
	assert_int_equal(bud_buddy_block_of(&b, 13, &head), 3);
	assert_int_equal(head, 8);
	assert_int_equal(bud_buddy_block_of(&b, 7, &head), -1);
	assert_int_equal(bud_buddy_next_block(&b, 0, 4096, &head), 3);
	assert_int_equal(head, 8);
	assert_int_equal(bud_buddy_next_block(&b, 9, 4096, &head), 10);
	assert_int_equal(head, 1024);
	assert_int_equal(bud_buddy_next_block(&b, 1025, 4096, &head), -1);
	bud_buddy_fini(&b);
}

/* Vectors of the kernel's merge: 9 returns beside 8 (o0), 10 (o1), 12 (o2). */
static void test_merge_stops_at_a_taken_buddy(void **state)
{
	(void)state;
	bud_buddy b;
	bud_pfn head;
	bud_buddy_init(&b, 0, 4096, MAX_ORDER);
	bud_buddy_insert(&b, 8, 0);
	bud_buddy_insert(&b, 10, 1);
	bud_buddy_insert(&b, 12, 2);
	bud_buddy_insert(&b, 9, 0);
	assert_int_equal(bud_buddy_block_of(&b, 9, &head), 3);
	assert_int_equal(head, 8);
	assert_int_equal(b.nr_free[3], 1);
	bud_buddy_fini(&b);
}

/* Order 0 from an order-10 block leaves one block of every lower order. */
static void test_split_leaves_one_half_each(void **state)
{
	(void)state;
	bud_buddy b;
	bud_buddy_init(&b, 0, 8192, MAX_ORDER);
	bud_buddy_insert(&b, 4096, 10);
	bud_buddy_remove(&b, 4096, 0);
	for (int k = 0; k < 10; k++)
		assert_int_equal(b.nr_free[k], 1);
	assert_int_equal(b.nr_free[10], 0);
	bud_buddy_fini(&b);
}

static void test_rebuild_and_copy(void **state)
{
	(void)state;
	bud_buddy a, b;
	bud_buddy_init(&a, START, END, MAX_ORDER);
	bud_buddy_init(&b, START, END, MAX_ORDER);
	bud_buddy_insert_range(&a, 3, 3000);
	bud_buddy_remove(&a, 1500, 0);
	assert_true(bud_buddy_rebuild(&b, &a.free));
	assert_memory_equal(a.nr_free, b.nr_free, sizeof a.nr_free);
	bud_buddy_insert_range(&a, 3000, END);
	assert_true(bud_buddy_copy(&b, &a));
	assert_memory_equal(a.nr_free, b.nr_free, sizeof a.nr_free);
	assert_int_equal(bud_pageset_count(&b.free), a.free_pages);
	bud_buddy_fini(&a);
	bud_buddy_fini(&b);
}

/* Two free pageblocks that their types keep apart are two blocks, and go in one (alloc_contig_range, hot-remove). */
static void test_a_range_of_blocks_that_do_not_merge(void **state)
{
	(void)state;
	bud_kernel kernel;
	bud_buddy b;
	bud_kernel_init(&kernel, "6.12.1", "x86_64");
	bud_buddy_init(&b, START, END, MAX_ORDER);
	assert_true(bud_buddy_follow_types(&b, &kernel));
	bud_buddy_retype(&b, 1024, 0, bud_typing_sure(BUD_MT_HIGHATOMIC));
	bud_buddy_retype(&b, 1536, 0, bud_typing_sure(BUD_MT_MOVABLE));
	bud_buddy_insert(&b, 1024, 9);
	bud_buddy_insert(&b, 1536, 9);
	assert_int_equal(b.nr_free[9], 2);
	assert_int_equal(bud_buddy_remove(&b, 1024, 10), 1024);
	for (int k = 0; k < BUD_NR_ORDERS; k++)
		assert_int_equal(b.nr_free[k], 0);
	assert_int_equal(b.free_pages, 0);
	assert_int_equal(b.types->area.pages[BUD_MT_HIGHATOMIC] + b.types->area.pages[BUD_MT_MOVABLE], 0);
	bud_buddy_fini(&b);
}

/* Half of it known: the kernel counts one block of order 1 and two of order 3, and the replay knows two pages. */
static void test_blocks_that_are_only_counted(void **state)
{
	(void)state;
	const uint64_t kernel[] = { 0, 1, 0, 2 };
	uint64_t nr_free[BUD_NR_ORDERS];
	bud_buddy b, copy = { 0 };
	bud_buddy_init(&b, START, END, MAX_ORDER);
	bud_buddy_init(&copy, START, END, MAX_ORDER);
	bud_buddy_insert(&b, 16, 0); /* a half of the block of order 1 */
	bud_buddy_insert(&b, 64, 3);
	bud_buddy_meet(&b, kernel, 4);
	bud_buddy_count(&b, nr_free);
	for (int k = 0; k < BUD_NR_ORDERS; k++)
		assert_int_equal(nr_free[k], k < 4 ? kernel[k] : 0);
	assert_int_equal(bud_buddy_pages(&b), 18);
	bud_buddy_remove(&b, 64, 3);
	assert_int_equal(bud_buddy_blocks(&b, 3), 1);
	assert_int_equal(bud_buddy_pages(&b), 10);
	bud_buddy_remove(&b, 16, 0); /* its block is split in truth: fewer than none */
	assert_int_equal(bud_buddy_blocks(&b, 0), 0);
	assert_int_equal(bud_buddy_pages(&b), 9);
	assert_true(bud_buddy_copy(&copy, &b));
	assert_int_equal(bud_buddy_pages(&copy), 9);
	bud_buddy_fini(&b);
	bud_buddy_fini(&copy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_operations),
		cmocka_unit_test(test_blocks_are_found),
		cmocka_unit_test(test_merge_stops_at_a_taken_buddy),
		cmocka_unit_test(test_split_leaves_one_half_each),
		cmocka_unit_test(test_rebuild_and_copy),
		cmocka_unit_test(test_a_range_of_blocks_that_do_not_merge),
		cmocka_unit_test(test_blocks_that_are_only_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
