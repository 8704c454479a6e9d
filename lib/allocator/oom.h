/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The OOM killer in the model (out_of_memory and oom_evaluate_task of
 * mm/oom_kill.c). It chooses whom it chose in the trace, in that order; then
 * whoever holds most pages.
 *
 * A victim that the trace marks too frees its pages when it frees them
 * there; if that does not help the request that called, all of them come back
 * at once (oom_reaper). While it has pages nobody else is chosen. What it
 * asks for in the trace before it is marked there it does not ask for here;
 * what it asks for on its way out, it does. Anybody else's pages come back at
 * once.
 */
#ifndef BUD_ALLOCATOR_OOM_H
#define BUD_ALLOCATOR_OOM_H

#include "lib/allocator/machine.h"

#define BUD_OOM_DEAD 64 /* victims remembered */

typedef struct bud_reclaim bud_reclaim;

typedef struct bud_oom_dead {
	int32_t pid;
	uint64_t until_ns; /* when the trace marked it, UINT64_MAX: not yet; what it asks for until then it does not */
} bud_oom_dead;

/* For bud_reclaim_ops.oom; self is the bud_reclaim, whose pid is the task that asks. */
bud_oom_victim bud_oom_kill(void *self, bud_machine *machine, const bud_alloc_context *context);
/* The trace's OOM killer has chosen that task: what it frees from now on it frees as it exits. */
void bud_oom_marked(bud_reclaim *reclaim, int32_t pid);
/* Whether that task is on its way out, by choice of the model's OOM killer. */
bool bud_oom_is_victim(const bud_reclaim *reclaim, int32_t pid);
/* Whether the model had killed that task before the trace did, when it began to ask. */
bool bud_oom_is_dead(const bud_reclaim *reclaim, int32_t pid, uint64_t began_ns);

#endif
