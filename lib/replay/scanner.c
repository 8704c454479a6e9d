/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/replay/scanner.h"

static unsigned first_stride(const bud_scanner *scanner)
{
	return !scanner->known ? 0 : scanner->sync ? 1 : BUD_SCANNER_MAX_STRIDE;
}

void bud_scanner_begin(bud_scanner *scanner, bool sync)
{
	*scanner = (bud_scanner){ .known = true, .sync = sync };
	scanner->on = scanner->anew = first_stride(scanner);
}

void bud_scanner_anew(bud_scanner *scanner, bool around)
{
	scanner->on = around ? 1 : first_stride(scanner);
	scanner->anew = first_stride(scanner);
}

/*
 * Whether what it counted can come of that stride. Steps of one count every
 * page on newer kernels. Larger ones count less; compound pages passed over
 * add to it, and to 6.1 take away from it.
 */
static bool fits(unsigned stride, const bud_event *event, bool old_kernel)
{
	uint64_t span = event->isolate.end_pfn - event->isolate.start_pfn, scanned = event->isolate.nr_scanned;
	uint64_t taken = event->isolate.nr_taken, steps = (span + stride - 1) / stride;
	if (old_kernel)
		return scanned <= steps + taken;
	if (stride == 1 || scanned >= span)
		return stride == 1 && scanned >= span;
	return scanned >= (span > taken ? span - taken : 0) / stride;
}

unsigned bud_scanner_stride(bud_scanner *scanner, const bud_event *event, bool old_kernel)
{
	unsigned stride = 0, likely[3] = { scanner->on, scanner->anew, 1 };
	for (int i = 0; i < 3 && !stride; i++)
		if (likely[i] && fits(likely[i], event, old_kernel) && (i < 2 || !old_kernel))
			stride = likely[i];
	unsigned twice = stride * 2 < BUD_SCANNER_MAX_STRIDE ? stride * 2 : BUD_SCANNER_MAX_STRIDE;
	scanner->on = event->isolate.nr_taken ? 1 : stride ? twice : 0;
	scanner->anew = first_stride(scanner);
	return stride;
}
