/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a request becomes before memory is looked at: bounds, scopes, zones, types and flags, kernel by kernel. */
#include "tests/unit/model.h"

/* A machine of one node with DMA32 and Normal, or of two whose second has Normal alone. */
static void two_nodes(bud_machine *m, const char *release, bool both)
{
	const bud_machine_spec zones[] = {
		{ 0, BUD_ZONE_DMA32, 0, 8192, 8192 },
		{ 0, BUD_ZONE_NORMAL, 8192, 8192, 8192 },
		{ 1, BUD_ZONE_NORMAL, 16384, 8192, 8192 },
	};
	bud_kernel k = model_kernel(release);
	model_init(m, &k, zones, both ? 3 : 2, 2);
	for (size_t i = 0; i < m->nr_zones; i++)
		model_free_all(m, &m->zones[i]);
}

static bud_alloc_context prepared(const bud_machine *m, const bud_request *r)
{
	bud_alloc_context c = { 0 };
	assert_int_equal(bud_request_prepare(&c, r, &m->kernel, &m->rules, 0), BUD_PREPARED);
	return c;
}

static void test_the_order_bound(void **state)
{
	(void)state;
	/* MAX_ORDER 11 exclusive, 10 inclusive, MAX_PAGE_ORDER 10: all the same largest block. */
	const char *const releases[] = { "4.19.0", "5.4.0", "5.15.0", "6.3.0", "6.4.0", "6.8.0", "6.18.0" };
	for (size_t i = 0; i < sizeof releases / sizeof *releases; i++) {
		bud_machine m;
		bud_page_result result;
		bud_alloc_context c;
		bud_kernel k = model_kernel(releases[i]);
		model_one_zone(&m, &k);
		bud_request r = model_request(10, GFP_KERNEL_);
		assert_int_not_equal(bud_page_alloc(&m, &r, &result), BUD_PFN_NONE);
		r.order = 11;
		/* 4.19 finds out on the slow path only. */
		bool late = i == 0;
		assert_int_equal(bud_request_prepare(&c, &r, &k, &m.rules, 0), late ? BUD_PREPARED : BUD_REFUSED_ORDER);
		assert_int_equal(bud_page_alloc(&m, &r, &result), BUD_PFN_NONE);
		assert_int_equal(result.failure, BUD_PAGE_REFUSED);
		assert_int_equal(result.slow, late);
		bud_machine_fini(&m);
	}
}

static void test_scopes(void **state)
{
	(void)state;
	for (int early = 0; early < 2; early++) {
		bud_machine m;
		two_nodes(&m, early ? "5.13.0" : "5.12.0", false);
		bud_request r = model_request(0, GFP_MOVABLE_);
		r.task = BUD_TASK_NOFS;
		assert_int_equal(prepared(&m, &r).gfp, early ? GFP_MOVABLE_ & ~BUD_GFP_FS : GFP_MOVABLE_);
		r.task = BUD_TASK_NOIO | BUD_TASK_NOFS;
		assert_int_equal(prepared(&m, &r).gfp,
				 early ? GFP_MOVABLE_ & ~(BUD_GFP_FS | BUD_GFP_IO) : GFP_MOVABLE_);
		/* Pinning takes the mobility, and with it the type. */
		r.task = BUD_TASK_PIN;
		assert_int_equal(prepared(&m, &r).type, early ? BUD_MT_UNMOVABLE : BUD_MT_MOVABLE);
		m.kernel.has_cma = 1;
		assert_int_equal(prepared(&m, &r).flags & BUD_ALLOC_CMA, 0);
		r.task = 0;
		assert_int_equal(prepared(&m, &r).flags & BUD_ALLOC_CMA, BUD_ALLOC_CMA);
		bud_machine_fini(&m);
	}
}

static void test_the_mask_of_early_boot(void **state)
{
	(void)state;
	bud_machine m;
	two_nodes(&m, "6.12.0", false);
	m.rules.allowed &= ~(bud_gfp)(BUD_GFP_RECLAIM | BUD_GFP_IO | BUD_GFP_FS);
	bud_request r = model_request(0, GFP_KERNEL_ | BUD_GFP_ZERO);
	assert_int_equal(prepared(&m, &r).gfp, BUD_GFP_ZERO);
	bud_machine_fini(&m);
}

static void test_zones_of_a_request(void **state)
{
	(void)state;
	bud_machine m;
	two_nodes(&m, "6.12.0", true);
	bud_request r = model_request(0, GFP_KERNEL_);
	bud_alloc_context c = prepared(&m, &r);
	assert_int_equal(c.highest, BUD_ZONE_NORMAL);
	/* Normal and DMA32 of the node, then the other node's Normal. */
	assert_int_equal(c.list->nr, 3);
	assert_int_equal(c.list->zone[0], 1);
	assert_int_equal(c.list->zone[1], 0);
	assert_int_equal(c.list->zone[2], 2);
	assert_int_equal(c.first, 0);
	r.gfp = GFP_KERNEL_ | BUD_GFP_DMA32;
	assert_int_equal(prepared(&m, &r).first, 1);
	r.gfp = GFP_KERNEL_;
	r.nodes = 2;
	assert_int_equal(prepared(&m, &r).first, 2);
	r.gfp |= BUD_GFP_THISNODE;
	assert_int_equal(prepared(&m, &r).first, -1);
	r.node = 1;
	assert_int_equal(prepared(&m, &r).first, 0);
	assert_int_equal(prepared(&m, &r).list->zone[0], 2);
	r.gfp = GFP_KERNEL_ | BUD_GFP_MOVABLE | BUD_GFP_RECLAIMABLE;
	assert_int_equal(bud_request_prepare(&c, &r, &m.kernel, &m.rules, 0), BUD_REFUSED_GFP);
	/* Too little memory to group pageblocks: one type for all. */
	r.gfp = GFP_MOVABLE_;
	m.rules.grouping = false;
	assert_int_equal(prepared(&m, &r).type, BUD_MT_UNMOVABLE);
	bud_machine_fini(&m);
}

static void test_first_attempt_flags(void **state)
{
	(void)state;
	bud_machine m;
	bud_request r = model_request(0, GFP_KERNEL_);
	two_nodes(&m, "4.19.0", false);
	assert_int_equal(prepared(&m, &r).flags, BUD_ALLOC_WMARK_LOW);
	bud_machine_fini(&m);
	two_nodes(&m, "5.4.0", true);
	assert_int_equal(prepared(&m, &r).flags, BUD_ALLOC_WMARK_LOW | BUD_ALLOC_KSWAPD | BUD_ALLOC_NOFRAGMENT);
	/* Where no DMA32 is at hand, or Normal is not preferred, pageblocks may be mixed at once. */
	r.node = 1;
	assert_int_equal(prepared(&m, &r).flags, BUD_ALLOC_WMARK_LOW | BUD_ALLOC_KSWAPD);
	r.gfp = BUD_GFP_DMA32;
	r.node = 0;
	assert_int_equal(prepared(&m, &r).flags, BUD_ALLOC_WMARK_LOW);
	m.rules.defrag_mode = true;
	assert_int_equal(prepared(&m, &r).flags, BUD_ALLOC_WMARK_LOW | BUD_ALLOC_NOFRAGMENT);
	bud_machine_fini(&m);
}

static void test_cpusets(void **state)
{
	(void)state;
	bud_machine m;
	two_nodes(&m, "6.1.0", true);
	bud_request r = model_request(0, GFP_KERNEL_);
	r.task = BUD_TASK_CPUSET;
	r.nodes = 2;
	bud_alloc_context c = prepared(&m, &r);
	/* The cpuset's nodes are the nodemask, and HARDWALL shows in the flags traced. */
	assert_int_equal(c.nodes, 2);
	assert_int_equal(c.gfp, GFP_KERNEL_ | BUD_GFP_HARDWALL);
	assert_int_equal(c.first, 2);
	r.task |= BUD_TASK_INTERRUPT;
	c = prepared(&m, &r);
	assert_int_equal(c.nodes, 0);
	assert_true(c.flags & BUD_ALLOC_CPUSET);
	assert_true(bud_request_in_cpuset(&c, &m.views[0], c.flags));
	r.task = BUD_TASK_CPUSET;
	c = prepared(&m, &r);
	assert_false(bud_request_in_cpuset(&c, &m.views[0], BUD_ALLOC_CPUSET));
	assert_true(bud_request_in_cpuset(&c, &m.views[2], BUD_ALLOC_CPUSET));
	assert_true(bud_request_in_cpuset(&c, &m.views[0], 0));
	bud_machine_fini(&m);
}

static void test_slow_path_flags(void **state)
{
	(void)state;
	enum {
		MIN = BUD_ALLOC_MIN_RESERVE,
		NON = BUD_ALLOC_NON_BLOCK,
		HA = BUD_ALLOC_HIGHATOMIC,
		SET = BUD_ALLOC_CPUSET,
		KS = BUD_ALLOC_KSWAPD
	};
	const struct {
		const char *release;
		int order;
		unsigned gfp, task, flags;
	} rows[] = {
		{ "4.19.0", 0, GFP_ATOMIC_, 0, MIN | NON | KS },
		{ "5.10.0", 2, GFP_ATOMIC_, 0, MIN | NON | KS },
		{ "6.2.0", 2, GFP_ATOMIC_, 0, MIN | NON | KS },
		{ "5.10.0", 0, GFP_ATOMIC_ | BUD_GFP_NOMEMALLOC, 0, MIN | KS },
		{ "5.10.0", 0, GFP_NOWAIT_, 0, KS | SET },
		{ "5.10.0", 0, GFP_KERNEL_, BUD_TASK_RT, NON | KS | SET },
		{ "5.10.0", 0, GFP_KERNEL_, BUD_TASK_RT | BUD_TASK_INTERRUPT, KS | SET },
		{ "6.6.0", 0, GFP_ATOMIC_, 0, MIN | NON | KS },
		{ "6.6.0", 2, GFP_ATOMIC_, 0, MIN | NON | HA | KS },
		{ "6.6.0", 2, GFP_NOWAIT_, 0, NON | HA | KS | SET },
		{ "6.12.0", 2, GFP_NOWAIT_, 0, NON | KS | SET },
		{ "6.1.192", 2, GFP_NOWAIT_, 0, NON | KS | SET },
		{ "6.1.192", 2, GFP_ATOMIC_, 0, MIN | NON | HA | KS },
		{ "6.12.0", 2, GFP_ATOMIC_, 0, MIN | NON | HA | KS },
		{ "6.12.0", 2, GFP_ATOMIC_ | BUD_GFP_NOMEMALLOC, 0, MIN | KS },
		{ "6.12.0", 0, GFP_KERNEL_, BUD_TASK_RT, MIN | KS | SET },
		{ "6.12.0", 0, GFP_KERNEL_, 0, KS | SET },
		{ "6.12.0", 0, GFP_KERNEL_ | BUD_GFP_HIGH, 0, MIN | KS | SET },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		bud_machine m;
		two_nodes(&m, rows[i].release, false);
		bud_request r = model_request(rows[i].order, rows[i].gfp);
		r.task = rows[i].task;
		bud_alloc_context c = prepared(&m, &r);
		assert_int_equal(bud_request_slow_flags(&c, &m.kernel, &m.rules), rows[i].flags);
		m.rules.defrag_mode = true;
		assert_int_equal(bud_request_slow_flags(&c, &m.kernel, &m.rules), rows[i].flags | BUD_ALLOC_NOFRAGMENT);
		bud_machine_fini(&m);
	}
}

static void test_who_may_ignore_marks(void **state)
{
	(void)state;
	bud_machine m;
	two_nodes(&m, "6.12.0", false);
	const struct {
		unsigned gfp, task, flags;
	} rows[] = {
		{ GFP_KERNEL_, 0, 0 },
		{ GFP_KERNEL_, BUD_TASK_MEMALLOC, BUD_ALLOC_NO_WATERMARKS },
		{ GFP_KERNEL_ | BUD_GFP_NOMEMALLOC, BUD_TASK_MEMALLOC, 0 },
		{ GFP_KERNEL_ | BUD_GFP_MEMALLOC, 0, BUD_ALLOC_NO_WATERMARKS },
		{ GFP_ATOMIC_, BUD_TASK_MEMALLOC | BUD_TASK_INTERRUPT, 0 },
		{ GFP_ATOMIC_, BUD_TASK_MEMALLOC | BUD_TASK_SOFTIRQ, BUD_ALLOC_NO_WATERMARKS },
		{ GFP_KERNEL_, BUD_TASK_OOM_VICTIM, BUD_ALLOC_OOM },
		{ GFP_ATOMIC_, BUD_TASK_OOM_VICTIM | BUD_TASK_INTERRUPT, 0 },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		bud_request r = model_request(0, rows[i].gfp);
		r.task = rows[i].task;
		bud_alloc_context c = prepared(&m, &r);
		assert_int_equal(bud_request_reserve_flags(&c), rows[i].flags);
	}
	bud_machine_fini(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_order_bound),	       cmocka_unit_test(test_scopes),
		cmocka_unit_test(test_the_mask_of_early_boot), cmocka_unit_test(test_zones_of_a_request),
		cmocka_unit_test(test_first_attempt_flags),    cmocka_unit_test(test_cpusets),
		cmocka_unit_test(test_slow_path_flags),	       cmocka_unit_test(test_who_may_ignore_marks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
