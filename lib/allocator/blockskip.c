/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/allocator/blockskip.h"

#include <string.h>

#define SAMPLED 8 /* 1 << PAGE_ALLOC_COSTLY_ORDER */

/* Whether scanners may begin in the pageblock of pfn; then its hint is cleared (__reset_isolation_pfn). */
static bool reset_block(bud_machine_zone *zone, bud_pfn pfn, bool source, bool target)
{
	const bud_freelist *l = &zone->lists;
	bud_pfn block = (bud_pfn)1 << l->pageblock_order, start = pfn & ~(block - 1), end = start + block;
	uint8_t *hint = bud_blockskip_of(zone, pfn);
	if (source && target && !*hint)
		return true;
	if (!source && bud_freelist_pageblock(l, pfn) != BUD_MT_MOVABLE)
		return false;
	end = end < l->end_pfn ? end : l->end_pfn;
	for (pfn = start > l->start_pfn ? start : l->start_pfn; pfn < end; pfn += SAMPLED) {
		bool free = bud_freelist_order(l, pfn) >= 0;
		if ((source && !free && bud_freelist_is_used(l, pfn) && bud_freelist_is_movable(l, pfn)) ||
		    (target && free)) {
			*hint = 0;
			return true;
		}
	}
	return false;
}

void bud_blockskip_reset(bud_machine_zone *zone, const bud_kernel *kernel)
{
	bud_compact_state *c = &zone->compact;
	const bud_freelist *l = &zone->lists;
	bud_pfn from = l->start_pfn, to = l->end_pfn - 1, first = to, last = from;
	bool source = false, target = false;
	if (!c->flush)
		return;
	c->flush = false;
	if (!kernel->nofragment) { /* before 5.1, as good as 5.0 */
		memset(zone->skip, 0, l->nr_blocks);
		return;
	}
	for (bud_pfn block = (bud_pfn)1 << l->pageblock_order; from < to; from += block, to -= block) {
		if (reset_block(zone, from, true, source) && from < first) {
			source = true;
			c->init_migrate_pfn = c->migrate_pfn[0] = c->migrate_pfn[1] = first = from;
		}
		if (reset_block(zone, to, target, true) && to > last) {
			target = true;
			c->init_free_pfn = c->free_pfn = last = to;
		}
	}
	if (first >= last) {
		c->migrate_pfn[0] = c->migrate_pfn[1] = from;
		c->free_pfn = to;
	}
}
