/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "formats/read/container.h"

#include <stdio.h>
#include <stdlib.h>

static const uint8_t magic[] = { 0x17, 0x08, 0x44, 't', 'r', 'a', 'c', 'i', 'n', 'g' };

/* Bounds on what a file can make us believe. */
#define MAX_CPUS	    8192
#define MAX_SECTION	    ((uint32_t)256 << 20)
#define MAX_OPTION_SECTIONS 256

/* Options, by number; those of version 7 that name a section share its number. */
enum {
	OPT_DONE = 0,
	OPT_DATE = 1,
	OPT_CPUSTAT = 2,
	OPT_BUFFER = 3,
	OPT_TRACECLOCK = 4,
	OPT_UNAME = 5,
	OPT_OFFSET = 7,
	OPT_CPUCOUNT = 8,
	OPT_TSC2NSEC = 14,
	OPT_HEADER_INFO = 16,
	OPT_FTRACE_EVENTS = 17,
	OPT_EVENT_FORMATS = 18,
	OPT_KALLSYMS = 19,
	OPT_CMDLINES = 21,
};

/* Where the sections of a version 7 file are. */
typedef struct section_offsets {
	uint64_t header_info, ftrace_events, event_formats, cmdlines;
} section_offsets;

bool bud_container_sniff(const uint8_t *data, uint64_t size)
{
	return size >= sizeof magic && memcmp(data, magic, sizeof magic) == 0;
}

static bud_status cut_off(bud_container *c, uint64_t at, const char *expected, bud_error *err)
{
	return bud_error_at(err, BUD_ERR_FORMAT, c->path, at, "expected %s", expected);
}

static char *copy_text(const uint8_t *text, uint64_t size)
{
	return strndup((const char *)text, size);
}

static void replace(char **to, char *with)
{
	free(*to);
	*to = with;
}

/* The words between [brackets] of a trace_clock file, or all of it. */
static char *chosen_clock(const char *text, size_t size)
{
	const char *open = memchr(text, '[', size), *shut = memchr(text, ']', size);
	if (open && shut && open < shut)
		return strndup(open + 1, (size_t)(shut - open - 1));
	return strndup(text, strnlen(text, size) - (size && text[strnlen(text, size) - 1] == '\n'));
}

static uint64_t number_after(const char *text, const char *label)
{
	const char *found = strstr(text, label);
	return found ? strtoull(found + strlen(label), NULL, 10) : 0;
}

static bud_status read_cpustat(bud_container *c, const uint8_t *data, uint32_t size, bud_error *err)
{
	char *text = copy_text(data, size);
	bud_container_stat *stats = realloc(c->stats, (c->nr_stats + 1) * sizeof *stats);
	if (stats)
		c->stats = stats;
	if (!text || !stats) {
		free(text);
		return bud_error_memory(err, c->path);
	}
	if (strstr(text, "CPU: ") && c->nr_stats < MAX_CPUS)
		stats[c->nr_stats++] =
			(bud_container_stat){ (uint32_t)number_after(text, "CPU: "), number_after(text, "\noverrun: "),
					      number_after(text, "\ndropped events: ") };
	free(text);
	return BUD_OK;
}

static bud_container_buffer *add_buffer(bud_container *c, const char *name, const char *clock, uint32_t page_size)
{
	bud_container_buffer *buffers = realloc(c->buffers, (c->nr_buffers + 1) * sizeof *buffers);
	if (!buffers)
		return NULL;
	c->buffers = buffers;
	bud_container_buffer *b = &buffers[c->nr_buffers++];
	*b = (bud_container_buffer){ .name = strdup(name), .clock = strdup(clock), .page_size = page_size };
	return b->name && b->clock ? b : NULL;
}

static bool add_cpu(bud_container_buffer *b, uint32_t cpu, uint64_t offset, uint64_t size)
{
	bud_container_cpu *cpus = realloc(b->cpus, (b->nr_cpus + 1) * sizeof *cpus);
	if (!cpus)
		return false;
	b->cpus = cpus;
	cpus[b->nr_cpus++] = (bud_container_cpu){ cpu, offset, size };
	return true;
}

static bool sane_page_size(uint32_t size)
{
	return size >= 512 && size <= (1 << 20) && (size & (size - 1)) == 0;
}

/* BUFFER of version 7: everything about the buffer is in the option, but for its section's flag. */
static bud_status read_buffer_v7(bud_container *c, bud_cursor *o, bud_error *err)
{
	uint64_t section = bud_cursor_u64(o);
	const char *name = bud_cursor_string(o), *clock = bud_cursor_string(o);
	uint32_t page_size = bud_cursor_u32(o), nr = bud_cursor_u32(o);
	if (o->over || !sane_page_size(page_size) || nr > MAX_CPUS)
		return cut_off(c, section, "the description of a trace buffer", err);
	bud_container_buffer *b = add_buffer(c, name, clock, page_size);
	if (!b)
		return bud_error_memory(err, c->path);
	bud_cursor head = {
		.data = c->data, .size = c->size, .at = section < c->size ? section : c->size, .swap = c->swap
	};
	bud_cursor_u16(&head);
	b->compressed = bud_cursor_u16(&head) & 1;
	for (uint32_t i = 0; i < nr; i++) {
		uint32_t cpu = bud_cursor_u32(o);
		uint64_t offset = bud_cursor_u64(o), size = bud_cursor_u64(o);
		if (o->over || cpu >= MAX_CPUS)
			return cut_off(c, section, "the CPUs of a trace buffer", err);
		if (!add_cpu(b, cpu, offset, size))
			return bud_error_memory(err, c->path);
	}
	return BUD_OK;
}

/* The table behind "flyrecord" of version 6: offset and size a CPU. */
static bud_status read_flyrecord(bud_container *c, bud_cursor *at, const char *name, bud_error *err)
{
	bud_container_buffer *b = add_buffer(c, name, "", c->page_size);
	if (!b)
		return bud_error_memory(err, c->path);
	for (uint32_t cpu = 0; cpu < c->nr_cpus; cpu++) {
		uint64_t offset = bud_cursor_u64(at), size = bud_cursor_u64(at);
		if (at->over)
			return cut_off(c, at->at, "where each CPU's trace data lies", err);
		if (!add_cpu(b, cpu, offset, size))
			return bud_error_memory(err, c->path);
	}
	return BUD_OK;
}

static bud_status read_buffer_v6(bud_container *c, bud_cursor *o, bud_error *err)
{
	uint64_t offset = bud_cursor_u64(o);
	const char *name = o->at < o->size ? bud_cursor_string(o) : "";
	bud_cursor at = {
		.data = c->data, .size = c->size, .at = offset < c->size ? offset : c->size, .swap = c->swap
	};
	const uint8_t *word = bud_cursor_take(&at, 10);
	if (o->over || !word || memcmp(word, "flyrecord", 10) != 0)
		return cut_off(c, offset, "the flyrecord of a buffer", err);
	return read_flyrecord(c, &at, name, err);
}

static bud_status read_option(bud_container *c, unsigned id, const uint8_t *data, uint32_t size,
			      section_offsets *sections, bud_error *err)
{
	bud_cursor o = { .data = data, .size = size, .swap = c->swap };
	char *text;
	switch (id) {
	case OPT_CPUSTAT:
		return read_cpustat(c, data, size, err);
	case OPT_BUFFER:
		return c->version >= 7 ? read_buffer_v7(c, &o, err) : read_buffer_v6(c, &o, err);
	case OPT_TRACECLOCK:
		replace(&c->clock, chosen_clock((const char *)data, size));
		break;
	case OPT_UNAME:
		replace(&c->uname, copy_text(data, size));
		break;
	case OPT_DATE:
	case OPT_OFFSET:
		/* Both are decimal or hex text; DATE counts microseconds. */
		text = copy_text(data, size);
		if (text)
			c->ts_offset += (int64_t)((uint64_t)strtoll(text, NULL, 0) * (id == OPT_DATE ? 1000 : 1));
		free(text);
		break;
	case OPT_CPUCOUNT:
		c->nr_cpus = bud_cursor_u32(&o);
		break;
	case OPT_TSC2NSEC:
		c->tsc_mult = bud_cursor_u32(&o);
		c->tsc_shift = bud_cursor_u32(&o) & 63;
		break;
	case OPT_HEADER_INFO:
		sections->header_info = bud_cursor_u64(&o);
		break;
	case OPT_FTRACE_EVENTS:
		sections->ftrace_events = bud_cursor_u64(&o);
		break;
	case OPT_EVENT_FORMATS:
		sections->event_formats = bud_cursor_u64(&o);
		break;
	case OPT_KALLSYMS:
		c->kallsyms = bud_cursor_u64(&o);
		break;
	case OPT_CMDLINES:
		sections->cmdlines = bud_cursor_u64(&o);
		break;
	}
	return BUD_OK;
}

/* Until DONE; *next is the offset it holds (version 7), else 0. */
static bud_status read_options(bud_container *c, bud_cursor *at, section_offsets *sections, uint64_t *next,
			       bud_error *err)
{
	*next = 0;
	for (;;) {
		uint16_t id = bud_cursor_u16(at);
		if (id == OPT_DONE && c->version < 7)
			return at->over ? cut_off(c, at->at, "the end of the options", err) : BUD_OK;
		uint32_t size = bud_cursor_u32(at);
		const uint8_t *data = bud_cursor_take(at, size);
		if (!data)
			return cut_off(c, at->at, "an option of the size it claims", err);
		if (id == OPT_DONE) {
			*next = size >= 8 ? bud_bytes_u64(data, c->swap) : 0;
			return BUD_OK;
		}
		bud_status status = read_option(c, id, data, size, sections, err);
		if (status)
			return status;
	}
}

/* header_page and header_event: of both only the size of the commit field matters here. */
static bud_status read_header_info(bud_container *c, bud_cursor *at, bud_error *err)
{
	uint64_t begin = at->at;
	c->word_bytes = 0;
	for (int i = 0; i < 2; i++) {
		const uint8_t *name = bud_cursor_take(at, i ? 13 : 12);
		uint64_t size = bud_cursor_u64(at);
		const uint8_t *text = bud_cursor_take(at, size);
		if (!name || !text || memcmp(name, i ? "header_event" : "header_page", i ? 13 : 12) != 0)
			return cut_off(c, begin, "header_page and header_event", err);
		char *copy = i ? NULL : copy_text(text, size);
		const char *commit = copy ? strstr(copy, "commit;") : NULL;
		uint64_t bytes = commit ? number_after(commit, "size:") : 0;
		if (bytes == 4 || bytes == 8)
			c->word_bytes = (uint8_t)bytes;
		free(copy);
	}
	if (!c->word_bytes)
		return cut_off(c, begin, "a commit field of 4 or 8 bytes in header_page", err);
	return bud_eventfmt_create(&c->formats, c->big_endian, c->word_bytes, err);
}

/* A count and that many format files of one system. */
static bud_status read_formats(bud_container *c, bud_cursor *at, const char *system, bud_error *err)
{
	uint32_t nr = bud_cursor_u32(at);
	for (uint32_t i = 0; i < nr; i++) {
		uint64_t size = bud_cursor_u64(at);
		const uint8_t *text = bud_cursor_take(at, size);
		if (!text)
			return cut_off(c, at->at, "an event format of the size it claims", err);
		bud_status status = bud_eventfmt_add(c->formats, system, (const char *)text, size, err);
		if (status)
			return status;
	}
	return at->over ? cut_off(c, at->at, "event formats", err) : BUD_OK;
}

static bud_status read_systems(bud_container *c, bud_cursor *at, bud_error *err)
{
	uint32_t nr = bud_cursor_u32(at);
	for (uint32_t i = 0; i < nr && !at->over; i++) {
		const char *system = bud_cursor_string(at);
		bud_status status = read_formats(c, at, system, err);
		if (status)
			return status;
	}
	return at->over ? cut_off(c, at->at, "event formats", err) : BUD_OK;
}

static bud_status read_cmdlines(bud_container *c, bud_cursor *at, bud_error *err)
{
	uint64_t size = bud_cursor_u64(at);
	const uint8_t *text = bud_cursor_take(at, size);
	if (!text)
		return cut_off(c, at->at, "the saved command names", err);
	replace(&c->cmdlines, copy_text(text, size));
	return c->cmdlines ? BUD_OK : bud_error_memory(err, c->path);
}

/* A section of version 7 at offset, inflated where needed into *inflated (the caller frees it). */
static bud_status open_section(bud_container *c, unsigned id, uint64_t offset, bud_cursor *section, uint8_t **inflated,
			       bud_error *err)
{
	bud_cursor at = {
		.data = c->data, .size = c->size, .at = offset < c->size ? offset : c->size, .swap = c->swap
	};
	uint16_t found = bud_cursor_u16(&at), flags = bud_cursor_u16(&at);
	bud_cursor_u32(&at);
	uint64_t size = bud_cursor_u64(&at);
	*inflated = NULL;
	if (at.over || found != id || size > c->size - at.at)
		return cut_off(c, offset, "a section of the kind and size announced", err);
	if (!(flags & 1)) {
		*section = (bud_cursor){ .data = c->data, .size = at.at + size, .at = at.at, .swap = c->swap };
		return BUD_OK;
	}
	uint32_t packed = bud_cursor_u32(&at), plain = bud_cursor_u32(&at);
	const uint8_t *from = bud_cursor_take(&at, packed);
	if (!from || plain > MAX_SECTION)
		return cut_off(c, offset, "a compressed section of the size it claims", err);
	*inflated = malloc((size_t)plain + 1);
	if (!*inflated)
		return bud_error_memory(err, c->path);
	if (!bud_inflate_block(c->codec, from, packed, *inflated, plain)) {
		free(*inflated);
		*inflated = NULL;
		return bud_error_at(err, BUD_ERR_FORMAT, c->path, offset, "expected %s data in a compressed section",
				    c->codec_name);
	}
	*section = (bud_cursor){ .data = *inflated, .size = plain, .swap = c->swap };
	return BUD_OK;
}

typedef bud_status section_reader(bud_container *c, bud_cursor *at, bud_error *err);

static bud_status read_ftrace_formats(bud_container *c, bud_cursor *at, bud_error *err)
{
	return read_formats(c, at, "ftrace", err);
}

static bud_status read_section(bud_container *c, unsigned id, uint64_t offset, section_reader *reader, bud_error *err)
{
	bud_cursor section;
	uint8_t *inflated;
	bud_status status = open_section(c, id, offset, &section, &inflated, err);
	if (!status)
		status = reader(c, &section, err);
	free(inflated);
	return status;
}

/* A description that breaks off behind the formats and some buffer is damage; what was read stays useful. */
static bud_status tolerate(bud_container *c, bud_status status, bud_error *err)
{
	if (status != BUD_ERR_FORMAT || !c->nr_buffers)
		return status;
	if (!c->damage)
		c->damage = strdup(err->text);
	return c->damage ? BUD_OK : bud_error_memory(err, c->path);
}

static bud_status open_v7(bud_container *c, bud_cursor *at, bud_error *err)
{
	section_offsets sections = { 0 };
	const char *name = bud_cursor_string(at);
	bud_cursor_string(at);
	uint64_t next = bud_cursor_u64(at);
	if (at->over)
		return cut_off(c, at->at, "the compression and the first options", err);
	snprintf(c->codec_name, sizeof c->codec_name, "%s", name);
	if (!bud_codec_find(c->codec_name, &c->codec))
		return bud_error_at(err, BUD_ERR_UNSUPPORTED, c->path, 0,
				    "compressed with %s; zlib and zstd can be read", c->codec_name);
	bud_status status = BUD_OK;
	for (int i = 0; next && !status && i < MAX_OPTION_SECTIONS; i++) {
		bud_cursor options;
		uint8_t *inflated;
		status = open_section(c, OPT_DONE, next, &options, &inflated, err);
		if (!status)
			status = read_options(c, &options, &sections, &next, err);
		free(inflated);
	}
	status = tolerate(c, status, err);
	if (!status)
		status = read_section(c, OPT_HEADER_INFO, sections.header_info, read_header_info, err);
	if (!status && sections.ftrace_events)
		status = read_section(c, OPT_FTRACE_EVENTS, sections.ftrace_events, read_ftrace_formats, err);
	if (!status)
		status = read_section(c, OPT_EVENT_FORMATS, sections.event_formats, read_systems, err);
	if (!status && sections.cmdlines)
		status = tolerate(c, read_section(c, OPT_CMDLINES, sections.cmdlines, read_cmdlines, err), err);
	return status;
}

/* A blob led by its size: kallsyms, printk formats. */
static void skip_blob(bud_cursor *at)
{
	bud_cursor_take(at, bud_cursor_u32(at));
}

static bud_status open_v6(bud_container *c, bud_cursor *at, bud_error *err)
{
	section_offsets unused = { 0 };
	uint64_t next;
	bud_status status = read_header_info(c, at, err);
	if (!status)
		status = read_ftrace_formats(c, at, err);
	if (!status)
		status = read_systems(c, at, err);
	if (status)
		return status;
	c->kallsyms = at->at;
	skip_blob(at);
	skip_blob(at);
	status = read_cmdlines(c, at, err);
	if (status)
		return status;
	c->nr_cpus = bud_cursor_u32(at);
	const uint8_t *word = bud_cursor_take(at, 10);
	if (c->nr_cpus > MAX_CPUS)
		return cut_off(c, at->at, "a count of CPUs", err);
	if (word && memcmp(word, "options  ", 10) == 0) {
		status = read_options(c, at, &unused, &next, err);
		if (status)
			return status;
		word = bud_cursor_take(at, 10);
	}
	if (!word || memcmp(word, "flyrecord", 10) != 0)
		return cut_off(c, at->at, "flyrecord trace data", err);
	return read_flyrecord(c, at, "", err);
}

static bud_status open_any(bud_container *c, bud_error *err)
{
	bud_cursor at = { .data = c->data, .size = c->size, .at = sizeof magic };
	const char *version = bud_cursor_string(&at);
	const uint8_t *endian = bud_cursor_take(&at, 1), *word = bud_cursor_take(&at, 1);
	if (at.over || *endian > 1 || (*word != 4 && *word != 8))
		return cut_off(c, sizeof magic, "a version, a byte order and a word size", err);
	c->version = (unsigned)strtoul(version, NULL, 10);
	if (c->version != 6 && c->version != 7)
		return bud_error_at(err, BUD_ERR_UNSUPPORTED, c->path, sizeof magic,
				    "trace.dat version %.16s; 6 and 7 can be read", version);
	c->big_endian = *endian;
	c->swap = at.swap = c->big_endian != BUD_HOST_BIG_ENDIAN;
	c->page_size = bud_cursor_u32(&at);
	if (!sane_page_size(c->page_size))
		return cut_off(c, at.at - 4, "a page size", err);
	return c->version == 7 ? open_v7(c, &at, err) : open_v6(c, &at, err);
}

bud_status bud_container_open(bud_container *container, const char *path, const uint8_t *data, uint64_t size,
			      bud_error *err)
{
	bud_error own;
	*container = (bud_container){ .path = path, .data = data, .size = size, .codec_name = "none" };
	bud_status status = open_any(container, &own);
	if (status) {
		if (err)
			*err = own;
		bud_container_close(container);
	}
	return status;
}

/* Their size, then the text: a section of version 7, a part of version 6. */
static bud_status read_kallsyms(bud_container *c, bud_cursor *at, bud_error *err)
{
	uint64_t begin = at->at;
	uint32_t size = bud_cursor_u32(at);
	const uint8_t *text = bud_cursor_take(at, size);
	if (!text)
		return cut_off(c, begin, "kernel symbols of the size they claim", err);
	c->symbols_text = copy_text(text, size);
	return c->symbols_text ? BUD_OK : bud_error_memory(err, c->path);
}

bud_status bud_container_kallsyms(bud_container *container, char **text, bud_error *err)
{
	bud_container *c = container;
	bud_cursor at = { .data = c->data, .size = c->size, .at = c->kallsyms, .swap = c->swap };
	bud_status status = BUD_OK;
	if (c->kallsyms)
		status = c->version == 7 ? read_section(c, OPT_KALLSYMS, c->kallsyms, read_kallsyms, err)
					 : read_kallsyms(c, &at, err);
	*text = c->symbols_text;
	c->symbols_text = NULL;
	return status;
}

void bud_container_close(bud_container *container)
{
	for (size_t i = 0; i < container->nr_buffers; i++) {
		free(container->buffers[i].name);
		free(container->buffers[i].clock);
		free(container->buffers[i].cpus);
	}
	bud_eventfmt_destroy(container->formats);
	free(container->buffers);
	free(container->stats);
	free(container->uname);
	free(container->clock);
	free(container->cmdlines);
	free(container->damage);
	*container = (bud_container){ 0 };
}
