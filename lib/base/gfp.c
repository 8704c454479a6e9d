/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/base/gfp.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/kernel.h"

static const char *const flag_names[] = {
#define X(flag, bit) [bit] = "__GFP_" #flag,
	BUD_GFP_FLAGS(X)
#undef X
};

/* Where the flags of 4.19 are; the order of bits was another one. */
static const struct {
	bud_gfp gfp;
	uint64_t raw;
} places_419[] = {
	{ BUD_GFP_DMA, 0x1 },
	{ BUD_GFP_HIGHMEM, 0x2 },
	{ BUD_GFP_DMA32, 0x4 },
	{ BUD_GFP_MOVABLE, 0x8 },
	{ BUD_GFP_RECLAIMABLE, 0x10 },
	{ BUD_GFP_HIGH, 0x20 },
	{ BUD_GFP_IO, 0x40 },
	{ BUD_GFP_FS, 0x80 },
	{ BUD_GFP_WRITE, 0x100 },
	{ BUD_GFP_NOWARN, 0x200 },
	{ BUD_GFP_RETRY_MAYFAIL, 0x400 },
	{ BUD_GFP_NOFAIL, 0x800 },
	{ BUD_GFP_NORETRY, 0x1000 },
	{ BUD_GFP_MEMALLOC, 0x2000 },
	{ BUD_GFP_COMP, 0x4000 },
	{ BUD_GFP_ZERO, 0x8000 },
	{ BUD_GFP_NOMEMALLOC, 0x10000 },
	{ BUD_GFP_HARDWALL, 0x20000 },
	{ BUD_GFP_THISNODE, 0x40000 },
	{ BUD_GFP_ATOMIC, 0x80000 },
	{ BUD_GFP_ACCOUNT, 0x100000 },
	{ BUD_GFP_DIRECT_RECLAIM, 0x200000 },
	{ BUD_GFP_KSWAPD_RECLAIM, 0x400000 },
	{ BUD_GFP_NOLOCKDEP, 0x800000 },
};

#define HIGHUSER_MOVABLE (BUD_GFP_USER | BUD_GFP_HIGHMEM | BUD_GFP_MOVABLE)
#define THP_LIGHT	 ((HIGHUSER_MOVABLE | BUD_GFP_COMP | BUD_GFP_NOMEMALLOC | BUD_GFP_NOWARN) & ~BUD_GFP_RECLAIM)

static const struct {
	const char *name;
	bud_gfp gfp;
} composites[] = {
	{ "GFP_TRANSHUGE", THP_LIGHT | BUD_GFP_DIRECT_RECLAIM },
	{ "GFP_TRANSHUGE_LIGHT", THP_LIGHT },
	{ "GFP_HIGHUSER_MOVABLE", HIGHUSER_MOVABLE },
	{ "GFP_HIGHUSER", BUD_GFP_USER | BUD_GFP_HIGHMEM },
	{ "GFP_USER", BUD_GFP_USER },
	{ "GFP_KERNEL_ACCOUNT", BUD_GFP_KERNEL | BUD_GFP_ACCOUNT },
	{ "GFP_KERNEL", BUD_GFP_KERNEL },
	{ "GFP_NOFS", BUD_GFP_RECLAIM | BUD_GFP_IO },
	{ "GFP_ATOMIC", BUD_GFP_HIGH | BUD_GFP_ATOMIC | BUD_GFP_KSWAPD_RECLAIM },
	{ "GFP_NOIO", BUD_GFP_RECLAIM },
	{ "GFP_NOWAIT", BUD_GFP_KSWAPD_RECLAIM },
	{ "GFP_DMA", BUD_GFP_DMA },
};

/* The order in which kernels before 6.15 look for single flags; those not here have no name there. */
static const bud_gfp old_order[] = {
	BUD_GFP_HIGHMEM,  BUD_GFP_DMA32,	  BUD_GFP_HIGH,		  BUD_GFP_ATOMIC,   BUD_GFP_IO,
	BUD_GFP_FS,	  BUD_GFP_NOWARN,	  BUD_GFP_RETRY_MAYFAIL,  BUD_GFP_NOFAIL,   BUD_GFP_NORETRY,
	BUD_GFP_COMP,	  BUD_GFP_ZERO,		  BUD_GFP_NOMEMALLOC,	  BUD_GFP_MEMALLOC, BUD_GFP_HARDWALL,
	BUD_GFP_THISNODE, BUD_GFP_RECLAIMABLE,	  BUD_GFP_MOVABLE,	  BUD_GFP_ACCOUNT,  BUD_GFP_WRITE,
	BUD_GFP_RECLAIM,  BUD_GFP_DIRECT_RECLAIM, BUD_GFP_KSWAPD_RECLAIM, BUD_GFP_ZEROTAGS,
};

static const char *name_of(bud_gfp gfp)
{
	return gfp == BUD_GFP_RECLAIM ? "__GFP_RECLAIM"
	       : gfp == BUD_GFP_DMA32 ? "GFP_DMA32"
				      : flag_names[__builtin_ctz(gfp)];
}

static void find_same(bud_gfp_table *table)
{
	table->same = 0;
	for (int i = 0; i < BUD_NR_GFP_FLAGS; i++)
		if (table->raw[i] == (uint64_t)1 << i)
			table->same |= table->raw[i];
}

static void place_flags(bud_gfp_table *table, const bud_kernel *kernel)
{
	if (kernel->gfp_layout)
		for (bud_gfp gfp = BUD_GFP_DMA; gfp <= BUD_GFP_NO_OBJ_EXT; gfp <<= 1)
			table->raw[__builtin_ctz(gfp)] = gfp;
	else
		for (size_t i = 0; i < sizeof places_419 / sizeof *places_419; i++)
			table->raw[__builtin_ctz(places_419[i].gfp)] = places_419[i].raw;
	if (!kernel->gfp_atomic)
		table->raw[__builtin_ctz(BUD_GFP_ATOMIC)] = 0;
	find_same(table);
}

static void add_flag(bud_gfp_table *table, bud_gfp gfp)
{
	uint64_t raw = bud_gfp_to_raw(table, gfp);
	if (raw)
		bud_gfp_table_add(table, name_of(gfp), raw);
}

void bud_gfp_table_init(bud_gfp_table *table, const bud_kernel *kernel)
{
	bud_gfp_table_clear(table);
	place_flags(table, kernel);
	for (size_t i = 0; i < sizeof composites / sizeof *composites; i++) {
		bool nowait = strcmp(composites[i].name, "GFP_NOWAIT") == 0;
		bud_gfp gfp = composites[i].gfp | (nowait && kernel->gfp_nowait_nowarn ? BUD_GFP_NOWARN : 0);
		bud_gfp_table_add(table, composites[i].name, bud_gfp_to_raw(table, gfp));
	}
	if (!kernel->gfp_by_bit) {
		for (size_t i = 0; i < sizeof old_order / sizeof *old_order; i++)
			add_flag(table, old_order[i]);
		return;
	}
	add_flag(table, BUD_GFP_DMA32);
	add_flag(table, BUD_GFP_RECLAIM);
	for (bud_gfp gfp = BUD_GFP_HIGHMEM; gfp <= BUD_GFP_ZEROTAGS; gfp <<= 1)
		if (gfp != BUD_GFP_DMA32)
			add_flag(table, gfp);
}

void bud_gfp_table_clear(bud_gfp_table *table)
{
	*table = (bud_gfp_table){ 0 };
}

static bool is_name(const char *name)
{
	size_t length = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
	return length > 0 && !name[length] && length < sizeof((bud_gfp_name *)0)->name;
}

/* The canonical bit of a single flag's name, with or without underscores in front; -1 for others. */
static int flag_of(const char *name)
{
	for (int i = 0; i < BUD_NR_GFP_FLAGS; i++)
		if (strcmp(name, flag_names[i]) == 0)
			return i;
	return strcmp(name, "GFP_DMA") == 0 ? 0 : strcmp(name, "GFP_DMA32") == 0 ? 2 : -1;
}

void bud_gfp_table_add(bud_gfp_table *table, const char *name, uint64_t mask)
{
	if (!mask || !is_name(name) || table->nr_names == BUD_GFP_NAMES)
		return;
	bud_gfp_name *to = &table->names[table->nr_names++];
	to->mask = mask;
	snprintf(to->name, sizeof to->name, "%s", name);
	int flag = flag_of(name);
	if (flag >= 0 && __builtin_popcountll(mask) == 1) {
		table->raw[flag] = mask;
		find_same(table);
	}
}

bud_gfp bud_gfp_from_raw(const bud_gfp_table *table, uint64_t raw)
{
	bud_gfp gfp = (bud_gfp)(raw & table->same);
	raw &= ~table->same;
	for (int i = 0; raw && i < BUD_NR_GFP_FLAGS; i++)
		if (raw & table->raw[i]) {
			gfp |= 1u << i;
			raw &= ~table->raw[i];
		}
	return gfp;
}

uint64_t bud_gfp_to_raw(const bud_gfp_table *table, bud_gfp gfp)
{
	uint64_t raw = 0;
	for (int i = 0; i < BUD_NR_GFP_FLAGS; i++)
		if (gfp & 1u << i)
			raw |= table->raw[i];
	return raw;
}

static void append(char *text, size_t size, const char *more)
{
	size_t used = strlen(text);
	snprintf(text + used, size - used, "%s%s", used ? "|" : "", more);
}

const char *bud_gfp_format(const bud_gfp_table *table, uint64_t raw, char *text, size_t size)
{
	if (!size)
		return "";
	text[0] = '\0';
	for (unsigned i = 0; raw && i < table->nr_names; i++)
		if ((raw & table->names[i].mask) == table->names[i].mask) {
			append(text, size, table->names[i].name);
			raw &= ~table->names[i].mask;
		}
	if (raw) {
		char rest[24];
		snprintf(rest, sizeof rest, "0x%" PRIx64, raw);
		append(text, size, rest);
	}
	if (!text[0])
		snprintf(text, size, "none");
	return text;
}

/* A name of the table; a flag's own name where the table has it under another ("__GFP_DMA") or none. */
static bool find_name(const bud_gfp_table *table, const char *name, uint64_t *mask)
{
	for (unsigned i = 0; i < table->nr_names; i++)
		if (strcmp(table->names[i].name, name) == 0) {
			*mask = table->names[i].mask;
			return true;
		}
	int flag = flag_of(name);
	if (flag < 0 || !table->raw[flag])
		return strcmp(name, "none") == 0;
	*mask = table->raw[flag];
	return true;
}

static bool parse_part(const bud_gfp_table *table, const char *part, uint64_t *mask)
{
	char *end;
	*mask = 0;
	if (!isdigit((unsigned char)*part))
		return find_name(table, part, mask);
	*mask = strtoull(part, &end, 0);
	return !*end;
}

bud_status bud_gfp_parse(const bud_gfp_table *table, const char *text, uint64_t *raw, bud_error *err)
{
	*raw = 0;
	for (const char *at = text;; at++) {
		char part[sizeof table->names[0].name];
		at += strspn(at, " \t");
		size_t length = strcspn(at, "|"), trimmed = length;
		while (trimmed && isspace((unsigned char)at[trimmed - 1]))
			trimmed--;
		uint64_t mask;
		snprintf(part, sizeof part, "%.*s", (int)(trimmed < sizeof part ? trimmed : sizeof part), at);
		if (trimmed >= sizeof part || !parse_part(table, part, &mask))
			return bud_error_set(err, BUD_ERR_USAGE, "'%s' is no gfp flag of this kernel", part);
		*raw |= mask;
		at += length;
		if (!*at)
			return BUD_OK;
	}
}
