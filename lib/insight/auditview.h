/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The replayed machine as the allocator's decisions see it, twice: as badly
 * off as it may have been, and as well. Between the two lies what nobody
 * tells: the kernel tests marks against a counter that lags behind by what
 * CPUs hold back (vm_stat_diff), marks change between two snapshots, a boost
 * comes and goes, the replay itself may be uncertain. A decision that falls
 * the same both ways is decided.
 */
#ifndef BUD_INSIGHT_AUDITVIEW_H
#define BUD_INSIGHT_AUDITVIEW_H

#include "lib/allocator/request.h"
#include "lib/base/sysctl.h"
#include "lib/replay/replay.h"

typedef enum bud_answer { BUD_ANSWER_NO, BUD_ANSWER_YES, BUD_ANSWER_MAYBE } bud_answer;

/* badly, well: what is answered where less, and more, is free. */
static inline bud_answer bud_answer_of(bool badly, bool well)
{
	return badly == well ? badly ? BUD_ANSWER_YES : BUD_ANSWER_NO : BUD_ANSWER_MAYBE;
}

enum { BUD_VIEW_BADLY, BUD_VIEW_WELL };

typedef struct bud_auditview {
	const bud_kernel *kernel;
	const bud_memory *memory;
	const bud_snapshot *snapshots;
	size_t nr_snapshots;
	bud_sysctls sysctls; /* as the capture began, else the kernel's defaults */
	unsigned nr_cpus;
	bool usable; /* no more zones than the model takes, and the first told of marks and reserves */
	size_t nr_zones;
	bud_zone_view views[2][BUD_MAX_ZONES]; /* as memory's zones */
	bud_free_area areas[2][BUD_MAX_ZONES];
	/*
	 * A fallback may have boosted the marks. kswapd takes back, at the end
	 * of a run, the boosts there were when it began (balance_pgdat).
	 */
	bool boosted[BUD_MAX_ZONES], boosted_since_wake[BUD_MAX_ZONES];
	bool marks_by_events[BUD_MAX_ZONES]; /* an event told the marks: they are those in force */
	uint64_t lag[BUD_MAX_ZONES];	     /* most that the counter and the lists differed by at a snapshot */
	/* What the request at hand has taken since it was tested was free then: pages, order of the largest block, -1.
	 */
	uint64_t taken[BUD_MAX_ZONES];
	int taken_order[BUD_MAX_ZONES];
	bud_zonelist lists[BUD_MAX_NODES];
	unsigned nr_nodes;
	uint64_t online, dma32;
	bud_request_rules rules[2];
	size_t next; /* first snapshot whose marks are still to come */
} bud_auditview;

/* Pointers are borrowed; sysctls are copied. */
void bud_auditview_init(bud_auditview *view, const bud_replay *replay, const bud_snapshot *snapshots,
			size_t nr_snapshots, const bud_sysctls *sysctls, unsigned nr_cpus);

/* Takes note of what an event says about marks and boosts, before it is applied. */
void bud_auditview_note(bud_auditview *view, const bud_event *event);

/* Fills views and rules as of now, t_ns; false where a zone is not known well enough to decide anything. */
bool bud_auditview_fill(bud_auditview *view, uint64_t t_ns);

/* The zone of that index as the kernel counts zone types, or BUD_NR_ZONE_TYPES. */
bud_zone_type bud_auditview_type(const bud_auditview *view, int index);

/*
 * Walks the zones of the request's list as get_page_from_freelist does with
 * these flags: YES and the index of the first zone that passes; MAYBE and
 * that of the first that may; NO if none does. any: whether one passes at
 * all, wherever.
 */
bud_answer bud_auditview_walk(const bud_auditview *view, const bud_alloc_context *context, unsigned flags, size_t *zone,
			      bud_answer *any);
/* Whether a sleeping kswapd of the node would be woken. */
bud_answer bud_auditview_wakes(const bud_auditview *view, int node, int order, bud_zone_type highest);

#endif
