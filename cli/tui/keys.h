/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One table of keys: which action they do on which screens. The help, the
 * hints at the foot of a screen, `view --keys` and the manual's list come
 * from it, and users bind other keys to the same actions.
 */
#ifndef BUD_TUI_KEYS_H
#define BUD_TUI_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "lib/base/error.h"

/* Keys that are not characters. */
enum {
	BUD_KEY_NONE = 0,
	BUD_KEY_TAB = 9,
	BUD_KEY_ENTER = 13,
	BUD_KEY_ESC = 27,
	BUD_KEY_SPACE = 32,
	BUD_KEY_BACKSPACE = 127,
	BUD_KEY_UP = 0x100,
	BUD_KEY_DOWN,
	BUD_KEY_LEFT,
	BUD_KEY_RIGHT,
	BUD_KEY_HOME,
	BUD_KEY_END,
	BUD_KEY_PAGE_UP,
	BUD_KEY_PAGE_DOWN,
	BUD_KEY_BACKTAB,
	BUD_KEY_F1,
	BUD_KEY_F2,
	BUD_KEY_RESIZE,
	BUD_KEY_MOUSE, /* where and what is in a bud_mouse */
	BUD_NR_KEYS,
};

/* What the mouse did. */
typedef struct bud_mouse {
	int x, y;
	enum { BUD_MOUSE_CLICK, BUD_MOUSE_DRAG, BUD_MOUSE_WHEEL_UP, BUD_MOUSE_WHEEL_DOWN } what;
} bud_mouse;

/* What a screen is made of: an action may mean something there or not. */
enum {
	BUD_ON_TIME = 1, /* columns of time */
	BUD_ON_LIST = 2, /* rows */
	BUD_ON_MAP = 4,	 /* cells in rows */
	BUD_ON_ALL = 7,
};

/* clang-format off */
/* X(ACTION, name, default keys, where, hint at the foot or "", help) */
#define BUD_ACTIONS(X) \
	X(CURSOR_LEFT,    "cursor-left",    "Left h",     BUD_ON_TIME | BUD_ON_LIST, "", "cursor one column back") \
	X(CURSOR_RIGHT,   "cursor-right",   "Right l",    BUD_ON_TIME | BUD_ON_LIST, "", "cursor one column on") \
	X(ZOOM_IN,        "zoom-in",        "w + =",      BUD_ON_ALL,  "w s zoom", "zoom in on the cursor, down to single events") \
	X(ZOOM_OUT,       "zoom-out",       "s -",        BUD_ON_ALL,  "", "zoom out") \
	X(ZOOM_IN_UP,     "zoom-in-here",   "Up",         BUD_ON_TIME, "", "the same on screens of time") \
	X(ZOOM_OUT_DOWN,  "zoom-out-here",  "Down",       BUD_ON_TIME, "", "the same on screens of time") \
	X(PAN_LEFT,       "pan-left",       "a",          BUD_ON_ALL,  "a d pan", "a quarter of the screen back in time") \
	X(PAN_RIGHT,      "pan-right",      "d",          BUD_ON_ALL,  "", "a quarter of the screen on in time") \
	X(FIT,            "fit",            "0",          BUD_ON_ALL,  "0 all", "the whole trace") \
	X(FIT_MARK,       "fit-mark",       "z",          BUD_ON_ALL,  "", "zoom to what lies between mark and cursor") \
	X(ROW_UP,         "row-up",         "Up k",       BUD_ON_LIST | BUD_ON_MAP, "", "a row up") \
	X(ROW_DOWN,       "row-down",       "Down j",     BUD_ON_LIST | BUD_ON_MAP, "", "a row down") \
	X(CELL_LEFT,      "cell-left",      "Left h",     BUD_ON_MAP,  "", "a cell to the left") \
	X(CELL_RIGHT,     "cell-right",     "Right l",    BUD_ON_MAP,  "", "a cell to the right") \
	X(PAGE_UP,        "page-up",        "PgUp",       BUD_ON_ALL,  "", "a screenful up; back in time") \
	X(PAGE_DOWN,      "page-down",      "PgDn",       BUD_ON_ALL,  "", "a screenful down; on in time") \
	X(FIRST,          "first",          "g Home",     BUD_ON_ALL,  "", "to the first instant, row or cell") \
	X(LAST,           "last",           "G End",      BUD_ON_ALL,  "", "to the last instant, row or cell") \
	X(CENTRE,         "centre",         "f",          BUD_ON_ALL,  "", "the cursor's time into the middle") \
	X(GOTO,           "goto",           ":",          BUD_ON_ALL,  ": go to", "go to 55.2s, +5s, 50%, pfn 0x16a200, episode 7") \
	X(NEXT_EPISODE,   "next-episode",   "e",          BUD_ON_ALL,  "e E trouble", "to the next episode: failure, direct reclaim, compaction, OOM") \
	X(PREV_EPISODE,   "prev-episode",   "E",          BUD_ON_ALL,  "", "to the one before") \
	X(NEXT_EVENT,     "next-event",     ".",          BUD_ON_ALL,  "", "to the next event (that passes the filter)") \
	X(PREV_EVENT,     "prev-event",     ",",          BUD_ON_ALL,  "", "to the one before") \
	X(MARK,           "mark",           "m",          BUD_ON_ALL,  "", "mark this instant (A); what differs at the cursor (B), and whose pages, is shown") \
	X(SWAP_MARK,      "swap-mark",      "'",          BUD_ON_ALL,  "", "to the mark, which moves to where the cursor was") \
	X(FIND,           "find",           "/",          BUD_ON_ALL,  "/ find", "find an event: order>=4 failed comm=java pid=7 type=Movable zone=DMA32, any text") \
	X(FIND_NEXT,      "find-next",      "n",          BUD_ON_ALL,  "", "find it again") \
	X(FIND_PREV,      "find-prev",      "N",          BUD_ON_ALL,  "", "find it again, back in time") \
	X(FILTER,         "filter",         "\\",         BUD_ON_ALL,  "", "list only events, failures, episodes and sites like these; empty: all") \
	X(ENTER,          "enter",          "Enter",      BUD_ON_ALL,  "Enter into", "into: the events at the cursor, a pageblock, an episode, a site") \
	X(BACK,           "back",           "Esc",        BUD_ON_ALL,  "", "out of it; breaks off long work") \
	X(NEXT_ZONE,      "next-zone",      "Tab",        BUD_ON_ALL,  "Tab zone", "next zone") \
	X(PREV_ZONE,      "prev-zone",      "S-Tab",      BUD_ON_ALL,  "", "previous zone") \
	X(SCREEN_1,       "screen-heat",    "1",          BUD_ON_ALL,  "", "Heat: free blocks per order over time") \
	X(SCREEN_2,       "screen-frag",    "2",          BUD_ON_ALL,  "", "Frag: fragmentation indices, free memory against the watermarks") \
	X(SCREEN_3,       "screen-pfn",     "3",          BUD_ON_ALL,  "", "Pfn: every pageblock, page by page") \
	X(SCREEN_4,       "screen-episodes", "4",         BUD_ON_ALL,  "", "Episodes: what slow requests went through") \
	X(SCREEN_5,       "screen-sites",   "5",          BUD_ON_ALL,  "", "Sites: who allocates, holds and pins") \
	X(SCREEN_6,       "screen-info",    "6",          BUD_ON_ALL,  "", "Info: how far the trace and the replay can be trusted") \
	X(ORDER_UP,       "order-up",       "]",          BUD_ON_ALL,  "", "indices of the next larger order") \
	X(ORDER_DOWN,     "order-down",     "[",          BUD_ON_ALL,  "", "indices of the next smaller order") \
	X(VALUE,          "value",          "v",          BUD_ON_ALL,  "v value", "value shown: blocks, pages, share of free memory, one migratetype") \
	X(FOLD,           "fold",           "F",          BUD_ON_ALL,  "F fold", "how a column becomes one value: worst, last, min, max, mean") \
	X(PALETTE,        "palette",        "p",          BUD_ON_ALL,  "", "colours: cividis, viridis, mono") \
	X(SORT,           "sort",           "S",          BUD_ON_LIST, "S sort", "sort the list by the next column") \
	X(PLAY,           "play",           "Space",      BUD_ON_ALL,  "", "play on in time, or stop") \
	X(FASTER,         "faster",         ">",          BUD_ON_ALL,  "", "play at twice the speed") \
	X(SLOWER,         "slower",         "<",          BUD_ON_ALL,  "", "play at half the speed") \
	X(EXPORT,         "export",         "o",          BUD_ON_ALL,  "o export", "write this view to files: figures as CSV, the screen as text") \
	X(COMMAND,        "command",        "c",          BUD_ON_ALL,  "", "the command line that gives these numbers; printed again at the end") \
	X(MOUSE,          "mouse",          "F2",         BUD_ON_ALL,  "", "mouse on or off: click selects, drag selects a range, wheel zooms") \
	X(HELP,           "help",           "? F1",       BUD_ON_ALL,  "? help", "this help") \
	X(LEAVE,          "leave",          "q",          BUD_ON_ALL,  "q back", "back, and out of the program from the outermost level") \
	X(QUIT,           "quit",           "Q",          BUD_ON_ALL,  "", "out of the program")
/* clang-format on */

typedef enum bud_action {
	BUD_ACT_NONE,
#define X(action, name, keys, where, hint, help) BUD_ACT_##action,
	BUD_ACTIONS(X)
#undef X
		BUD_NR_ACTIONS,
} bud_action;

typedef struct bud_action_row {
	const char *name, *keys; /* keys: by name, separated by spaces */
	unsigned where;
	const char *hint, *help;
} bud_action_row;

/* By bud_action; the one of BUD_ACT_NONE is empty. */
extern const bud_action_row bud_action_rows[BUD_NR_ACTIONS];

/* "Left", "S-Tab", "Space", "w" -> key; BUD_KEY_NONE if there is none of that name. */
int bud_keys_parse(const char *name, size_t length);

/* The keys in force: the default ones, and what the user bound. */
typedef struct bud_keymap {
	char keys[BUD_NR_ACTIONS][48]; /* names, as in bud_action_row */
} bud_keymap;

void bud_keymap_init(bud_keymap *map);
/* Binds the action of that name to these keys and no others; BUD_ERR_USAGE names what is not known. */
bud_status bud_keymap_bind(bud_keymap *map, const char *action, const char *keys, bud_error *err);
/* What key does on such a screen. */
bud_action bud_keymap_action(const bud_keymap *map, int key, unsigned where);

/* The line of hints for such a screen, as much as fits into size. Returns text. */
char *bud_keymap_hints(const bud_keymap *map, unsigned where, char *text, size_t size);

/* Every action, its keys and what it does, a line each: `view --keys`, and the manual's list. */
void bud_keymap_print(const bud_keymap *map, FILE *out);

#endif
