/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A record for each page of a sparse number space, in chunks that are made
 * when first written; all zero until then. Memory follows the pages that
 * were written to, not the span.
 */
#ifndef BUD_ALLOCATOR_PAGEMAP_H
#define BUD_ALLOCATOR_PAGEMAP_H

#include "lib/base/error.h"
#include "lib/base/mmtypes.h"

#define BUD_PAGEMAP_SHIFT 12 /* pages a chunk */

typedef struct bud_pagemap {
	uint8_t **chunks; /* nr_chunks of them */
	uint64_t nr_chunks;
	size_t size; /* of a record */
} bud_pagemap;

/* For pages below end and records of that size. */
bud_status bud_pagemap_init(bud_pagemap *map, bud_pfn end, size_t size, bud_error *err);
void bud_pagemap_fini(bud_pagemap *map);

/*
 * The page's record, or NULL if its chunk was never written or the page is
 * not below end. size is that of the map, a constant where this is called.
 */
static inline void *bud_pagemap_find(const bud_pagemap *map, bud_pfn pfn, size_t size)
{
	uint64_t chunk = pfn >> BUD_PAGEMAP_SHIFT;
	if (chunk >= map->nr_chunks || !map->chunks[chunk])
		return NULL;
	return map->chunks[chunk] + (pfn & ((1u << BUD_PAGEMAP_SHIFT) - 1)) * size;
}

/* Its record, to be written; NULL when out of memory or the page is not below end. */
void *bud_pagemap_grow(bud_pagemap *map, bud_pfn pfn);
static inline void *bud_pagemap_make(bud_pagemap *map, bud_pfn pfn, size_t size)
{
	void *record = bud_pagemap_find(map, pfn, size);
	return record ? record : bud_pagemap_grow(map, pfn);
}

#endif
