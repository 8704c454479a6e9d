/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/insight/impasse.h"

#include <stdlib.h>
#include <string.h>

static const bud_impasse_zone *zone_of(const bud_impasse *scene, const bud_answer *answer)
{
	for (size_t i = 0; i < scene->nr_zones; i++)
		if (scene->zones[i].zone->node == answer->node && strcmp(scene->zones[i].zone->name, answer->name) == 0)
			return &scene->zones[i];
	return NULL;
}

static void find_shortfall(bud_impasse *scene, const bud_kernel *kernel, const bud_settings *settings,
			   const bud_boosts *boosts)
{
	const bud_explanation *e = &scene->explanation;
	const bud_impasse_zone *zone = e->decisive < 0 ? NULL : zone_of(scene, &e->answers[e->decisive]);
	if (!zone)
		return;
	bud_zone_facts facts;
	bud_explain_zone(&facts, zone->zone, settings, boosts);
	bud_shortfall_zone at = { .facts = &facts, .settings = settings, .cached = zone->cached };
	bud_shortfall_find(&scene->shortfall, &scene->plea, e, &at, kernel);
}

bud_status bud_impasse_take(bud_impasse *scene, const bud_plea *plea, uint64_t t_ns, const bud_memory *memory,
			    const bud_kernel *kernel, bud_owners *owners, const bud_settings *settings,
			    const bud_boosts *boosts, bud_error *err)
{
	*scene = (bud_impasse){ .t_ns = t_ns, .plea = *plea };
	bud_owners_settle(owners);
	bud_status status = bud_explain_memory(&scene->explanation, plea, memory, kernel, settings, boosts, err);
	if (!status)
		status = bud_pins_collect(&scene->pins, memory, kernel, owners, err);
	if (!status && !(scene->zones = calloc(memory->nr_zones + 1, sizeof *scene->zones)))
		status = bud_error_memory(err, "zones");
	for (size_t i = 0; !status && i < memory->nr_zones; i++) {
		const bud_zone *zone = &memory->zones[i];
		if (!zone->managed || !zone->seeded)
			continue;
		bud_impasse_zone *to = &scene->zones[scene->nr_zones++];
		*to = (bud_impasse_zone){ .zone = zone, .cached = zone->cached_pages };
		bud_headroom_count(&to->huge, memory, zone, kernel->pageblock_order, owners);
		to->room = to->huge;
		if (plea->order != kernel->pageblock_order)
			bud_headroom_count(&to->room, memory, zone, plea->order, owners);
	}
	if (!status)
		find_shortfall(scene, kernel, settings, boosts);
	return status;
}

void bud_impasse_fini(bud_impasse *scene)
{
	bud_pins_fini(&scene->pins);
	free(scene->zones);
	scene->zones = NULL;
	scene->nr_zones = 0;
}
