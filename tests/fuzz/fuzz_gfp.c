/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any text as the print format of an event, and as flags by the names it lists. */
#include <stdlib.h>
#include <string.h>

#include "formats/read/flaglist.h"
#include "lib/base/kernel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void parse(const bud_gfp_table *table, const char *text)
{
	uint64_t raw, again;
	char said[BUD_GFP_TEXT];
	bud_error err;
	if (bud_gfp_parse(table, text, &raw, &err))
		return;
	bud_gfp_format(table, raw, said, sizeof said);
	/* What is printed means the same. */
	if (bud_gfp_parse(table, said, &again, &err) || again != raw)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	bud_kernel kernel;
	bud_gfp_table table = { 0 };
	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	bud_kernel_init(&kernel, "6.12.1", "x86_64");
	parse(&kernel.gfp, text);
	bud_flaglist_gfp(&table, text);
	for (int bit = 0; bit < 64; bit++) {
		char said[BUD_GFP_TEXT];
		bud_gfp_format(&table, (uint64_t)1 << bit, said, sizeof said);
		bud_gfp_to_raw(&table, bud_gfp_from_raw(&table, (uint64_t)1 << bit));
	}
	free(text);
	return 0;
}
