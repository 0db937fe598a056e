/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a screen shows of reports that follow each other, and what its keys do: rows in an order,
 * those that a filter leaves, a selected line, rows that are expanded to their stacks. Without a
 * terminal: a page is lines of text.
 */
#ifndef OBSCTL_TOP_H
#define OBSCTL_TOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/map.h"
#include "report/grid.h"

#define TOP_COLUMNS	32	/* of a table; more are not shown */
#define TOP_FILTER	64	/* bytes */
#define TOP_WHOLES	8

/* Keys that are no characters. */
enum top_key {
	TOP_KEY_UP = 0x200000, TOP_KEY_DOWN, TOP_KEY_LEFT, TOP_KEY_RIGHT, TOP_KEY_PAGE_UP,
	TOP_KEY_PAGE_DOWN, TOP_KEY_HOME, TOP_KEY_END, TOP_KEY_BACKSPACE,
};

/* What the caller does after a key, in bits. */
enum top_action {
	TOP_QUIT	= 1,
	TOP_DRAW	= 2,
	TOP_PACE	= 4,	/* the interval is another one, or reports pause or go on */
};

enum top_page { TOP_ROWS, TOP_HELP, TOP_REPORT };

enum top_style {
	TOP_PLAIN, TOP_TITLE, TOP_LOSS, TOP_HEADER, TOP_SELECTED, TOP_BELOW, TOP_HINT,
};

/* The whole that shares are of, in this report and the one before. */
struct top_whole {
	double		now;
	double		before;
};

/* A line of the body: a row, or a line beneath it. */
struct top_line {
	size_t		row;		/* in the table */
	size_t		below;		/* 0 for the row itself; else its line's number */
};

/* Where the selection is, whatever the order of rows. */
struct top_cursor {
	uint64_t	row;		/* its id; 0 for none */
	size_t		below;
	size_t		at;		/* line of the body, for when the row is gone */
};

struct top {
	struct grid	*now;
	struct grid	*before;	/* NULL at first */
	struct map	rows_before;	/* id to place plus 1, in a table of the same name */
	bool		indexed;	/* it is made: for rates */
	struct top_whole whole[TOP_WHOLES];
	size_t		nr_wholes;
	size_t		table;		/* which of those that are shown */
	char		*sort;		/* name of a column; NULL for the report's own order */
	bool		reversed;
	bool		per_second;
	bool		paused;
	bool		typing;		/* the filter */
	bool		utf8;		/* the terminal's characters */
	char		filter[TOP_FILTER];
	enum top_page	page;
	size_t		scrolled;	/* lines of the pages that are not rows */
	uint64_t	every;		/* ns between reports, as asked for */
	uint64_t	slow;		/* ns between them, if longer: they take long; or 0 */
	struct map	expanded;	/* id of a row to whether it is */
	char		message[160];
	/* Made from these by top_arrange(). */
	size_t		*order;		/* rows that the filter leaves */
	size_t		nr_order;
	struct top_line	*line;
	size_t		nr_lines;
	size_t		cap_lines;
	struct map	below;		/* row to the struct strings beneath it */
	struct top_cursor cursor;
	size_t		first;		/* line of the body at its top */
	size_t		body;		/* lines of it that the last page had */
	size_t		width[TOP_COLUMNS];	/* widest so far */
	size_t		head;		/* lines above the table so far */
	size_t		columns;	/* of the terminal, which both are for */
	size_t		left_out;	/* columns for which there was no room */
};

/* Lines of a screen. */
struct top_page_line {
	enum top_style	style;
	size_t		text;
	size_t		len;
};

struct top_screen {
	struct buf	text;
	struct top_page_line *line;
	size_t		n;
	size_t		cap;
	size_t		cursor_row;	/* of the filter that is typed; SIZE_MAX for none */
	size_t		cursor_column;
};

/* model.c */
void top_init(struct top *t, uint64_t every, bool utf8);
void top_feed(struct top *t, struct grid *g);
void top_arrange(struct top *t);
const struct grid_table *top_table(const struct top *t);
size_t top_nr_tables(const struct top *t);
void top_say(struct top *t, const char *text);
void top_free(struct top *t);

/* values.c */
void top_find_wholes(struct top *t);
bool top_value(const struct top *t, const struct grid_row *r, size_t column, double *value);
bool top_shows(const struct top *t, size_t column);
void top_print(const struct top *t, const struct grid_row *r, size_t column, struct buf *out);
void top_heading(const struct top *t, size_t column, struct buf *out);
bool top_has_rates(const struct top *t);
size_t top_weight(const struct top *t);
bool top_rises(const struct top *t, size_t column);

/* below.c */
const struct strings *top_below(struct top *t, size_t row);
void top_forget_below(struct top *t);
bool top_is_expanded(const struct top *t, uint64_t id);
bool top_can_expand(const struct top *t, size_t row);

/* keys.c */
unsigned int top_key(struct top *t, unsigned int key);

/* page.c */
void top_page(struct top *t, size_t rows, size_t columns, struct top_screen *s);
void top_page_free(struct top_screen *s);

/* For page.c: columns.c, help.c */
void top_fit(struct top *t, size_t from, size_t to, size_t columns, bool *shown);
void top_print_header(const struct top *t, const bool *shown, struct buf *out);
void top_print_row(const struct top *t, size_t row, const bool *shown, struct buf *out);
void top_help(struct strings *lines, size_t columns);

#endif
