/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "formats/write/json.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define REPLACEMENT 0xfffdu

void bud_json_init(bud_json *json, FILE *out)
{
	*json = (bud_json){ .out = out };
}

/* Takes one character off *at; what is not well-formed UTF-8 gives U+FFFD for a byte. */
static uint32_t next_character(const unsigned char **at)
{
	const unsigned char *c = *at;
	int more = c[0] >= 0xf0 && c[0] < 0xf5	 ? 3
		   : c[0] >= 0xe0 && c[0] < 0xf0 ? 2
		   : c[0] >= 0xc2 && c[0] < 0xe0 ? 1
						 : 0;
	static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };
	uint32_t value = more ? c[0] & (0x3fu >> more) : c[0];
	*at = c + 1;
	if (!more)
		return c[0] < 0x80 ? c[0] : REPLACEMENT;
	for (int i = 1; i <= more; i++) {
		if ((c[i] & 0xc0) != 0x80)
			return REPLACEMENT;
		value = value << 6 | (c[i] & 0x3f);
	}
	if (value < least[more] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000))
		return REPLACEMENT;
	*at = c + 1 + more;
	return value;
}

static void write_text(FILE *out, const char *text)
{
	const unsigned char *at = (const unsigned char *)text;
	fputc('"', out);
	while (*at) {
		uint32_t c = next_character(&at);
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
