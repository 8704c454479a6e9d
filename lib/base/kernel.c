/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/base/kernel.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TODAY 618 /* the version taken for granted where nothing is known */

static const char *const names[] = {
#define X(name, text) #name,
	BUD_KERNEL_FEATURES(X)
#undef X
};

static const char *const texts[] = {
#define X(name, text) text,
	BUD_KERNEL_FEATURES(X)
#undef X
};

static const char *const origins[] = { "default", "version", "format", "snapshot", "trace", "user" };

const char *bud_kernel_feature_name(bud_kernel_feature feature)
{
	return names[feature];
}

const char *bud_kernel_feature_text(bud_kernel_feature feature)
{
	return texts[feature];
}

const char *bud_feature_origin_name(bud_feature_origin origin)
{
	return origins[origin];
}

void bud_kernel_learn(bud_kernel *kernel, bud_kernel_feature feature, int value, bud_feature_origin origin)
{
	if (origin < kernel->origin[feature])
		return;
	kernel->value[feature] = value;
	kernel->origin[feature] = origin;
}

/* What distributions build in. */
#define ZONES_COMMON (1 << BUD_ZONE_DMA | 1 << BUD_ZONE_NORMAL | 1 << BUD_ZONE_MOVABLE)
#define ZONES_64     (ZONES_COMMON | 1 << BUD_ZONE_DMA32 | 1 << BUD_ZONE_DEVICE)
#define ZONES_32     (ZONES_COMMON | 1 << BUD_ZONE_HIGHMEM)

static void set_defaults(bud_kernel *kernel)
{
	kernel->page_shift = 12;
	kernel->max_order = 10;
	kernel->pageblock_order = 9;
	kernel->zone_types = ZONES_64;
}

/* Switches by version; stable trees that carry back-ports count as the version they behave like. */
static void learn_version(bud_kernel *kernel, int version, bud_feature_origin origin)
{
	bool lts_601 = version ==
		       601; /* 6.1.y carries the reserve flags of 6.3, the per-CPU lists of 6.2 and later corrections */
	bool lts_612 = version == 612; /* 6.12.y carries the claim/steal split of 6.15 with its extfrag */
	const struct {
		bud_kernel_feature feature;
		int value;
	} by_version[] = {
		{ BUD_KF_pcp_high_orders, version >= 514 },
		{ BUD_KF_extfrag_removes, version >= 610 },
		{ BUD_KF_zone_locked_list, version >= 519 },
		{ BUD_KF_gfp_layout, version >= 504 },
		{ BUD_KF_gfp_atomic, version <= 602 },
		{ BUD_KF_gfp_nowait_nowarn, version >= 612 },
		{ BUD_KF_gfp_by_bit, version >= 615 },
		{ BUD_KF_fallback, version >= 615 || lts_612 ? BUD_FALLBACK_CLAIM
				   : version >= 610	     ? BUD_FALLBACK_TAKE
							     : BUD_FALLBACK_MOVE },
		{ BUD_KF_merge_mergeable, version >= 518 },
		{ BUD_KF_list_is_block, version >= 610 },
		{ BUD_KF_moves_to_tail, version >= 510 },
		{ BUD_KF_nofragment, version >= 600 ? 2 : version >= 500 },
		{ BUD_KF_pcp_policy, version >= 607   ? BUD_PCP_AUTO
				     : version >= 514 ? BUD_PCP_LOWMARK
						      : BUD_PCP_FIXED6 },
		{ BUD_KF_pcp_rework, version >= 600 },
		{ BUD_KF_pcp_irqs_on, version >= 602 || lts_601 },
		{ BUD_KF_alloc_flags, version >= 612 || lts_601 ? 2 : version >= 603 },
		{ BUD_KF_highatomic_free, version >= 612 },
		{ BUD_KF_highatomic_cap, version >= 612 },
		{ BUD_KF_highatomic_rescue, version >= 612 || lts_601 ? 2 : version >= 602 },
		{ BUD_KF_min_free_max_kib, version >= 510 ? 262144 : 65536 },
		{ BUD_KF_movable_in_sum, version < 602 },
		{ BUD_KF_boost_baked_in, version >= 500 && version < 510 },
		{ BUD_KF_reserve_skips_zero, version == 510 },
		{ BUD_KF_entry, version >= 513 ? 2 : version >= 500 },
		{ BUD_KF_cma_first, version >= 509 },
		{ BUD_KF_pcp_cma_bypass, version >= 509 && version < 605 },
		{ BUD_KF_noretry, version >= 619 || lts_601 || lts_612 ? 3
				  : version >= 505		       ? 2
								       : version == 504 },
		{ BUD_KF_compact_per_order, version >= 609 },
		{ BUD_KF_compact_finishes, version >= 603 },
		{ BUD_KF_compact_needs_io, version >= 609 || lts_601 },
		{ BUD_KF_unreserve_early, version >= 606 || lts_601 },
		{ BUD_KF_suitable_level, version >= 615 },
		{ BUD_KF_compact_gap_cap, version >= 702 },
		{ BUD_KF_spares_kswapd, version >= 618 },
		{ BUD_KF_has_proactive, version >= 509 },
		{ BUD_KF_has_defrag_mode, version >= 615 },
		{ BUD_KF_reclaimable_free, version >= 612 || lts_601 },
		{ BUD_KF_boost_in_vain, version >= 500 && version <= 618 },
		{ BUD_KF_lru_gen, version >= 612 },
		{ BUD_KF_page_reporting, version >= 507 },
		{ BUD_KF_wmark_fast, version >= 515 ? 2 : version >= 508 },
	};
	for (size_t i = 0; i < sizeof by_version / sizeof *by_version; i++)
		bud_kernel_learn(kernel, by_version[i].feature, by_version[i].value, origin);
}

/* Page sizes and block orders of stock distribution kernels where they are not x86-64's. */
static void learn_machine(bud_kernel *kernel)
{
	if (strcmp(kernel->machine, "aarch64") == 0 && strstr(kernel->release, "16k")) {
		bud_kernel_learn(kernel, BUD_KF_page_shift, 14, BUD_ORIGIN_VERSION);
		bud_kernel_learn(kernel, BUD_KF_max_order, 11, BUD_ORIGIN_VERSION);
		bud_kernel_learn(kernel, BUD_KF_pageblock_order, 11, BUD_ORIGIN_VERSION);
	} else if (strcmp(kernel->machine, "s390x") == 0) {
		bud_kernel_learn(kernel, BUD_KF_pageblock_order, 8, BUD_ORIGIN_VERSION);
		bud_kernel_learn(kernel, BUD_KF_zone_types, ZONES_COMMON, BUD_ORIGIN_VERSION);
	} else if (strcmp(kernel->machine, "i686") == 0 || strcmp(kernel->machine, "i386") == 0) {
		bud_kernel_learn(kernel, BUD_KF_zone_types, ZONES_32, BUD_ORIGIN_VERSION);
	}
}

void bud_kernel_init(bud_kernel *kernel, const char *release, const char *machine)
{
	*kernel = (bud_kernel){ 0 };
	snprintf(kernel->release, sizeof kernel->release, "%s", release);
	snprintf(kernel->machine, sizeof kernel->machine, "%s", machine);
	set_defaults(kernel);
	learn_version(kernel, TODAY, BUD_ORIGIN_DEFAULT);
	unsigned major, minor;
	if (sscanf(kernel->release, "%3u.%3u", &major, &minor) == 2 && minor < 100)
		learn_version(kernel, (int)(major * 100 + minor), BUD_ORIGIN_VERSION);
	learn_machine(kernel);
	bud_gfp_table_init(&kernel->gfp, kernel);
}

static uint64_t mask_named(const bud_gfp_table *table, const char *name)
{
	uint64_t mask;
	return bud_gfp_parse(table, name, &mask, NULL) ? 0 : mask;
}

void bud_kernel_learn_gfp(bud_kernel *kernel, const bud_gfp_table *table)
{
	uint64_t zero = mask_named(table, "__GFP_ZERO"), nowait = mask_named(table, "GFP_NOWAIT");
	if (!zero || !nowait)
		return;
	bud_kernel_learn(kernel, BUD_KF_gfp_layout, zero == BUD_GFP_ZERO, BUD_ORIGIN_FORMAT);
	bud_kernel_learn(kernel, BUD_KF_gfp_atomic, mask_named(table, "__GFP_ATOMIC") != 0, BUD_ORIGIN_FORMAT);
	bud_kernel_learn(kernel, BUD_KF_gfp_nowait_nowarn, (nowait & mask_named(table, "__GFP_NOWARN")) != 0,
			 BUD_ORIGIN_FORMAT);
	kernel->gfp = *table;
}

/* What each may be set to. */
static bool in_bounds(bud_kernel_feature feature, long value)
{
	switch (feature) {
	case BUD_KF_page_shift:
		return value >= 12 && value <= 20;
	case BUD_KF_max_order:
	case BUD_KF_pageblock_order:
		return value >= 1 && value < BUD_NR_ORDERS;
	case BUD_KF_fallback:
		return value >= BUD_FALLBACK_MOVE && value <= BUD_FALLBACK_CLAIM;
	case BUD_KF_zone_types:
		return value > 0 && value < 1 << BUD_NR_ZONE_TYPES;
	case BUD_KF_noretry:
		return value >= 0 && value <= 3;
	case BUD_KF_pcp_policy:
	case BUD_KF_nofragment:
	case BUD_KF_entry:
	case BUD_KF_alloc_flags:
	case BUD_KF_highatomic_rescue:
	case BUD_KF_wmark_fast:
		return value >= 0 && value <= 2;
	case BUD_KF_min_free_max_kib:
		return value > 0 && value <= 1 << 30;
	default:
		return value == 0 || value == 1;
	}
}

bud_status bud_kernel_override(bud_kernel *kernel, const char *setting, bud_error *err)
{
	char known[sizeof err->text - 64] = "";
	size_t length = strcspn(setting, "=");
	for (int i = 0; i < BUD_NR_KERNEL_FEATURES; i++) {
		size_t used = strlen(known);
		snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "", names[i]);
		if (strlen(names[i]) != length || strncmp(names[i], setting, length) != 0)
			continue;
		char *end;
		long value = setting[length] ? strtol(setting + length + 1, &end, 10) : LONG_MIN;
		if (!setting[length] || end == setting + length + 1 || *end || !in_bounds((bud_kernel_feature)i, value))
			return bud_error_set(err, BUD_ERR_USAGE, "%s: not a value %s can have", setting, names[i]);
		bud_kernel_learn(kernel, (bud_kernel_feature)i, (int)value, BUD_ORIGIN_USER);
		if (strncmp(names[i], "gfp_", 4) == 0)
			bud_gfp_table_init(&kernel->gfp, kernel);
		return BUD_OK;
	}
	return bud_error_set(err, BUD_ERR_USAGE, "%s: no such feature; there are %s", setting, known);
}

bud_migratetype bud_kernel_migratetype(const bud_kernel *kernel, int raw)
{
	if (raw < 0 || raw > 5 || (!kernel->has_cma && raw > 4))
		return BUD_MT_UNKNOWN;
	return !kernel->has_cma && raw == 4 ? BUD_MT_ISOLATE : (bud_migratetype)raw;
}

bud_zone_type bud_kernel_zone_type(const bud_kernel *kernel, int raw)
{
	for (int type = 0; raw >= 0 && type < BUD_NR_ZONE_TYPES; type++)
		if (kernel->zone_types & 1 << type && raw-- == 0)
			return (bud_zone_type)type;
	return BUD_NR_ZONE_TYPES;
}
