/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/tui/screen.h"

/* Lines of text of which a window is shown. */
typedef struct pager {
	const bud_view *v;
	bud_area area;
	size_t row, top;
} pager;

__attribute__((format(printf, 3, 4))) static void line(pager *p, int role, const char *format, ...)
{
	char text[512];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (p->v && p->row >= p->top)
		bud_area_printf(p->v->canvas, &p->area, 1, (int)(p->row - p->top), role, "%s", text);
	p->row++;
}

static void tell_trace(pager *p, const bud_view *v)
{
	char first[32], last[32];
	const bud_trace_info *info = v->info;
	const bud_workbench *bench = v->scene->bench;
	line(p, BUD_ROLE_DIM, "THE TRACE");
	line(p, BUD_ROLE_NORMAL, "file      %s", info->format);
	line(p, BUD_ROLE_NORMAL, "kernel    %s %s", *bench->bundle->release ? bench->bundle->release : "?",
	     *bench->bundle->machine ? bench->bundle->machine : "?");
	line(p, BUD_ROLE_NORMAL,
	     "machine   %u CPUs, %u-bit %s-endian, pages of %d KiB, orders 0..%d, pageblocks of order %d",
	     info->nr_cpus, info->word_bytes * 8, info->big_endian ? "big" : "little",
	     1 << (v->kernel->page_shift - 10), v->kernel->max_order, v->kernel->pageblock_order);
	line(p, BUD_ROLE_NORMAL, "clock     %s%s, %s .. %s", *info->clock ? info->clock : "?",
	     info->clock_is_ns ? "" : " (ticks, not ns)",
	     bud_heat_time(info->first_ns, info->clock_is_ns, 6, first, sizeof first),
	     bud_heat_time(info->last_ns, info->clock_is_ns, 6, last, sizeof last));
	line(p, bud_trace_lost(info) ? BUD_ROLE_WARN : BUD_ROLE_NORMAL,
	     "lost      %" PRIu64 " events, and %" PRIu64 " gaps nobody counted", bud_trace_lost(info),
	     bud_trace_uncounted_gaps(info));
	if (info->damage)
		line(p, BUD_ROLE_WARN, "damage    %s", info->damage);
	for (size_t i = 0; i < bench->bundle->nr_notes; i++)
		line(p, BUD_ROLE_WARN, "note      %s", bench->bundle->notes[i]);
}

static void tell_zones(pager *p, const bud_view *v)
{
	const bud_memory *memory = bud_replay_memory(v->scene->bench->replay);
	line(p, BUD_ROLE_NORMAL, "%s", "");
	line(p, BUD_ROLE_DIM, "ZONES, from %s", v->scene->bench->zones_from);
	for (size_t i = 0; i < memory->nr_zones; i++) {
		char size[16];
		const bud_zone *z = &memory->zones[i];
		line(p, z->assumed ? BUD_ROLE_WARN : BUD_ROLE_NORMAL,
		     "n%d/%-8s pfn 0x%" PRIx64 "..0x%" PRIx64 "  %s managed%s", z->node, z->name, z->start_pfn,
		     z->start_pfn + z->spanned, bud_heat_size(z->managed, v->kernel->page_shift, size, sizeof size),
		     z->assumed ? "  ASSUMED" : "");
	}
	if (memory->overlap)
		line(p, BUD_ROLE_WARN,
		     "spans overlap: a page belongs to the zone whose managed pages make it likeliest");
}

/* What is assumed and inferred. */
static void tell_trust(pager *p, const bud_view *v)
{
	const bud_scene *scene = v->scene;
	bud_seed_mode seed = bud_replay_seed(scene->bench->replay);
	static const char *const seeds[] = { "",
					     "the first snapshot with kpageflags",
					     "anew from every snapshot with kpageflags",
					     "inferred: a page whose first event takes it was free at the start",
					     "nothing: only changes are known",
					     "anew from every snapshot, which also tell of the time before" };
	line(p, BUD_ROLE_NORMAL, "%s", "");
	line(p, BUD_ROLE_DIM, "THE REPLAY (no simulation is shown on these screens)");
	line(p, seed == BUD_SEED_INFERRED || seed == BUD_SEED_NONE ? BUD_ROLE_WARN : BUD_ROLE_NORMAL,
	     "starts    from %s", seeds[seed]);
	line(p, scene->hasty ? BUD_ROLE_WARN : BUD_ROLE_NORMAL, "looks     %s",
	     scene->hasty		 ? "not ahead: learning was broken off"
	     : scene->bench->passes == 1 ? "not ahead: one pass was asked for"
					 : "ahead: later events tell about earlier silence");
	if (scene->partial)
		line(p, BUD_ROLE_WARN, "survey    was broken off: failures, episodes and sites are not complete");
	if (scene->witness.ledger.dropped)
		line(p, BUD_ROLE_WARN, "kept      only the first %d steals", BUD_LEDGER_MAX);
	const bud_contradiction_count *c = scene->contradictions;
	for (int i = 0; i < BUD_NR_CONTRADICTIONS; i++)
		if (c[i].count)
			line(p, BUD_ROLE_NORMAL, "odd       %" PRIu64 " times in the trace: %s", c[i].count,
			     bud_contradiction_text((bud_contradiction)i));
}

static void tell_causes(pager *p, const bud_view *v)
{
	const bud_zone_sample *s = bud_view_sample(v, v->cursor);
	line(p, BUD_ROLE_NORMAL, "%s", "");
	line(p, BUD_ROLE_DIM, "UNSURE AT THE CURSOR, in this zone");
	if (!s) {
		line(p, BUD_ROLE_WARN, "everything: no seed before this instant");
		return;
	}
	line(p, BUD_ROLE_NORMAL, "+-%" PRIu64 " pages", s->uncertain_pages);
	for (int i = 0; i < BUD_NR_UNCERTAINTIES; i++)
		if (s->uncertain[i])
			line(p, BUD_ROLE_WARN, "%" PRIu64 " %s", s->uncertain[i],
			     bud_uncertainty_text((bud_uncertainty)i));
}

static void tell_drift(pager *p, const bud_view *v)
{
	const bud_scene *scene = v->scene;
	const bud_bundle *bundle = scene->bench->bundle;
	line(p, BUD_ROLE_NORMAL, "%s", "");
	line(p, BUD_ROLE_DIM, "AGAINST THE KERNEL'S OWN buddyinfo: %zu of %zu snapshots exact", scene->summary.nr_exact,
	     scene->summary.nr_snapshots);
	if (!scene->surveyed)
		line(p, BUD_ROLE_WARN, scene->partial ? "the survey was broken off" : "being compared");
	for (size_t i = 0; scene->surveyed && i < bundle->nr_snapshots; i++) {
		char time[32];
		const bud_verdict *verdict = &scene->verdicts[i];
		const char *said = !verdict->compared ? i ? "not compared" : "the seed"
				   : verdict->exact   ? "exact"
				   : verdict->within  ? "off, within what is claimed"
						      : "OFF by more than is claimed";
		line(p, verdict->compared && !verdict->exact ? BUD_ROLE_WARN : BUD_ROLE_NORMAL,
		     "%-20s %14s  %s  %" PRIu64 " pages, %u of %u zones exact", bundle->snapshots[i].name,
		     bud_heat_time(bundle->snapshots[i].t_ns, v->info->clock_is_ns, 3, time, sizeof time), said,
		     verdict->free_error, verdict->nr_exact_zones, verdict->nr_zones);
	}
}

static void tell_events(pager *p, const bud_view *v)
{
	line(p, BUD_ROLE_NORMAL, "%s", "");
	line(p, BUD_ROLE_DIM, "EVENTS in view");
	for (int k = 0; v->picture && k < BUD_NR_EVENT_KINDS; k++) {
		uint64_t sum = 0;
		for (size_t c = 0; c < v->picture->nr_filled; c++)
			sum += v->picture->columns[c].events[k];
		if (sum)
			line(p, BUD_ROLE_NORMAL, "%10" PRIu64 " %s", sum, bud_event_name((bud_event_kind)k));
	}
}

static void tell_all(pager *p, const bud_view *v)
{
	tell_trace(p, v);
	tell_zones(p, v);
	tell_trust(p, v);
	tell_causes(p, v);
	tell_drift(p, v);
	tell_events(p, v);
}

void bud_screen_info_measure(const bud_view *view, bud_facts *facts)
{
	pager p = { 0 };
	tell_all(&p, view);
	size_t rows = (size_t)view->layout.body.height;
	facts->nr_rows = p.row > rows ? p.row - rows + 1 : 1;
	facts->page_rows = rows;
}

void bud_screen_info_draw(const bud_view *view)
{
	pager p = { .v = view, .area = view->layout.body, .top = view->browse->lists[BUD_SCREEN_INFO].row };
	tell_all(&p, view);
}
