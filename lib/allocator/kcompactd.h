/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kcompactd of a node in the model (kcompactd_do_work of mm/compaction.c), proactive compaction with it. */
#ifndef BUD_ALLOCATOR_KCOMPACTD_H
#define BUD_ALLOCATOR_KCOMPACTD_H

#include "lib/allocator/compact.h"

typedef struct bud_reclaim bud_reclaim;

/* kcompactd of a node: one zone after the other. */
typedef struct bud_kcompactd {
	bool up;
	bool until_balanced; /* vm.defrag_mode: goes on until enough is free in whole pageblocks */
	int order;	     /* BUD_COMPACT_PROACTIVE, _ALL too */
	bud_zone_type highest;
	size_t zone;	   /* at work on */
	uint64_t since_ns; /* its work is done up to here */
	uint64_t owed;	   /* ... but for pages it has moved ahead of its time, as it finishes pageblocks */
	uint64_t moved;
	unsigned pause; /* rounds of proactive compaction to let pass */
	unsigned score; /* before this one */
	bud_compact_pause rest;
} bud_kcompactd;

/* Has it make blocks of that order, if it sleeps and could (wakeup_kcompactd). */
void bud_kcompactd_wake(bud_reclaim *reclaim, int node, int order, bud_zone_type highest);
/* It works until then, if it is up. */
void bud_kcompactd_run(bud_reclaim *reclaim, int node, uint64_t t_ns);
/* Its timer runs out: a round of proactive compaction (5.9+). */
void bud_kcompactd_timer(bud_reclaim *reclaim, int node);
/* Whether the node has what defrag_mode wants: HIGH, in whole pageblocks. */
bool bud_kcompactd_has_blocks(const bud_reclaim *reclaim, int node, bud_zone_type highest);

#endif
