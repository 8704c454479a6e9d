/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/insight/steal.h"

#include <stdlib.h>

#define NR_TYPES (BUD_NR_MIGRATETYPES + 1) /* unknown, too */

/* All steals of one pair of types. */
typedef struct pair {
	uint8_t alloc, fallback; /* bud_migratetype */
	uint64_t steals, claims;
	uint64_t pages;		      /* asked for */
	int32_t min_order, max_order; /* of the blocks they came from */
} pair;

typedef struct steals {
	bud_story_context context;
	pair pairs[NR_TYPES * NR_TYPES];
	bud_status status; /* of the rows written so far */
	bud_error error;
} steals;

static bud_status begin(void **self, const bud_story_context *context, bud_error *err)
{
	steals *s = calloc(1, sizeof *s);
	if (!s)
		return bud_error_memory(err, "steals");
	s->context = *context;
	*self = s;
	return BUD_OK;
}

static bool is_wanted(const steals *s, const bud_event *e)
{
	const bud_story_context *context = &s->context;
	const bud_section_filter *filter = context->filter;
	if (e->t_ns < context->begin_ns || e->t_ns > context->end_ns || e->order < filter->order_min ||
	    e->order > filter->order_max)
		return false;
	bud_migratetype type = bud_kernel_migratetype(bud_replay_kernel(context->replay), e->extfrag.alloc_migratetype);
	if (filter->migratetype != BUD_MT_UNKNOWN && filter->migratetype != type)
		return false;
	const bud_zone_range *range = bud_memory_range_of(bud_replay_memory(context->replay), e->extfrag.pfn);
	if (range ? !bud_section_wants_zone(filter, range->zone->node, range->zone->name)
		  : filter->node >= 0 || filter->zone)
		return false;
	return bud_section_wants_task(filter, context->source, e->pid);
}

static bud_value type_name(bud_migratetype type)
{
	return type == BUD_MT_UNKNOWN ? bud_value_unknown() : bud_value_text(bud_migratetype_name(type));
}

static void event(void *self, const bud_event *e)
{
	steals *s = self;
	if (e->kind != BUD_EV_EXTFRAG || s->status || !is_wanted(s, e))
		return;
	const bud_kernel *kernel = bud_replay_kernel(s->context.replay);
	bud_value row[] = { bud_value_uint(e->t_ns),
			    bud_value_uint(e->extfrag.pfn),
			    bud_value_int(e->order),
			    bud_value_int(e->extfrag.fallback_order),
			    type_name(bud_kernel_migratetype(kernel, e->extfrag.alloc_migratetype)),
			    type_name(bud_kernel_migratetype(kernel, e->extfrag.fallback_migratetype)),
			    bud_value_int(e->extfrag.change_ownership) };
	s->status = s->context.sink->row(s->context.sink->self, row, &s->error);
}

static bud_status finish(steals *s, bool failed, bud_error *err)
{
	bud_status status = s->status;
	if (status && !failed)
		bud_error_set(err, status, "%s", s->error.text);
	free(s);
	return status;
}

static bud_status end(void *self, bool failed, bud_error *err)
{
	return finish(self, failed, err);
}

static void add_to_pair(void *self, const bud_event *e)
{
	steals *s = self;
	if (e->kind != BUD_EV_EXTFRAG || !is_wanted(s, e))
		return;
	const bud_kernel *kernel = bud_replay_kernel(s->context.replay);
	bud_migratetype alloc = bud_kernel_migratetype(kernel, e->extfrag.alloc_migratetype);
	bud_migratetype fallback = bud_kernel_migratetype(kernel, e->extfrag.fallback_migratetype);
	pair *p = &s->pairs[alloc * NR_TYPES + fallback];
	int32_t order = e->extfrag.fallback_order;
	if (!p->steals)
		*p = (pair){
			.alloc = (uint8_t)alloc, .fallback = (uint8_t)fallback, .min_order = order, .max_order = order
		};
	p->steals++;
	p->claims += e->extfrag.change_ownership != 0;
	p->pages += e->order >= 0 && e->order < BUD_NR_ORDERS ? (uint64_t)1 << e->order : 0;
	p->min_order = order < p->min_order ? order : p->min_order;
	p->max_order = order > p->max_order ? order : p->max_order;
}

static int commonest_first(const void *a, const void *b)
{
	const pair *x = a, *y = b;
	if (x->steals != y->steals)
		return x->steals > y->steals ? -1 : 1;
	return x->alloc != y->alloc ? x->alloc - y->alloc : x->fallback - y->fallback;
}

static bud_status end_pairs(void *self, bool failed, bud_error *err)
{
	steals *s = self;
	qsort(s->pairs, NR_TYPES * NR_TYPES, sizeof *s->pairs, commonest_first);
	for (const pair *p = s->pairs; !failed && !s->status && p < s->pairs + NR_TYPES * NR_TYPES && p->steals; p++) {
		bud_value row[] = { type_name((bud_migratetype)p->alloc),
				    type_name((bud_migratetype)p->fallback),
				    bud_value_uint(p->steals),
				    bud_value_uint(p->claims),
				    bud_value_uint(p->pages),
				    bud_value_int(p->min_order),
				    bud_value_int(p->max_order) };
		s->status = s->context.sink->row(s->context.sink->self, row, &s->error);
	}
	return finish(s, failed, err);
}

static const char *const columns[] = { "t_ns",	   "pfn",	  "alloc_order",     "fallback_order",
				       "alloc_mt", "fallback_mt", "change_ownership" };
static const char *const pair_columns[] = { "alloc_mt",		 "fallback_mt", "steals",
					    "ownership_changes", "pages",	"min_fallback_order",
					    "max_fallback_order" };

const bud_story bud_steal_story = {
	.table = { "steal", columns, sizeof columns / sizeof *columns }, .begin = begin, .event = event, .end = end
};

const bud_story bud_steal_pair_story = { .table = { "steal_pair", pair_columns,
						    sizeof pair_columns / sizeof *pair_columns },
					 .begin = begin,
					 .event = add_to_pair,
					 .end = end_pairs };
