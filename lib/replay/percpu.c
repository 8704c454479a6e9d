/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/replay/percpu.h"

#include <stdlib.h>
#include <string.h>

#include "lib/memory/pcp.h"

#define NONE	  UINT32_MAX
#define VMSTAT_NS 1000000000u /* how often the statistics worker looks at the lists (sysctl_stat_interval) */
#define MAX_CPUS  (UINT16_MAX - 1)
#define CHUNK	  4096u	      /* frames that are allocated together, when the first is on a list */

/* A block on a list, at its first page. All zero: none. */
typedef struct frame {
	uint32_t older, newer;
	uint16_t cpu_plus_1;
	uint8_t order;
	bool taken; /* from the buddy; no request has named it since */
} frame;

typedef struct list {
	bud_pcp pcp; /* count, limits and their tuning; its own lists stay empty */
	uint32_t newest, oldest;
	uint32_t unnamed;	       /* pages of count that no event has named */
	uint32_t ahead[BUD_PCP_LISTS]; /* of count: what refills nobody saw took besides the page asked for */
	uint64_t decayed_ns;
	bool refilling; /* its last event took a page */
} list;

typedef struct zone_lists {
	bud_pfn start;
	uint64_t nr_frames;
	frame **chunks;
	list *cpus;
	bud_pageset unasked;
	uint64_t nr_unasked;
} zone_lists;

struct bud_percpu {
	const bud_kernel *kernel;
	bud_pcp_rules rules;
	unsigned nr_cpus, cpus_per_node;
	bool clock_is_ns, takes_told;
	zone_lists *zones;
	size_t nr_zones;
};

/* A frame that is, or was, on a list. */
static inline frame *frame_at(const zone_lists *z, uint32_t at)
{
	return &z->chunks[at / CHUNK][at % CHUNK];
}

/* Whether a block of that order begins there, on some list. */
static inline bool has_block(const zone_lists *z, uint32_t at, int order)
{
	const frame *chunk = z->chunks[at / CHUNK];
	return chunk && chunk[at % CHUNK].cpu_plus_1 && chunk[at % CHUNK].order == order;
}

static uint64_t size_of(const bud_zone *zone)
{
	return zone->managed != BUD_UNKNOWN ? zone->managed : zone->spanned;
}

static bud_pcp_sizes sizes_of(const bud_percpu *p, const bud_zone *zone)
{
	uint64_t low = zone->marks.low != BUD_UNKNOWN ? zone->marks.low : 0;
	return bud_pcp_compute(p->kernel, size_of(zone), low, p->cpus_per_node, 0);
}

/* CPUs are taken to be spread evenly: no file of a capture tells of which node they are. */
static unsigned cpus_per_node(const bud_memory *memory, unsigned nr_cpus)
{
	unsigned nodes = 1;
	for (size_t i = 1; i < memory->nr_zones; i++)
		nodes += memory->zones[i].node != memory->zones[i - 1].node;
	return nr_cpus > nodes ? nr_cpus / nodes : 1;
}

static bool init_zone(bud_percpu *p, zone_lists *z, const bud_zone *zone)
{
	bud_pcp_sizes sizes = sizes_of(p, zone);
	z->start = zone->start_pfn;
	z->nr_frames = zone->spanned < NONE ? zone->spanned : 0;
	z->chunks = calloc(z->nr_frames / CHUNK + 1, sizeof *z->chunks);
	z->cpus = calloc(p->nr_cpus + 1, sizeof *z->cpus);
	bud_pageset_init(&z->unasked);
	for (unsigned cpu = 0; z->cpus && cpu < p->nr_cpus; cpu++) {
		z->cpus[cpu].newest = z->cpus[cpu].oldest = NONE;
		bud_pcp_init(&z->cpus[cpu].pcp, &sizes, 0);
	}
	return z->chunks && z->cpus;
}

bud_status bud_percpu_create(bud_percpu **percpu, const bud_memory *memory, const bud_kernel *kernel,
			     const bud_trace_info *info, bool takes_told, bud_error *err)
{
	bud_percpu *p = calloc(1, sizeof *p);
	bool ok = p && (p->zones = calloc(memory->nr_zones + 1, sizeof *p->zones));
	if (ok) {
		p->kernel = kernel;
		p->nr_cpus = info->nr_cpus < MAX_CPUS ? info->nr_cpus : MAX_CPUS;
		p->cpus_per_node = cpus_per_node(memory, p->nr_cpus);
		p->clock_is_ns = info->clock_is_ns;
		p->takes_told = takes_told;
		p->nr_zones = memory->nr_zones;
		bud_pcp_rules_init(&p->rules, kernel);
	}
	for (size_t i = 0; ok && i < p->nr_zones; i++)
		ok = init_zone(p, &p->zones[i], &memory->zones[i]);
	if (!ok) {
		bud_percpu_destroy(p);
		return bud_error_memory(err, "per-CPU lists");
	}
	*percpu = p;
	return BUD_OK;
}

void bud_percpu_destroy(bud_percpu *percpu)
{
	for (size_t i = 0; percpu && i < percpu->nr_zones; i++) {
		for (uint64_t k = 0; percpu->zones[i].chunks && k <= percpu->zones[i].nr_frames / CHUNK; k++)
			free(percpu->zones[i].chunks[k]);
		free(percpu->zones[i].chunks);
		free(percpu->zones[i].cpus);
		bud_pageset_fini(&percpu->zones[i].unasked);
	}
	if (percpu)
		free(percpu->zones);
	free(percpu);
}

static bool copy_chunk(frame **to, const frame *from)
{
	if (from && !*to && !(*to = malloc(CHUNK * sizeof **to)))
		return false;
	if (from)
		memcpy(*to, from, CHUNK * sizeof **to);
	else if (*to)
		memset(*to, 0, CHUNK * sizeof **to);
	return true;
}

bool bud_percpu_copy(bud_percpu *to, const bud_percpu *from)
{
	bool ok = true;
	for (size_t i = 0; i < from->nr_zones; i++) {
		zone_lists *t = &to->zones[i];
		const zone_lists *f = &from->zones[i];
		for (uint64_t k = 0; k <= f->nr_frames / CHUNK; k++)
			ok = copy_chunk(&t->chunks[k], f->chunks[k]) && ok;
		memcpy(t->cpus, f->cpus, from->nr_cpus * sizeof *f->cpus);
		t->nr_unasked = f->nr_unasked;
		ok = bud_pageset_copy(&t->unasked, &f->unasked) && ok;
	}
	return ok;
}

static size_t bytes_of(const zone_lists *z)
{
	size_t bytes = bud_pageset_bytes(&z->unasked);
	for (uint64_t k = 0; k <= z->nr_frames / CHUNK; k++)
		bytes += sizeof *z->chunks + (z->chunks[k] ? CHUNK * sizeof(frame) : 0);
	return bytes;
}

size_t bud_percpu_bytes(const bud_percpu *percpu)
{
	size_t bytes = sizeof *percpu;
	for (size_t i = 0; i < percpu->nr_zones; i++)
		bytes += bytes_of(&percpu->zones[i]) + percpu->nr_cpus * sizeof(list);
	return bytes;
}

static void lessen(list *l, uint64_t pages)
{
	l->pcp.count -= (uint32_t)(pages < l->pcp.count ? pages : l->pcp.count);
}

/* False without memory. */
static bool link_frame(zone_lists *z, unsigned cpu, uint32_t at, int order, bool taken)
{
	list *l = &z->cpus[cpu];
	frame **chunk = &z->chunks[at / CHUNK];
	if (!*chunk && !(*chunk = calloc(CHUNK, sizeof **chunk)))
		return false;
	frame *f = frame_at(z, at);
	*f = (frame){ NONE, NONE, (uint16_t)(cpu + 1), (uint8_t)order, taken };
	if (taken) { /* a refill appends at the tail */
		f->newer = l->oldest;
		*(l->oldest == NONE ? &l->newest : &frame_at(z, l->oldest)->older) = at;
		l->oldest = at;
	} else {
		f->older = l->newest;
		*(l->newest == NONE ? &l->oldest : &frame_at(z, l->newest)->newer) = at;
		l->newest = at;
	}
	l->pcp.count += 1u << order;
	return true;
}

static void unlink_frame(zone_lists *z, uint32_t at)
{
	frame *f = frame_at(z, at);
	list *l = &z->cpus[f->cpu_plus_1 - 1];
	*(f->newer == NONE ? &l->newest : &frame_at(z, f->newer)->older) = f->older;
	*(f->older == NONE ? &l->oldest : &frame_at(z, f->older)->newer) = f->newer;
	lessen(l, (uint64_t)1 << f->order);
	*f = (frame){ 0 };
}

static void clear_unasked(zone_lists *z, bud_pfn pfn, uint64_t nr)
{
	uint64_t members = z->nr_unasked ? bud_pageset_count_range(&z->unasked, pfn, nr) : 0;
	if (members) {
		bud_pageset_clear_range(&z->unasked, pfn, nr);
		z->nr_unasked -= members;
	}
}

/* The block goes back to the buddy; returns its pages. */
static uint64_t give_back(zone_lists *z, bud_zone *zone, uint32_t at)
{
	const frame was = *frame_at(z, at);
	uint64_t nr = (uint64_t)1 << was.order;
	unlink_frame(z, at);
	bud_zone_make_free(zone, z->start + at, was.order);
	clear_unasked(z, z->start + at, nr);
	if (was.taken && bud_pageset_set_range(&z->unasked, z->start + at, nr))
		z->nr_unasked += nr;
	return nr;
}

/* Takes up to that many pages off *part of the list, which holds no blocks one could name. */
static uint64_t forget(list *l, uint32_t *part, uint64_t pages)
{
	uint32_t nr = *part < pages ? *part : (uint32_t)pages;
	*part -= nr;
	lessen(l, nr);
	return nr;
}

/* The oldest go back: first those that were there before any event, then refills, then what was freed. */
static uint64_t drain(zone_lists *z, bud_zone *zone, list *l, uint64_t pages)
{
	uint64_t given = 0, left = pages - forget(l, &l->unnamed, pages);
	for (unsigned k = 0; k < BUD_PCP_LISTS; k++)
		left -= forget(l, &l->ahead[k], left);
	while (given < left && l->oldest != NONE)
		given += give_back(z, zone, l->oldest);
	return given;
}

/* The block on a list that the page lies in, or NONE. */
static uint32_t block_of(const bud_percpu *p, const zone_lists *z, uint32_t at)
{
	const int orders[] = { 0, 1, 2, 3, p->kernel->pageblock_order };
	for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
		bud_pfn head = (z->start + at) & ~(((bud_pfn)1 << orders[i]) - 1);
		if (head < z->start)
			return NONE;
		if (has_block(z, (uint32_t)(head - z->start), orders[i]))
			return (uint32_t)(head - z->start);
	}
	return NONE;
}

/* The buddy had the block: it had gone back, and so had the older ones of its order. */
static uint64_t correct(zone_lists *z, bud_zone *zone, uint32_t at)
{
	int order = frame_at(z, at)->order;
	uint64_t given = 0;
	for (uint32_t next, older = frame_at(z, at)->older; older != NONE; older = next) {
		next = frame_at(z, older)->older;
		if (frame_at(z, older)->order == order)
			given += give_back(z, zone, older);
	}
	return given;
}

/* An event names these pages: they are on no list now. What a take leaves of a block was free before it. */
static uint64_t leave_lists(const bud_percpu *p, zone_lists *z, bud_zone *zone, uint32_t at, uint64_t nr, bool take)
{
	uint64_t given = 0;
	clear_unasked(z, z->start + at, nr);
	for (uint64_t i = 0; i < nr; i++) {
		uint32_t head = block_of(p, z, (uint32_t)(at + i));
		if (head == NONE)
			continue;
		bud_pfn start = z->start + head, end = start + ((bud_pfn)1 << frame_at(z, head)->order);
		if (take)
			given += correct(z, zone, head);
		unlink_frame(z, head);
		for (bud_pfn pfn = start; take && pfn < end; pfn++)
			if (pfn < z->start + at || pfn >= z->start + at + nr)
				given += bud_zone_make_free(zone, pfn, 0);
	}
	return given;
}

/* A request got pages of no list: of a refill, seen before or not. */
static void serve(const bud_percpu *p, list *l, const bud_event *event, uint64_t nr, bud_pcp_zone state)
{
	bud_migratetype type = bud_kernel_migratetype(p->kernel, event->page.migratetype);
	uint32_t *ahead = &l->ahead[bud_pcp_list(&p->rules, event->order, type)];
	if (!forget(l, ahead, nr)) {
		uint64_t others = (bud_pcp_refill(&l->pcp, &p->rules, event->order, state) - 1) * nr;
		*ahead = (uint32_t)others;
		l->pcp.count += (uint32_t)others;
	}
}

uint64_t bud_percpu_apply(bud_percpu *percpu, const bud_event *event, bud_zone *zone, size_t index, bud_pfn pfn,
			  int order)
{
	const bud_percpu *p = percpu;
	zone_lists *z = &p->zones[index];
	list *l = event->cpu < p->nr_cpus ? &z->cpus[event->cpu] : NULL;
	uint64_t nr = (uint64_t)1 << order;
	if (!l || pfn < z->start || pfn - z->start + nr > z->nr_frames)
		return 0;
	uint32_t at = (uint32_t)(pfn - z->start);
	bool take = event->kind == BUD_EV_ZONE_LOCKED || event->kind == BUD_EV_EXTFRAG;
	bool listed = block_of(p, z, at) != NONE;
	bud_pcp_zone state = { .below_high = bud_zone_wm_state(&zone->marks, zone->buddy.free_pages) >
					     BUD_WM_ABOVE_HIGH };
	uint64_t given = leave_lists(p, z, zone, at, nr, take);
	bool whole = order == event->order && !(pfn & (nr - 1)); /* not cut at a zone's edge */
	if (!whole || !bud_kernel_pcp_order(p->kernel, order))
		return given;
	if (take && !l->refilling) /* for what it tunes */
		bud_pcp_refill(&l->pcp, &p->rules, event->order, state);
	if (event->kind == BUD_EV_ALLOC)
		bud_pcp_note_alloc(&l->pcp);
	if (event->kind == BUD_EV_ALLOC && !listed && !p->takes_told)
		serve(p, l, event, nr, state);
	if ((take || event->kind == BUD_EV_FREE) && !link_frame(z, event->cpu, at, order, take))
		zone->buddy.out_of_memory = true;
	if (event->kind == BUD_EV_FREE)
		given += drain(z, zone, l, bud_pcp_overflow(&l->pcp, &p->rules, event->order, state));
	l->refilling = take;
	if (p->clock_is_ns && event->t_ns - l->decayed_ns >= VMSTAT_NS) {
		l->decayed_ns = event->t_ns;
		given += drain(z, zone, l, bud_pcp_decay(&l->pcp, &p->rules));
	}
	return given;
}

/* zoneinfo prints the bounds of lists that tune themselves only from some version on. */
static void read_list(const bud_percpu *p, list *l, const bud_zone *zone, const bud_pcp_info *row)
{
	bud_pcp_sizes sizes = sizes_of(p, zone);
	sizes.batch = (uint32_t)row->batch;
	if (row->high_min != BUD_UNKNOWN) {
		sizes.high_min = (uint32_t)row->high_min;
		sizes.high_max = (uint32_t)row->high_max;
	} else if (p->rules.policy != BUD_PCP_AUTO) {
		sizes.high_min = sizes.high_max = (uint32_t)row->high;
	}
	bud_pcp_resize(&l->pcp, &p->rules, &sizes);
	l->pcp.high = (uint32_t)row->high;
	uint32_t named = l->pcp.count - (l->unnamed < l->pcp.count ? l->unnamed : l->pcp.count);
	l->unnamed = row->count > named ? (uint32_t)row->count - named : 0;
	l->pcp.count = named + l->unnamed;
}

void bud_percpu_read(bud_percpu *percpu, const bud_memory *memory, const bud_snapshot *snapshot)
{
	for (size_t i = 0; i < percpu->nr_zones; i++) {
		const bud_zone *zone = &memory->zones[i];
		const bud_zone_info *info = bud_snapshot_zone(snapshot, zone->node, zone->name);
		for (size_t k = 0; info && k < info->nr_pcp; k++)
			if (info->pcp[k].cpu < percpu->nr_cpus && info->pcp[k].batch && info->pcp[k].count < NONE / 2)
				read_list(percpu, &percpu->zones[i].cpus[info->pcp[k].cpu], zone, &info->pcp[k]);
	}
}

void bud_percpu_seeded(bud_percpu *percpu, const bud_memory *memory)
{
	for (size_t i = 0; i < percpu->nr_zones; i++) {
		zone_lists *z = &percpu->zones[i];
		z->nr_unasked = 0;
		bud_pageset_clear_all(&z->unasked);
		for (unsigned cpu = 0; cpu < percpu->nr_cpus; cpu++)
			for (uint32_t next, at = z->cpus[cpu].oldest; at != NONE; at = next) {
				next = frame_at(z, at)->newer;
				if (bud_buddy_page_is_free(&memory->zones[i].buddy, z->start + at))
					unlink_frame(z, at);
			}
	}
}

uint64_t bud_percpu_unasked(const bud_percpu *percpu, size_t index)
{
	return percpu->zones[index].nr_unasked;
}

uint64_t bud_percpu_most(const bud_kernel *kernel, const bud_zone *zone, unsigned nr_cpus)
{
	uint64_t eighth = size_of(zone) / 8, low = zone->marks.low != BUD_UNKNOWN ? zone->marks.low : 0, refills;
	bud_pcp_sizes sizes = bud_pcp_compute(kernel, size_of(zone), low, 1, 0);
	if (!kernel->pcp_high_orders)
		return nr_cpus * ((eighth > sizes.high_max ? eighth : sizes.high_max) + 3u * sizes.batch);
	refills = 3u * (sizes.batch + (sizes.batch > 4 ? sizes.batch : 4) + (sizes.batch > 8 ? sizes.batch : 8) +
			(sizes.batch > 16 ? sizes.batch : 16)) +
		  2u * ((uint64_t)2 << kernel->pageblock_order);
	return (eighth > low ? eighth : low) + nr_cpus * (4u * sizes.batch + refills);
}
