/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/tui/sitetree.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH 24 /* frames a branch may have */

const char *bud_sitetree_key_name(bud_sitetree_key key)
{
	static const char *const names[] = { "live pages",  "pinned pages", "peak pages",
					     "allocations", "failures",	    "change from A to B" };
	return names[key];
}

void bud_sitetree_fini(bud_sitetree *tree)
{
	free(tree->nodes);
	free(tree->rows);
	tree->nodes = NULL;
	tree->rows = NULL;
	tree->nr = tree->room = tree->nr_rows = 0;
	tree->ready = false;
}

static void set_label(bud_sitenode *node, const char *text)
{
	snprintf(node->label, sizeof node->label, "%s", text);
	for (char *c = node->label; *c; c++)
		if (*c < 0x20 || *c >= 0x7f)
			*c = '?';
}

static uint64_t hash_of(uint64_t hash, const char *label)
{
	for (; *label; label++)
		hash = (hash ^ (unsigned char)*label) * 1099511628211u;
	return (hash ^ '/') * 1099511628211u;
}

/* The child of that label, made if need be; the parent itself when out of memory. */
static uint32_t child_of(bud_sitetree *t, uint32_t parent, const char *label)
{
	bud_sitenode wanted = { .depth = (uint8_t)(t->nodes[parent].depth + 1) };
	set_label(&wanted, label);
	for (uint32_t i = t->nodes[parent].first; i; i = t->nodes[i].next)
		if (strcmp(t->nodes[i].label, wanted.label) == 0)
			return i;
	if (t->nr == t->room) {
		bud_sitenode *more = realloc(t->nodes, t->room * 2 * sizeof *more);
		if (!more)
			return parent;
		t->nodes = more;
		t->room *= 2;
	}
	wanted.hash = hash_of(t->nodes[parent].hash, wanted.label);
	wanted.next = t->nodes[parent].first;
	t->nodes[t->nr] = wanted;
	t->nodes[parent].first = (uint32_t)t->nr;
	t->nodes[parent].nr_children++;
	return (uint32_t)t->nr++;
}

/* A row of the books, and what is known of it besides. */
typedef struct entry {
	const bud_use *use;
	const bud_pin_cost *cost; /* NULL: none */
	int64_t change;
} entry;

static void add_up(bud_sitenode *node, const entry *e)
{
	const bud_use *use = e->use;
	const bud_pin_cost *cost = e->cost;
	node->summed = node->allocs || node->failures;
	node->live += use->live_pages;
	node->peak += use->peak_pages;
	node->allocs += use->allocs;
	node->failures += use->failures;
	node->pinned += cost ? cost->pages : 0;
	node->alone += cost ? cost->alone : 0;
	node->change += e->change;
}

/* The task's gfp flags behind its command; the frames of a stack. */
static uint32_t branch_of(bud_sitetree *t, bud_witness *w, const bud_use *use, uint32_t *path, size_t *depth)
{
	char text[BUD_GFP_TEXT + 32];
	const bud_site *site = bud_site_get(w->sites, use->site);
	uint32_t at = 0;
	*depth = 0;
	if (site && site->ip) {
		const char *frame;
		t->has_stacks = true;
		for (uint32_t i = 0; i < DEPTH && (frame = bud_site_frame(w->sites, use->site, i)); i++)
			path[(*depth)++] = at = child_of(t, at, frame);
	} else if (site && use->site != BUD_SITE_OTHER && site->comm.size) {
		snprintf(text, sizeof text, "%.*s", site->comm.size < 64 ? (int)site->comm.size : 64, site->comm.data);
		path[(*depth)++] = at = child_of(t, at, text);
		path[(*depth)++] = at =
			child_of(t, at, bud_gfp_format(&w->bench->kernel.gfp, site->gfp_flags, text, sizeof text));
	} else {
		path[(*depth)++] = at = child_of(t, at, bud_site_name(w->sites, use->site, text, sizeof text));
	}
	return at;
}

static void add_use(bud_sitetree *t, bud_witness *w, const entry *e)
{
	const bud_use *use = e->use;
	uint32_t path[DEPTH + 2], at;
	size_t depth;
	char text[64];
	at = branch_of(t, w, use, path, &depth);
	snprintf(text, sizeof text, "order %d %s", use->order,
		 use->migratetype == BUD_MT_UNKNOWN ? "" : bud_migratetype_name((bud_migratetype)use->migratetype));
	path[depth++] = child_of(t, at, text);
	add_up(&t->nodes[0], e);
	for (size_t i = 0; i < depth; i++)
		add_up(&t->nodes[path[i]], e);
}

static uint64_t value_of(const bud_sitenode *n, bud_sitetree_key key)
{
	const uint64_t values[] = { n->live,   n->pinned,   n->peak,
				    n->allocs, n->failures, (uint64_t)(n->change < 0 ? -n->change : n->change) };
	return values[key];
}

static bool is_open(const bud_sitetree *t, uint64_t hash)
{
	for (size_t i = 0; i < t->nr_opened; i++)
		if (t->opened[i] == hash)
			return true;
	return false;
}

/* Sorts the children of a node: a list of siblings, by insertion; few are long. */
static void sort_children(bud_sitetree *t, uint32_t parent)
{
	uint32_t sorted = 0;
	for (uint32_t i = t->nodes[parent].first, next; i; i = next) {
		next = t->nodes[i].next;
		uint32_t *link = &sorted;
		while (*link && (value_of(&t->nodes[*link], t->key) > value_of(&t->nodes[i], t->key) ||
				 (value_of(&t->nodes[*link], t->key) == value_of(&t->nodes[i], t->key) &&
				  strcmp(t->nodes[*link].label, t->nodes[i].label) < 0)))
			link = &t->nodes[*link].next;
		t->nodes[i].next = *link;
		*link = i;
	}
	t->nodes[parent].first = sorted;
}

static void list_rows(bud_sitetree *t, uint32_t parent)
{
	for (uint32_t i = t->nodes[parent].first; i; i = t->nodes[i].next) {
		t->rows[t->nr_rows++] = i;
		if (is_open(t, t->nodes[i].hash))
			list_rows(t, i);
	}
}

static void add_entry(bud_sitetree *t, bud_witness *w, const entry *e, size_t taken)
{
	if (taken < BUD_SITETREE_USES) {
		add_use(t, w, e);
		return;
	}
	uint32_t rest = child_of(t, 0, "(the rest, each smaller)");
	add_up(&t->nodes[0], e);
	add_up(&t->nodes[rest], e);
	t->left_out++;
}

static void fill(bud_sitetree *t, bud_witness *w, const uint32_t *order)
{
	size_t nr = bud_owners_count(w->owners), taken = 0;
	for (size_t i = 0; i < nr; i++) {
		uint32_t row = order[i];
		const bud_use *use = bud_owners_use(w->owners, row);
		const entry e = { .use = use,
				  .cost = row < w->pins.nr_costs ? &w->pins.costs[row] : NULL,
				  .change = bud_witness_change(w, use, row) };
		bool empty = !use->allocs && !use->failures && !use->live_pages && !e.change;
		if (row && !empty && (w->filter.any || use->marked))
			add_entry(t, w, &e, taken++);
	}
	/* With the mark behind the cursor: who came only then. */
	for (size_t i = nr; w->compared_ns != BUD_TIME_NONE && i < w->nr_compared; i++) {
		bud_use gone = w->compared[i];
		gone.live_pages = gone.peak_pages = gone.allocs = gone.frees = gone.failures = 0;
		const entry e = { .use = &gone, .change = bud_witness_change(w, &w->compared[i], i) };
		if (e.change && (w->filter.any || gone.marked))
			add_entry(t, w, &e, taken++);
	}
}

bud_status bud_sitetree_make(bud_sitetree *tree, bud_witness *witness, bud_sitetree_key key, bud_error *err)
{
	bud_sitetree *t = tree;
	static const bud_use_key keys[] = { BUD_USE_BY_LIVE,   BUD_USE_BY_LIVE,	    BUD_USE_BY_PEAK,
					    BUD_USE_BY_ALLOCS, BUD_USE_BY_FAILURES, BUD_USE_BY_LIVE };
	bud_sitetree_fini(t);
	t->key = key;
	t->left_out = 0;
	t->has_stacks = false;
	t->room = 1024;
	t->nodes = calloc(t->room, sizeof *t->nodes);
	uint32_t *order = calloc(bud_owners_count(witness->owners) + 1, sizeof *order);
	if (!t->nodes || !order) {
		free(order);
		return bud_error_memory(err, "the tree of sites");
	}
	t->nr = 1;
	t->nodes[0].hash = 14695981039346656037u;
	bud_owners_sort(witness->owners, keys[key], order);
	fill(t, witness, order);
	free(order);
	for (uint32_t i = 0; i < t->nr; i++)
		sort_children(t, i);
	t->rows = calloc(t->nr, sizeof *t->rows);
	if (!t->rows)
		return bud_error_memory(err, "the tree of sites");
	list_rows(t, 0);
	t->ready = true;
	t->t_ns = witness->owned_ns;
	t->noted_ns = witness->noted_ns;
	t->compared_ns = witness->compared_ns;
	return BUD_OK;
}

void bud_sitetree_toggle(bud_sitetree *tree, size_t row)
{
	bud_sitetree *t = tree;
	if (row >= t->nr_rows)
		return;
	uint64_t hash = t->nodes[t->rows[row]].hash;
	size_t i = 0;
	while (i < t->nr_opened && t->opened[i] != hash)
		i++;
	if (i < t->nr_opened)
		t->opened[i] = t->opened[--t->nr_opened];
	else if (t->nodes[t->rows[row]].first && t->nr_opened < BUD_SITETREE_OPEN)
		t->opened[t->nr_opened++] = hash;
	t->nr_rows = 0;
	list_rows(t, 0);
}
