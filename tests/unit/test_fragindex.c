/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The indices against what the kernel computed from the same free lists: debugfs's extfrag files beside buddyinfo. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "formats/read/kernfiles.h"
#include "lib/memory/fragindex.h"

static void test_nothing_free(void **state)
{
	(void)state;
	const uint64_t none[BUD_NR_ORDERS] = { 0 };
	for (int k = 0; k <= 10; k++) {
		assert_int_equal(bud_fragindex_suitable(none, 10, k), 0);
		assert_int_equal(bud_fragindex_unusable(none, 10, k), 1000);
		assert_int_equal(bud_fragindex_extfrag(none, 10, k), 0);
	}
}

static void test_one_large_block(void **state)
{
	(void)state;
	const uint64_t one[BUD_NR_ORDERS] = { [10] = 1 };
	for (int k = 0; k <= 10; k++) {
		assert_int_equal(bud_fragindex_suitable(one, 10, k), 1 << (10 - k));
		assert_int_equal(bud_fragindex_unusable(one, 10, k), 0);
		assert_int_equal(bud_fragindex_extfrag(one, 10, k), -1000);
	}
}

static void test_single_pages_only(void **state)
{
	(void)state;
	const uint64_t crumbs[BUD_NR_ORDERS] = { 2048 };
	assert_int_equal(bud_fragindex_suitable(crumbs, 10, 0), 2048);
	assert_int_equal(bud_fragindex_suitable(crumbs, 10, 9), 0);
	assert_int_equal(bud_fragindex_unusable(crumbs, 10, 9), 1000);
	assert_in_range(bud_fragindex_extfrag(crumbs, 10, 9), 990, 1000);
}

/* What kernels printed, and what the formula gives where nothing like it was at hand. */
static void test_vectors(void **state)
{
	(void)state;
	static const struct {
		uint64_t nr_free[BUD_NR_ORDERS];
		int32_t unusable[11], extfrag[11];
	} rows[] = {
		/* clang-format off */
		{ { 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 3 },
		  { 0, 0, 0, 0, 0, 0, 0, 0, 0, 66, 200 },
		  { -1000, -1000, -1000, -1000, -1000, -1000, -1000, -1000, -1000, -1000, -1000 } },
		{ { 1, 2, 4, 2, 5, 4, 3, 4, 5, 3, 751 },
		  { 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 4 },
		  { -1000, -1000, -1000, -1000, -1000, -1000, -1000, -1000, -1000, -1000, -1000 } },
		{ { 17019, 7919, 3887, 2106, 1246, 4172, 2968, 1939, 1009, 2, 494 },
		  { 0, 11, 23, 34, 45, 59, 153, 287, 461, 643, 644 },
		  { -1000, -1000, -1000, -1000, -1000, -1000, -1000, -1000, -1000, -1000, -1000 } },
		{ { 1000 },
		  { 0, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000 },
		  { -1000, 499, 749, 874, 937, 968, 984, 992, 996, 998, 999 } },
		{ { 100, 50, 25 },
		  { 0, 333, 666, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000 },
		  { -1000, -1000, -1000, 780, 888, 941, 968, 981, 988, 991, 993 } },
		{ { 0, 0, 0, 4 },
		  { 0, 0, 0, 0, 1000, 1000, 1000, 1000, 1000, 1000, 1000 },
		  { -1000, -1000, -1000, -1000, 250, 500, 625, 688, 719, 735, 743 } },
		{ { 1 },
		  { 0, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000 },
		  { -1000, -500, -250, -125, -62, -31, -15, -7, -3, -1, 0 } },
		/* clang-format on */
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (int k = 0; k <= 10; k++)
			if (bud_fragindex_unusable(rows[i].nr_free, 10, k) != rows[i].unusable[k] ||
			    bud_fragindex_extfrag(rows[i].nr_free, 10, k) != rows[i].extfrag[k])
				fail_msg("row %zu, order %d: %d %d", i, k,
					 bud_fragindex_unusable(rows[i].nr_free, 10, k),
					 bud_fragindex_extfrag(rows[i].nr_free, 10, k));
}

static void test_all_at_once_is_the_same(void **state)
{
	(void)state;
	const uint64_t nr_free[BUD_NR_ORDERS] = { 5, 0, 7, 1, 0, 0, 3, 0, 0, 1, 0 };
	uint64_t suitable[BUD_NR_ORDERS];
	int32_t extfrag[BUD_NR_ORDERS], unusable[BUD_NR_ORDERS];
	bud_fragindex_all(nr_free, 10, suitable, extfrag, unusable);
	for (int k = 0; k <= 10; k++) {
		assert_int_equal(suitable[k], bud_fragindex_suitable(nr_free, 10, k));
		assert_int_equal(extfrag[k], bud_fragindex_extfrag(nr_free, 10, k));
		assert_int_equal(unusable[k], bud_fragindex_unusable(nr_free, 10, k));
	}
}

static void ignore_note(void *self, const char *line)
{
	(void)self;
	(void)line;
}

/* What the kernel says of a zone's order follows from these free lists. */
static bool explains(const bud_zone_info *lists, const bud_zone_info *said, int max_order, int order)
{
	return lists && lists->has_buddyinfo &&
	       (!said->has_extfrag ||
		said->extfrag_milli[order] == bud_fragindex_extfrag(lists->nr_free, max_order, order)) &&
	       (!said->has_unusable ||
		said->unusable_milli[order] == bud_fragindex_unusable(lists->nr_free, max_order, order));
}

/*
 * How many rows of the snapshot's index files were compared. They were read
 * a moment after buddyinfo; where the lists had changed by then, what
 * buddyinfo.3 found after them counts too.
 */
static size_t compare_snapshot(const char *folder)
{
	bud_snapshot snapshot = { 0 }, later = { 0 };
	size_t nr = 0;
	char path[2200];
	snprintf(path, sizeof path, "%s/buddyinfo.3", folder);
	assert_int_equal(bud_kernfiles_folder(&snapshot, folder, false, ignore_note, NULL, NULL), BUD_OK);
	bud_kernfiles_read(&later, "buddyinfo", path, NULL);
	int max_order = (int)snapshot.nr_orders - 1;
	for (size_t z = 0; z < snapshot.nr_zones; z++) {
		const bud_zone_info *zone = &snapshot.zones[z];
		const bud_zone_info *again = bud_snapshot_zone(&later, zone->node, zone->name);
		for (int k = 0; zone->has_buddyinfo && k <= max_order; k++) {
			if (!explains(zone, zone, max_order, k) && !explains(again, zone, max_order, k))
				fail_msg("%s: %s order %d is not what the kernel says", folder, zone->name, k);
			nr += zone->has_extfrag + zone->has_unusable;
		}
	}
	bud_snapshot_fini(&snapshot);
	bud_snapshot_fini(&later);
	return nr;
}

/* The snapshots of every capture in a folder of captures. */
static size_t compare_captures(const char *folder)
{
	size_t nr = 0;
	DIR *captures = opendir(folder);
	for (struct dirent *c; captures && (c = readdir(captures));) {
		char path[1024];
		snprintf(path, sizeof path, "%.400s/%s", folder, c->d_name);
		DIR *capture = *c->d_name == '.' ? NULL : opendir(path);
		for (struct dirent *s; capture && (s = readdir(capture));)
			if (strncmp(s->d_name, "snap-", 5) == 0) {
				char snapshot[2048];
				snprintf(snapshot, sizeof snapshot, "%s/%s", path, s->d_name);
				nr += compare_snapshot(snapshot);
			}
		if (capture)
			closedir(capture);
	}
	if (captures)
		closedir(captures);
	return nr;
}

static void test_the_kernels_own_indices_in_examples(void **state)
{
	(void)state;
	assert_true(compare_captures("examples") > 100);
}

static void test_the_kernels_own_indices_in_captures(void **state)
{
	(void)state;
	const char *folder = getenv("BUDDYSCOPE_CAPTURES");
	if (compare_captures(folder ? folder : "../shared/captures") == 0)
		skip();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_free),
		cmocka_unit_test(test_one_large_block),
		cmocka_unit_test(test_single_pages_only),
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_all_at_once_is_the_same),
		cmocka_unit_test(test_the_kernels_own_indices_in_examples),
		cmocka_unit_test(test_the_kernels_own_indices_in_captures),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
