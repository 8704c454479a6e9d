/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hidden_events CAPTURE [CASE...]: replays a full capture with part of it
 * hidden, and compares with the kernel's buddyinfo all the same: how far off
 * is it, and does the claim cover that? One line a case:
 *
 *   capture case snapshots exact zones differing uncovered mean_error max_error mean_claim idle_claims exact_zones
 *   asked episodes
 *
 * zones: zone-snapshots compared (those the replay knows); differing: of
 * them, those not equal in every order; uncovered: those whose |free error|
 * exceeds the claim, or that differ while nothing is claimed; errors and
 * claims in pages, of a zone-snapshot; idle_claims: exact ones with a claim;
 * asked: allocations its sites account for, of 1000; episodes: rows of them;
 * both only where a part of the machine is hidden, else 0.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/workbench.h"
#include "lib/insight/story.h"

#define BIT(kind) BUD_EVENT_BIT(BUD_EV_##kind)
#define COMPACTION                                                                                                   \
	(BIT(ISOLATE_FREE) | BIT(FAST_ISOLATE_FREE) | BIT(ISOLATE_MIGRATE) | BIT(COMPACT_BEGIN) | BIT(COMPACT_END) | \
	 BIT(MIGRATEPAGES) | BIT(TEST_ISOLATED) | BIT(MIGRATE))

typedef enum loss {
	NO_LOSS,
	GAPS,	/* every other one has its count */
	SILENT, /* only the recorder's statistics tell */
	HEADS,	/* overwritten: everything before a point is gone, a point for each CPU */
} loss;

typedef struct hidden_case {
	const char *name;
	bud_event_mask hidden;
	loss loss;
	bool one_cpu, one_pid;
	bud_seed_mode seed;
} hidden_case;

static const hidden_case cases[] = {
	{ "full", 0, NO_LOSS, false, false, BUD_SEED_EVERY },
	{ "first", 0, NO_LOSS, false, false, BUD_SEED_FIRST },
	{ "inferred", 0, NO_LOSS, false, false, BUD_SEED_INFERRED },
	{ "alloc_free", ~(BIT(ALLOC) | BIT(FREE) | BIT(PRINT)), NO_LOSS, false, false, BUD_SEED_EVERY },
	{ "no_drains", BIT(PCPU_DRAIN), NO_LOSS, false, false, BUD_SEED_EVERY },
	{ "no_zone_locked", BIT(ZONE_LOCKED), NO_LOSS, false, false, BUD_SEED_EVERY },
	{ "no_frees", BIT(FREE), NO_LOSS, false, false, BUD_SEED_EVERY },
	{ "no_allocs", BIT(ALLOC), NO_LOSS, false, false, BUD_SEED_EVERY },
	{ "no_extfrag", BIT(EXTFRAG), NO_LOSS, false, false, BUD_SEED_EVERY },
	{ "no_batched", BIT(FREE_BATCHED), NO_LOSS, false, false, BUD_SEED_EVERY },
	{ "no_compaction", COMPACTION, NO_LOSS, false, false, BUD_SEED_EVERY },
	{ "one_cpu", 0, NO_LOSS, true, false, BUD_SEED_EVERY },
	{ "one_pid", 0, NO_LOSS, false, true, BUD_SEED_EVERY },
	{ "lost_gaps", 0, GAPS, false, false, BUD_SEED_EVERY },
	{ "lost_silent", 0, SILENT, false, false, BUD_SEED_EVERY },
	{ "lost_heads", 0, HEADS, false, false, BUD_SEED_EVERY },
};

#define NR_CASES (sizeof cases / sizeof *cases)

/* A source that keeps part of another's events to itself. */
typedef struct filter {
	bud_source source;
	bud_source *inner;
	const hidden_case *how;
	int32_t pid;	   /* the one kept */
	uint16_t cpu;	   /* the one kept */
	uint64_t *missing; /* by CPU: events not told of yet */
	bud_event *events;
	size_t room;
} filter;

/* A number that looks random but is the same in every pass. */
static uint64_t mix(uint64_t a, uint64_t b)
{
	uint64_t x = a * 0x9e3779b97f4a7c15u ^ b * 0xc2b2ae3d27d4eb4fu;
	x ^= x >> 29;
	x *= 0xbf58476d1ce4e5b9u;
	return x ^ x >> 32;
}

/* Stretches of time in which a CPU loses what it writes: ten of 400, so that most intervals have some. */
static bool is_lost(const filter *f, const bud_event *e)
{
	uint64_t first = f->inner->info.first_ns, span = f->inner->info.last_ns - first + 1;
	uint64_t at = (uint64_t)((__int128)(e->t_ns - first) * 400 / span);
	if (f->how->loss == HEADS)
		return at < 20 + mix(e->cpu, 7) % 20;
	return f->how->loss && mix(e->cpu + 1u, at) % 40 == 0;
}

static bool is_hidden(const filter *f, const bud_event *e)
{
	if (e->kind == BUD_EV_PRINT || e->kind == BUD_EV_LOST)
		return false;
	if (BUD_EVENT_BIT(e->kind) & f->how->hidden)
		return true;
	return (f->how->one_pid && e->pid != f->pid) || (f->how->one_cpu && e->cpu != f->cpu);
}

static size_t keep(filter *f, const bud_event *e, bud_event *to)
{
	size_t nr = 0;
	if (is_hidden(f, e))
		return 0;
	if (e->kind != BUD_EV_PRINT && e->kind != BUD_EV_LOST && is_lost(f, e)) {
		/* What only some passes read must not move the numbers of the others. */
		f->missing[e->cpu] += e->kind != BUD_EV_FREE_BATCHED && e->kind != BUD_EV_KERNEL_STACK;
		return 0;
	}
	if (f->missing[e->cpu] && f->how->loss != SILENT && e->kind != BUD_EV_FREE_BATCHED) {
		to[nr] = (bud_event){ .t_ns = e->t_ns, .cpu = e->cpu, .kind = BUD_EV_LOST };
		to[nr++].lost.count = mix(e->t_ns, e->cpu) % 2 ? f->missing[e->cpu] : 0;
		f->missing[e->cpu] = 0;
	}
	to[nr++] = *e;
	return nr;
}

static bud_status filter_next(bud_source *source, bud_batch *batch, bud_error *err)
{
	filter *f = (filter *)source;
	bud_batch inner;
	batch->nr = 0;
	while (!batch->nr) {
		bud_status status = bud_source_next(f->inner, &inner, err);
		if (status || !inner.nr)
			return status;
		if (inner.nr * 2 > f->room) {
			f->room = inner.nr * 2;
			free(f->events);
			f->events = malloc(f->room * sizeof *f->events);
			if (!f->events)
				return bud_error_memory(err, "events");
		}
		for (size_t i = 0; i < inner.nr; i++)
			batch->nr += keep(f, &inner.events[i], f->events + batch->nr);
		batch->events = f->events;
	}
	return BUD_OK;
}

static bud_status filter_rewind(bud_source *source, uint64_t t_ns, bud_error *err)
{
	filter *f = (filter *)source;
	memset(f->missing, 0, (f->inner->info.nr_cpus + 1) * sizeof *f->missing);
	return bud_source_rewind(f->inner, t_ns, source->wanted, err);
}

static const char *filter_comm(const bud_source *source, int32_t pid)
{
	return bud_source_comm(((const filter *)source)->inner, pid);
}

static const char *filter_symbol(bud_source *source, uint64_t address, uint64_t *offset)
{
	return bud_source_symbol(((filter *)source)->inner, address, offset);
}

static const bud_source_ops ops = {
	.next = filter_next, .rewind = filter_rewind, .comm = filter_comm, .symbol = filter_symbol
};

/* Which process and which CPU to keep: the busiest. What is lost in silence goes into the statistics. */
static bud_status look(filter *f, bud_error *err)
{
	uint64_t pids[4096] = { 0 }, most = 0, cpus[64] = { 0 };
	bud_batch batch;
	bud_status status = bud_source_rewind(f->inner, 0, BUD_EVENT_PAGES, err);
	while (!status && !(status = bud_source_next(f->inner, &batch, err)) && batch.nr)
		for (size_t i = 0; i < batch.nr; i++) {
			const bud_event *e = &batch.events[i];
			if (e->kind != BUD_EV_LOST && f->how->loss == SILENT && is_lost(f, e))
				f->source.info.loss[e->cpu].dropped++;
			if (++pids[(uint32_t)e->pid % 4096] > most && e->pid > 0) {
				most = pids[(uint32_t)e->pid % 4096];
				f->pid = e->pid;
			}
			if (e->cpu < 64 && ++cpus[e->cpu] > cpus[f->cpu])
				f->cpu = e->cpu;
		}
	return status;
}

static bud_status open_filter(filter *f, bud_source *inner, const hidden_case *how, bud_error *err)
{
	*f = (filter){ .source = { .ops = &ops, .info = inner->info }, .inner = inner, .how = how };
	f->source.info.formats &= ~how->hidden;
	f->missing = calloc(inner->info.nr_cpus + 1, sizeof *f->missing);
	f->source.info.loss = calloc(inner->info.nr_cpus + 1, sizeof *f->source.info.loss);
	if (!f->missing || !f->source.info.loss)
		return bud_error_memory(err, "a filter");
	memcpy(f->source.info.loss, inner->info.loss, inner->info.nr_cpus * sizeof *inner->info.loss);
	return look(f, err);
}

static void close_filter(filter *f)
{
	free(f->missing);
	free(f->events);
	free(f->source.info.loss);
}

typedef struct tally {
	size_t snapshots, exact, zones, differing, uncovered, idle_claims, exact_zones;
	uint64_t error, max_error, claim;
	uint64_t asked, episodes;
} tally;

static void count_zone(tally *t, const bud_comparison *c, bool verbose)
{
	uint64_t error = c->free_error < 0 ? -(uint64_t)c->free_error : (uint64_t)c->free_error;
	bool uncovered = error > c->uncertain_pages || (!c->exact && !c->uncertain_pages);
	t->zones++;
	t->differing += !c->exact;
	t->uncovered += uncovered;
	t->exact_zones += c->exact;
	t->idle_claims += c->exact && c->uncertain_pages;
	t->error += error;
	t->max_error = error > t->max_error ? error : t->max_error;
	t->claim += c->uncertain_pages;
	if (verbose && uncovered)
		fprintf(stderr, "  %s %" PRIu64 " node %d %s: %+" PRId64 " pages, +-%" PRIu64 " claimed\n",
			c->snapshot->name, c->snapshot->t_ns, c->kernel->node, c->kernel->name, c->free_error,
			c->uncertain_pages);
}

static void count_all(tally *t, const bud_replay *replay, const bud_bundle *bundle)
{
	bud_verify_summary sum;
	bud_verdict *verdicts = calloc(bundle->nr_snapshots + 1, sizeof *verdicts);
	size_t nr;
	const bud_comparison *all = bud_replay_comparisons(replay, &nr);
	*t = (tally){ 0 };
	for (size_t i = 0; i < nr; i++)
		if (all[i].known)
			count_zone(t, &all[i], getenv("VERBOSE") != NULL);
	if (verdicts)
		bud_verify_sum(replay, bundle->snapshots, bundle->nr_snapshots, verdicts, &sum);
	t->snapshots = sum.nr_snapshots;
	t->exact = sum.nr_exact;
	free(verdicts);
}

static void print_contradictions(const bud_replay *replay)
{
	const bud_contradiction_count *odd = bud_replay_contradictions(replay);
	const uint64_t *events = bud_replay_event_counts(replay);
	fprintf(stderr, " %" PRIu64 " allocs %" PRIu64 " frees", events[BUD_EV_ALLOC], events[BUD_EV_FREE]);
	for (int i = 0; i < BUD_NR_CONTRADICTIONS; i++)
		fprintf(stderr, " %s:%" PRIu64, bud_contradiction_name((bud_contradiction)i), odd[i].count);
	for (int i = 0; i < BUD_NR_LACKS; i++)
		if (bud_replay_lacks(replay) & BUD_LACK_BIT(i))
			fprintf(stderr, " lacks %s", bud_lack_name((bud_lack)i));
	fputc('\n', stderr);
}

/* Rows of a story, and the sum of one of their columns. */
typedef struct told {
	const bud_table *table;
	const char *column;
	uint64_t rows, sum;
} told;

static bud_status begin_told(void *self, const bud_table *table, bud_error *err)
{
	(void)err;
	((told *)self)->table = table;
	return BUD_OK;
}

static bud_status count_row(void *self, const bud_value *values, bud_error *err)
{
	(void)err;
	told *t = self;
	t->rows++;
	for (size_t i = 0; i < t->table->nr_columns; i++)
		if (t->column && strcmp(t->table->columns[i], t->column) == 0)
			t->sum += values[i].u;
	return BUD_OK;
}

static bud_status end_told(void *self, bud_error *err)
{
	(void)self;
	(void)err;
	return BUD_OK;
}

/* What a story tells of the whole trace. */
static bud_status listen_to(told *t, bud_replay *replay, bud_source *source, const char *name, bud_error *err)
{
	static const bud_section_filter all = BUD_SECTION_FILTER_ALL;
	bud_row_sink sink = { begin_told, count_row, end_told, t };
	const bud_story *story = bud_story_find(name);
	bud_story_context context = { .replay = replay, .source = source, .filter = &all, .end_ns = BUD_TIME_NONE,
				      .sink = &sink };
	void *teller;
	bool done;
	begin_told(t, &story->table, err);
	bud_status status = story->begin(&teller, &context, err);
	if (status)
		return status;
	status = bud_replay_listen(replay, story->also, story->event, teller, err);
	if (!status)
		status = bud_replay_run(replay, BUD_TIME_NONE, NULL, &done, err);
	bud_replay_unlisten(replay, story->event, teller);
	bud_status ended = story->end(teller, status, err);
	return status ? status : ended;
}

/* A part of a machine has no free lists, but it has sites and episodes. */
static bud_status count_stories(tally *t, bud_replay *replay, bud_source *source, bud_error *err)
{
	told sites = { .column = "allocs" }, episodes = { 0 };
	bud_status status = listen_to(&sites, replay, source, "site", err);
	uint64_t asked = bud_replay_event_counts(replay)[BUD_EV_ALLOC] - bud_replay_failed_allocations(replay);
	if (!status)
		status = listen_to(&episodes, replay, source, "episode", err);
	t->asked = asked ? sites.sum * 1000 / asked : 0;
	t->episodes = episodes.rows;
	return status;
}

static bud_status run_case(const bud_workbench *bench, const hidden_case *how, bud_error *err)
{
	filter f;
	bud_replay *replay = NULL;
	const bud_bundle *bundle = bench->bundle;
	bool done;
	tally t;
	bud_status status = open_filter(&f, bundle->source, how, err);
	if (!status)
		status = bud_replay_create(&replay, &bench->memory, &bench->kernel, &f.source, bundle->snapshots,
					   bundle->nr_snapshots, how->seed, err);
	if (!status)
		status = bud_replay_learn(replay, 8, NULL, &done, err);
	if (!status)
		status = bud_replay_run(replay, BUD_TIME_NONE, NULL, &done, err);
	if (!status) {
		count_all(&t, replay, bundle);
		if (how->one_cpu || how->one_pid)
			status = count_stories(&t, replay, &f.source, err);
	}
	if (!status) {
		if (getenv("VERBOSE"))
			print_contradictions(replay);
		printf("%-20s %-14s %3zu %3zu %3zu %3zu %3zu %8.1f %6" PRIu64 " %9.1f %3zu %3zu %4" PRIu64 " %3" PRIu64 "\n", bundle->name,
		       how->name, t.snapshots, t.exact, t.zones, t.differing, t.uncovered,
		       t.zones ? (double)t.error / (double)t.zones : 0, t.max_error,
		       t.zones ? (double)t.claim / (double)t.zones : 0, t.idle_claims, t.exact_zones, t.asked,
		       t.episodes);
	}
	bud_replay_destroy(replay);
	close_filter(&f);
	return status;
}

static bool is_asked_for(const hidden_case *how, int argc, char **argv)
{
	for (int i = 2; i < argc; i++)
		if (strcmp(argv[i], how->name) == 0)
			return true;
	return argc <= 2;
}

int main(int argc, char **argv)
{
	bud_workbench bench;
	bud_workbench_options options = { .path = argc > 1 ? argv[1] : "" };
	bud_error err;
	bud_status status = bud_workbench_open(&bench, &options, &err);
	if (status) {
		fprintf(stderr, "hidden_events: %s\n", err.text);
		return 2;
	}
	for (size_t i = 0; !status && i < NR_CASES; i++)
		if (is_asked_for(&cases[i], argc, argv))
			status = run_case(&bench, &cases[i], &err);
	if (status)
		fprintf(stderr, "hidden_events: %s\n", err.text);
	bud_workbench_close(&bench);
	return status ? 2 : 0;
}
