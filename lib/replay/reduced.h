/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What stands in for the kinds of events that a trace lacks: the per-CPU
 * lists by the kernel's rules, where drains are lacking; and what may be
 * elsewhere for it, claimed under BUD_UNCERTAIN_REDUCED:
 *
 *   drains, zone_locked, extfrag lacking    as much as the lists can hold
 *   drains lacking                          and what they may have given back although a bulk request had it
 *   zone_locked, extfrag, compaction lacking  and what may have left in silence (silence.h), if a pass has learnt that
 *   anything else lacking                   everything
 */
#ifndef BUD_REPLAY_REDUCED_H
#define BUD_REPLAY_REDUCED_H

#include "lib/replay/completeness.h"
#include "lib/replay/percpu.h"
#include "lib/replay/silence.h"

typedef struct bud_reduced {
	bud_lacks lacks; /* that there is something to stand in for */
	const bud_kernel *kernel;
	unsigned nr_cpus;
	bud_percpu *percpu;   /* NULL: no drains are lacking */
	bud_silence *silence; /* of the last pass that learnt, or being learnt; NULL: not known */
	uint64_t claimed_to;  /* number of the event at which claims of all zones are to be looked at again */
} bud_reduced;

/* Before the first event of a pass; kernel is borrowed. Keeps the silence unless the pass learns it anew. */
bud_status bud_reduced_begin(bud_reduced *reduced, bud_lacks lacks, bud_memory *memory, const bud_kernel *kernel,
			     const bud_trace_info *info, bool learning, bud_error *err);
void bud_reduced_fini(bud_reduced *reduced);

/* A pass that learns: an event is about to be applied. Only where silence is learnt. */
void bud_reduced_note(bud_reduced *reduced, const bud_event *event, const bud_zone *zone, size_t index, bud_pfn pfn,
		      uint64_t nr, const bud_proofs *proofs, uint64_t seq);
/* It is over at event number seq. started: it began without knowing what was free, so it has learnt too little. */
void bud_reduced_end_pass(bud_reduced *reduced, const bud_memory *memory, const bud_proofs *proofs, uint64_t seq,
			  bool started);

/* A page event number seq was applied; returns pages that became free for it. */
uint64_t bud_reduced_apply(bud_reduced *reduced, const bud_event *event, bud_zone *zone, size_t index, bud_pfn pfn,
			   int order, uint64_t seq);
/* A seed was read before event number seq. */
void bud_reduced_seeded(bud_reduced *reduced, bud_memory *memory, uint64_t seq);
/* Claims of all zones as of event number seq; of no use before silence is learnt. */
void bud_reduced_claim(bud_reduced *reduced, bud_memory *memory, uint64_t seq);

/* For restart points: to, all zero, gets a copy of the state; from there back into the original. */
bud_status bud_reduced_save(bud_reduced *to, const bud_reduced *from, const bud_memory *memory,
			    const bud_trace_info *info, bud_error *err);
bool bud_reduced_restore(bud_reduced *to, const bud_reduced *from);
size_t bud_reduced_bytes(const bud_reduced *reduced);

#endif
