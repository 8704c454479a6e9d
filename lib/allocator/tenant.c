/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/allocator/tenant.h"

#include <stdlib.h>
#include <string.h>

#define STANDS_FOR_NONE 0
#define STANDS_FOR_GONE 1
#define STANDS_FOR	2 /* and the place */

bud_status bud_tenants_init(bud_tenants *tenants, bud_pfn names_end, bud_pfn places_end, bud_error *err)
{
	*tenants = (bud_tenants){ 0 };
	for (unsigned z = 0; z < BUD_MAX_ZONES; z++)
		for (unsigned seat = 0; seat < BUD_NR_SEATS; seat++)
			tenants->lists[z][seat] = (bud_seat_list){ BUD_PLACE_NONE, BUD_PLACE_NONE, 0 };
	if (names_end > BUD_PLACE_MAX || places_end > BUD_PLACE_MAX)
		return bud_error_set(err, BUD_ERR_UNSUPPORTED, "the model takes page frames up to number %u",
				     BUD_PLACE_MAX);
	bud_status status = bud_pagemap_init(&tenants->names, names_end, sizeof(uint32_t), err);
	return status ? status : bud_pagemap_init(&tenants->places, places_end, sizeof(bud_tenant), err);
}

void bud_tenants_fini(bud_tenants *tenants)
{
	bud_pagemap_fini(&tenants->names);
	bud_pagemap_fini(&tenants->places);
	free(tenants->pool);
}

static void name_stands_for(bud_tenants *t, bud_pfn name, uint32_t what)
{
	uint32_t *place = bud_pagemap_make(&t->names, name, sizeof(uint32_t));
	if (place)
		*place = what;
	else
		t->out_of_memory = true;
}

static bud_tenant *at(const bud_tenants *t, uint32_t place)
{
	return bud_pagemap_find(&t->places, place, sizeof(bud_tenant));
}

/* Seats */

static void sit(bud_tenants *t, bud_tenant *tenant, uint32_t place, bool oldest)
{
	if (!tenant->seat)
		return;
	bud_seat_list *list = &t->lists[tenant->zone][tenant->seat];
	tenant->older = oldest ? BUD_PLACE_NONE : list->newest;
	tenant->newer = oldest ? list->oldest : BUD_PLACE_NONE;
	if (tenant->older != BUD_PLACE_NONE)
		at(t, tenant->older)->newer = place;
	else
		list->oldest = place;
	if (tenant->newer != BUD_PLACE_NONE)
		at(t, tenant->newer)->older = place;
	else
		list->newest = place;
	list->pages += (uint64_t)1 << tenant->order;
}

static void rise(bud_tenants *t, const bud_tenant *tenant)
{
	if (!tenant->seat)
		return;
	bud_seat_list *list = &t->lists[tenant->zone][tenant->seat];
	if (tenant->older != BUD_PLACE_NONE)
		at(t, tenant->older)->newer = tenant->newer;
	else
		list->oldest = tenant->newer;
	if (tenant->newer != BUD_PLACE_NONE)
		at(t, tenant->newer)->older = tenant->older;
	else
		list->newest = tenant->older;
	list->pages -= (uint64_t)1 << tenant->order;
}

void bud_tenants_enter(bud_tenants *tenants, bud_pfn name, uint32_t place, int order, int32_t pid, unsigned flags,
		       bud_seat seat, unsigned zone)
{
	for (uint32_t i = 1u << order; i-- > 0;) {
		bud_tenant *tenant = bud_pagemap_make(&tenants->places, place + i, sizeof(bud_tenant));
		if (!tenant) {
			tenants->out_of_memory = true;
			return;
		}
		*tenant = (bud_tenant){ .name = (uint32_t)(name + i),
					.pid = pid,
					.order = (uint8_t)order,
					.flags = (uint8_t)(flags | (i ? BUD_TENANT_INNER : BUD_TENANT_HEAD)),
					.seat = (uint8_t)seat,
					.zone = (uint8_t)zone };
		name_stands_for(tenants, name + i, place + i + STANDS_FOR);
		if (!i)
			sit(tenants, tenant, place, false);
	}
}

/* What the tenant's name, or its place in the pool, says of it from now on. */
static void tell_name(bud_tenants *t, const bud_tenant *tenant, uint32_t what)
{
	if (tenant->flags & BUD_TENANT_POOLED)
		t->pool[tenant->name] = what >= STANDS_FOR ? what - STANDS_FOR : BUD_PLACE_NONE;
	else if (!(tenant->flags & BUD_TENANT_NAMELESS))
		name_stands_for(t, tenant->name, what);
}

void bud_tenants_leave(bud_tenants *tenants, uint32_t place, bool gone)
{
	bud_tenant *head = at(tenants, place);
	rise(tenants, head);
	for (uint32_t i = 0, nr = 1u << head->order; i < nr; i++) {
		bud_tenant *tenant = i ? at(tenants, place + i) : head;
		tell_name(tenants, tenant, gone ? STANDS_FOR_GONE : STANDS_FOR_NONE);
		tenant->flags = 0;
	}
}

void bud_tenants_refuse(bud_tenants *tenants, bud_pfn name, int order)
{
	for (bud_pfn i = 0; i < (bud_pfn)1 << order; i++)
		name_stands_for(tenants, name + i, STANDS_FOR_GONE);
}

void bud_tenants_split(bud_tenants *tenants, uint32_t place)
{
	bud_tenant *tenant = at(tenants, place);
	int order = tenant->order;
	uint32_t head = bud_tenants_head(tenant, place);
	if (!order)
		return;
	tenant = at(tenants, head);
	bool oldest = tenant->seat && tenant->older == BUD_PLACE_NONE;
	rise(tenants, tenant);
	for (uint32_t n = 1u << order; n-- > 0;) {
		uint32_t i = oldest ? n : (1u << order) - 1 - n;
		tenant = at(tenants, head + i);
		tenant->order = 0;
		tenant->flags = (uint8_t)((tenant->flags & ~BUD_TENANT_INNER) | BUD_TENANT_HEAD);
		sit(tenants, tenant, head + i, oldest);
	}
}

void bud_tenants_move(bud_tenants *tenants, uint32_t from, uint32_t to, unsigned zone)
{
	bud_tenant *head = at(tenants, from);
	uint32_t nr = 1u << head->order;
	rise(tenants, head);
	for (uint32_t i = 0; i < nr; i++) {
		bud_tenant *old = at(tenants, from + i), *moved = bud_pagemap_make(&tenants->places, to + i, sizeof(bud_tenant));
		if (!moved) {
			tenants->out_of_memory = true;
			return;
		}
		*moved = *old;
		moved->zone = (uint8_t)zone;
		old->flags = 0;
		tell_name(tenants, moved, to + i + STANDS_FOR);
	}
	sit(tenants, at(tenants, to), to, false);
}

static void lose_name(bud_tenants *t, bud_tenant *tenant)
{
	tell_name(t, tenant, STANDS_FOR_NONE);
	tenant->flags = (uint8_t)((tenant->flags & ~BUD_TENANT_POOLED) | BUD_TENANT_NAMELESS);
}

void bud_tenants_seat(bud_tenants *tenants, uint32_t place, bud_seat seat)
{
	bud_tenant *tenant = at(tenants, place);
	rise(tenants, tenant);
	tenant->seat = (uint8_t)seat;
	sit(tenants, tenant, place, true);
}

void bud_tenants_expose(bud_tenants *tenants, uint32_t place)
{
	for (uint32_t i = 0, nr = 1u << at(tenants, place)->order; i < nr; i++)
		lose_name(tenants, at(tenants, place + i));
	bud_tenants_seat(tenants, place, BUD_SEAT_CACHE);
}

static bool grow_pool(bud_tenants *t)
{
	uint32_t size = t->pool_size ? 2 * t->pool_size : 1024;
	uint32_t *pool = size > t->pool_size ? malloc((size_t)size * sizeof *pool) : NULL;
	if (!pool)
		return false;
	for (uint32_t i = 0; i < t->pool_nr; i++) {
		pool[i] = t->pool[(t->pool_first + i) % t->pool_size];
		if (pool[i] != BUD_PLACE_NONE)
			at(t, pool[i])->name = i;
	}
	free(t->pool);
	t->pool = pool;
	t->pool_size = size;
	t->pool_first = 0;
	return true;
}

void bud_tenants_pool(bud_tenants *tenants, uint32_t place)
{
	bud_tenant *tenant = at(tenants, place);
	if (tenants->pool_nr == tenants->pool_size && !grow_pool(tenants)) {
		tenants->out_of_memory = true;
		return;
	}
	lose_name(tenants, tenant);
	tenant->name = (tenants->pool_first + tenants->pool_nr++) % tenants->pool_size;
	tenant->flags = (uint8_t)((tenant->flags & ~BUD_TENANT_NAMELESS) | BUD_TENANT_POOLED);
	tenants->pool[tenant->name] = place;
}

uint32_t bud_tenants_unpool(bud_tenants *tenants)
{
	while (tenants->pool_nr) {
		uint32_t place = tenants->pool[tenants->pool_first];
		tenants->pool_first = (tenants->pool_first + 1) % tenants->pool_size;
		tenants->pool_nr--;
		if (place == BUD_PLACE_NONE)
			continue;
		bud_tenant *tenant = at(tenants, place);
		tenant->flags = (uint8_t)((tenant->flags & ~BUD_TENANT_POOLED) | BUD_TENANT_NAMELESS);
		return place;
	}
	return BUD_PLACE_NONE;
}
