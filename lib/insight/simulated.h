/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tables of `simulate`. Their names begin with simulated, and their last
 * column says which case a row is of, so that no simulated number can be
 * taken for a replayed one. The columns are the contract of the command
 * line; new ones are only ever added in front of the last.
 */
#ifndef BUD_INSIGHT_SIMULATED_H
#define BUD_INSIGHT_SIMULATED_H

#include "lib/insight/section.h"
#include "lib/insight/whatif.h"

#define BUD_SIMULATED_COLUMNS 32

/* A table of `report` as the simulations give it: simulated_freelist and so on. */
typedef struct bud_simulated {
	const bud_section *section; /* NULL: not one of state */
	char name[32];
	const char *columns[BUD_SIMULATED_COLUMNS];
	bud_table table;
} bud_simulated;

void bud_simulated_init(bud_simulated *simulated, const bud_table *table, const bud_section *section);
/* Its rows of every case at t_ns, up to which whatif has just run. */
bud_status bud_simulated_rows(const bud_simulated *simulated, bud_whatif *whatif, const bud_whatif_case *cases,
			      size_t nr_cases, uint64_t t_ns, const bud_section_filter *filter, bud_row_sink *sink,
			      bud_error *err);

/* The rows of every case's tale of that kind; the table has begun. dropped: how many there was no room for. */
bud_status bud_simulated_tales(bud_whatif *whatif, bud_tale_kind kind, const bud_whatif_case *cases, size_t nr_cases,
			       bud_row_sink *sink, uint64_t *dropped, bud_error *err);

/*
 * What happened, in the trace and simulated. near: how many of the trace's
 * have a simulated one within a hundredth of the time simulated. The table has
 * begun.
 */
extern const bud_table bud_simulated_happening;
bud_status bud_simulated_happenings(const bud_whatif *whatif, const bud_whatif_case *cases, size_t nr_cases,
				    uint64_t near_ns, bud_row_sink *sink, bud_error *err);

/* Free blocks at every snapshot behind the start: the kernel's, the replay's, the simulated ones. The table has begun. */
extern const bud_table bud_simulated_judgement;
bud_status bud_simulated_judgements(const bud_whatif *whatif, const bud_whatif_case *cases, size_t nr_cases,
				    const bud_section_filter *filter, bud_row_sink *sink, bud_error *err);

#endif
