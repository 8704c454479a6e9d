/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The page allocator itself: a request goes through here from entry to
 * result, and freed blocks come back. Mirrors __alloc_pages,
 * get_page_from_freelist, rmqueue, __free_pages of mm/page_alloc.c, 4.19 to
 * 7.x by the feature vector.
 *
 * Fast path: no allocation of memory, and what a request comes to is only
 * worked out for the first with its flags; a page from a per-CPU list costs
 * a few tens of nanoseconds.
 */
#ifndef BUD_ALLOCATOR_PAGE_ALLOC_H
#define BUD_ALLOCATOR_PAGE_ALLOC_H

#include "lib/allocator/machine.h"

#define BUD_MAX_FREE_ORDER 30 /* gigantic pages are freed at once */

/* Why a request came back with nothing. */
typedef enum bud_page_failure {
	BUD_PAGE_OK,
	BUD_PAGE_REFUSED,    /* refused at entry: no event of it */
	BUD_PAGE_NO_ZONE,    /* no zone of its zonelist is allowed */
	BUD_PAGE_NO_RECLAIM, /* it may not wait (ATOMIC, NOWAIT) */
	BUD_PAGE_MEMALLOC,   /* it is itself freeing memory */
	BUD_PAGE_NORETRY,    /* __GFP_NORETRY */
	BUD_PAGE_COSTLY,     /* costly order and not RETRY_MAYFAIL */
	BUD_PAGE_NO_HOPE,    /* retries are at an end and the OOM killer may not help */
	BUD_PAGE_VICTIM,     /* it is the OOM killer's victim */
	BUD_PAGE_ENDLESS,    /* the kernel would go on trying; the model gave up (bud_reclaim_ops.patience) */
	BUD_PAGE_MEMCG,	     /* there was a page, but the memory cgroup refused the charge */
} bud_page_failure;

typedef struct bud_page_result {
	bud_pfn pfn; /* BUD_PFN_NONE: failed */
	bud_page_failure failure;
	bud_gfp gfp;	      /* as the kernel's event would show */
	bud_migratetype type; /* as asked for */
	bool slow;	      /* it entered the slow path */
	uint16_t reclaims, compactions, ooms, rounds;
} bud_page_result;

/* One request, from entry to result. Returns the pfn, BUD_PFN_NONE if it fails; result may be NULL. */
bud_pfn bud_page_alloc(bud_machine *machine, const bud_request *request, bud_page_result *result);

/*
 * Frees 2^order pages that are in use, from that CPU: to its lists, or to
 * the buddy. orders above the largest are cut to pieces. False, and nothing
 * is done, unless pfn is aligned to order and all the pages lie in one zone
 * and are in use.
 */
bool bud_page_alloc_free(bud_machine *machine, unsigned cpu, bud_pfn pfn, int order);

/* One attempt with the flags in context (get_page_from_freelist); BUD_PFN_NONE if no zone has a block. */
bud_pfn bud_page_alloc_get(bud_machine *machine, const bud_alloc_context *context);

/* Gives that CPU's lists of the zone back to the buddy (drain_local_pages). */
void bud_page_alloc_drain(bud_machine *machine, bud_machine_zone *zone, unsigned cpu);
/* Gives the per-CPU lists of one zone, or of all (NULL), back to the buddy (drain_all_pages). */
void bud_page_alloc_drain_all(bud_machine *machine, bud_machine_zone *zone);
/* The statistics worker of every CPU passes, about once a second: auto-tuned lists shrink (refresh_cpu_vm_stats). */
void bud_page_alloc_tick(bud_machine *machine);

#endif
