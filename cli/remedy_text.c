/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/remedy_text.h"

#include <inttypes.h>
#include <string.h>

#include "cli/heat.h"
#include "cli/output.h"

#define CHANGE 36 /* columns of the table */

static const bud_trial_side *unchanged(const bud_remedy_text *r)
{
	return &r->trial->cases[0];
}

/* ---- the conclusion ---- */

static void print_trouble(const bud_remedy_text *r)
{
	char time[32];
	FILE *out = r->text->out;
	const bud_trial *t = r->trial;
	const bud_fate *own = &unchanged(r)->fates.own;
	const char *how = bud_fate_text(own->kind);
	if (own->kind == BUD_FATE_UNREACHED)
		bud_output_print(out, "Simulation can begin at %s only: of this request it tells nothing.\n",
				 bud_heat_time(t->start_ns, r->text->clock_is_ns, 6, time, sizeof time));
	else if (own->kind == BUD_FATE_REFUSED)
		bud_output_print(out, "The model cannot make it: %s.\n", bud_fate_failure_text(own->failure));
	else if (own->kind == BUD_FATE_LEFT_OUT)
		bud_output_print(out, "In the model it is not made: its task was killed before.\n");
	else if (own->kind == BUD_FATE_FAILED)
		bud_output_print(out, "The model fails it%s: %s.\n", t->setup->subject.failure ? ", too" : "",
				 bud_fate_failure_text(own->failure));
	else if (bud_trial_repeats(r->trial))
		bud_output_print(out, "The model serves it %s.\n", how);
	else
		bud_output_print(out, "The model serves it %s with nothing changed: it cannot tell.\n", how);
	if (bud_trial_by_chance(r->trial))
		bud_output_print(out, "Next to no change (~) serves it, too: for this one it cannot tell.\n");
	if (!bud_trial_tells(r->trial) && t->trace.failed > 1)
		bud_output_print(out,
				 "Of the %" PRIu64 " such requests that failed in the trace it fails %" PRIu64 ".\n",
				 t->trace.failed, unchanged(r)->fates.failed_too);
}

static void print_advice(const bud_remedy_text *r)
{
	FILE *out = r->text->out;
	size_t best = bud_trial_best(r->trial);
	if (!best) {
		bud_output_print(out, "Nothing that was tried helps.\n");
		return;
	}
	if (bud_trial_tells(r->trial))
		bud_output_print(out, "It is served %s with\n    ",
				 bud_fate_text(r->trial->cases[best].fates.own.kind));
	else
		bud_output_print(out, "Fewest such requests fail with\n    ");
	bud_output_wrap(out, 4, 4, r->remedies->cases[best].label);
	bud_output_print(out, "\n");
}

/* ---- the table ---- */

static void print_change(const bud_remedy_text *r, size_t which)
{
	char change[sizeof r->remedies->cases->label + sizeof *r->remedies->now + 8];
	FILE *out = r->text->out;
	const char *label = r->remedies->cases[which].label, *now = r->remedies->now[which];
	snprintf(change, sizeof change, "%s%s%s%s", which ? label : "nothing", *now ? " (is " : "", now,
		 *now ? ")" : "");
	bud_output_print(out, "  %c ",
			 bud_trial_helps(r->trial, which)	      ? '*'
			 : which && which == r->trial->setup->control ? '~'
								      : ' ');
	if (strlen(change) <= CHANGE) {
		bud_output_print(out, "%-*s", CHANGE, change);
		return;
	}
	bud_output_wrap(out, 4, 6, change);
	bud_output_print(out, "\n    %*s", CHANGE, "");
}

static void print_case(const bud_remedy_text *r, size_t which)
{
	FILE *out = r->text->out;
	const bud_trial_side *side = &r->trial->cases[which];
	char like[32], kept[32];
	snprintf(like, sizeof like, side->fates.failed_newly ? "%" PRIu64 "+%" PRIu64 : "%" PRIu64,
		 side->fates.failed_too, side->fates.failed_newly);
	snprintf(kept, sizeof kept, which ? "%+" PRId64 : "%" PRId64,
		 (int64_t)side->low_pages - (which ? (int64_t)unchanged(r)->low_pages : 0));
	print_change(r, which);
	bud_output_print(out, " %-16s %6s %7s %7" PRIu64 "\n", bud_fate_text(side->fates.own.kind), like, kept,
			 side->count[BUD_MEASURE_RECLAIMS] + side->count[BUD_MEASURE_COMPACTIONS]);
}

static void print_table(const bud_remedy_text *r)
{
	FILE *out = r->text->out;
	bud_output_print(out, "\n    %-*s %-16s %6s %7s %7s\n", CHANGE, "changed", "this request", "alike", "kept",
			 "stalls");
	for (size_t i = 0; i < r->remedies->nr; i++)
		print_case(r, i);
	bud_output_print(out,
			 "  alike: of %" PRIu64 " such requests that failed in the trace, fail here; + others\n"
			 "  kept: free pages below which kswapd is woken, of all zones; then how many more\n"
			 "  stalls: direct reclaims and compactions, of all requests\n"
			 "  * %s\n",
			 r->trial->trace.failed,
			 bud_trial_tells(r->trial) ? "it fares well, and no more such requests fail"
						   : "fewer such requests fail than with nothing or ~ changed");
	if (r->trial->setup->control)
		bud_output_print(out, "  ~ next to no change: where it differs from nothing, chance decides\n");
}

static void print_judgement(const bud_remedy_text *r)
{
	static const bud_measure shown[] = { BUD_MEASURE_FALLBACKS,   BUD_MEASURE_WAKES,    BUD_MEASURE_RECLAIMS,
					     BUD_MEASURE_COMPACTIONS, BUD_MEASURE_FAILURES, BUD_MEASURE_OOM_KILLS };
	const bud_trial_side *trace = &r->trial->trace;
	FILE *out = r->text->out;
	bud_output_print(out, "\n  how far to trust the model: happenings in the trace / in it, unchanged\n ");
	for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
		bud_output_print(out, "%s %s %" PRIu64 "/%" PRIu64,
				 i == 3 ? ",\n "
				 : i	? ","
					: "",
				 bud_measure_name(shown[i]), trace->count[shown[i]], unchanged(r)->count[shown[i]]);
	bud_output_print(out, "\n");
}

static void print_head(FILE *out)
{
	bud_output_print(out, "\nSIMULATED: what would have helped, by a model of the allocator\n");
}

void bud_remedy_text_print(const bud_remedy_text *remedy)
{
	const bud_remedy_text *r = remedy;
	print_head(r->text->out);
	if (r->narrowed)
		bud_output_print(r->text->out, "Here it may use all its zones, not only those asked above.\n");
	print_trouble(r);
	if (bud_trial_repeats(r->trial) || unchanged(r)->fates.failed_too) {
		print_advice(r);
		print_table(r);
	}
	if (r->trial->made || unchanged(r)->fates.own.kind != BUD_FATE_UNREACHED)
		print_judgement(r);
}

void bud_remedy_text_untried(const bud_explain_text *text, const char *why)
{
	print_head(text->out);
	bud_output_print(text->out, "Not tried: %s.\n", why);
}
