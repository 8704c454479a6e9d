/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/insight/stall.h"

#include <stdlib.h>
#include <string.h>

#include "lib/insight/episode_rows.h"

/* One request, as far as it counts. */
typedef struct request {
	const char *comm; /* NULL: unknown */
	uint64_t dur_ns;
	int8_t order;
	bool stalled, failed;
} request;

uint64_t bud_stall_percentile(const uint64_t *sorted, size_t nr, unsigned percent)
{
	size_t rank = (nr * percent + 99) / 100;
	return sorted[rank ? rank - 1 : 0];
}

static bool was_held_up(const bud_episode_list *list, const bud_episode *e)
{
	const bud_episode_part *parts = bud_episode_list_parts(list, e);
	for (uint32_t i = 0; i < e->nr_parts; i++)
		if (parts[i].kind != BUD_PART_WAKE && parts[i].kind != BUD_PART_GAP)
			return true;
	return false;
}

/* By order, then command (unknown first), then length. */
static int compare_requests(const void *a, const void *b)
{
	const request *x = a, *y = b;
	if (x->order != y->order)
		return x->order - y->order;
	int difference = !x->comm || !y->comm ? !y->comm - !x->comm : strcmp(x->comm, y->comm);
	if (difference)
		return difference;
	return x->dur_ns < y->dur_ns ? -1 : x->dur_ns > y->dur_ns;
}

static int compare_numbers(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

/* The row of these requests; durations is room for as many. */
static bud_status write_row(const request *requests, size_t nr, const char *comm, uint64_t *durations,
			    bud_row_sink *sink, bud_error *err)
{
	size_t stalled = 0;
	uint64_t failed = 0, total = 0;
	for (size_t i = 0; i < nr; i++) {
		failed += requests[i].failed;
		if (!requests[i].stalled)
			continue;
		durations[stalled++] = requests[i].dur_ns;
		total += requests[i].dur_ns;
	}
	qsort(durations, stalled, sizeof *durations, compare_numbers);
	const bud_value none = bud_value_unknown();
	const bud_value row[] = {
		bud_value_int(requests->order),
		bud_value_text(comm),
		bud_value_uint(stalled),
		stalled ? bud_value_uint(bud_stall_percentile(durations, stalled, 50)) : none,
		stalled ? bud_value_uint(bud_stall_percentile(durations, stalled, 90)) : none,
		stalled ? bud_value_uint(bud_stall_percentile(durations, stalled, 99)) : none,
		stalled ? bud_value_uint(durations[stalled - 1]) : none,
		bud_value_uint(failed),
		bud_value_uint(total),
	};
	return sink->row(sink->self, row, err);
}

static bool is_same_comm(const request *a, const request *b)
{
	return a->comm == b->comm || (a->comm && b->comm && strcmp(a->comm, b->comm) == 0);
}

/* All of one order, sorted: a row for all of them, one for each command. */
static bud_status write_order(const request *requests, size_t nr, uint64_t *durations, bud_row_sink *sink,
			      bud_error *err)
{
	bud_status status = write_row(requests, nr, "any", durations, sink, err);
	for (size_t i = 0, same; !status && i < nr; i += same) {
		for (same = 1; i + same < nr && is_same_comm(&requests[i], &requests[i + same]); same++)
			;
		status = write_row(requests + i, same, requests[i].comm, durations, sink, err);
	}
	return status;
}

static size_t collect(const bud_episode_list *list, const bud_source *source, request *requests)
{
	size_t nr = 0;
	for (size_t i = 0; i < list->nr; i++) {
		const bud_episode *e = &list->episodes[i];
		if (e->kind != BUD_EPISODE_REQUEST || !bud_episode_has_end(e) || e->order == BUD_ORDER_INVALID)
			continue;
		request r = { .comm = e->in_interrupt ? "(interrupt)" : bud_source_comm(source, e->pid),
			      .dur_ns = bud_episode_dur(e),
			      .order = e->order,
			      .stalled = was_held_up(list, e),
			      .failed = e->pfn == BUD_PFN_NONE };
		if (r.stalled || r.failed)
			requests[nr++] = r;
	}
	return nr;
}

bud_status bud_stall_write(const bud_episode_list *list, bud_source *source, bud_row_sink *sink, bud_error *err)
{
	request *requests = calloc(list->nr + 1, sizeof *requests);
	uint64_t *durations = calloc(list->nr + 1, sizeof *durations);
	bud_status status = requests && durations ? BUD_OK : bud_error_memory(err, "stalls");
	size_t nr = status ? 0 : collect(list, source, requests);
	if (nr)
		qsort(requests, nr, sizeof *requests, compare_requests);
	for (size_t i = 0, same; !status && i < nr; i += same) {
		for (same = 1; i + same < nr && requests[i].order == requests[i + same].order; same++)
			;
		status = write_order(requests + i, same, durations, sink, err);
	}
	free(requests);
	free(durations);
	return status;
}

static bud_status write_stalls(const bud_story_context *c, const bud_episode_list *list, bud_site_table *sites,
			       bud_error *err)
{
	(void)sites;
	return bud_stall_write(list, c->source, c->sink, err);
}

static bud_status end(void *self, bool failed, bud_error *err)
{
	return bud_episode_rows_end(self, failed, write_stalls, err);
}

static const char *const columns[] = { "order",	 "comm",   "episodes", "p50_ns",  "p90_ns",
				       "p99_ns", "max_ns", "failed",   "total_ns" };

const bud_story bud_stall_story = { .table = { "stall", columns, sizeof columns / sizeof *columns },
				    .begin = bud_episode_rows_begin,
				    .event = bud_episode_rows_event,
				    .end = end };
