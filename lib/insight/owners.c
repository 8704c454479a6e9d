/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/insight/owners.h"

#include <stdlib.h>
#include <string.h>

#define LEAF_SHIFT  12 /* pages a leaf */
#define NODE_SHIFT  12 /* leaves a node */
#define LEAF_PAGES  (1u << LEAF_SHIFT)
#define NODE_LEAVES (1u << NODE_SHIFT)
#define NR_NODES    (BUD_PFN_MAX >> (LEAF_SHIFT + NODE_SHIFT))

#define MAX_PAGES_ORDER 24 /* larger than any gigantic page */
#define MAX_USES	(4 * BUD_SITE_MAX)
#define WAITING		0xffff0000u /* a cell's use while its request waits for its stack: plus the CPU */
#define PATIENCE	4096	    /* requests in a row without a stack until none is waited for */
#define NR_PIDS		1024

#define DEFAULT_BYTES ((size_t)256 << 20)

/* Who holds a page, in 8 bytes. */
typedef struct cell {
	uint32_t use; /* row, or WAITING; 0: nobody known */
	uint32_t when;
} cell;

typedef struct node {
	cell *leaves[NODE_LEAVES];
} node;

/* A request whose stack, if there is one, is the next record of its CPU. */
typedef struct waiting {
	bool open, counted;
	bud_event event;
	uint64_t nr_freed, frees; /* meanwhile */
} waiting;

/* Whether that task is the one asked for. */
typedef struct pid_match {
	int32_t pid;
	bool known, matches;
} pid_match;

struct bud_owners {
	const bud_replay *replay;
	bud_source *source;
	bud_site_table *sites;
	bud_section_filter filter;
	bool filtered; /* some requests do not count */
	bud_early *early;
	bool (*marks)(const void *self, const bud_event *alloc);
	const void *marks_self;
	uint64_t begin_ns, end_ns, first_ns;
	unsigned when_shift;
	bool begun, ended;

	node **nodes;
	uint64_t last;	 /* leaf at hand: pfn >> LEAF_SHIFT */
	cell *last_leaf; /* NULL: none at hand */
	size_t bytes, max_bytes;
	uint64_t untracked;

	bud_use *uses;
	size_t nr_uses, uses_room;
	uint32_t *slots; /* rows by hash; 0: none */
	size_t nr_slots;

	waiting *waiting; /* by CPU */
	unsigned nr_cpus, nr_waiting;
	unsigned in_vain; /* requests in a row whose stack never came */
	pid_match pids[NR_PIDS];
	bool out_of_memory;
};

static bool is_filtering(const bud_section_filter *f)
{
	return f->node >= 0 || f->zone || f->order_min > 0 || f->order_max < BUD_NR_ORDERS - 1 || f->comm ||
	       f->pid >= 0 || f->migratetype != BUD_MT_UNKNOWN;
}

static bool grow_slots(bud_owners *o, size_t nr);

bud_status bud_owners_create(bud_owners **owners, const bud_replay *replay, bud_source *source, bud_site_table *sites,
			     const bud_owners_options *options, bud_error *err)
{
	static const bud_section_filter all = BUD_SECTION_FILTER_ALL;
	bud_owners *o = calloc(1, sizeof *o);
	if (!o)
		return bud_error_memory(err, "owners");
	const bud_trace_info *info = &source->info;
	o->replay = replay;
	o->source = source;
	o->sites = sites;
	o->filter = options->filter ? *options->filter : all;
	o->filtered = is_filtering(&o->filter);
	o->early = options->early;
	o->marks = options->marks;
	o->marks_self = options->self;
	o->begin_ns = options->begin_ns;
	o->end_ns = options->end_ns;
	o->first_ns = info->first_ns == BUD_TIME_NONE ? 0 : info->first_ns;
	while (info->last_ns != BUD_TIME_NONE && (info->last_ns - o->first_ns) >> o->when_shift > UINT32_MAX)
		o->when_shift++;
	o->max_bytes = options->max_bytes ? options->max_bytes : DEFAULT_BYTES;
	o->nr_cpus = info->nr_cpus;
	o->waiting = calloc(o->nr_cpus + 1u, sizeof *o->waiting);
	o->nodes = calloc(NR_NODES, sizeof *o->nodes);
	o->uses_room = 64;
	o->uses = calloc(o->uses_room, sizeof *o->uses);
	if (!o->waiting || !o->nodes || !o->uses || !grow_slots(o, 256)) {
		bud_owners_destroy(o);
		return bud_error_memory(err, "owners");
	}
	o->uses[0] = (bud_use){ .site = BUD_SITE_UNKNOWN, .order = -1, .migratetype = BUD_MT_UNKNOWN };
	o->nr_uses = 1;
	*owners = o;
	return BUD_OK;
}

void bud_owners_destroy(bud_owners *owners)
{
	if (!owners)
		return;
	for (uint64_t n = 0; owners->nodes && n < NR_NODES; n++) {
		for (unsigned i = 0; owners->nodes[n] && i < NODE_LEAVES; i++)
			free(owners->nodes[n]->leaves[i]);
		free(owners->nodes[n]);
	}
	free(owners->nodes);
	free(owners->waiting);
	free(owners->uses);
	free(owners->slots);
	free(owners);
}

/* Pages. */

static cell *leaf_of(const bud_owners *o, bud_pfn pfn)
{
	const node *n = pfn < BUD_PFN_MAX ? o->nodes[pfn >> (LEAF_SHIFT + NODE_SHIFT)] : NULL;
	return n ? n->leaves[pfn >> LEAF_SHIFT & (NODE_LEAVES - 1)] : NULL;
}

static void *reserve(bud_owners *o, size_t size)
{
	if (o->bytes + size > o->max_bytes)
		return NULL;
	void *got = calloc(1, size);
	o->bytes += got ? size : 0;
	return got;
}

static cell *make_leaf(bud_owners *o, bud_pfn pfn)
{
	if (o->last_leaf && o->last == pfn >> LEAF_SHIFT)
		return o->last_leaf;
	if (pfn >= BUD_PFN_MAX)
		return NULL;
	node **n = &o->nodes[pfn >> (LEAF_SHIFT + NODE_SHIFT)];
	if (!*n && !(*n = reserve(o, sizeof **n)))
		return NULL;
	cell **leaf = &(*n)->leaves[pfn >> LEAF_SHIFT & (NODE_LEAVES - 1)];
	if (!*leaf && !(*leaf = reserve(o, LEAF_PAGES * sizeof **leaf)))
		return NULL;
	o->last = pfn >> LEAF_SHIFT;
	o->last_leaf = *leaf;
	return *leaf;
}

/* Whoever held the page does so no longer. */
static inline void release(bud_owners *o, cell *c)
{
	if (c->use >= WAITING)
		o->waiting[c->use - WAITING].nr_freed++;
	else if (c->use)
		o->uses[c->use].live_pages--;
	c->use = 0;
}

/* Gives the pages [pfn, pfn + nr) to use; returns how many could be followed. */
static uint64_t take_pages(bud_owners *o, bud_pfn pfn, uint64_t nr, uint32_t use, uint32_t when)
{
	uint64_t taken = 0;
	for (bud_pfn p = pfn; p < pfn + nr; p++) {
		cell *leaf = make_leaf(o, p);
		if (!leaf)
			continue;
		cell *c = &leaf[p & (LEAF_PAGES - 1)];
		release(o, c);
		*c = (cell){ use, when };
		taken++;
	}
	o->untracked += nr - taken;
	return taken;
}

static void release_pages(bud_owners *o, bud_pfn pfn, uint64_t nr)
{
	for (bud_pfn p = pfn, end = pfn + nr; p < end;) {
		cell *leaf = leaf_of(o, p);
		bud_pfn stop = (p | (LEAF_PAGES - 1)) + 1;
		stop = stop < end ? stop : end;
		for (; leaf && p < stop; p++)
			release(o, &leaf[p & (LEAF_PAGES - 1)]);
		p = stop;
	}
}

/* Rows. */

static size_t hash_of(const bud_use *row)
{
	uint64_t key = (uint64_t)row->site << 18 | (uint64_t)row->movable << 17 | (uint64_t)row->marked << 16 |
		       (uint64_t)(uint8_t)row->order << 8 | row->migratetype;
	return (size_t)(key * 0x9e3779b97f4a7c15u >> 24);
}

static bool grow_slots(bud_owners *o, size_t nr)
{
	uint32_t *slots = calloc(nr, sizeof *slots);
	if (!slots)
		return false;
	for (size_t i = 1; i < o->nr_uses; i++) {
		size_t slot = hash_of(&o->uses[i]) & (nr - 1);
		while (slots[slot])
			slot = (slot + 1) & (nr - 1);
		slots[slot] = (uint32_t)i;
	}
	free(o->slots);
	o->slots = slots;
	o->nr_slots = nr;
	return true;
}

static bool make_room_for_use(bud_owners *o)
{
	if (o->nr_uses == o->uses_room) {
		bud_use *uses = realloc(o->uses, o->uses_room * 2 * sizeof *uses);
		if (!uses)
			return false;
		o->uses = uses;
		o->uses_room *= 2;
	}
	return o->nr_uses * 2 < o->nr_slots || grow_slots(o, o->nr_slots * 2);
}

static uint32_t use_of_event(bud_owners *o, const bud_event *e, uint32_t site)
{
	const bud_kernel *kernel = bud_replay_kernel(o->replay);
	bud_migratetype type = bud_kernel_migratetype(kernel, e->page.migratetype);
	const bud_use wanted = { .site = o->nr_uses < MAX_USES ? site : BUD_SITE_OTHER,
				 .order = e->order,
				 .migratetype = (uint8_t)type,
				 .movable = type == BUD_MT_MOVABLE &&
					    !bud_gfp_is_buffer(bud_gfp_from_raw(&kernel->gfp, e->page.gfp_flags)),
				 .marked = o->marks && o->marks(o->marks_self, e) };
	size_t slot = hash_of(&wanted) & (o->nr_slots - 1);
	for (; o->slots[slot]; slot = (slot + 1) & (o->nr_slots - 1))
		if (bud_use_is_same(&o->uses[o->slots[slot]], &wanted))
			return o->slots[slot];
	if (!make_room_for_use(o)) {
		o->out_of_memory = true;
		return 0;
	}
	o->uses[o->nr_uses] = wanted;
	slot = hash_of(&wanted) & (o->nr_slots - 1);
	while (o->slots[slot])
		slot = (slot + 1) & (o->nr_slots - 1);
	o->slots[slot] = (uint32_t)o->nr_uses;
	return (uint32_t)o->nr_uses++;
}

static uint32_t when_of(const bud_owners *o, uint64_t t_ns)
{
	uint64_t when = t_ns > o->first_ns ? (t_ns - o->first_ns) >> o->when_shift : 0;
	return when < UINT32_MAX ? (uint32_t)when : UINT32_MAX;
}

/* Which requests count. */

static bool task_matches(bud_owners *o, int32_t pid)
{
	pid_match *m = &o->pids[(uint32_t)pid % NR_PIDS];
	if (!m->known || m->pid != pid) {
		*m = (pid_match){ pid, true, bud_section_wants_task(&o->filter, o->source, pid) };
	}
	return m->matches;
}

static bool zone_matches(const bud_owners *o, bud_pfn pfn)
{
	if (o->filter.node < 0 && !o->filter.zone)
		return true;
	const bud_zone_range *range =
		pfn == BUD_PFN_NONE ? NULL : bud_memory_range_of(bud_replay_memory(o->replay), pfn);
	return range && bud_section_wants_zone(&o->filter, range->zone->node, range->zone->name);
}

static bool is_wanted(bud_owners *o, const bud_event *e)
{
	const bud_section_filter *f = &o->filter;
	if (!o->filtered)
		return true;
	if (e->order < f->order_min || e->order > f->order_max)
		return false;
	if (f->migratetype != BUD_MT_UNKNOWN &&
	    bud_kernel_migratetype(bud_replay_kernel(o->replay), e->page.migratetype) != f->migratetype)
		return false;
	return zone_matches(o, e->page.pfn) && task_matches(o, e->pid);
}

/* Requests. */

static uint64_t pages_of(const bud_event *e)
{
	return e->order >= 0 && e->order <= MAX_PAGES_ORDER ? (uint64_t)1 << e->order : 0;
}

/* What an allocation got: no kernel hands out more than its largest block. */
static uint64_t pages_got(const bud_owners *o, const bud_event *e)
{
	bool got = e->page.pfn != BUD_PFN_NONE && e->order <= bud_replay_kernel(o->replay)->max_order;
	return got ? pages_of(e) : 0;
}

static void hold(bud_use *use, uint64_t nr)
{
	use->live_pages += nr;
	use->peak_pages = use->live_pages > use->peak_pages ? use->live_pages : use->peak_pages;
}

static void book(bud_owners *o, const bud_event *e, uint32_t row, bool counted)
{
	bud_use *use = &o->uses[row];
	if (e->page.pfn == BUD_PFN_NONE)
		use->failures += counted;
	else
		use->allocs += counted;
}

/* The request's site is known now: what it still holds is its row's. */
static void settle(bud_owners *o, unsigned cpu, uint32_t site)
{
	waiting *w = &o->waiting[cpu];
	const bud_event *e = &w->event;
	uint64_t nr = pages_got(o, e), held = 0;
	uint32_t row = use_of_event(o, e, site);
	w->open = false;
	o->nr_waiting--;
	book(o, e, row, w->counted);
	for (bud_pfn p = e->page.pfn; nr && p < e->page.pfn + nr; p++) {
		cell *leaf = leaf_of(o, p);
		cell *c = leaf ? &leaf[p & (LEAF_PAGES - 1)] : NULL;
		if (c && c->use == WAITING + cpu) {
			c->use = row;
			held++;
		}
	}
	hold(&o->uses[row], held + w->nr_freed);
	o->uses[row].live_pages -= w->nr_freed;
	o->uses[row].frees += w->frees;
}

static void settle_without_stack(bud_owners *o, unsigned cpu)
{
	const bud_event *e = &o->waiting[cpu].event;
	o->in_vain += o->in_vain < PATIENCE;
	settle(o, cpu, bud_site_of_task(o->sites, e->pid, e->page.context, e->page.gfp_flags));
}

static void on_alloc(bud_owners *o, const bud_event *e)
{
	bool wanted = is_wanted(o, e);
	bool waits = wanted && o->in_vain < PATIENCE && e->cpu < o->nr_cpus;
	uint64_t nr = pages_got(o, e);
	uint32_t row = 0;
	if (waits) {
		o->waiting[e->cpu] = (waiting){ .open = true, .counted = o->begun, .event = *e };
		o->nr_waiting++;
	} else if (wanted) {
		row = use_of_event(o, e, bud_site_of_task(o->sites, e->pid, e->page.context, e->page.gfp_flags));
		book(o, e, row, o->begun);
	}
	if (o->early)
		bud_early_leave(o->early, e->t_ns, e->page.pfn, nr);
	if (!wanted) {
		release_pages(o, e->page.pfn, nr);
	} else {
		uint64_t taken = take_pages(o, e->page.pfn, nr, waits ? WAITING + e->cpu : row, when_of(o, e->t_ns));
		if (!waits)
			hold(&o->uses[row], taken);
	}
}

static void on_free(bud_owners *o, const bud_event *e)
{
	const cell *leaf = leaf_of(o, e->page.pfn);
	uint32_t use = leaf ? leaf[e->page.pfn & (LEAF_PAGES - 1)].use : 0;
	if (o->begun && use >= WAITING)
		o->waiting[use - WAITING].frees++;
	else if (o->begun && (use || !o->filtered))
		o->uses[use].frees++;
	if (e->page.pfn >= BUD_PFN_MAX)
		return;
	release_pages(o, e->page.pfn, pages_of(e));
	if (o->early)
		bud_early_leave(o->early, e->t_ns, e->page.pfn, pages_of(e));
}

/* From here on events are counted, and peaks are those of this time. */
static void begin_counting(bud_owners *o)
{
	o->begun = true;
	for (size_t i = 0; i < o->nr_uses; i++)
		o->uses[i].peak_pages = o->uses[i].live_pages;
}

void bud_owners_event(void *self, const bud_event *event)
{
	bud_owners *o = self;
	if (o->ended)
		return;
	if (event->t_ns > o->end_ns) {
		bud_owners_settle(o);
		o->ended = true;
		return;
	}
	if (!o->begun && event->t_ns >= o->begin_ns)
		begin_counting(o);
	if (o->nr_waiting && event->cpu < o->nr_cpus && o->waiting[event->cpu].open) {
		if (event->kind == BUD_EV_KERNEL_STACK && event->stack.nr &&
		    event->pid == o->waiting[event->cpu].event.pid)
			settle(o, event->cpu, bud_site_of_stack(o->sites, event->stack.ip, event->stack.nr));
		else
			settle_without_stack(o, event->cpu);
	}
	if (event->kind == BUD_EV_ALLOC)
		on_alloc(o, event);
	else if (event->kind == BUD_EV_FREE)
		on_free(o, event);
	else if (event->kind == BUD_EV_KERNEL_STACK)
		o->in_vain = 0;
}

void bud_owners_settle(bud_owners *owners)
{
	for (unsigned cpu = 0; owners->nr_waiting && cpu < owners->nr_cpus; cpu++)
		if (owners->waiting[cpu].open)
			settle_without_stack(owners, cpu);
}

bool bud_owners_marks(const bud_owners *owners)
{
	return owners->marks != NULL;
}

bud_status bud_owners_status(const bud_owners *owners, bud_error *err)
{
	return owners->out_of_memory ? bud_error_memory(err, "the books of sites") : BUD_OK;
}

bool bud_owners_of(const bud_owners *owners, bud_pfn pfn, bud_owner *owner)
{
	const cell *leaf = leaf_of(owners, pfn);
	const cell *c = leaf ? &leaf[pfn & (LEAF_PAGES - 1)] : NULL;
	if (!c || !c->use || c->use >= WAITING)
		return false;
	*owner = (bud_owner){ &owners->uses[c->use], owners->first_ns + ((uint64_t)c->when << owners->when_shift) };
	return true;
}

bud_mobility bud_owners_mobility(const bud_owners *owners, bud_pfn pfn)
{
	bud_owner owner;
	if (bud_owners_of(owners, pfn, &owner))
		return owner.use->movable ? BUD_MOBILITY_MOVABLE : BUD_MOBILITY_FIXED;
	return owners->early ? bud_early_of(owners->early, pfn) : BUD_MOBILITY_UNKNOWN;
}

bud_pfn bud_owners_next(const bud_owners *owners, bud_pfn pfn, bud_pfn end)
{
	while (pfn < end) {
		const cell *leaf = leaf_of(owners, pfn);
		bud_pfn stop = (pfn | (LEAF_PAGES - 1)) + 1;
		stop = stop < end ? stop : end;
		for (; leaf && pfn < stop; pfn++)
			if (leaf[pfn & (LEAF_PAGES - 1)].use)
				return pfn;
		pfn = stop;
	}
	return end;
}

size_t bud_owners_count(const bud_owners *owners)
{
	return owners->nr_uses;
}

const bud_use *bud_owners_use(const bud_owners *owners, size_t i)
{
	return &owners->uses[i];
}

uint64_t bud_owners_untracked(const bud_owners *owners)
{
	return owners->untracked;
}

size_t bud_owners_bytes(const bud_owners *owners)
{
	return owners->bytes + owners->uses_room * sizeof *owners->uses + owners->nr_slots * sizeof *owners->slots;
}

static uint64_t key_of(const bud_use *use, bud_use_key key)
{
	switch (key) {
	case BUD_USE_BY_LIVE:
		return use->live_pages;
	case BUD_USE_BY_PEAK:
		return use->peak_pages;
	case BUD_USE_BY_ALLOCS:
		return use->allocs;
	case BUD_USE_BY_FAILURES:
		return use->failures;
	}
	return 0;
}

typedef struct sorting {
	const bud_use *uses;
	bud_use_key key;
} sorting;

static int compare_uses(const void *a, const void *b, void *self)
{
	const sorting *s = self;
	const bud_use *x = &s->uses[*(const uint32_t *)a], *y = &s->uses[*(const uint32_t *)b];
	uint64_t key_x = key_of(x, s->key), key_y = key_of(y, s->key);
	if (key_x != key_y)
		return key_x > key_y ? -1 : 1;
	if (x->site != y->site)
		return x->site < y->site ? -1 : 1;
	return x->order != y->order ? x->order - y->order : x->migratetype - y->migratetype;
}

void bud_owners_sort(const bud_owners *owners, bud_use_key key, uint32_t *order)
{
	sorting s = { owners->uses, key };
	for (size_t i = 0; i < owners->nr_uses; i++)
		order[i] = (uint32_t)i;
	qsort_r(order, owners->nr_uses, sizeof *order, compare_uses, &s);
}
