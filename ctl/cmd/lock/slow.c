// SPDX-License-Identifier: GPL-2.0
/*
 * obsctl lock contention --over: rows of what slow waits have in common, as those of all waits
 * without it, made of their records, and below them the longest waits. Every record is in a row,
 * or counted as lost.
 */

#include <stdlib.h>
#include <string.h>

#include "cmd/lock/slow.h"
#include "cmd/made_rows.h"
#include "lib/cgroup.h"
#include "lib/format.h"
#include "lib/macros.h"
#include "report/writer.h"

enum { FAILED, PENDING, FIGURES };

static struct figure figures[FIGURES] = {
	[FAILED] = { .name = (char *)"failed", .merge = KOBS_MERGE_SUM },
	[PENDING] = { .name = (char *)"pending", .merge = KOBS_MERGE_SUM },
};

static const struct mode mode = {
	.name = (char *)"slow", .value = (char *)"wait", .unit = (char *)"ns",
	.figures = figures, .nr_figures = FIGURES,
};

/* Columns that each record has. */
static const char *const needed[] = {
	"lock", "cache", "kind", "caller", "comm", "owner", "kstack",
};

static struct lock_slow *of(const struct trace *t)
{
	return t->arg;
}

/* Once the session is there. */
static void prepare(struct lock_slow *w, struct trace *t)
{
	uint32_t types[VIEW_COLUMNS];
	size_t i;

	if (w->trace)
		return;
	w->trace = t;
	for (i = 0; i < w->by_names.n; i++) {
		w->by[i] = view_column(t->view, w->by_names.v[i]);
		types[i] = t->view->types[w->by[i]];
	}
	model_init_table(&w->rows, types, w->by_names.n, &mode);
	ksyms_load_all(&t->view->ksyms);
}

static void take(struct trace *t, const struct event *ev, const uint64_t *rec)
{
	struct lock_slow *w = of(t);
	struct lock_slow_record *r;

	if (!ev->data || ev->nr_data < KOBS_LOCK_WAIT_WORDS)
		return;
	w->v = grow(w->v, &w->cap, w->n + 1, sizeof(*w->v));
	r = &w->v[w->n++];
	memset(r, 0, sizeof(*r));
	memcpy(r->keys, rec + 2, t->view->nr_columns * sizeof(*r->keys));
	memcpy(r->data, ev->data, sizeof(r->data));
}

static void add_record(struct trace *t, const struct lock_slow_record *rec)
{
	uint64_t ns = rec->data[KOBS_LOCK_WAIT_NS];
	uint64_t flags = rec->data[KOBS_LOCK_WAIT_FLAGS];
	struct row part = { .count = 1, .sum = ns, .min = ns, .max = ns };
	const uint64_t numbers[FIGURES] = {
		[FAILED] = !!(flags & KOBS_LOCK_WAIT_FAILED),
		[PENDING] = !!(flags & KOBS_LOCK_WAIT_OPEN),
	};
	struct lock_slow *w = of(t);
	uint64_t key[VIEW_COLUMNS];
	size_t i;

	for (i = 0; i < w->by_names.n; i++) {
		key[i] = rec->keys[w->by[i]];
		/* It is read as soon as it is named. */
		if (type_is_stack(t->view->types[w->by[i]]))
			trace_stack(t, key[i]);
	}
	table_add(&w->rows, table_row(&w->rows, key), &part, numbers);
	if (longest_wants(&w->waits, ns))
		longest_keep(&w->waits, ns, lock_slow_wait(t, rec));
	w->taken++;
	w->sum += ns;
}

/* Locks are named by one look at all symbols. */
static void name_locks(struct lock_slow *w, struct view *v)
{
	size_t column = view_column(v, needed[0]);
	size_t i;

	for (i = 0; i < w->n; i++)
		view_want_key(v, column, w->v[i].keys[column]);
	ksyms_resolve(&v->ksyms);
}

static void digest(struct trace *t)
{
	struct lock_slow *w = of(t);
	size_t i;

	prepare(w, t);
	name_locks(w, t->view);
	for (i = 0; i < w->n; i++)
		add_record(t, &w->v[i]);
	w->n = 0;
}

static int fill(struct trace *t, struct session *s, bool interim, struct table *out)
{
	struct lock_slow *w = of(t);

	digest(t);
	/* While the session runs, some are on their way. */
	if (!interim)
		model_lose_undelivered(s, w->taken);
	return 0;
}

static const struct trace_rows slow_rows = { .take = take, .digest = digest, .fill = fill };

static void set_columns(const void *judged, struct view *v)
{
	const struct lock_slow *w = judged;
	const struct view all = *v;
	size_t i;

	for (i = 0; i < w->by_names.n; i++) {
		v->columns[i] = all.columns[w->by[i]];
		v->types[i] = all.types[w->by[i]];
		v->shown[i] = all.shown[w->by[i]];
	}
	v->nr_columns = i;
}

static int print(struct run_spec *spec, struct report *r, const struct output *to)
{
	struct lock_slow *w = spec->arg;
	const struct made_rows m = {
		.rows = &w->rows, .stacks = &w->trace->stacks.stacks, .by = &w->by_names,
		.mode = &mode, .judged = w, .set_columns = set_columns,
	};

	return made_rows_print(&m, r, to);
}

/* The columns that rows are by: those of lock contention. */
static void choose_rows(struct lock_slow *w, const struct opts *o, bool owner_stack)
{
	static const char *const usual[] = { "lock", "cache", "kind", "caller" };
	static const char *const owner[] = { "owner", "owner_pid", "owner_stack" };
	size_t i;

	for (i = 0; i < o->by.n; i++)
		strings_add(&w->by_names, o->by.v[i]);
	for (i = 0; !o->by.n && i < ARRAY_SIZE(usual); i++)
		strings_add(&w->by_names, usual[i]);
	for (i = 0; owner_stack && i < ARRAY_SIZE(owner); i++)
		if (!strings_have(&w->by_names, owner[i]))
			strings_add(&w->by_names, owner[i]);
	if (opts_wants_stacks(o) && !strings_have(&w->by_names, "kstack") &&
	    !strings_have(&w->by_names, "ustack"))
		strings_add(&w->by_names, "kstack");
}

static void need(struct run_spec *spec, const struct opts *o, const char *column)
{
	if (!strings_have(&o->by, column) && !strings_have(&spec->request.by, column))
		strings_add(&spec->request.by, column);
}

/** lock_slow_ask() - Complete what a run asks for; its options add the columns of --by. */
void lock_slow_ask(struct lock_slow *w, struct run_spec *spec, const struct opts *o,
		   const struct lock_slow_asks *asks)
{
	size_t i;

	w->each = asks->each;
	w->waits.most = asks->waits;
	choose_rows(w, o, asks->owner_stack);
	for (i = 0; i < w->by_names.n; i++)
		need(spec, o, w->by_names.v[i]);
	for (i = 0; i < ARRAY_SIZE(needed); i++)
		need(spec, o, needed[i]);
	if (cgroup_root())
		need(spec, o, "cgroup");
	spec->title = "lock contention";
	spec->mode = mode.name;
	spec->kind = &lock_slow_report;
	spec->rows = &slow_rows;
	spec->report = print;
	spec->arg = w;
}

/** lock_slow_free() - Free it; one that was never used is all zero. */
void lock_slow_free(struct lock_slow *w)
{
	free(w->v);
	/* Its stacks are the trace's. */
	if (w->trace)
		model_free_table(&w->rows);
	longest_free(&w->waits);
	strings_free(&w->by_names);
	memset(w, 0, sizeof(*w));
}

static uint64_t param_of(const struct session *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->nr_params; i++)
		if (!strcmp(s->params[i].name, name))
			return s->params[i].number;
	return 0;
}

static void describe(struct report *r, struct buf *out)
{
	const struct session *s = r->session;
	const struct lock_slow *w = r->judged;
	char over[32], slow[32], all[32], sum[32];

	buf_printf(out, ": %s of %s waits took %s or longer",
		   format_count(slow, sizeof(slow), w->taken),
		   format_count(all, sizeof(all), w->taken + model_note_number(s, "short")),
		   format_ns(over, sizeof(over), (double)param_of(s, "over")));
	if (w->taken)
		buf_printf(out, ", %s in all", format_ns(sum, sizeof(sum), (double)w->sum));
}

static void print_foot(struct report *r, struct out *o)
{
	struct lock_slow *w = r->judged;

	if (w)
		longest_print(&w->waits, &lock_slow_waits, o, w->each || r->opts->verbose);
}

static void release(struct report *r)
{
	if (!r->judged)
		return;
	lock_slow_free(r->judged);
	free(r->judged);
	r->judged = NULL;
}

static void restore(struct report *r)
{
	struct lock_slow *w;

	report_sort(r);
	if (r->judged)
		return;
	w = zalloc(sizeof(*w));
	longest_load(&w->waits, &lock_slow_waits, r->saved->root);
	r->judged = w;
}

const struct report_kind lock_slow_report = {
	.source = "lock",
	.mode = "slow",
	.own_room = true,
	.palette = FLAME_WAITS,
	.describe = describe,
	.print_foot = print_foot,
	.release = release,
	.restore = restore,
	.hit = "waits",
};
