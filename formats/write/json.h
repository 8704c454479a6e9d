/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * JSON (RFC 8259), ASCII only on the way out: whatever a trace's texts hold
 * is escaped, bytes that are no UTF-8 as U+FFFD.
 */
#ifndef BUD_WRITE_JSON_H
#define BUD_WRITE_JSON_H

#include <stdio.h>

#include "lib/base/table.h"

#define BUD_JSON_DEPTH 16

typedef struct bud_json {
	FILE *out;
	unsigned depth;
	bool filled[BUD_JSON_DEPTH]; /* something already stands at that depth */
	bool lines;		     /* as a table sink: one object a line */
	const bud_table *table;
} bud_json;

void bud_json_init(bud_json *json, FILE *out);
/* Opens '{' or '['; key NULL inside an array or at the top. */
void bud_json_open(bud_json *json, const char *key, char bracket);
void bud_json_close(bud_json *json, char bracket);
void bud_json_value(bud_json *json, const char *key, bud_value value);

/* A sink that writes a table as an array of objects, or with lines one object a line. */
bud_row_sink bud_json_sink(bud_json *json, FILE *out, bool lines);

#endif
