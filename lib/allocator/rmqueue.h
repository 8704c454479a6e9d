/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Taking a block from one zone, once its watermark allows it: from a
 * per-CPU list, which may be refilled, or from the free lists; fallback,
 * watermark boost and the high-atomic reserve (rmqueue, rmqueue_pcplist,
 * rmqueue_buddy, rmqueue_bulk, __rmqueue, reserve_highatomic_pageblock,
 * unreserve_highatomic_pageblock of mm/page_alloc.c).
 */
#ifndef BUD_ALLOCATOR_RMQUEUE_H
#define BUD_ALLOCATOR_RMQUEUE_H

#include "lib/allocator/fallback.h"
#include "lib/allocator/machine.h"

/* A block for the request under these alloc_flags, or BUD_PFN_NONE; its pages are noted as in use. */
bud_pfn bud_rmqueue(bud_machine *machine, bud_machine_zone *zone, const bud_alloc_context *context, unsigned flags);

/* The pageblock of a page just got joins the reserve, if there is room in it. */
void bud_rmqueue_reserve(bud_machine *machine, bud_machine_zone *zone, bud_pfn pfn, int order);
/*
 * Gives one pageblock of the reserve of a zone of the request's list to the
 * request's type; force: also the last one. Returns whether it did and a
 * block was moved.
 */
bool bud_rmqueue_unreserve(bud_machine *machine, const bud_alloc_context *context, bool force);

#endif
