/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The state a simulation begins with, made of a replayed one. Order within
 * the free lists is not known: they begin in order of address. Pages in use
 * live where they are. The pages a first look found on per-CPU lists are put
 * there. A zone with more memory than it had lies elsewhere in the model,
 * behind all others; memory taken away is free memory, the highest first.
 */
#ifndef BUD_ALLOCATOR_STARTUP_H
#define BUD_ALLOCATOR_STARTUP_H

#include "lib/allocator/simulate.h"

typedef struct bud_startup {
	bud_pfn names_end, places_end;
	size_t nr_zones;
	struct {
		int machine; /* zone of the machine; -1: none */
		bud_pfn start, end;
		int64_t shift;	/* from names to places at the start */
	} zones[BUD_MAX_ZONES]; /* of the start */
} bud_startup;

struct bud_simulation_setup;

/* Initialises machine, all without pages. */
bud_status bud_startup_machine(bud_startup *startup, bud_machine *machine, const bud_simulation_setup *setup,
			       bud_error *err);
/* Gives it its pages, and the tenants their places. */
bud_status bud_startup_pages(const bud_startup *startup, bud_machine *machine, bud_tenants *tenants,
			     const bud_simulation_setup *setup, bud_error *err);

static inline bud_machine_zone *bud_startup_zone(const bud_startup *startup, const bud_machine *machine, size_t zone)
{
	int index = zone < startup->nr_zones ? startup->zones[zone].machine : -1;
	return index < 0 ? NULL : &machine->zones[index];
}

/* The zone that the page of that name was in at the start; NULL: none. */
bud_machine_zone *bud_startup_zone_of(const bud_startup *startup, const bud_machine *machine, bud_pfn name);

#endif
