/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Kernel symbols as /proc/kallsyms lists them: "ADDRESS TYPE NAME [MODULE]"
 * a line. Several megabytes, so read only when somebody asks.
 */
#ifndef BUD_READ_SYMBOLS_H
#define BUD_READ_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/error.h"

typedef struct bud_symbol {
	uint64_t address;
	const char *name; /* in the text */
} bud_symbol;

typedef struct bud_symbols {
	char *text;
	bud_symbol *list; /* by address */
	size_t nr;
} bud_symbols;

/* Takes over text, terminated, and cuts it in place. Lines that make no sense are left out. */
bud_status bud_symbols_parse(bud_symbols *symbols, char *text, bud_error *err);
void bud_symbols_fini(bud_symbols *symbols);

/* The symbol that address lies in or behind, and how far; NULL below the first. */
const char *bud_symbols_find(const bud_symbols *symbols, uint64_t address, uint64_t *offset);

#endif
