/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The report of 'mem leaks' of all kinds of memory: what is printed, whether it was just
 * observed or comes from a file.
 */
#ifndef OBSCTL_MEM_ALL_H
#define OBSCTL_MEM_ALL_H

#include <jansson.h>

#include "cmd/mem/mem.h"
#include "cmd/slab/verdict.h"
#include "report/report.h"

#define ALL_CELLS	8	/* columns of --by, and stacks */

/* A kind of memory, and its session. */
struct all_kind {
	const char	*absent;	/* why it has no rows; NULL if it was observed */
	const struct session *session;
	const struct view *view;	/* of it; NULL for a file's */
	uint64_t	unknown_frees;
	uint64_t	elsewhere;	/* pages that count in rows of other kinds */
	uint64_t	idle;		/* rows without live objects */
	uint64_t	objects;	/* live, of all rows, and their bytes */
	uint64_t	bytes;
	uint64_t	orders;		/* of live pages, a bit each; with a module */
};

struct all_cell {
	char		*text;		/* NULL: the kind has none */
	bool		number;
	uint64_t	value;
};

struct all_row {
	size_t		kind;
	struct all_cell	cells[ALL_CELLS];
	struct strings	frames;
	char		*group;		/* cache, mobility; or NULL */
	enum verdict	verdict;
	uint64_t	live;
	uint64_t	live_bytes;
	uint64_t	allocated;
	uint64_t	allocated_bytes;
	uint64_t	freed;
	uint64_t	missed;
	uint64_t	failed;
	uint64_t	oldest;
	uint64_t	live_after[VERDICT_PARTS];
	double		rate;
	double		kept[VERDICT_PARTS];
	double		confidence;
	bool		reclaimable;
};

struct all_report {
	const char	*version;
	const char	*kernel;
	const char	*filter;	/* in words; or NULL */
	const char	*module;	/* NULL for all code */
	bool		loaded;		/* the module is */
	bool		interim;
	uint64_t	duration;
	struct strings	columns;	/* without stacks */
	bool		stacks;
	struct all_kind	kinds[MEM_KINDS];
	const struct dump *dump;	/* what live objects held; or NULL */
	struct all_row	*rows;		/* the worst first */
	size_t		n;
	size_t		cap;
	uint64_t	left_out;	/* rows without names, or that the file does not have */
	bool		saved;		/* it is of a file */
};

/* all_rows.c */
struct all_row *all_row_add(struct all_report *a, size_t kind);
void all_rows_read(struct all_report *a, size_t kind, struct report *r);
void all_rows_sort(struct all_report *a);
void all_report_free(struct all_report *a);

/* all_print.c */
void all_print(const struct all_report *a, const struct opts *opts, struct out *o);

/* all_left.c */
bool all_left(const struct all_report *a, struct buf *out);
void all_print_module(const struct all_report *a, struct out *o);
int all_verdict(const struct all_report *a, const struct opts *o);

/* all_saved.c */
int mem_leaks_show(struct report *r, const struct output *to);

#endif
