/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/insight/audit.h"

static void hear(void *self, const bud_event *event)
{
	bud_audit *audit = self;
	bud_listaudit_event(&audit->lists, event);
	bud_zoneaudit_event(&audit->zones, event);
}

bud_status bud_audit_begin(bud_audit *audit, bud_replay *replay, const bud_audit_input *input, bud_error *err)
{
	*audit = (bud_audit){ .replay = replay };
	bud_status status = bud_tally_init(&audit->tally, err);
	if (!status)
		status = bud_listaudit_init(&audit->lists, bud_replay_kernel(replay), bud_replay_memory(replay),
					    input->nr_cpus, &audit->tally, err);
	if (!status)
		status = bud_zoneaudit_init(&audit->zones, replay, input->snapshots, input->nr_snapshots,
					    input->sysctls, input->nr_cpus, &audit->tally, err);
	if (!status)
		status = bud_replay_listen(replay, 0, hear, audit, err);
	return status;
}

void bud_audit_end(bud_audit *audit)
{
	bud_replay_unlisten(audit->replay, hear, audit);
	bud_listaudit_end(&audit->lists);
	bud_tally_sort(&audit->tally);
}

void bud_audit_fini(bud_audit *audit)
{
	bud_listaudit_fini(&audit->lists);
	bud_zoneaudit_fini(&audit->zones);
	bud_tally_fini(&audit->tally);
}
