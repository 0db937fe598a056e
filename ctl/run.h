/* SPDX-License-Identifier: GPL-2.0 */
/* The life of a session, the same for every source. */
#ifndef OBSCTL_RUN_H
#define OBSCTL_RUN_H

#include "ksyms.h"
#include "opts.h"
#include "model.h"
#include "patterns.h"
#include "trace.h"

/* What a verb of a source sets up; the rest comes from the options. */
struct run_spec {
	const char	*source;
	const char	*mode;
	const struct targets *targets;	/* functions, or NULL */
	struct request	request;	/* settings of the source; run adds the rest */
	record_fn	record;		/* prints a stream's records; NULL for one line each */
	void		*record_arg;
	/*
	 * When set, called every so often with fresh counters, while the session
	 * runs; adds to the names that outlive their module. Returns true when
	 * the session is to end.
	 */
	bool		(*watch)(struct run_spec *spec, const struct session *s);
	struct ksym_kept *names;
	void		*arg;
};

int run_session(struct run_spec *spec, const struct opts *o);

#endif
