/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/replay/verify.h"

static uint64_t magnitude(int64_t n)
{
	return n < 0 ? -(uint64_t)n : (uint64_t)n;
}

static void add_zone(bud_verdict *verdict, const bud_comparison *c)
{
	verdict->nr_zones++;
	verdict->nr_exact_zones += c->exact;
	verdict->compared = verdict->compared && c->known;
	verdict->exact = verdict->exact && c->exact;
	verdict->within =
		verdict->within &&
		(c->exact || (c->known && c->uncertain_pages >= magnitude(c->free_error) && c->uncertain_pages > 0));
	verdict->free_error += magnitude(c->free_error);
}

void bud_verify_sum(const bud_replay *replay, const bud_snapshot *snapshots, size_t nr_snapshots, bud_verdict *verdicts,
		    bud_verify_summary *summary)
{
	size_t nr;
	const bud_comparison *comparisons = bud_replay_comparisons(replay, &nr);
	bud_verify_sum_some(comparisons, nr, snapshots, nr_snapshots, verdicts, summary);
}

void bud_verify_sum_some(const bud_comparison *comparisons, size_t nr, const bud_snapshot *snapshots,
			 size_t nr_snapshots, bud_verdict *verdicts, bud_verify_summary *summary)
{
	*summary = (bud_verify_summary){ .exact = true, .within = true };
	for (size_t i = 0; i < nr_snapshots; i++) {
		bud_verdict *v = &verdicts[i];
		*v = (bud_verdict){ .snapshot = &snapshots[i], .compared = true, .exact = true, .within = true };
		for (size_t k = 0; k < nr; k++)
			if (comparisons[k].snapshot == v->snapshot)
				add_zone(v, &comparisons[k]);
		if (!v->nr_zones || !v->compared)
			v->compared = v->exact = v->within = false;
		if (i == 0)
			continue;
		summary->nr_snapshots++;
		summary->nr_compared += v->compared;
		summary->nr_exact += v->exact;
		summary->nr_zones += v->nr_zones;
		summary->nr_exact_zones += v->nr_exact_zones;
		summary->free_error += v->free_error;
		summary->exact = summary->exact && v->exact;
		summary->within = summary->within && (v->within || !v->compared);
	}
}

const bud_verdict *bud_verify_at(const bud_verdict *verdicts, size_t nr_snapshots, uint64_t t_ns)
{
	const bud_verdict *last = NULL;
	for (size_t i = 0; i < nr_snapshots; i++)
		if (verdicts[i].compared && verdicts[i].snapshot->t_ns <= t_ns &&
		    (!last || verdicts[i].snapshot->t_ns > last->snapshot->t_ns))
			last = &verdicts[i];
	return last;
}
