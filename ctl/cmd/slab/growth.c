// SPDX-License-Identifier: GPL-2.0
/*
 * obsctl slab growth: which caches grow, how fast, and how sure that is.
 *
 * Readings come from /proc/slabinfo, which needs no module. Where it cannot be
 * read, they come from a session of kobs that counts live objects by cache:
 * then the counts are those since the start.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cmd/slab/caches.h"
#include "cmd/slab/counts.h"
#include "cmd/slab/growth_print.h"
#include "cmd/slab/leaks.h"
#include "cmd/slab/slab.h"
#include "cmd/slab/slabinfo.h"
#include "lib/buf.h"
#include "lib/clock.h"
#include "lib/diag.h"
#include "lib/format.h"
#include "lib/lines.h"
#include "lib/macros.h"
#include "lib/map.h"
#include "lib/parse.h"
#include "report/grid_rows.h"
#include "report/outfile.h"
#include "report/page.h"
#include "report/report.h"
#include "run/readings.h"
#include "version.h"

#define TEXT_ROWS	40

struct cache {
	const char	*name;
	uint64_t	size;		/* of an object; 0 when not known */
	uint64_t	objects;
	uint64_t	bytes;
	uint64_t	memory;		/* of its slabs */
	struct trend	trend;
};

struct growth {
	const struct opts *o;
	struct output	output;
	struct page	page;
	struct readings	readings;
	struct slab_counts counts;	/* in place of slabinfo */
	const char	*path;
	bool		counted;	/* by kobs */
	struct pool	names;
	struct map	by_name;	/* interned name to index + 1 */
	struct cache	*v;
	size_t		n;
	size_t		cap;
	size_t		nr_readings;
	uint64_t	from;
	uint64_t	last;
};

static struct cache *get_cache(struct growth *g, const char *name)
{
	const char *key = pool_intern(&g->names, name);
	uintptr_t index = (uintptr_t)map_get(&g->by_name, (uint64_t)(uintptr_t)key);
	struct cache *c;

	if (index)
		return &g->v[index - 1];
	g->v = grow(g->v, &g->cap, g->n + 1, sizeof(*g->v));
	c = &g->v[g->n++];
	memset(c, 0, sizeof(*c));
	c->name = key;
	map_set(&g->by_name, (uint64_t)(uintptr_t)key, (void *)(uintptr_t)g->n);
	/* One that is new had nothing before. */
	if (g->nr_readings)
		trend_add(&c->trend, g->last, 0);
	return c;
}

static int read_slabinfo(struct growth *g)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	struct slabinfo info;
	struct lines l;
	size_t len;
	char *line;

	if (lines_open(&l, g->path))
		return refuse("cannot read %s: %m", g->path);
	while ((line = lines_next(&l, &len))) {
		struct cache *c;

		if (!slabinfo_parse(line, &info) || !slab_cache_wanted(g->o, info.name))
			continue;
		/* Caches can have the same name: these are one here. */
		c = get_cache(g, info.name);
		c->size = info.size;
		c->objects += info.objects;
		c->bytes += info.objects * info.size;
		c->memory += info.slabs * info.pages * page;
	}
	lines_close(&l);
	return 0;
}

static int read_counts(struct growth *g)
{
	size_t i;
	int err = slab_counts_read(&g->counts);

	/* The guard may have stopped it: nothing more is counted. */
	g->readings.ended |= g->counts.session.state == KOBS_STATE_STOPPED;
	for (i = 0; !err && i < g->counts.n; i++) {
		const struct slab_count *from = &g->counts.v[i];
		struct cache *c;

		if (!slab_cache_wanted(g->o, from->cache))
			continue;
		c = get_cache(g, from->cache);
		c->objects += from->live;
		c->bytes += from->bytes;
		c->size = c->objects ? c->bytes / c->objects : c->size;
	}
	return err;
}

static int take_reading(void *arg)
{
	struct growth *g = arg;
	uint64_t now = now_ns();
	size_t i;
	int err;

	for (i = 0; i < g->n; i++) {
		g->v[i].objects = 0;
		g->v[i].bytes = 0;
		g->v[i].memory = 0;
	}
	err = g->counted ? read_counts(g) : read_slabinfo(g);
	if (err)
		return err;
	/* Time in which nothing was counted is none. */
	if (g->counted)
		now = g->counts.session.duration;
	for (i = 0; i < g->n; i++)
		trend_add(&g->v[i].trend, now, g->v[i].objects);
	if (!g->nr_readings++)
		g->from = now;
	g->last = now;
	return 0;
}

static double bytes_rate(const struct cache *c)
{
	return trend_rate(&c->trend) * (double)c->size;
}

static int compare(const void *a, const void *b)
{
	const struct cache *x = a;
	const struct cache *y = b;
	double p = bytes_rate(x);
	double q = bytes_rate(y);

	if (p != q)
		return p < q ? 1 : -1;
	return strcmp(x->name, y->name);
}

static void print_cache(struct out *o, const struct cache *c)
{
	const struct trend *t = &c->trend;
	const struct growth_row row = {
		.cache = c->name, .known = t->steps >= 2, .changed = t->squares > 0,
		.bytes_rate = bytes_rate(c), .confidence = trend_confidence(t),
		.change = (int64_t)(t->last - t->first), .rate = trend_rate(t),
		.error = trend_error(t), .objects = c->objects, .size = c->size,
		.bytes = c->bytes, .memory = c->memory,
	};

	growth_print_row(o, &row);
}

static void print_head(struct growth *g, struct out *o, bool interim)
{
	const char *stopped = g->counts.session.stop_reason;
	struct utsname name = {};

	uname(&name);
	out_json_text(o, "kobs", program_version);
	out_json_text(o, "kernel", name.release);
	out_json_text(o, "source", "slab");
	out_json_text(o, "mode", "growth");
	out_json_text(o, "from", g->counted ? "kobs" : g->path);
	if (interim)
		out_json_bool(o, "interim", true);
	out_json_number(o, "duration_ns", g->last - g->from);
	if (stopped)
		out_json_text(o, "stopped", stopped);
	out_json_number(o, "readings", g->nr_readings);
	out_json_number(o, "caches", g->n);
	growth_print_title(o, g->n, g->last - g->from, interim, g->nr_readings,
			   g->counted ? "kobs" : g->path, stopped);
}

/* What kobs lost is missing in what it counts. */
static void print_foot(struct growth *g, struct out *o)
{
	struct report r = {
		.view = &g->counts.view, .session = &g->counts.session, .opts = g->o,
		.table = &g->counts.table, .kind = &slab_leaks_report,
	};

	if (g->counted)
		report_footer(&r, o);
}

static size_t most_rows(const struct growth *g, const struct out *o)
{
	if (g->o->top.given)
		return g->o->top.value ? g->o->top.value : SIZE_MAX;
	return o->json || o->grid ? SIZE_MAX : TEXT_ROWS;
}

static void print_body(struct growth *g, struct out *o)
{
	size_t most = most_rows(g, o);
	bool unchanged = o->json || (g->o->top.given && !g->o->top.value);
	size_t changed = 0;
	size_t shown = 0;
	size_t i;

	qsort(g->v, g->n, sizeof(*g->v), compare);
	for (i = 0; i < g->n; i++)
		map_set(&g->by_name, (uint64_t)(uintptr_t)g->v[i].name, (void *)(i + 1));
	out_table_begin(o, "rows");
	for (i = 0; i < g->n; i++) {
		const struct trend *t = &g->v[i].trend;

		changed += t->squares > 0;
		if (shown == most || (t->squares <= 0 && !unchanged))
			continue;
		print_cache(o, &g->v[i]);
		shown++;
	}
	out_table_end(o);
	growth_print_foot(o, g->n, changed, shown, unchanged);
}

static void print(struct growth *g, const struct output *to, bool interim)
{
	struct out o;

	output_begin(to, &o, g->o->json);
	out_open(&o, NULL, '{');
	print_head(g, &o, interim);
	print_body(g, &o);
	print_foot(g, &o);
	out_close(&o, '}');
	out_newline(&o);
	out_free(&o);
}

static int print_page(struct growth *g)
{
	const struct output to = { .page = &g->page };
	const struct opts *o = g->o;

	page_begin(&g->page, o);
	g->o = &g->page.opts;
	print(g, &to, false);
	g->o = o;
	return page_save(&g->page);
}

static int print_report(void *arg, bool interim)
{
	struct growth *g = arg;
	/* The account is that of what kobs counts. */
	struct report r = { .session = &g->counts.session };
	bool live = interim && g->readings.live;
	struct output to = g->output;

	if (live)
		to.grid = grid_new();
	print(g, &to, interim);
	if (live) {
		readings_show(&g->readings, g->counted ? &r : NULL, &to, g->last - g->from);
		return 0;
	}
	if (interim && !g->o->json)
		fputs("\n", to.file);
	return output_flush(&to);
}

/* The caches are sorted by then: the first one grows most. */
static bool crossed(const struct growth *g)
{
	const struct opt_limit *limit = &g->o->fail_over;
	char rate[40];
	size_t i;

	if (!limit->text)
		return false;
	for (i = 0; i < g->n; i++) {
		const struct cache *c = &g->v[i];

		if (bytes_rate(c) <= (double)limit->value ||
		    trend_confidence(&c->trend) < SLAB_SURE)
			continue;
		warn("cache %s grows by %s, more than the limit %s of --fail-over", c->name,
		     slab_format_bytes_rate(rate, sizeof(rate), bytes_rate(c)), limit->text);
		return true;
	}
	return false;
}

static int open_source(struct growth *g)
{
	g->path = slabinfo_path();
	if (!access(g->path, R_OK))
		return 0;
	note("%s cannot be read (%m): kobs counts the objects instead", g->path);
	g->counted = true;
	return slab_counts_open(&g->counts, g->o);
}

/* Once it has stopped, the account of its hits is that of the last reading. */
static int stop_counting(void *arg)
{
	struct growth *g = arg;

	return g->counted ? slab_counts_stop(&g->counts) : 0;
}

static int observe(const struct opts *o)
{
	struct growth g = { .o = o };
	int verdict = 0;
	int closed;
	int err;

	g.readings = (struct readings){
		.o = o, .period = readings_period(o), .arg = &g, .take = take_reading,
		.report = print_report, .stop = stop_counting,
	};
	err = readings_begin(&g.readings);
	if (err)
		return err;
	err = output_for(&g.output, o);
	if (!err)
		err = page_open(&g.page, o->html);
	if (!err)
		err = open_source(&g);
	if (!err)
		err = readings_run(&g.readings);
	readings_end(&g.readings);
	if (!err && o->html)
		err = print_page(&g);
	if (!err)
		err = print_report(&g, false);
	if (!err)
		verdict = crossed(&g) ? STATUS_CROSSED : report_lost(&g.counts.session, o);
	slab_counts_close(&g.counts);
	page_close(&g.page);
	closed = output_close(&g.output);
	map_free(&g.by_name, NULL);
	pool_free(&g.names);
	free(g.v);
	readings_release(&g.readings);
	return err ? err : closed ? closed : verdict;
}

/** slab_growth() - slab growth. Return: the exit status. */
int slab_growth(const struct verb *verb, const struct opts *o)
{
	struct slab_choice choice;
	int err = slab_choose(&choice, o);

	if (!err)
		err = observe(&choice.opts);
	slab_choice_free(&choice);
	return err;
}
