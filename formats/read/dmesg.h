/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The kernel log as dmesg, the console or journalctl write it down. Lines
 * may carry any prefix before the kernel's time in brackets, or no time.
 */
#ifndef BUD_READ_DMESG_H
#define BUD_READ_DMESG_H

#include "lib/base/klog.h"

/*
 * Takes what klog.h describes from a text, which is cut into lines in place.
 * klog is initialised; page_shift turns the log's kB into pages.
 */
void bud_dmesg_read(bud_klog *klog, char *text, int page_shift);
/* Where the kernel image lies, from a text of /proc/iomem. */
void bud_dmesg_read_iomem(bud_klog *klog, const char *text);

#endif
