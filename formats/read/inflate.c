/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "formats/read/inflate.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#define PIECE ((size_t)1 << 18)

bool bud_codec_find(const char *name, bud_codec *codec)
{
	static const char *const names[] = { "none", "zlib", "zstd" };
	for (int i = 0; i < 3; i++)
		if (strcmp(names[i], name) == 0) {
			*codec = (bud_codec)i;
			return true;
		}
	return false;
}

bud_codec bud_codec_sniff(const uint8_t *data, size_t size)
{
	static const uint8_t gzip[] = { 0x1f, 0x8b }, zstd[] = { 0x28, 0xb5, 0x2f, 0xfd };
	if (size >= sizeof gzip && memcmp(data, gzip, sizeof gzip) == 0)
		return BUD_CODEC_ZLIB;
	if (size >= sizeof zstd && memcmp(data, zstd, sizeof zstd) == 0)
		return BUD_CODEC_ZSTD;
	return BUD_CODEC_NONE;
}

bool bud_inflate_block(bud_codec codec, const uint8_t *from, size_t from_size, uint8_t *to, size_t to_size)
{
	if (codec == BUD_CODEC_ZSTD)
		return ZSTD_decompress(to, to_size, from, from_size) == to_size;
	uLongf size = to_size;
	return uncompress(to, &size, from, from_size) == Z_OK && size == to_size;
}

/* One step of either library: consumes some input, gives some output; false on damage. */
typedef struct inflater {
	bud_codec codec;
	z_stream z;
	ZSTD_DStream *zstd;
	bool ended;
} inflater;

static bool inflater_open(inflater *f, bud_codec codec)
{
	*f = (inflater){ .codec = codec };
	if (codec == BUD_CODEC_ZLIB)
		return inflateInit2(&f->z, 15 + 32) == Z_OK;
	f->zstd = ZSTD_createDStream();
	return f->zstd != NULL;
}

static void inflater_close(inflater *f)
{
	if (f->codec == BUD_CODEC_ZLIB)
		inflateEnd(&f->z);
	else
		ZSTD_freeDStream(f->zstd);
}

static bool zlib_step(inflater *f, const uint8_t *in, size_t in_size, size_t *used, uint8_t *out, size_t *given)
{
	f->z.next_in = (Bytef *)in;
	f->z.avail_in = (uInt)(in_size < PIECE ? in_size : PIECE);
	uInt offered = f->z.avail_in;
	f->z.next_out = out;
	f->z.avail_out = (uInt)PIECE;
	int result = inflate(&f->z, Z_NO_FLUSH);
	*used = offered - f->z.avail_in;
	*given = PIECE - f->z.avail_out;
	f->ended = result == Z_STREAM_END;
	if (f->ended && in_size > *used) /* gzip files may be joined */
		return inflateReset(&f->z) == Z_OK;
	return result == Z_OK || result == Z_STREAM_END;
}

static bool zstd_step(inflater *f, const uint8_t *in, size_t in_size, size_t *used, uint8_t *out, size_t *given)
{
	ZSTD_inBuffer from = { in, in_size, 0 };
	ZSTD_outBuffer to = { out, PIECE, 0 };
	size_t result = ZSTD_decompressStream(f->zstd, &to, &from);
	*used = from.pos;
	*given = to.pos;
	f->ended = result == 0;
	return !ZSTD_isError(result);
}

bud_status bud_inflate_stream(bud_codec codec, const char *path, const uint8_t *data, size_t size,
			      bud_inflate_sink *sink, void *self, bool *complete, bud_error *err)
{
	inflater f;
	uint8_t *out = malloc(PIECE);
	if (!out || !inflater_open(&f, codec)) {
		free(out);
		return bud_error_memory(err, path);
	}
	size_t at = 0, total = 0, used = 0, given = 0;
	bool sound = true, wanted = true;
	do {
		sound = codec == BUD_CODEC_ZLIB ? zlib_step(&f, data + at, size - at, &used, out, &given)
						: zstd_step(&f, data + at, size - at, &used, out, &given);
		at += used;
		total += given;
		if (given)
			wanted = sink(self, out, given);
	} while (sound && wanted && (used || given) && !(f.ended && at == size));
	*complete = sound && f.ended && at == size;
	inflater_close(&f);
	free(out);
	if (!total && !*complete)
		return bud_error_at(err, BUD_ERR_FORMAT, path, at, "not a readable %s stream",
				    codec == BUD_CODEC_ZLIB ? "gzip" : "zstd");
	return BUD_OK;
}
