/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/replay/schedule.h"

#include <stdlib.h>
#include <string.h>

#define MAX_STEPS 5 /* of one snapshot */

static const char *const seed_names[] = { "auto", "first", "every", "inferred", "none", "both" };

const char *bud_seed_mode_name(bud_seed_mode mode)
{
	return seed_names[mode];
}

bool bud_seed_mode_parse(const char *name, bud_seed_mode *mode)
{
	for (size_t i = 0; i < sizeof seed_names / sizeof *seed_names; i++)
		if (strcmp(seed_names[i], name) == 0) {
			*mode = (bud_seed_mode)i;
			return true;
		}
	return false;
}

static bool can_seed(const bud_snapshot *snapshot)
{
	const bud_read_window *window = bud_snapshot_window(snapshot, "kpageflags");
	return snapshot->has_kpageflags && window && window->begin_ns != BUD_TIME_NONE &&
	       window->end_ns != BUD_TIME_NONE;
}

bud_seed_mode bud_schedule_seed_mode(bud_seed_mode mode, const bud_snapshot *snapshots, size_t nr)
{
	size_t seeds = 0;
	for (size_t i = 0; i < nr; i++)
		seeds += can_seed(&snapshots[i]);
	if (mode != BUD_SEED_AUTO)
		return mode;
	return seeds > 1 ? BUD_SEED_EVERY : seeds ? BUD_SEED_FIRST : BUD_SEED_INFERRED;
}

static int compare_steps(const void *a, const void *b)
{
	const bud_step *x = a, *y = b;
	if (x->t_ns != y->t_ns)
		return x->t_ns < y->t_ns ? -1 : 1;
	if (x->kind != y->kind)
		return (int)x->kind - (int)y->kind;
	return strcmp(x->snapshot->name, y->snapshot->name);
}

/* When that file was read to its end, or BUD_TIME_NONE. */
static uint64_t read_ns(const bud_snapshot *snapshot, const char *file)
{
	const bud_read_window *window = bud_snapshot_window(snapshot, file);
	return window ? window->end_ns : BUD_TIME_NONE;
}

static bool has_types(const bud_snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->nr_zones; i++)
		if (snapshot->zones[i].has_pagetypeinfo)
			return true;
	return false;
}

static void add(bud_schedule *s, uint64_t t_ns, bud_step_kind kind, const bud_snapshot *snapshot)
{
	if (t_ns != BUD_TIME_NONE)
		s->steps[s->nr++] = (bud_step){ t_ns, kind, snapshot };
}

static void add_snapshot(bud_schedule *s, const bud_snapshot *snapshot, bool compare, bool seed)
{
	uint64_t types_ns = has_types(snapshot) ? read_ns(snapshot, "pagetypeinfo") : BUD_TIME_NONE;
	if (compare) /* else the replay knows the answer */
		add(s, snapshot->t_ns, BUD_STEP_COMPARE, snapshot);
	add(s, types_ns, BUD_STEP_COMPARE_TYPES, snapshot);
	add(s, read_ns(snapshot, "zoneinfo"), BUD_STEP_READ_MARKS, snapshot);
	if (types_ns != BUD_TIME_NONE && (!s->first_types || types_ns < read_ns(s->first_types, "pagetypeinfo"))) {
		s->first_types = snapshot;
		s->fit_ns = types_ns;
	}
	if (seed) {
		const bud_read_window *flags = bud_snapshot_window(snapshot, "kpageflags");
		add(s, flags->begin_ns ? flags->begin_ns - 1 : 0, BUD_STEP_OPEN_SEED, snapshot);
		add(s, flags->end_ns, BUD_STEP_CLOSE_SEED, snapshot);
		if (s->first_types == snapshot && flags->end_ns > s->fit_ns)
			s->fit_ns = flags->end_ns;
	}
}

bud_status bud_schedule_init(bud_schedule *schedule, bud_seed_mode mode, const bud_snapshot *snapshots, size_t nr,
			     bud_error *err)
{
	*schedule = (bud_schedule){ .steps = calloc(nr * MAX_STEPS + 1, sizeof *schedule->steps) };
	if (!schedule->steps)
		return bud_error_memory(err, "snapshots");
	bool seeded = mode != BUD_SEED_FIRST && mode != BUD_SEED_EVERY && mode != BUD_SEED_BOTH;
	for (size_t i = 0; i < nr; i++) {
		bool seed = !seeded && can_seed(&snapshots[i]);
		add_snapshot(schedule, &snapshots[i], mode != BUD_SEED_BOTH, seed);
		if (seed && mode == BUD_SEED_FIRST)
			seeded = true;
	}
	qsort(schedule->steps, schedule->nr, sizeof *schedule->steps, compare_steps);
	return BUD_OK;
}

void bud_schedule_fini(bud_schedule *schedule)
{
	free(schedule->steps);
	*schedule = (bud_schedule){ 0 };
}
