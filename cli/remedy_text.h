/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What simulations say would have helped, for people: a block of its own,
 * marked as simulated.
 */
#ifndef BUD_CLI_REMEDY_TEXT_H
#define BUD_CLI_REMEDY_TEXT_H

#include "cli/explain_text.h"
#include "lib/insight/remedy.h"
#include "lib/insight/trial.h"

typedef struct bud_remedy_text {
	const bud_explain_text *text;
	const bud_remedies *remedies;
	const bud_trial *trial; /* of these */
	bool slow;		/* the request was served, and slowly: only at once is well */
	bool narrowed;		/* the replay was asked of few of its zones */
} bud_remedy_text;

void bud_remedy_text_print(const bud_remedy_text *remedy);
/* The same where there was no trial; why, in one line. */
void bud_remedy_text_untried(const bud_explain_text *text, const char *why);

#endif
