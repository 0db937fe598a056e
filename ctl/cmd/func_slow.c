// SPDX-License-Identifier: GPL-2.0
/*
 * obsctl func slow: the report of slow calls: rows of what their time went to, by the places
 * that they were blocked at, and below them the longest calls.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/func_run.h"
#include "cmd/made_rows.h"
#include "lib/cgroup.h"
#include "lib/diag.h"
#include "lib/format.h"
#include "lib/macros.h"

/* Calls that are kept. */
#define CALLS		100
/* Threads that can be in a call: many wait in the same one. */
#define TASKS		1024

static const struct opt slow_options[] = {
	{ "over", 0, "TIME", "which calls are slow: those that take TIME or longer (default 10ms)",
	  &opt_param_time, .param = "over" },
	{ "each", 0, NULL, "show the longest slow calls, too; --json has them anyway", &opt_switch,
	  OPT_OWN_AT(struct func_opts, each) },
	{ "calls", 0, "N", "keep the N longest of them (default 100)", &opt_number,
	  OPT_OWN_AT(struct func_opts, calls), .max = 100000 },
	{ "event", 'e', "EVENT[,EVENT]",
	  "count these events in each of these calls, up to 4 (obsctl pmu list shows them)",
	  &opt_whole, OPT_OWN_AT(struct func_opts, events),
	  .allowed = "names of events with commas between them" },
	{ "tree", 0, "PATTERN", "show the calls of these functions in slow calls; can be repeated",
	  &opt_whole, OPT_OWN_AT(struct func_opts, tree),
	  .allowed = "the name of a function or a pattern" },
	{ "depth", 0, "N", "calls of a thread in progress to follow, where they nest (default 8)",
	  &opt_param, .param = "depth" },
	{ "inflight", 0, "N", "calls that can be in progress at once (0: as many as fit the machine)",
	  &opt_param, .param = "inflight" },
	{ "tasks", 0, "N", "threads that can be in a call at once (default 1024)", &opt_param,
	  .param = "tasks" },
};

const struct opt_group func_group_slow = { OPT_OWN(slow_options) };

/* Columns that each record has. */
static const char *const needed[] = {
	"func", "caller", "comm", "pid", "tid", "duration", "run", "irq", "woken", "preempted",
	"blocked", "kstack",
};

/* What reports call a column. */
static const char *shown_name(const struct slow *w, const char *column)
{
	return w->syscalls && !strcmp(column, needed[0]) ? "syscall" : column;
}

/**
 * func_slow_ask() - Complete what a run asks for; its options add the columns of --by.
 * Return: 0 or an exit status after a sentence.
 */
int func_slow_ask(struct slow *w, struct run_spec *spec, const struct opts *o)
{
	const struct func_opts *own = o->own;
	size_t i;

	w->each = own->each;
	w->syscalls = own->syscalls;
	if (w->syscalls) {
		spec->title = "syscall slow";
		model_set_number(&spec->request, "syscalls", 1);
	}
	w->calls.most = own->calls.given ? own->calls.value : CALLS;
	for (i = 0; i < o->by.n; i++)
		if (strcmp(o->by.v[i], "kstack"))
			strings_add(&w->by_names, shown_name(w, o->by.v[i]));
	if (!w->by_names.n)
		strings_add(&w->by_names, shown_name(w, needed[0]));
	for (i = 0; i < ARRAY_SIZE(needed); i++)
		if (!strings_have(&o->by, needed[i]))
			strings_add(&spec->request.by, needed[i]);
	if (cgroup_root() && !strings_have(&o->by, "cgroup"))
		strings_add(&spec->request.by, "cgroup");
	if (!opts_has_param(o, "tasks"))
		model_set_number(&spec->request, "tasks", TASKS);
	spec->rows = &func_slow_rows;
	spec->report = func_slow_print;
	spec->kind = &func_slow_report;
	return func_slow_ask_events(w, &spec->request, &own->events);
}

static void free_places(void *item)
{
	struct slow_place *p = item;

	while (p) {
		struct slow_place *next = p->next;

		free(p->frames);
		free(p);
		p = next;
	}
}

/** func_slow_free() - Free it; one that was never used is all zero. */
void func_slow_free(struct slow *w)
{
	free(w->v);
	free(w->seen);
	if (w->ready)
		model_free_table(&w->rows);
	map_free(&w->places, free_places);
	map_free(&w->held, free);
	map_free(&w->by_hash, NULL);
	map_free(&w->params, free);
	longest_free(&w->calls);
	pool_free(&w->names);
	pmu_events_free(&w->events);
	numbers_free(&w->event_words);
	strings_free(&w->by_names);
	func_slow_free_tree(w);
	memset(w, 0, sizeof(*w));
}

static const struct column syscall_column = { .name = (char *)"syscall", .type = KOBS_TYPE_TEXT };
static const struct column class_column = { .name = (char *)"class", .type = KOBS_TYPE_TEXT };
static const struct column reason_column = { .name = (char *)"reason", .type = KOBS_TYPE_TEXT };
static const struct column lock_column = { .name = (char *)"lock", .type = KOBS_TYPE_TEXT };
static const struct column owner_column = { .name = (char *)"owner", .type = KOBS_TYPE_TEXT };
static const struct column stack_column = { .name = (char *)"kstack", .type = KOBS_TYPE_KSTACK };

static void set_column(struct view *v, size_t c, const struct column *column)
{
	v->columns[c] = column;
	v->types[c] = column->type;
	v->shown[c] = SHOWN_COUNT;
}

static void set_columns(const void *judged, struct view *v)
{
	const struct slow *w = judged;
	const struct view all = *v;
	size_t i;

	for (i = 0; i < w->nr_by; i++) {
		v->columns[i] = all.columns[w->by[i]];
		v->types[i] = all.types[w->by[i]];
		v->shown[i] = all.shown[w->by[i]];
		if (w->syscalls && w->by[i] == w->column[SLOW_FUNC])
			set_column(v, i, &syscall_column);
	}
	set_column(v, i++, &class_column);
	set_column(v, i++, &reason_column);
	set_column(v, i++, &stack_column);
	if (w->locks) {
		set_column(v, i++, &lock_column);
		set_column(v, i++, &owner_column);
	}
	v->nr_columns = i;
}

/** func_slow_print() - The report. Return: 0 or an exit status. */
int func_slow_print(struct run_spec *spec, struct report *r, const struct output *to)
{
	struct slow *w = &((struct func_run *)spec->arg)->slow;
	const struct made_rows m = {
		.rows = &w->rows, .stacks = &w->rows.stacks, .by = &w->by_names,
		.mode = func_slow_mode(), .judged = w, .set_columns = set_columns,
	};

	return made_rows_print(&m, r, to);
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
	const struct slow *w = r->judged;
	char over[32], slow[32], all[32], sum[32];

	func_slow_describe_tree(w, s, out);
	buf_printf(out, ": %s of %s calls took %s or longer",
		   format_count(slow, sizeof(slow), w->taken),
		   format_count(all, sizeof(all), w->taken + model_note_number(s, "fast")),
		   format_ns(over, sizeof(over), (double)param_of(s, "over")));
	if (w->taken)
		buf_printf(out, ", %s in all", format_ns(sum, sizeof(sum), (double)w->sum));
}

static void print_time(struct out *o, const char *key, const char *header, uint64_t ns)
{
	char shown[32];

	out_cell_shown(o, key, header, ns, format_ns(shown, sizeof(shown), (double)ns));
}

/* Where it was blocked; text has it below the row. */
static void print_frames(struct report *r, struct out *o, const struct row *row)
{
	size_t column = view_column(r->view, stack_column.name);
	const struct stack *s = map_get(&r->table->stacks, r->table->keys[row->key + column]);
	struct buf line = {};
	size_t i;
	size_t k;

	for (i = 0; s && i < s->nr; i++) {
		size_t n = view_frames(r->view, s, i);

		for (k = 0; k < n; k++) {
			line.len = 0;
			buf_printf(&line, "      %s", r->view->frame[k].text.p);
			out_below(o, line.p);
		}
	}
	buf_free(&line);
}

static void print_values(struct report *r, struct out *o, const struct row *row)
{
	uint64_t calls = r->table->nr_figures ? *table_figures(r->table, row) : 0;
	uint64_t all = 0;
	char share[16];
	size_t i;

	for (i = 0; i < r->table->nr_rows; i++)
		all += r->table->rows[i].sum;
	out_cell_number(o, "calls", "CALLS", calls);
	out_is_counter(o, (double)calls, "");
	out_cell_number(o, "count", "TIMES", row->count);
	out_is_counter(o, (double)row->count, "");
	report_print_rate(r, o, row);
	print_time(o, "sum", "TIME", row->sum);
	out_is_counter(o, (double)row->sum, "ns");
	snprintf(share, sizeof(share), "%.1f %%", all ? (double)row->sum * 100 / (double)all : 0);
	out_cell_aside(o, "SHARE", share, true);
	out_is_share(o, (double)row->sum, (double)all);
	print_time(o, "max", "LONGEST", row->max);
	if (!o->json && !o->grid)
		print_frames(r, o, row);
}

static void print_foot(struct report *r, struct out *o)
{
	struct slow *w = r->judged;

	if (!w)
		return;
	func_slow_print_tree(w, o, r->opts);
	func_slow_print_calls(w, o, w->each || r->opts->verbose);
}

static void release(struct report *r)
{
	if (!r->judged)
		return;
	func_slow_free(r->judged);
	free(r->judged);
	r->judged = NULL;
}

static void restore(struct report *r)
{
	struct slow *w;

	report_sort(r);
	if (r->judged)
		return;
	w = zalloc(sizeof(*w));
	func_slow_load(w, r->saved->root);
	func_slow_load_tree(w, r->saved->root);
	r->judged = w;
}

const struct report_kind func_slow_report = {
	.source = "func",
	.mode = "slow",
	.own_room = true,
	.own_stacks = true,
	.palette = FLAME_WAITS,
	.describe = describe,
	.print_values = print_values,
	.print_foot = print_foot,
	.release = release,
	.restore = restore,
	.hit = "waits",
};
