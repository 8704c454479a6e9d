/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/tui/panel.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static bool in_view(const bud_view *v, uint64_t t_ns)
{
	return t_ns >= v->browse->begin_ns && t_ns <= v->browse->end_ns;
}

void bud_panel_failures(const bud_view *view, const bud_area *area)
{
	const bud_view *v = view;
	const bud_failures *list = v->scene->witness.failures;
	bud_area a = bud_view_panel(v, area, "failed allocations in view, by order");
	uint64_t counts[BUD_NR_ORDERS] = { 0 };
	const bud_failure *first[BUD_NR_ORDERS] = { 0 };
	int row = 0;
	for (size_t i = bud_witness_failure_from(&v->scene->witness, v->browse->begin_ns);
	     list && i < list->nr && in_view(v, list->failures[i].t_ns); i++) {
		const bud_failure *f = &list->failures[i];
		if (bud_view_wants_failure(v, f) && !counts[f->plea.order]++)
			first[f->plea.order] = f;
	}
	for (int k = BUD_NR_ORDERS - 1; k >= 0; k--) {
		char time[32], comm[24];
		if (!counts[k])
			continue;
		bud_area_printf(v->canvas, &a, 1, row++, BUD_ROLE_NORMAL, "%2d %4" PRIu64 "  first %s %.10s: %s", k,
				counts[k], bud_heat_time(first[k]->t_ns, v->info->clock_is_ns, 3, time, sizeof time),
				bud_filter_comm(&v->scene->world, first[k]->pid, comm, sizeof comm),
				bud_cause_name(first[k]->cause));
	}
	if (!row)
		bud_area_printf(v->canvas, &a, 1, row++, BUD_ROLE_DIM, v->scene->surveyed ? "none" : "being surveyed");
	if (list && list->nr == BUD_FAILURES_MAX)
		bud_area_printf(v->canvas, &a, 1, row, BUD_ROLE_WARN, "only the first %d are kept", BUD_FAILURES_MAX);
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
		if (!bud_view_wants_steal(v, s))
			continue;
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
