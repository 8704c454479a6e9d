/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where the tables of -s go: one to standard output or a file, several (or
 * one, where -o names a folder that is there) to a file each in a folder,
 * named after the table.
 */
#ifndef BUD_CLI_OUTPUTS_H
#define BUD_CLI_OUTPUTS_H

#include "cli/output.h"
#include "cli/options.h"

#define BUD_OUTPUTS_MAX 16

typedef struct bud_outputs {
	const bud_options *options;
	size_t nr;
	bool open; /* all of them are */
	struct {
		const bud_table *shape;
		bud_output output;
		bud_row_sink sink;
		char *path; /* in the folder; NULL without one */
		bool open;
	} list[BUD_OUTPUTS_MAX];
} bud_outputs;

/*
 * One table more; its place in list. BUD_ERR_USAGE if it is there already, or
 * is the second and nobody names a folder.
 */
bud_status bud_outputs_add(bud_outputs *outputs, const bud_table *shape, bud_error *err);
/* Opens the files and begins the tables. */
bud_status bud_outputs_open(bud_outputs *outputs, bud_error *err);
/* Ends what is open, unless it has failed already (status), and closes it. */
bud_status bud_outputs_close(bud_outputs *outputs, bud_status status, bud_error *err);

#endif
