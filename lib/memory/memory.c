/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/memory/memory.h"

#include <stdlib.h>
#include <string.h>

/* Pages of the zone per page of its span, as a fraction: what decides between overlapping spans. */
static bool is_denser(const bud_zone *a, const bud_zone *b)
{
	uint64_t pages_a = a->managed != BUD_UNKNOWN ? a->managed : a->spanned;
	uint64_t pages_b = b->managed != BUD_UNKNOWN ? b->managed : b->spanned;
	return (unsigned __int128)pages_a * b->spanned > (unsigned __int128)pages_b * a->spanned;
}

static bud_zone *owner_at(bud_memory *memory, bud_pfn pfn)
{
	bud_zone *owner = NULL;
	for (size_t i = 0; i < memory->nr_zones; i++) {
		bud_zone *zone = &memory->zones[i];
		if (pfn < zone->start_pfn || pfn - zone->start_pfn >= zone->spanned)
			continue;
		if (owner)
			memory->overlap = true;
		if (!owner || is_denser(zone, owner))
			owner = zone;
	}
	return owner;
}

static int compare_pfn(const void *a, const void *b)
{
	bud_pfn x = *(const bud_pfn *)a, y = *(const bud_pfn *)b;
	return x < y ? -1 : x > y;
}

/* Cuts the number line at every span's edge; each piece goes to its likeliest owner. */
static bud_status index_ranges(bud_memory *memory, bud_error *err)
{
	size_t nr_edges = 0;
	bud_pfn *edges = calloc(memory->nr_zones * 2 + 1, sizeof *edges);
	memory->ranges = calloc(memory->nr_zones * 2 + 1, sizeof *memory->ranges);
	if (!edges || !memory->ranges) {
		free(edges);
		return bud_error_memory(err, "zones");
	}
	for (size_t i = 0; i < memory->nr_zones; i++) {
		edges[nr_edges++] = memory->zones[i].start_pfn;
		edges[nr_edges++] = memory->zones[i].start_pfn + memory->zones[i].spanned;
	}
	qsort(edges, nr_edges, sizeof *edges, compare_pfn);
	for (size_t i = 0; i + 1 < nr_edges; i++) {
		bud_zone *zone = edges[i] < edges[i + 1] ? owner_at(memory, edges[i]) : NULL;
		if (!zone)
			continue;
		bud_zone_range *last = memory->nr_ranges ? &memory->ranges[memory->nr_ranges - 1] : NULL;
		if (last && last->zone == zone && last->end == edges[i])
			last->end = edges[i + 1];
		else
			memory->ranges[memory->nr_ranges++] = (bud_zone_range){ edges[i], edges[i + 1], zone };
	}
	free(edges);
	return BUD_OK;
}

static bud_status alloc_zones(bud_memory *memory, size_t nr, const bud_kernel *kernel, bud_error *err)
{
	*memory = (bud_memory){ .max_order = kernel->max_order };
	memory->zones = calloc(nr ? nr : 1, sizeof *memory->zones);
	return memory->zones ? BUD_OK : bud_error_memory(err, "zones");
}

static bool has_span(const bud_zone_info *info)
{
	return info->start_pfn < BUD_PFN_MAX && info->spanned && info->spanned < BUD_PFN_MAX;
}

bud_status bud_memory_from_snapshot(bud_memory *memory, const bud_snapshot *snapshot, const bud_kernel *kernel,
				    bud_error *err)
{
	bud_status status = alloc_zones(memory, snapshot->nr_zones, kernel, err);
	if (status)
		return status;
	for (size_t i = 0; i < snapshot->nr_zones; i++) {
		const bud_zone_info *info = &snapshot->zones[i];
		if (!has_span(info))
			continue;
		bud_zone *zone = &memory->zones[memory->nr_zones++];
		bud_zone_init(zone, info->node, info->name, info->start_pfn, info->spanned, kernel->max_order);
		zone->present = info->present;
		zone->managed = info->managed;
		zone->marks = (bud_zone_marks){ info->min, info->low, info->high, info->boost };
	}
	if (!memory->nr_zones) {
		bud_memory_fini(memory);
		return bud_error_set(err, BUD_ERR_FORMAT, "%s: no zone with a span in zoneinfo", snapshot->path);
	}
	return index_ranges(memory, err);
}

/* Edges of the lower zones on x86-64 in bytes: ZONE_DMA ends at 16 MiB, ZONE_DMA32 at 4 GiB. */
static bud_status assume_x86_64(bud_memory *memory, const bud_kernel *kernel, bud_pfn first, bud_pfn last,
				bud_error *err)
{
	const struct {
		const char *name;
		uint64_t start, end;
	} zones[] = { { "DMA", 0, 16 << 20 },
		      { "DMA32", 16 << 20, (uint64_t)4 << 30 },
		      { "Normal", (uint64_t)4 << 30, 0 } };
	bud_status status = alloc_zones(memory, 3, kernel, err);
	if (status)
		return status;
	for (size_t i = 0; i < 3; i++) {
		bud_pfn start = zones[i].start >> kernel->page_shift, end = zones[i].end >> kernel->page_shift;
		if (start < first)
			start = first;
		if (!end || end > last + 1)
			end = last + 1;
		if (start < end)
			bud_zone_init(&memory->zones[memory->nr_zones++], 0, zones[i].name, start, end - start,
				      kernel->max_order);
	}
	return BUD_OK;
}

static bud_status assume_one_zone(bud_memory *memory, const bud_kernel *kernel, bud_pfn first, bud_pfn last,
				  bud_error *err)
{
	bud_status status = alloc_zones(memory, 1, kernel, err);
	if (!status)
		bud_zone_init(&memory->zones[memory->nr_zones++], 0, "Normal", first, last + 1 - first,
			      kernel->max_order);
	return status;
}

bud_status bud_memory_assume(bud_memory *memory, const bud_kernel *kernel, bud_pfn first_pfn, bud_pfn last_pfn,
			     bud_error *err)
{
	bud_status status = BUD_OK;
	/* The buddy system's own grain: a zone begins and ends with a block. */
	bud_pfn grain = ((bud_pfn)1 << kernel->max_order) - 1;
	if (first_pfn == BUD_PFN_NONE)
		status = alloc_zones(memory, 0, kernel, err);
	else if (strcmp(kernel->machine, "x86_64") == 0)
		status = assume_x86_64(memory, kernel, first_pfn & ~grain, last_pfn | grain, err);
	else
		status = assume_one_zone(memory, kernel, first_pfn & ~grain, last_pfn | grain, err);
	if (status)
		return status;
	for (size_t i = 0; i < memory->nr_zones; i++)
		memory->zones[i].assumed = true;
	return index_ranges(memory, err);
}

void bud_memory_fini(bud_memory *memory)
{
	for (size_t i = 0; i < memory->nr_zones; i++)
		bud_zone_fini(&memory->zones[i]);
	free(memory->zones);
	free(memory->ranges);
	*memory = (bud_memory){ 0 };
}

/* Zones of an empty to, shaped like those of from. */
static bool clone_shape(bud_memory *to, const bud_memory *from)
{
	to->zones = calloc(from->nr_zones ? from->nr_zones : 1, sizeof *to->zones);
	to->ranges = calloc(from->nr_ranges ? from->nr_ranges : 1, sizeof *to->ranges);
	if (!to->zones || !to->ranges)
		return false;
	to->max_order = from->max_order;
	to->overlap = from->overlap;
	for (; to->nr_zones < from->nr_zones; to->nr_zones++) {
		const bud_zone *zone = &from->zones[to->nr_zones];
		bud_zone_init(&to->zones[to->nr_zones], zone->node, zone->name, zone->start_pfn, zone->spanned,
			      from->max_order);
	}
	for (; to->nr_ranges < from->nr_ranges; to->nr_ranges++) {
		to->ranges[to->nr_ranges] = from->ranges[to->nr_ranges];
		to->ranges[to->nr_ranges].zone = &to->zones[from->ranges[to->nr_ranges].zone - from->zones];
	}
	return true;
}

bool bud_memory_copy(bud_memory *to, const bud_memory *from)
{
	if (!to->zones && !clone_shape(to, from))
		return false;
	for (size_t i = 0; i < from->nr_zones; i++)
		if (!bud_zone_copy(&to->zones[i], &from->zones[i]))
			return false;
	return true;
}

const bud_zone_range *bud_memory_range_of(const bud_memory *memory, bud_pfn pfn)
{
	for (size_t i = 0; i < memory->nr_ranges; i++)
		if (pfn < memory->ranges[i].end)
			return pfn >= memory->ranges[i].start ? &memory->ranges[i] : NULL;
	return NULL;
}

bud_zone *bud_memory_find(const bud_memory *memory, int32_t node, const char *name)
{
	for (size_t i = 0; i < memory->nr_zones; i++)
		if (memory->zones[i].node == node && strcmp(memory->zones[i].name, name) == 0)
			return &memory->zones[i];
	return NULL;
}
