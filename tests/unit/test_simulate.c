/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests made by hand through a simulation: what is served, refused, given back, and where it all begins. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/allocator/request.h"
#include "lib/allocator/simulate.h"

enum { PAGES = 16384, USED = 4096, NOWAIT = BUD_GFP_KSWAPD_RECLAIM };

/* One zone: the lower quarter is in use, all else is free. */
typedef struct start {
	bud_kernel kernel;
	bud_sysctls sysctls;
	bud_lessons lessons;
	bud_zone zone;
	bud_zone_range range;
	bud_memory memory;
	bud_simulation_setup setup;
	bud_simulation *sim;
} start;

static void start_init(start *s)
{
	memset(s, 0, sizeof *s);
	bud_kernel_init(&s->kernel, "6.12.0", "x86_64");
	bud_sysctls_init(&s->sysctls);
	assert_int_equal(bud_lessons_init(&s->lessons, NULL), BUD_OK);
	bud_zone_init(&s->zone, 0, "Normal", 0, PAGES, 10);
	s->zone.type = BUD_ZONE_NORMAL;
	s->zone.managed = s->zone.present = PAGES;
	bud_zone_make_free_range(&s->zone, USED, PAGES);
	bud_zone_make_used_range(&s->zone, 0, USED);
	s->range = (bud_zone_range){ 0, PAGES, &s->zone };
	s->memory =
		(bud_memory){ .zones = &s->zone, .nr_zones = 1, .ranges = &s->range, .nr_ranges = 1, .max_order = 10 };
	s->setup = (bud_simulation_setup){ .start = &s->memory,
					   .traced = &s->kernel,
					   .kernel = &s->kernel,
					   .sysctls = &s->sysctls,
					   .lessons = &s->lessons,
					   .t_ns = 1000,
					   .nr_cpus = 2 };
}

static void start_fini(start *s)
{
	bud_simulation_destroy(s->sim);
	bud_zone_fini(&s->zone);
	bud_lessons_fini(&s->lessons);
}

static void begin(start *s)
{
	start_init(s);
	assert_int_equal(bud_simulation_create(&s->sim, &s->setup, NULL), BUD_OK);
}

static void feed(start *s, bud_op_kind kind, bud_pfn name, int order, bud_gfp gfp, unsigned task)
{
	bud_op op = { .t_ns = 2000,
		      .began_ns = 2000,
		      .pfn = name,
		      .gfp = gfp,
		      .pid = 7,
		      .node = -1,
		      .kind = (uint8_t)kind,
		      .order = (uint8_t)order,
		      .task = (uint16_t)task };
	bud_simulation_feed(s->sim, &op, false);
}

/* Pages in nobody's use: free, or on a per-CPU list. */
static uint64_t spare(start *s)
{
	const bud_machine_zone *z = bud_simulation_zone(s->sim, 0);
	return bud_free_area_pages(&z->lists.area) + z->pcp[0].count + z->pcp[1].count;
}

static void test_it_begins_where_memory_was(void **state)
{
	start s;
	(void)state;
	begin(&s);
	const bud_machine_zone *z = bud_simulation_zone(s.sim, 0);
	assert_int_equal(bud_free_area_pages(&z->lists.area), PAGES - USED);
	assert_int_equal(z->lists.area.nr_free[10], (PAGES - USED) / 1024);
	assert_true(bud_machine_is_used(z, 0, 10));
	assert_false(bud_machine_is_used(z, USED, 0));
	start_fini(&s);
}

static void test_memory_more_and_less(void **state)
{
	start s;
	(void)state;
	start_init(&s);
	s.setup.more[0] = 2048;
	assert_int_equal(bud_simulation_create(&s.sim, &s.setup, NULL), BUD_OK);
	assert_int_equal(spare(&s), PAGES - USED + 2048);
	assert_int_equal(bud_simulation_zone(s.sim, 0)->view->managed, PAGES + 2048);
	start_fini(&s);
	start_init(&s);
	s.setup.more[0] = -1024;
	assert_int_equal(bud_simulation_create(&s.sim, &s.setup, NULL), BUD_OK);
	assert_int_equal(spare(&s), PAGES - USED - 1024);
	start_fini(&s);
	/* More than is free cannot go. */
	bud_error err;
	start_init(&s);
	s.setup.more[0] = -(PAGES - USED + 1);
	assert_int_equal(bud_simulation_create(&s.sim, &s.setup, &err), BUD_ERR_USAGE);
	s.sim = NULL;
	start_fini(&s);
}

static void test_what_is_served_comes_back_by_its_name(void **state)
{
	start s;
	(void)state;
	begin(&s);
	uint64_t before = spare(&s);
	feed(&s, BUD_OP_ALLOC, 9000, 3, NOWAIT, 0);
	feed(&s, BUD_OP_ALLOC, 9008, 0, NOWAIT, 0);
	assert_int_equal(spare(&s), before - 9);
	/* In pieces, as a split folio; then a page that was in use at the start. */
	feed(&s, BUD_OP_FREE, 9000, 2, 0, 0);
	assert_int_equal(spare(&s), before - 5);
	feed(&s, BUD_OP_FREE, 9004, 2, 0, 0);
	feed(&s, BUD_OP_FREE, 9008, 0, 0, 0);
	assert_int_equal(spare(&s), before);
	feed(&s, BUD_OP_FREE, 5, 0, 0, 0);
	assert_int_equal(spare(&s), before + 1);
	assert_int_equal(bud_simulation_counted(s.sim)->strangers, 0);
	start_fini(&s);
}

static void test_a_name_given_anew_ends_the_old_tenant(void **state)
{
	start s;
	(void)state;
	begin(&s);
	uint64_t before = spare(&s);
	feed(&s, BUD_OP_ALLOC, 9000, 0, NOWAIT, 0);
	feed(&s, BUD_OP_ALLOC, 9000, 0, NOWAIT, 0);
	assert_int_equal(spare(&s), before - 1);
	start_fini(&s);
}

static void test_refused_here_alone(void **state)
{
	start s;
	(void)state;
	begin(&s);
	uint64_t before = spare(&s);
	while (bud_simulation_counted(s.sim)->refused == 0)
		feed(&s, BUD_OP_ALLOC, 20000 + 1024 * bud_simulation_counted(s.sim)->requests, 10, NOWAIT, 0);
	const bud_simulation_counts *c = bud_simulation_counted(s.sim);
	assert_int_equal(c->failures, 1);
	assert_int_equal(spare(&s), before - 1024 * (c->requests - 1));
	/* It is as if it had not been made: nobody else's page goes in its place. */
	uint64_t left = spare(&s);
	feed(&s, BUD_OP_FREE, 20000 + 1024 * (c->requests - 1), 10, 0, 0);
	assert_int_equal(spare(&s), left);
	assert_int_equal(c->strangers, 0);
	start_fini(&s);
}

static void test_failed_in_the_trace(void **state)
{
	start s;
	(void)state;
	begin(&s);
	uint64_t before = spare(&s);
	const bud_simulation_counts *c = bud_simulation_counted(s.sim);
	/* Met here, and given back: the task went on with something smaller. */
	feed(&s, BUD_OP_FAILED, BUD_PFN_NONE, 4, NOWAIT, 0);
	assert_int_equal(c->rescued, 1);
	assert_int_equal(c->failures, 0);
	assert_int_equal(spare(&s), before);
	/* Not for want of memory: the cgroup says no here, too. */
	feed(&s, BUD_OP_FAILED, BUD_PFN_NONE, 0, BUD_GFP_KERNEL | BUD_GFP_ACCOUNT, BUD_TASK_MEMCG_FULL);
	assert_int_equal(c->failed_in_trace, 2);
	assert_int_equal(c->rescued, 1);
	assert_int_equal(c->failures, 1);
	assert_int_equal(spare(&s), before);
	start_fini(&s);
}

static void test_strangers_take_who_was_moved(void **state)
{
	start s;
	(void)state;
	begin(&s);
	uint64_t before = spare(&s);
	feed(&s, BUD_OP_FREE, 12000, 0, 0, 0); /* free in the model: nobody waits */
	assert_int_equal(bud_simulation_counted(s.sim)->unmatched, 1);
	assert_int_equal(spare(&s), before);
	feed(&s, BUD_OP_ALLOC, 9000, 0, NOWAIT, 0);
	feed(&s, BUD_OP_MOVE, 9000, 0, 0, 0);
	assert_int_equal(spare(&s), before - 1); /* it lives on */
	feed(&s, BUD_OP_FREE, 12001, 0, 0, 0);
	assert_int_equal(spare(&s), before);
	assert_int_equal(bud_simulation_counted(s.sim)->strangers, 2);
	assert_int_equal(bud_simulation_counted(s.sim)->unmatched, 1);
	start_fini(&s);
}

static void test_who_is_left_out(void **state)
{
	start s;
	(void)state;
	begin(&s);
	uint64_t before = spare(&s);
	const bud_op alloc = {
		.t_ns = 2000, .began_ns = 2000, .pfn = 9000, .gfp = NOWAIT, .node = -1, .kind = BUD_OP_ALLOC
	};
	bud_simulation_feed(s.sim, &alloc, true);
	assert_int_equal(bud_simulation_counted(s.sim)->left_out, 1);
	assert_int_equal(bud_simulation_counted(s.sim)->requests, 0);
	feed(&s, BUD_OP_FREE, 9000, 0, 0, 0);
	assert_int_equal(spare(&s), before);
	assert_int_equal(bud_simulation_counted(s.sim)->strangers, 0);
	start_fini(&s);
}

/* Pages that are got for those flags, one by one, before a request fails. */
static unsigned served(start *s, bud_gfp gfp)
{
	unsigned nr = 0;
	while (bud_simulation_counted(s->sim)->refused == 0)
		feed(s, BUD_OP_ALLOC, 20000 + nr++, 0, gfp, 0);
	return nr;
}

static unsigned served_by(const char *release, bud_gfp gfp)
{
	start s;
	bud_kernel kernel;
	start_init(&s);
	bud_kernel_init(&kernel, release, "x86_64");
	s.setup.kernel = &kernel;
	assert_int_equal(bud_simulation_create(&s.sim, &s.setup, NULL), BUD_OK);
	unsigned nr = served(&s, gfp);
	start_fini(&s);
	return nr;
}

/* 6.12 has no __GFP_ATOMIC; to 6.2 it is what opens the last of the reserves. */
static void test_atomic_requests_are_atomic_to_older_kernels(void **state)
{
	(void)state;
	unsigned atomic = served_by("5.10.0", BUD_GFP_HIGH | BUD_GFP_KSWAPD_RECLAIM);
	unsigned high = served_by("5.10.0", BUD_GFP_HIGH | BUD_GFP_KSWAPD_RECLAIM | BUD_GFP_NOMEMALLOC);
	unsigned nowait = served_by("5.10.0", BUD_GFP_KSWAPD_RECLAIM);
	assert_true(atomic > high && high > nowait);
	/* Half of the mark, and a quarter of the rest, as on the kernel of the trace. */
	assert_in_range(atomic, served_by("6.12.0", BUD_GFP_HIGH | BUD_GFP_KSWAPD_RECLAIM) - 64,
			served_by("6.12.0", BUD_GFP_HIGH | BUD_GFP_KSWAPD_RECLAIM) + 64);
}

/* What zoneinfo tells of a list at the start; only lists that tune themselves can be anywhere but at their size. */
static void test_lists_begin_as_they_had_tuned_themselves(void **state)
{
	static const struct {
		const char *release;
		bool tunes;
	} rows[] = { { "6.6.0", false }, { "6.12.0", true } };
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		start s;
		start_init(&s);
		bud_kernel_init(&s.kernel, rows[i].release, "x86_64");
		assert_int_equal(bud_simulation_create(&s.sim, &s.setup, NULL), BUD_OK);
		const bud_pcp *pcp = bud_simulation_zone(s.sim, 0)->pcp;
		uint32_t high = pcp[1].high, least = pcp[1].sizes.high_min, most = pcp[1].sizes.high_max;
		const uint64_t told[] = { least + 1, 0, UINT64_MAX }, begins[] = { least + 1, least, most };
		for (size_t k = 0; k < 3; k++) {
			bud_simulation_tune(s.sim, 0, 1, told[k]);
			assert_int_equal(pcp[1].high, rows[i].tunes ? begins[k] : high);
		}
		assert_int_equal(pcp[0].high, high);
		bud_simulation_tune(s.sim, 7, 1, 1); /* nothing of the kind is here */
		bud_simulation_tune(s.sim, 0, 7, 1);
		start_fini(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_it_begins_where_memory_was),
		cmocka_unit_test(test_memory_more_and_less),
		cmocka_unit_test(test_what_is_served_comes_back_by_its_name),
		cmocka_unit_test(test_a_name_given_anew_ends_the_old_tenant),
		cmocka_unit_test(test_refused_here_alone),
		cmocka_unit_test(test_failed_in_the_trace),
		cmocka_unit_test(test_strangers_take_who_was_moved),
		cmocka_unit_test(test_who_is_left_out),
		cmocka_unit_test(test_lists_begin_as_they_had_tuned_themselves),
		cmocka_unit_test(test_atomic_requests_are_atomic_to_older_kernels),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
