/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/insight/steal.h"

#include <stdlib.h>

typedef struct steals {
	bud_story_context context;
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

static bool is_wanted(const bud_story_context *context, const bud_event *event)
{
	const bud_section_filter *filter = context->filter;
	const bud_zone_range *range = bud_memory_range_of(bud_replay_memory(context->replay), event->extfrag.pfn);
	if (event->kind != BUD_EV_EXTFRAG || event->t_ns < context->begin_ns || event->t_ns > context->end_ns)
		return false;
	if (event->order < filter->order_min || event->order > filter->order_max)
		return false;
	return range ? bud_section_wants_zone(filter, range->zone->node, range->zone->name)
		     : filter->node < 0 && !filter->zone;
}

static bud_value type_name(const bud_kernel *kernel, int32_t raw)
{
	bud_migratetype type = bud_kernel_migratetype(kernel, raw);
	return type == BUD_MT_UNKNOWN ? bud_value_unknown() : bud_value_text(bud_migratetype_name(type));
}

static void event(void *self, const bud_event *e)
{
	steals *s = self;
	const bud_kernel *kernel = bud_replay_kernel(s->context.replay);
	if (s->status || !is_wanted(&s->context, e))
		return;
	bud_value row[] = { bud_value_uint(e->t_ns),
			    bud_value_uint(e->extfrag.pfn),
			    bud_value_int(e->order),
			    bud_value_int(e->extfrag.fallback_order),
			    type_name(kernel, e->extfrag.alloc_migratetype),
			    type_name(kernel, e->extfrag.fallback_migratetype),
			    bud_value_int(e->extfrag.change_ownership) };
	s->status = s->context.sink->row(s->context.sink->self, row, &s->error);
}

static bud_status end(void *self, bool failed, bud_error *err)
{
	steals *s = self;
	bud_status status = s->status;
	if (status && !failed)
		bud_error_set(err, status, "%s", s->error.text);
	free(s);
	return status;
}

static const char *const columns[] = { "t_ns",	   "pfn",	  "alloc_order",     "fallback_order",
				       "alloc_mt", "fallback_mt", "change_ownership" };

const bud_story bud_steal_story = {
	.table = { "steal", columns, sizeof columns / sizeof *columns }, .begin = begin, .event = event, .end = end
};
