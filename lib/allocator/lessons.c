/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/allocator/lessons.h"

#include <stdlib.h>

bud_status bud_lessons_init(bud_lessons *lessons, bud_error *err)
{
	*lessons = (bud_lessons){ 0 };
	bud_pageset_init(&lessons->taken);
	bud_pageset_init(&lessons->estates);
	lessons->votes = calloc(BUD_LESSON_CPUS, sizeof *lessons->votes);
	lessons->daemons = calloc(BUD_LESSON_CPUS, sizeof *lessons->daemons);
	if (lessons->votes && lessons->daemons)
		return BUD_OK;
	bud_lessons_fini(lessons);
	return bud_error_memory(err, "what a first look teaches");
}

void bud_lessons_fini(bud_lessons *lessons)
{
	free(lessons->cached.list);
	free(lessons->drained.list);
	free(lessons->reclaimable.list);
	free(lessons->movable.list);
	bud_pageset_fini(&lessons->taken);
	bud_pageset_fini(&lessons->estates);
	free(lessons->hidden);
	free(lessons->votes);
	free(lessons->daemons);
	*lessons = (bud_lessons){ 0 };
}

unsigned bud_lessons_find_class(const bud_lessons *lessons, bud_gfp gfp)
{
	for (unsigned i = 1; i <= lessons->nr_classes; i++)
		if (lessons->classes[i].gfp == gfp)
			return i;
	return 0;
}

unsigned bud_lessons_class(bud_lessons *lessons, bud_gfp gfp)
{
	unsigned found = bud_lessons_find_class(lessons, gfp);
	if (found || lessons->nr_classes == BUD_LESSON_CLASSES)
		return found;
	lessons->classes[++lessons->nr_classes].gfp = gfp;
	return lessons->nr_classes;
}

/* Room for one more where there are nr of that size; arrays grow at powers of two. */
static bool grow(bud_lessons *lessons, void **list, size_t nr, size_t size)
{
	if (nr & (nr - 1))
		return true;
	void *more = realloc(*list, (nr ? 2 * nr : 1) * size);
	if (more)
		*list = more;
	else
		lessons->out_of_memory = true;
	return more != NULL;
}

void bud_lessons_add(bud_lessons *lessons, bud_lesson_pages *pages, bud_pfn pfn, int order, uint16_t cpu,
		     bud_migratetype type)
{
	if (grow(lessons, (void **)&pages->list, pages->nr, sizeof *pages->list))
		pages->list[pages->nr++] = (bud_lesson_page){ pfn, cpu, (uint8_t)order, (uint8_t)type };
}

void bud_lessons_hide(bud_lessons *lessons, uint32_t seq)
{
	if (lessons->nr_hidden == BUD_LESSON_HIDDEN)
		lessons->missed++;
	else if (grow(lessons, (void **)&lessons->hidden, lessons->nr_hidden, sizeof *lessons->hidden))
		lessons->hidden[lessons->nr_hidden++] = seq;
}

void bud_lessons_kswapd_begins(bud_lessons *lessons, int node, unsigned cpu, uint64_t t_ns)
{
	if (node < 0 || node >= BUD_MAX_NODES)
		return;
	lessons->kswapd_ns[node] = t_ns;
	if (!lessons->kswapd_at[node].ahead)
		lessons->kswapd_at[node].cpu = cpu;
	lessons->kswapd_at[node].ahead += lessons->kswapd_at[node].cpu == cpu ? 1 : -1u;
}

void bud_lessons_kswapd_frees(bud_lessons *lessons, int node, uint64_t t_ns, uint64_t pages, bool swap)
{
	bud_lesson_pace *pace = swap ? &lessons->kswapd_swap : &lessons->kswapd;
	lessons->kswapd_freed += pages;
	if (node < 0 || node >= BUD_MAX_NODES || !lessons->kswapd_ns[node])
		return;
	pace->ns += t_ns - lessons->kswapd_ns[node];
	pace->pages += pages;
	lessons->kswapd_ns[node] = t_ns;
}

void bud_lessons_direct(bud_lessons *lessons, uint64_t pages, uint64_t ns)
{
	if (pages < BUD_LESSON_SATED)
		return;
	lessons->sated_calls++;
	lessons->sated.pages += pages;
	lessons->sated.ns += ns;
}

static int compare_seqs(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return x < y ? -1 : x > y;
}

void bud_lessons_end(bud_lessons *lessons)
{
	if (lessons->nr_hidden)
		qsort(lessons->hidden, lessons->nr_hidden, sizeof *lessons->hidden, compare_seqs);
}

void bud_lessons_daemon(bud_lessons *lessons, unsigned cpu, int node)
{
	if (cpu < BUD_LESSON_CPUS && node >= 0 && node < BUD_MAX_NODES)
		lessons->daemons[cpu] |= (uint64_t)1 << node;
}

int bud_lessons_cpu_node(const bud_lessons *lessons, unsigned cpu)
{
	int node = 0;
	if (cpu >= BUD_LESSON_CPUS)
		return 0;
	uint64_t daemons = lessons->daemons[cpu];
	if (daemons && !(daemons & (daemons - 1)) && lessons->votes[cpu][__builtin_ctzll(daemons)])
		return __builtin_ctzll(daemons);
	for (int n = 1; n < BUD_MAX_NODES; n++)
		if (lessons->votes[cpu][n] > lessons->votes[cpu][node])
			node = n;
	return node;
}

unsigned bud_lessons_kswapd_cpu(const bud_lessons *lessons, int node, unsigned otherwise)
{
	return lessons->kswapd_at[node].ahead ? lessons->kswapd_at[node].cpu : otherwise;
}
