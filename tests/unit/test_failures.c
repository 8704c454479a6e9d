/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Failed allocations as the trace has them: which are the memory cgroup's, and which zones are asked. */
#include "tests/unit/script.h"

#include "lib/insight/failures.h"

static bud_failure_log *log_of(script *s, bud_boosts **boosts, const bud_section_filter *filter)
{
	bud_failure_log *log;
	assert_int_equal(bud_boosts_create(boosts, s->replay, NULL, 0, NULL), BUD_OK);
	assert_int_equal(bud_failures_create(&log, s->replay, &s->source, filter, NULL, 0, *boosts, NULL), BUD_OK);
	assert_int_equal(bud_replay_listen(s->replay, BUD_FAILURES_EVENTS, bud_failures_event, log, NULL), BUD_OK);
	script_play(s);
	assert_int_equal(bud_failures_status(log, NULL), BUD_OK);
	return log;
}

static bud_cause cause_behind(const bud_event *before, size_t nr, uint64_t gfp_flags)
{
	bud_event events[4];
	bud_boosts *boosts;
	script s;
	memcpy(events, before, nr * sizeof *before);
	events[nr] = (bud_event)FAIL(10, JAVA, 2, gfp_flags);
	script_open(&s, events, nr + 1);
	bud_failure_log *log = log_of(&s, &boosts, NULL);
	const bud_failures *list = bud_failures_list(log);
	assert_int_equal(list->nr, 1);
	bud_cause cause = list->failures[0].cause;
	assert_int_equal(list->by_cause[cause], 1);
	bud_failures_destroy(log);
	bud_boosts_destroy(boosts);
	script_close(&s);
	return cause;
}

/* A request that its cgroup refuses has got its pages: they are freed just before its event. */
static void test_the_limit_of_a_memory_cgroup(void **state)
{
	(void)state;
	const bud_event freed = FREE(9, JAVA, 4096, 2), other_order = FREE(9, JAVA, 4096, 1),
			other_task = FREE(9, SH, 4096, 2), alloc = ALLOC(9, JAVA, 4200, 0, KERNEL);
	bud_event other_cpu = freed;
	other_cpu.cpu = 1;
	assert_int_equal(cause_behind(&freed, 1, ACCOUNT), BUD_CAUSE_LIMIT);
	assert_int_not_equal(cause_behind(&freed, 1, KERNEL), BUD_CAUSE_LIMIT);
	assert_int_not_equal(cause_behind(&other_order, 1, ACCOUNT), BUD_CAUSE_LIMIT);
	assert_int_not_equal(cause_behind(&other_task, 1, ACCOUNT), BUD_CAUSE_LIMIT);
	assert_int_not_equal(cause_behind(&other_cpu, 1, ACCOUNT), BUD_CAUSE_LIMIT);
	const bud_event between[] = { freed, alloc };
	assert_int_not_equal(cause_behind(between, 2, ACCOUNT), BUD_CAUSE_LIMIT);
	const bud_event lost[] = { freed, { .kind = BUD_EV_LOST, .t_ns = 9 } };
	assert_int_not_equal(cause_behind(lost, 2, ACCOUNT), BUD_CAUSE_LIMIT);
}

/* Only zones that are asked for, and only failures that one of them could have prevented. */
static void test_zones(void **state)
{
	(void)state;
	static const bud_event events[] = { FAIL(1, JAVA, 0, KERNEL), FAIL(2, JAVA, 0, KERNEL | 1 /* GFP_DMA */) };
	bud_section_filter filter = BUD_SECTION_FILTER_ALL;
	filter.node = 0;
	filter.zone = "DMA32";
	script s;
	bud_boosts *boosts;
	script_open(&s, events, 2);
	bud_failure_log *log = log_of(&s, &boosts, &filter);
	const bud_failures *list = bud_failures_list(log);
	assert_int_equal(list->total, 2);
	assert_int_equal(list->nr, 1);
	assert_int_equal(list->failures[0].number, 1);
	assert_int_equal(list->failures[0].nr_answers, 1);
	assert_string_equal(bud_failures_answers(list, &list->failures[0])->name, "DMA32");
	assert_int_equal(bud_failures_answers(list, &list->failures[0])->node, 0);
	bud_failures_destroy(log);
	bud_boosts_destroy(boosts);
	script_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_limit_of_a_memory_cgroup),
		cmocka_unit_test(test_zones),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
