/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which requests of a trace are those of allocators that are to be left out.
 * Whoever they are go by the names section `site` has: the whole name; a
 * command with whatever flags; a function anywhere on the stack; or, where
 * there are stacks, the command all the same.
 *
 * Memory: a bit for each page event of the trace.
 */
#ifndef BUD_INSIGHT_ABSENCE_H
#define BUD_INSIGHT_ABSENCE_H

#include "lib/base/pageset.h"
#include "lib/insight/site.h"

#define BUD_ABSENCE_NAMES 8 /* that can be left out together */
#define BUD_ABSENCE_NAME  256

typedef struct bud_absence bud_absence;

/* who, nr of them, and the rest, is borrowed. */
bud_status bud_absence_create(bud_absence **absence, const char (*who)[BUD_ABSENCE_NAME], size_t nr, bud_source *source,
			      const bud_kernel *kernel, bud_error *err);
void bud_absence_destroy(bud_absence *absence);

/* Kinds of events that bud_absence_feed() looks at. */
#define BUD_ABSENCE_EVENTS (BUD_EVENT_PAGES | BUD_EVENT_BIT(BUD_EV_KERNEL_STACK))

/* The next event; seq is the number of the page event it is. */
void bud_absence_feed(bud_absence *absence, const bud_event *event, uint32_t seq);
/* No more events come. */
bud_status bud_absence_end(bud_absence *absence, bud_error *err);

/* Whether the request told of by page event seq is one of those. */
bool bud_absence_has(const bud_absence *absence, uint32_t seq);
/* The first of those to be left out who asks for nothing; NULL: all of them ask. */
const char *bud_absence_nobody(const bud_absence *absence);

#endif
