/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The command line: one table of options makes the parser and the usage
 * text of every command.
 */
#ifndef BUD_CLI_OPTIONS_H
#define BUD_CLI_OPTIONS_H

#include <stdio.h>

#include "cli/heat.h"
#include "cli/workbench.h"
#include "lib/insight/section.h"

typedef enum bud_format {
	BUD_FORMAT_TEXT,
	BUD_FORMAT_CSV,
	BUD_FORMAT_JSON,
	BUD_FORMAT_JSONL,
} bud_format;

typedef enum bud_color {
	BUD_COLOR_AUTO,
	BUD_COLOR_ALWAYS,
	BUD_COLOR_NEVER,
	BUD_COLOR_8,
	BUD_COLOR_256,
	BUD_COLOR_DIRECT,
} bud_color;

typedef enum bud_theme {
	BUD_THEME_AUTO,
	BUD_THEME_DARK,
	BUD_THEME_LIGHT,
} bud_theme;

/* Which commands an option belongs to. */
enum {
	BUD_CMD_INFO = 1,
	BUD_CMD_REPORT = 2,
	BUD_CMD_VERIFY = 4,
	BUD_CMD_VIEW = 8,
	BUD_CMD_SIMULATE = 16,
	BUD_CMD_EXPLAIN = 32,
	BUD_CMD_ALL = 63,
};

#define BUD_MAX_LIST 64

typedef struct bud_options {
	bud_workbench_options bench;
	const char *snapshots[BUD_MAX_LIST];
	const char *features[BUD_MAX_LIST];
	const char *sets[BUD_MAX_LIST], *cases[BUD_MAX_LIST];
	size_t nr_sets, nr_cases;
	bool list_sets; /* only tell what can be set */
	const char *time; /* START,STOP, unresolved; NULL: all */
	const char *at, *step;
	const char *gfp, *dmesg;
	long episode, failure; /* 0: not asked for */
	long samples;
	int fold; /* bud_fold; -1: not asked for */
	bud_section_filter filter;
	long memory; /* MiB for what grows with the trace; 0: not asked for */
	const char *sections;
	bud_format format;
	const char *output; /* file, or folder for several sections; NULL: standard output */
	bud_color color;
	bud_theme theme;
	bud_palette palette;
	bool decisions; /* verify: audit the model instead */
	bool no_mouse, replay_only, quiet, verbose;
	bool keys, write_config;
	bool help;
	uint64_t given; /* rows of the table of options that the command line has */
} bud_options;

/*
 * Parses the arguments of one command (argv[0] is its name). On BUD_ERR_USAGE
 * err names the argument. A lone operand is the capture.
 */
bud_status bud_options_parse(bud_options *options, unsigned command, int argc, char **argv, bud_error *err);

/*
 * Sets the option of that long name unless the command line did; value is
 * yes or no for a switch. BUD_ERR_USAGE if the command has no such option, or
 * not with that value. value must live as long as options.
 */
bud_status bud_options_default(bud_options *options, unsigned command, const char *name, const char *value,
			       bud_error *err);

/* The fold asked for, else that one. */
static inline bud_fold bud_options_fold(const bud_options *options, bud_fold otherwise)
{
	return options->fold < 0 ? otherwise : (bud_fold)options->fold;
}

/* The names of these choices, as the options take them. */
const char *bud_color_name(bud_color color);
const char *bud_theme_name(bud_theme theme);

/* Prints the options of a command. */
void bud_options_usage(unsigned command, FILE *out);

/* A point in time: seconds ("55.2" or "55.2s"), "+5s" after the first event, "50%" of the trace; ticks where the clock
 * does not count ns. */
bud_status bud_options_when(const char *text, const bud_trace_info *info, uint64_t *t_ns, bud_error *err);
/* A length of time: a number with ns, us, ms or s (the default); ticks where the clock does not count ns. */
bud_status bud_options_duration(const char *text, const bud_trace_info *info, uint64_t *ns, bud_error *err);
/* The range of --time, or all of the trace. */
bud_status bud_options_range(const bud_options *options, const bud_trace_info *info, uint64_t *begin, uint64_t *end,
			     bud_error *err);

#endif
