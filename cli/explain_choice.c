/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/explain_choice.h"

#include <inttypes.h>

static bud_status choose_failure(bud_explain_choice *choice, const bud_failure *failure)
{
	choice->wanted = true;
	choice->number = failure->number;
	choice->t_ns = failure->t_ns;
	choice->plea = failure->plea;
	choice->pid = failure->pid;
	return BUD_OK;
}

static bud_status choose_by_number(bud_explain_choice *choice, long number, const bud_failures *failures,
				   bud_error *err)
{
	for (size_t i = 0; i < failures->nr; i++)
		if (failures->failures[i].number == (uint64_t)number)
			return choose_failure(choice, &failures->failures[i]);
	return bud_error_set(err, BUD_ERR_USAGE, "--failure %ld: there are %" PRIu64 " failed allocations%s", number,
			     failures->total, failures->nr < failures->total ? ", and not all are wanted" : "");
}

static bud_status ask(bud_explain_choice *choice, const bud_options *o, const bud_kernel *kernel, bud_error *err)
{
	choice->wanted = choice->question = true;
	choice->pid = -1;
	choice->plea = (bud_plea){
		.order = o->filter.order_min, .type = BUD_MT_UNKNOWN, .node = o->filter.node, .only = &o->filter
	};
	if (o->filter.order_min != o->filter.order_max)
		return bud_error_set(err, BUD_ERR_USAGE, "--gfp asks for one request: give its --order, too");
	return bud_gfp_parse(&kernel->gfp, o->gfp, &choice->plea.gfp_flags, err);
}

static bud_status choose_by_time(bud_explain_choice *choice, const char *at, const bud_failures *failures,
				 bud_error *err)
{
	for (size_t i = 0; i < failures->nr; i++)
		if (failures->failures[i].t_ns >= choice->t_ns)
			return choose_failure(choice, &failures->failures[i]);
	return bud_error_set(
		err, BUD_ERR_USAGE,
		"--at %s: no allocation failed from then on; with --order and --gfp any request can be asked", at);
}

bud_status bud_explain_choose(bud_explain_choice *choice, const bud_options *options, const bud_failures *failures,
			      const bud_kernel *kernel, const bud_source *source, bud_error *err)
{
	if (options->failure)
		return choose_by_number(choice, options->failure, failures, err);
	if (options->at) {
		bud_status status = bud_options_when(options->at, &source->info, &choice->t_ns, err);
		return status	      ? status
		       : options->gfp ? ask(choice, options, kernel, err)
				      : choose_by_time(choice, options->at, failures, err);
	}
	return failures->nr && !options->dmesg ? choose_failure(choice, &failures->failures[0]) : BUD_OK;
}

bud_status bud_explain_choose_episode(bud_explain_choice *choice, const bud_options *options,
				      const bud_failures *failures, const bud_episode *episode, bud_error *err)
{
	const bud_episode *e = episode;
	if (!e || e->kind != BUD_EPISODE_REQUEST || !e->has_gfp || e->order < 0 || e->order >= BUD_NR_ORDERS)
		return bud_error_set(err, BUD_ERR_USAGE, "--episode %ld: %s", options->episode,
				     e ? "that is not the story of a request" : "there is none (report -s episode)");
	for (size_t i = 0; e->pfn == BUD_PFN_NONE && i < failures->nr; i++)
		if (failures->failures[i].pid == e->pid && failures->failures[i].t_ns == e->t_end_ns)
			return choose_failure(choice, &failures->failures[i]);
	choice->wanted = true;
	choice->t_ns = e->t_start_ns;
	choice->pfn = e->pfn;
	choice->got_ns = e->t_end_ns;
	choice->pid = e->pid;
	choice->plea = (bud_plea){ .order = e->order,
				   .gfp_flags = e->gfp_flags,
				   .type = (bud_migratetype)e->migratetype,
				   .node = e->node,
				   .interrupt = e->in_interrupt,
				   .first = true,
				   .only = &options->filter };
	return BUD_OK;
}
