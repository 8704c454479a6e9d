/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/tui/panel.h"
#include "cli/tui/screen.h"

static int level_of(const bud_view *v, const bud_zone_sample *s, int order)
{
	if (v->browse->shown == BUD_SHOW_SHARE)
		return bud_heat_share(s->nr_free[order] << order, s->free_pages);
	return bud_heat_level(bud_view_value(v, s, order));
}

/* A cell not reached yet is blank; one reached but unknown is '?'. */
static char absent(const bud_view *v, size_t column)
{
	bool reached = v->picture && column < v->picture->nr_filled;
	return reached ? '?' : ' ';
}

static char *value_text(const bud_view *v, const bud_zone_sample *s, int order, char *text, size_t size)
{
	char count[16];
	uint64_t value = s ? bud_view_value(v, s, order) : BUD_UNKNOWN;
	if (v->browse->shown == BUD_SHOW_SHARE && value != BUD_UNKNOWN)
		snprintf(text, size, "%" PRIu64 ".%" PRIu64 "%%", value / 10, value % 10);
	else if (value == BUD_UNKNOWN || v->browse->shown < BUD_SHOW_TYPE ||
		 s->sure_type[v->browse->shown - BUD_SHOW_TYPE][order] == value)
		bud_heat_count(value, text, size);
	else /* some are only assumed to be of that type */
		snprintf(text, size, "~%s", bud_heat_count(value, count, sizeof count));
	return text;
}

static void draw_order(const bud_view *v, const bud_area *a, int row, int order)
{
	char text[48];
	bud_view_label(v, a, row, "%d", order);
	for (size_t c = 0; c < v->browse->nr_columns; c++) {
		const bud_zone_sample *s = bud_view_sample(v, c);
		bool known = s && bud_view_value(v, s, order) != BUD_UNKNOWN;
		int level = known ? level_of(v, s, order) : 0;
		bud_view_cell(v, a, row, c, level ? BUD_ROLE_HEAT + level : BUD_ROLE_NORMAL,
			      known ? bud_heat_digit(level)
			      : s   ? '?'
				    : absent(v, c));
	}
	bud_view_readout(v, a, row, value_text(v, bud_view_sample(v, v->cursor), order, text, sizeof text));
}

static void draw_marks(const bud_view *v, const bud_area *a, int row)
{
	bud_view_label(v, a, row, "wm");
	for (size_t c = 0; c < v->browse->nr_columns; c++) {
		const bud_zone_sample *s = bud_view_sample(v, c);
		bool low = s && (s->wm_state == BUD_WM_BELOW_LOW || s->wm_state == BUD_WM_BELOW_MIN);
		bud_view_cell(v, a, row, c, low ? BUD_ROLE_WARN : BUD_ROLE_NORMAL,
			      s ? bud_heat_wm(s->wm_state) : absent(v, c));
	}
	const bud_zone_sample *s = bud_view_sample(v, v->cursor);
	bud_view_readout(v, a, row, bud_heat_wm_text(s ? s->wm_state : BUD_WM_UNKNOWN));
}

static void draw_index(const bud_view *v, const bud_area *a, int row, bool extfrag)
{
	char text[16] = "?";
	int order = v->browse->order;
	bud_view_label(v, a, row, "%c%-2d", extfrag ? 'x' : 'u', order);
	for (size_t c = 0; c < v->browse->nr_columns; c++) {
		const bud_zone_sample *s = bud_view_sample(v, c);
		int32_t milli = !s ? 0 : extfrag ? s->extfrag_milli[order] : s->unusable_milli[order];
		bud_view_cell(v, a, row, c, BUD_ROLE_NORMAL, s ? bud_heat_index(milli) : absent(v, c));
	}
	const bud_zone_sample *s = bud_view_sample(v, v->cursor);
	int32_t milli = !s ? 0 : extfrag ? s->extfrag_milli[order] : s->unusable_milli[order];
	if (s && milli < 0)
		snprintf(text, sizeof text, "ok");
	else if (s)
		snprintf(text, sizeof text, "%d.%03d", milli / 1000, milli % 1000);
	bud_view_readout(v, a, row, text);
}

static void draw_events(const bud_view *v, const bud_area *a, int row)
{
	bud_view_label(v, a, row, "ev");
	for (size_t c = 0; v->picture && c < v->picture->nr_filled; c++) {
		char letter = bud_heat_event(&v->picture->columns[c]);
		bud_view_cell(v, a, row, c, strchr("FOl", letter) ? BUD_ROLE_WARN : BUD_ROLE_NORMAL, letter);
	}
	if (v->picture && v->cursor < v->picture->nr_filled)
		bud_view_readout(v, a, row, bud_heat_event_text(bud_heat_event(&v->picture->columns[v->cursor])));
}

static void draw_legend(const bud_view *v, const bud_area *a, int row)
{
	if (v->browse->shown == BUD_SHOW_SHARE)
		bud_area_printf(v->canvas, a, 1, row, BUD_ROLE_DIM, "share of free memory " BUD_HEAT_SHARES);
	else if (v->browse->shown == BUD_SHOW_PAGES)
		bud_area_printf(v->canvas, a, 1, row, BUD_ROLE_DIM, "free pages " BUD_HEAT_SCALE);
	else if (v->browse->shown == BUD_SHOW_BLOCKS)
		bud_area_printf(v->canvas, a, 1, row, BUD_ROLE_DIM, BUD_HEAT_LEGEND);
	else
		bud_area_printf(v->canvas, a, 1, row, BUD_ROLE_DIM, "%s " BUD_HEAT_SCALE,
				bud_shown_name(v->browse->shown));
}

/* What happened in the column under the cursor. */
static void draw_column(const bud_view *v, const bud_area *a, int row)
{
	char time[32];
	bool filled = v->picture && v->cursor < v->picture->nr_filled;
	int x = bud_area_printf(v->canvas, a, 1, row, BUD_ROLE_NORMAL, "-- %s  ",
				bud_heat_time(v->browse->cursor_ns, v->info->clock_is_ns, 6, time, sizeof time));
	if (!filled)
		return;
	const bud_column *c = &v->picture->columns[v->cursor];
	bud_area_printf(v->canvas, a, x, row, c->failed_allocations ? BUD_ROLE_WARN : BUD_ROLE_NORMAL,
			"%" PRIu64 " allocs, %" PRIu64 " failed, %" PRIu64 " steals, %" PRIu64 " compact, %" PRIu64
			" direct",
			c->events[BUD_EV_ALLOC], c->failed_allocations, c->events[BUD_EV_EXTFRAG],
			c->events[BUD_EV_COMPACT_BEGIN], c->events[BUD_EV_DIRECT_BEGIN]);
}

static void draw_map(const bud_view *v, bud_area area)
{
	int rows = area.height - 5 - 1 - 2, top = v->kernel->max_order; /* axis, rows below, legend, lines */
	int orders = rows < top + 1 ? rows : top + 1, row = 0;
	bud_view_axis(v, &area, row++, "ord");
	for (int k = top; k > top - orders; k--)
		draw_order(v, &area, row++, k);
	draw_marks(v, &area, row++);
	draw_index(v, &area, row++, true);
	draw_index(v, &area, row++, false);
	draw_events(v, &area, row++);
	draw_legend(v, &area, row++);
	if (v->browse->mark_ns == BUD_TIME_NONE) /* else the difference takes its place */
		draw_column(v, &area, row++);
	bud_view_cut(&area, row);
	bud_panel_story(v, &area);
}

static void draw_side(const bud_view *v, bud_area side)
{
	for (int y = 0; y < side.height; y++)
		bud_canvas_put(v->canvas, side.x - 1, side.y + y, BUD_ROLE_DIM, BUD_GLYPH_VERTICAL);
	const bud_memory *memory = bud_replay_memory(v->scene->bench->replay);
	int zones = (int)memory->nr_zones + 2;
	bud_area part = bud_view_cut(&side, zones < side.height / 3 ? zones : side.height / 3);
	bud_panel_zones(v, &part);
	part = bud_view_cut(&side, side.height / 4);
	bud_panel_failures(v, &part);
	part = bud_view_cut(&side, side.height / 3);
	bud_panel_steals(v, &part);
	part = bud_view_cut(&side, side.height / 2);
	bud_panel_sites(v, &part);
	bud_panel_strip(v, &side);
}

void bud_screen_heat_draw(const bud_view *view)
{
	const bud_view *v = view;
	const bud_layout *l = &v->layout;
	if (v->browse->lists[BUD_SCREEN_HEAT].inside || bud_browse_single(v->browse, v->picture)) {
		bud_panel_events(v, &l->main);
	} else {
		draw_map(v, l->main);
	}
	if (l->side.width)
		draw_side(v, l->side);
	if (l->below.height)
		bud_panel_episodes(v, &l->below);
}
