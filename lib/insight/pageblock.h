/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Section `pageblock`: every pageblock at one instant: its migratetype and
 * how much of it is free. The columns are the contract of the command line;
 * new ones are only ever added at the end.
 */
#ifndef BUD_INSIGHT_PAGEBLOCK_H
#define BUD_INSIGHT_PAGEBLOCK_H

#include "lib/insight/section.h"

extern const bud_table bud_pageblock_table;

typedef struct bud_pageblock {
	bud_pfn start; /* of the whole pageblock; a zone may begin or end within */
	bud_typing typing;
	uint64_t free_pages; /* of this zone */
	int max_free_order;  /* of the largest free block that has pages in it; -1: none */
} bud_pageblock;

/* The pageblock that pfn, a page of a zone whose types are followed, lies in. */
void bud_pageblock_look(bud_pageblock *block, const bud_zone *zone, bud_pfn pfn);

/*
 * The rows of memory as it stands at t_ns, whose types are followed; unknown
 * but for the numbers of the pageblocks where the zone is not known, or no
 * time is (BUD_TIME_NONE). The caller begins and ends the table.
 */
bud_status bud_pageblock_rows(const bud_memory *memory, uint64_t t_ns, const bud_section_filter *filter,
			      bud_row_sink *sink, bud_error *err);

#endif
