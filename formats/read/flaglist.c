/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "formats/read/flaglist.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DEPTH 100 /* parentheses within parentheses */

typedef struct reader {
	const char *at;
	int depth;
	bool bad;
} reader;

static void skip_space(reader *r)
{
	r->at += strspn(r->at, " \t\n");
}

static bool take(reader *r, const char *token)
{
	skip_space(r);
	size_t length = strlen(token);
	if (strncmp(r->at, token, length) != 0)
		return false;
	r->at += length;
	return true;
}

/* Steps over "( gfp_t)", "(unsigned long)": words in parentheses. */
static bool take_cast(reader *r)
{
	const char *at = r->at + strspn(r->at, " \t\n");
	if (*at++ != '(')
		return false;
	at += strspn(at, " \t\n");
	if (!isalpha((unsigned char)*at) && *at != '_')
		return false;
	while (isalnum((unsigned char)*at) || *at == '_' || *at == ' ')
		at++;
	if (*at != ')')
		return false;
	r->at = at + 1;
	return true;
}

static uint64_t expression(reader *r, int level);

static uint64_t primary(reader *r)
{
	while (take_cast(r))
		;
	if (r->bad || ++r->depth > MAX_DEPTH) {
		r->bad = true;
		return 0;
	}
	uint64_t value = 0;
	if (take(r, "~")) {
		value = ~primary(r);
	} else if (take(r, "(")) {
		value = expression(r, 0);
		r->bad |= !take(r, ")");
	} else if (isdigit((unsigned char)*r->at)) {
		char *end;
		value = strtoull(r->at, &end, 0);
		r->at = end + strspn(end, "uUlL");
	} else {
		r->bad = true;
	}
	r->depth--;
	return value;
}

/* Binary operators by how loosely they bind. */
static const char *const operators[][2] = { { "|" }, { "^" }, { "&" }, { "<<", ">>" }, { "+", "-" } };
#define LEVELS 5

static uint64_t apply(const char *op, uint64_t a, uint64_t b)
{
	switch (*op) {
	case '|':
		return a | b;
	case '^':
		return a ^ b;
	case '&':
		return a & b;
	case '<':
		return b < 64 ? a << b : 0;
	case '>':
		return b < 64 ? a >> b : 0;
	case '+':
		return a + b;
	default:
		return a - b;
	}
}

static uint64_t expression(reader *r, int level)
{
	if (level == LEVELS)
		return primary(r);
	uint64_t value = expression(r, level + 1);
	for (int i = 0; !r->bad && i < 2;) {
		const char *op = operators[level][i];
		if (op && take(r, op)) {
			value = apply(op, value, expression(r, level + 1));
			i = 0;
		} else {
			i++;
		}
	}
	return value;
}

/* One { MASK, "NAME" }; false at the end of the list. */
static bool entry(reader *r, bud_gfp_table *table)
{
	if (!take(r, "{"))
		return false;
	r->bad = false;
	uint64_t mask = expression(r, 0);
	char name[sizeof table->names[0].name] = "";
	if (!r->bad && take(r, ",") && take(r, "\"")) {
		size_t length = strcspn(r->at, "\"");
		if (r->at[length] && length < sizeof name)
			memcpy(name, r->at, length);
		r->at += length;
		bud_gfp_table_add(table, name, mask);
	}
	r->at += strcspn(r->at, "}");
	return take(r, "}") && take(r, ",");
}

void bud_flaglist_gfp(bud_gfp_table *table, const char *format)
{
	bud_gfp_table_clear(table);
	reader r = { .at = format };
	while ((r.at = strstr(r.at, "__print_flags("))) {
		r.at += strlen("__print_flags(");
		while (take(&r, "("))
			;
		if (!take(&r, "REC->gfp_flags"))
			continue;
		while (take(&r, ")"))
			;
		if (!take(&r, ",") || !take(&r, "\"|\"") || !take(&r, ","))
			continue;
		while (entry(&r, table))
			;
		return;
	}
}
