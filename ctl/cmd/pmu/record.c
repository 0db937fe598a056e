// SPDX-License-Identifier: GPL-2.0
/*
 * obsctl pmu record: where events happen. A row of the kernel's is a kernel
 * function or an address of user space, and has the place of its event; a row
 * of the report is a function, and has the event's name.
 */

#include <linux/perf_event.h>
#include <string.h>
#include <unistd.h>

#include "cmd/pmu/pmu.h"
#include "cmd/pmu/setup.h"
#include "cmd/pmu/unwound.h"
#include "lib/buf.h"
#include "lib/diag.h"
#include "lib/macros.h"
#include "lib/map.h"
#include "lib/progress.h"
#include "report/callgraph.h"
#include "symbols/cfi.h"
#include "symbols/usyms.h"

/* Rows of 64 bytes, of all CPUs; those of one are what the module has by itself, or more. */
#define ALL_ROWS	65536
#define LEAST_ROWS	4096
#define PROFILE_STACKS	65536
/* Of sessions whose stacks are unwound here: the module's default, and 170 samples of 8 KiB. */
#define STACK_DEPTH	64
#define STACK_RING_KB	2048

static const struct column func_column = {
	.name = (char *)"func",
	.type = KOBS_TYPE_TEXT,
};

static const struct column event_column = {
	.name = (char *)"event",
	.type = KOBS_TYPE_TEXT,
};

/* Columns that become names: where they are, or SIZE_MAX. */
struct named {
	size_t	func;
	size_t	uip;
	size_t	event;
};

static struct named find_columns(const struct view *v)
{
	struct named at = {
		.func = view_column(v, "func"),
		.uip = view_column(v, "uip"),
		.event = view_column(v, "event"),
	};

	/* A function is told by both words, or is none. */
	if (at.func == SIZE_MAX || at.uip == SIZE_MAX)
		at.func = SIZE_MAX;
	if (at.func == SIZE_MAX)
		at.uip = SIZE_MAX;
	return at;
}

static void name_function(struct view *v, const struct table *t, uint64_t func, uint64_t uip,
			  struct buf *out)
{
	const struct stack *s = map_get(&t->stacks, uip);

	out->len = 0;
	if (func) {
		ksyms_print_function(&v->ksyms, func, out);
		view_strip(out->p);
	} else if (s && s->nr) {
		pmu_function_at(v, s->pid, s->addr[0], out);
	} else {
		buf_puts(out, "[unknown]");
	}
}

static uint64_t name_key(const struct pmu_run *p, struct report *r, const struct named *at,
			 const uint64_t *key, size_t c)
{
	struct table *t = r->table;
	struct buf name = {};
	uint64_t text;

	if (c == at->func)
		name_function(r->view, t, key[at->func], key[at->uip], &name);
	else if (c == at->event)
		buf_puts(&name, key[c] < p->events.n ? p->events.v[key[c]].name : "[unknown]");
	else
		return key[c];
	text = (uint64_t)(uintptr_t)pool_intern(&t->texts, name.p);
	buf_free(&name);
	return text;
}

/* Rows of one function are one, wherever in it the samples were taken. */
static void name_rows(const struct pmu_run *p, struct report *r, struct table *to,
		      const struct named *at)
{
	struct table *from = r->table;
	uint64_t key[VIEW_COLUMNS];
	size_t i;
	size_t c;
	size_t n;

	for (i = 0; at->func != SIZE_MAX && i < from->nr_rows; i++)
		if (from->keys[from->rows[i].key + at->func])
			ksyms_want(&r->view->ksyms, from->keys[from->rows[i].key + at->func]);
	ksyms_resolve(&r->view->ksyms);
	progress_begin("Naming functions");
	for (i = 0; i < from->nr_rows; i++) {
		const struct row *row = &from->rows[i];
		const uint64_t *old = from->keys + row->key;

		for (c = n = 0; c < from->nr_keys; c++)
			if (c != at->uip)
				key[n++] = name_key(p, r, at, old, c);
		table_add(to, table_row(to, key), row, table_figures(from, row));
		progress_at(i, from->nr_rows);
	}
	progress_end();
}

/* Names that are found stay in the view; only its columns are others for a while. */
static int print_named(struct pmu_run *p, struct report *r, const struct output *to,
		       const struct named *at)
{
	struct view *v = r->view;
	struct table *from = r->table;
	struct view before = *v;
	struct table merged;
	size_t i;
	int err;

	v->nr_columns = 0;
	for (i = 0; i < before.nr_columns; i++) {
		bool text = i == at->func || i == at->event;

		if (i == at->uip)
			continue;
		v->columns[v->nr_columns] = i == at->func ? &func_column :
					    i == at->event ? &event_column : before.columns[i];
		v->types[v->nr_columns++] = text ? KOBS_TYPE_TEXT : before.types[i];
	}
	model_init_table(&merged, v->types, v->nr_columns, v->mode);
	name_rows(p, r, &merged, at);
	merged.stacks = from->stacks;
	r->table = &merged;
	report_resolve(r);
	err = report_print(r, to);
	r->table = from;
	memset(&merged.stacks, 0, sizeof(merged.stacks));
	model_free_table(&merged);
	memcpy(v->columns, before.columns, sizeof(v->columns));
	memcpy(v->types, before.types, sizeof(v->types));
	v->nr_columns = before.nr_columns;
	return err;
}

static bool wants(const struct pmu_opts *own, const char *call_graph)
{
	return own->call_graph.how && !strcmp(own->call_graph.how, call_graph);
}

static int print_record(struct run_spec *spec, struct report *r, const struct output *to)
{
	struct named at = find_columns(r->view);
	struct pmu_run *p = spec->arg;
	struct buf title = {};
	int err;

	r->what = pmu_title(p, r->session, &title);
	r->view->user_calls = wants(p->opts, "lbr");
	if (p->opts->graph) {
		err = graph_print(r, to);
	} else if (at.func != SIZE_MAX || at.event != SIZE_MAX) {
		err = print_named(p, r, to, &at);
	} else {
		report_resolve(r);
		err = report_print(r, to);
	}
	r->what = NULL;
	buf_free(&title);
	return err;
}

/* The kernel keys a function by its two words; the user means both by "func". */
static void choose_columns(struct pmu_run *p)
{
	static const char *const plain[] = { "func", "uip" };
	static const char *const folded[] = { "comm", "ustack", "kstack" };
	static const char *const graph[] = { "ustack", "kstack" };
	const struct opts *o = p->o;
	size_t i;

	if (p->opts->graph)
		pmu_by(p, graph, ARRAY_SIZE(graph));
	else if (o->by.n)
		pmu_by(p, (const char *const *)o->by.v, o->by.n);
	else if (opts_wants_stacks(o))
		pmu_by(p, folded, ARRAY_SIZE(folded));
	else
		pmu_by(p, plain, ARRAY_SIZE(plain));
	for (i = 0; o->by.n && i < o->by.n; i++)
		if (!strcmp(o->by.v[i], "func") && !pmu_is_by(p, "uip"))
			strings_add(&p->own.by, "uip");
	/* Counts of different events do not add up to anything. */
	if (p->events.n > 1 && !o->by.n)
		strings_add(&p->own.by, "event");
}

static void set_default(struct pmu_run *p, const char *param, uint64_t value)
{
	size_t i;

	for (i = 0; i < p->o->nr_params; i++)
		if (!strcmp(p->o->params[i].name, param))
			return;
	model_set_number(&p->spec.request, param, value);
}

/*
 * A profile has more keys than other reports: each address of each process. These sizes lost
 * none of 15 s of compiling on two CPUs, where the module's lost a third with stacks.
 */
static void choose_sizes(struct pmu_run *p)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	uint64_t rows = ALL_ROWS / (cpus > 0 ? (uint64_t)cpus : 1);

	set_default(p, "rows", rows > LEAST_ROWS ? rows : LEAST_ROWS);
	set_default(p, "stacks", PROFILE_STACKS);
}

static uint64_t param_of(const struct pmu_run *p, const char *name)
{
	const struct request *req = &p->spec.request;
	size_t i;

	for (i = 0; i < p->o->nr_params; i++)
		if (!strcmp(p->o->params[i].name, name))
			return p->o->params[i].value;
	for (i = 0; i < req->nr_settings; i++)
		if (!strcmp(req->settings[i].name, name))
			return req->settings[i].number;
	return 0;
}

/* Samples come one by one, and become rows here: as many as the kernel would have. */
static int choose_unwinding(struct pmu_run *p)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	if (!cfi_load())
		return refuse("--call-graph dwarf needs libdw (the package libdw1), which is not installed");
	set_default(p, "stack_depth", STACK_DEPTH);
	set_default(p, "ring_kb", STACK_RING_KB);
	if (p->opts->call_graph.bytes)
		model_set_number(&p->spec.request, "stack_bytes", p->opts->call_graph.bytes);
	p->spec.mode = "record_stack";
	p->spec.title = "pmu record";
	p->spec.rows = &unwound_rows;
	p->verb = unwound_new(param_of(p, "rows") * (cpus > 0 ? (size_t)cpus : 1),
			      param_of(p, "stacks"), param_of(p, "stack_depth"));
	return 0;
}

/** pmu_check_record() - Return: 0, or STATUS_USAGE for options that contradict each other. */
int pmu_check_record(const struct verb *verb, const struct opts *o)
{
	const struct pmu_opts *own = o->own;

	if (own->graph && o->by.n)
		return misuse("--graph has its own columns: it cannot be combined with --by");
	if (own->graph && (o->folded || o->stacks))
		return misuse("--graph and --%s are two forms of one report: give one of them",
			      o->format ? "format" : "folded");
	if (own->graph && o->flame)
		return misuse("--graph and --flame are two forms of one report: give one of them");
	if (o->lines && !own->graph && !o->by.n && !opts_wants_stacks(o))
		return misuse("--lines shows lines behind the frames of stacks: give --by ustack,kstack, --graph, --folded or --flame as well");
	if (o->detach && wants(own, "dwarf"))
		return misuse("--call-graph dwarf unwinds stacks while the session runs: it cannot be combined with --detach");
	if (!wants(own, "dwarf") && opts_has_param(o, "ring_kb"))
		return misuse("--ring-kb is for samples that are streamed: it needs --call-graph dwarf");
	return pmu_check_samples(own);
}

/** pmu_record() - Return: the exit status. */
int pmu_record(const struct verb *verb, const struct opts *o)
{
	uint64_t branches = 0;
	struct pmu_run p;
	int err = pmu_begin(&p, o, "record");

	if (!err && wants(p.opts, "lbr"))
		branches = PERF_SAMPLE_BRANCH_CALL_STACK | PERF_SAMPLE_BRANCH_USER;
	if (!err && !p.events.n)
		err = pmu_events_add(&p.events, "cycles");
	if (!err && p.opts->graph && p.events.n > 1)
		err = misuse("--graph shows one event at a time: give it one");
	if (!err) {
		pmu_sample(&p, branches);
		choose_columns(&p);
		if ((branches || wants(p.opts, "dwarf")) && !pmu_is_by(&p, "ustack"))
			strings_add(&p.own.by, "ustack");
		choose_sizes(&p);
		if (wants(p.opts, "dwarf"))
			err = choose_unwinding(&p);
	}
	if (!err) {
		p.spec.report = print_record;
		p.spec.kind = verb->report;
		err = run_session(&p.spec, &p.own);
	}
	if (p.verb)
		unwound_free(p.verb);
	pmu_end(&p);
	return err;
}
