/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/options.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

typedef bool option_parser(bud_options *o, const char *arg);

static bool choose(const char *const *names, int nr, const char *arg, int *choice)
{
	for (*choice = 0; *choice < nr; ++*choice)
		if (strcmp(names[*choice], arg) == 0)
			return true;
	return false;
}

static bool parse_number(const char *arg, long min, long max, long *value)
{
	char *end;
	errno = 0;
	*value = strtol(arg, &end, 10);
	return end != arg && !*end && !errno && *value >= min && *value <= max;
}

static bool take(const char **to, const char *arg)
{
	*to = arg;
	return *arg != '\0';
}

static bool parse_input(bud_options *o, const char *arg)
{
	return take(&o->bench.path, arg);
}

static bool parse_time(bud_options *o, const char *arg)
{
	o->time = arg;
	return strchr(arg, ',') != NULL;
}

static bool parse_at(bud_options *o, const char *arg)
{
	return take(&o->at, arg);
}

static bool parse_gfp(bud_options *o, const char *arg)
{
	return take(&o->gfp, arg);
}

static bool parse_dmesg(bud_options *o, const char *arg)
{
	return take(&o->dmesg, arg);
}

static bool parse_episode(bud_options *o, const char *arg)
{
	return parse_number(arg, 1, LONG_MAX, &o->episode);
}

static bool parse_failure(bud_options *o, const char *arg)
{
	return parse_number(arg, 1, LONG_MAX, &o->failure);
}

static bool parse_step(bud_options *o, const char *arg)
{
	return take(&o->step, arg);
}

static bool parse_samples(bud_options *o, const char *arg)
{
	return parse_number(arg, 1, 1000000, &o->samples);
}

static bool parse_fold(bud_options *o, const char *arg)
{
	bud_fold fold;
	if (!bud_fold_parse(arg, &fold))
		return false;
	o->fold = (int)fold;
	return true;
}

static bool parse_node(bud_options *o, const char *arg)
{
	long node;
	if (!parse_number(arg, 0, INT32_MAX, &node))
		return false;
	o->filter.node = (int32_t)node;
	return true;
}

static bool parse_zone(bud_options *o, const char *arg)
{
	bud_zone_type type = bud_zone_type_parse(arg);
	o->filter.zone = type < BUD_NR_ZONE_TYPES ? bud_zone_type_name(type) : arg;
	return *arg != '\0';
}

static bool parse_order(bud_options *o, const char *arg)
{
	char first[16];
	const char *dash = strchr(arg, '-');
	size_t length = dash ? (size_t)(dash - arg) : strlen(arg);
	long min, max;
	if (length >= sizeof first)
		return false;
	memcpy(first, arg, length);
	first[length] = '\0';
	if (!parse_number(first, 0, BUD_NR_ORDERS - 1, &min))
		return false;
	max = min;
	if (dash && !parse_number(dash + 1, min, BUD_NR_ORDERS - 1, &max))
		return false;
	o->filter.order_min = (int)min;
	o->filter.order_max = (int)max;
	return true;
}

static bool parse_decisions(bud_options *o, const char *arg)
{
	(void)arg;
	o->decisions = true;
	return true;
}

static bool parse_by_type(bud_options *o, const char *arg)
{
	(void)arg;
	o->filter.by_type = true;
	return true;
}

static bool parse_comm(bud_options *o, const char *arg)
{
	return take(&o->filter.comm, arg);
}

static bool parse_pid(bud_options *o, const char *arg)
{
	long pid;
	if (!parse_number(arg, 0, INT32_MAX, &pid))
		return false;
	o->filter.pid = (int32_t)pid;
	return true;
}

static bool parse_migratetype(bud_options *o, const char *arg)
{
	o->filter.migratetype = bud_migratetype_parse(arg);
	return o->filter.migratetype != BUD_MT_UNKNOWN;
}

static bool parse_memory(bud_options *o, const char *arg)
{
	return parse_number(arg, 1, 1 << 20, &o->memory);
}

static bool parse_sections(bud_options *o, const char *arg)
{
	return take(&o->sections, arg);
}

static bool parse_format(bud_options *o, const char *arg)
{
	static const char *const names[] = { "text", "csv", "json", "jsonl" };
	int choice;
	bool known = choose(names, 4, arg, &choice);
	o->format = (bud_format)choice;
	return known;
}

static bool parse_text_or_json(bud_options *o, const char *arg)
{
	return parse_format(o, arg) && (o->format == BUD_FORMAT_TEXT || o->format == BUD_FORMAT_JSON);
}

static bool parse_output(bud_options *o, const char *arg)
{
	return take(&o->output, arg);
}

static const char *const color_names[] = { "auto", "always", "never", "8", "256", "direct" };
static const char *const theme_names[] = { "auto", "dark", "light" };

const char *bud_color_name(bud_color color)
{
	return color_names[color];
}

const char *bud_theme_name(bud_theme theme)
{
	return theme_names[theme];
}

static bool parse_color(bud_options *o, const char *arg)
{
	int choice;
	bool known = choose(color_names, 6, arg, &choice);
	o->color = (bud_color)choice;
	return known;
}

static bool parse_theme(bud_options *o, const char *arg)
{
	int choice;
	bool known = choose(theme_names, 3, arg, &choice);
	o->theme = (bud_theme)choice;
	return known;
}

static bool parse_palette(bud_options *o, const char *arg)
{
	return bud_palette_parse(arg, &o->palette);
}

static bool parse_seed(bud_options *o, const char *arg)
{
	return bud_seed_mode_parse(arg, &o->bench.seed);
}

static bool parse_buffer(bud_options *o, const char *arg)
{
	o->bench.bundle.open.buffer = arg;
	return true;
}

static bool parse_zoneinfo(bud_options *o, const char *arg)
{
	return take(&o->bench.bundle.zoneinfo, arg);
}

static bool parse_snapshot(bud_options *o, const char *arg)
{
	if (o->bench.bundle.nr_snapshots == BUD_MAX_LIST)
		return false;
	o->snapshots[o->bench.bundle.nr_snapshots++] = arg;
	return *arg != '\0';
}

static bool parse_feature(bud_options *o, const char *arg)
{
	if (o->bench.nr_features == BUD_MAX_LIST)
		return false;
	o->features[o->bench.nr_features++] = arg;
	return *arg != '\0';
}

static bool parse_passes(bud_options *o, const char *arg)
{
	long passes;
	if (!parse_number(arg, 1, 1000, &passes))
		return false;
	o->bench.passes = (unsigned)passes;
	return true;
}

static bool add_text(const char **list, size_t *nr, const char *text)
{
	if (*nr == BUD_MAX_LIST)
		return false;
	list[(*nr)++] = text;
	return strchr(text, '=') != NULL;
}

static bool parse_set(bud_options *o, const char *arg)
{
	o->list_sets |= strcmp(arg, "help") == 0;
	return o->list_sets || add_text(o->sets, &o->nr_sets, arg);
}

static bool parse_case(bud_options *o, const char *arg)
{
	return add_text(o->cases, &o->nr_cases, arg);
}

/* clang-format off */
#define SWITCH(name) static bool set_##name(bud_options *o, const char *arg) { (void)arg; return o->name = true; }
SWITCH(keys)
SWITCH(write_config)
SWITCH(no_mouse)
SWITCH(replay_only)
SWITCH(quiet)
SWITCH(verbose)
SWITCH(help)
#undef SWITCH

static const struct row {
	char letter; /* '\0': long form only */
	const char *name, *arg; /* arg NULL: a switch; else what is expected, and said so on error */
	unsigned commands;
	option_parser *parse;
	const char *help;
} rows[] = {
	{ 'i', "input", "CAPTURE", BUD_CMD_ALL, parse_input,
	  "trace.dat or bundle to read; - is standard input" },
	{ 's', "section", "NAME[,NAME...]", BUD_CMD_REPORT, parse_sections,
	  "tables to print; -s help lists them" },
	{ '\0', "decisions", NULL, BUD_CMD_VERIFY, parse_decisions,
	  "the model's decisions against the kernel's" },
	{ '\0', "by-type", NULL, BUD_CMD_REPORT, parse_by_type,
	  "free lists by migratetype, too" },
	{ 's', "section", "NAME", BUD_CMD_VERIFY, parse_sections,
	  "table: verify, or verify_zone, _type, _pageblock, _summary" },
	{ 's', "section", "NAME", BUD_CMD_SIMULATE, parse_sections,
	  "tables: of the model as of report; happening, judgement" },
	{ 's', "section", "NAME[,NAME...]", BUD_CMD_EXPLAIN, parse_sections,
	  "tables: explain, simulated_remedy" },
	{ '\0', "set", "KEY=VALUE", BUD_CMD_SIMULATE, parse_set,
	  "a change, several make one case; help lists them" },
	{ '\0', "case", "KEY=VALUE[,...]", BUD_CMD_SIMULATE, parse_case,
	  "another case beside; may be repeated" },
	{ '\0', "time", "START,STOP", BUD_CMD_REPORT | BUD_CMD_SIMULATE | BUD_CMD_VIEW, parse_time,
	  "only this range: seconds of the trace, +5s, 50%" },
	{ '\0', "at", "T[,T...]", BUD_CMD_REPORT | BUD_CMD_SIMULATE, parse_at,
	  "values at these instants, or at: snapshots" },
	{ '\0', "failure", "N", BUD_CMD_EXPLAIN, parse_failure,
	  "the Nth failed allocation, not the first" },
	{ '\0', "episode", "N", BUD_CMD_EXPLAIN, parse_episode,
	  "the episode of that id (report -s episode)" },
	{ '\0', "at", "T", BUD_CMD_EXPLAIN, parse_at,
	  "the next failure from T on; with --order and --gfp: such a request at T" },
	{ '\0', "gfp", "FLAGS", BUD_CMD_EXPLAIN, parse_gfp,
	  "as the kernel prints them, or a number" },
	{ '\0', "dmesg", "FILE", BUD_CMD_EXPLAIN, parse_dmesg,
	  "the reports of this kernel log" },
	{ '\0', "replay-only", NULL, BUD_CMD_EXPLAIN, set_replay_only,
	  "no simulations of what would have helped" },
	{ '\0', "samples", "N", BUD_CMD_REPORT | BUD_CMD_SIMULATE, parse_samples,
	  "values at the end of each of N steps (100)" },
	{ '\0', "step", "DURATION", BUD_CMD_REPORT | BUD_CMD_SIMULATE, parse_step,
	  "values at the end of each step: 10ms, 1.5s" },
	{ '\0', "fold", "last|worst|min|max|mean", BUD_CMD_REPORT | BUD_CMD_VIEW, parse_fold,
	  "how a step becomes one value" },
	{ '\0', "node", "N", BUD_CMD_ALL & ~BUD_CMD_INFO, parse_node,
	  "only this node" },
	{ '\0', "zone", "NAME", BUD_CMD_ALL & ~BUD_CMD_INFO, parse_zone,
	  "only zones of this name" },
	{ '\0', "order", "N[-M]", BUD_CMD_REPORT | BUD_CMD_SIMULATE | BUD_CMD_VERIFY | BUD_CMD_EXPLAIN, parse_order,
	  "only these orders" },
	{ '\0', "comm", "NAME", BUD_CMD_REPORT | BUD_CMD_EXPLAIN, parse_comm,
	  "only requests of this command (tables of events)" },
	{ '\0', "pid", "N", BUD_CMD_REPORT | BUD_CMD_EXPLAIN, parse_pid,
	  "only requests of this task" },
	{ '\0', "migratetype", "NAME", BUD_CMD_REPORT | BUD_CMD_EXPLAIN, parse_migratetype,
	  "only requests of this type: Movable, ..." },
	{ '\0', "format", "text|csv|json|jsonl", BUD_CMD_REPORT | BUD_CMD_SIMULATE | BUD_CMD_VERIFY | BUD_CMD_EXPLAIN, parse_format,
	  "how to print" },
	{ '\0', "format", "text|json", BUD_CMD_INFO, parse_text_or_json,
	  "how to print" },
	{ 'o', "output", "FILE", BUD_CMD_ALL & ~BUD_CMD_VIEW, parse_output,
	  "write there, not to standard output" },
	{ '\0', "color", "auto|always|never|8|256|direct", BUD_CMD_ALL, parse_color,
	  "colours to use" },
	{ '\0', "theme", "auto|dark|light", BUD_CMD_REPORT | BUD_CMD_VIEW, parse_theme,
	  "background the colours are for" },
	{ '\0', "palette", "cividis|viridis|mono", BUD_CMD_VIEW, parse_palette,
	  "colours of the heat map" },
	{ '\0', "keys", NULL, BUD_CMD_VIEW, set_keys,
	  "list the keys and what they do, and end" },
	{ '\0', "write-config", NULL, BUD_CMD_VIEW, set_write_config,
	  "write keys and defaults to a file to edit, and end" },
	{ '\0', "no-mouse", NULL, BUD_CMD_VIEW, set_no_mouse,
	  "leave the mouse to the terminal" },
	{ '\0', "seed", "auto|first|every|both|inferred|none", BUD_CMD_ALL, parse_seed,
	  "what the replay starts from" },
	{ '\0', "passes", "N", BUD_CMD_ALL, parse_passes,
	  "at most N over the trace; 1 never looks ahead" },
	{ '\0', "buffer", "NAME", BUD_CMD_ALL, parse_buffer,
	  "trace buffer (instance) to replay" },
	{ '\0', "zoneinfo", "FILE", BUD_CMD_ALL, parse_zoneinfo,
	  "zones from this copy of /proc/zoneinfo" },
	{ '\0', "snapshot", "FOLDER", BUD_CMD_ALL, parse_snapshot,
	  "another snapshot folder; may be repeated" },
	{ '\0', "kernel-feature", "NAME=VALUE", BUD_CMD_ALL, parse_feature,
	  "override what was detected (info -v lists it)" },
	{ '\0', "memory", "MIB", BUD_CMD_REPORT, parse_memory,
	  "bound for what grows with the trace, a table" },
	{ '\0', "memory", "MIB", BUD_CMD_EXPLAIN, parse_memory,
	  "for simulations side by side (1024)" },
	{ 'q', "quiet", NULL, BUD_CMD_ALL, set_quiet,
	  "no progress, no remarks" },
	{ 'v', "verbose", NULL, BUD_CMD_ALL, set_verbose,
	  "say more" },
	{ 'h', "help", NULL, BUD_CMD_ALL, set_help,
	  "this text" },
};
/* clang-format on */

#define NR_ROWS	   (sizeof rows / sizeof *rows)
#define FIRST_LONG 256 /* getopt's value of rows[0] */
_Static_assert(NR_ROWS <= 64, "given has a bit for each");

static void build_getopt(unsigned command, char *letters, struct option *longs)
{
	*letters++ = ':';
	for (size_t i = 0; i < NR_ROWS; i++) {
		if (!(rows[i].commands & command))
			continue;
		*longs++ = (struct option){ rows[i].name, rows[i].arg ? required_argument : no_argument, NULL,
					    FIRST_LONG + (int)i };
		if (rows[i].letter) {
			*letters++ = rows[i].letter;
			if (rows[i].arg)
				*letters++ = ':';
		}
	}
	*letters = '\0';
	*longs = (struct option){ 0 };
}

static const struct row *find_row(unsigned command, int found)
{
	if (found >= FIRST_LONG)
		return &rows[found - FIRST_LONG];
	for (size_t i = 0; i < NR_ROWS; i++)
		if (rows[i].letter == found && (rows[i].commands & command))
			return &rows[i];
	return NULL;
}

static void set_defaults(bud_options *options)
{
	*options = (bud_options){ .fold = -1, .filter = BUD_SECTION_FILTER_ALL };
	options->bench.bundle.snapshots = options->snapshots;
	options->bench.features = options->features;
}

/* What getopt did not like, in a line. found is ':' or '?', given the argument it stumbled over. */
static bud_status complain(unsigned command, const char *name, int found, const char *given, bud_error *err)
{
	char letter[] = { '-', (char)optopt, '\0' };
	const struct row *row = optopt ? find_row(command, optopt) : NULL;
	const char *what = found == ':'				      ? "needs a value"
			   : row && optopt >= FIRST_LONG && !row->arg ? "takes no value"
								      : "no such option";
	if (optopt && optopt < FIRST_LONG)
		given = letter;
	return bud_error_set(err, BUD_ERR_USAGE, "%s: %s; see buddyscope %s --help", given, what, name);
}

bud_status bud_options_parse(bud_options *options, unsigned command, int argc, char **argv, bud_error *err)
{
	char letters[2 * NR_ROWS + 2];
	struct option longs[NR_ROWS + 1];
	int found;
	set_defaults(options);
	build_getopt(command, letters, longs);
	opterr = 0;
	optind = 0;
	while ((found = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		if (found == ':' || found == '?')
			return complain(command, argv[0], found, argv[optind - 1], err);
		const struct row *row = find_row(command, found);
		if (!row->parse(options, optarg))
			return bud_error_set(err, BUD_ERR_USAGE, "--%s %s: expected %s; see buddyscope %s --help",
					     row->name, optarg, row->arg, argv[0]);
		options->given |= (uint64_t)1 << (row - rows);
	}
	if (optind < argc && !options->bench.path)
		options->bench.path = argv[optind++];
	if (optind < argc)
		return bud_error_set(err, BUD_ERR_USAGE, "%s: one capture at a time", argv[optind]);
	if (!options->bench.path)
		options->bench.path = "trace.dat";
	options->bench.types = command & (BUD_CMD_VERIFY | BUD_CMD_SIMULATE | BUD_CMD_EXPLAIN) ||
			       (command == BUD_CMD_INFO && options->verbose);
	return BUD_OK;
}

bud_status bud_options_default(bud_options *options, unsigned command, const char *name, const char *value,
			       bud_error *err)
{
	const struct row *row = rows;
	while (row < rows + NR_ROWS && (!(row->commands & command) || strcmp(row->name, name) != 0))
		row++;
	if (row == rows + NR_ROWS)
		return bud_error_set(err, BUD_ERR_USAGE, "%s: no such option", name);
	bool no = strcmp(value, "no") == 0;
	if (!row->arg && !no && strcmp(value, "yes") != 0)
		return bud_error_set(err, BUD_ERR_USAGE, "%s = %s: expected yes or no", name, value);
	if (options->given >> (row - rows) & 1 || (!row->arg && no))
		return BUD_OK;
	if (!row->parse(options, value))
		return bud_error_set(err, BUD_ERR_USAGE, "%s = %s: expected %s", name, value, row->arg);
	return BUD_OK;
}

void bud_options_usage(unsigned command, FILE *out)
{
	enum { LEFT = 29 };
	for (size_t i = 0; i < NR_ROWS; i++) {
		const struct row *r = &rows[i];
		if (!(r->commands & command))
			continue;
		int width = fprintf(out, "  %c%c%s --%s%s%s", r->letter ? '-' : ' ', r->letter ? r->letter : ' ',
				    r->letter ? "," : " ", r->name, r->arg ? " " : "", r->arg ? r->arg : "");
		if (width > LEFT)
			width = fprintf(out, "\n") - 1;
		fprintf(out, "%*s %s\n", LEFT - width, "", r->help);
	}
}

/* Digits and at most one point, as a count of units; scale is units in one. The rest of text is left in *rest. */
static bool parse_decimal(const char *text, uint64_t scale, uint64_t *value, const char **rest)
{
	unsigned __int128 sum = 0;
	const char *c = text;
	for (; *c >= '0' && *c <= '9' && sum < ((unsigned __int128)1 << 90); c++)
		sum = sum * 10 + (unsigned)(*c - '0');
	bool any = c != text;
	sum *= scale;
	if (*c == '.')
		for (c++; *c >= '0' && *c <= '9'; c++, any = true) {
			scale /= 10;
			sum += (unsigned)(*c - '0') * scale;
		}
	*rest = c;
	*value = (uint64_t)sum;
	return any && sum < BUD_TIME_NONE;
}

bud_status bud_options_duration(const char *text, const bud_trace_info *info, uint64_t *ns, bud_error *err)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = { { "", 1000000000 }, { "s", 1000000000 }, { "ms", 1000000 }, { "us", 1000 }, { "ns", 1 } };
	const char *rest;
	if (!info->clock_is_ns) {
		if (parse_decimal(text, 1, ns, &rest) && !*rest)
			return BUD_OK;
		return bud_error_set(err, BUD_ERR_USAGE, "%s: expected a number of ticks of the clock '%s'", text,
				     info->clock);
	}
	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (parse_decimal(text, units[i].ns, ns, &rest) && strcmp(rest, units[i].name) == 0)
			return BUD_OK;
	return bud_error_set(err, BUD_ERR_USAGE, "%s: expected a duration such as 10ms or 1.5s", text);
}

bud_status bud_options_when(const char *text, const bud_trace_info *info, uint64_t *t_ns, bud_error *err)
{
	uint64_t first = info->first_ns == BUD_TIME_NONE ? 0 : info->first_ns;
	uint64_t last = info->last_ns == BUD_TIME_NONE ? 0 : info->last_ns;
	uint64_t after, share; /* in millionths of a percent */
	const char *rest;
	if (*text == '+') {
		bud_status status = bud_options_duration(text + 1, info, &after, err);
		if (!status)
			*t_ns = after < BUD_TIME_NONE - first ? first + after : BUD_TIME_NONE - 1;
		return status;
	}
	if (parse_decimal(text, 1000000, &share, &rest) && strcmp(rest, "%") == 0 && share <= 100000000) {
		*t_ns = first + (uint64_t)((unsigned __int128)(last - first) * share / 100000000);
		return BUD_OK;
	}
	return bud_options_duration(text, info, t_ns, err);
}

bud_status bud_options_range(const bud_options *options, const bud_trace_info *info, uint64_t *begin, uint64_t *end,
			     bud_error *err)
{
	*begin = info->first_ns == BUD_TIME_NONE ? 0 : info->first_ns;
	*end = info->last_ns == BUD_TIME_NONE ? 0 : info->last_ns;
	if (!options->time)
		return BUD_OK;
	char *start = strdup(options->time);
	if (!start)
		return bud_error_memory(err, "--time");
	char *stop = strchr(start, ',');
	*stop++ = '\0';
	bud_status status = *start ? bud_options_when(start, info, begin, err) : BUD_OK;
	if (!status && *stop)
		status = bud_options_when(stop, info, end, err);
	if (!status && *begin > *end)
		status = bud_error_set(err, BUD_ERR_USAGE, "--time %s: ends before it begins", options->time);
	free(start);
	return status;
}
