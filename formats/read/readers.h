/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Recognises a trace file and opens it as a source. The only list of readers.
 */
#ifndef BUD_READ_READERS_H
#define BUD_READ_READERS_H

#include "lib/base/source.h"

typedef struct bud_open_options {
	const char *buffer; /* --buffer NAME; NULL: the one with most kmem page events */
} bud_open_options;

/*
 * Opens path ("-" is standard input, spooled to an unlinked temporary
 * file). Compression of the whole file (.gz, .zst) is seen by content.
 * BUD_ERR_FORMAT names file, offset and what was expected; a file that is
 * cut off after something decodable opens, with info.damage set.
 */
bud_status bud_source_open(const char *path, const bud_open_options *options, bud_source **source, bud_error *err);

#endif
