/* SPDX-License-Identifier: GPL-2.0 */
/* Calls of a function one by one, each with all that it calls: what func calls prints. */
#ifndef OBSCTL_FUNC_CALLS_H
#define OBSCTL_FUNC_CALLS_H

#include "run/stream.h"

/* Columns of a record. */
enum calls_column {
	CALLS_FUNC,
	CALLS_PATH,	/* the functions from this one up to the root */
	CALLS_ROOT,	/* number of the root's call */
	CALLS_CALL,	/* of this one in it: in the order of the starts, from 0 */
	CALLS_INSIDE,	/* calls from its start to its return */
	CALLS_SELF,
	CALLS_CONTEXT,
	CALLS_TID,
	CALLS_COMM,
	CALLS_COLUMNS
};

/* A call of a root: the records that came of it, each its CPU and then as the trace has it. */
struct calls_tree {
	struct calls_tree *before;	/* of all that are not complete, in the order they came */
	struct calls_tree *after;
	struct calls_tree *other;	/* an older one of the same slot of the kernel's */
	uint64_t	number;
	uint64_t	*v;
	size_t		n;
	size_t		cap;
	uint64_t	calls;		/* that it has; 0 while it has not returned */
	uint64_t	over;		/* when it was known to be over; 0 while it is not */
};

struct calls {
	size_t		column[CALLS_COLUMNS];	/* SIZE_MAX where there is none */
	size_t		words;			/* of a record with its CPU; 0 before the first */
	struct calls_tree *first;
	struct calls_tree *last;
	struct calls_tree **slots;		/* the newest tree of each, or NULL */
	size_t		nr_slots;
	size_t		cap_slots;
	size_t		nr_over;		/* trees that are over, and not complete */
	uint64_t	limit;			/* ns that a call must exceed; 0: all are shown */
	uint64_t	max;			/* calls to show; 0 for all */
	uint64_t	shown;
	uint64_t	fast;			/* calls that took no longer than @limit */
	uint64_t	unknown;		/* whose time is not known, with a limit */
	uint64_t	incomplete;		/* of those that are shown */
	uint64_t	missing;		/* calls in these, as far as is known */
};

extern const struct trace_gather calls_gather;

const uint64_t *calls_record(const struct calls *c, const struct calls_tree *tree, size_t i);
uint64_t calls_word(const struct calls *c, const uint64_t *rec, enum calls_column column);
void *calls_new(uint64_t max);
void calls_free(void *calls);

/* func_calls_print.c */
void calls_print(struct trace *t, const struct calls *c, const struct calls_tree *tree,
		 uint64_t missing);

#endif
