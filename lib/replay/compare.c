/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/replay/compare.h"

#include <stdlib.h>

bud_status bud_compare_init(bud_compare *compare, const bud_snapshot *snapshots, size_t nr, bud_error *err)
{
	*compare = (bud_compare){ 0 };
	for (size_t i = 0; i < nr; i++)
		compare->room += snapshots[i].nr_zones;
	compare->comparisons = calloc(compare->room + 1, sizeof *compare->comparisons);
	compare->readings = calloc(compare->room + 1, sizeof *compare->readings);
	compare->typechecks = calloc(compare->room + 1, sizeof *compare->typechecks);
	return compare->comparisons && compare->readings && compare->typechecks ? BUD_OK
										: bud_error_memory(err, "snapshots");
}

void bud_compare_fini(bud_compare *compare)
{
	free(compare->comparisons);
	free(compare->readings);
	free(compare->typechecks);
	*compare = (bud_compare){ 0 };
}

static void compare_zone(bud_comparison *c, const bud_snapshot *snapshot, const bud_zone_info *kernel,
			 const bud_zone *zone)
{
	*c = (bud_comparison){ .snapshot = snapshot, .kernel = kernel, .zone = zone, .nr_orders = snapshot->nr_orders };
	if (!zone || !zone->seeded)
		return;
	c->known = c->exact = true;
	c->uncertain_pages = bud_zone_uncertain_pages(zone, c->uncertain);
	for (int k = 0; k < BUD_NR_ORDERS; k++) {
		c->model[k] = bud_buddy_blocks(&zone->buddy, k);
		int64_t difference = (int64_t)(c->model[k] - kernel->nr_free[k]);
		c->exact = c->exact && difference == 0;
		c->free_error += difference * ((int64_t)1 << k);
	}
}

void bud_compare_lists(bud_compare *compare, const bud_snapshot *snapshot, const bud_memory *memory)
{
	for (size_t i = 0; i < snapshot->nr_zones; i++) {
		const bud_zone_info *kernel = &snapshot->zones[i];
		if (kernel->has_buddyinfo && compare->nr_comparisons < compare->room)
			compare_zone(&compare->comparisons[compare->nr_comparisons++], snapshot, kernel,
				     bud_memory_find(memory, kernel->node, kernel->name));
	}
}

static void read_zone(bud_reading *r, const bud_snapshot *snapshot, const bud_zone_info *kernel, const bud_zone *zone,
		      uint64_t t_ns)
{
	*r = (bud_reading){ .snapshot = snapshot,
			    .kernel = kernel,
			    .zone = zone,
			    .known = zone->seeded,
			    .t_ns = t_ns,
			    .free_pages = bud_buddy_pages(&zone->buddy),
			    .cached_pages = zone->cached_pages,
			    .unknown_pages = bud_zone_unknown_pages(zone),
			    .uncertain_pages = bud_zone_uncertain_pages(zone, NULL),
			    .marks = zone->marks };
}

/* Until then its marks are those of this very file, or of none. */
static bool is_first(const bud_compare *compare, const bud_zone *zone)
{
	for (size_t i = 0; i < compare->nr_readings; i++)
		if (compare->readings[i].zone == zone)
			return false;
	return true;
}

/* Memory came or went: every zone's share of min_free_kbytes is another. */
static bool is_resized(const bud_snapshot *snapshot, const bud_memory *memory)
{
	for (size_t i = 0; i < snapshot->nr_zones; i++) {
		const bud_zone_info *info = &snapshot->zones[i];
		const bud_zone *zone = bud_memory_find(memory, info->node, info->name);
		if (zone && info->managed != BUD_UNKNOWN && info->managed != zone->managed)
			return true;
	}
	return false;
}

void bud_compare_marks(bud_compare *compare, const bud_snapshot *snapshot, bud_memory *memory, uint64_t t_ns)
{
	static const bud_zone_marks unknown = { BUD_UNKNOWN, BUD_UNKNOWN, BUD_UNKNOWN, BUD_UNKNOWN };
	const bool resized = is_resized(snapshot, memory);
	for (size_t i = 0; i < snapshot->nr_zones; i++) {
		const bud_zone_info *info = &snapshot->zones[i];
		bud_zone *zone = bud_memory_find(memory, info->node, info->name);
		if (!zone || info->min == BUD_UNKNOWN)
			continue;
		if (is_first(compare, zone))
			zone->marks = unknown;
		if (compare->nr_readings < compare->room) {
			read_zone(&compare->readings[compare->nr_readings], snapshot, info, zone, t_ns);
			compare->readings[compare->nr_readings++].resized = resized;
		}
		zone->marks = (bud_zone_marks){ info->min, info->low, info->high, info->boost };
		zone->present = info->present;
		zone->managed = info->managed;
	}
}

void bud_compare_types(bud_compare *compare, const bud_snapshot *snapshot, const bud_memory *memory, uint64_t t_ns,
		       bool first)
{
	for (size_t i = 0; i < snapshot->nr_zones && compare->nr_typechecks < compare->room; i++) {
		const bud_zone_info *kernel = &snapshot->zones[i];
		if (!kernel->has_pagetypeinfo)
			continue;
		bud_typecheck *check = &compare->typechecks[compare->nr_typechecks++];
		bud_typecheck_take(check, snapshot, kernel, bud_memory_find(memory, kernel->node, kernel->name));
		check->t_ns = t_ns;
		check->first = first;
	}
}
