/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rows and columns for every writer and screen. A section (lib/insight)
 * hands its rows one by one to a sink, so a table of any length needs the
 * memory of one row.
 */
#ifndef BUD_BASE_TABLE_H
#define BUD_BASE_TABLE_H

#include "lib/base/error.h"
#include "lib/base/mmtypes.h"

typedef enum bud_value_type {
	BUD_VALUE_UNKNOWN, /* empty in CSV, null in JSON, ? on a screen */
	BUD_VALUE_INT,
	BUD_VALUE_UINT,
	BUD_VALUE_TEXT,
	BUD_VALUE_BOOL, /* 0/1 in CSV, true/false in JSON */
} bud_value_type;

typedef struct bud_value {
	bud_value_type type;
	union {
		int64_t i;
		uint64_t u;
		const char *text; /* untrusted; writers escape it */
		bool b;
	};
} bud_value;

static inline bud_value bud_value_unknown(void)
{
	return (bud_value){ .type = BUD_VALUE_UNKNOWN };
}

static inline bud_value bud_value_int(int64_t i)
{
	return (bud_value){ .type = BUD_VALUE_INT, .i = i };
}

/* BUD_UNKNOWN (and BUD_TIME_NONE, the same number) becomes the unknown value. */
static inline bud_value bud_value_uint(uint64_t u)
{
	return u == BUD_UNKNOWN ? bud_value_unknown() : (bud_value){ .type = BUD_VALUE_UINT, .u = u };
}

static inline bud_value bud_value_text(const char *text)
{
	return text ? (bud_value){ .type = BUD_VALUE_TEXT, .text = text } : bud_value_unknown();
}

static inline bud_value bud_value_bool(bool b)
{
	return (bud_value){ .type = BUD_VALUE_BOOL, .b = b };
}

/* The shape of a table: name and column names, static. */
typedef struct bud_table {
	const char *name; /* "freelist" */
	const char *const *columns;
	unsigned nr_columns;
} bud_table;

/* Who takes rows. begin, then row any number of times, then end. */
typedef struct bud_row_sink {
	bud_status (*begin)(void *self, const bud_table *table, bud_error *err);
	bud_status (*row)(void *self, const bud_value *values, bud_error *err);
	bud_status (*end)(void *self, bud_error *err);
	void *self;
} bud_row_sink;

#endif
