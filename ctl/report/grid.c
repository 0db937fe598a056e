// SPDX-License-Identifier: GPL-2.0
/* A report as data. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/grid.h"

struct grid *grid_new(void)
{
	return zalloc(sizeof(struct grid));
}

static void free_table(struct grid_table *t)
{
	size_t c;

	for (c = 0; c < t->nr_columns; c++)
		free(t->column[c].name);
	free(t->column);
	free(t->row);
	free(t->name);
}

void grid_free(struct grid *g)
{
	size_t i;

	if (!g)
		return;
	for (i = 0; i < g->nr_tables; i++)
		free_table(&g->table[i]);
	for (i = 0; i < g->nr_stacks; i++)
		free(g->stack[i].column);
	strings_free(&g->lines);
	strings_free(&g->account);
	strings_free(&g->below);
	buf_free(&g->text);
	free(g->table);
	free(g->cell);
	free(g->stack);
	free(g->arg);
	free(g);
}

/** grid_line() - Lines beside the tables; empty ones do not count. */
void grid_line(struct grid *g, const char *text)
{
	char *copy = copy_string(text);
	char *save = NULL;
	char *line;

	for (line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		strings_add(g->accounting ? &g->account : &g->lines, line);
	free(copy);
}

void grid_table_begin(struct grid *g, const char *name)
{
	g->table = grow(g->table, &g->cap_tables, g->nr_tables + 1, sizeof(*g->table));
	g->table[g->nr_tables++] = (struct grid_table){ .name = copy_string(name ? name : "") };
}

static struct grid_table *last_table(struct grid *g)
{
	return &g->table[g->nr_tables - 1];
}

static struct grid_row *last_row(struct grid *g)
{
	struct grid_table *t = last_table(g);

	return &t->row[t->nr_rows - 1];
}

/* Of the cell that was made last. */
static struct grid_column *last_column(struct grid *g)
{
	return &last_table(g)->column[last_row(g)->nr_cells - 1];
}

void grid_row_begin(struct grid *g)
{
	struct grid_table *t = last_table(g);

	t->row = grow(t->row, &t->cap_rows, t->nr_rows + 1, sizeof(*t->row));
	t->row[t->nr_rows++] = (struct grid_row){
		.cell = g->nr_cells, .below = g->below.n, .stack = g->nr_stacks,
	};
}

/* Rows of one table have the same columns. */
static struct grid_column *next_column(struct grid_table *t, size_t at, const char *header)
{
	if (at == t->nr_columns) {
		t->column = grow(t->column, &t->cap_columns, at + 1, sizeof(*t->column));
		t->column[t->nr_columns++] = (struct grid_column){ .name = copy_string(header) };
	}
	return &t->column[at];
}

/**
 * grid_cell() - The next cell of a row.
 * @role: GRID_KEY, GRID_TEXT or GRID_LEVEL; the others are set for the cell that is there
 */
void grid_cell(struct grid *g, const char *header, const char *text, enum grid_role role,
	       bool right)
{
	struct grid_row *r = last_row(g);
	struct grid_column *c = next_column(last_table(g), r->nr_cells++, header);

	if (g->keys)
		role = GRID_KEY;
	if (role > c->role)
		c->role = role;
	c->right |= right;
	if (role == GRID_KEY)
		r->group = hash_bytes(text, strlen(text) + 1, r->group);
	g->cell = grow(g->cell, &g->cap_cells, g->nr_cells + 1, sizeof(*g->cell));
	g->cell[g->nr_cells++] = (struct grid_cell){ .text = g->text.len };
	buf_add(&g->text, text, strlen(text) + 1);
}

/** grid_number() - The number of the cell that was made last. */
void grid_number(struct grid *g, double number)
{
	struct grid_cell *c = &g->cell[g->nr_cells - 1];

	c->number = number;
	c->known = true;
}

static void set_role(struct grid *g, enum grid_role role, const char *unit)
{
	struct grid_column *c = last_column(g);

	if (role > c->role)
		c->role = role;
	snprintf(c->unit, sizeof(c->unit), "%s", unit);
}

/** grid_counter() - The cell that was made last has a number that only grows. */
void grid_counter(struct grid *g, double number, const char *unit)
{
	grid_number(g, number);
	set_role(g, GRID_COUNTER, unit);
}

/** grid_ratio() - The same of a quotient: @role is GRID_RATIO or GRID_SHARE. */
void grid_ratio(struct grid *g, enum grid_role role, double number, double of, const char *unit)
{
	grid_number(g, number);
	g->cell[g->nr_cells - 1].of = of;
	set_role(g, role, unit);
}

void grid_below(struct grid *g, const char *line)
{
	strings_add(&g->below, line);
	last_row(g)->nr_below++;
}

/** grid_stack() - A stack of the row. @hash: of what is in it */
void grid_stack(struct grid *g, const char *column, uint64_t id, uint64_t hash)
{
	struct grid_row *r = last_row(g);

	g->stack = grow(g->stack, &g->cap_stacks, g->nr_stacks + 1, sizeof(*g->stack));
	g->stack[g->nr_stacks++] = (struct grid_stack){ .column = copy_string(column), .id = id };
	r->nr_stacks++;
	r->id = hash_bytes(&hash, sizeof(hash), r->id + 1);
}

void grid_row_end(struct grid *g)
{
	struct grid_row *r = last_row(g);
	const char *name = last_table(g)->name;

	r->group |= 1;
	r->id = hash_bytes(name, strlen(name), r->id ^ r->group) | 1;
}

/** grid_at() - Return: the cell of a row in a column, or NULL. */
const struct grid_cell *grid_at(const struct grid *g, const struct grid_row *r, size_t column)
{
	return column < r->nr_cells ? &g->cell[r->cell + column] : NULL;
}

/** grid_text() - Return: its text, or "". */
const char *grid_text(const struct grid *g, const struct grid_row *r, size_t column)
{
	const struct grid_cell *c = grid_at(g, r, column);

	return c ? g->text.p + c->text : "";
}

/** grid_column() - Return: the place of a column, or SIZE_MAX. */
size_t grid_column(const struct grid_table *t, const char *name)
{
	size_t c;

	for (c = 0; c < t->nr_columns; c++)
		if (!strcmp(t->column[c].name, name))
			return c;
	return SIZE_MAX;
}
