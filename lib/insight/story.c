/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/insight/story.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/insight/episode_rows.h"
#include "lib/insight/site_rows.h"
#include "lib/insight/stall.h"
#include "lib/insight/steal.h"

const bud_story *const bud_stories[BUD_NR_STORIES] = { &bud_episode_rows_story, &bud_episode_rows_parts_story,
						       &bud_stall_story,	&bud_steal_story,
						       &bud_steal_pair_story,	&bud_site_rows_story };

const bud_story *bud_story_find(const char *name)
{
	for (size_t i = 0; i < BUD_NR_STORIES; i++)
		if (strcmp(bud_stories[i]->table.name, name) == 0)
			return bud_stories[i];
	return NULL;
}

void bud_story_remark(const bud_story_context *context, const char *format, ...)
{
	char text[256];
	va_list args;
	if (!context->remark)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	context->remark(context->remark_self, text);
}
