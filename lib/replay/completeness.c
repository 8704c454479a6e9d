/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/replay/completeness.h"

#include <stdlib.h>

#define ENOUGH_EVENTS 1000 /* page events in which every kind of them should occur */
#define ODD_SHARE     200  /* one contradiction in so many page events is too many */
#define ENOUGH_FREED  4096 /* pages freed between two snapshots that their counters are compared by */

const char *bud_lack_name(bud_lack lack)
{
	static const char *const names[] = {
#define X(lack, name, text) name,
		BUD_LACKS(X)
#undef X
	};
	return names[lack];
}

const char *bud_lack_text(bud_lack lack)
{
	static const char *const texts[] = {
#define X(lack, name, text) text,
		BUD_LACKS(X)
#undef X
	};
	return texts[lack];
}

void bud_completeness_init(bud_completeness *completeness, size_t nr_cpus)
{
	*completeness = (bud_completeness){ .first_pgfree = BUD_UNKNOWN, .last_pgfree = BUD_UNKNOWN };
	completeness->cpus = calloc(nr_cpus ? nr_cpus : 1, sizeof *completeness->cpus);
	completeness->nr_cpus = completeness->cpus ? nr_cpus : 0;
}

void bud_completeness_fini(bud_completeness *completeness)
{
	free(completeness->cpus);
	*completeness = (bud_completeness){ 0 };
}

static uint64_t page_events(const bud_completeness *c)
{
	return c->events[BUD_EV_ALLOC] + c->events[BUD_EV_FREE] + c->events[BUD_EV_ZONE_LOCKED] +
	       c->events[BUD_EV_PCPU_DRAIN];
}

void bud_completeness_note(bud_completeness *completeness, const bud_event *event)
{
	bud_completeness *c = completeness;
	bud_cpu_seen *cpu = event->cpu < c->nr_cpus ? &c->cpus[event->cpu] : NULL;
	if (event->kind == BUD_EV_LOST && cpu) {
		cpu->counted += event->lost.count;
		cpu->uncounted += event->lost.count == 0;
	} else if (BUD_EVENT_BIT(event->kind) & BUD_EVENT_PAGES) {
		if (!page_events(c))
			c->pid = event->pid;
		c->several_pids = c->several_pids || event->pid != c->pid;
		if (cpu)
			cpu->page_events++;
		if (event->kind == BUD_EV_FREE && event->order >= 0 && event->order < 32)
			c->freed += (uint64_t)1 << event->order;
	}
	c->events[event->kind]++;
}

void bud_completeness_note_snapshot(bud_completeness *completeness, const bud_snapshot *snapshot)
{
	bud_completeness *c = completeness;
	uint64_t pgfree = bud_named_value_find(snapshot->vmstat, snapshot->nr_vmstat, "pgfree");
	if (pgfree == BUD_UNKNOWN)
		return;
	if (c->first_pgfree == BUD_UNKNOWN) {
		c->first_pgfree = pgfree;
		c->first_freed = c->freed;
	}
	c->last_pgfree = pgfree;
	c->last_freed = c->freed;
}

typedef enum answer { NO, YES, CANNOT_TELL } answer;

/* Whether pages were isolated between the first and the last snapshot, by their vmstat. */
static answer has_isolated(const bud_snapshot *snapshots, size_t nr)
{
	uint64_t first = BUD_UNKNOWN;
	answer found = CANNOT_TELL;
	for (size_t i = 0; i < nr; i++) {
		const bud_snapshot *s = &snapshots[i];
		uint64_t isolated = bud_named_value_find(s->vmstat, s->nr_vmstat, "compact_isolated");
		if (isolated == BUD_UNKNOWN)
			continue;
		if (first != BUD_UNKNOWN && found != YES)
			found = isolated != first ? YES : NO;
		first = first == BUD_UNKNOWN ? isolated : first;
	}
	return found;
}

bud_lacks bud_completeness_at_first(const bud_trace_info *info, const bud_kernel *kernel, const bud_snapshot *snapshots,
				    size_t nr)
{
	static const struct {
		bud_event_kind kind;
		bud_lack lack;
	} needed[] = { { BUD_EV_ALLOC, BUD_LACK_ALLOCS },      { BUD_EV_FREE, BUD_LACK_FREES },
		       { BUD_EV_ZONE_LOCKED, BUD_LACK_TAKES }, { BUD_EV_PCPU_DRAIN, BUD_LACK_DRAINS },
		       { BUD_EV_EXTFRAG, BUD_LACK_EXTFRAG },   { BUD_EV_ISOLATE_FREE, BUD_LACK_COMPACTION } };
	bud_lacks lacks = 0;
	for (size_t i = 0; info->formats && i < sizeof needed / sizeof *needed; i++)
		if (!(info->formats & BUD_EVENT_BIT(needed[i].kind)))
			lacks |= BUD_LACK_BIT(needed[i].lack);
	if (!kernel->extfrag_removes)
		lacks &= ~BUD_LACK_BIT(BUD_LACK_EXTFRAG);
	if (has_isolated(snapshots, nr) == NO)
		lacks &= ~BUD_LACK_BIT(BUD_LACK_COMPACTION);
	for (unsigned i = 0; info->loss && i < info->nr_cpus; i++)
		if (info->loss[i].dropped)
			lacks |= BUD_LACK_BIT(BUD_LACK_PLACES);
	return lacks;
}

/* Overwritten events of which no gap in the stream tells. */
static bool has_silent_loss(const bud_completeness *c, const bud_trace_info *info)
{
	for (unsigned i = 0; info->loss && i < info->nr_cpus && i < c->nr_cpus; i++)
		if (info->loss[i].overrun > c->cpus[i].counted && !c->cpus[i].uncounted)
			return true;
	return false;
}

static bud_lacks judge_kinds(const bud_completeness *c, const bud_snapshot *snapshots, size_t nr)
{
	bud_lacks lacks = 0;
	if (!c->events[BUD_EV_ALLOC])
		lacks |= BUD_LACK_BIT(BUD_LACK_ALLOCS);
	if (!c->events[BUD_EV_FREE])
		lacks |= BUD_LACK_BIT(BUD_LACK_FREES);
	if (!c->events[BUD_EV_ZONE_LOCKED])
		lacks |= BUD_LACK_BIT(BUD_LACK_TAKES);
	if (!c->events[BUD_EV_PCPU_DRAIN])
		lacks |= BUD_LACK_BIT(BUD_LACK_DRAINS);
	if (!c->events[BUD_EV_ISOLATE_FREE] && has_isolated(snapshots, nr) == YES)
		lacks |= BUD_LACK_BIT(BUD_LACK_COMPACTION);
	return lacks;
}

static bool has_lost(const bud_completeness *c)
{
	return c->events[BUD_EV_LOST] > 0;
}

bool bud_completeness_doubts(const bud_completeness *completeness, uint64_t contradictions)
{
	uint64_t events = page_events(completeness);
	return events > ENOUGH_EVENTS && contradictions > events / ODD_SHARE && !has_lost(completeness);
}

/* A filter by process or CPU: of a whole machine others would be seen within so many events. */
static bud_lacks judge_filters(const bud_completeness *c)
{
	bud_lacks lacks = 0;
	size_t busy = 0;
	uint64_t pgfree = c->last_pgfree - c->first_pgfree, freed = c->last_freed - c->first_freed;
	for (size_t i = 0; i < c->nr_cpus; i++)
		busy += c->cpus[i].page_events > 0;
	if (!c->several_pids)
		lacks |= BUD_LACK_BIT(BUD_LACK_ONE_PID);
	if (busy == 1 && c->nr_cpus > 1)
		lacks |= BUD_LACK_BIT(BUD_LACK_ONE_CPU);
	if (c->last_pgfree > c->first_pgfree && pgfree > ENOUGH_FREED && freed < pgfree / 2 && !has_lost(c) &&
	    c->events[BUD_EV_FREE])
		lacks |= BUD_LACK_BIT(BUD_LACK_MOST);
	return lacks;
}

bud_lacks bud_completeness_judge(const bud_completeness *completeness, const bud_trace_info *info,
				 const bud_snapshot *snapshots, size_t nr, uint64_t contradictions)
{
	const bud_completeness *c = completeness;
	bud_lacks lacks = 0;
	if (has_silent_loss(c, info))
		lacks |= BUD_LACK_BIT(BUD_LACK_PLACES);
	if (page_events(c) <= ENOUGH_EVENTS)
		return lacks;
	lacks |= judge_kinds(c, snapshots, nr) | judge_filters(c);
	if (!(lacks & BUD_LACKS_SILENT) && bud_completeness_doubts(c, contradictions))
		lacks |= BUD_LACK_BIT(BUD_LACK_CONTRADICTED);
	return lacks;
}
