/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/tui/browse.h"

#include <string.h>

#define MAX_SPEED 10

void bud_browse_init(bud_browse *browse, uint64_t first_ns, uint64_t last_ns, uint64_t begin_ns, uint64_t end_ns,
		     size_t nr_zones, const bud_kernel *kernel, bud_fold fold)
{
	int pageblock = kernel->pageblock_order, top = kernel->max_order;
	*browse = (bud_browse){ .first_ns = first_ns,
				.last_ns = last_ns > first_ns ? last_ns : first_ns + 1,
				.begin_ns = begin_ns,
				.end_ns = end_ns > begin_ns ? end_ns : begin_ns + 1,
				.mark_ns = BUD_TIME_NONE,
				.nr_columns = 1,
				.nr_zones = nr_zones,
				.max_order = top,
				.order = pageblock < top ? pageblock : top,
				.fold = fold };
	browse->cursor_ns = browse->end_ns;
}

uint64_t bud_browse_time(const bud_browse *browse, size_t column)
{
	uint64_t width = browse->end_ns - browse->begin_ns;
	return browse->begin_ns + (uint64_t)((unsigned __int128)width * (column + 1) / browse->nr_columns);
}

size_t bud_browse_column(const bud_browse *browse, uint64_t t_ns)
{
	const bud_browse *b = browse;
	uint64_t width = b->end_ns - b->begin_ns;
	if (t_ns <= b->begin_ns)
		return 0;
	unsigned __int128 column = (unsigned __int128)(t_ns - b->begin_ns - 1) * b->nr_columns / width;
	return column < b->nr_columns ? (size_t)column : b->nr_columns - 1;
}

void bud_browse_resize(bud_browse *browse, size_t nr_columns)
{
	browse->nr_columns = nr_columns ? nr_columns : 1;
}

static uint64_t clamp(uint64_t t, uint64_t low, uint64_t high)
{
	return t < low ? low : t > high ? high : t;
}

/* Shows width ns from begin on, kept inside the trace; a cursor left outside is drawn along. */
static void show(bud_browse *b, uint64_t begin, uint64_t width)
{
	uint64_t whole = b->last_ns - b->first_ns;
	if (width < b->nr_columns)
		width = b->nr_columns;
	if (width > whole)
		width = whole;
	begin = clamp(begin, b->first_ns, b->last_ns - width);
	b->begin_ns = begin;
	b->end_ns = begin + width;
	uint64_t t = clamp(b->cursor_ns, begin, b->end_ns);
	if (t != b->cursor_ns)
		b->tie = 0;
	b->cursor_ns = t;
}

void bud_browse_show(bud_browse *browse, uint64_t begin_ns, uint64_t end_ns)
{
	show(browse, begin_ns, end_ns > begin_ns ? end_ns - begin_ns : 1);
}

static void set_cursor(bud_browse *b, uint64_t t_ns)
{
	b->cursor_ns = clamp(t_ns, b->first_ns, b->last_ns);
	b->tie = 0;
}

void bud_browse_go(bud_browse *browse, uint64_t t_ns)
{
	bud_browse *b = browse;
	uint64_t width = b->end_ns - b->begin_ns;
	set_cursor(b, t_ns);
	if (b->cursor_ns < b->begin_ns || b->cursor_ns > b->end_ns)
		show(b, b->cursor_ns > width / 2 ? b->cursor_ns - width / 2 : 0, width);
}

static void pan(bud_browse *b, bool back, uint64_t by)
{
	uint64_t width = b->end_ns - b->begin_ns;
	if (back)
		show(b, b->begin_ns - b->first_ns > by ? b->begin_ns - by : b->first_ns, width);
	else
		show(b, b->last_ns - b->end_ns > by ? b->begin_ns + by : b->last_ns - width, width);
}

/* The cursor stays where it is on the screen. */
static void zoom(bud_browse *b, bool in)
{
	uint64_t width = b->end_ns - b->begin_ns, left = b->cursor_ns - b->begin_ns;
	uint64_t to = in ? width / 2 : width > UINT64_MAX / 2 ? width : width * 2;
	if (to < b->nr_columns)
		to = b->nr_columns;
	uint64_t before = (uint64_t)((unsigned __int128)left * to / width);
	show(b, b->cursor_ns > before ? b->cursor_ns - before : 0, to);
}

static void centre(bud_browse *b)
{
	uint64_t width = b->end_ns - b->begin_ns;
	show(b, b->cursor_ns > width / 2 ? b->cursor_ns - width / 2 : 0, width);
}

static void step(bud_browse *b, bool back)
{
	size_t column = bud_browse_cursor(b);
	uint64_t by = (b->end_ns - b->begin_ns) / b->nr_columns;
	bool at_edge = back ? column == 0 : column + 1 == b->nr_columns && b->cursor_ns >= bud_browse_time(b, column);
	if (at_edge) {
		pan(b, back, by ? by : 1);
		column = back ? 1 : b->nr_columns - 2;
	}
	if (b->nr_columns > 1 || !at_edge)
		set_cursor(b, bud_browse_time(b, back					     ? (column ? column - 1 : 0)
						 : b->cursor_ns < bud_browse_time(b, column) ? column
						 : column + 1 < b->nr_columns		     ? column + 1
											     : column));
}

/* Failures, OOM, direct reclaim and lost events: what one looks for while no episodes are known. */
static bool is_trouble(const bud_column *c)
{
	return c->filled && (c->failed_allocations || c->events[BUD_EV_OOM_VICTIM] || c->events[BUD_EV_DIRECT_BEGIN] ||
			     c->events[BUD_EV_LOST]);
}

static void seek_trouble(bud_browse *b, const bud_timeline *t, bool back)
{
	if (!t || t->nr_columns != b->nr_columns)
		return;
	for (size_t i = bud_browse_cursor(b); back ? i-- > 0 : ++i < b->nr_columns;)
		if (is_trouble(&t->columns[i])) {
			set_cursor(b, bud_browse_time(b, i));
			return;
		}
}

/* How many of nr ascending times are at or before t. */
static size_t count_up_to(const uint64_t *times, size_t nr, uint64_t t)
{
	size_t low = 0, high = nr;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (times[middle] <= t)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void seek_episode(bud_browse *b, const bud_facts *facts, bool back)
{
	if (!facts->nr_episodes) {
		seek_trouble(b, facts->timeline, back);
		return;
	}
	size_t after = count_up_to(facts->episodes, facts->nr_episodes, b->cursor_ns);
	if (!back && after < facts->nr_episodes) {
		bud_browse_go(b, facts->episodes[after]);
	} else if (back) {
		while (after > 0 && facts->episodes[after - 1] >= b->cursor_ns)
			after--;
		if (after > 0)
			bud_browse_go(b, facts->episodes[after - 1]);
	}
}

/* Events at the same instant are told apart by tie. */
static void seek_event(bud_browse *b, const bud_facts *facts, bool back)
{
	const uint64_t *t = facts->events;
	size_t after = count_up_to(t, facts->nr_events, b->cursor_ns), at = after;
	while (at > 0 && t[at - 1] == b->cursor_ns)
		at--;
	size_t same = after - at; /* events at the cursor */
	if (!back && b->tie > 0 && b->tie < same) {
		b->tie--;
	} else if (!back && after < facts->nr_events) {
		bud_browse_go(b, t[after]);
		b->tie = (unsigned)(count_up_to(t, facts->nr_events, t[after]) - after - 1);
	} else if (back && same && b->tie + 1 < same) {
		b->tie++;
	} else if (back && at > 0) {
		bud_browse_go(b, t[at - 1]);
	}
}

static bud_fold next_fold(bud_fold fold)
{
	static const bud_fold next[] = { [BUD_FOLD_WORST] = BUD_FOLD_LAST,
					 [BUD_FOLD_LAST] = BUD_FOLD_MIN,
					 [BUD_FOLD_MIN] = BUD_FOLD_MAX,
					 [BUD_FOLD_MAX] = BUD_FOLD_MEAN,
					 [BUD_FOLD_MEAN] = BUD_FOLD_WORST };
	return next[fold];
}

const char *bud_shown_name(bud_shown shown)
{
	static const char *const names[] = { "blocks", "pages", "share of free" };
	return shown < BUD_SHOW_TYPE ? names[shown] : bud_migratetype_name((bud_migratetype)(shown - BUD_SHOW_TYPE));
}

static void next_shown(bud_browse *b)
{
	b->shown = (bud_shown)((b->shown + 1) % BUD_NR_SHOWN);
}

unsigned bud_browse_where(const bud_browse *browse)
{
	const bud_list_state *list = &browse->lists[browse->screen];
	switch (browse->screen) {
	case BUD_SCREEN_HEAT:
		return list->inside ? BUD_ON_LIST : BUD_ON_TIME;
	case BUD_SCREEN_FRAG:
		return BUD_ON_TIME;
	case BUD_SCREEN_PFN:
		return BUD_ON_MAP;
	default:
		return BUD_ON_LIST;
	}
}

bool bud_browse_single(const bud_browse *browse, const bud_timeline *timeline)
{
	uint64_t sum = 0;
	if (!timeline || timeline->nr_filled < timeline->nr_columns || timeline->nr_columns != browse->nr_columns)
		return false;
	for (size_t i = 0; i < timeline->nr_columns; i++)
		for (int k = 0; k < BUD_NR_EVENT_KINDS; k++)
			sum += timeline->columns[i].events[k];
	return sum <= browse->nr_columns;
}

/* Rows of a list, cells of a map. The event list's rows are events: there the cursor itself moves. */
static void move_row(bud_browse *b, const bud_facts *facts, long by)
{
	bud_list_state *list = &b->lists[b->screen];
	if (b->screen == BUD_SCREEN_HEAT) {
		for (; by; by += by < 0 ? 1 : -1)
			seek_event(b, facts, by < 0);
		return;
	}
	size_t *row = list->inside ? &b->page : &list->row;
	size_t last = facts->nr_rows ? facts->nr_rows - 1 : 0;
	if (by < 0)
		*row = *row > (size_t)-by ? *row - (size_t)-by : 0;
	else
		*row = *row + (size_t)by < last ? *row + (size_t)by : last;
}

static void page(bud_browse *b, const bud_facts *facts, bool up)
{
	unsigned where = bud_browse_where(b);
	long rows = facts->page_rows > 1 ? (long)facts->page_rows - 1 : 1;
	if (where & BUD_ON_TIME)
		pan(b, up, b->end_ns - b->begin_ns);
	else if (where & BUD_ON_LIST)
		move_row(b, facts, up ? -rows : rows);
	else
		move_row(b, facts, (up ? -rows : rows) * (long)(facts->map_width ? facts->map_width : 1));
}

static void go_edge(bud_browse *b, const bud_facts *facts, bool first)
{
	if (bud_browse_where(b) & BUD_ON_TIME || b->screen == BUD_SCREEN_HEAT)
		set_cursor(b, first ? bud_browse_time(b, 0) : b->end_ns);
	else
		move_row(b, facts, first ? -(long)(facts->nr_rows + 1) : (long)facts->nr_rows);
}

static void set_screen(bud_browse *b, bud_screen_id screen)
{
	if (b->screen == screen)
		b->lists[screen].inside = false;
	b->screen = screen;
}

static void go_back(bud_browse *b, bool leave)
{
	bud_list_state *list = &b->lists[b->screen];
	if (list->inside)
		list->inside = false;
	else if (b->screen != BUD_SCREEN_HEAT)
		b->screen = BUD_SCREEN_HEAT;
	else if (leave)
		b->quit = true;
	else
		b->effect = BUD_EFFECT_BREAK_OFF;
}

static void open_prompt(bud_browse *b, bud_prompt prompt)
{
	b->prompt = prompt;
	*b->text = '\0';
}

static void act_on_help(bud_browse *b, bud_action action)
{
	if (action == BUD_ACT_ROW_DOWN || action == BUD_ACT_ZOOM_OUT_DOWN || action == BUD_ACT_PAGE_DOWN)
		b->help_top += action == BUD_ACT_PAGE_DOWN ? 10 : 1;
	else if (action == BUD_ACT_ROW_UP || action == BUD_ACT_ZOOM_IN_UP || action == BUD_ACT_PAGE_UP)
		b->help_top -= b->help_top > 9 && action == BUD_ACT_PAGE_UP ? 10 : b->help_top > 0 ? 1 : 0;
	else
		b->help = false;
}

/* What moves in time or on the screen; false if action is none of that. */
static bool act_move(bud_browse *b, bud_action action, const bud_facts *facts)
{
	long width = facts->map_width ? (long)facts->map_width : 1;
	bool on_map = bud_browse_where(b) & BUD_ON_MAP;
	switch (action) {
	case BUD_ACT_ZOOM_IN:
	case BUD_ACT_ZOOM_IN_UP:
	case BUD_ACT_ZOOM_OUT:
	case BUD_ACT_ZOOM_OUT_DOWN:
		zoom(b, action == BUD_ACT_ZOOM_IN || action == BUD_ACT_ZOOM_IN_UP);
		return true;
	case BUD_ACT_PAN_LEFT:
	case BUD_ACT_PAN_RIGHT:
		pan(b, action == BUD_ACT_PAN_LEFT, (b->end_ns - b->begin_ns) / 4 + 1);
		return true;
	case BUD_ACT_CURSOR_LEFT:
	case BUD_ACT_CURSOR_RIGHT:
		step(b, action == BUD_ACT_CURSOR_LEFT);
		return true;
	case BUD_ACT_ROW_UP:
	case BUD_ACT_ROW_DOWN:
		move_row(b, facts, (action == BUD_ACT_ROW_UP ? -1 : 1) * (on_map ? width : 1));
		return true;
	case BUD_ACT_CELL_LEFT:
	case BUD_ACT_CELL_RIGHT:
		move_row(b, facts, action == BUD_ACT_CELL_LEFT ? -1 : 1);
		return true;
	case BUD_ACT_PAGE_UP:
	case BUD_ACT_PAGE_DOWN:
		page(b, facts, action == BUD_ACT_PAGE_UP);
		return true;
	case BUD_ACT_FIT:
		show(b, b->first_ns, b->last_ns - b->first_ns);
		return true;
	case BUD_ACT_FIT_MARK:
		if (b->mark_ns != BUD_TIME_NONE && b->mark_ns != b->cursor_ns)
			bud_browse_show(b, b->mark_ns < b->cursor_ns ? b->mark_ns : b->cursor_ns,
					b->mark_ns < b->cursor_ns ? b->cursor_ns : b->mark_ns);
		return true;
	case BUD_ACT_FIRST:
	case BUD_ACT_LAST:
		go_edge(b, facts, action == BUD_ACT_FIRST);
		return true;
	case BUD_ACT_CENTRE:
		centre(b);
		return true;
	case BUD_ACT_NEXT_EPISODE:
	case BUD_ACT_PREV_EPISODE:
		seek_episode(b, facts, action == BUD_ACT_PREV_EPISODE);
		return true;
	case BUD_ACT_NEXT_EVENT:
	case BUD_ACT_PREV_EVENT:
		seek_event(b, facts, action == BUD_ACT_PREV_EVENT);
		return true;
	default:
		return false;
	}
}

static void act_mark(bud_browse *b, bool swap)
{
	uint64_t mark = b->mark_ns;
	if (!swap) {
		b->mark_ns = b->cursor_ns;
	} else if (mark != BUD_TIME_NONE) {
		b->mark_ns = b->cursor_ns;
		bud_browse_go(b, mark);
	}
}

/* What changes how things are shown; false if action is none of that. */
static bool act_look(bud_browse *b, bud_action action)
{
	switch (action) {
	case BUD_ACT_NEXT_ZONE:
		b->zone = b->nr_zones ? (b->zone + 1) % b->nr_zones : 0;
		return true;
	case BUD_ACT_PREV_ZONE:
		b->zone = b->nr_zones ? (b->zone + b->nr_zones - 1) % b->nr_zones : 0;
		return true;
	case BUD_ACT_ORDER_UP:
		b->order += b->order < b->max_order;
		return true;
	case BUD_ACT_ORDER_DOWN:
		b->order -= b->order > 0;
		return true;
	case BUD_ACT_VALUE:
		next_shown(b);
		return true;
	case BUD_ACT_FOLD:
		b->fold = next_fold(b->fold);
		return true;
	case BUD_ACT_PALETTE:
		b->palette = (bud_palette)((b->palette + 1) % BUD_NR_PALETTES);
		return true;
	case BUD_ACT_SORT:
		b->lists[b->screen].sort++;
		return true;
	case BUD_ACT_PLAY:
		b->playing = !b->playing;
		return true;
	case BUD_ACT_FASTER:
		b->speed += b->speed < MAX_SPEED;
		return true;
	case BUD_ACT_SLOWER:
		b->speed -= b->speed > -MAX_SPEED;
		return true;
	default:
		return false;
	}
}

void bud_browse_act(bud_browse *browse, bud_action action, const bud_facts *facts)
{
	bud_browse *b = browse;
	b->effect = BUD_EFFECT_NONE;
	if (b->help && action != BUD_ACT_QUIT) {
		act_on_help(b, action);
		return;
	}
	if (action >= BUD_ACT_SCREEN_1 && action <= BUD_ACT_SCREEN_6)
		set_screen(b, (bud_screen_id)(action - BUD_ACT_SCREEN_1));
	if (act_move(b, action, facts) || act_look(b, action))
		return;
	switch (action) {
	case BUD_ACT_MARK:
	case BUD_ACT_SWAP_MARK:
		act_mark(b, action == BUD_ACT_SWAP_MARK);
		break;
	case BUD_ACT_GOTO:
		open_prompt(b, BUD_PROMPT_GOTO);
		break;
	case BUD_ACT_FIND:
		open_prompt(b, BUD_PROMPT_FIND);
		break;
	case BUD_ACT_FILTER:
		open_prompt(b, BUD_PROMPT_FILTER);
		break;
	case BUD_ACT_FIND_NEXT:
	case BUD_ACT_FIND_PREV:
		b->effect = action == BUD_ACT_FIND_NEXT ? BUD_EFFECT_FIND_NEXT : BUD_EFFECT_FIND_PREV;
		break;
	case BUD_ACT_ENTER:
		b->page = b->screen == BUD_SCREEN_EPISODES ? 0 : b->page;
		b->lists[b->screen].inside = b->screen != BUD_SCREEN_SITES && b->screen != BUD_SCREEN_INFO;
		b->effect = b->screen == BUD_SCREEN_SITES ? BUD_EFFECT_TOGGLE : BUD_EFFECT_NONE;
		break;
	case BUD_ACT_BACK:
	case BUD_ACT_LEAVE:
		go_back(b, action == BUD_ACT_LEAVE);
		break;
	case BUD_ACT_EXPORT:
		b->effect = BUD_EFFECT_EXPORT;
		break;
	case BUD_ACT_COMMAND:
		b->effect = BUD_EFFECT_COMMAND;
		break;
	case BUD_ACT_MOUSE:
		b->effect = BUD_EFFECT_MOUSE;
		break;
	case BUD_ACT_HELP:
		b->help = true;
		b->help_top = 0;
		break;
	case BUD_ACT_QUIT:
		b->quit = true;
		break;
	default:
		break;
	}
}

void bud_browse_tick(bud_browse *browse, uint64_t ns)
{
	bud_browse *b = browse;
	if (!b->playing)
		return;
	unsigned __int128 played = b->speed >= 0 ? (unsigned __int128)ns << b->speed : ns >> -b->speed;
	uint64_t left = b->last_ns - b->cursor_ns;
	if (played >= left) {
		b->playing = false;
		played = left;
	}
	uint64_t t = b->cursor_ns + (uint64_t)played, width = b->end_ns - b->begin_ns;
	if (t > b->end_ns) /* the picture moves on by half */
		show(b, t > width / 2 ? t - width / 2 : 0, width);
	set_cursor(b, t);
}
