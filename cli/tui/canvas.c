/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/tui/canvas.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>

bud_status bud_canvas_init(bud_canvas *canvas, int width, int height, bud_error *err)
{
	width = width < 1 ? 1 : width > 1000 ? 1000 : width;
	height = height < 1 ? 1 : height > 1000 ? 1000 : height;
	*canvas = (bud_canvas){ width, height, calloc((size_t)width * (size_t)height, sizeof(bud_cell)) };
	if (!canvas->cells)
		return bud_error_memory(err, "the screen");
	bud_canvas_clear(canvas);
	return BUD_OK;
}

void bud_canvas_fini(bud_canvas *canvas)
{
	free(canvas->cells);
	*canvas = (bud_canvas){ 0 };
}

void bud_canvas_clear(bud_canvas *canvas)
{
	for (int i = 0; i < canvas->width * canvas->height; i++)
		canvas->cells[i] = (bud_cell){ ' ', BUD_ROLE_NORMAL };
}

static bool is_glyph(char c)
{
	return (c >= 0x20 && c < 0x7f) || c == BUD_GLYPH_VERTICAL || c == BUD_GLYPH_HORIZONTAL;
}

void bud_canvas_put(bud_canvas *canvas, int x, int y, int role, char glyph)
{
	if (x < 0 || y < 0 || x >= canvas->width || y >= canvas->height)
		return;
	canvas->cells[y * canvas->width + x] = (bud_cell){ is_glyph(glyph) ? glyph : '?', (unsigned char)role };
}

int bud_canvas_text(bud_canvas *canvas, int x, int y, int role, const char *text)
{
	for (; *text; text++)
		bud_canvas_put(canvas, x++, y, role, *text);
	return x;
}

int bud_canvas_printf(bud_canvas *canvas, int x, int y, int role, const char *format, ...)
{
	char text[1024];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	return bud_canvas_text(canvas, x, y, role, text);
}

void bud_canvas_row_role(bud_canvas *canvas, int x, int end, int y, int role)
{
	for (x = x < 0 ? 0 : x; x < end && x < canvas->width && y >= 0 && y < canvas->height; x++)
		canvas->cells[y * canvas->width + x].role = (unsigned char)role;
}

int bud_area_printf(bud_canvas *canvas, const bud_area *area, int column, int row, int role, const char *format, ...)
{
	char text[1024];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	for (const char *c = text; *c && row >= 0 && row < area->height && column < area->width; c++, column++)
		if (column >= 0)
			bud_canvas_put(canvas, area->x + column, area->y + row, role, *c);
	return column;
}

void bud_area_role(bud_canvas *canvas, const bud_area *area, int row, int role)
{
	if (row >= 0 && row < area->height)
		bud_canvas_row_role(canvas, area->x, area->x + area->width, area->y + row, role);
}

void bud_canvas_print(const bud_canvas *canvas, FILE *out)
{
	for (int y = 0; y < canvas->height; y++) {
		const bud_cell *row = &canvas->cells[y * canvas->width];
		int end = canvas->width;
		while (end > 0 && row[end - 1].glyph == ' ')
			end--;
		for (int x = 0; x < end; x++)
			fputc(bud_canvas_ascii(row[x].glyph), out);
		fputc('\n', out);
	}
}
