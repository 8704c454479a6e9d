/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/tui/keys.h"

const bud_key_row bud_keys[] = {
	{ { BUD_KEY_LEFT, 'h' }, BUD_ACT_CURSOR_LEFT, "left h", "cursor one column back" },
	{ { BUD_KEY_RIGHT, 'l' }, BUD_ACT_CURSOR_RIGHT, "right l", "cursor one column on" },
	{ { 'w', '+', BUD_KEY_UP }, BUD_ACT_ZOOM_IN, "w + up", "zoom in on the cursor" },
	{ { 's', '-', BUD_KEY_DOWN }, BUD_ACT_ZOOM_OUT, "s - down", "zoom out" },
	{ { 'a' }, BUD_ACT_PAN_LEFT, "a", "pan back in time" },
	{ { 'd' }, BUD_ACT_PAN_RIGHT, "d", "pan on in time" },
	{ { '0' }, BUD_ACT_FIT, "0", "the whole trace" },
	{ { 'g', BUD_KEY_HOME }, BUD_ACT_FIRST, "g Home", "cursor to the first column" },
	{ { 'G', BUD_KEY_END }, BUD_ACT_LAST, "G End", "cursor to the last column" },
	{ { 'f' }, BUD_ACT_CENTRE, "f", "centre on the cursor" },
	{ { 'e' }, BUD_ACT_NEXT_EVENT, "e", "next column in which something went wrong" },
	{ { 'E' }, BUD_ACT_PREVIOUS_EVENT, "E", "previous column in which something went wrong" },
	{ { '\t' }, BUD_ACT_NEXT_ZONE, "Tab", "next zone" },
	{ { BUD_KEY_BACKTAB }, BUD_ACT_PREVIOUS_ZONE, "S-Tab", "previous zone" },
	{ { 'F' }, BUD_ACT_FOLD, "F", "fold of a column: worst, last, min, max, mean" },
	{ { '?', BUD_KEY_F1 }, BUD_ACT_HELP, "? F1", "this help" },
	{ { 27 }, BUD_ACT_BACK, "Esc", "close the help" },
	{ { 'q', 'Q' }, BUD_ACT_QUIT, "q Q", "quit" },
};

const size_t bud_nr_keys = sizeof bud_keys / sizeof *bud_keys;

bud_action bud_keys_action(int key)
{
	for (size_t i = 0; i < bud_nr_keys; i++)
		for (int k = 0; k < 4 && bud_keys[i].keys[k]; k++)
			if (bud_keys[i].keys[k] == key)
				return bud_keys[i].action;
	return BUD_ACT_NONE;
}
