// SPDX-License-Identifier: GPL-2.0
/* obsctl cgroup PATH: readings of one group, and a session that sees what is killed. */

#include <stdlib.h>
#include <string.h>

#include "cmd/cgroup/show.h"
#include "lib/cgroup.h"
#include "lib/clock.h"
#include "lib/diag.h"

#define DURATION_NS	(10 * NSEC_PER_SEC)
/* Readings that are kept; of more, every second one goes. */
#define READINGS_MOST	4096
/* Amounts of the rest can be negative, readings of a trend cannot. */
#define BIAS		(1ll << 50)

static void keep_reading(struct show *s, uint64_t now)
{
	size_t i;

	if (s->n == READINGS_MOST) {
		for (i = 0; i < s->n / 2; i++)
			s->v[i] = s->v[2 * i];
		s->n /= 2;
	}
	s->v = grow(s->v, &s->cap, s->n + 1, sizeof(*s->v));
	s->v[s->n++] = (struct cgroup_reading){
		.time = now, .current = s->now.current, .cache = cgroup_cache(&s->now),
	};
}

static void keep_parts(struct show *s, uint64_t now)
{
	uint64_t cache = cgroup_cache(&s->now);
	uint64_t held = s->now.current > cache ? s->now.current - cache : 0;
	int64_t bytes[SHOW_PARTS];
	size_t i;

	cgroup_all_parts(&s->now, bytes);
	for (i = 0; i < nr_cgroup_parts; i++)
		trend_add(&s->trends[i], now, (uint64_t)bytes[i]);
	trend_add(&s->trends[i], now, (uint64_t)(bytes[i] + BIAS));
	if (!s->nr_readings)
		memcpy(s->at_first, bytes, sizeof(bytes[0]) * (nr_cgroup_parts + 1));
	if (!s->nr_readings || held > s->peak) {
		memcpy(s->at_peak, bytes, sizeof(bytes[0]) * (nr_cgroup_parts + 1));
		s->peak = held;
	}
}

/* Times that a limit left nothing but a kill, of the group and of those above it. */
static void count_levels(struct show *s)
{
	size_t i;

	for (i = 0; i < s->nr_levels; i++) {
		struct cgroup_files f;

		if (!cgroup_files_read(&f, s->levels[i].path))
			continue;
		s->levels[i].last = cgroup_value(&f.local, "oom");
		if (!s->nr_readings)
			s->levels[i].first = s->levels[i].last;
		cgroup_files_free(&f);
	}
}

static void find_limit(struct show *s)
{
	const char *whose;

	s->limit = cgroup_limit_of(s->path, &whose, &s->room);
	free(s->limit_path);
	s->limit_path = copy_string(whose);
}

/* Whether --fail, if it is given, has something to go by; says so if not. */
static bool can_judge(const struct show *s, const struct cgroup_files *f)
{
	const struct cgroup_opts *own = s->o->own;

	if (!own->fail || f->has_memory)
		return true;
	refuse("--fail judges the memory of a group, and nothing is known of that of %s: %s",
	       s->path, s->path[1] ? "it has no memory controller" : "it is the root");
	return false;
}

static int take_reading(void *arg)
{
	struct show *s = arg;
	uint64_t now = now_ns();
	struct cgroup_files f;

	if (!cgroup_files_read(&f, s->path)) {
		/* What was seen of it is the report. */
		s->removed = true;
		s->readings.ended = true;
		return s->nr_readings ? 0 : refuse("control group %s was removed", s->path);
	}
	if (!s->nr_readings && !can_judge(s, &f)) {
		cgroup_files_free(&f);
		return STATUS_REFUSED;
	}
	/* The first one is kept. */
	if (s->nr_readings > 1)
		cgroup_files_free(&s->now);
	s->now = f;
	if (!s->nr_readings) {
		s->first = f;
		s->from = now;
	}
	find_limit(s);
	count_levels(s);
	keep_reading(s, now);
	keep_parts(s, now);
	s->nr_readings++;
	s->last = now;
	return 0;
}

/** show_kills() - Return: processes of the group and of those below killed in this time. */
uint64_t show_kills(const struct show *s)
{
	return grown(cgroup_value(&s->first.events, "oom_kill"),
		     cgroup_value(&s->now.events, "oom_kill"));
}

/** show_cause() - Return: the group whose limit was the reason, or NULL: none on the way. */
const char *show_cause(const struct show *s)
{
	const char *found = NULL;
	size_t i;

	for (i = 0; i < s->nr_levels; i++)
		if (s->levels[i].last > s->levels[i].first)
			found = s->levels[i].path;
	return found;
}

static int print_report(void *arg, bool interim)
{
	struct show *s = arg;
	bool live = interim && s->readings.live;
	struct output to = s->output;
	int err;

	cgroup_judge(s->v, s->n, s->limit == NO_LIMIT ? 0 : s->limit, s->room, show_kills(s),
		     &s->found);
	err = kills_read(&s->kills);
	if (err)
		return err;
	if (live)
		to.grid = grid_new();
	err = show_print(s, &to, interim);
	if (live)
		readings_show(&s->readings, NULL, &to, s->last - s->from);
	return err;
}

static int stop_kills(void *arg)
{
	struct show *s = arg;

	return kills_stop(&s->kills);
}

/* The group, and those above it. */
static void find_levels(struct show *s)
{
	const char *at = s->path;

	s->levels[s->nr_levels++].path = copy_string("/");
	while (at[1] && s->nr_levels < SHOW_LEVELS) {
		struct buf path = {};

		at = strchrnul(at + 1, '/');
		buf_add(&path, s->path, (size_t)(at - s->path));
		s->levels[s->nr_levels++].path = copy_string(path.p);
		buf_free(&path);
		if (!*at)
			break;
	}
}

static int find_group(struct show *s, const char *pattern)
{
	struct numbers ids = {};
	struct buf near = {};
	const char *path;
	int err = 0;

	cgroup_find(pattern, &ids);
	if (!ids.n) {
		cgroup_nearest(pattern, &near);
		err = refuse("there is no control group '%s' below %s%s", pattern, cgroup_root(),
			     near.len ? near.p : "");
	} else if (ids.n > 1) {
		err = refuse("'%s' matches %zu control groups, %s and %s for instance: name one of them",
			     pattern, ids.n, cgroup_path(ids.v[0]), cgroup_path(ids.v[1]));
	} else {
		s->id = ids.v[0];
		path = cgroup_path(s->id);
		s->path = path ? copy_string(path) : NULL;
		if (!s->path)
			err = refuse("control group '%s' was removed", pattern);
	}
	numbers_free(&ids);
	buf_free(&near);
	return err;
}

static int observe(struct show *s)
{
	const struct cgroup_opts *own = s->o->own;
	int err = readings_begin(&s->readings);

	if (err)
		return err;
	err = output_for(&s->output, s->o);
	if (own->passive)
		buf_puts(&s->kills.why, "--passive starts no session");
	else if (!err)
		err = kills_open(&s->kills, &s->readings.signals, &s->readings.child);
	if (!err)
		err = readings_run(&s->readings);
	readings_end(&s->readings);
	if (!err)
		err = print_report(s, false);
	readings_release(&s->readings);
	return err;
}

static int judge(const struct show *s)
{
	const struct cgroup_opts *own = s->o->own;

	if (!own->fail || (s->found.verdict != CGROUP_CLIMB && !show_kills(s)))
		return 0;
	warn("%s %s, and --fail was given", s->path,
	     show_kills(s) ? "had processes killed for want of memory" : "climbs");
	return STATUS_CROSSED;
}

static void release(struct show *s)
{
	size_t i;

	kills_close(&s->kills);
	if (s->nr_readings > 1)
		cgroup_files_free(&s->now);
	cgroup_files_free(&s->first);
	for (i = 0; i < s->nr_levels; i++)
		free(s->levels[i].path);
	free(s->limit_path);
	free(s->path);
	free(s->v);
}

/** cgroup_show() - One group. Return: the exit status. */
int cgroup_show(const struct opts *o, const char *pattern)
{
	struct show s = { .o = o, .timed = *o };
	int closed;
	int err = find_group(&s, pattern);

	if (err)
		return err;
	if (!o->duration.given && !o->command && !o->interval.given)
		s.timed.duration = (struct opt_number){ .given = true, .value = DURATION_NS };
	s.readings = (struct readings){
		.o = &s.timed, .period = readings_period(&s.timed), .arg = &s,
		.take = take_reading, .report = print_report, .stop = stop_kills,
	};
	find_levels(&s);
	err = observe(&s);
	if (!err)
		err = judge(&s);
	closed = output_close(&s.output);
	release(&s);
	return err ? err : closed;
}
