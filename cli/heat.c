/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/heat.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

int bud_heat_level(uint64_t blocks)
{
	int level = 0;
	for (; blocks && level < BUD_HEAT_LEVELS - 1; blocks /= 4)
		level++;
	return level;
}

char bud_heat_digit(int level)
{
	return level ? (char)('0' + level) : '.';
}

char bud_heat_index(int32_t milli)
{
	return milli < 0 ? '.' : milli >= 900 ? '9' : (char)('0' + milli / 100);
}

char bud_heat_wm(bud_wm_state state)
{
	return "?HLM!"[state];
}

const char *bud_heat_wm_text(bud_wm_state state)
{
	static const char *const texts[] = { "?", ">high", ">low", ">min", "<=min" };
	return texts[state];
}

char bud_heat_event(const bud_column *column)
{
	const uint64_t *n = column->events;
	const struct {
		char letter;
		uint64_t count;
	} ranks[] = {
		{ 'l', n[BUD_EV_LOST] },
		{ 'F', column->failed_allocations },
		{ 'O', n[BUD_EV_OOM_VICTIM] },
		{ 'D', n[BUD_EV_DIRECT_BEGIN] },
		{ 'C', n[BUD_EV_COMPACT_BEGIN] },
		{ 'S', n[BUD_EV_EXTFRAG] },
		{ 'k', n[BUD_EV_WAKEUP_KSWAPD] + n[BUD_EV_KSWAPD_WAKE] },
	};
	for (size_t i = 0; i < sizeof ranks / sizeof *ranks; i++)
		if (ranks[i].count)
			return ranks[i].letter;
	return '-';
}

int bud_heat_share(uint64_t part, uint64_t all)
{
	if (!part || !all)
		return 0;
	int tenths = (int)((unsigned __int128)part * 10 / all);
	return tenths < 8 ? tenths + 1 : 9;
}

static const char *const palette_names[BUD_NR_PALETTES] = { "cividis", "viridis", "mono" };

const char *bud_palette_name(bud_palette palette)
{
	return palette_names[palette];
}

bool bud_palette_parse(const char *name, bud_palette *palette)
{
	for (int i = 0; i < BUD_NR_PALETTES; i++)
		if (strcmp(palette_names[i], name) == 0) {
			*palette = (bud_palette)i;
			return true;
		}
	return false;
}

/* Ramps of monotone lightness; of 256 colours those that come nearest. */
static bud_heat_colors of_256(bud_palette palette, int step)
{
	enum { BLACK = 16, WHITE = 231 };
	static const short ramps[BUD_PALETTE_MONO][BUD_HEAT_LEVELS] = {
		{ -1, 235, 24, 242, 244, 246, 108, 180, 185, 227 },
		{ -1, 53, 90, 24, 96, 66, 36, 77, 184, 226 },
	};
	return (bud_heat_colors){ ramps[palette][step], step < 4 ? WHITE : BLACK };
}

static bud_heat_colors direct(bud_palette palette, int step)
{
	enum { BLACK = 0x080808, WHITE = 0xffffff };
	static const int ramps[BUD_PALETTE_MONO][BUD_HEAT_LEVELS] = {
		{ -1, 0x123570, 0x3b496c, 0x575d6d, 0x707173, 0x8a8678, 0xa59c74, 0xc3b369, 0xe1cc55, 0xfee838 },
		{ -1, 0x482878, 0x3e4989, 0x31688e, 0x26828e, 0x1f9e89, 0x35b779, 0x6ece58, 0xb5de2b, 0xfde725 },
	};
	return (bud_heat_colors){ ramps[palette][step], step < 5 ? WHITE : BLACK };
}

static bud_heat_colors of_8(int level)
{
	static const bud_heat_colors colors[BUD_HEAT_LEVELS] = { { -1, -1 }, { 4, 7 }, { 4, 7 }, { 4, 7 }, { 6, 0 },
								 { 6, 0 },   { 6, 0 }, { 3, 0 }, { 3, 0 }, { 3, 0 } };
	return colors[level];
}

bud_heat_colors bud_heat_color(int colors, bud_palette palette, int level, bool light)
{
	int step = light ? BUD_HEAT_LEVELS - level : level;
	if (!level || palette == BUD_PALETTE_MONO)
		return (bud_heat_colors){ -1, -1 };
	return colors == BUD_HEAT_DIRECT ? direct(palette, step) : colors == 256 ? of_256(palette, step) : of_8(level);
}

const char *bud_heat_event_text(char letter)
{
	static const char *const words[] = { "lost", "Fail", "Oom", "Direct", "Compact", "Steal", "kswapd" };
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (*words[i] == letter)
			return words[i];
	return "-";
}

char *bud_heat_change(int64_t pages, int page_shift, char *text, size_t size)
{
	char amount[16];
	bud_heat_size((uint64_t)(pages < 0 ? -pages : pages), page_shift, amount, sizeof amount);
	snprintf(text, size, "%s%s", pages < 0 ? "-" : pages ? "+" : "", amount);
	return text;
}

char *bud_heat_size(uint64_t pages, int page_shift, char *text, size_t size)
{
	static const char units[] = "KMGTP";
	if (pages == BUD_UNKNOWN) {
		snprintf(text, size, "?");
		return text;
	}
	double amount = (double)pages * (double)((uint64_t)1 << (page_shift - 10));
	size_t unit = 0;
	for (; amount >= 1024 && unit < 4; unit++)
		amount /= 1024;
	snprintf(text, size, amount < 9.95 && amount != (uint64_t)amount ? "%.1f%c" : "%.0f%c", amount, units[unit]);
	return text;
}

char *bud_heat_count(uint64_t count, char *text, size_t size)
{
	if (count == BUD_UNKNOWN)
		snprintf(text, size, "?");
	else if (count < 1000)
		snprintf(text, size, "%" PRIu64, count);
	else if (count < 9950)
		snprintf(text, size, "%.1fk", (double)count / 1e3);
	else if (count < 999500)
		snprintf(text, size, "%.0fk", (double)count / 1e3);
	else
		snprintf(text, size, "%.1fM", (double)count / 1e6);
	return text;
}

char *bud_heat_time(uint64_t t_ns, bool is_ns, int digits, char *text, size_t size)
{
	if (t_ns == BUD_TIME_NONE) {
		snprintf(text, size, "?");
	} else if (!is_ns) {
		snprintf(text, size, "%" PRIu64, t_ns);
	} else {
		char exact[32];
		int length =
			snprintf(exact, sizeof exact, "%" PRIu64 ".%09" PRIu64, t_ns / 1000000000, t_ns % 1000000000);
		snprintf(text, size, "%.*ss", digits ? length - 9 + digits : length - 10, exact);
	}
	return text;
}
