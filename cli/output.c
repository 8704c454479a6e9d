/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/output.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/heat.h"

#define LINE_COLUMNS 80

bud_status bud_output_open(bud_output *output, const char *path, bud_error *err)
{
	*output = (bud_output){ .out = path ? fopen(path, "we") : stdout, .path = path };
	return output->out ? BUD_OK : bud_error_set(err, BUD_ERR_IO, "%s: %s", path, strerror(errno));
}

bud_status bud_output_close(bud_output *output, bud_error *err)
{
	const char *name = output->path ? output->path : "standard output";
	errno = 0;
	bool failed = fflush(output->out) != 0 || ferror(output->out);
	if (output->path && fclose(output->out) != 0)
		failed = true;
	return failed ? bud_error_set(err, BUD_ERR_IO, "%s: %s", name, errno ? strerror(errno) : "could not be written")
		      : BUD_OK;
}

static void put_printable(FILE *out, const char *text, bool lines)
{
	for (const unsigned char *c = (const unsigned char *)text; *c; c++)
		fputc((*c < 0x20 || *c >= 0x7f) && !(*c == '\n' && lines) ? '?' : *c, out);
}

int bud_output_print(FILE *out, const char *format, ...)
{
	char *text;
	va_list args;
	va_start(args, format);
	int length = vasprintf(&text, format, args);
	va_end(args);
	if (length < 0)
		return 0;
	put_printable(out, text, true);
	free(text);
	return length;
}

void bud_output_wrap(FILE *out, int column, int indent, const char *text)
{
	for (bool space = false; *text;) {
		int length = (int)strcspn(text, " |");
		length += text[length] == '|';
		if (column + space + length > LINE_COLUMNS && column > indent) {
			fprintf(out, "\n%*s", indent, "");
			column = indent;
			space = false;
		}
		bud_output_print(out, "%s%.*s", space ? " " : "", length, text);
		column += space + length;
		text += length;
		space = *text == ' ';
		text += space;
	}
}

/* A column is as wide as its head, and wide enough for most of what stands in it. */
static int text_width(const char *column)
{
	bool is_time = strcmp(column, "t_ns") == 0 || strcmp(column, "t_start_ns") == 0;
	int length = (int)strlen(column), least = is_time ? 14 : strcmp(column, "comm") == 0 ? 15 : 8;
	return length > least ? length : least;
}

/* Columns of long texts come last, as long as they are, so that the others stand in line. */
static bool is_long(const char *column)
{
	return strcmp(column, "gfp_flags") == 0 || strcmp(column, "site") == 0;
}

static void put_padded(FILE *out, int width, const char *text)
{
	fprintf(out, "%*s", width > (int)strlen(text) ? width - (int)strlen(text) : 0, "");
	put_printable(out, text, false);
}

static void put_value(FILE *out, int width, const bud_value *value)
{
	switch (value->type) {
	case BUD_VALUE_INT:
		fprintf(out, "%*" PRId64, width, value->i);
		break;
	case BUD_VALUE_UINT:
		fprintf(out, "%*" PRIu64, width, value->u);
		break;
	case BUD_VALUE_TEXT:
		put_padded(out, width, value->text);
		break;
	case BUD_VALUE_BOOL:
		put_padded(out, width, value->b ? "yes" : "no");
		break;
	case BUD_VALUE_UNKNOWN:
		put_padded(out, width, "?");
		break;
	}
}

/* A line of the table: its values, or the heads of its columns. */
static bud_status text_line(const bud_output *output, const bud_value *values)
{
	const bud_table *table = output->table;
	const char *gap = "";
	for (int pass = 0; pass < 2; pass++)
		for (unsigned i = 0; i < table->nr_columns; i++) {
			const char *column = table->columns[i];
			if (is_long(column) != pass)
				continue;
			fputs(pass ? "  " : gap, output->out);
			gap = " ";
			bud_value head = bud_value_text(column);
			put_value(output->out, pass ? 0 : text_width(column), values ? &values[i] : &head);
		}
	fputc('\n', output->out);
	return BUD_OK;
}

static bud_status text_begin(void *self, const bud_table *table, bud_error *err)
{
	(void)err;
	bud_output *output = self;
	output->table = table;
	return text_line(output, NULL);
}

static bud_status text_row(void *self, const bud_value *values, bud_error *err)
{
	(void)err;
	return text_line(self, values);
}

static bud_status text_end(void *self, bud_error *err)
{
	(void)self;
	(void)err;
	return BUD_OK;
}

bud_row_sink bud_output_sink(bud_output *output, bud_format format)
{
	if (format == BUD_FORMAT_CSV)
		return bud_csv_sink(&output->csv, output->out);
	if (format == BUD_FORMAT_TEXT)
		return (bud_row_sink){ text_begin, text_row, text_end, output };
	return bud_json_sink(&output->json, output->out, format == BUD_FORMAT_JSONL);
}

int bud_output_colors(bud_color color, FILE *out)
{
	const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");
	if (color == BUD_COLOR_NEVER)
		return 0;
	if (color == BUD_COLOR_8)
		return 8;
	if (color == BUD_COLOR_DIRECT)
		return BUD_HEAT_DIRECT;
	if (color != BUD_COLOR_AUTO)
		return 256;
	if ((no_color && *no_color) || !isatty(fileno(out)) || !term || !*term || strcmp(term, "dumb") == 0 ||
	    strncmp(term, "vt1", 3) == 0)
		return 0;
	return strstr(term, "256") || getenv("COLORTERM") ? 256 : 8;
}

bool bud_output_light(bud_theme theme)
{
	const char *colors = getenv("COLORFGBG");
	const char *back = colors ? strrchr(colors, ';') : NULL;
	if (theme != BUD_THEME_AUTO)
		return theme == BUD_THEME_LIGHT;
	return back && (strcmp(back, ";7") == 0 || strcmp(back, ";15") == 0);
}

int bud_output_width(FILE *out)
{
	struct winsize size;
	if (isatty(fileno(out)) && ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col >= 20)
		return size.ws_col;
	return 80;
}
