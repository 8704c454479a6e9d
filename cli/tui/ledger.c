/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/tui/ledger.h"

#include <stdlib.h>
#include <string.h>

#include "lib/memory/fragindex.h"

void bud_ledger_init(bud_ledger *ledger, const bud_memory *memory, const bud_kernel *kernel)
{
	*ledger = (bud_ledger){ .memory = memory, .kernel = kernel };
}

void bud_ledger_fini(bud_ledger *ledger)
{
	free(ledger->failures);
	free(ledger->steals);
	*ledger = (bud_ledger){ 0 };
}

/* Room for one more; NULL at the bound, or without memory. */
static void *room_for(bud_ledger *l, void **array, size_t nr, size_t *room, size_t size)
{
	if (nr == *room) {
		size_t more = *room ? *room * 2 : 256;
		void *grown = *room < BUD_LEDGER_MAX ? realloc(*array, more * size) : NULL;
		if (!grown) {
			l->dropped++;
			return NULL;
		}
		*array = grown;
		*room = more;
	}
	return (char *)*array + nr * size;
}

static void add_failure(bud_ledger *l, const bud_event *e)
{
	bud_failure *f = room_for(l, (void **)&l->failures, l->nr_failures, &l->room_failures, sizeof *f);
	if (!f)
		return;
	l->nr_failures++;
	*f = (bud_failure){ .t_ns = e->t_ns,
			    .gfp_flags = e->page.gfp_flags,
			    .pid = e->pid,
			    .order = e->order,
			    .migratetype = (uint8_t)bud_kernel_migratetype(l->kernel, e->page.migratetype) };
	for (size_t i = 0; i < l->memory->nr_zones; i++) {
		const bud_zone *z = &l->memory->zones[i];
		if (!z->seeded || e->order < 0 || e->order > z->buddy.max_order)
			continue;
		f->known = true;
		uint64_t nr_free[BUD_NR_ORDERS];
		bud_buddy_count(&z->buddy, nr_free);
		f->free_pages += bud_buddy_pages(&z->buddy);
		f->suitable += bud_fragindex_suitable(nr_free, z->buddy.max_order, e->order);
	}
}

static void add_steal(bud_ledger *l, const bud_event *e)
{
	bud_steal *s = room_for(l, (void **)&l->steals, l->nr_steals, &l->room_steals, sizeof *s);
	if (!s)
		return;
	l->nr_steals++;
	*s = (bud_steal){ .t_ns = e->t_ns,
			  .alloc_order = e->order,
			  .fallback_order = (int8_t)(e->extfrag.fallback_order & 0x1f),
			  .alloc_type = (uint8_t)bud_kernel_migratetype(l->kernel, e->extfrag.alloc_migratetype),
			  .fallback_type = (uint8_t)bud_kernel_migratetype(l->kernel, e->extfrag.fallback_migratetype),
			  .claimed = e->extfrag.change_ownership != 0 };
}

void bud_ledger_hear(void *self, const bud_event *event)
{
	if (event->kind == BUD_EV_ALLOC && event->page.pfn == BUD_PFN_NONE)
		add_failure(self, event);
	else if (event->kind == BUD_EV_EXTFRAG)
		add_steal(self, event);
}

/* Both begin with their time. */
static size_t first_from(const void *array, size_t nr, size_t size, uint64_t t_ns)
{
	size_t low = 0, high = nr;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		uint64_t t;
		memcpy(&t, (const char *)array + middle * size, sizeof t);
		if (t < t_ns)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

size_t bud_ledger_failure_from(const bud_ledger *ledger, uint64_t t_ns)
{
	return first_from(ledger->failures, ledger->nr_failures, sizeof *ledger->failures, t_ns);
}

size_t bud_ledger_steal_from(const bud_ledger *ledger, uint64_t t_ns)
{
	return first_from(ledger->steals, ledger->nr_steals, sizeof *ledger->steals, t_ns);
}
