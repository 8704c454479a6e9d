/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "formats/write/csv.h"

static const char *const columns[] = { "name", "count", "known" };
static const bud_table table = { "things", columns, 3 };

/* A table of one row, as CSV; the caller frees it. */
static char *written(const char *name, bud_value count, bud_value known)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	bud_csv csv;
	bud_row_sink sink = bud_csv_sink(&csv, out);
	bud_value row[] = { bud_value_text(name), count, known };
	assert_int_equal(sink.begin(sink.self, &table, NULL), BUD_OK);
	assert_int_equal(sink.row(sink.self, row, NULL), BUD_OK);
	assert_int_equal(sink.end(sink.self, NULL), BUD_OK);
	fclose(out);
	return text;
}

static void expect(const char *name, const char *field)
{
	char wanted[256], *text = written(name, bud_value_uint(1), bud_value_bool(true));
	snprintf(wanted, sizeof wanted, "name,count,known\n%s,1,1\n", field);
	assert_string_equal(text, wanted);
	free(text);
}

static void test_plain_fields(void **state)
{
	(void)state;
	expect("DMA32", "DMA32");
	expect("", "");
	expect("two words", "two words");
}

static void test_fields_that_need_quotes(void **state)
{
	(void)state;
	expect("a,b", "\"a,b\"");
	expect("say \"hi\"", "\"say \"\"hi\"\"\"");
}

static void test_control_characters_are_never_raw(void **state)
{
	(void)state;
	expect("\033[31m", "\\x1b[31m");
	expect("a\nb", "a\\x0ab");
	expect("a\x7f", "a\\x7f");
}

static void test_a_backslash_of_the_text_is_told_from_an_escape(void **state)
{
	(void)state;
	expect("\\x1b", "\\\\x1b");
}

static void test_bytes_that_are_no_text_are_escaped(void **state)
{
	(void)state;
	expect("Gr\xc3\xb6\xc3\x9f", "Gr\xc3\xb6\xc3\x9f");
	expect("\xff\xfe", "\\xff\\xfe");
	expect("\xc3", "\\xc3");
	expect("\xc2\x9b"
	       "31m",
	       "\\xc2\\x9b31m"); /* CSI of the C1 controls */
}

static void test_numbers_and_unknown(void **state)
{
	(void)state;
	char *text = written("x", bud_value_int(-1000), bud_value_unknown());
	assert_string_equal(text, "name,count,known\nx,-1000,\n");
	free(text);
	text = written(NULL, bud_value_uint(UINT64_MAX - 1), bud_value_bool(false));
	assert_string_equal(text, "name,count,known\n,18446744073709551614,0\n");
	free(text);
	text = written("x", bud_value_uint(BUD_UNKNOWN), bud_value_int(INT64_MIN));
	assert_string_equal(text, "name,count,known\nx,,-9223372036854775808\n");
	free(text);
}

static void test_a_full_disk_is_an_error(void **state)
{
	(void)state;
	FILE *out = fopen("/dev/full", "w");
	if (!out)
		skip();
	bud_csv csv;
	bud_error err;
	bud_row_sink sink = bud_csv_sink(&csv, out);
	sink.begin(sink.self, &table, &err);
	assert_int_equal(sink.end(sink.self, &err), BUD_ERR_IO);
	assert_non_null(strstr(err.text, "No space left"));
	fclose(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain_fields),
		cmocka_unit_test(test_fields_that_need_quotes),
		cmocka_unit_test(test_control_characters_are_never_raw),
		cmocka_unit_test(test_a_backslash_of_the_text_is_told_from_an_escape),
		cmocka_unit_test(test_bytes_that_are_no_text_are_escaped),
		cmocka_unit_test(test_numbers_and_unknown),
		cmocka_unit_test(test_a_full_disk_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
