/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/explain_trial.h"

#include "cli/progress.h"

#define TRIAL_MIB 1024 /* for the tables of simulations side by side, unless --memory tells */

static size_t room(const bud_explain_trial *t)
{
	return (size_t)(t->options->memory ? t->options->memory : TRIAL_MIB) << 20;
}

/* Why nothing is to be tried; "": nothing speaks against it. */
static void find_obstacle(bud_explain_trial *t)
{
	size_t bytes = bud_trial_bytes(&t->bench->memory);
	t->untried[0] = '\0';
	if (t->options->replay_only)
		snprintf(t->untried, sizeof t->untried, "--replay-only");
	else if (t->scene->explanation.cause == BUD_CAUSE_LIMIT)
		snprintf(t->untried, sizeof t->untried,
			 "only a higher memory.max of its cgroup helps, or less use in it");
	else if (bytes > room(t))
		snprintf(t->untried, sizeof t->untried, "a model of this machine takes about %zu MiB, see --memory",
			 bytes >> 20);
}

static bud_status find_remedies(bud_explain_trial *t, bud_error *err)
{
	bool pinned = t->scene->plea.order && t->scene->explanation.cause == BUD_CAUSE_FRAGMENTATION;
	bud_status status = bud_culprits_find(&t->culprits, &t->scene->pins, t->owners, t->sites,
					      pinned ? BUD_CULPRIT_PINS : BUD_CULPRIT_LIVE, err);
	const bud_remedy_ground ground = { .scene = t->scene,
					   .settings = t->settings,
					   .memory = &t->bench->memory,
					   .kernel = &t->bench->kernel,
					   .culprits = &t->culprits,
					   .sites = t->sites };
	if (!status)
		bud_remedies_find(&t->remedies, &ground);
	return status;
}

static void set_up(bud_explain_trial *t)
{
	const bud_workbench *b = t->bench;
	const bud_bundle *bundle = b->bundle;
	t->setup = (bud_trial_setup){ .replay = b->replay,
				      .source = bundle->source,
				      .gfp = &b->kernel.gfp,
				      .snapshots = bundle->snapshots,
				      .nr_snapshots = bundle->nr_snapshots,
				      .settings = bud_workbench_settings_input(b),
				      .cases = t->remedies.cases,
				      .nr_cases = t->remedies.nr,
				      .control = t->remedies.control,
				      .slow = t->scene->plea.first,
				      .subject = t->subject,
				      .end_ns = t->end_ns,
				      .max_bytes = room(t) };
	bud_trial_init(&t->trial, &t->setup);
}

static bud_status run(bud_explain_trial *t, bud_error *err)
{
	bud_progress progress;
	bud_status status = BUD_OK;
	bud_progress_begin(&progress, &t->bench->bundle->source->info, t->options->quiet);
	for (bool done = false; !status && !done;) {
		uint64_t budget = 1 << 18;
		status = bud_trial_run(&t->trial, &budget, &done, err);
		bud_progress_show(&progress, "simulating", t->bench->replay);
	}
	bud_progress_end(&progress);
	return status;
}

bud_status bud_explain_trial_run(bud_explain_trial *trial, bud_error *err)
{
	bud_explain_trial *t = trial;
	bud_error why;
	find_obstacle(t);
	if (t->untried[0])
		return BUD_OK;
	bud_status status = find_remedies(t, err);
	if (status)
		return status;
	set_up(t);
	status = run(t, &why);
	if (status == BUD_ERR_USAGE) {
		snprintf(t->untried, sizeof t->untried, "%s", why.text);
		return BUD_OK;
	}
	return status ? bud_error_set(err, status, "%s", why.text) : BUD_OK;
}

void bud_explain_trial_print(const bud_explain_trial *trial, const bud_explain_text *text)
{
	const bud_section_filter *asked = &trial->options->filter;
	const bud_remedy_text remedy = { .text = text,
					 .remedies = &trial->remedies,
					 .trial = &trial->trial,
					 .narrowed = asked->node >= 0 || asked->zone };
	if (trial->untried[0])
		bud_remedy_text_untried(text, trial->untried);
	else
		bud_remedy_text_print(&remedy);
}

void bud_explain_trial_fini(bud_explain_trial *trial)
{
	bud_trial_fini(&trial->trial);
	bud_culprits_fini(&trial->culprits);
}
