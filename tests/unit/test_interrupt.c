/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Frees in interrupts: which of them may have found the per-CPU list locked, by what the task does around them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/replay/interrupt.h"

#define TASK	7
#define SOFTIRQ 0x10
#define FREED	100 /* page the interrupt frees */

static const bud_kernel today = { .pcp_irqs_on = 1 }, old = { 0 };
static const bud_zone normal, dma32;

typedef struct outcome {
	size_t doubts, direct;
} outcome;

/* What becomes of a free of Normal that comes in between two events of the task. */
static outcome interrupt(const bud_kernel *kernel, bud_event_kind before, const bud_zone *zone_before,
			 bud_event_kind after, const bud_zone *zone_after)
{
	const bud_event events[] = { { .kind = (uint8_t)before, .pid = TASK, .page = { .pfn = 1 } },
				     { .kind = BUD_EV_FREE, .pid = TASK, .page = { .pfn = FREED, .context = SOFTIRQ } },
				     { .kind = (uint8_t)after, .pid = TASK, .page = { .pfn = 2 } } };
	const bud_zone *zones[] = { zone_before, &normal, zone_after };
	bud_interrupts interrupts;
	bud_proofs proofs;
	bud_interrupts_init(&interrupts, 1, kernel);
	bud_proofs_init(&proofs);
	bud_proofs_begin(&proofs, true);
	for (uint64_t i = 0; i < 3; i++)
		bud_interrupts_note(&interrupts, &events[i], zones[i], i + 1, &proofs);
	outcome o = { .doubts = proofs.nr_doubts, .direct = proofs.nr_fresh };
	if (o.doubts)
		assert_int_equal(proofs.doubts[0].pfn, FREED);
	if (o.direct)
		assert_int_equal(proofs.fresh[0].kind, BUD_PROOF_DIRECT);
	bud_proofs_fini(&proofs);
	bud_interrupts_fini(&interrupts);
	return o;
}

static void expect(bud_event_kind before, const bud_zone *zone_before, bud_event_kind after, const bud_zone *zone_after,
		   size_t doubts, size_t direct)
{
	outcome o = interrupt(&today, before, zone_before, after, zone_after);
	assert_int_equal(o.doubts, doubts);
	assert_int_equal(o.direct, direct);
}

static void test_the_lock_was_held(void **state)
{
	(void)state;
	expect(BUD_EV_FREE_BATCHED, &normal, BUD_EV_FREE_BATCHED, &normal, 0, 1);
	expect(BUD_EV_PCPU_DRAIN, &normal, BUD_EV_PCPU_DRAIN, &normal, 0, 1);
	expect(BUD_EV_PCPU_DRAIN, &dma32, BUD_EV_PCPU_DRAIN, &dma32, 0, 0);
}

static void test_behind_a_free_it_may_have_been(void **state)
{
	(void)state;
	expect(BUD_EV_FREE, &normal, BUD_EV_FREE, &normal, 1, 0);
	expect(BUD_EV_FREE, &dma32, BUD_EV_FREE, &normal, 0, 0);
	expect(BUD_EV_ZONE_LOCKED, &normal, BUD_EV_ALLOC, &dma32, 1, 0);
}

static void test_on_the_way_to_an_allocation_it_may_have_been(void **state)
{
	(void)state;
	expect(BUD_EV_ALLOC, &normal, BUD_EV_ALLOC, &normal, 1, 0);
	expect(BUD_EV_ALLOC, &dma32, BUD_EV_ZONE_LOCKED, &normal, 1, 0);
	expect(BUD_EV_ALLOC, &normal, BUD_EV_ALLOC, &dma32, 0, 0);
	/* An allocation has let go of it, and a free has not taken it yet. */
	expect(BUD_EV_ALLOC, &normal, BUD_EV_FREE, &normal, 0, 0);
	expect(BUD_EV_ALLOC, &normal, BUD_EV_FREE_BATCHED, &normal, 0, 0);
}

static void test_nothing_interrupts_an_old_kernel_there(void **state)
{
	(void)state;
	outcome o = interrupt(&old, BUD_EV_PCPU_DRAIN, &normal, BUD_EV_PCPU_DRAIN, &normal);
	assert_int_equal(o.doubts + o.direct, 0);
	o = interrupt(&old, BUD_EV_FREE, &normal, BUD_EV_FREE, &normal);
	assert_int_equal(o.doubts + o.direct, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_lock_was_held),
		cmocka_unit_test(test_behind_a_free_it_may_have_been),
		cmocka_unit_test(test_on_the_way_to_an_allocation_it_may_have_been),
		cmocka_unit_test(test_nothing_interrupts_an_old_kernel_there),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
