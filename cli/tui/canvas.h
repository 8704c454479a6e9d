/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A grid of cells: what a screen draws into and a terminal (or a test)
 * shows. A cell is one printable ASCII character, or a piece of a line, and
 * a role; which colour a role has is the terminal's business.
 */
#ifndef BUD_TUI_CANVAS_H
#define BUD_TUI_CANVAS_H

#include <stddef.h>
#include <stdio.h>

#include "lib/base/error.h"

typedef enum bud_role {
	BUD_ROLE_NORMAL,
	BUD_ROLE_TITLE, /* the bar at the top, the selected tab */
	BUD_ROLE_DIM,	/* axes, legends, hints */
	BUD_ROLE_WARN,	/* lost events, drift, failures */
	BUD_ROLE_CURSOR,
	BUD_ROLE_SELECTED,		   /* the row of a list */
	BUD_ROLE_TYPE,			   /* plus a bud_migratetype, BUD_MT_UNKNOWN included */
	BUD_ROLE_HEAT = BUD_ROLE_TYPE + 7, /* plus a level of cli/heat.h */
	BUD_NR_ROLES = BUD_ROLE_HEAT + 10,
	BUD_ROLE_MARKED = 0x40, /* or'ed in: the column of the cursor, what is between mark and cursor */
} bud_role;

/* Glyphs that are pieces of lines; where there are none, '|' and '-' are shown. */
#define BUD_GLYPH_VERTICAL   '\1'
#define BUD_GLYPH_HORIZONTAL '\2'

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

/* Outside the grid nothing happens; what is neither printable ASCII nor a piece of a line becomes '?'. */
void bud_canvas_put(bud_canvas *canvas, int x, int y, int role, char glyph);
/* Returns the column behind the text. */
int bud_canvas_text(bud_canvas *canvas, int x, int y, int role, const char *text);
int bud_canvas_printf(bud_canvas *canvas, int x, int y, int role, const char *format, ...)
	__attribute__((format(printf, 5, 6)));
/* Gives the cells [x, end) of a row that role. */
void bud_canvas_row_role(bud_canvas *canvas, int x, int end, int y, int role);

/* The part of the grid that a panel draws into; nothing is drawn outside of it. */
typedef struct bud_area {
	int x, y, width, height;
} bud_area;
/* The text in row `row` of the area, cut off at its edge; returns the column behind it, counted from the area's left.
 */
int bud_area_printf(bud_canvas *canvas, const bud_area *area, int column, int row, int role, const char *format, ...)
	__attribute__((format(printf, 6, 7)));
/* A whole row gets that role. */
void bud_area_role(bud_canvas *canvas, const bud_area *area, int row, int role);

/* The glyph as ASCII. */
static inline char bud_canvas_ascii(char glyph)
{
	return glyph == BUD_GLYPH_VERTICAL ? '|' : glyph == BUD_GLYPH_HORIZONTAL ? '-' : glyph;
}
/* The grid as lines of text without blanks at their ends. */
void bud_canvas_print(const bud_canvas *canvas, FILE *out);

#endif
