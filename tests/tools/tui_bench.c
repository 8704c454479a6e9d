/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tui_bench CAPTURE: how long the screens take, without a terminal. Lines of
 * "NAME MS": open, first picture (some columns of it), whole picture, ready
 * (learnt and surveyed), then the median and the worst of 50 seeks to any
 * instant (until the figures there are known and drawn), of 50 keys that
 * zoom or pan (until the first frame after them), and of the whole picture
 * behind those.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "cli/tui/session.h"

#define SLICE  100000 /* as the program has it */
#define ROUNDS 50

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
	if (bud_session_work(s, SLICE, idle, &err))
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

static void bench_seek(bud_session *s)
{
	double times[ROUNDS];
	for (int i = 0; i < ROUNDS; i++) {
		uint64_t span = s->browse.last_ns - s->browse.first_ns,
			 t = s->browse.first_ns + span / ROUNDS * (unsigned)(i * 37 % ROUNDS);
		double begin = now_ms();
		bool idle = false;
		bud_browse_go(&s->browse, t);
		while (!s->scene.cursor.ready || s->scene.cursor.t_ns != t)
			work(s, &idle);
		bud_session_draw(s);
		times[i] = now_ms() - begin;
	}
	print("seek", times, ROUNDS);
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

int main(int argc, char **argv)
{
	bud_workbench bench;
	bud_options options;
	bud_session session;
	bud_error err;
	double begin = now_ms();
	if (argc < 2)
		return 2;
	if (bud_options_parse(&options, BUD_CMD_VIEW, argc, argv, &err))
		die(&err);
	options.bench.types = true;
	if (bud_workbench_open(&bench, &options.bench, &err) ||
	    bud_session_open(&session, &bench, &options, NULL, 160, 45, &err))
		die(&err);
	printf("open %.2f\n", now_ms() - begin);
	bench_start(&session, begin);
	bench_seek(&session);
	bench_keys(&session);
	printf("restart_points %zu %zu\n", session.scene.nr_restarts, session.scene.restart_bytes);
	bud_session_close(&session);
	bud_workbench_close(&bench);
	return 0;
}
