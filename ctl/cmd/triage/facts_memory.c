// SPDX-License-Identifier: GPL-2.0
/* What was measured of memory: of the machine, of control groups, of the kernel's caches. */

#include <string.h>

#include "cmd/triage/facts.h"
#include "lib/format.h"
#include "lib/macros.h"

/* Parts of the time observed, each of which has to show the growth. */
#define PARTS	4

static void add_used(struct facts *f, const struct machine *b)
{
	char available[32], total[32];
	uint64_t left;
	uint64_t all;

	if (!named_get(&b->memory, "MemTotal", &all) ||
	    !named_get(&b->memory, "MemAvailable", &left) || left > all)
		return;
	facts_add(f, M_MEMORY_USED, "", percent((double)(all - left), (double)all),
		  "%s of %s are available", format_bytes(available, sizeof(available), left),
		  format_bytes(total, sizeof(total), all));
}

static double pressure_some(const struct pressure *p, const struct pressure *q, double us)
{
	return percent((double)grown(p->some, q->some), us);
}

/** facts_memory() - Memory of the machine: what is left, and who waited for some. */
void facts_memory(struct facts *f, const struct machine *a, const struct machine *b)
{
	double us = (double)grown(a->time, b->time) / 1000;
	double seconds = seconds_between(a, b);
	double scanned;
	double swapped;
	double stalls;
	uint64_t kills;
	double some;

	add_used(f, b);
	if (seconds <= 0)
		return;
	if (a->pressure[PRESSURE_MEMORY].there && b->pressure[PRESSURE_MEMORY].there) {
		some = pressure_some(&a->pressure[PRESSURE_MEMORY], &b->pressure[PRESSURE_MEMORY],
				     us);
		facts_add(f, M_MEMORY_PRESSURE, "", some,
			  "in %.1f %% of the time a thread waited for memory", some);
	}
	if (!a->vm.names.n || !b->vm.names.n)
		return;
	scanned = (double)named_grown(&a->vm, &b->vm, "pgscan_direct") / seconds;
	stalls = (double)(named_grown(&a->vm, &b->vm, "allocstall_dma32") +
			  named_grown(&a->vm, &b->vm, "allocstall_normal") +
			  named_grown(&a->vm, &b->vm, "allocstall_movable")) / seconds;
	facts_add(f, M_RECLAIM, "", scanned,
		  "threads that needed memory looked at %.0f pages a second to free some, in %.0f stalls a second",
		  scanned, stalls);
	swapped = (double)(named_grown(&a->vm, &b->vm, "pswpin") +
			   named_grown(&a->vm, &b->vm, "pswpout")) / seconds;
	facts_add(f, M_SWAP, "", swapped, "%.0f pages a second went to swap or came back", swapped);
	kills = named_grown(&a->vm, &b->vm, "oom_kill");
	facts_add(f, M_OOM_KILLS, "", (double)kills, "the kernel killed %llu process%s for memory",
		  (unsigned long long)kills, kills == 1 ? "" : "es");
}

static const struct cgroup *same_group(const struct machine *m, const struct cgroup *g, size_t hint)
{
	size_t i;

	if (hint < m->nr_cgroups && !strcmp(m->cgroups[hint].path, g->path))
		return &m->cgroups[hint];
	for (i = 0; i < m->nr_cgroups; i++)
		if (!strcmp(m->cgroups[i].path, g->path))
			return &m->cgroups[i];
	return NULL;
}

static bool is_below(const char *path, const char *above)
{
	size_t len = strlen(above);

	return strlen(path) > len && !strncmp(path, above, len) && path[len] == '/';
}

/* Threads of groups below a group count in it, too: what those wait for is told once. */
#define MOST_OF_IT	0.9

static bool is_told_below(const struct machine *a, const struct machine *b,
			  const struct cgroup *group, double some, double us)
{
	size_t i;

	for (i = 0; i < b->nr_cgroups; i++) {
		const struct cgroup *g = &b->cgroups[i];
		const struct cgroup *before = same_group(a, g, i);

		if (before && g->limit && is_below(g->path, group->path) &&
		    pressure_some(&before->memory, &g->memory, us) >= some * MOST_OF_IT)
			return true;
	}
	return false;
}

static void add_group_memory(struct facts *f, const struct machine *from, const struct machine *to,
			     const struct cgroup *a, const struct cgroup *b, double us)
{
	char used[32], of[32];
	uint64_t kills = named_grown(&a->events, &b->events, "oom_kill");
	double some;

	format_bytes(used, sizeof(used), b->current);
	format_bytes(of, sizeof(of), b->limit);
	if (kills)
		facts_add(f, M_CGROUP_OOM_KILLS, b->path, (double)kills,
			  "the kernel killed %llu process%s of control group %s, whose limit is %s",
			  (unsigned long long)kills, kills == 1 ? "" : "es", b->path, of);
	if (!b->limit)
		return;
	facts_add(f, M_CGROUP_USED, b->path, percent((double)b->current, (double)b->limit),
		  "control group %s uses %s of %s", b->path, used, of);
	if (!a->memory.there || !b->memory.there)
		return;
	some = pressure_some(&a->memory, &b->memory, us);
	if (some > 0 && is_told_below(from, to, b, some, us))
		return;
	facts_add(f, M_CGROUP_PRESSURE, b->path, some,
		  "in %.1f %% of the time a thread of control group %s waited for memory (%s of %s)",
		  some, b->path, used, of);
}

/** facts_cgroups() - Groups with a limit of memory or of CPU time, and what that cost them. */
void facts_cgroups(struct facts *f, const struct machine *a, const struct machine *b)
{
	double us = (double)grown(a->time, b->time) / 1000;
	size_t i;

	for (i = 0; us > 0 && i < b->nr_cgroups; i++) {
		const struct cgroup *g = &b->cgroups[i];
		const struct cgroup *before = same_group(a, g, i);
		double throttled;

		if (!before)
			continue;
		add_group_memory(f, a, b, before, g, us);
		throttled = (double)named_grown(&before->cpu, &g->cpu, "throttled_usec");
		throttled = percent(throttled, us);
		if (throttled > 0)
			facts_add(f, M_CGROUP_THROTTLED, g->path, throttled,
				  "control group %s waited for the next period of its quota in %.1f %% of the time (sum of CPUs)",
				  g->path, throttled);
	}
}

/* The cache that grew most, or NULL where none did. */
static const struct slab_cache *find_cache(const struct machine *a, const struct machine *b,
					   uint64_t *most)
{
	const struct slab_cache *found = NULL;
	size_t i, k;

	*most = 0;
	for (i = 0; i < b->nr_caches; i++) {
		const struct slab_cache *c = &b->caches[i];
		uint64_t before = 0;

		k = i;
		if (k >= a->nr_caches || strcmp(a->caches[k].name, c->name))
			for (k = 0; k < a->nr_caches && strcmp(a->caches[k].name, c->name); k++)
				;
		if (k < a->nr_caches)
			before = a->caches[k].bytes;
		if (grown(before, c->bytes) <= *most)
			continue;
		*most = grown(before, c->bytes);
		found = c;
	}
	return found;
}

/* What it was at a time, by the reading before it. */
static double bytes_at(const struct slab_reading *v, size_t n, double time)
{
	size_t i;

	for (i = n - 1; i && (double)v[i].time > time; i--)
		;
	return (double)v[i].bytes;
}

/*
 * Bytes per second by which the memory grew, if it did so all the time: the least growth of the
 * parts counts. What only fills a cache once is over before.
 */
static double steady_growth(const struct slab_reading *v, size_t n)
{
	double begin = (double)v[0].time;
	double part = ((double)v[n - 1].time - begin) / PARTS;
	double least = -1;
	size_t i;

	for (i = 0; i < PARTS; i++) {
		double rate = (bytes_at(v, n, begin + part * (double)(i + 1)) -
			       bytes_at(v, n, begin + part * (double)i)) / part * 1e9;

		if (!i || rate < least)
			least = rate;
	}
	return least > 0 ? least : 0;
}

/**
 * facts_slab() - Growth of the kernel's memory that cannot be reclaimed.
 * @v: its size at some times, @n of them, the first one first
 */
void facts_slab(struct facts *f, const struct machine *a, const struct machine *b,
		const struct slab_reading *v, size_t n)
{
	const struct slab_cache *cache;
	char rate[32], from[32], to[32], grew[32];
	struct buf which = {};
	uint64_t most;
	double growth;

	if (n <= PARTS || v[n - 1].time <= v[0].time || !v[0].bytes)
		return;
	growth = steady_growth(v, n);
	cache = find_cache(a, b, &most);
	if (cache && growth > 0)
		buf_printf(&which, "; cache %s grew most, by %s", cache->name,
			   format_bytes(grew, sizeof(grew), most));
	facts_add(f, M_SLAB_GROWTH, cache && growth > 0 ? cache->name : "", growth,
		  "slab memory that cannot be reclaimed grew by at least %s/s all the time, from %s to %s%s",
		  format_bytes(rate, sizeof(rate), (uint64_t)growth),
		  format_bytes(from, sizeof(from), v[0].bytes),
		  format_bytes(to, sizeof(to), v[n - 1].bytes), which.len ? which.p : "");
	buf_free(&which);
}
