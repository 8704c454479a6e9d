/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "formats/read/symbols.h"

#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b)
{
	const bud_symbol *x = a, *y = b;
	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* Cuts one line; false if it is none of ours. */
static bool parse_line(char *line, bud_symbol *symbol)
{
	char *end;
	symbol->address = strtoull(line, &end, 16);
	if (end == line || *end != ' ' || !end[1] || end[2] != ' ' || !end[3])
		return false;
	symbol->name = end + 3;
	end[3 + strcspn(end + 3, " \t")] = '\0';
	return true;
}

bud_status bud_symbols_parse(bud_symbols *symbols, char *text, bud_error *err)
{
	size_t lines = 1;
	for (const char *c = text; (c = strchr(c, '\n')); c++)
		lines++;
	*symbols = (bud_symbols){ .text = text, .list = calloc(lines, sizeof *symbols->list) };
	if (!symbols->list) {
		bud_symbols_fini(symbols);
		return bud_error_memory(err, "kernel symbols");
	}
	for (char *line, *rest = text; (line = strsep(&rest, "\n"));)
		if (parse_line(line, &symbols->list[symbols->nr]))
			symbols->nr++;
	qsort(symbols->list, symbols->nr, sizeof *symbols->list, compare);
	return BUD_OK;
}

void bud_symbols_fini(bud_symbols *symbols)
{
	free(symbols->list);
	free(symbols->text);
	*symbols = (bud_symbols){ 0 };
}

const char *bud_symbols_find(const bud_symbols *symbols, uint64_t address, uint64_t *offset)
{
	size_t low = 0, high = symbols->nr;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (symbols->list[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return NULL;
	*offset = address - symbols->list[low - 1].address;
	return symbols->list[low - 1].name;
}
