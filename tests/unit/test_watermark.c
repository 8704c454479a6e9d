/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Watermarks: measured vectors. What zoneinfo says at every snapshot of the captures: tests/checks/settings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/memory/watermark.h"

static bud_kernel kernel_of(const char *release)
{
	bud_kernel kernel;
	bud_kernel_init(&kernel, release, "x86_64");
	return kernel;
}

static void assert_marks(const bud_wmark_zone *zone, uint64_t min, uint64_t low, uint64_t high, uint64_t promo)
{
	assert_int_equal(zone->marks.min, min);
	assert_int_equal(zone->marks.low, low);
	assert_int_equal(zone->marks.high, high);
	assert_int_equal(zone->marks.promo, promo);
}

static void test_marks_of_a_machine(void **state)
{
	(void)state;
	bud_kernel kernel = kernel_of("6.18.0");
	bud_wmark_zone zones[] = {
		{ .type = BUD_ZONE_DMA, .managed = 3840 },
		{ .type = BUD_ZONE_DMA32, .managed = 772915 },
		{ .type = BUD_ZONE_NORMAL, .managed = 458752 },
		{ .type = BUD_ZONE_MOVABLE, .managed = 0 },
	};
	bud_watermark_compute(zones, 4, &kernel, 67584, 10);
	assert_marks(&zones[0], 52, 65, 78, 91);
	assert_marks(&zones[1], 10569, 13211, 15853, 18495);
	assert_marks(&zones[2], 6273, 7841, 9409, 10977);
	assert_marks(&zones[3], 32, 32, 32, 32);
	zones[2].managed = 1933312; /* the zone grew */
	bud_watermark_compute(zones, 4, &kernel, 67584, 10);
	assert_marks(&zones[0], 23, 28, 33, 38);
	assert_marks(&zones[1], 4818, 6022, 7226, 8430);
	assert_marks(&zones[2], 12053, 15066, 18079, 21092);
}

static void test_marks_by_formula(void **state)
{
	(void)state;
	bud_kernel kernel = kernel_of("6.18.0");
	bud_wmark_zone one = { .type = BUD_ZONE_NORMAL, .managed = 262144 };
	bud_watermark_compute(&one, 1, &kernel, 4096, 10);
	assert_marks(&one, 1024, 1286, 1548, 1810);
	one.managed = 4194304;
	bud_watermark_compute(&one, 1, &kernel, 16384, 10);
	assert_marks(&one, 4096, 8290, 12484, 16678);
	bud_watermark_compute(&one, 1, &kernel, 16384, 100);
	assert_marks(&one, 4096, 46039, 87982, 129925);
	bud_wmark_zone three[] = {
		{ .type = BUD_ZONE_DMA, .managed = 3840 },
		{ .type = BUD_ZONE_DMA32, .managed = 765952 },
		{ .type = BUD_ZONE_NORMAL, .managed = 262144 },
	};
	bud_watermark_compute(three, 3, &kernel, 8192, 10);
	assert_marks(&three[0], 7, 10, 13, 16);
	assert_marks(&three[1], 1520, 2285, 3050, 3815);
	assert_marks(&three[2], 520, 782, 1044, 1306);
	bud_watermark_compute(three, 0, &kernel, 8192, 10);
}

static void test_movable_shares_to_6_1(void **state)
{
	(void)state;
	bud_kernel old = kernel_of("6.1.0"), new = kernel_of("6.6.0");
	bud_wmark_zone zones[] = {
		{ .type = BUD_ZONE_NORMAL, .managed = 100000 },
		{ .type = BUD_ZONE_MOVABLE, .managed = 100000 },
	};
	bud_watermark_compute(zones, 2, &old, 8192, 10);
	assert_int_equal(zones[0].marks.min, 1024);
	assert_int_equal(zones[1].marks.min, 1024);
	bud_watermark_compute(zones, 2, &new, 8192, 10);
	assert_int_equal(zones[0].marks.min, 2048);
	assert_marks(&zones[1], 97, 97 + 512, 97 + 1024, 97 + 1536);
}

static void test_a_boost_is_baked_in_by_5_4(void **state)
{
	(void)state;
	bud_kernel old = kernel_of("5.4.0"), new = kernel_of("5.10.0");
	bud_wmark_zone zone = { .type = BUD_ZONE_NORMAL, .managed = 262144, .boost = 512 };
	bud_watermark_compute(&zone, 1, &new, 4096, 10);
	assert_marks(&zone, 1024, 1286, 1548, 1810);
	bud_watermark_compute(&zone, 1, &old, 4096, 10);
	assert_marks(&zone, 1024, 1798, 2060, 2322);
}

static void test_min_free_kbytes(void **state)
{
	(void)state;
	bud_kernel old = kernel_of("5.4.0"), new = kernel_of("5.10.0");
	assert_int_equal(bud_watermark_min_free_kib(&new, 16777216), 16384);
	assert_int_equal(bud_watermark_min_free_kib(&new, 16777215), 16383);
	assert_int_equal(bud_watermark_min_free_kib(&new, 100), 128);
	assert_int_equal(bud_watermark_min_free_kib(&old, (uint64_t)1 << 32), 65536);
	assert_int_equal(bud_watermark_min_free_kib(&new, (uint64_t)1 << 34), 262144);
}

static void test_lowmem_reserve(void **state)
{
	(void)state;
	bud_kernel kernel = kernel_of("6.18.0");
	bud_wmark_zone zones[] = {
		{ .type = BUD_ZONE_DMA, .managed = 3840 },
		{ .type = BUD_ZONE_DMA32, .managed = 772915 },
		{ .type = BUD_ZONE_NORMAL, .managed = 458752 },
		{ .type = BUD_ZONE_MOVABLE },
		{ .node = 1, .type = BUD_ZONE_NORMAL, .managed = 999999 },
	};
	bud_watermark_reserve(zones, 5, &kernel, bud_watermark_default_ratio);
	assert_int_equal(zones[0].reserve[BUD_ZONE_DMA], 0);
	assert_int_equal(zones[0].reserve[BUD_ZONE_DMA32], 3019);
	assert_int_equal(zones[0].reserve[BUD_ZONE_NORMAL], 4811);
	assert_int_equal(zones[0].reserve[BUD_ZONE_DEVICE], 4811);
	assert_int_equal(zones[1].reserve[BUD_ZONE_NORMAL], 1792);
	assert_int_equal(zones[1].reserve[BUD_ZONE_DMA32], 0);
	assert_int_equal(zones[2].reserve[BUD_ZONE_MOVABLE], 0);
	zones[2].managed = 1933312;
	bud_watermark_reserve(zones, 5, &kernel, bud_watermark_default_ratio);
	assert_int_equal(zones[0].reserve[BUD_ZONE_MOVABLE], 10571);
	assert_int_equal(zones[1].reserve[BUD_ZONE_NORMAL], 7552);
	/* A ratio of 0 ends it. */
	const unsigned ratio[BUD_NR_ZONE_TYPES] = { [BUD_ZONE_DMA] = 0, [BUD_ZONE_DMA32] = 256 };
	bud_watermark_reserve(zones, 5, &kernel, ratio);
	assert_int_equal(zones[0].reserve[BUD_ZONE_NORMAL], 0);
	assert_int_equal(zones[1].reserve[BUD_ZONE_NORMAL], 7552);
}

static void test_5_10_leaves_out_zones_without_ratio(void **state)
{
	(void)state;
	bud_kernel quirk = kernel_of("5.10.0"), plain = kernel_of("5.15.0");
	bud_wmark_zone zones[] = {
		{ .type = BUD_ZONE_NORMAL, .managed = 64000 },
		{ .type = BUD_ZONE_MOVABLE, .managed = 32000 },
		{ .type = BUD_ZONE_DEVICE, .managed = 3200 },
	};
	bud_watermark_reserve(zones, 3, &quirk, bud_watermark_default_ratio);
	assert_int_equal(zones[0].reserve[BUD_ZONE_MOVABLE], 1000);
	assert_int_equal(zones[0].reserve[BUD_ZONE_DEVICE], 100);
	bud_watermark_reserve(zones, 3, &plain, bud_watermark_default_ratio);
	assert_int_equal(zones[0].reserve[BUD_ZONE_DEVICE], 1100);
}

static void test_boost(void **state)
{
	(void)state;
	const bud_wmarks marks = { 1000, 1250, 1500, 1750 };
	assert_int_equal(bud_watermark_boost(0, &marks, 100000, 15000, 9), 512);
	assert_int_equal(bud_watermark_boost(2048, &marks, 100000, 15000, 9), 2250);
	assert_int_equal(bud_watermark_boost(2250, &marks, 100000, 15000, 9), 2250);
	assert_int_equal(bud_watermark_boost(0, &marks, 100000, 0, 9), 0);
	assert_int_equal(bud_watermark_boost(0, &marks, 2047, 15000, 9), 0);
	assert_int_equal(bud_watermark_boost(0, &(bud_wmarks){ 0 }, 100000, 15000, 9), 0);
	assert_int_equal(bud_watermark_boost(0, &(bud_wmarks){ .high = 100 }, 100000, 15000, 9), 512);
}

typedef struct wmark_case {
	const char *release;
	uint64_t free;
	unsigned flags;
	int order;
	int block_order; /* of one block there is, or -1: any number of all */
	bud_migratetype block_type;
	uint64_t reserve, highatomic;
	bool pass;
} wmark_case;

enum {
	LOW = BUD_ALLOC_WMARK_LOW,
	HIGH_BIT = BUD_ALLOC_MIN_RESERVE,
	NB = BUD_ALLOC_NON_BLOCK,
	OOM = BUD_ALLOC_OOM,
	HA = BUD_ALLOC_HIGHATOMIC,
	CMA = BUD_ALLOC_CMA,
};

static const wmark_case wmark_cases[] = {
	{ "6.12.0", 1250, LOW, 0, -1, 0, 0, 0, false },
	{ "6.12.0", 1251, LOW, 0, -1, 0, 0, 0, true },
	{ "6.12.0", 1257, LOW, 3, 3, BUD_MT_UNMOVABLE, 0, 0, false },
	{ "6.12.0", 1258, LOW, 3, 3, BUD_MT_UNMOVABLE, 0, 0, true },
	{ "6.12.0", 5000, LOW, 3, 2, BUD_MT_UNMOVABLE, 0, 0, false },
	{ "6.12.0", 5000, LOW, 3, 4, BUD_MT_CMA, 0, 0, false },
	{ "6.12.0", 5000, LOW | CMA, 3, 4, BUD_MT_CMA, 0, 0, true },
	{ "6.12.0", 5000, LOW, 3, 4, BUD_MT_HIGHATOMIC, 0, 0, false },
	{ "6.12.0", 5000, LOW | HA, 3, 4, BUD_MT_HIGHATOMIC, 0, 0, true },
	{ "6.12.0", 5000, LOW | OOM, 3, 4, BUD_MT_HIGHATOMIC, 0, 0, true },
	{ "6.12.0", 5000, LOW | NB, 3, 4, BUD_MT_HIGHATOMIC, 0, 0, false },
	{ "6.1.0", 5000, LOW | NB, 3, 4, BUD_MT_HIGHATOMIC, 0, 0, false },
	{ "5.15.0", 5000, LOW | NB, 3, 4, BUD_MT_HIGHATOMIC, 0, 0, true },
	{ "6.12.0", 5000, LOW, 3, 4, BUD_MT_ISOLATE, 0, 0, false },
	{ "6.12.0", 501, HIGH_BIT, 0, -1, 0, 0, 0, true },
	{ "6.12.0", 500, HIGH_BIT, 0, -1, 0, 0, 0, false },
	{ "5.10.0", 501, HIGH_BIT, 0, -1, 0, 0, 0, true },
	{ "5.10.0", 500, HIGH_BIT, 0, -1, 0, 0, 0, false },
	{ "6.12.0", 376, HIGH_BIT | NB, 0, -1, 0, 0, 0, true },
	{ "6.12.0", 375, HIGH_BIT | NB, 0, -1, 0, 0, 0, false },
	{ "4.19.0", 376, HIGH_BIT | NB, 0, -1, 0, 0, 0, true },
	{ "4.19.0", 375, HIGH_BIT | NB, 0, -1, 0, 0, 0, false },
	{ "5.10.0", 751, NB, 0, -1, 0, 0, 0, true },
	{ "5.10.0", 750, NB, 0, -1, 0, 0, 0, false },
	{ "6.6.0", 1001, NB, 0, -1, 0, 0, 0, true },
	{ "6.6.0", 1000, NB, 0, -1, 0, 0, 0, false },
	{ "6.12.0", 501, OOM, 0, -1, 0, 0, 0, true },
	{ "6.12.0", 500, OOM, 0, -1, 0, 0, 0, false },
	{ "5.10.0", 501, OOM | NB, 0, -1, 0, 0, 0, true }, /* instead of HARDER's quarter */
	{ "5.10.0", 500, OOM | NB, 0, -1, 0, 0, 0, false },
	{ "6.12.0", 1600, LOW, 0, -1, 0, 400, 0, false },
	{ "6.12.0", 1651, LOW, 0, -1, 0, 400, 0, true },
	/* The reserve for high-order atomic requests is out of reach, even when it is used up: before 6.12. */
	{ "6.6.0", 1700, LOW, 0, -1, 0, 0, 512, false },
	{ "6.6.0", 1763, LOW, 0, -1, 0, 0, 512, true },
	{ "6.6.0", 1251, LOW | NB, 0, -1, 0, 0, 512, true },
	{ "5.10.0", 1251, LOW | HIGH_BIT, 0, -1, 0, 0, 512, true },
	{ "5.10.0", 1130, LOW | HIGH_BIT, 0, -1, 0, 0, 512, false },
	{ "6.12.0", 1251, LOW, 0, -1, 0, 0, 512, true },
};

static void test_watermark_questions(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof wmark_cases / sizeof *wmark_cases; i++) {
		const wmark_case *c = &wmark_cases[i];
		bud_kernel kernel = kernel_of(c->release);
		bud_free_area area = { 0 };
		uint64_t marks[] = { 1000, 1250, 1500 };
		if (c->block_order >= 0) {
			bud_free_area_add(&area, c->block_order, c->block_type);
			area.pages[BUD_MT_CMA] = 0; /* only the lists are asked about */
		}
		bud_wmark_test test = { .area = &area,
					.free = c->free,
					.reserve = c->reserve,
					.highatomic_reserved = c->highatomic,
					.min_unboosted = 1000 };
		uint64_t mark = marks[c->flags & BUD_ALLOC_WMARK_MASK];
		if (bud_watermark_ok(&test, &kernel, c->order, mark, c->flags) != c->pass)
			fail_msg("case %zu", i);
		if (bud_watermark_fast(&test, &kernel, c->order, mark, c->flags, false) != c->pass &&
		    !(c->highatomic && !kernel.wmark_fast))
			fail_msg("case %zu, fast", i);
	}
}

static void test_the_shortcut_for_single_pages(void **state)
{
	(void)state;
	bud_free_area area = { 0 };
	bud_wmark_test test = { .area = &area, .free = 1251, .highatomic_reserved = 5000, .min_unboosted = 1000 };
	bud_kernel k419 = kernel_of("4.19.0"), k510 = kernel_of("5.10.0"), k61 = kernel_of("6.1.0");
	assert_true(bud_watermark_fast(&test, &k419, 0, 1250, LOW, false)); /* does not look at the reserve */
	assert_true(bud_watermark_fast(&test, &k510, 0, 1250, LOW, false)); /* wraps */
	assert_false(bud_watermark_fast(&test, &k61, 0, 1250, LOW, false));
	/* Urgent requests see through a boost, at the min mark. */
	bud_kernel k612 = kernel_of("6.12.0");
	test = (bud_wmark_test){ .area = &area, .free = 600, .min_unboosted = 1000, .boost = 512 };
	assert_true(bud_watermark_fast(&test, &k612, 0, 1512, HIGH_BIT, false));
	assert_false(bud_watermark_fast(&test, &k612, 1, 1512, HIGH_BIT, false));
	assert_false(bud_watermark_fast(&test, &k61, 0, 1512, HIGH_BIT, false));
	assert_true(bud_watermark_fast(&test, &k61, 0, 1512, HIGH_BIT, true));
	assert_false(bud_watermark_fast(&test, &k419, 0, 1512, HIGH_BIT, true));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_marks_of_a_machine),
		cmocka_unit_test(test_marks_by_formula),
		cmocka_unit_test(test_movable_shares_to_6_1),
		cmocka_unit_test(test_a_boost_is_baked_in_by_5_4),
		cmocka_unit_test(test_min_free_kbytes),
		cmocka_unit_test(test_lowmem_reserve),
		cmocka_unit_test(test_5_10_leaves_out_zones_without_ratio),
		cmocka_unit_test(test_boost),
		cmocka_unit_test(test_watermark_questions),
		cmocka_unit_test(test_the_shortcut_for_single_pages),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
