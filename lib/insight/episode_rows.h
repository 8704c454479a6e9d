/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Section `episode`: the episodes of a trace, one a row, by time of begin.
 * dur_ns is unknown where the end is. kswapd_ns is how long kswapd of the
 * request's node was awake meanwhile: it may overlap the other two.
 */
#ifndef BUD_INSIGHT_EPISODE_ROWS_H
#define BUD_INSIGHT_EPISODE_ROWS_H

#include "lib/insight/chronicle.h"
#include "lib/insight/story.h"

extern const bud_story bud_episode_rows_story;

/* Writes the episodes of a list, which is sorted. sites may be NULL. */
bud_status bud_episode_rows_write(const bud_episode_list *list, const bud_memory *memory, const bud_kernel *kernel,
				  bud_source *source, bud_site_table *sites, bud_row_sink *sink, bud_error *err);

#endif
