/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/insight/agreement.h"

#include <string.h>

static bud_value known(const bud_comparison *c, bud_value value)
{
	return c->known ? value : bud_value_unknown();
}

static bud_status order_rows(const bud_agreement *a, const bud_comparison *c, bud_row_sink *sink, bud_error *err)
{
	bud_status status = BUD_OK;
	char cause[BUD_UNCERTAINTY_CAUSE];
	bud_verify_cause(c, a->kernel, cause);
	for (int k = a->filter->order_min; !status && k < (int)c->nr_orders && k <= a->filter->order_max; k++) {
		int64_t difference = (int64_t)(c->model[k] - c->kernel->nr_free[k]);
		bud_value row[] = { bud_value_text(c->snapshot->name),
				    bud_value_uint(c->snapshot->t_ns),
				    bud_value_int(c->kernel->node),
				    bud_value_text(c->kernel->name),
				    bud_value_int(k),
				    bud_value_uint(c->kernel->nr_free[k]),
				    known(c, bud_value_uint(c->model[k])),
				    known(c, bud_value_int(difference)),
				    known(c, bud_value_uint(c->uncertain_pages)),
				    known(c, bud_value_text(cause)) };
		status = sink->row(sink->self, row, err);
	}
	return status;
}

static bud_status zone_row(const bud_agreement *a, const bud_comparison *c, bud_row_sink *sink, bud_error *err)
{
	char cause[BUD_UNCERTAINTY_CAUSE];
	const bud_reading *r = bud_verify_reading(a->readings, a->nr_readings, c);
	bool listed = r && r->known, told = r && r->marks.min != BUD_UNKNOWN;
	const bud_zone_info *k = c->kernel;
	bud_value row[] = { bud_value_text(c->snapshot->name),
			    bud_value_uint(c->snapshot->t_ns),
			    bud_value_int(k->node),
			    bud_value_text(k->name),
			    known(c, bud_value_bool(c->exact)),
			    known(c, bud_value_int(c->free_error)),
			    known(c, bud_value_uint(c->uncertain_pages)),
			    known(c, bud_value_text(bud_verify_cause(c, a->kernel, cause))),
			    bud_value_uint(bud_verify_kernel_free(c)),
			    known(c, bud_value_uint(bud_verify_model_free(c))),
			    bud_value_uint(bud_verify_kernel_cached(k)),
			    bud_value_uint(listed ? r->cached_pages : BUD_UNKNOWN),
			    bud_value_uint(listed ? r->unknown_pages : BUD_UNKNOWN),
			    bud_value_uint(k->min),
			    bud_value_uint(k->low),
			    bud_value_uint(k->high),
			    bud_value_uint(k->boost),
			    bud_value_uint(r ? r->marks.min : BUD_UNKNOWN),
			    bud_value_uint(r ? r->marks.low : BUD_UNKNOWN),
			    bud_value_uint(r ? r->marks.high : BUD_UNKNOWN),
			    bud_value_uint(r ? r->marks.boost : BUD_UNKNOWN),
			    bud_value_text(a->marks_by_events ? "events" : "snapshots"),
			    bud_value_text(told ? bud_marks_move_name(bud_verify_marks(r)) : NULL) };
	return sink->row(sink->self, row, err);
}

/* The comparison of types of the same zone and snapshot, if it proves anything. */
static const bud_typecheck *typecheck_of(const bud_agreement *a, const bud_comparison *c)
{
	for (size_t i = 0; i < a->nr_typechecks; i++)
		if (a->typechecks[i].kernel == c->kernel)
			return a->typechecks[i].known && !a->typechecks[i].first ? &a->typechecks[i] : NULL;
	return NULL;
}

static bool has_type(const bud_agreement *a, int type)
{
	return type != BUD_MT_CMA || a->kernel->has_cma;
}

static bud_status type_row(const bud_typecheck *check, int order, int type, bud_row_sink *sink, bud_error *err)
{
	bool capped = check->kernel->type_capped[type][order];
	uint64_t theirs = check->kernel->nr_free_type[type][order], ours = check->area.nr[type][order];
	bud_value unknown = bud_value_unknown();
	bud_value row[] = { bud_value_text(check->snapshot->name),
			    bud_value_uint(check->t_ns),
			    bud_value_int(check->kernel->node),
			    bud_value_text(check->kernel->name),
			    bud_value_int(order),
			    bud_value_text(bud_migratetype_name((bud_migratetype)type)),
			    capped ? unknown : bud_value_uint(theirs),
			    bud_value_uint(ours),
			    capped ? unknown : bud_value_int((int64_t)(ours - theirs)),
			    bud_value_uint(check->sure[type][order]) };
	return sink->row(sink->self, row, err);
}

static bud_status type_rows(const bud_agreement *a, const bud_comparison *c, bud_row_sink *sink, bud_error *err)
{
	const bud_typecheck *check = typecheck_of(a, c);
	bud_status status = BUD_OK;
	for (int k = a->filter->order_min; check && k < (int)c->nr_orders && k <= a->filter->order_max; k++)
		for (int type = 0; !status && type < BUD_NR_MIGRATETYPES; type++)
			if (has_type(a, type))
				status = type_row(check, k, type, sink, err);
	return status;
}

static bud_status pageblock_rows(const bud_agreement *a, const bud_comparison *c, bud_row_sink *sink, bud_error *err)
{
	const bud_typecheck *check = typecheck_of(a, c);
	bud_status status = BUD_OK;
	for (int type = 0; check && !status && type < BUD_NR_MIGRATETYPES; type++) {
		uint64_t theirs = c->kernel->pageblocks[type], ours = check->pageblocks[type];
		bud_value row[] = { bud_value_text(check->snapshot->name),
				    bud_value_uint(check->t_ns),
				    bud_value_int(check->kernel->node),
				    bud_value_text(check->kernel->name),
				    bud_value_text(bud_migratetype_name((bud_migratetype)type)),
				    bud_value_uint(theirs),
				    bud_value_uint(ours),
				    bud_value_int((int64_t)(ours - theirs)),
				    bud_value_uint(check->sure_pageblocks[type]) };
		if (has_type(a, type))
			status = sink->row(sink->self, row, err);
	}
	return status;
}

static bud_status summary_row(const bud_agreement *a, bud_row_sink *sink, bud_error *err)
{
	const bud_verify_summary *sum = a->summary;
	const bud_value row[] = { bud_value_uint(sum->nr_snapshots),   bud_value_uint(sum->nr_compared),
				  bud_value_uint(sum->nr_exact),       bud_value_uint(sum->nr_zones),
				  bud_value_uint(sum->nr_exact_zones), bud_value_uint(sum->free_error),
				  bud_value_uint(a->lost_events) };
	return sink->row(sink->self, row, err);
}

#define COLUMNS(...) (const char *const[]){ __VA_ARGS__ }, sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *)

const bud_agreement_table bud_agreement_tables[BUD_NR_AGREEMENT_TABLES] = {
	{ { "verify", COLUMNS("snapshot", "t_ns", "node", "zone", "order", "kernel_blocks", "model_blocks", "diff",
			      "uncertain_pages", "cause") },
	  order_rows,
	  NULL },
	{ { "verify_zone", COLUMNS("snapshot", "t_ns", "node", "zone", "exact", "free_error", "uncertain_pages",
				   "cause", "kernel_free_pages", "model_free_pages", "kernel_pcp_pages",
				   "model_pcp_pages", "unknown_pages", "kernel_min_pages", "kernel_low_pages",
				   "kernel_high_pages", "kernel_boost_pages", "model_min_pages", "model_low_pages",
				   "model_high_pages", "model_boost_pages", "marks_from", "marks_moved_by") },
	  zone_row,
	  NULL },
	{ { "verify_type", COLUMNS("snapshot", "t_ns", "node", "zone", "order", "migratetype", "kernel_blocks",
				   "model_blocks", "diff", "sure_blocks") },
	  type_rows,
	  NULL },
	{ { "verify_pageblock", COLUMNS("snapshot", "t_ns", "node", "zone", "migratetype", "kernel_pageblocks",
					"model_pageblocks", "diff", "sure_pageblocks") },
	  pageblock_rows,
	  NULL },
	{ { "verify_summary", COLUMNS("snapshots", "compared", "exact", "zones", "exact_zones", "free_error",
				      "lost_events") },
	  NULL,
	  summary_row },
};

const bud_agreement_table *bud_agreement_find(const char *name)
{
	for (size_t i = 0; i < BUD_NR_AGREEMENT_TABLES; i++)
		if (strcmp(bud_agreement_tables[i].table.name, name) == 0)
			return &bud_agreement_tables[i];
	return NULL;
}

bud_status bud_agreement_write(const bud_agreement_table *table, const bud_agreement *agreement, bud_row_sink *sink,
			       bud_error *err)
{
	const bud_agreement *a = agreement;
	bud_status status = sink->begin(sink->self, &table->table, err);
	if (!status && table->row)
		status = table->row(a, sink, err);
	for (size_t i = 0; table->rows && !status && i < a->nr_comparisons; i++) {
		const bud_comparison *c = &a->comparisons[i];
		if (bud_section_wants_zone(a->filter, c->kernel->node, c->kernel->name))
			status = table->rows(a, c, sink, err);
	}
	return status ? status : sink->end(sink->self, err);
}
