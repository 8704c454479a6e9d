/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Changes tried on one request: the trace is simulated once for each, and
 * what becomes of the request is noted, and of those like it. As many cases
 * go side by side as their tables have room; the others follow in passes of
 * their own. Simulated numbers all of them, but for what `trace` says.
 */
#ifndef BUD_INSIGHT_TRIAL_H
#define BUD_INSIGHT_TRIAL_H

#include "lib/insight/whatif.h"

typedef struct bud_trial_setup {
	bud_replay *replay; /* has learnt; nobody listens, and only the trial runs it from now on */
	bud_source *source;
	const bud_gfp_table *gfp;
	const bud_snapshot *snapshots;
	size_t nr_snapshots;
	bud_settings_input settings;
	const bud_whatif_case *cases; /* the first is the unchanged one */
	size_t nr_cases;	      /* at most BUD_JUDGE_CASES */
	size_t control; /* the case with next to no change: where it differs from the first is chance; 0: none */
	bool slow;	/* the request was served, but slowly: only at once is well */
	bud_fate_subject subject;
	uint64_t end_ns;  /* so far it goes: the request's time, or that of the last like it */
	size_t max_bytes; /* for tables of the cases */
} bud_trial_setup;

/* One side up to the end: the trace's, or a case's. */
typedef struct bud_trial_side {
	bud_fates fates;	   /* of a case */
	uint64_t failed;	   /* requests like it */
	uint64_t low_pages;	   /* sum of all zones' low marks, without boost; of a case */
	uint64_t reclaimed, moved; /* pages, by whomever */
	uint64_t count[BUD_NR_MEASURES];
	uint64_t left_out; /* requests of those who are left out, or dead */
} bud_trial_side;

typedef struct bud_trial {
	const bud_trial_setup *setup;
	bud_whatif *whatif;	 /* the cases at work; NULL: none */
	size_t first, next;	 /* of them, and behind them */
	uint64_t start_ns, made; /* when simulation begins; requests like it from then on */
	bud_trial_side trace, cases[BUD_JUDGE_CASES];
} bud_trial;

/* What the tables of one case take, roughly. */
size_t bud_trial_bytes(const bud_memory *memory);

/* setup is borrowed. */
void bud_trial_init(bud_trial *trial, const bud_trial_setup *setup);
void bud_trial_fini(bud_trial *trial);
/* Goes on as bud_whatif_run() does. BUD_ERR_USAGE if there is no state to begin with. */
bud_status bud_trial_run(bud_trial *trial, uint64_t *budget, bool *done, bud_error *err);

/* When it is done: what it says. */

/* The unchanged case has the trouble that the trace had: the request fails, or is slow. */
bool bud_trial_repeats(const bud_trial *trial);
/* It does, but next to no change ends it. */
bool bud_trial_by_chance(const bud_trial *trial);
/* The model tells of this very request, not only of those like it. */
bool bud_trial_tells(const bud_trial *trial);
/* The case serves the request, and no more of those like it fail; or where the model does not tell of it, fewer of
 * those do than with nothing or next to nothing changed. */
bool bud_trial_helps(const bud_trial *trial, size_t which);
/* Of the cases that help, the first that leaves the fewest like it to fail; 0: none helps. */
size_t bud_trial_best(const bud_trial *trial);

/*
 * Section `simulated_remedy`: a row for each case; role is unchanged, control
 * or remedy, helps as above. fate, failure, reclaims
 * and compactions are of the request; like_failed counts the requests like
 * it that failed in the trace (itself among them), failed_too those of them that fail
 * in the case, failed_newly others like it. The rest is of the whole machine up to the end.
 */
extern const bud_table bud_trial_table;
/* number: of the failure; BUD_UNKNOWN: it did not fail, or nobody made it. */
bud_status bud_trial_rows(const bud_trial *trial, uint64_t number, uint64_t t_ns, bud_row_sink *sink, bud_error *err);

#endif
