/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <stdio.h>

#include "cli/tui/panel.h"
#include "cli/tui/screen.h"

#define FIGURES 47 /* columns of numbers before the tree */
#define CHANGE	9  /* more, where there is a mark */

void bud_screen_sites_measure(const bud_view *view, bud_facts *facts)
{
	facts->nr_rows = view->tree->nr_rows;
	facts->page_rows = (size_t)(view->layout.body.height > 3 ? view->layout.body.height - 3 : 1);
}

static void draw_figures(const bud_view *v, const bud_area *a, int row, int role, const bud_sitenode *n)
{
	char live[16], pinned[16], peak[16], allocs[16], failures[16];
	int shift = v->kernel->page_shift;
	bud_area_printf(v->canvas, a, 1, row, role, "%6s %6s %5" PRIu64 " %c%6s %8s %6s",
			bud_heat_size(n->live, shift, live, sizeof live),
			n->pinned ? bud_heat_size(n->pinned, shift, pinned, sizeof pinned) : "-", n->alone,
			n->summed ? '<' : ' ', bud_heat_size(n->peak, shift, peak, sizeof peak),
			bud_heat_count(n->allocs, allocs, sizeof allocs),
			n->failures ? bud_heat_count(n->failures, failures, sizeof failures) : "-");
	if (bud_view_has_change(v))
		bud_area_printf(v->canvas, a, FIGURES - 2, row, role, "%8s",
				bud_view_change(v, n->change, live, sizeof live));
}

static void draw_node(const bud_view *v, const bud_area *a, int row, size_t i, bool selected)
{
	const bud_sitetree *t = v->tree;
	const bud_sitenode *n = &t->nodes[t->rows[i]];
	bool open = i + 1 < t->nr_rows && t->nodes[t->rows[i + 1]].depth > n->depth;
	int role = selected ? BUD_ROLE_SELECTED : n->failures ? BUD_ROLE_WARN : BUD_ROLE_NORMAL;
	draw_figures(v, a, row, role, n);
	int x = FIGURES - 2 + (bud_view_has_change(v) ? CHANGE : 0);
	bud_area_printf(v->canvas, a, x + n->depth * 2, row, role, "%c %s%s", n->first ? (open ? '-' : '+') : ' ',
			t->has_stacks && n->first && n->depth > 1 ? "< " : "", n->label);
	if (selected)
		bud_area_role(v->canvas, a, row, BUD_ROLE_SELECTED);
}

static void draw_head(const bud_view *v, const bud_area *a, int row)
{
	bud_area_printf(v->canvas, a, 1, row, BUD_ROLE_DIM, "%6s %6s %5s  %6s %8s %6s  %s%s", "live", "pinned", "alone",
			"peak", "allocs", "failed", bud_view_has_change(v) ? " A to B  " : "",
			v->tree->has_stacks ? "call stack, innermost frame first"
					    : "command, gfp flags, order and type");
}

static bool is_known(const bud_view *v, const bud_area *a, int row)
{
	const bud_sitetree *t = v->tree;
	bool known = t->ready && t->t_ns == v->browse->cursor_ns;
	if (!known)
		bud_area_printf(v->canvas, a, 1, row, BUD_ROLE_DIM,
				v->scene->phase == BUD_PHASE_READY ? "being replayed up to the cursor"
								   : "after the survey");
	return known;
}

void bud_screen_sites_draw(const bud_view *view)
{
	const bud_view *v = view;
	const bud_sitetree *t = v->tree;
	bud_area a = v->layout.body;
	size_t rows = (size_t)(a.height > 3 ? a.height - 3 : 1), row = v->browse->lists[BUD_SCREEN_SITES].row;
	int x = bud_area_printf(
		v->canvas, &a, 1, 0, BUD_ROLE_DIM, "from the start of the trace to the cursor, by %s (S)",
		bud_sitetree_key_name((bud_sitetree_key)(v->browse->lists[BUD_SCREEN_SITES].sort % BUD_NR_SITES_KEYS)));
	if (*v->filter)
		bud_area_printf(v->canvas, &a, x, 0, BUD_ROLE_WARN, ", only %s", v->filter);
	else
		bud_area_printf(v->canvas, &a, x, 0, BUD_ROLE_DIM, "   pinned: in pageblocks half free and more");
	draw_head(v, &a, 1);
	if (!is_known(v, &a, 2))
		return;
	row = row < t->nr_rows ? row : t->nr_rows ? t->nr_rows - 1 : 0;
	size_t top = t->nr_rows <= rows || row < rows / 2 ? 0
		     : row - rows / 2 + rows < t->nr_rows ? row - rows / 2
							  : t->nr_rows - rows;
	for (size_t i = 0; i < rows && top + i < t->nr_rows; i++)
		draw_node(v, &a, 2 + (int)i, top + i, top + i == row);
	if (!t->nr_rows)
		bud_area_printf(v->canvas, &a, 1, 2, BUD_ROLE_DIM, "none up to here");
	bud_area_printf(v->canvas, &a, 1, a.height - 1, t->left_out ? BUD_ROLE_WARN : BUD_ROLE_DIM,
			t->left_out ? "%zu smaller ones are summed up in one row"
			: t->has_stacks
				? "Enter opens and closes"
				: "Enter opens; call stacks: trace-cmd record -e kmem:mm_page_alloc -R stacktrace ...",
			t->left_out);
}

void bud_panel_sites(const bud_view *view, const bud_area *area)
{
	const bud_view *v = view;
	const bud_sitetree *t = v->tree;
	char title[64], time[32];
	snprintf(title, sizeof title, "who holds most%s%s", t->ready ? " at " : "",
		 t->ready ? bud_heat_time(t->t_ns, v->info->clock_is_ns, 3, time, sizeof time) : "");
	bud_area a = bud_view_panel(v, area, title);
	if (!t->ready) {
		bud_area_printf(v->canvas, &a, 1, 0, BUD_ROLE_DIM,
				v->scene->surveyed ? "being replayed" : "being surveyed");
		return;
	}
	int row = 0;
	for (size_t i = 0; i < t->nr_rows && row < a.height; i++) {
		char live[16], pinned[16];
		const bud_sitenode *n = &t->nodes[t->rows[i]];
		if (n->depth != 1)
			continue;
		bud_area_printf(v->canvas, &a, 1, row++, BUD_ROLE_NORMAL, "%6s %6s %s",
				bud_heat_size(n->live, v->kernel->page_shift, live, sizeof live),
				n->pinned ? bud_heat_size(n->pinned, v->kernel->page_shift, pinned, sizeof pinned)
					  : "-",
				n->label);
	}
}
