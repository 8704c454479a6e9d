/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Status codes and error texts.
 *
 * A function that can fail returns a bud_status and takes a bud_error * last.
 * The lowest finder writes the text, with file and offset where there are
 * any; those above pass both on. A NULL bud_error is allowed everywhere and
 * only loses the text. A contradiction inside a trace is data, not an error.
 */
#ifndef BUD_BASE_ERROR_H
#define BUD_BASE_ERROR_H

#include <stdint.h>

typedef enum bud_status {
	BUD_OK = 0,
	BUD_ERR_USAGE,	   /* the caller asked for something impossible */
	BUD_ERR_IO,	   /* the system refused: open, read, write, mmap */
	BUD_ERR_FORMAT,	   /* the bytes are not what the format says */
	BUD_ERR_UNSUPPORTED, /* well formed, but not something we can read */
	BUD_ERR_MEMORY,	   /* out of memory, or over the cap */
	BUD_ERR_CANCELLED, /* broken off on request */
} bud_status;

#define BUD_ERROR_TEXT 1024

typedef struct bud_error {
	bud_status status;
	char text[BUD_ERROR_TEXT]; /* one line, no newline, printable; "" when BUD_OK */
} bud_error;

/* Stores status and text in err (if any) and returns status. Control characters become '?'. */
bud_status bud_error_set(bud_error *err, bud_status status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The same, led by "FILE: offset N: ". */
bud_status bud_error_at(bud_error *err, bud_status status, const char *file, uint64_t offset,
			const char *format, ...) __attribute__((format(printf, 5, 6)));

/* "out of memory" for what; returns BUD_ERR_MEMORY. */
bud_status bud_error_memory(bud_error *err, const char *what);

#endif
