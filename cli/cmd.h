/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The commands. Each returns a status; what it found out goes to *exit_code.
 */
#ifndef BUD_CLI_CMD_H
#define BUD_CLI_CMD_H

#include "cli/options.h"

/* Exit codes users' scripts rely on. */
enum {
	BUD_EXIT_OK = 0,
	BUD_EXIT_DIFFERS = 1, /* a difference was found */
	BUD_EXIT_FAILED = 2,  /* bad usage, unreadable input */
	BUD_EXIT_DAMAGED = 3, /* answered, but on a damaged or incomplete capture */
};

bud_status bud_cmd_explain(const bud_options *options, int *exit_code, bud_error *err);
bud_status bud_cmd_info(const bud_options *options, int *exit_code, bud_error *err);
bud_status bud_cmd_report(const bud_options *options, int *exit_code, bud_error *err);
bud_status bud_cmd_simulate(const bud_options *options, int *exit_code, bud_error *err);
bud_status bud_cmd_view(const bud_options *options, int *exit_code, bud_error *err);
bud_status bud_cmd_verify(const bud_options *options, int *exit_code, bud_error *err);

/* Opens the capture of the command line; remarks of the bundle go to standard error. */
bud_status bud_cmd_open(bud_workbench *bench, const bud_options *options, bud_error *err);
/* BUD_ERR_USAGE if the machine has no zone that --node and --zone leave over. */
bud_status bud_cmd_check_filter(const bud_workbench *bench, const bud_options *options, bud_error *err);
/* A word on standard error, unless --quiet. */
void bud_cmd_remark(const bud_options *options, const char *text);
/* Says on standard error what of the trace could not be read, if anything; then *exit_code is DAMAGED. */
void bud_cmd_tell_damage(const bud_workbench *bench, int *exit_code);

#endif
