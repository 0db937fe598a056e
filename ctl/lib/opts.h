/* SPDX-License-Identifier: GPL-2.0 */
/* What the user asked for, as far as it means the same for every verb. */
#ifndef OBSCTL_OPTS_H
#define OBSCTL_OPTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"

struct opt_number {
	uint64_t	value;
	bool		given;
};

/* A bound, in the unit of what it bounds. */
struct opt_limit {
	const char	*text;		/* as given; NULL without one */
	uint64_t	value;
};

/* A parameter of the kernel's. */
struct opt_param {
	const char	*name;
	uint64_t	value;
};

/* Control groups that were asked for. */
struct opt_cgroups {
	struct numbers	ids;
	struct strings	missing;	/* what no group is called */
};

struct format;

#define OPT_PARAMS	16

struct opts {
	struct numbers	pids;
	struct numbers	tids;
	struct numbers	cpus;
	struct strings	comms;
	struct opt_cgroups cgroups;
	struct strings	by;
	struct opt_number duration;	/* ns */
	struct opt_number interval;	/* ns */
	struct opt_number top;
	struct opt_number min;		/* ns */
	struct opt_number max_lost;
	struct opt_limit fail_over;
	const char	*detach;
	const char	*output;
	bool		json;
	bool		folded;
	const struct format *format;	/* of others; NULL for text and JSON */
	const char	*another;	/* a format that was given before it; or NULL */
	bool		stacks;		/* the format is made of them */
	bool		csv;		/* the format is made of what JSON has */
	const char *const *columns;	/* that the format needs, up to NULL; or NULL */
	const char	*flame;		/* file of a flame graph; or NULL */
	bool		icicle;
	bool		lines;		/* of the source, behind frames */
	bool		no_inline;
	bool		no_demangle;
	const char	*html;		/* file of a page; or NULL */
	bool		hist;
	bool		verbose;
	bool		help;
	bool		live;		/* reports are shown on a screen: top */
	struct opt_param params[OPT_PARAMS];
	size_t		nr_params;
	char		*line;		/* the command line, as a shell would read it */
	char		**args;		/* patterns, files, or the name of a session */
	size_t		nr_args;
	char		**command;	/* NULL without "--" */
	void		*own;		/* the noun's own options, of a type that only it knows */
};

bool opts_wants_stacks(const struct opts *o);
bool opts_by_stack(const struct opts *o);
bool opts_set_param(struct opts *o, const char *name, uint64_t value);
bool opts_has_param(const struct opts *o, const char *name);

#endif
