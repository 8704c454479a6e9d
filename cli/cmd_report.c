/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/cmd.h"
#include "cli/output.h"
#include "cli/picture.h"
#include "cli/progress.h"

#define DEFAULT_SAMPLES 100
#define MAX_STEPS	10000000

/* The instants asked for, and the timeline column of each. */
typedef struct instants {
	uint64_t *t; /* in the order asked for; BUD_TIME_NONE: unplaced */
	size_t nr;
	uint64_t *ends; /* sorted, placed ones only */
	size_t nr_ends;
	size_t *columns; /* of each t; SIZE_MAX: unplaced */
} instants;

static void free_instants(instants *in)
{
	free(in->t);
	free(in->ends);
	free(in->columns);
}

static bud_status add_instant(instants *in, uint64_t t, bud_error *err)
{
	if ((in->nr & (in->nr - 1)) == 0) {
		uint64_t *more = realloc(in->t, (in->nr ? in->nr * 2 : 1) * sizeof *more);
		if (!more)
			return bud_error_memory(err, "instants");
		in->t = more;
	}
	in->t[in->nr++] = t;
	return BUD_OK;
}

static bud_status instants_listed(instants *in, const char *list, const bud_workbench *bench, bud_error *err)
{
	bud_status status = BUD_OK;
	if (strcmp(list, "snapshots") == 0) {
		for (size_t i = 0; !status && i < bench->bundle->nr_snapshots; i++)
			status = add_instant(in, bench->bundle->snapshots[i].t_ns, err);
		return status;
	}
	char *copy = strdup(list), *rest = copy;
	if (!copy)
		return bud_error_memory(err, "--at");
	for (char *word; !status && (word = strsep(&rest, ","));) {
		uint64_t t;
		status = bud_options_when(word, &bench->bundle->source->info, &t, err);
		if (!status)
			status = add_instant(in, t, err);
	}
	free(copy);
	return status;
}

static bud_status instants_by_step(instants *in, const char *text, uint64_t begin, uint64_t end,
				   const bud_trace_info *info, bud_error *err)
{
	uint64_t step;
	bud_status status = bud_options_duration(text, info, &step, err);
	if (status)
		return status;
	if (!step || (end - begin) / step > MAX_STEPS)
		return bud_error_set(err, BUD_ERR_USAGE, "--step %s: gives more than %d steps", text, MAX_STEPS);
	for (uint64_t t = begin; !status && t < end;) {
		t = end - t > step ? t + step : end;
		status = add_instant(in, t, err);
	}
	return status;
}

static bud_status instants_evenly(instants *in, long nr, uint64_t begin, uint64_t end, bud_error *err)
{
	bud_status status = BUD_OK;
	for (long i = 1; !status && i <= nr; i++)
		status = add_instant(
			in, begin + (uint64_t)((unsigned __int128)(end - begin) * (unsigned long)i / (unsigned long)nr),
			err);
	return status;
}

static int compare_times(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

/* A timeline runs forward: sort, and remember which column each instant became. */
static bud_status sort_instants(instants *in, bud_error *err)
{
	in->ends = calloc(in->nr + 1, sizeof *in->ends);
	in->columns = calloc(in->nr + 1, sizeof *in->columns);
	if (!in->ends || !in->columns)
		return bud_error_memory(err, "instants");
	for (size_t i = 0; i < in->nr; i++)
		if (in->t[i] != BUD_TIME_NONE)
			in->ends[in->nr_ends++] = in->t[i];
	qsort(in->ends, in->nr_ends, sizeof *in->ends, compare_times);
	for (size_t i = 0; i < in->nr; i++) {
		uint64_t *found = in->t[i] == BUD_TIME_NONE
					  ? NULL
					  : bsearch(&in->t[i], in->ends, in->nr_ends, sizeof *in->ends, compare_times);
		in->columns[i] = found ? (size_t)(found - in->ends) : SIZE_MAX;
	}
	return BUD_OK;
}

static bud_status collect_instants(instants *in, const bud_options *options, const bud_workbench *bench,
				   uint64_t *begin, bud_error *err)
{
	const bud_trace_info *info = &bench->bundle->source->info;
	uint64_t end;
	bud_status status = bud_options_range(options, info, begin, &end, err);
	if (status)
		return status;
	if (options->at)
		status = instants_listed(in, options->at, bench, err);
	else if (info->first_ns == BUD_TIME_NONE)
		status = BUD_OK; /* without events there is no time to divide */
	else if (options->step)
		status = instants_by_step(in, options->step, *begin, end, info, err);
	else
		status = instants_evenly(in, options->samples ? options->samples : DEFAULT_SAMPLES, *begin, end, err);
	if (!status)
		status = sort_instants(in, err);
	if (in->nr_ends && in->ends[0] < *begin)
		*begin = in->ends[0];
	return status;
}

static bud_status write_section(const bud_section *section, const char *path, const bud_options *options,
				const instants *in, const bud_timeline *timeline, const bud_workbench *bench,
				bud_error *err)
{
	bud_output output;
	bud_status status = bud_output_open(&output, path, err);
	if (status)
		return status;
	bud_row_sink sink = bud_output_sink(&output, options->format);
	status = bud_section_write(section, timeline, in->columns, in->nr, bud_replay_memory(bench->replay),
				   &options->filter, &sink, err);
	bud_status closed = bud_output_close(&output, status ? NULL : err);
	return status ? status : closed;
}

static bool is_folder(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bud_status write_into_folder(const bud_section *section, const bud_options *options, const instants *in,
				    const bud_timeline *timeline, const bud_workbench *bench, bud_error *err)
{
	static const char *const endings[] = { "txt", "csv", "json", "jsonl" };
	char *path;
	if (asprintf(&path, "%s/%s.%s", options->output, section->table.name, endings[options->format]) < 0)
		return bud_error_memory(err, options->output);
	bud_status status = write_section(section, path, options, in, timeline, bench, err);
	free(path);
	return status;
}

/* One section to standard output or a file; several to one file each in a folder. */
static bud_status write_sections(const bud_section **sections, size_t nr, const bud_options *options,
				 const instants *in, const bud_timeline *timeline, const bud_workbench *bench,
				 bud_error *err)
{
	if (nr == 1 && !(options->output && is_folder(options->output)))
		return write_section(sections[0], options->output, options, in, timeline, bench, err);
	if (mkdir(options->output, 0777) && errno != EEXIST)
		return bud_error_set(err, BUD_ERR_IO, "%s: %s", options->output, strerror(errno));
	bud_status status = BUD_OK;
	for (size_t i = 0; !status && i < nr; i++)
		status = write_into_folder(sections[i], options, in, timeline, bench, err);
	return status;
}

/* The sections named, each once. */
static bud_status find_sections(const bud_options *options, const bud_section **sections, size_t *nr, bud_error *err)
{
	char *copy = strdup(options->sections), *rest = copy;
	bud_status status = copy ? BUD_OK : bud_error_memory(err, "--section");
	*nr = 0;
	for (char *word; !status && (word = strsep(&rest, ","));) {
		const bud_section *section = bud_section_find(word);
		if (!section)
			status = bud_error_set(err, BUD_ERR_USAGE, "--section %s: there are freelist, index, zone",
					       options->sections);
		for (size_t i = 0; !status && i < *nr; i++)
			if (sections[i] == section)
				status = bud_error_set(err, BUD_ERR_USAGE, "--section %s: names %s twice",
						       options->sections, word);
		if (!status)
			sections[(*nr)++] = section;
	}
	free(copy);
	if (!status && *nr > 1 && !options->output)
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

static bud_status report_sections(bud_workbench *bench, const bud_options *options, const bud_section **sections,
				  size_t nr, bud_error *err)
{
	instants in = { 0 };
	uint64_t begin = 0;
	bud_timeline *timeline = NULL;
	bud_progress progress;
	bud_status status = collect_instants(&in, options, bench, &begin, err);
	if (!status)
		status = bud_timeline_create(&timeline, bench->replay, begin, in.ends, in.nr_ends,
					     options->at ? BUD_FOLD_LAST : bud_options_fold(options, BUD_FOLD_LAST),
					     err);
	bud_progress_begin(&progress, &bench->bundle->source->info, options->quiet);
	if (!status)
		status = bud_progress_timeline(&progress, timeline, bench->replay, err);
	bud_progress_end(&progress);
	if (!status && !in.nr)
		bud_cmd_remark(options, options->at ? "there are no snapshots, so the tables have no rows"
						    : "there are no events, so the tables have no rows");
	if (!status)
		status = write_sections(sections, nr, options, &in, timeline, bench, err);
	bud_timeline_destroy(timeline);
	free_instants(&in);
	return status;
}

bud_status bud_cmd_report(const bud_options *options, int *exit_code, bud_error *err)
{
	bud_workbench bench;
	const bud_section *sections[BUD_NR_SECTIONS];
	size_t nr = 0;
	bud_status status = check_usage(options, err);
	if (!status && options->sections)
		status = find_sections(options, sections, &nr, err);
	if (!status)
		status = bud_cmd_open(&bench, options, err);
	if (status)
		return status;
	status = bud_cmd_check_filter(&bench, options, err);
	if (!status)
		status = nr ? report_sections(&bench, options, sections, nr, err)
			    : bud_picture_report(&bench, options, err);
	if (!status)
		bud_cmd_tell_damage(&bench, exit_code);
	bud_workbench_close(&bench);
	return status;
}
