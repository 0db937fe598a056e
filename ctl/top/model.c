// SPDX-License-Identifier: GPL-2.0
/*
 * Rows in their order: of the last report, those that the filter leaves, sorted, with the lines
 * beneath those that are expanded. The selection follows its row.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "top/top.h"

void top_init(struct top *t, uint64_t every, bool utf8)
{
	*t = (struct top){ .every = every, .utf8 = utf8 };
}

void top_free(struct top *t)
{
	grid_free(t->now);
	grid_free(t->before);
	map_free(&t->rows_before, NULL);
	map_free(&t->expanded, NULL);
	top_forget_below(t);
	free(t->sort);
	free(t->order);
	free(t->line);
	memset(t, 0, sizeof(*t));
}

/** top_say() - Show a sentence until the next key. */
void top_say(struct top *t, const char *text)
{
	snprintf(t->message, sizeof(t->message), "%s", text);
}

/** top_nr_tables() - Return: how many tables the report has. */
size_t top_nr_tables(const struct top *t)
{
	size_t n = 0;
	size_t i;

	for (i = 0; t->now && i < t->now->nr_tables; i++)
		n += !t->now->table[i].stacks;
	return n;
}

/** top_table() - Return: the table that is shown, or NULL. */
const struct grid_table *top_table(const struct top *t)
{
	size_t n = 0;
	size_t i;

	for (i = 0; t->now && i < t->now->nr_tables; i++) {
		if (t->now->table[i].stacks)
			continue;
		if (n++ == t->table)
			return &t->now->table[i];
	}
	return NULL;
}

/** top_feed() - Take the next report, which is the screen's from here on. */
void top_feed(struct top *t, struct grid *g)
{
	grid_free(t->before);
	t->before = t->now;
	t->now = g;
	/* Lines beneath rows are of the report before. */
	top_forget_below(t);
	map_free(&t->rows_before, NULL);
	t->indexed = false;
	if (t->table && t->table >= top_nr_tables(t))
		t->table = 0;
	top_arrange(t);
}

static void index_before(struct top *t)
{
	size_t i;
	size_t k;

	for (i = 0; t->before && i < t->before->nr_tables; i++)
		for (k = 0; k < t->before->table[i].nr_rows; k++)
			map_set(&t->rows_before, t->before->table[i].row[k].id, (void *)(k + 1));
	t->indexed = true;
}

/* Case matters if the filter has a capital letter. */
static bool matches(const struct top *t, const struct grid_row *r)
{
	const struct grid_table *table = top_table(t);
	bool exact = false;
	const char *s;
	size_t c;

	if (!*t->filter)
		return true;
	for (s = t->filter; *s; s++)
		exact |= *s >= 'A' && *s <= 'Z';
	for (c = 0; c < table->nr_columns; c++) {
		enum grid_role role = table->column[c].role;
		const char *text = grid_text(t->now, r, c);

		if (role != GRID_KEY && role != GRID_TEXT)
			continue;
		if (exact ? !!strstr(text, t->filter) : !!strcasestr(text, t->filter))
			return true;
	}
	return false;
}

/* What rows are compared by; numbers are found once. */
struct sorting {
	const struct top *t;
	const struct grid_table *table;
	size_t		column;		/* SIZE_MAX for the report's order */
	bool		rises;
	double		*number;
	bool		*known;
};

static int compare_cells(const struct sorting *s, size_t i, size_t k)
{
	enum grid_role role = s->table->column[s->column].role;
	const char *x = grid_text(s->t->now, &s->table->row[i], s->column);
	const char *y = grid_text(s->t->now, &s->table->row[k], s->column);
	double p = s->number[i];
	double q = s->number[k];

	/* What has no number comes last, either way. */
	if (s->known[i] != s->known[k])
		return s->known[i] ? -1 : 1;
	if (s->known[i])
		return s->rises ? (p > q) - (p < q) : (p < q) - (p > q);
	if (role != GRID_KEY && role != GRID_TEXT)
		return 0;
	return s->rises ? strcmp(x, y) : strcmp(y, x);
}

static int compare_rows(const void *a, const void *b, void *arg)
{
	const struct sorting *s = arg;
	size_t i = *(const size_t *)a;
	size_t k = *(const size_t *)b;
	int c;

	if (s->column == SIZE_MAX)
		return s->rises ? (i < k) - (i > k) : (i > k) - (i < k);
	c = compare_cells(s, i, k);
	return c ? c : (i > k) - (i < k);
}

static void sort_rows(struct top *t)
{
	struct sorting s = { .t = t, .table = top_table(t), .column = SIZE_MAX };
	size_t i;

	if (t->sort)
		s.column = grid_column(s.table, t->sort);
	if (s.column != SIZE_MAX && !top_shows(t, s.column))
		s.column = SIZE_MAX;
	s.rises = s.column == SIZE_MAX ? t->reversed : top_rises(t, s.column);
	if (s.column == SIZE_MAX && t->per_second)
		s.column = top_weight(t);
	s.number = zalloc((s.table->nr_rows + 1) * sizeof(*s.number));
	s.known = zalloc(s.table->nr_rows + 1);
	for (i = 0; s.column != SIZE_MAX && i < t->nr_order; i++) {
		size_t row = t->order[i];

		s.known[row] = top_value(t, &s.table->row[row], s.column, &s.number[row]);
	}
	if (t->nr_order)
		qsort_r(t->order, t->nr_order, sizeof(*t->order), compare_rows, &s);
	free(s.number);
	free(s.known);
}

static void add_line(struct top *t, size_t row, size_t below)
{
	t->line = grow(t->line, &t->cap_lines, t->nr_lines + 1, sizeof(*t->line));
	t->line[t->nr_lines++] = (struct top_line){ .row = row, .below = below };
}

static void add_lines(struct top *t, const struct grid_table *table, size_t row)
{
	const struct strings *below;
	size_t i;

	add_line(t, row, 0);
	if (!top_is_expanded(t, table->row[row].id))
		return;
	below = top_below(t, row);
	for (i = 0; i < below->n; i++)
		add_line(t, row, i + 1);
}

/* Find the selected row again; where it is gone, the line that is now there is selected. */
static void follow_cursor(struct top *t, const struct grid_table *table)
{
	struct top_cursor *c = &t->cursor;
	size_t i;

	for (i = 0; c->row && i < t->nr_lines; i++) {
		if (table->row[t->line[i].row].id != c->row || t->line[i].below > c->below)
			continue;
		c->at = i;
		if (t->line[i].below == c->below)
			return;
	}
	if (c->at >= t->nr_lines)
		c->at = t->nr_lines ? t->nr_lines - 1 : 0;
	/* Until the first key, the first line is selected, whichever row it is. */
	if (c->row && t->nr_lines) {
		c->row = table->row[t->line[c->at].row].id;
		c->below = t->line[c->at].below;
	}
}

/** top_arrange() - Find the rows that are shown, and their order. */
void top_arrange(struct top *t)
{
	const struct grid_table *table = top_table(t);
	size_t i;

	t->nr_order = 0;
	t->nr_lines = 0;
	if (!table)
		return;
	if (t->per_second && !t->indexed)
		index_before(t);
	if (t->per_second)
		top_find_wholes(t);
	free(t->order);
	t->order = zalloc((table->nr_rows + 1) * sizeof(*t->order));
	for (i = 0; i < table->nr_rows; i++)
		if (matches(t, &table->row[i]))
			t->order[t->nr_order++] = i;
	sort_rows(t);
	for (i = 0; i < t->nr_order; i++)
		add_lines(t, table, t->order[i]);
	follow_cursor(t, table);
}
