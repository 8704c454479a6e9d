/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sites as a tree: by stack, innermost frame first, where the trace has
 * stacks, else by command and gfp flags; the leaves are orders and types.
 * A node sums up what is under it. Flattened into the rows that are open.
 */
#ifndef BUD_TUI_SITETREE_H
#define BUD_TUI_SITETREE_H

#include "cli/tui/witness.h"

#define BUD_SITETREE_USES 4000 /* of the books, the largest ones; the rest is one row */
#define BUD_SITETREE_OPEN 256  /* nodes that can be open at a time */

/* What the tree is sorted by. */
typedef enum bud_sitetree_key {
	BUD_SITES_BY_LIVE,
	BUD_SITES_BY_PINNED,
	BUD_SITES_BY_PEAK,
	BUD_SITES_BY_ALLOCS,
	BUD_SITES_BY_FAILURES,
	BUD_SITES_BY_CHANGE,
	BUD_NR_SITES_KEYS,
} bud_sitetree_key;

typedef struct bud_sitenode {
	char label[72];	      /* printable */
	uint64_t hash;	      /* of the path */
	uint32_t first, next; /* child, sibling; 0: none */
	uint32_t nr_children;
	uint8_t depth;
	bool summed;	/* peak is a sum of peaks at different times */
	int64_t change; /* pages more than at the mark, or (cursor before it) fewer */
	uint64_t live, pinned, alone, peak, allocs, failures; /* pages, pages, pageblocks, pages, events, events */
} bud_sitenode;

typedef struct bud_sitetree {
	bud_sitenode *nodes; /* 0 is the root */
	size_t nr, room;
	uint32_t *rows; /* those to be seen, in order */
	size_t nr_rows;
	bud_sitetree_key key;
	bool has_stacks, ready;
	uint64_t t_ns;			    /* of which instant */
	uint64_t noted_ns, compared_ns;	    /* change is between these, if the latter is known */
	uint64_t opened[BUD_SITETREE_OPEN]; /* hashes of open nodes */
	size_t nr_opened;
	size_t left_out; /* uses that are only in the row of the rest */
} bud_sitetree;

const char *bud_sitetree_key_name(bud_sitetree_key key);

/* Makes it anew of the owners as they stand, and of their requests that pass the filter; what was open stays so. */
bud_status bud_sitetree_make(bud_sitetree *tree, bud_witness *witness, bud_sitetree_key key, bud_error *err);
void bud_sitetree_fini(bud_sitetree *tree);
/* Opens or closes the node of a row. */
void bud_sitetree_toggle(bud_sitetree *tree, size_t row);

#endif
