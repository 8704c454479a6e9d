/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the kernel's log says about memory: reports of failed allocations and
 * of the OOM killer (warn_alloc, dump_header, show_free_areas), and what
 * boot gave to the allocator late. Times are the log's own clock, which is
 * near CLOCK_MONOTONIC but not the same. Strings are untrusted.
 */
#ifndef BUD_BASE_KLOG_H
#define BUD_BASE_KLOG_H

#include "lib/base/mmtypes.h"

/* One zone in a report; pages, BUD_UNKNOWN where the report does not say. */
typedef struct bud_klog_zone {
	int32_t node;
	char name[16];
	uint64_t free, boost, min, low, high; /* marks as printed: with boost */
	uint64_t reserved_highatomic, free_highatomic, present, managed, free_pcp, local_pcp, free_cma;
	uint64_t reserve[BUD_NR_ZONE_TYPES]; /* lowmem_reserve[], by zone index of the request */
	unsigned nr_reserve;
	unsigned nr_orders;		 /* of the free list line; 0: there is none */
	uint64_t nr_free[BUD_NR_ORDERS]; /* blocks */
	uint8_t types[BUD_NR_ORDERS];	 /* a bit (1 << bud_migratetype) for each list that is not empty */
	/* The free list line is counted just before it is printed: between the line before it and its own time. */
	uint64_t t_before_ns, t_ns;
} bud_klog_zone;

typedef enum bud_klog_kind {
	BUD_KLOG_FAILURE, /* "page allocation failure" */
	BUD_KLOG_OOM,	  /* "invoked oom-killer" */
} bud_klog_kind;

typedef struct bud_klog_report {
	bud_klog_kind kind;
	uint64_t t_ns;	   /* of its first line */
	uint64_t t_end_ns; /* of its last line; of an OOM report, of the line that names the victim */
	uint64_t line;	   /* in the file, from 1 */
	char comm[32];
	int32_t pid, cpu;   /* -1: not said */
	int order;	    /* -1: OOM by hand (sysrq) */
	uint64_t gfp_flags; /* raw */
	char gfp_text[160]; /* as printed */
	char nodemask[64];  /* "(null)", "0-1" */
	char cpuset[64];
	bool memcg;	    /* the OOM was of a memory cgroup, not of the machine */
	int32_t victim_pid; /* -1: nobody was killed */
	char victim[32];
	bool has_memory; /* a Mem-Info follows */
	bud_klog_zone *zones;
	size_t nr_zones;
} bud_klog_report;

/*
 * Memory that boot gives to the allocator only after watermarks were first
 * computed (init_per_zone_wmark_min): the initial ramdisk, and the parts of
 * the kernel image that only booting needs. Addresses in bytes.
 */
typedef struct bud_boot_frees {
	uint64_t initrd_kib, initrd_at;
	uint64_t image_kib, image_at;
} bud_boot_frees;

typedef struct bud_klog {
	char release[96]; /* of the kernel that wrote it; "" unknown */
	bud_boot_frees boot;
	bud_klog_report *reports; /* in order of the log */
	size_t nr_reports;
	bool capped; /* there were more reports than are kept */
} bud_klog;

void bud_klog_init(bud_klog *klog);
void bud_klog_fini(bud_klog *klog);
/* A new report at the end, everything unknown; NULL when there are too many, or no memory. */
bud_klog_report *bud_klog_add_report(bud_klog *klog);
/* The zone of that node and name in a report, added if it is not there; NULL when out of memory. Valid until the next
 * one is added. */
bud_klog_zone *bud_klog_zone_of(bud_klog_report *report, int32_t node, const char *name);

#endif
