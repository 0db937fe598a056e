// SPDX-License-Identifier: GPL-2.0
/*
 * obsctl pmu stat: counts of events, scaled up where they shared a counter, and
 * what follows from pairs of them.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/pmu/pmu.h"
#include "cmd/pmu/setup.h"
#include "cmd/pmu/stat.h"
#include "lib/buf.h"
#include "lib/diag.h"
#include "lib/format.h"
#include "lib/macros.h"

/* Fields of the source's rows. */
enum { STAT_ENABLED, STAT_RUNNING, STAT_FIELDS };

static struct stat_row *find_row(const struct stat_state *st, const uint64_t *key, size_t keys)
{
	size_t i;

	for (i = 0; i < st->n; i++)
		if (!memcmp(st->v[i].key, key, keys * sizeof(*key)))
			return &st->v[i];
	return NULL;
}

static int compare_keys(const void *a, const void *b)
{
	const struct stat_row *x = a;
	const struct stat_row *y = b;
	size_t i;

	for (i = 0; i < STAT_KEYS; i++)
		if (x->key[i] != y->key[i])
			return x->key[i] < y->key[i] ? -1 : 1;
	return 0;
}

/* The rows of the kernel's table, in the order of their keys. */
static void take_rows(const struct table *t, struct stat_state *now)
{
	size_t i;

	for (i = 0; i < t->nr_rows; i++) {
		const uint64_t *fields = table_figures(t, &t->rows[i]);
		struct stat_row *s;

		now->v = grow(now->v, &now->cap, now->n + 1, sizeof(*now->v));
		s = &now->v[now->n++];
		memset(s, 0, sizeof(*s));
		memcpy(s->key, t->keys + t->rows[i].key, t->nr_keys * sizeof(*s->key));
		s->count = t->rows[i].count;
		if (t->nr_figures >= STAT_FIELDS) {
			s->enabled = fields[STAT_ENABLED];
			s->running = fields[STAT_RUNNING];
		}
	}
	if (now->n)
		qsort(now->v, now->n, sizeof(*now->v), compare_keys);
}

/* What was counted since the report before. */
static void subtract(struct stat_state *now, const struct stat_state *before, size_t keys)
{
	size_t i;

	for (i = 0; i < now->n; i++) {
		const struct stat_row *old = find_row(before, now->v[i].key, keys);

		if (!old)
			continue;
		now->v[i].count -= old->count;
		now->v[i].enabled -= old->enabled;
		now->v[i].running -= old->running;
	}
	now->duration -= before->duration;
}

static void name_rows(const struct pmu_run *p, const struct view *v, struct stat_state *st)
{
	size_t c = view_column(v, "event");
	size_t i;

	for (i = 0; i < st->n; i++) {
		struct stat_row *s = &st->v[i];
		const struct pmu_event *e = NULL;

		if (c < v->nr_columns && s->key[c] < p->events.n)
			e = &p->events.v[s->key[c]];
		s->event = e ? e->name : "";
		s->scale = e ? pmu_event_unit(e, s->unit, sizeof(s->unit)) : 1;
	}
}

static void print_row(struct report *r, struct out *o, const struct stat_row *s, uint64_t duration)
{
	struct view *v = r->view;
	struct buf b = {};
	size_t c;

	out_row_begin(o);
	out_are_keys(o, true);
	for (c = 0; c < v->nr_columns; c++) {
		const char *name = v->columns[c]->name;
		const char *header = strcmp(name, "cpu") ? name : "CPU";

		if (c == view_column(v, "event"))
			continue;
		b.len = 0;
		view_print_key(v, c, s->key[c], &b);
		if (v->types[c] == KOBS_TYPE_NUMBER)
			out_cell_shown(o, name, header, s->key[c], b.p);
		else
			out_cell_text(o, name, header, b.p ? b.p : "");
	}
	out_are_keys(o, false);
	buf_free(&b);
	stat_print_count(o, s, duration);
	out_row_end(o);
}

static void print_absent(const struct pmu_run *p, struct report *r, struct out *o)
{
	const struct view *v = r->view;
	size_t i;
	size_t c;

	for (i = 0; i < p->absent.n; i++) {
		out_row_begin(o);
		for (c = 0; c < v->nr_columns; c++) {
			const char *name = v->columns[c]->name;

			if (c != view_column(v, "event"))
				out_cell_aside(o, strcmp(name, "cpu") ? name : "CPU", "-",
					       v->types[c] == KOBS_TYPE_NUMBER);
		}
		stat_print_absent(o, p->absent.v[i]);
		out_row_end(o);
	}
}

static int print_stat(struct run_spec *spec, struct report *r, const struct output *to)
{
	struct pmu_run *p = spec->arg;
	struct stat_state *before = p->verb;
	struct stat_state now = { .duration = r->session->duration };
	struct stat_state all;
	struct buf title = {};
	struct out o;
	size_t i;

	if (r->view->nr_columns > STAT_KEYS)
		return refuse("pmu stat takes at most %d columns", STAT_KEYS);
	take_rows(r->table, &now);
	name_rows(p, r->view, &now);
	all = now;
	all.v = now.n ? zalloc(now.n * sizeof(*now.v)) : NULL;
	if (now.n)
		memcpy(all.v, now.v, now.n * sizeof(*now.v));
	/* A screen has the totals, too. */
	if (r->interim && !to->grid)
		subtract(&now, before, r->view->nr_columns);
	output_begin(to, &o, r->opts->json);
	out_open(&o, NULL, '{');
	r->what = pmu_title(p, r->session, &title);
	report_header(r, &o);
	if (p->lacking && p->defaults)
		out_line(&o, "Only software events: %s.\n", p->lacking);
	if (p->lacking && p->defaults)
		out_json_text(&o, "lacking", p->lacking);
	out_json_bool(&o, "interval", r->interim);
	out_json_number(&o, "interval_ns", now.duration);
	out_table_begin(&o, "rows");
	for (i = 0; i < now.n; i++)
		print_row(r, &o, &now.v[i], now.duration);
	print_absent(p, r, &o);
	out_table_end(&o);
	stat_print_ratios(&o, &now);
	if (!r->interim || o.json || to->grid)
		report_footer(r, &o);
	out_close(&o, '}');
	out_newline(&o);
	out_free(&o);
	buf_free(&title);
	free(now.v);
	free(before->v);
	*before = all;
	return output_flush(to);
}

/* What is counted when nothing is asked for: what the machine can count at once. */
static int default_events(struct pmu_run *p)
{
	static const char *const names[] = {
		"task-clock", "context-switches", "cpu-migrations", "page-faults", "cycles",
		"instructions", "branches", "branch-misses",
	};
	size_t i;
	int err = 0;

	p->defaults = true;
	if (!pmu_has_hardware())
		p->lacking = "the CPU's PMU is not there";
	for (i = 0; !err && i < ARRAY_SIZE(names); i++)
		if (pmu_counts(names[i]))
			err = pmu_events_add(&p->events, names[i]);
	return err;
}

/* Set those apart that the machine does not count, unless these are all. */
static void find_absent(struct pmu_run *p)
{
	struct pmu_events *all = &p->events;
	size_t kept = 0;
	size_t i;

	for (i = 0; i < all->n && !pmu_event_counts(&all->v[i]); i++)
		;
	if (i == all->n)
		return;
	for (i = 0; i < all->n; i++) {
		if (pmu_event_counts(&all->v[i])) {
			all->v[kept++] = all->v[i];
			continue;
		}
		strings_add(&p->absent, all->v[i].name);
		numbers_free(&all->v[i].cpus);
		free(all->v[i].name);
	}
	all->n = kept;
}

/* Tasks move between CPUs: what they count has none. */
static int check_columns(const struct pmu_run *p)
{
	const struct opts *o = p->o;
	bool tasks = p->tasks.n || (o->command && !p->opts->all_cpus && !o->cpus.n);

	if (tasks && strings_have(&o->by, "cpu"))
		return misuse("--by cpu needs events of CPUs: add -a or -C, or leave out -p and -t");
	return 0;
}

/** pmu_stat() - Return: the exit status. */
int pmu_stat(const struct verb *verb, const struct opts *o)
{
	struct stat_state before = {};
	struct pmu_run p;
	int err = pmu_begin(&p, o, "stat");
	size_t i;

	if (!err)
		err = check_columns(&p);
	if (!err)
		find_absent(&p);
	if (!err && !p.events.n)
		err = default_events(&p);
	if (!err && o->by.n) {
		pmu_by(&p, NULL, 0);
		if (!strings_have(&o->by, "event"))
			strings_add(&p.own.by, "event");
		for (i = 0; i < o->by.n; i++)
			strings_add(&p.own.by, o->by.v[i]);
	}
	if (!err) {
		p.verb = &before;
		p.spec.report = print_stat;
		err = run_session(&p.spec, &p.own);
	}
	free(before.v);
	pmu_end(&p);
	return err;
}
