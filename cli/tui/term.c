/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/tui/term.h"

#include <ncurses.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "cli/output.h"

#define PATIENCE_MS 100 /* for a terminal to tell its background */

/* A terminal is one of its kind in a process, and so is what a signal left behind. */
static volatile sig_atomic_t caught, stopping, continued;
static struct {
	SCREEN *screen;
	int colors; /* in use: 0, 8, 256 or BUD_HEAT_DIRECT */
	bool light, sync, mouse;
	bud_palette palette; /* that pairs are set for */
	attr_t attributes[BUD_NR_ROLES];
	int pairs[BUD_NR_ROLES];
	bud_cell *shown; /* what the terminal has, width * height */
	int width, height;
} term;

static void on_signal(int number)
{
	caught = number;
}

static void on_stop(int number)
{
	(void)number;
	stopping = 1;
}

static void on_continue(int number)
{
	(void)number;
	continued = 1;
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

/* Our own, so that all we asked of the terminal is taken back; ncurses leaves a handler alone that it finds. */
static void catch_stops(void)
{
	struct sigaction before, stop = { .sa_handler = on_stop }, go_on = { .sa_handler = on_continue };
	if (sigaction(SIGTSTP, NULL, &before) == 0 && before.sa_handler == SIG_DFL)
		sigaction(SIGTSTP, &stop, NULL);
	sigaction(SIGCONT, &go_on, NULL);
}

static void set_role(int role, attr_t attribute, int fore, int back)
{
	int pair = role + 1;
	term.attributes[role] = attribute;
	term.pairs[role] = 0;
	if (!term.colors || (fore < 0 && back < 0) || pair >= COLOR_PAIRS)
		return;
	if (init_extended_pair(pair, fore, back) == OK)
		term.pairs[role] = pair;
}

/* A colour of the cube of 256, as the terminal at hand numbers it. */
static int wide(int red, int green, int blue)
{
	static const int steps[] = { 0, 0x5f, 0x87, 0xaf, 0xd7, 0xff };
	return term.colors == 256 ? 16 + 36 * red + 6 * green + blue
				  : steps[red] << 16 | steps[green] << 8 | steps[blue];
}

static void set_types(void)
{
	/* U M R H C I ?: hues that stay apart for most eyes; the letter says it anyway. */
	const int many[] = {
		wide(4, 2, 1), wide(1, 3, 5), wide(3, 3, 1), wide(5, 1, 3), wide(1, 4, 4), wide(4, 4, 4), -1
	};
	static const int few[] = { 1, 4, 2, 5, 6, 7, -1 };
	for (int i = 0; i < 7; i++)
		set_role(BUD_ROLE_TYPE + i, A_NORMAL, term.colors >= 256 && !term.light ? many[i] : few[i], -1);
}

static void set_roles(bud_palette palette)
{
	term.palette = palette;
	set_role(BUD_ROLE_NORMAL, A_NORMAL, -1, -1);
	set_role(BUD_ROLE_TITLE, A_REVERSE, -1, -1);
	set_role(BUD_ROLE_DIM, A_NORMAL, -1, -1);
	set_role(BUD_ROLE_WARN, A_BOLD, term.light ? 1 : term.colors >= 256 ? wide(5, 2, 0) : 3, -1);
	if (!term.pairs[BUD_ROLE_WARN])
		term.attributes[BUD_ROLE_WARN] = A_BOLD | A_UNDERLINE;
	set_role(BUD_ROLE_CURSOR, A_REVERSE | A_BOLD, -1, -1);
	set_role(BUD_ROLE_SELECTED, A_REVERSE, -1, -1);
	set_types();
	for (int level = 0; level < BUD_HEAT_LEVELS; level++) {
		bud_heat_colors c = bud_heat_color(term.colors, palette, level, term.light);
		set_role(BUD_ROLE_HEAT + level, A_NORMAL, c.fore, c.back);
	}
}

/*
 * How many colours: what the terminal has, unless the user asks for fewer, or none. Where the description says RGB,
 * numbers from 8 on are colours themselves, so that there is no palette of 256 to ask for.
 */
static int choose_colors(bud_color color)
{
	const char *no_color = getenv("NO_COLOR");
	if (color == BUD_COLOR_NEVER || (color == BUD_COLOR_AUTO && no_color && *no_color) || !has_colors())
		return 0;
	start_color();
	use_default_colors();
	if (COLORS >= 256 && color != BUD_COLOR_8)
		return tigetflag("RGB") > 0 && COLORS >= BUD_HEAT_DIRECT ? BUD_HEAT_DIRECT : 256;
	return COLORS >= 8 ? 8 : 0;
}

static int hex_pair(const char *text)
{
	char digits[3] = { text[0], text[1] ? text[1] : '\0', '\0' };
	return (int)strtol(digits, NULL, 16);
}

/* "rgb:RRRR/GGGG/BBBB" -> is it light? */
static bool is_light(const char *rgb)
{
	const char *green = strchr(rgb, '/'), *blue = green ? strchr(green + 1, '/') : NULL;
	return blue && 299 * hex_pair(rgb) + 587 * hex_pair(green + 1) + 114 * hex_pair(blue + 1) > 128000;
}

/*
 * Asks the terminal for its background (OSC 11). A terminal that does not
 * know it says nothing; one that answers later than we wait types it, so
 * that only those are asked that are known to answer.
 */
static bool ask_light(void)
{
	const char *name = getenv("TERM");
	char answer[128] = "";
	size_t used = 0;
	struct termios before, raw;
	if (!name ||
	    (strncmp(name, "xterm", 5) != 0 && strncmp(name, "foot", 4) != 0 && strncmp(name, "alacritty", 9) != 0) ||
	    tcgetattr(STDIN_FILENO, &before) != 0)
		return false;
	raw = before;
	raw.c_lflag &= (tcflag_t) ~(ICANON | ECHO);
	tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	static const char question[] = "\033]11;?\033\\";
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	if (write(STDOUT_FILENO, question, sizeof question - 1) < 0)
		return false;
	while (used + 1 < sizeof answer && !strpbrk(answer, "\a\\") && poll(&in, 1, PATIENCE_MS) > 0) {
		ssize_t n = read(STDIN_FILENO, answer + used, sizeof answer - 1 - used);
		if (n <= 0)
			break;
		used += (size_t)n;
		answer[used] = '\0';
	}
	tcsetattr(STDIN_FILENO, TCSANOW, &before);
	const char *rgb = strstr(answer, "rgb:");
	return rgb && is_light(rgb + 4);
}

static bool find_light(bud_theme theme, bud_color color)
{
	const char *no_color = getenv("NO_COLOR");
	bool colored = color != BUD_COLOR_NEVER && !(no_color && *no_color);
	if (theme != BUD_THEME_AUTO || getenv("COLORFGBG") || !colored)
		return bud_output_light(theme);
	return ask_light();
}

bud_status bud_term_open(bud_color color, bud_theme theme, bool mouse, bud_error *err)
{
	const char *name = getenv("TERM");
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return bud_error_set(err, BUD_ERR_IO,
				     "view needs a terminal; buddyscope report prints the same figures");
	term.light = find_light(theme, color);
	catch_stops();
	term.screen = newterm(name && *name ? name : "vt100", stdout, stdin);
	if (!term.screen)
		return bud_error_set(err, BUD_ERR_IO, "TERM=%.40s: the terminal is not known", name ? name : "");
	catch_signals();
	term.colors = choose_colors(color);
	/* Terminals that do not know synchronized output, or motion reports, ignore them, but for the old ones. */
	term.sync = tigetnum("colors") >= 256;
	set_roles(BUD_PALETTE_CIVIDIS);
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	set_escdelay(25);
	curs_set(0);
	mouseinterval(0);
	bud_term_mouse(mouse);
	return BUD_OK;
}

void bud_term_close(void)
{
	bud_term_mouse(false);
	curs_set(1);
	endwin();
	delscreen(term.screen);
	free(term.shown);
	term.screen = NULL;
	term.shown = NULL;
	term.width = term.height = 0;
}

static void set_mouse(bool ours)
{
	mousemask(ours ? BUTTON1_PRESSED | BUTTON1_RELEASED | BUTTON4_PRESSED | BUTTON5_PRESSED | REPORT_MOUSE_POSITION
		       : 0,
		  NULL);
	/* Moves while a button is held; ncurses itself asks for clicks alone. */
	if (term.sync) {
		putp(ours ? "\033[?1002h" : "\033[?1002l");
		fflush(stdout);
	}
}

void bud_term_mouse(bool ours)
{
	if (ours != term.mouse)
		set_mouse(ours);
	term.mouse = ours;
}

/* Leaves the terminal to others until we are told to go on. */
static void stop(void)
{
	stopping = 0;
	if (term.mouse)
		set_mouse(false);
	endwin();
	raise(SIGSTOP);
}

static void go_on(void)
{
	continued = 0;
	reset_prog_mode();
	if (term.mouse)
		set_mouse(true);
	clearok(curscr, TRUE);
	term.width = term.height = 0;
	curs_set(0);
}

void bud_term_size(int *width, int *height)
{
	getmaxyx(stdscr, *height, *width);
}

/* One cell. ncurses sends only what changed. */
static void put_cell(int x, int y, const bud_cell *cell)
{
	int role = cell->role & ~BUD_ROLE_MARKED;
	attr_t attribute = term.attributes[role];
	if (cell->role & BUD_ROLE_MARKED)
		attribute ^= A_REVERSE;
	int pair = term.pairs[role];
	wchar_t text[2] = { (wchar_t)(unsigned char)cell->glyph, 0 };
	cchar_t c;
	if (cell->glyph == BUD_GLYPH_VERTICAL || cell->glyph == BUD_GLYPH_HORIZONTAL) {
		attr_set(attribute, (short)pair, &pair);
		mvaddch(y, x, cell->glyph == BUD_GLYPH_VERTICAL ? ACS_VLINE : ACS_HLINE);
		return;
	}
	setcchar(&c, text, attribute, (short)(pair < 32767 ? pair : 0), &pair);
	mvadd_wch(y, x, &c);
}

/* What ncurses knows to be there already costs nothing to find out here. */
static bool is_shown(const bud_canvas *canvas)
{
	size_t size = (size_t)canvas->width * (size_t)canvas->height;
	if (term.width == canvas->width && term.height == canvas->height &&
	    memcmp(term.shown, canvas->cells, size * sizeof *canvas->cells) == 0)
		return true;
	if (term.width != canvas->width || term.height != canvas->height) {
		free(term.shown);
		term.shown = calloc(size, sizeof *term.shown);
		term.width = term.shown ? canvas->width : 0;
		term.height = term.shown ? canvas->height : 0;
	}
	if (term.shown)
		memcpy(term.shown, canvas->cells, size * sizeof *canvas->cells);
	return false;
}

void bud_term_show(const bud_canvas *canvas, bud_palette palette)
{
	bool same = palette == term.palette;
	if (!same)
		set_roles(palette);
	if (is_shown(canvas) && same)
		return;
	for (int y = 0; y < canvas->height; y++)
		for (int x = 0; x < canvas->width; x++)
			put_cell(x, y, &canvas->cells[y * canvas->width + x]);
	attr_set(A_NORMAL, 0, NULL);
	if (term.sync)
		putp("\033[?2026h");
	wnoutrefresh(stdscr);
	doupdate();
	if (term.sync) {
		putp("\033[?2026l");
		fflush(stdout);
	}
}

static int mouse_key(bud_mouse *mouse)
{
	MEVENT event;
	if (getmouse(&event) != OK)
		return BUD_KEY_NONE;
	*mouse = (bud_mouse){ .x = event.x, .y = event.y };
	if (event.bstate & BUTTON4_PRESSED)
		mouse->what = BUD_MOUSE_WHEEL_UP;
	else if (event.bstate & BUTTON5_PRESSED)
		mouse->what = BUD_MOUSE_WHEEL_DOWN;
	else if (event.bstate & REPORT_MOUSE_POSITION)
		mouse->what = BUD_MOUSE_DRAG;
	else if (event.bstate & BUTTON1_PRESSED)
		mouse->what = BUD_MOUSE_CLICK;
	else
		return BUD_KEY_NONE;
	return BUD_KEY_MOUSE;
}

int bud_term_key(int timeout_ms, bud_mouse *mouse)
{
	static const struct {
		int curses, ours;
	} keys[] = { { KEY_UP, BUD_KEY_UP },	     { KEY_DOWN, BUD_KEY_DOWN },
		     { KEY_LEFT, BUD_KEY_LEFT },     { KEY_RIGHT, BUD_KEY_RIGHT },
		     { KEY_HOME, BUD_KEY_HOME },     { KEY_END, BUD_KEY_END },
		     { KEY_PPAGE, BUD_KEY_PAGE_UP }, { KEY_NPAGE, BUD_KEY_PAGE_DOWN },
		     { KEY_BTAB, BUD_KEY_BACKTAB },  { KEY_F(1), BUD_KEY_F1 },
		     { KEY_F(2), BUD_KEY_F2 },	     { KEY_RESIZE, BUD_KEY_RESIZE },
		     { KEY_ENTER, BUD_KEY_ENTER },   { '\n', BUD_KEY_ENTER },
		     { '\r', BUD_KEY_ENTER },	     { KEY_BACKSPACE, BUD_KEY_BACKSPACE },
		     { 8, BUD_KEY_BACKSPACE } };
	timeout(timeout_ms);
	int key = getch();
	if (stopping)
		stop();
	if (continued) {
		go_on();
		return BUD_KEY_RESIZE;
	}
	if (key == KEY_MOUSE)
		return mouse_key(mouse);
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (keys[i].curses == key)
			return keys[i].ours;
	return key > 0 && key < 0x100 ? key : BUD_KEY_NONE;
}
