// SPDX-License-Identifier: GPL-2.0
/* obsctl cgroup without a group: all of them, by the memory that they use. */

#include <stdlib.h>
#include <string.h>

#include "cmd/cgroup/cgroup.h"
#include "cmd/mem/series.h"
#include "lib/cgroup.h"
#include "lib/clock.h"

/* A group in the last reading. */
struct listed {
	uint64_t	id;
	char		*path;
	uint64_t	current;
	uint64_t	limit;
	uint64_t	anon;
	uint64_t	file;
	uint64_t	slab;
	uint64_t	kills;		/* in the time observed; else since it was made */
	double		pressure;	/* percent */
	double		throttled;	/* percent of its periods */
};

struct listing {
	const struct opts *o;
	struct output	output;
	struct readings	readings;
	struct series	series;		/* by path */
	struct map	kills;		/* number of a group to its first count + 1 */
	struct listed	*v;
	size_t		n;
	size_t		cap;
	size_t		nr_readings;
	uint64_t	from;
	uint64_t	last;
	bool		over;		/* it is observed for some time */
};

static void forget(struct listing *l)
{
	while (l->n)
		free(l->v[--l->n].path);
}

static double percent(uint64_t part, uint64_t all)
{
	return all ? (double)part * 100 / (double)all : 0;
}

/* Those in the time observed, where that is more than one look. */
static uint64_t kills_of(struct listing *l, uint64_t id, uint64_t now)
{
	uintptr_t first = (uintptr_t)map_get(&l->kills, id);

	if (!l->over)
		return now;
	if (!first) {
		/* One that is new had none before. */
		first = l->nr_readings ? 1 : (uintptr_t)now + 1;
		map_set(&l->kills, id, (void *)first);
	}
	return now - (first - 1);
}

static bool take_group(uint64_t id, const char *path, void *arg)
{
	struct listing *l = arg;
	struct cgroup_files f;
	struct listed *g;

	if (!cgroup_files_read(&f, path))
		return true;
	if (f.has_memory) {
		l->v = grow(l->v, &l->cap, l->n + 1, sizeof(*l->v));
		g = &l->v[l->n++];
		*g = (struct listed){
			.id = id, .path = copy_string(path), .current = f.current,
			.limit = f.limit[LIMIT_MAX], .anon = cgroup_value(&f.memory, "anon"),
			.file = cgroup_value(&f.memory, "file"),
			.slab = cgroup_value(&f.memory, "slab"),
			.kills = kills_of(l, id, cgroup_value(&f.events, "oom_kill")),
			.pressure = f.pressure[PRESSURE_MEMORY].avg10,
			.throttled = percent(cgroup_value(&f.cpu, "nr_throttled"),
					     cgroup_value(&f.cpu, "nr_periods")),
		};
		series_add(&l->series, path, f.current);
	}
	cgroup_files_free(&f);
	return true;
}

static int take_reading(void *arg)
{
	struct listing *l = arg;
	uint64_t now = now_ns();

	forget(l);
	series_begin(&l->series);
	cgroups_walk(take_group, l);
	series_end(&l->series, now);
	if (!l->nr_readings++)
		l->from = now;
	l->last = now;
	return 0;
}

static int larger(const void *a, const void *b)
{
	const struct listed *x = a;
	const struct listed *y = b;

	if (x->current != y->current)
		return x->current < y->current ? 1 : -1;
	return strcmp(x->path, y->path);
}

static const struct trend *trend_of(const struct listing *l, const char *path)
{
	static const struct trend none;
	size_t i;

	for (i = 0; i < l->series.n; i++)
		if (!strcmp(l->series.v[i].name, path))
			return &l->series.v[i].trend;
	return &none;
}

/* Return: lines of the groups, whose paths are theirs. */
static struct cgroup_line *lines_of(const struct listing *l)
{
	struct cgroup_line *v = zalloc((l->n + 1) * sizeof(*v));
	size_t i;

	for (i = 0; i < l->n; i++) {
		const struct listed *g = &l->v[i];

		v[i] = (struct cgroup_line){
			.path = g->path, .id = g->id, .current = g->current, .limit = g->limit,
			.anon = g->anon, .file = g->file, .slab = g->slab, .kills = g->kills,
			.pressure = g->pressure, .throttled = g->throttled,
			.growth = cgroup_growth_of(trend_of(l, g->path)),
		};
	}
	return v;
}

static int print_report(void *arg, bool interim)
{
	struct listing *l = arg;
	bool live = interim && l->readings.live;
	struct output to = l->output;
	struct cgroup_lines lines = {
		.root = cgroup_root(), .duration = l->last - l->from, .interim = interim,
		.readings = l->nr_readings, .over = l->over, .n = l->n, .all = l->n,
		.most = l->o->top.given ? l->o->top.value : l->o->json ? 0 : CGROUP_ROWS,
	};
	struct out o;

	if (live)
		to.grid = grid_new();
	qsort(l->v, l->n, sizeof(*l->v), larger);
	output_begin(&to, &o, l->o->json);
	out_open(&o, NULL, '{');
	cgroup_print_head(&o, "list", interim, l->last - l->from, l->nr_readings);
	lines.v = lines_of(l);
	cgroup_lines_print(&lines, &o);
	free(lines.v);
	out_close(&o, '}');
	out_newline(&o);
	out_free(&o);
	if (live) {
		readings_show(&l->readings, NULL, &to, l->last - l->from);
		return 0;
	}
	if (interim && !l->o->json)
		fputs("\n", to.file);
	return output_flush(&to);
}

static int observe(struct listing *l)
{
	int err = readings_begin(&l->readings);

	if (err)
		return err;
	err = output_for(&l->output, l->o);
	if (!err)
		err = readings_run(&l->readings);
	readings_end(&l->readings);
	if (!err)
		err = print_report(l, false);
	readings_release(&l->readings);
	return err;
}

static int look_once(struct listing *l)
{
	int err = output_for(&l->output, l->o);

	if (!err)
		err = take_reading(l);
	return err ? err : print_report(l, false);
}

/** cgroup_list() - All groups, once or for some time. Return: the exit status. */
int cgroup_list(const struct opts *o)
{
	struct listing l = {
		.o = o,
		.over = o->duration.given || o->interval.given || o->command,
		.readings = {
			.o = o, .period = readings_period(o), .arg = &l, .take = take_reading,
			.report = print_report,
		},
	};
	int closed;
	int err = l.over ? observe(&l) : look_once(&l);

	closed = output_close(&l.output);
	forget(&l);
	free(l.v);
	series_free(&l.series);
	map_free(&l.kills, NULL);
	return err ? err : closed;
}
