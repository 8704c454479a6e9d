/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/tui/screen.h"

/* In two columns where there is room; scrolls. */
void bud_screen_help_draw(const bud_view *view)
{
	const bud_view *v = view;
	int height = v->canvas->height, width = v->canvas->width;
	int columns = width >= 160 ? 2 : 1, rows = height - 1;
	size_t nr = BUD_NR_ACTIONS - 1, room = (size_t)rows * (size_t)columns;
	size_t top = nr <= room ? 0 : v->browse->help_top < nr - room ? v->browse->help_top : nr - room;
	bud_canvas_row_role(v->canvas, 0, width, 0, BUD_ROLE_TITLE);
	bud_canvas_text(v->canvas, 0, 0, BUD_ROLE_TITLE,
			nr <= room ? " keys (any key closes this)"
				   : " keys (Up Down scroll, any other key closes this)");
	for (size_t i = 0; i < room && top + i < nr; i++) {
		size_t action = top + i + 1;
		bud_area at = { (int)(i / (size_t)rows) * (width / columns), 1 + (int)(i % (size_t)rows),
				width / columns, 1 };
		bud_area_printf(v->canvas, &at, 1, 0, BUD_ROLE_NORMAL, "%s", v->keymap->keys[action]);
		bud_area_printf(v->canvas, &at, 10, 0, BUD_ROLE_DIM, "%s", bud_action_rows[action].help);
	}
}
