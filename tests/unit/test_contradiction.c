/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which events contradict which states, and the first examples of each kind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/replay/contradiction.h"

static void expect(bud_event_kind kind, bud_page_state state, bud_contradiction contradiction)
{
	uint64_t before[BUD_NR_PAGE_STATES] = { 0 };
	bud_page_state held = BUD_NR_PAGE_STATES;
	before[state] = 8;
	assert_int_equal(bud_contradiction_of(kind, before, &held), contradiction);
	if (contradiction < BUD_NR_CONTRADICTIONS)
		assert_int_equal(held, state);
}

static void test_every_event_in_every_state(void **state)
{
	(void)state;
	static const bud_contradiction fine = BUD_NR_CONTRADICTIONS;
	static const struct {
		bud_event_kind kind;
		bud_contradiction unknown, free, cached, used;
	} rows[] = {
		{ BUD_EV_ALLOC, fine, BUD_CONTRA_ALLOC_OF_FREE, fine, BUD_CONTRA_ALLOC_OF_USED },
		{ BUD_EV_FREE, fine, BUD_CONTRA_FREE_OF_FREE, BUD_CONTRA_FREE_OF_CACHED, fine },
		{ BUD_EV_PCPU_DRAIN, fine, BUD_CONTRA_DRAIN_OF_FREE, fine, BUD_CONTRA_DRAIN_OF_USED },
		{ BUD_EV_ZONE_LOCKED, BUD_CONTRA_TAKE_OF_TAKEN, fine, BUD_CONTRA_TAKE_OF_TAKEN,
		  BUD_CONTRA_TAKE_OF_TAKEN },
		{ BUD_EV_EXTFRAG, fine, fine, fine, fine },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		expect(rows[i].kind, BUD_PAGE_UNKNOWN, rows[i].unknown);
		expect(rows[i].kind, BUD_PAGE_FREE, rows[i].free);
		expect(rows[i].kind, BUD_PAGE_CACHED, rows[i].cached);
		expect(rows[i].kind, BUD_PAGE_USED, rows[i].used);
	}
}

static void test_the_first_are_kept_as_examples(void **state)
{
	(void)state;
	bud_contradiction_count count = { 0 };
	assert_int_equal(bud_contradiction_examples(&count), 0);
	for (uint64_t i = 0; i < 9; i++) {
		bud_event event = { .t_ns = 100 + i, .pid = -1, .cpu = 3, .order = 2 };
		bud_contradiction_note(&count, &event, 40 + i, BUD_PAGE_USED);
		assert_int_equal(bud_contradiction_examples(&count), i < 2 ? i + 1 : 3);
	}
	assert_int_equal(count.count, 9);
	assert_int_equal(count.examples[0].pfn, 40);
	assert_int_equal(count.examples[2].t_ns, 102);
	assert_int_equal(count.examples[2].cpu, 3);
	assert_string_equal(bud_page_state_name((bud_page_state)count.examples[2].held), "used");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_event_in_every_state),
		cmocka_unit_test(test_the_first_are_kept_as_examples),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
