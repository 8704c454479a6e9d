/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "formats/read/flaglist.h"
#include "lib/base/kernel.h"

static bud_kernel kernel_of(const char *release)
{
	bud_kernel kernel;
	bud_kernel_init(&kernel, release, "x86_64");
	return kernel;
}

static void expect(const bud_kernel *kernel, uint64_t raw, const char *text)
{
	char got[BUD_GFP_TEXT];
	uint64_t back;
	assert_string_equal(bud_gfp_format(&kernel->gfp, raw, got, sizeof got), text);
	assert_int_equal(bud_gfp_parse(&kernel->gfp, text, &back, NULL), BUD_OK);
	assert_int_equal(back, raw);
}

/* As the lists in the kernels' own event formats have them. */
static void names_are_the_kernels(void **state)
{
	(void)state;
	bud_kernel k510 = kernel_of("5.10.0"), k612 = kernel_of("6.12.1"), k73 = kernel_of("7.3.4");
	expect(&k510, 0, "none");
	expect(&k510, 0xcc0, "GFP_KERNEL");
	expect(&k510, 0x100dca, "GFP_HIGHUSER_MOVABLE|__GFP_ZERO");
	expect(&k510, 0x40cc0, "GFP_KERNEL|__GFP_COMP");
	expect(&k510, 0xa20, "GFP_ATOMIC");
	expect(&k510, 0x820, "GFP_NOWAIT|__GFP_HIGH");
	expect(&k510, 0x800, "GFP_NOWAIT");
	expect(&k510, 0x2800, "GFP_NOWAIT|__GFP_NOWARN");
	expect(&k612, 0x820, "GFP_ATOMIC");
	expect(&k612, 0x2800, "GFP_NOWAIT");
	expect(&k612, 0x800, "__GFP_KSWAPD_RECLAIM");
	expect(&k612, 0x3c24ca, "GFP_TRANSHUGE|__GFP_THISNODE");
	expect(&k612, 0x1c20ca, "GFP_TRANSHUGE_LIGHT");
	expect(&k612, 0x52cc0, "GFP_KERNEL|__GFP_NOWARN|__GFP_NORETRY|__GFP_COMP");
	expect(&k73, 0x152cc0, "GFP_USER|__GFP_NOWARN|__GFP_NORETRY|__GFP_COMP");
	expect(&k612, 0x140dc0, "GFP_USER|__GFP_COMP|__GFP_ZERO");
	expect(&k73, 0x140dc0, "GFP_USER|__GFP_ZERO|__GFP_COMP");
	expect(&k73, 0x1000cc0, "GFP_KERNEL|0x1000000");
}

static void kernels_number_differently(void **state)
{
	(void)state;
	bud_kernel k419 = kernel_of("4.19.0"), k54 = kernel_of("5.4.0"), k63 = kernel_of("6.3.0");
	expect(&k419, 0x6000c0, "GFP_KERNEL");
	expect(&k419, 0x480020, "GFP_ATOMIC");
	expect(&k419, 0x6200ca, "GFP_HIGHUSER_MOVABLE");
	expect(&k419, 0x60c0c0, "GFP_KERNEL|__GFP_COMP|__GFP_ZERO");
	bud_gfp kernel_zero = BUD_GFP_KERNEL | BUD_GFP_ZERO;
	assert_int_equal(bud_gfp_from_raw(&k419.gfp, 0x6080c0), kernel_zero);
	assert_int_equal(bud_gfp_from_raw(&k54.gfp, 0xdc0), kernel_zero);
	assert_int_equal(bud_gfp_to_raw(&k419.gfp, kernel_zero), 0x6080c0);
	assert_int_equal(bud_gfp_from_raw(&k54.gfp, 0xa20), BUD_GFP_HIGH | BUD_GFP_ATOMIC | BUD_GFP_KSWAPD_RECLAIM);
	assert_int_equal(bud_gfp_from_raw(&k63.gfp, 0xa20), BUD_GFP_HIGH | BUD_GFP_KSWAPD_RECLAIM);
	for (bud_gfp gfp = 1; gfp <= BUD_GFP_ACCOUNT; gfp <<= 1)
		if (gfp != BUD_GFP_ATOMIC) {
			assert_int_equal(bud_gfp_from_raw(&k419.gfp, bud_gfp_to_raw(&k419.gfp, gfp)), gfp);
			assert_int_equal(bud_gfp_from_raw(&k63.gfp, bud_gfp_to_raw(&k63.gfp, gfp)), gfp);
		}
}

static void texts_are_parsed(void **state)
{
	(void)state;
	bud_kernel k = kernel_of("6.12.1");
	uint64_t raw;
	bud_error err;
	assert_int_equal(bud_gfp_parse(&k.gfp, " GFP_KERNEL | __GFP_COMP ", &raw, NULL), BUD_OK);
	assert_int_equal(raw, 0x40cc0);
	assert_int_equal(bud_gfp_parse(&k.gfp, "0x140dca", &raw, NULL), BUD_OK);
	assert_int_equal(raw, 0x140dca);
	assert_int_equal(bud_gfp_parse(&k.gfp, "__GFP_DMA|__GFP_DMA32", &raw, NULL), BUD_OK);
	assert_int_equal(raw, 0x5);
	const char *wrong[] = { "",
				"GFP_KERNAL",
				"GFP_KERNEL|",
				"|",
				"__GFP_ATOMIC",
				"0x12zz",
				"GFP_KERNEL __GFP_COMP",
				"__GFP_A_NAME_THAT_IS_LONGER_THAN_ANY_FLAG_OF_ANY_KERNEL" };
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_int_equal(bud_gfp_parse(&k.gfp, wrong[i], &raw, &err), BUD_ERR_USAGE);
	assert_int_equal(bud_gfp_parse(&k.gfp, "GFP_KERNEL|GFP_FAST", &raw, &err), BUD_ERR_USAGE);
	assert_non_null(strstr(err.text, "'GFP_FAST'"));
}

static void requests_have_type_and_zone(void **state)
{
	(void)state;
	assert_int_equal(bud_gfp_migratetype(BUD_GFP_KERNEL), BUD_MT_UNMOVABLE);
	assert_int_equal(bud_gfp_migratetype(BUD_GFP_MOVABLE), BUD_MT_MOVABLE);
	assert_int_equal(bud_gfp_migratetype(BUD_GFP_RECLAIMABLE), BUD_MT_RECLAIMABLE);
	assert_int_equal(bud_gfp_migratetype(BUD_GFP_RECLAIMABLE | BUD_GFP_MOVABLE), BUD_MT_UNKNOWN);
	unsigned dma = 1 << BUD_ZONE_DMA, dma32 = 1 << BUD_ZONE_DMA32, normal = 1 << BUD_ZONE_NORMAL;
	unsigned movable = 1 << BUD_ZONE_MOVABLE, high = 1 << BUD_ZONE_HIGHMEM;
	unsigned x86 = dma | dma32 | normal | movable, i386 = dma | normal | high | movable;
	const struct {
		bud_gfp gfp;
		bud_zone_type on_x86, on_i386;
	} vectors[] = {
		{ BUD_GFP_KERNEL, BUD_ZONE_NORMAL, BUD_ZONE_NORMAL },
		{ BUD_GFP_HIGHMEM, BUD_ZONE_NORMAL, BUD_ZONE_HIGHMEM },
		{ BUD_GFP_MOVABLE, BUD_ZONE_NORMAL, BUD_ZONE_NORMAL },
		{ BUD_GFP_MOVABLE | BUD_GFP_HIGHMEM, BUD_ZONE_MOVABLE, BUD_ZONE_MOVABLE },
		{ BUD_GFP_DMA, BUD_ZONE_DMA, BUD_ZONE_DMA },
		{ BUD_GFP_DMA | BUD_GFP_MOVABLE, BUD_ZONE_DMA, BUD_ZONE_DMA },
		{ BUD_GFP_DMA32, BUD_ZONE_DMA32, BUD_ZONE_NORMAL },
		{ BUD_GFP_DMA32 | BUD_GFP_MOVABLE, BUD_ZONE_DMA32, BUD_ZONE_NORMAL },
	};
	for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
		assert_int_equal(bud_gfp_highest_zone(vectors[i].gfp, x86), vectors[i].on_x86);
		assert_int_equal(bud_gfp_highest_zone(vectors[i].gfp, i386), vectors[i].on_i386);
	}
	assert_int_equal(bud_gfp_highest_zone(BUD_GFP_DMA, normal | movable), BUD_ZONE_NORMAL);
}

static void formats_are_read(void **state)
{
	(void)state;
	bud_gfp_table t;
	char text[BUD_GFP_TEXT];
	bud_flaglist_gfp(&t,
			 "print fmt: \"%s\", (REC->gfp_flags) ? __print_flags(REC->gfp_flags, \"|\", "
			 "{(unsigned long)((( gfp_t)(0x400u|0x800u)) & ~(( gfp_t)0x400u)), \"GFP_NOWAIT\"}, "
			 "{( unsigned long)(( gfp_t)((((1UL))) << (18))), \"__GFP_COMP\"}, "
			 "{ BIT(3), \"__GFP_MOVABLE\" }, { 1 << 40, \"__GFP_FUTURE\" }, { 8 - 4 + 1, \"bad name\" }, "
			 "{ 0, ((void *)0) } ) : \"none\"");
	assert_int_equal(t.nr_names, 3);
	assert_int_equal(t.names[0].mask, 0x800);
	assert_int_equal(t.names[1].mask, 0x40000);
	assert_string_equal(bud_gfp_format(&t, 0x10000040800, text, sizeof text), "GFP_NOWAIT|__GFP_COMP|__GFP_FUTURE");
	assert_string_equal(bud_gfp_format(&t, 0x8, text, sizeof text), "0x8");
	const char *bad[] = { "",
			      "print fmt: \"x\"",
			      "__print_flags(",
			      "__print_flags(REC->gfp_flags, \"|\", {",
			      "__print_flags(REC->gfp_flags, \"|\", {1,",
			      "__print_flags(REC->gfp_flags, \"|\", {1, \"A",
			      "__print_flags(REC->gfp_flags, \"|\", {((((((((1, \"A\"}",
			      "__print_flags(REC->other, \"|\", {1, \"A\"}" };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		bud_flaglist_gfp(&t, bad[i]);
		assert_int_equal(t.nr_names, 0);
	}
	char deep[4096] = "__print_flags(REC->gfp_flags, \"|\", {";
	size_t used = strlen(deep);
	memset(deep + used, '(', sizeof deep - used - 1);
	bud_flaglist_gfp(&t, deep);
	assert_int_equal(t.nr_names, 0);
}

/* A table from a format replaces the guess and teaches the features. */
static void kernel_learns(void **state)
{
	(void)state;
	bud_kernel k419 = kernel_of("4.19.0"), guess = kernel_of("");
	bud_kernel_learn_gfp(&guess, &k419.gfp);
	assert_int_equal(guess.gfp_layout, 0);
	assert_int_equal(guess.gfp_atomic, 1);
	assert_int_equal(guess.gfp_nowait_nowarn, 0);
	assert_int_equal(guess.origin[BUD_KF_gfp_layout], BUD_ORIGIN_FORMAT);
	expect(&guess, 0x480020, "GFP_ATOMIC");
	assert_int_equal(bud_kernel_override(&guess, "gfp_layout=1", NULL), BUD_OK);
	expect(&guess, 0xa20, "GFP_ATOMIC");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_the_kernels), cmocka_unit_test(kernels_number_differently),
		cmocka_unit_test(texts_are_parsed),	 cmocka_unit_test(requests_have_type_and_zone),
		cmocka_unit_test(formats_are_read),	 cmocka_unit_test(kernel_learns),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
