/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/instants.h"

#include <stdlib.h>
#include <string.h>

#define DEFAULT_SAMPLES 100
#define MAX_STEPS	1000000

void bud_instants_fini(bud_instants *instants)
{
	free(instants->t);
	free(instants->ends);
	free(instants->columns);
	*instants = (bud_instants){ 0 };
}

static bud_status add(bud_instants *in, uint64_t t, bud_error *err)
{
	if ((in->nr & (in->nr - 1)) == 0) {
		uint64_t *more = realloc(in->t, (in->nr ? in->nr * 2 : 1) * sizeof *more);
		if (!more)
			return bud_error_memory(err, "instants");
		in->t = more;
	}
	in->t[in->nr++] = t;
	return BUD_OK;
}

static bud_status add_snapshots(bud_instants *in, const bud_bundle *bundle, bud_error *err)
{
	bud_status status = BUD_OK;
	for (size_t i = 0; !status && i < bundle->nr_snapshots; i++)
		status = add(in, bundle->snapshots[i].t_ns, err);
	return status;
}

static bud_status add_listed(bud_instants *in, const char *list, const bud_trace_info *info, bud_error *err)
{
	char *copy = strdup(list), *rest = copy;
	bud_status status = copy ? BUD_OK : bud_error_memory(err, "--at");
	for (char *word; !status && (word = strsep(&rest, ","));) {
		uint64_t t;
		status = bud_options_when(word, info, &t, err);
		if (!status)
			status = add(in, t, err);
	}
	free(copy);
	return status;
}

static bud_status add_steps(bud_instants *in, const char *text, uint64_t end, const bud_trace_info *info,
			    bud_error *err)
{
	uint64_t step, t = in->begin;
	bud_status status = bud_options_duration(text, info, &step, err);
	if (status)
		return status;
	if (!step || (end - t) / step >= MAX_STEPS)
		return bud_error_set(err, BUD_ERR_USAGE, "--step %s: gives more than %d steps", text, MAX_STEPS);
	do {
		t = end - t > step ? t + step : end;
		status = add(in, t, err);
	} while (!status && t < end);
	return status;
}

static bud_status add_evenly(bud_instants *in, uint64_t nr, uint64_t end, bud_error *err)
{
	bud_status status = BUD_OK;
	for (uint64_t i = 1; !status && i <= nr; i++)
		status = add(in, in->begin + (uint64_t)((unsigned __int128)(end - in->begin) * i / nr), err);
	return status;
}

static int compare_times(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

/* A timeline runs forward: sort, and remember which column each instant became. */
static bud_status sort(bud_instants *in, bud_error *err)
{
	in->ends = calloc(in->nr + 1, sizeof *in->ends);
	in->columns = calloc(in->nr + 1, sizeof *in->columns);
	if (!in->ends || !in->columns)
		return bud_error_memory(err, "instants");
	for (size_t i = 0; i < in->nr; i++)
		if (in->t[i] != BUD_TIME_NONE)
			in->ends[in->nr_ends++] = in->t[i];
	qsort(in->ends, in->nr_ends, sizeof *in->ends, compare_times);
	in->ordered = in->nr == in->nr_ends && (!in->nr || memcmp(in->t, in->ends, in->nr * sizeof *in->t) == 0);
	for (size_t i = 0; i < in->nr; i++) {
		uint64_t *found = in->t[i] == BUD_TIME_NONE
					  ? NULL
					  : bsearch(&in->t[i], in->ends, in->nr_ends, sizeof *in->ends, compare_times);
		in->columns[i] = found ? (size_t)(found - in->ends) : SIZE_MAX;
	}
	if (in->nr_ends && in->ends[0] < in->begin)
		in->begin = in->ends[0];
	return BUD_OK;
}

bud_status bud_instants_collect(bud_instants *instants, const bud_options *options, const bud_workbench *bench,
				bud_error *err)
{
	const bud_trace_info *info = &bench->bundle->source->info;
	uint64_t end;
	*instants = (bud_instants){ 0 };
	bud_status status = bud_options_range(options, info, &instants->begin, &end, err);
	if (status)
		return status;
	if (options->at && strcmp(options->at, "snapshots") == 0)
		status = add_snapshots(instants, bench->bundle, err);
	else if (options->at)
		status = add_listed(instants, options->at, info, err);
	else if (info->first_ns == BUD_TIME_NONE)
		status = BUD_OK; /* without events there is no time to divide */
	else if (options->step)
		status = add_steps(instants, options->step, end, info, err);
	else
		status =
			add_evenly(instants, options->samples ? (uint64_t)options->samples : DEFAULT_SAMPLES, end, err);
	return status ? status : sort(instants, err);
}
