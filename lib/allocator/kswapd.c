/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/allocator/kswapd.h"

#include "lib/allocator/blockskip.h"
#include "lib/allocator/reclaim.h"

#define MAX_FAILURES 16 /* MAX_RECLAIM_RETRIES: then it gives its node up */

static void set_active(bud_reclaim *r, int node, bool active)
{
	for (size_t z = 0; z < r->machine->nr_zones; z++)
		if (r->machine->views[z].node == node)
			r->machine->views[z].reclaim_active = active;
}

void bud_kswapd_wake(void *self, bud_machine *machine, int node, int order, bud_zone_type highest)
{
	bud_reclaim *r = self;
	bud_kswapd *k = &r->nodes[node];
	if (k->up) {
		k->order = order > k->order ? order : k->order;
		k->highest = highest > k->highest ? highest : k->highest;
		return;
	}
	unsigned failures = k->failures;
	*k = (bud_kswapd){ .up = true,
			   .order = order,
			   .highest = highest,
			   .since_ns = r->request_ns + r->wake_ns,
			   .failures = failures };
	for (size_t z = 0; z < machine->nr_zones; z++)
		if (machine->views[z].node == node && machine->views[z].type <= highest)
			k->boost += machine->views[z].boost;
	k->boosted = k->boost > 0;
	machine->kswapd_up |= (uint64_t)1 << node;
	set_active(r, node, true);
	r->counts.wakes++;
}

/*
 * Its work is over (balance_pgdat). What it was woken for is left to kcompactd
 * if it may sleep: where it tries in vain it does not, and is merely taken to
 * in the model. In defrag_mode kcompactd goes on from there all the same.
 */
static void end_kswapd(bud_reclaim *r, int node, bool in_vain)
{
	bud_kswapd *k = &r->nodes[node];
	bud_machine *m = r->machine;
	bool boosted = k->boosted, defrag = m->rules.defrag_mode;
	bool sleeps = !in_vain || defrag || k->failures >= MAX_FAILURES;
	k->up = false;
	m->kswapd_up &= ~((uint64_t)1 << node);
	set_active(r, node, false);
	for (size_t z = 0; boosted && z < m->nr_zones; z++)
		if (m->views[z].node == node && m->views[z].type <= k->highest)
			m->views[z].boost = 0;
	for (size_t z = 0; sleeps && z < m->nr_zones; z++)
		if (m->views[z].node == node)
			bud_blockskip_reset(&m->zones[z], &m->kernel);
	bud_reclaim_note(r);
	if (boosted || (defrag && !bud_kcompactd_has_blocks(r, node, k->highest)))
		bud_kcompactd_wake(r, node, m->kernel.pageblock_order, k->highest);
	else if (sleeps && k->order > 0)
		bud_kcompactd_wake(r, node, k->order, k->highest);
}

void bud_kswapd_hopes(bud_reclaim *reclaim, int node)
{
	reclaim->nodes[node].failures = 0;
	reclaim->machine->kswapd_hopeless &= ~((uint64_t)1 << node);
}

/* One block more; false: there is none. */
static bool kswapd_frees(bud_reclaim *r, int node, uint64_t *may)
{
	bud_kswapd *k = &r->nodes[node];
	uint64_t pages = bud_reclaim_oldest(r, (uint64_t)1 << node, k->highest, (unsigned)r->node_cpu[node], &node);
	if (!pages) {
		if (++k->failures >= MAX_FAILURES)
			r->machine->kswapd_hopeless |= (uint64_t)1 << node;
		return false;
	}
	bud_kswapd_hopes(r, node);
	k->reclaimed += pages;
	k->boost -= pages < k->boost ? pages : k->boost;
	r->counts.kswapd_pages += pages;
	*may -= pages < *may ? pages : *may;
	if (k->reclaimed >= bud_zoneview_compact_gap(&r->machine->kernel, k->order))
		k->order = 0;
	return true;
}

void bud_kswapd_run(bud_reclaim *reclaim, int node, uint64_t t_ns)
{
	bud_reclaim *r = reclaim;
	bud_kswapd *k = &r->nodes[node];
	const bud_machine *m = r->machine;
	if (t_ns <= k->since_ns)
		return;
	unsigned __int128 work = (unsigned __int128)(t_ns - k->since_ns) * r->pages + k->spare;
	uint64_t may = (uint64_t)(work / r->per_ns);
	int order = k->order;
	k->spare = (uint64_t)(work % r->per_ns);
	k->since_ns = t_ns;
	while (k->up) {
		bool balanced = bud_zoneview_balanced(m->views, m->nr_zones, &m->kernel, node, k->order, k->highest);
		if (!balanced)
			k->boost = 0; /* reclaim in earnest, not for the boost's sake */
		bool done = balanced && !k->boost;
		if (!done && !may)
			return;
		if (done || !kswapd_frees(r, node, &may)) {
			k->order = order;
			end_kswapd(r, node, !balanced);
		}
	}
}
