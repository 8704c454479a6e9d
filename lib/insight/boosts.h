/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The watermark boost of each zone between snapshots, as the events tell it:
 * a listener of the replay. No event carries it; but a fallback into a block
 * smaller than a pageblock boosts (boost_watermark), and a run of kswapd
 * takes away what was there when it began (balance_pgdat). Snapshots with a
 * row for it in zoneinfo set it right.
 *
 * An estimate: which kernels boost on which fallback is modelled, the lists
 * they looked at are the replay's, and a write to a setting resets it unseen.
 */
#ifndef BUD_INSIGHT_BOOSTS_H
#define BUD_INSIGHT_BOOSTS_H

#include "lib/insight/settings.h"
#include "lib/replay/replay.h"

typedef struct bud_boosts bud_boosts;

/* settings: one of each snapshot, some perhaps empty. Everything is borrowed and outlives it. */
bud_status bud_boosts_create(bud_boosts **boosts, const bud_replay *replay, const bud_settings *settings,
			     size_t nr_settings, bud_error *err);
void bud_boosts_destroy(bud_boosts *boosts);
/* The replay begins anew. */
void bud_boosts_rewind(bud_boosts *boosts);

/* The listener; self is the bud_boosts. Besides what the replay reads it is told of BUD_BOOSTS_EVENTS. */
void bud_boosts_event(void *self, const bud_event *event);
#define BUD_BOOSTS_EVENTS (BUD_EVENT_BIT(BUD_EV_KSWAPD_WAKE) | BUD_EVENT_BIT(BUD_EV_KSWAPD_SLEEP))

/* That of a zone of the replay's memory now, in pages; 0 where its marks are not known. */
uint64_t bud_boosts_of(const bud_boosts *boosts, const bud_zone *zone);

#endif
