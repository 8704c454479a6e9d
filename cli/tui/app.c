/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/tui/app.h"

#include <time.h>

#include "cli/tui/screen_heat.h"
#include "cli/tui/term.h"

#define SLICE	 100000 /* events between two looks at the keyboard: a few ms */
#define FRAME_MS 33	/* while working, a picture at most that often */

typedef struct app {
	bud_scene scene;
	bud_browse browse;
	bud_canvas canvas;
	bool idle;  /* nothing left to work on */
	bool dirty; /* the picture is not what is known */
	long drawn_ms;
} app;

static long now_ms(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static bud_status fit_terminal(app *a, bud_error *err)
{
	int width, height;
	bud_term_size(&width, &height);
	if (a->canvas.width == width && a->canvas.height == height)
		return BUD_OK;
	bud_canvas_fini(&a->canvas);
	bud_browse_resize(&a->browse, bud_screen_heat_columns(width));
	a->dirty = true;
	return bud_canvas_init(&a->canvas, width, height, err);
}

static void draw(app *a)
{
	bud_canvas_clear(&a->canvas);
	bud_screen_heat_draw(&a->canvas, &a->browse, &a->scene);
	if (a->browse.help)
		bud_screen_help_draw(&a->canvas);
	bud_term_show(&a->canvas);
	a->dirty = false;
	a->drawn_ms = now_ms();
}

static void on_mouse(app *a, const bud_mouse *mouse)
{
	size_t column = bud_screen_heat_column_at(&a->browse, mouse->x);
	if (column != SIZE_MAX)
		a->browse.cursor = column;
	if (mouse->wheel)
		bud_browse_act(&a->browse, mouse->wheel < 0 ? BUD_ACT_ZOOM_IN : BUD_ACT_ZOOM_OUT, a->scene.timeline);
}

static void on_key(app *a, int key, const bud_mouse *mouse)
{
	if (key == BUD_KEY_MOUSE)
		on_mouse(a, mouse);
	else if (key != BUD_KEY_RESIZE)
		bud_browse_act(&a->browse, bud_keys_action(key), a->scene.timeline);
	a->dirty = true;
}

static bud_status turn(app *a, bud_error *err)
{
	bud_mouse mouse = { 0 };
	bud_status status = fit_terminal(a, err);
	if (!status)
		status = bud_scene_show(&a->scene, &a->browse, err);
	if (status)
		return status;
	if (a->dirty && (a->idle || now_ms() - a->drawn_ms >= FRAME_MS))
		draw(a);
	int key = bud_term_key(a->idle ? 1000 : 0, &mouse);
	if (key != BUD_KEY_NONE) {
		on_key(a, key, &mouse);
		a->idle = false;
		return BUD_OK;
	}
	if (!a->idle) {
		status = bud_scene_work(&a->scene, SLICE, &a->idle, err);
		a->dirty = true;
	}
	return status;
}

static size_t first_zone(const bud_memory *memory, const bud_section_filter *filter)
{
	size_t largest = 0;
	for (size_t i = 0; i < memory->nr_zones; i++) {
		const bud_zone *z = &memory->zones[i];
		bool wanted = (filter->node < 0 || filter->node == z->node) &&
			      (!filter->zone || bud_zone_type_parse(filter->zone) == z->type);
		const bud_zone *best = &memory->zones[largest];
		bool best_wanted = (filter->node < 0 || filter->node == best->node) &&
				   (!filter->zone || bud_zone_type_parse(filter->zone) == best->type);
		if (wanted && (!best_wanted || z->spanned > best->spanned))
			largest = i;
	}
	return largest;
}

bud_status bud_app_run(bud_workbench *bench, const bud_options *options, int *signal_number, bud_error *err)
{
	app a = { .dirty = true };
	uint64_t begin, end, first, last;
	bud_options whole = { 0 };
	const bud_trace_info *info = &bench->bundle->source->info;
	*signal_number = 0;
	bud_options_range(&whole, info, &first, &last, err);
	bud_status status = bud_options_range(options, info, &begin, &end, err);
	if (!status)
		status = bud_scene_open(&a.scene, bench, err);
	if (!status)
		status = bud_term_open(options->color, options->theme, !options->no_mouse, err);
	if (status) {
		bud_scene_close(&a.scene);
		return status;
	}
	const bud_memory *memory = bud_replay_memory(bench->replay);
	bud_browse_init(&a.browse, first, last, begin, end, memory->nr_zones,
			bud_options_fold(options, BUD_FOLD_WORST));
	a.browse.zone = first_zone(memory, &options->filter);
	while (!status && !a.browse.quit && !bud_term_signal())
		status = turn(&a, err);
	*signal_number = bud_term_signal();
	bud_term_close();
	bud_canvas_fini(&a.canvas);
	bud_scene_close(&a.scene);
	return status;
}
