/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The tables of verify: the kernel's columns, the replay's, and why they differ. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "formats/write/csv.h"
#include "lib/insight/agreement.h"

static bud_snapshot snapshot = { .name = "01-anon", .t_ns = 150 };
static bud_pcp_info lists[] = { { .cpu = 0, .count = 7 }, { .cpu = 1, .count = 5 } };
static bud_zone_info kernel_zone = { .name = "DMA",
				     .has_buddyinfo = true,
				     .nr_free = { 4, 2 },
				     .min = 10,
				     .low = 20,
				     .high = 30,
				     .boost = BUD_UNKNOWN,
				     .pcp = lists,
				     .nr_pcp = 2 };
static const bud_kernel kernel = { .pageblock_order = 9, .max_order = 10, .page_reporting = 1 };
static const bud_section_filter all = BUD_SECTION_FILTER_ALL;

static void expect_of(const bud_agreement *agreement, const char *table, const char *rows)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	bud_csv csv;
	bud_row_sink sink = bud_csv_sink(&csv, out);
	assert_int_equal(bud_agreement_write(bud_agreement_find(table), agreement, &sink, NULL), BUD_OK);
	fclose(out);
	assert_string_equal(text, rows);
	free(text);
}

static void expect(const char *table, const bud_comparison *comparison, const bud_reading *reading, const char *rows)
{
	expect_of(&(bud_agreement){ .comparisons = comparison,
				    .nr_comparisons = 1,
				    .readings = reading,
				    .nr_readings = reading ? 1 : 0,
				    .kernel = &kernel,
				    .filter = &all },
		  table, rows);
}

#define ORDERS "snapshot,t_ns,node,zone,order,kernel_blocks,model_blocks,diff,uncertain_pages,cause\n"
#define ZONES                                                                                                 \
	"snapshot,t_ns,node,zone,exact,free_error,uncertain_pages,cause,kernel_free_pages,model_free_pages,"  \
	"kernel_pcp_pages,model_pcp_pages,unknown_pages,kernel_min_pages,kernel_low_pages,kernel_high_pages," \
	"kernel_boost_pages,model_min_pages,model_low_pages,model_high_pages,model_boost_pages,marks_from,"   \
	"marks_moved_by\n"

static void test_before_a_seed_the_replay_has_no_numbers(void **state)
{
	(void)state;
	bud_comparison c = { .snapshot = &snapshot, .kernel = &kernel_zone, .nr_orders = 2, .model = { 9, 9 } };
	expect("verify", &c, NULL, ORDERS "01-anon,150,0,DMA,0,4,,,,\n01-anon,150,0,DMA,1,2,,,,\n");
	expect("verify_zone", &c, NULL, ZONES "01-anon,150,0,DMA,,,,,8,,12,,,10,20,30,,,,,,snapshots,\n");
}

static void test_the_summary_is_one_row(void **state)
{
	(void)state;
	const bud_verify_summary sum = { .nr_snapshots = 6,
					 .nr_compared = 5,
					 .nr_exact = 4,
					 .nr_zones = 18,
					 .nr_exact_zones = 14,
					 .free_error = 37 };
	bud_comparison c[2] = { { .snapshot = &snapshot, .kernel = &kernel_zone, .nr_orders = 2 },
				{ .snapshot = &snapshot, .kernel = &kernel_zone, .nr_orders = 2 } };
	expect_of(&(bud_agreement){ .comparisons = c,
				    .nr_comparisons = 2,
				    .kernel = &kernel,
				    .filter = &all,
				    .summary = &sum,
				    .lost_events = 9 },
		  "verify_summary",
		  "snapshots,compared,exact,zones,exact_zones,free_error,lost_events\n6,5,4,18,14,37,9\n");
}

static void test_differences_and_their_cause(void **state)
{
	(void)state;
	bud_comparison c = { .snapshot = &snapshot,
			     .kernel = &kernel_zone,
			     .nr_orders = 2,
			     .known = true,
			     .model = { 3, 2 },
			     .uncertain_pages = 35,
			     .uncertain = { [BUD_UNCERTAIN_INTERRUPT] = 3, [BUD_UNCERTAIN_FAST] = 32 },
			     .free_error = -1 };
	bud_reading r = { .snapshot = &snapshot,
			  .kernel = &kernel_zone,
			  .known = true,
			  .cached_pages = 11,
			  .unknown_pages = 40,
			  .marks = { 10, 20, 29, 0 } };
	expect("verify", &c, &r,
	       ORDERS "01-anon,150,0,DMA,0,4,3,-1,35,fast_isolation:32 interrupt_free:3\n"
		      "01-anon,150,0,DMA,1,2,2,0,35,fast_isolation:32 interrupt_free:3\n");
	expect("verify_zone", &c, &r,
	       ZONES "01-anon,150,0,DMA,0,-1,35,fast_isolation:32 interrupt_free:3,8,7,12,11,40,10,20,30,,10,20,29,0,"
		     "snapshots,settings\n");
}

static void test_a_difference_beyond_the_claim_is_guessed_from_its_shape(void **state)
{
	(void)state;
	char text[BUD_UNCERTAINTY_CAUSE];
	bud_kernel old = { .pageblock_order = 9, .max_order = 10 };
	bud_zone_info zone = { .nr_free = { [0] = 1, [9] = 2, [10] = 3 } };
	bud_comparison c = { .kernel = &zone, .nr_orders = 11, .known = true, .model = { [0] = 1, [10] = 4 } };
	assert_string_equal(bud_verify_cause(&c, &kernel, text), "unmerged_pageblocks");
	c.model[9] = 2;
	c.free_error = 1024;
	assert_string_equal(bud_verify_cause(&c, &kernel, text), "page_reporting");
	assert_string_equal(bud_verify_cause(&c, &old, text), "unexplained");
	c.model[0] = 3;
	c.free_error = 1026;
	assert_string_equal(bud_verify_cause(&c, &kernel, text), "unexplained");
	c.uncertain_pages = c.uncertain[BUD_UNCERTAIN_INTERRUPT] = 2;
	assert_string_equal(bud_verify_cause(&c, &kernel, text), "interrupt_free:2 page_reporting");
	c.uncertain_pages = c.uncertain[BUD_UNCERTAIN_INTERRUPT] = 1026;
	assert_string_equal(bud_verify_cause(&c, &kernel, text), "interrupt_free:1026");
	c.model[10] = 2;
	c.free_error = -1022;
	c.uncertain_pages = c.uncertain[BUD_UNCERTAIN_INTERRUPT] = 2;
	assert_string_equal(bud_verify_cause(&c, &kernel, text), "interrupt_free:2 unexplained");
	c.uncertain_pages = c.uncertain[BUD_UNCERTAIN_INTERRUPT] = 0;
	c.exact = true;
	assert_string_equal(bud_verify_cause(&c, &kernel, text), "");
}

static void test_marks_move_by_boost_memory_or_settings(void **state)
{
	(void)state;
	bud_zone_info zone = { .min = 15, .low = 25, .high = 35, .boost = 5 };
	bud_reading r = { .kernel = &zone, .marks = { 15, 25, 35, 5 }, .resized = true };
	assert_int_equal(bud_verify_marks(&r), BUD_MARKS_SAME);
	r.marks = (bud_zone_marks){ 10, 20, 30, 0 };
	assert_int_equal(bud_verify_marks(&r), BUD_MARKS_BOOST);
	r.marks = (bud_zone_marks){ 18, 28, 38, 8 };
	assert_int_equal(bud_verify_marks(&r), BUD_MARKS_BOOST);
	r.marks = (bud_zone_marks){ 10, 20, 31, 0 };
	assert_int_equal(bud_verify_marks(&r), BUD_MARKS_MEMORY);
	r.resized = false;
	assert_int_equal(bud_verify_marks(&r), BUD_MARKS_SETTINGS);
	zone.boost = BUD_UNKNOWN;
	r.marks = (bud_zone_marks){ 15, 25, 35, 0 };
	assert_int_equal(bud_verify_marks(&r), BUD_MARKS_SAME);
}

static void test_sums_of_lists_and_marks(void **state)
{
	(void)state;
	bud_zone_info without = { .min = 15, .low = 25, .high = 35, .boost = 5 };
	bud_reading readings[] = {
		{ .kernel = &kernel_zone, .marks = { BUD_UNKNOWN, 0, 0, 0 } },
		{ .kernel = &kernel_zone,
		  .known = true,
		  .cached_pages = 10,
		  .unknown_pages = 2,
		  .marks = { 10, 20, 30, 0 } },
		{ .kernel = &kernel_zone,
		  .known = true,
		  .cached_pages = 20,
		  .unknown_pages = 7,
		  .marks = { 10, 20, 31, 0 } },
		{ .kernel = &without, .known = true, .marks = { 10, 20, 30, 0 } },
	};
	bud_verify_lists sums;
	bud_verify_sum_lists(readings, 4, &sums);
	assert_int_equal(sums.nr, 2);
	assert_int_equal(sums.nr_within, 1);
	assert_int_equal(sums.cached, 24);
	assert_int_equal(sums.cached_error, 10);
	assert_int_equal(sums.nr_marks, 3);
	assert_int_equal(sums.marks[BUD_MARKS_SAME], 1);
	assert_int_equal(sums.marks[BUD_MARKS_SETTINGS], 1);
	assert_int_equal(sums.marks[BUD_MARKS_BOOST], 1);
	assert_ptr_equal(bud_agreement_find("verify_zone"), &bud_agreement_tables[1]);
	assert_null(bud_agreement_find("zone"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_before_a_seed_the_replay_has_no_numbers),
		cmocka_unit_test(test_the_summary_is_one_row),
		cmocka_unit_test(test_differences_and_their_cause),
		cmocka_unit_test(test_a_difference_beyond_the_claim_is_guessed_from_its_shape),
		cmocka_unit_test(test_marks_move_by_boost_memory_or_settings),
		cmocka_unit_test(test_sums_of_lists_and_marks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
