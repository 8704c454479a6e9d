/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writes down the episodes of a trace: a listener of the replay that groups
 * slow-path events by task.
 *
 * Kernel behaviour: __alloc_pages_slowpath and what it calls, 4.19 to 7.x.
 * The events of one request carry one order and one set of gfp flags, from
 * wakeup_kswapd to mm_page_alloc; a task inside direct reclaim or compaction
 * may make requests of its own, which are other stories. Fallbacks that boost
 * the watermark wake kswapd with order 0 and no flags.
 *
 * Memory: the list's bound, and the stories that are open (openstory.h),
 * of which there is a bounded number, too.
 */
#ifndef BUD_INSIGHT_CHRONICLE_H
#define BUD_INSIGHT_CHRONICLE_H

#include "lib/insight/episode.h"
#include "lib/insight/section.h"
#include "lib/insight/site.h"

typedef struct bud_chronicle bud_chronicle;

typedef struct bud_chronicle_options {
	const bud_section_filter *filter; /* what is kept; NULL: all. Ids do not depend on it */
	uint64_t begin_ns, end_ns;	  /* kept if it overlaps this time */
	size_t max_bytes;		  /* of the list; 0: 64 MiB */
} bud_chronicle_options;

/* Kinds to be told of besides those the replay reads. */
#define BUD_CHRONICLE_EVENTS BUD_EVENT_BIT(BUD_EV_KERNEL_STACK)

/* Everything given is borrowed and outlives the chronicle. sites may be shared, or NULL: then no sites. */
bud_status bud_chronicle_create(bud_chronicle **chronicle, const bud_replay *replay, bud_source *source,
				bud_site_table *sites, const bud_chronicle_options *options, bud_error *err);
void bud_chronicle_destroy(bud_chronicle *chronicle);

/* The listener; self is the bud_chronicle. */
void bud_chronicle_event(void *self, const bud_event *event);
/* The trace is over: what is open is unfinished; sorts the list. Nothing may be told afterwards. */
void bud_chronicle_finish(bud_chronicle *chronicle);
/* The first error: out of memory. */
bud_status bud_chronicle_status(const bud_chronicle *chronicle, bud_error *err);

/* Those that have ended so far; sorted once finished. */
const bud_episode_list *bud_chronicle_list(const bud_chronicle *chronicle);

#endif
