/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The model's decisions against the kernel's. At each event of a trace the
 * model is asked from the *replayed* state just before it, and its answer
 * compared with what the kernel did: the measure of how faithful the model
 * is, with no drift adding up. It also finds where the replay is wrong: a
 * block held free that the kernel passes over is held in error.
 */
#ifndef BUD_INSIGHT_AUDIT_H
#define BUD_INSIGHT_AUDIT_H

#include "lib/insight/listaudit.h"
#include "lib/insight/zoneaudit.h"

typedef struct bud_audit {
	bud_tally tally;
	bud_listaudit lists;
	bud_zoneaudit zones;
	bud_replay *replay;
} bud_audit;

/* What is known besides the replay; all borrowed. */
typedef struct bud_audit_input {
	const bud_snapshot *snapshots; /* of the bundle */
	size_t nr_snapshots;
	const bud_sysctls *sysctls; /* as the capture began; what is unknown is the kernel's default */
	size_t nr_cpus;
} bud_audit_input;

/*
 * Listens to the replay, whose types must be followed, from its beginning.
 * Must not move until it has ended; the replay outlives it.
 */
bud_status bud_audit_begin(bud_audit *audit, bud_replay *replay, const bud_audit_input *input, bud_error *err);
/* Listens no more; the tally is complete and sorted. */
void bud_audit_end(bud_audit *audit);
/* Also of one that failed to begin, if all zero. */
void bud_audit_fini(bud_audit *audit);

#endif
