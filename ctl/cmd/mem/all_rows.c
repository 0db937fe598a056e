// SPDX-License-Identifier: GPL-2.0
/* Rows of all kinds of memory, from the judged rows of each. */

#include <stdlib.h>
#include <string.h>

#include "cmd/mem/all.h"
#include "cmd/slab/judge.h"
#include "lib/buf.h"
#include "lib/map.h"

/** all_row_add() - Return: a row to be filled. */
struct all_row *all_row_add(struct all_report *a, size_t kind)
{
	struct all_row *row;

	a->rows = grow(a->rows, &a->cap, a->n + 1, sizeof(*a->rows));
	row = &a->rows[a->n++];
	memset(row, 0, sizeof(*row));
	row->kind = kind;
	return row;
}

static void add_cell(struct all_cell *cell, struct view *v, const uint64_t *keys,
		     const char *column)
{
	size_t c = view_column(v, column);
	struct buf text = {};

	if (c >= v->nr_columns || view_absent(v, c, keys[c]))
		return;
	view_print_cell(v, c, keys, &text);
	cell->text = text.p ? text.p : copy_string("");
	cell->number = v->types[c] == KOBS_TYPE_NUMBER;
	cell->value = keys[c];
}

static void add_frames(struct all_row *row, struct report *r, uint64_t id)
{
	const struct stack *s = map_get(&r->table->stacks, id);
	struct view *v = r->view;
	size_t i;

	for (i = s ? view_first_frame(v, s) : 0; s && i < s->nr; i++) {
		size_t n = view_frames(v, s, i);
		size_t k;

		for (k = 0; k < n; k++)
			strings_add(&row->frames, v->frame[k].text.p);
	}
}

static void add_numbers(struct all_row *row, struct report *r, const struct judged *j)
{
	size_t k;

	row->verdict = j->verdict;
	row->live = j->row.count;
	row->live_bytes = j->live_bytes;
	row->allocated = leaks_figure(r, &j->row, "allocated");
	row->allocated_bytes = leaks_figure(r, &j->row, "allocated_bytes");
	row->freed = leaks_figure(r, &j->row, "freed");
	row->missed = j->missed;
	row->failed = j->failed;
	row->oldest = j->row.count ? j->row.max : 0;
	row->rate = j->rate;
	for (k = 0; k < VERDICT_PARTS; k++) {
		row->kept[k] = j->evidence.kept[k];
		row->live_after[k] = j->evidence.live[k + 1];
	}
	row->confidence = j->evidence.confidence;
	row->reclaimable = j->evidence.reclaimable;
}

static void add_row(struct all_report *a, size_t kind, struct report *r, const struct judged *j)
{
	const uint64_t *keys = r->table->keys + j->row.key;
	const char *group = mem_kinds[kind].group;
	size_t stack = view_column(r->view, "kstack");
	struct all_row *row = all_row_add(a, kind);
	struct all_cell cell = {};
	size_t i;

	for (i = 0; i < a->columns.n && i < ALL_CELLS; i++)
		add_cell(&row->cells[i], r->view, keys, a->columns.v[i]);
	if (group) {
		add_cell(&cell, r->view, keys, group);
		row->group = cell.text;
	}
	if (stack < r->view->nr_columns)
		add_frames(row, r, keys[stack]);
	add_numbers(row, r, j);
}

/** all_rows_read() - Add what a session has. @r: its report, judged and with names */
void all_rows_read(struct all_report *a, size_t kind, struct report *r)
{
	size_t order = view_column(r->view, "order");
	const struct leaks *l = r->judged;
	struct all_kind *k = &a->kinds[kind];
	size_t i;

	k->session = r->session;
	k->view = r->view;
	k->unknown_frees = l->unknown_frees;
	k->idle = l->idle;
	k->objects = l->objects;
	k->bytes = l->bytes;
	k->elsewhere = model_note_number(r->session, "owner_pages");
	for (i = 0; i < r->table->nr_rows; i++) {
		const struct row *row = &l->v[i].row;

		if (order < r->view->nr_columns && row->count)
			k->orders |= 1ull << (r->table->keys[row->key + order] & 63);
		/* Others have no names. */
		if (i < r->rows_shown)
			add_row(a, kind, r, &l->v[i]);
		else if (row->count)
			a->left_out++;
	}
}

static int compare(const void *x, const void *y)
{
	const struct all_row *a = x;
	const struct all_row *b = y;
	int leaks = (b->verdict == VERDICT_LEAK) - (a->verdict == VERDICT_LEAK);

	if (leaks)
		return leaks;
	if (a->live_bytes != b->live_bytes)
		return a->live_bytes < b->live_bytes ? 1 : -1;
	if (a->allocated_bytes != b->allocated_bytes)
		return a->allocated_bytes < b->allocated_bytes ? 1 : -1;
	return (a->kind > b->kind) - (a->kind < b->kind);
}

/** all_rows_sort() - The worst first, of whatever kind. */
void all_rows_sort(struct all_report *a)
{
	if (a->n)
		qsort(a->rows, a->n, sizeof(*a->rows), compare);
}

/** all_report_free() - Free the rows, and what is said of kinds. */
void all_report_free(struct all_report *a)
{
	size_t i, c;

	for (i = 0; i < a->n; i++) {
		for (c = 0; c < ALL_CELLS; c++)
			free(a->rows[i].cells[c].text);
		strings_free(&a->rows[i].frames);
		free(a->rows[i].group);
	}
	free(a->rows);
	strings_free(&a->columns);
	memset(a, 0, sizeof(*a));
}
