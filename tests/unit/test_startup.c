/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a simulation begins: the pages of a replayed state become a machine's, free, in use, or on per-CPU lists. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/allocator/page_alloc.h"
#include "lib/allocator/startup.h"

#define SURE(type) ((bud_typing)(BUD_MT_##type | BUD_TYPING_SURE))
#define NONE	   UINT32_MAX

/* Two zones, DMA32 of 8 MiB and Normal of 32 MiB behind a hole; between them in the list one that spans nothing. */
enum { DMA32 = 0, EMPTY = 1, NORMAL = 2, LOW = 4096, LOW_END = LOW + 2048, HIGH = 8192, HIGH_END = HIGH + 8192 };

typedef struct begun {
	bud_kernel traced, kernel;
	bud_sysctls sysctls;
	bud_lessons lessons;
	bud_zone zones[3];
	bud_memory memory;
	bud_pageset movable, cache, buffered;
	bud_simulation_setup setup;
	bud_startup startup;
	bud_machine machine;
	bud_tenants tenants;
} begun;

static void init_zone(bud_zone *zone, const bud_kernel *kernel, const char *name, bud_zone_type type, bud_pfn start,
		      bud_pfn end)
{
	bud_zone_init(zone, 0, name, start, end - start, kernel->max_order);
	zone->type = type;
	zone->present = zone->managed = end - start;
	assert_true(start == end || bud_buddy_follow_types(&zone->buddy, kernel));
	bud_zone_make_used_range(zone, start, end);
}

/* Everything is in use. */
static void prepare(begun *b, const char *traced, const char *simulated)
{
	memset(b, 0, sizeof *b);
	bud_kernel_init(&b->traced, traced, "x86_64");
	bud_kernel_init(&b->kernel, simulated, "x86_64");
	bud_sysctls_init(&b->sysctls);
	assert_int_equal(bud_lessons_init(&b->lessons, NULL), BUD_OK);
	init_zone(&b->zones[DMA32], &b->traced, "DMA32", BUD_ZONE_DMA32, LOW, LOW_END);
	init_zone(&b->zones[EMPTY], &b->traced, "Movable", BUD_ZONE_MOVABLE, LOW_END, LOW_END);
	init_zone(&b->zones[NORMAL], &b->traced, "Normal", BUD_ZONE_NORMAL, HIGH, HIGH_END);
	b->memory = (bud_memory){ .zones = b->zones, .nr_zones = 3, .max_order = b->traced.max_order };
	bud_pageset_init(&b->movable);
	bud_pageset_init(&b->cache);
	bud_pageset_init(&b->buffered);
	b->setup = (bud_simulation_setup){ .start = &b->memory,
					   .traced = &b->traced,
					   .kernel = &b->kernel,
					   .sysctls = &b->sysctls,
					   .lessons = &b->lessons,
					   .nr_cpus = 2 };
}

static void begin(begun *b)
{
	assert_int_equal(bud_startup_machine(&b->startup, &b->machine, &b->setup, NULL), BUD_OK);
	assert_int_equal(bud_tenants_init(&b->tenants, b->startup.names_end, b->startup.places_end, NULL), BUD_OK);
	assert_int_equal(bud_startup_pages(&b->startup, &b->machine, &b->tenants, &b->setup, NULL), BUD_OK);
}

static void end(begun *b)
{
	bud_tenants_fini(&b->tenants);
	bud_machine_fini(&b->machine);
	for (int i = 0; i < 3; i++)
		bud_zone_fini(&b->zones[i]);
	bud_pageset_fini(&b->movable);
	bud_pageset_fini(&b->cache);
	bud_pageset_fini(&b->buffered);
	bud_lessons_fini(&b->lessons);
}

static const bud_machine_zone *zone_of(const begun *b, size_t zone)
{
	return bud_startup_zone(&b->startup, &b->machine, zone);
}

static uint64_t free_pages(const begun *b, size_t zone)
{
	return bud_free_area_pages(&zone_of(b, zone)->lists.area);
}

static const bud_tenant *tenant_of(const begun *b, bud_pfn name)
{
	uint32_t place = bud_tenants_find(&b->tenants, name);
	return place <= BUD_PLACE_MAX ? bud_tenants_at(&b->tenants, place) : NULL;
}

static void test_every_page_is_free_or_somebodys(void **state)
{
	begun b;
	(void)state;
	prepare(&b, "6.12.0", "6.12.0");
	bud_zone_make_free_range(&b.zones[NORMAL], HIGH + 100, HIGH + 3000);
	bud_zone_make_free_range(&b.zones[DMA32], LOW, LOW + 512);
	begin(&b);
	assert_null(zone_of(&b, EMPTY));
	assert_int_equal(b.machine.nr_zones, 2);
	assert_int_equal(free_pages(&b, DMA32), 512);
	assert_int_equal(free_pages(&b, NORMAL), 2900);
	const bud_freelist *l = &zone_of(&b, NORMAL)->lists;
	for (int order = 0; order <= 10; order++)
		assert_int_equal(l->area.nr_free[order], b.zones[NORMAL].buddy.nr_free[order]);
	for (bud_pfn pfn = HIGH; pfn < HIGH_END; pfn++) {
		bool free = pfn >= HIGH + 100 && pfn < HIGH + 3000;
		assert_int_equal(bud_machine_is_used(zone_of(&b, NORMAL), pfn, 0), !free);
		/* Who is in use lives where they are. */
		assert_int_equal(bud_tenants_find(&b.tenants, pfn), free ? NONE : pfn);
	}
	assert_ptr_equal(bud_startup_zone_of(&b.startup, &b.machine, HIGH_END - 1), zone_of(&b, NORMAL));
	assert_null(bud_startup_zone_of(&b.startup, &b.machine, LOW_END));
	end(&b);
}

static void test_types_and_order_of_free_blocks(void **state)
{
	begun b;
	(void)state;
	prepare(&b, "6.12.0", "6.12.0");
	bud_buddy *buddy = &b.zones[NORMAL].buddy;
	bud_buddy_retype(buddy, HIGH + 2048, 9, SURE(UNMOVABLE));
	bud_buddy_retype(buddy, HIGH + 3072, 9, SURE(HIGHATOMIC));
	bud_buddy_retype(buddy, HIGH + 4096, 9, SURE(UNMOVABLE));
	/* Freed from above; in the lists the lowest is the first all the same. */
	bud_zone_make_free(&b.zones[NORMAL], HIGH + 4096, 3);
	bud_zone_make_free(&b.zones[NORMAL], HIGH + 2048, 3);
	bud_zone_make_free(&b.zones[NORMAL], HIGH + 3072, 3);
	begin(&b);
	const bud_machine_zone *z = zone_of(&b, NORMAL);
	assert_int_equal(bud_freelist_first(&z->lists, 3, BUD_MT_UNMOVABLE), HIGH + 2048);
	assert_int_equal(bud_freelist_first(&z->lists, 3, BUD_MT_HIGHATOMIC), HIGH + 3072);
	assert_int_equal(z->lists.area.nr[BUD_MT_UNMOVABLE][3], 2);
	assert_int_equal(bud_freelist_pageblock(&z->lists, HIGH + 4096), BUD_MT_UNMOVABLE);
	assert_int_equal(bud_freelist_pageblock(&z->lists, HIGH), BUD_MT_MOVABLE);
	assert_int_equal(z->view->highatomic_reserved, 512);
	end(&b);
}

static void test_who_can_move_and_what_is_cache(void **state)
{
	begun b;
	(void)state;
	for (int known = 0; known < 2; known++) {
		prepare(&b, "6.12.0", "6.12.0");
		bud_buddy_retype(&b.zones[NORMAL].buddy, HIGH, 9, SURE(UNMOVABLE));
		if (known) {
			b.setup.movable = &b.movable;
			b.setup.cache = &b.cache;
			b.setup.buffered = &b.buffered;
			bud_pageset_set_range(&b.movable, HIGH, 3);
			bud_pageset_set_range(&b.cache, HIGH + 1, 2);
			bud_pageset_set(&b.buffered, HIGH + 2);
		}
		begin(&b);
		/* Without a word of the pages themselves, their pageblock's type has to do. */
		assert_int_equal(!!(tenant_of(&b, HIGH)->flags & BUD_TENANT_MOVABLE), known);
		assert_int_equal(!!(tenant_of(&b, HIGH + 600)->flags & BUD_TENANT_MOVABLE), !known);
		/* Buffers hold a page, but do not keep it from being tried, or dropped. */
		assert_int_equal(!!(tenant_of(&b, HIGH + 2)->flags & BUD_TENANT_MOVABLE), known);
		assert_int_equal(tenant_of(&b, HIGH + 1)->flags & BUD_TENANT_HELD, 0);
		assert_int_equal(!!(tenant_of(&b, HIGH + 2)->flags & BUD_TENANT_HELD), known);
		assert_int_equal(tenant_of(&b, HIGH)->seat, BUD_SEAT_NONE);
		assert_int_equal(tenant_of(&b, HIGH + 2)->seat, known ? BUD_SEAT_CACHE : BUD_SEAT_NONE);
		assert_int_equal(zone_of(&b, NORMAL)->movable[0], known ? 3 : 0);
		end(&b);
	}
}

static void test_where_memory_ran_out_only_reclaim_tells_what_it_could_free(void **state)
{
	begun b;
	(void)state;
	prepare(&b, "6.12.0", "6.12.0");
	b.setup.cache = &b.cache;
	bud_pageset_set_range(&b.cache, HIGH, 4);
	b.lessons.victims[b.lessons.nr_victims++] = 7;
	bud_lessons_add(&b.lessons, &b.lessons.reclaimable, HIGH + 3, 0, 0, BUD_MT_UNKNOWN);
	bud_lessons_add(&b.lessons, &b.lessons.reclaimable, HIGH + 1, 0, 0, BUD_MT_UNKNOWN);
	begin(&b);
	const bud_seat_list *cache = &b.tenants.lists[zone_of(&b, NORMAL)->index][BUD_SEAT_CACHE];
	assert_int_equal(cache->pages, 2);
	/* In the order in which the trace's reclaim came to them. */
	assert_int_equal(cache->oldest, HIGH + 3);
	assert_int_equal(cache->newest, HIGH + 1);
	end(&b);
}

static void test_what_reclaim_freed_goes_first(void **state)
{
	begun b;
	(void)state;
	prepare(&b, "6.12.0", "6.12.0");
	b.setup.cache = &b.cache;
	bud_pageset_set_range(&b.cache, HIGH, 4);
	bud_lessons_add(&b.lessons, &b.lessons.reclaimable, HIGH + 2, 0, 0, BUD_MT_UNKNOWN);
	bud_lessons_add(&b.lessons, &b.lessons.reclaimable, HIGH + 64, 1, 0, BUD_MT_UNKNOWN);
	bud_lessons_add(&b.lessons, &b.lessons.movable, HIGH + 65, 0, 0, BUD_MT_UNKNOWN);
	bud_buddy_retype(&b.zones[NORMAL].buddy, HIGH, 9, SURE(UNMOVABLE));
	begin(&b);
	const bud_seat_list *cache = &b.tenants.lists[zone_of(&b, NORMAL)->index][BUD_SEAT_CACHE];
	assert_int_equal(cache->pages, 6);
	assert_int_equal(cache->oldest, HIGH + 2);
	assert_int_equal(cache->newest, HIGH + 3);
	/* What compaction moved in the trace can be moved. */
	assert_int_equal(tenant_of(&b, HIGH + 65)->flags & BUD_TENANT_MOVABLE, BUD_TENANT_MOVABLE);
	assert_int_equal(tenant_of(&b, HIGH + 64)->flags & BUD_TENANT_MOVABLE, 0);
	end(&b);
}

static void test_pages_on_per_cpu_lists(void **state)
{
	begun b;
	(void)state;
	prepare(&b, "6.12.0", "6.12.0");
	bud_zone_make_free_range(&b.zones[NORMAL], HIGH + 4096, HIGH_END);
	bud_lessons_add(&b.lessons, &b.lessons.drained, HIGH + 20, 0, 1, BUD_MT_MOVABLE);
	bud_lessons_add(&b.lessons, &b.lessons.cached, HIGH + 40, 0, 1, BUD_MT_MOVABLE);
	bud_lessons_add(&b.lessons, &b.lessons.cached, HIGH + 30, 0, 1, BUD_MT_MOVABLE);
	bud_lessons_add(&b.lessons, &b.lessons.cached, HIGH + 48, 2, 0, BUD_MT_UNKNOWN);
	/* Not what it seems: free, of no zone, of no CPU, out of line. */
	bud_lessons_add(&b.lessons, &b.lessons.cached, HIGH + 5000, 0, 0, BUD_MT_MOVABLE);
	bud_lessons_add(&b.lessons, &b.lessons.cached, HIGH + 4094, 2, 0, BUD_MT_MOVABLE);
	bud_lessons_add(&b.lessons, &b.lessons.cached, 1, 0, 0, BUD_MT_MOVABLE);
	bud_lessons_add(&b.lessons, &b.lessons.cached, HIGH + 10, 0, 9, BUD_MT_MOVABLE);
	bud_lessons_add(&b.lessons, &b.lessons.cached, HIGH + 13, 1, 0, BUD_MT_MOVABLE);
	begin(&b);
	const bud_machine_zone *z = zone_of(&b, NORMAL);
	assert_int_equal(z->pcp[0].count, 4);
	assert_int_equal(z->pcp[1].count, 3);
	assert_int_equal(bud_tenants_find(&b.tenants, HIGH + 30), NONE);
	assert_int_equal(bud_tenants_find(&b.tenants, HIGH + 13), HIGH + 13);
	assert_int_equal(bud_tenants_find(&b.tenants, HIGH + 10), HIGH + 10);
	/* Handed out in the order in which the trace did, what was drained in the end. */
	bud_request request = { .gfp = BUD_GFP_USER | BUD_GFP_MOVABLE, .cpu = 1, .node = -1 };
	assert_int_equal(bud_page_alloc(&b.machine, &request, NULL), HIGH + 40);
	assert_int_equal(bud_page_alloc(&b.machine, &request, NULL), HIGH + 30);
	assert_int_equal(bud_page_alloc(&b.machine, &request, NULL), HIGH + 20);
	end(&b);
}

static void test_without_per_cpu_lists_they_are_free(void **state)
{
	begun b;
	(void)state;
	/* To 5.13 only single pages live there; a huge page is larger than any block of this machine. */
	for (int which = 0; which < 3; which++) {
		prepare(&b, "6.12.0", which == 1 ? "5.10.0" : "6.12.0");
		if (which == 2)
			b.kernel.max_order = b.kernel.pageblock_order = 7;
		bud_lessons_add(&b.lessons, &b.lessons.cached, HIGH + 512, 9, 0, BUD_MT_MOVABLE);
		assert_int_equal(bud_startup_machine(&b.startup, &b.machine, &b.setup, NULL), BUD_OK);
		b.machine.no_pcp = which == 0;
		assert_int_equal(bud_tenants_init(&b.tenants, b.startup.names_end, b.startup.places_end, NULL), BUD_OK);
		assert_int_equal(bud_startup_pages(&b.startup, &b.machine, &b.tenants, &b.setup, NULL), BUD_OK);
		assert_int_equal(free_pages(&b, NORMAL), 512);
		assert_int_equal(zone_of(&b, NORMAL)->lists.area.nr_free[which == 2 ? 7 : 9], which == 2 ? 4 : 1);
		end(&b);
	}
}

static void test_a_machine_with_other_blocks(void **state)
{
	begun b;
	(void)state;
	static const int orders[][2] = { { 12, 9 }, { 9, 9 }, { 6, 6 }, { 10, 7 }, { 12, 11 }, { 1, 1 } };
	for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
		prepare(&b, "6.12.0", "6.12.0");
		b.kernel.max_order = orders[i][0];
		b.kernel.pageblock_order = orders[i][1];
		bud_zone_make_free_range(&b.zones[NORMAL], HIGH + 3, HIGH + 7000);
		begin(&b);
		assert_int_equal(free_pages(&b, NORMAL), 6997);
		const bud_free_area *area = &zone_of(&b, NORMAL)->lists.area;
		for (int k = 0; k < BUD_NR_ORDERS; k++)
			assert_true(k <= orders[i][0] || !area->nr_free[k]);
		/* From HIGH + 4096 on, as large as they may be. */
		assert_true(area->nr_free[orders[i][0] < 11 ? orders[i][0] : 11] > 0);
		end(&b);
	}
}

static void test_memory_taken_away_is_the_highest_that_is_free(void **state)
{
	begun b;
	(void)state;
	/* The last block that stays is cut, by whatever is needed. */
	static const unsigned less[] = { 1, 700, 1024, 1025, 3999, 4000 };
	for (size_t i = 0; i < sizeof less / sizeof *less; i++)
		for (int other = 0; other < 2; other++) {
			prepare(&b, "6.12.0", "6.12.0");
			b.kernel.max_order -= other;
			b.setup.more[NORMAL] = -(int64_t)less[i];
			bud_zone_make_free_range(&b.zones[NORMAL], HIGH + 1000, HIGH + 5000);
			begin(&b);
			assert_int_equal(free_pages(&b, NORMAL), 4000 - less[i]);
			assert_int_equal(zone_of(&b, NORMAL)->view->managed, 8192 - less[i]);
			const bud_freelist *l = &zone_of(&b, NORMAL)->lists;
			bud_pfn head, last = HIGH + 5000 - less[i] - 1;
			assert_true(last < HIGH + 1000 || bud_freelist_block_of(l, last, &head) >= 0);
			assert_true(bud_freelist_block_of(l, last + 1, &head) < 0);
			assert_false(bud_machine_is_used(zone_of(&b, NORMAL), last + 1, 0));
			assert_int_equal(tenant_of(&b, HIGH + 6000)->order, 0);
			end(&b);
		}
	bud_error err;
	prepare(&b, "6.12.0", "6.12.0");
	b.setup.more[DMA32] = -1;
	assert_int_equal(bud_startup_machine(&b.startup, &b.machine, &b.setup, &err), BUD_ERR_USAGE);
	assert_non_null(strstr(err.text, "node 0 DMA32"));
	end(&b);
}

static void test_more_memory_lies_behind_everything(void **state)
{
	begun b;
	(void)state;
	prepare(&b, "6.12.0", "6.12.0");
	b.setup.more[DMA32] = 1500;
	bud_zone_make_free(&b.zones[DMA32], LOW + 512, 9);
	bud_lessons_add(&b.lessons, &b.lessons.cached, LOW + 8, 0, 0, BUD_MT_MOVABLE);
	begin(&b);
	const bud_machine_zone *z = zone_of(&b, DMA32);
	assert_true(z->lists.start_pfn >= HIGH_END);
	assert_int_equal(z->view->managed, 2048 + 1500);
	assert_int_equal(free_pages(&b, DMA32), 512 + 1500);
	assert_int_equal(z->pcp[0].count, 1);
	/* Names are found where they live now, aligned as they were. */
	uint32_t place = bud_tenants_find(&b.tenants, LOW + 3);
	assert_true(bud_machine_is_used(z, place, 0));
	assert_int_equal(place & 1023, (LOW + 3) & 1023);
	assert_ptr_equal(bud_startup_zone_of(&b.startup, &b.machine, LOW + 3), z);
	assert_int_equal(z->lists.area.nr_free[9], b.zones[DMA32].buddy.nr_free[9]);
	/* The other stays where it was. */
	assert_int_equal(bud_tenants_find(&b.tenants, HIGH + 5), HIGH + 5);
	end(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_page_is_free_or_somebodys),
		cmocka_unit_test(test_types_and_order_of_free_blocks),
		cmocka_unit_test(test_who_can_move_and_what_is_cache),
		cmocka_unit_test(test_where_memory_ran_out_only_reclaim_tells_what_it_could_free),
		cmocka_unit_test(test_what_reclaim_freed_goes_first),
		cmocka_unit_test(test_pages_on_per_cpu_lists),
		cmocka_unit_test(test_without_per_cpu_lists_they_are_free),
		cmocka_unit_test(test_a_machine_with_other_blocks),
		cmocka_unit_test(test_memory_taken_away_is_the_highest_that_is_free),
		cmocka_unit_test(test_more_memory_lies_behind_everything),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
