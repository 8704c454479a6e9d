/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/insight/awake.h"

#include <stdlib.h>

size_t bud_awake_find(const bud_awake *awake, int32_t node)
{
	for (size_t i = 0; i < awake->nr; i++)
		if (awake->clocks[i].node == node)
			return i;
	return SIZE_MAX;
}

bool bud_awake_init(bud_awake *awake, const bud_memory *memory)
{
	*awake = (bud_awake){ .clocks = calloc(memory->nr_zones + 1, sizeof *awake->clocks) };
	for (size_t i = 0; awake->clocks && i < memory->nr_zones; i++)
		if (bud_awake_find(awake, memory->zones[i].node) == SIZE_MAX)
			awake->clocks[awake->nr++].node = memory->zones[i].node;
	return awake->clocks != NULL;
}

void bud_awake_fini(bud_awake *awake)
{
	free(awake->clocks);
	*awake = (bud_awake){ 0 };
}

void bud_awake_set(bud_awake *awake, int32_t node, bool is_awake, uint64_t t_ns)
{
	size_t i = bud_awake_find(awake, node);
	if (i == SIZE_MAX)
		return;
	bud_awake_clock *clock = &awake->clocks[i];
	if (clock->awake && !is_awake)
		clock->sum_ns += t_ns - clock->since_ns;
	if (!clock->awake && is_awake)
		clock->since_ns = t_ns;
	clock->known = true;
	clock->awake = is_awake;
}

void bud_awake_woken(bud_awake *awake, int32_t node)
{
	size_t i = bud_awake_find(awake, node);
	if (i != SIZE_MAX)
		awake->clocks[i].known = true;
}

uint64_t bud_awake_read(const bud_awake *awake, size_t i, uint64_t t_ns)
{
	const bud_awake_clock *clock = &awake->clocks[i];
	if (!clock->known)
		return BUD_UNKNOWN;
	return clock->sum_ns + (clock->awake ? t_ns - clock->since_ns : 0);
}
