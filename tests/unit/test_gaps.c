/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lost events: from where nothing is certain, and which pages are again; gaps with counts and without, heads
 * overwritten, and losses that only the recorder's totals know. */
#include "tests/unit/script.h"

#define ALL 4096 /* pages of the zone */

#define TAKE(t, cpu_, page_, k)                                                        \
	{                                                                              \
		EV(ZONE_LOCKED, t, JAVA), .cpu = (cpu_), .order = (k), .page.pfn = (page_) \
	}
#define LOST_(t, cpu_, n)                                    \
	{                                                    \
		EV(LOST, t, 0), .cpu = (cpu_), .lost.count = (n) \
	}

/* What is claimed for the zone at that time. */
static uint64_t claim_at(script *s, uint64_t t_ns)
{
	bool done;
	assert_int_equal(bud_replay_run(s->replay, t_ns, NULL, &done, NULL), BUD_OK);
	return bud_zone_uncertain_pages(&bud_replay_memory(s->replay)->zones[1], NULL);
}

static void learn(script *s)
{
	bool done;
	assert_int_equal(bud_replay_learn(s->replay, 4, NULL, &done, NULL), BUD_OK);
	assert_true(done);
}

static void test_an_event_makes_its_pages_certain_again(void **state)
{
	(void)state;
	SCRIPT(s, TAKE(10, 0, 4096, 0), TAKE(20, 1, 4097, 0), LOST_(40, 0, 7), TAKE(50, 1, 4100, 0),
	       TAKE(60, 0, 4104, 3), TAKE(70, 0, 4106, 0), LOST_(80, 1, 0), TAKE(90, 1, 4100, 0));
	assert_int_equal(claim_at(&s, 39), 0); /* in one pass a gap is known at its end */
	assert_int_equal(claim_at(&s, 40), ALL);
	assert_int_equal(claim_at(&s, 50), ALL - 1);
	assert_int_equal(claim_at(&s, 60), ALL - 9);
	assert_int_equal(claim_at(&s, 70), ALL - 9);
	assert_int_equal(claim_at(&s, 80), ALL); /* one without a count is as bad */
	assert_int_equal(claim_at(&s, 90), ALL - 1);
	uint64_t uncounted;
	assert_int_equal(bud_replay_lost(s.replay, &uncounted), 7);
	assert_int_equal(uncounted, 1);
	script_close(&s);
}

/* A gap begins behind the last event its CPU has written; until it ends nothing becomes certain. */
static void test_a_gap_is_known_from_its_beginning(void **state)
{
	(void)state;
	SCRIPT(s, TAKE(10, 1, 4096, 0), TAKE(20, 0, 4097, 0), TAKE(30, 1, 4098, 0), LOST_(40, 0, 0),
	       TAKE(50, 1, 4100, 0));
	learn(&s);
	assert_int_equal(claim_at(&s, 19), 0);
	assert_int_equal(claim_at(&s, 20), ALL);
	assert_int_equal(claim_at(&s, 30), ALL);
	assert_int_equal(claim_at(&s, 40), ALL);
	assert_int_equal(claim_at(&s, 50), ALL - 1);
	script_close(&s);
}

/* Two CPUs lose at the same time: certain only where both have stopped. */
static void test_gaps_overlap(void **state)
{
	(void)state;
	SCRIPT(s, TAKE(10, 0, 4096, 0), TAKE(20, 1, 4097, 0), LOST_(30, 0, 3), TAKE(35, 0, 4098, 0), LOST_(40, 1, 3),
	       TAKE(50, 0, 4100, 0));
	learn(&s);
	assert_int_equal(claim_at(&s, 35), ALL);
	assert_int_equal(claim_at(&s, 50), ALL - 1);
	script_close(&s);
}

static void test_an_overwritten_head_reaches_back_to_the_start(void **state)
{
	(void)state;
	SCRIPT(s, TAKE(10, 0, 4096, 0), TAKE(20, 0, 4097, 0), LOST_(30, 1, 0), TAKE(40, 1, 4098, 0),
	       TAKE(50, 0, 4100, 1));
	learn(&s);
	assert_int_equal(claim_at(&s, 10), ALL);
	assert_int_equal(claim_at(&s, 20), ALL);
	assert_int_equal(claim_at(&s, 40), ALL - 1);
	assert_int_equal(claim_at(&s, 50), ALL - 3);
	script_close(&s);
}

/* What is certain at the end of a trace with one gap of cpu 0, by what the recorder says of it. */
static uint64_t claim_with(uint64_t counted, uint64_t overrun, uint64_t dropped)
{
	bud_event events[] = { TAKE(10, 0, 4096, 0), LOST_(20, 0, counted), TAKE(30, 0, 4098, 0) };
	bud_cpu_loss loss[2] = { { .overrun = overrun, .dropped = dropped } };
	script s;
	script_open(&s, events, sizeof events / sizeof *events);
	s.source.info.loss = loss;
	learn(&s);
	script_play(&s);
	uint64_t claim = claim_at(&s, 30);
	script_close(&s);
	return claim;
}

static void test_losses_of_no_place_leave_nothing_certain(void **state)
{
	(void)state;
	assert_int_equal(claim_with(5, 0, 0), ALL - 1);
	assert_int_equal(claim_with(5, 5, 0), ALL - 1); /* the gap accounts for them */
	assert_int_equal(claim_with(0, 9, 0), ALL - 1); /* or may */
	assert_int_equal(claim_with(5, 6, 0), ALL);
	assert_int_equal(claim_with(5, 5, 1), ALL); /* overwrite=0: the newest are dropped, and no gap tells where */
	assert_int_equal(claim_with(0, 0, 1), ALL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_event_makes_its_pages_certain_again),
		cmocka_unit_test(test_a_gap_is_known_from_its_beginning),
		cmocka_unit_test(test_gaps_overlap),
		cmocka_unit_test(test_an_overwritten_head_reaches_back_to_the_start),
		cmocka_unit_test(test_losses_of_no_place_leave_nothing_certain),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
