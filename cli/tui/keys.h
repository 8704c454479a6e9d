/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One table of keys: what they do, the help, the hints at the foot of a
 * screen.
 */
#ifndef BUD_TUI_KEYS_H
#define BUD_TUI_KEYS_H

#include <stddef.h>

/* Keys that are not characters. */
enum {
	BUD_KEY_NONE = 0,
	BUD_KEY_UP = 0x100,
	BUD_KEY_DOWN,
	BUD_KEY_LEFT,
	BUD_KEY_RIGHT,
	BUD_KEY_HOME,
	BUD_KEY_END,
	BUD_KEY_BACKTAB,
	BUD_KEY_F1,
	BUD_KEY_RESIZE,
	BUD_KEY_MOUSE, /* a click or wheel step; where and what is the terminal's to tell */
};

typedef enum bud_action {
	BUD_ACT_NONE,
	BUD_ACT_ZOOM_IN,
	BUD_ACT_ZOOM_OUT,
	BUD_ACT_PAN_LEFT,
	BUD_ACT_PAN_RIGHT,
	BUD_ACT_CURSOR_LEFT,
	BUD_ACT_CURSOR_RIGHT,
	BUD_ACT_FIT,
	BUD_ACT_FIRST,
	BUD_ACT_LAST,
	BUD_ACT_CENTRE,
	BUD_ACT_NEXT_ZONE,
	BUD_ACT_PREVIOUS_ZONE,
	BUD_ACT_NEXT_EVENT,
	BUD_ACT_PREVIOUS_EVENT,
	BUD_ACT_FOLD,
	BUD_ACT_HELP,
	BUD_ACT_BACK,
	BUD_ACT_QUIT,
} bud_action;

typedef struct bud_key_row {
	int keys[4]; /* 0 ends */
	bud_action action;
	const char *names, *help;
} bud_key_row;

extern const bud_key_row bud_keys[];
extern const size_t bud_nr_keys;

bud_action bud_keys_action(int key);

/* The line of hints. */
#define BUD_KEYS_HINTS " arrows  w s zoom  a d pan  0 all  e E event  Tab zone  F fold  ? help  q quit"

#endif
