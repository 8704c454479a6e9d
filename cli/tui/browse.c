/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/tui/browse.h"

void bud_browse_init(bud_browse *browse, uint64_t first_ns, uint64_t last_ns, uint64_t begin_ns, uint64_t end_ns,
		     size_t nr_zones, bud_fold fold)
{
	*browse = (bud_browse){ .first_ns = first_ns,
				.last_ns = last_ns > first_ns ? last_ns : first_ns + 1,
				.begin_ns = begin_ns,
				.end_ns = end_ns > begin_ns ? end_ns : begin_ns + 1,
				.nr_columns = 1,
				.nr_zones = nr_zones,
				.fold = fold };
}

uint64_t bud_browse_time(const bud_browse *browse, size_t column)
{
	uint64_t width = browse->end_ns - browse->begin_ns;
	return browse->begin_ns + (uint64_t)((unsigned __int128)width * (column + 1) / browse->nr_columns);
}

static size_t column_at(const bud_browse *b, uint64_t t_ns)
{
	uint64_t width = b->end_ns - b->begin_ns;
	if (t_ns <= b->begin_ns)
		return 0;
	size_t column = (size_t)((unsigned __int128)(t_ns - b->begin_ns - 1) * b->nr_columns / width);
	return column < b->nr_columns ? column : b->nr_columns - 1;
}

void bud_browse_resize(bud_browse *browse, size_t nr_columns)
{
	uint64_t t = bud_browse_time(browse, browse->cursor);
	browse->nr_columns = nr_columns ? nr_columns : 1;
	browse->cursor = column_at(browse, t);
}

/* Shows width ns from begin on, kept inside the trace; the cursor keeps its time as far as it is visible. */
static void show(bud_browse *b, uint64_t begin, uint64_t width)
{
	uint64_t t = bud_browse_time(b, b->cursor), whole = b->last_ns - b->first_ns;
	if (width > whole)
		width = whole;
	if (width < b->nr_columns)
		width = b->nr_columns < whole ? b->nr_columns : whole;
	if (begin < b->first_ns)
		begin = b->first_ns;
	if (begin > b->last_ns - width)
		begin = b->last_ns - width;
	b->begin_ns = begin;
	b->end_ns = begin + width;
	b->cursor = column_at(b, t);
}

static void pan(bud_browse *b, bool back, uint64_t by)
{
	uint64_t width = b->end_ns - b->begin_ns;
	if (back)
		show(b, b->begin_ns - b->first_ns > by ? b->begin_ns - by : b->first_ns, width);
	else
		show(b, b->last_ns - b->end_ns > by ? b->begin_ns + by : b->last_ns - width, width);
}

/* The cursor's column stays where it is on the screen. */
static void zoom(bud_browse *b, bool in)
{
	uint64_t width = b->end_ns - b->begin_ns, t = bud_browse_time(b, b->cursor);
	uint64_t to = in ? width / 2 : width > UINT64_MAX / 2 ? width : width * 2;
	uint64_t left = (uint64_t)((unsigned __int128)to * (b->cursor + 1) / b->nr_columns);
	show(b, t > left ? t - left : 0, to ? to : 1);
}

static void centre(bud_browse *b)
{
	uint64_t width = b->end_ns - b->begin_ns, t = bud_browse_time(b, b->cursor);
	show(b, t > width / 2 ? t - width / 2 : 0, width);
}

static void step(bud_browse *b, bool back)
{
	uint64_t column = (b->end_ns - b->begin_ns) / b->nr_columns;
	if (back && b->cursor > 0)
		b->cursor--;
	else if (!back && b->cursor + 1 < b->nr_columns)
		b->cursor++;
	else if (back ? b->begin_ns > b->first_ns : b->end_ns < b->last_ns) {
		pan(b, back, column);
		b->cursor = back ? 0 : b->nr_columns - 1;
	}
}

/* Failures, OOM, direct reclaim and lost events: what one looks for. */
static bool is_trouble(const bud_column *c)
{
	return c->filled && (c->failed_allocations || c->events[BUD_EV_OOM_VICTIM] || c->events[BUD_EV_DIRECT_BEGIN] ||
			     c->events[BUD_EV_LOST]);
}

static void seek_trouble(bud_browse *b, const bud_timeline *timeline, bool back)
{
	if (!timeline || timeline->nr_columns != b->nr_columns)
		return;
	for (size_t i = b->cursor; back ? i-- > 0 : ++i < b->nr_columns;)
		if (is_trouble(&timeline->columns[i])) {
			b->cursor = i;
			return;
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

void bud_browse_act(bud_browse *browse, bud_action action, const bud_timeline *timeline)
{
	bud_browse *b = browse;
	uint64_t quarter = (b->end_ns - b->begin_ns) / 4;
	if (b->help && action != BUD_ACT_QUIT) {
		b->help = false;
		return;
	}
	switch (action) {
	case BUD_ACT_ZOOM_IN:
	case BUD_ACT_ZOOM_OUT:
		zoom(b, action == BUD_ACT_ZOOM_IN);
		break;
	case BUD_ACT_PAN_LEFT:
	case BUD_ACT_PAN_RIGHT:
		pan(b, action == BUD_ACT_PAN_LEFT, quarter);
		break;
	case BUD_ACT_CURSOR_LEFT:
	case BUD_ACT_CURSOR_RIGHT:
		step(b, action == BUD_ACT_CURSOR_LEFT);
		break;
	case BUD_ACT_FIT:
		show(b, b->first_ns, b->last_ns - b->first_ns);
		break;
	case BUD_ACT_FIRST:
		b->cursor = 0;
		break;
	case BUD_ACT_LAST:
		b->cursor = b->nr_columns - 1;
		break;
	case BUD_ACT_CENTRE:
		centre(b);
		break;
	case BUD_ACT_NEXT_ZONE:
		b->zone = b->nr_zones ? (b->zone + 1) % b->nr_zones : 0;
		break;
	case BUD_ACT_PREVIOUS_ZONE:
		b->zone = b->nr_zones ? (b->zone + b->nr_zones - 1) % b->nr_zones : 0;
		break;
	case BUD_ACT_NEXT_EVENT:
	case BUD_ACT_PREVIOUS_EVENT:
		seek_trouble(b, timeline, action == BUD_ACT_PREVIOUS_EVENT);
		break;
	case BUD_ACT_FOLD:
		b->fold = next_fold(b->fold);
		break;
	case BUD_ACT_HELP:
		b->help = true;
		break;
	case BUD_ACT_QUIT:
		b->quit = true;
		break;
	case BUD_ACT_BACK:
	case BUD_ACT_NONE:
		break;
	}
}
