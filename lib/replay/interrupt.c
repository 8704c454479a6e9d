/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/replay/interrupt.h"

#include <stdlib.h>

#define IN_INTERRUPT 0x18 /* hardirq or softirq, of bud_event.page.context */

void bud_interrupts_init(bud_interrupts *interrupts, size_t nr_cpus, const bud_kernel *kernel)
{
	interrupts->nested = kernel->pcp_irqs_on;
	interrupts->cpus = calloc(nr_cpus ? nr_cpus : 1, sizeof *interrupts->cpus);
	interrupts->nr_cpus = interrupts->cpus ? nr_cpus : 0;
}

void bud_interrupts_fini(bud_interrupts *interrupts)
{
	free(interrupts->cpus);
	*interrupts = (bud_interrupts){ 0 };
}

/* Between these two the task never let go of the lock of that zone. */
static bool held_lock(const bud_interrupted_cpu *cpu, const bud_event *event, const bud_zone *zone)
{
	return (event->kind == BUD_EV_FREE_BATCHED || event->kind == BUD_EV_PCPU_DRAIN) && event->kind == cpu->kind &&
	       event->pid == cpu->pid && zone == cpu->zone;
}

/* Behind its last event, or on the way to this one, it may have held the lock of f's zone. */
static bool may_have_held_lock(const bud_interrupted_cpu *cpu, const bud_event *event, const bud_zone *zone,
			       const bud_interrupted_free *f)
{
	bool behind = cpu->kind != BUD_EV_ALLOC && f->zone == cpu->zone;
	bool before = event->kind != BUD_EV_FREE && event->kind != BUD_EV_FREE_BATCHED && f->zone == zone;
	return behind || before;
}

/* The task goes on: what was freed in between is decided, or stays in doubt. */
static void decide(bud_interrupted_cpu *cpu, const bud_event *event, const bud_zone *zone, bud_proofs *proofs)
{
	for (unsigned i = 0; i < cpu->nr; i++) {
		const bud_interrupted_free *f = &cpu->frees[i];
		if (held_lock(cpu, event, zone) && f->zone == zone)
			bud_proofs_add(proofs, BUD_PROOF_DIRECT, f->seq, f->pfn, f->order, false);
		else if (may_have_held_lock(cpu, event, zone, f))
			bud_proofs_doubt(proofs, f->seq, f->pfn, f->order);
	}
	cpu->nr = 0;
}

void bud_interrupts_gap(bud_interrupts *interrupts, uint16_t cpu, bud_proofs *proofs)
{
	if (cpu >= interrupts->nr_cpus)
		return;
	bud_proofs_forget(proofs, interrupts->cpus[cpu].nr_fresh, interrupts->cpus[cpu].last_seq);
	bud_proofs_add(proofs, BUD_PROOF_GAP, interrupts->cpus[cpu].last_seq, cpu, 0, false);
	interrupts->cpus[cpu].nr = 0;
	interrupts->cpus[cpu].kind = BUD_EV_ALLOC;
}

void bud_interrupts_note(bud_interrupts *interrupts, const bud_event *event, const bud_zone *zone, uint64_t seq,
			 bud_proofs *proofs)
{
	bud_interrupted_cpu *cpu = event->cpu < interrupts->nr_cpus ? &interrupts->cpus[event->cpu] : NULL;
	if (!cpu || !interrupts->nested)
		return;
	if (!(event->page.context & IN_INTERRUPT)) {
		decide(cpu, event, zone, proofs);
		cpu->kind = event->kind;
		cpu->pid = event->pid;
		cpu->zone = zone;
	} else if (event->kind == BUD_EV_FREE && cpu->nr < BUD_INTERRUPT_PENDING && event->order >= 0 &&
		   event->order < 32) {
		cpu->frees[cpu->nr++] = (bud_interrupted_free){ seq, event->page.pfn, zone, (uint8_t)event->order };
	}
}
