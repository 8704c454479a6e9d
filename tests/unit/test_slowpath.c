/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The slow path: what each modifier makes of reclaim, compaction and the OOM killer, with those played by a script. */
#include "tests/unit/model.h"

/* What the players did, and what they will do. */
static struct {
	unsigned reclaims, compactions, ooms, wakes;
	int priorities[64];  /* of compaction, in turn */
	unsigned last_flags; /* at the last reclaim */
	uint64_t progress;   /* of each reclaim */
	uint64_t give;	     /* pages that reclaim really frees */
	unsigned give_at;    /* ... the how-manieth call */
	bud_compact_result compacts;
	bool kills;
} play;

static bud_machine machine;

static void give(bud_machine *m, uint64_t pages)
{
	bud_machine_zone *z = &m->zones[0];
	for (bud_pfn pfn = 8192; pages && pfn < 16384; pfn += 1)
		if (bud_machine_is_used(z, pfn, 0)) {
			bud_machine_note_unused(z, pfn, 0);
			bud_freelist_free(&z->lists, pfn, 0, bud_freelist_pageblock(&z->lists, pfn), false);
			pages--;
		}
}

static void wake(void *self, bud_machine *m, int node, int order, bud_zone_type highest)
{
	(void)self;
	(void)m;
	(void)node;
	(void)order;
	(void)highest;
	play.wakes++;
}

static uint64_t reclaim(void *self, bud_machine *m, const bud_alloc_context *c)
{
	(void)self;
	play.last_flags = c->flags;
	if (++play.reclaims == play.give_at)
		give(m, play.give);
	return play.progress;
}

static bud_compact_result compact(void *self, bud_machine *m, const bud_alloc_context *c, int priority,
				  bud_pfn *captured)
{
	*captured = BUD_PFN_NONE;
	(void)self;
	(void)m;
	(void)c;
	if (play.compactions < 64)
		play.priorities[play.compactions] = priority;
	play.compactions++;
	return play.compacts;
}

static bud_oom_victim oom(void *self, bud_machine *m, const bud_alloc_context *c)
{
	(void)self;
	(void)m;
	(void)c;
	play.ooms++;
	return play.kills;
}

/* 64 MiB of Normal memory, all of it in use but so many single pages. */
static void full_machine(const char *release, uint64_t free_pages)
{
	const bud_machine_spec zone = { 0, BUD_ZONE_NORMAL, 0, 16384, 16384 };
	bud_kernel k = model_kernel(release);
	memset(&play, 0, sizeof play);
	model_init(&machine, &k, &zone, 1, 1);
	machine.no_pcp = true;
	machine.ops = (bud_reclaim_ops){ NULL, wake, reclaim, compact, oom, 60 };
	for (bud_pfn pfn = 0; pfn < 16384; pfn++) {
		if (!(pfn & 1) && pfn / 2 < free_pages)
			bud_machine_set_free(&machine, &machine.zones[0], pfn, 0, BUD_MT_MOVABLE);
		else
			bud_machine_set_used(&machine.zones[0], pfn, 0, BUD_MT_MOVABLE);
	}
}

static bud_page_result ask(int order, unsigned gfp, unsigned task)
{
	bud_page_result result;
	bud_request r = model_request(order, gfp);
	r.task = task;
	bud_page_alloc(&machine, &r, &result);
	return result;
}

static const char *const kernels[] = { "4.19.0", "5.4.0", "5.10.0", "6.1.192", "6.6.0", "6.12.117", "6.18.0", "7.3.0" };
enum { NR_KERNELS = sizeof kernels / sizeof *kernels };

static void test_each_modifier(void **state)
{
	(void)state;
	const struct {
		int order;
		unsigned gfp, task;
		uint64_t progress;
		bool kills;
		bud_page_failure failure;
		unsigned reclaims, ooms; /* 99: many */
	} rows[] = {
		/* Nothing waits that may not. */
		{ 0, GFP_ATOMIC_, 0, 0, false, BUD_PAGE_NO_RECLAIM, 0, 0 },
		{ 0, GFP_NOWAIT_, 0, 0, false, BUD_PAGE_NO_RECLAIM, 0, 0 },
		/* One round. */
		{ 0, GFP_KERNEL_ | BUD_GFP_NORETRY, 0, 100, true, BUD_PAGE_NORETRY, 1, 0 },
		{ 3, GFP_KERNEL_ | BUD_GFP_NORETRY, 0, 100, true, BUD_PAGE_NORETRY, 1, 0 },
		{ 4, GFP_KERNEL_, 0, 100, true, BUD_PAGE_COSTLY, 1, 0 },
		/* As long as there is hope, and then the OOM killer. */
		{ 0, GFP_KERNEL_, 0, 0, false, BUD_PAGE_NO_HOPE, 1, 1 },
		{ 0, GFP_KERNEL_, 0, 0, true, BUD_PAGE_ENDLESS, 99, 99 },
		{ 0, GFP_KERNEL_ | BUD_GFP_THISNODE, 0, 0, true, BUD_PAGE_NO_HOPE, 1, 0 },
		{ 0, GFP_KERNEL_ | BUD_GFP_DMA, 0, 0, true, BUD_PAGE_NO_ZONE, 0, 0 },
		{ 0, GFP_KERNEL_ | BUD_GFP_RETRY_MAYFAIL, 0, 0, true, BUD_PAGE_NO_HOPE, 1, 0 },
		{ 0, GFP_KERNEL_ | BUD_GFP_NOFAIL, 0, 0, false, BUD_PAGE_ENDLESS, 99, 99 },
		{ 0, GFP_ATOMIC_ | BUD_GFP_NOFAIL, 0, 0, false, BUD_PAGE_NO_RECLAIM, 0, 0 },
		{ 0, GFP_KERNEL_, BUD_TASK_MEMALLOC, 0, false, BUD_PAGE_MEMALLOC, 0, 0 },
		{ 0, GFP_KERNEL_, BUD_TASK_OOM_VICTIM, 0, true, BUD_PAGE_VICTIM, 1, 1 },
		{ 11, GFP_KERNEL_, 0, 0, false, BUD_PAGE_REFUSED, 0, 0 },
	};
	for (size_t k = 0; k < NR_KERNELS; k++)
		for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
			full_machine(kernels[k], 0);
			play.progress = rows[i].progress;
			play.kills = rows[i].kills;
			bud_page_result r = ask(rows[i].order, rows[i].gfp, rows[i].task);
			assert_int_equal(r.failure, rows[i].failure);
			assert_int_equal(r.pfn, BUD_PFN_NONE);
			if (rows[i].reclaims == 99)
				assert_true(play.reclaims > 40);
			else
				assert_int_equal(play.reclaims, rows[i].reclaims);
			if (rows[i].ooms == 99)
				assert_true(play.ooms > 2);
			else
				assert_int_equal(play.ooms, rows[i].ooms);
			assert_int_equal(machine.counts.failures, 1);
			bud_machine_fini(&machine);
		}
}

static void test_reclaim_serves(void **state)
{
	(void)state;
	for (size_t k = 0; k < NR_KERNELS; k++) {
		full_machine(kernels[k], 0);
		play.progress = play.give = 4000;
		play.give_at = 1;
		bud_page_result r = ask(0, GFP_KERNEL_, 0);
		assert_int_not_equal(r.pfn, BUD_PFN_NONE);
		assert_int_equal(r.failure, BUD_PAGE_OK);
		assert_true(r.slow);
		assert_int_equal(r.reclaims, 1);
		assert_int_equal(play.ooms, 0);
		bud_machine_fini(&machine);
	}
}

static void test_hope_keeps_it_going(void **state)
{
	(void)state;
	/* No progress, but enough that could be reclaimed: 16 rounds more, and then the OOM killer. */
	full_machine("6.12.0", 0);
	machine.views[0].reclaimable = 10000;
	bud_page_result r = ask(0, GFP_KERNEL_, 0);
	assert_int_equal(r.failure, BUD_PAGE_NO_HOPE);
	assert_int_equal(play.reclaims, 17);
	assert_int_equal(play.ooms, 1);
	bud_machine_fini(&machine);
	/* Progress starts the count anew, until patience ends. */
	full_machine("6.12.0", 0);
	machine.views[0].reclaimable = 10000;
	play.progress = 1;
	assert_int_equal(ask(0, GFP_KERNEL_, 0).failure, BUD_PAGE_ENDLESS);
	assert_int_equal(play.reclaims, 60);
	bud_machine_fini(&machine);
	/* For costly orders progress does not count. */
	full_machine("6.12.0", 4000);
	machine.views[0].reclaimable = 10000;
	play.progress = 1;
	play.compacts = BUD_COMPACT_SKIPPED;
	r = ask(4, GFP_KERNEL_ | BUD_GFP_RETRY_MAYFAIL, 0);
	assert_int_equal(r.failure, BUD_PAGE_ENDLESS);
	bud_machine_fini(&machine);
}

static void test_compaction_in_its_turn(void **state)
{
	(void)state;
	/* Unmovable and costly requests compact before they reclaim, lightly; movable ones do not. */
	full_machine("6.12.0", 4000);
	play.compacts = BUD_COMPACT_COMPLETE;
	ask(2, GFP_KERNEL_ | BUD_GFP_NORETRY, 0);
	assert_int_equal(play.compactions, 2);
	assert_int_equal(play.priorities[0], BUD_COMPACT_ASYNC);
	assert_int_equal(play.priorities[1], BUD_COMPACT_SYNC_LIGHT);
	bud_machine_fini(&machine);
	full_machine("6.12.0", 4000);
	play.compacts = BUD_COMPACT_COMPLETE;
	ask(2, GFP_MOVABLE_ | BUD_GFP_NORETRY, 0);
	assert_int_equal(play.compactions, 1);
	bud_machine_fini(&machine);
	/* A costly NORETRY request stays with the light kind. */
	full_machine("6.12.0", 4000);
	play.compacts = BUD_COMPACT_COMPLETE;
	ask(9, GFP_MOVABLE_ | BUD_GFP_NORETRY, 0);
	assert_int_equal(play.compactions, 2);
	assert_int_equal(play.priorities[1], BUD_COMPACT_ASYNC);
	bud_machine_fini(&machine);
	/* Failure raises the priority: down to 0, for costly orders to 1. */
	full_machine("6.12.0", 4000);
	play.compacts = BUD_COMPACT_COMPLETE;
	play.progress = 1;
	ask(2, GFP_MOVABLE_, 0);
	assert_int_equal(play.priorities[0], BUD_COMPACT_SYNC_LIGHT);
	assert_int_equal(play.priorities[1], BUD_COMPACT_SYNC_FULL);
	bud_machine_fini(&machine);
	full_machine("6.12.0", 4000);
	play.compacts = BUD_COMPACT_COMPLETE;
	play.progress = 1;
	ask(4, GFP_MOVABLE_ | BUD_GFP_RETRY_MAYFAIL, 0);
	assert_int_equal(play.compactions, 2);
	assert_int_equal(play.priorities[1], BUD_COMPACT_SYNC_LIGHT);
	bud_machine_fini(&machine);
	/* Success that somebody else took: 16 retries at each priority, 4 for costly orders. */
	full_machine("6.12.0", 4000);
	play.compacts = BUD_COMPACT_SUCCESS;
	play.progress = 1;
	ask(4, GFP_MOVABLE_ | BUD_GFP_RETRY_MAYFAIL, 0);
	assert_int_equal(play.compactions, 1 + 5);
	bud_machine_fini(&machine);
}

static void test_compaction_needs_io(void **state)
{
	(void)state;
	for (size_t k = 0; k < NR_KERNELS; k++) {
		full_machine(kernels[k], 4000);
		play.compacts = BUD_COMPACT_COMPLETE;
		ask(4, BUD_GFP_RECLAIM | BUD_GFP_RETRY_MAYFAIL, 0);
		/* 6.9, and 6.1.y: no first compaction, and no retry. */
		assert_int_equal(play.priorities[0],
				 machine.kernel.compact_needs_io ? BUD_COMPACT_SYNC_LIGHT : BUD_COMPACT_ASYNC);
		bud_machine_fini(&machine);
	}
}

static void test_noretry_of_the_kernels(void **state)
{
	(void)state;
	const struct {
		const char *release;
		unsigned gfp;
		bud_compact_result compacts;
		bool early; /* gives up before it reclaims */
	} rows[] = {
		{ "4.19.0", BUD_GFP_NORETRY, BUD_COMPACT_DEFERRED, true },
		{ "4.19.0", BUD_GFP_NORETRY, BUD_COMPACT_SKIPPED, false },
		{ "5.4.0", BUD_GFP_NORETRY, BUD_COMPACT_SKIPPED, true },
		{ "5.4.0", 0, BUD_COMPACT_DEFERRED, true },
		{ "5.4.0", BUD_GFP_RETRY_MAYFAIL, BUD_COMPACT_DEFERRED, false },
		{ "5.10.0", BUD_GFP_NORETRY, BUD_COMPACT_SKIPPED, true },
		{ "5.10.0", BUD_GFP_NORETRY, BUD_COMPACT_COMPLETE, false },
		{ "5.10.0", 0, BUD_COMPACT_DEFERRED, false },
		{ "5.10.0", BUD_GFP_NORETRY | BUD_GFP_THISNODE, BUD_COMPACT_COMPLETE, false },
		{ "6.1.192", BUD_GFP_NORETRY | BUD_GFP_THISNODE, BUD_COMPACT_COMPLETE, true },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		full_machine(rows[i].release, 0);
		play.compacts = rows[i].compacts;
		ask(9, GFP_MOVABLE_ | rows[i].gfp, 0);
		assert_int_equal(play.reclaims == 0, rows[i].early);
		bud_machine_fini(&machine);
	}
}

static void test_reserves_for_who_has_them(void **state)
{
	(void)state;
	for (size_t k = 0; k < NR_KERNELS; k++) {
		/* Between a quarter of MIN and MIN: the atomic request passes, the one that only cannot wait does not.
		 */
		full_machine(kernels[k], 0);
		uint64_t min = machine.views[0].marks.min;
		bud_machine_fini(&machine);
		full_machine(kernels[k], min * 3 / 4);
		assert_int_equal(ask(0, GFP_NOWAIT_, 0).failure, BUD_PAGE_NO_RECLAIM);
		assert_int_equal(ask(0, GFP_ATOMIC_, 0).failure, BUD_PAGE_OK);
		bud_machine_fini(&machine);
		/* Who frees memory may have the last page. */
		full_machine(kernels[k], 1);
		assert_int_equal(ask(0, GFP_ATOMIC_, 0).failure, BUD_PAGE_NO_RECLAIM);
		assert_int_equal(ask(0, GFP_KERNEL_, BUD_TASK_MEMALLOC).failure, BUD_PAGE_OK);
		assert_int_equal(ask(0, GFP_KERNEL_, BUD_TASK_MEMALLOC).failure, BUD_PAGE_MEMALLOC);
		bud_machine_fini(&machine);
		/* One that must not fail is let at it, too, once the OOM killer was at work. */
		full_machine(kernels[k], 1);
		assert_int_equal(ask(0, GFP_KERNEL_ | BUD_GFP_NOFAIL, 0).failure, BUD_PAGE_OK);
		assert_int_equal(play.ooms, 1);
		bud_machine_fini(&machine);
	}
}

/* Where the OOM killer may not help (THISNODE), NOFAIL gets to three quarters of the min mark to 6.2 (HARDER), to half
 * of it since. */
static void test_what_must_not_fail_goes_into_the_reserves(void **state)
{
	(void)state;
	const struct {
		const char *release;
		unsigned quarters;
	} rows[] = { { "5.10.0", 3 }, { "6.3.0", 2 }, { "6.12.0", 2 } };
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		full_machine(rows[i].release, 2000);
		uint64_t min = machine.views[0].marks.min;
		bud_request r = model_request(0, GFP_MOVABLE_ | BUD_GFP_NOFAIL | BUD_GFP_THISNODE);
		while (bud_page_alloc(&machine, &r, NULL) != BUD_PFN_NONE)
			;
		assert_int_equal(bud_free_area_pages(machine.views[0].area), min - min / 4 * (4 - rows[i].quarters));
		bud_machine_fini(&machine);
	}
}

static void test_the_reserve_is_given_up_before_the_oom_killer(void **state)
{
	(void)state;
	for (size_t k = 0; k < NR_KERNELS; k++) {
		full_machine(kernels[k], 0);
		bud_machine_zone *z = &machine.zones[0];
		for (bud_pfn pfn = 512; pfn < 1024; pfn++)
			bud_machine_note_unused(z, pfn, 0);
		bud_machine_set_pageblock(z, 512, BUD_MT_HIGHATOMIC);
		bud_machine_set_free(&machine, z, 512, 9, BUD_MT_HIGHATOMIC);
		z->view->highatomic_reserved = 512;
		bud_page_result r = ask(0, GFP_KERNEL_, 0);
		/* At once, or when the retries are over; the latter only if there was hope. */
		assert_int_equal(r.failure, machine.kernel.unreserve_early ? BUD_PAGE_OK : BUD_PAGE_NO_HOPE);
		assert_int_equal(play.ooms, machine.kernel.unreserve_early ? 0 : 1);
		bud_machine_fini(&machine);
	}
}

static void test_kswapd_is_woken(void **state)
{
	(void)state;
	full_machine("6.12.0", 0);
	ask(0, GFP_NOWAIT_, 0);
	/* At entry, and at the beginning of the round. */
	assert_int_equal(machine.counts.wakes, 2);
	machine.kswapd_up = 1;
	ask(0, GFP_NOWAIT_, 0);
	assert_int_equal(machine.counts.wakes, 2);
	machine.kswapd_up = 0;
	ask(0, 0, 0);
	assert_int_equal(machine.counts.wakes, 2);
	machine.kswapd_hopeless = 1;
	ask(0, GFP_NOWAIT_, 0);
	assert_int_equal(machine.counts.wakes, 2);
	bud_machine_fini(&machine);
}

static void test_scopes_of_old_kernels_begin_here(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		full_machine(i ? "5.13.0" : "5.10.0", 0);
		bud_page_result r = ask(0, GFP_KERNEL_ | BUD_GFP_NORETRY, BUD_TASK_NOFS);
		assert_int_equal(r.gfp, (GFP_KERNEL_ | BUD_GFP_NORETRY) & ~BUD_GFP_FS);
		bud_machine_fini(&machine);
	}
	/* And HARDWALL, which cpusets lend to the fast path, ends. */
	full_machine("6.1.0", 0);
	bud_page_result r = ask(0, GFP_KERNEL_ | BUD_GFP_NORETRY, BUD_TASK_CPUSET);
	assert_int_equal(r.gfp, GFP_KERNEL_ | BUD_GFP_NORETRY);
	bud_machine_fini(&machine);
}

static void test_defrag_mode_mixes_in_the_end(void **state)
{
	(void)state;
	full_machine("6.15.0", 4000);
	bud_sysctls sysctls = machine.sysctls;
	bud_sysctls_learn(&sysctls, BUD_SYSCTL_defrag_mode, 1, BUD_SYSCTL_SET);
	bud_machine_set(&machine, &sysctls);
	/* All that is free is Movable; plenty of it, but no pageblock: only after reclaim and compaction. */
	bud_page_result r = ask(0, GFP_KERNEL_, 0);
	assert_int_equal(r.failure, BUD_PAGE_OK);
	assert_true(r.slow);
	assert_true(play.reclaims > 0);
	assert_int_equal(play.ooms, 0);
	bud_machine_fini(&machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_modifier),
		cmocka_unit_test(test_reclaim_serves),
		cmocka_unit_test(test_hope_keeps_it_going),
		cmocka_unit_test(test_compaction_in_its_turn),
		cmocka_unit_test(test_compaction_needs_io),
		cmocka_unit_test(test_noretry_of_the_kernels),
		cmocka_unit_test(test_reserves_for_who_has_them),
		cmocka_unit_test(test_what_must_not_fail_goes_into_the_reserves),
		cmocka_unit_test(test_the_reserve_is_given_up_before_the_oom_killer),
		cmocka_unit_test(test_kswapd_is_woken),
		cmocka_unit_test(test_scopes_of_old_kernels_begin_here),
		cmocka_unit_test(test_defrag_mode_mixes_in_the_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
