/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cmd.h"
#include "cli/output.h"
#include "cli/progress.h"

static void print_difference(const bud_comparison *c, FILE *out)
{
	if (!c->known) {
		fprintf(out, "no seed before it\n");
		return;
	}
	if (c->exact) {
		fprintf(out, "exact\n");
		return;
	}
	fprintf(out, "%+" PRId64 " pages;", c->free_error);
	for (unsigned k = 0; k < c->nr_orders; k++) {
		int64_t difference = (int64_t)(c->model[k] - c->kernel->nr_free[k]);
		if (difference)
			fprintf(out, " %u:%+" PRId64, k, difference);
	}
	fputc('\n', out);
}

static bool wanted(const bud_section_filter *filter, const bud_comparison *c)
{
	return (filter->node < 0 || filter->node == c->kernel->node) &&
	       (!filter->zone || strcmp(filter->zone, c->kernel->name) == 0);
}

static void print_snapshot(const bud_verdict *verdict, const bud_comparison *comparisons, size_t nr,
			   const bud_section_filter *filter, bool first, bool is_ns, FILE *out)
{
	char time[32];
	fprintf(out, "%-16s %s  ", verdict->snapshot->name,
		verdict->snapshot->t_ns == BUD_TIME_NONE ? "unplaced"
		: is_ns ? (snprintf(time, sizeof time, "%.6fs", (double)verdict->snapshot->t_ns / 1e9), time)
			: (snprintf(time, sizeof time, "%" PRIu64, verdict->snapshot->t_ns), time));
	if (first)
		fprintf(out, "the first snapshot: the seed, not compared\n");
	else if (!verdict->nr_zones)
		fprintf(out, "nothing to compare with\n");
	else
		fputc('\n', out);
	for (size_t i = 0; i < nr && !first; i++)
		if (comparisons[i].snapshot == verdict->snapshot && wanted(filter, &comparisons[i])) {
			fprintf(out, "  node %d %-8s ", comparisons[i].kernel->node, comparisons[i].kernel->name);
			print_difference(&comparisons[i], out);
		}
}

static void print_text(const bud_workbench *bench, const bud_options *options, const bud_verdict *verdicts,
		       const bud_verify_summary *sum, FILE *out)
{
	size_t nr;
	const bud_comparison *comparisons = bud_replay_comparisons(bench->replay, &nr);
	const bud_trace_info *info = &bench->bundle->source->info;
	fprintf(out, "replay against /proc/buddyinfo, seed %s; differences are replay - kernel, as order:blocks\n",
		bud_seed_mode_name(bud_replay_seed(bench->replay)));
	for (size_t i = 0; i < bench->bundle->nr_snapshots; i++)
		print_snapshot(&verdicts[i], comparisons, nr, &options->filter, i == 0, info->clock_is_ns, out);
	fprintf(out, "exact %zu of %zu snapshots, %zu of %zu zones; mean |error| %.1f pages; lost events %" PRIu64 "\n",
		sum->nr_exact, sum->nr_snapshots, sum->nr_exact_zones, sum->nr_zones,
		sum->nr_snapshots ? (double)sum->free_error / (double)sum->nr_snapshots : 0.0, bud_trace_lost(info));
}

static bud_status verify(bud_workbench *bench, const bud_options *options, int *exit_code, bud_error *err)
{
	size_t nr_snapshots = bench->bundle->nr_snapshots, nr;
	bud_verify_summary sum;
	bud_progress progress;
	bud_output output;
	bud_verdict *verdicts = calloc(nr_snapshots + 1, sizeof *verdicts);
	if (!verdicts)
		return bud_error_memory(err, "verdicts");
	bud_progress_begin(&progress, &bench->bundle->source->info, options->quiet);
	bud_status status = bud_progress_replay(&progress, bench->replay, BUD_TIME_NONE, err);
	bud_progress_end(&progress);
	if (!status)
		bud_verify_sum(bench->replay, bench->bundle->snapshots, nr_snapshots, verdicts, &sum);
	if (!status && !(status = bud_output_open(&output, options->output, err))) {
		const bud_comparison *comparisons = bud_replay_comparisons(bench->replay, &nr);
		bud_row_sink sink = bud_output_sink(&output, options->format);
		if (options->format == BUD_FORMAT_TEXT)
			print_text(bench, options, verdicts, &sum, output.out);
		else
			status = bud_section_verify(comparisons, nr, &options->filter, &sink, err);
		bud_status closed = bud_output_close(&output, status ? NULL : err);
		status = status ? status : closed;
	}
	free(verdicts);
	if (!status)
		*exit_code = sum.exact ? BUD_EXIT_OK : sum.within ? BUD_EXIT_DAMAGED : BUD_EXIT_DIFFERS;
	return status;
}

bud_status bud_cmd_verify(const bud_options *options, int *exit_code, bud_error *err)
{
	bud_workbench bench;
	bud_status status = bud_cmd_open(&bench, options, err);
	if (status)
		return status;
	if (bench.bundle->nr_snapshots < 2)
		status = bud_error_set(err, BUD_ERR_USAGE, "%s: verify compares with snapshots, and there are %s",
				       bench.bundle->path, bench.bundle->nr_snapshots ? "fewer than two" : "none");
	else
		status = verify(&bench, options, exit_code, err);
	if (!status)
		bud_cmd_tell_damage(&bench, exit_code);
	bud_workbench_close(&bench);
	return status;
}
