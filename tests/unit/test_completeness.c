/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a trace lacks, by its head, by its events, by the recorder's statistics and by the kernel's counters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/replay/completeness.h"

#define LACK(lack) BUD_LACK_BIT(BUD_LACK_##lack)
#define KMEM	   (BUD_EVENT_PAGES | BUD_EVENT_BIT(BUD_EV_FREE_BATCHED))

static bud_cpu_loss loss[2];
static bud_trace_info info = { .nr_cpus = 2, .loss = loss, .formats = BUD_EVENT_ALL };
static bud_kernel kernel = { .extfrag_removes = 1 };

/* A healthy stream: pages come and go, on both CPUs, by several processes. */
static void fill(bud_completeness *c)
{
	static const uint8_t kinds[] = { BUD_EV_ZONE_LOCKED, BUD_EV_ALLOC, BUD_EV_FREE, BUD_EV_PCPU_DRAIN };
	memset(loss, 0, sizeof loss);
	bud_completeness_init(c, 2);
	for (int i = 0; i < 4000; i++) {
		bud_event event = { .kind = kinds[i % 4], .pid = i / 4 % 7, .cpu = (uint16_t)(i / 4 % 2) };
		bud_completeness_note(c, &event);
	}
}

static bud_lacks judge(const bud_completeness *c, uint64_t contradictions)
{
	return bud_completeness_judge(c, &info, NULL, 0, contradictions);
}

static void note(bud_completeness *c, bud_event_kind kind, int32_t pid, uint16_t cpu, int times)
{
	bud_event event = { .kind = (uint8_t)kind, .pid = pid, .cpu = cpu };
	for (int i = 0; i < times; i++)
		bud_completeness_note(c, &event);
}

static void test_a_full_trace_lacks_nothing(void **state)
{
	(void)state;
	bud_completeness c;
	fill(&c);
	assert_int_equal(bud_completeness_at_first(&info, &kernel, NULL, 0), 0);
	assert_int_equal(judge(&c, 0), 0);
	assert_int_equal(judge(&c, 19), 0);
	bud_completeness_fini(&c);
}

static void test_the_head_tells_which_events_can_be_there(void **state)
{
	(void)state;
	bud_trace_info kmem = { .nr_cpus = 1, .formats = KMEM };
	assert_int_equal(bud_completeness_at_first(&kmem, &kernel, NULL, 0), LACK(COMPACTION));
	kmem.formats &= ~BUD_EVENT_BIT(BUD_EV_EXTFRAG);
	assert_int_equal(bud_completeness_at_first(&kmem, &kernel, NULL, 0), LACK(COMPACTION) | LACK(EXTFRAG));
	bud_kernel old = { .extfrag_removes = 0 };
	assert_int_equal(bud_completeness_at_first(&kmem, &old, NULL, 0), LACK(COMPACTION));
	kmem.formats = BUD_EVENT_BIT(BUD_EV_ALLOC) | BUD_EVENT_BIT(BUD_EV_FREE);
	assert_int_equal(bud_completeness_at_first(&kmem, &old, NULL, 0),
			 LACK(COMPACTION) | LACK(TAKES) | LACK(DRAINS));
	kmem.formats = 0; /* a text tells nothing in advance */
	assert_int_equal(bud_completeness_at_first(&kmem, &kernel, NULL, 0), 0);
}

static void set_vmstat(bud_snapshot *snapshot, bud_named_value *values, uint64_t isolated, uint64_t pgfree)
{
	values[0] = (bud_named_value){ "compact_isolated", isolated };
	values[1] = (bud_named_value){ "pgfree", pgfree };
	*snapshot = (bud_snapshot){ .vmstat = values, .nr_vmstat = 2 };
}

static void test_vmstat_tells_of_compaction(void **state)
{
	(void)state;
	bud_completeness c;
	bud_snapshot snapshots[2];
	bud_named_value values[2][2];
	bud_trace_info kmem = { .nr_cpus = 1, .formats = KMEM };
	set_vmstat(&snapshots[0], values[0], 64, 0);
	set_vmstat(&snapshots[1], values[1], 64, 0);
	fill(&c);
	assert_int_equal(bud_completeness_at_first(&kmem, &kernel, snapshots, 2), 0);
	assert_int_equal(bud_completeness_at_first(&kmem, &kernel, snapshots, 1), LACK(COMPACTION));
	assert_int_equal(bud_completeness_judge(&c, &info, snapshots, 2, 0), 0);
	values[1][0].value = 65;
	assert_int_equal(bud_completeness_at_first(&kmem, &kernel, snapshots, 2), LACK(COMPACTION));
	assert_int_equal(bud_completeness_judge(&c, &info, snapshots, 2, 0), LACK(COMPACTION));
	note(&c, BUD_EV_ISOLATE_FREE, 1, 0, 1);
	assert_int_equal(bud_completeness_judge(&c, &info, snapshots, 2, 0), 0);
	bud_completeness_fini(&c);
}

static void test_kinds_that_never_occur(void **state)
{
	(void)state;
	bud_completeness c;
	bud_completeness_init(&c, 2);
	for (int i = 0; i < 600; i++) {
		note(&c, BUD_EV_ALLOC, i % 5, (uint16_t)(i % 2), 1);
		note(&c, BUD_EV_FREE, i % 5, (uint16_t)(i % 2), 1);
		if (i == 300) /* too few to tell */
			assert_int_equal(judge(&c, 0), 0);
	}
	assert_int_equal(judge(&c, 0), LACK(TAKES) | LACK(DRAINS));
	note(&c, BUD_EV_PCPU_DRAIN, 3, 1, 1);
	assert_int_equal(judge(&c, 0), LACK(TAKES));
	bud_completeness_fini(&c);
}

static void test_filters_are_recognised_and_refused(void **state)
{
	(void)state;
	static const bud_event_kind kinds[] = { BUD_EV_ZONE_LOCKED, BUD_EV_ALLOC, BUD_EV_FREE, BUD_EV_PCPU_DRAIN };
	bud_completeness c;
	bud_completeness_init(&c, 2);
	for (int i = 0; i < 2000; i++)
		note(&c, kinds[i % 4], 4321, (uint16_t)(i / 4 % 2), 1);
	assert_int_equal(judge(&c, 0), LACK(ONE_PID));
	note(&c, BUD_EV_ALLOC, 4322, 0, 1);
	assert_int_equal(judge(&c, 0), 0);
	bud_completeness_fini(&c);
	bud_completeness_init(&c, 2);
	for (int i = 0; i < 2000; i++)
		note(&c, kinds[i % 4], i % 9, 1, 1);
	assert_int_equal(judge(&c, 0), LACK(ONE_CPU));
	assert_true(LACK(ONE_PID) & BUD_LACKS_REFUSED);
	assert_true(LACK(ONE_CPU) & BUD_LACKS_REFUSED);
	assert_false(LACK(DRAINS) & BUD_LACKS_REFUSED);
	bud_completeness_fini(&c);
}

static void test_a_filter_of_several_processes_shows_in_vmstat(void **state)
{
	(void)state;
	bud_completeness c;
	bud_snapshot snapshots[2];
	bud_named_value values[2][2];
	set_vmstat(&snapshots[0], values[0], 0, 1000);
	fill(&c);
	bud_completeness_note_snapshot(&c, &snapshots[0]);
	for (int i = 0; i < 5000; i++)
		note(&c, BUD_EV_FREE, i % 3, (uint16_t)(i % 2), 1);
	set_vmstat(&snapshots[1], values[1], 0, 1000 + 10000);
	bud_completeness_note_snapshot(&c, &snapshots[1]);
	assert_int_equal(judge(&c, 0), 0);
	values[1][1].value++;
	values[1][1].value++;
	bud_completeness_note_snapshot(&c, &snapshots[1]);
	assert_int_equal(judge(&c, 0), LACK(MOST));
	note(&c, BUD_EV_LOST, 0, 1, 1); /* loss explains it as well */
	assert_int_equal(judge(&c, 0), 0);
	bud_completeness_fini(&c);
}

static void test_losses_without_a_place(void **state)
{
	(void)state;
	bud_completeness c;
	fill(&c);
	loss[1].dropped = 1;
	assert_int_equal(bud_completeness_at_first(&info, &kernel, NULL, 0), LACK(PLACES));
	loss[1].dropped = 0;
	loss[1].overrun = 10;
	assert_int_equal(bud_completeness_at_first(&info, &kernel, NULL, 0), 0);
	assert_int_equal(judge(&c, 0), LACK(PLACES));
	bud_event gap = { .kind = BUD_EV_LOST, .cpu = 1, .lost.count = 9 };
	bud_completeness_note(&c, &gap);
	assert_int_equal(judge(&c, 0), LACK(PLACES));
	gap.lost.count = 1;
	bud_completeness_note(&c, &gap);
	assert_int_equal(judge(&c, 0), 0);
	loss[1].overrun = 1000;
	gap.lost.count = 0; /* may be all the rest */
	bud_completeness_note(&c, &gap);
	assert_int_equal(judge(&c, 0), 0);
	loss[0].overrun = 1;
	assert_int_equal(judge(&c, 0), LACK(PLACES));
	bud_completeness_fini(&c);
}

static void test_too_many_contradictions(void **state)
{
	(void)state;
	bud_completeness c;
	fill(&c);
	assert_int_equal(judge(&c, 20), 0);
	assert_int_equal(judge(&c, 21), LACK(CONTRADICTED));
	note(&c, BUD_EV_LOST, 0, 0, 1); /* they are expected then */
	assert_int_equal(judge(&c, 21), 0);
	bud_completeness_fini(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_full_trace_lacks_nothing),
		cmocka_unit_test(test_the_head_tells_which_events_can_be_there),
		cmocka_unit_test(test_vmstat_tells_of_compaction),
		cmocka_unit_test(test_kinds_that_never_occur),
		cmocka_unit_test(test_filters_are_recognised_and_refused),
		cmocka_unit_test(test_a_filter_of_several_processes_shows_in_vmstat),
		cmocka_unit_test(test_losses_without_a_place),
		cmocka_unit_test(test_too_many_contradictions),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
