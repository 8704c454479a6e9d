/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Streams made by hand: what of them is a request, whose end a free is, and what is the kernel's own doing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/allocator/lessons.h"
#include "lib/allocator/request.h"
#include "lib/allocator/requests.h"

#define TASK	 100
#define KSWAPD	 40
#define COMPACTD 41
#define RAW_USER 0x140dca /* GFP_HIGHUSER_MOVABLE|__GFP_COMP|__GFP_ZERO since 6.3 */

static bud_kernel kernel;
static bud_memory memory;
static bud_zone zone;
static bud_zone_range range;

static const char *comm(const bud_source *source, int32_t pid)
{
	(void)source;
	return pid == KSWAPD ? "kswapd0" : pid == COMPACTD ? "kcompactd0" : NULL;
}

static const bud_source_ops ops = { .comm = comm };
static bud_source source = { .ops = &ops };

/* Ops as words: "alloc 10/0 ". */
typedef struct heard {
	char text[1024];
	bud_op last;
} heard;

static void hear(void *self, const bud_op *op)
{
	static const char *const names[] = {
		"alloc", "failed", "free", "reclaim", "move", "compact", "timer", "victim"
	};
	heard *h = self;
	size_t used = strlen(h->text);
	if (op->pfn == BUD_PFN_NONE)
		snprintf(h->text + used, sizeof h->text - used, "%s/%d ", names[op->kind], op->order);
	else
		snprintf(h->text + used, sizeof h->text - used, "%s %d/%d ", names[op->kind], (int)op->pfn, op->order);
	h->last = *op;
}

static bud_event page(bud_event_kind kind, int32_t pid, bud_pfn pfn, int order)
{
	bud_event e = { .kind = (uint8_t)kind, .pid = pid, .order = (int8_t)order };
	e.page.pfn = pfn;
	e.page.gfp_flags = RAW_USER;
	e.page.migratetype = 1;
	return e;
}

static bud_event other(bud_event_kind kind, int32_t pid)
{
	return (bud_event){ .kind = (uint8_t)kind, .pid = pid };
}

static const char *release = "6.12.0";

static void setup_memory(void)
{
	bud_kernel_init(&kernel, release, "x86_64");
	zone = (bud_zone){ .node = 1, .start_pfn = 0, .spanned = 4096 };
	range = (bud_zone_range){ 0, 4096, &zone };
	memory = (bud_memory){ .zones = &zone, .nr_zones = 1, .ranges = &range, .nr_ranges = 1 };
}

/* Feeds the stream twice, as a simulation does: once to learn, once to hear. */
static void feed(heard *h, bud_lessons *lessons, bud_event *events, size_t nr)
{
	bud_requests r;
	setup_memory();
	*h = (heard){ .text = "" };
	assert_int_equal(bud_lessons_init(lessons, NULL), BUD_OK);
	for (size_t i = 0; i < nr; i++)
		events[i].t_ns = 1000 * (i + 1);
	for (int pass = 0; pass < 2; pass++) {
		assert_int_equal(bud_requests_init(&r, &memory, &kernel, &kernel.gfp, &source, pass ? lessons : NULL,
						   pass ? NULL : lessons, NULL),
				 BUD_OK);
		r.sink = pass ? hear : NULL;
		r.self = h;
		for (size_t i = 0; i < nr; i++)
			bud_requests_feed(&r, &events[i]);
		assert_false(r.out_of_memory);
		bud_requests_fini(&r);
		if (!pass)
			bud_lessons_end(lessons);
	}
}

#define FEED(h, l, ...)                                                   \
	do {                                                              \
		bud_event stream[] = { __VA_ARGS__ };                     \
		feed(&(h), &(l), stream, sizeof stream / sizeof *stream); \
	} while (0)

static void test_a_refill_is_no_request(void **state)
{
	heard h;
	bud_lessons l;
	(void)state;
	FEED(h, l, page(BUD_EV_ZONE_LOCKED, TASK, 10, 0), page(BUD_EV_ZONE_LOCKED, TASK, 11, 0),
	     page(BUD_EV_ALLOC, TASK, 10, 0), page(BUD_EV_FREE, TASK, 10, 0), page(BUD_EV_PCPU_DRAIN, TASK, 11, 0));
	assert_string_equal(h.text, "alloc 10/0 free 10/0 ");
	assert_int_equal(l.nr_hidden, 0);
	assert_int_equal(l.votes[0][1], 1);
	bud_lessons_fini(&l);
}

/* What it began to ask for before, it does not ask for as a victim; what it frees now goes with it. */
static void test_a_victim_of_the_oom_killer(void **state)
{
	heard h;
	bud_lessons l;
	bud_event chosen = other(BUD_EV_OOM_VICTIM, KSWAPD), slow = other(BUD_EV_WAKEUP_KSWAPD, TASK);
	chosen.oom.pid = TASK;
	(void)state;
	FEED(h, l, page(BUD_EV_ALLOC, TASK, 20, 0), page(BUD_EV_ALLOC, TASK, 21, 0), slow, chosen,
	     page(BUD_EV_ALLOC, TASK, 22, 0));
	assert_int_equal(h.last.task & BUD_TASK_OOM_VICTIM, 0);
	bud_lessons_fini(&l);
	FEED(h, l, page(BUD_EV_ALLOC, TASK, 20, 0), page(BUD_EV_ALLOC, TASK, 21, 0), chosen,
	     page(BUD_EV_FREE, TASK, 20, 0), page(BUD_EV_FREE, KSWAPD, 21, 0), page(BUD_EV_ALLOC, TASK, 22, 0));
	assert_int_equal(h.last.task & BUD_TASK_OOM_VICTIM, BUD_TASK_OOM_VICTIM);
	assert_true(bud_pageset_test(&l.estates, 1) && !bud_pageset_test(&l.estates, 2));
	/* What lived through the kill could not be freed before it. */
	assert_int_equal(l.kswapd_freed, 1);
	assert_false(bud_pageset_test(&l.taken, 2));
	bud_lessons_fini(&l);
}

static void test_flags_and_names_are_kept(void **state)
{
	heard h;
	bud_lessons l;
	(void)state;
	FEED(h, l, page(BUD_EV_ALLOC, TASK, 512, 9));
	assert_string_equal(h.text, "alloc 512/9 ");
	assert_int_equal(h.last.pid, TASK);
	assert_int_equal(h.last.node, -1);
	assert_int_equal(h.last.gfp & BUD_GFP_MOVABLE, BUD_GFP_MOVABLE);
	assert_int_equal(h.last.began_ns, h.last.t_ns);
	bud_lessons_fini(&l);
}

/* alloc_pages_bulk: left with zone_locked, came back with a free, and nobody ever asked. */
static void test_a_page_without_request_gets_one(void **state)
{
	heard h;
	bud_lessons l;
	(void)state;
	FEED(h, l, page(BUD_EV_ZONE_LOCKED, TASK, 20, 0), page(BUD_EV_ZONE_LOCKED, TASK, 21, 0),
	     page(BUD_EV_ALLOC, TASK, 21, 0), page(BUD_EV_FREE, TASK, 20, 0));
	assert_string_equal(h.text, "alloc 20/0 alloc 21/0 free 20/0 ");
	assert_int_equal(l.nr_hidden, 1);
	bud_lessons_fini(&l);
	/* The same of a page that had been freed to the lists before. */
	FEED(h, l, page(BUD_EV_ALLOC, TASK, 20, 0), page(BUD_EV_FREE, TASK, 20, 0), page(BUD_EV_FREE, TASK, 20, 0));
	assert_string_equal(h.text, "alloc 20/0 free 20/0 alloc 20/0 free 20/0 ");
	bud_lessons_fini(&l);
}

/* Since 6.10 a fallback may be all that tells that a page left; before, it names a block that stays free. */
static void test_a_fallback_hands_out_a_page(void **state)
{
	heard h;
	bud_lessons l;
	bud_event fallback = other(BUD_EV_EXTFRAG, TASK);
	fallback.extfrag.pfn = 20;
	(void)state;
	FEED(h, l, fallback, page(BUD_EV_FREE, TASK, 20, 0));
	assert_string_equal(h.text, "alloc 20/0 free 20/0 ");
	bud_lessons_fini(&l);
	release = "6.6.0";
	FEED(h, l, fallback, page(BUD_EV_FREE, TASK, 20, 0));
	release = "6.12.0";
	assert_string_equal(h.text, "free 20/0 ");
	assert_int_equal(l.nr_hidden, 0);
	bud_lessons_fini(&l);
}

static void test_what_reclaim_frees_is_its_own_choice(void **state)
{
	heard h;
	bud_lessons l;
	bud_event interrupted = page(BUD_EV_FREE, KSWAPD, 31, 0);
	interrupted.page.context = 16; /* softirq */
	(void)state;
	FEED(h, l, page(BUD_EV_ALLOC, TASK, 30, 0), page(BUD_EV_FREE, KSWAPD, 30, 0), interrupted,
	     other(BUD_EV_DIRECT_BEGIN, TASK), page(BUD_EV_FREE, TASK, 32, 0), other(BUD_EV_DIRECT_END, TASK),
	     page(BUD_EV_FREE, TASK, 33, 0));
	assert_string_equal(h.text, "alloc 30/0 reclaim 30/0 free 31/0 reclaim 32/0 free 33/0 ");
	assert_int_equal(l.kswapd_freed, 1);
	assert_int_equal(l.direct_pages, 1);
	assert_int_equal(l.nr_classes, 1);
	assert_int_equal(l.classes[1].pages, 1);
	assert_int_equal(l.classes[1].reclaimed, 1);
	/* 32 was in use before the trace. */
	assert_int_equal(l.reclaimable.nr, 1);
	assert_int_equal(l.reclaimable.list[0].pfn, 32);
	bud_lessons_fini(&l);
}

static void test_memcg_reclaim_is_the_owners(void **state)
{
	heard h;
	bud_lessons l;
	(void)state;
	FEED(h, l, other(BUD_EV_MEMCG_BEGIN, TASK), page(BUD_EV_FREE, TASK, 32, 0), other(BUD_EV_MEMCG_END, TASK));
	assert_string_equal(h.text, "free 32/0 ");
	bud_lessons_fini(&l);
}

static void test_compaction_moves(void **state)
{
	heard h;
	bud_lessons l;
	(void)state;
	bud_event migrated = other(BUD_EV_MIGRATEPAGES, TASK);
	migrated.migrate.nr_migrated = 32;
	/* A request compacts; then kcompactd by its timer; then somebody who simply wishes it. */
	FEED(h, l, other(BUD_EV_COMPACT_TRY, TASK), other(BUD_EV_COMPACT_BEGIN, TASK), page(BUD_EV_FREE, TASK, 40, 0),
	     migrated, other(BUD_EV_COMPACT_END, TASK), page(BUD_EV_ALLOC, TASK, 512, 9), page(BUD_EV_FREE, TASK, 41, 0),
	     other(BUD_EV_COMPACT_BEGIN, COMPACTD), page(BUD_EV_FREE, COMPACTD, 42, 0),
	     other(BUD_EV_COMPACT_END, COMPACTD), other(BUD_EV_COMPACT_BEGIN, TASK), other(BUD_EV_COMPACT_END, TASK));
	assert_string_equal(h.text, "move 40/0 alloc 512/9 free 41/0 timer/0 move 42/0 compact 0/0 ");
	assert_int_equal(l.movable.nr, 2);
	assert_int_equal(l.compacted, 32);
	assert_int_equal(l.compaction_ns, 3000);

	bud_lessons_fini(&l);
}

static bud_event of_node(bud_event_kind kind, int32_t pid, int32_t nid)
{
	bud_event e = other(kind, pid);
	e.request.nid = nid;
	return e;
}

static void test_how_fast_the_daemons_are(void **state)
{
	heard h;
	bud_lessons l;
	bud_event migrated = other(BUD_EV_MIGRATEPAGES, COMPACTD), by_task = other(BUD_EV_MIGRATEPAGES, TASK);
	migrated.migrate.nr_migrated = 64;
	by_task.migrate.nr_migrated = 32;
	(void)state;
	/* Woken at 1000 and 6000, the other node at 2000; what begins unasked, or nowhere, tells nothing. */
	FEED(h, l, of_node(BUD_EV_WAKEUP_KSWAPD, TASK, 0), of_node(BUD_EV_WAKEUP_KSWAPD, TASK, 1),
	     of_node(BUD_EV_KSWAPD_WAKE, KSWAPD, 0), of_node(BUD_EV_KSWAPD_WAKE, KSWAPD, 0),
	     of_node(BUD_EV_KSWAPD_WAKE, KSWAPD, BUD_MAX_NODES), of_node(BUD_EV_WAKEUP_KSWAPD, TASK, 0),
	     of_node(BUD_EV_WAKEUP_KSWAPD, TASK, -1), of_node(BUD_EV_KSWAPD_WAKE, KSWAPD, 1),
	     of_node(BUD_EV_KSWAPD_WAKE, KSWAPD, 0));
	assert_int_equal(l.wakes, 3);
	assert_int_equal(l.wake_ns, 2000 + 6000 + 3000);
	bud_lessons_fini(&l);
	/* kcompactd was woken, so its timer had not run out; what a task moves is no work of its. */
	FEED(h, l, of_node(BUD_EV_KCOMPACTD_WAKE, COMPACTD, 1), other(BUD_EV_COMPACT_BEGIN, COMPACTD), migrated,
	     by_task, other(BUD_EV_COMPACT_END, COMPACTD));
	assert_string_equal(h.text, "");
	assert_int_equal(l.kcompactd_pages, 64);
	assert_int_equal(l.kcompactd_ns, 3000);
	assert_int_equal(l.compacted, 0);
	assert_int_equal(l.timers, 0);
	bud_lessons_fini(&l);
	/* It sleeps again without having been woken: it did, on that node. */
	FEED(h, l, of_node(BUD_EV_KCOMPACTD_SLEEP, COMPACTD, 1), of_node(BUD_EV_KCOMPACTD_SLEEP, COMPACTD, 77));
	assert_string_equal(h.text, "timer/0 ");
	assert_int_equal(l.timers, 1 << 1);
	bud_lessons_fini(&l);
}

/* From waking kswapd to what the request does next; how long the rest of it takes does not count. */
static void test_a_request_pauses_when_it_has_woken_kswapd(void **state)
{
	heard h;
	bud_lessons l;
	(void)state;
	FEED(h, l, of_node(BUD_EV_WAKEUP_KSWAPD, TASK, 0), other(BUD_EV_KSWAPD_WAKE, KSWAPD),
	     other(BUD_EV_COMPACT_TRY, TASK), of_node(BUD_EV_WAKEUP_KSWAPD, TASK, 0), page(BUD_EV_ALLOC, TASK, 50, 9));
	assert_int_equal(h.last.pause_ns, 2000);
	assert_int_equal(h.last.t_ns - h.last.began_ns, 4000);
	bud_lessons_fini(&l);
	/* Nothing else came: it got its block then. */
	FEED(h, l, of_node(BUD_EV_WAKEUP_KSWAPD, TASK, 0), page(BUD_EV_ALLOC, TASK, 50, 9));
	assert_int_equal(h.last.pause_ns, 1000);
	bud_lessons_fini(&l);
	FEED(h, l, of_node(BUD_EV_WAKEUP_KSWAPD, TASK, 0), page(BUD_EV_ALLOC, TASK, 50, 9),
	     other(BUD_EV_COMPACT_TRY, TASK), page(BUD_EV_ALLOC, TASK, 1024, 9));
	assert_int_equal(h.last.pause_ns, 0); /* the next request is another one */
	bud_lessons_fini(&l);
}

static void test_victims_in_their_order(void **state)
{
	heard h;
	bud_lessons l;
	bud_event first = other(BUD_EV_OOM_VICTIM, TASK), second = first;
	first.oom.pid = 9;
	second.oom.pid = 3;
	(void)state;
	FEED(h, l, first, second);
	assert_int_equal(l.nr_victims, 2);
	assert_int_equal(l.victims[0], 9);
	assert_int_equal(l.victims[1], 3);
	assert_int_equal(h.last.kind, BUD_OP_VICTIM);
	assert_int_equal(h.last.pid, 3);
	bud_lessons_fini(&l);
}

static void test_a_slow_request_began_earlier(void **state)
{
	heard h;
	bud_lessons l;
	bud_event failed = page(BUD_EV_ALLOC, TASK, BUD_PFN_NONE, 9), looks = other(BUD_EV_COMPACT_SUITABLE, TASK);
	failed.page.gfp_flags |= 0x200000; /* __GFP_THISNODE */
	looks.request.nid = 3;
	(void)state;
	FEED(h, l, other(BUD_EV_WAKEUP_KSWAPD, TASK), page(BUD_EV_ALLOC, TASK + 1, 50, 0), looks, failed);
	assert_string_equal(h.text, "alloc 50/0 failed/9 ");
	assert_int_equal(h.last.began_ns, 1000);
	assert_int_equal(h.last.t_ns, 4000);
	assert_int_equal(h.last.node, 3);
	bud_lessons_fini(&l);
}

static void test_pages_cached_at_the_start(void **state)
{
	heard h;
	bud_lessons l;
	(void)state;
	FEED(h, l, page(BUD_EV_ALLOC, TASK, 60, 0), page(BUD_EV_PCPU_DRAIN, TASK, 61, 0),
	     page(BUD_EV_ZONE_LOCKED, TASK, 62, 0), page(BUD_EV_ALLOC, TASK, 62, 0));
	assert_int_equal(l.cached.nr, 1);
	assert_int_equal(l.cached.list[0].pfn, 60);
	assert_int_equal(l.drained.nr, 1);
	assert_int_equal(l.drained.list[0].pfn, 61);
	bud_lessons_fini(&l);
}

/* Nothing read from a trace is trusted. */
static void test_nonsense_is_passed_over(void **state)
{
	heard h;
	bud_lessons l;
	bud_event extfrag = other(BUD_EV_EXTFRAG, TASK);
	extfrag.extfrag.pfn = BUD_PFN_NONE;
	(void)state;
	FEED(h, l, page(BUD_EV_ALLOC, TASK, 1 << 20, 0), page(BUD_EV_FREE, TASK, 70, 127),
	     page(BUD_EV_FREE, TASK, BUD_PFN_NONE, 0), page(BUD_EV_ALLOC, TASK, 71, -1),
	     page(BUD_EV_ALLOC, TASK, BUD_PFN_NONE, 100), extfrag, page(BUD_EV_ZONE_LOCKED, TASK, BUD_PFN_NONE, 0),
	     page(BUD_EV_FREE, 0, 4095, 10));
	assert_string_equal(h.text, "free 4095/10 ");
	bud_lessons_fini(&l);
}

/* GFP_KERNEL_ACCOUNT since 5.4 */
static bud_event failed(int32_t pid, int order)
{
	bud_event e = page(BUD_EV_ALLOC, pid, BUD_PFN_NONE, order);
	e.page.gfp_flags = 0x400cc0;
	return e;
}

static void test_a_charge_that_failed(void **state)
{
	heard h;
	bud_lessons l;
	(void)state;
	FEED(h, l, page(BUD_EV_ZONE_LOCKED, TASK, 16, 2), page(BUD_EV_FREE, TASK, 16, 2),
	     page(BUD_EV_PCPU_DRAIN, TASK, 16, 2), failed(TASK, 2));
	assert_string_equal(h.text, "free 16/2 failed/2 ");
	assert_int_equal(h.last.task & BUD_TASK_MEMCG_FULL, BUD_TASK_MEMCG_FULL);
	bud_lessons_fini(&l);

	/* Another's page, another order, one that somebody had, one freed long ago, one nobody pays for. */
	bud_event unpaid = failed(TASK, 2);
	unpaid.page.gfp_flags = 0xcc0;
	bud_event streams[][5] = {
		{ page(BUD_EV_ZONE_LOCKED, TASK, 16, 2), page(BUD_EV_FREE, KSWAPD, 16, 2), failed(TASK, 2) },
		{ page(BUD_EV_ZONE_LOCKED, TASK, 16, 1), page(BUD_EV_FREE, TASK, 16, 1), failed(TASK, 2) },
		{ page(BUD_EV_ALLOC, TASK, 16, 2), page(BUD_EV_FREE, TASK, 16, 2), failed(TASK, 2) },
		{ page(BUD_EV_ZONE_LOCKED, TASK, 16, 2), page(BUD_EV_FREE, TASK, 16, 2),
		  page(BUD_EV_ALLOC, TASK, 32, 0), failed(TASK, 2) },
		{ page(BUD_EV_ZONE_LOCKED, TASK, 16, 2), page(BUD_EV_FREE, TASK, 16, 2), unpaid },
	};
	for (size_t i = 0; i < sizeof streams / sizeof *streams; i++) {
		feed(&h, &l, streams[i], i == 3 ? 4 : 3);
		assert_int_equal(h.last.kind, BUD_OP_FAILED);
		assert_int_equal(h.last.task & BUD_TASK_MEMCG_FULL, 0);
		bud_lessons_fini(&l);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_refill_is_no_request),
		cmocka_unit_test(test_a_victim_of_the_oom_killer),
		cmocka_unit_test(test_flags_and_names_are_kept),
		cmocka_unit_test(test_a_page_without_request_gets_one),
		cmocka_unit_test(test_a_fallback_hands_out_a_page),
		cmocka_unit_test(test_what_reclaim_frees_is_its_own_choice),
		cmocka_unit_test(test_memcg_reclaim_is_the_owners),
		cmocka_unit_test(test_compaction_moves),
		cmocka_unit_test(test_how_fast_the_daemons_are),
		cmocka_unit_test(test_victims_in_their_order),
		cmocka_unit_test(test_a_request_pauses_when_it_has_woken_kswapd),
		cmocka_unit_test(test_a_slow_request_began_earlier),
		cmocka_unit_test(test_pages_cached_at_the_start),
		cmocka_unit_test(test_nonsense_is_passed_over),
		cmocka_unit_test(test_a_charge_that_failed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
