/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Compaction: where its two scanners go and stop, what they remember, and that any run only moves pages. */
#include "tests/unit/model.h"

#include "lib/allocator/page_alloc.h"

enum { BLOCK = 512, BLOCKS = 32, PAGES = BLOCK * BLOCKS };

/* What the owner is told of moves. */
typedef struct owner {
	unsigned moves;
	bud_pfn last_from;
	bool descends, crosses; /* a page moved from below the last one; or not upwards */
	int order;		/* of the folios in use; -1: none can be moved */
	bud_compact_owner calls;
	bud_compact_pause pause;
} owner;

static int movable(void *self, bud_pfn pfn)
{
	const owner *o = self;
	return o->order < 0 || pfn & (((bud_pfn)1 << o->order) - 1) ? -1 : o->order;
}

static void moved(void *self, bud_pfn from, bud_pfn to, int order)
{
	owner *o = self;
	assert_true(o->order < 0 || order == o->order);
	o->moves++;
	o->descends |= from < o->last_from;
	o->crosses |= to / BLOCK <= from / BLOCK;
	o->last_from = from;
}

static void owner_init(owner *o)
{
	*o = (owner){ .order = -1 };
	o->calls = (bud_compact_owner){ .self = o, .moved = moved };
}

/* A zone of 32 pageblocks, all in use. */
static void full(bud_machine *m, const char *release)
{
	bud_kernel kernel = model_kernel(release);
	const bud_machine_spec zone = { 0, BUD_ZONE_NORMAL, 0, PAGES, PAGES };
	model_init(m, &kernel, &zone, 1, 1);
	m->no_pcp = true;
	for (bud_pfn pfn = 0; pfn < PAGES; pfn++)
		bud_machine_set_used(&m->zones[0], pfn, 0, BUD_MT_MOVABLE);
}

static void free_pages(bud_machine *m, bud_pfn from, bud_pfn to, unsigned step)
{
	for (bud_pfn pfn = from; pfn < to; pfn += step)
		assert_true(bud_page_alloc_free(m, 0, pfn, 0));
}

/* Every second page is free: half of memory, and not two pages side by side. The widest stride comes upon some. */
static void checkerboard(bud_machine *m, const char *release)
{
	full(m, release);
	free_pages(m, 0, PAGES, 2);
}

static bud_compact_run compact(bud_machine *m, int order, int priority, owner *o)
{
	return bud_compact_zone(m, &m->zones[0], order, BUD_MT_MOVABLE, BUD_ZONE_NORMAL, BUD_ALLOC_WMARK_LOW, priority,
				o ? &o->calls : NULL);
}

static unsigned whole_blocks(const bud_machine *m)
{
	unsigned nr = 0;
	for (bud_pfn pfn = 0; pfn < PAGES; pfn += BLOCK)
		nr += bud_freelist_block_free(&m->zones[0].lists, pfn) == BLOCK ||
		      bud_freelist_order(&m->zones[0].lists, pfn & ~(bud_pfn)1023) == 10;
	return nr;
}

static void test_it_stops_when_the_block_is_made(void **state)
{
	(void)state;
	bud_machine m;
	owner o;
	owner_init(&o);
	checkerboard(&m, "6.12.0");
	bud_compact_run run = compact(&m, 9, BUD_COMPACT_SYNC_LIGHT, &o);
	assert_int_equal(run.result, BUD_COMPACT_SUCCESS);
	/* The lowest pageblock gave its 256 pages, and no other. The block is not captured: it is on its list. */
	assert_int_equal(run.moved, BLOCK / 2);
	assert_int_equal(o.moves, BLOCK / 2);
	assert_false(o.descends || o.crosses);
	assert_int_equal(bud_freelist_order(&m.zones[0].lists, 0), 9);
	assert_int_equal(whole_blocks(&m), 1);
	/* Asked again it is needless: the request would pass. */
	assert_int_equal(compact(&m, 9, BUD_COMPACT_SYNC_LIGHT, &o).migrate_scanned, 0);
	assert_int_equal(o.moves, BLOCK / 2);
	bud_machine_fini(&m);
}

static void test_it_ends_where_the_scanners_meet(void **state)
{
	(void)state;
	bud_machine m;
	owner o;
	owner_init(&o);
	checkerboard(&m, "6.12.0");
	bud_compact_run run = compact(&m, BUD_COMPACT_ALL, BUD_COMPACT_SYNC_LIGHT, &o);
	assert_int_equal(run.result, BUD_COMPACT_COMPLETE);
	/* Half of memory is free, so the lower half of the pageblocks empties into the upper one, up to the one they
	 * meet in. */
	assert_in_range(whole_blocks(&m), BLOCKS / 2 - 1, BLOCKS / 2);
	assert_int_equal(run.moved, o.moves);
	assert_false(o.descends || o.crosses);
	assert_in_range(run.migrate_scanned, (BLOCKS / 2 - 1) * BLOCK, (BLOCKS / 2 + 1) * BLOCK);
	assert_int_equal(bud_free_area_pages(&m.zones[0].lists.area), PAGES / 2);
	/* Both begin anew the next time. */
	assert_int_equal(m.zones[0].compact.migrate_pfn[1], 0);
	assert_int_equal(m.zones[0].compact.free_pfn, PAGES - BLOCK);
	bud_machine_fini(&m);
}

static void test_what_cannot_move_stays(void **state)
{
	(void)state;
	bud_machine m;
	bud_pfn pinned[BLOCKS];
	checkerboard(&m, "6.12.0");
	bud_machine_zone *z = &m.zones[0];
	/* One page in use in each pageblock cannot be moved. */
	for (int i = 0; i < BLOCKS; i++) {
		pinned[i] = (bud_pfn)i * BLOCK + 2 * (bud_pfn)i + 1;
		bud_machine_set_used(z, pinned[i], 0, BUD_MT_UNMOVABLE);
	}
	bud_compact_run run = compact(&m, 9, BUD_COMPACT_SYNC_FULL, NULL);
	assert_int_equal(run.result, BUD_COMPACT_COMPLETE);
	assert_true(run.moved > BLOCK);
	assert_int_equal(whole_blocks(&m), 0);
	for (int i = 0; i < BLOCKS; i++) {
		assert_true(bud_freelist_is_used(&z->lists, pinned[i]));
		assert_false(bud_freelist_is_movable(&z->lists, pinned[i]));
	}
	bud_machine_fini(&m);
}

static void test_the_owner_knows_what_moves(void **state)
{
	(void)state;
	bud_machine m;
	owner o;
	owner_init(&o);
	o.order = 0;
	o.calls.movable = movable;
	checkerboard(&m, "6.12.0");
	for (bud_pfn pfn = 1; pfn < PAGES; pfn += 2)
		bud_machine_set_used(&m.zones[0], pfn, 0, BUD_MT_UNMOVABLE);
	assert_int_equal(compact(&m, 9, BUD_COMPACT_SYNC_LIGHT, &o).result, BUD_COMPACT_SUCCESS);
	assert_int_equal(o.moves, BLOCK / 2);
	/* They stay what they were asked for as: no claim of a pageblock counts them as movable. */
	for (int i = 0; i < BLOCKS; i++)
		assert_int_equal(m.zones[0].movable[i], 0);
	bud_machine_fini(&m);
}

static void test_when_it_is_not_tried(void **state)
{
	(void)state;
	bud_machine m;
	/* Every 64th page is free: as many as the marks hold back, and nowhere to go. */
	full(&m, "6.12.0");
	free_pages(&m, 0, PAGES, 64);
	bud_compact_run run = compact(&m, 9, BUD_COMPACT_SYNC_FULL, NULL);
	assert_int_equal(run.result, BUD_COMPACT_SKIPPED);
	assert_int_equal(run.migrate_scanned + run.free_scanned, 0);
	bud_machine_fini(&m);

	/* Enough is free, but the threshold says that reclaim would help more; only costly orders are asked that. */
	checkerboard(&m, "6.12.0");
	m.sysctls.extfrag_threshold = 1000;
	assert_int_equal(compact(&m, 4, BUD_COMPACT_SYNC_FULL, NULL).result, BUD_COMPACT_SKIPPED);
	assert_int_equal(compact(&m, 3, BUD_COMPACT_SYNC_FULL, NULL).result, BUD_COMPACT_SUCCESS);
	bud_machine_fini(&m);
}

static void test_places_are_not_taken_below_the_min_mark(void **state)
{
	(void)state;
	bud_machine m;
	checkerboard(&m, "6.12.0");
	bud_zone_view *v = m.zones[0].view;
	/* All that is free is needed, but for 100 pages. Moving frees as many as it takes, so it never takes more at
	 * once. */
	v->marks.min = PAGES / 2 - 100;
	bud_compact_run run = compact(&m, BUD_COMPACT_ALL, BUD_COMPACT_SYNC_FULL, NULL);
	assert_true(run.moved > 0);
	bud_machine_fini(&m);
	checkerboard(&m, "6.12.0");
	m.zones[0].view->marks.min = PAGES / 2;
	run = compact(&m, BUD_COMPACT_ALL, BUD_COMPACT_SYNC_FULL, NULL);
	assert_int_equal(run.moved, 0);
	assert_int_equal(bud_free_area_pages(&m.zones[0].lists.area), PAGES / 2);
	bud_machine_fini(&m);
}

static void test_pageblocks_by_priority(void **state)
{
	(void)state;
	bud_machine m;
	/* Pages to move: asynchronous runs look into pageblocks of the type wanted alone. */
	checkerboard(&m, "6.12.0");
	bud_machine_set_pageblock(&m.zones[0], 0, BUD_MT_UNMOVABLE);
	assert_int_equal(compact(&m, 9, BUD_COMPACT_ASYNC, NULL).result, BUD_COMPACT_SUCCESS);
	assert_int_equal(bud_freelist_order(&m.zones[0].lists, 0), 0);
	assert_int_equal(bud_freelist_order(&m.zones[0].lists, BLOCK), 9);
	bud_machine_fini(&m);

	/* Places to move to: pageblocks that are not Movable serve at full priority only. They lie in the lower half,
	 * where the free scanner begins when the Movable lists show it nothing in the upper one. */
	for (int priority = BUD_COMPACT_SYNC_FULL; priority <= BUD_COMPACT_ASYNC; priority++) {
		full(&m, "6.12.0");
		free_pages(&m, 0, BLOCK, 2);
		free_pages(&m, 10 * BLOCK, 13 * BLOCK, 2);
		for (bud_pfn pfn = 10 * BLOCK; pfn < 13 * BLOCK; pfn += BLOCK)
			bud_machine_set_pageblock(&m.zones[0], pfn, BUD_MT_UNMOVABLE);
		bud_compact_run run = compact(&m, 5, priority, NULL);
		assert_int_equal(bud_freelist_order(&m.zones[0].lists, 0) == 9, priority == BUD_COMPACT_SYNC_FULL);
		assert_int_equal(run.moved > 0, priority == BUD_COMPACT_SYNC_FULL);
		bud_machine_fini(&m);
	}
}

/* Folios of four pages, every second of them free. */
static void folios(bud_machine *m, const char *release)
{
	full(m, release);
	for (bud_pfn pfn = 4; pfn < PAGES; pfn += 8)
		assert_true(bud_page_alloc_free(m, 0, pfn, 2));
}

static void test_folios_move_whole_since_6_9(void **state)
{
	(void)state;
	bud_machine m;
	owner o;
	owner_init(&o);
	o.order = 2;
	o.calls.movable = movable;
	folios(&m, "6.12.0");
	assert_int_equal(compact(&m, 9, BUD_COMPACT_SYNC_LIGHT, &o).result, BUD_COMPACT_SUCCESS);
	assert_int_equal(o.moves, BLOCK / 8);
	bud_machine_fini(&m);
	/* Before, the scanner knew single pages only. */
	owner_init(&o);
	o.order = 2;
	o.calls.movable = movable;
	folios(&m, "6.6.0");
	assert_int_equal(compact(&m, 9, BUD_COMPACT_SYNC_LIGHT, &o).result, BUD_COMPACT_COMPLETE);
	assert_int_equal(o.moves, 0);
	bud_machine_fini(&m);
}

static void test_deferral(void **state)
{
	(void)state;
	bud_machine m;
	checkerboard(&m, "6.12.0");
	bud_machine_zone *z = &m.zones[0];
	assert_false(bud_compact_deferred(z, 9));
	/* The n-th failure lets 2^n - 1 attempts go by, up to 63. */
	for (unsigned n = 1; n <= 8; n++) {
		unsigned passed = 0;
		bud_compact_defer(z, 9);
		while (bud_compact_deferred(z, 9))
			passed++;
		assert_int_equal(passed, (1u << (n < 6 ? n : 6)) - 1);
		assert_false(bud_compact_deferred(z, 9));
	}
	/* Smaller orders may work all the same; a failure of one counts for all above. */
	bud_compact_defer(z, 9);
	assert_false(bud_compact_deferred(z, 8));
	assert_true(bud_compact_deferred(z, 10));
	bud_compact_defer(z, 5);
	bud_compact_defer(z, 9);
	assert_true(bud_compact_deferred(z, 5));
	assert_false(bud_compact_deferred(z, 4));
	/* A run that worked ends it up to its order; a block that was got ends it. */
	bud_compact_defer_reset(z, 6);
	assert_false(bud_compact_deferred(z, 6));
	assert_true(bud_compact_deferred(z, 7));
	bud_compact_served(z, 7);
	assert_int_equal(z->compact.defer_shift, 0);
	assert_false(bud_compact_deferred(z, 10));
	bud_machine_fini(&m);
}

static bud_compact_result compact_pages(bud_machine *m, int priority)
{
	bud_request r = model_request(9, GFP_MOVABLE_);
	bud_alloc_context c;
	assert_int_equal(bud_request_prepare(&c, &r, &m->kernel, &m->rules, 0), BUD_PREPARED);
	return bud_compact_pages(m, &c, priority, NULL, NULL);
}

static void test_only_synchronous_failures_defer(void **state)
{
	(void)state;
	bud_machine m;
	checkerboard(&m, "6.12.0");
	bud_machine_zone *z = &m.zones[0];
	for (bud_pfn pfn = 1; pfn < PAGES; pfn += BLOCK)
		bud_machine_set_used(z, pfn, 0, BUD_MT_UNMOVABLE);
	assert_int_equal(compact_pages(&m, BUD_COMPACT_ASYNC), BUD_COMPACT_COMPLETE);
	assert_int_equal(z->compact.defer_shift, 0);
	assert_int_equal(compact_pages(&m, BUD_COMPACT_SYNC_LIGHT), BUD_COMPACT_COMPLETE);
	assert_int_equal(z->compact.defer_shift, 1);
	assert_int_equal(compact_pages(&m, BUD_COMPACT_SYNC_LIGHT), BUD_COMPACT_DEFERRED);
	/* Full priority does not ask. */
	assert_int_equal(compact_pages(&m, BUD_COMPACT_SYNC_FULL), BUD_COMPACT_COMPLETE);
	assert_int_equal(z->compact.defer_shift, 2);
	bud_machine_fini(&m);
}

static void test_hints_pass_pageblocks_over(void **state)
{
	(void)state;
	bud_machine m;
	checkerboard(&m, "6.12.0");
	bud_machine_zone *z = &m.zones[0];
	/* Nothing in the first pageblock can be moved: the scanner says so for others. */
	for (bud_pfn pfn = 1; pfn < BLOCK; pfn += 2)
		bud_machine_set_used(z, pfn, 0, BUD_MT_UNMOVABLE);
	assert_int_equal(compact(&m, 9, BUD_COMPACT_SYNC_LIGHT, NULL).result, BUD_COMPACT_SUCCESS);
	assert_int_equal(z->skip[0], 1);
	assert_int_equal(z->skip[2], 0);
	assert_int_equal(bud_freelist_order(&z->lists, BLOCK), 9);

	bud_machine_fini(&m);

	/* A hint keeps a scanner out, though there is something now; full priority does not heed it. */
	for (int priority = BUD_COMPACT_SYNC_FULL; priority <= BUD_COMPACT_SYNC_LIGHT; priority++) {
		checkerboard(&m, "6.12.0");
		m.zones[0].skip[0] = 1;
		assert_int_equal(compact(&m, 9, priority, NULL).result, BUD_COMPACT_SUCCESS);
		bud_pfn first = priority == BUD_COMPACT_SYNC_FULL ? 0 : BLOCK;
		assert_int_equal(bud_freelist_order(&m.zones[0].lists, first), 9);
		bud_machine_fini(&m);
	}
}

static void test_a_run_goes_on_where_the_last_one_was(void **state)
{
	(void)state;
	bud_machine m;
	owner o;
	owner_init(&o);
	checkerboard(&m, "6.12.0");
	bud_machine_zone *z = &m.zones[0];
	assert_int_equal(compact(&m, 9, BUD_COMPACT_SYNC_LIGHT, &o).result, BUD_COMPACT_SUCCESS);
	/* The pageblock after the one that was finished is left out (update_cached_migrate rounds up). */
	assert_int_equal(z->compact.migrate_pfn[1], 2 * BLOCK);
	assert_true(z->compact.free_pfn < PAGES);
	/* The block is gone, the next one is asked for. */
	bud_freelist_del(&z->lists, 0);
	bud_machine_set_used(z, 0, 9, BUD_MT_MOVABLE);
	assert_int_equal(compact(&m, 9, BUD_COMPACT_SYNC_LIGHT, &o).result, BUD_COMPACT_SUCCESS);
	assert_int_equal(bud_freelist_order(&z->lists, 2 * BLOCK), 9);
	assert_false(o.descends);
	bud_machine_fini(&m);
	/* What began midway and met has not seen all. */
	checkerboard(&m, "6.12.0");
	z = &m.zones[0];
	z->compact.migrate_pfn[1] = 3 * BLOCK;
	for (bud_pfn pfn = 1; pfn < PAGES; pfn += BLOCK)
		bud_machine_set_used(z, pfn, 0, BUD_MT_UNMOVABLE);
	assert_int_equal(compact(&m, 9, BUD_COMPACT_SYNC_LIGHT, NULL).result, BUD_COMPACT_PARTIAL);
	assert_int_equal(z->compact.migrate_pfn[1], 0);
	assert_int_equal(z->compact.free_pfn, PAGES - BLOCK);
	bud_machine_fini(&m);
}

static void test_a_pause_changes_nothing(void **state)
{
	(void)state;
	bud_machine once, paused;
	owner o;
	owner_init(&o);
	checkerboard(&once, "6.12.0");
	checkerboard(&paused, "6.12.0");
	bud_compact_run whole = compact(&once, BUD_COMPACT_ALL, BUD_COMPACT_SYNC_LIGHT, NULL), part;
	uint64_t total = 0, runs = 0, scanned = 0;
	o.calls.pause = &o.pause;
	do {
		o.pause.budget = 200;
		part = compact(&paused, BUD_COMPACT_ALL, BUD_COMPACT_SYNC_LIGHT, &o);
		total += part.moved;
		scanned += part.migrate_scanned;
		runs++;
		assert_true(part.moved < 200 + BLOCK); /* a pageblock once begun is finished */
		assert_true(part.result == BUD_COMPACT_CONTENDED || part.result == BUD_COMPACT_COMPLETE);
	} while (part.result == BUD_COMPACT_CONTENDED && runs < 1000);
	assert_int_equal(part.result, BUD_COMPACT_COMPLETE);
	assert_true(runs > 5);
	assert_in_range(scanned, whole.migrate_scanned - BLOCK, whole.migrate_scanned + BLOCK);
	assert_in_range(total, whole.moved - BLOCK, whole.moved + BLOCK);
	assert_in_range(whole_blocks(&paused), whole_blocks(&once) - 1, whole_blocks(&once) + 1);
	bud_machine_fini(&once);
	bud_machine_fini(&paused);
}

static void test_when_proactive_compaction_is_due(void **state)
{
	(void)state;
	bud_machine m;
	/* Half of memory free and none of it of use to a huge page: a score of 100, over the high mark of 90. */
	checkerboard(&m, "6.12.0");
	assert_true(bud_compact_is_due(&m, 0));
	assert_false(bud_compact_is_due(&m, 1));
	m.kswapd_up = 1;
	assert_false(bud_compact_is_due(&m, 0));
	m.kswapd_up = 0;
	m.sysctls.compaction_proactiveness = 0;
	assert_false(bud_compact_is_due(&m, 0));
	/* It ends when the low mark of 80 is reached: each pageblock made is 6.25 percent of what is free. */
	m.sysctls.compaction_proactiveness = 20;
	assert_int_equal(compact(&m, BUD_COMPACT_PROACTIVE, BUD_COMPACT_SYNC_LIGHT, NULL).result, BUD_COMPACT_SUCCESS);
	assert_int_equal(bud_zoneview_score(m.zones[0].view, &m.kernel), 75);
	assert_false(bud_compact_is_due(&m, 0));
	bud_machine_fini(&m);
}

/* ---- any state, any runs: pages move, and nothing else changes ---- */

static uint32_t seed;

static uint32_t roll(uint32_t below)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % below;
}

/* Who lives in each page: a number, 0 nobody; and whether that one can be moved. */
typedef struct census {
	uint16_t tenant[PAGES];
	bool movable[PAGES + 1]; /* by tenant */
	bud_machine *machine;
} census;

static int census_order(void *self, bud_pfn pfn)
{
	const census *c = self;
	return c->movable[c->tenant[pfn]] ? 0 : -1;
}

static void census_move(void *self, bud_pfn from, bud_pfn to, int order)
{
	census *c = self;
	assert_int_equal(order, 0);
	assert_true(c->tenant[from] && c->movable[c->tenant[from]]);
	assert_int_equal(c->tenant[to], 0);
	c->tenant[to] = c->tenant[from];
	c->tenant[from] = 0;
}

/* Lists, states and counts agree with who lives where. */
static void check_census(const census *c)
{
	const bud_machine_zone *z = &c->machine->zones[0];
	const bud_freelist *l = &z->lists;
	uint64_t listed = 0, blocks[BUD_NR_ORDERS] = { 0 };
	for (bud_pfn pfn = 0; pfn < PAGES;) {
		int order = bud_freelist_order(l, pfn);
		bud_pfn nr = order < 0 ? 1 : (bud_pfn)1 << order;
		for (bud_pfn i = pfn; i < pfn + nr; i++) {
			assert_int_equal(c->tenant[i] != 0, order < 0);
			assert_int_equal(bud_freelist_is_used(l, i), order < 0);
		}
		if (order >= 0) {
			assert_false(pfn & (nr - 1));
			blocks[order]++;
			listed += nr;
		}
		pfn += nr;
	}
	assert_int_equal(bud_free_area_pages(&l->area), listed);
	assert_memory_equal(blocks, l->area.nr_free, sizeof blocks);
	for (unsigned b = 0; b < BLOCKS; b++) {
		unsigned nr = 0;
		for (bud_pfn pfn = b * BLOCK; pfn < (b + 1) * BLOCK; pfn++)
			nr += bud_freelist_is_used(l, pfn) && bud_freelist_is_movable(l, pfn);
		assert_int_equal(z->movable[b], nr);
	}
}

static void settle(census *c, unsigned percent_free)
{
	bud_machine *m = c->machine;
	for (bud_pfn pfn = 0; pfn < PAGES; pfn++) {
		c->tenant[pfn] = (uint16_t)(pfn + 1);
		c->movable[pfn + 1] = roll(100) < 95;
		bud_machine_set_used(&m->zones[0], pfn, 0, c->movable[pfn + 1] ? BUD_MT_MOVABLE : BUD_MT_UNMOVABLE);
	}
	for (bud_pfn pfn = 0; pfn < PAGES; pfn += BLOCK)
		if (!roll(8))
			bud_machine_set_pageblock(&m->zones[0], pfn, BUD_MT_UNMOVABLE);
	for (bud_pfn pfn = 0; pfn < PAGES; pfn++)
		if (roll(100) < percent_free && bud_page_alloc_free(m, 0, pfn, 0))
			c->tenant[pfn] = 0;
}

static void test_any_run_moves_pages_and_nothing_else(void **state)
{
	(void)state;
	static const char *const releases[] = { "4.19.0", "5.10.0", "6.1.0", "6.12.0", "6.18.0" };
	static census before, after;
	for (unsigned round = 0; round < 40; round++) {
		bud_machine m;
		bud_kernel kernel = model_kernel(releases[round % 5]);
		const bud_machine_spec zone = { 0, BUD_ZONE_NORMAL, 0, PAGES, PAGES };
		seed = round;
		model_init(&m, &kernel, &zone, 1, 1);
		m.no_pcp = true;
		before.machine = &m;
		settle(&before, 5 + roll(80));
		after = before;
		const bud_compact_owner calls = { .self = &after, .movable = census_order, .moved = census_move };
		uint64_t free_pages_before = bud_free_area_pages(&m.zones[0].lists.area);
		for (unsigned i = 0; i < 12; i++) {
			int order = roll(4) ? 1 + (int)roll(10) : BUD_COMPACT_ALL;
			bud_compact_run run =
				bud_compact_zone(&m, &m.zones[0], order, (bud_migratetype)roll(3), BUD_ZONE_NORMAL,
						 BUD_ALLOC_WMARK_MIN, (int)roll(3), &calls);
			assert_true(run.result != BUD_COMPACT_DEFERRED);
			assert_true(run.moved <= run.migrate_scanned);
			check_census(&after);
		}
		assert_int_equal(bud_free_area_pages(&m.zones[0].lists.area), free_pages_before);
		/* Nobody is lost or doubled, and whoever cannot be moved is where it was. */
		uint64_t sum = 0;
		for (bud_pfn pfn = 0; pfn < PAGES; pfn++) {
			sum += before.tenant[pfn];
			sum -= after.tenant[pfn];
			if (before.tenant[pfn] && !before.movable[before.tenant[pfn]])
				assert_int_equal(after.tenant[pfn], before.tenant[pfn]);
		}
		assert_int_equal(sum, 0);
		bud_machine_fini(&m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_it_stops_when_the_block_is_made),
		cmocka_unit_test(test_it_ends_where_the_scanners_meet),
		cmocka_unit_test(test_what_cannot_move_stays),
		cmocka_unit_test(test_the_owner_knows_what_moves),
		cmocka_unit_test(test_when_it_is_not_tried),
		cmocka_unit_test(test_places_are_not_taken_below_the_min_mark),
		cmocka_unit_test(test_pageblocks_by_priority),
		cmocka_unit_test(test_folios_move_whole_since_6_9),
		cmocka_unit_test(test_deferral),
		cmocka_unit_test(test_only_synchronous_failures_defer),
		cmocka_unit_test(test_hints_pass_pageblocks_over),
		cmocka_unit_test(test_a_run_goes_on_where_the_last_one_was),
		cmocka_unit_test(test_a_pause_changes_nothing),
		cmocka_unit_test(test_when_proactive_compaction_is_due),
		cmocka_unit_test(test_any_run_moves_pages_and_nothing_else),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
