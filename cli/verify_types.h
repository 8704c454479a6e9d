/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The part of `verify` about migratetypes: the replay against pagetypeinfo.
 */
#ifndef BUD_CLI_VERIFY_TYPES_H
#define BUD_CLI_VERIFY_TYPES_H

#include <stdio.h>

#include "cli/options.h"

/* What differs, then a line for all; nothing where no pagetypeinfo was compared. */
void bud_verify_types_print(const bud_replay *replay, const bud_options *options, FILE *out);

#endif
