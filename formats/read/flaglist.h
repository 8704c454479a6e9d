/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The list of flag names in an event's format: what __print_flags() prints
 * for a field. Read from the text, since libtraceevent gives up on print
 * formats that hold an architecture's own arithmetic.
 */
#ifndef BUD_READ_FLAGLIST_H
#define BUD_READ_FLAGLIST_H

#include "lib/base/gfp.h"

/*
 * Adds the names of field gfp_flags to table, which is left without names if
 * the format lists none. A mask is a constant of C: numbers, casts, ~ << >>
 * & ^ | + - and parentheses; an entry with anything else is left out.
 */
void bud_flaglist_gfp(bud_gfp_table *table, const char *format);

#endif
