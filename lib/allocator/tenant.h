/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who lives in which page of the model, and in which order reclaim would
 * take them.
 *
 * Pages go by two numbers: their *name* is the number the trace gives them,
 * their *place* the page of the model they are in. A tenant is a block in
 * use: its name, the task that asked for it, and its seat in a list from
 * which reclaim takes the oldest. A block whose end the trace does not tell
 * (compaction moved it) waits in a pool, the longest there first to go.
 *
 * Costs 4 bytes a name and 20 bytes a place, where they were ever used.
 */
#ifndef BUD_ALLOCATOR_TENANT_H
#define BUD_ALLOCATOR_TENANT_H

#include "lib/allocator/pagemap.h"
#include "lib/allocator/zoneview.h"

#define BUD_PLACE_NONE UINT32_MAX	/* the name stands for nothing */
#define BUD_PLACE_GONE (UINT32_MAX - 1) /* it did, but the model took it back, or never gave it */
#define BUD_PLACE_MAX  (UINT32_MAX - 3)

/* Which list of a zone reclaim may take a block from. */
typedef enum bud_seat {
	BUD_SEAT_NONE,	/* it may not */
	BUD_SEAT_CACHE, /* page cache and its like: as much as is there */
	BUD_SEAT_SWAP,	/* other pages that reclaim freed in the trace: no more than it did there */
	BUD_NR_SEATS,
} bud_seat;

enum {
	BUD_TENANT_HEAD = 1,
	BUD_TENANT_INNER = 2,
	BUD_TENANT_MOVABLE = 4,
	BUD_TENANT_POOLED = 8,
	BUD_TENANT_NAMELESS = 16,
	BUD_TENANT_ANONYMOUS = 32, /* to be reclaimed it must go to swap */
	BUD_TENANT_ESTATE = 64,	   /* it goes when the task goes */
	BUD_TENANT_HELD = 128	   /* of what is movable: tries to move it fail */
};

typedef struct bud_tenant {
	uint32_t name; /* place in the pool if POOLED */
	int32_t pid;
	uint32_t older, newer; /* places of neighbours in the list; BUD_PLACE_NONE at its ends */
	uint8_t order;	       /* of the block, in each of its pages */
	uint8_t flags;	       /* 0: nobody lives here */
	uint8_t seat, zone;    /* list of that zone, as counted by the caller */
} bud_tenant;

typedef struct bud_seat_list {
	uint32_t oldest, newest;
	uint64_t pages;
} bud_seat_list;

typedef struct bud_tenants {
	bud_pagemap names;  /* uint32_t: place + 2, 0 NONE, 1 GONE */
	bud_pagemap places; /* bud_tenant */
	bud_seat_list lists[BUD_MAX_ZONES][BUD_NR_SEATS];
	uint32_t *pool; /* ring of places; BUD_PLACE_NONE: it has left meanwhile */
	uint32_t pool_size, pool_first, pool_nr;
	bool out_of_memory;
} bud_tenants;

/* For names and places below these numbers. */
bud_status bud_tenants_init(bud_tenants *tenants, bud_pfn names_end, bud_pfn places_end, bud_error *err);
void bud_tenants_fini(bud_tenants *tenants);

/* Where that name lives: a place, BUD_PLACE_NONE or BUD_PLACE_GONE. */
static inline uint32_t bud_tenants_find(const bud_tenants *t, bud_pfn name)
{
	const uint32_t *place = bud_pagemap_find(&t->names, name, sizeof(uint32_t));
	return !place || !*place ? BUD_PLACE_NONE : *place == 1 ? BUD_PLACE_GONE : *place - 2;
}

/* The tenant of a place: of the block that begins there, or that it lies in; NULL: nobody. */
static inline bud_tenant *bud_tenants_at(const bud_tenants *t, uint32_t place)
{
	bud_tenant *tenant = bud_pagemap_find(&t->places, place, sizeof(bud_tenant));
	return tenant && tenant->flags ? tenant : NULL;
}

/* First place of the block that place lies in. */
static inline uint32_t bud_tenants_head(const bud_tenant *tenant, uint32_t place)
{
	return place & ~((1u << tenant->order) - 1);
}

/* The block of names [name, name + 2^order) moves into that place, the newest of its list, with these flags besides. */
void bud_tenants_enter(bud_tenants *tenants, bud_pfn name, uint32_t place, int order, int32_t pid, unsigned flags,
		       bud_seat seat, unsigned zone);
/* Everybody of the block that begins at place leaves it. gone: their names stand for GONE, else for NONE. */
void bud_tenants_leave(bud_tenants *tenants, uint32_t place, bool gone);
/* These names stand for GONE. */
void bud_tenants_refuse(bud_tenants *tenants, bud_pfn name, int order);
/* The block that place lies in becomes blocks of one page each. */
void bud_tenants_split(bud_tenants *tenants, uint32_t place);
/* The block at from lives at to now, of the zone counted so. */
void bud_tenants_move(bud_tenants *tenants, uint32_t from, uint32_t to, unsigned zone);
/* The block at place sits in that list from now on, the oldest of it. */
void bud_tenants_seat(bud_tenants *tenants, uint32_t place, bud_seat seat);
/* The block that begins at place loses its names and becomes the next that reclaim takes. */
void bud_tenants_expose(bud_tenants *tenants, uint32_t place);
/* The block at place, of one page, loses its name and waits in the pool. */
void bud_tenants_pool(bud_tenants *tenants, uint32_t place);
/* The place of that which waits longest, out of the pool; BUD_PLACE_NONE if none waits. */
uint32_t bud_tenants_unpool(bud_tenants *tenants);

#endif
