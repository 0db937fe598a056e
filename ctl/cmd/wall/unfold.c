// SPDX-License-Identifier: GPL-2.0
/*
 * A saved report of threads, whose stacks are in its details, as rows of stacks: what the verb
 * draws and folds when it is asked to. The file has the names of frames, without those of the
 * scheduler, and of time on a CPU no place.
 */

#include <string.h>

#include "cmd/wall/details.h"
#include "cmd/wall/reason.h"
#include "cmd/wall/table.h"
#include "lib/buf.h"
#include "lib/macros.h"
#include "lib/map.h"

static const char *const on_cpu[ON_CLASSES] = {
	[ON_RUN] = "run", [ON_SYSTEM] = "system", [ON_IRQ] = "irq",
};

static const struct column columns[] = {
	{ .name = (char *)"class", .type = KOBS_TYPE_TEXT },
	{ .name = (char *)"instead", .type = KOBS_TYPE_TEXT },
	{ .name = (char *)"kstack", .type = KOBS_TYPE_KSTACK },
};

struct unfold {
	struct report	*r;
	struct table	to;
	struct map	ids;		/* a stack as a text, to its number */
	uint32_t	next;
	struct numbers	frames;		/* of the stack that is made, the leaf first */
	size_t		kept[VIEW_COLUMNS];	/* columns of the threads */
	size_t		nr_kept;
};

static uint64_t intern(struct unfold *u, const char *text)
{
	return (uintptr_t)pool_intern(&u->to.texts, text);
}

static void add_frames(struct unfold *u, const char *const *frames, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		numbers_add(&u->frames, intern(u, frames[i]));
}

/* Where the thread was blocked, and on it who woke it up, as chains_fold() has it. */
static void add_chain(struct unfold *u, const struct wall_detail *d)
{
	struct buf name = {};
	size_t i;

	for (i = d->chain.n; i--;) {
		const struct wall_link *l = &d->chain.links[i];

		add_frames(u, (const char *const *)l->frames, l->n);
		name.len = 0;
		buf_printf(&name, "woken by %s", l->name);
		numbers_add(&u->frames, intern(u, name.p));
	}
	buf_free(&name);
	add_frames(u, (const char *const *)d->frames, d->n);
}

/* Return: the number of a stack of the table; 0 for none. */
static uint64_t stack_of(struct unfold *u, const struct wall_detail *d)
{
	struct buf all = {};
	struct stack *s;
	uint64_t key;
	size_t i;

	u->frames.n = 0;
	add_chain(u, d);
	if (!u->frames.n)
		return 0;
	/* The same text has one address. */
	for (i = 0; i < u->frames.n; i++)
		buf_printf(&all, "%llx ", (unsigned long long)u->frames.v[i]);
	key = intern(u, all.p);
	buf_free(&all);
	s = map_get(&u->ids, key);
	if (s)
		return s->id;
	s = zalloc(sizeof(*s) + u->frames.n * sizeof(*s->addr));
	s->id = ++u->next;
	s->nr = (uint32_t)u->frames.n;
	memcpy(s->addr, u->frames.v, u->frames.n * sizeof(*s->addr));
	map_set(&u->to.stacks, s->id, s);
	map_set(&u->ids, key, s);
	return s->id;
}

static size_t figure(const struct unfold *u, const char *name)
{
	const struct mode *m = u->r->view->mode;
	size_t i;

	for (i = 0; i < m->nr_figures && strcmp(m->figures[i].name, name); i++)
		;
	return i;
}

/* A row of some of the time of a thread. */
static void put(struct unfold *u, const struct row *from, const char *class, const char *instead,
		uint64_t stack, const struct row *part)
{
	const uint64_t *old = u->r->table->keys + from->key;
	uint64_t figures[64] = {};
	uint64_t key[VIEW_COLUMNS] = {};
	size_t at = figure(u, class);
	size_t i;

	for (i = 0; i < u->nr_kept; i++)
		key[i] = old[u->kept[i]];
	key[i++] = intern(u, class);
	key[i++] = intern(u, instead);
	key[i] = stack;
	if (at < ARRAY_SIZE(figures))
		figures[at] = part->sum;
	table_add(&u->to, table_row(&u->to, key), part, figures);
}

/* The file has how often a thread was on a CPU in all: the first class of it has that. */
static void put_on_cpu(struct unfold *u, const struct row *from, uint64_t count)
{
	size_t c;

	for (c = 0; c < ON_CLASSES; c++) {
		size_t at = figure(u, on_cpu[c]);
		struct row part = { .count = count };

		if (at < u->r->table->nr_figures)
			part.sum = table_figures(u->r->table, from)[at];
		if (!part.sum)
			continue;
		put(u, from, on_cpu[c], "", 0, &part);
		count = 0;
	}
}

/* Return: the details behind those of the thread. */
static const struct wall_detail *put_thread(struct unfold *u, const struct row *from,
					    const struct wall_detail *d,
					    const struct wall_detail *end)
{
	uint64_t count = from->count;

	for (; d < end && d->row == from->key; d++) {
		const struct row part = { .count = d->count, .sum = d->sum, .max = d->max };

		put(u, from, d->class, d->instead, stack_of(u, d), &part);
		count -= d->count < count ? d->count : count;
	}
	put_on_cpu(u, from, count);
	return d;
}

/* Without --by the verb tells stacks apart by the names of threads. */
static void keep_columns(struct unfold *u)
{
	const struct view *v = u->r->view;
	size_t comm = view_column(v, "comm");
	bool usual = v->nr_columns == WALL_USUAL;
	size_t i;

	for (i = 0; i < WALL_USUAL; i++)
		usual &= view_column(v, wall_usual[i]) != SIZE_MAX;
	if (usual) {
		u->kept[u->nr_kept++] = comm;
		return;
	}
	for (i = 0; i < v->nr_columns; i++)
		if (!view_is_hidden(v, i))
			u->kept[u->nr_kept++] = i;
}

static void change_columns(struct unfold *u)
{
	struct view *v = u->r->view;
	size_t i;

	/* What tells threads apart can always be read. */
	v->faults = 0;
	for (i = 0; i < u->nr_kept; i++) {
		v->columns[i] = v->columns[u->kept[i]];
		v->types[i] = v->types[u->kept[i]];
		v->shown[i] = v->shown[u->kept[i]];
	}
	for (i = 0; i < ARRAY_SIZE(columns); i++) {
		v->columns[u->nr_kept + i] = &columns[i];
		v->types[u->nr_kept + i] = columns[i].type;
		v->shown[u->nr_kept + i] = SHOWN_COUNT;
	}
	v->nr_columns = u->nr_kept + ARRAY_SIZE(columns);
	memset(v->fault, 0, sizeof(v->fault));
}

/** wall_unfold() - Make rows of stacks of a file that has them in its details. */
void wall_unfold(struct report *r)
{
	struct unfold u = { .r = r };
	struct table *from = r->table;
	const struct wall_detail *d;
	struct wall w = {};
	size_t i;

	keep_columns(&u);
	if (view_column(r->view, columns[0].name) != SIZE_MAX ||
	    u.nr_kept + ARRAY_SIZE(columns) > VIEW_COLUMNS)
		return;
	details_load(&w, r);
	change_columns(&u);
	model_init_table(&u.to, r->view->types, r->view->nr_columns, r->view->mode);
	/* Keys are texts of it. */
	u.to.texts = from->texts;
	memset(&from->texts, 0, sizeof(from->texts));
	/* Both are in the order of the file. */
	d = w.v;
	for (i = 0; i < from->nr_rows; i++)
		d = put_thread(&u, &from->rows[i], d, w.v + w.n);
	map_free(&u.ids, NULL);
	numbers_free(&u.frames);
	details_free(&w);
	model_free_table(from);
	*from = u.to;
	r->rates = NULL;
}
