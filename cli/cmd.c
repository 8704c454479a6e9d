/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/cmd.h"

#include "cli/output.h"

static void remark(const char *text)
{
	fputs("buddyscope: ", stderr);
	bud_output_printable(stderr, text);
	fputc('\n', stderr);
}

bud_status bud_cmd_open(bud_workbench *bench, const bud_options *options, bud_error *err)
{
	bud_status status = bud_workbench_open(bench, &options->bench, err);
	for (size_t i = 0; !status && !options->quiet && i < bench->bundle->nr_notes; i++)
		remark(bench->bundle->notes[i]);
	return status;
}

void bud_cmd_tell_damage(const bud_workbench *bench, int *exit_code)
{
	const char *damage = bench->bundle->source->info.damage;
	if (!damage)
		return;
	remark(damage);
	*exit_code = BUD_EXIT_DAMAGED;
}
