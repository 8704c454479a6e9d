/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/workbench.h"

#include <stdio.h>
#include <stdlib.h>

#define MAX_PASSES 8 /* proofs settle sooner */

static int log2_of(unsigned value)
{
	return 31 - __builtin_clz(value);
}

static bool has_zones(const bud_snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->nr_zones; i++)
		if (snapshot->zones[i].start_pfn != BUD_UNKNOWN)
			return true;
	return false;
}

/* A node's zoneinfo lists every zone type built in, populated or not. */
static void learn_zone_types(bud_kernel *kernel, const bud_snapshot *snapshot)
{
	int types = 0;
	for (size_t i = 0; i < snapshot->nr_zones; i++) {
		bud_zone_type type = bud_zone_type_parse(snapshot->zones[i].name);
		types |= type < BUD_NR_ZONE_TYPES ? 1 << type : 0;
	}
	if (types && has_zones(snapshot))
		bud_kernel_learn(kernel, BUD_KF_zone_types, types, BUD_ORIGIN_SNAPSHOT);
}

/* What formats and kernel files say about the kernel. */
static void learn_kernel(bud_workbench *bench)
{
	bud_kernel *kernel = &bench->kernel;
	const bud_bundle *bundle = bench->bundle;
	unsigned page_size = bundle->source->info.page_size;
	if (page_size >= 4096 && page_size <= 65536)
		bud_kernel_learn(kernel, BUD_KF_page_shift, log2_of(page_size), BUD_ORIGIN_FORMAT);
	if (bundle->source->info.gfp)
		bud_kernel_learn_gfp(kernel, bundle->source->info.gfp);
	for (size_t i = 0; i < bundle->nr_snapshots; i++) {
		const bud_snapshot *s = &bundle->snapshots[i];
		if (s->nr_orders)
			bud_kernel_learn(kernel, BUD_KF_max_order, (int)s->nr_orders - 1, BUD_ORIGIN_SNAPSHOT);
		if (s->pageblock_order > 0 && s->pageblock_order < BUD_NR_ORDERS)
			bud_kernel_learn(kernel, BUD_KF_pageblock_order, (int)s->pageblock_order, BUD_ORIGIN_SNAPSHOT);
		if (s->has_cma_type || s->has_isolate_type)
			bud_kernel_learn(kernel, BUD_KF_has_cma, s->has_cma_type, BUD_ORIGIN_SNAPSHOT);
		learn_zone_types(kernel, s);
	}
}

/* The first of: zoneinfo of the bundle, --zoneinfo FILE (terms.md). */
static const bud_snapshot *find_zones(bud_workbench *bench)
{
	const bud_bundle *bundle = bench->bundle;
	for (size_t i = 0; i < bundle->nr_snapshots; i++)
		if (has_zones(&bundle->snapshots[i])) {
			snprintf(bench->zones_from, sizeof bench->zones_from, "zoneinfo of snapshot %s",
				 bundle->snapshots[i].name);
			return &bundle->snapshots[i];
		}
	if (bundle->zoneinfo && has_zones(bundle->zoneinfo)) {
		snprintf(bench->zones_from, sizeof bench->zones_from, "--zoneinfo");
		return bundle->zoneinfo;
	}
	snprintf(bench->zones_from, sizeof bench->zones_from, "assumed from the architecture");
	return NULL;
}

static void widen(bud_zone_info *zone, const bud_zone_info *other)
{
	if (!other || other->start_pfn == BUD_UNKNOWN || other->spanned == BUD_UNKNOWN || !other->spanned)
		return;
	bool empty = zone->start_pfn == BUD_UNKNOWN || zone->spanned == BUD_UNKNOWN || !zone->spanned;
	bud_pfn end = empty ? 0 : zone->start_pfn + zone->spanned, other_end = other->start_pfn + other->spanned;
	zone->start_pfn = empty || other->start_pfn < zone->start_pfn ? other->start_pfn : zone->start_pfn;
	zone->spanned = (end > other_end ? end : other_end) - zone->start_pfn;
}

/* Zones as they were read there, but as wide as they ever are: memory that is plugged later belongs to them, too. */
static bud_status build_memory(bud_workbench *bench, const bud_snapshot *zones, bud_error *err)
{
	const bud_bundle *bundle = bench->bundle;
	bud_snapshot widest = *zones;
	widest.zones = calloc(zones->nr_zones, sizeof *widest.zones);
	if (!widest.zones)
		return bud_error_memory(err, "zones");
	for (size_t i = 0; i < zones->nr_zones; i++) {
		bud_zone_info *zone = &widest.zones[i];
		*zone = zones->zones[i];
		for (size_t k = 0; k < bundle->nr_snapshots; k++)
			widen(zone, bud_snapshot_zone(&bundle->snapshots[k], zone->node, zone->name));
	}
	bud_status status = bud_memory_from_snapshot(&bench->memory, &widest, &bench->kernel, err);
	free(widest.zones);
	return status;
}

static bud_status set_up(bud_workbench *bench, const bud_workbench_options *options, bud_error *err)
{
	bud_bundle *bundle = bench->bundle;
	bud_kernel_init(&bench->kernel, bundle->release, bundle->machine);
	learn_kernel(bench);
	const bud_snapshot *zones = find_zones(bench);
	bud_status status = bud_survey_run(&bench->survey, bundle->source, bundle->snapshots, bundle->nr_snapshots,
					   &bench->kernel, !zones, err);
	for (size_t i = 0; !status && i < options->nr_features; i++)
		status = bud_kernel_override(&bench->kernel, options->features[i], err);
	if (!status)
		status = zones ? build_memory(bench, zones, err)
			       : bud_memory_assume(&bench->memory, &bench->kernel, bench->survey.first_pfn,
						   bench->survey.last_pfn, err);
	bench->seed = options->seed;
	bench->types = options->types;
	return status ? status : bud_workbench_forget(bench, err);
}

bud_status bud_workbench_replay(bud_workbench *bench, bud_replay **replay, bud_error *err)
{
	const bud_bundle *bundle = bench->bundle;
	*replay = NULL;
	bud_status status = bud_replay_create(replay, &bench->memory, &bench->kernel, bundle->source, bundle->snapshots,
					      bundle->nr_snapshots, bench->seed, err);
	return status || !bench->types ? status : bud_replay_follow_types(*replay, err);
}

bud_status bud_workbench_forget(bud_workbench *bench, bud_error *err)
{
	bud_replay_destroy(bench->replay);
	return bud_workbench_replay(bench, &bench->replay, err);
}

bud_status bud_workbench_open(bud_workbench *bench, const bud_workbench_options *options, bud_error *err)
{
	*bench = (bud_workbench){ .passes = options->passes };
	bud_status status = bud_bundle_open(options->path, &options->bundle, &bench->bundle, err);
	if (!status)
		status = set_up(bench, options, err);
	if (status)
		bud_workbench_close(bench);
	return status;
}

bud_status bud_workbench_learn(bud_workbench *bench, uint64_t *budget, bool *done, bud_error *err)
{
	*done = bench->passes == 1;
	return *done ? BUD_OK
		     : bud_replay_learn(bench->replay, bench->passes ? bench->passes - 1 : MAX_PASSES, budget, done,
					err);
}

bud_settings_input bud_workbench_settings_input(const bud_workbench *bench)
{
	const bud_bundle *bundle = bench->bundle;
	return (bud_settings_input){ .kernel = bud_replay_kernel(bench->replay),
				     .start = &bundle->sysctls,
				     .boot = &bundle->klog.boot,
				     .nr_cpus = bundle->source->info.nr_cpus };
}

bud_status bud_workbench_settings(const bud_workbench *bench, bud_settings **settings, bud_error *err)
{
	const bud_bundle *bundle = bench->bundle;
	const bud_settings_input input = bud_workbench_settings_input(bench);
	bud_settings *all = calloc(bundle->nr_snapshots + 1, sizeof *all);
	*settings = all;
	if (!all)
		return bud_error_memory(err, "settings");
	for (size_t i = 0; i < bundle->nr_snapshots; i++) {
		bud_status status = bud_settings_at(&all[i], &input, &bundle->snapshots[i], err);
		if (status && status != BUD_ERR_FORMAT)
			return status;
		all[i].snapshot = &bundle->snapshots[i];
	}
	return BUD_OK;
}

void bud_workbench_free_settings(const bud_workbench *bench, bud_settings *settings)
{
	for (size_t i = 0; settings && i < bench->bundle->nr_snapshots; i++)
		bud_settings_fini(&settings[i]);
	free(settings);
}

void bud_workbench_close(bud_workbench *bench)
{
	bud_replay_destroy(bench->replay);
	bud_memory_fini(&bench->memory);
	bud_bundle_close(bench->bundle);
	*bench = (bud_workbench){ 0 };
}
