/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pieces that several screens show: each draws into an area, as much as fits.
 */
#ifndef BUD_TUI_PANEL_H
#define BUD_TUI_PANEL_H

#include "cli/tui/view.h"

/* What happened at the cursor and why, in a few lines; where nothing did, where to look. */
void bud_panel_story(const bud_view *view, const bud_area *area);
/* The failure at the cursor, or the last one of its column; NULL: none. */
const bud_failure *bud_panel_failure(const bud_view *view);
/* The arithmetic of a failure's verdict, in one line if it is known; returns the row behind. */
int bud_panel_answer(const bud_view *view, const bud_area *area, int row, const bud_failure *failure);
/* Sums over the visible range. */
void bud_panel_failures(const bud_view *view, const bud_area *area);
void bud_panel_steals(const bud_view *view, const bud_area *area);
/* The episodes; the nearest to the cursor is selected, or on their own screen that of its row. */
void bud_panel_episodes(const bud_view *view, const bud_area *area);
/* Who holds most at the cursor. */
void bud_panel_sites(const bud_view *view, const bud_area *area);
/* All zones at the cursor. */
void bud_panel_zones(const bud_view *view, const bud_area *area);
/* The pageblocks of the zone at the cursor, as many a cell as it takes. */
void bud_panel_strip(const bud_view *view, const bud_area *area);
/* The events around the cursor, one a line, and what the cursor's made of the free lists. */
void bud_panel_events(const bud_view *view, const bud_area *area);

#endif
