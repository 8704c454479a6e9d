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

#define BUD_SIMULATED_COLUMNS 24

/* A section of `report` as the simulations give it: simulated_freelist, _index, _zone. */
typedef struct bud_simulated {
	const bud_section *section;
	char name[32];
	const char *columns[BUD_SIMULATED_COLUMNS];
	bud_table table;
} bud_simulated;

void bud_simulated_init(bud_simulated *simulated, const bud_section *section);
/* Its rows of every case at t_ns, up to which whatif has just run. */
bud_status bud_simulated_rows(const bud_simulated *simulated, bud_whatif *whatif, const bud_whatif_case *cases,
			      size_t nr_cases, uint64_t t_ns, const bud_memory *memory,
			      const bud_section_filter *filter, bud_row_sink *sink, bud_error *err);

/*
 * What happened, in the trace and simulated. near: how many of the trace's
 * have a simulated one within a hundredth of the time simulated.
 */
extern const bud_table bud_simulated_happening;
bud_status bud_simulated_happenings(const bud_whatif *whatif, const bud_whatif_case *cases, size_t nr_cases,
				    uint64_t near_ns, bud_row_sink *sink, bud_error *err);

/* Free blocks at every snapshot behind the start: the kernel's, the replay's, the simulated ones. */
extern const bud_table bud_simulated_judgement;
bud_status bud_simulated_judgements(const bud_whatif *whatif, const bud_whatif_case *cases, size_t nr_cases,
				    const bud_section_filter *filter, bud_row_sink *sink, bud_error *err);

#endif
