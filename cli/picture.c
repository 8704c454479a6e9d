/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/picture.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/heat.h"
#include "cli/output.h"
#include "cli/progress.h"

#define LABEL	5 /* " ord " */
#define READOUT 9 /* the value at the end of a row */

typedef struct picture {
	const bud_workbench *bench;
	const bud_timeline *timeline;
	size_t nr_columns;
	int width; /* of the paper */
	int colors;
	bool light;
	int pen; /* the level whose colours are set */
	FILE *out;
} picture;

/* One digit over its colour; a run of one colour is said once. */
static void print_cell(picture *p, char glyph, int level)
{
	bud_heat_colors c = bud_heat_color(p->colors, BUD_PALETTE_CIVIDIS, level, p->light);
	if (p->colors && level != p->pen) {
		if (c.back < 0)
			fputs("\033[0m", p->out);
		else if (p->colors == 8)
			fprintf(p->out, "\033[%d;%dm", 40 + c.back, 30 + c.fore);
		else if (p->colors == BUD_HEAT_DIRECT)
			fprintf(p->out, "\033[48;2;%d;%d;%d;38;2;%d;%d;%dm", c.back >> 16, c.back >> 8 & 0xff,
				c.back & 0xff, c.fore >> 16, c.fore >> 8 & 0xff, c.fore & 0xff);
		else
			fprintf(p->out, "\033[48;5;%d;38;5;%dm", c.back, c.fore);
		p->pen = level;
	}
	fputc(glyph, p->out);
}

static void end_cells(picture *p)
{
	if (p->pen)
		fputs("\033[0m", p->out);
	p->pen = 0;
}

static const bud_zone_sample *sample_at(const picture *p, size_t column, size_t zone)
{
	const bud_zone_sample *sample = bud_timeline_sample(p->timeline, column, zone);
	return sample->known ? sample : NULL;
}

static void print_orders(picture *p, size_t zone, const bud_section_filter *filter, int max_order)
{
	char text[16];
	int top = filter->order_max < max_order ? filter->order_max : max_order;
	for (int k = top; k >= filter->order_min; k--) {
		bud_output_print(p->out, " %3d ", k);
		for (size_t c = 0; c < p->nr_columns; c++) {
			const bud_zone_sample *s = sample_at(p, c, zone);
			int level = s ? bud_heat_level(s->nr_free[k]) : 0;
			print_cell(p, s ? bud_heat_digit(level) : '?', level);
		}
		end_cells(p);
		const bud_zone_sample *last = sample_at(p, p->nr_columns - 1, zone);
		bud_output_print(p->out, "%*s\n", READOUT,
				 bud_heat_count(last ? last->nr_free[k] : BUD_UNKNOWN, text, sizeof text));
	}
}

static void print_marks(picture *p, size_t zone)
{
	bud_output_print(p->out, "  wm ");
	for (size_t c = 0; c < p->nr_columns; c++) {
		const bud_zone_sample *s = sample_at(p, c, zone);
		print_cell(p, s ? bud_heat_wm(s->wm_state) : '?', 0);
	}
	const bud_zone_sample *last = sample_at(p, p->nr_columns - 1, zone);
	bud_output_print(p->out, "%*s\n", READOUT, bud_heat_wm_text(last ? last->wm_state : BUD_WM_UNKNOWN));
}

static void print_index(const picture *p, size_t zone, int order, bool extfrag)
{
	bud_output_print(p->out, " %c%-2d ", extfrag ? 'x' : 'u', order);
	int32_t milli = 0;
	bool known = false;
	for (size_t c = 0; c < p->nr_columns; c++) {
		const bud_zone_sample *s = sample_at(p, c, zone);
		known = s != NULL;
		milli = !s ? 0 : extfrag ? s->extfrag_milli[order] : s->unusable_milli[order];
		fputc(s ? bud_heat_index(milli) : '?', p->out);
	}
	if (known)
		bud_output_print(p->out, "%*.3f\n", READOUT, milli / 1000.0);
	else
		bud_output_print(p->out, "%*s\n", READOUT, "?");
}

/* Times stand over the picture where they begin, as many as fit. */
static void print_axis(const picture *p, const char *readout)
{
	const bud_trace_info *info = &p->bench->bundle->source->info;
	char line[1024], text[32];
	size_t room = p->nr_columns < sizeof line - 40 ? p->nr_columns : sizeof line - 40;
	memset(line, ' ', sizeof line);
	for (size_t c = 0; c + 12 <= room; c += room / 4 > 14 ? room / 4 : 14) {
		bud_heat_time(p->timeline->columns[c].t_begin_ns, info->clock_is_ns, 2, text, sizeof text);
		memcpy(line + c, text, strlen(text));
	}
	bud_output_print(p->out, " ord %.*s%*s\n", (int)room, line, READOUT, readout);
}

static void print_zone_head(const picture *p, const bud_zone *zone, size_t z)
{
	char managed[16], free[16], min[16], low[16], high[16], why[BUD_UNCERTAINTY_LIST];
	int shift = bud_replay_kernel(p->bench->replay)->page_shift;
	const bud_zone_sample *last = sample_at(p, p->nr_columns - 1, z);
	bud_output_print(p->out, "\nnode %d %s  %s%s  free at end %s  marks %s/%s/%s", zone->node, zone->name,
			 bud_heat_size(zone->managed == BUD_UNKNOWN ? zone->spanned : zone->managed, shift, managed,
				       sizeof managed),
			 zone->assumed ? " (assumed)" : "",
			 bud_heat_size(last ? last->free_pages : BUD_UNKNOWN, shift, free, sizeof free),
			 bud_heat_size(zone->marks.min, shift, min, sizeof min),
			 bud_heat_size(zone->marks.low, shift, low, sizeof low),
			 bud_heat_size(zone->marks.high, shift, high, sizeof high));
	if (last && last->uncertain_pages)
		bud_output_print(p->out, "  +-%" PRIu64 " pages by %s", last->uncertain_pages,
				 bud_uncertainty_list(last->uncertain, why));
	fputc('\n', p->out);
}

static void print_events(const picture *p)
{
	bud_output_print(p->out, "  ev ");
	for (size_t c = 0; c < p->nr_columns; c++)
		fputc(bud_heat_event(&p->timeline->columns[c]), p->out);
	fputc('\n', p->out);
}

/* Where only changes are known: what they come to. */
static void print_changes(const picture *p, const bud_section_filter *filter)
{
	const bud_memory *memory = bud_replay_memory(p->bench->replay);
	bud_output_print(p->out, "\nfree blocks at the end against the start of the trace, as order:change\n");
	for (size_t z = 0; z < memory->nr_zones; z++) {
		const bud_zone *zone = &memory->zones[z];
		const bud_zone_sample *last = bud_timeline_sample(p->timeline, p->nr_columns - 1, z);
		int64_t pages = 0;
		if (!last->followed || !bud_section_wants_zone(filter, zone->node, zone->name))
			continue;
		for (int k = 0; k <= zone->buddy.max_order; k++)
			pages += ((int64_t)last->nr_free[k] - last->base[k]) * ((int64_t)1 << k);
		bud_output_print(p->out, "  node %d %-8s %+" PRId64 " pages ", zone->node, zone->name, pages);
		for (int k = 0; k <= zone->buddy.max_order; k++)
			if ((int64_t)last->nr_free[k] != last->base[k])
				bud_output_print(p->out, " %d:%+" PRId64, k, (int64_t)last->nr_free[k] - last->base[k]);
		fputc('\n', p->out);
	}
}

/* Why there is nothing to start from. */
static const char *unknown_because(const bud_replay *replay)
{
	return bud_replay_lacks(replay) & BUD_LACKS_REFUSED ? "the trace holds only part of the machine"
	       : bud_replay_seed(replay) == BUD_SEED_NONE   ? "no seed is asked for"
							    : "no snapshot of kpageflags to start from";
}

/* What can be shown of a trace without a seed: how much went on. */
static void print_activity(picture *p)
{
	static const struct {
		bud_event_kind kind;
		const char *label;
	} rows[] = {
		{ BUD_EV_ALLOC, "al" }, { BUD_EV_FREE, "fr" }, { BUD_EV_ZONE_LOCKED, "zl" }, { BUD_EV_PCPU_DRAIN, "dr" }
	};
	bud_output_print(p->out, "\nfree lists unknown: %s; what went on:\n", unknown_because(p->bench->replay));
	print_axis(p, "in all");
	for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
		uint64_t sum = 0;
		char text[16];
		bud_output_print(p->out, "  %s ", rows[r].label);
		for (size_t c = 0; c < p->nr_columns; c++) {
			uint64_t count = p->timeline->columns[c].events[rows[r].kind];
			int level = bud_heat_level(count);
			print_cell(p, bud_heat_digit(level), level);
			sum += count;
		}
		end_cells(p);
		bud_output_print(p->out, "%*s\n", READOUT, bud_heat_count(sum, text, sizeof text));
	}
	print_events(p);
	bud_output_print(p->out,
			 "\nevents a column %s\n"
			 "al mm_page_alloc  fr mm_page_free  zl its zone_locked  dr mm_page_pcpu_drain\n",
			 BUD_HEAT_SCALE);
}

static bool is_ever_known(const picture *p, size_t zone)
{
	for (size_t c = 0; c < p->nr_columns; c++)
		if (sample_at(p, c, zone))
			return true;
	return false;
}

static void print_zone(picture *p, size_t z, const bud_section_filter *filter)
{
	const bud_zone *zone = &bud_replay_memory(p->bench->replay)->zones[z];
	const bud_kernel *kernel = bud_replay_kernel(p->bench->replay);
	int order = kernel->pageblock_order < zone->buddy.max_order ? kernel->pageblock_order : zone->buddy.max_order;
	print_zone_head(p, zone, z);
	print_axis(p, "at end");
	print_orders(p, z, filter, zone->buddy.max_order);
	print_marks(p, z);
	print_index(p, z, order, true);
	print_index(p, z, order, false);
	print_events(p);
}

static bool has_events(const picture *p)
{
	return p->bench->bundle->source->info.first_ns != BUD_TIME_NONE;
}

static void print_span(const picture *p, const bud_options *options)
{
	bool is_ns = p->bench->bundle->source->info.clock_is_ns;
	char first[32], last[32];
	bud_heat_time(p->timeline->columns[0].t_begin_ns, is_ns, 3, first, sizeof first);
	bud_heat_time(p->timeline->columns[p->nr_columns - 1].t_end_ns, is_ns, 3, last, sizeof last);
	bud_output_print(p->out, "%s .. %s, %zu columns, each the %s of its time\n", first, last, p->nr_columns,
			 bud_fold_name(bud_options_fold(options, BUD_FOLD_WORST)));
}

static void print_head(const picture *p, const bud_options *options)
{
	const bud_bundle *bundle = p->bench->bundle;
	const bud_trace_info *info = &bundle->source->info;
	bud_output_print(p->out, "buddyscope %s  kernel %s %s  replay, seed %s\n", bundle->name,
			 *bundle->release ? bundle->release : "?", *bundle->machine ? bundle->machine : "?",
			 bud_seed_mode_name(bud_replay_seed(p->bench->replay)));
	if (has_events(p))
		print_span(p, options);
	else
		bud_output_print(p->out, "no events\n");
	bud_output_print(p->out, "lost events %" PRIu64, bud_trace_lost(info));
	if (bud_trace_uncounted_gaps(info))
		bud_output_print(p->out, " and %" PRIu64 " gaps nobody counted", bud_trace_uncounted_gaps(info));
	bud_output_print(p->out, "; zones: %s\n", p->bench->zones_from);
}

static void print_legend(const picture *p)
{
	bud_output_print(p->out,
			 "\n%s\n"
			 "x extfrag index (. would succeed)  u unusable index, in tenths\n"
			 "wm free memory is H above high, L above low, M above min, ! not above min\n",
			 BUD_HEAT_LEGEND);
}

/* One word of a list that goes on over lines; at is where the line stands. */
static void print_listed(const picture *p, const char *word, int *at)
{
	enum { INDENT = 14 };
	int length = (int)strlen(word);
	if (*at > INDENT && *at + 2 + length >= p->width) {
		bud_output_print(p->out, ",\n%*s", INDENT, "");
		*at = INDENT;
	} else if (*at > INDENT) {
		bud_output_print(p->out, ", ");
		*at += 2;
	}
	bud_output_print(p->out, "%s", word);
	*at += length;
}

/* The events of the picture's time, a paragraph for each system. */
static void print_counts(const picture *p)
{
	uint64_t failed = 0, sums[BUD_NR_EVENT_KINDS] = { 0 };
	const char *system = "";
	int at = 0;
	for (size_t c = 0; c < p->nr_columns; c++) {
		for (int k = 0; k < BUD_NR_EVENT_KINDS; k++)
			sums[k] += p->timeline->columns[c].events[k];
		failed += p->timeline->columns[c].failed_allocations;
	}
	bud_output_print(p->out, "\nevents, with %" PRIu64 " failed allocations", failed);
	for (int k = 0; k < BUD_EV_LOST; k++) {
		char word[80];
		if (!sums[k])
			continue;
		if (strcmp(system, bud_event_system((bud_event_kind)k)) != 0) {
			system = bud_event_system((bud_event_kind)k);
			at = 14;
			bud_output_print(p->out, "\n  %-12s", system);
		}
		snprintf(word, sizeof word, "%s %" PRIu64, bud_event_name((bud_event_kind)k), sums[k]);
		print_listed(p, word, &at);
	}
	bud_output_print(p->out, "\n");
}

static void print_verdict(const picture *p, const bud_verdict *v)
{
	char time[32];
	bud_heat_time(v->snapshot->t_ns, p->bench->bundle->source->info.clock_is_ns, 3, time, sizeof time);
	bud_output_print(p->out, "  %-16s %12s  ", v->snapshot->name, time);
	if (!v->compared)
		bud_output_print(p->out, "not compared\n");
	else if (v->exact)
		bud_output_print(p->out, "exact\n");
	else
		bud_output_print(p->out, "off by %" PRIu64 " pages, %u of %u zones exact\n", v->free_error,
				 v->nr_exact_zones, v->nr_zones);
}

static void print_drift(const picture *p, const bud_verdict *verdicts, const bud_verify_summary *sum, bool verbose)
{
	if (sum->nr_compared == 0) {
		bud_output_print(p->out, "\ndrift unknown: %s to compare with\n",
				 sum->nr_snapshots ? "free lists are not known" : "no snapshot");
		return;
	}
	bud_output_print(p->out, "\ndrift: exact at %zu of %zu snapshots, mean |error| %.1f pages\n", sum->nr_exact,
			 sum->nr_snapshots, bud_verify_mean_error(sum));
	for (size_t i = 1; i < p->bench->bundle->nr_snapshots; i++)
		if (verbose || !verdicts[i].exact)
			print_verdict(p, &verdicts[i]);
}

static void print_all(picture *p, const bud_options *options, const bud_verdict *verdicts,
		      const bud_verify_summary *sum)
{
	const bud_memory *memory = bud_replay_memory(p->bench->replay);
	size_t nr_known = 0;
	print_head(p, options);
	if (!has_events(p))
		return;
	for (size_t z = 0; z < memory->nr_zones; z++) {
		if (!bud_section_wants_zone(&options->filter, memory->zones[z].node, memory->zones[z].name))
			continue;
		if (is_ever_known(p, z)) {
			print_zone(p, z, &options->filter);
			nr_known++;
		} else {
			print_zone_head(p, &memory->zones[z], z);
		}
	}
	if (nr_known)
		print_legend(p);
	else
		print_activity(p);
	if (bud_replay_seed(p->bench->replay) == BUD_SEED_NONE &&
	    !(bud_replay_lacks(p->bench->replay) & BUD_LACKS_REFUSED))
		print_changes(p, &options->filter);
	bud_output_print(p->out, "ev %s\n", BUD_HEAT_EVENTS);
	print_counts(p);
	print_drift(p, verdicts, sum, options->verbose);
}

static bud_status replay_all(bud_workbench *bench, const bud_options *options, size_t nr_columns,
			     bud_timeline **timeline, bud_error *err)
{
	uint64_t begin, end;
	bud_progress progress;
	bud_status status = bud_options_range(options, &bench->bundle->source->info, &begin, &end, err);
	if (!status)
		status = bud_timeline_create_even(timeline, bench->replay, begin, end, nr_columns,
						  bud_options_fold(options, BUD_FOLD_WORST), err);
	bud_progress_begin(&progress, &bench->bundle->source->info, options->quiet);
	if (!status)
		status = bud_progress_timeline(&progress, *timeline, bench->replay, err);
	if (!status)
		status = bud_progress_replay(&progress, bench->replay, BUD_TIME_NONE, err);
	bud_progress_end(&progress);
	return status;
}

bud_status bud_picture_report(bud_workbench *bench, const bud_options *options, bud_error *err)
{
	bud_output output;
	bud_timeline *timeline = NULL;
	bud_verify_summary sum;
	bud_verdict *verdicts = calloc(bench->bundle->nr_snapshots + 1, sizeof *verdicts);
	bud_status status =
		verdicts ? bud_output_open(&output, options->output, err) : bud_error_memory(err, "verdicts");
	if (status) {
		free(verdicts);
		return status;
	}
	int width = bud_output_width(output.out);
	picture p = { .bench = bench,
		      .width = width,
		      .nr_columns = (size_t)(options->samples ? options->samples : width - LABEL - READOUT),
		      .colors = bud_output_colors(options->color, output.out),
		      .light = bud_output_light(options->theme),
		      .out = output.out };
	status = replay_all(bench, options, p.nr_columns, &timeline, err);
	p.timeline = timeline;
	if (!status) {
		bud_verify_sum(bench->replay, bench->bundle->snapshots, bench->bundle->nr_snapshots, verdicts, &sum);
		print_all(&p, options, verdicts, &sum);
	}
	bud_status closed = bud_output_close(&output, status ? NULL : err);
	bud_timeline_destroy(timeline);
	free(verdicts);
	return status ? status : closed;
}
