/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What events tell about migratetypes: short histories made by hand, for kernels of each kind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/replay/typecheck.h"
#include "lib/replay/typefit.h"
#include "lib/replay/types.h"

#define MIDDLE 8192 /* a page of zone DMA32 */

typedef struct story {
	bud_kernel kernel;
	bud_memory memory, start;
	bud_types *types;
	bud_zone *zone;
	bud_blocktypes *now, *first; /* of the zone, at present and at the start */
} story;

/* One zone that matters, with the pages [MIDDLE, MIDDLE + 2048) free. */
static void begin(story *s, const char *release)
{
	memset(s, 0, sizeof *s);
	bud_kernel_init(&s->kernel, release, "x86_64");
	assert_int_equal(bud_memory_assume(&s->start, &s->kernel, 4096, 20479, NULL), BUD_OK);
	bud_zone *zone = bud_memory_find(&s->start, 0, "DMA32");
	assert_non_null(zone);
	assert_true(bud_buddy_follow_types(&zone->buddy, &s->kernel));
	assert_true(bud_memory_copy(&s->memory, &s->start));
	s->zone = bud_memory_find(&s->memory, 0, "DMA32");
	assert_int_equal(bud_types_create(&s->types, &s->memory, &s->kernel, 2, NULL), BUD_OK);
	assert_int_equal(bud_types_begin(s->types, &s->start, NULL), BUD_OK);
	bud_zone_make_free_range(s->zone, MIDDLE, MIDDLE + 2048);
	s->now = s->zone->buddy.types;
	s->first = zone->buddy.types;
}

static void end(story *s)
{
	bud_types_destroy(s->types);
	bud_memory_fini(&s->memory);
	bud_memory_fini(&s->start);
}

static bool locked(story *s, bud_pfn pfn, int order, bud_migratetype type)
{
	bud_event e = { .kind = BUD_EV_ZONE_LOCKED,
			.order = (int8_t)order,
			.page = { .pfn = pfn, .migratetype = type } };
	bool surprise = bud_types_before(s->types, &e, s->zone, pfn, order);
	bud_zone_make_cached(s->zone, pfn, order);
	return surprise;
}

static bool drain(story *s, bud_pfn pfn, bud_migratetype type)
{
	bud_event e = { .kind = BUD_EV_PCPU_DRAIN, .page = { .pfn = pfn, .migratetype = type } };
	bool surprise = bud_types_before(s->types, &e, s->zone, pfn, 0);
	bud_zone_make_free(s->zone, pfn, 0);
	bud_types_drained(s->types, &e, s->zone, pfn);
	return surprise;
}

static bool extfrag(story *s, bud_pfn pfn, int fallback_order, bud_migratetype to, bud_migratetype from, bool owner)
{
	bud_event e = { .kind = BUD_EV_EXTFRAG, .extfrag = { pfn, fallback_order, to, from, owner } };
	bool surprise = false;
	if (s->kernel.extfrag_removes) {
		surprise = bud_types_before(s->types, &e, s->zone, pfn, 0);
		bud_zone_make_cached(s->zone, pfn, 0);
	} else {
		bud_types_fallback(s->types, &e, s->zone);
	}
	return surprise;
}

static bud_typing at(const bud_blocktypes *types, bud_pfn pfn)
{
	return bud_blocktypes_block(types, pfn);
}

static bud_typing sure(bud_migratetype type)
{
	return bud_typing_sure(type);
}

/* The first evidence holds since the start; what was merged with it is of its type. */
static void test_evidence_is_carried_back(void **state)
{
	(void)state;
	story s;
	begin(&s, "6.12.1");
	assert_false(locked(&s, MIDDLE, 0, BUD_MT_UNMOVABLE));
	assert_int_equal(at(s.now, MIDDLE + 512), sure(BUD_MT_UNMOVABLE));
	assert_int_equal(s.now->area.pages[BUD_MT_UNMOVABLE], 1023);
	/* The free block of order 10 came about when the zone was filled: both have the type of its last pageblock. */
	assert_int_equal(at(s.first, MIDDLE + 512), sure(BUD_MT_UNMOVABLE));
	assert_int_equal(at(s.first, MIDDLE + 1024), BUD_MT_MOVABLE);
	/* A second opinion is a surprise, and says nothing about the start. */
	locked(&s, MIDDLE + 1, 0, BUD_MT_RECLAIMABLE);
	assert_true(locked(&s, MIDDLE + 2, 0, BUD_MT_RECLAIMABLE));
	assert_int_equal(at(s.first, MIDDLE + 512), sure(BUD_MT_UNMOVABLE));
	end(&s);
}

/* A claim of 6.15: zone_locked with the new type, then extfrag about the same page with the old one. */
static void test_a_claim_below_a_pageblock(void **state)
{
	(void)state;
	story s;
	begin(&s, "6.18.1");
	bud_zone_make_used(s.zone, MIDDLE + 512, 8);
	locked(&s, MIDDLE + 512 + 256, 0, BUD_MT_UNMOVABLE);
	assert_false(extfrag(&s, MIDDLE + 512 + 256, 8, BUD_MT_UNMOVABLE, BUD_MT_RECLAIMABLE, true));
	assert_int_equal(at(s.now, MIDDLE + 512), sure(BUD_MT_UNMOVABLE));
	assert_int_equal(at(s.first, MIDDLE + 512), sure(BUD_MT_RECLAIMABLE));
	assert_int_equal(s.now->area.pages[BUD_MT_UNMOVABLE], 255);
	assert_false(locked(&s, MIDDLE + 512 + 257, 0, BUD_MT_UNMOVABLE));
	end(&s);
}

/* Of a pageblock and more only the extfrag tells, and all the block's pageblocks are claimed. */
static void test_a_claim_of_pageblocks(void **state)
{
	(void)state;
	story s;
	begin(&s, "6.18.1");
	extfrag(&s, MIDDLE, 10, BUD_MT_RECLAIMABLE, BUD_MT_MOVABLE, true);
	assert_int_equal(at(s.now, MIDDLE), sure(BUD_MT_RECLAIMABLE));
	assert_int_equal(at(s.now, MIDDLE + 512), sure(BUD_MT_RECLAIMABLE));
	assert_int_equal(s.now->area.pages[BUD_MT_RECLAIMABLE], 1023);
	end(&s);
}

static void test_a_steal_leaves_the_rest(void **state)
{
	(void)state;
	story s;
	begin(&s, "6.18.1");
	extfrag(&s, MIDDLE, 10, BUD_MT_UNMOVABLE, BUD_MT_RECLAIMABLE, false);
	assert_int_equal(s.now->area.pages[BUD_MT_RECLAIMABLE], 1023);
	assert_int_equal(s.now->area.pages[BUD_MT_UNMOVABLE], 0);
	end(&s);
}

/* steal_suitable_fallback to 6.9: which blocks move depends on the order and the type asked for, not on who owns. */
static void test_fallback_before_6_10(void **state)
{
	(void)state;
	static const struct {
		int order; /* of the block chosen; there is another of order 5 in its pageblock */
		bud_migratetype to;
		bool owner;
		uint64_t moved;
	} cases[] = {
		{ 4, BUD_MT_MOVABLE, false, 16 + 32 },
		{ 3, BUD_MT_MOVABLE, false, 8 },
		{ 3, BUD_MT_UNMOVABLE, false, 8 + 32 },
		{ 3, BUD_MT_UNMOVABLE, true, 8 + 32 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		story s;
		begin(&s, "6.1.1");
		bud_zone_make_used_range(s.zone, MIDDLE, MIDDLE + 2048);
		bud_zone_make_free(s.zone, MIDDLE, cases[i].order);
		bud_zone_make_free(s.zone, MIDDLE + 64, 5);
		extfrag(&s, MIDDLE, cases[i].order, cases[i].to, BUD_MT_RECLAIMABLE, cases[i].owner);
		assert_int_equal(at(s.first, MIDDLE), sure(BUD_MT_RECLAIMABLE));
		assert_int_equal(at(s.now, MIDDLE), sure(cases[i].owner ? cases[i].to : BUD_MT_RECLAIMABLE));
		uint64_t known = 0;
		known = bud_blocktypes_sure_pages(s.now, cases[i].to);
		assert_int_equal(known, cases[i].moved);
		end(&s);
	}
}

/* To 6.9 a page is drained to the list it was noted for; since then to its pageblock's. */
static void test_drains(void **state)
{
	(void)state;
	story s;
	begin(&s, "6.1.1");
	bud_zone_make_used_range(s.zone, MIDDLE, MIDDLE + 512);
	drain(&s, MIDDLE, BUD_MT_UNMOVABLE);
	drain(&s, MIDDLE + 2, BUD_MT_RECLAIMABLE);
	assert_int_equal(s.now->area.nr[BUD_MT_UNMOVABLE][0], 1);
	assert_int_equal(s.now->area.nr[BUD_MT_RECLAIMABLE][0], 1);
	assert_int_equal(at(s.now, MIDDLE), sure(BUD_MT_UNMOVABLE));
	end(&s);
	begin(&s, "6.12.1");
	bud_zone_make_used_range(s.zone, MIDDLE, MIDDLE + 512);
	drain(&s, MIDDLE, BUD_MT_UNMOVABLE);
	assert_true(drain(&s, MIDDLE + 2, BUD_MT_RECLAIMABLE));
	assert_int_equal(s.now->area.nr[BUD_MT_RECLAIMABLE][0], 2);
	end(&s);
}

/* Behind a gap evidence counts from there on only; of the start it makes a guess. */
static void test_a_gap(void **state)
{
	(void)state;
	story s;
	begin(&s, "6.12.1");
	locked(&s, MIDDLE, 0, BUD_MT_UNMOVABLE);
	bud_types_lose(s.types);
	assert_int_equal(at(s.now, MIDDLE), BUD_MT_UNMOVABLE);
	locked(&s, MIDDLE + 1024, 0, BUD_MT_RECLAIMABLE);
	assert_int_equal(at(s.now, MIDDLE + 1024), sure(BUD_MT_RECLAIMABLE));
	assert_int_equal(at(s.first, MIDDLE + 1024 + 512), BUD_MT_RECLAIMABLE);
	end(&s);
}

static void test_nonsense_is_ignored(void **state)
{
	(void)state;
	story s;
	bud_event e = { .kind = BUD_EV_EXTFRAG, .cpu = 9, .extfrag = { MIDDLE, 99, 1, 0, 1 } };
	begin(&s, "6.12.1");
	assert_false(locked(&s, MIDDLE, 0, (bud_migratetype)7));
	assert_false(drain(&s, MIDDLE, (bud_migratetype)-1));
	bud_types_before(s.types, &e, s.zone, MIDDLE, 0);
	assert_int_equal(at(s.now, MIDDLE), sure(BUD_MT_MOVABLE));
	end(&s);
	begin(&s, "5.10.1");
	bud_types_fallback(s.types, &e, s.zone);
	assert_int_equal(s.now->area.pages[BUD_MT_MOVABLE], 2048);
	end(&s);
}

/* What the kernel counts beyond what is known is shared out; an order of one type alone leaves no doubt. */
static void test_the_first_count_fills_in(void **state)
{
	(void)state;
	story s;
	bud_snapshot snapshot = { 0 };
	begin(&s, "6.12.1");
	bud_zone_make_used_range(s.zone, MIDDLE + 1024, MIDDLE + 2048);
	bud_zone_make_free(s.zone, MIDDLE + 1024, 5);
	bud_zone_make_free(s.zone, MIDDLE + 1536, 5);
	bud_zone_info *kernel = bud_snapshot_add_zone(&snapshot, 0, "DMA32");
	assert_non_null(kernel);
	kernel->has_pagetypeinfo = true;
	kernel->nr_free_type[BUD_MT_MOVABLE][10] = 1;
	kernel->nr_free_type[BUD_MT_MOVABLE][5] = 1;
	kernel->nr_free_type[BUD_MT_UNMOVABLE][5] = 1;
	kernel->pageblocks[BUD_MT_MOVABLE] = s.now->nr_blocks - 1;
	kernel->pageblocks[BUD_MT_UNMOVABLE] = 1;
	bud_typefit_zone(s.zone, bud_memory_find(&s.start, 0, "DMA32"), kernel);
	assert_int_equal(at(s.now, MIDDLE), sure(BUD_MT_MOVABLE));
	assert_int_equal(at(s.first, MIDDLE), sure(BUD_MT_MOVABLE));
	assert_int_equal(s.now->area.nr[BUD_MT_UNMOVABLE][5], 1);
	assert_int_equal(s.now->area.nr[BUD_MT_MOVABLE][5], 1);
	assert_int_equal(bud_blocktypes_sure_pages(s.now, BUD_MT_UNMOVABLE), 0);
	bud_snapshot_fini(&snapshot);
	end(&s);
}

/* Holes and memory not initialised yet: pagetypeinfo passes over them. */
static void test_pageblocks_the_kernel_does_not_count(void **state)
{
	(void)state;
	story s;
	bud_typecheck check;
	bud_typecheck_sum sum = { 0 };
	bud_snapshot snapshot = { .nr_orders = 11 };
	bud_zone_info kernel = { .pageblocks = { [BUD_MT_UNMOVABLE] = 2, [BUD_MT_MOVABLE] = 3 } };
	begin(&s, "6.12.0");
	s.zone->seeded = true;
	locked(&s, MIDDLE, 0, BUD_MT_UNMOVABLE);
	bud_typecheck_take(&check, &snapshot, &kernel, s.zone);
	assert_int_equal(check.pageblocks[BUD_MT_UNMOVABLE], 2);
	assert_int_equal(check.pageblocks[BUD_MT_MOVABLE], 3); /* two with free pages, and one of the rest */
	bud_typecheck_add(&sum, &check, BUD_MT_UNKNOWN);
	assert_int_equal(sum.pageblocks, 5);
	assert_int_equal(sum.right_pageblocks, 5);

	kernel.pageblocks[BUD_MT_MOVABLE] = 1; /* fewer than are known to be there */
	kernel.pageblocks[BUD_MT_UNMOVABLE] = 3;
	sum = (bud_typecheck_sum){ 0 };
	bud_typecheck_take(&check, &snapshot, &kernel, s.zone);
	bud_typecheck_add(&sum, &check, BUD_MT_UNKNOWN);
	assert_int_equal(check.pageblocks[BUD_MT_MOVABLE], 2);
	assert_int_equal(sum.pageblocks, 4);
	assert_int_equal(sum.right_pageblocks, 3);
	end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_evidence_is_carried_back),
		cmocka_unit_test(test_a_claim_below_a_pageblock),
		cmocka_unit_test(test_a_claim_of_pageblocks),
		cmocka_unit_test(test_a_steal_leaves_the_rest),
		cmocka_unit_test(test_fallback_before_6_10),
		cmocka_unit_test(test_drains),
		cmocka_unit_test(test_a_gap),
		cmocka_unit_test(test_nonsense_is_ignored),
		cmocka_unit_test(test_the_first_count_fills_in),
		cmocka_unit_test(test_pageblocks_the_kernel_does_not_count),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
