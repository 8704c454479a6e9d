/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/insight/section.h"

#include <string.h>

bool bud_section_wants_zone(const bud_section_filter *filter, int32_t node, const char *name)
{
	return (filter->node < 0 || filter->node == node) && (!filter->zone || strcmp(filter->zone, name) == 0);
}

bool bud_section_wants_task(const bud_section_filter *filter, const bud_source *source, int32_t pid)
{
	if (filter->pid >= 0 && filter->pid != pid)
		return false;
	const char *comm = filter->comm ? bud_source_comm(source, pid) : NULL;
	return !filter->comm || (comm && strcmp(comm, filter->comm) == 0);
}

/* The sample behind a column, or NULL where nothing is known of it, not even changes. */
static const bud_zone_sample *told_sample(const bud_timeline *timeline, size_t column, size_t zone)
{
	if (column == SIZE_MAX || !timeline->columns[column].filled)
		return NULL;
	const bud_zone_sample *sample = bud_timeline_sample(timeline, column, zone);
	return sample->known || sample->followed ? sample : NULL;
}

/* The sample if its numbers are known themselves, else NULL. */
static const bud_zone_sample *if_known(const bud_zone_sample *sample)
{
	return sample && sample->known ? sample : NULL;
}

static bud_value time_of(const bud_timeline *timeline, size_t column)
{
	return bud_value_uint(column == SIZE_MAX ? BUD_TIME_NONE : timeline->columns[column].t_end_ns);
}

static bud_value number(const bud_zone_sample *sample, uint64_t value)
{
	return sample ? bud_value_uint(value) : bud_value_unknown();
}

typedef bud_status zone_rows(const bud_zone *zone, const bud_zone_sample *sample, bud_value t,
			     const bud_section_filter *filter, bud_row_sink *sink, bud_error *err);

static bud_status each_zone(const bud_timeline *timeline, size_t column, const bud_memory *memory,
			    const bud_section_filter *filter, zone_rows *rows, bud_row_sink *sink, bud_error *err)
{
	bud_status status = BUD_OK;
	for (size_t z = 0; !status && z < memory->nr_zones; z++) {
		const bud_zone *zone = &memory->zones[z];
		if (bud_section_wants_zone(filter, zone->node, zone->name))
			status = rows(zone, told_sample(timeline, column, z), time_of(timeline, column), filter, sink,
				      err);
	}
	return status;
}

static int last_order(const bud_section_filter *filter, int max_order)
{
	return filter->order_max < max_order ? filter->order_max : max_order;
}

/* Of one type, or of any (BUD_MT_UNKNOWN). */
static bud_status freelist_row(const bud_zone *zone, const bud_zone_sample *sample, bud_value t, int order,
			       bud_migratetype type, bud_row_sink *sink, bud_error *err)
{
	bool typed = sample && sample->typed;
	bool any = type == BUD_MT_UNKNOWN;
	bud_value row[] = { t,
			    bud_value_int(zone->node),
			    bud_value_text(zone->name),
			    bud_value_int(order),
			    bud_value_text(any ? "any" : bud_migratetype_name(type)),
			    any	    ? number(sample, sample ? sample->nr_free[order] : 0)
			    : typed ? bud_value_uint(sample->nr_free_type[type][order])
				    : bud_value_unknown(),
			    !any && typed ? bud_value_uint(sample->sure_type[type][order]) : bud_value_unknown() };
	return sink->row(sink->self, row, err);
}

/* Whether the zone's kernel has that type at all. */
static bool has_type(const bud_zone *zone, int type)
{
	return type != BUD_MT_CMA || (zone->buddy.types && zone->buddy.types->has_cma);
}

static bud_status zone_freelist(const bud_zone *zone, const bud_zone_sample *sample, bud_value t,
				const bud_section_filter *filter, bud_row_sink *sink, bud_error *err)
{
	bud_status status = BUD_OK;
	sample = if_known(sample);
	for (int k = filter->order_min; !status && k <= last_order(filter, zone->buddy.max_order); k++) {
		status = freelist_row(zone, sample, t, k, BUD_MT_UNKNOWN, sink, err);
		for (int i = 0; !status && filter->by_type && i < BUD_NR_MIGRATETYPES; i++)
			if (has_type(zone, i))
				status = freelist_row(zone, sample, t, k, (bud_migratetype)i, sink, err);
	}
	return status;
}

static bud_status zone_index(const bud_zone *zone, const bud_zone_sample *sample, bud_value t,
			     const bud_section_filter *filter, bud_row_sink *sink, bud_error *err)
{
	bud_status status = BUD_OK;
	sample = if_known(sample);
	for (int k = filter->order_min; !status && k <= last_order(filter, zone->buddy.max_order); k++) {
		bud_value row[] = { t,
				    bud_value_int(zone->node),
				    bud_value_text(zone->name),
				    bud_value_int(k),
				    sample ? bud_value_int(sample->extfrag_milli[k]) : bud_value_unknown(),
				    sample ? bud_value_int(sample->unusable_milli[k]) : bud_value_unknown(),
				    number(sample, sample ? sample->suitable[k] : 0) };
		status = sink->row(sink->self, row, err);
	}
	return status;
}

static bud_status zone_zone(const bud_zone *zone, const bud_zone_sample *sample, bud_value t,
			    const bud_section_filter *filter, bud_row_sink *sink, bud_error *err)
{
	(void)filter;
	char by[BUD_UNCERTAINTY_LIST];
	bud_value unknown = bud_value_unknown();
	bud_value row[] = { t,
			    bud_value_int(zone->node),
			    bud_value_text(zone->name),
			    unknown,
			    unknown,
			    unknown,
			    unknown,
			    unknown,
			    unknown,
			    unknown,
			    unknown,
			    unknown,
			    unknown,
			    unknown };
	sample = if_known(sample);
	if (sample) {
		const uint64_t numbers[] = { sample->free_pages,    sample->cached_pages, sample->used_pages,
					     sample->unknown_pages, sample->marks.min,	  sample->marks.low,
					     sample->marks.high,    sample->marks.boost };
		for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
			row[3 + i] = bud_value_uint(numbers[i]);
		row[11] = bud_value_text(bud_wm_state_name(sample->wm_state));
		row[12] = bud_value_uint(sample->uncertain_pages);
		row[13] = bud_value_text(bud_uncertainty_list(sample->uncertain, by));
	}
	return sink->row(sink->self, row, err);
}

static bud_status zone_change(const bud_zone *zone, const bud_zone_sample *sample, bud_value t,
			      const bud_section_filter *filter, bud_row_sink *sink, bud_error *err)
{
	bud_status status = BUD_OK;
	sample = sample && sample->followed ? sample : NULL;
	for (int k = filter->order_min; !status && k <= last_order(filter, zone->buddy.max_order); k++) {
		int64_t blocks = sample ? (int64_t)sample->nr_free[k] - sample->base[k] : 0;
		bud_value row[] = { t,
				    bud_value_int(zone->node),
				    bud_value_text(zone->name),
				    bud_value_int(k),
				    sample ? bud_value_int(blocks) : bud_value_unknown(),
				    sample ? bud_value_int(blocks * ((int64_t)1 << k)) : bud_value_unknown() };
		status = sink->row(sink->self, row, err);
	}
	return status;
}

static bud_status freelist(const bud_timeline *timeline, size_t column, const bud_memory *memory,
			   const bud_section_filter *filter, bud_row_sink *sink, bud_error *err)
{
	return each_zone(timeline, column, memory, filter, zone_freelist, sink, err);
}

static bud_status index_rows(const bud_timeline *timeline, size_t column, const bud_memory *memory,
			     const bud_section_filter *filter, bud_row_sink *sink, bud_error *err)
{
	return each_zone(timeline, column, memory, filter, zone_index, sink, err);
}

static bud_status zone_section(const bud_timeline *timeline, size_t column, const bud_memory *memory,
			       const bud_section_filter *filter, bud_row_sink *sink, bud_error *err)
{
	return each_zone(timeline, column, memory, filter, zone_zone, sink, err);
}

static bud_status change(const bud_timeline *timeline, size_t column, const bud_memory *memory,
			 const bud_section_filter *filter, bud_row_sink *sink, bud_error *err)
{
	return each_zone(timeline, column, memory, filter, zone_change, sink, err);
}

#define COLUMNS(...) (const char *const[]){ __VA_ARGS__ }, sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *)

const bud_section bud_sections[BUD_NR_SECTIONS] = {
	{ { "freelist", COLUMNS("t_ns", "node", "zone", "order", "migratetype", "free_blocks", "sure_blocks") },
	  freelist },
	{ { "index", COLUMNS("t_ns", "node", "zone", "order", "extfrag_milli", "unusable_milli", "suitable_blocks") },
	  index_rows },
	{ { "zone",
	    COLUMNS("t_ns", "node", "zone", "free_pages", "pcp_pages", "used_pages", "unknown_pages", "min_pages",
		    "low_pages", "high_pages", "boost_pages", "wm_state", "uncertain_pages", "uncertain_by") },
	  zone_section },
	{ { "change", COLUMNS("t_ns", "node", "zone", "order", "change_blocks", "change_pages") }, change },
};

const bud_section *bud_section_find(const char *name)
{
	for (size_t i = 0; i < BUD_NR_SECTIONS; i++)
		if (strcmp(bud_sections[i].table.name, name) == 0)
			return &bud_sections[i];
	return NULL;
}

bud_status bud_section_rows(const bud_section *section, const bud_timeline *timeline, const size_t *columns,
			    size_t nr_columns, const bud_memory *memory, const bud_section_filter *filter,
			    bud_row_sink *sink, bud_error *err)
{
	bud_status status = BUD_OK;
	for (size_t i = 0; !status && i < nr_columns; i++)
		status = section->rows(timeline, columns[i], memory, filter, sink, err);
	return status;
}
