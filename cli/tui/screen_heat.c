/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/tui/screen_heat.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/heat.h"

#define LEFT  5 /* the labels */
#define RIGHT 9 /* the read-out */

/* Everything a row of the picture needs. */
typedef struct view {
	bud_canvas *canvas;
	const bud_browse *browse;
	const bud_scene *scene;
	const bud_timeline *timeline;
	const bud_zone *zone; /* NULL: the capture has none */
	const bud_kernel *kernel;
	const bud_trace_info *info;
	int y;
} view;

size_t bud_screen_heat_columns(int width)
{
	return width > LEFT + RIGHT + 8 ? (size_t)(width - LEFT - RIGHT) : 8;
}

size_t bud_screen_heat_column_at(const bud_browse *browse, int x)
{
	return x >= LEFT && (size_t)(x - LEFT) < browse->nr_columns ? (size_t)(x - LEFT) : SIZE_MAX;
}

/* The sample of the zone in a column; NULL while unknown. */
static const bud_zone_sample *sample_at(const view *v, size_t column)
{
	if (!v->zone || column >= v->timeline->nr_filled)
		return NULL;
	const bud_zone_sample *s = bud_timeline_sample(v->timeline, column, v->browse->zone);
	return s->known ? s : NULL;
}

static const bud_zone_sample *sample_at_cursor(const view *v)
{
	return sample_at(v, v->browse->cursor);
}

/* A cell not reached yet is blank; one reached but unknown is '?'. */
static void put(view *v, size_t column, int role, char glyph)
{
	if (column >= v->timeline->nr_filled)
		glyph = ' ';
	if (column == v->browse->cursor && role < BUD_ROLE_HEAT)
		role = BUD_ROLE_CURSOR;
	bud_canvas_put(v->canvas, LEFT + (int)column, v->y, role, glyph);
}

static void put_readout(view *v, const char *text)
{
	int width = (int)strlen(text);
	bud_canvas_text(v->canvas, LEFT + (int)v->browse->nr_columns + RIGHT - width, v->y, BUD_ROLE_NORMAL, text);
}

static void draw_title(view *v)
{
	char size[16], free[16], min[16], low[16], high[16], drift[32] = "drift ?";
	const bud_zone_sample *s = sample_at_cursor(v);
	const bud_verdict *verdict = !v->scene->surveyed
					     ? NULL
					     : bud_verify_at(v->scene->verdicts, v->scene->bench->bundle->nr_snapshots,
							     bud_browse_time(v->browse, v->browse->cursor));
	int shift = v->kernel->page_shift, x;
	bud_canvas_row_role(v->canvas, v->y, BUD_ROLE_TITLE);
	x = bud_canvas_printf(v->canvas, 0, v->y, BUD_ROLE_TITLE, " buddyscope %.20s ", v->scene->bench->bundle->name);
	if (v->zone)
		x = bud_canvas_printf(
			v->canvas, x, v->y, BUD_ROLE_TITLE, " [n%d/%s %s%s]", v->zone->node, v->zone->name,
			bud_heat_size(v->zone->managed == BUD_UNKNOWN ? v->zone->spanned : v->zone->managed, shift,
				      size, sizeof size),
			v->zone->assumed ? " assumed" : "");
	x = bud_canvas_printf(v->canvas, x, v->y, BUD_ROLE_TITLE, "  free %s  wm %s/%s/%s",
			      bud_heat_size(s ? s->free_pages : BUD_UNKNOWN, shift, free, sizeof free),
			      bud_heat_size(s ? s->marks.min : BUD_UNKNOWN, shift, min, sizeof min),
			      bud_heat_size(s ? s->marks.low : BUD_UNKNOWN, shift, low, sizeof low),
			      bud_heat_size(s ? s->marks.high : BUD_UNKNOWN, shift, high, sizeof high));
	if (verdict)
		snprintf(drift, sizeof drift, "drift %" PRIu64 "p", verdict->free_error);
	x = bud_canvas_printf(v->canvas, x + 2, v->y, verdict && verdict->exact ? BUD_ROLE_TITLE : BUD_ROLE_WARN, "%s",
			      drift);
	bud_canvas_printf(v->canvas, x + 2, v->y, bud_trace_lost(v->info) ? BUD_ROLE_WARN : BUD_ROLE_TITLE,
			  "lost %" PRIu64, bud_trace_lost(v->info));
	v->y++;
}

static void draw_range(view *v)
{
	char begin[32], end[32], step[32];
	const bud_browse *b = v->browse;
	uint64_t width = b->end_ns - b->begin_ns, column = width / b->nr_columns;
	int digits = width < 10000000000 ? 3 : 1;
	int x = bud_canvas_printf(
		v->canvas, 1, v->y, BUD_ROLE_NORMAL, "replay, seed %s  %s..%s  %s/col  fold:%s",
		bud_seed_mode_name(bud_replay_seed(v->scene->bench->replay)),
		bud_heat_time(b->begin_ns, v->info->clock_is_ns, digits, begin, sizeof begin),
		bud_heat_time(b->end_ns, v->info->clock_is_ns, digits, end, sizeof end),
		bud_heat_time(column, v->info->clock_is_ns, column < 1000000 ? 6 : 3, step, sizeof step),
		bud_fold_name(b->fold));
	if (v->timeline->nr_filled < v->timeline->nr_columns)
		bud_canvas_printf(v->canvas, x + 2, v->y, BUD_ROLE_WARN, "replaying %zu%%",
				  v->timeline->nr_filled * 100 / v->timeline->nr_columns);
	else if (!v->scene->surveyed)
		bud_canvas_text(v->canvas, x + 2, v->y, BUD_ROLE_WARN, "comparing");
	v->y++;
}

static void draw_axis(view *v)
{
	char time[32];
	const bud_browse *b = v->browse;
	bud_canvas_text(v->canvas, 1, v->y, BUD_ROLE_DIM, "ord");
	for (size_t c = 0; c + 10 <= b->nr_columns; c += b->nr_columns / 4 > 14 ? b->nr_columns / 4 : 14)
		bud_canvas_text(v->canvas, LEFT + (int)c, v->y, BUD_ROLE_DIM,
				bud_heat_time(c ? bud_browse_time(b, c - 1) : b->begin_ns, v->info->clock_is_ns,
					      b->end_ns - b->begin_ns < 100000000 ? 4 : 2, time, sizeof time));
	bud_canvas_put(v->canvas, LEFT + (int)b->cursor, v->y, BUD_ROLE_CURSOR, '|');
	put_readout(v, "@cur");
	v->y++;
}

static void draw_order(view *v, int order)
{
	char text[16];
	bud_canvas_printf(v->canvas, 0, v->y, BUD_ROLE_DIM, " %3d", order);
	for (size_t c = 0; c < v->browse->nr_columns; c++) {
		const bud_zone_sample *s = sample_at(v, c);
		int level = s ? bud_heat_level(s->nr_free[order]) : 0;
		put(v, c, level ? BUD_ROLE_HEAT + level : BUD_ROLE_NORMAL, s ? bud_heat_digit(level) : '?');
	}
	const bud_zone_sample *s = sample_at_cursor(v);
	put_readout(v, bud_heat_count(s ? s->nr_free[order] : BUD_UNKNOWN, text, sizeof text));
	v->y++;
}

static void draw_marks(view *v)
{
	bud_canvas_text(v->canvas, 2, v->y, BUD_ROLE_DIM, "wm");
	for (size_t c = 0; c < v->browse->nr_columns; c++) {
		const bud_zone_sample *s = sample_at(v, c);
		bool low = s && (s->wm_state == BUD_WM_BELOW_LOW || s->wm_state == BUD_WM_BELOW_MIN);
		put(v, c, low ? BUD_ROLE_WARN : BUD_ROLE_NORMAL, s ? bud_heat_wm(s->wm_state) : '?');
	}
	const bud_zone_sample *s = sample_at_cursor(v);
	put_readout(v, bud_heat_wm_text(s ? s->wm_state : BUD_WM_UNKNOWN));
	v->y++;
}

static void draw_index(view *v, int order, bool extfrag)
{
	char text[16] = "?";
	bud_canvas_printf(v->canvas, 1, v->y, BUD_ROLE_DIM, "%c%d", extfrag ? 'x' : 'u', order);
	for (size_t c = 0; c < v->browse->nr_columns; c++) {
		const bud_zone_sample *s = sample_at(v, c);
		int32_t milli = !s ? 0 : extfrag ? s->extfrag_milli[order] : s->unusable_milli[order];
		put(v, c, BUD_ROLE_NORMAL, s ? bud_heat_index(milli) : '?');
	}
	const bud_zone_sample *s = sample_at_cursor(v);
	if (s)
		snprintf(text, sizeof text, "%.3f",
			 (extfrag ? s->extfrag_milli[order] : s->unusable_milli[order]) / 1000.0);
	put_readout(v, text);
	v->y++;
}

static void draw_events(view *v)
{
	bud_canvas_text(v->canvas, 2, v->y, BUD_ROLE_DIM, "ev");
	for (size_t c = 0; c < v->browse->nr_columns; c++) {
		char letter = c < v->timeline->nr_filled ? bud_heat_event(&v->timeline->columns[c]) : ' ';
		put(v, c, strchr("FOl", letter) ? BUD_ROLE_WARN : BUD_ROLE_NORMAL, letter);
	}
	v->y++;
}

/* What happened in the column under the cursor. */
static void draw_column(view *v)
{
	char time[32];
	const bud_browse *b = v->browse;
	bud_canvas_printf(v->canvas, 1, v->y, BUD_ROLE_NORMAL, "-- %s ",
			  bud_heat_time(bud_browse_time(b, b->cursor), v->info->clock_is_ns, 6, time, sizeof time));
	if (b->cursor < v->timeline->nr_filled) {
		const bud_column *c = &v->timeline->columns[b->cursor];
		bud_canvas_printf(v->canvas, 6 + (int)strlen(time), v->y,
				  c->failed_allocations ? BUD_ROLE_WARN : BUD_ROLE_NORMAL,
				  "%" PRIu64 " allocs (%" PRIu64 " failed)  %" PRIu64 " steals  %" PRIu64
				  " compactions  %" PRIu64 " direct reclaims",
				  c->events[BUD_EV_ALLOC], c->failed_allocations, c->events[BUD_EV_EXTFRAG],
				  c->events[BUD_EV_COMPACT_BEGIN], c->events[BUD_EV_DIRECT_BEGIN]);
	}
	v->y++;
}

static void draw_pages(view *v)
{
	char cached[16], used[16], unknown[16], why[BUD_UNCERTAINTY_LIST];
	const bud_zone_sample *s = sample_at_cursor(v);
	int shift = v->kernel->page_shift;
	if (!s)
		bud_canvas_text(v->canvas, 1, v->y, BUD_ROLE_DIM, "nothing is known here: no seed before this instant");
	else
		bud_canvas_printf(v->canvas, 1, v->y, BUD_ROLE_NORMAL,
				  "per-CPU lists %s  used %s  used or cached %s  +-%" PRIu64 " pages%s%s",
				  bud_heat_size(s->cached_pages, shift, cached, sizeof cached),
				  bud_heat_size(s->used_pages, shift, used, sizeof used),
				  bud_heat_size(s->unknown_pages, shift, unknown, sizeof unknown), s->uncertain_pages,
				  s->uncertain_pages ? "  " : "", bud_uncertainty_list(s->uncertain, why));
	v->y++;
}

static void draw_picture(view *v)
{
	int height = v->canvas->height, top = v->kernel->max_order;
	int index_order = v->kernel->pageblock_order < top ? v->kernel->pageblock_order : top;
	int fixed = 3 + 4 + 1 + 2 + 1; /* heads, rows under the orders, legend, read-out, hints */
	int orders = height - fixed < top + 1 ? height - fixed : top + 1;
	draw_title(v);
	draw_range(v);
	draw_axis(v);
	for (int k = top; k > top - orders; k--)
		draw_order(v, k);
	draw_marks(v);
	draw_index(v, index_order, true);
	draw_index(v, index_order, false);
	draw_events(v);
	bud_canvas_text(v->canvas, 1, v->y++, BUD_ROLE_DIM, BUD_HEAT_LEGEND);
	draw_column(v);
	draw_pages(v);
	if (v->y + 1 < height)
		bud_canvas_text(v->canvas, 1, v->y, BUD_ROLE_DIM, "ev " BUD_HEAT_EVENTS);
	bud_canvas_text(v->canvas, 0, height - 1, BUD_ROLE_DIM, BUD_KEYS_HINTS);
}

/* Too small for a picture: the figures at the cursor. */
static void draw_summary(view *v)
{
	char free[16], time[32];
	const bud_zone_sample *s = sample_at_cursor(v);
	int height = v->canvas->height;
	bud_canvas_printf(v->canvas, 0, v->y++, BUD_ROLE_TITLE, "%s n%d/%s free %s", v->scene->bench->bundle->name,
			  v->zone ? v->zone->node : 0, v->zone ? v->zone->name : "?",
			  bud_heat_size(s ? s->free_pages : BUD_UNKNOWN, v->kernel->page_shift, free, sizeof free));
	if (height < 5 || v->canvas->width < 20)
		return;
	bud_canvas_printf(v->canvas, 0, v->y++, BUD_ROLE_NORMAL, "at %s  wm %s  lost %" PRIu64,
			  bud_heat_time(bud_browse_time(v->browse, v->browse->cursor), v->info->clock_is_ns, 3, time,
					sizeof time),
			  bud_heat_wm_text(s ? s->wm_state : BUD_WM_UNKNOWN), bud_trace_lost(v->info));
	for (int k = v->kernel->max_order; k >= 0 && v->y < height - 1; k--) {
		char count[16];
		bud_canvas_printf(v->canvas, 0, v->y++, BUD_ROLE_NORMAL, "order %2d  %s", k,
				  bud_heat_count(s ? s->nr_free[k] : BUD_UNKNOWN, count, sizeof count));
	}
	bud_canvas_text(v->canvas, 0, height - 1, BUD_ROLE_DIM, "? help  q quit");
}

void bud_screen_heat_draw(bud_canvas *canvas, const bud_browse *browse, const bud_scene *scene)
{
	const bud_memory *memory = bud_replay_memory(scene->bench->replay);
	view v = { .canvas = canvas,
		   .browse = browse,
		   .scene = scene,
		   .timeline = scene->timeline,
		   .zone = browse->zone < memory->nr_zones ? &memory->zones[browse->zone] : NULL,
		   .kernel = bud_replay_kernel(scene->bench->replay),
		   .info = &scene->bench->bundle->source->info };
	if (canvas->width < 60 || canvas->height < 16)
		draw_summary(&v);
	else
		draw_picture(&v);
}

void bud_screen_help_draw(bud_canvas *canvas)
{
	bud_canvas_clear(canvas);
	bud_canvas_row_role(canvas, 0, BUD_ROLE_TITLE);
	bud_canvas_text(canvas, 0, 0, BUD_ROLE_TITLE, " keys (any key closes this)");
	for (size_t i = 0; i < bud_nr_keys; i++) {
		bud_canvas_text(canvas, 1, (int)i + 1, BUD_ROLE_NORMAL, bud_keys[i].names);
		bud_canvas_text(canvas, 12, (int)i + 1, BUD_ROLE_DIM, bud_keys[i].help);
	}
}
