/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One case being simulated: whose settings are in force in it, the trace's or the user's, and for how long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/insight/player.h"

enum { PAGES = 262144 };

/* A machine of one zone, nothing of it free; found: what its first snapshot told. */
typedef struct game {
	bud_kernel traced;
	bud_lessons lessons;
	bud_zone zone;
	bud_memory memory;
	bud_snapshot snapshot;
	bud_zone_info info;
	bud_settings_zone old; /* what zoneinfo has was computed of a smaller machine */
	bud_settings found;
	bud_whatif_case setup;
	bud_player player;
} game;

static void prepare(game *g, const char *traced, const char *simulated)
{
	memset(g, 0, sizeof *g);
	bud_kernel_init(&g->traced, traced, "x86_64");
	bud_kernel_init(&g->setup.kernel, simulated, "x86_64");
	bud_sysctls_init(&g->setup.sysctls);
	assert_int_equal(bud_lessons_init(&g->lessons, NULL), BUD_OK);
	bud_zone_init(&g->zone, 0, "Normal", 0, PAGES, 10);
	g->zone.type = BUD_ZONE_NORMAL;
	g->zone.managed = g->zone.present = PAGES;
	bud_zone_make_free_range(&g->zone, 0, PAGES);
	g->memory = (bud_memory){ .zones = &g->zone, .nr_zones = 1, .max_order = 10 };
	g->info = (bud_zone_info){ .node = 0, .name = "Normal" };
	g->old = (bud_settings_zone){ .kernel = &g->info,
				      .computed.marks = { 1000, 1262, 1524, 1786 },
				      .lists = { 62, 631, 32000 } };
	g->found = (bud_settings){ .snapshot = &g->snapshot, .zones = &g->old, .nr_zones = 1 };
	bud_sysctls_init(&g->found.sysctls);
	bud_sysctls_learn(&g->found.sysctls, BUD_SYSCTL_min_free_kbytes, 4096, BUD_SYSCTL_READ);
}

static void set(game *g, const char *setting)
{
	assert_int_equal(bud_sysctls_set(&g->setup.sysctls, setting, NULL), BUD_OK);
}

static const bud_machine *begin(game *g)
{
	const bud_simulation_setup setup = {
		.start = &g->memory, .traced = &g->traced, .lessons = &g->lessons, .nr_cpus = 2
	};
	g->player.setup = &g->setup;
	assert_int_equal(bud_player_create(&g->player, &setup, &g->found, &g->found.sysctls, NULL), BUD_OK);
	return bud_simulation_machine(g->player.simulation);
}

static void end(game *g)
{
	bud_player_fini(&g->player);
	bud_zone_fini(&g->zone);
	bud_lessons_fini(&g->lessons);
}

static void test_the_user_has_the_last_word(void **state)
{
	game g;
	(void)state;
	prepare(&g, "6.12.0", "6.12.0");
	set(&g, "watermark_scale_factor=100");
	const bud_machine *m = begin(&g);
	assert_int_equal(m->views[0].marks.min, 1024);
	assert_int_equal(m->views[0].marks.low, 1024 + 2621);
	/* What the trace's kernel was given later is given to the simulated one, too, but for that. */
	bud_sysctls later = g.found.sysctls;
	bud_sysctls_learn(&later, BUD_SYSCTL_min_free_kbytes, 8192, BUD_SYSCTL_READ);
	bud_sysctls_learn(&later, BUD_SYSCTL_watermark_scale_factor, 10, BUD_SYSCTL_READ);
	bud_player_set(&g.player, &later);
	assert_int_equal(m->views[0].marks.min, 2048);
	assert_int_equal(m->views[0].marks.low, 2048 + 2621);
	/* Defaults nobody told are no news. */
	bud_sysctls nothing;
	bud_sysctls_init(&nothing);
	bud_sysctls_assume(&nothing);
	bud_player_set(&g.player, &nothing);
	assert_int_equal(m->views[0].marks.min, 2048);
	end(&g);
}

static void test_some_of_the_ratios(void **state)
{
	game g;
	(void)state;
	static const uint32_t known[] = { 64, 128, 16, 0, 0 }, unknown[] = { 64, 256, 32, 0, 0 };
	for (int told = 0; told < 2; told++) {
		prepare(&g, "6.12.0", "6.12.0");
		if (told)
			bud_sysctls_read(&g.found.sysctls, "/proc/sys/vm/lowmem_reserve_ratio 256 128 16 0 0");
		set(&g, "lowmem_reserve_ratio=64");
		const bud_machine *m = begin(&g);
		assert_int_equal(m->sysctls.nr_ratio, 5);
		assert_memory_equal(m->sysctls.ratio, told ? known : unknown, sizeof known);
		/* A later snapshot tells of others. */
		bud_sysctls later = g.found.sysctls;
		bud_sysctls_read(&later, "/proc/sys/vm/lowmem_reserve_ratio 1 2 3 4 5");
		bud_player_set(&g.player, &later);
		static const uint32_t news[] = { 64, 2, 3, 4, 5 };
		assert_int_equal(m->sysctls.nr_ratio, 5);
		assert_memory_equal(m->sysctls.ratio, news, sizeof news);
		end(&g);
	}
}

static void test_what_the_kernel_does_not_know_is_off(void **state)
{
	game g;
	(void)state;
	for (int wanted = 0; wanted < 2; wanted++) {
		prepare(&g, "7.3.0", "5.4.0");
		bud_sysctls_learn(&g.found.sysctls, BUD_SYSCTL_compaction_proactiveness, 30, BUD_SYSCTL_READ);
		bud_sysctls_learn(&g.found.sysctls, BUD_SYSCTL_defrag_mode, 1, BUD_SYSCTL_READ);
		if (wanted) {
			set(&g, "compaction_proactiveness=40");
			set(&g, "defrag_mode=1");
		}
		const bud_machine *m = begin(&g);
		for (int again = 0; again < 2; again++) {
			assert_int_equal(m->sysctls.compaction_proactiveness, wanted ? 40 : 0);
			assert_int_equal(m->rules.defrag_mode, wanted);
			bud_player_set(&g.player, &g.found.sysctls);
		}
		end(&g);
	}
	/* Nobody told, and the kernel has it: its default. */
	prepare(&g, "5.10.0", "5.10.0");
	assert_int_equal(begin(&g)->sysctls.compaction_proactiveness, 20);
	end(&g);
}

/* Marks and lists older than boot's last frees stay, unless something asks for new ones, or another kernel computes. */
static void test_sizes_of_boot(void **state)
{
	game g;
	(void)state;
	static const struct {
		const char *simulated, *setting;
		int64_t more;
		bool old_marks, old_lists; /* as zoneinfo has them */
		bool marks, lists;	   /* of them, kept */
	} rows[] = {
		{ "6.12.0", NULL, 0, true, true, true, true },
		{ "6.12.0", NULL, 0, true, false, true, false },
		{ "6.12.0", NULL, 0, false, true, false, true },
		{ "6.12.0", "extfrag_threshold=100", 0, true, true, true, true },
		{ "6.12.0", "min_free_kbytes=4096", 0, true, true, false, false },
		{ "6.12.0", "watermark_scale_factor=10", 0, true, true, false, false },
		{ "6.12.0", "percpu_pagelist_high_fraction=9", 0, true, true, true, false },
		{ "6.12.0", NULL, 1024, true, true, false, false },
		{ "6.6.0", NULL, 0, true, true, false, false },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		prepare(&g, "6.12.0", rows[i].simulated);
		g.found.boot_marks = rows[i].old_marks;
		g.found.boot_lists = rows[i].old_lists;
		g.setup.more[0] = rows[i].more;
		if (rows[i].setting)
			set(&g, rows[i].setting);
		const bud_machine *m = begin(&g);
		assert_int_equal(m->views[0].marks.min == 1000, rows[i].marks);
		assert_int_equal(m->zones[0].pcp[1].sizes.batch == 62, rows[i].lists);
		assert_int_equal(m->zones[0].pcp[1].sizes.high_min == 631, rows[i].lists);
		/* Until one that sizes anything is written. */
		bud_sysctls later = g.found.sysctls;
		bud_sysctls_learn(&later, BUD_SYSCTL_nr_hugepages, 8, BUD_SYSCTL_READ);
		bud_player_set(&g.player, &later);
		assert_int_equal(m->views[0].marks.min == 1000, rows[i].marks);
		bud_sysctls_learn(&later, BUD_SYSCTL_watermark_scale_factor, 20, BUD_SYSCTL_READ);
		bud_sysctls_learn(&later, BUD_SYSCTL_min_free_kbytes, 4100, BUD_SYSCTL_READ);
		bud_player_set(&g.player, &later);
		assert_in_range(m->views[0].marks.min, 1021, 1025);
		assert_int_equal(m->zones[0].pcp[1].sizes.batch, 63);
		end(&g);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_user_has_the_last_word),
		cmocka_unit_test(test_some_of_the_ratios),
		cmocka_unit_test(test_what_the_kernel_does_not_know_is_off),
		cmocka_unit_test(test_sizes_of_boot),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
