/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <signal.h>

#include "cli/cmd.h"
#include "cli/output.h"
#include "cli/tui/app.h"
#include "cli/tui/config.h"

static bud_status look(const bud_options *options, const bud_keymap *keymap, bud_app_end *end, int *exit_code,
		       bud_error *err)
{
	bud_workbench bench;
	bud_workbench_options with_types = options->bench;
	with_types.types = true;
	bud_status status = bud_workbench_open(&bench, &with_types, err);
	if (status)
		return status;
	status = bud_cmd_check_filter(&bench, options, err);
	if (!status)
		status = bud_app_run(&bench, options, keymap, end, err);
	if (!status && *end->command)
		bud_output_print(stdout, "%s\n", end->command);
	if (!status)
		bud_cmd_tell_damage(&bench, exit_code);
	bud_workbench_close(&bench);
	return status;
}

bud_status bud_cmd_view(const bud_options *options, int *exit_code, bud_error *err)
{
	bud_options configured = *options;
	bud_keymap keymap;
	bud_config config;
	bud_app_end end = { 0 };
	char path[1024];
	bud_keymap_init(&keymap);
	bud_status status = bud_config_read(&config, &configured, &keymap, err);
	if (!status && options->keys) {
		bud_keymap_print(&keymap, stdout);
	} else if (!status && options->write_config) {
		status = bud_config_write(&configured, &keymap, path, sizeof path, err);
		if (!status)
			bud_output_print(stdout, "%s\n", path);
	} else if (!status) {
		status = look(&configured, &keymap, &end, exit_code, err);
	}
	bud_config_fini(&config);
	if (end.signal_number) {
		signal(end.signal_number, SIG_DFL);
		raise(end.signal_number);
	}
	return status;
}
