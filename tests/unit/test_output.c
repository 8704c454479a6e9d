/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/heat.h"
#include "cli/output.h"

static void test_nothing_reaches_a_terminal_that_could_act_on_it(void **state)
{
	(void)state;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	bud_output_print(out, "zone %s\nline %d\n", "\033]0;x\a\r\b\x9b\xc2\x9b\x7f\t", 2);
	fclose(out);
	assert_string_equal(text, "zone ?]0;x????????\nline 2\n");
	free(text);
}

static const char *const columns[] = { "t_ns", "zone", "known", "count" };
static const bud_table table = { "things", columns, 4 };

static void test_a_table_as_text(void **state)
{
	(void)state;
	char *text = NULL;
	size_t size;
	bud_output output = { .out = open_memstream(&text, &size) };
	bud_row_sink sink = bud_output_sink(&output, BUD_FORMAT_TEXT);
	bud_value row[] = { bud_value_uint(5), bud_value_text("D\nMA"), bud_value_bool(true), bud_value_unknown() };
	assert_int_equal(sink.begin(sink.self, &table, NULL), BUD_OK);
	assert_int_equal(sink.row(sink.self, row, NULL), BUD_OK);
	assert_int_equal(sink.end(sink.self, NULL), BUD_OK);
	fclose(output.out);
	assert_string_equal(text, "          t_ns     zone    known    count\n"
				  "             5     D?MA      yes        ?\n");
	free(text);
}

static void test_colours_by_wish_and_surroundings(void **state)
{
	(void)state;
	FILE *file = tmpfile();
	setenv("TERM", "xterm-256color", 1);
	unsetenv("NO_COLOR");
	assert_int_equal(bud_output_colors(BUD_COLOR_AUTO, file), 0);
	assert_int_equal(bud_output_colors(BUD_COLOR_ALWAYS, file), 256);
	assert_int_equal(bud_output_colors(BUD_COLOR_8, file), 8);
	assert_int_equal(bud_output_colors(BUD_COLOR_256, file), 256);
	assert_int_equal(bud_output_colors(BUD_COLOR_DIRECT, file), BUD_HEAT_DIRECT);
	assert_int_equal(bud_output_colors(BUD_COLOR_NEVER, file), 0);
	setenv("NO_COLOR", "1", 1);
	assert_int_equal(bud_output_colors(BUD_COLOR_ALWAYS, file), 256);
	fclose(file);
}

static void test_the_background(void **state)
{
	(void)state;
	unsetenv("COLORFGBG");
	assert_false(bud_output_light(BUD_THEME_AUTO));
	assert_true(bud_output_light(BUD_THEME_LIGHT));
	setenv("COLORFGBG", "0;15", 1);
	assert_true(bud_output_light(BUD_THEME_AUTO));
	assert_false(bud_output_light(BUD_THEME_DARK));
	setenv("COLORFGBG", "15;default;0", 1);
	assert_false(bud_output_light(BUD_THEME_AUTO));
	unsetenv("COLORFGBG");
}

static void test_files(void **state)
{
	(void)state;
	bud_output output;
	bud_error err;
	assert_int_equal(bud_output_open(&output, "/nowhere/at/all", &err), BUD_ERR_IO);
	assert_non_null(strstr(err.text, "/nowhere/at/all: No such file"));
	if (access("/dev/full", W_OK) != 0)
		skip();
	assert_int_equal(bud_output_open(&output, "/dev/full", &err), BUD_OK);
	bud_output_print(output.out, "something\n");
	assert_int_equal(bud_output_close(&output, &err), BUD_ERR_IO);
	assert_non_null(strstr(err.text, "/dev/full: No space left"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_reaches_a_terminal_that_could_act_on_it),
		cmocka_unit_test(test_a_table_as_text),
		cmocka_unit_test(test_colours_by_wish_and_surroundings),
		cmocka_unit_test(test_the_background),
		cmocka_unit_test(test_files),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
