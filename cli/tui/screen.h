/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The screens: one table. A screen draws itself from a view and tells how
 * many rows or cells can be walked through on it.
 */
#ifndef BUD_TUI_SCREEN_H
#define BUD_TUI_SCREEN_H

#include "cli/tui/view.h"

typedef struct bud_screen {
	const char *name;
	void (*draw)(const bud_view *view);
	/* Fills nr_rows, page_rows and map_width; NULL: there is nothing to walk through but time. */
	void (*measure)(const bud_view *view, bud_facts *facts);
	/* The batch command for the same numbers: "report -s freelist"; NULL: none. */
	const char *command;
} bud_screen;

extern const bud_screen bud_screens[BUD_NR_SCREENS]; /* by bud_screen_id */

/* Draws what is to be seen: the screen, or what there is room for, or the help. */
void bud_screen_show(const bud_view *view);

/* The screens, and what some of them share; each in a file of its name. */
void bud_screen_heat_draw(const bud_view *view);
void bud_screen_frag_draw(const bud_view *view);
void bud_screen_pfn_draw(const bud_view *view);
void bud_screen_pfn_measure(const bud_view *view, bud_facts *facts);
void bud_screen_episodes_draw(const bud_view *view);
void bud_screen_episodes_measure(const bud_view *view, bud_facts *facts);
void bud_screen_sites_draw(const bud_view *view);
void bud_screen_sites_measure(const bud_view *view, bud_facts *facts);
void bud_screen_info_draw(const bud_view *view);
void bud_screen_info_measure(const bud_view *view, bud_facts *facts);
void bud_screen_help_draw(const bud_view *view);

#endif
