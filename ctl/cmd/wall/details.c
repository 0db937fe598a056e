// SPDX-License-Identifier: GPL-2.0
/*
 * What the time of a row went to, below its numbers: text has the most of it, and -v and JSON
 * all, with stacks.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/wall/details.h"
#include "cmd/wall/reason.h"
#include "export/json_file.h"
#include "lib/buf.h"
#include "lib/format.h"
#include "lib/map.h"

/* Lines below a row as text, and functions in one. */
#define LINES		5
#define FUNCTIONS	3

/** details_add() - Return: a new detail, all zero. */
struct wall_detail *details_add(struct wall *w)
{
	w->v = grow(w->v, &w->cap, w->n + 1, sizeof(*w->v));
	memset(&w->v[w->n], 0, sizeof(*w->v));
	return &w->v[w->n++];
}

/* Texts are those of a pool: the same text has one address. */
static int compare_texts(const char *a, const char *b)
{
	return a == b ? 0 : strcmp(a, b);
}

/* Details of the same row, thread by thread and stack by stack. */
static int compare_kinds(const void *a, const void *b)
{
	const struct wall_detail *x = a;
	const struct wall_detail *y = b;
	size_t i;
	int c;

	if (x->row != y->row)
		return x->row < y->row ? -1 : 1;
	c = compare_texts(x->class, y->class);
	if (!c)
		c = compare_texts(x->instead, y->instead);
	if (!c)
		c = compare_texts(x->chain.text, y->chain.text);
	if (!c)
		c = compare_texts(x->lock, y->lock);
	if (!c)
		c = compare_texts(x->owner, y->owner);
	if (!c)
		c = (x->owner_pid > y->owner_pid) - (x->owner_pid < y->owner_pid);
	for (i = 0; !c && i < x->n && i < y->n; i++)
		c = compare_texts(x->frames[i], y->frames[i]);
	return c ? c : (x->n > y->n) - (x->n < y->n);
}

static int compare(const void *a, const void *b)
{
	const struct wall_detail *x = a;
	const struct wall_detail *y = b;

	if (x->row != y->row)
		return x->row < y->row ? -1 : 1;
	if (x->sum != y->sum)
		return x->sum > y->sum ? -1 : 1;
	return compare_kinds(a, b);
}

static void free_detail(struct wall_detail *d)
{
	free(d->frames);
	chain_free(&d->chain);
}

/* Stacks that only differ in the scheduler's frames, which are cut off, are one. */
static void merge(struct wall *w)
{
	size_t n = 0;
	size_t i;

	for (i = 0; i < w->n; i++) {
		struct wall_detail *from = &w->v[i];
		struct wall_detail *to = &w->v[n ? n - 1 : 0];

		if (!n || compare_kinds(to, from)) {
			w->v[n++] = *from;
			continue;
		}
		to->count += from->count;
		to->sum += from->sum;
		to->max = to->max > from->max ? to->max : from->max;
		free_detail(from);
	}
	w->n = n;
}

/** details_sort() - Put those of a row together, the longest first; the same become one. */
void details_sort(struct wall *w)
{
	if (!w->n)
		return;
	qsort(w->v, w->n, sizeof(*w->v), compare_kinds);
	merge(w);
	qsort(w->v, w->n, sizeof(*w->v), compare);
}

void details_free(struct wall *w)
{
	size_t i;

	for (i = 0; i < w->n; i++)
		free_detail(&w->v[i]);
	free(w->v);
	memset(w, 0, sizeof(*w));
}

/* The first detail of a row, or where it would be. */
static size_t first_of(const struct wall *w, size_t row)
{
	size_t from = 0;
	size_t to = w->n;

	while (from < to) {
		size_t i = from + (to - from) / 2;

		if (w->v[i].row < row)
			from = i + 1;
		else
			to = i;
	}
	return from;
}

static void print_json(const struct wall_detail *d, struct out *o)
{
	size_t i;

	out_open(o, NULL, '{');
	out_json_text(o, "class", d->class);
	if (*d->reason)
		out_json_text(o, "reason", d->reason);
	if (*d->instead)
		out_json_text(o, "instead", d->instead);
	chain_json(&d->chain, o);
	if (*d->lock)
		out_json_text(o, "lock", d->lock);
	if (*d->owner)
		out_json_text(o, "owner", d->owner);
	if (d->owner_pid)
		out_json_number(o, "owner_pid", d->owner_pid);
	out_json_number(o, "count", d->count);
	out_json_number(o, "sum", d->sum);
	out_json_number(o, "max", d->max);
	if (*d->reason) {
		out_open(o, "stack", '[');
		for (i = 0; i < d->n; i++)
			out_json_text(o, NULL, d->frames[i]);
		out_close(o, ']');
	}
	out_close(o, '}');
}

/* An idle CPU runs a thread of its own. */
static bool is_idle(const char *comm)
{
	return !strncmp(comm, "swapper/", 8);
}

static void describe_wait(const struct wall_detail *d, struct buf *line)
{
	bool woken = !strcmp(d->class, "woken");

	buf_puts(line, woken ? "woken up" : "preempted");
	if (!*d->instead)
		return;
	if (is_idle(d->instead))
		buf_puts(line, woken ? ", on an idle CPU" : ", and its CPU idle");
	else
		buf_printf(line, woken ? ", on a CPU that ran %s" : " by %s", d->instead);
}

static void describe_block(const struct wall_detail *d, struct buf *line)
{
	size_t i;

	buf_puts(line, d->class);
	if (strcmp(d->class, d->reason))
		buf_printf(line, ": %s", d->reason);
	if (*d->lock)
		buf_printf(line, " %s", d->lock);
	if (*d->owner)
		buf_printf(line, " held by %s", d->owner);
	if (d->owner_pid)
		buf_printf(line, " (%llu)", (unsigned long long)d->owner_pid);
	for (i = 0; i < d->n && i < FUNCTIONS; i++)
		buf_printf(line, "%s%.*s", i ? " < " : ", in ", (int)strcspn(d->frames[i], "+. "),
			   d->frames[i]);
	chain_line(&d->chain, line);
}

/* What a line has: details that read the same are one. */
struct line {
	struct buf	text;
	uint64_t	count;
	uint64_t	sum;
};

static int compare_lines(const void *a, const void *b)
{
	const struct line *x = a;
	const struct line *y = b;

	return strcmp(x->text.p, y->text.p);
}

static int compare_sums(const void *a, const void *b)
{
	const struct line *x = a;
	const struct line *y = b;

	if (x->sum != y->sum)
		return x->sum > y->sum ? -1 : 1;
	return compare_lines(a, b);
}

static void begin_line(struct line *l, const struct wall_detail *d)
{
	memset(l, 0, sizeof(*l));
	l->count = d->count;
	l->sum = d->sum;
	if (*d->reason)
		describe_block(d, &l->text);
	else
		describe_wait(d, &l->text);
}

static void print_line(const struct line *l, struct out *o, uint64_t lifetime)
{
	struct buf text = {};
	char time[32], count[32];

	buf_printf(&text, "      %5.1f %%  %9s  %6s time%s  %s",
		   lifetime ? (double)l->sum * 100 / (double)lifetime : 0,
		   format_ns(time, sizeof(time), (double)l->sum),
		   format_count(count, sizeof(count), l->count), l->count == 1 ? " " : "s",
		   l->text.p);
	out_below(o, text.p);
	buf_free(&text);
}

/* The longest of a row, without their stacks. */
static void print_lines(const struct wall_detail *d, size_t n, struct out *o, uint64_t lifetime)
{
	struct line *lines = zalloc((n + 1) * sizeof(*lines));
	struct line *last = NULL;
	size_t shown = 0;
	size_t i;

	for (i = 0; i < n; i++)
		begin_line(&lines[i], &d[i]);
	qsort(lines, n, sizeof(*lines), compare_lines);
	for (i = 0; i < n; i++) {
		if (!last || compare_lines(last, &lines[i])) {
			last = &lines[i];
			continue;
		}
		last->count += lines[i].count;
		last->sum += lines[i].sum;
		/* It is behind all that count. */
		lines[i].count = 0;
		lines[i].sum = 0;
	}
	for (i = 0; i < n; i++)
		shown += lines[i].count || lines[i].sum;
	qsort(lines, n, sizeof(*lines), compare_sums);
	for (i = 0; i < shown && i < LINES; i++)
		print_line(&lines[i], o, lifetime);
	for (i = 0; i < n; i++)
		buf_free(&lines[i].text);
	free(lines);
}

static void print_stack(const struct wall_detail *d, struct out *o)
{
	struct buf line = {};
	size_t i;

	for (i = 0; i < d->n; i++) {
		line.len = 0;
		buf_printf(&line, "            %s", d->frames[i]);
		out_below(o, line.p);
	}
	buf_free(&line);
}

/* All of a row, with their stacks. */
static void print_stacks(const struct wall_detail *d, size_t n, struct out *o, uint64_t lifetime)
{
	struct line line;
	size_t i;

	for (i = 0; i < n; i++) {
		begin_line(&line, &d[i]);
		print_line(&line, o, lifetime);
		buf_free(&line.text);
		print_stack(&d[i], o);
		chain_print(&d[i].chain, o);
	}
}

/** details_print() - The details of a row. */
void details_print(const struct wall *w, struct report *r, struct out *o, const struct row *row)
{
	const struct wall_detail *d = w->v + first_of(w, row->key);
	size_t n = 0;
	size_t i;

	while (d + n < w->v + w->n && d[n].row == row->key)
		n++;
	if (!o->json && !o->grid)
		(r->opts->verbose ? print_stacks : print_lines)(d, n, o, row->sum);
	if (!o->json)
		return;
	out_open(o, "details", '[');
	for (i = 0; i < n; i++)
		print_json(&d[i], o);
	out_close(o, ']');
}

static const char *text_of(struct report *r, const json_t *from, const char *key)
{
	const char *text = json_text(json_object_get(from, key));

	return pool_intern(&r->table->texts, text ? text : "");
}

static void load(struct wall *w, struct report *r, size_t row, const json_t *from)
{
	struct wall_detail *d = details_add(w);
	const json_t *stack = json_object_get(from, "stack");
	json_t *frame;
	size_t i;

	d->row = row;
	d->class = text_of(r, from, "class");
	d->reason = text_of(r, from, "reason");
	d->instead = text_of(r, from, "instead");
	chain_load(r, from, &d->chain);
	d->lock = text_of(r, from, "lock");
	d->owner = text_of(r, from, "owner");
	d->owner_pid = json_unsigned(json_object_get(from, "owner_pid"));
	d->count = json_unsigned(json_object_get(from, "count"));
	d->sum = json_unsigned(json_object_get(from, "sum"));
	d->max = json_unsigned(json_object_get(from, "max"));
	d->frames = zalloc((json_array_size(stack) + 1) * sizeof(*d->frames));
	json_array_foreach(stack, i, frame) {
		const char *text = json_text(frame);

		d->frames[d->n++] = pool_intern(&r->table->texts, text ? text : "");
	}
}

/** details_load() - Take those of a report that was saved, whose rows are as in the file. */
void details_load(struct wall *w, struct report *r)
{
	const json_t *rows = json_object_get(r->saved->root, "rows");
	json_t *item;
	size_t i;
	size_t k;

	for (i = 0; i < r->table->nr_rows; i++) {
		const json_t *list = json_object_get(json_array_get(rows, i), "details");

		json_array_foreach(list, k, item)
			load(w, r, r->table->rows[i].key, item);
	}
	details_sort(w);
}
