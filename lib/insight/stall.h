/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Section `stall`: how long requests were held up, by order and command.
 *
 * A request is held up if it had to reclaim, compact or wait for a kill
 * itself; its stall is the whole time from the first sign of it to its end.
 * Percentiles are exact: the value at rank ceil(p * n / 100). Failures are
 * counted whether held up or not. The row of command "any" is that of all.
 */
#ifndef BUD_INSIGHT_STALL_H
#define BUD_INSIGHT_STALL_H

#include "lib/insight/chronicle.h"
#include "lib/insight/story.h"

extern const bud_story bud_stall_story;

/* The value at that percentile of nr sorted ones, nr > 0. */
uint64_t bud_stall_percentile(const uint64_t *sorted, size_t nr, unsigned percent);

/* Writes the rows that a list of episodes makes. */
bud_status bud_stall_write(const bud_episode_list *list, bud_source *source, bud_row_sink *sink, bud_error *err);

#endif
