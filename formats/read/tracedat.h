/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * trace.dat files as a source of events.
 */
#ifndef BUD_READ_TRACEDAT_H
#define BUD_READ_TRACEDAT_H

#include "formats/read/readers.h"

bool bud_tracedat_sniff(const uint8_t *data, uint64_t size);

/* Takes over the mapping [data, data + size) of munmap()able memory, also on failure. */
bud_status bud_tracedat_open(const char *path, uint8_t *data, uint64_t size, const bud_open_options *options,
			     bud_source **source, bud_error *err);

#endif
