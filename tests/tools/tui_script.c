/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tui_script CAPTURE WIDTHxHEIGHT KEYS: what the screen shows after each of
 * the keys, without a terminal. KEYS are characters; < > ^ v are the arrows,
 * T is Tab, ! prints the screen so far. The last screen is always printed.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cli/tui/screen_heat.h"

static void print(const bud_canvas *canvas)
{
	for (int y = 0; y < canvas->height; y++) {
		int end = canvas->width;
		while (end > 0 && canvas->cells[y * canvas->width + end - 1].glyph == ' ')
			end--;
		for (int x = 0; x < end; x++)
			putchar(canvas->cells[y * canvas->width + x].glyph);
		putchar('\n');
	}
	puts("=====");
}

static int key_of(char c)
{
	switch (c) {
	case '<':
		return BUD_KEY_LEFT;
	case '>':
		return BUD_KEY_RIGHT;
	case '^':
		return BUD_KEY_UP;
	case 'v':
		return BUD_KEY_DOWN;
	case 'T':
		return '\t';
	default:
		return c;
	}
}

static bud_status draw(bud_canvas *canvas, bud_scene *scene, const bud_browse *browse, bud_error *err)
{
	bool done = false;
	bud_status status = bud_scene_show(scene, browse, err);
	while (!status && !done)
		status = bud_scene_work(scene, 10000, &done, err);
	if (status)
		return status;
	bud_canvas_clear(canvas);
	bud_screen_heat_draw(canvas, browse, scene);
	if (browse->help)
		bud_screen_help_draw(canvas);
	return BUD_OK;
}

int main(int argc, char **argv)
{
	bud_workbench bench;
	bud_workbench_options options = { .path = argc > 1 ? argv[1] : "" };
	bud_scene scene;
	bud_browse browse;
	bud_canvas canvas;
	bud_error err;
	int width, height;
	if (argc != 4 || sscanf(argv[2], "%dx%d", &width, &height) != 2)
		return 2;
	bool learnt;
	if (bud_workbench_open(&bench, &options, &err) || bud_workbench_learn(&bench, NULL, &learnt, &err) ||
	    bud_scene_open(&scene, &bench, &err) || bud_canvas_init(&canvas, width, height, &err)) {
		fprintf(stderr, "%s\n", err.text);
		return 2;
	}
	const bud_trace_info *info = &bench.bundle->source->info;
	bud_browse_init(&browse, info->first_ns, info->last_ns, info->first_ns, info->last_ns,
			bud_replay_memory(bench.replay)->nr_zones, BUD_FOLD_WORST);
	bud_browse_resize(&browse, bud_screen_heat_columns(width));
	bud_status status = draw(&canvas, &scene, &browse, &err);
	for (const char *c = argv[3]; *c && !status && !browse.quit; c++) {
		if (*c == '!')
			print(&canvas);
		else
			bud_browse_act(&browse, bud_keys_action(key_of(*c)), scene.timeline);
		status = draw(&canvas, &scene, &browse, &err);
	}
	print(&canvas);
	bud_canvas_fini(&canvas);
	bud_scene_close(&scene);
	bud_workbench_close(&bench);
	return status ? 1 : 0;
}
