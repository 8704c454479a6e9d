/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/replay/typecheck.h"

#include <string.h>

void bud_typecheck_count(const bud_zone *zone, uint64_t pageblocks[BUD_NR_MIGRATETYPES],
			 uint64_t sure[BUD_NR_MIGRATETYPES])
{
	const bud_blocktypes *t = zone->buddy.types;
	memset(pageblocks, 0, BUD_NR_MIGRATETYPES * sizeof *pageblocks);
	memset(sure, 0, BUD_NR_MIGRATETYPES * sizeof *sure);
	/* From the zone's first page in steps of a pageblock, as the kernel walks it. */
	for (bud_pfn pfn = zone->buddy.start_pfn; t && pfn < zone->buddy.end_pfn;
	     pfn += (bud_pfn)1 << t->pageblock_order) {
		bud_typing typing = bud_blocktypes_block(t, pfn);
		pageblocks[bud_typing_type(typing)]++;
		sure[bud_typing_type(typing)] += (typing & BUD_TYPING_SURE) != 0;
	}
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
	bud_typecheck_count(zone, check->pageblocks, check->sure_pageblocks);
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
		sum->pageblocks += kernel->pageblocks[type];
		sum->pageblock_error += distance(kernel->pageblocks[type], c->pageblocks[type]);
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
