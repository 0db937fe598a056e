// SPDX-License-Identifier: GPL-2.0
/*
 * obsctl, the user's side of kobs: the table of verbs, and help made from it.
 */

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmds.h"
#include "lib/diag.h"
#include "lib/macros.h"
#include "opts.h"
#include "version.h"

#define JSON_ONLY	FOR_STATUS

static const struct verb verbs[] = {
	{ "status", "", JSON_ONLY, "", "the module, its sources and sessions", cmd_status },
	{ "doctor", "", JSON_ONLY, "", "what this machine can do, and what to change", cmd_doctor },
	{ "func", "count", FOR_FUNC | FOR_COUNT, "[OPTION...] PATTERN... [-- COMMAND...]",
	  "count calls of kernel functions", cmd_func },
	{ "func", "time", FOR_FUNC | FOR_TIME, "[OPTION...] PATTERN... [-- COMMAND...]",
	  "how long calls of kernel functions take", cmd_func },
	{ "func", "trace", FOR_FUNC | FOR_TRACE, "[OPTION...] PATTERN... [-- COMMAND...]",
	  "calls of kernel functions one by one", cmd_func },
	{ "lock", "contention", FOR_WAIT, "[OPTION...] [-- COMMAND...]",
	  "waits for the kernel's locks, by lock and caller", cmd_lock_contention },
	{ "lock", "stalls", FOR_STALLS, "[OPTION...] [-- COMMAND...]",
	  "waits for locks that last, and who holds them up", cmd_lock_stalls },
	{ "sched", "offcpu", FOR_OFFCPU, "[OPTION...] [-- COMMAND...]",
	  "how long tasks are off the CPU, and why", cmd_sched },
	{ "sched", "runq", FOR_RUNQ, "[OPTION...] [-- COMMAND...]",
	  "how long tasks wait to run", cmd_sched },
	{ "slab", "growth", FOR_GROWTH, "[OPTION...] [-- COMMAND...]",
	  "which slab caches grow, and how fast", cmd_slab },
	{ "slab", "leaks", FOR_LEAKS, "[OPTION...] [-- COMMAND...]",
	  "which call sites keep slab objects, and which of them leak", cmd_slab },
	{ "slab", "trace", FOR_SLAB_TRACE, "[OPTION...] [-- COMMAND...]",
	  "slab allocations and frees one by one", cmd_slab },
	{ "slab", "diff", FOR_DIFF, "[OPTION...] BEFORE.json AFTER.json",
	  "what changed between two reports of slab leaks or slab growth", cmd_slab },
	{ "pmu", "list", FOR_NAMES, "[OPTION...] [PATTERN...]", "events there are", cmd_pmu },
	{ "pmu", "stat", FOR_STAT, "[OPTION...] [-- COMMAND...]", "count events", cmd_pmu },
	{ "pmu", "record", FOR_RECORD, "[OPTION...] [-- COMMAND...]", "sample where events happen",
	  cmd_pmu },
	{ "pmu", "branch", FOR_BRANCH, "[OPTION...] [-- COMMAND...]",
	  "record the branches that led to samples", cmd_pmu },
	{ "session", "list", FOR_LIST, "[OPTION...]", "all sessions", cmd_session_list },
	{ "session", "read", FOR_READ, "[OPTION...] NAME|ID", "report of a session that runs detached",
	  cmd_session_read },
	{ "session", "stop", FOR_STOP, "[OPTION...] NAME|ID",
	  "end a detached session, and show its last report", cmd_session_stop },
};

static void print_usage(FILE *to, const char *noun)
{
	size_t i;

	fputs("Usage: obsctl NOUN [VERB] [OPTION...]\n\n", to);
	for (i = 0; i < ARRAY_SIZE(verbs); i++) {
		char left[32];

		if (noun && strcmp(noun, verbs[i].noun))
			continue;
		snprintf(left, sizeof(left), "%s %s", verbs[i].noun, verbs[i].name);
		fprintf(to, "  obsctl %-15s %s\n", left, verbs[i].doc);
	}
	fputs("\n  obsctl NOUN VERB --help lists the options, obsctl --version prints the version;\n"
	      "  obsctl(8) explains all.\n", to);
	if (noun && !strcmp(noun, "func"))
		fputs("\nPatterns: NAME or GLOB, MODULE:GLOB, !GLOB to exclude; 'vfs_*' '!vfs_get*' for instance.\n",
		      to);
}

static bool is_help(const char *word)
{
	return !strcmp(word, "--help") || !strcmp(word, "-h") || !strcmp(word, "help");
}

static bool is_noun(const char *word)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(verbs); i++)
		if (!strcmp(verbs[i].noun, word))
			return true;
	return false;
}

static const struct verb *find_verb(const char *noun, const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(verbs); i++)
		if (!strcmp(verbs[i].noun, noun) && (!*verbs[i].name ||
						     (name && !strcmp(verbs[i].name, name))))
			return &verbs[i];
	return NULL;
}

static int run_verb(const struct verb *verb, int argc, char **argv)
{
	struct opts o;
	int err;

	err = opts_parse(verb, argc, argv, &o);
	if (!err && o.help)
		opts_print_help(verb, stdout);
	else if (!err)
		err = verb->fn(verb, &o);
	opts_free(&o);
	return err;
}

static int help(int argc, char **argv)
{
	const struct verb *verb = argc > 0 ? find_verb(argv[0], argc > 1 ? argv[1] : NULL) : NULL;

	if (argc > 0 && !is_noun(argv[0]))
		return misuse("there is no '%s' (obsctl help lists what there is)", argv[0]);
	if (verb)
		opts_print_help(verb, stdout);
	else
		print_usage(stdout, argc > 0 ? argv[0] : NULL);
	return STATUS_DONE;
}

int main(int argc, char **argv)
{
	const struct verb *verb;
	int status;

	if (argc < 2) {
		print_usage(stderr, NULL);
		return STATUS_USAGE;
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		printf("obsctl %s\n", program_version);
		return STATUS_DONE;
	}
	if (is_help(argv[1]))
		return help(argc - 2, argv + 2);
	if (!is_noun(argv[1]))
		return misuse("there is no '%s' (obsctl help lists what there is)", argv[1]);
	verb = find_verb(argv[1], argc > 2 ? argv[2] : NULL);
	if (!verb) {
		if (argc > 2 && is_help(argv[2])) {
			print_usage(stdout, argv[1]);
			return STATUS_DONE;
		}
		return misuse(argc > 2 ? "'%s' has no '%s' (see obsctl %s --help)" :
			      "'%s' needs a verb%.0s (see obsctl %s --help)", argv[1],
			      argc > 2 ? argv[2] : "", argv[1]);
	}
	status = run_verb(verb, argc - 2 - !!*verb->name, argv + 2 + !!*verb->name);
	if (!status && (fflush(stdout) || ferror(stdout)))
		status = refuse("writing to standard output failed: %m");
	return status;
}
