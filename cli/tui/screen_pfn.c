/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <stdio.h>

#include "cli/tui/panel.h"
#include "cli/tui/screen.h"

#define MARGIN 11 /* the pfn before a row of cells */

static size_t cells_of(const bud_area *a)
{
	int room = a->width - MARGIN - 1;
	return room > 64 ? (size_t)(room / 64 * 64) : room > 0 ? (size_t)room : 1;
}

static const bud_instant *instant_of(const bud_view *v)
{
	const bud_instant *at = &v->scene->cursor;
	return at->ready && at->zone == v->browse->zone ? at : NULL;
}

static bool is_inside(const bud_view *v)
{
	return v->browse->lists[BUD_SCREEN_PFN].inside;
}

static int map_rows(const bud_view *v)
{
	return v->layout.body.height - 5;
}

void bud_screen_pfn_measure(const bud_view *view, bud_facts *facts)
{
	const bud_instant *at = instant_of(view);
	facts->map_width = cells_of(&view->layout.body);
	facts->page_rows = (size_t)(map_rows(view) > 1 ? map_rows(view) : 1);
	facts->nr_rows = !at ? 0 : is_inside(view) ? (size_t)1 << at->map.order : at->map.nr;
}

/* The first row shown, so that the selected cell's row is in sight. */
static size_t first_row(size_t selected, size_t width, size_t nr, size_t rows)
{
	size_t row = selected / width, all = (nr + width - 1) / width;
	if (all <= rows || row < rows / 2)
		return 0;
	return row - rows / 2 < all - rows ? row - rows / 2 : all - rows;
}

/* Cells in rows, each row led by its pfn; glyph and role of cell i come from a function. */
typedef char cell_glyph(const bud_view *v, const bud_instant *at, size_t i, int *role);

static void draw_cells(const bud_view *v, const bud_area *a, const bud_instant *at, size_t nr, size_t selected,
		       bud_pfn base, int shift, cell_glyph *glyph)
{
	size_t width = cells_of(a), top = first_row(selected, width, nr, (size_t)a->height);
	for (int y = 0; y < a->height; y++) {
		size_t first = (top + (size_t)y) * width;
		if (first >= nr)
			break;
		bud_area_printf(v->canvas, a, 0, y, BUD_ROLE_DIM, "%*" PRIx64, MARGIN - 1,
				(uint64_t)(base + ((bud_pfn)first << shift)));
		for (size_t i = first; i < first + width && i < nr; i++) {
			int role;
			char c = glyph(v, at, i, &role);
			bud_canvas_put(v->canvas, a->x + MARGIN + (int)(i - first), a->y + y,
				       i == selected ? BUD_ROLE_CURSOR : role, c);
		}
	}
}

static char block_glyph(const bud_view *v, const bud_instant *at, size_t i, int *role)
{
	(void)v;
	*role = BUD_ROLE_TYPE + at->map.blocks[i].type;
	return bud_blockmap_letter(&at->map, &at->map.blocks[i]);
}

static char page_glyph(const bud_view *v, const bud_instant *at, size_t i, int *role)
{
	const bud_page *p = &at->pages[i];
	(void)v;
	*role = p->state == BUD_PAGE_FREE ? BUD_ROLE_HEAT + (p->order < 9 ? p->order + 1 : 9) : BUD_ROLE_NORMAL;
	switch (p->state) {
	case BUD_PAGE_FREE:
		return p->head ? (char)(p->order < 10 ? '0' + p->order : 'a' + p->order - 10) : '.';
	case BUD_PAGE_CACHED:
		return 'c';
	case BUD_PAGE_USED:
		return 'U';
	case BUD_PAGE_OUTSIDE:
		return ' ';
	default:
		break;
	}
	return '?';
}

static void tell_block(const bud_view *v, const bud_area *a, int row, const bud_instant *at, size_t i)
{
	const bud_block *b = &at->map.blocks[i];
	bud_pfn first = at->map.base + ((bud_pfn)i << at->map.order);
	int x = bud_area_printf(v->canvas, a, 1, row, BUD_ROLE_NORMAL,
				"pageblock %zu 0x%" PRIx64 "..0x%" PRIx64
				" %s: free %u cached %u used %u unknown %u of %u",
				i, first, first + ((bud_pfn)1 << at->map.order),
				b->type == BUD_MT_UNKNOWN ? "?" : bud_migratetype_name((bud_migratetype)b->type),
				b->free, b->cached, b->used, b->size - b->free - b->cached - b->used, b->size);
	if (b->max_order >= 0)
		bud_area_printf(v->canvas, a, x, row, BUD_ROLE_NORMAL, "  largest free order %d", b->max_order);
}

static void draw_map(const bud_view *v, bud_area a, const bud_instant *at)
{
	size_t selected = v->browse->lists[BUD_SCREEN_PFN].row;
	selected = selected < at->map.nr ? selected : at->map.nr ? at->map.nr - 1 : 0;
	bud_area map = bud_view_cut(&a, map_rows(v));
	draw_cells(v, &map, at, at->map.nr, selected, at->map.base, at->map.order, block_glyph);
	if (at->map.nr)
		tell_block(v, &a, 1, at, selected);
	bud_area_printf(v->canvas, &a, 1, 2, BUD_ROLE_DIM,
			"Enter: its pages   U M R H C I type, X not told; small partly free, . all free, ? unknown");
	if (at->map.nr == BUD_BLOCKMAP_MAX)
		bud_area_printf(v->canvas, &a, 1, 3, BUD_ROLE_WARN, "only the first %zu pageblocks are shown",
				BUD_BLOCKMAP_MAX);
}

/* How the block is split: its halves down to free blocks, and what keeps each from merging. */
static int draw_tree(const bud_view *v, const bud_area *a, int row, const bud_instant *at, size_t from, int order,
		     int depth)
{
	size_t nr = (size_t)1 << order, taken = 0;
	bud_pfn first = at->map.base + ((bud_pfn)at->block << at->map.order) + from;
	for (size_t i = from; i < from + nr; i++)
		taken += at->pages[i].state != BUD_PAGE_FREE && at->pages[i].state != BUD_PAGE_OUTSIDE;
	if (row >= a->height)
		return row;
	if (!taken || taken == nr || order == 0) {
		bud_area_printf(v->canvas, a, 1 + depth * 2, row, taken ? BUD_ROLE_NORMAL : BUD_ROLE_DIM,
				"%d %s 0x%" PRIx64, order, !taken ? "free" : "taken", first);
		return row + 1;
	}
	bud_area_printf(v->canvas, a, 1 + depth * 2, row, BUD_ROLE_NORMAL,
			"%d split 0x%" PRIx64 ": %zu page%s in the way", order, first, taken, taken == 1 ? "" : "s");
	row = draw_tree(v, a, row + 1, at, from, order - 1, depth + 1);
	return draw_tree(v, a, row, at, from + nr / 2, order - 1, depth + 1);
}

/* Who allocated the page last, and how long ago. */
static void tell_owner(const bud_view *v, const bud_area *a, int x, int row, bud_pfn pfn)
{
	char name[BUD_SITE_TEXT], age[32];
	bud_owner owner;
	const bud_witness *w = &v->scene->witness;
	if (!w->owned || w->owned_ns != v->browse->cursor_ns) {
		bud_area_printf(v->canvas, a, x, row, BUD_ROLE_DIM, ", owner: being replayed");
	} else if (!bud_owners_of(w->owners, pfn, &owner)) {
		bud_area_printf(v->canvas, a, x, row, BUD_ROLE_DIM, ", its allocation is not in the trace");
	} else {
		uint64_t ns = v->browse->cursor_ns > owner.t_ns ? v->browse->cursor_ns - owner.t_ns : 0;
		bud_area_printf(v->canvas, a, x, row, BUD_ROLE_NORMAL, " since %s, order %d %s: %s",
				bud_view_duration(v, ns, age, sizeof age), owner.use->order,
				bud_migratetype_name((bud_migratetype)owner.use->migratetype),
				bud_site_name(w->sites, owner.use->site, name, sizeof name));
	}
}

static void tell_page(const bud_view *v, const bud_area *a, int row, const bud_instant *at, size_t i)
{
	const char *const states[] = { at->map.told ? "used or cached: no event has told which since the seed"
						    : "unknown: no event has named it",
				       "free", "on a per-CPU list", "used", "outside the zone" };
	const bud_page *p = &at->pages[i];
	int x = bud_area_printf(v->canvas, a, 1, row, BUD_ROLE_NORMAL, "page 0x%" PRIx64 "  %s",
				at->map.base + ((bud_pfn)at->block << at->map.order) + i, states[p->state]);
	if (p->order >= 0)
		bud_area_printf(v->canvas, a, x, row, BUD_ROLE_NORMAL, ", in a free block of order %d", p->order);
	else if (p->state == BUD_PAGE_USED)
		tell_owner(v, a, x, row, at->map.base + ((bud_pfn)at->block << at->map.order) + i);
}

static void draw_pages(const bud_view *v, bud_area a, const bud_instant *at)
{
	size_t nr = (size_t)1 << at->map.order, page = v->browse->page < nr ? v->browse->page : nr - 1;
	size_t width = cells_of(&a);
	int rows = (int)((nr + width - 1) / width), most = a.height / 2;
	bud_area head = bud_view_cut(&a, 1);
	tell_block(v, &head, 0, at, at->block);
	bud_area map = bud_view_cut(&a, rows < most ? rows : most);
	draw_cells(v, &map, at, nr, page, at->map.base + ((bud_pfn)at->block << at->map.order), 0, page_glyph);
	bud_area lines = bud_view_cut(&a, 2);
	tell_page(v, &lines, 0, at, page);
	bud_area_printf(
		v->canvas, &lines, 1, 1, BUD_ROLE_DIM,
		"0-9 a.. first page of a free block of that order, . the rest of it   c cached   U used   ? unknown");
	bud_area tree = bud_view_panel(v, &a, "how it is split, and what keeps it from merging");
	draw_tree(v, &tree, 0, at, 0, at->map.order, 0);
}

void bud_screen_pfn_draw(const bud_view *view)
{
	const bud_view *v = view;
	const bud_instant *at = instant_of(v);
	bud_area a = v->layout.body;
	if (!at) {
		bud_area_printf(v->canvas, &a, 1, 0, BUD_ROLE_DIM,
				!v->zone			     ? "this capture has no zones"
				: v->scene->phase == BUD_PHASE_READY ? "being replayed"
								     : "after the survey");
		return;
	}
	bud_area head = bud_view_cut(&a, 1);
	bud_area_printf(v->canvas, &head, 1, 0, BUD_ROLE_DIM, "n%d/%s at the cursor's instant, a cell for each %s",
			v->zone->node, v->zone->name,
			is_inside(v) && at->block == v->browse->lists[BUD_SCREEN_PFN].row ? "page" : "pageblock");
	if (is_inside(v) && at->block < at->map.nr)
		draw_pages(v, a, at);
	else
		draw_map(v, a, at);
}
