/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The TUI's loop: keys in, work in slices, screens out.
 */
#ifndef BUD_TUI_APP_H
#define BUD_TUI_APP_H

#include "cli/options.h"
#include "cli/tui/keys.h"

/* What is left to be done when the user has gone. */
typedef struct bud_app_end {
	int signal_number;  /* that ended it, to be raised again; 0: none */
	char command[1024]; /* the last command line asked for, to be printed; "" */
} bud_app_end;

/* Runs until the user quits. bench as opened: the learning is done here, where one can watch. */
bud_status bud_app_run(bud_workbench *bench, const bud_options *options, const bud_keymap *keymap, bud_app_end *end,
		       bud_error *err);

#endif
