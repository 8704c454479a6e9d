/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where results go: standard output or a file, as text, CSV or JSON; and
 * whether they may be coloured.
 */
#ifndef BUD_CLI_OUTPUT_H
#define BUD_CLI_OUTPUT_H

#include "cli/options.h"
#include "formats/write/csv.h"
#include "formats/write/json.h"

typedef struct bud_output {
	FILE *out;
	const char *path; /* NULL: standard output */
	bud_csv csv;
	bud_json json;
	const bud_table *table; /* being written as text */
} bud_output;

/* path NULL is standard output. */
bud_status bud_output_open(bud_output *output, const char *path, bud_error *err);
/* Flushes and closes; the first error of all writing. */
bud_status bud_output_close(bud_output *output, bud_error *err);

/* A sink for tables in that format. */
bud_row_sink bud_output_sink(bud_output *output, bud_format format);

/* Colours to use on out: 0, 8 or 256. Knows --color, NO_COLOR, dumb terminals. */
int bud_output_colors(bud_color color, FILE *out);

/* Columns of the terminal behind out, else 80. */
int bud_output_width(FILE *out);

/* Writes text from a trace with everything unprintable as '?'. */
void bud_output_printable(FILE *out, const char *text);

#endif
