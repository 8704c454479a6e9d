/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who asks for memory: sites. A site is a call stack where the trace has one
 * behind the request's event (the kernel_stack record of the same CPU and
 * task that follows), else a command with the gfp flags it asks with. Stacks
 * of the same functions are one site, wherever in them the calls are.
 *
 * A table gives every site a small number, in the order of first appearance.
 * It holds a bounded number of them; who comes later is BUD_SITE_OTHER.
 */
#ifndef BUD_INSIGHT_SITE_H
#define BUD_INSIGHT_SITE_H

#include "lib/base/source.h"
#include "lib/replay/replay.h"

#define BUD_SITE_UNKNOWN 0  /* pages whose allocation the trace does not show: "(unknown)" */
#define BUD_SITE_OTHER	 1  /* "(other)" */
#define BUD_SITE_DEPTH	 32 /* frames kept of a stack, the innermost ones */
#define BUD_SITE_MAX	 65536

typedef struct bud_site {
	const uint64_t *ip; /* of the functions, innermost first; NULL: no stack, then comm and gfp say who */
	uint32_t nr_ip;
	bud_text comm; /* untrusted; "(interrupt)" where an interrupt asked; size 0: the trace has no name for it */
	uint64_t gfp_flags; /* raw */
} bud_site;

typedef struct bud_site_table bud_site_table;

/* source and kernel are borrowed, for names of commands, symbols and gfp flags. max_sites: at most BUD_SITE_MAX. */
bud_status bud_site_table_create(bud_site_table **table, bud_source *source, const bud_kernel *kernel,
				 uint32_t max_sites, bud_error *err);
void bud_site_table_destroy(bud_site_table *table);

/* The number of that stack's site, or BUD_SITE_OTHER; a new one if it is. The first reads the symbol table. */
uint32_t bud_site_of_stack(bud_site_table *table, const uint64_t *ip, uint32_t nr);
/* The same of a request without a stack; event is its ALLOC, or any event with the task's pid beside context. */
uint32_t bud_site_of_task(bud_site_table *table, int32_t pid, int32_t context, uint64_t gfp_flags);

/* Sites so far; numbers are 0 .. nr - 1. */
uint32_t bud_site_count(const bud_site_table *table);
const bud_site *bud_site_get(const bud_site_table *table, uint32_t site);
/* Whether some site did not get a number of its own. */
bool bud_site_overflowed(const bud_site_table *table);

#define BUD_SITE_TEXT 1024

/*
 * The name for people and tables, innermost frame first and without the
 * allocator's own: "do_anonymous_page < handle_mm_fault < exc_page_fault", or
 * "java GFP_KERNEL|__GFP_COMP"; cut off with "..." if it does not fit. The
 * first call on a stack reads the symbol table. Untrusted text. Returns text.
 */
const char *bud_site_name(bud_site_table *table, uint32_t site, char *text, size_t size);

/*
 * Frame i of a site with a stack, counted from the first that is not the
 * allocator's own: the symbol's name, or the address in hex where it has
 * none. NULL behind the last. Valid until the next call.
 */
const char *bud_site_frame(bud_site_table *table, uint32_t site, uint32_t i);

#endif
