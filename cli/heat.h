/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The look of the heat map, the same in the text report and on the screens:
 * which digit a count is, which colour a digit has, which letters stand for
 * events and watermarks.
 */
#ifndef BUD_CLI_HEAT_H
#define BUD_CLI_HEAT_H

#include "lib/replay/timeline.h"

#define BUD_HEAT_LEVELS 10
#define BUD_HEAT_SCALE	"(log4) .0 1:1+ 2:4+ 3:16+ 4:64+ 5:256+ 6:1k+ 7:4k+ 8:16k+ 9:64k+"
#define BUD_HEAT_LEGEND "free blocks " BUD_HEAT_SCALE

/* 0 for none, else 1 + log4 of blocks, at most 9: absolute, so two pictures compare. */
int bud_heat_level(uint64_t blocks);
/* '.', '1'..'9'. */
char bud_heat_digit(int level);
/* Of a share of all: 0 for none, 1 for less than a tenth, ... 9 for eight tenths and more. */
int bud_heat_share(uint64_t part, uint64_t all);
#define BUD_HEAT_SHARES "(tenths) .0 1:0+ 2:1+ 3:2+ 4:3+ 5:4+ 6:5+ 7:6+ 8:7+ 9:8+"

/* Of an index in thousandths: tenths as a digit, '.' where the request would succeed (negative). */
char bud_heat_index(int32_t milli);

/* 'H' above high, 'L' above low, 'M' above min, '!' not above min, '?' unknown. */
char bud_heat_wm(bud_wm_state state);
/* The same in words, for a read-out: ">high". */
const char *bud_heat_wm_text(bud_wm_state state);

/* The gravest thing that happened in a column: l lost, F failed allocation, O OOM, D direct reclaim, C compaction, S
 * steal, k kswapd woken, '-' nothing. */
char bud_heat_event(const bud_column *column);
/* The letter's word, for a read-out: "steal". */
const char *bud_heat_event_text(char letter);
#define BUD_HEAT_EVENTS "F fail O oom D direct C compact S steal k kswapd l lost"

typedef enum bud_palette {
	BUD_PALETTE_CIVIDIS, /* lightness grows with the level, for all eyes alike */
	BUD_PALETTE_VIRIDIS,
	BUD_PALETTE_MONO, /* digits alone */
	BUD_NR_PALETTES,
} bud_palette;

const char *bud_palette_name(bud_palette palette);
/* False for a name that is none. */
bool bud_palette_parse(const char *name, bud_palette *palette);

#define BUD_HEAT_DIRECT (1 << 24) /* colours of a terminal that takes 0xRRGGBB */

/* Colours behind and in a digit of that level, for a terminal of 8, 256 or BUD_HEAT_DIRECT colours; -1, as at level 0,
 * is the terminal's own. */
typedef struct bud_heat_colors {
	int back, fore;
} bud_heat_colors;
bud_heat_colors bud_heat_color(int colors, bud_palette palette, int level, bool light);

/* "15.6G" from pages; "408M", "64K", "?" for BUD_UNKNOWN. Returns text. */
char *bud_heat_size(uint64_t pages, int page_shift, char *text, size_t size);
/* The same of a difference: "+408M", "-64K", "0K". */
char *bud_heat_change(int64_t pages, int page_shift, char *text, size_t size);
/* "3.4k", "18k", "402", "?" for BUD_UNKNOWN. */
char *bud_heat_count(uint64_t count, char *text, size_t size);
/* "55.213s", cut off after 0..9 digits; ticks as they are. */
char *bud_heat_time(uint64_t t_ns, bool is_ns, int digits, char *text, size_t size);

#endif
