/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/tui/ledger.h"

#include <stdlib.h>

#include "lib/base/lower_bound.h"

void bud_ledger_init(bud_ledger *ledger, const bud_kernel *kernel)
{
	*ledger = (bud_ledger){ .kernel = kernel };
}

void bud_ledger_fini(bud_ledger *ledger)
{
	free(ledger->steals);
	*ledger = (bud_ledger){ 0 };
}

/* Room for one more; NULL at the bound, or without memory. */
static bud_steal *make_room(bud_ledger *l)
{
	if (l->nr_steals == l->room) {
		size_t room = l->room ? l->room * 2 : 256;
		bud_steal *steals = l->room < BUD_LEDGER_MAX ? realloc(l->steals, room * sizeof *steals) : NULL;
		if (!steals) {
			l->dropped++;
			return NULL;
		}
		l->steals = steals;
		l->room = room;
	}
	return &l->steals[l->nr_steals++];
}

void bud_ledger_hear(void *self, const bud_event *event)
{
	bud_ledger *l = self;
	bud_steal *s = event->kind == BUD_EV_EXTFRAG ? make_room(l) : NULL;
	if (!s)
		return;
	*s = (bud_steal){ .t_ns = event->t_ns,
			  .pid = event->pid,
			  .alloc_order = event->order,
			  .fallback_order = (int8_t)(event->extfrag.fallback_order & 0x1f),
			  .alloc_type = (uint8_t)bud_kernel_migratetype(l->kernel, event->extfrag.alloc_migratetype),
			  .fallback_type =
				  (uint8_t)bud_kernel_migratetype(l->kernel, event->extfrag.fallback_migratetype),
			  .claimed = event->extfrag.change_ownership != 0 };
}

size_t bud_ledger_steal_from(const bud_ledger *ledger, uint64_t t_ns)
{
	return bud_lower_bound(ledger->steals, ledger->nr_steals, sizeof *ledger->steals, offsetof(bud_steal, t_ns), t_ns);
}
