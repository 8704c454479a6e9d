/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/insight/fate.h"

static const struct {
	const char *name, *text;
} kinds[] = {
#define X(kind, name, text) { name, text },
	BUD_FATES(X)
#undef X
};

static const struct {
	const char *name, *text;
} failures[] = {
	[BUD_PAGE_OK] = { NULL, NULL },
	[BUD_PAGE_REFUSED] = { "refused", "the machine has no such node, or no such block" },
	[BUD_PAGE_NO_ZONE] = { "no_zone", "it may use no zone" },
	[BUD_PAGE_NO_RECLAIM] = { "no_reclaim", "it may not wait" },
	[BUD_PAGE_MEMALLOC] = { "memalloc", "its task is freeing memory itself" },
	[BUD_PAGE_NORETRY] = { "noretry", "it gives up early (__GFP_NORETRY)" },
	[BUD_PAGE_COSTLY] = { "costly", "it gives up early (of an order above 3)" },
	[BUD_PAGE_NO_HOPE] = { "no_hope", "its retries bring nothing" },
	[BUD_PAGE_VICTIM] = { "victim", "its task is the OOM killer's victim" },
	[BUD_PAGE_ENDLESS] = { "endless", "the kernel would go on trying" },
	[BUD_PAGE_MEMCG] = { "memcg", "its memory cgroup is at its limit" },
};

const char *bud_fate_name(bud_fate_kind kind)
{
	return kinds[kind].name;
}

const char *bud_fate_text(bud_fate_kind kind)
{
	return kinds[kind].text;
}

const char *bud_fate_failure_name(bud_page_failure failure)
{
	return failures[failure].name;
}

const char *bud_fate_failure_text(bud_page_failure failure)
{
	return failures[failure].text;
}

void bud_fate_watch_event(bud_fate_watch *watch, const bud_event *e)
{
	const bud_fate_subject *s = watch->subject;
	watch->here = false;
	if (!s || e->kind != BUD_EV_ALLOC || e->order < 0 || e->order >= BUD_NR_ORDERS)
		return;
	bool failed = e->page.pfn == BUD_PFN_NONE;
	watch->failures_seen += failed;
	watch->here = s->failure ? failed && watch->failures_seen == s->failure
				 : !failed && e->page.pfn == s->pfn && e->t_ns == s->t_ns;
}

bool bud_fate_is_like(const bud_fate_watch *watch, const bud_op *op)
{
	const bud_fate_subject *s = watch->subject;
	return s && (op->kind == BUD_OP_ALLOC || op->kind == BUD_OP_FAILED) && op->order == s->order &&
	       op->gfp == s->gfp;
}

void bud_fate_watch_op(bud_fate_watch *watch, const bud_op *op)
{
	watch->made++;
	watch->failed += op->kind == BUD_OP_FAILED;
}

bud_fate bud_fate_of(const bud_machine_counts *before, const bud_machine_counts *after, bud_page_failure failure)
{
	bud_fate fate = { .kind = BUD_FATE_AT_ONCE,
			  .reclaims = after->reclaims - before->reclaims,
			  .compactions = after->compactions - before->compactions };
	if (after->requests == before->requests) {
		fate.kind = BUD_FATE_LEFT_OUT;
	} else if (after->failures != before->failures) {
		fate.kind = failure == BUD_PAGE_REFUSED ? BUD_FATE_REFUSED : BUD_FATE_FAILED;
		fate.failure = failure;
	} else if (after->ooms != before->ooms) {
		fate.kind = BUD_FATE_KILLED;
	} else if (fate.reclaims) {
		fate.kind = BUD_FATE_RECLAIMED;
	} else if (fate.compactions) {
		fate.kind = BUD_FATE_COMPACTED;
	} else if (after->slow != before->slow) {
		fate.kind = BUD_FATE_WAITED;
	}
	return fate;
}

void bud_fates_add(bud_fates *fates, const bud_fate_watch *watch, const bud_op *op, bud_fate fate)
{
	bool failed = fate.kind == BUD_FATE_FAILED;
	fates->failed_too += failed && op->kind == BUD_OP_FAILED;
	fates->failed_newly += failed && op->kind == BUD_OP_ALLOC;
	if (watch->here)
		fates->own = fate;
}
