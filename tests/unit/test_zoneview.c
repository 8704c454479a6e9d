/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Decisions about a zone as it stands: lists of zones, kswapd's balance, whether compaction makes sense. */
#include "tests/unit/model.h"

static void test_nodes_by_distance(void **state)
{
	(void)state;
	bud_zone_view zones[8];
	for (int i = 0; i < 8; i++)
		zones[i] = (bud_zone_view){ .node = i / 2,
					    .type = i % 2 ? BUD_ZONE_NORMAL : BUD_ZONE_DMA32,
					    .managed = 100 };
	zones[6].managed = 0;
	bud_zonelist list;
	/* Equal distances: those numbered from the node up come first. */
	bud_zoneview_list(&list, zones, 8, 1, NULL, 4);
	const uint8_t equal[] = { 3, 2, 5, 4, 7, 1, 0 };
	assert_int_equal(list.nr, 7);
	assert_memory_equal(list.zone, equal, 7);
	const uint8_t distance[16] = { 10, 20, 30, 40, 20, 10, 40, 15, 30, 40, 10, 20, 40, 15, 20, 10 };
	bud_zoneview_list(&list, zones, 8, 1, distance, 4);
	const uint8_t measured[] = { 3, 2, 7, 1, 0, 5, 4 };
	assert_memory_equal(list.zone, measured, 7);
}

static bud_zone_view view(const bud_free_area *area)
{
	return (bud_zone_view){
		.type = BUD_ZONE_NORMAL, .managed = 100000, .area = area, .marks = { 1000, 1250, 1500, 1750 }
	};
}

static void set(bud_free_area *area, uint64_t o0, uint64_t o3, uint64_t o9)
{
	memset(area, 0, sizeof *area);
	for (uint64_t i = 0; i < o0; i++)
		bud_free_area_add(area, 0, BUD_MT_MOVABLE);
	for (uint64_t i = 0; i < o3; i++)
		bud_free_area_add(area, 3, BUD_MT_MOVABLE);
	for (uint64_t i = 0; i < o9; i++)
		bud_free_area_add(area, 9, BUD_MT_MOVABLE);
}

static void test_a_boost_raises_every_mark(void **state)
{
	(void)state;
	bud_free_area area;
	bud_kernel k = model_kernel("6.12.0");
	set(&area, 1300, 0, 0);
	bud_zone_view v = view(&area);
	assert_true(bud_zoneview_passes(&v, &k, 0, BUD_ZONE_NORMAL, BUD_ALLOC_WMARK_LOW, false));
	v.boost = 50;
	assert_false(bud_zoneview_passes(&v, &k, 0, BUD_ZONE_NORMAL, BUD_ALLOC_WMARK_LOW, false));
	assert_int_equal(bud_zoneview_mark(&v, BUD_ALLOC_WMARK_HIGH), 1550);
	/* __GFP_HIGH at MIN is asked again without the boost (5.8+). */
	v.boost = 2000;
	set(&area, 1400, 0, 0);
	unsigned flags = BUD_ALLOC_WMARK_MIN | BUD_ALLOC_MIN_RESERVE;
	assert_true(bud_zoneview_passes(&v, &k, 0, BUD_ZONE_NORMAL, flags, false));
	assert_false(bud_zoneview_passes(&v, &k, 0, BUD_ZONE_NORMAL, BUD_ALLOC_WMARK_MIN, false));
	assert_true(bud_zoneview_would_pass(&v, &k, 0, 3000, BUD_ZONE_NORMAL, 0, 1601));
	assert_false(bud_zoneview_would_pass(&v, &k, 0, 3000, BUD_ZONE_NORMAL, 0, 1600));
	/* A reserve for lower zones counts by the request's highest zone. */
	set(&area, 1600, 0, 0);
	v = view(&area);
	v.reserve[BUD_ZONE_MOVABLE] = 400;
	assert_false(bud_zoneview_ok(&v, &k, 0, 1250, BUD_ZONE_MOVABLE, 0));
	assert_true(bud_zoneview_ok(&v, &k, 0, 1250, BUD_ZONE_NORMAL, 0));
}

static void test_who_wakes_kswapd(void **state)
{
	(void)state;
	bud_kernel k = model_kernel("6.18.0");
	bud_free_area full, low;
	set(&full, 0, 500, 0);
	set(&low, 1500, 0, 0);
	bud_zone_view zones[2] = { view(&low), view(&full) };
	zones[0].type = BUD_ZONE_DMA32;
	/* One zone that reaches HIGH is enough, if the request may use it. */
	assert_true(bud_zoneview_balanced(zones, 2, &k, 0, 0, BUD_ZONE_NORMAL));
	assert_false(bud_zoneview_balanced(zones, 2, &k, 0, 0, BUD_ZONE_DMA32));
	assert_false(bud_zoneview_balanced(zones, 2, &k, 0, 4, BUD_ZONE_NORMAL));
	/* A node without such zones is balanced. */
	assert_true(bud_zoneview_balanced(zones, 2, &k, 1, 0, BUD_ZONE_NORMAL));
	assert_false(bud_zoneview_wakes(zones, 2, &k, 0, 0, BUD_ZONE_NORMAL));
	zones[0].boost = 1;
	assert_true(bud_zoneview_boosted(zones, 2, 0, BUD_ZONE_NORMAL));
	assert_true(bud_zoneview_wakes(zones, 2, &k, 0, 0, BUD_ZONE_NORMAL));
	/* defrag_mode counts whole pageblocks only. */
	zones[0].boost = 0;
	set(&full, 0, 500, 2);
	zones[1].defrag_mode = true;
	assert_true(bud_zoneview_balanced(zones, 2, &k, 0, 0, BUD_ZONE_NORMAL));
	assert_false(bud_zoneview_balanced(zones, 2, &k, 0, 1, BUD_ZONE_NORMAL));
	set(&full, 0, 0, 4);
	assert_true(bud_zoneview_balanced(zones, 2, &k, 0, 1, BUD_ZONE_NORMAL));
}

static void test_suitability(void **state)
{
	(void)state;
	bud_kernel old = model_kernel("6.12.0"), new = model_kernel("6.18.0");
	bud_free_area area;
	const unsigned min = BUD_ALLOC_WMARK_MIN;
	/* 300 blocks of order 3: index 497 at order 4, 810 and more from order 6 on. */
	set(&area, 0, 300, 0);
	bud_zone_view v = view(&area);
	v.marks = (bud_wmarks){ 0 };
	assert_int_equal(bud_zoneview_suitable(&v, &old, 3, BUD_ZONE_NORMAL, min, false, 500), BUD_SUITABLE_NEEDLESS);
	assert_int_equal(bud_zoneview_suitable(&v, &old, 4, BUD_ZONE_NORMAL, min, false, 500),
			 BUD_SUITABLE_NOT_FRAGMENTED);
	assert_int_equal(bud_zoneview_suitable(&v, &old, 4, BUD_ZONE_NORMAL, min, false, 400), BUD_SUITABLE_YES);
	assert_int_equal(bud_zoneview_suitable(&v, &old, 6, BUD_ZONE_NORMAL, min, false, 500), BUD_SUITABLE_YES);
	/* Room is 2 << order above MIN, or above LOW for costly orders: 1250 + 2048 for order 10. */
	v = view(&area);
	set(&area, 3298, 0, 0);
	assert_int_equal(bud_zoneview_suitable(&v, &old, 10, BUD_ZONE_NORMAL, min, false, 500), BUD_SUITABLE_NO_ROOM);
	set(&area, 3299, 0, 0);
	assert_int_equal(bud_zoneview_suitable(&v, &old, 10, BUD_ZONE_NORMAL, min, false, 500), BUD_SUITABLE_YES);
	set(&area, 1016, 0, 0);
	assert_int_equal(bud_zoneview_suitable(&v, &old, 3, BUD_ZONE_NORMAL, min, false, 500), BUD_SUITABLE_NO_ROOM);
	set(&area, 1017, 0, 0);
	assert_int_equal(bud_zoneview_suitable(&v, &old, 3, BUD_ZONE_NORMAL, min, false, 500), BUD_SUITABLE_YES);
	/* 6.15+: above the level asked for, and LOW - MIN more for costly orders. */
	set(&area, 3500 + 48, 0, 0);
	assert_int_equal(bud_zoneview_suitable(&v, &new, 10, BUD_ZONE_NORMAL, BUD_ALLOC_WMARK_HIGH, false, 500),
			 BUD_SUITABLE_NO_ROOM);
	set(&area, 3800, 0, 0);
	assert_int_equal(bud_zoneview_suitable(&v, &new, 10, BUD_ZONE_NORMAL, BUD_ALLOC_WMARK_HIGH, false, 500),
			 BUD_SUITABLE_YES);
	/* 7.2+: 32 pages of room are enough for any order. */
	bud_kernel capped = model_kernel("7.2.0");
	set(&area, 1250 + 32, 0, 0);
	assert_int_equal(bud_zoneview_suitable(&v, &capped, 10, BUD_ZONE_NORMAL, min, false, 500),
			 BUD_SUITABLE_NO_ROOM);
	set(&area, 1250 + 33, 0, 0);
	assert_int_equal(bud_zoneview_suitable(&v, &capped, 10, BUD_ZONE_NORMAL, min, false, 500), BUD_SUITABLE_YES);
	assert_int_equal(bud_zoneview_compact_gap(&capped, 3), 16);
	assert_int_equal(bud_zoneview_compact_gap(&new, 10), 2048);
	/* Asynchronous costly requests without CMA need the room outside of it. */
	set(&area, 3000, 0, 0);
	for (int i = 0; i < 800; i++)
		bud_free_area_add(&area, 0, BUD_MT_CMA);
	assert_int_equal(bud_zoneview_suitable(&v, &new, 10, BUD_ZONE_NORMAL, min, true, 500), BUD_SUITABLE_NO_ROOM);
	assert_int_equal(bud_zoneview_suitable(&v, &new, 10, BUD_ZONE_NORMAL, min, false, 500), BUD_SUITABLE_YES);
	assert_int_equal(bud_zoneview_suitable(&v, &old, 10, BUD_ZONE_NORMAL, min, true, 500), BUD_SUITABLE_YES);
}

static void test_the_proactive_score(void **state)
{
	(void)state;
	bud_kernel k = model_kernel("6.12.0");
	bud_free_area area;
	bud_zone_view v = view(&area);
	set(&area, 0, 0, 0);
	assert_int_equal(bud_zoneview_score(&v, &k), 0);
	set(&area, 512, 0, 1);
	assert_int_equal(bud_zoneview_score(&v, &k), 50);
	set(&area, 10, 0, 0);
	assert_int_equal(bud_zoneview_score(&v, &k), 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nodes_by_distance),   cmocka_unit_test(test_a_boost_raises_every_mark),
		cmocka_unit_test(test_who_wakes_kswapd),    cmocka_unit_test(test_suitability),
		cmocka_unit_test(test_the_proactive_score),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
