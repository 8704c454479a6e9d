/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "formats/read/tracedat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "formats/read/container.h"
#include "formats/read/merge.h"
#include "formats/read/symbols.h"

typedef struct comm {
	int32_t pid;
	const char *name;
} comm;

typedef struct tracedat {
	bud_source source; /* first: the source is the tracedat */
	bud_container container;
	bud_stream_file file;
	char *path;
	char format[32];
	char release[96], machine[32];
	bud_buffer_info *buffers;
	bud_cpu_loss *loss;
	bud_stream **streams; /* of every buffer of the container: its CPUs */
	size_t used;	      /* the buffer that next() reads */
	bud_merge merge;
	bud_event_count *counts;
	comm *comms; /* by pid */
	size_t nr_comms;
	bud_symbols symbols;
	bool symbols_read;
} tracedat;

bool bud_tracedat_sniff(const uint8_t *data, uint64_t size)
{
	return bud_container_sniff(data, size);
}

static tracedat *of(const bud_source *source)
{
	return (tracedat *)source;
}

static void refresh_info(tracedat *t)
{
	const bud_container_buffer *b = &t->container.buffers[t->used];
	for (size_t i = 0; i < b->nr_cpus; i++) {
		bud_cpu_loss *loss = &t->loss[b->cpus[i].cpu];
		const bud_cpu_loss *gaps = &t->streams[t->used][i].loss;
		loss->gaps = gaps->gaps;
		loss->gaps_uncounted = gaps->gaps_uncounted;
		loss->counted = gaps->counted;
	}
	t->source.info.damage = t->container.damage ? t->container.damage : t->file.damage;
}

static bud_status next(bud_source *source, bud_batch *batch, bud_error *err)
{
	(void)err;
	tracedat *t = of(source);
	*batch = bud_merge_next(&t->merge);
	if (!batch->nr)
		refresh_info(t);
	return BUD_OK;
}

static bud_status rewind_to(bud_source *source, uint64_t t_ns, bud_error *err)
{
	(void)err;
	tracedat *t = of(source);
	bud_merge_begin(&t->merge, t->streams[t->used], t->container.buffers[t->used].nr_cpus, source->wanted, t_ns);
	return BUD_OK;
}

static bool is_page_event(const bud_event_format *format)
{
	return strcmp(format->system, "kmem") == 0 && strncmp(format->name, "mm_page_", 8) == 0;
}

static bud_status count_buffer(tracedat *t, size_t buffer, uint64_t *by_id, bud_error *err)
{
	uint64_t *own = calloc(65536, sizeof *own);
	if (!own)
		return bud_error_memory(err, t->path);
	for (size_t i = 0; i < t->container.buffers[buffer].nr_cpus; i++)
		bud_stream_count(&t->streams[buffer][i], own);
	t->buffers[buffer].page_events = 0;
	for (int id = 0; id < 65536; id++) {
		const bud_event_format *format = t->container.formats->by_id[id];
		if (own[id] && format && is_page_event(format))
			t->buffers[buffer].page_events += own[id];
		by_id[id] += own[id];
	}
	free(own);
	return BUD_OK;
}

static int compare_counts(const void *a, const void *b)
{
	const bud_event_count *x = a, *y = b;
	int order = strcmp(x->system, y->system);
	return order ? order : strcmp(x->name, y->name);
}

static bud_status count(bud_source *source, const bud_event_count **counts, size_t *nr, bud_error *err)
{
	tracedat *t = of(source);
	uint64_t *by_id = calloc(65536, sizeof *by_id);
	bud_event_count *table = calloc(65536, sizeof *table);
	bud_status status = by_id && table ? BUD_OK : bud_error_memory(err, t->path);
	for (size_t b = 0; !status && b < t->container.nr_buffers; b++)
		status = count_buffer(t, b, by_id, err);
	*nr = 0;
	for (int id = 0; !status && id < 65536; id++) {
		const bud_event_format *format = t->container.formats->by_id[id];
		if (by_id[id])
			table[(*nr)++] = (bud_event_count){ format ? format->system : "",
							    format ? format->name : "unknown", by_id[id] };
	}
	free(by_id);
	free(t->counts);
	t->counts = table;
	if (!status)
		qsort(table, *nr, sizeof *table, compare_counts);
	*counts = table;
	refresh_info(t);
	return status;
}

static int compare_comms(const void *a, const void *b)
{
	int32_t x = ((const comm *)a)->pid, y = ((const comm *)b)->pid;
	return x < y ? -1 : x > y;
}

/* Cuts the "PID COMM" lines in place. */
static bud_status index_comms(tracedat *t, bud_error *err)
{
	size_t nr = 0;
	for (const char *c = t->container.cmdlines; c && *c; c++)
		nr += *c == '\n';
	t->comms = calloc(nr + 1, sizeof *t->comms);
	if (!t->comms)
		return bud_error_memory(err, t->path);
	char *rest = NULL;
	for (char *line = t->container.cmdlines ? strtok_r(t->container.cmdlines, "\n", &rest) : NULL;
	     line && t->nr_comms < nr; line = strtok_r(NULL, "\n", &rest)) {
		char *name;
		long pid = strtol(line, &name, 10);
		if (name != line && *name == ' ')
			t->comms[t->nr_comms++] = (comm){ (int32_t)pid, name + 1 };
	}
	qsort(t->comms, t->nr_comms, sizeof *t->comms, compare_comms);
	return BUD_OK;
}

static const char *find_comm(const bud_source *source, int32_t pid)
{
	const tracedat *t = of(source);
	comm key = { .pid = pid };
	const comm *found = bsearch(&key, t->comms, t->nr_comms, sizeof key, compare_comms);
	return found ? found->name : pid == 0 ? "<idle>" : NULL;
}

static const char *find_symbol(bud_source *source, uint64_t address, uint64_t *offset)
{
	tracedat *t = of(source);
	char *text = NULL;
	if (!t->symbols_read && !bud_container_kallsyms(&t->container, &text, NULL) && text)
		bud_symbols_parse(&t->symbols, text, NULL);
	t->symbols_read = true;
	return bud_symbols_find(&t->symbols, address, offset);
}

static void close_tracedat(bud_source *source)
{
	tracedat *t = of(source);
	for (size_t b = 0; t->streams && b < t->container.nr_buffers; b++) {
		for (size_t i = 0; t->streams[b] && i < t->container.buffers[b].nr_cpus; i++)
			bud_stream_close(&t->streams[b][i]);
		free(t->streams[b]);
	}
	munmap((void *)t->file.data, t->file.size);
	bud_container_close(&t->container);
	free(t->streams);
	free(t->merge.heap);
	free(t->buffers);
	free(t->loss);
	free(t->counts);
	free(t->comms);
	bud_symbols_fini(&t->symbols);
	free(t->file.damage);
	free(t->path);
	free(t);
}

static const bud_source_ops ops = { next, rewind_to, count, find_comm, find_symbol, close_tracedat };

static bud_status open_streams(tracedat *t, bud_error *err)
{
	const bud_container *c = &t->container;
	t->streams = calloc(c->nr_buffers, sizeof *t->streams);
	t->buffers = calloc(c->nr_buffers, sizeof *t->buffers);
	if (!t->streams || !t->buffers)
		return bud_error_memory(err, t->path);
	for (size_t b = 0; b < c->nr_buffers; b++) {
		const bud_container_buffer *buffer = &c->buffers[b];
		const char *clock = *buffer->clock ? buffer->clock : c->clock ? c->clock : "";
		bud_ringbuf_layout layout = { .page_size = buffer->page_size,
					      .commit_size = c->word_bytes,
					      .swap = c->swap,
					      .tsc_mult = c->tsc_mult,
					      .tsc_shift = c->tsc_shift,
					      .ts_offset = c->ts_offset };
		t->buffers[b] = (bud_buffer_info){ .name = buffer->name, .clock = clock };
		t->streams[b] = calloc(buffer->nr_cpus + 1, sizeof **t->streams);
		if (!t->streams[b])
			return bud_error_memory(err, t->path);
		for (size_t i = 0; i < buffer->nr_cpus; i++) {
			const bud_container_cpu *cpu = &buffer->cpus[i];
			bud_codec codec = buffer->compressed ? c->codec : BUD_CODEC_NONE;
			bud_status status = bud_stream_open(&t->streams[b][i], &t->file, &layout, (uint16_t)cpu->cpu,
							    codec, cpu->offset, cpu->size, err);
			if (status)
				return status;
		}
	}
	return BUD_OK;
}

static bool has_data(const tracedat *t, size_t buffer)
{
	for (size_t i = 0; i < t->container.buffers[buffer].nr_cpus; i++)
		if (t->streams[buffer][i].subbufs.nr_pages)
			return true;
	return false;
}

/* The buffer asked for, else the one with most kmem page events; a lone one with data needs no counting. */
static bud_status choose_buffer(tracedat *t, const char *name, bud_error *err)
{
	size_t with_data = 0;
	const bud_event_count *counts;
	size_t nr;
	for (size_t b = 0; b < t->container.nr_buffers; b++) {
		if (name && strcmp(t->buffers[b].name, name) == 0) {
			t->used = b;
			return BUD_OK;
		}
		if (has_data(t, b)) {
			t->used = b;
			with_data++;
		}
	}
	if (name)
		return bud_error_set(err, BUD_ERR_USAGE, "%s: there is no buffer '%s' in it", t->path, name);
	if (with_data < 2)
		return BUD_OK;
	bud_status status = count(&t->source, &counts, &nr, err);
	for (size_t b = 0; !status && b < t->container.nr_buffers; b++)
		if (t->buffers[b].page_events > t->buffers[t->used].page_events)
			t->used = b;
	return status;
}

/* "Linux host RELEASE ... MACHINE [GNU/Linux]" */
static void split_uname(tracedat *t)
{
	char text[512], *rest = NULL, *last = NULL;
	snprintf(text, sizeof text, "%s", t->container.uname ? t->container.uname : "");
	int nr = 0;
	for (char *word = strtok_r(text, " \n", &rest); word; word = strtok_r(NULL, " \n", &rest), nr++) {
		if (nr == 2)
			snprintf(t->release, sizeof t->release, "%s", word);
		if (nr > 2 && strcmp(word, "GNU/Linux") != 0)
			last = word;
	}
	snprintf(t->machine, sizeof t->machine, "%s", last ? last : "");
}

static bool clock_counts_ns(const tracedat *t, const char *clock)
{
	if (strcmp(clock, "x86-tsc") == 0)
		return t->container.tsc_mult != 0;
	return strcmp(clock, "counter") != 0 && strcmp(clock, "uptime") != 0;
}

static bud_status describe(tracedat *t, bud_error *err)
{
	const bud_container *c = &t->container;
	const bud_container_buffer *buffer = &c->buffers[t->used];
	bud_trace_info *info = &t->source.info;
	unsigned nr_cpus = c->nr_cpus;
	for (size_t i = 0; i < buffer->nr_cpus; i++)
		if (buffer->cpus[i].cpu >= nr_cpus)
			nr_cpus = buffer->cpus[i].cpu + 1;
	t->loss = calloc(nr_cpus + 1, sizeof *t->loss);
	t->merge.heap = calloc(buffer->nr_cpus + 1, sizeof *t->merge.heap);
	if (!t->loss || !t->merge.heap)
		return bud_error_memory(err, t->path);
	for (size_t i = 0; i < c->nr_stats && !*buffer->name; i++)
		if (c->stats[i].cpu < nr_cpus) {
			t->loss[c->stats[i].cpu].overrun = c->stats[i].overrun;
			t->loss[c->stats[i].cpu].dropped = c->stats[i].dropped;
		}
	t->buffers[t->used].used = true;
	split_uname(t);
	snprintf(t->format, sizeof t->format, "trace.dat v%u%s%s", c->version, c->codec ? " " : "",
		 c->codec ? c->codec_name : "");
	*info = (bud_trace_info){
		.path = t->path,
		.format = t->format,
		.uname = t->release,
		.machine = t->machine,
		.clock = t->buffers[t->used].clock,
		.clock_is_ns = clock_counts_ns(t, t->buffers[t->used].clock),
		.big_endian = c->big_endian,
		.word_bytes = c->word_bytes,
		.page_size = c->page_size,
		.nr_cpus = nr_cpus,
		.first_ns = BUD_TIME_NONE,
		.last_ns = BUD_TIME_NONE,
		.formats = c->formats->kinds,
		.gfp = c->formats->gfp.nr_names ? &c->formats->gfp : NULL,
		.buffers = t->buffers,
		.nr_buffers = c->nr_buffers,
		.loss = t->loss,
	};
	for (size_t i = 0; i < buffer->nr_cpus; i++)
		bud_stream_span(&t->streams[t->used][i], &info->first_ns, &info->last_ns);
	refresh_info(t);
	return BUD_OK;
}

bud_status bud_tracedat_open(const char *path, uint8_t *data, uint64_t size, const bud_open_options *options,
			     bud_source **source, bud_error *err)
{
	tracedat *t = calloc(1, sizeof *t);
	char *own_path = strdup(path);
	if (!t || !own_path) {
		free(t);
		free(own_path);
		munmap(data, size);
		return bud_error_memory(err, path);
	}
	t->source.ops = &ops;
	t->path = own_path;
	t->file = (bud_stream_file){ .path = own_path, .data = data, .size = size };
	bud_status status = bud_container_open(&t->container, own_path, data, size, err);
	t->file.formats = t->container.formats;
	if (!status && !t->container.nr_buffers)
		status = bud_error_at(err, BUD_ERR_FORMAT, path, size, "expected trace data");
	if (!status)
		status = open_streams(t, err);
	if (!status)
		status = choose_buffer(t, options->buffer, err);
	if (!status)
		status = describe(t, err);
	if (!status)
		status = index_comms(t, err);
	if (status)
		close_tracedat(&t->source);
	else
		*source = &t->source;
	return status;
}
