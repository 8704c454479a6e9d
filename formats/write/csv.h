/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tables as CSV: RFC 4180 with LF, a header row, unknown as an empty field.
 * Control characters in texts are written as \xNN, so a file is safe to cat.
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
