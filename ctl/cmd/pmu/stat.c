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
#include "lib/buf.h"
#include "lib/diag.h"
#include "lib/format.h"
#include "lib/macros.h"

/* Fields of the source's rows. */
enum { STAT_ENABLED, STAT_RUNNING, STAT_FIELDS };

#define STAT_KEYS	8

/* A row, or what it was in the report before. */
struct stat_row {
	uint64_t	key[STAT_KEYS];
	uint64_t	count;
	uint64_t	enabled;
	uint64_t	running;
};

struct stat_state {
	struct stat_row	*v;
	size_t		n;
	size_t		cap;
	uint64_t	duration;
};

/* What is said of two events that were counted together. */
static const struct {
	const char	*of;
	const char	*per;
	const char	*key;
	const char	*text;
	bool		percent;
} ratios[] = {
	{ "instructions", "cycles", "ipc", "instructions per cycle", false },
	{ "branch-misses", "branches", "branch_miss_rate", "of the branches were mispredicted",
	  true },
	{ "cache-misses", "cache-references", "cache_miss_rate", "of the cache references missed",
	  true },
	{ "L1-dcache-load-misses", "L1-dcache-loads", "l1d_miss_rate", "of the L1 loads missed",
	  true },
	{ "LLC-load-misses", "LLC-loads", "llc_miss_rate", "of the last cache's loads missed",
	  true },
	{ "dTLB-load-misses", "dTLB-loads", "dtlb_miss_rate", "of the data TLB's loads missed",
	  true },
	{ "iTLB-load-misses", "iTLB-loads", "itlb_miss_rate",
	  "of the instruction TLB's loads missed", true },
};

static double scaled(const struct stat_row *s)
{
	if (!s->running || s->running >= s->enabled)
		return (double)s->count;
	return (double)s->count * (double)s->enabled / (double)s->running;
}

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

static const struct pmu_event *event_of(const struct pmu_run *p, const struct view *v,
					const struct stat_row *s)
{
	size_t c = view_column(v, "event");

	return c < v->nr_columns && s->key[c] < p->events.n ? &p->events.v[s->key[c]] : NULL;
}

/*
 * Count, name and rate. Nanoseconds per second are CPUs that were busy; other
 * units are as the PMU says.
 */
static void print_count(const struct pmu_run *p, const struct view *v, struct out *o,
			const struct stat_row *s, uint64_t duration)
{
	const struct pmu_event *e = event_of(p, v, s);
	char unit[32] = "";
	double scale = e ? pmu_event_unit(e, unit, sizeof(unit)) : 1;
	double n = scaled(s) * scale;
	double rate = duration ? n * 1e9 / (double)duration : 0;
	bool ns = !strcmp(unit, "ns");
	char number[40];
	char shown[80];

	if (ns)
		format_ns(shown, sizeof(shown), n);
	else if (scale < 1 || scale > 1)
		snprintf(shown, sizeof(shown), "%.2f %s", n, unit);
	else
		snprintf(shown, sizeof(shown), "%s%s%s",
			 format_count(number, sizeof(number), (uint64_t)(n + 0.5)),
			 *unit ? " " : "", unit);
	out_cell_aside(o, "COUNT", s->enabled && !s->running ? "<not counted>" : shown, true);
	out_is_counter(o, n, unit);
	out_cell_text(o, "event", "EVENT", e ? e->name : "");
	if (*unit)
		out_json_text(o, "unit", unit);
	if (scale < 1 || scale > 1)
		out_json_precise(o, "unit_scale", scale);
	format_rate(number, sizeof(number), ns ? rate / 1e9 : rate);
	snprintf(shown, sizeof(shown), "%s%s%s", number, *unit ? " " : "", ns ? "CPUs" : unit);
	out_cell_aside(o, "PER SECOND", shown, true);
}

/* Events that the machine does not count have a row without numbers. */
static void print_absent(const struct pmu_run *p, struct report *r, struct out *o)
{
	const struct view *v = r->view;
	size_t i;
	size_t c;

	for (i = 0; i < p->absent.n; i++) {
		out_row_begin(o);
		for (c = 0; c < v->nr_columns; c++)
			if (c != view_column(v, "event"))
				out_cell_aside(o, v->columns[c]->name, "-",
					       v->types[c] == KOBS_TYPE_NUMBER);
		out_cell_aside(o, "COUNT", "<not supported>", true);
		out_cell_text(o, "event", "EVENT", p->absent.v[i]);
		out_json_bool(o, "supported", false);
		out_cell_aside(o, "PER SECOND", "-", true);
		out_cell_aside(o, "COUNTED FOR", "-", true);
		out_row_end(o);
	}
}

static void print_row(const struct pmu_run *p, struct report *r, struct out *o,
		      const struct stat_row *s, uint64_t duration)
{
	struct view *v = r->view;
	double n = scaled(s);
	struct buf b = {};
	char shown[40];
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
	print_count(p, v, o, s, duration);
	snprintf(shown, sizeof(shown), "%.1f %%",
		 s->enabled ? (double)s->running * 100 / (double)s->enabled : 0);
	out_cell_aside(o, "COUNTED FOR", shown, true);
	if (o->json) {
		out_json_number(o, "count", s->count);
		out_json_number(o, "scaled", (uint64_t)(n + 0.5));
		out_json_number(o, "enabled_ns", s->enabled);
		out_json_number(o, "running_ns", s->running);
	}
	out_row_end(o);
}

/* The sum of an event over all rows: CPUs, tasks. @shared: it was not counted all the time. */
static bool sum_of(const struct pmu_run *p, const struct view *v, const struct stat_state *st,
		   const char *name, double *sum, bool *shared)
{
	bool found = false;
	size_t i;

	*sum = 0;
	for (i = 0; i < st->n; i++) {
		const struct pmu_event *e = event_of(p, v, &st->v[i]);
		const char *event = e ? e->name : "";
		size_t len = strlen(name);

		if (strncmp(event, name, len) || (event[len] && event[len] != ':'))
			continue;
		found = true;
		*sum += scaled(&st->v[i]);
		*shared |= st->v[i].running < st->v[i].enabled;
	}
	return found;
}

static void print_ratios(const struct pmu_run *p, struct report *r, struct out *o,
			 const struct stat_state *st)
{
	bool estimated[ARRAY_SIZE(ratios)] = {};
	bool first = true;
	double of;
	double per;
	size_t i;

	out_open(o, "derived", '{');
	for (i = 0; i < ARRAY_SIZE(ratios); i++) {
		bool shared = false;

		if (!sum_of(p, r->view, st, ratios[i].of, &of, &shared) ||
		    !sum_of(p, r->view, st, ratios[i].per, &per, &shared) || per < 1)
			continue;
		estimated[i] = shared;
		out_json_real(o, ratios[i].key, of / per);
		if (!o->json)
			out_line(o, "%s%8.2f%s %s%s", first ? "\n" : "",
				 of / per * (ratios[i].percent ? 100 : 1),
				 ratios[i].percent ? " %" : "", ratios[i].text,
				 shared ? " (estimated: these events shared counters)" : "");
		first = false;
	}
	out_close(o, '}');
	out_open(o, "derived_estimated", '[');
	for (i = 0; i < ARRAY_SIZE(ratios); i++)
		if (estimated[i])
			out_json_text(o, NULL, ratios[i].key);
	out_close(o, ']');
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
	out_json_bool(&o, "interval", r->interim);
	out_table_begin(&o, "rows");
	for (i = 0; i < now.n; i++)
		print_row(p, r, &o, &now.v[i], now.duration);
	print_absent(p, r, &o);
	out_table_end(&o);
	print_ratios(p, r, &o, &now);
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
