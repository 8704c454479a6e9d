/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What sites do with memory: the owner of every used page whose allocation
 * the trace shows, and the books of each site: allocations, frees, live and
 * peak pages, failures.
 *
 * A listener of the replay. Works page by page, because what one event
 * allocates may be freed by many or the other way round (split pages,
 * allocations of exact sizes, gigantic pages). Pages that come into use
 * without mm_page_alloc (bulk allocator, targets of migration) have no
 * owner, and a page whose content migrates is freed at its old place:
 * compaction therefore makes sites look smaller than they are.
 *
 * Memory: 8 bytes a page of the ranges in use, within a bound; pages over
 * the bound have no owner, and are counted.
 */
#ifndef BUD_INSIGHT_OWNERS_H
#define BUD_INSIGHT_OWNERS_H

#include "lib/insight/early.h"
#include "lib/insight/section.h"
#include "lib/insight/site.h"

/* One row of the books: a site's requests of one order and type, movable or not, marked or not. */
typedef struct bud_use {
	uint32_t site;
	bool marked;
	bool movable; /* asked for as Movable, and not for buffers: compaction can move its pages */
	int8_t order;
	uint8_t migratetype; /* canonical, as asked for; BUD_MT_UNKNOWN where the event does not say */
	uint64_t allocs;     /* successful mm_page_alloc events */
	uint64_t frees;	     /* mm_page_free events whose first page was of this row */
	uint64_t live_pages, peak_pages;
	uint64_t failures; /* mm_page_alloc events without a page */
} bud_use;

/* Whether two are rows of the same requests, perhaps of different books. */
static inline bool bud_use_is_same(const bud_use *a, const bud_use *b)
{
	return a->site == b->site && a->order == b->order && a->migratetype == b->migratetype &&
	       a->movable == b->movable && a->marked == b->marked;
}

typedef struct bud_owner {
	const bud_use *use;
	uint64_t t_ns; /* of the allocation, to about a millionth of the trace's length */
} bud_owner;

typedef struct bud_owners bud_owners;

typedef struct bud_owners_options {
	const bud_section_filter *filter; /* requests that count; NULL: all. Others have no owner */
	uint64_t begin_ns, end_ns; /* events that are counted; owners are followed from the start, up to end_ns */
	size_t max_bytes;	   /* for the owners of pages; 0: 256 MiB */
	bud_early *early; /* borrowed, kept up to date: of pages without owner; NULL: nothing is known of them */
	bool (*marks)(const void *self, const bud_event *alloc); /* requests that get rows of their own; NULL: none */
	const void *self;
} bud_owners_options;

/* Kinds to be told of besides those the replay reads. */
#define BUD_OWNERS_EVENTS BUD_EVENT_BIT(BUD_EV_KERNEL_STACK)

/* Everything given is borrowed and outlives the books. sites may be shared with others. */
bud_status bud_owners_create(bud_owners **owners, const bud_replay *replay, bud_source *source, bud_site_table *sites,
			     const bud_owners_options *options, bud_error *err);
void bud_owners_destroy(bud_owners *owners);

/* The listener; self is the bud_owners. */
void bud_owners_event(void *self, const bud_event *event);
/* Done listening, or looking at it in between: requests that still wait for their stack are booked without. */
void bud_owners_settle(bud_owners *owners);
/* The first error: out of memory. */
bud_status bud_owners_status(const bud_owners *owners, bud_error *err);

/* The owner of that page; false if it has none: not used, or its allocation was not seen. */
bool bud_owners_of(const bud_owners *owners, bud_pfn pfn, bud_owner *owner);
/* Whether compaction can move a page in use: by its owner, else by what is known from before (early). */
bud_mobility bud_owners_mobility(const bud_owners *owners, bud_pfn pfn);
/* The first page in [pfn, end) that has an owner, or end. */
bud_pfn bud_owners_next(const bud_owners *owners, bud_pfn pfn, bud_pfn end);

/* The books, in no order that means anything; row 0 is that of BUD_SITE_UNKNOWN: frees of pages without owner. */
size_t bud_owners_count(const bud_owners *owners);
const bud_use *bud_owners_use(const bud_owners *owners, size_t i);
/* Whether requests are marked in these books. */
bool bud_owners_marks(const bud_owners *owners);
/* Pages that could not be followed, for lack of room. */
uint64_t bud_owners_untracked(const bud_owners *owners);
size_t bud_owners_bytes(const bud_owners *owners);

typedef enum bud_use_key {
	BUD_USE_BY_LIVE,
	BUD_USE_BY_PEAK,
	BUD_USE_BY_ALLOCS,
	BUD_USE_BY_FAILURES,
} bud_use_key;

/* Numbers of the rows, the largest first, equal ones by site, order, type; order has room for bud_owners_count(). */
void bud_owners_sort(const bud_owners *owners, bud_use_key key, uint32_t *order);

#endif
