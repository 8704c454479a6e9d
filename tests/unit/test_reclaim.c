/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who frees and moves memory in the model: what may go and in which order, how fast, and when somebody gives up. */
#include "tests/unit/model.h"

#include "lib/allocator/page_alloc.h"
#include "lib/allocator/reclaim.h"

#define MS 1000000ull

#define CLASSIC "6.6.0" /* reclaim goes by active and inactive lists, not by generations */

enum { PAGES = 8192, CACHE = BUD_GFP_USER | BUD_GFP_HIGHMEM | BUD_GFP_MOVABLE | BUD_GFP_WRITE };

/* Node 0: DMA32, then Normal; node 1: Normal. All in use, by nobody reclaim could take it from. */
typedef struct world {
	bud_machine m;
	bud_tenants tenants;
	bud_lessons lessons;
	bud_reclaim r;
	unsigned gone; /* names of pages that were taken back */
	bud_pfn last_gone;
} world;

static void gave(void *self, bud_pfn name, int order)
{
	world *w = self;
	w->gone += 1u << order;
	w->last_gone = name;
}

/* The lessons are the caller's to fill in before begin(). */
static void prepare(world *w)
{
	memset(w, 0, sizeof *w);
	assert_int_equal(bud_lessons_init(&w->lessons, NULL), BUD_OK);
}

static void begin(world *w, const char *release)
{
	static const bud_machine_spec zones[] = {
		{ 0, BUD_ZONE_DMA32, 0, PAGES, PAGES },
		{ 0, BUD_ZONE_NORMAL, PAGES, PAGES, PAGES },
		{ 1, BUD_ZONE_NORMAL, 2 * PAGES, PAGES, PAGES },
	};
	const int16_t cpu_node[] = { 0, 1 };
	bud_kernel kernel = model_kernel(release);
	bud_sysctls sysctls;
	bud_sysctls_init(&sysctls);
	assert_int_equal(bud_machine_init(&w->m, &kernel, zones, 3, cpu_node, 2, NULL, &sysctls, NULL), BUD_OK);
	w->m.no_pcp = true;
	for (int z = 0; z < 3; z++)
		for (bud_pfn pfn = 0; pfn < PAGES; pfn++)
			bud_machine_set_used(&w->m.zones[z], z * PAGES + pfn, 0, BUD_MT_UNMOVABLE);
	assert_int_equal(bud_tenants_init(&w->tenants, 1 << 20, 3 * PAGES, NULL), BUD_OK);
	bud_reclaim_init(&w->r, &w->m, &w->tenants, &w->lessons, 0);
	w->r.gave = gave;
	w->r.gave_self = w;
}

static void end(world *w)
{
	bud_tenants_fini(&w->tenants);
	bud_machine_fini(&w->m);
	bud_lessons_fini(&w->lessons);
}

/* Somebody moves into pages of that zone: name and place are the same. */
static void settle(world *w, unsigned zone, bud_pfn from, unsigned nr, int32_t pid, bud_seat seat)
{
	for (bud_pfn pfn = zone * PAGES + from; nr-- > 0; pfn++)
		bud_tenants_enter(&w->tenants, pfn, (uint32_t)pfn, 0, pid, BUD_TENANT_MOVABLE, seat, zone);
}

static uint64_t free_in(const world *w, unsigned zone)
{
	return bud_free_area_pages(w->m.views[zone].area);
}

/* Direct reclaim, for a request of these flags on CPU 0. */
static uint64_t reclaim(world *w, int order, bud_gfp gfp)
{
	const bud_request request = { .order = order, .gfp = gfp, .node = -1 };
	bud_alloc_context context;
	assert_int_equal(bud_request_prepare(&context, &request, &w->m.kernel, &w->m.rules, 0), BUD_PREPARED);
	return w->m.ops.reclaim(w->m.ops.self, &w->m, &context);
}

static bud_oom_victim oom(world *w)
{
	const bud_request request = { .gfp = BUD_GFP_KERNEL, .node = -1 };
	bud_alloc_context context;
	assert_int_equal(bud_request_prepare(&context, &request, &w->m.kernel, &w->m.rules, 0), BUD_PREPARED);
	return w->m.ops.oom(w->m.ops.self, &w->m, &context);
}

static void test_where_requests_sit(void **state)
{
	(void)state;
	bud_lessons l;
	assert_int_equal(bud_lessons_init(&l, NULL), BUD_OK);
	static const struct {
		uint64_t pages, reclaimed;
		bud_seat seat;
	} learnt[] = { { 100, 0, BUD_SEAT_NONE }, { 100, 24, BUD_SEAT_SWAP }, { 100, 25, BUD_SEAT_CACHE } };
	for (size_t i = 0; i < sizeof learnt / sizeof *learnt; i++) {
		bud_lesson_class *class = &l.classes[bud_lessons_class(&l, BUD_GFP_KERNEL)];
		class->pages = learnt[i].pages;
		class->reclaimed = learnt[i].reclaimed;
		assert_int_equal(bud_reclaim_seat(&l, BUD_GFP_KERNEL), learnt[i].seat);
	}
	/* Of flags nobody learnt about, only what looks like page cache: written, or read ahead. */
	assert_int_equal(bud_reclaim_seat(&l, BUD_GFP_USER), BUD_SEAT_NONE);
	assert_int_equal(bud_reclaim_seat(&l, CACHE), BUD_SEAT_CACHE);
	assert_int_equal(bud_reclaim_seat(&l, CACHE & ~(bud_gfp)BUD_GFP_MOVABLE), BUD_SEAT_NONE);
	assert_int_equal(bud_reclaim_seat(&l, CACHE | BUD_GFP_ZERO), BUD_SEAT_NONE);
	bud_gfp ahead = (CACHE & ~(bud_gfp)BUD_GFP_WRITE) | BUD_GFP_NORETRY | BUD_GFP_NOWARN;
	assert_int_equal(bud_reclaim_seat(&l, ahead), BUD_SEAT_CACHE);
	assert_int_equal(bud_reclaim_seat(&l, ahead | BUD_GFP_NOMEMALLOC), BUD_SEAT_NONE); /* a huge page */
	bud_lessons_fini(&l);
}

static void test_direct_reclaim_frees_a_cluster_or_what_there_is(void **state)
{
	world w;
	(void)state;
	prepare(&w);
	begin(&w, CLASSIC);
	assert_int_equal(reclaim(&w, 0, BUD_GFP_KERNEL), 0);
	settle(&w, 1, 100, 40, 7, BUD_SEAT_CACHE);
	assert_int_equal(reclaim(&w, 0, BUD_GFP_KERNEL), 32);
	assert_int_equal(free_in(&w, 1), 32);
	/* The oldest went, and they are told by name. */
	assert_int_equal(w.gone, 32);
	assert_int_equal(w.last_gone, PAGES + 131);
	assert_int_equal(bud_tenants_find(&w.tenants, PAGES + 131), BUD_PLACE_GONE);
	assert_int_equal(bud_tenants_find(&w.tenants, PAGES + 132), PAGES + 132);
	assert_int_equal(w.m.views[1].reclaimable, 8);
	assert_int_equal(reclaim(&w, 0, BUD_GFP_KERNEL), 8);
	assert_int_equal(reclaim(&w, 0, BUD_GFP_KERNEL), 0);
	assert_int_equal(w.r.counts.direct, 4);
	assert_int_equal(w.r.counts.direct_pages, 40);
	end(&w);
}

static void test_a_block_goes_whole(void **state)
{
	world w;
	(void)state;
	prepare(&w);
	begin(&w, "6.12.0");
	bud_tenants_enter(&w.tenants, 5000, PAGES + 512, 4, 7, 0, BUD_SEAT_CACHE, 1);
	bud_tenants_enter(&w.tenants, 6000, PAGES + 1024, 5, 7, 0, BUD_SEAT_CACHE, 1);
	assert_int_equal(reclaim(&w, 0, BUD_GFP_KERNEL), 48);
	assert_int_equal(w.m.views[1].area->nr_free[5], 1);
	assert_int_equal(bud_tenants_find(&w.tenants, 6031), BUD_PLACE_GONE);
	end(&w);
}

/* Compaction moved it away in the trace: nobody knows it by its name any more. */
static void test_what_has_no_name_goes_first_and_in_silence(void **state)
{
	world w;
	(void)state;
	prepare(&w);
	begin(&w, CLASSIC);
	settle(&w, 1, 0, 40, 7, BUD_SEAT_CACHE);
	bud_tenants_expose(&w.tenants, PAGES + 39);
	assert_int_equal(reclaim(&w, 0, BUD_GFP_KERNEL), 32);
	assert_int_equal(w.gone, 31);
	assert_false(bud_machine_is_used(&w.m.zones[1], PAGES + 39, 0));
	end(&w);
}

static void test_no_more_swap_than_in_the_trace(void **state)
{
	world w;
	(void)state;
	prepare(&w);
	bud_lesson_class *class = &w.lessons.classes[bud_lessons_class(&w.lessons, BUD_GFP_KERNEL)];
	class->pages = 1000;
	class->reclaimed = 20;
	begin(&w, CLASSIC);
	settle(&w, 1, 0, 100, 7, BUD_SEAT_SWAP);
	settle(&w, 1, 200, 5, 7, BUD_SEAT_CACHE);
	/* The cache goes first, though it is younger. */
	assert_int_equal(reclaim(&w, 0, BUD_GFP_KERNEL), 25);
	for (bud_pfn pfn = 0; pfn < 5; pfn++)
		assert_int_equal(bud_tenants_find(&w.tenants, PAGES + 200 + pfn), BUD_PLACE_GONE);
	assert_int_equal(bud_tenants_find(&w.tenants, PAGES + 20), PAGES + 20);
	assert_int_equal(reclaim(&w, 0, BUD_GFP_KERNEL), 0);
	assert_int_equal(w.m.views[1].reclaimable, 0);
	end(&w);
}

static void test_only_where_the_request_may_go(void **state)
{
	world w;
	(void)state;
	prepare(&w);
	begin(&w, "6.12.0");
	settle(&w, 0, 0, 4, 7, BUD_SEAT_CACHE);
	settle(&w, 1, 0, 8, 7, BUD_SEAT_CACHE);
	settle(&w, 2, 0, 16, 7, BUD_SEAT_CACHE);
	assert_int_equal(reclaim(&w, 0, BUD_GFP_KERNEL | BUD_GFP_DMA32), 4);
	assert_int_equal(reclaim(&w, 0, BUD_GFP_KERNEL | BUD_GFP_THISNODE), 8);
	assert_int_equal(free_in(&w, 2), 0);
	assert_int_equal(reclaim(&w, 0, BUD_GFP_KERNEL), 16);
	end(&w);
}

/* A costly request that compaction could serve at once is told to try that; nothing is freed. */
static void test_compaction_instead(void **state)
{
	world w;
	(void)state;
	prepare(&w);
	begin(&w, CLASSIC);
	settle(&w, 1, 0, 100, 7, BUD_SEAT_CACHE);
	for (bud_pfn pfn = PAGES + 4096; pfn < 2 * PAGES; pfn += 2)
		assert_true(bud_page_alloc_free(&w.m, 0, pfn, 0));
	uint64_t free = free_in(&w, 1);
	assert_int_equal(reclaim(&w, 9, BUD_GFP_KERNEL), 1);
	assert_int_equal(free_in(&w, 1), free);
	assert_int_equal(reclaim(&w, 3, BUD_GFP_KERNEL), 32);
	w.r.no_compaction = true;
	assert_int_equal(reclaim(&w, 9, BUD_GFP_KERNEL), 32);
	end(&w);
}

static void wake(world *w, int order)
{
	bud_machine_wake(&w->m, NULL, 0, order, BUD_ZONE_NORMAL);
}

static void test_kswapd_is_as_fast_as_in_the_trace(void **state)
{
	world w;
	(void)state;
	prepare(&w);
	w.lessons.kswapd = (bud_lesson_pace){ 100, 3 * MS };
	w.lessons.wake_ns = 2 * MS;
	w.lessons.wakes = 2;
	begin(&w, CLASSIC);
	settle(&w, 1, 0, 4000, 7, BUD_SEAT_CACHE);
	wake(&w, 0);
	assert_int_equal(w.m.kswapd_up, 1);
	assert_true(w.m.views[0].reclaim_active && w.m.views[1].reclaim_active && !w.m.views[2].reclaim_active);
	bud_reclaim_advance(&w.r, 1 * MS); /* it is on its way */
	assert_int_equal(free_in(&w, 1), 0);
	/* However little time passes at once. */
	for (uint64_t t = MS; t <= 4 * MS; t += 7000)
		bud_reclaim_advance(&w.r, t);
	bud_reclaim_advance(&w.r, 4 * MS);
	assert_int_equal(free_in(&w, 1), 100);
	assert_int_equal(w.r.counts.kswapd_pages, 100);
	assert_int_equal(w.r.counts.wakes, 1);
	end(&w);
}

static void test_kswapd_ends_above_the_high_mark(void **state)
{
	world w;
	(void)state;
	prepare(&w);
	begin(&w, CLASSIC);
	settle(&w, 1, 0, 4000, 7, BUD_SEAT_CACHE);
	uint64_t high = w.m.views[1].marks.high;
	wake(&w, 0);
	wake(&w, 0); /* once is enough */
	bud_reclaim_advance(&w.r, 1000 * MS);
	assert_int_equal(w.m.kswapd_up, 0);
	/* It asks between passes only, and the last was at most as large as all before, and one. */
	uint64_t free = free_in(&w, 1);
	assert_in_range(free, high + 1, 2 * (high + 1) + 1);
	assert_false(w.m.views[1].reclaim_active);
	assert_int_equal(w.r.counts.wakes, 1);
	/* Nothing more comes of time alone. */
	bud_reclaim_advance(&w.r, 5000 * MS);
	assert_int_equal(free_in(&w, 1), free);
	end(&w);
}

/* It was woken for blocks: when it has made room for compaction (compact_gap), pages will do, and kcompactd goes on. */
static void test_kswapd_leaves_blocks_to_kcompactd(void **state)
{
	world w;
	(void)state;
	for (int later = 0; later < 2; later++) {
		prepare(&w);
		begin(&w, CLASSIC);
		for (bud_pfn pfn = 0; pfn < 4000; pfn += 16)
			settle(&w, 0, pfn, 1, 7, BUD_SEAT_CACHE);
		for (bud_pfn pfn = PAGES; pfn < 2 * PAGES; pfn += 2)
			assert_true(bud_page_alloc_free(&w.m, 0, pfn, 0));
		for (bud_pfn pfn = 4096; pfn < PAGES; pfn += 2)
			assert_true(bud_page_alloc_free(&w.m, 0, pfn, 0));
		w.m.zones[1].skip[PAGES / 512 - 1] = 1;
		w.m.zones[1].compact.flush = true;
		wake(&w, later ? 1 : 3);
		if (later)
			w.m.ops.wake_kswapd(w.m.ops.self, &w.m, 0, 3, BUD_ZONE_NORMAL);
		bud_reclaim_advance(&w.r, 10 * MS);
		assert_int_equal(w.m.kswapd_up, 0);
		/* What it is asked for while it works is for the next run. */
		assert_int_equal(w.r.counts.kswapd_pages, 2 << (later ? 1 : 3));
		assert_int_equal(w.r.kcompactd_up, 1);
		assert_int_equal(w.r.kcompactd[0].order, later ? 1 : 3);
		/* As it sleeps, what requests' compaction passed over is worth a look again. */
		assert_int_equal(w.m.zones[1].skip[PAGES / 512 - 1], 0);
		end(&w);
	}
}

/* To 5.0 all hints go, whatever is there. */
static void test_old_kernels_forget_all_hints(void **state)
{
	world w;
	(void)state;
	prepare(&w);
	begin(&w, "4.19.0");
	settle(&w, 1, 0, 4000, 7, BUD_SEAT_CACHE);
	memset(w.m.zones[1].skip, 1, PAGES / 512);
	w.m.zones[1].compact.flush = true;
	wake(&w, 0);
	bud_reclaim_advance(&w.r, 1000 * MS);
	assert_int_equal(w.m.kswapd_up, 0);
	for (int block = 0; block < PAGES / 512; block++)
		assert_int_equal(w.m.zones[1].skip[block], 0);
	end(&w);
}

static void test_a_boost_calls_for_whole_pageblocks(void **state)
{
	world w;
	(void)state;
	prepare(&w);
	begin(&w, CLASSIC);
	settle(&w, 1, 1, 600, 7, BUD_SEAT_CACHE);
	for (bud_pfn pfn = PAGES + 1024; pfn < 2 * PAGES; pfn += 2)
		assert_true(bud_page_alloc_free(&w.m, 0, pfn, 0));
	w.m.views[1].boost = 512;
	wake(&w, 0);
	bud_reclaim_advance(&w.r, 100 * MS);
	assert_int_equal(w.r.counts.kswapd_pages, 512);
	assert_int_equal(w.r.kcompactd[0].order, 9);
	end(&w);
}

/* What it frees takes a request as long as it would take kswapd, which goes on meanwhile; no longer than the trace's.
 */
static void test_requests_take_their_time(void **state)
{
	world w;
	(void)state;
	for (int told = 0; told < 2; told++) {
		prepare(&w);
		w.lessons.kswapd = (bud_lesson_pace){ 320, 1 * MS };
		begin(&w, CLASSIC);
		settle(&w, 1, 0, 4000, 7, BUD_SEAT_CACHE);
		bud_reclaim_advance(&w.r, 10 * MS);
		w.r.request_ns = told ? 10 * MS - 50000 : 10 * MS;
		wake(&w, 0);
		assert_int_equal(reclaim(&w, 0, BUD_GFP_KERNEL), 32);
		assert_int_equal(w.r.request_ns, told ? 10 * MS : 10 * MS + 100000);
		assert_int_equal(w.r.counts.kswapd_pages, told ? 16 : 32);
		end(&w);
	}
}

/* Once a second, so that lists that tuned themselves shrink again. */
static void test_statistics_come_round(void **state)
{
	world w;
	(void)state;
	prepare(&w);
	begin(&w, "6.12.0");
	bud_pcp *pcp = &w.m.zones[1].pcp[0];
	pcp->high = pcp->sizes.high_max;
	assert_true(pcp->high > pcp->sizes.high_min);
	bud_reclaim_advance(&w.r, 999 * MS);
	assert_int_equal(pcp->high, pcp->sizes.high_max);
	bud_reclaim_advance(&w.r, 1000 * MS);
	uint32_t once = pcp->high;
	assert_true(once < pcp->sizes.high_max);
	bud_reclaim_advance(&w.r, 1999 * MS);
	assert_int_equal(pcp->high, once);
	end(&w);
}

static void test_kswapd_pays_for_boosts(void **state)
{
	world w;
	(void)state;
	prepare(&w);
	begin(&w, CLASSIC);
	settle(&w, 1, 0, 4000, 7, BUD_SEAT_CACHE);
	for (bud_pfn pfn = PAGES + 6000; pfn < PAGES + 8000; pfn++)
		assert_true(bud_page_alloc_free(&w.m, 0, pfn, 0));
	w.m.views[1].boost = 512;
	assert_true(free_in(&w, 1) > w.m.views[1].marks.high + 512);
	wake(&w, 0);
	bud_reclaim_advance(&w.r, 1000 * MS);
	/* So many pages more, though enough was free; then the boost is over. */
	assert_int_equal(w.r.counts.kswapd_pages, 512);
	assert_int_equal(w.m.views[1].boost, 0);
	assert_int_equal(w.m.kswapd_up, 0);
	end(&w);
}

static void test_kswapd_gives_a_node_up(void **state)
{
	world w;
	(void)state;
	/* Where the trace tells of no end of memory, nobody knows what it would find; it sleeps until it is woken. */
	prepare(&w);
	begin(&w, CLASSIC);
	for (unsigned run = 1; run <= 20; run++) {
		wake(&w, 0);
		assert_int_equal(w.r.counts.wakes, run);
		bud_reclaim_advance(&w.r, run * 10 * MS);
		assert_int_equal(w.m.kswapd_up | w.m.kswapd_hopeless, 0);
	}
	end(&w);
	/* Where it does, it runs again and again, and then no more. */
	prepare(&w);
	w.lessons.nr_victims = 1;
	begin(&w, CLASSIC);
	wake(&w, 0);
	bud_reclaim_advance(&w.r, 10 * MS);
	assert_int_equal(w.m.kswapd_hopeless, 1);
	assert_int_equal(w.m.kswapd_up, 0);
	wake(&w, 0);
	assert_int_equal(w.r.counts.wakes, 1);
	/* What somebody else could free brings it back. */
	settle(&w, 1, 0, 1, 7, BUD_SEAT_CACHE);
	assert_int_equal(reclaim(&w, 0, BUD_GFP_KERNEL), 1);
	wake(&w, 0);
	assert_int_equal(w.r.counts.wakes, 2);
	end(&w);
}

/* Generations give nothing for a boost's sake: until 6.18 that counts against kswapd, though nothing is amiss. */
static void test_boosts_in_vain(void **state)
{
	world w;
	(void)state;
	for (int counts = 0; counts < 2; counts++) {
		prepare(&w);
		w.lessons.nr_victims = 1;
		begin(&w, counts ? "6.18.0" : "6.19.0");
		settle(&w, 1, 0, 4000, 7, BUD_SEAT_CACHE);
		for (bud_pfn pfn = PAGES + 4000; pfn < PAGES + 8000; pfn++)
			assert_true(bud_page_alloc_free(&w.m, 0, pfn, 0));
		for (unsigned run = 1; run <= 16; run++) {
			assert_int_equal(w.m.kswapd_hopeless, 0);
			w.m.views[1].boost = 512;
			wake(&w, 0);
			bud_reclaim_advance(&w.r, run * MS);
		}
		assert_int_equal(w.r.counts.kswapd_pages, 0);
		assert_int_equal(w.m.kswapd_hopeless, counts);
		end(&w);
	}
}

/* It naps first: a wake is one then, too, and what it finds when the nap is over sends it back to work. */
static void test_kswapd_naps(void **state)
{
	world w;
	(void)state;
	prepare(&w);
	begin(&w, CLASSIC);
	settle(&w, 1, 0, 4000, 7, BUD_SEAT_CACHE);
	wake(&w, 0);
	bud_reclaim_advance(&w.r, 50 * MS);
	assert_int_equal(w.m.kswapd_up, 0);
	uint64_t pages = w.r.counts.kswapd_pages;
	for (uint64_t nr = free_in(&w, 1); nr > 0; nr--)
		assert_true(bud_page_alloc(&w.m, &(bud_request){ .gfp = BUD_GFP_MEMALLOC, .node = 0 }, NULL) !=
			    BUD_PFN_NONE);
	bud_reclaim_advance(&w.r, 90 * MS);
	assert_int_equal(w.r.counts.kswapd_pages, pages);
	bud_reclaim_advance(&w.r, 150 * MS);
	assert_true(w.r.counts.kswapd_pages > pages);
	assert_int_equal(w.r.counts.wakes, 1);
	end(&w);
}

/* A boost found at the beginning of a run ends with it; one that came during the run stays. */
static void test_boosts_stay_until_their_run_is_over(void **state)
{
	world w;
	(void)state;
	for (int gen = 0; gen < 2; gen++) {
		prepare(&w);
		begin(&w, gen ? "6.12.0" : CLASSIC);
		settle(&w, 1, 0, 4000, 7, BUD_SEAT_CACHE);
		for (bud_pfn pfn = PAGES + 4000; pfn < PAGES + 8000; pfn++)
			assert_true(bud_page_alloc_free(&w.m, 0, pfn, 0));
		w.m.views[1].boost = 512;
		wake(&w, 0);
		w.m.views[1].boost += 512;
		bud_reclaim_advance(&w.r, 50 * MS);
		assert_int_equal(w.m.views[1].boost, 512);
		/* Generations give nothing for a boost's sake. */
		assert_int_equal(w.r.counts.kswapd_pages > 0, !gen);
		end(&w);
	}
}

/* Anonymous pages have a pace of their own, and are not for a boost. */
static void test_swap_takes_longer(void **state)
{
	world w;
	(void)state;
	prepare(&w);
	w.lessons.kswapd = (bud_lesson_pace){ 100, 1 * MS };
	w.lessons.kswapd_swap = (bud_lesson_pace){ 10, 1 * MS };
	begin(&w, CLASSIC);
	for (bud_pfn pfn = PAGES; pfn < PAGES + 4000; pfn++)
		bud_tenants_enter(&w.tenants, pfn, (uint32_t)pfn, 0, 7, BUD_TENANT_MOVABLE | BUD_TENANT_ANONYMOUS,
				  BUD_SEAT_CACHE, 1);
	wake(&w, 0);
	bud_reclaim_advance(&w.r, 4 * MS);
	assert_int_equal(w.r.counts.kswapd_pages, 40);
	end(&w);
}

static void test_the_oom_killer_takes_whom_it_took(void **state)
{
	world w;
	(void)state;
	prepare(&w);
	w.lessons.victims[0] = 5; /* has nothing here */
	w.lessons.victims[1] = 7;
	w.lessons.nr_victims = 2;
	begin(&w, "6.12.0");
	settle(&w, 1, 0, 10, 7, BUD_SEAT_NONE);
	settle(&w, 1, 100, 20, 8, BUD_SEAT_NONE);
	settle(&w, 2, 0, 30, 9, BUD_SEAT_NONE);
	/* The kernel's own pages for a task outlive it, unless the trace saw them go with it. */
	bud_tenants_enter(&w.tenants, PAGES + 50, PAGES + 50, 0, 7, 0, BUD_SEAT_NONE, 1);
	bud_tenants_enter(&w.tenants, PAGES + 51, PAGES + 51, 0, 7, BUD_TENANT_ESTATE, BUD_SEAT_NONE, 1);
	w.r.pid = 4;
	assert_int_equal(oom(&w), BUD_OOM_OTHER);
	assert_true(bud_oom_is_dead(&w.r, 7, 0) && bud_oom_is_victim(&w.r, 7));
	assert_false(bud_oom_is_dead(&w.r, 8, 0) || bud_oom_is_dead(&w.r, 5, 0));
	/* The trace will tell when its pages come back; but who has waited in vain has them at once. */
	assert_int_equal(free_in(&w, 1), 0);
	assert_int_equal(oom(&w), BUD_OOM_LEAVING);
	assert_int_equal(free_in(&w, 1), 11);
	assert_int_equal(bud_tenants_find(&w.tenants, PAGES + 50), PAGES + 50);
	/* Nobody else was taken in the trace: whoever has most, at once. */
	w.r.pid = 9;
	assert_int_equal(oom(&w), BUD_OOM_SELF);
	assert_int_equal(free_in(&w, 2), 30);
	assert_int_equal(oom(&w), BUD_OOM_OTHER);
	assert_true(bud_oom_is_dead(&w.r, 8, 0) && bud_oom_is_dead(&w.r, 9, 0));
	assert_int_equal(oom(&w), BUD_OOM_NOBODY);
	assert_int_equal(w.r.counts.oom_kills, 3);
	assert_int_equal(w.gone, 61);
	end(&w);
}

/* Whom the trace marks is on the way out, and asks as a victim; until then a task killed here asks for nothing. */
static void test_victims_of_the_trace(void **state)
{
	world w;
	(void)state;
	prepare(&w);
	w.lessons.victims[0] = 7;
	w.lessons.victims[1] = 8;
	w.lessons.nr_victims = 2;
	begin(&w, "6.12.0");
	settle(&w, 1, 0, 10, 7, BUD_SEAT_NONE);
	settle(&w, 1, 100, 20, 8, BUD_SEAT_NONE);
	bud_reclaim_advance(&w.r, 10 * MS);
	bud_oom_marked(&w.r, 7);
	assert_false(bud_oom_is_victim(&w.r, 7)); /* not the model's, so far */
	w.r.pid = 7;
	assert_int_equal(oom(&w), BUD_OOM_SELF);
	assert_true(bud_oom_is_victim(&w.r, 7));
	assert_int_equal(oom(&w), BUD_OOM_LEAVING);
	assert_int_equal(w.gone, 0); /* who dies himself gains nothing by that */
	/* It has left when it has freed nothing for some time, whatever of it has stayed. */
	bud_reclaim_advance(&w.r, 35 * MS);
	bud_oom_frees(&w.r, 7);
	bud_reclaim_advance(&w.r, 60 * MS);
	w.r.pid = 4;
	assert_int_equal(oom(&w), BUD_OOM_LEAVING);
	bud_reclaim_advance(&w.r, 1000 * MS);
	w.r.pid = 4;
	assert_int_equal(oom(&w), BUD_OOM_OTHER);
	assert_true(bud_oom_is_dead(&w.r, 8, 1000 * MS));
	bud_reclaim_advance(&w.r, 1010 * MS);
	bud_oom_marked(&w.r, 8);
	assert_true(bud_oom_is_dead(&w.r, 8, 1005 * MS)); /* it began to ask before */
	assert_false(bud_oom_is_dead(&w.r, 8, 1010 * MS));
	assert_true(bud_oom_is_victim(&w.r, 8));
	assert_int_equal(w.r.counts.oom_kills, 2);
	end(&w);
}

/* The nearest node first, though another has more. */
static void test_direct_reclaim_begins_nearby(void **state)
{
	world w;
	(void)state;
	prepare(&w);
	begin(&w, CLASSIC);
	settle(&w, 0, 0, 20, 7, BUD_SEAT_CACHE);
	settle(&w, 1, 0, 4, 7, BUD_SEAT_CACHE);
	settle(&w, 2, 0, 100, 7, BUD_SEAT_CACHE);
	assert_int_equal(reclaim(&w, 0, BUD_GFP_KERNEL), 32);
	assert_int_equal(free_in(&w, 0) + free_in(&w, 1), 24);
	assert_int_equal(free_in(&w, 2), 8);
	end(&w);
}

/* Every second page of node 0 is free and the others can move: the worst there can be for a huge page. */
static void checkerboard(world *w)
{
	for (bud_pfn pfn = 0; pfn < 2 * PAGES; pfn++)
		if (pfn & 1)
			settle(w, pfn / PAGES, pfn % PAGES, 1, 7, BUD_SEAT_NONE);
		else
			assert_true(bud_page_alloc_free(&w->m, 0, pfn, 0));
}

static void test_proactive_compaction_comes_round(void **state)
{
	world w;
	(void)state;
	for (int wanted = 0; wanted < 2; wanted++) {
		prepare(&w);
		begin(&w, "6.12.0");
		w.r.proactive = wanted;
		checkerboard(&w);
		bud_reclaim_advance(&w.r, 499 * MS);
		bud_reclaim_advance(&w.r, 501 * MS); /* its timer */
		bud_reclaim_advance(&w.r, 900 * MS);
		assert_int_equal(w.r.counts.moved > 0, wanted);
		assert_int_equal(free_in(&w, 1), PAGES / 2);
		assert_int_equal(w.gone, 0);
		end(&w);
	}
	/* Where the trace tells when the timer runs out, it does not by itself. */
	prepare(&w);
	w.lessons.timers = 1;
	begin(&w, "6.12.0");
	w.r.proactive = true;
	checkerboard(&w);
	bud_reclaim_advance(&w.r, 501 * MS);
	bud_reclaim_advance(&w.r, 900 * MS);
	assert_int_equal(w.r.counts.moved, 0);
	bud_kcompactd_timer(&w.r, 0);
	bud_reclaim_advance(&w.r, 1300 * MS);
	assert_true(w.r.counts.moved > 0);
	end(&w);
}

/* Nothing can move, so nothing gets better: the timer lets 64 rounds pass (should_proactive_compact_node's defer). */
static void test_proactive_compaction_pauses_when_it_is_in_vain(void **state)
{
	world w;
	(void)state;
	prepare(&w);
	begin(&w, "6.12.0");
	w.r.proactive = true;
	for (bud_pfn pfn = 0; pfn < 2 * PAGES; pfn += 2)
		assert_true(bud_page_alloc_free(&w.m, 0, pfn, 0));
	unsigned rounds = 0;
	uint64_t runs = 0, t = 0;
	for (; runs < 2 && rounds < 1000; rounds++) {
		bool was_up = w.r.kcompactd[0].up;
		bud_reclaim_advance(&w.r, t += 501 * MS);
		runs += !was_up && w.r.kcompactd[0].up;
	}
	assert_in_range(rounds, 1 + 64, 1 + 64 + 2);
	end(&w);
	/* While kswapd is at work, it waits. */
	prepare(&w);
	begin(&w, "6.12.0");
	w.r.proactive = true;
	checkerboard(&w);
	wake(&w, 9);
	assert_int_equal(w.m.kswapd_up, 1);
	bud_kcompactd_timer(&w.r, 0);
	assert_false(w.r.kcompactd[0].up);
	end(&w);
}

static void test_kcompactd_defers_what_it_could_not_make(void **state)
{
	world w;
	(void)state;
	prepare(&w);
	begin(&w, "6.12.0");
	for (bud_pfn pfn = PAGES; pfn < 2 * PAGES; pfn += 2)
		assert_true(bud_page_alloc_free(&w.m, 0, pfn, 0));
	bud_kcompactd_wake(&w.r, 0, 9, BUD_ZONE_NORMAL);
	bud_reclaim_advance(&w.r, 100 * MS);
	assert_false(w.r.kcompactd[0].up);
	assert_int_equal(w.r.counts.compactions, 1);
	assert_int_equal(w.m.zones[1].compact.order_failed, 9);
	/* So the next time it lets the zone alone. */
	bud_kcompactd_wake(&w.r, 0, 9, BUD_ZONE_NORMAL);
	bud_reclaim_advance(&w.r, 200 * MS);
	assert_int_equal(w.r.counts.compactions, 1);
	end(&w);
}

/* It finishes a pageblock it has begun, and is ahead of its time then; not more than by that. */
static void test_kcompactd_is_as_fast_as_in_the_trace(void **state)
{
	world w;
	(void)state;
	for (unsigned step_ms = 1; step_ms <= 50; step_ms += 49) {
		prepare(&w);
		w.lessons.kcompactd_pages = 1000;
		w.lessons.kcompactd_ns = 100 * MS;
		w.lessons.timers = 3;
		begin(&w, "6.12.0");
		w.r.proactive = true;
		checkerboard(&w);
		bud_kcompactd_timer(&w.r, 0);
		for (unsigned ms = step_ms; ms <= 100; ms += step_ms) {
			bud_reclaim_advance(&w.r, ms * MS);
			assert_true(w.r.counts.moved <= ms * 10 + 512);
		}
		assert_true(w.r.counts.moved >= 1000 - BUD_COMPACT_CLUSTER);
		assert_int_equal(w.r.counts.compactions, 2); /* one of each zone, however often it pauses */
		end(&w);
	}
}

static void test_compacting_all_of_a_zone(void **state)
{
	world w;
	(void)state;
	for (int off = 0; off < 2; off++) {
		prepare(&w);
		begin(&w, "6.12.0");
		checkerboard(&w);
		w.r.no_compaction = off;
		bud_reclaim_compact_all(&w.r, &w.m.zones[1]);
		assert_int_equal(w.r.counts.compactions, !off);
		assert_int_equal(w.m.views[1].area->nr_free[9] + 2 * w.m.views[1].area->nr_free[10] > 0, !off);
		/* Names follow their pages. */
		for (bud_pfn pfn = 1; pfn < PAGES; pfn += 2) {
			uint32_t place = bud_tenants_find(&w.tenants, PAGES + pfn);
			assert_true(bud_machine_is_used(&w.m.zones[1], place, 0));
			assert_int_equal(bud_tenants_at(&w.tenants, place)->name, PAGES + pfn);
		}
		end(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_where_requests_sit),
		cmocka_unit_test(test_direct_reclaim_frees_a_cluster_or_what_there_is),
		cmocka_unit_test(test_a_block_goes_whole),
		cmocka_unit_test(test_what_has_no_name_goes_first_and_in_silence),
		cmocka_unit_test(test_no_more_swap_than_in_the_trace),
		cmocka_unit_test(test_only_where_the_request_may_go),
		cmocka_unit_test(test_compaction_instead),
		cmocka_unit_test(test_kswapd_is_as_fast_as_in_the_trace),
		cmocka_unit_test(test_kswapd_ends_above_the_high_mark),
		cmocka_unit_test(test_kswapd_leaves_blocks_to_kcompactd),
		cmocka_unit_test(test_old_kernels_forget_all_hints),
		cmocka_unit_test(test_a_boost_calls_for_whole_pageblocks),
		cmocka_unit_test(test_requests_take_their_time),
		cmocka_unit_test(test_statistics_come_round),
		cmocka_unit_test(test_kswapd_pays_for_boosts),
		cmocka_unit_test(test_kswapd_gives_a_node_up),
		cmocka_unit_test(test_direct_reclaim_begins_nearby),
		cmocka_unit_test(test_boosts_in_vain),
		cmocka_unit_test(test_kswapd_naps),
		cmocka_unit_test(test_boosts_stay_until_their_run_is_over),
		cmocka_unit_test(test_swap_takes_longer),
		cmocka_unit_test(test_victims_of_the_trace),
		cmocka_unit_test(test_the_oom_killer_takes_whom_it_took),
		cmocka_unit_test(test_proactive_compaction_comes_round),
		cmocka_unit_test(test_proactive_compaction_pauses_when_it_is_in_vain),
		cmocka_unit_test(test_kcompactd_defers_what_it_could_not_make),
		cmocka_unit_test(test_kcompactd_is_as_fast_as_in_the_trace),
		cmocka_unit_test(test_compacting_all_of_a_zone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
