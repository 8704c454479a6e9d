/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How often the model of the allocator decides as the kernel did, question
 * by question, and what the disagreements come from. What cannot be decided
 * from what is known is counted apart, never as agreed.
 */
#ifndef BUD_INSIGHT_TALLY_H
#define BUD_INSIGHT_TALLY_H

#include "lib/base/mmtypes.h"
#include "lib/base/table.h"

/* X(QUESTION, name, what is asked) */
#define BUD_QUESTIONS(X)                                                                          \
	X(ZONE, "zone", "the first zone of the request's list that passes its mark")              \
	X(SPLIT_ORDER, "split_order", "the smallest block of the list used that is large enough") \
	X(OWN_LIST, "own_list", "the own list is empty exactly where the kernel falls back")      \
	X(KSWAPD_WAKE, "kswapd_wake", "kswapd is woken")                                          \
	X(SLOWPATH, "slowpath", "the request goes into the slow path")                            \
	X(COMPACTION, "compaction", "the zone is fit for compaction")                             \
	X(OUTCOME, "outcome", "the request gets its block")                                       \
	X(FALLBACK, "fallback", "order and type of the block a fallback takes")                   \
	X(CLAIM, "claim", "a fallback claims the pageblock, or steals one block")                 \
	X(LOWEST_PAGE, "lowest_page", "the lowest page of the block is handed out")

typedef enum bud_question {
#define X(question, name, text) BUD_ASK_##question,
	BUD_QUESTIONS(X)
#undef X
		BUD_NR_QUESTIONS,
} bud_question;

const char *bud_question_name(bud_question question);
const char *bud_question_text(bud_question question);

/* One root of disagreement: the same block or thing found wrong again and again. */
typedef struct bud_tally_root {
	uint8_t question;
	const char *cause; /* static: what went otherwise */
	int32_t node;	   /* where: -1 none in particular */
	const char *zone;
	bud_pfn pfn; /* of the block; BUD_PFN_NONE: none in particular */
	int order;
	bud_migratetype type;
	bool uncertain; /* the zone claimed uncertain pages when it was first seen */
	uint64_t first_t_ns, count;
} bud_tally_root;

#define BUD_TALLY_ROOTS 1024

typedef struct bud_tally {
	struct {
		uint64_t asked, agreed; /* asked: those that could be decided */
		uint64_t undecided;
	} answers[BUD_NR_QUESTIONS];
	bud_tally_root *roots; /* by when they were found; room for BUD_TALLY_ROOTS */
	size_t nr_roots;
	uint64_t unrooted; /* disagreements beyond that many roots */
} bud_tally;

bud_status bud_tally_init(bud_tally *tally, bud_error *err);
void bud_tally_fini(bud_tally *tally);

static inline void bud_tally_agree(bud_tally *tally, bud_question question)
{
	tally->answers[question].asked++;
	tally->answers[question].agreed++;
}

static inline void bud_tally_undecided(bud_tally *tally, bud_question question)
{
	tally->answers[question].undecided++;
}

/* A disagreement; root gives everything but the question and count. */
void bud_tally_disagree(bud_tally *tally, bud_question question, const bud_tally_root *root);

/* Sorts the roots: by question, the commonest first. */
void bud_tally_sort(bud_tally *tally);

/* Section `decision`, all of it: question,asked,agreed,agreed_milli,undecided; questions never asked have 0. */
bud_status bud_tally_write(const bud_tally *tally, bud_row_sink *sink, bud_error *err);
/* Section `decision_root`: the roots in their order. */
bud_status bud_tally_write_roots(const bud_tally *tally, bud_row_sink *sink, bud_error *err);

#endif
