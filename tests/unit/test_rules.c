/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Events out of the ordinary: gigantic folios, memory initialised late, contiguous ranges, edges of zones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/replay/rules.h"

#define FIRST 0x40000 /* of zone Normal's pages, a multiple of 2^18 */
#define PAGES 0x60000

typedef struct stage {
	bud_kernel kernel;
	bud_memory memory;
	bud_proofs proofs;
	bud_interrupts interrupts;
	bud_reduced reduced;
	bud_rules rules;
	bud_zone *zone;
} stage;

static int set_up(void **state)
{
	stage *s = calloc(1, sizeof *s);
	bud_snapshot snapshot;
	bud_kernel_init(&s->kernel, "6.12.1", "x86_64");
	bud_snapshot_init(&snapshot);
	bud_zone_info *info = bud_snapshot_add_zone(&snapshot, 0, "Normal");
	info->start_pfn = FIRST;
	info->spanned = PAGES;
	assert_int_equal(bud_memory_from_snapshot(&s->memory, &snapshot, &s->kernel, NULL), BUD_OK);
	bud_snapshot_fini(&snapshot);
	s->zone = &s->memory.zones[0];
	s->zone->seeded = s->zone->followed = true;
	bud_proofs_init(&s->proofs);
	bud_rules_init(&s->rules, &s->memory, &s->kernel, &s->proofs, &s->interrupts, &s->reduced, false);
	*state = s;
	return 0;
}

static int tear_down(void **state)
{
	stage *s = *state;
	bud_memory_fini(&s->memory);
	bud_proofs_fini(&s->proofs);
	free(s);
	return 0;
}

static void page_event(stage *s, bud_event_kind kind, bud_pfn pfn, int order)
{
	bud_event e = { .t_ns = 1, .kind = (uint8_t)kind, .order = (int8_t)order, .page = { .pfn = pfn } };
	assert_int_equal(bud_rules_apply(&s->rules, &e, 1, 1), 1);
}

/* __free_pages_ok takes orders above the largest block's, and cuts them (hugetlb's gigantic folios). */
static void test_a_gigantic_folio_is_freed_in_one_event(void **state)
{
	stage *s = *state;
	page_event(s, BUD_EV_FREE, FIRST, 18);
	assert_int_equal(s->zone->buddy.nr_free[10], 256);
	assert_int_equal(s->zone->buddy.free_pages, 1 << 18);
	page_event(s, BUD_EV_ALLOC, FIRST, 18);
	assert_int_equal(s->zone->buddy.free_pages, 0);
	assert_int_equal(s->zone->used_pages, 1 << 18);
}

/* What lies behind the zone's edge is not its: counted as odd, and left. */
static void test_a_free_over_the_edge_of_the_zone(void **state)
{
	stage *s = *state;
	page_event(s, BUD_EV_FREE, FIRST + PAGES - 0x20000, 18);
	assert_int_equal(s->zone->buddy.free_pages, 0x20000);
	assert_int_equal(s->rules.contradictions[BUD_CONTRA_NO_ZONE].count, 1);
	page_event(s, BUD_EV_FREE, FIRST + PAGES, 10);
	assert_int_equal(s->rules.contradictions[BUD_CONTRA_NO_ZONE].count, 2);
}

/* Pages nobody had named before come as frees of the largest order (deferred_free_pages, generic_online_page). */
static void test_memory_initialised_late_becomes_free(void **state)
{
	stage *s = *state;
	for (bud_pfn pfn = FIRST; pfn < FIRST + 0x8000; pfn += 1024)
		page_event(s, BUD_EV_FREE, pfn, 10);
	assert_int_equal(s->zone->buddy.nr_free[10], 32);
	for (int i = 0; i < BUD_NR_CONTRADICTIONS; i++)
		assert_int_equal(s->rules.contradictions[i].count, 0);
}

/* alloc_contig_range: a range found isolated leaves as it is, cut out of whatever blocks it lies in. */
static void test_a_contiguous_range_leaves(void **state)
{
	stage *s = *state;
	page_event(s, BUD_EV_FREE, FIRST, 12);
	bud_event e = {
		.t_ns = 2,
		.kind = BUD_EV_ISOLATE_FREE,
		.isolate = { .start_pfn = FIRST + 512, .end_pfn = FIRST + 1536, .nr_scanned = 1024, .nr_taken = 1024 }
	};
	assert_int_equal(bud_rules_apply(&s->rules, &e, 1, 2), 1);
	assert_int_equal(s->zone->buddy.free_pages, 4096 - 1024);
	assert_false(bud_buddy_page_is_free(&s->zone->buddy, FIRST + 512));
	assert_false(bud_buddy_page_is_free(&s->zone->buddy, FIRST + 1535));
	assert_int_equal(s->zone->buddy.nr_free[9], 2);
	assert_int_equal(s->zone->buddy.nr_free[10], 2);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_a_gigantic_folio_is_freed_in_one_event),
		TEST(test_a_free_over_the_edge_of_the_zone),
		TEST(test_memory_initialised_late_becomes_free),
		TEST(test_a_contiguous_range_leaves),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
