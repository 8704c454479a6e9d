/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An impasse: everything about a failed request that has to be looked at while
 * the replay stands there.
 */
#ifndef BUD_INSIGHT_IMPASSE_H
#define BUD_INSIGHT_IMPASSE_H

#include "lib/insight/headroom.h"
#include "lib/insight/pins.h"
#include "lib/insight/shortfall.h"

typedef struct bud_impasse_zone {
	const bud_zone *zone; /* of the replay: valid while it stands there, but for node and name */
	uint64_t cached;
	bud_headroom room; /* blocks of the request's order; of order 0 it is empty */
	bud_headroom huge; /* pageblocks */
} bud_impasse_zone;

typedef struct bud_impasse {
	uint64_t t_ns;
	bud_plea plea;
	bud_explanation explanation;
	bud_shortfall shortfall;
	bud_pins pins;
	bud_impasse_zone *zones;
	size_t nr_zones;
} bud_impasse;

/* owners must be of the same instant; settings in force, or NULL. */
bud_status bud_impasse_take(bud_impasse *scene, const bud_plea *plea, uint64_t t_ns, const bud_memory *memory,
			    const bud_kernel *kernel, bud_owners *owners, const bud_settings *settings,
			    const bud_boosts *boosts, bud_error *err);
void bud_impasse_fini(bud_impasse *scene);

#endif
