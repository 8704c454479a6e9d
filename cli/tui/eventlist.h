/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The events around an instant, and the search for the next one of a kind,
 * read straight from the source in slices. While one of them works, nobody
 * else may use the source.
 */
#ifndef BUD_TUI_EVENTLIST_H
#define BUD_TUI_EVENTLIST_H

#include "cli/tui/filter.h"

#define BUD_EVENTLIST_HALF 200 /* events kept on either side */

/* Kinds that are listed: all that say something of their own. */
#define BUD_EVENTLIST_KINDS (BUD_EVENT_ALL & ~(BUD_EVENT_BIT(BUD_EV_FREE_BATCHED) | BUD_EVENT_BIT(BUD_EV_KERNEL_STACK)))

typedef struct bud_listed_event {
	uint64_t t_ns;
	int32_t pid;
	uint16_t cpu;
	uint8_t kind;
	bool failed;
	char comm[20], text[120]; /* printable */
} bud_listed_event;

typedef struct bud_eventlist {
	bud_listed_event *events; /* by time */
	uint64_t *times;	  /* of each */
	size_t nr;
	bool ready, from_first, to_last; /* nothing that passes lies before, behind them */

	bud_filter filter;
	uint64_t centre_ns, span_ns; /* being read: from centre - span on */
	uint64_t first_ns, last_ns;  /* of the trace */
	bool reading;
	bud_listed_event *ring; /* the last ones up to the centre */
	size_t nr_before, nr_after;
	bool enough; /* behind the centre */
} bud_eventlist;

bud_status bud_eventlist_init(bud_eventlist *list, uint64_t first_ns, uint64_t last_ns, bud_error *err);
void bud_eventlist_fini(bud_eventlist *list);

/* Another filter, or the same events are wanted anew. */
void bud_eventlist_set_filter(bud_eventlist *list, const bud_filter *filter);
/* Whether it shows what is around t_ns. */
bool bud_eventlist_covers(const bud_eventlist *list, uint64_t t_ns);
/* Begins to read what is around t_ns. */
void bud_eventlist_begin(bud_eventlist *list, uint64_t t_ns);
/* Reads on, about budget events; *done when it is ready. */
bud_status bud_eventlist_work(bud_eventlist *list, bud_source *source, const bud_event_world *world, uint64_t *budget,
			      bool *done, bud_error *err);

/* The search for the nearest event that passes, strictly before or after an instant. */
typedef struct bud_search {
	bud_filter filter;
	bool back, reading;
	uint64_t from_ns, span_ns, first_ns;
	uint64_t found_ns;    /* BUD_TIME_NONE: none yet */
	uint64_t position_ns; /* how far it is, for progress */
} bud_search;

void bud_search_begin(bud_search *search, const bud_filter *filter, uint64_t from_ns, uint64_t first_ns, bool back);
bud_status bud_search_work(bud_search *search, bud_source *source, const bud_event_world *world, uint64_t *budget,
			   bool *done, bud_error *err);

#endif
