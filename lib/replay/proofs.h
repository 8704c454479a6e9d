/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What later events tell about earlier silence. A pass over the trace
 * learns where the replay must have missed something and when that must
 * have been; the next pass knows it, and may learn more. Events are known
 * by their number in the order of replay, the same in every pass.
 */
#ifndef BUD_REPLAY_PROOFS_H
#define BUD_REPLAY_PROOFS_H

#include "lib/base/error.h"
#include "lib/base/event.h"

typedef enum bud_proof_kind {
	BUD_PROOF_DIRECT, /* the mm_page_free of that number went straight to the buddy, no per-CPU list took the page */
	BUD_PROOF_AT, /* the isolation of that number took the page's block */
	BUD_PROOF_NOT, /* the isolation of that number did not take this block, likely as it looked */
	BUD_PROOF_AFTER, /* the pages left the free lists as soon as that event had put them there (capture) */
	BUD_PROOF_DOUBT, /* the mm_page_free of that number may have gone straight to the buddy, and nothing ever tells */
	BUD_PROOF_GAP, /* events of CPU number pfn were lost from there on, to its next LOST */
	BUD_PROOF_SEED, /* the pages were gone already when the seed before that event was read */
} bud_proof_kind;

typedef struct bud_proof {
	uint64_t seq;
	bud_pfn pfn;
	uint8_t kind;
	uint8_t order;
	bool sure; /* AT: the task itself gave the page back within the run in which it took it */
} bud_proof;

/* A silent way out of the free lists that the trace tells of. */
typedef struct bud_exit {
	uint64_t seq;
	bud_pfn start, end; /* pages it may have taken */
	uint64_t room; /* pages it took that are not explained yet */
	bud_pfn block; /* FAST: the block of 2^order pages it took, BUD_PFN_NONE until some page tells */
	bud_pfn *candidates; /* FAST: the free blocks of that order at that moment, sorted */
	size_t nr_candidates;
	uint8_t order;
	int32_t pid;
	uint8_t rank; /* bud_exit_rank */
} bud_exit;

/* In the order they are believed. */
typedef enum bud_exit_rank {
	BUD_EXIT_CONTIG, /* test_pages_isolated found the whole range free */
	BUD_EXIT_FAST, /* mm_compaction_fast_isolate_freepages */
	BUD_EXIT_SCAN, /* mm_compaction_isolate_freepages that took less than all */
	BUD_EXIT_RUN, /* the beginning of a compaction run */
	BUD_NR_EXIT_RANKS,
} bud_exit_rank;

typedef struct bud_proofs {
	bud_proof *known; /* sorted; what earlier passes learnt */
	size_t nr_known, max_known;
	bud_proof *fresh; /* what this pass learns */
	size_t nr_fresh, max_fresh;
	bud_proof *doubts; /* of this pass: DOUBT, unless the pages are seen again */
	size_t nr_doubts, max_doubts;
	bud_exit *exits; /* of this pass, by seq */
	size_t nr_exits, max_exits;
	bud_proof *guesses; /* of this pass, by seq */
	size_t nr_guesses, max_guesses;
	uint32_t **stamps; /* by pfn: number of the event that last moved the page */
	uint64_t nr_stamps;
	size_t bytes;
	bool learning;
	bool full; /* the cap on memory was reached: the rest is not learnt */
} bud_proofs;

void bud_proofs_init(bud_proofs *proofs);
void bud_proofs_fini(bud_proofs *proofs);

/* Begins a pass that learns (or one that only uses what is known). */
void bud_proofs_begin(bud_proofs *proofs, bool learn);
/*
 * Ends a learning pass: what it learnt becomes known. Returns how many new
 * proofs may lead to more: none where nothing was ever isolated.
 */
size_t bud_proofs_end(bud_proofs *proofs);

/* The known proofs of event seq: the first of them at or behind index, which only moves on. */
static inline bool bud_proofs_has(const bud_proofs *proofs, size_t *index, uint64_t seq)
{
	while (*index < proofs->nr_known && proofs->known[*index].seq < seq)
		++*index;
	return *index < proofs->nr_known && proofs->known[*index].seq == seq;
}

/*
 * The isolation of that number is taken to have had this block, without
 * proof. An event that shows a page of it free, or freed, will tell.
 */
void bud_proofs_guess(bud_proofs *proofs, uint64_t seq, bud_pfn block, int order);
/* An event finds the page: on the free lists, or given back by the isolation. Adds what that says about a guess. */
void bud_proofs_check_guess(bud_proofs *proofs, bud_pfn pfn, bool was_free);

/* Remembers that event seq moved these pages. */
void bud_proofs_stamp(bud_proofs *proofs, bud_pfn pfn, uint64_t nr, uint64_t seq);
/* The number of the event that last moved the page, or 0. */
uint64_t bud_proofs_stamp_of(const bud_proofs *proofs, bud_pfn pfn);

void bud_proofs_add(bud_proofs *proofs, bud_proof_kind kind, uint64_t seq, bud_pfn pfn, int order);
/* Forgets what this pass has learnt, but for its first nr proofs, and gaps. */
void bud_proofs_forget(bud_proofs *proofs, size_t nr);
/*
 * A full scan of [start, end) by a task lacked surplus pages of what is held
 * free there: its fast isolations before it may have taken the blocks.
 */
void bud_proofs_explain_surplus(bud_proofs *proofs, bud_pfn start, bud_pfn end, uint64_t surplus, int32_t pid);
/* That free is in doubt as long as no later event moves its pages. */
void bud_proofs_doubt(bud_proofs *proofs, uint64_t seq, bud_pfn pfn, int order);
/* Takes over exit->candidates. */
void bud_proofs_add_exit(bud_proofs *proofs, const bud_exit *exit);

/*
 * A page held free turns out to have left: finds the likeliest exit since it
 * last moved, and adds the proof. seed: number of the event that followed
 * the seed, in force when the page has not moved since. run: number of the
 * event that began the compaction run the freeing task is in, or 0.
 */
void bud_proofs_explain(bud_proofs *proofs, bud_pfn pfn, int32_t pid, uint64_t seed, uint64_t run);

#endif
