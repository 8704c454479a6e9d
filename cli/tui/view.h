/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a screen draws from, how the terminal is divided, and what all
 * screens have in common: the bars at top and bottom, columns of time.
 */
#ifndef BUD_TUI_VIEW_H
#define BUD_TUI_VIEW_H

#include "cli/tui/canvas.h"
#include "cli/tui/roster.h"
#include "cli/tui/scene.h"
#include "cli/tui/sitetree.h"

#define BUD_VIEW_LEFT  5 /* labels before columns of time */
#define BUD_VIEW_RIGHT 9 /* the read-out behind them */

typedef enum bud_extent {
	BUD_EXTENT_LINE,    /* below 20x5 */
	BUD_EXTENT_SUMMARY, /* below 60x16 */
	BUD_EXTENT_FULL,
} bud_extent;

typedef struct bud_layout {
	bud_extent extent;
	bud_area body;	      /* between the bars */
	bud_area main;	      /* of the body */
	bud_area side, below; /* panels; without width or height where there is no room */
	size_t columns;	      /* of time */
} bud_layout;

/* Pure: how a terminal of that size is divided for a kernel with that many orders. */
bud_layout bud_view_layout(int width, int height, int max_order);

typedef struct bud_view {
	bud_canvas *canvas;
	const bud_browse *browse;
	const bud_scene *scene;
	const bud_keymap *keymap;
	const bud_roster *roster;
	const bud_sitetree *tree;
	const char *filter;	  /* the line typed, "" */
	const bud_filter *wanted; /* what it means */
	const char *message;	  /* "" */
	bool alarm;		  /* the message is an error */
	bud_layout layout;
	const bud_timeline *picture; /* of the visible range; NULL: stand-ins only */
	const bud_zone *zone;	     /* NULL: the capture has none */
	const bud_kernel *kernel;
	const bud_trace_info *info;
	size_t cursor; /* column */
} bud_view;

void bud_view_init(bud_view *view, bud_canvas *canvas, const bud_browse *browse, const bud_scene *scene,
		   const bud_keymap *keymap);

/* Title, tabs, honesty, and hints, prompt or message. */
void bud_view_frame(const bud_view *view);
/* Too small for a screen. */
void bud_view_small(const bud_view *view);

/* The sample of the zone shown in a column; NULL while unknown. */
const bud_zone_sample *bud_view_sample(const bud_view *view, size_t column);
/* What a cell of order k shows of a sample, by the value mode: a count (or thousandths of a share). */
uint64_t bud_view_value(const bud_view *view, const bud_zone_sample *sample, int order);

/* Whether the filter lets it pass. */
bool bud_view_wants_failure(const bud_view *view, const bud_failure *failure);
bool bud_view_wants_steal(const bud_view *view, const bud_steal *steal);

/* Whether the tree of sites knows what changed between mark and cursor; and such a change in pages, for people. */
bool bud_view_has_change(const bud_view *view);
char *bud_view_change(const bud_view *view, int64_t pages, char *text, size_t size);

/* A label, and cells of row `row` of the area, that a function draws, and the read-out. */
void bud_view_label(const bud_view *view, const bud_area *area, int row, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void bud_view_cell(const bud_view *view, const bud_area *area, int row, size_t column, int role, char glyph);
void bud_view_readout(const bud_view *view, const bud_area *area, int row, const char *text);
/* The time axis. */
void bud_view_axis(const bud_view *view, const bud_area *area, int row, const char *label);

/* Time for people, as precise as the visible range asks for. */
char *bud_view_time(const bud_view *view, uint64_t t_ns, char *text, size_t size);
/* A length of time: "31ms"; ticks as they are. */
char *bud_view_duration(const bud_view *view, uint64_t ns, char *text, size_t size);

/* A panel's headline; the area below it. */
bud_area bud_view_panel(const bud_view *view, const bud_area *area, const char *title);
/* Divides the upper `rows` rows off an area. */
bud_area bud_view_cut(bud_area *area, int rows);

#endif
