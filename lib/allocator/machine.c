/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/allocator/machine.h"

#include <stdlib.h>
#include <string.h>

#define ALL_FLAGS (((bud_gfp)1 << BUD_NR_GFP_FLAGS) - 1)

/* Pages that GFP_USER may have: what min_free_kbytes is computed from. */
static uint64_t low_memory(const bud_machine *m)
{
	uint64_t pages = 0;
	for (size_t i = 0; i < m->nr_zones; i++)
		pages += m->views[i].type <= BUD_ZONE_NORMAL ? m->views[i].managed : 0;
	return pages;
}

/* What khugepaged raises it to: room for every type to have blocks of its own (set_recommended_min_free_kbytes). */
static uint64_t wanted_by_huge_pages(const bud_machine *m)
{
	uint64_t zones = 0, block = (uint64_t)1 << m->kernel.pageblock_order, most = low_memory(m) / 20;
	if (m->sysctls.thp_enabled == BUD_THP_NEVER || m->sysctls.thp_enabled == BUD_UNKNOWN)
		return 0;
	for (size_t i = 0; i < m->nr_zones; i++)
		zones += m->views[i].type <= BUD_ZONE_NORMAL && m->views[i].managed;
	uint64_t pages = block * zones * (2 + 9);
	return pages < most ? pages : most;
}

static uint64_t choose_min_free(const bud_machine *m)
{
	int kib_shift = m->kernel.page_shift - 10;
	if (m->sysctls.min_free_kbytes != BUD_UNKNOWN)
		return m->sysctls.min_free_kbytes;
	uint64_t kib = bud_watermark_min_free_kib(&m->kernel, low_memory(m) << kib_shift);
	uint64_t huge = wanted_by_huge_pages(m) << kib_shift;
	return kib > huge ? kib : huge;
}

static void set_marks(bud_machine *m)
{
	bud_wmark_zone zones[BUD_MAX_ZONES];
	unsigned ratio[BUD_NR_ZONE_TYPES];
	memcpy(ratio, bud_watermark_default_ratio, sizeof ratio);
	bud_sysctls_ratios(&m->sysctls, (unsigned)m->kernel.zone_types, ratio);
	for (size_t i = 0; i < m->nr_zones; i++) {
		const bud_zone_view *v = &m->views[i];
		zones[i] =
			(bud_wmark_zone){ .node = v->node, .type = v->type, .managed = v->managed, .boost = v->boost };
	}
	m->min_free_kib = choose_min_free(m);
	bud_watermark_compute(zones, m->nr_zones, &m->kernel, m->min_free_kib,
			      (unsigned)m->sysctls.watermark_scale_factor);
	bud_watermark_reserve(zones, m->nr_zones, &m->kernel, ratio);
	for (size_t i = 0; i < m->nr_zones; i++) {
		bud_zone_view *v = &m->views[i];
		v->marks = zones[i].marks;
		v->boost = 0;
		memcpy(v->reserve, zones[i].reserve, sizeof v->reserve);
	}
}

static unsigned cpus_of(const bud_machine *m, int node)
{
	unsigned nr = 0;
	for (unsigned cpu = 0; cpu < m->nr_cpus; cpu++)
		nr += m->cpu_node[cpu] == node;
	return nr ? nr : m->nr_cpus;
}

static bud_pcp_sizes pcp_sizes(const bud_machine *m, const bud_zone_view *v)
{
	return bud_pcp_compute(&m->kernel, v->managed, bud_zoneview_mark(v, BUD_ALLOC_WMARK_LOW), cpus_of(m, v->node),
			       (unsigned)m->sysctls.percpu_pagelist_high_fraction);
}

/* What requests come to may be different from now on. */
static void forget_requests(bud_machine *m)
{
	memset(m->known, 0, sizeof m->known);
}

static void recompute(bud_machine *m)
{
	uint64_t managed = 0, block = (uint64_t)1 << m->kernel.pageblock_order;
	m->rules.online = m->rules.dma32 = 0;
	for (size_t i = 0; i < m->nr_zones; i++) {
		managed += m->views[i].managed;
		uint64_t node = m->views[i].managed ? (uint64_t)1 << m->views[i].node : 0;
		m->rules.online |= node;
		m->rules.dma32 |= m->views[i].type == BUD_ZONE_DMA32 ? node : 0;
	}
	m->rules.grouping = managed >= block * (unsigned)(BUD_NR_MIGRATETYPES - !m->kernel.has_cma);
	forget_requests(m);
	for (unsigned node = 0; node < m->nr_nodes; node++)
		bud_zoneview_list(&m->lists[node], m->views, m->nr_zones, (int)node, m->distance, m->nr_nodes);
	set_marks(m);
	for (size_t i = 0; i < m->nr_zones; i++) {
		bud_pcp_sizes sizes = pcp_sizes(m, &m->views[i]);
		for (unsigned cpu = 0; cpu < m->nr_cpus; cpu++)
			bud_pcp_resize(&m->zones[i].pcp[cpu], &m->pcp_rules, &sizes);
	}
}

/* Whether sizes follow from something that is set otherwise now. */
static bool resizes(const bud_sysctls *before, const bud_sysctls *now)
{
	static const bud_sysctl sizing[] = { BUD_SYSCTL_min_free_kbytes, BUD_SYSCTL_watermark_scale_factor,
					     BUD_SYSCTL_percpu_pagelist_high_fraction, BUD_SYSCTL_thp_enabled };
	for (size_t i = 0; i < sizeof sizing / sizeof *sizing; i++)
		if (before->value[sizing[i]] != now->value[sizing[i]])
			return true;
	return !bud_sysctls_same_ratio(before, now);
}

void bud_machine_set(bud_machine *machine, const bud_sysctls *sysctls)
{
	bud_machine *m = machine;
	bud_sysctls before = m->sysctls;
	m->sysctls = *sysctls;
	bud_sysctls_assume(&m->sysctls);
	m->rules.defrag_mode = m->sysctls.defrag_mode == 1;
	for (size_t i = 0; i < m->nr_zones; i++)
		m->views[i].defrag_mode = m->rules.defrag_mode;
	forget_requests(m);
	if (resizes(&before, &m->sysctls))
		recompute(m);
}

void bud_machine_set_managed(bud_machine *machine, bud_machine_zone *zone, uint64_t managed)
{
	zone->view->managed = managed;
	recompute(machine);
}

static bud_status init_zone(bud_machine *m, size_t index, const bud_machine_spec *spec, bud_error *err)
{
	bud_machine_zone *z = &m->zones[index];
	z->index = (unsigned)index;
	z->view = &m->views[index];
	*z->view = (bud_zone_view){
		.node = spec->node, .type = spec->type, .managed = spec->managed, .area = &z->lists.area
	};
	bud_status status =
		bud_freelist_init(&z->lists, spec->start_pfn, spec->start_pfn + spec->spanned, &m->kernel,
				  m->nr_cpus * BUD_PCP_LISTS + BUD_NR_ORDERS, err);
	if (status)
		return status;
	z->movable = calloc(z->lists.nr_blocks + 1, sizeof *z->movable);
	z->skip = calloc(z->lists.nr_blocks + 1, sizeof *z->skip);
	z->pcp = calloc(m->nr_cpus, sizeof *z->pcp);
	if (!z->movable || !z->skip || !z->pcp)
		return bud_error_memory(err, "the model's zones");
	bud_pcp_sizes sizes = pcp_sizes(m, z->view);
	for (unsigned cpu = 0; cpu < m->nr_cpus; cpu++)
		bud_pcp_init(&z->pcp[cpu], &sizes, bud_freelist_other(&z->lists) + cpu * BUD_PCP_LISTS);
	z->places = bud_freelist_other(&z->lists) + m->nr_cpus * BUD_PCP_LISTS;
	bud_compact_state *c = &z->compact;
	c->migrate_pfn[0] = c->migrate_pfn[1] = z->lists.start_pfn;
	c->init_migrate_pfn = z->lists.start_pfn;
	c->free_pfn = (z->lists.end_pfn - 1) & ~(((bud_pfn)1 << z->lists.pageblock_order) - 1);
	c->order_failed = m->kernel.max_order + 1;
	return BUD_OK;
}

static bud_status check(const bud_machine_spec *zones, size_t nr_zones, const int16_t *cpu_node, unsigned nr_cpus,
			bud_error *err)
{
	if (!nr_zones || nr_zones > BUD_MAX_ZONES || !nr_cpus || nr_cpus > UINT16_MAX)
		return bud_error_set(err, BUD_ERR_USAGE, "the model takes up to %d zones and %d CPUs, not %zu and %u",
				     BUD_MAX_ZONES, UINT16_MAX, nr_zones, nr_cpus);
	for (size_t i = 0; i < nr_zones; i++) {
		if (zones[i].node < 0 || zones[i].node >= BUD_MAX_NODES)
			return bud_error_set(err, BUD_ERR_USAGE, "the model takes nodes 0 to %d, not %d",
					     BUD_MAX_NODES - 1, zones[i].node);
		if (zones[i].type >= BUD_NR_ZONE_TYPES || zones[i].start_pfn > BUD_PFN_MAX ||
		    zones[i].spanned > BUD_PFN_MAX || zones[i].managed > zones[i].spanned)
			return bud_error_set(err, BUD_ERR_USAGE, "zone %zu of node %d is none the model can have", i,
					     zones[i].node);
	}
	for (unsigned cpu = 0; cpu < nr_cpus; cpu++)
		if (cpu_node[cpu] < 0 || cpu_node[cpu] >= BUD_MAX_NODES)
			return bud_error_set(err, BUD_ERR_USAGE, "CPU %u is on no node the model takes", cpu);
	return BUD_OK;
}

static unsigned count_nodes(const bud_machine_spec *zones, size_t nr_zones, const int16_t *cpu_node, unsigned nr_cpus)
{
	int last = 0;
	for (size_t i = 0; i < nr_zones; i++)
		last = zones[i].node > last ? zones[i].node : last;
	for (unsigned cpu = 0; cpu < nr_cpus; cpu++)
		last = cpu_node[cpu] > last ? cpu_node[cpu] : last;
	return (unsigned)last + 1;
}

static void *duplicate(const void *from, size_t size)
{
	void *copy = from ? malloc(size) : NULL;
	return copy ? memcpy(copy, from, size) : NULL;
}

bud_status bud_machine_init(bud_machine *machine, const bud_kernel *kernel, const bud_machine_spec *zones,
			    size_t nr_zones, const int16_t *cpu_node, unsigned nr_cpus, const uint8_t *distance,
			    const bud_sysctls *sysctls, bud_error *err)
{
	bud_machine *m = machine;
	*m = (bud_machine){ .kernel = *kernel };
	bud_status status = check(zones, nr_zones, cpu_node, nr_cpus, err);
	if (status)
		return status;
	bud_pcp_rules_init(&m->pcp_rules, kernel);
	m->nr_zones = nr_zones;
	m->nr_cpus = nr_cpus;
	m->nr_nodes = count_nodes(zones, nr_zones, cpu_node, nr_cpus);
	m->zones = calloc(nr_zones, sizeof *m->zones);
	m->views = calloc(nr_zones, sizeof *m->views);
	m->lists = calloc(m->nr_nodes, sizeof *m->lists);
	m->cpu_node = duplicate(cpu_node, nr_cpus * sizeof *cpu_node);
	m->distance = duplicate(distance, (size_t)m->nr_nodes * m->nr_nodes);
	if (!m->zones || !m->views || !m->lists || !m->cpu_node || (distance && !m->distance))
		status = bud_error_memory(err, "the model's machine");
	for (size_t i = 0; i < nr_zones && !status; i++)
		status = init_zone(m, i, &zones[i], err);
	if (status) {
		bud_machine_fini(m);
		return status;
	}
	m->rules = (bud_request_rules){
		.allowed = ALL_FLAGS,
		.zones = m->views,
		.lists = m->lists,
		.nr_nodes = m->nr_nodes,
	};
	bud_machine_set(m, sysctls);
	for (size_t i = 0; i < nr_zones; i++)
		for (unsigned cpu = 0; cpu < nr_cpus; cpu++)
			m->zones[i].pcp[cpu].high = m->zones[i].pcp[cpu].sizes.high_min;
	return BUD_OK;
}

void bud_machine_fini(bud_machine *machine)
{
	for (size_t i = 0; machine->zones && i < machine->nr_zones; i++) {
		bud_freelist_fini(&machine->zones[i].lists);
		free(machine->zones[i].movable);
		free(machine->zones[i].skip);
		free(machine->zones[i].pcp);
	}
	free(machine->zones);
	free(machine->views);
	free(machine->lists);
	free(machine->cpu_node);
	free(machine->distance);
	*machine = (bud_machine){ 0 };
}

void bud_machine_copy(bud_machine *to, const bud_machine *from)
{
	for (size_t i = 0; i < from->nr_zones; i++) {
		bud_machine_zone *t = &to->zones[i];
		const bud_machine_zone *f = &from->zones[i];
		const bud_free_area *area = t->view->area;
		bud_freelist_copy(&t->lists, &f->lists);
		memcpy(t->pcp, f->pcp, from->nr_cpus * sizeof *f->pcp);
		memcpy(t->movable, f->movable, f->lists.nr_blocks * sizeof *f->movable);
		memcpy(t->skip, f->skip, f->lists.nr_blocks * sizeof *f->skip);
		t->boosted = f->boosted;
		t->compact = f->compact;
		*t->view = *f->view;
		t->view->area = area;
	}
	memcpy(to->lists, from->lists, from->nr_nodes * sizeof *from->lists);
	to->no_pcp = from->no_pcp;
	to->sysctls = from->sysctls;
	to->min_free_kib = from->min_free_kib;
	to->kswapd_up = from->kswapd_up;
	to->kswapd_hopeless = from->kswapd_hopeless;
	to->counts = from->counts;
	to->rules.allowed = from->rules.allowed;
	to->rules.defrag_mode = from->rules.defrag_mode;
	to->rules.grouping = from->rules.grouping;
	to->rules.online = from->rules.online;
	to->rules.dma32 = from->rules.dma32;
	forget_requests(to);
}

void bud_machine_set_free(bud_machine *machine, bud_machine_zone *zone, bud_pfn pfn, int order, bud_migratetype type)
{
	if (machine->kernel.list_is_block) {
		type = bud_freelist_pageblock(&zone->lists, pfn);
		bud_freelist_set_pageblock(&zone->lists, pfn, order, type);
	}
	bud_machine_note_unused(zone, pfn, order);
	bud_freelist_add(&zone->lists, pfn, order, type, true);
}

void bud_machine_set_pageblock(bud_machine_zone *zone, bud_pfn pfn, bud_migratetype type)
{
	bud_freelist_set_pageblock(&zone->lists, pfn, 0, type);
}

void bud_machine_set_used(bud_machine_zone *zone, bud_pfn pfn, int order, bud_migratetype type)
{
	bud_machine_note_unused(zone, pfn, order);
	bud_machine_note_used(zone, pfn, order, type == BUD_MT_MOVABLE);
}

void bud_machine_wake(bud_machine *machine, const bud_alloc_context *context, int node, int order,
		      bud_zone_type highest)
{
	bud_machine *m = machine;
	bool up = m->kswapd_up >> node & 1;
	if (!up && (m->kswapd_hopeless >> node & 1 ||
		    !bud_zoneview_wakes(m->views, m->nr_zones, &m->kernel, node, order, highest)))
		return;
	m->counts.wakes += !up;
	if (!up)
		bud_machine_tell(
			m, &(bud_machine_event){ BUD_MODEL_WAKE, .context = context, .node = node, .order = order });
	if (m->ops.wake_kswapd)
		m->ops.wake_kswapd(m->ops.self, m, node, order, highest);
}

void bud_machine_tell(const bud_machine *machine, const bud_machine_event *event)
{
	if (machine->watch.tell)
		machine->watch.tell(machine->watch.self, event);
}
