/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tables as CSV: RFC 4180 with LF, a header row, unknown as an empty field.
 * What a terminal might act on in a text, or is no UTF-8, is written as \xNN
 * a byte and a backslash as two, so a file is safe to cat and nothing is lost.
 */
#ifndef BUD_WRITE_CSV_H
#define BUD_WRITE_CSV_H

#include <stdio.h>

#include "lib/base/table.h"

typedef struct bud_csv {
	FILE *out;
	unsigned nr_columns;
} bud_csv;

/* A sink that writes to out, which stays the caller's. */
bud_row_sink bud_csv_sink(bud_csv *csv, FILE *out);

#endif
