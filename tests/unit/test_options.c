/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/options.h"

#define MAX_WORDS 32

/* Parses a line of words; argv[0] is the first. The words stay until the next call. */
static bud_status parse(bud_options *options, unsigned command, const char *line, bud_error *err)
{
	static char copy[512];
	char *argv[MAX_WORDS + 1] = { 0 }, *rest = copy;
	int argc = 0;
	snprintf(copy, sizeof copy, "%s", line);
	for (char *word; (word = strsep(&rest, " ")) && argc < MAX_WORDS;)
		argv[argc++] = word;
	return bud_options_parse(options, command, argc, argv, err);
}

static bud_options accepted(unsigned command, const char *line)
{
	bud_options options;
	bud_error err = { 0 };
	if (parse(&options, command, line, &err))
		fail_msg("%s: %s", line, err.text);
	return options;
}

static void refused(unsigned command, const char *line, const char *said)
{
	bud_options options;
	bud_error err = { 0 };
	assert_int_equal(parse(&options, command, line, &err), BUD_ERR_USAGE);
	if (!strstr(err.text, said))
		fail_msg("%s: says '%s', not '%s'", line, err.text, said);
}

static void test_defaults(void **state)
{
	(void)state;
	bud_options o = accepted(BUD_CMD_REPORT, "report");
	assert_string_equal(o.bench.path, "trace.dat");
	assert_int_equal(o.bench.seed, BUD_SEED_AUTO);
	assert_int_equal(o.format, BUD_FORMAT_TEXT);
	assert_int_equal(o.filter.node, -1);
	assert_null(o.filter.zone);
	assert_int_equal(o.filter.order_min, 0);
	assert_int_equal(o.filter.order_max, BUD_NR_ORDERS - 1);
	assert_int_equal(bud_options_fold(&o, BUD_FOLD_WORST), BUD_FOLD_WORST);
	assert_null(o.output);
}

static void test_the_capture_is_an_option_or_an_operand(void **state)
{
	(void)state;
	assert_string_equal(accepted(BUD_CMD_INFO, "info -i a").bench.path, "a");
	assert_string_equal(accepted(BUD_CMD_INFO, "info --input=a").bench.path, "a");
	assert_string_equal(accepted(BUD_CMD_INFO, "info a -v").bench.path, "a");
	assert_string_equal(accepted(BUD_CMD_INFO, "info -").bench.path, "-");
	assert_string_equal(accepted(BUD_CMD_INFO, "info -- -odd").bench.path, "-odd");
	refused(BUD_CMD_INFO, "info a b", "b: one capture at a time");
	refused(BUD_CMD_INFO, "info -i a b", "b: one capture at a time");
}

static void test_every_kind_of_value(void **state)
{
	(void)state;
	bud_options o = accepted(BUD_CMD_REPORT, "report -s zone,index --time 1,2 --samples 7 --fold mean --node 1 "
						 "--zone dma32 --format jsonl -o x --seed every");
	assert_string_equal(o.sections, "zone,index");
	assert_string_equal(o.time, "1,2");
	assert_int_equal(o.samples, 7);
	assert_int_equal(bud_options_fold(&o, BUD_FOLD_WORST), BUD_FOLD_MEAN);
	assert_int_equal(o.filter.node, 1);
	assert_string_equal(o.filter.zone, "DMA32");
	assert_int_equal(o.format, BUD_FORMAT_JSONL);
	assert_string_equal(o.output, "x");
	assert_int_equal(o.bench.seed, BUD_SEED_EVERY);
	assert_int_equal(bud_options_fold(&(bud_options){ .fold = BUD_FOLD_LAST }, BUD_FOLD_WORST), BUD_FOLD_LAST);
}

static void test_orders(void **state)
{
	(void)state;
	bud_options o = accepted(BUD_CMD_REPORT, "report --order 9");
	assert_int_equal(o.filter.order_min, 9);
	assert_int_equal(o.filter.order_max, 9);
	o = accepted(BUD_CMD_VERIFY, "verify --order 0-3");
	assert_int_equal(o.filter.order_min, 0);
	assert_int_equal(o.filter.order_max, 3);
	refused(BUD_CMD_REPORT, "report --order 3-0", "--order 3-0: expected N[-M]");
	refused(BUD_CMD_REPORT, "report --order 20", "--order 20: expected");
	refused(BUD_CMD_REPORT, "report --order -1", "--order -1: expected");
	refused(BUD_CMD_REPORT, "report --order 1-", "--order 1-: expected");
	refused(BUD_CMD_REPORT, "report --order x", "--order x: expected");
	refused(BUD_CMD_REPORT, "report --order 00000000000000000001", "expected");
}

static void test_repeated_options_add_up(void **state)
{
	(void)state;
	bud_options o;
	assert_int_equal(parse(&o, BUD_CMD_INFO,
			       "info --snapshot a --snapshot b --kernel-feature x=1 --kernel-feature y=2", NULL),
			 BUD_OK);
	assert_int_equal(o.bench.bundle.nr_snapshots, 2);
	assert_string_equal(o.bench.bundle.snapshots[1], "b");
	assert_int_equal(o.bench.nr_features, 2);
	assert_string_equal(o.bench.features[0], "x=1");
}

static void test_what_is_wrong_is_named(void **state)
{
	(void)state;
	refused(BUD_CMD_INFO, "info --bogus", "--bogus: no such option; see buddyscope info --help");
	refused(BUD_CMD_INFO, "info -z", "-z: no such option");
	refused(BUD_CMD_INFO, "info --samples 5", "--samples: no such option");
	refused(BUD_CMD_INFO, "info --by-type", "--by-type: no such option");
	refused(BUD_CMD_INFO, "info --quiet=1", "--quiet=1: takes no value");
	refused(BUD_CMD_INFO, "info --seed", "--seed: needs a value");
	refused(BUD_CMD_INFO, "info -o", "-o: needs a value");
	refused(BUD_CMD_INFO, "info --seed second", "--seed second: expected auto|first|every|both|inferred|none");
	refused(BUD_CMD_INFO, "info --format csv", "--format csv: expected text|json");
	refused(BUD_CMD_REPORT, "report --samples 0", "--samples 0: expected N");
	refused(BUD_CMD_REPORT, "report --samples 99999999999999999999", "expected N");
	refused(BUD_CMD_REPORT, "report --time 5", "--time 5: expected START,STOP");
	refused(BUD_CMD_REPORT, "report --passes 0", "--passes 0: expected N");
}

static const bud_trace_info in_ns = {
	.clock = "mono", .clock_is_ns = true, .first_ns = 5000000000, .last_ns = 15000000000
};
static const bud_trace_info in_ticks = { .clock = "counter", .first_ns = 1000, .last_ns = 2000 };
static const bud_trace_info empty = {
	.clock = "local", .clock_is_ns = true, .first_ns = BUD_TIME_NONE, .last_ns = BUD_TIME_NONE
};

static void expect_when(const bud_trace_info *info, const char *text, uint64_t wanted)
{
	uint64_t t_ns = 0;
	bud_error err = { 0 };
	if (bud_options_when(text, info, &t_ns, &err))
		fail_msg("%s: %s", text, err.text);
	assert_int_equal(t_ns, wanted);
}

static void test_instants(void **state)
{
	(void)state;
	expect_when(&in_ns, "7", 7000000000);
	expect_when(&in_ns, "7.5s", 7500000000);
	expect_when(&in_ns, "7.000000001", 7000000001);
	expect_when(&in_ns, "7.0000000019", 7000000001);
	expect_when(&in_ns, ".5", 500000000);
	expect_when(&in_ns, "7500ms", 7500000000);
	expect_when(&in_ns, "+1", 6000000000);
	expect_when(&in_ns, "+250us", 5000250000);
	expect_when(&in_ns, "0%", 5000000000);
	expect_when(&in_ns, "50%", 10000000000);
	expect_when(&in_ns, "12.5%", 6250000000);
	expect_when(&in_ns, "100%", 15000000000);
	expect_when(&in_ns, "+18446744073", BUD_TIME_NONE - 1);
	expect_when(&in_ticks, "1500", 1500);
	expect_when(&in_ticks, "+7", 1007);
	expect_when(&in_ticks, "50%", 1500);
	expect_when(&empty, "50%", 0);
	expect_when(&empty, "+1", 1000000000);
}

static void test_what_is_no_instant(void **state)
{
	static const char *const texts[] = { "",
					     "s",
					     ".",
					     "+",
					     "%",
					     "1e3",
					     "-1",
					     "1.2.3",
					     "7 s",
					     "7m",
					     "101%",
					     "++1",
					     "nan",
					     "0x7",
					     "1,000",
					     "50%%",
					     " 7",
					     "18446744073709551616",
					     "99999999999999999999999999999999999999999" };
	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		uint64_t t_ns;
		bud_error err = { 0 };
		if (bud_options_when(texts[i], &in_ns, &t_ns, &err) != BUD_ERR_USAGE)
			fail_msg("'%s' was taken for an instant", texts[i]);
		assert_true(*err.text);
	}
	uint64_t t_ns;
	assert_int_equal(bud_options_when("7ms", &in_ticks, &t_ns, NULL), BUD_ERR_USAGE);
}

static void test_durations(void **state)
{
	static const struct {
		const char *text;
		uint64_t ns;
	} cases[] = { { "1", 1000000000 }, { "1.5s", 1500000000 }, { "10ms", 10000000 },
		      { "3us", 3000 },	   { "7ns", 7 },	   { "0.25ms", 250000 } };
	uint64_t ns;
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(bud_options_duration(cases[i].text, &in_ns, &ns, NULL), BUD_OK);
		assert_int_equal(ns, cases[i].ns);
	}
	assert_int_equal(bud_options_duration("250", &in_ticks, &ns, NULL), BUD_OK);
	assert_int_equal(ns, 250);
	assert_int_equal(bud_options_duration("50%", &in_ns, &ns, NULL), BUD_ERR_USAGE);
}

static void expect_range(const char *time, uint64_t wanted_begin, uint64_t wanted_end)
{
	uint64_t begin, end;
	bud_options options = { .time = time };
	assert_int_equal(bud_options_range(&options, &in_ns, &begin, &end, NULL), BUD_OK);
	assert_int_equal(begin, wanted_begin);
	assert_int_equal(end, wanted_end);
}

static void test_ranges(void **state)
{
	(void)state;
	uint64_t begin, end;
	expect_range(NULL, in_ns.first_ns, in_ns.last_ns);
	expect_range("6,8", 6000000000, 8000000000);
	expect_range("+1s,50%", 6000000000, 10000000000);
	expect_range(",8", in_ns.first_ns, 8000000000);
	expect_range("8,", 8000000000, in_ns.last_ns);
	assert_int_equal(bud_options_range(&(bud_options){ .time = "8,6" }, &in_ns, &begin, &end, NULL), BUD_ERR_USAGE);
	assert_int_equal(bud_options_range(&(bud_options){ .time = "6,7,8" }, &in_ns, &begin, &end, NULL),
			 BUD_ERR_USAGE);
}

static void test_usage_lists_exactly_the_options_of_a_command(void **state)
{
	(void)state;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	bud_options_usage(BUD_CMD_INFO, out);
	fclose(out);
	assert_non_null(strstr(text, "  -i, --input CAPTURE"));
	assert_non_null(strstr(text, "      --format text|json "));
	assert_null(strstr(text, "--samples"));
	for (char *rest = text, *line; (line = strsep(&rest, "\n"));)
		if (strlen(line) > 80)
			fail_msg("wider than a terminal: %s", line);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_the_capture_is_an_option_or_an_operand),
		cmocka_unit_test(test_every_kind_of_value),
		cmocka_unit_test(test_orders),
		cmocka_unit_test(test_repeated_options_add_up),
		cmocka_unit_test(test_what_is_wrong_is_named),
		cmocka_unit_test(test_instants),
		cmocka_unit_test(test_what_is_no_instant),
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_usage_lists_exactly_the_options_of_a_command),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
