// SPDX-License-Identifier: GPL-2.0
/*
 * The time that threads run, divided among samples of where they do. The time of a thread in
 * each class is divided among its samples there by their weight, so that all of them add up
 * to it; a thread without a sample keeps its time, which is said to be not sampled.
 */

#include <stdlib.h>
#include <string.h>

#include "cmd/wall/divide.h"
#include "cmd/wall/reason.h"
#include "lib/macros.h"
#include "lib/map.h"

/* In place of a stack. */
#define WITHOUT		"not sampled"

static const char *const classes[] = {
	[ON_RUN] = "run", [ON_SYSTEM] = "system", [ON_IRQ] = "irq",
};

static const struct column without_column = {
	.name = (char *)"oncpu",
	.type = KOBS_TYPE_TEXT,
};

/* Samples of a thread in a class, of one place. */
struct sample {
	uint64_t	weight;
	uint64_t	count;
	uint64_t	ustack;
	uint64_t	kstack;
	struct sample	*next;
};

struct thread {
	uint64_t	time[ON_CLASSES];
	uint64_t	weight[ON_CLASSES];
	struct sample	*samples[ON_CLASSES];
};

struct build {
	struct report	*r;
	struct table	*to;
	struct divided	*done;
	struct map	threads;	/* by tid */
	size_t		tid;		/* columns of wall's rows */
	size_t		shows;		/* columns of theirs that are shown */
	/* Columns of the new rows. */
	size_t		without;
	size_t		ustack;
	size_t		kstack;
	/* Further numbers of rows: of each class, and the lifetime. */
	size_t		class[ON_CLASSES];
	size_t		lifetime;
	size_t		samples;
	bool		counted;	/* what the row has once is in one of the new rows */
};

static size_t find_figure(const struct mode *m, const char *name)
{
	size_t i;

	for (i = 0; i < m->nr_figures && strcmp(m->figures[i].name, name); i++)
		;
	return i;
}

static uint64_t figure(const struct build *b, const struct row *row, size_t i)
{
	const struct table *t = b->r->table;

	return i < t->nr_figures ? table_figures(t, row)[i] : 0;
}

static struct thread *thread_of(struct build *b, uint64_t tid)
{
	struct thread *t = map_get(&b->threads, tid);

	if (!t) {
		t = zalloc(sizeof(*t));
		map_set(&b->threads, tid, t);
	}
	return t;
}

static void add_times(struct build *b)
{
	const struct table *from = b->r->table;
	size_t i;
	size_t c;

	for (i = 0; i < from->nr_rows; i++) {
		const struct row *row = &from->rows[i];
		struct thread *t = thread_of(b, from->keys[row->key + b->tid]);

		for (c = 0; c < ON_CLASSES; c++)
			t->time[c] += figure(b, row, b->class[c]);
	}
}

/* What a sample was taken in, by its kernel stack. */
static enum on_cpu class_of(struct view *v, const struct stack *s)
{
	struct strings frames = {};
	enum on_cpu class;
	size_t i;
	size_t k;

	for (i = 0; s && i < s->nr; i++) {
		size_t n = view_frames(v, s, i);

		for (k = 0; k < n; k++)
			strings_add(&frames, v->frame[k].text.p);
	}
	class = on_cpu_of((const char *const *)frames.v, frames.n);
	strings_free(&frames);
	return class;
}

/* Time that is told apart in another way than the samples is that of the first class it has. */
static enum on_cpu class_with_time(const struct thread *t, enum on_cpu class)
{
	size_t c;

	for (c = 0; !t->time[class] && c < ON_CLASSES; c++)
		if (t->time[c])
			return (enum on_cpu)c;
	return class;
}

static void add_sample(struct build *b, const struct table *samples, const struct row *row,
		       const struct map *known)
{
	const uint64_t *key = samples->keys + row->key;
	struct thread *t = map_get(&b->threads, key[SAMPLED_TID]);
	uintptr_t class = (uintptr_t)map_get(known, key[SAMPLED_KSTACK]);
	uint64_t weight = row->sum ? row->sum : row->count;
	struct sample *s;

	class = t ? class_with_time(t, class ? (enum on_cpu)(class - 1) : ON_RUN) : 0;
	if (!t || !t->time[class]) {
		b->done->others += row->count;
		return;
	}
	s = zalloc(sizeof(*s));
	*s = (struct sample){
		.weight = weight, .count = row->count, .ustack = key[SAMPLED_USTACK],
		.kstack = key[SAMPLED_KSTACK], .next = t->samples[class],
	};
	t->samples[class] = s;
	t->weight[class] += weight;
	b->done->samples += row->count;
}

static void want_names(struct view *v, const struct table *samples)
{
	size_t i;
	size_t k;

	for (i = 0; i < samples->nr_rows; i++) {
		const uint64_t *key = samples->keys + samples->rows[i].key;
		const struct stack *s = map_get(&samples->stacks, key[SAMPLED_KSTACK]);

		for (k = 0; s && k < s->nr; k++)
			ksyms_want(&v->ksyms, s->addr[k]);
	}
	ksyms_resolve(&v->ksyms);
}

static void add_samples(struct build *b, const struct table *samples)
{
	struct view *v = b->r->view;
	struct map known = {};		/* stacks to classes plus 1 */
	size_t i;

	want_names(v, samples);
	for (i = 0; i < samples->nr_rows; i++) {
		uint64_t id = samples->keys[samples->rows[i].key + SAMPLED_KSTACK];

		if (id && !map_get(&known, id))
			map_set(&known, id, (void *)(uintptr_t)
				(class_of(v, map_get(&samples->stacks, id)) + 1));
		add_sample(b, samples, &samples->rows[i], &known);
	}
	map_free(&known, NULL);
}

/*
 * A part of a row: @class is its class on the CPU, or ON_CLASSES. The first one, which is of
 * no sample, has the intervals, and the lifetime.
 */
static void put(struct build *b, const struct row *from, size_t class, uint64_t time,
		const struct sample *s)
{
	const uint64_t *old = b->r->table->keys + from->key;
	struct row part = { .sum = time };
	uint64_t figures[64] = {};
	uint64_t key[VIEW_COLUMNS] = {};
	size_t i;

	memcpy(key, old, b->shows * sizeof(*key));
	if (class < ON_CLASSES) {
		key[b->ustack] = s && s->ustack ? s->ustack | DIVIDED_STACK : 0;
		key[b->kstack] = s && s->kstack ? s->kstack | DIVIDED_STACK : 0;
	}
	key[b->without] = (uintptr_t)pool_intern(&b->r->table->texts,
						 class < ON_CLASSES && !s ? WITHOUT : "");
	for (i = 0; i < b->to->nr_figures && i < ARRAY_SIZE(figures); i++)
		figures[i] = class < ON_CLASSES ? 0 : figure(b, from, i);
	for (i = 0; i < ON_CLASSES; i++)
		figures[b->class[i]] = i == class ? time : 0;
	figures[b->lifetime] = b->counted ? 0 : figure(b, from, b->lifetime);
	figures[b->samples] = s ? s->count : 0;
	if (!b->counted) {
		part.count = from->count;
		/* The time of its intervals is in other parts. */
		part.min = class < ON_CLASSES ? 0 : from->min;
		part.max = from->max;
	}
	b->counted = true;
	table_add(b->to, table_row(b->to, key), &part, figures);
}

/* Time on the CPU, divided among samples by their weights: all of it, to the nanosecond. */
static void divide(struct build *b, const struct row *from, size_t class, uint64_t time)
{
	struct thread *t = thread_of(b, b->r->table->keys[from->key + b->tid]);
	const struct sample *s;
	uint64_t weight = 0;
	uint64_t done = 0;

	if (!t->samples[class])
		b->done->without += time;
	put(b, from, class, t->samples[class] ? 0 : time, NULL);
	for (s = t->samples[class]; s; s = s->next) {
		uint64_t end;

		weight += s->weight;
		end = (uint64_t)((__uint128_t)time * weight / t->weight[class]);
		put(b, from, class, end - done, s);
		done = end;
	}
}

static void divide_row(struct build *b, const struct row *row)
{
	uint64_t rest = row->sum;
	size_t c;

	b->counted = false;
	for (c = 0; c < ON_CLASSES; c++)
		rest -= figure(b, row, b->class[c]);
	/* What has no time on the CPU is as it was. */
	if (rest || !row->sum)
		put(b, row, ON_CLASSES, rest, NULL);
	for (c = 0; c < ON_CLASSES; c++)
		if (figure(b, row, b->class[c]))
			divide(b, row, c, figure(b, row, b->class[c]));
}

static void free_thread(void *thread)
{
	struct thread *t = thread;
	size_t c;

	for (c = 0; c < ON_CLASSES; c++)
		while (t->samples[c]) {
			struct sample *s = t->samples[c];

			t->samples[c] = s->next;
			free(s);
		}
	free(t);
}

static size_t add_column(struct view *v, const struct column *column)
{
	size_t c = v->nr_columns++;

	v->columns[c] = column;
	v->types[c] = column->type;
	v->shown[c] = SHOWN_COUNT;
	v->fault[c] = 0;
	return c;
}

/* A column of all sources, if it is not there. */
static size_t find_column(struct view *v, const char *name, uint32_t type)
{
	static struct column columns[2];
	size_t c = view_column(v, name);
	struct column *column = &columns[type == KOBS_TYPE_KSTACK];

	if (c != SIZE_MAX)
		return c;
	column->name = (char *)name;
	column->type = type;
	return add_column(v, column);
}

/* Rows have one number more. */
static const struct mode *add_samples_figure(const struct mode *from)
{
	struct mode *m = zalloc(sizeof(*m));

	*m = *from;
	m->figures = zalloc((m->nr_figures + 1) * sizeof(*m->figures));
	if (from->nr_figures)
		memcpy(m->figures, from->figures, from->nr_figures * sizeof(*m->figures));
	m->figures[m->nr_figures++] = (struct figure){
		.name = (char *)"samples", .doc = (char *)"samples that have this place",
		.unit = (char *)"", .type = KOBS_TYPE_NUMBER, .merge = KOBS_MERGE_SUM,
	};
	return m;
}

/* Rows of fewer columns, and nothing else. */
static void copy_rows(struct build *b)
{
	const struct table *from = b->r->table;
	size_t i;

	model_init_table(b->to, b->r->view->types, b->shows, b->r->view->mode);
	for (i = 0; i < from->nr_rows; i++) {
		const struct row *row = &from->rows[i];

		table_add(b->to, table_row(b->to, from->keys + row->key), row,
			  table_figures(from, row));
	}
}

/**
 * divide_rows() - Divide the time on CPUs of wall's rows among samples.
 * @r: report of wall's rows; its view gets further columns, and loses the last @own ones
 * @samples: a row for each thread and place; NULL for none: only those columns go
 * @to: set to the new rows, whose stacks are those of both tables
 *
 * With samples the view's mode is another one, too, which divide_end() frees.
 */
void divide_rows(struct report *r, const struct table *samples, size_t own, struct table *to,
		 struct divided *done)
{
	struct build b = { .r = r, .to = to, .done = done };
	struct view *v = r->view;
	size_t i;

	memset(done, 0, sizeof(*done));
	b.tid = view_column(v, "tid");
	v->mode = samples ? add_samples_figure(v->mode) : v->mode;
	v->nr_columns -= own;
	b.shows = v->nr_columns;
	if (!samples) {
		copy_rows(&b);
		return;
	}
	b.without = add_column(v, &without_column);
	b.ustack = find_column(v, "ustack", KOBS_TYPE_USTACK);
	b.kstack = find_column(v, "kstack", KOBS_TYPE_KSTACK);
	for (i = 0; i < ON_CLASSES; i++)
		b.class[i] = find_figure(v->mode, classes[i]);
	b.lifetime = find_figure(v->mode, "lifetime");
	b.samples = find_figure(v->mode, "samples");
	model_init_table(to, v->types, v->nr_columns, v->mode);
	add_times(&b);
	add_samples(&b, samples);
	for (i = 0; i < r->table->nr_rows; i++)
		divide_row(&b, &r->table->rows[i]);
	map_free(&b.threads, free_thread);
}

/** divide_end() - Give the view its mode back. */
void divide_end(struct view *v, const struct mode *mode)
{
	if (v->mode == mode)
		return;
	free(v->mode->figures);
	free((void *)(uintptr_t)v->mode);
	v->mode = mode;
}
