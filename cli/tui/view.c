/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/tui/view.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

bud_layout bud_view_layout(int width, int height, int max_order)
{
	bud_layout l = { .extent = width < 20 || height < 5    ? BUD_EXTENT_LINE
				   : width < 60 || height < 16 ? BUD_EXTENT_SUMMARY
							       : BUD_EXTENT_FULL };
	int side = width >= 160 ? 48 : width >= 120 ? 38 : 0;
	int picture = max_order + 1 + 9; /* the heat map with its axis, rows, legend and lines */
	picture += height >= picture + 22 ? 2 : 0;
	l.body = (bud_area){ 0, 2, width, height > 4 ? height - 4 : 0 };
	l.main = l.body;
	if (l.extent == BUD_EXTENT_FULL && side) {
		l.main.width -= side;
		l.side = (bud_area){ l.main.width + 1, l.body.y, side - 1, l.body.height };
	}
	if (l.extent == BUD_EXTENT_FULL && l.body.height >= picture + 5) {
		l.below = (bud_area){ 0, l.body.y + picture, l.main.width, l.body.height - picture };
		l.main.height = picture;
	}
	int columns = l.main.width - BUD_VIEW_LEFT - BUD_VIEW_RIGHT;
	l.columns = (size_t)(columns > 8 ? columns : 8);
	return l;
}

void bud_view_init(bud_view *view, bud_canvas *canvas, const bud_browse *browse, const bud_scene *scene,
		   const bud_keymap *keymap)
{
	const bud_memory *memory = bud_replay_memory(scene->bench->replay);
	*view = (bud_view){ .canvas = canvas,
			    .browse = browse,
			    .scene = scene,
			    .keymap = keymap,
			    .filter = "",
			    .message = "",
			    .layout = bud_view_layout(canvas->width, canvas->height, browse->max_order),
			    .picture = bud_scene_picture(scene, browse),
			    .zone = browse->zone < memory->nr_zones ? &memory->zones[browse->zone] : NULL,
			    .kernel = &scene->bench->kernel,
			    .info = &scene->bench->bundle->source->info,
			    .cursor = bud_browse_cursor(browse) };
}

const bud_zone_sample *bud_view_sample(const bud_view *view, size_t column)
{
	bool coarse;
	return bud_scene_sample(view->scene, view->browse, column, view->browse->zone, &coarse);
}

uint64_t bud_view_value(const bud_view *view, const bud_zone_sample *sample, int order)
{
	uint64_t blocks = sample->nr_free[order];
	switch (view->browse->shown) {
	case BUD_SHOW_BLOCKS:
		return blocks;
	case BUD_SHOW_PAGES:
		return blocks << order;
	case BUD_SHOW_SHARE:
		return sample->free_pages ? (blocks << order) * 1000 / sample->free_pages : 0;
	default:
		return sample->typed ? sample->nr_free_type[view->browse->shown - BUD_SHOW_TYPE][order] : BUD_UNKNOWN;
	}
}

bool bud_view_wants_failure(const bud_view *view, const bud_failure *failure)
{
	const bud_scene *scene = view->scene;
	const bud_answer *answer = bud_witness_answer(&scene->witness, failure);
	const bud_plea *plea = &failure->plea;
	const bud_filter_request request = { .pid = failure->pid,
					     .node = answer ? answer->node : plea->node,
					     .order = plea->order,
					     .failed = true,
					     .has_gfp = true,
					     .gfp_flags = plea->gfp_flags,
					     .type = plea->type,
					     .zone = answer ? answer->name : NULL,
					     .words = { bud_cause_name(failure->cause) } };
	return bud_filter_match_request(view->wanted, &request, &scene->world);
}

bool bud_view_wants_steal(const bud_view *view, const bud_steal *steal)
{
	const bud_filter_request request = {
		.pid = steal->pid, .node = -1, .order = steal->alloc_order, .type = (bud_migratetype)steal->alloc_type
	};
	return bud_filter_match_request(view->wanted, &request, &view->scene->world);
}

bool bud_view_has_change(const bud_view *view)
{
	const bud_browse *b = view->browse;
	return view->tree->ready && view->tree->compared_ns == view->scene->witness.compared_ns &&
	       b->mark_ns != BUD_TIME_NONE && bud_witness_has_change(&view->scene->witness, b->mark_ns, b->cursor_ns);
}

char *bud_view_change(const bud_view *view, int64_t pages, char *text, size_t size)
{
	bool back = view->browse->cursor_ns < view->browse->mark_ns;
	return bud_heat_change(back ? -pages : pages, view->kernel->page_shift, text, size);
}

void bud_view_label(const bud_view *view, const bud_area *area, int row, const char *format, ...)
{
	char text[16];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	bud_area_printf(view->canvas, area, 0, row, BUD_ROLE_DIM, "%*s", BUD_VIEW_LEFT - 1, text);
}

/* Whether the column is the cursor's, or between it and the mark. */
static bool is_marked(const bud_view *v, size_t column)
{
	if (column == v->cursor)
		return true;
	if (v->browse->mark_ns == BUD_TIME_NONE)
		return false;
	return column == bud_browse_column(v->browse, v->browse->mark_ns) &&
	       v->browse->mark_ns >= v->browse->begin_ns && v->browse->mark_ns <= v->browse->end_ns;
}

void bud_view_cell(const bud_view *view, const bud_area *area, int row, size_t column, int role, char glyph)
{
	int x = BUD_VIEW_LEFT + (int)column;
	if (row >= 0 && row < area->height && x < area->width)
		bud_canvas_put(view->canvas, area->x + x, area->y + row,
			       is_marked(view, column) ? role | BUD_ROLE_MARKED : role, glyph);
}

void bud_view_readout(const bud_view *view, const bud_area *area, int row, const char *text)
{
	int width = (int)strlen(text);
	bud_area_printf(view->canvas, area, BUD_VIEW_LEFT + (int)view->browse->nr_columns + BUD_VIEW_RIGHT - width, row,
			BUD_ROLE_NORMAL, "%s", text);
}

/* Digits behind the point that tell columns apart. */
static int digits_of(const bud_view *v)
{
	uint64_t column = (v->browse->end_ns - v->browse->begin_ns) / v->browse->nr_columns;
	int digits = 9;
	for (; column >= 10 && digits > 1; column /= 10)
		digits--;
	return digits;
}

char *bud_view_time(const bud_view *view, uint64_t t_ns, char *text, size_t size)
{
	return bud_heat_time(t_ns, view->info->clock_is_ns, digits_of(view), text, size);
}

char *bud_view_duration(const bud_view *view, uint64_t ns, char *text, size_t size)
{
	if (ns == BUD_UNKNOWN)
		snprintf(text, size, "?");
	else if (!view->info->clock_is_ns)
		snprintf(text, size, "%" PRIu64, ns);
	else if (ns < 10000)
		snprintf(text, size, "%" PRIu64 "ns", ns);
	else if (ns < 10000000)
		snprintf(text, size, "%" PRIu64 "us", ns / 1000);
	else if (ns < 10000000000)
		snprintf(text, size, "%" PRIu64 "ms", ns / 1000000);
	else
		snprintf(text, size, "%" PRIu64 "s", ns / 1000000000);
	return text;
}

void bud_view_axis(const bud_view *view, const bud_area *area, int row, const char *label)
{
	char time[32];
	const bud_browse *b = view->browse;
	size_t step = b->nr_columns / 4 > 16 ? b->nr_columns / 4 : 16;
	bud_area_printf(view->canvas, area, 1, row, BUD_ROLE_DIM, "%s", label);
	for (size_t c = 0; c + 10 <= b->nr_columns; c += step)
		bud_area_printf(view->canvas, area, BUD_VIEW_LEFT + (int)c, row, BUD_ROLE_DIM, "%s",
				bud_view_time(view, c ? bud_browse_time(b, c - 1) : b->begin_ns, time, sizeof time));
	if (b->mark_ns != BUD_TIME_NONE && b->mark_ns >= b->begin_ns && b->mark_ns <= b->end_ns)
		bud_view_cell(view, area, row, bud_browse_column(b, b->mark_ns), BUD_ROLE_CURSOR, 'A');
	bud_view_cell(view, area, row, view->cursor, BUD_ROLE_CURSOR, b->mark_ns == BUD_TIME_NONE ? '|' : 'B');
	bud_view_readout(view, area, row, "@cur");
}

bud_area bud_view_panel(const bud_view *view, const bud_area *area, const char *title)
{
	bud_area inner = *area;
	if (area->height <= 0 || area->width <= 0)
		return (bud_area){ 0 };
	for (int x = 0; x < area->width; x++)
		bud_canvas_put(view->canvas, area->x + x, area->y, BUD_ROLE_DIM, BUD_GLYPH_HORIZONTAL);
	bud_area_printf(view->canvas, area, 1, 0, BUD_ROLE_DIM, " %s ", title);
	inner.y++;
	inner.height--;
	return inner;
}

bud_area bud_view_cut(bud_area *area, int rows)
{
	bud_area upper = *area;
	if (rows > area->height)
		rows = area->height;
	upper.height = rows;
	area->y += rows;
	area->height -= rows;
	return upper;
}
