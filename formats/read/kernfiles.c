/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "formats/read/kernfiles.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "formats/read/bytes.h"
#include "formats/read/inflate.h"

#define MAX_TEXT ((size_t)64 << 20)
#define MAX_KEPT ((size_t)4 << 20) /* bytes: the free pages of 128 GiB */

typedef struct inflated {
	char *data;
	size_t size, room;
} inflated;

static bool keep(void *self, const uint8_t *data, size_t size)
{
	inflated *to = self;
	if (size > MAX_TEXT - to->size)
		return false;
	if (to->room - to->size <= size) {
		size_t room = 2 * (to->size + size) + 1;
		char *more = realloc(to->data, room);
		if (!more)
			return false;
		to->data = more;
		to->room = room;
	}
	memcpy(to->data + to->size, data, size);
	to->size += size;
	return true;
}

/* What is behind the damage of a compressed file, or behind the limit, is left out. */
static bud_status inflate_text(const char *path, char *data, size_t size, char **text, bud_error *err)
{
	inflated to = { 0 };
	bool complete;
	bud_status status = bud_inflate_stream(bud_codec_sniff((const uint8_t *)data, size), path,
					       (const uint8_t *)data, size, keep, &to, &complete, err);
	free(data);
	if (!status && !to.data)
		status = bud_error_memory(err, path);
	if (status) {
		free(to.data);
		return status;
	}
	to.data[to.size] = '\0';
	*text = to.data;
	return BUD_OK;
}

bud_status bud_kernfiles_text(const char *path, char **text, bud_error *err)
{
	FILE *file = fopen(path, "re");
	size_t size = 0, room = 0;
	char *data = NULL;
	while (file && !feof(file) && !ferror(file) && size < MAX_TEXT) {
		if (room - size < 4096) {
			room = room ? room * 2 : 16384;
			char *more = realloc(data, room);
			if (!more) {
				free(data);
				fclose(file);
				return bud_error_memory(err, path);
			}
			data = more;
		}
		size += fread(data + size, 1, room - size - 1, file);
	}
	if (!file || ferror(file)) {
		bud_status status = bud_error_set(err, BUD_ERR_IO, "%s: %s", path, strerror(errno));
		free(data);
		if (file)
			fclose(file);
		return status;
	}
	fclose(file);
	if (size && bud_codec_sniff((const uint8_t *)data, size) != BUD_CODEC_NONE)
		return inflate_text(path, data, size, text, err);
	data[size] = '\0';
	*text = data;
	return BUD_OK;
}

/* Cuts the next line off *rest. */
static char *next_line(char **rest)
{
	return strsep(rest, "\n");
}

/* "Node 0, zone DMA" with any spacing; *rest is behind the name. */
static bud_zone_info *parse_zone(bud_snapshot *snapshot, const char *line, const char **rest)
{
	int node, used = 0;
	char name[16];
	if (sscanf(line, "Node %d , zone %15[^ ,\t]%n", &node, name, &used) != 2 &&
	    sscanf(line, "Node %d, zone %15[^ ,\t]%n", &node, name, &used) != 2)
		return NULL;
	*rest = line + used;
	bud_zone_info *zone = bud_snapshot_zone(snapshot, node, name);
	return zone ? zone : bud_snapshot_add_zone(snapshot, node, name);
}

static bool parse_u64(const char **at, uint64_t *value)
{
	char *end;
	while (**at == ' ' || **at == '\t')
		++*at;
	if (**at < '0' || **at > '9')
		return false;
	errno = 0;
	*value = strtoull(*at, &end, 10);
	*at = end;
	return errno == 0;
}

/* Returns how many rows it understood; so do all that follow. */
static size_t read_buddyinfo(bud_snapshot *snapshot, char *text)
{
	size_t rows = 0;
	for (char *line; (line = next_line(&text));) {
		const char *rest;
		bud_zone_info *zone = parse_zone(snapshot, line, &rest);
		unsigned order = 0;
		uint64_t blocks;
		if (!zone)
			continue;
		while (order < BUD_NR_ORDERS && parse_u64(&rest, &blocks) && blocks < BUD_PFN_MAX)
			zone->nr_free[order++] = blocks;
		if (!order)
			continue;
		zone->has_buddyinfo = true;
		if (order > snapshot->nr_orders)
			snapshot->nr_orders = order;
		rows++;
	}
	return rows;
}

/* "1.234", and what the kernel makes of negative numbers: "-1.000", "0.-500". */
static bool parse_index(const char **at, int32_t *milli)
{
	int whole, part, used = 0;
	if (sscanf(*at, " %d.%d%n", &whole, &part, &used) != 2 || whole < -1000000 || whole > 1000000)
		return false;
	*milli = whole * 1000 + part;
	*at += used;
	return true;
}

static size_t read_index(bud_snapshot *snapshot, char *text, bool extfrag)
{
	size_t rows = 0;
	for (char *line; (line = next_line(&text));) {
		const char *rest;
		bud_zone_info *zone = parse_zone(snapshot, line, &rest);
		int order = 0;
		if (!zone)
			continue;
		int32_t *milli = extfrag ? zone->extfrag_milli : zone->unusable_milli;
		while (order < BUD_NR_ORDERS && parse_index(&rest, &milli[order]))
			order++;
		*(extfrag ? &zone->has_extfrag : &zone->has_unusable) = order > 0;
		rows += order > 0;
	}
	return rows;
}

static size_t read_extfrag(bud_snapshot *snapshot, char *text)
{
	return read_index(snapshot, text, true);
}

static size_t read_unusable(bud_snapshot *snapshot, char *text)
{
	return read_index(snapshot, text, false);
}

static void read_protection(bud_zone_info *zone, const char *list)
{
	zone->nr_protection = 0;
	for (const char *c = list; *c && zone->nr_protection < BUD_NR_ZONE_TYPES; c++) {
		uint64_t pages;
		if (parse_u64(&c, &pages))
			zone->protection[zone->nr_protection++] = pages;
		if (!*c)
			break;
	}
}

static bud_pcp_info *add_pcp(bud_zone_info *zone, uint32_t cpu)
{
	bud_pcp_info *pcp = realloc(zone->pcp, (zone->nr_pcp + 1) * sizeof *pcp);
	if (!pcp)
		return NULL;
	zone->pcp = pcp;
	pcp[zone->nr_pcp] = (bud_pcp_info){ cpu, BUD_UNKNOWN, BUD_UNKNOWN, BUD_UNKNOWN, BUD_UNKNOWN, BUD_UNKNOWN };
	return &pcp[zone->nr_pcp++];
}

/* One "name value" row of a zone. pcp is the CPU whose list is being told, or NULL. */
static void read_zone_row(bud_zone_info *zone, bud_pcp_info *pcp, const char *name, const char *rest)
{
	const struct {
		const char *name;
		uint64_t *to;
	} rows[] = {
		{ "boost", &zone->boost },     { "min", &zone->min },	      { "low", &zone->low },
		{ "high", &zone->high },       { "promo", &zone->promo },     { "spanned", &zone->spanned },
		{ "present", &zone->present }, { "managed", &zone->managed }, { "cma", &zone->cma },
		{ "start_pfn:", &zone->start_pfn },
	}, pcp_rows[] = {
		{ "count:", pcp ? &pcp->count : NULL },
		{ "high:", pcp ? &pcp->high : NULL },
		{ "batch:", pcp ? &pcp->batch : NULL },
		{ "high_min:", pcp ? &pcp->high_min : NULL },
		{ "high_max:", pcp ? &pcp->high_max : NULL },
	};
	uint64_t value;
	if (strcmp(name, "protection:") == 0)
		read_protection(zone, rest);
	if (strcmp(name, "pages") == 0 && sscanf(rest, " free %lu", &value) == 1)
		zone->free = value;
	if (!parse_u64(&rest, &value))
		return;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (strcmp(name, rows[i].name) == 0)
			*rows[i].to = value;
	for (size_t i = 0; pcp && i < sizeof pcp_rows / sizeof *pcp_rows; i++)
		if (strcmp(name, pcp_rows[i].name) == 0)
			*pcp_rows[i].to = value;
}

static size_t read_zoneinfo(bud_snapshot *snapshot, char *text)
{
	size_t rows = 0;
	bud_zone_info *zone = NULL;
	bud_pcp_info *pcp = NULL;
	for (char *line; (line = next_line(&text));) {
		const char *rest;
		char name[32];
		int used = 0;
		bud_zone_info *next = parse_zone(snapshot, line, &rest);
		if (next) {
			zone = next;
			pcp = NULL;
			rows++;
			continue;
		}
		if (!zone || sscanf(line, " %31s%n", name, &used) != 1)
			continue;
		if (strcmp(name, "cpu:") == 0)
			pcp = add_pcp(zone, (uint32_t)strtoul(line + used, NULL, 10));
		else
			read_zone_row(zone, pcp, name, line + used);
	}
	return rows;
}

/* A row of free blocks of one type: "..., type Movable 0 1 2 >100000 ..." */
static void read_type_row(bud_zone_info *zone, bud_migratetype type, const char *rest)
{
	for (int order = 0; order < BUD_NR_ORDERS; order++) {
		while (*rest == ' ')
			rest++;
		bool capped = *rest == '>';
		rest += capped;
		if (!parse_u64(&rest, &zone->nr_free_type[type][order]))
			break;
		zone->type_capped[type][order] = capped;
	}
	zone->has_pagetypeinfo = true;
}

/* The head of the second table names its columns. */
static unsigned read_type_names(const char *rest, bud_migratetype *types)
{
	unsigned nr = 0;
	char name[32];
	for (int used = 0; nr < BUD_NR_MIGRATETYPES && sscanf(rest, " %31s%n", name, &used) == 1; rest += used)
		types[nr++] = bud_migratetype_parse(name);
	return nr;
}

static size_t read_pagetypeinfo(bud_snapshot *snapshot, char *text)
{
	size_t rows = 0;
	bud_migratetype columns[BUD_NR_MIGRATETYPES];
	unsigned nr_columns = 0;
	for (char *line; (line = next_line(&text));) {
		const char *rest;
		char type_name[32];
		int used = 0;
		if (sscanf(line, "Page block order: %u", &snapshot->pageblock_order) == 1)
			continue;
		if (strncmp(line, "Number of blocks type", 21) == 0)
			nr_columns = read_type_names(line + 21, columns);
		bud_zone_info *zone = parse_zone(snapshot, line, &rest);
		if (!zone)
			continue;
		rows++;
		if (sscanf(rest, " , type %31s%n", type_name, &used) == 1) {
			bud_migratetype type = bud_migratetype_parse(type_name);
			snapshot->has_cma_type = snapshot->has_cma_type || type == BUD_MT_CMA;
			snapshot->has_isolate_type = snapshot->has_isolate_type || type == BUD_MT_ISOLATE;
			if (type != BUD_MT_UNKNOWN)
				read_type_row(zone, type, rest + used);
		}
		uint64_t blocks;
		for (unsigned i = 0; i < nr_columns && parse_u64(&rest, &blocks); i++)
			if (columns[i] != BUD_MT_UNKNOWN)
				zone->pageblocks[columns[i]] = blocks;
	}
	return rows;
}

static size_t read_vmstat(bud_snapshot *snapshot, char *text)
{
	for (char *line; (line = next_line(&text));) {
		bud_named_value row;
		if (sscanf(line, "%47s %lu", row.name, &row.value) != 2)
			continue;
		bud_named_value *rows = realloc(snapshot->vmstat, (snapshot->nr_vmstat + 1) * sizeof *rows);
		if (!rows)
			break;
		snapshot->vmstat = rows;
		rows[snapshot->nr_vmstat++] = row;
	}
	return snapshot->nr_vmstat;
}

/* "SECONDS.NANOSECONDS", any number of digits behind the point. */
static bool parse_seconds(const char *word, uint64_t *ns)
{
	const char *at = word;
	uint64_t seconds, unit = 100000000;
	if (!parse_u64(&at, &seconds) || seconds > UINT64_MAX / 1000000000 - 1)
		return false;
	*ns = seconds * 1000000000;
	if (*at == '.')
		for (at++; *at >= '0' && *at <= '9'; at++, unit /= 10)
			*ns += (uint64_t)(*at - '0') * unit;
	return *at == '\0';
}

static size_t read_times(bud_snapshot *snapshot, char *text)
{
	size_t rows = 0;
	for (char *line; (line = next_line(&text));) {
		char file[32], begin[32], end[32];
		uint64_t begin_ns, end_ns;
		if (sscanf(line, "%31s %31s %31s", file, begin, end) != 3 || !parse_seconds(begin, &begin_ns) ||
		    !parse_seconds(end, &end_ns))
			continue;
		bud_read_window *window = bud_snapshot_add_window(snapshot, file);
		if (!window)
			break;
		window->mono_begin_ns = begin_ns;
		window->mono_end_ns = end_ns;
		rows++;
	}
	return rows;
}

/* "PFN PAGES BEGIN_S END_S" for each piece of kpageflags, by pfn; what does not fit ends it, and none of it is used. */
static size_t read_chunks(bud_snapshot *snapshot, char *text)
{
	size_t max = 0;
	bud_pfn next = 0;
	for (char *line; (line = next_line(&text));) {
		bud_read_chunk chunk;
		char begin[32], end[32];
		uint64_t pages;
		if (!*line)
			continue;
		if (sscanf(line, "%lu %lu %31s %31s", &chunk.start, &pages, begin, end) != 4 || chunk.start < next ||
		    pages == 0 || pages > BUD_PFN_MAX || chunk.start > BUD_PFN_MAX ||
		    !parse_seconds(begin, &chunk.begin_ns) || !parse_seconds(end, &chunk.end_ns) ||
		    chunk.begin_ns > chunk.end_ns)
			return snapshot->nr_chunks = 0;
		next = chunk.end = chunk.start + pages;
		if (snapshot->nr_chunks == max) {
			max = max ? max * 2 : 64;
			bud_read_chunk *more = realloc(snapshot->chunks, max * sizeof *more);
			if (!more)
				return snapshot->nr_chunks = 0;
			snapshot->chunks = more;
		}
		snapshot->chunks[snapshot->nr_chunks++] = chunk;
	}
	return snapshot->nr_chunks;
}

static size_t read_sysctls(bud_snapshot *snapshot, char *text)
{
	return bud_sysctls_read(&snapshot->sysctls, text);
}

static size_t read_thp(bud_snapshot *snapshot, char *text)
{
	return bud_sysctls_read_thp(&snapshot->sysctls, text);
}

static const struct {
	const char *name;
	size_t (*read)(bud_snapshot *snapshot, char *text);
} texts[] = {
	{ "zoneinfo", read_zoneinfo },
	{ "buddyinfo", read_buddyinfo },
	{ "pagetypeinfo", read_pagetypeinfo },
	{ "extfrag_index", read_extfrag },
	{ "unusable_index", read_unusable },
	{ "vmstat", read_vmstat },
	{ "times", read_times },
	{ "kpageflags.times", read_chunks },
	{ "sysctl_vm", read_sysctls },
	{ "thp", read_thp },
};

bud_status bud_kernfiles_read(bud_snapshot *snapshot, const char *name, const char *path, bud_error *err)
{
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		char *text = NULL;
		if (strcmp(name, texts[i].name) != 0)
			continue;
		bud_status status = bud_kernfiles_text(path, &text, err);
		if (!status && !texts[i].read(snapshot, text))
			status = bud_error_at(err, BUD_ERR_FORMAT, path, 0, "expected the rows of a %s", name);
		free(text);
		return status;
	}
	return BUD_OK;
}

static char *join(const char *folder, const char *name)
{
	char *path;
	return asprintf(&path, "%s/%s", folder, name) < 0 ? NULL : path;
}

/* Adds the pages of one piece of the file, a u64 a page, that have these flags and not those; neighbours at once. */
static bool take_flags(bud_pageset *pages, uint64_t set, uint64_t clear, const uint8_t *flags, size_t nr, bud_pfn first,
		       bool swap)
{
	size_t i = 0;
	while (i < nr) {
		size_t run = i;
		while (run < nr && (bud_bytes_u64(flags + run * 8, swap) & (set | clear)) == set)
			run++;
		if (run > i && !bud_pageset_set_range(pages, first + i, run - i))
			return false;
		i = run + 1;
	}
	return true;
}

static bud_status read_kpageflags(const bud_snapshot *snapshot, uint64_t set, uint64_t clear, bud_pageset *pages,
				  bud_error *err)
{
	enum { PIECE = 1 << 18 };
	char *gz = join(snapshot->path, "kpageflags.gz"), *plain = join(snapshot->path, "kpageflags");
	uint8_t *piece = malloc(PIECE);
	gzFile file = gz && plain && piece ? gzopen(gz, "rbe") : NULL;
	if (!file && gz && plain && piece)
		file = gzopen(plain, "rbe");
	bud_status status = BUD_OK;
	int size = 0;
	if (!file)
		status = bud_error_set(err, BUD_ERR_IO, "%s: kpageflags: %s", snapshot->path, strerror(errno));
	else
		gzbuffer(file, PIECE);
	for (bud_pfn pfn = 0; !status && (size = gzread(file, piece, PIECE)) > 0; pfn += (unsigned)size / 8)
		if (!take_flags(pages, set, clear, piece, (unsigned)size / 8, pfn,
				snapshot->big_endian != BUD_HOST_BIG_ENDIAN))
			status = bud_error_memory(err, "kpageflags");
	if (!status && size < 0)
		status = bud_error_set(err, BUD_ERR_FORMAT, "%s: kpageflags: expected gzip data", snapshot->path);
	if (file)
		gzclose(file);
	free(piece);
	free(gz);
	free(plain);
	return status;
}

static bud_status read_pages(const bud_snapshot *snapshot, uint64_t set, uint64_t clear, bud_pageset *pages,
			     bud_error *err)
{
	bud_kept_pages *kept = set == BUD_KPF_BUDDY && !clear ? snapshot->kept : NULL;
	if (kept && kept->known)
		return bud_pageset_copy(pages, &kept->pages) ? BUD_OK : bud_error_memory(err, "kpageflags");
	bud_status status = read_kpageflags(snapshot, set, clear, pages, err);
	if (!status && kept && bud_pageset_bytes(pages) <= MAX_KEPT)
		kept->known = bud_pageset_copy(&kept->pages, pages);
	return status;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bud_status list_files(bud_snapshot *snapshot, const char *folder, bud_error *err)
{
	DIR *dir = opendir(folder);
	if (!dir)
		return bud_error_set(err, BUD_ERR_IO, "%s: %s", folder, strerror(errno));
	bud_status status = BUD_OK;
	for (struct dirent *entry; !status && (entry = readdir(dir));) {
		if (entry->d_name[0] == '.')
			continue;
		char **files = realloc(snapshot->files, (snapshot->nr_files + 1) * sizeof *files);
		if (files)
			snapshot->files = files;
		if (!files || !(files[snapshot->nr_files] = strdup(entry->d_name)))
			status = bud_error_memory(err, folder);
		else
			snapshot->nr_files++;
	}
	closedir(dir);
	if (!status)
		qsort(snapshot->files, snapshot->nr_files, sizeof *snapshot->files, compare_names);
	return status;
}

static bool has_file(const bud_snapshot *snapshot, const char *name)
{
	return bsearch(&name, snapshot->files, snapshot->nr_files, sizeof *snapshot->files, compare_names) != NULL;
}

bud_status bud_kernfiles_folder(bud_snapshot *snapshot, const char *folder, bool big_endian, bud_kernfiles_note *note,
				void *self, bud_error *err)
{
	bud_snapshot_init(snapshot);
	snapshot->big_endian = big_endian;
	snapshot->path = strdup(folder);
	bud_status status = snapshot->path ? list_files(snapshot, folder, err) : bud_error_memory(err, folder);
	/* zoneinfo first: its order of zones is kept. */
	for (size_t i = 0; !status && i < sizeof texts / sizeof *texts; i++) {
		bud_error own;
		char *path = has_file(snapshot, texts[i].name) ? join(folder, texts[i].name) : NULL;
		if (path && bud_kernfiles_read(snapshot, texts[i].name, path, &own))
			note(self, own.text);
		free(path);
	}
	snapshot->has_kpageflags = has_file(snapshot, "kpageflags.gz") || has_file(snapshot, "kpageflags");
	if (snapshot->has_kpageflags) {
		snapshot->read_pages = read_pages;
		snapshot->kept = calloc(1, sizeof *snapshot->kept);
		if (snapshot->kept)
			bud_pageset_init(&snapshot->kept->pages);
	}
	if (status) {
		bud_snapshot_fini(snapshot);
		*snapshot = (bud_snapshot){ 0 };
	}
	return status;
}
