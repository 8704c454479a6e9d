/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ordered free lists: the kernel's merges and splits, and any sequence of operations against a naive allocator. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/memory/freelist.h"

static bud_freelist make(const char *release, bud_pfn start, bud_pfn end)
{
	bud_kernel kernel;
	bud_freelist l;
	bud_kernel_init(&kernel, release, "x86_64");
	assert_int_equal(bud_freelist_init(&l, start, end, &kernel, 0, NULL), BUD_OK);
	return l;
}

static void test_merge_goes_as_far_as_buddies_are_free(void **state)
{
	(void)state;
	bud_freelist l = make("6.12.0", 0, 4096);
	bud_freelist_add(&l, 8, 0, BUD_MT_MOVABLE, false);
	bud_freelist_add(&l, 10, 1, BUD_MT_MOVABLE, false);
	bud_freelist_add(&l, 12, 2, BUD_MT_MOVABLE, false);
	bud_freelist_add(&l, 64, 3, BUD_MT_MOVABLE, false);
	bud_freelist_free(&l, 9, 0, BUD_MT_MOVABLE, false);
	assert_int_equal(bud_freelist_order(&l, 8), 3);
	assert_int_equal(l.area.nr_free[3], 2);
	assert_int_equal(bud_free_area_pages(&l.area), 16);
	/* (16, o4) is not free: the block is the next to go. */
	assert_int_equal(bud_freelist_first(&l, 3, BUD_MT_MOVABLE), 8);
	bud_freelist_fini(&l);
}

static void test_blocks_likely_to_merge_go_to_the_tail(void **state)
{
	(void)state;
	bud_freelist l = make("6.12.0", 0, 4096);
	bud_freelist_add(&l, 64, 3, BUD_MT_MOVABLE, false);
	bud_freelist_add(&l, 16, 4, BUD_MT_MOVABLE, false);
	bud_freelist_free(&l, 8, 3, BUD_MT_MOVABLE, false);
	assert_int_equal(bud_freelist_first(&l, 3, BUD_MT_MOVABLE), 64);
	/* The same at order 0: the parent (8, o1) has the free buddy (10, o1). */
	bud_freelist_add(&l, 130, 1, BUD_MT_MOVABLE, false);
	bud_freelist_add(&l, 200, 0, BUD_MT_MOVABLE, false);
	bud_freelist_free(&l, 128, 0, BUD_MT_MOVABLE, false);
	assert_int_equal(bud_freelist_first(&l, 0, BUD_MT_MOVABLE), 200);
	bud_freelist_free(&l, 300, 0, BUD_MT_MOVABLE, false);
	assert_int_equal(bud_freelist_first(&l, 0, BUD_MT_MOVABLE), 300);
	bud_freelist_fini(&l);
}

static void test_no_merge_with_a_type_apart(void **state)
{
	(void)state;
	const struct {
		const char *release;
		bud_migratetype type;
		int order;
	} cases[] = {
		{ "6.12.0", BUD_MT_CMA, 9 },	      { "5.18.0", BUD_MT_CMA, 9 },
		{ "5.10.0", BUD_MT_CMA, 10 },	      { "6.12.0", BUD_MT_HIGHATOMIC, 9 },
		{ "5.4.0", BUD_MT_HIGHATOMIC, 10 },   { "5.10.0", BUD_MT_ISOLATE, 9 },
		{ "6.12.0", BUD_MT_ISOLATE, 9 },      { "5.10.0", BUD_MT_RECLAIMABLE, 10 },
		{ "6.12.0", BUD_MT_RECLAIMABLE, 10 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		bud_freelist l = make(cases[i].release, 0, 4096);
		bud_freelist_set_pageblock(&l, 0, 9, cases[i].type);
		bud_freelist_add(&l, 0, 9, cases[i].type, false);
		bud_freelist_free(&l, 512, 9, BUD_MT_MOVABLE, false);
		bool merged = bud_freelist_order(&l, 0) == 10;
		assert_int_equal(merged, cases[i].order == 10);
		/* Since 6.10 the block's new owner takes the pageblock too. */
		bud_migratetype expected = merged && l.list_is_block ? BUD_MT_MOVABLE : cases[i].type;
		assert_int_equal(bud_freelist_pageblock(&l, 0), expected);
		bud_freelist_fini(&l);
	}
}

static void test_a_split_leaves_upper_halves(void **state)
{
	(void)state;
	bud_freelist l = make("6.12.0", 0, 8192);
	bud_freelist_add(&l, 4096, 10, BUD_MT_UNMOVABLE, false);
	assert_int_equal(bud_freelist_take(&l, 0, BUD_MT_UNMOVABLE), 4096);
	for (int k = 0; k < 10; k++)
		assert_int_equal(bud_freelist_first(&l, k, BUD_MT_UNMOVABLE), 4096 + (1 << k));
	/* What follows comes out in ascending order. */
	for (bud_pfn pfn = 4097; pfn < 4160; pfn++)
		assert_int_equal(bud_freelist_take(&l, 0, BUD_MT_UNMOVABLE), pfn);
	assert_int_equal(bud_freelist_take(&l, 0, BUD_MT_MOVABLE), BUD_PFN_NONE);
	bud_freelist_fini(&l);

	l = make("4.19.0", 0, 1024);
	bud_freelist_add(&l, 8, 3, BUD_MT_UNMOVABLE, false);
	assert_int_equal(bud_freelist_take(&l, 0, BUD_MT_UNMOVABLE), 8);
	assert_int_equal(bud_freelist_order(&l, 12), 2);
	assert_int_equal(bud_freelist_order(&l, 10), 1);
	assert_int_equal(bud_freelist_order(&l, 9), 0);
	bud_freelist_fini(&l);
}

static void test_taking_from_the_middle(void **state)
{
	(void)state;
	bud_freelist l = make("6.12.0", 0, 1024);
	bud_freelist_add(&l, 0, 9, BUD_MT_MOVABLE, false);
	assert_int_equal(bud_freelist_take_at(&l, 96, 4), 9);
	assert_int_equal(bud_free_area_pages(&l.area), 512 - 16);
	assert_int_equal(bud_freelist_order(&l, 112), 4);
	assert_int_equal(bud_freelist_order(&l, 64), 5);
	assert_int_equal(bud_freelist_order(&l, 0), 6);
	assert_int_equal(bud_freelist_order(&l, 128), 7);
	assert_int_equal(bud_freelist_order(&l, 256), 8);
	assert_int_equal(bud_freelist_take_at(&l, 96, 4), -1);
	assert_int_equal(bud_freelist_take_at(&l, 96, 0), -1);
	bud_freelist_fini(&l);
}

static void test_moving_a_pageblock(void **state)
{
	(void)state;
	/* To the tail since 5.10, to the head before. */
	for (int tail = 0; tail < 2; tail++) {
		bud_freelist l = make(tail ? "5.10.0" : "5.9.0", 0, 2048);
		bud_freelist_add(&l, 1500, 2, BUD_MT_UNMOVABLE, false);
		bud_freelist_add(&l, 512, 2, BUD_MT_MOVABLE, false);
		bud_freelist_add(&l, 600, 0, BUD_MT_RECLAIMABLE, false);
		bud_freelist_add(&l, 1024, 2, BUD_MT_MOVABLE, false);
		assert_int_equal(bud_freelist_block_free(&l, 700), 5);
		assert_int_equal(bud_freelist_move_block(&l, 600, BUD_MT_UNMOVABLE), 5);
		assert_int_equal(bud_freelist_first(&l, 2, BUD_MT_UNMOVABLE), tail ? 1500 : 512);
		assert_int_equal(bud_freelist_type(&l, 600), BUD_MT_UNMOVABLE);
		assert_int_equal(bud_freelist_type(&l, 1024), BUD_MT_MOVABLE);
		assert_int_equal(l.area.pages[BUD_MT_MOVABLE], 4);
		bud_freelist_fini(&l);
	}
}

static void test_moving_a_pageblock_at_the_edge(void **state)
{
	(void)state;
	bud_freelist l = make("6.1.0", 1, 700);
	bud_freelist_add(&l, 16, 2, BUD_MT_MOVABLE, false);
	bud_freelist_add(&l, 64, 2, BUD_MT_MOVABLE, false);
	/* The pageblock begins before the zone: from the chosen block on. */
	assert_int_equal(bud_freelist_move_block(&l, 64, BUD_MT_UNMOVABLE), 4);
	assert_int_equal(bud_freelist_type(&l, 16), BUD_MT_MOVABLE);
	bud_freelist_add(&l, 516, 2, BUD_MT_MOVABLE, false);
	assert_int_equal(bud_freelist_move_block(&l, 516, BUD_MT_UNMOVABLE), 0);
	bud_freelist_fini(&l);

	l = make("6.12.0", 1, 1024);
	bud_freelist_add(&l, 64, 2, BUD_MT_MOVABLE, false);
	assert_int_equal(bud_freelist_move_block(&l, 64, BUD_MT_UNMOVABLE), 0);
	bud_freelist_fini(&l);
}

/* ---- any sequence of operations, against an allocator that looks at every page ---- */

#define NR_PAGES 6000
#define START	 1
#define END	 5700

typedef struct naive {
	int8_t order[NR_PAGES]; /* of the free block that begins there, or -1 */
	uint8_t type[NR_PAGES]; /* its list */
	bool used[NR_PAGES];	/* not free, taken by us */
	uint8_t block[NR_PAGES / 512 + 1];
} naive;

static bool naive_merges(const bud_freelist *l, const naive *n, int order, unsigned type, bud_pfn buddy)
{
	unsigned other = n->block[buddy / 512];
	if (order < 9 || other == type)
		return true;
	if (l->merge_mergeable)
		return type < 3 && other < 3;
	return type != BUD_MT_ISOLATE && other != BUD_MT_ISOLATE;
}

static void naive_free(const bud_freelist *l, naive *n, bud_pfn pfn, int order, unsigned type)
{
	memset(n->used + pfn, 0, (size_t)1 << order);
	while (order < 10) {
		bud_pfn buddy = pfn ^ (bud_pfn)1 << order;
		if (buddy >= END || n->order[buddy] != order || !naive_merges(l, n, order, type, buddy))
			break;
		n->order[buddy] = -1;
		if (l->list_is_block)
			for (bud_pfn p = buddy; order >= 9 && p < buddy + ((bud_pfn)1 << order); p += 512)
				n->block[p / 512] = (uint8_t)type;
		pfn = pfn < buddy ? pfn : buddy;
		order++;
	}
	n->order[pfn] = (int8_t)order;
	n->type[pfn] = (uint8_t)type;
}

/* The model took (pfn, order) from the block it lay in. */
static void naive_take(naive *n, bud_pfn pfn, int order)
{
	bud_pfn head = pfn;
	while (n->order[head] < 0)
		head--;
	int found = n->order[head];
	assert_true(found >= order && head + ((bud_pfn)1 << found) >= pfn + ((bud_pfn)1 << order));
	n->order[head] = -1;
	while (found > order) {
		bud_pfn half = (bud_pfn)1 << --found, rest = pfn < head + half ? head + half : head;
		n->order[rest] = (int8_t)found;
		n->type[rest] = n->type[head];
		head = rest == head ? head + half : head;
		n->type[head] = n->type[rest];
	}
	memset(n->used + pfn, 1, (size_t)1 << order);
}

static void check_lists(const bud_freelist *l)
{
	for (int k = 0; k <= l->max_order; k++)
		for (int type = 0; type < BUD_NR_MIGRATETYPES; type++) {
			uint64_t nr = 0;
			uint32_t head = bud_freelist_head(l, k, (bud_migratetype)type), before = head;
			for (uint32_t f = l->links[head].next; f != head; f = l->links[f].next) {
				assert_int_equal(l->links[f].prev, before);
				assert_int_equal(bud_freelist_order(l, l->base + f), k);
				assert_int_equal(bud_freelist_type(l, l->base + f), type);
				before = f;
				nr++;
			}
			assert_int_equal(l->links[head].prev, before);
			assert_int_equal(l->area.nr[type][k], nr);
			assert_int_equal(l->area.orders[type] >> k & 1, nr > 0);
		}
}

static void check(const bud_freelist *l, const naive *n)
{
	uint64_t free = 0, isolated = 0, covered = START;
	for (bud_pfn pfn = START; pfn < END; pfn++) {
		assert_int_equal(bud_freelist_order(l, pfn), n->order[pfn]);
		if (n->order[pfn] < 0) {
			assert_true(n->used[pfn] || pfn < covered);
			continue;
		}
		assert_true(pfn >= covered && !n->used[pfn]);
		assert_int_equal(bud_freelist_type(l, pfn), n->type[pfn]);
		assert_int_equal(pfn & (((bud_pfn)1 << n->order[pfn]) - 1), 0);
		bud_pfn buddy = pfn ^ (bud_pfn)1 << n->order[pfn];
		if (n->order[pfn] < 9)
			assert_true(buddy < START || buddy >= END || n->order[buddy] != n->order[pfn]);
		covered = pfn + ((bud_pfn)1 << n->order[pfn]);
		free += covered - pfn;
		isolated += n->type[pfn] == BUD_MT_ISOLATE ? covered - pfn : 0;
	}
	assert_int_equal(bud_free_area_pages(&l->area), free - isolated);
	assert_int_equal(l->area.pages[BUD_MT_ISOLATE], isolated);
	for (bud_pfn pfn = START; pfn < END; pfn += 100)
		assert_int_equal(bud_freelist_pageblock(l, pfn), n->block[pfn / 512]);
	check_lists(l);
}

/* A used, aligned run of 2^order pages near pfn, or BUD_PFN_NONE. */
static bud_pfn used_block(const naive *n, bud_pfn pfn, int order)
{
	pfn &= ~(((bud_pfn)1 << order) - 1);
	if (pfn < START || pfn + ((bud_pfn)1 << order) > END)
		return BUD_PFN_NONE;
	for (bud_pfn p = pfn; p < pfn + ((bud_pfn)1 << order); p++)
		if (!n->used[p])
			return BUD_PFN_NONE;
	return pfn;
}

static void step(bud_freelist *l, naive *n)
{
	int order = (int)(random() % 4 ? random() % 4 : random() % 11);
	unsigned type = (unsigned)(random() % 6);
	bud_pfn pfn = START + (bud_pfn)random() % (END - START);
	bud_pfn head;
	switch (random() % 5) {
	case 0:
	case 1:
		pfn = used_block(n, pfn, order);
		if (pfn == BUD_PFN_NONE)
			break;
		if (l->list_is_block) /* as the kernel does: what is freed takes its pageblock's type */
			type = n->block[pfn / 512];
		naive_free(l, n, pfn, order, type);
		bud_freelist_free(l, pfn, order, (bud_migratetype)type, random() % 2);
		break;
	case 2:
		pfn = bud_freelist_take(l, order, (bud_migratetype)type);
		if (pfn != BUD_PFN_NONE)
			naive_take(n, pfn, order);
		break;
	case 3:
		pfn &= ~(((bud_pfn)1 << order) - 1);
		if (pfn >= START && bud_freelist_take_at(l, pfn, order) >= 0)
			naive_take(n, pfn, order);
		break;
	default:
		if (bud_freelist_block_of(l, pfn, &head) < 0 ||
		    head % 512 + ((bud_pfn)1 << bud_freelist_order(l, head)) > 512)
			break;
		pfn = head;
		if (bud_freelist_move_block(l, pfn, (bud_migratetype)type)) {
			bud_freelist_set_pageblock(l, pfn, 0, (bud_migratetype)type);
			n->block[pfn / 512] = (uint8_t)type;
			for (bud_pfn p = pfn < 512 ? pfn : pfn / 512 * 512; p < (pfn / 512 + 1) * 512; p++)
				n->type[p] = (uint8_t)type;
		}
		break;
	}
}

static void test_any_sequence_against_a_naive_allocator(void **state)
{
	(void)state;
	static naive n;
	static const char *const releases[] = { "4.19.1", "5.10.1", "6.1.1", "6.12.1" };
	for (unsigned seed = 0; seed < 8; seed++) {
		bud_freelist l = make(releases[seed % 4], START, END);
		srandom(seed + 1);
		memset(&n, 0, sizeof n);
		memset(n.order, -1, sizeof n.order);
		memset(n.block, BUD_MT_MOVABLE, sizeof n.block);
		memset(n.used, true, sizeof n.used);
		for (int i = 0; i < 6000; i++) {
			step(&l, &n);
			if (i % 50 == 0)
				check(&l, &n);
		}
		bud_freelist copy = make(releases[seed % 4], START, END);
		bud_freelist_copy(&copy, &l);
		check(&copy, &n);
		bud_freelist_fini(&copy);
		bud_freelist_fini(&l);
	}
}

static void test_a_zone_too_large(void **state)
{
	(void)state;
	bud_kernel kernel;
	bud_freelist l;
	bud_kernel_init(&kernel, "6.12.0", "x86_64");
	assert_int_equal(bud_freelist_init(&l, 0, (bud_pfn)1 << 33, &kernel, 0, NULL), BUD_ERR_USAGE);
	assert_int_equal(bud_freelist_init(&l, 0, BUD_PFN_MAX + 1, &kernel, 0, NULL), BUD_ERR_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_merge_goes_as_far_as_buddies_are_free),
		cmocka_unit_test(test_blocks_likely_to_merge_go_to_the_tail),
		cmocka_unit_test(test_no_merge_with_a_type_apart),
		cmocka_unit_test(test_a_split_leaves_upper_halves),
		cmocka_unit_test(test_taking_from_the_middle),
		cmocka_unit_test(test_moving_a_pageblock),
		cmocka_unit_test(test_moving_a_pageblock_at_the_edge),
		cmocka_unit_test(test_any_sequence_against_a_naive_allocator),
		cmocka_unit_test(test_a_zone_too_large),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
