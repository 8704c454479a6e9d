/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * simulate_speed CAPTURE: the requests and frees of a capture, read into
 * memory first, through one simulation, five times over; prints requests,
 * frees, the median of the CPU's seconds and million requests a second.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "cli/workbench.h"
#include "lib/allocator/simulate.h"

typedef struct ops {
	bud_op *list;
	size_t nr, room;
} ops;

static void keep(void *self, const bud_op *op)
{
	ops *o = self;
	if (o->nr == o->room) {
		o->room = o->room ? 2 * o->room : 1 << 16;
		o->list = realloc(o->list, o->room * sizeof *o->list);
		if (!o->list)
			exit(2);
	}
	o->list[o->nr++] = *op;
}

#define RUNS 5

/* Of this thread alone: the machine may be busy with others. */
static double cpu_seconds(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static bud_status run(const bud_simulation_setup *setup, const ops *o, double *seconds, bud_error *err)
{
	bud_simulation *simulation;
	bud_status status = bud_simulation_create(&simulation, setup, err);
	if (status)
		return status;
	double begin = cpu_seconds();
	for (size_t i = 0; i < o->nr; i++)
		bud_simulation_feed(simulation, &o->list[i], false);
	*seconds = cpu_seconds() - begin;
	bud_simulation_destroy(simulation);
	return BUD_OK;
}

static bud_status read_all(bud_workbench *bench, uint64_t start, const bud_memory *memory, const bud_lessons *known,
			   bud_lessons *learning, ops *o, bud_error *err)
{
	bud_source *source = bench->bundle->source;
	bud_requests requests;
	bud_batch batch = { 0 };
	bud_status status =
		bud_requests_init(&requests, memory, &bench->kernel, &bench->kernel.gfp, source, known, learning, err);
	requests.sink = known ? keep : NULL;
	requests.self = o;
	if (!status)
		status = bud_source_rewind(source, start + 1, BUD_REQUESTS_EVENTS, err);
	while (!status && !(status = bud_source_next(source, &batch, err)) && batch.nr)
		for (size_t i = 0; i < batch.nr; i++)
			bud_requests_feed(&requests, &batch.events[i]);
	bud_requests_fini(&requests);
	return status;
}

static bud_status measure(bud_workbench *bench, bud_error *err)
{
	const bud_snapshot *first = bench->bundle->nr_snapshots ? bench->bundle->snapshots : NULL;
	const bud_read_window *window = first ? bud_snapshot_window(first, "kpageflags") : NULL;
	uint64_t start = window && window->end_ns != BUD_TIME_NONE ? window->end_ns : 0, requests = 0, frees = 0;
	bud_memory memory = { 0 };
	bud_lessons lessons;
	double seconds[RUNS];
	ops o = { 0 };
	bool done;
	bud_status status = bud_replay_run(bench->replay, start, NULL, &done, err);
	if (!status && (!bud_memory_copy(&memory, bud_replay_memory(bench->replay)) || bud_lessons_init(&lessons, err)))
		return bud_error_memory(err, "the start");
	if (!status)
		status = read_all(bench, start, &memory, NULL, &lessons, &o, err);
	bud_lessons_end(&lessons);
	if (!status)
		status = read_all(bench, start, &memory, &lessons, NULL, &o, err);
	bud_simulation_setup setup = { .start = &memory,
				       .traced = &bench->kernel,
				       .kernel = &bench->kernel,
				       .sysctls = &bench->bundle->sysctls,
				       .lessons = &lessons,
				       .t_ns = start,
				       .nr_cpus = bench->bundle->source->info.nr_cpus };
	for (int i = 0; i < RUNS && !status; i++)
		status = run(&setup, &o, &seconds[i], err);
	if (status)
		return status;
	qsort(seconds, RUNS, sizeof *seconds, by_size);
	double median = seconds[RUNS / 2];
	for (size_t i = 0; i < o.nr; i++) {
		requests += o.list[i].kind == BUD_OP_ALLOC || o.list[i].kind == BUD_OP_FAILED;
		frees += o.list[i].kind == BUD_OP_FREE;
	}
	printf("%" PRIu64 " requests %" PRIu64 " frees %.3f s %.2f million requests/s %.2f million of both/s\n",
	       requests, frees, median, (double)requests / median / 1e6, (double)(requests + frees) / median / 1e6);
	bud_lessons_fini(&lessons);
	bud_memory_fini(&memory);
	free(o.list);
	return BUD_OK;
}

int main(int argc, char **argv)
{
	bud_workbench bench;
	bud_error err;
	bud_workbench_options options = { .path = argc > 1 ? argv[1] : "", .types = true };
	bud_status status = bud_workbench_open(&bench, &options, &err);
	if (!status)
		status = measure(&bench, &err);
	if (status) {
		fprintf(stderr, "simulate_speed: %s\n", err.text);
		return 2;
	}
	bud_workbench_close(&bench);
	return 0;
}
