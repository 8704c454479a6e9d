/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "formats/write/json.h"

static const char *const columns[] = { "name", "n" };
static const bud_table table = { "things", columns, 2 };

static char *table_of(size_t nr_rows, bool lines)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	bud_json json;
	bud_row_sink sink = bud_json_sink(&json, out, lines);
	assert_int_equal(sink.begin(sink.self, &table, NULL), BUD_OK);
	for (size_t i = 0; i < nr_rows; i++) {
		bud_value row[] = { bud_value_text("x"), i ? bud_value_unknown() : bud_value_int(-7) };
		assert_int_equal(sink.row(sink.self, row, NULL), BUD_OK);
	}
	assert_int_equal(sink.end(sink.self, NULL), BUD_OK);
	fclose(out);
	return text;
}

/* Without the blanks and newlines between tokens; there are none within. */
static char *squeezed(char *text)
{
	char *to = text;
	for (char *c = text; *c; c++)
		if (*c != ' ' && *c != '\n')
			*to++ = *c;
	*to = '\0';
	return text;
}

static void expect_text(const char *value, const char *wanted)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	bud_json json;
	bud_json_init(&json, out);
	bud_json_open(&json, NULL, '[');
	bud_json_value(&json, NULL, bud_value_text(value));
	bud_json_close(&json, ']');
	fclose(out);
	assert_memory_equal(text, "[\n  ", 4);
	assert_memory_equal(text + 4, wanted, strlen(wanted));
	assert_string_equal(text + 4 + strlen(wanted), "\n]\n");
	free(text);
}

static void test_an_array_of_objects(void **state)
{
	(void)state;
	char *text = table_of(2, false);
	assert_string_equal(squeezed(text), "[{\"name\":\"x\",\"n\":-7},{\"name\":\"x\",\"n\":null}]");
	free(text);
}

static void test_an_object_a_line(void **state)
{
	(void)state;
	char *text = table_of(2, true);
	assert_string_equal(text, "{\"name\":\"x\",\"n\":-7}\n{\"name\":\"x\",\"n\":null}\n");
	free(text);
}

static void test_tables_without_rows(void **state)
{
	(void)state;
	char *text = table_of(0, false);
	assert_string_equal(squeezed(text), "[]");
	free(text);
	text = table_of(0, true);
	assert_string_equal(text, "");
	free(text);
}

static void test_nested_objects(void **state)
{
	(void)state;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	bud_json json;
	bud_json_init(&json, out);
	bud_json_open(&json, NULL, '{');
	bud_json_value(&json, "a", bud_value_bool(true));
	bud_json_open(&json, "b", '[');
	bud_json_value(&json, NULL, bud_value_uint(1));
	bud_json_value(&json, NULL, bud_value_uint(BUD_UNKNOWN));
	bud_json_close(&json, ']');
	bud_json_open(&json, "c", '{');
	bud_json_close(&json, '}');
	bud_json_value(&json, "d", bud_value_bool(false));
	bud_json_close(&json, '}');
	fclose(out);
	assert_string_equal(squeezed(text), "{\"a\":true,\"b\":[1,null],\"c\":{},\"d\":false}");
	free(text);
}

static void test_texts_are_ascii_and_well_formed(void **state)
{
	(void)state;
	expect_text("plain", "\"plain\"");
	expect_text("say \"hi\" \\", "\"say \\\"hi\\\" \\\\\"");
	expect_text("\033\n\x7f", "\"\\u001b\\u000a\\u007f\"");
	expect_text("\xc3\xb6", "\"\\u00f6\"");
	expect_text("\xe2\x82\xac", "\"\\u20ac\"");
	expect_text("\xf0\x9f\x90\xa7", "\"\\ud83d\\udc27\"");
}

static void test_bytes_that_are_no_utf8_are_replaced(void **state)
{
	(void)state;
	expect_text("\xff", "\"\\ufffd\"");
	expect_text("\xc3", "\"\\ufffd\""); /* cut off */
	expect_text("\xc3x", "\"\\ufffdx\"");
	expect_text("\xc0\xaf", "\"\\ufffd\\ufffd\"");			     /* overlong */
	expect_text("\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\"");	     /* a surrogate */
	expect_text("\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\""); /* behind the last character */
}

static void test_a_full_disk_is_an_error(void **state)
{
	(void)state;
	FILE *out = fopen("/dev/full", "w");
	if (!out)
		skip();
	bud_json json;
	bud_error err;
	bud_row_sink sink = bud_json_sink(&json, out, false);
	sink.begin(sink.self, &table, &err);
	assert_int_equal(sink.end(sink.self, &err), BUD_ERR_IO);
	assert_non_null(strstr(err.text, "No space left"));
	fclose(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_array_of_objects),
		cmocka_unit_test(test_an_object_a_line),
		cmocka_unit_test(test_tables_without_rows),
		cmocka_unit_test(test_nested_objects),
		cmocka_unit_test(test_texts_are_ascii_and_well_formed),
		cmocka_unit_test(test_bytes_that_are_no_utf8_are_replaced),
		cmocka_unit_test(test_a_full_disk_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
