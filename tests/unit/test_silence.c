/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Spans in doubt, added up over time: never less than a naive count of them, and no more than its neighbours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/replay/silence.h"

static bud_memory no_zones(bud_zone zones[2])
{
	for (int i = 0; i < 2; i++)
		bud_zone_init(&zones[i], 0, "Normal", 0, 1000, 10);
	return (bud_memory){ .zones = zones, .nr_zones = 2 };
}

static void fini(bud_zone zones[2])
{
	bud_zone_fini(&zones[0]);
	bud_zone_fini(&zones[1]);
}

static void test_a_short_trace_is_exact(void **state)
{
	(void)state;
	bud_zone zones[2];
	bud_memory memory = no_zones(zones);
	bud_proofs proofs;
	bud_silence *s;
	bud_proofs_init(&proofs);
	assert_int_equal(bud_silence_create(&s, 2, NULL), BUD_OK);
	bud_silence_add(s, 1, 10, 20, 3);
	bud_silence_add(s, 1, 20, 30, 1);
	bud_proofs_stamp(&proofs, 500, 1, 25); /* held free since, to the end */
	bud_zone_make_free(&zones[1], 500, 0);
	bud_silence_end(s, &memory, &proofs, 100);
	assert_int_equal(bud_silence_at(s, 1, 9), 0);
	assert_int_equal(bud_silence_at(s, 1, 10), 3);
	assert_int_equal(bud_silence_at(s, 1, 20), 4);
	assert_int_equal(bud_silence_at(s, 1, 21), 1);
	assert_int_equal(bud_silence_at(s, 1, 30), 2);
	assert_int_equal(bud_silence_at(s, 1, 100), 1);
	assert_int_equal(bud_silence_at(s, 0, 20), 0);
	assert_int_equal(bud_silence_until(s, 20), 21);
	bud_silence_destroy(s);
	bud_proofs_fini(&proofs);
	fini(zones);
}

#define SPANS 500

static void test_a_long_one_is_never_too_low(void **state)
{
	(void)state;
	uint64_t from[SPANS], to[SPANS];
	bud_zone zones[2];
	bud_memory memory = no_zones(zones);
	bud_proofs proofs;
	bud_silence *s;
	bud_proofs_init(&proofs);
	assert_int_equal(bud_silence_create(&s, 2, NULL), BUD_OK);
	srandom(1);
	for (int i = 0; i < SPANS; i++) {
		from[i] = (uint64_t)random() % 1000000 * (i + 1) / SPANS; /* the end comes late */
		to[i] = from[i] + (uint64_t)random() % 100000;
		bud_silence_add(s, 0, from[i], to[i], 1);
	}
	bud_silence_end(s, &memory, &proofs, 1100000);
	for (uint64_t seq = 0; seq < 1100000; seq += 777) {
		uint64_t next = bud_silence_until(s, seq), width = next - (next > 4096 ? 4096 : next), exact = 0, near = 0;
		assert_true(next > seq && next - seq <= 2048);
		for (int i = 0; i < SPANS; i++) {
			exact += from[i] <= seq && seq <= to[i];
			near += from[i] < next && to[i] >= width;
		}
		assert_true(bud_silence_at(s, 0, seq) >= exact);
		assert_true(bud_silence_at(s, 0, seq) <= near);
	}
	bud_silence_destroy(s);
	bud_proofs_fini(&proofs);
	fini(zones);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_short_trace_is_exact),
		cmocka_unit_test(test_a_long_one_is_never_too_low),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
