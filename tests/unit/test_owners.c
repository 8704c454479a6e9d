/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The books of sites, the owners of pages, and what they pin. */
#include "tests/unit/script.h"

#include "lib/insight/culprit.h"
#include "lib/insight/headroom.h"

typedef struct books {
	bud_site_table *sites;
	bud_owners *owners;
} books;

static const bud_owners_options all = { .end_ns = UINT64_MAX };

static books keep(script *s, const bud_owners_options *options, uint32_t max_sites)
{
	books b;
	assert_int_equal(bud_site_table_create(&b.sites, &s->source, bud_replay_kernel(s->replay), max_sites, NULL),
			 BUD_OK);
	assert_int_equal(bud_owners_create(&b.owners, s->replay, &s->source, b.sites, options, NULL), BUD_OK);
	assert_int_equal(bud_replay_listen(s->replay, BUD_OWNERS_EVENTS, bud_owners_event, b.owners, NULL), BUD_OK);
	script_play(s);
	bud_owners_settle(b.owners);
	assert_int_equal(bud_owners_status(b.owners, NULL), BUD_OK);
	return b;
}

static void drop(script *s, books *b)
{
	bud_owners_destroy(b->owners);
	bud_site_table_destroy(b->sites);
	script_close(s);
}

/* The row of that name and order; it must be there. */
static const bud_use *use_of(const books *b, const char *site, int order)
{
	char name[BUD_SITE_TEXT];
	for (size_t i = 0; i < bud_owners_count(b->owners); i++) {
		const bud_use *use = bud_owners_use(b->owners, i);
		if (use->order == order && strcmp(bud_site_name(b->sites, use->site, name, sizeof name), site) == 0)
			return use;
	}
	fail_msg("no row of %s, order %d", site, order);
	return NULL;
}

static void expect(const bud_use *use, uint64_t allocs, uint64_t frees, uint64_t live, uint64_t peak, uint64_t failures)
{
	assert_int_equal(use->allocs, allocs);
	assert_int_equal(use->frees, frees);
	assert_int_equal(use->live_pages, live);
	assert_int_equal(use->peak_pages, peak);
	assert_int_equal(use->failures, failures);
}

static void test_books(void **state)
{
	(void)state;
	SCRIPT(s, ALLOC(1, JAVA, 4096, 2, KERNEL), ALLOC(2, JAVA, 4100, 0, KERNEL), ALLOC(3, SH, 4104, 2, MOVABLE),
	       FREE(4, SH, 4096, 2), FAIL(5, JAVA, 2, KERNEL), FREE(6, SH, 5000, 0), ALLOC(7, JAVA, 4096, 2, KERNEL));
	books b = keep(&s, &all, 100);
	expect(use_of(&b, "java GFP_KERNEL", 2), 2, 1, 4, 4, 1);
	expect(use_of(&b, "java GFP_KERNEL", 0), 1, 0, 1, 1, 0);
	expect(use_of(&b, "sh GFP_HIGHUSER_MOVABLE", 2), 1, 0, 4, 4, 0);
	assert_int_equal(use_of(&b, "sh GFP_HIGHUSER_MOVABLE", 2)->migratetype, BUD_MT_MOVABLE);
	assert_int_equal(bud_owners_use(b.owners, 0)->frees, 1);
	bud_owner owner;
	assert_true(bud_owners_of(b.owners, 4099, &owner));
	assert_ptr_equal(owner.use, use_of(&b, "java GFP_KERNEL", 2));
	assert_int_equal(owner.t_ns, 7);
	assert_false(bud_owners_of(b.owners, 5000, &owner));
	assert_false(bud_owners_of(b.owners, BUD_PFN_NONE, &owner));
	assert_int_equal(bud_owners_next(b.owners, 0, 8192), 4096);
	assert_int_equal(bud_owners_next(b.owners, 4101, 8192), 4104);
	assert_int_equal(bud_owners_next(b.owners, 4108, 8192), 8192);
	drop(&s, &b);
}

static void test_frees_of_other_sizes(void **state)
{
	(void)state;
	/* A block freed in pieces, and pieces freed as a block, with a page of nobody between them. */
	SCRIPT(s, ALLOC(1, JAVA, 4096, 2, KERNEL), FREE(2, JAVA, 4097, 0), FREE(3, JAVA, 4098, 1),
	       ALLOC(4, JAVA, 4104, 0, KERNEL), ALLOC(5, SH, 4106, 1, KERNEL), FREE(6, JAVA, 4104, 2));
	books b = keep(&s, &all, 100);
	expect(use_of(&b, "java GFP_KERNEL", 2), 1, 2, 1, 4, 0);
	expect(use_of(&b, "java GFP_KERNEL", 0), 1, 1, 0, 1, 0);
	expect(use_of(&b, "sh GFP_KERNEL", 1), 1, 0, 0, 2, 0);
	drop(&s, &b);
}

static void test_a_free_that_was_not_seen(void **state)
{
	(void)state;
	SCRIPT(s, ALLOC(1, JAVA, 4096, 1, KERNEL), ALLOC(2, SH, 4097, 0, KERNEL));
	books b = keep(&s, &all, 100);
	expect(use_of(&b, "java GFP_KERNEL", 1), 1, 0, 1, 2, 0);
	expect(use_of(&b, "sh GFP_KERNEL", 0), 1, 0, 1, 1, 0);
	drop(&s, &b);
}

static const uint64_t writer[] = { 0x1010, 0x1120, 0x1230 }, elsewhere[] = { 0x1044, 0x1180, 0x12ff },
		      slab[] = { 0x1010, 0x1310, 0x9999 };

static void test_stacks(void **state)
{
	(void)state;
	SCRIPT(s, ALLOC(1, JAVA, 4096, 0, KERNEL), { EV(KERNEL_STACK, 2, JAVA), .stack = { writer, 3 } },
	       /* Other calls in the same functions. */
	       ALLOC(3, SH, 4097, 0, KERNEL), { EV(KERNEL_STACK, 4, SH), .stack = { elsewhere, 3 } },
	       /* Freed by another CPU before its stack comes. */
	       ALLOC(5, JAVA, 4098, 1, KERNEL), { EV(FREE, 6, SH), .cpu = 1, .page.pfn = 4098 },
	       { EV(KERNEL_STACK, 7, JAVA), .stack = { slab, 3 } },
	       /* Its stack never comes: what follows is another task's. */
	       ALLOC(8, JAVA, 4100, 0, KERNEL), { EV(KERNEL_STACK, 9, SH), .stack = { slab, 3 } },
	       FAIL(10, JAVA, 4, KERNEL), { EV(KERNEL_STACK, 11, JAVA), .stack = { writer, 3 } });
	books b = keep(&s, &all, 100);
	expect(use_of(&b, "pipe_write < vfs_write", 0), 2, 0, 2, 2, 0);
	expect(use_of(&b, "pipe_write < vfs_write", 4), 0, 0, 0, 0, 1);
	expect(use_of(&b, "new_slab.isra.0 < 0x9999", 1), 1, 1, 1, 2, 0);
	expect(use_of(&b, "java GFP_KERNEL", 0), 1, 0, 1, 1, 0);
	bud_owner owner;
	assert_true(bud_owners_of(b.owners, 4099, &owner));
	assert_int_equal(owner.use->order, 1);
	assert_false(bud_owners_of(b.owners, 4098, &owner));
	assert_string_equal(bud_site_frame(b.sites, owner.use->site, 0), "new_slab.isra.0");
	assert_null(bud_site_frame(b.sites, owner.use->site, 2));
	drop(&s, &b);
}

static void test_interrupts_have_no_command(void **state)
{
	(void)state;
	SCRIPT(s, { EV(ALLOC, 1, JAVA), .page = { .pfn = 4096, .gfp_flags = KERNEL, .context = SOFTIRQ } });
	books b = keep(&s, &all, 100);
	expect(use_of(&b, "(interrupt) GFP_KERNEL", 0), 1, 0, 1, 1, 0);
	drop(&s, &b);
}

static void test_a_full_table(void **state)
{
	(void)state;
	enum { NR = 300 };
	static bud_event events[NR];
	for (int i = 0; i < NR; i++)
		events[i] = (bud_event)ALLOC((uint64_t)i, JAVA, 4096 + (bud_pfn)i, 0, KERNEL + ((uint64_t)i << 24));
	script s;
	script_open(&s, events, NR);
	books b = keep(&s, &all, 20);
	uint64_t allocs = 0;
	assert_int_equal(bud_site_count(b.sites), 20);
	assert_true(bud_site_overflowed(b.sites));
	for (size_t i = 0; i < bud_owners_count(b.owners); i++)
		allocs += bud_owners_use(b.owners, i)->allocs;
	assert_int_equal(allocs, NR);
	expect(use_of(&b, "(other)", 0), NR - 18, 0, NR - 18, NR - 18, 0);
	drop(&s, &b);
}

static void test_no_room_for_owners(void **state)
{
	(void)state;
	bud_owners_options options = { .end_ns = UINT64_MAX, .max_bytes = 100000 };
	SCRIPT(s, ALLOC(1, JAVA, 4096, 0, KERNEL), ALLOC(2, JAVA, (bud_pfn)1 << 33, 3, KERNEL), FREE(3, JAVA, 4096, 0),
	       ALLOC(4, JAVA, BUD_PFN_MAX - 1, 2, KERNEL), FREE(5, JAVA, UINT64_MAX - 1, 24),
	       ALLOC(6, JAVA, 0, 127, KERNEL), ALLOC(7, JAVA, 0, -1, KERNEL));
	books b = keep(&s, &options, 100);
	assert_true(bud_owners_untracked(b.owners) >= 8);
	expect(use_of(&b, "java GFP_KERNEL", 3), 1, 0, 0, 0, 0);
	expect(use_of(&b, "java GFP_KERNEL", 0), 1, 1, 0, 1, 0);
	expect(use_of(&b, "java GFP_KERNEL", 127), 1, 0, 0, 0, 0);
	assert_true(bud_owners_bytes(b.owners) < 200000);
	drop(&s, &b);
}

static void test_filters(void **state)
{
	(void)state;
	bud_section_filter filter = BUD_SECTION_FILTER_ALL;
	filter.comm = "java";
	filter.migratetype = BUD_MT_UNMOVABLE;
	filter.order_max = 2;
	filter.zone = "DMA32";
	filter.node = 0;
	bud_owners_options options = { .filter = &filter, .end_ns = UINT64_MAX };
	SCRIPT(s, ALLOC(1, JAVA, 4096, 0, KERNEL), ALLOC(2, SH, 4097, 0, KERNEL), ALLOC(3, JAVA, 4098, 0, MOVABLE),
	       ALLOC(4, JAVA, 4104, 3, KERNEL), ALLOC(5, JAVA, 100, 0, KERNEL), ALLOC(6, JAVA, 9000, 0, KERNEL),
	       FREE(7, SH, 4097, 0), ALLOC(8, JAVA, 4112, 1, KERNEL), FREE(9, SH, 4096, 0));
	books b = keep(&s, &options, 100);
	assert_int_equal(bud_owners_count(b.owners), 3);
	expect(use_of(&b, "java GFP_KERNEL", 0), 1, 1, 0, 1, 0);
	expect(use_of(&b, "java GFP_KERNEL", 1), 1, 0, 2, 2, 0);
	assert_int_equal(bud_owners_use(b.owners, 0)->frees, 0);
	drop(&s, &b);
}

static bool is_of_sh(const void *self, const bud_event *alloc)
{
	return alloc->pid == *(const int32_t *)self;
}

/* Marked requests have rows of their own; the others are booked as ever. */
static void test_marks(void **state)
{
	(void)state;
	static const int32_t pid = SH;
	bud_owners_options options = { .end_ns = UINT64_MAX, .marks = is_of_sh, .self = &pid };
	SCRIPT(s, ALLOC(1, JAVA, 4096, 0, KERNEL), { EV(KERNEL_STACK, 2, JAVA), .stack = { writer, 3 } },
	       ALLOC(3, SH, 4097, 0, KERNEL), { EV(KERNEL_STACK, 4, SH), .stack = { writer, 3 } },
	       ALLOC(5, SH, 4098, 0, KERNEL), { EV(KERNEL_STACK, 6, SH), .stack = { writer, 3 } },
	       FREE(7, JAVA, 4098, 0));
	books b = keep(&s, &options, 100);
	uint64_t allocs[2] = { 0 }, live[2] = { 0 };
	for (size_t i = 1; i < bud_owners_count(b.owners); i++) {
		const bud_use *use = bud_owners_use(b.owners, i);
		allocs[use->marked] += use->allocs;
		live[use->marked] += use->live_pages;
	}
	assert_int_equal(bud_owners_count(b.owners), 3);
	assert_int_equal(allocs[0], 1);
	assert_int_equal(live[0], 1);
	assert_int_equal(allocs[1], 2);
	assert_int_equal(live[1], 1);
	drop(&s, &b);
}

static void test_a_stretch_of_time(void **state)
{
	(void)state;
	bud_owners_options options = { .begin_ns = 5, .end_ns = 7 };
	SCRIPT(s, ALLOC(1, JAVA, 4096, 2, KERNEL), ALLOC(2, JAVA, 4100, 2, KERNEL), FREE(3, JAVA, 4100, 2),
	       FREE(6, JAVA, 4096, 0), ALLOC(7, JAVA, 4104, 2, KERNEL), ALLOC(8, JAVA, 4108, 2, KERNEL));
	books b = keep(&s, &options, 100);
	expect(use_of(&b, "java GFP_KERNEL", 2), 1, 1, 7, 7, 0);
	drop(&s, &b);
}

static void test_sorting(void **state)
{
	(void)state;
	SCRIPT(s, ALLOC(1, JAVA, 4096, 0, KERNEL), ALLOC(2, JAVA, 4097, 0, KERNEL), ALLOC(3, SH, 4100, 2, KERNEL),
	       FAIL(4, JAVA, 1, KERNEL), FREE(5, SH, 4100, 2));
	books b = keep(&s, &all, 100);
	uint32_t order[4];
	assert_int_equal(bud_owners_count(b.owners), 4);
	bud_owners_sort(b.owners, BUD_USE_BY_LIVE, order);
	assert_int_equal(bud_owners_use(b.owners, order[0])->live_pages, 2);
	bud_owners_sort(b.owners, BUD_USE_BY_PEAK, order);
	assert_int_equal(bud_owners_use(b.owners, order[0])->peak_pages, 4);
	bud_owners_sort(b.owners, BUD_USE_BY_FAILURES, order);
	assert_int_equal(bud_owners_use(b.owners, order[0])->failures, 1);
	bud_owners_sort(b.owners, BUD_USE_BY_ALLOCS, order);
	assert_int_equal(bud_owners_use(b.owners, order[0])->allocs, 2);
	drop(&s, &b);
}

static void test_pins(void **state)
{
	(void)state;
	/* Pageblocks of DMA32, node 0: at 4096 two owners, at 4608 one, at 5120 mostly in use; the last lacks a page.
	 */
	SCRIPT(s, ALLOC(1, JAVA, 4096, 0, KERNEL), ALLOC(2, JAVA, 4097, 0, KERNEL), ALLOC(3, SH, 4200, 1, MOVABLE),
	       ALLOC(4, SH, 4608, 2, MOVABLE), ALLOC(5, SH, 5120, 8, MOVABLE), ALLOC(6, SH, 5376, 0, KERNEL));
	books b = keep(&s, &all, 100);
	bud_pins pins;
	assert_int_equal(
		bud_pins_collect(&pins, bud_replay_memory(s.replay), bud_replay_kernel(s.replay), b.owners, NULL),
		BUD_OK);
	assert_int_equal(pins.nr_blocks, 3);
	assert_int_equal(pins.blocks[0].start, 7680);
	assert_int_equal(pins.blocks[0].unknown, 1);
	assert_int_equal(pins.blocks[1].start, 4096);
	assert_int_equal(pins.blocks[1].free, 508);
	assert_int_equal(pins.blocks[1].fixed, 2);
	assert_int_equal(pins.blocks[1].movable, 2);
	assert_int_equal(pins.blocks[2].start, 4608);
	const bud_use *first = bud_owners_use(b.owners, 0);
	const bud_pin_cost *cost = &pins.costs[use_of(&b, "sh GFP_HIGHUSER_MOVABLE", 2) - first];
	assert_int_equal(cost->pages, 4);
	assert_int_equal(cost->blocks, 1);
	assert_int_equal(cost->alone, 1);
	cost = &pins.costs[use_of(&b, "java GFP_KERNEL", 0) - first];
	assert_int_equal(cost->pages, 2);
	assert_int_equal(cost->blocks, 1);
	assert_int_equal(cost->alone, 0);
	bud_pins_fini(&pins);
	drop(&s, &b);
}

/* A block device's own cache is asked for as Movable, and does not move. */
static void test_buffers_are_fixed(void **state)
{
	(void)state;
	enum { BUFFER = 0x8c48 }; /* GFP_NOFS|__GFP_NOFAIL|__GFP_MOVABLE */
	SCRIPT(s, ALLOC(1, JAVA, 4096, 0, BUFFER), ALLOC(2, JAVA, 4097, 0, MOVABLE), ALLOC(3, JAVA, 4608, 0, MOVABLE),
	       ALLOC(4, JAVA, 5120, 0, BUFFER | 0x80));
	books b = keep(&s, &all, 100);
	const bud_memory *memory = bud_replay_memory(s.replay);
	bud_headroom room;
	bud_owner owner;
	bud_pins pins;
	assert_true(bud_owners_of(b.owners, 4096, &owner));
	assert_int_equal(owner.use->migratetype, BUD_MT_MOVABLE);
	assert_false(owner.use->movable);
	/* With __GFP_FS it is a file system's own. */
	assert_true(bud_owners_of(b.owners, 5120, &owner) && owner.use->movable);
	bud_headroom_count(&room, memory, bud_memory_find(memory, 0, "DMA32"), 9, b.owners);
	assert_int_equal(room.fixed, 1);
	assert_int_equal(room.movable, 2);
	assert_int_equal(bud_pins_collect(&pins, memory, bud_replay_kernel(s.replay), b.owners, NULL), BUD_OK);
	const bud_pinned_block *block = pins.blocks;
	while (block->start != 4096)
		block++;
	assert_int_equal(block->fixed, 1);
	assert_int_equal(block->movable, 1);
	bud_pins_fini(&pins);
	drop(&s, &b);
}

/* Pages nobody asked for in the trace: on the LRU from 4096, a slab at 4100, page cache with buffers at 4101. */
static bud_status some_flags(const bud_snapshot *snapshot, uint64_t set, uint64_t clear, bud_pageset *pages,
			     bud_error *err)
{
	(void)snapshot, (void)err;
	if (set & BUD_KPF_LRU && !(set & BUD_KPF_PRIVATE))
		bud_pageset_set_range(pages, 4096, 2);
	if (set & BUD_KPF_LRU)
		bud_pageset_set(pages, 4101);
	if (set == BUD_KPF_SLAB && !clear)
		bud_pageset_set(pages, 4100);
	return BUD_OK;
}

static void test_early_pages(void **state)
{
	(void)state;
	bud_read_window windows[] = { { .file = "kpageflags", .begin_ns = 2, .end_ns = 3 },
				      { .file = "kpageflags", .begin_ns = 12, .end_ns = 13 } };
	const bud_snapshot snapshots[] = { { .windows = &windows[0], .nr_windows = 1, .read_pages = some_flags },
					   { .windows = &windows[1], .nr_windows = 1, .read_pages = some_flags } };
	/* What an event names leaves, but for what was named before the flags were read. */
	SCRIPT(s, FREE(1, JAVA, 4096, 0), FREE(4, JAVA, 4097, 0), ALLOC(5, JAVA, 4102, 0, KERNEL));
	bud_early early;
	assert_int_equal(bud_early_read(&early, snapshots, 2, 12, NULL), BUD_OK);
	assert_int_equal(early.t_ns, 2);
	bud_owners_options options = all;
	options.early = &early;
	books b = keep(&s, &options, 100);
	const bud_mobility expected[] = { BUD_MOBILITY_MOVABLE, BUD_MOBILITY_UNKNOWN, BUD_MOBILITY_UNKNOWN,
					  BUD_MOBILITY_UNKNOWN, BUD_MOBILITY_FIXED,   BUD_MOBILITY_FIXED,
					  BUD_MOBILITY_FIXED,	BUD_MOBILITY_UNKNOWN };
	for (bud_pfn i = 0; i < sizeof expected / sizeof *expected; i++)
		if (bud_owners_mobility(b.owners, 4096 + i) != expected[i])
			fail_msg("page %d", (int)i);
	bud_early_fini(&early);
	/* Before any flags were read nothing is known; later the last ones are. */
	assert_int_equal(bud_early_read(&early, snapshots, 2, 2, NULL), BUD_OK);
	assert_int_equal(bud_early_of(&early, 4096), BUD_MOBILITY_UNKNOWN);
	bud_early_leave(&early, 20, 4096, 1);
	bud_early_fini(&early);
	assert_int_equal(bud_early_read(&early, snapshots, 2, 13, NULL), BUD_OK);
	assert_int_equal(early.t_ns, 12);
	bud_early_fini(&early);
	drop(&s, &b);
}

static void expect_culprit(const books *b, const bud_culprit *c, const char *site, uint64_t blocks, uint64_t alone,
			   uint64_t pages, uint64_t live)
{
	char name[BUD_SITE_TEXT];
	assert_string_equal(bud_site_name(b->sites, c->site, name, sizeof name), site);
	assert_int_equal(c->blocks, blocks);
	assert_int_equal(c->alone, alone);
	assert_int_equal(c->pages, pages);
	assert_int_equal(c->live, live);
}

/* As in test_pins: what a site asked for in several orders is one culprit's. */
static void test_culprits(void **state)
{
	(void)state;
	SCRIPT(s, ALLOC(1, JAVA, 4096, 0, KERNEL), ALLOC(2, JAVA, 4097, 0, KERNEL), ALLOC(3, SH, 4200, 1, MOVABLE),
	       ALLOC(4, SH, 4608, 2, MOVABLE), ALLOC(5, JAVA, 5120, 8, MOVABLE), ALLOC(6, SH, 5376, 0, KERNEL));
	books b = keep(&s, &all, 100);
	bud_culprits culprits;
	bud_pins pins;
	assert_int_equal(
		bud_pins_collect(&pins, bud_replay_memory(s.replay), bud_replay_kernel(s.replay), b.owners, NULL),
		BUD_OK);
	bud_culprits_find(&culprits, &pins, b.owners, b.sites, BUD_CULPRIT_PINS, NULL);
	assert_int_equal(culprits.nr, 2);
	expect_culprit(&b, &culprits.list[0], "sh GFP_HIGHUSER_MOVABLE", 2, 1, 6, 6);
	expect_culprit(&b, &culprits.list[1], "java GFP_KERNEL", 1, 0, 2, 2);
	bud_culprits_fini(&culprits);
	bud_culprits_find(&culprits, &pins, b.owners, b.sites, BUD_CULPRIT_LIVE, NULL);
	assert_int_equal(culprits.nr, 4);
	expect_culprit(&b, &culprits.list[0], "java GFP_HIGHUSER_MOVABLE", 0, 0, 0, 256);
	expect_culprit(&b, &culprits.list[3], "sh GFP_KERNEL", 0, 0, 0, 1);
	bud_culprits_fini(&culprits);
	bud_pins_fini(&pins);
	drop(&s, &b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_books),
		cmocka_unit_test(test_frees_of_other_sizes),
		cmocka_unit_test(test_a_free_that_was_not_seen),
		cmocka_unit_test(test_stacks),
		cmocka_unit_test(test_interrupts_have_no_command),
		cmocka_unit_test(test_a_full_table),
		cmocka_unit_test(test_no_room_for_owners),
		cmocka_unit_test(test_filters),
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_a_stretch_of_time),
		cmocka_unit_test(test_sorting),
		cmocka_unit_test(test_pins),
		cmocka_unit_test(test_buffers_are_fixed),
		cmocka_unit_test(test_early_pages),
		cmocka_unit_test(test_culprits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
