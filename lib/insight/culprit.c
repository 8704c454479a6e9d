/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/insight/culprit.h"

#include <stdlib.h>

static int compare(uint64_t x, uint64_t y)
{
	return x != y ? (x > y ? -1 : 1) : 0;
}

static int by_pins(const void *a, const void *b)
{
	const bud_culprit *x = a, *y = b;
	int order = compare(x->blocks, y->blocks);
	order = order ? order : compare(x->pages, y->pages);
	return order ? order : compare(y->site, x->site);
}

static int by_live(const void *a, const void *b)
{
	const bud_culprit *x = a, *y = b;
	int order = compare(x->live, y->live);
	return order ? order : compare(y->site, x->site);
}

bud_status bud_culprits_find(bud_culprits *culprits, const bud_pins *pins, const bud_owners *owners,
			     const bud_site_table *sites, bud_culprit_key key, bud_error *err)
{
	uint32_t nr = bud_site_count(sites);
	bud_culprit *list = calloc(nr + 1, sizeof *list);
	*culprits = (bud_culprits){ .list = list };
	if (!list)
		return bud_error_memory(err, "who is in the way");
	for (uint32_t i = 0; i < nr; i++)
		list[i].site = i;
	for (size_t row = 1; row < bud_owners_count(owners); row++) {
		const bud_use *use = bud_owners_use(owners, row);
		bud_culprit *c = &list[use->site];
		c->live += use->live_pages;
		if (row >= pins->nr_costs)
			continue;
		c->pages += pins->costs[row].pages;
		c->blocks += pins->costs[row].blocks;
		c->alone += pins->costs[row].alone;
	}
	qsort(list, nr, sizeof *list, key == BUD_CULPRIT_PINS ? by_pins : by_live);
	while (culprits->nr < nr && (key == BUD_CULPRIT_PINS ? list[culprits->nr].pages : list[culprits->nr].live))
		culprits->nr++;
	return BUD_OK;
}

void bud_culprits_fini(bud_culprits *culprits)
{
	free(culprits->list);
	*culprits = (bud_culprits){ 0 };
}
