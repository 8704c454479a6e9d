/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/tui/filter.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool parse_number(const char *text, uint64_t max, uint64_t *value)
{
	char *end;
	errno = 0;
	*value = strtoull(text, &end, 0);
	return *text >= '0' && *text <= '9' && !*end && !errno && *value <= max;
}

/* "order" with what follows: =N >=N <=N >N <N. */
static bool parse_order(bud_filter *f, const char *relation)
{
	static const struct {
		const char *sign;
		int low, high; /* offset to N; 99: no bound */
	} relations[] = { { ">=", 0, 99 }, { "<=", 99, 0 }, { ">", 1, 99 }, { "<", 99, -1 }, { "=", 0, 0 } };
	for (size_t i = 0; i < sizeof relations / sizeof *relations; i++) {
		size_t length = strlen(relations[i].sign);
		uint64_t n;
		if (strncmp(relation, relations[i].sign, length) != 0)
			continue;
		if (!parse_number(relation + length, BUD_NR_ORDERS, &n))
			return false;
		if (relations[i].low != 99)
			f->order_min = (int)n + relations[i].low;
		if (relations[i].high != 99)
			f->order_max = (int)n + relations[i].high;
		return true;
	}
	return false;
}

static bool parse_id(int64_t *id, const char *text)
{
	uint64_t n;
	bool known = parse_number(text, INT32_MAX, &n);
	*id = (int64_t)n;
	return known;
}

static bool keep(char *to, size_t size, const char *text)
{
	snprintf(to, size, "%s", text);
	return *text && strlen(text) < size;
}

/* NAME=VALUE; *known tells whether it has that form. */
static bool parse_pair(bud_filter *f, const char *word, bool *known)
{
	static const char *const names[] = { "comm", "pid", "cpu", "node", "gfp", "type", "zone", "event", "pfn" };
	const char *value = strchr(word, '=');
	size_t i = 0, nr = sizeof names / sizeof *names;
	while (value && i < nr &&
	       (strlen(names[i]) != (size_t)(value - word) || strncmp(names[i], word, strlen(names[i])) != 0))
		i++;
	*known = value && i < nr;
	if (!*known)
		return false;
	value++;
	switch (i) {
	case 0:
		return keep(f->comm, sizeof f->comm, value);
	case 1:
		return parse_id(&f->pid, value);
	case 2:
		return parse_id(&f->cpu, value);
	case 3:
		return parse_id(&f->node, value);
	case 4:
		return !bud_gfp_parse(&f->kernel->gfp, value, &f->gfp, NULL) && f->gfp;
	case 5:
		f->type = bud_migratetype_parse(value);
		return f->type != BUD_MT_UNKNOWN;
	case 6:
		return keep(f->zone, sizeof f->zone, value);
	case 7:
		return keep(f->event, sizeof f->event, value);
	default:
		return parse_number(value, BUD_PFN_MAX, &f->pfn);
	}
}

static bool parse_word(bud_filter *f, const char *word)
{
	bool pair;
	if (strcmp(word, "failed") == 0)
		return f->failed = true;
	if (strncmp(word, "order", 5) == 0 && word[5] && strchr("<>=", word[5]))
		return parse_order(f, word + 5);
	bool good = parse_pair(f, word, &pair);
	if (pair)
		return good;
	size_t used = strlen(f->text), length = strlen(word);
	if (used + length + 2 > sizeof f->text)
		return false;
	if (used)
		f->text[used++] = ' ';
	strcpy(f->text + used, word);
	return true;
}

bud_status bud_filter_parse(bud_filter *filter, const char *line, const bud_kernel *kernel, bud_error *err)
{
	bud_status status = BUD_OK;
	*filter = (bud_filter){ .kernel = kernel,
				.any = true,
				.pid = -1,
				.cpu = -1,
				.node = -1,
				.order_min = -1,
				.order_max = BUD_ORDER_INVALID,
				.type = BUD_MT_UNKNOWN,
				.pfn = BUD_PFN_NONE };
	char *copy = strdup(line), *rest = copy;
	if (!copy)
		return bud_error_memory(err, "a filter");
	for (char *word; !status && (word = strsep(&rest, " "));) {
		if (!*word)
			continue;
		filter->any = false;
		if (!parse_word(filter, word))
			status = bud_error_set(err, BUD_ERR_USAGE, "%s means nothing here", word);
	}
	free(copy);
	return status;
}

#define PAGE_EVENTS (BUD_EVENT_PAGES | BUD_EVENT_BIT(BUD_EV_FREE_BATCHED))
#define REQUESTS \
	(BUD_EVENT_BIT(BUD_EV_COMPACT_TRY) | BUD_EVENT_BIT(BUD_EV_WAKEUP_KSWAPD) | BUD_EVENT_BIT(BUD_EV_DIRECT_BEGIN))

static bool is_of(const bud_event *e, bud_event_mask mask)
{
	return mask >> e->kind & 1;
}

static bud_pfn pfn_of(const bud_event *e)
{
	return e->kind == BUD_EV_EXTFRAG ? e->extfrag.pfn : is_of(e, PAGE_EVENTS) ? e->page.pfn : BUD_PFN_NONE;
}

static bud_migratetype type_of(const bud_event *e, const bud_kernel *kernel)
{
	if (e->kind == BUD_EV_EXTFRAG)
		return bud_kernel_migratetype(kernel, e->extfrag.alloc_migratetype);
	if (!is_of(e, PAGE_EVENTS) || e->kind == BUD_EV_FREE || e->kind == BUD_EV_FREE_BATCHED)
		return BUD_MT_UNKNOWN;
	return bud_kernel_migratetype(kernel, e->page.migratetype);
}

static bool names_page(const bud_event *e, bud_pfn pfn)
{
	bud_pfn first = pfn_of(e);
	int order = e->order >= 0 && e->order < BUD_NR_ORDERS ? e->order : 0;
	return first != BUD_PFN_NONE && pfn >= first && pfn - first < (bud_pfn)1 << order;
}

static const bud_zone *zone_of(const bud_event *e, const bud_event_world *world)
{
	bud_pfn pfn = pfn_of(e);
	const bud_zone_range *range = pfn == BUD_PFN_NONE ? NULL : bud_memory_range_of(world->memory, pfn);
	return range ? range->zone : NULL;
}

bool bud_filter_wants_zone(const bud_filter *filter, const bud_zone *zone)
{
	return (filter->node < 0 || zone->node == filter->node) &&
	       (!*filter->zone || strcasecmp(zone->name, filter->zone) == 0);
}

static bool match_place(const bud_filter *f, const bud_event *e, const bud_event_world *world)
{
	if (f->node < 0 && !*f->zone)
		return true;
	const bud_zone *zone = zone_of(e, world);
	return zone && bud_filter_wants_zone(f, zone);
}

static bool match_names(const bud_filter *f, const bud_event *e, const bud_event_world *world)
{
	char text[256], comm[24];
	if (*f->comm && !strstr(bud_filter_comm(world, e->pid, comm, sizeof comm), f->comm))
		return false;
	if (*f->event && !strstr(bud_event_name((bud_event_kind)e->kind), f->event))
		return false;
	if (!*f->text)
		return true;
	int used = snprintf(text, sizeof text, "%s %s ", bud_filter_comm(world, e->pid, comm, sizeof comm),
			    bud_event_name((bud_event_kind)e->kind));
	bud_filter_describe(e, world, text + used, sizeof text - (size_t)used);
	return strstr(text, f->text) != NULL;
}

bool bud_filter_match(const bud_filter *filter, const bud_event *event, const bud_event_world *world)
{
	const bud_filter *f = filter;
	const bud_event *e = event;
	if (f->any)
		return true;
	if (f->failed && !(e->kind == BUD_EV_ALLOC && e->page.pfn == BUD_PFN_NONE))
		return false;
	if ((f->pid >= 0 && e->pid != f->pid) || (f->cpu >= 0 && e->cpu != f->cpu))
		return false;
	bool ordered = f->order_min > -1 || f->order_max < BUD_ORDER_INVALID;
	if (ordered && (!is_of(e, PAGE_EVENTS | REQUESTS) || e->order < f->order_min || e->order > f->order_max))
		return false;
	if (f->gfp && !(e->kind == BUD_EV_ALLOC && (e->page.gfp_flags & f->gfp) == f->gfp))
		return false;
	if (f->type != BUD_MT_UNKNOWN && type_of(e, world->kernel) != f->type)
		return false;
	if (f->pfn != BUD_PFN_NONE && !names_page(e, f->pfn))
		return false;
	return match_place(f, e, world) && match_names(f, e, world);
}

static bool has_text(const bud_filter_request *r, const char *comm, const char *text)
{
	if (strstr(comm, text))
		return true;
	for (int i = 0; i < 3 && r->words[i]; i++)
		if (strstr(r->words[i], text))
			return true;
	return false;
}

bool bud_filter_match_request(const bud_filter *filter, const bud_filter_request *request, const bud_event_world *world)
{
	const bud_filter *f = filter;
	const bud_filter_request *r = request;
	char comm[24];
	bool ordered = f->order_min > -1 || f->order_max < BUD_ORDER_INVALID;
	if (f->any)
		return true;
	if ((f->failed && !r->failed) || (f->pid >= 0 && r->pid != f->pid) || (f->node >= 0 && r->node != f->node))
		return false;
	if (ordered && (r->order < f->order_min || r->order > f->order_max))
		return false;
	if (f->gfp && !(r->has_gfp && (r->gfp_flags & f->gfp) == f->gfp))
		return false;
	if (f->type != BUD_MT_UNKNOWN && r->type != f->type)
		return false;
	if (*f->zone && !(r->zone && strcasecmp(r->zone, f->zone) == 0))
		return false;
	bud_filter_comm(world, r->pid, comm, sizeof comm);
	return (!*f->comm || strstr(comm, f->comm)) && (!*f->text || has_text(r, comm, f->text));
}

static void make_printable(char *text)
{
	for (; *text; text++)
		if (*text < 0x20 || *text >= 0x7f)
			*text = '?';
}

char *bud_filter_comm(const bud_event_world *world, int32_t pid, char *text, size_t size)
{
	const char *comm = pid == 0 ? "idle" : bud_source_comm(world->source, pid);
	snprintf(text, size, "%s", comm ? comm : "?");
	make_printable(text);
	return text;
}

static void describe_page(const bud_event *e, const bud_event_world *world, char *text, size_t size)
{
	char gfp[48];
	const bud_zone *zone = zone_of(e, world);
	bud_migratetype type = type_of(e, world->kernel);
	int used = snprintf(text, size, "%sorder=%d", e->page.pfn == BUD_PFN_NONE ? "FAILED " : "", e->order);
	if (type != BUD_MT_UNKNOWN)
		used += snprintf(text + used, size - (size_t)used, " %s", bud_migratetype_name(type));
	if (e->kind == BUD_EV_ALLOC)
		used += snprintf(text + used, size - (size_t)used, " %s",
				 bud_gfp_format(&world->kernel->gfp, e->page.gfp_flags, gfp, sizeof gfp));
	if (e->page.pfn != BUD_PFN_NONE)
		used += snprintf(text + used, size - (size_t)used, " pfn=0x%" PRIx64, e->page.pfn);
	if (zone && (size_t)used < size)
		snprintf(text + used, size - (size_t)used, " n%d/%s", zone->node, zone->name);
}

static void describe_extfrag(const bud_event *e, const bud_event_world *world, char *text, size_t size)
{
	snprintf(text, size, "order=%d %s takes order=%d of %s pfn=0x%" PRIx64 "%s", e->order,
		 bud_migratetype_name(type_of(e, world->kernel)), e->extfrag.fallback_order,
		 bud_migratetype_name(bud_kernel_migratetype(world->kernel, e->extfrag.fallback_migratetype)),
		 e->extfrag.pfn, e->extfrag.change_ownership ? ", pageblock changes type" : "");
}

/* Nothing in these depends on other events. */
static void describe_other(const bud_event *e, const bud_event_world *world, char *text, size_t size)
{
	char gfp[80];
	switch ((bud_event_kind)e->kind) {
	case BUD_EV_ISOLATE_FREE:
	case BUD_EV_FAST_ISOLATE_FREE:
	case BUD_EV_ISOLATE_MIGRATE:
		snprintf(text, size, "pfn=0x%" PRIx64 "..0x%" PRIx64 " scanned=%" PRIu64 " taken=%" PRIu64,
			 e->isolate.start_pfn, e->isolate.end_pfn, e->isolate.nr_scanned, e->isolate.nr_taken);
		break;
	case BUD_EV_COMPACT_BEGIN:
	case BUD_EV_COMPACT_END:
		snprintf(text, size, "migrate=0x%" PRIx64 " free=0x%" PRIx64 "%s", e->compact.migrate_pfn,
			 e->compact.free_pfn, e->compact.sync ? " sync" : "");
		break;
	case BUD_EV_MIGRATEPAGES:
	case BUD_EV_MIGRATE:
		snprintf(text, size, "migrated=%" PRIu64 " failed=%" PRIu64, e->migrate.nr_migrated,
			 e->migrate.nr_failed);
		break;
	case BUD_EV_DIRECT_END:
	case BUD_EV_SHRINK_INACTIVE:
	case BUD_EV_MEMCG_END:
		snprintf(text, size, "scanned=%" PRIu64 " reclaimed=%" PRIu64, e->reclaim.nr_scanned,
			 e->reclaim.nr_reclaimed);
		break;
	case BUD_EV_RECLAIM_RETRY:
		snprintf(text, size, "reclaimable=%" PRIu64 " available=%" PRIu64 " min=%" PRIu64 " loops=%d%s",
			 e->retry.reclaimable, e->retry.available, e->retry.min_wmark, e->retry.no_progress_loops,
			 e->retry.wmark_check ? "" : " gives up");
		break;
	case BUD_EV_OOM_VICTIM:
		snprintf(text, size, "pid=%d %.*s", e->oom.pid, e->oom.comm.size < 32 ? (int)e->oom.comm.size : 32,
			 e->oom.comm.data ? e->oom.comm.data : "");
		break;
	case BUD_EV_PRINT:
		snprintf(text, size, "%.*s", e->print.text.size < 200 ? (int)e->print.text.size : 200,
			 e->print.text.data ? e->print.text.data : "");
		break;
	case BUD_EV_LOST:
		snprintf(text, size,
			 e->lost.count ? "%" PRIu64 " records are missing before this"
				       : "records are missing before this",
			 e->lost.count);
		break;
	default:
		if (e->order >= 0 && e->order < BUD_NR_ORDERS && is_of(e, REQUESTS))
			snprintf(text, size, "order=%d node=%d %s", e->order, e->request.nid,
				 bud_gfp_format(&world->kernel->gfp, e->request.gfp_flags, gfp, sizeof gfp));
		break;
	}
}

char *bud_filter_describe(const bud_event *event, const bud_event_world *world, char *text, size_t size)
{
	*text = '\0';
	if (event->kind == BUD_EV_EXTFRAG)
		describe_extfrag(event, world, text, size);
	else if (is_of(event, PAGE_EVENTS))
		describe_page(event, world, text, size);
	else
		describe_other(event, world, text, size);
	make_printable(text);
	return text;
}
