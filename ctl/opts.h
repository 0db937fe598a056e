/* SPDX-License-Identifier: GPL-2.0 */
/* Verbs, and the options they take. */
#ifndef OBSCTL_OPTS_H
#define OBSCTL_OPTS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/buf.h"

/* What a verb is, for the options that it takes. */
enum verb_kind {
	FOR_STATUS	= 1 << 0,
	FOR_LIST	= 1 << 1,
	FOR_READ	= 1 << 2,
	FOR_STOP	= 1 << 3,
	FOR_COUNT	= 1 << 4,
	FOR_TIME	= 1 << 5,
	FOR_TRACE	= 1 << 6,
	FOR_FUNC	= 1 << 7,	/* with one of the three before */
	FOR_WAIT	= 1 << 8,	/* a table of waits */
	FOR_STALLS	= 1 << 9,
	FOR_OFFCPU	= 1 << 10,
	FOR_RUNQ	= 1 << 11,
	FOR_GROWTH	= 1 << 16,
	FOR_LEAKS	= 1 << 17,
	FOR_SLAB_TRACE	= 1 << 18,
	FOR_DIFF	= 1 << 19,
	FOR_STAT	= 1 << 20,
	FOR_RECORD	= 1 << 21,
	FOR_BRANCH	= 1 << 22,
	FOR_NAMES	= 1 << 23,
};

#define FOR_SCHED	(FOR_OFFCPU | FOR_RUNQ)
#define FOR_SLAB	(FOR_LEAKS | FOR_SLAB_TRACE)
#define FOR_PMU		(FOR_STAT | FOR_RECORD | FOR_BRANCH)
#define FOR_SAMPLES	(FOR_RECORD | FOR_BRANCH)
/* What each row has a sum of, and may have a histogram. */
#define FOR_VALUE	(FOR_TIME | FOR_WAIT | FOR_SCHED)
#define FOR_TABLE	(FOR_COUNT | FOR_VALUE | FOR_LEAKS | FOR_PMU)
#define FOR_STREAM	(FOR_TRACE | FOR_STALLS | FOR_SLAB_TRACE)
#define FOR_RUN		(FOR_TABLE | FOR_STREAM)
#define FOR_COMMAND	(FOR_RUN | FOR_GROWTH)
#define FOR_REPORT	(FOR_TABLE | FOR_READ | FOR_STOP)
#define FOR_FILE	(FOR_REPORT | FOR_STREAM | FOR_GROWTH | FOR_DIFF)

struct opt_number {
	uint64_t	value;
	bool		given;
};

struct opt_param {
	const char	*name;
	uint64_t	value;
};

struct opts {
	struct numbers	pids;
	struct numbers	tids;
	struct numbers	cpus;
	struct strings	comms;
	struct strings	by;
	struct opt_number duration;	/* ns */
	struct opt_number interval;	/* ns */
	struct opt_number top;
	struct opt_number min;		/* ns */
	struct opt_number max_lost;
	struct strings	events;
	struct opt_number period;
	struct opt_number frequency;	/* Hz */
	struct strings	branches;	/* which are recorded */
	struct strings	sections;	/* of a branch report */
	const char	*format;
	const char	*call_graph;
	const char	*fail_over;
	const char	*detach;
	const char	*output;
	const char	*cache;
	const char	*module;
	bool		json;
	bool		folded;
	bool		hist;
	bool		time;
	bool		owner_stack;
	bool		fail;
	bool		verbose;
	bool		waker;
	bool		all_cpus;
	bool		no_inherit;
	bool		check;
	bool		graph;
	bool		help;
	struct opt_param params[16];
	size_t		nr_params;
	char		**args;		/* patterns, or the name of a session */
	size_t		nr_args;
	char		**command;	/* NULL without "--" */
};

struct verb {
	const char	*noun;
	const char	*name;		/* "" when the noun is the verb */
	unsigned int	kind;
	const char	*args;		/* as usage shows them */
	const char	*doc;
	int		(*fn)(const struct verb *verb, const struct opts *o);
};

int opts_parse(const struct verb *verb, int argc, char **argv, struct opts *o);
void opts_print_help(const struct verb *verb, FILE *to);
void opts_free(struct opts *o);

#endif
