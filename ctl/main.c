// SPDX-License-Identifier: GPL-2.0
/*
 * obsctl, the user's side of kobs: finds the noun and the verb in the tables of
 * cmd/, and runs it.
 */

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/suggest.h"
#include "lib/diag.h"
#include "version.h"

static bool is_help(const char *word)
{
	return !strcmp(word, "--help") || !strcmp(word, "-h") || !strcmp(word, "help");
}

/* Have the reports of a verb shown on a screen. */
static int go_live(const struct noun *noun, const struct verb *verb, struct opts *o)
{
	const char *space = *verb->name ? " " : "";

	if (!verb_option(verb, "interval", strlen("interval")))
		return misuse("top shows reports that follow each other, and '%s%s%s' makes none: it has no --interval",
			      noun->name, space, verb->name);
	if (o->detach)
		return misuse("--detach leaves the session running: top has nothing to show of it");
	o->live = true;
	return 0;
}

/* @live: on a screen */
static int run_verb(const struct noun *noun, const struct verb *verb, int argc, char **argv,
		    bool live)
{
	struct opts o;
	int err;

	err = opts_parse(noun, verb, argc, argv, &o);
	if (!err && !o.help && live)
		err = go_live(noun, verb, &o);
	if (!err && o.help)
		help_print_verb(noun, verb, stdout);
	else if (!err)
		err = verb->fn(verb, &o);
	opts_free(verb, &o);
	return err;
}

static int too_many(const char *what, const char *word)
{
	return misuse("unexpected argument '%s' after '%s'", word, what);
}

/* Words behind "help": a noun and a verb, or nothing. */
static int help(int argc, char **argv)
{
	const struct noun *noun = argc > 0 ? noun_find(argv[0]) : NULL;
	const struct verb *verb = noun ? verb_find(noun, "") : NULL;
	int used = 1;

	if (argc > 0 && !noun)
		return suggest_noun(argc, argv);
	if (noun && !verb && argc > 1) {
		verb = verb_find(noun, argv[1]);
		if (!verb)
			return suggest_verb(noun, argc - 1, argv + 1);
		used = 2;
	}
	if (argc > used)
		return too_many(argv[used - 1], argv[used]);
	if (verb)
		help_print_verb(noun, verb, stdout);
	else if (noun)
		help_print_noun(noun, stdout);
	else
		help_print(stdout);
	return STATUS_DONE;
}

static int print_version(int argc, char **argv)
{
	if (argc)
		return too_many("--version", argv[0]);
	printf("obsctl %s\n", program_version);
	return STATUS_DONE;
}

/* The words from the noun on. @live: they follow top */
static int run(int argc, char **argv, bool live)
{
	const struct noun *noun = noun_find(argv[0]);
	const struct verb *verb = noun ? verb_find(noun, "") : NULL;

	if (!noun)
		return suggest_noun(argc, argv);
	if (noun->screen && argc > 1 && noun_find(argv[1]))
		return run(argc - 1, argv + 1, true);
	if (verb)
		return run_verb(noun, verb, argc - 1, argv + 1, live || noun->screen);
	if (argc < 2)
		return suggest_verb(noun, 0, NULL);
	verb = verb_find(noun, argv[1]);
	if (verb)
		return run_verb(noun, verb, argc - 2, argv + 2, live);
	if (!is_help(argv[1]))
		return suggest_verb(noun, argc - 1, argv + 1);
	argv[1] = argv[0];
	return help(argc - 1, argv + 1);
}

/*
 * Where a standard stream is closed, the next file or socket would take its
 * number, and get what is printed. Opened the wrong way, it fails as before.
 */
static void reserve_streams(void)
{
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0)
			return;
}

int main(int argc, char **argv)
{
	int status = STATUS_DONE;

	reserve_streams();
	if (argc < 2) {
		help_print(stderr);
		return STATUS_USAGE;
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V"))
		status = print_version(argc - 2, argv + 2);
	else if (is_help(argv[1]))
		status = help(argc - 2, argv + 2);
	else
		status = run(argc - 1, argv + 1, false);
	if (!status && (fflush(stdout) || ferror(stdout)))
		status = refuse("writing to standard output failed: %m");
	return status;
}
