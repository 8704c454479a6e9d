/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/tui/screen.h"

const bud_screen bud_screens[BUD_NR_SCREENS] = {
	[BUD_SCREEN_HEAT] = { "Heat", bud_screen_heat_draw, NULL, "freelist" },
	[BUD_SCREEN_FRAG] = { "Frag", bud_screen_frag_draw, NULL, "index" },
	[BUD_SCREEN_PFN] = { "Pfn", bud_screen_pfn_draw, bud_screen_pfn_measure, "pageblock" },
	[BUD_SCREEN_EPISODES] = { "Episodes", bud_screen_episodes_draw, bud_screen_episodes_measure, "episode" },
	[BUD_SCREEN_SITES] = { "Sites", bud_screen_sites_draw, bud_screen_sites_measure, "site" },
	[BUD_SCREEN_INFO] = { "Info", bud_screen_info_draw, bud_screen_info_measure, NULL },
};

void bud_screen_show(const bud_view *view)
{
	bud_canvas_clear(view->canvas);
	if (view->browse->help) {
		bud_screen_help_draw(view);
	} else if (view->layout.extent != BUD_EXTENT_FULL) {
		bud_view_small(view);
	} else {
		bud_screens[view->browse->screen].draw(view);
		bud_view_frame(view);
	}
}
