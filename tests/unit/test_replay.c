/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any stream of events keeps the books: no page in two states, counts equal to a recount, a restart equal to going on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/replay/rules.h"

#define NR_EVENTS 4000
#define BATCH	  37

typedef struct made_source {
	bud_source source;
	bud_event events[NR_EVENTS];
	size_t at;
} made_source;

static bud_status made_next(bud_source *source, bud_batch *batch, bud_error *err)
{
	(void)err;
	made_source *m = (made_source *)source;
	batch->events = m->events + m->at;
	batch->nr = NR_EVENTS - m->at < BATCH ? NR_EVENTS - m->at : BATCH;
	m->at += batch->nr;
	return BUD_OK;
}

static bud_status made_rewind(bud_source *source, uint64_t t_ns, bud_error *err)
{
	(void)err;
	made_source *m = (made_source *)source;
	for (m->at = 0; m->at < NR_EVENTS && m->events[m->at].t_ns < t_ns;)
		m->at++;
	return BUD_OK;
}

static const bud_source_ops ops = { .next = made_next, .rewind = made_rewind };

static const uint8_t kinds[] = {
	BUD_EV_ALLOC,	    BUD_EV_FREE,	 BUD_EV_ZONE_LOCKED,	   BUD_EV_PCPU_DRAIN,
	BUD_EV_EXTFRAG,	    BUD_EV_ISOLATE_FREE, BUD_EV_FAST_ISOLATE_FREE, BUD_EV_COMPACT_BEGIN,
	BUD_EV_COMPACT_END, BUD_EV_MIGRATEPAGES, BUD_EV_TEST_ISOLATED,	   BUD_EV_LOST,
	BUD_EV_FREE_BATCHED
};

static void make_event(bud_event *event, uint64_t t_ns)
{
	*event = (bud_event){ .t_ns = t_ns, .pid = (int32_t)(random() % 5), .cpu = (uint16_t)(random() % 3) };
	/* Mostly page events. */
	event->kind = kinds[random() % 8 ? random() % 5 : random() % (long)sizeof kinds];
	event->order = (int8_t)(random() % 50 ? random() % 11 : random() % 128);
	bud_pfn pfn = random() % 100 ? (bud_pfn)random() % 9000 : (bud_pfn)random() << 20;
	if (event->kind == BUD_EV_ISOLATE_FREE || event->kind == BUD_EV_FAST_ISOLATE_FREE) {
		event->isolate.start_pfn = pfn;
		event->isolate.end_pfn = pfn + (bud_pfn)random() % 600;
		event->isolate.nr_scanned = (uint64_t)random() % 600;
		event->isolate.nr_taken = (uint64_t)random() % 600;
	} else if (event->kind == BUD_EV_TEST_ISOLATED) {
		event->range.start_pfn = pfn;
		event->range.end_pfn = event->range.fin_pfn = pfn + 512;
	} else if (event->kind == BUD_EV_COMPACT_BEGIN || event->kind == BUD_EV_COMPACT_END) {
		event->compact.zone_start = pfn;
		event->compact.zone_end = pfn + 4096;
	} else if (event->kind == BUD_EV_EXTFRAG) {
		event->extfrag.pfn = pfn;
		event->extfrag.fallback_order = (int32_t)(random() % 14) - 1;
		event->extfrag.alloc_migratetype = (int32_t)(random() % 8) - 1;
		event->extfrag.fallback_migratetype = (int32_t)(random() % 8) - 1;
		event->extfrag.change_ownership = random() % 2;
	} else {
		event->page.pfn = random() % 200 ? pfn : BUD_PFN_NONE;
		event->page.migratetype = (int32_t)(random() % 8) - 1;
		event->page.context = random() % 4 ? 0 : 0x10;
	}
}

/* The counts by type are those of the blocks' lists. */
static void assert_types(const bud_buddy *buddy)
{
	bud_free_area area = { 0 };
	uint64_t sure[BUD_NR_MIGRATETYPES][BUD_NR_ORDERS] = { { 0 } };
	bud_pfn head = buddy->start_pfn;
	for (int order; (order = bud_buddy_next_block(buddy, head, buddy->end_pfn, &head)) >= 0;
	     head += (bud_pfn)1 << order) {
		bud_typing typing = bud_blocktypes_list(buddy->types, head);
		bud_free_area_add(&area, order, bud_typing_type(typing));
		sure[bud_typing_type(typing)][order] += typing & BUD_TYPING_SURE ? 1 : 0;
	}
	assert_memory_equal(&area, &buddy->types->area, sizeof area);
	assert_memory_equal(sure, buddy->types->sure, sizeof sure);
	assert_memory_equal(area.nr_free, buddy->nr_free, sizeof area.nr_free);
}

static void assert_books(const bud_memory *memory)
{
	for (size_t z = 0; z < memory->nr_zones; z++) {
		const bud_zone *zone = &memory->zones[z];
		uint64_t free = 0, cached = 0, used = 0, blocks = 0;
		for (bud_pfn p = zone->start_pfn; p < zone->start_pfn + zone->spanned; p++) {
			bool is_free = bud_buddy_page_is_free(&zone->buddy, p);
			bool is_cached = bud_pageset_test(&zone->cached, p), is_used = bud_pageset_test(&zone->used, p);
			assert_true(is_free + is_cached + is_used <= 1);
			free += is_free;
			cached += is_cached;
			used += is_used;
		}
		for (int k = 0; k < BUD_NR_ORDERS; k++)
			blocks += zone->buddy.nr_free[k] << k;
		assert_int_equal(zone->buddy.free_pages, free);
		assert_int_equal(blocks, free);
		assert_int_equal(zone->cached_pages, cached);
		assert_int_equal(zone->used_pages, used);
		assert_int_equal(bud_pageset_count(&zone->cached), cached);
		if (zone->buddy.types)
			assert_types(&zone->buddy);
	}
}

/* Seed NONE begins with every zone known, all of it in use or cached. */
static bud_replay *make_replay(made_source *m, unsigned seed, bud_seed_mode mode)
{
	bud_kernel kernel;
	bud_memory memory;
	bud_replay *replay;
	srandom(seed);
	memset(m, 0, sizeof *m);
	for (int i = 0; i < NR_EVENTS; i++)
		make_event(&m->events[i], 1000 + (uint64_t)i / 3);
	m->source.ops = &ops;
	m->source.info.nr_cpus = 3;
	m->source.info.first_ns = 1000;
	m->source.info.last_ns = m->events[NR_EVENTS - 1].t_ns;
	m->source.info.formats = seed % 2 ? BUD_EVENT_ALL : BUD_EVENT_PAGES;
	if (seed % 5 == 0) /* lists that give back unseen */
		m->source.info.formats &= ~BUD_EVENT_BIT(BUD_EV_PCPU_DRAIN);
	for (int i = 0; i < NR_EVENTS; i++)
		if (!(m->source.info.formats & BUD_EVENT_BIT(m->events[i].kind)) && m->events[i].kind == BUD_EV_PCPU_DRAIN)
			m->events[i].kind = BUD_EV_FREE;
	bud_kernel_init(&kernel, seed % 3 ? "6.12.1" : "5.10.1", "x86_64");
	assert_int_equal(bud_memory_assume(&memory, &kernel, 1, 8999, NULL), BUD_OK);
	for (size_t z = 0; z < memory.nr_zones; z++)
		memory.zones[z].seeded = mode == BUD_SEED_NONE;
	assert_int_equal(bud_replay_create(&replay, &memory, &kernel, &m->source, NULL, 0, mode, NULL), BUD_OK);
	bud_memory_fini(&memory);
	return replay;
}

static void test_books_balance(void **state)
{
	(void)state;
	static made_source m;
	for (unsigned seed = 1; seed <= 40; seed++) {
		bud_replay *replay = make_replay(&m, seed, seed <= 24 ? BUD_SEED_NONE : BUD_SEED_INFERRED);
		bool done;
		if (seed > 4)
			assert_int_equal(bud_replay_follow_types(replay, NULL), BUD_OK);
		assert_int_equal(bud_replay_learn(replay, 4, NULL, &done, NULL), BUD_OK);
		for (uint64_t t = 1100; t < 2400; t += 130) {
			assert_int_equal(bud_replay_run(replay, t, NULL, &done, NULL), BUD_OK);
			assert_books(bud_replay_memory(replay));
		}
		bud_replay_destroy(replay);
	}
}

static void go_back_and_on(unsigned seed)
{
	static made_source m;
	bud_replay *replay = make_replay(&m, seed, BUD_SEED_NONE);
	bud_restart *restart;
	bool done;
	uint64_t nr_free[2][BUD_NR_ORDERS], uncertain[2];
	assert_int_equal(bud_replay_learn(replay, 3, NULL, &done, NULL), BUD_OK);
	assert_int_equal(bud_replay_run(replay, 1500, NULL, &done, NULL), BUD_OK);
	assert_int_equal(bud_replay_save(replay, &restart, NULL), BUD_OK);
	for (int i = 0; i < 2; i++) {
		const bud_memory *memory = bud_replay_memory(replay);
		const bud_zone *zone = &memory->zones[memory->nr_zones - 1];
		assert_int_equal(bud_replay_run(replay, BUD_TIME_NONE, NULL, &done, NULL), BUD_OK);
		memcpy(nr_free[i], zone->buddy.nr_free, sizeof nr_free[i]);
		uncertain[i] = bud_zone_uncertain_pages(zone, NULL);
		assert_int_equal(bud_replay_restore(replay, restart, NULL), BUD_OK);
	}
	assert_memory_equal(nr_free[0], nr_free[1], sizeof nr_free[0]);
	assert_int_equal(uncertain[0], uncertain[1]);
	bud_restart_destroy(restart);
	bud_replay_destroy(replay);
}

static void test_a_restart_goes_on_as_if_nothing_had_been(void **state)
{
	(void)state;
	go_back_and_on(99);
	go_back_and_on(100);
}

static void test_a_trace_without_drains_claims_nothing(void **state)
{
	(void)state;
	static made_source m;
	bud_replay *replay = make_replay(&m, 7, BUD_SEED_NONE);
	bool done;
	for (int i = 0; i < NR_EVENTS; i++)
		if (m.events[i].kind == BUD_EV_PCPU_DRAIN)
			m.events[i].kind = BUD_EV_FREE;
	assert_int_equal(bud_replay_learn(replay, 3, NULL, &done, NULL), BUD_OK);
	assert_int_equal(bud_replay_run(replay, BUD_TIME_NONE, NULL, &done, NULL), BUD_OK);
	for (size_t z = 0; z < bud_replay_memory(replay)->nr_zones; z++) {
		const bud_zone *zone = &bud_replay_memory(replay)->zones[z];
		assert_int_equal(bud_zone_uncertain_pages(zone, NULL), zone->spanned);
	}
	bud_replay_destroy(replay);
}

typedef struct heard {
	const bud_replay *replay;
	uint64_t events;
} heard;

static void hear(void *self, const bud_event *event)
{
	heard *h = self;
	uint64_t applied = 0;
	for (int k = 0; k < BUD_NR_EVENT_KINDS; k++)
		applied += bud_replay_event_counts(h->replay)[k];
	assert_true(event->kind < BUD_NR_EVENT_KINDS);
	assert_int_equal(applied, h->events++);
}

/* One that listens hears every event once, also those that the replay has no use for, and none while learning. */
static void test_a_listener_hears_every_event_once(void **state)
{
	(void)state;
	static made_source m;
	bud_replay *replay = make_replay(&m, 5, BUD_SEED_NONE);
	heard h = { .replay = replay }, other = { .replay = replay };
	bool done;
	assert_int_equal(bud_replay_listen(replay, BUD_EVENT_BIT(BUD_EV_FREE_BATCHED), hear, &h, NULL), BUD_OK);
	assert_int_equal(bud_replay_listen(replay, 0, hear, &other, NULL), BUD_OK);
	assert_int_equal(bud_replay_learn(replay, 3, NULL, &done, NULL), BUD_OK);
	assert_int_equal(h.events, 0);
	assert_int_equal(bud_replay_run(replay, 1500, NULL, &done, NULL), BUD_OK);
	bud_replay_unlisten(replay, hear, &other);
	uint64_t until = other.events;
	assert_int_equal(bud_replay_run(replay, BUD_TIME_NONE, NULL, &done, NULL), BUD_OK);
	assert_int_equal(h.events, NR_EVENTS);
	assert_true(until > 0);
	assert_int_equal(other.events, until);
	bud_replay_destroy(replay);
}

/* Listening to more kinds changes nothing of what is replayed: proofs stay with their events. */
static void test_listening_changes_nothing(void **state)
{
	(void)state;
	static made_source m;
	uint64_t free_pages[2];
	for (int i = 0; i < 2; i++) {
		bud_replay *replay = make_replay(&m, 11, BUD_SEED_NONE);
		heard h = { .replay = replay };
		bool done;
		assert_int_equal(bud_replay_learn(replay, 3, NULL, &done, NULL), BUD_OK);
		if (i)
			assert_int_equal(bud_replay_listen(replay, BUD_EVENT_ALL, hear, &h, NULL), BUD_OK);
		assert_int_equal(bud_replay_run(replay, BUD_TIME_NONE, NULL, &done, NULL), BUD_OK);
		free_pages[i] = bud_replay_memory(replay)->zones[0].buddy.free_pages;
		bud_replay_destroy(replay);
	}
	assert_int_equal(free_pages[0], free_pages[1]);
}

/* Two replays read one source in turn, a random few events each, one of them learning: each ends as if it were alone.
 */
static void test_replays_of_one_source_do_not_disturb_each_other(void **state)
{
	(void)state;
	static made_source m;
	uint64_t nr_free[2][2][BUD_NR_ORDERS];
	for (int shared = 0; shared < 2; shared++) {
		bud_replay *learning = make_replay(&m, 21, BUD_SEED_NONE), *plain;
		bool learnt = false, done = false;
		assert_int_equal(bud_replay_create(&plain, bud_replay_memory(learning), bud_replay_kernel(learning),
						   &m.source, NULL, 0, BUD_SEED_NONE, NULL),
				 BUD_OK);
		assert_int_equal(bud_replay_rewind(learning, NULL), BUD_OK);
		while (!learnt || !done) {
			uint64_t few = shared ? 1 + (uint64_t)random() % 90 : UINT64_MAX, as_few = few;
			if (!learnt)
				assert_int_equal(bud_replay_learn(learning, 3, &few, &learnt, NULL), BUD_OK);
			if (!done && (shared || learnt))
				assert_int_equal(bud_replay_run(plain, BUD_TIME_NONE, &as_few, &done, NULL), BUD_OK);
		}
		assert_int_equal(bud_replay_run(learning, BUD_TIME_NONE, NULL, &done, NULL), BUD_OK);
		const bud_memory *of_plain = bud_replay_memory(plain), *of_learning = bud_replay_memory(learning);
		memcpy(nr_free[shared][0], of_plain->zones[0].buddy.nr_free, sizeof nr_free[shared][0]);
		memcpy(nr_free[shared][1], of_learning->zones[0].buddy.nr_free, sizeof nr_free[shared][1]);
		for (int k = 0; k < BUD_NR_EVENT_KINDS; k++)
			assert_int_equal(bud_replay_event_counts(plain)[k], bud_replay_event_counts(learning)[k]);
		bud_replay_destroy(learning);
		bud_replay_destroy(plain);
	}
	assert_memory_equal(nr_free[0], nr_free[1], sizeof nr_free[0]);
}

/* A pass that begins in the middle: what is known of earlier events holds for pages that no event has named since. */
static void test_a_pass_catches_up(void **state)
{
	(void)state;
	static made_source m;
	bud_replay *replay = make_replay(&m, 1, BUD_SEED_NONE);
	bud_memory memory;
	bud_memory_assume(&memory, bud_replay_kernel(replay), 1, 8999, NULL);
	bud_proofs proofs;
	bud_rules rules;
	bud_zone *zone = &memory.zones[0];
	bud_proofs_init(&proofs);
	bud_proofs_begin(&proofs, true);
	for (bud_pfn pfn = 10; pfn < 14; pfn++)
		bud_proofs_add(&proofs, BUD_PROOF_DIRECT, pfn, pfn, 0, false);
	bud_proofs_add(&proofs, BUD_PROOF_AFTER, 15, 24, 2, false);
	bud_proofs_add(&proofs, BUD_PROOF_SEED, 5, 32, 1, false);
	bud_proofs_end(&proofs);
	bud_proofs_begin(&proofs, true);
	bud_proofs_stamp(&proofs, 10, 1, 10); /* freed, and nothing since */
	bud_proofs_stamp(&proofs, 11, 1, 12); /* named again */
	bud_proofs_stamp(&proofs, 12, 2, 20); /* these, too */
	bud_proofs_stamp(&proofs, 24, 4, 15);
	bud_proofs_stamp(&proofs, 26, 1, 16); /* came back */
	bud_proofs_stamp(&proofs, 33, 1, 6);  /* came after the seed */
	bud_zone_make_cached(zone, 10, 1);
	bud_zone_make_free(zone, 24, 2);
	bud_zone_make_free(zone, 32, 1);
	bud_rules_init(&rules, &memory, bud_replay_kernel(replay), &proofs, NULL, NULL, false);
	rules.seq = 21;
	rules.seed_seq = 5;
	bud_rules_catch_up(&rules);
	static const bud_pfn free_pages[] = { 10, 26, 33 };
	assert_int_equal(zone->buddy.free_pages, 3);
	for (size_t i = 0; i < 3; i++)
		assert_true(bud_buddy_page_is_free(&zone->buddy, free_pages[i]));
	bud_proofs_fini(&proofs);
	bud_memory_fini(&memory);
	bud_replay_destroy(replay);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_pass_catches_up),
		cmocka_unit_test(test_books_balance),
		cmocka_unit_test(test_a_trace_without_drains_claims_nothing),
		cmocka_unit_test(test_a_restart_goes_on_as_if_nothing_had_been),
		cmocka_unit_test(test_a_listener_hears_every_event_once),
		cmocka_unit_test(test_listening_changes_nothing),
		cmocka_unit_test(test_replays_of_one_source_do_not_disturb_each_other),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
