/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/simulate_text.h"

#include <inttypes.h>
#include <string.h>

#include "cli/output.h"

#define LABEL  27 /* columns of the tables */
#define COLUMN 14

typedef struct text {
	const bud_whatif *whatif;
	const bud_cases *cases;
	const bud_section_filter *filter;
	FILE *out;
} text;

uint64_t bud_simulate_near(const bud_whatif *whatif, const bud_workbench *bench)
{
	uint64_t last = bench->bundle->source->info.last_ns, first = bench->bundle->source->info.first_ns;
	uint64_t start = bud_whatif_start(whatif) > first ? bud_whatif_start(whatif) : first;
	return last == BUD_TIME_NONE || last <= start ? 0 : (last - start) / 100;
}

static void print_cell(const text *t, const char *cell)
{
	bud_output_print(t->out, " %*s", COLUMN, cell);
}

static void print_number(const text *t, uint64_t number)
{
	char cell[24];
	snprintf(cell, sizeof cell, "%" PRIu64, number);
	print_cell(t, cell);
}

/* Cases are told apart by letters; the first is the unchanged one. */
static const char *name_of(size_t which, char *name)
{
	if (!which)
		return "unchanged";
	snprintf(name, 8, "case %c", (char)('A' + which - 1));
	return name;
}

static void print_heads(const text *t, const char *first, const char *second)
{
	char name[8];
	bud_output_print(t->out, "%-*s", LABEL, first);
	print_cell(t, second);
	for (size_t i = 0; i < t->cases->nr; i++)
		print_cell(t, name_of(i, name));
	bud_output_print(t->out, "\n");
}

static void print_row(const text *t, const char *name, size_t member)
{
	const char *trace = (const char *)bud_whatif_trace(t->whatif);
	uint64_t number;
	bud_output_print(t->out, "%-*s", LABEL, name);
	memcpy(&number, trace + member, sizeof number);
	print_number(t, number);
	for (size_t i = 0; i < t->cases->nr; i++) {
		memcpy(&number, (const char *)bud_whatif_case_of(t->whatif, i) + member, sizeof number);
		print_number(t, number);
	}
	bud_output_print(t->out, "\n");
}

static void print_happenings(const text *t)
{
	print_heads(t, "what happened", "trace");
	print_row(t, "requests", offsetof(bud_happenings, requests));
	for (int m = 0; m < BUD_NR_MEASURES; m++) {
		char name[32];
		snprintf(name, sizeof name, "%s", bud_measure_name((bud_measure)m));
		for (char *c = name; *c; c++)
			*c = *c == '_' ? ' ' : *c;
		print_row(t, name, offsetof(bud_happenings, count) + (size_t)m * sizeof(uint64_t));
	}
	print_row(t, "pages freed by kswapd", offsetof(bud_happenings, kswapd_pages));
	print_row(t, "pages freed by requests", offsetof(bud_happenings, direct_pages));
	print_row(t, "pages moved by compaction", offsetof(bud_happenings, moved_pages));
}

static uint64_t pages_of(const uint64_t *blocks)
{
	uint64_t pages = 0;
	for (int k = 0; k < BUD_NR_ORDERS; k++)
		pages += blocks[k] << k;
	return pages;
}

static void print_judged(const text *t, const bud_judged_zone *judged)
{
	char name[96], cell[48];
	snprintf(name, sizeof name, "%.13s n%d/%s", judged->snapshot->name, judged->kernel->node, judged->kernel->name);
	bud_output_print(t->out, "%-*s", LABEL, name);
	print_number(t, pages_of(judged->kernel->nr_free));
	for (size_t i = 0; i < t->cases->nr; i++) {
		bud_distance d = bud_judge_distance(judged->simulated[i], judged->kernel->nr_free);
		snprintf(cell, sizeof cell, "%+" PRId64 " ~%" PRIu64, d.pages,
			 (d.blocks - (uint64_t)(d.pages < 0 ? -d.pages : d.pages)) / 2);
		print_cell(t, cell);
	}
	bud_output_print(t->out, "\n");
}

static void print_judgement(const text *t)
{
	size_t nr;
	const bud_judged_zone *judged = bud_whatif_judged(t->whatif, &nr);
	if (!nr) {
		bud_output_print(t->out,
				 "\nno judgement of free blocks: no snapshot behind the start has a buddyinfo\n");
		return;
	}
	bud_output_print(t->out, "\njudgement: simulated free pages - the kernel's at snapshots; ~ pages of them that\n"
				 "are in blocks of another order than the kernel's\n");
	print_heads(t, "snapshot, zone", "kernel");
	for (size_t i = 0; i < nr; i++)
		if (bud_section_wants_zone(t->filter, judged[i].kernel->node, judged[i].kernel->name))
			print_judged(t, &judged[i]);
}

static void print_times(const text *t, uint64_t near_ns)
{
	const bud_happenings *trace = bud_whatif_trace(t->whatif), *mine = bud_whatif_case_of(t->whatif, 0);
	bool any = false;
	for (int m = 0; m < BUD_NR_MEASURES; m++) {
		if (!trace->count[m] || (!mine->times[m] && mine->count[m]))
			continue;
		bud_output_print(t->out, "%s%" PRIu64 " of %" PRIu64 " %s",
				 any ? ", " : "\nat the same time (1%), unchanged: ",
				 bud_happenings_matched(trace, mine, (bud_measure)m, near_ns), trace->count[m],
				 bud_measure_name((bud_measure)m));
		any = true;
	}
	bud_output_print(t->out, any ? "\n" : "");
}

void bud_simulate_limits(const bud_whatif *whatif, const bud_workbench *bench,
			 void (*say)(void *self, const char *line), void *self)
{
	const bud_memory *start = bud_whatif_memory(whatif);
	const bud_trace_info *info = &bench->bundle->source->info;
	uint64_t lost = bud_trace_lost(info), gaps = bud_trace_uncounted_gaps(info);
	bool assumed = false, inferred = false;
	char line[160];
	for (size_t i = 0; i < start->nr_zones; i++) {
		assumed |= start->zones[i].assumed;
		inferred |= start->zones[i].inferred;
	}
	if (inferred)
		say(self, "the state at the start is inferred: pages that no event names count as in use for good, and "
			  "which of them can move is a guess");
	if (assumed)
		say(self, "zones are assumed from the architecture, and so are their watermarks");
	if (lost || gaps) {
		char more[64] = "";
		if (gaps)
			snprintf(more, sizeof more, ", and there are %" PRIu64 " gaps without a count", gaps);
		snprintf(line, sizeof line, "%" PRIu64 " events were lost%s: requests and frees are missing here, too",
			 lost, more);
		say(self, line);
	}
	for (int k = 0; k < BUD_NR_LACKS; k++)
		if (bud_replay_lacks(bench->replay) & BUD_LACK_BIT(k))
			say(self, bud_lack_text((bud_lack)k));
}

static void print_limit(void *self, const char *line)
{
	bud_output_print(((const text *)self)->out, "%s\n", line);
}

static void print_cases(const text *t, const bud_workbench *bench)
{
	char name[8];
	bud_output_print(t->out,
			 "SIMULATED: the requests of %s through a model of its allocator, judged by the trace\n",
			 bench->bundle->name);
	for (size_t i = 1; i < t->cases->nr; i++)
		bud_output_print(t->out, "%s: %s\n", name_of(i, name), t->cases->list[i].label);
}

void bud_simulate_print(const bud_whatif *whatif, const bud_cases *cases, const bud_workbench *bench,
			const bud_options *options, FILE *out)
{
	const text t = { whatif, cases, &options->filter, out };
	print_cases(&t, bench);
	bud_simulate_limits(whatif, bench, print_limit, (void *)&t);
	bud_output_print(out, "\n");
	print_happenings(&t);
	print_times(&t, bud_simulate_near(whatif, bench));
	print_judgement(&t);
}
