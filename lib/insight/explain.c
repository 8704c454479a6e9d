/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/insight/explain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/allocator/request.h"
#include "lib/memory/fragindex.h"

static const struct {
	const char *name, *text;
} causes[] = {
#define X(cause, name, text) { name, text },
	BUD_CAUSES(X)
#undef X
};

const char *bud_cause_name(bud_cause cause)
{
	return causes[cause].name;
}

const char *bud_cause_text(bud_cause cause)
{
	return causes[cause].text;
}

int64_t bud_explain_spare(const bud_answer *answer)
{
	return (int64_t)answer->free - (int64_t)answer->held - answer->mark - (int64_t)answer->reserve;
}

const bud_settings *bud_explain_settings(const bud_settings *settings, size_t nr, uint64_t t_ns)
{
	const bud_settings *found = NULL;
	for (size_t i = 0; i < nr; i++) {
		uint64_t t = settings[i].snapshot->t_ns;
		if (t == BUD_TIME_NONE || !settings[i].nr_zones)
			continue;
		if (t <= t_ns || !found)
			found = &settings[i];
	}
	return found;
}

typedef struct question {
	const bud_plea *plea;
	const bud_kernel *kernel;
	bool defrag_mode;
	bud_gfp gfp;
	unsigned flags;
	bud_zone_type highest;
} question;

/* The flags of its last attempts. */
static unsigned last_flags(const question *q, bud_migratetype type)
{
	const bud_plea *plea = q->plea;
	unsigned task = (plea->interrupt ? BUD_TASK_INTERRUPT : 0) | (plea->oom_victim ? BUD_TASK_OOM_VICTIM : 0);
	bud_request request = { .order = plea->order, .gfp = q->gfp, .task = task, .node = -1 };
	bud_request_rules rules = { .defrag_mode = q->defrag_mode };
	bud_alloc_context context = { .request = &request,
				      .order = plea->order,
				      .gfp = q->gfp,
				      .type = type,
				      .highest = q->highest,
				      .node = -1,
				      .atomic = q->kernel->gfp_atomic && q->gfp & BUD_GFP_ATOMIC };
	if (plea->first)
		return BUD_ALLOC_WMARK_LOW | bud_request_cma_flag(&context, q->kernel);
	unsigned reserves = bud_request_reserve_flags(&context);
	return reserves ? reserves : bud_request_slow_flags(&context, q->kernel, &rules);
}

/* ---- facts ---- */

/* The whole reserve, as far as its pageblocks are known. */
static uint64_t highatomic_pages(const bud_blocktypes *types)
{
	uint64_t blocks = 0;
	for (uint64_t i = 0; i < types->nr_blocks; i++)
		blocks += bud_typing_type(types->blocks[i]) == BUD_MT_HIGHATOMIC;
	return blocks << types->pageblock_order;
}

static void add_blocks(bud_free_area *area, int order, bud_migratetype type, uint64_t blocks)
{
	area->nr_free[order] += blocks;
	area->nr[type][order] += blocks;
	area->orders[type] |= blocks ? 1u << order : 0;
	area->pages[type] += blocks << order;
}

void bud_explain_zone(bud_zone_facts *facts, const bud_zone *zone, const bud_settings *settings,
		      const bud_boosts *boosts)
{
	const bud_settings_zone *known = settings ? bud_settings_find(settings, zone->node, zone->name) : NULL;
	const bud_blocktypes *types = zone->buddy.types;
	*facts = (bud_zone_facts){ .node = zone->node,
				   .name = zone->name,
				   .type = zone->type,
				   .managed = zone->managed,
				   .free = zone->seeded ? bud_buddy_pages(&zone->buddy) : BUD_UNKNOWN,
				   .uncertain = bud_zone_uncertain_pages(zone, NULL),
				   .types = types,
				   .min = known ? known->kernel->min : zone->marks.min,
				   .low = known ? known->kernel->low : zone->marks.low,
				   .boost = known ? known->boost : zone->marks.boost };
	facts->boost = facts->boost == BUD_UNKNOWN ? 0 : facts->boost;
	if (known && boosts) {
		uint64_t boost = bud_boosts_of(boosts, zone);
		facts->min += boost - facts->boost;
		facts->low += boost - facts->boost;
		facts->boost = boost;
		facts->estimated = true;
	}
	if (known)
		memcpy(facts->reserve, known->computed.reserve, sizeof facts->reserve);
	if (types) {
		facts->area = types->area;
		facts->highatomic = highatomic_pages(types);
		return;
	}
	for (int k = 0; k <= zone->buddy.max_order; k++)
		add_blocks(&facts->area, k, BUD_MT_MOVABLE, bud_buddy_blocks(&zone->buddy, k));
}

unsigned bud_explain_report_types(const bud_klog_report *report)
{
	unsigned types = 1u << BUD_ZONE_NORMAL | 1u << BUD_ZONE_MOVABLE, nr = 0;
	for (size_t i = 0; i < report->nr_zones; i++) {
		bud_zone_type type = bud_zone_type_parse(report->zones[i].name);
		types |= type < BUD_NR_ZONE_TYPES ? 1u << type : 0;
		nr = report->zones[i].nr_reserve > nr ? report->zones[i].nr_reserve : nr;
	}
	/* Those that no zone of the machine has: as kernels are commonly built. */
	static const bud_zone_type usual[] = { BUD_ZONE_DMA, BUD_ZONE_DMA32, BUD_ZONE_DEVICE };
	for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
		if ((unsigned)__builtin_popcount(types) < nr)
			types |= 1u << usual[i];
	return types;
}

/* Blocks of an order are of all the types told; where it could have some of them, they count as of that type. */
static bud_migratetype likely_list(uint8_t types)
{
	return types ? (bud_migratetype)__builtin_ctz(types) : BUD_MT_MOVABLE;
}

void bud_explain_report_zone(bud_zone_facts *facts, const bud_klog_zone *zone, unsigned zone_types)
{
	*facts = (bud_zone_facts){ .node = zone->node,
				   .name = zone->name,
				   .type = bud_zone_type_parse(zone->name),
				   .managed = zone->managed == BUD_UNKNOWN ? 0 : zone->managed,
				   .free = zone->free,
				   .types = true,
				   .min = zone->min,
				   .low = zone->low,
				   .boost = zone->boost == BUD_UNKNOWN ? 0 : zone->boost,
				   .highatomic =
					   zone->reserved_highatomic == BUD_UNKNOWN ? 0 : zone->reserved_highatomic };
	for (int type = 0, at = 0; type < BUD_NR_ZONE_TYPES && at < (int)zone->nr_reserve; type++)
		if (zone_types & 1u << type)
			facts->reserve[type] = zone->reserve[at++];
	for (int k = 0; k < (int)zone->nr_orders; k++)
		add_blocks(&facts->area, k, likely_list(zone->types[k]), zone->nr_free[k]);
	if (zone->free_highatomic != BUD_UNKNOWN)
		facts->area.pages[BUD_MT_HIGHATOMIC] = zone->free_highatomic;
	if (zone->free_cma != BUD_UNKNOWN)
		facts->area.pages[BUD_MT_CMA] = zone->free_cma;
}

/* ---- answers ---- */

static uint64_t usable_blocks(const question *q, const bud_free_area *area, int max_order)
{
	uint64_t blocks = 0;
	for (int type = 0; type < BUD_NR_MIGRATETYPES; type++) {
		bud_free_area alone = { 0 };
		alone.orders[type] = area->orders[type];
		if (bud_watermark_has_block(&alone, q->kernel, q->plea->order, q->flags))
			blocks += bud_fragindex_suitable(area->nr[type], max_order, q->plea->order);
	}
	return blocks;
}

static int largest_block(const bud_free_area *area, int max_order)
{
	int k = max_order;
	while (k >= 0 && !area->nr_free[k])
		k--;
	return k;
}

static bud_cause judge(const question *q, const bud_answer *a, int64_t free)
{
	int64_t own = ((int64_t)1 << q->plea->order) - 1;
	if (free - own <= a->mark || free <= 0)
		return BUD_CAUSE_SHORTAGE;
	if (free - (int64_t)a->held <= a->mark + (int64_t)a->reserve)
		return BUD_CAUSE_RESERVE;
	uint64_t blocks = a->usable == BUD_UNKNOWN ? a->blocks : a->usable;
	return q->plea->order && !blocks ? BUD_CAUSE_FRAGMENTATION : BUD_CAUSE_PASSES;
}

static bud_answer ask(const question *q, const bud_zone_facts *f)
{
	const bud_free_area *area = &f->area;
	int order = q->plea->order, max_order = q->kernel->max_order;
	bud_wmark_test test = { .area = area, .highatomic_reserved = f->highatomic };
	bud_answer a = { .node = f->node,
			 .type = f->type,
			 .managed = f->managed,
			 .free = f->free,
			 .uncertain = f->uncertain,
			 .level = q->plea->first ? f->low : f->min,
			 .boost = f->boost,
			 .reserve = q->highest < BUD_NR_ZONE_TYPES ? f->reserve[q->highest] : 0,
			 .largest = largest_block(area, max_order),
			 .usable = BUD_UNKNOWN };
	snprintf(a.name, sizeof a.name, "%s", f->name);
	a.held = (uint64_t)bud_watermark_unusable(&test, q->kernel, order, q->flags);
	a.blocks = bud_fragindex_suitable(area->nr_free, max_order, order);
	if (f->types)
		a.usable = usable_blocks(q, area, max_order);
	a.extfrag_milli = bud_fragindex_extfrag(area->nr_free, max_order, order);
	a.unusable_milli = bud_fragindex_unusable(area->nr_free, max_order, order);
	if (a.level == BUD_UNKNOWN || f->free == BUD_UNKNOWN)
		return a;
	a.mark = q->flags & BUD_ALLOC_NO_WATERMARKS ? 0 : bud_watermark_effective(q->kernel, a.level, q->flags);
	a.cause = judge(q, &a, (int64_t)f->free);
	if (f->estimated && f->boost) {
		bud_answer without = a;
		without.mark = bud_watermark_effective(q->kernel, a.level - f->boost, q->flags);
		a.by_boost = judge(q, &without, (int64_t)f->free) != a.cause;
	}
	int64_t spread = (int64_t)f->uncertain;
	a.unsure = spread && (judge(q, &a, (int64_t)f->free - spread) != a.cause ||
			      judge(q, &a, (int64_t)f->free + spread) != a.cause || a.cause == BUD_CAUSE_FRAGMENTATION);
	return a;
}

/* Own node first, then the others by number; in a node the highest zone first. */
static bool comes_before(const question *q, const bud_zone_facts *a, const bud_answer *b)
{
	if (a->node != b->node) {
		bool own_a = a->node == q->plea->node, own_b = b->node == q->plea->node;
		return own_a != own_b ? own_a : a->node < b->node;
	}
	return a->type > b->type;
}

static bool may_use(const question *q, const bud_zone_facts *zone)
{
	bool this_node = q->gfp & BUD_GFP_THISNODE && q->plea->node >= 0;
	if (q->plea->only && !bud_section_wants_zone(q->plea->only, zone->node, zone->name))
		return false;
	return zone->type <= q->highest && zone->managed && !(this_node && zone->node != q->plea->node);
}

static void ask_all(bud_explanation *e, const question *q, const bud_zone_facts *zones, size_t nr)
{
	for (size_t i = 0; i < nr && e->nr_answers < BUD_EXPLAIN_ZONES; i++) {
		if (!may_use(q, &zones[i]))
			continue;
		size_t at = e->nr_answers++;
		for (; at && comes_before(q, &zones[i], &e->answers[at - 1]); at--)
			e->answers[at] = e->answers[at - 1];
		e->answers[at] = ask(q, &zones[i]);
	}
}

static bool node_serves(const bud_explanation *e, int32_t node)
{
	for (size_t i = 0; i < e->nr_answers; i++)
		if (e->answers[i].node == node && e->answers[i].cause == BUD_CAUSE_PASSES)
			return true;
	return false;
}

/* With __GFP_THISNODE and nobody telling of which, it was of a node that could not serve it, if there is one. */
static bool counts(const bud_explanation *e, const question *q, const bud_answer *answer)
{
	if (!(q->gfp & BUD_GFP_THISNODE) || q->plea->node >= 0 || !node_serves(e, answer->node))
		return true;
	for (size_t i = 0; i < e->nr_answers; i++)
		if (!node_serves(e, e->answers[i].node))
			return false;
	return true;
}

/* A zone that would serve it says most; then one that it is meant for (nothing there is kept back for it), the largest.
 */
static bool says_more(const bud_answer *a, const bud_answer *b)
{
	bool passes_a = a->cause == BUD_CAUSE_PASSES, passes_b = b->cause == BUD_CAUSE_PASSES;
	if (passes_a != passes_b)
		return passes_a;
	if (!a->reserve != !b->reserve)
		return !a->reserve;
	return a->managed > b->managed;
}

static void sum_up(bud_explanation *e, const question *q)
{
	e->decisive = -1;
	for (size_t i = 0; i < e->nr_answers; i++)
		if (counts(e, q, &e->answers[i]) &&
		    (e->decisive < 0 || says_more(&e->answers[i], &e->answers[e->decisive])))
			e->decisive = (int)i;
	e->cause = q->plea->limit    ? BUD_CAUSE_LIMIT
		   : e->decisive < 0 ? BUD_CAUSE_UNKNOWN
				     : e->answers[e->decisive].cause;
	const bud_answer *decisive = e->decisive >= 0 ? &e->answers[e->decisive] : NULL;
	e->unsure = e->cause != BUD_CAUSE_LIMIT && decisive && (decisive->unsure || decisive->by_boost);
}

void bud_explain(bud_explanation *explanation, const bud_plea *plea, const bud_zone_facts *zones, size_t nr,
		 const bud_kernel *kernel, unsigned zone_types, bool defrag_mode)
{
	question q = { .plea = plea, .kernel = kernel, .defrag_mode = defrag_mode };
	q.gfp = bud_gfp_from_raw(&kernel->gfp, plea->gfp_flags);
	q.highest = bud_gfp_highest_zone(q.gfp, zone_types);
	q.flags = last_flags(&q, plea->type == BUD_MT_UNKNOWN ? bud_gfp_migratetype(q.gfp) : plea->type);
	explanation->alloc_flags = q.flags;
	explanation->highest = q.highest;
	explanation->nr_answers = 0;
	ask_all(explanation, &q, zones, nr);
	sum_up(explanation, &q);
}

/* The zone types the kernel has: as zoneinfo lists them, else those of the zones at hand. */
static unsigned zone_types(const bud_memory *memory, const bud_settings *settings)
{
	unsigned types = settings ? bud_settings_zone_types(settings->snapshot) : 0;
	for (size_t i = 0; i < memory->nr_zones; i++)
		if (memory->zones[i].type < BUD_NR_ZONE_TYPES)
			types |= 1u << memory->zones[i].type;
	return types;
}

bud_status bud_explain_memory(bud_explanation *explanation, const bud_plea *plea, const bud_memory *memory,
			      const bud_kernel *kernel, const bud_settings *settings, const bud_boosts *boosts,
			      bud_error *err)
{
	bud_zone_facts *facts = calloc(memory->nr_zones + 1, sizeof *facts);
	if (!facts)
		return bud_error_memory(err, "zones");
	for (size_t i = 0; i < memory->nr_zones; i++)
		bud_explain_zone(&facts[i], &memory->zones[i], settings, boosts);
	bud_explain(explanation, plea, facts, memory->nr_zones, kernel, zone_types(memory, settings),
		    settings && settings->sysctls.defrag_mode == 1);
	free(facts);
	return BUD_OK;
}

bud_status bud_explain_report(bud_explanation *explanation, const bud_plea *plea, const bud_klog_report *report,
			      const bud_kernel *kernel, bud_error *err)
{
	unsigned types = bud_explain_report_types(report);
	bud_zone_facts *facts = calloc(report->nr_zones + 1, sizeof *facts);
	if (!facts)
		return bud_error_memory(err, "zones");
	for (size_t i = 0; i < report->nr_zones; i++)
		bud_explain_report_zone(&facts[i], &report->zones[i], types);
	bud_explain(explanation, plea, facts, report->nr_zones, kernel, types, false);
	free(facts);
	return BUD_OK;
}
