/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Section `site`: what each site allocated, freed, holds and pins, by order
 * and type; the largest holder first. Events of the time asked for are
 * counted; live pages and pins are those at its end. The last row, without
 * order and type, are frees of pages whose allocation was not seen.
 */
#ifndef BUD_INSIGHT_SITE_ROWS_H
#define BUD_INSIGHT_SITE_ROWS_H

#include "lib/insight/pins.h"
#include "lib/insight/story.h"

extern const bud_story bud_site_rows_story;

/* Writes the books as they stand, only the marked rows where there are marks; pins that are not complete, or NULL, are unknown. */
bud_status bud_site_rows_write(const bud_owners *owners, bud_site_table *sites, const bud_pins *pins,
			       bud_row_sink *sink, bud_error *err);

#endif
