/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "formats/write/csv.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "formats/write/utf8.h"

static void write_text(FILE *out, const char *text)
{
	bool quote = strpbrk(text, ",\"") != NULL;
	if (quote)
		fputc('"', out);
	while (*text) {
		const char *from = text;
		if (bud_utf8_is_control(bud_utf8_next(&text)))
			for (; from < text; from++)
				fprintf(out, "\\x%02x", (unsigned char)*from);
		else if (*from == '"' || *from == '\\')
			fprintf(out, "%c%c", *from, *from);
		else
			fwrite(from, 1, (size_t)(text - from), out);
	}
	if (quote)
		fputc('"', out);
}

static void write_value(FILE *out, const bud_value *value)
{
	switch (value->type) {
	case BUD_VALUE_UNKNOWN:
		break;
	case BUD_VALUE_INT:
		fprintf(out, "%" PRId64, value->i);
		break;
	case BUD_VALUE_UINT:
		fprintf(out, "%" PRIu64, value->u);
		break;
	case BUD_VALUE_TEXT:
		write_text(out, value->text);
		break;
	case BUD_VALUE_BOOL:
		fputc(value->b ? '1' : '0', out);
		break;
	}
}

static bud_status checked(FILE *out, bud_error *err)
{
	return ferror(out) ? bud_error_set(err, BUD_ERR_IO, "writing: %s", strerror(errno)) : BUD_OK;
}

static bud_status begin(void *self, const bud_table *table, bud_error *err)
{
	bud_csv *csv = self;
	csv->nr_columns = table->nr_columns;
	for (unsigned i = 0; i < table->nr_columns; i++)
		fprintf(csv->out, "%s%s", i ? "," : "", table->columns[i]);
	fputc('\n', csv->out);
	return checked(csv->out, err);
}

static bud_status row(void *self, const bud_value *values, bud_error *err)
{
	bud_csv *csv = self;
	for (unsigned i = 0; i < csv->nr_columns; i++) {
		if (i)
			fputc(',', csv->out);
		write_value(csv->out, &values[i]);
	}
	fputc('\n', csv->out);
	return checked(csv->out, err);
}

static bud_status end(void *self, bud_error *err)
{
	bud_csv *csv = self;
	fflush(csv->out);
	return checked(csv->out, err);
}

bud_row_sink bud_csv_sink(bud_csv *csv, FILE *out)
{
	csv->out = out;
	return (bud_row_sink){ begin, row, end, csv };
}
