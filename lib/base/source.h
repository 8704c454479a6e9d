/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where events come from, abstractly. Formats provide sources; the replay
 * and all above it only know this interface.
 *
 * Events arrive in the order of terms.md: by time, then CPU, then position
 * in that CPU's stream. A batch is a run of them, all of one CPU.
 */
#ifndef BUD_BASE_SOURCE_H
#define BUD_BASE_SOURCE_H

#include "lib/base/error.h"
#include "lib/base/event.h"
#include "lib/base/gfp.h"

typedef struct bud_batch {
	const bud_event *events; /* the source's, with all they point to; valid until the next call on it */
	size_t nr;
} bud_batch;

typedef struct bud_event_count {
	const char *system, *name;
	uint64_t count;
} bud_event_count;

typedef struct bud_cpu_loss {
	uint64_t gaps; /* places in the stream where records are missing */
	uint64_t gaps_uncounted; /* those of them whose size nobody wrote down */
	uint64_t counted; /* records missing, by the counts of the other gaps */
	uint64_t overrun, dropped; /* the recorder's own statistics of this CPU; 0 where the file has none */
} bud_cpu_loss;

typedef struct bud_buffer_info {
	const char *name; /* "" is the top buffer */
	const char *clock; /* as the file names it; "" if it does not */
	uint64_t page_events; /* kmem mm_page_* records; known after bud_source_count() or a choice between buffers */
	bool used; /* the one this source reads */
} bud_buffer_info;

/* What the file says about itself. Strings belong to the source. "complete" parts grow while it is read. */
typedef struct bud_trace_info {
	const char *path;
	const char *format; /* "trace.dat v7 zstd" */
	const char *uname; /* release only, "6.12.117+deb13-cloud-amd64"; "" unknown */
	const char *machine; /* "x86_64"; "" unknown */
	const char *clock; /* of the buffer in use; "" unknown */
	bool clock_is_ns; /* false: t_ns holds raw ticks */
	bool big_endian;
	unsigned word_bytes; /* of the kernel: 4 or 8 */
	unsigned page_size; /* of the traced machine in bytes, or 0 */
	unsigned nr_cpus;
	uint64_t first_ns, last_ns; /* of all events, wanted or not; BUD_TIME_NONE without events */
	bud_event_mask formats; /* kinds the file describes, recorded or not */
	const bud_gfp_table *gfp; /* what the raw gfp flags of its events mean; NULL where it does not say */
	const bud_buffer_info *buffers;
	size_t nr_buffers;
	bud_cpu_loss *loss; /* nr_cpus of them, of the buffer in use, NULL if nothing is known; a bundle adds what its percpu_stats say */
	const char *damage; /* one line on what is cut off or undecodable, with file and offset; NULL if nothing is */
} bud_trace_info;

typedef struct bud_source bud_source;

typedef struct bud_source_ops {
	bud_status (*next)(bud_source *source, bud_batch *batch, bud_error *err);
	bud_status (*rewind)(bud_source *source, uint64_t t_ns, bud_error *err);
	bud_status (*count)(bud_source *source, const bud_event_count **counts, size_t *nr, bud_error *err);
	const char *(*comm)(const bud_source *source, int32_t pid);
	const char *(*symbol)(bud_source *source, uint64_t address, uint64_t *offset);
	void (*close)(bud_source *source);
} bud_source_ops;

struct bud_source {
	const bud_source_ops *ops;
	bud_trace_info info;
	bud_event_mask wanted; /* kinds that next() delivers; LOST is always delivered */
	uint64_t rewinds; /* so far: whoever finds one that is not its own has lost its place */
};

/*
 * The next run of wanted events; nr == 0 at the end. Damage met on the way
 * ends that CPU's stream and is told in info.damage, not as an error: what
 * could be read before it is delivered.
 */
static inline bud_status bud_source_next(bud_source *s, bud_batch *batch, bud_error *err)
{
	return s->ops->next(s, batch, err);
}

/*
 * Starts again with the first wanted event at or after t_ns (0: the very
 * beginning), delivering the kinds in wanted from there on.
 */
static inline bud_status bud_source_rewind(bud_source *s, uint64_t t_ns, bud_event_mask wanted, bud_error *err)
{
	s->wanted = wanted;
	s->rewinds++;
	return s->ops->rewind(s, t_ns, err);
}

/*
 * Counts every record of the file, of all buffers, by event; fills the
 * loss and page_events of info. Sorted by system and name, without zeros.
 * The array is the source's. Leaves the read position undefined: rewind.
 */
static inline bud_status bud_source_count(bud_source *s, const bud_event_count **counts, size_t *nr, bud_error *err)
{
	return s->ops->count(s, counts, nr, err);
}

/* The command name the trace holds for pid (untrusted bytes), or NULL. */
static inline const char *bud_source_comm(const bud_source *s, int32_t pid)
{
	return s->ops->comm(s, pid);
}

/*
 * The kernel symbol that address lies in (untrusted bytes) and the offset
 * within it, or NULL. The first call reads the table.
 */
static inline const char *bud_source_symbol(bud_source *s, uint64_t address, uint64_t *offset)
{
	return s->ops->symbol(s, address, offset);
}

static inline void bud_source_close(bud_source *s)
{
	if (s)
		s->ops->close(s);
}

/* lost_events of terms.md: sum over CPUs of the larger of (counted gaps) and (overrun + dropped). */
uint64_t bud_trace_lost(const bud_trace_info *info);
/* Gaps without a count, over all CPUs. */
uint64_t bud_trace_uncounted_gaps(const bud_trace_info *info);

#endif
