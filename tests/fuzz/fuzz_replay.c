/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Any bytes as a trace: eight bytes of settings, then events of 24 bytes
 * each. No page may be in two states, and counts must equal a recount.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/replay/replay.h"

#define MAX_EVENTS 1024
#define RECORD	   24
#define BATCH	   29
#define END_PFN	   12000

typedef struct made_source {
	bud_source source;
	bud_event events[MAX_EVENTS];
	size_t nr, at;
} made_source;

static bud_status made_next(bud_source *source, bud_batch *batch, bud_error *err)
{
	(void)err;
	made_source *m = (made_source *)source;
	batch->events = m->events + m->at;
	batch->nr = m->nr - m->at < BATCH ? m->nr - m->at : BATCH;
	m->at += batch->nr;
	return BUD_OK;
}

static bud_status made_rewind(bud_source *source, uint64_t t_ns, bud_error *err)
{
	(void)err;
	made_source *m = (made_source *)source;
	for (m->at = 0; m->at < m->nr && m->events[m->at].t_ns < t_ns;)
		m->at++;
	return BUD_OK;
}

static const bud_source_ops ops = { .next = made_next, .rewind = made_rewind };

static uint32_t number(const uint8_t *bytes)
{
	return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

/* Mostly inside the zones, sometimes far out. */
static bud_pfn pfn_of(uint32_t n)
{
	return n >> 28 == 15 ? (n & 1 ? BUD_PFN_NONE : (bud_pfn)n << 24) : n % (END_PFN + 64);
}

static void make_event(bud_event *event, const uint8_t *b, uint64_t *now)
{
	static const char zone_name[] = "DMA";
	*event = (bud_event){
		.kind = b[0] % (BUD_NR_EVENT_KINDS + 1), .order = (int8_t)b[1], .cpu = b[2] % 5, .pid = b[3] % 7
	};
	if (event->kind > BUD_EV_LOST)
		event->kind = BUD_EV_FAST_ISOLATE_FREE; /* seldom met by chance */
	*now += b[4] % 4;
	event->t_ns = *now;
	event->order = b[5] % 16 ? (int8_t)(event->order & 15) : event->order;
	if (event->cpu == 4)
		event->cpu = (uint16_t)(b[6] << 8 | b[7]);
	bud_pfn pfn = pfn_of(number(b + 8)), length = number(b + 12) % (b[5] & 64 ? 1024 : 33);
	switch (event->kind) {
	case BUD_EV_PRINT:
	case BUD_EV_KERNEL_STACK:
		break;
	case BUD_EV_ISOLATE_FREE:
	case BUD_EV_FAST_ISOLATE_FREE:
	case BUD_EV_ISOLATE_MIGRATE:
		event->isolate.start_pfn = pfn;
		event->isolate.end_pfn = pfn + length;
		event->isolate.nr_scanned = number(b + 16) % 1024;
		event->isolate.nr_taken = b[20] & 1 ? (uint64_t)1 << b[21] % 64 : number(b + 20) % 1024;
		break;
	case BUD_EV_COMPACT_BEGIN:
	case BUD_EV_COMPACT_END:
		event->compact.zone_start = pfn;
		event->compact.zone_end = pfn + number(b + 12) % END_PFN;
		event->compact.sync = b[20] & 1;
		break;
	case BUD_EV_MIGRATEPAGES:
		event->migrate.nr_migrated = number(b + 12);
		break;
	case BUD_EV_TEST_ISOLATED:
		event->range.start_pfn = pfn;
		event->range.end_pfn = pfn + length;
		event->range.fin_pfn = b[20] & 1 ? event->range.end_pfn : pfn;
		break;
	case BUD_EV_ZONE_WMARKS:
		event->wmarks.name = (bud_text){ zone_name, b[20] % sizeof zone_name };
		event->wmarks.min = number(b + 12);
		break;
	case BUD_EV_EXTFRAG:
		event->extfrag.pfn = pfn;
		event->extfrag.fallback_order = (int8_t)b[20];
		event->extfrag.alloc_migratetype = (int8_t)b[21] % 9;
		event->extfrag.fallback_migratetype = (int8_t)b[22] % 9;
		event->extfrag.change_ownership = b[23] & 1;
		break;
	case BUD_EV_LOST:
		event->lost.count = b[20] % 8;
		break;
	default:
		event->page.pfn = pfn;
		event->page.migratetype = (int8_t)b[20] % 9;
		event->page.context = b[21];
		break;
	}
}

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void check_zone(const bud_zone *zone)
{
	uint64_t free = 0, cached = 0, used = 0, blocks = 0, heads = 0;
	for (bud_pfn p = zone->start_pfn; p < zone->start_pfn + zone->spanned; p++) {
		bool is_free = bud_buddy_page_is_free(&zone->buddy, p);
		bool is_cached = bud_pageset_test(&zone->cached, p), is_used = bud_pageset_test(&zone->used, p);
		check(is_free + is_cached + is_used <= 1);
		free += is_free;
		cached += is_cached;
		used += is_used;
	}
	bud_pfn head = zone->start_pfn, end = zone->start_pfn + zone->spanned;
	for (int k; (k = bud_buddy_next_block(&zone->buddy, head, end, &head)) >= 0; head += (bud_pfn)1 << k) {
		check(bud_pageset_count_range(&zone->buddy.free, head, (uint64_t)1 << k) == (uint64_t)1 << k);
		heads++;
	}
	for (int k = 0; k < BUD_NR_ORDERS; k++) {
		blocks += zone->buddy.nr_free[k] << k;
		heads -= zone->buddy.nr_free[k];
	}
	check(heads == 0 && blocks == free && zone->buddy.free_pages == free);
	check(zone->cached_pages == cached && zone->used_pages == used);
	check(bud_zone_uncertain_pages(zone, NULL) <= zone->spanned);
}

static void make_source(made_source *m, const uint8_t *data, size_t size)
{
	uint64_t now = 1000;
	m->nr = m->at = 0;
	for (size_t at = 8; at + RECORD <= size && m->nr < MAX_EVENTS; at += RECORD)
		make_event(&m->events[m->nr++], data + at, &now);
	m->source = (bud_source){ .ops = &ops };
	m->source.info.nr_cpus = 4;
	m->source.info.first_ns = 1000;
	m->source.info.last_ns = now;
	m->source.info.formats = data[0] & 1 ? BUD_EVENT_ALL : BUD_EVENT_PAGES;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const releases[] = { "5.10.1", "6.1.1", "6.12.117", "6.18.2" };
	static const bud_seed_mode modes[] = { BUD_SEED_NONE, BUD_SEED_INFERRED };
	static made_source m;
	bud_kernel kernel;
	bud_memory memory;
	bud_replay *replay;
	bool done = false;
	if (size < 8)
		return 0;
	make_source(&m, data, size);
	bud_kernel_init(&kernel, releases[data[1] % 4], data[2] & 1 ? "x86_64" : "aarch64");
	if (bud_memory_assume(&memory, &kernel, 1, END_PFN, NULL))
		return 0;
	for (size_t z = 0; z < memory.nr_zones; z++) {
		memory.zones[z].seeded = data[3] & 1;
		if (data[3] & 2)
			bud_zone_make_free_range(&memory.zones[z], memory.zones[z].start_pfn + data[4],
						 memory.zones[z].start_pfn + memory.zones[z].spanned);
	}
	check(!bud_replay_create(&replay, &memory, &kernel, &m.source, NULL, 0, modes[data[5] & 1], NULL));
	check(!(data[6] & 1) || !bud_replay_follow_types(replay, NULL));
	check(!bud_replay_learn(replay, 1 + data[7] % 5, NULL, &done, NULL) && done);
	for (unsigned i = 1; i <= 4; i++) {
		check(!bud_replay_run(replay, 1000 + (m.source.info.last_ns - 1000) * i / 4, NULL, &done, NULL) &&
		      done);
		for (size_t z = 0; z < bud_replay_memory(replay)->nr_zones; z++)
			check_zone(&bud_replay_memory(replay)->zones[z]);
	}
	bud_replay_destroy(replay);
	bud_memory_fini(&memory);
	return 0;
}
