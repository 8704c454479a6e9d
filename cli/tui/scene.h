/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The figures behind the screens. A first pass over the trace gives a coarse
 * picture at once, and a sketch: a replay that knows nothing of later
 * events, but can be anywhere soon. It answers the user while another replay
 * learns what later events tell, and surveys the whole trace for those who
 * listen; then that one answers, and the sketch is dropped. All work is done
 * in slices, what the user waits for first.
 */
#ifndef BUD_TUI_SCENE_H
#define BUD_TUI_SCENE_H

#include "cli/tui/blockmap.h"
#include "cli/tui/browse.h"
#include "cli/tui/eventlist.h"
#include "cli/tui/trail.h"
#include "cli/tui/witness.h"
#include "cli/workbench.h"

typedef enum bud_phase {
	BUD_PHASE_FIRST, /* the coarse picture, and the sketch */
	BUD_PHASE_LEARN,
	BUD_PHASE_SURVEY,
	BUD_PHASE_READY,
} bud_phase;

/* What is known of one instant. */
typedef struct bud_instant {
	bool ready;
	uint64_t t_ns;
	bud_zone_sample *samples; /* by zone */
	size_t zone;		  /* that map is of */
	bud_blockmap map;
	bud_page *pages;	       /* of one pageblock, 2^order of them */
	size_t block;		       /* that one */
	uint64_t lost, uncounted_gaps; /* up to it */
} bud_instant;

/* Work at hand for the user; NONE: the phase goes on. */
typedef enum bud_job {
	BUD_JOB_NONE,
	BUD_JOB_SEARCH,
	BUD_JOB_CURSOR,
	BUD_JOB_MARK,
	BUD_JOB_EVENTS,
	BUD_JOB_TIMELINE,
	BUD_JOB_OWNERS,
	BUD_JOB_CHANGE, /* of the owners, between mark and cursor */
} bud_job;

typedef struct bud_scene {
	bud_workbench *bench;
	bud_event_world world;
	bud_phase phase;
	uint64_t phase_ns; /* how far it is */
	bool hasty;	   /* learning was broken off: later events are not used */
	bool partial;	   /* the survey was broken off: listeners know only the beginning */

	bud_timeline *timeline; /* of the range last asked for; NULL where overview is it */
	bud_timeline *overview; /* the whole trace; coarse stands in for what is not filled yet */
	bud_timeline *coarse;

	bud_trail sketch, learnt; /* the latter from the survey on */

	bud_job job;
	bool placed; /* the replay, or the source, stands where the job needs it */
	bud_instant cursor, mark;
	bud_eventlist events;
	bud_search search;
	bool searching;

	bud_witness witness;
	bool surveyed; /* verdicts hold */
	bud_verdict *verdicts;
	bud_contradiction_count contradictions[BUD_NR_CONTRADICTIONS]; /* of the whole trace */
	bud_verify_summary summary;
} bud_scene;

/* The bench must be as opened, without anything learnt. */
bud_status bud_scene_open(bud_scene *scene, bud_workbench *bench, bud_error *err);
void bud_scene_close(bud_scene *scene);

/* What is wanted from now on. */
bud_status bud_scene_show(bud_scene *scene, const bud_browse *browse, bud_error *err);

/* Works on it for about budget events; *done when there is nothing left to do. */
bud_status bud_scene_work(bud_scene *scene, const bud_browse *browse, uint64_t budget, bool *done, bud_error *err);

/* Puts the replay at the cursor's instant, at once; only in the last phase. The next work goes on from elsewhere. */
bud_status bud_scene_seek(bud_scene *scene, const bud_browse *browse, bud_error *err);

/* Ends the phase under way with what there is, or the search. */
bud_status bud_scene_break_off(bud_scene *scene, bud_error *err);

/* What lists are of from now on. */
void bud_scene_set_filter(bud_scene *scene, const bud_filter *filter);

/* Begins to look for the next event that passes; the result is in search once searching is over. */
void bud_scene_search(bud_scene *scene, const bud_browse *browse, const bud_filter *filter, bool back);

/* The picture of what is shown, perhaps unfinished; its columns are browse's. NULL while only stand-ins exist. */
const bud_timeline *bud_scene_picture(const bud_scene *scene, const bud_browse *browse);
/* The sample of a zone in a column; *coarse if only a stand-in is known. NULL: nothing yet, or a zone not seeded. */
const bud_zone_sample *bud_scene_sample(const bud_scene *scene, const bud_browse *browse, size_t column, size_t zone,
					bool *coarse);
/* What is being done and how far it is: "learning 43%"; "" when nothing is. Returns text. */
char *bud_scene_progress(const bud_scene *scene, const bud_browse *browse, char *text, size_t size);

#endif
