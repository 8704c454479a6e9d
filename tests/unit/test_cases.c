/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is to be simulated, as the command line says it: what may be set to what, alone and together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/cases.h"

/* A machine of two nodes on 6.12: node 0 has DMA and DMA32, node 1 DMA32. */
static bud_zone zones[] = {
	{ .node = 0, .name = "DMA", .type = BUD_ZONE_DMA },
	{ .node = 0, .name = "DMA32", .type = BUD_ZONE_DMA32 },
	{ .node = 1, .name = "DMA32", .type = BUD_ZONE_DMA32 },
};
static bud_workbench bench = { .memory = { .zones = zones, .nr_zones = 3, .max_order = 10 } };
static bud_options options;
static bud_cases cases;
static bud_error error;

/* Settings with ; between them are several --set; NULL: none. Then a --case. */
static bud_status parse(const char *sets, const char *one_case)
{
	static char copy[4096];
	char *rest = sets ? copy : NULL;
	bud_kernel_init(&bench.kernel, "6.12.117+deb13-cloud-amd64", "x86_64");
	options = (bud_options){ .nr_cases = one_case != NULL, .cases = { one_case } };
	snprintf(copy, sizeof copy, "%s", sets ? sets : "");
	for (char *word; (word = strsep(&rest, ";"));)
		options.sets[options.nr_sets++] = word;
	return bud_cases_parse(&cases, &options, &bench, &error);
}

static const bud_whatif_case *accepted(const char *sets)
{
	if (parse(sets, NULL))
		fail_msg("%s: %s", sets, error.text);
	assert_int_equal(cases.nr, 2);
	return &cases.list[1];
}

static void test_the_first_is_the_trace(void **state)
{
	(void)state;
	assert_int_equal(parse(NULL, NULL), BUD_OK);
	assert_int_equal(cases.nr, 1);
	assert_string_equal(cases.list[0].label, "unchanged");
	assert_int_equal(parse("pcp=off", "thp=off"), BUD_OK);
	assert_int_equal(cases.nr, 3);
	assert_false(cases.list[0].no_pcp || cases.list[0].no_thp || cases.list[2].no_pcp);
	assert_true(cases.list[1].no_pcp && cases.list[2].no_thp);
	assert_string_equal(cases.list[2].label, "thp=off");
}

static void test_settings_of_the_kernel(void **state)
{
	(void)state;
	const bud_whatif_case *c = accepted("min_free_kbytes=8192;percpu_pagelist_fraction=8;lowmem_reserve_ratio=32,64");
	assert_int_equal(c->sysctls.min_free_kbytes, 8192);
	assert_int_equal(c->sysctls.percpu_pagelist_high_fraction, 8);
	assert_int_equal(c->sysctls.nr_ratio, 2);
	assert_int_equal(c->sysctls.ratio[1], 64);
	/* Whatever else is as in the trace. */
	assert_int_equal(c->sysctls.origin[BUD_SYSCTL_watermark_scale_factor], BUD_SYSCTL_UNKNOWN);
	assert_string_equal(c->label, "min_free_kbytes=8192,percpu_pagelist_fraction=8,lowmem_reserve_ratio=32,64");
	/* Of two that say the same, the later. */
	assert_int_equal(accepted("min_free_kbytes=1;min_free_kbytes=2")->sysctls.min_free_kbytes, 2);
}

static void test_another_kernel_on_the_same_machine(void **state)
{
	(void)state;
	bud_kernel old;
	bud_kernel_init(&old, "5.10", "x86_64");
	const bud_whatif_case *c = accepted("kernel=5.10");
	for (int f = 0; f < BUD_NR_KERNEL_FEATURES; f++)
		assert_int_equal(c->kernel.value[f], old.value[f]);
	assert_memory_equal(&c->kernel.gfp, &bench.kernel.gfp, sizeof c->kernel.gfp);
	/* Its blocks and zones stay what they are. */
	bench.kernel.has_cma = 1;
	bench.kernel.pageblock_order = 7;
	options = (bud_options){ .nr_sets = 1, .sets = { "kernel=4.19" } };
	assert_int_equal(bud_cases_parse(&cases, &options, &bench, &error), BUD_OK);
	assert_int_equal(cases.list[1].kernel.pageblock_order, 7);
	assert_int_equal(cases.list[1].kernel.has_cma, 1);
	assert_int_equal(cases.list[1].kernel.fallback, BUD_FALLBACK_MOVE);
}

static void test_the_order_of_settings_does_not_matter(void **state)
{
	(void)state;
	static const char *const orders[] = {
		"kernel=5.10;fallback=3;max_order=9;memory=1/DMA32-8M;min_free_kbytes=4096",
		"min_free_kbytes=4096;memory=1/DMA32-8M;max_order=9;fallback=3;kernel=5.10",
		"max_order=9;kernel=5.10;min_free_kbytes=4096;fallback=3;memory=1/DMA32-8M",
	};
	for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
		const bud_whatif_case *c = accepted(orders[i]);
		assert_int_equal(c->kernel.fallback, BUD_FALLBACK_CLAIM);
		assert_int_equal(c->kernel.pcp_policy, BUD_PCP_FIXED6);
		assert_int_equal(c->kernel.max_order, 9);
		assert_int_equal(c->sysctls.min_free_kbytes, 4096);
		assert_int_equal(c->more[2], -2048);
	}
	/* Within a case, too. */
	assert_int_equal(parse(NULL, "fallback=2,kernel=4.19"), BUD_OK);
	assert_int_equal(cases.list[1].kernel.fallback, BUD_FALLBACK_TAKE);
}

static void test_memory_of_zones(void **state)
{
	(void)state;
	const bud_whatif_case *c = accepted("memory=1/dma32+64M");
	assert_int_equal(c->more[1], 0);
	assert_int_equal(c->more[2], 16384);
	/* Without a node: all of that name. */
	c = accepted("memory=DMA32-1G;memory=DMA+16K");
	assert_int_equal(c->more[0], 4);
	assert_int_equal(c->more[1], -262144);
	assert_int_equal(c->more[2], -262144);
}

static void test_a_comma_may_be_of_the_value(void **state)
{
	(void)state;
	assert_int_equal(parse(NULL, "lowmem_reserve_ratio=1,2,3,without=a,b,pcp=off"), BUD_OK);
	assert_int_equal(cases.list[1].sysctls.nr_ratio, 3);
	assert_string_equal(cases.list[1].without[0], "a,b");
	assert_true(cases.list[1].no_pcp);
}

static void test_several_are_left_out(void **state)
{
	(void)state;
	const bud_whatif_case *c = accepted("without=java;without=sh");
	assert_int_equal(c->nr_without, 2);
	assert_string_equal(c->without[0], "java");
	assert_string_equal(c->without[1], "sh");
}

static void test_what_cannot_be(void **state)
{
	(void)state;
	static const struct {
		const char *setting, *said;
	} wrong[] = {
		{ "nonsense=1", "--set help" },
		{ "min_free_kbytes", "KEY=VALUE" },
		{ "min_free_kbytes=-1", "0 to 2147483647" },
		{ "min_free_kbytes=2147483648", "0 to 2147483647" },
		{ "watermark_scale_factor=0", "1 to 3000" },
		{ "watermark_scale_factor=3001", "1 to 3000" },
		{ "watermark_boost_factor=x", "0 to 2147483647" },
		{ "percpu_pagelist_high_fraction=7", "0, or 8 to" },
		{ "defrag_mode=2", "0 to 1" },
		{ "extfrag_threshold=1001", "0 to 1000" },
		{ "compaction_proactiveness=101", "0 to 100" },
		{ "lowmem_reserve_ratio=1,2,x", "numbers with commas" },
		{ "lowmem_reserve_ratio=1,2,3,4,5,6,7", "one for each type of zone" },
		{ "max_order=20", "not a value" },
		{ "max_order=8", "above max_order" },
		{ "max_order=0;pageblock_order=0", "not a value" },
		{ "pageblock_order=11", "above max_order" },
		{ "fallback=0", "not a value" },
		{ "kernel=new", "such as 6.1" },
		{ "kernel=6", "such as 6.1" },
		{ "kernel=4.18", "from 4.19 on" },
		{ "memory=Normal+1G", "no such zone" },
		{ "memory=2/DMA32+1G", "no such zone" },
		{ "memory=DMA3+1G", "no such zone" },
		{ "memory=DMA32", "expected [NODE/]ZONE" },
		{ "memory=DMA32+", "expected [NODE/]ZONE" },
		{ "memory=DMA32+M", "expected [NODE/]ZONE" },
		{ "memory=DMA32+-4M", "expected [NODE/]ZONE" },
		{ "memory=DMA32+4", "expected [NODE/]ZONE" },
		{ "memory=DMA32+4MB", "expected [NODE/]ZONE" },
		{ "memory=x/DMA32+4M", "expected [NODE/]ZONE" },
		{ "memory=1x/DMA32+4M", "expected [NODE/]ZONE" },
		{ "thp=never", "on or off" },
		{ "without=", "section site" },
		{ "without=1;without=2;without=3;without=4;without=5;without=6;without=7;without=8;without=9", "at most 8" },
		/* What could be set, but would change nothing. */
		{ "swappiness=10", "nothing in the model" },
		{ "nr_hugepages=8", "nothing in the model" },
		{ "thp_enabled=never", "thp=off" },
		{ "page_shift=14", "made of" },
		{ "zone_types=4", "made of" },
		{ "gfp_layout=0", "how a trace is read" },
	};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		bud_status status = parse(wrong[i].setting, NULL);
		if (status != BUD_ERR_USAGE || !strstr(error.text, wrong[i].said))
			fail_msg("%s: %s", wrong[i].setting, status ? error.text : "accepted");
	}
}

/* Every case is known by all of its label. */
static void test_too_much_for_one_case(void **state)
{
	(void)state;
	char text[1024] = "without=";
	memset(text + 8, 'x', 230);
	strcat(text, ";without=");
	memset(text + strlen(text), 'y', 230);
	strcat(text, ";");
	size_t used = strlen(text);
	strcpy(text + used, "pcp=off");
	assert_int_equal(parse(text, NULL), BUD_OK);
	assert_int_equal(strlen(cases.list[1].label), strlen(text));
	strcpy(text + used, "pcp=off;thp=off;compaction=off;kernel=6.1;fallback=1;alloc_flags=1");
	assert_int_equal(parse(text, NULL), BUD_ERR_USAGE);
	for (char *c = text; *c; c++)
		*c = *c == ';' ? ',' : *c;
	assert_int_equal(parse(NULL, text), BUD_ERR_USAGE);
	assert_non_null(strstr(error.text, "too much"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_first_is_the_trace),
		cmocka_unit_test(test_settings_of_the_kernel),
		cmocka_unit_test(test_another_kernel_on_the_same_machine),
		cmocka_unit_test(test_the_order_of_settings_does_not_matter),
		cmocka_unit_test(test_memory_of_zones),
		cmocka_unit_test(test_a_comma_may_be_of_the_value),
		cmocka_unit_test(test_several_are_left_out),
		cmocka_unit_test(test_what_cannot_be),
		cmocka_unit_test(test_too_much_for_one_case),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
