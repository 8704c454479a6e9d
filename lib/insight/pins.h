/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What keeps pageblocks from being free as a whole: the pages in use in
 * pageblocks that are otherwise free, and whose they are.
 *
 * A pageblock is *pinned* if at least half of its pages are free (in the
 * buddy or on a per-CPU list), but not all. Movable pages
 * (bud_owners_mobility) can be migrated away by compaction; fixed ones cannot.
 */
#ifndef BUD_INSIGHT_PINS_H
#define BUD_INSIGHT_PINS_H

#include "lib/insight/owners.h"

/* One pinned pageblock. */
typedef struct bud_pinned_block {
	bud_pfn start;
	const bud_zone *zone;
	uint32_t pages; /* of the zone; fewer than a pageblock at its edges */
	uint32_t free, cached;
	uint32_t movable;	 /* in use, and can be moved */
	uint32_t fixed;		 /* in use, and cannot */
	uint32_t unknown;	 /* in use, or in an unknown state: nobody knows which */
	uint32_t row, row_pages; /* of the books: who has most of them, and how many; row 0: nobody is known */
} bud_pinned_block;

/* What one row of the books costs. */
typedef struct bud_pin_cost {
	uint64_t pages;	 /* of it in pinned pageblocks */
	uint64_t blocks; /* pinned pageblocks with pages of it */
	uint64_t alone;	 /* of those, pageblocks that would be free without it */
} bud_pin_cost;

typedef struct bud_pins {
	bud_pinned_block *blocks; /* nearest to free first, then by address */
	size_t nr_blocks;
	bud_pin_cost *costs; /* by the row's number in owners */
	size_t nr_costs;
	bool complete; /* every zone was looked at */
} bud_pins;

/* Looks at the whole memory as it stands; owners must be of the same instant. Zones of which
 * nothing is known, as before a seed, are left out. */
bud_status bud_pins_collect(bud_pins *pins, const bud_memory *memory, const bud_kernel *kernel,
			    const bud_owners *owners, bud_error *err);
void bud_pins_fini(bud_pins *pins);

#endif
