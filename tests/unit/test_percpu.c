/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lists of a trace without drains: what they give back, and when, beside lists told by hand; what they may hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/replay/percpu.h"

#define START 4096
#define PAGES 16384 /* managed: batch 3, 6 of them stay to 5.13 */

typedef struct fixture {
	bud_kernel kernel;
	bud_memory memory;
	bud_zone *zone;
	size_t index;
	bud_percpu *percpu;
} fixture;

static void begin(fixture *f, const char *release, bool takes_told)
{
	static const bud_trace_info info = { .nr_cpus = 2, .clock_is_ns = true };
	memset(f, 0, sizeof *f);
	bud_kernel_init(&f->kernel, release, "x86_64");
	assert_int_equal(bud_memory_assume(&f->memory, &f->kernel, START, START + PAGES - 1, NULL), BUD_OK);
	f->zone = bud_memory_range_of(&f->memory, START)->zone;
	f->index = (size_t)(f->zone - f->memory.zones);
	f->zone->managed = PAGES;
	assert_int_equal(bud_percpu_create(&f->percpu, &f->memory, &f->kernel, &info, takes_told, NULL), BUD_OK);
}

static void end(fixture *f)
{
	bud_percpu_destroy(f->percpu);
	bud_memory_fini(&f->memory);
}

/* As the rules apply it, then the lists. */
static uint64_t apply(fixture *f, bud_event_kind kind, bud_pfn pfn, int order, uint16_t cpu)
{
	bud_event event = { .t_ns = 1, .kind = (uint8_t)kind, .order = (int8_t)order, .cpu = cpu };
	event.page.pfn = pfn;
	event.page.migratetype = 1;
	if (kind == BUD_EV_ALLOC)
		bud_zone_make_used(f->zone, pfn, order);
	else
		bud_zone_make_cached(f->zone, pfn, order);
	return bud_percpu_apply(f->percpu, &event, f->zone, f->index, pfn, order);
}

/* To 5.13: at 18 pages the oldest 3 go. */
static void test_the_oldest_go_back_when_too_many_are_held(void **state)
{
	(void)state;
	fixture f;
	begin(&f, "5.10.1", true);
	for (bud_pfn i = 0; i < 17; i++)
		assert_int_equal(apply(&f, BUD_EV_FREE, START + 2 * i, 0, 0), 0);
	assert_int_equal(apply(&f, BUD_EV_FREE, START + 100, 0, 1), 0); /* another CPU's */
	assert_int_equal(apply(&f, BUD_EV_FREE, START + 2 * 17, 0, 0), 3);
	for (bud_pfn i = 0; i < 18; i++)
		assert_int_equal(bud_buddy_page_is_free(&f.zone->buddy, START + 2 * i), i < 3);
	assert_int_equal(bud_percpu_unasked(f.percpu, f.index), 0);
	end(&f);
}

static void test_a_request_takes_its_page_off_the_list(void **state)
{
	(void)state;
	fixture f;
	begin(&f, "5.10.1", true);
	for (bud_pfn i = 0; i < 17; i++)
		apply(&f, BUD_EV_FREE, START + 2 * i, 0, 0);
	apply(&f, BUD_EV_ALLOC, START, 0, 1); /* that it is asked for elsewhere does not matter */
	assert_int_equal(apply(&f, BUD_EV_FREE, START + 50, 0, 0), 0);
	assert_int_equal(apply(&f, BUD_EV_FREE, START + 52, 0, 0), 3);
	assert_false(bud_buddy_page_is_free(&f.zone->buddy, START));
	assert_true(bud_buddy_page_is_free(&f.zone->buddy, START + 6));
	end(&f);
}

/* A page the buddy had was given back, with the older ones of its order. */
static void test_a_take_tells_what_had_gone_back(void **state)
{
	(void)state;
	fixture f;
	begin(&f, "6.1.0", true);
	apply(&f, BUD_EV_FREE, START, 0, 0);
	apply(&f, BUD_EV_FREE, START + 16, 2, 0);
	apply(&f, BUD_EV_FREE, START + 32, 0, 0);
	apply(&f, BUD_EV_FREE, START + 48, 0, 0);
	assert_int_equal(apply(&f, BUD_EV_ZONE_LOCKED, START + 32, 0, 1), 1);
	assert_true(bud_buddy_page_is_free(&f.zone->buddy, START));
	assert_false(bud_buddy_page_is_free(&f.zone->buddy, START + 16));
	assert_false(bud_buddy_page_is_free(&f.zone->buddy, START + 32));
	assert_false(bud_buddy_page_is_free(&f.zone->buddy, START + 48));
	/* One page of a block: the others had gone back too. */
	assert_int_equal(apply(&f, BUD_EV_ZONE_LOCKED, START + 18, 0, 1), 3);
	assert_true(bud_buddy_page_is_free(&f.zone->buddy, START + 17));
	assert_false(bud_buddy_page_is_free(&f.zone->buddy, START + 18));
	end(&f);
}

/* Taken in a refill, at the tail; given back without a request, it may be in bulk use. */
static void test_what_no_request_named_is_counted(void **state)
{
	(void)state;
	fixture f;
	begin(&f, "5.10.1", true);
	apply(&f, BUD_EV_ZONE_LOCKED, START + 200, 0, 0);
	apply(&f, BUD_EV_ZONE_LOCKED, START + 202, 0, 0);
	for (bud_pfn i = 0; i < 16; i++)
		apply(&f, BUD_EV_FREE, START + 2 * i, 0, 0);
	assert_int_equal(bud_percpu_unasked(f.percpu, f.index), 2);
	assert_true(bud_buddy_page_is_free(&f.zone->buddy, START + 200));
	assert_true(bud_buddy_page_is_free(&f.zone->buddy, START + 0));
	apply(&f, BUD_EV_ZONE_LOCKED, START + 200, 0, 1);
	assert_int_equal(bud_percpu_unasked(f.percpu, f.index), 1);
	bud_percpu_seeded(f.percpu, &f.memory);
	assert_int_equal(bud_percpu_unasked(f.percpu, f.index), 0);
	end(&f);
}

/* Nobody sees refills: a request for a page of no list stands for one of a batch, whose rest is on the list, too. */
static void test_an_unseen_refill_fills_the_list(void **state)
{
	(void)state;
	fixture f;
	begin(&f, "5.10.1", false);
	apply(&f, BUD_EV_ALLOC, START + 200, 0, 0);
	for (bud_pfn i = 0; i < 15; i++)
		assert_int_equal(apply(&f, BUD_EV_FREE, START + 2 * i, 0, 0), 0);
	/* 2 of the refill and 16 freed: those of the refill go first, and one page anybody can name. */
	assert_int_equal(apply(&f, BUD_EV_FREE, START + 30, 0, 0), 1);
	end(&f);
}

static void test_zoneinfo_tells_sizes_and_counts(void **state)
{
	(void)state;
	fixture f;
	bud_snapshot snapshot;
	begin(&f, "6.1.0", true);
	bud_snapshot_init(&snapshot);
	bud_zone_info *info = bud_snapshot_add_zone(&snapshot, f.zone->node, f.zone->name);
	info->pcp = calloc(1, sizeof *info->pcp);
	info->nr_pcp = 1;
	info->pcp[0] = (bud_pcp_info){ .cpu = 0, .count = 5, .high = 8, .batch = 2, .high_min = BUD_UNKNOWN };
	bud_percpu_read(f.percpu, &f.memory, &snapshot);
	assert_int_equal(apply(&f, BUD_EV_FREE, START, 0, 0), 0);
	assert_int_equal(apply(&f, BUD_EV_FREE, START + 2, 0, 0), 0);
	assert_int_equal(apply(&f, BUD_EV_FREE, START + 4, 0, 0), 0); /* 8: of the unnamed */
	apply(&f, BUD_EV_FREE, START + 6, 0, 0);
	assert_int_equal(f.zone->buddy.free_pages, 0);
	apply(&f, BUD_EV_FREE, START + 8, 0, 0);
	apply(&f, BUD_EV_FREE, START + 10, 0, 0);
	assert_true(bud_buddy_page_is_free(&f.zone->buddy, START));
	bud_snapshot_fini(&snapshot);
	end(&f);
}

static void test_a_copy_goes_on_alike(void **state)
{
	(void)state;
	fixture f, g;
	begin(&f, "6.12.1", true);
	begin(&g, "6.12.1", true);
	srandom(3);
	for (int i = 0; i < 3000; i++) {
		bud_event_kind kinds[] = { BUD_EV_FREE, BUD_EV_FREE, BUD_EV_ALLOC, BUD_EV_ZONE_LOCKED };
		bud_event_kind kind = kinds[random() % 4];
		int order = random() % 4 ? 0 : (int)(random() % 4);
		bud_pfn pfn = START + ((bud_pfn)random() % PAGES >> order << order);
		uint16_t cpu = (uint16_t)(random() % 2);
		if (i == 1500) {
			assert_true(bud_percpu_copy(g.percpu, f.percpu));
			assert_true(bud_zone_copy(g.zone, f.zone));
		}
		uint64_t given = apply(&f, kind, pfn, order, cpu);
		if (i >= 1500)
			assert_int_equal(apply(&g, kind, pfn, order, cpu), given);
	}
	assert_true(f.zone->buddy.free_pages > 0);
	assert_int_equal(g.zone->buddy.free_pages, f.zone->buddy.free_pages);
	assert_int_equal(bud_percpu_unasked(g.percpu, g.index), bud_percpu_unasked(f.percpu, f.index));
	assert_int_equal(bud_percpu_bytes(g.percpu), bud_percpu_bytes(f.percpu));
	end(&f);
	end(&g);
}

static void test_the_most_lists_hold(void **state)
{
	(void)state;
	bud_kernel kernel;
	bud_zone zone = { .managed = 800000, .spanned = 1000000, .marks = { 0, 5000, 0, 0 } };
	bud_kernel_init(&kernel, "5.10.1", "x86_64"); /* an eighth each, and three batches */
	assert_int_equal(bud_percpu_most(&kernel, &zone, 2), 2 * (100000 + 3 * 63));
	bud_kernel_init(&kernel, "6.12.1", "x86_64"); /* an eighth together; twelve lists of a batch, two of two blocks */
	assert_int_equal(bud_percpu_most(&kernel, &zone, 2), 100000 + 2 * (16 * 63 + 4 * 512));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_oldest_go_back_when_too_many_are_held),
		cmocka_unit_test(test_a_request_takes_its_page_off_the_list),
		cmocka_unit_test(test_a_take_tells_what_had_gone_back),
		cmocka_unit_test(test_what_no_request_named_is_counted),
		cmocka_unit_test(test_an_unseen_refill_fills_the_list),
		cmocka_unit_test(test_zoneinfo_tells_sizes_and_counts),
		cmocka_unit_test(test_a_copy_goes_on_alike),
		cmocka_unit_test(test_the_most_lists_hold),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
