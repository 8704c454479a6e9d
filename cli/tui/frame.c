/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/tui/panel.h"
#include "cli/tui/screen.h"

static void draw_title(const bud_view *v)
{
	char size[16], free[16], min[16], low[16], high[16], time[32];
	const bud_zone_sample *s = bud_view_sample(v, v->cursor);
	int shift = v->kernel->page_shift, x;
	bud_canvas_row_role(v->canvas, 0, v->canvas->width, 0, BUD_ROLE_TITLE);
	x = bud_canvas_printf(v->canvas, 0, 0, BUD_ROLE_TITLE, " buddyscope %s", v->scene->bench->bundle->name);
	if (v->zone)
		x = bud_canvas_printf(
			v->canvas, x, 0, BUD_ROLE_TITLE, "  [n%d/%s %s%s]", v->zone->node, v->zone->name,
			bud_heat_size(v->zone->managed == BUD_UNKNOWN ? v->zone->spanned : v->zone->managed, shift,
				      size, sizeof size),
			v->zone->assumed ? " assumed" : "");
	bud_canvas_printf(v->canvas, x, 0, BUD_ROLE_TITLE, "  %s  free %s  wm %s/%s/%s",
			  bud_heat_time(v->browse->cursor_ns, v->info->clock_is_ns, 6, time, sizeof time),
			  bud_heat_size(s ? s->free_pages : BUD_UNKNOWN, shift, free, sizeof free),
			  bud_heat_size(s ? s->marks.min : BUD_UNKNOWN, shift, min, sizeof min),
			  bud_heat_size(s ? s->marks.low : BUD_UNKNOWN, shift, low, sizeof low),
			  bud_heat_size(s ? s->marks.high : BUD_UNKNOWN, shift, high, sizeof high));
}

/* The visible range, as much about it as fits into room. */
static void range_text(const bud_view *v, char *text, size_t size, int room)
{
	char begin[32], end[32], step[32];
	const bud_browse *b = v->browse;
	bud_view_time(v, b->begin_ns, begin, sizeof begin);
	bud_view_time(v, b->end_ns, end, sizeof end);
	bud_view_duration(v, (b->end_ns - b->begin_ns) / b->nr_columns, step, sizeof step);
	snprintf(text, size, "%s..%s %s/col fold:%s", begin, end, step, bud_fold_name(b->fold));
	if ((int)strlen(text) > room)
		snprintf(text, size, "%s..%s %s", begin, end, bud_fold_name(b->fold));
	if ((int)strlen(text) > room)
		snprintf(text, size, "%s..%s", begin, end);
}

static void draw_tabs(const bud_view *v)
{
	char range[128], progress[32];
	int x = 1;
	for (int i = 0; i < BUD_NR_SCREENS; i++) {
		char name[24];
		snprintf(name, sizeof name, "%d:%s", i + 1, bud_screens[i].name);
		bool here = i == (int)v->browse->screen;
		for (char *c = name; here && *c; c++)
			*c = (char)toupper((unsigned char)*c);
		x = bud_canvas_text(v->canvas, x, 1, here ? BUD_ROLE_CURSOR : BUD_ROLE_NORMAL, name) + 1;
	}
	bud_scene_progress(v->scene, v->browse, progress, sizeof progress);
	int room = v->canvas->width - x - 1;
	if (*progress) {
		bud_canvas_text(v->canvas, v->canvas->width - 1 - (int)strlen(progress), 1, BUD_ROLE_WARN, progress);
		room -= (int)strlen(progress) + 2;
	}
	range_text(v, range, sizeof range, room);
	if ((int)strlen(range) <= room)
		bud_canvas_text(v->canvas, x + room - (int)strlen(range), 1, BUD_ROLE_NORMAL, range);
}

static int add_drift(const bud_view *v, int x, int y)
{
	const bud_scene *scene = v->scene;
	const bud_verdict *verdict =
		!scene->surveyed
			? NULL
			: bud_verify_at(scene->verdicts, scene->bench->bundle->nr_snapshots, v->browse->cursor_ns);
	if (!scene->surveyed)
		return bud_canvas_printf(v->canvas, x, y, BUD_ROLE_NORMAL, " | drift ? (%s)",
					 scene->partial ? "survey broken off" : "not yet");
	if (!verdict)
		return bud_canvas_printf(v->canvas, x, y, BUD_ROLE_WARN, " | drift ? (no snapshot before)");
	return bud_canvas_printf(v->canvas, x, y, verdict->exact ? BUD_ROLE_NORMAL : BUD_ROLE_WARN,
				 " | drift %" PRIu64 "p at %s", verdict->free_error, verdict->snapshot->name);
}

static int add_lost(const bud_view *v, int x, int y)
{
	const bud_instant *at = &v->scene->cursor;
	uint64_t all = bud_trace_lost(v->info);
	if (!all && !bud_trace_uncounted_gaps(v->info))
		return bud_canvas_printf(v->canvas, x, y, BUD_ROLE_NORMAL, " | lost 0");
	if (!at->ready || at->t_ns != v->browse->cursor_ns)
		return bud_canvas_printf(v->canvas, x, y, BUD_ROLE_WARN, " | lost %" PRIu64 " in all", all);
	return bud_canvas_printf(v->canvas, x, y, BUD_ROLE_WARN,
				 " | lost %" PRIu64 "+%" PRIu64 " gaps so far of %" PRIu64, at->lost,
				 at->uncounted_gaps, all);
}

/* Which engine, how far from the kernel's own count, what was lost, what is inferred, how unsure. */
static void draw_honesty(const bud_view *v)
{
	char why[BUD_UNCERTAINTY_LIST];
	const bud_zone_sample *s = bud_view_sample(v, v->cursor);
	const bud_seed_mode seed = bud_replay_seed(v->scene->bench->replay);
	int y = v->canvas->height - 2;
	int x = bud_canvas_printf(v->canvas, 1, y, BUD_ROLE_NORMAL, "REPLAY seed %s ", bud_seed_mode_name(seed));
	if (s)
		x = bud_canvas_printf(v->canvas, x, y, s->uncertain_pages ? BUD_ROLE_WARN : BUD_ROLE_NORMAL,
				      "+-%" PRIu64 "p", s->uncertain_pages);
	else
		x = bud_canvas_printf(v->canvas, x, y, BUD_ROLE_WARN, "unknown here");
	x = add_drift(v, x, y);
	x = add_lost(v, x, y);
	if (v->scene->hasty || (v->scene->phase != BUD_PHASE_READY && v->scene->bench->passes != 1))
		x = bud_canvas_printf(v->canvas, x, y, BUD_ROLE_WARN, " | no look ahead%s",
				      v->scene->hasty ? "" : " yet");
	if (v->scene->bench->passes == 1)
		x = bud_canvas_printf(v->canvas, x, y, BUD_ROLE_NORMAL, " | one pass");
	if (v->zone && v->zone->assumed)
		x = bud_canvas_printf(v->canvas, x, y, BUD_ROLE_WARN, " | zones assumed");
	if (s && s->uncertain_pages)
		bud_canvas_printf(v->canvas, x, y, BUD_ROLE_WARN, " | %s", bud_uncertainty_list(s->uncertain, why));
}

/* What is left out of lists, and what is not. */
static int draw_filter(const bud_view *v, int y)
{
	bool map = v->browse->screen == BUD_SCREEN_HEAT || v->browse->screen == BUD_SCREEN_FRAG ||
		   v->browse->screen == BUD_SCREEN_PFN;
	return *v->filter ? bud_canvas_printf(v->canvas, 0, y, BUD_ROLE_WARN, " only %s%s ", v->filter,
					      map ? " (the picture: everything)" : "")
			  : 0;
}

static void draw_foot(const bud_view *v)
{
	static const char *const prompts[] = { "", "go to: ", "find: ", "filter: " };
	char hints[512];
	const bud_browse *b = v->browse;
	int y = v->canvas->height - 1, x;
	size_t room = (size_t)v->canvas->width < sizeof hints ? (size_t)v->canvas->width : sizeof hints;
	if (b->prompt) {
		x = bud_canvas_printf(v->canvas, 0, y, BUD_ROLE_CURSOR, " %s", prompts[b->prompt]);
		x = bud_canvas_text(v->canvas, x, y, BUD_ROLE_NORMAL, b->text);
		bud_canvas_put(v->canvas, x, y, BUD_ROLE_CURSOR, ' ');
		if (*v->message)
			bud_canvas_printf(v->canvas, x + 2, y, BUD_ROLE_WARN, "%s", v->message);
		return;
	}
	if (*v->message) {
		bud_canvas_printf(v->canvas, 0, y, v->alarm ? BUD_ROLE_WARN : BUD_ROLE_NORMAL, " %s", v->message);
		return;
	}
	x = draw_filter(v, y);
	if ((size_t)x < room)
		bud_canvas_text(v->canvas, x, y, BUD_ROLE_DIM,
				bud_keymap_hints(v->keymap, bud_browse_where(b), hints, room - (size_t)x));
	if (b->playing)
		bud_canvas_printf(v->canvas, v->canvas->width - 14, y, BUD_ROLE_WARN, " playing %s%d ",
				  b->speed < 0 ? "1/" : "x", 1 << (b->speed < 0 ? -b->speed : b->speed));
}

void bud_view_frame(const bud_view *view)
{
	draw_title(view);
	draw_tabs(view);
	draw_honesty(view);
	draw_foot(view);
}

/* All that fits: "17M >high FAIL 9" */
static void draw_line(const bud_view *v, const char *free, const char *wm)
{
	const bud_failure *f = bud_panel_failure(v);
	int x = bud_canvas_printf(v->canvas, 0, 0, BUD_ROLE_TITLE, "%s %s", free, wm);
	if (f)
		bud_canvas_printf(v->canvas, x + 1, 0, BUD_ROLE_WARN, "FAIL %d", f->plea.order);
}

void bud_view_small(const bud_view *view)
{
	const bud_view *v = view;
	char free[16], time[32];
	const bud_zone_sample *s = bud_view_sample(v, v->cursor);
	int height = v->canvas->height, y = 0;
	bud_heat_size(s ? s->free_pages : BUD_UNKNOWN, v->kernel->page_shift, free, sizeof free);
	if (v->layout.extent == BUD_EXTENT_LINE) {
		draw_line(v, free, bud_heat_wm_text(s ? s->wm_state : BUD_WM_UNKNOWN));
		return;
	}
	bud_canvas_printf(v->canvas, 0, y++, BUD_ROLE_TITLE, "%s n%d/%s free %s", v->scene->bench->bundle->name,
			  v->zone ? v->zone->node : 0, v->zone ? v->zone->name : "?", free);
	bud_canvas_printf(v->canvas, 0, y++, BUD_ROLE_NORMAL, "at %s wm %s lost %" PRIu64 " +-%" PRIu64 "p",
			  bud_heat_time(v->browse->cursor_ns, v->info->clock_is_ns, 3, time, sizeof time),
			  bud_heat_wm_text(s ? s->wm_state : BUD_WM_UNKNOWN), bud_trace_lost(v->info),
			  s ? s->uncertain_pages : 0);
	int x = 0;
	for (int k = v->kernel->max_order; k >= 0 && y < height - 1; k--) {
		char text[32], count[16];
		snprintf(text, sizeof text, "%d:%s ", k,
			 bud_heat_count(s ? s->nr_free[k] : BUD_UNKNOWN, count, sizeof count));
		if (x + (int)strlen(text) > v->canvas->width) {
			x = 0;
			y++;
		}
		if (y < height - 1)
			x = bud_canvas_text(v->canvas, x, y, BUD_ROLE_NORMAL, text);
	}
	y++;
	bud_area rest = { 0, y, v->canvas->width, height - 1 - y };
	bud_area story = bud_view_cut(&rest, rest.height > 6 ? 3 : rest.height);
	bud_panel_story(v, &story);
	bud_panel_episodes(v, &rest);
	if (*v->message || v->browse->prompt)
		draw_foot(v);
	else
		bud_canvas_text(v->canvas, 0, height - 1, BUD_ROLE_DIM, "? help  e trouble  q quit");
}
