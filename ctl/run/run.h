/* SPDX-License-Identifier: GPL-2.0 */
/* The life of a session, the same for every source. */
#ifndef OBSCTL_RUN_H
#define OBSCTL_RUN_H

#include <sys/types.h>

#include "lib/opts.h"
#include "proto/model.h"
#include "report/outfile.h"
#include "report/report.h"
#include "run/stream.h"
#include "symbols/ksyms.h"
#include "symbols/patterns.h"

struct beside;

/* What a verb of a source sets up; the rest comes from the options. */
struct run_spec {
	const char	*source;
	const char	*mode;
	const char	*title;		/* of its report; NULL: the source and the mode */
	const struct report_kind *kind;	/* of its report, or NULL */
	const struct targets *targets;	/* functions, or NULL */
	const struct targets *more_targets; /* others that reports do not list, or NULL */
	const char *const *usual;	/* columns without --by, of records; or NULL */
	/* Tasks whose end ends it, where the options do not filter by them; or NULL. */
	const struct opts *observed;
	struct beside	*beside;	/* a session that runs meanwhile, for @report; or NULL */
	bool		user_code;	/* keys have addresses of it, though no column is a stack */
	struct request	request;	/* settings of the source; run adds the rest */
	/*
	 * When set, called every so often with fresh counters, while the session
	 * runs. Returns true when the session is to end.
	 */
	bool		(*watch)(struct run_spec *spec, const struct session *s);
	/*
	 * When set, whether what has live objects now may soon have none: the session goes on
	 * for a while then, after its command ended or @watch said so.
	 */
	bool		(*settling)(struct run_spec *spec);
	/*
	 * When set, called with the session's counters before it is stopped. Returns 0 or an
	 * exit status. What it finds can go into @dump, for the report.
	 */
	int		(*ending)(struct run_spec *spec, struct nl *nl, struct view *v,
				  const struct session *s);
	struct dump	*dump;
	/*
	 * NULL, or the verb's own ways; @arg is for them. @prepare completes the request once
	 * the process of the command is there, or 0. @renew is asked when the session is made:
	 * sets whether the request was not right any more, and is now. @report prints a table,
	 * @record a record of a stream.
	 */
	int		(*prepare)(struct run_spec *spec, struct view *v, pid_t command);
	int		(*renew)(struct run_spec *spec, struct view *v, bool *renewed);
	int		(*report)(struct run_spec *spec, struct report *r, const struct output *to);
	trace_print_fn	record;
	const struct trace_rows *rows;	/* that a stream's records become; NULL: printed */
	const struct trace_gather *gather;	/* puts them together, and limits them; or NULL */
	void		*arg;
};

int run_session(struct run_spec *spec, const struct opts *o);

#endif
