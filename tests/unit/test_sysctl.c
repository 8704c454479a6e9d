/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/sysctl.h"

static void rows_are_read(void **state)
{
	(void)state;
	bud_sysctls s;
	bud_sysctls_init(&s);
	assert_true(s.min_free_kbytes == BUD_UNKNOWN);
	assert_int_equal(bud_sysctls_read(&s, "/proc/sys/vm/admin_reserve_kbytes 6132\n"
					      "/proc/sys/vm/compact_memory \n"
					      "/proc/sys/vm/lowmem_reserve_ratio 256\t256\t32\t0\t0\n"
					      "/proc/sys/vm/min_free_kbytes 1818\n"
					      "vm.watermark_scale_factor = 300\n"
					      "/proc/sys/vm/percpu_pagelist_fraction 8\n"
					      "/proc/sys/vm/swappiness many\n"
					      "/proc/sys/vm/defrag_mode 7\n"
					      "/proc/sys/vm/extfrag_threshold 500"),
			 5);
	assert_int_equal(s.min_free_kbytes, 1818);
	assert_int_equal(s.watermark_scale_factor, 300);
	assert_int_equal(s.percpu_pagelist_high_fraction, 8);
	assert_int_equal(s.extfrag_threshold, 500);
	assert_int_equal(s.origin[BUD_SYSCTL_min_free_kbytes], BUD_SYSCTL_READ);
	assert_true(s.swappiness == BUD_UNKNOWN);
	assert_true(s.defrag_mode == BUD_UNKNOWN);
	assert_int_equal(s.nr_ratio, 5);
	assert_int_equal(bud_sysctls_read(&s, ""), 0);
	assert_int_equal(bud_sysctls_read(&s, "\n\nBuddy\nmin_free_kbytes\n"), 0);
	assert_int_equal(bud_sysctls_read(&s, "min_free_kbytes 77\n"), 1);
	assert_int_equal(s.min_free_kbytes, 77);
}

static void ratios_go_to_their_zones(void **state)
{
	(void)state;
	bud_sysctls s;
	bud_sysctls_init(&s);
	unsigned ratio[BUD_NR_ZONE_TYPES], x86 = 1 << BUD_ZONE_DMA | 1 << BUD_ZONE_DMA32 | 1 << BUD_ZONE_NORMAL |
						 1 << BUD_ZONE_MOVABLE | 1 << BUD_ZONE_DEVICE;
	unsigned i386 = 1 << BUD_ZONE_DMA | 1 << BUD_ZONE_NORMAL | 1 << BUD_ZONE_HIGHMEM | 1 << BUD_ZONE_MOVABLE;
	assert_false(bud_sysctls_ratios(&s, x86, ratio));
	bud_sysctls_read(&s, "/proc/sys/vm/lowmem_reserve_ratio 256 128 32 0 0");
	assert_true(bud_sysctls_ratios(&s, x86, ratio));
	assert_int_equal(ratio[BUD_ZONE_DMA], 256);
	assert_int_equal(ratio[BUD_ZONE_DMA32], 128);
	assert_int_equal(ratio[BUD_ZONE_NORMAL], 32);
	assert_int_equal(ratio[BUD_ZONE_HIGHMEM], 0);
	assert_true(bud_sysctls_ratios(&s, i386, ratio));
	assert_int_equal(ratio[BUD_ZONE_NORMAL], 128);
	assert_int_equal(ratio[BUD_ZONE_HIGHMEM], 32);
}

static void the_user_sets(void **state)
{
	(void)state;
	bud_sysctls s;
	bud_error err;
	char text[24];
	bud_sysctls_init(&s);
	assert_int_equal(bud_sysctls_set(&s, "min_free_kbytes=65536", NULL), BUD_OK);
	assert_int_equal(s.min_free_kbytes, 65536);
	bud_sysctls_read(&s, "/proc/sys/vm/min_free_kbytes 1");
	assert_int_equal(s.min_free_kbytes, 65536);
	assert_int_equal(s.origin[BUD_SYSCTL_min_free_kbytes], BUD_SYSCTL_SET);
	assert_int_equal(bud_sysctls_set(&s, "lowmem_reserve_ratio=256,256,32,0", NULL), BUD_OK);
	assert_int_equal(s.nr_ratio, 4);
	bud_sysctls_learn(&s, BUD_SYSCTL_thp_enabled, BUD_THP_NEVER, BUD_SYSCTL_READ);
	assert_string_equal(bud_sysctl_text(&s, BUD_SYSCTL_thp_enabled, text), "never");
	assert_string_equal(bud_sysctl_text(&s, BUD_SYSCTL_swappiness, text), "?");
	assert_string_equal(bud_sysctl_text(&s, BUD_SYSCTL_min_free_kbytes, text), "65536");
	const char *wrong[] = { "",
				"=",
				"min_free_kbytes",
				"min_free_kbytes=",
				"min_free_kbytes=12k",
				"min_free_kbytes=-1",
				"defrag_mode=2",
				"lowmem_reserve_ratio=",
				"lowmem_reserve_ratio=a",
				"thp_enabled=1",
				"min_free=3",
				"min_free_kbytes=99999999999999999999" };
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_int_equal(bud_sysctls_set(&s, wrong[i], &err), BUD_ERR_USAGE);
	assert_int_equal(bud_sysctls_set(&s, "percpu_pagelist_high_fraction=0", &err), BUD_OK);
	assert_int_equal(bud_sysctls_set(&s, "percpu_pagelist_fraction=7", &err), BUD_ERR_USAGE);
	assert_string_equal(err.text, "percpu_pagelist_fraction=7: expected 0, or 8 to 2147483647");
}

static void defaults_are_marked(void **state)
{
	(void)state;
	bud_sysctls s;
	bud_sysctls_init(&s);
	bud_sysctls_read(&s, "/proc/sys/vm/watermark_scale_factor 200");
	bud_sysctls_assume(&s);
	assert_int_equal(s.watermark_scale_factor, 200);
	assert_int_equal(s.watermark_boost_factor, 15000);
	assert_int_equal(s.origin[BUD_SYSCTL_watermark_boost_factor], BUD_SYSCTL_ASSUMED);
	assert_int_equal(s.origin[BUD_SYSCTL_min_free_kbytes], BUD_SYSCTL_UNKNOWN);
	assert_true(s.min_free_kbytes == BUD_UNKNOWN);
}

static void thp_is_the_word_in_brackets(void **state)
{
	(void)state;
	bud_sysctls s;
	bud_sysctls_init(&s);
	assert_int_equal(
		bud_sysctls_read_thp(&s, "always [madvise] never\nalways defer [defer+madvise] madvise never\n"), 2);
	assert_int_equal(s.thp_enabled, BUD_THP_MADVISE);
	assert_int_equal(s.thp_defrag, BUD_THP_DEFER_MADVISE);
	bud_sysctls_init(&s);
	assert_int_equal(bud_sysctls_read_thp(&s, "always madvise never\n[always"), 1);
	assert_true(s.thp_enabled == BUD_UNKNOWN);
	assert_int_equal(s.thp_defrag, BUD_THP_ALWAYS);
	assert_int_equal(bud_sysctls_read_thp(&s, ""), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_read),
		cmocka_unit_test(ratios_go_to_their_zones),
		cmocka_unit_test(the_user_sets),
		cmocka_unit_test(defaults_are_marked),
		cmocka_unit_test(thp_is_the_word_in_brackets),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
