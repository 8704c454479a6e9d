/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The kernel's own files, as they were copied: /proc/buddyinfo, zoneinfo,
 * pagetypeinfo, vmstat, kpageflags, debugfs's extfrag indices, settings,
 * and the `times` a recorder wrote beside them. Rows nobody here knows are skipped.
 */
#ifndef BUD_READ_KERNFILES_H
#define BUD_READ_KERNFILES_H

#include "lib/base/snapshot.h"

/* Reads a whole small text file, gzip or zstd or plain, terminated; the caller frees it. BUD_ERR_IO if it cannot. */
bud_status bud_kernfiles_text(const char *path, char **text, bud_error *err);

/*
 * Takes one file into the snapshot, by its name ("buddyinfo", ...); others
 * are ignored. BUD_ERR_FORMAT if it has not a single row of its kind.
 */
bud_status bud_kernfiles_read(bud_snapshot *snapshot, const char *name, const char *path, bud_error *err);

/*
 * Reads a folder of such files: *snapshot is filled, files that make no
 * sense are left out, each with a line given to note. BUD_ERR_IO if the
 * folder cannot be read.
 */
typedef void bud_kernfiles_note(void *self, const char *line);
bud_status bud_kernfiles_folder(bud_snapshot *snapshot, const char *folder, bool big_endian, bud_kernfiles_note *note,
				void *self, bud_error *err);

#endif
