/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A grid of cells: what a screen draws into and a terminal (or a test)
 * shows. A cell is one printable ASCII character and a role; which colour a
 * role has is the terminal's business.
 */
#ifndef BUD_TUI_CANVAS_H
#define BUD_TUI_CANVAS_H

#include <stddef.h>

#include "lib/base/error.h"

typedef enum bud_role {
	BUD_ROLE_NORMAL,
	BUD_ROLE_TITLE, /* the bar at the top, the selected tab */
	BUD_ROLE_DIM, /* axes, legends, hints */
	BUD_ROLE_WARN, /* lost events, drift, failures */
	BUD_ROLE_CURSOR,
	BUD_ROLE_HEAT, /* plus a level of cli/heat.h */
} bud_role;

typedef struct bud_cell {
	char glyph;
	unsigned char role;
} bud_cell;

typedef struct bud_canvas {
	int width, height;
	bud_cell *cells; /* [y * width + x] */
} bud_canvas;

/* Any size from 1x1 to 1000x1000, cleared. */
bud_status bud_canvas_init(bud_canvas *canvas, int width, int height, bud_error *err);
void bud_canvas_fini(bud_canvas *canvas);
void bud_canvas_clear(bud_canvas *canvas);

/* Outside the grid nothing happens; what is not printable ASCII becomes '?'. */
void bud_canvas_put(bud_canvas *canvas, int x, int y, int role, char glyph);
/* Returns the column behind the text. */
int bud_canvas_text(bud_canvas *canvas, int x, int y, int role, const char *text);
int bud_canvas_printf(bud_canvas *canvas, int x, int y, int role, const char *format, ...)
	__attribute__((format(printf, 5, 6)));
/* Gives all cells of a row that role. */
void bud_canvas_row_role(bud_canvas *canvas, int y, int role);

#endif
