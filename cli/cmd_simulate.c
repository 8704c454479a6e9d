/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cases.h"
#include "cli/cmd.h"
#include "cli/instants.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/simulate_text.h"
#include "lib/insight/simulated.h"

/* Which table is wanted. */
typedef enum wanted { TEXT, SERIES, HAPPENING, JUDGEMENT } wanted;

typedef struct run {
	const bud_options *options;
	bud_workbench *bench;
	bud_cases cases;
	bud_whatif *whatif;
	bud_progress progress;
	bud_instants instants;
	wanted wanted;
	bud_simulated series;
} run;

static bud_status go_to(run *r, uint64_t t_ns, bud_error *err)
{
	bud_status status = BUD_OK;
	for (bool done = false; !status && !done;) {
		uint64_t budget = 1 << 20;
		status = bud_whatif_run(r->whatif, t_ns, &budget, &done, err);
		bud_progress_show(&r->progress, "simulating", r->bench->replay);
	}
	return status;
}

static bud_status write_series(run *r, bud_row_sink *sink, bud_error *err)
{
	bud_status status = sink->begin(sink->self, &r->series.table, err);
	for (size_t i = 0; !status && i < r->instants.nr_ends; i++) {
		uint64_t t_ns = r->instants.ends[i];
		status = go_to(r, t_ns, err);
		if (!status)
			status = bud_simulated_rows(&r->series, r->whatif, r->cases.list, r->cases.nr, t_ns,
						    &r->bench->memory, &r->options->filter, sink, err);
	}
	return status ? status : sink->end(sink->self, err);
}

static bud_status write_table(run *r, bud_output *output, bud_error *err)
{
	bud_row_sink sink = bud_output_sink(output, r->options->format);
	if (r->wanted == SERIES)
		return write_series(r, &sink, err);
	bud_status status = go_to(r, BUD_TIME_NONE, err);
	bud_progress_end(&r->progress);
	if (status)
		return status;
	if (r->wanted == HAPPENING)
		return bud_simulated_happenings(r->whatif, r->cases.list, r->cases.nr,
						bud_simulate_near(r->whatif, r->bench), &sink, err);
	if (r->wanted == JUDGEMENT)
		return bud_simulated_judgements(r->whatif, r->cases.list, r->cases.nr, &r->options->filter, &sink, err);
	bud_simulate_print(r->whatif, &r->cases, r->bench, r->options, output->out);
	return BUD_OK;
}

static bud_status write_all(run *r, bud_error *err)
{
	bud_output output;
	bud_status status = bud_output_open(&output, r->options->output, err);
	if (status)
		return status;
	status = write_table(r, &output, err);
	bud_status closed = bud_output_close(&output, status ? NULL : err);
	return status ? status : closed;
}

/* What the options ask for together. */
static bud_status check_usage(run *r, bud_error *err)
{
	const bud_options *o = r->options;
	const char *name = o->sections;
	if (!!o->at + !!o->step + !!o->samples > 1)
		return bud_error_set(err, BUD_ERR_USAGE, "--at, --step and --samples: only one of them");
	if (!name && o->format != BUD_FORMAT_TEXT)
		return bud_error_set(err, BUD_ERR_USAGE, "--format csv, json and jsonl need -s SECTION");
	if (!name)
		return BUD_OK;
	const bud_section *section = bud_section_find(name);
	if (section) {
		r->wanted = SERIES;
		bud_simulated_init(&r->series, section);
	} else if (strcmp(name, "happening") == 0) {
		r->wanted = HAPPENING;
	} else if (strcmp(name, "judgement") == 0) {
		r->wanted = JUDGEMENT;
	} else {
		return bud_error_set(err, BUD_ERR_USAGE,
				     "--section %s: there are freelist, index, zone, happening, judgement", name);
	}
	return BUD_OK;
}

static bud_status begin(run *r, bud_error *err)
{
	bud_workbench *bench = r->bench;
	const bud_bundle *bundle = bench->bundle;
	const bud_settings_input settings = { .kernel = &bench->kernel,
					      .start = &bundle->sysctls,
					      .boot = &bundle->klog.boot,
					      .nr_cpus = bundle->source->info.nr_cpus };
	bud_status status = bud_cmd_check_filter(bench, r->options, err);
	if (!status)
		status = bud_cases_parse(&r->cases, r->options, bench, err);
	if (!status && r->wanted == SERIES)
		status = bud_instants_collect(&r->instants, r->options, bench, err);
	return status ? status
		      : bud_whatif_create(&r->whatif, bench->replay, bundle->source, &bench->kernel.gfp,
					  bundle->snapshots, bundle->nr_snapshots, &settings, r->cases.list,
					  r->cases.nr, err);
}

bud_status bud_cmd_simulate(const bud_options *options, int *exit_code, bud_error *err)
{
	bud_workbench bench;
	run r = { .options = options, .bench = &bench };
	bud_status status = check_usage(&r, err);
	if (!status)
		status = bud_cmd_open(&bench, options, err);
	if (status)
		return status;
	if (bud_trace_lost(&bench.bundle->source->info) || bud_trace_uncounted_gaps(&bench.bundle->source->info))
		bud_cmd_remark(options, "events were lost: requests and frees are missing from the simulation, too");
	bud_progress_begin(&r.progress, &bench.bundle->source->info, options->quiet);
	status = begin(&r, err);
	if (!status)
		status = write_all(&r, err);
	bud_progress_end(&r.progress);
	if (!status)
		bud_cmd_tell_damage(&bench, exit_code);
	bud_whatif_destroy(r.whatif);
	bud_instants_fini(&r.instants);
	bud_workbench_close(&bench);
	return status;
}
