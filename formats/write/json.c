/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "formats/write/json.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "formats/write/utf8.h"

#define REPLACEMENT 0xfffdu

void bud_json_init(bud_json *json, FILE *out)
{
	*json = (bud_json){ .out = out };
}

static void write_text(FILE *out, const char *text)
{
	fputc('"', out);
	while (*text) {
		uint32_t c = bud_utf8_next(&text);
		if (c == BUD_UTF8_INVALID)
			c = REPLACEMENT;
		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", (int)c);
		else if (c >= 0x20 && c < 0x7f)
			fputc((int)c, out);
		else if (c < 0x10000)
			fprintf(out, "\\u%04x", c);
		else
			fprintf(out, "\\u%04x\\u%04x", 0xd7c0 + (c >> 10), 0xdc00 + (c & 0x3ff));
	}
	fputc('"', out);
}

static void write_bare(FILE *out, const bud_value *value)
{
	switch (value->type) {
	case BUD_VALUE_UNKNOWN:
		fputs("null", out);
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
		fputs(value->b ? "true" : "false", out);
		break;
	}
}

/* The comma, line and key before whatever comes next. */
static void lead(bud_json *json, const char *key)
{
	if (json->filled[json->depth])
		fputc(',', json->out);
	if (json->depth && !json->lines)
		fprintf(json->out, "\n%*s", (int)json->depth * 2, "");
	json->filled[json->depth] = true;
	if (key) {
		write_text(json->out, key);
		fputs(json->lines ? ":" : ": ", json->out);
	}
}

void bud_json_open(bud_json *json, const char *key, char bracket)
{
	lead(json, key);
	fputc(bracket, json->out);
	if (json->depth + 1 < BUD_JSON_DEPTH)
		json->depth++;
	json->filled[json->depth] = false;
}

void bud_json_close(bud_json *json, char bracket)
{
	bool filled = json->filled[json->depth];
	json->depth--;
	if (filled && !json->lines)
		fprintf(json->out, "\n%*s", (int)json->depth * 2, "");
	fputc(bracket, json->out);
	if (!json->depth) {
		fputc('\n', json->out);
		json->filled[0] = false;
	}
}

void bud_json_value(bud_json *json, const char *key, bud_value value)
{
	lead(json, key);
	write_bare(json->out, &value);
}

static bud_status checked(FILE *out, bud_error *err)
{
	return ferror(out) ? bud_error_set(err, BUD_ERR_IO, "writing: %s", strerror(errno)) : BUD_OK;
}

static bud_status begin(void *self, const bud_table *table, bud_error *err)
{
	bud_json *json = self;
	json->table = table;
	if (!json->lines)
		bud_json_open(json, NULL, '[');
	return checked(json->out, err);
}

static bud_status row(void *self, const bud_value *values, bud_error *err)
{
	bud_json *json = self;
	bud_json_open(json, NULL, '{');
	for (unsigned i = 0; i < json->table->nr_columns; i++)
		bud_json_value(json, json->table->columns[i], values[i]);
	bud_json_close(json, '}');
	return checked(json->out, err);
}

static bud_status end(void *self, bud_error *err)
{
	bud_json *json = self;
	if (!json->lines)
		bud_json_close(json, ']');
	fflush(json->out);
	return checked(json->out, err);
}

bud_row_sink bud_json_sink(bud_json *json, FILE *out, bool lines)
{
	bud_json_init(json, out);
	json->lines = lines;
	return (bud_row_sink){ begin, row, end, json };
}
