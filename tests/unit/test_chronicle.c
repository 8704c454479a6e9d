/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every shape of story, told by hand. */
#include "tests/unit/script.h"

#include "formats/write/csv.h"
#include "lib/insight/chronicle.h"
#include "lib/insight/stall.h"

typedef struct told {
	bud_chronicle *chronicle;
	bud_site_table *sites;
	const bud_episode_list *list;
} told;

static const bud_chronicle_options all = { .end_ns = UINT64_MAX };

static told tell(script *s, const bud_chronicle_options *options)
{
	told t;
	assert_int_equal(bud_site_table_create(&t.sites, &s->source, bud_replay_kernel(s->replay), 100, NULL), BUD_OK);
	assert_int_equal(bud_chronicle_create(&t.chronicle, s->replay, &s->source, t.sites, options, NULL), BUD_OK);
	assert_int_equal(bud_replay_listen(s->replay, BUD_CHRONICLE_EVENTS, bud_chronicle_event, t.chronicle, NULL),
			 BUD_OK);
	script_play(s);
	bud_chronicle_finish(t.chronicle);
	assert_int_equal(bud_chronicle_status(t.chronicle, NULL), BUD_OK);
	t.list = bud_chronicle_list(t.chronicle);
	return t;
}

static void untell(script *s, told *t)
{
	bud_chronicle_destroy(t->chronicle);
	bud_site_table_destroy(t->sites);
	script_close(s);
}

static void expect_parts(const told *t, const bud_episode *e, const char *wanted)
{
	char text[400] = "";
	for (uint32_t i = 0; i < e->nr_parts; i++) {
		const bud_episode_part *part = &bud_episode_list_parts(t->list, e)[i];
		size_t used = strlen(text);
		snprintf(text + used, sizeof text - used, "%s%s@%d", i ? ", " : "",
			 bud_episode_part_name((bud_episode_part_kind)part->kind), (int)part->t_ns);
		used = strlen(text);
		if (part->dur_ns == BUD_UNKNOWN)
			snprintf(text + used, sizeof text - used, "+?");
		else if (part->dur_ns)
			snprintf(text + used, sizeof text - used, "+%d", (int)part->dur_ns);
	}
	assert_string_equal(text, wanted);
}

static void test_the_whole_slow_path(void **state)
{
	(void)state;
	SCRIPT(s, WAKE(10, JAVA, 9, MOVABLE, 0), TRY(12, JAVA, 9, MOVABLE), COMPACT(13, JAVA, 4096),
	       COMPACT_DONE(20, JAVA, 4096, 8), DIRECT(30, JAVA, 9, MOVABLE), DIRECT_DONE(45, JAVA, 7),
	       RETRY(46, JAVA, 9, 1), WAKE(47, JAVA, 9, MOVABLE, 0), DIRECT(50, JAVA, 9, MOVABLE),
	       DIRECT_DONE(52, JAVA, 1), FAIL(60, JAVA, 9, MOVABLE));
	told t = tell(&s, &all);
	assert_int_equal(t.list->nr, 1);
	const bud_episode *e = &t.list->episodes[0];
	assert_int_equal(e->id, 1);
	assert_int_equal(e->t_start_ns, 10);
	assert_int_equal(bud_episode_dur(e), 50);
	assert_int_equal(e->outcome, BUD_OUTCOME_FAILED);
	assert_int_equal(e->direct_ns, 17);
	assert_int_equal(e->compact_ns, 7);
	assert_int_equal(e->reclaimed_pages, 8);
	assert_int_equal(e->nr_direct, 2);
	assert_int_equal(e->nr_compact, 1);
	assert_int_equal(e->nr_retries, 1);
	assert_int_equal(e->kswapd_ns, 0);
	assert_int_equal(e->order, 9);
	assert_int_equal(e->migratetype, BUD_MT_MOVABLE);
	assert_int_equal(e->node, 0);
	assert_int_equal(e->zone, 1);
	assert_int_equal(e->free_pages, 4095);
	assert_int_equal(e->suitable_blocks, 7);
	assert_int_equal(e->extfrag_milli, -1000);
	assert_false(e->lossy);
	assert_true(bud_episode_is_bad(e));
	expect_parts(&t, e,
		     "wake kswapd@10, try to compact@12, compaction@13+7, direct reclaim@30+15, reclaim retry@46, "
		     "wake kswapd@47, direct reclaim@50+2");
	assert_string_equal(bud_episode_compact_result(bud_episode_list_parts(t.list, e)[2].result), "success");
	untell(&s, &t);
}

static void test_a_failure_without_a_slow_path(void **state)
{
	(void)state;
	SCRIPT(s, ALLOC(1, JAVA, 4096, 0, KERNEL), FAIL(5, SH, 3, KERNEL), ALLOC(6, SH, 4100, 0, KERNEL));
	told t = tell(&s, &all);
	assert_int_equal(t.list->nr, 1);
	assert_int_equal(t.list->episodes[0].outcome, BUD_OUTCOME_FAILED);
	assert_int_equal(t.list->episodes[0].nr_parts, 0);
	assert_int_equal(bud_episode_dur(&t.list->episodes[0]), 0);
	/* Two nodes, and nothing tells which. */
	assert_int_equal(t.list->episodes[0].node, -1);
	assert_int_equal(t.list->episodes[0].zone, -1);
	assert_int_equal(t.list->episodes[0].free_pages, BUD_UNKNOWN);
	untell(&s, &t);
}

static void test_requests_inside_reclaim_are_their_own(void **state)
{
	(void)state;
	SCRIPT(s, DIRECT(10, JAVA, 0, MOVABLE), ALLOC(11, JAVA, 4096, 0, KERNEL), WAKE(12, JAVA, 0, KERNEL, 0),
	       FAIL(13, JAVA, 0, KERNEL), ALLOC(14, JAVA, 4097, 0, MOVABLE), DIRECT_DONE(20, JAVA, 3),
	       ALLOC(22, JAVA, 4098, 0, MOVABLE));
	told t = tell(&s, &all);
	assert_int_equal(t.list->nr, 2);
	const bud_episode *outer = bud_episode_list_find(t.list, 1), *inner = bud_episode_list_find(t.list, 2);
	assert_int_equal(outer->outcome, BUD_OUTCOME_OK);
	assert_int_equal(outer->pfn, 4098);
	expect_parts(&t, outer, "direct reclaim@10+10");
	assert_int_equal(inner->outcome, BUD_OUTCOME_FAILED);
	assert_int_equal(inner->gfp_flags, KERNEL);
	expect_parts(&t, inner, "wake kswapd@12");
	untell(&s, &t);
}

static void test_other_requests_do_not_end_it(void **state)
{
	(void)state;
	SCRIPT(s, WAKE(10, JAVA, 2, KERNEL, 0), ALLOC(11, JAVA, 4096, 0, MOVABLE), ALLOC(12, SH, 4100, 2, KERNEL),
	       { EV(ALLOC, 13, JAVA), .page = { .pfn = 4110, .gfp_flags = KERNEL, .context = SOFTIRQ } },
	       ALLOC(15, JAVA, 4104, 2, KERNEL));
	told t = tell(&s, &all);
	assert_int_equal(t.list->nr, 1);
	assert_int_equal(t.list->episodes[0].pfn, 4104);
	assert_int_equal(t.list->episodes[0].t_end_ns, 15);
	untell(&s, &t);
}

static void test_a_boost_wakes_without_flags(void **state)
{
	(void)state;
	SCRIPT(s, WAKE(10, JAVA, 0, 0, 1), ALLOC(11, JAVA, 8192, 3, MOVABLE), WAKE(20, JAVA, 0, 0, 1),
	       FREE(21, JAVA, 8192, 3));
	told t = tell(&s, &all);
	assert_int_equal(t.list->nr, 2);
	assert_int_equal(t.list->episodes[0].outcome, BUD_OUTCOME_OK);
	assert_int_equal(t.list->episodes[0].order, 3);
	assert_int_equal(t.list->episodes[0].zone, 2);
	assert_int_equal(t.list->episodes[0].free_pages, 0);
	assert_int_equal(t.list->episodes[1].outcome, BUD_OUTCOME_UNSEEN);
	assert_false(t.list->episodes[1].has_gfp);
	untell(&s, &t);
}

static void test_the_oom_killer(void **state)
{
	(void)state;
	SCRIPT(s, DIRECT(10, JAVA, 0, MOVABLE), DIRECT_DONE(20, JAVA, 0), RETRY(21, JAVA, 0, 0), KILL(30, JAVA, SH),
	       ALLOC(40, JAVA, 4096, 0, MOVABLE), DIRECT(50, JAVA, 0, MOVABLE), DIRECT_DONE(60, JAVA, 0),
	       KILL(61, JAVA, JAVA), FAIL(70, JAVA, 0, MOVABLE), KILL(80, SH, JAVA));
	told t = tell(&s, &all);
	assert_int_equal(t.list->nr, 3);
	assert_int_equal(t.list->episodes[0].outcome, BUD_OUTCOME_OOM);
	assert_int_equal(t.list->episodes[0].victim_pid, SH);
	expect_parts(&t, &t.list->episodes[0], "direct reclaim@10+10, reclaim retry@21, oom kill@30");
	assert_int_equal(t.list->episodes[1].outcome, BUD_OUTCOME_OOM_FAILED);
	/* A kill for no request of its task. */
	assert_int_equal(t.list->episodes[2].outcome, BUD_OUTCOME_OOM);
	assert_int_equal(t.list->episodes[2].order, BUD_ORDER_INVALID);
	untell(&s, &t);
}

static void test_a_charge_that_fails(void **state)
{
	(void)state;
	SCRIPT(s, { EV(ZONE_LOCKED, 1, JAVA), .page.pfn = 4096 }, FREE(10, JAVA, 4096, 0), FAIL(11, JAVA, 0, ACCOUNT),
	       ALLOC(12, JAVA, 4096, 0, KERNEL), FREE(13, JAVA, 4096, 0), FAIL(14, JAVA, 0, ACCOUNT));
	told t = tell(&s, &all);
	assert_int_equal(t.list->nr, 2);
	assert_int_equal(t.list->episodes[0].outcome, BUD_OUTCOME_CHARGE);
	/* That page had been in use: its free has nothing to do with it. */
	assert_int_equal(t.list->episodes[1].outcome, BUD_OUTCOME_FAILED);
	untell(&s, &t);
}

static void test_runs_of_the_kernels_threads(void **state)
{
	(void)state;
	SCRIPT(s, { EV(KCOMPACTD_SLEEP, 1, KCOMPACTD), .request.nid = 0 }, WAKE(5, JAVA, 9, MOVABLE, 0),
	       { EV(KSWAPD_WAKE, 10, KSWAPD), .order = 9, .request = { .nid = 0, .zid = 3 } },
	       { EV(KSWAPD_WAKE, 20, KSWAPD), .order = 0, .request = { .nid = 0, .zid = 3 } },
	       ALLOC(25, JAVA, 4608, 9, MOVABLE), { EV(KSWAPD_SLEEP, 30, KSWAPD), .request.nid = 0 },
	       { EV(KCOMPACTD_WAKE, 31, KCOMPACTD), .order = 9, .request = { .nid = 0, .zid = 3 } },
	       COMPACT(32, KCOMPACTD, 4096), COMPACT_DONE(40, KCOMPACTD, 4096, 5), COMPACT(41, KCOMPACTD, 0),
	       COMPACT_DONE(44, KCOMPACTD, 0, 5), { EV(KCOMPACTD_SLEEP, 50, KCOMPACTD), .request.nid = 0 },
	       COMPACT(60, SH, 4096), COMPACT_DONE(70, SH, 4096, 5), COMPACT(80, KCOMPACTD, 8192),
	       COMPACT_DONE(90, KCOMPACTD, 8192, 5));
	told t = tell(&s, &all);
	assert_int_equal(t.list->nr, 5);
	const bud_episode *e = t.list->episodes;
	assert_int_equal(e[0].kind, BUD_EPISODE_REQUEST);
	assert_int_equal(e[0].kswapd_ns, 15);
	assert_int_equal(e[1].kind, BUD_EPISODE_KSWAPD);
	assert_int_equal(bud_episode_dur(&e[1]), 20);
	assert_int_equal(e[1].kswapd_ns, 20);
	expect_parts(&t, &e[1], "round@10, round@20");
	assert_int_equal(e[2].kind, BUD_EPISODE_KCOMPACTD);
	assert_int_equal(e[2].compact_ns, 11);
	assert_int_equal(bud_episode_dur(&e[2]), 19);
	assert_int_equal(e[3].kind, BUD_EPISODE_COMPACT);
	assert_int_equal(bud_episode_dur(&e[3]), 10);
	assert_int_equal(e[3].order, -1);
	assert_int_equal(e[4].kind, BUD_EPISODE_KCOMPACTD);
	assert_int_equal(e[4].outcome, BUD_OUTCOME_UNFINISHED);
	assert_int_equal(e[4].node, 1);
	untell(&s, &t);
}

static void test_memory_cgroups(void **state)
{
	(void)state;
	SCRIPT(s, { EV(MEMCG_BEGIN, 10, JAVA), .request.gfp_flags = KERNEL },
	       { EV(MEMCG_END, 15, JAVA), .reclaim.nr_reclaimed = 4 }, WAKE(20, JAVA, 0, ACCOUNT, 0),
	       { EV(MEMCG_BEGIN, 21, JAVA), .request.gfp_flags = KERNEL },
	       { EV(MEMCG_END, 24, JAVA), .reclaim.nr_reclaimed = 2 }, ALLOC(30, JAVA, 4096, 0, ACCOUNT));
	told t = tell(&s, &all);
	assert_int_equal(t.list->nr, 2);
	assert_int_equal(t.list->episodes[0].kind, BUD_EPISODE_MEMCG);
	assert_int_equal(bud_episode_dur(&t.list->episodes[0]), 5);
	assert_int_equal(t.list->episodes[1].kind, BUD_EPISODE_REQUEST);
	expect_parts(&t, &t.list->episodes[1], "wake kswapd@20, memcg reclaim@21+3");
	untell(&s, &t);
}

static void test_losses_and_the_end_of_the_trace(void **state)
{
	(void)state;
	SCRIPT(s, DIRECT(10, JAVA, 0, MOVABLE), { EV(LOST, 11, 0), .lost.count = 7 }, ALLOC(12, JAVA, 4096, 0, MOVABLE),
	       DIRECT(20, SH, 1, KERNEL), { EV(LOST, 21, 0), .cpu = 1 }, DIRECT_DONE(22, SH, 1),
	       DIRECT(30, JAVA, 0, MOVABLE), DIRECT(40, JAVA, 0, MOVABLE));
	told t = tell(&s, &all);
	assert_int_equal(t.list->nr, 3);
	const bud_episode *e = t.list->episodes;
	assert_true(e[0].lossy);
	assert_int_equal(e[0].outcome, BUD_OUTCOME_OK);
	expect_parts(&t, &e[0], "direct reclaim@10+?, lost events@11");
	assert_false(e[1].lossy);
	assert_int_equal(e[1].outcome, BUD_OUTCOME_UNFINISHED);
	assert_int_equal(e[1].direct_ns, 2);
	/* Its first reclaim never ended: nobody saw how. */
	assert_true(e[2].lossy);
	assert_int_equal(e[2].nr_direct, 2);
	assert_int_equal(e[2].outcome, BUD_OUTCOME_UNFINISHED);
	untell(&s, &t);
}

static void test_ends_that_are_not_recorded(void **state)
{
	(void)state;
	SCRIPT(s, DIRECT(10, JAVA, 0, MOVABLE), DIRECT_DONE(20, JAVA, 1), DIRECT(30, JAVA, 0, MOVABLE),
	       DIRECT_DONE(40, JAVA, 1), DIRECT(20000000, JAVA, 0, MOVABLE), DIRECT_DONE(20000005, JAVA, 1));
	told t = tell(&s, &all);
	assert_int_equal(t.list->nr, 2);
	assert_int_equal(t.list->episodes[0].outcome, BUD_OUTCOME_UNSEEN);
	assert_int_equal(t.list->episodes[0].nr_direct, 2);
	assert_int_equal(t.list->episodes[1].outcome, BUD_OUTCOME_UNFINISHED);
	untell(&s, &t);
}

static void test_reclaim_of_a_pageblock_for_a_page(void **state)
{
	(void)state;
	SCRIPT(s, WAKE(10, JAVA, 9, MOVABLE, 0), DIRECT(11, JAVA, 9, MOVABLE), DIRECT_DONE(15, JAVA, 1),
	       ALLOC(16, JAVA, 4096, 0, MOVABLE));
	told t = tell(&s, &all);
	assert_int_equal(t.list->nr, 1);
	assert_int_equal(t.list->episodes[0].outcome, BUD_OUTCOME_OK);
	assert_int_equal(t.list->episodes[0].order, 0);
	assert_int_equal(t.list->episodes[0].suitable_blocks, 4095);
	untell(&s, &t);
}

static void test_the_stack_behind_it(void **state)
{
	(void)state;
	static const uint64_t ip[] = { 0x1010, 0x1120, 0x1230 };
	SCRIPT(s, FAIL(10, JAVA, 0, KERNEL), { EV(KERNEL_STACK, 11, JAVA), .stack = { ip, 3 } },
	       FAIL(20, SH, 0, KERNEL), { EV(KERNEL_STACK, 21, JAVA), .stack = { ip, 3 } }, FAIL(30, 7, 0, KERNEL));
	told t = tell(&s, &all);
	char text[BUD_SITE_TEXT];
	assert_int_equal(t.list->nr, 3);
	assert_string_equal(bud_site_name(t.sites, t.list->episodes[0].site, text, sizeof text),
			    "pipe_write < vfs_write");
	assert_string_equal(bud_site_name(t.sites, t.list->episodes[1].site, text, sizeof text), "sh GFP_KERNEL");
	assert_string_equal(bud_site_name(t.sites, t.list->episodes[2].site, text, sizeof text), "<...> GFP_KERNEL");
	untell(&s, &t);
}

static void test_filters_do_not_renumber(void **state)
{
	(void)state;
	bud_section_filter filter = BUD_SECTION_FILTER_ALL;
	filter.comm = "sh";
	const bud_chronicle_options options = { .filter = &filter, .begin_ns = 15, .end_ns = 35 };
	SCRIPT(s, FAIL(10, SH, 0, KERNEL), FAIL(20, JAVA, 0, KERNEL), FAIL(30, SH, 0, KERNEL), FAIL(40, SH, 0, KERNEL));
	told t = tell(&s, &options);
	assert_int_equal(t.list->nr, 1);
	assert_int_equal(t.list->episodes[0].id, 3);
	assert_int_equal(bud_episode_list_from(t.list, 0), 0);
	assert_int_equal(bud_episode_list_from(t.list, 31), 1);
	assert_null(bud_episode_list_find(t.list, 2));
	untell(&s, &t);
}

static void test_a_full_list_counts_what_it_drops(void **state)
{
	(void)state;
	bud_episode_list list;
	const bud_episode_part parts[3] = { 0 };
	bud_episode_list_init(&list, 8192);
	for (uint64_t i = 0; i < 100; i++)
		bud_episode_list_add(&list, &(bud_episode){ .id = 100 - i }, parts, i % 3);
	assert_true(list.nr > 10);
	assert_int_equal(list.nr + list.dropped, 100);
	assert_true(list.room * sizeof *list.episodes + list.parts_room * sizeof *list.parts <= 8192);
	bud_episode_list_sort(&list);
	for (size_t i = 1; i < list.nr; i++)
		assert_true(list.episodes[i - 1].id < list.episodes[i].id);
	bud_episode_list_fini(&list);
}

static void test_more_tasks_than_stories(void **state)
{
	(void)state;
	enum { NR = 5000 };
	static bud_event events[NR];
	for (int i = 0; i < NR; i++)
		events[i] = (bud_event)DIRECT((uint64_t)i + 1, 1000 + i, 0, KERNEL);
	script s;
	script_open(&s, events, NR);
	told t = tell(&s, &all);
	assert_int_equal(t.list->nr, NR);
	size_t unseen = 0;
	for (size_t i = 0; i < t.list->nr; i++)
		unseen += t.list->episodes[i].outcome == BUD_OUTCOME_UNSEEN;
	assert_true(unseen > 0 && unseen < NR);
	untell(&s, &t);
}

static void test_percentiles(void **state)
{
	(void)state;
	static const uint64_t ten[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 };
	assert_int_equal(bud_stall_percentile(ten, 10, 50), 5);
	assert_int_equal(bud_stall_percentile(ten, 10, 90), 9);
	assert_int_equal(bud_stall_percentile(ten, 10, 99), 10);
	assert_int_equal(bud_stall_percentile(ten, 1, 1), 1);
}

static void test_stalls(void **state)
{
	(void)state;
	SCRIPT(s, DIRECT(10, JAVA, 0, MOVABLE), DIRECT_DONE(20, JAVA, 1), ALLOC(25, JAVA, 4096, 0, MOVABLE),
	       DIRECT(30, JAVA, 0, MOVABLE), DIRECT_DONE(35, JAVA, 1), FAIL(36, JAVA, 0, MOVABLE),
	       WAKE(40, JAVA, 0, MOVABLE, 0), ALLOC(99, JAVA, 4097, 0, MOVABLE), FAIL(100, SH, 0, MOVABLE),
	       DIRECT(110, SH, 3, KERNEL), DIRECT_DONE(119, SH, 0), FAIL(120, SH, 3, KERNEL));
	told t = tell(&s, &all);
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	bud_csv csv;
	bud_row_sink sink = bud_csv_sink(&csv, out);
	assert_int_equal(sink.begin(sink.self, &bud_stall_story.table, NULL), BUD_OK);
	assert_int_equal(bud_stall_write(t.list, &s.source, &sink, NULL), BUD_OK);
	fclose(out);
	assert_string_equal(text, "order,comm,episodes,p50_ns,p90_ns,p99_ns,max_ns,failed,total_ns\n"
				  "0,any,2,6,15,15,15,2,21\n"
				  "0,java,2,6,15,15,15,1,21\n"
				  "0,sh,0,,,,,1,0\n"
				  "3,any,1,10,10,10,10,1,10\n"
				  "3,sh,1,10,10,10,10,1,10\n");
	free(text);
	untell(&s, &t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_whole_slow_path),
		cmocka_unit_test(test_a_failure_without_a_slow_path),
		cmocka_unit_test(test_requests_inside_reclaim_are_their_own),
		cmocka_unit_test(test_other_requests_do_not_end_it),
		cmocka_unit_test(test_a_boost_wakes_without_flags),
		cmocka_unit_test(test_the_oom_killer),
		cmocka_unit_test(test_a_charge_that_fails),
		cmocka_unit_test(test_runs_of_the_kernels_threads),
		cmocka_unit_test(test_memory_cgroups),
		cmocka_unit_test(test_losses_and_the_end_of_the_trace),
		cmocka_unit_test(test_ends_that_are_not_recorded),
		cmocka_unit_test(test_reclaim_of_a_pageblock_for_a_page),
		cmocka_unit_test(test_the_stack_behind_it),
		cmocka_unit_test(test_filters_do_not_renumber),
		cmocka_unit_test(test_a_full_list_counts_what_it_drops),
		cmocka_unit_test(test_more_tasks_than_stories),
		cmocka_unit_test(test_percentiles),
		cmocka_unit_test(test_stalls),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
