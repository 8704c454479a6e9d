/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The part of `explain` that is simulated: what would have helped.
 */
#ifndef BUD_CLI_EXPLAIN_TRIAL_H
#define BUD_CLI_EXPLAIN_TRIAL_H

#include "cli/options.h"
#include "cli/remedy_text.h"

typedef struct bud_explain_trial {
	/* Given, and borrowed. */
	const bud_options *options;
	bud_workbench *bench; /* nobody listens to its replay any more */
	const bud_impasse *scene;
	const bud_settings *settings; /* in force then; NULL: unknown */
	const bud_owners *owners;
	bud_site_table *sites;
	bud_fate_subject subject;
	uint64_t end_ns; /* how far to simulate */
	/* Found. */
	bud_culprits culprits;
	bud_remedies remedies;
	bud_trial_setup setup;
	bud_trial trial;
	char untried[BUD_ERROR_TEXT]; /* why nothing was tried; "": it was */
} bud_explain_trial;

/* With progress on standard error. That nothing can be tried is no error. */
bud_status bud_explain_trial_run(bud_explain_trial *trial, bud_error *err);
void bud_explain_trial_print(const bud_explain_trial *trial, const bud_explain_text *text);
void bud_explain_trial_fini(bud_explain_trial *trial);

#endif
