/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Everybody who listens to the replay for the screens: failures, with their
 * verdicts, and steals, episodes, and whose every page is. All hear the
 * survey; afterwards the owners alone are led to other instants.
 */
#ifndef BUD_TUI_WITNESS_H
#define BUD_TUI_WITNESS_H

#include "cli/tui/filter.h"
#include "cli/tui/ledger.h"
#include "cli/workbench.h"
#include "lib/insight/chronicle.h"
#include "lib/insight/failures.h"
#include "lib/insight/pins.h"

typedef struct bud_witness {
	const bud_workbench *bench;
	uint64_t last_ns;	/* of the trace */
	bool surveying, owning; /* who hears: everybody; the owners alone */
	bud_ledger ledger;
	bud_settings *settings; /* of each snapshot */
	bud_boosts *boosts;
	bud_failure_log *log;
	const bud_failures *failures; /* its list */
	bud_site_table *sites;
	bud_chronicle *chronicle;
	const bud_episode_list *episodes; /* NULL until the survey is over */
	bud_owners *owners;
	bool owned; /* owners hold for owned_ns, and pins with them */
	uint64_t owned_ns;
	bud_pins pins;
	bud_event_world world;
	bud_filter filter; /* the books have rows of their own for requests that pass, unless all do */
	/* The books as they were at noted_ns, and at compared_ns. */
	bud_use *noted, *compared;
	size_t nr_noted, nr_compared;
	uint64_t noted_ns, compared_ns; /* BUD_TIME_NONE: not known */
} bud_witness;

/* A survey of the bench's replay begins. Rewinds the replay, which it listens to from now on. */
bud_status bud_witness_begin(bud_witness *witness, const bud_workbench *bench, bud_error *err);
/* The survey is over; whole: it came to the end of the trace, where the replay stands. */
bud_status bud_witness_end(bud_witness *witness, bool whole, bud_error *err);
void bud_witness_fini(bud_witness *witness);

/* Whether the owners can be led on to t_ns from where they are; else they must begin again. */
bool bud_witness_can_go_on(const bud_witness *witness, uint64_t t_ns);
/* The owners begin again, or go on: the replay must stand at the beginning, or at owned_ns. */
bud_status bud_witness_own(bud_witness *witness, bool again, bud_error *err);
/* The replay has come to t_ns; or (BUD_TIME_NONE) something else is to be done first. */
bud_status bud_witness_owned(bud_witness *witness, uint64_t t_ns, bud_error *err);

/* Another filter: the books are to be begun again. */
void bud_witness_set_filter(bud_witness *witness, const bud_filter *filter);
/* The books as they stand are noted; and later, to be compared with that. */
bud_status bud_witness_note(bud_witness *witness, bud_error *err);
bud_status bud_witness_compare(bud_witness *witness, bud_error *err);
/* How many pages more that row of the books held at compared_ns than at noted_ns; row: its likely number. */
int64_t bud_witness_change(const bud_witness *witness, const bud_use *use, size_t row);
/* Whether it is known what has changed between two instants, in either order. */
bool bud_witness_has_change(const bud_witness *witness, uint64_t a_ns, uint64_t b_ns);

/* The first failed allocation at or behind t_ns, as its number in the list, or the length of the list. */
size_t bud_witness_failure_from(const bud_witness *witness, uint64_t t_ns);
/* The answer of the zone that is decisive for a failure; NULL: no zone is. */
const bud_answer *bud_witness_answer(const bud_witness *witness, const bud_failure *failure);
/* The episode that ends at t_ns, of that task; NULL if there is none. */
const bud_episode *bud_witness_ending(const bud_witness *witness, uint64_t t_ns, int32_t pid);
/* The failed allocation an episode ended in, or NULL. */
const bud_failure *bud_witness_failure_of(const bud_witness *witness, const bud_episode *episode);
/* An episode that made trouble: one that e and E stop at. */
bool bud_witness_is_trouble(const bud_episode *episode);

#endif
