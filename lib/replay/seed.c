/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/replay/seed.h"

#define STAMP_MARGIN_NS 5000 /* between an event's time and the page's flag */

void bud_seed_init(bud_seed *seed)
{
	seed->snapshot = NULL;
	bud_pageset_init(&seed->touched);
}

void bud_seed_fini(bud_seed *seed)
{
	bud_pageset_fini(&seed->touched);
}

void bud_seed_open(bud_seed *seed, const bud_snapshot *snapshot)
{
	bud_pageset_clear_all(&seed->touched);
	seed->snapshot = snapshot;
}

void bud_seed_touch(bud_seed *seed, uint64_t t_ns, bud_pfn pfn, uint64_t nr)
{
	const bud_snapshot *s = seed->snapshot;
	bud_pfn end = pfn + nr;
	for (size_t i = s->chunks_placed ? bud_snapshot_chunk(s, pfn) : 0;
	     s->chunks_placed && i < s->nr_chunks && pfn < end && s->chunks[i].start <= pfn; i++) {
		bud_pfn stop = end < s->chunks[i].end ? end : s->chunks[i].end;
		if (t_ns + STAMP_MARGIN_NS >= s->chunks[i].earliest_ns)
			bud_pageset_set_range(&seed->touched, pfn, stop - pfn);
		pfn = stop;
	}
	if (pfn < end) /* of no piece */
		bud_pageset_set_range(&seed->touched, pfn, end - pfn);
}

/* Pages the flags show free or taken, as [start, end) of range, get that state unless an event knows better. */
static void set_flagged(bud_zone *zone, const bud_seed *seed, bud_pfn start, bud_pfn end, bool free)
{
	bud_pfn pfn = start;
	while ((pfn = bud_pageset_next_clear(&seed->touched, pfn, end)) < end) {
		bud_pfn stop = bud_pageset_next(&seed->touched, pfn, end);
		if (free)
			bud_zone_make_free_range(zone, pfn, stop);
		else
			bud_buddy_remove_range(&zone->buddy, pfn, stop);
		pfn = stop;
	}
}

static void seed_range(const bud_zone_range *range, const bud_seed *seed, const bud_pageset *flagged)
{
	bud_pfn pfn = range->start;
	while (pfn < range->end) {
		bud_pfn free = bud_pageset_next(flagged, pfn, range->end);
		set_flagged(range->zone, seed, pfn, free, false);
		pfn = bud_pageset_next_clear(flagged, free, range->end);
		set_flagged(range->zone, seed, free, pfn, true);
	}
}

bud_status bud_seed_close(bud_seed *seed, bud_memory *memory, bud_error *err)
{
	bud_pageset flagged;
	bud_pageset_init(&flagged);
	bud_status status = seed->snapshot->read_pages(seed->snapshot, BUD_KPF_BUDDY, 0, &flagged, err);
	for (size_t i = 0; !status && i < memory->nr_ranges; i++)
		seed_range(&memory->ranges[i], seed, &flagged);
	for (size_t i = 0; !status && i < memory->nr_zones; i++) {
		memory->zones[i].seeded = true;
		bud_zone_follow(&memory->zones[i]);
		bud_zone_make_all_certain(&memory->zones[i]);
	}
	bud_pageset_fini(&flagged);
	seed->snapshot = NULL;
	return status;
}

bud_status bud_seed_look(bud_seed *seed, const bud_memory *memory, bud_seed_witness *witness, void *self,
			 bud_error *err)
{
	bud_pageset flagged;
	bud_pageset_init(&flagged);
	bud_status status = seed->snapshot->read_pages(seed->snapshot, BUD_KPF_BUDDY, 0, &flagged, err);
	for (size_t i = 0; !status && i < memory->nr_ranges; i++) {
		const bud_zone_range *range = &memory->ranges[i];
		bud_pfn pfn = range->start;
		for (; (pfn = bud_pageset_next_clear(&seed->touched, pfn, range->end)) < range->end; pfn++)
			witness(self, range->zone, pfn, bud_pageset_test(&flagged, pfn));
	}
	bud_pageset_fini(&flagged);
	seed->snapshot = NULL;
	return status;
}

bool bud_seed_copy(bud_seed *to, const bud_seed *from)
{
	to->snapshot = from->snapshot;
	return bud_pageset_copy(&to->touched, &from->touched);
}
