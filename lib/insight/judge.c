/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/insight/judge.h"

#include <stdlib.h>

const char *bud_measure_name(bud_measure measure)
{
	static const char *const names[] = {
#define X(kind, name, what) name,
		BUD_MEASURES(X)
#undef X
	};
	return names[measure];
}

const char *bud_measure_text(bud_measure measure)
{
	static const char *const texts[] = {
#define X(kind, name, what) what,
		BUD_MEASURES(X)
#undef X
	};
	return texts[measure];
}

void bud_happenings_add(bud_happenings *happenings, bud_measure measure, uint64_t t_ns)
{
	uint64_t nr = happenings->count[measure]++;
	if (nr >= BUD_JUDGE_TIMES)
		return;
	if ((nr & (nr - 1)) == 0) {
		uint64_t *more = realloc(happenings->times[measure], (nr ? 2 * nr : 1) * sizeof *more);
		if (!more) {
			happenings->out_of_memory = true;
			happenings->count[measure] = nr;
			return;
		}
		happenings->times[measure] = more;
	}
	happenings->times[measure][nr] = t_ns;
}

void bud_happenings_fini(bud_happenings *happenings)
{
	for (int m = 0; m < BUD_NR_MEASURES; m++)
		free(happenings->times[m]);
	*happenings = (bud_happenings){ 0 };
}

static uint64_t remembered(const bud_happenings *happenings, bud_measure measure)
{
	uint64_t nr = happenings->times[measure] ? happenings->count[measure] : 0;
	return nr < BUD_JUDGE_TIMES ? nr : BUD_JUDGE_TIMES;
}

uint64_t bud_happenings_matched(const bud_happenings *first, const bud_happenings *second, bud_measure measure,
				uint64_t near_ns)
{
	const uint64_t *a = first->times[measure], *b = second->times[measure];
	uint64_t na = remembered(first, measure), nb = remembered(second, measure), matched = 0;
	for (uint64_t i = 0, j = 0; i < na && j < nb;) {
		if (b[j] > near_ns && b[j] - near_ns > a[i])
			i++;
		else if (a[i] > near_ns && a[i] - near_ns > b[j])
			j++;
		else {
			matched++;
			i++;
			j++;
		}
	}
	return matched;
}

bud_distance bud_judge_distance(const uint64_t *first, const uint64_t *second)
{
	bud_distance d = { 0 };
	for (int k = 0; k < BUD_NR_ORDERS; k++) {
		int64_t difference = (int64_t)(first[k] - second[k]) * ((int64_t)1 << k);
		d.pages += difference;
		d.blocks += (uint64_t)(difference < 0 ? -difference : difference);
	}
	return d;
}
