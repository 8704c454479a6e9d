/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cmd.h"
#include "cli/heat.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/settings_text.h"

typedef struct facts {
	const bud_workbench *bench;
	const bud_trace_info *info;
	const bud_event_count *counts;
	size_t nr_counts;
	uint64_t failed_allocations;
} facts;

static const char *or_unknown(const char *text)
{
	return text && *text ? text : "?";
}

static void json_zones(bud_json *json, const bud_memory *memory)
{
	bud_json_open(json, "nodes", '[');
	for (size_t i = 0; i < memory->nr_zones; i++)
		if (i == 0 || memory->zones[i].node != memory->zones[i - 1].node)
			bud_json_value(json, NULL, bud_value_int(memory->zones[i].node));
	bud_json_close(json, ']');
	bud_json_open(json, "zones", '[');
	for (size_t i = 0; i < memory->nr_zones; i++) {
		const bud_zone *zone = &memory->zones[i];
		bud_json_open(json, NULL, '{');
		bud_json_value(json, "node", bud_value_int(zone->node));
		bud_json_value(json, "zone", bud_value_text(zone->name));
		bud_json_value(json, "start_pfn", bud_value_uint(zone->start_pfn));
		bud_json_value(json, "spanned", bud_value_uint(zone->spanned));
		bud_json_value(json, "present", bud_value_uint(zone->present));
		bud_json_value(json, "managed", bud_value_uint(zone->managed));
		bud_json_value(json, "assumed", bud_value_bool(zone->assumed));
		bud_json_close(json, '}');
	}
	bud_json_close(json, ']');
}

static void json_snapshots(bud_json *json, const bud_bundle *bundle)
{
	bud_json_open(json, "snapshots", '[');
	for (size_t i = 0; i < bundle->nr_snapshots; i++) {
		const bud_snapshot *s = &bundle->snapshots[i];
		bud_json_open(json, NULL, '{');
		bud_json_value(json, "name", bud_value_text(s->name));
		bud_json_value(json, "t_ns", bud_value_uint(s->t_ns));
		bud_json_open(json, "files", '[');
		for (size_t k = 0; k < s->nr_files; k++)
			bud_json_value(json, NULL, bud_value_text(s->files[k]));
		bud_json_close(json, ']');
		bud_json_close(json, '}');
	}
	bud_json_close(json, ']');
}

static void json_features(bud_json *json, const bud_kernel *kernel)
{
	bud_json_open(json, "kernel_features", '{');
	for (int i = 0; i < BUD_NR_KERNEL_FEATURES; i++)
		bud_json_value(json, bud_kernel_feature_name((bud_kernel_feature)i), bud_value_int(kernel->value[i]));
	bud_json_close(json, '}');
}

/* Two systems may have events of one name; a JSON object has each key once. */
static bool is_first_of_name(const facts *f, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (strcmp(f->counts[k].name, f->counts[i].name) == 0)
			return false;
	return true;
}

static uint64_t count_of_name(const facts *f, const char *name)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < f->nr_counts; i++)
		if (strcmp(f->counts[i].name, name) == 0)
			sum += f->counts[i].count;
	return sum;
}

static void json_contradictions(const facts *f, bud_json *json)
{
	const bud_contradiction_count *odd = bud_replay_contradictions(f->bench->replay);
	bud_json_open(json, "contradictions", '{');
	for (int i = 0; i < BUD_NR_CONTRADICTIONS; i++) {
		bud_json_open(json, bud_contradiction_name((bud_contradiction)i), '{');
		bud_json_value(json, "count", bud_value_uint(odd[i].count));
		bud_json_open(json, "examples", '[');
		for (unsigned k = 0; k < bud_contradiction_examples(&odd[i]); k++) {
			const bud_contradiction_example *e = &odd[i].examples[k];
			bud_json_open(json, NULL, '{');
			bud_json_value(json, "t_ns", bud_value_uint(e->t_ns));
			bud_json_value(json, "cpu", bud_value_uint(e->cpu));
			bud_json_value(json, "pid", bud_value_int(e->pid));
			bud_json_value(json, "comm", bud_value_text(bud_source_comm(f->bench->bundle->source, e->pid)));
			bud_json_value(json, "pfn", bud_value_uint(e->pfn));
			bud_json_value(json, "order", bud_value_int(e->order));
			bud_json_value(json, "held", bud_value_text(bud_page_state_name((bud_page_state)e->held)));
			bud_json_close(json, '}');
		}
		bud_json_close(json, ']');
		bud_json_close(json, '}');
	}
	bud_json_close(json, '}');
}

static void print_json(const facts *f, FILE *out)
{
	bud_json json;
	const bud_bundle *bundle = f->bench->bundle;
	bud_json_init(&json, out);
	bud_json_open(&json, NULL, '{');
	bud_json_value(&json, "kernel", bud_value_text(*bundle->release ? bundle->release : NULL));
	bud_json_value(&json, "machine", bud_value_text(*bundle->machine ? bundle->machine : NULL));
	bud_json_value(&json, "format", bud_value_text(f->info->format));
	bud_json_value(&json, "page_size", bud_value_uint((uint64_t)1 << f->bench->kernel.page_shift));
	bud_json_value(&json, "clock", bud_value_text(*f->info->clock ? f->info->clock : NULL));
	bud_json_value(&json, "clock_is_ns", bud_value_bool(f->info->clock_is_ns));
	bud_json_value(&json, "first_ns", bud_value_uint(f->info->first_ns));
	bud_json_value(&json, "last_ns", bud_value_uint(f->info->last_ns));
	bud_json_value(&json, "lost_events", bud_value_uint(bud_trace_lost(f->info)));
	bud_json_value(&json, "uncounted_gaps", bud_value_uint(bud_trace_uncounted_gaps(f->info)));
	bud_json_value(&json, "failed_allocations", bud_value_uint(f->failed_allocations));
	bud_json_open(&json, "events", '{');
	for (size_t i = 0; i < f->nr_counts; i++)
		if (is_first_of_name(f, i))
			bud_json_value(&json, f->counts[i].name, bud_value_uint(count_of_name(f, f->counts[i].name)));
	bud_json_close(&json, '}');
	json_zones(&json, &f->bench->memory);
	json_snapshots(&json, bundle);
	json_features(&json, bud_replay_kernel(f->bench->replay));
	bud_settings_text_json(f->bench, &json);
	bud_json_value(&json, "seed", bud_value_text(bud_seed_mode_name(bud_replay_seed(f->bench->replay))));
	json_contradictions(f, &json);
	bud_json_open(&json, "lacks", '[');
	for (int k = 0; k < BUD_NR_LACKS; k++)
		if (bud_replay_lacks(f->bench->replay) & BUD_LACK_BIT(k))
			bud_json_value(&json, NULL, bud_value_text(bud_lack_name((bud_lack)k)));
	bud_json_close(&json, ']');
	bud_json_value(&json, "damage", bud_value_text(f->info->damage));
	bud_json_close(&json, '}');
}

static void print_machine(const facts *f, FILE *out)
{
	char first[32], last[32];
	const bud_bundle *bundle = f->bench->bundle;
	bud_output_print(out, "capture   %s (%s, %s-endian, %u-bit)\n", bundle->path, f->info->format,
			 f->info->big_endian ? "big" : "little", f->info->word_bytes * 8);
	bud_output_print(out, "kernel    %s %s\n", or_unknown(bundle->release), or_unknown(bundle->machine));
	bud_output_print(out, "machine   %u CPUs, page size %u, orders 0..%d, pageblocks of order %d\n",
			 f->info->nr_cpus, 1u << f->bench->kernel.page_shift, f->bench->kernel.max_order,
			 f->bench->kernel.pageblock_order);
	bud_output_print(out, "clock     %s%s, %s .. %s\n", or_unknown(f->info->clock),
			 f->info->clock_is_ns ? "" : " (raw ticks, not ns)",
			 bud_heat_time(f->info->first_ns, f->info->clock_is_ns, 6, first, sizeof first),
			 bud_heat_time(f->info->last_ns, f->info->clock_is_ns, 6, last, sizeof last));
	for (size_t i = 0; i < f->info->nr_buffers && f->info->nr_buffers > 1; i++) {
		const bud_buffer_info *b = &f->info->buffers[i];
		bud_output_print(out, "buffer    %s: %" PRIu64 " page events%s\n", *b->name ? b->name : "(top)",
				 b->page_events, b->used ? ", replayed" : "");
	}
}

static void print_zones(const facts *f, FILE *out)
{
	const bud_memory *memory = &f->bench->memory;
	bud_output_print(out, "zones     %s%s\n", f->bench->zones_from,
			 memory->overlap ? "; spans overlap, pages go to the likeliest zone" : "");
	for (size_t i = 0; i < memory->nr_zones; i++) {
		const bud_zone *z = &memory->zones[i];
		char size[16];
		uint64_t pages = z->managed == BUD_UNKNOWN ? z->spanned : z->managed;
		bud_output_print(out, "  node %d %-8s pfn 0x%" PRIx64 "..0x%" PRIx64 "  %s %s%s\n", z->node, z->name,
				 z->start_pfn, z->start_pfn + z->spanned,
				 bud_heat_size(pages, f->bench->kernel.page_shift, size, sizeof size),
				 z->managed == BUD_UNKNOWN ? "spanned" : "managed", z->assumed ? ", assumed" : "");
	}
}

static void print_events(const facts *f, FILE *out)
{
	uint64_t total = 0;
	for (size_t i = 0; i < f->nr_counts; i++)
		total += f->counts[i].count;
	bud_output_print(out, "events    %" PRIu64 ", of them %" PRIu64 " failed allocations\n", total,
			 f->failed_allocations);
	for (size_t i = 0; i < f->nr_counts; i++)
		bud_output_print(out, "  %10" PRIu64 " %s:%s\n", f->counts[i].count, f->counts[i].system,
				 f->counts[i].name);
}

static void print_losses(const facts *f, FILE *out)
{
	bud_output_print(out, "lost      %" PRIu64 " events", bud_trace_lost(f->info));
	if (bud_trace_uncounted_gaps(f->info))
		bud_output_print(out, ", and %" PRIu64 " gaps without a count", bud_trace_uncounted_gaps(f->info));
	fputc('\n', out);
	for (unsigned i = 0; i < f->info->nr_cpus; i++) {
		const bud_cpu_loss *l = &f->info->loss[i];
		if (l->gaps || l->overrun || l->dropped)
			bud_output_print(out,
					 "  cpu %u: %" PRIu64 " gaps (%" PRIu64 " without a count), %" PRIu64
					 " counted, overrun %" PRIu64 ", dropped %" PRIu64 "\n",
					 i, l->gaps, l->gaps_uncounted, l->counted, l->overrun, l->dropped);
	}
	if (f->info->damage)
		bud_output_print(out, "damage    %s\n", f->info->damage);
}

static void print_snapshots(const facts *f, FILE *out)
{
	const bud_bundle *bundle = f->bench->bundle;
	bud_output_print(out, "snapshots %zu, %zu placed%s\n", bundle->nr_snapshots, f->bench->survey.nr_placed,
			 bundle->nr_snapshots && f->bench->survey.clock_is_mono ? "; trace clock is CLOCK_MONOTONIC"
										: "");
	for (size_t i = 0; i < bundle->nr_snapshots; i++) {
		const bud_snapshot *s = &bundle->snapshots[i];
		char time[32];
		bud_output_print(out, "  %-16s %14s%s%s\n", s->name,
				 s->t_ns == BUD_TIME_NONE
					 ? "unplaced"
					 : bud_heat_time(s->t_ns, f->info->clock_is_ns, 6, time, sizeof time),
				 s->t_from_times ? " (by times)" : "",
				 !s->has_kpageflags ? ""
				 : s->chunks_placed ? "  kpageflags, timed by piece"
						    : "  kpageflags");
	}
}

static void print_seed(const facts *f, FILE *out)
{
	const bud_bundle *bundle = f->bench->bundle;
	bud_seed_mode seed = bud_replay_seed(f->bench->replay);
	char time[32];
	bud_output_print(out, "replay    seed %s: ", bud_seed_mode_name(seed));
	for (size_t i = 0; seed != BUD_SEED_INFERRED && seed != BUD_SEED_NONE && i < bundle->nr_snapshots; i++) {
		const bud_snapshot *s = &bundle->snapshots[i];
		if (!s->has_kpageflags || s->t_ns == BUD_TIME_NONE)
			continue;
		bud_heat_time(s->t_ns, f->info->clock_is_ns, 6, time, sizeof time);
		bud_output_print(out, "free lists are known from snapshot %s (%s) on\n", s->name, time);
		return;
	}
	if (seed == BUD_SEED_INFERRED)
		bud_output_print(out,
				 "the start is what each page's first event tells; pages that no event\n"
				 "          names are unknown, free blocks among them counted by buddyinfo only\n");
	else
		bud_output_print(out, "free lists stay unknown%s\n",
				 bud_replay_lacks(f->bench->replay) & BUD_LACKS_REFUSED
					 ? ""
					 : ", only what changes is told (report -s change)");
}

static void print_agreement(const facts *f, FILE *out)
{
	const bud_bundle *bundle = f->bench->bundle;
	bud_verify_summary sum;
	bud_verdict *verdicts = calloc(bundle->nr_snapshots + 1, sizeof *verdicts);
	if (!verdicts)
		return;
	bud_verify_sum(f->bench->replay, bundle->snapshots, bundle->nr_snapshots, verdicts, &sum);
	if (sum.nr_compared)
		bud_output_print(
			out, "          exact at %zu of %zu snapshots, mean |error| %.1f pages (buddyscope verify)\n",
			sum.nr_exact, sum.nr_snapshots, bud_verify_mean_error(&sum));
	free(verdicts);
}

static bud_event_mask events_seen(const facts *f)
{
	bud_event_mask seen = 0;
	for (size_t i = 0; i < f->nr_counts; i++) {
		bud_event_kind kind = bud_event_find(f->counts[i].system, f->counts[i].name);
		if (kind < BUD_NR_EVENT_KINDS)
			seen |= BUD_EVENT_BIT(kind);
	}
	return seen;
}

/* How far the free lists may be off at the end, and why. */
static void print_uncertainty(const facts *f, FILE *out)
{
	const bud_memory *memory = bud_replay_memory(f->bench->replay);
	for (size_t i = 0; i < memory->nr_zones; i++) {
		const bud_zone *zone = &memory->zones[i];
		uint64_t by[BUD_NR_UNCERTAINTIES], pages = bud_zone_uncertain_pages(zone, by);
		char why[BUD_UNCERTAINTY_LIST];
		if (zone->seeded && pages)
			bud_output_print(out, "          node %d %s at the end: +-%" PRIu64 " pages by %s\n",
					 zone->node, zone->name, pages, bud_uncertainty_list(by, why));
	}
}

/* What a reader of the replay has to know before believing it. */
static void print_limits(const facts *f, FILE *out)
{
	bud_event_mask seen = events_seen(f);
	bud_lacks lacks = bud_replay_lacks(f->bench->replay);
	print_seed(f, out);
	print_agreement(f, out);
	print_uncertainty(f, out);
	for (int k = 0; k < BUD_NR_LACKS; k++)
		if (lacks & BUD_LACK_BIT(k))
			bud_output_print(out, "          %s\n", bud_lack_text((bud_lack)k));
	if (seen & BUD_EVENT_BIT(BUD_EV_ISOLATE_FREE))
		bud_output_print(out,
				 "          compaction ran: pages it isolates leave the lists without page events\n");
	if (!(lacks & BUD_LACK_BIT(BUD_LACK_PLACES)) && (bud_trace_lost(f->info) || bud_trace_uncounted_gaps(f->info)))
		bud_output_print(out, "          events were lost: states behind a gap are not certain\n");
}

static void print_example(const facts *f, const bud_contradiction_example *e, FILE *out)
{
	char time[32];
	bud_output_print(out, "    %s cpu %u %s/%d pfn 0x%" PRIx64 " order %d held %s\n",
			 bud_heat_time(e->t_ns, f->info->clock_is_ns, 6, time, sizeof time), e->cpu,
			 or_unknown(bud_source_comm(f->bench->bundle->source, e->pid)), e->pid, e->pfn, e->order,
			 bud_page_state_name((bud_page_state)e->held));
}

static void print_contradictions(const facts *f, FILE *out)
{
	const bud_contradiction_count *odd = bud_replay_contradictions(f->bench->replay);
	bud_output_print(out, "contradictions in the trace, once seeded\n");
	for (int i = 0; i < BUD_NR_CONTRADICTIONS; i++) {
		bud_output_print(out, "  %-14s %8" PRIu64 "  %s\n", bud_contradiction_name((bud_contradiction)i),
				 odd[i].count, bud_contradiction_text((bud_contradiction)i));
		for (unsigned k = 0; k < bud_contradiction_examples(&odd[i]); k++)
			print_example(f, &odd[i].examples[k], out);
	}
}

static void print_details(const facts *f, FILE *out)
{
	const bud_kernel *kernel = bud_replay_kernel(f->bench->replay);
	bud_output_print(out, "kernel features (--kernel-feature NAME=VALUE)\n");
	for (int i = 0; i < BUD_NR_KERNEL_FEATURES; i++)
		bud_output_print(out, "  %-18s %6d  by %-8s  %s\n", bud_kernel_feature_name((bud_kernel_feature)i),
				 kernel->value[i], bud_feature_origin_name(kernel->origin[i]),
				 bud_kernel_feature_text((bud_kernel_feature)i));
	bud_settings_text_print(f->bench, out);
	print_contradictions(f, out);
}

static void print_text(const facts *f, bool verbose, FILE *out)
{
	print_machine(f, out);
	print_zones(f, out);
	print_events(f, out);
	print_losses(f, out);
	print_snapshots(f, out);
	print_limits(f, out);
	if (verbose)
		print_details(f, out);
}

static bud_status gather(facts *f, bud_workbench *bench, bool quiet, bud_error *err)
{
	bud_progress progress;
	*f = (facts){ .bench = bench, .info = &bench->bundle->source->info };
	bud_status status = bud_source_count(bench->bundle->source, &f->counts, &f->nr_counts, err);
	if (!status)
		status = bud_replay_rewind(bench->replay, err);
	bud_progress_begin(&progress, f->info, quiet);
	if (!status)
		status = bud_progress_replay(&progress, bench->replay, BUD_TIME_NONE, err);
	bud_progress_end(&progress);
	f->failed_allocations = bud_replay_failed_allocations(bench->replay);
	return status;
}

bud_status bud_cmd_info(const bud_options *options, int *exit_code, bud_error *err)
{
	bud_workbench bench;
	bud_output output;
	facts f;
	bud_status status = bud_cmd_open(&bench, options, err);
	if (status)
		return status;
	status = gather(&f, &bench, options->quiet, err);
	if (!status && !(status = bud_output_open(&output, options->output, err))) {
		if (options->format == BUD_FORMAT_JSON)
			print_json(&f, output.out);
		else
			print_text(&f, options->verbose, output.out);
		status = bud_output_close(&output, err);
	}
	if (!status)
		bud_cmd_tell_damage(&bench, exit_code);
	bud_workbench_close(&bench);
	return status;
}
