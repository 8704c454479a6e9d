/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/tui/keys.h"

#include <string.h>

const bud_action_row bud_action_rows[BUD_NR_ACTIONS] = { { "", "", 0, "", "" },
#define X(action, name, keys, where, hint, help) { name, keys, where, hint, help },
							 BUD_ACTIONS(X)
#undef X
};

static const struct {
	const char *name;
	int key;
} named_keys[] = {
	{ "Up", BUD_KEY_UP },	      { "Down", BUD_KEY_DOWN },		  { "Left", BUD_KEY_LEFT },
	{ "Right", BUD_KEY_RIGHT },   { "Home", BUD_KEY_HOME },		  { "End", BUD_KEY_END },
	{ "PgUp", BUD_KEY_PAGE_UP },  { "PgDn", BUD_KEY_PAGE_DOWN },	  { "Tab", BUD_KEY_TAB },
	{ "S-Tab", BUD_KEY_BACKTAB }, { "Enter", BUD_KEY_ENTER },	  { "Esc", BUD_KEY_ESC },
	{ "Space", BUD_KEY_SPACE },   { "BackSpace", BUD_KEY_BACKSPACE }, { "F1", BUD_KEY_F1 },
	{ "F2", BUD_KEY_F2 },
};

int bud_keys_parse(const char *name, size_t length)
{
	if (length == 1 && *name > ' ' && *name < 127)
		return *name;
	for (size_t i = 0; i < sizeof named_keys / sizeof *named_keys; i++)
		if (strlen(named_keys[i].name) == length && strncmp(named_keys[i].name, name, length) == 0)
			return named_keys[i].key;
	return BUD_KEY_NONE;
}

/* The next word of a list, its length in *length; NULL at the end. */
static const char *next_word(const char *list, size_t *length)
{
	list += strspn(list, " \t");
	*length = strcspn(list, " \t");
	return *length ? list : NULL;
}

void bud_keymap_init(bud_keymap *map)
{
	for (size_t i = 0; i < BUD_NR_ACTIONS; i++)
		snprintf(map->keys[i], sizeof map->keys[i], "%s", bud_action_rows[i].keys);
}

bud_status bud_keymap_bind(bud_keymap *map, const char *action, const char *keys, bud_error *err)
{
	size_t i = 1, length;
	while (i < BUD_NR_ACTIONS && strcmp(bud_action_rows[i].name, action) != 0)
		i++;
	if (i == BUD_NR_ACTIONS)
		return bud_error_set(err, BUD_ERR_USAGE, "no action %s; buddyscope view --keys lists them", action);
	for (const char *word = keys; (word = next_word(word, &length)); word += length)
		if (bud_keys_parse(word, length) == BUD_KEY_NONE)
			return bud_error_set(err, BUD_ERR_USAGE, "%s: no key %.*s", action, (int)length, word);
	if (strlen(keys) >= sizeof map->keys[i])
		return bud_error_set(err, BUD_ERR_USAGE, "%s: too many keys", action);
	strcpy(map->keys[i], keys);
	return BUD_OK;
}

bud_action bud_keymap_action(const bud_keymap *map, int key, unsigned where)
{
	size_t length;
	for (size_t i = 1; i < BUD_NR_ACTIONS; i++) {
		if (!(bud_action_rows[i].where & where))
			continue;
		for (const char *word = map->keys[i]; (word = next_word(word, &length)); word += length)
			if (bud_keys_parse(word, length) == key)
				return (bud_action)i;
	}
	return BUD_ACT_NONE;
}

/* The hint as the table has it, with the user's keys if they are others. */
static void hint_of(const bud_keymap *map, size_t action, char *text, size_t size)
{
	const bud_action_row *row = &bud_action_rows[action];
	const char *what = strrchr(row->hint, ' ');
	size_t length;
	const char *key = next_word(map->keys[action], &length);
	if (strcmp(map->keys[action], row->keys) == 0 || !what)
		snprintf(text, size, "%s", row->hint);
	else if (key)
		snprintf(text, size, "%.*s%s", (int)length, key, what);
	else
		*text = '\0';
}

char *bud_keymap_hints(const bud_keymap *map, unsigned where, char *text, size_t size)
{
	char help[32], leave[32], hint[64];
	hint_of(map, BUD_ACT_HELP, help, sizeof help);
	hint_of(map, BUD_ACT_LEAVE, leave, sizeof leave);
	size_t used = 0, kept = strlen(help) + strlen(leave) + 5; /* these two are always there */
	*text = '\0';
	for (size_t i = 1; i < BUD_NR_ACTIONS && size > kept; i++) {
		if (!(bud_action_rows[i].where & where) || i == BUD_ACT_HELP || i == BUD_ACT_LEAVE)
			continue;
		hint_of(map, i, hint, sizeof hint);
		if (*hint && used + strlen(hint) + 2 + kept < size)
			used += (size_t)snprintf(text + used, size - used, " %s ", hint);
	}
	snprintf(text + used, size - used, " %s  %s", help, leave);
	return text;
}

void bud_keymap_print(const bud_keymap *map, FILE *out)
{
	for (size_t i = 1; i < BUD_NR_ACTIONS; i++)
		fprintf(out, "%-16s %-10s %s\n", bud_action_rows[i].name, map->keys[i], bud_action_rows[i].help);
}
