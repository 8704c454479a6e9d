/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/insight/boosts.h"

#include <stdlib.h>

#include "lib/allocator/fallback.h"

typedef struct lift {
	uint64_t pages;
	uint64_t at_wake; /* what kswapd's run under way will take away */
} lift;

struct bud_boosts {
	const bud_replay *replay;
	const bud_settings *settings;
	size_t nr_settings, next; /* the next snapshot to come */
	const bud_settings *in_force;
	lift *zones; /* by index in the replay's memory */
};

bud_status bud_boosts_create(bud_boosts **boosts, const bud_replay *replay, const bud_settings *settings,
			     size_t nr_settings, bud_error *err)
{
	bud_boosts *b = calloc(1, sizeof *b);
	if (!b || !(b->zones = calloc(bud_replay_memory(replay)->nr_zones + 1, sizeof *b->zones))) {
		free(b);
		return bud_error_memory(err, "boosts");
	}
	b->replay = replay;
	b->settings = settings;
	b->nr_settings = nr_settings;
	bud_boosts_rewind(b);
	*boosts = b;
	return BUD_OK;
}

void bud_boosts_rewind(bud_boosts *boosts)
{
	size_t nr = bud_replay_memory(boosts->replay)->nr_zones;
	boosts->next = 0;
	boosts->in_force = NULL;
	for (size_t i = 0; i < boosts->nr_settings && !boosts->in_force; i++)
		boosts->in_force = boosts->settings[i].nr_zones ? &boosts->settings[i] : NULL;
	for (size_t i = 0; i < nr; i++)
		boosts->zones[i] = (lift){ 0 };
}

void bud_boosts_destroy(bud_boosts *boosts)
{
	if (!boosts)
		return;
	free(boosts->zones);
	free(boosts);
}

uint64_t bud_boosts_of(const bud_boosts *boosts, const bud_zone *zone)
{
	return boosts->zones[zone - bud_replay_memory(boosts->replay)->zones].pages;
}

static void take_snapshot(bud_boosts *b, const bud_settings *settings)
{
	const bud_memory *memory = bud_replay_memory(b->replay);
	b->in_force = settings;
	for (size_t i = 0; i < memory->nr_zones; i++) {
		const bud_settings_zone *zone =
			bud_settings_find(settings, memory->zones[i].node, memory->zones[i].name);
		if (zone)
			b->zones[i].pages = zone->boost;
	}
}

static void pass_snapshots(bud_boosts *b, uint64_t t_ns)
{
	for (; b->next < b->nr_settings; b->next++) {
		const bud_settings *s = &b->settings[b->next];
		if (s->snapshot->t_ns != BUD_TIME_NONE && s->snapshot->t_ns >= t_ns)
			return;
		if (s->snapshot->t_ns != BUD_TIME_NONE && s->nr_zones)
			take_snapshot(b, s);
	}
}

/*
 * How often the search for that block boosted. Claiming (6.15) tries every
 * order that has a block, the largest first, and boosts at each below a
 * pageblock, before single blocks are stolen without.
 */
static unsigned boosts_of(const bud_kernel *kernel, const bud_zone *zone, const bud_event *event)
{
	bud_migratetype type = bud_kernel_migratetype(kernel, event->extfrag.alloc_migratetype);
	int found = event->extfrag.fallback_order;
	if (kernel->fallback != BUD_FALLBACK_CLAIM || event->extfrag.change_ownership || !zone->buddy.types ||
	    type == BUD_MT_UNKNOWN)
		return found < kernel->pageblock_order;
	unsigned nr = 0;
	for (int k = kernel->pageblock_order - 1; k >= event->order && k >= 0; k--) {
		if (!bud_fallback_worthy(kernel, k, type))
			break;
		nr += bud_fallback_type(&zone->buddy.types->area, k, type) != BUD_MT_UNKNOWN;
	}
	return nr;
}

static void note_fallback(bud_boosts *b, const bud_event *event)
{
	const bud_kernel *kernel = bud_replay_kernel(b->replay);
	const bud_memory *memory = bud_replay_memory(b->replay);
	const bud_zone_range *range = bud_memory_range_of(memory, event->extfrag.pfn);
	const bud_settings_zone *known =
		range && b->in_force ? bud_settings_find(b->in_force, range->zone->node, range->zone->name) : NULL;
	if (!known || !kernel->nofragment)
		return;
	lift *boost = &b->zones[range->zone - memory->zones];
	for (unsigned i = boosts_of(kernel, range->zone, event); i; i--)
		boost->pages = bud_watermark_boost(boost->pages, &known->computed.marks, known->kernel->managed,
						   (unsigned)b->in_force->sysctls.watermark_boost_factor,
						   kernel->pageblock_order);
}

/* kswapd of that node has done what it was woken for; and begins anew. */
static void note_kswapd(bud_boosts *b, int32_t node, bool begins)
{
	const bud_memory *memory = bud_replay_memory(b->replay);
	for (size_t i = 0; i < memory->nr_zones; i++) {
		lift *boost = &b->zones[i];
		if (memory->zones[i].node != node)
			continue;
		boost->pages -= boost->at_wake < boost->pages ? boost->at_wake : boost->pages;
		boost->at_wake = begins ? boost->pages : 0;
	}
}

void bud_boosts_event(void *self, const bud_event *event)
{
	bud_boosts *b = self;
	pass_snapshots(b, event->t_ns);
	if (event->kind == BUD_EV_EXTFRAG)
		note_fallback(b, event);
	else if (event->kind == BUD_EV_KSWAPD_WAKE || event->kind == BUD_EV_KSWAPD_SLEEP)
		note_kswapd(b, event->request.nid, event->kind == BUD_EV_KSWAPD_WAKE);
}
