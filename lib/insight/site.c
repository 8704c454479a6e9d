/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/insight/site.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NR_RECENT   4096 /* tasks and flags whose site is at hand */
#define ARENA_BYTES 65536
#define MAX_COMM    256 /* bytes of a command's name worth keeping */
#define MAX_SYMBOL  128

#define NO_TASK		  INT32_MIN	/* stands for the pid in an interrupt */

/* What was said of one task with these flags last time. */
typedef struct recent {
	uint64_t gfp_flags;
	int32_t pid;
	uint32_t site; /* 0, that is BUD_SITE_UNKNOWN: nothing here */
} recent;

/* A stack as the trace has it, return addresses and all. */
typedef struct raw_stack {
	const uint64_t *ip;
	uint32_t nr_ip;
	uint32_t site;
} raw_stack;

typedef struct block {
	struct block *next;
	size_t used;
	_Alignas(8) char bytes[ARENA_BYTES];
} block;

struct bud_site_table {
	bud_source *source;
	const bud_kernel *kernel;
	bud_site *sites;
	uint32_t nr, room, max;
	uint32_t *slots; /* site numbers by hash; 0: none */
	uint32_t nr_slots;
	raw_stack *raws;
	uint32_t nr_raws;
	uint32_t *raw_slots; /* numbers of raws by hash, + 1 */
	recent recent[NR_RECENT];
	block *blocks; /* stacks, names */
	uint8_t *skip; /* frames at the start of each site's stack that are the allocator's, + 1; 0: not looked at */
	bool overflowed;
	char hex[24];
};

static void *keep(bud_site_table *t, const void *bytes, size_t size)
{
	size_t rounded = (size + 7) & ~(size_t)7;
	if (!t->blocks || t->blocks->used + rounded > ARENA_BYTES) {
		block *added = malloc(sizeof *added);
		if (!added)
			return NULL;
		added->next = t->blocks;
		added->used = 0;
		t->blocks = added;
	}
	void *kept = t->blocks->bytes + t->blocks->used;
	memcpy(kept, bytes, size);
	t->blocks->used += rounded;
	return kept;
}

static bud_text text_of(const char *text)
{
	size_t length = strlen(text);
	return (bud_text){ text, length < MAX_COMM ? (uint32_t)length : MAX_COMM };
}

bud_status bud_site_table_create(bud_site_table **table, bud_source *source, const bud_kernel *kernel,
				 uint32_t max_sites, bud_error *err)
{
	bud_site_table *t = calloc(1, sizeof *t);
	if (!t)
		return bud_error_memory(err, "sites");
	t->source = source;
	t->kernel = kernel;
	t->max = max_sites < BUD_SITE_MAX ? max_sites : BUD_SITE_MAX;
	t->max = t->max > 2 ? t->max : 2;
	for (t->nr_slots = 64; t->nr_slots < t->max * 2; t->nr_slots *= 2)
		;
	t->room = t->max;
	t->slots = calloc(t->nr_slots, sizeof *t->slots);
	t->sites = calloc(t->room, sizeof *t->sites);
	t->skip = calloc(t->room, sizeof *t->skip);
	t->raws = calloc(t->room, sizeof *t->raws);
	t->raw_slots = calloc(t->nr_slots, sizeof *t->raw_slots);
	if (!t->slots || !t->sites || !t->skip || !t->raws || !t->raw_slots) {
		bud_site_table_destroy(t);
		return bud_error_memory(err, "sites");
	}
	t->sites[BUD_SITE_UNKNOWN].comm = text_of("(unknown)");
	t->sites[BUD_SITE_OTHER].comm = text_of("(other)");
	t->nr = 2;
	*table = t;
	return BUD_OK;
}

void bud_site_table_destroy(bud_site_table *table)
{
	if (!table)
		return;
	for (block *b = table->blocks, *next; b; b = next) {
		next = b->next;
		free(b);
	}
	free(table->slots);
	free(table->sites);
	free(table->skip);
	free(table->raws);
	free(table->raw_slots);
	free(table);
}

static uint64_t mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * 0x9e3779b97f4a7c15u;
	return hash ^ hash >> 29;
}

static uint64_t hash_of(const bud_site *site)
{
	uint64_t hash = mix(site->nr_ip, site->gfp_flags);
	for (uint32_t i = 0; i < site->nr_ip; i++)
		hash = mix(hash, site->ip[i]);
	for (uint32_t i = 0; i < site->comm.size; i++)
		hash = mix(hash, (unsigned char)site->comm.data[i]);
	return hash;
}

static bool is_same(const bud_site *a, const bud_site *b)
{
	return a->nr_ip == b->nr_ip && !a->ip == !b->ip && a->gfp_flags == b->gfp_flags &&
	       a->comm.size == b->comm.size && (!a->ip || memcmp(a->ip, b->ip, a->nr_ip * sizeof *a->ip) == 0) &&
	       (!a->comm.size || memcmp(a->comm.data, b->comm.data, a->comm.size) == 0);
}

/* Copies what the site points to. */
static bool keep_site(bud_site_table *t, bud_site *kept, const bud_site *site)
{
	*kept = *site;
	if (site->ip && !(kept->ip = keep(t, site->ip, site->nr_ip * sizeof *site->ip)))
		return false;
	return !site->comm.size || (kept->comm.data = keep(t, site->comm.data, site->comm.size));
}

static uint32_t intern(bud_site_table *t, const bud_site *site)
{
	uint32_t slot = (uint32_t)hash_of(site) & (t->nr_slots - 1);
	for (; t->slots[slot]; slot = (slot + 1) & (t->nr_slots - 1))
		if (is_same(&t->sites[t->slots[slot]], site))
			return t->slots[slot];
	if (t->nr == t->max || !keep_site(t, &t->sites[t->nr], site)) {
		t->overflowed = true;
		return BUD_SITE_OTHER;
	}
	t->slots[slot] = t->nr;
	return t->nr++;
}

/* Where a function calls from does not tell sites apart: every address becomes that of its symbol. */
static uint32_t intern_functions(bud_site_table *t, const uint64_t *ip, uint32_t nr)
{
	uint64_t functions[BUD_SITE_DEPTH];
	for (uint32_t i = 0; i < nr; i++) {
		uint64_t offset = 0;
		bool known = bud_source_symbol(t->source, ip[i], &offset) != NULL;
		functions[i] = known ? ip[i] - offset : ip[i];
	}
	const bud_site site = { .ip = functions, .nr_ip = nr };
	return intern(t, &site);
}

uint32_t bud_site_of_stack(bud_site_table *table, const uint64_t *ip, uint32_t nr)
{
	bud_site_table *t = table;
	nr = nr < BUD_SITE_DEPTH ? nr : BUD_SITE_DEPTH;
	const bud_site key = { .ip = ip, .nr_ip = nr };
	uint32_t slot = (uint32_t)hash_of(&key) & (t->nr_slots - 1);
	for (; t->raw_slots[slot]; slot = (slot + 1) & (t->nr_slots - 1)) {
		const raw_stack *raw = &t->raws[t->raw_slots[slot] - 1];
		if (raw->nr_ip == nr && memcmp(raw->ip, ip, nr * sizeof *ip) == 0)
			return raw->site;
	}
	uint32_t site = intern_functions(t, ip, nr);
	const uint64_t *kept = t->nr_raws < t->room ? keep(t, ip, nr * sizeof *ip) : NULL;
	if (kept) {
		t->raws[t->nr_raws] = (raw_stack){ kept, nr, site };
		t->raw_slots[slot] = ++t->nr_raws;
	}
	return site;
}

uint32_t bud_site_of_task(bud_site_table *table, int32_t pid, int32_t context, uint64_t gfp_flags)
{
	if (context & BUD_CONTEXT_INTERRUPT)
		pid = NO_TASK;
	recent *r = &table->recent[mix((uint32_t)pid, gfp_flags) >> 8 & (NR_RECENT - 1)];
	if (r->site && r->pid == pid && r->gfp_flags == gfp_flags)
		return r->site;
	const char *comm = pid == NO_TASK ? "(interrupt)" : bud_source_comm(table->source, pid);
	const bud_site site = { .comm = comm ? text_of(comm) : (bud_text){ 0 }, .gfp_flags = gfp_flags };
	*r = (recent){ gfp_flags, pid, intern(table, &site) };
	return r->site;
}

uint32_t bud_site_count(const bud_site_table *table)
{
	return table->nr;
}

const bud_site *bud_site_get(const bud_site_table *table, uint32_t site)
{
	return &table->sites[site];
}

bool bud_site_overflowed(const bud_site_table *table)
{
	return table->overflowed;
}

/* Whether a function only passes on what its caller asks the page allocator for. */
static bool is_allocators_own(const char *name)
{
	static const char *const own[] = { "folio_alloc",    "__folio_alloc",	 "folio_alloc_mpol",  "vma_alloc_folio",
					   "get_free_pages", "__get_free_pages", "get_zeroed_page",   "alloc_page_vma",
					   "alloc_page",     "__alloc_page",	 "__folio_alloc_node" };
	static const char *const families[] = { "trace_event_raw_event_mm_page", "__alloc_pages", "alloc_pages",
						"__alloc_frozen_pages", "alloc_frozen_pages" };
	for (size_t i = 0; i < sizeof families / sizeof *families; i++)
		if (strncmp(name, families[i], strlen(families[i])) == 0)
			return true;
	/* Allocation profiling and the compiler lengthen names. */
	size_t length = strcspn(name, ".");
	if (length > 7 && strncmp(name + length - 7, "_noprof", 7) == 0)
		length -= 7;
	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
		if (strlen(own[i]) == length && strncmp(name, own[i], length) == 0)
			return true;
	return false;
}

static uint32_t first_frame(bud_site_table *t, uint32_t site)
{
	const bud_site *s = &t->sites[site];
	uint64_t offset;
	if (!t->skip[site]) {
		uint32_t i = 0;
		for (; i + 1 < s->nr_ip; i++) {
			const char *name = bud_source_symbol(t->source, s->ip[i], &offset);
			if (!name || !is_allocators_own(name))
				break;
		}
		t->skip[site] = (uint8_t)(i + 1);
	}
	return t->skip[site] - 1u;
}

const char *bud_site_frame(bud_site_table *table, uint32_t site, uint32_t i)
{
	bud_site_table *t = table;
	const bud_site *s = &t->sites[site];
	uint32_t at = s->ip ? first_frame(t, site) + i : 0;
	uint64_t offset;
	if (at >= s->nr_ip)
		return NULL;
	const char *name = bud_source_symbol(t->source, s->ip[at], &offset);
	if (!name)
		snprintf(t->hex, sizeof t->hex, "0x%" PRIx64, s->ip[at]);
	return name ? name : t->hex;
}

static void name_stack(bud_site_table *t, uint32_t site, char *text, size_t size)
{
	size_t used = 0;
	const char *frame;
	for (uint32_t i = 0; (frame = bud_site_frame(t, site, i)); i++) {
		size_t needed = strnlen(frame, MAX_SYMBOL) + (i ? 3 : 0);
		if (used + needed + sizeof " ..." > size) {
			snprintf(text + used, size - used, " ...");
			return;
		}
		used += (size_t)snprintf(text + used, size - used, "%s%.*s", i ? " < " : "", MAX_SYMBOL, frame);
	}
}

const char *bud_site_name(bud_site_table *table, uint32_t site, char *text, size_t size)
{
	const bud_site *s = &table->sites[site];
	char gfp[BUD_GFP_TEXT];
	*text = '\0';
	if (s->ip)
		name_stack(table, site, text, size);
	else if (site == BUD_SITE_UNKNOWN || site == BUD_SITE_OTHER)
		snprintf(text, size, "%.*s", (int)s->comm.size, s->comm.data);
	else
		snprintf(text, size, "%.*s %s", s->comm.size ? (int)s->comm.size : 5,
			 s->comm.size ? s->comm.data : "<...>",
			 bud_gfp_format(&table->kernel->gfp, s->gfp_flags, gfp, sizeof gfp));
	return text;
}
