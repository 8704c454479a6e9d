/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/verify_text.h"

#include <inttypes.h>
#include <string.h>

#include "cli/heat.h"
#include "cli/output.h"
#include "cli/verify_types.h"

static bool wants_order(const bud_findings *f, unsigned order)
{
	return (int)order >= f->options->filter.order_min && (int)order <= f->options->filter.order_max;
}

static int64_t difference(const bud_comparison *c, unsigned order)
{
	return (int64_t)(c->model[order] - c->kernel->nr_free[order]);
}

static void print_difference(const bud_findings *f, const bud_comparison *c, FILE *out)
{
	bud_output_print(out, "%+" PRId64 " pages ", c->free_error);
	for (unsigned k = 0; k < c->nr_orders; k++)
		if (difference(c, k) && wants_order(f, k))
			bud_output_print(out, " %u:%+" PRId64, k, difference(c, k));
}

static void print_count(FILE *out, const char *name, uint64_t kernel, uint64_t model)
{
	char text[2][24] = { "?", "?" };
	if (kernel != BUD_UNKNOWN)
		snprintf(text[0], sizeof text[0], "%" PRIu64, kernel);
	if (model != BUD_UNKNOWN)
		snprintf(text[1], sizeof text[1], "%" PRIu64, model);
	bud_output_print(out, "    %-10s kernel %s  replay %s", name, text[0], text[1]);
}

static void print_side(const bud_findings *f, const bud_comparison *c, const uint64_t *blocks, const char *who,
		       FILE *out)
{
	bud_output_print(out, "    blocks     %s", who);
	for (unsigned k = 0; k < c->nr_orders; k++)
		if (wants_order(f, k))
			bud_output_print(out, " %6" PRIu64, blocks[k]);
	fputc('\n', out);
}

static char *marks_text(uint64_t min, uint64_t low, uint64_t high, uint64_t boost, char *text, size_t size)
{
	snprintf(text, size, "%" PRIu64 "/%" PRIu64 "/%" PRIu64, min, low, high);
	if (boost != BUD_UNKNOWN && boost)
		snprintf(text + strlen(text), size - strlen(text), " boost %" PRIu64, boost);
	return text;
}

static void print_marks(const bud_findings *f, const bud_reading *r, FILE *out)
{
	const bud_zone_info *k = r->kernel;
	const bud_zone_marks *m = &r->marks;
	char kernel[96], replay[96];
	bud_output_print(out, "    marks      kernel %s  ",
			 marks_text(k->min, k->low, k->high, k->boost, kernel, sizeof kernel));
	if (m->min == BUD_UNKNOWN) {
		fputs("read from here\n", out);
		return;
	}
	bud_marks_move move = bud_verify_marks(r);
	bud_output_print(out, "replay %s by %s%s%s\n",
			 marks_text(m->min, m->low, m->high, m->boost, replay, sizeof replay),
			 f->agreement.marks_by_events ? "events" : "the snapshot before", move ? "; moved by " : "",
			 move ? bud_marks_move_name(move) : "");
}

static void print_reading(const bud_findings *f, const bud_reading *r, FILE *out)
{
	print_count(out, "per-CPU", bud_verify_kernel_cached(r->kernel), r->known ? r->cached_pages : BUD_UNKNOWN);
	if (r->known && r->unknown_pages != BUD_UNKNOWN)
		bud_output_print(out, " + some of %" PRIu64 " not named since the seed", r->unknown_pages);
	fputc('\n', out);
	print_marks(f, r, out);
}

/* The kernel's numbers and the replay's, one above or beside the other. */
static void print_both(const bud_findings *f, const bud_comparison *c, FILE *out)
{
	const bud_reading *r = bud_verify_reading(f->agreement.readings, f->agreement.nr_readings, c);
	print_count(out, "free", bud_verify_kernel_free(c), bud_verify_model_free(c));
	fputc('\n', out);
	print_side(f, c, c->kernel->nr_free, "kernel", out);
	print_side(f, c, c->model, "replay", out);
	if (r)
		print_reading(f, r, out);
}

static void print_zone(const bud_findings *f, const bud_comparison *c, FILE *out)
{
	char cause[BUD_UNCERTAINTY_CAUSE];
	if (c->exact && !f->options->verbose)
		return;
	bud_output_print(out, "  node %d %-8s ", c->kernel->node, c->kernel->name);
	if (c->exact)
		fputs("exact", out);
	else
		print_difference(f, c, out);
	if (c->uncertain_pages)
		bud_output_print(out, "  +-%" PRIu64 " pages claimed", c->uncertain_pages);
	bud_verify_cause(c, f->agreement.kernel, cause);
	bud_output_print(out, "%s%s\n", *cause ? "  by " : "", cause);
	if (f->options->verbose)
		print_both(f, c, out);
}

static void print_verdict(const bud_verdict *v, bool first, const bud_replay *replay, FILE *out)
{
	if (first)
		fputs("the first: not counted\n", out);
	else if (v->snapshot->t_ns == BUD_TIME_NONE)
		fputs("not compared: no time in the trace\n", out);
	else if (!v->nr_zones)
		fputs("not compared: no buddyinfo\n", out);
	else if (!v->compared)
		bud_output_print(out, "not compared: %s\n",
				 bud_replay_lacks(replay) & BUD_LACKS_REFUSED
					 ? "the trace holds only part of the machine"
				 : bud_replay_seed(replay) == BUD_SEED_NONE ? "without a seed only changes are known"
									    : "no seed before it");
	else if (v->exact)
		fputs("exact\n", out);
	else
		bud_output_print(out, "%u of %u zones exact\n", v->nr_exact_zones, v->nr_zones);
}

static void print_snapshot(const bud_findings *f, size_t i, FILE *out)
{
	const bud_verdict *v = &f->verdicts[i];
	char time[32];
	bud_heat_time(v->snapshot->t_ns, f->bench->bundle->source->info.clock_is_ns, 6, time, sizeof time);
	bud_output_print(out, "%-16s %14s  ", v->snapshot->name, time);
	print_verdict(v, i == 0, f->bench->replay, out);
	for (size_t k = 0; k < f->agreement.nr_comparisons && v->compared; k++)
		if (f->comparisons[k].snapshot == v->snapshot)
			print_zone(f, &f->comparisons[k], out);
}

/* Per-CPU lists and marks at all readings. */
static void print_lists(const bud_findings *f, FILE *out)
{
	const bud_verify_lists *l = &f->lists;
	if (l->nr)
		bud_output_print(out,
				 "per-CPU lists at %zu readings: mean %.1f pages, mean |difference| %.1f; "
				 "%zu within the pages unknown\n",
				 l->nr, (double)l->cached / (double)l->nr, (double)l->cached_error / (double)l->nr,
				 l->nr_within);
	if (!l->nr_marks)
		return;
	bud_output_print(out, "watermarks at %zu of %zu readings as %s had told", l->marks[BUD_MARKS_SAME], l->nr_marks,
			 f->agreement.marks_by_events ? "events" : "the snapshot before");
	const char *separator = "; moved by ";
	for (int move = BUD_MARKS_BOOST; move < BUD_NR_MARKS_MOVES; move++) {
		if (!l->marks[move])
			continue;
		bud_output_print(out, "%s%s at %zu", separator, bud_marks_move_name((bud_marks_move)move),
				 l->marks[move]);
		separator = ", by ";
	}
	fputc('\n', out);
}

void bud_verify_text_print(const bud_findings *findings, FILE *out)
{
	const bud_findings *f = findings;
	const bud_bundle *bundle = f->bench->bundle;
	const bud_verify_summary *sum = &f->sum;
	bud_output_print(out,
			 "replay against /proc/buddyinfo, seed %s; differences are replay - kernel, as order:blocks\n",
			 bud_seed_mode_name(bud_replay_seed(f->bench->replay)));
	for (int k = 0; k < BUD_NR_LACKS; k++)
		if (bud_replay_lacks(f->bench->replay) & BUD_LACK_BIT(k))
			bud_output_print(out, "%s\n", bud_lack_text((bud_lack)k));
	for (size_t i = 0; i < bundle->nr_snapshots; i++)
		print_snapshot(f, i, out);
	print_lists(f, out);
	bud_verify_types_print(f->bench->replay, f->options, out);
	bud_output_print(out, "exact %zu of %zu snapshots, %zu of %zu zones; ", sum->nr_exact, sum->nr_snapshots,
			 sum->nr_exact_zones, sum->nr_zones);
	if (sum->nr_compared)
		bud_output_print(out, "mean |error| %.1f pages; ", bud_verify_mean_error(sum));
	bud_output_print(out, "lost events %" PRIu64 "\n", bud_trace_lost(&bundle->source->info));
}
