/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Everybody who listens to the replay for the screens: failures and steals,
 * episodes, and whose every page is. All hear the survey; afterwards the
 * owners alone are led to other instants.
 */
#ifndef BUD_TUI_WITNESS_H
#define BUD_TUI_WITNESS_H

#include "cli/tui/ledger.h"
#include "lib/insight/chronicle.h"
#include "lib/insight/pins.h"

typedef struct bud_witness {
	bud_replay *replay;
	bud_source *source;
	const bud_kernel *kernel;
	uint64_t last_ns;	/* of the trace */
	bool surveying, owning; /* who hears: everybody; the owners alone */
	bud_ledger ledger;
	bud_site_table *sites;
	bud_chronicle *chronicle;
	const bud_episode_list *episodes; /* NULL until the survey is over */
	bud_owners *owners;
	bool owned; /* owners hold for owned_ns, and pins with them */
	uint64_t owned_ns;
	bud_pins pins;
} bud_witness;

/* A survey of replay begins. Rewinds the replay, which it listens to from now on. */
bud_status bud_witness_begin(bud_witness *witness, bud_replay *replay, bud_source *source, const bud_kernel *kernel,
			     uint64_t last_ns, bud_error *err);
/* The survey is over; whole: it came to the end of the trace, where the replay stands. */
bud_status bud_witness_end(bud_witness *witness, bool whole, bud_error *err);
void bud_witness_fini(bud_witness *witness);

/* Whether the owners can be led on to t_ns from where they are; else they must begin again. */
bool bud_witness_can_go_on(const bud_witness *witness, uint64_t t_ns);
/* The owners begin again, or go on: the replay must stand at the beginning, or at owned_ns. */
bud_status bud_witness_own(bud_witness *witness, bool again, bud_error *err);
/* The replay has come to t_ns; or (BUD_TIME_NONE) something else is to be done first. */
bud_status bud_witness_owned(bud_witness *witness, uint64_t t_ns, bud_error *err);

/* The episode that ends at t_ns, of that task; NULL if there is none. */
const bud_episode *bud_witness_ending(const bud_witness *witness, uint64_t t_ns, int32_t pid);
/* An episode that made trouble: one that e and E stop at. */
bool bud_witness_is_trouble(const bud_episode *episode);

#endif
