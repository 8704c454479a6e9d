/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Taking untrusted text apart into characters.
 */
#ifndef BUD_WRITE_UTF8_H
#define BUD_WRITE_UTF8_H

#include <stdbool.h>
#include <stdint.h>

#define BUD_UTF8_INVALID UINT32_MAX

/*
 * Takes the character at *at off the terminated text, which must not be at
 * its end. A byte that begins no well-formed UTF-8 sequence is taken alone
 * and gives BUD_UTF8_INVALID.
 */
uint32_t bud_utf8_next(const char **at);

/* Whether a terminal might act on it: C0, DEL, C1, or no character at all. */
static inline bool bud_utf8_is_control(uint32_t character)
{
	return character < 0x20 || (character >= 0x7f && character < 0xa0) || character == BUD_UTF8_INVALID;
}

#endif
