/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/insight/tale.h"

#include <stdlib.h>
#include <string.h>

#include "lib/insight/episode_rows.h"
#include "lib/insight/owners.h"
#include "lib/insight/site_rows.h"
#include "lib/insight/stall.h"
#include "lib/insight/steal.h"
#include "lib/memory/fragindex.h"

#define MAX_PARTS     64
#define DEFAULT_BYTES ((size_t)64 << 20)

struct bud_tale {
	bud_tale_options options;
	bud_replay *replay;
	bud_source *source;
	bud_simulation *simulation;
	/* The request under way. */
	const bud_op *op;
	const bud_event *event;
	bool open; /* it took to the slow path, and has no end yet */
	bud_episode episode;
	bud_episode_part parts[MAX_PARTS];
	uint64_t last_ns, next_id; /* where the last part ends */
	size_t ended;		   /* an episode that may still be told its stack; SIZE_MAX: none */
	uint16_t ended_cpu;
	bud_episode_list episodes;
	bud_event *steals; /* EXTFRAG */
	size_t nr_steals, max_steals;
	uint64_t dropped_steals;
	bud_site_table *sites;
	bud_owners *owners;
};

static const bud_story *const stories[] = { &bud_episode_rows_story, &bud_episode_rows_parts_story, &bud_stall_story,
					    &bud_steal_story,	     &bud_steal_pair_story,	    &bud_site_rows_story };

const bud_table *bud_tale_table(bud_tale_kind kind)
{
	return &stories[kind]->table;
}

bud_tale_kind bud_tale_find(const char *name)
{
	int kind = 0;
	while (kind < BUD_NR_TALES && strcmp(stories[kind]->table.name, name) != 0)
		kind++;
	return (bud_tale_kind)kind;
}

static bool wants(const bud_tale *t, bud_tale_kind kind)
{
	return t->options.kinds >> kind & 1;
}

static bool wants_episodes(const bud_tale *t)
{
	return wants(t, BUD_TALE_EPISODE) || wants(t, BUD_TALE_EPISODE_PART) || wants(t, BUD_TALE_STALL);
}

/* Sites */

static void got(void *self, bud_pfn name, int order)
{
	bud_tale *t = self;
	if (!t->event || t->event->kind != BUD_EV_ALLOC)
		return;
	bud_event e = *t->event;
	e.page.pfn = name;
	e.order = (int8_t)order;
	bud_owners_event(t->owners, &e);
}

static void gave(void *self, bud_pfn name, int order)
{
	bud_tale *t = self;
	if (!t->event)
		return;
	const bud_event e = { .t_ns = t->event->t_ns,
			      .pid = t->event->pid,
			      .cpu = t->event->cpu,
			      .kind = BUD_EV_FREE,
			      .order = (int8_t)order,
			      .page.pfn = name };
	bud_owners_event(t->owners, &e);
}

void bud_tale_listen(bud_tale *tale, const bud_event *event)
{
	bud_tale *t = tale;
	if (event->kind != BUD_EV_KERNEL_STACK)
		return;
	if (t->owners)
		bud_owners_event(t->owners, event);
	bud_episode *ended = t->ended != SIZE_MAX ? &t->episodes.episodes[t->ended] : NULL;
	if (ended && event->cpu == t->ended_cpu && event->pid == ended->pid && event->stack.nr)
		ended->site = bud_site_of_stack(t->sites, event->stack.ip, event->stack.nr);
	if (event->cpu == t->ended_cpu)
		t->ended = SIZE_MAX;
}

bud_status bud_tale_create(bud_tale **tale, const bud_tale_options *options, bud_replay *replay, bud_source *source,
			   bud_simulation *simulation, bud_error *err)
{
	bud_tale *t = calloc(1, sizeof *t);
	if (!t)
		return bud_error_memory(err, "episodes of a simulation");
	t->options = *options;
	t->replay = replay;
	t->source = source;
	t->simulation = simulation;
	t->ended = SIZE_MAX;
	t->options.max_bytes = options->max_bytes ? options->max_bytes : DEFAULT_BYTES;
	bud_episode_list_init(&t->episodes, t->options.max_bytes);
	const bud_owners_options books = { .filter = options->filter,
					   .begin_ns = options->begin_ns,
					   .end_ns = options->end_ns,
					   .max_bytes = options->max_bytes };
	bud_status status = bud_site_table_create(&t->sites, source, bud_replay_kernel(replay), BUD_SITE_MAX, err);
	if (!status && wants(t, BUD_TALE_SITE))
		status = bud_owners_create(&t->owners, replay, source, t->sites, &books, err);
	if (!status && t->owners)
		bud_simulation_watch_by(simulation, &(bud_simulation_watch){ t, got, gave });
	if (status)
		bud_tale_destroy(t);
	else
		*tale = t;
	return status;
}

void bud_tale_destroy(bud_tale *tale)
{
	if (!tale)
		return;
	bud_owners_destroy(tale->owners);
	bud_site_table_destroy(tale->sites);
	bud_episode_list_fini(&tale->episodes);
	free(tale->steals);
	free(tale);
}

/* Episodes */

/* The zone the request is meant for, as the trace's memory counts it; -1: none. */
static int zone_of(const bud_tale *t, const bud_alloc_context *context)
{
	const bud_machine *machine = bud_simulation_machine(t->simulation);
	size_t nr = bud_replay_memory(t->replay)->nr_zones;
	for (size_t z = 0; context->first >= 0 && z < nr; z++)
		if (bud_simulation_zone(t->simulation, z) == &machine->zones[context->list->zone[context->first]])
			return (int)z;
	return -1;
}

static void note_zone(bud_tale *t, const bud_alloc_context *context)
{
	bud_episode *e = &t->episode;
	int z = zone_of(t, context);
	if (z < 0)
		return;
	const bud_freelist *l = &bud_simulation_zone(t->simulation, (size_t)z)->lists;
	e->zone = (int16_t)z;
	e->node = bud_replay_memory(t->replay)->zones[z].node;
	e->free_pages = 0;
	for (int k = 0; k <= l->max_order; k++)
		e->free_pages += l->area.nr_free[k] << k;
	e->suitable_blocks = bud_fragindex_suitable(l->area.nr_free, l->max_order, e->order);
	e->extfrag_milli = bud_fragindex_extfrag(l->area.nr_free, l->max_order, e->order);
}

static void close_episode(bud_tale *t)
{
	bud_episode *e = &t->episode;
	uint64_t now = bud_simulation_request_ns(t->simulation);
	if (!t->open)
		return;
	t->open = false;
	e->t_end_ns = e->t_start_ns < t->op->t_ns && now < t->op->t_ns ? t->op->t_ns : now;
	if (e->t_start_ns >= t->options.begin_ns && e->t_start_ns <= t->options.end_ns)
		t->ended = bud_episode_list_add(&t->episodes, e, t->parts, e->nr_parts);
	t->ended_cpu = t->op->cpu;
}

static bool is_wanted(const bud_tale *t, const bud_alloc_context *context)
{
	const bud_section_filter *f = t->options.filter;
	return context->order >= f->order_min && context->order <= f->order_max &&
	       (f->migratetype == BUD_MT_UNKNOWN || f->migratetype == context->type) &&
	       bud_section_wants_task(f, t->source, t->op->pid);
}

static void open_episode(bud_tale *t, const bud_alloc_context *context)
{
	close_episode(t);
	t->next_id++;
	bool told = t->event->kind == BUD_EV_ALLOC;
	t->last_ns = bud_simulation_request_ns(t->simulation);
	t->episode = (bud_episode){ .id = t->next_id,
				    .t_start_ns = t->last_ns,
				    .gfp_flags = told ? t->event->page.gfp_flags : 0,
				    .kswapd_ns = BUD_UNKNOWN,
				    .free_pages = BUD_UNKNOWN,
				    .suitable_blocks = BUD_UNKNOWN,
				    .pid = t->op->pid,
				    .node = -1,
				    .zone = -1,
				    .order = (int8_t)context->order,
				    .migratetype = (uint8_t)context->type,
				    .kind = BUD_EPISODE_REQUEST,
				    .outcome = BUD_OUTCOME_OK,
				    .has_gfp = told,
				    .in_interrupt = told && t->event->page.context & BUD_CONTEXT_INTERRUPT,
				    .site = told ? bud_site_of_task(t->sites, t->op->pid, t->event->page.context,
								    t->event->page.gfp_flags)
						 : BUD_SITE_UNKNOWN };
	note_zone(t, context);
	if (t->episode.zone >= 0) {
		const bud_zone *zone = &bud_replay_memory(t->replay)->zones[t->episode.zone];
		t->open = is_wanted(t, context) &&
			  bud_section_wants_zone(t->options.filter, zone->node, zone->name);
	} else {
		t->open = is_wanted(t, context) && t->options.filter->node < 0 && !t->options.filter->zone;
	}
}

static void add_part(bud_tale *t, bud_episode_part_kind kind, int32_t result, uint64_t value)
{
	bud_episode *e = &t->episode;
	uint64_t now = bud_simulation_request_ns(t->simulation), took = now > t->last_ns ? now - t->last_ns : 0;
	if (!t->open)
		return;
	e->nr_direct += kind == BUD_PART_DIRECT;
	e->nr_compact += kind == BUD_PART_COMPACT;
	e->reclaimed_pages += kind == BUD_PART_DIRECT ? value : 0;
	e->compact_ns += kind == BUD_PART_COMPACT ? took : 0;
	if (kind == BUD_PART_DIRECT)
		e->direct_ns = BUD_UNKNOWN;
	if (e->nr_parts == MAX_PARTS)
		e->parts_dropped++;
	else
		t->parts[e->nr_parts++] = (bud_episode_part){
			.t_ns = now - took, .dur_ns = took, .value = value, .result = result, .zone = -1, .kind = kind
		};
	t->last_ns = now;
}

/* As the kernel numbers them (enum compact_result). */
static int32_t compact_result(uint64_t result)
{
	static const uint8_t numbers[] = {
		[BUD_COMPACT_SKIPPED] = 1, [BUD_COMPACT_DEFERRED] = 2,	[BUD_COMPACT_COMPLETE] = 5,
		[BUD_COMPACT_PARTIAL] = 6, [BUD_COMPACT_CONTENDED] = 7, [BUD_COMPACT_SUCCESS] = 8,
	};
	return numbers[result];
}

static void happens_to_request(bud_tale *t, const bud_machine_event *event)
{
	switch (event->kind) {
	case BUD_MODEL_SLOWPATH:
		open_episode(t, event->context);
		break;
	case BUD_MODEL_WAKE:
		add_part(t, BUD_PART_WAKE, 0, 0);
		break;
	case BUD_MODEL_RECLAIM:
		add_part(t, BUD_PART_DIRECT, 0, event->value);
		break;
	case BUD_MODEL_COMPACT:
		if (event->value == BUD_COMPACT_DEFERRED)
			add_part(t, BUD_PART_DEFERRED, 0, 0);
		else if (event->value == BUD_COMPACT_SKIPPED)
			add_part(t, BUD_PART_UNSUITABLE, compact_result(event->value), 0);
		else
			add_part(t, BUD_PART_COMPACT, compact_result(event->value), 0);
		break;
	case BUD_MODEL_OOM:
		t->episode.outcome = event->value ? BUD_OUTCOME_OOM : t->episode.outcome;
		break;
	case BUD_MODEL_FAIL:
		t->episode.pfn = BUD_PFN_NONE;
		t->episode.outcome = t->episode.outcome == BUD_OUTCOME_OOM ? BUD_OUTCOME_OOM_FAILED
									   : BUD_OUTCOME_FAILED;
		break;
	default:
		break;
	}
}

/* Steals */

static void add_steal(bud_tale *t, const bud_machine_event *event)
{
	if (t->nr_steals == t->max_steals) {
		size_t more = t->max_steals ? 2 * t->max_steals : 256;
		bud_event *grown = more * sizeof *grown <= t->options.max_bytes
					   ? realloc(t->steals, more * sizeof *grown)
					   : NULL;
		if (!grown) {
			t->dropped_steals++;
			return;
		}
		t->steals = grown;
		t->max_steals = more;
	}
	t->steals[t->nr_steals++] = (bud_event){ .t_ns = t->op->t_ns,
						 .pid = t->op->pid,
						 .cpu = t->op->cpu,
						 .kind = BUD_EV_EXTFRAG,
						 .order = (int8_t)event->order,
						 .extfrag = { .pfn = event->pfn,
							      .fallback_order = event->fallback_order,
							      .alloc_migratetype = event->type,
							      .fallback_migratetype = event->fallback_type,
							      .change_ownership = event->claimed } };
}

void bud_tale_happens(bud_tale *tale, const bud_machine_event *event)
{
	bud_tale *t = tale;
	if (!t->op)
		return;
	if (event->kind == BUD_MODEL_FALLBACK && (wants(t, BUD_TALE_STEAL) || wants(t, BUD_TALE_STEAL_PAIR)))
		add_steal(t, event);
	if (event->context && wants_episodes(t))
		happens_to_request(t, event);
}

void bud_tale_begin(bud_tale *tale, const bud_op *op, const bud_event *event)
{
	tale->op = op;
	tale->event = event;
	if (op->cpu == tale->ended_cpu)
		tale->ended = SIZE_MAX;
}

void bud_tale_end(bud_tale *tale)
{
	close_episode(tale);
	tale->op = NULL;
}

/* Rows */

static bud_status tell_steals(bud_tale *t, const bud_story *story, bud_row_sink *sink, bud_error *err)
{
	const bud_story_context context = { .replay = t->replay,
					    .source = t->source,
					    .filter = t->options.filter,
					    .begin_ns = t->options.begin_ns,
					    .end_ns = t->options.end_ns,
					    .sink = sink };
	void *teller;
	bud_status status = story->begin(&teller, &context, err);
	for (size_t i = 0; !status && i < t->nr_steals; i++)
		story->event(teller, &t->steals[i]);
	return status ? status : story->end(teller, false, err);
}

static bud_status tell_sites(bud_tale *t, bud_row_sink *sink, bud_error *err)
{
	bud_owners_settle(t->owners);
	bud_status status = bud_owners_status(t->owners, err);
	return status ? status : bud_site_rows_write(t->owners, t->sites, NULL, sink, err);
}

static bud_status tell_parts(bud_tale *t, bud_row_sink *sink, bud_error *err)
{
	bud_status status = BUD_OK;
	for (size_t i = 0; !status && i < t->episodes.nr; i++)
		status = bud_episode_rows_write_parts(&t->episodes, &t->episodes.episodes[i],
						      bud_replay_memory(t->replay), sink, err);
	return status;
}

bud_status bud_tale_rows(bud_tale *tale, bud_tale_kind kind, bud_row_sink *sink, uint64_t *dropped, bud_error *err)
{
	bud_tale *t = tale;
	*dropped = t->episodes.dropped;
	switch (kind) {
	case BUD_TALE_EPISODE:
		return bud_episode_rows_write(&t->episodes, bud_replay_memory(t->replay), bud_replay_kernel(t->replay),
					      t->source, t->sites, sink, err);
	case BUD_TALE_EPISODE_PART:
		return tell_parts(t, sink, err);
	case BUD_TALE_STALL:
		return bud_stall_write(&t->episodes, t->source, sink, err);
	case BUD_TALE_SITE:
		*dropped = 0;
		return tell_sites(t, sink, err);
	default:
		*dropped = t->dropped_steals;
		return tell_steals(t, stories[kind], sink, err);
	}
}
