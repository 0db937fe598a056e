/* SPDX-License-Identifier: GPL-2.0 */
/* obsctl lock contention --over: what slow waits for locks have in common, and the longest. */
#ifndef OBSCTL_LOCK_SLOW_H
#define OBSCTL_LOCK_SLOW_H

#include "cmd/longest.h"
#include "kobs_lock_wait.h"
#include "run/run.h"

/* A record of the stream. */
struct lock_slow_record {
	uint64_t	keys[VIEW_COLUMNS];
	uint64_t	data[KOBS_LOCK_WAIT_WORDS];
};

struct lock_slow {
	struct lock_slow_record *v;	/* that came and were not looked at */
	size_t		n;
	size_t		cap;
	struct trace	*trace;		/* has the stacks; NULL before the first of its records */
	bool		each;		/* waits are shown in text, too */
	struct strings	by_names;	/* columns that rows are by */
	size_t		by[VIEW_COLUMNS];	/* of the session */
	struct table	rows;
	struct longest	waits;
	uint64_t	taken;
	uint64_t	sum;		/* of their time */
};

/* What the user asks for beside the options of all verbs. */
struct lock_slow_asks {
	bool		each;
	uint64_t	waits;		/* to be kept */
	bool		owner_stack;
};

extern const struct report_kind lock_slow_report;

void lock_slow_ask(struct lock_slow *w, struct run_spec *spec, const struct opts *o,
		   const struct lock_slow_asks *asks);
void lock_slow_free(struct lock_slow *w);

/* slow_waits.c */
extern const struct longest_kind lock_slow_waits;
json_t *lock_slow_wait(struct trace *t, const struct lock_slow_record *rec);

#endif
