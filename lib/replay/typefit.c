/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/replay/typefit.h"

#include <stdlib.h>

/* Pageblocks that share their type, one free block covering them, or one alone. */
typedef struct unit {
	uint64_t first, nr;	      /* pageblocks */
	uint32_t free[BUD_NR_ORDERS]; /* blocks */
	uint64_t pages;		      /* free */
} unit;

typedef struct fit {
	bud_zone *zone;
	bud_blocktypes *types;
	bool firm[BUD_NR_ORDERS];			    /* what the kernel counts of that order leaves no choice */
	int64_t blocks[BUD_NR_MIGRATETYPES][BUD_NR_ORDERS]; /* that the kernel counts and nobody has yet */
	int64_t pageblocks[BUD_NR_MIGRATETYPES];
	unit *units;
	size_t nr_units;
} fit;

static bud_pfn pfn_of(const fit *f, uint64_t index)
{
	bud_pfn pfn = f->types->base + (index << f->types->pageblock_order);
	return pfn < f->zone->start_pfn ? f->zone->start_pfn : pfn;
}

static bool is_sure(const fit *f, uint64_t index)
{
	return f->types->blocks[index] & BUD_TYPING_SURE;
}

/* The unit that begins with that pageblock; free blocks that are not in question are taken off the kernel's count. */
static unit make_unit(fit *f, uint64_t index)
{
	bool known = is_sure(f, index);
	unit u = { .first = index, .nr = 1 };
	bud_pfn pfn = pfn_of(f, index), end = pfn_of(f, index + 1);
	for (int order; (order = bud_buddy_next_block(&f->zone->buddy, pfn, end, &pfn)) >= 0;
	     pfn += (bud_pfn)1 << order) {
		bud_typing list = bud_blocktypes_list(f->types, pfn);
		if (order > f->types->pageblock_order)
			u.nr = (uint64_t)1 << (order - f->types->pageblock_order);
		if (known || list & BUD_TYPING_SURE) {
			f->blocks[bud_typing_type(list)][order]--;
			continue;
		}
		u.free[order]++;
		u.pages += (uint64_t)1 << order;
	}
	return u;
}

static void collect(fit *f)
{
	for (uint64_t i = 0; i < f->types->nr_blocks; i++) {
		unit u = make_unit(f, i);
		if (is_sure(f, i))
			f->pageblocks[bud_typing_type(f->types->blocks[i])] -= (int64_t)u.nr;
		else
			f->units[f->nr_units++] = u;
		i += u.nr - 1;
	}
}

/* Most pages first: they leave the least choice. */
static int compare_units(const void *a, const void *b)
{
	const unit *x = a, *y = b;
	if (x->pages != y->pages)
		return x->pages > y->pages ? -1 : 1;
	return x->first < y->first ? -1 : x->first > y->first;
}

/* Pages of the unit that the kernel counts on that type's lists, less those it does not. */
static int64_t agreement(const fit *f, const unit *u, int type)
{
	int64_t pages = 0;
	for (int k = 0; k < BUD_NR_ORDERS; k++) {
		int64_t left = f->blocks[type][k] > 0 ? f->blocks[type][k] : 0;
		int64_t met = u->free[k] < left ? u->free[k] : left;
		pages += (2 * met - u->free[k]) * ((int64_t)1 << k);
	}
	return pages;
}

/* Of the types with pageblocks left the one that agrees best; what is held now if it does as well. */
static bud_migratetype best_type(const fit *f, const unit *u)
{
	bud_migratetype held = bud_typing_type(f->types->blocks[u->first]), best = held;
	int64_t best_pages = agreement(f, u, held), best_left = f->pageblocks[held];
	bool fits = best_left >= (int64_t)u->nr;
	for (int t = 0; t < BUD_NR_MIGRATETYPES; t++) {
		int64_t left = f->pageblocks[t], pages = agreement(f, u, t);
		if (left < (int64_t)u->nr)
			continue;
		if (!fits || pages > best_pages || (pages == best_pages && best != held && left > best_left)) {
			best = (bud_migratetype)t;
			best_pages = pages;
			best_left = left;
			fits = true;
		}
	}
	return best;
}

/* That pageblock, and its free blocks on lists that are not known. */
static void assume(bud_buddy *buddy, bud_pfn pfn, bud_typing typing)
{
	bud_blocktypes *t = buddy->types;
	bud_pfn end = ((pfn >> t->pageblock_order) + 1) << t->pageblock_order;
	bud_buddy_retype(buddy, pfn, 0, t->list_is_block ? typing : (bud_typing)bud_typing_type(typing));
	if (t->list_is_block)
		return;
	for (int order; (order = bud_buddy_next_block(buddy, pfn, end, &pfn)) >= 0; pfn += (bud_pfn)1 << order)
		if (!(bud_blocktypes_list(t, pfn) & BUD_TYPING_SURE))
			bud_buddy_relist(buddy, pfn, typing);
}

/* The orders of which the kernel counts just as many more blocks as there are in question, all on one type's list. */
static void find_firm(fit *f)
{
	for (int k = 0; k < BUD_NR_ORDERS; k++) {
		int64_t unknown = 0;
		for (size_t i = 0; i < f->nr_units; i++)
			unknown += f->units[i].free[k];
		for (int t = 0; t < BUD_NR_MIGRATETYPES; t++) {
			f->firm[k] = f->firm[k] || (unknown && f->blocks[t][k] == unknown);
			if (f->blocks[t][k] && f->blocks[t][k] != unknown) {
				f->firm[k] = false;
				break;
			}
		}
	}
}

/* The type the kernel's count leaves for the unit, or BUD_MT_UNKNOWN where it leaves a choice. */
static bud_migratetype only_type(const fit *f, const unit *u)
{
	for (int k = BUD_NR_ORDERS - 1; k >= 0; k--)
		for (int t = 0; u->free[k] && f->firm[k] && t < BUD_NR_MIGRATETYPES; t++)
			if (f->blocks[t][k] > 0)
				return (bud_migratetype)t;
	return BUD_MT_UNKNOWN;
}

static void assign(fit *f, const unit *u, bud_zone *start)
{
	bud_migratetype only = only_type(f, u), type = only != BUD_MT_UNKNOWN ? only : best_type(f, u);
	bud_typing typing = only != BUD_MT_UNKNOWN ? bud_typing_sure(only) : (bud_typing)type;
	f->pageblocks[type] -= (int64_t)u->nr;
	for (int k = 0; k < BUD_NR_ORDERS; k++)
		f->blocks[type][k] -= u->free[k];
	for (uint64_t i = u->first; i < u->first + u->nr; i++) {
		bud_blocktypes *before = start ? start->buddy.types : NULL;
		if (before && !(before->blocks[i] & BUD_TYPING_SURE))
			assume(&start->buddy, pfn_of(f, i), typing);
		assume(&f->zone->buddy, pfn_of(f, i), typing);
	}
}

/* A count of the kernel's; what is unknown, or beyond every machine, is none. */
static int64_t counted(uint64_t count)
{
	return count < BUD_PFN_MAX ? (int64_t)count : 0;
}

void bud_typefit_zone(bud_zone *zone, bud_zone *start, const bud_zone_info *kernel)
{
	fit f = { .zone = zone, .types = zone->buddy.types };
	if (!f.types || !kernel->has_pagetypeinfo)
		return;
	f.units = calloc(f.types->nr_blocks, sizeof *f.units);
	if (!f.units)
		return;
	for (int t = 0; t < BUD_NR_MIGRATETYPES; t++) {
		f.pageblocks[t] = counted(kernel->pageblocks[t]);
		for (int k = 0; k < BUD_NR_ORDERS; k++)
			f.blocks[t][k] = counted(kernel->nr_free_type[t][k]);
	}
	collect(&f);
	find_firm(&f);
	qsort(f.units, f.nr_units, sizeof *f.units, compare_units);
	for (size_t i = 0; i < f.nr_units; i++)
		assign(&f, &f.units[i], start);
	free(f.units);
}
