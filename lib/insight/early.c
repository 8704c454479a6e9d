/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/insight/early.h"

static const bud_snapshot *choose(const bud_snapshot *snapshots, size_t nr, uint64_t t_ns,
				  const bud_read_window **window)
{
	const bud_snapshot *found = NULL;
	for (size_t i = 0; i < nr; i++) {
		const bud_read_window *w = bud_snapshot_window(&snapshots[i], "kpageflags");
		if (!w || w->end_ns == BUD_TIME_NONE || w->end_ns > t_ns || !snapshots[i].read_pages ||
		    (found && w->end_ns < (*window)->end_ns))
			continue;
		found = &snapshots[i];
		*window = w;
	}
	return found;
}

bud_status bud_early_read(bud_early *early, const bud_snapshot *snapshots, size_t nr, uint64_t t_ns, bud_error *err)
{
	static const struct {
		uint64_t set, clear;
	} fixed[BUD_EARLY_FIXED] = { { BUD_KPF_BUFFERED, BUD_KPF_NOT_BUFFERED },
				     { BUD_KPF_SLAB, 0 },
				     { BUD_KPF_PGTABLE, 0 },
				     { BUD_KPF_RESERVED, 0 } };
	const bud_read_window *window = NULL;
	const bud_snapshot *s = choose(snapshots, nr, t_ns, &window);
	*early = (bud_early){ .t_ns = window ? window->begin_ns : BUD_TIME_NONE };
	bud_pageset_init(&early->movable);
	for (int i = 0; i < BUD_EARLY_FIXED; i++)
		bud_pageset_init(&early->fixed[i]);
	bud_status status = s ? s->read_pages(s, BUD_KPF_LRU, 0, &early->movable, err) : BUD_OK;
	for (int i = 0; s && !status && i < BUD_EARLY_FIXED; i++)
		status = s->read_pages(s, fixed[i].set, fixed[i].clear, &early->fixed[i], err);
	return status;
}

void bud_early_fini(bud_early *early)
{
	bud_pageset_fini(&early->movable);
	for (int i = 0; i < BUD_EARLY_FIXED; i++)
		bud_pageset_fini(&early->fixed[i]);
}

void bud_early_leave(bud_early *early, uint64_t t_ns, bud_pfn pfn, uint64_t nr)
{
	if (early->t_ns == BUD_TIME_NONE || t_ns < early->t_ns)
		return;
	bud_pageset_clear_range(&early->movable, pfn, nr);
	for (int i = 0; i < BUD_EARLY_FIXED; i++)
		bud_pageset_clear_range(&early->fixed[i], pfn, nr);
}

bud_mobility bud_early_of(const bud_early *early, bud_pfn pfn)
{
	for (int i = 0; i < BUD_EARLY_FIXED; i++)
		if (bud_pageset_test(&early->fixed[i], pfn))
			return BUD_MOBILITY_FIXED;
	return bud_pageset_test(&early->movable, pfn) ? BUD_MOBILITY_MOVABLE : BUD_MOBILITY_UNKNOWN;
}
