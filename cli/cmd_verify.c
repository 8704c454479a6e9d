/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cmd.h"
#include "cli/heat.h"
#include "cli/output.h"
#include "cli/progress.h"

/* The replay against the snapshots, as far as it is asked for. */
typedef struct findings {
	const bud_workbench *bench;
	const bud_options *options;
	bud_comparison *comparisons; /* of the zones asked for, judged by the orders asked for */
	size_t nr;
	bud_verdict *verdicts; /* one a snapshot */
	bud_verify_summary sum;
} findings;

static bool wants_order(const bud_section_filter *filter, unsigned order)
{
	return (int)order >= filter->order_min && (int)order <= filter->order_max;
}

static int64_t difference(const bud_comparison *c, unsigned order)
{
	return (int64_t)(c->model[order] - c->kernel->nr_free[order]);
}

static void judge_orders(bud_comparison *c, const bud_section_filter *filter)
{
	uint64_t error = 0;
	c->exact = c->known;
	for (unsigned k = 0; c->known && k < c->nr_orders; k++)
		if (wants_order(filter, k)) {
			c->exact = c->exact && !difference(c, k);
			error += (uint64_t)difference(c, k) << k;
		}
	c->free_error = (int64_t)error;
}

static void print_orders(const findings *f, const bud_comparison *c, FILE *out)
{
	bud_output_print(out, "%+" PRId64 " pages ", c->free_error);
	for (unsigned k = 0; k < c->nr_orders; k++)
		if (difference(c, k) && wants_order(&f->options->filter, k))
			bud_output_print(out, " %u:%+" PRId64, k, difference(c, k));
}

static void print_zone(const findings *f, const bud_comparison *c, FILE *out)
{
	if (c->exact && !f->options->verbose)
		return;
	bud_output_print(out, "  node %d %-8s ", c->kernel->node, c->kernel->name);
	if (c->exact)
		fputs("exact", out);
	else
		print_orders(f, c, out);
	if (c->uncertain_pages)
		bud_output_print(out, "  +-%" PRIu64 " pages claimed", c->uncertain_pages);
	fputc('\n', out);
}

static void print_verdict(const bud_verdict *v, bool first, FILE *out)
{
	if (first)
		fputs("the first: not counted\n", out);
	else if (v->snapshot->t_ns == BUD_TIME_NONE)
		fputs("not compared: no time in the trace\n", out);
	else if (!v->nr_zones)
		fputs("not compared: no buddyinfo\n", out);
	else if (!v->compared)
		fputs("not compared: no seed before it\n", out);
	else if (v->exact)
		fputs("exact\n", out);
	else
		bud_output_print(out, "%u of %u zones exact\n", v->nr_exact_zones, v->nr_zones);
}

static void print_snapshot(const findings *f, size_t i, FILE *out)
{
	const bud_verdict *v = &f->verdicts[i];
	char time[32];
	bud_heat_time(v->snapshot->t_ns, f->bench->bundle->source->info.clock_is_ns, 6, time, sizeof time);
	bud_output_print(out, "%-16s %14s  ", v->snapshot->name, time);
	print_verdict(v, i == 0, out);
	for (size_t k = 0; k < f->nr && v->compared; k++)
		if (f->comparisons[k].snapshot == v->snapshot)
			print_zone(f, &f->comparisons[k], out);
}

static void print_text(const findings *f, FILE *out)
{
	const bud_bundle *bundle = f->bench->bundle;
	const bud_verify_summary *sum = &f->sum;
	bud_output_print(out,
			 "replay against /proc/buddyinfo, seed %s; differences are replay - kernel, as order:blocks\n",
			 bud_seed_mode_name(bud_replay_seed(f->bench->replay)));
	for (size_t i = 0; i < bundle->nr_snapshots; i++)
		print_snapshot(f, i, out);
	bud_output_print(out, "exact %zu of %zu snapshots, %zu of %zu zones; ", sum->nr_exact, sum->nr_snapshots,
			 sum->nr_exact_zones, sum->nr_zones);
	if (sum->nr_compared)
		bud_output_print(out, "mean |error| %.1f pages; ", bud_verify_mean_error(sum));
	bud_output_print(out, "lost events %" PRIu64 "\n", bud_trace_lost(&bundle->source->info));
}

static bud_status print_findings(const findings *f, bud_error *err)
{
	bud_output output;
	bud_status status = bud_output_open(&output, f->options->output, err);
	if (status)
		return status;
	bud_row_sink sink = bud_output_sink(&output, f->options->format);
	if (f->options->format == BUD_FORMAT_TEXT)
		print_text(f, output.out);
	else
		status = bud_section_verify(f->comparisons, f->nr, &f->options->filter, &sink, err);
	bud_status closed = bud_output_close(&output, status ? NULL : err);
	return status ? status : closed;
}

static bud_status replay_all(const bud_workbench *bench, bool quiet, bud_error *err)
{
	bud_progress progress;
	bud_progress_begin(&progress, &bench->bundle->source->info, quiet);
	bud_status status = bud_progress_replay(&progress, bench->replay, BUD_TIME_NONE, err);
	bud_progress_end(&progress);
	return status;
}

static bud_status gather(findings *f, bud_error *err)
{
	size_t nr, nr_snapshots = f->bench->bundle->nr_snapshots;
	bud_status status = replay_all(f->bench, f->options->quiet, err);
	if (status)
		return status;
	const bud_comparison *all = bud_replay_comparisons(f->bench->replay, &nr);
	f->comparisons = calloc(nr + 1, sizeof *f->comparisons);
	f->verdicts = calloc(nr_snapshots + 1, sizeof *f->verdicts);
	if (!f->comparisons || !f->verdicts)
		return bud_error_memory(err, "comparisons");
	for (size_t i = 0; i < nr; i++)
		if (bud_section_wants_zone(&f->options->filter, all[i].kernel->node, all[i].kernel->name)) {
			f->comparisons[f->nr] = all[i];
			judge_orders(&f->comparisons[f->nr++], &f->options->filter);
		}
	bud_verify_sum_some(f->comparisons, f->nr, f->bench->bundle->snapshots, nr_snapshots, f->verdicts, &f->sum);
	return BUD_OK;
}

bud_status bud_cmd_verify(const bud_options *options, int *exit_code, bud_error *err)
{
	bud_workbench bench;
	findings f = { .bench = &bench, .options = options };
	bud_status status = bud_cmd_open(&bench, options, err);
	if (status)
		return status;
	if (bench.bundle->nr_snapshots < 2)
		status = bud_error_set(err, BUD_ERR_USAGE, "%s: verify compares with snapshots, and there are %s",
				       bench.bundle->path, bench.bundle->nr_snapshots ? "fewer than two" : "none");
	if (!status)
		status = bud_cmd_check_filter(&bench, options, err);
	if (!status)
		status = gather(&f, err);
	if (!status)
		status = print_findings(&f, err);
	if (!status) {
		*exit_code = f.sum.exact ? BUD_EXIT_OK : f.sum.within ? BUD_EXIT_DAMAGED : BUD_EXIT_DIFFERS;
		bud_cmd_tell_damage(&bench, exit_code);
	}
	free(f.comparisons);
	free(f.verdicts);
	bud_workbench_close(&bench);
	return status;
}
