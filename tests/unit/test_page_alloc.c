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
				for (uint32_t f = l->lists[order][type].first; f != BUD_FRAME_NONE;
				     f = l->links[f].next)
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

static bud_compact_result compact(void *self, bud_machine *m, const bud_alloc_context *context, int priority)
{
	const bud_compact_owner owner = { self, movable, moved };
	return bud_compact_pages(m, context, priority, &owner, NULL);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pages_are_neither_lost_nor_doubled),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
