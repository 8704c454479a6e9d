/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/cmd.h"

static const struct command {
	const char *name;
	unsigned bit;
	bud_status (*run)(const bud_options *options, int *exit_code, bud_error *err);
	const char *help;
} commands[] = {
	{ "info", BUD_CMD_INFO, bud_cmd_info, "what the capture is and what can be known from it" },
	{ "report", BUD_CMD_REPORT, bud_cmd_report, "free lists and fragmentation over time, as text, CSV or JSON" },
	{ "view", BUD_CMD_VIEW, bud_cmd_view, "the same on the terminal, to move about in" },
	{ "simulate", BUD_CMD_SIMULATE, bud_cmd_simulate, "the same requests through a model of the allocator: what if" },
	{ "verify", BUD_CMD_VERIFY, bud_cmd_verify, "the replayed free lists against the kernel's own, at snapshots" },
	{ "explain", BUD_CMD_EXPLAIN, bud_cmd_explain, "why an allocation failed or was slow, and what stood in its way" },
};

#define NR_COMMANDS (sizeof commands / sizeof *commands)

static void print_usage(FILE *out)
{
	fprintf(out, "buddyscope shows the kernel's free lists over time, from a trace of the page\n"
		     "allocator.\n\n"
		     "usage: buddyscope COMMAND [-i CAPTURE] [options]\n\n");
	for (size_t i = 0; i < NR_COMMANDS; i++)
		fprintf(out, "  %-8s %s\n", commands[i].name, commands[i].help);
	fprintf(out, "\nCAPTURE is a trace.dat (.gz and .zst too), - for standard input, or a bundle:\n"
		     "a folder with a trace and snapshots of kernel files. Without it: trace.dat.\n"
		     "buddyscope CAPTURE on a terminal means view. COMMAND --help lists its options.\n");
}

static void print_command_usage(const struct command *command, FILE *out)
{
	fprintf(out, "buddyscope %s: %s\n\nusage: buddyscope %s [-i CAPTURE] [options]\n\n", command->name,
		command->help, command->name);
	bud_options_usage(command->bit, out);
}

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < NR_COMMANDS; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static int fail(const char *text)
{
	fprintf(stderr, "buddyscope: %s\n", text);
	return BUD_EXIT_FAILED;
}

static int no_such_command(const char *name)
{
	bud_error err;
	bud_error_set(&err, BUD_ERR_USAGE, "%s: no such command; see buddyscope --help", name);
	return fail(err.text);
}

static int run(const struct command *command, int argc, char **argv)
{
	bud_options options;
	bud_error err;
	int exit_code = BUD_EXIT_OK;
	bud_status status = bud_options_parse(&options, command->bit, argc, argv, &err);
	if (!status && options.help) {
		print_command_usage(command, stdout);
		return BUD_EXIT_OK;
	}
	if (!status)
		status = command->run(&options, &exit_code, &err);
	return status ? fail(err.text) : exit_code;
}

/* `help`, `help COMMAND`. */
static int print_help(const char *asked)
{
	const struct command *command = asked ? find_command(asked) : NULL;
	if (asked && !command)
		return no_such_command(asked);
	if (command)
		print_command_usage(command, stdout);
	else
		print_usage(stdout);
	return BUD_EXIT_OK;
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";
	setlocale(LC_CTYPE, "");
	if (strcmp(name, "--version") == 0) {
		puts("buddyscope " BUD_VERSION);
		return BUD_EXIT_OK;
	}
	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
		return print_help(NULL);
	if (strcmp(name, "help") == 0)
		return print_help(argc > 2 ? argv[2] : NULL);
	const struct command *command = find_command(name);
	if (command)
		return run(command, argc - 1, argv + 1);
	if (!*name) {
		print_usage(stderr);
		return BUD_EXIT_FAILED;
	}
	if (access(name, F_OK) != 0)
		return no_such_command(name);
	/* A capture alone: look at it, where there is a terminal to look with. */
	if (!isatty(STDOUT_FILENO))
		return fail("without a terminal to view it on, a capture needs a command; see buddyscope --help");
	argv[0] = (char[]){ "view" };
	return run(find_command("view"), argc, argv);
}
