/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The figures of one zone at one instant, and how the figures of a stretch
 * of time become one: the fold.
 */
#ifndef BUD_REPLAY_SAMPLE_H
#define BUD_REPLAY_SAMPLE_H

#include "lib/memory/zone.h"

typedef enum bud_fold {
	BUD_FOLD_LAST,	/* the value at the end */
	BUD_FOLD_WORST, /* fewest blocks and free pages, highest index, most used, lowest wm_state */
	BUD_FOLD_MIN,
	BUD_FOLD_MAX,
	BUD_FOLD_MEAN, /* weighted by time, rounded down */
} bud_fold;

const char *bud_fold_name(bud_fold fold);
/* False for a name that is none. */
bool bud_fold_parse(const char *name, bud_fold *fold);

/* Only valid where known, or where followed; sizes in pages. */
typedef struct bud_zone_sample {
	bool known;    /* the zone was seeded at the end */
	bool followed; /* changes of its free blocks are known: nr_free against base */
	int64_t base[BUD_NR_ORDERS];
	uint64_t nr_free[BUD_NR_ORDERS];
	bool typed; /* migratetypes are followed; only then the next two are valid */
	uint64_t nr_free_type[BUD_NR_MIGRATETYPES][BUD_NR_ORDERS];
	uint64_t sure_type[BUD_NR_MIGRATETYPES][BUD_NR_ORDERS]; /* of them, those whose list rests on evidence */
	uint64_t suitable[BUD_NR_ORDERS]; /* blocks of this order that could be cut from free blocks */
	int32_t extfrag_milli[BUD_NR_ORDERS];
	int32_t unusable_milli[BUD_NR_ORDERS];
	uint64_t free_pages, cached_pages, used_pages;
	uint64_t unknown_pages;					   /* BUD_UNKNOWN where managed is */
	uint64_t uncertain_pages, uncertain[BUD_NR_UNCERTAINTIES]; /* in all, and by cause */
	bud_zone_marks marks;					   /* at the end */
	bud_wm_state wm_state;
} bud_zone_sample;

/* The figures as they stand. */
void bud_sample_take(bud_zone_sample *sample, const bud_zone *zone);

#define BUD_SAMPLE_VALUES                               \
	(4 * BUD_NR_ORDERS + 5 + BUD_NR_UNCERTAINTIES + \
	 2 * BUD_NR_MIGRATETYPES * BUD_NR_ORDERS) /* the numbers of a sample that a fold is made of */

/* A fold under way, of one zone. */
typedef struct bud_folder {
	bud_fold fold;
	bool any;      /* something known has been taken in */
	bool types;    /* migratetypes are folded, too */
	uint64_t t_ns; /* now holds since then */
	uint64_t t_first_ns;
	bud_zone_sample now, folded;
	__int128 sums[BUD_SAMPLE_VALUES]; /* MEAN: value times ns */
} bud_folder;

/* Begins a fold at t_ns with the zone as it stands there. types: those of the sample are wanted, where they are
 * followed; they make most of the work. */
void bud_folder_begin(bud_folder *folder, bud_fold fold, bool types, const bud_zone *zone, uint64_t t_ns);
/* The zone changed at t_ns; lists: its free lists did, not only cached and used pages. */
void bud_folder_change(bud_folder *folder, const bud_zone *zone, uint64_t t_ns, bool lists);
/* The figure of all since begin up to t_ns. */
void bud_folder_end(bud_folder *folder, const bud_zone *zone, uint64_t t_ns, bud_zone_sample *sample);

#endif
