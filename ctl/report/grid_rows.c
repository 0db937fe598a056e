// SPDX-License-Identifier: GPL-2.0
/*
 * The rows of a report for a screen. There, a row has all stacks of what its other columns tell
 * apart: rows that differ in their stacks only are added up, and are given as they are in a
 * table beside, in which the screen finds what a row expands to. Their frames are named when
 * they are shown.
 */

#include <stdlib.h>
#include <string.h>

#include "report/grid_rows.h"
#include "report/row_stack.h"

/* What the grid keeps to name frames. The table that was read lasts as long as the grid. */
struct frames_of {
	struct view	*view;
	struct map	stacks;		/* the table's: not freed here */
};

/* What a view says about its columns. */
struct columns {
	const struct column *columns[VIEW_COLUMNS];
	struct column	own[VIEW_COLUMNS];
	uint32_t	types[VIEW_COLUMNS];
	enum shown	shown[VIEW_COLUMNS];
	const char	*of[VIEW_COLUMNS];
	struct view_enum enums[VIEW_COLUMNS];
	uint64_t	fault[VIEW_COLUMNS];
	size_t		nr_columns;
	size_t		faults;
};

static void save(struct columns *to, const struct view *v)
{
	memcpy(to->columns, v->columns, sizeof(to->columns));
	memcpy(to->own, v->own, sizeof(to->own));
	memcpy(to->types, v->types, sizeof(to->types));
	memcpy(to->shown, v->shown, sizeof(to->shown));
	memcpy(to->of, v->of, sizeof(to->of));
	memcpy(to->enums, v->enums, sizeof(to->enums));
	memcpy(to->fault, v->fault, sizeof(to->fault));
	to->nr_columns = v->nr_columns;
	to->faults = v->faults;
}

static void restore(const struct columns *from, struct view *v)
{
	memcpy(v->columns, from->columns, sizeof(v->columns));
	memcpy(v->own, from->own, sizeof(v->own));
	memcpy(v->types, from->types, sizeof(v->types));
	memcpy(v->shown, from->shown, sizeof(v->shown));
	memcpy(v->of, from->of, sizeof(v->of));
	memcpy(v->enums, from->enums, sizeof(v->enums));
	memcpy(v->fault, from->fault, sizeof(v->fault));
	v->nr_columns = from->nr_columns;
	v->faults = from->faults;
}

static void move_column(struct view *v, size_t to, size_t from)
{
	bool own = v->columns[from] == &v->own[from];

	v->own[to] = v->own[from];
	v->columns[to] = own ? &v->own[to] : v->columns[from];
	v->types[to] = v->types[from];
	v->shown[to] = v->shown[from];
	v->of[to] = v->of[from];
	v->enums[to] = v->enums[from];
	v->fault[to] = v->fault[from];
	if (v->faults == from + 1)
		v->faults = to + 1;
}

static void drop_stacks(struct view *v)
{
	size_t n = 0;
	size_t c;

	for (c = 0; c < v->nr_columns; c++)
		if (!type_is_stack(v->types[c]))
			move_column(v, n++, c);
	v->nr_columns = n;
}

/* Add up what differs in stacks only. */
static void merge_rows(const struct table *from, struct table *to)
{
	uint64_t key[VIEW_COLUMNS];
	size_t i;
	size_t c;
	size_t n;

	to->has_hist = from->has_hist;
	for (i = 0; i < from->nr_rows; i++) {
		const struct row *row = &from->rows[i];
		const uint64_t *old = from->keys + row->key;

		for (c = n = 0; c < from->nr_keys; c++)
			if (!type_is_stack(from->types[c]))
				key[n++] = old[c];
		table_add(to, table_row(to, key), row, table_figures(from, row));
	}
}

static void add_frames(void *arg, const struct grid_stack *g, struct strings *lines)
{
	struct frames_of *f = arg;
	const struct stack *s = map_get(&f->stacks, g->id);
	struct buf line = {};
	size_t i;

	if (strcmp(g->column, "kstack") && strcmp(g->column, "ustack"))
		buf_printf(&line, "-- %s", g->column);
	else if (s && s->pid)
		buf_printf(&line, "-- user, process %u", s->pid);
	if (line.len)
		strings_add(lines, line.p);
	if (!s)
		strings_add(lines, g->id ? "[the stack was lost]" :
			    *g->column == 'u' ? "[no user stack]" : "[no kernel stack]");
	for (i = s ? view_first_frame(f->view, s) : 0; s && i < s->nr; i++) {
		size_t n = view_frames(f->view, s, i);
		size_t k;

		for (k = 0; k < n; k++)
			strings_add(lines, f->view->frame[k].text.p);
	}
	buf_free(&line);
}

static uint64_t total_of(struct report *r)
{
	uint64_t total = 0;
	size_t i;

	for (i = 0; i < r->table->nr_rows; i++)
		total += report_weight(r, &r->table->rows[i]);
	return total;
}

static void print_stacks(struct report *r, struct out *o)
{
	struct frames_of *f = zalloc(sizeof(*f));
	uint64_t total = total_of(r);
	size_t i;

	out_table_begin(o, "stacks");
	o->grid->table[o->grid->nr_tables - 1].stacks = true;
	for (i = 0; i < r->table->nr_rows; i++)
		report_print_row(r, o, &r->table->rows[i], total);
	out_table_end(o);
	f->view = r->view;
	f->stacks = r->table->stacks;
	o->grid->frames = add_frames;
	o->grid->arg = f;
}

static void print_merged(struct report *r, struct out *o)
{
	const struct report_kind *kind = r->kind;
	struct table *from = r->table;
	struct columns *before = zalloc(sizeof(*before));
	struct table merged;

	save(before, r->view);
	drop_stacks(r->view);
	model_init_table(&merged, r->view->types, r->view->nr_columns, r->view->mode);
	merge_rows(from, &merged);
	if (kind && kind->release)
		kind->release(r);
	r->table = &merged;
	report_resolve(r);
	report_print_table(r, o);
	r->table = from;
	restore(before, r->view);
	model_free_table(&merged);
	free(before);
}

static const struct column leaf_column = {
	.name = (char *)"function",
	.type = KOBS_TYPE_TEXT,
};

/* The function that a row's stacks end in: the kernel's, or else the user's. */
static uint64_t leaf_of(struct report *r, const uint64_t *keys, struct pool *texts)
{
	const struct view *v = r->view;
	const struct stack *leaf = NULL;
	struct buf name = {};
	uint64_t text;
	size_t c;

	for (c = 0; c < v->nr_columns; c++) {
		const struct stack *s = map_get(&r->table->stacks, keys[c]);

		if (s && s->nr && (!leaf || (leaf->pid && !s->pid)))
			leaf = s;
	}
	if (leaf) {
		view_print_frame(r->view, leaf, view_first_frame(r->view, leaf), &name);
		view_strip(name.p);
	} else {
		buf_puts(&name, "[no stack]");
	}
	text = (uint64_t)(uintptr_t)pool_intern(texts, name.p);
	buf_free(&name);
	return text;
}

static void add_leafs(struct report *r, struct table *to)
{
	const struct table *from = r->table;
	uint64_t key[VIEW_COLUMNS];
	size_t i;

	to->has_hist = from->has_hist;
	to->stacks = from->stacks;
	for (i = 0; i < from->nr_rows; i++) {
		const struct row *row = &from->rows[i];
		const uint64_t *old = from->keys + row->key;

		key[0] = leaf_of(r, old, &to->texts);
		memcpy(key + 1, old, from->nr_keys * sizeof(*key));
		table_add(to, table_row(to, key), row, table_figures(from, row));
	}
}

/* Where stacks are all that rows have, they are by the function that these end in. */
static void print_by_leaf(struct report *r, struct out *o)
{
	const struct report_kind *kind = r->kind;
	uint32_t types[VIEW_COLUMNS] = { KOBS_TYPE_TEXT };
	struct columns *before = zalloc(sizeof(*before));
	struct table *from = r->table;
	struct view *v = r->view;
	struct table leafs;
	size_t c;

	save(before, v);
	memcpy(types + 1, v->types, v->nr_columns * sizeof(*types));
	model_init_table(&leafs, types, v->nr_columns + 1, v->mode);
	add_leafs(r, &leafs);
	for (c = v->nr_columns++; c--;)
		move_column(v, c + 1, c);
	v->columns[0] = &leaf_column;
	v->types[0] = KOBS_TYPE_TEXT;
	if (kind && kind->release)
		kind->release(r);
	r->table = &leafs;
	report_resolve(r);
	print_stacks(r, o);
	print_merged(r, o);
	r->table = from;
	restore(before, v);
	/* They are the other table's. */
	memset(&leafs.stacks, 0, sizeof(leafs.stacks));
	model_free_table(&leafs);
	free(before);
}

/** grid_rows_print() - The rows, and their stacks if there are some, of a resolved report. */
void grid_rows_print(struct report *r, struct out *o)
{
	const struct view *v = r->view;
	size_t stacks = 0;
	size_t c;

	for (c = 0; c < v->nr_columns; c++)
		stacks += type_is_stack(v->types[c]);
	if (stacks && stacks == v->nr_columns && stacks < VIEW_COLUMNS) {
		print_by_leaf(r, o);
	} else if (stacks) {
		print_stacks(r, o);
		print_merged(r, o);
	} else {
		report_print_table(r, o);
	}
}

/** grid_account() - What became of the hits, and how long the session has run. */
void grid_account(struct report *r, struct grid *g)
{
	struct out o = { .grid = g };

	g->duration = r->session->duration;
	g->accounting = true;
	report_balance(r, &o);
	g->accounting = false;
}
