/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/insight/story.h"

#include <string.h>

#include "lib/insight/steal.h"

const bud_story *const bud_stories[BUD_NR_STORIES] = { &bud_steal_story };

const bud_story *bud_story_find(const char *name)
{
	for (size_t i = 0; i < BUD_NR_STORIES; i++)
		if (strcmp(bud_stories[i]->table.name, name) == 0)
			return bud_stories[i];
	return NULL;
}
