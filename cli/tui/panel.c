/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/tui/panel.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static bool in_view(const bud_view *v, uint64_t t_ns)
{
	return t_ns >= v->browse->begin_ns && t_ns <= v->browse->end_ns;
}

/* The failure at the cursor, or the last one of its column. */
static const bud_failure *failure_at(const bud_view *v)
{
	const bud_ledger *l = &v->scene->witness.ledger;
	uint64_t column = (v->browse->end_ns - v->browse->begin_ns) / v->browse->nr_columns;
	size_t i = bud_ledger_failure_from(l, v->browse->cursor_ns + 1);
	if (!i || l->failures[i - 1].t_ns + column < v->browse->cursor_ns)
		return NULL;
	return &l->failures[i - 1];
}

/* least: pages that must be free for the request to pass the marks. */
static const char *verdict(uint64_t free_pages, uint64_t suitable, uint64_t least)
{
	return free_pages < least ? "shortage" : suitable ? "held back by marks" : "fragmentation, not shortage";
}

/* The zone it wanted, as it was when the episode began; without an episode, all zones when it failed. */
static void tell_why(const bud_view *v, const bud_area *a, int x, int row, const bud_failure *f, const bud_episode *e)
{
	char free[16];
	int shift = v->kernel->page_shift;
	const bud_instant *at = &v->scene->cursor;
	if (f->order < 0 || f->order >= BUD_NR_ORDERS)
		return;
	if (e && e->zone >= 0 && e->free_pages != BUD_UNKNOWN) {
		uint64_t min = at->ready && at->samples[e->zone].known ? at->samples[e->zone].marks.min : BUD_UNKNOWN;
		bud_area_printf(v->canvas, a, x, row, BUD_ROLE_NORMAL, ": %s %s free, %" PRIu64 " blocks >=%d: %s",
				v->scene->bench->memory.zones[e->zone].name,
				bud_heat_size(e->free_pages, shift, free, sizeof free), e->suitable_blocks, f->order,
				verdict(e->free_pages, e->suitable_blocks,
					((uint64_t)1 << f->order) + (min == BUD_UNKNOWN ? 0 : min)));
	} else if (f->known) {
		bud_area_printf(
			v->canvas, a, x, row, BUD_ROLE_NORMAL, ": %s free in all zones, %" PRIu64 " blocks >=%d%s%s",
			bud_heat_size(f->free_pages, shift, free, sizeof free), f->suitable, f->order,
			f->suitable ? "" : ": ", f->suitable ? "" : verdict(f->free_pages, 0, (uint64_t)1 << f->order));
	}
}

/* "kswapd 14ms > direct 31ms > compact 22ms > failed": what the episode went through, in sums. */
static int tell_path(const bud_view *v, const bud_area *a, int row, const bud_episode *e)
{
	char kswapd[32], direct[32], compact[32];
	int x = 1;
	if (e->kswapd_ns != BUD_UNKNOWN)
		x = bud_area_printf(v->canvas, a, x, row, BUD_ROLE_NORMAL, "kswapd %s > ",
				    bud_view_duration(v, e->kswapd_ns, kswapd, sizeof kswapd));
	if (e->nr_direct)
		x = bud_area_printf(v->canvas, a, x, row, BUD_ROLE_NORMAL, "direct %s > ",
				    bud_view_duration(v, e->direct_ns, direct, sizeof direct));
	if (e->nr_compact)
		x = bud_area_printf(v->canvas, a, x, row, BUD_ROLE_NORMAL, "compact %s > ",
				    bud_view_duration(v, e->compact_ns, compact, sizeof compact));
	x = bud_area_printf(v->canvas, a, x, row, BUD_ROLE_NORMAL, "%s",
			    bud_episode_outcome_name((bud_episode_outcome)e->outcome));
	if (e->free_pages != BUD_UNKNOWN && e->order >= 0 && e->order < BUD_NR_ORDERS)
		x = bud_area_printf(v->canvas, a, x, row, BUD_ROLE_NORMAL, "   x%d %d.%03d u%d %d.%03d", e->order,
				    e->extfrag_milli < 0 ? 0 : e->extfrag_milli / 1000,
				    e->extfrag_milli < 0 ? 0 : e->extfrag_milli % 1000, e->order,
				    e->unusable_milli / 1000, e->unusable_milli % 1000);
	bud_area_printf(v->canvas, a, x, row, BUD_ROLE_DIM, "   4: the whole story");
	return row + 1;
}

static int tell_failure(const bud_view *v, const bud_area *a, int row, const bud_failure *f)
{
	char comm[24], gfp[BUD_GFP_TEXT], time[32];
	const bud_episode *e = bud_witness_ending(&v->scene->witness, f->t_ns, f->pid);
	int x = bud_area_printf(v->canvas, a, 1, row, BUD_ROLE_WARN, "FAIL order=%d %s/%d", f->order,
				bud_filter_comm(&v->scene->world, f->pid, comm, sizeof comm), f->pid);
	tell_why(v, a, x, row++, f, e);
	if (e)
		row = tell_path(v, a, row, e);
	bud_area_printf(v->canvas, a, 1, row, BUD_ROLE_NORMAL, "at %s  %s  %s",
			bud_heat_time(f->t_ns, v->info->clock_is_ns, 6, time, sizeof time),
			bud_migratetype_name((bud_migratetype)f->migratetype),
			bud_gfp_format(&v->kernel->gfp, f->gfp_flags, gfp, sizeof gfp));
	return row + 1;
}

/* Other trouble that came to its end in the cursor's column. */
static const bud_episode *episode_at(const bud_view *v)
{
	const bud_roster *r = v->roster;
	uint64_t column = (v->browse->end_ns - v->browse->begin_ns) / v->browse->nr_columns;
	const bud_episode *e = r->nr ? bud_roster_get(r, bud_roster_near(r, v->browse->cursor_ns)) : NULL;
	if (!e || !bud_witness_is_trouble(e) || e->t_end_ns > v->browse->cursor_ns ||
	    e->t_end_ns + column < v->browse->cursor_ns)
		return NULL;
	return e;
}

static int tell_episode(const bud_view *v, const bud_area *a, int row, const bud_episode *e)
{
	char comm[24], length[32];
	bud_area_printf(v->canvas, a, 1, row, bud_episode_is_bad(e) ? BUD_ROLE_WARN : BUD_ROLE_NORMAL,
			"episode %" PRIu64 ": %s order %d  %s/%d  lasted %s", e->id,
			bud_episode_kind_name((bud_episode_kind)e->kind), e->order,
			bud_filter_comm(&v->scene->world, e->pid, comm, sizeof comm), e->pid,
			bud_view_duration(v, bud_episode_dur(e), length, sizeof length));
	return tell_path(v, a, row + 1, e);
}

static int tell_where(const bud_view *v, const bud_area *a, int row)
{
	const bud_ledger *l = &v->scene->witness.ledger;
	char time[32], comm[24];
	if (!v->scene->surveyed) {
		bud_area_printf(v->canvas, a, 1, row, BUD_ROLE_DIM, "failures are told once the survey is done");
	} else if (!l->nr_failures) {
		bud_area_printf(v->canvas, a, 1, row, BUD_ROLE_DIM, "no allocation failed in this trace");
	} else {
		const bud_failure *f = l->failures;
		bud_area_printf(v->canvas, a, 1, row, BUD_ROLE_NORMAL,
				"%zu allocations failed, first at %s: order %d, %s   e: next trouble", l->nr_failures,
				bud_heat_time(f->t_ns, v->info->clock_is_ns, 3, time, sizeof time), f->order,
				bud_filter_comm(&v->scene->world, f->pid, comm, sizeof comm));
	}
	return row + 1;
}

/* "A..B": what differs between the mark and the cursor, both exactly at their instants. */
static int tell_difference(const bud_view *v, const bud_area *a, int row)
{
	const bud_instant *from = &v->scene->mark, *to = &v->scene->cursor;
	char length[32];
	if (!from->ready || !to->ready || v->browse->zone >= v->browse->nr_zones) {
		bud_area_printf(v->canvas, a, 1, row, BUD_ROLE_DIM, "A..B: being replayed");
		return row + 1;
	}
	const bud_zone_sample *x = &from->samples[v->browse->zone], *y = &to->samples[v->browse->zone];
	uint64_t apart = to->t_ns > from->t_ns ? to->t_ns - from->t_ns : from->t_ns - to->t_ns;
	int at = bud_area_printf(v->canvas, a, 1, row, BUD_ROLE_NORMAL, "A..B %s%s ", to->t_ns < from->t_ns ? "-" : "",
				 bud_view_duration(v, apart, length, sizeof length));
	if (!x->known || !y->known) {
		bud_area_printf(v->canvas, a, at, row, BUD_ROLE_WARN, "not known at both");
		return row + 1;
	}
	at = bud_area_printf(v->canvas, a, at, row, BUD_ROLE_NORMAL,
			     "free %+" PRId64 "p cached %+" PRId64 "p used %+" PRId64 "p  ",
			     (int64_t)(y->free_pages - x->free_pages), (int64_t)(y->cached_pages - x->cached_pages),
			     (int64_t)(y->used_pages - x->used_pages));
	if (a->width < 100) {
		row++;
		at = bud_area_printf(v->canvas, a, 1, row, BUD_ROLE_NORMAL, "blocks ");
	}
	for (int k = v->kernel->max_order; k >= 0; k--)
		at = bud_area_printf(v->canvas, a, at, row, BUD_ROLE_NORMAL, "%d:%+" PRId64 " ", k,
				     (int64_t)(y->nr_free[k] - x->nr_free[k]));
	return row + 1;
}

static void tell_pages(const bud_view *v, const bud_area *a, int row)
{
	char cached[16], used[16], unknown[16];
	const bud_zone_sample *s = bud_view_sample(v, v->cursor);
	int shift = v->kernel->page_shift;
	if (!s)
		bud_area_printf(v->canvas, a, 1, row, BUD_ROLE_DIM,
				"nothing is known here: no seed before this instant");
	else
		bud_area_printf(v->canvas, a, 1, row, BUD_ROLE_NORMAL, "per-CPU lists %s  used %s  used or cached %s",
				bud_heat_size(s->cached_pages, shift, cached, sizeof cached),
				bud_heat_size(s->used_pages, shift, used, sizeof used),
				bud_heat_size(s->unknown_pages, shift, unknown, sizeof unknown));
}

void bud_panel_story(const bud_view *view, const bud_area *area)
{
	const bud_view *v = view;
	const bud_failure *failure = failure_at(v);
	int row = 0;
	if (v->browse->mark_ns != BUD_TIME_NONE)
		row = tell_difference(v, area, row);
	const bud_episode *episode = failure ? NULL : episode_at(v);
	row = failure	? tell_failure(v, area, row, failure)
	      : episode ? tell_episode(v, area, row, episode)
			: tell_where(v, area, row);
	tell_pages(v, area, row);
}

void bud_panel_failures(const bud_view *view, const bud_area *area)
{
	const bud_view *v = view;
	const bud_ledger *l = &v->scene->witness.ledger;
	bud_area a = bud_view_panel(v, area, "failed allocations in view, by order");
	uint64_t counts[BUD_NR_ORDERS] = { 0 };
	const bud_failure *first[BUD_NR_ORDERS] = { 0 };
	int row = 0;
	for (size_t i = bud_ledger_failure_from(l, v->browse->begin_ns);
	     i < l->nr_failures && in_view(v, l->failures[i].t_ns); i++) {
		int k = l->failures[i].order;
		if (k < 0 || k >= BUD_NR_ORDERS)
			continue;
		if (!counts[k]++)
			first[k] = &l->failures[i];
	}
	for (int k = BUD_NR_ORDERS - 1; k >= 0; k--) {
		char time[32], comm[24];
		if (!counts[k])
			continue;
		bud_area_printf(v->canvas, &a, 1, row++, BUD_ROLE_NORMAL, "order %2d %5" PRIu64 "  first %s %s", k,
				counts[k], bud_heat_time(first[k]->t_ns, v->info->clock_is_ns, 3, time, sizeof time),
				bud_filter_comm(&v->scene->world, first[k]->pid, comm, sizeof comm));
	}
	if (!row)
		bud_area_printf(v->canvas, &a, 1, row++, BUD_ROLE_DIM, v->scene->surveyed ? "none" : "being surveyed");
	if (l->dropped)
		bud_area_printf(v->canvas, &a, 1, row, BUD_ROLE_WARN, "only the first %d are kept", BUD_LEDGER_MAX);
}

void bud_panel_steals(const bud_view *view, const bud_area *area)
{
	enum { N = BUD_NR_MIGRATETYPES + 1 };
	const bud_view *v = view;
	const bud_ledger *l = &v->scene->witness.ledger;
	bud_area a = bud_view_panel(v, area, "steals in view, by type");
	uint64_t counts[N][N] = { 0 }, claimed[N][N] = { 0 };
	int row = 0;
	for (size_t i = bud_ledger_steal_from(l, v->browse->begin_ns);
	     i < l->nr_steals && in_view(v, l->steals[i].t_ns); i++) {
		const bud_steal *s = &l->steals[i];
		counts[s->alloc_type][s->fallback_type]++;
		claimed[s->alloc_type][s->fallback_type] += s->claimed;
	}
	for (int x = 0; x < N; x++)
		for (int y = 0; y < N; y++)
			if (counts[x][y])
				bud_area_printf(v->canvas, &a, 1, row++, BUD_ROLE_NORMAL,
						"%11s from %-11s %5" PRIu64 "  %" PRIu64 " claimed",
						bud_migratetype_name((bud_migratetype)x),
						bud_migratetype_name((bud_migratetype)y), counts[x][y], claimed[x][y]);
	if (!row)
		bud_area_printf(v->canvas, &a, 1, row, BUD_ROLE_DIM, v->scene->surveyed ? "none" : "being surveyed");
}

void bud_panel_zones(const bud_view *view, const bud_area *area)
{
	const bud_view *v = view;
	const bud_memory *memory = bud_replay_memory(v->scene->bench->replay);
	int shift = v->kernel->page_shift;
	bud_area a = bud_view_panel(v, area, "zones at the cursor");
	for (size_t z = 0; z < memory->nr_zones; z++) {
		char size[16], free[16];
		bool coarse;
		const bud_zone *zone = &memory->zones[z];
		const bud_zone_sample *s = bud_scene_sample(v->scene, v->browse, v->cursor, z, &coarse);
		bud_area_printf(v->canvas, &a, 1, (int)z, z == v->browse->zone ? BUD_ROLE_SELECTED : BUD_ROLE_NORMAL,
				"n%d/%-8s %5s  free %5s %5s  +-%" PRIu64 "p", zone->node, zone->name,
				bud_heat_size(zone->managed == BUD_UNKNOWN ? zone->spanned : zone->managed, shift, size,
					      sizeof size),
				bud_heat_size(s ? s->free_pages : BUD_UNKNOWN, shift, free, sizeof free),
				bud_heat_wm_text(s ? s->wm_state : BUD_WM_UNKNOWN), s ? s->uncertain_pages : 0);
	}
}

/* A cell of several blocks shows the one with least free. */
static const bud_block *fullest(const bud_blockmap *map, size_t from, size_t nr)
{
	const bud_block *worst = NULL;
	for (size_t i = from; i < from + nr && i < map->nr; i++)
		if (map->blocks[i].size && (!worst || map->blocks[i].free < worst->free))
			worst = &map->blocks[i];
	return worst;
}

void bud_panel_strip(const bud_view *view, const bud_area *area)
{
	const bud_view *v = view;
	const bud_instant *at = &v->scene->cursor;
	bud_area a = bud_view_panel(v, area, "pageblocks at the cursor");
	if (a.height < 1 || a.width < 3)
		return;
	if (!at->ready || at->zone != v->browse->zone) {
		bud_area_printf(v->canvas, &a, 1, 0, BUD_ROLE_DIM, "being replayed");
		return;
	}
	size_t room = (size_t)(a.width - 2) * (size_t)(a.height > 1 ? a.height - 1 : 1);
	size_t each = room ? (at->map.nr + room - 1) / room : 1;
	each = each ? each : 1;
	for (size_t i = 0; i * each < at->map.nr && i < room; i++) {
		const bud_block *block = fullest(&at->map, i * each, each);
		if (block)
			bud_canvas_put(v->canvas, a.x + 1 + (int)(i % (size_t)(a.width - 2)),
				       a.y + (int)(i / (size_t)(a.width - 2)), BUD_ROLE_TYPE + block->type,
				       bud_blockmap_letter(&at->map, block));
	}
	if (a.height > 1)
		bud_area_printf(v->canvas, &a, 1, a.height - 1, BUD_ROLE_DIM,
				"%zu a cell; . free, small partly, X type ?", each);
}

static int role_of(const bud_listed_event *e)
{
	if (e->failed || e->kind == BUD_EV_OOM_VICTIM || e->kind == BUD_EV_LOST)
		return BUD_ROLE_WARN;
	return e->kind == BUD_EV_ALLOC || e->kind == BUD_EV_FREE ? BUD_ROLE_NORMAL : BUD_ROLE_DIM;
}

static void draw_event(const bud_view *v, const bud_area *a, int row, const bud_listed_event *e, bool selected)
{
	char time[32], task[32];
	const char *name = bud_event_name((bud_event_kind)e->kind);
	name += strncmp(name, "mm_", 3) == 0 ? 3 : 0;
	snprintf(task, sizeof task, "%s/%d", e->comm, e->pid);
	bud_area_printf(v->canvas, a, 0, row, selected ? BUD_ROLE_SELECTED : role_of(e), "%c%s %2u %-16.22s %-18s %s",
			selected ? '>' : ' ', bud_heat_time(e->t_ns, v->info->clock_is_ns, 6, time, sizeof time),
			e->cpu, task, name, e->text);
	if (selected)
		bud_area_role(v->canvas, a, row, BUD_ROLE_SELECTED);
}

/* The free blocks per order behind the event at the cursor. */
static void draw_state(const bud_view *v, const bud_area *a, int row)
{
	const bud_instant *at = &v->scene->cursor;
	if (!at->ready || v->browse->zone >= v->browse->nr_zones || !at->samples[v->browse->zone].known) {
		bud_area_printf(v->canvas, a, 1, row, BUD_ROLE_DIM,
				at->ready ? "free lists unknown here" : "being replayed");
		return;
	}
	int x = bud_area_printf(v->canvas, a, 1, row, BUD_ROLE_NORMAL, "then free ");
	for (int k = v->kernel->max_order; k >= 0; k--)
		x = bud_area_printf(v->canvas, a, x, row, BUD_ROLE_NORMAL, "%d:%" PRIu64 " ", k,
				    at->samples[v->browse->zone].nr_free[k]);
}

/* The row of the list that the cursor is on: the last event at or before it, less tie. */
static size_t row_at_cursor(const bud_eventlist *list, const bud_browse *b)
{
	size_t row = 0;
	while (row < list->nr && list->times[row] <= b->cursor_ns)
		row++;
	return row > b->tie ? row - 1 - b->tie : 0;
}

void bud_panel_events(const bud_view *view, const bud_area *area)
{
	const bud_view *v = view;
	const bud_eventlist *list = &v->scene->events;
	char title[160];
	snprintf(title, sizeof title, "events at the cursor%s%s", *v->filter ? ", only " : "", v->filter);
	bud_area a = bud_view_panel(v, area, title);
	if (!list->ready || !list->nr) {
		bud_area_printf(v->canvas, &a, 1, 0, BUD_ROLE_DIM,
				list->ready			     ? "none"
				: v->scene->phase == BUD_PHASE_READY ? "being read"
								     : "after the survey");
		return;
	}
	size_t row = row_at_cursor(list, v->browse), half = (size_t)(a.height > 1 ? (a.height - 1) / 2 : 0);
	size_t top = row > half ? row - half : 0, rows = (size_t)(a.height > 1 ? a.height - 1 : 0);
	if (top + rows > list->nr)
		top = list->nr > rows ? list->nr - rows : 0;
	bool any = list->times[row] <= v->browse->cursor_ns;
	for (int i = 0; i < a.height - 1 && top + (size_t)i < list->nr; i++)
		draw_event(v, &a, i, &list->events[top + (size_t)i], any && top + (size_t)i == row);
	draw_state(v, &a, a.height - 1);
}
