// SPDX-License-Identifier: GPL-2.0
/*
 * What a row of pmu record weighs: its events, the sum of its samples' periods.
 * With a frequency the kernel changes the period all the time, so that samples
 * stand for more events or fewer; events of a row are what its event counted there.
 * Events of several kinds do not add up: where rows mix them, they weigh their samples.
 */

#include <stdlib.h>
#include <string.h>

#include "cmd/pmu/weight.h"
#include "lib/buf.h"
#include "report/report.h"

/* Events of all rows whose column event has this value: a whole for their shares. */
struct whole {
	uint64_t	event;
	uint64_t	events;
};

struct wholes {
	struct whole	*v;
	size_t		n;
	size_t		cap;
	bool		throttled;	/* some event was */
};

/* Further numbers of a row. The module can have others, in any order. */
#define EVENTS		"events"
#define THROTTLED	"throttled"

static uint64_t figure(const struct report *r, const struct row *row, const char *name,
		       uint64_t without)
{
	const struct mode *m = r->view->mode;
	size_t i;

	for (i = 0; i < m->nr_figures; i++)
		if (!strcmp(m->figures[i].name, name))
			return table_figures(r->table, row)[i];
	return without;
}

/* Whether rows have samples of several events in them. */
static bool mixed(const struct report *r)
{
	return r->session->targets > 1 && view_column(r->view, "event") >= r->view->nr_columns;
}

/*
 * Numbers of different events do not add up; samples do, as such. Whoever reads folded
 * stacks, or draws them, adds them all up.
 */
static uint64_t weight(struct report *r, const struct row *row)
{
	if (mixed(r) || (opts_wants_stacks(r->opts) && r->session->targets > 1))
		return row->count;
	return figure(r, row, EVENTS, row->count);
}

/* Whether the events of all rows are nanoseconds: the module knows its clocks. */
static bool in_ns(const struct session *s)
{
	const struct session_note *clocks = model_note(s, "clocks");

	return clocks && clocks->number == s->targets;
}

/* Clocks count ns, other events themselves; samples stand for no number of either. */
static const char *unit_of(struct report *r)
{
	if (mixed(r) || r->session->targets > 1)
		return "samples";
	return in_ns(r->session) ? "ns" : "events";
}

/* Throttling is rare: in text, a column of zeros says nothing. */
static bool shows(struct report *r, const struct figure *f, const char **unit)
{
	const struct wholes *all = r->judged;

	if (!strcmp(f->name, THROTTLED))
		return r->opts->json || (all && all->throttled);
	if (strcmp(f->name, EVENTS))
		return true;
	if (in_ns(r->session))
		*unit = "ns";
	return !mixed(r);
}

static uint64_t event_of(const struct report *r, const struct row *row)
{
	size_t c = view_column(r->view, "event");

	return c < r->view->nr_columns ? r->table->keys[row->key + c] : 0;
}

static uint64_t whole(struct report *r, const struct row *row)
{
	const struct wholes *all = r->judged;
	uint64_t left_out = r->saved && all->n == 1 ? r->saved->weight_left_out : 0;
	size_t i;

	for (i = 0; i < all->n; i++)
		if (all->v[i].event == event_of(r, row))
			return all->v[i].events + left_out;
	return 0;
}

/* Of which event those rows were that a file does not have is not known. */
static void print_foot(struct report *r, struct out *o)
{
	const struct wholes *all = r->judged;

	if (r->saved && r->saved->rows_left_out && all->n > 1)
		out_line(o, "SHARE: of the rows that the file has");
}

static void add_row(struct wholes *all, struct report *r, const struct row *row)
{
	uint64_t event = event_of(r, row);
	size_t i;

	for (i = 0; i < all->n && all->v[i].event != event; i++)
		;
	if (i == all->n) {
		all->v = grow(all->v, &all->cap, all->n + 1, sizeof(*all->v));
		all->v[all->n++] = (struct whole){ .event = event };
	}
	all->v[i].events += weight(r, row);
	all->throttled |= figure(r, row, THROTTLED, 0) > 0;
}

static double share(struct report *r, const struct row *row)
{
	uint64_t all = whole(r, row);

	return all ? (double)weight(r, row) / (double)all : 0;
}

static int compare(const void *a, const void *b, void *arg)
{
	struct report *r = arg;
	double p = share(r, a);
	double q = share(r, b);
	const struct row *x = a;
	const struct row *y = b;

	if (p < q || p > q)
		return p < q ? 1 : -1;
	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return (x->key > y->key) - (x->key < y->key);
}

static void release(struct report *r)
{
	struct wholes *all = r->judged;

	if (all)
		free(all->v);
	free(all);
	r->judged = NULL;
}

static void arrange(struct report *r)
{
	struct table *t = r->table;
	struct wholes *all;
	size_t i;

	release(r);
	all = zalloc(sizeof(*all));
	r->judged = all;
	for (i = 0; i < t->nr_rows; i++)
		add_row(all, r, &t->rows[i]);
	if (t->nr_rows && report_has_order(r))
		qsort_r(t->rows, t->nr_rows, sizeof(*t->rows), compare, r);
}

const struct report_kind pmu_record_report = {
	.source = "pmu",
	.mode = "record",
	.arrange = arrange,
	.palette = FLAME_CPU,
	.unit = unit_of,
	.weight = weight,
	.hit = "samples",
	.whole = whole,
	.print_foot = print_foot,
	.shows = shows,
	.release = release,
};
