/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Decompression: zlib and zstd, of blocks and of whole files.
 */
#ifndef BUD_READ_INFLATE_H
#define BUD_READ_INFLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/error.h"

typedef enum bud_codec {
	BUD_CODEC_NONE,
	BUD_CODEC_ZLIB, /* also gzip */
	BUD_CODEC_ZSTD,
} bud_codec;

/* The codec trace-cmd calls by that name; false if we know none. */
bool bud_codec_find(const char *name, bud_codec *codec);
/* What a file that begins with these bytes is compressed with, as a whole. */
bud_codec bud_codec_sniff(const uint8_t *data, size_t size);

/* Inflates a block to exactly to_size bytes; false if it does not give them. */
bool bud_inflate_block(bud_codec codec, const uint8_t *from, size_t from_size, uint8_t *to, size_t to_size);

/*
 * Inflates data, piece by piece, into sink, until its end, or until sink
 * returns false. *complete: the compressed stream ended properly. path is
 * for error texts. BUD_ERR_FORMAT if not even one byte could be had.
 */
typedef bool bud_inflate_sink(void *self, const uint8_t *data, size_t size);
bud_status bud_inflate_stream(bud_codec codec, const char *path, const uint8_t *data, size_t size,
			      bud_inflate_sink *sink, void *self, bool *complete, bud_error *err);

#endif
