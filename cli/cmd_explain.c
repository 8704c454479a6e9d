/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cmd.h"
#include "cli/explain_choice.h"
#include "cli/explain_text.h"
#include "cli/explain_trial.h"
#include "cli/outputs.h"
#include "cli/progress.h"
#include "cli/story_text.h"
#include "formats/read/dmesg.h"
#include "formats/read/kernfiles.h"
#include "lib/insight/chronicle.h"

/* What the command works on. */
typedef struct subject {
	const bud_options *options;
	bud_workbench *bench;
	bud_settings *settings; /* of each snapshot */
	bud_boosts *boosts;
	bud_failure_log *log;
	bud_logmatch *match; /* NULL: no reports */
	bud_klog own;	     /* --dmesg FILE */
	const bud_klog *klog;

	bud_explain_choice asked;
	uint64_t failures_seen;
	bud_site_table *sites;
	bud_early early; /* what is in use without owner */
	bud_owners *owners;
	bud_chronicle *chronicle; /* of the time it ended at; NULL: nobody made it */
	bud_impasse scene;
	bool taken;
	bud_status status; /* of the scene */
	bud_error error;

	bud_explain_trial trial;
} subject;

static bud_status replay_all(subject *s, uint64_t t_ns, bud_error *err)
{
	bud_progress progress;
	bud_progress_begin(&progress, &s->bench->bundle->source->info, s->options->quiet);
	bud_status status = bud_progress_replay(&progress, s->bench->replay, t_ns, err);
	bud_progress_end(&progress);
	return status;
}

/* ---- the log ---- */

static bud_status read_log(subject *s, int page_shift, bud_error *err)
{
	char *text;
	bud_klog_init(&s->own);
	s->klog = s->bench ? &s->bench->bundle->klog : NULL;
	if (!s->options->dmesg)
		return BUD_OK;
	bud_status status = bud_kernfiles_text(s->options->dmesg, &text, err);
	if (status)
		return status;
	bud_dmesg_read(&s->own, text, page_shift);
	free(text);
	s->klog = &s->own;
	return s->own.nr_reports ? BUD_OK
				 : bud_error_set(err, BUD_ERR_USAGE,
						 "%s: no report of a failed allocation or of the OOM killer in it",
						 s->options->dmesg);
}

/* ---- first pass: all failures ---- */

static bud_status listen_first(subject *s, bud_error *err)
{
	bud_workbench *b = s->bench;
	size_t nr = b->bundle->nr_snapshots;
	bud_status status = bud_boosts_create(&s->boosts, b->replay, s->settings, nr, err);
	if (!status)
		status = bud_replay_listen(b->replay, BUD_BOOSTS_EVENTS, bud_boosts_event, s->boosts, err);
	if (!status)
		status = bud_failures_create(&s->log, b->replay, b->bundle->source, &s->options->filter, s->settings,
					     nr, s->boosts, err);
	if (!status)
		status = bud_replay_listen(b->replay, BUD_FAILURES_EVENTS, bud_failures_event, s->log, err);
	if (!status && s->klog->nr_reports)
		status = bud_logmatch_create(&s->match, s->klog, b->replay, s->settings, nr, s->boosts, err);
	if (!status && s->match)
		status = bud_replay_listen(b->replay, BUD_EVENT_BIT(BUD_EV_OOM_VICTIM), bud_logmatch_find, s->match,
					   err);
	return status;
}

static bud_status first_pass(subject *s, bud_error *err)
{
	bud_status status = listen_first(s, err);
	if (!status)
		status = replay_all(s, BUD_TIME_NONE, err);
	if (!status)
		status = bud_failures_status(s->log, err);
	bud_replay_unlisten(s->bench->replay, bud_boosts_event, s->boosts);
	bud_replay_unlisten(s->bench->replay, bud_failures_event, s->log);
	if (s->match)
		bud_replay_unlisten(s->bench->replay, bud_logmatch_find, s->match);
	return status;
}

/* ---- which of them ---- */

static bud_status begin_chronicle(subject *s, uint64_t begin_ns, uint64_t end_ns, bud_error *err)
{
	bud_replay *replay = s->bench->replay;
	const bud_chronicle_options options = { .begin_ns = begin_ns, .end_ns = end_ns };
	bud_status status = bud_chronicle_create(&s->chronicle, replay, s->bench->bundle->source, NULL, &options, err);
	return status ? status
		      : bud_replay_listen(replay, BUD_CHRONICLE_EVENTS, bud_chronicle_event, s->chronicle, err);
}

static bud_status end_chronicle(subject *s, bud_error *err)
{
	bud_replay_unlisten(s->bench->replay, bud_chronicle_event, s->chronicle);
	bud_chronicle_finish(s->chronicle);
	return bud_chronicle_status(s->chronicle, err);
}

/* A pass of its own: ids are those of report -s episode. */
static bud_status choose_by_episode(subject *s, bud_error *err)
{
	uint64_t id = (uint64_t)s->options->episode;
	bud_status status = begin_chronicle(s, 0, BUD_TIME_NONE, err);
	if (!status)
		status = replay_all(s, BUD_TIME_NONE, err);
	if (!status)
		status = end_chronicle(s, err);
	if (!status)
		status = bud_explain_choose_episode(&s->asked, s->options, bud_failures_list(s->log),
						    bud_episode_list_find(bud_chronicle_list(s->chronicle), id), err);
	bud_chronicle_destroy(s->chronicle);
	s->chronicle = NULL;
	return status;
}

static bud_status choose(subject *s, bud_error *err)
{
	return s->options->episode
		       ? choose_by_episode(s, err)
		       : bud_explain_choose(&s->asked, s->options, bud_failures_list(s->log),
					    bud_replay_kernel(s->bench->replay), s->bench->bundle->source, err);
}

/* ---- second pass: the scene, and the log ---- */

static void take_scene(subject *s)
{
	bud_replay *replay = s->bench->replay;
	const bud_settings *settings = bud_explain_settings(s->settings, s->bench->bundle->nr_snapshots, s->asked.t_ns);
	s->status = bud_impasse_take(&s->scene, &s->asked.plea, s->asked.t_ns, bud_replay_memory(replay),
				     bud_replay_kernel(replay), s->owners, settings, s->boosts, &s->error);
	s->taken = true;
}

/* The memory is as it was just before the event. */
static void watch_for_scene(void *self, const bud_event *event)
{
	subject *s = self;
	bool failed = event->kind == BUD_EV_ALLOC && event->page.pfn == BUD_PFN_NONE && event->order >= 0 &&
		      event->order < BUD_NR_ORDERS;
	s->failures_seen += failed;
	if (s->taken)
		return;
	if (s->asked.number ? failed && s->failures_seen == s->asked.number : event->t_ns > s->asked.t_ns)
		take_scene(s);
}

/* Books are kept until the scene is taken: who holds what then. */
static void keep_books(void *self, const bud_event *event)
{
	subject *s = self;
	if (!s->taken)
		bud_owners_event(s->owners, event);
}

static bud_status listen_for_scene(subject *s, bud_error *err)
{
	bud_workbench *b = s->bench;
	bud_source *source = b->bundle->source;
	const bud_owners_options options = { .end_ns = BUD_TIME_NONE, .early = &s->early };
	bud_status status =
		bud_early_read(&s->early, b->bundle->snapshots, b->bundle->nr_snapshots, s->asked.t_ns, err);
	if (!status)
		status = bud_site_table_create(&s->sites, source, bud_replay_kernel(b->replay), BUD_SITE_MAX, err);
	if (!status)
		status = bud_owners_create(&s->owners, b->replay, source, s->sites, &options, err);
	/* The owners first: the scene is looked at with the event's own request booked. */
	if (!status)
		status = bud_replay_listen(b->replay, BUD_OWNERS_EVENTS, keep_books, s, err);
	if (!status)
		status = bud_replay_listen(b->replay, 0, watch_for_scene, s, err);
	return status;
}

static bud_status listen_second(subject *s, bud_error *err)
{
	bud_workbench *b = s->bench;
	bud_boosts_rewind(s->boosts);
	bud_status status = bud_replay_listen(b->replay, BUD_BOOSTS_EVENTS, bud_boosts_event, s->boosts, err);
	if (!status && s->asked.wanted)
		status = listen_for_scene(s, err);
	if (!status && s->asked.wanted && !s->asked.question)
		status = begin_chronicle(s, bud_explain_choice_end(&s->asked), bud_explain_choice_end(&s->asked), err);
	if (!status && s->match)
		status = bud_replay_listen(b->replay, 0, bud_logmatch_compare, s->match, err);
	return status;
}

static void stop_listening(subject *s)
{
	bud_replay_unlisten(s->bench->replay, bud_boosts_event, s->boosts);
	bud_replay_unlisten(s->bench->replay, keep_books, s);
	bud_replay_unlisten(s->bench->replay, watch_for_scene, s);
	if (s->match)
		bud_replay_unlisten(s->bench->replay, bud_logmatch_compare, s->match);
}

static bud_status second_pass(subject *s, bud_error *err)
{
	bool compare = s->match && bud_logmatch_settle(s->match);
	if (!s->asked.wanted && !compare)
		return BUD_OK;
	bud_status status = listen_second(s, err);
	if (!status)
		status = replay_all(s, compare ? BUD_TIME_NONE : bud_explain_choice_end(&s->asked), err);
	if (!status && s->asked.wanted && !s->taken)
		take_scene(s);
	stop_listening(s);
	if (!status && s->chronicle)
		status = end_chronicle(s, err);
	if (!status && s->owners)
		status = bud_owners_status(s->owners, err);
	if (!status && s->match)
		status = bud_logmatch_status(s->match, err);
	return status || !s->status ? status : bud_error_set(err, s->status, "%s", s->error.text);
}

/* ---- the trial: what would have helped ---- */

/* How far the simulations go: as long as the trace has failures like it. */
static uint64_t end_of_trial(const subject *s)
{
	const bud_failures *list = bud_failures_list(s->log);
	uint64_t end = bud_explain_choice_end(&s->asked);
	for (size_t i = 0; s->asked.number && i < list->nr; i++) {
		const bud_failure *f = &list->failures[i];
		if (f->plea.order == s->asked.plea.order && f->plea.gfp_flags == s->asked.plea.gfp_flags &&
		    f->t_ns > end)
			end = f->t_ns;
	}
	return end;
}

/* A request nobody made, which would be served. */
static bool needs_nothing(const subject *s)
{
	return s->asked.question && s->scene.explanation.cause == BUD_CAUSE_PASSES;
}

static bud_status try_remedies(subject *s, bud_error *err)
{
	const bud_gfp_table *gfp = &s->bench->kernel.gfp;
	s->trial.options = s->options;
	s->trial.bench = s->bench;
	s->trial.scene = &s->scene;
	s->trial.settings = bud_explain_settings(s->settings, s->bench->bundle->nr_snapshots, s->asked.t_ns);
	s->trial.owners = s->owners;
	s->trial.sites = s->sites;
	s->trial.subject = (bud_fate_subject){ .order = s->asked.plea.order,
					       .gfp = bud_gfp_from_raw(gfp, s->asked.plea.gfp_flags),
					       .failure = s->asked.number,
					       .t_ns = s->asked.got_ns,
					       .pfn = s->asked.pfn,
					       .node = (int16_t)s->asked.plea.node };
	s->trial.end_ns = end_of_trial(s);
	return bud_explain_trial_run(&s->trial, err);
}

/* ---- output ---- */

/* A request that did not fail, or that nobody made. */
static bud_status print_scene_rows(const subject *s, bud_row_sink *sink, bud_error *err)
{
	bud_explanation e = s->scene.explanation;
	const bud_failures list = { .answers = e.answers };
	const bud_failure failure = { .number = BUD_UNKNOWN,
				      .t_ns = s->asked.t_ns,
				      .pid = s->asked.pid,
				      .plea = s->asked.plea,
				      .cause = e.cause,
				      .unsure = e.unsure,
				      .nr_answers = (uint32_t)e.nr_answers };
	return bud_failures_rows(&list, &failure, s->bench->bundle->source, bud_replay_kernel(s->bench->replay), sink,
				 err);
}

static bud_status print_rows(const subject *s, bud_row_sink *sink, bud_error *err)
{
	const bud_failures *list = bud_failures_list(s->log);
	bool one = s->options->failure || s->options->episode || s->options->at;
	bud_status status = BUD_OK;
	for (size_t i = 0; !status && i < list->nr; i++)
		if (!one || list->failures[i].number == s->asked.number)
			status = bud_failures_rows(list, &list->failures[i], s->bench->bundle->source,
						   bud_replay_kernel(s->bench->replay), sink, err);
	return !status && s->taken && !s->asked.number ? print_scene_rows(s, sink, err) : status;
}

static bud_status print_tables(const subject *s, bud_outputs *outputs, bud_error *err)
{
	bud_status status = bud_outputs_open(outputs, err);
	if (s->trial.untried[0])
		bud_cmd_remark(s->options, s->trial.untried);
	for (size_t i = 0; !status && i < outputs->nr; i++) {
		bud_row_sink *sink = &outputs->list[i].sink;
		if (outputs->list[i].shape == &bud_failures_table)
			status = print_rows(s, sink, err);
		else
			status = bud_trial_rows(&s->trial.trial, s->asked.number ? s->asked.number : BUD_UNKNOWN,
						s->asked.t_ns, sink, err);
	}
	return bud_outputs_close(outputs, status, err);
}

static bud_status print_reports(const subject *s, const bud_explain_text *text, bud_error *err)
{
	size_t nr = 0;
	const bud_log_match *matches = s->match ? bud_logmatch_list(s->match, &nr) : NULL;
	for (size_t i = 0; i < s->klog->nr_reports; i++) {
		bud_explanation explanation;
		bud_plea plea = bud_logmatch_plea(&s->klog->reports[i]);
		plea.only = &s->options->filter;
		bud_status status = bud_explain_report(&explanation, &plea, &s->klog->reports[i], text->kernel, err);
		if (status)
			return status;
		bud_explain_text_report(text, &s->klog->reports[i], &explanation, matches ? &matches[i] : NULL);
	}
	return BUD_OK;
}

/* What became of it on the way, if the trace has events of that. */
static void print_story(const subject *s, const bud_explain_text *text)
{
	const bud_episode_list *list = s->chronicle ? bud_chronicle_list(s->chronicle) : NULL;
	const bud_episode *e =
		list ? bud_episode_list_ending(list, bud_explain_choice_end(&s->asked), s->asked.pid) : NULL;
	if (e && e->kind == BUD_EPISODE_REQUEST)
		bud_story_text_print(text, e, bud_episode_list_parts(list, e), bud_replay_memory(s->bench->replay));
}

static bud_status print_text(const subject *s, FILE *out, bud_error *err)
{
	const bud_bundle *bundle = s->bench->bundle;
	bud_explain_text text = { .out = out,
				  .kernel = bud_replay_kernel(s->bench->replay),
				  .source = bundle->source,
				  .clock_is_ns = bundle->source->info.clock_is_ns,
				  .verbose = s->options->verbose,
				  .question = s->asked.question };
	if (!s->asked.question && !s->options->dmesg)
		bud_explain_text_list(&text, bud_failures_list(s->log), s->asked.number);
	if (s->asked.wanted) {
		const char *comm = s->asked.question ? NULL : bud_source_comm(bundle->source, s->asked.pid);
		bud_explain_text_plea(&text, &s->asked.plea, s->asked.question || comm ? comm : "?", s->asked.pid,
				      s->asked.t_ns);
		bud_explain_text_verdict(&text, &s->asked.plea, &s->scene.explanation);
		print_story(s, &text);
		bud_explain_text_scene(&text, &s->scene, s->owners, s->sites);
		if (!needs_nothing(s))
			bud_explain_trial_print(&s->trial, &text);
	}
	if (s->options->dmesg)
		return print_reports(s, &text, err);
	size_t nr;
	const bud_log_match *matches = s->match ? bud_logmatch_list(s->match, &nr) : NULL;
	if (matches && !s->asked.question) {
		fputc('\n', out);
		bud_explain_text_agreement(&text, matches, nr);
	}
	return BUD_OK;
}

static bud_status print(const subject *s, bud_outputs *outputs, bud_error *err)
{
	bud_output output;
	if (outputs->nr)
		return print_tables(s, outputs, err);
	bud_status status = bud_output_open(&output, s->options->output, err);
	if (status)
		return status;
	status = print_text(s, output.out, err);
	bud_status closed = bud_output_close(&output, status ? NULL : err);
	return status ? status : closed;
}

/* Its tables; without a format and a section it is text. */
static bud_status choose_tables(const bud_options *o, bud_outputs *outputs, bud_error *err)
{
	static const bud_table *const tables[] = { &bud_failures_table, &bud_trial_table };
	if (!o->sections)
		return o->format == BUD_FORMAT_TEXT ? BUD_OK : bud_outputs_add(outputs, &bud_failures_table, err);
	char *copy = strdup(o->sections), *rest = copy;
	bud_status status = copy ? BUD_OK : bud_error_memory(err, "--section");
	for (char *word; !status && (word = strsep(&rest, ","));) {
		size_t i = 0;
		while (i < sizeof tables / sizeof *tables && strcmp(tables[i]->name, word) != 0)
			i++;
		status = i < sizeof tables / sizeof *tables
				 ? bud_outputs_add(outputs, tables[i], err)
				 : bud_error_set(err, BUD_ERR_USAGE,
						 "--section %s: there are explain, simulated_remedy", word);
	}
	free(copy);
	return status;
}

static void fini(subject *s)
{
	if (s->bench)
		bud_workbench_free_settings(s->bench, s->settings);
	bud_explain_trial_fini(&s->trial);
	bud_impasse_fini(&s->scene);
	bud_chronicle_destroy(s->chronicle);
	bud_owners_destroy(s->owners);
	bud_early_fini(&s->early);
	bud_site_table_destroy(s->sites);
	bud_failures_destroy(s->log);
	bud_boosts_destroy(s->boosts);
	bud_logmatch_destroy(s->match);
	bud_klog_fini(&s->own);
}

/* A kernel log without a trace: by the reports' own numbers. */
static bud_status explain_log_alone(const bud_options *options, bud_error *err)
{
	bud_output output;
	bud_kernel kernel;
	subject s = { .options = options };
	if (options->format != BUD_FORMAT_TEXT || options->episode || options->failure || options->at)
		return bud_error_set(err, BUD_ERR_USAGE, "without a capture, only the text of --dmesg FILE");
	bud_status status = read_log(&s, 12, err);
	if (!status)
		status = bud_output_open(&output, options->output, err);
	if (!status) {
		bud_kernel_init(&kernel, s.own.release, "");
		bud_explain_text text = {
			.out = output.out, .kernel = &kernel, .clock_is_ns = true, .verbose = options->verbose
		};
		status = print_reports(&s, &text, err);
		bud_status closed = bud_output_close(&output, status ? NULL : err);
		status = status ? status : closed;
	}
	bud_klog_fini(&s.own);
	return status;
}

static bool wants_table(const bud_outputs *outputs, const bud_table *table)
{
	for (size_t i = 0; i < outputs->nr; i++)
		if (outputs->list[i].shape == table)
			return true;
	return false;
}

static bud_status explain(subject *s, bud_outputs *outputs, bud_error *err)
{
	bool tries = !outputs->nr || wants_table(outputs, &bud_trial_table);
	bud_status status = bud_workbench_settings(s->bench, &s->settings, err);
	if (!status)
		status = read_log(s, bud_replay_kernel(s->bench->replay)->page_shift, err);
	if (!status)
		status = first_pass(s, err);
	if (!status)
		status = choose(s, err);
	if (!status && (tries || (s->asked.wanted && !s->asked.number)))
		status = second_pass(s, err);
	if (!status && tries && s->asked.wanted && !needs_nothing(s))
		status = try_remedies(s, err);
	return status ? status : print(s, outputs, err);
}

bud_status bud_cmd_explain(const bud_options *options, int *exit_code, bud_error *err)
{
	if (options->dmesg && strcmp(options->bench.path, "trace.dat") == 0 && access("trace.dat", F_OK) != 0)
		return explain_log_alone(options, err);
	bud_workbench bench;
	bud_outputs outputs = { .options = options };
	bud_status status = choose_tables(options, &outputs, err);
	if (!status)
		status = bud_cmd_open(&bench, options, err);
	if (status)
		return status;
	subject s = { .options = options, .bench = &bench, .asked.pfn = BUD_PFN_NONE };
	status = explain(&s, &outputs, err);
	if (!status)
		bud_cmd_tell_damage(&bench, exit_code);
	fini(&s);
	bud_workbench_close(&bench);
	return status;
}
