/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The feature vector: what each version is taken to do, who may correct that, and what values there are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/kernel.h"

#define VERSIONS 8

static const char *const releases[VERSIONS] = { "4.19.0",  "5.4.59", "5.10.0-46-cloud-amd64", "5.15.100",
						"6.1.192", "6.6.57", "6.12.117+deb13",	      "6.18.2" };

/* A line for each feature; stable trees of 6.1 and 6.12 with what they carry of later versions. */
static const struct {
	bud_kernel_feature feature;
	int by_version[VERSIONS];
} table[] = {
	/* clang-format off */
	/*                           4.19    5.4    5.10    5.15     6.1     6.6    6.12    6.18 */
	{ BUD_KF_page_shift,        {   12,    12,     12,     12,     12,     12,     12,     12 } },
	{ BUD_KF_max_order,         {   10,    10,     10,     10,     10,     10,     10,     10 } },
	{ BUD_KF_pageblock_order,   {    9,     9,      9,      9,      9,      9,      9,      9 } },
	{ BUD_KF_has_cma,           {    0,     0,      0,      0,      0,      0,      0,      0 } },
	{ BUD_KF_pcp_high_orders,   {    0,     0,      0,      1,      1,      1,      1,      1 } },
	{ BUD_KF_extfrag_removes,   {    0,     0,      0,      0,      0,      0,      1,      1 } },
	{ BUD_KF_zone_locked_list,  {    0,     0,      0,      0,      1,      1,      1,      1 } },
	{ BUD_KF_gfp_layout,        {    0,     1,      1,      1,      1,      1,      1,      1 } },
	{ BUD_KF_gfp_atomic,        {    1,     1,      1,      1,      1,      0,      0,      0 } },
	{ BUD_KF_gfp_nowait_nowarn, {    0,     0,      0,      0,      0,      0,      1,      1 } },
	{ BUD_KF_gfp_by_bit,        {    0,     0,      0,      0,      0,      0,      0,      1 } },
	{ BUD_KF_fallback,          {    1,     1,      1,      1,      1,      1,      3,      3 } },
	{ BUD_KF_merge_mergeable,   {    0,     0,      0,      0,      1,      1,      1,      1 } },
	{ BUD_KF_list_is_block,     {    0,     0,      0,      0,      0,      0,      1,      1 } },
	{ BUD_KF_moves_to_tail,     {    0,     0,      1,      1,      1,      1,      1,      1 } },
	{ BUD_KF_nofragment,        {    0,     1,      1,      1,      2,      2,      2,      2 } },
	{ BUD_KF_pcp_policy,        {    0,     0,      0,      1,      1,      1,      2,      2 } },
	{ BUD_KF_pcp_rework,        {    0,     0,      0,      0,      1,      1,      1,      1 } },
	{ BUD_KF_alloc_flags,       {    0,     0,      0,      0,      2,      1,      2,      2 } },
	{ BUD_KF_highatomic_free,   {    0,     0,      0,      0,      0,      0,      1,      1 } },
	{ BUD_KF_highatomic_cap,    {    0,     0,      0,      0,      0,      0,      1,      1 } },
	{ BUD_KF_highatomic_rescue, {    0,     0,      0,      0,      2,      1,      2,      2 } },
	{ BUD_KF_min_free_max_kib,  {65536, 65536, 262144, 262144, 262144, 262144, 262144, 262144 } },
	{ BUD_KF_movable_in_sum,    {    1,     1,      1,      1,      1,      0,      0,      0 } },
	{ BUD_KF_boost_baked_in,    {    0,     1,      0,      0,      0,      0,      0,      0 } },
	{ BUD_KF_reserve_skips_zero,{    0,     0,      1,      0,      0,      0,      0,      0 } },
	{ BUD_KF_wmark_fast,        {    0,     0,      1,      2,      2,      2,      2,      2 } },
	{ BUD_KF_zone_types,        { 0x37,  0x37,   0x37,   0x37,   0x37,   0x37,   0x37,   0x37 } },
	{ BUD_KF_entry,             {    0,     1,      1,      2,      2,      2,      2,      2 } },
	{ BUD_KF_cma_first,         {    0,     0,      1,      1,      1,      1,      1,      1 } },
	{ BUD_KF_pcp_cma_bypass,    {    0,     0,      1,      1,      1,      0,      0,      0 } },
	{ BUD_KF_noretry,           {    0,     1,      2,      2,      3,      2,      3,      2 } },
	{ BUD_KF_compact_per_order, {    0,     0,      0,      0,      0,      0,      1,      1 } },
	{ BUD_KF_compact_finishes,  {    0,     0,      0,      0,      0,      1,      1,      1 } },
	{ BUD_KF_compact_needs_io,  {    0,     0,      0,      0,      1,      0,      1,      1 } },
	{ BUD_KF_unreserve_early,   {    0,     0,      0,      0,      1,      1,      1,      1 } },
	{ BUD_KF_suitable_level,    {    0,     0,      0,      0,      0,      0,      0,      1 } },
	{ BUD_KF_compact_gap_cap,   {    0,     0,      0,      0,      0,      0,      0,      0 } },
	{ BUD_KF_spares_kswapd,     {    0,     0,      0,      0,      0,      0,      0,      1 } },
	{ BUD_KF_has_proactive,     {    0,     0,      1,      1,      1,      1,      1,      1 } },
	{ BUD_KF_has_defrag_mode,   {    0,     0,      0,      0,      0,      0,      0,      1 } },
	{ BUD_KF_reclaimable_free,  {    0,     0,      0,      0,      1,      0,      1,      1 } },
	{ BUD_KF_boost_in_vain,     {    0,     1,      1,      1,      1,      1,      1,      1 } },
	{ BUD_KF_lru_gen,           {    0,     0,      0,      0,      0,      0,      1,      1 } },
	{ BUD_KF_page_reporting,    {    0,     0,      1,      1,      1,      1,      1,      1 } },
	{ BUD_KF_pcp_irqs_on,       {    0,     0,      0,      0,      1,      1,      1,      1 } },
	/* clang-format on */
};

static bud_kernel kernel_of(const char *release)
{
	bud_kernel kernel;
	bud_kernel_init(&kernel, release, "x86_64");
	return kernel;
}

static void test_every_feature_of_every_version(void **state)
{
	(void)state;
	bool told[BUD_NR_KERNEL_FEATURES] = { false };
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		told[table[i].feature] = true;
		for (int v = 0; v < VERSIONS; v++) {
			bud_kernel kernel = kernel_of(releases[v]);
			if (kernel.value[table[i].feature] != table[i].by_version[v])
				fail_msg("%s of %s is %d", bud_kernel_feature_name(table[i].feature), releases[v],
					 kernel.value[table[i].feature]);
		}
	}
	for (int f = 0; f < BUD_NR_KERNEL_FEATURES; f++)
		if (!told[f])
			fail_msg("nothing tested of %s", bud_kernel_feature_name((bud_kernel_feature)f));
}

/* The release in which a switch turns, and what it was before. */
static void test_the_release_of_a_change(void **state)
{
	(void)state;
	static const struct {
		bud_kernel_feature feature;
		const char *before, *since;
		int was, is;
	} changes[] = {
		{ BUD_KF_entry, "4.20.0", "5.0.0", 0, 1 },
		{ BUD_KF_nofragment, "4.20.0", "5.0.0", 0, 1 },
		{ BUD_KF_noretry, "5.4.0", "5.5.0", 1, 2 },
		{ BUD_KF_wmark_fast, "5.7.0", "5.8.0", 0, 1 },
		{ BUD_KF_cma_first, "5.8.0", "5.9.0", 0, 1 },
		{ BUD_KF_has_proactive, "5.8.0", "5.9.0", 0, 1 },
		{ BUD_KF_entry, "5.12.0", "5.13.0", 1, 2 },
		{ BUD_KF_pcp_policy, "5.13.0", "5.14.0", BUD_PCP_FIXED6, BUD_PCP_LOWMARK },
		{ BUD_KF_pcp_high_orders, "5.13.0", "5.14.0", 0, 1 },
		{ BUD_KF_merge_mergeable, "5.17.0", "5.18.0", 0, 1 },
		{ BUD_KF_zone_locked_list, "5.18.0", "5.19.0", 0, 1 },
		{ BUD_KF_nofragment, "5.19.0", "6.0.0", 1, 2 },
		{ BUD_KF_pcp_rework, "5.19.0", "6.0.0", 0, 1 },
		{ BUD_KF_gfp_atomic, "6.2.0", "6.3.0", 1, 0 },
		{ BUD_KF_pcp_irqs_on, "6.0.0", "6.2.0", 0, 1 },
		{ BUD_KF_alloc_flags, "6.2.0", "6.3.0", 0, 1 },
		{ BUD_KF_pcp_cma_bypass, "6.4.0", "6.5.0", 1, 0 },
		{ BUD_KF_pcp_policy, "6.6.0", "6.7.0", BUD_PCP_LOWMARK, BUD_PCP_AUTO },
		{ BUD_KF_compact_per_order, "6.8.0", "6.9.0", 0, 1 },
		{ BUD_KF_list_is_block, "6.9.0", "6.10.0", 0, 1 },
		{ BUD_KF_extfrag_removes, "6.9.0", "6.10.0", 0, 1 },
		{ BUD_KF_fallback, "6.9.0", "6.10.0", BUD_FALLBACK_MOVE, BUD_FALLBACK_TAKE },
		{ BUD_KF_fallback, "6.14.0", "6.15.0", BUD_FALLBACK_TAKE, BUD_FALLBACK_CLAIM },
		{ BUD_KF_suitable_level, "6.14.0", "6.15.0", 0, 1 },
		{ BUD_KF_has_defrag_mode, "6.14.0", "6.15.0", 0, 1 },
		{ BUD_KF_boost_in_vain, "6.18.0", "6.19.0", 1, 0 },
		{ BUD_KF_compact_gap_cap, "7.1.0", "7.2.0", 0, 1 },
	};
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		bud_kernel before = kernel_of(changes[i].before), since = kernel_of(changes[i].since);
		if (before.value[changes[i].feature] != changes[i].was ||
		    since.value[changes[i].feature] != changes[i].is)
			fail_msg("%s does not turn with %s", bud_kernel_feature_name(changes[i].feature),
				 changes[i].since);
	}
}

static void test_what_is_not_known_is_todays(void **state)
{
	(void)state;
	bud_kernel nothing = kernel_of(""), odd = kernel_of("next-20260101"), today = kernel_of("6.18.0");
	assert_memory_equal(nothing.value, today.value, sizeof today.value);
	assert_memory_equal(odd.value, today.value, sizeof today.value);
	assert_int_equal(nothing.origin[BUD_KF_fallback], BUD_ORIGIN_DEFAULT);
	assert_int_equal(today.origin[BUD_KF_fallback], BUD_ORIGIN_VERSION);
	/* 7.x is like 6.18, but for what came with 6.19 and 7.2. */
	bud_kernel seven = kernel_of("7.3.4+deb13-cloud-amd64");
	for (int f = 0; f < BUD_NR_KERNEL_FEATURES; f++)
		if (f != BUD_KF_noretry && f != BUD_KF_compact_gap_cap && f != BUD_KF_boost_in_vain)
			assert_int_equal(seven.value[f], today.value[f]);
	assert_int_equal(seven.noretry, 3);
}

static void test_a_stronger_word_wins(void **state)
{
	(void)state;
	bud_kernel kernel = kernel_of("6.12.0");
	bud_error err;
	bud_kernel_learn(&kernel, BUD_KF_max_order, 11, BUD_ORIGIN_SNAPSHOT);
	bud_kernel_learn(&kernel, BUD_KF_max_order, 12, BUD_ORIGIN_FORMAT);
	assert_int_equal(kernel.max_order, 11);
	bud_kernel_learn(&kernel, BUD_KF_max_order, 13, BUD_ORIGIN_TRACE);
	assert_int_equal(kernel.max_order, 13);
	assert_int_equal(bud_kernel_override(&kernel, "max_order=9", &err), BUD_OK);
	bud_kernel_learn(&kernel, BUD_KF_max_order, 10, BUD_ORIGIN_TRACE);
	assert_int_equal(kernel.max_order, 9);
	assert_int_equal(kernel.origin[BUD_KF_max_order], BUD_ORIGIN_USER);
	/* The user may think again. */
	assert_int_equal(bud_kernel_override(&kernel, "max_order=8", &err), BUD_OK);
	assert_int_equal(kernel.max_order, 8);
}

static void test_what_a_feature_can_be_set_to(void **state)
{
	(void)state;
	static const struct {
		const char *setting;
		bool ok;
	} settings[] = {
		{ "fallback=1", true },
		{ "fallback=3", true },
		{ "fallback=0", false },
		{ "fallback=4", false },
		{ "pcp_policy=2", true },
		{ "pcp_policy=3", false },
		{ "noretry=3", true },
		{ "noretry=4", false },
		{ "has_cma=1", true },
		{ "has_cma=2", false },
		{ "has_cma=-1", false },
		{ "page_shift=16", true },
		{ "page_shift=11", false },
		{ "page_shift=21", false },
		{ "pageblock_order=1", true },
		{ "pageblock_order=0", false },
		{ "max_order=0", false },
		{ "pageblock_order=99", false },
		{ "zone_types=4", true },
		{ "zone_types=0", false },
		{ "zone_types=64", false },
		{ "min_free_max_kib=0", false },
		{ "fallback", false },
		{ "fallback=", false },
		{ "fallback=1x", false },
		{ "fallbac=1", false },
		{ "fallbacks=1", false },
		{ "=1", false },
		{ "", false },
	};
	for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
		bud_kernel kernel = kernel_of("6.12.0");
		bud_error err;
		if ((bud_kernel_override(&kernel, settings[i].setting, &err) == BUD_OK) != settings[i].ok)
			fail_msg("%s", settings[i].setting);
	}
}

static void test_numbers_in_events(void **state)
{
	(void)state;
	bud_kernel kernel = kernel_of("6.12.0");
	/* Without CMA, Isolate is number 4. */
	assert_int_equal(bud_kernel_migratetype(&kernel, 3), BUD_MT_HIGHATOMIC);
	assert_int_equal(bud_kernel_migratetype(&kernel, 4), BUD_MT_ISOLATE);
	assert_int_equal(bud_kernel_migratetype(&kernel, 5), BUD_MT_UNKNOWN);
	assert_int_equal(bud_kernel_migratetype(&kernel, -1), BUD_MT_UNKNOWN);
	kernel.has_cma = 1;
	assert_int_equal(bud_kernel_migratetype(&kernel, 4), BUD_MT_CMA);
	assert_int_equal(bud_kernel_migratetype(&kernel, 5), BUD_MT_ISOLATE);
	assert_int_equal(bud_kernel_migratetype(&kernel, 6), BUD_MT_UNKNOWN);
	/* Zone types that are not built in have no number: x86-64 has no HighMem, i386 no DMA32. */
	assert_int_equal(bud_kernel_zone_type(&kernel, 2), BUD_ZONE_NORMAL);
	assert_int_equal(bud_kernel_zone_type(&kernel, 3), BUD_ZONE_MOVABLE);
	assert_int_equal(bud_kernel_zone_type(&kernel, 5), BUD_NR_ZONE_TYPES);
	assert_int_equal(bud_kernel_zone_type(&kernel, -1), BUD_NR_ZONE_TYPES);
	bud_kernel_init(&kernel, "6.1.0", "i686");
	assert_int_equal(bud_kernel_zone_type(&kernel, 1), BUD_ZONE_NORMAL);
	assert_int_equal(bud_kernel_zone_type(&kernel, 2), BUD_ZONE_HIGHMEM);
}

static void test_machines_that_are_not_x86(void **state)
{
	(void)state;
	bud_kernel kernel;
	bud_kernel_init(&kernel, "6.12.117+deb13-arm64-16k", "aarch64");
	assert_int_equal(kernel.page_shift, 14);
	assert_int_equal(kernel.max_order, 11);
	assert_int_equal(kernel.pageblock_order, 11);
	bud_kernel_init(&kernel, "6.12.117+deb13-arm64", "aarch64");
	assert_int_equal(kernel.page_shift, 12);
	bud_kernel_init(&kernel, "6.1.0-50-s390x", "s390x");
	assert_int_equal(kernel.pageblock_order, 8);
	assert_int_equal(bud_kernel_zone_type(&kernel, 1), BUD_ZONE_NORMAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_feature_of_every_version), cmocka_unit_test(test_the_release_of_a_change),
		cmocka_unit_test(test_what_is_not_known_is_todays),    cmocka_unit_test(test_a_stronger_word_wins),
		cmocka_unit_test(test_what_a_feature_can_be_set_to),   cmocka_unit_test(test_numbers_in_events),
		cmocka_unit_test(test_machines_that_are_not_x86),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
