/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A user at the screens: keys and mouse in, work in slices, a canvas out.
 * Knows no terminal, so that tests can be the user.
 */
#ifndef BUD_TUI_SESSION_H
#define BUD_TUI_SESSION_H

#include "cli/options.h"
#include "cli/tui/screen.h"

typedef struct bud_session {
	bud_workbench *bench;
	const bud_options *options;
	bud_keymap keymap;
	bud_scene scene;
	bud_browse browse;
	bud_canvas canvas;
	bud_filter find, filter;
	char find_text[120], filter_text[120];
	char message[300];
	bool alarm; /* the message is an error */
	bool mouse; /* wanted */
	bool dragging;
	bool searched; /* a search is under way, and its end is to be told */
	bud_roster roster;
	bud_sitetree tree;
	bool listed;	    /* the roster is as the filter wants it */
	char command[1024]; /* the last command line told; "" */
	bool touched;	    /* the user has done something */
	bool dirty;	    /* the canvas is not what is known */
} bud_session;

/* keymap: what the user bound, or NULL. Everything given is borrowed. bench as opened, nothing learnt. */
bud_status bud_session_open(bud_session *session, bud_workbench *bench, const bud_options *options,
			    const bud_keymap *keymap, int width, int height, bud_error *err);
void bud_session_close(bud_session *session);

bud_status bud_session_resize(bud_session *session, int width, int height, bud_error *err);
/* A key was pressed; mouse only for BUD_KEY_MOUSE. */
bud_status bud_session_key(bud_session *session, int key, const bud_mouse *mouse, bud_error *err);
/* Time has passed. */
void bud_session_tick(bud_session *session, uint64_t ns);
/* Works for about budget events; *idle when nothing is left to do. */
bud_status bud_session_work(bud_session *session, uint64_t budget, bool *idle, bud_error *err);
/* Works for a few ms, so that keys and frames are not kept waiting. */
bud_status bud_session_slice(bud_session *session, bool *idle, bud_error *err);
/* Draws what is known into the canvas. */
void bud_session_draw(bud_session *session);

#endif
