/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/allocator/oom.h"

#include "lib/allocator/reclaim.h"

#define EXIT_NS 30000000 /* who has been marked, and has freed nothing for so long, has left */

typedef bool tenant_visitor(bud_reclaim *r, uint32_t place, const bud_tenant *tenant, void *data);

static void each_tenant(bud_reclaim *r, tenant_visitor *visit, void *data)
{
	const bud_pagemap *places = &r->tenants->places;
	for (uint64_t chunk = 0; chunk < places->nr_chunks; chunk++)
		for (uint64_t i = 0; places->chunks[chunk] && i < 1u << BUD_PAGEMAP_SHIFT; i++) {
			uint32_t place = (uint32_t)(chunk << BUD_PAGEMAP_SHIFT | i);
			const bud_tenant *tenant = bud_tenants_at(r->tenants, place);
			if (tenant && (tenant->flags & BUD_TENANT_HEAD) && tenant->pid)
				visit(r, place, tenant, data);
		}
}

typedef struct killing {
	int32_t pid;
	unsigned cpu;
} killing;

/* What a task has of its own, as far as its flags tell. */
static bool is_of_task(const bud_tenant *tenant)
{
	return (tenant->flags & (BUD_TENANT_MOVABLE | BUD_TENANT_HELD)) == BUD_TENANT_MOVABLE;
}

static bool free_of_victim(bud_reclaim *r, uint32_t place, const bud_tenant *tenant, void *data)
{
	const killing *k = data;
	if (tenant->pid != k->pid || !(is_of_task(tenant) || tenant->flags & BUD_TENANT_ESTATE))
		return false;
	bud_reclaim_free(r, place, k->cpu);
	return true;
}

#define TALLY 1024 /* tasks told apart when looking for the one with most pages; more share a row */

typedef struct tally {
	struct {
		int32_t pid;
		uint64_t pages;
	} rows[TALLY];
} tally;

static bool count_tenant(bud_reclaim *r, uint32_t place, const bud_tenant *tenant, void *data)
{
	tally *t = data;
	(void)r;
	(void)place;
	size_t row = (uint32_t)tenant->pid % TALLY;
	if (!is_of_task(tenant))
		return false;
	t->rows[row].pid = t->rows[row].pages ? t->rows[row].pid : tenant->pid;
	t->rows[row].pages += t->rows[row].pid == tenant->pid ? (uint64_t)1 << tenant->order : 0;
	return true;
}

static int32_t fattest(const tally *t)
{
	uint64_t most = 0;
	int32_t pid = 0;
	for (size_t i = 0; i < TALLY; i++)
		if (t->rows[i].pages > most) {
			most = t->rows[i].pages;
			pid = t->rows[i].pid;
		}
	return pid;
}

static bool has_pages(const tally *t, int32_t pid)
{
	size_t row = (uint32_t)pid % TALLY;
	return pid && t->rows[row].pid == pid && t->rows[row].pages;
}

/* All its pages come back at once. */
static void reap(bud_reclaim *r, int32_t pid, unsigned cpu)
{
	each_tenant(r, free_of_victim, &(killing){ pid, cpu });
}

/* The next whom the trace's OOM killer will choose, or else the fattest, whose end nothing will tell; 0: nobody. */
static int32_t choose(bud_reclaim *r, unsigned cpu)
{
	tally t = { 0 };
	int32_t pid = 0;
	each_tenant(r, count_tenant, &t);
	while (!has_pages(&t, pid) && r->next_victim < r->lessons->nr_victims)
		pid = r->lessons->victims[r->next_victim++];
	bool told = has_pages(&t, pid);
	pid = told ? pid : fattest(&t);
	if (!pid)
		return 0;
	if (!told)
		reap(r, pid, cpu);
	r->dead[r->nr_dead++ % BUD_OOM_DEAD] = (bud_oom_dead){ pid, UINT64_MAX };
	r->victim = told ? pid : 0;
	r->leaves_ns = 0;
	return pid;
}

/* Whether the latest victim has still to leave, or does. */
static bool is_leaving(const bud_reclaim *r)
{
	return r->victim && (!r->leaves_ns || r->now_ns - r->leaves_ns < EXIT_NS);
}

bud_oom_victim bud_oom_kill(void *self, bud_machine *machine, const bud_alloc_context *context)
{
	bud_reclaim *r = self;
	bool waited = r->waits == machine->counts.requests, leaving = is_leaving(r);
	r->waits = machine->counts.requests;
	if (leaving && r->chosen) {
		if (!waited || r->victim == r->pid)
			return BUD_OOM_LEAVING;
		reap(r, r->victim, context->request->cpu);
		r->victim = 0;
		return BUD_OOM_LEAVING;
	}
	int32_t pid = leaving ? r->victim : choose(r, context->request->cpu);
	if (!pid)
		return BUD_OOM_NOBODY;
	r->chosen = true;
	r->counts.oom_kills++;
	return pid == r->pid ? BUD_OOM_SELF : BUD_OOM_OTHER;
}

void bud_oom_marked(bud_reclaim *reclaim, int32_t pid)
{
	bud_reclaim *r = reclaim;
	r->chosen = false;
	r->victim = pid;
	r->leaves_ns = r->now_ns;
	unsigned nr = r->nr_dead < BUD_OOM_DEAD ? r->nr_dead : BUD_OOM_DEAD;
	for (unsigned i = 0; i < nr; i++)
		if (r->dead[i].pid == pid) {
			r->dead[i].until_ns = r->now_ns;
			r->chosen = true;
		}
	for (size_t i = r->next_victim; i < r->lessons->nr_victims; i++)
		if (r->lessons->victims[i] == pid) {
			r->next_victim = i + 1;
			break;
		}
}

void bud_oom_frees(bud_reclaim *reclaim, int32_t pid)
{
	if (pid && pid == reclaim->victim && reclaim->leaves_ns)
		reclaim->leaves_ns = reclaim->now_ns;
}

bool bud_oom_is_victim(const bud_reclaim *reclaim, int32_t pid)
{
	return pid && reclaim->chosen && reclaim->victim == pid;
}

bool bud_oom_is_dead(const bud_reclaim *reclaim, int32_t pid, uint64_t began_ns)
{
	unsigned nr = reclaim->nr_dead < BUD_OOM_DEAD ? reclaim->nr_dead : BUD_OOM_DEAD;
	for (unsigned i = 0; pid && i < nr; i++)
		if (reclaim->dead[i].pid == pid && began_ns < reclaim->dead[i].until_ns)
			return true;
	return false;
}
