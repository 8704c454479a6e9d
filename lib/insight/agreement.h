/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tables of `verify`: the replay and the kernel's files side by side.
 * The columns are the contract of the command line; new ones are only ever
 * added at the end.
 */
#ifndef BUD_INSIGHT_AGREEMENT_H
#define BUD_INSIGHT_AGREEMENT_H

#include "lib/insight/section.h"
#include "lib/replay/verify.h"

/* What the tables are made of; all borrowed. */
typedef struct bud_agreement {
	const bud_comparison *comparisons; /* judged as the filter asks */
	size_t nr_comparisons;
	const bud_reading *readings;
	size_t nr_readings;
	const bud_typecheck
		*typechecks; /* those without bud_typecheck.known or of the first pagetypeinfo give no rows */
	size_t nr_typechecks;
	const bud_kernel *kernel;
	const bud_section_filter *filter;
	bool marks_by_events; /* the trace tells of new marks; else they are only read from snapshots */
	const bud_verify_summary *summary;
	uint64_t lost_events;
} bud_agreement;

typedef struct bud_agreement_table {
	bud_table table;
	/* Of one comparison; NULL where the table has one row in all. */
	bud_status (*rows)(const bud_agreement *agreement, const bud_comparison *comparison, bud_row_sink *sink,
			   bud_error *err);
	bud_status (*row)(const bud_agreement *agreement, bud_row_sink *sink, bud_error *err);
} bud_agreement_table;

/*
 * verify: blocks, a row an order. verify_zone: a row a zone: free pages,
 * per-CPU pages and watermarks. verify_type: blocks
 * by order and migratetype. verify_pageblock: pageblocks by migratetype. kernel_* are the kernel's numbers, model_*
 * the replay's; pcp_pages and marks as they were just before zoneinfo was read. verify_summary: one row, all snapshots
 * but the first.
 */
#define BUD_NR_AGREEMENT_TABLES 5
extern const bud_agreement_table bud_agreement_tables[BUD_NR_AGREEMENT_TABLES];

/* The table of that name, or NULL. */
const bud_agreement_table *bud_agreement_find(const char *name);

/* The whole table. */
bud_status bud_agreement_write(const bud_agreement_table *table, const bud_agreement *agreement, bud_row_sink *sink,
			       bud_error *err);

#endif
