/* SPDX-License-Identifier: GPL-2.0 */
/* The records of a stream, printed in the order of their time. */
#ifndef OBSCTL_TRACE_H
#define OBSCTL_TRACE_H

#include "lib/opts.h"
#include "proto/model.h"
#include "report/report.h"
#include "report/view.h"

struct format;
struct nl;
struct report;
struct trace_forms;

/* Records of one CPU that are not printed yet: words in the order they came. */
struct trace_queue {
	uint64_t	*v;
	size_t		from;		/* index of the first word that waits */
	size_t		to;
	size_t		cap;
	uint64_t	lost;
	bool		seen;
};

struct trace;

/*
 * Prints a record, of time, value and keys, into the trace's line. Returns how many of those that
 * the kernel counts are complete with it.
 */
typedef size_t (*trace_print_fn)(struct trace *t, uint32_t cpu, const uint64_t *rec);

/* A form of a trace for others. */
struct trace_form {
	const char	*format;
	void		(*begin)(struct trace *t);
	trace_print_fn	record;
	/* Behind the last record; may be NULL. */
	void		(*end)(struct trace *t, struct report *r);
};

/*
 * Makes rows of records, where a mode's records are not to be printed. @take gets each one, of
 * time, value and keys, and its data, in the order of its CPU; @digest is called when all that
 * came by now was taken, and the mappings of processes up to then are known; @fill fills a
 * table, and accounts for the records that are in none of its rows: 0 or an exit status.
 */
struct trace_rows {
	void		(*take)(struct trace *t, const struct event *ev, const uint64_t *rec);
	void		(*digest)(struct trace *t);
	int		(*fill)(struct trace *t, struct session *s, bool interim,
				struct table *out);
};

/*
 * Puts records together that are printed as one: @record keeps them, or has those that are
 * complete printed, and says how many these are; @finish does so with the rest. Which ones are
 * enough they know themselves (trace.full); @tell has what the account says of them.
 */
struct trace_gather {
	trace_print_fn	record;
	size_t		(*finish)(struct trace *t);
	void		(*tell)(const struct trace *t, const struct session *s, struct out *o);
};

struct trace {
	struct view	*view;
	struct nl	*data;		/* for stacks */
	FILE		*file;
	bool		json;
	uint32_t	session;
	size_t		words;		/* of a record: time, value, keys */
	struct trace_queue *queue;	/* by CPU */
	size_t		nr_queues;
	size_t		cap_queues;
	struct buf	line;		/* output that is not written yet */
	char		*address;	/* the last one that was printed */
	struct map	rendered[VIEW_COLUMNS];
	struct map	told;		/* address to what ksyms_tell() made of its name */
	char		*labels[VIEW_COLUMNS];
	struct table	stacks;
	size_t		order[VIEW_COLUMNS];	/* text: columns as printed */
	size_t		width[VIEW_COLUMNS];	/* of text, in that order's columns */
	uint64_t	until;
	uint64_t	printed;
	uint64_t	taken;		/* records that rows are made of */
	uint64_t	max;		/* records to print; 0 for all */
	uint64_t	withheld;	/* records that came after them */
	bool		full;		/* of what records are put together to there is enough */
	uint64_t	held;		/* records that are kept to be put together */
	bool		value;
	bool		started;	/* the heading is printed */
	trace_print_fn	print;		/* NULL for the usual way */
	const struct trace_rows *rows;	/* NULL when records are printed */
	const struct trace_gather *gather;	/* NULL when each is printed as it comes */
	void		*arg;		/* of these */
	const struct trace_form *form;	/* in place of them; or NULL */
	const bool	*named;		/* columns that a record of a file is called by; or NULL */
	struct trace_forms *forms;	/* what that needs */
};

/* stream_print.c */
void trace_columns(struct trace *t);
void trace_heading(struct trace *t);
size_t trace_record(struct trace *t, uint32_t cpu, const uint64_t *rec);
const char *trace_name(struct trace *t, size_t column, const uint64_t *keys);

/* stream_forms.c */
void trace_find_names(const struct view *v, bool *named);
const struct trace_form *trace_form_of(const struct format *f);
void trace_forms_free(struct trace_forms *f);

/* stream.c */
void trace_init(struct trace *t, struct view *v, struct nl *data, uint32_t session, FILE *file,
		bool json);
const char *trace_message(struct trace *t, struct nlmsghdr *msg);
void trace_write(struct trace *t);
void trace_print(struct trace *t, uint32_t cpu, const uint64_t *rec);
void trace_flush(struct trace *t, bool all);
uint64_t trace_done(const struct trace *t);
void trace_finish(struct trace *t);
bool trace_is_full(const struct trace *t);
const struct stack *trace_stack(struct trace *t, uint64_t id);
void trace_free(struct trace *t);
void trace_count_undelivered(const struct trace *t, struct session *s);
void trace_print_withheld(const struct trace *t, const struct session *s, struct out *o);
void trace_report(const struct trace *t, struct report *r, FILE *file);

#endif
