/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The user's own keys and defaults: $XDG_CONFIG_HOME/buddyscope/config, or
 * ~/.config/buddyscope/config. A # begins a comment; the lines are
 *
 *   OPTION = VALUE        any option of view by its long name, yes or no for
 *                         a switch; what the command line says is stronger
 *   key ACTION = KEYS     as view --keys lists them
 *
 * Only ever written on request.
 */
#ifndef BUD_TUI_CONFIG_H
#define BUD_TUI_CONFIG_H

#include "cli/options.h"
#include "cli/tui/keys.h"

typedef struct bud_config {
	char *text; /* the file's; options point into it */
} bud_config;

/* Reads it, if there is one. An error names file and line. */
bud_status bud_config_read(bud_config *config, bud_options *options, bud_keymap *keymap, bud_error *err);
void bud_config_fini(bud_config *config);

/* The same of a text, which it takes apart; name is for errors. */
bud_status bud_config_parse(char *text, const char *name, bud_options *options, bud_keymap *keymap, bud_error *err);

/* Writes what is in force, never over a file that is there. path gets its name. */
bud_status bud_config_write(const bud_options *options, const bud_keymap *keymap, char *path, size_t size,
			    bud_error *err);

#endif
