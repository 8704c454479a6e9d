/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/allocator/simulate.h"

#include <stdlib.h>
#include <string.h>

#include "lib/allocator/page_alloc.h"
#include "lib/allocator/startup.h"

#define SEATS 256 /* seats remembered by gfp flags */

/* What failed in the trace and was met here: it stays as long as its host, the last request like it. */
typedef struct guest {
	bud_pfn host, name;
	int order;
} guest;

struct bud_simulation {
	bud_machine machine;
	bud_tenants tenants;
	bud_reclaim reclaim;
	bud_startup startup;
	const bud_lessons *lessons;
	bool no_thp;
	bool lends_atomic; /* the kernel simulated has __GFP_ATOMIC, that of the trace has not */
	int huge_order;	   /* of huge pages for users, in the trace */
	struct {
		bud_gfp gfp;
		uint8_t known, seat;
	} seats[SEATS];
	bud_pfn last_like[BUD_NR_ORDERS]; /* name of the latest request of that order without an alternative */
	guest *guests;
	size_t nr_guests, max_guests;
	bud_pfn next_guest; /* their names are above the trace's */
	bud_simulation_counts counts;
	bud_simulation_watch watch;
};

static void tell_got(const bud_simulation *s, bud_pfn name, int order)
{
	if (s->watch.got)
		s->watch.got(s->watch.self, name, order);
}

static void tell_gave(const bud_simulation *s, bud_pfn name, int order)
{
	if (s->watch.gave)
		s->watch.gave(s->watch.self, name, order);
}

/* Where memory ran out in the trace, what reclaim did not free then it could not. */
static bool is_spared(const bud_lessons *lessons, uint32_t seq)
{
	return lessons->nr_victims && !bud_pageset_test(&lessons->taken, seq);
}

static bud_seat seat_of(bud_simulation *s, const bud_op *op)
{
	bud_gfp gfp = op->gfp;
	if (is_spared(s->lessons, op->seq))
		return BUD_SEAT_NONE;
	unsigned i = (unsigned)(gfp * 2654435761u >> 24);
	if (!s->seats[i].known || s->seats[i].gfp != gfp) {
		s->seats[i].gfp = gfp;
		s->seats[i].known = 1;
		s->seats[i].seat = (uint8_t)bud_reclaim_seat(s->lessons, gfp);
	}
	return (bud_seat)s->seats[i].seat;
}

bud_status bud_simulation_create(bud_simulation **simulation, const bud_simulation_setup *setup, bud_error *err)
{
	bud_simulation *s = calloc(1, sizeof *s);
	if (!s)
		return bud_error_memory(err, "a simulation");
	s->lessons = setup->lessons;
	s->no_thp = setup->no_thp;
	s->lends_atomic = setup->kernel->gfp_atomic && !setup->traced->gfp_atomic;
	s->huge_order = setup->traced->pageblock_order;
	for (int order = 0; order < BUD_NR_ORDERS; order++)
		s->last_like[order] = BUD_PFN_NONE;
	bud_status status = bud_startup_machine(&s->startup, &s->machine, setup, err);
	if (!status)
		status = bud_tenants_init(&s->tenants, s->startup.names_end + s->startup.places_end,
					  s->startup.places_end, err);
	if (!status) {
		s->machine.no_pcp = setup->no_pcp;
		s->next_guest = s->startup.names_end;
		bud_reclaim_init(&s->reclaim, &s->machine, &s->tenants, s->lessons, setup->t_ns);
		s->reclaim.no_compaction = setup->no_compaction;
		if (setup->no_compaction)
			s->machine.ops.compact = NULL;
		s->reclaim.proactive = s->machine.sysctls.compaction_proactiveness != 0;
		status = bud_startup_pages(&s->startup, &s->machine, &s->tenants, setup, err);
	}
	if (status)
		bud_simulation_destroy(s);
	else
		*simulation = s;
	return status;
}

void bud_simulation_destroy(bud_simulation *simulation)
{
	if (!simulation)
		return;
	bud_tenants_fini(&simulation->tenants);
	bud_machine_fini(&simulation->machine);
	free(simulation->guests);
	free(simulation);
}

/* Frees one page by its place. */
static void free_page(bud_simulation *s, uint32_t place, unsigned cpu)
{
	bud_tenants_split(&s->tenants, place);
	bud_tenants_leave(&s->tenants, place, false);
	bud_page_alloc_free(&s->machine, cpu, place, 0);
}

static void free_named(bud_simulation *s, bud_pfn name, uint32_t place, unsigned cpu)
{
	free_page(s, place, cpu);
	tell_gave(s, name, 0);
}

/* Whether the names are the pages of one aligned block, each where it should be, if the first is at place. */
static bool is_block(const bud_simulation *s, bud_pfn name, int order, uint32_t place)
{
	if (place > BUD_PLACE_MAX || place & ((1u << order) - 1))
		return false;
	for (uint32_t i = 1; i < 1u << order; i++)
		if (bud_tenants_find(&s->tenants, name + i) != place + i)
			return false;
	return true;
}

/* A page nobody knows by that name: the end of one that compaction moved, the longest ago. */
static void free_stranger(bud_simulation *s, unsigned cpu)
{
	uint32_t place = bud_tenants_unpool(&s->tenants);
	s->counts.strangers++;
	if (place == BUD_PLACE_NONE)
		s->counts.unmatched++;
	else
		free_page(s, place, cpu);
}

static void free_names(bud_simulation *s, bud_pfn name, int order, unsigned cpu)
{
	uint32_t place = bud_tenants_find(&s->tenants, name);
	if (is_block(s, name, order, place)) {
		bud_tenant *tenant = bud_tenants_at(&s->tenants, place);
		if (tenant->order == order) {
			bud_tenants_leave(&s->tenants, place, false);
		} else {
			for (uint32_t i = 0; i < 1u << order; i++) {
				bud_tenants_split(&s->tenants, place + i);
				bud_tenants_leave(&s->tenants, place + i, false);
			}
		}
		bud_page_alloc_free(&s->machine, cpu, place, order);
		tell_gave(s, name, order);
		return;
	}
	for (bud_pfn i = 0; i < (bud_pfn)1 << order; i++) {
		place = bud_tenants_find(&s->tenants, name + i);
		if (place <= BUD_PLACE_MAX)
			free_named(s, name + i, place, cpu);
		else if (place == BUD_PLACE_NONE)
			free_stranger(s, cpu);
	}
}

/* Guests */

/* A request that has no way out, such as hugetlb's; others go on with something smaller, which they ask for. */
static bool has_no_alternative(const bud_op *op)
{
	return op->order > 0 && (op->gfp & BUD_GFP_DIRECT_RECLAIM) &&
	       !(op->gfp & (BUD_GFP_NORETRY | BUD_GFP_NOMEMALLOC));
}

static void enter(bud_simulation *s, const bud_op *op, bud_pfn name, bud_pfn place, int order)
{
	unsigned flags = bud_gfp_migratetype(op->gfp) == BUD_MT_MOVABLE ? BUD_TENANT_MOVABLE : 0;
	flags |= bud_gfp_is_buffer(op->gfp) ? BUD_TENANT_HELD : 0;
	flags |= bud_lessons_is_anonymous(op->gfp) ? BUD_TENANT_ANONYMOUS : 0;
	if (s->lessons->nr_victims && bud_pageset_test(&s->lessons->estates, op->seq))
		flags |= BUD_TENANT_ESTATE;
	bud_tenants_enter(&s->tenants, name, (uint32_t)place, order, op->pid, flags, seat_of(s, op),
			  bud_machine_zone_of(&s->machine, place)->index);
}

/* Takes in what is at place; false: nobody tells how long it would stay. */
static bool take_in(bud_simulation *s, const bud_op *op, bud_pfn place)
{
	bud_pfn host = s->last_like[op->order], name = s->next_guest, nr = (bud_pfn)1 << op->order;
	if (!has_no_alternative(op) || host == BUD_PFN_NONE || bud_tenants_find(&s->tenants, host) > BUD_PLACE_MAX ||
	    name + nr > s->startup.names_end + s->startup.places_end)
		return false;
	if (s->nr_guests == s->max_guests) {
		size_t more = s->max_guests ? 2 * s->max_guests : 16;
		guest *grown = realloc(s->guests, more * sizeof *grown);
		if (!grown)
			return false;
		s->guests = grown;
		s->max_guests = more;
	}
	s->guests[s->nr_guests++] = (guest){ host, name, op->order };
	s->next_guest += nr;
	enter(s, op, name, place, op->order);
	return true;
}

static void see_off_guests(bud_simulation *s, bud_pfn host, unsigned cpu)
{
	for (size_t i = s->nr_guests; i-- > 0;) {
		guest g = s->guests[i];
		if (g.host != host)
			continue;
		s->guests[i] = s->guests[--s->nr_guests];
		free_names(s, g.name, g.order, cpu);
	}
}

/* Each page known by these names, as a block of its own. */
static void each_page(bud_simulation *s, const bud_op *op, void (*visit)(bud_tenants *tenants, uint32_t place))
{
	for (bud_pfn i = 0; i < (bud_pfn)1 << op->order; i++) {
		uint32_t place = bud_tenants_find(&s->tenants, op->pfn + i);
		if (place > BUD_PLACE_MAX)
			continue;
		bud_tenants_split(&s->tenants, place);
		visit(&s->tenants, place);
		tell_gave(s, op->pfn + i, 0);
	}
}

/* What reclaim freed in the trace is the first to go here: as it was, or each page that is known of it. */
static void expose(bud_simulation *s, const bud_op *op)
{
	uint32_t place = bud_tenants_find(&s->tenants, op->pfn);
	if (is_block(s, op->pfn, op->order, place) && bud_tenants_at(&s->tenants, place)->order == op->order) {
		bud_tenants_expose(&s->tenants, place);
		tell_gave(s, op->pfn, op->order);
		return;
	}
	each_page(s, op, bud_tenants_expose);
}

/* The names belong to somebody new: whoever had them has left, though nothing told. */
static void clear_names(bud_simulation *s, bud_pfn name, int order, unsigned cpu)
{
	for (bud_pfn i = 0; i < (bud_pfn)1 << order; i++) {
		uint32_t place = bud_tenants_find(&s->tenants, name + i);
		if (place <= BUD_PLACE_MAX)
			free_named(s, name + i, place, cpu);
	}
}

/* GFP_ATOMIC had a flag of its own to 6.2. */
static bud_gfp gfp_of(const bud_simulation *s, const bud_op *op)
{
	bool atomic = op->gfp & BUD_GFP_HIGH && !(op->gfp & BUD_GFP_DIRECT_RECLAIM);
	return s->lends_atomic && atomic ? op->gfp | BUD_GFP_ATOMIC : op->gfp;
}

static bud_pfn ask(bud_simulation *s, const bud_op *op, int order)
{
	bool dies = bud_oom_is_victim(&s->reclaim, op->pid);
	bud_request request = { .order = order,
				.gfp = gfp_of(s, op),
				.task = op->task | (dies ? BUD_TASK_OOM_VICTIM | BUD_TASK_FATAL : 0),
				.cpu = op->cpu < s->machine.nr_cpus ? op->cpu : 0,
				.node = op->node };
	s->counts.requests++;
	bud_pfn place = bud_page_alloc(&s->machine, &request, NULL);
	s->counts.failures += place == BUD_PFN_NONE;
	return place;
}

static bool serve(bud_simulation *s, const bud_op *op, bud_pfn name, int order)
{
	bud_pfn place = ask(s, op, order);
	if (place == BUD_PFN_NONE) {
		s->counts.refused++;
		bud_tenants_refuse(&s->tenants, name, order);
		tell_got(s, BUD_PFN_NONE, order);
		return false;
	}
	enter(s, op, name, place, order);
	tell_got(s, name, order);
	if (has_no_alternative(op))
		s->last_like[order] = name;
	return true;
}

/* A huge page for a user that can as well be had page by page: not of hugetlb, which insists. */
static bool is_thp(const bud_simulation *s, const bud_op *op)
{
	return op->order == s->huge_order && (op->gfp & BUD_GFP_NOMEMALLOC) &&
	       bud_gfp_migratetype(op->gfp) == BUD_MT_MOVABLE && (op->gfp & BUD_GFP_HIGHMEM);
}

static void feed_alloc(bud_simulation *s, const bud_op *op)
{
	clear_names(s, op->pfn, op->order, op->cpu);
	if (!s->no_thp || !is_thp(s, op)) {
		serve(s, op, op->pfn, op->order);
		return;
	}
	for (bud_pfn i = 0; i < (bud_pfn)1 << op->order; i++)
		serve(s, op, op->pfn + i, 0);
}

/* The kernel had nothing for it; here, what there may be is a guest, or given back. */
static void feed_failed(bud_simulation *s, const bud_op *op)
{
	s->counts.failed_in_trace++;
	if (s->no_thp && is_thp(s, op))
		return; /* the task goes on with single pages, which have requests of their own */
	bud_pfn place = ask(s, op, op->order), name = place == BUD_PFN_NONE ? place : s->next_guest;
	tell_got(s, name, op->order);
	if (place == BUD_PFN_NONE)
		return;
	s->counts.rescued++;
	if (take_in(s, op, place))
		return;
	bud_page_alloc_free(&s->machine, op->cpu < s->machine.nr_cpus ? op->cpu : 0, place, op->order);
	tell_gave(s, name, op->order);
}

void bud_simulation_feed(bud_simulation *simulation, const bud_op *op, bool left_out)
{
	bud_simulation *s = simulation;
	unsigned cpu = op->cpu < s->machine.nr_cpus ? op->cpu : 0;
	bud_reclaim_advance(&s->reclaim, op->t_ns);
	left_out = left_out || bud_oom_is_dead(&s->reclaim, op->pid, op->began_ns);
	s->reclaim.request_ns = op->began_ns;
	s->reclaim.pause_ns = op->pause_ns;
	s->reclaim.pid = op->pid;
	switch (op->kind) {
	case BUD_OP_ALLOC:
		if (!left_out) {
			feed_alloc(s, op);
			break;
		}
		clear_names(s, op->pfn, op->order, cpu);
		bud_tenants_refuse(&s->tenants, op->pfn, op->order);
		s->counts.left_out++;
		break;
	case BUD_OP_FAILED:
		if (left_out)
			s->counts.left_out++;
		else
			feed_failed(s, op);
		break;
	case BUD_OP_FREE:
		s->counts.frees++;
		bud_oom_frees(&s->reclaim, op->pid);
		free_names(s, op->pfn, op->order, cpu);
		if (s->nr_guests && op->order)
			see_off_guests(s, op->pfn, cpu);
		break;
	case BUD_OP_RECLAIM:
		expose(s, op);
		break;
	case BUD_OP_MOVE:
		each_page(s, op, bud_tenants_pool);
		break;
	case BUD_OP_TIMER:
		bud_kcompactd_timer(&s->reclaim, op->node);
		break;
	case BUD_OP_VICTIM:
		bud_oom_marked(&s->reclaim, op->pid);
		break;
	case BUD_OP_COMPACT: {
		bud_machine_zone *zone = bud_startup_zone_of(&s->startup, &s->machine, op->pfn);
		if (zone)
			bud_reclaim_compact_all(&s->reclaim, zone);
		break;
	}
	}
}

void bud_simulation_watch_by(bud_simulation *simulation, const bud_simulation_watch *watch)
{
	simulation->watch = *watch;
	simulation->reclaim.gave = watch->gave;
	simulation->reclaim.gave_self = watch->self;
}

uint64_t bud_simulation_request_ns(const bud_simulation *simulation)
{
	return simulation->reclaim.request_ns;
}

void bud_simulation_advance(bud_simulation *simulation, uint64_t t_ns)
{
	bud_reclaim_advance(&simulation->reclaim, t_ns);
}

void bud_simulation_set(bud_simulation *simulation, const bud_sysctls *sysctls)
{
	bud_machine_set(&simulation->machine, sysctls);
	simulation->reclaim.proactive = simulation->machine.sysctls.compaction_proactiveness != 0;
}

void bud_simulation_keep(bud_simulation *simulation, size_t zone, const bud_wmarks *marks, const bud_pcp_sizes *lists)
{
	bud_machine *m = &simulation->machine;
	bud_machine_zone *to = bud_startup_zone(&simulation->startup, m, zone);
	if (to && marks)
		to->view->marks = *marks;
	for (unsigned cpu = 0; to && lists && cpu < m->nr_cpus; cpu++)
		bud_pcp_resize(&to->pcp[cpu], &m->pcp_rules, lists);
}

void bud_simulation_tune(bud_simulation *simulation, size_t zone, unsigned cpu, uint64_t high)
{
	bud_machine *m = &simulation->machine;
	bud_machine_zone *to = bud_startup_zone(&simulation->startup, m, zone);
	if (!to || cpu >= m->nr_cpus || m->kernel.pcp_policy != BUD_PCP_AUTO)
		return;
	bud_pcp *pcp = &to->pcp[cpu];
	uint64_t low = pcp->sizes.high_min, most = pcp->sizes.high_max;
	pcp->high = (uint32_t)(high < low ? low : high > most ? most : high);
}

bud_machine *bud_simulation_machine(bud_simulation *simulation)
{
	return &simulation->machine;
}

const bud_machine_zone *bud_simulation_zone(const bud_simulation *simulation, size_t zone)
{
	return bud_startup_zone(&simulation->startup, &simulation->machine, zone);
}

const bud_simulation_counts *bud_simulation_counted(const bud_simulation *simulation)
{
	return &simulation->counts;
}

const bud_reclaim_counts *bud_simulation_reclaimed(const bud_simulation *simulation)
{
	return &simulation->reclaim.counts;
}

bud_status bud_simulation_check(const bud_simulation *simulation, bud_error *err)
{
	return simulation->tenants.out_of_memory ? bud_error_memory(err, "the simulation's tables") : BUD_OK;
}
