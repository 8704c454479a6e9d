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
#include "lib/base/pageset.h"

typedef enum bud_proof_kind {
	BUD_PROOF_DIRECT, /* the mm_page_free of that number went straight to the buddy, no per-CPU list took the page
			   */
	BUD_PROOF_AT,	  /* the isolation of that number took the page's block */
	BUD_PROOF_GUESS,  /* the fast isolation of that number likeliest took this block */
	BUD_PROOF_AFTER,  /* the pages left the free lists as soon as that event had put them there (capture) */
	BUD_PROOF_DOUBT,  /* the mm_page_free of that number may have gone straight to the buddy, and nothing ever tells
			   */
	BUD_PROOF_UNSETTLED, /* from there on the page may have left, by one isolation or a later one */
	BUD_PROOF_SETTLED,   /* by then it has, in any case; since: number of the event it was in doubt from */
	BUD_PROOF_GAP,	     /* events of CPU number pfn were lost from there on, to its next LOST */
	BUD_PROOF_SEED,	     /* the pages were gone already when the seed before that event was read */
} bud_proof_kind;

typedef struct bud_proof {
	uint64_t seq;
	uint64_t since; /* SETTLED */
	bud_pfn pfn;
	uint8_t kind;
	uint8_t order;
	bool sure; /* AT: the task itself gave the page back within the run in which it took it; GUESS: no other is left
		    */
} bud_proof;

/* A block that a fast isolation may have taken. */
typedef struct bud_candidate {
	bud_pfn block;
	uint32_t formed; /* about when it came to be: number of an event */
	bool stayed;	 /* some event has shown that it did not leave then */
	bool closed;	 /* it is guessed to have left by another */
} bud_candidate;

/* A silent way out of the free lists that the trace tells of. */
typedef struct bud_exit {
	uint64_t seq;
	bud_pfn start, end;	   /* pages it may have taken */
	uint64_t room;		   /* pages it took that are not explained yet */
	bud_pfn block;		   /* FAST: the block of 2^order pages it took, BUD_PFN_NONE until some page tells */
	bud_pfn low;		   /* FAST: blocks from here on were preferred */
	bud_candidate *candidates; /* FAST: the free blocks of that order at that moment, sorted */
	size_t nr_candidates;
	uint8_t order;
	uint8_t rank;	/* bud_exit_rank */
	bool guessed;	/* FAST: block is a guess */
	bool forced;	/* FAST: block is all that it can have taken */
	uint8_t stride; /* SCAN: in which it walked from start, 0 if not known */
	int32_t pid;
	uint32_t tried; /* while blocks are moved about: for which page last */
} bud_exit;

/* A page that was held free and turned out to have left. */
typedef struct bud_gone {
	bud_pfn pfn;
	uint64_t after, before; /* it left between these events */
	uint64_t moved;		/* number of the event that put it there, 0 if the seed did */
	uint64_t run;		/* of the event that began the compaction run the task that freed it is in, or 0 */
	int32_t pid;		/* of the task that found it gone */
	bool wanted;		/* must be explained while others are moved about */
	bool certain;		/* told by an event of the page itself */
	size_t by;		/* the exit by which it left, SIZE_MAX while not known */
	size_t way;		/* the exits by which it may have left: nr_ways of them, in ways of bud_proofs */
	uint32_t nr_ways;
	uint32_t counted;    /* how many of them were left when last counted, 0 if they were not */
	uint64_t counted_at; /* nr_settled at that time */
} bud_gone;

typedef enum bud_exit_rank {
	BUD_EXIT_CONTIG, /* test_pages_isolated found the whole range free */
	BUD_EXIT_FAST,	 /* mm_compaction_fast_isolate_freepages */
	BUD_EXIT_SCAN,	 /* mm_compaction_isolate_freepages that took less than all */
	BUD_EXIT_RUN,	 /* the beginning of a compaction run */
	BUD_NR_EXIT_RANKS,
} bud_exit_rank;

/* What moving blocks about has changed, to be put back where it leads nowhere. */
typedef struct bud_change {
	enum { BUD_CHANGE_BY, BUD_CHANGE_BLOCK, BUD_CHANGE_ROOM } what; /* of a gone page; of an exit */
	size_t index;
	uint64_t before;
} bud_change;

#define BUD_STAMP_SHIFT 15 /* pages of a chunk of stamps */

#define BUD_PROOFS_REMEMBERED 16 /* passes whose outcome is compared with later ones */

typedef struct bud_proofs {
	bud_proof *known; /* sorted; what earlier passes learnt */
	size_t nr_known, max_known;
	bud_proof *fresh; /* what this pass learns */
	size_t nr_fresh, max_fresh;
	bud_proof *doubts; /* of this pass: DOUBT, unless the pages are seen again */
	size_t nr_doubts, max_doubts;
	bud_exit *exits; /* of this pass, by seq */
	size_t nr_exits, max_exits;
	bud_gone *gone; /* of this pass */
	size_t nr_gone, max_gone;
	uint32_t *ways; /* indices of exits */
	size_t nr_ways, max_ways;
	bud_change *changes; /* of the try at hand */
	size_t nr_changes, max_changes;
	bool moving;	      /* blocks are moved about */
	uint32_t nr_tries;    /* pages for which they were */
	uint64_t nr_settled;  /* how often anything was settled about an exit */
	bud_pageset watched;  /* pages of candidates that no event has named since */
	bud_pageset assigned; /* pages this pass took away by what is known, and no event has named since */
	uint32_t **stamps;    /* by pfn, in chunks: number of the event that last moved the page */
	uint64_t nr_stamps;
	size_t bytes;
	bool learning;
	unsigned nr_passes;			/* that have learnt */
	uint64_t hashes[BUD_PROOFS_REMEMBERED]; /* of what they ended with */
	bool last_resort;			/* what no exit explains left as soon as it came, or before the seed */
	bool full;				/* the cap on memory was reached: the rest is not learnt */
} bud_proofs;

/* What a pass had found out of the trace at some moment, before the first silent way out: later passes begin there. */
typedef struct bud_proofs_kept {
	uint32_t **stamps;
	uint64_t nr_stamps;
	bud_gone *gone;
	size_t nr_gone;
} bud_proofs_kept;

void bud_proofs_init(bud_proofs *proofs);
void bud_proofs_fini(bud_proofs *proofs);

/* Begins a pass that learns (or one that only uses what is known). */
void bud_proofs_begin(bud_proofs *proofs, bool learn);
/* Keeps that; false (and nothing is kept) where it would take too much memory. */
bool bud_proofs_keep(const bud_proofs *proofs, bud_proofs_kept *kept);
/* Begins a pass that learns at that moment. */
void bud_proofs_go_back(bud_proofs *proofs, const bud_proofs_kept *kept);
void bud_proofs_kept_fini(bud_proofs_kept *kept);
/* How many new proofs of this pass may lead to more in the next: none where nothing was ever isolated. */
size_t bud_proofs_news(const bud_proofs *proofs);
/*
 * Ends a learning pass: what it learnt becomes known. Returns how many new
 * proofs may lead to more: none, either, where passes go round in a circle.
 */
size_t bud_proofs_end(bud_proofs *proofs);

/* The known proofs of event seq: the first of them at or behind index, which only moves on. */
static inline bool bud_proofs_has(const bud_proofs *proofs, size_t *index, uint64_t seq)
{
	while (*index < proofs->nr_known && proofs->known[*index].seq < seq)
		++*index;
	return *index < proofs->nr_known && proofs->known[*index].seq == seq;
}

/* Drops what is known, but for where gaps are. */
void bud_proofs_keep_gaps(bud_proofs *proofs);

void bud_proofs_stamp_new(bud_proofs *proofs, bud_pfn pfn, uint64_t nr, uint64_t seq);
/* Remembers that event seq moved these pages. */
static inline void bud_proofs_stamp(bud_proofs *proofs, bud_pfn pfn, uint64_t nr, uint64_t seq)
{
	uint64_t c = pfn >> BUD_STAMP_SHIFT;
	uint32_t *stamps = c < proofs->nr_stamps ? proofs->stamps[c] : NULL;
	if (nr == 1 && stamps && seq <= UINT32_MAX)
		stamps[pfn % ((uint64_t)1 << BUD_STAMP_SHIFT)] = (uint32_t)seq;
	else
		bud_proofs_stamp_new(proofs, pfn, nr, seq);
}

/* The number of the event that last moved the page, or 0. */
static inline uint64_t bud_proofs_stamp_of(const bud_proofs *proofs, bud_pfn pfn)
{
	uint64_t c = pfn >> BUD_STAMP_SHIFT;
	const uint32_t *stamps = c < proofs->nr_stamps ? proofs->stamps[c] : NULL;
	return stamps ? stamps[pfn % ((uint64_t)1 << BUD_STAMP_SHIFT)] : 0;
}

void bud_proofs_add(bud_proofs *proofs, bud_proof_kind kind, uint64_t seq, bud_pfn pfn, int order, bool sure);
/* Forgets what this pass has learnt behind event number seq, but for its first nr proofs, and gaps. */
void bud_proofs_forget(bud_proofs *proofs, size_t nr, uint64_t seq);
/* The page left by some event of [from, to], and nothing tells by which. */
void bud_proofs_unsettled(bud_proofs *proofs, bud_pfn pfn, uint64_t from, uint64_t to);
/* That free is in doubt as long as no later event moves its pages. */
void bud_proofs_doubt(bud_proofs *proofs, uint64_t seq, bud_pfn pfn, int order);
/* Takes over exit->candidates. */
void bud_proofs_add_exit(bud_proofs *proofs, const bud_exit *exit);
/* False where there is no room to note it. */
bool bud_proofs_add_change(bud_proofs *proofs, const bud_change *change);
void bud_proofs_add_way(bud_proofs *proofs, uint32_t exit);
void bud_proofs_add_gone(bud_proofs *proofs, const bud_gone *gone);

#endif
