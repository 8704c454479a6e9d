/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who lives where: names, seats and the pool, one by one and against a naive town register. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/allocator/tenant.h"

static bud_tenants town(void)
{
	bud_tenants t;
	assert_int_equal(bud_tenants_init(&t, 1 << 20, 1 << 20, NULL), BUD_OK);
	return t;
}

/* The places of a list from the oldest on, as far as there is room. */
static size_t seated(const bud_tenants *t, unsigned zone, bud_seat seat, uint32_t *places, size_t room)
{
	const bud_seat_list *list = &t->lists[zone][seat];
	size_t nr = 0;
	uint64_t pages = 0;
	for (uint32_t p = list->oldest; p != BUD_PLACE_NONE && nr < room; p = bud_tenants_at(t, p)->newer) {
		places[nr++] = p;
		pages += (uint64_t)1 << bud_tenants_at(t, p)->order;
	}
	assert_int_equal(pages, list->pages);
	assert_int_equal(list->newest, nr ? places[nr - 1] : BUD_PLACE_NONE);
	return nr;
}

static void assert_seated(const bud_tenants *t, bud_seat seat, size_t nr, ...)
{
	uint32_t places[16];
	va_list expected;
	assert_int_equal(seated(t, 0, seat, places, 16), nr);
	va_start(expected, nr);
	for (size_t i = 0; i < nr; i++)
		assert_int_equal(places[i], va_arg(expected, unsigned));
	va_end(expected);
}

static void test_names_and_places(void **state)
{
	(void)state;
	bud_tenants t = town();
	assert_int_equal(bud_tenants_find(&t, 7), BUD_PLACE_NONE);
	bud_tenants_enter(&t, 100, 64, 2, 1, BUD_TENANT_MOVABLE, BUD_SEAT_NONE, 0);
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(bud_tenants_find(&t, 100 + i), 64 + i);
		assert_int_equal(bud_tenants_head(bud_tenants_at(&t, 64 + i), 64 + i), 64);
	}
	assert_null(bud_tenants_at(&t, 68));
	bud_tenants_move(&t, 64, 128, 3);
	assert_int_equal(bud_tenants_find(&t, 102), 130);
	assert_null(bud_tenants_at(&t, 66));
	assert_int_equal(bud_tenants_at(&t, 130)->zone, 3);
	bud_tenants_leave(&t, 128, true);
	assert_int_equal(bud_tenants_find(&t, 103), BUD_PLACE_GONE);
	/* A name that stands for somebody gone may come back. */
	bud_tenants_enter(&t, 103, 5, 0, 1, 0, BUD_SEAT_NONE, 0);
	assert_int_equal(bud_tenants_find(&t, 103), 5);
	bud_tenants_leave(&t, 5, false);
	assert_int_equal(bud_tenants_find(&t, 103), BUD_PLACE_NONE);
	bud_tenants_refuse(&t, 200, 1);
	assert_int_equal(bud_tenants_find(&t, 201), BUD_PLACE_GONE);
	bud_tenants_fini(&t);
}

static void test_seats_by_age(void **state)
{
	(void)state;
	bud_tenants t = town();
	for (unsigned i = 1; i <= 4; i++)
		bud_tenants_enter(&t, i, i, 0, 1, 0, BUD_SEAT_CACHE, 0);
	assert_seated(&t, BUD_SEAT_CACHE, 4, 1, 2, 3, 4);
	bud_tenants_leave(&t, 2, false); /* from the middle, then both ends */
	assert_seated(&t, BUD_SEAT_CACHE, 3, 1, 3, 4);
	bud_tenants_leave(&t, 1, false);
	bud_tenants_leave(&t, 4, false);
	assert_seated(&t, BUD_SEAT_CACHE, 1, 3);
	/* Who takes another seat is the oldest of it; who moves is the newest. */
	bud_tenants_enter(&t, 5, 5, 0, 1, 0, BUD_SEAT_SWAP, 0);
	bud_tenants_seat(&t, 3, BUD_SEAT_SWAP);
	assert_seated(&t, BUD_SEAT_SWAP, 2, 3, 5);
	bud_tenants_move(&t, 3, 9, 0);
	assert_seated(&t, BUD_SEAT_SWAP, 2, 5, 9);
	assert_seated(&t, BUD_SEAT_CACHE, 0);
	bud_tenants_fini(&t);
}

static void test_a_block_splits_in_its_order(void **state)
{
	(void)state;
	bud_tenants t = town();
	bud_tenants_enter(&t, 100, 4, 1, 1, 0, BUD_SEAT_CACHE, 0);
	bud_tenants_enter(&t, 200, 8, 1, 1, 0, BUD_SEAT_CACHE, 0);
	bud_tenants_split(&t, 5); /* the oldest stays it */
	assert_seated(&t, BUD_SEAT_CACHE, 3, 4, 5, 8);
	bud_tenants_split(&t, 4); /* nothing is left to split */
	assert_seated(&t, BUD_SEAT_CACHE, 3, 4, 5, 8);
	bud_tenants_leave(&t, 4, false);
	assert_int_equal(bud_tenants_find(&t, 101), 5);
	assert_int_equal(bud_tenants_find(&t, 100), BUD_PLACE_NONE);
	bud_tenants_split(&t, 9);
	assert_seated(&t, BUD_SEAT_CACHE, 3, 5, 8, 9);
	bud_tenants_fini(&t);
}

static void test_the_pool_gives_back_in_order(void **state)
{
	(void)state;
	enum { MANY = 3000 }; /* the pool grows on the way */
	bud_tenants t = town();
	for (unsigned i = 0; i < MANY; i++)
		bud_tenants_enter(&t, i, i, 0, 1, 0, BUD_SEAT_NONE, 0);
	for (unsigned i = 0; i < 600; i++)
		bud_tenants_pool(&t, i);
	assert_int_equal(bud_tenants_find(&t, 0), BUD_PLACE_NONE); /* it has no name any more */
	assert_int_equal(bud_tenants_unpool(&t), 0);
	assert_int_equal(bud_tenants_unpool(&t), 1);
	for (unsigned i = 600; i < MANY; i++)
		bud_tenants_pool(&t, i);
	/* Who leaves is passed over, who moves is found at the new place. */
	bud_tenants_leave(&t, 2, false);
	bud_tenants_move(&t, 3, MANY + 3, 0);
	assert_int_equal(bud_tenants_unpool(&t), MANY + 3);
	bud_tenants_leave(&t, MANY - 1, false);
	for (unsigned i = 4; i < MANY - 1; i++)
		assert_int_equal(bud_tenants_unpool(&t), i);
	assert_int_equal(bud_tenants_unpool(&t), BUD_PLACE_NONE);
	bud_tenants_fini(&t);
}

static void test_the_exposed_goes_next(void **state)
{
	(void)state;
	bud_tenants t = town();
	bud_tenants_enter(&t, 1, 1, 0, 1, 0, BUD_SEAT_CACHE, 0);
	bud_tenants_enter(&t, 2, 2, 0, 1, 0, BUD_SEAT_NONE, 0);
	bud_tenants_expose(&t, 2);
	assert_seated(&t, BUD_SEAT_CACHE, 2, 2, 1);
	assert_int_equal(bud_tenants_find(&t, 2), BUD_PLACE_NONE);
	/* The name is somebody else's now, and stays so when the exposed one leaves. */
	bud_tenants_enter(&t, 2, 3, 0, 1, 0, BUD_SEAT_NONE, 0);
	bud_tenants_leave(&t, 2, true);
	assert_int_equal(bud_tenants_find(&t, 2), 3);
	/* A block of more than a page stays one. */
	bud_tenants_enter(&t, 8, 8, 2, 1, 0, BUD_SEAT_NONE, 0);
	bud_tenants_expose(&t, 8);
	assert_int_equal(t.lists[0][BUD_SEAT_CACHE].oldest, 8);
	assert_int_equal(t.lists[0][BUD_SEAT_CACHE].pages, 1 + 4);
	for (bud_pfn name = 8; name < 12; name++)
		assert_int_equal(bud_tenants_find(&t, name), BUD_PLACE_NONE);
	assert_int_equal(bud_tenants_at(&t, 8)->order, 2);
	bud_tenants_fini(&t);
}

/* ---- any sequence, against a register of all that was ever said ---- */

enum { PLACES = 256, NAMES = 256 };

typedef struct house {
	bool head, inner, pooled, nameless;
	unsigned name, order, seat, zone;
	unsigned long age; /* of the head's seat; less is older */
} house;

typedef struct city {
	bud_tenants t;
	house at[PLACES];
	unsigned names[NAMES]; /* place + 2, 0 none, 1 gone */
	unsigned pool[65536], first, nr;
	unsigned long young, old;
} city;

static uint32_t seed;

static uint32_t roll(uint32_t below)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % below;
}

static void call(city *c, unsigned place, unsigned what)
{
	house *h = &c->at[place];
	for (unsigned i = 0; h->pooled && i < c->nr; i++)
		if (c->pool[c->first + i] == place)
			c->pool[c->first + i] = what >= 2 ? what - 2 : PLACES;
	if (!h->pooled && !h->nameless)
		c->names[h->name] = what;
}

static void enter(city *c)
{
	unsigned order = roll(4), place = roll(PLACES) >> order << order, name = roll(NAMES) >> order << order;
	for (unsigned i = 0; i < 1u << order; i++)
		if (c->at[place + i].head || c->at[place + i].inner || c->names[name + i] >= 2)
			return;
	unsigned seat = roll(BUD_NR_SEATS), zone = roll(2);
	bud_tenants_enter(&c->t, name, place, (int)order, 1, 0, (bud_seat)seat, zone);
	for (unsigned i = 0; i < 1u << order; i++) {
		c->at[place + i] = (house){ .head = !i,
					    .inner = i,
					    .name = name + i,
					    .order = order,
					    .seat = seat,
					    .zone = zone,
					    .age = c->young };
		c->names[name + i] = place + i + 2;
	}
	c->young++;
}

static void leave(city *c, unsigned head)
{
	bool gone = roll(2);
	unsigned nr = 1u << c->at[head].order;
	bud_tenants_leave(&c->t, head, gone);
	for (unsigned i = 0; i < nr; i++) {
		call(c, head + i, gone);
		c->at[head + i] = (house){ 0 };
	}
}

static void move(city *c, unsigned from)
{
	unsigned order = c->at[from].order, to = roll(PLACES) >> order << order, zone = roll(2);
	for (unsigned i = 0; i < 1u << order; i++)
		if (c->at[to + i].head || c->at[to + i].inner)
			return;
	bud_tenants_move(&c->t, from, to, zone);
	for (unsigned i = 0; i < 1u << order; i++) {
		call(c, from + i, to + i + 2);
		c->at[to + i] = c->at[from + i];
		c->at[to + i].zone = zone;
		c->at[to + i].age = c->young;
		c->at[from + i] = (house){ 0 };
	}
	c->young++;
}

static bool is_oldest(const city *c, unsigned head)
{
	for (unsigned p = 0; p < PLACES; p++)
		if (c->at[p].head && c->at[p].seat == c->at[head].seat && c->at[p].zone == c->at[head].zone &&
		    c->at[p].age < c->at[head].age)
			return false;
	return true;
}

static void split(city *c, unsigned head)
{
	unsigned nr = 1u << c->at[head].order;
	bool oldest = is_oldest(c, head);
	bud_tenants_split(&c->t, head + roll(nr));
	if (nr == 1)
		return;
	c->old -= oldest ? nr : 0;
	for (unsigned i = 0; i < nr; i++) {
		house *h = &c->at[head + i];
		h->head = true;
		h->inner = false;
		h->order = 0;
		h->age = oldest ? c->old + i : c->young++;
	}
}

static void pool(city *c, unsigned place)
{
	call(c, place, 0);
	bud_tenants_pool(&c->t, place);
	c->pool[c->first + c->nr++] = place;
	c->at[place].pooled = true;
	c->at[place].nameless = false;
}

static void expose(city *c, unsigned place)
{
	call(c, place, 0);
	bud_tenants_expose(&c->t, place);
	c->at[place].pooled = false;
	c->at[place].nameless = true;
	c->at[place].seat = BUD_SEAT_CACHE;
	c->at[place].age = --c->old;
}

static void unpool(city *c)
{
	unsigned place = PLACES;
	while (c->nr && place == PLACES) {
		place = c->pool[c->first++];
		c->nr--;
	}
	assert_int_equal(bud_tenants_unpool(&c->t), place == PLACES ? BUD_PLACE_NONE : place);
	if (place == PLACES)
		return;
	c->at[place].pooled = false;
	c->at[place].nameless = true;
}

static void check(const city *c)
{
	for (unsigned name = 0; name < NAMES; name++) {
		unsigned what = c->names[name];
		assert_int_equal(bud_tenants_find(&c->t, name), what == 0   ? BUD_PLACE_NONE
								: what == 1 ? BUD_PLACE_GONE
									    : what - 2);
	}
	for (unsigned place = 0; place < PLACES; place++)
		assert_int_equal(bud_tenants_at(&c->t, place) != NULL, c->at[place].head || c->at[place].inner);
	for (unsigned zone = 0; zone < 2; zone++)
		for (unsigned seat = BUD_SEAT_CACHE; seat < BUD_NR_SEATS; seat++) {
			uint32_t places[PLACES];
			size_t nr = seated(&c->t, zone, (bud_seat)seat, places, PLACES), expected = 0;
			for (unsigned p = 0; p < PLACES; p++)
				expected += c->at[p].head && c->at[p].seat == seat && c->at[p].zone == zone;
			assert_int_equal(nr, expected);
			for (size_t i = 0; i < nr; i++) {
				const house *h = &c->at[places[i]];
				assert_true(h->head && h->seat == seat && h->zone == zone);
				assert_true(!i || c->at[places[i - 1]].age < h->age);
			}
		}
}

static void step(city *c)
{
	unsigned place = roll(PLACES);
	const house *h = &c->at[place];
	switch (roll(8)) {
	case 0:
	case 1:
	case 2:
		enter(c);
		break;
	case 3:
		if (h->head)
			leave(c, place);
		break;
	case 4:
		if (h->head)
			move(c, place);
		break;
	case 5:
		if (h->head)
			split(c, place);
		break;
	case 6:
		if (h->head && !h->order && roll(2))
			expose(c, place);
		else if (h->head && !h->order)
			pool(c, place);
		break;
	default:
		if (!roll(4))
			unpool(c);
	}
}

static void test_any_sequence_against_a_register(void **state)
{
	(void)state;
	static city c;
	for (unsigned round = 0; round < 20; round++) {
		memset(&c, 0, sizeof c);
		c.t = town();
		c.young = c.old = 1ul << 32;
		seed = round;
		for (unsigned i = 0; i < 5000; i++) {
			step(&c);
			if (i % 16 == 0)
				check(&c);
		}
		bud_tenants_fini(&c.t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_and_places),
		cmocka_unit_test(test_seats_by_age),
		cmocka_unit_test(test_a_block_splits_in_its_order),
		cmocka_unit_test(test_the_pool_gives_back_in_order),
		cmocka_unit_test(test_the_exposed_goes_next),
		cmocka_unit_test(test_any_sequence_against_a_register),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
