/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Explanations for people.
 */
#ifndef BUD_CLI_EXPLAIN_TEXT_H
#define BUD_CLI_EXPLAIN_TEXT_H

#include <stdio.h>

#include "lib/insight/failures.h"
#include "lib/insight/impasse.h"
#include "lib/insight/logmatch.h"

typedef struct bud_explain_text {
	FILE *out;
	const bud_kernel *kernel;
	const bud_source *source; /* NULL: explained by the kernel log alone */
	bool clock_is_ns, verbose;
	bool question; /* of the user's own: nobody asked for it in the trace */
} bud_explain_text;

/* All failures, counted by cause; the selected one is marked, 0: none. */
void bud_explain_text_list(const bud_explain_text *text, const bud_failures *failures, uint64_t selected);
/* What was asked, by whom (NULL: nobody, a question put by the user), and the verdict. */
void bud_explain_text_plea(const bud_explain_text *text, const bud_plea *plea, const char *comm, int32_t pid,
			   uint64_t t_ns);
void bud_explain_text_verdict(const bud_explain_text *text, const bud_plea *plea, const bud_explanation *explanation);
/* What stands in its way, and what it fell short of. */
void bud_explain_text_scene(const bud_explain_text *text, const bud_impasse *scene, const bud_owners *owners,
			    bud_site_table *sites);
/* A report of the kernel log explained by its own numbers; and beside the replay, where match is not NULL. */
void bud_explain_text_report(const bud_explain_text *text, const bud_klog_report *report,
			     const bud_explanation *explanation, const bud_log_match *match);
/* One line on how the log's reports agree with the replay. */
void bud_explain_text_agreement(const bud_explain_text *text, const bud_log_match *matches, size_t nr);

#endif
