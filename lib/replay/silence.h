/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pages that may have left in silence, over the time of a trace that does
 * not tell all that takes pages from the free lists. A page not in use stays
 * where it is held until its next event, if that event is a request or a
 * take: these find it free, or on a per-CPU list. If the next event is a
 * free, or there is none, it may have left at any moment in between. A pass
 * that learns adds these spans up; the passes behind it ask how many pages
 * are in such a span at an event. Time is rounded to some hundred stretches:
 * never too few.
 */
#ifndef BUD_REPLAY_SILENCE_H
#define BUD_REPLAY_SILENCE_H

#include "lib/memory/memory.h"
#include "lib/replay/proofs.h"

typedef struct bud_silence bud_silence;

bud_status bud_silence_create(bud_silence **silence, size_t nr_zones, bud_error *err);
void bud_silence_destroy(bud_silence *silence);

/* Pages of that zone were in doubt from event number from to event number to. */
void bud_silence_add(bud_silence *silence, size_t zone, uint64_t from, uint64_t to, uint64_t pages);
/* The pass is over at event number seq: what no event has named since its last is in doubt until then. */
void bud_silence_end(bud_silence *silence, const bud_memory *memory, const bud_proofs *proofs, uint64_t seq);

/* Pages of that zone in doubt at event number seq; after bud_silence_end(). */
uint64_t bud_silence_at(const bud_silence *silence, size_t zone, uint64_t seq);
/* The first event behind seq at which that may be another number. */
uint64_t bud_silence_until(const bud_silence *silence, uint64_t seq);

#endif
