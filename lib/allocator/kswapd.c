/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/allocator/kswapd.h"

#include "lib/allocator/blockskip.h"
#include "lib/allocator/reclaim.h"

#define MAX_FAILURES   16 /* MAX_RECLAIM_RETRIES: then it gives its node up */
#define DEF_PRIORITY   12
#define BOOST_PRIORITY 10	 /* a boost's sake does not go beyond it */
#define GEN_PRIORITY   6	 /* by generations the first share is no larger */
#define LEAST	       32	 /* SWAP_CLUSTER_MAX: pages it takes at a time */
#define GEN_LEAST      64	 /* MIN_LRU_BATCH: the same by generations */
#define NAP_NS	       100000000 /* HZ / 10 */

static bool is_of(const bud_machine *m, size_t zone, int node, bud_zone_type highest)
{
	return m->views[zone].node == node && m->views[zone].type <= highest && m->views[zone].managed;
}

static bool is_balanced(const bud_machine *m, int node, int order, bud_zone_type highest)
{
	return bud_zoneview_balanced(m->views, m->nr_zones, &m->kernel, node, order, highest);
}

/* Runs */

static void begin_run(bud_reclaim *r, int node, int order, bud_zone_type highest, uint64_t t_ns)
{
	bud_kswapd *k = &r->nodes[node];
	bud_machine *m = r->machine;
	*k = (bud_kswapd){ .up = true,
			   .order = order,
			   .wanted = order,
			   .highest = highest,
			   .since_ns = t_ns,
			   .priority = DEF_PRIORITY,
			   .failures = k->failures };
	for (size_t z = 0; z < m->nr_zones; z++) {
		if (m->views[z].node == node)
			m->views[z].reclaim_active = true;
		if (!is_of(m, z, node, highest))
			continue;
		r->boosts[z] = m->views[z].boost;
		k->boost += m->views[z].boost;
	}
	k->boosted = k->boost > 0;
	m->kswapd_up |= (uint64_t)1 << node;
}

void bud_kswapd_wake(void *self, bud_machine *machine, int node, int order, bud_zone_type highest)
{
	bud_reclaim *r = self;
	bud_kswapd *k = &r->nodes[node];
	(void)machine;
	if (k->up) {
		k->asked_order = k->asked && k->asked_order > order ? k->asked_order : order;
		k->asked_highest = k->asked && k->asked_highest > highest ? k->asked_highest : highest;
		k->asked = true;
		return;
	}
	if (k->naps) {
		order = order > k->order ? order : k->order;
		highest = highest > k->highest ? highest : k->highest;
	}
	begin_run(r, node, order, highest, r->request_ns + r->wake_ns);
	r->counts.wakes++;
	uint64_t pause_ns = r->pause_ns;
	r->pause_ns = 0;
	bud_reclaim_pass(r, pause_ns);
}

/* What its boosts stood for is done; those that came meanwhile stay. */
static void end_boosts(bud_reclaim *r, int node)
{
	const bud_kswapd *k = &r->nodes[node];
	bud_machine *m = r->machine;
	for (size_t z = 0; z < m->nr_zones; z++)
		if (is_of(m, z, node, k->highest)) {
			uint64_t *boost = &m->views[z].boost;
			*boost -= r->boosts[z] < *boost ? r->boosts[z] : *boost;
		}
}

static void nap(bud_reclaim *r, int node)
{
	bud_kswapd *k = &r->nodes[node];
	bud_machine *m = r->machine;
	for (size_t z = 0; z < m->nr_zones; z++)
		if (m->views[z].node == node)
			bud_blockskip_reset(&m->zones[z], &m->kernel);
	if (m->rules.defrag_mode && !bud_kcompactd_has_blocks(r, node, k->highest))
		bud_kcompactd_wake(r, node, m->kernel.pageblock_order, k->highest);
	else if (k->wanted > 0)
		bud_kcompactd_wake(r, node, k->wanted, k->highest);
	k->naps = true;
	k->nap_ns = k->since_ns + NAP_NS;
	r->kswapd_naps |= (uint64_t)1 << node;
}

/* The run is over: it naps if it may, or begins the next. */
static void end_run(bud_reclaim *r, int node, bool in_vain)
{
	bud_kswapd *k = &r->nodes[node];
	bud_machine *m = r->machine;
	k->up = false;
	m->kswapd_up &= ~((uint64_t)1 << node);
	for (size_t z = 0; z < m->nr_zones; z++)
		if (m->views[z].node == node)
			m->views[z].reclaim_active = false;
	bool failed = in_vain && !k->reclaimed && (m->kernel.boost_in_vain || !k->boosted),
	     known = r->lessons->nr_victims > 0;
	if (failed && known && ++k->failures >= MAX_FAILURES)
		m->kswapd_hopeless |= (uint64_t)1 << node;
	if (k->boosted) {
		end_boosts(r, node);
		bud_kcompactd_wake(r, node, m->kernel.pageblock_order, k->highest);
	}
	bud_reclaim_note(r);
	/* Having freed enough for the order asked for it is content with single pages. */
	if (k->order == k->wanted) {
		k->wanted = k->order = k->asked ? k->asked_order : 0;
		k->highest = k->asked ? k->asked_highest : k->highest;
	}
	if (k->failures >= MAX_FAILURES || is_balanced(m, node, k->order, k->highest))
		nap(r, node);
	else if (!failed || known)
		begin_run(r, node, k->asked ? k->asked_order : 0, k->highest, k->since_ns);
}

static void end_nap(bud_reclaim *r, int node)
{
	bud_kswapd *k = &r->nodes[node];
	k->naps = false;
	r->kswapd_naps &= ~((uint64_t)1 << node);
	if (k->failures < MAX_FAILURES && !is_balanced(r->machine, node, k->order, k->highest))
		begin_run(r, node, 0, k->highest, k->nap_ns);
}

void bud_kswapd_hopes(bud_reclaim *reclaim, int node)
{
	reclaim->nodes[node].failures = 0;
	reclaim->machine->kswapd_hopeless &= ~((uint64_t)1 << node);
}

/* Passes */

/* By generations the first share is to bring all that is wanted (set_initial_priority). */
static int first_priority(uint64_t pages, uint64_t target)
{
	int priority = DEF_PRIORITY;
	while (priority > GEN_PRIORITY && pages >> priority < target)
		priority--;
	return priority;
}

/* Whether the run goes on with a pass; sets its share. False: the node is balanced, or all has been tried. */
static bool begin_pass(bud_reclaim *r, int node, bool *in_vain)
{
	bud_kswapd *k = &r->nodes[node];
	const bud_machine *m = r->machine;
	bool balanced = is_balanced(m, node, k->order, k->highest), gen = m->kernel.lru_gen;
	uint64_t pages = bud_reclaim_lru(r, node), least = gen ? GEN_LEAST : 1;
	if (!balanced && k->boost) {
		k->boost = 0;
		k->priority = DEF_PRIORITY;
	}
	*in_vain = !balanced || k->boost;
	if ((balanced && !k->boost) || (k->boost && gen) || !k->priority)
		return false;
	k->target = 0;
	for (size_t z = 0; z < m->nr_zones; z++) {
		uint64_t high = bud_zoneview_mark(&m->views[z], BUD_ALLOC_WMARK_HIGH);
		if (is_of(m, z, node, k->highest))
			k->target += high > LEAST ? high : LEAST;
	}
	if (gen && k->priority == DEF_PRIORITY)
		k->priority = first_priority(pages, k->target);
	k->share = pages >> k->priority;
	k->share = k->share > least ? k->share : least;
	k->share = k->share < k->target ? k->share : k->target;
	k->passed = 0;
	return true;
}

/* Smaller shares than wanted double from pass to pass; a boost's sake has its limit, and ends where nothing is found.
 */
static bool end_pass(bud_kswapd *k)
{
	bool grows = k->share < k->target && (!k->boost || k->priority != BOOST_PRIORITY);
	k->share = 0;
	k->boost -= k->passed < k->boost ? k->passed : k->boost;
	k->priority -= grows || !k->passed;
	return k->passed || !k->boost;
}

/* Whether all zones are so well off that generations need not give more (should_abort_scan). */
static bool has_plenty(const bud_machine *m, int node, const bud_kswapd *k)
{
	if (!m->kernel.lru_gen || k->order)
		return false;
	for (size_t z = 0; z < m->nr_zones; z++)
		if (is_of(m, z, node, k->highest) &&
		    !bud_zoneview_ok(&m->views[z], &m->kernel, 0,
				     bud_zoneview_mark(&m->views[z], BUD_ALLOC_WMARK_HIGH) + GEN_LEAST, k->highest, 0))
			return false;
	return true;
}

/* One block more, or the time that looking for it in vain takes. */
static bool free_one(bud_reclaim *r, int node)
{
	bud_kswapd *k = &r->nodes[node];
	bud_reclaimed freed = bud_reclaim_oldest(r, node, k->highest, k->boost > 0, r->node_cpu[node]);
	const bud_lesson_pace *pace = freed.swap ? &r->swap_pace : &r->kswapd_pace;
	k->since_ns += (freed.pages ? freed.pages : 1) * pace->ns / pace->pages;
	if (!freed.pages)
		return false;
	bud_kswapd_hopes(r, node);
	k->passed += freed.pages;
	k->reclaimed += freed.pages;
	r->counts.kswapd_pages += freed.pages;
	if (k->reclaimed >= bud_zoneview_compact_gap(&r->machine->kernel, k->order))
		k->order = 0;
	return true;
}

void bud_kswapd_run(bud_reclaim *reclaim, int node, uint64_t t_ns)
{
	bud_kswapd *k = &reclaim->nodes[node];
	bool in_vain = true;
	for (;;) {
		if (k->naps && k->nap_ns <= t_ns)
			end_nap(reclaim, node);
		if (!k->up || k->since_ns >= t_ns)
			return;
		if (!k->share && !begin_pass(reclaim, node, &in_vain)) {
			end_run(reclaim, node, in_vain);
			continue;
		}
		bool found = free_one(reclaim, node);
		bool over = !found || k->passed >= k->share || has_plenty(reclaim->machine, node, k);
		if (over && !end_pass(k))
			end_run(reclaim, node, true);
	}
}
