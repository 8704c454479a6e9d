/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What might have helped a request: the changes worth a trial (trial.h), by
 * why it was not served. Each is named as `simulate --case` takes it.
 */
#ifndef BUD_INSIGHT_REMEDY_H
#define BUD_INSIGHT_REMEDY_H

#include "lib/insight/culprit.h"
#include "lib/insight/impasse.h"
#include "lib/insight/player.h"

#define BUD_REMEDIES 15 /* at most; with the unchanged case no more than BUD_JUDGE_CASES */

typedef struct bud_remedies {
	bud_whatif_case cases[BUD_REMEDIES + 1]; /* the first is the unchanged one */
	char now[BUD_REMEDIES + 1][64];		 /* what the setting was; "": does not apply */
	size_t nr;
	size_t control; /* the case with next to no change: where it differs from the unchanged one is chance; 0: none
			 */
} bud_remedies;

/* Where the request stood. */
typedef struct bud_remedy_ground {
	const bud_impasse *scene;
	const bud_settings *settings; /* in force; NULL: unknown */
	const bud_memory *memory;     /* its zones are those of the simulation */
	const bud_kernel *kernel;     /* of the trace, to be simulated */
	const bud_culprits *culprits;
	bud_site_table *sites;
} bud_remedy_ground;

/* None but the unchanged case where its memory cgroup refused it. */
void bud_remedies_find(bud_remedies *remedies, const bud_remedy_ground *ground);

#endif
