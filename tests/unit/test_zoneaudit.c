/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the audit asks about zones and marks, and when it keeps its mouth shut: a machine of one zone, made by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/insight/zoneaudit.h"

#define START 4096
#define PAGES 16384
#define MIN   1000
#define LOW   1250
#define HIGH  1500
#define PID   7

/* GFP_KERNEL of 6.12 in raw bits: RECLAIM, IO, FS. */
#define KERNEL 0xcc0

static bud_status no_events(bud_source *source, bud_batch *batch, bud_error *err)
{
	(void)source, (void)err;
	*batch = (bud_batch){ 0 };
	return BUD_OK;
}

static bud_status from_start(bud_source *source, uint64_t t_ns, bud_error *err)
{
	(void)source, (void)t_ns, (void)err;
	return BUD_OK;
}

static const bud_source_ops ops = { .next = no_events, .rewind = from_start };

typedef struct story {
	bud_source source;
	bud_snapshot snapshot;
	bud_kernel kernel;
	bud_replay *replay;
	bud_zone *zone;
	bud_tally tally;
	bud_zoneaudit audit;
} story;

/* free pages, all on Movable lists of blocks of order 3 */
static void begin(story *s, uint64_t free)
{
	bud_memory memory;
	bud_sysctls sysctls;
	memset(s, 0, sizeof *s);
	s->source.ops = &ops;
	s->source.info.nr_cpus = 1;
	bud_kernel_init(&s->kernel, "6.12.1", "x86_64");
	bud_zone_info *info = bud_snapshot_add_zone(&s->snapshot, 0, "DMA32");
	assert_non_null(info);
	info->start_pfn = START;
	info->spanned = info->present = info->managed = PAGES;
	info->min = MIN, info->low = LOW, info->high = HIGH, info->boost = 0;
	assert_int_equal(bud_memory_from_snapshot(&memory, &s->snapshot, &s->kernel, NULL), BUD_OK);
	assert_int_equal(bud_replay_create(&s->replay, &memory, &s->kernel, &s->source, NULL, 0, BUD_SEED_NONE, NULL),
			 BUD_OK);
	assert_int_equal(bud_replay_follow_types(s->replay, NULL), BUD_OK);
	bud_memory_fini(&memory);
	s->zone = bud_memory_find(bud_replay_memory(s->replay), 0, "DMA32");
	assert_non_null(s->zone);
	s->zone->seeded = true;
	for (bud_pfn pfn = START; free; pfn += 16, free -= 8)
		bud_zone_make_free(s->zone, pfn, 3);
	bud_sysctls_init(&sysctls);
	assert_int_equal(bud_tally_init(&s->tally, NULL), BUD_OK);
	assert_int_equal(bud_zoneaudit_init(&s->audit, s->replay, &s->snapshot, 1, &sysctls, 1, &s->tally, NULL),
			 BUD_OK);
}

static void end(story *s)
{
	bud_zoneaudit_fini(&s->audit);
	bud_tally_fini(&s->tally);
	bud_replay_destroy(s->replay);
	bud_snapshot_fini(&s->snapshot);
}

static void hear(story *s, bud_event event)
{
	event.pid = PID;
	bud_zoneaudit_event(&s->audit, &event);
}

static void kswapd_sleeps(story *s)
{
	hear(s, (bud_event){ .kind = BUD_EV_KSWAPD_SLEEP });
}

static void wakeup(story *s, int order)
{
	hear(s, (bud_event){ .kind = BUD_EV_WAKEUP_KSWAPD,
			     .order = (int8_t)order,
			     .request = { .gfp_flags = KERNEL, .zid = 2 } });
}

static void served(story *s, int order, bud_pfn pfn, int context)
{
	hear(s, (bud_event){ .kind = BUD_EV_ALLOC,
			     .order = (int8_t)order,
			     .page = { .pfn = pfn, .gfp_flags = KERNEL, .context = context } });
}

static void expect(story *s, bud_question q, uint64_t asked, uint64_t agreed, uint64_t undecided)
{
	assert_int_equal(s->tally.answers[q].asked, asked);
	assert_int_equal(s->tally.answers[q].agreed, agreed);
	assert_int_equal(s->tally.answers[q].undecided, undecided);
}

static void test_a_request_above_low_takes_the_fast_path(void **state)
{
	(void)state;
	story s;
	begin(&s, 1600);
	served(&s, 0, START + 8, 0); /* kswapd may be awake: then the slow path leaves no trace */
	expect(&s, BUD_ASK_SLOWPATH, 0, 0, 1);
	kswapd_sleeps(&s);
	served(&s, 0, START + 8, 0);
	expect(&s, BUD_ASK_SLOWPATH, 1, 1, 1);
	expect(&s, BUD_ASK_ZONE, 1, 1, 1);
	end(&s);
}

static void test_none_below_low_does(void **state)
{
	(void)state;
	story s;
	begin(&s, 1200);
	kswapd_sleeps(&s);
	served(&s, 0, START + 8, 0);
	expect(&s, BUD_ASK_SLOWPATH, 1, 0, 0);
	assert_int_equal(s.tally.nr_roots, 1);
	wakeup(&s, 0);
	expect(&s, BUD_ASK_KSWAPD_WAKE, 1, 1, 0);
	served(&s, 0, START + 8, 0);
	expect(&s, BUD_ASK_SLOWPATH, 2, 1, 0);
	/* Above MIN it gets its page. */
	expect(&s, BUD_ASK_OUTCOME, 1, 1, 0);
	end(&s);
}

/* The counter the kernel tests lags behind: near the mark nothing is decided. */
static void test_near_the_mark_nothing_is_decided(void **state)
{
	(void)state;
	story s;
	begin(&s, 1256);
	kswapd_sleeps(&s);
	s.audit.view.lag[0] = 20;
	served(&s, 0, START + 8, 0);
	expect(&s, BUD_ASK_SLOWPATH, 0, 0, 1);
	expect(&s, BUD_ASK_ZONE, 0, 0, 1);
	end(&s);
}

static void test_kswapd_is_not_woken_in_plenty(void **state)
{
	(void)state;
	story s;
	begin(&s, 3200);
	wakeup(&s, 0);
	expect(&s, BUD_ASK_KSWAPD_WAKE, 1, 0, 0);
	/* A fallback's boost may be why. */
	hear(&s, (bud_event){ .kind = BUD_EV_EXTFRAG, .extfrag = { .pfn = START + 32, .fallback_order = 3 } });
	bud_zone_make_used_range(s.zone, START + 2 * 1700, START + PAGES);
	wakeup(&s, 0);
	expect(&s, BUD_ASK_KSWAPD_WAKE, 1, 0, 1);
	end(&s);
}

/* Without a block of the order no mark helps; with reserves below MIN nobody fails who may have them. */
static void test_a_failure(void **state)
{
	(void)state;
	story s;
	begin(&s, 3200);
	served(&s, 4, BUD_PFN_NONE, 0);
	expect(&s, BUD_ASK_SLOWPATH, 1, 1, 0);
	expect(&s, BUD_ASK_OUTCOME, 1, 1, 0);
	served(&s, 3, BUD_PFN_NONE, 0);
	expect(&s, BUD_ASK_OUTCOME, 2, 1, 0);
	/* Freed just before: the charge to a memory cgroup failed. */
	hear(&s, (bud_event){ .kind = BUD_EV_FREE, .order = 3, .page = { .pfn = START + 8 } });
	served(&s, 3, BUD_PFN_NONE, 0);
	expect(&s, BUD_ASK_OUTCOME, 2, 1, 1);
	end(&s);
}

static void test_who_is_not_asked_about(void **state)
{
	(void)state;
	story s;
	begin(&s, 3200);
	kswapd_sleeps(&s);
	served(&s, 0, START + 8, 0x10); /* a softirq */
	hear(&s, (bud_event){ .kind = BUD_EV_MEMCG_BEGIN });
	served(&s, 0, START + 8, 0);
	hear(&s, (bud_event){ .kind = BUD_EV_MEMCG_END });
	expect(&s, BUD_ASK_SLOWPATH, 0, 0, 2);
	hear(&s, (bud_event){ .kind = BUD_EV_OOM_VICTIM, .oom = { .pid = PID } });
	served(&s, 0, START + 8, 0);
	expect(&s, BUD_ASK_SLOWPATH, 0, 0, 3);
	s.zone->gapped = true;
	wakeup(&s, 0);
	expect(&s, BUD_ASK_KSWAPD_WAKE, 0, 0, 1);
	end(&s);
}

static void test_fit_for_compaction(void **state)
{
	(void)state;
	story s;
	bud_event e = { .kind = BUD_EV_COMPACT_SUITABLE, .order = 3, .request = { .zid = 1, .ret = 1 } };
	begin(&s, 800);
	hear(&s, e); /* too little to move pages to */
	expect(&s, BUD_ASK_COMPACTION, 1, 1, 0);
	e.request.ret = 4;
	hear(&s, e);
	expect(&s, BUD_ASK_COMPACTION, 2, 1, 0);
	e.request.zid = 5;
	hear(&s, e);
	expect(&s, BUD_ASK_COMPACTION, 2, 1, 1);
	end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_request_above_low_takes_the_fast_path),
		cmocka_unit_test(test_none_below_low_does),
		cmocka_unit_test(test_near_the_mark_nothing_is_decided),
		cmocka_unit_test(test_kswapd_is_not_woken_in_plenty),
		cmocka_unit_test(test_a_failure),
		cmocka_unit_test(test_who_is_not_asked_about),
		cmocka_unit_test(test_fit_for_compaction),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
