/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a request does when no zone has a block above its LOW mark: it wakes
 * kswapd, tries again with every permission it has, compacts, reclaims,
 * retries, calls the OOM killer, fails (__alloc_pages_slowpath and its
 * helpers, 4.19 to 7.x; allocator-semantics 9). Reclaim, compaction and the
 * OOM killer are asked through machine->ops.
 */
#ifndef BUD_ALLOCATOR_SLOWPATH_H
#define BUD_ALLOCATOR_SLOWPATH_H

#include "lib/allocator/page_alloc.h"

/* The request whose fast path failed; fills result but for what bud_page_alloc() itself does. */
bud_pfn bud_slowpath_alloc(bud_machine *machine, bud_alloc_context *context, bud_page_result *result);

/*
 * Wakes kswapd of every node of the request's list whose kswapd would wake
 * (wake_all_kswapds). A kswapd that is up already is not woken: ops knows.
 */
void bud_slowpath_wake(bud_machine *machine, const bud_alloc_context *context);

#endif
