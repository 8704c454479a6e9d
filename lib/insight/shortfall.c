/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/insight/shortfall.h"

#include "lib/allocator/zoneview.h"

typedef struct look {
	bud_shortfall *shortfall;
	const bud_plea *plea;
	const bud_explanation *explanation;
	const bud_answer *answer;
	const bud_shortfall_zone *zone;
	const bud_kernel *kernel;
} look;

static void add(const look *p, bud_lacking_kind kind, uint64_t value, uint64_t now)
{
	p->shortfall->list[p->shortfall->nr++] = (bud_lacking){ kind, value, now };
}

/* Whether it passes the count of pages with that mark and reserve. */
static bool passes(const look *p, uint64_t level, uint64_t reserve)
{
	int64_t mark = bud_watermark_effective(p->kernel, level, p->explanation->alloc_flags);
	return (int64_t)p->answer->free - (int64_t)p->answer->held > mark + (int64_t)reserve;
}

/* The level the zone would have with that min_free_kbytes and scale factor; the rest stays as it is. */
static uint64_t level_with(const look *p, uint64_t min_free_kib, uint64_t scale)
{
	const bud_settings *s = p->zone->settings;
	bud_wmark_zone zones[BUD_EXPLAIN_ZONES] = { 0 };
	size_t nr = s->nr_zones < BUD_EXPLAIN_ZONES ? s->nr_zones : BUD_EXPLAIN_ZONES;
	for (size_t i = 0; i < nr; i++)
		zones[i] = s->zones[i].computed;
	bud_watermark_compute(zones, nr, p->kernel, min_free_kib, (unsigned)scale);
	for (size_t i = 0; i < nr; i++)
		if (&s->zones[i] == bud_settings_find(s, p->answer->node, p->answer->name))
			return (p->plea->first ? zones[i].marks.low : zones[i].marks.min) + p->answer->boost;
	return BUD_UNKNOWN;
}

static void try_min_free(const look *p)
{
	const bud_settings *s = p->zone->settings;
	uint64_t now = s ? s->sysctls.min_free_kbytes : BUD_UNKNOWN, least = 0, most = now;
	if (now == BUD_UNKNOWN || !passes(p, p->answer->boost, p->answer->reserve))
		return;
	/* least passes, most does not. */
	while (most - least > 1) {
		uint64_t middle = least + (most - least) / 2;
		uint64_t level = level_with(p, middle, s->sysctls.watermark_scale_factor);
		if (level != BUD_UNKNOWN && passes(p, level, p->answer->reserve))
			least = middle;
		else
			most = middle;
	}
	if (least)
		add(p, BUD_LACKING_MIN_FREE, least, now);
}

/* A reserve is a share of the pages above, one part in ratio. */
static void try_ratio(const look *p)
{
	const bud_settings *s = p->zone->settings;
	unsigned ratio[BUD_NR_ZONE_TYPES];
	int64_t left = bud_explain_spare(p->answer) + (int64_t)p->answer->reserve - 1;
	if (!s || left < 0 || !p->answer->reserve || p->answer->type >= BUD_NR_ZONE_TYPES)
		return;
	if (!bud_sysctls_ratios(&s->sysctls, bud_settings_zone_types(s->snapshot), ratio))
		for (int i = 0; i < BUD_NR_ZONE_TYPES; i++)
			ratio[i] = bud_watermark_default_ratio[i];
	uint64_t now = ratio[p->answer->type], above = (p->answer->reserve + 1) * now;
	add(p, BUD_LACKING_RATIO, above / (uint64_t)(left + 1) + 1, now);
}

/* More pages are needed. */
static void measure_shortage(const look *p)
{
	const bud_answer *a = p->answer;
	uint64_t missing = (uint64_t)(1 - bud_explain_spare(a));
	add(p, BUD_LACKING_PAGES, missing, BUD_UNKNOWN);
	if (p->zone->cached != BUD_UNKNOWN && p->zone->cached >= missing)
		add(p, BUD_LACKING_CACHED, p->zone->cached, BUD_UNKNOWN);
	if (a->boost && passes(p, a->level - a->boost, a->reserve))
		add(p, BUD_LACKING_BOOST, a->boost, BUD_UNKNOWN);
	if (a->cause == BUD_CAUSE_RESERVE)
		try_ratio(p);
	try_min_free(p);
}

static bud_zone_view view_of(const look *p)
{
	const bud_zone_facts *f = p->zone->facts;
	bud_zone_view view = { .node = f->node,
			       .type = f->type,
			       .managed = f->managed,
			       .area = &f->area,
			       .marks = { .min = f->min - f->boost, .low = f->low - f->boost },
			       .boost = f->boost,
			       .highatomic_reserved = f->highatomic };
	for (int i = 0; i < BUD_NR_ZONE_TYPES; i++)
		view.reserve[i] = f->reserve[i];
	return view;
}

/* One piece is needed. */
static void measure_fragmentation(const look *p)
{
	const bud_settings *s = p->zone->settings;
	uint64_t threshold = s ? s->sysctls.extfrag_threshold : 500;
	bud_zone_view view = view_of(p);
	bud_suitable suitable = bud_zoneview_suitable(&view, p->kernel, p->plea->order, p->explanation->highest,
						      p->explanation->alloc_flags, false, (unsigned)threshold);
	if (suitable == BUD_SUITABLE_NO_ROOM) {
		int order = p->plea->order;
		uint64_t kept = p->answer->held - (((uint64_t)1 << order) - 1);
		uint64_t mark = order > BUD_COSTLY_ORDER ? view.marks.low : view.marks.min;
		uint64_t needed = mark + view.boost + view.reserve[p->explanation->highest] +
				  bud_zoneview_compact_gap(p->kernel, order) + kept + 1;
		if (needed > p->answer->free)
			add(p, BUD_LACKING_ROOM, needed - p->answer->free, BUD_UNKNOWN);
	}
	if (suitable == BUD_SUITABLE_NOT_FRAGMENTED)
		add(p, BUD_LACKING_INDEX, (uint64_t)p->answer->extfrag_milli, threshold);
}

void bud_shortfall_find(bud_shortfall *shortfall, const bud_plea *plea, const bud_explanation *explanation,
			const bud_shortfall_zone *zone, const bud_kernel *kernel)
{
	look p = { .shortfall = shortfall, .plea = plea, .explanation = explanation, .zone = zone, .kernel = kernel };
	shortfall->nr = 0;
	if (explanation->decisive < 0)
		return;
	p.answer = &explanation->answers[explanation->decisive];
	if (explanation->cause == BUD_CAUSE_SHORTAGE || explanation->cause == BUD_CAUSE_RESERVE)
		measure_shortage(&p);
	else if (explanation->cause == BUD_CAUSE_FRAGMENTATION)
		measure_fragmentation(&p);
}
