/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which zone an event speaks of, as its index in the memory; -1: unknown.
 */
#ifndef BUD_INSIGHT_WHEREABOUTS_H
#define BUD_INSIGHT_WHEREABOUTS_H

#include "lib/memory/memory.h"

/* That of a page. */
int bud_whereabouts_of_pfn(const bud_memory *memory, bud_pfn pfn);
/* The highest zone of that node that is not above that type: where a request limited to it looks first. */
int bud_whereabouts_below(const bud_memory *memory, int32_t node, bud_zone_type highest);
/* That of a node and the number the kernel gives the zone's type. */
int bud_whereabouts_of_number(const bud_memory *memory, const bud_kernel *kernel, int32_t node, int32_t number);
/* The node of a zone's index, or -1. */
int32_t bud_whereabouts_node(const bud_memory *memory, int zone);
/* The machine's only node, or -1. */
int32_t bud_whereabouts_lone_node(const bud_memory *memory);

#endif
