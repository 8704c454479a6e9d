/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What simulations came to, for people: what happened beside what happened
 * in the trace, and the judgement.
 */
#ifndef BUD_CLI_SIMULATE_TEXT_H
#define BUD_CLI_SIMULATE_TEXT_H

#include "cli/cases.h"

/* Happenings so near in time count as the same: a hundredth of the time simulated. */
uint64_t bud_simulate_near(const bud_whatif *whatif, const bud_workbench *bench);

/* What the reader should know of the ground the result stands on: says it line by line. */
void bud_simulate_limits(const bud_whatif *whatif, const bud_workbench *bench,
			 void (*say)(void *self, const char *line), void *self);

void bud_simulate_print(const bud_whatif *whatif, const bud_cases *cases, const bud_workbench *bench,
			const bud_options *options, FILE *out);

#endif
