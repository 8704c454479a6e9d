/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which requests of a trace are those of one allocator that is to be left
 * out. Whoever it is goes by the names section `site` has: its whole name; a
 * command with whatever flags; a function anywhere on the stack; or, where
 * there are stacks, the command all the same.
 *
 * Memory: a bit for each page event of the trace.
 */
#ifndef BUD_INSIGHT_ABSENCE_H
#define BUD_INSIGHT_ABSENCE_H

#include "lib/base/pageset.h"
#include "lib/insight/site.h"

typedef struct bud_absence bud_absence;

/* who, and the rest, is borrowed. */
bud_status bud_absence_create(bud_absence **absence, const char *who, bud_source *source, const bud_kernel *kernel,
			      bud_error *err);
void bud_absence_destroy(bud_absence *absence);

/* Kinds of events that bud_absence_feed() looks at. */
#define BUD_ABSENCE_EVENTS (BUD_EVENT_PAGES | BUD_EVENT_BIT(BUD_EV_KERNEL_STACK))

/* The next event; seq is the number of the page event it is. */
void bud_absence_feed(bud_absence *absence, const bud_event *event, uint32_t seq);
/* No more events come. */
bud_status bud_absence_end(bud_absence *absence, bud_error *err);

/* Whether the request told of by page event seq is one of those. */
bool bud_absence_has(const bud_absence *absence, uint32_t seq);
/* How many there are. */
uint64_t bud_absence_count(const bud_absence *absence);

#endif
