/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/cmd.h"

#include <string.h>

#include "cli/output.h"
#include "cli/progress.h"

static void say(const char *text)
{
	bud_output_print(stderr, "buddyscope: %s\n", text);
}

void bud_cmd_remark(const bud_options *options, const char *text)
{
	if (!options->quiet)
		say(text);
}

static bud_status learn(bud_workbench *bench, bool quiet, bud_error *err)
{
	bud_progress progress;
	bud_progress_begin(&progress, &bench->bundle->source->info, quiet);
	bud_status status = bud_progress_learn(&progress, bench, err);
	bud_progress_end(&progress);
	return status;
}

bud_status bud_cmd_open(bud_workbench *bench, const bud_options *options, bud_error *err)
{
	bud_status status = bud_workbench_open(bench, &options->bench, err);
	if (status)
		return status;
	for (size_t i = 0; i < bench->bundle->nr_notes; i++)
		bud_cmd_remark(options, bench->bundle->notes[i]);
	status = learn(bench, options->quiet, err);
	for (int k = 0; !status && k < BUD_NR_LACKS; k++)
		if (bud_replay_lacks(bench->replay) & BUD_LACKS_REFUSED & BUD_LACK_BIT(k))
			bud_cmd_remark(options, bud_lack_text((bud_lack)k));
	if (status)
		bud_workbench_close(bench);
	return status;
}

bud_status bud_cmd_check_filter(const bud_workbench *bench, const bud_options *options, bud_error *err)
{
	const bud_section_filter *filter = &options->filter;
	char zones[256] = "";
	for (size_t i = 0; i < bench->memory.nr_zones; i++) {
		const bud_zone *zone = &bench->memory.zones[i];
		if (bud_section_wants_zone(filter, zone->node, zone->name))
			return BUD_OK;
		size_t used = strlen(zones);
		snprintf(zones + used, sizeof zones - used, "%snode %d %s", i ? ", " : "", zone->node, zone->name);
	}
	if (filter->node < 0 && !filter->zone)
		return BUD_OK;
	return bud_error_set(err, BUD_ERR_USAGE, "--node and --zone leave nothing; there are: %s",
			     *zones ? zones : "no zones");
}

void bud_cmd_tell_damage(const bud_workbench *bench, int *exit_code)
{
	const char *damage = bench->bundle->source->info.damage;
	if (!damage)
		return;
	say(damage);
	*exit_code = BUD_EXIT_DAMAGED;
}
