/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/tui/term.h"

#include <ncurses.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/heat.h"
#include "cli/output.h"

/* A terminal is one of its kind in a process, and so is what a signal left behind. */
static volatile sig_atomic_t caught;
static SCREEN *screen;
static attr_t attributes[BUD_ROLE_HEAT + BUD_HEAT_LEVELS];
static short pairs[BUD_ROLE_HEAT + BUD_HEAT_LEVELS];

static void on_signal(int number)
{
	caught = number;
}

int bud_term_signal(void)
{
	return caught;
}

static void catch_signals(void)
{
	static const int numbers[] = { SIGTERM, SIGINT, SIGHUP };
	struct sigaction action = { .sa_handler = on_signal }; /* no SA_RESTART: a wait for keys must end */
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		sigaction(numbers[i], &action, NULL);
}

static void set_role(int role, attr_t attribute, bud_heat_colors colors)
{
	attributes[role] = attribute;
	pairs[role] = 0;
	if (colors.back < 0 || COLOR_PAIRS <= role + 1)
		return;
	if (init_pair((short)(role + 1), colors.fore, colors.back) == OK)
		pairs[role] = (short)(role + 1);
}

static void set_roles(bud_color color, bud_theme theme)
{
	const char *no_color = getenv("NO_COLOR");
	bool colored = color != BUD_COLOR_NEVER && !(color == BUD_COLOR_AUTO && no_color && *no_color) && has_colors();
	bud_heat_colors none = { -1, -1 };
	if (colored) {
		start_color();
		use_default_colors();
	}
	set_role(BUD_ROLE_NORMAL, A_NORMAL, none);
	set_role(BUD_ROLE_TITLE, A_REVERSE, none);
	set_role(BUD_ROLE_DIM, A_NORMAL, none);
	set_role(BUD_ROLE_WARN, A_BOLD | A_REVERSE, none);
	set_role(BUD_ROLE_CURSOR, A_REVERSE, none);
	for (int level = 0; level < BUD_HEAT_LEVELS; level++) {
		bool wide = COLORS >= 256 && color != BUD_COLOR_8;
		set_role(BUD_ROLE_HEAT + level, A_NORMAL,
			 !colored ? none
			 : wide	  ? bud_heat_256(level, bud_output_light(theme))
				  : bud_heat_8(level));
	}
}

bud_status bud_term_open(bud_color color, bud_theme theme, bool mouse, bud_error *err)
{
	const char *term = getenv("TERM");
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return bud_error_set(err, BUD_ERR_IO,
				     "view needs a terminal; buddyscope report prints the same figures");
	screen = newterm(term && *term ? term : "vt100", stdout, stdin);
	if (!screen)
		return bud_error_set(err, BUD_ERR_IO, "TERM=%.40s: the terminal is not known", term ? term : "");
	catch_signals();
	set_roles(color, theme);
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	set_escdelay(25);
	curs_set(0);
	if (mouse)
		mousemask(BUTTON1_CLICKED | BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED, NULL);
	return BUD_OK;
}

void bud_term_close(void)
{
	endwin();
	delscreen(screen);
	screen = NULL;
}

void bud_term_size(int *width, int *height)
{
	getmaxyx(stdscr, *height, *width);
}

void bud_term_show(const bud_canvas *canvas)
{
	for (int y = 0; y < canvas->height; y++)
		for (int x = 0; x < canvas->width; x++) {
			const bud_cell *cell = &canvas->cells[y * canvas->width + x];
			attr_set(attributes[cell->role], pairs[cell->role], NULL);
			mvaddch(y, x, (chtype)(unsigned char)cell->glyph);
		}
	attr_set(A_NORMAL, 0, NULL);
	refresh();
}

static int mouse_key(bud_mouse *mouse)
{
	MEVENT event;
	if (getmouse(&event) != OK)
		return BUD_KEY_NONE;
	*mouse = (bud_mouse){ event.x, event.y,
			      event.bstate & BUTTON4_PRESSED   ? -1
			      : event.bstate & BUTTON5_PRESSED ? 1
							       : 0 };
	return BUD_KEY_MOUSE;
}

int bud_term_key(int timeout_ms, bud_mouse *mouse)
{
	static const struct {
		int curses, ours;
	} keys[] = { { KEY_UP, BUD_KEY_UP },	    { KEY_DOWN, BUD_KEY_DOWN }, { KEY_LEFT, BUD_KEY_LEFT },
		     { KEY_RIGHT, BUD_KEY_RIGHT },  { KEY_HOME, BUD_KEY_HOME }, { KEY_END, BUD_KEY_END },
		     { KEY_BTAB, BUD_KEY_BACKTAB }, { KEY_F(1), BUD_KEY_F1 },	{ KEY_RESIZE, BUD_KEY_RESIZE } };
	timeout(timeout_ms);
	int key = getch();
	if (key == KEY_MOUSE)
		return mouse_key(mouse);
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (keys[i].curses == key)
			return keys[i].ours;
	return key > 0 && key < 0x100 ? key : BUD_KEY_NONE;
}
