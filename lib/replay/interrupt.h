/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Frees in interrupt context that find a per-CPU list locked. The lists'
 * lock is only tried (pcp_spin_trylock), since 6.2 (and 6.1.y) with interrupts on (before,
 * nothing interrupts who holds it): a free that comes in while the
 * interrupted task holds it goes straight to the buddy, and its event looks
 * like any other. But what the task did before and after tells: between two
 * mm_page_free_batched of one batch (free_unref_folios, free_unref_page_list)
 * and between two drains (free_pcppages_bulk) it held the lock of that zone.
 * Behind a refill or another free, whose event comes before the lock is taken,
 * it may have; so it may on the way to an allocation, a refill or a drain,
 * whose events come when it has been taken (rmqueue_pcplist).
 */
#ifndef BUD_REPLAY_INTERRUPT_H
#define BUD_REPLAY_INTERRUPT_H

#include "lib/memory/memory.h"
#include "lib/replay/proofs.h"

#define BUD_INTERRUPT_PENDING 128 /* frees of one interruption that are looked at */

typedef struct bud_interrupted_free {
	uint64_t seq;
	bud_pfn pfn;
	const bud_zone *zone;
	uint8_t order;
} bud_interrupted_free;

/* What one CPU's task did last, and what interrupts freed since. */
typedef struct bud_interrupted_cpu {
	uint64_t last_seq; /* of its last event */
	size_t nr_fresh;   /* proofs this pass had learnt by then */
	int32_t pid;
	uint8_t kind;
	const bud_zone *zone;
	unsigned nr;
	bud_interrupted_free frees[BUD_INTERRUPT_PENDING];
} bud_interrupted_cpu;

typedef struct bud_interrupts {
	bud_interrupted_cpu *cpus;
	size_t nr_cpus;
	bool nested; /* interrupts may find the lock held: pcp_irqs_on */
} bud_interrupts;

/* For a learning pass; without memory nothing is learnt. */
void bud_interrupts_init(bud_interrupts *interrupts, size_t nr_cpus, const bud_kernel *kernel);
void bud_interrupts_fini(bud_interrupts *interrupts);

/* Takes note of any event, number seq. */
static inline void bud_interrupts_see(bud_interrupts *interrupts, const bud_event *event, uint64_t seq,
				      const bud_proofs *proofs)
{
	if (event->cpu >= interrupts->nr_cpus || event->kind == BUD_EV_LOST)
		return;
	interrupts->cpus[event->cpu].last_seq = seq;
	interrupts->cpus[event->cpu].nr_fresh = proofs->nr_fresh;
}

/* Records of that CPU are missing behind its last event: what was learnt since is forgotten. */
void bud_interrupts_gap(bud_interrupts *interrupts, uint16_t cpu, bud_proofs *proofs);

/* Takes note of a page event of zone, number seq; adds DIRECT proofs, and doubts where the lock may have been held. */
void bud_interrupts_note(bud_interrupts *interrupts, const bud_event *event, const bud_zone *zone, uint64_t seq,
			 bud_proofs *proofs);

#endif
