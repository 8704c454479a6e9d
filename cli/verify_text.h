/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What `verify` found, for people.
 */
#ifndef BUD_CLI_VERIFY_TEXT_H
#define BUD_CLI_VERIFY_TEXT_H

#include <stdio.h>

#include "cli/options.h"
#include "lib/insight/agreement.h"

/* The replay against the snapshots, as far as it is asked for. */
typedef struct bud_findings {
	const bud_workbench *bench;
	const bud_options *options;
	bud_comparison *comparisons; /* of the zones asked for, judged by the orders asked for */
	bud_reading *readings;	     /* of the same zones */
	bud_agreement agreement;     /* of these */
	bud_verdict *verdicts;	     /* one a snapshot */
	bud_verify_summary sum;
	bud_verify_lists lists;
} bud_findings;

/* Differences only; with --verbose every zone, kernel and replay side by side. */
void bud_verify_text_print(const bud_findings *findings, FILE *out);

#endif
