/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The OOM killer in the model (out_of_memory of mm/oom_kill.c). Whom it chooses: reclaim.h. */
#ifndef BUD_ALLOCATOR_OOM_H
#define BUD_ALLOCATOR_OOM_H

#include "lib/allocator/machine.h"

#define BUD_OOM_DEAD 64 /* victims remembered */

typedef struct bud_reclaim bud_reclaim;

/* For bud_reclaim_ops.oom; self is the bud_reclaim. */
bool bud_oom_kill(void *self, bud_machine *machine, const bud_alloc_context *context);
/* Whether the model has killed that task. */
bool bud_oom_is_dead(const bud_reclaim *reclaim, int32_t pid);

#endif
