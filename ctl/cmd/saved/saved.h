/* SPDX-License-Identifier: GPL-2.0 */
/* A report that --json wrote to a file: what is in it, and the report that it was. */
#ifndef OBSCTL_SAVED_H
#define OBSCTL_SAVED_H

#include "export/json_rows.h"
#include "lib/opts.h"
#include "report/page.h"
#include "report/rates.h"
#include "report/report.h"

/* What is known of a mode where the file does not say it. */
struct saved_kind {
	const char	*source;
	const char	*mode;
	const char	*weight;	/* key of a row: what it weighs in a comparison */
	const char	*unit;
	const char	*value;		/* the mode's; NULL where hits are only counted */
	const char	*keys[3];	/* columns that tell rows apart, if not those of --by */
};

struct restored;
struct trace;

/* A report whose rows are not those of the session's table. */
struct saved_form {
	const char	*source;
	const char	*mode;
	const char	*key;		/* that its rows have; NULL for all of the mode */
	int		(*print)(struct report *r, const struct output *to);
	const char	*compared;	/* the column of a row that diff compares by, and what: */
	const char	*weight;
	const char	*no_diff;	/* why two cannot be compared; or NULL */
	/* A record of its own form, that is printed into the trace's line; or NULL. */
	void		(*record)(struct trace *t, struct restored *r, const json_t *record);
	/* What puts records together, and what it is to know; or NULL. */
	const struct trace_gather *gather;
	void		*(*gather_new)(uint64_t max);
	void		(*gather_free)(void *arg);
	const char	*no_stacks;	/* why there are none; NULL: they were not asked for */
	bool		whole;		/* it is shown as it is: -n chooses nothing */
};

struct saved {
	const char	*path;
	json_t		*root;
	json_t		*rows;		/* the first one alone, unless its kind needs them */
	json_t		*first;		/* of them, whose keys are names of figures */
	struct json_rows list;		/* all of them, in the file */
	const struct saved_kind *kind;
	const struct saved_form *form;	/* NULL for rows of a table */
	bool		records;	/* it has them, a line each, in place of rows */
	bool		has_lines;	/* a frame has its line in the source */
	/* The report, once it was restored. */
	struct view	view;
	struct source	source;
	struct mode	mode;
	struct column	columns[VIEW_COLUMNS];
	struct session	session;
	struct table	table;
	struct rates	rates;
	double		*row_rates;
	struct report_saved says;
	struct report	report;
	struct opts	opts;
	char		**command;
	struct page	page;
};

/* What a row, or a record, has as keys, while a file is read. */
struct restored {
	struct saved	*s;
	struct table	*to;		/* its texts and stacks */
	uint32_t	next_stack;
	struct recent_texts *recent;	/* NULL: texts are not the same again and again */
	uint64_t	key[VIEW_COLUMNS];
	bool		faulty;		/* a number is a text, and no column has that */
	const char	*wrong;		/* why this is no report; or NULL */
};

#define RESTORED_STACK	2		/* the first identifier of a stack */

/* saved.c */
int saved_open(struct saved *s, const char *path);
int saved_each_row(struct saved *s, json_take_fn take, void *arg);
int saved_no_report(const struct saved *s, const char *why);
int saved_no_stacks(const struct saved *s);
int saved_check_again(const char *path);
int saved_no_format(const struct saved *s, const char *format);
const char *saved_text(const struct saved *s, const char *key);
uint64_t saved_number(const struct saved *s, const char *key);
void saved_close(struct saved *s);

/* export.c */
int saved_export(const struct opts *o);

/* restore.c, restore_session.c, restore_shape.c, restore_rows.c */
#define SAVED_FIGURES	32

int saved_restore(struct saved *s, const struct opts *o);
int saved_print(struct saved *s, const struct output *to);
void restore_session(struct saved *s);
void restore_account(const json_t *from, struct session *out);
void restore_cost(const json_t *cost, struct session *out);
void restore_free_session(struct session *s);
int restore_shape(struct saved *s);
int restore_faults(struct saved *s);
int restore_rows(struct saved *s);
void restore_keys(struct restored *r, const json_t *row);
uint64_t restore_stack(struct restored *r, const json_t *row, const char *column, bool user);

/* records.c, records_export.c */
int records_show(struct saved *s, const struct output *to);
int records_export(struct saved *s, struct output *to);

/* forms.c */
const struct saved_form *form_of(const struct saved *s);

/* form_graph.c; the others are beside what prints a session's */
int form_graph(struct report *r, const struct output *to);

#endif
