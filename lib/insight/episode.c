/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/insight/episode.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/lower_bound.h"

#define X(id, name) name,
static const char *const kind_names[] = { BUD_EPISODE_KINDS(X) };
static const char *const outcome_names[] = { BUD_EPISODE_OUTCOMES(X) };
static const char *const part_names[] = { BUD_EPISODE_PARTS(X) };
#undef X

const char *bud_episode_kind_name(bud_episode_kind kind)
{
	return kind_names[kind];
}

const char *bud_episode_outcome_name(bud_episode_outcome outcome)
{
	return outcome_names[outcome];
}

const char *bud_episode_part_name(bud_episode_part_kind part)
{
	return part_names[part];
}

const char *bud_episode_compact_result(int32_t result)
{
	static const char *const names[] = { "not_suitable_zone", "skipped",   "deferred",
					     "no_suitable_page",  "continue",  "complete",
					     "partial_skipped",	  "contended", "success" };
	return result >= 0 && result < (int32_t)(sizeof names / sizeof *names) ? names[result] : "?";
}

void bud_episode_list_init(bud_episode_list *list, size_t max_bytes)
{
	*list = (bud_episode_list){ .max_bytes = max_bytes };
}

void bud_episode_list_fini(bud_episode_list *list)
{
	free(list->episodes);
	free(list->parts);
	*list = (bud_episode_list){ 0 };
}

/* Room for more elements behind the first nr; */
static bool make_room(void **array, size_t *room, size_t nr, size_t more, size_t size, size_t max_bytes)
{
	if (nr + more <= *room)
		return true;
	size_t wanted = *room ? *room * 2 : 256;
	while (wanted < nr + more)
		wanted *= 2;
	if (wanted * size > max_bytes)
		wanted = max_bytes / size;
	if (wanted < nr + more)
		return false;
	void *grown = realloc(*array, wanted * size);
	if (!grown)
		return false;
	*array = grown;
	*room = wanted;
	return true;
}

size_t bud_episode_list_add(bud_episode_list *list, const bud_episode *episode, const bud_episode_part *parts,
			    size_t nr_parts)
{
	/* A part is a third of an episode; most episodes have few. */
	size_t for_parts = list->max_bytes / 2, for_episodes = list->max_bytes - for_parts;
	if (!make_room((void **)&list->episodes, &list->room, list->nr, 1, sizeof *list->episodes, for_episodes) ||
	    !make_room((void **)&list->parts, &list->parts_room, list->nr_parts, nr_parts, sizeof *list->parts,
		       for_parts)) {
		list->dropped++;
		return SIZE_MAX;
	}
	bud_episode *added = &list->episodes[list->nr];
	*added = *episode;
	added->first_part = (uint32_t)list->nr_parts;
	added->nr_parts = (uint32_t)nr_parts;
	if (nr_parts)
		memcpy(list->parts + list->nr_parts, parts, nr_parts * sizeof *parts);
	list->nr_parts += nr_parts;
	list->sorted = list->nr == 0 || (list->sorted && added[-1].id < added->id);
	return list->nr++;
}

static int compare_ids(const void *a, const void *b)
{
	const bud_episode *x = a, *y = b;
	return x->id < y->id ? -1 : x->id > y->id;
}

void bud_episode_list_sort(bud_episode_list *list)
{
	if (!list->sorted && list->nr)
		qsort(list->episodes, list->nr, sizeof *list->episodes, compare_ids);
	list->sorted = true;
}

size_t bud_episode_list_from(const bud_episode_list *list, uint64_t t_ns)
{
	return bud_lower_bound(list->episodes, list->nr, sizeof *list->episodes, offsetof(bud_episode, t_start_ns), t_ns);
}

const bud_episode *bud_episode_list_find(const bud_episode_list *list, uint64_t id)
{
	const bud_episode key = { .id = id };
	return list->nr ? bsearch(&key, list->episodes, list->nr, sizeof key, compare_ids) : NULL;
}

const bud_episode *bud_episode_list_ending(const bud_episode_list *list, uint64_t t_ns, int32_t pid)
{
	/* Ordered by their beginning: the nearest ones are the likeliest. */
	for (size_t i = bud_episode_list_from(list, t_ns + 1); i-- > 0;)
		if (list->episodes[i].t_end_ns == t_ns && list->episodes[i].pid == pid)
			return &list->episodes[i];
	return NULL;
}
