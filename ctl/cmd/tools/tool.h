/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tools: named questions, each of which is probes with columns and conditions: a row
 * among a noun's verbs. It says what 'obsctl probe' would be told, and needs no code:
 *
 *	{
 *		TOOL_COUNT,
 *		.name = "migrate",
 *		.doc = "tasks that are moved to another CPU",
 *		.columns = COLUMNS("task", "to_cpu", TOOL_COLUMNS),
 *		.tool = &(const struct tool){
 *			.forms = { {
 *				.probes = "t:sched:sched_migrate_task",
 *				.by = "p->comm=task,dest_cpu=to_cpu",
 *			} },
 *		},
 *	},
 *
 * Noun and row are in cmd/tools/table.c, or with the verbs of a noun that has others.
 */
#ifndef OBSCTL_TOOL_H
#define OBSCTL_TOOL_H

#include "cli/noun.h"
#include "cmd/probe/probe.h"
#include "run/run.h"

#define TOOL_FORMS	4

/* What is observed, as it is written for 'obsctl probe'. */
struct tool_form {
	const char	*probes;	/* with spaces between them */
	/* Or pairs of hits: where each begins and ends, and what joins them. */
	const char	*from;
	const char	*to;
	const char	*via;		/* what is between them, or NULL */
	const char	*on;		/* NULL: the thread */
	const char	*by;		/* columns, with commas between them */
	const char	*where;		/* conditions with semicolons between them; or NULL */
	const char	*value;		/* or NULL */
	const char	*also;		/* further columns, for --by; or NULL */
};

struct tool {
	const char	*word;		/* that begins each argument, "s:"; NULL without any */
	bool		percentiles;	/* of times */
	/* The first that this kernel has is taken: what is needed can have other names. */
	struct tool_form forms[TOOL_FORMS];
};

extern const struct opt_group *const tool_counts[];
extern const struct opt_group *const tool_times[];
extern const struct opt_group *const tool_values[];
extern const struct opt_group *const tool_records[];

#define TOOL_VERB(list) \
	.command = true, .expressions = true, .groups = (list), .fn = tool_run, .more = tool_more

/* Rows whose hits are counted, measured, added up by a value, or shown one by one. */
#define TOOL_COUNT	TOOL_VERB(tool_counts)
#define TOOL_TIME	TOOL_VERB(tool_times)
#define TOOL_VALUE	TOOL_VERB(tool_values)
#define TOOL_TRACE	TOOL_VERB(tool_records)

/* Columns that each of them has; those of pairs are of the begin. */
#define TOOL_COLUMNS	"probe", CONTEXT_COLUMNS, STACK_COLUMNS
#define PAIR_COLUMNS	"from", "to", CONTEXT_COLUMNS, STACK_COLUMNS

/* options.c */

/* The options of 'obsctl probe' for a form. */
struct tool_options {
	struct opts	o;
	struct probe_opts own;
	struct strings	args;
};

const char *tool_mode(const struct verb *verb);
bool tool_has_form(const struct verb *verb, size_t i);
void tool_options_make(struct tool_options *t, const struct verb *verb,
		       const struct tool_form *form, const struct opts *asked);
void tool_options_free(struct tool_options *t);

/* run.c */

/* A form with the user's options, as a session. */
struct tool_run {
	struct tool_options options;
	struct run_spec	spec;
	struct probe_run p;
};

int tool_run(const struct verb *verb, const struct opts *o);
int tool_find(struct tool_run *a, const struct verb *verb, const struct opts *o, struct buf *why);
void tool_release(struct tool_run *a);

/* show.c */
void tool_command(const struct verb *verb, const struct tool_options *t, const char *between,
		  struct buf *out);
void tool_more(const struct verb *verb, FILE *to);

#endif
