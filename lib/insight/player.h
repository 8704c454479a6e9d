/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One case being simulated: its settings, the simulation, what happens in
 * it, and, if wanted, the tale of it.
 */
#ifndef BUD_INSIGHT_PLAYER_H
#define BUD_INSIGHT_PLAYER_H

#include "lib/insight/absence.h"
#include "lib/insight/fate.h"
#include "lib/insight/judge.h"
#include "lib/insight/settings.h"
#include "lib/insight/tale.h"
#include "lib/replay/timeline.h"

/* One simulation's changes. */
typedef struct bud_whatif_case {
	char label[512];
	bud_kernel kernel;   /* simulated */
	bud_sysctls sysctls; /* those set by the user; the rest as in the trace */
	int64_t more[BUD_MAX_ZONES];
	bool no_thp, no_pcp, no_compaction;
	char without[BUD_ABSENCE_NAMES][BUD_ABSENCE_NAME]; /* whose requests are left out, see absence.h */
	size_t nr_without;
} bud_whatif_case;

typedef struct bud_player {
	const bud_whatif_case *setup;
	bud_simulation *simulation;
	bud_happenings happenings;
	bud_absence *absence; /* NULL: nobody is left out */
	bud_tale *tale;	      /* NULL: nobody wants it */
	const bud_fate_watch *watch;
	bud_fates fates;	  /* of what watch looks out for */
	bud_page_failure failure; /* of the latest request that failed */
	uint64_t t_ns;
} bud_player;

/*
 * Creates the simulation of player->setup, from setup, in which kernel and
 * the switches of a case need not be filled in. found: the settings in force
 * at the start, those of no snapshot if nothing tells; start: otherwise.
 */
bud_status bud_player_create(bud_player *player, const bud_simulation_setup *setup, const bud_settings *found,
			     const bud_sysctls *start, bud_error *err);
void bud_player_fini(bud_player *player);

/* The trace's settings were found to be these. */
void bud_player_set(bud_player *player, const bud_sysctls *found);
/* The next op, which event tells of. */
void bud_player_feed(bud_player *player, const bud_op *op, const bud_event *event);
/* Makes the request nobody made, on CPU 0 (fate.h). */
void bud_player_ask(bud_player *player);
/* What the simulation counts itself becomes part of its happenings. */
void bud_player_collect(bud_player *player);

/* What a timeline would say of that zone of the start, known or not. */
void bud_player_sample(const bud_player *player, size_t zone, bud_zone_sample *sample);

#endif
