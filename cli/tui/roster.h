/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The episodes that pass a filter, in the order of a column.
 */
#ifndef BUD_TUI_ROSTER_H
#define BUD_TUI_ROSTER_H

#include "cli/tui/filter.h"
#include "cli/tui/witness.h"

/* X(COLUMN, head of it) */
#define BUD_ROSTER_COLUMNS(X) \
	X(TIME, "time")       \
	X(DURATION, "lasted") \
	X(ORDER, "order")     \
	X(DIRECT, "direct")   \
	X(COMPACT, "compact") \
	X(OUTCOME, "outcome") \
	X(COMMAND, "command")

typedef enum bud_roster_column {
#define X(column, head) BUD_ROSTER_##column,
	BUD_ROSTER_COLUMNS(X)
#undef X
		BUD_NR_ROSTER_COLUMNS,
} bud_roster_column;

typedef struct bud_roster {
	const bud_episode_list *list; /* NULL: not known yet */
	uint32_t *rows;		      /* indexes into list */
	size_t nr;
	bud_roster_column sort;
	uint64_t *trouble; /* when those that pass and made trouble came to their end, ascending */
	size_t nr_trouble;
} bud_roster;

const char *bud_roster_head(bud_roster_column column);

/* Makes it anew. */
bud_status bud_roster_make(bud_roster *roster, const bud_witness *witness, const bud_event_world *world,
			   const bud_filter *filter, bud_roster_column sort, bud_error *err);
void bud_roster_fini(bud_roster *roster);

static inline const bud_episode *bud_roster_get(const bud_roster *roster, size_t row)
{
	return row < roster->nr ? &roster->list->episodes[roster->rows[row]] : NULL;
}

/* The row of the one that ends nearest to t_ns; 0 if there is none. */
size_t bud_roster_near(const bud_roster *roster, uint64_t t_ns);

#endif
