/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/replay/exits.h"

static bud_event fast_of(uint64_t nr, int32_t pid)
{
	return (bud_event){ .kind = BUD_EV_FAST_ISOLATE_FREE, .pid = pid, .isolate = { 0, 4096, nr, nr } };
}

/* A zone with free blocks of 8 pages at 64, 128 and 256, put there by events 1, 2 and 3. */
static void set_up(bud_proofs *proofs, bud_zone *zone)
{
	bud_proofs_init(proofs);
	bud_proofs_begin(proofs, true);
	bud_zone_init(zone, 0, "Normal", 0, 4096, 10);
	static const bud_pfn blocks[] = { 64, 128, 256 };
	for (size_t i = 0; i < 3; i++) {
		bud_zone_make_free(zone, blocks[i], 3);
		bud_proofs_stamp(proofs, blocks[i], 8, i + 1);
	}
}

static void tear_down(bud_proofs *proofs, bud_zone *zone)
{
	bud_proofs_fini(proofs);
	bud_zone_fini(zone);
}

/* The proof of that kind about event seq, or NULL. */
static const bud_proof *proof_of(const bud_proofs *proofs, bud_proof_kind kind, uint64_t seq)
{
	for (size_t i = 0; i < proofs->nr_known; i++)
		if (proofs->known[i].kind == kind && proofs->known[i].seq == seq)
			return &proofs->known[i];
	return NULL;
}

static void settle(bud_proofs *proofs)
{
	bud_exits_settle(proofs, 0);
	bud_proofs_end(proofs);
}

static void test_a_page_found_gone_tells_the_block(void **state)
{
	(void)state;
	bud_proofs proofs;
	bud_zone zone;
	set_up(&proofs, &zone);
	bud_event event = fast_of(8, 1);
	bud_exits_add_fast(&proofs, &event, 10, &zone, 0);
	bud_exits_gone(&proofs, 130, 7, 0, 20, 0, true);
	settle(&proofs);
	assert_non_null(proof_of(&proofs, BUD_PROOF_AT, 10));
	assert_int_equal(proof_of(&proofs, BUD_PROOF_AT, 10)->pfn, 128);
	assert_null(proof_of(&proofs, BUD_PROOF_GUESS, 10));
	tear_down(&proofs, &zone);
}

static void test_the_last_block_left_is_the_one(void **state)
{
	(void)state;
	bud_proofs proofs;
	bud_zone zone;
	set_up(&proofs, &zone);
	bud_event event = fast_of(8, 1);
	bud_exits_add_fast(&proofs, &event, 10, &zone, 0);
	bud_exits_stayed(&proofs, 64);
	bud_exits_stayed(&proofs, 263);
	settle(&proofs);
	assert_non_null(proof_of(&proofs, BUD_PROOF_GUESS, 10));
	assert_int_equal(proof_of(&proofs, BUD_PROOF_GUESS, 10)->pfn, 128);
	assert_true(proof_of(&proofs, BUD_PROOF_GUESS, 10)->sure);
	tear_down(&proofs, &zone);
}

/* Nothing tells: of the preferred blocks the oldest, and it is no more than a guess. */
static void test_guess_goes_by_the_order_of_the_list(void **state)
{
	(void)state;
	bud_proofs proofs;
	bud_zone zone;
	set_up(&proofs, &zone);
	bud_event event = fast_of(8, 1);
	bud_exits_add_fast(&proofs, &event, 10, &zone, 100);
	settle(&proofs);
	assert_int_equal(proof_of(&proofs, BUD_PROOF_GUESS, 10)->pfn, 128);
	assert_false(proof_of(&proofs, BUD_PROOF_GUESS, 10)->sure);
	tear_down(&proofs, &zone);
}

static void test_a_search_around_narrows_to_its_pageblock(void **state)
{
	(void)state;
	bud_proofs proofs;
	bud_zone zone;
	set_up(&proofs, &zone);
	bud_event event = fast_of(8, 1);
	bud_exits_add_fast(&proofs, &event, 10, &zone, 0);
	bud_exits_narrow(&proofs, 10, 256, 512);
	settle(&proofs);
	assert_int_equal(proof_of(&proofs, BUD_PROOF_GUESS, 10)->pfn, 256);
	assert_true(proof_of(&proofs, BUD_PROOF_GUESS, 10)->sure);
	tear_down(&proofs, &zone);
}

/*
 * The first isolation can have taken either block, the second only the one at
 * 64: the other came back later. Explaining the page at 64 by the first alone,
 * as the likelier, would leave the page at 128 without a way out.
 */
static void test_blocks_give_way_to_one_another(void **state)
{
	(void)state;
	bud_proofs proofs;
	bud_zone zone;
	set_up(&proofs, &zone);
	bud_event first = fast_of(8, 1), second = fast_of(8, 2);
	bud_exits_add_fast(&proofs, &first, 10, &zone, 0);
	bud_zone_make_used(&zone, 128, 3);
	bud_exits_add_fast(&proofs, &second, 11, &zone, 0);
	bud_exits_gone(&proofs, 64, 1, 0, 20, 0, true);
	bud_exits_gone(&proofs, 128, 3, 0, 20, 0, true);
	settle(&proofs);
	assert_int_equal(proof_of(&proofs, BUD_PROOF_AT, 10)->pfn, 128);
	assert_int_equal(proof_of(&proofs, BUD_PROOF_AT, 11)->pfn, 64);
	assert_false(proofs.last_resort);
	tear_down(&proofs, &zone);
}

/* It left by one of two isolations, no matter which: in doubt from the first to the second, and no longer. */
static void test_a_page_is_in_doubt_between_its_exits(void **state)
{
	(void)state;
	bud_proofs proofs;
	bud_zone zone;
	set_up(&proofs, &zone);
	bud_event event = fast_of(8, 1);
	bud_exits_add_fast(&proofs, &event, 10, &zone, 0);
	bud_exits_add_fast(&proofs, &event, 11, &zone, 0);
	bud_exits_stayed(&proofs, 256);
	bud_exits_gone(&proofs, 64, 1, 0, 20, 0, true);
	bud_exits_gone(&proofs, 128, 1, 0, 20, 0, true);
	settle(&proofs);
	size_t unsettled = 0, settled = 0;
	for (size_t i = 0; i < proofs.nr_known; i++) {
		const bud_proof *proof = &proofs.known[i];
		unsettled += proof->kind == BUD_PROOF_UNSETTLED && proof->seq == 10;
		settled += proof->kind == BUD_PROOF_SETTLED && proof->seq == 11 && proof->since == 10;
	}
	assert_int_equal(unsettled, 2);
	assert_int_equal(settled, 2);
	tear_down(&proofs, &zone);
}

/* No exit for page 64: only when nothing else is learnt any more it left as soon as it came. */
static void test_without_an_exit_it_left_as_it_came(void **state)
{
	(void)state;
	bud_proofs proofs;
	bud_zone zone;
	set_up(&proofs, &zone);
	for (int pass = 0; pass < 2; pass++) {
		bud_event event = fast_of(8, 1);
		bud_proofs_begin(&proofs, true);
		bud_proofs_stamp(&proofs, 64, 8, 1);
		bud_exits_gone(&proofs, 64, 1, 0, 5, 0, true);
		bud_exits_add_fast(&proofs, &event, 10, &zone, 0);
		bud_exits_gone(&proofs, 130, 7, 0, 20, 0, true);
		settle(&proofs);
		assert_non_null(proof_of(&proofs, BUD_PROOF_AT, 10));
		assert_true(!proof_of(&proofs, BUD_PROOF_AFTER, 1) == (pass == 0));
	}
	tear_down(&proofs, &zone);
}

/* A run of compaction that moved nothing and gave nothing back took nothing: the page left by the other. */
static void test_a_run_takes_no_more_than_it_moved(void **state)
{
	(void)state;
	bud_proofs proofs;
	bud_zone zone;
	set_up(&proofs, &zone);
	for (uint64_t seq = 10; seq <= 20; seq += 10) {
		bud_exit run = {
			.seq = seq, .end = 4096, .room = 1000, .block = BUD_PFN_NONE, .rank = BUD_EXIT_RUN, .pid = 5
		};
		bud_proofs_add_exit(&proofs, &run);
		if (seq == 10)
			bud_exits_limit(&proofs, 10, 5, 0);
		bud_exits_limit(&proofs, 10, 6, 0); /* another task's */
	}
	bud_exits_gone(&proofs, 130, 7, 0, 30, 0, true);
	settle(&proofs);
	assert_null(proof_of(&proofs, BUD_PROOF_AT, 10));
	assert_non_null(proof_of(&proofs, BUD_PROOF_AT, 20));
	assert_null(proof_of(&proofs, BUD_PROOF_UNSETTLED, 10));
	tear_down(&proofs, &zone);
}

/* A pass that ends with what an earlier one ended with would be followed by the same ones again. */
static void test_passes_do_not_go_round(void **state)
{
	(void)state;
	bud_proofs proofs;
	bud_zone zone;
	set_up(&proofs, &zone);
	static const bud_pfn found[] = { 130, 66, 130 };
	for (int pass = 0; pass < 3; pass++) {
		bud_event event = fast_of(8, 1);
		bud_proofs_begin(&proofs, true);
		bud_exits_add_fast(&proofs, &event, 10, &zone, 0);
		bud_exits_gone(&proofs, found[pass], 7, 0, 20, 0, true);
		bud_exits_settle(&proofs, 0);
		assert_int_equal(bud_proofs_news(&proofs), 1);
		assert_int_equal(bud_proofs_end(&proofs), pass < 2);
	}
	tear_down(&proofs, &zone);
}

/* What was found out before the mark is there again when a pass begins behind it; what came later is not. */
static void test_a_pass_goes_back_to_the_mark(void **state)
{
	(void)state;
	bud_proofs proofs;
	bud_proofs_kept kept;
	bud_zone zone;
	set_up(&proofs, &zone);
	bud_exits_gone(&proofs, 64, 1, 0, 5, 0, true);
	assert_true(bud_proofs_keep(&proofs, &kept));
	bud_proofs_stamp(&proofs, 128, 8, 9);
	bud_proofs_stamp(&proofs, 100000, 1, 9);
	bud_exits_gone(&proofs, 256, 1, 0, 11, 0, true);
	settle(&proofs);
	bud_proofs_go_back(&proofs, &kept);
	assert_int_equal(bud_proofs_stamp_of(&proofs, 128), 2);
	assert_int_equal(bud_proofs_stamp_of(&proofs, 263), 3);
	assert_int_equal(bud_proofs_stamp_of(&proofs, 100000), 0);
	assert_int_equal(proofs.nr_gone, 1);
	assert_int_equal(proofs.gone[0].pfn, 64);
	bud_proofs_kept_fini(&kept);
	tear_down(&proofs, &zone);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_page_found_gone_tells_the_block),
		cmocka_unit_test(test_the_last_block_left_is_the_one),
		cmocka_unit_test(test_guess_goes_by_the_order_of_the_list),
		cmocka_unit_test(test_a_search_around_narrows_to_its_pageblock),
		cmocka_unit_test(test_blocks_give_way_to_one_another),
		cmocka_unit_test(test_a_page_is_in_doubt_between_its_exits),
		cmocka_unit_test(test_without_an_exit_it_left_as_it_came),
		cmocka_unit_test(test_a_run_takes_no_more_than_it_moved),
		cmocka_unit_test(test_passes_do_not_go_round),
		cmocka_unit_test(test_a_pass_goes_back_to_the_mark),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
