/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cases.h"
#include "cli/cmd.h"
#include "cli/instants.h"
#include "cli/outputs.h"
#include "cli/progress.h"
#include "cli/simulate_text.h"
#include "lib/insight/simulated.h"

#define MAX_TABLES (BUD_NR_SECTIONS + BUD_NR_TALES + 2)

/* One table being written: of the state at instants, of what happened, of requests, or of the judgement. */
typedef enum table_kind { SERIES, HAPPENING, TALE, JUDGEMENT } table_kind;

typedef struct table {
	table_kind kind;
	bud_tale_kind tale;
	bud_simulated simulated; /* its shape: that of the section, and the case */
} table;

typedef struct run {
	const bud_options *options;
	bud_workbench *bench;
	bud_cases cases;
	bud_whatif *whatif;
	bud_progress progress;
	size_t nr;
	bool has_series;
	bud_tale_options tales;
	table list[MAX_TABLES];
	bud_outputs outputs; /* of the same numbers */
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

static bud_status write_instant(run *r, uint64_t t_ns, bud_error *err)
{
	bud_status status = BUD_OK;
	for (size_t i = 0; !status && i < r->nr; i++)
		if (r->list[i].kind == SERIES)
			status = bud_simulated_rows(&r->list[i].simulated, r->whatif, r->cases.list, r->cases.nr, t_ns,
						    &r->options->filter, &r->outputs.list[i].sink, err);
	return status;
}

static bud_status write_series(run *r, bud_error *err)
{
	bud_instants instants;
	bud_status status = bud_instants_collect(&instants, r->options, r->bench, err);
	for (size_t i = 0; !status && i < instants.nr_ends; i++) {
		status = go_to(r, instants.ends[i], err);
		if (!status)
			status = write_instant(r, instants.ends[i], err);
	}
	bud_instants_fini(&instants);
	return status;
}

/* What is known when all is over. */
static bud_status write_end(run *r, size_t i, bud_error *err)
{
	bud_row_sink *sink = &r->outputs.list[i].sink;
	const bud_whatif_case *cases = r->cases.list;
	size_t nr = r->cases.nr;
	uint64_t dropped = 0;
	bud_status status = BUD_OK;
	switch (r->list[i].kind) {
	case HAPPENING:
		return bud_simulated_happenings(r->whatif, cases, nr, bud_simulate_near(r->whatif, r->bench), sink,
						err);
	case JUDGEMENT:
		return bud_simulated_judgements(r->whatif, cases, nr, &r->options->filter, sink, err);
	case TALE:
		status = bud_simulated_tales(r->whatif, r->list[i].tale, cases, nr, sink, &dropped, err);
		if (dropped)
			bud_cmd_remark(r->options, "some rows are left out for want of memory, see --memory");
		return status;
	default:
		return BUD_OK;
	}
}

static bud_status write_tables(run *r, bud_error *err)
{
	bud_status status = bud_outputs_open(&r->outputs, err);
	if (!status && r->has_series)
		status = write_series(r, err);
	if (!status)
		status = go_to(r, BUD_TIME_NONE, err);
	bud_progress_end(&r->progress);
	for (size_t i = 0; !status && i < r->nr; i++)
		status = write_end(r, i, err);
	return bud_outputs_close(&r->outputs, status, err);
}

static bud_status write_text(run *r, bud_error *err)
{
	bud_output output;
	bud_status status = bud_output_open(&output, r->options->output, err);
	if (status)
		return status;
	status = go_to(r, BUD_TIME_NONE, err);
	bud_progress_end(&r->progress);
	if (!status)
		bud_simulate_print(r->whatif, &r->cases, r->bench, r->options, output.out);
	bud_status closed = bud_output_close(&output, status ? NULL : err);
	return status ? status : closed;
}

static bud_status add_table(run *r, const char *name, bud_error *err)
{
	table *t = &r->list[r->nr];
	const bud_section *section = bud_section_find(name);
	const bud_table *shape = NULL;
	t->tale = bud_tale_find(name);
	if (section) {
		t->kind = SERIES;
		bud_simulated_init(&t->simulated, &section->table, section);
		shape = &t->simulated.table;
	} else if (t->tale != BUD_NR_TALES) {
		t->kind = TALE;
		bud_simulated_init(&t->simulated, bud_tale_table(t->tale), NULL);
		shape = &t->simulated.table;
	} else if (strcmp(name, "happening") == 0) {
		t->kind = HAPPENING;
		shape = &bud_simulated_happening;
	} else if (strcmp(name, "judgement") == 0) {
		t->kind = JUDGEMENT;
		shape = &bud_simulated_judgement;
	} else {
		return bud_error_set(err, BUD_ERR_USAGE,
				     "--section %s: there are freelist, index, zone, episode, episode_part, stall, "
				     "steal, steal_pair, site, happening, judgement",
				     r->options->sections);
	}
	bud_status status = bud_outputs_add(&r->outputs, shape, err);
	if (status)
		return status;
	r->has_series |= section != NULL;
	r->tales.kinds |= t->kind == TALE ? 1u << t->tale : 0;
	r->nr++;
	return BUD_OK;
}

/* What the options ask for together. */
static bud_status check_usage(run *r, bud_error *err)
{
	const bud_options *o = r->options;
	if (!!o->at + !!o->step + !!o->samples > 1)
		return bud_error_set(err, BUD_ERR_USAGE, "--at, --step and --samples: only one of them");
	if (!o->sections && o->format != BUD_FORMAT_TEXT)
		return bud_error_set(err, BUD_ERR_USAGE, "--format csv, json and jsonl need -s SECTION");
	char *copy = o->sections ? strdup(o->sections) : NULL, *rest = copy;
	bud_status status = copy || !o->sections ? BUD_OK : bud_error_memory(err, "--section");
	for (char *word; !status && (word = strsep(&rest, ","));)
		status = add_table(r, word, err);
	free(copy);
	return status;
}

/* Who is to be left out must be there. */
static bud_status check_absence(const run *r, bud_error *err)
{
	for (size_t i = 0; i < r->cases.nr; i++) {
		const char *nobody = bud_whatif_nobody(r->whatif, i);
		if (nobody)
			return bud_error_set(
				err, BUD_ERR_USAGE,
				"without=%s: nobody of that name asks for memory; section site of report has the names",
				nobody);
	}
	return BUD_OK;
}

static bud_status begin(run *r, bud_error *err)
{
	bud_workbench *bench = r->bench;
	const bud_bundle *bundle = bench->bundle;
	const bud_settings_input settings = bud_workbench_settings_input(bench);
	bud_status status = bud_cmd_check_filter(bench, r->options, err);
	if (!status)
		status = bud_cases_parse(&r->cases, r->options, bench, err);
	r->tales.filter = &r->options->filter;
	r->tales.max_bytes = (size_t)r->options->memory << 20;
	if (!status)
		status =
			bud_options_range(r->options, &bundle->source->info, &r->tales.begin_ns, &r->tales.end_ns, err);
	if (!status)
		status = bud_whatif_create(&r->whatif, bench->replay, bundle->source, &bench->kernel.gfp,
					   bundle->snapshots, bundle->nr_snapshots, &settings, r->cases.list,
					   r->cases.nr, r->tales.kinds ? &r->tales : NULL, err);
	return status ? status : check_absence(r, err);
}

static void remark(void *options, const char *line)
{
	bud_cmd_remark(options, line);
}

bud_status bud_cmd_simulate(const bud_options *options, int *exit_code, bud_error *err)
{
	bud_workbench bench;
	run r = { .options = options, .bench = &bench, .outputs.options = options };
	if (options->list_sets) {
		bud_cases_print_keys(stdout);
		return BUD_OK;
	}
	bud_status status = check_usage(&r, err);
	if (!status)
		status = bud_cmd_open(&bench, options, err);
	if (status)
		return status;
	bud_progress_begin(&r.progress, &bench.bundle->source->info, options->quiet);
	status = begin(&r, err);
	if (!status && r.nr)
		bud_simulate_limits(r.whatif, &bench, remark, (void *)options);
	if (!status)
		status = r.nr ? write_tables(&r, err) : write_text(&r, err);
	bud_progress_end(&r.progress);
	if (!status)
		bud_cmd_tell_damage(&bench, exit_code);
	bud_whatif_destroy(r.whatif);
	bud_workbench_close(&bench);
	return status;
}
