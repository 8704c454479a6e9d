/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tables made of the events themselves, not of columns of time: each is a
 * listener of one replay, writes rows as events come or when it ends, and
 * needs memory bounded by the machine traced. Several can listen to the same
 * pass. The columns are the contract of the command line; new ones are only
 * ever added at the end.
 */
#ifndef BUD_INSIGHT_STORY_H
#define BUD_INSIGHT_STORY_H

#include "lib/insight/section.h"

/* What a story is told from, and where its rows go; all borrowed, in force until its end. */
typedef struct bud_story_context {
	bud_replay *replay;
	bud_source *source; /* for names of commands and symbols */
	const bud_section_filter *filter;
	uint64_t begin_ns, end_ns; /* rows of this time only, both included */
	bud_row_sink *sink;	   /* its table has begun */
	size_t max_bytes;	   /* for what grows with the trace or the machine; 0: each story's own bound */
	void (*remark)(void *self,
		       const char *text); /* takes what the reader should know besides the rows; NULL: nobody */
	void *remark_self;
} bud_story_context;

/* Tells the reader. */
void bud_story_remark(const bud_story_context *context, const char *format, ...) __attribute__((format(printf, 2, 3)));

typedef struct bud_story {
	bud_table table;
	bud_event_mask also; /* see bud_replay_listen() */
	/* *self is the story's own, freed by end(). */
	bud_status (*begin)(void **self, const bud_story_context *context, bud_error *err);
	bud_replay_listener *event;
	/* Writes what is left and frees self; the first error of all rows. After an earlier failure only frees
	 * (failed). */
	bud_status (*end)(void *self, bool failed, bud_error *err);
} bud_story;

#define BUD_NR_STORIES 6
extern const bud_story *const bud_stories[BUD_NR_STORIES];

/* The story of that name, or NULL. */
const bud_story *bud_story_find(const char *name);

#endif
