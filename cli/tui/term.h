/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The terminal: shows a canvas, reads keys. The only file that knows
 * ncurses. Works on whatever TERM says, with or without colours, and in any
 * locale.
 */
#ifndef BUD_TUI_TERM_H
#define BUD_TUI_TERM_H

#include "cli/options.h"
#include "cli/tui/canvas.h"
#include "cli/tui/keys.h"

/* Takes the terminal over. BUD_ERR_IO if there is none that can be used. */
bud_status bud_term_open(bud_color color, bud_theme theme, bool mouse, bud_error *err);
/* Gives it back as it was. */
void bud_term_close(void);

void bud_term_size(int *width, int *height);
/* Shows the canvas in that palette; only what changed is sent. */
void bud_term_show(const bud_canvas *canvas, bud_palette palette);
/* The next key, waiting at most that many ms (-1: for ever); BUD_KEY_NONE if none came. */
int bud_term_key(int timeout_ms, bud_mouse *mouse);
/* The mouse is ours, or the terminal's. */
void bud_term_mouse(bool ours);

/* Set when SIGTERM, SIGINT or SIGHUP asked us to leave; end by raising it again after bud_term_close(). */
int bud_term_signal(void);

#endif
