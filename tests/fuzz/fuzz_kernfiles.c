/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any bytes as each of the kernel's files. */
#include <stdlib.h>
#include <unistd.h>

#include "formats/read/kernfiles.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "zoneinfo",       "buddyinfo", "pagetypeinfo", "extfrag_index",
					     "unusable_index", "vmstat",    "times" };
	char path[] = "/tmp/fuzz-kernfiles-XXXXXX";
	int fd = mkstemp(path);
	bud_snapshot snapshot = { 0 };
	bud_error err;
	if (fd < 0)
		return 0;
	if (write(fd, data, size) == (ssize_t)size)
		for (size_t i = 0; i < sizeof names / sizeof *names; i++)
			bud_kernfiles_read(&snapshot, names[i], path, &err);
	bud_snapshot_fini(&snapshot);
	close(fd);
	unlink(path);
	return 0;
}
