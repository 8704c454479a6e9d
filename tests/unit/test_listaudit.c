/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the audit asks about lists, and how it judges: short histories made by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/insight/listaudit.h"

#define MIDDLE 8192 /* a page of zone DMA32 */

typedef struct story {
	bud_kernel kernel;
	bud_memory memory;
	bud_zone *zone;
	bud_tally tally;
	bud_listaudit audit;
} story;

static void begin(story *s, const char *release)
{
	memset(s, 0, sizeof *s);
	bud_kernel_init(&s->kernel, release, "x86_64");
	assert_int_equal(bud_memory_assume(&s->memory, &s->kernel, 4096, 20479, NULL), BUD_OK);
	s->zone = bud_memory_find(&s->memory, 0, "DMA32");
	assert_true(bud_buddy_follow_types(&s->zone->buddy, &s->kernel));
	s->zone->seeded = true;
	assert_int_equal(bud_tally_init(&s->tally, NULL), BUD_OK);
	assert_int_equal(bud_listaudit_init(&s->audit, &s->kernel, &s->memory, 2, &s->tally, NULL), BUD_OK);
}

static void end(story *s)
{
	bud_listaudit_fini(&s->audit);
	bud_tally_fini(&s->tally);
	bud_memory_fini(&s->memory);
}

/* A free block on the list of that type; its pageblock is of it, too. */
static void put(story *s, bud_pfn pfn, int order, bud_migratetype type)
{
	bud_buddy_retype(&s->zone->buddy, pfn, order, bud_typing_sure(type));
	bud_zone_make_free(s->zone, pfn, order);
}

static void locked(story *s, bud_pfn pfn, int order, bud_migratetype type)
{
	bud_event e = { .kind = BUD_EV_ZONE_LOCKED,
			.order = (int8_t)order,
			.page = { .pfn = pfn, .migratetype = type } };
	bud_listaudit_event(&s->audit, &e);
	bud_zone_make_cached(s->zone, pfn, order);
}

static void extfrag(story *s, bud_pfn pfn, int order, int from_order, bud_migratetype to, bud_migratetype from,
		    bool owner)
{
	bud_event e = { .kind = BUD_EV_EXTFRAG,
			.order = (int8_t)order,
			.extfrag = { pfn, from_order, to, from, owner } };
	bud_listaudit_event(&s->audit, &e);
}

static void drained(story *s, bud_pfn pfn)
{
	bud_event e = { .kind = BUD_EV_PCPU_DRAIN, .page = { .pfn = pfn } };
	bud_listaudit_event(&s->audit, &e);
}

static void expect(story *s, bud_question q, uint64_t asked, uint64_t agreed, uint64_t undecided)
{
	assert_int_equal(s->tally.answers[q].asked, asked);
	assert_int_equal(s->tally.answers[q].agreed, agreed);
	assert_int_equal(s->tally.answers[q].undecided, undecided);
}

static void test_the_smallest_block_is_split(void **state)
{
	(void)state;
	story s;
	begin(&s, "6.12.1");
	put(&s, MIDDLE, 3, BUD_MT_MOVABLE);
	put(&s, MIDDLE + 1024, 10, BUD_MT_MOVABLE);
	locked(&s, MIDDLE, 0, BUD_MT_MOVABLE);
	expect(&s, BUD_ASK_SPLIT_ORDER, 0, 0, 0); /* an extfrag may follow */
	locked(&s, MIDDLE + 1, 0, BUD_MT_MOVABLE);
	expect(&s, BUD_ASK_SPLIT_ORDER, 1, 1, 0);
	bud_listaudit_end(&s.audit);
	expect(&s, BUD_ASK_SPLIT_ORDER, 2, 2, 0);
	expect(&s, BUD_ASK_LOWEST_PAGE, 2, 2, 0);
	expect(&s, BUD_ASK_OWN_LIST, 0, 0, 0);
	end(&s);
}

/* A block held free that the kernel passes over again and again is one root. */
static void test_a_block_passed_over_is_one_root(void **state)
{
	(void)state;
	story s;
	begin(&s, "6.12.1");
	put(&s, MIDDLE, 2, BUD_MT_MOVABLE);
	put(&s, MIDDLE + 1024, 10, BUD_MT_MOVABLE);
	for (int i = 0; i < 3; i++)
		locked(&s, MIDDLE + 1024 + 8 * (bud_pfn)i, 2, BUD_MT_MOVABLE);
	bud_listaudit_end(&s.audit);
	expect(&s, BUD_ASK_SPLIT_ORDER, 3, 0, 0);
	expect(&s, BUD_ASK_LOWEST_PAGE, 3, 3, 0);
	assert_int_equal(s.tally.nr_roots, 1);
	assert_int_equal(s.tally.roots[0].count, 3);
	assert_int_equal(s.tally.roots[0].pfn, MIDDLE);
	assert_int_equal(s.tally.roots[0].order, 2);
	locked(&s, MIDDLE + 1, 0, BUD_MT_MOVABLE);
	bud_listaudit_end(&s.audit);
	bud_tally_sort(&s.tally);
	expect(&s, BUD_ASK_SPLIT_ORDER, 4, 1, 0);
	expect(&s, BUD_ASK_LOWEST_PAGE, 4, 3, 0);
	assert_int_equal(s.tally.roots[1].question, BUD_ASK_LOWEST_PAGE);
	end(&s);
}

/* Another type than the block's, nothing on the list at all, a page that is not free. */
static void test_wrong_lists(void **state)
{
	(void)state;
	story s;
	begin(&s, "6.12.1");
	put(&s, MIDDLE, 3, BUD_MT_MOVABLE);
	put(&s, MIDDLE + 1024, 3, BUD_MT_UNMOVABLE);
	locked(&s, MIDDLE, 3, BUD_MT_UNMOVABLE);
	locked(&s, MIDDLE + 1024, 3, BUD_MT_RECLAIMABLE);
	locked(&s, MIDDLE + 512, 0, BUD_MT_MOVABLE);
	bud_listaudit_end(&s.audit);
	expect(&s, BUD_ASK_SPLIT_ORDER, 3, 0, 0);
	/* False alarms: the list was held empty, and no extfrag came. */
	expect(&s, BUD_ASK_OWN_LIST, 2, 0, 0);
	end(&s);
}

/* 6.15: the zone_locked of a claim is the extfrag's business. */
static void test_a_claim(void **state)
{
	(void)state;
	story s;
	begin(&s, "6.18.1");
	put(&s, MIDDLE, 8, BUD_MT_RECLAIMABLE);
	put(&s, MIDDLE + 512, 5, BUD_MT_MOVABLE);
	locked(&s, MIDDLE, 0, BUD_MT_UNMOVABLE);
	extfrag(&s, MIDDLE, 0, 8, BUD_MT_UNMOVABLE, BUD_MT_RECLAIMABLE, true);
	bud_listaudit_end(&s.audit);
	expect(&s, BUD_ASK_SPLIT_ORDER, 0, 0, 0);
	expect(&s, BUD_ASK_OWN_LIST, 1, 1, 0);
	expect(&s, BUD_ASK_FALLBACK, 1, 1, 0);
	expect(&s, BUD_ASK_CLAIM, 1, 1, 0);
	end(&s);
}

/* Whether a smaller pageblock is claimed depends on pages nobody tells of; what lies below it is then undecided. */
static void test_conditional_claims_are_undecided(void **state)
{
	(void)state;
	story s;
	begin(&s, "6.18.1");
	put(&s, MIDDLE, 6, BUD_MT_MOVABLE);
	put(&s, MIDDLE + 512, 5, BUD_MT_RECLAIMABLE);
	locked(&s, MIDDLE + 512, 0, BUD_MT_UNMOVABLE);
	extfrag(&s, MIDDLE + 512, 0, 5, BUD_MT_UNMOVABLE, BUD_MT_RECLAIMABLE, true);
	expect(&s, BUD_ASK_FALLBACK, 0, 0, 1);
	/* Stolen although it might have been claimed. */
	extfrag(&s, MIDDLE + 513, 0, 0, BUD_MT_UNMOVABLE, BUD_MT_RECLAIMABLE, false);
	expect(&s, BUD_ASK_CLAIM, 1, 1, 1);
	end(&s);
}

static void test_a_steal_takes_the_smallest(void **state)
{
	(void)state;
	story s;
	begin(&s, "6.18.1");
	put(&s, MIDDLE, 1, BUD_MT_UNMOVABLE);
	put(&s, MIDDLE + 512, 2, BUD_MT_RECLAIMABLE);
	extfrag(&s, MIDDLE, 0, 1, BUD_MT_MOVABLE, BUD_MT_UNMOVABLE, false);
	expect(&s, BUD_ASK_FALLBACK, 1, 1, 0);
	expect(&s, BUD_ASK_CLAIM, 1, 1, 0);
	extfrag(&s, MIDDLE + 512, 0, 2, BUD_MT_MOVABLE, BUD_MT_RECLAIMABLE, false);
	expect(&s, BUD_ASK_FALLBACK, 2, 1, 0);
	assert_int_equal(s.tally.roots[0].pfn, MIDDLE);
	end(&s);
}

/* Compaction that captures a block tells with an extfrag as well: its last page is freed just then. */
static void test_a_capture_is_no_fallback(void **state)
{
	(void)state;
	story s;
	begin(&s, "6.18.1");
	put(&s, MIDDLE + 1, 0, BUD_MT_UNMOVABLE);
	put(&s, MIDDLE + 1024, 3, BUD_MT_MOVABLE);
	extfrag(&s, MIDDLE, 1, 1, BUD_MT_MOVABLE, BUD_MT_UNMOVABLE, false);
	drained(&s, MIDDLE);
	expect(&s, BUD_ASK_OWN_LIST, 0, 0, 0);
	extfrag(&s, MIDDLE, 1, 1, BUD_MT_MOVABLE, BUD_MT_UNMOVABLE, false);
	drained(&s, MIDDLE + 64);
	expect(&s, BUD_ASK_OWN_LIST, 1, 0, 0);
	end(&s);
}

/* To 6.9 the fallback comes first, the largest block unless a movable page can do with less. */
static void test_fallback_before_6_10(void **state)
{
	(void)state;
	story s;
	begin(&s, "6.1.1");
	put(&s, MIDDLE, 7, BUD_MT_RECLAIMABLE);
	bud_buddy_relist(&s.zone->buddy, MIDDLE, bud_typing_sure(BUD_MT_RECLAIMABLE));
	extfrag(&s, MIDDLE, 0, 7, BUD_MT_UNMOVABLE, BUD_MT_RECLAIMABLE, false);
	expect(&s, BUD_ASK_FALLBACK, 1, 1, 0);
	expect(&s, BUD_ASK_CLAIM, 0, 0, 0);
	extfrag(&s, MIDDLE, 0, 6, BUD_MT_UNMOVABLE, BUD_MT_RECLAIMABLE, false);
	expect(&s, BUD_ASK_FALLBACK, 2, 1, 0);
	end(&s);
}

static void test_nothing_is_decided_behind_a_gap(void **state)
{
	(void)state;
	story s;
	begin(&s, "6.12.1");
	put(&s, MIDDLE, 3, BUD_MT_MOVABLE);
	bud_zone_lose_certainty(s.zone);
	locked(&s, MIDDLE, 0, BUD_MT_MOVABLE);
	locked(&s, BUD_PFN_MAX - 1, 0, BUD_MT_MOVABLE);
	extfrag(&s, MIDDLE + 1, 0, 3, BUD_MT_UNMOVABLE, BUD_MT_MOVABLE, false);
	bud_listaudit_end(&s.audit);
	expect(&s, BUD_ASK_SPLIT_ORDER, 0, 0, 2);
	expect(&s, BUD_ASK_OWN_LIST, 0, 0, 1);
	end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_smallest_block_is_split),
		cmocka_unit_test(test_a_block_passed_over_is_one_root),
		cmocka_unit_test(test_wrong_lists),
		cmocka_unit_test(test_a_claim),
		cmocka_unit_test(test_conditional_claims_are_undecided),
		cmocka_unit_test(test_a_steal_takes_the_smallest),
		cmocka_unit_test(test_a_capture_is_no_fallback),
		cmocka_unit_test(test_fallback_before_6_10),
		cmocka_unit_test(test_nothing_is_decided_behind_a_gap),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
