/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The kernel's settings that bear on the page allocator: /proc/sys/vm and
 * the huge-page switches. Each may be unknown; each says how it is known.
 */
#ifndef BUD_BASE_SYSCTL_H
#define BUD_BASE_SYSCTL_H

#include "lib/base/error.h"
#include "lib/base/mmtypes.h"

/* clang-format off */
/* X(name, default, least, largest): the default of a kernel nobody has changed; BUD_UNKNOWN: it depends on the machine.
 * The bounds are those within which a write to the kernel succeeds; percpu_pagelist_high_fraction may also be 0. */
#define BUD_SYSCTLS(X) \
	X(min_free_kbytes,               BUD_UNKNOWN, 0, INT32_MAX) \
	X(watermark_scale_factor,        10,          1, 3000) \
	X(watermark_boost_factor,        15000,       0, INT32_MAX) \
	X(percpu_pagelist_high_fraction, 0,           8, INT32_MAX) \
	X(defrag_mode,                   0,           0, 1) \
	X(extfrag_threshold,             500,         0, 1000) \
	X(compaction_proactiveness,      20,          0, 100) \
	X(compact_unevictable_allowed,   1,           0, 1) \
	X(nr_hugepages,                  0,           0, INT32_MAX) \
	X(zone_reclaim_mode,             0,           0, 7) \
	X(swappiness,                    60,          0, 200) \
	X(thp_enabled,                   BUD_UNKNOWN, 0, BUD_THP_ALWAYS) \
	X(thp_defrag,                    BUD_UNKNOWN, 0, BUD_THP_ALWAYS)
/* clang-format on */

/* Values of thp_enabled and thp_defrag, named as in /sys/kernel/mm/transparent_hugepage. */
enum {
	BUD_THP_NEVER,
	BUD_THP_MADVISE,
	BUD_THP_DEFER,
	BUD_THP_DEFER_MADVISE,
	BUD_THP_ALWAYS,
};

typedef enum bud_sysctl {
#define X(name, initial, least, largest) BUD_SYSCTL_##name,
	BUD_SYSCTLS(X)
#undef X
		BUD_NR_SYSCTLS,
} bud_sysctl;

/* How a value is known; a later one wins over an earlier one. */
typedef enum bud_sysctl_origin {
	BUD_SYSCTL_UNKNOWN,
	BUD_SYSCTL_ASSUMED,  /* the kernel's default */
	BUD_SYSCTL_INFERRED, /* the only value that fits what the kernel computed from it */
	BUD_SYSCTL_READ,     /* from a file of the capture */
	BUD_SYSCTL_SET,	     /* by the user */
} bud_sysctl_origin;

typedef struct bud_sysctls {
	union {
		uint64_t value[BUD_NR_SYSCTLS]; /* BUD_UNKNOWN where origin says so */
		struct {
#define X(name, initial, least, largest) uint64_t name;
			BUD_SYSCTLS(X)
#undef X
		};
	};
	bud_sysctl_origin origin[BUD_NR_SYSCTLS];
	/* lowmem_reserve_ratio in the order of the zone types the kernel was built with; none: unknown. */
	uint32_t ratio[BUD_NR_ZONE_TYPES];
	unsigned nr_ratio;
	bud_sysctl_origin ratio_origin;
} bud_sysctls;

/* Everything unknown. */
void bud_sysctls_init(bud_sysctls *sysctls);
/* Fills what is unknown with the defaults, where there are any. */
void bud_sysctls_assume(bud_sysctls *sysctls);
/* Gives one a value, unless it is known better already. */
void bud_sysctls_learn(bud_sysctls *sysctls, bud_sysctl sysctl, uint64_t value, bud_sysctl_origin origin);

/*
 * Takes the rows "/proc/sys/vm/NAME VALUE" (or "vm.NAME = VALUE", as sysctl
 * prints, or "NAME VALUE") of a text, others are passed over. Returns how many it took.
 */
size_t bud_sysctls_read(bud_sysctls *sysctls, const char *text);
/* Takes the choice in brackets: the first line of text is thp_enabled, the second thp_defrag. */
size_t bud_sysctls_read_thp(bud_sysctls *sysctls, const char *text);
/* Whether there is one of that name (lowmem_reserve_ratio, and the older name of a setting, too). */
bool bud_sysctls_has(const char *name);
/*
 * "NAME=VALUE" from the user, a number; lowmem_reserve_ratio takes numbers
 * with commas. BUD_ERR_USAGE says what is wrong, and what can be.
 */
bud_status bud_sysctls_set(bud_sysctls *sysctls, const char *setting, bud_error *err);

/* lowmem_reserve_ratio by zone type; zone_types as in bud_gfp_highest_zone(). false: not known, ratio is untouched. */
bool bud_sysctls_ratios(const bud_sysctls *sysctls, unsigned zone_types, unsigned ratio[BUD_NR_ZONE_TYPES]);

bool bud_sysctls_same_ratio(const bud_sysctls *a, const bud_sysctls *b);

const char *bud_sysctl_name(bud_sysctl sysctl);
const char *bud_sysctl_origin_name(bud_sysctl_origin origin);
/* The value as the kernel writes it: a number, or a word of the thp switches; "?" for unknown. text has room for 24. */
const char *bud_sysctl_text(const bud_sysctls *sysctls, bud_sysctl sysctl, char *text);

#endif
