// SPDX-License-Identifier: GPL-2.0
/*
 * What gave references back, beside the rows of 'mem refs' that hold some: by stack, on
 * the objects on which they are held, and on objects that have none left. A stack that
 * is there on the latter only is the put that a leak lacks.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/mem/refs.h"
#include "cmd/slab/judge.h"
#include "cmd/slab/leaks.h"
#include "export/json_file.h"
#include "lib/buf.h"
#include "lib/format.h"

/* In text: rows, puts of each, frames of these. */
#define TEXT_ROWS	5
#define TEXT_PUTS	8
#define TEXT_FRAMES	4

/* Stacks of a saved report have these identifiers, and less. */
#define LAST_STACK	(UINT32_MAX - 1)

/* A stack that gave references back, of the objects of a row. */
struct ref_put {
	size_t		key;		/* index into table.keys: that of the row */
	uint64_t	stack;
	uint64_t	here;
	uint64_t	ended;		/* objects that have none left, and had both */
	uint64_t	forgot;		/* objects of the row of which some puts are not known */
};

struct ref_puts {
	struct ref_put	*v;
	size_t		n;
};

static int compare_rows(const struct report *r, size_t a, size_t b)
{
	const uint64_t *keys = r->table->keys;

	return memcmp(keys + a, keys + b, r->table->nr_keys * sizeof(*keys));
}

static int compare_stacks(const void *a, const void *b, void *arg)
{
	const struct ref_put *x = a;
	const struct ref_put *y = b;
	int row = compare_rows(arg, x->key, y->key);

	return row ? row : (x->stack > y->stack) - (x->stack < y->stack);
}

/* Of a row, what is only elsewhere comes first, then what gave most back. */
static int compare(const void *a, const void *b, void *arg)
{
	const struct ref_put *x = a;
	const struct ref_put *y = b;
	int row = compare_rows(arg, x->key, y->key);

	if (row)
		return row;
	if (!x->here != !y->here)
		return x->here ? 1 : -1;
	if (x->here != y->here)
		return x->here < y->here ? 1 : -1;
	if (x->ended != y->ended)
		return x->ended < y->ended ? 1 : -1;
	return (x->stack > y->stack) - (x->stack < y->stack);
}

/* Two identifiers can be of one stack. */
static void merge(struct report *r, struct ref_puts *p)
{
	size_t kept = 0;
	size_t i;

	for (i = 0; i < p->n; i++) {
		struct ref_put *last = kept ? &p->v[kept - 1] : NULL;

		if (!last || compare_stacks(last, &p->v[i], r)) {
			p->v[kept++] = p->v[i];
			continue;
		}
		last->here += p->v[i].here;
		last->ended += p->v[i].ended;
	}
	p->n = kept;
}

static void want(struct report *r, uint64_t id)
{
	const struct stack *s = map_get(&r->table->stacks, id);
	size_t i;

	for (i = 0; s && !r->view->saved && i < s->nr; i++)
		ksyms_want(&r->view->ksyms, s->addr[i]);
}

/** refs_puts_take() - Take what the table says of puts, and have it named. */
void refs_puts_take(struct report *r)
{
	size_t ended = slab_figure(r->view->mode, "allocated");
	size_t forgot = slab_figure(r->view->mode, "objects");
	const struct table *t = r->table;
	struct leaks *l = r->judged;
	struct ref_puts *p;
	size_t i;

	if (!t->nr_more || ended == SIZE_MAX || forgot == SIZE_MAX)
		return;
	p = zalloc(sizeof(*p));
	p->v = zalloc(t->nr_more * sizeof(*p->v));
	for (i = 0; i < t->nr_more; i++) {
		const struct row_more *m = &t->more[i];
		const uint64_t *figures = t->keys + m->key + t->nr_keys;

		p->v[p->n++] = (struct ref_put){
			.key = m->key, .stack = m->stack, .here = m->count,
			.ended = figures[ended], .forgot = figures[forgot],
		};
		want(r, m->stack);
	}
	qsort_r(p->v, p->n, sizeof(*p->v), compare_stacks, r);
	merge(r, p);
	qsort_r(p->v, p->n, sizeof(*p->v), compare, r);
	l->puts = p;
}

/** refs_puts_free() - Free what refs_puts_take() took; @p can be NULL. */
void refs_puts_free(struct ref_puts *p)
{
	if (p)
		free(p->v);
	free(p);
}

/* The puts of a row. */
static const struct ref_put *puts_of(const struct report *r, const struct row *row, size_t *n)
{
	const struct leaks *l = r->judged;
	size_t from = 0;
	size_t to = l->puts ? l->puts->n : 0;
	size_t end;

	*n = 0;
	while (from < to) {
		size_t half = (from + to) / 2;

		if (compare_rows(r, l->puts->v[half].key, row->key) < 0)
			from = half + 1;
		else
			to = half;
	}
	end = from;
	while (l->puts && end < l->puts->n && !compare_rows(r, l->puts->v[end].key, row->key))
		end++;
	*n = end - from;
	return *n ? &l->puts->v[from] : NULL;
}

static void print_frames(struct report *r, struct out *o, const struct stack *s)
{
	size_t i;

	out_open(o, "kstack", '[');
	for (i = s ? view_first_frame(r->view, s) : 0; s && i < s->nr; i++) {
		struct buf frame = {};

		view_print_frame(r->view, s, i, &frame);
		out_json_text(o, NULL, frame.p);
		buf_free(&frame);
	}
	out_close(o, ']');
}

/** refs_puts_json() - The puts of a row, for programs. */
void refs_puts_json(struct report *r, struct out *o, const struct row *row)
{
	const struct ref_put *p;
	size_t n = 0;
	size_t i;

	if (!o->json)
		return;
	p = puts_of(r, row, &n);
	if (!n)
		return;
	out_open(o, "puts", '[');
	for (i = 0; i < n; i++) {
		out_open(o, NULL, '{');
		out_json_number(o, "here", p[i].here);
		out_json_number(o, "ended", p[i].ended);
		print_frames(r, o, map_get(&r->table->stacks, p[i].stack));
		out_close(o, '}');
	}
	out_close(o, ']');
	if (p->forgot)
		out_json_number(o, "puts_forgotten", p->forgot);
}

static size_t shared_frames(const struct stack *a, const struct stack *b)
{
	size_t n = 0;

	while (n < a->nr && n < b->nr && a->addr[a->nr - 1 - n] == b->addr[b->nr - 1 - n])
		n++;
	return n;
}

/* Frames of a stack, from the leaf to where another one has the same. */
static void add_frames(struct report *r, const struct stack *s, const struct stack *other,
		       struct buf *out)
{
	size_t first = view_first_frame(r->view, s);
	size_t last = s->nr - (other ? shared_frames(s, other) : 0);
	size_t i;

	if (last <= first)
		last = first + 1;
	for (i = first; i < last && i < s->nr; i++) {
		if (i == first + TEXT_FRAMES) {
			buf_puts(out, " <- ...");
			break;
		}
		buf_puts(out, i > first ? " <- " : "");
		view_print_frame(r->view, s, i, out);
	}
}

static const struct stack *stack_of(const struct report *r, const struct row *row)
{
	size_t c = view_column(r->view, "kstack");

	return c >= r->view->nr_columns ? NULL :
	       map_get(&r->table->stacks, r->table->keys[row->key + c]);
}

static void print_row(struct report *r, struct out *o, const struct stack *get,
		      const struct ref_put *p, size_t n)
{
	struct buf line = {};
	char number[32];
	size_t i;

	add_frames(r, get, NULL, &line);
	out_line(o, "  %s", line.p);
	out_line(o, "    %10s %10s  BY", "HERE", "ELSEWHERE");
	for (i = 0; i < n && i < TEXT_PUTS; i++) {
		const struct stack *s = map_get(&r->table->stacks, p[i].stack);

		line.len = 0;
		buf_printf(&line, "    %10s", format_count(number, sizeof(number), p[i].here));
		buf_printf(&line, " %10s  ", format_count(number, sizeof(number), p[i].ended));
		if (s)
			add_frames(r, s, get, &line);
		else
			buf_puts(&line, "[the stack was lost]");
		out_line(o, "%s", line.p);
	}
	if (n > TEXT_PUTS)
		out_line(o, "    and %zu more stacks, which --json has", n - TEXT_PUTS);
	if (p->forgot)
		out_line(o, "    some puts of %s of these objects are not known any more: they had too many",
			 format_count(number, sizeof(number), p->forgot));
	buf_free(&line);
}

/** refs_puts_print() - The puts of rows that leak, for people. */
void refs_puts_print(struct report *r, struct out *o)
{
	const struct leaks *l = r->judged;
	size_t shown = 0;
	size_t i;

	for (i = 0; !o->json && i < r->table->nr_rows && shown < TEXT_ROWS; i++) {
		const struct row *row = &r->table->rows[i];
		const struct stack *get = stack_of(r, row);
		const struct ref_put *p;
		size_t n = 0;

		if (l->v[i].verdict != VERDICT_LEAK || !get)
			continue;
		p = puts_of(r, row, &n);
		if (!n)
			continue;
		if (!shown++)
			out_line(o, "\nWhat gave references back of the objects that a leaking row holds (HERE), and on how many objects without references it went along with such a get (ELSEWHERE):");
		print_row(r, o, get, p, n);
	}
}

/* A stack of a file, whose frames are texts. */
static uint64_t restore_stack_of(struct report *r, const json_t *frames, uint32_t *id)
{
	size_t n = json_array_size(frames);
	struct table *t = r->table;
	struct stack *s;
	size_t i;

	while (map_get(&t->stacks, *id))
		--*id;
	s = zalloc(sizeof(*s) + (n + 1) * sizeof(*s->addr));
	s->id = *id;
	s->nr = (uint32_t)n;
	for (i = 0; i < n; i++) {
		const char *frame = json_text(json_array_get(frames, i));

		s->addr[i] = (uint64_t)(uintptr_t)pool_intern(&t->texts, frame ? frame : "");
	}
	map_set(&t->stacks, s->id, s);
	return s->id;
}

static void restore_put(struct report *r, const uint64_t *key, const json_t *put,
			uint64_t forgot, uint32_t *id)
{
	const struct mode *m = r->view->mode;
	uint64_t *figures = zalloc((m->nr_figures + 1) * sizeof(*figures));
	struct row_more more = {
		.stack = restore_stack_of(r, json_object_get(put, "kstack"), id),
		.count = json_unsigned(json_object_get(put, "here")),
	};

	if (slab_figure(m, "allocated") != SIZE_MAX)
		figures[slab_figure(m, "allocated")] =
			json_unsigned(json_object_get(put, "ended"));
	if (slab_figure(m, "objects") != SIZE_MAX)
		figures[slab_figure(m, "objects")] = forgot;
	table_add_more(r->table, key, &more, figures);
	free(figures);
}

/** refs_puts_restore() - Take the puts of the rows from the file. */
void refs_puts_restore(struct report *r)
{
	const json_t *rows = json_object_get(r->saved->root, "rows");
	struct table *t = r->table;
	uint32_t id = LAST_STACK;
	uint64_t key[VIEW_COLUMNS];
	json_t *put;
	size_t i, k;

	for (i = 0; !t->nr_more && i < t->nr_rows; i++) {
		const json_t *row = json_array_get(rows, i);
		uint64_t forgot = json_unsigned(json_object_get(row, "puts_forgotten"));

		/* Keys move as more are added. */
		memcpy(key, t->keys + t->rows[i].key, t->nr_keys * sizeof(*key));
		json_array_foreach(json_object_get(row, "puts"), k, put)
			restore_put(r, key, put, forgot, &id);
	}
	refs_puts_take(r);
}
