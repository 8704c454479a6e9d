/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sections as CSV, from a timeline made by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "formats/write/csv.h"
#include "lib/insight/section.h"

#define MAX_ORDER 2

/* Two zones; two columns, of which the first is before any seed. */
typedef struct stage {
	bud_zone zones[2];
	bud_memory memory;
	bud_column columns[2];
	bud_zone_sample samples[4];
	bud_timeline timeline;
} stage;

static int set_up(void **state)
{
	stage *s = calloc(1, sizeof *s);
	bud_zone_init(&s->zones[0], 0, "DMA", 1, 4095, MAX_ORDER);
	bud_zone_init(&s->zones[1], 1, "Normal", 4096, 8192, MAX_ORDER);
	s->memory = (bud_memory){ .zones = s->zones, .nr_zones = 2, .max_order = MAX_ORDER };
	s->columns[0] = (bud_column){ .t_begin_ns = 0, .t_end_ns = 100, .filled = true };
	s->columns[1] = (bud_column){ .t_begin_ns = 100, .t_end_ns = 200, .filled = true };
	for (int z = 0; z < 2; z++) {
		bud_zone_sample *sample = &s->samples[2 + z];
		*sample = (bud_zone_sample){ .known = true,
					     .nr_free = { 3, 2, 1 },
					     .suitable = { 11, 4, 1 },
					     .extfrag_milli = { -1000, -1000, 7 },
					     .unusable_milli = { 0, 272, 636 },
					     .free_pages = 11,
					     .cached_pages = 5,
					     .used_pages = 80,
					     .unknown_pages = z ? BUD_UNKNOWN : 4,
					     .uncertain_pages = 2,
					     .uncertain = { [BUD_UNCERTAIN_FAST] = 2 },
					     .marks = { 10, 20, 30, 0 },
					     .wm_state = BUD_WM_BELOW_LOW };
	}
	s->timeline = (bud_timeline){
		.nr_columns = 2, .nr_zones = 2, .nr_filled = 2, .columns = s->columns, .samples = s->samples
	};
	*state = s;
	return 0;
}

static int tear_down(void **state)
{
	stage *s = *state;
	bud_zone_fini(&s->zones[0]);
	bud_zone_fini(&s->zones[1]);
	free(s);
	return 0;
}

static void expect(const stage *s, const char *name, const size_t *columns, size_t nr, bud_section_filter filter,
		   const char *wanted)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	bud_csv csv;
	bud_row_sink sink = bud_csv_sink(&csv, out);
	const bud_section *section = bud_section_find(name);
	assert_non_null(section);
	assert_int_equal(sink.begin(sink.self, &section->table, NULL), BUD_OK);
	assert_int_equal(bud_section_rows(section, &s->timeline, columns, nr, &s->memory, &filter, &sink, NULL),
			 BUD_OK);
	assert_int_equal(sink.end(sink.self, NULL), BUD_OK);
	fclose(out);
	assert_string_equal(text, wanted);
	free(text);
}

static const bud_section_filter all = BUD_SECTION_FILTER_ALL;

static void test_freelist_before_and_after_the_seed(void **state)
{
	static const size_t both[] = { 0, 1 };
	expect(*state, "freelist", both, 2, all,
	       "t_ns,node,zone,order,migratetype,free_blocks,sure_blocks\n"
	       "100,0,DMA,0,any,,\n"
	       "100,0,DMA,1,any,,\n"
	       "100,0,DMA,2,any,,\n"
	       "100,1,Normal,0,any,,\n"
	       "100,1,Normal,1,any,,\n"
	       "100,1,Normal,2,any,,\n"
	       "200,0,DMA,0,any,3,\n"
	       "200,0,DMA,1,any,2,\n"
	       "200,0,DMA,2,any,1,\n"
	       "200,1,Normal,0,any,3,\n"
	       "200,1,Normal,1,any,2,\n"
	       "200,1,Normal,2,any,1,\n");
}

static void test_index(void **state)
{
	static const size_t last[] = { 1 };
	bud_section_filter filter = { .node = 1, .order_min = 1, .order_max = 19 };
	expect(*state, "index", last, 1, filter,
	       "t_ns,node,zone,order,extfrag_milli,unusable_milli,suitable_blocks\n"
	       "200,1,Normal,1,-1000,272,4\n"
	       "200,1,Normal,2,7,636,1\n");
}

/* Of a zone without a seed only changes are told. */
static void test_changes(void **state)
{
	static const size_t last[] = { 1 };
	stage *s = *state;
	bud_section_filter filter = { .node = 0, .order_max = 1 };
	bud_zone_sample *sample = &s->samples[2];
	expect(s, "change", last, 1, filter,
	       "t_ns,node,zone,order,change_blocks,change_pages\n200,0,DMA,0,,\n200,0,DMA,1,,\n");
	sample->followed = true;
	sample->known = false;
	sample->base[1] = 5;
	expect(s, "change", last, 1, filter,
	       "t_ns,node,zone,order,change_blocks,change_pages\n200,0,DMA,0,3,3\n200,0,DMA,1,-3,-6\n");
	expect(s, "freelist", last, 1, filter,
	       "t_ns,node,zone,order,migratetype,free_blocks,sure_blocks\n200,0,DMA,0,any,,\n200,0,DMA,1,any,,\n");
}

static void test_zone_with_unknown_sizes(void **state)
{
	static const size_t last[] = { 1 };
	expect(*state, "zone", last, 1, all,
	       "t_ns,node,zone,free_pages,pcp_pages,used_pages,unknown_pages,min_pages,low_pages,high_pages,boost_"
	       "pages,wm_state,uncertain_pages,uncertain_by\n"
	       "200,0,DMA,11,5,80,4,10,20,30,0,below_low,2,fast_isolation:2\n"
	       "200,1,Normal,11,5,80,,10,20,30,0,below_low,2,fast_isolation:2\n");
}

static void test_an_unplaced_instant_has_no_time_and_no_values(void **state)
{
	static const size_t unplaced[] = { SIZE_MAX };
	bud_section_filter filter = { .node = -1, .zone = "DMA", .order_max = 0 };
	expect(*state, "freelist", unplaced, 1, filter,
	       "t_ns,node,zone,order,migratetype,free_blocks,sure_blocks\n"
	       ",0,DMA,0,any,,\n");
	expect(*state, "zone", unplaced, 1, filter,
	       "t_ns,node,zone,free_pages,pcp_pages,used_pages,unknown_pages,min_pages,low_pages,high_pages,boost_"
	       "pages,wm_state,uncertain_pages,uncertain_by\n"
	       ",0,DMA,,,,,,,,,,,\n");
}

static void test_instants_keep_the_order_asked_for(void **state)
{
	static const size_t back[] = { 1, 0, 1 };
	bud_section_filter filter = { .node = 0, .order_min = 2, .order_max = 2 };
	expect(*state, "freelist", back, 3, filter,
	       "t_ns,node,zone,order,migratetype,free_blocks,sure_blocks\n"
	       "200,0,DMA,2,any,1,\n"
	       "100,0,DMA,2,any,,\n"
	       "200,0,DMA,2,any,1,\n");
}

static bud_status refuse_row(void *self, const bud_value *values, bud_error *err)
{
	(void)self;
	(void)values;
	return bud_error_set(err, BUD_ERR_IO, "no");
}

static void test_an_error_of_the_sink_ends_it(void **state)
{
	const stage *s = *state;
	static const size_t both[] = { 0, 1 };
	bud_row_sink sink = { NULL, refuse_row, NULL, NULL };
	bud_error err;
	assert_int_equal(
		bud_section_rows(bud_section_find("zone"), &s->timeline, both, 2, &s->memory, &all, &sink, &err),
		BUD_ERR_IO);
	assert_string_equal(err.text, "no");
}

static void test_names(void **state)
{
	(void)state;
	assert_null(bud_section_find("nonsense"));
	assert_null(bud_section_find(""));
	for (size_t i = 0; i < BUD_NR_SECTIONS; i++)
		assert_ptr_equal(bud_section_find(bud_sections[i].table.name), &bud_sections[i]);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_freelist_before_and_after_the_seed),
		TEST(test_index),
		TEST(test_changes),
		TEST(test_zone_with_unknown_sizes),
		TEST(test_an_unplaced_instant_has_no_time_and_no_values),
		TEST(test_instants_keep_the_order_asked_for),
		TEST(test_an_error_of_the_sink_ends_it),
		cmocka_unit_test(test_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
