/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The replay beside the kernel's own files, at the instants these were
 * read: buddyinfo against the free lists, zoneinfo against the per-CPU lists
 * and the watermarks, pagetypeinfo against the migratetypes.
 */
#ifndef BUD_REPLAY_COMPARE_H
#define BUD_REPLAY_COMPARE_H

#include "lib/replay/typecheck.h"

/* buddyinfo at one snapshot, in one zone. */
typedef struct bud_comparison {
	const bud_snapshot *snapshot;
	const bud_zone_info *kernel; /* the snapshot's row of this zone, with buddyinfo */
	const bud_zone *zone;	     /* the replay's; NULL if it has no such zone */
	bool known;		     /* the zone was seeded before; only then the counts mean anything */
	bool exact;		     /* known and every order equal */
	unsigned nr_orders;	     /* that the kernel's file lists */
	uint64_t model[BUD_NR_ORDERS];
	uint64_t uncertain_pages, uncertain[BUD_NR_UNCERTAINTIES]; /* claimed, and by cause */
	int64_t free_error;					   /* pages, model - kernel */
} bud_comparison;

/*
 * zoneinfo at one snapshot, in one zone, against what the replay held just
 * before it took the marks over. A page is cached from the event that took it
 * off the free lists, or freed it, to the one that tells where it went. Pages
 * no event has named since the seed may be cached as well as used.
 */
typedef struct bud_reading {
	const bud_snapshot *snapshot;
	const bud_zone_info *kernel;
	const bud_zone *zone;
	bool known; /* the zone was seeded before: the counts mean something */
	uint64_t t_ns;
	uint64_t free_pages, cached_pages, unknown_pages, uncertain_pages;
	bud_zone_marks marks; /* BUD_UNKNOWN where nobody had told before */
	bool resized;	      /* managed pages of some zone of the machine are others than when the marks were told */
} bud_reading;

typedef struct bud_compare {
	bud_comparison *comparisons;
	bud_reading *readings;
	bud_typecheck *typechecks;
	size_t nr_comparisons, nr_readings, nr_typechecks, room; /* room of each */
} bud_compare;

/* Room for every zone of these snapshots. */
bud_status bud_compare_init(bud_compare *compare, const bud_snapshot *snapshots, size_t nr, bud_error *err);
void bud_compare_fini(bud_compare *compare);

/* The free lists against the snapshot's buddyinfo. */
void bud_compare_lists(bud_compare *compare, const bud_snapshot *snapshot, const bud_memory *memory);
/* The rest against its zoneinfo, read at t_ns; then memory takes over its marks and sizes. */
void bud_compare_marks(bud_compare *compare, const bud_snapshot *snapshot, bud_memory *memory, uint64_t t_ns);
/* The types against its pagetypeinfo, read at t_ns; first: the first of all. */
void bud_compare_types(bud_compare *compare, const bud_snapshot *snapshot, const bud_memory *memory, uint64_t t_ns,
		       bool first);

#endif
