/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `verify --decisions`: the model of the allocator against the kernel,
 * decision by decision.
 */
#ifndef BUD_CLI_DECISIONS_H
#define BUD_CLI_DECISIONS_H

#include "cli/options.h"

/* Runs the replay of the bench to its end and prints what the audit found. */
bud_status bud_decisions_print(const bud_workbench *bench, const bud_options *options, bud_error *err);

#endif
