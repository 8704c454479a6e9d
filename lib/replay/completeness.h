/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether a trace holds all that moves pages. What it lacks decides what
 * the replay may say: some lacks make every state uncertain, some leave no
 * free lists at all.
 */
#ifndef BUD_REPLAY_COMPLETENESS_H
#define BUD_REPLAY_COMPLETENESS_H

#include "lib/base/kernel.h"
#include "lib/base/snapshot.h"
#include "lib/base/source.h"

/* clang-format off */
/* X(LACK, name, what follows) */
#define BUD_LACKS(X) \
	X(ALLOCS,     "allocations", "no mm_page_alloc was recorded: what is used is not told from what is cached") \
	X(FREES,      "frees", "no mm_page_free was recorded: large blocks return unseen") \
	X(TAKES,      "zone_locked", "no mm_page_alloc_zone_locked was recorded: pages leave the free lists unseen") \
	X(DRAINS,     "drains", "no mm_page_pcpu_drain was recorded: pages return to the free lists unseen") \
	X(EXTFRAG,    "extfrag", "no mm_page_alloc_extfrag was recorded: pages taken from other types leave unseen") \
	X(COMPACTION, "compaction", "compaction was not recorded: the pages it isolates leave unseen") \
	X(PLACES,     "places", "events were lost, and only the recorder's totals tell: no state is certain") \
	X(CONTRADICTED, "contradicted", "the trace contradicts itself: events are missing from it") \
	X(ONE_PID,    "one_process", "only one process was recorded: there are no free lists to be known from it") \
	X(ONE_CPU,    "one_cpu", "only one CPU was recorded: there are no free lists to be known from it") \
	X(MOST,       "most", "vmstat counts twice the frees of the trace or more: there are no free lists to be known from it")
/* clang-format on */

typedef enum bud_lack {
#define X(lack, name, text) BUD_LACK_##lack,
	BUD_LACKS(X)
#undef X
		BUD_NR_LACKS,
} bud_lack;

/* A set of lacks. */
typedef uint32_t bud_lacks;
#define BUD_LACK_BIT(lack) ((bud_lacks)1 << (lack))
/* With any of these the free lists are refused: sites and episodes can still be told. */
#define BUD_LACKS_REFUSED \
	(BUD_LACK_BIT(BUD_LACK_ONE_PID) | BUD_LACK_BIT(BUD_LACK_ONE_CPU) | BUD_LACK_BIT(BUD_LACK_MOST))

/* With any of these pages move in silence all the time: that one is found elsewhere tells nothing of when it went. */
#define BUD_LACKS_SILENT                                                                                       \
	(BUD_LACK_BIT(BUD_LACK_TAKES) | BUD_LACK_BIT(BUD_LACK_DRAINS) | BUD_LACK_BIT(BUD_LACK_EXTFRAG) |       \
	 BUD_LACK_BIT(BUD_LACK_COMPACTION))

const char *bud_lack_name(bud_lack lack);
const char *bud_lack_text(bud_lack lack);

/* What one CPU's stream shows. */
typedef struct bud_cpu_seen {
	uint64_t page_events;
	uint64_t counted, uncounted; /* of its LOST records: events, and gaps without a count */
} bud_cpu_seen;

/* What a pass over the trace shows. */
typedef struct bud_completeness {
	bud_cpu_seen *cpus;
	size_t nr_cpus;
	int32_t pid; /* of the first page event */
	bool several_pids;
	uint64_t events[BUD_NR_EVENT_KINDS];
	uint64_t freed;						     /* pages, so far */
	uint64_t first_pgfree, first_freed, last_pgfree, last_freed; /* at the first and last vmstat; BUD_UNKNOWN */
} bud_completeness;

/* Without memory nothing is noted. */
void bud_completeness_init(bud_completeness *completeness, size_t nr_cpus);
void bud_completeness_fini(bud_completeness *completeness);
void bud_completeness_note(bud_completeness *completeness, const bud_event *event);
/* The instant of a snapshot; its vmstat was read a moment later. */
void bud_completeness_note_snapshot(bud_completeness *completeness, const bud_snapshot *snapshot);

/* What is lacking by the file's head, the recorder's statistics and the snapshots: before any event is read. */
bud_lacks bud_completeness_at_first(const bud_trace_info *info, const bud_kernel *kernel, const bud_snapshot *snapshots,
				    size_t nr);
/*
 * The same by what a whole pass shows, in which the replay met so many
 * contradictions that nothing explains.
 */
bud_lacks bud_completeness_judge(const bud_completeness *completeness, const bud_trace_info *info,
				 const bud_snapshot *snapshots, size_t nr, uint64_t contradictions);
/* Whether so many contradictions are more than a complete trace has: fast isolation on old kernels leaves a few. */
bool bud_completeness_doubts(const bud_completeness *completeness, uint64_t contradictions);

#endif
