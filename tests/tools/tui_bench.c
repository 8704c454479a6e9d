/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tui_bench CAPTURE: how long the screens take, without a terminal. Lines of
 * "NAME MS": open, first picture (some columns of it), whole picture, ready
 * (learnt and surveyed; undisturbed), then with median and worst: seeks
 * (until the figures of an instant are known and drawn) to instants already
 * read while the first picture is being made, to any instant while later
 * events are being learnt, and when all is known; keys that zoom or pan
 * (until the first frame after them), and the whole picture behind those.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "cli/tui/session.h"

#define ROUNDS	  50
#define MAX_SEEKS 10000

static double now_ms(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

static void print(const char *name, double *times, size_t nr)
{
	qsort(times, nr, sizeof *times, compare);
	printf("%s %.2f %.2f\n", name, times[nr / 2], times[nr - 1]);
}

static void die(const bud_error *err)
{
	fprintf(stderr, "%s\n", err->text);
	exit(1);
}

static void work(bud_session *s, bool *idle)
{
	bud_error err;
	if (bud_session_slice(s, idle, &err))
		die(&err);
}

static void settle(bud_session *s)
{
	for (bool idle = false; !idle;)
		work(s, &idle);
}

static void press(bud_session *s, int key)
{
	bud_error err;
	if (bud_session_key(s, key, NULL, &err))
		die(&err);
}

static void bench_start(bud_session *s, double begin)
{
	bool idle = false;
	work(s, &idle);
	bud_session_draw(s);
	printf("first_picture %.2f\n", now_ms() - begin);
	while (s->scene.phase == BUD_PHASE_FIRST)
		work(s, &idle);
	bud_session_draw(s);
	printf("whole_picture %.2f\n", now_ms() - begin);
	while (s->scene.phase != BUD_PHASE_READY)
		work(s, &idle);
	printf("ready %.2f\n", now_ms() - begin);
	settle(s);
}

/* To the i-th of the instants, in no order, of a part of the trace: 0..1000. */
static double seek(bud_session *s, unsigned i, unsigned part)
{
	uint64_t span = (s->browse.last_ns - s->browse.first_ns) / 1000 * part,
		 t = s->browse.first_ns + span / ROUNDS * (i * 37 % ROUNDS) + i;
	double begin = now_ms();
	bool idle = false;
	bud_browse_go(&s->browse, t);
	while (!s->scene.cursor.ready || s->scene.cursor.t_ns != t)
		work(s, &idle);
	bud_session_draw(s);
	return now_ms() - begin;
}

static void bench_seek(bud_session *s)
{
	double times[ROUNDS];
	for (unsigned i = 0; i < ROUNDS; i++)
		times[i] = seek(s, i, 1000);
	print("seek", times, ROUNDS);
}

/* A user who looks elsewhere every 30 ms while the trace is still being read. */
static void bench_early_seeks(bud_session *s)
{
	static double times[MAX_SEEKS];
	static const char *const names[] = { "seek_while_first_read", "seek_while_learning" };
	size_t nr = 0;
	bool idle;
	for (int learning = 0; learning < 2; learning++) {
		for (nr = 0; s->scene.phase == BUD_PHASE_FIRST || (learning && s->scene.phase != BUD_PHASE_READY);) {
			for (double begin = now_ms(); now_ms() - begin < 30;)
				work(s, &idle);
			const bud_timeline *t = s->scene.overview;
			unsigned part = learning ? 1000 : (unsigned)(t->nr_filled * 1000 / t->nr_columns);
			if (part && nr < MAX_SEEKS && s->scene.phase != BUD_PHASE_READY)
				times[nr] = seek(s, (unsigned)nr, part), nr++;
		}
		if (nr)
			print(names[learning], times, nr);
	}
}

static void bench_keys(bud_session *s)
{
	static const char keys[] = "wwwwwdddaassdd0wwFF0";
	double frames[ROUNDS], pictures[ROUNDS];
	for (int i = 0; i < ROUNDS; i++) {
		bool idle;
		double begin = now_ms();
		press(s, keys[(size_t)i % (sizeof keys - 1)]);
		work(s, &idle);
		bud_session_draw(s);
		frames[i] = now_ms() - begin;
		settle(s);
		bud_session_draw(s);
		pictures[i] = now_ms() - begin;
	}
	print("key_to_frame", frames, ROUNDS);
	print("key_to_whole_picture", pictures, ROUNDS);
}

/* Undisturbed, or as a user who cannot wait. */
static void bench_session(bud_workbench *bench, const bud_options *options, bool early, double begin)
{
	bud_session session;
	bud_error err;
	if (bud_session_open(&session, bench, options, NULL, 160, 45, &err))
		die(&err);
	if (early) {
		bench_early_seeks(&session);
	} else {
		printf("open %.2f\n", now_ms() - begin);
		bench_start(&session, begin);
		bench_seek(&session);
		bench_keys(&session);
		printf("restart_points %zu %zu\n", session.scene.learnt.nr_points, session.scene.learnt.bytes);
	}
	bud_session_close(&session);
}

int main(int argc, char **argv)
{
	bud_workbench bench;
	bud_options options;
	bud_error err;
	if (argc < 2)
		return 2;
	if (bud_options_parse(&options, BUD_CMD_VIEW, argc, argv, &err))
		die(&err);
	options.bench.types = true;
	for (int early = 0; early < 2; early++) {
		double begin = now_ms();
		if (bud_workbench_open(&bench, &options.bench, &err))
			die(&err);
		bench_session(&bench, &options, early, begin);
		bud_workbench_close(&bench);
	}
	return 0;
}
