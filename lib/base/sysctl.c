/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/base/sysctl.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RATIO "lowmem_reserve_ratio"

static const struct {
	const char *name;
	uint64_t initial, least, largest;
} table[] = {
#define X(name, initial, least, largest) { #name, initial, least, largest },
	BUD_SYSCTLS(X)
#undef X
};

static const char *const thp_words[] = { "never", "madvise", "defer", "defer+madvise", "always" };
static const char *const origins[] = { "unknown", "assumed", "inferred", "read", "set" };

const char *bud_sysctl_name(bud_sysctl sysctl)
{
	return table[sysctl].name;
}

const char *bud_sysctl_origin_name(bud_sysctl_origin origin)
{
	return origins[origin];
}

static bool is_thp(bud_sysctl sysctl)
{
	return sysctl == BUD_SYSCTL_thp_enabled || sysctl == BUD_SYSCTL_thp_defrag;
}

const char *bud_sysctl_text(const bud_sysctls *sysctls, bud_sysctl sysctl, char *text)
{
	uint64_t value = sysctls->value[sysctl];
	if (value == BUD_UNKNOWN)
		return "?";
	if (is_thp(sysctl) && value <= BUD_THP_ALWAYS)
		return thp_words[value];
	snprintf(text, 24, "%" PRIu64, value);
	return text;
}

void bud_sysctls_init(bud_sysctls *sysctls)
{
	*sysctls = (bud_sysctls){ 0 };
	for (int i = 0; i < BUD_NR_SYSCTLS; i++)
		sysctls->value[i] = BUD_UNKNOWN;
}

void bud_sysctls_learn(bud_sysctls *sysctls, bud_sysctl sysctl, uint64_t value, bud_sysctl_origin origin)
{
	if (origin < sysctls->origin[sysctl])
		return;
	sysctls->value[sysctl] = value;
	sysctls->origin[sysctl] = value == BUD_UNKNOWN ? BUD_SYSCTL_UNKNOWN : origin;
}

void bud_sysctls_assume(bud_sysctls *sysctls)
{
	for (int i = 0; i < BUD_NR_SYSCTLS; i++)
		bud_sysctls_learn(sysctls, (bud_sysctl)i, table[i].initial, BUD_SYSCTL_ASSUMED);
}

/* The setting of that name, its older name too, or BUD_NR_SYSCTLS. */
static bud_sysctl find(const char *name, size_t length)
{
	static const char older[] = "percpu_pagelist_fraction"; /* to 5.13 */
	for (int i = 0; i < BUD_NR_SYSCTLS; i++)
		if (strlen(table[i].name) == length && strncmp(table[i].name, name, length) == 0)
			return (bud_sysctl)i;
	return length == strlen(older) && strncmp(name, older, length) == 0 ? BUD_SYSCTL_percpu_pagelist_high_fraction
									    : BUD_NR_SYSCTLS;
}

bool bud_sysctls_has(const char *name)
{
	return strcmp(name, RATIO) == 0 || find(name, strlen(name)) != BUD_NR_SYSCTLS;
}

static bool in_bounds(bud_sysctl sysctl, uint64_t value)
{
	if (sysctl == BUD_SYSCTL_percpu_pagelist_high_fraction && !value)
		return true;
	return value >= table[sysctl].least && value <= table[sysctl].largest;
}

static bool parse_number(const char *text, const char **end, uint64_t *value)
{
	text += strspn(text, " \t");
	if (!isdigit((unsigned char)*text))
		return false;
	*value = strtoull(text, (char **)end, 10);
	return true;
}

/* Numbers with blanks or commas between them, up to the end of the line. */
static bool parse_ratios(bud_sysctls *sysctls, const char *text, bud_sysctl_origin origin)
{
	uint32_t ratio[BUD_NR_ZONE_TYPES] = { 0 };
	unsigned nr = 0;
	uint64_t value;
	for (; nr < BUD_NR_ZONE_TYPES && parse_number(text, &text, &value) && value <= INT32_MAX; nr++) {
		ratio[nr] = (uint32_t)value;
		text += *text == ',';
	}
	text += strspn(text, " \t\r");
	if (!nr || (*text && *text != '\n') || origin < sysctls->ratio_origin)
		return false;
	memcpy(sysctls->ratio, ratio, sizeof ratio);
	sysctls->nr_ratio = nr;
	sysctls->ratio_origin = origin;
	return true;
}

static bool read_row(bud_sysctls *sysctls, const char *row)
{
	static const char *const heads[] = { "/proc/sys/vm/", "vm.", "" };
	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
		if (strncmp(row, heads[i], strlen(heads[i])) != 0)
			continue;
		const char *name = row + strlen(heads[i]), *rest;
		size_t length = strcspn(name, " \t=\n");
		uint64_t value;
		rest = name + length + strspn(name + length, " \t=");
		if (length == strlen(RATIO) && strncmp(name, RATIO, length) == 0)
			return parse_ratios(sysctls, rest, BUD_SYSCTL_READ);
		bud_sysctl sysctl = find(name, length);
		if (sysctl == BUD_NR_SYSCTLS || is_thp(sysctl) || !parse_number(rest, &rest, &value) ||
		    !in_bounds(sysctl, value))
			return false;
		bud_sysctls_learn(sysctls, sysctl, value, BUD_SYSCTL_READ);
		return true;
	}
	return false;
}

size_t bud_sysctls_read(bud_sysctls *sysctls, const char *text)
{
	size_t rows = 0;
	while (*text) {
		rows += read_row(sysctls, text);
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	return rows;
}

static bool thp_word(const char *word, size_t length, uint64_t *value)
{
	for (*value = 0; *value <= BUD_THP_ALWAYS; ++*value)
		if (strlen(thp_words[*value]) == length && strncmp(thp_words[*value], word, length) == 0)
			return true;
	return false;
}

size_t bud_sysctls_read_thp(bud_sysctls *sysctls, const char *text)
{
	size_t rows = 0;
	for (int i = 0; i < 2 && *text; i++) {
		size_t line = strcspn(text, "\n"), before = strcspn(text, "[\n");
		const char *word = text + before + 1;
		uint64_t value;
		if (before < line && thp_word(word, strcspn(word, "]\n"), &value)) {
			bud_sysctls_learn(sysctls, i ? BUD_SYSCTL_thp_defrag : BUD_SYSCTL_thp_enabled, value,
					  BUD_SYSCTL_READ);
			rows++;
		}
		text += line + (text[line] == '\n');
	}
	return rows;
}

static bud_status no_such_value(const char *setting, bud_sysctl sysctl, bud_error *err)
{
	return bud_error_set(err, BUD_ERR_USAGE, "%.60s: expected %s%" PRIu64 " to %" PRIu64, setting,
			     in_bounds(sysctl, 0) && table[sysctl].least ? "0, or " : "", table[sysctl].least,
			     table[sysctl].largest);
}

bud_status bud_sysctls_set(bud_sysctls *sysctls, const char *setting, bud_error *err)
{
	size_t length = strcspn(setting, "=");
	const char *text = setting + length + (setting[length] == '='), *end = text;
	if (length == strlen(RATIO) && strncmp(setting, RATIO, length) == 0)
		return parse_ratios(sysctls, text, BUD_SYSCTL_SET)
			       ? BUD_OK
			       : bud_error_set(err, BUD_ERR_USAGE,
					       "%.60s: expected numbers with commas, one for each type of zone",
					       setting);
	bud_sysctl sysctl = find(setting, length);
	uint64_t value;
	if (sysctl == BUD_NR_SYSCTLS || is_thp(sysctl))
		return bud_error_set(err, BUD_ERR_USAGE, "%.60s: no such setting", setting);
	if (!parse_number(text, &end, &value) || *end || !in_bounds(sysctl, value))
		return no_such_value(setting, sysctl, err);
	bud_sysctls_learn(sysctls, sysctl, value, BUD_SYSCTL_SET);
	return BUD_OK;
}

bool bud_sysctls_same_ratio(const bud_sysctls *a, const bud_sysctls *b)
{
	return a->nr_ratio == b->nr_ratio && memcmp(a->ratio, b->ratio, a->nr_ratio * sizeof *a->ratio) == 0;
}

bool bud_sysctls_ratios(const bud_sysctls *sysctls, unsigned zone_types, unsigned ratio[BUD_NR_ZONE_TYPES])
{
	if (!sysctls->nr_ratio)
		return false;
	unsigned at = 0;
	for (int type = 0; type < BUD_NR_ZONE_TYPES; type++) {
		bool has = zone_types & 1u << type && at < sysctls->nr_ratio;
		ratio[type] = has ? sysctls->ratio[at++] : 0;
	}
	return true;
}
