// SPDX-License-Identifier: GPL-2.0
/*
 * obsctl pmu record: where events happen. A row of the kernel's is a kernel
 * function or an address of user space; a row of the report is a function.
 */

#include <linux/perf_event.h>
#include <string.h>

#include "pmu.h"
#include "usyms.h"

static const struct column func_column = {
	.name = (char *)"func",
	.type = KOBS_TYPE_TEXT,
};

/* Where the columns func and uip are; both or none. */
static bool find_columns(const struct view *v, size_t *func, size_t *uip)
{
	bool found[2] = {};
	size_t i;

	for (i = 0; i < v->nr_columns; i++) {
		if (!strcmp(v->columns[i]->name, "func")) {
			*func = i;
			found[0] = true;
		} else if (!strcmp(v->columns[i]->name, "uip")) {
			*uip = i;
			found[1] = true;
		}
	}
	return found[0] && found[1];
}

static void name_function(struct view *v, const struct table *t, uint64_t func, uint64_t uip,
			  struct buf *out)
{
	const struct stack *s = map_get(&t->stacks, uip);

	out->len = 0;
	if (func) {
		ksyms_print_function(&v->ksyms, func, out);
		pmu_strip(out->p);
	} else if (s && s->nr) {
		pmu_function_at(v, s->pid, s->addr[0], out);
	} else {
		buf_puts(out, "[unknown]");
	}
}

/* Rows of one function are one, wherever in it the samples were taken. */
static void merge_functions(struct view *v, struct table *from, struct table *to, size_t func,
			    size_t uip)
{
	uint64_t key[VIEW_COLUMNS];
	struct buf name = {};
	size_t i;
	size_t c;
	size_t n;

	for (i = 0; i < from->nr_rows; i++)
		if (from->keys[from->rows[i].key + func])
			ksyms_want(&v->ksyms, from->keys[from->rows[i].key + func]);
	ksyms_resolve(&v->ksyms);
	for (i = 0; i < from->nr_rows; i++) {
		const struct row *row = &from->rows[i];
		const uint64_t *old = from->keys + row->key;

		for (c = n = 0; c < from->nr_keys; c++) {
			if (c == uip)
				continue;
			key[n++] = old[c];
			if (c != func)
				continue;
			name_function(v, from, old[func], old[uip], &name);
			key[n - 1] = (uint64_t)(uintptr_t)pool_intern(&from->texts, name.p);
		}
		table_add(to, table_row(to, key), row, table_figures(from, row));
	}
	buf_free(&name);
}

/* Names that are found stay in the view; only its columns are others for a while. */
static int print_functions(struct run_spec *spec, struct report *r, const struct output *to)
{
	struct view *v = r->view;
	struct table *from = r->table;
	struct view before = *v;
	struct table merged;
	size_t func = 0;
	size_t uip = 0;
	size_t i;
	int err;

	if (!find_columns(v, &func, &uip)) {
		report_resolve(r);
		return report_print(r, to);
	}
	v->nr_columns = 0;
	for (i = 0; i < before.nr_columns; i++) {
		if (i == uip)
			continue;
		v->columns[v->nr_columns] = i == func ? &func_column : before.columns[i];
		v->types[v->nr_columns++] = i == func ? KOBS_TYPE_TEXT : before.types[i];
	}
	model_init_table(&merged, v->types, v->nr_columns, v->mode);
	merge_functions(v, from, &merged, func, uip);
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

/* The kernel keys a function by its two words; the user means both by "func". */
static void choose_columns(struct pmu_run *p)
{
	static const char *const plain[] = { "func", "uip" };
	static const char *const folded[] = { "comm", "ustack", "kstack" };
	const struct opts *o = p->o;
	size_t i;

	if (o->by.n)
		pmu_by(p, (const char *const *)o->by.v, o->by.n);
	else if (o->folded)
		pmu_by(p, folded, ARRAY_SIZE(folded));
	else
		pmu_by(p, plain, ARRAY_SIZE(plain));
	for (i = 0; o->by.n && i < o->by.n; i++)
		if (!strcmp(o->by.v[i], "func") && !pmu_is_by(p, "uip"))
			strings_add(&p->own.by, "uip");
}

/** pmu_record() - Return: the exit status. */
int pmu_record(const struct opts *o)
{
	uint64_t branches = 0;
	struct pmu_run p;
	int err = pmu_begin(&p, o, "record");

	if (!err && !p.events.n)
		err = pmu_events_add(&p.events, "cycles");
	if (!err && o->call_graph && !strcmp(o->call_graph, "lbr"))
		branches = PERF_SAMPLE_BRANCH_CALL_STACK | PERF_SAMPLE_BRANCH_USER;
	else if (!err && o->call_graph && strcmp(o->call_graph, "fp"))
		err = misuse("option --call-graph needs fp or lbr, not '%s'", o->call_graph);
	if (!err) {
		pmu_sample(&p, branches);
		choose_columns(&p);
		if (branches && !pmu_is_by(&p, "ustack"))
			strings_add(&p.own.by, "ustack");
		p.spec.report = print_functions;
		err = run_session(&p.spec, &p.own);
	}
	pmu_end(&p);
	return err;
}
