/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/base/kernel.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[] = {
#define X(name, text) #name,
	BUD_KERNEL_FEATURES(X)
#undef X
};

static const char *const texts[] = {
#define X(name, text) text,
	BUD_KERNEL_FEATURES(X)
#undef X
};

static const char *const origins[] = { "default", "version", "format", "snapshot", "trace", "user" };

const char *bud_kernel_feature_name(bud_kernel_feature feature)
{
	return names[feature];
}

const char *bud_kernel_feature_text(bud_kernel_feature feature)
{
	return texts[feature];
}

const char *bud_feature_origin_name(bud_feature_origin origin)
{
	return origins[origin];
}

void bud_kernel_learn(bud_kernel *kernel, bud_kernel_feature feature, int value, bud_feature_origin origin)
{
	if (origin < kernel->origin[feature])
		return;
	kernel->value[feature] = value;
	kernel->origin[feature] = origin;
}

static void set_defaults(bud_kernel *kernel)
{
	kernel->page_shift = 12;
	kernel->max_order = 10;
	kernel->pageblock_order = 9;
	kernel->pcp_high_orders = 1;
	kernel->extfrag_removes = 1;
}

/* Switches by version; stable trees that carry back-ports count as the version they behave like. */
static void learn_version(bud_kernel *kernel, int version)
{
	bool back_ported = version == 612; /* 6.12.y carries the claim/steal split of 6.15 with its extfrag */
	const struct {
		bud_kernel_feature feature;
		bool on;
	} by_version[] = {
		{ BUD_KF_pcp_high_orders, version >= 514 },
		{ BUD_KF_extfrag_removes, version >= 610 || back_ported },
	};
	for (size_t i = 0; i < sizeof by_version / sizeof *by_version; i++)
		bud_kernel_learn(kernel, by_version[i].feature, by_version[i].on, BUD_ORIGIN_VERSION);
}

/* Page sizes and block orders of stock distribution kernels where they are not x86-64's. */
static void learn_machine(bud_kernel *kernel)
{
	if (strcmp(kernel->machine, "aarch64") == 0 && strstr(kernel->release, "16k")) {
		bud_kernel_learn(kernel, BUD_KF_page_shift, 14, BUD_ORIGIN_VERSION);
		bud_kernel_learn(kernel, BUD_KF_max_order, 11, BUD_ORIGIN_VERSION);
		bud_kernel_learn(kernel, BUD_KF_pageblock_order, 11, BUD_ORIGIN_VERSION);
	} else if (strcmp(kernel->machine, "s390x") == 0) {
		bud_kernel_learn(kernel, BUD_KF_pageblock_order, 8, BUD_ORIGIN_VERSION);
	}
}

void bud_kernel_init(bud_kernel *kernel, const char *release, const char *machine)
{
	*kernel = (bud_kernel){ 0 };
	snprintf(kernel->release, sizeof kernel->release, "%s", release);
	snprintf(kernel->machine, sizeof kernel->machine, "%s", machine);
	set_defaults(kernel);
	unsigned major, minor;
	if (sscanf(kernel->release, "%3u.%3u", &major, &minor) == 2 && minor < 100)
		learn_version(kernel, (int)(major * 100 + minor));
	learn_machine(kernel);
}

/* What each may be set to. */
static bool in_bounds(bud_kernel_feature feature, long value)
{
	switch (feature) {
	case BUD_KF_page_shift:
		return value >= 12 && value <= 20;
	case BUD_KF_max_order:
	case BUD_KF_pageblock_order:
		return value >= 0 && value < BUD_NR_ORDERS;
	default:
		return value == 0 || value == 1;
	}
}

bud_status bud_kernel_override(bud_kernel *kernel, const char *setting, bud_error *err)
{
	char known[256] = "";
	size_t length = strcspn(setting, "=");
	for (int i = 0; i < BUD_NR_KERNEL_FEATURES; i++) {
		size_t used = strlen(known);
		snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "", names[i]);
		if (strlen(names[i]) != length || strncmp(names[i], setting, length) != 0)
			continue;
		char *end;
		long value = setting[length] ? strtol(setting + length + 1, &end, 10) : LONG_MIN;
		if (!setting[length] || end == setting + length + 1 || *end || !in_bounds((bud_kernel_feature)i, value))
			return bud_error_set(err, BUD_ERR_USAGE, "--kernel-feature %s: not a value %s can have",
					     setting, names[i]);
		bud_kernel_learn(kernel, (bud_kernel_feature)i, (int)value, BUD_ORIGIN_USER);
		return BUD_OK;
	}
	return bud_error_set(err, BUD_ERR_USAGE, "--kernel-feature %s: no such feature; there are %s", setting, known);
}

bud_migratetype bud_kernel_migratetype(const bud_kernel *kernel, int raw)
{
	if (raw < 0 || raw > 5 || (!kernel->has_cma && raw > 4))
		return BUD_MT_UNKNOWN;
	return !kernel->has_cma && raw == 4 ? BUD_MT_ISOLATE : (bud_migratetype)raw;
}
