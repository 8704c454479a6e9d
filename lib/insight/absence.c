/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/insight/absence.h"

#include <stdlib.h>
#include <string.h>

/* A request whose stack may follow. */
typedef struct pending {
	uint32_t seq; /* 0: none */
	int32_t pid, context;
	uint64_t gfp_flags;
} pending;

struct bud_absence {
	const char (*who)[BUD_ABSENCE_NAME];
	size_t nr;
	bool found[BUD_ABSENCE_NAMES];
	bud_source *source;
	bud_site_table *sites;
	uint8_t known[BUD_SITE_MAX]; /* of a site: 1 is meant, 2 is not */
	pending *pending;	     /* by CPU */
	unsigned nr_cpus;
	bud_pageset seqs;
	bool out_of_memory;
};

bud_status bud_absence_create(bud_absence **absence, const char (*who)[BUD_ABSENCE_NAME], size_t nr, bud_source *source,
			      const bud_kernel *kernel, bud_error *err)
{
	bud_absence *a = calloc(1, sizeof *a);
	if (!a)
		return bud_error_memory(err, "who is left out");
	a->who = who;
	a->nr = nr < BUD_ABSENCE_NAMES ? nr : BUD_ABSENCE_NAMES;
	a->source = source;
	a->nr_cpus = source->info.nr_cpus ? source->info.nr_cpus : 1;
	bud_pageset_init(&a->seqs);
	a->pending = calloc(a->nr_cpus, sizeof *a->pending);
	bud_status status = a->pending ? bud_site_table_create(&a->sites, source, kernel, BUD_SITE_MAX, err)
				       : bud_error_memory(err, "who is left out");
	if (status)
		bud_absence_destroy(a);
	else
		*absence = a;
	return status;
}

void bud_absence_destroy(bud_absence *absence)
{
	if (!absence)
		return;
	bud_site_table_destroy(absence->sites);
	bud_pageset_fini(&absence->seqs);
	free(absence->pending);
	free(absence);
}

/* Whether who is in the name, from its beginning or that of a caller to a space or the end. */
static bool is_named(const char *name, const char *who)
{
	size_t length = strlen(who);
	for (const char *at = name; (at = strstr(at, who)) != NULL; at++)
		if ((at == name || (at - name > 3 && memcmp(at - 3, " < ", 3) == 0)) && (!at[length] || at[length] == ' '))
			return true;
	return false;
}

static bool is_meant(bud_absence *a, uint32_t site)
{
	char text[BUD_SITE_TEXT];
	if (a->known[site])
		return a->known[site] == 1;
	a->known[site] = 2;
	const char *name = bud_site_name(a->sites, site, text, sizeof text);
	for (size_t i = 0; i < a->nr; i++)
		if (is_named(name, a->who[i])) {
			a->found[i] = true;
			a->known[site] = 1;
		}
	return a->known[site] == 1;
}

static bool is_command(bud_absence *a, const pending *p)
{
	const char *comm = p->context & BUD_CONTEXT_INTERRUPT || !p->pid ? NULL : bud_source_comm(a->source, p->pid);
	bool is = false;
	for (size_t i = 0; comm && i < a->nr; i++)
		if (strcmp(comm, a->who[i]) == 0)
			is = a->found[i] = true;
	return is;
}

static void settle(bud_absence *a, pending *p, const bud_event *stack)
{
	uint32_t site = stack ? bud_site_of_stack(a->sites, stack->stack.ip, stack->stack.nr)
			      : bud_site_of_task(a->sites, p->pid, p->context, p->gfp_flags);
	bool named = is_meant(a, site);
	if (is_command(a, p) || named)
		a->out_of_memory |= !bud_pageset_set(&a->seqs, p->seq);
	p->seq = 0;
}

void bud_absence_feed(bud_absence *absence, const bud_event *event, uint32_t seq)
{
	bud_absence *a = absence;
	pending *p = &a->pending[event->cpu < a->nr_cpus ? event->cpu : 0];
	bool stack = event->kind == BUD_EV_KERNEL_STACK && event->stack.nr && event->pid == p->pid;
	if (p->seq)
		settle(a, p, stack ? event : NULL);
	if (event->kind == BUD_EV_ALLOC)
		*p = (pending){ seq, event->pid, event->page.context, event->page.gfp_flags };
}

bud_status bud_absence_end(bud_absence *absence, bud_error *err)
{
	for (unsigned cpu = 0; cpu < absence->nr_cpus; cpu++)
		if (absence->pending[cpu].seq)
			settle(absence, &absence->pending[cpu], NULL);
	return absence->out_of_memory ? bud_error_memory(err, "who is left out") : BUD_OK;
}

bool bud_absence_has(const bud_absence *absence, uint32_t seq)
{
	return bud_pageset_test(&absence->seqs, seq);
}

const char *bud_absence_nobody(const bud_absence *absence)
{
	for (size_t i = 0; i < absence->nr; i++)
		if (!absence->found[i])
			return absence->who[i];
	return NULL;
}
