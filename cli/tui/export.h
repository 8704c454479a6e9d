/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is on the screen, for elsewhere: its figures and its picture in
 * files, and the command line that gives the same numbers.
 */
#ifndef BUD_TUI_EXPORT_H
#define BUD_TUI_EXPORT_H

#include "cli/options.h"
#include "cli/tui/screen.h"

/*
 * Writes the canvas to NAME.txt and the screen's table, where it has one, to
 * NAME.csv, NAME of the capture, the screen and a number that is free: no
 * file is ever overwritten. names gets what was written.
 */
bud_status bud_export_view(const bud_view *view, char *names, size_t size, bud_error *err);

/* The command line, quoted for a shell; a remark behind it says what of its rows is shown. */
void bud_export_command(const bud_view *view, const bud_options *options, char *text, size_t size);

#endif
