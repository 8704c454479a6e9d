/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The heat screen: free blocks per order over time, watermarks, indices and
 * events of one zone, with the figures at the cursor. At any size: below
 * 60x16 a summary, below 20x5 one line.
 */
#ifndef BUD_TUI_SCREEN_HEAT_H
#define BUD_TUI_SCREEN_HEAT_H

#include "cli/tui/canvas.h"
#include "cli/tui/scene.h"

/* How many columns of time fit a canvas that wide. */
size_t bud_screen_heat_columns(int width);

void bud_screen_heat_draw(bud_canvas *canvas, const bud_browse *browse, const bud_scene *scene);

/* The help, over whatever is drawn. */
void bud_screen_help_draw(bud_canvas *canvas);

/* The column of time under a cell, or SIZE_MAX. */
size_t bud_screen_heat_column_at(const bud_browse *browse, int x);

#endif
