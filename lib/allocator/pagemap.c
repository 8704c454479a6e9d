/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/allocator/pagemap.h"

#include <stdlib.h>

bud_status bud_pagemap_init(bud_pagemap *map, bud_pfn end, size_t size, bud_error *err)
{
	uint64_t nr = end ? ((end - 1) >> BUD_PAGEMAP_SHIFT) + 1 : 0;
	*map = (bud_pagemap){ .size = size, .nr_chunks = nr };
	map->chunks = calloc(nr + 1, sizeof *map->chunks);
	return map->chunks ? BUD_OK : bud_error_memory(err, "a table of pages");
}

void bud_pagemap_fini(bud_pagemap *map)
{
	for (uint64_t i = 0; map->chunks && i < map->nr_chunks; i++)
		free(map->chunks[i]);
	free(map->chunks);
	*map = (bud_pagemap){ 0 };
}

void *bud_pagemap_grow(bud_pagemap *map, bud_pfn pfn)
{
	uint64_t chunk = pfn >> BUD_PAGEMAP_SHIFT;
	if (chunk >= map->nr_chunks)
		return NULL;
	map->chunks[chunk] = calloc((size_t)1 << BUD_PAGEMAP_SHIFT, map->size);
	return bud_pagemap_find(map, pfn, map->size);
}
