/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Small machines for the tests of lib/allocator. */
#ifndef TESTS_MODEL_H
#define TESTS_MODEL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/allocator/compact.h"
#include "lib/allocator/rmqueue.h"
#include "lib/allocator/slowpath.h"

/* GFP_ATOMIC, GFP_HIGHUSER_MOVABLE and others as the kernels of the test have them; ATOMIC's own bit counts to 6.2. */
enum {
	GFP_ATOMIC_ = BUD_GFP_HIGH | BUD_GFP_ATOMIC | BUD_GFP_KSWAPD_RECLAIM,
	GFP_NOWAIT_ = BUD_GFP_KSWAPD_RECLAIM,
	GFP_KERNEL_ = BUD_GFP_KERNEL,
	GFP_NOFS_ = BUD_GFP_RECLAIM | BUD_GFP_IO,
	GFP_MOVABLE_ = BUD_GFP_USER | BUD_GFP_HIGHMEM | BUD_GFP_MOVABLE,
};

static inline bud_kernel model_kernel(const char *release)
{
	bud_kernel kernel;
	bud_kernel_init(&kernel, release, "x86_64");
	return kernel;
}

static inline void model_init(bud_machine *m, const bud_kernel *kernel, const bud_machine_spec *zones, size_t nr,
			      unsigned nr_cpus)
{
	static const int16_t cpu_node[8];
	bud_sysctls sysctls;
	bud_sysctls_init(&sysctls);
	assert_int_equal(bud_machine_init(m, kernel, zones, nr, cpu_node, nr_cpus, NULL, &sysctls, NULL), BUD_OK);
}

/* All of a zone is free, in blocks as large as they come. */
static inline void model_free_all(bud_machine *m, bud_machine_zone *zone)
{
	bud_freelist *l = &zone->lists;
	for (bud_pfn pfn = l->start_pfn; pfn < l->end_pfn;) {
		int order = l->max_order;
		while (pfn & (((bud_pfn)1 << order) - 1) || pfn + ((bud_pfn)1 << order) > l->end_pfn)
			order--;
		bud_machine_set_free(m, zone, pfn, order, bud_freelist_pageblock(l, pfn));
		pfn += (bud_pfn)1 << order;
	}
}

/* One node of one Normal zone of 64 MiB, all of it free. */
static inline void model_one_zone(bud_machine *m, const bud_kernel *kernel)
{
	const bud_machine_spec zone = { 0, BUD_ZONE_NORMAL, 0, 16384, 16384 };
	model_init(m, kernel, &zone, 1, 2);
	model_free_all(m, &m->zones[0]);
}

static inline bud_request model_request(int order, unsigned gfp)
{
	return (bud_request){ .order = order, .gfp = gfp, .node = -1 };
}

#endif
