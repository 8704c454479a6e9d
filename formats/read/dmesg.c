/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "formats/read/dmesg.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct reader {
	bud_klog *klog;
	int page_shift;
	bud_klog_report *report; /* the one whose lines are being read, or NULL */
	bud_klog_zone *zone;	 /* the last one named, for its lowmem_reserve */
	uint64_t line, t_ns, t_before_ns;
} reader;

/* "[   12.345678] " or "[   12.345678][  T123] ": the text behind it, and its time; the line itself without one. */
static char *split_time(char *line, uint64_t *t_ns)
{
	*t_ns = BUD_TIME_NONE;
	for (char *at = strchr(line, '['); at; at = strchr(at + 1, '[')) {
		unsigned long seconds, fraction;
		int used = 0, before = 0;
		if (sscanf(at, "[%lu.%n%6lu]%n", &seconds, &before, &fraction, &used) != 2 || used - before != 7 ||
		    seconds > UINT64_MAX / 1000000000 - 1)
			continue;
		*t_ns = seconds * 1000000000 + fraction * 1000;
		at += used;
		int more = 0;
		if (sscanf(at, "[ %*1[TC]%*u]%n", &more) == 0 && more)
			at += more;
		return at + (*at == ' ');
	}
	return line;
}

/* The text between from and to; false if it is not there. Too long is cut off, odd characters become '?'. */
static bool between(const char *line, const char *from, const char *to, char *text, size_t size)
{
	const char *at = strstr(line, from), *end;
	if (!at)
		return false;
	at += strlen(from);
	end = *to ? strstr(at, to) : at + strlen(at);
	if (!end)
		return false;
	size_t length = (size_t)(end - at) < size - 1 ? (size_t)(end - at) : size - 1;
	memcpy(text, at, length);
	text[length] = '\0';
	for (char *c = text; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	return true;
}

static bool number_after(const char *line, const char *key, uint64_t *value)
{
	const char *at = strstr(line, key);
	char *end;
	if (!at)
		return false;
	at += strlen(key);
	uint64_t n = strtoull(at, &end, 0);
	if (end == at || *at == '-')
		return false;
	*value = n;
	return true;
}

/* "comm invoked oom-killer: gfp_mask=0x..(NAMES), order=0, ..." and "comm: page allocation failure: order:0, mode:..."
 */
static void begin_report(reader *r, char *text, char *mark, bud_klog_kind kind)
{
	uint64_t value;
	r->zone = NULL;
	r->report = bud_klog_add_report(r->klog);
	if (!r->report)
		return;
	r->report->kind = kind;
	r->report->t_ns = r->report->t_end_ns = r->t_ns;
	r->report->line = r->line;
	*mark = '\0';
	between(text, "", "", r->report->comm, sizeof r->report->comm);
	const char *rest = mark + 1;
	if (number_after(rest, kind == BUD_KLOG_OOM ? "order=" : "order:", &value) && value < BUD_NR_ORDERS)
		r->report->order = (int)value;
	const char *mask = kind == BUD_KLOG_OOM ? "gfp_mask=" : "mode:";
	if (number_after(rest, mask, &value)) {
		r->report->gfp_flags = value;
		between(strstr(rest, mask), "(", ")", r->report->gfp_text, sizeof r->report->gfp_text);
	}
	if (!between(rest, "nodemask=", ",", r->report->nodemask, sizeof r->report->nodemask))
		between(rest, "nodemask=", " ", r->report->nodemask, sizeof r->report->nodemask);
	between(rest, "cpuset=", ",", r->report->cpuset, sizeof r->report->cpuset);
}

static bool begins(reader *r, char *text)
{
	char *oom = strstr(text, " invoked oom-killer: "), *failure = strstr(text, ": page allocation failure: ");
	if (oom)
		begin_report(r, text, oom, BUD_KLOG_OOM);
	else if (failure)
		begin_report(r, text, failure, BUD_KLOG_FAILURE);
	return oom || failure;
}

/* "free:1392kB": pages. The value of "free:" must not be that of "anon_free:". */
static uint64_t kib_pages(const reader *r, const char *line, const char *key)
{
	char lead[48];
	uint64_t value;
	snprintf(lead, sizeof lead, " %s:", key);
	return number_after(line, lead, &value) ? value >> (r->page_shift - 10) : BUD_UNKNOWN;
}

static void zone_line(reader *r, bud_klog_zone *zone, const char *line)
{
	const struct {
		const char *key;
		uint64_t *to;
	} values[] = {
		{ "free", &zone->free },
		{ "boost", &zone->boost },
		{ "min", &zone->min },
		{ "low", &zone->low },
		{ "high", &zone->high },
		{ "reserved_highatomic", &zone->reserved_highatomic },
		{ "free_highatomic", &zone->free_highatomic },
		{ "present", &zone->present },
		{ "managed", &zone->managed },
		{ "free_pcp", &zone->free_pcp },
		{ "local_pcp", &zone->local_pcp },
		{ "free_cma", &zone->free_cma },
	};
	for (size_t i = 0; i < sizeof values / sizeof *values; i++)
		*values[i].to = kib_pages(r, line, values[i].key);
	r->report->has_memory = true;
	r->zone = zone;
}

/* "1*4kB (U) 2*8kB (UM) 0*16kB ... = 532kB" */
static void free_list_line(const reader *r, bud_klog_zone *zone, const char *at)
{
	static const char letters[] = "UMEHCI";
	uint64_t nr, kib;
	int used;
	zone->nr_orders = 0;
	zone->t_ns = r->t_ns;
	zone->t_before_ns = r->t_before_ns;
	while (zone->nr_orders < BUD_NR_ORDERS && sscanf(at, " %" SCNu64 "*%" SCNu64 "kB%n", &nr, &kib, &used) == 2) {
		int order = (int)zone->nr_orders++;
		zone->nr_free[order] = nr;
		zone->types[order] = 0;
		at += used;
		char types[16] = "";
		if (sscanf(at, " (%15[A-Z])%n", types, &used) == 1)
			at += used;
		for (const char *c = types; *c; c++) {
			const char *letter = strchr(letters, *c);
			if (letter)
				zone->types[order] |= (uint8_t)(1 << (letter - letters));
		}
	}
}

static void reserve_line(bud_klog_zone *zone, const char *at)
{
	uint64_t pages;
	int used;
	for (zone->nr_reserve = 0;
	     zone->nr_reserve < BUD_NR_ZONE_TYPES && sscanf(at, " %" SCNu64 "%n", &pages, &used) == 1; at += used)
		zone->reserve[zone->nr_reserve++] = pages;
}

static void node_line(reader *r, const char *text)
{
	int node, used = 0;
	char name[16];
	if (sscanf(text, "Node %d %15[A-Za-z0-9]%n", &node, name, &used) != 2 ||
	    bud_zone_type_parse(name) == BUD_NR_ZONE_TYPES)
		return;
	bool lists = text[used] == ':';
	if (!lists && strncmp(text + used, " free:", 6) != 0)
		return;
	r->zone = NULL; /* zones may move; the reserve follows its own zone's line at once */
	bud_klog_zone *zone = bud_klog_zone_of(r->report, node, name);
	r->report->t_end_ns = r->t_ns;
	if (zone && lists)
		free_list_line(r, zone, text + used + 1);
	else if (zone)
		zone_line(r, zone, text + used);
}

static void victim_line(reader *r, const char *text)
{
	int pid;
	const char *killed = strstr(text, "illed process ");
	if (!killed || sscanf(killed, "illed process %d", &pid) != 1)
		return;
	r->report->victim_pid = pid;
	r->report->t_end_ns = r->t_ns;
	between(killed, "(", ")", r->report->victim, sizeof r->report->victim);
	r->report = NULL;
}

static void take_release(bud_klog *klog, const char *line, const char *before)
{
	if (!klog->release[0])
		between(line, before, " ", klog->release, sizeof klog->release);
}

static void report_line(reader *r, char *text)
{
	uint64_t value;
	if (strncmp(text, "CPU: ", 5) == 0) {
		take_release(r->klog, text, " Not tainted ");
		if (number_after(text, "CPU: ", &value) && value <= INT16_MAX)
			r->report->cpu = (int32_t)value;
		if (number_after(text, " PID: ", &value) && value <= INT32_MAX)
			r->report->pid = (int32_t)value;
	} else if (strncmp(text, "Node ", 5) == 0) {
		node_line(r, text);
	} else if (strncmp(text, "lowmem_reserve[]:", 17) == 0 && r->zone) {
		reserve_line(r->zone, text + 17);
	} else if (strstr(text, " pages RAM") || strstr(text, " pages hwpoisoned")) {
		r->report->t_end_ns = r->t_ns;
	} else if (strncmp(text, "oom-kill:", 9) == 0) {
		r->report->memcg = strstr(text, "CONSTRAINT_MEMCG") != NULL;
	} else if (strstr(text, "illed process ")) {
		victim_line(r, text);
	}
}

static void add(uint64_t *sum, uint64_t value)
{
	*sum = *sum == BUD_UNKNOWN ? value : *sum + value;
}

static void boot_line(reader *r, const char *text)
{
	bud_boot_frees *boot = &r->klog->boot;
	uint64_t value;
	take_release(r->klog, text, "Linux version ");
	const char *moved = strstr(text, "RAMDISK: ") ? strstr(text, "[mem ") : NULL;
	if (strncmp(text, "Move RAMDISK", 12) == 0 && (moved = strstr(text, "] to [mem ")))
		moved += 5;
	if (moved && number_after(moved, "[mem ", &value))
		boot->initrd_at = value;
	else if (number_after(text, "Freeing initrd memory: ", &value))
		add(&boot->initrd_kib, value);
	else if (strncmp(text, "Freeing unused ", 15) == 0 && number_after(text, " memory: ", &value))
		add(&boot->image_kib, value);
}

void bud_dmesg_read(bud_klog *klog, char *text, int page_shift)
{
	reader r = { .klog = klog, .page_shift = page_shift, .t_ns = BUD_TIME_NONE };
	for (char *line; (line = strsep(&text, "\n"));) {
		r.line++;
		r.t_before_ns = r.t_ns;
		char *said = split_time(line, &r.t_ns);
		if (begins(&r, said))
			continue;
		if (r.report)
			report_line(&r, said);
		else
			boot_line(&r, said);
	}
}

void bud_dmesg_read_iomem(bud_klog *klog, const char *text)
{
	const char *code = strstr(text, " : Kernel code");
	while (code && code > text && code[-1] != '\n')
		code--;
	uint64_t start, end;
	if (code && sscanf(code, " %" SCNx64 "-%" SCNx64, &start, &end) == 2 && end > start)
		klog->boot.image_at = start;
}
