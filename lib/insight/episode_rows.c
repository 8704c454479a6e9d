/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/insight/episode_rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct telling {
	bud_story_context context;
	bud_site_table *sites;
	bud_chronicle *chronicle;
} telling;

/* Texts of one row. */
typedef struct row_texts {
	char gfp[BUD_GFP_TEXT], site[BUD_SITE_TEXT];
} row_texts;

static bud_value count_of(const bud_episode *e, uint64_t count)
{
	return e->kind == BUD_EPISODE_KSWAPD ? bud_value_unknown() : bud_value_uint(count);
}

static bud_value order_of(const bud_episode *e)
{
	return e->order < 0 || e->order == BUD_ORDER_INVALID ? bud_value_unknown() : bud_value_int(e->order);
}

static bud_value type_of(const bud_episode *e)
{
	return e->migratetype == BUD_MT_UNKNOWN ? bud_value_unknown()
						: bud_value_text(bud_migratetype_name((bud_migratetype)e->migratetype));
}

static bud_status write_row(const bud_episode *e, const bud_memory *memory, const bud_kernel *kernel,
			    bud_source *source, bud_site_table *sites, bud_row_sink *sink, row_texts *texts,
			    bud_error *err)
{
	const bud_value unknown = bud_value_unknown();
	const char *comm = e->in_interrupt ? "(interrupt)" : bud_source_comm(source, e->pid);
	bool placed = e->free_pages != BUD_UNKNOWN;
	const bud_value row[] = {
		bud_value_uint(e->id),
		bud_value_uint(e->t_start_ns),
		bud_episode_has_end(e) ? bud_value_uint(bud_episode_dur(e)) : unknown,
		e->node < 0 ? unknown : bud_value_int(e->node),
		e->zone < 0 ? unknown : bud_value_text(memory->zones[e->zone].name),
		order_of(e),
		e->has_gfp ? bud_value_text(bud_gfp_format(&kernel->gfp, e->gfp_flags, texts->gfp, sizeof texts->gfp))
			   : unknown,
		type_of(e),
		bud_value_text(comm),
		bud_value_int(e->pid),
		bud_value_uint(e->kswapd_ns),
		bud_value_uint(e->direct_ns),
		bud_value_uint(e->compact_ns),
		bud_value_text(bud_episode_outcome_name((bud_episode_outcome)e->outcome)),
		placed ? bud_value_int(e->extfrag_milli) : unknown,
		sites && e->site != BUD_SITE_UNKNOWN
			? bud_value_text(bud_site_name(sites, e->site, texts->site, sizeof texts->site))
			: unknown,
		bud_value_text(bud_episode_kind_name((bud_episode_kind)e->kind)),
		bud_value_uint(e->nr_direct),
		bud_value_uint(e->nr_compact),
		bud_value_uint(e->nr_retries),
		count_of(e, e->reclaimed_pages),
		bud_value_uint(e->free_pages),
		bud_value_uint(e->suitable_blocks),
		e->victim_pid ? bud_value_int(e->victim_pid) : unknown,
		bud_value_bool(e->lossy),
	};
	return sink->row(sink->self, row, err);
}

bud_status bud_episode_rows_write(const bud_episode_list *list, const bud_memory *memory, const bud_kernel *kernel,
				  bud_source *source, bud_site_table *sites, bud_row_sink *sink, bud_error *err)
{
	row_texts texts;
	bud_status status = BUD_OK;
	for (size_t i = 0; !status && i < list->nr; i++)
		status = write_row(&list->episodes[i], memory, kernel, source, sites, sink, &texts, err);
	return status;
}

static void free_telling(telling *t)
{
	bud_chronicle_destroy(t->chronicle);
	bud_site_table_destroy(t->sites);
	free(t);
}

bud_status bud_episode_rows_begin(void **self, const bud_story_context *context, bud_error *err)
{
	telling *t = calloc(1, sizeof *t);
	if (!t)
		return bud_error_memory(err, "episodes");
	const bud_chronicle_options options = { .filter = context->filter,
						.begin_ns = context->begin_ns,
						.end_ns = context->end_ns,
						.max_bytes = context->max_bytes };
	t->context = *context;
	bud_status status = bud_site_table_create(&t->sites, context->source, bud_replay_kernel(context->replay),
						  BUD_SITE_MAX, err);
	if (!status)
		status = bud_chronicle_create(&t->chronicle, context->replay, context->source, t->sites, &options, err);
	if (status)
		free_telling(t);
	else
		*self = t;
	return status;
}

void bud_episode_rows_event(void *self, const bud_event *event)
{
	bud_chronicle_event(((telling *)self)->chronicle, event);
}

bud_status bud_episode_rows_end(void *self, bool failed, bud_episode_writer *write, bud_error *err)
{
	telling *t = self;
	const bud_story_context *c = &t->context;
	bud_chronicle_finish(t->chronicle);
	const bud_episode_list *list = bud_chronicle_list(t->chronicle);
	bud_status status = failed ? BUD_OK : bud_chronicle_status(t->chronicle, err);
	if (!status && !failed)
		status = write(c, list, t->sites, err);
	if (list->dropped)
		bud_story_remark(c, "%" PRIu64 " episodes more are left out for want of memory", list->dropped);
	free_telling(t);
	return status;
}

static bud_status write_episodes(const bud_story_context *c, const bud_episode_list *list, bud_site_table *sites,
				 bud_error *err)
{
	return bud_episode_rows_write(list, bud_replay_memory(c->replay), bud_replay_kernel(c->replay), c->source,
				      sites, c->sink, err);
}

static bud_status end(void *self, bool failed, bud_error *err)
{
	return bud_episode_rows_end(self, failed, write_episodes, err);
}

/* What a part's result says, as text or number. */
static bud_value result_of(const bud_episode_part *part)
{
	switch (part->kind) {
	case BUD_PART_COMPACT:
	case BUD_PART_UNSUITABLE:
		if (part->dur_ns == BUD_UNKNOWN)
			return bud_value_unknown();
		return bud_value_text(bud_episode_compact_result(part->result));
	case BUD_PART_COMPACT_TRY:
	case BUD_PART_RECLAIM_RETRY:
	case BUD_PART_COMPACT_RETRY:
	case BUD_PART_KILL:
	case BUD_PART_ROUND:
		return bud_value_int(part->result);
	default:
		return bud_value_unknown();
	}
}

static bud_value value_of(const bud_episode_part *part)
{
	bool has_value = part->kind == BUD_PART_DIRECT || part->kind == BUD_PART_NODE_RECLAIM ||
			 part->kind == BUD_PART_MEMCG_RECLAIM || part->kind == BUD_PART_RECLAIM_RETRY ||
			 (part->kind == BUD_PART_GAP && part->value);
	return has_value && part->dur_ns != BUD_UNKNOWN ? bud_value_uint(part->value) : bud_value_unknown();
}

bud_status bud_episode_rows_write_parts(const bud_episode_list *list, const bud_episode *episode,
					const bud_memory *memory, bud_row_sink *sink, bud_error *err)
{
	const bud_value unknown = bud_value_unknown();
	const bud_episode_part *parts = bud_episode_list_parts(list, episode);
	bud_status status = BUD_OK;
	for (uint32_t i = 0; !status && i < episode->nr_parts; i++) {
		const bud_zone *zone = parts[i].zone < 0 ? NULL : &memory->zones[parts[i].zone];
		const bud_value row[] = { bud_value_uint(episode->id),
					  bud_value_uint(parts[i].t_ns),
					  bud_value_uint(parts[i].dur_ns),
					  bud_value_text(bud_episode_part_name((bud_episode_part_kind)parts[i].kind)),
					  zone ? bud_value_int(zone->node) : unknown,
					  zone ? bud_value_text(zone->name) : unknown,
					  result_of(&parts[i]),
					  value_of(&parts[i]) };
		status = sink->row(sink->self, row, err);
	}
	return status;
}

static bud_status write_all_parts(const bud_story_context *c, const bud_episode_list *list, bud_site_table *sites,
				  bud_error *err)
{
	(void)sites;
	uint64_t dropped = 0;
	bud_status status = BUD_OK;
	for (size_t i = 0; !status && i < list->nr; i++) {
		dropped += list->episodes[i].parts_dropped;
		status = bud_episode_rows_write_parts(list, &list->episodes[i], bud_replay_memory(c->replay), c->sink,
						      err);
	}
	if (dropped)
		bud_story_remark(c, "%" PRIu64 " parts are left out: an episode keeps %d", dropped,
				 BUD_EPISODE_MAX_PARTS);
	return status;
}

static bud_status end_parts(void *self, bool failed, bud_error *err)
{
	return bud_episode_rows_end(self, failed, write_all_parts, err);
}

static const char *const columns[] = {
	"id",
	"t_start_ns",
	"dur_ns",
	"node",
	"zone",
	"order",
	"gfp_flags",
	"migratetype",
	"comm",
	"pid",
	"kswapd_ns",
	"direct_ns",
	"compact_ns",
	"outcome",
	"extfrag_milli",
	"site",
	"kind",
	"direct_runs",
	"compact_runs",
	"retries",
	"reclaimed_pages",
	"free_pages",
	"suitable_blocks",
	"victim_pid",
	"lossy",
};

const bud_story bud_episode_rows_story = { .table = { "episode", columns, sizeof columns / sizeof *columns },
					   .also = BUD_CHRONICLE_EVENTS,
					   .begin = bud_episode_rows_begin,
					   .event = bud_episode_rows_event,
					   .end = end };

static const char *const part_columns[] = { "id", "t_ns", "dur_ns", "part", "node", "zone", "result", "value" };

const bud_story bud_episode_rows_parts_story = { .table = { "episode_part", part_columns,
							    sizeof part_columns / sizeof *part_columns },
						 .also = BUD_CHRONICLE_EVENTS,
						 .begin = bud_episode_rows_begin,
						 .event = bud_episode_rows_event,
						 .end = end_parts };
