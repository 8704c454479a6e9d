/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/allocator/blockskip.h"
#include "lib/allocator/compact_control.h"
#include "lib/allocator/page_alloc.h"

static bool is_block_start(const bud_compact_control *c, bud_pfn pfn)
{
	return pfn == bud_compact_block_start(c, pfn);
}

static bool is_hinted(const bud_compact_control *c, bud_pfn pfn)
{
	return c->heeds_hints && *bud_blockskip_of(c->zone, pfn);
}

/* Where the next run begins (update_cached_migrate). */
static void update_cached(bud_compact_control *c, bud_pfn pfn)
{
	bud_compact_state *state = &c->zone->compact;
	pfn = bud_compact_block_end(c, pfn);
	if (pfn > state->migrate_pfn[0])
		state->migrate_pfn[0] = pfn;
	if (c->priority != BUD_COMPACT_ASYNC && pfn > state->migrate_pfn[1])
		state->migrate_pfn[1] = pfn;
}

/* Asynchronous compaction spends its effort where the block would be of the right type (suitable_migration_source). */
static bool is_source(const bud_compact_control *c, bud_pfn pfn)
{
	bud_migratetype block = bud_freelist_pageblock(&c->zone->lists, pfn);
	if (c->priority != BUD_COMPACT_ASYNC || !c->direct)
		return true;
	return block == c->type || (c->type == BUD_MT_MOVABLE && block == BUD_MT_CMA);
}

/* Order of the movable block in use that begins at pfn, as far as this kernel moves such; -1 if none does. */
static int movable_at(const bud_compact_control *c, bud_pfn pfn)
{
	const bud_freelist *l = &c->zone->lists;
	if (!bud_freelist_is_used(l, pfn))
		return -1;
	int order = 0;
	if (c->owner && c->owner->movable)
		order = c->owner->movable(c->owner->self, pfn);
	else if (!bud_freelist_is_movable(l, pfn))
		order = -1;
	/* A folio as large as what is wanted would gain nothing. */
	int most = !c->machine->kernel.compact_per_order ? 0 : (c->order > 0 ? c->order : l->pageblock_order) - 1;
	most = most < l->pageblock_order ? most : l->pageblock_order - 1;
	return order >= 0 && order <= most && bud_machine_is_used(c->zone, pfn, order) ? order : -1;
}

/* The search by free list */

/* Looks for a block below high_pfn whose pageblock no hint is on; what was looked at comes last the next time. */
static bud_pfn search_list(bud_compact_control *c, int order, bud_pfn high_pfn, unsigned limit, unsigned *scanned)
{
	bud_freelist *l = &c->zone->lists;
	uint32_t head = bud_freelist_head(l, order, BUD_MT_MOVABLE);
	for (uint32_t frame = l->links[head].next; frame != head; frame = l->links[frame].next) {
		bud_pfn pfn = l->base + frame;
		bool found = (*scanned)++ < limit && pfn < high_pfn && !*bud_blockskip_of(c->zone, pfn);
		if (!found && *scanned <= limit)
			continue;
		bud_compact_turn_list(l, head, l->links[frame].next);
		return found ? pfn : BUD_PFN_NONE;
	}
	return BUD_PFN_NONE;
}

/* Whether this step may leave out pageblocks to find one that is soon free. */
static bool may_search(const bud_compact_control *c)
{
	bud_pfn pfn = c->at.migrate_pfn;
	return bud_compact_searches(c) && c->heeds_hints && !c->finish_pageblock &&
	       (pfn == c->zone->lists.start_pfn || is_block_start(c, pfn)) && c->order > BUD_COSTLY_ORDER &&
	       (!c->direct || c->type == BUD_MT_MOVABLE);
}

/*
 * The pageblock of a large free block low in the zone takes least moving to
 * become free (fast_find_migrateblock of 5.1+). Where there is none, it goes
 * on, once, from the lowest one that was found. Returns the page to go on
 * from; found: the search led there.
 */
static bud_pfn search_fast(bud_compact_control *c, bool *found)
{
	bud_compact_cursor *at = &c->at;
	const bud_freelist *l = &c->zone->lists;
	*found = false;
	if (!may_search(c))
		return at->migrate_pfn;
	bud_pfn distance = (at->free_pfn - at->migrate_pfn) >> (at->migrate_pfn == l->start_pfn ? 1 : 3);
	bud_pfn high_pfn = bud_compact_block_start(c, at->migrate_pfn + distance), pfn = BUD_PFN_NONE;
	unsigned limit = bud_compact_scan_limit(c), scanned = 0;
	for (int order = c->order - 1; order >= BUD_COSTLY_ORDER && pfn == BUD_PFN_NONE && scanned < limit; order--)
		pfn = search_list(c, order, high_pfn, limit, &scanned);
	c->run.migrate_scanned += scanned;
	*found = pfn != BUD_PFN_NONE;
	if (*found) {
		at->fast_search_fail = 0;
		if (!c->machine->kernel.compact_finishes)
			*bud_blockskip_of(c->zone, pfn) = 1;
		at->fast_start_pfn = at->fast_start_pfn && at->fast_start_pfn < pfn ? at->fast_start_pfn : pfn;
		pfn = bud_compact_block_start(c, pfn);
		return pfn > l->start_pfn ? pfn : l->start_pfn;
	}
	at->fast_search_fail++;
	if (at->fast_start_pfn && !at->searched_up)
		at->migrate_pfn = at->fast_start_pfn;
	at->searched_up |= at->fast_start_pfn != 0;
	return at->migrate_pfn;
}

/* The scanner */

/* Sets the hint of a pageblock scanned from its start, as something of it is isolated; to 6.2 only if that is its
 * first page (test_and_set_skip). */
static void hint(bud_compact_control *c, bud_pfn start, bud_pfn pfn)
{
	if (c->heeds_hints && (c->machine->kernel.compact_finishes || pfn == start))
		*bud_blockskip_of(c->zone, start) = 1;
}

/*
 * Isolates what it comes upon up to end, a cluster of pages if the pageblock
 * is not to be finished. An asynchronous run for a request cannot hope for a
 * block in which one page must stay: it lets go of what it has of such a
 * one, and passes it over (isolate_migratepages_block; skip_on_failure).
 */
static void isolate_block(bud_compact_control *c, bud_pfn pfn, bud_pfn end)
{
	const bud_freelist *l = &c->zone->lists;
	bud_pfn start = pfn, group = (bud_pfn)1 << (c->order > 0 ? c->order : 0), next = (pfn & ~(group - 1)) + group;
	bool skips = c->direct && c->priority == BUD_COMPACT_ASYNC, hinted = false;
	bool whole = is_block_start(c, pfn) || (c->machine->kernel.compact_finishes && pfn == l->start_pfn);
	c->isolated_pfn = pfn;
	c->nr_migratepages = 0;
	hinted = whole && is_hinted(c, pfn);
	pfn = hinted ? end : pfn;
	while (pfn < end) {
		if (skips && pfn >= next) {
			if (c->nr_migratepages)
				break;
			next = (pfn & ~(group - 1)) + group;
		}
		int order = bud_freelist_order(l, pfn), used = order < 0 ? movable_at(c, pfn) : -1;
		if (used >= 0 && whole && !hinted) {
			hint(c, start, pfn);
			hinted = true;
		}
		if (order >= 0 || used >= 0) {
			pfn += (bud_pfn)1 << (order > used ? order : used);
			c->nr_migratepages += used >= 0 ? (uint64_t)1 << used : 0;
			if (used >= 0 && c->nr_migratepages >= BUD_COMPACT_CLUSTER && !c->finish_pageblock)
				break;
			continue;
		}
		pfn++;
		if (skips) {
			pfn = c->isolated_pfn = next;
			next += group;
			c->nr_migratepages = 0;
		}
	}
	pfn = pfn < end ? pfn : end;
	if (pfn == end && (!c->nr_migratepages || c->finish_pageblock)) {
		if (whole && !hinted)
			*bud_blockskip_of(c->zone, start) = 1;
		update_cached(c, pfn);
	}
	c->run.migrate_scanned += pfn - start;
	c->isolated_end = c->at.migrate_pfn = pfn;
}

bool bud_migrate_scanner_isolate(bud_compact_control *c)
{
	const bud_freelist *l = &c->zone->lists;
	bool found;
	bud_pfn pfn = search_fast(c, &found);
	for (bud_pfn end = bud_compact_block_end(c, pfn); end <= c->at.free_pfn;
	     end = bud_compact_block_end(c, end), found = false) {
		bool begins = pfn == l->start_pfn || is_block_start(c, pfn);
		if (begins && !found && is_hinted(c, pfn)) {
			c->at.migrate_pfn = pfn = end;
		} else if (!is_source(c, pfn)) {
			update_cached(c, end);
			c->at.migrate_pfn = pfn = end;
		} else {
			isolate_block(c, pfn, end);
			return c->nr_migratepages > 0;
		}
	}
	return false;
}

/* Moves one block to a place. */
static bud_migrate_result move(bud_compact_control *c, bud_pfn from, int order)
{
	bud_pfn to = bud_free_scanner_take(c, order);
	if (to == BUD_PFN_NONE)
		return BUD_MIGRATE_NOMEM;
	if (c->owner && c->owner->is_held && c->owner->is_held(c->owner->self, from)) {
		bud_free_scanner_put(c, to, order);
		return BUD_MIGRATE_SOME;
	}
	bud_machine_note_used(c->zone, to, order, bud_freelist_is_movable(&c->zone->lists, from));
	bud_page_alloc_free(c->machine, c->owner ? c->owner->cpu : 0, from, order);
	c->run.moved += (uint64_t)1 << order;
	if (c->owner && c->owner->moved)
		c->owner->moved(c->owner->self, from, to, order);
	return BUD_MIGRATE_ALL;
}

bud_migrate_result bud_migrate_scanner_move(bud_compact_control *c)
{
	bud_migrate_result result = BUD_MIGRATE_ALL;
	bud_pfn pfn = c->isolated_pfn;
	while (pfn < c->isolated_end && c->nr_migratepages && result != BUD_MIGRATE_NOMEM) {
		int order = movable_at(c, pfn);
		bud_migrate_result moved = order < 0 ? BUD_MIGRATE_ALL : move(c, pfn, order);
		if (moved == BUD_MIGRATE_NOMEM && order && c->owner && c->owner->split &&
		    c->owner->split(c->owner->self, pfn))
			continue;
		result = moved > result ? moved : result;
		c->nr_migratepages -= order < 0 ? 0 : (uint64_t)1 << order;
		pfn += (bud_pfn)1 << (order > 0 ? order : 0);
	}
	c->nr_migratepages = 0;
	return result;
}
