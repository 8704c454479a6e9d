/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/cmd.h"
#include "cli/instants.h"
#include "cli/output.h"
#include "cli/picture.h"
#include "cli/progress.h"

#define STRETCH 256 /* columns kept in memory while a series is written */

/* The tables being written. */
typedef struct tables {
	const bud_options *options;
	const bud_workbench *bench;
	size_t nr;
	const bud_section *sections[BUD_NR_SECTIONS];
	bud_output outputs[BUD_NR_SECTIONS];
	bud_row_sink sinks[BUD_NR_SECTIONS];
	char *paths[BUD_NR_SECTIONS]; /* in the folder; NULL without one */
	size_t nr_open;
} tables;

static bool is_folder(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* One section goes to standard output or a file; several, or one to a folder, to a file each. */
static bud_status open_table(tables *t, size_t i, bool in_folder, bud_error *err)
{
	static const char *const endings[] = { "txt", "csv", "json", "jsonl" };
	if (in_folder && asprintf(&t->paths[i], "%s/%s.%s", t->options->output, t->sections[i]->table.name,
				  endings[t->options->format]) < 0) {
		t->paths[i] = NULL;
		return bud_error_memory(err, t->options->output);
	}
	bud_status status = bud_output_open(&t->outputs[i], in_folder ? t->paths[i] : t->options->output, err);
	if (status)
		return status;
	t->nr_open++;
	t->sinks[i] = bud_output_sink(&t->outputs[i], t->options->format);
	return t->sinks[i].begin(t->sinks[i].self, &t->sections[i]->table, err);
}

static bud_status open_tables(tables *t, bud_error *err)
{
	const char *output = t->options->output;
	bool in_folder = output && (t->nr > 1 || is_folder(output));
	if (t->nr > 1 && mkdir(output, 0777) && errno != EEXIST)
		return bud_error_set(err, BUD_ERR_IO, "%s: %s", output, strerror(errno));
	bud_status status = BUD_OK;
	for (size_t i = 0; !status && i < t->nr; i++)
		status = open_table(t, i, in_folder, err);
	return status;
}

/* Ends what is open, unless it has failed already, and closes it. */
static bud_status close_tables(tables *t, bud_status status, bud_error *err)
{
	for (size_t i = 0; i < t->nr_open; i++) {
		if (!status)
			status = t->sinks[i].end(t->sinks[i].self, err);
		bud_status closed = bud_output_close(&t->outputs[i], status ? NULL : err);
		status = status ? status : closed;
	}
	for (size_t i = 0; i < t->nr; i++)
		free(t->paths[i]);
	return status;
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
	if (!status && !t->nr_open)
		status = open_tables(t, err);
	for (size_t i = 0; !status && i < t->nr; i++)
		status = bud_section_rows(t->sections[i], timeline, columns, nr, bud_replay_memory(t->bench->replay),
					  &options->filter, &t->sinks[i], err);
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

static bud_status report_tables(tables *t, bud_error *err)
{
	bud_instants in;
	bud_progress progress;
	bud_status status = bud_instants_collect(&in, t->options, t->bench, err);
	bud_progress_begin(&progress, &t->bench->bundle->source->info, t->options->quiet);
	if (!status)
		status = write_all(t, &in, &progress, err);
	bud_progress_end(&progress);
	status = close_tables(t, status, err);
	if (!status && !in.nr)
		bud_cmd_remark(t->options, t->options->at ? "there are no snapshots, so the tables have no rows"
							  : "there are no events, so the tables have no rows");
	bud_instants_fini(&in);
	return status;
}

/* The sections named, each once. */
static bud_status find_sections(tables *t, bud_error *err)
{
	const char *names = t->options->sections;
	char *copy = strdup(names), *rest = copy;
	bud_status status = copy ? BUD_OK : bud_error_memory(err, "--section");
	for (char *word; !status && (word = strsep(&rest, ","));) {
		const bud_section *section = bud_section_find(word);
		if (!section)
			status = bud_error_set(err, BUD_ERR_USAGE, "--section %s: there are freelist, index, zone",
					       names);
		for (size_t i = 0; !status && i < t->nr; i++)
			if (t->sections[i] == section)
				status = bud_error_set(err, BUD_ERR_USAGE, "--section %s: names %s twice", names, word);
		if (!status)
			t->sections[t->nr++] = section;
	}
	free(copy);
	if (!status && t->nr > 1 && !t->options->output)
		status = bud_error_set(err, BUD_ERR_USAGE, "several sections need a folder to go to: -o FOLDER");
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
	tables t = { .options = options, .bench = &bench };
	bud_status status = check_usage(options, err);
	if (!status && options->sections)
		status = find_sections(&t, err);
	if (!status)
		status = bud_cmd_open(&bench, options, err);
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
