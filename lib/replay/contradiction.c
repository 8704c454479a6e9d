/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/replay/contradiction.h"

const char *bud_contradiction_name(bud_contradiction kind)
{
	static const char *const names[] = {
#define X(kind, name, text) name,
		BUD_CONTRADICTIONS(X)
#undef X
	};
	return names[kind];
}

const char *bud_contradiction_text(bud_contradiction kind)
{
	static const char *const texts[] = {
#define X(kind, name, text) text,
		BUD_CONTRADICTIONS(X)
#undef X
	};
	return texts[kind];
}

void bud_contradiction_note(bud_contradiction_count *count, const bud_event *event, bud_pfn pfn, bud_page_state held)
{
	if (count->count < BUD_CONTRADICTION_EXAMPLES)
		count->examples[count->count] = (bud_contradiction_example){ event->t_ns, pfn,		event->pid,
									     event->cpu,  event->order, (uint8_t)held };
	count->count++;
}

bud_contradiction bud_contradiction_of(bud_event_kind kind, const uint64_t before[BUD_NR_PAGE_STATES],
				       bud_page_state *held)
{
	static const struct {
		bud_event_kind kind;
		bud_page_state held;
		bud_contradiction is;
	} odd[] = {
		{ BUD_EV_FREE, BUD_PAGE_FREE, BUD_CONTRA_FREE_OF_FREE },
		{ BUD_EV_FREE, BUD_PAGE_CACHED, BUD_CONTRA_FREE_OF_CACHED },
		{ BUD_EV_PCPU_DRAIN, BUD_PAGE_FREE, BUD_CONTRA_DRAIN_OF_FREE },
		{ BUD_EV_PCPU_DRAIN, BUD_PAGE_USED, BUD_CONTRA_DRAIN_OF_USED },
		{ BUD_EV_ZONE_LOCKED, BUD_PAGE_CACHED, BUD_CONTRA_TAKE_OF_TAKEN },
		{ BUD_EV_ZONE_LOCKED, BUD_PAGE_USED, BUD_CONTRA_TAKE_OF_TAKEN },
		{ BUD_EV_ZONE_LOCKED, BUD_PAGE_UNKNOWN, BUD_CONTRA_TAKE_OF_TAKEN },
		{ BUD_EV_ALLOC, BUD_PAGE_USED, BUD_CONTRA_ALLOC_OF_USED },
		{ BUD_EV_ALLOC, BUD_PAGE_FREE, BUD_CONTRA_ALLOC_OF_FREE },
	};
	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
		if (odd[i].kind == kind && before[odd[i].held]) {
			*held = odd[i].held;
			return odd[i].is;
		}
	return BUD_NR_CONTRADICTIONS;
}

uint64_t bud_contradictions_unexplained(const bud_contradiction_count *counts)
{
	return counts[BUD_CONTRA_FREE_OF_FREE].count + counts[BUD_CONTRA_DRAIN_OF_FREE].count +
	       counts[BUD_CONTRA_TAKE_OF_TAKEN].count + counts[BUD_CONTRA_ALLOC_OF_USED].count;
}
