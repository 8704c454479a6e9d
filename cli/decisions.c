/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/decisions.h"

#include <inttypes.h>
#include <string.h>

#include "cli/heat.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "lib/insight/audit.h"

#define ROOTS_SHOWN 5 /* of each question; all with --verbose */

static void print_root(const bud_tally_root *r, const bud_workbench *bench, FILE *out)
{
	char time[32];
	bud_heat_time(r->first_t_ns, bench->bundle->source->info.clock_is_ns, 6, time, sizeof time);
	bud_output_print(out, "    %8" PRIu64 "  %s", r->count, r->cause);
	if (r->zone)
		bud_output_print(out, ", node %d %s", r->node, r->zone);
	if (r->order >= 0)
		bud_output_print(out, ", order %d", r->order);
	if (r->type < BUD_MT_UNKNOWN)
		bud_output_print(out, " %s", bud_migratetype_name(r->type));
	if (r->pfn != BUD_PFN_NONE)
		bud_output_print(out, ", pfn %" PRIu64, r->pfn);
	bud_output_print(out, "; first at %s%s\n", time, r->uncertain ? ", with pages claimed uncertain" : "");
}

static void print_question(const bud_tally *tally, bud_question q, FILE *out)
{
	uint64_t asked = tally->answers[q].asked, agreed = tally->answers[q].agreed;
	bud_output_print(out, "%-12s ", bud_question_name(q));
	if (asked) {
		uint64_t milli = agreed * 100000 / asked;
		bud_output_print(out, "%9" PRIu64 " of %9" PRIu64 " agreed  %3" PRIu64 ".%03" PRIu64 "%%", agreed,
				 asked, milli / 1000, milli % 1000);
	} else {
		fputs("never asked                             ", out);
	}
	if (tally->answers[q].undecided)
		bud_output_print(out, "  %" PRIu64 " undecided", tally->answers[q].undecided);
	bud_output_print(out, "\n             %s\n", bud_question_text(q));
}

static void print_text(const bud_tally *tally, const bud_workbench *bench, bool verbose, FILE *out)
{
	bud_output_print(out, "the model's decisions, from the replayed state, against the kernel's, seed %s\n",
			 bud_seed_mode_name(bud_replay_seed(bench->replay)));
	for (int q = 0; q < BUD_NR_QUESTIONS; q++) {
		size_t roots = 0;
		uint64_t rest = 0;
		print_question(tally, (bud_question)q, out);
		for (size_t i = 0; i < tally->nr_roots; i++) {
			if (tally->roots[i].question != q)
				continue;
			if (roots++ < ROOTS_SHOWN || verbose)
				print_root(&tally->roots[i], bench, out);
			else
				rest += tally->roots[i].count;
		}
		if (rest)
			bud_output_print(out, "    %8" PRIu64 "  from %zu more roots\n", rest, roots - ROOTS_SHOWN);
	}
	if (tally->unrooted)
		bud_output_print(out, "%" PRIu64 " disagreements beyond the first %d roots are not listed\n",
				 tally->unrooted, BUD_TALLY_ROOTS);
}

static bud_status print_tally(const bud_tally *tally, const bud_workbench *bench, const bud_options *options,
			      bud_error *err)
{
	bud_output output;
	bool roots = options->sections && strcmp(options->sections, "decision_root") == 0;
	bud_status status = bud_output_open(&output, options->output, err);
	if (status)
		return status;
	bud_row_sink sink = bud_output_sink(&output, options->format);
	if (roots)
		status = bud_tally_write_roots(tally, &sink, err);
	else if (options->format == BUD_FORMAT_TEXT && !options->sections)
		print_text(tally, bench, options->verbose, output.out);
	else
		status = bud_tally_write(tally, &sink, err);
	bud_status closed = bud_output_close(&output, status ? NULL : err);
	return status ? status : closed;
}

bud_status bud_decisions_print(const bud_workbench *bench, const bud_options *options, bud_error *err)
{
	bud_audit audit;
	bud_progress progress;
	if (options->sections && strcmp(options->sections, "decision") != 0 &&
	    strcmp(options->sections, "decision_root") != 0)
		return bud_error_set(err, BUD_ERR_USAGE, "--section %s: --decisions has decision, decision_root",
				     options->sections);
	bud_audit_input input = { .snapshots = bench->bundle->snapshots,
				  .nr_snapshots = bench->bundle->nr_snapshots,
				  .sysctls = &bench->bundle->sysctls,
				  .nr_cpus = bench->bundle->source->info.nr_cpus };
	bud_status status = bud_audit_begin(&audit, bench->replay, &input, err);
	bud_progress_begin(&progress, &bench->bundle->source->info, options->quiet);
	if (!status)
		status = bud_progress_replay(&progress, bench->replay, BUD_TIME_NONE, err);
	bud_progress_end(&progress);
	bud_audit_end(&audit);
	if (!status)
		status = print_tally(&audit.tally, bench, options, err);
	bud_audit_fini(&audit);
	return status;
}
