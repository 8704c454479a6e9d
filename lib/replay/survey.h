/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A first quick look at a trace: places the snapshots by their markers,
 * finds the kernel features that only events show, and how far pages go.
 */
#ifndef BUD_REPLAY_SURVEY_H
#define BUD_REPLAY_SURVEY_H

#include "lib/base/kernel.h"
#include "lib/base/snapshot.h"
#include "lib/base/source.h"

typedef struct bud_survey {
	bud_pfn first_pfn, last_pfn; /* of page events; BUD_PFN_NONE unless asked for */
	size_t nr_placed; /* snapshots with an instant */
	bool clock_is_mono; /* markers and `times` agree within 1 ms */
	bud_event_mask seen; /* kinds surveyed that occur */
} bud_survey;

/*
 * Fills t_ns and the windows of every snapshot, and what the trace teaches
 * about the kernel. want_pfns: look at every page event too (no zones are
 * known). The source must be able to rewind, and is left at an undefined
 * position.
 */
bud_status bud_survey_run(bud_survey *survey, bud_source *source, bud_snapshot *snapshots, size_t nr_snapshots,
			  bud_kernel *kernel, bool want_pfns, bud_error *err);

#endif
