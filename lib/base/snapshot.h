/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Kernel state read at one instant: the files of one snapshot folder.
 * "Not known" is a value: BUD_UNKNOWN for counts, false for has_*.
 */
#ifndef BUD_BASE_SNAPSHOT_H
#define BUD_BASE_SNAPSHOT_H

#include "lib/base/error.h"
#include "lib/base/mmtypes.h"
#include "lib/base/pageset.h"
#include "lib/base/sysctl.h"

/* One CPU's lists of one zone, as /proc/zoneinfo prints them, in pages. */
typedef struct bud_pcp_info {
	uint32_t cpu;
	uint64_t count, high, batch;
	uint64_t high_min, high_max; /* BUD_UNKNOWN before 6.7 */
} bud_pcp_info;

/* One zone as the files tell it; sizes in pages. Every number may be BUD_UNKNOWN. */
typedef struct bud_zone_info {
	int32_t node;
	char name[16];
	bud_pfn start_pfn;
	uint64_t spanned, present, managed, cma;
	uint64_t free;			/* NR_FREE_PAGES */
	uint64_t min, low, high, promo; /* as printed: with boost */
	uint64_t boost;
	uint64_t protection[BUD_NR_ZONE_TYPES]; /* lowmem_reserve by zone index of the request */
	unsigned nr_protection;
	bud_pcp_info *pcp; /* owned by the snapshot */
	size_t nr_pcp;

	bool has_buddyinfo;
	uint64_t nr_free[BUD_NR_ORDERS]; /* blocks per order */
	bool has_pagetypeinfo;
	uint64_t nr_free_type[BUD_NR_MIGRATETYPES][BUD_NR_ORDERS];
	bool type_capped[BUD_NR_MIGRATETYPES][BUD_NR_ORDERS]; /* printed as ">100000" */
	uint64_t pageblocks[BUD_NR_MIGRATETYPES];
	bool has_extfrag, has_unusable;
	int32_t extfrag_milli[BUD_NR_ORDERS];
	int32_t unusable_milli[BUD_NR_ORDERS];
} bud_zone_info;

/* A row of vmstat. */
typedef struct bud_named_value {
	char name[48];
	uint64_t value;
} bud_named_value;

/* Flags of a page in kpageflags, as include/uapi/linux/kernel-page-flags.h numbers them. */
enum {
	BUD_KPF_LRU = 1 << 5,
	BUD_KPF_SLAB = 1 << 7,
	BUD_KPF_BUDDY = 1 << 10,
	BUD_KPF_ANON = 1 << 12,
	BUD_KPF_SWAPBACKED = 1 << 14,
	BUD_KPF_UNEVICTABLE = 1 << 18,
	BUD_KPF_PGTABLE = 1 << 26,
};
/* Beyond an int. */
#define BUD_KPF_RESERVED ((uint64_t)1 << 32)
#define BUD_KPF_PRIVATE	 ((uint64_t)1 << 35)
/* Page cache whose buffers may be held, and then it does not move: all of the first, none of the second. */
#define BUD_KPF_BUFFERED     (BUD_KPF_LRU | BUD_KPF_PRIVATE)
#define BUD_KPF_NOT_BUFFERED (BUD_KPF_ANON | BUD_KPF_SWAPBACKED)

/* When a file was read: marker times in the trace, and CLOCK_MONOTONIC from `times`. BUD_TIME_NONE if unknown. */
typedef struct bud_read_window {
	char file[32];
	uint64_t begin_ns, end_ns; /* trace clock, from the markers */
	uint64_t mono_begin_ns, mono_end_ns;
} bud_read_window;

/* The free pages of kpageflags, once read. */
typedef struct bud_kept_pages {
	bool known;
	bud_pageset pages;
} bud_kept_pages;

/* A piece of kpageflags that was read in one go, at some moment between begin and end. */
typedef struct bud_read_chunk {
	bud_pfn start, end;
	uint64_t begin_ns, end_ns; /* CLOCK_MONOTONIC */
	uint64_t earliest_ns;	   /* in trace time; only where chunks_placed */
} bud_read_chunk;

typedef struct bud_snapshot {
	char name[64]; /* "03-thp" */
	char *path;
	uint64_t t_ns;	   /* its instant in trace time (terms.md), or BUD_TIME_NONE: unplaced */
	bool t_from_times; /* placed by `times`, not by a marker */

	bud_zone_info *zones; /* in zoneinfo's order, else buddyinfo's */
	size_t nr_zones;
	unsigned nr_orders;		     /* columns of buddyinfo; 0 unknown */
	unsigned pageblock_order;	     /* from pagetypeinfo; 0 unknown */
	bool has_cma_type, has_isolate_type; /* rows of pagetypeinfo */
	bud_named_value *vmstat;
	size_t nr_vmstat;
	bud_sysctls sysctls; /* as its own files say; not those of the capture's start */
	bud_read_window *windows;
	size_t nr_windows;
	bud_read_chunk *chunks; /* of kpageflags, from `kpageflags.times`; by pfn, disjoint */
	size_t nr_chunks;
	bool chunks_placed; /* it is known when they were read in trace time */
	char **files;	    /* names of the files present, sorted */
	size_t nr_files;
	bool has_kpageflags;

	/* Fills pages (initialised, empty) with every page that has all flags of set and none of clear. NULL without
	 * kpageflags. */
	bud_status (*read_pages)(const struct bud_snapshot *snapshot, uint64_t set, uint64_t clear, bud_pageset *pages,
				 bud_error *err);
	bool big_endian;	     /* of kpageflags */
	struct bud_kept_pages *kept; /* read_pages's own: every pass over a trace asks for the free pages */
} bud_snapshot;

/* An empty one, everything unknown. */
void bud_snapshot_init(bud_snapshot *snapshot);
/* Frees what the snapshot owns, not the struct. */
void bud_snapshot_fini(bud_snapshot *snapshot);

/* The zone of that node and name, or NULL. */
bud_zone_info *bud_snapshot_zone(const bud_snapshot *snapshot, int32_t node, const char *name);
/* Adds one with every value unknown; NULL when out of memory. */
bud_zone_info *bud_snapshot_add_zone(bud_snapshot *snapshot, int32_t node, const char *name);
/* The window of that file, or NULL. */
bud_read_window *bud_snapshot_window(const bud_snapshot *snapshot, const char *file);
bud_read_window *bud_snapshot_add_window(bud_snapshot *snapshot, const char *file);
/* Where in nr_chunks the piece is that the page is of, or the next; nr_chunks behind the last. */
size_t bud_snapshot_chunk(const bud_snapshot *snapshot, bud_pfn pfn);
/* The value of that name, or BUD_UNKNOWN. */
uint64_t bud_named_value_find(const bud_named_value *values, size_t nr, const char *name);

#endif
