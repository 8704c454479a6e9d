/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* One printable line: file names and what traces say may hold anything. */
static void make_printable(char *text)
{
	for (unsigned char *c = (unsigned char *)text; *c; c++)
		if (*c < 0x20 || *c == 0x7f)
			*c = '?';
}

bud_status bud_error_set(bud_error *err, bud_status status, const char *format, ...)
{
	if (err) {
		va_list args;
		va_start(args, format);
		vsnprintf(err->text, sizeof err->text, format, args);
		va_end(args);
		err->status = status;
		make_printable(err->text);
	}
	return status;
}

bud_status bud_error_at(bud_error *err, bud_status status, const char *file, uint64_t offset, const char *format, ...)
{
	if (err) {
		int led = snprintf(err->text, sizeof err->text, "%.300s: offset %llu: ", file,
				   (unsigned long long)offset);
		va_list args;
		va_start(args, format);
		vsnprintf(err->text + led, sizeof err->text - (size_t)led, format, args);
		va_end(args);
		err->status = status;
		make_printable(err->text);
	}
	return status;
}

bud_status bud_error_memory(bud_error *err, const char *what)
{
	return bud_error_set(err, BUD_ERR_MEMORY, "out of memory for %s", what);
}
