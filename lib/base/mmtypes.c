/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/base/mmtypes.h"

#include <strings.h>

static const char *const migratetype_names[] = { "Unmovable", "Movable", "Reclaimable", "HighAtomic", "CMA",
						 "Isolate",   "?" };
static const char *const zone_type_names[] = { "DMA", "DMA32", "Normal", "HighMem", "Movable", "Device" };

const char *bud_migratetype_name(bud_migratetype type)
{
	return migratetype_names[type <= BUD_MT_UNKNOWN ? type : BUD_MT_UNKNOWN];
}

bud_migratetype bud_migratetype_parse(const char *name)
{
	for (int i = 0; i < BUD_NR_MIGRATETYPES; i++)
		if (strcasecmp(name, migratetype_names[i]) == 0)
			return (bud_migratetype)i;
	return BUD_MT_UNKNOWN;
}

const char *bud_zone_type_name(bud_zone_type type)
{
	return type < BUD_NR_ZONE_TYPES ? zone_type_names[type] : "?";
}

bud_zone_type bud_zone_type_parse(const char *name)
{
	for (int i = 0; i < BUD_NR_ZONE_TYPES; i++)
		if (strcasecmp(name, zone_type_names[i]) == 0)
			return (bud_zone_type)i;
	return BUD_NR_ZONE_TYPES;
}
