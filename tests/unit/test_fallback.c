/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which block a request without one of its own gets: the choice of the three generations, and what is done to it. */
#include "tests/unit/model.h"

static void area_of(bud_free_area *area, const char *blocks)
{
	static const char letters[] = "UMRHCI";
	memset(area, 0, sizeof *area);
	/* "M9 U0": a block of order 9 on the Movable list, one of order 0 on the Unmovable one. */
	for (; *blocks; blocks += blocks[1] == '1' && blocks[2] == '0' ? 3 : 2) {
		while (*blocks == ' ')
			blocks++;
		bud_free_area_add(area, atoi(blocks + 1), (bud_migratetype)(strchr(letters, *blocks) - letters));
	}
}

static void assert_plan(bud_take_plan plan, bud_take_way way, int order, bud_migratetype type, bool conditional)
{
	assert_int_equal(plan.way, way);
	assert_int_equal(plan.order, order);
	if (way == BUD_TAKE_NONE)
		return;
	assert_int_equal(plan.type, type);
	assert_int_equal(plan.conditional, conditional);
}

static void test_fallback_types(void **state)
{
	(void)state;
	bud_free_area area;
	area_of(&area, "U3 M3 R3 H3 C3 I3");
	assert_int_equal(bud_fallback_type(&area, 3, BUD_MT_UNMOVABLE), BUD_MT_RECLAIMABLE);
	assert_int_equal(bud_fallback_type(&area, 3, BUD_MT_MOVABLE), BUD_MT_RECLAIMABLE);
	assert_int_equal(bud_fallback_type(&area, 3, BUD_MT_RECLAIMABLE), BUD_MT_UNMOVABLE);
	assert_int_equal(bud_fallback_type(&area, 4, BUD_MT_RECLAIMABLE), BUD_MT_UNKNOWN);
	area_of(&area, "U3 M3 H3");
	assert_int_equal(bud_fallback_type(&area, 3, BUD_MT_UNMOVABLE), BUD_MT_MOVABLE);
	assert_int_equal(bud_fallback_type(&area, 3, BUD_MT_MOVABLE), BUD_MT_UNMOVABLE);
	area_of(&area, "M3 C3");
	assert_int_equal(bud_fallback_type(&area, 3, BUD_MT_RECLAIMABLE), BUD_MT_MOVABLE);
	/* The types apart never serve others. */
	area_of(&area, "H3 C3 I3");
	assert_int_equal(bud_fallback_type(&area, 3, BUD_MT_UNMOVABLE), BUD_MT_UNKNOWN);
	assert_int_equal(bud_fallback_type(&area, 3, BUD_MT_HIGHATOMIC), BUD_MT_UNKNOWN);
}

static void test_largest_block_first_but_smallest_for_movable(void **state)
{
	(void)state;
	const char *const releases[] = { "4.19.0", "5.10.0", "6.6.0", "6.10.0", "6.14.0" };
	for (size_t i = 0; i < sizeof releases / sizeof *releases; i++) {
		bud_kernel k = model_kernel(releases[i]);
		bud_free_area area;
		area_of(&area, "M2 M5 R3");
		assert_plan(bud_fallback_choose(&area, &k, 0, BUD_MT_UNMOVABLE, 0), BUD_TAKE_CLAIM, 5, BUD_MT_MOVABLE,
			    true);
		area_of(&area, "M2 R2 M1");
		assert_plan(bud_fallback_choose(&area, &k, 1, BUD_MT_UNMOVABLE, 0), BUD_TAKE_CLAIM, 2,
			    BUD_MT_RECLAIMABLE, true);
		/* A movable request below half a pageblock's order looks for the smallest. */
		area_of(&area, "U3 R1 U2");
		assert_plan(bud_fallback_choose(&area, &k, 0, BUD_MT_MOVABLE, 0), BUD_TAKE_STEAL, 1, BUD_MT_RECLAIMABLE,
			    false);
		assert_plan(bud_fallback_choose(&area, &k, 3, BUD_MT_MOVABLE, 0), BUD_TAKE_STEAL, 3, BUD_MT_UNMOVABLE,
			    false);
		area_of(&area, "U4 R1");
		assert_plan(bud_fallback_choose(&area, &k, 0, BUD_MT_MOVABLE, 0), BUD_TAKE_CLAIM, 4, BUD_MT_UNMOVABLE,
			    true);
		area_of(&area, "U10 R9");
		assert_plan(bud_fallback_choose(&area, &k, 0, BUD_MT_MOVABLE, 0), BUD_TAKE_CLAIM, 10, BUD_MT_UNMOVABLE,
			    false);
		/* NOFRAGMENT takes whole pageblocks or nothing. */
		area_of(&area, "M8");
		assert_plan(bud_fallback_choose(&area, &k, 0, BUD_MT_UNMOVABLE, BUD_ALLOC_NOFRAGMENT), BUD_TAKE_NONE,
			    -1, 0, false);
		area_of(&area, "M8 M9");
		assert_plan(bud_fallback_choose(&area, &k, 0, BUD_MT_UNMOVABLE, BUD_ALLOC_NOFRAGMENT), BUD_TAKE_CLAIM,
			    9, BUD_MT_MOVABLE, false);
	}
}

static void test_nofragment_and_orders_of_a_pageblock(void **state)
{
	(void)state;
	bud_kernel old = model_kernel("5.10.0"), new = model_kernel("6.1.0");
	assert_int_equal(bud_fallback_min_order(&old, 10, BUD_ALLOC_NOFRAGMENT), 9);
	assert_int_equal(bud_fallback_min_order(&new, 10, BUD_ALLOC_NOFRAGMENT), 10);
	assert_int_equal(bud_fallback_min_order(&new, 3, BUD_ALLOC_NOFRAGMENT), 9);
	assert_int_equal(bud_fallback_min_order(&new, 3, 0), 3);
}

static void test_claim_then_steal(void **state)
{
	(void)state;
	bud_kernel k = model_kernel("6.15.0");
	bud_free_area area;
	area_of(&area, "M3 M6 R6 M1");
	assert_plan(bud_fallback_claim(&area, &k, 10, 0, BUD_MT_UNMOVABLE, 0), BUD_TAKE_CLAIM, 6, BUD_MT_RECLAIMABLE,
		    true);
	/* One that cannot be claimed is not tried with another of its order. */
	assert_plan(bud_fallback_claim(&area, &k, 5, 0, BUD_MT_UNMOVABLE, 0), BUD_TAKE_CLAIM, 3, BUD_MT_MOVABLE, true);
	assert_plan(bud_fallback_steal(&area, 10, 0, BUD_MT_UNMOVABLE, 0), BUD_TAKE_STEAL, 1, BUD_MT_MOVABLE, false);
	assert_plan(bud_fallback_steal(&area, 10, 0, BUD_MT_UNMOVABLE, BUD_ALLOC_NOFRAGMENT), BUD_TAKE_NONE, -1, 0,
		    false);
	/* Movable requests claim nothing below order 4. */
	area_of(&area, "U3");
	assert_plan(bud_fallback_claim(&area, &k, 10, 0, BUD_MT_MOVABLE, 0), BUD_TAKE_NONE, -1, 0, false);
	assert_plan(bud_fallback_plan(&area, &k, 0, BUD_MT_MOVABLE, 0), BUD_TAKE_STEAL, 3, BUD_MT_UNMOVABLE, false);
	area_of(&area, "U8");
	assert_plan(bud_fallback_claim(&area, &k, 10, 0, BUD_MT_MOVABLE, BUD_ALLOC_NOFRAGMENT), BUD_TAKE_NONE, -1, 0,
		    false);
	/* 6.12.y carries this generation, 6.10 to 6.14 do not. */
	assert_int_equal(model_kernel("6.12.117").fallback, BUD_FALLBACK_CLAIM);
	assert_int_equal(model_kernel("6.11.0").fallback, BUD_FALLBACK_TAKE);
	assert_int_equal(model_kernel("6.14.0").fallback, BUD_FALLBACK_TAKE);
	assert_int_equal(model_kernel("6.9.0").fallback, BUD_FALLBACK_MOVE);
}

static void test_half_a_pageblock_alike(void **state)
{
	(void)state;
	bud_kernel k = model_kernel("6.1.0");
	/* Movable counts what is movable as alike. */
	assert_true(bud_fallback_claims(&k, BUD_MT_MOVABLE, BUD_MT_UNMOVABLE, 100, 156));
	assert_false(bud_fallback_claims(&k, BUD_MT_MOVABLE, BUD_MT_UNMOVABLE, 100, 155));
	/* Others taking from Movable count what is neither free nor movable. */
	assert_true(bud_fallback_claims(&k, BUD_MT_UNMOVABLE, BUD_MT_MOVABLE, 100, 256));
	assert_false(bud_fallback_claims(&k, BUD_MT_UNMOVABLE, BUD_MT_MOVABLE, 100, 257));
	/* Between Unmovable and Reclaimable only what is free counts. */
	assert_true(bud_fallback_claims(&k, BUD_MT_UNMOVABLE, BUD_MT_RECLAIMABLE, 256, 0));
	assert_false(bud_fallback_claims(&k, BUD_MT_UNMOVABLE, BUD_MT_RECLAIMABLE, 255, 257));
}

static void test_cma_and_reserve_in_their_turn(void **state)
{
	(void)state;
	bud_kernel k510 = model_kernel("5.10.0"), k54 = model_kernel("5.4.0"), k66 = model_kernel("6.6.0");
	bud_kernel k612 = model_kernel("6.12.0"), k61 = model_kernel("6.1.0");
	bud_free_area area;
	area_of(&area, "C5 M4");
	assert_plan(bud_fallback_plan(&area, &k510, 0, BUD_MT_MOVABLE, BUD_ALLOC_CMA), BUD_TAKE_CMA, 5, BUD_MT_CMA,
		    false);
	assert_plan(bud_fallback_plan(&area, &k510, 0, BUD_MT_MOVABLE, 0), BUD_TAKE_OWN, 4, BUD_MT_MOVABLE, false);
	assert_plan(bud_fallback_plan(&area, &k54, 0, BUD_MT_MOVABLE, BUD_ALLOC_CMA), BUD_TAKE_OWN, 4, BUD_MT_MOVABLE,
		    false);
	area_of(&area, "C4 U5");
	assert_plan(bud_fallback_plan(&area, &k54, 0, BUD_MT_MOVABLE, 0), BUD_TAKE_CMA, 4, BUD_MT_CMA, false);
	assert_plan(bud_fallback_plan(&area, &k510, 0, BUD_MT_MOVABLE, BUD_ALLOC_CMA), BUD_TAKE_CMA, 4, BUD_MT_CMA,
		    false);
	assert_plan(bud_fallback_plan(&area, &k510, 0, BUD_MT_MOVABLE, 0), BUD_TAKE_CLAIM, 5, BUD_MT_UNMOVABLE, true);
	/* The reserve: first for atomic requests of more than a page, last for those in need. */
	area_of(&area, "H4 U5");
	assert_plan(bud_fallback_plan(&area, &k54, 1, BUD_MT_UNMOVABLE, BUD_ALLOC_NON_BLOCK), BUD_TAKE_HIGHATOMIC, 4,
		    BUD_MT_HIGHATOMIC, false);
	assert_plan(bud_fallback_plan(&area, &k54, 0, BUD_MT_UNMOVABLE, BUD_ALLOC_NON_BLOCK), BUD_TAKE_OWN, 5,
		    BUD_MT_UNMOVABLE, false);
	assert_plan(bud_fallback_plan(&area, &k612, 1, BUD_MT_UNMOVABLE, BUD_ALLOC_HIGHATOMIC), BUD_TAKE_HIGHATOMIC, 4,
		    BUD_MT_HIGHATOMIC, false);
	assert_plan(bud_fallback_plan(&area, &k612, 1, BUD_MT_UNMOVABLE, BUD_ALLOC_NON_BLOCK), BUD_TAKE_OWN, 5,
		    BUD_MT_UNMOVABLE, false);
	area_of(&area, "H4");
	const struct {
		const bud_kernel *kernel;
		unsigned flags;
		bool served;
	} last[] = {
		{ &k54, BUD_ALLOC_OOM, false },	     { &k510, BUD_ALLOC_OOM, false },
		{ &k66, BUD_ALLOC_OOM, true },	     { &k66, BUD_ALLOC_NON_BLOCK, false },
		{ &k612, BUD_ALLOC_OOM, true },	     { &k612, BUD_ALLOC_NON_BLOCK, true },
		{ &k61, BUD_ALLOC_NON_BLOCK, true }, { &k612, 0, false },
	};
	for (size_t i = 0; i < sizeof last / sizeof *last; i++)
		assert_plan(bud_fallback_plan(&area, last[i].kernel, 0, BUD_MT_MOVABLE, last[i].flags),
			    last[i].served ? BUD_TAKE_HIGHATOMIC : BUD_TAKE_NONE, last[i].served ? 4 : -1,
			    BUD_MT_HIGHATOMIC, false);
}

/* What was told of the last fallback. */
static bud_machine_event told;
static unsigned nr_told;
static void listen(void *self, const bud_machine_event *event)
{
	(void)self;
	if (event->kind != BUD_MODEL_FALLBACK)
		return;
	told = *event;
	nr_told++;
}

/* A zone with nothing free but what the test gives. */
static bud_machine_zone *bare(bud_machine *m, const char *release)
{
	const bud_machine_spec zone = { 0, BUD_ZONE_NORMAL, 0, 16384, 16384 };
	bud_kernel k = model_kernel(release);
	model_init(m, &k, &zone, 1, 1);
	m->watch.tell = listen;
	m->no_pcp = true;
	nr_told = 0;
	return &m->zones[0];
}

static bud_pfn take(bud_machine *m, int order, unsigned gfp, unsigned flags)
{
	bud_request r = model_request(order, gfp);
	bud_alloc_context c;
	assert_int_equal(bud_request_prepare(&c, &r, &m->kernel, &m->rules, 0), BUD_PREPARED);
	return bud_rmqueue(m, &m->zones[0], &c, flags);
}

static void test_a_large_block_changes_hands(void **state)
{
	(void)state;
	const char *const releases[] = { "4.19.0", "5.10.0", "6.6.0", "6.10.0", "6.12.0", "6.18.0" };
	for (size_t i = 0; i < 6; i++) {
		bud_machine m;
		bud_machine_zone *z = bare(&m, releases[i]);
		bud_machine_set_free(&m, z, 4096, 10, BUD_MT_MOVABLE);
		assert_int_equal(take(&m, 0, GFP_KERNEL_, 0), 4096);
		/* Both pageblocks, and all that is left, are Unmovable now; no boost for that. */
		assert_int_equal(bud_freelist_pageblock(&z->lists, 4096), BUD_MT_UNMOVABLE);
		assert_int_equal(bud_freelist_pageblock(&z->lists, 4608), BUD_MT_UNMOVABLE);
		assert_int_equal(z->lists.area.pages[BUD_MT_UNMOVABLE], 1023);
		assert_int_equal(z->view->boost, 0);
		for (int k = 0; k < 10; k++)
			assert_int_equal(bud_freelist_first(&z->lists, k, BUD_MT_UNMOVABLE), 4096 + (1 << k));
		assert_int_equal(nr_told, 1);
		assert_int_equal(told.pfn, 4096);
		assert_int_equal(told.fallback_order, 10);
		assert_true(told.claimed);
		bud_machine_fini(&m);
	}
}

/* One block of order 5 in a pageblock otherwise full; movable: of movable pages. */
static void one_block(bud_machine *m, bud_machine_zone *z, bool movable)
{
	bud_machine_set_free(m, z, 4096 + 64, 5, BUD_MT_MOVABLE);
	for (bud_pfn pfn = 4096; pfn < 4608; pfn++)
		if (pfn < 4160 || pfn >= 4192)
			bud_machine_set_used(z, pfn, 0, movable ? BUD_MT_MOVABLE : BUD_MT_UNMOVABLE);
}

static void test_a_small_block_alone(void **state)
{
	(void)state;
	const struct {
		const char *release;
		bud_migratetype rest; /* list of what is left of it */
		bool boosted;
	} cases[] = {
		{ "4.19.0", BUD_MT_UNMOVABLE, false }, { "5.10.0", BUD_MT_UNMOVABLE, true },
		{ "6.9.0", BUD_MT_UNMOVABLE, true },   { "6.10.0", BUD_MT_MOVABLE, true },
		{ "6.12.0", BUD_MT_MOVABLE, true },    { "6.18.0", BUD_MT_MOVABLE, true },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		bud_machine m;
		bud_machine_zone *z = bare(&m, cases[i].release);
		one_block(&m, z, true);
		assert_int_equal(take(&m, 0, GFP_KERNEL_, 0), 4160);
		assert_int_equal(z->lists.area.pages[cases[i].rest], 31);
		/* Movable pages are in the majority: the pageblock keeps its type. */
		assert_int_equal(bud_freelist_pageblock(&z->lists, 4096), BUD_MT_MOVABLE);
		assert_false(told.claimed);
		assert_int_equal(told.fallback_order, 5);
		assert_int_equal(z->view->boost != 0, cases[i].boosted);
		bud_machine_fini(&m);
	}
}

static void test_a_pageblock_is_claimed(void **state)
{
	(void)state;
	const char *const releases[] = { "4.19.0", "5.10.0", "6.9.0", "6.10.0", "6.12.0", "6.18.0" };
	for (size_t i = 0; i < 6; i++) {
		bud_machine m;
		bud_machine_zone *z = bare(&m, releases[i]);
		one_block(&m, z, false);
		assert_int_equal(take(&m, 0, GFP_KERNEL_, BUD_ALLOC_KSWAPD), 4160);
		assert_int_equal(bud_freelist_pageblock(&z->lists, 4096), BUD_MT_UNMOVABLE);
		assert_int_equal(z->lists.area.pages[BUD_MT_UNMOVABLE], 31);
		assert_true(told.claimed);
		/* Boosting wakes kswapd at the end of the request. */
		assert_int_equal(m.counts.wakes, m.kernel.nofragment ? 1 : 0);
		bud_machine_fini(&m);
	}
}

static void test_a_movable_steal_leaves_the_pageblock(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		bud_machine m;
		bud_machine_zone *z = bare(&m, i == 0 ? "6.6.0" : i == 1 ? "6.10.0" : "6.15.0");
		bud_machine_set_pageblock(z, 4096, BUD_MT_UNMOVABLE);
		bud_machine_set_free(&m, z, 4096, 2, BUD_MT_UNMOVABLE);
		assert_int_equal(take(&m, 0, GFP_MOVABLE_, 0), 4096);
		assert_int_equal(z->lists.area.pages[i ? BUD_MT_UNMOVABLE : BUD_MT_MOVABLE], 3);
		assert_int_equal(bud_freelist_pageblock(&z->lists, 4096), BUD_MT_UNMOVABLE);
		/* Only claiming boosts in the last generation. */
		assert_int_equal(z->view->boost != 0, i < 2);
		bud_machine_fini(&m);
	}
}

static void test_zone_edges_are_not_claimed(void **state)
{
	(void)state;
	const bud_machine_spec zone = { 0, BUD_ZONE_NORMAL, 0, 4300, 4300 };
	bud_kernel k = model_kernel("6.12.0");
	bud_machine m;
	model_init(&m, &k, &zone, 1, 1);
	m.no_pcp = true;
	bud_machine_set_free(&m, &m.zones[0], 4096, 7, BUD_MT_MOVABLE);
	assert_int_equal(take(&m, 0, GFP_KERNEL_, 0), 4096);
	assert_int_equal(bud_freelist_pageblock(&m.zones[0].lists, 4096), BUD_MT_MOVABLE);
	assert_int_equal(m.zones[0].lists.area.pages[BUD_MT_MOVABLE], 127);
	bud_machine_fini(&m);
}

static void test_a_refill_goes_on_where_it_was(void **state)
{
	(void)state;
	bud_machine m;
	bud_machine_zone *z = bare(&m, "6.18.0");
	m.no_pcp = false;
	/* A claim of order 10 for the first page, its neighbours for the rest: one fallback for the whole refill. */
	bud_machine_set_free(&m, z, 4096, 10, BUD_MT_MOVABLE);
	assert_int_equal(take(&m, 0, GFP_KERNEL_, 0), 4096);
	assert_int_equal(nr_told, 1);
	assert_true(z->pcp[0].count > 1);
	bud_machine_fini(&m);
	/* Once stealing, the rest of the refill steals: the smallest block first, though a pageblock could be claimed.
	 */
	z = bare(&m, "6.18.0");
	m.no_pcp = false;
	one_block(&m, z, true);
	assert_int_equal(take(&m, 0, GFP_KERNEL_, 0), 4160);
	assert_int_equal(nr_told, z->pcp[0].count + 1);
	assert_false(told.claimed);
	bud_machine_fini(&m);
}

static void test_old_kernels_only_move_a_reserved_block(void **state)
{
	(void)state;
	bud_machine m;
	bud_machine_zone *z = bare(&m, "5.10.0");
	bud_machine_set_pageblock(z, 4096, BUD_MT_HIGHATOMIC);
	bud_machine_set_free(&m, z, 4096, 5, BUD_MT_MOVABLE);
	bud_machine_set_free(&m, z, 4160, 5, BUD_MT_HIGHATOMIC);
	assert_int_equal(take(&m, 0, GFP_KERNEL_, 0), 4096);
	assert_int_equal(bud_freelist_pageblock(&z->lists, 4096), BUD_MT_HIGHATOMIC);
	assert_int_equal(z->lists.area.pages[BUD_MT_HIGHATOMIC], 32);
	assert_int_equal(z->lists.area.pages[BUD_MT_UNMOVABLE], 31);
	bud_machine_fini(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fallback_types),
		cmocka_unit_test(test_largest_block_first_but_smallest_for_movable),
		cmocka_unit_test(test_nofragment_and_orders_of_a_pageblock),
		cmocka_unit_test(test_claim_then_steal),
		cmocka_unit_test(test_half_a_pageblock_alike),
		cmocka_unit_test(test_cma_and_reserve_in_their_turn),
		cmocka_unit_test(test_a_large_block_changes_hands),
		cmocka_unit_test(test_a_small_block_alone),
		cmocka_unit_test(test_a_pageblock_is_claimed),
		cmocka_unit_test(test_a_movable_steal_leaves_the_pageblock),
		cmocka_unit_test(test_zone_edges_are_not_claimed),
		cmocka_unit_test(test_a_refill_goes_on_where_it_was),
		cmocka_unit_test(test_old_kernels_only_move_a_reserved_block),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
