/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any text as a kernel log, and every report found in it explained by its own numbers. */
#include <stdlib.h>
#include <string.h>

#include "formats/read/dmesg.h"
#include "lib/insight/explain.h"
#include "lib/insight/logmatch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	bud_klog klog;
	bud_kernel kernel;
	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	bud_klog_init(&klog);
	bud_kernel_init(&kernel, "6.12.1", "x86_64");
	bud_dmesg_read_iomem(&klog, text);
	bud_dmesg_read(&klog, text, kernel.page_shift);
	for (size_t i = 0; i < klog.nr_reports; i++) {
		bud_explanation explanation;
		bud_plea plea = bud_logmatch_plea(&klog.reports[i]);
		bud_explain_report(&explanation, &plea, &klog.reports[i], &kernel, NULL);
	}
	bud_klog_fini(&klog);
	free(text);
	return 0;
}
