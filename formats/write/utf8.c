/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "formats/write/utf8.h"

/* How many bytes follow a first byte; -1 if it cannot be one. */
static int following(unsigned char first)
{
	if (first < 0x80)
		return 0;
	if (first < 0xc2 || first >= 0xf5)
		return -1;
	return first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
}

uint32_t bud_utf8_next(const char **at)
{
	static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };
	const unsigned char *c = (const unsigned char *)*at;
	int more = following(c[0]);
	++*at;
	if (more < 0)
		return BUD_UTF8_INVALID;
	uint32_t value = more ? c[0] & (0x3fu >> more) : c[0];
	for (int i = 1; i <= more; i++) {
		if ((c[i] & 0xc0) != 0x80)
			return BUD_UTF8_INVALID;
		value = value << 6 | (c[i] & 0x3fu);
	}
	if (value < least[more] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000))
		return BUD_UTF8_INVALID;
	*at += more;
	return value;
}
