/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How fragmented free memory is, as pure functions of the free blocks per
 * order: what /sys/kernel/debug/extfrag shows (unusable_free_index and
 * fragmentation_index of mm/vmstat.c, the same from 4.19 to 7.x). Indices
 * are in thousandths.
 */
#ifndef BUD_MEMORY_FRAGINDEX_H
#define BUD_MEMORY_FRAGINDEX_H

#include "lib/base/mmtypes.h"

/* Blocks of that order that could be cut from the free blocks of it and above. */
uint64_t bud_fragindex_suitable(const uint64_t *nr_free, int max_order, int order);

/* Share of free memory that is of no use to a request of that order: 0..1000; 1000 when nothing is free. */
int32_t bud_fragindex_unusable(const uint64_t *nr_free, int max_order, int order);

/*
 * Why a request of that order would fail: towards 0 too little memory,
 * towards 1000 fragmentation; -1000 if it would not; 0 when nothing is
 * free. Other negative values occur when very few blocks are free.
 */
int32_t bud_fragindex_extfrag(const uint64_t *nr_free, int max_order, int order);

/* All three for every order up to max_order at once. */
void bud_fragindex_all(const uint64_t *nr_free, int max_order, uint64_t *suitable, int32_t *extfrag,
		       int32_t *unusable);

#endif
