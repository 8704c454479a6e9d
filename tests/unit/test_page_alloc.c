/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The allocator's walk and its free lists; and any sequence of requests and frees against a naive array of pages. */
#include "tests/unit/model.h"

#include "lib/allocator/page_alloc.h"

/* What the test believes of every page. */
typedef struct naive {
	uint8_t *used; /* of each pfn */
	struct {
		bud_pfn pfn;
		int order;
	} live[4096];
	unsigned nr;
	uint64_t pages;
} naive;

static uint32_t seed;

static uint32_t roll(uint32_t below)
{
	seed = seed * 1664525u + 1013904223u;
	return (uint32_t)(((uint64_t)seed * below) >> 32);
}

static uint64_t pcp_pages(const bud_machine *m, const bud_machine_zone *z)
{
	uint64_t pages = 0;
	for (unsigned cpu = 0; cpu < m->nr_cpus; cpu++)
		pages += z->pcp[cpu].count;
	return pages;
}

/* Counts what the lists themselves hold and compares with every figure that is kept. */
static void recount(const bud_machine *m, const naive *n, bud_pfn managed)
{
	uint64_t all = n->pages;
	for (size_t i = 0; i < m->nr_zones; i++) {
		const bud_machine_zone *z = &m->zones[i];
		const bud_freelist *l = &z->lists;
		uint64_t pages = 0, movable = 0, counted = 0;
		uint64_t nr[BUD_NR_MIGRATETYPES][BUD_NR_ORDERS] = { { 0 } };
		for (bud_pfn pfn = l->start_pfn; pfn < l->end_pfn; pfn++) {
			int order = bud_freelist_order(l, pfn);
			assert_true(bud_freelist_is_used(l, pfn) == n->used[pfn]);
			movable += n->used[pfn] && bud_freelist_is_movable(l, pfn);
			if (order < 0)
				continue;
			assert_false(pfn & (((bud_pfn)1 << order) - 1));
			bud_migratetype type = bud_freelist_type(l, pfn);
			nr[type][order]++;
			pages += (uint64_t)1 << order;
			if (l->list_is_block)
				assert_int_equal(type, bud_freelist_pageblock(l, pfn));
			for (bud_pfn k = 0; k < (bud_pfn)1 << order; k++)
				assert_false(n->used[pfn + k]);
		}
		for (int type = 0; type < BUD_NR_MIGRATETYPES; type++)
			for (int order = 0; order < BUD_NR_ORDERS; order++) {
				assert_int_equal(nr[type][order], l->area.nr[type][order]);
				uint64_t listed = 0;
				uint32_t head = bud_freelist_head(l, order, (bud_migratetype)type);
				for (uint32_t f = l->links[head].next; f != head; f = l->links[f].next)
					listed++;
				assert_int_equal(listed, nr[type][order]);
			}
		for (uint64_t b = 0; b < l->nr_blocks; b++)
			counted += z->movable[b];
		assert_int_equal(counted, movable);
		all += pages + pcp_pages(m, z);
	}
	assert_int_equal(all, managed);
}

static void note(naive *n, bud_pfn pfn, int order)
{
	for (bud_pfn k = 0; k < (bud_pfn)1 << order; k++) {
		assert_false(n->used[pfn + k]);
		n->used[pfn + k] = 1;
	}
	n->live[n->nr].pfn = pfn;
	n->live[n->nr++].order = order;
	n->pages += (uint64_t)1 << order;
}

static void forget(naive *n, bud_machine *m)
{
	unsigned i = roll(n->nr);
	bud_pfn pfn = n->live[i].pfn;
	int order = n->live[i].order;
	assert_true(bud_page_alloc_free(m, roll(m->nr_cpus), pfn, order));
	assert_false(bud_page_alloc_free(m, 0, pfn, order));
	memset(n->used + pfn, 0, (size_t)1 << order);
	n->pages -= (uint64_t)1 << order;
	n->live[i] = n->live[--n->nr];
}

/* Direct reclaim of the test: frees what it can. */
static naive *victim;
static uint64_t reclaim(void *self, bud_machine *m, const bud_alloc_context *context)
{
	(void)self;
	(void)context;
	uint64_t before = victim->pages;
	for (int i = 0; i < 8 && victim->nr; i++)
		forget(victim, m);
	return before - victim->pages;
}

static void moved(void *self, bud_pfn from, bud_pfn to, int order)
{
	naive *n = self;
	for (bud_pfn k = 0; k < (bud_pfn)1 << order; k++) {
		assert_true(n->used[from + k]);
		assert_false(n->used[to + k]);
		n->used[from + k] = 0;
		n->used[to + k] = 1;
	}
	for (unsigned i = 0; i < n->nr; i++)
		if (n->live[i].pfn == from)
			n->live[i].pfn = to;
}

/* Only blocks that the test handed out as such may move. */
static int movable(void *self, bud_pfn pfn)
{
	const naive *n = self;
	for (unsigned i = 0; i < n->nr; i++)
		if (n->live[i].pfn == pfn)
			return n->live[i].order;
	return -1;
}

static bud_compact_result compact(void *self, bud_machine *m, const bud_alloc_context *context, int priority,
				  bud_pfn *captured)
{
	const bud_compact_owner owner = {
		.self = self, .movable = movable, .moved = moved, .cpu = context->request->cpu, .captures = true
	};
	bud_compact_run run;
	bud_compact_result result = bud_compact_pages(m, context, priority, &owner, &run);
	*captured = run.captured;
	return result;
}

static unsigned random_gfp(void)
{
	static const unsigned kinds[] = {
		GFP_KERNEL_, GFP_MOVABLE_, GFP_MOVABLE_, GFP_ATOMIC_, GFP_KERNEL_ | BUD_GFP_RECLAIMABLE, GFP_NOWAIT_
	};
	static const unsigned extra[] = { 0,
					  0,
					  0,
					  BUD_GFP_NORETRY,
					  BUD_GFP_RETRY_MAYFAIL,
					  BUD_GFP_DMA,
					  BUD_GFP_DMA32,
					  BUD_GFP_NOMEMALLOC,
					  BUD_GFP_ACCOUNT };
	return kinds[roll(6)] | extra[roll(9)];
}

static void random_kernel(bud_kernel *kernel)
{
	static const char *const releases[] = { "4.19.0", "5.4.0",  "5.10.0", "5.15.0", "6.1.0", "6.6.0",
						"6.10.0", "6.12.0", "6.15.0", "6.18.0", "7.3.0" };
	*kernel = model_kernel(releases[roll(11)]);
	static const bud_kernel_feature switches[] = {
		BUD_KF_has_cma,		BUD_KF_moves_to_tail, BUD_KF_highatomic_cap, BUD_KF_merge_mergeable,
		BUD_KF_pcp_high_orders, BUD_KF_pcp_rework,    BUD_KF_cma_first,	     BUD_KF_compact_per_order,
	};
	for (unsigned i = 0; i < sizeof switches / sizeof *switches; i++)
		if (!roll(4))
			bud_kernel_learn(kernel, switches[i], (int)roll(2), BUD_ORIGIN_USER);
	if (!roll(3))
		bud_kernel_learn(kernel, BUD_KF_pcp_policy, (int)roll(3), BUD_ORIGIN_USER);
}

/* leaving: percent of the steps that free something. */
static void one_step(bud_machine *m, naive *n, unsigned leaving)
{
	bud_request request = model_request((int)roll(roll(8) ? 3 : 12), random_gfp());
	request.cpu = (uint16_t)roll(m->nr_cpus);
	request.task = !roll(50) ? 1u << roll(10) : 0;
	switch (roll(64)) {
	case 0:
		bud_page_alloc_tick(m);
		return;
	case 1:
		bud_page_alloc_drain_all(m, roll(2) ? &m->zones[roll((uint32_t)m->nr_zones)] : NULL);
		return;
	case 2:
		for (size_t i = 0; i < m->nr_zones; i++)
			m->views[i].boost = 0;
		return;
	}
	if ((roll(100) < leaving && n->nr) || n->nr == 4000) {
		forget(n, m);
		return;
	}
	bud_page_result result;
	bud_pfn pfn = bud_page_alloc(m, &request, &result);
	assert_int_equal(pfn, result.pfn);
	assert_true((pfn == BUD_PFN_NONE) == (result.failure != BUD_PAGE_OK));
	if (pfn == BUD_PFN_NONE)
		return;
	assert_false(pfn & (((bud_pfn)1 << request.order) - 1));
	note(n, pfn, request.order);
}

static void test_pages_are_neither_lost_nor_doubled(void **state)
{
	(void)state;
	const bud_machine_spec zones[] = {
		{ 0, BUD_ZONE_DMA, 1, 3000, 2999 },
		{ 0, BUD_ZONE_DMA32, 3001, 5191, 5191 },
		{ 0, BUD_ZONE_NORMAL, 8192, 4096, 4096 },
		{ 1, BUD_ZONE_NORMAL, 12288, 4000, 4000 },
	};
	for (seed = 1; seed <= 40; seed++) {
		uint32_t first = seed;
		bud_kernel kernel;
		bud_machine m;
		naive n = { .used = calloc(1, 16384) };
		seed *= 2654435761u;
		random_kernel(&kernel);
		model_init(&m, &kernel, zones, 4, 3);
		bud_pfn managed = 0;
		for (int i = 0; i < 4; i++) {
			/* A few pageblocks that are not Movable. */
			for (int k = 0; k < 3; k++) {
				bud_pfn pfn = zones[i].start_pfn + roll((uint32_t)zones[i].spanned);
				bud_migratetype type = roll(3)		? (bud_migratetype)roll(3)
						       : kernel.has_cma ? BUD_MT_CMA
									: BUD_MT_UNMOVABLE;
				bud_machine_set_pageblock(&m.zones[i], pfn, type);
			}
			m.views[i].managed = zones[i].spanned;
			model_free_all(&m, &m.zones[i]);
			managed += zones[i].spanned;
		}
		bud_machine_set(&m, &m.sysctls);
		victim = &n;
		m.ops = (bud_reclaim_ops){ &n, NULL, reclaim, compact, NULL, 20 };
		for (int step = 0; step < 6000; step++) {
			/* Long times of nearly full memory, so that the rarer paths are gone too. */
			one_step(&m, &n, step % 2000 < 1500 ? 30 : 75);
			if (step % 500 == 0)
				recount(&m, &n, managed);
		}
		while (n.nr)
			forget(&n, &m);
		bud_page_alloc_drain_all(&m, NULL);
		recount(&m, &n, managed);
		bud_machine_fini(&m);
		free(n.used);
		seed = first;
	}
}

/* Nodes 0 and 1 with Normal, node 0 with DMA32 as well; nothing is free. */
static void bare_nodes(bud_machine *m, const char *release, uint64_t defrag_mode)
{
	const bud_machine_spec zones[] = {
		{ 0, BUD_ZONE_DMA32, 0, 8192, 8192 },
		{ 0, BUD_ZONE_NORMAL, 8192, 8192, 8192 },
		{ 1, BUD_ZONE_NORMAL, 16384, 8192, 8192 },
	};
	bud_kernel k = model_kernel(release);
	model_init(m, &k, zones, 3, 1);
	bud_sysctls sysctls = m->sysctls;
	bud_sysctls_learn(&sysctls, BUD_SYSCTL_defrag_mode, defrag_mode, BUD_SYSCTL_SET);
	bud_sysctls_learn(&sysctls, BUD_SYSCTL_watermark_boost_factor, 0, BUD_SYSCTL_SET);
	bud_machine_set(m, &sysctls);
	m->no_pcp = true;
}

/* Fills a zone with blocks of that order and type, every other one. */
static void stripe(bud_machine *m, int zone, int order, bud_migratetype type)
{
	bud_freelist *l = &m->zones[zone].lists;
	for (bud_pfn pfn = l->start_pfn; pfn < l->end_pfn; pfn += (bud_pfn)512)
		bud_machine_set_pageblock(&m->zones[zone], pfn, type);
	for (bud_pfn pfn = l->start_pfn; pfn < l->end_pfn; pfn += (bud_pfn)2 << order)
		bud_machine_set_free(m, &m->zones[zone], pfn, order, type);
}

static int zone_served(bud_machine *m, const bud_request *request)
{
	bud_page_result result;
	bud_pfn pfn = bud_page_alloc(m, request, &result);
	return pfn == BUD_PFN_NONE ? -1 : (int)bud_machine_zone_of(m, pfn)->index;
}

static void test_zones_in_their_order(void **state)
{
	(void)state;
	bud_machine m;
	bare_nodes(&m, "6.12.0", 0);
	bud_request r = model_request(0, GFP_KERNEL_);
	for (int i = 0; i < 3; i++)
		stripe(&m, i, 8, BUD_MT_UNMOVABLE);
	assert_int_equal(zone_served(&m, &r), 1);
	/* Down to the LOW mark, and the lowmem reserve in the lower zone, then on to the next. */
	uint64_t low = m.views[1].marks.low, reserved = m.views[0].marks.low + m.views[0].reserve[BUD_ZONE_NORMAL];
	int served[3] = { 0 };
	while (served[2] < 10)
		served[zone_served(&m, &r)]++;
	assert_int_equal(bud_free_area_pages(&m.zones[1].lists.area), low);
	assert_int_equal(bud_free_area_pages(&m.zones[0].lists.area), reserved);
	assert_true(reserved > m.views[0].marks.low);
	assert_true(m.views[1].below_high);
	assert_false(m.views[2].below_high);
	bud_machine_fini(&m);
}

static void test_another_local_zone_before_mixing(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		bud_machine m;
		bare_nodes(&m, i ? "5.0.0" : "4.19.0", 0);
		bud_request r = model_request(0, GFP_KERNEL_);
		stripe(&m, 0, 8, BUD_MT_UNMOVABLE);
		stripe(&m, 1, 8, BUD_MT_MOVABLE);
		stripe(&m, 2, 8, BUD_MT_UNMOVABLE);
		/* NOFRAGMENT came with 5.0: DMA32 has blocks of the right type. */
		assert_int_equal(zone_served(&m, &r), i ? 0 : 1);
		bud_machine_fini(&m);
	}
	/* But a far node is worse than a mixed pageblock; not so in defrag_mode. */
	for (uint64_t defrag = 0; defrag < 2; defrag++) {
		bud_machine m;
		bare_nodes(&m, "6.15.0", defrag);
		bud_request r = model_request(0, GFP_KERNEL_);
		stripe(&m, 0, 8, BUD_MT_MOVABLE);
		stripe(&m, 1, 8, BUD_MT_MOVABLE);
		stripe(&m, 2, 8, BUD_MT_UNMOVABLE);
		assert_int_equal(zone_served(&m, &r), defrag ? 2 : 1);
		bud_machine_fini(&m);
	}
}

static void test_nodes_with_a_busy_kswapd_are_spared(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		bud_machine m;
		bare_nodes(&m, i ? "6.18.0" : "6.17.0", 0);
		bud_request r = model_request(0, GFP_MOVABLE_);
		for (int z = 0; z < 3; z++)
			stripe(&m, z, 8, BUD_MT_MOVABLE);
		m.kswapd_up = 1;
		assert_int_equal(zone_served(&m, &r), i ? 2 : 1);
		m.kswapd_up = 3;
		assert_int_equal(zone_served(&m, &r), 1);
		bud_machine_fini(&m);
	}
}

static void test_lists_of_the_policies(void **state)
{
	(void)state;
	const struct {
		const char *release;
		int order;
		unsigned stays; /* on the list after one request of an empty one */
	} rows[] = {
		{ "4.19.0", 0, 2 },  { "5.13.0", 1, 0 }, { "5.15.0", 0, 2 }, { "5.15.0", 1, 2 },
		{ "6.1.0", 9, 512 }, { "6.12.0", 3, 8 }, { "6.12.0", 4, 0 },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		bud_machine m;
		bud_kernel k = model_kernel(rows[i].release);
		model_one_zone(&m, &k);
		bud_request r = model_request(rows[i].order, GFP_MOVABLE_);
		bud_pfn pfn = bud_page_alloc(&m, &r, NULL);
		assert_int_not_equal(pfn, BUD_PFN_NONE);
		assert_int_equal(m.zones[0].pcp[0].count, rows[i].stays);
		/* The other CPU's list is its own; what is freed there is the first to be had there. */
		assert_true(bud_page_alloc_free(&m, 1, pfn, rows[i].order));
		/* A huge page is too much for a small zone's list. */
		bool listed = bud_kernel_pcp_order(&k, rows[i].order) && rows[i].order < 9;
		assert_int_equal(m.zones[0].pcp[1].count, listed ? 1u << rows[i].order : 0);
		r.cpu = 1;
		if (listed)
			assert_int_equal(bud_page_alloc(&m, &r, NULL), pfn);
		bud_machine_fini(&m);
	}
}

/* An OOM victim may have the high-atomic reserve, but per-CPU lists are not refilled from it: 6.0 looks there itself. */
static void test_behind_an_empty_list(void **state)
{
	(void)state;
	for (int since_60 = 0; since_60 < 2; since_60++) {
		bud_machine m;
		bud_kernel k = model_kernel("6.12.0");
		const bud_machine_spec zone = { 0, BUD_ZONE_NORMAL, 0, 16384, 16384 };
		k.pcp_rework = since_60;
		model_init(&m, &k, &zone, 1, 1);
		bud_machine_zone *z = &m.zones[0];
		bud_machine_set_pageblock(z, 8192, BUD_MT_HIGHATOMIC);
		bud_machine_set_free(&m, z, 8192, 9, BUD_MT_HIGHATOMIC);
		bud_request r = model_request(0, GFP_KERNEL_);
		bud_alloc_context c;
		assert_int_equal(bud_request_prepare(&c, &r, &k, &m.rules, 0), BUD_PREPARED);
		assert_int_equal(bud_rmqueue(&m, z, &c, BUD_ALLOC_OOM), since_60 ? 8192 : BUD_PFN_NONE);
		bud_machine_fini(&m);
	}
}

static void test_isolated_and_large_frees(void **state)
{
	(void)state;
	bud_machine m;
	bud_kernel k = model_kernel("6.12.0");
	model_one_zone(&m, &k);
	bud_machine_zone *z = &m.zones[0];
	bud_request r = model_request(0, GFP_MOVABLE_);
	bud_pfn pfn = bud_page_alloc(&m, &r, NULL);
	bud_machine_set_pageblock(z, pfn, BUD_MT_ISOLATE);
	unsigned listed = z->pcp[0].count;
	assert_true(bud_page_alloc_free(&m, 0, pfn, 0));
	assert_int_equal(z->pcp[0].count, listed);
	assert_int_equal(z->lists.area.pages[BUD_MT_ISOLATE], 1);
	/* Neither what is free nor what is no block of the zone. */
	assert_false(bud_page_alloc_free(&m, 0, pfn, 0));
	assert_false(bud_page_alloc_free(&m, 0, 1, 1));
	assert_false(bud_page_alloc_free(&m, 0, 1 << 20, 0));
	assert_false(bud_page_alloc_free(&m, 9, 0, 0));
	bud_machine_fini(&m);
	/* More than a pageblock: each goes to the list of its own type (6.10); before, all to that of the first. */
	for (int i = 0; i < 2; i++) {
		const bud_machine_spec zone = { 0, BUD_ZONE_NORMAL, 0, 16384, 16384 };
		k = model_kernel(i ? "6.10.0" : "6.1.0");
		model_init(&m, &k, &zone, 1, 1);
		z = &m.zones[0];
		bud_machine_set_used(z, 0, 12, BUD_MT_MOVABLE);
		bud_machine_set_pageblock(z, 512, BUD_MT_UNMOVABLE);
		bud_machine_set_pageblock(z, 2048, BUD_MT_HIGHATOMIC);
		assert_true(bud_page_alloc_free(&m, 0, 0, 12));
		assert_int_equal(bud_free_area_pages(&z->lists.area), 4096);
		assert_int_equal(z->lists.area.pages[BUD_MT_HIGHATOMIC], i ? 512 : 1024);
		assert_int_equal(z->lists.area.nr_free[10], i ? 3 : 4);
		bud_machine_fini(&m);
	}
}

static void test_the_high_atomic_reserve(void **state)
{
	(void)state;
	const struct {
		const char *release;
		uint64_t managed, cap; /* pages */
	} rows[] = {
		{ "4.19.0", 16384, 1024 }, { "6.6.0", 16384, 1024 },   { "6.12.0", 16384, 0 },
		{ "6.12.0", 51200, 512 },  { "6.12.0", 102500, 1536 }, { "5.4.0", 102400, 1536 },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const bud_machine_spec zone = { 0, BUD_ZONE_NORMAL, 0, rows[i].managed & ~1023ul,
						rows[i].managed & ~1023ul };
		bud_kernel k = model_kernel(rows[i].release);
		bud_machine m;
		model_init(&m, &k, &zone, 1, 1);
		bud_machine_zone *z = &m.zones[0];
		z->view->managed = rows[i].managed;
		for (bud_pfn pfn = 0; pfn < 16 * 512; pfn += 512) {
			bud_machine_set_used(z, pfn, 8, BUD_MT_UNMOVABLE);
			bud_machine_set_free(&m, z, pfn + 256, 8, BUD_MT_MOVABLE);
		}
		for (bud_pfn pfn = 0; pfn < 16 * 512; pfn += 512)
			bud_rmqueue_reserve(&m, z, pfn, 1);
		assert_int_equal(z->view->highatomic_reserved, rows[i].cap);
		if (rows[i].cap < 512) {
			bud_machine_fini(&m);
			continue;
		}
		assert_int_equal(bud_freelist_pageblock(&z->lists, 0), BUD_MT_HIGHATOMIC);
		/* The last pageblock of the reserve stays, unless it must go. */
		bud_request r = model_request(0, GFP_KERNEL_);
		bud_alloc_context c;
		assert_int_equal(bud_request_prepare(&c, &r, &k, &m.rules, 0), BUD_PREPARED);
		while (z->view->highatomic_reserved > 512)
			assert_true(bud_rmqueue_unreserve(&m, &c, false));
		assert_false(bud_rmqueue_unreserve(&m, &c, false));
		assert_true(bud_rmqueue_unreserve(&m, &c, true));
		assert_int_equal(z->view->highatomic_reserved, 0);
		assert_int_equal(z->lists.area.pages[BUD_MT_HIGHATOMIC], 0);
		bud_machine_fini(&m);
	}
}

/* A block of more than a pageblock: since 6.12 all of it is reserved, and given back, before only its first. */
static void test_a_large_atomic_block_is_reserved(void **state)
{
	(void)state;
	for (int whole = 0; whole < 2; whole++) {
		const bud_machine_spec zone = { 0, BUD_ZONE_NORMAL, 0, 262144, 262144 };
		bud_kernel k = model_kernel(whole ? "6.12.0" : "6.6.0");
		bud_machine m;
		model_init(&m, &k, &zone, 1, 1);
		bud_machine_zone *z = &m.zones[0];
		bud_machine_set_used(z, 2048, 10, BUD_MT_UNMOVABLE);
		bud_rmqueue_reserve(&m, z, 2048, 10);
		assert_int_equal(z->view->highatomic_reserved, whole ? 1024 : 512);
		assert_int_equal(bud_freelist_pageblock(&z->lists, 2048), BUD_MT_HIGHATOMIC);
		assert_int_equal(bud_freelist_pageblock(&z->lists, 2560), whole ? BUD_MT_HIGHATOMIC : BUD_MT_MOVABLE);
		m.no_pcp = true;
		assert_true(bud_page_alloc_free(&m, 0, 2048, 10));
		bud_request r = model_request(0, GFP_KERNEL_);
		bud_alloc_context c;
		assert_int_equal(bud_request_prepare(&c, &r, &k, &m.rules, 0), BUD_PREPARED);
		assert_true(bud_rmqueue_unreserve(&m, &c, true));
		assert_int_equal(z->view->highatomic_reserved, 0);
		assert_int_equal(z->lists.area.pages[BUD_MT_HIGHATOMIC], 0);
		assert_int_equal(bud_freelist_pageblock(&z->lists, 2048), BUD_MT_UNMOVABLE);
		assert_int_equal(bud_freelist_pageblock(&z->lists, 2560), whole ? BUD_MT_UNMOVABLE : BUD_MT_MOVABLE);
		bud_machine_fini(&m);
	}
}

static void test_the_charge_comes_last(void **state)
{
	(void)state;
	bud_machine m;
	bud_page_result result;
	bud_kernel k = model_kernel("6.1.0");
	model_one_zone(&m, &k);
	bud_request r = model_request(0, GFP_KERNEL_ | BUD_GFP_ACCOUNT);
	r.task = BUD_TASK_MEMCG_FULL;
	assert_int_equal(bud_page_alloc(&m, &r, &result), BUD_PFN_NONE);
	assert_int_equal(result.failure, BUD_PAGE_MEMCG);
	assert_false(result.slow);
	/* The page went back to the CPU's list. */
	assert_int_equal(m.counts.frees, 1);
	r.gfp = GFP_KERNEL_;
	assert_int_not_equal(bud_page_alloc(&m, &r, &result), BUD_PFN_NONE);
	bud_machine_fini(&m);
}

static void test_settings_and_size_change_what_is_computed(void **state)
{
	(void)state;
	bud_machine m;
	bud_kernel k = model_kernel("6.1.0");
	const bud_machine_spec zone = { 0, BUD_ZONE_NORMAL, 0, 262144, 262144 };
	model_init(&m, &k, &zone, 1, 2);
	bud_sysctls sysctls = m.sysctls;
	bud_sysctls_learn(&sysctls, BUD_SYSCTL_min_free_kbytes, 4096, BUD_SYSCTL_SET);
	m.views[0].boost = 100;
	bud_machine_set(&m, &sysctls);
	assert_int_equal(m.views[0].marks.min, 1024);
	assert_int_equal(m.views[0].marks.high, 1548);
	assert_int_equal(m.views[0].boost, 0);
	assert_int_equal(m.zones[0].pcp[0].sizes.high_min, 1286 / 2);
	bud_machine_set_managed(&m, &m.zones[0], 131072);
	assert_int_equal(m.views[0].marks.min, 1024);
	assert_int_equal(m.views[0].marks.low, 1024 + 256);
	/* Computed by the kernel: 512 MiB are 524288 KiB, the root of 16 times that is 2896. */
	bud_sysctls_init(&sysctls);
	bud_machine_set(&m, &sysctls);
	assert_int_equal(m.min_free_kib, 2896);
	bud_machine_fini(&m);
}

static void test_a_copy_goes_its_own_way(void **state)
{
	(void)state;
	bud_machine a, b;
	bud_kernel k = model_kernel("6.12.0");
	model_one_zone(&a, &k);
	bud_request r = model_request(0, GFP_MOVABLE_);
	for (int i = 0; i < 100; i++)
		bud_page_alloc(&a, &r, NULL);
	model_one_zone(&b, &k);
	bud_machine_copy(&b, &a);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(bud_page_alloc(&b, &r, NULL), bud_page_alloc(&a, &r, NULL));
	bud_page_alloc(&b, &r, NULL);
	assert_int_equal(b.counts.requests, a.counts.requests + 1);
	bud_machine_fini(&a);
	bud_machine_fini(&b);
}

static void test_what_the_model_does_not_take(void **state)
{
	(void)state;
	bud_machine m;
	bud_error err;
	bud_kernel k = model_kernel("6.12.0");
	bud_sysctls sysctls;
	bud_sysctls_init(&sysctls);
	const int16_t home = 0, lost = 64;
	bud_machine_spec zone = { 64, BUD_ZONE_NORMAL, 0, 1024, 1024 };
	assert_int_equal(bud_machine_init(&m, &k, &zone, 1, &home, 1, NULL, &sysctls, &err), BUD_ERR_USAGE);
	zone.node = 0;
	assert_int_equal(bud_machine_init(&m, &k, &zone, 0, &home, 1, NULL, &sysctls, &err), BUD_ERR_USAGE);
	assert_int_equal(bud_machine_init(&m, &k, &zone, 1, &lost, 1, NULL, &sysctls, &err), BUD_ERR_USAGE);
	zone.managed = 2000;
	assert_int_equal(bud_machine_init(&m, &k, &zone, 1, &home, 1, NULL, &sysctls, &err), BUD_ERR_USAGE);
	zone.spanned = (uint64_t)1 << 40;
	assert_int_equal(bud_machine_init(&m, &k, &zone, 1, &home, 1, NULL, &sysctls, &err), BUD_ERR_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pages_are_neither_lost_nor_doubled),
		cmocka_unit_test(test_zones_in_their_order),
		cmocka_unit_test(test_another_local_zone_before_mixing),
		cmocka_unit_test(test_nodes_with_a_busy_kswapd_are_spared),
		cmocka_unit_test(test_lists_of_the_policies),
		cmocka_unit_test(test_behind_an_empty_list),
		cmocka_unit_test(test_isolated_and_large_frees),
		cmocka_unit_test(test_the_high_atomic_reserve),
		cmocka_unit_test(test_a_large_atomic_block_is_reserved),
		cmocka_unit_test(test_the_charge_comes_last),
		cmocka_unit_test(test_settings_and_size_change_what_is_computed),
		cmocka_unit_test(test_a_copy_goes_its_own_way),
		cmocka_unit_test(test_what_the_model_does_not_take),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
