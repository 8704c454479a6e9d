/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>
#include <string.h>

#include "cli/cmd.h"
#include "cli/instants.h"
#include "cli/outputs.h"
#include "cli/picture.h"
#include "cli/progress.h"
#include "lib/insight/pageblock.h"
#include "lib/insight/story.h"

#define STRETCH 256 /* columns kept in memory while a series is written */

#define MAX_TABLES (BUD_NR_SECTIONS + BUD_NR_STORIES + 1)

/* One table being written: of columns of time, of events, or (neither) of the pageblocks at instants. */
typedef struct table {
	const bud_section *section;
	const bud_story *story;
	void *teller; /* the story's own, while it listens */
} table;

typedef struct tables {
	const bud_options *options;
	const bud_workbench *bench;
	size_t nr, nr_sections, nr_stories;
	table list[MAX_TABLES];
	bud_outputs outputs; /* of the same numbers */
} tables;

static const bud_table *shape_of(const table *t)
{
	return t->story ? &t->story->table : t->section ? &t->section->table : &bud_pageblock_table;
}

/* Fills a timeline of these columns and writes their rows; the tables are opened with the first. */
static bud_status write_stretch(tables *t, uint64_t begin, const uint64_t *ends, size_t nr_ends, const size_t *columns,
				size_t nr, bud_progress *progress, bud_error *err)
{
	const bud_options *options = t->options;
	bud_fold fold = options->at ? BUD_FOLD_LAST : bud_options_fold(options, BUD_FOLD_LAST);
	bud_timeline *timeline;
	bud_status status = bud_timeline_create(&timeline, t->bench->replay, begin, ends, nr_ends, fold, err);
	if (status)
		return status;
	status = bud_progress_timeline(progress, timeline, t->bench->replay, err);
	if (!status && !t->outputs.open)
		status = bud_outputs_open(&t->outputs, err);
	for (size_t i = 0; !status && i < t->nr; i++)
		if (t->list[i].section)
			status = bud_section_rows(t->list[i].section, timeline, columns, nr,
						  bud_replay_memory(t->bench->replay), &options->filter,
						  &t->outputs.list[i].sink, err);
	bud_timeline_destroy(timeline);
	return status;
}

/* Instants in order are written in stretches, so a series of any length needs the memory of one. */
static bud_status write_all(tables *t, const bud_instants *in, bud_progress *progress, bud_error *err)
{
	if (!in->ordered || in->nr <= STRETCH)
		return write_stretch(t, in->begin, in->ends, in->nr_ends, in->columns, in->nr, progress, err);
	size_t columns[STRETCH];
	for (size_t i = 0; i < STRETCH; i++)
		columns[i] = i;
	bud_status status = BUD_OK;
	for (size_t i = 0; !status && i < in->nr; i += STRETCH) {
		size_t nr = in->nr - i < STRETCH ? in->nr - i : STRETCH;
		status =
			write_stretch(t, i ? in->ends[i - 1] : in->begin, in->ends + i, nr, columns, nr, progress, err);
	}
	return status;
}

static bud_status report_series(tables *t, bud_progress *progress, bud_error *err)
{
	bud_instants in;
	bud_status status = bud_instants_collect(&in, t->options, t->bench, err);
	if (!status)
		status = write_all(t, &in, progress, err);
	if (!status && !in.nr)
		bud_cmd_remark(t->options, t->options->at ? "there are no snapshots, so the tables have no rows"
							  : "there are no events, so the tables have no rows");
	bud_instants_fini(&in);
	return status;
}

static void remark(void *self, const char *text)
{
	bud_cmd_remark(((tables *)self)->options, text);
}

/* Stories listen from the beginning, and may write rows from there on: their tables are opened before the first event.
 */
static bud_status begin_stories(tables *t, bud_error *err)
{
	uint64_t begin, end;
	bud_status status = bud_options_range(t->options, &t->bench->bundle->source->info, &begin, &end, err);
	if (!status)
		status = bud_outputs_open(&t->outputs, err);
	for (size_t i = 0; !status && i < t->nr; i++) {
		table *one = &t->list[i];
		bud_story_context context = { .replay = t->bench->replay,
					      .source = t->bench->bundle->source,
					      .filter = &t->options->filter,
					      .begin_ns = begin,
					      .end_ns = end,
					      .sink = &t->outputs.list[i].sink,
					      .max_bytes = (size_t)t->options->memory << 20,
					      .remark = remark,
					      .remark_self = t };
		if (!one->story)
			continue;
		status = one->story->begin(&one->teller, &context, err);
		if (!status)
			status = bud_replay_listen(context.replay, one->story->also, one->story->event, one->teller,
						   err);
	}
	return status;
}

static bud_status end_stories(tables *t, bud_status status, bud_error *err)
{
	for (size_t i = 0; i < t->nr; i++) {
		table *one = &t->list[i];
		if (!one->teller)
			continue;
		bud_replay_unlisten(t->bench->replay, one->story->event, one->teller);
		bud_status ended = one->story->end(one->teller, status, err);
		status = status ? status : ended;
	}
	return status;
}

/* The state itself at each instant, in the order asked for: when nobody listens any more, as it may go back. */
static bud_status write_pageblocks(tables *t, const bud_instants *in, bud_row_sink *sink, bud_progress *progress,
				   bud_error *err)
{
	bud_replay *replay = t->bench->replay;
	bud_status status = t->outputs.open ? BUD_OK : bud_outputs_open(&t->outputs, err);
	for (size_t i = 0; !status && i < in->nr; i++) {
		uint64_t t_ns = in->t[i], now = bud_replay_time(replay);
		if (now != BUD_TIME_NONE && t_ns < now)
			status = bud_replay_rewind(replay, err);
		if (!status && t_ns != BUD_TIME_NONE)
			status = bud_progress_replay(progress, replay, t_ns, err);
		if (!status)
			status = bud_pageblock_rows(bud_replay_memory(replay), t_ns, &t->options->filter, sink, err);
	}
	return status;
}

static bud_status report_pageblocks(tables *t, bud_progress *progress, bud_error *err)
{
	bud_status status = BUD_OK;
	for (size_t i = 0; !status && i < t->nr; i++) {
		bud_instants in;
		if (t->list[i].section || t->list[i].story)
			continue;
		status = bud_instants_collect(&in, t->options, t->bench, err);
		if (!status)
			status = write_pageblocks(t, &in, &t->outputs.list[i].sink, progress, err);
		bud_instants_fini(&in);
	}
	return status;
}

static bud_status report_tables(tables *t, bud_error *err)
{
	bud_progress progress;
	bud_status status = t->nr_stories ? begin_stories(t, err) : BUD_OK;
	bud_progress_begin(&progress, &t->bench->bundle->source->info, t->options->quiet);
	if (!status && t->nr_sections)
		status = report_series(t, &progress, err);
	if (!status && t->nr_stories)
		status = bud_progress_replay(&progress, t->bench->replay, BUD_TIME_NONE, err);
	status = end_stories(t, status, err);
	if (!status)
		status = report_pageblocks(t, &progress, err);
	bud_progress_end(&progress);
	return bud_outputs_close(&t->outputs, status, err);
}

static bud_status no_such_section(const char *asked, bud_error *err)
{
	char known[256] = "";
	for (size_t i = 0; i < MAX_TABLES; i++) {
		size_t used = strlen(known);
		snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "",
			 i < BUD_NR_SECTIONS  ? bud_sections[i].table.name
			 : i < MAX_TABLES - 1 ? bud_stories[i - BUD_NR_SECTIONS]->table.name
					      : bud_pageblock_table.name);
	}
	return bud_error_set(err, BUD_ERR_USAGE, "--section %s: there are %s", asked, known);
}

/* The table of that name, one more of those wanted. */
static bud_status add_table(tables *t, const char *name, bud_error *err)
{
	table added = { .section = bud_section_find(name), .story = bud_story_find(name) };
	if (!added.section && !added.story && strcmp(name, bud_pageblock_table.name) != 0)
		return no_such_section(t->options->sections, err);
	bud_status status = bud_outputs_add(&t->outputs, shape_of(&added), err);
	if (status)
		return status;
	t->list[t->nr++] = added;
	t->nr_sections += added.section != NULL;
	t->nr_stories += added.story != NULL;
	return BUD_OK;
}

/* The sections named, each once. */
static bud_status find_sections(tables *t, bud_error *err)
{
	char *copy = strdup(t->options->sections), *rest = copy;
	bud_status status = copy ? BUD_OK : bud_error_memory(err, "--section");
	for (char *word; !status && (word = strsep(&rest, ","));)
		status = add_table(t, word, err);
	free(copy);
	return status;
}

/* What the options ask for together, before any file is opened. */
static bud_status check_usage(const bud_options *options, bud_error *err)
{
	if (!!options->at + !!options->step + !!options->samples > 1)
		return bud_error_set(err, BUD_ERR_USAGE, "--at, --step and --samples: only one of them");
	if (options->sections)
		return BUD_OK;
	if (options->format != BUD_FORMAT_TEXT)
		return bud_error_set(err, BUD_ERR_USAGE, "--format csv, json and jsonl need -s SECTION");
	if (options->at || options->step)
		return bud_error_set(err, BUD_ERR_USAGE, "--at and --step need -s SECTION");
	return BUD_OK;
}

bud_status bud_cmd_report(const bud_options *options, int *exit_code, bud_error *err)
{
	bud_workbench bench;
	bud_options with = *options;
	tables t = { .options = options, .bench = &bench, .outputs.options = options };
	bud_status status = check_usage(options, err);
	if (!status && options->sections)
		status = find_sections(&t, err);
	with.bench.types = options->filter.by_type || t.nr > t.nr_sections + t.nr_stories;
	if (!status)
		status = bud_cmd_open(&bench, &with, err);
	if (status)
		return status;
	status = bud_cmd_check_filter(&bench, options, err);
	if (!status)
		status = t.nr ? report_tables(&t, err) : bud_picture_report(&bench, options, err);
	if (!status)
		bud_cmd_tell_damage(&bench, exit_code);
	bud_workbench_close(&bench);
	return status;
}
