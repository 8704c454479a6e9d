/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/heat.h"

static void test_levels_are_powers_of_four(void **state)
{
	(void)state;
	assert_int_equal(bud_heat_level(0), 0);
	uint64_t least = 1;
	for (int level = 1; level < BUD_HEAT_LEVELS; level++, least *= 4) {
		assert_int_equal(bud_heat_level(least), level);
		assert_int_equal(bud_heat_level(least - 1), level - 1);
	}
	assert_int_equal(bud_heat_level(UINT64_MAX), 9);
	assert_int_equal(bud_heat_digit(0), '.');
	assert_int_equal(bud_heat_digit(9), '9');
}

static void test_indices_in_tenths(void **state)
{
	(void)state;
	assert_int_equal(bud_heat_index(-1000), '.');
	assert_int_equal(bud_heat_index(-1), '.');
	assert_int_equal(bud_heat_index(0), '0');
	assert_int_equal(bud_heat_index(99), '0');
	assert_int_equal(bud_heat_index(100), '1');
	assert_int_equal(bud_heat_index(899), '8');
	assert_int_equal(bud_heat_index(1000), '9');
	assert_int_equal(bud_heat_index(5000), '9');
}

static void test_the_gravest_event_is_shown(void **state)
{
	(void)state;
	bud_column column = { 0 };
	assert_int_equal(bud_heat_event(&column), '-');
	column.events[BUD_EV_ALLOC] = 1000;
	assert_int_equal(bud_heat_event(&column), '-');
	column.events[BUD_EV_WAKEUP_KSWAPD] = 1;
	assert_int_equal(bud_heat_event(&column), 'k');
	column.events[BUD_EV_EXTFRAG] = 1;
	assert_int_equal(bud_heat_event(&column), 'S');
	column.events[BUD_EV_COMPACT_BEGIN] = 1;
	assert_int_equal(bud_heat_event(&column), 'C');
	column.events[BUD_EV_DIRECT_BEGIN] = 1;
	assert_int_equal(bud_heat_event(&column), 'D');
	column.events[BUD_EV_OOM_VICTIM] = 1;
	assert_int_equal(bud_heat_event(&column), 'O');
	column.failed_allocations = 1;
	assert_int_equal(bud_heat_event(&column), 'F');
	column.events[BUD_EV_LOST] = 1;
	assert_int_equal(bud_heat_event(&column), 'l');
}

static int lightness(int rgb)
{
	return 299 * (rgb >> 16) + 587 * (rgb >> 8 & 0xff) + 114 * (rgb & 0xff);
}

/* Level 0 is the terminal's own, and so is all of mono; digits are apart from what is behind them. */
static void check_palette(bud_palette palette, int colors)
{
	int before = -1;
	for (int level = 0; level < BUD_HEAT_LEVELS; level++) {
		bud_heat_colors dark = bud_heat_color(colors, palette, level, false),
				light = bud_heat_color(colors, palette, level, true);
		bool colored = level && palette != BUD_PALETTE_MONO;
		assert_true(colored ? dark.back >= 0 && dark.back < colors : dark.back == -1);
		assert_int_not_equal(dark.back, colored ? dark.fore : 0);
		if (!colored)
			continue;
		if (colors > 8)
			assert_int_equal(light.back,
					 bud_heat_color(colors, palette, BUD_HEAT_LEVELS - level, false).back);
		if (colors != BUD_HEAT_DIRECT)
			continue;
		/* The first eight numbers are the terminal's palette. */
		assert_true(dark.back >= 8 && dark.fore >= 8);
		assert_true(lightness(dark.back) > before);
		assert_true(abs(lightness(dark.back) - lightness(dark.fore)) > 80000);
		before = lightness(dark.back);
	}
}

static void test_palettes(void **state)
{
	(void)state;
	static const int terminals[] = { 8, 256, BUD_HEAT_DIRECT };
	for (int p = 0; p < BUD_NR_PALETTES; p++) {
		bud_palette parsed;
		for (int i = 0; i < 3; i++)
			check_palette((bud_palette)p, terminals[i]);
		assert_true(bud_palette_parse(bud_palette_name((bud_palette)p), &parsed));
		assert_int_equal(parsed, p);
	}
}

static void test_shares_in_tenths(void **state)
{
	(void)state;
	assert_int_equal(bud_heat_share(0, 100), 0);
	assert_int_equal(bud_heat_share(0, 0), 0);
	assert_int_equal(bud_heat_share(1, UINT64_MAX), 1);
	assert_int_equal(bud_heat_share(9, 100), 1);
	assert_int_equal(bud_heat_share(10, 100), 2);
	assert_int_equal(bud_heat_share(79, 100), 8);
	assert_int_equal(bud_heat_share(80, 100), 9);
	assert_int_equal(bud_heat_share(UINT64_MAX, UINT64_MAX), 9);
}

static void expect_size(uint64_t pages, int page_shift, const char *wanted)
{
	char text[16];
	assert_string_equal(bud_heat_size(pages, page_shift, text, sizeof text), wanted);
}

static void test_sizes(void **state)
{
	(void)state;
	expect_size(0, 12, "0K");
	expect_size(1, 12, "4K");
	expect_size(1, 14, "16K");
	expect_size(255, 12, "1020K");
	expect_size(256, 12, "1M");
	expect_size(384, 12, "1.5M");
	expect_size(2559, 12, "10M");
	expect_size(104448, 12, "408M");
	expect_size(4089446, 12, "16G");
	expect_size(BUD_UNKNOWN, 12, "?");
	expect_size(BUD_PFN_MAX, 12, "64P");
}

static void expect_count(uint64_t count, const char *wanted)
{
	char text[16];
	assert_string_equal(bud_heat_count(count, text, sizeof text), wanted);
}

static void test_counts(void **state)
{
	(void)state;
	expect_count(0, "0");
	expect_count(999, "999");
	expect_count(1000, "1.0k");
	expect_count(9949, "9.9k");
	expect_count(9950, "10k");
	expect_count(18234, "18k");
	expect_count(999499, "999k");
	expect_count(999500, "1.0M");
	expect_count(BUD_UNKNOWN, "?");
}

static void test_times(void **state)
{
	(void)state;
	char text[32];
	assert_string_equal(bud_heat_time(7999999999, true, 0, text, sizeof text), "7s");
	assert_string_equal(bud_heat_time(55213000000, true, 3, text, sizeof text), "55.213s");
	assert_string_equal(bud_heat_time(1999999999999999999, true, 9, text, sizeof text), "1999999999.999999999s");
	assert_string_equal(bud_heat_time(1999999999, true, 3, text, sizeof text), "1.999s");
	assert_string_equal(bud_heat_time(55213, false, 3, text, sizeof text), "55213");
	assert_string_equal(bud_heat_time(BUD_TIME_NONE, true, 3, text, sizeof text), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_levels_are_powers_of_four),
		cmocka_unit_test(test_indices_in_tenths),
		cmocka_unit_test(test_the_gravest_event_is_shown),
		cmocka_unit_test(test_palettes),
		cmocka_unit_test(test_shares_in_tenths),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_times),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
