/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How many requests a second the model of the allocator serves: a mix of
 * orders and types on a machine of 4 GiB, three quarters full, every block
 * freed some time later. model_speed [REQUESTS [KERNEL]]
 */
#include <stdio.h>
#include <stdlib.h>

#include "lib/allocator/page_alloc.h"

#define LIVE (1u << 19) /* blocks in use at a time */

/* Small, so that it is the model that fills the caches. */
typedef struct block {
	uint32_t pfn;
	uint8_t order, cpu;
} block;

static uint32_t seed = 1;

static uint32_t roll(void)
{
	seed = seed * 1664525u + 1013904223u;
	return seed >> 8;
}

static bud_status make(bud_machine *m, const char *release, bud_error *err)
{
	const bud_machine_spec zones[] = {
		{ 0, BUD_ZONE_DMA, 1, 4095, 3840 },
		{ 0, BUD_ZONE_DMA32, 4096, 1044480, 1044480 },
		{ 0, BUD_ZONE_NORMAL, 1048576, 262144, 262144 },
	};
	const int16_t cpu_node[4] = { 0 };
	bud_kernel kernel;
	bud_sysctls sysctls;
	bud_kernel_init(&kernel, release, "x86_64");
	bud_sysctls_init(&sysctls);
	bud_status status = bud_machine_init(m, &kernel, zones, 3, cpu_node, 4, NULL, &sysctls, err);
	for (int i = 0; i < 3 && !status; i++)
		for (bud_pfn pfn = (zones[i].start_pfn + 1023) & ~1023ul;
		     pfn + 1024 <= zones[i].start_pfn + zones[i].spanned; pfn += 1024)
			bud_machine_set_free(m, &m->zones[i], pfn, 10, BUD_MT_MOVABLE);
	return status;
}

static bud_request next_request(void)
{
	uint32_t dice = roll();
	bud_request r = { .gfp = BUD_GFP_KERNEL, .cpu = (uint16_t)(dice >> 8 & 3), .node = -1 };
	if (dice % 100 < 70)
		r.gfp = BUD_GFP_USER | BUD_GFP_HIGHMEM | BUD_GFP_MOVABLE;
	else if (dice % 100 < 80)
		r.gfp |= BUD_GFP_RECLAIMABLE;
	r.order = dice >> 12 & 15 ? 0 : (int)(dice >> 16 & 3);
	return r;
}

int main(int argc, char **argv)
{
	unsigned long requests = argc > 1 ? strtoul(argv[1], NULL, 10) : 20000000, failed = 0;
	bud_machine m;
	bud_error err;
	block *live = calloc(LIVE, sizeof *live);
	if (!live || make(&m, argc > 2 ? argv[2] : "6.12.0", &err))
		return 1;
	/* Blocks live for a time all in all like that of the others, and are freed in bursts as tasks end. */
	for (unsigned long i = 0; i < requests; i++) {
		block *b = &live[roll() % 64 ? (i + (i >> 12 & 1) * LIVE / 2) % LIVE : roll() % LIVE];
		if (b->pfn)
			bud_page_alloc_free(&m, b->cpu, b->pfn, b->order);
		bud_request r = next_request();
		bud_pfn pfn = bud_page_alloc(&m, &r, NULL);
		failed += pfn == BUD_PFN_NONE;
		*b = (block){ pfn == BUD_PFN_NONE ? 0 : (uint32_t)pfn, (uint8_t)r.order, (uint8_t)r.cpu };
	}
	printf("%lu requests, %lu frees, %lu failed, %lu fallbacks, %lu from a list, %lu refills, %lu drains\n",
	       requests, (unsigned long)m.counts.frees, failed, (unsigned long)m.counts.fallbacks,
	       (unsigned long)m.counts.pcp_hits, (unsigned long)m.counts.refills, (unsigned long)m.counts.drains);
	bud_machine_fini(&m);
	free(live);
	return 0;
}
