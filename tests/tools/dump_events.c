/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dump_events TRACE [stacks|gfp]: page events, one a line, as time CPU PID
 * COMM event and fields; with stacks, kernel stacks as their symbols instead;
 * with gfp, allocations as time CPU and their flags: the number in hex, its
 * text, and the text of a kernel of that version without the trace's word.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "formats/read/readers.h"
#include "lib/base/kernel.h"

static void print_page(bud_source *source, const bud_event *e)
{
	const char *comm = bud_source_comm(source, e->pid);
	printf("%" PRIu64 " %u %d %s %s pfn=%" PRIx64, e->t_ns, e->cpu, e->pid, comm ? comm : "<...>",
	       bud_event_name((bud_event_kind)e->kind), e->kind == BUD_EV_EXTFRAG ? e->extfrag.pfn : e->page.pfn);
	if (e->kind != BUD_EV_FREE_BATCHED)
		printf(" order=%d", e->order);
	if (e->kind == BUD_EV_EXTFRAG)
		printf(" fallback=%d types=%d,%d change=%d", e->extfrag.fallback_order, e->extfrag.alloc_migratetype,
		       e->extfrag.fallback_migratetype, e->extfrag.change_ownership);
	else if (e->kind != BUD_EV_FREE && e->kind != BUD_EV_FREE_BATCHED)
		printf(" type=%d", e->page.migratetype);
	putchar('\n');
}

static void print_stack(bud_source *source, const bud_event *e)
{
	printf("%" PRIu64 " %u", e->t_ns, e->cpu);
	for (uint32_t i = 0; i < e->stack.nr; i++) {
		uint64_t offset;
		const char *name = bud_source_symbol(source, e->stack.ip[i], &offset);
		printf(" %s", name ? name : "?");
	}
	putchar('\n');
}

static void print_gfp(const bud_gfp_table *tables, const bud_event *e)
{
	char text[2][BUD_GFP_TEXT];
	printf("%" PRIu64 " %u %" PRIx64 " %s %s\n", e->t_ns, e->cpu, e->page.gfp_flags,
	       bud_gfp_format(&tables[0], e->page.gfp_flags, text[0], sizeof text[0]),
	       bud_gfp_format(&tables[1], e->page.gfp_flags, text[1], sizeof text[1]));
}

int main(int argc, char **argv)
{
	bud_open_options options = { 0 };
	bud_source *source;
	bud_error err;
	bud_batch batch;
	bool stacks = argc > 2 && strcmp(argv[2], "stacks") == 0, gfp = argc > 2 && strcmp(argv[2], "gfp") == 0;
	bud_event_mask pages = BUD_EVENT_PAGES | BUD_EVENT_BIT(BUD_EV_FREE_BATCHED);
	if (argc < 2 || bud_source_open(argv[1], &options, &source, &err)) {
		fprintf(stderr, "%s\n", argc < 2 ? "dump_events TRACE [stacks|gfp]" : err.text);
		return 2;
	}
	bud_kernel kernel;
	bud_kernel_init(&kernel, source->info.uname, source->info.machine);
	bud_gfp_table tables[2] = { source->info.gfp ? *source->info.gfp : kernel.gfp, kernel.gfp };
	pages = stacks ? BUD_EVENT_BIT(BUD_EV_KERNEL_STACK) : gfp ? BUD_EVENT_BIT(BUD_EV_ALLOC) : pages;
	bud_source_rewind(source, 0, pages, &err);
	while (!bud_source_next(source, &batch, &err) && batch.nr)
		for (size_t i = 0; i < batch.nr; i++) {
			if (batch.events[i].kind == BUD_EV_LOST)
				continue;
			if (stacks)
				print_stack(source, &batch.events[i]);
			else if (gfp)
				print_gfp(tables, &batch.events[i]);
			else
				print_page(source, &batch.events[i]);
		}
	bud_source_close(source);
	return 0;
}
