// SPDX-License-Identifier: GPL-2.0
/*
 * The report of 'wall': the module's rows are intervals of a thread by class and details; this
 * one has a row for each thread, process or name, with the time of each class, and the
 * details below. All of a row's time is in its classes.
 */

#include <stdlib.h>
#include <string.h>

#include "cmd/wall/details.h"
#include "cmd/wall/reason.h"
#include "cmd/wall/table.h"
#include "lib/buf.h"
#include "lib/diag.h"
#include "lib/format.h"
#include "lib/macros.h"
#include "lib/map.h"
#include "lib/parse.h"

/* Places of the details behind the columns that tell threads apart. */
enum { CLASS, INSTEAD, HELD, OWNER, OWNER_PID, STACK };

const char *const wall_details[WALL_DETAILS] = {
	"class", "instead", "blocked_by", "owner", "owner_pid", "kstack",
};

const char *const wall_usual[WALL_USUAL] = { "tid", "pid", "comm", "policy", "prio" };

static const char *const runnable[] = { "woken", "preempted" };
static const char *const blocked[] = { "sleep", "disk", "idle", "lock", "stopped", "other" };
static const char *const asleep[] = { "sleep", "idle", "stopped" };

static bool is_one_of(const char *name, const char *const *names, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

static uint64_t figure_of(struct report *r, const struct row *row, const char *name)
{
	const struct mode *m = r->view->mode;
	size_t i;

	for (i = 0; i < r->table->nr_figures && i < m->nr_figures; i++)
		if (!strcmp(m->figures[i].name, name))
			return table_figures(r->table, row)[i];
	return 0;
}

static uint64_t sum_of(struct report *r, const struct row *row, const char *const *names, size_t n)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < n; i++)
		sum += figure_of(r, row, names[i]);
	return sum;
}

/* Time and share, of a lifetime. */
static void print_part(struct out *o, const char *header, uint64_t part, uint64_t all)
{
	char time[32];
	char shown[64];

	snprintf(shown, sizeof(shown), "%s %5.1f %%", format_ns(time, sizeof(time), (double)part),
		 all ? (double)part * 100 / (double)all : 0);
	out_cell_aside(o, header, shown, true);
	out_is_share(o, (double)part, (double)all);
}

static void print_values(struct report *r, struct out *o, const struct row *row)
{
	const struct mode *m = r->view->mode;
	const struct wall *w = r->judged;
	uint64_t lifetime = figure_of(r, row, "lifetime");
	uint64_t waits = sum_of(r, row, runnable, ARRAY_SIZE(runnable));
	uint64_t blocks = sum_of(r, row, blocked, ARRAY_SIZE(blocked));
	char shown[32];
	size_t i;

	out_json_number(o, "count", row->count);
	out_json_number(o, "sum", row->sum);
	out_json_number(o, "min", row->min);
	out_json_number(o, "max", row->max);
	for (i = 0; i < r->table->nr_figures; i++)
		out_json_number(o, m->figures[i].name, table_figures(r->table, row)[i]);
	out_json_number(o, "runnable", waits);
	out_json_number(o, "blocked", blocks);
	out_cell_aside(o, "LIFETIME", format_ns(shown, sizeof(shown), (double)lifetime), true);
	out_is_counter(o, (double)lifetime, "ns");
	print_part(o, "RUN", figure_of(r, row, "run"), lifetime);
	if (w->system)
		print_part(o, "SYSTEM", figure_of(r, row, "system"), lifetime);
	print_part(o, "IRQ", figure_of(r, row, "irq"), lifetime);
	print_part(o, "RUNNABLE", waits, lifetime);
	print_part(o, "BLOCKED", blocks, lifetime);
	details_print(w, r, o, row);
}

/* Names of the functions of stacks, and of locks. */
static void want_names(struct report *r, size_t details)
{
	const struct table *t = r->table;
	size_t i;
	size_t k;

	for (i = 0; i < t->nr_rows; i++) {
		const uint64_t *key = t->keys + t->rows[i].key + details;
		const struct stack *s = map_get(&t->stacks, key[STACK]);

		view_want_key(r->view, details + HELD, key[HELD]);
		if (details && !strcmp(r->view->columns[details - 1]->name, WALL_CHAIN))
			chain_want(r, key[-1]);
		for (k = 0; s && k < s->nr; k++)
			ksyms_want(&r->view->ksyms, s->addr[k]);
	}
	ksyms_resolve(&r->view->ksyms);
}

/* The lock that a thread is blocked by, and who holds it. */
static void name_lock(struct report *r, size_t details, const uint64_t *key,
		      struct wall_detail *d)
{
	struct buf name = {};

	if (key[HELD])
		view_print_key(r->view, details + HELD, key[HELD], &name);
	d->lock = pool_intern(&r->table->texts, name.len ? name.p : "");
	d->owner = (const char *)(uintptr_t)key[OWNER];
	d->owner_pid = key[OWNER_PID];
	buf_free(&name);
}

/* Of time in which it ran, the numbers of the row say all. */
static void add_detail(struct wall *w, struct report *r, const struct row *from, size_t row,
		       size_t details, bool chain)
{
	const uint64_t *key = r->table->keys + from->key + details;
	const char *class = (const char *)(uintptr_t)key[CLASS];
	struct wall_detail *d;
	size_t first;

	if (!is_one_of(class, runnable, ARRAY_SIZE(runnable)) &&
	    !is_one_of(class, blocked, ARRAY_SIZE(blocked)))
		return;
	d = details_add(w);
	d->row = row;
	d->class = class;
	d->instead = (const char *)(uintptr_t)key[INSTEAD];
	chain_name(r, chain ? key[-1] : 0, &d->chain);
	d->reason = "";
	name_lock(r, details, key, d);
	d->count = from->count;
	d->sum = from->sum;
	d->max = from->count ? from->max : 0;
	if (is_one_of(class, runnable, ARRAY_SIZE(runnable)))
		return;
	chain_names(r, map_get(&r->table->stacks, key[STACK]), &d->frames, &d->n);
	d->reason = *d->lock ? "lock" : reason_of(class, (const char *const *)d->frames, d->n);
	/* The scheduler's are in all of them, and differ from hook to hook. */
	first = reason_first((const char *const *)d->frames, d->n);
	d->n -= first;
	memmove(d->frames, d->frames + first, d->n * sizeof(*d->frames));
}

/* Whether system calls were told apart. */
static void find_columns(struct wall *w, struct report *r)
{
	size_t i;

	for (i = 0; i < r->table->nr_rows; i++)
		w->system |= figure_of(r, &r->table->rows[i], "system") > 0;
}

/* The time in which threads do not just sleep: those with the most of it are first. */
static uint64_t awake(struct report *r, const struct row *row)
{
	return row->sum - sum_of(r, row, asleep, ARRAY_SIZE(asleep));
}

static int compare_rows(const void *a, const void *b, void *arg)
{
	const struct row *x = a;
	const struct row *y = b;
	uint64_t p = awake(arg, x);
	uint64_t q = awake(arg, y);

	if (p != q)
		return p < q ? 1 : -1;
	if (x->sum != y->sum)
		return x->sum < y->sum ? 1 : -1;
	return (x->key > y->key) - (x->key < y->key);
}

static void arrange(struct report *r)
{
	struct table *t = r->table;

	r->rows_worth = t->nr_rows;
	if (t->nr_rows)
		qsort_r(t->rows, t->nr_rows, sizeof(*t->rows), compare_rows, r);
}

static void describe(struct report *r, struct buf *out)
{
	const struct session *s = r->session;
	uint64_t threads = 0;
	char shown[32];
	size_t i;

	for (i = 0; i < s->nr_notes; i++)
		if (!strcmp(s->notes[i].name, "threads"))
			threads = s->notes[i].number;
	buf_printf(out, " of %s thread%s", format_count(shown, sizeof(shown), threads),
		   threads == 1 ? "" : "s");
}

/* Rows of the same threads become one. */
static void merge_rows(struct wall *w, struct report *r, struct table *shown)
{
	const struct table *from = r->table;
	size_t n = from->nr_keys - WALL_DETAILS;
	bool chain = shown->nr_keys < n;
	size_t i;

	want_names(r, n);
	for (i = 0; i < from->nr_rows; i++) {
		const struct row *row = &from->rows[i];
		const uint64_t *key = from->keys + row->key;
		struct row *to = table_row(shown, key);

		table_add(shown, to, row, table_figures(from, row));
		add_detail(w, r, row, to->key, n, chain);
	}
	details_sort(w);
}

static int print_table(struct report *r, const struct output *to)
{
	const struct report_kind *kind = r->kind;
	struct table *from = r->table;
	size_t n = r->view->nr_columns;
	size_t shows = n - WALL_DETAILS;
	struct table shown;
	struct wall w = {};
	int err;

	if (shows > 1 && !strcmp(r->view->columns[shows - 1]->name, WALL_CHAIN))
		shows--;
	model_init_table(&shown, r->view->types, shows, r->view->mode);
	merge_rows(&w, r, &shown);
	r->view->nr_columns = shows;
	r->kind = &wall_report;
	r->table = &shown;
	r->judged = &w;
	find_columns(&w, r);
	report_resolve(r);
	err = report_print(r, to);
	r->judged = NULL;
	r->table = from;
	r->kind = kind;
	r->view->nr_columns = n;
	details_free(&w);
	model_free_table(&shown);
	return err;
}

/** wall_print() - The report. Return: 0 or an exit status. */
int wall_print(struct run_spec *spec, struct report *r, const struct output *to)
{
	return print_table(r, to);
}

static bool has_details(const struct view *v)
{
	size_t i;

	for (i = 0; i < WALL_DETAILS && v->nr_columns > WALL_DETAILS; i++)
		if (strcmp(v->columns[v->nr_columns - WALL_DETAILS + i]->name, wall_details[i]))
			return false;
	return v->nr_columns > WALL_DETAILS;
}

/* A detached session is of this table if its last columns are those of the details. */
static int print_detached(struct report *r, const struct output *to)
{
	size_t chain = view_column(r->view, WALL_CHAIN);

	if (!opts_wants_stacks(r->opts) && has_details(r->view))
		return print_table(r, to);
	if (chain != SIZE_MAX)
		chains_fold(r, chain);
	r->kind = &wall_rows_report;
	report_resolve(r);
	return report_print(r, to);
}

/* Of a file; others of the mode have the module's rows. */
static void restore(struct report *r)
{
	struct wall *w;

	if (view_column(r->view, wall_details[CLASS]) != SIZE_MAX || view_has_stacks(r->view)) {
		r->kind = &wall_rows_report;
	} else if (!r->judged) {
		w = zalloc(sizeof(*w));
		details_load(w, r);
		r->judged = w;
		find_columns(w, r);
		arrange(r);
		return;
	}
	report_sort(r);
}

static void release(struct report *r)
{
	if (!r->judged)
		return;
	details_free(r->judged);
	free(r->judged);
	r->judged = NULL;
}

/* The longest time that a thread waited for a CPU. */
static int verdict(struct report *r)
{
	const struct opt_limit *limit = &r->opts->fail_over;
	size_t class = view_column(r->view, wall_details[CLASS]);
	const struct table *t = r->table;
	char shown[32];
	size_t i;

	if (!limit->text || class == SIZE_MAX)
		return 0;
	for (i = 0; i < t->nr_rows; i++) {
		const struct row *row = &t->rows[i];
		const char *name = (const char *)(uintptr_t)t->keys[row->key + class];

		if (!row->count || row->max <= limit->value ||
		    !is_one_of(name, runnable, ARRAY_SIZE(runnable)))
			continue;
		warn("a thread waited %s for a CPU, more than the limit %s of --fail-over",
		     format_ns(shown, sizeof(shown), (double)row->max), limit->text);
		return STATUS_CROSSED;
	}
	return 0;
}

/* Of rows by class, the class says which of the further numbers is the time. */
static bool shows(struct report *r, const struct figure *f, const char **unit)
{
	return r->opts->json;
}

const struct report_kind wall_report = {
	.source = "wall",
	.mode = "time",
	.palette = FLAME_WAITS,
	.print = print_detached,
	.arrange = arrange,
	.describe = describe,
	.print_values = print_values,
	.verdict = verdict,
	.release = release,
	.restore = restore,
	.unfold = wall_unfold,
	.file_rows = true,
};

const struct report_kind wall_rows_report = {
	.source = "wall",
	.mode = "time",
	.palette = FLAME_WAITS,
	.describe = describe,
	.shows = shows,
	.verdict = verdict,
};
