/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A trace made by hand: a list of events as a source, and a replay over a small machine of two nodes. */
#ifndef BUD_UNIT_SCRIPT_H
#define BUD_UNIT_SCRIPT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/replay/replay.h"

#define JAVA	  100
#define SH	  101
#define KSWAPD	  50
#define KCOMPACTD 40

#define KERNEL	0xcc0	 /* GFP_KERNEL */
#define MOVABLE 0x100cca /* GFP_HIGHUSER_MOVABLE */
#define ACCOUNT 0x400cc0 /* GFP_KERNEL_ACCOUNT */
#define SOFTIRQ 16

typedef struct script {
	bud_source source;
	const bud_event *events;
	size_t nr, at;
	bud_replay *replay;
} script;

static bud_status script_next(bud_source *source, bud_batch *batch, bud_error *err)
{
	(void)err;
	script *s = (script *)source;
	while (s->at < s->nr && !(source->wanted >> s->events[s->at].kind & 1) && s->events[s->at].kind != BUD_EV_LOST)
		s->at++;
	batch->events = s->events + s->at;
	batch->nr = s->at < s->nr;
	s->at += batch->nr;
	return BUD_OK;
}

static bud_status script_rewind(bud_source *source, uint64_t t_ns, bud_error *err)
{
	(void)err;
	script *s = (script *)source;
	for (s->at = 0; s->at < s->nr && s->events[s->at].t_ns < t_ns;)
		s->at++;
	return BUD_OK;
}

static const char *script_comm(const bud_source *source, int32_t pid)
{
	(void)source;
	return pid == JAVA	  ? "java"
	       : pid == SH	  ? "sh"
	       : pid == KSWAPD	  ? "kswapd0"
	       : pid == KCOMPACTD ? "kcompactd0"
				  : NULL;
}

/* Functions are 0x100 long: 0x1000 is the allocator's. */
static const char *script_symbol(bud_source *source, uint64_t address, uint64_t *offset)
{
	static const char *const names[] = { "__alloc_pages_noprof", "pipe_write", "vfs_write", "new_slab.isra.0" };
	(void)source;
	*offset = address & 0xff;
	return address >= 0x1000 && address < 0x1400 ? names[(address - 0x1000) >> 8] : NULL;
}

static const bud_source_ops script_ops = {
	.next = script_next, .rewind = script_rewind, .comm = script_comm, .symbol = script_symbol
};

/* Node 0: DMA 0..4095, DMA32 4096..8191; node 1: DMA32 8192..12287. Everything is free in node 0's DMA32 but
 * its last page. */
static void script_open(script *s, const bud_event *events, size_t nr)
{
	bud_kernel kernel;
	bud_memory memory;
	*s = (script){ .source = { .ops = &script_ops }, .events = events, .nr = nr };
	s->source.info.nr_cpus = 2;
	s->source.info.first_ns = nr ? events[0].t_ns : 0;
	s->source.info.last_ns = nr ? events[nr - 1].t_ns : 0;
	s->source.info.formats = BUD_EVENT_ALL;
	bud_kernel_init(&kernel, "6.12.117", "x86_64");
	bud_snapshot snapshot = { .path = (char *)"made" };
	static const struct {
		int node;
		const char *name;
		bud_pfn start;
	} zones[] = { { 0, "DMA", 0 }, { 0, "DMA32", 4096 }, { 1, "DMA32", 8192 } };
	for (int i = 0; i < 3; i++) {
		bud_zone_info *zone = bud_snapshot_add_zone(&snapshot, zones[i].node, zones[i].name);
		zone->start_pfn = zones[i].start;
		zone->spanned = zone->present = zone->managed = 4096;
	}
	assert_int_equal(bud_memory_from_snapshot(&memory, &snapshot, &kernel, NULL), BUD_OK);
	for (int i = 0; i < 3; i++)
		memory.zones[i].seeded = true;
	bud_buddy_insert_range(&memory.zones[1].buddy, 4096, 8191);
	assert_int_equal(bud_replay_create(&s->replay, &memory, &kernel, &s->source, NULL, 0, BUD_SEED_NONE, NULL),
			 BUD_OK);
	bud_memory_fini(&memory);
	snapshot.path = NULL;
	bud_snapshot_fini(&snapshot);
}

static void script_play(script *s)
{
	bool done;
	assert_int_equal(bud_replay_run(s->replay, BUD_TIME_NONE, NULL, &done, NULL), BUD_OK);
	assert_true(done);
}

static void script_close(script *s)
{
	bud_replay_destroy(s->replay);
}

/* Events, all on CPU 0 unless said. */
#define EV(k, t, p) .kind = BUD_EV_##k, .t_ns = (t), .pid = (p)
#define WAKE(t, p, k, gfp, node)                                                                                 \
	{                                                                                                        \
		EV(WAKEUP_KSWAPD, t, p), .order = (k), .request = {.gfp_flags = (gfp), .nid = (node), .zid = 3 } \
	}
#define DIRECT(t, p, k, gfp)                                                     \
	{                                                                        \
		EV(DIRECT_BEGIN, t, p), .order = (k), .request.gfp_flags = (gfp) \
	}
#define DIRECT_DONE(t, p, n)                                      \
	{                                                         \
		EV(DIRECT_END, t, p), .reclaim.nr_reclaimed = (n) \
	}
#define TRY(t, p, k, gfp)                                                                        \
	{                                                                                        \
		EV(COMPACT_TRY, t, p), .order = (k), .request = {.gfp_flags = (gfp), .prio = 2 } \
	}
#define COMPACT(t, p, start)                                           \
	{                                                              \
		EV(COMPACT_BEGIN, t, p), .compact.zone_start = (start) \
	}
#define COMPACT_DONE(t, p, start, st)                                                      \
	{                                                                                  \
		EV(COMPACT_END, t, p), .compact = {.zone_start = (start), .status = (st) } \
	}
#define ALLOC(t, p, page_, k, gfp)                       \
	{                                                \
		EV(ALLOC, t, p), .order = (k), .page = { \
			.pfn = (page_),                  \
			.gfp_flags = (gfp),              \
			.migratetype = (gfp) >> 3 & 3    \
		}                                        \
	}
#define FAIL(t, p, k, gfp) ALLOC(t, p, BUD_PFN_NONE, k, gfp)
#define FREE(t, p, page_, k)                                      \
	{                                                         \
		EV(FREE, t, p), .order = (k), .page.pfn = (page_) \
	}
#define KILL(t, p, victim)                                \
	{                                                 \
		EV(OOM_VICTIM, t, p), .oom.pid = (victim) \
	}
#define RETRY(t, p, k, hope)                                                                                       \
	{                                                                                                          \
		EV(RECLAIM_RETRY, t, p), .order = (k), .retry = {.node = 0, .zone_idx = 1, .wmark_check = (hope) } \
	}

#define SCRIPT(s, ...)                                      \
	static const bud_event events_[] = { __VA_ARGS__ }; \
	script s;                                           \
	script_open(&s, events_, sizeof events_ / sizeof *events_)

#endif
