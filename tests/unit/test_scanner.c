/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/replay/scanner.h"

static unsigned next(bud_scanner *scanner, uint64_t scanned, uint64_t taken, bool old_kernel)
{
	bud_event event = { .kind = BUD_EV_ISOLATE_FREE, .isolate = { 512, 1024, scanned, taken } };
	return bud_scanner_stride(scanner, &event, old_kernel);
}

static void test_synchronous_strides_double_until_something_is_found(void **state)
{
	(void)state;
	bud_scanner scanner = { 0 };
	bud_scanner_begin(&scanner, true);
	assert_int_equal(next(&scanner, 512, 0, false), 1);
	assert_int_equal(next(&scanner, 256, 0, false), 2);
	assert_int_equal(next(&scanner, 128, 0, false), 4);
	assert_int_equal(next(&scanner, 64, 0, false), 8);
	assert_int_equal(next(&scanner, 32, 0, false), 16);
	assert_int_equal(next(&scanner, 16, 0, false), 32);
	assert_int_equal(next(&scanner, 31, 16, false), 32);
	assert_int_equal(next(&scanner, 512, 3, false), 1);
}

static void test_asynchronous_search_begins_with_long_steps(void **state)
{
	(void)state;
	bud_scanner scanner = { 0 };
	bud_scanner_begin(&scanner, false);
	assert_int_equal(next(&scanner, 16, 0, false), 32);
	assert_int_equal(next(&scanner, 17, 2, false), 32);
	assert_int_equal(next(&scanner, 512, 2, false), 1);
	/* A fast isolation found nothing: a new search. */
	bud_scanner_anew(&scanner, false);
	assert_int_equal(next(&scanner, 16, 0, false), 32);
	/* One that found a block is followed by a look at all of its pageblock. */
	bud_scanner_anew(&scanner, true);
	assert_int_equal(next(&scanner, 512, 0, false), 1);
}

static void test_what_does_not_fit_is_not_known(void **state)
{
	(void)state;
	bud_scanner scanner = { 0 };
	assert_int_equal(next(&scanner, 16, 0, false), 0); /* the run's beginning was not seen */
	bud_scanner_begin(&scanner, true);
	assert_int_equal(next(&scanner, 300, 0, false), 0); /* steps of one would have counted every page */
	bud_scanner_begin(&scanner, true);
	assert_int_equal(next(&scanner, 300, 0, true), 1); /* to 6.1 compound pages count as one */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_synchronous_strides_double_until_something_is_found),
		cmocka_unit_test(test_asynchronous_search_begins_with_long_steps),
		cmocka_unit_test(test_what_does_not_fit_is_not_known),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
