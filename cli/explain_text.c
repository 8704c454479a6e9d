/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/explain_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/heat.h"
#include "cli/output.h"
#include "lib/insight/culprit.h"

#define SHOWN	    8  /* rows of a list that could be long */
#define MAX_KINDS   64 /* of failures */
#define INDENT	    10 /* of what is told of the request */
#define LAST_COLUMN 22 /* of pinned pageblocks */

static const char *size_of(const bud_explain_text *t, uint64_t pages, char *text)
{
	return bud_heat_size(pages, t->kernel->page_shift, text, 16);
}

static const char *time_of(const bud_explain_text *t, uint64_t t_ns, char *text)
{
	if (t_ns == BUD_TIME_NONE)
		return "an unknown time";
	return bud_heat_time(t_ns, t->clock_is_ns, 6, text, 32);
}

/* ---- all failures ---- */

static void print_failure(const bud_explain_text *t, const bud_failure *f, bool selected)
{
	char time[32], gfp[BUD_GFP_TEXT];
	const char *comm = bud_source_comm(t->source, f->pid);
	bud_output_print(t->out, "%c %5" PRIu64 "  %14s  order %-2d %-13s %s (%d)", selected ? '>' : ' ', f->number,
			 time_of(t, f->t_ns, time), f->plea.order, bud_cause_name(f->cause), comm ? comm : "?", f->pid);
	if (t->verbose)
		bud_output_print(t->out, " %s", bud_gfp_format(&t->kernel->gfp, f->plea.gfp_flags, gfp, sizeof gfp));
	fputc('\n', t->out);
}

/* Failures of the same order, cause and flags. */
typedef struct kind {
	uint64_t count;
	const bud_failure *first;
} kind;

static int commonest_first(const void *a, const void *b)
{
	const kind *x = a, *y = b;
	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return x->first->number < y->first->number ? -1 : 1;
}

/* Kinds by their first failure; those for which there is no room are left out. */
static size_t find_kinds(const bud_failures *failures, kind kinds[MAX_KINDS])
{
	size_t nr = 0;
	for (size_t i = 0; i < failures->nr; i++) {
		const bud_failure *f = &failures->failures[i];
		size_t k = 0;
		while (k < nr && (kinds[k].first->plea.order != f->plea.order || kinds[k].first->cause != f->cause ||
				  kinds[k].first->plea.gfp_flags != f->plea.gfp_flags))
			k++;
		if (k == MAX_KINDS)
			continue;
		if (k == nr)
			kinds[nr++] = (kind){ 0, f };
		kinds[k].count++;
	}
	qsort(kinds, nr, sizeof *kinds, commonest_first);
	return nr;
}

static void print_kinds(const bud_explain_text *t, const bud_failures *failures, uint64_t selected)
{
	kind kinds[MAX_KINDS];
	char gfp[BUD_GFP_TEXT];
	size_t nr = find_kinds(failures, kinds);
	bud_output_print(t->out, "  %6s %6s  %-5s  %-13s  %s\n", "count", "first", "order", "cause", "flags");
	for (size_t i = 0; i < nr && i < SHOWN; i++) {
		const bud_failure *f = kinds[i].first;
		bud_output_print(t->out, "  %6" PRIu64 " %6" PRIu64 "  %-5d  %-13s  ", kinds[i].count, f->number,
				 f->plea.order, bud_cause_name(f->cause));
		bud_output_wrap(t->out, 39, 39, bud_gfp_format(&t->kernel->gfp, f->plea.gfp_flags, gfp, sizeof gfp));
		fputc('\n', t->out);
	}
	bud_output_print(t->out, "  %s-v lists them one by one", nr > SHOWN ? "... " : "");
	if (selected)
		bud_output_print(t->out, "; number %" PRIu64 " is explained here, --failure N another", selected);
	fputc('\n', t->out);
}

void bud_explain_text_list(const bud_explain_text *t, const bud_failures *failures, uint64_t selected)
{
	bud_output_print(t->out, "%" PRIu64 " failed allocation%s", failures->total, failures->total == 1 ? "" : "s");
	uint64_t wanted = 0;
	for (int i = 0; i < BUD_NR_CAUSES; i++)
		wanted += failures->by_cause[i];
	if (wanted < failures->total)
		bud_output_print(t->out, ", %" PRIu64 " of them asked for", wanted);
	for (int i = 0, said = 0; i < BUD_NR_CAUSES; i++)
		if (failures->by_cause[i])
			bud_output_print(t->out, "%s %" PRIu64 " %s", said++ ? "," : ":", failures->by_cause[i],
					 bud_cause_name((bud_cause)i));
	fputc('\n', t->out);
	if (!failures->total)
		bud_output_print(t->out, "  report -s episode lists what was slow, --episode N explains one of them\n");
	if (failures->nr > SHOWN && !t->verbose)
		print_kinds(t, failures, selected);
	else
		for (size_t i = 0; i < failures->nr; i++)
			print_failure(t, &failures->failures[i], failures->failures[i].number == selected);
	fputc('\n', t->out);
}

/* ---- the request ---- */

/* What its flags mean for how hard the kernel tries. */
static const char *effort_of(bud_gfp gfp, int order)
{
	if (!(gfp & BUD_GFP_DIRECT_RECLAIM))
		return "may not wait, nor reclaim or compact; its caller is ready for failure";
	if (gfp & BUD_GFP_NORETRY)
		return "gives up early (__GFP_NORETRY); its caller is ready for failure";
	if (gfp & BUD_GFP_RETRY_MAYFAIL)
		return "tries long, but may fail (__GFP_RETRY_MAYFAIL)";
	return order > BUD_COSTLY_ORDER ? "may fail: of an order above 3 the kernel gives up early" : NULL;
}

void bud_explain_text_plea(const bud_explain_text *t, const bud_plea *plea, const char *comm, int32_t pid,
			   uint64_t t_ns)
{
	char time[32], size[16], gfp[BUD_GFP_TEXT];
	const bud_kernel *kernel = t->kernel;
	bud_gfp flags = bud_gfp_from_raw(&kernel->gfp, plea->gfp_flags);
	bud_migratetype type = plea->type == BUD_MT_UNKNOWN ? bud_gfp_migratetype(flags) : plea->type;
	const char *effort = effort_of(flags, plea->order);
	bud_output_print(t->out, "request   order %d (%s in one piece), ", plea->order,
			 size_of(t, (uint64_t)1 << plea->order, size));
	bud_output_print(t->out, "%s", bud_migratetype_name(type));
	if (plea->node >= 0)
		bud_output_print(t->out, ", node %d", plea->node);
	bud_output_print(t->out, "\n%*s", INDENT, "");
	if (comm)
		bud_output_print(t->out, "by %s (%d)%s ", comm, pid, plea->interrupt ? " in an interrupt" : "");
	bud_output_print(t->out, "at %s\n%*s", time_of(t, t_ns, time), INDENT, "");
	bud_output_wrap(t->out, INDENT, INDENT, bud_gfp_format(&kernel->gfp, plea->gfp_flags, gfp, sizeof gfp));
	if (effort)
		bud_output_print(t->out, "\n%*s%s", INDENT, "", effort);
	fputc('\n', t->out);
	if (plea->oom_victim)
		bud_output_print(t->out, "%*sits task had been chosen by the OOM killer, and may give up\n", INDENT,
				 "");
}

static void print_sum(const bud_explain_text *t, const bud_plea *plea, const bud_answer *a)
{
	char free[16], mark[16];
	uint64_t own = ((uint64_t)1 << plea->order) - 1, kept = a->held - own;
	bud_output_print(t->out, "    %" PRIu64 " pages free (%s)", a->free, size_of(t, a->free, free));
	if (a->uncertain)
		bud_output_print(t->out, " +-%" PRIu64, a->uncertain);
	if (own)
		bud_output_print(t->out, " - %" PRIu64 " it takes itself", own);
	if (kept)
		bud_output_print(t->out, " - %" PRIu64 " kept (high-atomic, CMA)", kept);
	bud_output_print(t->out, "\n    must be more than %" PRId64 " (%s mark %" PRIu64 ", %s", a->mark,
			 plea->first ? "low" : "min", a->level, size_of(t, a->level, mark));
	if (a->boost)
		bud_output_print(t->out, ", boost %" PRIu64 " of it", a->boost);
	bud_output_print(t->out, ") + %" PRIu64 " reserve\n", a->reserve);
}

static void print_result(const bud_explain_text *t, const bud_plea *plea, const bud_answer *a)
{
	int64_t spare = bud_explain_spare(a);
	if (spare > 0)
		bud_output_print(t->out, "    passes by %" PRId64 " pages\n", spare);
	else
		bud_output_print(t->out, "    %" PRId64 " page%s too few\n", 1 - spare, spare ? "s" : "");
	if (!plea->order)
		return;
	if (a->blocks)
		bud_output_print(t->out, "    %" PRIu64 " free blocks of order %d%s\n", a->blocks, plea->order,
				 a->usable == 0 ? ", on lists it may not take from" : "");
	else
		bud_output_print(t->out,
				 "    no free block of order %d, the largest is %d; extfrag %.3f, unusable %.3f\n",
				 plea->order, a->largest, a->extfrag_milli / 1000.0, a->unusable_milli / 1000.0);
}

static void print_answer(const bud_explain_text *t, const bud_plea *plea, const bud_answer *a)
{
	bud_output_print(t->out, "  node %d %-8s %s%s%s\n", a->node, a->name, bud_cause_name(a->cause),
			 a->unsure ? ", not surely: the replay is unsure of these pages" : "",
			 a->by_boost ? ", by a boost that the events suggest" : "");
	if (a->cause == BUD_CAUSE_UNKNOWN) {
		bud_output_print(t->out, "    %s\n",
				 a->free == BUD_UNKNOWN ? "what is free is not known before a snapshot"
							: "its watermarks are not known: the capture has no zoneinfo");
		return;
	}
	print_sum(t, plea, a);
	print_result(t, plea, a);
}

void bud_explain_text_verdict(const bud_explain_text *t, const bud_plea *plea, const bud_explanation *e)
{
	const char *text = bud_cause_text(e->cause);
	if (e->cause == BUD_CAUSE_PASSES && (t->question || plea->first))
		text = t->question ? "it would be served" : "a zone that it may use would serve it at once";
	int column = bud_output_print(t->out, "verdict   %s: ", bud_cause_name(e->cause));
	bud_output_wrap(t->out, column, INDENT, text);
	bud_output_print(t->out, "%s\n\n", e->unsure ? " (not surely)" : "");
	bud_output_print(t->out, "its zones, in the order they are asked (%s attempt)\n",
			 plea->first ? "the first" : "the last");
	for (size_t i = 0; i < e->nr_answers; i++)
		print_answer(t, plea, &e->answers[i]);
	if (!e->nr_answers)
		bud_output_print(t->out, "  no zone that it may use\n");
}

/* ---- what stands in the way ---- */

static void print_costs(const bud_explain_text *t, const bud_impasse *scene, const bud_owners *owners,
			bud_site_table *sites)
{
	char size[16];
	bud_culprits culprits;
	bud_culprits_find(&culprits, &scene->pins, owners, sites, BUD_CULPRIT_PINS, NULL);
	if (culprits.nr)
		bud_output_print(t->out,
				 "  whose they are: such blocks of %s, those nobody else holds, pages in them\n"
				 "    %7s %7s %7s  %s\n",
				 size_of(t, (uint64_t)1 << t->kernel->pageblock_order, size), "blocks", "alone",
				 "pages", "who");
	for (size_t i = 0; i < culprits.nr && (i < SHOWN || t->verbose); i++) {
		const bud_culprit *c = &culprits.list[i];
		char name[BUD_SITE_TEXT];
		bud_output_print(t->out, "    %7" PRIu64 " %7" PRIu64 " %7" PRIu64 "  ", c->blocks, c->alone, c->pages);
		bud_output_wrap(t->out, 30, 30, bud_site_name(sites, c->site, name, sizeof name));
		fputc('\n', t->out);
	}
	bud_culprits_fini(&culprits);
}

/* Whether the request could have used that zone. */
static bool is_asked(const bud_impasse *scene, const bud_zone *zone)
{
	for (size_t i = 0; i < scene->explanation.nr_answers; i++) {
		const bud_answer *a = &scene->explanation.answers[i];
		if (a->node == zone->node && strcmp(a->name, zone->name) == 0)
			return true;
	}
	return false;
}

/* What of a name fits into the last column; the table below has it whole. */
static const char *cut(char name[BUD_SITE_TEXT])
{
	if (strlen(name) > LAST_COLUMN)
		strcpy(name + LAST_COLUMN - 3, "...");
	return name;
}

static void print_pinned(const bud_explain_text *t, const bud_impasse *scene, const bud_owners *owners,
			 bud_site_table *sites)
{
	size_t nr = 0;
	bud_output_print(t->out, "  %-10s %-9s %4s %6s %7s %5s %7s  %s\n", "pageblock", "zone", "free", "cached",
			 "movable", "fixed", "unknown", "most of it by");
	for (size_t i = 0; i < scene->pins.nr_blocks; i++) {
		const bud_pinned_block *b = &scene->pins.blocks[i];
		char zone[32];
		if (!is_asked(scene, b->zone) || (nr++ >= SHOWN && !t->verbose))
			continue;
		snprintf(zone, sizeof zone, "%d %s", b->zone->node, b->zone->name);
		char name[BUD_SITE_TEXT] = "?";
		if (b->row)
			bud_site_name(sites, bud_owners_use(owners, b->row)->site, name, sizeof name);
		bud_output_print(t->out, "  0x%-8" PRIx64 " %-9s %4u %6u %7u %5u %7u  ", b->start, zone, b->free,
				 b->cached, b->movable, b->fixed, b->unknown);
		bud_output_print(t->out, "%s\n", cut(name));
	}
	if (nr > SHOWN && !t->verbose)
		bud_output_print(t->out, "  ... %zu in all\n", nr);
	if (!nr)
		bud_output_print(t->out, "  none\n");
}

static void print_room(const bud_explain_text *t, const bud_impasse *scene, bool huge)
{
	const bud_kernel *kernel = t->kernel;
	int order = huge ? kernel->pageblock_order : scene->plea.order;
	char size[16];
	bud_output_print(t->out, "\nroom for blocks of order %d (%s)\n", order, size_of(t, (uint64_t)1 << order, size));
	bud_output_print(t->out, "  %-12s %8s %8s %14s %10s %10s\n", "zone", "blocks", "free", "by compaction",
			 "unmovable", "unknown");
	for (size_t i = 0; i < scene->nr_zones; i++) {
		const bud_headroom *h = huge ? &scene->zones[i].huge : &scene->zones[i].room;
		char zone[32];
		const bud_zone *z = scene->zones[i].zone;
		if (scene->plea.only && !bud_section_wants_zone(scene->plea.only, z->node, z->name))
			continue;
		snprintf(zone, sizeof zone, "%d %s", z->node, z->name);
		bud_output_print(t->out,
				 "  %-12s %8" PRIu64 " %8" PRIu64 " %14" PRIu64 " %10" PRIu64 " %10" PRIu64 "\n", zone,
				 h->blocks, h->free, h->reachable, h->fixed, h->unknown);
	}
}

static void print_lacking(const bud_explain_text *t, const bud_lacking *l)
{
	char size[16];
	switch (l->kind) {
	case BUD_LACKING_PAGES:
		bud_output_print(t->out, "  - %" PRIu64 " pages (%s) more free\n", l->value,
				 size_of(t, l->value, size));
		break;
	case BUD_LACKING_CACHED:
		bud_output_print(t->out, "  - the %" PRIu64 " pages (%s) that lay on per-CPU lists\n", l->value,
				 size_of(t, l->value, size));
		break;
	case BUD_LACKING_BOOST:
		bud_output_print(t->out, "  - a mark without its boost of %" PRIu64 " pages\n", l->value);
		break;
	case BUD_LACKING_MIN_FREE:
		bud_output_print(t->out, "  - marks of vm.min_free_kbytes=%" PRIu64 " or less (is %" PRIu64 ")\n",
				 l->value, l->now);
		break;
	case BUD_LACKING_RATIO:
		bud_output_print(t->out,
				 "  - a vm.lowmem_reserve_ratio of %" PRIu64 " for this zone (is %" PRIu64 ")\n",
				 l->value, l->now);
		break;
	case BUD_LACKING_ROOM:
		bud_output_print(t->out, "  compaction is not begun: it wants %" PRIu64 " pages (%s) more free\n",
				 l->value, size_of(t, l->value, size));
		break;
	default:
		bud_output_print(t->out,
				 "  compaction is not begun: the extfrag index, %" PRIu64 ".%03" PRIu64
				 ", is not above\n  vm.extfrag_threshold (%" PRIu64 "), so reclaim goes first\n",
				 l->value / 1000, l->value % 1000, l->now);
		break;
	}
}

static void print_shortfall(const bud_explain_text *t, const bud_impasse *scene)
{
	const bud_shortfall *s = &scene->shortfall;
	if (s->nr && scene->explanation.cause != BUD_CAUSE_FRAGMENTATION)
		bud_output_print(t->out, "\nany of these would have let it pass then, by the same sum\n");
	for (size_t i = 0; i < s->nr; i++)
		print_lacking(t, &s->list[i]);
}

void bud_explain_text_scene(const bud_explain_text *t, const bud_impasse *scene, const bud_owners *owners,
			    bud_site_table *sites)
{
	const bud_kernel *kernel = t->kernel;
	if (scene->plea.order) {
		bud_output_print(t->out, "\nin the way: pageblocks at least half free, and the pages in use in them\n");
		print_pinned(t, scene, owners, sites);
		print_costs(t, scene, owners, sites);
	}
	if (scene->plea.order && scene->plea.order != kernel->pageblock_order)
		print_room(t, scene, false);
	if (scene->plea.order)
		print_room(t, scene, true);
	print_shortfall(t, scene);
}

/* ---- the kernel log ---- */

static void print_blocks(const bud_explain_text *t, const char *who, const uint64_t *blocks, unsigned nr)
{
	bud_output_print(t->out, "      %-9s", who);
	for (unsigned k = 0; k < nr; k++)
		bud_output_print(t->out, " %6" PRIu64, blocks[k]);
	fputc('\n', t->out);
}

static void print_match(const bud_explain_text *t, const bud_zone_match *m)
{
	const bud_klog_zone *z = m->report;
	if (!z->nr_orders)
		return;
	bud_output_print(t->out, "    node %d %-8s ", z->node, z->name);
	if (!m->compared) {
		bud_output_print(t->out, "not compared: the replay does not know it then\n");
	} else if (m->equal) {
		bud_output_print(t->out, "free blocks equal in all orders\n");
	} else {
		bud_output_print(t->out, "differs by %" PRIu64 " pages (claimed: +-%" PRIu64 ")\n", m->error,
				 m->uncertain);
		print_blocks(t, "log", z->nr_free, z->nr_orders);
		print_blocks(t, "replay", m->model, z->nr_orders);
	}
	if (m->compared && z->boost != BUD_UNKNOWN && (z->boost || m->boost))
		bud_output_print(t->out, "      boost %" PRIu64 " pages in the log, %" PRIu64 " by the events\n",
				 z->boost, m->boost);
}

static void print_place(const bud_explain_text *t, const bud_log_match *m)
{
	char time[32];
	if (!m->found) {
		bud_output_print(t->out, "in the trace: no event belongs to it\n");
		return;
	}
	bud_output_print(t->out, "in the trace at %s; by the replay: %s\n", time_of(t, m->t_ns, time),
			 m->explained ? bud_cause_name(m->explanation.cause) : "?");
	for (size_t i = 0; i < m->report->nr_zones; i++)
		print_match(t, &m->zones[i]);
}

void bud_explain_text_report(const bud_explain_text *t, const bud_klog_report *r, const bud_explanation *explanation,
			     const bud_log_match *match)
{
	bud_plea plea = bud_logmatch_plea(r);
	bud_output_print(t->out, "report    line %" PRIu64 " of the kernel log: %s %s\n", r->line, r->comm,
			 r->kind == BUD_KLOG_OOM ? "invoked the OOM killer" : "could not allocate");
	if (r->victim_pid >= 0)
		bud_output_print(t->out, "          it killed %s (%d)\n", r->victim, r->victim_pid);
	if (r->t_ns == BUD_TIME_NONE)
		bud_explain_text_plea(t, &plea, NULL, r->pid, BUD_TIME_NONE);
	else
		bud_explain_text_plea(t, &plea, r->comm, r->pid, r->t_ns);
	if (r->has_memory)
		bud_explain_text_verdict(t, &plea, explanation);
	else
		bud_output_print(t->out, "          the log says nothing of memory\n");
	if (match)
		print_place(t, match);
	fputc('\n', t->out);
}

void bud_explain_text_agreement(const bud_explain_text *t, const bud_log_match *matches, size_t nr)
{
	unsigned found = 0, zones = 0, equal = 0, within = 0;
	for (size_t i = 0; i < nr; i++) {
		found += matches[i].found;
		for (size_t k = 0; k < matches[i].report->nr_zones; k++) {
			const bud_zone_match *m = &matches[i].zones[k];
			zones += m->compared;
			equal += m->compared && m->equal;
			within += m->compared && !m->equal && m->error <= m->uncertain;
		}
	}
	bud_output_print(t->out,
			 "kernel log: %zu reports, %u of them found in the trace; their free lists equal the\n"
			 "  replay's in %u of %u zones, in %u more they differ by less than it claims\n"
			 "  (--dmesg FILE tells them)\n",
			 nr, found, equal, zones, within);
}
