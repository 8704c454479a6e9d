/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The per-CPU lists of a trace without mm_page_pcpu_drain: which cached
 * pages are still on a list, and which have gone back to the buddy unseen.
 * Every CPU keeps the pages it freed, or took in refills, by age, and gives
 * the oldest back when it holds too many: how many by the kernel's own rules
 * (lib/memory/pcp.h), sized as zoneinfo says. One list stands for all orders
 * and types: which of several old pages goes is a guess, how many is not.
 *
 * What events tell later puts it right: a page on a list that is taken from
 * the buddy had gone back, and so had the older ones of its order, since
 * lists give from their tail (free_pcppages_bulk). Without zone_locked a
 * request for a page of no list is taken for the first of a refill, whose
 * other pages are held free until requests name them.
 */
#ifndef BUD_REPLAY_PERCPU_H
#define BUD_REPLAY_PERCPU_H

#include "lib/base/source.h"
#include "lib/memory/memory.h"

typedef struct bud_percpu bud_percpu;

/* Empty lists for the zones of memory. kernel is borrowed; takes_told: the trace has zone_locked events. */
bud_status bud_percpu_create(bud_percpu **percpu, const bud_memory *memory, const bud_kernel *kernel,
			     const bud_trace_info *info, bool takes_told, bud_error *err);
void bud_percpu_destroy(bud_percpu *percpu);
/* Makes to, of the same machine, equal to from; false when out of memory. */
bool bud_percpu_copy(bud_percpu *to, const bud_percpu *from);
size_t bud_percpu_bytes(const bud_percpu *percpu);

/* The lists as the snapshot's zoneinfo has them: sizes, and how much is on them that no event has named. */
void bud_percpu_read(bud_percpu *percpu, const bud_memory *memory, const bud_snapshot *snapshot);
/* A seed was read: what it holds free is on no list. */
void bud_percpu_seeded(bud_percpu *percpu, const bud_memory *memory);

/*
 * A page event was applied to the pages [pfn, pfn + 2^order) of zone number
 * index. Returns the pages that the lists gave back for it, now free.
 */
uint64_t bud_percpu_apply(bud_percpu *percpu, const bud_event *event, bud_zone *zone, size_t index, bud_pfn pfn,
			  int order);

/*
 * Pages of zone number index that were given back although no request had
 * named them since they were taken: a bulk request, which has no event, may
 * have had them (alloc_pages_bulk).
 */
uint64_t bud_percpu_unasked(const bud_percpu *percpu, size_t index);

/*
 * The most pages that may be on the lists of that zone, however they are
 * set: an eighth of it, by percpu_pagelist_high_fraction or by tuning
 * themselves (to 5.13 each CPU has an eighth), and what refills add to that:
 * a batch a list, two blocks where the order leaves less.
 */
uint64_t bud_percpu_most(const bud_kernel *kernel, const bud_zone *zone, unsigned nr_cpus);

#endif
