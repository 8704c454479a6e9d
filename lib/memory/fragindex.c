/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/memory/fragindex.h"

typedef struct totals {
	uint64_t blocks, pages;
} totals;

static totals add_up(const uint64_t *nr_free, int max_order)
{
	totals t = { 0, 0 };
	for (int k = 0; k <= max_order; k++) {
		t.blocks += nr_free[k];
		t.pages += nr_free[k] << k;
	}
	return t;
}

uint64_t bud_fragindex_suitable(const uint64_t *nr_free, int max_order, int order)
{
	uint64_t suitable = 0;
	for (int k = order; k <= max_order; k++)
		suitable += nr_free[k] << (k - order);
	return suitable;
}

static int32_t unusable(totals t, uint64_t suitable, int order)
{
	if (!t.pages)
		return 1000;
	return (int32_t)((t.pages - (suitable << order)) * 1000 / t.pages);
}

static int32_t extfrag(totals t, uint64_t suitable, int order)
{
	if (!t.blocks)
		return 0;
	if (suitable)
		return -1000;
	return 1000 - (int32_t)((1000 + (t.pages * 1000 >> order)) / t.blocks);
}

int32_t bud_fragindex_unusable(const uint64_t *nr_free, int max_order, int order)
{
	return unusable(add_up(nr_free, max_order), bud_fragindex_suitable(nr_free, max_order, order), order);
}

int32_t bud_fragindex_extfrag(const uint64_t *nr_free, int max_order, int order)
{
	return extfrag(add_up(nr_free, max_order), bud_fragindex_suitable(nr_free, max_order, order), order);
}

void bud_fragindex_all(const uint64_t *nr_free, int max_order, uint64_t *suitable, int32_t *extfrag_milli,
		       int32_t *unusable_milli)
{
	totals t = add_up(nr_free, max_order);
	uint64_t above = 0; /* blocks of the order at hand that larger ones could give */
	for (int k = max_order; k >= 0; k--) {
		above = above * 2 + nr_free[k];
		suitable[k] = above;
		extfrag_milli[k] = extfrag(t, above, k);
		unusable_milli[k] = unusable(t, above, k);
	}
}
