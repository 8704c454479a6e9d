/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/replay/rules.h"

#include <string.h>

#include "lib/replay/exits.h"

/* The largest order any event may carry: a gigantic folio is freed as one. */
#define ORDER_LIMIT 24

/* An allocation of pages held free: they were captured when they were freed, or had left before that. */
static void learn_alloc(bud_rules *rules, const bud_event *event, const bud_zone *zone, bud_pfn pfn, int order)
{
	uint64_t nr = (uint64_t)1 << order, moved = 0;
	uint64_t free =
		order ? bud_pageset_count_range(&zone->buddy.free, pfn, nr) : bud_buddy_page_is_free(&zone->buddy, pfn);
	for (bud_pfn p = pfn; free == nr && p < pfn + nr; p++) {
		uint64_t stamp = bud_proofs_stamp_of(rules->proofs, p);
		moved = stamp > moved ? stamp : moved;
	}
	if (free == nr && moved >= rules->seed_seq && moved)
		bud_proofs_add(rules->proofs, BUD_PROOF_AFTER, moved, pfn, order, false);
	else
		for (bud_pfn p = pfn; p < pfn + nr; p++)
			if (bud_buddy_page_is_free(&zone->buddy, p) || bud_exits_assigned(rules->proofs, p))
				bud_exits_gone(rules->proofs, p, event->pid, rules->seed_seq, rules->seq, 0, true);
}

static void learn_gone(bud_rules *rules, const bud_event *event, bud_pfn pfn)
{
	uint64_t before = rules->seq, run = 0;
	if (event->kind == BUD_EV_FREE)
		bud_compaction_free(&rules->compaction, event->pid, pfn, &before, &run);
	bud_exits_gone(rules->proofs, pfn, event->pid, rules->seed_seq, before, run, true);
}

/* A take, free or drain of one page. */
static void learn_page(bud_rules *rules, const bud_event *event, const bud_zone *zone, bud_pfn pfn)
{
	bool take = event->kind == BUD_EV_ZONE_LOCKED || event->kind == BUD_EV_EXTFRAG;
	bool free = bud_buddy_page_is_free(&zone->buddy, pfn);
	uint64_t moved = bud_proofs_stamp_of(rules->proofs, pfn);
	if (take && bud_pageset_test(&zone->cached, pfn) && !rules->reduced->percpu)
		bud_proofs_add(rules->proofs, BUD_PROOF_DIRECT, moved, pfn, 0, false);
	if (rules->reduced->lacks & BUD_LACKS_SILENT)
		return;
	if (take)
		bud_exits_stayed(rules->proofs, pfn);
	else if (free || bud_exits_assigned(rules->proofs, pfn))
		learn_gone(rules, event, pfn);
}

/* What the event, applied to the state before it, tells about earlier silence; nothing across a gap, or in one. */
static void learn(bud_rules *rules, const bud_event *event, const bud_zone *zone, bud_pfn pfn, int order)
{
	if (rules->open_gaps.nr || (rules->gap_seq && bud_proofs_stamp_of(rules->proofs, pfn) < rules->gap_seq))
		return;
	if (event->kind == BUD_EV_ALLOC) {
		if (!(rules->reduced->lacks & BUD_LACKS_SILENT))
			learn_alloc(rules, event, zone, pfn, order);
		return;
	}
	for (bud_pfn p = pfn; p < pfn + ((bud_pfn)1 << order); p++)
		learn_page(rules, event, zone, p);
}

/* The first event of a page tells what it was before. */
static void infer_start(bud_rules *rules, const bud_event *event, const bud_zone *zone, bud_pfn pfn, int order)
{
	bud_zone *start = &rules->infer->zones[zone - rules->memory->zones];
	for (bud_pfn p = pfn; p < pfn + ((bud_pfn)1 << order); p++) {
		if (bud_proofs_stamp_of(rules->proofs, p))
			continue;
		if (event->kind == BUD_EV_ZONE_LOCKED || event->kind == BUD_EV_EXTFRAG)
			bud_zone_make_free(start, p, 0);
		else if (event->kind == BUD_EV_FREE)
			bud_zone_make_used(start, p, 0);
		else
			bud_zone_make_cached(start, p, 0);
	}
}

/* The proof of that kind about this very piece of the event at hand, or NULL. */
static const bud_proof *proof_of(const bud_rules *rules, bud_proof_kind kind, bud_pfn pfn, int order)
{
	const bud_proofs *proofs = rules->proofs;
	for (size_t i = rules->next_proof; i < proofs->nr_known && proofs->known[i].seq == rules->seq; i++)
		if (proofs->known[i].kind == kind && proofs->known[i].pfn >> order == pfn >> order)
			return &proofs->known[i];
	return NULL;
}

static void lose_certainty(bud_rules *rules)
{
	for (size_t i = 0; i < rules->memory->nr_zones; i++)
		bud_zone_lose_certainty(&rules->memory->zones[i]);
	if (rules->types)
		bud_types_lose(rules->types);
}

static void open_gap(bud_rules *rules, bud_pfn cpu)
{
	bud_open_gaps *gaps = &rules->open_gaps;
	uint64_t bit = (uint64_t)1 << cpu % 64;
	lose_certainty(rules);
	if (cpu >= BUD_GAP_CPUS) {
		gaps->nr++;
	} else if (!(gaps->cpus[cpu / 64] & bit)) {
		gaps->cpus[cpu / 64] |= bit;
		gaps->nr++;
	}
}

static void close_gap(bud_rules *rules, unsigned cpu)
{
	bud_open_gaps *gaps = &rules->open_gaps;
	uint64_t bit = (uint64_t)1 << cpu % 64;
	lose_certainty(rules);
	if (cpu < BUD_GAP_CPUS && gaps->cpus[cpu / 64] & bit) {
		gaps->cpus[cpu / 64] &= ~bit;
		gaps->nr--;
	}
}

/* Pages that left as soon as the event had put them on the free lists, or may have; gaps that began behind it. */
static void apply_after(bud_rules *rules, uint64_t seq)
{
	const bud_proofs *proofs = rules->proofs;
	bud_uncertainty cause = rules->compaction.old_kernel ? BUD_UNCERTAIN_HIDDEN : BUD_UNCERTAIN_FAST;
	for (size_t i = rules->next_proof; i < proofs->nr_known && proofs->known[i].seq == seq; i++) {
		const bud_proof *proof = &proofs->known[i];
		const bud_zone_range *range = bud_memory_range_of(rules->memory, proof->pfn);
		if (proof->kind == BUD_PROOF_GAP)
			open_gap(rules, proof->pfn);
		if (proof->kind == BUD_PROOF_AFTER && range)
			bud_zone_make_cached(range->zone, proof->pfn, proof->order);
		if (proof->kind == BUD_PROOF_UNSETTLED && range)
			bud_zone_doubt(range->zone, cause, 1);
		if (proof->kind == BUD_PROOF_SETTLED && range && proof->since >= rules->seed_seq)
			bud_zone_trust(range->zone, cause, 1);
	}
}

void bud_rules_init(bud_rules *rules, bud_memory *memory, const bud_kernel *kernel, bud_proofs *proofs,
		    bud_interrupts *interrupts, bud_reduced *reduced, bool old_kernel)
{
	*rules = (bud_rules){ .memory = memory,
			      .kernel = kernel,
			      .proofs = proofs,
			      .interrupts = interrupts,
			      .reduced = reduced,
			      .seq = 1,
			      .compaction = { .old_kernel = old_kernel, .pageblock_order = kernel->pageblock_order } };
	apply_after(rules, 0); /* gaps before the first event */
}

void bud_rules_open_window(bud_rules *rules, bud_seed *seed)
{
	rules->window = seed;
	rules->window_seq = rules->seq;
}

void bud_rules_close_window(bud_rules *rules)
{
	rules->window = NULL;
}

/* What was free by the kernel's own word did not leave; what was not had left, or came back in silence. */
void bud_rules_witness(void *rules, bud_zone *zone, bud_pfn pfn, bool free)
{
	bud_rules *r = rules;
	bool held = bud_buddy_page_is_free(&zone->buddy, pfn);
	if (r->gap_seq || r->open_gaps.nr || r->reduced->lacks & BUD_LACKS_SILENT)
		return;
	if (free && bud_pageset_test(&zone->cached, pfn))
		bud_proofs_add(r->proofs, BUD_PROOF_DIRECT, bud_proofs_stamp_of(r->proofs, pfn), pfn, 0, false);
	if (free)
		bud_exits_stayed(r->proofs, pfn);
	else if (held || bud_exits_assigned(r->proofs, pfn))
		bud_exits_gone(r->proofs, pfn, 0, r->seed_seq, r->seq, 0, true);
}

void bud_rules_seeded(bud_rules *rules)
{
	const bud_proofs *proofs = rules->proofs;
	rules->window = NULL;
	rules->seed_seq = rules->seq;
	bud_proofs_has(proofs, &rules->next_proof, rules->seq);
	for (size_t i = rules->next_proof; i < proofs->nr_known && proofs->known[i].seq == rules->seq; i++) {
		const bud_zone_range *range = bud_memory_range_of(rules->memory, proofs->known[i].pfn);
		if (proofs->known[i].kind == BUD_PROOF_SEED && range)
			bud_zone_make_cached(range->zone, proofs->known[i].pfn, proofs->known[i].order);
	}
	if (rules->open_gaps.nr || rules->gap_seq > rules->window_seq)
		lose_certainty(rules);
	bud_reduced_seeded(rules->reduced, rules->memory, rules->seq);
}

void bud_rules_catch_up(bud_rules *rules)
{
	const bud_proofs *proofs = rules->proofs;
	for (size_t i = 0; i < proofs->nr_known && proofs->known[i].seq <= rules->seq; i++) {
		const bud_proof *proof = &proofs->known[i];
		const bud_zone_range *range = bud_memory_range_of(rules->memory, proof->pfn);
		bool seed = proof->kind == BUD_PROOF_SEED && proof->seq == rules->seed_seq;
		bool past = proof->seq < rules->seq && proof->kind != BUD_PROOF_SEED;
		for (bud_pfn p = proof->pfn; range && p < proof->pfn + ((bud_pfn)1 << proof->order); p++) {
			uint64_t moved = bud_proofs_stamp_of(proofs, p);
			if ((seed && moved < proof->seq) ||
			    (past && proof->kind == BUD_PROOF_AFTER && moved <= proof->seq))
				bud_zone_make_cached(range->zone, p, 0);
			if (past && proof->kind == BUD_PROOF_DIRECT && moved == proof->seq)
				bud_zone_make_free(range->zone, p, 0);
		}
	}
	rules->next_proof = 0;
}

/* Pages of a zone by state. */
typedef struct books {
	uint64_t pages[BUD_NR_PAGE_STATES];
} books;

static inline books books_of(const bud_zone *zone)
{
	return (books){ { [BUD_PAGE_FREE] = zone->buddy.free_pages,
			  [BUD_PAGE_CACHED] = zone->cached_pages,
			  [BUD_PAGE_USED] = zone->used_pages } };
}

/* How the books moved tells what the nr pages were that are now in state to; whether that can be. */
static void look_into(bud_rules *rules, const bud_event *event, const bud_zone *zone, const books *before,
		      bud_page_state to, bud_pfn pfn, uint64_t nr)
{
	books after = books_of(zone), were;
	bud_page_state held = BUD_PAGE_UNKNOWN;
	were.pages[BUD_PAGE_UNKNOWN] = nr;
	for (int i = BUD_PAGE_FREE; i < BUD_NR_PAGE_STATES; i++) {
		were.pages[i] =
			(int)to == i ? nr - (after.pages[i] - before->pages[i]) : before->pages[i] - after.pages[i];
		were.pages[BUD_PAGE_UNKNOWN] -= were.pages[i];
	}
	bud_contradiction kind = bud_contradiction_of((bud_event_kind)event->kind, were.pages, &held);
	if (kind < BUD_NR_CONTRADICTIONS)
		bud_contradiction_note(&rules->contradictions[kind], event, pfn, held);
}

static size_t index_of(const bud_rules *rules, const bud_zone *zone)
{
	return (size_t)(zone - rules->memory->zones);
}

/* One piece, all of it in zone. */
static inline void apply_piece(bud_rules *rules, const bud_event *event, bud_zone *zone, bud_pfn pfn, int order)
{
	uint64_t nr = (uint64_t)1 << order, changed;
	const books before = books_of(zone);
	bud_page_state to = BUD_PAGE_CACHED;
	bool odd;

	if (rules->proofs->learning) {
		if (zone->followed)
			learn(rules, event, zone, pfn, order);
		if (zone->followed && rules->reduced->silence)
			bud_reduced_note(rules->reduced, event, zone, index_of(rules, zone), pfn, nr, rules->proofs,
					 rules->seq);
		if (rules->infer && !zone->seeded)
			infer_start(rules, event, zone, pfn, order);
		bud_proofs_stamp(rules->proofs, pfn, nr, rules->seq);
		if (rules->interrupts)
			bud_interrupts_note(rules->interrupts, event, zone, rules->seq, rules->proofs);
	}
	if (rules->types && bud_types_before(rules->types, event, zone, pfn, order))
		bud_contradiction_note(&rules->contradictions[BUD_CONTRA_RETYPED], event, pfn, BUD_PAGE_UNKNOWN);
	switch (event->kind) {
	case BUD_EV_ALLOC:
		to = BUD_PAGE_USED;
		changed = bud_zone_make_used(zone, pfn, order);
		odd = changed || zone->used_pages != before.pages[BUD_PAGE_USED] + nr;
		break;
	case BUD_EV_FREE:
		if (bud_kernel_pcp_order(rules->kernel, event->order) &&
		    !proof_of(rules, BUD_PROOF_DIRECT, pfn, order)) {
			changed = bud_zone_make_cached(zone, pfn, order);
			odd = changed || zone->cached_pages != before.pages[BUD_PAGE_CACHED] + nr;
			if (proof_of(rules, BUD_PROOF_DOUBT, pfn, order))
				bud_zone_doubt(zone, BUD_UNCERTAIN_INTERRUPT, nr);
		} else {
			to = BUD_PAGE_FREE;
			changed = bud_zone_make_free(zone, pfn, order);
			odd = changed < nr || zone->cached_pages != before.pages[BUD_PAGE_CACHED];
		}
		break;
	case BUD_EV_PCPU_DRAIN:
		to = BUD_PAGE_FREE;
		changed = bud_zone_make_free(zone, pfn, order);
		odd = changed < nr || zone->used_pages != before.pages[BUD_PAGE_USED];
		break;
	default: /* extfrag repeats the zone_locked before it where it claimed a block */
		changed = bud_zone_make_cached(zone, pfn, order);
		odd = changed < nr && event->kind == BUD_EV_ZONE_LOCKED;
		break;
	}
	if (rules->types && event->kind == BUD_EV_PCPU_DRAIN)
		bud_types_drained(rules->types, event, zone, pfn);
	if (rules->reduced->percpu)
		changed += bud_reduced_apply(rules->reduced, event, zone, index_of(rules, zone), pfn, order,
					     rules->seq);
	if (odd && zone->followed && !(rules->reduced->lacks & BUD_LACKS_SILENT))
		look_into(rules, event, zone, &before, to, pfn, nr);
	if (zone->gapped && !rules->open_gaps.nr)
		bud_zone_make_certain(zone, pfn, order);
	if (rules->window)
		bud_seed_touch(rules->window, event->t_ns, pfn, nr);
	if (rules->observer)
		rules->observer(rules->observer_self, zone, event->t_ns, changed > 0);
}

static const bud_zone_range *range_of(bud_rules *rules, bud_pfn pfn)
{
	const bud_zone_range *range = rules->last_range;
	if (range && pfn >= range->start && pfn < range->end)
		return range;
	range = bud_memory_range_of(rules->memory, pfn);
	if (range)
		rules->last_range = range;
	return range;
}

/* The pages reach over a zone's edge (or over none at all): piece by piece. */
static void apply_across(bud_rules *rules, const bud_event *event, bud_pfn start, bud_pfn end)
{
	while (start < end) {
		const bud_zone_range *range = range_of(rules, start);
		if (!range) {
			bud_contradiction_note(&rules->contradictions[BUD_CONTRA_NO_ZONE], event, start,
					       BUD_PAGE_OUTSIDE);
			return;
		}
		bud_pfn stop = end < range->end ? end : range->end;
		while (start < stop) {
			int fits = 63 - __builtin_clzll(stop - start);
			int aligned = start ? __builtin_ctzll(start) : fits;
			int order = fits < aligned ? fits : aligned;
			apply_piece(rules, event, range->zone, start, order);
			start += (bud_pfn)1 << order;
		}
	}
}

static inline void apply_pages(bud_rules *rules, const bud_event *event, bud_pfn pfn)
{
	int order = event->order;
	if (order < 0 || order > ORDER_LIMIT) {
		bud_contradiction_note(&rules->contradictions[BUD_CONTRA_BAD_ORDER], event, pfn, BUD_PAGE_UNKNOWN);
		return;
	}
	const bud_zone_range *range = range_of(rules, pfn);
	bud_pfn nr = (bud_pfn)1 << order;
	if (range && nr <= range->end - pfn)
		apply_piece(rules, event, range->zone, pfn, order);
	else if (pfn < BUD_PFN_MAX)
		apply_across(rules, event, pfn, pfn + nr);
	else
		bud_contradiction_note(&rules->contradictions[BUD_CONTRA_NO_ZONE], event, pfn, BUD_PAGE_OUTSIDE);
}

/* An extfrag that only moves blocks from list to list. */
static void apply_fallback(bud_rules *rules, const bud_event *event)
{
	const bud_zone_range *range = range_of(rules, event->extfrag.pfn);
	if (!range)
		return;
	bud_types_fallback(rules->types, event, range->zone);
	if (rules->observer)
		rules->observer(rules->observer_self, range->zone, event->t_ns, true);
}

static bool text_is(bud_text text, const char *name)
{
	return text.data && strlen(name) == text.size && memcmp(text.data, name, text.size) == 0;
}

/* __setup_per_zone_wmarks of 6.18: the marks as just computed, the boost gone. */
static void apply_marks(bud_rules *rules, const bud_event *event)
{
	for (size_t i = 0; i < rules->memory->nr_zones; i++) {
		bud_zone *zone = &rules->memory->zones[i];
		if (zone->node == event->wmarks.node && text_is(event->wmarks.name, zone->name))
			zone->marks = (bud_zone_marks){ event->wmarks.min, event->wmarks.low, event->wmarks.high, 0 };
	}
}

/* Repeats a free that was applied already; where it stands tells of the per-CPU lists' lock. */
static void note_batched(bud_rules *rules, const bud_event *event)
{
	const bud_zone_range *range = range_of(rules, event->page.pfn);
	if (range && rules->interrupts)
		bud_interrupts_note(rules->interrupts, event, range->zone, rules->seq, rules->proofs);
}

/* Compaction and isolation: leave without a page event, and may be of those pages that are only counted. */
static void apply_silent(bud_rules *rules, const bud_event *event)
{
	bud_zone *zone = bud_compaction_apply(&rules->compaction, rules->memory, event, rules->seq, rules->seed_seq,
					      rules->proofs, rules->next_proof);
	if (zone)
		zone->counted = false;
	if (zone && rules->observer)
		rules->observer(rules->observer_self, zone, event->t_ns, true);
}

static inline void apply(bud_rules *rules, const bud_event *event)
{
	rules->events[event->kind]++;
	switch (event->kind) {
	case BUD_EV_ALLOC:
		if (event->page.pfn == BUD_PFN_NONE) {
			rules->failed_allocations++;
			break;
		}
		apply_pages(rules, event, event->page.pfn);
		break;
	case BUD_EV_ZONE_LOCKED:
		if (event->page.pfn != BUD_PFN_NONE)
			apply_pages(rules, event, event->page.pfn);
		break;
	case BUD_EV_FREE:
		if (rules->compaction.nr_running && event->order >= 0 && event->order <= ORDER_LIMIT &&
		    !(event->page.context & BUD_CONTEXT_INTERRUPT))
			bud_compaction_note_free(&rules->compaction, event->pid, (uint64_t)1 << event->order);
		apply_pages(rules, event, event->page.pfn);
		break;
	case BUD_EV_PCPU_DRAIN:
		apply_pages(rules, event, event->page.pfn);
		break;
	case BUD_EV_EXTFRAG:
		if (rules->kernel->extfrag_removes)
			apply_pages(rules, event, event->extfrag.pfn);
		else if (rules->types)
			apply_fallback(rules, event);
		break;
	case BUD_EV_ZONE_WMARKS:
		apply_marks(rules, event);
		break;
	case BUD_EV_LOST:
		rules->lost += event->lost.count;
		rules->uncounted_gaps += event->lost.count == 0;
		close_gap(rules, event->cpu);
		if (rules->interrupts)
			bud_interrupts_gap(rules->interrupts, event->cpu, rules->proofs);
		rules->gap_seq = rules->seq + 1;
		rules->compaction.gap_seq = rules->seq;
		break;
	case BUD_EV_FREE_BATCHED:
		note_batched(rules, event);
		break;
	default:
		apply_silent(rules, event);
		break;
	}
}

static void tell(bud_rules *rules, const bud_event *event)
{
	const bud_listeners *listeners = rules->listeners;
	for (unsigned i = 0; listeners && i < listeners->nr; i++)
		listeners->list[i].listener(listeners->list[i].self, event);
	if (rules->completeness)
		bud_completeness_note(rules->completeness, event);
}

size_t bud_rules_apply(bud_rules *rules, const bud_event *events, size_t nr, uint64_t t_ns)
{
	const bool told = rules->listeners || rules->completeness;
	size_t i = 0;
	for (; i < nr && events[i].t_ns <= t_ns; i++) {
		bool counts = BUD_EVENT_BIT(events[i].kind) & BUD_RULES_EVENTS;
		bool proven = counts && bud_proofs_has(rules->proofs, &rules->next_proof, rules->seq);
		if (rules->seq >= rules->reduced->claimed_to)
			bud_reduced_claim(rules->reduced, rules->memory, rules->seq);
		if (told)
			tell(rules, &events[i]);
		apply(rules, &events[i]);
		if (rules->interrupts && counts)
			bud_interrupts_see(rules->interrupts, &events[i], rules->seq, rules->proofs);
		if (proven)
			apply_after(rules, rules->seq);
		rules->seq += counts;
	}
	return i;
}
