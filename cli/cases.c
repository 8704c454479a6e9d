/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/cases.h"

#include <stdlib.h>
#include <string.h>

/* The vector of another version, but for what is the machine's own. */
static void set_kernel(bud_whatif_case *c, const char *version, const bud_kernel *traced)
{
	static const bud_kernel_feature own[] = { BUD_KF_page_shift, BUD_KF_max_order, BUD_KF_pageblock_order,
						  BUD_KF_has_cma, BUD_KF_zone_types };
	bud_kernel_init(&c->kernel, version, traced->machine);
	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
		bud_kernel_learn(&c->kernel, own[i], traced->value[own[i]], BUD_ORIGIN_USER);
	c->kernel.gfp = traced->gfp;
}

static bud_status set_version(bud_whatif_case *c, const char *value, const bud_workbench *bench, bud_error *err)
{
	unsigned major, minor;
	if (sscanf(value, "%3u.%3u", &major, &minor) != 2 || minor >= 100)
		return bud_error_set(err, BUD_ERR_USAGE, "kernel=%s: expected a version such as 6.1", value);
	set_kernel(c, value, &bench->kernel);
	return BUD_OK;
}

/* ZONE or NODE/ZONE, then + or -, then a size with K, M or G. */
static bud_status set_memory(bud_whatif_case *c, const char *value, const bud_workbench *bench, bud_error *err)
{
	const char *sign = strpbrk(value, "+-");
	const char *slash = strchr(value, '/'), *name = slash && slash < sign ? slash + 1 : value;
	long node = name != value ? strtol(value, NULL, 10) : -1;
	char *unit = NULL;
	unsigned long long size = sign ? strtoull(sign + 1, &unit, 10) : 0;
	const char *units = "KMG", *found = unit && *unit ? strchr(units, *unit) : NULL;
	if (!sign || unit == sign + 1 || !found || unit[1] || size > 1u << 20)
		return bud_error_set(err, BUD_ERR_USAGE,
				     "memory=%s: expected [NODE/]ZONE+SIZE or -SIZE with K, M or G, such as DMA32+64M",
				     value);
	int64_t pages = (int64_t)(size << (10 * (found - units + 1)) >> bench->kernel.page_shift);
	for (size_t i = 0; i < bench->memory.nr_zones && i < BUD_MAX_ZONES; i++) {
		const bud_zone *zone = &bench->memory.zones[i];
		size_t length = (size_t)(sign - name);
		if (strlen(zone->name) != length || strncasecmp(zone->name, name, length) != 0 ||
		    (node >= 0 && zone->node != node))
			continue;
		c->more[i] = *sign == '+' ? pages : -pages;
		return BUD_OK;
	}
	return bud_error_set(err, BUD_ERR_USAGE, "memory=%s: this machine has no such zone", value);
}

static bud_status set_switch(bool *off, const char *key, const char *value, bud_error *err)
{
	*off = strcmp(value, "off") == 0;
	return *off || strcmp(value, "on") == 0
		       ? BUD_OK
		       : bud_error_set(err, BUD_ERR_USAGE, "%s=%s: expected on or off", key, value);
}

static bool is_sysctl(const char *key)
{
	for (int i = 0; i < BUD_NR_SYSCTLS; i++)
		if (strcmp(bud_sysctl_name((bud_sysctl)i), key) == 0)
			return true;
	return strcmp(key, "lowmem_reserve_ratio") == 0;
}

static bool is_feature(const char *key)
{
	for (int i = 0; i < BUD_NR_KERNEL_FEATURES; i++)
		if (strcmp(bud_kernel_feature_name((bud_kernel_feature)i), key) == 0)
			return true;
	return false;
}

static bud_status set(bud_whatif_case *c, const char *setting, const bud_workbench *bench, bud_error *err)
{
	char key[48];
	const char *value = strchr(setting, '=');
	size_t length = value ? (size_t)(value - setting) : 0;
	if (!length || length >= sizeof key)
		return bud_error_set(err, BUD_ERR_USAGE, "%s: expected KEY=VALUE", setting);
	memcpy(key, setting, length);
	key[length] = '\0';
	value++;
	if (is_sysctl(key))
		return bud_sysctls_set(&c->sysctls, setting, err);
	if (is_feature(key))
		return bud_kernel_override(&c->kernel, setting, err);
	if (strcmp(key, "kernel") == 0)
		return set_version(c, value, bench, err);
	if (strcmp(key, "memory") == 0)
		return set_memory(c, value, bench, err);
	if (strcmp(key, "thp") == 0)
		return set_switch(&c->no_thp, key, value, err);
	if (strcmp(key, "pcp") == 0)
		return set_switch(&c->no_pcp, key, value, err);
	if (strcmp(key, "compaction") == 0)
		return set_switch(&c->no_compaction, key, value, err);
	if (strcmp(key, "without") == 0 && strlen(value) < sizeof c->without) {
		strcpy(c->without, value);
		return *value ? BUD_OK : bud_error_set(err, BUD_ERR_USAGE, "without=: expected a name, as section site has it");
	}
	return bud_error_set(err, BUD_ERR_USAGE,
			     "%s: no such setting; there are the settings of /proc/sys/vm, the kernel features of "
			     "info -v, kernel, memory, thp, pcp, compaction and without",
			     setting);
}

static void begin_case(bud_cases *cases, const char *label, const bud_workbench *bench)
{
	bud_whatif_case *c = &cases->list[cases->nr++];
	*c = (bud_whatif_case){ .kernel = bench->kernel };
	bud_sysctls_init(&c->sysctls);
	snprintf(c->label, sizeof c->label, "%s", label);
}

/* What is the same for all settings of one case, once they are known. */
static bud_status end_case(const bud_whatif_case *c, bud_error *err)
{
	if (c->kernel.pageblock_order > c->kernel.max_order)
		return bud_error_set(err, BUD_ERR_USAGE, "%s: pageblock_order %d is above max_order %d", c->label,
				     c->kernel.pageblock_order, c->kernel.max_order);
	return BUD_OK;
}

/* A comma begins a new setting if a key and = follow, else it belongs to the value. */
static char *next_setting(char **rest)
{
	char *setting = *rest, *comma = setting;
	while (comma && (comma = strchr(comma, ',')) != NULL) {
		size_t key = strspn(comma + 1, "abcdefghijklmnopqrstuvwxyz_0123456789");
		if (key && comma[1 + key] == '=')
			break;
		comma++;
	}
	if (comma)
		*comma++ = '\0';
	*rest = comma;
	return setting;
}

static bud_status parse_case(bud_cases *cases, const char *text, const bud_workbench *bench, bud_error *err)
{
	char *copy = strdup(text), *rest = copy;
	bud_status status = copy ? BUD_OK : bud_error_memory(err, "--case");
	if (!status)
		begin_case(cases, text, bench);
	while (!status && rest)
		status = set(&cases->list[cases->nr - 1], next_setting(&rest), bench, err);
	free(copy);
	return status ? status : end_case(&cases->list[cases->nr - 1], err);
}

static bud_status parse_sets(bud_cases *cases, const bud_options *options, const bud_workbench *bench, bud_error *err)
{
	bud_status status = BUD_OK;
	begin_case(cases, "", bench);
	bud_whatif_case *c = &cases->list[cases->nr - 1];
	for (size_t i = 0; !status && i < options->nr_sets; i++) {
		size_t used = strlen(c->label);
		snprintf(c->label + used, sizeof c->label - used, "%s%s", i ? "," : "", options->sets[i]);
		status = set(c, options->sets[i], bench, err);
	}
	return status ? status : end_case(c, err);
}

bud_status bud_cases_parse(bud_cases *cases, const bud_options *options, const bud_workbench *bench, bud_error *err)
{
	bud_status status = BUD_OK;
	*cases = (bud_cases){ 0 };
	begin_case(cases, "unchanged", bench);
	if (1 + (options->nr_sets > 0) + options->nr_cases > BUD_JUDGE_CASES)
		return bud_error_set(err, BUD_ERR_USAGE, "at most %d cases at a time", BUD_JUDGE_CASES - 1);
	if (options->nr_sets)
		status = parse_sets(cases, options, bench, err);
	for (size_t i = 0; !status && i < options->nr_cases; i++)
		status = parse_case(cases, options->cases[i], bench, err);
	return status;
}
