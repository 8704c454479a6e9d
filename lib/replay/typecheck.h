/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The replay's migratetypes against the kernel's own count of them, at the
 * instants at which /proc/pagetypeinfo was read.
 */
#ifndef BUD_REPLAY_TYPECHECK_H
#define BUD_REPLAY_TYPECHECK_H

#include "lib/memory/memory.h"

/* One zone at one snapshot. */
typedef struct bud_typecheck {
	const bud_snapshot *snapshot;
	const bud_zone_info *kernel; /* the snapshot's row of this zone, with pagetypeinfo */
	const bud_zone *zone;	     /* the replay's; NULL if it has no such zone */
	uint64_t t_ns;
	bool known; /* the zone was seeded before and its types are followed; only then the rest means anything */
	bool first; /* the first pagetypeinfo, which the replay may have used: no proof of anything */
	unsigned nr_orders;
	bud_free_area area;
	uint64_t sure[BUD_NR_MIGRATETYPES][BUD_NR_ORDERS]; /* of area.nr, the blocks whose list rests on evidence */
	/* Counted as pagetypeinfo does (mm/vmstat.c), which passes over holes and memory not initialised yet: as
	 * many pageblocks as it leaves out are, of those assumed Movable of which no page is known, left out too. */
	uint64_t pageblocks[BUD_NR_MIGRATETYPES];
	uint64_t sure_pageblocks[BUD_NR_MIGRATETYPES];
} bud_typecheck;

/* Compares as things stand. zone may be NULL. */
void bud_typecheck_take(bud_typecheck *check, const bud_snapshot *snapshot, const bud_zone_info *kernel,
			const bud_zone *zone);

/* Sums over zones and snapshots. Only orders and types the kernel counted in full are compared. */
typedef struct bud_typecheck_sum {
	uint64_t nr;			  /* zones at snapshots */
	uint64_t nr_exact;		  /* of them, every order and type equal */
	uint64_t nr_counts;		  /* orders and types compared */
	uint64_t block_error;		  /* sum of |difference| in blocks over them */
	uint64_t free_pages;		  /* the kernel's */
	uint64_t right_pages;		  /* pages of blocks that both count at the same order and type */
	uint64_t model_pages, sure_pages; /* the replay's free pages; on lists that rest on evidence */
	uint64_t pageblocks;		  /* the kernel's */
	uint64_t right_pageblocks;	  /* of them, those that the replay counts under the same type */
} bud_typecheck_sum;

/* Adds one, of one type or (BUD_MT_UNKNOWN) of all; nothing if it is not known. */
void bud_typecheck_add(bud_typecheck_sum *sum, const bud_typecheck *check, bud_migratetype type);

#endif
