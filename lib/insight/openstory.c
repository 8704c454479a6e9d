/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/insight/openstory.h"

#include <stdlib.h>
#include <string.h>

#include "lib/insight/whereabouts.h"
#include "lib/memory/fragindex.h"

void bud_openstory_init(bud_openstories *open, const bud_memory *memory, const bud_kernel *kernel,
			const bud_awake *awake)
{
	*open = (bud_openstories){ .memory = memory, .kernel = kernel, .awake = awake };
}

static void free_stories(bud_openstory *s)
{
	for (bud_openstory *next; s; s = next) {
		next = s->next;
		free(s->parts);
		free(s->glance);
		free(s->clocks);
		free(s);
	}
}

void bud_openstory_fini(bud_openstories *open)
{
	for (int i = 0; i < BUD_OPENSTORY_BUCKETS; i++)
		free_stories(open->buckets[i]);
	free_stories(open->spare);
	*open = (bud_openstories){ 0 };
}

static bud_openstory **bucket_of(bud_openstories *open, int64_t key)
{
	return &open->buckets[(uint64_t)key % BUD_OPENSTORY_BUCKETS];
}

bud_openstory *bud_openstory_find(const bud_openstories *open, int64_t key, const bud_openstory *before)
{
	bud_openstory *s = before ? before->next : open->buckets[(uint64_t)key % BUD_OPENSTORY_BUCKETS];
	while (s && s->key != key)
		s = s->next;
	return s;
}

bud_openstory *bud_openstory_oldest(const bud_openstories *open)
{
	bud_openstory *oldest = NULL;
	for (int i = 0; i < BUD_OPENSTORY_BUCKETS; i++)
		for (bud_openstory *s = open->buckets[i]; s; s = s->next)
			if (!oldest || s->last_ns < oldest->last_ns ||
			    (s->last_ns == oldest->last_ns && s->episode.id < oldest->episode.id))
				oldest = s;
	return oldest;
}

static bud_openstory *new_story(bud_openstories *open)
{
	bud_openstory *s = open->spare;
	if (s) {
		open->spare = s->next;
		return s;
	}
	s = calloc(1, sizeof *s);
	if (!s)
		return NULL;
	s->glance = calloc(open->memory->nr_zones + 1, sizeof *s->glance);
	s->clocks = calloc(open->awake->nr + 1, sizeof *s->clocks);
	if (s->glance && s->clocks)
		return s;
	s->next = NULL;
	free_stories(s);
	return NULL;
}

static void glance(bud_zone_glance *g, const bud_zone *zone)
{
	g->known = zone->seeded;
	g->free_pages = bud_buddy_pages(&zone->buddy);
	bud_buddy_count(&zone->buddy, g->nr_free);
}

bud_openstory *bud_openstory_begin(bud_openstories *open, const bud_event *e, bud_episode_kind kind, uint64_t id)
{
	bud_openstory *s = new_story(open);
	if (!s) {
		open->out_of_memory = true;
		return NULL;
	}
	*s = (bud_openstory){
		.key = bud_openstory_key(e),
		.episode = { .id = id,
			     .t_start_ns = e->t_ns,
			     .reclaimed_pages = kind == BUD_EPISODE_KSWAPD ? BUD_UNKNOWN : 0,
			     .pfn = BUD_PFN_NONE,
			     .pid = e->pid,
			     .node = -1,
			     .zone = -1,
			     .order = e->order,
			     .migratetype = BUD_MT_UNKNOWN,
			     .kind = (uint8_t)kind },
		.parts = s->parts,
		.parts_room = s->parts_room,
		.glance = s->glance,
		.clocks = s->clocks,
		.highest = BUD_NR_ZONE_TYPES,
		.cpu = e->cpu,
		.last_ns = e->t_ns,
	};
	for (size_t i = 0; i < open->awake->nr; i++)
		s->clocks[i] = bud_awake_read(open->awake, i, e->t_ns);
	for (size_t i = 0; i < open->memory->nr_zones; i++)
		glance(&s->glance[i], &open->memory->zones[i]);
	s->next = *bucket_of(open, s->key);
	*bucket_of(open, s->key) = s;
	open->nr++;
	return s;
}

/* What is known of where it asked, and how that zone stood. */
static void place(const bud_openstories *open, bud_openstory *story)
{
	bud_episode *e = &story->episode;
	bud_zone_type highest = story->highest;
	if (e->node < 0)
		e->node = bud_whereabouts_lone_node(open->memory);
	if (highest == BUD_NR_ZONE_TYPES && e->has_gfp)
		highest = bud_gfp_highest_zone(bud_gfp_from_raw(&open->kernel->gfp, e->gfp_flags),
					       (unsigned)open->kernel->zone_types);
	if (e->zone < 0 && highest < BUD_NR_ZONE_TYPES)
		e->zone = (int16_t)bud_whereabouts_below(open->memory, e->node, highest);
	e->free_pages = e->suitable_blocks = BUD_UNKNOWN;
	int max_order = open->memory->max_order;
	const bud_zone_glance *g = e->zone >= 0 ? &story->glance[e->zone] : NULL;
	if (!g || !g->known || e->order < 0 || e->order > max_order)
		return;
	e->free_pages = g->free_pages;
	e->suitable_blocks = bud_fragindex_suitable(g->nr_free, max_order, e->order);
	e->extfrag_milli = bud_fragindex_extfrag(g->nr_free, max_order, e->order);
	e->unusable_milli = bud_fragindex_unusable(g->nr_free, max_order, e->order);
}

static uint64_t kswapd_time(const bud_openstories *open, const bud_openstory *s)
{
	const bud_episode *e = &s->episode;
	if (e->kind == BUD_EPISODE_KSWAPD)
		return e->t_end_ns - e->t_start_ns;
	size_t i = bud_awake_find(open->awake, e->node);
	if (i == SIZE_MAX || s->clocks[i] == BUD_UNKNOWN)
		return BUD_UNKNOWN;
	return bud_awake_read(open->awake, i, e->t_end_ns) - s->clocks[i];
}

void bud_openstory_conclude(const bud_openstories *open, bud_openstory *story)
{
	story->episode.t_end_ns = story->last_ns;
	place(open, story);
	story->episode.kswapd_ns = kswapd_time(open, story);
}

void bud_openstory_remove(bud_openstories *open, bud_openstory *story)
{
	bud_openstory **at = bucket_of(open, story->key);
	while (*at != story)
		at = &(*at)->next;
	*at = story->next;
	story->next = open->spare;
	open->spare = story;
	open->nr--;
}

bud_episode_part *bud_openstory_instant(bud_openstories *open, bud_openstory *story, const bud_event *e,
					bud_episode_part_kind kind, int zone)
{
	story->last_ns = e->t_ns;
	story->cpu = e->cpu;
	if (story->nr_parts == BUD_EPISODE_MAX_PARTS) {
		story->episode.parts_dropped++;
		return &story->nowhere;
	}
	if (story->nr_parts == story->parts_room) {
		size_t room = story->parts_room ? story->parts_room * 2 : 8;
		bud_episode_part *parts = realloc(story->parts, room * sizeof *parts);
		if (!parts) {
			open->out_of_memory = true;
			return &story->nowhere;
		}
		story->parts = parts;
		story->parts_room = room;
	}
	bud_episode_part *part = &story->parts[story->nr_parts++];
	*part = (bud_episode_part){ .t_ns = e->t_ns, .zone = (int16_t)zone, .kind = (uint8_t)kind };
	return part;
}

void bud_openstory_enter(bud_openstories *open, bud_openstory *story, const bud_event *e, bud_episode_part_kind kind,
			 int zone)
{
	size_t before = story->nr_parts;
	if (story->in_part)
		story->episode.lossy = true;
	bud_openstory_instant(open, story, e, kind, zone)->dur_ns = BUD_UNKNOWN;
	story->in_part = true;
	story->part_kind = (uint8_t)kind;
	story->part_ns = e->t_ns;
	story->part_at = story->nr_parts > before ? before : SIZE_MAX;
}

bud_episode_part *bud_openstory_leave(bud_openstory *story, const bud_event *e, uint64_t *dur_ns)
{
	bud_episode_part *part = story->part_at == SIZE_MAX ? &story->nowhere : &story->parts[story->part_at];
	story->in_part = false;
	story->last_ns = e->t_ns;
	story->cpu = e->cpu;
	*dur_ns = part->dur_ns = e->t_ns - story->part_ns;
	return part;
}
