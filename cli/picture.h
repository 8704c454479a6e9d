/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The text report: the heat map of every zone with its indices, watermarks
 * and events, and how far it is to be believed.
 */
#ifndef BUD_CLI_PICTURE_H
#define BUD_CLI_PICTURE_H

#include "cli/options.h"

/* Replays bench to the end and prints the report. */
bud_status bud_picture_report(bud_workbench *bench, const bud_options *options, bud_error *err);

#endif
