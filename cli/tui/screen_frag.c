/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <stdio.h>

#include "cli/tui/panel.h"
#include "cli/tui/screen.h"

/* A curve: a value in thousandths for each column, negative where there is none. */
typedef int32_t curve(const bud_view *v, const bud_zone_sample *s);

static int32_t unusable(const bud_view *v, const bud_zone_sample *s)
{
	return s->unusable_milli[v->browse->order];
}

static int32_t extfrag(const bud_view *v, const bud_zone_sample *s)
{
	return s->extfrag_milli[v->browse->order];
}

/* Of the largest figure of the free memory's picture. */
static uint64_t scale_of(const bud_view *v)
{
	uint64_t scale = 1;
	for (size_t c = 0; c < v->browse->nr_columns; c++) {
		const bud_zone_sample *s = bud_view_sample(v, c);
		if (s && s->free_pages > scale)
			scale = s->free_pages;
		if (s && s->marks.high != BUD_UNKNOWN && s->marks.high > scale)
			scale = s->marks.high;
	}
	return scale;
}

static int row_of(uint64_t value, uint64_t scale, int rows)
{
	uint64_t row = (uint64_t)((unsigned __int128)value * (unsigned)(rows - 1) / scale);
	return rows - 1 - (row < (uint64_t)rows ? (int)row : rows - 1);
}

static void draw_curve(const bud_view *v, const bud_area *a, curve *value, char glyph)
{
	for (size_t c = 0; c < v->browse->nr_columns; c++) {
		const bud_zone_sample *s = bud_view_sample(v, c);
		int32_t milli = s ? value(v, s) : -1;
		if (milli >= 0)
			bud_view_cell(v, a, row_of((uint64_t)milli, 1000, a->height), c, BUD_ROLE_NORMAL, glyph);
		else if (c == v->cursor)
			bud_view_cell(v, a, a->height - 1, c, BUD_ROLE_NORMAL, s ? '_' : '?');
	}
}

static void draw_indices(const bud_view *v, bud_area a)
{
	static const char *const labels[] = { "1.0", "0.5", "0.0" };
	char text[16] = "?";
	const bud_zone_sample *s = bud_view_sample(v, v->cursor);
	int k = v->browse->order;
	bud_area head = bud_view_cut(&a, 1);
	bud_area_printf(
		v->canvas, &head, 1, 0, BUD_ROLE_DIM,
		"order %d: u unusable index, x extfrag index (none where the request would succeed)   [ ] order", k);
	for (int i = 0; i < 3; i++)
		bud_view_label(v, &a, i * (a.height - 1) / 2, "%s", labels[i]);
	for (size_t c = 0; c < v->browse->nr_columns; c++)
		bud_view_cell(v, &a, a.height - 1, c, BUD_ROLE_DIM, '.');
	draw_curve(v, &a, unusable, 'u');
	draw_curve(v, &a, extfrag, 'x');
	if (s)
		snprintf(text, sizeof text, "u%d.%03d", s->unusable_milli[k] / 1000, s->unusable_milli[k] % 1000);
	bud_view_readout(v, &a, 0, text);
	if (s && s->extfrag_milli[k] < 0)
		snprintf(text, sizeof text, "x ok");
	else if (s)
		snprintf(text, sizeof text, "x%d.%03d", s->extfrag_milli[k] / 1000, s->extfrag_milli[k] % 1000);
	bud_view_readout(v, &a, 1, text);
}

static void draw_free(const bud_view *v, bud_area a)
{
	char text[16];
	uint64_t scale = scale_of(v);
	const bud_zone_sample *at = bud_view_sample(v, v->cursor);
	int shift = v->kernel->page_shift;
	bud_area head = bud_view_cut(&a, 1);
	bud_area_printf(v->canvas, &head, 1, 0, BUD_ROLE_DIM, "# free memory, up to %s   H high L low M min watermark",
			bud_heat_size(scale, shift, text, sizeof text));
	bud_view_label(v, &a, 0, "%s", bud_heat_size(scale, shift, text, sizeof text));
	bud_view_label(v, &a, a.height - 1, "0");
	for (size_t c = 0; c < v->browse->nr_columns; c++) {
		const bud_zone_sample *s = bud_view_sample(v, c);
		const uint64_t marks[] = { s ? s->marks.high : 0, s ? s->marks.low : 0, s ? s->marks.min : 0 };
		for (int i = 0; s && i < 3; i++)
			if (marks[i] != BUD_UNKNOWN)
				bud_view_cell(v, &a, row_of(marks[i], scale, a.height), c, BUD_ROLE_DIM, "HLM"[i]);
		if (s)
			bud_view_cell(v, &a, row_of(s->free_pages, scale, a.height), c,
				      s->wm_state >= BUD_WM_BELOW_LOW ? BUD_ROLE_WARN : BUD_ROLE_NORMAL, '#');
		else
			bud_view_cell(v, &a, a.height - 1, c, BUD_ROLE_NORMAL, '?');
	}
	bud_view_readout(v, &a, 0, bud_heat_size(at ? at->free_pages : BUD_UNKNOWN, shift, text, sizeof text));
	if (a.height > 2)
		bud_view_readout(v, &a, 1, bud_heat_wm_text(at ? at->wm_state : BUD_WM_UNKNOWN));
}

void bud_screen_frag_draw(const bud_view *view)
{
	const bud_view *v = view;
	bud_area a = v->layout.main;
	a.height = v->layout.body.height;
	if (v->layout.side.width) {
		bud_area side = v->layout.side;
		bud_area part = bud_view_cut(&side, side.height / 3);
		bud_panel_zones(v, &part);
		part = bud_view_cut(&side, side.height / 2);
		bud_panel_failures(v, &part);
		bud_panel_steals(v, &side);
	}
	bud_area axis = bud_view_cut(&a, 1);
	bud_view_axis(v, &axis, 0, "");
	bud_area story = { a.x, a.y + a.height - 3, a.width, 3 };
	a.height -= 3;
	draw_indices(v, bud_view_cut(&a, a.height / 2));
	draw_free(v, a);
	bud_panel_story(v, &story);
}
