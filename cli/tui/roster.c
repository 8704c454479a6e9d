/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/tui/roster.h"

#include <stdlib.h>
#include <string.h>

const char *bud_roster_head(bud_roster_column column)
{
	static const char *const heads[] = {
#define X(column, head) head,
		BUD_ROSTER_COLUMNS(X)
#undef X
	};
	return heads[column];
}

static bool match(const bud_filter *f, const bud_episode *e, const bud_event_world *world)
{
	const bud_filter_request request = {
		.pid = e->pid,
		.node = e->node,
		.order = e->order,
		.failed = bud_episode_is_bad(e),
		.has_gfp = e->has_gfp,
		.gfp_flags = e->gfp_flags,
		.type = (bud_migratetype)e->migratetype,
		.zone = e->zone >= 0 ? world->memory->zones[e->zone].name : NULL,
		.words = { bud_episode_outcome_name((bud_episode_outcome)e->outcome),
			   bud_episode_kind_name((bud_episode_kind)e->kind) },
	};
	return bud_filter_match_request(f, &request, world);
}

/* What qsort has no argument for. */
typedef struct sorted {
	uint64_t key;
	char comm[16];
	uint32_t index;
} sorted;

static int compare(const void *a, const void *b)
{
	const sorted *x = a, *y = b;
	int by_comm = strcmp(x->comm, y->comm);
	if (by_comm)
		return by_comm;
	if (x->key != y->key)
		return x->key > y->key ? -1 : 1;
	return x->index < y->index ? -1 : 1;
}

/* The largest comes first; by time all are equal, and the index decides. */
static uint64_t key_of(const bud_episode *e, bud_roster_column sort)
{
	switch (sort) {
	case BUD_ROSTER_DURATION:
		return bud_episode_dur(e);
	case BUD_ROSTER_ORDER:
		return e->order >= 0 && e->order < BUD_NR_ORDERS ? (uint64_t)e->order + 1 : 0;
	case BUD_ROSTER_DIRECT:
		return e->direct_ns;
	case BUD_ROSTER_COMPACT:
		return e->compact_ns;
	case BUD_ROSTER_OUTCOME:
		return bud_episode_is_bad(e) ? 2 : bud_witness_is_trouble(e);
	default:
		return 0;
	}
}

static int compare_times(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

static void fill(bud_roster *r, sorted *all, const bud_event_world *world, const bud_filter *filter)
{
	for (size_t i = 0; i < r->list->nr; i++) {
		const bud_episode *e = &r->list->episodes[i];
		if (!match(filter, e, world))
			continue;
		sorted *s = &all[r->nr++];
		*s = (sorted){ .key = key_of(e, r->sort), .index = (uint32_t)i };
		if (r->sort == BUD_ROSTER_COMMAND)
			bud_filter_comm(world, e->pid, s->comm, sizeof s->comm);
		if (bud_witness_is_trouble(e))
			r->trouble[r->nr_trouble++] = e->t_end_ns;
	}
	qsort(all, r->nr, sizeof *all, compare);
	for (size_t i = 0; i < r->nr; i++)
		r->rows[i] = all[i].index;
	qsort(r->trouble, r->nr_trouble, sizeof *r->trouble, compare_times);
}

bud_status bud_roster_make(bud_roster *roster, const bud_witness *witness, const bud_event_world *world,
			   const bud_filter *filter, bud_roster_column sort, bud_error *err)
{
	bud_roster *r = roster;
	bud_roster_fini(r);
	r->sort = sort;
	r->list = witness->episodes;
	if (!r->list)
		return BUD_OK;
	sorted *all = calloc(r->list->nr + 1, sizeof *all);
	r->rows = calloc(r->list->nr + 1, sizeof *r->rows);
	r->trouble = calloc(r->list->nr + 1, sizeof *r->trouble);
	bool enough = all && r->rows && r->trouble;
	if (enough)
		fill(r, all, world, filter);
	free(all);
	return enough ? BUD_OK : bud_error_memory(err, "the list of episodes");
}

void bud_roster_fini(bud_roster *roster)
{
	free(roster->rows);
	free(roster->trouble);
	*roster = (bud_roster){ 0 };
}

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

size_t bud_roster_near(const bud_roster *roster, uint64_t t_ns)
{
	size_t best = 0;
	for (size_t i = 1; i < roster->nr; i++)
		if (distance(bud_roster_get(roster, i)->t_end_ns, t_ns) <
		    distance(bud_roster_get(roster, best)->t_end_ns, t_ns))
			best = i;
	return best;
}
