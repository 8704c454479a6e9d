/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/memory/freelist.h"

#include <stdlib.h>
#include <string.h>

bud_status bud_freelist_init(bud_freelist *lists, bud_pfn start_pfn, bud_pfn end_pfn, const bud_kernel *kernel,
			     unsigned nr_others, bud_error *err)
{
	bud_freelist *l = lists;
	int grain = kernel->max_order > kernel->pageblock_order ? kernel->max_order : kernel->pageblock_order;
	bud_pfn mask = ((bud_pfn)1 << grain) - 1, base = start_pfn & ~mask, end = (end_pfn + mask) & ~mask;
	*l = (bud_freelist){
		.start_pfn = start_pfn,
		.end_pfn = end_pfn,
		.base = base,
		.max_order = kernel->max_order,
		.pageblock_order = kernel->pageblock_order,
		.merge_mergeable = kernel->merge_mergeable,
		.list_is_block = kernel->list_is_block,
		.moves_to_tail = kernel->moves_to_tail,
		.nr_frames = end - base,
		.nr_blocks = (end - base) >> kernel->pageblock_order,
	};
	uint64_t nr_links = l->nr_frames + BUD_NR_ORDERS * BUD_NR_MIGRATETYPES + nr_others;
	if (end_pfn < start_pfn || end_pfn > BUD_PFN_MAX || nr_links > UINT32_MAX)
		return bud_error_set(err, BUD_ERR_USAGE, "a zone of %lu pages is too large for the model",
				     (unsigned long)l->nr_frames);
	l->nr_links = (uint32_t)nr_links;
	l->links = calloc(nr_links, sizeof *l->links);
	l->states = calloc(l->nr_frames + 1, sizeof *l->states);
	l->blocks = malloc(l->nr_blocks + 1);
	if (!l->links || !l->states || !l->blocks) {
		bud_freelist_fini(l);
		return bud_error_memory(err, "free lists");
	}
	memset(l->blocks, BUD_MT_MOVABLE, l->nr_blocks);
	for (uint32_t head = bud_freelist_head(l, 0, 0); head < l->nr_links; head++)
		l->links[head] = (bud_frame_link){ head, head };
	return BUD_OK;
}

void bud_freelist_fini(bud_freelist *lists)
{
	free(lists->links);
	free(lists->states);
	free(lists->blocks);
	*lists = (bud_freelist){ 0 };
}

void bud_freelist_copy(bud_freelist *to, const bud_freelist *from)
{
	memcpy(to->links, from->links, from->nr_links * sizeof *from->links);
	memcpy(to->states, from->states, from->nr_frames);
	memcpy(to->blocks, from->blocks, from->nr_blocks);
	bud_freelist own = *to;
	*to = *from;
	to->links = own.links;
	to->states = own.states;
	to->blocks = own.blocks;
}

int bud_freelist_block_of(const bud_freelist *l, bud_pfn pfn, bud_pfn *head)
{
	for (int k = 0; k <= l->max_order; k++) {
		bud_pfn first = pfn >> k << k;
		int order = bud_freelist_order(l, first);
		if (order < 0)
			continue;
		*head = first;
		return order >= k ? order : -1;
	}
	return -1;
}

void bud_freelist_set_pageblock(bud_freelist *l, bud_pfn pfn, int order, bud_migratetype type)
{
	uint64_t i = (pfn - l->base) >> l->pageblock_order;
	uint64_t nr = order > l->pageblock_order ? (uint64_t)1 << (order - l->pageblock_order) : 1;
	for (; nr && i < l->nr_blocks; nr--, i++) {
		l->nr_isolate -= l->blocks[i] == BUD_MT_ISOLATE;
		l->nr_isolate += type == BUD_MT_ISOLATE;
		l->blocks[i] = (uint8_t)type;
	}
}

static bool is_mergeable(bud_migratetype type)
{
	return type <= BUD_MT_RECLAIMABLE;
}

/* Whether blocks of a pageblock or more may become one, as their pageblocks are of these types. */
static bool types_merge(const bud_freelist *l, bud_migratetype a, bud_migratetype b)
{
	if (a == b)
		return true;
	if (l->merge_mergeable)
		return is_mergeable(a) && is_mergeable(b);
	return a != BUD_MT_ISOLATE && b != BUD_MT_ISOLATE;
}

static bool checks_types(const bud_freelist *l, int order)
{
	return order >= l->pageblock_order && (l->merge_mergeable || l->nr_isolate);
}

/* Whether a free block of that order begins there. Frames reach over the zone's edges to whole blocks: any buddy has
 * one. */
static bool begins_block(const bud_freelist *l, bud_pfn pfn, int order)
{
	return (l->states[pfn - l->base] & 31) == order + 1;
}

/* The buddy of the block it would become is free: it is best left alone (buddy_merge_likely). */
static bool merge_is_likely(const bud_freelist *l, bud_pfn pfn, int order)
{
	bud_pfn parent = pfn & ~((bud_pfn)1 << order);
	return order < l->max_order - 1 && begins_block(l, parent ^ (bud_pfn)2 << order, order + 1);
}

void bud_freelist_free(bud_freelist *l, bud_pfn pfn, int order, bud_migratetype type, bool to_tail)
{
	for (; order < l->max_order; order++) {
		bud_pfn buddy = pfn ^ (bud_pfn)1 << order;
		if (!begins_block(l, buddy, order))
			break;
		if (checks_types(l, order) && !types_merge(l, type, bud_freelist_pageblock(l, buddy)))
			break;
		bud_freelist_del_from(l, buddy, order, bud_freelist_type(l, buddy));
		if (l->list_is_block && order >= l->pageblock_order)
			bud_freelist_set_pageblock(l, buddy, order, type);
		pfn &= buddy;
	}
	bud_freelist_add(l, pfn, order, type, to_tail || merge_is_likely(l, pfn, order));
}

void bud_freelist_expand(bud_freelist *l, bud_pfn pfn, int low, int high, bud_migratetype type)
{
	while (high > low) {
		high--;
		bud_freelist_add(l, pfn + ((bud_pfn)1 << high), high, type, false);
	}
}

int bud_freelist_take_at(bud_freelist *l, bud_pfn pfn, int order)
{
	bud_pfn head;
	int found = bud_freelist_block_of(l, pfn, &head);
	if (found < order)
		return -1;
	bud_migratetype type = bud_freelist_type(l, head);
	bud_freelist_del(l, head);
	for (int k = found; k > order;) {
		bud_pfn half = (bud_pfn)1 << --k;
		bool upper = pfn >= head + half;
		bud_freelist_add(l, upper ? head : head + half, k, type, false);
		head += upper ? half : 0;
	}
	return found;
}

/* The free blocks that begin in [pfn, end) change to the list of type; returns their pages. */
static uint64_t move_blocks(bud_freelist *l, bud_pfn pfn, bud_pfn end, bud_migratetype type)
{
	uint64_t pages = 0;
	while (pfn < end) {
		int order = bud_freelist_order(l, pfn);
		if (order < 0) {
			pfn++;
			continue;
		}
		bud_freelist_del(l, pfn);
		bud_freelist_add(l, pfn, order, type, l->moves_to_tail);
		pages += (uint64_t)1 << order;
		pfn += (bud_pfn)1 << order;
	}
	return pages;
}

uint64_t bud_freelist_move_block(bud_freelist *l, bud_pfn pfn, bud_migratetype type)
{
	bud_pfn mask = ((bud_pfn)1 << l->pageblock_order) - 1, start = pfn & ~mask, end = start + mask + 1;
	if (!bud_freelist_spans(l, end - 1) || (l->list_is_block && !bud_freelist_spans(l, start)))
		return 0;
	return move_blocks(l, bud_freelist_spans(l, start) ? start : pfn, end, type);
}

uint64_t bud_freelist_block_free(const bud_freelist *l, bud_pfn pfn)
{
	bud_pfn mask = ((bud_pfn)1 << l->pageblock_order) - 1, end = (pfn | mask) + 1;
	uint64_t pages = 0;
	for (pfn &= ~mask; pfn < end;) {
		int order = bud_freelist_order(l, pfn);
		bud_pfn nr = order > 0 ? (bud_pfn)1 << order : 1;
		pages += order >= 0 ? nr : 0;
		pfn += nr;
	}
	return pages;
}
