/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/story_text.h"

#include <inttypes.h>

#include "cli/output.h"

#define SHOWN 6 /* parts at the beginning, and at the end, of a long story */

typedef struct story {
	const bud_explain_text *text;
	const bud_episode *episode;
	const bud_memory *memory;
} story;

static const char *span_of(const story *s, uint64_t ns, char text[32])
{
	if (s->text->clock_is_ns)
		snprintf(text, 32, "%" PRIu64 ".%03" PRIu64 " ms", ns / 1000000, ns / 1000 % 1000);
	else
		snprintf(text, 32, "%" PRIu64 " ticks", ns);
	return text;
}

/* " of node 1 DMA32"; "" where the events do not tell. */
static const char *place_of(const story *s, const bud_episode_part *p, char text[64])
{
	text[0] = '\0';
	if (p->zone >= 0 && (size_t)p->zone < s->memory->nr_zones)
		snprintf(text, 64, " of node %d %s", s->memory->zones[p->zone].node, s->memory->zones[p->zone].name);
	return text;
}

static const char *result_of(const bud_episode_part *p)
{
	static const char *const texts[] = {
		[0] = "it would not help there",
		[1] = "too little free to move pages to",
		[2] = "it failed lately",
		[5] = "no block in all of it",
		[6] = "no block in part of it",
		[7] = "broken off",
		[8] = "a block made",
	};
	bool told = p->result >= 0 && p->result < (int32_t)(sizeof texts / sizeof *texts) && texts[p->result];
	return told ? texts[p->result] : bud_episode_compact_result(p->result);
}

/* What is no step of its own: who tries to compact compacts, or not. */
static bool is_silent(const bud_episode_part *p)
{
	return p->kind == BUD_PART_COMPACT_TRY || p->kind == BUD_PART_ROUND;
}

static void print_work(const story *s, const bud_episode_part *p, const char *what)
{
	char span[32];
	bud_output_print(s->text->out, "%s: %" PRIu64 " page%s", what, p->value, p->value == 1 ? "" : "s");
	if (p->dur_ns != BUD_UNKNOWN)
		bud_output_print(s->text->out, ", %s", span_of(s, p->dur_ns, span));
}

static void print_what(const story *s, const bud_episode_part *p)
{
	char place[64], span[32];
	FILE *out = s->text->out;
	switch (p->kind) {
	case BUD_PART_WAKE:
		bud_output_print(out, "wakes kswapd%s", place_of(s, p, place));
		break;
	case BUD_PART_DIRECT:
		print_work(s, p, "direct reclaim");
		break;
	case BUD_PART_NODE_RECLAIM:
		print_work(s, p, "node reclaim");
		break;
	case BUD_PART_MEMCG_RECLAIM:
		print_work(s, p, "reclaim of its memory cgroup");
		break;
	case BUD_PART_COMPACT:
		bud_output_print(out, "compaction%s", place_of(s, p, place));
		if (p->dur_ns != BUD_UNKNOWN)
			bud_output_print(out, ", %s", span_of(s, p->dur_ns, span));
		bud_output_print(out, ": %s", result_of(p));
		break;
	case BUD_PART_UNSUITABLE:
		bud_output_print(out, "no compaction%s: %s", place_of(s, p, place),
				 p->result == BUD_EPISODE_COMPACT_SUCCESS ? "a block is free" : result_of(p));
		break;
	case BUD_PART_DEFERRED:
		bud_output_print(out, "compaction%s is put off: it failed lately", place_of(s, p, place));
		break;
	case BUD_PART_RECLAIM_RETRY:
		bud_output_print(out, "reclaiming more%s would%s do", place_of(s, p, place), p->result ? "" : " not");
		break;
	case BUD_PART_COMPACT_RETRY:
		bud_output_print(out, p->result ? "it will compact again" : "it will not compact again");
		break;
	case BUD_PART_KILL:
		bud_output_print(out, "the OOM killer takes task %d", p->result);
		break;
	default:
		bud_output_print(out, "events were lost here");
		break;
	}
}

void bud_story_text_print(const bud_explain_text *text, const bud_episode *episode, const bud_episode_part *parts,
			  const bud_memory *memory)
{
	const story s = { text, episode, memory };
	char span[32];
	size_t nr = 0, at = 0;
	for (size_t i = 0; i < episode->nr_parts; i++)
		nr += !is_silent(&parts[i]);
	if (!nr)
		return;
	bud_output_print(text->out, "\nwhat the kernel did for it, in %s (episode %" PRIu64 ")\n",
			 span_of(&s, bud_episode_dur(episode), span), episode->id);
	for (size_t i = 0; i < episode->nr_parts; i++) {
		const bud_episode_part *p = &parts[i];
		if (is_silent(p))
			continue;
		if (at++ == SHOWN && nr > 2 * SHOWN && !text->verbose)
			bud_output_print(text->out, "  %11s  %zu more\n", "...", nr - 2 * SHOWN);
		if (at > SHOWN && at <= nr - SHOWN && nr > 2 * SHOWN && !text->verbose)
			continue;
		bud_output_print(text->out, "  %11s  ", span_of(&s, p->t_ns - episode->t_start_ns, span));
		print_what(&s, p);
		fputc('\n', text->out);
	}
	if (episode->parts_dropped)
		bud_output_print(text->out, "  %11s  %" PRIu32 " more, not kept\n", "...", episode->parts_dropped);
}
