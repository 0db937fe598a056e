// SPDX-License-Identifier: GPL-2.0
/*
 * What follows from the counts of two events: a row each. Events go together that count the same
 * code, by their modifiers, of the same task or CPU.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/pmu/stat_metrics.h"
#include "lib/macros.h"

const struct stat_metric stat_metrics[] = {
	{ "task-clock", NULL, "cpus_used", "CPUs used", "CPUs used", METRIC_CPUS },
	{ "cycles", "task-clock", "ghz", "GHz", "GHz", METRIC_GHZ },
	{ "cycles", "cpu-clock", "ghz", "GHz", "GHz", METRIC_GHZ },
	{ "instructions", "cycles", "ipc", "insn per cycle", "instructions per cycle",
	  METRIC_RATIO },
	{ "stalled-cycles-frontend", "cycles", "stalled_frontend", "of cycles",
	  "of the cycles were without new instructions", METRIC_PERCENT },
	{ "stalled-cycles-backend", "cycles", "stalled_backend", "of cycles",
	  "of the cycles retired nothing", METRIC_PERCENT },
	{ "branch-misses", "branches", "branch_miss_rate", "of branches",
	  "of the branches were mispredicted", METRIC_PERCENT },
	{ "branch-misses", "instructions", "branch_misses_per_1000", "per 1,000 insn",
	  "mispredicted branches per 1,000 instructions", METRIC_PER_1000 },
	{ "cache-misses", "cache-references", "cache_miss_rate", "of references",
	  "of the cache references missed", METRIC_PERCENT },
	{ "cache-misses", "instructions", "cache_misses_per_1000", "per 1,000 insn",
	  "cache misses per 1,000 instructions", METRIC_PER_1000 },
	{ "L1-dcache-load-misses", "L1-dcache-loads", "l1d_miss_rate", "of L1 loads",
	  "of the L1 loads missed", METRIC_PERCENT },
	{ "LLC-load-misses", "LLC-loads", "llc_miss_rate", "of LLC loads",
	  "of the last cache's loads missed", METRIC_PERCENT },
	{ "LLC-load-misses", "instructions", "llc_misses_per_1000", "per 1,000 insn",
	  "misses of the last cache's loads per 1,000 instructions", METRIC_PER_1000 },
	{ "dTLB-load-misses", "dTLB-loads", "dtlb_miss_rate", "of dTLB loads",
	  "of the data TLB's loads missed", METRIC_PERCENT },
	{ "iTLB-load-misses", "iTLB-loads", "itlb_miss_rate", "of iTLB loads",
	  "of the instruction TLB's loads missed", METRIC_PERCENT },
};

const size_t nr_stat_metrics = ARRAY_SIZE(stat_metrics);

/* Two names of one event. */
static const char *const also[][2] = {
	{ "cpu-cycles", "cycles" }, { "branch-instructions", "branches" },
	{ "idle-cycles-frontend", "stalled-cycles-frontend" },
	{ "idle-cycles-backend", "stalled-cycles-backend" },
};

static bool is_named(const char *event, const char *name)
{
	size_t len = strlen(name);

	return !strncmp(event, name, len) && (!event[len] || event[len] == ':');
}

/** stat_is_event() - Return: whether it is an event of this name, with any modifiers. */
bool stat_is_event(const char *event, const char *name)
{
	size_t i;

	if (is_named(event, name))
		return true;
	for (i = 0; i < ARRAY_SIZE(also); i++)
		if (!strcmp(also[i][1], name) && is_named(event, also[i][0]))
			return true;
	return false;
}

/** stat_modifiers() - Return: what follows the colon of one of the kernel's names, or "". */
const char *stat_modifiers(const char *event)
{
	const char *colon = strchr(event, ':');

	return colon ? colon + 1 : "";
}

/** stat_scaled() - Return: a count, for the time that it was asked for. */
double stat_scaled(const struct stat_row *s)
{
	if (!s->running || s->running >= s->enabled)
		return (double)s->count;
	return (double)s->count * (double)s->enabled / (double)s->running;
}

/** stat_group() - Return: the number of the group that has these keys. */
unsigned int stat_group(struct stat_groups *g, const char *keys)
{
	uint64_t kept = (uint64_t)(uintptr_t)pool_intern(&g->pool, keys);
	void *found = map_get(&g->known, kept);

	if (!found) {
		g->n++;
		found = (void *)(uintptr_t)g->n;
		map_set(&g->known, kept, found);
	}
	return (unsigned int)(uintptr_t)found - 1;
}

void stat_groups_free(struct stat_groups *g)
{
	map_free(&g->known, NULL);
	pool_free(&g->pool);
	memset(g, 0, sizeof(*g));
}

/* A file can have any number of rows and of modifiers; a session has 16 events. */
#define GROUP_ROWS	64
#define KINDS		16

/**
 * stat_link() - Have the rows of each group found from its first one.
 *
 * An event that was asked for twice counts once.
 */
void stat_link(struct stat_state *st)
{
	unsigned int *linked = zalloc((st->groups + 1) * sizeof(*linked));
	struct stat_groups events = {};
	struct buf text = {};
	size_t i;

	st->first = zalloc((st->groups + 1) * sizeof(*st->first));
	for (i = 0; i < st->groups; i++)
		st->first[i] = STAT_END;
	for (i = st->n; i--;) {
		struct stat_row *s = &st->v[i];

		s->next = STAT_END;
		if (linked[s->group]++ >= GROUP_ROWS)
			continue;
		s->next = st->first[s->group];
		st->first[s->group] = i;
	}
	for (i = 0; i < st->n; i++) {
		unsigned int before = events.n;

		text.len = 0;
		buf_printf(&text, "%u %s", st->v[i].group, st->v[i].event);
		st->v[i].again = stat_group(&events, text.p) < before;
		if (st->mods.n < KINDS &&
		    !strings_have(&st->mods, stat_modifiers(st->v[i].event)))
			strings_add(&st->mods, stat_modifiers(st->v[i].event));
	}
	stat_groups_free(&events);
	buf_free(&text);
	free(linked);
}

/** stat_free() - Free the rows, and how they are linked. */
void stat_free(struct stat_state *st)
{
	free(st->v);
	free(st->first);
	strings_free(&st->mods);
	memset(st, 0, sizeof(*st));
}

static void add(struct stat_sum *sum, const struct stat_row *s, const char *event,
		const char *mods)
{
	if (s->again || !stat_is_event(s->event, event) ||
	    strcmp(stat_modifiers(s->event), mods))
		return;
	sum->found = true;
	sum->n += stat_scaled(s) * s->scale;
	sum->counted += (double)s->count;
	sum->enabled += (double)s->enabled;
	sum->running += (double)s->running;
	sum->samples += s->samples;
	sum->shared |= s->running < s->enabled;
	sum->unscaled |= s->enabled && !s->running;
}

/** stat_sum_of() - Return: an event with these modifiers, of one group or of STAT_ALL. */
struct stat_sum stat_sum_of(const struct stat_state *st, const char *event, const char *mods,
			    unsigned int group)
{
	struct stat_sum sum = {};
	size_t i;

	if (group == STAT_ALL)
		for (i = 0; i < st->n; i++)
			add(&sum, &st->v[i], event, mods);
	else
		for (i = st->first[group]; i != STAT_END; i = st->v[i].next)
			add(&sum, &st->v[i], event, mods);
	return sum;
}

/* CPUs are busy for a part of the time that their clocks count. */
static bool needs_tasks(const struct stat_metric *m)
{
	return m->form == METRIC_CPUS || m->form == METRIC_GHZ;
}

/**
 * stat_metric_of() - Work out a metric.
 * @shared: set where it is an estimate, by events that shared counters
 *
 * Return: whether it can be told.
 */
bool stat_metric_of(const struct stat_state *st, const struct stat_metric *m, const char *mods,
		    unsigned int group, double *value, bool *shared)
{
	struct stat_sum of = stat_sum_of(st, m->of, mods, group);
	struct stat_sum per = { .n = (double)st->duration, .found = true };

	if (m->per)
		per = stat_sum_of(st, m->per, mods, group);
	if (!of.found || !per.found || of.unscaled || per.unscaled || per.n < 1 ||
	    (needs_tasks(m) && !st->of_tasks))
		return false;
	*value = of.n / per.n;
	*shared = of.shared || per.shared;
	return true;
}

/** stat_metric_text() - A value and what it is. Return: @buf. */
char *stat_metric_text(char *buf, size_t size, const struct stat_metric *m, double value,
		       const char *words)
{
	static const struct {
		double		factor;
		int		digits;
		const char	*sign;
	} forms[] = {
		[METRIC_RATIO] = { 1, 2, "" },
		[METRIC_PERCENT] = { 100, 2, " %" },
		[METRIC_PER_1000] = { 1000, 2, "" },
		[METRIC_GHZ] = { 1, 3, "" },
		[METRIC_CPUS] = { 1, 2, "" },
	};

	snprintf(buf, size, "%.*f%s %s", forms[m->form].digits, value * forms[m->form].factor,
		 forms[m->form].sign, words);
	return buf;
}
