/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The instants that tables are asked for: --at, --step, --samples, --time.
 */
#ifndef BUD_CLI_INSTANTS_H
#define BUD_CLI_INSTANTS_H

#include "cli/options.h"

typedef struct bud_instants {
	uint64_t *t; /* in the order asked for; BUD_TIME_NONE: a snapshot without an instant */
	size_t nr;
	uint64_t begin; /* where the first step begins */
	uint64_t *ends; /* those that have a time, ascending: the columns of a timeline */
	size_t nr_ends;
	size_t *columns; /* of each t, its place in ends; SIZE_MAX where it has none */
	bool ordered;	 /* t and ends are the same */
} bud_instants;

/* Fills instants, which bud_instants_fini() frees, also after an error. */
bud_status bud_instants_collect(bud_instants *instants, const bud_options *options, const bud_workbench *bench,
				bud_error *err);
void bud_instants_fini(bud_instants *instants);

#endif
