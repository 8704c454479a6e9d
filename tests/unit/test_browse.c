/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cli/tui/browse.h"

static bud_browse start(size_t columns)
{
	bud_browse b;
	bud_kernel kernel;
	bud_kernel_init(&kernel, "", "");
	bud_browse_init(&b, 1000, 9000, 1000, 9000, 3, &kernel, BUD_FOLD_WORST);
	bud_browse_resize(&b, columns);
	return b;
}

static void act(bud_browse *b, bud_action action)
{
	bud_browse_act(b, action, &(bud_facts){ 0 });
}

static void test_the_cursor_walks_columns_and_drags_the_picture(void **state)
{
	(void)state;
	bud_browse b = start(8);
	assert_int_equal(b.cursor_ns, 9000);
	act(&b, BUD_ACT_CURSOR_RIGHT);
	assert_int_equal(b.cursor_ns, 9000);
	act(&b, BUD_ACT_CURSOR_LEFT);
	assert_int_equal(b.cursor_ns, 8000);
	act(&b, BUD_ACT_FIRST);
	assert_int_equal(bud_browse_cursor(&b), 0);
	act(&b, BUD_ACT_ZOOM_IN);
	assert_int_equal(b.end_ns - b.begin_ns, 4000);
	for (int i = 0; i < 20; i++)
		act(&b, BUD_ACT_CURSOR_RIGHT);
	assert_int_equal(b.cursor_ns, 9000);
	assert_int_equal(b.end_ns, 9000);
}

static void test_zoom_keeps_the_cursor_in_place_and_ends_at_single_ns(void **state)
{
	(void)state;
	bud_browse b = start(8);
	bud_browse_go(&b, 5000);
	size_t column = bud_browse_cursor(&b);
	for (int i = 0; i < 40; i++) {
		act(&b, BUD_ACT_ZOOM_IN);
		assert_int_equal(b.cursor_ns, 5000);
		assert_in_range(b.cursor_ns, b.begin_ns, b.end_ns);
		assert_in_range(bud_browse_cursor(&b), column ? column - 1 : 0, column + 1);
	}
	assert_int_equal(b.end_ns - b.begin_ns, 8);
	for (int i = 0; i < 40; i++)
		act(&b, BUD_ACT_ZOOM_OUT);
	assert_int_equal(b.begin_ns, 1000);
	assert_int_equal(b.end_ns, 9000);
}

static void test_the_column_of_every_time_is_the_one_that_ends_behind_it(void **state)
{
	(void)state;
	for (size_t columns = 1; columns < 40; columns += 3) {
		bud_browse b = start(columns);
		for (uint64_t t = 1001; t <= 9000; t += 7) {
			size_t c = bud_browse_column(&b, t);
			assert_true(c < columns);
			assert_in_range(t, c ? bud_browse_time(&b, c - 1) : 1000, bud_browse_time(&b, c) + 1);
		}
	}
}

static void test_events_at_one_instant_are_walked_one_by_one(void **state)
{
	(void)state;
	const uint64_t times[] = { 2000, 3000, 3000, 3000, 4000 };
	bud_facts facts = { .events = times, .nr_events = 5 };
	bud_browse b = start(8);
	bud_browse_go(&b, 2000);
	const struct {
		uint64_t t_ns;
		unsigned tie;
	} wanted[] = { { 3000, 2 }, { 3000, 1 }, { 3000, 0 }, { 4000, 0 }, { 4000, 0 } };
	for (size_t i = 0; i < 5; i++) {
		bud_browse_act(&b, BUD_ACT_NEXT_EVENT, &facts);
		assert_int_equal(b.cursor_ns, wanted[i].t_ns);
		assert_int_equal(b.tie, wanted[i].tie);
	}
	for (int i = 2; i >= 0; i--) {
		bud_browse_act(&b, BUD_ACT_PREV_EVENT, &facts);
		assert_int_equal(b.cursor_ns, 3000);
		assert_int_equal(b.tie, 2 - i);
	}
	bud_browse_act(&b, BUD_ACT_PREV_EVENT, &facts);
	assert_int_equal(b.cursor_ns, 2000);
}

static void test_episodes_and_the_mark(void **state)
{
	(void)state;
	const uint64_t ends[] = { 2500, 7000, 7000 };
	bud_facts facts = { .episodes = ends, .nr_episodes = 3 };
	bud_browse b = start(8);
	bud_browse_go(&b, 1000);
	bud_browse_act(&b, BUD_ACT_NEXT_EPISODE, &facts);
	assert_int_equal(b.cursor_ns, 2500);
	act(&b, BUD_ACT_MARK);
	bud_browse_act(&b, BUD_ACT_NEXT_EPISODE, &facts);
	assert_int_equal(b.cursor_ns, 7000);
	bud_browse_act(&b, BUD_ACT_NEXT_EPISODE, &facts);
	assert_int_equal(b.cursor_ns, 7000);
	act(&b, BUD_ACT_SWAP_MARK);
	assert_int_equal(b.cursor_ns, 2500);
	assert_int_equal(b.mark_ns, 7000);
	act(&b, BUD_ACT_FIT_MARK);
	assert_int_equal(b.begin_ns, 2500);
	assert_int_equal(b.end_ns, 7000);
	bud_browse_act(&b, BUD_ACT_PREV_EPISODE, &facts);
	assert_int_equal(b.cursor_ns, 2500);
}

static void test_back_goes_out_level_by_level(void **state)
{
	(void)state;
	bud_browse b = start(8);
	act(&b, BUD_ACT_SCREEN_4);
	act(&b, BUD_ACT_ENTER);
	assert_true(b.lists[BUD_SCREEN_EPISODES].inside);
	act(&b, BUD_ACT_LEAVE);
	assert_false(b.lists[BUD_SCREEN_EPISODES].inside);
	assert_int_equal(b.screen, BUD_SCREEN_EPISODES);
	act(&b, BUD_ACT_LEAVE);
	assert_int_equal(b.screen, BUD_SCREEN_HEAT);
	act(&b, BUD_ACT_BACK);
	assert_int_equal(b.effect, BUD_EFFECT_BREAK_OFF);
	assert_false(b.quit);
	act(&b, BUD_ACT_HELP);
	act(&b, BUD_ACT_LEAVE);
	assert_false(b.help);
	assert_false(b.quit);
	act(&b, BUD_ACT_LEAVE);
	assert_true(b.quit);
}

static void test_playing_stops_at_the_end(void **state)
{
	(void)state;
	bud_browse b = start(8);
	bud_browse_go(&b, 1000);
	bud_browse_tick(&b, 500);
	assert_int_equal(b.cursor_ns, 1000);
	act(&b, BUD_ACT_PLAY);
	bud_browse_tick(&b, 500);
	assert_int_equal(b.cursor_ns, 1500);
	act(&b, BUD_ACT_FASTER);
	bud_browse_tick(&b, 500);
	assert_int_equal(b.cursor_ns, 2500);
	for (int i = 0; i < 3; i++)
		act(&b, BUD_ACT_SLOWER);
	bud_browse_tick(&b, 400);
	assert_int_equal(b.cursor_ns, 2600);
	bud_browse_tick(&b, UINT64_MAX / 2);
	assert_int_equal(b.cursor_ns, 9000);
	assert_false(b.playing);
}

/* No action, at no size, leads out of the trace. */
static void test_nothing_leads_out_of_the_trace(void **state)
{
	(void)state;
	unsigned seed = 1;
	bud_browse b = start(8);
	for (int i = 0; i < 20000; i++) {
		seed = seed * 1664525 + 1013904223;
		bud_action action = (bud_action)((seed >> 8) % BUD_NR_ACTIONS);
		if (i % 97 == 0)
			bud_browse_resize(&b, seed % 300);
		if (action == BUD_ACT_QUIT || action == BUD_ACT_LEAVE)
			continue;
		bud_browse_act(&b, action, &(bud_facts){ .nr_rows = seed % 7, .page_rows = 3, .map_width = seed % 5 });
		bud_browse_tick(&b, seed % 100);
		b.prompt = BUD_PROMPT_NONE;
		assert_true(b.begin_ns >= 1000 && b.begin_ns < b.end_ns && b.end_ns <= 9000);
		assert_true(b.cursor_ns >= 1000 && b.cursor_ns <= 9000);
		assert_true(bud_browse_cursor(&b) < b.nr_columns);
		assert_true(b.zone < 3 && b.order >= 0 && b.order <= b.max_order);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_cursor_walks_columns_and_drags_the_picture),
		cmocka_unit_test(test_zoom_keeps_the_cursor_in_place_and_ends_at_single_ns),
		cmocka_unit_test(test_the_column_of_every_time_is_the_one_that_ends_behind_it),
		cmocka_unit_test(test_events_at_one_instant_are_walked_one_by_one),
		cmocka_unit_test(test_episodes_and_the_mark),
		cmocka_unit_test(test_back_goes_out_level_by_level),
		cmocka_unit_test(test_playing_stops_at_the_end),
		cmocka_unit_test(test_nothing_leads_out_of_the_trace),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
