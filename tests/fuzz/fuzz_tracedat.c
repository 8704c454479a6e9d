/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any bytes as a trace file, read to the end and replayed over assumed zones. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "formats/read/tracedat.h"
#include "lib/replay/replay.h"
#include "lib/replay/survey.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void replay(bud_source *source)
{
	bud_kernel kernel;
	bud_survey survey;
	bud_memory memory;
	bud_replay *r;
	bud_error err;
	bool done;
	uint64_t budget = 1000000;
	bud_kernel_init(&kernel, source->info.uname, source->info.machine);
	if (bud_survey_run(&survey, source, NULL, 0, &kernel, true, &err) ||
	    bud_memory_assume(&memory, &kernel, survey.first_pfn, survey.last_pfn, &err))
		return;
	if (!bud_replay_create(&r, &memory, &kernel, source, NULL, 0, BUD_SEED_AUTO, &err)) {
		bud_replay_run(r, BUD_TIME_NONE, &budget, &done, &err);
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
