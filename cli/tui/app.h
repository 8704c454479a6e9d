/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The TUI's loop: keys in, work in slices, screens out.
 */
#ifndef BUD_TUI_APP_H
#define BUD_TUI_APP_H

#include "cli/options.h"

/* Runs until the user quits. A signal that ended it is left in *signal_number, to be raised again. */
bud_status bud_app_run(bud_workbench *bench, const bud_options *options, int *signal_number, bud_error *err);

#endif
