/* SPDX-License-Identifier: GPL-2.0 */
/* The report of a session. */
#ifndef OBSCTL_REPORT_H
#define OBSCTL_REPORT_H

#include "export/flame.h"
#include "lib/opts.h"
#include "proto/model.h"
#include "report/outfile.h"
#include "report/view.h"

struct absent;
struct dump;
struct json_t;
struct picture;
struct rates;
struct report;

/*
 * What the report of one mode does in its own way. All may be NULL, but for the names. Nouns
 * define them, and their verbs name them.
 */
struct report_kind {
	const char	*source;
	const char	*mode;
	const struct report_kind *also;	/* that of another source, of the same verb; or NULL */
	bool		shared_rows;	/* one table for all CPUs */
	bool		charts_asked;	/* histograms are its own, and drawn only on request */
	bool		site_in_stack;	/* an address is a frame of the row's stack, too */
	bool		own_room;	/* rows are made here: the module has none */
	bool		own_stacks;	/* text has stacks in its own way, in print_values() */
	enum flame_palette palette;
	/* The report of a detached session, in place of report_resolve() and report_print(). */
	int		(*print)(struct report *r, const struct output *to);
	/* Sort the rows, take out what is none, and set rows_worth. */
	void		(*arrange)(struct report *r);
	/* In the title, behind the mode. */
	void		(*describe)(struct report *r, struct buf *out);
	/* In place of the count, the value and the further numbers. */
	void		(*print_values)(struct report *r, struct out *o, const struct row *row);
	/* Whether a further number is shown, and in another unit than the mode's; NULL: all are. */
	bool		(*shows)(struct report *r, const struct figure *f, const char **unit);
	/* Below the rows. */
	void		(*print_foot)(struct report *r, struct out *o);
	/* What a row weighs in its share and as a folded stack; nothing is folded for 0. */
	uint64_t	(*weight)(struct report *r, const struct row *row);
	/* What a row's share is a part of; NULL: of the weight of all rows. */
	uint64_t	(*whole)(struct report *r, const struct row *row);
	/* What one of the weight is; NULL: of the mode's value, or a hit. */
	const char	*(*unit)(struct report *r);
	const char	*weighs;	/* what the weight is called; NULL: as the mode's value */
	/* How many of what a row has, where these are no hits. */
	uint64_t	(*count)(struct report *r, const struct row *row);
	const char	*hit;		/* "samples"; NULL for hits */
	/* Returns the exit status that the user's limits ask for. */
	int		(*verdict)(struct report *r);
	/* Free what arrange() made. */
	void		(*release)(struct report *r);
	/* Of a report that was saved, in place of arrange(): take what that made from the file. */
	void		(*restore)(struct report *r);
	/* Of one whose rows have no stacks: make rows of those that the file has below them. */
	void		(*unfold)(struct report *r);
	bool		file_rows;	/* both read the file's rows; these have no stacks */
};

/* What a report that was saved says itself, where one that is made now asks the machine. */
struct report_saved {
	const struct json_t *root;
	const char	*title;
	const char	*nothing;	/* why there are no rows */
	const char	*absent;	/* what its filter names and was not there; or NULL */
	struct strings	warnings;
	double		*rates;		/* of the rows, by their number; NULL without */
	uint64_t	rows_left_out;	/* by -n, when it was saved */
	uint64_t	weight_left_out;
};

struct report {
	struct view	*view;
	const struct session *session;
	const struct opts *opts;
	const struct report_kind *kind;	/* NULL for the common way */
	struct table	*table;		/* NULL for a stream */
	bool		interim;	/* the session goes on */
	bool		page;		/* all rows are named: a page draws them */
	size_t		rows_shown;	/* set by report_resolve() */
	size_t		rows_worth;	/* those that text shows at most */
	const char	*title;		/* in place of the source and the mode; or NULL */
	const char	*what;		/* in the title, for the number of targets; or NULL */
	void		*judged;	/* of the kind */
	size_t		rows_hidden;	/* of idle kernel threads, which -v shows */
	const char	*no_stack;	/* line in place of a stack that was not taken, or NULL */
	struct rates	*rates;		/* of --interval; or NULL */
	struct picture	*picture;	/* of --flame; or NULL */
	const struct dump *dump;	/* what live objects held, of its kind; or NULL */
	const struct absent *absent;	/* from the session's start, or NULL when that is over */
	const struct report_saved *saved;	/* of a file; or NULL */
};

void report_resolve(struct report *r);
bool report_has_order(const struct report *r);
void report_sort(struct report *r);
size_t report_rows_to_show(const struct report *r);
void report_want(struct report *r);
void report_print_rate(struct report *r, struct out *o, const struct row *row);
uint64_t report_weight(struct report *r, const struct row *row);
const char *report_unit(struct report *r);	/* picture.c */
void report_print_row(struct report *r, struct out *o, const struct row *row, uint64_t total);
void report_print_named(const struct view *v, struct out *o, size_t c, const char *header,
			uint64_t key, const char *text);
void report_print_table(struct report *r, struct out *o);
int report_print(struct report *r, const struct output *to);
void report_header(struct report *r, struct out *o);
void report_footer(struct report *r, struct out *o);
void report_balance(struct report *r, struct out *o);
void cost_json(const struct session *s, struct out *o);
double cost_percent(const struct session *s);
bool cost_is_told(const struct session *s);
void report_shape(struct report *r, struct out *o);
void report_warnings(struct report *r, struct out *o);
int report_lost(const struct session *s, const struct opts *o);
int report_verdict(struct report *r);
void report_free(struct report *r);

#endif
