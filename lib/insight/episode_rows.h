/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Section `episode`: the episodes of a trace, one a row, by time of begin.
 * dur_ns is unknown where the end is. kswapd_ns is how long kswapd of the
 * request's node was awake meanwhile: it may overlap the other two. Section
 * `episode_part`: the parts of each, as a waterfall shows them.
 */
#ifndef BUD_INSIGHT_EPISODE_ROWS_H
#define BUD_INSIGHT_EPISODE_ROWS_H

#include "lib/insight/chronicle.h"
#include "lib/insight/story.h"

extern const bud_story bud_episode_rows_story;
extern const bud_story bud_episode_rows_parts_story;

/* Writes the rows of `episode` of a list, which is sorted. sites may be NULL. */
bud_status bud_episode_rows_write(const bud_episode_list *list, const bud_memory *memory, const bud_kernel *kernel,
				  bud_source *source, bud_site_table *sites, bud_row_sink *sink, bud_error *err);
/* Writes the rows of `episode_part` of one episode. */
bud_status bud_episode_rows_write_parts(const bud_episode_list *list, const bud_episode *episode,
					const bud_memory *memory, bud_row_sink *sink, bud_error *err);

/*
 * For stories that are told of a list of episodes: begin and event as a
 * bud_story has them; end with what writes the rows.
 */
typedef bud_status bud_episode_writer(const bud_story_context *context, const bud_episode_list *list,
				      bud_site_table *sites, bud_error *err);
bud_status bud_episode_rows_begin(void **self, const bud_story_context *context, bud_error *err);
void bud_episode_rows_event(void *self, const bud_event *event);
bud_status bud_episode_rows_end(void *self, bool failed, bud_episode_writer *write, bud_error *err);

#endif
