/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/insight/remedy.h"

/* A machine of one node with DMA and Normal, and a request that Normal did not serve. */
typedef struct place {
	bud_zone_info infos[5];
	bud_snapshot snapshot;
	bud_settings settings;
	bud_zone zones[2];
	bud_memory memory;
	bud_kernel kernel;
	bud_impasse scene;
	bud_culprits culprits;
	bud_remedies remedies;
} place;

static void add_answer(place *p, const char *name, bud_zone_type type, bud_cause cause, uint64_t reserve)
{
	bud_explanation *e = &p->scene.explanation;
	bud_answer *a = &e->answers[e->nr_answers++];
	*a = (bud_answer){ .type = type, .cause = cause, .reserve = reserve };
	strcpy(a->name, name);
}

static place *make_place(const char *release, bud_cause cause, int order)
{
	static const char *const names[] = { "DMA", "DMA32", "Normal", "Movable", "Device" };
	place *p = calloc(1, sizeof *p);
	for (int i = 0; i < 5; i++)
		strcpy(p->infos[i].name, names[i]);
	p->snapshot = (bud_snapshot){ .zones = p->infos, .nr_zones = 5 };
	p->settings.snapshot = &p->snapshot;
	bud_sysctls_init(&p->settings.sysctls);
	bud_sysctls_learn(&p->settings.sysctls, BUD_SYSCTL_min_free_kbytes, 4000, BUD_SYSCTL_READ);
	bud_sysctls_assume(&p->settings.sysctls);
	bud_kernel_init(&p->kernel, release, "x86_64");
	p->zones[0] = (bud_zone){ .name = "DMA", .managed = 3840 };
	p->zones[1] = (bud_zone){ .name = "Normal", .managed = 400 << 8 };
	p->memory = (bud_memory){ .zones = p->zones, .nr_zones = 2 };
	p->scene.plea.order = order;
	p->scene.explanation.cause = cause;
	add_answer(p, "Normal", BUD_ZONE_NORMAL, cause, 0);
	add_answer(p, "DMA", BUD_ZONE_DMA, BUD_CAUSE_RESERVE, 300);
	return p;
}

static const bud_whatif_case *find(place *p, const char *label)
{
	const bud_remedy_ground ground = { .scene = &p->scene,
					   .settings = &p->settings,
					   .memory = &p->memory,
					   .kernel = &p->kernel,
					   .culprits = &p->culprits };
	bud_remedies_find(&p->remedies, &ground);
	for (size_t i = 0; i < p->remedies.nr; i++)
		if (strcmp(p->remedies.cases[i].label, label) == 0)
			return &p->remedies.cases[i];
	return NULL;
}

static void settings_are_those_the_kernel_has(void **state)
{
	(void)state;
	place *p = make_place("6.18.1", BUD_CAUSE_FRAGMENTATION, 9);
	const bud_whatif_case *c = find(p, "min_free_kbytes=8000");
	assert_int_equal(c->sysctls.min_free_kbytes, 8000);
	assert_int_equal(c->sysctls.origin[BUD_SYSCTL_min_free_kbytes], BUD_SYSCTL_SET);
	assert_string_equal(p->remedies.now[c - p->remedies.cases], "4000");
	assert_string_equal(p->remedies.cases[0].label, "unchanged");
	assert_string_equal(p->remedies.cases[p->remedies.control].label, "min_free_kbytes=4062");
	assert_non_null(find(p, "defrag_mode=1"));
	assert_non_null(find(p, "compaction_proactiveness=60"));
	assert_non_null(find(p, "extfrag_threshold=0"));
	assert_null(find(p, "min_free_kbytes=2000"));
	free(p);
	p = make_place("5.4.1", BUD_CAUSE_FRAGMENTATION, 3);
	assert_null(find(p, "defrag_mode=1"));
	assert_null(find(p, "compaction_proactiveness=60"));
	/* It is looked at for orders above 3 alone. */
	assert_null(find(p, "extfrag_threshold=0"));
	free(p);
}

static void what_is_so_already_is_no_change(void **state)
{
	(void)state;
	place *p = make_place("6.18.1", BUD_CAUSE_FRAGMENTATION, 9);
	bud_sysctls_learn(&p->settings.sysctls, BUD_SYSCTL_defrag_mode, 1, BUD_SYSCTL_READ);
	bud_sysctls_learn(&p->settings.sysctls, BUD_SYSCTL_watermark_scale_factor, 3000, BUD_SYSCTL_READ);
	bud_sysctls_learn(&p->settings.sysctls, BUD_SYSCTL_thp_enabled, BUD_THP_NEVER, BUD_SYSCTL_READ);
	assert_null(find(p, "defrag_mode=1"));
	assert_null(find(p, "watermark_scale_factor=3000"));
	assert_null(find(p, "thp=off"));
	free(p);
}

static void a_shortage_has_its_own(void **state)
{
	(void)state;
	place *p = make_place("6.12.1", BUD_CAUSE_SHORTAGE, 0);
	assert_non_null(find(p, "min_free_kbytes=2000"));
	assert_null(find(p, "watermark_boost_factor=0"));
	assert_null(find(p, "percpu_pagelist_high_fraction=1000"));
	p->scene.explanation.answers[0].boost = 100;
	p->scene.shortfall = (bud_shortfall){ .list = { { BUD_LACKING_CACHED, 10, BUD_UNKNOWN } }, .nr = 1 };
	assert_non_null(find(p, "watermark_boost_factor=0"));
	assert_non_null(find(p, "percpu_pagelist_high_fraction=1000"));
	assert_true(find(p, "thp=off")->no_thp);
	free(p);
}

/* DMA's reserve kept it out: its ratio, and no other, makes a reserve a quarter as large. */
static void a_reserve_is_made_smaller(void **state)
{
	(void)state;
	place *p = make_place("6.12.1", BUD_CAUSE_SHORTAGE, 0);
	const uint32_t ratio[] = { 256, 256, 32, 0, 0 };
	memcpy(p->settings.sysctls.ratio, ratio, sizeof ratio);
	p->settings.sysctls.nr_ratio = 5;
	p->settings.sysctls.ratio_origin = BUD_SYSCTL_READ;
	const bud_whatif_case *c = find(p, "lowmem_reserve_ratio=1024,256,32,0,0");
	assert_int_equal(c->sysctls.nr_ratio, 5);
	assert_int_equal(c->sysctls.ratio[0], 1024);
	assert_int_equal(c->sysctls.ratio[2], 32);
	assert_string_equal(p->remedies.now[c - p->remedies.cases], "256,256,32,0,0");
	p->scene.explanation.answers[1].cause = BUD_CAUSE_SHORTAGE;
	assert_null(find(p, "lowmem_reserve_ratio=1024,256,32,0,0"));
	free(p);
}

static void memory_is_a_quarter_of_the_decisive_zone(void **state)
{
	(void)state;
	place *p = make_place("6.12.1", BUD_CAUSE_SHORTAGE, 0);
	assert_int_equal(find(p, "memory=0/Normal+100M")->more[1], 100 << 8);
	assert_string_equal(p->remedies.now[find(p, "memory=0/Normal+100M") - p->remedies.cases], "400M");
	p->scene.explanation.decisive = 1;
	assert_int_equal(find(p, "memory=0/DMA+4M")->more[0], 4 << 8);
	p->scene.explanation.decisive = -1;
	assert_null(find(p, "memory=0/Normal+100M"));
	free(p);
}

static void nothing_where_nothing_can_be_known(void **state)
{
	(void)state;
	place *p = make_place("6.12.1", BUD_CAUSE_LIMIT, 0);
	assert_non_null(find(p, "unchanged"));
	assert_int_equal(p->remedies.nr, 1);
	free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(settings_are_those_the_kernel_has),
		cmocka_unit_test(what_is_so_already_is_no_change),
		cmocka_unit_test(a_shortage_has_its_own),
		cmocka_unit_test(a_reserve_is_made_smaller),
		cmocka_unit_test(memory_is_a_quarter_of_the_decisive_zone),
		cmocka_unit_test(nothing_where_nothing_can_be_known),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
