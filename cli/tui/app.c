/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/tui/app.h"

#include <time.h>

#include "cli/tui/session.h"
#include "cli/tui/term.h"

#define FRAME_NS     33333333 /* while working or playing, a picture at most that often */
#define KEYS_AT_ONCE 64	      /* typed faster than they are drawn: a slow line, a key held down */

typedef struct app {
	bud_session session;
	bool idle;  /* nothing left to work on */
	bool asked; /* a key was pressed that nothing was drawn for yet */
	bool mouse; /* ours */
	uint64_t drawn_ns, ticked_ns;
} app;

static uint64_t now_ns(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static bud_status fit_terminal(app *a, bud_error *err)
{
	int width, height;
	bud_term_size(&width, &height);
	if (a->session.canvas.width == width && a->session.canvas.height == height)
		return BUD_OK;
	a->idle = false;
	return bud_session_resize(&a->session, width, height, err);
}

static void draw(app *a)
{
	bud_session_draw(&a->session);
	bud_term_show(&a->session.canvas, a->session.browse.palette);
	a->drawn_ns = now_ns();
	a->asked = false;
}

static void tick(app *a)
{
	uint64_t now = now_ns();
	bud_session_tick(&a->session, now - a->ticked_ns);
	a->ticked_ns = now;
	if (a->session.browse.playing)
		a->idle = false;
}

/* The key, and those typed meanwhile. */
static bud_status take_keys(app *a, int wait_ms, bud_error *err)
{
	bud_status status = BUD_OK;
	bud_session *s = &a->session;
	bud_mouse mouse = { 0 };
	int key = bud_term_key(wait_ms, &mouse);
	for (int nr = 0; !status && key != BUD_KEY_NONE; nr++) {
		a->idle = false;
		a->asked = true;
		if (key == BUD_KEY_RESIZE)
			s->dirty = true;
		else
			status = bud_session_key(s, key, &mouse, err);
		if (s->mouse != a->mouse)
			bud_term_mouse(a->mouse = s->mouse);
		key = nr < KEYS_AT_ONCE && !s->browse.quit ? bud_term_key(0, &mouse) : BUD_KEY_NONE;
	}
	return status;
}

/* Keys come before work, and work goes on between them. */
static bud_status turn(app *a, bud_error *err)
{
	bud_session *s = &a->session;
	tick(a);
	bud_status status = fit_terminal(a, err);
	if (!status && !a->idle)
		status = bud_session_slice(s, &a->idle, err);
	if (status)
		return status;
	bool due = now_ns() - a->drawn_ns >= FRAME_NS;
	if (s->dirty && (a->idle || a->asked || due))
		draw(a);
	int wait = s->browse.playing && a->idle ? (int)(FRAME_NS / 1000000) : a->idle ? 1000 : 0;
	return take_keys(a, wait, err);
}

bud_status bud_app_run(bud_workbench *bench, const bud_options *options, const bud_keymap *keymap, bud_app_end *end,
		       bud_error *err)
{
	app a = { .ticked_ns = now_ns() };
	*end = (bud_app_end){ 0 };
	bud_status status = bud_session_open(&a.session, bench, options, keymap, 80, 24, err);
	if (status)
		return status;
	a.mouse = a.session.mouse;
	status = bud_term_open(options->color, options->theme, a.mouse, err);
	if (status) {
		bud_session_close(&a.session);
		return status;
	}
	while (!status && !a.session.browse.quit && !bud_term_signal())
		status = turn(&a, err);
	end->signal_number = bud_term_signal();
	snprintf(end->command, sizeof end->command, "%s", a.session.command);
	bud_term_close();
	bud_session_close(&a.session);
	return status;
}
