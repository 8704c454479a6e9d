/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which request `explain` explains, as the command line asks for it: a failed
 * allocation, a slow one, or one that nobody made.
 */
#ifndef BUD_CLI_EXPLAIN_CHOICE_H
#define BUD_CLI_EXPLAIN_CHOICE_H

#include "cli/options.h"
#include "lib/insight/episode.h"
#include "lib/insight/failures.h"

typedef struct bud_explain_choice {
	bool wanted;	 /* there is one */
	bool question;	 /* the user's own: nobody made it */
	uint64_t number; /* of the failed allocation; 0: none, it is looked at as of t_ns */
	uint64_t t_ns;
	bud_plea plea;
	int32_t pid; /* -1: nobody's */
	bud_pfn pfn; /* of a slow request: what it got, and when; BUD_PFN_NONE before a choice, and else */
	uint64_t got_ns;
} bud_explain_choice;

/* By --failure or --at, else the first failure, unless the kernel log is asked for. BUD_ERR_USAGE if there is none
 * such. */
bud_status bud_explain_choose(bud_explain_choice *choice, const bud_options *options, const bud_failures *failures,
			      const bud_kernel *kernel, const bud_source *source, bud_error *err);
/* By --episode; NULL: there is none of that number. */
bud_status bud_explain_choose_episode(bud_explain_choice *choice, const bud_options *options,
				      const bud_failures *failures, const bud_episode *episode, bud_error *err);

/* When the request came to its end. */
static inline uint64_t bud_explain_choice_end(const bud_explain_choice *choice)
{
	return choice->pfn == BUD_PFN_NONE ? choice->t_ns : choice->got_ns;
}

#endif
