/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/memory/zone.h"

#include <stdio.h>
#include <string.h>

void bud_zone_init(bud_zone *zone, int32_t node, const char *name, bud_pfn start_pfn, uint64_t spanned, int max_order)
{
	*zone = (bud_zone){
		.node = node,
		.type = bud_zone_type_parse(name),
		.start_pfn = start_pfn,
		.spanned = spanned,
		.present = BUD_UNKNOWN,
		.managed = BUD_UNKNOWN,
		.marks = { BUD_UNKNOWN, BUD_UNKNOWN, BUD_UNKNOWN, BUD_UNKNOWN },
	};
	snprintf(zone->name, sizeof zone->name, "%s", name);
	bud_buddy_init(&zone->buddy, start_pfn, start_pfn + spanned, max_order);
	bud_pageset_init(&zone->cached);
	bud_pageset_init(&zone->used);
	bud_pageset_init(&zone->certain);
}

void bud_zone_fini(bud_zone *zone)
{
	bud_buddy_fini(&zone->buddy);
	bud_pageset_fini(&zone->cached);
	bud_pageset_fini(&zone->used);
	bud_pageset_fini(&zone->certain);
}

bool bud_zone_copy(bud_zone *to, const bud_zone *from)
{
	bud_zone kept = *to;
	*to = *from;
	to->buddy = kept.buddy;
	to->cached = kept.cached;
	to->used = kept.used;
	to->certain = kept.certain;
	return bud_buddy_copy(&to->buddy, &from->buddy) && bud_pageset_copy(&to->cached, &from->cached) &&
	       bud_pageset_copy(&to->used, &from->used) && bud_pageset_copy(&to->certain, &from->certain);
}

static void leave_range(bud_pageset *set, uint64_t *pages, bud_pfn start, uint64_t nr)
{
	uint64_t members = bud_pageset_count_range(set, start, nr);
	if (members) {
		bud_pageset_clear_range(set, start, nr);
		*pages -= members;
	}
}

static inline void leave(bud_pageset *set, uint64_t *pages, bud_pfn pfn, int order)
{
	if (order) {
		leave_range(set, pages, pfn, (uint64_t)1 << order);
	} else if (bud_pageset_test(set, pfn)) {
		bud_pageset_clear(set, pfn);
		--*pages;
	}
}

static void enter_range(bud_zone *zone, bud_pageset *set, uint64_t *pages, bud_pfn start, uint64_t nr)
{
	uint64_t members = bud_pageset_count_range(set, start, nr);
	if (bud_pageset_set_range(set, start, nr))
		*pages += nr - members;
	else
		zone->buddy.out_of_memory = true;
}

static inline void enter(bud_zone *zone, bud_pageset *set, uint64_t *pages, bud_pfn pfn, int order)
{
	if (order)
		enter_range(zone, set, pages, pfn, (uint64_t)1 << order);
	else if (!bud_pageset_test(set, pfn)) {
		if (bud_pageset_set(set, pfn))
			++*pages;
		else
			zone->buddy.out_of_memory = true;
	}
}

uint64_t bud_zone_make_free(bud_zone *zone, bud_pfn pfn, int order)
{
	leave(&zone->cached, &zone->cached_pages, pfn, order);
	leave(&zone->used, &zone->used_pages, pfn, order);
	return bud_buddy_insert(&zone->buddy, pfn, order);
}

uint64_t bud_zone_make_cached(bud_zone *zone, bud_pfn pfn, int order)
{
	leave(&zone->used, &zone->used_pages, pfn, order);
	enter(zone, &zone->cached, &zone->cached_pages, pfn, order);
	return bud_buddy_remove(&zone->buddy, pfn, order);
}

uint64_t bud_zone_make_used(bud_zone *zone, bud_pfn pfn, int order)
{
	leave(&zone->cached, &zone->cached_pages, pfn, order);
	enter(zone, &zone->used, &zone->used_pages, pfn, order);
	return bud_buddy_remove(&zone->buddy, pfn, order);
}

void bud_zone_make_free_range(bud_zone *zone, bud_pfn start, bud_pfn end)
{
	leave_range(&zone->cached, &zone->cached_pages, start, end - start);
	leave_range(&zone->used, &zone->used_pages, start, end - start);
	bud_buddy_insert_range(&zone->buddy, start, end);
}

uint64_t bud_zone_make_used_range(bud_zone *zone, bud_pfn start, bud_pfn end)
{
	leave_range(&zone->cached, &zone->cached_pages, start, end - start);
	enter_range(zone, &zone->used, &zone->used_pages, start, end - start);
	return bud_buddy_remove_range(&zone->buddy, start, end);
}

void bud_zone_lose_certainty(bud_zone *zone)
{
	zone->gapped = true;
	zone->certain_pages = 0;
	bud_pageset_clear_all(&zone->certain);
}

void bud_zone_make_certain(bud_zone *zone, bud_pfn pfn, int order)
{
	enter(zone, &zone->certain, &zone->certain_pages, pfn, order);
}

void bud_zone_make_all_certain(bud_zone *zone)
{
	zone->gapped = zone->inferred = false;
	memset(zone->doubted, 0, sizeof zone->doubted);
}

void bud_zone_follow(bud_zone *zone)
{
	for (int k = 0; k < BUD_NR_ORDERS && !zone->followed; k++)
		zone->base[k] = (int64_t)bud_buddy_blocks(&zone->buddy, k);
	zone->followed = true;
}

/* Blocks that are only counted do not change: they were there from the beginning. */
void bud_zone_meet(bud_zone *zone, const uint64_t *nr_free, unsigned nr_orders)
{
	for (int k = 0; k < BUD_NR_ORDERS; k++)
		zone->base[k] -= zone->buddy.unplaced[k];
	bud_buddy_meet(&zone->buddy, nr_free, nr_orders);
	for (int k = 0; k < BUD_NR_ORDERS; k++)
		zone->base[k] += zone->buddy.unplaced[k];
	zone->counted = true;
}

/* Pages of blocks that are only counted: their places are in doubt, and what they merge with. */
static uint64_t unplaced_pages(const bud_buddy *buddy)
{
	uint64_t pages = 0;
	for (int k = 0; k < BUD_NR_ORDERS; k++) {
		int64_t blocks = buddy->unplaced[k];
		pages += (uint64_t)(blocks < 0 ? -blocks : blocks) << k;
	}
	return pages;
}

void bud_zone_doubt(bud_zone *zone, bud_uncertainty cause, uint64_t pages)
{
	uint64_t sum = zone->doubted[cause] + pages;
	zone->doubted[cause] = sum < pages ? UINT64_MAX : sum;
}

void bud_zone_trust(bud_zone *zone, bud_uncertainty cause, uint64_t pages)
{
	zone->doubted[cause] -= pages < zone->doubted[cause] ? pages : zone->doubted[cause];
}

/* Pages in doubt for that cause, of all. */
static uint64_t uncertain_by(const bud_zone *zone, bud_uncertainty cause, uint64_t all)
{
	uint64_t known = zone->buddy.free_pages + zone->cached_pages + zone->used_pages, pages = zone->doubted[cause];
	if (cause == BUD_UNCERTAIN_GAP && zone->gapped)
		pages = all > zone->certain_pages ? all - zone->certain_pages : 0;
	if (cause == BUD_UNCERTAIN_GAP && zone->lossy)
		pages = all;
	if (cause == BUD_UNCERTAIN_INFERRED && zone->inferred)
		pages = unplaced_pages(&zone->buddy) + (!zone->counted && all > known ? all - known : 0);
	return pages < all ? pages : all;
}

uint64_t bud_zone_uncertain_pages(const bud_zone *zone, uint64_t by[BUD_NR_UNCERTAINTIES])
{
	uint64_t all = zone->managed != BUD_UNKNOWN ? zone->managed : zone->spanned, sum = 0;
	for (int cause = 0; cause < BUD_NR_UNCERTAINTIES; cause++) {
		uint64_t pages = uncertain_by(zone, (bud_uncertainty)cause, all);
		sum += pages;
		if (by)
			by[cause] = pages;
	}
	return sum < all ? sum : all;
}

uint64_t bud_zone_unknown_pages(const bud_zone *zone)
{
	uint64_t known = bud_buddy_pages(&zone->buddy) + zone->cached_pages + zone->used_pages;
	if (zone->managed == BUD_UNKNOWN)
		return BUD_UNKNOWN;
	return zone->managed > known ? zone->managed - known : 0;
}

bud_wm_state bud_zone_wm_state(const bud_zone_marks *marks, uint64_t free_pages)
{
	if (marks->min == BUD_UNKNOWN || marks->low == BUD_UNKNOWN || marks->high == BUD_UNKNOWN)
		return BUD_WM_UNKNOWN;
	if (free_pages <= marks->min)
		return BUD_WM_BELOW_MIN;
	if (free_pages <= marks->low)
		return BUD_WM_BELOW_LOW;
	if (free_pages <= marks->high)
		return BUD_WM_BELOW_HIGH;
	return BUD_WM_ABOVE_HIGH;
}

const char *bud_wm_state_name(bud_wm_state state)
{
	static const char *const names[] = { NULL, "above_high", "below_high", "below_low", "below_min" };
	return names[state];
}

const char *bud_page_state_name(bud_page_state state)
{
	static const char *const names[] = { "unknown", "free", "cached", "used", "outside" };
	return names[state];
}
