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

/* Whether colours are for a light background; where nobody says, by COLORFGBG. */
bool bud_output_light(bud_theme theme);

/* Columns of the terminal behind out, else 80. */
int bud_output_width(FILE *out);

/*
 * fprintf for all that people read: names in traces and kernel files may
 * hold anything, so whatever is not printable ASCII comes out as '?'; a
 * newline stays one. Returns how many characters it wrote.
 */
int bud_output_print(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * The same for one text that may be long, such as flags or a stack: broken
 * behind ' ' and '|' so that no line has more than 80 columns; it begins at
 * column, and goes on at indent. No newline at its end.
 */
void bud_output_wrap(FILE *out, int column, int indent, const char *text);

#endif
