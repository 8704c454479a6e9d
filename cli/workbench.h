/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Capture -> kernel features -> memory -> replay, once for all commands.
 */
#ifndef BUD_CLI_WORKBENCH_H
#define BUD_CLI_WORKBENCH_H

#include "formats/read/bundle.h"
#include "lib/insight/settings.h"
#include "lib/replay/survey.h"
#include "lib/replay/timeline.h"
#include "lib/replay/verify.h"

typedef struct bud_workbench_options {
	const char *path;
	bud_bundle_options bundle;
	bud_seed_mode seed;
	bool types; /* follow migratetypes */
	unsigned passes; /* over the trace at most, the one that shows included; 0: as many as tell something new */
	const char *const *features; /* --kernel-feature NAME=VALUE */
	size_t nr_features;
} bud_workbench_options;

typedef struct bud_workbench {
	bud_bundle *bundle;
	bud_kernel kernel;
	bud_survey survey;
	bud_memory memory;   /* as it was before the first event; the replay has its own */
	char zones_from[96]; /* where the zones were read, for people: "zoneinfo of snapshot 00-start" */
	bud_replay *replay;
	unsigned passes; /* of the options */
	bud_seed_mode seed;
	bool types;
} bud_workbench;

/* Leaves the replay as it is without proofs: learn before use. */
bud_status bud_workbench_open(bud_workbench *bench, const bud_workbench_options *options, bud_error *err);
/* Learns as far as the options allow; budget and done as in bud_replay_learn(). */
bud_status bud_workbench_learn(bud_workbench *bench, uint64_t *budget, bool *done, bud_error *err);
/* Another replay of the same, without proofs; the caller destroys it. */
bud_status bud_workbench_replay(bud_workbench *bench, bud_replay **replay, bud_error *err);
/* Drops what was learnt, also in the middle of it: a replay as after opening. */
bud_status bud_workbench_forget(bud_workbench *bench, bud_error *err);
/* What the settings are found from, for bud_settings_at(); valid as long as the bench. */
bud_settings_input bud_workbench_settings_input(const bud_workbench *bench);
/* The settings in force at each snapshot; those of one without zoneinfo have no zones. Freed by the other. */
bud_status bud_workbench_settings(const bud_workbench *bench, bud_settings **settings, bud_error *err);
void bud_workbench_free_settings(const bud_workbench *bench, bud_settings *settings);
void bud_workbench_close(bud_workbench *bench);

#endif
