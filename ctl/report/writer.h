/* SPDX-License-Identifier: GPL-2.0 */
/* One call for both forms of output: text for people, JSON for programs. */
#ifndef OBSCTL_OUT_H
#define OBSCTL_OUT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/buf.h"
#include "lib/macros.h"
#include "report/grid.h"

#define OUT_DEPTH	16

struct page;

struct out_cell {
	size_t	at;		/* in out.cells */
	bool	right;		/* alignment */
	bool	known;		/* the number that it shows: */
	bool	is_signed;
	uint64_t value;
};

struct out {
	FILE		*file;
	struct grid	*grid;		/* gets all in place of the file; or NULL */
	bool		json;
	size_t		columns;	/* of the terminal; 0 for no limit */
	struct page	*page;		/* that text becomes a part of; or NULL */
	/* JSON: whether the object or array at this depth has an item. */
	bool		items[OUT_DEPTH];
	int		depth;
	/* Text: the cells of the table that is being made. */
	struct buf	cells;
	struct out_cell	*cell;
	size_t		nr_cells;
	size_t		cap_cells;
	struct strings	headers;
	struct numbers	below;		/* pairs: row, offset in cells */
	size_t		nr_rows;
	size_t		column;
};

void out_init(struct out *o, FILE *file, bool json);
void out_free(struct out *o);

/* JSON only: structure, and values that text shows in another way. */
void out_open(struct out *o, const char *key, char bracket);
void out_close(struct out *o, char bracket);
void out_json_text(struct out *o, const char *key, const char *value);
void out_json_number(struct out *o, const char *key, uint64_t value);
void out_json_digits(struct out *o, const char *key, const char *digits);
void out_json_real(struct out *o, const char *key, double value);
void out_json_signed(struct out *o, const char *key, int64_t value);
void out_json_exact(struct out *o, const char *key, double value);
void out_json_precise(struct out *o, const char *key, double value);
void out_json_texts(struct out *o, const char *key, const struct strings *list);
void out_json_bool(struct out *o, const char *key, bool value);
void out_newline(struct out *o);

/* Text only. */
void out_line(struct out *o, const char *fmt, ...) PRINTF(2, 3);

/* Both: a table is an array of objects. */
void out_table_begin(struct out *o, const char *key);
void out_row_begin(struct out *o);
void out_cell_text(struct out *o, const char *key, const char *header, const char *value);
void out_cell_number(struct out *o, const char *key, const char *header, uint64_t value);
void out_cell_shown(struct out *o, const char *key, const char *header, uint64_t value,
		    const char *shown);
void out_cell_signed(struct out *o, const char *key, const char *header, int64_t value,
		     const char *shown);
void out_cell_aside(struct out *o, const char *header, const char *shown, bool right);
void out_below(struct out *o, const char *line);

/* What a screen needs to know of the cell that was made last. */
void out_is_counter(struct out *o, double number, const char *unit);
void out_is_ratio(struct out *o, double number, double of, const char *unit);
void out_is_share(struct out *o, double part, double all);
void out_is_number(struct out *o, double number);
void out_are_keys(struct out *o, bool keys);

void out_row_end(struct out *o);
void out_progress(const struct out *o, size_t done, size_t all);
void out_table_end(struct out *o);

#endif
