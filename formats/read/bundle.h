/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A capture: one trace and the kernel files that came with it. A bundle is
 * a folder with one trace, snap-NN-STEP folders, cfg, dmesg, percpu_stats;
 * a lone trace file is a bundle without the rest.
 */
#ifndef BUD_READ_BUNDLE_H
#define BUD_READ_BUNDLE_H

#include "formats/read/readers.h"
#include "lib/base/klog.h"
#include "lib/base/snapshot.h"

typedef struct bud_bundle_options {
	bud_open_options open;
	const char *const *snapshots; /* --snapshot FOLDER, besides those in the bundle */
	size_t nr_snapshots;
	const char *zoneinfo; /* --zoneinfo FILE, or NULL */
} bud_bundle_options;

typedef struct bud_bundle {
	char *path;
	char *name; /* last part of path, for titles */
	bud_source *source;
	bud_snapshot *snapshots; /* in folder order; instants not yet placed (lib/replay/survey does) */
	size_t nr_snapshots;
	bud_snapshot *zoneinfo; /* --zoneinfo FILE as a nameless snapshot, or NULL */
	bud_sysctls sysctls; /* of cfg/: as they were when the capture began */
	bud_klog klog; /* of dmesg or dmesg.zst */
	char *release; /* uname's, from the trace or cfg/uname; "" unknown */
	char *machine; /* "x86_64"; "" unknown */
	char **notes; /* one line each: what was left out or looked odd */
	size_t nr_notes;
} bud_bundle;

/* Opens the capture. The caller closes it. */
bud_status bud_bundle_open(const char *path, const bud_bundle_options *options, bud_bundle **bundle, bud_error *err);
void bud_bundle_close(bud_bundle *bundle);

#endif
