/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/tui/panel.h"
#include "cli/tui/screen.h"

#define NAME_WIDTH 30 /* of a part, before its bar */

static int list_rows(const bud_area *a)
{
	return a->height > 2 ? a->height - 2 : 1;
}

static bool is_inside(const bud_view *v)
{
	return v->browse->lists[BUD_SCREEN_EPISODES].inside;
}

void bud_screen_episodes_measure(const bud_view *view, bud_facts *facts)
{
	const bud_episode *e = bud_roster_get(view->roster, view->browse->lists[BUD_SCREEN_EPISODES].row);
	facts->nr_rows = is_inside(view) && e ? e->nr_parts + 1 : view->roster->nr;
	facts->page_rows = (size_t)list_rows(&view->layout.body);
}

static const char *zone_text(const bud_view *v, const bud_episode *e, char *text, size_t size)
{
	const bud_memory *memory = &v->scene->bench->memory;
	if (e->zone >= 0 && (size_t)e->zone < memory->nr_zones)
		snprintf(text, size, "n%d/%s", memory->zones[e->zone].node, memory->zones[e->zone].name);
	else if (e->node >= 0)
		snprintf(text, size, "n%d", e->node);
	else
		snprintf(text, size, "?");
	return text;
}

static const char *order_text(const bud_episode *e, char *text, size_t size)
{
	if (e->order < 0 || e->order >= BUD_NR_ORDERS)
		snprintf(text, size, "-");
	else
		snprintf(text, size, "%d", e->order);
	return text;
}

static int role_of(const bud_episode *e)
{
	return bud_episode_is_bad(e) ? BUD_ROLE_WARN : bud_witness_is_trouble(e) ? BUD_ROLE_NORMAL : BUD_ROLE_DIM;
}

static void draw_row(const bud_view *v, const bud_area *a, int row, const bud_episode *e, bool selected)
{
	char time[32], length[32], order[8], direct[32], compact[32], comm[24], task[40], zone[24];
	snprintf(task, sizeof task, "%s/%d", bud_filter_comm(&v->scene->world, e->pid, comm, sizeof comm), e->pid);
	bud_area_printf(v->canvas, a, 0, row, selected ? BUD_ROLE_SELECTED : role_of(e),
			"%c%5" PRIu64 " %13s %7s %3s %7s %7s %-10s %-9s %-14s %s", selected ? '>' : ' ', e->id,
			bud_heat_time(e->t_start_ns, v->info->clock_is_ns, 6, time, sizeof time),
			bud_episode_has_end(e) ? bud_view_duration(v, bud_episode_dur(e), length, sizeof length) : "?",
			order_text(e, order, sizeof order),
			e->direct_ns ? bud_view_duration(v, e->direct_ns, direct, sizeof direct) : "-",
			e->compact_ns ? bud_view_duration(v, e->compact_ns, compact, sizeof compact) : "-",
			bud_episode_outcome_name((bud_episode_outcome)e->outcome),
			bud_episode_kind_name((bud_episode_kind)e->kind), task, zone_text(v, e, zone, sizeof zone));
	if (selected)
		bud_area_role(v->canvas, a, row, BUD_ROLE_SELECTED);
}

static size_t top_of(size_t row, size_t nr, size_t rows)
{
	if (nr <= rows || row < rows / 2)
		return 0;
	return row - rows / 2 + rows < nr ? row - rows / 2 : nr - rows;
}

void bud_panel_episodes(const bud_view *view, const bud_area *area)
{
	const bud_view *v = view;
	const bud_roster *r = v->roster;
	char title[200];
	bool here = v->browse->screen == BUD_SCREEN_EPISODES;
	snprintf(title, sizeof title, "%zu episodes by %s%s%s", r->nr, bud_roster_head(r->sort),
		 *v->filter ? ", only " : "", v->filter);
	bud_area a = bud_view_panel(v, area, title);
	bud_area_printf(v->canvas, &a, 0, 0, BUD_ROLE_DIM, "  %4s %13s %7s %3s %7s %7s %-10s %-9s %-14s %s", "id",
			"begins", "lasted", "ord", "direct", "compact", "outcome", "kind", "task", "zone");
	if (!r->list || !r->nr) {
		bud_area_printf(v->canvas, &a, 1, 1, BUD_ROLE_DIM, !r->list ? "after the survey" : "none");
		return;
	}
	size_t row = here ? v->browse->lists[BUD_SCREEN_EPISODES].row : bud_roster_near(r, v->browse->cursor_ns);
	size_t rows = (size_t)(a.height > 1 ? a.height - 1 : 0);
	row = row < r->nr ? row : r->nr - 1;
	size_t top = top_of(row, r->nr, rows);
	for (size_t i = 0; i < rows && top + i < r->nr; i++)
		draw_row(v, &a, 1 + (int)i, bud_roster_get(r, top + i), top + i == row);
}

/* What a part came to, in words. */
static void part_text(const bud_view *v, const bud_episode_part *p, char *text, size_t size)
{
	switch ((bud_episode_part_kind)p->kind) {
	case BUD_PART_DIRECT:
	case BUD_PART_NODE_RECLAIM:
	case BUD_PART_MEMCG_RECLAIM:
		if (p->value == BUD_UNKNOWN)
			snprintf(text, size, "? pages");
		else
			snprintf(text, size, "%" PRIu64 " pages", p->value);
		break;
	case BUD_PART_COMPACT:
	case BUD_PART_UNSUITABLE:
		snprintf(text, size, "%s%s", bud_episode_compact_result(p->result),
			 p->kind == BUD_PART_COMPACT && p->value == 1 ? ", sync" : "");
		break;
	case BUD_PART_COMPACT_TRY:
		snprintf(text, size, "priority %d", p->result);
		break;
	case BUD_PART_RECLAIM_RETRY:
	case BUD_PART_COMPACT_RETRY:
		snprintf(text, size, p->result ? "again" : "gives up");
		break;
	case BUD_PART_KILL:
		snprintf(text, size, "pid %d", p->result);
		break;
	case BUD_PART_ROUND:
		snprintf(text, size, "order %d", p->result);
		break;
	case BUD_PART_GAP:
		snprintf(text, size, "%" PRIu64, p->value);
		break;
	default:
		*text = '\0';
		break;
	}
	if (p->zone >= 0 && (size_t)p->zone < v->scene->bench->memory.nr_zones) {
		size_t used = strlen(text);
		const bud_zone *zone = &v->scene->bench->memory.zones[p->zone];
		snprintf(text + used, size - used, "%sn%d/%s", used ? " " : "", zone->node, zone->name);
	}
}

static int place(uint64_t t, const bud_episode *e, int width)
{
	uint64_t whole = bud_episode_dur(e) ? bud_episode_dur(e) : 1;
	uint64_t at = t > e->t_start_ns ? t - e->t_start_ns : 0;
	unsigned __int128 x = (unsigned __int128)at * (unsigned)(width - 1) / whole;
	return x < (unsigned)width ? (int)x : width - 1;
}

static void draw_part(const bud_view *v, const bud_area *a, int row, const bud_episode *e, const bud_episode_part *p)
{
	char offset[32], length[32], text[64];
	int width = a->width - NAME_WIDTH - 30;
	uint64_t end = p->dur_ns == BUD_UNKNOWN ? e->t_end_ns : p->t_ns + p->dur_ns;
	bool long_one = p->dur_ns != 0;
	bud_area_printf(v->canvas, a, 1, row, BUD_ROLE_NORMAL, "+%-8s %-15s %7s",
			bud_view_duration(v, p->t_ns - e->t_start_ns, offset, sizeof offset),
			bud_episode_part_name((bud_episode_part_kind)p->kind),
			long_one ? bud_view_duration(v, p->dur_ns, length, sizeof length) : "");
	if (width > 4) {
		int from = place(p->t_ns, e, width), to = place(end, e, width);
		for (int x = from; x <= to; x++)
			bud_canvas_put(v->canvas, a->x + NAME_WIDTH + 5 + x, a->y + row,
				       long_one ? BUD_ROLE_SELECTED : BUD_ROLE_NORMAL, long_one ? '=' : '|');
	}
	part_text(v, p, text, sizeof text);
	bud_area_printf(v->canvas, a, NAME_WIDTH + 5 + (width > 4 ? width : 0) + 1, row, BUD_ROLE_NORMAL, "%s", text);
}

static int tell_request(const bud_view *v, const bud_area *a, int row, const bud_episode *e)
{
	char gfp[BUD_GFP_TEXT], comm[24], site[BUD_SITE_TEXT], time[32], length[32], order[8], zone[24];
	bud_area_printf(v->canvas, a, 1, row++, role_of(e), "episode %" PRIu64 " %s: %s order %s %s/%d %s, %s at %s",
			e->id, bud_episode_outcome_name((bud_episode_outcome)e->outcome),
			bud_episode_kind_name((bud_episode_kind)e->kind), order_text(e, order, sizeof order),
			bud_filter_comm(&v->scene->world, e->pid, comm, sizeof comm), e->pid,
			zone_text(v, e, zone, sizeof zone),
			bud_episode_has_end(e) ? bud_view_duration(v, bud_episode_dur(e), length, sizeof length) : "?",
			bud_heat_time(e->t_start_ns, v->info->clock_is_ns, 6, time, sizeof time));
	if (e->has_gfp)
		bud_area_printf(v->canvas, a, 1, row++, BUD_ROLE_NORMAL, "%s  %s",
				bud_migratetype_name((bud_migratetype)e->migratetype),
				bud_gfp_format(&v->kernel->gfp, e->gfp_flags, gfp, sizeof gfp));
	const bud_site *known = bud_site_get(v->scene->witness.sites, e->site);
	if (known && known->ip)
		bud_area_printf(v->canvas, a, 1, row++, BUD_ROLE_NORMAL, "site %s",
				bud_site_name(v->scene->witness.sites, e->site, site, sizeof site));
	if (e->lossy)
		bud_area_printf(v->canvas, a, 1, row++, BUD_ROLE_WARN,
				"events were lost inside it: parts may be missing");
	return row;
}

/* The zone it wanted, when it began. */
static int tell_zone(const bud_view *v, const bud_area *a, int row, const bud_episode *e)
{
	char free[16], zone[24];
	if (e->free_pages == BUD_UNKNOWN || e->order < 0 || e->order >= BUD_NR_ORDERS)
		return row;
	int x = bud_area_printf(v->canvas, a, 1, row, BUD_ROLE_NORMAL,
				"began with %s: %s free, %" PRIu64 " blocks >=%d, unusable %d.%03d",
				zone_text(v, e, zone, sizeof zone),
				bud_heat_size(e->free_pages, v->kernel->page_shift, free, sizeof free),
				e->suitable_blocks, e->order, e->unusable_milli / 1000, e->unusable_milli % 1000);
	if (e->extfrag_milli >= 0)
		bud_area_printf(v->canvas, a, x, row, BUD_ROLE_NORMAL, ", extfrag %d.%03d", e->extfrag_milli / 1000,
				e->extfrag_milli % 1000);
	return row + 1;
}

/* Why it failed, as explain says. */
static int tell_verdict(const bud_view *v, const bud_area *a, int row, const bud_episode *e)
{
	const bud_failure *f = bud_witness_failure_of(&v->scene->witness, e);
	if (!f)
		return row;
	bud_area_printf(v->canvas, a, 1, row, BUD_ROLE_WARN, "%s%s: %s", bud_cause_name(f->cause),
			f->unsure ? " (not surely)" : "", bud_cause_text(f->cause));
	return bud_panel_answer(v, a, row + 1, f);
}

static void draw_waterfall(const bud_view *v, bud_area a, const bud_episode *e)
{
	char length[32];
	int row = tell_request(v, &a, 0, e);
	row = tell_zone(v, &a, row, e);
	row = tell_verdict(v, &a, row, e);
	bud_view_cut(&a, row);
	bud_area b = bud_view_panel(v, &a, "what it went through");
	const bud_episode_part *parts = bud_episode_list_parts(v->roster->list, e);
	size_t top = v->browse->page < e->nr_parts ? v->browse->page : e->nr_parts ? e->nr_parts - 1 : 0;
	for (int i = 0; i < b.height - 1 && top + (size_t)i < e->nr_parts; i++)
		draw_part(v, &b, i, e, &parts[top + (size_t)i]);
	if (!e->nr_parts)
		bud_area_printf(v->canvas, &b, 1, 0, BUD_ROLE_DIM, "nothing: it failed at once");
	int x = bud_area_printf(v->canvas, &b, 1, b.height - 1, BUD_ROLE_DIM, "%u parts", e->nr_parts);
	if (e->parts_dropped)
		x = bud_area_printf(v->canvas, &b, x, b.height - 1, BUD_ROLE_WARN, ", %u more not kept",
				    e->parts_dropped);
	if (e->kind == BUD_EPISODE_REQUEST && e->kswapd_ns != BUD_UNKNOWN)
		bud_area_printf(v->canvas, &b, x, b.height - 1, BUD_ROLE_DIM, "; kswapd was awake for %s of it",
				bud_view_duration(v, e->kswapd_ns, length, sizeof length));
}

void bud_screen_episodes_draw(const bud_view *view)
{
	const bud_view *v = view;
	const bud_episode *e = bud_roster_get(v->roster, v->browse->lists[BUD_SCREEN_EPISODES].row);
	bud_area a = v->layout.body;
	if (is_inside(v) && e) {
		draw_waterfall(v, a, e);
		return;
	}
	if (e && a.height >= 26) { /* both */
		bud_area list = bud_view_cut(&a, a.height / 2);
		bud_panel_episodes(v, &list);
		draw_waterfall(v, a, e);
		return;
	}
	bud_panel_episodes(v, &a);
	if (v->roster->list && v->roster->list->dropped)
		bud_area_printf(v->canvas, &a, 1, a.height - 1, BUD_ROLE_WARN,
				"%" PRIu64 " more were not kept for want of room", v->roster->list->dropped);
}
