/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/replay/verify.h"

#include <stdio.h>
#include <string.h>

static uint64_t magnitude(int64_t n)
{
	return n < 0 ? -(uint64_t)n : (uint64_t)n;
}

static void add_zone(bud_verdict *verdict, const bud_comparison *c)
{
	verdict->nr_zones++;
	verdict->nr_exact_zones += c->exact;
	verdict->compared = verdict->compared && c->known;
	verdict->exact = verdict->exact && c->exact;
	verdict->within =
		verdict->within &&
		(c->exact || (c->known && c->uncertain_pages >= magnitude(c->free_error) && c->uncertain_pages > 0));
	verdict->free_error += magnitude(c->free_error);
}

void bud_verify_sum(const bud_replay *replay, const bud_snapshot *snapshots, size_t nr_snapshots, bud_verdict *verdicts,
		    bud_verify_summary *summary)
{
	size_t nr;
	const bud_comparison *comparisons = bud_replay_comparisons(replay, &nr);
	bud_verify_sum_some(comparisons, nr, snapshots, nr_snapshots, verdicts, summary);
}

void bud_verify_sum_some(const bud_comparison *comparisons, size_t nr, const bud_snapshot *snapshots,
			 size_t nr_snapshots, bud_verdict *verdicts, bud_verify_summary *summary)
{
	*summary = (bud_verify_summary){ .exact = true, .within = true };
	for (size_t i = 0; i < nr_snapshots; i++) {
		bud_verdict *v = &verdicts[i];
		*v = (bud_verdict){ .snapshot = &snapshots[i], .compared = true, .exact = true, .within = true };
		for (size_t k = 0; k < nr; k++)
			if (comparisons[k].snapshot == v->snapshot)
				add_zone(v, &comparisons[k]);
		if (!v->nr_zones || !v->compared)
			v->compared = v->exact = v->within = false;
		if (i == 0)
			continue;
		summary->nr_snapshots++;
		summary->nr_compared += v->compared;
		summary->nr_exact += v->exact;
		summary->nr_zones += v->nr_zones;
		summary->nr_exact_zones += v->nr_exact_zones;
		summary->free_error += v->free_error;
		summary->exact = summary->exact && v->exact;
		summary->within = summary->within && (v->within || !v->compared);
	}
}

const bud_verdict *bud_verify_at(const bud_verdict *verdicts, size_t nr_snapshots, uint64_t t_ns)
{
	const bud_verdict *last = NULL;
	for (size_t i = 0; i < nr_snapshots; i++)
		if (verdicts[i].compared && verdicts[i].snapshot->t_ns <= t_ns &&
		    (!last || verdicts[i].snapshot->t_ns > last->snapshot->t_ns))
			last = &verdicts[i];
	return last;
}

/* What the difference looks like where no claim covers it. */
static const char *guess(const bud_comparison *c, const bud_kernel *kernel)
{
	bool only_large = true;
	int64_t large = 0;
	for (int k = 0; k < (int)c->nr_orders; k++) {
		int64_t difference = (int64_t)(c->model[k] - c->kernel->nr_free[k]);
		only_large = only_large && (difference == 0 || k >= kernel->pageblock_order);
		large += k >= kernel->pageblock_order ? difference * ((int64_t)1 << k) : 0;
	}
	if (only_large && !c->free_error)
		return "unmerged_pageblocks";
	if (kernel->page_reporting && large > 0 &&
	    (only_large || magnitude(c->free_error - large) <= c->uncertain_pages))
		return "page_reporting";
	return "unexplained";
}

char *bud_verify_cause(const bud_comparison *comparison, const bud_kernel *kernel, char text[BUD_UNCERTAINTY_CAUSE])
{
	const bud_comparison *c = comparison;
	bud_uncertainty_list(c->uncertain, text);
	if (c->known && !c->exact && (!c->uncertain_pages || magnitude(c->free_error) > c->uncertain_pages))
		sprintf(text + strlen(text), "%s%s", *text ? " " : "", guess(c, kernel));
	return text;
}

const bud_reading *bud_verify_reading(const bud_reading *readings, size_t nr, const bud_comparison *comparison)
{
	for (size_t i = 0; i < nr; i++)
		if (readings[i].kernel == comparison->kernel)
			return &readings[i];
	return NULL;
}

static uint64_t pages_of(const uint64_t *blocks, unsigned nr_orders)
{
	uint64_t pages = 0;
	for (unsigned k = 0; k < nr_orders; k++)
		pages += blocks[k] << k;
	return pages;
}

uint64_t bud_verify_kernel_free(const bud_comparison *comparison)
{
	return pages_of(comparison->kernel->nr_free, comparison->nr_orders);
}

uint64_t bud_verify_model_free(const bud_comparison *comparison)
{
	return pages_of(comparison->model, comparison->nr_orders);
}

uint64_t bud_verify_kernel_cached(const bud_zone_info *kernel)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < kernel->nr_pcp; i++)
		sum += kernel->pcp[i].count;
	return kernel->nr_pcp ? sum : BUD_UNKNOWN;
}

const char *bud_marks_move_name(bud_marks_move move)
{
	static const char *const names[] = { "none", "boost", "memory", "settings" };
	return names[move];
}

bud_marks_move bud_verify_marks(const bud_reading *reading)
{
	const bud_zone_info *k = reading->kernel;
	const bud_zone_marks *m = &reading->marks;
	uint64_t boost = k->boost == BUD_UNKNOWN || m->boost == BUD_UNKNOWN ? 0 : k->boost - m->boost;
	if (k->min - m->min == boost && k->low - m->low == boost && k->high - m->high == boost)
		return boost ? BUD_MARKS_BOOST : BUD_MARKS_SAME;
	return reading->resized ? BUD_MARKS_MEMORY : BUD_MARKS_SETTINGS;
}

void bud_verify_sum_lists(const bud_reading *readings, size_t nr, bud_verify_lists *lists)
{
	*lists = (bud_verify_lists){ 0 };
	for (size_t i = 0; i < nr; i++) {
		const bud_reading *r = &readings[i];
		uint64_t cached = bud_verify_kernel_cached(r->kernel);
		if (r->marks.min != BUD_UNKNOWN) {
			lists->nr_marks++;
			lists->marks[bud_verify_marks(r)]++;
		}
		if (!r->known || cached == BUD_UNKNOWN)
			continue;
		uint64_t error = magnitude((int64_t)(r->cached_pages - cached));
		lists->nr++;
		lists->cached += cached;
		lists->cached_error += error;
		lists->nr_within += r->unknown_pages == BUD_UNKNOWN || error <= r->unknown_pages + r->uncertain_pages;
	}
}
