/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tui_script WIDTHxHEIGHT KEYS CAPTURE [options of view]: what the screen
 * shows after keys, without a terminal. Characters are keys; {Enter}, {Left}, {Tab} ... are
 * those with names, { and } of their own {{} and {}}. Besides
 *   {show}            prints the screen
 *   {WIDTHxHEIGHT}    resizes it
 *   {click X,Y} {drag X,Y} {wheel-up X,Y} {wheel-down X,Y}
 *   {wait MS}         lets time pass
 * After each of them all work is done. The last screen is always printed.
 * With {soon} as the first word, work goes on only until the cursor's figures
 * are known, as for a user who does not wait until the trace is learnt.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/tui/session.h"

static void show(bud_session *s)
{
	bud_session_draw(s);
	bud_canvas_print(&s->canvas, stdout);
	puts("=====");
}

static bud_status settle(bud_session *s, bool soon, bud_error *err)
{
	bool idle = false;
	bud_status status = BUD_OK;
	while (!status && !idle) {
		status = bud_session_work(s, 10000, &idle, err);
		idle = idle || (soon && s->scene.cursor.ready && s->scene.cursor.t_ns == s->browse.cursor_ns);
	}
	return status;
}

static bool parse_mouse(const char *word, bud_mouse *mouse)
{
	static const char *const names[] = { "click", "drag", "wheel-up", "wheel-down" };
	for (int i = 0; i < 4; i++) {
		size_t length = strlen(names[i]);
		if (strncmp(word, names[i], length) == 0 &&
		    sscanf(word + length, " %d,%d", &mouse->x, &mouse->y) == 2) {
			mouse->what = i;
			return true;
		}
	}
	return false;
}

static bud_status do_word(bud_session *s, const char *word, bud_error *err)
{
	int width, height;
	unsigned ms;
	bud_mouse mouse;
	if (strcmp(word, "show") == 0)
		show(s);
	else if (sscanf(word, "%dx%d", &width, &height) == 2)
		return bud_session_resize(s, width, height, err);
	else if (sscanf(word, "wait %u", &ms) == 1)
		bud_session_tick(s, (uint64_t)ms * 1000000);
	else if (parse_mouse(word, &mouse))
		return bud_session_key(s, BUD_KEY_MOUSE, &mouse, err);
	else if (bud_keys_parse(word, strlen(word)) != BUD_KEY_NONE)
		return bud_session_key(s, bud_keys_parse(word, strlen(word)), NULL, err);
	else
		return bud_error_set(err, BUD_ERR_USAGE, "{%s} means nothing", word);
	return BUD_OK;
}

/* The next key or word; returns what is behind it. */
static const char *do_next(bud_session *s, const char *script, bud_status *status, bud_error *err)
{
	char word[64];
	const char *end = *script == '{' && script[1] ? strchr(script + 2, '}') : NULL;
	if (!end) {
		*status = bud_session_key(s, *script, NULL, err);
		return script + 1;
	}
	snprintf(word, sizeof word, "%.*s", (int)(end - script - 1), script + 1);
	*status = do_word(s, word, err);
	return end + 1;
}

static bud_status play(bud_session *s, const char *script, bud_error *err)
{
	static const char soon_word[] = "{soon}";
	bool soon = strncmp(script, soon_word, sizeof soon_word - 1) == 0;
	if (soon)
		script += sizeof soon_word - 1;
	bud_status status = settle(s, soon, err);
	while (*script && !status && !s->browse.quit) {
		script = do_next(s, script, &status, err);
		if (!status)
			status = settle(s, soon, err);
	}
	if (!status)
		show(s);
	return status;
}

int main(int argc, char **argv)
{
	bud_workbench bench;
	bud_options options;
	bud_session session;
	bud_error err;
	int width, height;
	const char *keys = argc > 2 ? argv[2] : "";
	if (argc < 4 || sscanf(argv[1], "%dx%d", &width, &height) != 2)
		return 2;
	if (bud_options_parse(&options, BUD_CMD_VIEW, argc - 2, argv + 2, &err) ||
	    (options.bench.types = true, bud_workbench_open(&bench, &options.bench, &err))) {
		fprintf(stderr, "%s\n", err.text);
		return 2;
	}
	bud_status status = bud_session_open(&session, &bench, &options, NULL, width, height, &err);
	if (!status) {
		status = play(&session, keys, &err);
		bud_session_close(&session);
	}
	if (status)
		fprintf(stderr, "%s\n", err.text);
	bud_workbench_close(&bench);
	return status ? 1 : 0;
}
