/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/insight/tally.h"

#include <stdlib.h>
#include <string.h>

const char *bud_question_name(bud_question question)
{
	static const char *const names[] = {
#define X(question, name, text) name,
		BUD_QUESTIONS(X)
#undef X
	};
	return names[question];
}

const char *bud_question_text(bud_question question)
{
	static const char *const texts[] = {
#define X(question, name, text) text,
		BUD_QUESTIONS(X)
#undef X
	};
	return texts[question];
}

bud_status bud_tally_init(bud_tally *tally, bud_error *err)
{
	*tally = (bud_tally){ .roots = calloc(BUD_TALLY_ROOTS, sizeof *tally->roots) };
	return tally->roots ? BUD_OK : bud_error_memory(err, "the audit");
}

void bud_tally_fini(bud_tally *tally)
{
	free(tally->roots);
	*tally = (bud_tally){ 0 };
}

static bool is_same(const bud_tally_root *a, const bud_tally_root *b)
{
	return a->question == b->question && a->cause == b->cause && a->pfn == b->pfn && a->order == b->order &&
	       a->type == b->type && a->node == b->node && a->zone == b->zone;
}

void bud_tally_disagree(bud_tally *tally, bud_question question, const bud_tally_root *root)
{
	bud_tally_root added = *root;
	added.question = (uint8_t)question;
	added.count = 1;
	tally->answers[question].asked++;
	for (size_t i = tally->nr_roots; i-- > 0;)
		if (is_same(&tally->roots[i], &added)) {
			tally->roots[i].count++;
			return;
		}
	if (tally->nr_roots < BUD_TALLY_ROOTS)
		tally->roots[tally->nr_roots++] = added;
	else
		tally->unrooted++;
}

static int compare_roots(const void *a, const void *b)
{
	const bud_tally_root *x = a, *y = b;
	if (x->question != y->question)
		return (int)x->question - (int)y->question;
	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	if (x->first_t_ns != y->first_t_ns)
		return x->first_t_ns < y->first_t_ns ? -1 : 1;
	return x->pfn < y->pfn ? -1 : x->pfn > y->pfn;
}

void bud_tally_sort(bud_tally *tally)
{
	qsort(tally->roots, tally->nr_roots, sizeof *tally->roots, compare_roots);
}

bud_status bud_tally_write(const bud_tally *tally, bud_row_sink *sink, bud_error *err)
{
	static const char *const columns[] = { "question", "asked", "agreed", "agreed_milli", "undecided" };
	static const bud_table table = { "decision", columns, sizeof columns / sizeof *columns };
	bud_status status = sink->begin(sink->self, &table, err);
	for (int q = 0; !status && q < BUD_NR_QUESTIONS; q++) {
		uint64_t asked = tally->answers[q].asked, agreed = tally->answers[q].agreed;
		bud_value row[] = { bud_value_text(bud_question_name((bud_question)q)), bud_value_uint(asked),
				    bud_value_uint(agreed), bud_value_uint(asked ? agreed * 1000 / asked : BUD_UNKNOWN),
				    bud_value_uint(tally->answers[q].undecided) };
		status = sink->row(sink->self, row, err);
	}
	return status ? status : sink->end(sink->self, err);
}

bud_status bud_tally_write_roots(const bud_tally *tally, bud_row_sink *sink, bud_error *err)
{
	static const char *const columns[] = { "question", "count", "cause", "first_t_ns",  "node",
					       "zone",	   "pfn",   "order", "migratetype", "uncertain" };
	static const bud_table table = { "decision_root", columns, sizeof columns / sizeof *columns };
	bud_status status = sink->begin(sink->self, &table, err);
	for (size_t i = 0; !status && i < tally->nr_roots; i++) {
		const bud_tally_root *r = &tally->roots[i];
		bud_value unknown = bud_value_unknown();
		bud_value row[] = { bud_value_text(bud_question_name((bud_question)r->question)),
				    bud_value_uint(r->count),
				    bud_value_text(r->cause),
				    bud_value_uint(r->first_t_ns),
				    r->node >= 0 ? bud_value_int(r->node) : unknown,
				    bud_value_text(r->zone),
				    bud_value_uint(r->pfn),
				    r->order >= 0 ? bud_value_int(r->order) : unknown,
				    r->type < BUD_MT_UNKNOWN ? bud_value_text(bud_migratetype_name(r->type)) : unknown,
				    bud_value_bool(r->uncertain) };
		status = sink->row(sink->self, row, err);
	}
	return status ? status : sink->end(sink->self, err);
}
