/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/allocator/oom.h"

#include "lib/allocator/reclaim.h"

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
	uint64_t pages;
} killing;

static bool free_of_victim(bud_reclaim *r, uint32_t place, const bud_tenant *tenant, void *data)
{
	killing *k = data;
	if (tenant->pid != k->pid || !(tenant->flags & BUD_TENANT_MOVABLE))
		return false;
	k->pages += (uint64_t)1 << tenant->order;
	bud_reclaim_free(r, place, k->cpu);
	return true;
}

#define TALLY 1024 /* tasks told apart when looking for the one with most pages; more share a row */

static bool count_tenant(bud_reclaim *r, uint32_t place, const bud_tenant *tenant, void *data)
{
	uint64_t(*tally)[2] = data; /* pid, pages */
	(void)r;
	(void)place;
	uint64_t *row = tally[(uint32_t)tenant->pid % TALLY];
	if (!(tenant->flags & BUD_TENANT_MOVABLE))
		return false;
	row[0] = row[1] ? row[0] : (uint32_t)tenant->pid;
	row[1] += row[0] == (uint32_t)tenant->pid ? (uint64_t)1 << tenant->order : 0;
	return true;
}

static int32_t fattest(bud_reclaim *r)
{
	uint64_t tally[TALLY][2] = { 0 }, most = 0;
	int32_t pid = 0;
	each_tenant(r, count_tenant, tally);
	for (size_t i = 0; i < TALLY; i++)
		if (tally[i][1] > most) {
			most = tally[i][1];
			pid = (int32_t)tally[i][0];
		}
	return pid;
}

static bool kill_task(bud_reclaim *r, int32_t pid, unsigned cpu)
{
	killing k = { .pid = pid, .cpu = cpu };
	each_tenant(r, free_of_victim, &k);
	if (!k.pages)
		return false;
	r->dead[r->nr_dead++ % BUD_OOM_DEAD] = pid;
	r->counts.oom_kills++;
	return true;
}

bool bud_oom_kill(void *self, bud_machine *machine, const bud_alloc_context *context)
{
	bud_reclaim *r = self;
	(void)machine;
	bool killed = false;
	while (!killed && r->next_victim < r->lessons->nr_victims)
		killed = kill_task(r, r->lessons->victims[r->next_victim++], context->request->cpu);
	int32_t pid = killed ? 0 : fattest(r);
	return killed || (pid && kill_task(r, pid, context->request->cpu));
}

bool bud_oom_is_dead(const bud_reclaim *reclaim, int32_t pid)
{
	unsigned nr = reclaim->nr_dead < BUD_OOM_DEAD ? reclaim->nr_dead : BUD_OOM_DEAD;
	for (unsigned i = 0; i < nr; i++)
		if (reclaim->dead[i] == pid)
			return true;
	return false;
}
