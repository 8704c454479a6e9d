/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/memory/blocktype.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK_PAGES ((size_t)1 << BUD_BLOCKTYPE_CHUNK_SHIFT)

static uint64_t nr_chunks(const bud_blocktypes *t)
{
	return (((t->nr_blocks << t->pageblock_order) - 1) >> BUD_BLOCKTYPE_CHUNK_SHIFT) + 1;
}

bud_blocktypes *bud_blocktypes_create(bud_pfn start, bud_pfn end, const bud_kernel *kernel)
{
	bud_pfn base = start >> kernel->pageblock_order << kernel->pageblock_order;
	uint64_t nr = ((end - base - 1) >> kernel->pageblock_order) + 1;
	if (end <= start || nr > BUD_BLOCKTYPE_MAX_BLOCKS)
		return NULL;
	bud_blocktypes *t = calloc(1, sizeof *t);
	if (!t)
		return NULL;
	*t = (bud_blocktypes){ .base = base,
			       .pageblock_order = kernel->pageblock_order,
			       .has_cma = kernel->has_cma,
			       .merge_mergeable = kernel->merge_mergeable,
			       .list_is_block = kernel->list_is_block,
			       .nr_blocks = nr };
	t->blocks = malloc(nr);
	if (!t->list_is_block) {
		t->nr_lists = nr_chunks(t);
		t->lists = calloc(t->nr_lists, sizeof *t->lists);
	}
	if (!t->blocks || (!t->list_is_block && !t->lists)) {
		bud_blocktypes_destroy(t);
		return NULL;
	}
	memset(t->blocks, BUD_MT_MOVABLE, nr);
	return t;
}

void bud_blocktypes_destroy(bud_blocktypes *types)
{
	if (!types)
		return;
	for (uint64_t i = 0; types->lists && i < types->nr_lists; i++)
		free(types->lists[i]);
	free(types->lists);
	free(types->blocks);
	free(types->origins);
	free(types);
}

static bool copy_lists(bud_blocktypes *to, const bud_blocktypes *from)
{
	for (uint64_t i = 0; i < from->nr_lists; i++) {
		if (!from->lists[i])
			continue;
		if (!to->lists[i] && !(to->lists[i] = malloc(CHUNK_PAGES)))
			return false;
		memcpy(to->lists[i], from->lists[i], CHUNK_PAGES);
	}
	return true;
}

bool bud_blocktypes_copy(bud_blocktypes *to, const bud_blocktypes *from)
{
	memcpy(to->blocks, from->blocks, from->nr_blocks);
	to->area = from->area;
	memcpy(to->sure, from->sure, sizeof to->sure);
	to->out_of_memory = from->out_of_memory;
	return copy_lists(to, from);
}

bud_blocktypes *bud_blocktypes_clone(const bud_blocktypes *from)
{
	bud_kernel shape = { .pageblock_order = from->pageblock_order,
			     .has_cma = from->has_cma,
			     .merge_mergeable = from->merge_mergeable,
			     .list_is_block = from->list_is_block };
	bud_blocktypes *to =
		bud_blocktypes_create(from->base, from->base + (from->nr_blocks << from->pageblock_order), &shape);
	if (to && bud_blocktypes_copy(to, from))
		return to;
	bud_blocktypes_destroy(to);
	return NULL;
}

size_t bud_blocktypes_bytes(const bud_blocktypes *types)
{
	size_t bytes = sizeof *types + types->nr_blocks + types->nr_lists * sizeof *types->lists;
	for (uint64_t i = 0; i < types->nr_lists; i++)
		bytes += types->lists[i] ? CHUNK_PAGES : 0;
	return types->origins ? bytes + types->nr_blocks * sizeof *types->origins : bytes;
}

bool bud_blocktypes_begin_origins(bud_blocktypes *types)
{
	free(types->origins);
	types->origins = calloc(types->nr_blocks, sizeof *types->origins);
	return types->origins;
}

uint64_t bud_blocktypes_sure_pages(const bud_blocktypes *types, bud_migratetype type)
{
	uint64_t pages = 0;
	for (int k = 0; k < BUD_NR_ORDERS; k++)
		pages += types->sure[type][k] << k;
	return pages;
}

void bud_blocktypes_note_list(bud_blocktypes *types, bud_pfn pfn, bud_typing typing)
{
	bud_typing **chunk = &types->lists[(pfn - types->base) >> BUD_BLOCKTYPE_CHUNK_SHIFT];
	if (!*chunk && !(*chunk = calloc(1, CHUNK_PAGES))) {
		types->out_of_memory = true;
		return;
	}
	(*chunk)[(pfn - types->base) & (CHUNK_PAGES - 1)] = typing;
}

void bud_blocktypes_lose(bud_blocktypes *types)
{
	for (uint64_t i = 0; i < types->nr_blocks; i++)
		types->blocks[i] = (bud_typing)bud_typing_type(types->blocks[i]);
	for (uint64_t i = 0; i < types->nr_lists; i++)
		for (size_t p = 0; types->lists[i] && p < CHUNK_PAGES; p++)
			types->lists[i][p] = (bud_typing)bud_typing_type(types->lists[i][p]);
	memset(types->sure, 0, sizeof types->sure);
}

void bud_blocktypes_clear(bud_blocktypes *types)
{
	types->area = (bud_free_area){ 0 };
	memset(types->sure, 0, sizeof types->sure);
}

bool bud_blocktypes_may_merge(const bud_blocktypes *types, bud_pfn pfn, bud_pfn buddy)
{
	bud_typing a = bud_blocktypes_block(types, pfn), b = bud_blocktypes_block(types, buddy);
	if (bud_typing_type(a) == bud_typing_type(b) || !(a & b & BUD_TYPING_SURE))
		return true;
	bud_migratetype high = bud_typing_type(a) > bud_typing_type(b) ? bud_typing_type(a) : bud_typing_type(b);
	return types->merge_mergeable ? high <= BUD_MT_RECLAIMABLE : high != BUD_MT_ISOLATE;
}

void bud_blocktypes_join(bud_blocktypes *types, bud_pfn pfn, bud_pfn buddy, int order)
{
	uint64_t from = bud_blocktypes_index(types, pfn), to = bud_blocktypes_index(types, buddy);
	uint64_t end = to + ((uint64_t)1 << (order - types->pageblock_order));
	for (; to < end; to++)
		bud_blocktypes_set(types, to, types->blocks[from], bud_blocktypes_origin(types, from));
}
