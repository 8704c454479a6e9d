/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "lib/insight/trial.h"

/* Cases: unchanged, control, and remedies; fates of the request and failures of those like it. */
static bud_trial trial_of(const bud_trial_setup *setup, const bud_fate_kind *kinds, const uint64_t *failed, size_t nr)
{
	bud_trial trial;
	bud_trial_init(&trial, setup);
	trial.next = nr;
	for (size_t i = 0; i < nr; i++) {
		trial.cases[i].fates.own.kind = kinds[i];
		trial.cases[i].failed = failed[i];
	}
	return trial;
}

static void what_serves_it_helps_if_no_more_of_its_like_fail(void **state)
{
	(void)state;
	const bud_trial_setup setup = { .control = 1 };
	const bud_fate_kind kinds[] = { BUD_FATE_FAILED,    BUD_FATE_FAILED,   BUD_FATE_AT_ONCE, BUD_FATE_AT_ONCE,
					BUD_FATE_RECLAIMED, BUD_FATE_LEFT_OUT, BUD_FATE_FAILED };
	const uint64_t failed[] = { 5, 5, 6, 5, 2, 0, 0 };
	bud_trial t = trial_of(&setup, kinds, failed, 7);
	assert_true(bud_trial_tells(&t));
	const bool helps[] = { false, false, false, true, true, false, false };
	for (size_t i = 0; i < 7; i++)
		if (bud_trial_helps(&t, i) != helps[i])
			fail_msg("case %zu", i);
	assert_int_equal(bud_trial_best(&t), 4);
}

static void where_chance_decides_its_like_do(void **state)
{
	(void)state;
	const bud_trial_setup setup = { .control = 1 };
	const bud_fate_kind kinds[] = { BUD_FATE_FAILED, BUD_FATE_AT_ONCE, BUD_FATE_AT_ONCE, BUD_FATE_FAILED };
	const uint64_t failed[] = { 5, 4, 4, 3 };
	bud_trial t = trial_of(&setup, kinds, failed, 4);
	assert_true(bud_trial_repeats(&t) && bud_trial_by_chance(&t));
	assert_false(bud_trial_tells(&t));
	assert_false(bud_trial_helps(&t, 2));
	assert_true(bud_trial_helps(&t, 3));
}

static void a_model_without_the_trouble_tells_of_others_only(void **state)
{
	(void)state;
	const bud_trial_setup setup = { .control = 1 };
	const bud_fate_kind kinds[] = { BUD_FATE_AT_ONCE, BUD_FATE_AT_ONCE, BUD_FATE_AT_ONCE, BUD_FATE_FAILED };
	const uint64_t failed[] = { 5, 7, 5, 4 };
	bud_trial t = trial_of(&setup, kinds, failed, 4);
	assert_false(bud_trial_repeats(&t) || bud_trial_by_chance(&t) || bud_trial_tells(&t));
	assert_false(bud_trial_helps(&t, 2));
	assert_true(bud_trial_helps(&t, 3));
	/* What the model cannot make, or does not reach, is no trouble of the request's. */
	for (bud_fate_kind kind = BUD_FATE_UNREACHED; kind < BUD_FATE_FAILED; kind++) {
		t.cases[0].fates.own.kind = kind;
		assert_false(bud_trial_repeats(&t));
	}
	t.cases[0].fates.own.kind = BUD_FATE_LEFT_OUT;
	assert_false(bud_trial_repeats(&t));
}

static void a_slow_request_is_well_at_once_only(void **state)
{
	(void)state;
	const bud_trial_setup setup = { .slow = true };
	const bud_fate_kind kinds[] = { BUD_FATE_COMPACTED, BUD_FATE_WAITED, BUD_FATE_AT_ONCE };
	const uint64_t failed[] = { 0, 0, 0 };
	bud_trial t = trial_of(&setup, kinds, failed, 3);
	assert_true(bud_trial_tells(&t));
	assert_false(bud_trial_helps(&t, 1));
	assert_true(bud_trial_helps(&t, 2));
	assert_int_equal(bud_trial_best(&t), 2);
	t.cases[0].fates.own.kind = BUD_FATE_AT_ONCE;
	assert_false(bud_trial_repeats(&t));
	assert_int_equal(bud_trial_best(&t), 0);
}

/* A zone nobody told the managed pages of counts by its span. */
static void tables_grow_with_the_machine(void **state)
{
	(void)state;
	bud_zone zones[] = { { .spanned = 1000000, .managed = 900000 }, { .spanned = 1000, .managed = BUD_UNKNOWN } };
	bud_memory memory = { .zones = zones, .nr_zones = 1 };
	size_t one = bud_trial_bytes(&memory);
	assert_in_range(one, 1000000 * 34, 1000000 * 100);
	memory.nr_zones = 2;
	assert_in_range(bud_trial_bytes(&memory) - one, 1000 * 34, 1000 * 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_serves_it_helps_if_no_more_of_its_like_fail),
		cmocka_unit_test(where_chance_decides_its_like_do),
		cmocka_unit_test(a_model_without_the_trouble_tells_of_others_only),
		cmocka_unit_test(a_slow_request_is_well_at_once_only),
		cmocka_unit_test(tables_grow_with_the_machine),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
