/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The model's machine: what it computes of a real one's size and settings, whose pages are whose, who wakes kswapd. */
#include "tests/unit/model.h"

/* The zones of a virtual machine whose zoneinfo was written down: DMA, DMA32, Normal; Movable is empty. */
static const bud_machine_spec pc[] = {
	{ 0, BUD_ZONE_DMA, 1, 4095, 3840 },
	{ 0, BUD_ZONE_DMA32, 4096, 1044480, 772915 },
	{ 0, BUD_ZONE_NORMAL, 1048576, 1933312, 458752 },
	{ 0, BUD_ZONE_MOVABLE, 4194304, 0, 0 },
};

static void pc_init(bud_machine *m, const char *release, uint64_t thp)
{
	bud_kernel kernel = model_kernel(release);
	const int16_t cpu_node[2] = { 0, 0 };
	bud_sysctls sysctls;
	bud_sysctls_init(&sysctls);
	bud_sysctls_learn(&sysctls, BUD_SYSCTL_thp_enabled, thp, BUD_SYSCTL_SET);
	assert_int_equal(bud_machine_init(m, &kernel, pc, 4, cpu_node, 2, NULL, &sysctls, NULL), BUD_OK);
}

typedef struct zone_row {
	uint64_t min, low, high, promo;
	uint32_t batch, high_min, high_max;
} zone_row;

static void assert_zones(const bud_machine *m, const zone_row rows[3])
{
	for (int i = 0; i < 3; i++) {
		const bud_wmarks *marks = &m->views[i].marks;
		const bud_pcp_sizes *sizes = &m->zones[i].pcp[1].sizes;
		assert_int_equal(marks->min, rows[i].min);
		assert_int_equal(marks->low, rows[i].low);
		assert_int_equal(marks->high, rows[i].high);
		assert_int_equal(marks->promo, rows[i].promo);
		assert_int_equal(sizes->batch, rows[i].batch);
		assert_int_equal(sizes->high_min, rows[i].high_min);
		assert_int_equal(sizes->high_max, rows[i].high_max);
	}
	assert_int_equal(m->views[3].marks.min, 32);
	assert_int_equal(m->views[3].marks.promo, 32);
}

static void test_everything_follows_from_size_and_settings(void **state)
{
	(void)state;
	bud_machine m;
	pc_init(&m, "6.18.0", BUD_THP_ALWAYS);
	/* Three zones of huge pages' demand: (2 + 9) pageblocks for each. */
	assert_int_equal(m.min_free_kib, 67584);
	const zone_row rows[] = { { 52, 65, 78, 91, 1, 32, 240 },
				  { 10569, 13211, 15853, 18495, 63, 6605, 48307 },
				  { 6273, 7841, 9409, 10977, 63, 3920, 28672 } };
	assert_zones(&m, rows);
	assert_int_equal(m.views[0].reserve[BUD_ZONE_DMA32], 3019);
	assert_int_equal(m.views[0].reserve[BUD_ZONE_NORMAL], 4811);
	assert_int_equal(m.views[0].reserve[BUD_ZONE_MOVABLE], 4811);
	assert_int_equal(m.views[1].reserve[BUD_ZONE_NORMAL], 1792);
	/* The zone grew while the machine ran. */
	bud_machine_set_managed(&m, &m.zones[2], 1933312);
	assert_int_equal(m.min_free_kib, 67584);
	const zone_row grown[] = { { 23, 28, 33, 38, 1, 14, 240 },
				   { 4818, 6022, 7226, 8430, 63, 3011, 48307 },
				   { 12053, 15066, 18079, 21092, 63, 7533, 120832 } };
	assert_zones(&m, grown);
	assert_int_equal(m.views[0].reserve[BUD_ZONE_NORMAL], 10571);
	assert_int_equal(m.views[1].reserve[BUD_ZONE_NORMAL], 7552);
	bud_machine_fini(&m);
}

static void test_min_free_without_and_within_huge_pages_demand(void **state)
{
	(void)state;
	bud_machine m;
	/* The root of 16 times 4 KiB for each of 1235507 pages. */
	pc_init(&m, "6.18.0", BUD_THP_NEVER);
	assert_int_equal(m.min_free_kib, 8892);
	bud_machine_fini(&m);
	/* No more than a twentieth of low memory: 16384 pages have room for 819. */
	bud_kernel kernel = model_kernel("6.18.0");
	const bud_machine_spec zone = { 0, BUD_ZONE_NORMAL, 0, 16384, 16384 };
	const int16_t cpu_node = 0;
	bud_sysctls sysctls;
	bud_sysctls_init(&sysctls);
	bud_sysctls_learn(&sysctls, BUD_SYSCTL_thp_enabled, BUD_THP_MADVISE, BUD_SYSCTL_SET);
	assert_int_equal(bud_machine_init(&m, &kernel, &zone, 1, &cpu_node, 1, NULL, &sysctls, NULL), BUD_OK);
	assert_int_equal(m.min_free_kib, 819 * 4);
	/* What is set is not raised. */
	bud_sysctls_learn(&sysctls, BUD_SYSCTL_min_free_kbytes, 1000, BUD_SYSCTL_SET);
	bud_machine_set(&m, &sysctls);
	assert_int_equal(m.min_free_kib, 1000);
	bud_machine_fini(&m);
}

static void test_per_cpu_lists_share_by_the_nodes_cpus(void **state)
{
	(void)state;
	bud_machine m;
	bud_kernel kernel = model_kernel("6.1.0");
	const bud_machine_spec zones[] = { { 0, BUD_ZONE_NORMAL, 0, 262144, 262144 },
					   { 1, BUD_ZONE_NORMAL, 262144, 262144, 262144 },
					   { 2, BUD_ZONE_NORMAL, 524288, 262144, 262144 } };
	const int16_t cpu_node[3] = { 0, 0, 1 };
	bud_sysctls sysctls;
	bud_sysctls_init(&sysctls);
	bud_sysctls_learn(&sysctls, BUD_SYSCTL_min_free_kbytes, 12288, BUD_SYSCTL_SET);
	assert_int_equal(bud_machine_init(&m, &kernel, zones, 3, cpu_node, 3, NULL, &sysctls, NULL), BUD_OK);
	/* Each zone has a third of 3072 pages: LOW is 1286. A node without CPUs is shared by all of them. */
	assert_int_equal(m.zones[0].pcp[2].sizes.high_min, 1286 / 2);
	assert_int_equal(m.zones[1].pcp[0].sizes.high_min, 1286);
	assert_int_equal(m.zones[2].pcp[0].sizes.high_min, 1286 / 3);
	bud_machine_fini(&m);
}

static void test_memory_that_goes_leaves_the_zonelists(void **state)
{
	(void)state;
	bud_machine m;
	pc_init(&m, "6.18.0", BUD_THP_NEVER);
	assert_int_equal(m.lists[0].nr, 3);
	assert_int_equal(m.lists[0].zone[0], 2);
	assert_int_equal(m.rules.online, 1);
	assert_true(m.rules.grouping);
	bud_machine_set_managed(&m, &m.zones[2], 0);
	assert_int_equal(m.lists[0].nr, 2);
	assert_int_equal(m.lists[0].zone[0], 1);
	/* Too little for a pageblock of every type: they are not told apart. */
	bud_machine_set_managed(&m, &m.zones[1], 0);
	bud_machine_set_managed(&m, &m.zones[0], 5 * 512 - 1);
	assert_false(m.rules.grouping);
	bud_machine_set_managed(&m, &m.zones[0], 5 * 512);
	assert_true(m.rules.grouping);
	bud_machine_fini(&m);
}

static void test_movable_pages_are_counted_by_pageblock(void **state)
{
	(void)state;
	bud_machine m;
	bud_kernel kernel = model_kernel("6.12.0");
	const bud_machine_spec spec = { 0, BUD_ZONE_NORMAL, 512, 4096, 4096 };
	model_init(&m, &kernel, &spec, 1, 1);
	bud_machine_zone *z = &m.zones[0];
	const uint16_t *counts = z->movable + 1; /* frames begin at page 0, with a whole largest block */
	bud_machine_set_used(z, 1024, 10, BUD_MT_MOVABLE);
	assert_int_equal(counts[0], 0);
	assert_int_equal(counts[1], 512);
	assert_int_equal(counts[2], 512);
	bud_machine_set_used(z, 1024, 3, BUD_MT_UNMOVABLE);
	bud_machine_set_used(z, 1024, 3, BUD_MT_UNMOVABLE);
	assert_int_equal(counts[1], 504);
	bud_machine_set_used(z, 1028, 2, BUD_MT_MOVABLE);
	assert_int_equal(counts[1], 508);
	bud_machine_note_unused(z, 1024, 10);
	assert_int_equal(counts[1], 0);
	assert_int_equal(counts[2], 0);
	bud_machine_note_unused(z, 1024, 10); /* they were not in use */
	assert_int_equal(counts[1], 0);
	bud_machine_fini(&m);
}

static void test_what_is_in_use(void **state)
{
	(void)state;
	bud_machine m;
	bud_kernel kernel = model_kernel("6.12.0");
	const bud_machine_spec specs[] = { { 0, BUD_ZONE_DMA32, 512, 1536, 1536 },
					   { 0, BUD_ZONE_NORMAL, 4096, 1024, 1024 } };
	model_init(&m, &kernel, specs, 2, 1);
	bud_machine_zone *z = &m.zones[0];
	bud_machine_set_used(z, 512, 9, BUD_MT_UNMOVABLE);
	assert_true(bud_machine_is_used(z, 512, 9));
	assert_true(bud_machine_is_used(z, 1023, 0));
	assert_false(bud_machine_is_used(z, 1024, 0)); /* nobody's yet */
	assert_false(bud_machine_is_used(z, 513, 1));  /* no block begins there */
	assert_false(bud_machine_is_used(z, 0, 10));   /* half of it is no page of the zone */
	bud_machine_set_free(&m, z, 512, 3, BUD_MT_MOVABLE);
	assert_false(bud_machine_is_used(z, 512, 9));
	assert_true(bud_machine_is_used(z, 520, 3));
	assert_int_equal(bud_freelist_order(&z->lists, 512), 3);
	assert_ptr_equal(bud_machine_zone_of(&m, 2047), z);
	assert_ptr_equal(bud_machine_zone_of(&m, 4096), &m.zones[1]);
	assert_null(bud_machine_zone_of(&m, 511));
	assert_null(bud_machine_zone_of(&m, 2048));
	assert_null(bud_machine_zone_of(&m, 5120));
	bud_machine_fini(&m);
}

/* Since 6.10 a list is that of its blocks' pageblocks; before, a block is where it is put. */
static void test_a_block_put_on_a_list(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		bud_machine m;
		bud_kernel kernel = model_kernel(i ? "6.10.0" : "6.1.0");
		const bud_machine_spec spec = { 0, BUD_ZONE_NORMAL, 0, 4096, 4096 };
		model_init(&m, &kernel, &spec, 1, 1);
		bud_machine_zone *z = &m.zones[0];
		bud_machine_set_pageblock(z, 512, BUD_MT_UNMOVABLE);
		bud_machine_set_free(&m, z, 512, 0, BUD_MT_RECLAIMABLE);
		assert_int_equal(bud_freelist_type(&z->lists, 512), i ? BUD_MT_UNMOVABLE : BUD_MT_RECLAIMABLE);
		/* A block of two pageblocks makes them one type. */
		bud_machine_set_pageblock(z, 1536, BUD_MT_UNMOVABLE);
		bud_machine_set_free(&m, z, 1024, 10, BUD_MT_MOVABLE);
		assert_int_equal(bud_freelist_pageblock(&z->lists, 1536), i ? BUD_MT_MOVABLE : BUD_MT_UNMOVABLE);
		/* What comes later is handed out later. */
		bud_machine_set_free(&m, z, 2048, 10, BUD_MT_MOVABLE);
		assert_int_equal(bud_freelist_first(&z->lists, 10, BUD_MT_MOVABLE), 1024);
		bud_machine_fini(&m);
	}
}

static unsigned woken, told;

static void wake(void *self, bud_machine *machine, int node, int order, bud_zone_type highest)
{
	(void)self;
	(void)machine;
	assert_int_equal(node, 0);
	assert_int_equal(order, 3);
	assert_int_equal(highest, BUD_ZONE_NORMAL);
	woken++;
}

static void tell(void *self, const bud_machine_event *event)
{
	(void)self;
	assert_int_equal(event->kind, BUD_MODEL_WAKE);
	told++;
}

static void test_kswapd_is_woken_when_it_sleeps_and_there_is_need(void **state)
{
	(void)state;
	bud_machine m;
	bud_kernel kernel = model_kernel("6.12.0");
	model_one_zone(&m, &kernel);
	m.ops.wake_kswapd = wake;
	m.watch.tell = tell;
	woken = told = 0;
	bud_machine_wake(&m, NULL, 0, 3, BUD_ZONE_NORMAL); /* all is free */
	assert_int_equal(m.counts.wakes, 0);
	m.views[0].marks.high = 1 << 20;
	m.kswapd_up = 1;
	bud_machine_wake(&m, NULL, 0, 3, BUD_ZONE_NORMAL); /* it is at work, and will hear of it */
	assert_int_equal(woken, 1);
	woken = 0;
	m.kswapd_up = 2;
	m.kswapd_hopeless = 1;
	bud_machine_wake(&m, NULL, 0, 3, BUD_ZONE_NORMAL); /* it has given up */
	assert_int_equal(m.counts.wakes + woken + told, 0);
	m.kswapd_hopeless = 0;
	bud_machine_wake(&m, NULL, 0, 3, BUD_ZONE_NORMAL);
	assert_int_equal(m.counts.wakes, 1);
	assert_int_equal(woken, 1);
	assert_int_equal(told, 1);
	/* A boost is need enough. */
	m.views[0].marks.high = 100;
	m.views[0].boost = 512;
	bud_machine_wake(&m, NULL, 0, 3, BUD_ZONE_NORMAL);
	assert_int_equal(woken, 2);
	bud_machine_fini(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everything_follows_from_size_and_settings),
		cmocka_unit_test(test_min_free_without_and_within_huge_pages_demand),
		cmocka_unit_test(test_per_cpu_lists_share_by_the_nodes_cpus),
		cmocka_unit_test(test_memory_that_goes_leaves_the_zonelists),
		cmocka_unit_test(test_movable_pages_are_counted_by_pageblock),
		cmocka_unit_test(test_what_is_in_use),
		cmocka_unit_test(test_a_block_put_on_a_list),
		cmocka_unit_test(test_kswapd_is_woken_when_it_sleeps_and_there_is_need),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
