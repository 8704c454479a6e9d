/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>
#include <string.h>

#include "cli/cmd.h"
#include "cli/decisions.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/verify_text.h"

static void judge_orders(bud_comparison *c, const bud_section_filter *filter)
{
	uint64_t error = 0;
	c->exact = c->known;
	for (int k = filter->order_min; c->known && k < (int)c->nr_orders && k <= filter->order_max; k++) {
		c->exact = c->exact && c->model[k] == c->kernel->nr_free[k];
		error += (c->model[k] - c->kernel->nr_free[k]) << k;
	}
	c->free_error = (int64_t)error;
}

static bud_status print_findings(const bud_findings *f, const bud_agreement_table *table, bud_error *err)
{
	bud_output output;
	bud_status status = bud_output_open(&output, f->options->output, err);
	if (status)
		return status;
	bud_row_sink sink = bud_output_sink(&output, f->options->format);
	if (table)
		status = bud_agreement_write(table, &f->agreement, &sink, err);
	else
		bud_verify_text_print(f, output.out);
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

static void gather_comparisons(bud_findings *f, const bud_comparison *all, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (bud_section_wants_zone(&f->options->filter, all[i].kernel->node, all[i].kernel->name)) {
			bud_comparison *c = &f->comparisons[f->agreement.nr_comparisons++];
			*c = all[i];
			judge_orders(c, &f->options->filter);
		}
}

static void gather_readings(bud_findings *f, const bud_reading *all, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (bud_section_wants_zone(&f->options->filter, all[i].kernel->node, all[i].kernel->name))
			f->readings[f->agreement.nr_readings++] = all[i];
}

static bud_status gather(bud_findings *f, bud_error *err)
{
	size_t nr, nr_readings, nr_snapshots = f->bench->bundle->nr_snapshots;
	const bud_replay *replay = f->bench->replay;
	bud_status status = replay_all(f->bench, f->options->quiet, err);
	if (status)
		return status;
	const bud_comparison *comparisons = bud_replay_comparisons(replay, &nr);
	const bud_reading *readings = bud_replay_readings(replay, &nr_readings);
	f->comparisons = calloc(nr + 1, sizeof *f->comparisons);
	f->readings = calloc(nr_readings + 1, sizeof *f->readings);
	f->verdicts = calloc(nr_snapshots + 1, sizeof *f->verdicts);
	if (!f->comparisons || !f->readings || !f->verdicts)
		return bud_error_memory(err, "comparisons");
	f->agreement = (bud_agreement){ .comparisons = f->comparisons,
					.readings = f->readings,
					.kernel = bud_replay_kernel(replay),
					.filter = &f->options->filter,
					.summary = &f->sum,
					.lost_events = bud_trace_lost(&f->bench->bundle->source->info),
					.marks_by_events = bud_replay_event_counts(replay)[BUD_EV_ZONE_WMARKS] > 0 };
	f->agreement.typechecks = bud_replay_typechecks(replay, &f->agreement.nr_typechecks);
	gather_comparisons(f, comparisons, nr);
	gather_readings(f, readings, nr_readings);
	bud_verify_sum_some(f->comparisons, f->agreement.nr_comparisons, f->bench->bundle->snapshots, nr_snapshots,
			    f->verdicts, &f->sum);
	bud_verify_sum_lists(f->readings, f->agreement.nr_readings, &f->lists);
	return BUD_OK;
}

/* The table asked for; NULL for the text. */
static bud_status find_table(const bud_options *options, const bud_agreement_table **table, bud_error *err)
{
	const char *name = options->sections ? options->sections : bud_agreement_tables[0].table.name;
	char known[128] = "";
	*table = NULL;
	if (options->format == BUD_FORMAT_TEXT && !options->sections)
		return BUD_OK;
	*table = bud_agreement_find(name);
	if (*table)
		return BUD_OK;
	for (size_t i = 0; i < BUD_NR_AGREEMENT_TABLES; i++) {
		size_t used = strlen(known);
		snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "", bud_agreement_tables[i].table.name);
	}
	return bud_error_set(err, BUD_ERR_USAGE, "--section %s: verify has one of %s", name, known);
}

static bud_status decisions(const bud_options *options, int *exit_code, bud_error *err)
{
	bud_workbench bench;
	bud_status status = bud_cmd_open(&bench, options, err);
	if (status)
		return status;
	status = bud_decisions_print(&bench, options, err);
	if (!status)
		bud_cmd_tell_damage(&bench, exit_code);
	bud_workbench_close(&bench);
	return status;
}

bud_status bud_cmd_verify(const bud_options *options, int *exit_code, bud_error *err)
{
	bud_workbench bench;
	bud_findings f = { .bench = &bench, .options = options };
	const bud_agreement_table *table;
	if (options->bench.seed == BUD_SEED_BOTH)
		return bud_error_set(
			err, BUD_ERR_USAGE,
			"--seed both knows the snapshots it would be compared with: verify takes first or every");
	if (options->decisions)
		return decisions(options, exit_code, err);
	bud_status status = find_table(options, &table, err);
	if (!status)
		status = bud_cmd_open(&bench, options, err);
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
		status = print_findings(&f, table, err);
	if (!status) {
		*exit_code = f.sum.exact ? BUD_EXIT_OK : f.sum.within ? BUD_EXIT_DAMAGED : BUD_EXIT_DIFFERS;
		bud_cmd_tell_damage(&bench, exit_code);
	}
	free(f.comparisons);
	free(f.readings);
	free(f.verdicts);
	bud_workbench_close(&bench);
	return status;
}
