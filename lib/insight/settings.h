/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The settings in force at a snapshot, and whether what the kernel computed
 * from them - watermarks, lowmem reserves, sizes of per-CPU lists - is what
 * we compute. A capture tells its settings as they were at its start; where
 * a snapshot has none of its own and the old ones do not explain its
 * zoneinfo, they are inferred from it, if one value alone fits.
 *
 * Marks and lists are sized when something asks for it (a setting is
 * written, khugepaged starts, memory or CPUs come or go), not when managed
 * pages change. Boot asks before it has freed the initial ramdisk and its
 * own code, so the numbers may be those of the smaller machine
 * (init_per_zone_wmark_min, free_initrd_mem, free_initmem).
 */
#ifndef BUD_INSIGHT_SETTINGS_H
#define BUD_INSIGHT_SETTINGS_H

#include "lib/base/klog.h"
#include "lib/base/snapshot.h"
#include "lib/base/sysctl.h"
#include "lib/memory/pcp.h"
#include "lib/memory/watermark.h"

typedef struct bud_settings_input {
	const bud_kernel *kernel;
	const bud_sysctls *start; /* as the capture tells them */
	const bud_boot_frees *boot;
	unsigned nr_cpus;
} bud_settings_input;

/* One zone of the snapshot's zoneinfo that manages pages. Only populated zones are here. */
typedef struct bud_settings_zone {
	const bud_zone_info *kernel;
	bud_wmark_zone computed; /* marks without boost, reserve; managed as they were computed from */
	uint64_t boot_pages;	 /* of managed, those that boot freed after the first computation */
	uint64_t boost;		 /* zoneinfo's, or what fits where it has no such row (before 6.1) */
	bud_pcp_sizes lists;
	bool marks_equal, reserve_equal;
	unsigned nr_lists, nr_equal_lists;
} bud_settings_zone;

typedef struct bud_settings {
	const bud_snapshot *snapshot;
	bud_sysctls sysctls;	/* in force; those nobody told are the kernel's defaults */
	uint64_t min_free_span; /* an inferred min_free_kbytes is known to lie in value .. value + span */
	bool boot_marks;	/* marks are those of before boot's last frees */
	bool boot_lists;	/* per-CPU lists are */
	bool marks_equal, reserve_equal;
	unsigned nr_lists, nr_equal_lists; /* CPUs of zones */
	bud_settings_zone *zones;
	size_t nr_zones;
} bud_settings;

/*
 * What was in force at a snapshot with zoneinfo. Everything may be unequal;
 * that is a finding, not an error. BUD_ERR_FORMAT without zoneinfo.
 */
bud_status bud_settings_at(bud_settings *settings, const bud_settings_input *input, const bud_snapshot *snapshot,
			   bud_error *err);
void bud_settings_fini(bud_settings *settings);

/* The zone of that node and name, or NULL. */
const bud_settings_zone *bud_settings_find(const bud_settings *settings, int32_t node, const char *name);

/* A bit (1 << bud_zone_type) for each type of zone zoneinfo lists, populated or not. */
unsigned bud_settings_zone_types(const bud_snapshot *snapshot);

#endif
