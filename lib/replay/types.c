/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/replay/types.h"

#include <stdlib.h>

bud_status bud_types_create(bud_types **types, bud_memory *memory, const bud_kernel *kernel, size_t nr_cpus,
			    bud_error *err)
{
	bud_types *t = calloc(1, sizeof *t);
	if (t)
		t->takes = calloc(nr_cpus ? nr_cpus : 1, sizeof *t->takes);
	if (!t || !t->takes) {
		bud_types_destroy(t);
		return bud_error_memory(err, "migratetypes");
	}
	t->memory = memory;
	t->kernel = kernel;
	t->nr_cpus = nr_cpus;
	*types = t;
	return BUD_OK;
}

void bud_types_destroy(bud_types *types)
{
	if (types)
		free(types->takes);
	free(types);
}

bud_status bud_types_begin(bud_types *types, bud_memory *start, bud_error *err)
{
	types->start = start;
	types->gapped = false;
	for (size_t i = 0; i < types->nr_cpus; i++)
		types->takes[i] = (bud_type_take){ BUD_PFN_NONE, UINT32_MAX, false };
	for (size_t i = 0; start && i < types->memory->nr_zones; i++) {
		bud_blocktypes *zone = types->memory->zones[i].buddy.types;
		if (zone && !bud_blocktypes_begin_origins(zone))
			return bud_error_memory(err, "migratetypes");
	}
	return BUD_OK;
}

void bud_types_lose(bud_types *types)
{
	types->gapped = true;
	for (size_t i = 0; i < types->memory->nr_zones; i++)
		if (types->memory->zones[i].buddy.types)
			bud_blocktypes_lose(types->memory->zones[i].buddy.types);
}

static bud_blocktypes *start_of(const bud_types *types, const bud_zone *zone)
{
	return types->start ? types->start->zones[zone - types->memory->zones].buddy.types : NULL;
}

static void set_start(const bud_types *types, const bud_zone *zone, uint32_t origin, bud_migratetype type)
{
	bud_typing typing = types->gapped ? (bud_typing)type : bud_typing_sure(type);
	bud_blocktypes *start = start_of(types, zone);
	bud_buddy *buddy = &types->start->zones[zone - types->memory->zones].buddy;
	bud_pfn pfn = start->base + ((bud_pfn)origin << start->pageblock_order);
	bud_buddy_retype(buddy, pfn < buddy->start_pfn ? buddy->start_pfn : pfn, 0, typing);
}

/* The pageblock is of that type now, says an event. True if evidence had said otherwise; *origin: what it tells of. */
static bool tell(const bud_types *types, bud_zone *zone, bud_pfn pfn, bud_migratetype type, uint32_t *origin)
{
	bud_blocktypes *t = zone->buddy.types;
	uint64_t index = bud_blocktypes_index(t, pfn);
	bud_typing known = t->blocks[index];
	*origin = UINT32_MAX;
	if (known == bud_typing_sure(type))
		return false;
	if (!(known & BUD_TYPING_SURE) && start_of(types, zone)) {
		uint32_t from = bud_blocktypes_origin(t, index);
		if (from != UINT32_MAX && !(start_of(types, zone)->blocks[from] & BUD_TYPING_SURE)) {
			set_start(types, zone, from, type);
			*origin = from;
		}
	}
	bud_buddy_retype(&zone->buddy, pfn, 0, bud_typing_sure(type));
	return known & BUD_TYPING_SURE;
}

/* Before 6.10: the block that holds the page is on that list; if it was only thought to be on its pageblock's, that is
 * of the type too. */
static bool tell_list(const bud_types *types, bud_zone *zone, bud_pfn pfn, bud_migratetype type, uint32_t *origin)
{
	bud_blocktypes *t = zone->buddy.types;
	bud_pfn head;
	*origin = UINT32_MAX;
	if (bud_buddy_block_of(&zone->buddy, pfn, &head) < 0)
		return false;
	bud_typing known = bud_blocktypes_list(t, head);
	if (known == bud_typing_sure(type))
		return false;
	bud_buddy_relist(&zone->buddy, head, bud_typing_sure(type));
	if (!(known & BUD_TYPING_SURE) && !(bud_blocktypes_block(t, pfn) & BUD_TYPING_SURE))
		tell(types, zone, pfn, type, origin);
	return known & BUD_TYPING_SURE;
}

/* A block was taken from that list. */
static bool taken(bud_types *types, const bud_event *event, bud_zone *zone, bud_pfn pfn, int order)
{
	bud_type_take *take = event->cpu < types->nr_cpus ? &types->takes[event->cpu] : NULL;
	bud_migratetype type = bud_kernel_migratetype(types->kernel, event->page.migratetype);
	bud_pfn step = (bud_pfn)1 << zone->buddy.types->pageblock_order;
	uint32_t origin = UINT32_MAX;
	bool before = take && take->surprise, surprise = false;
	for (bud_pfn p = pfn; type != BUD_MT_UNKNOWN && p < pfn + ((bud_pfn)1 << order); p += step)
		surprise |= zone->buddy.types->list_is_block ? tell(types, zone, p, type, &origin)
							     : tell_list(types, zone, p, type, &origin);
	if (take)
		*take = (bud_type_take){ pfn, origin, surprise };
	return before;
}

/* 6.10 and later: the page of another type's list that was handed out. */
static bool handed_out(bud_types *types, const bud_event *event, bud_zone *zone, bud_pfn pfn)
{
	bud_type_take none = { BUD_PFN_NONE, UINT32_MAX, false };
	bud_type_take *take = event->cpu < types->nr_cpus ? &types->takes[event->cpu] : &none;
	bud_migratetype from = bud_kernel_migratetype(types->kernel, event->extfrag.fallback_migratetype);
	bud_migratetype to = bud_kernel_migratetype(types->kernel, event->extfrag.alloc_migratetype);
	bool claimed = take->pfn == pfn, surprise = take->surprise && !claimed;
	uint32_t origin = take->origin;
	*take = none;
	if (from == BUD_MT_UNKNOWN || to == BUD_MT_UNKNOWN)
		return surprise;
	if (claimed && origin != UINT32_MAX && types->start)
		set_start(types, zone, origin, from);
	if (claimed)
		return surprise;
	surprise |= tell(types, zone, pfn, from, &origin);
	if (event->extfrag.change_ownership) {
		int order = event->extfrag.fallback_order;
		bool several = order > zone->buddy.types->pageblock_order && order <= zone->buddy.max_order;
		bud_buddy_retype(&zone->buddy, several ? pfn >> order << order : pfn, several ? order : 0,
				 bud_typing_sure(to));
	}
	return surprise;
}

bool bud_types_before(bud_types *types, const bud_event *event, bud_zone *zone, bud_pfn pfn, int order)
{
	uint32_t origin;
	if (!zone->buddy.types)
		return false;
	switch (event->kind) {
	case BUD_EV_ZONE_LOCKED:
		return taken(types, event, zone, pfn, order);
	case BUD_EV_EXTFRAG:
		return handed_out(types, event, zone, pfn);
	case BUD_EV_PCPU_DRAIN: {
		bud_migratetype type = bud_kernel_migratetype(types->kernel, event->page.migratetype);
		bool firm = zone->buddy.types->list_is_block;
		if (type == BUD_MT_UNKNOWN)
			return false;
		return (firm || !(bud_blocktypes_block(zone->buddy.types, pfn) & BUD_TYPING_SURE)) &&
		       tell(types, zone, pfn, type, &origin);
	}
	default:
		return false;
	}
}

void bud_types_drained(const bud_types *types, const bud_event *event, bud_zone *zone, bud_pfn pfn)
{
	bud_migratetype type = bud_kernel_migratetype(types->kernel, event->page.migratetype);
	if (zone->buddy.types && !zone->buddy.types->list_is_block && type != BUD_MT_UNKNOWN)
		bud_buddy_relist(&zone->buddy, pfn, bud_typing_sure(type));
}

/* Whether so large a block makes a request take over its pageblock (can_steal_fallback of 4.19 to 6.9). */
static bool is_worthy(const bud_blocktypes *t, int order, bud_migratetype type)
{
	return order >= t->pageblock_order / 2 || type == BUD_MT_UNMOVABLE || type == BUD_MT_RECLAIMABLE;
}

void bud_types_fallback(bud_types *types, const bud_event *event, bud_zone *zone)
{
	bud_blocktypes *t = zone->buddy.types;
	bud_pfn pfn = event->extfrag.pfn;
	int order = event->extfrag.fallback_order;
	bud_migratetype from = bud_kernel_migratetype(types->kernel, event->extfrag.fallback_migratetype);
	bud_migratetype to = bud_kernel_migratetype(types->kernel, event->extfrag.alloc_migratetype);
	uint32_t origin;
	if (!t || from == BUD_MT_UNKNOWN || to == BUD_MT_UNKNOWN || order < 0 || order > zone->buddy.max_order)
		return;
	if (t->list_is_block)
		tell(types, zone, pfn, from, &origin);
	else
		tell_list(types, zone, pfn, from, &origin);
	bool reserved = bud_typing_type(bud_blocktypes_block(t, pfn)) == BUD_MT_HIGHATOMIC;
	if (event->extfrag.change_ownership)
		bud_buddy_retype(&zone->buddy, pfn, order > t->pageblock_order ? order : 0, bud_typing_sure(to));
	if (t->list_is_block)
		return;
	if (order < t->pageblock_order && !reserved && is_worthy(t, order, to))
		bud_buddy_move_pageblock(&zone->buddy, pfn, bud_typing_sure(to));
	else
		bud_buddy_relist(&zone->buddy, pfn, bud_typing_sure(to));
}
