// SPDX-License-Identifier: GPL-2.0
/*
 * obsctl pmu stat: counts of events, scaled up where they shared a counter, and
 * what follows from pairs of them.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/pmu/pmu.h"
#include "cmd/pmu/stat_metrics.h"
#include "cmd/pmu/setup.h"
#include "cmd/pmu/stat.h"
#include "cmd/pmu/stat_sampled.h"
#include "cmd/pmu/topdown.h"
#include "cmd/pmu/stat_verdict.h"
#include "lib/buf.h"
#include "lib/diag.h"
#include "lib/format.h"
#include "lib/macros.h"

/* Fields of the source's rows: of counters, and of samples. */
enum { STAT_ENABLED, STAT_RUNNING, STAT_FIELDS };
enum { SAMPLED_THROTTLED, SAMPLED_EVENTS };

/* What the verb keeps: the counts of the report before, and how slots are to be divided. */
struct stat_verb {
	struct stat_state before;
	struct topdown_plan plan;
	struct pool	texts;
	bool		sampled;
};

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

/* A table's texts go with it: rows of the report before are found by those of @kept. */
static void take_keys(const struct table *t, const struct row *row, const struct view *v,
		      struct pool *kept, uint64_t *key)
{
	size_t c;

	for (c = 0; c < t->nr_keys; c++) {
		uint64_t k = t->keys[row->key + c];

		key[c] = v->types[c] != KOBS_TYPE_TEXT ? k :
			 (uint64_t)(uintptr_t)pool_intern(kept, (const char *)(uintptr_t)k);
	}
}

/* The rows of the kernel's table, in the order of their keys. */
static void take_rows(const struct table *t, const struct view *v, struct pool *kept,
		      struct stat_state *now)
{
	size_t i;

	for (i = 0; i < t->nr_rows; i++) {
		const uint64_t *fields = table_figures(t, &t->rows[i]);
		struct stat_row *s;

		now->v = grow(now->v, &now->cap, now->n + 1, sizeof(*now->v));
		s = &now->v[now->n++];
		memset(s, 0, sizeof(*s));
		take_keys(t, &t->rows[i], v, kept, s->key);
		s->count = t->rows[i].count;
		if (t->nr_figures >= STAT_FIELDS && now->sampled) {
			s->samples = s->count;
			s->count = fields[SAMPLED_EVENTS];
		} else if (t->nr_figures >= STAT_FIELDS) {
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
		now->v[i].samples -= old->samples;
	}
	now->duration -= before->duration;
}

/* Rows of one task or CPU: those of events differ in one key. */
static void find_groups(struct stat_state *st, size_t keys, size_t event)
{
	struct stat_groups groups = {};
	struct buf text = {};
	size_t i, c;

	for (i = 0; i < st->n; i++) {
		text.len = 0;
		buf_puts(&text, "");
		for (c = 0; c < keys; c++)
			if (c != event)
				buf_printf(&text, "%llx ", (unsigned long long)st->v[i].key[c]);
		st->v[i].group = stat_group(&groups, text.p);
	}
	st->groups = groups.n;
	stat_groups_free(&groups);
	buf_free(&text);
}

/* Which of the plan's events it is, for the reader; the session's are in its order. */
static const char *role_of(const struct topdown_plan *plan, uint64_t event)
{
	return event < plan->n ? plan->method->event[plan->event[event]].role : NULL;
}

static void name_rows(const struct pmu_run *p, const struct view *v, struct stat_state *st)
{
	const struct stat_verb *verb = p->verb;
	size_t c = view_column(v, "event");
	size_t i;

	for (i = 0; i < st->n; i++) {
		struct stat_row *s = &st->v[i];
		const struct pmu_event *e = NULL;

		if (c < v->nr_columns && s->key[c] < p->events.n)
			e = &p->events.v[s->key[c]];
		s->event = e ? e->name : "";
		s->scale = e ? pmu_event_unit(e, s->unit, sizeof(s->unit)) : 1;
		s->role = e ? role_of(&verb->plan, s->key[c]) : NULL;
	}
	find_groups(st, v->nr_columns, c);
	if (st->sampled) {
		stat_sort_sampled(st, c);
		find_groups(st, v->nr_columns, c);
	}
	stat_link(st);
}

static void print_row(struct report *r, struct out *o, const struct stat_state *st, size_t row)
{
	const struct stat_row *s = &st->v[row];
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
		if (v->types[c] == KOBS_TYPE_NUMBER && view_is_named(v, c))
			report_print_named(v, o, c, header, s->key[c], b.p ? b.p : "");
		else if (v->types[c] == KOBS_TYPE_NUMBER)
			out_cell_shown(o, name, header, s->key[c], b.p);
		else
			out_cell_text(o, name, header, b.p ? b.p : "");
	}
	out_are_keys(o, false);
	buf_free(&b);
	stat_print_count(o, st, row);
	out_row_end(o);
}

static void print_absent(const struct pmu_run *p, struct report *r, struct out *o,
			 const struct stat_state *st)
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
		stat_print_absent(o, st, p->absent.v[i]);
		out_row_end(o);
	}
}

static bool observes_tasks(const struct pmu_run *p)
{
	return p->tasks.n || (p->o->command && !p->opts->all_cpus && !p->o->cpus.n);
}

/* Counts of the plan's events over all rows. */
static bool divide_slots(const struct pmu_run *p, const struct stat_state *st, struct topdown *t,
			 struct stat_verdicts *v)
{
	const struct stat_verb *verb = p->verb;
	struct topdown_count count[TOPDOWN_EVENTS] = {};
	struct buf line = {};
	const char *why;
	size_t i;
	bool done;

	for (i = 0; i < verb->plan.n; i++) {
		const char *name = p->events.v[i].name;
		struct stat_sum sum = stat_sum_of(st, name, stat_modifiers(name), STAT_ALL);

		count[i] = (struct topdown_count){ sum.n, sum.shared, sum.found && !sum.unscaled };
	}
	done = topdown_work_out(&verb->plan, count, t, &why);
	if (!done) {
		buf_printf(&line, "slots: the event of '%s' counted nothing", why);
		strings_add(&v->missing, line.p);
	}
	buf_free(&line);
	return done;
}

/* What the counts say, behind the table. */
static void print_judged(const struct pmu_run *p, const struct report *r, struct out *o,
			 const struct stat_state *st)
{
	const struct stat_verb *verb = p->verb;
	const char *names[TOPDOWN_EVENTS];
	struct stat_verdicts found = {};
	struct topdown t;
	size_t i;

	stat_print_ratios(o, st);
	for (i = 0; i < verb->plan.n; i++)
		names[i] = p->events.v[i].name;
	if (verb->plan.n && divide_slots(p, st, &t, &found)) {
		stat_print_topdown(o, &t);
		if (stat_verdict_slots(st, &verb->plan, names, &found.missing))
			stat_verdict_topdown(&found, &t);
	}
	stat_verdict_find(&found, st, &p->absent);
	if (!r->interim || o->json)
		stat_print_verdicts(o, &found);
	stat_verdict_free(&found);
}

static int print_stat(struct run_spec *spec, struct report *r, const struct output *to)
{
	struct pmu_run *p = spec->arg;
	struct stat_verb *verb = p->verb;
	struct stat_state *before = &verb->before;
	struct stat_state now = {
		.duration = r->session->duration, .of_tasks = observes_tasks(p),
	};
	struct stat_state all;
	struct buf title = {};
	size_t i, top;
	struct out o;

	now.sampled = verb->sampled;
	now.of_tasks |= now.sampled;
	top = r->opts->top.given ? r->opts->top.value :
	      now.sampled && !r->opts->json && !to->grid ? STAT_TOP : 0;
	if (r->view->nr_columns > STAT_KEYS)
		return refuse("pmu stat takes at most %d columns", STAT_KEYS);
	take_rows(r->table, r->view, &verb->texts, &now);
	all = now;
	all.v = now.n ? zalloc(now.n * sizeof(*now.v)) : NULL;
	if (now.n)
		memcpy(all.v, now.v, now.n * sizeof(*now.v));
	name_rows(p, r->view, &now);
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
	stat_print_sampled(&o, &now);
	out_json_bool(&o, "interval", r->interim);
	out_json_bool(&o, "of_tasks", now.of_tasks);
	out_json_bool(&o, "sampled", now.sampled);
	out_json_number(&o, "interval_ns", now.duration);
	out_table_begin(&o, "rows");
	for (i = 0; i < now.n; i++)
		if (!top || now.v[i].group < top)
			print_row(r, &o, &now, i);
	print_absent(p, r, &o, &now);
	out_table_end(&o);
	stat_print_more(&o, &now, top, 0);
	print_judged(p, r, &o, &now);
	if (!r->interim || o.json || to->grid)
		report_footer(r, &o);
	out_close(&o, '}');
	out_newline(&o);
	out_free(&o);
	buf_free(&title);
	stat_free(&now);
	free(before->v);
	*before = all;
	return output_flush(to);
}

/* What is counted when nothing is asked for: what the machine can count at once. */
static int default_events(struct pmu_run *p)
{
	static const char *const names[] = {
		"task-clock", "context-switches", "cpu-migrations", "page-faults", "cycles",
		"instructions", "branches", "branch-misses", "cache-references", "cache-misses",
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

/* Tasks move between CPUs: what they count is of none, and they are chosen beforehand. */
static int check_columns(const struct pmu_run *p)
{
	if (observes_tasks(p) && strings_have(&p->o->by, "cpu"))
		return misuse("--by cpu needs events of CPUs: add -a or -C, or leave out -p and -t");
	if (observes_tasks(p) && stat_has_filters(p))
		return misuse("--comm and --cgroup need events of CPUs: add -a or -C, or leave out -p and -t");
	return 0;
}

/* Its events, which are of no use one without the other. */
static int choose_topdown(struct pmu_run *p, struct topdown_plan *plan)
{
	int err = topdown_find(plan, &p->o->cpus, &p->events);
	size_t i;

	for (i = 0; !err && i < p->events.n; i++)
		if (!pmu_event_counts(&p->events.v[i]))
			err = refuse("--topdown needs the event %s, which perf does not count here",
				     p->events.v[i].name);
	return err;
}

/** pmu_check_stat() - Return: 0, or STATUS_USAGE for options that contradict each other. */
int pmu_check_stat(const struct verb *verb, const struct opts *o)
{
	const struct pmu_opts *own = o->own;

	if (own->topdown && own->events.n)
		return misuse("--topdown chooses its events: it cannot be combined with -e");
	return 0;
}

/** pmu_stat() - Return: the exit status. */
int pmu_stat(const struct verb *verb, const struct opts *o)
{
	struct stat_verb own = {};
	struct pmu_run p;
	int err = pmu_begin(&p, o, "stat");
	size_t i;

	if (!err)
		err = check_columns(&p);
	if (!err && p.opts->topdown)
		err = choose_topdown(&p, &own.plan);
	if (!err)
		find_absent(&p);
	if (!err && !p.events.n)
		err = default_events(&p);
	if (!err && stat_is_sampled(&p, observes_tasks(&p))) {
		own.sampled = true;
		stat_sample(&p);
	}
	if (!err && (o->by.n || own.sampled)) {
		pmu_by(&p, NULL, 0);
		if (!strings_have(&o->by, "event"))
			strings_add(&p.own.by, "event");
		for (i = 0; i < o->by.n; i++)
			strings_add(&p.own.by, o->by.v[i]);
	}
	if (!err) {
		p.verb = &own;
		p.spec.report = print_stat;
		err = run_session(&p.spec, &p.own);
	}
	free(own.before.v);
	pool_free(&own.texts);
	pmu_end(&p);
	return err;
}
