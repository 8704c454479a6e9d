/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any bytes as a trace file, read to the end and replayed over assumed zones. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "formats/read/tracedat.h"
#include "lib/insight/chronicle.h"
#include "lib/insight/pins.h"
#include "lib/replay/replay.h"
#include "lib/replay/survey.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The stories a trace tells. */
static void listen(bud_source *source, bud_replay *replay)
{
	const bud_chronicle_options telling = { .end_ns = UINT64_MAX, .max_bytes = 1 << 20 };
	const bud_owners_options owning = { .end_ns = UINT64_MAX, .max_bytes = 1 << 24 };
	bud_site_table *sites = NULL;
	bud_chronicle *chronicle = NULL;
	bud_owners *owners = NULL;
	bud_pins pins;
	bool done;
	uint64_t budget = 1000000;
	if (!bud_site_table_create(&sites, source, bud_replay_kernel(replay), 100, NULL) &&
	    !bud_chronicle_create(&chronicle, replay, source, sites, &telling, NULL) &&
	    !bud_owners_create(&owners, replay, source, sites, &owning, NULL) &&
	    !bud_replay_listen(replay, BUD_CHRONICLE_EVENTS, bud_chronicle_event, chronicle, NULL) &&
	    !bud_replay_listen(replay, BUD_OWNERS_EVENTS, bud_owners_event, owners, NULL)) {
		bud_replay_run(replay, BUD_TIME_NONE, &budget, &done, NULL);
		bud_chronicle_finish(chronicle);
		bud_owners_settle(owners);
		if (!bud_pins_collect(&pins, bud_replay_memory(replay), bud_replay_kernel(replay), owners, NULL))
			bud_pins_fini(&pins);
		for (uint32_t i = 0; i < bud_site_count(sites); i++) {
			char name[BUD_SITE_TEXT];
			bud_site_name(sites, i, name, sizeof name);
		}
	}
	bud_owners_destroy(owners);
	bud_chronicle_destroy(chronicle);
	bud_site_table_destroy(sites);
}

static void replay(bud_source *source)
{
	bud_kernel kernel;
	bud_survey survey;
	bud_memory memory;
	bud_replay *r;
	bud_error err;
	bud_kernel_init(&kernel, source->info.uname, source->info.machine);
	if (bud_survey_run(&survey, source, NULL, 0, &kernel, true, &err) ||
	    bud_memory_assume(&memory, &kernel, survey.first_pfn, survey.last_pfn, &err))
		return;
	if (!bud_replay_create(&r, &memory, &kernel, source, NULL, 0, BUD_SEED_AUTO, &err)) {
		listen(source, r);
		bud_replay_destroy(r);
	}
	bud_memory_fini(&memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bud_open_options options = { 0 };
	bud_source *source;
	bud_error err;
	if (!size || !bud_tracedat_sniff(data, size))
		return 0;
	uint8_t *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED)
		return 0;
	memcpy(map, data, size);
	if (!bud_tracedat_open("fuzz", map, size, &options, &source, &err)) {
		replay(source);
		bud_source_close(source);
	}
	return 0;
}
