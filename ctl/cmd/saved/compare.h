/* SPDX-License-Identifier: GPL-2.0 */
/* Two saved reports, and what changed from the first one to the second. */
#ifndef OBSCTL_COMPARE_H
#define OBSCTL_COMPARE_H

#include "cmd/saved/saved.h"
#include "export/stack_set.h"
#include "lib/map.h"

/* Options of diff alone. */
struct diff_opts {
	bool		per_second;
	bool		per_hit;
	const char	*by;		/* "key" or "end"; NULL for what suits the reports */
};

/* A row of either report, or of both: a key, or the function that stacks end in. */
struct pair {
	const char	*key;		/* its cells, each behind a byte that ends them */
	__int128	before;		/* scaled, if the report is */
	__int128	after;		/* sums of 64 bits, and what can be below 0 */
	struct row	hist[2];
	bool		given_back;	/* memory that is free, or can be: it may grow */
};

struct diff {
	const struct opts *o;
	const struct diff_opts *own;
	struct saved	file[2];
	bool		stripped[2];	/* of their lines, which the other one does not have */
	const char	*weight;	/* key of a row in the file */
	const char	*unit;
	double		scale;		/* what the first report is multiplied by */
	bool		by_end;
	bool		stacks;		/* of both are drawn */
	bool		has_hist;
	const char	*columns[VIEW_COLUMNS];	/* of the key */
	bool		stacked[VIEW_COLUMNS];
	size_t		nr_columns;
	struct strings	notes;		/* in what else the reports differ */
	struct stack_set set;
	struct pool	keys;
	struct map	by_key;
	struct pair	*v;
	size_t		n;
	size_t		cap;
	__int128	total[2];
};

#define CELL_END	1	/* byte behind a cell of a key; frames of a stack are lines */

/* compare.c */
int compare_files(struct diff *d);
__int128 compare_scaled(const struct diff *d, __int128 before);
void compare_free(struct diff *d);

/* compare_lines.c */
bool compare_has_line(const char *frame);
void compare_strip_row(json_t *row);
void compare_level_lines(struct diff *d);

/* compare_rows.c */
int compare_columns(struct diff *d);
int compare_rows(struct diff *d);
void compare_ends(struct diff *d);

/* compare_amount.c */
#define AMOUNT_TEXT	64

__int128 amount_size(__int128 v);
void amount_digits(char *buf, size_t size, __int128 v);
char *amount_format(char *buf, size_t size, __int128 v, const char *unit);
void amount_format_relative(char *buf, size_t size, __int128 before, __int128 after);

/* compare_judge.c */
bool compare_is_quiet(const struct diff *d, double percent);
double compare_percent(const struct opts *o);
int compare_judge(const struct diff *d);
void compare_name(const struct diff *d, const struct pair *p, struct buf *out);

/* compare_print.c */
void compare_add_file(const struct saved *s, struct buf *out);
void compare_describe(const struct diff *d, struct strings *lines);
void compare_accounts(const struct diff *d, bool machines, struct strings *lines);
void compare_print(struct diff *d, struct out *o);

#endif
