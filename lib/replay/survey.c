/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/replay/survey.h"

#include <stdlib.h>
#include <string.h>

/* How far a marker may be from the CLOCK_MONOTONIC reading beside it if the trace clock is that clock. */
#define MONO_TOLERANCE_NS 1000000

/* What one CPU took last, for telling the two meanings of extfrag's pfn apart. */
typedef struct last_take {
	bud_pfn zone_locked, extfrag; /* BUD_PFN_NONE: none to be thought of */
	bud_pfn behind;		      /* the first page behind those extfrag speaks of */
} last_take;

typedef struct extfrag_votes {
	last_take *cpus;
	size_t nr_cpus;
	uint64_t removes, moves;
} extfrag_votes;

/*
 * Before 6.10 an extfrag is followed, on its CPU, by the zone_locked of the
 * page taken: most often the very page it named. Since then either that
 * zone_locked came just before it (claim), or there is none, and the next
 * one takes what lies behind (claim of a whole pageblock), or the next is an
 * extfrag again (steal).
 */
static void vote(extfrag_votes *votes, const bud_event *event)
{
	last_take *last = event->cpu < votes->nr_cpus ? &votes->cpus[event->cpu] : NULL;
	if (!last)
		return;
	if (event->kind == BUD_EV_EXTFRAG) {
		votes->removes += last->extfrag != BUD_PFN_NONE || last->zone_locked == event->extfrag.pfn;
		last->extfrag = event->extfrag.pfn;
		last->behind = event->extfrag.pfn + ((bud_pfn)1 << (event->order & 31));
		last->zone_locked = BUD_PFN_NONE;
	} else if (event->page.pfn != BUD_PFN_NONE) {
		votes->moves += last->extfrag == event->page.pfn;
		votes->removes += last->extfrag != BUD_PFN_NONE && last->behind == event->page.pfn;
		last->extfrag = BUD_PFN_NONE;
		last->zone_locked = event->page.pfn;
	}
}

static void note_marker(const bud_event *event, bud_snapshot *snapshots, size_t nr)
{
	bud_marker marker;
	if (!bud_marker_parse(event->print.text, &marker))
		return;
	for (size_t i = 0; i < nr; i++) {
		if (strcmp(snapshots[i].name, marker.name) != 0)
			continue;
		bud_read_window *window = bud_snapshot_add_window(&snapshots[i], marker.file);
		if (window)
			*(marker.end ? &window->end_ns : &window->begin_ns) = event->t_ns;
		return;
	}
}

static bool near(uint64_t a, uint64_t b)
{
	return (a > b ? a - b : b - a) <= MONO_TOLERANCE_NS;
}

static bool clock_is_mono(const bud_source *source, const bud_snapshot *snapshots, size_t nr)
{
	size_t agree = 0;
	for (size_t i = 0; i < nr && source->info.clock_is_ns; i++) {
		for (size_t k = 0; k < snapshots[i].nr_windows; k++) {
			const bud_read_window *w = &snapshots[i].windows[k];
			if (w->end_ns == BUD_TIME_NONE || w->mono_end_ns == BUD_TIME_NONE)
				continue;
			if (!near(w->end_ns, w->mono_end_ns))
				return false;
			agree++;
		}
	}
	return agree > 0;
}

/* Windows without markers are placed by `times` where that is the trace's clock. */
static void place(bud_survey *survey, bud_snapshot *snapshot)
{
	for (size_t k = 0; survey->clock_is_mono && k < snapshot->nr_windows; k++) {
		bud_read_window *w = &snapshot->windows[k];
		if (w->end_ns != BUD_TIME_NONE)
			continue;
		w->begin_ns = w->mono_begin_ns;
		w->end_ns = w->mono_end_ns;
		if (strcmp(w->file, "buddyinfo") == 0)
			snapshot->t_from_times = true;
	}
	const bud_read_window *w = bud_snapshot_window(snapshot, "buddyinfo");
	snapshot->t_ns = w ? w->end_ns : BUD_TIME_NONE;
	survey->nr_placed += snapshot->t_ns != BUD_TIME_NONE;
}

#define DRIFT 1000 /* clocks may run apart by one part in so many: NTP slews by half of that at most */

/*
 * When pieces of kpageflags were read, in trace time. Whatever lies between
 * the two clocks, the first piece was not read before the file's marker, so
 * that is the earliest it can have been, and the others accordingly.
 */
static void place_chunks(bud_snapshot *snapshot, bool clock_is_ns)
{
	const bud_read_window *flags = bud_snapshot_window(snapshot, "kpageflags");
	snapshot->chunks_placed = clock_is_ns && snapshot->nr_chunks && flags && flags->begin_ns != BUD_TIME_NONE &&
				  flags->end_ns != BUD_TIME_NONE;
	uint64_t first = snapshot->nr_chunks ? snapshot->chunks[0].begin_ns : 0;
	for (size_t i = 0; snapshot->chunks_placed && i < snapshot->nr_chunks; i++) {
		bud_read_chunk *chunk = &snapshot->chunks[i];
		uint64_t since = chunk->begin_ns - first;
		snapshot->chunks_placed =
			chunk->begin_ns >= first && chunk->end_ns - first <= flags->end_ns - flags->begin_ns;
		chunk->earliest_ns = flags->begin_ns + since - since / DRIFT;
	}
}

static void widen(bud_survey *survey, bud_pfn pfn)
{
	if (pfn >= BUD_PFN_MAX)
		return;
	if (survey->first_pfn == BUD_PFN_NONE || pfn < survey->first_pfn)
		survey->first_pfn = pfn;
	if (survey->last_pfn == BUD_PFN_NONE || pfn > survey->last_pfn)
		survey->last_pfn = pfn;
}

static void look_at(bud_survey *survey, const bud_event *event, extfrag_votes *votes, bud_snapshot *snapshots,
		    size_t nr_snapshots, bool want_pfns)
{
	survey->seen |= BUD_EVENT_BIT(event->kind);
	if (event->kind == BUD_EV_PRINT)
		note_marker(event, snapshots, nr_snapshots);
	if (event->kind == BUD_EV_EXTFRAG || event->kind == BUD_EV_ZONE_LOCKED)
		vote(votes, event);
	if (want_pfns && (BUD_EVENT_BIT(event->kind) & BUD_EVENT_PAGES))
		widen(survey, event->kind == BUD_EV_EXTFRAG ? event->extfrag.pfn : event->page.pfn);
}

bud_status bud_survey_run(bud_survey *survey, bud_source *source, bud_snapshot *snapshots, size_t nr_snapshots,
			  bud_kernel *kernel, bool want_pfns, bud_error *err)
{
	*survey = (bud_survey){ .first_pfn = BUD_PFN_NONE, .last_pfn = BUD_PFN_NONE };
	extfrag_votes votes = { .nr_cpus = source->info.nr_cpus };
	votes.cpus = calloc(votes.nr_cpus ? votes.nr_cpus : 1, sizeof *votes.cpus);
	if (!votes.cpus)
		return bud_error_memory(err, "survey");
	for (size_t i = 0; i < votes.nr_cpus; i++)
		votes.cpus[i] = (last_take){ BUD_PFN_NONE, BUD_PFN_NONE, BUD_PFN_NONE };

	bud_event_mask wanted =
		BUD_EVENT_BIT(BUD_EV_PRINT) | BUD_EVENT_BIT(BUD_EV_EXTFRAG) | BUD_EVENT_BIT(BUD_EV_ZONE_LOCKED);
	if (want_pfns)
		wanted |= BUD_EVENT_PAGES;
	bud_batch batch;
	bud_status status = bud_source_rewind(source, 0, wanted, err);
	while (!status && !(status = bud_source_next(source, &batch, err)) && batch.nr)
		for (size_t i = 0; i < batch.nr; i++)
			look_at(survey, &batch.events[i], &votes, snapshots, nr_snapshots, want_pfns);

	survey->clock_is_mono = clock_is_mono(source, snapshots, nr_snapshots);
	for (size_t i = 0; i < nr_snapshots; i++)
		place(survey, &snapshots[i]);
	for (size_t i = 0; i < nr_snapshots; i++)
		place_chunks(&snapshots[i], source->info.clock_is_ns);
	if (votes.removes != votes.moves)
		bud_kernel_learn(kernel, BUD_KF_extfrag_removes, votes.removes > votes.moves, BUD_ORIGIN_TRACE);
	free(votes.cpus);
	return status;
}
