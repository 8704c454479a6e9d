/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One zone: its span, its marks, and the state of its pages. A page is
 * free (in the buddy), cached (on a per-CPU list, or between a list and its
 * user), used, or unknown. The three known states exclude one another.
 */
#ifndef BUD_MEMORY_ZONE_H
#define BUD_MEMORY_ZONE_H

#include "lib/base/snapshot.h"
#include "lib/memory/buddy.h"
#include "lib/memory/uncertainty.h"

typedef enum bud_page_state {
	BUD_PAGE_UNKNOWN,
	BUD_PAGE_FREE,
	BUD_PAGE_CACHED,
	BUD_PAGE_USED,
	BUD_PAGE_OUTSIDE, /* of no zone */
	BUD_NR_PAGE_STATES,
} bud_page_state;

/* "free" */
const char *bud_page_state_name(bud_page_state state);

/* Watermarks in pages, as zoneinfo prints them (with boost); BUD_UNKNOWN where nobody told. */
typedef struct bud_zone_marks {
	uint64_t min, low, high, boost;
} bud_zone_marks;

/* Where free pages stand against the marks; the state is the lowest mark that free pages are not above. */
typedef enum bud_wm_state {
	BUD_WM_UNKNOWN,
	BUD_WM_ABOVE_HIGH, /* free > high */
	BUD_WM_BELOW_HIGH, /* low < free <= high: kswapd, once awake, goes on */
	BUD_WM_BELOW_LOW,  /* min < free <= low: kswapd is woken */
	BUD_WM_BELOW_MIN,  /* free <= min: direct reclaim */
} bud_wm_state;

typedef struct bud_zone {
	int32_t node;
	char name[16];
	bud_zone_type type; /* BUD_NR_ZONE_TYPES if the name is not one we know */
	bud_pfn start_pfn;
	uint64_t spanned;
	uint64_t present, managed; /* pages; BUD_UNKNOWN if nobody told */
	bool assumed;		   /* made up from the architecture, not read */
	bool seeded;		   /* its states were all known at some instant before now */
	bool followed;		   /* seeded, or at least changes of its free blocks are known: bud_zone_follow() */

	bud_zone_marks marks;
	bud_buddy buddy;
	int64_t base[BUD_NR_ORDERS]; /* of a followed zone: its free blocks per order when that began */
	bud_pageset cached, used;
	uint64_t cached_pages, used_pages;
	uint64_t doubted[BUD_NR_UNCERTAINTIES]; /* pages that moved and nobody told which: bud_zone_doubt() */
	bool reduced;	     /* kinds of events that move pages were not recorded: nothing is certain */
	bool inferred;	     /* its start was inferred: pages that no event ever names are unknown */
	bool counted;	     /* inferred, its free blocks were counted, and no unknown page can have moved since */
	bool lossy;	     /* events were lost, nobody knows where: nothing is certain */
	bool gapped;	     /* events were lost since the seed: only the certain pages are */
	bud_pageset certain; /* pages an event has named since the last gap */
	uint64_t certain_pages;
} bud_zone;

void bud_zone_init(bud_zone *zone, int32_t node, const char *name, bud_pfn start_pfn, uint64_t spanned, int max_order);
void bud_zone_fini(bud_zone *zone);
bool bud_zone_copy(bud_zone *to, const bud_zone *from);

/*
 * Moves the pages of [pfn, pfn + 2^order), all of them of this zone, to that
 * state, whatever they were. Returns how many entered or left the free lists.
 */
uint64_t bud_zone_make_free(bud_zone *zone, bud_pfn pfn, int order);
uint64_t bud_zone_make_cached(bud_zone *zone, bud_pfn pfn, int order);
uint64_t bud_zone_make_used(bud_zone *zone, bud_pfn pfn, int order);

/* The same for the pages [start, end), all of the zone. */
void bud_zone_make_free_range(bud_zone *zone, bud_pfn start, bud_pfn end);
uint64_t bud_zone_make_used_range(bud_zone *zone, bud_pfn start, bud_pfn end);

/* Events are lost at this moment: no page's state is certain from here on until an event names it. */
void bud_zone_lose_certainty(bud_zone *zone);
/* An event names these pages: their state is certain again. Only called for a gapped zone. */
void bud_zone_make_certain(bud_zone *zone, bud_pfn pfn, int order);
/* A seed was read: everything is certain. */
void bud_zone_make_all_certain(bud_zone *zone);
/* From here on the changes of its free blocks are known; does nothing to a zone that is followed already. */
void bud_zone_follow(bud_zone *zone);
/* The kernel's count of free blocks is read, which tells how many of the unknown pages are free (bud_buddy_meet). */
void bud_zone_meet(bud_zone *zone, const uint64_t *nr_free, unsigned nr_orders);
/* From now on, until the next seed, so many pages more may be elsewhere, for that cause. */
void bud_zone_doubt(bud_zone *zone, bud_uncertainty cause, uint64_t pages);
/* So many of them are where they are held, after all. */
void bud_zone_trust(bud_zone *zone, bud_uncertainty cause, uint64_t pages);
/*
 * How far free pages may be off, in either direction; never more than the
 * zone has. by, if not NULL, gets the pages of each cause, none more than
 * the zone has: their sum may exceed the whole.
 */
uint64_t bud_zone_uncertain_pages(const bud_zone *zone, uint64_t by[BUD_NR_UNCERTAINTIES]);

/* managed pages that are in none of the known states; BUD_UNKNOWN where managed is. */
uint64_t bud_zone_unknown_pages(const bud_zone *zone);

bud_wm_state bud_zone_wm_state(const bud_zone_marks *marks, uint64_t free_pages);
/* "above_high", "below_high", "below_low", "below_min"; NULL for unknown. */
const char *bud_wm_state_name(bud_wm_state state);

#endif
