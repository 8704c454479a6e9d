/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The container of a trace.dat file, version 6 (parts in a fixed order) and
 * 7 (sections found through options, each perhaps compressed). What it says
 * about the machine and where each CPU's sub-buffers lie; not the events.
 */
#ifndef BUD_READ_CONTAINER_H
#define BUD_READ_CONTAINER_H

#include "formats/read/inflate.h"
#include "formats/read/eventfmt.h"

typedef struct bud_container_cpu {
	uint32_t cpu;
	uint64_t offset, size; /* as the file claims */
} bud_container_cpu;

typedef struct bud_container_buffer {
	char *name; /* "" is the top buffer */
	char *clock; /* "" if not named */
	uint32_t page_size;
	bool compressed;
	bud_container_cpu *cpus;
	size_t nr_cpus;
} bud_container_buffer;

typedef struct bud_container_stat {
	uint32_t cpu;
	uint64_t overrun, dropped;
} bud_container_stat;

typedef struct bud_container {
	const char *path;
	const uint8_t *data; /* the whole file; the caller's */
	uint64_t size;

	unsigned version;
	bool big_endian, swap;
	uint8_t word_bytes; /* of the kernel, by its commit field */
	uint32_t page_size; /* of the traced machine */
	uint32_t nr_cpus;
	char codec_name[16];
	bud_codec codec;
	bud_eventfmt *formats;
	char *uname; /* "Linux host 6.1.0 x86_64", or NULL */
	char *clock; /* the bracketed word of trace_clock, or NULL */
	char *cmdlines; /* "PID COMM" lines, or NULL */
	uint64_t kallsyms; /* where the kernel symbols are in the file; 0: nowhere */
	char *symbols_text; /* on its way to the caller of bud_container_kallsyms() */
	uint32_t tsc_mult, tsc_shift;
	int64_t ts_offset;
	bud_container_stat *stats; /* of the top buffer's CPUs */
	size_t nr_stats;
	bud_container_buffer *buffers;
	size_t nr_buffers;
	char *damage; /* one line, or NULL: part of the description is missing */
} bud_container;

/* Does it begin like a trace.dat? */
bool bud_container_sniff(const uint8_t *data, uint64_t size);

/* Reads the description. On an error everything is freed. */
bud_status bud_container_open(bud_container *container, const char *path, const uint8_t *data, uint64_t size,
			      bud_error *err);
/* The kernel symbols as a text of /proc/kallsyms, terminated; the caller's. *text is NULL if there are none. */
bud_status bud_container_kallsyms(bud_container *container, char **text, bud_error *err);
void bud_container_close(bud_container *container);

#endif
