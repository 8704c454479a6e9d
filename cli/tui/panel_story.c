/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <stdlib.h>

#include "cli/tui/panel.h"

const bud_failure *bud_panel_failure(const bud_view *view)
{
	const bud_view *v = view;
	const bud_failures *list = v->scene->witness.failures;
	uint64_t column = (v->browse->end_ns - v->browse->begin_ns) / v->browse->nr_columns;
	for (size_t i = bud_witness_failure_from(&v->scene->witness, v->browse->cursor_ns + 1); i-- > 0;) {
		const bud_failure *f = &list->failures[i];
		if (f->t_ns + column < v->browse->cursor_ns)
			return NULL;
		if (bud_view_wants_failure(v, f))
			return f;
	}
	return NULL;
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

/* "fragmentation (not surely): enough is free, but not in one piece" */
static void tell_cause(const bud_view *v, const bud_area *a, int x, int row, const bud_failure *f)
{
	bud_area_printf(v->canvas, a, x, row, BUD_ROLE_NORMAL, "%s%s: %s", bud_cause_name(f->cause),
			f->unsure ? " (not surely)" : "", bud_cause_text(f->cause));
}

int bud_panel_answer(const bud_view *view, const bud_area *area, int row, const bud_failure *failure)
{
	const bud_view *v = view;
	const bud_answer *answer = bud_witness_answer(&v->scene->witness, failure);
	int order = failure->plea.order, role = BUD_ROLE_NORMAL;
	if (!answer || answer->cause == BUD_CAUSE_UNKNOWN)
		return row;
	int64_t spare = bud_explain_spare(answer);
	int x = bud_area_printf(v->canvas, area, 1, row, role, "n%d/%s: %" PRIu64 "p free", answer->node, answer->name,
				answer->free);
	if (answer->uncertain)
		x = bud_area_printf(v->canvas, area, x, row, BUD_ROLE_WARN, " +-%" PRIu64, answer->uncertain);
	x = bud_area_printf(v->canvas, area, x, row, role, " - %" PRIu64 " %s %" PRId64 " min", answer->held,
			    spare > 0 ? ">" : "<=", answer->mark);
	if (answer->reserve)
		x = bud_area_printf(v->canvas, area, x, row, role, " + %" PRIu64 " reserve", answer->reserve);
	if (!order)
		return row + 1;
	if (answer->blocks)
		bud_area_printf(v->canvas, area, x, row, role, "; %" PRIu64 " blocks >=%d%s", answer->blocks, order,
				answer->usable ? "" : ", of types it may not take");
	else
		bud_area_printf(v->canvas, area, x, row, role, "; no block >=%d, largest %d; x%d %d.%03d", order,
				answer->largest, order, answer->extfrag_milli / 1000, answer->extfrag_milli % 1000);
	return row + 1;
}

static int tell_failure(const bud_view *v, const bud_area *a, int row, const bud_failure *f)
{
	char comm[24], gfp[BUD_GFP_TEXT], time[32];
	const bud_episode *e = bud_witness_ending(&v->scene->witness, f->t_ns, f->pid);
	int x = bud_area_printf(v->canvas, a, 1, row, BUD_ROLE_WARN, "FAIL order %d %.10s/%d: ", f->plea.order,
				bud_filter_comm(&v->scene->world, f->pid, comm, sizeof comm), f->pid);
	tell_cause(v, a, x, row++, f);
	row = bud_panel_answer(v, a, row, f);
	if (e)
		row = tell_path(v, a, row, e);
	bud_area_printf(v->canvas, a, 1, row, BUD_ROLE_NORMAL, "at %s  %s  %s",
			bud_heat_time(f->t_ns, v->info->clock_is_ns, 6, time, sizeof time),
			bud_migratetype_name(f->plea.type),
			bud_gfp_format(&v->kernel->gfp, f->plea.gfp_flags, gfp, sizeof gfp));
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
	const bud_failures *list = v->scene->witness.failures;
	char time[32], comm[24];
	size_t nr = 0;
	const bud_failure *first = NULL;
	for (size_t i = 0; v->scene->surveyed && i < list->nr; i++)
		if (bud_view_wants_failure(v, &list->failures[i]) && !nr++)
			first = &list->failures[i];
	if (!v->scene->surveyed)
		bud_area_printf(v->canvas, a, 1, row, BUD_ROLE_DIM, "failures are told once the survey is done");
	else if (!first)
		bud_area_printf(v->canvas, a, 1, row, BUD_ROLE_DIM, "no allocation%s failed in this trace",
				*v->filter ? " like these" : "");
	else
		bud_area_printf(v->canvas, a, 1, row, BUD_ROLE_NORMAL,
				"%zu failed, first at %s: order %d, %.10s: %s   e: next trouble", nr,
				bud_heat_time(first->t_ns, v->info->clock_is_ns, 3, time, sizeof time),
				first->plea.order, bud_filter_comm(&v->scene->world, first->pid, comm, sizeof comm),
				bud_cause_name(first->cause));
	return row + 1;
}

/* Who holds more, and who less: those that changed most. */
static int tell_owners(const bud_view *v, const bud_area *a, int row)
{
	const bud_sitetree *t = v->tree;
	int x = bud_area_printf(v->canvas, a, 1, row, BUD_ROLE_NORMAL, "owners in all zones  ");
	if (!bud_view_has_change(v)) {
		bud_area_printf(v->canvas, a, x, row, BUD_ROLE_DIM,
				v->scene->phase == BUD_PHASE_READY ? "being replayed" : "after the survey");
		return row + 1;
	}
	uint64_t above = UINT64_MAX;
	for (int shown = 0; shown < 8;) {
		uint64_t most = 0;
		for (uint32_t i = t->nodes[0].first; i; i = t->nodes[i].next) {
			uint64_t change = (uint64_t)llabs(t->nodes[i].change);
			most = change < above && change > most ? change : most;
		}
		if (!most)
			break;
		for (uint32_t i = t->nodes[0].first; i; i = t->nodes[i].next) {
			char change[20];
			if ((uint64_t)llabs(t->nodes[i].change) != most || shown++ >= 8)
				continue;
			x = bud_area_printf(v->canvas, a, x, row, BUD_ROLE_NORMAL, "%s %.16s  ",
					    bud_view_change(v, t->nodes[i].change, change, sizeof change),
					    t->nodes[i].label);
		}
		above = most;
	}
	if (above == UINT64_MAX)
		bud_area_printf(v->canvas, a, x, row, BUD_ROLE_NORMAL, "none that the trace knows of changed");
	return row + 1;
}

static int tell_blocks(const bud_view *v, const bud_area *a, int row, const bud_zone_sample *from,
		       const bud_zone_sample *to)
{
	int x = bud_area_printf(v->canvas, a, 1, row, BUD_ROLE_NORMAL, "blocks ");
	for (int k = v->kernel->max_order; k >= 0; k--)
		x = bud_area_printf(v->canvas, a, x, row, BUD_ROLE_NORMAL, "%d:%+" PRId64 " ", k,
				    (int64_t)(to->nr_free[k] - from->nr_free[k]));
	return row + 1;
}

/* What differs between the mark and the cursor, both exactly at their instants. */
static int tell_difference(const bud_view *v, const bud_area *a, int row)
{
	const bud_instant *from = &v->scene->mark, *to = &v->scene->cursor;
	char length[32], free[20], cached[20], used[20];
	if (!from->ready || !to->ready || v->browse->zone >= v->browse->nr_zones) {
		bud_area_printf(v->canvas, a, 1, row, BUD_ROLE_DIM, "-- A..B: being replayed");
		return row + 1;
	}
	const bud_zone_sample *x = &from->samples[v->browse->zone], *y = &to->samples[v->browse->zone];
	uint64_t apart = to->t_ns > from->t_ns ? to->t_ns - from->t_ns : from->t_ns - to->t_ns;
	int at = bud_area_printf(v->canvas, a, 1, row, BUD_ROLE_NORMAL, "-- from A to the cursor: %s%s  ",
				 to->t_ns < from->t_ns ? "-" : "", bud_view_duration(v, apart, length, sizeof length));
	if (!x->known || !y->known) {
		bud_area_printf(v->canvas, a, at, row, BUD_ROLE_WARN, "not known at both");
		return row + 1;
	}
	bud_area_printf(
		v->canvas, a, at, row, BUD_ROLE_NORMAL, "free %s  per-CPU %s  used %s",
		bud_heat_change((int64_t)(y->free_pages - x->free_pages), v->kernel->page_shift, free, sizeof free),
		bud_heat_change((int64_t)(y->cached_pages - x->cached_pages), v->kernel->page_shift, cached,
				sizeof cached),
		bud_heat_change((int64_t)(y->used_pages - x->used_pages), v->kernel->page_shift, used, sizeof used));
	return tell_owners(v, a, tell_blocks(v, a, row + 1, x, y));
}

static void tell_pages(const bud_view *v, const bud_area *a, int row)
{
	char cached[16], used[16], unknown[16];
	const bud_zone_sample *s = bud_view_sample(v, v->cursor);
	int shift = v->kernel->page_shift;
	if (!s)
		bud_area_printf(v->canvas, a, 1, row, BUD_ROLE_DIM,
				v->scene->phase == BUD_PHASE_FIRST && !v->scene->cursor.ready
					? "not read yet"
					: "nothing is known here: no seed before this instant");
	else
		bud_area_printf(v->canvas, a, 1, row, BUD_ROLE_NORMAL, "per-CPU lists %s  used %s  used or cached %s",
				bud_heat_size(s->cached_pages, shift, cached, sizeof cached),
				bud_heat_size(s->used_pages, shift, used, sizeof used),
				bud_heat_size(s->unknown_pages, shift, unknown, sizeof unknown));
}

void bud_panel_story(const bud_view *view, const bud_area *area)
{
	const bud_view *v = view;
	const bud_failure *failure = bud_panel_failure(v);
	int row = 0;
	if (v->browse->mark_ns != BUD_TIME_NONE)
		row = tell_difference(v, area, row);
	const bud_episode *episode = failure ? NULL : episode_at(v);
	row = failure	? tell_failure(v, area, row, failure)
	      : episode ? tell_episode(v, area, row, episode)
			: tell_where(v, area, row);
	tell_pages(v, area, row);
}
