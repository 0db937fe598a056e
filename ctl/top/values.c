// SPDX-License-Identifier: GPL-2.0
/*
 * The values of cells: since the session's start as the report has them, or per second of what
 * came since the report before. Only what grows has a rate; a quotient is then that of what
 * came, and other numbers are left out.
 */

#include <stdio.h>
#include <string.h>

#include "lib/format.h"
#include "top/top.h"

/* The table that a row of this report is in: the one that is shown, or that of its stacks. */
static const char *table_of(const struct top *t, const struct grid_row *r)
{
	size_t i;

	for (i = 0; i < t->now->nr_tables; i++) {
		const struct grid_table *table = &t->now->table[i];

		if (r >= table->row && r < table->row + table->nr_rows)
			return table->name;
	}
	return "";
}

static const struct grid_row *row_before(const struct top *t, const struct grid_row *r)
{
	size_t at = (uintptr_t)map_get(&t->rows_before, r->id);
	const char *name = table_of(t, r);
	size_t i;

	for (i = 0; at && i < t->before->nr_tables; i++) {
		const struct grid_table *b = &t->before->table[i];

		if (!strcmp(b->name, name) && at <= b->nr_rows && b->row[at - 1].id == r->id)
			return &b->row[at - 1];
	}
	return NULL;
}

static const struct grid_cell *cell_before(const struct top *t, const struct grid_row *r,
					   size_t column)
{
	const struct grid_row *b = t->before ? row_before(t, r) : NULL;

	return b ? grid_at(t->before, b, column) : NULL;
}

/* Seconds since the report before, or since the session's start. */
static double seconds(const struct top *t)
{
	uint64_t before = t->before ? t->before->duration : 0;

	return t->now->duration > before ? (double)(t->now->duration - before) / 1e9 : 0;
}

static double grown(double now, double before)
{
	return now > before ? now - before : 0;
}

static void add_whole(struct top *t, double now, double before)
{
	size_t i;

	for (i = 0; i < t->nr_wholes; i++)
		if (t->whole[i].now >= now && t->whole[i].now <= now)
			return;
	if (t->nr_wholes < TOP_WHOLES)
		t->whole[t->nr_wholes++] = (struct top_whole){ .now = now, .before = before };
}

/** top_find_wholes() - What shares of rows that are new are of: those of others tell it. */
void top_find_wholes(struct top *t)
{
	const struct grid_table *table = top_table(t);
	size_t i;
	size_t c;

	t->nr_wholes = 0;
	for (c = 0; table && t->before && c < table->nr_columns; c++) {
		if (table->column[c].role != GRID_SHARE)
			continue;
		for (i = 0; i < table->nr_rows && t->nr_wholes < TOP_WHOLES; i++) {
			const struct grid_cell *now = grid_at(t->now, &table->row[i], c);
			const struct grid_cell *before = cell_before(t, &table->row[i], c);

			if (now && before)
				add_whole(t, now->of, before->of);
		}
	}
}

static double whole_before(const struct top *t, double now)
{
	size_t i;

	for (i = 0; i < t->nr_wholes; i++)
		if (t->whole[i].now >= now && t->whole[i].now <= now)
			return t->whole[i].before;
	return 0;
}

static bool rate_of(const struct top *t, const struct grid_row *r, size_t column, double *value)
{
	enum grid_role role = top_table(t)->column[column].role;
	const struct grid_cell *now = grid_at(t->now, r, column);
	const struct grid_cell *before = cell_before(t, r, column);
	double since = seconds(t);
	double of;

	if (role == GRID_COUNTER) {
		*value = since > 0 ? grown(now->number, before ? before->number : 0) / since : 0;
		return true;
	}
	of = grown(now->of, before ? before->of :
		   role == GRID_SHARE ? whole_before(t, now->of) : 0);
	if (of <= 0)
		return false;
	*value = grown(now->number, before ? before->number : 0) / of;
	return true;
}

static bool is_ratio(enum grid_role role)
{
	return role == GRID_RATIO || role == GRID_SHARE;
}

/** top_value() - The number of a cell, as it is shown. Return: whether it has one. */
bool top_value(const struct top *t, const struct grid_row *r, size_t column, double *value)
{
	enum grid_role role = top_table(t)->column[column].role;
	const struct grid_cell *c = grid_at(t->now, r, column);

	if (!c || !c->known)
		return false;
	if (t->per_second && (role == GRID_COUNTER || is_ratio(role)))
		return rate_of(t, r, column, value);
	if (is_ratio(role) && c->of <= 0)
		return false;
	*value = is_ratio(role) ? c->number / c->of : c->number;
	return true;
}

/** top_has_rates() - Whether the table has numbers that can be shown per second. */
bool top_has_rates(const struct top *t)
{
	const struct grid_table *table = top_table(t);
	size_t c;

	for (c = 0; table && c < table->nr_columns; c++)
		if (table->column[c].role == GRID_COUNTER)
			return true;
	return false;
}

/** top_shows() - Whether a column is shown; per second, numbers without a rate are not. */
bool top_shows(const struct top *t, size_t column)
{
	return !t->per_second || top_table(t)->column[column].role != GRID_LEVEL;
}

/** top_weight() - Return: the column that rates are ordered by, or SIZE_MAX. */
size_t top_weight(const struct top *t)
{
	const struct grid_table *table = top_table(t);
	size_t first = SIZE_MAX;
	size_t c;

	for (c = 0; table && c < table->nr_columns; c++) {
		if (table->column[c].role == GRID_SHARE)
			return c;
		if (table->column[c].role == GRID_COUNTER && first == SIZE_MAX)
			first = c;
	}
	return first;
}

/** top_print() - The text of a cell. */
void top_print(const struct top *t, const struct grid_row *r, size_t column, struct buf *out)
{
	const struct grid_column *c = &top_table(t)->column[column];
	char shown[40];
	double value;

	if (!t->per_second || (c->role != GRID_COUNTER && !is_ratio(c->role))) {
		buf_puts(out, grid_text(t->now, r, column));
		return;
	}
	if (!top_value(t, r, column, &value))
		snprintf(shown, sizeof(shown), "-");
	else if (!strcmp(c->unit, "%"))
		snprintf(shown, sizeof(shown), "%.1f %%", value * 100);
	else if (!strcmp(c->unit, "ns") || !strcmp(c->unit, "bytes") || is_ratio(c->role))
		format_value(shown, sizeof(shown), value, c->unit);
	else
		format_rate(shown, sizeof(shown), value);
	buf_puts(out, shown);
}

/** top_rises() - Whether rows are sorted by a column from the least on, as texts are at first. */
bool top_rises(const struct top *t, size_t column)
{
	enum grid_role role = top_table(t)->column[column].role;

	return (role == GRID_KEY || role == GRID_TEXT) != t->reversed;
}

/** top_heading() - The name of a column, with the direction if rows are sorted by it. */
void top_heading(const struct top *t, size_t column, struct buf *out)
{
	const struct grid_column *c = &top_table(t)->column[column];
	bool up = top_rises(t, column);

	if (t->sort && !strcmp(t->sort, c->name))
		buf_puts(out, t->utf8 ? up ? "\xe2\x96\xb2" : "\xe2\x96\xbc" : up ? "^" : "v");
	buf_puts(out, c->name);
	if (t->per_second && c->role == GRID_COUNTER)
		buf_puts(out, "/S");
}
