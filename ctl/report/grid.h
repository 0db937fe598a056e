/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A report as data: its lines, and tables of cells with their numbers. The writer fills one in
 * place of text, for a screen that sorts and filters.
 */
#ifndef OBSCTL_GRID_H
#define OBSCTL_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/map.h"

/* What a column has. Of the cells of one, the last of these counts. */
enum grid_role {
	GRID_TEXT,			/* which can change */
	GRID_LEVEL,			/* a number that has no rate */
	GRID_COUNTER,			/* a number that only grows */
	GRID_RATIO,			/* the quotient of two that only grow */
	GRID_SHARE,			/* the same, in which the second is of several rows */
	GRID_KEY,			/* what the row is about */
};

struct grid_column {
	char		*name;
	enum grid_role	role;
	char		unit[16];	/* of a counter or ratio; "%" for percent */
	bool		right;		/* alignment */
};

struct grid_cell {
	size_t		text;		/* in the grid's text */
	double		number;
	double		of;		/* what a ratio is relative to */
	bool		known;		/* there is a number */
};

/* A stack of a row, whose frames are named when they are shown. */
struct grid_stack {
	char		*column;
	uint64_t	id;
};

struct grid_row {
	uint64_t	id;		/* the same in the next report, another one of other rows */
	uint64_t	group;		/* the same for rows that differ in their stacks only */
	size_t		cell;		/* the first of its cells */
	size_t		nr_cells;
	size_t		below;		/* the first of the lines beneath it */
	size_t		nr_below;
	size_t		stack;		/* the first of its stacks */
	size_t		nr_stacks;
};

struct grid_table {
	char		*name;
	bool		stacks;		/* rows of another table, told apart by their stacks */
	struct grid_column *column;
	size_t		nr_columns;
	size_t		cap_columns;
	struct grid_row	*row;
	size_t		nr_rows;
	size_t		cap_rows;
};

struct grid {
	struct strings	lines;		/* of the report's head and foot; the first is its title */
	struct strings	account;	/* what became of the hits */
	bool		accounting;	/* lines are of the account */
	bool		keys;		/* numbers are keys */
	uint64_t	duration;	/* of the session, in ns */
	struct grid_table *table;
	size_t		nr_tables;
	size_t		cap_tables;
	struct grid_cell *cell;
	size_t		nr_cells;
	size_t		cap_cells;
	struct grid_stack *stack;
	size_t		nr_stacks;
	size_t		cap_stacks;
	struct strings	below;
	struct buf	text;
	/* Adds the frames of a stack, a line each; NULL where there are no stacks. */
	void		(*frames)(void *arg, const struct grid_stack *s, struct strings *lines);
	void		*arg;		/* freed with the grid */
};

struct grid *grid_new(void);
void grid_free(struct grid *g);

/* The writer's calls. */
void grid_line(struct grid *g, const char *text);
void grid_table_begin(struct grid *g, const char *name);
void grid_row_begin(struct grid *g);
void grid_cell(struct grid *g, const char *header, const char *text, enum grid_role role,
	       bool right);
void grid_number(struct grid *g, double number);
void grid_counter(struct grid *g, double number, const char *unit);
void grid_ratio(struct grid *g, enum grid_role role, double number, double of, const char *unit);
void grid_below(struct grid *g, const char *line);
void grid_stack(struct grid *g, const char *column, uint64_t id, uint64_t hash);
void grid_row_end(struct grid *g);

/* For those who read it. */
const struct grid_cell *grid_at(const struct grid *g, const struct grid_row *r, size_t column);
const char *grid_text(const struct grid *g, const struct grid_row *r, size_t column);
size_t grid_column(const struct grid_table *t, const char *name);

#endif
