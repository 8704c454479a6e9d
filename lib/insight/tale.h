/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What happens to the requests of one simulation, as the tables of a trace
 * would tell it: `episode`, `episode_part`, `stall`, `steal`, `steal_pair`
 * and `site`. Columns mean what they mean in `report`, with these differences:
 *
 * - Episodes are those of requests alone. Their times are the model's own:
 *   one that was on the slow path in the trace, too, is as long as it was
 *   there; else only compaction takes time. kswapd_ns, and direct_ns where
 *   there was direct reclaim, are unknown.
 * - pfn of a steal is a page of the model.
 * - Sites hold what the model gave them. What pins pageblocks is unknown.
 */
#ifndef BUD_INSIGHT_TALE_H
#define BUD_INSIGHT_TALE_H

#include "lib/allocator/simulate.h"
#include "lib/insight/episode.h"
#include "lib/insight/story.h"

typedef enum bud_tale_kind {
	BUD_TALE_EPISODE,
	BUD_TALE_EPISODE_PART,
	BUD_TALE_STALL,
	BUD_TALE_STEAL,
	BUD_TALE_STEAL_PAIR,
	BUD_TALE_SITE,
	BUD_NR_TALES,
} bud_tale_kind;

/* The table of report that a kind is like. */
const bud_table *bud_tale_table(bud_tale_kind kind);
/* The kind of that name, or BUD_NR_TALES. */
bud_tale_kind bud_tale_find(const char *name);

/* What is to be told. */
typedef struct bud_tale_options {
	unsigned kinds;			  /* a bit (1 << bud_tale_kind) each */
	const bud_section_filter *filter; /* borrowed */
	uint64_t begin_ns, end_ns;	  /* rows of this time only, both included */
	size_t max_bytes;
} bud_tale_options;

/* Kinds of events that bud_tale_listen() wants. */
#define BUD_TALE_EVENTS BUD_EVENT_BIT(BUD_EV_KERNEL_STACK)

typedef struct bud_tale bud_tale;

/* Watches that simulation from now on. replay is the trace's: of it only names, zones and kernel are used. */
bud_status bud_tale_create(bud_tale **tale, const bud_tale_options *options, bud_replay *replay, bud_source *source,
			   bud_simulation *simulation, bud_error *err);
void bud_tale_destroy(bud_tale *tale);

/* Before the simulation is fed the op that event tells of, and behind it. */
void bud_tale_begin(bud_tale *tale, const bud_op *op, const bud_event *event);
void bud_tale_end(bud_tale *tale);
/* Meanwhile: what happens in its machine. */
void bud_tale_happens(bud_tale *tale, const bud_machine_event *event);
/* The trace's own events of the kinds above. */
void bud_tale_listen(bud_tale *tale, const bud_event *event);

/* The rows of a kind that was to be told. dropped: how many more there was no room for. */
bud_status bud_tale_rows(bud_tale *tale, bud_tale_kind kind, bud_row_sink *sink, uint64_t *dropped, bud_error *err);

#endif
