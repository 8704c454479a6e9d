/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/base/snapshot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void bud_snapshot_init(bud_snapshot *snapshot)
{
	*snapshot = (bud_snapshot){ .t_ns = BUD_TIME_NONE };
	bud_sysctls_init(&snapshot->sysctls);
}

void bud_snapshot_fini(bud_snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->nr_zones; i++)
		free(snapshot->zones[i].pcp);
	for (size_t i = 0; i < snapshot->nr_files; i++)
		free(snapshot->files[i]);
	free(snapshot->zones);
	free(snapshot->vmstat);
	free(snapshot->windows);
	free(snapshot->chunks);
	free(snapshot->files);
	free(snapshot->path);
	if (snapshot->kept)
		bud_pageset_fini(&snapshot->kept->pages);
	free(snapshot->kept);
}

bud_zone_info *bud_snapshot_zone(const bud_snapshot *snapshot, int32_t node, const char *name)
{
	for (size_t i = 0; i < snapshot->nr_zones; i++)
		if (snapshot->zones[i].node == node && strcmp(snapshot->zones[i].name, name) == 0)
			return &snapshot->zones[i];
	return NULL;
}

bud_zone_info *bud_snapshot_add_zone(bud_snapshot *snapshot, int32_t node, const char *name)
{
	bud_zone_info *zones = realloc(snapshot->zones, (snapshot->nr_zones + 1) * sizeof *zones);
	if (!zones)
		return NULL;
	snapshot->zones = zones;
	bud_zone_info *zone = &zones[snapshot->nr_zones++];
	*zone = (bud_zone_info){
		.node = node,
		.start_pfn = BUD_UNKNOWN,
		.spanned = BUD_UNKNOWN,
		.present = BUD_UNKNOWN,
		.managed = BUD_UNKNOWN,
		.cma = BUD_UNKNOWN,
		.free = BUD_UNKNOWN,
		.min = BUD_UNKNOWN,
		.low = BUD_UNKNOWN,
		.high = BUD_UNKNOWN,
		.promo = BUD_UNKNOWN,
		.boost = BUD_UNKNOWN,
	};
	snprintf(zone->name, sizeof zone->name, "%s", name);
	return zone;
}

bud_read_window *bud_snapshot_window(const bud_snapshot *snapshot, const char *file)
{
	for (size_t i = 0; i < snapshot->nr_windows; i++)
		if (strcmp(snapshot->windows[i].file, file) == 0)
			return &snapshot->windows[i];
	return NULL;
}

bud_read_window *bud_snapshot_add_window(bud_snapshot *snapshot, const char *file)
{
	bud_read_window *window = bud_snapshot_window(snapshot, file);
	if (window)
		return window;
	bud_read_window *windows = realloc(snapshot->windows, (snapshot->nr_windows + 1) * sizeof *windows);
	if (!windows)
		return NULL;
	snapshot->windows = windows;
	window = &windows[snapshot->nr_windows++];
	*window = (bud_read_window){ .begin_ns = BUD_TIME_NONE,
				     .end_ns = BUD_TIME_NONE,
				     .mono_begin_ns = BUD_TIME_NONE,
				     .mono_end_ns = BUD_TIME_NONE };
	snprintf(window->file, sizeof window->file, "%s", file);
	return window;
}

size_t bud_snapshot_chunk(const bud_snapshot *snapshot, bud_pfn pfn)
{
	size_t low = 0, high = snapshot->nr_chunks;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (snapshot->chunks[middle].end <= pfn)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

uint64_t bud_named_value_find(const bud_named_value *values, size_t nr, const char *name)
{
	for (size_t i = 0; i < nr; i++)
		if (strcmp(values[i].name, name) == 0)
			return values[i].value;
	return BUD_UNKNOWN;
}
