/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Section `steal`: every mm_page_alloc_extfrag, a request that was served
 * from free blocks of another migratetype (steal_suitable_fallback to 6.14,
 * try_to_claim_block and __rmqueue_steal since). Section `steal_pair`: their
 * sums by the two types, the commonest pair first.
 */
#ifndef BUD_INSIGHT_STEAL_H
#define BUD_INSIGHT_STEAL_H

#include "lib/insight/story.h"

extern const bud_story bud_steal_story;
extern const bud_story bud_steal_pair_story;

#endif
