/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/insight/whereabouts.h"

int bud_whereabouts_of_pfn(const bud_memory *memory, bud_pfn pfn)
{
	const bud_zone_range *range = pfn < BUD_PFN_MAX ? bud_memory_range_of(memory, pfn) : NULL;
	return range ? (int)(range->zone - memory->zones) : -1;
}

int bud_whereabouts_below(const bud_memory *memory, int32_t node, bud_zone_type highest)
{
	int found = -1;
	for (size_t i = 0; i < memory->nr_zones; i++) {
		const bud_zone *zone = &memory->zones[i];
		if (zone->node == node && zone->type <= highest &&
		    (found < 0 || zone->type > memory->zones[found].type))
			found = (int)i;
	}
	return found;
}

int bud_whereabouts_of_number(const bud_memory *memory, const bud_kernel *kernel, int32_t node, int32_t number)
{
	bud_zone_type type = bud_kernel_zone_type(kernel, number);
	int zone = type < BUD_NR_ZONE_TYPES ? bud_whereabouts_below(memory, node, type) : -1;
	return zone >= 0 && memory->zones[zone].type == type ? zone : -1;
}

int32_t bud_whereabouts_node(const bud_memory *memory, int zone)
{
	return zone >= 0 ? memory->zones[zone].node : -1;
}

int32_t bud_whereabouts_lone_node(const bud_memory *memory)
{
	for (size_t i = 1; i < memory->nr_zones; i++)
		if (memory->zones[i].node != memory->zones[0].node)
			return -1;
	return memory->nr_zones ? memory->zones[0].node : -1;
}
