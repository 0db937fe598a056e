// SPDX-License-Identifier: GPL-2.0
/*
 * The lines beneath a row: those that the report itself has there, and its stacks, the heaviest
 * first, each with its numbers. They are made when they are first shown.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "top/top.h"

#define STACKS_SHOWN	20

/** top_is_expanded() - Whether the lines beneath a row are shown. */
bool top_is_expanded(const struct top *t, uint64_t id)
{
	return map_get(&t->expanded, id);
}

static const struct grid_table *stacks_of(const struct top *t)
{
	size_t i;

	for (i = 0; t->now && i < t->now->nr_tables; i++)
		if (t->now->table[i].stacks)
			return &t->now->table[i];
	return NULL;
}

/* Rows of the table of stacks are in the report's order, by their totals. */
struct found {
	const struct top *t;
	const struct grid_row **row;
	size_t		n;
};

static int compare_found(const void *a, const void *b, void *arg)
{
	const struct grid_row *x = *(const struct grid_row *const *)a;
	const struct grid_row *y = *(const struct grid_row *const *)b;
	const struct top *t = arg;
	size_t weight = top_weight(t);
	double p = 0, q = 0;

	if (weight != SIZE_MAX) {
		top_value(t, x, weight, &p);
		top_value(t, y, weight, &q);
	}
	if (p < q || p > q)
		return p < q ? 1 : -1;
	return (x > y) - (x < y);
}

static void find_stacks(const struct top *t, uint64_t group, struct found *f)
{
	const struct grid_table *all = stacks_of(t);
	size_t i;

	f->t = t;
	f->row = zalloc(((all ? all->nr_rows : 0) + 1) * sizeof(*f->row));
	for (i = 0; all && i < all->nr_rows; i++)
		if (all->row[i].group == group)
			f->row[f->n++] = &all->row[i];
	qsort_r(f->row, f->n, sizeof(*f->row), compare_found, (void *)t);
}

/* The numbers of a stack: what grows, and its share. */
static void describe_stack(const struct top *t, const struct grid_row *r, struct buf *out)
{
	const struct grid_table *table = top_table(t);
	const char *before = "  ";
	size_t c;

	for (c = 0; c < table->nr_columns; c++) {
		enum grid_role role = table->column[c].role;

		if (role != GRID_COUNTER && role != GRID_SHARE)
			continue;
		buf_printf(out, "%s%s%s ", before, table->column[c].name,
			   t->per_second && role == GRID_COUNTER ? "/S" : "");
		top_print(t, r, c, out);
		before = ", ";
	}
}

static void add_stack(struct top *t, const struct grid_row *r, struct strings *lines)
{
	struct strings frames = {};
	struct buf line = {};
	size_t i;

	describe_stack(t, r, &line);
	strings_add(lines, line.len ? line.p : "");
	for (i = 0; i < r->nr_stacks && t->now->frames; i++)
		t->now->frames(t->now->arg, &t->now->stack[r->stack + i], &frames);
	for (i = 0; i < frames.n; i++) {
		line.len = 0;
		buf_printf(&line, "      %s", frames.v[i]);
		strings_add(lines, line.p);
	}
	strings_free(&frames);
	buf_free(&line);
}

static void add_stacks(struct top *t, const struct grid_row *r, struct strings *lines)
{
	struct found f = {};
	char line[80];
	size_t i;

	find_stacks(t, r->group, &f);
	for (i = 0; i < f.n && i < STACKS_SHOWN; i++)
		add_stack(t, f.row[i], lines);
	if (i < f.n) {
		snprintf(line, sizeof(line), "  ... %zu more stacks", f.n - i);
		strings_add(lines, line);
	}
	free(f.row);
}

/** top_can_expand() - Whether a row has lines beneath it. */
bool top_can_expand(const struct top *t, size_t row)
{
	const struct grid_table *table = top_table(t);

	return table && row < table->nr_rows && (table->row[row].nr_below || stacks_of(t));
}

static void free_lines(void *lines)
{
	strings_free(lines);
	free(lines);
}

/** top_forget_below() - The lines are to be made anew: the numbers in them are others. */
void top_forget_below(struct top *t)
{
	map_free(&t->below, free_lines);
}

/** top_below() - Return: the lines beneath a row. */
const struct strings *top_below(struct top *t, size_t row)
{
	const struct grid_row *r = &top_table(t)->row[row];
	struct strings *lines = map_get(&t->below, r->id);
	size_t i;

	if (lines)
		return lines;
	lines = zalloc(sizeof(*lines));
	for (i = 0; i < r->nr_below; i++)
		strings_add(lines, t->now->below.v[r->below + i]);
	if (top_can_expand(t, row) && stacks_of(t))
		add_stacks(t, r, lines);
	map_set(&t->below, r->id, lines);
	return lines;
}
