/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/allocator/startup.h"

#include <inttypes.h>

#define ALIGN_ORDER (BUD_NR_ORDERS - 1) /* zones that move keep their alignment to any block */

static bud_pfn round_up(bud_pfn pfn)
{
	bud_pfn unit = (bud_pfn)1 << ALIGN_ORDER;
	return (pfn + unit - 1) / unit * unit;
}

static uint64_t managed_of(const bud_zone *zone)
{
	uint64_t managed = zone->managed != BUD_UNKNOWN ? zone->managed : zone->present;
	return managed != BUD_UNKNOWN && managed <= zone->spanned ? managed : zone->spanned;
}

/* Where the zone lies in the model. */
static bud_status place_zone(bud_startup *su, size_t i, const bud_simulation_setup *setup, bud_machine_spec *spec,
			     bud_error *err)
{
	const bud_zone *zone = &setup->start->zones[i];
	int64_t more = setup->more[i];
	uint64_t less = more < 0 ? (uint64_t)-more : 0;
	*spec = (bud_machine_spec){ zone->node, zone->type, zone->start_pfn, zone->spanned, managed_of(zone) };
	su->zones[i].start = zone->start_pfn;
	su->zones[i].end = zone->start_pfn + zone->spanned;
	if (less && less > zone->buddy.free_pages)
		return bud_error_set(err, BUD_ERR_USAGE,
				     "node %d %s: %" PRIu64 " pages cannot be taken away, only %" PRIu64
				     " are free at the start",
				     zone->node, zone->name, less, zone->buddy.free_pages);
	spec->managed = less ? spec->managed - less : spec->managed + (uint64_t)more;
	if (more <= 0)
		return BUD_OK;
	bud_pfn base = round_up(su->places_end) + zone->start_pfn % ((bud_pfn)1 << ALIGN_ORDER);
	su->zones[i].shift = (int64_t)(base - zone->start_pfn);
	spec->start_pfn = base;
	spec->spanned += (uint64_t)more;
	su->places_end = base + spec->spanned;
	return BUD_OK;
}

bud_status bud_startup_machine(bud_startup *startup, bud_machine *machine, const bud_simulation_setup *setup,
			       bud_error *err)
{
	const bud_memory *start = setup->start;
	bud_machine_spec specs[BUD_MAX_ZONES];
	int16_t cpu_node[BUD_LESSON_CPUS];
	size_t nr = 0;
	*startup = (bud_startup){ .nr_zones = start->nr_zones };
	if (start->nr_zones > BUD_MAX_ZONES || setup->nr_cpus > BUD_LESSON_CPUS)
		return bud_error_set(err, BUD_ERR_UNSUPPORTED, "the model takes up to %d zones and %d CPUs",
				     BUD_MAX_ZONES, BUD_LESSON_CPUS);
	for (size_t i = 0; i < start->nr_zones; i++) {
		bud_pfn end = start->zones[i].start_pfn + start->zones[i].spanned;
		startup->names_end = end > startup->names_end ? end : startup->names_end;
	}
	startup->places_end = startup->names_end;
	bud_status status = BUD_OK;
	for (size_t i = 0; !status && i < start->nr_zones; i++) {
		const bud_zone *zone = &start->zones[i];
		startup->zones[i].machine = -1;
		if (!zone->spanned || zone->type >= BUD_NR_ZONE_TYPES || zone->node < 0 || zone->node >= BUD_MAX_NODES)
			continue;
		startup->zones[i].machine = (int)nr;
		status = place_zone(startup, i, setup, &specs[nr++], err);
	}
	for (unsigned cpu = 0; cpu < setup->nr_cpus; cpu++)
		cpu_node[cpu] = (int16_t)bud_lessons_cpu_node(setup->lessons, cpu);
	return status ? status
		      : bud_machine_init(machine, setup->kernel, specs, nr, cpu_node, setup->nr_cpus, NULL,
					 setup->sysctls, err);
}

bud_machine_zone *bud_startup_zone_of(const bud_startup *startup, const bud_machine *machine, bud_pfn name)
{
	for (size_t i = 0; i < startup->nr_zones; i++)
		if (name >= startup->zones[i].start && name < startup->zones[i].end && startup->zones[i].machine >= 0)
			return &machine->zones[startup->zones[i].machine];
	return NULL;
}

/* One zone of the start, on its way into the machine. */
typedef struct moving {
	const bud_zone *from;
	bud_machine *machine;
	bud_machine_zone *to;
	bud_tenants *tenants;
	int64_t shift;
} moving;

static bud_migratetype block_type(const bud_zone *zone, bud_pfn pfn)
{
	return zone->buddy.types ? bud_typing_type(bud_blocktypes_block(zone->buddy.types, pfn)) : BUD_MT_MOVABLE;
}

static void move_types(const moving *m, const bud_simulation_setup *setup)
{
	const bud_zone *zone = m->from;
	int order = setup->kernel->pageblock_order;
	bud_pfn end = zone->start_pfn + zone->spanned;
	for (bud_pfn pfn = zone->start_pfn; pfn < end; pfn = ((pfn >> order) + 1) << order) {
		bud_migratetype type = block_type(zone, pfn);
		bud_machine_set_pageblock(m->to, pfn + (bud_pfn)m->shift, type);
		if (type == BUD_MT_HIGHATOMIC)
			m->to->view->highatomic_reserved += (uint64_t)1 << order;
	}
}

/* A block becomes free, merged with others where the kernel simulated has larger ones, cut where it has not. */
static void free_cut(bud_machine_zone *to, bud_pfn place, int order)
{
	int each = order < to->lists.max_order ? order : to->lists.max_order;
	for (bud_pfn end = place + ((bud_pfn)1 << order); place < end; place += (bud_pfn)1 << each)
		bud_freelist_free(&to->lists, place, each, bud_freelist_pageblock(&to->lists, place), true);
}

/* As many of the free pages as stay, the lowest. */
static void move_free_blocks(const moving *m, const bud_simulation_setup *setup, uint64_t less)
{
	const bud_buddy *buddy = &m->from->buddy;
	uint64_t keep = buddy->free_pages - less;
	bool same = setup->kernel->max_order == setup->traced->max_order &&
		    setup->kernel->pageblock_order == setup->traced->pageblock_order;
	bud_pfn pfn = buddy->start_pfn;
	for (int order; keep && (order = bud_buddy_next_block(buddy, pfn, buddy->end_pfn, &pfn)) >= 0;) {
		bud_migratetype type =
			buddy->types ? bud_typing_type(bud_blocktypes_list(buddy->types, pfn)) : BUD_MT_MOVABLE;
		for (bud_pfn end = pfn + ((bud_pfn)1 << order); keep && pfn < end; pfn += (bud_pfn)1 << order) {
			while (keep < (uint64_t)1 << order)
				order--;
			if (same)
				bud_machine_set_free(m->machine, m->to, pfn + (bud_pfn)m->shift, order, type);
			else
				free_cut(m->to, pfn + (bud_pfn)m->shift, order);
			keep -= (uint64_t)1 << order;
		}
	}
}

/* What a larger zone has more is free. */
static void add_free(const moving *m, uint64_t more)
{
	bud_pfn place = m->from->start_pfn + (bud_pfn)m->shift + m->from->spanned, end = place + more;
	while (place < end) {
		int fits = 63 - __builtin_clzll(end - place), aligned = __builtin_ctzll(place);
		int order = fits < aligned ? fits : aligned;
		order = order < m->to->lists.max_order ? order : m->to->lists.max_order;
		bud_freelist_free(&m->to->lists, place, order, BUD_MT_MOVABLE, true);
		place += (bud_pfn)1 << order;
	}
}

/* Whoever is in use at the start lives where they are. */
static void move_used(const moving *m, const bud_simulation_setup *setup)
{
	const bud_zone *zone = m->from;
	bud_pfn end = zone->start_pfn + zone->spanned, pfn = zone->start_pfn;
	while ((pfn = bud_pageset_next_clear(&zone->buddy.free, pfn, end)) < end) {
		bud_pfn stop = bud_pageset_next(&zone->buddy.free, pfn, end);
		for (; pfn < stop; pfn++) {
			bud_migratetype type = block_type(zone, pfn);
			bud_pfn place = pfn + (bud_pfn)m->shift;
			bool movable = setup->movable ? bud_pageset_test(setup->movable, pfn)
						      : type == BUD_MT_MOVABLE || type == BUD_MT_CMA;
			bool held = setup->buffered && bud_pageset_test(setup->buffered, pfn);
			bool cache = setup->cache && !setup->lessons->nr_victims && bud_pageset_test(setup->cache, pfn);
			bud_machine_set_used(m->to, place, 0, movable ? BUD_MT_MOVABLE : BUD_MT_UNMOVABLE);
			bud_tenants_enter(m->tenants, pfn, (uint32_t)place, 0, 0,
					  (movable ? BUD_TENANT_MOVABLE : 0) | (held ? BUD_TENANT_HELD : 0),
					  cache ? BUD_SEAT_CACHE : BUD_SEAT_NONE, m->to->index);
		}
	}
}

/* The place of a page of a lesson, in use at the start, and its zone; NULL: it is not. */
static bud_machine_zone *place_of(const bud_startup *su, const bud_machine *machine, const bud_tenants *tenants,
				  const bud_lesson_page *page, uint32_t *place)
{
	*place = bud_tenants_find(tenants, page->pfn);
	for (bud_pfn i = 0; i < (bud_pfn)1 << page->order; i++)
		if (*place > BUD_PLACE_MAX || bud_tenants_find(tenants, page->pfn + i) != *place + i)
			return NULL;
	return bud_startup_zone_of(su, machine, page->pfn);
}

/* Pages that lay on a per-CPU list: the first to be handed out at its head. */
static void cache_pages(const bud_startup *su, bud_machine *machine, bud_tenants *tenants,
			const bud_lesson_pages *pages)
{
	for (size_t i = 0; i < pages->nr; i++) {
		const bud_lesson_page *page = &pages->list[i];
		uint32_t place;
		bud_machine_zone *zone = place_of(su, machine, tenants, page, &place);
		if (!zone || place & ((1u << page->order) - 1) || page->cpu >= machine->nr_cpus)
			continue;
		bud_migratetype type = page->type < BUD_MT_HIGHATOMIC ? (bud_migratetype)page->type
								      : bud_freelist_pageblock(&zone->lists, place);
		for (uint32_t p = 0; p < 1u << page->order; p++)
			bud_tenants_leave(tenants, place + p, false);
		bud_machine_note_unused(zone, place, page->order);
		if (!bud_kernel_pcp_order(&machine->kernel, page->order) || machine->no_pcp) {
			free_cut(zone, place, page->order);
			continue;
		}
		bud_freelist_note_type(&zone->lists, place, type);
		bud_pcp_add(&zone->pcp[page->cpu], &zone->lists, bud_pcp_list(&machine->pcp_rules, page->order, type),
			    place, page->order, true);
	}
}

static void expose_pages(bud_tenants *tenants, const bud_lesson_pages *pages)
{
	for (size_t i = pages->nr; i-- > 0;)
		for (bud_pfn p = 0; p < (bud_pfn)1 << pages->list[i].order; p++) {
			uint32_t place = bud_tenants_find(tenants, pages->list[i].pfn + p);
			if (place <= BUD_PLACE_MAX)
				bud_tenants_seat(tenants, place, BUD_SEAT_CACHE);
		}
}

static void loosen_pages(bud_tenants *tenants, const bud_lesson_pages *pages)
{
	for (size_t i = 0; i < pages->nr; i++)
		for (bud_pfn p = 0; p < (bud_pfn)1 << pages->list[i].order; p++) {
			uint32_t place = bud_tenants_find(tenants, pages->list[i].pfn + p);
			bud_tenant *tenant = place <= BUD_PLACE_MAX ? bud_tenants_at(tenants, place) : NULL;
			if (tenant)
				tenant->flags |= BUD_TENANT_MOVABLE;
		}
}

bud_status bud_startup_pages(const bud_startup *startup, bud_machine *machine, bud_tenants *tenants,
			     const bud_simulation_setup *setup, bud_error *err)
{
	for (size_t i = 0; i < startup->nr_zones; i++) {
		bud_machine_zone *zone = bud_startup_zone(startup, machine, i);
		int64_t more = setup->more[i];
		moving m = { &setup->start->zones[i], machine, zone, tenants, startup->zones[i].shift };
		if (!zone)
			continue;
		move_types(&m, setup);
		move_free_blocks(&m, setup, more < 0 ? (uint64_t)-more : 0);
		if (more > 0)
			add_free(&m, (uint64_t)more);
		move_used(&m, setup);
	}
	cache_pages(startup, machine, tenants, &setup->lessons->cached);
	cache_pages(startup, machine, tenants, &setup->lessons->drained);
	expose_pages(tenants, &setup->lessons->reclaimable);
	loosen_pages(tenants, &setup->lessons->movable);
	return tenants->out_of_memory ? bud_error_memory(err, "the simulation's tables") : BUD_OK;
}
