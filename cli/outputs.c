/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/outputs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

bud_status bud_outputs_add(bud_outputs *outputs, const bud_table *shape, bud_error *err)
{
	const bud_options *options = outputs->options;
	for (size_t i = 0; i < outputs->nr; i++)
		if (strcmp(outputs->list[i].shape->name, shape->name) == 0)
			return bud_error_set(err, BUD_ERR_USAGE, "--section %s: names %s twice", options->sections,
					     shape->name);
	if (outputs->nr == BUD_OUTPUTS_MAX)
		return bud_error_set(err, BUD_ERR_USAGE, "--section %s: too many", options->sections);
	outputs->list[outputs->nr++].shape = shape;
	if (outputs->nr > 1 && !options->output)
		return bud_error_set(err, BUD_ERR_USAGE, "several sections need a folder to go to: -o FOLDER");
	return BUD_OK;
}

static bool is_folder(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bud_status open_one(bud_outputs *o, size_t i, bool in_folder, bud_error *err)
{
	static const char *const endings[] = { "txt", "csv", "json", "jsonl" };
	const bud_options *options = o->options;
	if (in_folder && asprintf(&o->list[i].path, "%s/%s.%s", options->output, o->list[i].shape->name,
				  endings[options->format]) < 0) {
		o->list[i].path = NULL;
		return bud_error_memory(err, options->output);
	}
	bud_status status =
		bud_output_open(&o->list[i].output, in_folder ? o->list[i].path : options->output, err);
	if (status)
		return status;
	o->list[i].open = true;
	o->list[i].sink = bud_output_sink(&o->list[i].output, options->format);
	return o->list[i].sink.begin(o->list[i].sink.self, o->list[i].shape, err);
}

bud_status bud_outputs_open(bud_outputs *outputs, bud_error *err)
{
	const char *output = outputs->options->output;
	bool in_folder = output && (outputs->nr > 1 || is_folder(output));
	if (outputs->nr > 1 && mkdir(output, 0777) && errno != EEXIST)
		return bud_error_set(err, BUD_ERR_IO, "%s: %s", output, strerror(errno));
	bud_status status = BUD_OK;
	for (size_t i = 0; !status && i < outputs->nr; i++)
		status = open_one(outputs, i, in_folder, err);
	outputs->open = !status;
	return status;
}

bud_status bud_outputs_close(bud_outputs *outputs, bud_status status, bud_error *err)
{
	for (size_t i = 0; i < outputs->nr; i++) {
		if (outputs->list[i].open && !status)
			status = outputs->list[i].sink.end(outputs->list[i].sink.self, err);
		bud_status closed =
			outputs->list[i].open ? bud_output_close(&outputs->list[i].output, status ? NULL : err) : BUD_OK;
		status = status ? status : closed;
		free(outputs->list[i].path);
	}
	return status;
}
