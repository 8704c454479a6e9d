/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <signal.h>

#include "cli/cmd.h"
#include "cli/tui/app.h"

bud_status bud_cmd_view(const bud_options *options, int *exit_code, bud_error *err)
{
	bud_workbench bench;
	int number;
	bud_status status = bud_cmd_open(&bench, options, err);
	if (status)
		return status;
	status = bud_app_run(&bench, options, &number, err);
	if (!status)
		bud_cmd_tell_damage(&bench, exit_code);
	bud_workbench_close(&bench);
	if (number) {
		signal(number, SIG_DFL);
		raise(number);
	}
	return status;
}
