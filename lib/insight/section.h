/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every table of `report` made of a timeline, built once for all commands,
 * writers and screens. The columns are the contract of the command line;
 * new ones are only ever added at the end.
 */
#ifndef BUD_INSIGHT_SECTION_H
#define BUD_INSIGHT_SECTION_H

#include "lib/base/table.h"
#include "lib/replay/timeline.h"

/* What of a table is wanted. */
typedef struct bud_section_filter {
	int32_t node;		  /* -1: all */
	const char *zone;	  /* NULL: all */
	int order_min, order_max; /* 0 and BUD_NR_ORDERS - 1: all */
	bool by_type;		  /* free lists by migratetype, too */
	/* Of requests, for tables made of events. */
	const char *comm;	     /* command name; NULL: all */
	int32_t pid;		     /* -1: all */
	bud_migratetype migratetype; /* BUD_MT_UNKNOWN: all */
} bud_section_filter;

#define BUD_SECTION_FILTER_ALL                                                                       \
	{                                                                                            \
		.node = -1, .order_max = BUD_NR_ORDERS - 1, .pid = -1, .migratetype = BUD_MT_UNKNOWN \
	}

/* Whether rows of that zone are wanted. */
bool bud_section_wants_zone(const bud_section_filter *filter, int32_t node, const char *name);

/* Whether requests of that task are wanted. */
bool bud_section_wants_task(const bud_section_filter *filter, const bud_source *source, int32_t pid);

/* Tables made of a timeline, one row set a column, in this order. */
typedef struct bud_section {
	bud_table table;
	bud_status (*rows)(const bud_timeline *timeline, size_t column, const bud_memory *memory,
			   const bud_section_filter *filter, bud_row_sink *sink, bud_error *err);
} bud_section;

#define BUD_NR_SECTIONS 4
extern const bud_section bud_sections[BUD_NR_SECTIONS]; /* freelist, index, zone, change */

/* The section of that name, or NULL. */
const bud_section *bud_section_find(const char *name);

/*
 * The rows of the section for the given columns of a timeline (column
 * numbers in the order wanted; SIZE_MAX stands for an unplaced instant and
 * gives rows with everything unknown). The caller begins and ends the table,
 * so that a long one can be made of several timelines.
 */
bud_status bud_section_rows(const bud_section *section, const bud_timeline *timeline, const size_t *columns,
			    size_t nr_columns, const bud_memory *memory, const bud_section_filter *filter,
			    bud_row_sink *sink, bud_error *err);

#endif
