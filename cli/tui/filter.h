/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which events are meant: what is typed at the find and filter prompts.
 * Words, all of which must hold:
 *
 *   comm=TEXT     the command's name holds TEXT
 *   pid=N cpu=N node=N
 *   order=N       also order>=N order<=N order>N order<N
 *   gfp=FLAGS     the request has all of these, named or in hex: gfp=GFP_KERNEL|__GFP_COMP
 *   type=NAME     a migratetype
 *   zone=NAME     of the pages
 *   event=TEXT    the event's name holds TEXT
 *   pfn=N         the event names that page
 *   failed        an allocation that failed
 *   anything else is to be found in the line that describes the event
 */
#ifndef BUD_TUI_FILTER_H
#define BUD_TUI_FILTER_H

#include "lib/base/source.h"
#include "lib/memory/memory.h"

typedef struct bud_filter {
	const bud_kernel *kernel; /* borrowed: names of gfp flags */
	bool any;		  /* everything passes */
	bool failed;
	int64_t pid, cpu, node; /* -1: all */
	int order_min, order_max;
	uint64_t gfp;	      /* raw bits, 0: all */
	bud_migratetype type; /* BUD_MT_UNKNOWN: all */
	bud_pfn pfn;	      /* BUD_PFN_NONE: all */
	char comm[24], zone[16], event[32], text[64];
} bud_filter;

/* What names and numbers in events mean; borrowed. */
typedef struct bud_event_world {
	const bud_source *source;
	const bud_kernel *kernel;
	const bud_memory *memory;
} bud_event_world;

/* Parses a line; BUD_ERR_USAGE names the word that means nothing. An empty line lets everything pass. */
bud_status bud_filter_parse(bud_filter *filter, const char *line, const bud_kernel *kernel, bud_error *err);
bool bud_filter_match(const bud_filter *filter, const bud_event *event, const bud_event_world *world);
/* Whether its words on node and zone let that one pass. */
bool bud_filter_wants_zone(const bud_filter *filter, const bud_zone *zone);

/* A request as lists have it: a failure, an episode. Words that do not apply to it (cpu, event, pfn) let it pass. */
typedef struct bud_filter_request {
	int32_t pid, node; /* node -1: unknown */
	int order;
	bool failed, has_gfp;
	uint64_t gfp_flags;
	bud_migratetype type;
	const char *zone;     /* NULL: unknown */
	const char *words[3]; /* where text is looked for, besides the command; NULL behind the last */
} bud_filter_request;
bool bud_filter_match_request(const bud_filter *filter, const bud_filter_request *request,
			      const bud_event_world *world);

/* The event's own figures in a line of text: "order=9 Movable gfp=0x... pfn=0x1234 DMA32". Printable. */
char *bud_filter_describe(const bud_event *event, const bud_event_world *world, char *text, size_t size);
/* The command's name, printable; "?" where the trace does not tell. */
char *bud_filter_comm(const bud_event_world *world, int32_t pid, char *text, size_t size);

#endif
