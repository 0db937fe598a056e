/* SPDX-License-Identifier: GPL-2.0 */
/* obsctl func slow: what the time of slow calls went to. */
#ifndef OBSCTL_FUNC_SLOW_H
#define OBSCTL_FUNC_SLOW_H

#include <jansson.h>

#include "cli/noun.h"
#include "cmd/longest.h"
#include "cmd/pmu/event.h"
#include "kobs_slow.h"
#include "report/writer.h"
#include "run/run.h"

/* Most columns of the session that a row is by. */
#define SLOW_BY		8

/* Columns of the session that each record needs. */
enum slow_column {
	SLOW_FUNC, SLOW_DURATION, SLOW_RUN, SLOW_IRQ, SLOW_WOKEN, SLOW_PREEMPTED, SLOW_BLOCKED,
	SLOW_COLUMNS
};

/* A record of the stream. */
struct slow_record {
	uint64_t	keys[VIEW_COLUMNS];
	uint64_t	data[KOBS_SLOW_HEAD + KOBS_SLOW_PARTS * KOBS_SLOW_PART];
	size_t		parts;
	uint64_t	child[KOBS_SLOW_CHILDREN * KOBS_SLOW_CHILD];
	size_t		children;	/* functions that it called */
};

/* Where a call was blocked: the frames of a stack up to the call's function. */
struct slow_place {
	struct slow_place *next;	/* of the same stack */
	uint64_t	func;
	uint64_t	state;
	uint64_t	id;		/* of these frames, in the table of rows; 0 for none */
	const char	*reason;
	const char	**frames;	/* the leaf first */
	size_t		n;
};

/* A lock that calls were blocked by, and who held it. */
struct slow_held {
	uint64_t	word;		/* its address, as ksyms knows it */
	const char	*lock;		/* NULL until it is needed */
	const char	*owner;		/* "" where that is not known */
	uint64_t	id;		/* thread, and in the upper half process; 0 for none */
};

/* What a part of a call's time was blocked by. */
struct slow_part {
	const struct slow_place *place;
	const struct slow_held *held;	/* NULL where no lock is known, as is the next */
	const struct slow_place *owner;	/* where that was blocked; NULL if it was not */
};

struct slow {
	struct slow_record *v;		/* that came and were not looked at */
	size_t		n;
	size_t		cap;
	bool		ready;
	bool		syscalls;	/* functions are those of system calls */
	bool		each;		/* calls are shown in text, too */
	struct strings	by_names;	/* columns that rows are by */
	size_t		column[SLOW_COLUMNS];
	size_t		by[SLOW_BY];	/* of the session */
	size_t		nr_by;
	struct table	rows;		/* by these, class, reason and place */
	uint64_t	*seen;		/* of each row: number of the call that was added last */
	size_t		cap_seen;
	struct map	places;		/* by the number of the kernel's stack */
	struct map	held;		/* locks by the number of the stack table */
	bool		locks;		/* there is one: rows have columns for them */
	struct map	by_hash;	/* stacks of the rows */
	struct map	params;		/* of functions */
	struct pool	names;
	struct longest	calls;
	struct pmu_events events;	/* that are counted in calls */
	struct numbers	event_words;
	const struct targets *roots;	/* with --tree, the functions of the patterns */
	const struct targets *tree;	/* and its own; NULL without it */
	struct map	callees;	/* calls of these in all slow calls, by the names */
	uint64_t	rest;		/* time of those that are not there */
	uint64_t	rest_calls;
	json_t		*tree_saved;	/* in a report that was saved, or NULL */
	uint64_t	taken;
	uint64_t	sum;		/* of their durations */
};

struct func_run;

extern const struct opt_group func_group_slow;
extern const struct report_kind func_slow_report;
extern const struct trace_rows func_slow_rows;

/* func_slow.c */
int func_slow_ask(struct slow *w, struct run_spec *spec, const struct opts *o);
int func_slow_print(struct run_spec *spec, struct report *r, const struct output *to);
void func_slow_free(struct slow *w);

/* func_slow_events.c */
int func_slow_ask_events(struct slow *w, struct request *req, const struct strings *names);
void func_slow_set_counts(const struct slow *w, const struct slow_record *rec, json_t *to);
void func_slow_print_counts(const json_t *call, struct out *o);

/* func_slow_syscalls.c */
const char *func_slow_syscall(const char *func);
int func_slow_syscalls(const struct verb *verb, const struct opts *o);

/* func_slow_rows.c */
const char *func_slow_state(uint64_t state);
const struct mode *func_slow_mode(void);
uint64_t func_slow_column(const struct slow *w, const struct slow_record *rec, enum slow_column c);

/* func_slow_held.c */
void func_slow_want_locks(struct slow *w, struct trace *t);
const struct slow_held *func_slow_held(struct slow *w, struct view *v, uint64_t number);

/* func_slow_args.c */
void func_slow_set_args(struct slow *w, struct view *v, const struct slow_record *rec, json_t *to);
void func_slow_print_args(const json_t *call, struct buf *out);

/* func_slow_tree.c */
int func_slow_ask_tree(struct func_run *f, struct run_spec *spec, const struct opts *o);
void func_slow_describe_tree(const struct slow *w, const struct session *s, struct buf *out);
void func_slow_add_children(struct slow *w, struct view *v, const struct slow_record *rec);
void func_slow_set_children(struct slow *w, struct view *v, const struct slow_record *rec,
			    json_t *to);
void func_slow_print_children(const json_t *call, struct out *o);
void func_slow_print_tree(struct slow *w, struct out *o, const struct opts *opts);
void func_slow_load_tree(struct slow *w, const json_t *root);
void func_slow_free_tree(struct slow *w);

/* func_slow_calls.c */
void func_slow_keep(struct slow *w, struct view *v, const struct slow_record *rec,
		    const struct slow_part *parts);
void func_slow_load(struct slow *w, const json_t *root);
void func_slow_print_calls(struct slow *w, struct out *o, bool shown);

#endif
