/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/replay/sample.h"

#include <string.h>

#include "lib/memory/fragindex.h"

static const char *const fold_names[] = { "last", "worst", "min", "max", "mean" };

const char *bud_fold_name(bud_fold fold)
{
	return fold_names[fold];
}

bool bud_fold_parse(const char *name, bud_fold *fold)
{
	for (size_t i = 0; i < sizeof fold_names / sizeof *fold_names; i++)
		if (strcmp(fold_names[i], name) == 0) {
			*fold = (bud_fold)i;
			return true;
		}
	return false;
}

/* The numbers of a sample, a group a row, and which end of them is the worst. */
static const struct series {
	size_t offset;
	unsigned nr;
	bool is_index; /* int32_t, else uint64_t */
	bool low_is_worst;
} series[] = {
#define SERIES(member, nr, is_index, low)                            \
	{                                                            \
		offsetof(bud_zone_sample, member), nr, is_index, low \
	}
	SERIES(cached_pages, 1, false, false),
	SERIES(used_pages, 1, false, false),
	SERIES(unknown_pages, 1, false, false),
	SERIES(uncertain_pages, 1, false, false),
	SERIES(uncertain, BUD_NR_UNCERTAINTIES, false, false),
	/* What the free lists make of it. */
	SERIES(free_pages, 1, false, true),
	SERIES(nr_free, BUD_NR_ORDERS, false, true),
	SERIES(suitable, BUD_NR_ORDERS, false, true),
	SERIES(extfrag_milli, BUD_NR_ORDERS, true, false),
	SERIES(unusable_milli, BUD_NR_ORDERS, true, false),
	/* Only where types are wanted. */
	SERIES(nr_free_type, BUD_NR_MIGRATETYPES *BUD_NR_ORDERS, false, true),
	SERIES(sure_type, BUD_NR_MIGRATETYPES *BUD_NR_ORDERS, false, true),
#undef SERIES
};

#define NR_SERIES (sizeof series / sizeof *series)

#define NR_REST (NR_SERIES - 7) /* the first ones, that change without the free lists */

static size_t nr_series(const bud_folder *f)
{
	return f->now.typed ? NR_SERIES : NR_SERIES - 2;
}

static void take_lists(bud_zone_sample *sample, bool types, const bud_zone *zone)
{
	int max_order = zone->buddy.max_order;
	bud_buddy_count(&zone->buddy, sample->nr_free);
	bud_fragindex_all(sample->nr_free, max_order, sample->suitable, sample->extfrag_milli, sample->unusable_milli);
	sample->free_pages = bud_buddy_pages(&zone->buddy);
	sample->typed = types && zone->buddy.types;
	if (sample->typed) {
		memcpy(sample->nr_free_type, zone->buddy.types->area.nr, sizeof sample->nr_free_type);
		memcpy(sample->sure_type, zone->buddy.types->sure, sizeof sample->sure_type);
	}
}

static void take_rest(bud_zone_sample *sample, const bud_zone *zone)
{
	sample->known = zone->seeded;
	sample->followed = zone->followed;
	memcpy(sample->base, zone->base, sizeof sample->base);
	sample->cached_pages = zone->cached_pages;
	sample->used_pages = zone->used_pages;
	sample->unknown_pages = bud_zone_unknown_pages(zone);
	sample->uncertain_pages = bud_zone_uncertain_pages(zone, sample->uncertain);
	sample->marks = zone->marks;
	sample->wm_state = bud_zone_wm_state(&zone->marks, sample->free_pages);
}

static void take(bud_zone_sample *sample, bool types, const bud_zone *zone)
{
	memset(sample, 0, sizeof *sample);
	take_lists(sample, types, zone);
	take_rest(sample, zone);
}

void bud_sample_take(bud_zone_sample *sample, const bud_zone *zone)
{
	take(sample, true, zone);
}

static inline int32_t *index_at(bud_zone_sample *sample, const struct series *s)
{
	return (int32_t *)((char *)sample + s->offset);
}

static inline uint64_t *count_at(bud_zone_sample *sample, const struct series *s)
{
	return (uint64_t *)((char *)sample + s->offset);
}

/* Takes the figures that hold now into the lowest and highest so far. */
static void fold_extremes(bud_folder *f, bool lists)
{
	size_t nr = lists ? nr_series(f) : NR_REST;
	for (size_t i = 0; i < nr; i++) {
		const struct series *s = &series[i];
		bool low = f->fold == BUD_FOLD_MIN || (f->fold == BUD_FOLD_WORST && s->low_is_worst);
		for (unsigned k = 0; k < s->nr; k++) {
			if (s->is_index) {
				int32_t *to = index_at(&f->folded, s) + k, now = index_at(&f->now, s)[k];
				*to = (now < *to) == low ? now : *to;
			} else {
				uint64_t *to = count_at(&f->folded, s) + k, now = count_at(&f->now, s)[k];
				*to = (now < *to) == low ? now : *to;
			}
		}
	}
	bool lower = f->fold == BUD_FOLD_MAX;
	if (lower ? f->now.wm_state < f->folded.wm_state : f->now.wm_state > f->folded.wm_state)
		f->folded.wm_state = f->now.wm_state;
}

/* Adds the figures that held until t_ns, each weighted by how long. */
static void fold_sums(bud_folder *f, uint64_t t_ns)
{
	__int128 held = t_ns > f->t_ns ? (__int128)(t_ns - f->t_ns) : 0;
	__int128 *sum = f->sums;
	for (size_t i = 0; i < nr_series(f); i++)
		for (unsigned k = 0; k < series[i].nr; k++)
			*sum++ += held * (series[i].is_index ? index_at(&f->now, &series[i])[k]
							     : (__int128)count_at(&f->now, &series[i])[k]);
}

static void take_first(bud_folder *f, const bud_zone *zone, uint64_t t_ns)
{
	take(&f->now, f->types, zone);
	f->folded = f->now;
	f->any = f->now.followed;
	f->t_ns = f->t_first_ns = t_ns;
	memset(f->sums, 0, sizeof f->sums);
}

void bud_folder_begin(bud_folder *folder, bud_fold fold, bool types, const bud_zone *zone, uint64_t t_ns)
{
	folder->fold = fold;
	folder->types = types;
	folder->any = false;
	if (fold != BUD_FOLD_LAST)
		take_first(folder, zone, t_ns);
}

void bud_folder_change(bud_folder *folder, const bud_zone *zone, uint64_t t_ns, bool lists)
{
	if (!folder->any) {
		if (zone->followed)
			take_first(folder, zone, t_ns);
		return;
	}
	if (folder->fold == BUD_FOLD_MEAN)
		fold_sums(folder, t_ns);
	if (lists)
		take_lists(&folder->now, folder->types, zone);
	take_rest(&folder->now, zone);
	folder->t_ns = t_ns;
	if (folder->fold != BUD_FOLD_MEAN)
		fold_extremes(folder, lists);
}

static __int128 divide_down(__int128 sum, __int128 by)
{
	__int128 quotient = sum / by;
	return quotient * by > sum ? quotient - 1 : quotient;
}

static void finish_mean(bud_folder *f, uint64_t t_ns)
{
	__int128 total = t_ns > f->t_first_ns ? (__int128)(t_ns - f->t_first_ns) : 0;
	const __int128 *sum = f->sums;
	fold_sums(f, t_ns);
	f->folded = f->now;
	for (size_t i = 0; total && i < nr_series(f); i++)
		for (unsigned k = 0; k < series[i].nr; k++, sum++) {
			if (series[i].is_index)
				index_at(&f->folded, &series[i])[k] = (int32_t)divide_down(*sum, total);
			else
				count_at(&f->folded, &series[i])[k] = (uint64_t)divide_down(*sum, total);
		}
	f->folded.wm_state = bud_zone_wm_state(&f->folded.marks, f->folded.free_pages);
}

void bud_folder_end(bud_folder *folder, const bud_zone *zone, uint64_t t_ns, bud_zone_sample *sample)
{
	if (!folder->any) {
		take(sample, folder->types, zone);
		return;
	}
	if (folder->fold == BUD_FOLD_MEAN)
		finish_mean(folder, t_ns);
	*sample = folder->folded;
	sample->known = zone->seeded;
	memcpy(sample->base, zone->base, sizeof sample->base);
	sample->marks = zone->marks;
	if (sample->unknown_pages != BUD_UNKNOWN && zone->managed == BUD_UNKNOWN)
		sample->unknown_pages = BUD_UNKNOWN;
}
