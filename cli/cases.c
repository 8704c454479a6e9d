/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/cases.h"

#include <stdlib.h>
#include <string.h>

#include "cli/output.h"

#define OLDEST 419 /* the oldest version whose features are known */

typedef bud_status setter(bud_whatif_case *c, const char *value, const bud_workbench *bench, bud_error *err);

/* What the traced memory is made of: another kernel runs on the same. */
static const bud_kernel_feature of_the_machine[] = { BUD_KF_page_shift, BUD_KF_has_cma, BUD_KF_zone_types };
/* What only says how a trace is to be read. */
static const bud_kernel_feature of_the_trace[] = { BUD_KF_extfrag_removes, BUD_KF_zone_locked_list,
						   BUD_KF_gfp_layout,	   BUD_KF_gfp_nowait_nowarn,
						   BUD_KF_gfp_by_bit,	   BUD_KF_pcp_irqs_on,
						   BUD_KF_page_reporting };
/* What nothing in the model depends on. */
static const bud_sysctl of_no_effect[] = { BUD_SYSCTL_compact_unevictable_allowed, BUD_SYSCTL_nr_hugepages,
					   BUD_SYSCTL_zone_reclaim_mode,	   BUD_SYSCTL_swappiness,
					   BUD_SYSCTL_thp_enabled,		   BUD_SYSCTL_thp_defrag };

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void keep(bud_kernel *kernel, const bud_kernel *traced, bud_kernel_feature feature)
{
	bud_kernel_learn(kernel, feature, traced->value[feature], BUD_ORIGIN_USER);
}

/* The vector of another version, but for what is the machine's own. */
static bud_status set_kernel(bud_whatif_case *c, const char *value, const bud_workbench *bench, bud_error *err)
{
	unsigned major, minor;
	if (sscanf(value, "%3u.%3u", &major, &minor) != 2 || minor >= 100 || major * 100 + minor < OLDEST)
		return bud_error_set(err, BUD_ERR_USAGE, "kernel=%s: expected a version from 4.19 on, such as 6.1", value);
	bud_kernel_init(&c->kernel, value, bench->kernel.machine);
	for (size_t i = 0; i < COUNT(of_the_machine); i++)
		keep(&c->kernel, &bench->kernel, of_the_machine[i]);
	keep(&c->kernel, &bench->kernel, BUD_KF_max_order);
	keep(&c->kernel, &bench->kernel, BUD_KF_pageblock_order);
	c->kernel.gfp = bench->kernel.gfp;
	return BUD_OK;
}

/* [NODE/]ZONE, + or -, then a size with K, M or G. */
typedef struct change {
	long node; /* -1: each */
	const char *zone;
	size_t zone_length;
	int64_t pages;
} change;

static bool parse_change(change *to, const char *value, int page_shift)
{
	const char *sign = strpbrk(value, "+-"), *slash = strchr(value, '/'), *units = "KMG";
	char *end;
	*to = (change){ .node = -1, .zone = value };
	if (!sign)
		return false;
	if (slash && slash < sign) {
		to->node = strtol(value, &end, 10);
		if (end == value || end != slash || to->node < 0)
			return false;
		to->zone = slash + 1;
	}
	to->zone_length = (size_t)(sign - to->zone);
	unsigned long long size = strtoull(sign + 1, &end, 10);
	const char *unit = *end ? strchr(units, *end) : NULL;
	if (sign[1] < '0' || sign[1] > '9' || !unit || end[1] || size > 1u << 20)
		return false;
	int64_t pages = (int64_t)(size << (10 * (unit - units + 1)) >> page_shift);
	to->pages = *sign == '+' ? pages : -pages;
	return true;
}

static bud_status set_memory(bud_whatif_case *c, const char *value, const bud_workbench *bench, bud_error *err)
{
	change asked;
	bool any = false;
	if (!parse_change(&asked, value, bench->kernel.page_shift))
		return bud_error_set(err, BUD_ERR_USAGE,
				     "memory=%s: expected [NODE/]ZONE+SIZE or -SIZE with K, M or G, such as DMA32+64M",
				     value);
	for (size_t i = 0; i < bench->memory.nr_zones && i < BUD_MAX_ZONES; i++) {
		const bud_zone *zone = &bench->memory.zones[i];
		if (strlen(zone->name) != asked.zone_length ||
		    strncasecmp(zone->name, asked.zone, asked.zone_length) != 0 ||
		    (asked.node >= 0 && zone->node != asked.node))
			continue;
		c->more[i] = asked.pages;
		any = true;
	}
	return any ? BUD_OK : bud_error_set(err, BUD_ERR_USAGE, "memory=%s: this machine has no such zone", value);
}

static bud_status set_switch(bool *off, const char *key, const char *value, bud_error *err)
{
	*off = strcmp(value, "off") == 0;
	return *off || strcmp(value, "on") == 0
		       ? BUD_OK
		       : bud_error_set(err, BUD_ERR_USAGE, "%s=%s: expected on or off", key, value);
}

static bud_status set_thp(bud_whatif_case *c, const char *value, const bud_workbench *bench, bud_error *err)
{
	(void)bench;
	return set_switch(&c->no_thp, "thp", value, err);
}

static bud_status set_pcp(bud_whatif_case *c, const char *value, const bud_workbench *bench, bud_error *err)
{
	(void)bench;
	return set_switch(&c->no_pcp, "pcp", value, err);
}

static bud_status set_compaction(bud_whatif_case *c, const char *value, const bud_workbench *bench, bud_error *err)
{
	(void)bench;
	return set_switch(&c->no_compaction, "compaction", value, err);
}

static bud_status set_without(bud_whatif_case *c, const char *value, const bud_workbench *bench, bud_error *err)
{
	(void)bench;
	if (!*value || strlen(value) >= sizeof c->without[0])
		return bud_error_set(err, BUD_ERR_USAGE, "without=%s: expected a name, as section site has it", value);
	if (c->nr_without == BUD_ABSENCE_NAMES)
		return bud_error_set(err, BUD_ERR_USAGE, "without=%s: at most %d names in a case", value,
				     BUD_ABSENCE_NAMES);
	strcpy(c->without[c->nr_without++], value);
	return BUD_OK;
}

static const struct key {
	const char *name;
	setter *set;
	const char *help;
} keys[] = {
	/* The first, as others may be set on top of it. */
	{ "kernel", set_kernel, "a version: its features, on the same machine" },
	{ "memory", set_memory, "[NODE/]ZONE+SIZE or -SIZE: each such zone has more or less, free at the start" },
	{ "thp", set_thp, "off: huge pages for users come as single pages" },
	{ "pcp", set_pcp, "off: no per-CPU lists" },
	{ "compaction", set_compaction, "off: nobody compacts" },
	{ "without", set_without, "a name as section site of report has it: its requests are left out; may be repeated" },
};

static bool is_key(const char *setting, const char *name)
{
	size_t length = strlen(name);
	return strncmp(setting, name, length) == 0 && setting[length] == '=';
}

static bool has_effect(bud_sysctl sysctl)
{
	for (size_t i = 0; i < COUNT(of_no_effect); i++)
		if (of_no_effect[i] == sysctl)
			return false;
	return true;
}

static bud_status set_sysctl(bud_whatif_case *c, const char *setting, bud_error *err)
{
	for (size_t i = 0; i < COUNT(of_no_effect); i++)
		if (is_key(setting, bud_sysctl_name(of_no_effect[i])))
			return bud_error_set(err, BUD_ERR_USAGE, "%s: nothing in the model depends on it%s", setting,
					     strncmp(setting, "thp_", 4) == 0 ? "; there is thp=off" : "");
	return bud_sysctls_set(&c->sysctls, setting, err);
}

static bud_status set_feature(bud_whatif_case *c, const char *setting, bud_error *err)
{
	for (size_t i = 0; i < COUNT(of_the_machine); i++)
		if (is_key(setting, bud_kernel_feature_name(of_the_machine[i])))
			return bud_error_set(err, BUD_ERR_USAGE, "%s: the traced memory is made of what it is", setting);
	for (size_t i = 0; i < COUNT(of_the_trace); i++)
		if (is_key(setting, bud_kernel_feature_name(of_the_trace[i])))
			return bud_error_set(err, BUD_ERR_USAGE, "%s: it says how a trace is read, the model has no use for it",
					     setting);
	return bud_kernel_override(&c->kernel, setting, err);
}

static bool is_feature(const char *name)
{
	for (int i = 0; i < BUD_NR_KERNEL_FEATURES; i++)
		if (strcmp(bud_kernel_feature_name((bud_kernel_feature)i), name) == 0)
			return true;
	return false;
}

static bud_status set(bud_whatif_case *c, const char *setting, const bud_workbench *bench, bud_error *err)
{
	char name[48];
	snprintf(name, sizeof name, "%.*s", (int)strcspn(setting, "="), setting);
	if (!setting[strlen(name)])
		return bud_error_set(err, BUD_ERR_USAGE, "%s: expected KEY=VALUE", setting);
	for (size_t i = 0; i < COUNT(keys); i++)
		if (is_key(setting, keys[i].name))
			return keys[i].set(c, setting + strlen(name) + 1, bench, err);
	if (bud_sysctls_has(name))
		return set_sysctl(c, setting, err);
	if (is_feature(name))
		return set_feature(c, setting, err);
	return bud_error_set(err, BUD_ERR_USAGE, "%s: no such setting; --set help lists them", setting);
}

/* The settings of one case, in any order. */
static bud_status fill_case(bud_whatif_case *c, const char *const *settings, size_t nr, const bud_workbench *bench,
			    bud_error *err)
{
	bud_status status = BUD_OK;
	for (int others = 0; others < 2; others++)
		for (size_t i = 0; !status && i < nr; i++)
			if (is_key(settings[i], keys[0].name) != others)
				status = set(c, settings[i], bench, err);
	if (!status && c->kernel.pageblock_order > c->kernel.max_order)
		status = bud_error_set(err, BUD_ERR_USAGE, "%s: pageblock_order %d is above max_order %d", c->label,
				       c->kernel.pageblock_order, c->kernel.max_order);
	return status;
}

static bud_whatif_case *begin_case(bud_cases *cases, const bud_workbench *bench)
{
	bud_whatif_case *c = &cases->list[cases->nr++];
	*c = (bud_whatif_case){ .kernel = bench->kernel };
	bud_sysctls_init(&c->sysctls);
	return c;
}

static bud_status too_long(const char *text, bud_error *err)
{
	return bud_error_set(err, BUD_ERR_USAGE, "%.40s...: too much for one case", text);
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
	const char *settings[BUD_MAX_LIST];
	size_t nr = 0;
	bud_whatif_case *c = begin_case(cases, bench);
	if (strlen(text) >= sizeof c->label)
		return too_long(text, err);
	strcpy(c->label, text);
	char copy[sizeof c->label], *rest = strcpy(copy, text);
	while (rest && nr < BUD_MAX_LIST)
		settings[nr++] = next_setting(&rest);
	return rest ? too_long(text, err) : fill_case(c, settings, nr, bench, err);
}

static bud_status parse_sets(bud_cases *cases, const bud_options *options, const bud_workbench *bench, bud_error *err)
{
	bud_whatif_case *c = begin_case(cases, bench);
	size_t used = 0;
	for (size_t i = 0; used < sizeof c->label && i < options->nr_sets; i++)
		used += (size_t)snprintf(c->label + used, sizeof c->label - used, "%s%s", i ? "," : "",
					 options->sets[i]);
	return used < sizeof c->label ? fill_case(c, options->sets, options->nr_sets, bench, err)
				      : too_long(c->label, err);
}

bud_status bud_cases_parse(bud_cases *cases, const bud_options *options, const bud_workbench *bench, bud_error *err)
{
	bud_status status = BUD_OK;
	cases->nr = 0;
	strcpy(begin_case(cases, bench)->label, "unchanged");
	if (1 + (options->nr_sets > 0) + options->nr_cases > BUD_JUDGE_CASES)
		return bud_error_set(err, BUD_ERR_USAGE, "at most %d cases at a time", BUD_JUDGE_CASES - 1);
	if (options->nr_sets)
		status = parse_sets(cases, options, bench, err);
	for (size_t i = 0; !status && i < options->nr_cases; i++)
		status = parse_case(cases, options->cases[i], bench, err);
	return status;
}

void bud_cases_print_keys(FILE *out)
{
	for (size_t i = 0; i < COUNT(keys); i++)
		bud_output_print(out, "%-30s %s\n", keys[i].name, keys[i].help);
	for (int i = 0; i < BUD_NR_SYSCTLS; i++)
		if (has_effect((bud_sysctl)i))
			bud_output_print(out, "%-30s of /proc/sys/vm\n", bud_sysctl_name((bud_sysctl)i));
	bud_output_print(out, "%-30s of /proc/sys/vm: numbers with commas\n", "lowmem_reserve_ratio");
	bud_output_print(out, "%-30s a feature of the kernel, as info -v lists them\n", "NAME");
}
