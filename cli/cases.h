/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is to be simulated: --set KEY=VALUE, several of which make one case,
 * and --case KEY=VALUE[,KEY=VALUE...], each a case of its own. The first
 * case is always the trace as it was.
 */
#ifndef BUD_CLI_CASES_H
#define BUD_CLI_CASES_H

#include "cli/options.h"
#include "lib/insight/whatif.h"

typedef struct bud_cases {
	bud_whatif_case list[BUD_JUDGE_CASES];
	size_t nr;
} bud_cases;

/* The order of the settings of a case does not matter, but that of two which set the same: the later counts.
 * BUD_ERR_USAGE names the setting that is wrong, and what it may be. */
bud_status bud_cases_parse(bud_cases *cases, const bud_options *options, const bud_workbench *bench, bud_error *err);

/* What can be set, a line each (--set help). */
void bud_cases_print_keys(FILE *out);

#endif
