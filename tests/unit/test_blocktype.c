/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Migratetypes of the replay's free blocks: the kernel's rules by hand, and against arrays that know nothing of lists.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/memory/buddy.h"

#define START	  1 /* an unaligned zone, as DMA is */
#define END	  (START + 5 * 1024)
#define MAX_ORDER 10
#define BLOCK	  512
#define NR_BLOCKS (END / BLOCK + 1)

#define SURE(type) ((bud_typing)(BUD_MT_##type | BUD_TYPING_SURE))

static void init(bud_buddy *b, const char *release)
{
	bud_kernel kernel;
	bud_kernel_init(&kernel, release, "x86_64");
	bud_buddy_init(b, START, END, MAX_ORDER);
	assert_true(bud_buddy_follow_types(b, &kernel));
}

static void test_a_split_keeps_the_list(void **state)
{
	(void)state;
	bud_buddy b;
	init(&b, "6.12.1");
	bud_buddy_retype(&b, 1024, 10, SURE(UNMOVABLE));
	bud_buddy_insert(&b, 1024, 10);
	bud_buddy_remove(&b, 1024, 3);
	for (int k = 3; k < 10; k++)
		assert_int_equal(b.types->area.nr[BUD_MT_UNMOVABLE][k], 1);
	assert_int_equal(bud_blocktypes_sure_pages(b.types, BUD_MT_UNMOVABLE), 1024 - 8);
	assert_int_equal(b.types->area.pages[BUD_MT_MOVABLE], 0);
	bud_buddy_fini(&b);
}

/* __free_one_page of 6.10: the buddy's pageblock becomes of the type that is freed. */
static void test_a_merge_retypes_the_buddy(void **state)
{
	(void)state;
	bud_buddy b;
	init(&b, "6.12.1");
	bud_buddy_retype(&b, 1024, 9, SURE(RECLAIMABLE));
	bud_buddy_retype(&b, 1536, 9, SURE(UNMOVABLE));
	bud_buddy_insert(&b, 1024, 9);
	bud_buddy_insert(&b, 1536, 9);
	assert_int_equal(bud_blocktypes_block(b.types, 1024), SURE(UNMOVABLE));
	assert_int_equal(b.types->area.nr[BUD_MT_UNMOVABLE][10], 1);
	assert_int_equal(b.types->area.pages[BUD_MT_RECLAIMABLE], 0);
	bud_buddy_fini(&b);
}

static void test_types_that_do_not_merge(void **state)
{
	(void)state;
	static const struct {
		const char *release;
		bud_typing a, b;
		bool merge;
	} cases[] = {
		{ "6.12.1", SURE(MOVABLE), SURE(CMA), false },	     { "5.10.1", SURE(MOVABLE), SURE(CMA), true },
		{ "5.10.1", SURE(MOVABLE), SURE(ISOLATE), false },   { "5.10.1", SURE(ISOLATE), SURE(ISOLATE), true },
		{ "6.1.1", SURE(HIGHATOMIC), SURE(MOVABLE), false }, { "6.12.1", BUD_MT_MOVABLE, SURE(CMA), true },
		{ "6.1.1", SURE(UNMOVABLE), SURE(MOVABLE), true },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		bud_buddy b;
		init(&b, cases[i].release);
		bud_buddy_retype(&b, 1024, 9, cases[i].a);
		bud_buddy_retype(&b, 1536, 9, cases[i].b);
		bud_buddy_insert(&b, 1024, 9);
		bud_buddy_insert(&b, 1536, 9);
		assert_int_equal(b.nr_free[10], cases[i].merge);
		assert_int_equal(b.types->area.nr_free[10], cases[i].merge);
		bud_buddy_fini(&b);
	}
}

/* Before 6.10 a merged block is on the list of the page freed last; its pageblock stays what it was. */
static void test_old_lists_follow_the_last_page(void **state)
{
	(void)state;
	bud_buddy b;
	init(&b, "6.1.1");
	bud_buddy_insert(&b, 64, 0);
	bud_buddy_relist(&b, 64, SURE(UNMOVABLE));
	assert_int_equal(b.types->area.nr[BUD_MT_UNMOVABLE][0], 1);
	bud_buddy_insert(&b, 65, 0);
	assert_int_equal(b.types->area.nr[BUD_MT_MOVABLE][1], 1);
	bud_buddy_relist(&b, 65, SURE(RECLAIMABLE));
	assert_int_equal(b.types->area.nr[BUD_MT_RECLAIMABLE][1], 1);
	assert_int_equal(bud_blocktypes_block(b.types, 64), BUD_MT_MOVABLE);
	bud_buddy_fini(&b);
}

/* move_freepages_block to 6.9: a pageblock that begins before its zone moves from the page on. */
static void test_old_pageblock_at_the_edge(void **state)
{
	(void)state;
	bud_buddy b;
	init(&b, "6.1.1");
	bud_buddy_insert(&b, 8, 3);
	bud_buddy_insert(&b, 64, 4);
	bud_buddy_insert(&b, 128, 5);
	bud_buddy_move_pageblock(&b, 64, SURE(UNMOVABLE));
	assert_int_equal(b.types->area.pages[BUD_MT_UNMOVABLE], 16 + 32);
	assert_int_equal(b.types->area.pages[BUD_MT_MOVABLE], 8);
	/* The last pageblock holds one page of the zone: it ends behind it, and the block moves alone. */
	bud_buddy_insert(&b, END - 1, 0);
	bud_buddy_move_pageblock(&b, END - 1, SURE(RECLAIMABLE));
	assert_int_equal(b.types->area.pages[BUD_MT_RECLAIMABLE], 1);
	bud_buddy_fini(&b);
}

/* __isolate_free_page: half a pageblock or more makes it Movable, unless it is set apart. */
static void test_isolation_makes_movable(void **state)
{
	(void)state;
	bud_buddy b;
	init(&b, "6.12.1");
	bud_buddy_retype(&b, 1024, 0, SURE(UNMOVABLE));
	bud_buddy_insert(&b, 1024, 7);
	bud_buddy_insert(&b, 1024 + 256, 8);
	bud_buddy_isolate_type(&b, 1024, 7);
	assert_int_equal(bud_blocktypes_block(b.types, 1024), SURE(UNMOVABLE));
	bud_buddy_isolate_type(&b, 1024 + 256, 8);
	assert_int_equal(bud_blocktypes_block(b.types, 1024), SURE(MOVABLE));
	assert_int_equal(b.types->area.nr[BUD_MT_MOVABLE][7], 1);
	bud_buddy_retype(&b, 2048, 10, SURE(CMA));
	bud_buddy_insert(&b, 2048, 10);
	bud_buddy_isolate_type(&b, 2048, 10);
	assert_int_equal(bud_blocktypes_block(b.types, 2048), SURE(CMA));
	bud_buddy_fini(&b);
}

/* The type at the start goes with a merge, and ends where an event gives another. */
static void test_origins(void **state)
{
	(void)state;
	bud_buddy b;
	init(&b, "6.12.1");
	assert_true(bud_blocktypes_begin_origins(b.types));
	bud_buddy_insert(&b, 1024, 9);
	assert_int_equal(bud_blocktypes_origin(b.types, 2), 2);
	bud_buddy_insert(&b, 1536, 9);
	assert_int_equal(bud_blocktypes_origin(b.types, 2), 3);
	bud_buddy_remove(&b, 1024, 0);
	bud_buddy_retype(&b, 1024, 0, SURE(UNMOVABLE));
	assert_int_equal(bud_blocktypes_origin(b.types, 2), UINT32_MAX);
	assert_int_equal(bud_blocktypes_origin(b.types, 3), 3);
	bud_buddy_fini(&b);
}

/* A gap in the trace: the types may have changed. */
static void test_lost_events_leave_no_evidence(void **state)
{
	(void)state;
	static const char *const releases[] = { "6.12.1", "6.1.1" };
	for (size_t i = 0; i < 2; i++) {
		bud_buddy b;
		init(&b, releases[i]);
		bud_buddy_insert(&b, 64, 3);
		bud_buddy_retype(&b, 64, 0, SURE(UNMOVABLE));
		if (!b.types->list_is_block)
			bud_buddy_relist(&b, 64, SURE(UNMOVABLE));
		assert_int_equal(bud_blocktypes_sure_pages(b.types, BUD_MT_UNMOVABLE), 8);
		bud_blocktypes_lose(b.types);
		assert_int_equal(bud_blocktypes_sure_pages(b.types, BUD_MT_UNMOVABLE), 0);
		assert_int_equal(b.types->area.pages[BUD_MT_UNMOVABLE], 8);
		bud_buddy_remove(&b, 64, 3);
		assert_int_equal(bud_blocktypes_sure_pages(b.types, BUD_MT_UNMOVABLE), 0);
		assert_int_equal(bud_blocktypes_block(b.types, 64), BUD_MT_UNMOVABLE);
		bud_buddy_fini(&b);
	}
}

/* Pages and pageblocks in arrays. */
typedef struct naive {
	bool list_is_block;
	bool free[END + 1024];
	bud_typing list[END + 1024]; /* without list_is_block: of the block each free page is part of */
	bud_typing block[NR_BLOCKS];
} naive;

static int naive_block_of(const naive *n, bud_pfn pfn, bud_pfn *head)
{
	int order = n->free[pfn] ? 0 : -1;
	*head = pfn;
	for (int k = 1; order >= 0 && k <= MAX_ORDER; k++) {
		bud_pfn start = pfn >> k << k, end = start + ((bud_pfn)1 << k);
		bool all = start >= START && end <= END;
		for (bud_pfn p = start; all && p < end; p++)
			all = n->free[p];
		if (!all)
			break;
		order = k;
		*head = start;
	}
	return order;
}

static void naive_list_block(naive *n, bud_pfn pfn, bud_typing typing)
{
	bud_pfn head;
	int order = naive_block_of(n, pfn, &head);
	for (bud_pfn p = head; order >= 0 && p < head + ((bud_pfn)1 << order); p++) {
		n->list[p] = typing;
		if (n->list_is_block && order > 9)
			n->block[p / BLOCK] = typing;
	}
}

/* A piece that is not free at all becomes so. */
static void naive_insert(naive *n, bud_pfn pfn, int order)
{
	bud_pfn end = pfn + ((bud_pfn)1 << order);
	bud_typing typing = n->block[pfn / BLOCK];
	if (n->list_is_block && order > 9) {
		bud_typing other = n->block[pfn / BLOCK + 1];
		typing = (other & BUD_TYPING_SURE) || !(typing & BUD_TYPING_SURE) ? other : typing;
	}
	for (bud_pfn p = pfn; p < end; p++)
		n->free[p] = true;
	naive_list_block(n, pfn, typing);
}

static void naive_retype(naive *n, bud_pfn pfn, bud_typing typing)
{
	bud_pfn head;
	n->block[pfn / BLOCK] = typing;
	if (n->list_is_block && naive_block_of(n, pfn, &head) > 9)
		naive_list_block(n, pfn, typing);
}

static void naive_move(naive *n, bud_pfn pfn, bud_typing typing)
{
	bud_pfn start = pfn / BLOCK * BLOCK, end = start + BLOCK, head;
	int order;
	if (end > END) {
		naive_list_block(n, pfn, typing);
		return;
	}
	for (bud_pfn p = start < START ? pfn : start; p < end; p = order < 0 ? p + 1 : head + ((bud_pfn)1 << order))
		if ((order = naive_block_of(n, p, &head)) >= 0 && head == p)
			naive_list_block(n, p, typing);
}

static void assert_same(const bud_buddy *b, const naive *n)
{
	static bud_free_area area;
	uint64_t sure[BUD_NR_MIGRATETYPES][BUD_NR_ORDERS] = { { 0 } };
	memset(&area, 0, sizeof area);
	bud_pfn head;
	int order;
	for (bud_pfn p = START; p < END; p = order < 0 ? p + 1 : head + ((bud_pfn)1 << order)) {
		order = naive_block_of(n, p, &head);
		if (order < 0)
			continue;
		bud_typing typing = n->list_is_block ? n->block[p / BLOCK] : n->list[p];
		bud_free_area_add(&area, order, bud_typing_type(typing));
		sure[bud_typing_type(typing)][order] += typing & BUD_TYPING_SURE ? 1 : 0;
		assert_int_equal(bud_blocktypes_list(b->types, p), typing);
	}
	assert_memory_equal(&area, &b->types->area, sizeof area);
	assert_memory_equal(area.nr_free, b->nr_free, sizeof area.nr_free);
	assert_memory_equal(sure, b->types->sure, sizeof sure);
	assert_memory_equal(n->block, b->types->blocks, b->types->nr_blocks);
}

static void one_operation(bud_buddy *b, naive *n)
{
	int order = (int)(random() % (random() % 3 ? 6 : MAX_ORDER + 1));
	bud_pfn pfn = ((bud_pfn)random() % END) >> order << order, nr = (bud_pfn)1 << order;
	bud_typing typing = (bud_typing)(random() % 3 + (random() % 2 ? BUD_TYPING_SURE : 0));
	bool inside = pfn >= START && pfn + nr <= END;
	uint64_t free = bud_pageset_count_range(&b->free, pfn, nr);
	if (inside && random() % 2 && !free) {
		bud_buddy_insert(b, pfn, order);
		naive_insert(n, pfn, order);
	} else if (inside && free == nr) {
		bud_buddy_remove(b, pfn, order);
		memset(n->free + pfn, 0, nr);
	}
	if (pfn < START || random() % 4)
		return;
	if (n->list_is_block || random() % 3 == 0) {
		bud_buddy_retype(b, pfn, 0, typing);
		naive_retype(n, pfn, typing);
	} else if (n->free[pfn] && random() % 2) {
		bud_buddy_relist(b, pfn, typing);
		naive_list_block(n, pfn, typing);
	} else if (n->free[pfn]) {
		bud_pfn head;
		naive_block_of(n, pfn, &head);
		bud_buddy_move_pageblock(b, head, typing);
		naive_move(n, head, typing);
	}
}

static void test_random_operations(void **state)
{
	(void)state;
	static naive n;
	for (int old = 0; old < 2; old++) {
		bud_buddy b, copy;
		init(&b, old ? "6.1.1" : "6.12.1");
		memset(&n, 0, sizeof n);
		memset(n.block, BUD_MT_MOVABLE, sizeof n.block);
		n.list_is_block = !old;
		srandom(7);
		for (int i = 0; i < 20000; i++) {
			one_operation(&b, &n);
			if (i % 40 == 0)
				assert_same(&b, &n);
		}
		assert_same(&b, &n);
		bud_buddy_init(&copy, START, END, MAX_ORDER);
		assert_true(bud_buddy_copy(&copy, &b));
		assert_same(&copy, &n);
		bud_buddy_fini(&copy);
		bud_buddy_fini(&b);
	}
}

/* A zone of more pageblocks than is sensible goes without. */
static void test_no_types_for_absurd_zones(void **state)
{
	(void)state;
	bud_buddy b;
	bud_kernel kernel;
	bud_kernel_init(&kernel, "6.12.1", "x86_64");
	bud_buddy_init(&b, 0, BUD_PFN_MAX, MAX_ORDER);
	assert_true(bud_buddy_follow_types(&b, &kernel));
	assert_null(b.types);
	bud_buddy_isolate_type(&b, 0, 10);
	bud_buddy_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_split_keeps_the_list),
		cmocka_unit_test(test_a_merge_retypes_the_buddy),
		cmocka_unit_test(test_types_that_do_not_merge),
		cmocka_unit_test(test_old_lists_follow_the_last_page),
		cmocka_unit_test(test_old_pageblock_at_the_edge),
		cmocka_unit_test(test_isolation_makes_movable),
		cmocka_unit_test(test_origins),
		cmocka_unit_test(test_random_operations),
		cmocka_unit_test(test_no_types_for_absurd_zones),
		cmocka_unit_test(test_lost_events_leave_no_evidence),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
