/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "formats/read/readers.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/read/inflate.h"
#include "formats/read/tracedat.h"

#define MAX_SPOOL ((uint64_t)64 << 30) /* what standard input or a compressed file may grow to on disk */

/* Every format we read. */
static const struct {
	const char *name;
	bool (*sniff)(const uint8_t *data, uint64_t size);
	bud_status (*open)(const char *path, uint8_t *data, uint64_t size, const bud_open_options *options,
			   bud_source **source, bud_error *err);
} readers[] = {
	{ "trace.dat", bud_tracedat_sniff, bud_tracedat_open },
};

static bud_status system_error(const char *path, bud_error *err)
{
	return bud_error_set(err, BUD_ERR_IO, "%s: %s", path, strerror(errno));
}

/* An unlinked temporary file, -1 with errno. */
static int open_spool(void)
{
	const char *folder = getenv("TMPDIR");
	char path[4096];
	snprintf(path, sizeof path, "%s/buddyscope-XXXXXX", folder && *folder ? folder : "/tmp");
	int fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		unlink(path);
	return fd;
}

typedef struct spool {
	int fd;
	uint64_t size;
} spool;

static bool spool_write(void *self, const uint8_t *data, size_t size)
{
	spool *s = self;
	while (size && s->size < MAX_SPOOL) {
		ssize_t n = write(s->fd, data, size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		data += n;
		size -= (size_t)n;
		s->size += (uint64_t)n;
	}
	if (size)
		errno = EFBIG;
	return size == 0;
}

static bud_status spool_input(spool *s, bud_error *err)
{
	uint8_t piece[1 << 16];
	for (;;) {
		ssize_t n = read(STDIN_FILENO, piece, sizeof piece);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return system_error("standard input", err);
		if (n == 0)
			return BUD_OK;
		if (!spool_write(s, piece, (size_t)n))
			return system_error("spooling standard input", err);
	}
}

typedef struct mapping {
	uint8_t *data;
	uint64_t size;
} mapping;

static bud_status map_file(const char *path, int fd, mapping *map, bud_error *err)
{
	struct stat st;
	if (fstat(fd, &st))
		return system_error(path, err);
	if (S_ISDIR(st.st_mode)) {
		errno = EISDIR;
		return system_error(path, err);
	}
	if (st.st_size <= 0)
		return bud_error_at(err, BUD_ERR_FORMAT, path, 0, "an empty file; expected a trace");
	map->size = (uint64_t)st.st_size;
	map->data = mmap(NULL, map->size, PROT_READ, MAP_PRIVATE, fd, 0);
	return map->data == MAP_FAILED ? system_error(path, err) : BUD_OK;
}

/* Replaces the mapping of a compressed file by that of its inflated copy. */
static bud_status inflate_mapping(const char *path, bud_codec codec, mapping *map, bud_error *err)
{
	spool s = { .fd = open_spool() };
	if (s.fd < 0) {
		bud_status status = system_error("a temporary file", err);
		munmap(map->data, map->size);
		return status;
	}
	bool complete;
	errno = 0;
	bud_status status = bud_inflate_stream(codec, path, map->data, map->size, spool_write, &s, &complete, err);
	if (!status && !complete && errno)
		status = system_error("a temporary file", err);
	munmap(map->data, map->size);
	if (!status)
		status = map_file(path, s.fd, map, err);
	close(s.fd);
	return status;
}

static bud_status open_mapping(const char *path, mapping *map, bud_error *err)
{
	spool s = { 0 };
	bool input = strcmp(path, "-") == 0;
	s.fd = input ? open_spool() : open(path, O_RDONLY | O_CLOEXEC);
	if (s.fd < 0)
		return system_error(input ? "a temporary file" : path, err);
	bud_status status = input ? spool_input(&s, err) : BUD_OK;
	if (!status)
		status = map_file(path, s.fd, map, err);
	close(s.fd);
	return status;
}

bud_status bud_source_open(const char *path, const bud_open_options *options, bud_source **source, bud_error *err)
{
	mapping map;
	bud_status status = open_mapping(path, &map, err);
	if (status)
		return status;
	bud_codec codec = bud_codec_sniff(map.data, map.size);
	if (codec != BUD_CODEC_NONE && (status = inflate_mapping(path, codec, &map, err)))
		return status;
	for (size_t i = 0; i < sizeof readers / sizeof *readers; i++)
		if (readers[i].sniff(map.data, map.size))
			return readers[i].open(path, map.data, map.size, options, source, err);
	munmap(map.data, map.size);
	return bud_error_at(err, BUD_ERR_FORMAT, path, 0, "not a trace we know; expected a trace.dat");
}
