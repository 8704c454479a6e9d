/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/insight/settings.h"

#include <stdlib.h>
#include <string.h>

/* Of how many pages the machine was when it computed. */
typedef enum epoch {
	NOW,
	BEFORE_BOOT_FREES,
} epoch;

typedef struct work {
	const bud_settings_input *input;
	bud_settings *out;
	bud_wmark_zone *zones; /* all of the snapshot, empty ones too */
	size_t nr;
	unsigned ratio[BUD_NR_ZONE_TYPES];
	bool boot_known; /* which zone each part of boot's memory went to */
} work;

unsigned bud_settings_zone_types(const bud_snapshot *snapshot)
{
	unsigned types = 0;
	for (size_t i = 0; i < snapshot->nr_zones; i++) {
		bud_zone_type type = bud_zone_type_parse(snapshot->zones[i].name);
		if (type < BUD_NR_ZONE_TYPES)
			types |= 1u << type;
	}
	return types;
}

const bud_settings_zone *bud_settings_find(const bud_settings *settings, int32_t node, const char *name)
{
	for (size_t i = 0; i < settings->nr_zones; i++) {
		const bud_zone_info *info = settings->zones[i].kernel;
		if (info->node == node && strcmp(info->name, name) == 0)
			return &settings->zones[i];
	}
	return NULL;
}

/* ---- pages that boot freed late ---- */

static bud_settings_zone *zone_at(bud_settings *s, uint64_t address, int page_shift)
{
	if (s->nr_zones == 1)
		return &s->zones[0];
	for (size_t i = 0; address != BUD_UNKNOWN && i < s->nr_zones; i++) {
		const bud_zone_info *info = s->zones[i].kernel;
		bud_pfn pfn = address >> page_shift;
		if (info->start_pfn != BUD_UNKNOWN && pfn >= info->start_pfn && pfn - info->start_pfn < info->spanned)
			return &s->zones[i];
	}
	return NULL;
}

static bool place(bud_settings *s, uint64_t kib, uint64_t address, int page_shift)
{
	if (kib == BUD_UNKNOWN)
		return false;
	bud_settings_zone *zone = zone_at(s, address, page_shift);
	uint64_t pages = kib >> (page_shift - 10);
	if (!zone || pages >= zone->kernel->managed - zone->boot_pages)
		return false;
	zone->boot_pages += pages;
	return true;
}

static void place_boot_frees(work *w)
{
	const bud_boot_frees *boot = w->input->boot;
	int shift = w->input->kernel->page_shift;
	bool initrd = place(w->out, boot->initrd_kib, boot->initrd_at, shift);
	bool image = place(w->out, boot->image_kib, boot->image_at, shift);
	/* Without a ramdisk the log has no line of it. */
	w->boot_known = image && (initrd || boot->initrd_kib == BUD_UNKNOWN);
}

static uint64_t managed_then(const bud_settings_zone *zone, epoch when)
{
	return zone->kernel->managed - (when == BEFORE_BOOT_FREES ? zone->boot_pages : 0);
}

/* ---- watermarks ---- */

static void set_managed(work *w, epoch when)
{
	size_t at = 0;
	for (size_t i = 0; i < w->nr; i++) {
		bool populated = at < w->out->nr_zones && w->out->zones[at].kernel == &w->out->snapshot->zones[i];
		w->zones[i].managed = populated ? managed_then(&w->out->zones[at], when) : 0;
		at += populated;
	}
}

/* zoneinfo has had a row for boost since 6.1; before, marks that are all off by as much as a boost can be are. */
static uint64_t fitting_boost(const work *w, const bud_settings_zone *zone, const bud_wmarks *marks)
{
	const bud_zone_info *info = zone->kernel;
	if (info->boost != BUD_UNKNOWN || info->min <= marks->min || !w->input->kernel->nofragment)
		return info->boost == BUD_UNKNOWN ? 0 : info->boost;
	uint64_t boost = 0, more, wanted = info->min - marks->min;
	unsigned factor = (unsigned)w->out->sysctls.watermark_boost_factor;
	while (boost < wanted) {
		more = bud_watermark_boost(boost, marks, info->managed, factor, w->input->kernel->pageblock_order);
		if (more == boost)
			break;
		boost = more;
	}
	/* Reclaim takes a boost back in part. */
	return boost >= wanted ? wanted : 0;
}

static bool marks_equal(const bud_zone_info *info, const bud_wmarks *m, uint64_t boost)
{
	return info->min == m->min + boost && info->low == m->low + boost && info->high == m->high + boost &&
	       (info->promo == BUD_UNKNOWN || info->promo == m->promo + boost);
}

/* Computes the marks of every zone; true if all are as zoneinfo has them. */
static bool try_marks(work *w, epoch when, uint64_t min_free_kib, uint64_t scale)
{
	bool all = true;
	size_t at = 0;
	set_managed(w, when);
	bud_watermark_compute(w->zones, w->nr, w->input->kernel, min_free_kib, (unsigned)scale);
	for (size_t i = 0; i < w->nr && at < w->out->nr_zones; i++) {
		bud_settings_zone *zone = &w->out->zones[at];
		if (zone->kernel != &w->out->snapshot->zones[i])
			continue;
		zone->computed.marks = w->zones[i].marks;
		zone->computed.managed = w->zones[i].managed;
		zone->boost = fitting_boost(w, zone, &zone->computed.marks);
		zone->marks_equal = marks_equal(zone->kernel, &zone->computed.marks, zone->boost);
		all = all && zone->marks_equal;
		at++;
	}
	w->out->marks_equal = all;
	w->out->boot_marks = all && when == BEFORE_BOOT_FREES;
	return all;
}

/* Without a file, the kernel's own choice, made while booting. */
static uint64_t default_min_free(const work *w)
{
	uint64_t pages = 0;
	for (size_t i = 0; i < w->out->nr_zones; i++)
		if (bud_zone_type_parse(w->out->zones[i].kernel->name) <= BUD_ZONE_NORMAL)
			pages += managed_then(&w->out->zones[i], BEFORE_BOOT_FREES);
	return bud_watermark_min_free_kib(w->input->kernel, pages << (w->input->kernel->page_shift - 10));
}

typedef struct range {
	uint64_t least, most;
} range;

/* Values v with value * v / by == result, rounded down. */
static void narrow(range *r, uint64_t value, uint64_t by, uint64_t result)
{
	if (!value)
		return;
	unsigned __int128 least = ((unsigned __int128)result * by + value - 1) / value;
	unsigned __int128 most = ((unsigned __int128)(result + 1) * by - 1) / value;
	r->least = least > r->least ? (uint64_t)least : r->least;
	r->most = most < r->most ? (uint64_t)most : r->most;
}

static bool counts(const work *w, const bud_settings_zone *zone)
{
	bud_zone_type type = bud_zone_type_parse(zone->kernel->name);
	return type <= BUD_ZONE_NORMAL || (type == BUD_ZONE_MOVABLE && w->input->kernel->movable_in_sum);
}

/* The pages of min_free_kbytes that all zones' min marks allow. */
static range fit_min_free(const work *w)
{
	range r = { 0, INT32_MAX };
	uint64_t sum = 0;
	for (size_t i = 0; i < w->out->nr_zones; i++)
		sum += counts(w, &w->out->zones[i]) ? w->out->zones[i].kernel->managed : 0;
	for (size_t i = 0; i < w->out->nr_zones; i++) {
		const bud_zone_info *info = w->out->zones[i].kernel;
		uint64_t boost = info->boost == BUD_UNKNOWN ? 0 : info->boost;
		if (counts(w, &w->out->zones[i]) && info->min >= boost)
			narrow(&r, info->managed, sum, info->min - boost);
	}
	return r;
}

/* The watermark_scale_factor that the gaps between marks tell, where it decided them. */
static range fit_scale(const work *w)
{
	range r = { 1, 3000 };
	for (size_t i = 0; i < w->out->nr_zones; i++) {
		const bud_zone_info *info = w->out->zones[i].kernel;
		uint64_t gap = info->low - info->min, boost = info->boost == BUD_UNKNOWN ? 0 : info->boost;
		if (info->low >= info->min && info->min >= boost && gap > (info->min - boost) / 4 &&
		    counts(w, &w->out->zones[i]))
			narrow(&r, info->managed, 10000, gap);
	}
	return r;
}

/* The settings were changed on the way: what do the marks say? */
static bool infer_marks(work *w)
{
	bud_sysctls *in_force = &w->out->sysctls;
	int shift = w->input->kernel->page_shift - 10;
	range pages = fit_min_free(w), scale = fit_scale(w);
	uint64_t start = in_force->min_free_kbytes, factor = in_force->watermark_scale_factor;
	bool same_pages = start != BUD_UNKNOWN && start >> shift >= pages.least && start >> shift <= pages.most;
	bool same_scale = factor >= scale.least && factor <= scale.most;
	if (pages.least > pages.most || scale.least > scale.most || (!same_scale && scale.least != scale.most) ||
	    (!same_pages && pages.most - pages.least > pages.least / 64))
		return false;
	uint64_t kib = same_pages ? start : pages.least << shift;
	if (!try_marks(w, NOW, kib, same_scale ? factor : scale.least))
		return false;
	if (!same_scale) {
		in_force->watermark_scale_factor = scale.least;
		in_force->origin[BUD_SYSCTL_watermark_scale_factor] = BUD_SYSCTL_INFERRED;
	}
	if (!same_pages) {
		in_force->min_free_kbytes = kib;
		in_force->origin[BUD_SYSCTL_min_free_kbytes] = BUD_SYSCTL_INFERRED;
		w->out->min_free_span = ((pages.most - pages.least + 1) << shift) - 1;
	}
	return true;
}

static void explain_marks(work *w)
{
	bud_sysctls *in_force = &w->out->sysctls;
	bool own = w->out->snapshot->sysctls.origin[BUD_SYSCTL_min_free_kbytes] >= BUD_SYSCTL_READ;
	if (in_force->min_free_kbytes == BUD_UNKNOWN)
		bud_sysctls_learn(in_force, BUD_SYSCTL_min_free_kbytes, default_min_free(w), BUD_SYSCTL_ASSUMED);
	uint64_t kib = in_force->min_free_kbytes, scale = in_force->watermark_scale_factor;
	if (try_marks(w, NOW, kib, scale) || (w->boot_known && try_marks(w, BEFORE_BOOT_FREES, kib, scale)) ||
	    (!own && infer_marks(w)))
		return;
	try_marks(w, NOW, kib, scale);
}

/* ---- lowmem reserves ---- */

static bool reserve_equal(const work *w, const bud_wmark_zone *computed, const bud_zone_info *info)
{
	/* protection[] is by zone index: the order of the node's rows. */
	const bud_snapshot *snapshot = w->out->snapshot;
	unsigned at = 0;
	for (size_t i = 0; i < snapshot->nr_zones && at < info->nr_protection; i++) {
		bud_zone_type type = bud_zone_type_parse(snapshot->zones[i].name);
		if (snapshot->zones[i].node != info->node)
			continue;
		if (type == BUD_NR_ZONE_TYPES || computed->reserve[type] != info->protection[at++])
			return false;
	}
	return true;
}

static bool try_reserve(work *w, epoch when)
{
	bool all = true;
	size_t at = 0;
	set_managed(w, when);
	bud_watermark_reserve(w->zones, w->nr, w->input->kernel, w->ratio);
	for (size_t i = 0; i < w->nr && at < w->out->nr_zones; i++) {
		bud_settings_zone *zone = &w->out->zones[at];
		if (zone->kernel != &w->out->snapshot->zones[i])
			continue;
		memcpy(zone->computed.reserve, w->zones[i].reserve, sizeof zone->computed.reserve);
		zone->reserve_equal = reserve_equal(w, &w->zones[i], zone->kernel);
		all = all && zone->reserve_equal;
		at++;
	}
	w->out->reserve_equal = all;
	return all;
}

/* ---- per-CPU lists ---- */

static bool list_equal(const bud_kernel *kernel, const bud_pcp_info *pcp, const bud_pcp_sizes *sizes)
{
	if (pcp->batch != sizes->batch)
		return false;
	if (pcp->high_min != BUD_UNKNOWN)
		return pcp->high_min == sizes->high_min && pcp->high_max == sizes->high_max;
	/* 6.7 to 6.17 tune high between bounds they do not print. */
	return kernel->pcp_policy == BUD_PCP_AUTO ? pcp->high <= sizes->high_max : pcp->high == sizes->high_min;
}

/* The lists of a node's zones if it has so many CPUs; how many are equal. */
static unsigned try_node(work *w, int32_t node, epoch when, uint64_t fraction, unsigned nr_cpus)
{
	unsigned equal = 0;
	for (size_t i = 0; i < w->out->nr_zones; i++) {
		bud_settings_zone *zone = &w->out->zones[i];
		if (zone->kernel->node != node)
			continue;
		zone->lists = bud_pcp_compute(w->input->kernel, managed_then(zone, when), zone->computed.marks.low,
					      nr_cpus, (unsigned)fraction);
		zone->nr_equal_lists = 0;
		for (size_t k = 0; k < zone->kernel->nr_pcp; k++)
			zone->nr_equal_lists += list_equal(w->input->kernel, &zone->kernel->pcp[k], &zone->lists);
		zone->nr_lists = (unsigned)zone->kernel->nr_pcp;
		equal += zone->nr_equal_lists;
	}
	return equal;
}

static unsigned lists_of_node(const bud_settings *s, int32_t node)
{
	unsigned nr = 0;
	for (size_t i = 0; i < s->nr_zones; i++)
		nr += s->zones[i].kernel->node == node ? (unsigned)s->zones[i].kernel->nr_pcp : 0;
	return nr;
}

static unsigned nodes_of(const bud_settings *s)
{
	unsigned nr = 0;
	for (size_t i = 0; i < s->nr_zones; i++)
		nr += i == 0 || s->zones[i].kernel->node != s->zones[i - 1].kernel->node;
	return nr;
}

/* zoneinfo does not say which CPUs are a node's: of several nodes each may have any number that fits. */
static void try_cpus(work *w, int32_t node, epoch when, uint64_t fraction)
{
	unsigned total = w->input->nr_cpus ? w->input->nr_cpus : 1, nodes = nodes_of(w->out);
	unsigned likely = total / nodes ? total / nodes : 1, all = lists_of_node(w->out, node);
	for (unsigned n = 1; nodes > 1 && n <= total && n <= 4096; n++)
		if (try_node(w, node, when, fraction, n) == all)
			return;
	try_node(w, node, when, fraction, likely);
}

static bool try_lists(work *w, epoch when, uint64_t fraction)
{
	bud_settings *s = w->out;
	s->nr_lists = s->nr_equal_lists = 0;
	for (size_t i = 0; i < s->nr_zones; i++) {
		if (i == 0 || s->zones[i].kernel->node != s->zones[i - 1].kernel->node)
			try_cpus(w, s->zones[i].kernel->node, when, fraction);
		s->nr_lists += s->zones[i].nr_lists;
		s->nr_equal_lists += s->zones[i].nr_equal_lists;
	}
	s->boot_lists = s->nr_equal_lists == s->nr_lists && when == BEFORE_BOOT_FREES;
	return s->nr_equal_lists == s->nr_lists;
}

/* The one fraction all lists agree on. */
static bool infer_fraction(work *w)
{
	uint64_t found = 0;
	for (uint64_t fraction = 8; fraction <= 4096; fraction++) {
		if (!try_lists(w, NOW, fraction))
			continue;
		if (found)
			return false;
		found = fraction;
	}
	if (!found || !try_lists(w, NOW, found))
		return false;
	w->out->sysctls.percpu_pagelist_high_fraction = found;
	w->out->sysctls.origin[BUD_SYSCTL_percpu_pagelist_high_fraction] = BUD_SYSCTL_INFERRED;
	return true;
}

static void explain_lists(work *w)
{
	uint64_t fraction = w->out->sysctls.percpu_pagelist_high_fraction;
	bool own = w->out->snapshot->sysctls.origin[BUD_SYSCTL_percpu_pagelist_high_fraction] >= BUD_SYSCTL_READ;
	if (try_lists(w, w->out->boot_marks ? BEFORE_BOOT_FREES : NOW, fraction) || try_lists(w, NOW, fraction) ||
	    (w->boot_known && try_lists(w, BEFORE_BOOT_FREES, fraction)) || (!own && infer_fraction(w)))
		return;
	try_lists(w, NOW, fraction);
}

/* ---- a snapshot ---- */

static void merge_sysctls(bud_sysctls *to, const bud_sysctls *own, const bud_sysctls *start)
{
	*to = *start;
	for (int i = 0; i < BUD_NR_SYSCTLS; i++)
		if (own->origin[i])
			bud_sysctls_learn(to, (bud_sysctl)i, own->value[i], own->origin[i]);
	if (own->nr_ratio) {
		memcpy(to->ratio, own->ratio, sizeof to->ratio);
		to->nr_ratio = own->nr_ratio;
		to->ratio_origin = own->ratio_origin;
	}
	bud_sysctls_assume(to);
}

static bool is_whole(const bud_zone_info *info)
{
	return info->managed != BUD_UNKNOWN && info->managed && info->min != BUD_UNKNOWN && info->low != BUD_UNKNOWN &&
	       info->high != BUD_UNKNOWN;
}

static bud_status set_up(work *w, bud_error *err)
{
	bud_settings *s = w->out;
	w->nr = s->snapshot->nr_zones;
	w->zones = calloc(w->nr + 1, sizeof *w->zones);
	s->zones = calloc(w->nr + 1, sizeof *s->zones);
	if (!w->zones || !s->zones)
		return bud_error_memory(err, "settings");
	for (size_t i = 0; i < w->nr; i++) {
		const bud_zone_info *info = &s->snapshot->zones[i];
		w->zones[i].node = info->node;
		w->zones[i].type = bud_zone_type_parse(info->name);
		if (is_whole(info))
			s->zones[s->nr_zones++] = (bud_settings_zone){ .kernel = info, .computed = w->zones[i] };
	}
	if (!s->nr_zones)
		return bud_error_set(err, BUD_ERR_FORMAT, "snapshot %s: expected zoneinfo", s->snapshot->name);
	merge_sysctls(&s->sysctls, &s->snapshot->sysctls, w->input->start);
	if (!bud_sysctls_ratios(&s->sysctls, bud_settings_zone_types(s->snapshot), w->ratio))
		memcpy(w->ratio, bud_watermark_default_ratio, sizeof w->ratio);
	place_boot_frees(w);
	return BUD_OK;
}

bud_status bud_settings_at(bud_settings *settings, const bud_settings_input *input, const bud_snapshot *snapshot,
			   bud_error *err)
{
	*settings = (bud_settings){ .snapshot = snapshot };
	work w = { .input = input, .out = settings };
	bud_status status = set_up(&w, err);
	if (!status) {
		explain_marks(&w);
		if (!try_reserve(&w, NOW) && !(w.boot_known && try_reserve(&w, BEFORE_BOOT_FREES)))
			try_reserve(&w, NOW);
		explain_lists(&w);
	}
	free(w.zones);
	if (status)
		bud_settings_fini(settings);
	return status;
}

void bud_settings_fini(bud_settings *settings)
{
	free(settings->zones);
	settings->zones = NULL;
	settings->nr_zones = 0;
}
