/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Compaction's memory of pageblocks that are not worth a look
 * (PG_migrate_skip), and where its scanners begin again once that memory is
 * cleared (__reset_isolation_suitable of mm/compaction.c).
 *
 * Since 5.1 clearing samples every eighth page: the migrate scanner begins
 * again at the first pageblock of the lower half of the zone that has pages
 * to move, the free scanner at the last one of the upper half that has room.
 * Where there are none it leaves the two no distance, so that what runs next
 * ends at once. A page to move is taken to be one asked for as movable.
 */
#ifndef BUD_ALLOCATOR_BLOCKSKIP_H
#define BUD_ALLOCATOR_BLOCKSKIP_H

#include "lib/allocator/machine.h"

/* The hint of the pageblock that pfn lies in, to read and to set. */
static inline uint8_t *bud_blockskip_of(const bud_machine_zone *zone, bud_pfn pfn)
{
	return &zone->skip[(pfn - zone->lists.base) >> zone->lists.pageblock_order];
}

/* Clears the hints, if compaction for a request has scanned the zone since; kswapd does when it goes to sleep. */
void bud_blockskip_reset(bud_machine_zone *zone, const bud_kernel *kernel);

#endif
