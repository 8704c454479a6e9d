/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sites by what they cost a request that failed: pageblocks they pin, or
 * pages they hold. One site is one culprit, whatever orders and types it
 * asked for.
 */
#ifndef BUD_INSIGHT_CULPRIT_H
#define BUD_INSIGHT_CULPRIT_H

#include "lib/insight/pins.h"

typedef struct bud_culprit {
	uint32_t site;
	uint64_t blocks; /* pinned pageblocks with pages of it */
	uint64_t alone;	 /* of those, pageblocks that would be free without it */
	uint64_t pages;	 /* in them */
	uint64_t live;	 /* pages it holds anywhere */
} bud_culprit;

typedef struct bud_culprits {
	bud_culprit *list;
	size_t nr;
} bud_culprits;

typedef enum bud_culprit_key {
	BUD_CULPRIT_PINS, /* by pageblocks, then pages in them; those that pin none are left out */
	BUD_CULPRIT_LIVE, /* by pages held; those that hold none are left out */
} bud_culprit_key;

/* The worst first. pins and owners are of one instant; pages of unknown owners are nobody's. */
bud_status bud_culprits_find(bud_culprits *culprits, const bud_pins *pins, const bud_owners *owners,
			     const bud_site_table *sites, bud_culprit_key key, bud_error *err);
void bud_culprits_fini(bud_culprits *culprits);

#endif
