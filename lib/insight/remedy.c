/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/insight/remedy.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define CULPRITS    2	 /* sites left out, one at a time */
#define SMALL_LISTS 1000 /* percpu_pagelist_high_fraction: per-CPU lists of a thousandth of their zone */

typedef struct look {
	bud_remedies *remedies;
	const bud_remedy_ground *ground;
	const bud_answer *answer; /* of the decisive zone; NULL: none */
} look;

static bud_whatif_case *add(const look *l)
{
	bud_remedies *r = l->remedies;
	bud_whatif_case *c = &r->cases[r->nr];
	*c = (bud_whatif_case){ .kernel = *l->ground->kernel };
	bud_sysctls_init(&c->sysctls);
	r->now[r->nr++][0] = '\0';
	return c;
}

static uint64_t in_force(const look *l, bud_sysctl sysctl)
{
	const bud_settings *s = l->ground->settings;
	return s ? s->sysctls.value[sysctl] : BUD_UNKNOWN;
}

static void try_sysctl(const look *l, bud_sysctl sysctl, uint64_t value)
{
	uint64_t now = in_force(l, sysctl);
	if (now == BUD_UNKNOWN || value == now)
		return;
	bud_whatif_case *c = add(l);
	bud_sysctls_learn(&c->sysctls, sysctl, value, BUD_SYSCTL_SET);
	snprintf(c->label, sizeof c->label, "%s=%" PRIu64, bud_sysctl_name(sysctl), value);
	snprintf(l->remedies->now[l->remedies->nr - 1], sizeof *l->remedies->now, "%" PRIu64, now);
}

static void try_times(const look *l, bud_sysctl sysctl, uint64_t times, uint64_t most)
{
	uint64_t now = in_force(l, sysctl);
	if (now != BUD_UNKNOWN && now)
		try_sysctl(l, sysctl, now > most / times ? most : now * times);
}

/* So little that marks move by a page or two: no remedy, but what it changes any remedy could change by chance. */
static void try_next_to_nothing(const look *l)
{
	uint64_t now = in_force(l, BUD_SYSCTL_min_free_kbytes), page = 1u << (l->ground->kernel->page_shift - 10);
	uint64_t more = now / 64 > page ? now / 64 : page;
	if (now == BUD_UNKNOWN || now > INT32_MAX / 2)
		return;
	l->remedies->control = l->remedies->nr;
	try_sysctl(l, BUD_SYSCTL_min_free_kbytes, now + more);
}

/* A quarter more of the decisive zone, in whole MiB. */
static void try_memory(const look *l)
{
	const bud_memory *memory = l->ground->memory;
	const bud_answer *a = l->answer;
	int shift = l->ground->kernel->page_shift;
	for (size_t z = 0; a && z < memory->nr_zones && z < BUD_MAX_ZONES; z++) {
		const bud_zone *zone = &memory->zones[z];
		uint64_t managed = zone->managed == BUD_UNKNOWN ? zone->spanned : zone->managed;
		uint64_t mib = ((managed << shift >> 20) + 3) / 4;
		if (zone->node != a->node || strcmp(zone->name, a->name) != 0 || !mib)
			continue;
		bud_whatif_case *c = add(l);
		c->more[z] = (int64_t)(mib << 20 >> shift);
		snprintf(c->label, sizeof c->label, "memory=%d/%s+%" PRIu64 "M", zone->node, zone->name, mib);
		snprintf(l->remedies->now[l->remedies->nr - 1], sizeof *l->remedies->now, "%" PRIu64 "M",
			 managed << shift >> 20);
		return;
	}
}

/* A smaller reserve of the zones it could not use because of one: their ratio four times as large. */
static void try_ratio(const look *l)
{
	const bud_settings *s = l->ground->settings;
	const bud_explanation *e = &l->ground->scene->explanation;
	unsigned types = s ? bud_settings_zone_types(s->snapshot) : 0, changed = 0, at = 0;
	unsigned ratio[BUD_NR_ZONE_TYPES];
	for (size_t i = 0; i < e->nr_answers; i++)
		if (e->answers[i].cause == BUD_CAUSE_RESERVE && e->answers[i].reserve)
			changed |= 1u << e->answers[i].type;
	if (!changed || !bud_sysctls_ratios(&s->sysctls, types, ratio))
		return;
	bud_whatif_case *c = add(l);
	char *now = l->remedies->now[l->remedies->nr - 1];
	size_t used = (size_t)snprintf(c->label, sizeof c->label, "lowmem_reserve_ratio="), length = 0;
	for (int type = 0; type < BUD_NR_ZONE_TYPES; type++) {
		if (!(types & 1u << type))
			continue;
		uint32_t value = (uint32_t)ratio[type] * (changed >> type & 1 ? 4 : 1);
		c->sysctls.ratio[at] = value;
		used += (size_t)snprintf(c->label + used, sizeof c->label - used, "%s%" PRIu32, at ? "," : "", value);
		length += (size_t)snprintf(now + length, sizeof *l->remedies->now - length, "%s%u", at ? "," : "",
					   ratio[type]);
		at++;
	}
	c->sysctls.nr_ratio = at;
	c->sysctls.ratio_origin = BUD_SYSCTL_SET;
}

static void try_no_thp(const look *l)
{
	if (in_force(l, BUD_SYSCTL_thp_enabled) == BUD_THP_NEVER)
		return;
	bud_whatif_case *c = add(l);
	c->no_thp = true;
	snprintf(c->label, sizeof c->label, "thp=off");
}

/* A name too long for a case ends with a whole function: then it is all that were called by it. */
static void name_site(bud_whatif_case *c, bud_site_table *sites, uint32_t site)
{
	char name[BUD_SITE_TEXT];
	bud_site_name(sites, site, name, sizeof name);
	if (strlen(name) >= BUD_ABSENCE_NAME) {
		char *end = name + BUD_ABSENCE_NAME - 1;
		while (end > name && strncmp(end, " < ", 3) != 0)
			end--;
		*end = '\0';
	}
	if (!name[0])
		return;
	strcpy(c->without[c->nr_without++], name);
	snprintf(c->label, sizeof c->label, "without=%s", c->without[0]);
}

static void try_absences(const look *l)
{
	const bud_culprits *culprits = l->ground->culprits;
	size_t nr = 0;
	for (size_t i = 0; i < culprits->nr && nr < CULPRITS; i++) {
		if (culprits->list[i].site <= BUD_SITE_OTHER)
			continue;
		bud_whatif_case *c = add(l);
		name_site(c, l->ground->sites, culprits->list[i].site);
		if (c->nr_without)
			nr++;
		else
			l->remedies->nr--;
	}
}

static void treat_fragmentation(const look *l)
{
	if (l->ground->scene->plea.order > BUD_COSTLY_ORDER)
		try_sysctl(l, BUD_SYSCTL_extfrag_threshold, 0);
	if (l->ground->kernel->has_proactive)
		try_sysctl(l, BUD_SYSCTL_compaction_proactiveness, 60);
	if (l->ground->kernel->has_defrag_mode)
		try_sysctl(l, BUD_SYSCTL_defrag_mode, 1);
}

static bool lacks(const look *l, bud_lacking_kind kind)
{
	const bud_shortfall *s = &l->ground->scene->shortfall;
	for (size_t i = 0; i < s->nr; i++)
		if (s->list[i].kind == kind)
			return true;
	return false;
}

static void treat_shortage(const look *l)
{
	uint64_t least = in_force(l, BUD_SYSCTL_min_free_kbytes);
	if (least != BUD_UNKNOWN && least > 1)
		try_sysctl(l, BUD_SYSCTL_min_free_kbytes, least / 2);
	if (l->answer && l->answer->boost)
		try_sysctl(l, BUD_SYSCTL_watermark_boost_factor, 0);
	if (lacks(l, BUD_LACKING_CACHED) && l->ground->kernel->pcp_policy != BUD_PCP_FIXED6)
		try_sysctl(l, BUD_SYSCTL_percpu_pagelist_high_fraction, SMALL_LISTS);
	try_ratio(l);
}

void bud_remedies_find(bud_remedies *remedies, const bud_remedy_ground *ground)
{
	const bud_impasse *scene = ground->scene;
	const bud_explanation *e = &scene->explanation;
	look l = { remedies, ground, e->decisive < 0 ? NULL : &e->answers[e->decisive] };
	remedies->nr = remedies->control = 0;
	snprintf(add(&l)->label, sizeof remedies->cases->label, "unchanged");
	if (e->cause == BUD_CAUSE_LIMIT)
		return;
	try_next_to_nothing(&l);
	try_times(&l, BUD_SYSCTL_min_free_kbytes, 2, INT32_MAX);
	try_times(&l, BUD_SYSCTL_min_free_kbytes, 4, INT32_MAX);
	try_times(&l, BUD_SYSCTL_watermark_scale_factor, 10, 3000);
	bool short_of_pages = e->cause == BUD_CAUSE_SHORTAGE || e->cause == BUD_CAUSE_RESERVE;
	if (scene->plea.order && !short_of_pages)
		treat_fragmentation(&l);
	else
		treat_shortage(&l);
	try_no_thp(&l);
	try_memory(&l);
	try_absences(&l);
}
