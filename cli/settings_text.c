/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/settings_text.h"

#include <inttypes.h>

#include "cli/output.h"
#include "lib/insight/settings.h"

typedef struct tally {
	unsigned snapshots, marks, reserves, boot_marks, boot_lists;
	uint64_t lists, equal_lists;
} tally;

typedef void each_snapshot(void *self, const bud_settings *settings);

static void for_each(const bud_workbench *bench, each_snapshot *call, void *self)
{
	const bud_bundle *bundle = bench->bundle;
	const bud_settings_input input = bud_workbench_settings_input(bench);
	for (size_t i = 0; i < bundle->nr_snapshots; i++) {
		bud_settings settings;
		if (bud_settings_at(&settings, &input, &bundle->snapshots[i], NULL))
			continue;
		call(self, &settings);
		bud_settings_fini(&settings);
	}
}

static void count(void *self, const bud_settings *s)
{
	tally *t = self;
	t->snapshots++;
	t->marks += s->marks_equal;
	t->reserves += s->reserve_equal;
	t->boot_marks += s->boot_marks;
	t->boot_lists += s->boot_lists;
	t->lists += s->nr_lists;
	t->equal_lists += s->nr_equal_lists;
}

static void print_inferred(FILE *out, const bud_settings *s)
{
	for (int i = 0; i < BUD_NR_SYSCTLS; i++) {
		char text[24];
		if (s->sysctls.origin[i] != BUD_SYSCTL_INFERRED)
			continue;
		bud_output_print(out, "  %s: %s %s", s->snapshot->name, bud_sysctl_name((bud_sysctl)i),
				 bud_sysctl_text(&s->sysctls, (bud_sysctl)i, text));
		if (i == BUD_SYSCTL_min_free_kbytes && s->min_free_span)
			bud_output_print(out, "..%" PRIu64, s->sysctls.min_free_kbytes + s->min_free_span);
		bud_output_print(out, ", inferred from its zoneinfo\n");
	}
}

static void print_difference(FILE *out, const bud_settings *s, const bud_settings_zone *z)
{
	const bud_zone_info *k = z->kernel;
	const bud_wmarks *m = &z->computed.marks;
	if (!z->marks_equal)
		bud_output_print(out,
				 "  %s: node %d %s: min %" PRIu64 " low %" PRIu64 " high %" PRIu64 " where %" PRIu64
				 " %" PRIu64 " %" PRIu64 " was computed\n",
				 s->snapshot->name, k->node, k->name, k->min, k->low, k->high, m->min + z->boost,
				 m->low + z->boost, m->high + z->boost);
	if (!z->reserve_equal)
		bud_output_print(out, "  %s: node %d %s: other lowmem reserves\n", s->snapshot->name, k->node, k->name);
	if (z->nr_equal_lists < z->nr_lists)
		bud_output_print(out, "  %s: node %d %s: %u of %u per-CPU lists are not batch %u, high %u..%u\n",
				 s->snapshot->name, k->node, k->name, z->nr_lists - z->nr_equal_lists, z->nr_lists,
				 z->lists.batch, z->lists.high_min, z->lists.high_max);
}

typedef struct differences {
	FILE *out;
	unsigned snapshots; /* with any */
} differences;

static bool differs(const bud_settings *s)
{
	return !s->marks_equal || !s->reserve_equal || s->nr_equal_lists < s->nr_lists;
}

/* What is unequal mostly stays so: the first is told in full. */
static void print_snapshot(void *self, const bud_settings *s)
{
	differences *d = self;
	print_inferred(d->out, s);
	if (!differs(s) || d->snapshots++)
		return;
	for (size_t i = 0; i < s->nr_zones; i++)
		print_difference(d->out, s, &s->zones[i]);
}

static void print_rest(const bud_workbench *bench, const differences *d)
{
	const bud_boot_frees *boot = &bench->bundle->klog.boot;
	if (d->snapshots > 1)
		bud_output_print(d->out, "  ... and %u more snapshots differ\n", d->snapshots - 1);
	if (d->snapshots && boot->image_kib == BUD_UNKNOWN)
		bud_output_print(d->out,
				 "  (no kernel log in the capture: what boot freed after sizing them is not known)\n");
}

static void print_values(const bud_workbench *bench, FILE *out)
{
	bud_sysctls sysctls = bench->bundle->sysctls;
	char text[24];
	bud_sysctls_assume(&sysctls);
	bud_output_print(out, "settings at the start\n");
	for (int i = 0; i < BUD_NR_SYSCTLS; i++)
		bud_output_print(out, "  %-30s %10s  %s\n", bud_sysctl_name((bud_sysctl)i),
				 bud_sysctl_text(&sysctls, (bud_sysctl)i, text),
				 bud_sysctl_origin_name(sysctls.origin[i]));
	bud_output_print(out, "  %-30s ", "lowmem_reserve_ratio");
	for (unsigned i = 0; i < sysctls.nr_ratio; i++)
		bud_output_print(out, "%s%u", i ? " " : "", sysctls.ratio[i]);
	bud_output_print(out, "%s  %s\n", sysctls.nr_ratio ? "" : "         ?",
			 bud_sysctl_origin_name(sysctls.ratio_origin));
}

static void print_boot(const bud_boot_frees *boot, const tally *t, FILE *out)
{
	if (!t->boot_marks && !t->boot_lists)
		return;
	bud_output_print(out,
			 "  of them as sized before boot freed its last memory (ramdisk %" PRIu64
			 " kB, kernel image %" PRIu64 " kB): marks at %u, lists at %u snapshots\n",
			 boot->initrd_kib == BUD_UNKNOWN ? 0 : boot->initrd_kib,
			 boot->image_kib == BUD_UNKNOWN ? 0 : boot->image_kib, t->boot_marks, t->boot_lists);
}

void bud_settings_text_print(const bud_workbench *bench, FILE *out)
{
	tally t = { 0 };
	print_values(bench, out);
	for_each(bench, count, &t);
	if (!t.snapshots)
		return;
	bud_output_print(out,
			 "computed from settings = zoneinfo: watermarks at %u of %u snapshots, lowmem reserves at %u,\n"
			 "  %" PRIu64 " of %" PRIu64 " per-CPU lists\n",
			 t.marks, t.snapshots, t.reserves, t.equal_lists, t.lists);
	print_boot(&bench->bundle->klog.boot, &t, out);
	differences d = { .out = out };
	for_each(bench, print_snapshot, &d);
	print_rest(bench, &d);
}

void bud_settings_text_json(const bud_workbench *bench, bud_json *json)
{
	tally t = { 0 };
	const bud_sysctls *sysctls = &bench->bundle->sysctls;
	bud_json_open(json, "sysctls", '{');
	for (int i = 0; i < BUD_NR_SYSCTLS; i++)
		bud_json_value(json, bud_sysctl_name((bud_sysctl)i), bud_value_uint(sysctls->value[i]));
	bud_json_close(json, '}');
	for_each(bench, count, &t);
	bud_json_open(json, "settings", '{');
	bud_json_value(json, "snapshots", bud_value_uint(t.snapshots));
	bud_json_value(json, "equal_marks", bud_value_uint(t.marks));
	bud_json_value(json, "equal_reserves", bud_value_uint(t.reserves));
	bud_json_value(json, "lists", bud_value_uint(t.lists));
	bud_json_value(json, "equal_lists", bud_value_uint(t.equal_lists));
	bud_json_value(json, "boot_marks", bud_value_uint(t.boot_marks));
	bud_json_value(json, "boot_lists", bud_value_uint(t.boot_lists));
	bud_json_close(json, '}');
}
