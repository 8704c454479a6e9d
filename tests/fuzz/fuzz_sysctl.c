/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any text as the settings of /proc/sys/vm, of transparent huge pages, and as what a user sets. */
#include <stdlib.h>
#include <string.h>

#include "lib/base/sysctl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	bud_sysctls sysctls;
	bud_error err;
	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	bud_sysctls_init(&sysctls);
	bud_sysctls_read(&sysctls, text);
	bud_sysctls_read_thp(&sysctls, text);
	bud_sysctls_set(&sysctls, text, &err);
	for (int i = 0; i < BUD_NR_SYSCTLS; i++) {
		char value[24];
		bud_sysctl_text(&sysctls, (bud_sysctl)i, value);
	}
	free(text);
	return 0;
}
