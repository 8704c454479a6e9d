/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "lib/insight/fate.h"

static void counts_tell_how_it_was_served(void **state)
{
	(void)state;
	const bud_machine_counts before = { .requests = 7, .failures = 1, .slow = 2, .reclaims = 3, .compactions = 4 };
	const struct {
		bud_machine_counts more;
		bud_fate_kind kind;
	} vectors[] = {
		{ { 0 }, BUD_FATE_LEFT_OUT },
		{ { .requests = 1 }, BUD_FATE_AT_ONCE },
		{ { .requests = 1, .slow = 1 }, BUD_FATE_WAITED },
		{ { .requests = 1, .slow = 1, .compactions = 2 }, BUD_FATE_COMPACTED },
		{ { .requests = 1, .slow = 1, .compactions = 1, .reclaims = 1 }, BUD_FATE_RECLAIMED },
		{ { .requests = 1, .slow = 1, .reclaims = 9, .ooms = 1 }, BUD_FATE_KILLED },
		{ { .requests = 1, .slow = 1, .reclaims = 9, .ooms = 1, .failures = 1 }, BUD_FATE_FAILED },
		/* Page by page, for want of a huge one: the worst page counts. */
		{ { .requests = 512, .slow = 3, .failures = 3 }, BUD_FATE_FAILED },
	};
	for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
		bud_machine_counts after = before;
		after.requests += vectors[i].more.requests;
		after.failures += vectors[i].more.failures;
		after.slow += vectors[i].more.slow;
		after.reclaims += vectors[i].more.reclaims;
		after.compactions += vectors[i].more.compactions;
		after.ooms += vectors[i].more.ooms;
		bud_fate fate = bud_fate_of(&before, &after, BUD_PAGE_NORETRY);
		if (fate.kind != vectors[i].kind)
			fail_msg("vector %zu: %s", i, bud_fate_name(fate.kind));
		assert_int_equal(fate.failure, fate.kind == BUD_FATE_FAILED ? BUD_PAGE_NORETRY : BUD_PAGE_OK);
		assert_int_equal(fate.compactions, vectors[i].more.compactions);
	}
	bud_machine_counts after = before;
	after.requests++;
	after.failures++;
	assert_int_equal(bud_fate_of(&before, &after, BUD_PAGE_REFUSED).kind, BUD_FATE_REFUSED);
}

static bud_event alloc(uint64_t t_ns, bud_pfn pfn, int order)
{
	return (bud_event){ .kind = BUD_EV_ALLOC, .t_ns = t_ns, .order = (int8_t)order, .page.pfn = pfn };
}

static bool is_here(bud_fate_watch *watch, bud_event event)
{
	bud_fate_watch_event(watch, &event);
	return watch->here;
}

static void a_failure_is_found_by_its_number(void **state)
{
	(void)state;
	const bud_fate_subject subject = { .order = 3, .failure = 2, .pfn = BUD_PFN_NONE };
	bud_fate_watch watch = { .subject = &subject };
	assert_false(is_here(&watch, alloc(1, BUD_PFN_NONE, 3)));
	assert_false(is_here(&watch, alloc(2, 77, 3)));
	/* One of no order the model has counts as none, as it does where failures are listed. */
	assert_false(is_here(&watch, alloc(2, BUD_PFN_NONE, BUD_NR_ORDERS)));
	assert_true(is_here(&watch, alloc(2, BUD_PFN_NONE, 3)));
	/* At the same moment: not the same request. */
	assert_false(is_here(&watch, alloc(2, BUD_PFN_NONE, 3)));
}

static void a_slow_request_is_found_by_its_page(void **state)
{
	(void)state;
	const bud_fate_subject subject = { .t_ns = 5, .pfn = 77 };
	bud_fate_watch watch = { .subject = &subject };
	assert_false(is_here(&watch, alloc(4, 77, 0)));
	assert_false(is_here(&watch, alloc(5, 78, 0)));
	assert_false(is_here(&watch, alloc(5, BUD_PFN_NONE, 0)));
	assert_true(is_here(&watch, alloc(5, 77, 0)));
	watch.subject = NULL;
	assert_false(is_here(&watch, alloc(5, 77, 0)));
}

static void those_like_it_are_counted_by_what_the_trace_had(void **state)
{
	(void)state;
	const bud_fate_subject subject = { .order = 3, .gfp = BUD_GFP_KERNEL };
	bud_fate_watch watch = { .subject = &subject };
	bud_op op = { .kind = BUD_OP_FAILED, .order = 3, .gfp = BUD_GFP_KERNEL };
	const bud_fate failed = { .kind = BUD_FATE_FAILED }, served = { .kind = BUD_FATE_AT_ONCE };
	bud_fates fates = { 0 };
	assert_true(bud_fate_is_like(&watch, &op));
	bud_fates_add(&fates, &watch, &op, failed);
	bud_fates_add(&fates, &watch, &op, served);
	assert_int_equal(fates.own.kind, BUD_FATE_UNREACHED);
	watch.here = true;
	bud_fates_add(&fates, &watch, &op, served);
	assert_int_equal(fates.own.kind, BUD_FATE_AT_ONCE);
	op.kind = BUD_OP_ALLOC;
	assert_true(bud_fate_is_like(&watch, &op));
	watch.here = false;
	bud_fates_add(&fates, &watch, &op, failed);
	assert_int_equal(fates.failed_too, 1);
	assert_int_equal(fates.failed_newly, 1);
	op.gfp |= BUD_GFP_NORETRY;
	assert_false(bud_fate_is_like(&watch, &op));
	op = (bud_op){ .kind = BUD_OP_FREE, .order = 3, .gfp = BUD_GFP_KERNEL };
	assert_false(bud_fate_is_like(&watch, &op));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_tell_how_it_was_served),
		cmocka_unit_test(a_failure_is_found_by_its_number),
		cmocka_unit_test(a_slow_request_is_found_by_its_page),
		cmocka_unit_test(those_like_it_are_counted_by_what_the_trace_had),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
