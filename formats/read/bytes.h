/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Bounded reading of numbers in the byte order of a file. A cursor that has
 * run over its end stays there, reads zeros and says so once asked.
 */
#ifndef BUD_READ_BYTES_H
#define BUD_READ_BYTES_H

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define BUD_HOST_BIG_ENDIAN (__BYTE_ORDER == __BIG_ENDIAN)

static inline uint16_t bud_bytes_u16(const uint8_t *p, bool swap)
{
	uint16_t v;
	memcpy(&v, p, sizeof v);
	return swap ? __builtin_bswap16(v) : v;
}

static inline uint32_t bud_bytes_u32(const uint8_t *p, bool swap)
{
	uint32_t v;
	memcpy(&v, p, sizeof v);
	return swap ? __builtin_bswap32(v) : v;
}

static inline uint64_t bud_bytes_u64(const uint8_t *p, bool swap)
{
	uint64_t v;
	memcpy(&v, p, sizeof v);
	return swap ? __builtin_bswap64(v) : v;
}

typedef struct bud_cursor {
	const uint8_t *data;
	uint64_t size, at;
	bool swap;
	bool over; /* something was asked for beyond the end */
} bud_cursor;

/* The next n bytes, or NULL (and over) if there are fewer. */
static inline const uint8_t *bud_cursor_take(bud_cursor *c, uint64_t n)
{
	if (c->over || n > c->size - c->at) {
		c->over = true;
		return NULL;
	}
	const uint8_t *p = c->data + c->at;
	c->at += n;
	return p;
}

static inline uint16_t bud_cursor_u16(bud_cursor *c)
{
	const uint8_t *p = bud_cursor_take(c, 2);
	return p ? bud_bytes_u16(p, c->swap) : 0;
}

static inline uint32_t bud_cursor_u32(bud_cursor *c)
{
	const uint8_t *p = bud_cursor_take(c, 4);
	return p ? bud_bytes_u32(p, c->swap) : 0;
}

static inline uint64_t bud_cursor_u64(bud_cursor *c)
{
	const uint8_t *p = bud_cursor_take(c, 8);
	return p ? bud_bytes_u64(p, c->swap) : 0;
}

/* The next terminated string, or "" (and over) if no NUL follows. */
static inline const char *bud_cursor_string(bud_cursor *c)
{
	const uint8_t *end = c->over ? NULL : memchr(c->data + c->at, 0, c->size - c->at);
	if (!end) {
		c->over = true;
		return "";
	}
	const char *s = (const char *)c->data + c->at;
	c->at = (uint64_t)(end + 1 - c->data);
	return s;
}

#endif
