/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/tui/session.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/tui/export.h"

#define SLICE_NS     8000000 /* half of what a key may take to be answered */
#define SLICE_EVENTS 10000   /* between two looks at the clock */

__attribute__((format(printf, 3, 4))) static void say(bud_session *s, bool alarm, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(s->message, sizeof s->message, format, args);
	va_end(args);
	s->alarm = alarm;
	s->dirty = true;
}

static size_t first_zone(const bud_memory *memory, const bud_section_filter *filter)
{
	size_t largest = 0;
	bool found = false;
	for (size_t i = 0; i < memory->nr_zones; i++) {
		const bud_zone *z = &memory->zones[i];
		bool wanted = bud_section_wants_zone(filter, z->node, z->name);
		if ((wanted && !found) || (wanted == found && z->spanned > memory->zones[largest].spanned))
			largest = i;
		found = found || wanted;
	}
	return largest;
}

bud_status bud_session_open(bud_session *session, bud_workbench *bench, const bud_options *options,
			    const bud_keymap *keymap, int width, int height, bud_error *err)
{
	bud_session *s = session;
	uint64_t begin, end, first, last;
	bud_options whole = { 0 };
	const bud_trace_info *info = &bench->bundle->source->info;
	*s = (bud_session){ .bench = bench, .options = options, .mouse = !options->no_mouse };
	bud_keymap_init(&s->keymap);
	if (keymap)
		s->keymap = *keymap;
	bud_filter_parse(&s->find, "", &bench->kernel, err);
	bud_filter_parse(&s->filter, "", &bench->kernel, err);
	bud_options_range(&whole, info, &first, &last, err);
	bud_status status = bud_options_range(options, info, &begin, &end, err);
	if (!status)
		status = bud_scene_open(&s->scene, bench, err);
	if (status)
		return status;
	bud_browse_init(&s->browse, first, last, begin, end, bench->memory.nr_zones, &bench->kernel,
			bud_options_fold(options, BUD_FOLD_WORST));
	s->browse.zone = first_zone(&bench->memory, &options->filter);
	s->browse.palette = options->palette;
	status = bud_session_resize(s, width, height, err);
	if (status)
		bud_session_close(s);
	return status;
}

void bud_session_close(bud_session *session)
{
	bud_canvas_fini(&session->canvas);
	bud_scene_close(&session->scene);
	bud_roster_fini(&session->roster);
	bud_sitetree_fini(&session->tree);
}

bud_status bud_session_resize(bud_session *session, int width, int height, bud_error *err)
{
	bud_canvas_fini(&session->canvas);
	bud_status status = bud_canvas_init(&session->canvas, width, height, err);
	if (status)
		return status;
	bud_layout layout = bud_view_layout(session->canvas.width, session->canvas.height, session->browse.max_order);
	bud_browse_resize(&session->browse, layout.columns);
	session->dirty = true;
	return BUD_OK;
}

static bud_view view_of(bud_session *s)
{
	bud_view v;
	bud_view_init(&v, &s->canvas, &s->browse, &s->scene, &s->keymap);
	v.roster = &s->roster;
	v.tree = &s->tree;
	v.filter = s->filter_text;
	v.wanted = &s->filter;
	v.message = s->message;
	v.alarm = s->alarm;
	return v;
}

static bud_facts facts_of(bud_session *s)
{
	bud_view v = view_of(s);
	bud_facts facts = { .timeline = v.picture,
			    .episodes = s->roster.trouble,
			    .nr_episodes = s->roster.nr_trouble,
			    .events = s->scene.events.times,
			    .nr_events = s->scene.events.ready ? s->scene.events.nr : 0,
			    .page_rows = (size_t)(v.layout.main.height > 0 ? v.layout.main.height : 1) };
	if (bud_screens[s->browse.screen].measure)
		bud_screens[s->browse.screen].measure(&v, &facts);
	return facts;
}

static void start_search(bud_session *s, bool back)
{
	if (!*s->find_text) {
		say(s, true, "nothing to find: / asks for what");
		return;
	}
	bud_scene_search(&s->scene, &s->browse, &s->find, back);
	s->searched = true;
}

static void end_search(bud_session *s)
{
	const bud_search *search = &s->scene.search;
	s->searched = false;
	if (search->found_ns == BUD_TIME_NONE) {
		say(s, true, "no %s event: %s", search->back ? "earlier" : "later", s->find_text);
		return;
	}
	bud_browse_go(&s->browse, search->found_ns);
	say(s, false, "found: %s   n N again", s->find_text);
}

/* "pfn 0x16a200": the map, at that page. */
static bool go_to_page(bud_session *s, const char *text)
{
	char *end;
	uint64_t pfn = strtoull(text, &end, 0);
	const bud_zone_range *range = *end ? NULL : bud_memory_range_of(&s->bench->memory, pfn);
	if (!range)
		return false;
	size_t block = (size_t)1 << s->bench->kernel.pageblock_order;
	bud_browse *b = &s->browse;
	b->zone = (size_t)(range->zone - s->bench->memory.zones);
	b->screen = BUD_SCREEN_PFN;
	b->lists[BUD_SCREEN_PFN].row = (size_t)((pfn - (range->zone->start_pfn & ~((uint64_t)block - 1))) / block);
	b->lists[BUD_SCREEN_PFN].inside = true;
	b->page = (size_t)(pfn & (block - 1));
	return true;
}

static bool go_to_episode(bud_session *s, const char *text)
{
	char *end;
	uint64_t number = strtoull(text, &end, 10);
	const bud_episode *e = *end || !s->roster.list ? NULL : bud_episode_list_find(s->roster.list, number);
	if (!e)
		return false;
	bud_browse_go(&s->browse, e->t_end_ns);
	return true;
}

static bool accept_goto(bud_session *s, const char *text)
{
	bud_error err;
	uint64_t t;
	if (strncmp(text, "pfn ", 4) == 0) {
		if (go_to_page(s, text + 4))
			return true;
		say(s, true, "no zone has that page");
	} else if (strncmp(text, "episode ", 8) == 0) {
		if (go_to_episode(s, text + 8))
			return true;
		say(s, true, "there are %zu episodes", s->roster.list ? s->roster.list->nr : 0);
	} else if (bud_options_when(text, &s->bench->bundle->source->info, &t, &err)) {
		say(s, true, "expected 55.2s, +5s, 50%%, pfn 0x16a200 or episode 7");
	} else {
		bud_browse_go(&s->browse, t);
		return true;
	}
	return false;
}

/* Whoever asks for a zone wants to see it. */
static void follow_filter(bud_session *s)
{
	const bud_memory *memory = &s->bench->memory;
	const bud_zone *shown = s->browse.zone < memory->nr_zones ? &memory->zones[s->browse.zone] : NULL;
	if ((!*s->filter.zone && s->filter.node < 0) || (shown && bud_filter_wants_zone(&s->filter, shown)))
		return;
	for (size_t i = 0; i < memory->nr_zones; i++)
		if (bud_filter_wants_zone(&s->filter, &memory->zones[i]))
			s->browse.zone = i;
}

/* What was typed is done; false: it means nothing, and the prompt stays. */
static bool accept_prompt(bud_session *s)
{
	bud_browse *b = &s->browse;
	bud_error err;
	bud_filter parsed;
	if (b->prompt == BUD_PROMPT_GOTO)
		return !*b->text || accept_goto(s, b->text);
	if (bud_filter_parse(&parsed, b->text, &s->bench->kernel, &err)) {
		say(s, true, "%s", err.text);
		return false;
	}
	if (b->prompt == BUD_PROMPT_FIND) {
		if (*b->text) {
			s->find = parsed;
			snprintf(s->find_text, sizeof s->find_text, "%s", b->text);
		}
		start_search(s, false);
	} else {
		s->filter = parsed;
		snprintf(s->filter_text, sizeof s->filter_text, "%s", b->text);
		bud_scene_set_filter(&s->scene, &s->filter);
		s->listed = s->tree.ready = false;
		follow_filter(s);
	}
	return true;
}

static void type(bud_session *s, int key)
{
	bud_browse *b = &s->browse;
	size_t length = strlen(b->text);
	*s->message = '\0';
	if (key == BUD_KEY_ENTER) {
		if (accept_prompt(s))
			b->prompt = BUD_PROMPT_NONE;
	} else if (key == BUD_KEY_ESC) {
		b->prompt = BUD_PROMPT_NONE;
	} else if (key == BUD_KEY_BACKSPACE) {
		if (length)
			b->text[length - 1] = '\0';
		else
			b->prompt = BUD_PROMPT_NONE;
	} else if (key >= 0x20 && key < 0x7f && length + 1 < sizeof b->text) {
		b->text[length] = (char)key;
		b->text[length + 1] = '\0';
	}
}

static void export_view(bud_session *s)
{
	char names[200];
	bud_error err;
	if (s->scene.phase != BUD_PHASE_READY) {
		say(s, true, "after the survey");
		return;
	}
	bud_session_draw(s);
	bud_view v = view_of(s);
	if (bud_scene_seek(&s->scene, &s->browse, &err) || bud_export_view(&v, names, sizeof names, &err))
		say(s, true, "%s", err.text);
	else
		say(s, false, "written: %s", names);
}

static bud_status do_effect(bud_session *s, bud_error *err)
{
	bud_view v = view_of(s);
	switch (s->browse.effect) {
	case BUD_EFFECT_FIND_NEXT:
	case BUD_EFFECT_FIND_PREV:
		start_search(s, s->browse.effect == BUD_EFFECT_FIND_PREV);
		break;
	case BUD_EFFECT_EXPORT:
		export_view(s);
		break;
	case BUD_EFFECT_COMMAND:
		bud_export_command(&v, s->options, s->command, sizeof s->command);
		say(s, false, "%s", s->command);
		break;
	case BUD_EFFECT_BREAK_OFF:
		s->searched = false;
		return bud_scene_break_off(&s->scene, err);
	case BUD_EFFECT_MOUSE:
		s->mouse = !s->mouse;
		say(s, false, s->mouse ? "mouse on" : "mouse off: the terminal's own selection works");
		break;
	case BUD_EFFECT_TOGGLE:
		bud_sitetree_toggle(&s->tree, s->browse.lists[BUD_SCREEN_SITES].row);
		break;
	case BUD_EFFECT_NONE:
		break;
	}
	return BUD_OK;
}

/* The instant under a cell of the picture; false elsewhere. */
static bool time_at(const bud_session *s, int x, int y, uint64_t *t_ns)
{
	bud_layout l = bud_view_layout(s->canvas.width, s->canvas.height, s->browse.max_order);
	bool picture = bud_browse_where(&s->browse) & BUD_ON_TIME;
	if (!picture || l.extent != BUD_EXTENT_FULL || x < BUD_VIEW_LEFT || y < l.body.y ||
	    (size_t)(x - BUD_VIEW_LEFT) >= s->browse.nr_columns)
		return false;
	*t_ns = bud_browse_time(&s->browse, (size_t)(x - BUD_VIEW_LEFT));
	return true;
}

static void on_mouse(bud_session *s, const bud_mouse *mouse)
{
	bud_browse *b = &s->browse;
	bud_facts facts = facts_of(s);
	uint64_t t;
	if (mouse->what == BUD_MOUSE_CLICK && mouse->y == 1) { /* a tab */
		for (int i = 0, x = 1; i < BUD_NR_SCREENS; i++) {
			int width = 2 + (int)strlen(bud_screens[i].name);
			if (mouse->x >= x && mouse->x < x + width)
				bud_browse_act(b, (bud_action)(BUD_ACT_SCREEN_1 + i), &facts);
			x += width + 1;
		}
		return;
	}
	if (!time_at(s, mouse->x, mouse->y, &t))
		return;
	if (mouse->what == BUD_MOUSE_DRAG && !s->dragging)
		b->mark_ns = b->cursor_ns;
	s->dragging = mouse->what == BUD_MOUSE_DRAG;
	bud_browse_go(b, t);
	if (mouse->what == BUD_MOUSE_WHEEL_UP || mouse->what == BUD_MOUSE_WHEEL_DOWN)
		bud_browse_act(b, mouse->what == BUD_MOUSE_WHEEL_UP ? BUD_ACT_ZOOM_IN : BUD_ACT_ZOOM_OUT, &facts);
}

/* On the list of episodes the row and the cursor go together; elsewhere the row follows. */
static void follow_cursor(bud_session *s)
{
	bud_list_state *list = &s->browse.lists[BUD_SCREEN_EPISODES];
	const bud_episode *e = bud_roster_get(&s->roster, list->row);
	if (!e || e->t_end_ns != s->browse.cursor_ns)
		list->row = bud_roster_near(&s->roster, s->browse.cursor_ns);
}

static void follow_row(bud_session *s)
{
	const bud_episode *e = bud_roster_get(&s->roster, s->browse.lists[BUD_SCREEN_EPISODES].row);
	if (e && s->browse.screen == BUD_SCREEN_EPISODES) {
		bud_browse_go(&s->browse, e->t_end_ns);
		s->browse.page = 0;
	}
}

bud_status bud_session_key(bud_session *session, int key, const bud_mouse *mouse, bud_error *err)
{
	bud_session *s = session;
	bud_browse *b = &s->browse;
	s->dirty = s->touched = true;
	if (key == BUD_KEY_MOUSE) {
		on_mouse(s, mouse);
		return BUD_OK;
	}
	if (b->prompt) {
		type(s, key);
		return BUD_OK;
	}
	*s->message = '\0';
	bud_action action = bud_keymap_action(&s->keymap, key, bud_browse_where(b));
	if (key == BUD_KEY_ESC && s->scene.phase != BUD_PHASE_READY && !b->help)
		return bud_scene_break_off(&s->scene, err);
	bud_facts facts = facts_of(s);
	uint64_t cursor_ns = b->cursor_ns;
	size_t row = b->lists[BUD_SCREEN_EPISODES].row;
	bud_browse_act(b, action, &facts);
	if (row != b->lists[BUD_SCREEN_EPISODES].row)
		follow_row(s);
	else
		follow_cursor(s);
	if ((action == BUD_ACT_NEXT_EPISODE || action == BUD_ACT_PREV_EPISODE) && b->cursor_ns == cursor_ns)
		say(s, false,
		    action == BUD_ACT_NEXT_EPISODE ? "no trouble behind the cursor" : "no trouble before the cursor");
	return do_effect(s, err);
}

void bud_session_tick(bud_session *session, uint64_t ns)
{
	if (!session->browse.playing)
		return;
	bud_browse_tick(&session->browse, ns);
	session->dirty = true;
}

/* Whoever has not gone anywhere yet is shown the first failure of a high order, or else of any, and its zone. */
static void show_trouble(bud_session *s)
{
	const bud_failures *list = s->scene.witness.failures;
	size_t i = bud_witness_failure_from(&s->scene.witness, s->browse.begin_ns), chosen = i;
	while (chosen < list->nr && !list->failures[chosen].plea.order)
		chosen++;
	chosen = chosen < list->nr && list->failures[chosen].t_ns <= s->browse.end_ns ? chosen : i;
	if (chosen == list->nr || list->failures[chosen].t_ns > s->browse.end_ns || s->touched)
		return;
	const bud_failure *f = &list->failures[chosen];
	const bud_answer *answer = bud_witness_answer(&s->scene.witness, f);
	const bud_section_filter *asked = &s->options->filter;
	const bud_zone *zone = answer && asked->node < 0 && !asked->zone
				       ? bud_memory_find(&s->bench->memory, answer->node, answer->name)
				       : NULL;
	bud_browse_go(&s->browse, f->t_ns);
	if (zone)
		s->browse.zone = (size_t)(zone - s->bench->memory.zones);
}

/* Lists of what the survey and the owners tell, made anew where filter, order or instant are others. */
static bud_status make_lists(bud_session *s, bud_error *err)
{
	bud_witness *w = &s->scene.witness;
	const bud_browse *b = &s->browse;
	bool first = !s->roster.list;
	unsigned by = b->lists[BUD_SCREEN_EPISODES].sort % BUD_NR_ROSTER_COLUMNS;
	unsigned key = b->lists[BUD_SCREEN_SITES].sort % BUD_NR_SITES_KEYS;
	bud_status status = BUD_OK;
	if (s->scene.phase != BUD_PHASE_READY)
		return BUD_OK;
	if (!s->listed || s->roster.sort != by) {
		status = bud_roster_make(&s->roster, w, &s->scene.world, &s->filter, (bud_roster_column)by, err);
		s->listed = true;
		follow_cursor(s);
	}
	if (!status && w->owned &&
	    (!s->tree.ready || s->tree.key != key || s->tree.t_ns != w->owned_ns ||
	     s->tree.compared_ns != w->compared_ns || s->tree.noted_ns != w->noted_ns))
		status = bud_sitetree_make(&s->tree, w, (bud_sitetree_key)key, err);
	if (first)
		show_trouble(s);
	return status;
}

bud_status bud_session_work(bud_session *session, uint64_t budget, bool *idle, bud_error *err)
{
	bud_session *s = session;
	uint64_t cursor_ns = s->browse.cursor_ns;
	bud_status status = bud_scene_show(&s->scene, &s->browse, err);
	if (!status)
		status = bud_scene_work(&s->scene, &s->browse, budget, idle, err);
	if (!status)
		status = make_lists(s, err);
	if (s->searched && !s->scene.searching)
		end_search(s);
	*idle = *idle && s->browse.cursor_ns == cursor_ns;
	s->dirty = true;
	return status;
}

bud_status bud_session_slice(bud_session *session, bool *idle, bud_error *err)
{
	struct timespec begin, now;
	bud_status status = BUD_OK;
	long ns = 0;
	*idle = false;
	clock_gettime(CLOCK_MONOTONIC, &begin);
	while (!status && !*idle && ns < SLICE_NS) {
		status = bud_session_work(session, SLICE_EVENTS, idle, err);
		clock_gettime(CLOCK_MONOTONIC, &now);
		ns = (now.tv_sec - begin.tv_sec) * 1000000000 + now.tv_nsec - begin.tv_nsec;
	}
	return status;
}

void bud_session_draw(bud_session *session)
{
	bud_view v = view_of(session);
	bud_screen_show(&v);
	session->dirty = false;
}
