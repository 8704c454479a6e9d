/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/tui/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_SIZE 65536 /* no user writes more */

/* The folder it is in; false if the environment names none. */
static bool find_folder(char *path, size_t size)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	if (config && *config == '/')
		snprintf(path, size, "%s", config);
	else if (home && *home)
		snprintf(path, size, "%s/.config", home);
	else
		return false;
	return strlen(path) + sizeof "/buddyscope/config" < size;
}

static char *trim(char *text)
{
	text += strspn(text, " \t\r");
	for (size_t n = strlen(text); n && strchr(" \t\r", text[n - 1]); n--)
		text[n - 1] = '\0';
	return text;
}

/* A # begins a comment where a word could begin: it can be a key's name, too. */
static char *cut_comment(char *line)
{
	if (*line == '#')
		*line = '\0';
	char *hash = strstr(line, " # ");
	if (hash)
		*hash = '\0';
	return trim(line);
}

static bud_status parse_line(char *line, bud_options *options, bud_keymap *keymap, bud_error *err)
{
	char *equals = strchr(line, '=');
	if (!equals)
		return bud_error_set(err, BUD_ERR_USAGE, "expected NAME = VALUE");
	*equals = '\0';
	char *name = trim(line), *value = trim(equals + 1);
	if (strncmp(name, "key ", 4) == 0)
		return bud_keymap_bind(keymap, trim(name + 4), value, err);
	return bud_options_default(options, BUD_CMD_VIEW, name, value, err);
}

bud_status bud_config_parse(char *text, const char *name, bud_options *options, bud_keymap *keymap, bud_error *err)
{
	bud_error why;
	unsigned number = 0;
	for (char *line; (line = strsep(&text, "\n"));) {
		number++;
		line = cut_comment(trim(line));
		if (*line && parse_line(line, options, keymap, &why))
			return bud_error_set(err, BUD_ERR_USAGE, "%s: line %u: %s", name, number, why.text);
	}
	return BUD_OK;
}

bud_status bud_config_read(bud_config *config, bud_options *options, bud_keymap *keymap, bud_error *err)
{
	char path[1024];
	*config = (bud_config){ 0 };
	if (!find_folder(path, sizeof path))
		return BUD_OK;
	strcat(path, "/buddyscope/config");
	FILE *in = fopen(path, "re");
	if (!in)
		return errno == ENOENT || errno == ENOTDIR
			       ? BUD_OK
			       : bud_error_set(err, BUD_ERR_IO, "%s: %s", path, strerror(errno));
	config->text = calloc(1, MAX_SIZE + 1);
	size_t size = config->text ? fread(config->text, 1, MAX_SIZE, in) : 0;
	bool more = size == MAX_SIZE && fgetc(in) != EOF, failed = ferror(in) != 0;
	fclose(in);
	if (!config->text)
		return bud_error_memory(err, path);
	if (failed || more)
		return bud_error_set(err, BUD_ERR_IO, "%s: %s", path, more ? "too large" : "could not be read");
	return bud_config_parse(config->text, path, options, keymap, err);
}

void bud_config_fini(bud_config *config)
{
	free(config->text);
	*config = (bud_config){ 0 };
}

static void print(FILE *out, const bud_options *options, const bud_keymap *keymap)
{
	fprintf(out,
		"# buddyscope view: defaults, which the command line overrides, and keys\n\n"
		"color = %s\ntheme = %s\npalette = %s\nfold = %s\nno-mouse = %s\n\n",
		bud_color_name(options->color), bud_theme_name(options->theme), bud_palette_name(options->palette),
		bud_fold_name(bud_options_fold(options, BUD_FOLD_WORST)), options->no_mouse ? "yes" : "no");
	for (size_t i = 1; i < BUD_NR_ACTIONS; i++)
		fprintf(out, "key %s = %s\n", bud_action_rows[i].name, keymap->keys[i]);
}

bud_status bud_config_write(const bud_options *options, const bud_keymap *keymap, char *path, size_t size,
			    bud_error *err)
{
	if (!find_folder(path, size))
		return bud_error_set(err, BUD_ERR_IO, "neither XDG_CONFIG_HOME nor HOME says where");
	mkdir(path, 0777);
	strcat(path, "/buddyscope");
	mkdir(path, 0777);
	strcat(path, "/config");
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
	if (!out)
		return bud_error_set(err, BUD_ERR_IO, "%s: %s", path, strerror(errno));
	print(out, options, keymap);
	return fclose(out) == 0 ? BUD_OK : bud_error_set(err, BUD_ERR_IO, "%s: %s", path, strerror(errno));
}
