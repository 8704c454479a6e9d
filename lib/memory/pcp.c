/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/memory/pcp.h"

#define SCALE_MAX 5 /* CONFIG_PCP_BATCH_SCALE_MAX, as it is by default */
#define MIB	  ((uint64_t)1 << 20)

void bud_pcp_rules_init(bud_pcp_rules *rules, const bud_kernel *kernel)
{
	*rules = (bud_pcp_rules){
		.policy = kernel->pcp_policy,
		.rework = kernel->pcp_rework,
		.drain_by_block = kernel->list_is_block,
		.huge_order = kernel->pcp_high_orders ? kernel->pageblock_order : -1,
		.nr_lists = !kernel->pcp_high_orders ? 3
			    : kernel->pcp_rework     ? 14
						     : 15,
	};
}

static uint32_t clamp(uint64_t value, uint64_t low, uint64_t high)
{
	value = value > low ? value : low;
	return (uint32_t)(value < high ? value : high);
}

static uint64_t max(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* a - b, at least zero. */
static uint64_t minus(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/* A power of two minus one; 0 for tiny zones. */
static uint32_t raw_batch(uint64_t managed, int page_shift)
{
	uint64_t batch = min(managed / 1024, MIB >> page_shift) / 4;
	batch = max(batch, 1);
	batch += batch / 2;
	return (uint32_t)(((uint64_t)1 << (63 - __builtin_clzll(batch))) - 1);
}

/* Before 5.14 a fraction also sets the batch (pageset_set_high). */
static bud_pcp_sizes fixed_sizes(uint32_t batch, uint64_t managed, int page_shift, unsigned fraction)
{
	uint32_t high = batch * 6;
	if (fraction) {
		high = (uint32_t)min(managed / fraction, INT32_MAX);
		batch = (uint32_t)min(high / 4, (unsigned)page_shift * 8);
	}
	return (bud_pcp_sizes){ (uint32_t)max(batch, 1), high, high };
}

bud_pcp_sizes bud_pcp_compute(const bud_kernel *kernel, uint64_t managed, uint64_t low_mark, unsigned nr_cpus,
			      unsigned fraction)
{
	uint32_t raw = raw_batch(managed, kernel->page_shift), batch = (uint32_t)max(raw, 1);
	if (kernel->pcp_policy == BUD_PCP_FIXED6)
		return fixed_sizes(raw, managed, kernel->page_shift, fraction);
	nr_cpus = nr_cpus ? nr_cpus : 1;
	uint64_t share = fraction ? managed / fraction : low_mark;
	uint32_t high = (uint32_t)min(max(share / nr_cpus, 4 * batch), INT32_MAX), high_max = high;
	if (kernel->pcp_policy == BUD_PCP_AUTO && !fraction)
		high_max = (uint32_t)min(max(managed / 8 / nr_cpus, 4 * batch), INT32_MAX);
	return (bud_pcp_sizes){ batch, high, high_max };
}

void bud_pcp_init(bud_pcp *pcp, const bud_pcp_sizes *sizes, uint32_t heads)
{
	*pcp = (bud_pcp){ .sizes = *sizes, .high = sizes->high_min, .heads = heads };
}

void bud_pcp_resize(bud_pcp *pcp, const bud_pcp_rules *rules, const bud_pcp_sizes *sizes)
{
	pcp->sizes = *sizes;
	if (rules->policy != BUD_PCP_AUTO)
		pcp->high = sizes->high_min;
}

static unsigned scale_to_order(uint64_t batch, int order)
{
	return (unsigned)(batch > 1 ? max(batch >> order, 2) : batch);
}

static unsigned refill_auto(bud_pcp *pcp, int order, bud_pcp_zone zone)
{
	const bud_pcp_sizes *s = &pcp->sizes;
	uint64_t batch = order ? s->batch : (uint64_t)s->batch << pcp->alloc_factor;
	pcp->high = clamp(pcp->high, s->high_min, s->high_max);
	if (pcp->high < s->batch)
		return 1;
	if (s->high_min != s->high_max && !zone.below_high)
		pcp->high = (uint32_t)min(pcp->high + batch, s->high_max);
	if (!order) {
		uint64_t room = max(minus(pcp->high, pcp->count + s->batch), s->batch);
		pcp->alloc_factor += batch <= room && pcp->alloc_factor < SCALE_MAX;
		batch = min(batch, room);
	}
	return scale_to_order(batch, order);
}

unsigned bud_pcp_refill(bud_pcp *pcp, const bud_pcp_rules *rules, int order, bud_pcp_zone zone)
{
	switch (rules->policy) {
	case BUD_PCP_FIXED6:
		return pcp->sizes.batch;
	case BUD_PCP_LOWMARK:
		return scale_to_order(pcp->sizes.batch, order);
	default:
		return refill_auto(pcp, order, zone);
	}
}

/* How much may stay until the next drain, and how much to drain then. */
typedef struct limits {
	uint64_t high;
	bool everything; /* high orders gather: they go first */
} limits;

static limits limits_lowmark(bud_pcp *pcp, const bud_pcp_rules *rules, int order, bud_pcp_zone zone)
{
	limits l = { pcp->high, rules->rework && pcp->free_factor && order >= 1 && order <= BUD_COSTLY_ORDER };
	if (l.everything)
		l.high = 0;
	else if (zone.reclaim_active)
		l.high = min(pcp->high, 4 * (uint64_t)pcp->sizes.batch);
	return l;
}

static unsigned drain_lowmark(bud_pcp *pcp, const bud_pcp_rules *rules, limits l)
{
	uint64_t batch = pcp->sizes.batch, most = minus(l.high, batch), pages = batch << pcp->free_factor;
	if (l.everything)
		return pcp->count;
	if (l.high < batch)
		return 1;
	pcp->free_factor += pages < most && (!rules->rework || pcp->free_factor < SCALE_MAX);
	return clamp(pages, batch, most);
}

static bool gathers_high_orders(bud_pcp *pcp, int order)
{
	bool high_order = order >= 1 && order <= BUD_COSTLY_ORDER;
	bool gathers = high_order && pcp->freed_high_order && pcp->free_count >= pcp->sizes.batch &&
		       pcp->count >= pcp->sizes.batch;
	pcp->freed_high_order = high_order;
	return gathers;
}

static limits limits_auto(bud_pcp *pcp, int order, bud_pcp_zone zone)
{
	const bud_pcp_sizes *s = &pcp->sizes;
	limits l = { 0, gathers_high_orders(pcp, order) };
	if (pcp->free_count < (uint64_t)s->batch << SCALE_MAX)
		pcp->free_count += 1u << order;
	uint64_t freed = max(pcp->free_count, s->batch);
	pcp->high = clamp(pcp->high, s->high_min, s->high_max);
	if (!pcp->high)
		return l;
	l.high = pcp->high;
	if (l.everything) {
		pcp->high = (uint32_t)max(minus(pcp->high, (uint64_t)s->batch << SCALE_MAX), s->high_min);
		l.high = 0;
	} else if (zone.reclaim_active) {
		pcp->high = (uint32_t)max(minus(pcp->high, freed), s->high_min);
		l.high = min(pcp->high, 4 * (uint64_t)s->batch);
	} else if (s->high_min != s->high_max && zone.below_high) {
		pcp->high = (uint32_t)max(minus(pcp->high, freed), s->high_min);
		l.high = max(pcp->count, s->high_min);
	} else if (s->high_min != s->high_max && pcp->count >= l.high && pcp->high < pcp->free_count + s->batch) {
		pcp->high = clamp((uint64_t)pcp->free_count + s->batch, s->high_min, s->high_max);
	}
	return l;
}

static unsigned drain_auto(const bud_pcp *pcp, limits l)
{
	uint64_t batch = pcp->sizes.batch;
	if (l.everything)
		return (unsigned)min(pcp->count, batch << SCALE_MAX);
	return l.high < batch ? 1 : clamp(pcp->free_count, batch, minus(l.high, batch));
}

unsigned bud_pcp_overflow(bud_pcp *pcp, const bud_pcp_rules *rules, int order, bud_pcp_zone zone)
{
	limits l;
	switch (rules->policy) {
	case BUD_PCP_FIXED6:
		return pcp->count >= pcp->high ? pcp->sizes.batch : 0;
	case BUD_PCP_LOWMARK:
		l = limits_lowmark(pcp, rules, order, zone);
		return pcp->count >= l.high ? drain_lowmark(pcp, rules, l) : 0;
	default:
		pcp->alloc_factor >>= 1;
		l = limits_auto(pcp, order, zone);
		return pcp->count >= l.high ? drain_auto(pcp, l) : 0;
	}
}

static int order_of_list(const bud_pcp_rules *rules, unsigned list)
{
	return list < 12 ? (int)list / 3 : rules->huge_order;
}

/* Gives back the block at the tail of the list; returns its pages. */
static unsigned drain_one(bud_pcp *pcp, const bud_pcp_rules *rules, bud_freelist *lists, unsigned list)
{
	int order = order_of_list(rules, list);
	uint32_t frame = lists->links[pcp->heads + list].prev;
	bud_pfn pfn = lists->base + frame;
	bool by_block = rules->drain_by_block || lists->nr_isolate;
	bud_migratetype type = by_block ? bud_freelist_pageblock(lists, pfn) : bud_freelist_type(lists, pfn);
	bud_frame_remove(lists, frame);
	pcp->count -= 1u << order;
	bud_freelist_free(lists, pfn, order, type, false);
	return 1u << order;
}

/* The next list with anything on it; the lists passed on the way are counted in *passed. */
static unsigned next_list(const bud_pcp *pcp, const bud_pcp_rules *rules, const bud_freelist *lists, unsigned list,
			  unsigned *passed)
{
	do {
		list = list + 1 < rules->nr_lists ? list + 1 : 0;
		++*passed;
	} while (bud_pcp_is_empty(pcp, lists, list));
	return list;
}

/* To 5.15: the lists in turn, each giving one block more for every empty one passed; the only one gives all. */
static unsigned drain_in_bursts(bud_pcp *pcp, const bud_pcp_rules *rules, bud_freelist *lists, unsigned want)
{
	unsigned given = 0, burst = 0, at = 0;
	while (given < want) {
		at = next_list(pcp, rules, lists, at, &burst);
		if (burst == rules->nr_lists)
			burst = want - given;
		do
			given += drain_one(pcp, rules, lists, at);
		while (given < want && --burst && !bud_pcp_is_empty(pcp, lists, at));
	}
	return given;
}

unsigned bud_pcp_drain(bud_pcp *pcp, const bud_pcp_rules *rules, bud_freelist *lists, unsigned pages, unsigned list)
{
	unsigned want = (unsigned)min(pages, pcp->count), given = 0, passed = 0;
	if (!rules->rework)
		return drain_in_bursts(pcp, rules, lists, want);
	unsigned at = list ? list - 1 : rules->nr_lists - 1;
	while (given < want) {
		at = next_list(pcp, rules, lists, at, &passed);
		while (given < want && !bud_pcp_is_empty(pcp, lists, at))
			given += drain_one(pcp, rules, lists, at);
	}
	return given;
}

unsigned bud_pcp_decay(bud_pcp *pcp, const bud_pcp_rules *rules)
{
	const bud_pcp_sizes *s = &pcp->sizes;
	if (rules->policy != BUD_PCP_AUTO)
		return 0;
	if (pcp->high > s->high_min) {
		uint64_t keep = minus(pcp->count, (uint64_t)s->batch << SCALE_MAX);
		pcp->high = (uint32_t)max(max(keep, pcp->high - pcp->high / 8), s->high_min);
	}
	return (unsigned)minus(pcp->count, pcp->high);
}
