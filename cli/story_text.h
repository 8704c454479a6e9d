/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the kernel did for one request on its slow path, for people: the
 * parts of its episode, as their events tell.
 */
#ifndef BUD_CLI_STORY_TEXT_H
#define BUD_CLI_STORY_TEXT_H

#include "cli/explain_text.h"
#include "lib/insight/episode.h"

/* Nothing if the events tell of no step. memory: the replay's, for names of zones. */
void bud_story_text_print(const bud_explain_text *text, const bud_episode *episode, const bud_episode_part *parts,
			  const bud_memory *memory);

#endif
