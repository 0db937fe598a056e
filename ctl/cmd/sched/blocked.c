// SPDX-License-Identifier: GPL-2.0
/*
 * What sched offcpu shows by default: the kernel's rows have a stack, and these
 * have the function that is blocked, which is the first one that is not the
 * scheduler's. Kernel threads that wait for work are left out of text.
 */

#include <stdlib.h>
#include <string.h>

#include "cmd/sched/blocked.h"
#include "lib/map.h"
#include "symbols/code_ranges.h"

/*
 * Places of the kernel's columns, and of one more behind them: JSON tells idle threads, a
 * screen has the stack as well.
 */
enum { COMM, STATE, STACK, MORE };

const char *const blocked_columns[BLOCKED_COLUMNS] = { "comm", "state", "kstack" };

static const struct column blocked_column = {
	.name = (char *)"blocked_in",
	.type = KOBS_TYPE_TEXT,
};

/* Text hides rows of idle kernel threads, which must be told apart in a file. */
static const struct column idle_column = {
	.name = (char *)"idle",
	.type = KOBS_TYPE_NUMBER,
};

static bool in_scheduler(const struct blocked *b, uint64_t address)
{
	size_t i;

	for (i = 0; i + 1 < b->sched.n; i += 2)
		if (address >= b->sched.v[i] && address < b->sched.v[i + 1])
			return true;
	return false;
}

static const char *frame_name(struct report *r, const struct stack *s, size_t i)
{
	struct buf name = {};
	const char *text;

	/* Without its line, which --lines puts behind frames: rows are of functions. */
	ksyms_print_address(&r->view->ksyms, s->addr[i], &name);
	view_strip(name.p);
	text = pool_intern(&r->table->texts, name.p);
	buf_free(&name);
	return text;
}

/*
 * The function that a task is blocked in; "" without a stack. A kernel thread is
 * idle in its main function, or where it says so by its state.
 */
static const char *find_function(const struct blocked *b, struct report *r, const uint64_t *key,
				 bool *idle)
{
	const struct stack *s = map_get(&r->table->stacks, key[STACK]);
	const char *state = (const char *)(uintptr_t)key[STATE];
	const char *next = "";
	const char *name;
	size_t i;

	*idle = !strcmp(state, "idle");
	for (i = 0; s && i < s->nr && in_scheduler(b, s->addr[i]); i++)
		;
	if (!s || i == s->nr)
		return "";
	name = frame_name(r, s, i);
	if (i + 1 < s->nr)
		next = frame_name(r, s, i + 1);
	*idle |= !strcmp(next, "kthread");
	return name;
}

static void want_frames(struct report *r)
{
	const struct table *t = r->table;
	size_t i;
	size_t k;

	for (i = 0; i < t->nr_rows; i++) {
		const struct stack *s = map_get(&t->stacks, t->keys[t->rows[i].key + STACK]);

		for (k = 0; s && k < s->nr; k++)
			ksyms_want(&r->view->ksyms, s->addr[k]);
	}
	ksyms_resolve(&r->view->ksyms);
}

static void merge_rows(const struct blocked *b, struct report *r, struct table *shown,
		       struct table *hidden)
{
	struct table *from = r->table;
	bool all = r->opts->json || r->opts->verbose;
	uint64_t key[BLOCKED_COLUMNS + 1];
	size_t i;

	want_frames(r);
	for (i = 0; i < from->nr_rows; i++) {
		const struct row *row = &from->rows[i];
		struct table *to;
		bool idle;

		memcpy(key, from->keys + row->key, BLOCKED_COLUMNS * sizeof(*key));
		key[MORE] = key[STACK];
		key[STACK] = (uint64_t)(uintptr_t)find_function(b, r, key, &idle);
		if (r->opts->json)
			key[MORE] = idle;
		to = idle && !all ? hidden : shown;
		table_add(to, table_row(to, key), row, table_figures(from, row));
	}
}

static void find_scheduler(struct blocked *b)
{
	if (!b->found)
		lock_text_find(&b->sched);
	b->found = true;
}

static void add_column(struct view *v, const struct column *column)
{
	v->columns[MORE] = column;
	v->types[MORE] = column->type;
	v->shown[MORE] = SHOWN_COUNT;
	v->nr_columns = MORE + 1;
}

static int print_table(struct blocked *b, struct report *r, const struct output *to)
{
	const struct column *column = r->view->columns[STACK];
	struct table *from = r->table;
	struct table hidden;
	struct table shown;
	int err;

	find_scheduler(b);
	r->view->columns[STACK] = &blocked_column;
	r->view->types[STACK] = KOBS_TYPE_TEXT;
	if (r->opts->json)
		add_column(r->view, &idle_column);
	else if (to->grid)
		add_column(r->view, column);
	model_init_table(&shown, r->view->types, r->view->nr_columns, r->view->mode);
	model_init_table(&hidden, r->view->types, r->view->nr_columns, r->view->mode);
	merge_rows(b, r, &shown, &hidden);
	shown.has_hist = from->has_hist;
	shown.stacks = from->stacks;
	r->table = &shown;
	r->rows_hidden = hidden.nr_rows;
	report_resolve(r);
	err = report_print(r, to);
	r->table = from;
	r->view->columns[STACK] = column;
	r->view->types[STACK] = column->type;
	r->view->nr_columns = BLOCKED_COLUMNS;
	/* They are the other table's. */
	memset(&shown.stacks, 0, sizeof(shown.stacks));
	model_free_table(&hidden);
	model_free_table(&shown);
	return err;
}

/** blocked_print() - The report. Return: 0 or an exit status. */
int blocked_print(struct run_spec *spec, struct report *r, const struct output *to)
{
	return print_table(spec->arg, r, to);
}

static bool has_columns(const struct view *v)
{
	size_t i;

	for (i = 0; i < BLOCKED_COLUMNS && i < v->nr_columns; i++)
		if (strcmp(v->columns[i]->name, blocked_columns[i]))
			return false;
	return v->nr_columns == BLOCKED_COLUMNS;
}

/* A detached session is of this table if it has its columns. */
static int print_detached(struct report *r, const struct output *to)
{
	struct blocked b = {};
	int err;

	if (opts_wants_stacks(r->opts) || !has_columns(r->view)) {
		report_resolve(r);
		return report_print(r, to);
	}
	err = print_table(&b, r, to);
	numbers_free(&b.sched);
	return err;
}

/* Rates are by the numbers of rows, which become fewer. */
static void add_rate(double *rates, size_t to, size_t from, bool first)
{
	rates[to] = (first ? 0 : rates[to]) + rates[from];
}

/*
 * What a file has of this table: rows of idle threads are taken out, or become one with
 * others of the same function. Other tables of the mode have no such column.
 */
static void restore(struct report *r)
{
	struct table *t = r->table;
	struct table shown;
	double *rates = r->saved->rates;
	size_t hidden = 0;
	size_t i;

	if (view_column(r->view, idle_column.name) == MORE) {
		r->view->nr_columns = MORE;
		model_init_table(&shown, r->view->types, MORE, r->view->mode);
		for (i = 0; i < t->nr_rows; i++) {
			const uint64_t *key = t->keys + t->rows[i].key;
			struct row *to;

			if (key[MORE] && !r->opts->verbose) {
				hidden++;
				continue;
			}
			to = table_row(&shown, key);
			if (rates)
				add_rate(rates, (size_t)(to - shown.rows), i, !to->count);
			table_add(&shown, to, &t->rows[i], table_figures(t, &t->rows[i]));
		}
		table_swap_rows(t, &shown);
		model_free_table(&shown);
		r->rows_hidden = hidden;
	}
	report_sort(r);
}

const struct report_kind blocked_report = {
	.source = "sched",
	.mode = "offcpu",
	.palette = FLAME_WAITS,
	.print = print_detached,
	.restore = restore,
};
