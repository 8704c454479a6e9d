/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The requests of a trace through the model alone: from a state of memory
 * on, the model serves each request where and as it decides, and takes back
 * what the trace's owners give back. Nothing the kernel did in the trace
 * decides anything here, but for what reclaim.h says it learnt.
 *
 * A request that failed in the trace and succeeds here, and that has no
 * alternative (it may reclaim, is of more than a page, and neither NORETRY nor
 * NOMEMALLOC: hugetlb's, say), stays as long as the last such request of its
 * order stays. Any other is given back at once: the task went on with
 * something smaller, which the trace has. A request that fails here and
 * succeeded in the trace is as if it had not been made: its free is left out.
 *
 * Page cache with buffers at the start, and pages for a block device's own
 * cache (NOFAIL without FS), do not move: whoever uses the buffers holds them
 * (buffer_migrate_folio_norefs).
 *
 * Memory: the machine's (machine.h), and tenants (tenant.h): 34 bytes a page
 * of the model.
 */
#ifndef BUD_ALLOCATOR_SIMULATE_H
#define BUD_ALLOCATOR_SIMULATE_H

#include "lib/allocator/reclaim.h"
#include "lib/allocator/requests.h"
#include "lib/base/sysctl.h"

/* What is simulated. */
typedef struct bud_simulation_setup {
	const bud_memory *start;    /* pages, and types where they are followed; at t_ns */
	const bud_kernel *traced;   /* the kernel start is of */
	const bud_kernel *kernel;   /* the kernel simulated */
	const bud_sysctls *sysctls; /* in force at the start */
	const bud_pageset *movable; /* of the pages in use, those known to be movable; NULL: nothing is known */
	const bud_pageset *cache;   /* and those known to be page cache */
	const bud_pageset *buffered; /* and those known to be page cache with buffers, which compaction cannot move */
	const bud_lessons *lessons; /* borrowed as long as the simulation lives */
	uint64_t t_ns;
	unsigned nr_cpus;
	int64_t more[BUD_MAX_ZONES]; /* pages that each zone of start has more (less) than it had */
	bool no_thp;		     /* huge pages for users come as single pages, all of which are touched */
	bool no_pcp;		     /* no per-CPU lists */
	bool no_compaction;	     /* nobody compacts */
} bud_simulation_setup;

typedef struct bud_simulation_counts {
	uint64_t requests, failures;	   /* ALLOC and FAILED; of them, not met here */
	uint64_t failed_in_trace, rescued; /* FAILED; of them, met here */
	uint64_t refused;		   /* ALLOC not met here */
	uint64_t frees;
	uint64_t strangers; /* pages freed that the model does not know: moved by compaction before, or never seen */
	uint64_t unmatched; /* of them, those for which nothing waited */
	uint64_t left_out;  /* requests of those who are left out, or dead */
} bud_simulation_counts;

/* Told of what becomes of blocks, by their names; a request met against the trace's word has names above all of it. */
typedef struct bud_simulation_watch {
	void *self;
	void (*got)(void *self, bud_pfn name, int order); /* BUD_PFN_NONE: the request was not met */
	void (*gave)(void *self, bud_pfn name, int order); /* by its owner, by reclaim, by a kill */
} bud_simulation_watch;

typedef struct bud_simulation bud_simulation;

/* BUD_ERR_USAGE if more memory is to be taken away than is free at the start. */
bud_status bud_simulation_create(bud_simulation **simulation, const bud_simulation_setup *setup, bud_error *err);
void bud_simulation_destroy(bud_simulation *simulation);

/* Whom to tell from now on. */
void bud_simulation_watch_by(bud_simulation *simulation, const bud_simulation_watch *watch);
/* The latest request's own clock: how far its compaction, and what kswapd did meanwhile, took it. */
uint64_t bud_simulation_request_ns(const bud_simulation *simulation);

/* The next op. left_out: it is of somebody who is not there. */
void bud_simulation_feed(bud_simulation *simulation, const bud_op *op, bool left_out);
/* Time goes on without anything being asked. */
void bud_simulation_advance(bud_simulation *simulation, uint64_t t_ns);
/* Other settings from now on. */
void bud_simulation_set(bud_simulation *simulation, const bud_sysctls *sysctls);

/* The zone of the start keeps these marks, and sizes of per-CPU lists, until other settings come; NULL: not kept. */
void bud_simulation_keep(bud_simulation *simulation, size_t zone, const bud_wmarks *marks, const bud_pcp_sizes *lists);
/* A per-CPU list of that zone of the start has tuned itself to keep so many pages, as far as its bounds here allow. */
void bud_simulation_tune(bud_simulation *simulation, size_t zone, unsigned cpu, uint64_t high);

/* Its machine, with one zone for each of start, in that order; those without pages are zones of no span. */
bud_machine *bud_simulation_machine(bud_simulation *simulation);
/* The machine's zone that stands for that of start; NULL if the model has none. */
const bud_machine_zone *bud_simulation_zone(const bud_simulation *simulation, size_t zone);
const bud_simulation_counts *bud_simulation_counted(const bud_simulation *simulation);
const bud_reclaim_counts *bud_simulation_reclaimed(const bud_simulation *simulation);
/* BUD_ERR_MEMORY if tables could not grow on the way: then nothing it says holds. */
bud_status bud_simulation_check(const bud_simulation *simulation, bud_error *err);

#endif
