/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/tui/export.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "formats/write/csv.h"
#include "lib/insight/episode_rows.h"
#include "lib/insight/pageblock.h"
#include "lib/insight/site_rows.h"

#define MAX_NUMBER 1000 /* files of one name */

/* Only what is safe in a file name. */
static void copy_safe(char *to, size_t size, const char *text)
{
	size_t n = 0;
	for (; *text && n + 1 < size; text++)
		to[n++] = isalnum((unsigned char)*text) || strchr("-_+.", *text) ? *text : '_';
	to[n] = '\0';
}

/* A new file of that name and ending; NULL with errno EEXIST if there is one. */
static FILE *create(const char *stem, const char *ending, char *path, size_t size)
{
	snprintf(path, size, "%s%s", stem, ending);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
	if (fd >= 0 && !out)
		close(fd);
	return out;
}

/* The tables of columns of time. */
static bud_status write_section(const bud_view *v, const bud_section *section, const bud_section_filter *filter,
				bud_row_sink *sink, bud_error *err)
{
	bud_status status = BUD_OK;
	for (size_t c = 0; !status && v->picture && c < v->picture->nr_filled; c++)
		status = bud_section_rows(section, v->picture, &c, 1, bud_replay_memory(v->scene->bench->replay),
					  filter, sink, err);
	return status;
}

static int compare_ids(const void *a, const void *b)
{
	const bud_episode *x = a, *y = b;
	return x->id < y->id ? -1 : x->id > y->id;
}

/* Those that are listed. */
static bud_status write_episodes(const bud_view *v, bud_row_sink *sink, bud_error *err)
{
	const bud_roster *r = v->roster;
	bud_episode_list listed = *v->scene->witness.episodes;
	listed.nr = r->nr;
	listed.episodes = calloc(r->nr + 1, sizeof *listed.episodes);
	if (!listed.episodes)
		return bud_error_memory(err, "episodes");
	for (size_t i = 0; i < r->nr; i++)
		listed.episodes[i] = *bud_roster_get(r, i);
	qsort(listed.episodes, listed.nr, sizeof *listed.episodes, compare_ids);
	bud_status status = bud_episode_rows_write(&listed, bud_replay_memory(v->scene->bench->replay), v->kernel,
						   v->scene->bench->bundle->source, v->scene->witness.sites, sink, err);
	free(listed.episodes);
	return status;
}

/* The table of the screen, of the zone shown; the other screens' are of the whole machine. */
static bud_status write_table(const bud_view *v, FILE *out, bud_error *err)
{
	bud_csv csv;
	const bud_witness *w = &v->scene->witness;
	const bud_memory *memory = bud_replay_memory(v->scene->bench->replay);
	const bud_section *section = bud_section_find(bud_screens[v->browse->screen].command);
	const bud_table *tables[] = { [BUD_SCREEN_PFN] = &bud_pageblock_table,
				      [BUD_SCREEN_EPISODES] = &bud_episode_rows_story.table,
				      [BUD_SCREEN_SITES] = &bud_site_rows_story.table };
	bud_row_sink sink = bud_csv_sink(&csv, out);
	bud_section_filter filter = BUD_SECTION_FILTER_ALL;
	filter.node = v->zone ? v->zone->node : -1;
	filter.zone = v->zone ? v->zone->name : NULL;
	bud_status status = sink.begin(sink.self, section ? &section->table : tables[v->browse->screen], err);
	if (!status && section)
		status = write_section(v, section, &filter, &sink, err);
	else if (!status && v->browse->screen == BUD_SCREEN_PFN)
		status = bud_pageblock_rows(memory, bud_replay_time(v->scene->bench->replay), &filter, &sink, err);
	else if (!status && v->browse->screen == BUD_SCREEN_EPISODES && w->episodes)
		status = write_episodes(v, &sink, err);
	else if (!status && v->browse->screen == BUD_SCREEN_SITES && w->owned)
		status = bud_site_rows_write(w->owners, w->sites, &w->pins, &sink, err);
	return status ? status : sink.end(sink.self, err);
}

static bud_status finish(FILE *out, const char *path, bud_status status, bud_error *err)
{
	bool failed = ferror(out) != 0;
	if (fclose(out) != 0 || failed)
		return status ? status : bud_error_set(err, BUD_ERR_IO, "%s: could not be written", path);
	return status;
}

bud_status bud_export_view(const bud_view *view, char *names, size_t size, bud_error *err)
{
	const bud_view *v = view;
	char name[80], stem[160], text[180], table[180] = "";
	const char *section = bud_screens[v->browse->screen].command;
	FILE *out = NULL;
	copy_safe(name, sizeof name, v->scene->bench->bundle->name);
	for (int i = 1; !out && i <= MAX_NUMBER; i++) {
		snprintf(stem, sizeof stem, "%s-%s-%d", name, bud_screens[v->browse->screen].name, i);
		out = create(stem, ".txt", text, sizeof text);
		if (!out && errno != EEXIST)
			break;
	}
	if (!out)
		return bud_error_set(err, BUD_ERR_IO, "%s: %s", text, strerror(errno));
	bud_canvas_print(v->canvas, out);
	bud_status status = finish(out, text, BUD_OK, err);
	if (!status && section) {
		out = create(stem, ".csv", table, sizeof table);
		if (!out)
			return bud_error_set(err, BUD_ERR_IO, "%s: %s", table, strerror(errno));
		status = finish(out, table, write_table(v, out, err), err);
	}
	snprintf(names, size, "%s%s%s", text, *table ? " and " : "", table);
	return status;
}

typedef struct line {
	char *text;
	size_t size, used;
} line;

__attribute__((format(printf, 2, 3))) static void add(line *l, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int n = vsnprintf(l->text + l->used, l->size - l->used, format, args);
	va_end(args);
	l->used += n > 0 && (size_t)n < l->size - l->used ? (size_t)n : l->size - l->used - 1;
}

/* A word as a shell reads it. */
static void add_word(line *l, const char *word)
{
	bool plain = *word && !word[strcspn(word, " \t\n'\"\\$`!*?[]{}()<>|&;#~")];
	add(l, "%s", plain ? " " : " '");
	for (const char *c = word; *c; c++) {
		if (*c == '\'')
			add(l, "'\\''");
		else
			add(l, "%c", *c);
	}
	if (!plain)
		add(l, "'");
}

static void add_time(line *l, const bud_view *v, uint64_t t)
{
	if (v->info->clock_is_ns)
		add(l, "%" PRIu64 ".%09" PRIu64, t / 1000000000, t % 1000000000);
	else
		add(l, "%" PRIu64, t);
}

static void add_bench(line *l, const bud_options *o)
{
	const bud_workbench_options *bench = &o->bench;
	if (bench->seed != BUD_SEED_AUTO)
		add(l, " --seed %s", bud_seed_mode_name(bench->seed));
	if (bench->passes)
		add(l, " --passes %u", bench->passes);
	if (bench->bundle.open.buffer) {
		add(l, " --buffer");
		add_word(l, bench->bundle.open.buffer);
	}
	if (bench->bundle.zoneinfo) {
		add(l, " --zoneinfo");
		add_word(l, bench->bundle.zoneinfo);
	}
	for (size_t i = 0; i < bench->bundle.nr_snapshots; i++) {
		add(l, " --snapshot");
		add_word(l, bench->bundle.snapshots[i]);
	}
	for (size_t i = 0; i < bench->nr_features; i++) {
		add(l, " --kernel-feature");
		add_word(l, bench->features[i]);
	}
}

void bud_export_command(const bud_view *view, const bud_options *options, char *text, size_t size)
{
	const bud_view *v = view;
	line l = { text, size, 0 };
	const char *section = bud_screens[v->browse->screen].command;
	*text = '\0';
	add(&l, "buddyscope %s", section ? "report" : "info -v");
	add_word(&l, options->bench.path);
	if (section) {
		add(&l, " -s %s", section);
		if (v->zone && v->browse->screen < BUD_SCREEN_EPISODES) {
			add(&l, " --node %d --zone", v->zone->node);
			add_word(&l, v->zone->name);
		}
		if (v->browse->screen == BUD_SCREEN_PFN) {
			add(&l, " --at ");
			add_time(&l, v, v->browse->cursor_ns);
		} else {
			bool sites = v->browse->screen == BUD_SCREEN_SITES; /* from the start up to the cursor */
			add(&l, " --time ");
			add_time(&l, v, sites ? v->browse->first_ns : v->browse->begin_ns);
			add(&l, ",");
			add_time(&l, v, sites ? v->browse->cursor_ns : v->browse->end_ns);
		}
	}
	if (section && bud_section_find(section))
		add(&l, " --samples %zu --fold %s%s", v->browse->nr_columns, bud_fold_name(v->browse->fold),
		    v->browse->shown >= BUD_SHOW_TYPE ? " --by-type" : "");
	add_bench(&l, options);
	if (section)
		add(&l, " --format csv");
	if (*v->filter && (v->browse->screen == BUD_SCREEN_EPISODES || v->browse->screen == BUD_SCREEN_SITES))
		add(&l, " # shown: only %s", v->filter);
}
