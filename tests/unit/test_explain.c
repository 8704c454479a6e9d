/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/insight/explain.h"
#include "lib/insight/shortfall.h"

#define X86 (1u << BUD_ZONE_DMA | 1u << BUD_ZONE_DMA32 | 1u << BUD_ZONE_NORMAL | 1u << BUD_ZONE_MOVABLE)

static bud_kernel kernel_of(const char *release)
{
	bud_kernel kernel;
	bud_kernel_init(&kernel, release, "x86_64");
	return kernel;
}

/* A zone with so many free blocks of one order and type. */
static bud_zone_facts zone(int node, bud_zone_type type, uint64_t blocks, int order, bud_migratetype list)
{
	bud_zone_facts f = { .node = node,
			     .name = bud_zone_type_name(type),
			     .type = type,
			     .managed = 100000,
			     .free = blocks << order,
			     .types = true,
			     .min = 1000,
			     .low = 1250 };
	f.area.nr_free[order] = f.area.nr[list][order] = blocks;
	f.area.orders[list] = blocks ? 1u << order : 0;
	f.area.pages[list] = blocks << order;
	return f;
}

static bud_explanation ask(const bud_zone_facts *zones, size_t nr, int order, const char *gfp, int node)
{
	bud_kernel kernel = kernel_of("6.12.1");
	bud_plea plea = { .order = order, .type = BUD_MT_UNKNOWN, .node = node };
	bud_explanation e;
	assert_int_equal(bud_gfp_parse(&kernel.gfp, gfp, &plea.gfp_flags, NULL), BUD_OK);
	bud_explain(&e, &plea, zones, nr, &kernel, X86, false);
	return e;
}

static void a_zone_answers(void **state)
{
	(void)state;
	const struct {
		uint64_t blocks;
		int block_order;
		bud_migratetype list;
		int order;
		const char *gfp;
		bud_cause cause;
	} vectors[] = {
		{ 1001, 0, BUD_MT_MOVABLE, 0, "GFP_KERNEL", BUD_CAUSE_PASSES },
		{ 1000, 0, BUD_MT_MOVABLE, 0, "GFP_KERNEL", BUD_CAUSE_SHORTAGE },
		{ 0, 0, BUD_MT_MOVABLE, 0, "GFP_KERNEL", BUD_CAUSE_SHORTAGE },
		/* Half of min for __GFP_HIGH, and a quarter less for who cannot wait. */
		{ 376, 0, BUD_MT_MOVABLE, 0, "GFP_ATOMIC", BUD_CAUSE_PASSES },
		{ 375, 0, BUD_MT_MOVABLE, 0, "GFP_ATOMIC", BUD_CAUSE_SHORTAGE },
		{ 1001, 0, BUD_MT_MOVABLE, 0, "GFP_NOWAIT", BUD_CAUSE_PASSES },
		{ 1000, 0, BUD_MT_MOVABLE, 0, "GFP_NOWAIT", BUD_CAUSE_SHORTAGE },
		/* A block of its order counts but for one page. */
		{ 1015, 0, BUD_MT_MOVABLE, 4, "GFP_KERNEL", BUD_CAUSE_SHORTAGE },
		{ 1016, 0, BUD_MT_MOVABLE, 4, "GFP_KERNEL", BUD_CAUSE_FRAGMENTATION },
		{ 64, 4, BUD_MT_MOVABLE, 4, "GFP_KERNEL", BUD_CAUSE_PASSES },
		{ 64, 4, BUD_MT_ISOLATE, 4, "GFP_KERNEL", BUD_CAUSE_FRAGMENTATION },
		/* What the high-atomic reserve holds is not for everybody. */
		{ 2000, 0, BUD_MT_HIGHATOMIC, 0, "GFP_KERNEL", BUD_CAUSE_RESERVE },
		{ 500, 2, BUD_MT_HIGHATOMIC, 2, "GFP_ATOMIC", BUD_CAUSE_PASSES },
	};
	for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
		bud_zone_facts f = zone(0, BUD_ZONE_NORMAL, vectors[i].blocks, vectors[i].block_order, vectors[i].list);
		bud_explanation e = ask(&f, 1, vectors[i].order, vectors[i].gfp, -1);
		if (e.cause != vectors[i].cause)
			fail_msg("vector %zu: %s", i, bud_cause_name(e.cause));
		assert_int_equal(e.nr_answers, 1);
	}
}

static void zones_are_asked_in_order(void **state)
{
	(void)state;
	bud_zone_facts zones[] = { zone(0, BUD_ZONE_DMA, 1100, 0, BUD_MT_MOVABLE),
				   zone(0, BUD_ZONE_NORMAL, 900, 0, BUD_MT_MOVABLE),
				   zone(1, BUD_ZONE_NORMAL, 800, 0, BUD_MT_MOVABLE) };
	zones[0].reserve[BUD_ZONE_NORMAL] = 100;
	bud_explanation e = ask(zones, 3, 0, "GFP_KERNEL", 1);
	assert_int_equal(e.nr_answers, 3);
	assert_int_equal(e.answers[0].node, 1);
	assert_int_equal(e.answers[1].type, BUD_ZONE_NORMAL);
	assert_int_equal(e.answers[2].type, BUD_ZONE_DMA);
	assert_int_equal(e.answers[2].cause, BUD_CAUSE_RESERVE);
	assert_int_equal(e.cause, BUD_CAUSE_SHORTAGE);
	assert_int_equal(e.decisive, 0);
	zones[1].managed = 200000;
	e = ask(zones, 3, 0, "GFP_KERNEL", 1);
	assert_int_equal(e.decisive, 1);
	zones[1].managed = 100000;
	bud_zone_facts lone = zones[0];
	e = ask(&lone, 1, 0, "GFP_KERNEL", 1);
	assert_int_equal(e.cause, BUD_CAUSE_RESERVE);
	/* A request for DMA is not held back there. */
	e = ask(zones, 3, 0, "GFP_KERNEL|GFP_DMA", -1);
	assert_int_equal(e.nr_answers, 1);
	assert_int_equal(e.cause, BUD_CAUSE_PASSES);
	/* Of one node alone; where nobody says of which, of one that cannot serve it. */
	e = ask(zones, 3, 0, "GFP_KERNEL|__GFP_THISNODE", 1);
	assert_int_equal(e.nr_answers, 1);
	assert_int_equal(e.cause, BUD_CAUSE_SHORTAGE);
	zones[1] = zone(0, BUD_ZONE_NORMAL, 2000, 0, BUD_MT_MOVABLE);
	e = ask(zones, 3, 0, "GFP_KERNEL|__GFP_THISNODE", -1);
	assert_int_equal(e.cause, BUD_CAUSE_SHORTAGE);
	assert_int_equal(e.answers[e.decisive].node, 1);
	e = ask(zones, 3, 0, "GFP_KERNEL", -1);
	assert_int_equal(e.cause, BUD_CAUSE_PASSES);
}

static void doubt_is_told(void **state)
{
	(void)state;
	bud_zone_facts f = zone(0, BUD_ZONE_NORMAL, 900, 0, BUD_MT_MOVABLE);
	assert_false(ask(&f, 1, 0, "GFP_KERNEL", -1).unsure);
	f.uncertain = 50;
	assert_false(ask(&f, 1, 0, "GFP_KERNEL", -1).unsure);
	f.uncertain = 101;
	assert_true(ask(&f, 1, 0, "GFP_KERNEL", -1).unsure);
	f.min = BUD_UNKNOWN;
	assert_int_equal(ask(&f, 1, 0, "GFP_KERNEL", -1).cause, BUD_CAUSE_UNKNOWN);
	f = zone(0, BUD_ZONE_NORMAL, 900, 0, BUD_MT_MOVABLE);
	f.free = BUD_UNKNOWN;
	assert_int_equal(ask(&f, 1, 0, "GFP_KERNEL", -1).cause, BUD_CAUSE_UNKNOWN);
	assert_int_equal(ask(NULL, 0, 0, "GFP_KERNEL", -1).cause, BUD_CAUSE_UNKNOWN);
	assert_int_equal(ask(NULL, 0, 0, "GFP_KERNEL", -1).decisive, -1);
}

static const bud_lacking *find(const bud_shortfall *shortfall, bud_lacking_kind kind)
{
	for (size_t i = 0; i < shortfall->nr; i++)
		if (shortfall->list[i].kind == kind)
			return &shortfall->list[i];
	return NULL;
}

static bud_shortfall measure_on(const char *release, const bud_zone_facts *f, int order, const char *gfp,
				uint64_t cached)
{
	bud_kernel kernel = kernel_of(release);
	bud_plea plea = { .order = order, .type = BUD_MT_UNKNOWN, .node = -1 };
	bud_gfp_parse(&kernel.gfp, gfp, &plea.gfp_flags, NULL);
	bud_explanation e = ask(f, 1, order, gfp, -1);
	bud_shortfall_zone at = { .facts = f, .cached = cached };
	bud_shortfall shortfall;
	bud_shortfall_find(&shortfall, &plea, &e, &at, &kernel);
	return shortfall;
}

static bud_shortfall measure(const bud_zone_facts *f, int order, const char *gfp, uint64_t cached)
{
	return measure_on("6.12.1", f, order, gfp, cached);
}

static void a_shortfall_is_the_test_asked_again(void **state)
{
	(void)state;
	bud_zone_facts f = zone(0, BUD_ZONE_NORMAL, 900, 0, BUD_MT_MOVABLE);
	bud_shortfall s = measure(&f, 0, "GFP_KERNEL", 100);
	assert_int_equal(find(&s, BUD_LACKING_PAGES)->value, 101);
	assert_null(find(&s, BUD_LACKING_CACHED));
	s = measure(&f, 0, "GFP_KERNEL", 101);
	assert_non_null(find(&s, BUD_LACKING_CACHED));
	assert_null(find(&s, BUD_LACKING_BOOST));
	f.boost = 101;
	s = measure(&f, 0, "GFP_KERNEL", 0);
	assert_int_equal(find(&s, BUD_LACKING_BOOST)->value, 101);
	/* Enough is free: what keeps compaction from beginning. */
	f = zone(0, BUD_ZONE_NORMAL, 4000, 0, BUD_MT_MOVABLE);
	s = measure(&f, 9, "GFP_TRANSHUGE", 0);
	assert_int_equal(s.nr, 0);
	f = zone(0, BUD_ZONE_NORMAL, 1600, 0, BUD_MT_MOVABLE);
	s = measure(&f, 9, "GFP_TRANSHUGE", 0);
	assert_int_equal(find(&s, BUD_LACKING_ROOM)->value, 1250 + 1024 + 1 - 1600);
	/* Since about 7.2 it asks for little room, whatever the order. */
	assert_int_equal(measure_on("7.3.4", &f, 9, "GFP_TRANSHUGE", 0).nr, 0);
	f = zone(0, BUD_ZONE_NORMAL, 1600, 0, BUD_MT_MOVABLE);
	f.low = 1580;
	s = measure_on("7.3.4", &f, 9, "GFP_TRANSHUGE", 0);
	assert_int_equal(find(&s, BUD_LACKING_ROOM)->value, 1580 + 32 + 1 - 1600);
	/* It would pass: nothing is lacking. */
	f = zone(0, BUD_ZONE_NORMAL, 4000, 0, BUD_MT_MOVABLE);
	assert_int_equal(measure(&f, 0, "GFP_KERNEL", 0).nr, 0);
}

/* A report says of which zone index each reserve is only by its place. */
static void reports_are_asked_too(void **state)
{
	(void)state;
	bud_klog klog;
	bud_kernel kernel = kernel_of("6.12.1");
	bud_klog_init(&klog);
	bud_klog_report *report = bud_klog_add_report(&klog);
	bud_klog_zone *dma = bud_klog_zone_of(report, 0, "DMA");
	dma->free = 348;
	dma->min = 25;
	dma->managed = 3840;
	dma->nr_reserve = 5;
	dma->reserve[1] = 333;
	dma->reserve[2] = 334;
	dma->reserve[3] = dma->reserve[4] = 336;
	dma->nr_orders = 11;
	dma->nr_free[2] = 87;
	dma->types[2] = 1 << BUD_MT_UNMOVABLE | 1 << BUD_MT_HIGHATOMIC;
	assert_int_equal(bud_explain_report_types(report), X86 | 1u << BUD_ZONE_DEVICE);
	bud_plea plea = { .gfp_flags = 0x140dca, .type = BUD_MT_UNKNOWN, .node = -1 };
	bud_explanation e;
	assert_int_equal(bud_explain_report(&e, &plea, report, &kernel, NULL), BUD_OK);
	assert_int_equal(e.cause, BUD_CAUSE_RESERVE);
	assert_int_equal(e.answers[0].reserve, 336);
	plea.gfp_flags = 0xcc4;
	assert_int_equal(bud_explain_report(&e, &plea, report, &kernel, NULL), BUD_OK);
	assert_int_equal(e.answers[0].reserve, 333);
	plea.gfp_flags = 0xcc0;
	assert_int_equal(bud_explain_report(&e, &plea, report, &kernel, NULL), BUD_OK);
	assert_int_equal(e.answers[0].reserve, 334);
	plea.order = 3;
	dma->free = 1000;
	assert_int_equal(bud_explain_report(&e, &plea, report, &kernel, NULL), BUD_OK);
	assert_int_equal(e.cause, BUD_CAUSE_FRAGMENTATION);
	bud_klog_fini(&klog);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_zone_answers),	 cmocka_unit_test(zones_are_asked_in_order),
		cmocka_unit_test(doubt_is_told),	 cmocka_unit_test(a_shortfall_is_the_test_asked_again),
		cmocka_unit_test(reports_are_asked_too),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
