// SPDX-License-Identifier: GPL-2.0
/*
 * The report of 'slab leaks': live objects by call site, worst first, with a
 * verdict and its evidence. The same for a session that has just ended, one that
 * goes on, and one that runs detached: all of it comes from the kernel's rows.
 */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/slab/leaks.h"
#include "cmd/slab/slab.h"
#include "cmd/slab/verdict.h"
#include "lib/buf.h"
#include "lib/diag.h"
#include "lib/format.h"
#include "lib/lines.h"
#include "lib/macros.h"
#include "lib/parse.h"

/* A row, and what is said of it. */
struct judged {
	struct row	row;
	struct evidence	evidence;
	enum verdict	verdict;
	uint64_t	live_bytes;
	uint64_t	missed;
	uint64_t	failed;
};

struct leaks {
	struct judged	*v;
	uint64_t	sample;		/* one in so many objects is followed */
	uint64_t	unknown_frees;
	uint64_t	objects;	/* live, of all rows, and their bytes */
	uint64_t	bytes;
	const char	*module;	/* NULL for all code */
	bool		missed;		/* in some row */
	bool		failed;
};

/** slab_figure() - Return: the place of a number of each row, by its name. */
size_t slab_figure(const struct mode *m, const char *name)
{
	size_t i;

	for (i = 0; i < m->nr_figures; i++)
		if (!strcmp(m->figures[i].name, name))
			return i;
	return SIZE_MAX;
}

static uint64_t figure(const struct report *r, const struct row *row, const char *name)
{
	size_t i = slab_figure(r->view->mode, name);

	return i == SIZE_MAX ? 0 : table_figures(r->table, row)[i];
}

static const struct param *param_of(const struct report *r, const char *name)
{
	size_t i;

	for (i = 0; i < r->session->nr_params; i++)
		if (!strcmp(r->session->params[i].name, name))
			return &r->session->params[i];
	return NULL;
}

static uint64_t number_param(const struct report *r, const char *name)
{
	const struct param *p = param_of(r, name);

	return p ? p->number : 0;
}

static const char *cache_of(const struct report *r, const struct row *row)
{
	size_t c;

	for (c = 0; c < r->view->nr_columns; c++)
		if (!strcmp(r->view->columns[c]->name, "cache"))
			return (const char *)(uintptr_t)r->table->keys[row->key + c];
	return "";
}

/* Caches whose objects the kernel frees late, many at once, though no flag says so. */
static const char *const freed_late[] = {
	"vmap_area",		/* vfree() */
};

/* Whether the kernel takes the objects of a cache back by itself. */
static bool is_reclaimable(const char *cache)
{
	long long value = 0;
	char path[128];
	size_t i;

	if (!strncmp(cache, "kmalloc-rcl-", 12))
		return true;
	for (i = 0; i < ARRAY_SIZE(freed_late); i++)
		if (!strcmp(cache, freed_late[i]))
			return true;
	if (!*cache || strchr(cache, '/'))
		return false;
	snprintf(path, sizeof(path), "/sys/kernel/slab/%s/reclaim_account", cache);
	return !read_number(path, &value) && value;
}

/* Whether the user gave a parameter that limits which objects are followed. */
static bool is_set(const struct report *r, const char *name)
{
	const struct param *p = param_of(r, name);

	return p && (p->text ? *p->text != 0 : p->number > 0 && p->number != p->def);
}

static void find_evidence(struct report *r, struct judged *j)
{
	struct evidence *e = &j->evidence;
	const struct row *row = &j->row;
	char name[8];
	size_t k;

	e->window = r->session->duration;
	e->older = number_param(r, "older") * 1000000;
	e->allocated = figure(r, row, "allocated");
	e->freed = figure(r, row, "freed");
	j->live_bytes = figure(r, row, "live_bytes");
	j->missed = figure(r, row, "missed_frees");
	j->failed = figure(r, row, "failed");
	for (k = 1; k < VERDICT_PARTS; k++) {
		snprintf(name, sizeof(name), "live_%zu", k);
		e->live[k] = figure(r, row, name);
	}
	/* Not the row's count, which --older cuts. */
	if (e->allocated > e->freed + j->missed)
		e->live[VERDICT_PARTS] = e->allocated - e->freed - j->missed;
	verdict_add_ages(e, row->buckets, row->nr_buckets);
}

static bool same_site(const struct report *r, const struct row *a, const struct row *b)
{
	const uint64_t *keys = r->table->keys;
	size_t c;

	for (c = 0; c < r->view->nr_columns; c++)
		if (!type_is_stack(r->view->types[c]) && keys[a->key + c] != keys[b->key + c])
			return false;
	return true;
}

static void add_evidence(struct evidence *to, const struct evidence *from)
{
	size_t k;

	to->allocated += from->allocated;
	to->freed += from->freed;
	for (k = 0; k < VERDICT_PARTS; k++) {
		to->kept[k] += from->kept[k];
		to->live[k + 1] += from->live[k + 1];
	}
}

/*
 * A site's stacks are taken from some time on only: none of them has evidence
 * for all of the window, and so they share the verdict of their site.
 */
static void judge(struct report *r, struct leaks *l, size_t n)
{
	bool together = number_param(r, "escalate");
	struct evidence *all = zalloc((n + 1) * sizeof(*all));
	size_t i;
	size_t k;

	for (i = 0; i < n; i++) {
		all[i] = l->v[i].evidence;
		for (k = 0; together && k < n; k++)
			if (k != i && same_site(r, &l->v[i].row, &l->v[k].row))
				add_evidence(&all[i], &l->v[k].evidence);
	}
	for (i = 0; i < n; i++) {
		struct judged *j = &l->v[i];

		all[i].reclaimable = is_reclaimable(cache_of(r, &j->row));
		j->verdict = verdict_judge(&all[i]);
		if (together)
			j->evidence = all[i];
		j->evidence.reclaimable = all[i].reclaimable;
		j->evidence.confidence = all[i].confidence;
	}
	free(all);
}

static int compare(const void *a, const void *b)
{
	const struct judged *x = a;
	const struct judged *y = b;
	int leaks = (y->verdict == VERDICT_LEAK) - (x->verdict == VERDICT_LEAK);

	if (leaks)
		return leaks;
	if (x->live_bytes != y->live_bytes)
		return x->live_bytes < y->live_bytes ? 1 : -1;
	if (x->evidence.allocated != y->evidence.allocated)
		return x->evidence.allocated < y->evidence.allocated ? 1 : -1;
	return (x->row.key > y->row.key) - (x->row.key < y->row.key);
}

/* The row of frees that belong to no site tells of nothing else. */
static bool is_no_row(const struct judged *j)
{
	return !j->evidence.allocated && !j->failed && !j->row.count;
}

static void arrange(struct report *r)
{
	const struct param *module = param_of(r, "module");
	struct table *t = r->table;
	struct leaks *l = zalloc(sizeof(*l));
	size_t n = 0;
	size_t i;

	l->v = zalloc((t->nr_rows + 1) * sizeof(*l->v));
	l->sample = number_param(r, "sample");
	if (!l->sample)
		l->sample = 1;
	l->module = module && module->text && *module->text ? module->text : NULL;
	for (i = 0; i < t->nr_rows; i++) {
		struct judged *j = &l->v[n];

		memset(j, 0, sizeof(*j));
		j->row = t->rows[i];
		l->unknown_frees += figure(r, &j->row, "unknown_frees");
		find_evidence(r, j);
		if (is_no_row(j)) {
			free(j->row.buckets);
			continue;
		}
		l->objects += j->row.count;
		l->bytes += j->live_bytes;
		l->missed |= j->missed > 0;
		l->failed |= j->failed > 0;
		n++;
	}
	judge(r, l, n);
	if (n)
		qsort(l->v, n, sizeof(*l->v), compare);
	t->nr_rows = n;
	r->rows_worth = 0;
	for (i = 0; i < n; i++) {
		t->rows[i] = l->v[i].row;
		r->rows_worth += l->v[i].row.count > 0;
	}
	r->judged = l;
	if (number_param(r, "escalate"))
		r->no_stack = "      (not taken)";
}

static void release(struct report *r)
{
	struct leaks *l = r->judged;

	if (!l)
		return;
	free(l->v);
	free(l);
	r->judged = NULL;
}

static void describe(struct report *r, struct buf *out)
{
	const struct param *module = param_of(r, "module");
	uint64_t sample = number_param(r, "sample");

	if (module && module->text && *module->text)
		buf_printf(out, " of module %s", module->text);
	if (sample > 1)
		buf_printf(out, " of one in %llu objects", (unsigned long long)sample);
}

/* Of a number that was estimated from one in so many objects. */
static double standard_error(const struct leaks *l, uint64_t followed)
{
	return sqrt((double)followed * (double)l->sample * (double)(l->sample - 1));
}

static void print_live(const struct leaks *l, struct out *o, const struct judged *j)
{
	double error = standard_error(l, j->row.count);
	uint64_t live = j->row.count * l->sample;
	char number[32], near[32], shown[80];

	format_count(number, sizeof(number), live);
	if (l->sample > 1)
		snprintf(shown, sizeof(shown), "%s +-%s", number,
			 format_count(near, sizeof(near), (uint64_t)(error + 0.5)));
	else
		snprintf(shown, sizeof(shown), "%s", number);
	out_cell_shown(o, "live", "LIVE", live, shown);
	if (l->sample > 1)
		out_json_precise(o, "live_error", error);
}

static void print_evidence(struct out *o, const struct judged *j)
{
	const struct evidence *e = &j->evidence;
	struct buf line = {};
	size_t k;

	out_open(o, "kept", '[');
	for (k = 0; k < VERDICT_PARTS; k++) {
		buf_printf(&line, "%s%.0f", k ? " " : "", e->kept[k]);
		out_json_precise(o, NULL, e->kept[k]);
	}
	out_close(o, ']');
	out_open(o, "live_after", '[');
	for (k = 1; k <= VERDICT_PARTS; k++)
		out_json_number(o, NULL, e->live[k]);
	out_close(o, ']');
	out_json_precise(o, "confidence", e->confidence);
	out_json_bool(o, "reclaimable", e->reclaimable);
	if (e->reclaimable)
		buf_puts(&line, ", reclaimable");
	out_cell_aside(o, "KEPT BY SIXTH", line.p, false);
	buf_free(&line);
}

static void print_counts(struct report *r, struct out *o, const struct row *row)
{
	const struct leaks *l = r->judged;
	const struct judged *j = &l->v[row - r->table->rows];
	char shown[40];

	out_cell_number(o, "allocated", "ALLOCATED", figure(r, row, "allocated") * l->sample);
	out_json_number(o, "allocated_bytes", figure(r, row, "allocated_bytes") * l->sample);
	out_cell_number(o, "freed", "FREED", figure(r, row, "freed") * l->sample);
	out_json_number(o, "missed_frees", j->missed * l->sample);
	if (l->missed)
		out_cell_aside(o, "MISSED",
			       format_count(shown, sizeof(shown), j->missed * l->sample), true);
	out_json_number(o, "failed", j->failed);
	if (l->failed)
		out_cell_aside(o, "FAILED", format_count(shown, sizeof(shown), j->failed), true);
}

static void print_values(struct report *r, struct out *o, const struct row *row)
{
	const struct leaks *l = r->judged;
	const struct judged *j = &l->v[row - r->table->rows];
	double seconds = (double)r->session->duration / 1e9;
	double rate = seconds > 0 ? (double)(figure(r, row, "allocated") - figure(r, row, "freed") -
					     j->missed) * (double)l->sample / seconds : 0;
	char shown[40];

	if (j->verdict != VERDICT_NONE)
		out_json_text(o, "verdict", verdict_name(j->verdict));
	out_cell_aside(o, "VERDICT", verdict_name(j->verdict), false);
	print_live(l, o, j);
	out_cell_shown(o, "live_bytes", "BYTES", j->live_bytes * l->sample,
		       format_bytes(shown, sizeof(shown), j->live_bytes * l->sample));
	out_json_precise(o, "growth_per_s", rate);
	out_cell_aside(o, "GROWTH/S", slab_format_rate(shown, sizeof(shown), rate), true);
	if (row->count)
		out_json_number(o, "oldest_ns", row->max);
	out_cell_aside(o, "OLDEST",
		       row->count ? format_ns(shown, sizeof(shown), (double)row->max) : "-", true);
	print_counts(r, o, row);
	print_evidence(o, j);
}

static void print_module(struct report *r, struct out *o)
{
	const struct leaks *l = r->judged;
	bool loaded = r->session->targets;
	char objects[32], bytes[32];

	if (!l->module)
		return;
	out_open(o, "module", '{');
	out_json_text(o, "name", l->module);
	out_json_bool(o, "loaded", loaded);
	out_json_number(o, "objects", l->objects);
	out_json_number(o, "bytes", l->bytes);
	out_close(o, '}');
	format_count(objects, sizeof(objects), l->objects);
	format_bytes(bytes, sizeof(bytes), l->bytes);
	if (loaded)
		out_line(o, "\nModule %s is loaded, and holds %s objects, %s.", l->module, objects,
			 bytes);
	else if (l->objects)
		out_line(o, "\n*** Module %s is not loaded any more, and left %s objects behind, %s. ***",
			 l->module, objects, bytes);
	else
		out_line(o, "\nModule %s is not loaded, and left nothing behind.", l->module);
}

static void print_foot(struct report *r, struct out *o)
{
	const struct leaks *l = r->judged;
	size_t idle = r->table->nr_rows - r->rows_worth;
	char count[32];

	out_json_number(o, "unknown_frees", l->unknown_frees * l->sample);
	if (idle)
		out_line(o, "%s more rows have no live objects",
			 format_count(count, sizeof(count), idle));
	if (r->rows_worth)
		out_line(o, "\nKEPT BY SIXTH: live objects by the sixth of the session in which they were allocated");
	if (l->sample > 1)
		out_line(o, "Numbers are estimates from one in %llu objects; +- is the standard error. KEPT is not scaled.",
			 (unsigned long long)l->sample);
	if (l->unknown_frees)
		out_line(o, "%s frees of objects that were not followed count against no site: allocated before the session%s%s",
			 format_count(count, sizeof(count), l->unknown_frees * l->sample),
			 is_set(r, "cache") ? ", or of other caches" : "",
			 is_set(r, "min_size") || is_set(r, "max_size") ? ", or of other sizes" : "");
	print_module(r, o);
}

static uint64_t weight(struct report *r, const struct row *row)
{
	const struct leaks *l = r->judged;

	return figure(r, row, "live_bytes") * l->sample;
}

static int crossed(struct report *r, const struct leaks *l)
{
	double seconds = (double)r->session->duration / 1e9;
	const struct opt_limit *limit = &r->opts->fail_over;
	char rate[40];
	size_t i;

	if (!limit->text || seconds <= 0)
		return 0;
	for (i = 0; i < r->table->nr_rows && l->v[i].verdict == VERDICT_LEAK; i++) {
		double grows = (double)(l->v[i].live_bytes * l->sample) / seconds;

		if (grows <= (double)limit->value)
			continue;
		warn("a site leaks %s, more than the limit %s of --fail-over",
		     slab_format_bytes_rate(rate, sizeof(rate), grows), limit->text);
		return STATUS_CROSSED;
	}
	return 0;
}

static int verdict(struct report *r)
{
	const struct leaks *l = r->judged;
	char objects[32], bytes[32];

	if (l->module && !r->session->targets && l->objects) {
		warn("module %s left %s objects behind, %s", l->module,
		     format_count(objects, sizeof(objects), l->objects),
		     format_bytes(bytes, sizeof(bytes), l->bytes));
		return STATUS_CROSSED;
	}
	return crossed(r, l);
}

const struct report_kind slab_leaks_report = {
	.source = "slab",
	.mode = "leaks",
	.shared_rows = true,
	.charts_asked = true,
	.arrange = arrange,
	.describe = describe,
	.print_values = print_values,
	.print_foot = print_foot,
	.weight = weight,
	.verdict = verdict,
	.release = release,
};
