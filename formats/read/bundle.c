/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "formats/read/bundle.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "formats/read/dmesg.h"
#include "formats/read/kernfiles.h"

/* Files of a bundle that are not its trace. */
static const char *const other_files[] = { "counts.txt", "percpu_stats", "dmesg", "dmesg.zst", "README", "README.md" };

static char *join(const char *folder, const char *name)
{
	char *path;
	return asprintf(&path, "%s/%s", folder, name) < 0 ? NULL : path;
}

static bool is_folder(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool is_file(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static void note(void *self, const char *line)
{
	bud_bundle *b = self;
	char **notes = realloc(b->notes, (b->nr_notes + 1) * sizeof *notes);
	if (!notes)
		return;
	b->notes = notes;
	if ((notes[b->nr_notes] = strdup(line)))
		b->nr_notes++;
}

static bool is_other(const char *name)
{
	for (size_t i = 0; i < sizeof other_files / sizeof *other_files; i++)
		if (strcmp(name, other_files[i]) == 0)
			return true;
	return name[0] == '.';
}

/* trace.dat, else the only file there that can be a trace. */
static bud_status find_trace(const char *folder, char **trace, bud_error *err)
{
	*trace = join(folder, "trace.dat");
	if (*trace && is_file(*trace))
		return BUD_OK;
	free(*trace);
	*trace = NULL;
	DIR *dir = opendir(folder);
	if (!dir)
		return bud_error_set(err, BUD_ERR_IO, "%s: %s", folder, strerror(errno));
	size_t found = 0;
	for (struct dirent *entry; (entry = readdir(dir));) {
		char *path = is_other(entry->d_name) ? NULL : join(folder, entry->d_name);
		if (path && is_file(path)) {
			free(*trace);
			*trace = path;
			found++;
		} else {
			free(path);
		}
	}
	closedir(dir);
	if (found == 1)
		return BUD_OK;
	free(*trace);
	*trace = NULL;
	return bud_error_set(err, BUD_ERR_IO, "%s: expected a trace.dat, or one other trace file; found %s", folder,
			     found ? "several files" : "none");
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

static bud_status add_snapshot(bud_bundle *b, const char *folder, bud_error *err)
{
	bud_snapshot *snapshots = realloc(b->snapshots, (b->nr_snapshots + 1) * sizeof *snapshots);
	if (!snapshots)
		return bud_error_memory(err, folder);
	b->snapshots = snapshots;
	bud_snapshot *s = &snapshots[b->nr_snapshots];
	bud_status status = bud_kernfiles_folder(s, folder, b->source->info.big_endian, note, b, err);
	if (status)
		return status;
	const char *name = last_part(folder);
	snprintf(s->name, sizeof s->name, "%s", strncmp(name, "snap-", 5) == 0 ? name + 5 : name);
	b->nr_snapshots++;
	return BUD_OK;
}

static int is_snapshot(const struct dirent *entry)
{
	return strncmp(entry->d_name, "snap-", 5) == 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static bud_status add_snapshots(bud_bundle *b, const char *folder, bud_error *err)
{
	struct dirent **entries;
	int nr = scandir(folder, &entries, is_snapshot, by_name);
	if (nr < 0)
		return bud_error_set(err, BUD_ERR_IO, "%s: %s", folder, strerror(errno));
	bud_status status = BUD_OK;
	for (int i = 0; i < nr; i++) {
		char *path = join(folder, entries[i]->d_name);
		if (!status && path && is_folder(path))
			status = add_snapshot(b, path, err);
		free(path);
		free(entries[i]);
	}
	free(entries);
	return status;
}

/* The recorder's ring-buffer counters, where the trace file has none of its own. */
static void read_percpu_stats(bud_bundle *b, const char *folder)
{
	char *path = join(folder, "percpu_stats"), *text, *rest;
	bud_error ignored;
	unsigned cpu = UINT32_MAX;
	unsigned long value;
	bud_cpu_loss *loss = b->source->info.loss;
	for (unsigned i = 0; i < b->source->info.nr_cpus; i++)
		if (loss[i].overrun || loss[i].dropped)
			cpu = i;
	if (cpu == UINT32_MAX && path && is_file(path) && !bud_kernfiles_text(path, &text, &ignored)) {
		rest = text;
		for (char *line; (line = strsep(&rest, "\n"));) {
			sscanf(line, "== cpu%u", &cpu);
			if (cpu < b->source->info.nr_cpus && sscanf(line, "overrun: %lu", &value) == 1)
				loss[cpu].overrun = value;
			if (cpu < b->source->info.nr_cpus && sscanf(line, "dropped events: %lu", &value) == 1)
				loss[cpu].dropped = value;
		}
		free(text);
	}
	free(path);
}

/* cfg/uname speaks where the trace is silent. */
static bud_status name_kernel(bud_bundle *b, const char *folder, bud_error *err)
{
	char release[96] = "", machine[32] = "", *text;
	bud_error ignored;
	char *path = folder ? join(folder, "cfg/uname") : NULL;
	if (path && is_file(path) && !bud_kernfiles_text(path, &text, &ignored)) {
		sscanf(text, "%*s %*s %95s", release);
		char *tail = strstr(text, " GNU/Linux");
		if (tail) {
			*tail = '\0';
			const char *last = strrchr(text, ' ');
			snprintf(machine, sizeof machine, "%s", last ? last + 1 : "");
		}
		free(text);
	}
	free(path);
	const bud_trace_info *info = &b->source->info;
	b->release = strdup(*info->uname ? info->uname : release);
	b->machine = strdup(*info->machine ? info->machine : machine);
	return b->release && b->machine ? BUD_OK : bud_error_memory(err, b->path);
}

static bud_status add_zoneinfo(bud_bundle *b, const char *path, bud_error *err)
{
	b->zoneinfo = calloc(1, sizeof *b->zoneinfo);
	if (b->zoneinfo)
		bud_snapshot_init(b->zoneinfo);
	if (!b->zoneinfo || !(b->zoneinfo->path = strdup(path)))
		return bud_error_memory(err, path);
	return bud_kernfiles_read(b->zoneinfo, "zoneinfo", path, err);
}

/* One file beside the trace, if it is there. */
static char *text_of(bud_bundle *b, const char *folder, const char *name)
{
	char *path = join(folder, name), *text = NULL;
	bud_error err;
	if (path && is_file(path) && bud_kernfiles_text(path, &text, &err)) {
		note(b, err.text);
		text = NULL;
	}
	free(path);
	return text;
}

static void read_sysctls(bud_bundle *b, const char *folder)
{
	char *vm = text_of(b, folder, "cfg/sysctl_vm"), *thp = text_of(b, folder, "cfg/thp");
	if (vm)
		bud_sysctls_read(&b->sysctls, vm);
	if (thp)
		bud_sysctls_read_thp(&b->sysctls, thp);
	free(vm);
	free(thp);
}

static void read_klog(bud_bundle *b, const char *folder)
{
	unsigned page_size = b->source->info.page_size;
	int shift = page_size >= 4096 ? 31 - __builtin_clz(page_size) : 12;
	char *log = text_of(b, folder, "dmesg"), *iomem = text_of(b, folder, "cfg/iomem");
	if (!log)
		log = text_of(b, folder, "dmesg.zst");
	if (log)
		bud_dmesg_read(&b->klog, log, shift);
	if (iomem)
		bud_dmesg_read_iomem(&b->klog, iomem);
	free(log);
	free(iomem);
}

static bud_status open_parts(bud_bundle *b, const bud_bundle_options *options, bud_error *err)
{
	const char *folder = is_folder(b->path) ? b->path : NULL;
	char *trace = NULL;
	bud_status status = folder ? find_trace(folder, &trace, err) : BUD_OK;
	if (!status)
		status = bud_source_open(folder ? trace : b->path, &options->open, &b->source, err);
	free(trace);
	if (!status && folder)
		status = add_snapshots(b, folder, err);
	for (size_t i = 0; !status && i < options->nr_snapshots; i++)
		status = add_snapshot(b, options->snapshots[i], err);
	if (!status && options->zoneinfo)
		status = add_zoneinfo(b, options->zoneinfo, err);
	if (!status && folder)
		read_percpu_stats(b, folder);
	if (!status && folder) {
		read_sysctls(b, folder);
		read_klog(b, folder);
	}
	return status ? status : name_kernel(b, folder, err);
}

bud_status bud_bundle_open(const char *path, const bud_bundle_options *options, bud_bundle **bundle, bud_error *err)
{
	bud_bundle *b = calloc(1, sizeof *b);
	if (!b || !(b->path = strdup(path))) {
		free(b);
		return bud_error_memory(err, path);
	}
	bud_sysctls_init(&b->sysctls);
	bud_klog_init(&b->klog);
	for (size_t n = strlen(b->path); n > 1 && b->path[n - 1] == '/'; n--)
		b->path[n - 1] = '\0';
	bud_status status =
		(b->name = strdup(last_part(b->path))) ? open_parts(b, options, err) : bud_error_memory(err, path);
	if (status)
		bud_bundle_close(b);
	else
		*bundle = b;
	return status;
}

void bud_bundle_close(bud_bundle *bundle)
{
	if (!bundle)
		return;
	for (size_t i = 0; i < bundle->nr_snapshots; i++)
		bud_snapshot_fini(&bundle->snapshots[i]);
	for (size_t i = 0; i < bundle->nr_notes; i++)
		free(bundle->notes[i]);
	if (bundle->zoneinfo)
		bud_snapshot_fini(bundle->zoneinfo);
	bud_klog_fini(&bundle->klog);
	bud_source_close(bundle->source);
	free(bundle->snapshots);
	free(bundle->notes);
	free(bundle->zoneinfo);
	free(bundle->release);
	free(bundle->machine);
	free(bundle->name);
	free(bundle->path);
	free(bundle);
}
