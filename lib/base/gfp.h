/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * gfp flags: what a request allows and wants. The kernel numbers the bits
 * anew every few years, so the numbers in events are *raw*; everything that
 * decides something works on *canonical* bits (BUD_GFP_*), the same for all
 * kernels. A table translates the raw numbers of one trace and names them as
 * its kernel does (include/linux/gfp_types.h, include/trace/events/mmflags.h).
 */
#ifndef BUD_BASE_GFP_H
#define BUD_BASE_GFP_H

#include "lib/base/error.h"
#include "lib/base/mmtypes.h"

/* clang-format off */
/* X(flag, canonical bit): where a flag has been since 5.4, with the later ones in places of their own. */
#define BUD_GFP_FLAGS(X) \
	X(DMA, 0) \
	X(HIGHMEM, 1) \
	X(DMA32, 2) \
	X(MOVABLE, 3) \
	X(RECLAIMABLE, 4) \
	X(HIGH, 5) \
	X(IO, 6) \
	X(FS, 7) \
	X(ZERO, 8) \
	X(ATOMIC, 9)             /* to 6.2 */ \
	X(DIRECT_RECLAIM, 10) \
	X(KSWAPD_RECLAIM, 11) \
	X(WRITE, 12) \
	X(NOWARN, 13) \
	X(RETRY_MAYFAIL, 14) \
	X(NOFAIL, 15) \
	X(NORETRY, 16) \
	X(MEMALLOC, 17) \
	X(COMP, 18) \
	X(NOMEMALLOC, 19) \
	X(HARDWALL, 20) \
	X(THISNODE, 21) \
	X(ACCOUNT, 22) \
	X(ZEROTAGS, 23) \
	X(NO_OBJ_EXT, 24)        /* 6.10 */ \
	X(NOLOCKDEP, 25)         /* with lockdep */ \
	X(SKIP_ZERO, 26)         /* with hardware KASAN tags, as the rest */ \
	X(SKIP_KASAN, 27) \
	X(SKIP_KASAN_POISON, 28) \
	X(SKIP_KASAN_UNPOISON, 29)
/* clang-format on */

/* A set of canonical flags. */
typedef uint32_t bud_gfp;
#define X(flag, bit) BUD_GFP_##flag = 1 << (bit),
enum { BUD_GFP_FLAGS(X) };
#undef X
enum {
	BUD_GFP_RECLAIM = BUD_GFP_DIRECT_RECLAIM | BUD_GFP_KSWAPD_RECLAIM,
	BUD_GFP_KERNEL = BUD_GFP_RECLAIM | BUD_GFP_IO | BUD_GFP_FS,
	BUD_GFP_USER = BUD_GFP_KERNEL | BUD_GFP_HARDWALL,
};
#define BUD_NR_GFP_FLAGS 30

/* A name and the raw bits it stands for, one or several. */
typedef struct bud_gfp_name {
	uint64_t mask;
	char name[32]; /* "GFP_KERNEL", "__GFP_COMP" */
} bud_gfp_name;

#define BUD_GFP_NAMES 80

typedef struct bud_gfp_table {
	bud_gfp_name names[BUD_GFP_NAMES]; /* in the order in which the kernel looks for them */
	unsigned nr_names;
	uint64_t raw[BUD_NR_GFP_FLAGS]; /* of each canonical bit; 0: this kernel does not have it */
	uint64_t same;			/* raw bits that are where the canonical ones are */
} bud_gfp_table;

struct bud_kernel;

/* The table of a kernel by its features gfp_layout, gfp_atomic, gfp_nowait_nowarn and gfp_by_bit. */
void bud_gfp_table_init(bud_gfp_table *table, const struct bud_kernel *kernel);
/* Starts a list of names as an event's format gives it: table is without names. */
void bud_gfp_table_clear(bud_gfp_table *table);
/* The next name of that list. One that is no name, or one too many, is left out. */
void bud_gfp_table_add(bud_gfp_table *table, const char *name, uint64_t mask);

/* Raw bits that stand for no flag we know are dropped. */
bud_gfp bud_gfp_from_raw(const bud_gfp_table *table, uint64_t raw);
/* Flags that this kernel does not have are dropped. */
uint64_t bud_gfp_to_raw(const bud_gfp_table *table, bud_gfp gfp);

#define BUD_GFP_TEXT 640 /* room for every flag's name */

/*
 * Writes raw as the kernel prints it: names that are wholly in it, composite
 * ones first, the rest in hex, "none" for 0 (trace_print_flags_seq). Returns
 * text, which is cut off if it does not fit.
 */
const char *bud_gfp_format(const bud_gfp_table *table, uint64_t raw, char *text, size_t size);

/*
 * The raw number of a text as the kernel prints it, or as a number ("0x" for
 * hex): "GFP_KERNEL|__GFP_COMP". BUD_ERR_USAGE names the part nobody knows.
 */
bud_status bud_gfp_parse(const bud_gfp_table *table, const char *text, uint64_t *raw, bud_error *err);

/* The type of block a request wants (gfp_migratetype); BUD_MT_UNKNOWN for both mobilities at once. */
static inline bud_migratetype bud_gfp_migratetype(bud_gfp gfp)
{
	static const bud_migratetype types[] = { BUD_MT_UNMOVABLE, BUD_MT_MOVABLE, BUD_MT_RECLAIMABLE, BUD_MT_UNKNOWN };
	return types[gfp >> 3 & 3];
}

/*
 * Whether a movable page is for a block device's own cache (grow_dev_folio):
 * who uses its buffers holds them, and then it does not move
 * (buffer_migrate_folio_norefs).
 */
static inline bool bud_gfp_is_buffer(bud_gfp gfp)
{
	return gfp & BUD_GFP_NOFAIL && !(gfp & BUD_GFP_FS);
}

/*
 * The highest zone a request may use (gfp_zone). zone_types: a bit
 * (1 << bud_zone_type) for each the kernel was built with, populated or not;
 * zoneinfo lists them all.
 */
static inline bud_zone_type bud_gfp_highest_zone(bud_gfp gfp, unsigned zone_types)
{
	bud_zone_type zone = BUD_ZONE_NORMAL;
	if (gfp & (BUD_GFP_DMA | BUD_GFP_DMA32))
		zone = gfp & BUD_GFP_DMA ? BUD_ZONE_DMA : BUD_ZONE_DMA32;
	else if (gfp & BUD_GFP_HIGHMEM)
		zone = gfp & BUD_GFP_MOVABLE ? BUD_ZONE_MOVABLE : BUD_ZONE_HIGHMEM;
	return zone_types & 1u << zone ? zone : BUD_ZONE_NORMAL;
}

#endif
