/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/insight/simulated.h"

#include <stdio.h>
#include <string.h>

#define TABLE(variable, title, ...)                                      \
	static const char *const variable##_columns[] = { __VA_ARGS__ }; \
	const bud_table variable = { title, variable##_columns, sizeof variable##_columns / sizeof *variable##_columns }

TABLE(bud_simulated_happening, "simulated_happening", "happening", "trace", "simulated", "near", "case");
TABLE(bud_simulated_judgement, "simulated_judgement", "snapshot", "t_ns", "node", "zone", "order", "kernel_blocks",
      "replay_blocks", "simulated_blocks", "case");

void bud_simulated_init(bud_simulated *simulated, const bud_table *table, const bud_section *section)
{
	unsigned nr = table->nr_columns;
	*simulated = (bud_simulated){ .section = section };
	snprintf(simulated->name, sizeof simulated->name, "simulated_%s", table->name);
	memcpy(simulated->columns, table->columns, nr * sizeof *simulated->columns);
	simulated->columns[nr] = "case";
	simulated->table = (bud_table){ simulated->name, simulated->columns, nr + 1 };
}

/* Passes rows on with the case behind them. */
typedef struct labeller {
	bud_row_sink *to;
	const char *label;
	unsigned nr_columns;
} labeller;

static bud_status label_row(void *self, const bud_value *values, bud_error *err)
{
	const labeller *l = self;
	bud_value row[BUD_SIMULATED_COLUMNS];
	memcpy(row, values, l->nr_columns * sizeof *row);
	row[l->nr_columns] = bud_value_text(l->label);
	return l->to->row(l->to->self, row, err);
}

bud_status bud_simulated_rows(const bud_simulated *simulated, bud_whatif *whatif, const bud_whatif_case *cases,
			      size_t nr_cases, uint64_t t_ns, const bud_section_filter *filter, bud_row_sink *sink,
			      bud_error *err)
{
	bud_status status = BUD_OK;
	for (size_t i = 0; !status && i < nr_cases; i++) {
		labeller l = { sink, cases[i].label, simulated->section->table.nr_columns };
		bud_row_sink labelled = { .row = label_row, .self = &l };
		status = simulated->section->rows(bud_whatif_state(whatif, i, t_ns), 0, bud_whatif_shape(whatif, i),
						  filter, &labelled, err);
	}
	return status;
}

bud_status bud_simulated_tales(bud_whatif *whatif, bud_tale_kind kind, const bud_whatif_case *cases, size_t nr_cases,
			       bud_row_sink *sink, uint64_t *dropped, bud_error *err)
{
	bud_status status = BUD_OK;
	*dropped = 0;
	for (size_t i = 0; !status && i < nr_cases; i++) {
		labeller l = { sink, cases[i].label, bud_tale_table(kind)->nr_columns };
		bud_row_sink labelled = { .row = label_row, .self = &l };
		uint64_t more;
		status = bud_tale_rows(bud_whatif_tale(whatif, i), kind, &labelled, &more, err);
		*dropped += more;
	}
	return status;
}

static bud_status happening(const char *name, uint64_t trace, uint64_t simulated, bud_value near, const char *label,
			    bud_row_sink *sink, bud_error *err)
{
	bud_value row[] = { bud_value_text(name), bud_value_uint(trace), bud_value_uint(simulated), near,
			    bud_value_text(label) };
	return sink->row(sink->self, row, err);
}

static bud_status case_happenings(const bud_whatif *w, size_t which, const char *label, uint64_t near_ns,
				  bud_row_sink *sink, bud_error *err)
{
	const bud_happenings *trace = bud_whatif_trace(w), *mine = bud_whatif_case_of(w, which);
	bud_value unknown = bud_value_unknown();
	bud_status status = happening("requests", trace->requests, mine->requests, unknown, label, sink, err);
	for (int m = 0; !status && m < BUD_NR_MEASURES; m++) {
		bool timed = mine->times[m] || !mine->count[m];
		uint64_t near = bud_happenings_matched(trace, mine, (bud_measure)m, near_ns);
		status = happening(bud_measure_name((bud_measure)m), trace->count[m], mine->count[m],
				   timed ? bud_value_uint(near) : unknown, label, sink, err);
	}
	const struct {
		const char *name;
		uint64_t trace, mine;
	} pages[] = { { "kswapd_pages", trace->kswapd_pages, mine->kswapd_pages },
		      { "direct_pages", trace->direct_pages, mine->direct_pages },
		      { "moved_pages", trace->moved_pages, mine->moved_pages } };
	for (size_t i = 0; !status && i < sizeof pages / sizeof *pages; i++)
		status = happening(pages[i].name, pages[i].trace, pages[i].mine, unknown, label, sink, err);
	return status;
}

bud_status bud_simulated_happenings(const bud_whatif *whatif, const bud_whatif_case *cases, size_t nr_cases,
				    uint64_t near_ns, bud_row_sink *sink, bud_error *err)
{
	bud_status status = BUD_OK;
	for (size_t i = 0; !status && i < nr_cases; i++)
		status = case_happenings(whatif, i, cases[i].label, near_ns, sink, err);
	return status;
}

static bud_status judged_rows(const bud_judged_zone *judged, size_t which, const bud_whatif_case *c,
			      const bud_section_filter *filter, bud_row_sink *sink, bud_error *err)
{
	const bud_snapshot *s = judged->snapshot;
	bud_status status = BUD_OK;
	int last = (int)s->nr_orders - 1 > c->kernel.max_order ? (int)s->nr_orders - 1 : c->kernel.max_order;
	last = last < filter->order_max ? last : filter->order_max;
	for (int k = filter->order_min; !status && k <= last; k++) {
		bud_value row[] = { bud_value_text(s->name),
				    bud_value_uint(s->t_ns),
				    bud_value_int(judged->kernel->node),
				    bud_value_text(judged->kernel->name),
				    bud_value_int(k),
				    bud_value_uint(judged->kernel->nr_free[k]),
				    bud_value_uint(judged->replay[k]),
				    bud_value_uint(judged->simulated[which][k]),
				    bud_value_text(c->label) };
		status = sink->row(sink->self, row, err);
	}
	return status;
}

bud_status bud_simulated_judgements(const bud_whatif *whatif, const bud_whatif_case *cases, size_t nr_cases,
				    const bud_section_filter *filter, bud_row_sink *sink, bud_error *err)
{
	size_t nr;
	const bud_judged_zone *judged = bud_whatif_judged(whatif, &nr);
	bud_status status = BUD_OK;
	for (size_t i = 0; !status && i < nr; i++)
		for (size_t c = 0; !status && c < nr_cases; c++)
			if (bud_section_wants_zone(filter, judged[i].kernel->node, judged[i].kernel->name))
				status = judged_rows(&judged[i], c, &cases[c], filter, sink, err);
	return status;
}
