/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where the user is: the visible range, the cursor, the zone, what is shown
 * and how. Pure: an action and what is known in, another state out.
 */
#ifndef BUD_TUI_BROWSE_H
#define BUD_TUI_BROWSE_H

#include "cli/heat.h"
#include "cli/tui/keys.h"
#include "lib/replay/timeline.h"

typedef enum bud_screen_id {
	BUD_SCREEN_HEAT,
	BUD_SCREEN_FRAG,
	BUD_SCREEN_PFN,
	BUD_SCREEN_EPISODES,
	BUD_SCREEN_SITES,
	BUD_SCREEN_INFO,
	BUD_NR_SCREENS,
} bud_screen_id;

/* What a cell of the heat map counts. */
typedef enum bud_shown {
	BUD_SHOW_BLOCKS,
	BUD_SHOW_PAGES,
	BUD_SHOW_SHARE, /* of free memory */
	BUD_SHOW_TYPE,	/* plus a bud_migratetype: blocks of that type */
	BUD_NR_SHOWN = BUD_SHOW_TYPE + BUD_NR_MIGRATETYPES,
} bud_shown;

/* A line being typed. */
typedef enum bud_prompt {
	BUD_PROMPT_NONE,
	BUD_PROMPT_GOTO,
	BUD_PROMPT_FIND,
	BUD_PROMPT_FILTER,
} bud_prompt;

/* What an action asks for that only others can do. */
typedef enum bud_effect {
	BUD_EFFECT_NONE,
	BUD_EFFECT_FIND_NEXT,
	BUD_EFFECT_FIND_PREV,
	BUD_EFFECT_EXPORT,
	BUD_EFFECT_COMMAND,
	BUD_EFFECT_BREAK_OFF, /* long work */
	BUD_EFFECT_MOUSE,
	BUD_EFFECT_TOGGLE, /* the node of the tree */
} bud_effect;

typedef struct bud_list_state {
	size_t row, top; /* selected, first visible */
	unsigned sort;	 /* column */
	bool inside;	 /* what Enter leads to is shown */
} bud_list_state;

typedef struct bud_browse {
	uint64_t first_ns, last_ns; /* of the trace */
	uint64_t begin_ns, end_ns;  /* visible */
	uint64_t cursor_ns;
	unsigned tie;	   /* of the events at cursor_ns, the selected one, counted from the last */
	uint64_t mark_ns;  /* BUD_TIME_NONE: none */
	size_t nr_columns; /* the visible range is cut into */
	size_t zone, nr_zones;
	int order, max_order; /* the indices are of this order */
	bud_fold fold;
	bud_shown shown;
	bud_palette palette;
	bud_screen_id screen;
	bud_list_state lists[BUD_NR_SCREENS];
	size_t page; /* within the pageblock that is looked into */
	bool playing;
	int speed; /* 2^speed times as fast as the trace */
	bud_prompt prompt;
	char text[120]; /* being typed */
	bool help, quit;
	size_t help_top;
	bud_effect effect; /* of the last action */
} bud_browse;

/* What an action may need to know. All of it may be absent. */
typedef struct bud_facts {
	const bud_timeline *timeline; /* of the visible range, perhaps unfinished */
	const uint64_t *episodes;     /* when each came to its end, ascending */
	size_t nr_episodes;
	const uint64_t *events; /* times around the cursor, ascending */
	size_t nr_events;
	size_t nr_rows;	  /* of the list on the screen; of the map's cells */
	size_t page_rows; /* rows that fit */
	size_t map_width; /* cells in a row of the map */
} bud_facts;

/* Shows [begin, end] of a trace that lasts from first to last; the cursor at the end. */
void bud_browse_init(bud_browse *browse, uint64_t first_ns, uint64_t last_ns, uint64_t begin_ns, uint64_t end_ns,
		     size_t nr_zones, const bud_kernel *kernel, bud_fold fold);

/* The picture is that many columns wide from now on. */
void bud_browse_resize(bud_browse *browse, size_t nr_columns);

void bud_browse_act(bud_browse *browse, bud_action action, const bud_facts *facts);

/* So much time has passed: plays on. */
void bud_browse_tick(bud_browse *browse, uint64_t ns);

/* The cursor to that instant, the visible range around it if it was outside. */
void bud_browse_go(bud_browse *browse, uint64_t t_ns);
/* Shows exactly that range, as far as the trace and the columns allow. */
void bud_browse_show(bud_browse *browse, uint64_t begin_ns, uint64_t end_ns);

/* Time at the end of a column; the column of a time (the first or last for times outside), and of the cursor. */
uint64_t bud_browse_time(const bud_browse *browse, size_t column);
size_t bud_browse_column(const bud_browse *browse, uint64_t t_ns);
static inline size_t bud_browse_cursor(const bud_browse *browse)
{
	return bud_browse_column(browse, browse->cursor_ns);
}

/* Which kinds of actions mean something now: BUD_ON_*. */
unsigned bud_browse_where(const bud_browse *browse);

/* Whether the visible range holds so few events that they are shown one by one. */
bool bud_browse_single(const bud_browse *browse, const bud_timeline *timeline);

/* "blocks", "pages", "share of free", or the type's name. */
const char *bud_shown_name(bud_shown shown);

#endif
