/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/verify_types.h"

#include <inttypes.h>

#include "cli/output.h"

/* The share of part in whole in tenths of a percent, rounded down. */
static void print_share(FILE *out, uint64_t part, uint64_t whole)
{
	uint64_t milli = whole ? (uint64_t)((unsigned __int128)part * 1000 / whole) : 1000;
	bud_output_print(out, "%" PRIu64 ".%" PRIu64 "%%", milli / 10, milli % 10);
}

static void print_difference(const bud_typecheck *c, int type, FILE *out)
{
	bool named = false;
	for (unsigned k = 0; k < c->nr_orders; k++) {
		int64_t difference = (int64_t)(c->area.nr[type][k] - c->kernel->nr_free_type[type][k]);
		if (!difference || c->kernel->type_capped[type][k])
			continue;
		if (!named)
			bud_output_print(out, "  %s", bud_migratetype_name((bud_migratetype)type));
		named = true;
		bud_output_print(out, " %u:%+" PRId64, k, difference);
	}
}

static void print_check(const bud_typecheck *c, const bud_options *options, FILE *out)
{
	bud_typecheck_sum sum = { 0 };
	bud_typecheck_add(&sum, c, BUD_MT_UNKNOWN);
	if (!sum.nr || (!sum.block_error && sum.right_pageblocks == sum.pageblocks && !options->verbose))
		return;
	bud_output_print(out, "  %-16s node %d %-8s ", c->snapshot->name, c->kernel->node, c->kernel->name);
	if (!sum.block_error && sum.right_pageblocks == sum.pageblocks) {
		fputs("exact\n", out);
		return;
	}
	print_share(out, sum.right_pages, sum.free_pages);
	bud_output_print(out, " of free pages");
	for (int type = 0; type < BUD_NR_MIGRATETYPES; type++)
		print_difference(c, type, out);
	if (sum.right_pageblocks < sum.pageblocks)
		bud_output_print(out, "; pageblocks %" PRIu64 " of %" PRIu64 " off",
				 sum.pageblocks - sum.right_pageblocks, sum.pageblocks);
	fputc('\n', out);
}

static void print_sum(const char *name, const bud_typecheck_sum *sum, FILE *out)
{
	bud_output_print(out, "  %-11s ", name);
	print_share(out, sum->right_pages, sum->free_pages);
	bud_output_print(out, " of free pages on the right list, ");
	print_share(out, sum->sure_pages, sum->model_pages);
	bud_output_print(out, " of the replay's on evidence; mean |error| %.2f blocks an order\n",
			 sum->nr_counts ? (double)sum->block_error / (double)sum->nr_counts : 0.0);
}

void bud_verify_types_print(const bud_replay *replay, const bud_options *options, FILE *out)
{
	size_t nr;
	const bud_typecheck *checks = bud_replay_typechecks(replay, &nr);
	bud_typecheck_sum all = { 0 }, by_type[BUD_NR_MIGRATETYPES] = { { 0 } };
	for (size_t i = 0; i < nr; i++) {
		const bud_typecheck *c = &checks[i];
		if (c->first || !bud_section_wants_zone(&options->filter, c->kernel->node, c->kernel->name))
			continue;
		if (!all.nr && c->known)
			fputs("migratetypes against /proc/pagetypeinfo\n", out);
		print_check(c, options, out);
		bud_typecheck_add(&all, c, BUD_MT_UNKNOWN);
		for (int type = 0; type < BUD_NR_MIGRATETYPES; type++)
			bud_typecheck_add(&by_type[type], c, (bud_migratetype)type);
	}
	if (!all.nr)
		return;
	for (int type = 0; type < BUD_NR_MIGRATETYPES; type++)
		if (by_type[type].free_pages || by_type[type].model_pages)
			print_sum(bud_migratetype_name((bud_migratetype)type), &by_type[type], out);
	print_sum("all", &all, out);
	bud_output_print(out, "by type exact %" PRIu64 " of %" PRIu64 " zones; ", all.nr_exact, all.nr);
	bud_output_print(out, "pageblocks of the right type %" PRIu64 " of %" PRIu64 "\n", all.right_pageblocks,
			 all.pageblocks);
}
