/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/replay/typecheck.h"

#include <string.h>

static bool is_silent(const bud_zone *zone, bud_pfn pfn, uint64_t nr)
{
	return !bud_pageset_count_range(&zone->buddy.free, pfn, nr) &&
	       !bud_pageset_count_range(&zone->cached, pfn, nr) && !bud_pageset_count_range(&zone->used, pfn, nr);
}

static uint64_t pageblocks_of(const bud_zone_info *kernel)
{
	uint64_t sum = 0;
	for (int type = 0; type < BUD_NR_MIGRATETYPES; type++)
		sum += kernel->pageblocks[type] < BUD_PFN_MAX ? kernel->pageblocks[type] : 0;
	return sum;
}

/* From the zone's first page in steps of a pageblock, as the kernel walks it. */
static void count_pageblocks(bud_typecheck *check)
{
	const bud_zone *zone = check->zone;
	const bud_blocktypes *t = zone->buddy.types;
	uint64_t nr = (uint64_t)1 << t->pageblock_order, all = 0, silent = 0, kernel = pageblocks_of(check->kernel);
	for (bud_pfn pfn = zone->buddy.start_pfn; pfn < zone->buddy.end_pfn; pfn += nr, all++) {
		bud_typing typing = bud_blocktypes_block(t, pfn);
		check->pageblocks[bud_typing_type(typing)]++;
		check->sure_pageblocks[bud_typing_type(typing)] += (typing & BUD_TYPING_SURE) != 0;
		silent += typing == BUD_MT_MOVABLE && is_silent(zone, pfn, nr);
	}
	uint64_t surplus = all > kernel ? all - kernel : 0;
	check->pageblocks[BUD_MT_MOVABLE] -= surplus < silent ? surplus : silent;
}

void bud_typecheck_take(bud_typecheck *check, const bud_snapshot *snapshot, const bud_zone_info *kernel,
			const bud_zone *zone)
{
	*check = (bud_typecheck){
		.snapshot = snapshot, .kernel = kernel, .zone = zone, .nr_orders = snapshot->nr_orders
	};
	if (!zone || !zone->seeded || !zone->buddy.types)
		return;
	check->known = true;
	check->area = zone->buddy.types->area;
	memcpy(check->sure, zone->buddy.types->sure, sizeof check->sure);
	count_pageblocks(check);
}

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

static bool is_told(const bud_zone_info *kernel, int type, unsigned order)
{
	return kernel->nr_free_type[type][order] < BUD_PFN_MAX && !kernel->type_capped[type][order];
}

static void add_type(bud_typecheck_sum *sum, const bud_typecheck *c, int type)
{
	const bud_zone_info *kernel = c->kernel;
	for (unsigned k = 0; k < c->nr_orders && k < BUD_NR_ORDERS; k++) {
		uint64_t theirs = kernel->nr_free_type[type][k], ours = c->area.nr[type][k];
		if (!is_told(kernel, type, k))
			continue;
		sum->nr_counts++;
		sum->block_error += distance(theirs, ours);
		sum->free_pages += theirs << k;
		sum->right_pages += (theirs < ours ? theirs : ours) << k;
	}
	sum->model_pages += c->area.pages[type];
	for (int k = 0; k < BUD_NR_ORDERS; k++)
		sum->sure_pages += c->sure[type][k] << k;
	if (kernel->pageblocks[type] < BUD_PFN_MAX) {
		uint64_t theirs = kernel->pageblocks[type], ours = c->pageblocks[type];
		sum->pageblocks += theirs;
		sum->right_pageblocks += theirs < ours ? theirs : ours;
	}
}

void bud_typecheck_add(bud_typecheck_sum *sum, const bud_typecheck *check, bud_migratetype type)
{
	uint64_t error = sum->block_error;
	if (!check->known)
		return;
	for (int t = 0; t < BUD_NR_MIGRATETYPES; t++)
		if (type == BUD_MT_UNKNOWN || (int)type == t)
			add_type(sum, check, t);
	sum->nr++;
	sum->nr_exact += sum->block_error == error;
}
