/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/insight/player.h"

#include <string.h>

#include "lib/memory/fragindex.h"

static void tell(void *self, const bud_machine_event *event)
{
	bud_player *p = self;
	bud_happenings *h = &p->happenings;
	if (p->tale)
		bud_tale_happens(p->tale, event);
	switch (event->kind) {
	case BUD_MODEL_FALLBACK:
		bud_happenings_add(h, BUD_MEASURE_FALLBACKS, p->t_ns);
		if (event->claimed)
			bud_happenings_add(h, BUD_MEASURE_CLAIMS, p->t_ns);
		break;
	case BUD_MODEL_WAKE:
		bud_happenings_add(h, BUD_MEASURE_WAKES, p->t_ns);
		break;
	case BUD_MODEL_RECLAIM:
		bud_happenings_add(h, BUD_MEASURE_RECLAIMS, p->t_ns);
		break;
	case BUD_MODEL_COMPACT:
		bud_happenings_add(h, BUD_MEASURE_COMPACTIONS, p->t_ns);
		break;
	case BUD_MODEL_OOM:
		if (event->value)
			bud_happenings_add(h, BUD_MEASURE_OOM_KILLS, p->t_ns);
		break;
	case BUD_MODEL_FAIL:
		p->failure = (bud_page_failure)event->value;
		bud_happenings_add(h, BUD_MEASURE_FAILURES, p->t_ns);
		if (event->context && event->context->order < BUD_NR_ORDERS)
			h->failures_by_order[event->context->order]++;
		break;
	default:
		break;
	}
}

/* As a write of some of the numbers does it: the others stay. */
static void set_ratios(bud_sysctls *sysctls, const bud_sysctls *set, unsigned zone_types)
{
	bool known = sysctls->nr_ratio;
	for (int type = 0; !known && type < BUD_NR_ZONE_TYPES; type++)
		if (zone_types & 1u << type)
			sysctls->ratio[sysctls->nr_ratio++] = bud_watermark_default_ratio[type];
	memcpy(sysctls->ratio, set->ratio, set->nr_ratio * sizeof *set->ratio);
	sysctls->nr_ratio = set->nr_ratio > sysctls->nr_ratio ? set->nr_ratio : sysctls->nr_ratio;
	sysctls->ratio_origin = BUD_SYSCTL_SET;
}

/* The settings of the trace as a case has them. What its kernel does not know does nothing, unless the user sets it. */
static void settings_of(const bud_whatif_case *setup, const bud_sysctls *traced, bud_sysctls *sysctls)
{
	*sysctls = *traced;
	bud_sysctls_assume(sysctls);
	if (!setup->kernel.has_proactive)
		sysctls->compaction_proactiveness = 0;
	if (!setup->kernel.has_defrag_mode)
		sysctls->defrag_mode = 0;
	for (int i = 0; i < BUD_NR_SYSCTLS; i++)
		if (setup->sysctls.origin[i] == BUD_SYSCTL_SET)
			bud_sysctls_learn(sysctls, (bud_sysctl)i, setup->sysctls.value[i], BUD_SYSCTL_SET);
	if (setup->sysctls.ratio_origin)
		set_ratios(sysctls, &setup->sysctls, (unsigned)setup->kernel.zone_types);
}

static bool sets(const bud_whatif_case *c, bud_sysctl sysctl)
{
	return c->sysctls.origin[sysctl] == BUD_SYSCTL_SET;
}

/* Whether the kernel of a case sizes marks and lists as that of the trace does. */
static bool sizes_alike(const bud_kernel *a, const bud_kernel *b)
{
	return a->pcp_policy == b->pcp_policy && a->movable_in_sum == b->movable_in_sum;
}

/* Marks and lists of the trace's machine, where they are older than what it manages now. */
static void keep_old_sizes(bud_player *p, const bud_simulation_setup *setup, const bud_settings *s)
{
	const bud_whatif_case *c = p->setup;
	const bud_memory *start = setup->start;
	bool same = !sets(c, BUD_SYSCTL_min_free_kbytes) && !sets(c, BUD_SYSCTL_watermark_scale_factor) &&
		    sizes_alike(&c->kernel, setup->traced);
	for (size_t z = 0; z < start->nr_zones; z++)
		same = same && !c->more[z];
	bool marks = s->boot_marks && same;
	bool lists = s->boot_lists && same && !sets(c, BUD_SYSCTL_percpu_pagelist_high_fraction);
	for (size_t z = 0; z < start->nr_zones; z++) {
		const bud_zone *zone = &start->zones[z];
		const bud_settings_zone *old = bud_settings_find(s, zone->node, zone->name);
		if (old)
			bud_simulation_keep(p->simulation, z, marks ? &old->computed.marks : NULL,
					    lists ? &old->lists : NULL);
		for (size_t i = 0; old && i < old->kernel->nr_pcp; i++)
			bud_simulation_tune(p->simulation, z, old->kernel->pcp[i].cpu, old->kernel->pcp[i].high);
	}
}

static void take_sample(bud_zone_sample *sample, const bud_machine_zone *zone, unsigned nr_cpus)
{
	const bud_zone_view *view = zone->view;
	*sample = (bud_zone_sample){ .known = true };
	memcpy(sample->nr_free, zone->lists.area.nr_free, sizeof sample->nr_free);
	bud_fragindex_all(sample->nr_free, zone->lists.max_order, sample->suitable, sample->extfrag_milli,
			  sample->unusable_milli);
	for (int type = 0; type < BUD_NR_MIGRATETYPES; type++)
		sample->free_pages += zone->lists.area.pages[type];
	for (unsigned cpu = 0; cpu < nr_cpus; cpu++)
		sample->cached_pages += zone->pcp[cpu].count;
	uint64_t rest = sample->free_pages + sample->cached_pages;
	sample->used_pages = view->managed > rest ? view->managed - rest : 0;
	sample->marks = (bud_zone_marks){ view->marks.min + view->boost, view->marks.low + view->boost,
					  view->marks.high + view->boost, view->boost };
	sample->wm_state = bud_zone_wm_state(&sample->marks, sample->free_pages);
}

bud_status bud_player_create(bud_player *player, const bud_simulation_setup *setup, const bud_settings *found,
			     const bud_sysctls *start, bud_error *err)
{
	const bud_whatif_case *c = player->setup;
	bud_simulation_setup full = *setup;
	bud_sysctls sysctls;
	settings_of(c, found->snapshot ? &found->sysctls : start, &sysctls);
	full.kernel = &c->kernel;
	full.sysctls = &sysctls;
	full.no_thp = c->no_thp;
	full.no_pcp = c->no_pcp;
	full.no_compaction = c->no_compaction;
	memcpy(full.more, c->more, sizeof full.more);
	bud_status status = bud_simulation_create(&player->simulation, &full, err);
	if (!status)
		bud_simulation_machine(player->simulation)->watch = (bud_machine_watch){ player, tell };
	if (!status && found->snapshot)
		keep_old_sizes(player, setup, found);
	return status;
}

void bud_player_fini(bud_player *player)
{
	bud_tale_destroy(player->tale);
	bud_absence_destroy(player->absence);
	bud_simulation_destroy(player->simulation);
	bud_happenings_fini(&player->happenings);
}

void bud_player_set(bud_player *player, const bud_sysctls *found)
{
	const bud_sysctls *in_force = &bud_simulation_machine(player->simulation)->sysctls;
	bud_sysctls traced = *in_force, changed;
	for (int k = 0; k < BUD_NR_SYSCTLS; k++)
		if (found->origin[k] >= BUD_SYSCTL_INFERRED) {
			traced.value[k] = found->value[k];
			traced.origin[k] = found->origin[k];
		}
	if (found->nr_ratio) {
		memcpy(traced.ratio, found->ratio, sizeof traced.ratio);
		traced.nr_ratio = found->nr_ratio;
	}
	settings_of(player->setup, &traced, &changed);
	if (memcmp(changed.value, in_force->value, sizeof changed.value) != 0 ||
	    !bud_sysctls_same_ratio(&changed, in_force))
		bud_simulation_set(player->simulation, &changed);
}

void bud_player_feed(bud_player *player, const bud_op *op, const bud_event *event)
{
	bool asks = op->kind == BUD_OP_ALLOC || op->kind == BUD_OP_FAILED,
	     watched = bud_fate_is_like(player->watch, op);
	const bud_machine_counts *counts = &bud_simulation_machine(player->simulation)->counts;
	bud_machine_counts before;
	player->t_ns = op->t_ns;
	if (player->tale)
		bud_tale_begin(player->tale, op, event);
	if (watched) {
		before = *counts;
		player->failure = BUD_PAGE_REFUSED; /* that alone is not told of */
	}
	bud_simulation_feed(player->simulation, op,
			    asks && player->absence && bud_absence_has(player->absence, op->seq));
	if (watched)
		bud_fates_add(&player->fates, player->watch, op, bud_fate_of(&before, counts, player->failure));
	if (player->tale)
		bud_tale_end(player->tale);
}

void bud_player_ask(bud_player *player)
{
	const bud_fate_subject *s = player->watch->subject;
	bud_machine *m = bud_simulation_machine(player->simulation);
	bud_machine_counts before = m->counts;
	bud_request request = { .order = s->order, .gfp = s->gfp, .node = s->node };
	player->failure = BUD_PAGE_REFUSED;
	bud_page_alloc(m, &request, NULL);
	player->fates.own = bud_fate_of(&before, &m->counts, player->failure);
}

void bud_player_collect(bud_player *player)
{
	const bud_reclaim_counts *r = bud_simulation_reclaimed(player->simulation);
	bud_happenings *h = &player->happenings;
	h->requests = bud_simulation_counted(player->simulation)->requests;
	h->kswapd_pages = r->kswapd_pages;
	h->direct_pages = r->direct_pages;
	h->moved_pages = r->moved;
	h->count[BUD_MEASURE_RUNS] = r->compactions;
}

void bud_player_sample(const bud_player *player, size_t zone, bud_zone_sample *sample)
{
	const bud_machine_zone *simulated = bud_simulation_zone(player->simulation, zone);
	*sample = (bud_zone_sample){ 0 };
	if (simulated)
		take_sample(sample, simulated, bud_simulation_machine(player->simulation)->nr_cpus);
}
