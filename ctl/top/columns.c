// SPDX-License-Identifier: GPL-2.0
/*
 * Columns within the width of a terminal: those that decide least are left out, but never what a
 * row is about, its count, its weight, or what rows are sorted by; then the widest text is cut in
 * its middle. Columns do not become narrower while rows change.
 */

#include <string.h>

#include "report/width.h"
#include "top/top.h"

#define TEXT_LEAST	18	/* columns that a text keeps while others can be left out */
#define CUT_LEAST	6	/* and at all */
#define CUT		".."

static size_t nr_columns(const struct top *t)
{
	size_t n = top_table(t)->nr_columns;

	return n < TOP_COLUMNS ? n : TOP_COLUMNS;
}

static void measure(struct top *t, size_t from, size_t to)
{
	const struct grid_table *table = top_table(t);
	struct buf text = {};
	size_t i;
	size_t c;

	for (c = 0; c < nr_columns(t); c++) {
		text.len = 0;
		top_heading(t, c, &text);
		if (width_of(text.p) > t->width[c])
			t->width[c] = width_of(text.p);
		for (i = from; i < to; i++) {
			if (t->line[i].below)
				continue;
			text.len = 0;
			top_print(t, &table->row[t->line[i].row], c, &text);
			if (text.len && width_of(text.p) > t->width[c])
				t->width[c] = width_of(text.p);
		}
	}
	buf_free(&text);
}

static bool is_text(const struct grid_column *c)
{
	return !c->right;
}

static size_t first_counter(const struct grid_table *table)
{
	size_t c = 0;

	while (c < table->nr_columns && table->column[c].role != GRID_COUNTER)
		c++;
	return c;
}

static bool is_needed(const struct top *t, size_t column)
{
	const struct grid_table *table = top_table(t);
	const struct grid_column *c = &table->column[column];

	return c->role == GRID_KEY || column == top_weight(t) || column == first_counter(table) ||
	       (t->sort && !strcmp(t->sort, c->name));
}

static size_t sum_of(const struct top *t, const bool *shown, const size_t *width)
{
	size_t sum = 0;
	size_t c;

	for (c = 0; c < nr_columns(t); c++)
		if (shown[c])
			sum += width[c] + 2;
	return sum ? sum - 2 : 0;
}

static void leave_out(const struct top *t, size_t columns, bool *shown)
{
	const struct grid_table *table = top_table(t);
	size_t least[TOP_COLUMNS];
	size_t c;

	for (c = 0; c < nr_columns(t); c++)
		least[c] = is_text(&table->column[c]) && t->width[c] > TEXT_LEAST ? TEXT_LEAST :
										    t->width[c];
	for (c = nr_columns(t); c-- && sum_of(t, shown, least) > columns;)
		if (shown[c] && !is_needed(t, c))
			shown[c] = false;
}

static void cut(struct top *t, size_t columns, const bool *shown)
{
	const struct grid_table *table = top_table(t);
	size_t n = nr_columns(t);

	while (sum_of(t, shown, t->width) > columns) {
		size_t widest = n;
		size_t c;

		for (c = 0; c < n; c++)
			if (shown[c] && is_text(&table->column[c]) && t->width[c] > CUT_LEAST &&
			    (widest == n || t->width[c] > t->width[widest]))
				widest = c;
		if (widest == n)
			break;
		t->width[widest]--;
	}
}

/**
 * top_fit() - Choose columns, and set their widths.
 * @from: first line of the body that is shown, up to @to
 */
void top_fit(struct top *t, size_t from, size_t to, size_t columns, bool *shown)
{
	size_t c;

	measure(t, from, to);
	for (c = 0; c < nr_columns(t); c++)
		shown[c] = top_shows(t, c);
	leave_out(t, columns, shown);
	cut(t, columns, shown);
	t->left_out = 0;
	for (c = 0; c < nr_columns(t); c++)
		t->left_out += top_shows(t, c) && !shown[c];
}

static void pad(struct buf *out, size_t n)
{
	while (n--)
		buf_putc(out, ' ');
}

static void add_cell(const struct top *t, size_t column, const char *text, struct buf *out)
{
	bool right = top_table(t)->column[column].right;
	size_t width = t->width[column];
	size_t own = width_of(text);
	size_t tail, head;

	if (own <= width) {
		pad(out, right ? width - own : 0);
		buf_puts(out, text);
		pad(out, right ? 0 : width - own);
	} else {
		tail = (width - strlen(CUT)) / 2;
		head = width - strlen(CUT) - tail;
		buf_add(out, text, width_clip(text, strlen(text), head));
		buf_puts(out, CUT);
		buf_puts(out, text + width_clip(text, strlen(text), own - tail));
	}
	pad(out, 2);
}

static void end_line(struct buf *out)
{
	while (out->len && out->p[out->len - 1] == ' ')
		out->p[--out->len] = 0;
}

void top_print_header(const struct top *t, const bool *shown, struct buf *out)
{
	struct buf text = {};
	size_t c;

	for (c = 0; c < nr_columns(t); c++) {
		text.len = 0;
		top_heading(t, c, &text);
		if (shown[c])
			add_cell(t, c, text.p, out);
	}
	buf_free(&text);
	end_line(out);
}

void top_print_row(const struct top *t, size_t row, const bool *shown, struct buf *out)
{
	const struct grid_table *table = top_table(t);
	struct buf text = {};
	size_t c;

	for (c = 0; c < nr_columns(t); c++) {
		text.len = 0;
		top_print(t, &table->row[row], c, &text);
		if (shown[c])
			add_cell(t, c, text.len ? text.p : "", out);
	}
	buf_free(&text);
	end_line(out);
}
