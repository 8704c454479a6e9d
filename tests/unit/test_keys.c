/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/tui/config.h"
#include "cli/tui/filter.h"

static void test_every_default_key_is_a_key_and_reaches_its_action(void **state)
{
	(void)state;
	bud_keymap map;
	bud_keymap_init(&map);
	for (size_t i = 1; i < BUD_NR_ACTIONS; i++) {
		char keys[48], *rest = keys;
		assert_true(*bud_action_rows[i].help);
		snprintf(keys, sizeof keys, "%s", bud_action_rows[i].keys);
		for (char *word; (word = strsep(&rest, " "));) {
			int key = bud_keys_parse(word, strlen(word));
			assert_int_not_equal(key, BUD_KEY_NONE);
			for (unsigned where = 1; where <= BUD_ON_MAP; where *= 2)
				if (bud_action_rows[i].where & where)
					assert_int_equal(bud_keymap_action(&map, key, where), i);
		}
	}
	assert_int_equal(bud_keymap_action(&map, BUD_KEY_UP, BUD_ON_TIME), BUD_ACT_ZOOM_IN_UP);
	assert_int_equal(bud_keymap_action(&map, BUD_KEY_UP, BUD_ON_LIST), BUD_ACT_ROW_UP);
	assert_int_equal(bud_keymap_action(&map, 0x7e, BUD_ON_ALL), BUD_ACT_NONE);
}

static void test_hints_fit_and_always_tell_help(void **state)
{
	(void)state;
	bud_keymap map;
	char text[512];
	bud_keymap_init(&map);
	for (size_t size = 24; size < 200; size++) {
		bud_keymap_hints(&map, BUD_ON_TIME, text, size);
		assert_true(strlen(text) < size);
		assert_non_null(strstr(text, "? help"));
	}
}

static bud_status configure(const char *text, bud_options *options, bud_keymap *map, bud_error *err)
{
	static char copy[512]; /* options point into it */
	snprintf(copy, sizeof copy, "%s", text);
	return bud_config_parse(copy, "config", options, map, err);
}

static void test_a_file_binds_keys_and_sets_what_the_command_line_does_not(void **state)
{
	(void)state;
	bud_options options;
	bud_keymap map;
	bud_error err;
	char *arguments[] = { "view", "--palette", "mono", "trace.dat", NULL };
	bud_keymap_init(&map);
	assert_int_equal(bud_options_parse(&options, BUD_CMD_VIEW, 4, arguments, &err), BUD_OK);
	assert_int_equal(configure("# mine\n\npalette = viridis\ntheme=light # at night\nno-mouse = yes\n"
				   "key zoom-in = z Z\n  key fit-mark =\n",
				   &options, &map, &err),
			 BUD_OK);
	assert_int_equal(options.palette, BUD_PALETTE_MONO);
	assert_int_equal(options.theme, BUD_THEME_LIGHT);
	assert_true(options.no_mouse);
	assert_int_equal(bud_keymap_action(&map, 'Z', BUD_ON_TIME), BUD_ACT_ZOOM_IN);
	assert_int_equal(bud_keymap_action(&map, 'w', BUD_ON_TIME), BUD_ACT_NONE);
}

static void test_mistakes_in_the_file_are_named_by_line(void **state)
{
	(void)state;
	static const char *const wrong[] = { "nonsense",    "zoom = 3",		 "theme = pink",
					     "key fly = x", "key quit = Ctrl-Q", "no-mouse = maybe" };
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		bud_options options;
		bud_keymap map;
		bud_error err;
		char text[80], *arguments[] = { "view", NULL };
		bud_keymap_init(&map);
		bud_options_parse(&options, BUD_CMD_VIEW, 1, arguments, &err);
		snprintf(text, sizeof text, "\n%s\n", wrong[i]);
		assert_int_equal(configure(text, &options, &map, &err), BUD_ERR_USAGE);
		assert_non_null(strstr(err.text, "config: line 2: "));
	}
}

/* A source that knows one command. */
static const char *comm_of(const bud_source *source, int32_t pid)
{
	(void)source;
	return pid == 7 ? "ja\033va" : NULL;
}

static void check(const char *line, const bud_event *event, bool wanted)
{
	static const bud_source_ops ops = { .comm = comm_of };
	bud_source source = { .ops = &ops };
	bud_kernel kernel;
	bud_memory memory = { 0 };
	bud_filter filter;
	bud_error err;
	bud_kernel_init(&kernel, "6.12.0", "x86_64");
	bud_event_world world = { &source, &kernel, &memory };
	assert_int_equal(bud_filter_parse(&filter, line, &kernel, &err), BUD_OK);
	if (bud_filter_match(&filter, event, &world) != wanted)
		fail_msg("%s", line);
}

static void test_filters(void **state)
{
	(void)state;
	bud_event failed = {
		.kind = BUD_EV_ALLOC, .pid = 7, .order = 9, .page = { .pfn = BUD_PFN_NONE, .migratetype = 1 }
	};
	static const char *const pass[] = {
		"",	   "failed",	   "order=9",	       "order>8 order<10", "pid=7 failed",
		"comm=va", "type=movable", "event=page_alloc", "FAILED order=9",   "ja?va"
	};
	static const char *const fail[] = { "order=8", "pid=8",	  "comm=vb",	"type=Unmovable", "event=free",
					    "cpu=1",   "gfp=0x1", "zone=DMA32", "pfn=0x10",	  "nothing of it" };
	for (size_t i = 0; i < sizeof pass / sizeof *pass; i++)
		check(pass[i], &failed, true);
	for (size_t i = 0; i < sizeof fail / sizeof *fail; i++)
		check(fail[i], &failed, false);
	bud_event freed = { .kind = BUD_EV_FREE, .order = 2, .page = { .pfn = 0x1000 } };
	check("pfn=0x1003", &freed, true);
	check("pfn=0x1004", &freed, false);
	check("failed", &freed, false);
	check("type=Movable", &freed, false);
}

static void test_filters_that_mean_nothing(void **state)
{
	(void)state;
	static const char *const wrong[] = { "order=x",	     "order>=", "pid=-1", "type=Soft",
					     "gfp=GFP_FREE", "pfn=",	"comm=" };
	bud_kernel kernel;
	bud_kernel_init(&kernel, "6.12.0", "x86_64");
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		bud_filter filter;
		bud_error err;
		assert_int_equal(bud_filter_parse(&filter, wrong[i], &kernel, &err), BUD_ERR_USAGE);
		assert_non_null(strstr(err.text, wrong[i]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_default_key_is_a_key_and_reaches_its_action),
		cmocka_unit_test(test_hints_fit_and_always_tell_help),
		cmocka_unit_test(test_a_file_binds_keys_and_sets_what_the_command_line_does_not),
		cmocka_unit_test(test_mistakes_in_the_file_are_named_by_line),
		cmocka_unit_test(test_filters),
		cmocka_unit_test(test_filters_that_mean_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
